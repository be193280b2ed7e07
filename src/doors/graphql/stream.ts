/** Live updates over GraphQL: `subscription { event { … } }` by server-sent events (graphql-sse, distinct connections). */

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { GraphQLError, type GraphQLSchema, getOperationAST, OperationTypeNode, parse, validate } from 'graphql';
import { createHandler } from 'graphql-sse/lib/use/fastify';
import type { Config } from '../../config.ts';
import { type Desk, execute, type Operation } from '../../operation.ts';
import { follow } from '../follow.ts';
import { toKnownError } from '../rest/problem.ts';
import type { Session } from '../rest/route.ts';
import { checkLimits } from './limits.ts';

interface StreamContext {
  request: FastifyRequest;
  signal: AbortSignal;
}

/** Registers `/graphql/stream` over the schema of the GraphQL door; it takes subscriptions alone. */
export function registerGraphqlStream(
  app: FastifyInstance,
  desk: Desk,
  config: Config,
  schema: GraphQLSchema,
  listEvents: Operation,
  authenticate: (request: FastifyRequest) => Promise<Session>,
): void {
  const ending = new AbortController();
  app.addHook('preClose', async () => ending.abort());
  const field = schema.getSubscriptionType()!.getFields()['event']!;
  field.resolve = (event) => event;
  field.subscribe = async (_root, args: Record<string, unknown>, { request, signal }: StreamContext) => {
    const input = Object.fromEntries(Object.entries(args).filter(([, value]) => value !== null));
    const session = () => authenticate(request);
    try {
      // What is wrong with the request is said at once, not when the first event comes.
      const asked = { after: 'end', ...input, limit: 1 };
      await execute(desk, listEvents, { ...request.session!, door: 'graphql', log: request.log, input: asked });
    } catch (error) {
      const { code, message, errors } = toKnownError(error);
      throw new GraphQLError(message, { extensions: { code, errors, requestId: request.id } });
    }
    return follow(desk, listEvents, { input, session, door: 'graphql', log: request.log, signal });
  };

  const limits = { depth: config.graphqlMaxDepth, cost: config.graphqlMaxCost, lists: new Set<string>() };
  const handle = createHandler<never>({
    schema,
    onSubscribe({ raw: request, context: { reply } }, { query, variables, operationName }) {
      const refuse = (errors: readonly GraphQLError[]) => ({ errors });
      let document: ReturnType<typeof parse>;
      try {
        document = parse(query, { maxTokens: config.graphqlMaxTokens });
        checkLimits(document, limits);
        checkLimits(document, limits);
      } catch (error) {
        return [JSON.stringify(refuse([error as GraphQLError])), BAD_REQUEST];
      }
      const errors = validate(schema, document);
      if (
        errors.length === 0 &&
        getOperationAST(document, operationName)?.operation !== OperationTypeNode.SUBSCRIPTION
      ) {
        return [JSON.stringify(refuse([new GraphQLError('Only subscriptions are streamed.')])), BAD_REQUEST];
      }
      if (errors.length > 0) return [JSON.stringify(refuse(errors)), BAD_REQUEST];
      const left = new AbortController();
      reply.raw.on('close', () => left.abort());
      const contextValue: StreamContext = { request, signal: AbortSignal.any([ending.signal, left.signal]) };
      return {
        schema,
        document,
        operationName,
        variableValues: variables as never,
        contextValue: contextValue as never,
      };
    },
  });
  app.route({
    method: ['GET', 'POST'],
    url: '/graphql/stream',
    handler: async (request, reply) => {
      await handle(request, reply);
    },
  });
}

const BAD_REQUEST = {
  status: 400,
  statusText: 'Bad Request',
  headers: { 'content-type': 'application/json; charset=utf-8' },
};
