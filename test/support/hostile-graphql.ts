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

/** A GraphQL literal, mostly of the type. */
function literal(type: GraphQLInputType, depth = 0): fc.Arbitrary<string> {
  const hostile = fc.oneof(fc.constantFrom(...LITERALS), fc.constantFrom(...STRINGS).map(text));
  const right = rightLiteral(type, depth);
  return fc.oneof({ weight: 30, arbitrary: right }, { weight: 1, arbitrary: hostile });
}

function rightLiteral(type: GraphQLInputType, depth: number): fc.Arbitrary<string> {
  if (isNonNullType(type)) return rightLiteral(type.ofType, depth);
  if (isListType(type)) {
    return fc
      .array(literal(type.ofType, depth + 1), { maxLength: depth > 4 ? 0 : 3 })
      .map((list) => `[${list.join()}]`);
  }
  if (isEnumType(type)) return fc.constantFrom(...type.getValues().map(({ name }) => name));
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields()).map((field) => {
      const value = depth > 5 ? fc.constant('null') : literal(field.type, depth + 1);
      const given = isNonNullType(field.type)
        ? value
        : fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: value });
      return given.map((one) => (one === null ? '' : `${field.name}:${one}`));
    });
    return fc.tuple(...fields).map((list) => `{${list.filter((one) => one !== '').join()}}`);
  }
  switch (type.name) {
    case 'Int':
    case 'Seconds':
      return fc.constantFrom('0', '1', '50', '200', '2147483647', '-5');
    case 'Float':
      return fc.constantFrom('0.5', '1e308', '-0.0', '3');
    case 'Boolean':
      return fc.constantFrom('true', 'false');
    case 'ID':
      return fc.constantFrom('"$ticket"', '"$customer"', '"$agent"', '"$contact"', '"$policy"', '"x"');
    case 'DateTime':
      return fc.constantFrom('"2026-11-24T10:00:00Z"', '"2199-12-31T23:59:59Z"', '"1970-01-01T00:00:00Z"', '"x"');
    case 'Duration':
      return fc.constantFrom('"PT1H"', '"P3D"', '"PT9999999999S"', '"x"');
    case 'JSON':
      return fc.constantFrom('{}', '{a: 1}', '{__proto__: {a: 1}}', '[[[[1]]]]', '"x"', 'null', '{crm: "42"}');
    default:
      return fc.constantFrom(...STRINGS).map(text);
  }
}

type OutField = GraphQLField<unknown, unknown>;

function selection(field: OutField, depth: number): fc.Arbitrary<string> {
  const args = field.args.map((argument) => {
    const value = literal(argument.type);
    const given = isNonNullType(argument.type) ? value : fc.option(value, { nil: null });
    return given.map((one) => (one === null ? '' : `${argument.name}:${one}`));
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
    const type = field.args[0]!.type;
    return selection(field, 2).chain((one) =>
      fc.tuple(fc.jsonValue({ maxDepth: 3 }), rightLiteral(type, 0)).map(([any, _]) => ({
        name: `variable ${field.name}`,
        query: `mutation($input: ${type}) {${one.replace(/\(.*\)(?=\{)/s, '(input: $input)')}}`,
        variables: { input: any },
      })),
    );
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
  const plain = fc
    .oneof(documents, asVariable)
    .map(({ name, ...request }) => ({ name, body: JSON.stringify(request) }));
  return fc.oneof(
    { weight: 12, arbitrary: plain },
    { weight: 2, arbitrary: envelopes },
    { weight: 1, arbitrary: broken },
  );
}
