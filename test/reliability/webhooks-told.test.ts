/** Webhooks are told once through races and kills, whatever receivers do, and no receiver holds up another. */

import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { test } from 'tap';
import { encodeId } from '../../src/ids.ts';
import { deliverDue, startCourier } from '../../src/jobs/courier.ts';
import { claimEndpoints, feedReaches } from '../../src/jobs/delivery-store.ts';
import { startDispatcher, tellWebhooks } from '../../src/jobs/dispatcher.ts';
import { Lanes } from '../../src/jobs/lanes.ts';
import type { Desk } from '../../src/operation.ts';
import { openTestDatabase } from '../support/database.ts';
import { ADMIN_KEY, callerOf, startDesk } from '../support/process.ts';
import { openReceiver, type Receiver } from '../support/receiver.ts';
import { LOG, SECOND } from '../support/two-desks.ts';
import { until } from '../support/until.ts';
import { idsOf, openWebhookBench, statesOf, tellAll } from '../support/webhook-bench.ts';

test('two desks that tell at the same time, while others write: each event once for each webhook', async (t) => {
  const bench = await openWebhookBench(t);
  const receiver = await openReceiver(t);
  for (let n = 0; n < 3; n++) await bench.webhook(`${receiver.url}${n}`);
  const writing = { now: true };
  const telling = [...bench.desks, ...bench.desks].map(async (desk) => {
    while (writing.now) await tellWebhooks(desk, 'live');
  });
  await Promise.all([bench.customers(20), bench.customers(20), bench.customers(20)]);
  writing.now = false;
  await Promise.all(telling);
  await tellAll(...bench.desks);
  const { rows } = await bench.db.pool.query<{ n: number; distinct: number; events: number }>(
    `select count(*)::int as n, count(distinct (webhook_id, event_id))::int as distinct,
       count(distinct event_id)::int as events from deliveries`,
  );
  t.same(rows, [{ n: 180, distinct: 180, events: 60 }]);
});

test('told again from an event that an older transaction still runs beside: what that saves is not skipped', async (t) => {
  const bench = await openWebhookBench(t);
  const receiver = await openReceiver(t);
  const { id } = await bench.webhook(receiver.url);
  const older = await bench.db.pool.connect();
  await older.query('begin');
  const { rows } = await older.query<{ tx: string }>('select pg_current_xact_id()::text as tx');
  await bench.customers(1);
  const { rows: made } = await bench.db.pool.query<{ id: string; tx: string }>(
    `select id, tx::text from events where type = 'customer.created'`,
  );
  t.ok(BigInt(made[0]!.tx) > BigInt(rows[0]!.tx));
  const points = [
    { eventId: encodeId('event', made[0]!.id) },
    { since: new Date(Date.now() + 3_600_000).toISOString() },
  ];
  for (const point of points) {
    await bench.ask(0, `POST /v1/webhooks/${id}/replay`, point);
    const at = await bench.db.pool.query<{ tx: string }>('select tx::text from webhook_cursors');
    t.ok(BigInt(at.rows[0]!.tx) <= BigInt(rows[0]!.tx), JSON.stringify(point));
  }
  await older.query('commit');
  older.release();
});

test('a desk that dies with webhooks in its hands holds them for seconds, and one that dies sending has it sent again', async (t) => {
  const bench = await openWebhookBench(t);
  const [dying, other] = bench.desks as [Desk, Desk];
  const receiver = await openReceiver(t);
  await bench.webhook(receiver.url);
  await bench.customers(3);
  const { mark } = await feedReaches(bench.db, null);
  await until('the feed is complete', async () => (await feedReaches(bench.db, mark)).reached);
  t.equal((await claimEndpoints(dying.db, bench.wall.now, dying.services.epoch, null)).length, 1);
  t.equal(await tellWebhooks(other, 'live'), 0, 'somebody has it');
  bench.wall.now += 3 * SECOND;
  t.equal(await tellWebhooks(other, 'live'), 1);
  const { fetch } = dying.services;
  dying.services.fetch = async (request) => {
    await fetch(request);
    // Nothing more is heard of it.
    return new Promise(() => undefined);
  };
  void deliverDue(dying, LOG);
  await until('one is sent', () => receiver.got.length === 1);
  await deliverDue(other, LOG);
  bench.wall.now += 26 * SECOND;
  await deliverDue(other, LOG);
  t.equal(receiver.got.length, 4);
  t.equal(idsOf(receiver.got).size, 3);
  t.same(await statesOf(bench.db), { delivered: 3 });
});

test('a process killed while it tells and sends: every event arrives, and no more come twice than were under way', async (t) => {
  const receiver = await openReceiver(t);
  const { db, url } = await openTestDatabase(t);
  const environment = { LOG_LEVEL: 'warn', OUTBOUND_PRIVATE: 'on' };
  let desk = await startDesk(t, url, environment);
  const call = callerOf(ADMIN_KEY);
  const hook = { name: 'CRM', url: receiver.url, eventTypes: ['customer.created'] };
  t.equal((await call(`${desk.url}/v1/webhooks`, 'POST', hook)).status, 201);
  let made = 0;
  const make = async (name: string) => {
    const answer = await call(`${desk.url}/v1/customers`, 'POST', { name }).catch(() => null);
    if (answer?.status === 201) made += 1;
  };
  const taken = new Set<string>();
  const take: Receiver['answer'] = (_request, response) => {
    taken.add(receiver.got.at(-1)!.headers['webhook-id']!);
    response.writeHead(204).end();
  };
  const open: ServerResponse[] = [];
  for (const round of [1, 2]) {
    receiver.answer = take;
    for (let n = 0; n < 10; n++) await make(`${round} ${n}`);
    receiver.answer = (_request, response) => open.push(response);
    const last = Array.from({ length: 10 }, (_, n) => make(`${round} more ${n}`));
    await until('some are under way', () => open.length > 0);
    desk.kill('SIGKILL');
    await Promise.all([desk.ended, ...last]);
    for (const response of open.splice(0)) response.destroy();
    // As if the lease of what it was sending were over.
    await db.pool.query('update deliveries set lease_until = null');
    receiver.answer = take;
    desk = await startDesk(t, url, environment);
  }
  const { rows } = await db.pool.query<{ n: number }>(
    `select count(*)::int as n from events where type = 'customer.created'`,
  );
  const { n } = rows[0]!;
  t.ok(n >= made, 'what was acknowledged is there');
  await until('all have arrived', () => taken.size === n);
  await until('and are marked', async () => (await statesOf(db))['delivered'] === n);
  const twice = receiver.got.length - n;
  t.comment(`${n} events, ${made} acknowledged, ${twice} sent again`);
  t.ok(twice >= 2 && twice <= 2 * 4, 'four at once to a receiver, and two kills');
});

/** A receiver per kind of abuse; all of them end within the time of an attempt. */
const ABUSE: Record<string, Receiver['answer']> = {
  trickle(_request, response) {
    response.writeHead(200);
    const drip = setInterval(() => response.write('.'), 20);
    response.on('close', () => clearInterval(drip));
  },
  gigabyte(_request, response) {
    response.writeHead(200);
    const part = Buffer.alloc(1 << 20);
    const more = () => {
      while (!response.destroyed && response.write(part));
      response.once('drain', more);
    };
    more();
  },
  silent: () => undefined,
  reset: (request) => request.socket.resetAndDestroy(),
  loop: (request, response) => response.writeHead(301, { location: `http://${request.headers.host}/` }).end(),
  bomb: (_request, response) => response.writeHead(500, { 'content-encoding': 'gzip' }).end(BOMB),
};
const BOMB = gzipSync(Buffer.alloc(100 << 20));

test('receivers that mean no good: each attempt ends in time, in little memory, and is tried again', async (t) => {
  const bench = await openWebhookBench(t);
  const [desk] = bench.desks as [Desk];
  const { fetch } = desk.services;
  // The time of an attempt, made short.
  desk.services.fetch = (request) => fetch({ ...request, timeoutMs: 700 });
  const receivers: Receiver[] = [];
  for (const answer of Object.values(ABUSE)) {
    const receiver = await openReceiver(t, answer);
    receivers.push(receiver);
    await bench.webhook(receiver.url, { name: 'Abuse' });
  }
  await bench.customers(3);
  await tellAll(desk);
  const before = process.memoryUsage().rss;
  await deliverDue(desk, LOG);
  const grown = (process.memoryUsage().rss - before) / 1e6;
  t.comment(`${grown.toFixed(0)} MB`);
  t.ok(grown < 100, 'in little memory');
  for (const [n, name] of Object.keys(ABUSE).entries()) {
    t.equal(receivers[n]!.got.length, 3, `${name}: three attempts`);
    await until(`${name}: no connection is left`, () => receivers[n]!.open === 0);
  }
  t.same(await statesOf(bench.db), { pending: 18 });
  const { rows } = await bench.db.pool.query<{ error: string }>(
    'select distinct left(last_error, 11) as error from deliveries',
  );
  t.comment(rows.map(({ error }) => error).join('; '));
});

test('forty receivers that never answer, and one that does: it gets all of its own meanwhile', async (t) => {
  const bench = await openWebhookBench(t);
  const [desk] = bench.desks as [Desk];
  const fast = await openReceiver(t);
  const silent = await openReceiver(t, () => undefined);
  const port = new URL(silent.url).port;
  await bench.webhook(fast.url);
  await bench.customers(1);
  await tellAll(desk);
  await deliverDue(desk, LOG);
  // Forty names for one machine.
  for (let n = 2; n < 42; n++) await bench.webhook(`http://127.0.0.${n}:${port}/`);
  await bench.customers(25);
  await tellAll(desk);
  const { fetch } = desk.services;
  desk.services.fetch = (request) => fetch({ ...request, url: request.url.replace(/127\.0\.0\.\d+/, '127.0.0.1') });
  const courier = startCourier(desk, LOG);
  t.teardown(() => courier.stop());
  await until('the fast one has all', () => fast.got.length === 26);
  t.ok(silent.most <= 32, `${silent.most} wait at once`);
});

test('room at the courier’s: quick, new and slow hosts', (t) => {
  const clock = { now: 0 };
  const lanes = new Lanes(1000, () => clock.now);
  const went = (quick: boolean) => ({ quick, taken: true });
  const names = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => `${prefix}${n}`);
  const roomFor = (hosts: string[]) => lanes.share(hosts).reduce((sum, { room }) => sum + room, 0);
  t.equal(roomFor(names('new', 100)), 16, 'of hosts never tried, one each and 16 in all');
  for (const host of names('quick', 20)) {
    lanes.begin(host);
    lanes.end(host, went(true));
  }
  t.same(lanes.share(['quick0']), [{ host: 'quick0', room: 4 }]);
  t.equal(roomFor([...names('new', 100), ...names('quick', 20)]), 32);
  for (const host of names('new', 16)) lanes.begin(host);
  t.equal(roomFor(names('new', 100)), 0);
  t.equal(roomFor(names('quick', 20)), 16, 'the rest is theirs');
  for (const host of names('new', 16)) lanes.slow(host);
  t.equal(roomFor(names('quick', 20)), 32, 'who takes long is out of the way');
  t.equal(roomFor(names('new', 16)), 0, 'one at a time');
  lanes.end('new0', went(false));
  t.same(lanes.share(['new0', 'new1', 'new17']), [
    { host: 'new0', room: 1 },
    { host: 'new17', room: 1 },
  ]);
  lanes.begin('new0');
  lanes.end('new0', null);
  t.equal(lanes.paceOf('new0'), 'slow', 'nothing is learned of who was not asked');
  lanes.begin('new0');
  lanes.end('new0', went(true));
  t.equal(lanes.paceOf('new0'), 'quick');
  for (let n = 0; n < 5; n++) {
    lanes.begin('new0');
    lanes.end('new0', { quick: true, taken: false });
  }
  t.same(lanes.share(['new0']), [], 'who fails again and again rests');
  clock.now += 1000;
  t.same(lanes.share(['new0']), [{ host: 'new0', room: 1 }]);
  lanes.begin('new0');
  t.same(lanes.share(['new0']), []);
  lanes.end('new0', went(true));
  t.same(lanes.share(['new0']), [{ host: 'new0', room: 4 }], 'and no longer than it fails');
  for (const host of names('more', 10_000)) lanes.slow(host);
  t.equal(lanes.paceOf('new0'), 'new', 'forgotten');
  t.end();
});

test('a live desk tells and sends by itself', async (t) => {
  const bench = await openWebhookBench(t);
  const [desk] = bench.desks as [Desk];
  const receiver = await openReceiver(t);
  const courier = startCourier(desk, LOG);
  const dispatcher = startDispatcher(desk, LOG, courier.wake);
  t.teardown(() => Promise.all([dispatcher.stop(), courier.stop()]));
  await bench.webhook(receiver.url);
  await bench.customers(10);
  await until('all have arrived', () => receiver.got.length === 10);
  await bench.ask(1, 'POST /v1/customers', { name: 'through another desk' });
  await until('what another process saved, too', () => receiver.got.length === 11);
});
