/** The HTTP server as this desk wants it: limits, request ids, problem+json for every error, also the framework's own. */

import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import cors from '@fastify/cors';
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify';
import type { Config } from '../../config.ts';
import { AppError, ERRORS, type ErrorCode } from '../../errors.ts';
import { isStreaming } from './bulk.ts';
import { PROBLEM_TYPE, problemOf, sendProblem } from './problem.ts';

export async function createServer(config: Config, log: FastifyBaseLogger): Promise<FastifyInstance> {
  const app = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: config.bodyLimitBytes,
    // Fastify switches Node's own limit off; without a proxy in front a slow body would never be cut.
    requestTimeout: config.requestTimeoutSeconds * 1000,
    connectionTimeout: 0,
    keepAliveTimeout: 72_000,
    http: {
      headersTimeout: Math.min(20, config.requestTimeoutSeconds) * 1000,
      // Node looks for requests that are over time every 30 s unless told.
      connectionsCheckingInterval: Math.min(2, config.requestTimeoutSeconds / 2) * 1000,
    },
    genReqId: (request) => {
      const given = request.headers['x-request-id'];
      return typeof given === 'string' && /^[\w.:-]{1,128}$/.test(given) ? given : randomUUID();
    },
    routerOptions: { maxParamLength: 500 },
    return503OnClosing: true,
    forceCloseConnections: 'idle',
    frameworkErrors: (error, request, reply) => {
      sendProblem(request, reply, error);
    },
    clientErrorHandler(error, socket) {
      // A stream may take its time; the bulk door closes one on which nothing moves.
      if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && isStreaming(socket)) return;
      answerRaw(error, socket);
    },
  }) as unknown as FastifyInstance;

  app.decorateRequest('session', null);
  app.addHook('onRequest', async (request, reply) => {
    reply.header('X-Request-Id', request.id);
    reply.header('X-Content-Type-Options', 'nosniff');
  });
  // Connections that are idle are closed when the process ends; one that is in use ends with its answer, not with its time.
  let ending = false;
  app.addHook('preClose', async () => {
    ending = true;
  });
  app.addHook('onSend', async (_request, reply) => {
    if (ending) reply.header('Connection', 'close');
  });
  app.addHook('onResponse', async (request, reply) => {
    request.log.info(
      {
        method: request.method,
        route: request.routeOptions.url,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
      },
      'request',
    );
  });
  app.setErrorHandler((error, request, reply) => sendProblem(request, reply, error));
  app.setNotFoundHandler((request, reply) => sendProblem(request, reply, new AppError('not_found', 'No such path.')));

  app.removeContentTypeParser(['text/plain', 'application/json']);
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser(
    ['application/json', 'application/merge-patch+json'],
    { parseAs: 'buffer' },
    (request, body, done) => {
      // A verb without a body is often sent with the header all the same.
      if (body.length === 0) done(null, undefined);
      // Read as text, broken bytes would become other letters, and be kept as such.
      else if (!isUtf8(body as Buffer)) done(new AppError('bad_request', 'The body is not UTF-8.'));
      else parseJson(request, body.toString(), done);
    },
  );

  if (config.corsOrigins.length > 0) {
    await app.register(cors, {
      origin: config.corsOrigins,
      methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
      exposedHeaders: ['ETag', 'Link', 'X-Request-Id', 'Idempotency-Replayed', 'Retry-After'],
      maxAge: 600,
    });
  }
  return app;
}

/** What Node refuses before a request exists: still a problem, then the connection ends. */
function answerRaw(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const code: ErrorCode =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? 'request_timeout'
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? 'header_too_large'
        : 'bad_request';
  const requestId = randomUUID();
  const body = JSON.stringify(problemOf(new AppError(code, `${ERRORS[code].en}.`), requestId));
  const reason =
    code === 'request_timeout'
      ? 'Request Timeout'
      : code === 'header_too_large'
        ? 'Request Header Fields Too Large'
        : 'Bad Request';
  socket.end(
    `HTTP/1.1 ${ERRORS[code].status} ${reason}\r\nX-Request-Id: ${requestId}\r\nContent-Type: ${PROBLEM_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
