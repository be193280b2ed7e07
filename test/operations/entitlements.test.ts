/** Entitlements: what a customer gets is what a ticket of theirs is then promised, and the answer says why. */

import { test } from 'tap';
import { type Caller, openTestDesk } from '../support/desk.ts';

const NOW = '2026-11-24T02:00:00Z';
const TO = '2026-12-24T02:00:00Z';

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into field by field
type Told = any;

async function openWorkspace(t: Parameters<typeof openTestDesk>[0], more: object = {}) {
  const desk = await openTestDesk(t);
  const caller = await desk.testWorkspace(NOW, { language: 'en', ...more });
  const make = async (path: string, body: object): Promise<Told> => {
    const answer = await caller.rest(`POST /v1/${path}`, body);
    if (answer.status !== 201) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  return { desk, caller, make };
}

async function ask(caller: Caller, { id }: { id: string }, query = ''): Promise<Told> {
  const { status, body } = await caller.rest(`GET /v1/customers/${id}/entitlements${query}`);
  if (status !== 200) throw new Error(JSON.stringify(body));
  return body;
}

/** The rows in a line each: who covers what. */
function rowsOf({ promises }: Told): string[] {
  return promises.map(
    ({ policy, kinds, channels, overrides }: Told) =>
      `${policy?.key ?? 'none'}: ${kinds.length} kinds, ${channels.length} channels${overrides === null ? '' : `, for ${overrides.key}`}`,
  );
}

test('what is told is what a ticket is promised, whatever its kind, channel and priority', async (t) => {
  const { caller, make } = await openWorkspace(t);
  const customer = await make('customers', { name: 'East', tier: 'core' });
  await make('policies', {
    ...{ key: 'gold', name: 'Gold', match: { customers: [customer.id], channels: ['phone', 'email'] } },
    ...{ validTo: TO, objectives: [{ metric: 'first_response', target: 'PT5M' }] },
  });
  await make('policies', {
    ...{ key: 'pressing', name: 'Pressing', match: { tiers: ['core'], kinds: ['fault'], priorities: ['urgent'] } },
    objectives: [{ metric: 'resolution', target: 'PT2H' }],
  });
  const told = await ask(caller, customer);
  const { data: terms } = (await caller.rest('GET /v1/terms')).body;
  const keysOf = (list: string) => terms.filter((term: Told) => term.list === list).map(({ key }: Told) => key);
  const [kinds, channels] = [keysOf('kind'), keysOf('channel')];
  let tickets = 0;
  for (const kind of kinds) {
    for (const channel of channels) {
      for (const priority of ['low', 'normal', 'high', 'urgent']) {
        const rows = told.promises.filter(
          (row: Told) =>
            row.kinds.includes(kind) && row.channels.includes(channel) && row.priorities.includes(priority),
        );
        t.equal(rows.length, 1, `${kind}, ${channel}, ${priority} is told once`);
        // Every cell is told; that it is so in life is looked at in some of them.
        if (!['fault', 'complaint'].includes(kind) || !['phone', 'web'].includes(channel)) continue;
        if (!['normal', 'urgent'].includes(priority)) continue;
        const fields = { subject: 'T', kind, channel, priority, customerId: customer.id };
        const { clocks } = await make('tickets', fields);
        const [row] = rows;
        const targets = new Map(row.promises.map((promise: Told) => [promise.metric, promise.target]));
        t.ok(clocks.length > 0);
        for (const clock of clocks) {
          t.equal(clock.policyKey, row.policy.key);
          t.equal(targets.get(clock.metric), clock.target, `${clock.metric} of ${kind} by ${channel}, ${priority}`);
        }
        tickets += 1;
      }
    }
  }
  t.equal(tickets, 8);
  // Six kinds, a fault that presses and one that does not, a complaint; each by channels with and without the plan.
  t.strictSame(rowsOf(told), [
    'gold: 6 kinds, 1 channels, for core-live',
    'core-live: 6 kinds, 4 channels',
    'gold: 6 kinds, 1 channels, for core-async',
    'core-async: 6 kinds, 3 channels',
    'gold: 1 kinds, 1 channels, for core-live',
    'gold: 1 kinds, 2 channels, for pressing',
    'core-live: 1 kinds, 4 channels',
    'pressing: 1 kinds, 7 channels',
    'gold: 1 kinds, 1 channels, for core-async',
    'core-async: 1 kinds, 3 channels',
    'gold: 1 kinds, 1 channels, for core-complaint-live',
    'core-complaint-live: 1 kinds, 4 channels',
    'gold: 1 kinds, 1 channels, for core-complaint-async',
    'core-complaint-async: 1 kinds, 3 channels',
  ]);
});

test('a personal plan is told beside the standard that it comes before, with its term', async (t) => {
  const { caller, make } = await openWorkspace(t);
  const customer = await make('customers', { name: 'East', tier: 'core' });
  t.strictSame(rowsOf(await ask(caller, customer)), [
    'core-live: 7 kinds, 5 channels',
    'core-async: 7 kinds, 4 channels',
    'core-complaint-live: 1 kinds, 5 channels',
    'core-complaint-async: 1 kinds, 4 channels',
  ]);
  const plan = async (key: string, more: object) =>
    make('policies', {
      ...{ key, name: key, match: { customers: [customer.id] }, calendar: 'cn-office' },
      objectives: [{ metric: 'first_response', target: 'PT5M', warnAt: [0.5] }],
      ...more,
    });
  const gold = await plan('gold', { validFrom: NOW, validTo: TO });
  await plan('old', { validTo: NOW });
  await plan('next', { validFrom: TO });
  const told = await ask(caller, customer);
  t.strictSame(
    told.personalPlans.map(({ key, state, validFrom, validTo }: Told) => [key, state, validFrom, validTo]),
    [
      ['gold', 'in_force', NOW, TO],
      ['next', 'upcoming', TO, null],
      ['old', 'ended', null, NOW],
    ],
  );
  t.equal(told.personalPlans[0].policyId, gold.id);
  t.strictSame(rowsOf(told), [
    'gold: 7 kinds, 5 channels, for core-live',
    'gold: 7 kinds, 4 channels, for core-async',
    'gold: 1 kinds, 5 channels, for core-complaint-live',
    'gold: 1 kinds, 4 channels, for core-complaint-async',
  ]);
  const [live, async] = told.promises;
  t.match(live, {
    policy: { key: 'gold', name: 'gold', version: 1, validFrom: NOW, validTo: TO },
    ...{ personal: true, reason: 'names_customer', leftOut: ['next_response', 'resolution'] },
    overrides: { key: 'core-live', version: 1 },
  });
  t.strictSame(live.promises, [
    {
      ...{ metric: 'first_response', target: 'PT5M', warnAt: [0.5] },
      calendar: { key: 'cn-office', name: live.promises[0].calendar.name },
      ...{ targetOfStandard: 'PT10S', calendarOfStandard: { key: 'always', name: 'always' } },
    },
  ]);
  t.equal(async.promises[0].targetOfStandard, 'PT1H');
  t.equal(async.promises[0].calendarOfStandard.key, 'cn-service');
  t.match(told.text, /Personal plan gold, from Tue 2026-11-24 10:00 until Thu 2026-12-24 10:00: in force/);
  t.match(told.text, /The plan leaves out what the standard promises: Next response, Resolution/);
  t.match(told.text, /First response {2}5 min .*\(standard: 10 s\)/);

  const later = await ask(caller, customer, `?at=${TO}`);
  t.ok(
    rowsOf(later).every((row) => row.startsWith('next:')),
    'at the end of the one the other begins',
  );
  t.strictSame(
    later.personalPlans.map(({ key, state }: Told) => `${key} ${state}`),
    ['gold ended', 'next in_force', 'old ended'],
  );
  const before = await ask(caller, customer, '?at=2026-11-24T01:59:59Z');
  t.ok(rowsOf(before).every((row) => row.startsWith('old:')));
  const other = await make('customers', { name: 'West', tier: 'core' });
  t.match(await ask(caller, other), { personalPlans: [] });
  t.ok(
    (await ask(caller, other)).promises.every(({ personal }: Told) => !personal),
    'nobody else has it',
  );
});

test('the people who serve, and what the tier asks for and does not get', async (t) => {
  const { caller, make } = await openWorkspace(t);
  const agent = (name: string, more: object) =>
    make('agents', { name, email: `${name.toLowerCase()}@example.com`, seniorityYears: 5, ...more });
  const [ann, bob, eve] = [await agent('Ann', {}), await agent('Bob', {}), await agent('Eve', { seniorityYears: 1 })];
  const customer = await make('customers', { name: 'East', tier: 'core' });
  const set = async (fields: object) => {
    t.equal((await caller.rest(`PATCH /v1/customers/${customer.id}`, fields)).status, 200);
  };
  const change = async ({ id }: Told, fields: object) => {
    t.equal((await caller.rest(`PATCH /v1/agents/${id}`, fields)).status, 200);
  };

  t.match(await ask(caller, customer), {
    service: { dedicatedAgent: true, minSeniorityYears: 3, deputy: true, adviser: false, firstLine: 'team' },
    ...{ dedicatedAgent: null, deputyAgent: null, adviser: null },
    servedBy: { agentId: null, role: null, reason: 'nobody_named' },
    gaps: ['dedicated_missing', 'deputy_missing'],
  });
  await set({ dedicatedAgentId: ann.id, deputyAgentId: bob.id });
  const full = await ask(caller, customer);
  t.match(full, {
    dedicatedAgent: { agentId: ann.id, name: 'Ann', seniorityYears: 5, available: true, active: true },
    deputyAgent: { agentId: bob.id },
    servedBy: { agentId: ann.id, role: 'dedicated', reason: 'first_choice' },
    gaps: [],
  });
  t.match(full.text, /Dedicated agent: Ann, 5 years in service, here\nDeputy: Bob.*\nServed now by Ann\n/);
  await change(ann, { available: false });
  t.match((await ask(caller, customer)).servedBy, { agentId: bob.id, role: 'deputy', reason: 'first_choice_away' });
  await change(ann, { active: false });
  const left = await ask(caller, customer);
  t.match(left, { servedBy: { role: 'deputy', reason: 'first_choice_left' }, gaps: ['dedicated_left'] });
  t.match(left.text, /Served now by Bob: the one who comes first has left/);
  t.match(left.text, /Lacking: the dedicated agent has left/);
  await change(bob, { available: false });
  t.match((await ask(caller, customer)).servedBy, { agentId: null, role: null, reason: 'all_away' });
  await set({ dedicatedAgentId: eve.id });
  const junior = await ask(caller, customer);
  t.match(junior, { servedBy: { agentId: eve.id, reason: 'first_choice' }, gaps: ['dedicated_junior'] });
  t.match(junior.text, /a dedicated agent with 3 years in service or more/);

  await caller.rest(`POST /v1/customers/${customer.id}/tier`, { tier: 'potential', reason: 'So' });
  await set({ dedicatedAgentId: null, deputyAgentId: null });
  t.match(await ask(caller, customer), { gaps: ['adviser_missing'], service: { adviser: true } });
  await set({ adviserId: eve.id });
  t.match(await ask(caller, customer), {
    gaps: [],
    servedBy: { agentId: eve.id, role: 'adviser', reason: 'first_choice' },
  });
  await caller.rest(`POST /v1/customers/${customer.id}/tier`, { tier: 'normal', reason: 'So' });
  const normal = await ask(caller, customer);
  t.match(normal, { gaps: [], service: { firstLine: 'assistant' } });
  t.match(normal.text, /First line: an assistant and the FAQ, then the standard team/);
  t.match((await ask(caller, customer, '?language=zh-CN')).text, /一线服务：先由智能助手和常见问题解答，再转标准团队/);
});

test('the tier says where it comes from, also of a past instant', async (t) => {
  const { caller, make } = await openWorkspace(t);
  const customer = await make('customers', { name: 'East' });
  t.match((await ask(caller, customer)).tier, {
    ...{ key: 'normal', name: 'Normal', since: NOW, source: 'default', reason: null, pin: null, score: null },
  });
  await caller.rest('POST /v1/test-clock/advance', { by: 'P1D' });
  await caller.rest(`POST /v1/customers/${customer.id}/tier`, { tier: 'core', reason: 'A contract' });
  const now = await ask(caller, customer);
  t.match(now.tier, { key: 'core', since: '2026-11-25T02:00:00Z', source: 'manual', reason: 'A contract' });
  t.match(now.tier.pin, { reason: 'A contract', until: null, since: '2026-11-25T02:00:00Z' });
  t.match(now.text, /Pinned until it is released: A contract/);
  t.match(now.text, /Tier Core since Wed 2026-11-25 10:00, given by a person: A contract/);
  const then = await ask(caller, customer, `?at=${NOW}`);
  t.equal(then.tier.key, 'normal');
  t.match(rowsOf(then)[0], /^normal-/, 'and so do the promises');
  t.equal(
    (await ask(caller, customer, '?at=2027-06-01T00:00:00Z')).tier.key,
    'core',
    'what is to come is as it is now',
  );
  t.equal((await ask(caller, customer, '?at=2026-01-01T00:00:00Z')).tier, null, 'before they came there was none');
});

test('nothing promised, no tiers, words of a workspace that has none', async (t) => {
  const { caller, make } = await openWorkspace(t, { plan: 'none', language: 'zh-CN' });
  const customer = await make('customers', { name: '东方精密机械' });
  const told = await ask(caller, customer);
  t.match(told, {
    tier: null,
    service: null,
    personalPlans: [],
    promises: [{ policy: null, promises: [], reason: null }],
  });
  t.equal(told.promises.length, 1);
  t.match(told.text, /^东方精密机械：享有的服务，截至 2026-11-24 周二 10:00（Asia\/Shanghai）\n没有客户等级\n/);
  t.match(told.text, /所有事项，所有渠道\n {2}没有承诺\n$/);
});

test('who may see it, and what of it', async (t) => {
  const { desk } = await openWorkspace(t);
  const { body: agent } = await desk.rest('POST /v1/agents', { name: 'Ann', email: 'ann@example.com' });
  const { body: customer } = await desk.rest('POST /v1/customers', { name: 'East', dedicatedAgentId: agent.id });
  const narrow = await desk.as('admin', ['customers:read']);
  const told = await ask(narrow, customer);
  t.match(told, { dedicatedAgent: null, servedBy: null, gaps: null });
  t.notMatch(told.text, /Ann/);
  t.equal((await ask(await desk.as('agent'), customer)).dedicatedAgent.name, 'Ann');
  const theirs = await desk.as('customer', ['tickets:read'], { customerId: customer.id });
  t.equal((await theirs.rest(`GET /v1/customers/${customer.id}/entitlements`)).status, 403);
  const { caller: other } = await desk.otherWorkspace();
  t.equal((await other.rest(`GET /v1/customers/${customer.id}/entitlements`)).status, 404);
  t.equal((await desk.rest(`GET /v1/customers/${customer.id}/entitlements?at=soon`)).status, 400);
  t.equal((await desk.rest(`GET /v1/customers/${customer.id}/entitlements?language=fr`)).status, 400);
  const { body } = await desk.graphql(
    `query ($id: ID!) { customerEntitlements(customerId: $id, language: "zh-CN") {
      customerName dedicatedAgent { name } servedBy { role reason } gaps promises { policy { key } kinds promises { metric } } text
    } }`,
    { id: customer.id },
  );
  t.match(body.data.customerEntitlements, {
    ...{
      customerName: 'East',
      dedicatedAgent: { name: 'Ann' },
      servedBy: { role: 'dedicated', reason: 'first_choice' },
    },
    gaps: [],
  });
  t.match(body.data.customerEntitlements.text, /专属客服：Ann/);
});
