/** POST /v1/integrations/{integrationId}/inbound: no key of ours, but the sender's own signature over the body as it came. */

import type { FastifyInstance } from 'fastify';
import type { Logger } from '../../context.ts';
import { AppError } from '../../errors.ts';

/** A message as it came; `url` is what stands after the host. */
export interface InboundMessage {
  method: string;
  url: string;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

/** In a scope of its own: the body is kept as it was signed, whatever it says of its type. */
export async function registerInbound(
  server: FastifyInstance,
  take: (log: Logger, integrationId: string, message: InboundMessage) => Promise<object>,
): Promise<void> {
  await server.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    const url = '/v1/integrations/:integrationId/inbound';
    scope.post(url, async (request, reply) => {
      const { integrationId } = request.params as { integrationId: string };
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const { method, url: asked, headers } = request;
      const answer = await take(request.log, integrationId, { method, url: asked, headers, body });
      reply.header('Cache-Control', 'no-store');
      return reply.code(200).type('application/json; charset=utf-8').send(JSON.stringify(answer));
    });
    scope.route({
      method: ['GET', 'PUT', 'PATCH', 'DELETE'],
      url,
      handler: async (_request, reply) => {
        reply.header('Allow', 'POST');
        throw new AppError('method_not_allowed', 'Here one can POST.');
      },
    });
  });
}
