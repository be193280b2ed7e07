/** The people named for customers, and what tiers ask for: given, checked, listed and kept, through both doors. */

import { type Test, test } from 'tap';
import { type Caller, openTestDesk } from '../support/desk.ts';

const NOBODY = { dedicatedAgentId: null, deputyAgentId: null, adviserId: null };

async function makeAgent(t: Test, caller: Caller, name: string, more: object = {}): Promise<string> {
  const email = `${name.toLowerCase()}@example.com`;
  const { status, body } = await caller.rest('POST /v1/agents', { name, email, ...more });
  t.equal(status, 201, name);
  return body.id;
}

test('the people of a customer', async (t) => {
  const desk = await openTestDesk(t);
  const [ann, bob, eve] = [
    await makeAgent(t, desk, 'Ann'),
    await makeAgent(t, desk, 'Bob'),
    await makeAgent(t, desk, 'Eve', { active: false }),
  ] as const;
  const make = (fields: object = {}) => desk.rest('POST /v1/customers', { name: 'A customer', ...fields });
  const patch = (id: string, fields: object) => desk.rest(`PATCH /v1/customers/${id}`, fields);

  await t.test('nobody unless told; named, changed and taken away', async (t) => {
    const { body: plain } = await make();
    t.match(plain, NOBODY);
    const made = await make({ dedicatedAgentId: ann, deputyAgentId: bob, adviserId: bob });
    t.match(made, { status: 201, body: { dedicatedAgentId: ann, deputyAgentId: bob, adviserId: bob } });
    const { id } = made.body;
    t.match((await patch(id, { adviserId: ann })).body, { adviserId: ann, dedicatedAgentId: ann, version: 2 });
    t.match((await patch(id, { adviserId: ann })).body, { version: 2 }, 'the same again is no edit');
    t.match((await patch(id, NOBODY)).body, { ...NOBODY, version: 3 });
    const { body: events } = await desk.rest(`GET /v1/events?subject=${id}`);
    t.strictSame(
      events.data.map(({ data }: { data: { changed?: string[] } }) => data.changed ?? []),
      [[], ['adviserId'], ['dedicatedAgentId', 'deputyAgentId', 'adviserId']],
    );
  });

  await t.test('GraphQL names and shows them, too', async (t) => {
    const made = await desk.graphql(
      'mutation ($input: CreateCustomerInput!) { createCustomer(input: $input) { customer { id dedicatedAgentId } errors { code errors { path code } } } }',
      { input: { name: 'A customer', dedicatedAgentId: ann } },
    );
    const { id } = made.body.data.createCustomer.customer;
    t.equal(made.body.data.createCustomer.customer.dedicatedAgentId, ann);
    const document =
      'mutation ($input: UpdateCustomerInput!) { updateCustomer(input: $input) { customer { dedicatedAgentId deputyAgentId } errors { code errors { path code } } } }';
    const twice = await desk.graphql(document, { input: { customerId: id, deputyAgentId: ann } });
    t.strictSame(twice.body.data.updateCustomer.errors, [
      { code: 'validation_failed', errors: [{ path: 'deputyAgentId', code: 'duplicate' }] },
    ]);
    const taken = await desk.graphql(document, {
      input: { customerId: id, dedicatedAgentId: null, deputyAgentId: ann },
    });
    t.strictSame(taken.body.data.updateCustomer.customer, { dedicatedAgentId: null, deputyAgentId: ann });
  });

  await t.test('an agent there is not, one of another workspace, and one who has left', async (t) => {
    const { caller } = await desk.otherWorkspace();
    const theirs = await makeAgent(t, caller, 'Zoe');
    const unknown = 'agt_01k9zv3m5qe8w9y2f4h6j8m0n1';
    for (const field of Object.keys(NOBODY)) {
      for (const id of [theirs, unknown]) {
        t.match(await make({ [field]: id }), { status: 404, body: { errors: [{ path: field, code: 'not_found' }] } });
      }
      t.match(await make({ [field]: eve }), { status: 422, body: { errors: [{ path: field, code: 'inactive' }] } });
      t.match(await make({ [field]: 'ann' }), { status: 422, body: { errors: [{ path: field }] } });
    }
    const { body: customer } = await make();
    t.match(await patch(customer.id, { adviserId: theirs }), {
      status: 404,
      body: { errors: [{ path: 'adviserId' }] },
    });
    t.match(await patch(customer.id, { adviserId: eve }), { status: 422, body: { errors: [{ path: 'adviserId' }] } });
  });

  await t.test('a deputy stands in for somebody else', async (t) => {
    const refused = { status: 422, body: { errors: [{ path: 'deputyAgentId', code: 'duplicate' }] } };
    t.match(await make({ dedicatedAgentId: ann, deputyAgentId: ann }), refused);
    const { body: customer } = await make({ dedicatedAgentId: ann, deputyAgentId: bob });
    t.match(await patch(customer.id, { deputyAgentId: ann }), refused);
    t.match(await patch(customer.id, { dedicatedAgentId: bob }), refused);
    const changed = await patch(customer.id, { dedicatedAgentId: bob, deputyAgentId: ann });
    t.match(changed, { status: 200, body: { dedicatedAgentId: bob, deputyAgentId: ann } }, 'they change places in one');
    t.equal((await make({ deputyAgentId: ann })).status, 201, 'a deputy without anybody to stand in for is taken');
  });

  await t.test('a CRM names them in upserts', async (t) => {
    const put = (fields: object) =>
      desk.rest('PUT /v1/customers/by-external-id/crm/7', { name: 'From the CRM', ...fields });
    t.match(await put({ dedicatedAgentId: ann }), { body: { result: 'created', customer: { dedicatedAgentId: ann } } });
    t.match(await put({ dedicatedAgentId: ann }), { body: { result: 'unchanged' } });
    t.match(await put({ deputyAgentId: ann }), { status: 422, body: { errors: [{ path: 'deputyAgentId' }] } });
    t.match(await put({ adviserId: bob }), {
      body: { result: 'updated', customer: { dedicatedAgentId: ann, adviserId: bob } },
    });
  });

  await t.test('the customers of an agent are listed', async (t) => {
    const own = await makeAgent(t, desk, 'Own');
    const names = ['One', 'Two', 'Three'];
    for (const name of names) await make({ name, dedicatedAgentId: own });
    await make({ name: 'Not theirs', deputyAgentId: own });
    const list = async (query: string) => (await desk.rest(`GET /v1/customers?${query}`)).body;
    const first = await list(`dedicatedAgentId=${own}&limit=2&sort=createdAt`);
    const rest = await list(`dedicatedAgentId=${own}&limit=2&sort=createdAt&cursor=${first.nextCursor}`);
    const namesOf = (page: { data: { name: string }[] }) => page.data.map(({ name }) => name);
    t.strictSame([...namesOf(first), ...namesOf(rest)].sort(), [...names].sort());
    const { body } = await desk.graphql(
      'query ($agent: ID) { customers(filter: { dedicatedAgentId: $agent }) { nodes { name } } }',
      { agent: own },
    );
    t.equal(body.data.customers.nodes.length, 3);
    t.strictSame((await list('dedicatedAgentId=agt_01k9zv3m5qe8w9y2f4h6j8m0n1')).data, []);
  });

  await t.test('an agent who is somebody’s is not deleted, and may leave', async (t) => {
    for (const field of Object.keys(NOBODY)) {
      const id = await makeAgent(t, desk, `Of${field}`);
      const { body: customer } = await make({ [field]: id });
      t.match(await desk.rest(`DELETE /v1/agents/${id}`), { status: 409, body: { code: 'in_use' } }, field);
      t.equal((await desk.rest(`PATCH /v1/agents/${id}`, { active: false })).status, 200);
      t.equal((await patch(customer.id, { notes: 'Still theirs' })).status, 200, 'other edits go on');
      t.equal((await patch(customer.id, { [field]: null })).status, 200);
      t.equal((await desk.rest(`DELETE /v1/agents/${id}`)).status, 200);
    }
  });
});

test('what a tier asks for', async (t) => {
  const desk = await openTestDesk(t);
  const none = { dedicatedAgent: false, minSeniorityYears: null, deputy: false, adviser: false, firstLine: null };

  await t.test('nothing unless told; a patch changes what it says', async (t) => {
    const { body: plain } = await desk.rest('POST /v1/tiers', { key: 'plain', name: 'Plain' });
    t.strictSame(plain.service, none);
    const service = { dedicatedAgent: true, minSeniorityYears: 5, firstLine: 'team' };
    const { body: made } = await desk.rest('POST /v1/tiers', { key: 'vip', name: 'VIP', service });
    t.strictSame(made.service, { ...none, ...service });
    const { body: after } = await desk.rest(`PATCH /v1/tiers/${made.id}`, {
      service: { deputy: true, firstLine: null },
    });
    t.strictSame(after.service, { ...none, dedicatedAgent: true, minSeniorityYears: 5, deputy: true });
    t.equal(after.version, 2);
    t.equal((await desk.rest(`PATCH /v1/tiers/${made.id}`, { service: {} })).body.version, 2, 'nothing said, no edit');
    t.strictSame((await desk.rest(`PATCH /v1/tiers/${made.id}`, { name: 'Other' })).body.service, after.service);
    const { body } = await desk.graphql(
      'mutation ($input: UpdateTierInput!) { updateTier(input: $input) { tier { service { adviser minSeniorityYears firstLine } } errors { code } } }',
      { input: { tierId: made.id, service: { adviser: true, firstLine: 'assistant' } } },
    );
    t.strictSame(body.data.updateTier.tier.service, { adviser: true, minSeniorityYears: 5, firstLine: 'assistant' });
  });

  await t.test('bad input', async (t) => {
    const cases: [object, string][] = [
      [{ dedicatedAgent: 'yes' }, 'service.dedicatedAgent'],
      [{ minSeniorityYears: -1 }, 'service.minSeniorityYears'],
      [{ minSeniorityYears: 1.5 }, 'service.minSeniorityYears'],
      [{ firstLine: 'robot' }, 'service.firstLine'],
      [{ butler: true }, 'service.butler'],
    ];
    for (const [service, path] of cases) {
      const answer = await desk.rest('POST /v1/tiers', { key: 'x', name: 'X', service });
      t.match(answer, { status: 422, body: { errors: [{ path }] } }, path);
    }
  });

  await t.test('the reference plan says it of its tiers', async (t) => {
    const caller = await desk.testWorkspace('2026-11-24T02:00:00Z');
    const { body } = await caller.rest('GET /v1/tiers');
    t.strictSame(
      body.data.map(({ key, service }: { key: string; service: object }) => [key, service]),
      [
        ['core', { ...none, dedicatedAgent: true, minSeniorityYears: 3, deputy: true, firstLine: 'team' }],
        ['potential', { ...none, adviser: true, firstLine: 'team' }],
        ['normal', { ...none, firstLine: 'assistant' }],
      ],
    );
  });
});

test('a ticket keeps the tier it was opened under', async (t) => {
  const desk = await openTestDesk(t);
  const caller = await desk.testWorkspace('2026-11-24T02:00:00Z');
  const { body: customer } = await caller.rest('POST /v1/customers', { name: 'A customer', tier: 'potential' });
  const open = async (more: object = {}) =>
    (await caller.rest('POST /v1/tickets', { subject: 'T', kind: 'fault', channel: 'email', ...more })).body;
  const first = await open({ customerId: customer.id });
  t.match(first, { tier: 'potential', openedTier: 'potential' });
  await caller.rest(`POST /v1/customers/${customer.id}/tier`, { tier: 'core', reason: 'A contract' });
  const second = await open({ customerId: customer.id });
  const third = await open();
  t.match(third, { tier: null, openedTier: null });
  await caller.rest(`PATCH /v1/tickets/${third.id}`, { customerId: customer.id });
  const show = async (id: string) => (await caller.rest(`GET /v1/tickets/${id}`)).body;
  t.match(await show(first.id), { tier: 'core', openedTier: 'potential' }, 'the tier moved on, the other did not');
  t.match(await show(second.id), { tier: 'core', openedTier: 'core' });
  t.match(await show(third.id), { tier: 'core', openedTier: null }, 'nor where the customer was found later');
  const { body: imported } = await caller.rest('POST /v1/tickets/import', {
    ...{
      subject: 'Old',
      kind: 'fault',
      channel: 'email',
      externalIds: { old: '1' },
      customerId: customer.id,
      tier: 'normal',
    },
    events: [
      { at: '2026-01-05T02:00:00Z', type: 'created' },
      { at: '2026-01-06T02:00:00Z', type: 'tier_changed', tier: 'core' },
    ],
  });
  t.match(imported.ticket, { tier: 'core', openedTier: 'normal' });

  const report = async (query: string) => {
    const { body } = await caller.rest(`GET /v1/reports/attainment?metric=resolution&${query}`);
    return body.data.map(({ tier, total }: { tier: string | null; total: number }) => [tier, total]);
  };
  t.strictSame(await report('groupBy=tier'), [
    ['core', 1],
    ['normal', 1],
    ['potential', 1],
    [null, 1],
  ]);
  t.strictSame(await report('tier=potential'), [[null, 1]], 'a filter means the tier that held then');
  t.strictSame(await report('tier=potential,normal&groupBy=tier'), [
    ['normal', 1],
    ['potential', 1],
  ]);
  const { body: risk } = await caller.rest('GET /v1/reports/at-risk?horizon=P7D&tier=core');
  t.ok(
    risk.groups.every(({ tier }: { tier: string }) => tier === 'core'),
    'what is at risk goes by the tier of today',
  );
  const { body } = await caller.graphql(
    'query { attainment(groupBy: [tier], metric: [resolution]) { data { tier total } } ticket(id: "ID") { openedTier } }'.replace(
      'ID',
      first.id,
    ),
  );
  t.equal(body.data.ticket.openedTier, 'potential');
  t.equal(body.data.attainment.data.length, 4);
});
