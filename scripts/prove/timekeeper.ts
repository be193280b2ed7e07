/**
 * The timekeeper under load: many clocks due within one minute, two processes, one of them killed half-way. Every breach is
 * said once, at its own instant, and 99 of 100 within two seconds; exits 1 where that does not hold.
 *
 * `npm run prove:timekeeper -- --clocks 100000 --seconds 60`; `--restart` crashes the database half-way instead, `--leap
 * 3600` moves the wall clock of both processes half-way.
 */

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { closeDatabase, type Db, openDatabase } from '../../src/db/connect.ts';
import { type BenchDatabase, benchDatabase } from '../bench/database.ts';
import { type DeskProcess, startDesk } from './desk.ts';
import { familyCpu, loadOf } from './load.ts';

const { values: options } = parseArgs({
  options: {
    clocks: { type: 'string', default: '100000' },
    seconds: { type: 'string', default: '60' },
    restart: { type: 'boolean', default: false },
    leap: { type: 'string', default: '0' },
    /** Seconds from the start of the import to the first clock due; what the import needs, unless told. */
    lead: { type: 'string' },
  },
});
const CLOCKS = Number(options.clocks);
const SECONDS = Number(options.seconds);
const LEAP_SECONDS = Number(options.leap);
const LEAD_SECONDS = Number(options.lead ?? 20 + Math.ceil(CLOCKS / 800));
/** Later than this is too late for more than one in a hundred. */
const LATEST_SECONDS = 2;
/** A leap of the wall clock that stays is believed by then: what is due by the new time must not be said again. */
const BELIEVED_SECONDS = 65;
/** What is still unsaid so long after the last is due is lost. */
const PATIENCE_SECONDS = 90;
const TARGET_SECONDS = 3600;

const desks: DeskProcess[] = [];

/** The instant the clock of this ticket is due, epoch seconds: evenly from the first on. */
const dueOf = (n: number, first: number) => first + Math.floor((n * SECONDS) / CLOCKS);

/** Tickets with a past, by the bulk door: each began its clock an hour before it is due. */
async function importTickets(desk: DeskProcess, first: number): Promise<void> {
  const objectives = [{ metric: 'resolution', target: `PT${TARGET_SECONDS}S` }];
  await desk.ask('POST', '/v1/policies', { key: 'all', name: 'Everything', objectives });
  function* lines() {
    for (let n = 0; n < CLOCKS; n++) {
      const at = new Date((dueOf(n, first) - TARGET_SECONDS) * 1000).toISOString();
      yield {
        externalIds: { prove: String(n) },
        subject: `Ticket ${n}`,
        kind: 'complaint',
        channel: 'email',
        events: [{ at, type: 'created', body: 'It has stopped.' }],
      };
    }
  }
  const counts = await desk.bulk('/v1/bulk/tickets', lines());
  if (counts['created'] !== CLOCKS) throw new Error(`The import went wrong: ${JSON.stringify(counts)}`);
}

interface Sample {
  /** Seconds since the first was due. */
  at: number;
  /** Due and not said; null while the database does not answer. */
  backlog: number | null;
  /** CPU so far: of each desk, and of the database. */
  cpu: number[];
  rss: number[];
}

/** The CPU of a process and of those that came in its place, which is where a database is after a crash. */
function meter(pidOf: () => number | null, cpuOf: (pid: number) => number | null): () => number {
  let [pid, used, before] = [pidOf(), 0, 0];
  return () => {
    const now = pidOf();
    if (now !== null && now !== pid) [pid, used, before] = [now, 0, before + used];
    used = Math.max(used, pid === null ? 0 : (cpuOf(pid) ?? 0));
    return before + used;
  };
}

/** Once a second, until all is said or patience is over. The half-way event comes between two samples. */
async function watch(db: Db, database: BenchDatabase, first: number, halfWay: () => void): Promise<Sample[]> {
  const samples: Sample[] = [];
  const meters = [
    ...desks.map(({ child }) =>
      meter(
        () => child.pid!,
        (pid) => loadOf(pid)?.cpu ?? null,
      ),
    ),
    meter(database.pid, familyCpu),
  ];
  let happened = false;
  for (let second = 0; second < SECONDS + PATIENCE_SECONDS; second++) {
    await sleep((first + second) * 1000 - Date.now());
    if (!happened && second >= SECONDS / 2) {
      happened = true;
      halfWay();
    }
    const backlog = await db.pool
      .query<{ n: number }>('select count(*)::int as n from timers where live and due <= now()')
      .then(({ rows }) => rows[0]!.n)
      .catch(() => null);
    const rss = desks.map(({ child }) => loadOf(child.pid!)?.rss ?? 0);
    samples.push({ at: second, backlog, cpu: meters.map((read) => read()), rss });
    if (second > SECONDS && backlog === 0 && (LEAP_SECONDS === 0 || second > SECONDS / 2 + BELIEVED_SECONDS)) break;
    if (desks.every(({ child }) => child.exitCode !== null || child.signalCode !== null)) break;
  }
  return samples;
}

interface Breach {
  /** Which ticket. */
  n: number;
  occurred: number;
  recorded: number;
}

async function readBreaches(db: Db): Promise<{ breaches: Breach[]; others: number }> {
  const { rows } = await db.pool.query<Breach>(
    `select x.value::int as n, extract(epoch from e.occurred_at)::float8 as occurred,
       extract(epoch from e.recorded_at)::float8 as recorded
     from events e join external_ids x on x.workspace_id = e.workspace_id and x.resource = 'ticket' and x.subject = e.subject
     where e.type = 'clock.breached'`,
  );
  const others = await db.pool.query<{ n: number }>(
    `select count(*)::int as n from events where type like 'clock.%' and type <> 'clock.breached'`,
  );
  return { breaches: rows, others: others.rows[0]!.n };
}

/** Seconds from the instant a thing can be said, the first second after due, to when it was written. */
const latenessOf = ({ occurred, recorded }: Breach) => recorded - (occurred + 1);

function quantiles(breaches: Breach[]): string {
  const sorted = breaches.map(latenessOf).sort((a, b) => a - b);
  if (sorted.length === 0) return '-';
  return [0.5, 0.9, 0.99, 1].map((q) => `p${q * 100} ${at(sorted, q).toFixed(2)}`).join('  ');
}

function at(sorted: number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))]!;
}

/** What was promised and did not come true, in words. */
function faultsOf(breaches: Breach[], others: number, first: number): string[] {
  const faults: string[] = [];
  const told = new Map<number, number>();
  for (const { n } of breaches) told.set(n, (told.get(n) ?? 0) + 1);
  const count = (what: string, bad: number) => bad > 0 && faults.push(`${bad} ${what}`);
  count('clocks were never said to be broken', CLOCKS - told.size);
  count('clocks were said to be broken more than once', [...told.values()].filter((times) => times > 1).length);
  count(
    'were said at another instant than their own',
    breaches.filter(({ n, occurred }) => occurred !== dueOf(n, first)).length,
  );
  count('were said too early', breaches.filter((breach) => latenessOf(breach) < 0).length);
  count('other things were said of clocks', others);
  const late = at(
    breaches.map(latenessOf).sort((a, b) => a - b),
    0.99,
  );
  if (!options.restart && !(late <= LATEST_SECONDS))
    faults.push(`p99 is ${late?.toFixed(2)} s, not within ${LATEST_SECONDS} s`);
  return faults;
}

function printCourse(samples: Sample[]): void {
  console.log('\nsecond   backlog   CPU % of desks and database   MB of desks');
  samples.forEach(({ at: second, backlog, cpu, rss }, index) => {
    const before = samples[index - 1]?.cpu;
    const sinceMiddle = second - SECONDS / 2;
    if (before === undefined || (second % 5 !== 0 && (sinceMiddle < -1 || sinceMiddle > 5))) return;
    const percent = cpu.map((used, which) => Math.round((used - before[which]!) * 100));
    const cells = [
      String(second).padStart(6),
      String(backlog ?? 'away').padStart(9),
      percent.map((used) => String(used).padStart(4)).join(' '),
      ' '.repeat(9),
      rss.map((bytes) => String(Math.round(bytes / 2 ** 20)).padStart(5)).join(' '),
    ];
    console.log(cells.join('  '));
  });
}

function printFigures(breaches: Breach[], samples: Sample[], middle: number): void {
  const calm = breaches.filter(({ occurred }) => occurred + 1 < middle - 2 || occurred > middle + 5);
  const used = samples.at(-1)!.cpu.map((cpu, which) => cpu - samples[0]!.cpu[which]!);
  const each = (seconds: number) => ((seconds * 1e6) / breaches.length).toFixed(0);
  const [ofDatabase, ...ofDesks] = used.toReversed();
  const recorded = breaches.map((breach) => breach.recorded).sort((a, b) => a - b);
  const took = recorded.at(-1)! - recorded[0]!;
  console.log(
    `\nsaid          ${breaches.length} in ${took.toFixed(1)} s: ${(breaches.length / took).toFixed(0)} a second`,
  );
  console.log(`late (s)      ${quantiles(breaches)}`);
  console.log(`  but middle  ${quantiles(calm)}   (without what was due from 2 s before to 5 s after it)`);
  console.log(`CPU (µs each) desks ${each(ofDesks.reduce((sum, cpu) => sum + cpu, 0))}, database ${each(ofDatabase!)}`);
}

/** Ends the server as a power cut would; the one that runs the database starts it again. Tells how long it was away. */
async function crash(database: BenchDatabase): Promise<void> {
  const began = performance.now();
  process.kill(database.pid()!, 'SIGQUIT');
  const db = openDatabase({ url: database.url, poolSize: 1, prepared: false });
  for (let answers = false; !answers; ) {
    await sleep(50);
    answers = await db.pool.query('select 1').then(
      () => true,
      () => false,
    );
  }
  console.log(`The database was away for ${((performance.now() - began) / 1000).toFixed(1)} s.`);
  await closeDatabase(db);
}

const database = await benchDatabase();
try {
  const leap = {
    variables: { PROVE_LEAP_MS: String(LEAP_SECONDS * 1000) },
    imports: [join(import.meta.dirname, 'wall.ts')],
  };
  const worker = await startDesk(database.url, leap);
  desks.push(worker);
  desks.push(await startDesk(database.url, leap));
  const first = Math.ceil(Date.now() / 1000) + LEAD_SECONDS;
  await importTickets(worker, first);
  const spare = first - Date.now() / 1000;
  console.log(`${CLOCKS} tickets imported in ${(LEAD_SECONDS - spare).toFixed(0)} s`);
  if (spare < 2) throw new Error(`The import took too long: give more than --lead ${LEAD_SECONDS}.`);
  const db = openDatabase({ url: database.url, poolSize: 1, prepared: true });
  const halfWay = () => {
    if (options.restart) void crash(database);
    else if (LEAP_SECONDS !== 0) for (const { child } of desks) child.kill('SIGCONT');
    else worker.child.kill('SIGKILL');
  };
  const samples = await watch(db, database, first, halfWay);
  const { breaches, others } = await readBreaches(db);
  await closeDatabase(db);
  printCourse(samples);
  printFigures(breaches, samples, first + SECONDS / 2);
  const faults = faultsOf(breaches, others, first);
  for (const fault of faults) console.log(`BROKEN: ${fault}`);
  if (faults.length === 0) console.log('Kept: each once, at its own instant, in time.');
  process.exitCode = faults.length === 0 ? 0 : 1;
} finally {
  await Promise.all(desks.map((desk) => desk.stop()));
  await database.stop();
}
