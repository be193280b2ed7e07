/**
 * A million customers looked at by a model that was just applied: how long it takes, what a read beside it costs, and that
 * every score and tier is what plain SQL says. Exits 1 where one is not, or it took longer than five minutes a million.
 *
 * `npm run prove:tiers -- --customers 1000000 --activities 3000000`; `--kill` ends the process half-way, and another one
 * goes on; `--shares` reads spend by percentile and gives tiers by share, `--all` moves everybody (which SQL does not check again).
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { benchDatabase } from '../bench/database.ts';
import { type DeskProcess, startDesk } from './desk.ts';
import { familyCpu, loadOf } from './load.ts';
import { ALL, BANDS, DISAGREE, fill, SHARES } from './tiers-fill.ts';

const { values: options } = parseArgs({
  options: {
    customers: { type: 'string', default: '100000' },
    activities: { type: 'string', default: '300000' },
    kill: { type: 'boolean', default: false },
    shares: { type: 'boolean', default: false },
    all: { type: 'boolean', default: false },
  },
});
const CUSTOMERS = Number(options.customers);
const ACTIVITIES = Number(options.activities);
const MOST_SECONDS = (300 * CUSTOMERS) / 1_000_000;
const WORKSPACE = 1;
const definition = options.shares ? SHARES : options.all ? ALL : BANDS;

/** An order for every tenth customer, as an import would leave them. */
const TOUCH = `
  with touched as (select id from customers where workspace_id = $1 and (external_ids ->> 'crm')::bigint % 10 = 0),
    told as (
      insert into activities (workspace_id, id, customer_id, kind, at, amount, currency, base_amount, details, external_ids,
        created_at, updated_at)
      select $1, gen_random_uuid(), id, 'order', date_trunc('hour', now()) - interval '12 hours', 20000, 'CNY', 20000, '{}', '{}',
        now(), now() from touched)
  insert into tier_reviews (workspace_id, id, customer_id, due, live)
  select $1, gen_random_uuid(), id, now(), true from touched`;

let desk: DeskProcess;
const seconds = (since: number) => (performance.now() - since) / 1000;

/** Times of reads every 50 ms, milliseconds; while nobody answers, a process is on its way up. */
async function timeReads(path: string, during: () => boolean): Promise<number[]> {
  const took: number[] = [];
  while (during()) {
    const started = performance.now();
    await desk.ask('GET', path).then(
      () => took.push(performance.now() - started),
      () => undefined,
    );
    await sleep(50);
  }
  return took.sort((a, b) => a - b);
}

interface JobAnswer {
  state: string;
  progress: { done: number; total: number | null };
  result: Record<string, unknown>;
  error: unknown;
}

/** Waits for the job; `halfway` is called once. */
async function ended(id: string, halfway: () => Promise<void>): Promise<JobAnswer & { memory: number }> {
  let memory = 0;
  let isHalfway = false;
  for (;;) {
    const job = (await desk.ask('GET', `/v1/jobs/${id}`)) as unknown as JobAnswer;
    if (job.state !== 'queued' && job.state !== 'running') return { ...job, memory };
    memory = Math.max(memory, loadOf(desk.child.pid!)?.rss ?? 0);
    const { done, total } = job.progress;
    if (process.stdout.isTTY) process.stdout.write(`\r${done} of ${total ?? '?'}  `);
    if (!isHalfway && total !== null && done > total / 2) {
      isHalfway = true;
      await halfway();
    }
    await sleep(250);
  }
}

async function kill(url: string): Promise<void> {
  desk.child.kill('SIGKILL');
  console.log('  killed half-way');
  desk = await startDesk(url);
}

async function run(name: string, jobId: string, path: string, url: string | null): Promise<number> {
  const started = performance.now();
  const cpu = () =>
    [loadOf(desk.child.pid!)?.cpu ?? 0, databasePid === null ? 0 : (familyCpu(databasePid) ?? 0)] as const;
  const before = cpu();
  let running = true;
  const reads = timeReads(path, () => running);
  const job = await ended(jobId, async () => {
    if (url !== null) await kill(url);
  });
  running = false;
  const took = seconds(started);
  const times = await reads;
  const after = cpu();
  const at = (share: number) => times[Math.floor(times.length * share)]?.toFixed(1);
  console.log(`${name}: ${took.toFixed(1)} s, ${Math.round(CUSTOMERS / took)} customers/s: ${job.state}`);
  console.log(`  ${JSON.stringify({ ...job.result, error: job.error ?? undefined })}`);
  console.log(`  a read beside it: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms of ${times.length}`);
  const [ofDesk, ofDatabase] = after.map((value, index) => (value - before[index]!).toFixed(1));
  console.log(`  CPU: ${url === null ? `${ofDesk} s of the desk, ` : ''}${ofDatabase} s of the database`);
  console.log(`  memory of the desk up to ${Math.round(job.memory / 2 ** 20)} MiB`);
  if (job.state !== 'succeeded') process.exitCode = 1;
  return took;
}

const database = await benchDatabase();
const databasePid = database.pid();
desk = await startDesk(database.url);
const client = new pg.Client({ connectionString: database.url });
await client.connect();
try {
  for (const tier of ['core', 'potential', 'normal']) await desk.ask('POST', '/v1/tiers', { key: tier, name: tier });
  let started = performance.now();
  await fill(client, { workspaceId: WORKSPACE, customers: CUSTOMERS, activities: ACTIVITIES });
  console.log(`${CUSTOMERS} customers with ${ACTIVITIES} activities in ${seconds(started).toFixed(1)} s`);
  const { timeZone } = (await desk.ask('GET', '/v1/workspace')) as { timeZone: string };
  const { data } = (await desk.ask('GET', '/v1/customers?limit=1')) as { data: { id: string }[] };
  const path = `/v1/customers/${data[0]!.id}`;

  const { jobId } = await desk.ask('POST', '/v1/tier-models', { definition });
  const took = await run('applied', jobId as string, path, options.kill ? database.url : null);
  if (took > MOST_SECONDS && !options.kill) {
    console.error(`  longer than ${MOST_SECONDS} s`);
    process.exitCode = 1;
  }
  const again = await desk.ask('POST', '/v1/tier-models/recompute', {});
  await run('again, nothing to change', again['id'] as string, path, null);

  started = performance.now();
  await client.query(TOUCH, [WORKSPACE]);
  const left = async () =>
    (await client.query(`select from tier_reviews where customer_id is not null limit 1`)).rows.length;
  while ((await left()) > 0) await sleep(50);
  const touched = Math.ceil(CUSTOMERS / 10);
  console.log(`${touched} customers touched at once, reviewed in ${seconds(started).toFixed(1)} s`);

  if (definition === BANDS) {
    started = performance.now();
    const wrong = await client.query(DISAGREE, [WORKSPACE, timeZone]);
    console.log(`compared with plain SQL in ${seconds(started).toFixed(1)} s: ${wrong.rows.length} differ`);
    for (const row of wrong.rows.slice(0, 5)) console.log(`  ${JSON.stringify(row)}`);
    if (wrong.rows.length > 0) process.exitCode = 1;
  }
  const sizes = await client.query(
    `select c.tier, count(*)::int as customers, count(s.*)::int as scored from customers c
     left join customer_scores s on s.workspace_id = c.workspace_id and s.customer_id = c.id
     where c.workspace_id = $1 group by c.tier order by 2`,
    [WORKSPACE],
  );
  console.log(`  ${JSON.stringify(sizes.rows)}`);
} finally {
  await client.end();
  await desk.stop();
  await database.stop();
}
