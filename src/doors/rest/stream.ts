/** The event feed as Server-Sent Events: `id` is the sequence, so a browser that reconnects misses nothing. */

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AppError } from '../../errors.ts';
import { type Desk, execute, type Operation } from '../../operation.ts';
import { type FeedEvent, follow } from '../follow.ts';
import { queryReader, type Session } from './route.ts';

/** Keeps proxies from closing a quiet stream. */
const HEARTBEAT_MS = 15_000;

export function registerEventStream(
  app: FastifyInstance,
  desk: Desk,
  listEvents: Operation,
  authenticate: (request: FastifyRequest) => Promise<Session>,
): void {
  const ending = new AbortController();
  app.addHook('preClose', async () => ending.abort());
  const readQuery = queryReader(listEvents.input, []);
  app.get('/v1/events/stream', async (request, reply) => {
    const input = readQuery(request.query as Record<string, string>, false);
    const last = request.headers['last-event-id'];
    if (typeof last === 'string' && last !== '') input['after'] = last;
    if (input['limit'] !== undefined) throw new AppError('unknown_parameter', 'A stream has no limit.');
    const left = new AbortController();
    request.raw.on('close', () => left.abort());
    const signal = AbortSignal.any([ending.signal, left.signal]);
    const session = () => authenticate(request);
    // What is wrong with the request is said before the stream begins.
    const asked = { after: 'end', ...input, limit: 1 };
    await execute(desk, listEvents, { ...request.session!, door: 'rest', log: request.log, input: asked });
    const events = follow(desk, listEvents, { input, session, door: 'rest', log: request.log, signal });
    reply.hijack();
    reply.raw.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
    });
    reply.raw.write(': here\n\n');
    const heartbeat = setInterval(() => reply.raw.write(':\n\n'), HEARTBEAT_MS);
    try {
      for await (const event of events) await send(event);
    } catch (error) {
      request.log.info({ err: error }, 'a stream ended');
    } finally {
      clearInterval(heartbeat);
      reply.raw.end();
    }

    async function send(event: FeedEvent): Promise<void> {
      const text = `id: ${event.sequence}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
      if (!reply.raw.write(text))
        await new Promise((resolve) => reply.raw.once('drain', resolve).once('close', resolve));
    }
  });
}
