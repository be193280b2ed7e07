/** What an edit is: a merge patch, of what the path names, that leaves a trace when it changes something. */

import { test } from 'tap';
import { type Caller, openTestDesk } from '../support/desk.ts';

const NOW = '2026-11-24T02:00:00Z';
const TICKET = { subject: 'The line has stopped', kind: 'fault', channel: 'email' };

async function countEvents({ rest }: Caller, type: string): Promise<number> {
  return (await rest(`GET /v1/events?limit=200&type=${type}`)).body.data.length;
}

test('what is known of a fault is patched field by field', async (t) => {
  const caller = await (await openTestDesk(t)).testWorkspace(NOW);
  const { body: ticket } = await caller.rest('POST /v1/tickets', TICKET);
  const patch = async (fault: object | null) =>
    (await caller.rest(`PATCH /v1/tickets/${ticket.id}`, { fault })).body.fault;
  t.strictSame(await patch({ symptom: 'Noise', reach: 'Line 3' }), {
    symptom: 'Noise',
    frequency: null,
    reach: 'Line 3',
  });
  t.strictSame(await patch({ frequency: 'Daily', reach: null }), { symptom: 'Noise', frequency: 'Daily', reach: null });
  const { body } = await caller.graphql(
    'mutation($id: ID!) { updateTicket(input: { ticketId: $id, fault: { reach: "All" } }) { ticket { fault { symptom frequency reach } } } }',
    { id: ticket.id },
  );
  t.strictSame(body.data.updateTicket.ticket.fault, { symptom: 'Noise', frequency: 'Daily', reach: 'All' });
  t.equal(await patch(null), null);
});

test('a patch that changes nothing is no edit: no event, and the same ETag', async (t) => {
  const caller = await (await openTestDesk(t)).testWorkspace(NOW);
  const { body: ticket } = await caller.rest('POST /v1/tickets', { ...TICKET, tags: ['a'] });
  for (const patch of [{}, { subject: TICKET.subject, tags: ['a'], problemType: null, customFields: {} }]) {
    const answer = await caller.rest(`PATCH /v1/tickets/${ticket.id}`, patch, { 'if-match': '"1"' });
    t.equal(answer.status, 200);
    t.equal(answer.headers['etag'], '"1"');
    t.ok(answer.body.clocks.length > 0, 'it answers as every verb does');
  }
  t.equal(await countEvents(caller, 'ticket.updated'), 0);
  t.equal((await caller.rest(`GET /v1/tickets/${ticket.id}/events`)).body.data.length, 1);
  t.equal((await caller.rest(`PATCH /v1/tickets/${ticket.id}`, {}, { 'if-match': '"7"' })).status, 412);

  const { data } = (await caller.rest('GET /v1/policies?limit=1')).body;
  for (const patch of [{}, { name: data[0].name, match: { tiers: ['core'] } }]) {
    t.match((await caller.rest(`PATCH /v1/policies/${data[0].id}`, patch)).body, { version: 1 });
  }
  t.match((await caller.rest('PATCH /v1/workspace', { name: 'Test' })).body, { version: 1, serviceLevelVersion: 1 });
  const word = { name: 'Fixed' };
  t.equal((await caller.rest('PUT /v1/terms/close_code/fixed', word)).status, 201);
  t.match(await caller.rest('PUT /v1/terms/close_code/fixed', word), { status: 200, body: { version: 1 } });
  const { body: team } = await caller.rest('POST /v1/teams', { name: 'A' });
  t.match(await caller.rest(`PATCH /v1/teams/${team.id}`, { name: 'A' }), { status: 200, body: { version: 1 } });
  t.match(await caller.rest(`PATCH /v1/teams/${team.id}`, { name: 'B' }), { status: 200, body: { version: 2 } });
  t.equal(await countEvents(caller, 'policy.updated,workspace.updated,team.updated'), 1);
});

test('a verb that has nothing to do answers the ticket as it stands, under its own ETag', async (t) => {
  const caller = await (await openTestDesk(t)).testWorkspace(NOW);
  const { body: ticket } = await caller.rest('POST /v1/tickets', TICKET);
  const { headers } = await caller.rest(`POST /v1/tickets/${ticket.id}/pending`);
  const again = await caller.rest(`POST /v1/tickets/${ticket.id}/pending`);
  t.equal(again.headers['etag'], headers['etag']);
  t.equal((await caller.rest(`GET /v1/tickets/${ticket.id}`)).headers['etag'], headers['etag']);
  const guarded = await caller.rest(`POST /v1/tickets/${ticket.id}/pending`, {}, { 'if-match': `${headers['etag']}` });
  t.equal(guarded.status, 200);
});

test('an edit is told by what it really changed', async (t) => {
  const caller = await (await openTestDesk(t)).testWorkspace(NOW);
  const { body: ticket } = await caller.rest('POST /v1/tickets', TICKET);
  await caller.rest(`PATCH /v1/tickets/${ticket.id}`, { subject: TICKET.subject, tags: ['new'] });
  const { data } = (await caller.rest('GET /v1/events?type=ticket.updated')).body;
  t.strictSame(
    data.map((event: { data: { changed: string[] } }) => event.data.changed),
    [['tags']],
  );
});

test('what the path says is not said again in the body', async (t) => {
  const caller = await (await openTestDesk(t)).testWorkspace(NOW);
  const { body: one } = await caller.rest('POST /v1/tickets', TICKET);
  const { body: other } = await caller.rest('POST /v1/tickets', TICKET);
  t.match(await caller.rest(`POST /v1/tickets/${one.id}/solve`, { ticketId: other.id }), {
    status: 422,
    body: { code: 'validation_failed', errors: [{ path: 'ticketId', code: 'unknown_field' }] },
  });
  t.match((await caller.rest(`GET /v1/tickets/${one.id}`)).body, { status: 'new' });
});

test('every wrong key of a ticket is named, not the first alone', async (t) => {
  const caller = await (await openTestDesk(t)).testWorkspace(NOW);
  const { body } = await caller.rest('POST /v1/tickets', {
    ...TICKET,
    kind: 'no',
    channel: 'fax',
    problemType: 'none',
  });
  t.strictSame(
    body.errors.map(({ path, message }: { path: string; message: string }) => [path, message]),
    [
      ['kind', 'No kind is called no.'],
      ['channel', 'No channel is called fax.'],
      ['problemType', 'No problem type is called none.'],
    ],
  );
});

test('a tier that a policy is made for cannot be deleted', async (t) => {
  const caller = await (await openTestDesk(t)).testWorkspace(NOW);
  const [core] = (await caller.rest('GET /v1/tiers')).body.data;
  t.match(await caller.rest(`DELETE /v1/tiers/${core.id}`), { status: 409, body: { code: 'in_use' } });
});

test('an agent does not speak as a customer or a bot', async (t) => {
  const caller = await (await openTestDesk(t)).testWorkspace(NOW);
  const { body: agent } = await caller.rest('POST /v1/agents', { name: 'Li', email: 'li@desk.test' });
  const { body: ticket } = await caller.rest('POST /v1/tickets', TICKET);
  const said = { body: 'Hello', author: 'bot', agentId: agent.id };
  t.match(await caller.rest(`POST /v1/tickets/${ticket.id}/messages`, said), {
    status: 422,
    body: { errors: [{ path: 'agentId' }] },
  });
});

test('a list tells what changed since an instant, and what is gone', async (t) => {
  const desk = await openTestDesk(t);
  const [one, two] = [
    (await desk.rest('POST /v1/teams', { name: 'one' })).body,
    (await desk.rest('POST /v1/teams', { name: 'two' })).body,
  ];
  desk.wall.now += 60_000;
  const since = new Date(desk.wall.now).toISOString();
  t.strictSame((await desk.rest(`GET /v1/teams?updatedAfter=${since}`)).body, {
    data: [],
    nextCursor: null,
    deleted: [],
  });
  await desk.rest(`PATCH /v1/teams/${one.id}`, { name: 'first' });
  await desk.rest(`DELETE /v1/teams/${two.id}`);
  t.match((await desk.rest(`GET /v1/teams?updatedAfter=${since}`)).body, {
    data: [{ id: one.id, name: 'first' }],
    deleted: [{ id: two.id }],
  });
  t.match(
    (await desk.graphql(`{ teams(filter: { updatedAfter: "${since}" }) { nodes { name } deleted { id } } }`)).body.data
      .teams,
    { nodes: [{ name: 'first' }], deleted: [{ id: two.id }] },
  );
});
