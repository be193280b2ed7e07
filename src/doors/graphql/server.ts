/** The GraphQL door: Mercurius over the SDL in schema/, every field an operation, its limits and its error shape. */

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type ExecutionResult, GraphQLError, type GraphQLSchema, Kind } from 'graphql';
import mercurius from 'mercurius';
import type { z } from 'zod';
import type { Config } from '../../config.ts';
import { AppError, ERRORS, type ErrorCode, invalid } from '../../errors.ts';
import { IDEMPOTENCY_KEY } from '../../idempotency.ts';
import { type IdKind, kindOfId } from '../../ids.ts';
import { contextOf, cursorsOf, type Desk, execute, type Operation, type Reply } from '../../operation.ts';
import { setErrorHeaders, toKnownError } from '../rest/problem.ts';
import type { Session } from '../rest/route.ts';
import { type Field, fromArguments, idArgument, isReference, peel } from './field.ts';
import { checkLimits } from './limits.ts';
import { checkRequest, refuseMethod } from './request.ts';

interface GraphqlContext {
  request: FastifyRequest;
  session: Session;
}

const PATH = '/graphql';
/** Parsed documents that are kept, and as many refused ones: each is up to half a megabyte. */
const KEPT_DOCUMENTS = 100;

/** What a mutation may be refused with inside its payload; everything else is an error of the request. */
const IN_PAYLOAD: ReadonlySet<number> = new Set([404, 409, 410, 412, 422]);

export interface GraphqlOptions {
  sdl: string[];
  fields: Field[];
  /** Model's id -> the operation that reads one by its id. */
  nodes: Map<string, { kind: IdKind; operation: Operation }>;
}

export async function registerGraphql(
  app: FastifyInstance,
  desk: Desk,
  config: Config,
  { sdl, fields, nodes }: GraphqlOptions,
): Promise<void> {
  const resolvers: Record<string, Record<string, unknown>> = { Query: {}, Mutation: {} };
  for (const field of fields) {
    const parent = field.shape === 'mutation' ? 'Mutation' : 'Query';
    const name = field.shape === 'mutation' ? field.operation.name : field.name;
    resolvers[parent]![name] = resolver(desk, field);
  }
  const byKind = new Map([...nodes].map(([model, node]) => [node.kind, { model, ...node }]));
  resolvers['Query']!['node'] = async (_root: unknown, { id }: { id: string }, context: GraphqlContext) => {
    const node = byKind.get(kindOfId(id) as IdKind);
    if (node === undefined) return null;
    try {
      return (await run(desk, node.operation, { [idArgument(node.operation)!]: id }, context)).body;
    } catch (error) {
      if (error instanceof AppError && error.code === 'not_found') return null;
      throw error;
    }
  };
  resolvers['Node'] = { resolveType: (value: { id: string }) => byKind.get(kindOfId(value.id) as IdKind)?.model };

  const lists = new Set(fields.filter((field) => field.shape === 'connection').map((field) => field.name));

  await app.register(mercurius, {
    schema: sdl.join('\n'),
    resolvers: resolvers as never,
    loaders: loadersOf(desk) as never,
    jit: 2,
    graphiql: false,
    path: PATH,
    cache: KEPT_DOCUMENTS,
    graphql: { parseOptions: { maxTokens: config.graphqlMaxTokens } },
    validationRules: [noSubscription, ...(config.graphqlIntrospection ? [] : [noIntrospection])],
    context: (request: FastifyRequest) => ({ request, session: request.session! }),
    errorFormatter: (execution: ExecutionResult, context: unknown) => {
      const request = (context as GraphqlContext).request;
      const errors = (execution.errors ?? []).map((error) => formatted(error, request));
      // Nothing was run: the document or its variables are at fault.
      const invalid = execution.data === undefined || execution.data === null ? errors.every((e) => e.invalid) : false;
      return {
        statusCode: invalid ? 400 : 200,
        response: { data: execution.data ?? null, errors: errors.map((e) => e.body) } as never,
      };
    },
    errorHandler: (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
      const list = error instanceof AppError ? [error] : ((error as { errors?: unknown[] }).errors ?? [error]);
      const bodies = list.map((one) => formatted(isOverflow(one) ? TOO_DEEP : one, request));
      const status = bodies.every((one) => one.invalid) ? 400 : (bodies.find((one) => !one.invalid)?.status ?? 500);
      for (const { body } of bodies) setErrorHeaders(reply, body.extensions.code as ErrorCode);
      return reply
        .code(status)
        .type('application/json; charset=utf-8')
        .send(JSON.stringify({ data: null, errors: bodies.map((one) => one.body) }));
    },
    additionalRouteOptions: {
      preValidation: checkRequest,
    },
  } as never);
  const limits = { depth: config.graphqlMaxDepth, cost: config.graphqlMaxCost, lists };
  app.graphql.addHook('preValidation', async (_schema, document) => checkLimits(document, limits));
  // The compiled document is kept by its text alone, whichever of its operations was compiled: with several, none is.
  app.graphql.addHook('preExecution', async (_schema, document) => {
    const operations = document.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
    return operations.length > 1 ? { document } : undefined;
  });
  app.route({
    method: ['PUT', 'PATCH', 'DELETE'],
    url: PATH,
    handler: async (_request, reply) => {
      throw refuseMethod(reply);
    },
  });
}

function resolver(desk: Desk, field: Field) {
  const { operation } = field;
  const translate = hasReference(operation.input)
    ? (input: Record<string, unknown>) => fromArguments(operation.input, input) as Record<string, unknown>
    : (input: Record<string, unknown>) => input;
  if (field.shape === 'mutation') {
    return async (_root: unknown, args: { input: Record<string, unknown> }, context: GraphqlContext) => {
      const { idempotencyKey, expectedVersion, ...input } = args.input;
      try {
        const { body } = await run(desk, operation, translate(input), context, { idempotencyKey, expectedVersion });
        return { [field.name]: body, errors: [] };
      } catch (error) {
        if (!(error instanceof AppError) || !IN_PAYLOAD.has(ERRORS[error.code].status)) throw error;
        return { [field.name]: null, errors: [{ code: error.code, message: error.message, errors: error.errors }] };
      }
    };
  }
  if (field.shape === 'connection') {
    const cursorName = 'cursor' in operation.input.shape ? 'cursor' : 'after';
    return async (_root: unknown, args: Record<string, unknown>, context: GraphqlContext) => {
      const input: Record<string, unknown> = { ...((args['filter'] as object | null) ?? {}) };
      if (args['first'] !== undefined && args['first'] !== null) input['limit'] = args['first'];
      if (args['after'] !== undefined && args['after'] !== null) input[cursorName] = args['after'];
      if (args['sort'] !== undefined && args['sort'] !== null) input['sort'] = args['sort'];
      const { body } = await run(desk, operation, translate(withoutNulls(input)), context);
      return connectionOf(body as Page);
    };
  }
  if (field.shape === 'computed') {
    return async (_root: unknown, args: { input: Record<string, unknown> }, context: GraphqlContext) =>
      (await run(desk, operation, translate(args.input), context)).body;
  }
  const single = idArgument(operation);
  return async (_root: unknown, args: Record<string, unknown>, context: GraphqlContext) =>
    (await run(desk, operation, withoutNulls(single === null ? args : { [single]: args['id'] }), context)).body;
}

interface Page {
  data: unknown[];
  nextCursor: string | null;
  deleted?: unknown[];
}

/** Items know no cursor of their own in REST; here each edge gets the one that continues after it. */
function connectionOf(page: Page): unknown {
  const cursors = cursorsOf(page);
  return {
    edges: page.data.map((node, index) => ({ node, cursor: cursors?.[index] ?? '' })),
    nodes: page.data,
    pageInfo: { hasNextPage: page.nextCursor !== null, endCursor: page.nextCursor },
    deleted: page.deleted ?? null,
  };
}

function withoutNulls(input: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null && value !== undefined));
}

async function run(
  desk: Desk,
  operation: Operation,
  input: Record<string, unknown>,
  context: GraphqlContext,
  extras: { idempotencyKey?: unknown; expectedVersion?: unknown } = {},
): Promise<Reply> {
  const { idempotencyKey, expectedVersion } = extras;
  if (typeof idempotencyKey === 'string' && !IDEMPOTENCY_KEY.test(idempotencyKey)) {
    throw invalid('idempotencyKey', 'Expected 1 to 255 visible ASCII characters.');
  }
  return execute(desk, operation, {
    ...context.session,
    door: 'graphql',
    log: context.request.log,
    input,
    idempotencyKey: (idempotencyKey as string | null | undefined) ?? undefined,
    expectedVersion: (expectedVersion as number | null | undefined) ?? undefined,
  });
}

function loadersOf(desk: Desk): Record<string, Record<string, unknown>> {
  const loaders: Record<string, Record<string, unknown>> = {};
  for (const relation of desk.relations) {
    loaders[relation.on] ??= {};
    loaders[relation.on]![relation.name] = {
      // A cache would outlive a mutation of the same request.
      opts: { cache: false },
      loader: (queries: { obj: Record<string, unknown> }[], { request, session }: GraphqlContext) =>
        relation.load(
          contextOf(desk, { ...session, door: 'graphql', log: request.log }),
          queries.map(({ obj }) => obj),
        ),
    };
  }
  return loaders;
}

function hasReference(schema: z.ZodType): boolean {
  const { schema: inner, def } = peel(schema);
  if (isReference(inner)) return true;
  if (def.type === 'array') return hasReference(def.element!);
  if (def.type === 'object') return Object.values(def.shape!).some(hasReference);
  return false;
}

const TOO_DEEP = new AppError('bad_request', 'The document goes too deep.');

/** Reading a document is recursive: with a high limit of tokens it can be nested deeper than the stack. */
function isOverflow(error: unknown): boolean {
  return error instanceof RangeError && /call stack/.test(error.message);
}

/** One error as GraphQL says it: the code of the one table, and nothing of what is unexpected. */
function formatted(error: unknown, request: FastifyRequest) {
  const cause = error instanceof GraphQLError ? error.originalError : error;
  const locations = error instanceof GraphQLError ? { locations: error.locations, path: error.path } : {};
  const requestId = request.id;
  if (cause === undefined || cause === null || cause instanceof GraphQLError) {
    return {
      invalid: true,
      status: 400,
      body: { message: (error as Error).message, ...locations, extensions: { code: 'bad_request', requestId } },
    };
  }
  const known = toKnownError(cause);
  if (known.code === 'internal') request.log.error({ err: cause }, 'unexpected');
  return {
    invalid: ERRORS[known.code].status === 400,
    status: ERRORS[known.code].status,
    body: {
      message: known.message,
      ...locations,
      extensions: { code: known.code, errors: known.errors, requestId },
    },
  };
}

function noSubscription(context: { reportError(error: GraphQLError): void }) {
  return {
    OperationDefinition(node: { operation: string }) {
      if (node.operation !== 'subscription') return;
      const message = 'Subscriptions are streamed at /graphql/stream.';
      context.reportError(new GraphQLError(message, { nodes: [node as never] }));
    },
  };
}

function noIntrospection(context: { reportError(error: GraphQLError): void; getSchema(): GraphQLSchema }) {
  return {
    Field(node: { name: { value: string } }) {
      if (node.name.value === '__schema' || node.name.value === '__type') {
        context.reportError(new GraphQLError('Introspection is switched off.', { nodes: [node as never] }));
      }
    },
  };
}
