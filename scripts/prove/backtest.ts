/**
 * The backtest over a long past: so many tickets with their history, tried under another plan by a real desk, while
 * somebody else reads tickets. Exits 1 when 100,000 take longer than 60 seconds.
 *
 * `npm run prove:backtest -- --tickets 100000`
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { benchDatabase } from '../bench/database.ts';
import { type DeskProcess, startDesk } from './desk.ts';
import { loadOf } from './load.ts';

const { values: options } = parseArgs({ options: { tickets: { type: 'string', default: '100000' } } });
const TICKETS = Number(options.tickets);
const MOST_SECONDS = (60 * TICKETS) / 100_000;

const DAY = 86_400;
const FIRST = Math.floor(Date.now() / 1000) - 180 * DAY;

/** A number from 0 to 1 that looks drawn and is the same in every run. */
function drawn(n: number, salt: number): number {
  const x = Math.sin(n * 12.9898 + salt * 78.233) * 43_758.5453;
  return x - Math.floor(x);
}

/** A ticket of the last half year: answered, asked again, paused now and then, solved, sometimes opened again. */
function ticket(n: number) {
  const begun = FIRST + Math.floor((n * 179 * DAY) / TICKETS);
  const hours = (salt: number, most: number) => Math.floor(drawn(n, salt) ** 2 * most * 3600);
  const answered = begun + hours(1, 30);
  const pending = answered + hours(2, 20);
  const again = pending + hours(3, 48);
  const solved = again + hours(4, 60);
  const events = [
    { at: begun, type: 'created' },
    { at: answered, type: 'agent_reply' },
    ...(n % 3 === 0 ? [{ at: pending, type: 'status_changed', status: 'pending' }] : []),
    { at: again, type: 'customer_message' },
    ...(n % 3 === 0 ? [{ at: again, type: 'status_changed', status: 'open' }] : []),
    { at: again + hours(5, 12), type: 'agent_reply' },
    { at: solved + 12 * 3600, type: 'status_changed', status: 'solved' },
    ...(n % 10 === 0 ? [{ at: solved + 20 * 3600, type: 'status_changed', status: 'open' }] : []),
  ];
  return {
    externalIds: { prove: String(n) },
    subject: `Ticket ${n}`,
    kind: ['complaint', 'fault', 'basic'][n % 3],
    channel: n % 2 === 0 ? 'email' : 'phone',
    tier: ['core', 'potential', 'normal', 'normal'][n % 4],
    events: events
      .filter(({ at }) => at < Date.now() / 1000)
      .sort((a, b) => a.at - b.at)
      .map(({ at, ...event }) => ({ ...event, at: new Date(at * 1000).toISOString() })),
  };
}

function* tickets() {
  for (let n = 0; n < TICKETS; n++) yield ticket(n);
}

const PLAN = {
  policies: [
    {
      key: 'core',
      match: { tiers: ['core'] },
      objectives: [
        { metric: 'first_response', target: 'PT1H' },
        { metric: 'next_response', target: 'PT2H', pausesOn: ['pending'] },
        { metric: 'resolution', target: 'PT24H', pausesOn: ['pending'] },
      ],
    },
    {
      key: 'others',
      calendar: 'cn-office',
      objectives: [
        { metric: 'first_response', target: 'PT8H' },
        { metric: 'next_response', target: 'PT8H', pausesOn: ['pending'] },
        { metric: 'resolution', target: 'P5D', pausesOn: ['pending'] },
      ],
    },
  ],
};

async function timeReads(desk: DeskProcess, during: () => boolean): Promise<number[]> {
  const took: number[] = [];
  while (during()) {
    const started = performance.now();
    await desk.ask('GET', '/v1/tickets?limit=1');
    took.push(performance.now() - started);
    await sleep(50);
  }
  return took.sort((a, b) => a - b);
}

const database = await benchDatabase();
const desk = await startDesk(database.url);
try {
  for (const tier of ['core', 'potential', 'normal']) await desk.ask('POST', '/v1/tiers', { key: tier, name: tier });
  const office = ['mon', 'tue', 'wed', 'thu', 'fri'].map((day) => [
    day,
    [
      ['09:00', '12:00'],
      ['13:00', '18:00'],
    ],
  ]);
  await desk.ask('POST', '/v1/calendars', {
    key: 'cn-office',
    name: 'Office',
    timeZone: 'Asia/Shanghai',
    week: Object.fromEntries(office),
  });
  await desk.ask('POST', '/v1/policies', {
    key: 'today',
    name: 'Today',
    calendar: 'cn-office',
    objectives: ['first_response', 'next_response', 'resolution'].map((metric) => ({ metric, target: 'PT16H' })),
  });
  let started = performance.now();
  const counts = await desk.bulk('/v1/bulk/tickets', tickets());
  console.log(`${JSON.stringify(counts)} in ${((performance.now() - started) / 1000).toFixed(1)} s`);

  started = performance.now();
  const asked = await desk.ask('POST', '/v1/service-levels/backtest', { plan: PLAN });
  let job = asked;
  let most = 0;
  let running = true;
  const reads = timeReads(desk, () => running);
  while (job['state'] === 'queued' || job['state'] === 'running') {
    await sleep(250);
    job = await desk.ask('GET', `/v1/jobs/${asked['id']}`);
    most = Math.max(most, loadOf(desk.child.pid!)?.rss ?? 0);
    const { done, total } = job['progress'] as { done: number; total: number | null };
    if (process.stdout.isTTY) process.stdout.write(`\r${done} of ${total ?? '?'}  `);
  }
  running = false;
  const seconds = (performance.now() - started) / 1000;
  const took = await reads;
  const { tickets: folded, ticketsChanged, becameBroken, becameKept } = job['result'] as Record<string, number>;
  console.log(`${folded} tickets in ${seconds.toFixed(1)} s, ${Math.round(folded! / seconds)}/s: ${job['state']}`);
  console.log(`  changed ${ticketsChanged}, broken by it ${becameBroken}, kept by it ${becameKept}`);
  console.log(`  memory up to ${Math.round(most / 2 ** 20)} MiB`);
  const at = (share: number) => took[Math.floor(took.length * share)]?.toFixed(1);
  console.log(`  a read beside it: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms of ${took.length}`);
  if (folded !== TICKETS || seconds > MOST_SECONDS) process.exitCode = 1;
} finally {
  await desk.stop();
  await database.stop();
}
