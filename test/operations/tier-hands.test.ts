/** What a tier rests on when its ground is gone: activities that were taken back, a pin that has ended, hands from before there were pins. */

import { readFile } from 'node:fs/promises';
import { t as file, test } from 'tap';
import { bySpend, type Crm, openCrm, START } from '../support/crm.ts';
import { openTestDesk } from '../support/desk.ts';

const MIGRATION = new URL('../../migrations/0024_pins_of_hands.sql', import.meta.url);
const desk = await openTestDesk(file);

async function openBySpend(hysteresis: object = {}): Promise<Crm> {
  const crm = await openCrm(desk);
  await crm.apply(bySpend(hysteresis));
  return crm;
}

const pin = (crm: Crm, name: string, tier: string, until?: string) =>
  crm.must(`POST /v1/customers/${crm.id(name)}/tier`, { tier, reason: '战略客户', ...(until && { until }) });
const release = (crm: Crm, name: string) => crm.must(`POST /v1/customers/${crm.id(name)}/tier/release`, {});
const explain = (crm: Crm, name: string, language = 'en') =>
  crm.must(`GET /v1/customers/${crm.id(name)}/tier/explanation?language=${language}`);
const mover = async (crm: Crm, name: string) =>
  (await crm.must('GET /v1/reports/tier-moves')).data.find((move: { name: string }) => move.name === name);

test('a tier that a score gave falls like any other when all it was made of is taken back', async (t) => {
  const crm = await openBySpend();
  await crm.customer('Wrong');
  await crm.customer('Right');
  const activity = await crm.order('Wrong', 1000);
  t.equal(await crm.tier('Wrong'), 'core');
  // Told anew by the same name, it is another customer's.
  const { externalIds, kind, at, amount } = await crm.must(`GET /v1/activities/${activity}`);
  const [[system, name]] = Object.entries(externalIds) as [[string, string]];
  const moved = { customerId: crm.id('Right'), kind, at, amount };
  await crm.must(`PUT /v1/activities/by-external-id/${system}/${name}`, moved);
  t.equal(await crm.tier('Right'), 'core');
  t.equal(await crm.tier('Wrong'), 'core', 'not at once: hysteresis defends a score');
  const told = await explain(crm, 'Wrong');
  t.match(told, {
    state: 'scored',
    score: { total: 0, parts: [{ value: null, points: 0 }] },
    target: 'normal',
    standing: { why: 'counting', movesAt: '2026-12-31T16:00:00Z' },
    summary: /Nothing is known of them.*scored as no points\..*the next two monthly runs decide/,
  });
  t.match((await explain(crm, 'Wrong', 'zh-CN')).summary, /按 0 分计。.*接下来 2 次月度评估将作出决定/);
  t.match(await mover(crm, 'Wrong'), { from: 'core', to: 'normal', movesAt: '2026-12-31T16:00:00Z' });
  const { result } = await crm.finished(await crm.must('POST /v1/tier-models/preview', { definition: bySpend() }));
  t.match(result, { scored: 2, withoutData: 0, later: [{ from: 'core', to: 'normal', customers: 1 }] });
  await crm.to('2026-12-31T15:59:59Z');
  t.equal(await crm.tier('Wrong'), 'core');
  await crm.to('2026-12-31T16:00:00Z');
  t.equal(await crm.tier('Wrong'), 'normal');
  t.equal(await crm.tier('Right'), 'core');
  await crm.to('2027-03-01T00:00:00Z');
  t.strictSame((await crm.history('Wrong')).slice(0, 2), [
    'normal score 2026-12-31T16:00:00Z',
    'core score 2026-11-24T02:00:00Z',
  ]);
});

test('deleted activities, too; who was never scored keeps the tier they came with', async (t) => {
  const crm = await openBySpend({ downRuns: 0 });
  await crm.customer('Gone');
  await crm.customer('Silent', { tier: 'core' });
  await crm.must(`DELETE /v1/activities/${await crm.order('Gone', 1000)}`);
  t.equal(await crm.tier('Gone'), 'normal');
  await crm.to('2027-02-01T00:00:00Z');
  t.equal(await crm.tier('Silent'), 'core');
  t.match(await explain(crm, 'Silent'), { state: 'no_activity', score: null });
});

test('when a pin ends, the score decides at once, whatever is known', async (t) => {
  const crm = await openBySpend({ margin: 40, upAfter: 'P9D', downRuns: 3, grace: 'P14D' });
  const until = '2027-01-10T00:00:00Z';
  for (const name of ['Silent', 'Small', 'Big', 'Released', 'Held']) await crm.customer(name);
  await pin(crm, 'Silent', 'core', until);
  await pin(crm, 'Small', 'core', until);
  await pin(crm, 'Big', 'potential', until);
  await pin(crm, 'Released', 'core');
  await pin(crm, 'Held', 'core');
  await crm.order('Small', 100);
  await crm.order('Big', 1000);
  t.match(await explain(crm, 'Silent'), { state: 'no_activity', tier: 'core', pin: { until } });
  t.match(await mover(crm, 'Small'), { to: 'potential', heldBack: 'pinned', movesAt: until });
  t.match(await explain(crm, 'Small'), {
    standing: { why: 'pinned', movesAt: until },
    summary: /if nothing changes, .* is given at Sun 2027-01-10 08:00\./,
  });
  await release(crm, 'Released');
  await crm.to('2026-11-25T00:00:00Z');
  t.equal(await crm.tier('Released'), 'normal', 'released, it is no longer theirs');
  await crm.to('2027-01-09T23:59:59Z');
  t.strictSame(await Promise.all(['Silent', 'Small', 'Big'].map(crm.tier)), ['core', 'core', 'potential']);
  await crm.to(until);
  t.strictSame(await Promise.all(['Silent', 'Small', 'Big', 'Held'].map(crm.tier)), [
    ...['normal', 'potential', 'core'],
    'core',
  ]);
  t.equal((await crm.history('Small'))[0], `potential score ${until}`);
  t.match(await explain(crm, 'Small'), {
    source: 'score',
    pin: null,
    summary: /was given by hand before; that ended at Sun 2027-01-10 08:00, and the score has decided since\./,
  });
  t.match((await explain(crm, 'Silent', 'zh-CN')).summary, /此前由人工指定为「.*」，已于 2027-01-10 周日 08:00 结束/);
  t.match(await explain(crm, 'Silent'), { state: 'scored', target: 'normal', standing: { why: 'agreed' } });
});

test('a pin on what a score gave leaves a score behind, with its hysteresis', async (t) => {
  const crm = await openBySpend();
  await crm.customer('Huawang');
  await crm.order('Huawang', 1000);
  await pin(crm, 'Huawang', 'core', '2026-12-10T00:00:00Z');
  await crm.order('Huawang', 1000, START, 'refund');
  t.match(await mover(crm, 'Huawang'), { heldBack: 'pinned', movesAt: '2027-01-31T16:00:00Z' });
  await crm.to('2027-01-31T15:59:59Z');
  t.equal(await crm.tier('Huawang'), 'core');
  await crm.to('2027-01-31T16:00:00Z');
  t.equal(await crm.tier('Huawang'), 'normal');
});

test('who reaches one better tier and then the next is given one after the other', async (t) => {
  const crm = await openBySpend({ upAfter: 'P7D' });
  await crm.customer('Huawang');
  await crm.order('Huawang', 100);
  await crm.to('2026-11-27T02:00:00Z');
  await crm.order('Huawang', 900, '2026-11-27T02:00:00Z');
  t.match(await mover(crm, 'Huawang'), { to: 'core', heldBack: 'rising', movesAt: '2026-12-04T02:00:00Z' });
  await crm.to('2026-12-10T00:00:00Z');
  t.strictSame(await crm.history('Huawang'), [
    'core score 2026-12-04T02:00:00Z',
    'potential score 2026-12-01T02:00:00Z',
    'normal default 2026-11-24T02:00:00Z',
  ]);
});

test('tiers that hands gave before there were pins become pins', async (t) => {
  const crm = await openCrm(desk);
  for (const name of ['Hand', 'Begun', 'Scored', 'Pinned']) await crm.customer(name, { tier: 'potential' });
  await pin(crm, 'Hand', 'core');
  await pin(crm, 'Pinned', 'core', '2027-01-10T00:00:00Z');
  await crm.order('Scored', 600_000);
  const { pool } = desk.desk.db;
  const text = 'update customers set tier_pin = null where workspace_id = $1 and name = $2';
  await pool.query(text, [crm.workspaceId, 'Hand']);
  await pool.query(await readFile(MIGRATION, 'utf8'));
  const pins = await Promise.all(
    ['Hand', 'Begun', 'Scored', 'Pinned'].map(
      async (name) => (await crm.must(`GET /v1/customers/${crm.id(name)}`)).tierPin,
    ),
  );
  t.match(pins[0], { reason: '战略客户', until: null, since: '2026-11-24T02:00:00Z' });
  t.strictSame(pins.slice(1, 3), [null, null]);
  t.match(pins[3], { until: '2027-01-10T00:00:00Z' });
  await crm.apply(bySpend({ downRuns: 0 }));
  t.equal(await crm.tier('Hand'), 'core', 'a model does not overrule people');
  const [{ tier_pin: kept }] = (await crm.rows('customers')).filter(({ name }) => name === 'Hand');
  const [{ tier_pin: made }] = (await crm.rows('customers')).filter(({ name }) => name === 'Pinned');
  t.strictSame(Object.keys(kept).sort(), Object.keys(made).sort());
  t.strictSame([kept.since, kept.actor, kept.tier], [made.since, made.actor, made.tier]);
});
