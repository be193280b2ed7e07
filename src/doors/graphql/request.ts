/** What a GraphQL request must be before anything reads its document: one JSON object, by POST, with the document as text. */

import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../../errors.ts';

/** Characters of a document: comments and strings are no tokens, and every document is kept in a cache. */
const LONGEST_DOCUMENT = 100_000;

/**
 * GET is not taken: a mutation by HEAD would pass for a query, and addresses end up in logs. Mercurius would also read
 * other media types, a list, and a document sent as a JSON syntax tree, past its token limit.
 */
export async function checkRequest(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (request.method !== 'POST') throw refuseMethod(reply);
  if (!/^application\/json *(;|$)/i.test(request.headers['content-type'] ?? '')) {
    throw new AppError('unsupported_media_type', 'Send application/json.');
  }
  const { body } = request;
  if (!isObject(body)) throw unreadable('The body must be a JSON object.');
  const { query, operationName, variables } = body;
  if (typeof query !== 'string' || query.trim() === '') throw unreadable('The document must be text in `query`.');
  if (query.length > LONGEST_DOCUMENT) {
    throw unreadable(`A document has at most ${LONGEST_DOCUMENT} characters: put long values into variables.`);
  }
  if (/^\s*(\{\s*["}]|\[|"|-|\d|(true|false|null)\s*$)/.test(query)) {
    throw unreadable('The document must be GraphQL text.');
  }
  if ((operationName ?? null) !== null && typeof operationName !== 'string') {
    throw unreadable('`operationName` must be text.');
  }
  if ((variables ?? null) !== null && !isObject(variables)) throw unreadable('`variables` must be a JSON object.');
}

export function refuseMethod(reply: FastifyReply): AppError {
  reply.header('Allow', 'POST');
  return new AppError('method_not_allowed', 'Here one can POST.');
}

function unreadable(detail: string): AppError {
  return new AppError('bad_request', detail);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
