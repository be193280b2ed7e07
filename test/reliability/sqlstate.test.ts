/** What the database refuses, and what it cannot do at the moment, as the caller is told. */

import { readFileSync } from 'node:fs';
import { sql } from 'drizzle-orm';
import { pgTable, text } from 'drizzle-orm/pg-core';
import pg from 'pg';
import t from 'tap';
import { closeDatabase, openDatabase, statement } from '../../src/db/connect.ts';
import { CONSTRAINTS, isLostRace, isUniqueViolation, toAppError } from '../../src/db/sqlstate.ts';
import { openBareDatabase } from '../support/database.ts';

async function failure(work: PromiseLike<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error('It did not fail.');
}

t.test('values that cannot be stored are the fault of the input', async (t) => {
  const { db } = await openBareDatabase(t);
  for (const [name, query] of [
    ['U+0000 in a text', sql`select ${'a\u0000b'}::text`],
    ['U+0000 in a document', sql`select ${'{"a":"\\u0000"}'}::jsonb`],
    ['half a surrogate pair', sql`select ${'{"a":"\\ud800"}'}::jsonb`],
    ['a number too large', sql`select ${'3000000000'}::int`],
    ['a date that is none', sql`select ${'2026-02-30'}::date`],
  ] as const) {
    t.equal(toAppError(await failure(db.orm.execute(query)))?.code, 'validation_failed', name);
  }
});

t.test('a database that is away or too busy is unavailable', async (t) => {
  const { db, url } = await openBareDatabase(t);
  const away = async (name: string, work: PromiseLike<unknown>) =>
    t.equal(toAppError(await failure(work))?.code, 'unavailable', name);

  await away('a statement that takes too long', db.orm.execute(sql`set statement_timeout = 20; select pg_sleep(1)`));
  await away('a connection that is ended', db.orm.execute(sql`select pg_terminate_backend(pg_backend_pid())`));
  t.same((await db.pool.query('select 1 as one')).rows, [{ one: 1 }], 'the next one is opened');

  const small = new pg.Pool({ connectionString: url, max: 1, connectionTimeoutMillis: 50 });
  const held = await small.connect();
  await away('no connection is free', small.query('select 1'));
  held.release();
  await small.end();

  const nobody = openDatabase({ url: 'postgres://x:y@127.0.0.1:1/z', poolSize: 1, prepared: true });
  await away('nobody listens', nobody.orm.execute(sql`select 1`));
  await closeDatabase(nobody);
});

t.test('an idle connection that is lost ends nothing', async (t) => {
  const { db, url } = await openBareDatabase(t);
  await db.pool.query('select 1');
  const other = openDatabase({ url, poolSize: 1, prepared: true });
  await other.pool.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()',
  );
  await closeDatabase(other);
  const answer = await db.pool.query('select 1 as one').catch(() => db.pool.query('select 1 as one'));
  t.same(answer.rows, [{ one: 1 }]);
});

t.test('a unique constraint is told by its name', async (t) => {
  const { db } = await openBareDatabase(t);
  await db.pool.query(
    'create table things (a text constraint things_a_key unique, b text constraint agents_email_key unique)',
  );
  const insert = (a: string, b: string) => db.orm.execute(sql`insert into things values (${a}, ${b})`);
  await insert('1', '1');

  const unknown = await failure(insert('1', '2'));
  t.equal(isUniqueViolation(unknown), 'things_a_key');
  t.equal(isLostRace(unknown), true, 'without a meaning of its own: somebody was faster');
  t.equal(toAppError(unknown), null);

  const known = await failure(insert('2', '1'));
  t.equal(isLostRace(known), false);
  t.match(toAppError(known), { code: CONSTRAINTS['agents_email_key']?.code, errors: [{ path: 'email' }] });
});

t.test('anything else is unexpected', async (t) => {
  const { db } = await openBareDatabase(t);
  t.equal(toAppError(await failure(db.orm.execute(sql`select nowhere`))), null, 'a mistake of ours');
  t.equal(toAppError(await failure((async () => readFileSync('/nowhere'))())), null, 'a file that is missing');
  t.equal(toAppError(new TypeError('x is not a function')), null);
  t.equal(toAppError('text'), null);
});

t.test('a statement is prepared once on each connection, and not at all for a pooler that cannot', async (t) => {
  const things = pgTable('things', { a: text().notNull() });
  const { db, url } = await openBareDatabase(t);
  await db.pool.query('create table things (a text not null)');
  for (const [prepared, kept] of [
    [true, 1],
    [false, 0],
  ] as const) {
    const one = openDatabase({ url, poolSize: 1, prepared });
    const find = () =>
      statement(one, 'find_things', (orm, name) =>
        orm
          .select()
          .from(things)
          .where(sql`a = ${sql.placeholder('a')}`)
          .prepare(name),
      );
    t.equal(find(), find(), 'built once');
    t.same(await find().execute({ a: 'x' }), []);
    t.same(await find().execute({ a: 'y' }), []);
    const known = await one.pool.query('select count(*)::int as n from pg_prepared_statements');
    t.equal(known.rows[0].n, kept, `prepared ${prepared}`);
    await closeDatabase(one);
  }
});
