/** The monthly sample: drawn of every tier, the same however often it is drawn, judged by people, counted as accuracy. */

import { test } from 'tap';
import { systemActor } from '../../src/auth/policy.ts';
import type { Ctx } from '../../src/context.ts';
import { drawSample } from '../../src/domains/tiers/samples.ts';
import { getWorkspace } from '../../src/domains/workspaces/store.ts';
import { decodeId } from '../../src/ids.ts';
import { saveOne } from '../../src/saving.ts';
import { type Caller, openTestDesk, type TestDesk } from '../support/desk.ts';
import { throughGraphql, throughRest } from '../support/doors.ts';

const NOW = '2026-12-01T00:00:00+08:00';

/** A workspace of scored customers, so many of each tier. */
async function openScored(t: Parameters<typeof openTestDesk>[0], counts: Record<string, number>) {
  const desk = await openTestDesk(t);
  const caller = await desk.testWorkspace(NOW);
  const workspaceId = Number(caller.key.split('_')[1]);
  for (const [tier, count] of Object.entries(counts)) {
    for (let n = 0; n < count; n++) await makeCustomer(desk, caller, `${tier} ${n}`, tier);
  }
  const draw = async (month: string, size: number) => {
    const ctx = await contextOf(desk, workspaceId);
    const changes = await drawSample(ctx, month, size);
    if (!changes.empty) await saveOne(desk.desk, ctx.workspace, changes, { actor: 'tiers', door: 'job' });
    return changes.entries.length;
  };
  return { desk, caller, draw };
}

async function makeCustomer({ desk }: TestDesk, caller: Caller, name: string, tier: string): Promise<string> {
  const { id } = (await caller.rest('POST /v1/customers', { name, tier })).body;
  await desk.db.pool.query(
    `insert into customer_scores (workspace_id, customer_id, model, total, parts, target, standing, moving, risks, computed_at)
     select workspace_id, id, 1, 42.5, '[{}]', tier, '{}', false, '{}', now() from customers where id = $1`,
    [decodeId('customer', id)],
  );
  return id;
}

async function contextOf({ desk }: TestDesk, workspaceId: number): Promise<Ctx> {
  const workspace = await getWorkspace(desk.db, workspaceId);
  return {
    ...{ db: desk.db, services: desk.services, workspace, now: workspace.testNow! },
    ...{ actor: systemActor('tiers'), door: 'job', log: { info() {}, warn() {}, error() {} } },
  };
}

async function listed(caller: Caller, query = '') {
  const { body } = await caller.rest(`GET /v1/tier-samples?limit=200${query}`);
  return body.data as { id: string; customerId: string; tier: string; month: string }[];
}

const sizes = (rows: { tier: string }[]) =>
  ['core', 'potential', 'normal'].map((tier) => rows.filter((row) => row.tier === tier).length);

test('every tier is drawn from, and what a small one does not have the others give', async (t) => {
  const { caller, draw } = await openScored(t, { core: 2, potential: 9, normal: 20 });
  await draw('2026-12', 12);
  const rows = await listed(caller);
  t.strictSame(sizes(rows), [2, 5, 5]);
  t.equal(new Set(rows.map(({ customerId }) => customerId)).size, 12, 'nobody twice');
  t.match(rows[0], {
    ...{ month: '2026-12', model: 1, total: 42.5, confirmedTier: null, note: null },
    ...{ confirmedBy: null, confirmedAt: null, version: 1, createdAt: '2026-11-30T16:00:00Z' },
  });
  const { body } = await caller.rest('GET /v1/events?type=tierSample.drawn&limit=200');
  t.equal(body.data.length, 12);
  t.equal(body.data[0].subject, body.data[0].data.tierSample.id);
});

test('a month is drawn once, and the same customers whenever it is', async (t) => {
  const { desk, caller, draw } = await openScored(t, { core: 3, normal: 20 });
  t.equal(await draw('2026-12', 8), 8);
  const first = await listed(caller, '&month=2026-12');
  t.equal(await draw('2026-12', 8), 0, 'a job that is run again draws nothing more');
  await desk.desk.db.pool.query('delete from tier_samples');
  await draw('2026-12', 8);
  const again = await listed(caller, '&month=2026-12');
  const who = (rows: { customerId: string }[]) => rows.map(({ customerId }) => customerId).sort();
  t.strictSame(who(again), who(first));
  await draw('2027-01', 8);
  const next = await listed(caller, '&month=2027-01');
  t.equal(next.length, 8);
  t.notSame(who(next), who(first), 'another month draws others');
  t.strictSame((await listed(caller)).slice(0, 8), next, 'the newest first');
  t.equal(await draw('2027-02', 0), 0, 'a model may want none');
});

test('who has no score, a pinned tier, or became another customer is not drawn', async (t) => {
  const { desk, caller, draw } = await openScored(t, {});
  const { pool } = desk.desk.db;
  const make = (name: string) => makeCustomer(desk, caller, name, 'normal');
  const [plain, pinned, over, merged] = [
    await make('plain'),
    await make('pinned'),
    await make('over'),
    await make('m'),
  ];
  await caller.rest('POST /v1/customers', { name: 'unscored' });
  const pin = (until: number | null) => JSON.stringify({ tier: 'normal', reason: 'x', until, actor: 'x', since: 0 });
  const set = (id: string, column: string, value: unknown) =>
    pool.query(`update customers set ${column} = $2 where id = $1`, [decodeId('customer', id), value]);
  await set(pinned, 'tier_pin', pin(null));
  await set(over, 'tier_pin', pin(Date.parse(NOW) / 1000));
  await set(merged, 'merged_into', decodeId('customer', plain));
  await draw('2026-12', 50);
  t.strictSame((await listed(caller)).map(({ customerId }) => customerId).sort(), [plain, over].sort());
});

for (const [door, through] of [
  ['REST', throughRest],
  ['GraphQL', throughGraphql],
] as const) {
  test(`people say which tier is right, and change their mind, through ${door}`, async (t) => {
    const { caller, draw } = await openScored(t, { core: 2, normal: 3 });
    await draw('2026-11', 2);
    await draw('2026-12', 5);
    const call = through(caller);
    // biome-ignore lint/suspicious/noExplicitAny: answers are looked into field by field
    const said = async (name: string, input: object, extras: object = {}): Promise<any> => {
      const { result, error } = await call(name, input as never, extras);
      return error ?? result;
    };
    const { data: cores } = await said('listTierSamples', { month: '2026-12', confirmed: false });
    const [a, b] = cores.filter(({ tier }: { tier: string }) => tier === 'core');
    const normal = cores.find(({ tier }: { tier: string }) => tier === 'normal');
    t.equal(cores.length, 5);

    const yes = await said('confirmTierSample', { tierSampleId: a.id, tier: 'core', note: '对' });
    t.match(yes, { confirmedTier: 'core', note: '对', confirmedAt: '2026-11-30T16:00:00Z', version: 2, tier: 'core' });
    t.match(await said('confirmTierSample', { tierSampleId: a.id, tier: 'core', note: '对' }), { version: 2 });
    t.match(await said('confirmTierSample', { tierSampleId: b.id, tier: 'core' }), { confirmedTier: 'core' });
    t.match(await said('confirmTierSample', { tierSampleId: normal.id, tier: 'normal' }), { confirmedTier: 'normal' });
    const mind = await said('confirmTierSample', { tierSampleId: b.id, tier: 'potential', note: 'Too high' });
    t.match(mind, { confirmedTier: 'potential', version: 3, tier: 'core' }, 'said again, it changes the answer');
    t.match(await said('confirmTierSample', { tierSampleId: b.id, tier: 'core' }, { expectedVersion: 2 }), {
      code: 'version_mismatch',
    });
    t.equal((await said('listTierSamples', { month: '2026-12', confirmed: true })).data.length, 3);
    t.equal((await said('listTierSamples', { confirmed: false })).data.length, 4);

    t.strictSame((await said('getTierAccuracy', {})).data, [
      {
        ...{ month: '2026-12', drawn: 5, judged: 3, agreed: 2, accuracy: 2 / 3 },
        tiers: [
          { tier: 'core', drawn: 2, judged: 2, agreed: 1, accuracy: 0.5 },
          { tier: 'normal', drawn: 3, judged: 1, agreed: 1, accuracy: 1 },
        ],
      },
      {
        ...{ month: '2026-11', drawn: 2, judged: 0, agreed: 0, accuracy: null },
        tiers: [
          { tier: 'core', drawn: 1, judged: 0, agreed: 0, accuracy: null },
          { tier: 'normal', drawn: 1, judged: 0, agreed: 0, accuracy: null },
        ],
      },
    ]);
    const months = async (input: object) =>
      (await said('getTierAccuracy', input)).data.map(({ month }: { month: string }) => month);
    t.strictSame(await months({ from: '2026-12' }), ['2026-12']);
    t.strictSame(await months({ to: '2026-11' }), ['2026-11']);
    t.match(await said('getTierAccuracy', { from: '2026-12', to: '2026-11' }), { errors: [{ path: 'to' }] });
    t.match(await said('getTierAccuracy', { from: '2026-13' }), { errors: [{ path: 'from' }] });
    t.match(await said('confirmTierSample', { tierSampleId: a.id, tier: 'gold' }), {
      ...{ code: 'validation_failed', errors: [{ path: 'tier', code: 'unknown_key' }] },
    });
    const nobody = { tierSampleId: 'smp_01k9zv3m5qe8w9y2f4h6j8m0n1', tier: 'core' };
    t.match(await said('confirmTierSample', nobody), { code: 'not_found' });
    const { body } = await caller.rest('GET /v1/events?type=tierSample.confirmed');
    t.equal(body.data.length, 4, 'the same again is no event');
  });
}
