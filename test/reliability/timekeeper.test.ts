/** Every warning and every breach is said once and on time: by two processes at once, through jumps of the clock and kills. */

import { Agent } from 'node:http';
import { pino } from 'pino';
import { type Test, test } from 'tap';
import { buildApp } from '../../src/app.ts';
import { save } from '../../src/changes.ts';
import { steadyClock } from '../../src/clock.ts';
import { loadConfig } from '../../src/config.ts';
import { closeDatabase, type Db, openDatabase } from '../../src/db/connect.ts';
import { newWorkspaceChanges } from '../../src/domains/workspaces/creation.ts';
import { handleDue, startTimekeeper } from '../../src/jobs/timekeeper.ts';
import type { Desk } from '../../src/operation.ts';
import { openTestDatabase } from '../support/database.ts';
import { ADMIN_KEY, callerOf, type DeskProcess, startDesk } from '../support/process.ts';
import { until } from '../support/until.ts';

const LOG = pino({ level: 'silent' });
/** Tuesday 2026-11-24 10:00 in Shanghai. */
const START = Date.UTC(2026, 10, 24, 2, 0, 0);
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

test('the steady clock goes with the wall, but not where it jumps', (t) => {
  const at = { wall: START, mono: 5_000 };
  const clock = steadyClock(
    () => at.wall,
    () => at.mono,
  );
  const pass = (ms: number, wallMs = ms) => {
    at.mono += ms;
    at.wall += wallMs;
    return clock() - START;
  };
  t.equal(clock(), START);
  t.equal(pass(10 * SECOND), 10 * SECOND);
  t.equal(pass(10 * SECOND, 11 * SECOND), 21 * SECOND, 'a clock that is slewed is followed');
  for (const jump of [HOUR, -HOUR]) {
    const before = clock() - START;
    t.equal(pass(SECOND, SECOND + jump), before + SECOND, 'a jump is not followed');
    t.equal(pass(30 * SECOND), before + 31 * SECOND, 'time goes on from where it was');
    t.equal(pass(SECOND, SECOND - jump), before + 32 * SECOND, 'a jump that is taken back leaves no trace');
    t.equal(pass(70 * SECOND), before + 102 * SECOND, 'also later');
    pass(SECOND, SECOND + jump);
    t.equal(pass(59 * SECOND), before + 162 * SECOND, 'trusted for a minute');
    t.equal(pass(2 * SECOND), before + 164 * SECOND + jump, 'then the wall is taken for true');
    t.equal(pass(2 * SECOND), before + 166 * SECOND + jump, 'and followed');
  }
  const before = clock() - START;
  pass(SECOND, HOUR);
  t.equal(pass(SECOND, HOUR), before + 2 * SECOND, 'a jump on a jump');
  t.end();
});

interface Bench {
  desks: Desk[];
  db: Db;
  /** JSON in, answer out; through either desk. */
  ask(desk: 0 | 1, line: string, body?: unknown): Promise<Record<string, never>>;
}

/** Two desks on one database, their wall clocks in the test's hand; nothing is promised yet. */
async function openTwoDesks(t: Test, wallClocks: [() => number, () => number]): Promise<Bench> {
  const { db, url } = await openTestDatabase(t);
  const { changes, workspaceId, adminKey } = newWorkspaceChanges({
    workspaceId: 1,
    name: 'Bench',
    plan: 'none',
    mode: 'live',
    now: Math.floor(wallClocks[0]() / 1000),
  });
  const apps: Awaited<ReturnType<typeof buildApp>>[] = [];
  for (const wallClock of wallClocks) {
    const own = openDatabase({ url, poolSize: 5, prepared: true });
    const services = { secretKey: Buffer.alloc(32, 7), publicUrl: 'http://desk.test', wallClock };
    const app = await buildApp({ config: loadConfig({}), db: own, services, log: LOG });
    t.teardown(async () => {
      await app.server.close();
      await closeDatabase(own);
    });
    apps.push(app);
  }
  const { epoch } = apps[0]!.desk.services;
  await save(db, workspaceId, epoch, [{ changes, author: { actor: 'start', door: 'start' } }]);
  return {
    desks: apps.map(({ desk }) => desk),
    db,
    async ask(desk, line, body) {
      const [method, path] = line.split(' ') as ['POST', string];
      const headers = { authorization: `Bearer ${adminKey}` };
      const answer = await apps[desk]!.server.inject({
        method,
        url: path,
        headers,
        ...(body ? { payload: body } : {}),
      });
      if (answer.statusCode >= 300) throw new Error(`${line}: ${answer.statusCode} ${answer.body}`);
      return answer.json();
    },
  };
}

const policy = (target: string, warnAt: number[]) => ({
  key: 'all',
  name: 'Everything',
  objectives: [
    { metric: 'first_response', target, warnAt },
    { metric: 'resolution', target, warnAt },
  ],
});

const ticket = (subject: string) => ({ subject, kind: 'complaint', channel: 'email', message: 'Please.' });

interface Said {
  ticket: string;
  type: 'clock.warned' | 'clock.breached';
  metric: string;
  occurred: number;
  recorded: number;
  due: number;
  started: number;
  fraction: number | null;
}

/** Warnings and breaches in the feed; instants in epoch seconds. */
async function listSaid(db: Db): Promise<Said[]> {
  const seconds = (text: string) => `extract(epoch from (${text})::timestamptz)::float8`;
  const { rows } = await db.pool.query<Said>(
    `select subject as ticket, type, data->'clock'->>'metric' as metric, ${seconds('occurred_at')} as occurred,
       ${seconds('recorded_at')} as recorded, ${seconds("coalesce(data->'clock'->>'dueAt', data->'clock'->>'breachedAt')")} as due,
       ${seconds("data->'clock'->>'startedAt'")} as started, (data->>'fraction')::float8 as fraction
     from events where type in ('clock.warned', 'clock.breached') order by recorded_at, id`,
  );
  return rows;
}

const nameOf = ({ ticket: id, type, metric, fraction }: Said) => `${id} ${type} ${metric} ${fraction ?? ''}`;

/** Checks that each clock of these tickets warned once per fraction and broke once, each at its own instant. */
function checkSaid(t: Test, said: Said[], tickets: number, fractions: number[]): void {
  const clocks = tickets * 2;
  t.equal(said.length, clocks * (fractions.length + 1), `${said.length} said`);
  t.equal(new Set(said.map(nameOf)).size, said.length, 'nothing twice');
  const wrong = said.filter(({ type, occurred, started, due, fraction }) =>
    type === 'clock.breached' ? occurred !== due : occurred !== started + Math.ceil((due - started) * (fraction ?? 0)),
  );
  t.strictSame(wrong, [], 'each at its own instant');
}

const drain = async (desk: Desk) => {
  while ((await handleDue(desk, LOG)) > 0);
};

test('two desks handle 300 due tickets at once: each thing is said once, at its instant', async (t) => {
  const wall = { now: START };
  const { desks, db, ask } = await openTwoDesks(t, [() => wall.now, () => wall.now]);
  await ask(0, 'POST /v1/policies', policy('PT10M', [0.5, 0.8]));
  const makers = Array.from({ length: 10 }, async (_, maker) => {
    for (let n = 0; n < 30; n++) await ask((n % 2) as 0 | 1, 'POST /v1/tickets', ticket(`${maker}-${n}`));
  });
  await Promise.all(makers);
  t.strictSame(await listSaid(db), [], 'nothing yet');

  wall.now = START + 5 * MINUTE - 1;
  await Promise.all(desks.map(drain));
  t.strictSame(await listSaid(db), [], 'not a millisecond early');
  wall.now = START + 5 * MINUTE;
  await Promise.all(desks.map(drain));
  t.equal((await listSaid(db)).length, 600, 'the first warnings');
  wall.now = START + 10 * MINUTE + 999;
  await Promise.all(desks.map(drain));
  t.equal((await listSaid(db)).filter(({ type }) => type === 'clock.breached').length, 0, 'kept at the very instant');
  // Four loops on two desks; leases that a dead process would hold are over.
  wall.now = START + 11 * MINUTE;
  await Promise.all([...desks, ...desks].map(drain));
  checkSaid(t, await listSaid(db), 300, [0.5, 0.8]);
  wall.now = START + 12 * HOUR;
  await Promise.all(desks.map(drain));
  t.equal((await listSaid(db)).length, 1800, 'and never again');
});

test('leases that a killed process left are taken over when they end', async (t) => {
  const wall = { now: START };
  const { desks, db, ask } = await openTwoDesks(t, [() => wall.now, () => wall.now]);
  await ask(0, 'POST /v1/policies', policy('PT10M', [0.5]));
  for (let n = 0; n < 20; n++) await ask(0, 'POST /v1/tickets', ticket(`${n}`));
  wall.now = START + 5 * MINUTE;
  // Claimed, and then nothing more is heard of who claimed them.
  await db.pool.query(`update timers set lease_until = to_timestamp($1)`, [wall.now / 1000 + 2]);
  await drain(desks[1]!);
  t.strictSame(await listSaid(db), [], 'somebody has them');
  wall.now += 2 * SECOND;
  await drain(desks[1]!);
  t.equal((await listSaid(db)).length, 40);
  t.ok((await listSaid(db)).every(({ occurred }) => occurred === (START + 5 * MINUTE) / 1000));
});

test('a jump of the wall clock breaches nothing early and says nothing twice', async (t) => {
  for (const jump of [HOUR, -HOUR]) {
    const at = { wall: START, mono: 0 };
    const clock = () =>
      steadyClock(
        () => at.wall,
        () => at.mono,
      );
    const { desks, db, ask } = await openTwoDesks(t, [clock(), clock()]);
    await ask(0, 'POST /v1/policies', policy('PT20M', [0.5]));
    for (let n = 0; n < 20; n++) await ask((n % 2) as 0 | 1, 'POST /v1/tickets', ticket(`${n}`));
    const pass = async (ms: number, wallMs = ms) => {
      at.mono += ms;
      at.wall += wallMs;
      await Promise.all(desks.map(drain));
      return (await listSaid(db)).length;
    };
    t.equal(await pass(9 * MINUTE), 0);
    t.equal(await pass(SECOND, SECOND + jump), 0, 'the jump says nothing');
    t.equal(await pass(50 * SECOND), 0, 'nor the minute after it');
    t.equal(await pass(SECOND, SECOND - jump), 0, 'it is taken back');
    t.equal(await pass(8 * SECOND), 40, 'the warnings come at their time');
    t.equal(await pass(SECOND, SECOND + jump), 40);
    t.equal(await pass(55 * SECOND), 40);
    t.equal(await pass(SECOND, SECOND - jump), 40);
    t.equal(await pass(9 * MINUTE + 3 * SECOND), 40, 'due, and still kept');
    t.equal(await pass(SECOND), 80, 'the breaches too');
    checkSaid(t, await listSaid(db), 20, [0.5]);
    // One that stays is believed after a minute; set back, the same instants come again.
    await pass(SECOND, SECOND - HOUR);
    await pass(61 * SECOND);
    t.equal(await pass(2 * HOUR), 80, 'what was said is not said again');
  }
});

test("a ticket that cannot be settled stands in nobody's way", async (t) => {
  const wall = { now: START };
  const { desks, db, ask } = await openTwoDesks(t, [() => wall.now, () => wall.now]);
  await ask(0, 'POST /v1/policies', policy('PT10M', [0.5]));
  for (let n = 0; n < 6; n++) await ask(0, 'POST /v1/tickets', ticket(`${n}`));
  // Saving anything about the first one fails for good.
  await db.pool.query(
    `create function refuse() returns trigger language plpgsql as $$ begin raise exception 'never'; end $$;
     create trigger refuse before update on tickets for each row when (old.number = 1) execute function refuse();`,
  );
  wall.now = START + 5 * MINUTE;
  await drain(desks[0]!);
  t.equal((await listSaid(db)).length, 10, 'the other five are warned of');
  wall.now = START + 6 * MINUTE + 5 * SECOND;
  await ask(0, 'POST /v1/tickets', ticket('later'));
  await drain(desks[1]!);
  t.equal((await listSaid(db)).length, 10);
  await db.pool.query('drop trigger refuse on tickets');
  wall.now += 70 * SECOND;
  await drain(desks[1]!);
  const said = await listSaid(db);
  t.equal(said.length, 12, 'once it can be saved it is');
  t.equal(said.at(-1)!.occurred, (START + 5 * MINUTE) / 1000);
});

test('the loop wakes for a timer that is set while it looks', async (t) => {
  const { desks, db, ask } = await openTwoDesks(t, [Date.now, Date.now]);
  const desk = desks[0]!;
  const timekeeper = startTimekeeper(desk, LOG);
  t.teardown(() => timekeeper.stop());
  await ask(1, 'POST /v1/policies', policy('PT1S', []));
  for (let n = 0; n < 2; n++) {
    timekeeper.wake();
    await ask(1, 'POST /v1/tickets', ticket(`${n}`));
    timekeeper.wake();
    await until('it is breached', async () => (await listSaid(db)).length === 2 * (n + 1), { within: 5000 });
  }
  const late = (await listSaid(db)).map(({ recorded, due }) => recorded - (due + 1));
  t.ok(Math.max(...late) < 0.5, `at most ${Math.max(...late).toFixed(3)} s late`);
});

const RATE_MS = 30;
const CREATING_MS = 4000;

test('two processes, one of them killed half-way: everything is said once, and within a second', async (t) => {
  const { db, url } = await openTestDatabase(t);
  const desks: DeskProcess[] = [await startDesk(t, url, { LOG_LEVEL: 'warn' })];
  desks.push(await startDesk(t, url, { LOG_LEVEL: 'warn' }));
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  t.teardown(() => agent.destroy());
  const call = callerOf(ADMIN_KEY, agent);
  for (const [index, target] of ['PT1S', 'PT2S', 'PT3S'].entries()) {
    const { key: _, ...rest } = policy(target, [0.5]);
    const kinds = [['complaint', 'fault', 'basic'][index]];
    const body = { ...rest, key: `fast-${index}`, match: { kinds } };
    const made = await call(`${desks[0]!.url}/v1/policies`, 'POST', body);
    t.equal(made.status, 201, made.text.slice(0, 300));
  }
  const dead = { at: 0 };
  let sent = 0;
  const pending: Promise<void>[] = [];
  const create = async (n: number) => {
    const body = { ...ticket(`${n}`), kind: ['complaint', 'fault', 'basic'][n % 3] };
    await until(
      `ticket ${n}`,
      async () => {
        const desk = desks[dead.at > 0 ? 1 : n % 2]!;
        const answer = await call(`${desk.url}/v1/tickets`, 'POST', body, { 'Idempotency-Key': `${n}` }).catch(
          () => null,
        );
        return answer?.status === 201;
      },
      { within: 10_000 },
    );
  };
  const began = performance.now();
  // Half-way, and when somebody holds leases, so that the dead process may take some with it.
  const killed = until(
    'leases are held',
    async () => {
      if (performance.now() - began < CREATING_MS / 2) return false;
      const held = await db.pool.query('select 1 from timers where lease_until > now() and due <= now()');
      if (held.rows.length === 0) return false;
      desks[0]!.kill('SIGKILL');
      dead.at = Date.now() / 1000;
      return true;
    },
    { every: 1 },
  );
  await until(
    'all are created',
    () => {
      const passed = performance.now() - began;
      while (sent < passed / RATE_MS && passed < CREATING_MS) pending.push(create(sent++));
      return passed >= CREATING_MS;
    },
    { within: 2 * CREATING_MS, every: 5 },
  );
  await killed;
  await Promise.all(pending);
  await until('all is said', async () => (await listSaid(db)).length >= sent * 4, { within: 15_000, every: 100 });
  const said = await listSaid(db);
  checkSaid(t, said, sent, [0.5]);

  const late = said
    .map(({ ticket: id, type, recorded, occurred }) => {
      const instant = type === 'clock.breached' ? occurred + 1 : occurred;
      return { ticket: id, late: recorded - instant, orphaned: instant <= dead.at && recorded > dead.at };
    })
    .sort((a, b) => a.late - b.late);
  const orphans = late.filter(({ orphaned }) => orphaned);
  t.comment(`${said.length} warnings and breaches of ${sent} tickets, late by ${quantiles(late)}`);
  t.comment(`of these ${orphans.length} were due when the process was killed: ${quantiles(orphans)}`);
  t.ok(late[0]!.late >= 0, `none early: ${late[0]!.late}`);
  t.ok(late.at(-1)!.late <= 1, `none later than a second: ${late.at(-1)!.late}`);
});

function quantiles(sorted: { late: number }[]): string {
  if (sorted.length === 0) return '-';
  const at = (q: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))]!.late;
  return [0.5, 0.9, 0.99, 1].map((q) => `p${q * 100} ${(at(q) * 1000).toFixed(0)} ms`).join(', ');
}
