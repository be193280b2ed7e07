/** What the desk calls out for stays outside: no private address is ever connected to, and no receiver holds it up. */

import { createServer, type RequestListener, type Server } from 'node:http';
import {
  type AddressInfo,
  createServer as createSocketServer,
  type Socket,
  type Server as SocketServer,
} from 'node:net';
import { gzipSync } from 'node:zlib';
import { type Test, test } from 'tap';
import { createOutbound, OutboundError, type OutboundReason, type OutboundRequest } from '../../src/outbound.ts';
import { until } from '../support/until.ts';

const outside = createOutbound({ allowPrivate: false });
const anywhere = createOutbound({ allowPrivate: true });

async function reasonOf(answer: Promise<unknown>): Promise<OutboundReason | 'answered'> {
  try {
    await answer;
    return 'answered';
  } catch (error) {
    if (error instanceof OutboundError) return error.reason;
    throw error;
  }
}

async function listen(t: Test, server: Server | SocketServer, host = '127.0.0.1', port = 0): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Hosts that are this machine, its network, or nobody's, in every spelling. */
const PRIVATE = [
  ...['127.0.0.1', '127.0.0.2', '127.255.255.254', '127.1', '127.0.1', '2130706433', '0x7f000001', '0x7f.0.0.1'],
  ...['0177.0.0.1', '017700000001', '0x7f.1', '127.0.0.1.', '１２７.0.0.1', '127。0。0。1', '%31%32%37.0.0.1'],
  ...['0.0.0.0', '0', '0.1.2.3', '10.0.0.1', '10.255.255.255', '100.64.0.1', '100.100.100.200', '100.127.255.255'],
  ...['169.254.169.254', '169.254.0.1', '168.63.129.16', '172.16.0.1', '172.31.255.255', '192.0.0.192', '192.0.2.1'],
  ...['192.88.99.1', '192.168.0.1', '198.18.0.1', '198.51.100.1', '203.0.113.1', '224.0.0.1', '239.255.255.255'],
  ...['240.0.0.1', '255.255.255.255', 'localhost', 'LOCALHOST', 'localhost.', 'desk.localhost', 'ｌｏｃａｌｈｏｓｔ'],
  ...['[::1]', '[::]', '[0:0:0:0:0:0:0:1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::ffff:8.8.8.8]'],
  ...['[::127.0.0.1]', '[64:ff9b::7f00:1]', '[64:ff9b:1::1]', '[100::1]', '[fc00::1]', '[fd00:ec2::254]', '[fe80::1]'],
  ...['[fec0::1]', '[ff02::1]', '[2001::1]', '[2001:20::1]', '[2001:db8::1]', '[2002:7f00:1::]', '[2002:a00:1::1]'],
  ...['[3fff::1]', '[4000::1]', '[5f00::1]'],
];

test('no spelling of a private address reaches a listener on it', async (t) => {
  let connections = 0;
  const sentinel = () =>
    createServer((_request, response) => response.end('reached')).on('connection', () => {
      connections += 1;
    });
  const port = await listen(t, sentinel());
  await listen(t, sentinel(), '::1', port).catch(() => t.comment('this machine has no ::1'));
  t.ok(PRIVATE.length >= 60, `${PRIVATE.length} hosts`);
  for (const host of PRIVATE) {
    for (const scheme of ['http', 'https']) {
      const url = `${scheme}://${host}:${port}/`;
      t.equal(await reasonOf(outside({ method: 'GET', url, timeoutMs: 2000 })), 'private_address', url);
    }
  }
  t.equal(connections, 0, 'nobody was there');
  for (const host of ['127.0.0.1', '0x7f.1', 'localhost', '[::ffff:127.0.0.1]']) {
    const before = connections;
    const answer = await anywhere({ method: 'GET', url: `http://${host}:${port}/` });
    t.equal(answer.body.toString(), 'reached', `${host} is reached where it is allowed`);
    t.ok(connections > before);
  }
});

test('a public address is let through, and is not taken for a private one', async (t) => {
  const asked: string[] = [];
  const outbound = createOutbound({
    allowPrivate: false,
    resolve(host, done) {
      asked.push(host);
      done(new Error('no network in this test'), []);
    },
  });
  t.equal(await reasonOf(outbound({ method: 'GET', url: 'https://hooks.example.com/a' })), 'unreachable');
  t.same(asked, ['hooks.example.com'], 'it was looked up');
});

test('a name is judged by every address it stands for, at the connection itself', async (t) => {
  let connections = 0;
  const server = createServer((_request, response) => response.end()).on('connection', () => {
    connections += 1;
  });
  const port = await listen(t, server);
  const names: Record<string, string[]> = {
    'inside.example.com': ['127.0.0.1'],
    'mapped.example.com': ['::ffff:127.0.0.1'],
    'last.example.com': ['93.184.215.14', '2606:2800:21f:cb07::1', '10.0.0.1'],
    'nowhere.example.com': [],
  };
  let lookups = 0;
  const named = (allowPrivate: boolean) =>
    createOutbound({
      allowPrivate,
      resolve(host, done) {
        lookups += 1;
        done(
          null,
          names[host]!.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
        );
      },
    });
  for (const name of ['inside', 'mapped', 'last']) {
    const url = `http://${name}.example.com:${port}/`;
    t.equal(await reasonOf(named(false)({ method: 'GET', url })), 'private_address', url);
  }
  t.equal(lookups, 3, 'one look-up each: what is checked is what is used');
  const nowhere = { method: 'GET', url: 'http://nowhere.example.com/' } as const;
  t.equal(await reasonOf(named(false)(nowhere)), 'unreachable');
  t.equal(connections, 0);
  t.equal((await named(true)({ method: 'GET', url: `http://inside.example.com:${port}/` })).status, 200);
});

test('what is no web address is not asked', async (t) => {
  const urls = [
    '',
    'x',
    'ftp://example.com/',
    'file:///etc/passwd',
    'gopher://example.com/',
    'javascript:1',
    '//a.com/',
  ];
  urls.push('http://', 'http://user@example.com/', 'http://user:pass@example.com/', 'https://:pass@example.com/');
  urls.push(
    'http://example.com:22/',
    'http://example.com:25/',
    'https://example.com:6379/',
    'http://example.com:99999/',
  );
  for (const url of urls) t.equal(await reasonOf(outside({ method: 'GET', url })), 'invalid_url', url);
});

async function serve(t: Test, answer: RequestListener): Promise<{ url: string; open(): Promise<number> }> {
  const server = createServer(answer);
  const port = await listen(t, server);
  const open = () =>
    new Promise<number>((resolve) => {
      server.getConnections((_error, count) => resolve(count));
    });
  return { url: `http://127.0.0.1:${port}`, open };
}

const allFreed = (open: () => Promise<number>) =>
  until('no socket is left', async () => (await open()) === 0, { within: 5000 });

test('what is sent arrives, and what is answered comes back, whatever its status', async (t) => {
  const { url, open } = await serve(t, (request, response) => {
    const parts: Buffer[] = [];
    request
      .on('data', (part) => parts.push(part))
      .on('end', () => {
        const said = {
          method: request.method,
          url: request.url,
          headers: request.headers,
          body: String(Buffer.concat(parts)),
        };
        response.writeHead(503, { 'retry-after': '7' }).end(JSON.stringify(said));
      });
  });
  const answer = await anywhere({ method: 'POST', url: `${url}/a?b=c`, headers: { 'x-own': '1' }, body: '你好' });
  t.match(answer, { status: 503, headers: { 'retry-after': '7' } });
  t.match(JSON.parse(answer.body.toString()), {
    method: 'POST',
    url: '/a?b=c',
    headers: { 'x-own': '1', 'content-length': '6', 'accept-encoding': 'identity', connection: 'close' },
    body: '你好',
  });
  await allFreed(open);
});

test('a redirect is an answer: nobody goes where it points', async (t) => {
  let visits = 0;
  const { url, open } = await serve(t, (request, response) => {
    visits += 1;
    response.writeHead(302, { location: `http://${request.headers.host}/elsewhere` }).end();
  });
  t.match(await anywhere({ method: 'GET', url }), { status: 302 });
  t.equal(visits, 1);
  await allFreed(open);
});

test('no receiver holds the desk up, and every socket is freed', async (t) => {
  const ask = (url: string, more: Partial<OutboundRequest> = {}) =>
    reasonOf(anywhere({ method: 'GET', url, timeoutMs: 300, maxBytes: 1000, ...more }));
  const timers: NodeJS.Timeout[] = [];
  t.teardown(() => timers.forEach(clearInterval));
  const { url, open } = await serve(t, (request, response) => {
    switch (request.url) {
      case '/silent':
        return;
      case '/headers-then-silent':
        response.writeHead(200).flushHeaders();
        return;
      case '/trickle':
        response.writeHead(200);
        timers.push(setInterval(() => response.write('.'), 20));
        return;
      case '/early-hints':
        timers.push(setInterval(() => response.writeProcessing(), 20));
        return;
      case '/endless':
        response.writeHead(200);
        timers.push(setInterval(() => response.write('x'.repeat(400)), 1));
        return;
      case '/announced':
        response.writeHead(200, { 'content-length': '100000' }).write('x');
        return;
      case '/headers':
        response.writeHead(200, { 'x-large': 'x'.repeat(100_000) }).end();
        return;
      case '/cut':
        response.writeHead(200, { 'content-length': '10' }).write('12345', () => request.socket.destroy());
        return;
      case '/upgrade':
        request.socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
        return;
      case '/garbage':
        request.socket.end('SSH-2.0-OpenSSH\r\n');
        return;
      default:
        request.socket.destroy();
    }
  });
  t.equal(await ask(`${url}/silent`), 'timeout');
  t.equal(await ask(`${url}/headers-then-silent`), 'timeout');
  t.equal(await ask(`${url}/trickle`), 'timeout');
  t.equal(await ask(`${url}/early-hints`), 'timeout');
  t.equal(await ask(`${url}/endless`, { timeoutMs: 10_000 }), 'too_large');
  t.equal(await ask(`${url}/announced`, { timeoutMs: 10_000 }), 'too_large');
  t.equal(await ask(`${url}/headers`, { timeoutMs: 10_000 }), 'too_large');
  t.equal(await ask(`${url}/cut`, { timeoutMs: 10_000 }), 'unreachable');
  t.equal(await ask(`${url}/upgrade`, { timeoutMs: 10_000 }), 'unreachable');
  t.equal(await ask(`${url}/garbage`, { timeoutMs: 10_000 }), 'unreachable');
  t.equal(await ask(`${url}/gone`, { timeoutMs: 10_000 }), 'unreachable');
  t.equal(await ask(url.replace('http:', 'https:'), { timeoutMs: 10_000 }), 'unreachable', 'no TLS there');
  t.equal(await ask('http://127.0.0.1:1/', { timeoutMs: 10_000 }), 'unreachable', 'nobody listens');
  t.equal(await ask(url, { headers: { 'x-own': 'a\nb' } }), 'unreachable', 'a header that cannot be sent');
  await allFreed(open);
});

test('a body that is never read is given up', async (t) => {
  const server = createSocketServer((socket) => socket.pause());
  const port = await listen(t, server);
  const body = Buffer.alloc(64 << 20);
  const asked = anywhere({ method: 'POST', url: `http://127.0.0.1:${port}/`, body, timeoutMs: 300 });
  t.equal(await reasonOf(asked), 'timeout');
});

test('a look-up that never ends is given up', async (t) => {
  const outbound = createOutbound({ allowPrivate: false, resolve: () => undefined });
  t.equal(await reasonOf(outbound({ method: 'GET', url: 'http://slow.example.com/', timeoutMs: 100 })), 'timeout');
});

test('what is packed is not unpacked, and counts as it travels', async (t) => {
  const bomb = gzipSync(Buffer.alloc(100 << 20));
  const { url } = await serve(t, (_request, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
  });
  t.ok(bomb.length < 1 << 20);
  const answer = await anywhere({ method: 'GET', url });
  t.equal(answer.body.length, bomb.length);
  t.equal(await reasonOf(anywhere({ method: 'GET', url, maxBytes: bomb.length - 1 })), 'too_large');
});
