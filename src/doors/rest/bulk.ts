/**
 * The bulk door: NDJSON or CSV in, one result per line out, in order. What is sent is read a batch at a time; results that nobody
 * reads yet wait in a spool, so that neither side can stop the other, and memory stays as it is however much is sent.
 */

import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  type BatchOperation,
  type BulkCall,
  type Entry,
  isBatchOperation,
  isEntry,
  type LineResult,
  MOST_LINES_OF_BATCH,
  readLine,
  requireAllowed,
  runBatch,
  runTogether,
} from '../../bulk.ts';
import { BatchQueue } from '../../bulk-queue.ts';
import type { Logger } from '../../context.ts';
import { AppError } from '../../errors.ts';
import type { Desk, Operation } from '../../operation.ts';
import { readerOf } from './csv-columns.ts';
import { CsvLines, decoderOf } from './csv-lines.ts';
import { batchesOf, JsonLines, type LineReader, type RawLine } from './lines.ts';
import { toKnownError } from './problem.ts';
import type { Session } from './route.ts';
import { Spool } from './spool.ts';

/** `POST /v1/bulk/{resource}`: every line is an input of the operation. */
export interface BulkRoute {
  resource: string;
  operation: BatchOperation;
  /** Its lines are flat enough to be cells. */
  csv: boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: operations of every input and output pass through here
export function bulk(resource: string, operation: Operation<any, any>, { csv = false } = {}): BulkRoute {
  if (!isBatchOperation(operation)) throw new Error(`${operation.name} cannot be run in bulk: it has no batch.`);
  return { resource, operation, csv };
}

export const NDJSON = 'application/x-ndjson';
export const CSV = 'text/csv';
/** All or nothing is kept in memory, and saved in one transaction. */
export const MOST_ATOMIC_LINES = 10_000;
const MOST_ATOMIC_BYTES = 64 * 1024 * 1024;

export interface BulkOptions {
  /** Who calls, asked again for every batch: a stream may outlive its key, and the workspace moves on. */
  sessionOf(authorization: string | undefined): Promise<Session>;
  /** A connection on which nothing moves for so long is closed. */
  idleSeconds: number;
}

/** Connections that may take longer than a request: the limit of the server is not for them. */
const STREAMING = new WeakSet<Socket>();

export function isStreaming(socket: Socket): boolean {
  return STREAMING.has(socket);
}

export async function registerBulk(
  app: FastifyInstance,
  desk: Desk,
  routes: BulkRoute[],
  options: BulkOptions,
): Promise<void> {
  const ending = new AbortController();
  await app.register(async (scope) => {
    scope.addHook('preClose', async () => ending.abort());
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser([NDJSON, CSV], (_request, payload, done) => done(null, payload));
    for (const route of routes) {
      const url = `/v1/bulk/${route.resource}`;
      scope.post(url, (request, reply) => answer(desk, route, { ...options, ending: ending.signal }, request, reply));
      scope.route({
        method: ['GET', 'PUT', 'PATCH', 'DELETE'],
        url,
        handler: async (_request, reply) => {
          reply.header('Allow', 'POST');
          throw new AppError('method_not_allowed', 'Here one can POST.');
        },
      });
    }
  });
}

async function answer(
  desk: Desk,
  { operation, csv }: BulkRoute,
  options: BulkOptions & { ending: AbortSignal },
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { dryRun, atomic, fromLine } = flagsOf(request.query as Record<string, string | string[]>);
  const callOf = ({ workspace, actor }: Session): BulkCall => ({ workspace, actor, door: 'rest', log: request.log });
  await requireAllowed(desk, operation, callOf(request.session!));
  const input = request.body ?? Readable.from([]);
  const isCsv = isCsvType(request.headers['content-type']);
  if (!(input instanceof Readable) || (isCsv && !csv)) {
    throw new AppError('unsupported_media_type', `Send ${csv ? `${NDJSON} or ${CSV}` : NDJSON}.`);
  }

  const { socket } = request.raw;
  STREAMING.add(socket);
  socket.setTimeout?.(options.idleSeconds * 1000);
  const chunks = (input as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  const reader = isCsv ? await openCsv(operation, request, chunks, options.ending) : new JsonLines();
  const spool = new Spool();
  const output = Readable.from(spool.read());
  output.once('close', () => {
    STREAMING.delete(socket);
    void spool.close();
    // The process ends: what the other side still wants to send has no reader.
    if (options.ending.aborted) socket.destroySoon?.();
  });
  const run: Run = {
    desk,
    operation,
    batches: (eager) => batchesOf(chunks, reader, MOST_LINES_OF_BATCH, { eager, signal: options.ending, fromLine }),
    spool,
    dry: dryRun,
    log: request.log,
    signal: options.ending,
    call: async () => callOf(await options.sessionOf(request.headers.authorization)),
  };
  void (atomic && !dryRun ? runAtomic(run) : runEach(run))
    .catch((error: unknown) => request.log.warn({ err: error }, 'a bulk request ended early'))
    .then(() => spool.end());
  return reply.code(200).type(`${NDJSON}; charset=utf-8`).header('Cache-Control', 'no-store').send(output);
}

function isCsvType(contentType: string | undefined): boolean {
  return /^\s*text\/csv\s*(;|$)/i.test(contentType ?? '');
}

/** A column that is none is told before anything is done: 422. */
async function openCsv(
  { batch, input }: BatchOperation,
  request: FastifyRequest,
  chunks: AsyncIterator<Buffer>,
  signal: AbortSignal,
): Promise<LineReader> {
  const lines = new CsvLines(decoderOf(request.headers['content-type']!));
  const header = await lines.header(chunks, signal);
  lines.columns(header.length, readerOf(batch.lines?.input ?? input, header));
  return lines;
}

interface Flags {
  dryRun: boolean;
  atomic: boolean;
  fromLine: number;
}

function flagsOf(query: Record<string, string | string[]>): Flags {
  const flags: Flags = { dryRun: false, atomic: false, fromLine: 1 };
  for (const [name, value] of Object.entries(query)) {
    if (name === 'fromLine') {
      flags.fromLine = Number(value);
      if (/^[1-9]\d{0,14}$/.test(String(value))) continue;
      const message = 'Expected the number of a line, from 1.';
      throw new AppError('unknown_parameter', message, [{ path: name, message, code: 'invalid_type' }]);
    }
    if (name !== 'dryRun' && name !== 'atomic') {
      throw new AppError('unknown_parameter', `Unknown query parameter ${name}.`);
    }
    if (value !== 'true' && value !== 'false') {
      const message = 'Expected true or false.';
      throw new AppError('unknown_parameter', message, [{ path: name, message, code: 'invalid_type' }]);
    }
    flags[name] = value === 'true';
  }
  return flags;
}

interface Run {
  desk: Desk;
  operation: BatchOperation;
  /** `eager`: also those that are not full, when nothing more comes. */
  batches(eager: boolean): AsyncIterable<RawLine[]>;
  spool: Spool;
  dry: boolean;
  log: Logger;
  /** Given when the process is to end: the batch at hand is the last one. */
  signal: AbortSignal;
  call(): Promise<BulkCall>;
}

/**
 * Every line for itself. Where nothing more can be done (the database stays away, the key has ended), the batch at hand
 * says so and the answer ends; the rest is read and dropped, so that its sender comes to an end, too.
 */
async function runEach(run: Run): Promise<void> {
  const queue = new BatchQueue(run.desk, run.operation, run);
  let ended = false;
  let told = Promise.resolve();
  for await (const lines of run.batches(true)) {
    for (const part of ended ? [] : partsOf(run, lines)) {
      const { decided, results } = queue.begin(run.call, part.filter(isEntry));
      const answered = results.then(
        (some) => inOrder(part, some),
        (error: unknown) => {
          // The one before has said why.
          if (ended) return [];
          ended = true;
          return part.map(({ line }) => failure(run, line, error));
        },
      );
      await told;
      if (ended) break;
      told = answered.then((all) => tell(run, all));
      await decided;
    }
  }
  await told;
}

/** A name that stands in the part already opens the next one: what the first line did must be known to the second. */
function* partsOf(run: Run, lines: RawLine[]): Generator<(Entry | LineResult)[]> {
  let part: (Entry | LineResult)[] = [];
  let names = new Set<string>();
  for (const line of lines) {
    const read = readRaw(run, line);
    if (isEntry(read)) {
      if (read.names.some((name) => names.has(name))) {
        yield part;
        part = [];
        names = new Set();
      }
      for (const name of read.names) names.add(name);
    }
    part.push(read);
  }
  if (part.length > 0) yield part;
}

function readRaw({ operation }: Run, { line, fault, read }: RawLine): Entry | LineResult {
  if (fault !== undefined) return readLine(operation, { line, fault });
  let value: unknown;
  try {
    value = read();
  } catch {
    return readLine(operation, {
      line,
      fault: { path: '', message: 'The line is not JSON.', code: 'bad_request' },
    });
  }
  return readLine(operation, { line, value });
}

async function resultsOf(run: Run, part: (Entry | LineResult)[]): Promise<LineResult[]> {
  const { desk, operation, dry } = run;
  const entries = part.filter(isEntry);
  return inOrder(part, await runBatch(desk, operation, await run.call(), entries, { dry }));
}

/** A result for every line; those that could not be read are their own. */
function inOrder(part: readonly (Entry | LineResult)[], decided: readonly LineResult[]): LineResult[] {
  const byLine = new Map(decided.map((result) => [result.line, result]));
  return part.map((one) => (isEntry(one) ? byLine.get(one.line)! : one));
}

/** All lines or none: looked at one by one first, so that every fault is told; then saved together. */
async function runAtomic(run: Run): Promise<void> {
  const lines: RawLine[] = [];
  const refused = new Map<number, LineResult>();
  const refuse = (result: LineResult) => refused.set(result.line, result);
  let bytes = 0;
  let full = false;
  for await (const batch of run.batches(false)) {
    if (full) continue;
    for (const line of batch) bytes += line.size;
    lines.push(...batch);
    if (lines.length > MOST_ATOMIC_LINES || bytes > MOST_ATOMIC_BYTES) {
      full = true;
      const message = `All or nothing takes at most ${MOST_ATOMIC_LINES} lines of ${MOST_ATOMIC_BYTES} bytes together.`;
      refuse({ line: batch.at(-1)!.line, status: 'error', errors: [{ path: '', message, code: 'too_big' }] });
      continue;
    }
    for (const part of partsOf({ ...run, dry: true }, batch)) {
      const results = await resultsOf({ ...run, dry: true }, part).catch((error: unknown) =>
        part.map(({ line }) => failure(run, line, error)),
      );
      for (const result of results) if (result.status === 'error') refuse(result);
    }
  }
  if (run.signal.aborted) return;
  const saved = refused.size > 0 ? [] : await saveTogether(run, lines);
  for (const result of saved) if (result.status === 'error') refuse(result);
  const all = refused.size > 0 ? lines.map(({ line }) => refused.get(line) ?? { line, status: 'skipped' }) : saved;
  for (let at = 0; at < all.length; at += MOST_LINES_OF_BATCH) await tell(run, all.slice(at, at + MOST_LINES_OF_BATCH));
}

async function saveTogether(run: Run, lines: RawLine[]): Promise<LineResult[]> {
  async function* batches(): AsyncGenerator<Entry[]> {
    for (let at = 0; at < lines.length; at += MOST_LINES_OF_BATCH) {
      for (const part of partsOf(run, lines.slice(at, at + MOST_LINES_OF_BATCH))) yield part.filter(isEntry);
    }
  }
  try {
    return await runTogether(run.desk, run.operation, await run.call(), batches);
  } catch (error) {
    return [failure(run, lines[0]!.line, error)];
  }
}

function failure({ log }: Run, line: number, error: unknown): LineResult {
  const known = toKnownError(error);
  if (known.code === 'internal') log.error({ err: error, line }, 'unexpected');
  return { line, status: 'error', errors: [{ path: '', message: known.message, code: known.code }] };
}

async function tell({ spool }: Run, results: LineResult[]): Promise<void> {
  if (results.length > 0) await spool.write(`${results.map((result) => JSON.stringify(result)).join('\n')}\n`);
}
