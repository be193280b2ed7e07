/** Applies migrations/NNNN_name.sql in order: forward only, each in its own transaction, one process at a time. */

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Db } from './connect.ts';

interface Migration {
  version: number;
  name: string;
  sql: string;
  checksum: string;
}

/** Any constant will do, as long as all processes lock the same one. */
const LOCK = 7_214_400;

function migrationsIn(folder: string): Migration[] {
  return readdirSync(folder)
    .filter((file) => /^\d{4}_[a-z0-9_]+\.sql$/.test(file))
    .sort()
    .map((file) => {
      const sql = readFileSync(join(folder, file), 'utf8');
      return {
        version: Number(file.slice(0, 4)),
        name: file,
        sql,
        checksum: createHash('sha256').update(sql).digest('hex'),
      };
    });
}

/** Applies what is missing and returns its names. Throws when an applied file was changed afterwards. */
export async function migrate(db: Db, folder: string): Promise<string[]> {
  const client = await db.pool.connect();
  const applied: string[] = [];
  try {
    await client.query('select pg_advisory_lock($1)', [LOCK]);
    await client.query(
      `create table if not exists schema_migrations
       (version integer primary key, name text not null, checksum text not null, applied_at timestamptz not null default now())`,
    );
    const known = await client.query<{ version: number; checksum: string }>(
      'select version, checksum from schema_migrations',
    );
    const checksums = new Map(known.rows.map((row) => [row.version, row.checksum]));
    for (const { version, name, sql, checksum } of migrationsIn(folder)) {
      const before = checksums.get(version);
      if (before === checksum) continue;
      if (before !== undefined)
        throw new Error(`${name} was changed after it was applied: write a new migration instead.`);
      const alone = sql.startsWith('-- no transaction');
      try {
        if (!alone) await client.query(`begin; set local lock_timeout = '5s'; set local statement_timeout = 0`);
        await client.query(sql);
        await client.query('insert into schema_migrations (version, name, checksum) values ($1, $2, $3)', [
          version,
          name,
          checksum,
        ]);
        if (!alone) await client.query('commit');
      } catch (error) {
        if (!alone) await client.query('rollback');
        throw new Error(`${name} could not be applied: ${(error as Error).message}`, { cause: error });
      }
      applied.push(name);
    }
    return applied;
  } finally {
    await client.query('select pg_advisory_unlock($1)', [LOCK]).catch(() => undefined);
    client.release();
  }
}

/** Names of the migrations this code knows and the database lacks. Newer ones in the database are no fault: old code runs on. */
export async function pendingMigrations(db: Db, folder: string): Promise<string[]> {
  const known = await db.pool.query<{ version: number }>('select version from schema_migrations');
  const versions = new Set(known.rows.map((row) => row.version));
  return migrationsIn(folder)
    .filter(({ version }) => !versions.has(version))
    .map(({ name }) => name);
}
