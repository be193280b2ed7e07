/**
 * The export door: all that a list answers, from the first page to the last, as one stream of lines. A page is read when
 * the one before has been taken, so that memory stays as it is however many rows there are.
 */

import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { AppError } from '../../errors.ts';
import { type Desk, execute, type Operation } from '../../operation.ts';
import { CSV, NDJSON } from './bulk.ts';
import { type CsvColumn, columnsOf, csvRow } from './csv-rows.ts';
import { answerOf, queryFault, queryReader, type Session } from './route.ts';

/** `GET /v1/export/{resource}`: every row of the list. */
export interface ExportRoute {
  resource: string;
  operation: Operation;
}

// biome-ignore lint/suspicious/noExplicitAny: operations of every input and output pass through here
export function exported(resource: string, operation: Operation<any, any>): ExportRoute {
  if (!answerOf(operation.output).page) throw new Error(`${operation.name} cannot be exported: it answers no page.`);
  return { resource, operation };
}

export interface ExportOptions {
  /** Who asks, asked again for every page: an export may outlive its key. */
  sessionOf(authorization: string | undefined): Promise<Session>;
  /** A connection on which nothing moves for so long is closed. */
  idleSeconds: number;
}

export async function registerExport(
  app: FastifyInstance,
  desk: Desk,
  routes: ExportRoute[],
  options: ExportOptions,
): Promise<void> {
  const ending = new AbortController();
  await app.register(async (scope) => {
    scope.addHook('preClose', async () => ending.abort());
    for (const { resource, operation } of routes) {
      const url = `/v1/export/${resource}`;
      const send = sender(desk, { resource, operation }, { ...options, ending: ending.signal });
      scope.route({ method: 'GET', url, exposeHeadRoute: false, handler: send });
      scope.route({
        method: ['HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
        url,
        handler: async (_request, reply) => {
          reply.header('Allow', 'GET');
          throw new AppError('method_not_allowed', 'Here one can GET.');
        },
      });
    }
  });
}

/** The longest page of a list. */
const PAGE = 200;

interface Page {
  data: Record<string, unknown>[];
  nextCursor: string | null;
}

function sender(desk: Desk, { resource, operation }: ExportRoute, options: ExportOptions & { ending: AbortSignal }) {
  // How a list is cut into pages is not the caller's to say here.
  const asked = Object.entries(operation.input.shape).filter(([name]) => name !== 'limit' && name !== 'cursor');
  const readQuery = queryReader(z.strictObject(Object.fromEntries(asked) as z.ZodRawShape), []);
  const columns = columnsOf(elementOf(operation));
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { form, query } = formOf(request);
    const input = readQuery(query, false);
    const pageAfter = async ({ workspace, actor }: Session, cursor: string | null): Promise<Page> => {
      const place = { limit: PAGE, ...(cursor === null ? {} : { cursor }) };
      const call = { workspace, actor, door: 'rest' as const, log: request.log, input: { ...input, ...place } };
      return (await execute(desk, operation, call)).body as Page;
    };
    // What is wrong with the request is said before the stream begins.
    const first = await pageAfter(request.session!, null).catch((error: unknown) => {
      throw queryFault(error);
    });
    async function* parts(): AsyncGenerator<string> {
      if (form.csv) yield `${form.bom ? '\uFEFF' : ''}${csvRow(columns.map(({ name }) => name))}`;
      for (let page = first; ; ) {
        const text = page.data.map((row) => lineOf(row, form, columns)).join('');
        if (text !== '') yield text;
        if (page.nextCursor === null) return;
        page = await pageAfter(await options.sessionOf(request.headers.authorization), page.nextCursor);
      }
    }
    const output = Readable.from(parts());
    endWith(options.ending, output);
    request.raw.socket.setTimeout?.(options.idleSeconds * 1000);
    if (form.csv) reply.header('Content-Disposition', `attachment; filename="${resource}.csv"`);
    return reply
      .code(200)
      .type(form.csv ? `${CSV}; charset=utf-8; header=present` : `${NDJSON}; charset=utf-8`)
      .header('Cache-Control', 'no-store')
      .send(output);
  };
}

function elementOf(operation: Operation): z.ZodType {
  return ((operation.output as z.ZodObject).shape['data'] as z.ZodArray<z.ZodType>).element;
}

/** The process ends: what is not sent by now is broken off, as with any fault in the middle. */
function endWith(ending: AbortSignal, output: Readable): void {
  const end = () => output.destroy(new AppError('unavailable', 'The desk is being stopped.'));
  if (ending.aborted) end();
  ending.addEventListener('abort', end, { once: true });
  output.once('close', () => ending.removeEventListener('abort', end));
}

interface Form {
  csv: boolean;
  /** For spreadsheets: a byte order mark first, and no cell that would be run as a formula. */
  bom: boolean;
}

function formOf(request: FastifyRequest): { form: Form; query: Record<string, string | string[]> } {
  const { format, bom = 'false', ...query } = request.query as Record<string, string | string[]>;
  if (format !== undefined && format !== 'csv' && format !== 'ndjson') {
    throw odd('format', 'Expected ndjson or csv.');
  }
  if (bom !== 'true' && bom !== 'false') throw odd('bom', 'Expected true or false.');
  const csv = format === undefined ? (request.headers.accept ?? '').includes(CSV) : format === 'csv';
  if (bom === 'true' && !csv) throw odd('bom', 'Only CSV begins with a byte order mark: give format=csv.');
  return { form: { csv, bom: bom === 'true' }, query };
}

function odd(path: string, message: string): AppError {
  return new AppError('unknown_parameter', message, [{ path, message, code: 'invalid' }]);
}

function lineOf(row: Record<string, unknown>, { csv, bom }: Form, columns: readonly CsvColumn[]): string {
  if (!csv) return `${JSON.stringify(row)}\n`;
  return csvRow(
    columns.map(({ cell }) => cell(row)),
    { guarded: bom },
  );
}
