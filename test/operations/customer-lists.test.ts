/** Who is about to change tier and why not yet, and who may be lost and by what figures; both doors, and their plans. */

import { test } from 'tap';
import { decodeId } from '../../src/ids.ts';
import type { Standing } from '../../src/rules/tier-model.ts';
import { NEW_STANDING } from '../../src/rules/tier-model.ts';
import { openTestDesk, type TestDesk } from '../support/desk.ts';
import { throughGraphql, throughRest } from '../support/doors.ts';

const NOW = '2026-11-24T10:00:00+08:00';
const at = (text: string) => Date.parse(text) / 1000;

interface Score {
  target: string;
  total?: number;
  model?: number;
  parts?: object[];
  standing?: Partial<Standing>;
  movesAt?: string;
  moving?: boolean;
  risks?: string[];
}

/** A workspace of customers whose scores are what the test says. */
async function openScored(t: Parameters<typeof openTestDesk>[0]) {
  const desk = await openTestDesk(t);
  const caller = await desk.testWorkspace(NOW);
  const make = async (name: string, tier: string, score: Score) => {
    const { id } = (await caller.rest('POST /v1/customers', { name, tier })).body;
    await putScore(desk, id, score);
    return id as string;
  };
  return { desk, caller, make };
}

async function putScore({ desk }: TestDesk, customerId: string, score: Score): Promise<void> {
  const { target, total = 50, model, parts = [], movesAt = null, moving = true, risks = [] } = score;
  const uuid = decodeId('customer', customerId);
  await desk.db.pool.query('delete from customer_scores where customer_id = $1', [uuid]);
  await desk.db.pool.query(
    `insert into customer_scores
       (workspace_id, customer_id, model, total, parts, target, standing, moves_at, moving, risks, computed_at)
     select c.workspace_id, c.id, coalesce($2, w.tier_model), $3, $4, $5, $6, $7, $8, $9, '2026-11-01T00:00:00Z'
     from customers c join workspaces w using (workspace_id) where c.id = $1`,
    [uuid, model, total, JSON.stringify(parts), target, { ...NEW_STANDING, ...score.standing }, movesAt, moving, risks],
  );
}

/** Everything in pages of so many. */
async function all(call: ReturnType<typeof throughRest>, name: string, input: object, limit: number) {
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into field by field
  const data: any[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const { result, error } = await call(name, { ...input, limit, ...(cursor === undefined ? {} : { cursor }) });
    if (error !== null) throw new Error(JSON.stringify(error));
    const page = result as { data: unknown[]; nextCursor: string | null };
    data.push(...page.data);
    cursor = page.data.length < limit ? null : page.nextCursor;
  }
  return data;
}

for (const [door, through] of [
  ['REST', throughRest],
  ['GraphQL', throughGraphql],
] as const) {
  test(`customers about to change tier, through ${door}`, async (t) => {
    const { caller, make } = await openScored(t);
    const call = through(caller);
    const parts = ['spend', 'frequency', 'loyalty', 'growth'].map((key) => ({
      ...{ key, value: 0, points: 0, weight: 1, contribution: 0 },
    }));
    const ids = {
      calm: await make('calm', 'core', { target: 'core', moving: false }),
      counting: await make('counting', 'core', { target: 'normal', total: 0, parts, standing: { runsBelow: 1 } }),
      grace: await make('grace', 'core', {
        ...{ target: 'normal', total: 0, parts, movesAt: '2026-12-08T00:00:00Z' },
        standing: { runsBelow: 2, decidedAt: at('2026-11-24T00:00:00Z') },
      }),
      old: await make('old', 'normal', { target: 'core', total: 90, model: 99 }),
    };
    const moves = (input: object = {}, limit = 50) => all(call, 'listCustomersAboutToChangeTier', input, limit);
    const found = await moves();
    t.strictSame(
      found.map(({ customerId }) => customerId),
      [ids.counting, ids.grace, ids.old],
    );
    t.strictSame(found[0], {
      ...{ customerId: ids.counting, name: 'counting', dedicatedAgentId: null, from: 'core', to: 'normal' },
      ...{
        direction: 'down',
        total: 0,
        heldBack: 'counting',
        movesAt: '2026-11-30T16:00:00Z',
        computedAt: '2026-11-01T00:00:00Z',
      },
    });
    t.match(found[2], { from: 'normal', to: 'core', direction: 'up', heldBack: null }, 'of an earlier model');
    t.strictSame(await moves({}, 1), found, 'page by page it is the same list');
    const names = async (input: object) => (await moves(input)).map(({ name }) => name);
    t.strictSame(await names({ direction: 'down' }), ['counting', 'grace']);
    t.strictSame(await names({ direction: 'up' }), ['old']);
    t.strictSame(await names({ tier: ['normal', 'potential'] }), ['old']);
    t.strictSame(await names({ tier: ['core'], direction: 'up' }), []);
  });

  test(`customers at risk, through ${door}`, async (t) => {
    const { caller, make } = await openScored(t);
    const call = through(caller);
    const calm = await make('calm', 'core', { target: 'core', moving: false });
    const complaining = { target: 'core', moving: false, risks: ['complaints'] };
    const loud = await make('loud', 'core', complaining);
    const both = await make('both', 'normal', {
      ...{ target: 'normal', moving: false, risks: ['falling_frequency', 'low_scores'] },
    });
    t.ok(calm);
    for (const subject of ['价格太高', 'Late again']) {
      const ticket = { subject, kind: 'complaint', channel: 'email', customerId: loud };
      t.equal((await caller.rest('POST /v1/tickets', ticket)).status, 201);
    }
    const atRisk = (input: object = {}, limit = 50) => all(call, 'listCustomersAtRisk', input, limit);
    const found = await atRisk();
    t.strictSame(
      found.map(({ customerId, tier, risks }) => ({ customerId, tier, risks })),
      [
        { customerId: loud, tier: 'core', risks: ['complaints'] },
        { customerId: both, tier: 'normal', risks: ['falling_frequency', 'low_scores'] },
      ],
    );
    t.strictSame(found[0].signs, [{ risk: 'complaints', value: 2, limit: 2, window: 'P3M' }], 'as it is now');
    t.strictSame(found[1].signs, [
      { risk: 'falling_frequency', value: null, limit: -50, window: 'P3M' },
      { risk: 'low_scores', value: 0, limit: 1, window: 'P3M' },
    ]);
    t.strictSame(await atRisk({}, 1), found, 'page by page it is the same list');
    const names = async (input: object) => (await atRisk(input)).map(({ name }) => name);
    t.strictSame(await names({ reason: ['complaints'] }), ['loud']);
    t.strictSame(await names({ reason: ['low_scores', 'complaints'] }), ['loud', 'both']);
    t.strictSame(await names({ tier: ['normal'] }), ['both']);
    t.strictSame(await names({ tier: ['normal'], reason: ['complaints'] }), []);
  });
}

test('a better tier waits, a pinned one stays, a narrow miss is no step', async (t) => {
  const { desk, caller, make } = await openScored(t);
  const definition = {
    parts: [
      {
        ...{ key: 'spend', weight: 1, figure: { of: 'given', key: 'value' } },
        scaling: { bands: [50, 60, 65, 70].map((points) => ({ from: points, points })) },
      },
    ],
    tiers: [{ tier: 'core', minTotal: 70 }],
    hysteresis: { margin: 10, upAfter: 'P10D', downRuns: 2, grace: 'P7D' },
  };
  const applied = await caller.rest('POST /v1/tier-models', { definition, reason: 'Plain' });
  t.match(applied.body, { result: 'applied' });
  const part = (points: number) => [{ key: 'spend', value: points, points, weight: 1, contribution: points }];
  const scored = (points: number) => ({ total: points, parts: part(points) });
  await make('rising', 'normal', {
    ...scored(70),
    ...{
      target: 'core',
      standing: { reachedSince: { core: at('2026-11-20T00:00:00Z') } },
      movesAt: '2026-11-30T00:00:00Z',
    },
  });
  await make('margin', 'core', { ...scored(65), target: 'normal' });
  await make('counting', 'core', { ...scored(50), target: 'normal' });
  await make('due', 'core', {
    ...scored(50),
    target: 'normal',
    ...{ standing: { runsBelow: 2, decidedAt: at('2026-11-01T00:00:00Z') }, movesAt: '2026-11-08T00:00:00Z' },
  });
  const pinned = await make('pinned', 'core', { ...scored(50), target: 'normal' });
  await desk.desk.db.pool.query('update customers set tier_pin = $2 where id = $1', [
    decodeId('customer', pinned),
    { tier: 'core', reason: 'Contract', until: null, actor: 'x', since: 0 },
  ]);
  const { body } = await caller.rest('GET /v1/reports/tier-moves');
  t.strictSame(
    body.data.map(({ name, heldBack }: never) => `${name}: ${heldBack}`),
    ['rising: rising', 'margin: margin', 'counting: counting', 'due: due', 'pinned: pinned'],
  );
  t.match(body.data[0], { movesAt: '2026-11-30T00:00:00Z' });
});

test('both lists are staff alone, walled, and refuse what they do not know', async (t) => {
  const { desk, caller, make } = await openScored(t);
  const id = await make('A', 'core', { target: 'normal', risks: ['complaints'] });
  const stranger = await desk.testWorkspace(NOW);
  const theirs = await desk.as('customer', undefined, {
    customerId: (await desk.rest('POST /v1/customers', { name: 'X' })).body.id,
  });
  for (const path of ['tier-moves', 'customers-at-risk']) {
    t.equal((await caller.rest(`GET /v1/reports/${path}`)).body.data[0].customerId, id);
    t.strictSame((await stranger.rest(`GET /v1/reports/${path}`)).body.data, []);
    t.match(await theirs.rest(`GET /v1/reports/${path}`), { status: 403 });
    for (const query of ['direction=left', 'reason=boredom', 'limit=0', 'sort=name']) {
      t.match(await caller.rest(`GET /v1/reports/${path}?${query}`), { status: 400 }, query);
    }
    t.match(await caller.rest(`GET /v1/reports/${path}?cursor=x`), { status: 400, body: { code: 'invalid_cursor' } });
  }
});

test('however many there are, a page costs the same statements', async (t) => {
  const { desk, caller, make } = await openScored(t);
  const counted = async (path: string) => {
    const { pool } = desk.desk.db;
    const plain = pool.query;
    let statements = 0;
    pool.query = ((...asked: Parameters<typeof plain>) => {
      statements += 1;
      return plain.apply(pool, asked);
    }) as typeof plain;
    await caller.rest(`GET /v1/reports/${path}?limit=200`);
    pool.query = plain;
    return statements;
  };
  await make('A', 'core', { target: 'normal', risks: ['complaints'] });
  const paths = ['tier-moves', 'customers-at-risk'];
  for (const path of paths) await counted(path);
  const few = [await counted(paths[0]!), await counted(paths[1]!)];
  for (let n = 0; n < 20; n++) await make(`C${n}`, 'core', { target: 'normal', risks: ['complaints'] });
  t.strictSame([await counted(paths[0]!), await counted(paths[1]!)], few);
  t.comment(`statements: ${few}`);
});
