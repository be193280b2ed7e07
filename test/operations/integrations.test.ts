/** Integrations: who may send, how it is signed, what becomes of it, and what is noted. */

import { createHmac } from 'node:crypto';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { type Test, test } from 'tap';
import { openTestDesk, START, type TestDesk } from '../support/desk.ts';
import { post, postSigned, standardHeaders } from '../support/signed.ts';

const MAPPING = `{
  "customers": [accounts.{ "value": $string(id), "name": name }],
  "contacts": [people.{ "value": id, "name": name, "customerExternalId": { "value": of } }],
  "activities": [orders.{ "value": id, "kind": "order", "at": at, "amount": amount, "customerExternalId": { "value": of } }]
}`;

const NOW = Math.floor(START / 1000);

async function integrate(desk: Pick<TestDesk, 'rest'>, more: object = {}, active = true) {
  const fields = { name: 'CRM', system: 'crm', mapping: MAPPING, ...more };
  const made = await desk.rest('POST /v1/integrations', fields);
  if (made.status !== 201) throw new Error(JSON.stringify(made.body));
  if (active) await desk.rest(`PATCH /v1/integrations/${made.body.id}`, { active: true });
  return made.body;
}

test('a signed message becomes customers, contacts and activities; the same again changes nothing', async (t) => {
  const desk = await openTestDesk(t);
  const integration = await integrate(desk);
  const payload = {
    accounts: [
      { id: 1, name: '东方精密机械' },
      { id: 2, name: 'Acme' },
    ],
    people: { id: 'p', name: '王芳', of: '1' },
    orders: [{ id: 'o', at: '2026-11-20T00:00:00Z', amount: { amount: '12.50', currency: 'CNY' }, of: '1' }],
  };
  const first = await postSigned(desk, integration, payload);
  t.equal(first.status, 200, JSON.stringify(first.body));
  t.match(first.body, {
    repeated: false,
    results: [
      { resource: 'customers', index: 0, status: 'created', id: /^cus_/ },
      { resource: 'customers', index: 1, status: 'created' },
      { resource: 'contacts', index: 0, status: 'created', id: /^con_/ },
      { resource: 'activities', index: 0, status: 'created', id: /^act_/ },
    ],
  });
  const customer = await desk.rest('GET /v1/customers/by-external-id/crm/1');
  t.match(customer.body, { name: '东方精密机械', externalIds: { crm: '1' } });
  const contact = await desk.rest('GET /v1/contacts/by-external-id/crm/p');
  t.equal(contact.body.customerId, customer.body.id);

  const again = await postSigned(desk, integration, payload);
  t.strictSame(
    again.body.results.map(({ status }: { status: string }) => status),
    ['unchanged', 'unchanged', 'unchanged', 'unchanged'],
  );
  const changed = await postSigned(desk, integration, { accounts: { id: 1, name: '东方机械' } });
  t.match(changed.body.results, [{ status: 'updated', id: customer.body.id }]);

  const { body: events } = await desk.rest('GET /v1/events?type=customer.created,customer.updated');
  t.strictSame(
    events.data.map(({ actor }: { actor: string }) => actor),
    [integration.id, integration.id, integration.id],
    'events say who it was',
  );
});

test('a message that was taken is not taken again, so that an old one cannot come back; one that failed is', async (t) => {
  const desk = await openTestDesk(t);
  const integration = await integrate(desk);
  await postSigned(desk, integration, { accounts: { id: 1, name: 'Old' } }, { id: 'msg_old' });
  await postSigned(desk, integration, { accounts: { id: 1, name: 'New' } }, { id: 'msg_new' });
  const back = await postSigned(desk, integration, { accounts: { id: 1, name: 'Old' } }, { id: 'msg_old' });
  t.strictSame(back, { status: 200, body: { repeated: true, results: [] } });
  t.equal((await desk.rest('GET /v1/customers/by-external-id/crm/1')).body.name, 'New');

  const early = { people: { id: 'p', name: 'P', of: '9' } };
  const refused = await postSigned(desk, integration, early, { id: 'msg_early' });
  t.match(refused.body.results, [{ status: 'error', errors: [{ path: 'customerExternalId', code: 'not_found' }] }]);
  await postSigned(desk, integration, { accounts: { id: 9, name: 'Nine' } });
  const later = await postSigned(desk, integration, early, { id: 'msg_early' });
  t.match(later.body, { repeated: false, results: [{ status: 'created' }] });
});

test('whatever is wrong with who sends, the answer is the same', async (t) => {
  const desk = await openTestDesk(t);
  const integration = await integrate(desk);
  const asleep = await integrate(desk, {}, false);
  const body = JSON.stringify({ accounts: { id: 1, name: 'A' } });
  const path = integration.inboundPath;
  const good = standardHeaders(integration.secret, body, NOW, 'msg');
  const strange = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
  const cases: Record<string, Promise<{ status: number; body: object }>> = {
    'another secret': post(desk, path, body, standardHeaders(strange, body, NOW, 'msg')),
    'another body': post(desk, path, `${body} `, good),
    'another id of the message': post(desk, path, body, { ...good, 'webhook-id': 'other' }),
    'no signature': post(desk, path, body),
    'a signature that is none': post(desk, path, body, { ...good, 'webhook-signature': 'v1,中' }),
    'a version of another day': post(desk, path, body, {
      ...good,
      'webhook-signature': good['webhook-signature']!.replace('v1', 'v2'),
    }),
    'five minutes and a second ago': post(
      desk,
      path,
      body,
      standardHeaders(integration.secret, body, NOW - 301, 'msg'),
    ),
    'five minutes and a second ahead': post(
      desk,
      path,
      body,
      standardHeaders(integration.secret, body, NOW + 301, 'msg'),
    ),
    'switched off': postSigned(desk, asleep, { accounts: { id: 1, name: 'A' } }),
    'nobody of this name': post(desk, path.replace(integration.id, 'int_01k9zv3m5qe8w9y2f4h6j8m0n1'), body, good),
    'no name': post(desk, '/v1/integrations/nothing/inbound', body, good),
  };
  const seen = new Set<string>();
  for (const [name, asked] of Object.entries(cases)) {
    const { status, body: answer } = await asked;
    t.equal(status, 401, name);
    seen.add(JSON.stringify({ ...answer, requestId: '' }));
  }
  t.equal(seen.size, 1, 'one answer for all');
  t.match([...seen][0], /"code":"unauthenticated"/);
  t.equal((await desk.rest('GET /v1/customers')).body.data.length, 0, 'and nothing comes of it');
  for (const at of [NOW - 300, NOW + 300]) {
    const edge = await post(desk, path, body, standardHeaders(integration.secret, body, at, `msg_${at}`));
    t.equal(edge.status, 200, 'five minutes are taken');
  }
});

test('each way of signing', async (t) => {
  const desk = await openTestDesk(t);
  const body = JSON.stringify({ accounts: { id: 1, name: 'A' } });
  const secret = 'a-client-secret-of-36-characters-long';
  const hmac = (algorithm: string, encoding: 'hex' | 'base64', text: string) =>
    createHmac(algorithm, secret).update(text).digest(encoding);
  const ways: [name: string, signature: object, good: Record<string, string>, bad: Record<string, string>][] = [
    [
      'sha256, hex, prefix',
      { scheme: 'hmac', header: 'X-Hub-Signature-256', algorithm: 'sha256', encoding: 'hex', prefix: 'sha256=' },
      { 'x-hub-signature-256': `sha256=${hmac('sha256', 'hex', body).toUpperCase()}` },
      { 'x-hub-signature-256': hmac('sha256', 'hex', body) },
    ],
    [
      'sha512, base64',
      { scheme: 'hmac', header: 'X-Sign', algorithm: 'sha512', encoding: 'base64' },
      { 'x-sign': hmac('sha512', 'base64', body) },
      { 'x-sign': hmac('sha256', 'base64', body) },
    ],
    [
      'sha1 over the instant and the body',
      { scheme: 'hmac', header: 'X-Sign', algorithm: 'sha1', encoding: 'hex', timestampHeader: 'X-At' },
      { 'x-sign': hmac('sha1', 'hex', `${NOW}000.${body}`), 'x-at': `${NOW}000` },
      { 'x-sign': hmac('sha1', 'hex', `${NOW - 400}.${body}`), 'x-at': `${NOW - 400}` },
    ],
    [
      'a token',
      { scheme: 'token', header: 'Authorization', prefix: 'Bearer' },
      { authorization: `Bearer ${secret}` },
      { authorization: `Bearer ${secret}x` },
    ],
    [
      'HubSpot, version 3',
      { scheme: 'hubspot_v3' },
      {
        'x-hubspot-request-timestamp': `${START}`,
        'x-hubspot-signature-v3': hmac('sha256', 'base64', `POST{url}${body}${START}`),
      },
      { 'x-hubspot-request-timestamp': `${START}`, 'x-hubspot-signature-v3': hmac('sha256', 'base64', body) },
    ],
  ];
  for (const [name, signature, good, bad] of ways) {
    const { inboundPath } = await integrate(desk, { signature, secret });
    const headers = { ...good };
    if (name.startsWith('HubSpot')) {
      const signed = `POSThttp://desk.test${inboundPath}${body}${START}`;
      headers['x-hubspot-signature-v3'] = hmac('sha256', 'base64', signed);
    }
    t.equal((await post(desk, inboundPath, body, headers)).status, 200, name);
    t.equal((await post(desk, inboundPath, body, bad)).status, 401, `${name}, wrong`);
    t.equal((await post(desk, inboundPath, `${body}\n`, headers)).status, name === 'a token' ? 200 : 401);
    t.equal((await post(desk, inboundPath, body)).status, 401, `${name}, nothing`);
  }
});

test('after a change of the secret both are valid for a day, and a second change waits', async (t) => {
  const desk = await openTestDesk(t);
  const old = await integrate(desk);
  const payload = { accounts: { id: 1, name: 'A' } };
  const rotated = await desk.rest(`POST /v1/integrations/${old.id}/rotate-secret`, {});
  t.match(rotated, {
    status: 200,
    body: { secret: /^whsec_/, previousSecretUntil: '2026-11-25T02:00:00Z', version: 3 },
  });
  const fresh = rotated.body;
  t.not(fresh.secret, old.secret);
  t.equal((await postSigned(desk, old, payload)).status, 200);
  t.equal((await postSigned(desk, fresh, payload)).status, 200);
  const both = standardHeaders(old.secret, '{}', NOW, 'msg_both');
  const other = standardHeaders(`whsec_${Buffer.alloc(24).toString('base64')}`, '{}', NOW, 'msg_both');
  both['webhook-signature'] = `${other['webhook-signature']} ${both['webhook-signature']}`;
  t.equal((await post(desk, old.inboundPath, '{}', both)).status, 200, 'a sender may sign with several');
  const hasty = await desk.rest(`POST /v1/integrations/${old.id}/rotate-secret`, {});
  t.match(hasty, { status: 409, body: { code: 'invalid_transition' } });

  desk.wall.now += 86_400_000;
  t.equal((await postSigned(desk, old, payload)).status, 401);
  t.equal((await postSigned(desk, fresh, payload)).status, 200);
  const again = await desk.rest(`POST /v1/integrations/${old.id}/rotate-secret`, { secret: old.secret });
  t.match(again, { status: 200, body: { secret: old.secret } });
});

test('the secret is shown once, stored encrypted, and said nowhere', async (t) => {
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const desk = await openTestDesk(t, {}, pino({ level: 'trace' }, sink));
  const secret = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
  const headers = { 'idempotency-key': 'k' };
  const body = { name: 'CRM', system: 'crm', mapping: MAPPING, secret };
  const made = await desk.rest('POST /v1/integrations', body, headers);
  t.match(made, { status: 201, body: { secret, active: false, previousSecretUntil: null } });
  t.match(await desk.rest('POST /v1/integrations', body, headers), { status: 201, body: { id: made.body.id } });
  const path = `/v1/integrations/${made.body.id}`;
  await desk.rest(`PATCH ${path}`, { active: true });
  await desk.rest(`POST ${path}/rotate-secret`, {});
  await postSigned(desk, made.body, { accounts: { id: 1, name: 'A' } });
  await postSigned(desk, { ...made.body, secret: `${secret}` }, { accounts: {} }, { at: 1 });
  const said = [
    await desk.rest(`GET ${path}`),
    await desk.rest('GET /v1/integrations'),
    await desk.rest('GET /v1/integrations?updatedAfter=2026-01-01T00:00:00Z'),
    await desk.rest(`GET ${path}/receipts`),
    await desk.rest('GET /v1/events'),
    await desk.rest('POST /v1/integrations', body, headers),
    (await desk.desk.db.pool.query('select * from integrations')).rows,
    (await desk.desk.db.pool.query('select * from idempotency_keys')).rows,
    lines,
  ];
  t.ok(lines.length > 5);
  const bytes = secret.slice('whsec_'.length);
  for (const one of said) t.notMatch(JSON.stringify(one), bytes.slice(0, 20));
  t.match(said[0], { body: { secret: null } });
});

test('what cannot work is refused when it is said, by its path', async (t) => {
  const desk = await openTestDesk(t);
  const good = { name: 'CRM', system: 'crm', mapping: '{}' };
  const refused = async (more: object, path: string, code?: string) => {
    const answer = await desk.rest('POST /v1/integrations', { ...good, ...more });
    t.match(answer, { status: 422, body: { errors: [{ path, ...(code && { code }) }] } }, JSON.stringify(more));
    return answer.body.errors[0].message;
  };
  t.equal(
    await refused({ mapping: '{"a": ' }, 'mapping', 'invalid_mapping'),
    'Expected "}" before end of expression (at letter 5)',
  );
  await refused({ mapping: '/[/' }, 'mapping', 'invalid_mapping');
  await refused({ mapping: '('.repeat(15_000) }, 'mapping');
  await refused({ mapping: 'a'.repeat(20_001) }, 'mapping');
  await refused({ secret: 'short' }, 'secret');
  await refused({ secret: 'long enough, but with spaces' }, 'secret');
  await refused({ secret: 'no-secret-of-standard-webhooks' }, 'secret');
  await refused({ signature: { scheme: 'rot13' } }, 'signature.scheme');
  await refused({ signature: { scheme: 'hmac' } }, 'signature.header', 'required');
  await refused({ signature: { scheme: 'token' } }, 'signature.header', 'required');
  await refused({ signature: { scheme: 'token', header: 'X-T', algorithm: 'sha256' } }, 'signature.algorithm');
  await refused({ signature: { scheme: 'standard_webhooks', header: 'X-T' } }, 'signature.header');
  await refused({ signature: { scheme: 'token', header: 'X T' } }, 'signature.header');
  await refused({ system: 'My CRM' }, 'system');
  await refused({ active: true }, 'active', 'unknown_field');

  const { id } = await integrate(desk, {}, false);
  const patch = (body: object) => desk.rest(`PATCH /v1/integrations/${id}`, body);
  t.match(await patch({ mapping: '{' }), { status: 422, body: { errors: [{ path: 'mapping' }] } });
  t.match(await patch({ signature: { scheme: 'hmac', header: 'X-T' } }), { status: 422 });
  t.match(await patch({ secret: 'x' }), { status: 422, body: { errors: [{ path: 'secret' }] } });
  const signature = { scheme: 'token', header: 'X-T' };
  t.match(await patch({ signature }), { status: 200, body: { signature: { ...signature, encoding: null } } });
  t.match(await patch({ name: 'Other', active: true }), { status: 200, body: { name: 'Other', active: true } });
});

test('each entry stands alone, and what is no entry at all is said', async (t) => {
  const desk = await openTestDesk(t);
  const echo = await integrate(desk, { mapping: '$' });
  const send = (payload: unknown) => postSigned(desk, echo, payload);
  const mixed = await send({
    customers: [
      { value: '1', name: 'One' },
      { value: '2' },
      'three',
      { value: '4', name: 'Four', tier: 'no_such_tier' },
      { value: '1', name: 'One again' },
      { value: '6', name: 'Six', colour: 'red' },
      { value: '7', name: 'Seven\u0000' },
      { system: 'other', value: '8', name: 'Eight' },
    ],
  });
  t.equal(mixed.status, 200);
  t.match(mixed.body.results, [
    { index: 0, status: 'created' },
    { index: 1, status: 'error', errors: [{ path: 'name' }] },
    { index: 2, status: 'error', errors: [{ code: 'invalid_type' }] },
    { index: 3, status: 'error', errors: [{ path: 'tier', code: 'unknown_key' }] },
    { index: 4, status: 'updated' },
    { index: 5, status: 'error', errors: [{ path: 'colour', code: 'unknown_field' }] },
    { index: 6, status: 'error' },
    { index: 7, status: 'created' },
  ]);
  t.equal((await desk.rest('GET /v1/customers/by-external-id/crm/1')).body.name, 'One again');
  t.equal((await desk.rest('GET /v1/customers/by-external-id/other/8')).body.name, 'Eight');

  t.strictSame((await send({})).body.results, []);
  t.strictSame((await send(null)).body.results, []);
  t.strictSame((await send({ customers: null, contacts: [] })).body.results, []);
  const refused = { status: 422, body: { errors: [{ path: 'mapping', code: 'unexpected_result' }] } };
  for (const payload of [[], 'text', 7, { orders: [] }, { customers: Array(501).fill({}) }]) {
    t.match(await send(payload), refused, JSON.stringify(payload).slice(0, 40));
  }
  const path = echo.inboundPath;
  const raw = (body: string, type = 'application/json') =>
    post(desk, path, body, { ...standardHeaders(echo.secret, body, NOW, `m${body.length}`), 'content-type': type });
  t.match(await raw('{'), { status: 400, body: { code: 'bad_request' } });
  t.match(await raw(''), { status: 400 });
  t.match(await raw('{}', 'text/plain'), { status: 200 }, 'JSON is JSON, whatever it is called');
  t.match(await raw(`"${'x'.repeat(1024 * 1024)}"`), { status: 413 });
  const got = await desk.inject({ method: 'GET', url: path });
  t.match(got, { statusCode: 405, headers: { allow: 'POST' } });

  const throws = await integrate(desk, { mapping: '$number(name)' });
  const failed = await postSigned(desk, throws, { name: '王芳' });
  t.match(failed, { status: 422, body: { errors: [{ path: 'mapping', code: 'mapping_failed' }] } });
});

test('a message that is not UTF-8 is refused, and noted', async (t) => {
  const desk = await openTestDesk(t);
  const { id, inboundPath, secret } = await integrate(desk);
  const body = Buffer.concat([
    Buffer.from('{"accounts":[{"id":1,"name":"'),
    Buffer.from([0xff, 0xfe]),
    Buffer.from('"}]}'),
  ]);
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const signature = createHmac('sha256', key).update(`msg_broken.${NOW}.`).update(body).digest('base64');
  const headers = {
    ...{ 'webhook-id': 'msg_broken', 'webhook-timestamp': `${NOW}`, 'webhook-signature': `v1,${signature}` },
    'content-type': 'application/json',
  };
  const answer = await desk.inject({ method: 'POST', url: inboundPath, headers, payload: body });
  t.match([answer.statusCode, answer.json()], [400, { code: 'bad_request' }]);
  t.equal((await desk.rest('GET /v1/customers')).body.data.length, 0);
  const { body: receipts } = await desk.rest(`GET /v1/integrations/${id}/receipts`);
  t.match(receipts.data, [{ failed: 1, errors: [{ code: 'bad_request' }] }]);
});

test('many entries are a batch, and each stands alone there, too', async (t) => {
  const desk = await openTestDesk(t);
  const echo = await integrate(desk, { mapping: '$' });
  const customers = Array.from({ length: 60 }, (_, index) => ({ value: `c${index % 50}`, name: `C${index}` }));
  customers[7]!.name = '';
  const { body } = await postSigned(desk, echo, { customers });
  t.strictSame(
    body.results.map(({ status }: { status: string }) => status),
    customers.map(({ name }, index) => (name === '' ? 'error' : index < 50 || index === 57 ? 'created' : 'updated')),
  );
  t.equal((await desk.rest('GET /v1/customers/by-external-id/crm/c3')).body.name, 'C53');
  const again = await postSigned(desk, echo, { customers: customers.slice(20, 50) });
  t.ok(again.body.results.every(({ status }: { status: string }) => status === 'unchanged'));
});

test('what came is noted without anything of it, and of each integration the newest thousand or so', async (t) => {
  const desk = await openTestDesk(t);
  const integration = await integrate(desk, {
    mapping: `{ "customers": customers, "contacts": $exists(oops) ? $number(oops) }`,
  });
  const send = (payload: unknown) => postSigned(desk, integration, payload);
  await send({ customers: [{ value: '1', name: '王芳' }, { value: '2' }, { value: '3', name: 'C', 王芳: 1 }] });
  await send({ oops: '王芳' });
  const list = `/v1/integrations/${integration.id}/receipts`;
  const { body } = await desk.rest(`GET ${list}`);
  t.match(body.data, [
    {
      id: /^rcp_/,
      created: 0,
      failed: 1,
      errors: [{ resource: null, index: null, path: 'mapping', code: 'mapping_failed' }],
    },
    {
      at: '2026-11-24T02:00:00Z',
      created: 1,
      updated: 0,
      unchanged: 0,
      failed: 2,
      errors: [
        { resource: 'customers', index: 1, path: 'name', code: 'required' },
        { resource: 'customers', index: 2, path: '', code: 'unknown_field' },
      ],
    },
  ]);
  t.notMatch(JSON.stringify(body), '王芳');
  const paged = await desk.rest(`GET ${list}?limit=1`);
  t.equal(paged.body.data.length, 1);
  const next = await desk.rest(`GET ${list}?limit=1&cursor=${paged.body.nextCursor}`);
  t.strictSame(next.body, { data: [body.data[1]], nextCursor: null });
  const { caller } = await desk.otherWorkspace();
  t.equal((await caller.rest(`GET ${list}`)).status, 404);

  await desk.desk.db.pool.query(
    `insert into integration_receipts select workspace_id, integration_id, gen_random_uuid(), at, null, 0, 0, 0, 0, '[]'
     from integration_receipts, generate_series(1, 750)`,
  );
  for (let count = 0; count < 100; count++) await send({});
  const { rows } = await desk.desk.db.pool.query('select count(*)::int as count from integration_receipts');
  t.ok(rows[0].count >= 1000 && rows[0].count <= 1100, `${rows[0].count} are kept`);

  const removed = await desk.rest(`DELETE /v1/integrations/${integration.id}`);
  t.equal(removed.status, 200);
  t.equal((await send({})).status, 401);
});

test('a mapping is tried without anything being saved, through both doors', async (t) => {
  const desk = await openTestDesk(t);
  await desk.rest('PUT /v1/customers/by-external-id/crm/1', { name: 'One' });
  await desk.rest('PUT /v1/customers/by-external-id/crm/2', { name: 'Two' });
  const input = {
    system: 'crm',
    mapping: MAPPING,
    payload: {
      accounts: [{ id: 1, name: 'One' }, { id: 2, name: 'Zwei' }, { id: 3, name: 'Three' }, { id: 4 }],
      people: [
        { id: 'a', name: 'A', of: '3' },
        { id: 'b', name: 'B', of: '9' },
      ],
      orders: { id: 'o', at: '2026-11-20T00:00:00Z', amount: { amount: '1', currency: 'CNY' }, of: '3' },
    },
  };
  const { status, body } = await desk.rest('POST /v1/integration-mappings/test', input);
  t.equal(status, 200, JSON.stringify(body));
  t.match(body.entries, [
    { resource: 'customers', index: 0, status: 'unchanged', id: /^cus_/, errors: [] },
    { status: 'updated', id: /^cus_/, input: { system: 'crm', value: '2', name: 'Zwei' } },
    { status: 'created', id: null },
    { status: 'error', id: null, errors: [{ path: 'name' }] },
    { resource: 'contacts', status: 'created', input: { customerExternalId: { system: 'crm', value: '3' } } },
    { status: 'error', errors: [{ path: 'customerExternalId', code: 'not_found' }] },
    { resource: 'activities', status: 'created' },
  ]);
  const asked = await desk.graphql(
    `query ($input: TestIntegrationMappingInput!) { testIntegrationMapping(input: $input) {
      entries { resource index status id input errors { path message code } } } }`,
    { input },
  );
  t.strictSame(asked.body.data?.testIntegrationMapping, body, JSON.stringify(asked.body.errors));
  t.equal((await desk.rest('GET /v1/customers')).body.data.length, 2);
  t.equal((await desk.rest('GET /v1/customers/by-external-id/crm/2')).body.name, 'Two');

  const wrong = await desk.rest('POST /v1/integration-mappings/test', { ...input, mapping: '$number("x")' });
  t.match(wrong, { status: 422, body: { errors: [{ path: 'mapping', code: 'mapping_failed' }] } });
  const clock = await desk.testWorkspace('2030-01-02T03:04:05Z');
  const now = await clock.rest('POST /v1/integration-mappings/test', {
    system: 'crm',
    mapping: '{ "customers": { "value": $string($millis()), "name": $now() & " " & $currency } }',
    payload: {},
  });
  t.match(now.body.entries, [{ input: { value: '1893553445000', name: '2030-01-02T03:04:05.000Z CNY' } }]);
  const blind = await desk.as('admin', ['workspace:write']);
  t.match(await blind.rest('POST /v1/integration-mappings/test', input), { status: 403 });
});

test('an integration is made and kept through GraphQL alike', async (t) => {
  const desk = await openTestDesk(t);
  const made = await desk.graphql(
    `mutation ($input: CreateIntegrationInput!) { createIntegration(input: $input) {
      integration { id secret inboundPath active signature { scheme header } } errors { code } } }`,
    { input: { name: 'CRM', system: 'crm', mapping: MAPPING, signature: { scheme: 'token', header: 'X-T' } } },
  );
  t.equal(made.body.errors, undefined, JSON.stringify(made.body.errors));
  const { integration } = made.body.data.createIntegration;
  t.match(integration, { secret: /^whsec_/, active: false, signature: { scheme: 'token', header: 'X-T' } });
  const broken = await desk.graphql(
    'mutation ($input: UpdateIntegrationInput!) { updateIntegration(input: $input) { errors { code errors { path code } } } }',
    { input: { integrationId: integration.id, mapping: '{' } },
  );
  t.match(broken.body.data.updateIntegration.errors, [{ code: 'validation_failed', errors: [{ path: 'mapping' }] }]);
  await desk.graphql(
    'mutation ($input: UpdateIntegrationInput!) { updateIntegration(input: $input) { errors { code } } }',
    { input: { integrationId: integration.id, active: true } },
  );
  const body = JSON.stringify({ accounts: { id: 1, name: 'A' } });
  t.equal((await post(desk, integration.inboundPath, body, { 'x-t': integration.secret })).status, 200);
  const { body: read } = await desk.graphql(
    `query ($id: ID!) { integration(id: $id) { secret active }
      integrationReceipts(filter: { integrationId: $id }) { nodes { created failed errors { code } } } }`,
    { id: integration.id },
  );
  t.strictSame(read.data, {
    integration: { secret: null, active: true },
    integrationReceipts: { nodes: [{ created: 1, failed: 0, errors: [] }] },
  });
});

/** What each ready mapping makes of its sample. */
const READY = {
  salesforce_records: ['salesforce', '001D000000IRFmaIAH', '003RO0000035WQgYAM', '006D000000Dy1cJIAR'],
  salesforce_changes: ['salesforce', '0015f00002JUXA8AAP', '0035f00000G8abcAAB', '0065f00000H1xyzAAC'],
  hubspot_objects: ['hubspot', '10444744', '512', '46789043'],
  zoho_records: ['zoho', '3652397000000269085', '3652397000000269101', '3652397000000269202'],
};

test('every ready mapping reads the payload it is made for', async (t) => {
  const desk = await openTestDesk(t);
  const { body } = await desk.rest('GET /v1/integration-mappings');
  t.strictSame(
    body.data.map(({ key }: { key: string }) => key),
    Object.keys(READY),
  );
  for (const { key, name, mapping, system, signature, sample, documentation } of body.data) {
    t.ok(documentation.length > 0, `${key} says where it comes from`);
    const tried = await desk.rest('POST /v1/integration-mappings/test', { mapping, system, payload: sample });
    t.equal(tried.status, 200, JSON.stringify(tried.body));
    t.strictSame(
      tried.body.entries.map((entry: { resource: string; status: string; errors: object[] }) => [
        entry.resource,
        entry.status,
        entry.errors,
      ]),
      ['customers', 'contacts', 'activities'].map((resource) => [resource, 'created', []]),
      key,
    );
    // The keeping of its signature is tried elsewhere.
    t.equal((await desk.rest('POST /v1/integrations', { name, system, mapping, signature })).status, 201);
    const integration = await integrate(desk, { name, system, mapping });
    const sent = await postSigned(desk, integration, sample);
    t.match(sent.body.results, [{ status: 'created' }, { status: 'created' }, { status: 'created' }], key);
    const again = await postSigned(desk, integration, sample);
    t.match(again.body.results, [{ status: 'unchanged' }, { status: 'unchanged' }, { status: 'unchanged' }], key);
    const [, customer, contact, activity] = READY[key as keyof typeof READY];
    const get = async (what: string, value: string) =>
      (await desk.rest(`GET /v1/${what}/by-external-id/${system}/${value}`)).body;
    const { id } = await get('customers', customer!);
    t.match(await get('contacts', contact!), { customerId: id, identities: [{ kind: 'email' }] }, key);
    t.match(await get('activities', activity!), { customerId: id, kind: 'order' }, key);
  }
});

test('ready mappings take what their pages show beside the sample', async (t: Test) => {
  const desk = await openTestDesk(t);
  const { body } = await desk.rest('GET /v1/integration-mappings');
  const make = async (key: string, payload: unknown) => {
    const { mapping, system } = body.data.find((ready: { key: string }) => ready.key === key);
    const tried = await desk.rest('POST /v1/integration-mappings/test', { mapping, system, payload });
    return tried.body.entries.map(({ input }: { input: object }) => input);
  };
  const sampleOf = (key: string) => body.data.find((ready: { key: string }) => ready.key === key).sample;
  const [account] = sampleOf('salesforce_changes');
  const relayed = await make('salesforce_changes', { detail: { payload: account } });
  t.match(relayed, [{ value: '0015f00002JUXA8AAP', name: 'Acme' }]);
  const header = {
    ...account.ChangeEventHeader,
    changeType: 'UPDATE',
    recordIds: ['a', 'b'],
    nulledFields: ['Industry'],
  };
  const emptied = await make('salesforce_changes', {
    payload: { ChangeEventHeader: header, Name: 'Acme', Industry: null, Type: null },
  });
  t.strictSame(
    emptied,
    ['a', 'b'].map((value) => ({ system: 'salesforce', value, name: 'Acme', profile: { industry: null } })),
  );
  const gone = { ChangeEventHeader: { ...account.ChangeEventHeader, changeType: 'DELETE' } };
  t.strictSame(await make('salesforce_changes', gone), []);
  t.equal((await make('salesforce_records', sampleOf('salesforce_records').records)).length, 3, 'a list of records');
  t.match(await make('salesforce_records', sampleOf('salesforce_records').records[1]), [{ familyName: 'Roe' }]);
  const deal = { dealname: 'D', dealstage: 'closedwon', amount: '1.5', closedate: '2024-03-31T00:00:00.000Z' };
  const associations = { companies: { results: [{ id: '512', type: 'deal_to_company' }] } };
  t.match(await make('hubspot_objects', { id: '9', properties: deal, associations }), [
    { value: '9', at: '2024-03-31T00:00:00.000Z', customerExternalId: { value: '512' } },
  ]);
  const open = { id: '9', properties: { ...deal, dealstage: 'lead' }, associations };
  t.strictSame(await make('hubspot_objects', open), [], 'a deal that is open is no order');
  t.match(await make('zoho_records', sampleOf('zoho_records').data[1]), [{ name: 'Fang Wang' }]);
});

test('a secret that was sealed with another TIERDESK_SECRET_KEY proves nothing, until it is given anew', async (t) => {
  const desk = await openTestDesk(t);
  const integration = await integrate(desk);
  await desk.desk.db.pool.query(`update integrations set secret = repeat('A', 80)`);
  t.equal((await postSigned(desk, integration, {})).status, 401);
  t.match(await desk.rest(`PATCH /v1/integrations/${integration.id}`, { active: false }), { status: 200 });
  const anew = await desk.rest(`POST /v1/integrations/${integration.id}/rotate-secret`, {});
  t.equal(anew.status, 200, JSON.stringify(anew.body));
  await desk.rest(`PATCH /v1/integrations/${integration.id}`, { active: true });
  t.equal((await postSigned(desk, { ...integration, secret: anew.body.secret }, {})).status, 200);
});
