/** Every operation has both doors, under its name, and the SDL says what its schemas say. */

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { buildASTSchema, type DocumentNode, Kind, parse, type TypeNode, visit } from 'graphql';
import { test } from 'tap';
import { DOMAINS, FIELDS, RELATIONS, ROUTES, SCHEMA } from '../../src/app.ts';
import { findOperations } from './operations.ts';
import { compareSdl } from './sdl.ts';

const document = parse(
  readdirSync(SCHEMA)
    .filter((file) => file.endsWith('.graphql'))
    .map((file) => readFileSync(path.join(SCHEMA, file), 'utf8'))
    .join('\n'),
);

const differencesOf = (changed: DocumentNode) =>
  compareSdl(buildASTSchema(changed, { assumeValidSDL: true, assumeValid: true }), FIELDS, RELATIONS);

test('every operation that a domain exports has a route and a field', async (t) => {
  const routed = new Set(ROUTES.map(({ operation }) => operation.name));
  const fielded = new Set(FIELDS.map(({ operation }) => operation.name));
  const found = await findOperations();
  t.ok(found.length >= ROUTES.length, 'the search finds at least what is routed');
  for (const { file, operation } of found) {
    if (!routed.has(operation.name)) t.fail(`${operation.name} (${file}) has no line in rest.ts`);
    if (!fielded.has(operation.name)) t.fail(`${operation.name} (${file}) has no line in graphql.ts`);
  }
});

test('both doors open onto the same operations, each once', async (t) => {
  const names = (list: { operation: { name: string } }[]) => list.map(({ operation }) => operation.name).sort();
  t.same(names(ROUTES), names(FIELDS));
  t.same(names(ROUTES), [...new Set(names(ROUTES))], 'no name twice');
  for (const { operation } of ROUTES) {
    t.ok(
      FIELDS.some((field) => field.operation === operation),
      `${operation.name} is the same operation in both`,
    );
  }
  for (const { name, routes, fields } of DOMAINS) t.same(names(routes), names(fields), `in the domain ${name}`);
});

test('a name says its kind in both doors', async (t) => {
  for (const { method, path, operation } of ROUTES) {
    const fits = { read: method === 'GET', compute: method === 'POST', write: method !== 'GET' }[operation.kind];
    t.ok(fits, `${operation.name} is a ${operation.kind} by ${method}`);
    t.match(path, /^(\/(:[a-z]\w*Id|:[a-z]\w*|[a-z0-9]+(-[a-z0-9]+)*))+$/i, `${path} is plain`);
    for (const name of path.matchAll(/:(\w+)/g)) {
      t.ok(name[1]! in operation.input.shape, `${operation.name} takes ${name[1]} from its path`);
    }
  }
  for (const { shape, name, operation } of FIELDS) {
    const kinds = { query: 'read', connection: 'read', computed: 'compute', mutation: 'write' };
    t.equal(operation.kind, kinds[shape], `${operation.name} is a ${operation.kind} as a ${shape}`);
    const pascal = name.charAt(0).toUpperCase() + name.slice(1);
    const names = {
      query: [`get${pascal}`, `list${pascal}`, name],
      connection: [`list${pascal}`, name],
      computed: [name],
      mutation: [operation.name],
    };
    t.ok(names[shape].includes(operation.name), `${operation.name} is asked as ${name}`);
  }
});

test('the SDL is what the schemas say, field by field', async (t) => {
  t.same(differencesOf(document), []);
});

test('a type that is changed in one place is noticed', async (t) => {
  const before = differencesOf(document).length;
  const missed: string[] = [];
  for (const change of changesOf(document)) {
    if (differencesOf(change.document).length <= before) missed.push(change.what);
  }
  t.same(missed, []);
});

const FIXED = new Set(['Query', 'Mutation', 'Subscription', 'Node', 'PageInfo', 'UserError', 'FieldError']);

/** Copies of the document, each with one thing changed: of every type one field, in one of six ways in turn. */
function* changesOf(original: DocumentNode): Generator<{ what: string; document: DocumentNode }> {
  const nullable = (type: TypeNode): TypeNode =>
    type.kind === Kind.NON_NULL_TYPE ? type.type : { kind: Kind.NON_NULL_TYPE, type };
  const listed = (type: TypeNode): TypeNode => ({ kind: Kind.LIST_TYPE, type });
  const other = (type: TypeNode): TypeNode =>
    type.kind === Kind.NON_NULL_TYPE
      ? { ...type, type: other(type.type) as never }
      : type.kind === Kind.LIST_TYPE
        ? { ...type, type: other(type.type) }
        : { ...type, name: { kind: Kind.NAME, value: type.name.value === 'Boolean' ? 'Float' : 'Boolean' } };
  for (const [index, definition] of original.definitions.entries()) {
    const replaced = (changed: unknown) => ({
      ...original,
      definitions: original.definitions.map((one, at) => (at === index ? (changed as never) : one)),
    });
    if (definition.kind === Kind.ENUM_TYPE_DEFINITION) {
      const values = definition.values!.slice(1);
      yield { what: `${definition.name.value} loses a value`, document: replaced({ ...definition, values }) };
    }
    if (
      definition.kind !== Kind.OBJECT_TYPE_DEFINITION &&
      definition.kind !== Kind.INPUT_OBJECT_TYPE_DEFINITION &&
      definition.kind !== Kind.OBJECT_TYPE_EXTENSION
    ) {
      continue;
    }
    const fields = definition.fields ?? [];
    if (fields.length === 0 || (FIXED.has(definition.name.value) && definition.kind !== Kind.OBJECT_TYPE_EXTENSION)) {
      continue;
    }
    const at = index % fields.length;
    const field = fields[at]!;
    const where = `${definition.name.value}.${field.name.value}`;
    const withField = (changed: unknown[]) =>
      replaced({ ...definition, fields: fields.flatMap((one, place) => (place === at ? (changed as never) : [one])) });
    const renamed = { ...field, name: { kind: Kind.NAME, value: `${field.name.value}X` } };
    const changes: [string, unknown[]][] = [
      ['is renamed', [renamed]],
      ['is left out', []],
      ['is there twice', [field, renamed]],
      ['changes its null', [{ ...field, type: nullable(field.type) }]],
      ['becomes a list', [{ ...field, type: listed(field.type) }]],
      ['changes its type', [{ ...field, type: other(field.type) }]],
    ];
    const [what, changed] = changes[index % changes.length]!;
    yield { what: `${where} ${what}`, document: withField(changed) };
  }
}

test('every type, field, argument and value is described', async (t) => {
  const silent: string[] = [];
  visit(document, {
    enter(node) {
      const isDescribed = 'description' in node && node.description !== undefined;
      const wants =
        node.kind === Kind.FIELD_DEFINITION ||
        node.kind === Kind.INPUT_VALUE_DEFINITION ||
        node.kind === Kind.ENUM_TYPE_DEFINITION ||
        node.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION ||
        (node.kind === Kind.OBJECT_TYPE_DEFINITION && !['Query', 'Mutation', 'Subscription'].includes(node.name.value));
      if (wants && !isDescribed) silent.push(node.name.value);
    },
  });
  t.same(silent, []);
});
