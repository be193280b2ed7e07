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
  /** Of a transaction: the database itself, for what must not wait for its end. */
  outside?: Db;
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
    // Instants are read as text that must end in +00. No statement here runs so long that compiling it would pay.
    options: '-c timezone=UTC -c jit=off',
  });
  // An idle connection that the server ends must not end the process; the next query opens another.
  pool.on('error', (error) => log?.warn({ err: error }, 'idle database connection lost'));
  return { pool, orm: drizzle(pool, { casing: 'snake_case' }), prepared };
}

/**
 * Runs `work` in one transaction, undone when it throws. Only for what one statement cannot save; everything in it asks
 * the Db it is given, whose statements have no names: the connection knows those of the pool by the same ones.
 */
export async function inTransaction<T>(db: Db, work: (tx: Db) => Promise<T>): Promise<T> {
  const client = await db.pool.connect();
  let broken = false;
  try {
    await client.query('begin');
    const answer = await work(transactionOf(db, client));
    await client.query('commit');
    return answer;
  } catch (error) {
    await client.query('rollback').catch(() => {
      broken = true;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}

function transactionOf(db: Db, client: pg.PoolClient): Db {
  const line = new Line(client);
  return {
    pool: line as unknown as pg.Pool,
    orm: drizzle(line as unknown as pg.PoolClient, { casing: 'snake_case' }) as unknown as Db['orm'],
    prepared: false,
    outside: db,
  };
}

/** One connection for many who ask at once: each waits for the one before. */
class Line {
  readonly #client: pg.PoolClient;
  #last: Promise<unknown> = Promise.resolve();

  constructor(client: pg.PoolClient) {
    this.#client = client;
  }

  query(...asked: Parameters<pg.PoolClient['query']>): Promise<unknown> {
    const answer = this.#last.then(() => this.#client.query(...asked));
    this.#last = answer.catch(() => undefined);
    return answer;
  }
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
