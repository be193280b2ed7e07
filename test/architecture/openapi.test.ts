/** The contract is up to date, and what the desk answers is what it says. */

import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { type Test, test } from 'tap';
import { parse } from 'yaml';
import { contract, OPENAPI, RELATIONS, ROUTES } from '../../src/app.ts';
import { answerOf, pathParameters, type Route } from '../../src/doors/rest/route.ts';
import type { IdKind } from '../../src/ids.ts';
import { type Answer, openTestDesk } from '../support/desk.ts';
import { bodyOf, kindOf, lineOf, makeThing, openWorkspace, type Rest, type Values, withOwnIds } from './things.ts';

// biome-ignore lint/suspicious/noExplicitAny: the document is looked into node by node
type Json = any;

const document: Json = JSON.parse(JSON.stringify(contract()));

test('openapi.yaml is what the routes and schemas say: else run `npm run contracts` and look at what changed', async (t) => {
  t.same(parse(readFileSync(OPENAPI, 'utf8')), document);
});

test('every reference leads somewhere, and every component is named by something', async (t) => {
  const named = new Set<string>();
  walk(document, (node) => {
    if (typeof node['$ref'] === 'string') named.add(node['$ref']);
  });
  for (const ref of named) t.ok(at(ref) !== undefined, ref);
  for (const group of ['schemas', 'responses', 'headers', 'parameters']) {
    for (const name of Object.keys(document.components[group])) {
      t.ok(named.has(`#/components/${group}/${name}`), `${group}/${name} is used`);
    }
  }
});

test('every operation has its errors, its scope and a description of each parameter', async (t) => {
  for (const route of ROUTES) {
    const documented = operationOf(route);
    t.equal(documented.operationId, route.operation.name);
    for (const status of ['400', '401', '500', '503'])
      t.ok(documented.responses[status], `${route.operation.name} ${status}`);
    if (route.operation.scope !== null) t.ok(documented.responses['403'], `${route.operation.name} 403`);
    if (documented.requestBody?.required) t.ok(route.operation.example, `${route.operation.name} has an example`);
    for (const parameter of documented.parameters ?? []) {
      t.ok(parameter.$ref ?? parameter.description, `${route.operation.name} says what ${parameter.name} is`);
    }
  }
});

test('every example is what its operation takes', async (t) => {
  const ajv = newAjv(document);
  for (const route of ROUTES) {
    const content = operationOf(route).requestBody?.content['application/json'];
    if (content?.example === undefined) continue;
    const validate = ajv.compile({ $ref: `desk${content.schema.$ref}` });
    t.ok(validate(content.example), `${route.operation.name}: ${ajv.errorsText(validate.errors)}`);
  }
});

test('answers are what the contract says: status, headers, and the body to its last field', async (t) => {
  const desk = await openTestDesk(t);
  const rest = await openWorkspace(desk);
  const made = new Map<IdKind, string>();
  const check = checker(t);
  for (const route of ROUTES.toSorted((a, b) => Number(a.method === 'DELETE') - Number(b.method === 'DELETE'))) {
    const line = await lineWithIds(rest, route, made);
    const body = (await withOwnIds(rest, bodyOf(route), made)) as Values | undefined;
    const answer = await rest(line, body);
    check(route, answer);
    if (route.method === 'GET') await checkReading(route, line, rest, check);
    else await checkWriting(route, line, rest, check);
  }
});

type Check = (route: Route, answer: Answer) => void;

async function checkReading(route: Route, line: string, rest: Rest, check: Check): Promise<void> {
  check(route, await rest(`${line}?nothing=1`));
  const { model } = answerOf(route.operation.output);
  for (const { on, name } of RELATIONS) if (on === model) check(route, await rest(`${line}?include=${name}`));
}

async function checkWriting(route: Route, line: string, rest: Rest, check: Check): Promise<void> {
  if (route.operation.kind === 'write' && (route.method !== 'POST' || pathParameters(route.path).length > 0)) {
    check(route, await rest(line, bodyOf(route), { 'if-match': '"999"' }));
  }
  if (route.method === 'DELETE') return;
  check(route, await rest(line, { ...bodyOf(route), nothingLikeIt: 1 }));
  check(route, await rest(line, '<xml/>', { 'content-type': 'application/xml' }));
  if (route.method === 'POST') check(route, await rest(line, bodyOf(route), { 'idempotency-key': '"once"' }));
}

/** A state that does not allow it, and what is no longer there. */
const OWN_REFUSALS = [409, 410];

/** Fails the test when an answer is not one that the document describes by its status. */
function checker(t: Test): Check {
  const ajv = newAjv(closed(document));
  const validators = new Map<string, ValidateFunction>();
  return (route, { status, headers, body }) => {
    const { name } = route.operation;
    const { [status]: own, default: other } = operationOf(route).responses;
    // Every kind of refusal is described by its status, but what an operation alone refuses with.
    const described = own ?? (OWN_REFUSALS.includes(status) ? other : undefined);
    if (described === undefined) {
      t.fail(`${name} answers ${status} ${JSON.stringify(body)}, which is not in the contract`);
      return;
    }
    const response = described.$ref === undefined ? described : at(described.$ref);
    const [type, media] = Object.entries<Json>(response.content)[0]!;
    t.equal(String(headers['content-type']).split(';')[0], type, `${name} ${status} is ${type}`);
    const schema = `desk${media.schema.$ref}`;
    const validate = validators.get(schema) ?? ajv.compile({ $ref: schema });
    validators.set(schema, validate);
    t.ok(
      validate(body),
      `${name} ${status}: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(body).slice(0, 500)}`,
    );
    t.ok(headers['x-request-id'], `${name} ${status} names the request`);
    if (headers['etag'] !== undefined) t.ok(response.headers.ETag, `${name} ${status} has an ETag`);
    if (headers['link'] !== undefined) t.ok(response.headers.Link, `${name} ${status} has a Link`);
  };
}

async function lineWithIds(rest: Rest, route: Route, made: Map<IdKind, string>): Promise<string> {
  const values: Record<string, string> = {};
  for (const name of pathParameters(route.path)) {
    const kind = kindOf(name);
    const id = kind === null ? null : await makeThing(rest, kind, made);
    if (id !== null) values[name] = id;
  }
  return lineOf(route, values);
}

function newAjv(schemas: Json): Ajv2020 {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  return ajv.addSchema(schemas, 'desk');
}

/** The document with every object closed: an answer must hold nothing that is not described. */
function closed(open: Json): Json {
  const copy = structuredClone(open);
  walk(copy, (node) => {
    if (node['properties'] !== undefined && node['type'] === 'object') node['additionalProperties'] ??= false;
  });
  return copy;
}

function walk(node: Json, visit: (node: Json) => void): void {
  if (typeof node !== 'object' || node === null) return;
  if (!Array.isArray(node)) visit(node);
  for (const inner of Object.values(node)) walk(inner, visit);
}

function at(ref: string): Json {
  return ref
    .slice(2)
    .split('/')
    .reduce((node: Json, name) => node?.[name.replaceAll('~1', '/').replaceAll('~0', '~')], document);
}

function pathOf(route: Route): string {
  return `/v1${route.path.replaceAll(/:([a-zA-Z]+)/g, '{$1}')}`;
}

function operationOf(route: Route): Json {
  return document.paths[pathOf(route)][route.method.toLowerCase()];
}
