/** Tier models through both doors: applied as versions, refused with every fault, and tiers given by people that no score moves. */

import { test } from 'tap';
import { decodeId } from '../../src/ids.ts';
import { type Caller, openTestDesk, START, type TestDesk } from '../support/desk.ts';
import { throughGraphql, throughRest } from '../support/doors.ts';

const spend = {
  key: 'spend',
  weight: 1,
  figure: { of: 'amount', activities: ['order', 'refund'], window: 'P12M' },
  scaling: { bands: [{ from: 100, points: 100 }] },
};
const model = (patch: object = {}) => ({ parts: [spend], tiers: [{ tier: 'core', minTotal: 100 }], ...patch });

async function count(desk: TestDesk, text: string): Promise<number> {
  const { rows } = await desk.desk.db.pool.query<{ number: number }>(`select count(*)::int as number from ${text}`);
  return rows[0]!.number;
}

async function workspaceIdOf(desk: TestDesk, caller: Caller): Promise<number> {
  const { id } = (await caller.rest('GET /v1/workspace')).body;
  const text = 'select workspace_id from workspaces where id = $1';
  const { rows } = await desk.desk.db.pool.query(text, [decodeId('workspace', id)]);
  return rows[0].workspace_id;
}

test('a new workspace has the model of the reference plan, and a run every month', async (t) => {
  const desk = await openTestDesk(t);
  const caller = await desk.testWorkspace('2026-11-24T10:00:00+08:00', { language: 'en' });
  t.equal((await caller.rest('GET /v1/workspace')).body.tierModel, 1);
  const found = await caller.rest('GET /v1/tier-model');
  t.match(found, {
    status: 200,
    body: {
      number: 1,
      inForce: true,
      reason: null,
      population: null,
      appliedAt: '2026-11-24T02:00:00Z',
      definition: {
        parts: [
          {
            key: 'spend',
            name: 'Spend',
            weight: 40,
            figure: { of: 'amount', activities: ['order', 'refund'], window: 'P12M' },
            scaling: { bands: [{ from: 500_000, points: 100 }, { points: 60 }, { points: 30 }], percentile: null },
          },
          { key: 'frequency', weight: 20 },
          { key: 'loyalty', figure: { of: 'months' } },
          { key: 'growth' },
        ],
        tiers: [
          { tier: 'core', minTotal: 70, minParts: { spend: 100, loyalty: 60 }, share: null },
          { tier: 'potential', minTotal: null, minParts: { spend: 30, growth: 60 } },
        ],
        hysteresis: { margin: 0, upAfter: 'PT0S', downRuns: 2, grace: 'PT0S' },
        sampleSize: 50,
      },
    },
  });
  const { data } = (
    await caller.graphql(
      '{ tierModel { number definition { parts { key scaling { bands { from points } percentile } } tiers { tier minParts } hysteresis { upAfter downRuns } } } }',
    )
  ).body;
  t.match(data.tierModel, { number: 1, definition: { tiers: [{ tier: 'core', minParts: { spend: 100 } }, {}] } });
  const workspaceId = await workspaceIdOf(desk, caller);
  const runs = `tier_reviews where workspace_id = ${workspaceId} and customer_id is null`;
  t.equal(await count(desk, `${runs} and due = '2026-12-01 00:00+08' and not live`), 1);

  await t.test('given back as it was read, it is unchanged', async (t) => {
    const { definition } = found.body;
    const again = await caller.rest('POST /v1/tier-models', { definition, reason: 'the same' });
    t.match(again, { status: 200, body: { result: 'unchanged', jobId: null, model: { number: 1 } } });
    const { result } = await throughGraphql(caller)('getTierModel', {});
    const read = (result as typeof found.body).definition;
    t.match(read.parts[0].figure, { of: 'amount', key: null, words: null }, 'what is not told is null there');
    for (const through of [throughRest, throughGraphql]) {
      const { result: same } = await through(caller)('applyTierModel', { definition: read });
      t.match(same, { result: 'unchanged', jobId: null, model: { number: 1 } });
    }
    const chinese = await desk.testWorkspace('2026-11-24T10:00:00+08:00');
    t.equal((await chinese.rest('GET /v1/tier-model')).body.definition.parts[0].name, '消费金额');
  });

  await t.test('a workspace without a plan has none', async (t) => {
    const bare = await desk.testWorkspace('2026-11-24T10:00:00+08:00', { plan: 'none' });
    t.equal((await bare.rest('GET /v1/workspace')).body.tierModel, 0);
    t.match(await bare.rest('GET /v1/tier-model'), { status: 404, body: { code: 'not_found' } });
    t.equal((await bare.graphql('{ tierModel { number } }')).body.data.tierModel, null);
    t.strictSame((await bare.rest('GET /v1/tier-models')).body.data, []);
    const id = await workspaceIdOf(desk, bare);
    t.equal(await count(desk, `tier_reviews where workspace_id = ${id}`), 0);
    for (const key of ['core', 'normal']) await bare.rest('POST /v1/tiers', { key, name: key });
    t.match(await bare.rest('POST /v1/tier-models', { definition: model() }), {
      status: 201,
      body: { model: { number: 1 } },
    });
    await bare.rest('POST /v1/tier-models', { definition: model({ sampleSize: 7 }) });
    t.equal(
      await count(desk, `tier_reviews where workspace_id = ${id} and customer_id is null`),
      1,
      'one run, however many models',
    );
  });
});

test('another model is put in force', async (t) => {
  const desk = await openTestDesk(t);
  for (const key of ['core', 'potential', 'normal']) await desk.rest('POST /v1/tiers', { key, name: key });
  const apply = (body: object) => desk.rest('POST /v1/tier-models', body);

  await t.test('as the next version, with a job that looks at everybody', async (t) => {
    const applied = await apply({ definition: model(), reason: '先看消费' });
    t.match(applied, {
      status: 201,
      body: {
        result: 'applied',
        jobId: /^job_/,
        model: {
          number: 1,
          inForce: true,
          reason: '先看消费',
          definition: { hysteresis: { downRuns: 2 }, risk: null },
        },
      },
    });
    const job = await desk.rest(`GET /v1/jobs/${applied.body.jobId}`);
    t.match(job.body, { type: 'tiers.recompute', state: 'queued' });
    t.equal((await desk.rest('GET /v1/workspace')).body.tierModel, 1);
    const { rows } = await desk.desk.db.pool.query(`select data from events where type = 'tierModel.applied'`);
    t.match(rows, [{ data: { model: { number: 1 } } }]);
  });

  await t.test('the same again changes nothing, however it is written', async (t) => {
    for (const definition of [model(), model({ hysteresis: { downRuns: 2 }, sampleSize: 50, risk: null })]) {
      t.match(await apply({ definition }), {
        status: 200,
        body: { result: 'unchanged', jobId: null, model: { number: 1 } },
      });
    }
    t.equal(await count(desk, 'tier_models'), 1);
  });

  await t.test('through GraphQL, and read back by number, newest first', async (t) => {
    const document = `mutation ($definition: TierModelDefinitionInput!) { applyTierModel(input: { definition: $definition, reason: "b" }) {
      outcome { result jobId model { number definition { hysteresis { grace margin } } } } errors { code } } }`;
    const definition = model({ hysteresis: { margin: 5, grace: 'P14D' } });
    const applied = (await desk.graphql(document, { definition })).body.data.applyTierModel;
    t.match(applied, {
      outcome: { result: 'applied', model: { number: 2, definition: { hysteresis: { grace: 'P14D', margin: 5 } } } },
      errors: [],
    });
    await apply({ definition: model({ tiers: [{ tier: 'core', share: 5 }] }) });
    const page = (await desk.rest('GET /v1/tier-models?limit=2')).body;
    t.match(page.data, [
      { number: 3, inForce: true },
      { number: 2, inForce: false, reason: 'b' },
    ]);
    const rest = (await desk.rest(`GET /v1/tier-models?limit=2&cursor=${page.nextCursor}`)).body;
    t.match(rest, { data: [{ number: 1, reason: '先看消费' }], nextCursor: null });
    t.match((await desk.rest('GET /v1/tier-models/1')).body, { number: 1, inForce: false });
    t.match(
      (await desk.graphql('{ tierModelByNumber(number: 2) { reason } tierModels(first: 5) { nodes { number } } }')).body
        .data,
      {
        tierModelByNumber: { reason: 'b' },
        tierModels: { nodes: [{ number: 3 }, { number: 2 }, { number: 1 }] },
      },
    );
    for (const number of ['9', '0', '-1', '1.5', 'x', '99999999999']) {
      t.equal((await desk.rest(`GET /v1/tier-models/${number}`)).status, 404, number);
    }
  });

  await t.test('every fault is named by its path', async (t) => {
    const pathsOf = async (definition: object) => {
      const { status, body } = await apply({ definition });
      return [
        status,
        ...(body.errors ?? []).map(({ path, code }: { path: string; code: string }) => `${path} ${code}`),
      ];
    };
    t.strictSame(await pathsOf(model({ tiers: [{ tier: 'gold', minTotal: 1 }] })), [
      422,
      'definition.tiers.0.tier unknown_key',
    ]);
    t.strictSame(
      await pathsOf(
        model({
          parts: [
            {
              ...spend,
              weight: 0,
              scaling: {
                bands: [
                  { from: 1, points: 9 },
                  { from: 2, points: 5 },
                ],
              },
            },
          ],
          tiers: [{ tier: 'normal', minTotal: 1 }, { tier: 'core' }],
          hysteresis: { grace: 'P500D' },
        }),
      ),
      [
        422,
        'definition.parts.0.weight out_of_range',
        'definition.parts.0.scaling.bands wrong_way',
        'definition.tiers.0.tier invalid',
        'definition.tiers.1.tier invalid',
        'definition.tiers.1 required',
        'definition.hysteresis.grace out_of_range',
      ],
    );
    t.strictSame(await pathsOf(model({ parts: [{ ...spend, figure: { of: 'amount', window: 'P1W' } }] })), [
      422,
      'definition.parts.0.figure.activities required',
      'definition.parts.0.figure.window invalid',
    ]);
    t.strictSame(await pathsOf(model({ hysteresis: { grace: 'soon' }, colour: 1 })), [
      422,
      'definition.hysteresis.grace invalid_format',
      'definition.colour unknown_field',
    ]);
    t.strictSame(await pathsOf(model({ parts: [] })), [422, 'definition.parts too_small']);
    t.equal((await apply({})).status, 422);
    const inGraphql = await desk.graphql(
      `mutation { applyTierModel(input: { definition: { parts: [], tiers: [] } }) { outcome { result } errors { code errors { path } } } }`,
    );
    t.match(inGraphql.body.data.applyTierModel, { outcome: null, errors: [{ code: 'validation_failed' }] });
    t.equal((await desk.rest('GET /v1/workspace')).body.tierModel, 3, 'nothing moved');
  });

  await t.test('of many at once each is a version of its own', async (t) => {
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, n) => apply({ definition: model({ sampleSize: n }) })),
    );
    t.strictSame(
      answers.map(({ status }) => status),
      [201, 201, 201, 201, 201, 201],
    );
    const numbers = answers.map(({ body }) => body.model.number as number).sort((a, b) => a - b);
    t.strictSame(numbers, [4, 5, 6, 7, 8, 9]);
    t.equal((await desk.rest('GET /v1/tier-model')).body.number, 9);
  });
});

test('the tiers that a model names stay in their order', async (t) => {
  const desk = await openTestDesk(t);
  for (const key of ['core', 'potential', 'normal']) await desk.rest('POST /v1/tiers', { key, name: key });
  const tiers = [
    { tier: 'core', minTotal: 90 },
    { tier: 'potential', minTotal: 50 },
  ];
  await desk.rest('POST /v1/tier-models', { definition: model({ tiers }) });
  const idOf = async (key: string) => {
    const { body } = await desk.rest('GET /v1/tiers');
    return body.data.find((tier: { key: string }) => tier.key === key).id;
  };
  const inUse = { status: 409, body: { code: 'in_use', detail: /tier model/ } };
  t.match(await desk.rest(`DELETE /v1/tiers/${await idOf('core')}`), inUse);
  t.match(await desk.rest(`DELETE /v1/tiers/${await idOf('normal')}`), inUse, 'potential would be the last');
  t.match(await desk.rest(`PATCH /v1/tiers/${await idOf('core')}`, { position: 2 }), inUse);
  t.match(await desk.rest(`PATCH /v1/tiers/${await idOf('potential')}`, { position: 3 }), inUse);
  t.match(await desk.rest(`PATCH /v1/tiers/${await idOf('core')}`, { name: '核心' }), { status: 200 });
  t.match(await desk.rest('POST /v1/tiers', { key: 'rest', name: 'Rest' }), { status: 201, body: { position: 4 } });
  t.match(
    await desk.rest(`DELETE /v1/tiers/${await idOf('normal')}`),
    { status: 200 },
    'no rule names it, and another is last',
  );
  const other = await desk.rest('POST /v1/tier-models', { definition: model() });
  t.equal(other.status, 201);
  t.match(await desk.rest(`DELETE /v1/tiers/${await idOf('potential')}`), { status: 200 });

  await t.test('whoever deletes one while it is named by another is refused', async (t) => {
    await desk.rest('POST /v1/tiers', { key: 'silver', name: 'Silver', position: 2 });
    const silver = await idOf('silver');
    const naming = model({ tiers: [{ tier: 'silver', minTotal: 10 }] });
    const [applied, deleted] = await Promise.all([
      desk.rest('POST /v1/tier-models', { definition: naming }),
      desk.rest(`DELETE /v1/tiers/${silver}`),
    ]);
    const ends = `${applied.status} ${deleted.status}`;
    t.ok(ends === '201 409' || ends === '422 200', ends);
  });
});

test('a tier given by people is pinned', async (t) => {
  const desk = await openTestDesk(t);
  for (const key of ['core', 'potential', 'normal']) await desk.rest('POST /v1/tiers', { key, name: key });
  const { id } = (await desk.rest('POST /v1/customers', { name: '东方精密机械', tier: 'core' })).body;
  const pin = (body: object) => desk.rest(`POST /v1/customers/${id}/tier`, body);
  const release = (body?: object) => desk.rest(`POST /v1/customers/${id}/tier/release`, body);
  const reviews = (due: string) => count(desk, `tier_reviews where customer_id is not null and due = '${due}'`);

  await t.test('not by its creation', async (t) => {
    t.equal((await desk.rest(`GET /v1/customers/${id}`)).body.tierPin, null);
    t.match(await release(), { status: 409, body: { code: 'invalid_transition' } });
  });

  await t.test('with a reason and an end, at which there is a review', async (t) => {
    const pinned = await pin({ tier: 'potential', reason: '战略客户', until: '2027-01-01T00:00:00+08:00' });
    t.match(pinned, {
      status: 200,
      body: {
        tier: 'potential',
        tierPin: {
          tier: 'potential',
          reason: '战略客户',
          until: '2026-12-31T16:00:00Z',
          since: '2026-11-24T02:00:00Z',
          actor: /^key_/,
        },
      },
    });
    t.equal(await reviews('2027-01-01 00:00+08'), 1);
    t.match((await desk.rest(`GET /v1/customers/${id}/tiers`)).body.data[0], {
      tier: 'potential',
      source: 'manual',
      score: null,
    });
    const { rows } = await desk.desk.db.pool.query(`select data from events where type = 'customer.tierPinned'`);
    t.match(rows, [
      { data: { pin: { until: '2026-12-31T16:00:00Z' }, customer: { tierPin: { reason: '战略客户' } } } },
    ]);
  });

  await t.test('an end that has passed is refused, an exact repeat changes nothing', async (t) => {
    for (const until of ['2026-11-24T02:00:00Z', '2020-01-01T00:00:00Z']) {
      t.match(await pin({ tier: 'potential', reason: 'x', until }), {
        status: 422,
        body: { errors: [{ path: 'until' }] },
      });
    }
    t.match(await pin({ tier: 'potential', reason: 'x', until: 'soon' }), {
      status: 422,
      body: { errors: [{ path: 'until' }] },
    });
    const { version } = (await desk.rest(`GET /v1/customers/${id}`)).body;
    const again = await pin({ tier: 'potential', reason: '战略客户', until: '2026-12-31T16:00:00Z' });
    t.equal(again.body.version, version);
  });

  await t.test('the same tier with another reason or end is another pin of the same time', async (t) => {
    desk.wall.now = START + 3_600_000;
    const other = await desk.graphql(
      `mutation { setCustomerTier(input: { customerId: "${id}", tier: "potential", reason: "续约" }) { customer { tierSince tierPin { reason until since } } errors { code } } }`,
    );
    t.strictSame(other.body.data.setCustomerTier.customer, {
      tierSince: '2026-11-24T02:00:00Z',
      tierPin: { reason: '续约', until: null, since: '2026-11-24T02:00:00Z' },
    });
    t.equal((await desk.rest(`GET /v1/customers/${id}/tiers`)).body.data.length, 2);
  });

  await t.test('until it is released, which asks for a review', async (t) => {
    const before = await reviews('2026-11-24 03:00+00');
    const released = await release({ reason: '合同到期' });
    t.match(released, { status: 200, body: { tier: 'potential', tierPin: null } });
    t.equal(await reviews('2026-11-24 03:00+00'), before + 1);
    const { rows } = await desk.desk.db.pool.query(`select data from events where type = 'customer.tierUnpinned'`);
    t.match(rows, [{ data: { reason: '合同到期', pin: { reason: '续约' }, customer: { tierPin: null } } }]);
    t.equal((await release()).status, 409);
    await pin({ tier: 'potential', reason: 'again' });
    const inGraphql = await desk.graphql(
      `mutation { releaseCustomerTier(input: { customerId: "${id}" }) { customer { tierPin { reason } } errors { code } } }`,
    );
    t.strictSame(inGraphql.body.data.releaseCustomerTier, { customer: { tierPin: null }, errors: [] });
  });
});
