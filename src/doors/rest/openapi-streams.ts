/** What the contract says of answers that come line by line: bulk requests and the stream of events. */

import { z } from 'zod';
import type { Operation } from '../../operation.ts';
import { type BulkRoute, CSV, MOST_ATOMIC_LINES, NDJSON } from './bulk.ts';
import type { ExportRoute } from './export.ts';
import { responseName } from './openapi-problems.ts';
import type { Json, Schemas } from './openapi-schemas.ts';

/** The component that holds the body of an operation. */
export function bodyName({ name }: Operation): string {
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}Body`;
}

/** The component that holds a line, where that is not the body of the operation. */
function lineName({ name }: Operation): string {
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}Line`;
}

/** Lines cannot be described as such: the schemas are those of one line. */
export function bulkOf({ resource, operation, csv }: BulkRoute, tag: string, schemas: Schemas): Json {
  const { lines } = operation.batch;
  const flag = (name: string, description: string) => ({
    name,
    in: 'query',
    required: false,
    description,
    schema: { type: 'boolean', default: false },
  });
  return {
    operationId: `bulk${resource.charAt(0).toUpperCase()}${resource.slice(1)}`,
    tags: [tag],
    summary: `${operation.summary}: many at once, a line for each`,
    description: [
      BULK,
      ...(csv ? [CSV_IN] : []),
      `Each line is a body of \`${operation.name}\`${lines === undefined ? '' : NAMED}. Needs the scope \`${operation.scope}\`.`,
    ].join('\n\n'),
    security: [{ bearer: operation.scope === null ? [] : [operation.scope] }],
    parameters: [
      flag('dryRun', 'Decides every line and saves none: `valid` is what would be done.'),
      flag('atomic', `All lines or none; at most ${MOST_ATOMIC_LINES} lines.`),
      {
        name: 'fromLine',
        in: 'query',
        required: false,
        description: 'Goes on after a break: lines before this one are counted and left out.',
        schema: { type: 'integer', minimum: 1, default: 1 },
      },
    ],
    requestBody: {
      required: true,
      content: {
        [NDJSON]: {
          schema:
            lines === undefined
              ? { $ref: `#/output/${bodyName(operation)}` }
              : schemas.put(lineName(operation), {
                  description: `A line of ${resource} in bulk.`,
                  ...schemas.of(lines.input, 'input'),
                }),
          example: { ...operation.example, ...(lines === undefined ? {} : { externalIds: { crm: '42' } }) },
        },
        ...(csv ? { [CSV]: { schema: { type: 'string' } } } : {}),
      },
    },
    responses: {
      200: {
        description: 'A result for every line, in order; the answer begins before the request has ended.',
        headers: { 'X-Request-Id': { $ref: '#/components/headers/RequestId' } },
        content: { [NDJSON]: { schema: schemas.of(LineResult, 'output') } },
      },
      ...Object.fromEntries(
        [400, 401, 403, 415, ...(csv ? [422] : []), 500, 503].map((status) => [
          String(status),
          { $ref: `#/components/responses/${responseName(status)}` },
        ]),
      ),
      default: { $ref: '#/components/responses/Problem' },
    },
  };
}

const NAMED = ', which `externalIds` tells apart: a thing is known again by its name in another system';

const CSV_IN =
  `Or CSV (RFC 4180; \`charset\` utf-8, gb18030 or gbk; with a byte order mark or without): the first line names the fields, as in
\`externalIds.crm\`, \`profile.industry\` or \`amount.currency\`; one that is none is 422 before anything is done. Lists are one cell,
joined by \`|\` (\`\\|\` within a word); \`identities.phone\` is an identity of that kind; whatever has parts of its own may be JSON.
An empty cell is a field left out, so CSV empties nothing. \`line\` is where a record begins, the first line being the names; a
faulty record is its first line.`.replaceAll('\n', ' ');

const BULK =
  `NDJSON in, NDJSON out. Lines are run in batches of up to 500; a bad line stops only itself. A repeat of a line changes nothing,
so after a break send everything again, or all of it with \`fromLine\`, the first line without a result. A line has at most 1 MiB, the stream no
limit; empty lines are counted and get no result. Results wait for you: you may send everything before you read. When the
database stays away or the key ends, the batch at hand says so and the answer ends there.`.replaceAll('\n', ' ');

const LineResult = z
  .object({
    line: z.int().describe('Counts from 1.'),
    status: z
      .string()
      .describe(
        'What was done: `created`, `updated`, `unchanged`; `valid` in a dry run; `error`; `skipped`: left undone, in all or nothing, because of another line.',
      ),
    id: z.string().optional().describe('Id of the thing, unless there is none.'),
    number: z.int().optional().describe('What people call it by, where it has a number.'),
    kept: z
      .array(z.string())
      .optional()
      .describe(
        'Fields that were kept as they are, since they belong to another system, or since the name is that of a customer who was merged into this one.',
      ),
    errors: z
      .array(
        z
          .object({
            path: z.string().describe('Path of the field in the line; empty = the line itself.'),
            message: z.string().describe('What is wrong, in words.'),
            code: z.string().describe('Stable code.'),
          })
          .meta({ id: 'LineError', description: 'What is wrong with a line.' }),
      )
      .optional()
      .describe('What is wrong with it, at most 20; only with `error`.'),
  })
  .meta({ id: 'LineResult', description: 'What became of a line.' });

/** `GET /v1/export/{resource}`: it takes what its list takes (`listed`, the path item), but pages. */
export function exportOf({ resource, operation }: ExportRoute, listed: Json, model: Json): Json {
  const { parameters = [], tags, security, responses } = listed as { parameters?: Json[]; responses: Json } & Json;
  const mine = parameters.filter(({ name }) => !['limit', 'cursor', 'include'].includes(name as string));
  const chosen = (name: string, description: string, schema: Json) => ({
    name,
    in: 'query',
    required: false,
    description,
    schema,
  });
  const camel = resource.replaceAll(/(?:^|-)([a-z])/g, (_all, letter: string) => letter.toUpperCase());
  return {
    operationId: `export${camel}`,
    tags,
    summary: `${operation.summary}: all of them, as one stream`,
    description: EXPORT,
    security,
    parameters: [
      ...mine,
      chosen('format', 'ndjson unless told, or unless `Accept` names text/csv.', {
        type: 'string',
        enum: ['ndjson', 'csv'],
      }),
      chosen(
        'bom',
        'CSV for spreadsheets: begins with a byte order mark, so that Chinese is read as such; a cell that would be run as a formula gets an apostrophe in front.',
        { type: 'boolean', default: false },
      ),
    ],
    responses: {
      ...responses,
      200: {
        description: 'Every row, each once, while others write.',
        headers: { 'X-Request-Id': { $ref: '#/components/headers/RequestId' } },
        content: { [NDJSON]: { schema: model }, [CSV]: { schema: { type: 'string' } } },
      },
    },
  };
}

const EXPORT =
  `Filters and order are those of the list, and rows as it shows them; with \`updatedAfter\`, what was deleted is
told by the list alone. CSV has a column per field, its path joined by dots, lines end in CRLF (RFC 4180); lists of words are
joined by \`|\` (\`\\|\` within a word), everything else with parts of its own is JSON, and what is null or empty an empty
cell. The key is asked for again all the time. A fault in the middle breaks the connection off without the end of the
answer (curl exits with 18): what has its end is whole.`.replaceAll('\n', ' ');

/** `GET /v1/events/stream`: it takes what the list takes (`listed`, its path item), but a limit. */
export function eventStreamOf(listed: Json): Json {
  const { parameters, tags, security, responses } = listed['get'] as Json & { parameters: Json[]; responses: Json };
  const lastSeen = {
    name: 'Last-Event-ID',
    in: 'header',
    required: false,
    description: 'The same as `after`, as browsers send it when they connect again.',
    schema: { type: 'string' },
  };
  return {
    get: {
      operationId: 'streamEvents',
      tags,
      summary: 'Follow the events as they come (Server-Sent Events)',
      description:
        'From now on, or after the given sequence. `id` of a message is its sequence, `data` the event as listed.',
      security,
      parameters: [...parameters.filter(({ name }) => name !== 'limit'), lastSeen],
      responses: {
        ...responses,
        200: {
          description: 'The events, for as long as somebody listens.',
          headers: { 'X-Request-Id': { $ref: '#/components/headers/RequestId' } },
          content: { 'text/event-stream': { schema: { type: 'string' } } },
        },
      },
    },
  };
}
