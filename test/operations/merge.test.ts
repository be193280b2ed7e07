/** Merging customers: one customer under both ids and all names; tickets, contacts, activities, keys and plans follow. */

import { test } from 'tap';
import { sendLines, statuses } from '../support/bulk.ts';
import { type Caller, openTestDesk, type TestDesk } from '../support/desk.ts';
import { type Call, throughGraphql, throughRest } from '../support/doors.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into field by field
type Told = any;

const NOW = '2026-11-24T02:00:00Z';

async function done(call: Call, operation: string, input: Record<string, unknown> = {}): Promise<Told> {
  const { result, error } = await call(operation, input);
  if (error !== null) throw new Error(`${operation}: ${JSON.stringify(error)}`);
  return result;
}

/** A customer with a contact, an open and a closed ticket, and an order. */
async function family(call: Call, name: string, crm: string, tier: string) {
  const customer = await done(call, 'createCustomer', { name, tier, tags: [name], externalIds: { crm } });
  const contact = await done(call, 'createContact', { name: `Contact of ${name}`, customerId: customer.id });
  const ticket = { kind: 'complaint', channel: 'email', customerId: customer.id };
  const open = await done(call, 'createTicket', { ...ticket, subject: `Open of ${name}` });
  const closed = await done(call, 'createTicket', { ...ticket, subject: `Closed of ${name}` });
  await done(call, 'closeTicket', { ticketId: closed.id });
  const order = { kind: 'order', at: NOW, amount: { amount: '10.00', currency: 'CNY' }, customerId: customer.id };
  const activity = await done(call, 'createActivity', order);
  return { customer, contact, open, closed, activity };
}

for (const [door, through] of [
  ['REST', throughRest],
  ['GraphQL', throughGraphql],
] as const) {
  test(`${door}: from the answer on both ids and all names mean the one that stays`, async (t) => {
    const desk = await openTestDesk(t);
    const caller = await desk.testWorkspace(NOW);
    const call = through(caller);
    const a = await family(call, 'A', 'A-1', 'normal');
    const b = await family(call, 'B', 'B-1', 'core');
    await done(call, 'updateCustomer', { customerId: a.customer.id, externalIds: { erp: '7' } });
    const { customer, job } = await done(call, 'mergeCustomers', {
      customerId: b.customer.id,
      from: a.customer.id,
      reason: 'Twice',
    });
    t.equal(job.type, 'customers.merge');
    t.match(customer, { id: b.customer.id, name: 'B', tier: 'core', externalIds: { crm: 'B-1', erp: '7' } });
    t.same(customer.tags, ['B', 'A'], 'tags are united, the rest stays as it was');

    // Before the job has done anything.
    const is = async (operation: string, input: Record<string, unknown>) =>
      (await done(call, operation, input)).id as string;
    t.equal(await is('getCustomer', { customerId: a.customer.id }), b.customer.id);
    for (const [system, value] of [
      ['crm', 'A-1'],
      ['crm', 'B-1'],
      ['erp', '7'],
    ] as const) {
      t.equal(await is('getCustomerByExternalId', { system, value }), b.customer.id, `${system} ${value}`);
    }
    const names = async (operation: string, customerId: string, field: string) =>
      (await done(call, operation, { customerId })).data.map((one: Told) => one[field]).sort();
    const subjects = ['Closed of A', 'Closed of B', 'Open of A', 'Open of B'];
    for (const id of [a.customer.id, b.customer.id]) {
      t.same(await names('listTickets', id, 'subject'), subjects);
      t.same(await names('listContacts', id, 'name'), ['Contact of A', 'Contact of B']);
      t.equal((await names('listActivities', id, 'id')).length, 2);
    }
    const all = (await done(call, 'listCustomers')).data;
    t.same(
      all.map(({ id }: Told) => id),
      [b.customer.id],
      'lists have one',
    );
    const changes = await done(call, 'listCustomers', { updatedAfter: NOW });
    if (door === 'REST') t.same(changes.deleted, [{ id: a.customer.id, deletedAt: NOW }]);

    await desk.work();
    const { result } = await done(call, 'getJob', { jobId: job.id });
    t.same(result, { customerId: b.customer.id, contacts: 1, tickets: 2, activities: 1, failed: 0 });
    for (const id of [a.customer.id, b.customer.id]) t.same(await names('listTickets', id, 'subject'), subjects);
    const open = await done(call, 'getTicket', { ticketId: a.open.id });
    t.match(open, { customerId: b.customer.id, tier: 'core', openedTier: 'normal' });
    t.match(await done(call, 'getTicket', { ticketId: a.closed.id }), { customerId: b.customer.id, tier: 'normal' });
    t.equal((await done(call, 'getContact', { contactId: a.contact.id })).customerId, b.customer.id);
    t.equal((await done(call, 'getActivity', { activityId: a.activity.id })).customerId, b.customer.id);

    t.match(await done(call, 'listMergedCustomers', { customerId: b.customer.id }), {
      data: [{ id: a.customer.id, name: 'A', externalIds: { crm: 'A-1', erp: '7' }, mergedAt: NOW }],
    });
    t.match((await done(call, 'listCustomerTiers', { customerId: a.customer.id })).data, [
      { tier: 'normal', validFrom: NOW, validTo: NOW },
    ]);
    t.match((await done(call, 'listCustomerTiers', { customerId: b.customer.id })).data, [
      { tier: 'core', validTo: null },
    ]);
    const { data: events } = (await caller.rest(`GET /v1/events?type=customer.merged`)).body;
    t.match(events, [{ subject: a.customer.id, data: { from: a.customer.id, into: b.customer.id, reason: 'Twice' } }]);
  });
}

test('promises of open tickets are those of the tier they come under', async (t) => {
  const desk = await openTestDesk(t);
  const call = throughRest(await desk.testWorkspace(NOW));
  const a = await family(call, 'A', 'A-1', 'normal');
  const b = await family(call, 'B', 'B-1', 'core');
  const due = async (ticketId: string) =>
    (await done(call, 'listTicketClocks', { ticketId })).data.map(({ metric, dueAt, state }: Told) => [
      metric,
      state,
      dueAt,
    ]);
  const before = await due(a.open.id);
  const closed = await due(a.closed.id);
  await done(call, 'mergeCustomers', { customerId: b.customer.id, from: a.customer.id, reason: 'Twice' });
  await desk.work();
  const live = (clocks: Told[]) => clocks.filter(([, state]) => state === 'running');
  t.same(live(await due(a.open.id)), live(await due(b.open.id)), 'as if it had been theirs');
  t.notSame(live(await due(a.open.id)), live(before));
  t.same(await due(a.closed.id), closed, 'what was promised and closed stays');
});

test('a system that knew both goes on sending both: the record of the one that stays is taken', async (t) => {
  const desk = await openTestDesk(t);
  const caller = await desk.testWorkspace(NOW);
  const call = throughRest(caller);
  const a = await family(call, 'A', 'A-1', 'normal');
  const b = await family(call, 'B', 'B-1', 'core');
  await done(call, 'mergeCustomers', { customerId: b.customer.id, from: a.customer.id, reason: 'Twice' });
  await desk.work();
  const upsert = (value: string, more: object) =>
    done(call, 'upsertCustomerByExternalId', { system: 'crm', value, name: 'B', ...more });
  t.match(await upsert('A-1', {}), { result: 'unchanged', customer: { id: b.customer.id } });
  const records = {
    'A-1': { name: 'A', notes: 'By the old name', profile: { industry: 'Steel' }, externalIds: { erp: '9' } },
    'B-1': { name: 'B', notes: 'By the new name' },
  };
  t.match((await upsert('A-1', {})).kept, { length: 0 }, 'what is the same is not kept away');
  const kept = ['name', 'notes', 'profile.industry', 'externalIds.erp'];
  const stays = { id: b.customer.id, name: 'B', notes: 'By the new name', externalIds: { crm: 'B-1' } };
  t.match(await upsert('B-1', records['B-1']), { result: 'updated', kept: [], customer: stays });
  const version = (await done(call, 'getCustomer', { customerId: b.customer.id })).version;
  for (const night of [1, 2]) {
    for (const through of [call, throughGraphql(caller)]) {
      const input = { system: 'crm', value: 'A-1', ...records['A-1'] };
      const told = await done(through, 'upsertCustomerByExternalId', input);
      t.match(told, { result: 'unchanged', customer: stays }, `night ${night}`);
      t.same([...told.kept].sort(), [...kept].sort());
    }
    t.match(await upsert('B-1', records['B-1']), { result: 'unchanged', kept: [], customer: { version } });
  }
  const lines = Object.entries(records).map(([crm, { externalIds = {}, ...fields }]: [string, Told]) => ({
    ...{ ...fields, system: 'crm', externalIds: { ...externalIds, crm } },
  }));
  const inBulk = await sendLines(desk, caller, 'customers', lines);
  t.match(statuses(inBulk), ['unchanged', 'unchanged']);
  t.match(JSON.stringify(inBulk), /"kept":\["name"/);
  t.match(await upsert('B-1', { notes: 'Newer' }), {
    result: 'updated',
    customer: { notes: 'Newer', version: version + 1 },
  });
  t.match(
    await done(call, 'upsertContactByExternalId', {
      ...{ system: 'crm', value: 'P-1', name: 'Of A', customerExternalId: { system: 'crm', value: 'A-1' } },
    }),
    { contact: { customerId: b.customer.id } },
  );

  const ticket = { subject: 'New', kind: 'basic', channel: 'email', customerId: a.customer.id };
  t.equal((await done(call, 'createTicket', ticket)).customerId, b.customer.id, 'a ticket by the old id is theirs');
  const contact = await done(call, 'createContact', { name: 'New', customerId: a.customer.id });
  t.equal(contact.customerId, b.customer.id);
  t.equal((await done(call, 'updateCustomer', { customerId: a.customer.id, notes: 'N' })).id, b.customer.id);
  const order = { kind: 'order', at: NOW, amount: { amount: '1', currency: 'CNY' } };
  const activity = await done(call, 'createActivity', {
    ...order,
    customerExternalId: { system: 'crm', value: 'A-1' },
  });
  t.equal(activity.customerId, b.customer.id);
});

test('who was merged, and merged again, is the last one; none is merged twice, nor into itself', async (t) => {
  const desk = await openTestDesk(t);
  const call = throughRest(await desk.testWorkspace(NOW));
  const [a, b, c] = await Promise.all([
    family(call, 'A', 'A-1', 'normal'),
    family(call, 'B', 'B-1', 'normal'),
    family(call, 'C', 'C-1', 'core'),
  ]);
  const merge = (into: Told, from: Told) =>
    call('mergeCustomers', { customerId: into.customer.id, from: from.customer.id, reason: 'Twice' });
  t.match(await merge(a, a), { error: { code: 'validation_failed', errors: [{ path: 'from' }] } });
  t.equal((await merge(b, a)).error, null);
  // The job has not run: what belongs to A goes straight to the last one.
  t.equal((await merge(c, b)).error, null);
  await desk.work();
  for (const { customer } of [a, b]) {
    t.equal((await done(call, 'getCustomer', { customerId: customer.id })).id, c.customer.id);
  }
  t.equal((await done(call, 'getCustomerByExternalId', { system: 'crm', value: 'A-1' })).id, c.customer.id);
  t.equal((await done(call, 'listTickets', { customerId: a.customer.id })).data.length, 6);
  for (const { open } of [a, b]) {
    t.match(await done(call, 'getTicket', { ticketId: open.id }), { customerId: c.customer.id, tier: 'core' });
  }
  t.equal((await done(call, 'listMergedCustomers', { customerId: c.customer.id })).data.length, 2);
  const refused = { error: { code: 'invalid_transition', errors: [{ path: 'from' }] } };
  t.match(await merge(c, a), { error: null, result: { job: { type: 'customers.merge' } } }, 'once more');
  const d = await family(call, 'D', 'D-1', 'normal');
  t.match(await merge(d, a), refused, 'A is C already');
  t.match(await merge(a, c), refused, 'C would be merged into itself');
  t.match(
    await call('mergeCustomers', { customerId: c.customer.id, from: 'cus_01k9zv3m5qe8w9y2f4h6j8m0n1', reason: 'R' }),
    {
      error: { code: 'not_found', errors: [{ path: 'from' }] },
    },
  );

  t.match(await call('deleteCustomer', { customerId: a.customer.id }), { error: { code: 'invalid_transition' } });
  t.match(await call('deleteCustomer', { customerId: c.customer.id }), { error: { code: 'in_use' } });
});

test('a customer is deleted with those merged into it, and their names are free', async (t) => {
  const desk = await openTestDesk(t);
  const call = throughRest(await desk.testWorkspace(NOW));
  const a = await done(call, 'createCustomer', { name: 'A', externalIds: { crm: 'A-1', erp: '1' } });
  const b = await done(call, 'createCustomer', { name: 'B', externalIds: { crm: 'B-1' } });
  await done(call, 'mergeCustomers', { customerId: b.id, from: a.id, reason: 'Twice' });
  await desk.work();
  await done(call, 'deleteCustomer', { customerId: b.id });
  for (const id of [a.id, b.id])
    t.match(await call('getCustomer', { customerId: id }), { error: { code: 'not_found' } });
  const again = await done(call, 'createCustomer', { name: 'A', externalIds: { crm: 'A-1', erp: '1' } });
  t.not(again.id, a.id);
});

test('portals and personal plans go with the customer', async (t) => {
  const desk = await openTestDesk(t);
  const caller = await desk.testWorkspace(NOW);
  const call = throughRest(caller);
  const a = await family(call, 'A', 'A-1', 'normal');
  const b = await family(call, 'B', 'B-1', 'normal');
  const { key } = await done(call, 'createApiKey', { name: 'Portal', role: 'customer', customerId: a.customer.id });
  const portal: Caller = desk.withKey(key);
  const policy = await done(call, 'createPolicy', {
    key: 'plan_of_a',
    name: 'Plan of A',
    match: { customers: [a.customer.id] },
    objectives: [{ metric: 'resolution', target: 'PT7M' }],
  });
  await desk.work();
  t.equal((await portal.rest('GET /v1/tickets')).body.data.length, 2);
  await done(call, 'mergeCustomers', { customerId: b.customer.id, from: a.customer.id, reason: 'Twice' });
  await desk.work();
  t.equal((await portal.rest('GET /v1/tickets')).body.data.length, 4);
  t.same((await done(call, 'getPolicy', { policyId: policy.id })).match.customers, [b.customer.id]);
  const [clock] = (await done(call, 'listTicketClocks', { ticketId: b.open.id })).data.filter(
    ({ metric, state }: Told) => metric === 'resolution' && state === 'running',
  );
  t.match(clock, { target: 'PT7M', policyKey: 'plan_of_a' });
  const late = {
    ...{ key: 'late', name: 'Late', objectives: [] },
    match: { customers: [a.customer.id, b.customer.id] },
  };
  t.same((await done(call, 'createPolicy', late)).match.customers, [b.customer.id], 'by the old id, too');
});

test('a ticket made while the customer is merged is not left behind, and the job may run twice', async (t) => {
  const desk = await openTestDesk(t);
  const { rest } = await desk.testWorkspace(NOW);
  const call = throughRest({ rest } as Caller);
  const a = await family(call, 'A', 'A-1', 'normal');
  const b = await family(call, 'B', 'B-1', 'core');
  const ticket = { subject: 'Meanwhile', kind: 'basic', channel: 'email', customerId: a.customer.id };
  const { customerId: _, ...nobodys } = ticket;
  const loose = await Promise.all(Array.from({ length: 4 }, () => done(call, 'createTicket', nobodys)));
  const past = { ...ticket, tier: 'normal', events: [{ at: NOW, type: 'created', by: 'customer', body: 'Long ago' }] };
  const portal = { name: 'Portal', role: 'customer', customerId: a.customer.id };
  const [merged, ...made] = await Promise.all([
    call('mergeCustomers', { customerId: b.customer.id, from: a.customer.id, reason: 'Twice' }),
    ...Array.from({ length: 12 }, () => call('createTicket', ticket)),
    ...loose.map(({ id }) => call('updateTicket', { ticketId: id, customerId: a.customer.id })),
    ...[1, 2, 3, 4].map((n) => call('importTicket', { ...past, externalIds: { old: `${n}` } })),
    ...[1, 2, 3, 4].map(() => call('createApiKey', portal)),
  ]);
  t.equal(merged.error, null);
  t.ok(made.every(({ error }) => error === null));
  await desk.work();
  await rerun(desk);
  const tickets = (await done(call, 'listTickets', { customerId: b.customer.id, limit: 200 })).data;
  t.equal(tickets.length, 24);
  t.ok(tickets.every(({ customerId }: Told) => customerId === b.customer.id));
  const history = (await done(call, 'listTicketEvents', { ticketId: a.open.id })).data;
  t.equal(history.filter(({ data }: Told) => data.job !== undefined).length, 1, 'brought along once');
  const keys = (await done(call, 'listApiKeys')).data.filter(({ role }: Told) => role === 'customer');
  t.same(
    keys.map(({ customerId }: Told) => customerId),
    Array(4).fill(b.customer.id),
  );
});

test('one ticket at fault keeps none of the others behind, and follows when it is asked again', async (t) => {
  const desk = await openTestDesk(t);
  const call = throughRest(await desk.testWorkspace(NOW));
  const a = await family(call, 'A', 'A-1', 'normal');
  const b = await family(call, 'B', 'B-1', 'core');
  const query = (text: string) => desk.desk.db.pool.query(text, [a.open.number]);
  const ofTicket = `from tickets t where t.workspace_id = e.workspace_id and t.id = e.ticket_id and t.number = $1`;
  await query(`update ticket_events e set type = 'edited' ${ofTicket} and e.type = 'created'`);
  const asked = { customerId: b.customer.id, from: a.customer.id, reason: 'Twice' };
  const { job } = await done(call, 'mergeCustomers', asked);
  await desk.work();
  t.match(await done(call, 'getJob', { jobId: job.id }), {
    state: 'succeeded',
    result: { contacts: 1, tickets: 1, activities: 1, failed: 1 },
  });
  await query(`update ticket_events e set type = 'created' ${ofTicket} and e.position = 1`);
  const { customer, job: again } = await done(call, 'mergeCustomers', asked);
  t.match(customer, { id: b.customer.id, name: 'B' });
  await desk.work();
  t.match((await done(call, 'getJob', { jobId: again.id })).result, {
    contacts: 0,
    tickets: 1,
    activities: 0,
    failed: 0,
  });
  t.match(await done(call, 'getTicket', { ticketId: a.open.id }), { customerId: b.customer.id, tier: 'core' });
});

test('what names a customer while it is merged waits, and then names the one that stays', async (t) => {
  const desk = await openTestDesk(t);
  const call = throughRest(await desk.testWorkspace(NOW));
  const [gone, stays] = ['Gone of all', 'Stays of all'];
  const a = await done(call, 'createCustomer', { name: gone });
  const b = await done(call, 'createCustomer', { name: stays });
  const ticket = { subject: 'Meanwhile', kind: 'basic', channel: 'email' };
  const { id: ticketId } = await done(call, 'createTicket', ticket);
  const past = { tier: 'normal', events: [{ at: NOW, type: 'created', by: 'customer', body: 'Long ago' }] };
  const customerId = a.id;
  const merging = await desk.desk.db.pool.connect();
  await merging.query('begin');
  // As a merge that is being saved.
  await merging.query(
    `update customers a set merged_into = b.id, version = a.version + 1 from customers b where a.name = $1 and b.name = $2 and b.workspace_id = a.workspace_id`,
    [gone, stays],
  );
  const order = { kind: 'order', at: NOW, amount: { amount: '1', currency: 'CNY' } };
  let answered = 0;
  const calls = Promise.all(
    [
      done(call, 'updateTicket', { ticketId, customerId }),
      done(call, 'importTicket', { ...ticket, ...past, customerId, externalIds: { old: '1' } }),
      done(call, 'createApiKey', { name: 'Portal', role: 'customer', customerId }),
      done(call, 'createActivity', { ...order, customerId }),
    ].map((answer) => answer.finally(() => answered++)),
  );
  for (let waiting = 0; waiting + answered < 4; ) {
    await merging.query('select pg_stat_clear_snapshot()');
    const { rows } = await merging.query(
      `select count(*)::int as n from pg_stat_activity where datname = current_database() and cardinality(pg_blocking_pids(pid)) > 0`,
    );
    waiting = rows[0].n;
  }
  await merging.query('commit');
  merging.release();
  const [changed, imported, key, activity] = await calls;
  t.same(
    [changed, imported.ticket, key, activity].map((one) => one.customerId),
    Array(4).fill(b.id),
  );
});

test('merging is for managers and systems', async (t) => {
  const desk = await openTestDesk(t);
  const { body: a } = await desk.rest('POST /v1/customers', { name: 'A' });
  const { body: b } = await desk.rest('POST /v1/customers', { name: 'B' });
  for (const [role, code] of [
    ['agent', 'forbidden'],
    ['manager', null],
  ] as const) {
    const call = throughRest(await desk.as(role));
    const { error } = await call('mergeCustomers', { customerId: b.id, from: a.id, reason: 'Twice' });
    t.equal(error?.code ?? null, code, role);
  }
});

/** As if the process had been killed before it could say that it was done. */
async function rerun(desk: TestDesk): Promise<void> {
  await desk.desk.db.pool.query(
    `update jobs set state = 'queued', checkpoint = null, result = null, finished_at = null, lease_until = null`,
  );
  await desk.work();
}
