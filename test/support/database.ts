/**
 * A database of its own for a test file: a clone of a migrated template, dropped at the end.
 *
 * The server is the one in TEST_DATABASE_URL (`npm test` sets it). Without, one is started from the npm package,
 * kept in node_modules/.cache and used again by every later run.
 */

import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { closeDatabase, type Db, openDatabase } from '../../src/db/connect.ts';
import { isLock, takeLock } from '../../src/db/lock.ts';
import { migrate, readMigrations } from '../../src/db/migrate.ts';
import {
  type Cluster,
  clusterUrl,
  ensureCluster,
  findPostmaster,
  isAlive,
  startCluster,
  stopCluster,
} from '../../src/db/server.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const MIGRATIONS = path.join(ROOT, 'migrations');
export const TEST_SERVERS = path.join(ROOT, 'node_modules/.cache/tierdesk-test');

/** Nothing here outlives the tests, so nothing waits for the disk. */
const SETTINGS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  autovacuum: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_connections: '400',
  shared_buffers: '256MB',
  max_wal_size: '4GB',
  checkpoint_timeout: '1h',
};

export interface TestDatabase {
  db: Db;
  url: string;
}

interface TestScope {
  teardown(end: () => Promise<void>): unknown;
}

/** A migrated, empty database for the test `t` and its subtests. */
export async function openTestDatabase(
  t: TestScope,
  { poolSize = 5, prepared = true }: { poolSize?: number; prepared?: boolean } = {},
): Promise<TestDatabase> {
  const server = process.env['TEST_DATABASE_URL'] || (await sharedServer());
  const template = process.env['TEST_DATABASE_TEMPLATE'] || (await ensureTemplate(server));
  return cloneDatabase(t, server, template, { poolSize, prepared });
}

/** A database without any migration, for the tests of what migrates. */
export async function openBareDatabase(t: TestScope): Promise<TestDatabase> {
  const server = process.env['TEST_DATABASE_URL'] || (await sharedServer());
  return cloneDatabase(t, server, 'template0', { poolSize: 5, prepared: true });
}

async function cloneDatabase(
  t: TestScope,
  server: string,
  template: string,
  options: { poolSize: number; prepared: boolean },
): Promise<TestDatabase> {
  const name = `tierdesk_test_${process.pid}_${randomBytes(5).toString('hex')}`;
  await asAdmin(server, (admin) => admin.query(`create database ${name} template ${template} strategy file_copy`));
  const url = withDatabase(server, name);
  const db = openDatabase({ url, ...options });
  t.teardown(async () => {
    await closeDatabase(db);
    await asAdmin(server, (admin) => admin.query(`drop database if exists ${name} with (force)`));
  });
  return { db, url };
}

/** The template for the migrations as they are now: made by whoever comes first, found by its hash afterwards. */
export async function ensureTemplate(server: string): Promise<string> {
  const template = await templateName();
  await asAdmin(server, async (admin) => {
    const exists = async () =>
      (await admin.query('select 1 from pg_database where datname = $1', [template])).rows.length > 0;
    if (await exists()) return;
    await admin.query('select pg_advisory_lock(7436002)');
    if (await exists()) return;
    // It gets its name when it is complete: a killed run leaves only a draft.
    const draft = `${template}_draft`;
    await admin.query(`drop database if exists ${draft} with (force)`);
    await admin.query(`create database ${draft} template template0 encoding 'UTF8'`);
    const db = openDatabase({ url: withDatabase(server, draft), poolSize: 1, prepared: false });
    try {
      await migrate(db, MIGRATIONS);
    } finally {
      await closeDatabase(db);
    }
    await admin.query(`alter database ${draft} rename to ${template}`);
  });
  return template;
}

async function templateName(): Promise<string> {
  const hash = createHash('sha256');
  for (const { name, checksum } of await readMigrations(MIGRATIONS)) hash.update(`${name} ${checksum}\n`);
  return `tierdesk_template_${hash.digest('hex').slice(0, 12)}`;
}

async function asAdmin<T>(server: string, work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = new pg.Client({
    connectionString: server,
    application_name: 'tierdesk test',
    connectionTimeoutMillis: 10_000,
  });
  admin.on('error', () => undefined);
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}

function withDatabase(server: string, name: string): string {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

/** A server for tests in this folder, started unless it runs; safe when many processes ask at once. */
export async function startTestServer(name: string): Promise<{ cluster: Cluster; url: string }> {
  mkdirSync(TEST_SERVERS, { recursive: true });
  const dir = path.join(TEST_SERVERS, name);
  const cluster = { dir, passwordFile: `${dir}.password` };
  for (let waited = 0; ; waited += 1) {
    const running = findPostmaster(cluster);
    if (running?.ready) return { cluster, url: clusterUrl(cluster, running.port) };
    const lock = await takeLock(`${dir}.lock`);
    if (isLock(lock)) {
      try {
        return { cluster, url: await startWhileLocked(cluster) };
      } finally {
        lock.release();
      }
    }
    if (waited === 600)
      throw new Error(`Process ${lock.pid} has been starting the test server for a minute: ${dir}.lock`);
    await sleep(100);
  }
}

/** Stops the server of this name and removes all it kept. */
export async function removeTestServer(name: string): Promise<void> {
  const dir = path.join(TEST_SERVERS, name);
  await stopCluster({ dir, passwordFile: `${dir}.password` });
  for (const file of [dir, `${dir}.password`, `${dir}.log`, `${dir}.lock`, `${dir}.new`]) {
    rmSync(file, { recursive: true, force: true });
  }
}

async function startWhileLocked(cluster: Cluster): Promise<string> {
  const running = findPostmaster(cluster);
  if (running !== null) {
    // It is on its way up, or on its way down.
    for (let waited = 0; waited < 200 && findPostmaster(cluster)?.ready === false; waited += 1) await sleep(50);
    const found = findPostmaster(cluster);
    if (found?.ready) return clusterUrl(cluster, found.port);
  }
  const output = { file: `${cluster.dir}.log` };
  await ensureCluster(cluster, { sync: false });
  let started: Awaited<ReturnType<typeof startCluster>>;
  try {
    started = await startCluster(cluster, { settings: SETTINGS, output });
  } catch {
    // A machine that went down with fsync off may leave anything.
    rmSync(cluster.dir, { recursive: true, force: true });
    await ensureCluster(cluster, { sync: false });
    started = await startCluster(cluster, { settings: SETTINGS, output });
  }
  started.child.unref();
  return clusterUrl(cluster, started.port);
}

let shared: Promise<string> | undefined;

/** The server all direct runs of tests share. What killed runs left on it is dropped by the next. */
function sharedServer(): Promise<string> {
  shared ??= (async () => {
    const { url } = await startTestServer('shared');
    await dropLeftovers(url);
    return url;
  })();
  return shared;
}

async function dropLeftovers(server: string): Promise<void> {
  const current = await templateName();
  await asAdmin(server, async (admin) => {
    const old = await admin.query<{ datname: string }>(`
      select datname from pg_database
      where datname like 'tierdesk\\_test\\_%' or (datname like 'tierdesk\\_template\\_%'
        and (pg_stat_file('base/' || oid || '/PG_VERSION')).modification < now() - interval '1 day')`);
    for (const { datname } of old.rows) {
      const pid = Number(/^tierdesk_test_(\d+)_/.exec(datname)?.[1] ?? 0);
      if (datname === current || (pid > 0 && isAlive(pid))) continue;
      await admin.query(`drop database if exists ${datname} with (force)`).catch(() => undefined);
    }
  });
}
