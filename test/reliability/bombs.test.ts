/** Documents made to hurt are refused before any of them runs, quickly, and without a single statement. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { getIntrospectionQuery } from 'graphql';
import { type Test, test } from 'tap';
import { openTestDesk, type TestDesk } from '../support/desk.ts';

/** What one refusal may take; the best of some, so that a busy machine fails nothing. */
const QUICKLY_MS = 1_000;

const repeat = (times: number, make: (n: number) => string) =>
  Array.from({ length: times }, (_, n) => make(n)).join(' ');
const nested = (depth: number, open: string, leaf: string) =>
  `${open.repeat(depth)}${leaf}${'}'.repeat((open.match(/\{/g)?.length ?? 0) * depth)}`;

/** Fields of `node` answer an interface, so a selection can go as deep as it likes only by fragments; `me` by itself. */
const BOMBS: Record<string, string> = {
  ...Object.fromEntries(
    [13, 100, 600, 10_000].flatMap((depth) => [
      [`${depth} levels inline`, `{ tickets { nodes { ${nested(depth, 'customer { ', 'id')} } } }`],
      [`${depth} inline fragments`, `{ me { ${nested(depth, '... on Me { ', 'name')} } }`],
      [
        `${depth} fragments, each a level deeper`,
        `{ me { ...f0 } } ${repeat(depth, (n) => `fragment f${n} on Me { ... on Me { ...f${n + 1} } }`)} fragment f${depth} on Me { name }`,
      ],
      [
        `${depth} lists in a value`,
        `{ tickets(filter: { kind: ${'['.repeat(depth)}${']'.repeat(depth)} }) { nodes { id } } }`,
      ],
      [`${depth} objects in a value`, `{ tickets(filter: ${nested(depth, '{ a: ', '1')}) { nodes { id } } }`],
    ]),
  ),
  '10,000 aliases': `{ ${repeat(10_000, (n) => `a${n}: me { name }`)} }`,
  '300 aliases of a page of 200': `{ ${repeat(300, (n) => `a${n}: tickets(first: 200) { nodes { id } }`)} }`,
  '1,000 directives': `{ me ${'@include(if: true) '.repeat(1000)}{ name } }`,
  '1,000 unknown directives': `{ me ${'@x '.repeat(1000)}{ name } }`,
  '100,000 tokens': `{ ${'me { name } '.repeat(25_000)}}`,
  'a million characters of comment': `#${'x'.repeat(900_000)}\n{ me { name } }`,
  'a fragment that holds itself': '{ me { ...f } } fragment f on Me { ...f }',
  'two fragments that hold each other': '{ me { ...f } } fragment f on Me { ...g } fragment g on Me { ...f name }',
  '60 fragments that double': `{ me { ...f0 } } ${repeat(60, (n) => `fragment f${n} on Me { ...f${n + 1} ...f${n + 1} }`)} fragment f60 on Me { name }`,
  '60 fragments that double under aliases': `{ me { ...f0 } } ${repeat(60, (n) => `fragment f${n} on Me { a${n}: workspace { id } ...f${n + 1} ...f${n + 1} }`)} fragment f60 on Me { name }`,
  '600 different fields of one name': `{ ${repeat(600, (n) => `a: ${n % 2 === 0 ? 'me { name }' : 'workspace { id }'}`)} }`,
  '100 fragments that collide with each other': `{ me { ${repeat(100, (n) => `...f${n}`)} } } ${repeat(100, (n) => `fragment f${n} on Me { x: ${n % 2 === 0 ? 'name' : 'role'} ${repeat(4, (m) => `...f${(n + m) % 100}`)} }`)}`,
  '400 equal fields': `{ ${'me { name role workspace { id } } '.repeat(220)} nothing }`,
  'pages in pages':
    '{ tickets(first: 200) { nodes { customer { name } clocks { metric } lastMessage { body } } edges { node { clocks { metric } } } } agents(first: 200) { nodes { id name email skills languages } } }'.repeat(
      20,
    ),
  'a page of 201': '{ tickets(first: 201) { nodes { id } } }',
  'a page of -1': '{ tickets(first: -1) { nodes { id } } }',
  'a page of 0': '{ tickets(first: 0) { nodes { id } } }',
  'a page of 2^31': '{ tickets(first: 2147483648) { nodes { id } } }',
  'a page of 1e309': '{ tickets(first: 1e309) { nodes { id } } }',
  'a JSON syntax tree as text': JSON.stringify({ kind: 'Document', definitions: [] }),
  'a JSON syntax tree after blanks': ` \n\t${JSON.stringify({ kind: 'Document', definitions: [] })}`,
  'JSON null': 'null',
  'a subscription': 'subscription { tickets { id } }',
  nothing: '',
};

/** What reaches the database from now on. */
function noteStatements({ desk }: TestDesk): string[] {
  const counted: string[] = [];
  const { pool } = desk.db;
  const query = pool.query.bind(pool) as (...args: unknown[]) => unknown;
  pool.query = ((...args: unknown[]) => {
    const [first] = args;
    const text = typeof first === 'string' ? first : (first as { text: string }).text;
    // The last use of a key is written a second later, whatever was asked.
    if (!text.includes('last_used_at =')) counted.push(text);
    return query(...args);
  }) as never;
  return counted;
}

async function armed(t: Test, environment: NodeJS.ProcessEnv = {}) {
  const desk = await openTestDesk(t, environment);
  // Who calls is looked up once a second of the wall clock, and that stands still here.
  await desk.graphql('{ me { name } }');
  return { desk, statements: noteStatements(desk) };
}

test('bombs are refused before they run', async (t) => {
  const { desk, statements } = await armed(t);
  for (const [name, query] of Object.entries(BOMBS)) {
    const { status, body } = await desk.graphql(query);
    // A page that is none is found when the field is asked; nothing else gets that far.
    t.ok(status === 400 || (status === 200 && name.startsWith('a page of')), `${name}: ${status}`);
    t.equal(body.data?.tickets ?? null, null, 'no data');
    t.ok(body.errors.length > 0 && body.errors.length <= 101, `${body.errors?.length} errors`);
    t.match(body.errors[0].extensions, { code: /^(bad_request|validation_failed)$/, requestId: String });
    let best = Infinity;
    // Another text each time, so that no cache answers.
    for (let n = 1; n <= 5; n++) {
      const started = performance.now();
      await desk.graphql(`${query}${' '.repeat(n)}`);
      best = Math.min(best, performance.now() - started);
    }
    t.ok(best < QUICKLY_MS, `${name}: ${best.toFixed(1)} ms`);
  }
  t.strictSame(statements, [], 'no statement');
});

test('with a high limit of tokens deep documents are still no fault of ours', async (t) => {
  const { desk, statements } = await armed(t, { GRAPHQL_MAX_TOKENS: '100000' });
  for (const query of [
    nested(20_000, '{ me ', '{ name }'),
    `{ me { ${nested(20_000, '... on Me { ', 'name')} } }`,
    `{ tickets(filter: { kind: ${'['.repeat(40_000)}${']'.repeat(40_000)} }) { nodes { id } } }`,
  ]) {
    const { status, body } = await desk.graphql(query);
    t.match({ status, body }, { status: 400, body: { errors: [{ extensions: { code: 'bad_request' } }] } });
  }
  t.strictSame(statements, [], 'no statement');
});

test('what is no request of GraphQL over HTTP is refused in its own words', async (t) => {
  const { desk, statements } = await armed(t);
  const query = '{ me { name } }';
  const tree = { kind: 'Document', definitions: [] };
  for (const body of [
    [{ query }],
    [],
    [{ query }, { query }],
    { query: tree },
    { query: [query] },
    { query: 1 },
    { query: true },
  ]) {
    const answer = await desk.rest('POST /graphql', body);
    t.match(answer, { status: 400, body: { data: null, errors: [{ extensions: { code: 'bad_request' } }] } });
  }
  for (const more of [{ variables: [] }, { variables: 'x' }, { operationName: {} }, { operationName: 'Other' }]) {
    const answer = await desk.rest('POST /graphql', { query, ...more });
    t.match(answer, { status: 400, body: { errors: [{ extensions: { code: 'bad_request' } }] } }, JSON.stringify(more));
  }
  const mutation = encodeURIComponent('mutation { createTeam(input: { name: "By GET" }) { team { id } } }');
  for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE']) {
    for (const document of [mutation, encodeURIComponent(query)]) {
      const url = `/graphql?query=${document}`;
      const headers = { authorization: `Bearer ${desk.key}` };
      const answer = await desk.inject({ method: method as 'GET', url, headers });
      t.match(answer, { statusCode: 405, headers: { allow: 'POST' } }, method);
    }
  }
  for (const type of [
    'application/graphql',
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/json-seq',
  ]) {
    const answer = await desk.inject({
      method: 'POST',
      url: '/graphql',
      headers: { authorization: `Bearer ${desk.key}`, 'content-type': type },
      payload: type === 'application/graphql' ? query : JSON.stringify({ query }),
    });
    t.equal(answer.statusCode, 415, type);
  }
  t.strictSame(statements, [], 'no statement');
  t.equal((await desk.rest('GET /v1/teams')).body.data.length, 0, 'no team was made');
});

test('the introspection query passes, and can be switched off', async (t) => {
  const { desk } = await armed(t);
  const asked = getIntrospectionQuery();
  const { status, body } = await desk.graphql(asked);
  t.equal(status, 200);
  t.equal(body.data.__schema.queryType.name, 'Query');
  t.ok(body.data.__schema.types.every((type: { description: string | null }) => type.description !== undefined));

  const closed = await armed(t, { GRAPHQL_INTROSPECTION: 'off' });
  for (const query of [
    asked,
    '{ __type(name: "Ticket") { name } }',
    '{ ...f } fragment f on Query { __schema { queryType { name } } }',
  ]) {
    const answer = await closed.desk.graphql(query);
    t.match(answer, { status: 400, body: { errors: [{ message: 'Introspection is switched off.' }] } });
  }
  t.match((await closed.desk.graphql('{ me { __typename name } }')).body.data, { me: { __typename: 'Me' } });
});

test('of a document with several operations the one that is named runs, however often', async (t) => {
  const { desk } = await armed(t);
  const query =
    'query A { me { name } } query B { workspace { id } } mutation C { createTeam(input: { name: "C" }) { errors { code } } }';
  for (let round = 0; round < 6; round++) {
    const a = await desk.rest('POST /graphql', { query, operationName: 'A' });
    t.strictSame(Object.keys(a.body.data), ['me']);
    const b = await desk.rest('POST /graphql', { query, operationName: 'B' });
    t.strictSame(Object.keys(b.body.data), ['workspace']);
  }
  const unnamed = await desk.rest('POST /graphql', { query });
  t.match(unnamed, { status: 400, body: { errors: [{ extensions: { code: 'bad_request' } }] } });
  t.equal((await desk.rest('GET /v1/teams')).body.data.length, 0, 'the mutation never ran');
});

test('documents that are kept do not fill the memory', async (t) => {
  const { desk } = await armed(t);
  const document = (n: number) => `{ ${repeat(200, (m) => `a${n}_${m}: me { nothing }`)} }`;
  setFlagsFromString('--expose_gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let n = 0; n < 300; n++) t.equal((await desk.graphql(document(n))).status, 400);
  collect();
  const grown = (process.memoryUsage().heapUsed - before) / 2 ** 20;
  t.comment(`grown by ${grown.toFixed(0)} MiB`);
  t.ok(grown < 100, `${grown.toFixed(0)} MiB`);
});
