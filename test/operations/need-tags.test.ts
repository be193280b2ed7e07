/** Need tags through both doors: a person's word beats a rule's, what is rejected stays away, and rules are judged by people. */

import { test } from 'tap';
import { customerNeedTags } from '../../src/db/tables/needs.ts';
import { openTestDesk, type TestDesk } from '../support/desk.ts';
import { throughGraphql, throughRest } from '../support/doors.ts';

const NOW = '2026-11-24T10:00:00+08:00';
const NOBODY = 'cus_01k9zv3m5qe8w9y2f4h6j8m0n1';

/** A tag as a rule gives it. */
async function giveByRule(desk: TestDesk, customerId: string, tag: string, rule = 'r'): Promise<void> {
  await desk.desk.db.orm.execute(
    `insert into customer_need_tags
       (workspace_id, customer_id, tag, source, rule, confidence, state, actor, since, updated_at)
     select workspace_id, id, '${tag}', 'rule', '${rule}', 0.7, 'held', 'desk', '2026-11-01Z', '2026-11-01Z'
     from customers where id = '${customerNeedTags.customerId.mapToDriverValue(customerId)}'`,
  );
}

for (const [door, through] of [
  ['REST', throughRest],
  ['GraphQL', throughGraphql],
] as const) {
  test(`what people say of a customer's needs, through ${door}`, async (t) => {
    const desk = await openTestDesk(t);
    const caller = await desk.testWorkspace(NOW);
    const call = through(caller);
    // biome-ignore lint/suspicious/noExplicitAny: answers are looked into field by field
    const said = async (name: string, input: object): Promise<any> => {
      const { result, error } = await call(name, input as never);
      return error ?? result;
    };
    const { id: customerId } = await said('createCustomer', { name: '东方精密' });
    const about = { customerId, tag: 'price_sensitive' };

    t.match(await said('setCustomerNeedTag', { ...about, confidence: 0.8, reason: 'Asks every time' }), {
      ...{ tag: 'price_sensitive', state: 'held', source: 'person', rule: null, confidence: 0.8 },
      ...{ reason: 'Asks every time', since: '2026-11-24T02:00:00Z', version: 1 },
    });
    const again = { ...about, confidence: 0.8, reason: 'Asks every time' };
    t.match(await said('setCustomerNeedTag', again), { version: 1 }, 'the same again changes nothing');
    t.match(await said('setCustomerNeedTag', about), { confidence: 1, reason: null, version: 2 });

    await caller.rest('POST /v1/test-clock/advance', { by: 'PT1H' });
    const rejected = { state: 'rejected', source: 'person', since: '2026-11-24T03:00:00Z', version: 3 };
    t.match(await said('rejectCustomerNeedTag', { ...about, reason: 'Not any more' }), rejected);
    t.match(await said('rejectCustomerNeedTag', { ...about, reason: 'Not any more' }), rejected);
    t.match(await said('setCustomerNeedTag', about), { state: 'held', version: 4 });
    t.match(await said('rejectCustomerNeedTag', { customerId, tag: 'wants_personal', reason: 'No' }), {
      ...{ tag: 'wants_personal', state: 'rejected', rule: null },
    });
    t.match(await said('listCustomerNeedTags', { customerId }), {
      data: [
        { tag: 'price_sensitive', state: 'held' },
        { tag: 'wants_personal', state: 'rejected' },
      ],
    });
    const first = await said('listCustomerNeedTags', { customerId, limit: 1 });
    t.equal(first.data.length, 1);
    const rest = await said('listCustomerNeedTags', { customerId, limit: 1, cursor: first.nextCursor });
    t.match(rest.data, [{ tag: 'wants_personal' }]);

    t.match(await said('removeCustomerNeedTag', about), { id: 'price_sensitive' });
    t.match(await said('removeCustomerNeedTag', about), { code: 'not_found' });
    t.match(await said('removeCustomerNeedTag', { customerId, tag: 'wants_personal' }), { id: 'wants_personal' });
    t.strictSame((await said('listCustomerNeedTags', { customerId })).data, []);

    const { body: feed } = await caller.rest(`GET /v1/events?subject=${customerId}&limit=200`);
    t.strictSame(
      feed.data
        .filter(({ type }: { type: string }) => type.startsWith('customer.need'))
        .map(({ type, data }: never) => `${type} ${(data as { needTag: { tag: string } }).needTag.tag}`),
      [
        'customer.needTagged price_sensitive',
        'customer.needTagged price_sensitive',
        'customer.needUntagged price_sensitive',
        'customer.needTagged price_sensitive',
        'customer.needUntagged wants_personal',
        'customer.needUntagged price_sensitive',
        'customer.needReleased wants_personal',
      ],
    );

    const wrong = (path: string, code: string) => ({ code: 'validation_failed', errors: [{ path, code }] });
    t.match(await said('setCustomerNeedTag', { customerId, tag: 'cheap' }), wrong('tag', 'unknown_key'));
    t.match(
      await said('rejectCustomerNeedTag', { customerId, tag: 'cheap', reason: 'x' }),
      wrong('tag', 'unknown_key'),
    );
    t.match(await said('setCustomerNeedTag', { ...about, confidence: 1.1 }), { code: 'validation_failed' });
    t.match(await said('setCustomerNeedTag', { ...about, confidence: -0.1 }), { code: 'validation_failed' });
    for (const name of ['setCustomerNeedTag', 'removeCustomerNeedTag', 'listCustomerNeedTags']) {
      const input = name.startsWith('list') ? {} : { tag: 'price_sensitive' };
      t.match(await said(name, { customerId: NOBODY, ...input }), { code: 'not_found' }, name);
    }
  });

  test(`who wants what, through ${door}: a filter, and a relation`, async (t) => {
    const desk = await openTestDesk(t);
    const caller = await desk.testWorkspace(NOW);
    const call = through(caller);
    const make = async (name: string) => (await caller.rest('POST /v1/customers', { name })).body.id as string;
    const [a, b, c] = [await make('A'), await make('B'), await make('C')];
    await giveByRule(desk, a, 'price_sensitive');
    await caller.rest(`PUT /v1/customers/${b}/need-tags/price_sensitive`, {});
    await caller.rest(`PUT /v1/customers/${b}/need-tags/wants_personal`, {});
    await caller.rest(`POST /v1/customers/${c}/need-tags/price_sensitive/reject`, { reason: 'No' });
    const names = async (needTag: string) => {
      const { result } = await call('listCustomers', { needTag, sort: 'createdAt' });
      return (result as { data: { name: string }[] }).data.map(({ name }) => name);
    };
    t.strictSame(await names('price_sensitive'), ['A', 'B'], 'a rejected one does not count');
    t.strictSame(await names('wants_personal'), ['B']);
    t.strictSame(await names('nothing'), []);
    if (door === 'REST') {
      const { body } = await caller.rest('GET /v1/customers?include=needTags&sort=createdAt');
      t.match(body.data, [
        { name: 'A', needTags: [{ tag: 'price_sensitive', source: 'rule', rule: 'r', confidence: 0.7 }] },
        { name: 'B', needTags: [{ tag: 'price_sensitive' }, { tag: 'wants_personal' }] },
        { name: 'C', needTags: [{ state: 'rejected' }] },
      ]);
    } else {
      const { body } = await caller.graphql('query ($id: ID!) { customer(id: $id) { needTags { tag state } } }', {
        id: b,
      });
      t.strictSame(body.data.customer.needTags, [
        { tag: 'price_sensitive', state: 'held' },
        { tag: 'wants_personal', state: 'held' },
      ]);
    }
    t.equal((await caller.rest(`DELETE /v1/customers/${b}`)).status, 200, 'the tags of a customer go with them');
    t.strictSame(await names('wants_personal'), []);
  });

  test(`need rules, through ${door}`, async (t) => {
    const desk = await openTestDesk(t);
    const caller = await desk.testWorkspace(NOW);
    const call = through(caller);
    // biome-ignore lint/suspicious/noExplicitAny: answers are looked into field by field
    const said = async (name: string, input: object): Promise<any> => {
      const { result, error } = await call(name, input as never);
      return error ?? result;
    };
    const figure = { of: 'tickets', kinds: ['complaint'], words: ['价格'], window: 'P6M' };
    const sound = {
      key: 'asks_for_price',
      tag: 'price_sensitive',
      confidence: 0.7,
      conditions: [{ figure, min: 2 }, { profile: 'goals', contains: ['成本'] }, { tag: 'x' }, { tier: ['normal'] }],
    };
    const made = await said('createNeedRule', sound);
    t.match(made, { ...sound, active: true, version: 1 });
    t.match(await said('getNeedRule', { needRuleId: made.id }), sound);
    const read = (await throughGraphql(caller)('getNeedRule', { needRuleId: made.id })).result as typeof made;
    t.equal(read.conditions[0].profile, null, 'what is not told is null there');
    const { conditions } = read;
    t.match(
      await said('updateNeedRule', { needRuleId: made.id, conditions }),
      { version: 1 },
      'given back, it is the same',
    );
    t.match(await said('createNeedRule', { ...sound, key: 'again', conditions }), { conditions: sound.conditions });
    t.match(await said('createNeedRule', sound), { code: 'already_exists', errors: [{ path: 'key' }] });
    t.match(await said('updateNeedRule', { needRuleId: made.id, active: false }), { active: false, version: 2 });
    t.match((await said('listNeedRules', {})).data, [{ key: 'asks_for_price', active: false }, { key: 'again' }]);
    t.match(await said('deleteNeedRule', { needRuleId: made.id }), { id: made.id });
    t.match(await said('getNeedRule', { needRuleId: made.id }), { code: 'not_found' });

    const refused: [object, string, string][] = [
      [{ tag: 'cheap' }, 'tag', 'unknown_key'],
      [{ conditions: [{}] }, 'conditions.0', 'required'],
      [{ conditions: [{ tag: 'x', tier: ['core'] }] }, 'conditions.0', 'invalid'],
      [{ conditions: [{ figure }] }, 'conditions.0.min', 'required'],
      [{ conditions: [{ figure, min: 2, max: 1 }] }, 'conditions.0.max', 'invalid'],
      [{ conditions: [{ tag: 'x' }, { tag: 'y', min: 1 }] }, 'conditions.1.min', 'invalid'],
      [{ conditions: [{ tag: 'x', contains: ['y'] }] }, 'conditions.0.contains', 'invalid'],
      [{ conditions: [{ profile: 'goals' }] }, 'conditions.0.contains', 'required'],
      [{ conditions: [{ tier: ['core', 'gold'] }] }, 'conditions.0.tier.1', 'unknown_key'],
      [{ conditions: [{ figure: { of: 'tickets' }, min: 1 }] }, 'conditions.0.figure.window', 'required'],
      [{ conditions: [{ figure: { ...figure, window: 'P1W' }, min: 1 }] }, 'conditions.0.figure.window', 'invalid'],
      [
        { conditions: [{ figure: { ...figure, kinds: ['odd'] }, min: 1 }] },
        'conditions.0.figure.kinds.0',
        'unknown_key',
      ],
    ];
    for (const [more, path, code] of refused) {
      const answer = await said('createNeedRule', { ...sound, ...more });
      t.match(answer, { code: 'validation_failed', errors: [{ path, code }] }, JSON.stringify(more));
    }
    const both = await said('createNeedRule', { ...sound, tag: 'cheap', conditions: [{}, { profile: 'goals' }] });
    t.equal(both.errors.length, 3, 'every fault is named at once');
    for (const more of [{ conditions: [] }, { conditions: Array(11).fill({ tag: 'x' }) }, { confidence: 2 }]) {
      t.match(await said('createNeedRule', { ...sound, ...more }), { code: 'validation_failed' });
    }
  });
}

test('a workspace has 50 need rules at most; saving one has everybody looked at', async (t) => {
  const desk = await openTestDesk(t);
  const made = await desk.rest('POST /v1/workspaces', { name: 'Live', mode: 'live' });
  const caller = desk.withKey(made.body.adminKey);
  const make = (key: string, more: object = {}) =>
    caller.rest('POST /v1/need-rules', {
      ...{ key, tag: 'price_sensitive', confidence: 0.5, conditions: [{ tag: 'x' }], ...more },
    });
  const jobs = async () => {
    const { body } = await caller.rest('GET /v1/jobs?type=tiers.recompute');
    return body.data.length as number;
  };
  const before = await jobs();
  t.equal((await make('quiet', { active: false })).status, 201);
  t.equal(await jobs(), before, 'a rule that is not active says nothing of anybody');
  const rule = (await make('loud')).body;
  t.equal(await jobs(), before + 1);
  await caller.rest(`PATCH /v1/need-rules/${rule.id}`, { confidence: 0.5 });
  t.equal(await jobs(), before + 1, 'an edit that changes nothing');
  await caller.rest(`PATCH /v1/need-rules/${rule.id}`, { active: false });
  t.equal(await jobs(), before + 2);
  for (let n = 2; n < 50; n++) t.equal((await make(`r${n}`, { active: false })).status, 201);
  t.match(await make('one-more'), { status: 409, body: { code: 'invalid_transition' } });
  const agent = await desk.as('agent');
  t.equal((await agent.rest('GET /v1/need-rules')).status, 200);
  t.match(await agent.rest('POST /v1/need-rules', {}), { status: 403 });
});

test('rules are judged by what people say of the tags they gave', async (t) => {
  const desk = await openTestDesk(t);
  const caller = await desk.testWorkspace(NOW);
  const ask = async () => (await caller.rest('GET /v1/reports/need-tags')).body;
  t.match(await ask(), {
    ...{ customers: 0, tagged: 0, coverage: null, accuracy: null },
    data: [{ tag: 'price_sensitive' }, { tag: 'after_sales_minded' }, { tag: 'wants_personal' }],
  });
  const ids: string[] = [];
  for (let n = 0; n < 8; n++) ids.push((await caller.rest('POST /v1/customers', { name: `C${n}` })).body.id);
  for (const id of ids.slice(0, 5)) await giveByRule(desk, id, 'price_sensitive');
  const of = (index: number, tag = 'price_sensitive') => `/v1/customers/${ids[index]}/need-tags/${tag}`;
  // Of five that a rule found: two are confirmed, one is not so, two nobody has looked at.
  await caller.rest(`PUT ${of(0)}`, {});
  await caller.rest(`PUT ${of(1)}`, { reason: 'Yes' });
  await caller.rest(`POST ${of(2)}/reject`, { reason: 'No' });
  // What no rule found judges none.
  await caller.rest(`PUT ${of(5)}`, {});
  await caller.rest(`POST ${of(6)}/reject`, { reason: 'No' });
  await caller.rest(`PUT ${of(5, 'wants_personal')}`, {});
  const report = await ask();
  t.match(report, { customers: 8, tagged: 5, coverage: 5 / 8, accuracy: 2 / 3 });
  t.strictSame(report.data[0], {
    ...{ tag: 'price_sensitive', name: '价格敏感', customers: 5, byPerson: 3, byRule: 2 },
    ...{ confirmed: 2, rejected: 1, accuracy: 2 / 3 },
  });
  t.match(report.data[1], { tag: 'after_sales_minded', customers: 0, accuracy: null });
  t.match(report.data[2], { tag: 'wants_personal', customers: 1, byPerson: 1, accuracy: null });
  t.match(await throughGraphql(caller)('getNeedTagReport'), { result: report });

  await caller.rest('PUT /v1/terms/need_tag/price_sensitive', { name: 'Price', active: false });
  t.match(await caller.rest(`PUT ${of(7)}`, {}), { status: 422 }, 'out of use, nobody gets it any more');
  t.match(await caller.rest(`PUT ${of(3)}`, {}), { status: 200 }, 'who has it keeps it');
  t.match((await ask()).data[0], { tag: 'price_sensitive', name: 'Price' });
});
