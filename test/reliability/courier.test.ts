/** Steps are done once and deliveries arrive, by two processes at once, through kills, and whatever a receiver does. */

import { Agent, createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Test, test } from 'tap';
import type { Db } from '../../src/db/connect.ts';
import { deliverDue, startCourier } from '../../src/jobs/courier.ts';
import { handleDue } from '../../src/jobs/timekeeper.ts';
import type { Desk } from '../../src/operation.ts';
import { DELAYS } from '../../src/rules/retry.ts';
import { openTestDatabase } from '../support/database.ts';
import { openTestDesk } from '../support/desk.ts';
import { ADMIN_KEY, callerOf, type DeskProcess, startDesk } from '../support/process.ts';
import { drain, LOG, MINUTE, openTwoDesks, SECOND, START, type TwoDesks } from '../support/two-desks.ts';
import { until } from '../support/until.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into field by field
type Told = any;

interface Receiver {
  url: string;
  /** `webhook-id` of each request, as it came. */
  got: string[];
  /** Requests without an answer yet, now and at most. */
  open: number;
  most: number;
  /** What it answers; does nothing for ever when it calls nothing. */
  answer(request: IncomingMessage, response: ServerResponse): void;
}

async function receive(t: Test): Promise<Receiver> {
  const receiver: Receiver = {
    url: '',
    got: [],
    open: 0,
    most: 0,
    answer: (_request, response) => response.writeHead(204).end(),
  };
  const server: Server = createServer((request, response) => {
    receiver.open += 1;
    receiver.most = Math.max(receiver.most, receiver.open);
    response.on('close', () => {
      receiver.open -= 1;
    });
    request.resume().on('end', () => {
      receiver.got.push(String(request.headers['webhook-id']));
      receiver.answer(request, response);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return receiver;
}

interface Bench extends TwoDesks {
  wall: { now: number };
}

/** Nothing is promised yet; the receivers are on this machine. */
async function openBench(t: Test): Promise<Bench> {
  const wall = { now: START };
  const now = () => wall.now;
  return { ...(await openTwoDesks(t, [now, now], { environment: { OUTBOUND_PRIVATE: 'on' } })), wall };
}

const policy = (target: string, escalate: object[], more: object = {}) => ({
  key: 'all',
  name: 'All',
  objectives: [{ metric: 'resolution', target, escalate }],
  ...more,
});

const ticket = (subject: string, more: object = {}) => ({ subject, kind: 'complaint', channel: 'email', ...more });

/** Ten deliveries, due now, made by the timekeeper. */
async function makeDeliveries(bench: Bench, webhooks: string[], tickets: number): Promise<void> {
  const steps = webhooks.map((webhook) => ({ at: 0.5, do: [{ webhook }] }));
  await bench.ask(0, 'POST /v1/policies', policy('PT10M', steps));
  for (let n = 0; n < tickets; n++) await bench.ask(0, 'POST /v1/tickets', ticket(`${n}`));
  bench.wall.now += 5 * MINUTE;
  await drain(bench.desks[0]!);
}

interface Row {
  id: string;
  url: string;
  state: string;
  attempts: number;
  last_error: string | null;
}

const rowsOf = async (db: Db) =>
  (await db.pool.query<Row>('select id, url, state, attempts, last_error from deliveries order by id')).rows;

const countsOf = async (db: Db) => {
  const { rows } = await db.pool.query<{ state: string; n: number }>(
    'select state, count(*)::int as n from deliveries group by state',
  );
  return Object.fromEntries(rows.map(({ state, n }) => [state, n]));
};

test('a receiver that fails is tried ten times, each later than the one before, under one id; then that is said', async (t) => {
  const receiver = await receive(t);
  receiver.answer = (_request, response) => response.writeHead(500).end('Out of\u0000 order\n\n今天');
  const desk = await openTestDesk(t, { OUTBOUND_PRIVATE: 'on' });
  const { rest } = await desk.testWorkspace('2026-11-24T02:00:00Z');
  await rest('POST /v1/policies', policy('PT10M', [{ at: 0.5, do: [{ webhook: receiver.url }] }]));
  await rest('POST /v1/tickets', ticket('S'));
  const one = async (): Promise<Told> => (await rest('GET /v1/deliveries')).body.data[0];
  await rest('POST /v1/test-clock/advance', { by: 'PT5M' });
  const instants: number[] = [];
  for (let n = 1; n <= 10; n++) {
    const { attempts, state, lastAttemptAt, nextAttemptAt, lastStatus, lastError } = await one();
    t.match({ attempts, lastStatus, lastError }, { attempts: n, lastStatus: 500, lastError: 'Out of order 今天' });
    instants.push(Date.parse(lastAttemptAt));
    t.equal(state, n < 10 ? 'pending' : 'failed');
    if (n === 10) break;
    const wait = (Date.parse(nextAttemptAt) - Date.parse(lastAttemptAt)) / SECOND;
    const delay = DELAYS[n - 1]!;
    t.ok(wait >= Math.round(0.9 * delay) && wait <= Math.round(1.1 * delay), `${wait} s after attempt ${n}`);
    await rest('POST /v1/test-clock/advance', { to: nextAttemptAt });
  }
  await rest('POST /v1/test-clock/advance', { by: 'P9D' });
  t.equal(receiver.got.length, 10, 'and no more');
  t.equal(new Set(receiver.got).size, 1);
  t.match((await rest('GET /v1/events?type=delivery.failed')).body.data, [
    { subject: receiver.got[0], actor: 'courier', data: { delivery: { attempts: 10, lastStatus: 500 } } },
  ]);

  receiver.answer = (_request, response) => response.writeHead(200).end();
  t.match(await rest(`POST /v1/deliveries/${receiver.got[0]}/retry`), { status: 200, body: { state: 'pending' } });
  t.match(await one(), { state: 'delivered', attempts: 1, lastError: null });
  t.equal(new Set(receiver.got).size, 1);
});

test('one move of a test clock handles attempts in order, among what else is due', async (t) => {
  const receiver = await receive(t);
  const answers = [503, 302, 404, 200];
  receiver.answer = (_request, response) =>
    response.writeHead(answers[receiver.got.length - 1]!, { 'retry-after': '60', location: receiver.url }).end();
  const desk = await openTestDesk(t, { OUTBOUND_PRIVATE: 'on' });
  const { rest } = await desk.testWorkspace('2026-11-24T02:00:00Z');
  await rest('POST /v1/policies', policy('PT10M', [{ at: 0.5, do: [{ webhook: receiver.url }] }]));
  await rest('POST /v1/tickets', ticket('S'));
  await rest('POST /v1/test-clock/advance', { by: 'P1D' });
  t.match((await rest('GET /v1/deliveries')).body.data, [{ state: 'delivered', attempts: 4, lastStatus: 200 }]);
  t.equal(receiver.got.length, 4, 'redirects are not followed');
  t.match((await rest('GET /v1/test-clock')).body, { now: '2026-11-25T02:00:00Z' });
});

test('410 is the end of it', async (t) => {
  const receiver = await receive(t);
  receiver.answer = (_request, response) => response.writeHead(410).end();
  const bench = await openBench(t);
  await makeDeliveries(bench, [receiver.url], 1);
  t.equal(await deliverDue(bench.desks[0]!, LOG), 1);
  t.match(await rowsOf(bench.db), [{ state: 'failed', attempts: 1 }]);
});

test('two desks send each delivery once', async (t) => {
  const receiver = await receive(t);
  const bench = await openBench(t);
  await makeDeliveries(bench, [receiver.url, `${receiver.url}b`], 30);
  const all = [...bench.desks, ...bench.desks];
  const sent = await Promise.all(all.map((desk) => deliverDue(desk, LOG)));
  t.equal(
    sent.reduce((sum, n) => sum + n, 0),
    60,
  );
  t.equal(receiver.got.length, 60);
  t.equal(new Set(receiver.got).size, 60);
  t.same(await countsOf(bench.db), { delivered: 60 });
  t.equal(await deliverDue(bench.desks[1]!, LOG), 0);
});

test('a receiver that never answers takes one place, and the others are served', async (t) => {
  const [slow, fast] = [await receive(t), await receive(t)];
  const held: ServerResponse[] = [];
  slow.answer = (_request, response) => held.push(response);
  const bench = await openBench(t);
  await makeDeliveries(bench, [slow.url, fast.url], 20);
  const courier = startCourier(bench.desks[0]!, LOG);
  t.teardown(() => courier.stop());
  await until('the fast one has all', async () => fast.got.length === 20);
  t.equal(slow.most, 1);
  t.ok(fast.most <= 4, 'nor does the fast one get more than a few at once');
  slow.answer = (_request, response) => response.writeHead(204).end();
  for (const response of held) response.writeHead(204).end();
  await until('the slow one, too', async () => (await countsOf(bench.db))['delivered'] === 40);
  t.equal(new Set(slow.got).size, 20);
});

test('sent but not marked: sent again by another process, under the same id, once the lease is over', async (t) => {
  const receiver = await receive(t);
  const bench = await openBench(t);
  await makeDeliveries(bench, [receiver.url], 3);
  const [dying, other] = bench.desks as [Desk, Desk];
  const { fetch } = dying.services;
  dying.services.fetch = async (request) => {
    await fetch(request);
    // Nothing more is heard of it.
    return new Promise(() => undefined);
  };
  void deliverDue(dying, LOG);
  await until('one is sent: nothing is known of the receiver yet', () => receiver.got.length === 1);
  t.equal(await deliverDue(other, LOG), 2, 'what nobody holds');
  bench.wall.now += 24 * SECOND;
  t.equal(await deliverDue(other, LOG), 0, 'somebody has it');
  bench.wall.now += 2 * SECOND;
  t.equal(await deliverDue(other, LOG), 1);
  t.equal(receiver.got.length, 4);
  t.equal(new Set(receiver.got).size, 3);
  t.match(
    await rowsOf(bench.db),
    [1, 2, 3].map(() => ({ state: 'delivered', attempts: 1 })),
  );
});

test('a database that cannot mark it has it sent again', async (t) => {
  const receiver = await receive(t);
  const bench = await openBench(t);
  await makeDeliveries(bench, [receiver.url], 2);
  await bench.db.pool.query(
    `create function refuse() returns trigger language plpgsql as $$ begin raise exception 'never'; end $$;
     create trigger refuse before update on deliveries for each row when (new.state = 'delivered') execute function refuse();`,
  );
  t.equal(await deliverDue(bench.desks[0]!, LOG), 2);
  t.same(await countsOf(bench.db), { pending: 2 });
  await bench.db.pool.query('drop trigger refuse on deliveries');
  bench.wall.now += 26 * SECOND;
  t.equal(await deliverDue(bench.desks[0]!, LOG), 2);
  t.same(await countsOf(bench.db), { delivered: 2 });
  t.equal(new Set(receiver.got).size, 2);
});

/** Everything that steps have made, and whether any of it is there twice. */
async function checkOnce(t: Test, db: Db, tickets: number, steps: number): Promise<void> {
  const one = async (text: string) => (await db.pool.query<{ n: number; distinct: number }>(text)).rows[0]!;
  const key = `ticket_id, metric, cycle, policy_key, policy_version, step`;
  const of = tickets * steps;
  t.same(
    await one(`select count(*)::int as n, count(distinct (${key}, role))::int as distinct from notifications`),
    { n: of, distinct: of },
    'notifications',
  );
  t.same(
    await one(
      `select count(*)::int as n, count(distinct (ticket_id, body->'data'->'clock'->>'policyVersion', url))::int as distinct from deliveries`,
    ),
    { n: tickets, distinct: tickets },
    'deliveries',
  );
  t.same(
    await one(
      `select count(*)::int as n, count(distinct (subject, data->>'actions', data->'clock'->>'policyKey'))::int as distinct
       from events where type = 'clock.escalated'`,
    ),
    { n: of, distinct: of },
    'said',
  );
  const history = async (type: string) =>
    one(
      `select count(*)::int as n, count(distinct (ticket_id, data))::int as distinct from ticket_events where type = '${type}'`,
    );
  t.same(await history('priority_changed'), { n: tickets, distinct: tickets }, 'priorities raised');
  t.same(await history('transferred'), { n: tickets, distinct: tickets }, 'tickets handed over');
  const { rows } = await db.pool.query<{ priority: string; team: boolean }>(
    'select distinct priority, team_id is not null as team from tickets',
  );
  t.same(rows, [{ priority: 'high', team: true }], 'every ticket is where it should be');
}

const stepsFor = (webhook: string) => [
  { at: 0.5, do: [{ notify: 'assignee' }, { raisePriority: true }] },
  { at: 'due', do: [{ notify: 'manager' }, { reassign: 'Experts' }] },
  { at: 'PT1S', do: [{ notify: 'a@example.com' }, { webhook }] },
];

test('two desks that look at the same time, again and again, do each step once', async (t) => {
  const receiver = await receive(t);
  const bench = await openBench(t);
  await bench.ask(0, 'POST /v1/teams', { name: 'Experts' });
  await bench.ask(0, 'POST /v1/policies', policy('PT10M', stepsFor(receiver.url)));
  for (let n = 0; n < 40; n++) await bench.ask((n % 2) as 0 | 1, 'POST /v1/tickets', ticket(`${n}`));
  for (const minutes of [5, 6, 10, 11, 12, 60]) {
    bench.wall.now = START + minutes * MINUTE + SECOND;
    await Promise.all([...bench.desks, ...bench.desks].map(drain));
    await Promise.all(bench.desks.map((desk) => deliverDue(desk, LOG)));
  }
  await checkOnce(t, bench.db, 40, 3);
  t.equal(receiver.got.length, 40);
});

test('what a verb makes due in a live workspace is left to the timekeeper, and is due now', async (t) => {
  const bench = await openBench(t);
  const steps = [{ at: 0.5, do: [{ notify: 'a@example.com' }] }];
  const match = { priorities: ['high'] };
  await bench.ask(0, 'POST /v1/policies', policy('PT10M', steps, { match }));
  const { id } = await bench.ask(0, 'POST /v1/tickets', ticket('S'));
  bench.wall.now += 7 * MINUTE;
  const told = async () => (await bench.ask(1, 'GET /v1/notifications')).data.length;
  await bench.ask(0, `POST /v1/tickets/${id}/priority`, { priority: 'high' });
  t.equal(await told(), 0);
  t.equal(await handleDue(bench.desks[1]!, LOG), 1);
  t.equal(await told(), 1);
  await bench.ask(0, `POST /v1/tickets/${id}/priority`, { priority: 'low' });
  await bench.ask(0, `POST /v1/tickets/${id}/priority`, { priority: 'high' });
  await drain(bench.desks[0]!);
  t.equal(await told(), 1, 'once');
});

test('a policy that is edited while steps are due: each version does its own once', async (t) => {
  const bench = await openBench(t);
  const made = await bench.ask(0, 'POST /v1/policies', policy('PT10M', [{ at: 0.5, do: [{ raisePriority: true }] }]));
  for (let n = 0; n < 10; n++) await bench.ask(0, 'POST /v1/tickets', ticket(`${n}`, { priority: 'low' }));
  bench.wall.now += 5 * MINUTE;
  const objectives = policy('PT10M', [{ at: 0.4, do: [{ raisePriority: true }] }]).objectives;
  await Promise.all([
    ...bench.desks.map(drain),
    bench.ask(1, `PATCH /v1/policies/${made.id}`, { objectives }),
    ...bench.desks.map(drain),
  ]);
  bench.wall.now += MINUTE;
  await Promise.all(bench.desks.map(drain));
  const { rows } = await bench.db.pool.query<{ n: number }>(
    `select count(*)::int as n from ticket_events where type = 'priority_changed' group by ticket_id, data->>'priority' having count(*) > 1`,
  );
  t.same(rows, [], 'no step is taken twice');
  const raised = await bench.db.pool.query<{ priority: string }>('select distinct priority from tickets');
  t.notOk(
    raised.rows.some(({ priority }) => priority === 'urgent'),
    'and none runs away',
  );
});

const CREATING_MS = 3000;
const RATE_MS = 40;

test('two processes, one of them killed half-way: every step is done once, every webhook arrives', async (t) => {
  const receiver = await receive(t);
  const { db, url } = await openTestDatabase(t);
  const environment = { LOG_LEVEL: 'warn', OUTBOUND_PRIVATE: 'on' };
  const desks: DeskProcess[] = [await startDesk(t, url, environment), await startDesk(t, url, environment)];
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  t.teardown(() => agent.destroy());
  const call = callerOf(ADMIN_KEY, agent);
  await call(`${desks[0]!.url}/v1/teams`, 'POST', { name: 'Experts' });
  const body = {
    ...policy('PT1S', stepsFor(receiver.url)),
    match: { kinds: ['complaint'], tiers: [], channels: ['email'] },
  };
  const made = await call(`${desks[0]!.url}/v1/policies`, 'POST', { ...body, position: 0 });
  t.equal(made.status, 201, made.text.slice(0, 300));
  let dead = false;
  let sent = 0;
  const pending: Promise<unknown>[] = [];
  const create = (n: number) =>
    until(
      `ticket ${n}`,
      async () => {
        const desk = desks[dead ? 1 : n % 2]!;
        const headers = { 'Idempotency-Key': `${n}` };
        const answer = await call(`${desk.url}/v1/tickets`, 'POST', ticket(`${n}`), headers).catch(() => null);
        return answer?.status === 201;
      },
      { within: 15_000 },
    );
  const began = performance.now();
  await until(
    'all are created, and one desk is killed half-way',
    () => {
      const passed = performance.now() - began;
      while (sent < passed / RATE_MS && passed < CREATING_MS) pending.push(create(sent++));
      if (!dead && passed > CREATING_MS / 2) {
        desks[0]!.kill('SIGKILL');
        dead = true;
      }
      return passed >= CREATING_MS;
    },
    { within: 3 * CREATING_MS, every: 5 },
  );
  await Promise.all(pending);
  // What the dead process had sent without marking it comes again when its lease is over.
  await until('all are delivered', async () => (await countsOf(db))['delivered'] === sent, {
    within: 45_000,
    every: 100,
  });
  await checkOnce(t, db, sent, 3);
  const again = receiver.got.length - sent;
  t.equal(new Set(receiver.got).size, sent);
  t.comment(`${sent} tickets, ${3 * sent} steps, ${again} webhooks sent again`);
});
