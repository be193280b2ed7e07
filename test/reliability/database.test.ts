/** The database goes away and comes back: callers are told so, the process stays, and nothing acknowledged is lost. */

import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'tap';
import { startTimekeeper } from '../../src/jobs/timekeeper.ts';
import { openTestDatabase } from '../support/database.ts';
import { ADMIN_KEY, ask, callerOf, type HttpAnswer, startDesk } from '../support/process.ts';
import { openProxy } from '../support/proxy.ts';
import { checkSaid, LOG, listSaid, MINUTE, openTwoDesks, policy } from '../support/two-desks.ts';
import { until } from '../support/until.ts';

const CLIENTS = 8;

test('the database is cut off under load: 503 in the gap, then everything is there', async (t) => {
  const { db, url: database } = await openTestDatabase(t);
  const proxy = await openProxy(t, database);
  const desk = await startDesk(t, proxy.url, { LOG_LEVEL: 'warn' });
  const agent = new Agent({ keepAlive: true });
  t.teardown(() => agent.destroy());
  const call = callerOf(ADMIN_KEY, agent);
  const acknowledged = new Set<string>();
  const refused: HttpAnswer[] = [];
  const strange: HttpAnswer[] = [];
  let running = true;
  let made = 0;

  const client = async () => {
    while (running) {
      const key = `key-${made++}`;
      await until(
        key,
        async () => {
          const body = { subject: key, kind: 'complaint', channel: 'email', message: 'Please.' };
          const answer = await call(`${desk.url}/v1/tickets`, 'POST', body, { 'Idempotency-Key': key });
          if (answer.status === 201) acknowledged.add(key);
          else if (answer.status === 503) refused.push(answer);
          else strange.push(answer);
          return answer.status === 201;
        },
        { within: 20_000, every: 50 },
      );
    }
  };
  const clients = Array.from({ length: CLIENTS }, client);
  const more = (count: number) => {
    const goal = acknowledged.size + count;
    return until(`${count} more are made`, () => acknowledged.size >= goal, { within: 10_000 });
  };
  await more(50);
  t.equal((await ask(`${desk.url}/readyz`)).status, 200);

  for (let gap = 0; gap < 2; gap++) {
    const before = refused.length;
    proxy.cut();
    await until('readyz says no', async () => (await ask(`${desk.url}/readyz`)).status === 503);
    await until('every client is refused', () => refused.length >= before + 3 * CLIENTS);
    t.equal((await ask(`${desk.url}/livez`)).status, 200, 'the process is well');
    const read = await call(`${desk.url}/v1/tickets`, 'GET');
    t.match(read, { status: 503, body: { code: 'unavailable', status: 503 }, headers: { 'retry-after': '1' } });
    const graphql = await call(`${desk.url}/graphql`, 'POST', { query: '{ tickets { nodes { id } } }' });
    t.match(graphql, { body: { errors: [{ extensions: { code: 'unavailable' } }] } });
    // Who calls may still be known; then it is the field that has no answer.
    t.ok(graphql.status === 200 || graphql.headers['retry-after'] === '1', `${graphql.status}`);
    t.equal((await ask(`${desk.url}/v1/me`)).status, 401, 'who says nothing of himself is told so all the same');
    const mended = performance.now();
    proxy.mend();
    await more(1);
    t.ok(performance.now() - mended < 5000, `back after ${(performance.now() - mended).toFixed(0)} ms`);
    await until('readyz says yes', async () => (await ask(`${desk.url}/readyz`)).status === 200, { within: 5000 });
    await more(50);
  }
  running = false;
  await Promise.all(clients);

  t.ok(refused.length > 0);
  for (const answer of refused.slice(0, 20)) {
    t.match(answer, {
      status: 503,
      headers: { 'retry-after': '1', 'content-type': 'application/problem+json; charset=utf-8' },
      body: {
        type: '/problems/unavailable',
        title: String,
        status: 503,
        detail: String,
        code: 'unavailable',
        errors: [],
      },
    });
    t.notMatch(answer.text, /ECONN|terminated|postgres|socket|at .*\.ts/i, 'nothing of the inside');
  }
  t.strictSame(
    strange.map(({ status, text }) => [status, text.slice(0, 300)]),
    [],
    'no other answer',
  );
  const { rows } = await db.pool.query<{ subject: string; times: string }>(
    'select subject, count(*) as times from tickets group by subject',
  );
  const times = new Map(rows.map(({ subject, times: count }) => [subject, Number(count)]));
  t.strictSame(
    [...acknowledged].filter((key) => times.get(key) !== 1),
    [],
    'every acknowledged ticket once',
  );
  t.strictSame(
    rows.filter(({ times: count }) => count !== '1'),
    [],
    'none twice',
  );
  t.comment(`${acknowledged.size} tickets, ${refused.length} refusals`);

  // Promises go on too.
  const policy = {
    key: 'fast',
    name: 'Fast',
    match: { kinds: ['fault'] },
    objectives: [{ metric: 'resolution', target: 'PT1S' }],
  };
  t.equal((await call(`${desk.url}/v1/policies`, 'POST', policy)).status, 201);
  t.equal(
    (await call(`${desk.url}/v1/tickets`, 'POST', { subject: 'late', kind: 'fault', channel: 'email' })).status,
    201,
  );
  await until('its breach is told', async () => {
    const { body } = await call(`${desk.url}/v1/events?type=clock.breached`, 'GET');
    return body.data.length === 1;
  });
  t.equal(desk.output().includes('"level":60'), false);
});

test('a database that hangs is given up after a while, and health is answered at once meanwhile', async (t) => {
  const { url: database } = await openTestDatabase(t);
  const proxy = await openProxy(t, database);
  const desk = await startDesk(t, proxy.url, { LOG_LEVEL: 'silent', DATABASE_POOL_SIZE: '2' });
  const call = callerOf(ADMIN_KEY);
  t.equal((await call(`${desk.url}/v1/tickets`, 'GET')).status, 200);
  proxy.hold();
  const started = performance.now();
  let done = false;
  const asked = Promise.all(
    Array.from({ length: 100 }, () =>
      call(`${desk.url}/v1/tickets`, 'GET').then((answer) => ({ answer, ms: performance.now() - started })),
    ),
  ).then((all) => {
    done = true;
    return all;
  });
  const health: number[] = [];
  await until(
    'all are answered',
    async () => {
      const before = performance.now();
      const { status } = await ask(`${desk.url}/livez`);
      health.push(status === 200 ? performance.now() - before : Infinity);
      return done;
    },
    { within: 20_000, every: 100 },
  );
  const answers = await asked;
  t.ok(
    answers.every(({ answer }) => answer.status === 503),
    `${new Set(answers.map(({ answer }) => answer.status))}`,
  );
  const slowest = Math.max(...answers.map(({ ms }) => ms));
  health.sort((a, b) => a - b);
  t.comment(`answered within ${slowest.toFixed(0)} ms; health within ${health.at(-1)!.toFixed(0)} ms`);
  t.ok(slowest < 13_000);
  t.ok(health[Math.floor(health.length * 0.9)]! < 100, 'health needs no database');
  proxy.mend();
  await until('it works again', async () => (await call(`${desk.url}/v1/tickets`, 'GET')).status === 200, {
    within: 5000,
  });
});

test('the database is cut off again and again while clocks fall due: nothing is lost, nothing said twice', async (t) => {
  const proxy = { cut() {}, mend() {} };
  const { desks, db, ask, importTickets } = await openTwoDesks(t, [Date.now, Date.now], {
    async reachedBy(url) {
      const opened = await openProxy(t, url);
      Object.assign(proxy, opened);
      return opened.url;
    },
  });
  await ask(0, 'POST /v1/policies', policy('PT10M', []));
  const first = Date.now() + 1500 - 10 * MINUTE;
  await importTickets(Array.from({ length: 400 }, (_, n) => first + n * 5));
  for (const desk of desks) {
    const timekeeper = startTimekeeper(desk, LOG);
    t.teardown(() => timekeeper.stop());
  }
  for (const some of [1, 200, 500]) {
    await until(`${some} are said`, async () => (await listSaid(db)).length >= some, { every: 1 });
    proxy.cut();
    await sleep(50);
    proxy.mend();
  }
  await until('all are said', async () => (await listSaid(db)).length >= 800);
  checkSaid(t, await listSaid(db), 400, []);
});
