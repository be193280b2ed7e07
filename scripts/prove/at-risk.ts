/**
 * The at-risk view on a desk of a million tickets: how long the answer takes through REST, what the database reads for it,
 * and that it is what a slow reckoning says. Exits 1 where a table is read from end to end, the answer is another one, or
 * the database works too long on the one for four hours: the time itself tells more of what else the machine does.
 *
 * `npm run prove:at-risk -- --tickets 1000000 --open 150000`; `--writes` also measures what the indexes cost those who write.
 */

import { parseArgs } from 'node:util';
import pg from 'pg';
import { closeDatabase, openDatabase } from '../../src/db/connect.ts';
import { type BenchDatabase, benchDatabase } from '../bench/database.ts';
import { fill } from './at-risk-fill.ts';
import { explainAtRisk } from './at-risk-plan.ts';
import { atRiskSlowly, copyPromises, type KnownPromise } from './at-risk-slow.ts';
import { compareWrites } from './at-risk-writes.ts';
import { type DeskProcess, startDesk } from './desk.ts';
import { familyCpu } from './load.ts';

const { values: options } = parseArgs({
  options: {
    tickets: { type: 'string', default: '1000000' },
    open: { type: 'string', default: '150000' },
    writes: { type: 'boolean', default: false },
  },
});
const TIERS = ['core', 'potential', 'normal'];
const HORIZONS = { PT4H: 4 * 3600, P1D: 86_400, P7D: 7 * 86_400 };
/** What is asked before anything is measured, and how often it is asked then. */
const [WARM, ASKED] = [10, 50];
/** So long may the database work on an answer for four hours. */
const MOST_CPU_MS = 100;

const faults: string[] = [];

/** How long answers take; and how long the database works on one, which is the same however busy the machine is otherwise. */
async function measure(desk: DeskProcess, databasePid: number): Promise<void> {
  console.log('horizon      p50 ms    p99 ms    CPU ms of the database');
  for (const horizon of Object.keys(HORIZONS)) {
    const ask = () => desk.ask('GET', `/v1/reports/at-risk?horizon=${horizon}`);
    for (let n = 0; n < WARM; n++) await ask();
    const before = familyCpu(databasePid)!;
    const times: number[] = [];
    for (let n = 0; n < ASKED; n++) {
      const started = performance.now();
      await ask();
      times.push(performance.now() - started);
    }
    const cpu = ((familyCpu(databasePid)! - before) * 1000) / ASKED;
    times.sort((a, b) => a - b);
    const [p50, p99] = [0.5, 0.99].map((q) => times[Math.floor(times.length * q)]!);
    const column = (value: number, width: number) => value.toFixed(1).padStart(width);
    console.log(`${horizon.padEnd(10)}${column(p50!, 9)}${column(p99!, 10)}${column(cpu, 10)}`);
    if (horizon === 'PT4H' && cpu > MOST_CPU_MS) faults.push(`an answer costs more than ${MOST_CPU_MS} ms of CPU`);
  }
}

/** The groups and the first 200 of each answer against the slow reckoning of the same instant. */
async function compare(desk: DeskProcess, promises: KnownPromise[]): Promise<void> {
  const teamId = promises.find(({ ticket }) => ticket.teamId !== null)!.ticket.teamId!;
  const questions = [
    {},
    { tier: ['core'], metric: ['resolution'] },
    { teamId },
    { kind: ['fault'], metric: ['first_response', 'next_response'] },
  ];
  let [count, wrong] = [0, 0];
  for (const [horizon, seconds] of Object.entries(HORIZONS)) {
    for (const asked of questions) {
      const query = new URLSearchParams({ ...asked, horizon, limit: '200' } as Record<string, string>);
      const { nextCursor: _, ...told } = await desk.ask('GET', `/v1/reports/at-risk?${query}`);
      const now = Date.parse(told['asOf'] as string) / 1000;
      const slow = atRiskSlowly(promises, { now, horizon: seconds, tiers: TIERS, ...asked });
      const expected = { ...slow, data: slow.data.slice(0, 200) };
      count += 1;
      if (JSON.stringify(told) === JSON.stringify(expected)) continue;
      wrong += 1;
      faults.push(`another answer to ${query}`);
    }
  }
  console.log(`${count} questions over ${promises.length} promises: ${count - wrong} answered as reckoned slowly`);
}

async function prove(database: BenchDatabase): Promise<void> {
  const { url } = database;
  const desk = await startDesk(url);
  const client = new pg.Client({ connectionString: url, options: '-c timezone=UTC' });
  const db = openDatabase({ url, poolSize: 1, prepared: true });
  await client.connect();
  try {
    for (const key of TIERS) await desk.ask('POST', '/v1/tiers', { key, name: key });
    const started = performance.now();
    const [tickets, open] = [Number(options.tickets), Number(options.open)];
    await fill(client, { workspaceId: 1, tickets, open, teams: 20 });
    const { rows } = await client.query(
      `select count(*) filter (where state = 'running')::int as running, count(*)::int as clocks,
         count(*) filter (where state = 'running' and due_at < now())::int as overdue from clocks`,
    );
    const { clocks, running, overdue } = rows[0];
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    console.log(
      `${tickets} tickets, ${open} open; ${clocks} promises, ${running} running, ${overdue} of them overdue; made in ${seconds} s`,
    );
    await measure(desk, database.pid()!);
    for (const seconds of [HORIZONS.PT4H, HORIZONS.P7D]) faults.push(...(await explainAtRisk(db, seconds)));
    const since = new Date(Date.now() - 8 * HORIZONS.P1D * 1000).toISOString();
    await compare(desk, await copyPromises(client, 1, since));
    if (options.writes) await compareWrites(desk, client);
  } finally {
    await desk.stop();
    await closeDatabase(db);
    await client.end();
  }
}

const database = await benchDatabase();
try {
  await prove(database);
} finally {
  await database.stop();
}
for (const fault of faults) console.log(`FAULT ${fault}`);
process.exitCode = faults.length > 0 ? 1 : 0;
