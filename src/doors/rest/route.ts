/** The REST door: a route names an operation, and everything else about the request is the same for all of them. */

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Actor } from '../../auth/policy.ts';
import type { Workspace } from '../../context.ts';
import { AppError } from '../../errors.ts';
import { IDEMPOTENCY_KEY } from '../../idempotency.ts';
import { contextOf, type Desk, execute, include, type Operation } from '../../operation.ts';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface Route {
  method: Method;
  /** Below /v1, as in `/tickets/:ticketId/solve`. */
  path: string;
  operation: Operation;
}

/** `route('POST /tickets/:ticketId/solve', solveTicket)` */
// biome-ignore lint/suspicious/noExplicitAny: operations of every input and output pass through here
export function route(line: `${Method} /${string}`, operation: Operation<any, any>): Route {
  const [method, path] = line.split(' ') as [Method, string];
  return { method, path, operation };
}

export function pathParameters(path: string): string[] {
  return [...path.matchAll(/:([a-zA-Z]+)/g)].map((match) => match[1]!);
}

/** The model's id of an answer and whether it is a page of them. */
export function answerOf(output: z.ZodType): { model: string | null; page: boolean } {
  const shape = output instanceof z.ZodObject ? output.shape : {};
  if ('nextCursor' in shape) {
    return { model: ((shape['data'] as z.ZodArray<z.ZodType>).element.meta()?.id as string) ?? null, page: true };
  }
  return { model: (output.meta()?.id as string) ?? null, page: false };
}

export interface Session {
  workspace: Workspace;
  actor: Actor;
}

declare module 'fastify' {
  interface FastifyRequest {
    session: Session | null;
  }
}

export function registerRoutes(app: FastifyInstance, desk: Desk, routes: Route[]): void {
  const methods = new Map<string, Set<string>>();
  for (const { method, path, operation } of routes) {
    const url = `/v1${path}`;
    const known = methods.get(url) ?? new Set();
    methods.set(url, known.add(method));
    app.route({ method, url, handler: handler(desk, method, path, operation) });
  }
  for (const [url, allowed] of methods) {
    const others = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].filter((method) => !allowed.has(method));
    if (others.length > 0) app.route({ method: others as Method[], url, handler: refuse([...allowed]) });
  }
}

function refuse(allowed: string[]) {
  return async (_request: FastifyRequest, reply: FastifyReply) => {
    reply.header('Allow', allowed.sort().join(', '));
    throw new AppError('method_not_allowed', `Here one can ${allowed.join(', ')}.`);
  };
}

function handler(desk: Desk, method: Method, path: string, operation: Operation) {
  const answer = answerOf(operation.output);
  const inPath = pathParameters(path);
  const cursorName = 'cursor' in operation.input.shape ? 'cursor' : 'after';
  const asksByQuery = method === 'GET' || method === 'DELETE';
  const readQuery = asksByQuery ? queryReader(operation.input, inPath) : null;
  return async (request: FastifyRequest, reply: FastifyReply) => {
    const { workspace, actor } = request.session!;
    const query = request.query as Record<string, string | string[]>;
    const asksRelated = method === 'GET' && query['include'] !== undefined;
    const related = asksRelated ? [query['include']].flat().join(',') : '';
    const input = readQuery === null ? bodyInput(request.body, query, inPath) : readQuery(query, asksRelated);
    for (const [name, text] of Object.entries(request.params as Record<string, string>)) {
      input[name] = fromText(plainKind(operation.input.shape[name] as z.ZodType), text);
    }
    const call = {
      workspace,
      actor,
      door: 'rest' as const,
      log: request.log,
      input,
      idempotencyKey: method === 'POST' ? idempotencyKey(request.headers['idempotency-key']) : undefined,
      expectedVersion: operation.kind === 'write' ? ifMatch(request.headers['if-match']) : undefined,
    };
    const { status, body, replayed } = await execute(desk, operation, call).catch((error) => {
      throw asksByQuery ? queryFault(error) : error;
    });
    if (replayed) reply.header('Idempotency-Replayed', 'true');
    let sent = body as Record<string, unknown>;
    if (related !== '') {
      const ctx = contextOf(desk, call);
      const names = related.split(',').filter((name) => name !== '');
      if (answer.model === null) throw badParameter('include', 'Nothing can be included here.');
      sent = answer.page
        ? { ...sent, data: await include(desk, ctx, answer.model, sent['data'] as Record<string, unknown>[], names) }
        : (await include(desk, ctx, answer.model, [sent], names))[0]!;
    } else if (!answer.page && typeof sent['version'] === 'number') {
      reply.header('ETag', `"${sent['version']}"`);
    }
    if (answer.page && typeof sent['nextCursor'] === 'string') {
      const next = new URL(request.url, 'http://desk');
      next.searchParams.set(cursorName, sent['nextCursor']);
      reply.header('Link', `<${next.pathname}${next.search}>; rel="next"`);
    }
    return reply.code(status).type('application/json; charset=utf-8').send(JSON.stringify(sent));
  };
}

/** What is wrong with a query is unreadable (400); what is wrong with a body is invalid (422). */
export function queryFault(error: unknown): unknown {
  if (!(error instanceof AppError) || error.code !== 'validation_failed' || error.errors.length === 0) return error;
  return new AppError('unknown_parameter', error.message, error.errors);
}

function badParameter(name: string, message: string): AppError {
  return new AppError('unknown_parameter', message, [{ path: name, message, code: 'unknown_parameter' }]);
}

function bodyInput(body: unknown, query: Record<string, unknown>, inPath: string[]): Record<string, unknown> {
  const [stray] = Object.keys(query);
  if (stray !== undefined) throw badParameter(stray, `Unknown query parameter ${stray}.`);
  if (body === undefined || body === null) return {};
  if (typeof body !== 'object' || Array.isArray(body)) {
    throw new AppError('validation_failed', 'Expected a JSON object.', [
      { path: '', message: 'Expected a JSON object.', code: 'invalid_type' },
    ]);
  }
  // What the path says is not said again: another id in the body would be passed over in silence.
  const twice = inPath.filter((name) => Object.hasOwn(body, name));
  if (twice.length > 0) {
    const errors = twice.map((path) => ({ path, message: `Unknown field ${path}.`, code: 'unknown_field' }));
    throw new AppError('validation_failed', errors[0]!.message, errors);
  }
  return { ...(body as Record<string, unknown>) };
}

/** Query strings are text: numbers, booleans and lists are read as the operation's input wants them. */
export function queryReader(input: z.ZodObject, inPath: string[]) {
  const kinds = new Map(
    Object.entries(input.shape)
      .filter(([name]) => !inPath.includes(name))
      .map(([name, schema]) => [name, plainKind(schema as z.ZodType)]),
  );
  return (query: Record<string, string | string[]>, hasInclude: boolean): Record<string, unknown> => {
    const values: Record<string, unknown> = {};
    for (const [name, raw] of Object.entries(query)) {
      if (name === 'include' && hasInclude) continue;
      const kind = kinds.get(name);
      if (kind === undefined) throw badParameter(name, `Unknown query parameter ${name}.`);
      if (kind === 'array')
        values[name] = [raw]
          .flat()
          .flatMap((text) => text.split(','))
          .filter((text) => text !== '');
      else if (Array.isArray(raw)) throw badParameter(name, `The parameter ${name} is given twice.`);
      else values[name] = fromText(kind, raw);
    }
    return values;
  };
}

function fromText(kind: string, text: string): unknown {
  if (kind === 'number') return /^-?\d{1,15}(\.\d{1,9})?$/.test(text) ? Number(text) : text;
  if (kind === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  return text;
}

/** The kind below optional, default, nullable and pipe. */
export function plainKind(schema: z.ZodType): string {
  const def = schema.def as unknown as { type: string; innerType?: z.ZodType; in?: z.ZodType };
  if (def.innerType !== undefined && ['optional', 'default', 'nullable', 'prefault'].includes(def.type)) {
    return plainKind(def.innerType);
  }
  if (def.type === 'pipe' && def.in !== undefined) return plainKind(def.in);
  return def.type === 'int' ? 'number' : def.type;
}

/** A structured-field string ("…") or the bare text, as Stripe's callers send it; 1 to 255 visible characters. */
function idempotencyKey(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  const text = [header].flat().join(',').trim();
  const key = /^"(?:[^"\\]|\\["\\])*"$/.test(text) ? text.slice(1, -1).replaceAll(/\\(.)/g, '$1') : text;
  if (!IDEMPOTENCY_KEY.test(key)) {
    throw new AppError('bad_request', 'Idempotency-Key must be 1 to 255 visible ASCII characters.');
  }
  return key;
}

/** `"7"` -> 7; `*` matches anything that exists; a weak or foreign tag never matches. */
function ifMatch(header: string | undefined): number | undefined {
  if (header === undefined || header.trim() === '*') return undefined;
  const match = /^"(\d{1,9})"$/.exec(header.trim());
  if (match === null) throw new AppError('version_mismatch', 'If-Match must be the ETag of an earlier answer.');
  return Number(match[1]);
}
