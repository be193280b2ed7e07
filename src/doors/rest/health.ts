/** For those who run the desk: /livez (the process), /readyz (the database and its migrations), /metrics (Prometheus). */

import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import { AppError } from '../../errors.ts';

export interface Health {
  /** Resolves when requests can be served; throws what is missing. */
  ready(): Promise<void>;
  metrics: Registry;
  /** Metrics are for loopback callers here; another port shows them to everybody who can reach it. */
  metricsOnLoopback: boolean;
}

export function registerHealth(app: FastifyInstance, health: Health): void {
  let draining = false;
  app.addHook('preClose', async () => {
    draining = true;
  });
  app.get('/livez', async (_request, reply) => reply.type('text/plain; charset=utf-8').send('ok\n'));
  app.get('/readyz', async (_request, reply) => {
    if (draining) throw new AppError('unavailable', 'This process is ending.');
    await health.ready().catch(() => {
      throw new AppError('unavailable', 'The database does not answer, or its tables are not up to date.');
    });
    return reply.type('text/plain; charset=utf-8').send('ready\n');
  });
  if (!health.metricsOnLoopback) return;
  app.get('/metrics', async (request, reply) => {
    if (!/^(127\.|::1$|::ffff:127\.)/.test(request.socket.remoteAddress ?? '')) {
      throw new AppError('not_found', 'No such path.');
    }
    return reply.type(health.metrics.contentType).send(await health.metrics.metrics());
  });
}
