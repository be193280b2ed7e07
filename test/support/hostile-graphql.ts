/** GraphQL requests that nobody sane would send, made from the schema itself. */

import fc from 'fast-check';
import {
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';

/** Text of JSON; `$ids` in it stand for ids that are known only when it is sent. */
export type GraphqlShot = { name: string; body: string };

const STRINGS = [
  '',
  'x',
  '\u0000',
  '\ud800',
  'x'.repeat(5000),
  '2026-11-24T10:00:00Z',
  '2199-12-31T23:59:59Z',
  '+275760-09-13T00:00:00Z',
  'PT1H',
  'P999999D',
  'en',
  'complaint',
  'phone',
  'core',
  "'; drop table tickets; --",
  '__proto__',
  'k'.repeat(3000),
];
const LITERALS = [
  'null',
  '1',
  '-1',
  '0',
  '201',
  '2147483648',
  '1e309',
  '9223372036854775808',
  '1.5',
  'true',
  '[]',
  '{}',
];

const text = (value: string) => JSON.stringify(value);

/** A value as it stands in a document, and as JSON in the variables. */
interface Value {
  literal: string;
  json: string;
}

const same = (one: string): Value => ({ literal: one, json: one });
/** Half a pair is no GraphQL text, but JSON can hold it. */
const string = (value: string): Value => ({ literal: text(value.toWellFormed()), json: text(value) });

/** Mostly of the type. */
function valueOfType(type: GraphQLInputType, depth = 0): fc.Arbitrary<Value> {
  const hostile = fc.oneof(fc.constantFrom(...LITERALS).map(same), fc.constantFrom(...STRINGS).map(string));
  return fc.oneof({ weight: 40, arbitrary: rightValue(type, depth) }, { weight: 1, arbitrary: hostile });
}

function rightValue(type: GraphQLInputType, depth: number): fc.Arbitrary<Value> {
  if (isNonNullType(type)) return rightValue(type.ofType, depth);
  if (isListType(type)) {
    return fc.array(valueOfType(type.ofType, depth + 1), { maxLength: depth > 4 ? 0 : 3 }).map((list) => ({
      literal: `[${list.map(({ literal }) => literal).join()}]`,
      json: `[${list.map(({ json }) => json).join()}]`,
    }));
  }
  if (isEnumType(type)) {
    return fc.constantFrom(...type.getValues().map(({ name }) => ({ literal: name, json: text(name) })));
  }
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields()).map((field) => {
      const value = depth > 5 ? fc.constant(same('null')) : valueOfType(field.type, depth + 1);
      const given = isNonNullType(field.type)
        ? value
        : fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: value });
      return given.map((one) =>
        one === null ? null : { literal: `${field.name}:${one.literal}`, json: `"${field.name}":${one.json}` },
      );
    });
    return fc.tuple(...fields).map((list) => {
      const said = list.filter((one) => one !== null);
      return {
        literal: `{${said.map(({ literal }) => literal).join()}}`,
        json: `{${said.map(({ json }) => json).join()}}`,
      };
    });
  }
  switch (type.name) {
    case 'Int':
    case 'Seconds':
      return fc.constantFrom('0', '1', '50', '200', '2147483647', '-5').map(same);
    case 'Float':
      return fc.constantFrom('0.5', '1e308', '-0.0', '3').map(same);
    case 'Boolean':
      return fc.constantFrom('true', 'false').map(same);
    case 'ID':
      return fc.constantFrom('"$ticket"', '"$customer"', '"$agent"', '"$contact"', '"$policy"', '"x"').map(same);
    case 'DateTime':
      return fc.constantFrom('"2026-11-24T10:00:00Z"', '"2199-12-31T23:59:59Z"', '"1970-01-01T00:00:00Z"').map(same);
    case 'Duration':
      return fc.constantFrom('"PT1H"', '"P3D"', '"PT9999999999S"').map(same);
    case 'JSON':
      return fc.constantFrom(
        same('{}'),
        same('[[[[1]]]]'),
        same('null'),
        { literal: '{a: 1}', json: '{"a":1}' },
        { literal: '{__proto__: {a: 1}}', json: '{"a":{"b":"\\u0000"}}' },
        { literal: '{crm: "42"}', json: `{"crm":"\\ud800"}` },
        { literal: '"x"', json: `${'['.repeat(500)}${']'.repeat(500)}` },
      );
    default:
      return fc.constantFrom(...STRINGS).map(string);
  }
}

type OutField = GraphQLField<unknown, unknown>;

function selection(field: OutField, depth: number): fc.Arbitrary<string> {
  const args = field.args.map((argument) => {
    const value = valueOfType(argument.type);
    const given = isNonNullType(argument.type) ? value : fc.option(value, { nil: null });
    return given.map((one) => (one === null ? '' : `${argument.name}:${one.literal}`));
  });
  return fc.tuple(fc.tuple(...args), selections(field.type, depth)).map(([list, below]) => {
    const said = list.filter((one) => one !== '').join();
    return `${field.name}${said === '' ? '' : `(${said})`}${below}`;
  });
}

function selections(type: GraphQLOutputType, depth: number): fc.Arbitrary<string> {
  const named = getNamedType(type);
  if (!isObjectType(named) && !isInterfaceType(named)) return fc.constant('');
  const all = Object.values(named.getFields());
  const leaves = all.filter((field) => {
    const below = getNamedType(field.type);
    return !isObjectType(below) && !isInterfaceType(below);
  });
  const fields = depth <= 0 ? leaves : all;
  if (fields.length === 0) return fc.constant('{__typename}');
  return fc
    .subarray(fields, { minLength: 1, maxLength: Math.min(fields.length, 6) })
    .chain((some) => fc.tuple(...some.map((field) => selection(field, depth - 1))))
    .map((list) => `{__typename ${list.join(' ')}}`);
}

/** Documents of one to three root fields, and what is no document; one shot as the text of its JSON. */
export function hostileDocuments(schema: GraphQLSchema): fc.Arbitrary<GraphqlShot> {
  const roots = [schema.getQueryType()!, schema.getMutationType()!].map((type) => Object.values(type.getFields()));
  const documentOf = (keyword: string, fields: OutField[]) =>
    fc
      .subarray(fields, { minLength: 1, maxLength: 2 })
      .chain((some) => fc.tuple(...some.map((field) => selection(field, 3))))
      .map((list) => ({
        name: `${keyword} ${list.map((one) => /^\w+/.exec(one)![0]).join()}`,
        query: `${keyword} {${list.map((one, index) => `a${index}: ${one}`).join(' ')}}`,
      }));
  const documents = fc.oneof(documentOf('query', roots[0]!), documentOf('mutation', roots[1]!));
  const asVariable = fc.constantFrom(...roots[1]!).chain((field) => {
    const { type } = field.args[0]!;
    return fc.tuple(selections(field.type, 2), valueOfType(type)).map(([below, { json }]) => {
      const query = `mutation($input: ${type}) {${field.name}(input: $input)${below}}`;
      return { name: `variable ${field.name}`, body: `{"query":${text(query)},"variables":{"input":${json}}}` };
    });
  });
  const envelopes = fc
    .tuple(
      fc.constantFrom<unknown>('{me{name}}', 'query A{me{name}} query B{me{role}}', '', null, 1, true, ['{me{name}}'], {
        kind: 'Document',
      }),
      fc.constantFrom<unknown>(undefined, null, 'A', 'C', '', 1, {}, '__proto__'),
      fc.constantFrom<unknown>(undefined, null, {}, [], 'x', '{"a":1}', 1, { __proto__: null, input: '\u0000' }),
      fc.constantFrom<unknown>(undefined, null, {}, 'x', { persistedQuery: { version: 1, sha256Hash: 'x' } }),
    )
    .map(([query, operationName, variables, extensions]) => ({
      name: `envelope ${JSON.stringify([query, operationName, variables, extensions])}`,
      body: JSON.stringify({ query, operationName, variables, extensions }),
    }));
  const broken = documents.chain(({ name, query }) =>
    fc.nat(query.length).map((at) => ({ name: `cut ${name}`, body: JSON.stringify({ query: query.slice(0, at) }) })),
  );
  const plain = documents.map(({ name, query }) => ({ name, body: JSON.stringify({ query }) }));
  return fc.oneof(
    { weight: 6, arbitrary: plain },
    { weight: 6, arbitrary: asVariable },
    { weight: 1, arbitrary: envelopes },
    { weight: 1, arbitrary: broken },
  );
}
