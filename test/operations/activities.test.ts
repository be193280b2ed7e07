/** Activities: told once however often they are sent, one by one and in bulk, and who is looked at because of them. */

import { type Test, test } from 'tap';
import { sendLines, statuses } from '../support/bulk.ts';
import { type Answer, openTestDesk, type TestDesk } from '../support/desk.ts';

const ORDER = {
  customerExternalId: { system: 'crm', value: 'C-1' },
  kind: 'order',
  at: '2026-11-20T10:00:00+08:00',
  amount: { amount: '12.50', currency: 'CNY' },
};

async function openDesk(t: Test) {
  const desk = await openTestDesk(t);
  const customer = async (name: string) =>
    (await desk.rest('POST /v1/customers', { name, externalIds: { crm: name } })).body.id as string;
  const [one, two] = [await customer('C-1'), await customer('C-2')];
  return { desk, one, two, put: putterOf(desk) };
}

const putterOf =
  (desk: TestDesk) =>
  (name: string, body: object): Promise<Answer> =>
    desk.rest(`PUT /v1/activities/by-external-id/crm/${name}`, body);

/** How often each customer is to be looked at, and when. */
async function reviews(desk: TestDesk): Promise<Record<string, string[]>> {
  const { rows } = await desk.desk.db.pool.query<{ name: string; due: Date }>(
    `select c.name, r.due from tier_reviews r join customers c on (c.workspace_id, c.id) = (r.workspace_id, r.customer_id)
      where r.workspace_id = $1 order by c.name, r.due`,
    [desk.workspaceId],
  );
  const due: Record<string, string[]> = {};
  for (const { name, due: at } of rows) due[name] = [...(due[name] ?? []), at.toISOString()];
  return due;
}

async function forgetReviews(desk: TestDesk): Promise<void> {
  await desk.desk.db.pool.query('delete from tier_reviews where workspace_id = $1', [desk.workspaceId]);
}

async function events(desk: TestDesk): Promise<string[]> {
  const { rows } = await desk.desk.db.pool.query<{ type: string }>(
    `select type from events where workspace_id = $1 and type like 'activity.%' order by tx, id`,
    [desk.workspaceId],
  );
  return rows.map(({ type }) => type);
}

test('an activity is told, told again, told otherwise, and taken back', async (t) => {
  const { desk, one, two, put } = await openDesk(t);
  const made = await put('O-1', ORDER);
  t.match(made, {
    status: 201,
    body: {
      result: 'created',
      activity: {
        customerId: one,
        contactId: null,
        kind: 'order',
        at: '2026-11-20T02:00:00Z',
        amount: { amount: '12.50', currency: 'CNY' },
        baseAmount: '12.50',
        title: null,
        details: {},
        externalIds: { crm: 'O-1' },
        version: 1,
      },
    },
  });
  const { id } = made.body.activity;
  t.strictSame((await desk.rest(`GET /v1/activities/${id}`)).body, made.body.activity);
  t.strictSame((await desk.rest('GET /v1/activities/by-external-id/crm/O-1')).body, made.body.activity);
  t.strictSame(await reviews(desk), { 'C-1': ['2026-11-24T02:00:00.000Z'] });

  await forgetReviews(desk);
  for (const amount of ['12.50', '12.5', '012.5000']) {
    const again = await put('O-1', { ...ORDER, amount: { amount, currency: 'CNY' } });
    t.match(again, { status: 200, body: { result: 'unchanged', activity: { version: 1 } } }, amount);
  }
  t.strictSame(await reviews(desk), {}, 'nobody is looked at for what changes nothing');

  const moved = await put('O-1', {
    ...ORDER,
    customerExternalId: { system: 'crm', value: 'C-2' },
    title: 'Spare parts',
  });
  t.match(moved.body, { result: 'updated', activity: { customerId: two, title: 'Spare parts', version: 2 } });
  t.strictSame(Object.keys(await reviews(desk)), ['C-1', 'C-2'], 'both are looked at');
  const kept = await put('O-1', { kind: 'order', at: ORDER.at });
  t.match(kept.body, { result: 'unchanged', activity: { title: 'Spare parts', amount: { amount: '12.50' } } });

  await forgetReviews(desk);
  t.match(await desk.rest(`DELETE /v1/activities/${id}`), { status: 200, body: { id } });
  t.strictSame(Object.keys(await reviews(desk)), ['C-2']);
  t.equal((await desk.rest(`GET /v1/activities/${id}`)).status, 404);
  t.equal((await desk.rest('GET /v1/activities/by-external-id/crm/O-1')).status, 404);
  const changed = await desk.rest('GET /v1/activities?updatedAfter=2026-01-01T00:00:00Z');
  t.match(changed.body, { data: [], deleted: [{ id }] });
  t.strictSame(await events(desk), ['activity.created', 'activity.updated', 'activity.deleted']);
  t.match(await put('O-1', ORDER), { status: 201, body: { result: 'created' } }, 'its name is free again');
});

test('what cannot be is refused by path', async (t) => {
  const { desk, two, put } = await openDesk(t);
  const contact = await desk.rest('POST /v1/contacts', {
    name: 'Of two',
    customerId: two,
    externalIds: { crm: 'P-2' },
  });
  const nobody = await desk.rest('POST /v1/contacts', { name: 'Of nobody' });
  const cases: [string, object, number, string, string][] = [
    ['an order without amount', { amount: null }, 422, 'amount', 'required'],
    ['a refund without amount', { kind: 'refund', amount: null }, 422, 'amount', 'required'],
    ['a negative amount', { amount: { amount: '-1', currency: 'CNY' } }, 422, 'amount.amount', 'invalid_format'],
    ['no currency', { amount: { amount: '1', currency: 'ZZZ' }, baseAmount: '1' }, 422, 'amount.currency', 'invalid'],
    ['five places', { amount: { amount: '1.00001', currency: 'CNY' } }, 422, 'amount.amount', 'invalid_format'],
    ['a number', { amount: { amount: 12.5, currency: 'CNY' } }, 422, 'amount.amount', 'invalid_type'],
    ['another currency alone', { amount: { amount: '1', currency: 'EUR' } }, 422, 'baseAmount', 'required'],
    ['a base amount that differs', { baseAmount: '13' }, 422, 'baseAmount', 'mismatch'],
    ['a base amount of nothing', { kind: 'visit', amount: null, baseAmount: '1' }, 422, 'baseAmount', 'mismatch'],
    ['the day after tomorrow', { at: '2026-11-25T02:00:01Z' }, 422, 'at', 'in_future'],
    ['another kind', { kind: 'theft' }, 422, 'kind', 'invalid_value'],
    ['nobody', { customerExternalId: undefined }, 422, 'customerId', 'required'],
    [
      'a contact of nobody',
      { customerExternalId: undefined, contactId: nobody.body.id },
      422,
      'customerId',
      'required',
    ],
    ['the contact of another', { contactId: contact.body.id }, 422, 'contactId', 'mismatch'],
    [
      'the contact of another by name',
      { contactExternalId: { system: 'crm', value: 'P-2' } },
      422,
      'contactExternalId',
      'mismatch',
    ],
    ['two customers', { customerId: two }, 422, 'customerExternalId', 'invalid'],
    [
      'an unknown customer',
      { customerExternalId: { system: 'crm', value: 'C-9' } },
      404,
      'customerExternalId',
      'not_found',
    ],
    [
      'an unknown contact',
      { contactExternalId: { system: 'crm', value: 'P-9' } },
      404,
      'contactExternalId',
      'not_found',
    ],
    ['too much', { details: { text: 'x'.repeat(8200) } }, 422, 'details', 'invalid'],
    ['another name than the path', { externalIds: { crm: 'O-2' } }, 422, 'externalIds.crm', 'mismatch'],
  ];
  for (const [what, part, status, path, code] of cases) {
    const { customerExternalId, ...rest } = { ...ORDER, ...part } as Record<string, unknown>;
    const body = customerExternalId === undefined ? rest : { customerExternalId, ...rest };
    t.match(await put('O-1', body), { status, body: { errors: [{ path, code }] } }, what);
  }
  t.match(await put('O-1', { ...ORDER, amount: null }), { body: { detail: /An order has an amount/ } });
  t.match(await desk.rest('PATCH /v1/workspace', { currency: 'ZZZ' }), {
    status: 422,
    body: { errors: [{ path: 'currency' }] },
  });
  t.strictSame(await reviews(desk), {});
  t.match(
    await put('O-1', { ...ORDER, at: '2026-11-25T02:00:00Z' }),
    { status: 201 },
    'a day ahead is a time zone away',
  );
  await put('O-2', ORDER);
  const taken = await put('O-1', { ...ORDER, externalIds: { crm: 'O-1', erp: '7' } });
  t.match(taken, { status: 200 });
  t.match(await put('O-2', { ...ORDER, externalIds: { erp: '7' } }), {
    status: 409,
    body: { errors: [{ path: 'externalIds.erp' }] },
  });
});

test('money in another currency, and of visits that have none', async (t) => {
  const { desk, put } = await openDesk(t);
  const abroad = { ...ORDER, amount: { amount: '100', currency: 'EUR' }, baseAmount: '780.1234' };
  t.match((await put('O-1', abroad)).body.activity, {
    amount: { amount: '100.00', currency: 'EUR' },
    baseAmount: '780.1234',
  });
  t.match((await put('O-1', abroad)).body, { result: 'unchanged' });
  const { baseAmount: _base, ...without } = abroad;
  t.match((await put('O-1', without)).body, { result: 'unchanged' }, 'the same amount keeps its base');
  const more = { ...without, amount: { amount: '101', currency: 'EUR' } };
  t.match(await put('O-1', more), { status: 422, body: { errors: [{ path: 'baseAmount' }] } });
  t.match((await put('O-1', ORDER)).body.activity, { amount: { currency: 'CNY' }, baseAmount: '12.50' });
  t.match(
    (await put('O-2', { ...ORDER, baseAmount: '12.5' })).body,
    { result: 'created' },
    'the same said twice is no fault',
  );
  t.match((await put('V-1', { ...ORDER, kind: 'visit', amount: null })).body.activity, {
    amount: null,
    baseAmount: null,
  });
  t.match(await desk.rest('PATCH /v1/workspace', { currency: 'EUR' }), {
    status: 409,
    body: { code: 'in_use', errors: [{ path: 'currency' }] },
  });
  t.match(await desk.rest('PATCH /v1/workspace', { currency: 'CNY' }), { status: 200 });
});

test('a contact brings the customer; who they belong to later changes nothing that was', async (t) => {
  const { desk, one, two, put } = await openDesk(t);
  const contact = await desk.rest('POST /v1/contacts', { name: 'Wang', customerId: one, externalIds: { crm: 'P-1' } });
  const visit = { kind: 'visit', at: ORDER.at, contactExternalId: { system: 'crm', value: 'P-1' } };
  t.match((await put('V-1', visit)).body.activity, { customerId: one, contactId: contact.body.id });
  await desk.rest(`PATCH /v1/contacts/${contact.body.id}`, { customerId: two });
  t.match((await put('V-1', visit)).body, { result: 'unchanged', activity: { customerId: one } });
  t.match((await put('V-2', visit)).body.activity, { customerId: two });
  t.match(await desk.rest(`DELETE /v1/contacts/${contact.body.id}`), { status: 409, body: { code: 'in_use' } });
  t.match(await desk.rest(`DELETE /v1/customers/${one}`), { status: 409, body: { code: 'in_use' } });
});

test('lists are narrowed, newest first', async (t) => {
  const { desk, one, put } = await openDesk(t);
  const at = (day: number) => `2026-11-${String(day).padStart(2, '0')}T00:00:00Z`;
  for (const day of [3, 1, 2]) await put(`O-${day}`, { ...ORDER, at: at(day) });
  await put('R-4', { ...ORDER, kind: 'refund', at: at(4), customerExternalId: { system: 'crm', value: 'C-2' } });
  const names = async (query: string) =>
    (await desk.rest(`GET /v1/activities?${query}`)).body.data.map(
      (row: { externalIds: { crm: string } }) => row.externalIds.crm,
    );
  t.strictSame(await names(''), ['R-4', 'O-2', 'O-1', 'O-3']);
  t.strictSame(await names(`customerId=${one}`), ['O-3', 'O-2', 'O-1']);
  t.strictSame(await names(`customerId=${one}&from=${at(2)}&to=${at(3)}`), ['O-2']);
  t.strictSame(await names('kind=refund,visit'), ['R-4']);
  t.strictSame(await names('externalSystem=crm&externalId=O-1'), ['O-1']);
  t.strictSame(await names('externalSystem=crm&externalId=O-9'), []);
  const [first] = (await desk.rest('GET /v1/activities?limit=1&include=customer')).body.data;
  t.equal(first.customer.name, 'C-2');
});

test('the same through GraphQL', async (t) => {
  const { desk, one } = await openDesk(t);
  const tell = `mutation ($input: UpsertActivityByExternalIdInput!) { upsertActivityByExternalId(input: $input) {
    outcome { result activity { id baseAmount amount { amount currency } customer { name } } } errors { code errors { path } } } }`;
  const input = { system: 'crm', value: 'O-1', ...ORDER };
  const first = await desk.graphql(tell, { input });
  t.equal(first.body.errors, undefined, JSON.stringify(first.body.errors));
  t.match(first.body.data.upsertActivityByExternalId, {
    outcome: {
      result: 'created',
      activity: { amount: { amount: '12.50', currency: 'CNY' }, customer: { name: 'C-1' } },
    },
    errors: [],
  });
  t.match((await desk.graphql(tell, { input })).body.data.upsertActivityByExternalId, {
    outcome: { result: 'unchanged' },
  });
  const refused = await desk.graphql(tell, { input: { ...input, value: 'O-2', amount: null } });
  t.match(refused.body.data.upsertActivityByExternalId, {
    outcome: null,
    errors: [{ code: 'validation_failed', errors: [{ path: 'amount' }] }],
  });
  const listed = await desk.graphql(
    `{ activities(filter: { customerId: "${one}", kind: [order] }) { nodes { externalIds } } }`,
  );
  t.strictSame(listed.body.data.activities.nodes, [{ externalIds: { crm: 'O-1' } }]);
});

test('whichever line of a customer is saved has the customer looked at', async (t) => {
  const { desk } = await openDesk(t);
  await desk.desk.db.pool.query("alter table activities add constraint odd check (title <> 'odd')");
  const { customerExternalId: _c, ...order } = ORDER;
  const line = (name: string, customer: string, title: string) => ({
    ...{ ...order, externalIds: { crm: name }, title },
    customerExternalId: { system: 'crm', value: customer },
  });
  const lines = [line('O-1', 'C-1', 'odd'), line('O-2', 'C-1', 'even'), line('O-3', 'C-2', 'odd')];
  t.strictSame(statuses(await sendLines(desk, desk, 'activities', lines)), ['error', 'created', 'error']);
  t.strictSame(await reviews(desk), { 'C-1': ['2026-11-24T02:00:30.000Z'] }, 'of C-2 nothing was saved');

  await forgetReviews(desk);
  const many = Array.from({ length: 20 }, (_, n) => line(`P-${n}`, `C-${1 + (n % 2)}`, 'even'));
  await sendLines(desk, desk, 'activities', many);
  const due = ['2026-11-24T02:00:30.000Z'];
  t.strictSame(await reviews(desk), { 'C-1': due, 'C-2': due }, 'once, however many lines there are');
});

test('in bulk: each line its result, each customer one look at the end of the span', async (t) => {
  const { desk } = await openDesk(t);
  const { customerExternalId: _c, ...order } = ORDER;
  const line = (name: string, customer: string, part: object = {}) => ({
    ...order,
    externalIds: { crm: name },
    customerExternalId: { system: 'crm', value: customer },
    ...part,
  });
  const lines = [
    line('O-1', 'C-1'),
    line('O-2', 'C-1'),
    line('O-3', 'C-9'),
    line('O-4', 'C-2'),
    line('O-1', 'C-1', { title: 'again, otherwise' }),
    line('O-2', 'C-1'),
    { ...line('O-5', 'C-1'), externalIds: {} },
    { ...line('O-5', 'C-1'), externalIds: { crm: 'O-5', erp: '1' } },
    { ...line('O-5', 'C-1'), externalIds: { crm: 'O-5', erp: '1' }, system: 'erp' },
    line('O-6', 'C-1', { contactId: 'con_1' }),
  ];
  desk.wall.now += 7000;
  const results = await sendLines(desk, desk, 'activities', lines);
  t.match(results, [
    { line: 1, status: 'created' },
    { status: 'created' },
    { line: 3, status: 'error', errors: [{ path: 'customerExternalId', code: 'not_found' }] },
    { status: 'created' },
    { status: 'updated', id: results[0]!.id! },
    { status: 'unchanged', id: results[1]!.id! },
    { status: 'error', errors: [{ path: 'externalIds', code: 'required' }] },
    { status: 'error', errors: [{ path: 'system', code: 'required' }] },
    { status: 'created' },
    { status: 'error', errors: [{ path: 'contactId', code: 'invalid_format' }] },
  ]);
  const due = '2026-11-24T02:00:30.000Z';
  const looks = await reviews(desk);
  t.strictSame(looks['C-2'], [due]);
  t.ok(looks['C-1']!.length <= 2 && looks['C-1']!.every((at) => at === due), 'one for each part of the batch');

  await forgetReviews(desk);
  const again = await sendLines(desk, desk, 'activities', lines.slice(1, 4));
  t.strictSame(statuses(again), ['unchanged', 'error', 'unchanged']);
  t.strictSame(await reviews(desk), {});
  const events_ = await events(desk);
  t.equal(events_.filter((type) => type === 'activity.created').length, 4);
});
