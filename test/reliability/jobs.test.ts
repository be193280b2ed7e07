/** Long work: step by step, in whichever process is free; through cancels, kills, failures and a database that is away, each step counts once. */

import { Agent } from 'node:http';
import { mock } from 'node:test';
import { pino } from 'pino';
import { t as file, test } from 'tap';
import { buildApp } from '../../src/app.ts';
import { Changes } from '../../src/changes.ts';
import { loadConfig } from '../../src/config.ts';
import type { Logger } from '../../src/context.ts';
import { closeDatabase, openDatabase } from '../../src/db/connect.ts';
import { jobs } from '../../src/db/tables/jobs.ts';
import { tombstones } from '../../src/db/tables/machinery.ts';
import { findJobRow } from '../../src/domains/jobs/store.ts';
import { AppError } from '../../src/errors.ts';
import { enqueue, type JobDefinition, type Work } from '../../src/job.ts';
import { claimJob, keepJob } from '../../src/jobs/store.ts';
import { type AnyJob, finishJobs, startWorker } from '../../src/jobs/worker.ts';
import { contextOf } from '../../src/operation.ts';
import { saveOne } from '../../src/saving.ts';
import { openTestDatabase } from '../support/database.ts';
import { openTestDesk, START, type TestDesk } from '../support/desk.ts';
import { ADMIN_KEY, callerOf, type DeskProcess, startDesk } from '../support/process.ts';
import { openProxy } from '../support/proxy.ts';
import { until } from '../support/until.ts';

const LOG = pino({ level: 'silent' });
const LEASE_MS = 30_000;

const shared = await openTestDesk(file);

/** A workspace of its own, at the beginning of time. */
async function openWorkspace(): Promise<TestDesk> {
  shared.wall.now = START;
  const { workspaceId, caller } = await shared.otherWorkspace();
  return { ...shared, ...caller, workspaceId };
}

/** Asks for a job as an operation would; answers its id. */
async function ask(desk: TestDesk, type: string, input: Record<string, unknown> = {}): Promise<string> {
  const workspace = await desk.desk.workspaceNow(desk.workspaceId);
  const actor = { type: 'system' as const, id: 'test', name: 'test', role: 'admin' as const, scopes: new Set([]) };
  const ctx = contextOf(desk.desk, {
    workspace,
    actor: { ...actor, agentId: null, customerId: null, instanceAdmin: false },
    door: 'start',
    log: LOG,
  });
  const changes = new Changes(ctx.now);
  const { id } = enqueue(ctx, changes, { type }, input);
  if (!(await saveOne(desk.desk, workspace, changes, { actor: 'test', door: 'start' }))) throw new Error('Not saved');
  return id;
}

const run = (desk: TestDesk, ...definitions: AnyJob[]) => finishJobs(desk.desk, definitions, desk.workspaceId, LOG);
const read = async (desk: TestDesk, id: string) => (await desk.rest(`GET /v1/jobs/${id}`)).body;
const row = (desk: TestDesk, id: string) => findJobRow(desk.desk.db, desk.workspaceId, id);

/** A gate that a job waits at. */
function gate() {
  let open: () => void = () => undefined;
  let reached: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const isReached = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const pass = () => {
    reached();
    return opened;
  };
  return { open, isReached, pass };
}

/** Counts up to `to` from its place, and says each number it comes to. */
function counting(
  said: number[],
  before: (n: number) => unknown = () => undefined,
): JobDefinition<{ to: number }, number> {
  return {
    type: 'test.count',
    async run(work, { to }) {
      for (let n = (work.place ?? 0) + 1; n <= to; n++) {
        await before(n);
        said.push(n);
        await work.step(n, n, to);
      }
      return { counted: to };
    },
  };
}

test('a job goes step by step: how far it is can be read meanwhile, and what came of it in the end', async (t) => {
  const desk = await openWorkspace();
  const [second, said] = [gate(), [] as number[]];
  const id = await ask(desk, 'test.count', { to: 3 });
  t.match(await read(desk, id), {
    type: 'test.count',
    state: 'queued',
    input: { to: 3 },
    progress: { done: 0, total: null },
    result: null,
    error: null,
    requestedBy: 'test',
    startedAt: null,
    finishedAt: null,
  });
  const ran = run(
    desk,
    counting(said, (n) => (n === 2 ? second.pass() : null)),
  );
  await second.isReached;
  desk.wall.now += 5000;
  t.match(await read(desk, id), {
    state: 'running',
    progress: { done: 1, total: 3 },
    startedAt: '2026-11-24T02:00:00Z',
    finishedAt: null,
  });
  second.open();
  await ran;
  const done = await read(desk, id);
  t.match(done, {
    state: 'succeeded',
    progress: { done: 3, total: 3 },
    result: { counted: 3 },
    error: null,
    finishedAt: '2026-11-24T02:00:05Z',
  });
  t.strictSame(said, [1, 2, 3]);
  t.match(await row(desk, id), { checkpoint: null, leaseUntil: null });
  const { data } = (await desk.rest('GET /v1/events')).body;
  t.match(data, [
    { type: 'job.created', subject: id, actor: 'test', data: { type: 'test.count' } },
    {
      type: 'job.finished',
      subject: id,
      actor: 'worker',
      door: 'job',
      data: { type: 'test.count', state: 'succeeded' },
    },
  ]);
  t.equal(data.length, 2);

  const listed = await desk.rest('GET /v1/jobs?type=test.count&state=succeeded');
  t.strictSame(listed.body.data, [{ ...done, input: null, result: null }], 'lists leave out what may be large');
  t.strictSame((await desk.rest('GET /v1/jobs?state=failed')).body.data, []);
  t.equal((await desk.rest('GET /v1/jobs?state=lost')).status, 400);
  const asked = await desk.graphql(
    `query ($id: ID!) { job(id: $id) { state progress { done total } result } jobs(filter: { type: "test.count" }) { nodes { id result } } }`,
    { id },
  );
  t.strictSame(asked.body.data, {
    job: { state: 'succeeded', progress: { done: 3, total: 3 }, result: { counted: 3 } },
    jobs: { nodes: [{ id, result: null }] },
  });
});

test('a job that is cancelled stops at its next step, and one that waits never begins', async (t) => {
  const desk = await openWorkspace();
  const [second, said] = [gate(), [] as number[]];
  const first = await ask(desk, 'test.count', { to: 9 });
  const waiting = await ask(desk, 'test.count', { to: 9 });
  const ran = run(
    desk,
    counting(said, (n) => (n === 2 ? second.pass() : null)),
  );
  await second.isReached;
  t.match(await desk.rest(`POST /v1/jobs/${first}/cancel`), { status: 200, body: { state: 'cancelled' } });
  t.match((await desk.rest(`POST /v1/jobs/${waiting}/cancel`)).body, { state: 'cancelled', startedAt: null });
  second.open();
  await ran;
  t.strictSame(said, [1, 2], 'the step at hand is finished');
  t.match(await read(desk, first), { state: 'cancelled', result: null, error: null, progress: { done: 1, total: 9 } });
  t.match(await desk.rest(`POST /v1/jobs/${first}/cancel`), { status: 200, body: { state: 'cancelled', version: 3 } });
  const finished = (await desk.rest('GET /v1/events?type=job.finished')).body.data;
  t.strictSame(
    finished.map(({ subject, data }: { subject: string; data: object }) => [subject, data]),
    [first, waiting].map((id) => [id, { type: 'test.count', state: 'cancelled' }]),
  );

  const whole = await ask(desk, 'test.count', { to: 1 });
  await run(desk, counting([]));
  t.match(await desk.rest(`POST /v1/jobs/${whole}/cancel`), { status: 409, body: { code: 'invalid_transition' } });
  const answer = await desk.graphql(
    'mutation ($id: ID!) { cancelJob(input: { jobId: $id }) { job { id } errors { code } } }',
    { id: whole },
  );
  t.match(answer.body.data.cancelJob, { job: null, errors: [{ code: 'invalid_transition' }] });
});

test('a failure is told: what the caller can know in its words, the rest in the log alone', async (t) => {
  const desk = await openWorkspace();
  const failing = (type: string, error: Error): AnyJob => ({
    type,
    async run() {
      throw error;
    },
  });
  const known = new AppError('validation_failed', 'The plan is odd.', [{ path: 'plan', message: 'Odd.', code: 'odd' }]);
  const logged: object[] = [];
  const log: Logger = { info() {}, warn() {}, error: (fields) => logged.push(fields) };
  const [one, two, unknown] = [await ask(desk, 'a'), await ask(desk, 'b'), await ask(desk, 'test.gone')];
  const secret = new Error('password of postgres://x');
  await finishJobs(desk.desk, [failing('a', known), failing('b', secret)], desk.workspaceId, log);
  t.match(await read(desk, one), {
    state: 'failed',
    result: null,
    error: { code: 'validation_failed', message: 'The plan is odd.', errors: [{ path: 'plan', code: 'odd' }] },
  });
  t.strictSame((await read(desk, two)).error, {
    code: 'internal',
    message: 'Something went wrong on our side.',
    errors: [],
  });
  t.strictSame(logged, [{ err: secret, job: two }]);
  t.match(await read(desk, unknown), { state: 'failed', error: { code: 'gone', message: /test\.gone/ } });
});

/** What a process that is killed leaves behind: a claimed job, its place kept so far. */
async function leftBehind(
  desk: TestDesk,
  place: number | null,
): Promise<Awaited<ReturnType<typeof claimJob>> & object> {
  const claimed = (await claimJob(desk.desk.db, desk.wall.now, LEASE_MS, desk.workspaceId))!;
  if (place !== null) {
    const at = { place, done: place, total: 9 };
    await keepJob(desk.desk.db, claimed, desk.wall.now, LEASE_MS, at);
  }
  return claimed;
}

test('what a killed process left is taken up from its place when its lease is over, and not before', async (t) => {
  const desk = await openWorkspace();
  const { db } = desk.desk;
  const id = await ask(desk, 'test.count', { to: 6 });
  const dead = await leftBehind(desk, 4);
  desk.wall.now += LEASE_MS - 1;
  t.equal(await claimJob(db, desk.wall.now, LEASE_MS, null), null, 'it is still somebody’s');
  desk.wall.now += 1;
  const said: number[] = [];
  await run(desk, counting(said));
  t.strictSame(said, [5, 6]);
  t.match(await read(desk, id), { state: 'succeeded', result: { counted: 6 }, startedAt: '2026-11-24T02:00:00Z' });
  // It was not dead, only slow: whatever it says now is not heard.
  t.equal(await keepJob(db, dead, desk.wall.now, LEASE_MS, { place: 1, done: 1, total: 6 }), false);
  t.equal(await keepJob(db, dead, desk.wall.now, LEASE_MS), false);
  t.match(await read(desk, id), { state: 'succeeded', progress: { done: 6, total: 6 } });
});

test('a process that lost its job to another leaves it at its next step', async (t) => {
  const desk = await openWorkspace();
  const id = await ask(desk, 'test.count', { to: 4 });
  const [second, slow, fast] = [gate(), [] as number[], [] as number[]];
  const stalled = run(
    desk,
    counting(slow, (n) => (n === 2 ? second.pass() : null)),
  );
  await second.isReached;
  desk.wall.now += LEASE_MS;
  const taken = (await claimJob(desk.desk.db, desk.wall.now, LEASE_MS, null))!;
  t.equal(taken.place, 1);
  second.open();
  await until('the slow one has looked again', () => slow.length === 2);
  await keepJob(desk.desk.db, taken, desk.wall.now, 0);
  await run(desk, counting(fast));
  await stalled;
  t.strictSame(slow.slice(0, 2), [1, 2]);
  t.strictSame([...slow.slice(2), ...fast], [2, 3, 4], 'whoever claimed it next goes on from what was kept');
  t.match(await read(desk, id), { state: 'succeeded', progress: { done: 4, total: 4 } });
  t.equal((await desk.rest('GET /v1/events?type=job.finished')).body.data.length, 1);
});

test('a job that takes its time between steps keeps its lease', async (t) => {
  const desk = await openWorkspace();
  const id = await ask(desk, 'test.count', { to: 1 });
  const first = gate();
  mock.timers.enable({ apis: ['setInterval'] });
  t.teardown(() => mock.timers.reset());
  const ran = run(
    desk,
    counting([], () => first.pass()),
  );
  await first.isReached;
  const leaseOf = async () => Date.parse((await row(desk, id))!.leaseUntil!);
  for (let beat = 0; beat < 5; beat++) {
    desk.wall.now += 8000;
    mock.timers.tick(8000);
    await until('the lease is longer', async () => (await leaseOf()) === desk.wall.now + LEASE_MS);
    t.equal(await claimJob(desk.desk.db, desk.wall.now, LEASE_MS, null), null);
  }
  first.open();
  await ran;
  t.match(await read(desk, id), { state: 'succeeded' });
});

test('a process that ends leaves its job at the next step, to be gone on with at once', async (t) => {
  const desk = await openWorkspace();
  const id = await ask(desk, 'test.count', { to: 5 });
  const [third, one, other] = [gate(), [] as number[], [] as number[]];
  const worker = startWorker(desk.desk, [counting(one, (n) => (n === 3 ? third.pass() : null))], LOG);
  await third.isReached;
  const stopped = worker.stop();
  third.open();
  await stopped;
  t.match(await read(desk, id), { state: 'running', progress: { done: 3, total: 5 } });
  await run(desk, counting(other));
  t.strictSame(
    [one, other],
    [
      [1, 2, 3],
      [4, 5],
    ],
  );
  t.match(await read(desk, id), { state: 'succeeded' });
});

test('however many workers look, each job is run by one of them, the oldest first', async (t) => {
  const desk = await openWorkspace();
  const other = await desk.otherWorkspace();
  const begun: string[] = [];
  const definition: JobDefinition<Record<string, never>, number> = {
    type: 'test.once',
    async run(work) {
      begun.push(work.id);
      for (let n = 0; n < 3; n++) await work.step(n, n, 3);
      return {};
    },
  };
  const ids: string[] = [];
  for (let n = 0; n < 5; n++) ids.push(await ask(desk, 'test.once'));
  await run(desk, definition);
  t.strictSame(begun, ids, 'by one worker the oldest first');
  for (let n = 0; n < 20; n++) ids.push(await ask(desk, 'test.once'));
  const elsewhere = await ask({ ...desk, workspaceId: other.workspaceId }, 'test.once');
  await Promise.all(Array.from({ length: 6 }, () => run(desk, definition)));
  t.strictSame([...begun].sort(), [...ids].sort(), 'each once, and of this workspace alone');
  t.match((await other.caller.rest(`GET /v1/jobs/${elsewhere}`)).body, { state: 'queued' });
  const worker = startWorker(desk.desk, [definition], LOG);
  await until('a worker takes jobs of any workspace', async () => {
    return (await other.caller.rest(`GET /v1/jobs/${elsewhere}`)).body.state === 'succeeded';
  });
  await worker.stop();
  t.equal(begun.length, 26);
  t.equal((await desk.rest(`GET /v1/jobs/${elsewhere}`)).status, 404, 'a wall');
});

test('a worker that is woken while it looks looks again', async (t) => {
  const desk = await openWorkspace();
  const said: number[] = [];
  const worker = startWorker(desk.desk, [counting(said)], LOG);
  for (let n = 0; n < 20; n++) {
    await ask(desk, 'test.count', { to: 1 });
    worker.wake();
  }
  await until('all are run', () => said.length === 20);
  await worker.stop();
  const states = (await desk.rest('GET /v1/jobs')).body.data.map(({ state }: { state: string }) => state);
  t.strictSame([...new Set(states)], ['succeeded']);
});

test('a job that ends its process every time is given up, one that gets on is not', async (t) => {
  const desk = await openWorkspace();
  const deadly = await ask(desk, 'test.count', { to: 9 });
  const kill = async (place: number | null) => {
    t.ok(await leftBehind(desk, place));
    desk.wall.now += LEASE_MS;
  };
  for (let time = 0; time < 5; time++) await kill(null);
  const said: number[] = [];
  await run(desk, counting(said));
  t.strictSame(said, [], 'it is not even begun');
  t.match(await read(desk, deadly), { state: 'failed', error: { code: 'internal' } });

  const slow = await ask(desk, 'test.count', { to: 9 });
  for (let time = 1; time < 9; time++) await kill(time);
  await run(desk, counting(said));
  t.strictSame(said, [9]);
  t.match(await read(desk, slow), { state: 'succeeded' });
});

test('a database that is away is waited for, and no failure of the job', async (t) => {
  const { db, url } = await openTestDatabase(t);
  const proxy = await openProxy(t, url);
  const own = openDatabase({ url: proxy.url, poolSize: 3, prepared: true });
  const wall = { now: Date.UTC(2026, 10, 24, 2) };
  const services = { secretKey: Buffer.alloc(32, 7), publicUrl: '', wallClock: () => wall.now };
  const app = await buildApp({ config: loadConfig({}), db: own, services, log: LOG });
  t.teardown(async () => {
    await app.server.close();
    await closeDatabase(own);
  });
  await db.pool.query(
    `insert into workspaces (workspace_id, id, name, mode, time_zone, language, currency, colour, created_at, updated_at)
     values (7, gen_random_uuid(), 'W', 'live', 'UTC', 'en', 'CNY', '#1f6feb', now(), now())`,
  );
  const desk = { desk: app.desk, workspaceId: 7 } as TestDesk;
  const id = await ask(desk, 'test.count', { to: 4 });
  const said: number[] = [];
  let cut = false;
  const definition = counting(said, (n) => {
    if (n === 3 && !cut) {
      cut = true;
      proxy.cut();
    }
  });
  const warned: object[] = [];
  const log: Logger = { info() {}, error() {}, warn: (fields) => warned.push(fields) };
  const worker = startWorker(app.desk, [definition], log);
  t.teardown(() => worker.stop());
  await until('the worker says that it cannot look', () => warned.length > 0);
  proxy.mend();
  // The lease that nobody could give back.
  wall.now += LEASE_MS;
  worker.wake();
  const stateOf = async () => (await db.orm.select().from(jobs)).find((one) => one.id === id)!;
  await until('the job is done', async () => {
    worker.wake();
    return (await stateOf()).state === 'succeeded';
  });
  t.strictSame(said, [1, 2, 3, 3, 4], 'the step that was not kept is done again');
  t.match(await stateOf(), { result: { counted: 4 }, error: null, done: 4 });
});

test('a job that finds the database away again and again is waited for longer each time', async (t) => {
  const desk = await openWorkspace();
  const id = await ask(desk, 'test.away');
  let times = 0;
  const away: AnyJob = {
    type: 'test.away',
    async run() {
      times += 1;
      if (times < 5) throw new AppError('unavailable', 'The database does not answer at the moment.');
      return {};
    },
  };
  const waits: number[] = [];
  for (let time = 1; time < 5; time++) {
    await t.rejects(run(desk, away), { code: 'unavailable' });
    const { state, leaseUntil } = (await row(desk, id))!;
    t.equal(state, 'running');
    waits.push(Date.parse(leaseUntil!) - desk.wall.now);
    desk.wall.now = Date.parse(leaseUntil!);
  }
  t.strictSame(waits, [2000, 4000, 8000, 16_000]);
  await run(desk, away);
  t.match(await read(desk, id), { state: 'succeeded' });
});

test('what a job saves stands or falls alone; what lost its race comes back, what cannot be saved is told', async (t) => {
  const desk = await openWorkspace();
  const id = await ask(desk, 'test.save');
  const grave = (subject: string, deletedAt: number) => ({ resource: 'test', subject, deletedAt });
  const saver: JobDefinition<never, number> = {
    type: 'test.save',
    async run(work: Work<number>) {
      const ctx = await work.context();
      t.match(ctx, { door: 'job', actor: { id: 'worker' }, now: 1_795_485_600 });
      const group = (subject: string, more: object = {}) => {
        const changes = new Changes(ctx.now);
        changes.insert(tombstones, { workspaceId: desk.workspaceId, ...grave(subject, ctx.now), ...more });
        return { subject, changes };
      };
      const stale = group('lost');
      stale.changes.update(jobs, { ...(await row(desk, id))!, version: 1 }, { total: 7 });
      const failed: string[] = [];
      const groups = [group('one'), stale, group('bad', { resource: null }), group('two')];
      const lost = await work.save(groups, ({ subject }) => failed.push(subject));
      return { lost: lost.map(({ subject }) => subject), failed };
    },
  };
  await run(desk, saver);
  t.match(await read(desk, id), { state: 'succeeded', result: { lost: ['lost'], failed: ['bad'] } });
  const { rows } = await desk.desk.db.pool.query(`select subject from tombstones where workspace_id = $1 order by 1`, [
    desk.workspaceId,
  ]);
  t.strictSame(rows, [{ subject: 'one' }, { subject: 'two' }]);
});

test('a process killed while it recomputes 1000 tickets: another goes on, and each is turned and told of once', async (t) => {
  const { db, url } = await openTestDatabase(t);
  const [first, call] = [await startDesk(t, url), callerOf(ADMIN_KEY, new Agent())];
  const ask = async (process: DeskProcess, path: string, method = 'GET', body?: unknown) => {
    const answer = await call(`${process.url}/v1/${path}`, method, body);
    if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${answer.text}`);
    return answer.body;
  };
  for (const { id } of (await ask(first, 'policies?limit=200')).data) await ask(first, `policies/${id}`, 'DELETE');
  const objectives = (target: string) => [{ metric: 'resolution', target }];
  const policy = await ask(first, 'policies', 'POST', { key: 'all', name: 'All', objectives: objectives('PT30H') });
  const created = { at: new Date(Date.now() - 24 * 3600_000).toISOString(), type: 'created' };
  const line = (n: number) => ({
    externalIds: { old: `${n}` },
    subject: 'A',
    kind: 'basic',
    channel: 'email',
    events: [created],
  });
  const lines = Array.from({ length: 1000 }, (_, n) => JSON.stringify(line(n)));
  await fetch(`${first.url}/v1/bulk/tickets`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/x-ndjson' },
    body: `${lines.join('\n')}\n`,
  }).then((answer) => answer.text());
  const turned = async () => {
    const { rows } = await db.pool.query<{ turns: number; tickets: number }>(
      `select count(*)::int as turns, count(distinct ticket_id)::int as tickets from ticket_events where type = 'policy_changed'`,
    );
    return rows[0]!;
  };
  await ask(first, `policies/${policy.id}`, 'PATCH', { objectives: objectives('PT1H') });
  await until('it is at work', async () => (await turned()).turns > 100, { within: 30_000, every: 1 });
  first.kill('SIGKILL');
  await first.ended;
  const killedAt = (await turned()).turns;
  t.ok(killedAt < 1000, `killed in the middle, at ${killedAt}`);
  // As if its lease had run out.
  await db.pool.query(`update jobs set lease_until = now() where state = 'running'`);
  const second = await startDesk(t, url);
  const job = await until(
    'the job is done',
    async () => {
      const { data } = await ask(second, 'jobs?limit=1');
      return data[0].finishedAt === null ? null : ask(second, `jobs/${data[0].id}`);
    },
    { within: 60_000 },
  );
  t.match(job, { state: 'succeeded', progress: { done: 1000, total: 1000 } });
  t.match(job.result, { tickets: 1000, ticketsTouched: 1000, ticketsFailed: 0, byTier: [{ breachesAppeared: 1000 }] });
  t.strictSame(await turned(), { turns: 1000, tickets: 1000 });
  const { rows } = await db.pool.query(
    `select count(*)::int as said, count(distinct subject)::int as tickets from events where type = 'clock.breached'`,
  );
  t.strictSame(rows, [{ said: 1000, tickets: 1000 }]);
});
