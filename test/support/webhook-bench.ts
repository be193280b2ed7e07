/** A live workspace whose webhooks are told of new customers, on two desks whose clock is in the test's hand. */

import type { Test } from 'tap';
import type { Db } from '../../src/db/connect.ts';
import { feedReaches } from '../../src/jobs/delivery-store.ts';
import { tellWebhooks } from '../../src/jobs/dispatcher.ts';
import type { Desk } from '../../src/operation.ts';
import type { Got } from './receiver.ts';
import { openTwoDesks, START, type TwoDesks } from './two-desks.ts';
import { until } from './until.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into field by field
export type Told = any;

export interface WebhookBench extends TwoDesks {
  wall: { now: number };
  /** Makes a webhook that is told of new customers. */
  webhook(url: string, more?: object): Promise<Told>;
  customers(count: number): Promise<void>;
}

export async function openWebhookBench(t: Test): Promise<WebhookBench> {
  const wall = { now: START };
  const now = () => wall.now;
  const two = await openTwoDesks(t, [now, now], { environment: { OUTBOUND_PRIVATE: 'on' } });
  let made = 0;
  return {
    ...two,
    wall,
    webhook: (url, more = {}) =>
      two.ask(0, 'POST /v1/webhooks', { name: 'CRM', url, eventTypes: ['customer.created'], ...more }),
    async customers(count) {
      for (let n = 0; n < count; n++) await two.ask(0, 'POST /v1/customers', { name: `${made++}` });
    },
  };
}

/** Tells webhooks of all that was saved: other test files may hold the feed back for a moment. */
export async function tellAll(...desks: Desk[]): Promise<void> {
  const { mark } = await feedReaches(desks[0]!.db, null);
  await until('the feed is complete', async () => (await feedReaches(desks[0]!.db, mark)).reached);
  await Promise.all(
    desks.map(async (desk) => {
      while ((await tellWebhooks(desk, 'live')) > 0);
    }),
  );
}

export const statesOf = async (db: Db) => {
  const { rows } = await db.pool.query<{ state: string; n: number }>(
    'select state, count(*)::int as n from deliveries group by state',
  );
  return Object.fromEntries(rows.map(({ state, n }) => [state, n]));
};

export const idsOf = (got: Got[]) => new Set(got.map(({ headers }) => headers['webhook-id']!));
