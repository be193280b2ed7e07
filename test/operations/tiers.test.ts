/** Tiers through both doors: at most four, in an order without gaps, and not deleted from under anybody. */

import { test } from 'tap';
import { openTestDesk } from '../support/desk.ts';

test('tiers', async (t) => {
  const desk = await openTestDesk(t);
  const make = (key: string, more: object = {}) => desk.rest('POST /v1/tiers', { key, name: key, ...more });
  const order = async () => {
    const { body } = await desk.rest('GET /v1/tiers');
    return body.data.map((tier: { key: string; position: number }) => `${tier.position} ${tier.key}`);
  };
  const idOf = async (key: string): Promise<string> => {
    const { body } = await desk.rest('GET /v1/tiers');
    return body.data.find((tier: { key: string }) => tier.key === key).id;
  };

  await t.test('a tier is made at the end unless told', async (t) => {
    const first = await make('core');
    t.match(first, { status: 201, body: { key: 'core', position: 1, description: null, version: 1 } });
    t.equal((await make('normal')).body.position, 2);
    t.equal((await make('potential', { position: 2 })).body.position, 2);
    t.strictSame(await order(), ['1 core', '2 potential', '3 normal']);
  });

  await t.test('GraphQL sees and does the same', async (t) => {
    const made = await desk.graphql(
      'mutation { createTier(input: { key: "vip", name: "VIP", position: 4 }) { tier { id position } errors { code } } }',
    );
    t.equal(made.body.data.createTier.tier.position, 4);
    const listed = await desk.graphql('{ tiers { nodes { key position } } }');
    t.strictSame(
      listed.body.data.tiers.nodes.map((tier: { key: string }) => tier.key),
      ['core', 'potential', 'normal', 'vip'],
    );
    const { id } = made.body.data.createTier.tier;
    const one = await desk.graphql('query ($id: ID!) { tier(id: $id) { key } node(id: $id) { id } }', { id });
    t.strictSame(one.body.data, { tier: { key: 'vip' }, node: { id } });
  });

  await t.test('a fifth tier is refused, with words that help', async (t) => {
    const fifth = await make('fifth');
    t.match(fifth, { status: 409, body: { code: 'invalid_transition' } });
    t.match(fifth.body.detail, /at most 4/);
    const other = await desk.graphql(
      'mutation { createTier(input: { key: "e", name: "E" }) { tier { id } errors { code } } }',
    );
    t.equal(other.body.data.createTier.errors[0].code, 'invalid_transition');
  });

  await t.test('tiers change places in one step', async (t) => {
    const moved = await desk.rest(`PATCH /v1/tiers/${await idOf('vip')}`, { position: 1 });
    t.match(moved, { status: 200, body: { position: 1, version: 2 } });
    t.strictSame(await order(), ['1 vip', '2 core', '3 potential', '4 normal']);
    await desk.rest(`PATCH /v1/tiers/${await idOf('vip')}`, { position: 3 });
    t.strictSame(await order(), ['1 core', '2 potential', '3 vip', '4 normal']);
  });

  await t.test('a name changes, a key does not', async (t) => {
    const id = await idOf('vip');
    const named = await desk.rest(`PATCH /v1/tiers/${id}`, { name: '贵宾', description: '老客户' });
    t.match(named.body, { name: '贵宾', description: '老客户', position: 3 });
    t.equal((await desk.rest(`PATCH /v1/tiers/${id}`, { description: null })).body.description, null);
    const key = await desk.rest(`PATCH /v1/tiers/${id}`, { key: 'v' });
    t.match(key, { status: 422, body: { errors: [{ path: 'key', code: 'unknown_field' }] } });
    const stale = await desk.rest(`PATCH /v1/tiers/${id}`, { name: 'x' }, { 'if-match': '"1"' });
    t.equal(stale.status, 412);
  });

  await t.test('deleting closes the gap; a key is unique', async (t) => {
    t.equal((await desk.rest(`DELETE /v1/tiers/${await idOf('vip')}`)).status, 200);
    t.strictSame(await order(), ['1 core', '2 potential', '3 normal']);
    t.match(await make('core'), { status: 409, body: { code: 'already_exists', errors: [{ path: 'key' }] } });
  });

  await t.test('what customers hold is not deleted', async (t) => {
    await desk.rest('POST /v1/customers', { name: 'A', tier: 'core' });
    const refused = await desk.rest(`DELETE /v1/tiers/${await idOf('core')}`);
    t.match(refused, { status: 409, body: { code: 'in_use' } });
    t.match(refused.body.detail, /customers/);
  });

  await t.test('bad input', async (t) => {
    const cases: [object, string][] = [
      [{ key: 'X', name: 'x' }, 'key'],
      [{ key: 'x' }, 'name'],
      [{ key: 'x', name: 'x', position: 0 }, 'position'],
      [{ key: 'x', name: 'x', colour: 'red' }, 'colour'],
    ];
    for (const [body, path] of cases) {
      t.match(await desk.rest('POST /v1/tiers', body), { status: 422, body: { errors: [{ path }] } });
    }
  });

  await t.test('another workspace does not see them; reading needs a scope', async (t) => {
    const { caller } = await desk.otherWorkspace();
    const id = await idOf('core');
    t.equal((await caller.rest(`GET /v1/tiers/${id}`)).status, 404);
    t.equal((await caller.rest(`DELETE /v1/tiers/${id}`)).status, 404);
    t.strictSame((await caller.rest('GET /v1/tiers')).body.data, []);
    const narrow = await desk.as('admin', ['tiers:read']);
    t.equal((await narrow.rest('POST /v1/tiers', { key: 'n', name: 'n' })).status, 403);
    t.equal((await (await desk.as('admin', ['tiers:write'])).rest('GET /v1/tiers')).status, 403);
  });

  await t.test('however many are made at once, there are four, in an order without gaps', async (t) => {
    const { caller } = await desk.otherWorkspace();
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) => caller.rest('POST /v1/tiers', { key: `t${n}`, name: `T${n}` })),
    );
    t.strictSame(answers.map(({ status }) => status).sort(), [201, 201, 201, 201, 409, 409, 409, 409]);
    const { body } = await caller.rest('GET /v1/tiers');
    t.strictSame(
      body.data.map((tier: { position: number }) => tier.position),
      [1, 2, 3, 4],
    );
  });
});
