/** What the contract says of answers that come line by line: bulk requests and the stream of events. */

import { z } from 'zod';
import type { Operation } from '../../operation.ts';
import { type BulkRoute, MOST_ATOMIC_LINES, NDJSON } from './bulk.ts';
import { responseName } from './openapi-problems.ts';
import type { Json, Schemas } from './openapi-schemas.ts';

/** The component that holds the body of an operation. */
export function bodyName({ name }: Operation): string {
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}Body`;
}

/** Lines cannot be described as such: the schemas are those of one line. */
export function bulkOf({ resource, operation }: BulkRoute, tag: string, schemas: Schemas): Json {
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
    description: `${BULK}\n\nEach line is a body of \`${operation.name}\`. Needs the scope \`${operation.scope}\`.`,
    security: [{ bearer: operation.scope === null ? [] : [operation.scope] }],
    parameters: [
      flag('dryRun', 'Decides every line and saves none: `valid` is what would be done.'),
      flag('atomic', `All lines or none; at most ${MOST_ATOMIC_LINES} lines.`),
    ],
    requestBody: {
      required: true,
      content: { [NDJSON]: { schema: { $ref: `#/output/${bodyName(operation)}` }, example: operation.example } },
    },
    responses: {
      200: {
        description: 'A result for every line, in order; the answer begins before the request has ended.',
        headers: { 'X-Request-Id': { $ref: '#/components/headers/RequestId' } },
        content: { [NDJSON]: { schema: schemas.of(LineResult, 'output') } },
      },
      ...Object.fromEntries(
        [400, 401, 403, 415, 500, 503].map((status) => [
          String(status),
          { $ref: `#/components/responses/${responseName(status)}` },
        ]),
      ),
      default: { $ref: '#/components/responses/Problem' },
    },
  };
}

const BULK =
  `NDJSON in, NDJSON out. Lines are run in batches of up to 500; a bad line stops only itself. A repeat of a line changes nothing,
so after a break send everything again, or from the first line without a result on. A line has at most 1 MiB, the stream no
limit; empty lines are counted and get no result. Results wait for you: you may send everything before you read. When the
database stays away or the key ends, the batch at hand says so and the answer ends there.`.replaceAll('\n', ' ');

const LineResult = z
  .object({
    line: z.int().describe('Counts from 1.'),
    status: z
      .string()
      .describe(
        'What was done: `created`, `unchanged`; `valid` in a dry run; `error`; `skipped`: left undone, in all or nothing, because of another line.',
      ),
    id: z.string().optional().describe('Id of the thing, unless there is none.'),
    number: z.int().optional().describe('What people call it by, where it has a number.'),
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
