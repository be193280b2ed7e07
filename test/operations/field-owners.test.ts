/** Field owners: two systems feed one customer, and each changes what is its own. */

import { test } from 'tap';
import { sendLines } from '../support/bulk.ts';
import { openTestDesk } from '../support/desk.ts';

test('owners are said, changed and given up; only what can be owned', async (t) => {
  const desk = await openTestDesk(t);
  t.strictSame((await desk.rest('GET /v1/field-owners')).body, { customers: {}, contacts: {} });
  const put = (body: object) => desk.rest('PUT /v1/field-owners', body);
  const first = {
    customers: { name: 'crm', 'profile.industry': 'erp', figures: 'shop' },
    contacts: { identities: 'crm' },
  };
  t.match(await put(first), { status: 200, body: first });
  t.match(
    (await put({ customers: { 'profile.industry': null, 'figures.ltv': 'erp', notes: null, name: 'erp' } })).body,
    {
      customers: { name: 'erp', figures: 'shop', 'figures.ltv': 'erp' },
      contacts: { identities: 'crm' },
    },
  );
  const now = (await desk.rest('GET /v1/field-owners')).body;
  t.strictSame(now.customers, { figures: 'shop', 'figures.ltv': 'erp', name: 'erp' });
  const cases: [string, string][] = [
    ['customers', 'nmae'],
    ['customers', 'externalIds'],
    ['customers', 'tier'],
    ['customers', 'profile.nothing'],
    ['customers', 'figures.Not A Key'],
    ['contacts', 'profile'],
    ['contacts', 'figures.ltv'],
  ];
  for (const [resource, field] of cases) {
    const answer = await put({ [resource]: { [field]: 'crm', name: 'crm' } });
    t.match(answer, { status: 422, body: { errors: [{ path: `${resource}.${field}`, code: 'unknown_key' }] } });
  }
  t.match(await put({ customers: { name: 'Not a key' } }), {
    status: 422,
    body: { errors: [{ path: 'customers.name' }] },
  });
  t.strictSame((await desk.rest('GET /v1/field-owners')).body, now);
  const { rows } = await desk.desk.db.pool.query(`select 1 from events where type = 'fieldOwners.changed'`);
  t.equal(rows.length, 2);
  const manager = await desk.as('agent');
  t.equal((await manager.rest('PUT /v1/field-owners', first)).status, 403);
});

test('an upsert leaves alone what belongs to another system, and says so', async (t) => {
  const desk = await openTestDesk(t);
  await desk.rest('PUT /v1/field-owners', {
    customers: { name: 'crm', 'profile.industry': 'crm', figures: 'shop', 'figures.ltv': 'erp', tags: 'crm' },
    contacts: { identities: 'crm', customerId: 'crm' },
  });
  const erp = (body: object) => desk.rest('PUT /v1/customers/by-external-id/erp/E1', body);
  const made = await erp({ name: 'By erp', profile: { industry: 'i' }, externalIds: { crm: '1' }, tags: ['erp'] });
  t.match(
    made.body,
    { result: 'created', kept: [], customer: { name: 'By erp', profile: { industry: 'i' } } },
    'who creates says all',
  );

  const told = await erp({
    name: 'Erp again',
    profile: { industry: 'j', size: 'small' },
    figures: { ltv: 5, seats: 3 },
    tags: ['erp'],
    notes: 'n',
  });
  t.match(told.body, {
    result: 'updated',
    customer: { name: 'By erp', profile: { industry: 'i', size: 'small' }, figures: { ltv: 5 }, notes: 'n' },
  });
  t.strictSame(
    told.body.kept,
    ['name', 'profile.industry', 'figures.seats'],
    'tags were the same: nothing was kept back',
  );
  t.notOk('seats' in told.body.customer.figures);
  const crm = await desk.rest('PUT /v1/customers/by-external-id/crm/1', { name: 'By crm', figures: { ltv: 6 } });
  t.match(crm.body, { result: 'updated', customer: { name: 'By crm', figures: { ltv: 5 } }, kept: ['figures.ltv'] });
  t.match((await erp({ name: 'Erp again' })).body, { result: 'unchanged', kept: ['name'] });
  t.match(
    (await desk.rest('PUT /v1/customers/by-external-id/crm/1', { name: 'By crm', profile: { industry: null } })).body,
    {
      result: 'updated',
      kept: [],
    },
  );
  t.match((await erp({ name: 'By crm', profile: { industry: null } })).body, { result: 'unchanged', kept: [] });

  const id = made.body.customer.id;
  t.match((await desk.rest(`PATCH /v1/customers/${id}`, { name: 'By hand', figures: { seats: 1 } })).body, {
    name: 'By hand',
    figures: { seats: 1 },
  });

  const lines = [
    { externalIds: { erp: 'E1' }, name: 'Line' },
    { externalIds: { crm: '1' }, name: 'Line' },
    { externalIds: { erp: 'E2' }, name: 'New' },
  ];
  const dry = await sendLines(desk, desk, 'customers', lines.slice(1, 2), '?dryRun=true');
  t.strictSame(dry, [{ line: 1, status: 'valid' }]);
  const results = await sendLines(desk, desk, 'customers', lines);
  t.match(results, [{ status: 'unchanged', kept: ['name'] }, { status: 'updated' }, { status: 'created' }]);
  t.notOk('kept' in results[1]!);

  const contact = (system: string, body: object) =>
    desk.rest(`PUT /v1/contacts/by-external-id/${system}/P`, { name: 'P', ...body });
  await contact('crm', {
    externalIds: { erp: 'P' },
    customerId: id,
    identities: [{ kind: 'email', value: 'a@example.com' }],
  });
  const kept = await contact('erp', {
    customerExternalId: { system: 'erp', value: 'E2' },
    identities: [{ kind: 'email', value: 'B@example.com' }],
    title: 'Boss',
  });
  t.match(kept.body, { result: 'updated', contact: { customerId: id, title: 'Boss' } });
  t.strictSame(kept.body.kept.sort(), ['customerId', 'identities']);
  t.match((await contact('erp', { identities: [{ kind: 'email', value: 'A@example.com' }] })).body, {
    result: 'unchanged',
    kept: [],
  });
});

test('the same through GraphQL', async (t) => {
  const desk = await openTestDesk(t);
  const set = await desk.graphql(
    'mutation ($input: SetFieldOwnersInput!) { setFieldOwners(input: $input) { fieldOwners { customers } errors { code } } }',
    { input: { customers: { name: 'crm' } } },
  );
  t.strictSame(set.body.data.setFieldOwners, { fieldOwners: { customers: { name: 'crm' } }, errors: [] });
  t.strictSame((await desk.graphql('{ fieldOwners { customers contacts } }')).body.data.fieldOwners, {
    customers: { name: 'crm' },
    contacts: {},
  });
  const upsert = `mutation ($name: String!) { upsertCustomerByExternalId(input: { system: "erp", value: "1", name: $name }) {
    outcome { result kept customer { name } } } }`;
  await desk.graphql(upsert, { name: 'A' });
  const again = await desk.graphql(upsert, { name: 'B' });
  t.match(again.body.data.upsertCustomerByExternalId.outcome, {
    result: 'unchanged',
    kept: ['name'],
    customer: { name: 'A' },
  });
});
