/** HTTP at its edges: what is too slow, too large, too strange; and an orderly end. */

import { once } from 'node:events';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { type Test, test } from 'tap';
import { ROUTES } from '../../src/app.ts';
import { ERRORS } from '../../src/errors.ts';
import { openTestDatabase } from '../support/database.ts';
import { openTestDesk, type TestDesk } from '../support/desk.ts';
import { ADMIN_KEY, ask, callerOf, startDesk } from '../support/process.ts';
import { openProxy } from '../support/proxy.ts';
import { until } from '../support/until.ts';

interface Listening extends TestDesk {
  url: string;
}

async function listening(t: Test, environment: NodeJS.ProcessEnv = {}): Promise<Listening> {
  const desk = await openTestDesk(t, environment);
  const url = await desk.server.listen({ host: '127.0.0.1', port: 0 });
  return Object.assign(desk, { url });
}

/** Sends these bytes, then some of them slowly; what comes back until the other side ends, and how long that took. */
async function speak(url: string, head: string, trickle?: { text: string; every: number }) {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  await once(socket, 'connect');
  const started = performance.now();
  let answer = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    answer += text;
  });
  socket.on('error', () => undefined);
  socket.write(head);
  const timer = trickle === undefined ? undefined : setInterval(() => socket.write(trickle.text), trickle.every);
  await once(socket, 'close');
  clearInterval(timer);
  return { answer, ms: performance.now() - started };
}

/** The problem in a raw answer. */
function problemIn(answer: string) {
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  return { status: Number(head.split(' ')[1]), head: head.toLowerCase(), problem: JSON.parse(body || '{}') };
}

test('bodies and headers that trickle are cut with 408', async (t) => {
  const { url, key } = await listening(t, { REQUEST_TIMEOUT_SECONDS: '1' });
  const head = `POST /v1/teams HTTP/1.1\r\nHost: desk\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\n`;
  const slow = { every: 100 };
  const body = speak(url, `${head}Content-Length: 1000\r\n\r\n{"name":"`, { text: 'x', ...slow });
  const chunked = speak(url, `${head}Transfer-Encoding: chunked\r\n\r\n`, { text: '1\r\nx\r\n', ...slow });
  const headers = speak(url, head, { text: 'X-More: 1\r\n', ...slow });
  const normal: number[] = [];
  let cut = false;
  const all = Promise.all([body, chunked, headers]).then(() => {
    cut = true;
  });
  await until(
    'all are cut',
    async () => {
      const started = performance.now();
      const { status } = await ask(`${url}/v1/me`, { headers: { Authorization: `Bearer ${key}` } });
      normal.push(status === 200 ? performance.now() - started : Infinity);
      return cut;
    },
    { within: 10_000 },
  );
  await all;
  for (const [name, { answer, ms }] of Object.entries({
    body: await body,
    chunked: await chunked,
    headers: await headers,
  })) {
    const { status, head: fields, problem } = problemIn(answer);
    t.equal(status, 408, name);
    t.match(fields, /content-type: application\/problem\+json/);
    t.match(fields, /x-request-id: [\w-]+/);
    t.match(problem, { code: 'request_timeout', status: 408, title: ERRORS.request_timeout.en });
    t.ok(ms < 5000, `${name}: cut after ${ms.toFixed(0)} ms`);
  }
  normal.sort((a, b) => a - b);
  t.ok(normal[Math.floor(normal.length / 2)]! < 200, 'others are answered meanwhile');
});

test('what is too large: 413 with and without a length, 431', async (t) => {
  const { url, key } = await listening(t, { BODY_LIMIT_BYTES: '10000' });
  const head = `POST /v1/teams HTTP/1.1\r\nHost: desk\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\nConnection: close\r\n`;
  const big = `{"name":"${'x'.repeat(20_000)}"}`;
  const withLength = await speak(url, `${head}Content-Length: ${big.length}\r\n\r\n${big}`);
  t.match(problemIn(withLength.answer), { status: 413, problem: { code: 'payload_too_large', status: 413 } });
  const announced = await speak(url, `${head}Content-Length: 100000000000\r\n\r\n{`);
  t.match(problemIn(announced.answer), { status: 413 }, 'before it is sent');
  const chunked = await speak(
    url,
    `${head}Transfer-Encoding: chunked\r\n\r\n${big.length.toString(16)}\r\n${big}\r\n0\r\n\r\n`,
  );
  t.match(problemIn(chunked.answer), { status: 413, problem: { code: 'payload_too_large' } });
  const graphql = await ask(`${url}/graphql`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ query: '{ me { name } }', variables: { x: 'x'.repeat(20_000) } }),
  });
  t.match(graphql, { status: 413, body: { errors: [{ extensions: { code: 'payload_too_large' } }] } });
  const headers = await speak(url, `GET /v1/me HTTP/1.1\r\nHost: desk\r\nX-Big: ${'x'.repeat(64_000)}\r\n\r\n`);
  t.match(problemIn(headers.answer), { status: 431, problem: { code: 'header_too_large' } });
  const eight = await ask(`${url}/v1/me`, { headers: { Authorization: `Bearer ${key}`, 'X-Big': 'x'.repeat(8192) } });
  t.equal(eight.status, 200, '8 kB are read');
});

test('what is no HTTP, and what smuggles, is 400 and the end of the connection', async (t) => {
  const { url, key } = await listening(t);
  const head = `POST /v1/teams HTTP/1.1\r\nHost: desk\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\n`;
  const attempts = {
    'length and chunks': `${head}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    'two lengths': `${head}Content-Length: 4\r\nContent-Length: 5\r\n\r\n{}  `,
    'a length that is none': `${head}Content-Length: x\r\n\r\n`,
    'a chunk that is none': `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
    'no host': 'GET /v1/me HTTP/1.1\r\n\r\n',
    'a header with a NUL': 'GET /v1/me HTTP/1.1\r\nHost: desk\r\nX-A: \u0000\r\n\r\n',
    'a line of its own': 'hello\r\n\r\n',
    'TLS on the plain port': '\u0016\u0003\u0001\u0002\u0000\u0001\r\n\r\n',
  };
  for (const [name, text] of Object.entries(attempts)) {
    const { answer } = await speak(url, text);
    t.equal(problemIn(answer).status, 400, name);
    t.match(answer.toLowerCase(), /connection: close/);
    if (name !== 'no host') t.match(problemIn(answer).problem, { code: 'bad_request', status: 400 }, name);
  }
  t.equal((await ask(`${url}/livez`)).status, 200);
});

test('media types: JSON and merge patches are read, anything else is 415', async (t) => {
  const desk = await listening(t);
  const send = (type: string | null, body: string, method = 'POST', path = '/v1/teams') =>
    ask(`${desk.url}${path}`, {
      method,
      headers: { Authorization: `Bearer ${desk.key}`, ...(type === null ? {} : { 'Content-Type': type }) },
      body,
    });
  const made = await send('application/json; charset=utf-8', '{"name":"A"}');
  t.equal(made.status, 201);
  t.equal((await send('APPLICATION/JSON', '{"name":"B"}')).status, 201);
  const patched = await send('application/merge-patch+json', '{"name":"C"}', 'PATCH', `/v1/teams/${made.body.id}`);
  t.match(patched, { status: 200, body: { name: 'C' } });
  for (const type of [
    'text/plain',
    'application/xml',
    'multipart/form-data; boundary=x',
    'application/jsonx',
    'x',
    null,
  ]) {
    const answer = await send(type, '{"name":"D"}');
    t.match(answer, { status: 415, body: { code: 'unsupported_media_type' } }, `${type}`);
  }
  for (const encoding of ['gzip', 'br']) {
    const answer = await ask(`${desk.url}/v1/teams`, {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${desk.key}`,
        'Content-Type': 'application/json',
        'Content-Encoding': encoding,
      },
      body: Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]),
    });
    t.ok([400, 415].includes(answer.status), `a body in ${encoding} is not unpacked: ${answer.status}`);
  }
  t.equal((await desk.rest('GET /v1/teams')).body.data.length, 2);
});

test('a body that is not UTF-8 is 400, and nothing of it is kept', async (t) => {
  const desk = await listening(t);
  const send = (path: string, body: Buffer, method = 'POST', type = 'application/json') =>
    ask(`${desk.url}${path}`, {
      method,
      headers: { Authorization: `Bearer ${desk.key}`, 'Content-Type': type },
      body,
    });
  const broken = Buffer.concat([Buffer.from('{"name":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]);
  const mutation = '{"query":"mutation { createTeam(input: { name: \\"\\" }) { team { id } } }"}';
  const at = mutation.indexOf('\\"\\"') + 2;
  const query = Buffer.concat([
    Buffer.from(mutation.slice(0, at)),
    Buffer.from([0xc3]),
    Buffer.from(mutation.slice(at)),
  ]);
  t.match(await send('/v1/teams', broken), { status: 400, body: { code: 'bad_request' } });
  t.match(await send('/v1/workspace', broken, 'PATCH', 'application/merge-patch+json'), { status: 400 });
  t.match(await send('/graphql', query), { status: 400 });
  t.equal((await desk.rest('GET /v1/teams')).body.data.length, 0);
  t.equal((await send('/v1/teams', Buffer.from('{"name":"东方 𠮷"}'))).body.name, '东方 𠮷');
  t.match(await send('/v1/teams', Buffer.from('{"name":"x","__proto__":{"a":1}}')), { status: 400 });
});

test('methods: 405 names those there are, HEAD is GET without its body, unknown paths are 404', async (t) => {
  const { url, key } = await listening(t);
  const headers = { Authorization: `Bearer ${key}` };
  for (const path of new Set(ROUTES.map(({ path: one }) => one))) {
    const allowed = ROUTES.filter((route) => route.path === path).map(({ method }) => method);
    const target = `${url}/v1${path.replaceAll(/:[a-zA-Z]+/g, 'x')}`;
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].filter((one) => !allowed.includes(one as 'GET'))) {
      const answer = await ask(target, { method, headers });
      t.match(answer, { status: 405, body: { code: 'method_not_allowed' } }, `${method} ${path}`);
      t.equal(answer.headers.allow, allowed.sort().join(', '));
    }
  }
  const get = await ask(`${url}/v1/me`, { headers });
  const head = await ask(`${url}/v1/me`, { method: 'HEAD', headers });
  t.equal(head.status, 200);
  t.equal(head.text, '');
  t.equal(head.headers['content-length'], get.headers['content-length']);
  t.equal((await ask(`${url}/v1/me`, { method: 'HEAD' })).status, 401);
  for (const path of [
    '/',
    '/v1',
    '/v1/',
    '/v1/nothing',
    '/v1/me/',
    '//v1/me',
    '/V1/me',
    '/../etc/passwd',
    '/v1/%2e%2e',
  ]) {
    const answer = await ask(url, { rawPath: path, headers });
    t.match(answer, { status: 404, body: { code: 'not_found', status: 404 } }, path);
  }
  for (const path of ['/%zz', '/v1/teams/%', '/v1/teams/%c0%ae']) {
    t.match(await ask(url, { rawPath: path, headers }), { status: 400, body: { code: 'bad_request' } }, path);
  }
});

test('CORS: origins on the list may ask, others get no permission', async (t) => {
  const { url, key } = await listening(t, { CORS_ORIGINS: 'https://desk.example.com' });
  const preflight = (origin: string, path = '/v1/tickets') =>
    ask(`${url}${path}`, {
      method: 'OPTIONS',
      headers: {
        Origin: origin,
        'Access-Control-Request-Method': 'PATCH',
        'Access-Control-Request-Headers': 'authorization,content-type,idempotency-key,if-match',
      },
    });
  for (const path of ['/v1/tickets', '/v1/tickets/x/solve', '/graphql']) {
    const { status, headers } = await preflight('https://desk.example.com', path);
    t.equal(status, 204);
    t.equal(headers['access-control-allow-origin'], 'https://desk.example.com');
    t.match(headers['access-control-allow-methods'], /PATCH/);
    t.match(headers['access-control-allow-headers'], /idempotency-key/i);
    t.equal(headers['access-control-allow-credentials'], undefined);
  }
  for (const origin of [
    'https://evil.example',
    'https://desk.example.com.evil.example',
    'null',
    'http://desk.example.com',
  ]) {
    const { headers } = await preflight(origin);
    t.notOk([origin, '*'].includes(headers['access-control-allow-origin'] as string), origin);
    const asked = await ask(`${url}/v1/me`, { headers: { Origin: origin, Authorization: `Bearer ${key}` } });
    t.notOk([origin, '*'].includes(asked.headers['access-control-allow-origin'] as string), origin);
  }
  const asked = await ask(`${url}/v1/nothing`, {
    headers: { Origin: 'https://desk.example.com', Authorization: `Bearer ${key}` },
  });
  t.equal(asked.headers['access-control-allow-origin'], 'https://desk.example.com', 'errors can be read too');
  t.match(asked.headers['access-control-expose-headers'], /X-Request-Id/);

  const closed = await listening(t);
  const answer = await ask(`${closed.url}/v1/me`, {
    headers: { Origin: 'https://desk.example.com', Authorization: `Bearer ${closed.key}` },
  });
  t.equal(answer.headers['access-control-allow-origin'], undefined, 'without a list nobody');
});

test('the request id is taken over when it is well-formed, and a problem speaks the language asked for', async (t) => {
  const { url } = await listening(t);
  const given = await ask(`${url}/v1/me`, { headers: { 'X-Request-Id': 'req:1.a-B_2' } });
  t.equal(given.headers['x-request-id'], 'req:1.a-B_2');
  t.equal(given.body.requestId, 'req:1.a-B_2');
  for (const bad of ['', 'a b', '<script>', 'x'.repeat(129), 'é']) {
    const answer = await ask(`${url}/v1/me`, { headers: { 'X-Request-Id': bad } });
    t.match(answer.headers['x-request-id'], /^[0-9a-f-]{36}$/, JSON.stringify(bad));
  }
  const languages = {
    'zh-CN': 'zh-CN',
    zh: 'zh-CN',
    'zh-TW, en;q=0.5': 'zh-CN',
    'fr, zh;q=0.4, en;q=0.3': 'zh-CN',
    'en-GB, zh;q=0.9': 'en',
    'zh;q=0, en;q=0.1': 'en',
    de: 'en',
    '*': 'en',
    ';;q=,': 'en',
  } as const;
  for (const [accepted, language] of Object.entries(languages)) {
    const { body } = await ask(`${url}/v1/me`, { headers: { 'Accept-Language': accepted } });
    t.equal(body.title, ERRORS.unauthenticated[language], accepted);
    t.equal(body.code, 'unauthenticated', 'the code is never translated');
  }
});

test('Idempotency-Key and If-Match: the forms that are taken, and those that are not', async (t) => {
  const desk = await listening(t);
  const create = (name: string, key: string) => desk.rest('POST /v1/teams', { name }, { 'idempotency-key': key });
  const first = await create('A', 'plain-key');
  t.equal(first.status, 201);
  const replay = await create('A', '"plain-key"');
  t.equal(replay.status, 201);
  t.equal(replay.headers['idempotency-replayed'], 'true', 'quoted or not, it is the same key');
  t.strictSame(replay.body, first.body);
  t.match(await create('B', 'plain-key'), { status: 422, body: { code: 'idempotency_key_reused' } });
  t.equal((await create('C', 'k'.repeat(255))).status, 201);
  for (const bad of ['', '""', 'k'.repeat(256), 'tab\tin', 'schlüssel']) {
    t.match(await create('D', bad), { status: 400, body: { code: 'bad_request' } }, JSON.stringify(bad));
  }
  for (const bad of ['', '\u0000', 'k'.repeat(256), 'k'.repeat(5000), 'schlüssel']) {
    const { status, body } = await desk.graphql(
      'mutation($input: CreateTeamInput!) { createTeam(input: $input) { team { id } errors { code } } }',
      { input: { name: 'E', idempotencyKey: bad } },
    );
    const code = body.errors?.[0]?.extensions.code ?? body.data?.createTeam?.errors?.[0]?.code;
    t.ok(
      status < 500 && ['bad_request', 'validation_failed'].includes(code),
      `GraphQL: ${JSON.stringify(bad).slice(0, 20)} ${code}`,
    );
  }
  t.equal((await desk.rest('GET /v1/teams')).body.data.length, 2, 'nothing was made under a bad key');

  const id = first.body.id;
  const patch = (name: string, version: string) =>
    desk.rest(`PATCH /v1/teams/${id}`, { name }, { 'if-match': version });
  t.match(await patch('A2', '"1"'), { status: 200, headers: { etag: '"2"' } });
  t.match(await patch('A3', '"1"'), { status: 412, body: { code: 'version_mismatch' } });
  t.match(await patch('A3', '*'), { status: 200 });
  for (const bad of ['W/"3"', '3', '"x"', '"99999999999"', '"3", "4"', '']) {
    t.match(await patch('A4', bad), { status: 412, body: { code: 'version_mismatch' } }, JSON.stringify(bad));
  }
  t.match(await desk.rest(`DELETE /v1/teams/${id}`, undefined, { 'if-match': '"1"' }), { status: 412 });
  const racers = await Promise.all(Array.from({ length: 20 }, (_, n) => patch(`R${n}`, '"3"')));
  t.equal(racers.filter(({ status }) => status === 200).length, 1, 'of twenty edits of one version one wins');
  t.ok(racers.every(({ status }) => status === 200 || status === 412));
});

test('SIGTERM during a request: it is finished, new ones are refused, the process ends with 0', async (t) => {
  const { url: database } = await openTestDatabase(t);
  const proxy = await openProxy(t, database);
  const desk = await startDesk(t, proxy.url);
  // Connections that are kept, as a load balancer does it.
  const idle = new Agent({ keepAlive: true });
  const busy = new Agent({ keepAlive: true });
  t.teardown(() => [idle, busy].map((agent) => agent.destroy()));
  const call = callerOf(ADMIN_KEY, busy);
  t.equal((await ask(`${desk.url}/livez`, { agent: idle })).status, 200);

  proxy.hold();
  const body = { subject: 'In the middle', kind: 'complaint', channel: 'email' };
  const running = call(`${desk.url}/v1/tickets`, 'POST', body, { 'Idempotency-Key': 'in-the-middle' });
  running.catch(() => undefined);
  // It is there once a second one, behind it, has been answered: what needs no database still is.
  await ask(`${desk.url}/livez`);
  const started = performance.now();
  desk.kill('SIGTERM');
  await until('new connections are refused', () =>
    ask(`${desk.url}/livez`).then(
      ({ status }) => status === 503,
      () => true,
    ),
  );
  proxy.mend();
  const answer = await running;
  t.equal(answer.status, 201, answer.text);
  t.equal(answer.headers.connection, 'close');
  t.equal(await desk.ended, 0);
  const ms = performance.now() - started;
  t.ok(ms < 5_000, `it ended within ${ms.toFixed(0)} ms`);

  const after = await startDesk(t, database);
  const again = await call(`${after.url}/v1/tickets`, 'POST', body, { 'Idempotency-Key': 'in-the-middle' });
  t.equal(again.headers['idempotency-replayed'], 'true');
  t.equal(again.body.id, answer.body.id);
  after.kill('SIGTERM');
  t.equal(await after.ended, 0);
});
