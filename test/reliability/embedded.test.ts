/** The desk's own PostgreSQL: what was written is found again, whatever ended the process before. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import t, { type Test } from 'tap';
import { startEmbedded } from '../../src/db/embedded.ts';
import { findPostmaster } from '../../src/db/server.ts';

/** A data folder, and what was logged. */
function makeFolder(t: Test) {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'tierdesk-'));
  t.teardown(() => rmSync(dataDir, { recursive: true, force: true }));
  const warnings: string[] = [];
  const note = (_fields: object, message = '') => {
    warnings.push(message);
  };
  const cluster = { dir: path.join(dataDir, 'postgres'), passwordFile: path.join(dataDir, 'postgres.password') };
  return { dataDir, cluster, warnings, log: { info() {}, warn: note, error: note } };
}

async function query(url: string, text: string) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

/** Another process that runs the database of this folder until it is killed. */
async function startElsewhere(dataDir: string) {
  const module = new URL('../../src/db/embedded.ts', import.meta.url).href;
  const program = `
    const { startEmbedded } = await import(${JSON.stringify(module)});
    const { url } = await startEmbedded({ dataDir: ${JSON.stringify(dataDir)}, log: console });
    console.log(url);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(child.stdout, 'data');
  return { child, url: String(line).trim() };
}

t.test('the next start finds the data', async (t) => {
  const { dataDir, cluster, log } = makeFolder(t);
  const first = await startEmbedded({ dataDir, log });
  await query(first.url, `create table notes (body text); insert into notes values ('kept — 保留')`);
  const [settings] = await query(
    first.url,
    `select current_setting('listen_addresses') as listens, current_setting('synchronous_commit') as commit,
       current_setting('server_encoding') as encoding, current_setting('fsync') as fsync`,
  );
  t.same(settings, { listens: '127.0.0.1', commit: 'on', encoding: 'UTF8', fsync: 'on' });
  await first.stop();
  t.equal(findPostmaster(cluster), null, 'stopped');

  const second = await startEmbedded({ dataDir, log });
  t.same(await query(second.url, 'select body from notes'), [{ body: 'kept — 保留' }]);
  await second.stop();
});

t.test('a second start on the same data says who has it and ends', async (t) => {
  const { dataDir, log } = makeFolder(t);
  const first = await startEmbedded({ dataDir, log });
  await t.rejects(startEmbedded({ dataDir, log }), {
    message: `Tierdesk already runs on this data (process ${process.pid}).`,
  });
  first.announce('http://127.0.0.1:8080');
  await t.rejects(startEmbedded({ dataDir, log }), {
    message: `Tierdesk already runs on this data (process ${process.pid}, http://127.0.0.1:8080).`,
  });
  t.same(await query(first.url, 'select 1 as one'), [{ one: 1 }], 'the first one is untouched');
  await first.stop();
});

t.test('many starts at once: one gets the data', async (t) => {
  const { dataDir, log } = makeFolder(t);
  // The lock of a process that is gone, its id given to somebody else since.
  writeFileSync(path.join(dataDir, 'tierdesk.lock'), JSON.stringify({ pid: process.ppid, began: 'before', url: null }));
  const starts = await Promise.allSettled(Array.from({ length: 5 }, () => startEmbedded({ dataDir, log })));
  const running = starts.filter((start) => start.status === 'fulfilled');
  t.equal(running.length, 1);
  await running[0]?.value.stop();
});

t.test('a start after kill -9 stops the database left behind and goes on', async (t) => {
  const { dataDir, cluster, warnings, log } = makeFolder(t);
  const killed = await startElsewhere(dataDir);
  await query(killed.url, `create table notes (body text); insert into notes values ('acknowledged')`);
  killed.child.kill('SIGKILL');
  await once(killed.child, 'exit');
  const orphan = findPostmaster(cluster);
  t.ok(orphan, 'the database lives on');

  const next = await startEmbedded({ dataDir, log });
  t.not(findPostmaster(cluster)?.pid, orphan?.pid);
  t.match(warnings, ['a killed start left its database running: stopping it']);
  t.same(await query(next.url, 'select body from notes'), [{ body: 'acknowledged' }]);
  await next.stop();
});

t.test('a database that dies comes back at the same address with what was committed', async (t) => {
  const { dataDir, cluster, log } = makeFolder(t);
  const { url, stop } = await startEmbedded({ dataDir, log });
  await query(url, `create table notes (body text); insert into notes values ('acknowledged')`);
  const dead = findPostmaster(cluster)!;
  process.kill(dead.pid, 'SIGKILL');
  for (let waited = 0; waited < 100; waited += 1) {
    const now = findPostmaster(cluster);
    if (now?.ready && now.pid !== dead.pid) break;
    await sleep(100);
  }
  t.same(await query(url, 'select body from notes'), [{ body: 'acknowledged' }]);
  await stop();
  t.equal(findPostmaster(cluster), null);
});

t.test('data of another major version is refused with what to do', async (t) => {
  const { dataDir, cluster, log } = makeFolder(t);
  mkdirSync(cluster.dir);
  writeFileSync(path.join(cluster.dir, 'PG_VERSION'), '15\n');
  await t.rejects(startEmbedded({ dataDir, log }), { message: /made by PostgreSQL 15.*brings PostgreSQL 18.*pg_dump/ });
});
