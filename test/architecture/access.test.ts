/** Every operation is tried without a key, with too small a scope, and with the ids of another workspace. */

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  buildSchema,
  type GraphQLArgument,
  type GraphQLInputType,
  type GraphQLOutputType,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import { test } from 'tap';
import { FIELDS, ROUTES, SCHEMA } from '../../src/app.ts';
import { pathParameters, type Route } from '../../src/doors/rest/route.ts';
import { ID_PREFIXES, type IdKind } from '../../src/ids.ts';
import { openTestDesk } from '../support/desk.ts';
import { bodyOf, kindOf, lineOf, makeThing, openWorkspace, type Values, withOwnIds } from './things.ts';

test('without a key every route is 401, unknown paths included', async (t) => {
  const { inject } = await openTestDesk(t);
  for (const route of ROUTES) {
    const [method, url] = lineOf(route).split(' ') as ['GET', string];
    const answer = await inject({ method, url });
    t.match(answer, { statusCode: 401, headers: { 'www-authenticate': 'Bearer' } }, route.operation.name);
    t.match(answer.json(), { code: 'unauthenticated' });
    const forged = await inject({ method, url, headers: { authorization: `Bearer td_forged` } });
    t.equal(forged.statusCode, 401, `${route.operation.name} with a key of nobody`);
  }
});

test('with a key that lacks the scope every route is 403', async (t) => {
  const desk = await openTestDesk(t);
  const caller = await desk.as('admin', []);
  for (const route of ROUTES) {
    if (route.operation.scope === null) continue;
    const answer = await caller.rest(lineOf(route), bodyOf(route));
    t.match(answer, { status: 403, body: { code: 'forbidden' } }, route.operation.name);
  }
});

/** Operations that need no scope, because all they say is about the caller. This list only gets shorter. */
const WITHOUT_SCOPE = ['getMe'];

test('only what is about the caller alone needs no scope', async (t) => {
  const found = ROUTES.filter(({ operation }) => operation.scope === null).map(({ operation }) => operation.name);
  t.same(found, WITHOUT_SCOPE);
});

test("another workspace's ids in a path are 404, and nothing comes of it", async (t) => {
  const desk = await openTestDesk(t);
  const owner = await openWorkspace(desk);
  const stranger = await openWorkspace(desk);
  const made = new Map<IdKind, string>();
  const mine = new Map<IdKind, string>();
  const asked: { route: Route; values: Record<string, string> }[] = [];
  for (const route of ROUTES) {
    const names = pathParameters(route.path);
    if (!names.some((name) => kindOf(name) !== null)) continue;
    const values: Record<string, string> = {};
    for (const name of names) {
      const kind = kindOf(name);
      if (kind === null) continue;
      const id = await makeThing(owner, kind, made);
      if (id === null) t.fail(`nothing makes a ${kind}, so ${route.operation.name} cannot be tried`);
      else values[name] = id;
    }
    asked.push({ route, values });
  }
  const before = await owner('GET /v1/workspace');
  for (const { route, values } of asked) {
    const body = (await withOwnIds(stranger, bodyOf(route), mine)) as Values | undefined;
    const answer = await stranger(lineOf(route, values), body);
    t.match(answer, { status: 404, body: { code: 'not_found' } }, route.operation.name);
    const unreadable = Object.fromEntries(Object.keys(values).map((name) => [name, 'nothing']));
    t.equal((await stranger(lineOf(route, unreadable), body)).status, 404, `${route.operation.name} with no id`);
  }
  for (const { route, values } of asked) {
    if (route.method !== 'GET' || pathParameters(route.path).length > Object.keys(values).length) continue;
    t.equal((await owner(lineOf(route, values))).status, 200, `${route.operation.name} for whom it belongs to`);
  }
  t.same((await owner('GET /v1/workspace')).body.version, before.body.version);
});

const schema = buildSchema(
  readdirSync(SCHEMA)
    .filter((file) => file.endsWith('.graphql'))
    .map((file) => readFileSync(path.join(SCHEMA, file), 'utf8'))
    .join('\n'),
);

/** The smallest text that the type takes. */
function smallest(type: GraphQLInputType): string {
  if (isNonNullType(type)) return smallest(type.ofType);
  if (isListType(type)) return '[]';
  if (isEnumType(type)) return type.getValues()[0]!.name;
  if (isInputObjectType(type)) {
    const fields = type.getFields();
    // A reference is one of two, and neither is required.
    return 'id' in fields && 'inline' in fields ? '{id: "any"}' : `{${required(Object.values(fields))}}`;
  }
  return { Int: '1', Float: '1', Seconds: '1', Boolean: 'true' }[type.name] ?? '"2026-11-24T10:00:00Z"';
}

function required(list: readonly Pick<GraphQLArgument, 'name' | 'type'>[]): string {
  return list
    .filter(({ type }) => isNonNullType(type))
    .map(({ name, type }) => `${name}: ${smallest(type)}`)
    .join(', ');
}

/** The field with its smallest arguments and `__typename` of what it answers. */
function documentOf(root: 'Query' | 'Mutation', name: string): string {
  const type = schema.getType(root);
  const field = isObjectType(type) ? type.getFields()[name]! : undefined;
  const args = required(field!.args);
  const selection = isObjectType(getNamedType(field!.type as GraphQLOutputType)) ? ' { __typename }' : '';
  return `${root === 'Mutation' ? 'mutation' : 'query'} { ${name}${args === '' ? '' : `(${args})`}${selection} }`;
}

test('GraphQL: every field is 401 without a key and forbidden without its scope', async (t) => {
  const desk = await openTestDesk(t);
  const caller = await desk.as('admin', []);
  for (const { shape, name, operation } of FIELDS) {
    const document = shape === 'mutation' ? documentOf('Mutation', operation.name) : documentOf('Query', name);
    const stranger = await desk.inject({ method: 'POST', url: '/graphql', payload: { query: document } });
    t.equal(stranger.statusCode, 401, `${operation.name} without a key`);
    if (operation.scope === null) continue;
    const answer = await caller.graphql(document);
    t.match(
      answer.body,
      { errors: [{ extensions: { code: 'forbidden' } }] },
      `${operation.name} without its scope: ${document}`,
    );
  }
});

test('GraphQL: node finds nothing of another workspace', async (t) => {
  const desk = await openTestDesk(t);
  const owner = await openWorkspace(desk);
  const made = new Map<IdKind, string>();
  for (const kind of Object.keys(ID_PREFIXES) as IdKind[]) {
    const id = await makeThing(owner, kind, made);
    if (id === null) continue;
    const answer = await desk.graphql('query ($id: ID!) { node(id: $id) { id } }', { id });
    t.same(answer.body.data, { node: null }, `a ${kind}`);
  }
  t.ok(made.size > 0);
});
