/** The database of the process: one pool, Drizzle over it, and prepared statements kept per database. */

import { type SQL, sql } from 'drizzle-orm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import type { PgColumn } from 'drizzle-orm/pg-core';
import pg from 'pg';
import type { Logger } from '../context.ts';

export interface Db {
  pool: pg.Pool;
  orm: NodePgDatabase;
  /** False for poolers that cannot keep named statements. */
  prepared: boolean;
}

export interface DatabaseOptions {
  url: string;
  poolSize: number;
  prepared: boolean;
  log?: Logger;
}

/** Milliseconds a statement may run. */
const STATEMENT_TIMEOUT = 10_000;

/** Opens a pool; nothing is asked of the server yet. */
export function openDatabase({ url, poolSize, prepared, log }: DatabaseOptions): Db {
  const pool = new pg.Pool({
    connectionString: url,
    max: poolSize,
    application_name: 'tierdesk',
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    connectionTimeoutMillis: 5_000,
    statement_timeout: STATEMENT_TIMEOUT,
    // A server that hangs keeps no timeout of its own.
    query_timeout: STATEMENT_TIMEOUT + 1_000,
    idle_in_transaction_session_timeout: 30_000,
    // Instants are read as text that must end in +00.
    options: '-c timezone=UTC',
  });
  // An idle connection that the server ends must not end the process; the next query opens another.
  pool.on('error', (error) => log?.warn({ err: error }, 'idle database connection lost'));
  return { pool, orm: drizzle(pool, { casing: 'snake_case' }), prepared };
}

export async function closeDatabase(db: Db): Promise<void> {
  await db.pool.end();
}

const STATEMENTS = new WeakMap<Db, Map<string, unknown>>();

/**
 * The prepared statement of this name on this database, built at first use. PostgreSQL knows it by a name of at most
 * 63 bytes on each connection; with `prepared` false it is sent whole each time.
 */
export function statement<T>(db: Db, name: string, build: (orm: NodePgDatabase, name: string) => T): T {
  let known = STATEMENTS.get(db);
  if (known === undefined) {
    known = new Map();
    STATEMENTS.set(db, known);
  }
  let query = known.get(name) as T | undefined;
  if (query === undefined) {
    query = build(db.orm, db.prepared ? `s${known.size}_${name.slice(0, 48)}` : '');
    known.set(name, query);
  }
  return query;
}

/** A placeholder that is written as this column writes (Drizzle leaves a bare placeholder as it comes). */
export function bound(column: PgColumn, name: string): SQL {
  return sql`${sql.param(sql.placeholder(name), column)}`;
}
