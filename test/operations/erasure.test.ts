/** Personal data: all that is kept of one person is shown; once they are erased, nothing of it is found anywhere, and figures stay. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { type Test, test } from 'tap';
import { type Caller, openTestDesk, type TestDesk } from '../support/desk.ts';
import { type Call, type Extras, throughGraphql, throughRest } from '../support/doors.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into field by field
type Told = any;

const NOW = '2026-11-24T02:00:00Z';

type Do = (operation: string, input?: Record<string, unknown>, extras?: Extras) => Promise<Told>;

function doing(call: Call): Do {
  return async (operation, input = {}, extras = {}) => {
    const { result, error } = await call(operation, input, extras);
    if (error !== null) throw new Error(`${operation}: ${JSON.stringify(error)}`);
    return result;
  };
}

/** Words that stand nowhere else: whatever is left of them is found. */
function sower(stem: string) {
  let sown = 0;
  const sow = () => `${stem}${(sown++).toString().padStart(3, '0')}`;
  return { sow, count: () => sown };
}

/** A receiver that takes nothing and says again what it was sent. */
async function openEcho(t: Test): Promise<string> {
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (part: string) => {
      body += part;
    });
    request.on('end', () => response.writeHead(500).end(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** Nobody's. */
const PHONE = '+8613912345678';

/** A person in all the fields that take words, at every place where words are kept. */
async function live(act: Do, sow: () => string, echo: string) {
  await act('createCustomField', { key: 'remark', name: 'Remark', type: 'text' });
  await act('createCustomField', {
    key: 'line',
    name: 'Line',
    type: 'select',
    options: [{ key: 'north', name: 'North' }],
  });
  await act('createCustomField', { key: 'units', name: 'Units', type: 'number' });
  await act('createWebhook', {
    name: 'Echo',
    url: echo,
    eventTypes: ['contact.*', 'ticket.*', 'message.*', 'activity.*'],
  });
  const customer = await act('createCustomer', { name: 'Kept company', externalIds: { crm: 'kept-1' } });
  const team = await act('createTeam', { name: 'Second line' });
  const person = {
    name: sow(),
    familyName: sow(),
    honorific: sow(),
    title: sow(),
    preferredHours: sow(),
    tags: [sow()],
    language: 'en',
  };
  const { contact } = await act('upsertContactByExternalId', {
    ...{ ...person, system: 'crm', value: sow(), customerId: customer.id },
    identities: [
      { kind: 'email', value: `${sow()}@example.com` },
      { kind: 'wecom', value: sow() },
      { kind: 'social_weibo', value: sow() },
      { kind: 'phone', value: PHONE },
    ],
  });
  const contactId = contact.id as string;
  await act('updateContact', { contactId, name: sow(), title: sow() });
  const other = await act('createContact', { name: 'Bystander', title: 'Kept title', customerId: customer.id });
  await act('findOrCreateContact', { identities: contact.identities.slice(1, 2) }, { idempotencyKey: 'found' });

  const asked = {
    kind: 'fault',
    channel: 'email',
    contactId,
    fault: { symptom: sow(), frequency: sow(), reach: sow() },
  };
  const fields = { customFields: { remark: sow(), line: 'north', units: 7 } };
  const made = { ...asked, ...fields, subject: sow(), message: sow(), externalIds: { desk: 'kept-ticket' } };
  const { id: ticketId } = await act('createTicket', made, { idempotencyKey: 'made' });
  await act('updateTicket', { ticketId, subject: sow(), fault: { symptom: sow() } });
  await act('addMessage', { ticketId, body: sow() }, { idempotencyKey: 'said' });
  await act('addMessage', { ticketId, body: sow(), author: 'customer' });
  await act('addMessage', { ticketId, body: sow(), visibility: 'internal' });
  await act('addMessage', { ticketId, body: sow(), author: 'bot' });
  await act('confirmUnderstanding', { ticketId, restatement: sow() });
  await act('chaseTicket', { ticketId, note: sow() });
  await act('changePriority', { ticketId, priority: 'high', reason: sow() });
  await act('transferTicket', { ticketId, teamId: team.id, reason: sow() });
  await act('setPending', { ticketId, reason: sow() });
  await act('advanceTestClock', { by: 'PT3H' });
  await act('addMessage', { ticketId, body: sow(), author: 'customer' });
  await act('suspendTicket', { ticketId, until: '2026-11-24T09:00:00Z', reason: sow() });
  await act('advanceTestClock', { by: 'PT6H' });
  await act('solveTicket', { ticketId, reason: sow() });
  const { token } = await act('inviteToSurvey', { ticketId });
  await act('answerSurvey', { token, overall: 2, comment: sow() }, { idempotencyKey: 'answered' });

  // Theirs no longer, but they wrote on it.
  const handed = { kind: 'basic', channel: 'email', contactId, subject: sow(), message: sow() };
  const given = await act('createTicket', handed);
  await act('updateTicket', { ticketId: given.id, contactId: other.id });
  // With a long past.
  const past = Array.from({ length: 230 }, (_, n) => ({
    at: `2026-11-20T${String(10 + Math.floor(n / 60)).padStart(2, '0')}:${String(n % 60).padStart(2, '0')}:00Z`,
    ...(n === 0 ? { type: 'created', by: 'customer' } : { type: 'customer_message' }),
    body: sow(),
  }));
  const old = { ...{ kind: 'basic', channel: 'email', subject: sow() }, externalIds: { old: 'kept-past' } };
  const { ticket: imported } = await act('importTicket', { ...old, contactId, events: past });

  const order = { kind: 'order', at: NOW, amount: { amount: '12.50', currency: 'CNY' }, contactId };
  const told = { ...order, title: sow(), details: { note: sow(), [sow()]: { deep: [sow()] } } };
  await act('upsertActivityByExternalId', { ...told, system: 'crm', value: 'kept-order' });
  await act('upsertActivityByExternalId', { ...told, title: sow(), system: 'crm', value: 'kept-order' });

  const kept = {
    kind: 'basic',
    channel: 'email',
    contactId: other.id,
    subject: 'Kept subject',
    message: 'Kept message',
  };
  await act('createTicket', kept);
  // Whatever is to be sent is tried again and again, until it is given up.
  await act('advanceTestClock', { by: 'P5D' });
  return { contactId, contact, customer, ticketIds: [ticketId, given.id, imported.id] as string[], made };
}

/** What is counted and promised, and what happened: everything but words. */
async function figuresOf(act: Do, { ticketIds, customer }: { ticketIds: string[]; customer: Told }): Promise<Told> {
  const clocks = await Promise.all(ticketIds.map((ticketId) => act('listTicketClocks', { ticketId })));
  const histories = await Promise.all(ticketIds.map((ticketId) => act('listTicketEvents', { ticketId, limit: 200 })));
  const withoutReason = ({ data: { reason: _r, note: _n, ...data }, ...event }: Told) => ({ ...event, data });
  const period = { from: '2026-11-01T00:00:00Z', to: '2026-12-01T00:00:00Z' };
  const answers = await act('listSurveyAnswers');
  const activities = await act('listActivities', { customerId: customer.id });
  const explained = await act('getTicketClockExplanation', { ticketId: ticketIds[0], metric: 'resolution' });
  return {
    clocks,
    explained: { ...explained, text: explained.text.replaceAll(/zqx[a-z]+\d+/g, '[erased]') },
    histories: histories.map(({ data }: Told) => data.map(withoutReason)),
    satisfaction: await act('getSatisfaction', period),
    attainment: await act('getAttainment', { ...period, groupBy: 'tier' }),
    scores: answers.data.map(({ overall, dimensions, low, answeredAt }: Told) => [
      overall,
      dimensions,
      low,
      answeredAt,
    ]),
    amounts: activities.data.map(({ kind, at, amount, baseAmount, externalIds }: Told) => [
      kind,
      at,
      amount,
      baseAmount,
      externalIds,
    ]),
    customer: await act('getCustomer', { customerId: customer.id }),
    tickets: (await act('listTickets')).data.map(
      ({ subject, fault, customFields, version, updatedAt, ...facts }: Told) => facts,
    ),
  };
}

async function feedOf({ rest }: Caller): Promise<Told[]> {
  const all: Told[] = [];
  for (let after = ''; ; ) {
    const { body } = await rest(`GET /v1/events?limit=200${after && `&after=${after}`}`);
    all.push(...body.data);
    if (body.nextCursor === null) return all;
    after = body.nextCursor;
  }
}

/** Tables that hold the text, and in how many rows. */
async function foundIn({ desk }: TestDesk, text: string): Promise<Record<string, number>> {
  const { pool } = desk.db;
  const { rows: tables } = await pool.query<{ name: string }>(
    `select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`,
  );
  const found: Record<string, number> = {};
  for (const { name } of tables) {
    const { rows } = await pool.query<{ count: number }>(
      `select count(*)::int as count from ${name} t where t::text ilike $1`,
      [`%${text}%`],
    );
    if (rows[0]!.count > 0) found[name] = rows[0]!.count;
  }
  return found;
}

for (const [door, through, stem] of [
  ['REST', throughRest, 'zqxrest'],
  ['GraphQL', throughGraphql, 'zqxgraph'],
] as const) {
  test(`${door}: one person is shown whole, then erased: found nowhere, counted as before`, async (t) => {
    const log: string[] = [];
    const logger = pino({ level: 'trace' }, { write: (line: string) => void log.push(line) });
    const desk = await openTestDesk(t, { OUTBOUND_PRIVATE: 'on' }, logger);
    const caller = await desk.testWorkspace(NOW, { language: 'en' });
    const act = doing(through(caller));
    const { sow, count } = sower(stem);
    const person = await live(act, sow, await openEcho(t));
    const { contactId } = person;

    const shown = await act('exportContactData', { contactId });
    t.match(shown, { contact: { id: contactId }, customerName: 'Kept company' });
    t.same(shown.tickets.map(({ ticket }: Told) => ticket.id).sort(), [...person.ticketIds].sort());
    t.match(shown.surveyAnswers, [{ overall: 2, comment: new RegExp(stem) }]);
    t.match(shown.activities, [{ title: new RegExp(stem), amount: { amount: '12.50' } }]);
    t.ok(shown.eventCount > 20);
    t.notOk(JSON.stringify(shown).includes('Kept message'), 'nothing of others');

    const where = await foundIn(desk, stem);
    const places =
      'activities,contacts,deliveries,events,external_ids,idempotency_keys,identities,messages,survey_answers,ticket_events,tickets';
    t.equal(Object.keys(where).sort().join(), places, 'it was at every place where words are kept');
    const before = await figuresOf(act, person);
    const feed = await feedOf(caller);
    t.ok(JSON.stringify(feed).includes(stem));

    const job = await act('eraseContact', { contactId, reason: 'As they asked' });
    t.equal(job.type, 'contacts.erase');
    t.equal((await act('getContact', { contactId })).name, 'erased', 'gone from the answer on');
    t.same((await act('listContacts', { email: person.contact.identities[0].value })).data, []);
    await desk.work();
    t.match(await act('getJob', { jobId: job.id }), {
      state: 'succeeded',
      result: { contactId, tickets: 3, activities: 1 },
    });

    t.same(await foundIn(desk, PHONE.slice(-8)), {});
    t.same(await foundIn(desk, stem), {}, `none of ${count()} words is in any table`);
    const after = await feedOf(caller);
    t.notOk(JSON.stringify(after).includes(stem), 'nor in the feed');
    const place = ({ sequence, id, type, occurredAt, subject }: Told) => [sequence, id, type, occurredAt, subject];
    t.same(after.slice(0, feed.length).map(place), feed.map(place), 'whose events are all at their place');
    t.same(
      after.filter(({ type }) => type === 'contact.erased').map(({ subject, data }) => [subject, data]),
      [[contactId, {}]],
    );
    t.notOk(log.join('').toLowerCase().includes(stem), 'nor in the log');
    for (const list of ['listContacts', 'listTickets', 'listCustomers']) {
      t.same((await act(list, { q: stem })).data, [], list);
    }
    t.notOk(JSON.stringify(await act('exportContactData', { contactId })).includes(stem));
    t.same(await figuresOf(act, person), before, 'to the digit');
    t.match((await act('listTickets', { q: 'kept subject' })).data, [{ subject: 'Kept subject' }]);
    t.match((await act('listContacts', { q: 'bystander' })).data, [{ name: 'Bystander', title: 'Kept title' }]);
    t.equal((await act('getTicketByExternalId', { system: 'desk', value: 'kept-ticket' })).id, person.ticketIds[0]);
    t.match((await act('getTicket', { ticketId: person.ticketIds[0] })).customFields, { line: 'north', units: 7 });

    // A repeat of what was asked before still has no second effect.
    t.equal((await act('createTicket', person.made, { idempotencyKey: 'made' })).id, person.ticketIds[0]);
    t.same(await foundIn(desk, stem), {});
  });
}

async function person(desk: TestDesk, more: object = {}) {
  const caller = await desk.testWorkspace(NOW, more);
  const call = throughRest(caller);
  const act = doing(call);
  const named = { system: 'crm', value: 'P-1', name: '王芳', identities: [{ kind: 'phone', value: '13800138000' }] };
  const { contact } = await act('upsertContactByExternalId', named);
  return { caller, call, act, named, contactId: contact.id as string };
}

test('an erased person is nobody: not changed, not named, and new when they come again', async (t) => {
  const desk = await openTestDesk(t);
  const { call, act, named, contactId } = await person(desk, { language: 'zh-CN' });
  await act('eraseContact', { contactId, reason: 'As they asked' });
  await desk.work();
  const shell = await act('getContact', { contactId });
  t.match(shell, { id: contactId, name: '已删除', erasedAt: NOW, salutation: null, identities: [], externalIds: {} });
  const refused = { error: { code: 'invalid_transition' } };
  t.match(await call('updateContact', { contactId, name: 'Back' }), refused);
  const ticket = { subject: 'S', kind: 'basic', channel: 'email', contactId };
  t.match(await call('createTicket', ticket), { error: { ...refused.error, errors: [{ path: 'contactId' }] } });
  const visit = { kind: 'visit', at: NOW, contactId, customerId: (await act('createCustomer', { name: 'C' })).id };
  t.match(await call('createActivity', visit), refused);
  const events = [{ at: NOW, type: 'created', by: 'customer', body: 'B' }];
  t.match(await call('importTicket', { ...ticket, externalIds: { old: '1' }, events }), refused);

  const again = await act('upsertContactByExternalId', named);
  t.equal(again.result, 'created');
  t.not(again.contact.id, contactId);
  const { contact } = await act('findOrCreateContact', { identities: named.identities });
  t.equal(contact.id, again.contact.id);

  const second = await act('eraseContact', { contactId, reason: 'To be sure' });
  await desk.work();
  t.equal((await act('getJob', { jobId: second.id })).state, 'succeeded', 'it may be gone over again');
  t.equal((await act('getContact', { contactId })).version, shell.version);
});

test('erasing is for managers and systems; showing needs what it shows', async (t) => {
  const desk = await openTestDesk(t);
  const { body: contact } = await desk.rest('POST /v1/contacts', { name: 'P' });
  const agent = await desk.as('agent');
  const erase = `POST /v1/contacts/${contact.id}/erase`;
  t.match(await agent.rest(erase, { reason: 'R' }), { status: 403, body: { code: 'forbidden' } });
  t.match(await desk.rest(erase, {}), { status: 422, body: { errors: [{ path: 'reason' }] } });
  t.equal((await (await desk.as('manager')).rest(erase, { reason: 'R' })).status, 202);
  const show = `GET /v1/contacts/${contact.id}/personal-data`;
  t.equal((await agent.rest(show)).status, 200);
  for (const scopes of [['customers:read'], ['customers:read', 'tickets:read']] as const) {
    t.match(await (await desk.as('admin', scopes)).rest(show), { status: 403, body: { code: 'forbidden' } });
  }
});

test('the job goes on where a killed process had stopped, and what was written since is erased when it is asked again', async (t) => {
  const desk = await openTestDesk(t);
  const { act, contactId } = await person(desk);
  const { sow } = sower('zqxlate');
  const ticket = { kind: 'basic', channel: 'email', contactId };
  const tickets = [];
  for (let n = 0; n < 3; n++) tickets.push(await act('createTicket', { ...ticket, subject: sow(), message: sow() }));
  await act('eraseContact', { contactId, reason: 'As they asked' });
  await desk.work();
  const { rows } = await desk.desk.db.pool.query(
    `select t::text from tickets t union all select m::text from messages m order by 1`,
  );
  // As if the process had been killed before it could say that it was done.
  await desk.desk.db.pool.query(
    `update jobs set state = 'queued', result = null, finished_at = null, lease_until = null where type = 'contacts.erase'`,
  );
  await desk.work();
  const again = await desk.desk.db.pool.query(
    `select t::text from tickets t union all select m::text from messages m order by 1`,
  );
  t.same(again.rows, rows, 'nothing is written twice');
  await act('addMessage', { ticketId: tickets[0].id, body: sow() });
  t.notSame(await foundIn(desk, 'zqxlate'), {});
  await act('eraseContact', { contactId, reason: 'Once more' });
  await desk.work();
  t.same(await foundIn(desk, 'zqxlate'), {});
});
