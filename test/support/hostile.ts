/** Requests that nobody sane would send, made from the routes themselves: a new operation is covered by being there. */

import fc from 'fast-check';
import { z } from 'zod';
import { pathParameters, type Route } from '../../src/doors/rest/route.ts';
import { ID_PREFIXES, type IdKind, kindOfId } from '../../src/ids.ts';

/** JSON text that is written as it stands: numbers no double can hold, or what is no JSON at all. */
export class Raw {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** An object as its pairs, so that a name can stand in it twice. */
export class Pairs {
  readonly list: [string, unknown][];
  constructor(list: [string, unknown][]) {
    this.list = list;
  }
}

/** Stands for an id that is known only when the request is sent. */
export class IdOf {
  readonly kind: IdKind;
  readonly whose: 'own' | 'foreign' | 'nobody';
  readonly pick: number;
  constructor(kind: IdKind, whose: 'own' | 'foreign' | 'nobody', pick: number) {
    this.kind = kind;
    this.whose = whose;
    this.pick = pick;
  }
}

export type Resolve = (id: IdOf) => string;

export function writeJson(value: unknown, resolve: Resolve): string {
  if (value instanceof Raw) return value.text;
  if (value instanceof IdOf) return JSON.stringify(resolve(value));
  if (value instanceof Pairs) {
    return `{${value.list.map(([name, inner]) => `${JSON.stringify(name)}:${writeJson(inner, resolve)}`).join()}}`;
  }
  if (Array.isArray(value)) return `[${value.map((inner) => writeJson(inner, resolve)).join()}]`;
  return JSON.stringify(value) ?? 'null';
}

// ── Values ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const TEXTS = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\ud800',
  'half \udc00 pair',
  '\u202e\u200b\ufeff',
  '😀'.repeat(50),
  '漢'.repeat(3000),
  'x'.repeat(70_000),
  "'; drop table tickets; --",
  '$1 {{7*7}} %s %n',
  '../../../../etc/passwd',
  '<script>alert(1)</script>',
  '__proto__',
  'constructor',
  'toString',
  'null',
  'NaN',
  '-0',
  '1e309',
  '9223372036854775808',
  '2026-02-30T25:61:61Z',
  '+275760-09-13T00:00:00.000Z',
  '0000-01-01T00:00:00Z',
  'PT',
  'P1Y',
  'PT1e9S',
  'P99999999999D',
  '-PT1H',
  'en-',
  'tkt_',
  'tkt_zzzzzzzzzzzzzzzzzzzzzzzzzz',
  '\\u0000',
  'a'.repeat(64),
];

const NUMBERS = ['-1', '0', '1.5', '-0', '2147483648', '-2147483649', '9007199254740993', '9223372036854775808'];
const HUGE = ['1e309', '-1e309', '1E+400', '123456789012345678901234567890', `${'9'.repeat(400)}`, '1e-400'];

const deep = (text: string, end: string, depth = 10_000) => new Raw(`${text.repeat(depth)}1${end.repeat(depth)}`);

/** Anything, whatever was asked for. */
const zHostile: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...TEXTS) },
  { weight: 2, arbitrary: fc.constantFrom(...NUMBERS, ...HUGE).map((text) => new Raw(text)) },
  { weight: 2, arbitrary: fc.constantFrom(null, true, false) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  { weight: 1, arbitrary: fc.constant([]) },
  { weight: 1, arbitrary: fc.constant(new Pairs([])) },
  { weight: 1, arbitrary: fc.constant(new Pairs([['__proto__', new Pairs([['role', 'admin']])]])) },
  { weight: 1, arbitrary: fc.constant(new Pairs([['constructor', new Pairs([['prototype', 1]])]])) },
  { weight: 1, arbitrary: fc.constantFrom(deep('[', ']'), deep('{"a":', '}'), deep('[', ']', 40)) },
  { weight: 1, arbitrary: fc.constantFrom(3000, 20_000).map((length) => Array.from({ length }, () => 'x')) },
);

interface Schema {
  type?: string;
  $ref?: string;
  $defs?: Record<string, Schema>;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
  examples?: unknown[];
  pattern?: string;
  format?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  items?: Schema;
  prefixItems?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  propertyNames?: Schema;
  additionalProperties?: Schema | boolean;
}

const KIND_OF_PREFIX = new Map<string, IdKind>(
  Object.entries(ID_PREFIXES).map(([kind, prefix]) => [prefix, kind as IdKind]),
);
const INSTANTS = [
  '2026-11-24T10:00:00Z',
  '2026-11-25T09:00:00+08:00',
  '1970-01-01T00:00:00Z',
  '2199-12-31T23:59:59Z',
  '2200-01-01T00:00:00Z',
  '1969-12-31T23:59:59Z',
  '2026-11-24T10:00:00.123456789Z',
  '2026-11-24T10:00:00-23:59',
  '9999-12-31T23:59:59Z',
];
const DURATIONS = ['PT1H', 'PT30S', 'P3D', 'PT24H', 'P999999D', 'PT9999999999S', 'PT0S', 'P1DT1H1M1S'];

/** Keys that the workspace knows, by the field that takes them: kind, channel, tier, status. */
export type Words = Record<string, string[]>;

const anyId = (kind: IdKind) =>
  fc
    .tuple(
      fc.oneof(
        { weight: 8, arbitrary: fc.constant('own' as const) },
        { weight: 1, arbitrary: fc.constant('foreign' as const) },
        { weight: 1, arbitrary: fc.constant('nobody' as const) },
      ),
      fc.nat(50),
    )
    .map(([whose, pick]) => new IdOf(kind, whose, pick));

/** Mostly what the schema takes, often at its edges. */
function taken(
  schema: Schema,
  defs: Record<string, Schema>,
  words: Words,
  field = '',
  depth = 0,
): fc.Arbitrary<unknown> {
  const inner = (one: Schema, name = field) => taken(one, defs, words, name, depth + 1);
  if (schema.$ref !== undefined) return inner(defs[schema.$ref.replace('#/$defs/', '')] ?? {});
  if (schema.allOf !== undefined) return inner(Object.assign({}, ...schema.allOf, { allOf: undefined }));
  const options = schema.anyOf ?? schema.oneOf;
  if (options !== undefined) {
    return fc.oneof(...options.map((one) => ({ weight: one.type === 'null' ? 2 : 3, arbitrary: inner(one) })));
  }
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  switch (schema.type) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'integer':
    case 'number': {
      const min = Math.max(schema.minimum ?? -1000, -(2 ** 53));
      const max = Math.min(schema.maximum ?? min + 100_000, 2 ** 53);
      const edges = fc.constantFrom(min, max, Math.min(max, min + 1), Math.min(max, Math.max(min, 1)));
      const within =
        schema.type === 'number' ? fc.double({ min, max, noNaN: true }) : fc.integer({ min: Math.ceil(min), max });
      return fc.oneof(edges, within);
    }
    case 'string':
      return textOf(schema, words, field);
    case 'array': {
      if (schema.prefixItems !== undefined) return fc.tuple(...schema.prefixItems.map((one) => inner(one)));
      if (depth > 6) return fc.constant([]);
      return fc.array(inner(schema.items ?? {}), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.max(schema.minItems ?? 0, Math.min(schema.maxItems ?? 4, 4)),
      });
    }
    case 'object': {
      if (schema.properties !== undefined) return objectOf(schema, inner);
      const value = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : {};
      const name = schema.propertyNames === undefined ? fc.string() : textOf(schema.propertyNames, words, field);
      return fc
        .array(fc.tuple(name, depth > 6 ? fc.constant(null) : inner(value)), { maxLength: 3 })
        .map((pairs) => new Pairs(pairs.filter((pair): pair is [string, unknown] => typeof pair[0] === 'string')));
    }
    default:
      return depth > 6 ? fc.constant(null) : fc.oneof(fc.jsonValue({ maxDepth: 2 }), zHostile);
  }
}

function objectOf(
  { properties = {}, required = [] }: Schema,
  inner: (schema: Schema, name: string) => fc.Arbitrary<unknown>,
) {
  const entries = Object.entries(properties).map(([name, schema]) => {
    const value = inner(schema, name);
    const given = required.includes(name) ? value : fc.oneof({ weight: 2, arbitrary: fc.constant(undefined) }, value);
    return given.map((one) => [name, one] as [string, unknown]);
  });
  return fc.tuple(...entries).map((pairs) => new Pairs(pairs.filter(([, value]) => value !== undefined)));
}

function textOf(schema: Schema, words: Words, field: string): fc.Arbitrary<unknown> {
  const prefix = /^\^([a-z]+)_\[0-7\]/.exec(schema.pattern ?? '')?.[1];
  const kind = prefix === undefined ? undefined : KIND_OF_PREFIX.get(prefix);
  if (kind !== undefined) return anyId(kind);
  const examples = (schema.examples ?? []).filter((one) => typeof one === 'string');
  const known = [...examples, ...(schema.enum ?? [])];
  if (schema.format === 'date-time' || known.some((one) => /^\d{4}-\d\d-\d\dT/.test(String(one)))) {
    return fc.constantFrom(...INSTANTS);
  }
  if (known.some((one) => /^PT?\d/.test(String(one)))) return fc.constantFrom(...DURATIONS, ...known);
  if (schema.pattern?.startsWith('^[a-z0-9][a-z0-9_-]') === true) {
    const known = words[field] ?? words['any']!;
    return fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...known) }, fc.stringMatching(/^[a-z0-9_-]{1,64}$/));
  }
  if (known.length > 0) return fc.constantFrom(...known);
  if (schema.pattern !== undefined && !schema.pattern.includes('(?'))
    return fc.stringMatching(new RegExp(schema.pattern));
  if (schema.format === 'email') return fc.emailAddress();
  const maxLength = Math.min(schema.maxLength ?? 60, 60);
  return fc.oneof(
    { weight: 3, arbitrary: fc.string({ unit: 'grapheme', minLength: schema.minLength ?? 0, maxLength }) },
    { weight: 1, arbitrary: fc.constantFrom(...words['any']!, 'x'.repeat(schema.maxLength ?? 100)) },
  );
}

// ── Damage ──────────────────────────────────────────────────────────────────────────────────────────────────────────

type Damage = (value: unknown) => unknown;

/** One thing in the tree, found by the turns, becomes another. */
function damageAt(value: unknown, turns: number[], change: (pairs: [string, unknown][], at: number) => void): unknown {
  const [turn = 0, ...rest] = turns;
  if (value instanceof Pairs) {
    if (value.list.length === 0) return value;
    const list = [...value.list];
    const at = turn % list.length;
    const [name, inner] = list[at]!;
    const isTree = inner instanceof Pairs || (Array.isArray(inner) && inner.length > 0);
    if (isTree && rest.length > 0 && turn % 3 > 0) list[at] = [name, damageAt(inner, rest, change)];
    else change(list, at);
    return new Pairs(list);
  }
  if (Array.isArray(value) && value.length > 0) {
    const at = turn % value.length;
    return value.map((one, index) => (index === at ? damageAt(one, rest, change) : one));
  }
  return value;
}

const zTurns = fc.array(fc.nat(1000), { minLength: 4, maxLength: 4 });

const zDamage: fc.Arbitrary<Damage> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(zTurns, zHostile).map(
      ([turns, hostile]): Damage =>
        (value) =>
          damageAt(value, turns, (list, at) => {
            list[at] = [list[at]![0], hostile];
          }),
    ),
  },
  {
    weight: 1,
    arbitrary: zTurns.map(
      (turns): Damage =>
        (value) =>
          damageAt(value, turns, (list, at) => {
            list.push([...list[at]!]);
          }),
    ),
  },
  {
    weight: 1,
    arbitrary: zTurns.map(
      (turns): Damage =>
        (value) =>
          damageAt(value, turns, (list, at) => {
            list.splice(at, 1);
          }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        zTurns,
        fc.constantFrom('unknown', '__proto__', 'constructor', 'workspaceId', 'id', '\u0000', ''),
        zHostile,
      )
      .map(
        ([turns, name, hostile]): Damage =>
          (value) =>
            damageAt(value, turns, (list) => {
              list.push([name, hostile]);
            }),
      ),
  },
);

// ── Requests ────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface Shot {
  /** The operation's name, for the report. */
  name: string;
  caller: number;
  method: string;
  /** Parts of the path; ids among them. */
  path: (string | IdOf)[];
  query: [string, unknown][];
  /** A tree for writeJson, or bytes. */
  body: { tree: unknown } | { bytes: Buffer } | null;
  headers: Record<string, string>;
}

const PATH_PARTS = [
  '%zz',
  '%',
  '%00',
  '%ED%A0%80',
  '%C0%AE%C0%AE',
  '..%2f..%2f',
  'x'.repeat(600),
  '%20',
  '-1',
  '\u00e9',
  '*',
];

const zQueryValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(...TEXTS.map((text) => text.slice(0, 300)), ...NUMBERS, ...HUGE),
  fc.constantFrom('%zz', '%00', '%ED%A0%80', '%', '%F5').map((text) => new Raw(text)),
  fc.string({ unit: 'binary', maxLength: 30 }),
);

/** A cursor that says it is one: base64url of what a list may have written, with other values in it. */
const zForged = fc
  .tuple(
    fc.constantFrom('createdAt', 'updatedAt', 'number', 'name', 'position', 'key', 'id', '__proto__'),
    fc.constantFrom(0, 1, true, null),
    fc.constantFrom<unknown>(0, -1, 1e15, 2 ** 31, 1.5, null, '', 'x\u0000', [], {}, '9'.repeat(300), 253402300800),
    fc.constantFrom<unknown>('tkt_01k9zv3m5qe8w9y2f4h6j8m0n1', 'x', 7, null, {}, '\ud800'),
  )
  .map((parts) => Buffer.from(JSON.stringify(parts)).toString('base64url'));
const zForgedSequence = fc
  .constantFrom(
    '1.1.00000000-0000-0000-0000-000000000000',
    '999999999.9999999999999999999.00000000-0000-0000-0000-000000000000',
    '1.18446744073709551616.00000000-0000-0000-0000-000000000000',
    '-1.-1.x',
    '1.1.------------------------------------',
    '0.0.0',
  )
  .map((text) => Buffer.from(text).toString('base64url'));

const LIST_PARAMETERS: [string, fc.Arbitrary<unknown>][] = [
  ['cursor', fc.oneof(zForged, zForgedSequence, zQueryValue)],
  ['after', fc.oneof(zForgedSequence, zForged, zQueryValue)],
  ['limit', fc.constantFrom('0', '-1', '201', '1e3', '99999999999999999999', 'x', '', '1.5')],
  ['include', fc.constantFrom('', ',', 'nothing', '__proto__', 'constructor', 'customer,customer', 'x'.repeat(500))],
  ['include', fc.constantFrom('customer,contact,assignee,team,clocks,lastMessage', 'clocks', 'customer')],
  ['sort', fc.constantFrom('createdAt', '-number', '__proto__', '--createdAt', 'id; drop table')],
  ['unknown', zQueryValue],
  ['__proto__', zQueryValue],
];

const zHeaders = fc.oneof(
  { weight: 12, arbitrary: fc.constant({}) },
  {
    weight: 3,
    arbitrary: fc.record({
      'Idempotency-Key': fc.constantFrom('k1', 'k2', 'k3', '"k1"', '"', '', 'é', 'k'.repeat(256)),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ 'If-Match': fc.constantFrom('"1"', '*', 'W/"1"', '"99999999999"', '', '1, 2') }),
  },
  { weight: 1, arbitrary: fc.record({ 'X-Padding': fc.constant('x'.repeat(8192)) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      'Accept-Language': fc.constantFrom('zh-CN', 'zh;q=zz, en;q=-1', ';;;,,,', 'x'.repeat(2000)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ 'X-Request-Id': fc.constantFrom('good-1', 'bad one', 'x'.repeat(200), '') }) },
  {
    weight: 1,
    arbitrary: fc.record({
      Authorization: fc.constantFrom(
        '',
        'Bearer',
        'Bearer \u00ff',
        'Basic eDp5',
        `Bearer ${'a.'.repeat(900)}b`,
        'Bearer a.b.c',
      ),
    }),
  },
);

const CONTENT_TYPES = [
  'text/plain',
  'application/xml',
  'application/json; charset=utf-16',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'nonsense',
  '',
  'application/merge-patch+json',
  'application/jsonx',
];

/** Bytes that are no JSON, or none that should be taken. */
const BODIES: Buffer[] = [
  '',
  '{',
  '{"a":',
  '{"a":1,}',
  "{'a':1}",
  'null',
  '[]',
  '"text"',
  '1',
  'NaN',
  '{"subject":"a","subject":"b"}',
  '{"__proto__":{"admin":true}}',
  '{"a":{"constructor":{"prototype":{"x":1}}}}',
  '\ufeff{}',
  '{}{}',
  `${'['.repeat(10_000)}${']'.repeat(10_000)}`,
  `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`,
  '['.repeat(100_000),
]
  .map((text) => Buffer.from(text))
  .concat([
    Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0xfe, 0xc0, 0x80, 0x22, 0x7d]),
    Buffer.from([0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]),
    Buffer.from([0x00]),
  ]);

/** Requests to these routes, most of them readable but wrong somewhere. `callers` is how many kinds of caller there are. */
export function hostileRequests(routes: Route[], words: Words, callers: number): fc.Arbitrary<Shot> {
  const known = routes.map((route) => requestTo(route, words, callers));
  return fc.oneof({ weight: 40, arbitrary: fc.oneof(...known) }, { weight: 1, arbitrary: nowhere(routes, callers) });
}

function requestTo({ method, path, operation }: Route, words: Words, callers: number): fc.Arbitrary<Shot> {
  const schema = z.toJSONSchema(operation.input, { io: 'input', unrepresentable: 'any' }) as Schema;
  const properties = schema.properties ?? {};
  const inPath = pathParameters(path);
  const valueFor = (name: string) => taken(properties[name] ?? {}, schema.$defs ?? {}, words, name);
  const hostilePart = fc.constantFrom(...PATH_PARTS);
  const parts = path.split('/').map((part) => {
    if (!part.startsWith(':')) return fc.constant(part as string | IdOf);
    return fc.oneof(
      {
        weight: 12,
        arbitrary: valueFor(part.slice(1)).map((value) =>
          value instanceof IdOf ? value : encodeURIComponent(String(value).toWellFormed()),
        ),
      },
      { weight: 1, arbitrary: hostilePart },
    );
  });
  const outside: Schema = {
    ...schema,
    properties: Object.fromEntries(Object.entries(properties).filter(([name]) => !inPath.includes(name))),
  };
  const made = objectOf(outside, (one, name) => taken(one, schema.$defs ?? {}, words, name, 1));
  const { example } = operation;
  const tree =
    example === undefined
      ? made
      : fc.oneof({ weight: 2, arbitrary: made }, { weight: 1, arbitrary: fc.constant(treeOf(example, inPath)) });
  const asksByQuery = method === 'GET' || method === 'DELETE';
  const damaged = fc
    .tuple(tree, fc.array(zDamage, { maxLength: 2 }))
    .map(([whole, damages]) => ({ tree: damages.reduce<unknown>((value, damage) => damage(value), whole) }));
  const extras = fc.array(
    fc.oneof(...LIST_PARAMETERS.map(([name, value]) => value.map((one): [string, unknown] => [name, one]))),
    { maxLength: 2 },
  );
  const query = asksByQuery
    ? fc.tuple(
        tree.map(({ list }) => list),
        fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: extras }),
      )
    : fc.tuple(fc.constant([]), fc.oneof({ weight: 20, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: extras }));
  const body: fc.Arbitrary<Shot['body']> = asksByQuery
    ? fc.constant(null)
    : fc.oneof(
        { weight: 6, arbitrary: tree.map((whole) => ({ tree: whole })) },
        { weight: 6, arbitrary: damaged },
        { weight: 1, arbitrary: fc.constantFrom(...BODIES).map((bytes) => ({ bytes })) },
      );
  const type = fc.oneof(
    { weight: 25, arbitrary: fc.constant('application/json') },
    { weight: 1, arbitrary: fc.constantFrom(...CONTENT_TYPES) },
  );
  return fc
    .tuple(fc.tuple(...parts), query, body, zHeaders, type, fc.nat(callers - 1))
    .map(([filled, [asked, more], sent, headers, contentType, caller]) => ({
      name: operation.name,
      caller,
      method,
      path: filled,
      query: [...(asked as [string, unknown][]), ...(more as [string, unknown][])],
      body: sent,
      headers: { ...(sent === null || contentType === '' ? {} : { 'Content-Type': contentType }), ...headers },
    }));
}

/** The example of an operation without what stands in its path; its ids become ones of ours. */
function treeOf(example: Record<string, unknown>, inPath: string[]): Pairs {
  const convert = (value: unknown): unknown => {
    const kind = typeof value === 'string' ? kindOfId(value) : null;
    if (kind !== null) return new IdOf(kind, 'own', 0);
    if (Array.isArray(value)) return value.map(convert);
    if (typeof value !== 'object' || value === null) return value;
    return new Pairs(Object.entries(value).map(([name, inner]) => [name, convert(inner)]));
  };
  const outside = Object.entries(example).filter(([name]) => !inPath.includes(name));
  return convert(Object.fromEntries(outside)) as Pairs;
}

/** Paths and methods that do not exist. */
function nowhere(routes: Route[], callers: number): fc.Arbitrary<Shot> {
  const paths = routes.map(({ path }) => path.replaceAll(/:[a-zA-Z]+/g, 'x'));
  return fc
    .tuple(
      fc.constantFrom('GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'PATCH', 'TRACE', 'PROPFIND'),
      fc.oneof(fc.constantFrom(...paths), fc.constantFrom('/', '//', '/%zz', '/a?%zz', '/..', '/%2e%2e/%2e%2e')),
      fc.nat(callers - 1),
    )
    .map(([method, path, caller]) => ({
      name: 'nowhere',
      caller,
      method,
      path: [path],
      query: [],
      body: null,
      headers: {},
    }));
}

/** The request line's target. */
export function targetOf({ path, query, name }: Shot, resolve: Resolve): string {
  const text = path.map((part) => (part instanceof IdOf ? resolve(part) : part)).join('/');
  const pairs = query.map(([key, value]) => `${encodeURIComponent(key)}=${queryText(value, resolve)}`);
  const prefix = name === 'nowhere' && path[0]!.toString().startsWith('//') ? '' : '/v1';
  return `${prefix}${text}${pairs.length === 0 ? '' : `?${pairs.join('&')}`}`;
}

function queryText(value: unknown, resolve: Resolve): string {
  if (value instanceof Raw) return value.text;
  if (value instanceof IdOf) return resolve(value);
  if (Array.isArray(value)) return value.map((one) => queryText(one, resolve)).join(',');
  return encodeURIComponent(String(value instanceof Pairs ? '{}' : value).toWellFormed());
}
