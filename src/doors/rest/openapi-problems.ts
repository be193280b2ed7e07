/** The refusals of the contract: one response per status, with the codes of the one table. */

import { ERRORS, type ErrorCode } from '../../errors.ts';
import type { Json } from './openapi-schemas.ts';

const RESPONSE_NAMES: Record<number, string> = {
  400: 'BadRequest',
  401: 'Unauthenticated',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  412: 'VersionMismatch',
  413: 'PayloadTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  500: 'Internal',
  503: 'Unavailable',
};

export function responseName(status: number): string {
  return RESPONSE_NAMES[status]!;
}

/** One response per status, with the codes of the one table. */
export function problemResponses(): Json {
  const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
  const headers: Record<string, Json> = {
    401: { 'WWW-Authenticate': { $ref: '#/components/headers/WWWAuthenticate' } },
    503: { 'Retry-After': { $ref: '#/components/headers/RetryAfter' } },
  };
  const responses = Object.entries(RESPONSE_NAMES).map(([status, name]) => {
    const codes = (Object.keys(ERRORS) as ErrorCode[]).filter((code) => ERRORS[code].status === Number(status));
    const description = `${codes.map((code) => `\`${code}\`: ${ERRORS[code].en}`).join('. ')}.`;
    return [
      name,
      {
        description,
        headers: { 'X-Request-Id': { $ref: '#/components/headers/RequestId' }, ...headers[status] },
        content,
      },
    ];
  });
  return {
    Problem: {
      description: 'Whatever else was refused: `code` says why.',
      headers: { 'X-Request-Id': { $ref: '#/components/headers/RequestId' } },
      content,
    },
    ...Object.fromEntries(responses),
  };
}
