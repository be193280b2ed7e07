/** Errors as application/problem+json (RFC 9457), in the caller's language; the unexpected says nothing outside. */

import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { toAppError } from '../../db/sqlstate.ts';
import { AppError, ERRORS, type ErrorCode, type FieldError } from '../../errors.ts';

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

export interface Problem {
  /** Where the code is explained; stable. */
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ErrorCode;
  errors: FieldError[];
  requestId: string;
}

export function problemOf(error: AppError, requestId: string, acceptLanguage?: string): Problem {
  const row = ERRORS[error.code];
  return {
    type: `/problems/${error.code}`,
    title: row[languageOf(acceptLanguage)],
    status: row.status,
    detail: error.message,
    code: error.code,
    errors: error.errors,
    requestId,
  };
}

/** zh-CN when the caller prefers any Chinese to English, else en. */
export function languageOf(acceptLanguage: string | undefined): 'zh-CN' | 'en' {
  const wanted = (acceptLanguage ?? '')
    .split(',')
    .map((part) => {
      const [tag, ...parameters] = part.trim().toLowerCase().split(';');
      const q = parameters.find((parameter) => parameter.trim().startsWith('q='));
      return { tag: tag ?? '', q: q === undefined ? 1 : Number(q.trim().slice(2)) || 0 };
    })
    .filter(({ tag, q }) => q > 0 && /^(zh|en)\b/.test(tag))
    .sort((a, b) => b.q - a.q);
  return wanted[0]?.tag.startsWith('zh') ? 'zh-CN' : 'en';
}

/** Fastify's own errors by their stable codes. */
const FRAMEWORK: Record<string, ErrorCode> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'payload_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'bad_request',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'bad_request',
  FST_ERR_CTP_INVALID_JSON_BODY: 'bad_request',
  FST_ERR_BAD_URL: 'bad_request',
  FST_ERR_ASYNC_CONSTRAINT: 'bad_request',
  FST_ERR_HANDLER_TIMEOUT: 'unavailable',
};

/** Where the title alone would leave the caller guessing. */
const DETAILS: Record<string, string> = {
  FST_ERR_CTP_EMPTY_JSON_BODY: 'The body is empty.',
  FST_ERR_CTP_INVALID_JSON_BODY: 'The body is not JSON.',
  FST_ERR_BAD_URL: 'The path is not percent-encoded UTF-8.',
};

/** Whatever was thrown -> what the caller may know. */
export function toKnownError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const fastify = error as Partial<FastifyError>;
  const framework = fastify.code === undefined ? undefined : FRAMEWORK[fastify.code];
  if (framework !== undefined) {
    return new AppError(framework, DETAILS[fastify.code!] ?? `${ERRORS[framework].en}.`);
  }
  if (error instanceof SyntaxError && fastify.statusCode === 400)
    return new AppError('bad_request', 'The body is not JSON.');
  const known = toAppError(error);
  if (known !== null) return known;
  if (fastify.statusCode !== undefined && fastify.statusCode >= 400 && fastify.statusCode < 500) {
    return new AppError('bad_request', 'The request cannot be read.');
  }
  return new AppError('internal', 'Something went wrong on our side. The request id helps us to find it.');
}

/** What HTTP wants said beside the body; the same for every door. */
export function setErrorHeaders(reply: FastifyReply, code: ErrorCode): void {
  if (code === 'unauthenticated') reply.header('WWW-Authenticate', 'Bearer');
  if (code === 'unavailable') reply.header('Retry-After', '1');
}

export function sendProblem(request: FastifyRequest, reply: FastifyReply, error: unknown): FastifyReply {
  const known = toKnownError(error);
  if (known.code === 'internal') request.log.error({ err: error }, 'unexpected');
  const problem = problemOf(known, request.id, request.headers['accept-language']);
  // A URL that cannot be read is refused before any hook has set it.
  reply.header('X-Request-Id', request.id);
  setErrorHeaders(reply, known.code);
  return reply.code(problem.status).type(PROBLEM_TYPE).send(JSON.stringify(problem));
}
