/** Tickets through both doors: what is promised, what moves it, who may. */

import { test } from 'tap';
import { type Caller, openTestDesk } from '../support/desk.ts';

/** The eve of China's National Day week, 17:30 in Shanghai. */
const EVE = '2026-09-30T09:30:00Z';

interface Person {
  customerId: string;
  tier: string;
}

async function makeCustomer(caller: Caller, tier: string): Promise<Person> {
  const { status, body } = await caller.rest('POST /v1/customers', { name: `A ${tier} customer`, tier });
  if (status !== 201) throw new Error(JSON.stringify(body));
  return { customerId: body.id, tier };
}

const clock = (ticket: { clocks: { metric: string; cycle: number }[] }, metric: string, cycle = 1) =>
  ticket.clocks.find((one) => one.metric === metric && one.cycle === cycle) as unknown as Record<string, unknown>;

test('a core complaint is promised an answer in an hour and a solution in a day, holidays or not', async (t) => {
  const desk = await openTestDesk(t);
  const caller = await desk.testWorkspace(EVE);
  const { customerId } = await makeCustomer(caller, 'core');
  const made = await caller.rest('POST /v1/tickets', {
    subject: '生产线停机',
    kind: 'complaint',
    channel: 'email',
    customerId,
    message: '请尽快处理。',
  });
  t.equal(made.status, 201);
  t.equal(made.headers['etag'], '"1"');
  t.match(made.body, { number: 1, tier: 'core', statusCategory: 'new', customerMessageCount: 1 });
  t.match(clock(made.body, 'first_response'), { state: 'running', dueAt: '2026-09-30T10:30:00Z', target: 'PT1H' });
  t.match(clock(made.body, 'resolution'), { state: 'running', dueAt: '2026-10-01T09:30:00Z', target: 'PT24H' });

  const id = made.body.id;
  await caller.rest('POST /v1/test-clock/advance', { by: 'PT30M' });
  const reply = await caller.rest(`POST /v1/tickets/${id}/messages`, { body: '王女士，您好，马上处理。' });
  t.equal(reply.status, 201);
  const after = await caller.rest(`GET /v1/tickets/${id}?include=clocks,lastMessage,customer`);
  t.match(clock(after.body, 'first_response'), {
    state: 'met',
    elapsedSeconds: 1800,
    stoppedAt: '2026-09-30T10:00:00Z',
  });
  t.match(after.body.lastMessage, { body: '王女士，您好，马上处理。', author: 'agent' });
  t.match(after.body.customer, { id: customerId, tier: 'core' });
  t.equal(after.body.agentReplyCount, 1);
  t.equal(after.headers['etag'], undefined, 'no ETag with include');

  const late = await caller.rest('POST /v1/test-clock/advance', { to: '2026-10-01T09:30:00Z' });
  t.equal(late.status, 200);
  t.match(clock((await caller.rest(`GET /v1/tickets/${id}?include=clocks`)).body, 'resolution'), { breached: false });
  await caller.rest('POST /v1/test-clock/advance', { by: 'PT1S' });
  t.match(clock((await caller.rest(`GET /v1/tickets/${id}?include=clocks`)).body, 'resolution'), {
    breached: true,
    breachedAt: '2026-10-01T09:30:00Z',
  });

  const feed = await caller.rest('GET /v1/events?type=clock.warned,clock.breached');
  const said = feed.body.data.map(
    (event: { type: string; occurredAt: string; data: { clock: { metric: string } } }) => [
      event.type,
      event.data.clock.metric,
      event.occurredAt,
    ],
  );
  t.strictSame(said, [
    ['clock.warned', 'first_response', '2026-09-30T10:00:00Z'],
    ['clock.warned', 'resolution', '2026-09-30T21:30:00Z'],
    ['clock.warned', 'resolution', '2026-10-01T04:42:00Z'],
    ['clock.breached', 'resolution', '2026-10-01T09:30:00Z'],
  ]);
});

test('the same story through GraphQL gives the same states', async (t) => {
  const desk = await openTestDesk(t);
  const caller = await desk.testWorkspace(EVE);
  const { customerId } = await makeCustomer(caller, 'normal');
  const run = async (document: string, variables: object) => {
    const { body } = await caller.graphql(document, variables as Record<string, unknown>);
    if (body.errors) throw new Error(JSON.stringify(body.errors));
    return body.data;
  };
  const ticketFields =
    'ticket { id statusCategory version clocks { metric cycle state dueAt stoppedAt } } errors { code }';
  const made = await run(`mutation($input: CreateTicketInput!) { createTicket(input: $input) { ${ticketFields} } }`, {
    input: { subject: 'How do I export?', kind: 'basic', channel: 'live_chat', customerId, message: 'Hello' },
  });
  const { id, clocks } = made.createTicket.ticket;
  t.match(clocks[0], { metric: 'first_response', dueAt: '2026-09-30T09:30:30Z' });
  const change = (name: string, fields = '') =>
    run(`mutation($id: ID!) { ${name}(input: { ticketId: $id ${fields} }) { ${ticketFields} } }`, { id });
  await run(
    'mutation($id: ID!) { addMessage(input: { ticketId: $id, body: "Hi" }) { message { id author } errors { code } } }',
    { id },
  );
  t.equal((await change('setPending')).setPending.ticket.statusCategory, 'pending');
  t.equal((await change('solveTicket')).solveTicket.ticket.statusCategory, 'solved');
  t.equal((await change('reopenTicket')).reopenTicket.ticket.statusCategory, 'open');
  t.equal((await change('closeTicket')).closeTicket.ticket.statusCategory, 'closed');
  t.strictSame((await change('solveTicket')).solveTicket, { ticket: null, errors: [{ code: 'ticket_closed' }] });
  const listed = await run(
    'query($id: ID!) { tickets(first: 10) { nodes { id customer { name } clocks { metric state } lastMessage { body } } } ticketEvents(first: 50, filter: { ticketId: $id }) { nodes { type } } }',
    { id },
  );
  t.match(listed.tickets.nodes, [{ id, customer: { name: 'A normal customer' }, lastMessage: { body: 'Hi' } }]);
  t.strictSame(
    listed.ticketEvents.nodes.map((event: { type: string }) => event.type),
    ['created', 'agent_reply', 'status_changed', 'status_changed', 'status_changed', 'status_changed'],
  );
});

test('what the customer writes on a pending or solved ticket opens it', async (t) => {
  const desk = await openTestDesk(t);
  const caller = await desk.testWorkspace(EVE);
  const { customerId } = await makeCustomer(caller, 'normal');
  const made = await caller.rest('POST /v1/tickets', { subject: 'A', kind: 'basic', channel: 'email', customerId });
  const id = made.body.id;
  await caller.rest(`POST /v1/tickets/${id}/pending`);
  await caller.rest(`POST /v1/tickets/${id}/messages`, { body: 'Here it is', author: 'customer' });
  t.match((await caller.rest(`GET /v1/tickets/${id}`)).body, { statusCategory: 'open', customerMessageCount: 1 });
  await caller.rest(`POST /v1/tickets/${id}/solve`);
  await caller.rest(`POST /v1/tickets/${id}/messages`, { body: 'It is back', author: 'customer' });
  t.match((await caller.rest(`GET /v1/tickets/${id}`)).body, {
    statusCategory: 'open',
    reopenCount: 1,
    solvedAt: null,
  });
});

test('a suspended ticket wakes by itself, at its instant', async (t) => {
  const desk = await openTestDesk(t);
  const caller = await desk.testWorkspace(EVE);
  const made = await caller.rest('POST /v1/tickets', { subject: 'A', kind: 'basic', channel: 'email' });
  const path = `/v1/tickets/${made.body.id}`;
  const slept = await caller.rest(`POST ${path}/suspend`, {
    until: '2026-10-08T01:00:00Z',
    reason: 'after the holiday',
  });
  t.match(slept.body, { statusCategory: 'on_hold', suspendedUntil: '2026-10-08T01:00:00Z' });
  await caller.rest('POST /v1/test-clock/advance', { to: '2026-10-09T00:00:00Z' });
  t.match((await caller.rest(`GET ${path}`)).body, { statusCategory: 'open', suspendedUntil: null });
  const events = (await caller.rest(`GET ${path}/events`)).body.data;
  t.match(
    events.map(({ type, at, actor }: Record<string, string>) => [type, at, actor]),
    [
      ['created', EVE],
      ['status_changed', EVE],
      ['suspended', EVE],
      ['status_changed', '2026-10-08T01:00:00Z', 'timekeeper'],
      // Six of eight office hours and 24 minutes: 30 minutes on the eve, the rest on Thursday at 15:54.
      ['priority_changed', '2026-10-08T07:54:00Z', 'timekeeper'],
    ],
  );
});

test('a merged ticket closes, keeps no promise, and is read in the other', async (t) => {
  const desk = await openTestDesk(t);
  const caller = await desk.testWorkspace(EVE);
  const { customerId } = await makeCustomer(caller, 'core');
  const make = async (subject: string) =>
    (await caller.rest('POST /v1/tickets', { subject, kind: 'fault', channel: 'email', customerId, message: subject }))
      .body;
  const [one, two] = [await make('one'), await make('two')];
  t.equal((await caller.rest(`POST /v1/tickets/${one.id}/merge`, { intoId: one.id })).status, 422);
  const merged = await caller.rest(`POST /v1/tickets/${one.id}/merge`, { intoId: two.id, reason: 'the same' });
  t.match(merged.body, { statusCategory: 'closed', mergedIntoId: two.id });
  t.ok(merged.body.clocks.every((c: { state: string }) => c.state === 'cancelled'));
  const messages = await caller.rest(`GET /v1/tickets/${two.id}/messages`);
  t.strictSame(
    messages.body.data.map((message: { body: string }) => message.body),
    ['one', 'two'],
  );
  t.equal((await caller.rest(`POST /v1/tickets/${one.id}/reopen`)).body.code, 'ticket_closed');
});

test('people: accept, assign, transfer, priority, chase', async (t) => {
  const desk = await openTestDesk(t);
  const caller = await desk.testWorkspace(EVE);
  const agent = (await caller.rest('POST /v1/agents', { name: 'Li Min', email: 'li@example.com' })).body;
  const team = (await caller.rest('POST /v1/teams', { name: 'Second line' })).body;
  const id = (await caller.rest('POST /v1/tickets', { subject: 'A', kind: 'basic', channel: 'email' })).body.id;
  t.match((await caller.rest(`POST /v1/tickets/${id}/accept`)).body, { code: 'validation_failed' });
  t.match((await caller.rest(`POST /v1/tickets/${id}/accept`, { agentId: agent.id })).body, {
    assigneeId: agent.id,
    statusCategory: 'open',
    acceptedAt: EVE,
  });
  t.match((await caller.rest(`POST /v1/tickets/${id}/transfer`, { teamId: team.id, reason: 'hard' })).body, {
    teamId: team.id,
    assigneeId: null,
  });
  t.match((await caller.rest(`POST /v1/tickets/${id}/assign`, { agentId: 'agt_01m86jej1qe3zt0t7swy3zwv61' })).body, {
    status: 404,
    errors: [{ path: 'agentId' }],
  });
  t.match((await caller.rest(`POST /v1/tickets/${id}/priority`, { priority: 'urgent' })).body, { priority: 'urgent' });
  await caller.rest(`POST /v1/tickets/${id}/chase`);
  t.match((await caller.rest(`POST /v1/tickets/${id}/chase`, { note: 'again' })).body, { chaseCount: 2 });
});

test('a customer sees its own tickets and public messages alone', async (t) => {
  const desk = await openTestDesk(t);
  const caller = await desk.testWorkspace(EVE);
  const { customerId } = await makeCustomer(caller, 'normal');
  const mine = (await caller.rest('POST /v1/tickets', { subject: 'mine', kind: 'basic', channel: 'web', customerId }))
    .body;
  const other = (await caller.rest('POST /v1/tickets', { subject: 'other', kind: 'basic', channel: 'web' })).body;
  await caller.rest(`POST /v1/tickets/${mine.id}/messages`, { body: 'planted note', visibility: 'internal' });
  await caller.rest(`POST /v1/tickets/${mine.id}/messages`, { body: 'hello' });
  const key = (await caller.rest('POST /v1/keys', { name: 'portal', role: 'customer', customerId })).body.key;
  const customer = desk.withKey(key);
  const list = await customer.rest('GET /v1/tickets?include=lastMessage');
  t.strictSame(
    list.body.data.map((ticket: { id: string }) => ticket.id),
    [mine.id],
  );
  t.match(list.body.data[0].lastMessage, { body: 'hello' });
  t.equal((await customer.rest(`GET /v1/tickets/${other.id}`)).status, 404);
  t.equal((await customer.rest(`GET /v1/tickets/${mine.id}/messages`)).body.data.length, 1);
  t.equal((await customer.rest('GET /v1/tickets?q=planted')).body.data.length, 0);
  t.equal((await customer.rest(`POST /v1/tickets/${mine.id}/solve`)).status, 403);
  t.equal((await customer.rest(`POST /v1/tickets/${other.id}/messages`, { body: 'x' })).status, 404);
  const said = await customer.rest(`POST /v1/tickets/${mine.id}/messages`, { body: 'thanks' });
  t.match(said.body, { author: 'customer' });
});

test('25 parallel repeats of one key make one ticket, and the same answer to the byte', async (t) => {
  const desk = await openTestDesk(t);
  const caller = await desk.testWorkspace(EVE);
  const answers = await Promise.all(
    Array.from({ length: 25 }, () =>
      caller.rest('POST /v1/tickets', { subject: 'once', kind: 'basic', channel: 'web' }, { 'idempotency-key': 'k-1' }),
    ),
  );
  t.ok(answers.every(({ status }) => status === 201));
  t.equal(new Set(answers.map(({ body }) => JSON.stringify(body))).size, 1);
  t.equal((await caller.rest('GET /v1/tickets')).body.data.length, 1);
  const changed = await caller.rest(
    'POST /v1/tickets',
    { subject: 'twice', kind: 'basic', channel: 'web' },
    { 'idempotency-key': 'k-1' },
  );
  t.equal(changed.body.code, 'idempotency_key_reused');
});

test('16 racers on one ticket: every note is kept, the history counts them all', async (t) => {
  const desk = await openTestDesk(t);
  const caller = await desk.testWorkspace(EVE);
  const id = (await caller.rest('POST /v1/tickets', { subject: 'A', kind: 'basic', channel: 'web' })).body.id;
  const answers = await Promise.all(Array.from({ length: 16 }, () => caller.rest(`POST /v1/tickets/${id}/chase`)));
  const done = answers.filter(({ status }) => status === 200).length;
  t.equal((await caller.rest(`GET /v1/tickets/${id}`)).body.chaseCount, done);
  t.ok(answers.every(({ status }) => status === 200 || status === 409));
});

test('words, custom fields and names are checked, each by its path', async (t) => {
  const desk = await openTestDesk(t);
  const caller = await desk.testWorkspace(EVE);
  await caller.rest('POST /v1/custom-fields', {
    key: 'serial',
    name: 'Serial',
    type: 'text',
    kinds: ['fault'],
    requiredAt: 'create',
  });
  const make = (more: object) =>
    caller.rest('POST /v1/tickets', { subject: 'A', kind: 'basic', channel: 'web', ...more });
  t.match((await make({ kind: 'nope' })).body, { status: 422, errors: [{ path: 'kind', code: 'unknown_key' }] });
  t.match((await make({ kind: 'fault' })).body, { errors: [{ path: 'customFields.serial', code: 'required' }] });
  t.match((await make({ customFields: { serial: 'x' } })).body, { errors: [{ path: 'customFields.serial' }] });
  t.match((await make({ kind: 'fault', customFields: { serial: 'x' }, externalIds: { crm: '1' } })).status, 201);
  t.match((await make({ externalIds: { crm: '1' } })).body, { status: 409, errors: [{ path: 'externalIds.crm' }] });
  t.equal((await caller.rest('GET /v1/tickets/by-external-id/crm/1')).status, 200);
});

test('search finds Chinese and English words in subjects and messages', async (t) => {
  const desk = await openTestDesk(t);
  const caller = await desk.testWorkspace(EVE);
  await caller.rest('POST /v1/tickets', {
    subject: '开具发票错误',
    kind: 'basic',
    channel: 'web',
    message: 'Invoices are wrong',
  });
  await caller.rest('POST /v1/tickets', { subject: 'Other', kind: 'basic', channel: 'web' });
  const count = async (q: string) => (await caller.rest(`GET /v1/tickets?q=${encodeURIComponent(q)}`)).body.data.length;
  t.equal(await count('发票'), 1);
  t.equal(await count('invoice'), 1);
  t.equal(await count('票发'), 0);
  t.equal(await count("'"), 0);
});

test("open tickets follow their customer's tier, and their promises with it", async (t) => {
  const desk = await openTestDesk(t);
  const caller = await desk.testWorkspace(EVE);
  const { customerId } = await makeCustomer(caller, 'normal');
  const make = () => caller.rest('POST /v1/tickets', { subject: 'A', kind: 'complaint', channel: 'email', customerId });
  const [open, closed] = [(await make()).body, (await make()).body];
  await caller.rest(`POST /v1/tickets/${closed.id}/close`);
  t.match(clock(open, 'resolution'), { target: 'P3D' });
  await caller.rest(`POST /v1/customers/${customerId}/tier`, { tier: 'core', reason: 'contract' });
  const moved = (await caller.rest(`GET /v1/tickets/${open.id}?include=clocks`)).body;
  t.match(moved, { tier: 'core', version: 1 });
  t.match(clock(moved, 'resolution'), { target: 'PT24H', dueAt: '2026-10-01T09:30:00Z' });
  t.match((await caller.rest(`GET /v1/tickets/${closed.id}`)).body, { tier: 'normal' });
});
