/** Any operation by its name through either door, with answers, errors and events in one form that can be compared. */

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  buildSchema,
  type GraphQLField,
  type GraphQLOutputType,
  getNamedType,
  isEnumType,
  isObjectType,
  isScalarType,
} from 'graphql';
import type { z } from 'zod';
import { FIELDS, RELATIONS, ROUTES, SCHEMA } from '../../src/app.ts';
import { idArgument, isReference, peel } from '../../src/doors/graphql/field.ts';
import { pathParameters } from '../../src/doors/rest/route.ts';
import type { Caller } from './desk.ts';

type Row = Record<string, unknown>;

/** What came back: the thing, or the code and the fields that were wrong. */
export interface Outcome {
  result: unknown;
  error: { code: string; message: string; errors: unknown[] } | null;
}

export interface Extras {
  idempotencyKey?: string;
  expectedVersion?: number;
}

/** `call('solveTicket', { ticketId })` */
export type Call = (operation: string, input?: Row, extras?: Extras) => Promise<Outcome>;

const schema = buildSchema(
  readdirSync(SCHEMA)
    .filter((file) => file.endsWith('.graphql'))
    .map((file) => readFileSync(path.join(SCHEMA, file), 'utf8'))
    .join('\n'),
);

export function throughRest({ rest }: Caller): Call {
  return async (name, input = {}, { idempotencyKey, expectedVersion } = {}) => {
    const route = ROUTES.find(({ operation }) => operation.name === name)!;
    const inPath = pathParameters(route.path);
    const url = route.path.replaceAll(/:(\w+)/g, (_all, parameter) => encodeURIComponent(String(input[parameter])));
    const others = Object.entries(input).filter(([key]) => !inPath.includes(key));
    const asksByQuery = route.method === 'GET' || route.method === 'DELETE';
    const query = new URLSearchParams(others.map(([key, value]): [string, string] => [key, String(value)])).toString();
    const answer = await rest(
      `${route.method} /v1${url}${asksByQuery && query !== '' ? `?${query}` : ''}`,
      asksByQuery ? undefined : Object.fromEntries(others),
      {
        ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
        ...(expectedVersion === undefined ? {} : { 'if-match': `"${expectedVersion}"` }),
      },
    );
    const { code, detail: message, errors } = answer.body ?? {};
    return answer.status < 300
      ? { result: answer.body, error: null }
      : { result: null, error: { code, message, errors } };
  };
}

export function throughGraphql({ graphql }: Caller): Call {
  return async (name, input = {}, extras = {}) => {
    const field = FIELDS.find(({ operation }) => operation.name === name)!;
    const { shape, operation } = field;
    const isMutation = shape === 'mutation';
    const root = isMutation ? schema.getMutationType()! : schema.getQueryType()!;
    const called = isMutation ? operation.name : field.name;
    const type = root.getFields()[called]!;
    const args = argumentsOf(shape, operation.input, toArguments(operation.input, input) as Row, extras);
    const named = type.args.filter((argument) => argument.name in args);
    const declared = named.map((argument) => `$${argument.name}: ${argument.type}`).join(', ');
    const given = named.map((argument) => `${argument.name}: $${argument.name}`).join(', ');
    const document = `${isMutation ? 'mutation' : 'query'}${declared && `(${declared})`} { ${called}${given && `(${given})`} ${selection(type, isMutation)} }`;
    const { body } = await graphql(document, args);
    const [top] = body.errors ?? [];
    if (top !== undefined) {
      return {
        result: null,
        error: { code: top.extensions.code, message: top.message, errors: top.extensions.errors },
      };
    }
    const answer = body.data[called];
    if (isMutation) return { result: answer[field.name], error: answer.errors[0] ?? null };
    if (shape !== 'connection') return { result: answer, error: null };
    return { result: { data: answer.nodes, nextCursor: answer.pageInfo.endCursor }, error: null };
  };
}

function argumentsOf(shape: string, input: z.ZodObject, given: Row, extras: Extras): Row {
  if (shape === 'mutation') return { input: { ...given, ...extras } };
  if (shape === 'computed') return { input: given };
  if (shape === 'query') {
    const single = idArgument({ input } as never);
    return single === null ? given : { id: given[single] };
  }
  const { limit, cursor, after, sort, ...filter } = given;
  const all: Row = { first: limit, after: cursor ?? after, sort, filter };
  return Object.fromEntries(
    Object.entries(all).filter(
      ([, value]) => (value !== undefined && Object.keys(Object(value)).length !== 0) || typeof value === 'number',
    ),
  );
}

/** The inverse of the door's own translation: a name becomes `{ id }`, the thing itself `{ inline }`. */
function toArguments(schemaOf: z.ZodType, value: unknown): unknown {
  if (value === null || value === undefined) return value;
  const { schema: inner, def } = peel(schemaOf);
  if (isReference(inner)) {
    if (typeof value === 'string') return { id: value };
    return { inline: toArguments(def.options!.find((option) => peel(option).def.type === 'object')!, value) };
  }
  if (def.type === 'array' && Array.isArray(value)) return value.map((item) => toArguments(def.element!, item));
  if (def.type === 'object' && typeof value === 'object') {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        key,
        def.shape![key] === undefined ? item : toArguments(def.shape![key], item),
      ]),
    );
  }
  return value;
}

/** Everything that REST answers without `include`. */
function selection(field: GraphQLField<unknown, unknown>, isMutation: boolean): string {
  const fieldsOf = (type: GraphQLOutputType, top: boolean): string => {
    const named = getNamedType(type);
    if (isScalarType(named) || isEnumType(named)) return '';
    if (!isObjectType(named)) throw new Error(`No selection for ${named}.`);
    const related = RELATIONS.filter((relation) => relation.on === named.name).map((relation) => relation.name);
    const wanted = Object.values(named.getFields()).filter(
      ({ name }) => !related.includes(name) || (isMutation && top && name === 'clocks'),
    );
    return `{ ${wanted
      .filter(({ name }) => !(named.name.endsWith('Connection') && ['edges', 'deleted'].includes(name)))
      .map(({ name, type: inner }) => `${name} ${fieldsOf(inner, isMutation)}`)
      .join(' ')} }`;
  };
  return fieldsOf(field.type, isMutation);
}
