/** Reviews of live workspaces: at once, once for each customer whoever is at it, past what dies and what is broken. */

import { pino } from 'pino';
import { t as file, test } from 'tap';
import type { Logger } from '../../src/context.ts';
import { decodeId } from '../../src/ids.ts';
import { startReviewer } from '../../src/jobs/reviewer.ts';
import { claimDueReviews } from '../../src/jobs/store.ts';
import { bySpend } from '../support/crm.ts';
import { openTestDesk, START } from '../support/desk.ts';
import { until } from '../support/until.ts';

const LOG = pino({ level: 'silent' });
const desk = await openTestDesk(file);
const { db } = desk.desk;

/** A live workspace with a model, whose customers have bought for so much each; nobody has looked at them yet. */
async function openShop(customers: number) {
  const made = await desk.rest('POST /v1/workspaces', { name: 'Live', plan: 'reference' });
  const caller = desk.withKey(made.body.adminKey);
  await caller.rest('POST /v1/tier-models', { definition: bySpend() });
  await desk.work();
  const ids: string[] = [];
  for (let n = 0; n < customers; n++) {
    const { body } = await caller.rest('POST /v1/customers', { name: `C${n}` });
    ids.push(body.id);
    const order = { customerId: body.id, kind: 'order', at: new Date(START).toISOString() };
    // Asked for twice, and answered by one look.
    for (const amount of ['400.00', '600.00']) {
      await caller.rest('POST /v1/activities', { ...order, amount: { amount, currency: 'CNY' } });
    }
  }
  const tiers = async (): Promise<string[]> => {
    const { body } = await caller.rest('GET /v1/customers?limit=200');
    return body.data.map(({ tier }: { tier: string }) => tier);
  };
  const workspace = (await caller.rest('GET /v1/workspace')).body;
  const { rows } = await db.pool.query<{ number: number }>(
    'select workspace_id as number from workspaces where id = $1',
    [decodeId('workspace', workspace.id)],
  );
  const number = rows[0]!.number;
  const left = async () => {
    const answer = await db.pool.query(
      `select customer_id, lease_until is not null as postponed from tier_reviews
       where workspace_id = $1 and customer_id is not null`,
      [number],
    );
    return answer.rows as { customer_id: string; postponed: boolean }[];
  };
  return { ...caller, ids, tiers, left };
}

test('two processes review whoever was touched: each customer gets the tier once', async (t) => {
  const shop = await openShop(40);
  t.strictSame(new Set(await shop.tiers()), new Set(['normal']));
  const reviewers = [startReviewer(desk.desk, LOG), startReviewer(desk.desk, LOG)];
  await until('all are reviewed', async () => (await shop.left()).length === 0);
  for (const reviewer of reviewers) await reviewer.stop();
  t.strictSame(await shop.tiers(), Array(40).fill('core'));
  const { data } = (await shop.rest('GET /v1/events?type=customer.tierChanged&limit=200')).body;
  t.equal(data.length, 40);
  t.equal(new Set(data.map(({ subject }: { subject: string }) => subject)).size, 40);
});

test('what a process had claimed when it died is reviewed by another one when the lease is over', async (t) => {
  const shop = await openShop(2);
  t.ok((await claimDueReviews(db, desk.wall.now, 500)).length >= 4);
  t.strictSame(await claimDueReviews(db, desk.wall.now, 500), [], 'they are nobody else’s');
  desk.wall.now += 11_000;
  const reviewer = startReviewer(desk.desk, LOG);
  await until('all are reviewed', async () => (await shop.left()).length === 0);
  await reviewer.stop();
  t.strictSame(await shop.tiers(), ['core', 'core']);
});

test('a customer who cannot be reviewed is put off and does not stand in the way of the others', async (t) => {
  const shop = await openShop(9);
  const broken = decodeId('customer', shop.ids[4]!);
  await db.pool.query(`update customers set figures = 'null' where id = $1`, [broken]);
  const errors: object[] = [];
  const log: Logger = { info() {}, warn() {}, error: (fields) => void errors.push(fields) };
  const reviewer = startReviewer(desk.desk, log);
  await until('the others are reviewed, and it is put off', async () => {
    const left = await shop.left();
    return left.every(({ customer_id, postponed }) => customer_id === broken && postponed);
  });
  t.match(errors, [{ customer: shop.ids[4] }]);
  t.equal(errors.length, 1);
  await db.pool.query(`update customers set figures = '{}' where id = $1`, [broken]);
  desk.wall.now += 61_000;
  reviewer.wake();
  await until('it is reviewed, too', async () => (await shop.left()).length === 0);
  await reviewer.stop();
  t.strictSame(new Set(await shop.tiers()), new Set(['core']));
});
