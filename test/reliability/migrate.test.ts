/** Migrations: each once, in order, whole or not at all; and what happens when files and database disagree. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t, { type Test } from 'tap';
import { migrate, pendingMigrations } from '../../src/db/migrate.ts';
import { openBareDatabase } from '../support/database.ts';

const FIRST = { '0001_notes.sql': 'create table notes (id integer primary key);' };
const SECOND = { '0002_authors.sql': '-- 0002: who wrote it.\nalter table notes add column author text;' };

function makeMigrations(
  t: Test,
  files: Record<string, string>,
): { folder: string; write(more: Record<string, string>): void } {
  const folder = mkdtempSync(path.join(tmpdir(), 'tierdesk-migrations-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const write = (more: Record<string, string>) => {
    for (const [name, sql] of Object.entries(more)) writeFileSync(path.join(folder, name), sql);
  };
  write(files);
  return { folder, write };
}

t.test('what is missing is applied in order, once', async (t) => {
  const { db } = await openBareDatabase(t);
  const { folder, write } = makeMigrations(t, { ...SECOND, ...FIRST });
  t.same(await pendingMigrations(db, folder), ['0001_notes.sql', '0002_authors.sql']);
  t.same(await migrate(db, folder), ['0001_notes.sql', '0002_authors.sql']);
  t.same(await pendingMigrations(db, folder), []);
  write({ '0003_more.sql': 'alter table notes add column body text;' });
  t.same(await migrate(db, folder), ['0003_more.sql']);
  t.same(await migrate(db, folder), []);
});

t.test('processes that start together take turns', async (t) => {
  const { db } = await openBareDatabase(t);
  const { folder } = makeMigrations(t, { ...FIRST, ...SECOND });
  const applied = await Promise.all([1, 2, 3].map(() => migrate(db, folder)));
  t.same(applied.flat().sort(), ['0001_notes.sql', '0002_authors.sql']);
});

t.test('a migration that fails leaves nothing of itself, and is told by file and line', async (t) => {
  const { db } = await openBareDatabase(t);
  const broken = 'create table drafts (id integer);\n\nalter table nowhere add column x text;';
  const { folder, write } = makeMigrations(t, { ...FIRST, '0002_broken.sql': broken });
  await t.rejects(migrate(db, folder), { message: /migrations\/0002_broken\.sql failed: .*nowhere/ });
  t.same(await pendingMigrations(db, folder), ['0002_broken.sql'], 'the one before it stays');
  write({ '0002_broken.sql': 'create table drafts (id integer);' });
  t.same(await migrate(db, folder), ['0002_broken.sql'], 'the table was not made the first time');
  write({ '0003_typo.sql': 'create table more (\n  id integer,\n  body txt\n);' });
  await t.rejects(migrate(db, folder), { message: /\(line 3\)/ });
});

t.test('a file that was applied stays as it is', async (t) => {
  const { db } = await openBareDatabase(t);
  const { folder, write } = makeMigrations(t, { ...FIRST, ...SECOND });
  await migrate(db, folder);
  write({ '0002_authors.sql': SECOND['0002_authors.sql'].replaceAll('\n', '\r\n') });
  t.same(await migrate(db, folder), [], 'other line ends are the same text');
  write({ '0001_notes.sql': 'create table notes (id bigint primary key);' });
  await t.rejects(migrate(db, folder), { message: /has changed since.*write the next one/ });
  await t.rejects(pendingMigrations(db, folder), { message: /has changed since/ });
});

t.test('an older release runs on the schema of a newer one and notes it', async (t) => {
  const { db } = await openBareDatabase(t);
  await migrate(db, makeMigrations(t, { ...FIRST, ...SECOND }).folder);
  const { folder } = makeMigrations(t, FIRST);
  const notes: object[] = [];
  const log = { info() {}, warn: (fields: object) => notes.push(fields), error() {} };
  t.same(await migrate(db, folder, log), []);
  t.same(notes, [{ migration: '0002_authors.sql' }]);
});

const INDEX = {
  '0002_index.sql': '-- no transaction\ncreate index concurrently if not exists notes_id_index on notes (id);',
};

t.test('an index can be built while others write, and other processes wait for their turn', async (t) => {
  const { db } = await openBareDatabase(t);
  const { folder } = makeMigrations(t, { ...FIRST, ...INDEX });
  const applied = await Promise.all([1, 2, 3].map(() => migrate(db, folder)));
  t.same(applied.flat(), ['0001_notes.sql', '0002_index.sql']);
});

t.test('an index whose build was cut off is built again', async (t) => {
  const { db } = await openBareDatabase(t);
  const { folder, write } = makeMigrations(t, FIRST);
  await migrate(db, folder);
  await db.pool.query('insert into notes values (1), (2)');
  await t.rejects(db.pool.query('create unique index concurrently notes_id_index on notes ((1))'), { code: '23505' });
  write(INDEX);
  t.same(await migrate(db, folder), ['0002_index.sql']);
  const { rows } = await db.pool.query(`select indisvalid, indisunique from pg_index
    where indexrelid = 'notes_id_index'::regclass`);
  t.same(rows, [{ indisvalid: true, indisunique: false }]);
});

t.test('a migration waits for nobody longer than its lock timeout, and tries again', async (t) => {
  const { db } = await openBareDatabase(t);
  const { folder, write } = makeMigrations(t, FIRST);
  await migrate(db, folder);
  const reader = await db.pool.connect();
  await reader.query('begin; lock table notes in access share mode');
  write(SECOND);
  const migrating = migrate(db, folder);
  setTimeout(() => reader.query('commit'), 5_200);
  t.same(await migrating, ['0002_authors.sql']);
  reader.release();
});
