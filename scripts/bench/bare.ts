/** What the desk is measured against: Fastify and pg with the very statements of the desk, and nothing around them. */

import { randomUUID } from 'node:crypto';
import { fastify } from 'fastify';
import pg from 'pg';

export interface Recorded {
  name: string;
  text: string;
  values: unknown[];
}

export interface BareInput {
  url: string;
  /** The statements of one request of each kind, as the desk sent them. */
  create: Recorded[];
  read: Recorded[];
  list: Recorded[];
  /** Ids in the statements of a create that name rows which exist. */
  keep: string[];
}

/** Serves GET /tickets/:uuid, GET /tickets and POST /tickets; answers the port it listens on by the parent's channel. */
async function serve({ url, create, read, list, keep }: BareInput): Promise<void> {
  const pool = new pg.Pool({ connectionString: url, max: 10, options: '-c timezone=UTC' });
  const app = fastify();
  const replay = async (statements: Recorded[], change: (values: unknown[]) => unknown[]) => {
    let rows: unknown[] = [];
    for (const { name, text, values } of statements)
      rows = (await pool.query({ name, text, values: change(values) })).rows;
    return rows;
  };
  const known = read[0]!.values[1];
  app.get('/tickets/:uuid', async (request) => {
    const { uuid } = request.params as { uuid: string };
    return (await replay(read, (values) => values.map((value) => (value === known ? uuid : value))))[0];
  });
  app.get('/tickets', async () => ({ data: await replay(list, (values) => values) }));
  let number = 10_000_000;
  app.post('/tickets', async (request, reply) => {
    const fresh = new Map<string, string>(keep.map((id) => [id, id]));
    const take = (uuid: string) => {
      if (!fresh.has(uuid)) fresh.set(uuid, randomUUID());
      return fresh.get(uuid)!;
    };
    const mine = number++;
    await replay(create, (values) => renewed(values, take, mine));
    return reply.code(201).send({ number: mine, ...(request.body as object) });
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  process.send!({ port: (app.server.address() as { port: number }).port });
}

const MADE_HERE = /01[0-9a-f]{6}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** The values of a save with new ids and another number; what names a row that exists stays. */
function renewed(values: unknown[], take: (uuid: string) => string, number: number): unknown[] {
  return values.map((value) =>
    typeof value === 'string' && value.startsWith('[{')
      ? value
          .replaceAll(MADE_HERE, (uuid) => take(uuid))
          .replaceAll(/"number":\d+/g, `"number":${number}`)
          .replaceAll(/tkt_[0-9a-z]{26}/g, (id) => `tkt_${take(id).replaceAll('-', '').slice(0, 26)}`)
      : value,
  );
}

process.once('message', (input) => void serve(input as BareInput));
