/** The OpenAPI 3.1 document, made from the routes and their operations; `openapi.yaml` is this, checked in. */

import { z } from 'zod';
import type { Operation, Relation } from '../../operation.ts';
import type { BulkRoute } from './bulk.ts';
import type { ExportRoute } from './export.ts';
import { COMPONENTS, MACHINERY } from './openapi-machinery.ts';
import { problemResponses, responseName } from './openapi-problems.ts';
import { type Json, mapReferences, Schemas } from './openapi-schemas.ts';
import { bodyName, bulkOf, eventStreamOf, exportOf } from './openapi-streams.ts';
import { answerOf, pathParameters, plainKind, type Route } from './route.ts';

/** A domain as far as its documentation needs it. */
export interface Documented {
  name: string;
  routes: Route[];
  bulk?: BulkRoute[];
  exports?: ExportRoute[];
}

export interface OpenApiOptions {
  domains: Documented[];
  relations: Relation[];
  version: string;
}

const DESCRIPTION = `A headless service desk: the customer's tier decides the service level.

Every request but those of the pages, the health checks and the token endpoint carries \`Authorization: Bearer\` with a
key of the workspace or a token. What GraphQL can do at \`/graphql\`, REST can do here, and the other way round.

- Ids are TypeIDs (\`tkt_…\`); an id of another workspace is 404.
- Instants are RFC 3339, any offset in, UTC out. Durations are ISO 8601.
- Errors are \`application/problem+json\`; \`code\` is stable and explained at \`/problems\`; \`title\` follows \`Accept-Language\`.
- Lists answer \`data\` and \`nextCursor\`, and a \`Link\` to the next page.
- \`ETag\` is the version of a thing; sent back as \`If-Match\`, a write is refused when somebody else was faster.
- \`Idempotency-Key\` makes a repeated POST have one effect; it is kept for 24 hours.
- Any request can also be refused with 405 (see \`Allow\`), 408 or 431.`;

/** Everything a client needs to know, as one document. */
export function openapi({ domains, relations, version }: OpenApiOptions): Json {
  const schemas = new Schemas();
  const paths = new Map<string, Json>();
  for (const { name: tag, routes, bulk = [], exports = [] } of domains) {
    for (const route of routes) {
      const path = `/v1${route.path.replaceAll(/:([a-zA-Z]+)/g, '{$1}')}`;
      const item = paths.get(path) ?? {};
      item[route.method.toLowerCase()] = operationOf(route, tag, schemas, relations);
      paths.set(path, item);
    }
    for (const route of bulk) paths.set(`/v1/bulk/${route.resource}`, { post: bulkOf(route, tag, schemas) });
    for (const route of exports) {
      const listed = operationOf({ method: 'GET', path: '', operation: route.operation }, tag, schemas, []);
      const { element } = (route.operation.output as z.ZodObject).shape['data'] as z.ZodArray<z.ZodType>;
      paths.set(`/v1/export/${route.resource}`, { get: exportOf(route, listed, schemas.of(element, 'output')) });
    }
  }
  const events = paths.get('/v1/events');
  if (events !== undefined) paths.set('/v1/events/stream', eventStreamOf(events));
  for (const { on, name, description, model, many } of relations) {
    const related = schemas.of(model, 'output');
    schemas.extend(on, name, {
      description: `${description} Only with \`include=${name}\`.`,
      ...(many ? { type: 'array', items: related } : { anyOf: [related, { type: 'null' }] }),
    });
  }
  const { components, rename } = schemas.finish();
  const document = {
    openapi: '3.1.1',
    info: {
      title: 'Tierdesk',
      version,
      summary: 'Service desk without a face: REST and GraphQL over one set of operations.',
      description: DESCRIPTION,
      license: { name: 'Apache License 2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'This desk.' }],
    tags: [...domains.map(({ name }) => ({ name })), { name: 'machinery' }],
    security: [{ bearer: [] }],
    paths: { ...Object.fromEntries(paths), ...MACHINERY },
    components: {
      securitySchemes: COMPONENTS.securitySchemes,
      parameters: COMPONENTS.parameters,
      headers: COMPONENTS.headers,
      responses: problemResponses(),
      schemas: { ...components, ...COMPONENTS.schemas },
    },
  };
  return mapReferences<Json>(document, rename);
}

function operationOf({ method, path, operation }: Route, tag: string, schemas: Schemas, relations: Relation[]): Json {
  const inPath = pathParameters(path);
  const shape = operation.input.shape as Record<string, z.ZodType>;
  const rest = Object.entries(shape).filter(([name]) => !inPath.includes(name));
  const asksByQuery = method === 'GET' || method === 'DELETE';
  const answer = answerOf(operation.output);
  const included = method === 'GET' ? relations.filter((relation) => relation.on === answer.model) : [];
  const remembers = method === 'POST' && operation.kind === 'write' && operation.idempotency !== 'none';
  const guarded = operation.kind === 'write' && (method !== 'POST' || inPath.length > 0);
  const hasBody = !asksByQuery && rest.length > 0;

  const parameters: Json[] = [
    ...inPath.map((name) => ({ name, in: 'path', required: true, ...parameterOf(shape[name]!, schemas) })),
    ...(asksByQuery ? rest.map(([name, schema]) => queryParameter(name, schema, schemas)) : []),
    ...(included.length > 0 ? [includeParameter(included)] : []),
    ...(remembers ? [{ $ref: '#/components/parameters/IdempotencyKey' }] : []),
    ...(guarded ? [{ $ref: '#/components/parameters/IfMatch' }] : []),
  ];
  const scope = operation.scope === null ? 'Needs no scope.' : `Needs the scope \`${operation.scope}\`.`;
  return {
    operationId: operation.name,
    tags: [tag],
    summary: operation.summary,
    description: operation.description === undefined ? scope : `${operation.description}\n\n${scope}`,
    security: [{ bearer: operation.scope === null ? [] : [operation.scope] }],
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(hasBody ? { requestBody: bodyOf(method, operation, rest, schemas) } : {}),
    responses: {
      ...successes(method, operation, answer, remembers, schemas),
      ...failures({ operation, hasBody, guarded, remembers, asksByQuery, inPath: inPath.length > 0 }),
    },
  };
}

/** A parameter says once what it is; its schema need not repeat it. */
function parameterOf(zod: z.ZodType, schemas: Schemas): Json {
  const { description, examples, ...schema } = schemas.of(zod, 'input');
  return { description, schema: { ...schema, ...(examples === undefined ? {} : { examples }) } };
}

function queryParameter(name: string, zod: z.ZodType, schemas: Schemas): Json {
  const { description, schema } = parameterOf(zod, schemas);
  const isRequired = zod.safeParse(undefined).success === false;
  const list = plainKind(zod) === 'array' ? { style: 'form', explode: false } : {};
  return { name, in: 'query', required: isRequired, description, ...list, schema };
}

function includeParameter(relations: Relation[]): Json {
  const known = relations.map(({ name, description }) => `\`${name}\`: ${description}`);
  return {
    name: 'include',
    in: 'query',
    required: false,
    description: `Related things to add, separated by commas; the answer then has no ETag. ${known.join(' ')}`,
    style: 'form',
    explode: false,
    schema: { type: 'array', items: { type: 'string', enum: relations.map(({ name }) => name) }, uniqueItems: true },
  };
}

function bodyOf(method: string, operation: Operation, rest: [string, z.ZodType][], schemas: Schemas): Json {
  const whole = schemas.of(z.strictObject(Object.fromEntries(rest)), 'input');
  const schema = schemas.put(bodyName(operation), { description: `Body of ${operation.name}.`, ...whole });
  const fields = new Set(rest.map(([field]) => field));
  const example = Object.entries(operation.example ?? {}).filter(([field]) => fields.has(field));
  const media = { schema, ...(example.length > 0 ? { example: Object.fromEntries(example) } : {}) };
  return {
    required: ((whole['required'] as string[] | undefined) ?? []).length > 0,
    content: {
      'application/json': media,
      ...(method === 'PATCH' ? { 'application/merge-patch+json': media } : {}),
    },
  };
}

function successes(
  method: string,
  operation: Operation,
  answer: { model: string | null; page: boolean },
  remembers: boolean,
  schemas: Schemas,
): Json {
  const name = answer.page && answer.model !== null ? `${answer.model}Page` : undefined;
  const schema = schemas.of(operation.output, 'output', name);
  const shape = (operation.output as z.ZodObject).shape as Record<string, unknown> | undefined;
  const headers = {
    'X-Request-Id': { $ref: '#/components/headers/RequestId' },
    ...(!answer.page && shape?.['version'] !== undefined ? { ETag: { $ref: '#/components/headers/ETag' } } : {}),
    ...(answer.page ? { Link: { $ref: '#/components/headers/Link' } } : {}),
    ...(remembers ? { 'Idempotency-Replayed': { $ref: '#/components/headers/IdempotencyReplayed' } } : {}),
  };
  const content = { 'application/json': { schema } };
  const success = (status: number) => [
    String(status),
    { description: status === 201 ? 'It was made.' : status === 202 ? 'It is being done.' : 'Done.', headers, content },
  ];
  // A PUT makes what is not there yet.
  const statuses = method === 'PUT' && operation.status === 200 ? [200, 201] : [operation.status];
  return Object.fromEntries(statuses.map(success));
}

interface Circumstances {
  operation: Operation;
  hasBody: boolean;
  guarded: boolean;
  remembers: boolean;
  asksByQuery: boolean;
  inPath: boolean;
}

/** The refusals an operation can answer: a reference to each, by status. */
function failures(of: Circumstances): Json {
  const writes = of.operation.kind === 'write';
  const statuses = [
    400,
    401,
    ...(of.operation.scope !== null ? [403] : []),
    // What a body names by its id, key or token may be nobody's; a filter that does is an empty page.
    ...(of.inPath || of.hasBody ? [404] : []),
    ...(writes ? [409] : []),
    ...(of.guarded ? [412] : []),
    ...(of.asksByQuery ? [] : [413, 415]),
    ...(of.hasBody || of.remembers ? [422] : []),
    500,
    503,
  ];
  const known = statuses.map((status) => [String(status), { $ref: `#/components/responses/${responseName(status)}` }]);
  return { ...Object.fromEntries(known), default: { $ref: '#/components/responses/Problem' } };
}
