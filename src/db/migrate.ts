/** Brings a database to the schema of this release: the SQL files of `migrations/`, in order, each once, forward only. */

import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from '../context.ts';
import type { Db } from './connect.ts';

export interface Migration {
  version: number;
  name: string;
  sql: string;
  checksum: string;
  /** The first line `-- no transaction`, for what PostgreSQL runs only outside one (an index CONCURRENTLY): one statement. */
  transaction: boolean;
}

/** Two processes that start together take turns; the number is this program's own. */
const LOCK = 7_436_001;
const TURN_MS = 100;

/** A migration that waits for a lock makes everybody behind it wait: it gives up soon and tries again. */
const LOCK_TIMEOUT = '5s';
const LOCK_ATTEMPTS = 10;

/** The files `NNNN_name.sql` of a folder, by number. */
export async function readMigrations(folder: string): Promise<Migration[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.sql')).sort();
  const migrations: Migration[] = [];
  for (const file of files) {
    const name = /^(\d{4})_[a-z0-9_]+\.sql$/.exec(file);
    if (name === null) throw new Error(`migrations/${file}: a migration is called NNNN_what_it_does.sql.`);
    const version = Number(name[1]);
    if (migrations.at(-1)?.version === version) throw new Error(`Two migrations have the number ${name[1]}.`);
    // A checkout with other line ends is the same migration.
    const sql = (await readFile(path.join(folder, file), 'utf8')).replaceAll('\r\n', '\n');
    const checksum = createHash('sha256').update(sql).digest('hex');
    migrations.push({ version, name: file, sql, checksum, transaction: !/^-- no transaction\b/.test(sql) });
  }
  return migrations;
}

/**
 * Applies what is missing and returns its names. Refuses when a file that was applied has changed since. Migrations of
 * a newer release are only noted: they are written so that this release still runs on them.
 */
export async function migrate(db: Db, folder: string, log?: Logger): Promise<string[]> {
  const migrations = await readMigrations(folder);
  const { connectionString } = db.pool.options;
  // A connection of its own: no statement timeout, and the lock goes when it goes.
  const client = new pg.Client({
    connectionString,
    application_name: 'tierdesk migrate',
    connectionTimeoutMillis: 5_000,
  });
  // What breaks the connection also fails the statement that waits for it.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await takeTurn(client);
    const applied = await readApplied(client);
    if (applied === null) {
      await client.query(`create table schema_migrations (
        version integer primary key,
        name text not null,
        checksum text not null,
        applied_at timestamptz not null default now()
      )`);
    }
    const missing = compare(migrations, applied ?? [], log);
    for (const migration of missing) {
      await apply(client, migration);
      log?.info({ migration: migration.name }, 'migration applied');
    }
    return missing.map((migration) => migration.name);
  } finally {
    await client.end();
  }
}

/**
 * Asked for again and again: an index that is built concurrently waits for every statement that began before it, and a
 * statement that itself waits for this lock would be one.
 */
async function takeTurn(client: pg.Client): Promise<void> {
  for (;;) {
    const { rows } = await client.query<{ mine: boolean }>('select pg_try_advisory_lock($1) as mine', [LOCK]);
    if (rows[0]!.mine) return;
    await sleep(TURN_MS);
  }
}

/** The migrations this release has and the database lacks. */
export async function pendingMigrations(db: Db, folder: string): Promise<string[]> {
  const migrations = await readMigrations(folder);
  return compare(migrations, (await readApplied(db.pool)) ?? []).map((migration) => migration.name);
}

interface Applied {
  version: number;
  name: string;
  checksum: string;
}

/** What was applied, or null on a database that never saw a migration. */
async function readApplied(client: pg.Client | pg.Pool): Promise<Applied[] | null> {
  const table = await client.query(`select to_regclass('schema_migrations') is not null as known`);
  if (table.rows[0].known !== true) return null;
  const result = await client.query<Applied>('select version, name, checksum from schema_migrations order by version');
  return result.rows;
}

function compare(migrations: Migration[], applied: Applied[], log?: Logger): Migration[] {
  const known = new Map(migrations.map((migration) => [migration.version, migration]));
  for (const row of applied) {
    const migration = known.get(row.version);
    if (migration === undefined) {
      log?.warn({ migration: row.name }, 'the database has a migration this release does not know');
    } else if (migration.checksum !== row.checksum) {
      throw new Error(
        `migrations/${migration.name} was applied as ${row.name} and has changed since. ` +
          'A migration that ran anywhere stays as it is: write the next one instead.',
      );
    }
    known.delete(row.version);
  }
  return [...known.values()];
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  const { version, name, checksum } = migration;
  const record = () =>
    client.query('insert into schema_migrations (version, name, checksum) values ($1, $2, $3)', [
      version,
      name,
      checksum,
    ]);
  for (let attempt = 1; ; attempt += 1) {
    try {
      if (!migration.transaction) {
        await dropUnfinishedIndex(client, migration.sql);
        await client.query(migration.sql);
        await record();
        return;
      }
      await client.query(`begin; set local lock_timeout = '${LOCK_TIMEOUT}'`);
      await client.query(migration.sql);
      await record();
      await client.query('commit');
      return;
    } catch (error) {
      await client.query('rollback').catch(() => undefined);
      const lockTimeout = error instanceof pg.DatabaseError && error.code === '55P03';
      if (!lockTimeout || attempt === LOCK_ATTEMPTS)
        throw new Error(`migrations/${name} failed: ${at(error, migration)}`, { cause: error });
      await sleep(500);
    }
  }
}

/** A build that was cut off leaves an index that serves nobody, and that `if not exists` takes for the whole. */
async function dropUnfinishedIndex(client: pg.Client, sql: string): Promise<void> {
  const name = /\bcreate (?:unique )?index concurrently (?:if not exists )?(\w+)/i.exec(sql)?.[1];
  if (name === undefined) return;
  const unfinished = 'select from pg_index where indexrelid = to_regclass($1) and not indisvalid';
  const { rowCount } = await client.query(unfinished, [name]);
  if (rowCount === 1) await client.query(`drop index concurrently ${name}`);
}

/** The message with the line it is about. */
function at(error: unknown, { sql }: Migration): string {
  const message = error instanceof Error ? error.message : String(error);
  const position = error instanceof pg.DatabaseError ? Number(error.position) : Number.NaN;
  return position > 0 ? `${message} (line ${sql.slice(0, position).split('\n').length})` : message;
}
