/** Customers, their tiers over time and their contacts, through both doors. */

import { type Test, test } from 'tap';
import { newId } from '../../src/ids.ts';
import { type Caller, openTestDesk, START, type TestDesk } from '../support/desk.ts';

async function deskWithTiers(t: Test): Promise<TestDesk> {
  const desk = await openTestDesk(t);
  for (const key of ['core', 'potential', 'normal']) await desk.rest('POST /v1/tiers', { key, name: key });
  return desk;
}

async function makeCustomer(desk: Caller, body: object = {}) {
  const answer = await desk.rest('POST /v1/customers', { name: '东方精密机械', ...body });
  return answer.body;
}

async function makeContact(desk: Caller, body: object = {}) {
  const answer = await desk.rest('POST /v1/contacts', { name: '王芳', ...body });
  return answer.body;
}

/** How many events of these types the feed holds. */
async function countEvents(desk: TestDesk, type: string): Promise<number> {
  const { rows } = await desk.desk.db.pool.query<{ count: string }>(
    'select count(*) from events where workspace_id = $1 and type = $2',
    [desk.workspaceId, type],
  );
  return Number(rows[0]!.count);
}

const idsOf = (body: { data: { id: string }[] }) => body.data.map(({ id }) => id);

test('customers', async (t) => {
  const desk = await deskWithTiers(t);

  await t.test('a customer begins in the last tier', async (t) => {
    const made = await desk.rest('POST /v1/customers', {
      name: ' 东方精密机械 ',
      profile: { industry: '机械制造', goals: null },
      tags: ['注重售后'],
      externalIds: { crm: '42' },
      timeZone: 'Asia/Shanghai',
    });
    t.match(made, { status: 201, headers: { etag: '"1"' } });
    t.match(made.body, { name: '东方精密机械', tier: 'normal', tierSince: '2026-11-24T02:00:00Z', notes: null });
    t.match(made.body.profile, { industry: '机械制造', goals: null, dislikes: null });
    const read = await desk.rest(`GET /v1/customers/${made.body.id}`);
    t.strictSame(read.body, made.body);
    t.strictSame((await desk.rest('GET /v1/customers/by-external-id/crm/42')).body, made.body);
    const history = await desk.rest(`GET /v1/customers/${made.body.id}/tiers`);
    t.match(history.body.data, [{ position: 1, tier: 'normal', source: 'default', reason: null, validTo: null }]);
    t.equal(history.body.data.length, 1);
  });

  await t.test('a tier can be named at the beginning; it must be one', async (t) => {
    const made = await makeCustomer(desk, { tier: 'core' });
    t.equal(made.tier, 'core');
    const history = await desk.rest(`GET /v1/customers/${made.id}/tiers`);
    t.match(history.body.data, [{ tier: 'core', source: 'manual' }]);
    t.match(await desk.rest('POST /v1/customers', { name: 'x', tier: 'gold' }), {
      status: 422,
      body: { errors: [{ path: 'tier', code: 'unknown_key' }] },
    });
  });

  await t.test('without tiers there is none', async (t) => {
    const { caller } = await desk.otherWorkspace();
    const made = await makeCustomer(caller);
    t.match(made, { tier: null, tierSince: null });
    t.strictSame((await caller.rest(`GET /v1/customers/${made.id}/tiers`)).body.data, []);
    await caller.rest('POST /v1/tiers', { key: 'only', name: 'Only' });
    const given = await caller.rest(`POST /v1/customers/${made.id}/tier`, { tier: 'only', reason: 'first' });
    t.equal(given.body.tier, 'only');
    t.match((await caller.rest(`GET /v1/customers/${made.id}/tiers`)).body.data, [{ position: 1, tier: 'only' }]);
  });

  await t.test('a merge patch: what is left out stays, null empties', async (t) => {
    const made = await makeCustomer(desk, {
      profile: { industry: 'steel', size: '200' },
      externalIds: { erp: 'a', old: 'b' },
      notes: 'n',
      language: 'zh-CN',
    });
    const line = `PATCH /v1/customers/${made.id}`;
    const patched = await desk.rest(line, {
      profile: { size: null, goals: 'grow' },
      externalIds: { old: null, erp: 'a2' },
      notes: null,
    });
    t.match(patched, { status: 200, headers: { etag: '"2"' }, body: { notes: null, language: 'zh-CN', version: 2 } });
    t.match(patched.body.profile, { industry: 'steel', size: null, goals: 'grow' });
    t.strictSame(patched.body.externalIds, { erp: 'a2' });
    t.equal((await desk.rest('GET /v1/customers/by-external-id/erp/a2')).body.id, made.id);
    t.equal((await desk.rest('GET /v1/customers/by-external-id/erp/a')).status, 404);
    t.equal((await desk.rest('GET /v1/customers/by-external-id/old/b')).status, 404);
    t.equal((await desk.rest(line, { notes: null, profile: { goals: 'grow' } })).body.version, 2, 'nothing new');
    t.match(await desk.rest(line, { name: null }), { status: 422, body: { errors: [{ path: 'name' }] } });
    t.match(await desk.rest(line, { tags: null }), { status: 422, body: { errors: [{ path: 'tags' }] } });
  });

  await t.test('a patch takes no tier and no unknown field', async (t) => {
    const { id } = await makeCustomer(desk);
    const tier = await desk.rest(`PATCH /v1/customers/${id}`, { tier: 'core' });
    t.match(tier, { status: 422, body: { errors: [{ path: 'tier', code: 'unknown_field' }] } });
    t.match(tier.body.errors[0].message, /setCustomerTier/);
    const other = await desk.rest(`PATCH /v1/customers/${id}`, { colour: 'red', profile: { weather: 'x' } });
    t.match(other.body.errors.map(({ path }: { path: string }) => path).sort(), ['colour', 'profile.weather']);
  });

  await t.test('If-Match refuses what was changed since', async (t) => {
    const { id } = await makeCustomer(desk);
    const line = `PATCH /v1/customers/${id}`;
    t.equal((await desk.rest(line, { notes: 'a' }, { 'if-match': '"1"' })).status, 200);
    t.match(await desk.rest(line, { notes: 'b' }, { 'if-match': '"1"' }), { status: 412 });
    t.equal((await desk.rest(`DELETE /v1/customers/${id}`, undefined, { 'if-match': '"1"' })).status, 412);
    const stale = await desk.graphql(
      `mutation { updateCustomer(input: { customerId: "${id}", notes: "c", expectedVersion: 1 }) { errors { code } } }`,
    );
    t.equal(stale.body.data.updateCustomer.errors[0].code, 'version_mismatch');
  });

  await t.test('a channel is one of the workspace', async (t) => {
    t.match(await desk.rest('POST /v1/customers', { name: 'x', preferredChannel: 'pigeon' }), {
      status: 422,
      body: { errors: [{ path: 'preferredChannel', code: 'unknown_key' }] },
    });
    await desk.rest('PUT /v1/terms/channel/phone', { name: 'Phone', category: 'live' });
    t.equal((await makeCustomer(desk, { preferredChannel: 'phone' })).preferredChannel, 'phone');
  });

  await t.test('one external id, one customer', async (t) => {
    const first = await makeCustomer(desk, { externalIds: { unique: '1' } });
    const taken = await desk.rest('POST /v1/customers', { name: 'y', externalIds: { unique: '1' } });
    t.match(taken, { status: 409, body: { code: 'already_exists', errors: [{ path: 'externalIds.unique' }] } });
    const second = await makeCustomer(desk, { externalIds: { unique: '2' } });
    t.equal((await desk.rest(`PATCH /v1/customers/${second.id}`, { externalIds: { unique: '1' } })).status, 409);
    t.equal((await desk.rest(`DELETE /v1/customers/${first.id}`)).status, 200);
    t.equal((await desk.rest(`PATCH /v1/customers/${second.id}`, { externalIds: { unique: '1' } })).status, 200);
  });

  await t.test('of many who bring the same external id at once, one is first', async (t) => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => desk.rest('POST /v1/customers', { name: 'z', externalIds: { race: '1' } })),
    );
    t.strictSame(answers.map(({ status }) => status).sort(), [201, ...Array(9).fill(409)]);
  });
});

test('an upsert by external id', async (t) => {
  const desk = await deskWithTiers(t);
  const line = 'PUT /v1/customers/by-external-id/crm/A%2F1';
  const body = { name: '华东重工', tags: ['a'], profile: { industry: 'steel' }, externalIds: { erp: '9' } };

  await t.test('creates, then changes nothing, then updates', async (t) => {
    const created = await desk.rest(line, { ...body, tier: 'core' });
    t.match(created, { status: 201, body: { result: 'created', customer: { tier: 'core', version: 1 } } });
    t.strictSame(created.body.customer.externalIds, { erp: '9', crm: 'A/1' });
    const events = await countEvents(desk, 'customer.updated');
    const repeated = await desk.rest(line, { ...body, tier: 'normal' });
    t.match(repeated, { status: 200, body: { result: 'unchanged' } });
    t.strictSame(repeated.body.customer, created.body.customer, 'the tier is only for the beginning');
    t.equal(await countEvents(desk, 'customer.updated'), events);
    const updated = await desk.rest(line, { name: '华东重工集团', profile: { industry: null } });
    t.match(updated, { status: 200, body: { result: 'updated', customer: { version: 2, tags: ['a'] } } });
    t.equal(updated.body.customer.profile.industry, null);
    t.equal((await desk.rest('GET /v1/customers/by-external-id/crm/A%2F1')).body.name, '华东重工集团');
  });

  await t.test('through GraphQL too', async (t) => {
    const document = `mutation ($input: UpsertCustomerByExternalIdInput!) {
      upsertCustomerByExternalId(input: $input) { outcome { result customer { id name } } errors { code errors { path } } } }`;
    const run = async (input: object) => {
      const answer = await desk.graphql(document, { input: { system: 'crm', value: 'A/1', ...input } });
      return answer.body.data.upsertCustomerByExternalId;
    };
    t.equal((await run({ name: '华东重工集团' })).outcome.result, 'unchanged');
    t.match(await run({ name: 'x', externalIds: { crm: 'B' } }), {
      outcome: null,
      errors: [{ code: 'validation_failed', errors: [{ path: 'externalIds.crm' }] }],
    });
    const read = await desk.graphql('{ customerByExternalId(system: "crm", value: "A/1") { name } }');
    t.equal(read.body.data.customerByExternalId.name, '华东重工集团');
  });

  await t.test('If-Match speaks of the customer, changed or not', async (t) => {
    const input = { name: '华东重工集团' };
    t.equal((await desk.rest(line, input, { 'if-match': '"2"' })).status, 200);
    t.equal((await desk.rest(line, input, { 'if-match': '"1"' })).status, 412);
    t.equal((await desk.rest('PUT /v1/customers/by-external-id/crm/new', input, { 'if-match': '"1"' })).status, 412);
    t.equal((await desk.rest('GET /v1/customers/by-external-id/crm/new')).status, 404);
  });

  await t.test('at most twenty names in all', async (t) => {
    const externalIds = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`s${n}`, 'many']));
    for (const path of ['customers', 'contacts']) {
      const full = await desk.rest(`PUT /v1/${path}/by-external-id/s0/many`, { name: 'x', externalIds });
      t.equal(full.status, 201);
      const fresh = Object.fromEntries(Object.keys(externalIds).map((system) => [system, 'fresh']));
      const more = await desk.rest(`PUT /v1/${path}/by-external-id/crm/21`, { name: 'x', externalIds: fresh });
      t.match(more, { status: 422, body: { errors: [{ path: 'externalIds' }] } });
      const id = (full.body.customer ?? full.body.contact).id;
      const patch = await desk.rest(`PATCH /v1/${path}/${id}`, { externalIds: { more: '1' } });
      t.match(patch, { status: 422, body: { errors: [{ path: 'externalIds' }] } });
      t.equal((await desk.rest(`PATCH /v1/${path}/${id}`, { externalIds: { more: '1', s1: null } })).status, 200);
    }
  });

  await t.test('twenty at once make one', async (t) => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => desk.rest('PUT /v1/customers/by-external-id/crm/race', { name: 'Race' })),
    );
    const results = answers.map(({ body }) => body.result).sort();
    t.strictSame(results, ['created', ...Array(19).fill('unchanged')]);
    t.equal(new Set(answers.map(({ body: { customer } }) => customer.id)).size, 1);
  });

  await t.test('a contact likewise', async (t) => {
    const contact = 'PUT /v1/contacts/by-external-id/crm/7';
    const input = { name: '王芳', identities: [{ kind: 'phone', value: '138 0013 8000' }] };
    const created = await desk.rest(contact, input);
    t.match(created, { status: 201, body: { result: 'created' } });
    t.match(await desk.rest(contact, input), { status: 200, body: { result: 'unchanged' } });
    const updated = await desk.rest(contact, { name: '王芳', honorific: '女士', familyName: '王' });
    t.match(updated.body, { result: 'updated', contact: { salutation: '女士 王', identities: [{ kind: 'phone' }] } });
    t.equal((await desk.rest('GET /v1/contacts/by-external-id/crm/7')).body.id, created.body.contact.id);
    t.equal((await desk.rest('GET /v1/contacts/by-external-id/crm/8')).status, 404);
    const graphql = await desk.graphql(
      'mutation { upsertContactByExternalId(input: { system: "crm", value: "7", name: "王芳" }) { outcome { result } } }',
    );
    t.equal(graphql.body.data.upsertContactByExternalId.outcome.result, 'unchanged');
  });
});

test('the tier of a customer', async (t) => {
  const desk = await deskWithTiers(t);
  const { id } = await makeCustomer(desk);
  const history = async () => (await desk.rest(`GET /v1/customers/${id}/tiers`)).body.data;

  await t.test('is given by hand, with who, when and why', async (t) => {
    desk.wall.now = START + 3_600_000;
    const given = await desk.rest(`POST /v1/customers/${id}/tier`, { tier: 'core', reason: '年度框架合同' });
    t.match(given, { status: 200, body: { tier: 'core', tierSince: '2026-11-24T03:00:00Z', version: 2 } });
    t.match(await history(), [
      {
        position: 2,
        tier: 'core',
        validFrom: '2026-11-24T03:00:00Z',
        validTo: null,
        source: 'manual',
        reason: '年度框架合同',
      },
      { position: 1, tier: 'normal', validFrom: '2026-11-24T02:00:00Z', validTo: '2026-11-24T03:00:00Z' },
    ]);
    t.match((await history())[0].actor, /^key_/);
    const { rows } = await desk.desk.db.pool.query(`select data from events where type = 'customer.tierChanged'`);
    t.match(rows, [{ data: { from: 'normal', to: 'core', reason: '年度框架合同' } }]);
  });

  await t.test('given again is unchanged; for another reason it is the same tier, pinned anew', async (t) => {
    const again = await desk.rest(`POST /v1/customers/${id}/tier`, { tier: 'core', reason: '年度框架合同' });
    t.match(again, { status: 200, body: { version: 2 } });
    const other = await desk.rest(`POST /v1/customers/${id}/tier`, { tier: 'core', reason: 'again' });
    t.match(other, { status: 200, body: { version: 3, tierPin: { tier: 'core', reason: 'again', until: null } } });
    t.equal((await history()).length, 2);
    t.equal(await countEvents(desk, 'customer.tierChanged'), 1);
    t.equal(await countEvents(desk, 'customer.tierPinned'), 2);
  });

  await t.test('through GraphQL, where the history is paged', async (t) => {
    desk.wall.now = START + 7_200_000;
    const given = await desk.graphql(
      `mutation { setCustomerTier(input: { customerId: "${id}", tier: "potential", reason: "less" }) { customer { tier } errors { code } } }`,
    );
    t.equal(given.body.data.setCustomerTier.customer.tier, 'potential');
    const document = `query ($after: String) { customerTiers(first: 2, after: $after, filter: { customerId: "${id}" }) {
      nodes { tier source } pageInfo { hasNextPage endCursor } } }`;
    const first = (await desk.graphql(document)).body.data.customerTiers;
    t.strictSame(
      first.nodes.map(({ tier }: { tier: string }) => tier),
      ['potential', 'core'],
    );
    const after = first.pageInfo.endCursor;
    const second = (await desk.graphql(document, { after })).body.data.customerTiers;
    t.match(second, { nodes: [{ tier: 'normal', source: 'default' }], pageInfo: { hasNextPage: false } });
  });

  await t.test('needs a known key and a reason', async (t) => {
    const line = `POST /v1/customers/${id}/tier`;
    t.match(await desk.rest(line, { tier: 'gold', reason: 'x' }), {
      status: 422,
      body: { errors: [{ path: 'tier' }] },
    });
    t.match(await desk.rest(line, { tier: 'core' }), {
      status: 422,
      body: { errors: [{ path: 'reason', code: 'required' }] },
    });
    const lost = `POST /v1/customers/${newId('customer')}/tier`;
    t.equal((await desk.rest(lost, { tier: 'core', reason: 'x' })).status, 404);
    t.equal((await desk.rest('POST /v1/customers/nonsense/tier', { tier: 'core', reason: 'x' })).status, 404);
  });

  await t.test('changed by many at once, the history has no gap and no overlap', async (t) => {
    const other = await makeCustomer(desk);
    const keys = ['core', 'potential', 'normal'];
    const answers = await Promise.all(
      Array.from({ length: 9 }, (_, n) =>
        desk.rest(`POST /v1/customers/${other.id}/tier`, { tier: keys[n % 3], reason: `race ${n}` }),
      ),
    );
    t.ok(answers.every(({ status }) => status === 200));
    const { data } = (await desk.rest(`GET /v1/customers/${other.id}/tiers`)).body;
    t.equal(data.filter(({ validTo }: { validTo: string | null }) => validTo === null).length, 1);
    t.strictSame(
      data.map(({ position }: { position: number }) => position),
      data.map((_: unknown, n: number) => data.length - n),
    );
    t.equal(data[0].tier, (await desk.rest(`GET /v1/customers/${other.id}`)).body.tier);
  });
});

test('lists of customers', async (t) => {
  const desk = await deskWithTiers(t);
  const made: { id: string }[] = [];
  for (let n = 0; n < 5; n++) {
    desk.wall.now = START + n * 60_000;
    made.push(
      await makeCustomer(desk, {
        name: n === 2 ? 'Oriental Precision' : `客户${n}号`,
        tier: n < 2 ? 'core' : 'normal',
        tags: n === 3 ? ['注重售后'] : [],
        externalIds: { crm: `c-${n}` },
        notes: n === 4 ? '年底续签合同' : null,
      }),
    );
  }
  const ids = made.map(({ id }) => id);
  const list = async (query: string) => (await desk.rest(`GET /v1/customers?${query}`)).body;

  await t.test('newest first, page by page', async (t) => {
    const first = await desk.rest('GET /v1/customers?limit=2');
    t.strictSame(idsOf(first.body), [ids[4], ids[3]]);
    t.match(first.headers['link'], /rel="next"/);
    const second = await list(`limit=2&cursor=${first.body.nextCursor}`);
    t.strictSame(idsOf(second), [ids[2], ids[1]]);
    const third = await list(`limit=2&cursor=${second.nextCursor}`);
    t.strictSame([idsOf(third), third.nextCursor], [[ids[0]], null]);
    t.strictSame(idsOf(await list('sort=createdAt')), ids);
    t.equal((await desk.rest('GET /v1/customers?cursor=abc')).status, 400);
    t.equal((await desk.rest(`GET /v1/customers?sort=createdAt&cursor=${first.body.nextCursor}`)).status, 400);
    t.equal((await desk.rest('GET /v1/customers?sort=name')).status, 400);
    t.equal((await desk.rest('GET /v1/customers?colour=red')).status, 400);
  });

  await t.test('narrowed by tier, tag and external id', async (t) => {
    t.strictSame(idsOf(await list('tier=core&sort=createdAt')), ids.slice(0, 2));
    t.equal((await list('tier=core,normal')).data.length, 5);
    t.strictSame(await list('tier=gold'), { data: [], nextCursor: null });
    t.strictSame(idsOf(await list(`tag=${encodeURIComponent('注重售后')}`)), [ids[3]]);
    t.strictSame(idsOf(await list('externalSystem=crm&externalId=c-1')), [ids[1]]);
    t.strictSame(idsOf(await list('externalSystem=crm&externalId=c-1&tier=normal')), []);
    t.strictSame(idsOf(await list('externalSystem=crm&externalId=nobody')), []);
    t.match(await desk.rest('GET /v1/customers?externalId=c-1'), {
      status: 400,
      body: { errors: [{ path: 'externalSystem' }] },
    });
  });

  await t.test('searched in names, notes, tags and external ids', async (t) => {
    const search = async (q: string) => idsOf(await list(`q=${encodeURIComponent(q)}&sort=createdAt`));
    t.strictSame(await search('oriental preci'), [ids[2]]);
    t.strictSame(await search('续签'), [ids[4]]);
    t.strictSame(await search('售后'), [ids[3]]);
    t.strictSame(await search('c-0'), [ids[0]]);
    t.strictSame(await search('客户3号'), [ids[3]]);
    t.strictSame(await search('！？'), [], 'nothing in it can be searched for');
    t.equal((await desk.rest(`PATCH /v1/customers/${ids[0]}`, { name: '改名公司' })).status, 200);
    t.strictSame(await search('改名'), [ids[0]]);
    t.strictSame(await search('客户0号'), []);
  });

  await t.test('the same through GraphQL', async (t) => {
    const answer = await desk.graphql(
      '{ customers(first: 2, filter: { tier: ["normal"] }, sort: "createdAt") { edges { cursor node { id tier } } pageInfo { hasNextPage } } }',
    );
    const { edges, pageInfo } = answer.body.data.customers;
    t.strictSame(
      edges.map(({ node }: { node: { id: string } }) => node.id),
      [ids[2], ids[3]],
    );
    t.equal(pageInfo.hasNextPage, true);
    const next = await desk.graphql(
      `{ customers(first: 2, after: "${edges[0].cursor}", filter: { tier: ["normal"] }, sort: "createdAt") { nodes { id } } }`,
    );
    t.strictSame(
      next.body.data.customers.nodes.map(({ id }: { id: string }) => id),
      [ids[3], ids[4]],
    );
  });
});

test('what changed since, with what is gone', async (t) => {
  const desk = await deskWithTiers(t);
  const at = (minute: number) => {
    desk.wall.now = START + minute * 60_000;
  };
  const ids: string[] = [];
  for (let n = 0; n < 8; n++) {
    at(n);
    ids.push((await makeCustomer(desk, { name: `C${n}` })).id);
  }
  at(10);
  await desk.rest(`PATCH /v1/customers/${ids[0]}`, { notes: 'changed' });
  at(11);
  for (const gone of [1, 2, 3]) await desk.rest(`DELETE /v1/customers/${ids[gone]}`);
  at(12);
  await desk.rest(`DELETE /v1/customers/${ids[4]}`);
  await desk.rest(`PATCH /v1/customers/${ids[5]}`, { notes: 'changed' });

  const since = encodeURIComponent(new Date(START + 7 * 60_000).toISOString());
  await t.test('in one answer', async (t) => {
    const { body } = await desk.rest(`GET /v1/customers?updatedAfter=${since}`);
    t.strictSame(idsOf(body), [ids[7], ids[0], ids[5]]);
    t.strictSame(
      body.deleted,
      [1, 2, 3, 4].map((n) => ({ id: ids[n], deletedAt: `2026-11-24T02:${n === 4 ? 12 : 11}:00Z` })),
    );
    t.equal(body.nextCursor, null);
  });

  for (const limit of [1, 2, 3, 6]) {
    await t.test(`in pages of ${limit}, each exactly once`, async (t) => {
      const seen: string[] = [];
      const gone: string[] = [];
      let cursor: string | null = null;
      let pages = 0;
      do {
        const more: string = cursor === null ? '' : `&cursor=${cursor}`;
        const { body } = await desk.rest(`GET /v1/customers?updatedAfter=${since}&limit=${limit}${more}`);
        t.ok(body.data.length + body.deleted.length <= limit);
        seen.push(...idsOf(body));
        gone.push(...body.deleted.map(({ id }: { id: string }) => id));
        cursor = body.nextCursor;
        pages += 1;
      } while (cursor !== null && pages < 20);
      t.equal(pages, Math.ceil(7 / limit));
      t.strictSame(seen, [ids[7], ids[0], ids[5]]);
      t.strictSame(gone, [ids[1], ids[2], ids[3], ids[4]]);
    });
  }

  await t.test('through GraphQL', async (t) => {
    const { body } = await desk.graphql(
      `{ customers(first: 4, filter: { updatedAfter: "2026-11-24T02:11:00Z" }) { nodes { id } deleted { id } pageInfo { hasNextPage } } }`,
    );
    t.match(body.data.customers, { nodes: [], pageInfo: { hasNextPage: true } });
    t.equal(body.data.customers.deleted.length, 4);
  });

  await t.test('without updatedAfter nothing is said of what is gone', async (t) => {
    t.notOk('deleted' in (await desk.rest('GET /v1/customers')).body);
  });
});

test('deleting', async (t) => {
  const desk = await deskWithTiers(t);

  await t.test('a customer goes with its history and names', async (t) => {
    const { id } = await makeCustomer(desk, { externalIds: { crm: '1' } });
    await desk.rest(`POST /v1/customers/${id}/tier`, { tier: 'core', reason: 'x' });
    const gone = await desk.rest(`DELETE /v1/customers/${id}`);
    t.strictSame(gone.body, { id, deletedAt: '2026-11-24T02:00:00Z' });
    t.equal((await desk.rest(`GET /v1/customers/${id}`)).status, 404);
    t.equal((await desk.rest(`GET /v1/customers/${id}/tiers`)).status, 404);
    t.equal((await desk.rest('GET /v1/customers/by-external-id/crm/1')).status, 404);
    t.equal((await desk.rest(`DELETE /v1/customers/${id}`)).status, 404);
  });

  await t.test('not from under contacts', async (t) => {
    const { id } = await makeCustomer(desk);
    const contact = await makeContact(desk, { customerId: id });
    t.match(await desk.rest(`DELETE /v1/customers/${id}`), { status: 409, body: { code: 'in_use' } });
    await desk.rest(`PATCH /v1/contacts/${contact.id}`, { customerId: null });
    t.equal((await desk.rest(`DELETE /v1/customers/${id}`)).status, 200);
  });

  await t.test('not from under tickets', async (t) => {
    const { id } = await makeCustomer(desk, { tier: 'core' });
    const contact = await makeContact(desk);
    await addTicket(desk, id, contact.id);
    t.match(await desk.rest(`DELETE /v1/customers/${id}`), { status: 409, body: { code: 'in_use' } });
    t.match(await desk.rest(`DELETE /v1/contacts/${contact.id}`), { status: 409, body: { code: 'in_use' } });
    const refused = await desk.graphql(
      `mutation { deleteCustomer(input: { customerId: "${id}" }) { deleted { id } errors { code } } }`,
    );
    t.equal(refused.body.data.deleteCustomer.errors[0].code, 'in_use');
    await desk.rest(`POST /v1/customers/${id}/tier`, { tier: 'normal', reason: 'x' });
  });

  await t.test('a contact goes with its identities', async (t) => {
    const identities = [{ kind: 'email', value: 'gone@example.com' }];
    const { id } = await makeContact(desk, { identities, externalIds: { crm: '1' } });
    t.equal((await desk.rest(`DELETE /v1/contacts/${id}`)).status, 200);
    t.equal((await desk.rest(`GET /v1/contacts/${id}`)).status, 404);
    t.not((await makeContact(desk, { identities, externalIds: { crm: '1' } })).id, id);
    const { body } = await desk.rest('GET /v1/contacts?updatedAfter=2026-11-24T00:00:00Z');
    t.match(body.deleted, [{ id }]);
  });
});

/** The row alone: what makes a ticket is another domain's. */
async function addTicket(desk: TestDesk, customerId: string, contactId: string): Promise<void> {
  const { tickets } = await import('../../src/db/tables/tickets.ts');
  const at = Math.floor(desk.wall.now / 1000);
  await desk.desk.db.orm.insert(tickets).values({
    workspaceId: desk.workspaceId,
    id: newId('ticket'),
    number: 1,
    subject: 'x',
    kind: 'basic',
    channel: 'phone',
    priority: 'normal',
    status: 'new',
    statusCategory: 'new',
    tier: 'core',
    customFields: {},
    customerId,
    contactId,
    tags: [],
    externalIds: {},
    chaseCount: 0,
    reopenCount: 0,
    customerMessageCount: 0,
    agentReplyCount: 0,
    search: '',
    createdAt: at,
    updatedAt: at,
  });
}

test('contacts', async (t) => {
  const desk = await deskWithTiers(t);
  const customer = await makeCustomer(desk);

  await t.test('one person, many identities, each in one form', async (t) => {
    const made = await desk.rest('POST /v1/contacts', {
      customerId: customer.id,
      name: '王芳',
      familyName: '王',
      honorific: '女士',
      language: 'zh-CN',
      identities: [
        { kind: 'phone', value: '138-0013 8000' },
        { kind: 'email', value: 'Wang.Fang@Example.com' },
        { kind: 'wechat_openid', value: 'oX_1' },
        { kind: 'wechat_unionid', value: 'uX_1' },
        { kind: 'wecom', value: 'wm1' },
        { kind: 'social_weibo', value: 'wangfang' },
        { kind: 'phone', value: '008613800138000' },
      ],
    });
    t.match(made, { status: 201, body: { salutation: '王女士', customerId: customer.id } });
    t.strictSame(
      made.body.identities.map(({ kind, value }: { kind: string; value: string }) => `${kind} ${value}`),
      [
        'phone +8613800138000',
        'email wang.fang@example.com',
        'wechat_openid oX_1',
        'wechat_unionid uX_1',
        'wecom wm1',
        'social_weibo wangfang',
      ],
    );
    for (const query of [
      'phone=%2B8613800138000',
      'phone=+8613800138000',
      'phone=138%200013%208000',
      'email=WANG.FANG@example.com',
      'wechat=oX_1',
      'wechat=uX_1',
      'wecom=wm1',
      'social=weibo:wangfang',
      'phone=13800138000&email=wang.fang@example.com',
      `customerId=${customer.id}`,
      'q=13800138000',
      'q=wang.fang@example.com',
      `q=${encodeURIComponent('王芳')}`,
    ]) {
      t.strictSame(idsOf((await desk.rest(`GET /v1/contacts?${query}`)).body), [made.body.id], query);
    }
    for (const query of ['phone=%2B8613800138001', 'wecom=oX_1', 'social=douyin:wangfang', 'email=x@example.com']) {
      t.strictSame((await desk.rest(`GET /v1/contacts?${query}`)).body.data, [], query);
    }
    t.match(await desk.rest('GET /v1/contacts?phone=110'), { status: 400, body: { errors: [{ path: 'phone' }] } });
    t.equal((await desk.rest('GET /v1/contacts?social=weibo')).status, 400);
  });

  await t.test('an identity belongs to one contact', async (t) => {
    const holder = (await desk.rest('GET /v1/contacts?wecom=wm1')).body.data[0];
    const body = {
      name: 'x',
      identities: [
        { kind: 'email', value: 'new@example.com' },
        { kind: 'wecom', value: 'wm1' },
      ],
    };
    const taken = await desk.rest('POST /v1/contacts', body);
    t.match(taken, { status: 409, body: { code: 'already_exists', errors: [{ path: 'identities.1' }] } });
    t.match(taken.body.detail, holder.id);
    t.notMatch(JSON.stringify(taken.body), /王|wang/i);
    t.strictSame((await desk.rest('GET /v1/contacts?email=new@example.com')).body.data, [], 'nothing of it is kept');
    const other = await makeContact(desk, { identities: [{ kind: 'email', value: 'new@example.com' }] });
    const patch = await desk.rest(`PATCH /v1/contacts/${other.id}`, { identities: body.identities });
    t.match(patch, { status: 409, body: { errors: [{ path: 'identities.1' }] } });
    const kept = holder.identities.filter(({ kind }: { kind: string }) => kind !== 'wecom');
    t.equal((await desk.rest(`PATCH /v1/contacts/${holder.id}`, { identities: kept })).status, 200);
    t.equal((await desk.rest(`PATCH /v1/contacts/${other.id}`, { identities: body.identities })).status, 200);
    t.strictSame(idsOf((await desk.rest('GET /v1/contacts?wecom=wm1')).body), [other.id]);
  });

  await t.test('bad input names the field', async (t) => {
    const cases: [object, number, string][] = [
      [{ identities: [{ kind: 'phone', value: '62881234' }] }, 422, 'identities.0.value'],
      [{ identities: [{ kind: 'fax', value: '1' }] }, 422, 'identities.0.kind'],
      [{ identities: [{ kind: 'email', value: 'no' }] }, 422, 'identities.0.value'],
      [{ identities: Array(21).fill({ kind: 'email', value: 'a@example.com' }) }, 422, 'identities'],
      [{ customerId: newId('customer') }, 404, 'customerId'],
      [{ customerId: 'nobody' }, 422, 'customerId'],
      [{ timeZone: 'Mars/Base' }, 422, 'timeZone'],
      [{ preferredChannel: 'pigeon' }, 422, 'preferredChannel'],
      [{ salutation: 'x' }, 422, 'salutation'],
    ];
    for (const [body, status, path] of cases) {
      const answer = await desk.rest('POST /v1/contacts', { name: 'x', ...body });
      t.match(answer, { status, body: { errors: [{ path }] } }, path);
    }
  });

  await t.test('a merge patch', async (t) => {
    const made = await makeContact(desk, {
      familyName: 'Brown',
      honorific: 'Dr.',
      title: 'CTO',
      customerId: customer.id,
    });
    t.equal(made.salutation, 'Dr. Brown');
    const patched = await desk.rest(`PATCH /v1/contacts/${made.id}`, { title: null, language: 'zh-CN' });
    t.match(patched.body, { title: null, honorific: 'Dr.', salutation: 'BrownDr.', version: 2 });
    t.equal((await desk.rest(`PATCH /v1/contacts/${made.id}`, { title: null })).body.version, 2);
    t.equal((await desk.rest(`PATCH /v1/contacts/${made.id}`, { name: 'x' }, { 'if-match': '"1"' })).status, 412);
    t.match(await desk.rest(`PATCH /v1/contacts/${made.id}`, { customerId: newId('customer') }), {
      status: 404,
      body: { errors: [{ path: 'customerId' }] },
    });
  });

  await t.test('the same through GraphQL, with the customer beside each', async (t) => {
    const made = await desk.graphql(
      `mutation ($input: CreateContactInput!) { createContact(input: $input) {
        contact { id identities { kind value } customer { id name tier } } errors { code errors { path } } } }`,
      { input: { name: '李敏', customerId: customer.id, identities: [{ kind: 'phone', value: '13900139000' }] } },
    );
    const { contact, errors } = made.body.data.createContact;
    t.strictSame(errors, []);
    t.match(contact, { identities: [{ kind: 'phone', value: '+8613900139000' }], customer: { id: customer.id } });
    const found = await desk.graphql(
      '{ contacts(filter: { phone: "139 0013 9000" }) { nodes { id customer { name } } } }',
    );
    t.match(found.body.data.contacts.nodes, [{ id: contact.id, customer: { name: customer.name } }]);
    const document = `mutation ($input: UpdateContactInput!) { updateContact(input: $input) {
      contact { customerId title name } errors { code } } }`;
    const input = { contactId: contact.id, customerId: null, title: 'CFO' };
    const patched = await desk.graphql(document, { input });
    t.match(patched.body.data.updateContact.contact, { customerId: null, title: 'CFO', name: '李敏' });
    const rest = await desk.rest(`GET /v1/contacts?customerId=${customer.id}&include=customer`);
    t.ok(rest.body.data.every((one: { customer: { id: string } }) => one.customer.id === customer.id));
    const node = await desk.graphql('query ($id: ID!) { node(id: $id) { ... on Contact { name customer { id } } } }', {
      id: contact.id,
    });
    t.strictSame(node.body.data.node, { name: '李敏', customer: null });
  });
});

test('find or create a contact', async (t) => {
  const desk = await deskWithTiers(t);
  const line = 'POST /v1/contacts/find-or-create';
  const phone = { kind: 'phone', value: '13800138000' };
  const email = { kind: 'email', value: 'li@example.com' };

  await t.test('creates once, then finds by any identity', async (t) => {
    const created = await desk.rest(line, { identities: [phone, email], name: '李敏' });
    t.match(created, { status: 201, body: { result: 'created', contact: { name: '李敏' } } });
    const { id } = created.body.contact;
    for (const identities of [[phone], [email], [{ kind: 'phone', value: '+86 138 0013 8000' }]]) {
      const found = await desk.rest(line, { identities, name: 'somebody else' });
      t.match(found, { status: 200, body: { result: 'found', contact: { id, name: '李敏', version: 1 } } });
    }
    const wecom = { kind: 'wecom', value: 'wm9' };
    const found = await desk.rest(line, { identities: [wecom, email] });
    t.match(found.body, { result: 'found', contact: { id } });
    t.equal(found.body.contact.identities.length, 2, 'stays as it is');
  });

  await t.test('an unknown caller is called by the number until somebody knows better', async (t) => {
    const created = await desk.rest(line, { identities: [{ kind: 'phone', value: '137 0013 7000' }] });
    t.match(created.body, { result: 'created', contact: { name: '+8613700137000', salutation: null } });
  });

  await t.test('through GraphQL', async (t) => {
    const { body } = await desk.graphql(
      `mutation { findOrCreateContact(input: { identities: [{ kind: "email", value: "LI@example.com" }] }) {
        outcome { result contact { name customer { id } } } errors { code } } }`,
    );
    t.match(body.data.findOrCreateContact, { outcome: { result: 'found', contact: { name: '李敏' } }, errors: [] });
  });

  await t.test('twenty-five at once make one contact', async (t) => {
    const identities = [
      { kind: 'wecom', value: 'race' },
      { kind: 'phone', value: '13600136000' },
    ];
    const answers = await Promise.all(Array.from({ length: 25 }, () => desk.rest(line, { identities })));
    t.strictSame(answers.map(({ status }) => status).sort(), [...Array(24).fill(200), 201]);
    t.equal(new Set(answers.map(({ body }) => body.contact.id)).size, 1);
    const listed = await desk.rest('GET /v1/contacts?wecom=race');
    t.equal(listed.body.data.length, 1);
  });

  await t.test('needs an identity', async (t) => {
    t.match(await desk.rest(line, { name: 'x' }), { status: 422, body: { errors: [{ path: 'identities' }] } });
    t.match(await desk.rest(line, { identities: [] }), { status: 422, body: { errors: [{ path: 'identities' }] } });
  });
});

test('the wall and the scopes', async (t) => {
  const desk = await deskWithTiers(t);
  const customer = await makeCustomer(desk, { externalIds: { crm: '1' } });
  const contact = await makeContact(desk, { customerId: customer.id, identities: [{ kind: 'wecom', value: 'w' }] });
  const { caller } = await desk.otherWorkspace();

  await t.test('another workspace does not see them', async (t) => {
    for (const line of [
      `GET /v1/customers/${customer.id}`,
      `GET /v1/customers/${customer.id}/tiers`,
      'GET /v1/customers/by-external-id/crm/1',
      `DELETE /v1/customers/${customer.id}`,
      `GET /v1/contacts/${contact.id}`,
      `DELETE /v1/contacts/${contact.id}`,
    ] as const) {
      t.equal((await caller.rest(line)).status, 404, line);
    }
    t.equal((await caller.rest(`PATCH /v1/customers/${customer.id}`, { name: 'x' })).status, 404);
    t.equal((await caller.rest(`PATCH /v1/contacts/${contact.id}`, { name: 'x' })).status, 404);
    t.match(await caller.rest('POST /v1/contacts', { name: 'x', customerId: customer.id }), {
      status: 404,
      body: { errors: [{ path: 'customerId' }] },
    });
    t.strictSame((await caller.rest(`GET /v1/contacts?customerId=${customer.id}`)).body.data, []);
    t.strictSame((await caller.rest('GET /v1/contacts?wecom=w')).body.data, []);
    const { body } = await caller.graphql(`{ node(id: "${customer.id}") { id } }`);
    t.strictSame(body.data, { node: null });
  });

  await t.test('names and identities are unique within a workspace, not beyond', async (t) => {
    t.equal((await caller.rest('PUT /v1/customers/by-external-id/crm/1', { name: 'x' })).body.result, 'created');
    const found = await caller.rest('POST /v1/contacts/find-or-create', {
      identities: [{ kind: 'wecom', value: 'w' }],
    });
    t.equal(found.body.result, 'created');
  });

  await t.test('a key without the scope is refused', async (t) => {
    const reader = await desk.as('agent', ['customers:read']);
    t.equal((await reader.rest(`GET /v1/customers/${customer.id}`)).status, 200);
    t.equal((await reader.rest('POST /v1/customers', { name: 'x' })).status, 403);
    t.equal((await reader.rest(`POST /v1/customers/${customer.id}/tier`, { tier: 'core', reason: 'x' })).status, 403);
    const portal = await desk.as('customer', undefined, { customerId: customer.id });
    t.equal((await portal.rest(`GET /v1/customers/${customer.id}`)).status, 403);
    t.equal((await portal.rest('GET /v1/contacts')).status, 403);
  });
});
