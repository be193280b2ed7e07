/**
 * Create, read and list through REST at 16 connections, against a bare Fastify + pg handler with the same SQL, in one run:
 * rounds in turn, medians, ratios. `npm run bench -- --tickets 10000 --seconds 5 --rounds 3`
 */

import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import autocannon from 'autocannon';
import { pino } from 'pino';
import { buildApp, MIGRATIONS } from '../../src/app.ts';
import { loadConfig } from '../../src/config.ts';
import { closeDatabase, openDatabase } from '../../src/db/connect.ts';
import { migrate } from '../../src/db/migrate.ts';
import { decodeId } from '../../src/ids.ts';
import type { BareInput, Recorded } from './bare.ts';
import { benchDatabase } from './database.ts';

const { values: options } = parseArgs({
  options: {
    tickets: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '16' },
  },
});
const ADMIN_KEY = 'bench-admin-key-0123456789';
const AUTHORIZED = { authorization: `Bearer ${ADMIN_KEY}` };

const children: ChildProcess[] = [];

/** The desk as its users run it: a process of its own. */
async function startDesk(url: string): Promise<string> {
  const child = spawn(process.execPath, ['--max-semi-space-size=8', join(import.meta.dirname, '../../src/main.ts')], {
    env: {
      ...process.env,
      DATABASE_URL: url,
      TIERDESK_ADMIN_KEY: ADMIN_KEY,
      TIERDESK_SECRET_KEY: 'bench-secret-key-0123456789-0123456789',
      PORT: '0',
      LOG_LEVEL: 'warn',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  let output = '';
  for await (const chunk of child.stdout!) {
    output += chunk;
    const found = /answers at (http:\S+)/.exec(output);
    if (found !== null) {
      child.stdout!.resume();
      return found[1]!;
    }
  }
  throw new Error(`The desk did not start: ${output}`);
}

async function startBare(input: BareInput): Promise<string> {
  const child = fork(join(import.meta.dirname, 'bare.ts'));
  children.push(child);
  child.send(input);
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return `http://127.0.0.1:${port}`;
}

function body(n: number, customerId: string): string {
  return JSON.stringify({
    subject: `Ticket ${n}`,
    kind: 'basic',
    channel: 'email',
    customerId,
    message: 'It does not work.',
  });
}

async function call(desk: string, path: string, init: RequestInit = {}): Promise<Record<string, unknown>> {
  const answer = await fetch(`${desk}${path}`, {
    ...init,
    headers: { ...AUTHORIZED, 'content-type': 'application/json' },
  });
  if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
  return (await answer.json()) as Record<string, unknown>;
}

/** Tickets of 100 customers, made through the API; answers the ids of the first thousand. */
async function seed(desk: string, count: number): Promise<string[]> {
  const customers: string[] = [];
  for (let n = 0; n < 100; n++) {
    customers.push(
      (await call(desk, '/v1/customers', { method: 'POST', body: JSON.stringify({ name: `Customer ${n}` }) }))[
        'id'
      ] as string,
    );
  }
  const ids: string[] = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      while (next < count) {
        const n = next++;
        const made = await call(desk, '/v1/tickets', { method: 'POST', body: body(n, customers[n % 100]!) });
        if (ids.length < 1000) ids.push(made['id'] as string);
      }
    }),
  );
  return ids;
}

/** The statements of one request of each kind, as they reach the database. */
async function record(url: string, ticketId: string): Promise<Omit<BareInput, 'url'>> {
  const db = openDatabase({ url, poolSize: 1, prepared: true });
  await migrate(db, MIGRATIONS);
  const log = pino({ level: 'silent' });
  const services = { secretKey: Buffer.alloc(32), publicUrl: '', wallClock: () => Date.now() };
  const { server } = await buildApp({ config: loadConfig({}), db, services, log });
  const statements: Recorded[] = [];
  const original = db.pool.query.bind(db.pool) as (...args: unknown[]) => unknown;
  Object.assign(db.pool, {
    query(query: Recorded, values?: unknown[]) {
      statements.push({ name: query.name, text: query.text, values: values ?? query.values ?? [] });
      return original(query, values);
    },
  });
  const take = async (inject: object): Promise<Recorded[]> => {
    // Once for what is looked up but rarely (key, service levels, a block of numbers), once for the record.
    await server.inject({ headers: AUTHORIZED, ...inject });
    statements.length = 0;
    await server.inject({ headers: AUTHORIZED, ...inject });
    return statements.filter(({ text }) => !/api_keys/.test(text)).map((one) => ({ ...one }));
  };
  const customers = (await server.inject({ url: '/v1/customers?limit=1', headers: AUTHORIZED })).json();
  const create = await take({
    method: 'POST',
    url: '/v1/tickets',
    payload: body(0, customers.data[0].id),
    headers: { ...AUTHORIZED, 'content-type': 'application/json' },
  });
  const read = await take({ url: `/v1/tickets/${ticketId}` });
  const list = await take({ url: '/v1/tickets?limit=50' });
  await server.close();
  await closeDatabase(db);
  return { create, read, list, keep: [decodeId('customer', customers.data[0].id), customers.data[0].id] };
}

async function measure(desk: string, bare: string, ids: string[]): Promise<void> {
  const customers = (await call(desk, '/v1/customers?limit=100'))['data'] as { id: string }[];
  const payloads = customers.map(({ id }, n) => body(n, id));
  const json = { 'content-type': 'application/json' };
  const work = {
    create: {
      desk: {
        url: desk,
        requests: payloads.map((body) => ({
          method: 'POST',
          path: '/v1/tickets',
          body,
          headers: { ...AUTHORIZED, ...json },
        })),
      },
      bare: {
        url: bare,
        requests: payloads.map((body) => ({ method: 'POST', path: '/tickets', body, headers: json })),
      },
    },
    read: {
      desk: { url: desk, requests: ids.map((id) => ({ path: `/v1/tickets/${id}`, headers: AUTHORIZED })) },
      bare: { url: bare, requests: ids.map((id) => ({ path: `/tickets/${decodeId('ticket', id)}` })) },
    },
    'list of 50': {
      desk: { url: desk, requests: [{ path: '/v1/tickets?limit=50', headers: AUTHORIZED }] },
      bare: { url: bare, requests: [{ path: '/tickets' }] },
    },
  };
  console.log(
    `${options.tickets} tickets, ${options.connections} connections, ${options.rounds} rounds of ${options.seconds} s, Node ${process.version}`,
  );
  console.log('work          desk/s     bare/s     ratio   desk p99 ms');
  for (const [name, sides] of Object.entries(work)) {
    const rounds: { desk: number; bare: number; p99: number }[] = [];
    await run(sides.desk as never, 1);
    await run(sides.bare as never, 1);
    for (let round = 0; round < Number(options.rounds); round++) {
      const first = await run(sides.desk as never, Number(options.seconds));
      const second = await run(sides.bare as never, Number(options.seconds));
      rounds.push({ desk: first.requests.average, bare: second.requests.average, p99: first.latency.p99 });
    }
    const ratio = median(rounds.map((round) => round.desk / round.bare));
    const figure = (value: number) => value.toFixed(0).padStart(8);
    console.log(
      `${name.padEnd(12)}${figure(median(rounds.map((r) => r.desk)))}${figure(median(rounds.map((r) => r.bare)))}     ${ratio.toFixed(2)}   ${figure(median(rounds.map((r) => r.p99)))}`,
    );
  }
}

async function run(target: autocannon.Options, duration: number): Promise<autocannon.Result> {
  const result = await autocannon({ ...target, connections: Number(options.connections), duration });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${target.url}: ${result.non2xx} answers were refused, ${result.errors} failed.`);
  return result;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

const database = await benchDatabase();
try {
  const desk = await startDesk(database.url);
  const ids = await seed(desk, Number(options.tickets));
  const recorded = await record(database.url, ids[0]!);
  const bare = await startBare({ url: database.url, ...recorded });
  await measure(desk, bare, ids);
} finally {
  for (const child of children) child.kill();
  await database.stop();
}
