/** Every warning and every breach is said once and on time: by two processes at once, also when one is killed. */

import { Agent } from 'node:http';
import { test } from 'tap';
import { startTimekeeper } from '../../src/jobs/timekeeper.ts';
import { openTestDatabase } from '../support/database.ts';
import { ADMIN_KEY, callerOf, type DeskProcess, startDesk } from '../support/process.ts';
import {
  checkSaid,
  drain,
  HOUR,
  LOG,
  listSaid,
  MINUTE,
  openTwoDesks,
  policy,
  SECOND,
  START,
  ticket,
} from '../support/two-desks.ts';
import { until } from '../support/until.ts';

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

test('what is due at many instants is saved together, each at its own and in order', async (t) => {
  const wall = { now: START };
  const { desks, db, ask, importTickets } = await openTwoDesks(t, [() => wall.now, () => wall.now]);
  await ask(0, 'POST /v1/policies', policy('PT10M', []));
  await importTickets(Array.from({ length: 150 }, (_, n) => START - n * SECOND));
  wall.now = START + HOUR;
  const { pool } = desks[0]!.db;
  const query = pool.query.bind(pool) as (...asked: unknown[]) => unknown;
  let saves = 0;
  t.intercept(pool, 'query', {
    value(...asked: [{ name?: string }]) {
      if (asked[0].name?.startsWith('save_')) saves++;
      return query(...asked);
    },
  });
  await drain(desks[0]!);
  checkSaid(t, await listSaid(db), 150, []);
  t.equal(saves, 1);
  const feed = await db.pool.query<{ occurred_at: string }>(
    'select occurred_at from events where tx = (select max(tx) from events) order by tx, id',
  );
  t.equal(feed.rows.length, 300);
  t.strictSame(
    feed.rows.map((row) => row.occurred_at),
    feed.rows.map((row) => row.occurred_at).sort(),
  );
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
    timekeeper.wake(Math.floor(Date.now() / 1000));
    await ask(1, 'POST /v1/tickets', ticket(`${n}`));
    timekeeper.wake(Math.floor(Date.now() / 1000));
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
