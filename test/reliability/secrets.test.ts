/** What a process prints holds none of the secrets that pass through it, whatever goes wrong and however much it logs. */

import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { test } from 'tap';
import { openTestDatabase } from '../support/database.ts';
import { ask, startDesk } from '../support/process.ts';
import { openProxy } from '../support/proxy.ts';
import { until } from '../support/until.ts';

const secret = (name: string) => `${name}-${randomBytes(16).toString('hex')}`;

test('20 planted secrets: none of them is printed', async (t) => {
  const { db, url: database } = await openTestDatabase(t);
  const proxy = await openProxy(t, database);
  const planted: Record<string, string> = {};
  const plant = (name: string, value = secret(name)) => {
    planted[name] = value;
    return value;
  };
  plant('database password', new URL(database).password);
  const adminKey = plant('admin key');
  const environment = {
    TIERDESK_ADMIN_KEY: adminKey.replaceAll(' ', '_'),
    TIERDESK_SECRET_KEY: plant('secret key'),
    LOG_LEVEL: 'trace',
  };
  planted['admin key'] = environment.TIERDESK_ADMIN_KEY;
  const desk = await startDesk(t, proxy.url, environment);
  const send = (key: string, method: string, path: string, body?: string, headers: Record<string, string> = {}) =>
    ask(`${desk.url}${path}`, {
      method,
      headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body }),
    });
  const admin = (method: string, path: string, body?: object) =>
    send(environment.TIERDESK_ADMIN_KEY, method, path, body === undefined ? undefined : JSON.stringify(body));

  // What the desk itself makes and shows once.
  const agent = (await admin('POST', '/v1/keys', { name: 'A', role: 'agent' })).body;
  plant('created key', agent.key);
  const client = (await admin('POST', '/v1/clients', { name: 'C', role: 'integration' })).body;
  plant('client secret', client.secret);
  const workspace = await admin('POST', '/v1/workspaces', { name: 'W', plan: 'none' });
  plant("another workspace's key", workspace.body.adminKey);
  const byGraphql = await admin('POST', '/graphql', {
    query: 'mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { apiKey { key } errors { code } } }',
    variables: { input: { name: 'G', role: 'agent' } },
  });
  plant('key by GraphQL', byGraphql.body.data.createApiKey.apiKey.key);
  const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const grant = `grant_type=client_credentials&client_id=${client.id}&client_secret=`;
  const token = await ask(`${desk.url}/v1/oauth/token`, { method: 'POST', headers: form, body: grant + client.secret });
  plant('access token', token.body.access_token);
  t.equal((await send(planted['access token']!, 'GET', '/v1/me')).status, 200);

  // What callers send where it does not belong, or wrongly.
  await ask(`${desk.url}/v1/oauth/token`, {
    method: 'POST',
    headers: form,
    body: grant + plant('wrong client secret'),
  });
  const basic = Buffer.from(`${client.id}:${plant('basic secret')}`).toString('base64');
  plant('basic header', basic);
  await ask(`${desk.url}/v1/oauth/token`, {
    method: 'POST',
    headers: { ...form, Authorization: `Basic ${basic}` },
    body: 'grant_type=client_credentials',
  });
  await send(plant('unknown key'), 'GET', '/v1/me');
  await send(`${plant('key with a blank')} x`, 'GET', '/v1/me');
  await ask(`${desk.url}/v1/me`, { headers: { Authorization: plant('bare header') } });
  await ask(`${desk.url}/v1/me`, {
    headers: { Cookie: `session=${plant('cookie')}`, 'X-Api-Key': plant('other header') },
  });
  await admin('GET', `/v1/tickets?access_token=${plant('token in the address')}`);
  await admin('GET', `/v1/nothing/${plant('token in the path')}`);
  await admin('GET', `/%zz?token=${plant('token in a bad address')}`);
  await send(environment.TIERDESK_ADMIN_KEY, 'POST', '/v1/keys', `{"password": "${plant('password in bad JSON')}`);
  await admin('POST', '/v1/keys', { password: plant('password in an unknown field') });
  await admin('POST', '/graphql', { query: `{ me { ${plant('word').replaceAll('-', '_')} } }` });
  planted['word'] = planted['word']!.replaceAll('-', '_');

  // Faults of every kind: what is no HTTP, the database away, and a fault of ours with the row in its error.
  const raw = connect(Number(new URL(desk.url).port), '127.0.0.1');
  raw
    .on('error', () => undefined)
    .end(`GET /v1/me HTTP/1.1\r\nAuthorization: Bearer ${plant('key in no HTTP')}\r\nx\r\n\r\n`);
  await new Promise((resolve) => raw.on('close', resolve).resume());
  await db.pool.query(
    `create function refuse() returns trigger language plpgsql as $$ begin raise exception 'never'; end $$;
     create trigger refuse before insert on api_keys for each row execute function refuse();
     create trigger refuse before insert on messages for each row execute function refuse()`,
  );
  const broken = await admin('POST', '/v1/keys', { name: 'B', role: 'agent' });
  t.equal(broken.status, 500);
  const ticket = { subject: 'S', kind: 'complaint', channel: 'email', message: plant('words of a customer') };
  t.equal((await admin('POST', '/v1/tickets', ticket)).status, 500);
  proxy.cut();
  await until('the database is missed', async () => (await admin('GET', '/v1/tickets')).status === 503);
  await send(plant('key while the database is away'), 'GET', '/v1/me');
  proxy.mend();
  await until('it is back', async () => (await admin('GET', '/v1/tickets')).status === 200);
  desk.kill('SIGTERM');
  t.equal(await desk.ended, 0);

  const printed = desk.output();
  t.match(printed, /"msg":"request"/, 'it logs requests');
  t.match(printed, /"msg":"unexpected"/, 'and faults');
  t.ok(Object.keys(planted).length >= 20, `${Object.keys(planted).length} secrets`);
  for (const [name, value] of Object.entries(planted)) {
    t.ok(value.length >= 8, name);
    const at = printed.indexOf(value);
    t.equal(at, -1, name, { around: printed.slice(Math.max(0, at - 300), at + 100).replaceAll(value, '<secret>') });
  }
});
