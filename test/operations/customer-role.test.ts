/** What a customer's key may say on a ticket: its own words, of its own people, and nothing that is the desk's to say. */

import { test } from 'tap';
import { openTestDesk } from '../support/desk.ts';

const NOW = '2026-11-24T02:00:00Z';
const TICKET = { subject: 'The line has stopped', kind: 'basic', channel: 'email', message: 'Please' };

async function open(t: Parameters<typeof openTestDesk>[0]) {
  const desk = await openTestDesk(t);
  const staff = await desk.testWorkspace(NOW);
  const make = async (path: string, body: object) => (await staff.rest(`POST /v1/${path}`, body)).body;
  const own = await make('customers', { name: 'Own' });
  const other = await make('customers', { name: 'Other' });
  const { key } = await make('keys', { name: 'Portal', role: 'customer', customerId: own.id });
  return { desk, staff, make, own, other, customer: desk.withKey(key) };
}

test('a customer creates a ticket, but does not say what is the desk’s to say', async (t) => {
  const { customer, make } = await open(t);
  const agent = await make('agents', { name: 'Li', email: 'li@desk.test' });
  const team = await make('teams', { name: 'A' });
  t.match(await customer.rest('POST /v1/tickets', { ...TICKET, priority: 'high' }), { status: 201 });
  const foreign = {
    createdBy: 'agent',
    assigneeId: agent.id,
    teamId: team.id,
    complexity: 'basic',
    tags: ['vip'],
    externalIds: { crm: '1' },
  };
  for (const [path, value] of Object.entries(foreign)) {
    t.match(
      await customer.rest('POST /v1/tickets', { ...TICKET, [path]: value }),
      { status: 403, body: { code: 'forbidden', errors: [{ path }] } },
      path,
    );
  }
  const { body } = await customer.graphql(
    'mutation { createTicket(input: { subject: "S", kind: "basic", channel: "email", createdBy: agent }) { ticket { id } } }',
  );
  t.equal(body.errors[0].extensions.code, 'forbidden');
});

test('to a customer there are no contacts but its own', async (t) => {
  const { customer, make, own, other } = await open(t);
  const mine = await make('contacts', { name: 'A', customerId: own.id });
  const theirs = await make('contacts', { name: 'B', customerId: other.id });
  const nobodys = await make('contacts', { name: 'C' });
  t.match(await customer.rest('POST /v1/tickets', { ...TICKET, contactId: mine.id }), { status: 201 });
  for (const { id } of [theirs, nobodys]) {
    t.match(await customer.rest('POST /v1/tickets', { ...TICKET, contactId: id }), {
      status: 404,
      body: { code: 'not_found', errors: [{ path: 'contactId' }] },
    });
  }
});

test('what is hidden is not found by every verb, what is seen but barred is forbidden', async (t) => {
  const { customer, make, own, other } = await open(t);
  const seen = await make('tickets', { ...TICKET, customerId: own.id });
  const hidden = await make('tickets', { ...TICKET, customerId: other.id });
  for (const [line, body] of [
    ['PATCH /v1/tickets/:id', { subject: 'New' }],
    ['POST /v1/tickets/:id/merge', { intoId: hidden.id }],
    ['POST /v1/tickets/:id/solve', {}],
  ] as const) {
    t.equal((await customer.rest(line.replace(':id', hidden.id), body)).status, 404, line);
    t.equal((await customer.rest(line.replace(':id', seen.id), body)).status, 403, line);
  }
});

test('a customer confirms what was restated, and does not restate it', async (t) => {
  const { customer, make, own } = await open(t);
  const { id } = await make('tickets', { ...TICKET, customerId: own.id });
  const line = `POST /v1/tickets/${id}/confirm-understanding`;
  t.match(await customer.rest(line, { restatement: 'My words' }), {
    status: 403,
    body: { errors: [{ path: 'restatement' }] },
  });
  t.match(await customer.rest(line), { status: 200, body: { understandingConfirmedAt: NOW } });
});
