/**
 * The at-risk view on a desk of a million tickets: how long the answer takes through REST, what the database reads for it,
 * and that it is what a slow reckoning says. Exits 1 where a table is read from end to end, the answer is another one, or half
 * of the answers for four hours take longer than they may.
 *
 * `npm run prove:at-risk -- --tickets 1000000 --open 150000`; `--writes` also measures what the indexes cost those who write.
 */

import { parseArgs } from 'node:util';
import pg from 'pg';
import { closeDatabase, openDatabase } from '../../src/db/connect.ts';
import { encodeId } from '../../src/ids.ts';
import { benchDatabase } from '../bench/database.ts';
import { fill } from './at-risk-fill.ts';
import { explainAtRisk } from './at-risk-plan.ts';
import { atRiskSlowly, type KnownPromise } from './at-risk-slow.ts';
import { compareWrites } from './at-risk-writes.ts';
import { type DeskProcess, startDesk } from './desk.ts';

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
/** More than half of the answers for four hours must not take longer. */
const LATEST_MS = 100;

const faults: string[] = [];

/** Milliseconds of each answer, the shortest first. */
async function timesOf(desk: DeskProcess, horizon: string): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < WARM + ASKED; n++) {
    const started = performance.now();
    await desk.ask('GET', `/v1/reports/at-risk?horizon=${horizon}`);
    if (n >= WARM) times.push(performance.now() - started);
  }
  return times.sort((a, b) => a - b);
}

async function measure(desk: DeskProcess): Promise<void> {
  console.log('horizon      p50 ms    p99 ms');
  for (const horizon of Object.keys(HORIZONS)) {
    const times = await timesOf(desk, horizon);
    const [p50, p99] = [0.5, 0.99].map((q) => times[Math.floor(times.length * q)]!);
    console.log(`${horizon.padEnd(10)}${p50!.toFixed(1).padStart(9)}${p99!.toFixed(1).padStart(10)}`);
    if (horizon === 'PT4H' && p50! > LATEST_MS) faults.push(`half of the answers take longer than ${LATEST_MS} ms`);
  }
}

/** Every promise that a horizon of a week and its pace can know of. */
async function copyOut(client: pg.Client): Promise<KnownPromise[]> {
  const { rows } = await client.query(
    `select c.id as clock, c.metric, c.cycle, c.policy_key, c.state, extract(epoch from c.due_at)::float8 as due,
       extract(epoch from c.stopped_at)::float8 as stopped, t.id, t.number::float8, t.subject, t.tier, t.kind, t.priority,
       t.team_id, t.assignee_id
     from clocks c join tickets t on t.workspace_id = c.workspace_id and t.id = c.ticket_id
     where c.workspace_id = 1 and (c.state in ('running', 'paused') or c.stopped_at > now() - interval '8 days')`,
  );
  return rows.map((row) => ({
    clockId: encodeId('clock', row.clock),
    metric: row.metric,
    cycle: row.cycle,
    policyKey: row.policy_key,
    state: row.state,
    dueAt: row.due,
    stoppedAt: row.stopped,
    ticket: {
      id: encodeId('ticket', row.id),
      number: row.number,
      subject: row.subject,
      tier: row.tier,
      kind: row.kind,
      priority: row.priority,
      teamId: row.team_id === null ? null : encodeId('team', row.team_id),
      assigneeId: null,
    },
  }));
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
  let count = 0;
  for (const [horizon, seconds] of Object.entries(HORIZONS)) {
    for (const asked of questions) {
      const query = new URLSearchParams({ ...asked, horizon, limit: '200' } as Record<string, string>);
      const { nextCursor: _, ...told } = await desk.ask('GET', `/v1/reports/at-risk?${query}`);
      const now = Date.parse(told['asOf'] as string) / 1000;
      const slow = atRiskSlowly(promises, { now, horizon: seconds, tiers: TIERS, ...asked });
      const expected = { ...slow, data: slow.data.slice(0, 200) };
      if (JSON.stringify(told) !== JSON.stringify(expected)) faults.push(`another answer to ${query}`);
      if (expected.data.length === 0) faults.push(`nothing to compare for ${query}`);
      count += 1;
    }
  }
  console.log(`${count} questions over ${promises.length} promises: ${faults.length === 0 ? 'as reckoned slowly' : 'WRONG'}`);
}

async function prove(url: string): Promise<void> {
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
    await measure(desk);
    for (const seconds of [HORIZONS.PT4H, HORIZONS.P7D]) faults.push(...(await explainAtRisk(db, seconds)));
    await compare(desk, await copyOut(client));
    if (options.writes) await compareWrites(desk, client);
  } finally {
    await desk.stop();
    await closeDatabase(db);
    await client.end();
  }
}

const database = await benchDatabase();
try {
  await prove(database.url);
} finally {
  await database.stop();
}
for (const fault of faults) console.log(`FAULT ${fault}`);
process.exitCode = faults.length > 0 ? 1 : 0;
