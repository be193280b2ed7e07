/** Why a customer holds their tier, through both doors: from what the last review kept, in the language that is asked for. */

import { test } from 'tap';
import { newId } from '../../src/ids.ts';
import { type Caller, openTestDesk } from '../support/desk.ts';

async function makeCustomer(caller: Caller, name = '东方精密机械'): Promise<string> {
  return (await caller.rest('POST /v1/customers', { name })).body.id;
}

async function order(caller: Caller, customerId: string, at: string, amount: string): Promise<void> {
  const body = { customerId, kind: 'order', at, amount: { amount, currency: 'CNY' } };
  const made = await caller.rest('POST /v1/activities', body);
  if (made.status !== 201) throw new Error(JSON.stringify(made.body));
}

const explain = async (caller: Caller, id: string, query = '') => {
  return (await caller.rest(`GET /v1/customers/${id}/tier/explanation${query}`)).body;
};

test('the explanation of a tier', async (t) => {
  const desk = await openTestDesk(t);
  const caller = await desk.testWorkspace('2026-11-24T10:00:00+08:00');
  const advance = (to: string) => caller.rest('POST /v1/test-clock/advance', { to });
  const id = await makeCustomer(caller);

  await t.test('of whom nothing is known says so', async (t) => {
    t.match(await explain(caller, id), {
      state: 'no_activity',
      tier: 'normal',
      source: 'default',
      pin: null,
      model: null,
      score: null,
      target: null,
      rules: [],
      standing: null,
      computedAt: null,
      summary: /没有任何往来记录/,
    });
  });

  await t.test('adds up, and says what is missing to the better tier', async (t) => {
    await order(caller, id, '2026-03-01T10:00:00+08:00', '250000');
    await order(caller, id, '2026-06-11T10:00:00+08:00', '150000');
    await order(caller, id, '2026-10-11T10:00:00+08:00', '199999.50');
    const told = await explain(caller, id);
    t.match(told, {
      state: 'scored',
      tier: 'potential',
      source: 'score',
      since: '2026-11-24T02:00:00Z',
      model: 1,
      target: 'potential',
      computedAt: '2026-11-24T02:00:00Z',
      population: null,
      standing: { why: 'agreed', movesAt: null, runsBelow: 0, runsNeeded: 2 },
      rules: [
        {
          tier: 'core',
          holds: false,
          conditions: [
            { of: 'total', needed: 70, had: 64, holds: false },
            { of: 'part', part: 'spend', needed: 100, had: 100, holds: true },
            { of: 'part', part: 'loyalty', needed: 60, had: 30, holds: false },
          ],
        },
        { tier: 'potential', holds: true },
      ],
    });
    const { total, parts } = told.score;
    t.equal(total, 64);
    t.match(parts, [
      {
        key: 'spend',
        name: '消费金额',
        value: 599_999.5,
        unit: 'currency',
        points: 100,
        share: 40,
        contribution: 40,
        next: null,
      },
      { key: 'frequency', value: 3, unit: 'count', band: { from: 2 }, next: { points: 60, atLeast: 6, below: null } },
      { key: 'loyalty', value: 8, unit: 'months', points: 30, contribution: 6 },
      { key: 'growth', value: 39.9998, unit: 'percent', unbounded: false, points: 60, figure: { of: 'growth' } },
    ]);
    const sum = parts.reduce((all: number, part: { contribution: number }) => all + part.contribution, 0);
    t.equal(sum, total);
    t.match((await caller.rest(`GET /v1/customers/${id}/tiers`)).body.data[0], {
      tier: 'potential',
      source: 'score',
      score: { model: 1, total: 64, parts: [{ key: 'spend', points: 100, unbounded: false }, {}, {}, {}] },
    });
  });

  await t.test('in the language that is asked for', async (t) => {
    t.match((await explain(caller, id)).text, /合作时长：不低于 60 分，现为 30，还差 30/);
    t.match((await explain(caller, id, '?language=en')).text, /- a total of 70: it is 64, 6 short/);
    const refused = await caller.rest(`GET /v1/customers/${id}/tier/explanation?language=fr`);
    t.match(refused, { status: 400, body: { errors: [{ path: 'language' }] } });
  });

  await t.test('through GraphQL', async (t) => {
    const document = `query ($id: ID!) { customerTierExplanation(customerId: $id, language: "en") {
      state tier summary score { total parts { key unit value band { from } next { atLeast } } } rules { tier conditions { of needed had holds } } standing { why } } }`;
    const { data } = (await caller.graphql(document, { id })).body;
    t.match(data.customerTierExplanation, {
      state: 'scored',
      tier: 'potential',
      summary: /The score is 64 of 100/,
      score: { total: 64, parts: [{ key: 'spend', unit: 'currency' }, {}, {}, {}] },
      standing: { why: 'agreed' },
    });
  });

  await t.test('of a tier that is kept for a while says how long', async (t) => {
    // From July on they bought less than before: the runs of January and of February find it.
    await advance('2026-12-31T23:59:59+08:00');
    t.match(await explain(caller, id), { tier: 'potential', standing: { why: 'agreed' } });
    await advance('2027-01-01T00:00:00+08:00');
    t.match(await explain(caller, id), {
      tier: 'potential',
      target: 'normal',
      standing: { why: 'counting', runsBelow: 1, runsNeeded: 2, movesAt: '2027-01-31T16:00:00Z' },
      summary: /需连续 2 次月度评估低于界线，已有 1 次；下一次月度评估（2027-02-01）将作出决定/,
    });
    await advance('2027-01-31T23:59:59+08:00');
    t.match(await explain(caller, id), { tier: 'potential' });
    await advance('2027-02-01T00:00:00+08:00');
    t.match(await explain(caller, id), { tier: 'normal', since: '2027-01-31T16:00:00Z', standing: { why: 'agreed' } });
  });

  await t.test('of a pinned one names the pin', async (t) => {
    await caller.rest(`POST /v1/customers/${id}/tier`, {
      tier: 'core',
      reason: '战略客户',
      until: '2027-06-01T00:00:00+08:00',
    });
    const told = await explain(caller, id, '?language=en');
    t.match(told, {
      tier: 'core',
      source: 'manual',
      reason: '战略客户',
      pin: { reason: '战略客户', until: '2027-05-31T16:00:00Z' },
      standing: { why: 'pinned' },
      summary: /Pinned since .* until .*: 战略客户\./,
    });
    await advance('2027-06-01T00:00:00+08:00');
    t.equal((await caller.rest(`GET /v1/customers/${id}`)).body.tierPin, null);
    const after = await explain(caller, id);
    t.match(after, { pin: null, tier: 'normal', source: 'score', since: '2027-05-31T16:00:00Z', target: 'normal' });
    t.match(after, { standing: { why: 'agreed' }, summary: /此前由人工指定为「核心客户」/ });
  });

  await t.test('of a customer whose score is of an older model says so', async (t) => {
    const { definition } = (await caller.rest('GET /v1/tier-model')).body;
    const frozen = await desk.otherWorkspace();
    for (const key of ['core', 'potential', 'normal']) await frozen.caller.rest('POST /v1/tiers', { key, name: key });
    const other = await makeCustomer(frozen.caller);
    t.match(await explain(frozen.caller, other), { state: 'no_model', tier: 'normal' });
    await frozen.caller.rest('POST /v1/tier-models', { definition });
    await order(frozen.caller, other, '2026-10-11T10:00:00+08:00', '10000');
    t.match(await explain(frozen.caller, other), { state: 'not_reviewed', score: null });
    await desk.work();
    t.match(await explain(frozen.caller, other), { state: 'scored', model: 1 });
    await frozen.caller.rest('POST /v1/tier-models', { definition: { ...definition, sampleSize: 1 } });
    t.match(await explain(frozen.caller, other), { state: 'scored', model: 1, summary: /model 2 is in force/ });
    await desk.work();
    t.match(await explain(frozen.caller, other), { state: 'scored', model: 2 });
  });

  await t.test('of nobody is not found', async (t) => {
    t.equal((await caller.rest(`GET /v1/customers/${newId('customer')}/tier/explanation`)).status, 404);
    t.equal((await caller.rest('GET /v1/customers/nonsense/tier/explanation')).status, 404);
    const { caller: other } = await desk.otherWorkspace();
    t.equal((await other.rest(`GET /v1/customers/${id}/tier/explanation`)).status, 404);
  });
});
