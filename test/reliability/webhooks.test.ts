/** Webhooks lose nothing through days of silence, and secrets change without anybody refusing anything. */

import { test } from 'tap';
import { deliverDue } from '../../src/jobs/courier.ts';
import { forgetDeliveries, listWaiting, MOST_WAITING } from '../../src/jobs/delivery-store.ts';
import type { Desk } from '../../src/operation.ts';
import { openReceiver, verifies } from '../support/receiver.ts';
import { HOUR, LOG, MINUTE, SECOND, START } from '../support/two-desks.ts';
import { idsOf, openWebhookBench, statesOf, type Told, tellAll, type WebhookBench } from '../support/webhook-bench.ts';

/** 1,000 for a long run. */
const EVENTS = Number(process.env['WEBHOOK_EVENTS'] ?? 100);

const eventIds = async ({ ask }: WebhookBench, type: string): Promise<string[]> => {
  const ids: string[] = [];
  let after = '';
  for (;;) {
    const page = await ask(0, `GET /v1/events?type=${type}&limit=200${after}`);
    ids.push(...page.data.map(({ id }: Told) => id));
    if (page.nextCursor === null) return ids;
    after = `&after=${page.nextCursor}`;
  }
};

/** Makes every attempt that falls due until an instant, each within ten minutes of its time. */
async function passTime(
  { wall, desks, db }: WebhookBench,
  to: number,
  each: () => void = () => undefined,
): Promise<void> {
  for (;;) {
    await tellAll(desks[0]!);
    await deliverDue(desks[0]!, LOG);
    each();
    if (wall.now >= to) return;
    const [next] = await listWaiting(db, 'live');
    wall.now = Math.min(to, Math.max(wall.now + 10 * MINUTE, (next?.due ?? Infinity) * 1000));
  }
}

test(`${EVENTS} events while a receiver is down for 76 hours: nothing is lost, ids stay, every attempt is signed anew`, async (t) => {
  const bench = await openWebhookBench(t);
  const { ask, db, wall, desks } = bench;
  const receiver = await openReceiver(t, (request, response) => {
    if (request.url === '/') request.socket.destroy();
    else response.writeHead(204).end();
  });
  const { id, secret } = await bench.webhook(receiver.url);
  let wrong = 0;
  const seen = new Map<string, Set<string>>();
  const check = () => {
    for (const got of receiver.got) {
      // Sent at most ten minutes late, so the library would refuse what was not signed anew.
      if (!verifies(got, secret, wall.now)) wrong += 1;
      const bodies = seen.get(got.headers['webhook-id']!) ?? new Set();
      seen.set(got.headers['webhook-id']!, bodies.add(got.body));
    }
    receiver.got = [];
  };
  await bench.customers(EVENTS);
  await passTime(bench, START + 76 * HOUR, check);
  const off = await ask(0, `GET /v1/webhooks/${id}`);
  t.match(off, { active: false, disabledReason: 'failing' });
  t.equal((await eventIds(bench, 'webhook.disabled')).length, 1, 'said once');
  const states = await statesOf(db);
  t.comment('after 76 hours', states, `${(Date.parse(off.disabledAt) - START) / HOUR} h until it was switched off`);
  t.equal((states['pending'] ?? 0) + (states['failed'] ?? 0), EVENTS);
  t.ok(states['failed']! > 0, 'some were given up');

  // It returns, and its owner switches it on again.
  receiver.answer = (_request, response) => response.writeHead(204).end();
  await ask(0, `PATCH /v1/webhooks/${id}`, { active: true });
  await passTime(bench, wall.now, check);
  t.same(await statesOf(db), { delivered: states['pending'] ?? 0, failed: states['failed'] }, 'what waited is there');
  await ask(0, `POST /v1/webhooks/${id}/replay`, { since: new Date(START).toISOString() });
  await tellAll(...desks);
  await deliverDue(desks[0]!, LOG);
  const again = idsOf(receiver.got);
  check();
  const ids = await eventIds(bench, 'customer.created');
  t.same([...again].sort(), ids.sort(), 'told again, all of it arrives, under the ids of before');
  t.same([...seen.keys()].sort(), ids, 'and no other');
  t.ok(
    [...seen.values()].every((bodies) => bodies.size === 1),
    'each says the same every time',
  );
  t.equal(wrong, 0, 'every attempt verifies');
});

test('down for an hour: what waits goes out with the first that is taken', async (t) => {
  const bench = await openWebhookBench(t);
  const receiver = await openReceiver(t, (_request, response) => response.writeHead(503).end());
  await bench.webhook(receiver.url);
  await bench.customers(20);
  await passTime(bench, START + HOUR + MINUTE);
  receiver.answer = (_request, response) => response.writeHead(204).end();
  receiver.got = [];
  await bench.customers(1);
  await passTime(bench, bench.wall.now);
  await passTime(bench, bench.wall.now);
  t.equal(idsOf(receiver.got).size, 21);
  t.same(await statesOf(bench.db), { delivered: 21 });
});

test('a new secret under load: who knows the old or the new alone refuses nothing for a day, then the old is over', async (t) => {
  const bench = await openWebhookBench(t);
  const { ask, desks, wall } = bench;
  const receiver = await openReceiver(t);
  const { id, secret: old } = await bench.webhook(receiver.url);
  const refusedBy = (secret: string) => receiver.got.filter((got) => !verifies(got, secret, wall.now)).length;
  const burst = async (more: () => Promise<unknown> = async () => undefined) => {
    receiver.got = [];
    const sending = { now: true };
    const send = async (desk: Desk) => {
      while (sending.now) {
        await tellAll(desk);
        await deliverDue(desk, LOG);
      }
    };
    const senders = desks.map(send);
    await Promise.all([bench.customers(30), more()]);
    sending.now = false;
    await Promise.all(senders);
    await tellAll(desks[0]!);
    await deliverDue(desks[0]!, LOG);
    return receiver.got.length;
  };
  let secret = '';
  t.equal(
    await burst(async () => {
      ({ secret } = await ask(1, `POST /v1/webhooks/${id}/rotate-secret`));
    }),
    30,
  );
  t.equal(refusedBy(old), 0, 'while it is changed');
  for (const later of [MINUTE, 24 * HOUR - 2 * MINUTE]) {
    wall.now += later;
    await burst();
    t.same([refusedBy(old), refusedBy(secret)], [0, 0], `${later / HOUR} h later`);
  }
  wall.now += MINUTE;
  await burst();
  t.same([refusedBy(old), refusedBy(secret)], [30, 0], 'after a day');
});

test('as much waits for a webhook as may: its place in the feed waits, too, and nothing is lost', async (t) => {
  const bench = await openWebhookBench(t);
  const [desk] = bench.desks as [Desk];
  const receiver = await openReceiver(t);
  const { id } = await bench.webhook(receiver.url);
  await bench.customers(1);
  await tellAll(desk);
  await bench.db.pool.query(
    `insert into deliveries (workspace_id, id, webhook_id, url, host, event_id, event_type, event_epoch, event_tx, body,
       state, attempts, next_attempt_at, live, created_at, updated_at)
     select workspace_id, gen_random_uuid(), webhook_id, url, host, event_id, event_type, event_epoch, event_tx, body, state,
       attempts, next_attempt_at + interval '1 day', live, created_at, updated_at
     from deliveries, generate_series(2, ${MOST_WAITING})`,
  );
  await bench.customers(5);
  await tellAll(desk);
  t.same(await statesOf(bench.db), { pending: MOST_WAITING });
  await deliverDue(desk, LOG);
  bench.wall.now += 11 * SECOND;
  await tellAll(desk);
  await deliverDue(desk, LOG);
  t.equal(idsOf(receiver.got).size, 6);
  t.equal((await bench.ask(0, `GET /v1/deliveries?webhookId=${id}&state=delivered`)).data.length, 6);
});

test('the log of deliveries is kept for 30 days, of those given up for 90', async (t) => {
  const bench = await openWebhookBench(t);
  const [desk] = bench.desks as [Desk];
  const receiver = await openReceiver(t);
  await bench.webhook(receiver.url);
  const broken = await openReceiver(t, (_request, response) => response.writeHead(410).end());
  await bench.webhook(broken.url);
  await bench.customers(2);
  await tellAll(desk);
  await deliverDue(desk, LOG);
  const DAY = 24 * HOUR;
  const left = async (days: number) => {
    await forgetDeliveries(bench.db, START + days * DAY + SECOND);
    return statesOf(bench.db);
  };
  const { pending = 0, failed = 0 } = await statesOf(bench.db);
  const waiting = pending > 0 ? { pending } : {};
  t.same(await left(30 - 1), { delivered: 2, failed, ...waiting });
  t.same(await left(30), { failed, ...waiting });
  t.same(await left(90), waiting);
});

test('of a log longer than one statement forgets, all is forgotten in one look', async (t) => {
  const bench = await openWebhookBench(t);
  const [desk] = bench.desks as [Desk];
  const receiver = await openReceiver(t);
  await bench.webhook(receiver.url);
  await bench.customers(1);
  await tellAll(desk);
  await deliverDue(desk, LOG);
  await bench.db.pool.query(
    `insert into deliveries (workspace_id, id, webhook_id, url, host, event_id, event_type, event_epoch, event_tx, body,
       state, attempts, live, created_at, updated_at)
     select workspace_id, gen_random_uuid(), webhook_id, url, host, event_id, event_type, event_epoch, event_tx, body, state,
       attempts, live, created_at, updated_at
     from deliveries, generate_series(1, 10500)`,
  );
  t.equal(await forgetDeliveries(bench.db, START + 30 * 24 * HOUR + SECOND), 10_501);
  t.same(await statesOf(bench.db), {});
});

test('whether a webhook takes anything is asked when an attempt ends, not as it was when the attempt began', async (t) => {
  const bench = await openWebhookBench(t);
  const [desk] = bench.desks as [Desk];
  const receiver = await openReceiver(t);
  const { id } = await bench.webhook(receiver.url);
  const failSince = (hours: number | null) =>
    bench.db.pool.query('update webhooks set failing_since = to_timestamp($1)', [
      hours === null ? null : (bench.wall.now - hours * HOUR) / 1000,
    ]);
  const attempt = async (status: number, meanwhile: number | null) => {
    receiver.answer = async (_request, response) => {
      await failSince(meanwhile);
      response.writeHead(status).end();
    };
    await bench.customers(1);
    await tellAll(desk);
    await bench.db.pool.query(`update deliveries set attempts = 9 where state = 'pending'`);
    await deliverDue(desk, LOG);
    return bench.ask(0, `GET /v1/webhooks/${id}`);
  };
  await failSince(100);
  t.match(await attempt(503, null), { active: true, failingSince: /^20/ }, 'another was taken');
  await failSince(null);
  t.match(await attempt(204, 100), { active: true, failingSince: null }, 'another failed');
  await failSince(null);
  t.match(await attempt(503, 100), { active: false, disabledReason: 'failing' });
  t.same(await statesOf(bench.db), { failed: 2, delivered: 1 });
});
