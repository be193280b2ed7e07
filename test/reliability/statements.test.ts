/** A list costs the same few statements however long it is: what belongs to its rows is read for all of them at once. */

import { type Test, test } from 'tap';
import { ROUTES } from '../../src/app.ts';
import type { Relation } from '../../src/operation.ts';
import { type Caller, openTestDesk, type TestDesk } from '../support/desk.ts';

const NOW = '2026-11-24T02:00:00Z';

/** Tickets of as many customers, each with a contact, a message, clocks and somebody who works on it. */
async function fill(t: Test, desk: TestDesk, tickets: number): Promise<Caller> {
  const caller = await desk.testWorkspace(NOW);
  const tiers = (await caller.rest('GET /v1/tiers')).body.data.map(({ key }: { key: string }) => key);
  const make = async (line: string, body: object) => {
    const { status, body: made } = await caller.rest(line, body);
    if (status !== 201) t.fail(`${line} ${status}`, { made });
    return made.id as string;
  };
  const teamId = await make('POST /v1/teams', { name: 'Everybody' });
  for (let n = 0; n < tickets; n++) {
    const tier = tiers[n % tiers.length];
    const customerId = await make('POST /v1/customers', { name: `Customer ${n}`, tier });
    const contactId = await make('POST /v1/contacts', { name: `Contact ${n}`, customerId });
    const assigneeId = await make('POST /v1/agents', {
      name: `Agent ${n}`,
      email: `a${n}@desk.test`,
      teamIds: [teamId],
    });
    const body = { subject: `${n}`, kind: 'complaint', channel: 'email', message: 'Please.' };
    await make('POST /v1/tickets', { ...body, customerId, contactId, assigneeId, teamId });
  }
  return caller;
}

/** The statements that one call needs. */
async function statementsOf({ desk }: TestDesk, call: () => Promise<void>): Promise<string[]> {
  const { pool } = desk.db;
  const query = pool.query;
  const asked: string[] = [];
  pool.query = function (this: typeof pool, ...args: [{ text: string; name?: string } | string]) {
    const [first] = args;
    const text = typeof first === 'string' ? first : first.text;
    // Last use of a key is written now and then, whatever was asked; and callers of tests wait for the feed.
    if (!text.includes('last_used_at =') && !text.startsWith('select pg_'))
      asked.push((typeof first === 'string' ? '' : first.name) || text.slice(0, 60));
    return (query as (...all: unknown[]) => unknown).apply(this, args);
  } as never;
  try {
    await call();
  } finally {
    pool.query = query;
  }
  return asked.map((name) => name.replace(/^s\d+_/, '')).sort();
}

/** Everything that belongs to a model, and what belongs to that, as deep as told. */
function selectionOf(relations: Relation[], model: string, depth: number): string {
  const below = relations.filter(({ on }) => on === model && depth > 0);
  const selections = below.map(
    (relation) => `${relation.name} ${selectionOf(relations, relation.model.meta()!.id as string, depth - 1)}`,
  );
  return `{ __typename ${selections.join(' ')} }`;
}

test('lists of 10 and of 50 with all that belongs to them cost the same statements', async (t) => {
  const desk = await openTestDesk(t);
  const caller = await fill(t, desk, 50);
  const document = `query($first: Int!) { tickets(first: $first) { nodes ${selectionOf(desk.desk.relations, 'Ticket', 3)} } }`;
  const byGraphql = (first: number) =>
    statementsOf(desk, async () => {
      const { body } = await caller.graphql(document, { first });
      t.equal(body.errors, undefined, JSON.stringify(body.errors)?.slice(0, 300));
      t.equal(body.data.tickets.nodes.length, first);
      const whole = body.data.tickets.nodes.every(
        (node: Record<string, unknown[]>) =>
          node['customer'] &&
          node['contact'] &&
          node['assignee'] &&
          node['team'] &&
          node['clocks']!.length > 0 &&
          node['lastMessage'],
      );
      t.ok(whole, 'each has what belongs to it');
    });
  const byRest = (limit: number) =>
    statementsOf(desk, async () => {
      const include = desk.desk.relations.flatMap(({ on, name }) => (on === 'Ticket' ? [name] : [])).join();
      const { status, body } = await caller.rest(`GET /v1/tickets?limit=${limit}&include=${include}`);
      t.equal(status, 200);
      t.equal(body.data.length, limit);
      t.ok(body.data.every((one: Record<string, unknown>) => one['customer'] && one['lastMessage'] && one['clocks']));
    });
  // The first call compiles what is promised and prepares.
  await byGraphql(2);
  for (const [door, ask] of [
    ['GraphQL', byGraphql],
    ['REST', byRest],
  ] as const) {
    const ten = await ask(10);
    const fifty = await ask(50);
    t.strictSame(fifty, ten, `${door}: ${ten.length} statements for 10 and for 50`);
    t.ok(fifty.length <= 12, `${fifty.length}`);
    t.comment(`${door}: ${fifty.join(', ')}`);
  }
});

test('every list costs the same statements for one row and for many', async (t) => {
  const desk = await openTestDesk(t);
  const caller = await fill(t, desk, 12);
  const lists = ROUTES.filter(
    ({ method, path, operation: { input } }) => method === 'GET' && !path.includes(':') && 'limit' in input.shape,
  );
  for (const { path } of lists) {
    const ask = (limit: number) =>
      statementsOf(desk, async () => {
        t.equal((await caller.rest(`GET /v1${path}?limit=${limit}`)).status, 200, path);
      });
    await ask(1);
    t.strictSame(await ask(100), await ask(1), path);
  }
});

test('whoever asks in very many ways does not fill the connections with prepared statements', async (t) => {
  const desk = await openTestDesk(t);
  const filters = [
    'status=new',
    'kind=complaint',
    'channel=email',
    'priority=high',
    'tier=core',
    'unassigned=true',
    'tag=x',
    'product=x',
    'createdAfter=2026-01-01T00:00:00Z',
  ];
  for (let n = 0; n < 2 ** filters.length; n++) {
    const chosen = filters.filter((_, bit) => (n >> bit) % 2 === 1);
    const { status, body } = await desk.rest(`GET /v1/tickets?${chosen.join('&')}`);
    if (status !== 200 || body.data.length > 0) t.fail(chosen.join('&'), { body });
  }
  const { rows } = await desk.desk.db.pool.query<{ count: number }>(
    'select count(*)::int as count from pg_prepared_statements',
  );
  t.ok(rows[0]!.count > 100, 'some are prepared');
  t.ok(rows[0]!.count <= 260, `${rows[0]!.count} on one connection`);
});
