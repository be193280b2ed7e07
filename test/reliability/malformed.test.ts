/**
 * Whatever is sent, the desk answers with a status below 500 and says nothing of its inside.
 * FUZZ_RUNS (2000 unless told) and FUZZ_SEED make a longer run, or the same one again.
 */

import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import path from 'node:path';
import { Writable } from 'node:stream';
import fc from 'fast-check';
import { buildSchema } from 'graphql';
import { pino } from 'pino';
import { type Test, test } from 'tap';
import { BULK, ROUTES, SCHEMA } from '../../src/app.ts';
import { ERRORS } from '../../src/errors.ts';
import { ID_PREFIXES, type IdKind, kindOfId, newId } from '../../src/ids.ts';
import { makeThing, openWorkspace, type Rest } from '../architecture/things.ts';
import { openTestDesk } from '../support/desk.ts';
import { hostileRequests, type IdOf, type Shot, targetOf, type Words, writeJson } from '../support/hostile.ts';
import { type GraphqlShot, hostileDocuments } from '../support/hostile-graphql.ts';
import { ask, type HttpAnswer } from '../support/process.ts';

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 2000);
const GRAPHQL_RUNS = Math.ceil(RUNS / 2);
const BULK_LINES = Math.ceil(RUNS / 4);
const SEED = Number(process.env['FUZZ_SEED'] ?? randomInt(2 ** 31 - 1));
const BATCH = 250;
const AT_ONCE = 8;

/** What never leaves the house: statements, stacks, paths, the driver's and the framework's own words. */
const INSIDE =
  /\.ts:\d+|node_modules|\bat [\w.<>]+ \(|\/src\/|file:\/\/|SQLSTATE|Failed query|violates|duplicate key|syntax error at|invalid input syntax|relation "|out of range for type|FST_ERR|MER_ERR|Cannot read prop|is not a function|is not iterable|Maximum call stack|\binsert into\b|\bselect .* from "/i;

/** Ids to put into requests: what the fuzz makes is used by what comes after. */
class Pool {
  readonly #own = new Map<IdKind, string[]>();
  readonly #foreign: Map<IdKind, string>;

  constructor(foreign: Map<IdKind, string>) {
    this.#foreign = foreign;
  }

  add(kind: IdKind, id: string): void {
    const ids = this.#own.get(kind) ?? [];
    this.#own.set(kind, [...ids, id].slice(-20));
  }

  resolve = ({ kind, whose, pick }: IdOf): string => {
    const own = this.#own.get(kind) ?? [];
    if (whose === 'own' && own.length > 0) return own[pick % own.length]!;
    if (whose === 'foreign') return this.#foreign.get(kind) ?? newId(kind);
    return newId(kind);
  };
}

/** One of each kind of thing, as far as a route makes them. */
async function everything(owner: Rest): Promise<Map<IdKind, string>> {
  const made = new Map<IdKind, string>();
  for (const kind of Object.keys(ID_PREFIXES) as IdKind[]) await makeThing(owner, kind, made);
  return made;
}

async function openFuzz(t: Test) {
  const unexpected: string[] = [];
  const log = pino(
    { level: 'error' },
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        const { err, msg } = JSON.parse(chunk.toString()) as { err?: { stack?: string }; msg: string };
        unexpected.push(`${msg}: ${err?.stack ?? ''}`.slice(0, 1500));
        done();
      },
    }),
  );
  const desk = await openTestDesk(t, {}, log);
  const url = await desk.server.listen({ host: '127.0.0.1', port: 0 });
  const live = await openWorkspace(desk, 'live');
  const beside = await openWorkspace(desk);
  const pool = new Pool(await everything(beside));
  for (const [kind, id] of await everything(live)) {
    // The key it calls with must outlive the fuzz.
    if (kind !== 'key') pool.add(kind, id);
  }
  const terms = await live('GET /v1/terms');
  const tiers = await live('GET /v1/tiers');
  const words: Words = { tier: tiers.body.data.map(({ key }: { key: string }) => key), any: ['zzz'] };
  for (const { list, key } of terms.body.data) words[list] = [...(words[list] ?? []), key];
  words['any'] = Object.values(words).flat();
  const admin = await keyOf(live, { name: 'Fuzz', role: 'admin' });
  const customer = await keyOf(live, { name: 'Portal', role: 'customer', customerId: pool.resolve(idOf('customer')) });
  const test = (await desk.testWorkspace('2026-11-24T02:00:00Z')).key;
  return { desk, url, pool, words, unexpected, callers: [admin, admin, admin, test, customer] };
}

const idOf = (kind: IdKind): IdOf => ({ kind, whose: 'own', pick: 0 });

async function keyOf(owner: Rest, body: object): Promise<string> {
  const { status, body: made } = await owner('POST /v1/keys', body);
  if (status !== 201) throw new Error(JSON.stringify(made));
  return made.key;
}

/** What is wrong with an answer; null when all is well. */
function faultOf(answer: HttpAnswer): string | null {
  const { status, headers, text, body } = answer;
  if (status >= 500) return `${status}`;
  const hit = INSIDE.exec(text);
  if (hit !== null) return `says ${JSON.stringify(hit[0])}`;
  if (headers['x-request-id'] === undefined) return 'has no X-Request-Id';
  if (status < 400) return null;
  if (text === '') return null;
  if (headers['content-type'] !== 'application/problem+json; charset=utf-8') {
    return `is ${headers['content-type']} at ${status}`;
  }
  const fields = ['type', 'title', 'status', 'detail', 'code', 'errors', 'requestId'];
  const missing = fields.filter((field) => body[field] === undefined);
  if (missing.length > 0) return `lacks ${missing.join()}`;
  if (body.status !== status || !(body.code in ERRORS)) return `says ${body.code} ${body.status} at ${status}`;
  if (body.requestId !== headers['x-request-id']) return 'names another request';
  const wellFormed = (one: { path?: unknown; message?: unknown; code?: unknown }) =>
    typeof one.path === 'string' && typeof one.message === 'string' && typeof one.code === 'string';
  return body.errors.every(wellFormed) ? null : 'has errors without path, message or code';
}

/** Faults by what they are, so that a report is short. */
class Report {
  readonly faults = new Map<string, string>();
  note(what: string, request: string): void {
    if (this.faults.size < 30 && !this.faults.has(what)) this.faults.set(what, request);
  }
}

function shownCounts(statuses: Map<number, number>): string {
  const sorted = [...statuses].sort(([a], [b]) => a - b);
  return sorted.map(([status, times]) => `${status} ${times}×`).join(', ');
}

async function fire(tasks: (() => Promise<void>)[]): Promise<void> {
  let next = 0;
  const work = async () => {
    while (next < tasks.length) await tasks[next++]!();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

test(`${RUNS} malformed requests: no 5xx, every refusal a problem, nothing of the inside`, async (t) => {
  t.comment(`FUZZ_SEED=${SEED}`);
  const { url, pool, words, unexpected, callers } = await openFuzz(t);
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  t.teardown(() => agent.destroy());
  const arbitrary = hostileRequests(ROUTES, words, callers.length);
  const report = new Report();
  const statuses = new Map<number, number>();
  const succeeded = new Set<string>();

  const shoot = async (shot: Shot): Promise<void> => {
    const rawPath = targetOf(shot, pool.resolve);
    const body =
      shot.body === null
        ? undefined
        : 'bytes' in shot.body
          ? shot.body.bytes
          : Buffer.from(writeJson(shot.body.tree, pool.resolve));
    if (body !== undefined && body.length > 900_000) return;
    const headers = {
      Authorization: `Bearer ${callers[shot.caller]}`,
      ...shot.headers,
      ...(body === undefined ? {} : { 'Content-Length': String(body.length) }),
    };
    const shown = `${shot.method} ${rawPath.slice(0, 300)} ${JSON.stringify(shot.headers).slice(0, 200)} ${body?.toString().slice(0, 600) ?? ''}`;
    const before = unexpected.length;
    const answer = await ask(url, { method: shot.method, rawPath, headers, agent, ...(body && { body }) }).catch(
      (error: Error) => {
        report.note(`${shot.name}: no answer, ${error.message}`, shown);
        return null;
      },
    );
    if (answer === null) return;
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    if (answer.status < 300) succeeded.add(shot.name);
    const fault = faultOf(answer);
    if (fault !== null) {
      report.note(
        `${shot.name}: ${fault}`,
        `${shown}\n${answer.text.slice(0, 400)}\n${unexpected.slice(before).join('\n')}`,
      );
    }
    const id = answer.status === 201 ? (answer.body?.id as unknown) : undefined;
    const kind = typeof id === 'string' ? kindOfId(id) : null;
    if (kind !== null && shot.caller < 3) pool.add(kind, id as string);
  };

  for (let done = 0; done < RUNS; done += BATCH) {
    const shots = fc.sample(arbitrary, { seed: SEED + done, numRuns: Math.min(BATCH, RUNS - done) });
    await fire(shots.map((shot) => () => shoot(shot)));
  }

  for (const [what, request] of report.faults) t.fail(what, { request });
  t.equal(report.faults.size, 0, 'no fault');
  t.equal(unexpected.length, 0, 'nothing unexpected in the log', { first: unexpected[0] });
  t.comment(`answers: ${shownCounts(statuses)}`);
  t.comment(`${succeeded.size} of ${ROUTES.length} operations also succeeded`);
  t.ok((statuses.get(200) ?? 0) + (statuses.get(201) ?? 0) > RUNS / 20, 'many get as far as an answer');
});

/** What is wrong with an answer of the GraphQL door: HTTP 200 can hide what went wrong inside. */
function graphqlFaultOf({ status, text, body }: HttpAnswer): string | null {
  if (status >= 500) return `${status}`;
  const hit = INSIDE.exec(text);
  if (hit !== null) return `says ${JSON.stringify(hit[0])}`;
  const errors = (body.errors ?? []) as { message?: unknown; extensions?: { code?: string; requestId?: unknown } }[];
  for (const { message, extensions } of errors) {
    if (typeof message !== 'string' || extensions === undefined) return 'has an error without message or extensions';
    if (extensions.code === 'internal' || !(extensions.code! in ERRORS)) return `says ${extensions.code}`;
    if (extensions.requestId === undefined) return 'has an error without its request';
  }
  if (status >= 400 && errors.length === 0) return `is ${status} without errors`;
  return null;
}

test(`${GRAPHQL_RUNS} malformed GraphQL requests: no 5xx, none hidden in a 200, nothing of the inside`, async (t) => {
  t.comment(`FUZZ_SEED=${SEED}`);
  const { url, pool, unexpected, callers } = await openFuzz(t);
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  t.teardown(() => agent.destroy());
  const sdl = readdirSync(SCHEMA).filter((file) => file.endsWith('.graphql'));
  const schema = buildSchema(sdl.map((file) => readFileSync(path.join(SCHEMA, file), 'utf8')).join('\n'));
  const arbitrary = hostileDocuments(schema);
  const report = new Report();
  const statuses = new Map<number, number>();
  let answered = 0;

  const shoot = async ({ name, body }: GraphqlShot, key: string): Promise<void> => {
    const sent = body.replaceAll(/\$(ticket|customer|agent|contact|policy)\b/g, (_whole, kind: IdKind) =>
      pool.resolve(idOf(kind)),
    );
    const before = unexpected.length;
    const answer = await ask(`${url}/graphql`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
      body: sent,
      agent,
    });
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    if (answer.body.data !== null && answer.body.errors === undefined) answered++;
    const fault = graphqlFaultOf(answer);
    if (fault === null) return;
    const stack = unexpected.slice(before).join('\n');
    report.note(`${name}: ${fault}`, `${sent.slice(0, 1500)}\n${answer.text.slice(0, 600)}\n${stack}`);
  };

  for (let done = 0; done < GRAPHQL_RUNS; done += BATCH) {
    const shots = fc.sample(arbitrary, { seed: SEED + done, numRuns: Math.min(BATCH, GRAPHQL_RUNS - done) });
    await fire(shots.map((shot, index) => () => shoot(shot, callers[index % callers.length]!)));
  }

  for (const [what, request] of report.faults) t.fail(what, { request });
  t.equal(report.faults.size, 0, 'no fault');
  t.equal(unexpected.length, 0, 'nothing unexpected in the log', { first: unexpected[0] });
  t.comment(`answers: ${shownCounts(statuses)}; ${answered} without an error`);
  t.ok(answered > GRAPHQL_RUNS / 20, 'many get as far as an answer');
});

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };
const FORMS = [
  '',
  '=',
  '&&&',
  'a',
  '%zz=%zz',
  '%00=%00',
  '__proto__=1',
  'overall=5',
  'overall=1e309',
  'overall=5&overall=6',
]
  .concat([
    'overall=%ED%A0%80',
    'dimension.__proto__=1',
    `comment=${'x'.repeat(70_000)}`,
    'grant_type=client_credentials',
  ])
  .concat(['grant_type=client_credentials&client_id=%00&client_secret=%00', 'grant_type=x&grant_type=y']);

test('forms: the survey pages and the token endpoint', async (t) => {
  const { url, unexpected } = await openFuzz(t);
  for (const path of [
    '/s/x',
    '/s/%zz',
    `/s/${'x'.repeat(3000)}`,
    '/s/%00',
    '/s/__proto__',
    '/s/a.b.c',
    '/v1/oauth/token',
  ]) {
    for (const body of [undefined, ...FORMS]) {
      for (const headers of [FORM, { 'Content-Type': 'text/plain' }, { ...FORM, Authorization: 'Basic =' }]) {
        const method = body === undefined ? 'GET' : 'POST';
        const answer = await ask(url, { method, rawPath: path, headers, ...(body && { body }) });
        const hit = INSIDE.exec(answer.text);
        t.ok(
          answer.status >= 400 && answer.status < 500 && hit === null,
          `${path} ${body?.slice(0, 50)}: ${answer.status}`,
        );
      }
    }
  }
  t.strictSame(unexpected, [], 'nothing unexpected in the log');
});

interface BulkAnswer {
  line: number;
  status: string;
  errors?: { code: string }[];
}

test(`${BULK_LINES} malformed lines in bulk`, { skip: BULK.length === 0 }, async (t) => {
  t.comment(`FUZZ_SEED=${SEED}`);
  const { url, pool, words, unexpected, callers } = await openFuzz(t);
  const report = new Report();
  const codes = new Map<string, number>();
  for (const { resource, operation } of BULK) {
    const arbitrary = hostileRequests([{ method: 'POST', path: `/bulk/${resource}`, operation }], words, 1);
    const lines = fc
      .sample(arbitrary, { seed: SEED, numRuns: BULK_LINES })
      .flatMap(({ body }) => (body === null ? [] : 'bytes' in body ? body.bytes : writeJson(body.tree, pool.resolve)))
      .map((line) => Buffer.from(line).map((byte) => (byte === 10 ? 32 : byte)));
    const answer = await ask(`${url}/v1/bulk/${resource}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${callers[0]}`, 'Content-Type': 'application/x-ndjson' },
      body: Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')])),
    }).catch((error: Error) => error);
    if (answer instanceof Error) {
      report.note(`${resource}: ${answer.message}`, '');
      continue;
    }
    t.equal(answer.status, 200, resource);
    for (const text of answer.text.split('\n').filter((one) => one !== '')) {
      const { line, status, errors = [] } = JSON.parse(text) as BulkAnswer;
      const code = errors[0]?.code ?? status;
      codes.set(code, (codes.get(code) ?? 0) + 1);
      const hit = INSIDE.exec(text);
      if (code === 'internal' || code === 'unavailable' || hit !== null) {
        report.note(`${resource}: ${code} ${hit?.[0] ?? ''}`, `${text}\n${lines[line - 1]}`.slice(0, 3000));
      }
    }
  }
  for (const [what, request] of report.faults) t.fail(what, { request, unexpected: unexpected[0] });
  t.comment(`lines: ${[...codes].map(([code, times]) => `${code} ${times}×`).join(', ')}`);
  t.ok(codes.size > 1, 'some lines are taken');
  t.strictSame(unexpected, [], 'nothing unexpected in the log');
});
