/**
 * A CRM fills a desk: customers as CSV, activities half as NDJSON and half as CSV, in shuffled order, one of ten twice, some
 * told otherwise later; the desk is killed in the middle of each half, and the file goes on from the line that had no
 * result. In the end all of it must be as reckoned here, tiers too, and it must have been fast, in flat memory.
 *
 * `npm run prove:crm -- --customers 50000 --activities 500000`.
 */

import { chmodSync, createReadStream, createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { closeDatabase, type Db, openDatabase } from '../../src/db/connect.ts';
import { benchDatabase } from '../bench/database.ts';
import { ACTIVITY_HEADER, activityCsv, activityJson, Crm, customersCsv, expectedOf } from './crm-data.ts';
import { type DeskProcess, startDesk } from './desk.ts';
import { familyCpu, loadOf } from './load.ts';

const { values: options } = parseArgs({
  options: {
    customers: { type: 'string', default: '50000' },
    activities: { type: 'string', default: '500000' },
    profile: { type: 'boolean', default: false },
  },
});
const NOW = Math.floor(Date.now() / 1000);
const crm = new Crm(Number(options.customers), Number(options.activities), NOW);
/** What the desk must do at least, rows a second, with nobody else on the machine. */
const GOAL = 5000;
/** A customer that was touched is reviewed by then. */
const PATIENCE_SECONDS = 60;

const directory = mkdtempSync(join(tmpdir(), 'tierdesk-crm-'));
// The server may run as somebody else, and copies from and to here.
chmodSync(directory, 0o777);
const fileOf = (name: string) => join(directory, name);

async function write(name: string, lines: Iterable<string>): Promise<void> {
  await pipeline(Readable.from(chunksOf(lines)), createWriteStream(fileOf(name)));
}

function* chunksOf(lines: Iterable<string>): Generator<string> {
  let text = '';
  for (const line of lines) {
    text += line;
    if (text.length < 65_536) continue;
    yield text;
    text = '';
  }
  yield text;
}

/** The first half of what is told, or the second. */
function* half(second: boolean, line: (activity: ReturnType<Crm['activity']>) => string): Generator<string> {
  let n = 0;
  for (const activity of crm.told()) if (n++ >= crm.activities / 2 === second) yield line(activity);
}

interface Sent {
  counts: Record<string, number>;
  results: number;
  /** The line to go on from. */
  next: number;
  broken: boolean;
}

/** Sends a file; `killAfter` results the desk is killed. */
async function send(
  desk: DeskProcess,
  key: string,
  { resource, file, type, fromLine = 1, killAfter = Infinity }: Part & { fromLine?: number },
): Promise<Sent> {
  const sent: Sent = { counts: {}, results: 0, next: fromLine, broken: false };
  const call = request(`${desk.url}/v1/bulk/${resource}?fromLine=${fromLine}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': type },
  });
  call.on('error', () => undefined);
  createReadStream(fileOf(file), { highWaterMark: 256 * 1024 }).pipe(call);
  try {
    const answer = await new Promise<AsyncIterable<Buffer> & { statusCode?: number }>((resolve, reject) => {
      call.once('response', resolve).once('error', reject);
    });
    let rest = '';
    for await (const chunk of answer) {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop()!;
      for (const text of lines) {
        const { line, status } = JSON.parse(text) as { line: number; status: string };
        if (answer.statusCode !== 200 || status === 'error') throw new Error(text);
        sent.counts[status] = (sent.counts[status] ?? 0) + 1;
        sent.results += 1;
        sent.next = line + 1;
      }
      if (sent.results >= killAfter) desk.child.kill('SIGKILL');
    }
    if (rest !== '') throw new Error(rest);
  } catch (error) {
    if (!desk.child.killed) throw error;
    sent.broken = true;
  }
  return sent;
}

interface Part {
  resource: string;
  file: string;
  type: string;
  killAfter?: number;
}

const memory: number[] = [];
const rates = new Map<string, { rate: number; seconds: number }>();

const database = await benchDatabase();
const db: Db = openDatabase({ url: database.url, poolSize: 2, prepared: false });
const start = () =>
  startDesk(database.url, {
    variables: options.profile ? { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${tmpdir()}/tierdesk-profile` } : {},
  });
let desk = await start();
const sampler = setInterval(() => memory.push(loadOf(desk.child.pid!)?.rss ?? 0), 500);
try {
  const made = await desk.ask('POST', '/v1/workspaces', { name: 'CRM', plan: 'reference', timeZone: 'Asia/Shanghai' });
  const key = made['adminKey'] as string;
  await write('customers.csv', customersCsv(crm));
  await write('first.ndjson', half(false, activityJson));
  await write('second.csv', prefixed(ACTIVITY_HEADER, half(true, activityCsv)));

  const quarter = Math.floor(crm.activities / 4);
  await run(key, { resource: 'customers', file: 'customers.csv', type: 'text/csv' });
  await run(key, { resource: 'activities', file: 'first.ndjson', type: 'application/x-ndjson', killAfter: quarter });
  await run(key, { resource: 'activities', file: 'second.csv', type: 'text/csv', killAfter: quarter });
  await untilReviewed();
  await compare();
  tellRate();
  await besideCopy();
  tellMemory();
} finally {
  clearInterval(sampler);
  await desk.stop();
  await closeDatabase(db);
  await database.stop();
  rmSync(directory, { recursive: true, force: true });
}

function* prefixed(first: string, lines: Iterable<string>): Generator<string> {
  yield first;
  yield* lines;
}

/** Sends a file to its end, however often the desk dies; tells how fast. */
async function run(key: string, part: Part): Promise<void> {
  const counts: Record<string, number> = {};
  let [results, seconds, deaths, cpu, ofDatabase] = [0, 0, 0, 0, 0];
  for (let next = 1; ; deaths++) {
    const before = [loadOf(desk.child.pid!)?.cpu ?? 0, familyCpu(database.pid()!) ?? 0];
    const started = performance.now();
    const sent = await send(desk, key, deaths > 0 ? { ...part, killAfter: Infinity, fromLine: next } : part);
    seconds += (performance.now() - started) / 1000;
    results += sent.results;
    if (!sent.broken) cpu += (loadOf(desk.child.pid!)?.cpu ?? 0) - before[0]!;
    ofDatabase += (familyCpu(database.pid()!) ?? 0) - before[1]!;
    for (const [status, count] of Object.entries(sent.counts)) counts[status] = (counts[status] ?? 0) + count;
    if (!sent.broken) break;
    next = sent.next;
    desk = await start();
  }
  const rate = Math.round(results / seconds);
  rates.set(part.file, { rate, seconds });
  console.log(
    `${part.file}: ${JSON.stringify(counts)} in ${seconds.toFixed(1)} s, ${rate} rows/s, killed ${deaths} times; CPU after that: desk ${cpu.toFixed(1)} s, database in all ${ofDatabase.toFixed(1)} s`,
  );
}

function tellRate(): void {
  const all = [...rates.values()];
  const seconds = all.reduce((sum, one) => sum + one.seconds, 0);
  const rate = Math.round(all.reduce((sum, one) => sum + one.rate * one.seconds, 0) / seconds);
  console.log(`all of it: ${rate} rows/s`);
  if (rate < GOAL) process.exitCode = 1;
}

/** Nobody waits any more to be looked at. */
async function untilReviewed(): Promise<void> {
  const started = performance.now();
  const waiting = async () =>
    Number((await db.pool.query('select count(*) from tier_reviews where customer_id is not null')).rows[0].count);
  const atFirst = await waiting();
  let left = atFirst;
  while (left > 0 && performance.now() - started < 10 * PATIENCE_SECONDS * 1000) {
    await sleep(500);
    left = await waiting();
  }
  const seconds = (performance.now() - started) / 1000;
  console.log(`reviews: ${atFirst} waited at the end, the last was done ${seconds.toFixed(1)} s later`);
  if (left > 0 || seconds > PATIENCE_SECONDS) process.exitCode = 1;
}

async function compare(): Promise<void> {
  const { rows } = await db.pool.query<{ name: string; activities: string; cents: string; target: string | null }>(
    `select c.external_ids->>'crm' as name, s.target, count(a.id) as activities,
       coalesce(sum(case a.kind when 'refund' then -a.base_amount else a.base_amount end) * 100, 0)::bigint as cents
       from customers c
       left join activities a on (a.workspace_id, a.customer_id) = (c.workspace_id, c.id)
       left join customer_scores s on (s.workspace_id, s.customer_id) = (c.workspace_id, c.id)
      where c.external_ids ? 'crm' group by 1, 2`,
  );
  const expected = expectedOf(crm, NOW);
  const tiers: Record<string, number> = {};
  let [odd, oddTiers] = [rows.length === expected.size ? 0 : 1, 0];
  for (const { name, activities, cents, target } of rows) {
    const wanted = expected.get(name);
    if (wanted?.activities !== Number(activities) || wanted.cents !== Number(cents)) {
      if (odd++ < 5) console.log(`  ${name}: ${JSON.stringify({ activities, cents })}, not ${JSON.stringify(wanted)}`);
    }
    if (wanted?.target !== target && oddTiers++ < 5) console.log(`  ${name}: ${target}, not ${wanted?.target}`);
    tiers[String(target)] = (tiers[String(target)] ?? 0) + 1;
  }
  console.log(
    `${rows.length} customers, ${odd} otherwise than reckoned; ${JSON.stringify(tiers)}, ${oddTiers} otherwise`,
  );
  if (odd + oddTiers > 0) process.exitCode = 1;
}

/** The same rows, by COPY into tables like those. */
async function besideCopy(): Promise<void> {
  const parts: Record<string, string> = {
    activities: 'select * from activities',
    external_ids: `select * from external_ids where resource = 'activity'`,
    events: `select * from events where type like 'activity.%'`,
  };
  const took: Record<string, number> = {};
  let count = 0;
  for (const [table, query] of Object.entries(parts)) {
    const file = fileOf(`${table}.copy`);
    await copy(`copy (${query}) to '${file}'`);
    await db.pool.query(`create table ${table}_copied (like ${table} including all)`);
    const started = performance.now();
    const { rowCount } = await copy(`copy ${table}_copied from '${file}'`);
    took[table] = (performance.now() - started) / 1000;
    if (table === 'activities') count = rowCount ?? 0;
  }
  const [rows, all] = [took['activities']! + took['external_ids']!, Object.values(took).reduce((a, b) => a + b, 0)];
  const seconds = ['first.ndjson', 'second.csv'].reduce((sum, file) => sum + rates.get(file)!.seconds, 0);
  console.log(
    `COPY: ${count} activities with their names in ${rows.toFixed(1)} s, ${Math.round(count / rows)} rows/s, with their events in ${all.toFixed(1)} s; the desk took ${(seconds / rows).toFixed(1)} and ${(seconds / all).toFixed(1)} times as long`,
  );
}

/** By a connection that is not in a hurry. */
async function copy(text: string): Promise<{ rowCount: number | null }> {
  const client = await db.pool.connect();
  try {
    await client.query('set statement_timeout = 0');
    return await client.query({ text, query_timeout: 600_000 } as never);
  } finally {
    client.release(true);
  }
}

function tellMemory(): void {
  const size = Math.max(1, Math.floor(memory.length / 4));
  const mean = (from: number) =>
    Math.round(memory.slice(from, from + size).reduce((sum, rss) => sum + rss, 0) / size / 2 ** 20);
  console.log(
    `memory of the desk, MiB by quarters: ${[0, 1, 2, 3].map((part) => mean(part * size)).join(', ')}; at most ${Math.round(Math.max(...memory) / 2 ** 20)}`,
  );
}
