/** POST /v1/oauth/token: translation between the form of RFC 6749 and the authenticator; every refusal is an answer. */

import type { FastifyInstance, FastifyReply } from 'fastify';
import { type Authenticator, type TokenAnswer, tokenRequest } from '../../auth/token.ts';
import { AppError } from '../../errors.ts';

const PATH = '/v1/oauth/token';

export function registerTokenEndpoint(app: FastifyInstance, authenticator: Pick<Authenticator, 'issueToken'>): void {
  app.register(async (scope) => {
    // The form is read as it came, here only; what is no form is refused in the protocol's own words.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
    scope.post(PATH, async (request, reply) => {
      const asked = tokenRequest(request.headers, typeof request.body === 'string' ? request.body : '');
      return send(reply, 'status' in asked ? asked : await authenticator.issueToken(asked));
    });
    scope.route({
      method: ['GET', 'PUT', 'PATCH', 'DELETE'],
      url: PATH,
      handler: async (_request, reply) => {
        reply.header('Allow', 'POST');
        throw new AppError('method_not_allowed', 'Here one can POST.');
      },
    });
  });
}

function send(reply: FastifyReply, { status, headers, body }: TokenAnswer): FastifyReply {
  return reply.code(status).headers(headers).type('application/json; charset=utf-8').send(JSON.stringify(body));
}
