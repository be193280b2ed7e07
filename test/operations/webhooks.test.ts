/** Webhooks: who is told of what, in which words, signed by what, and what comes of one that takes nothing. */

import { createHmac } from 'node:crypto';
import { type Test, test } from 'tap';
import { render } from '../../src/domains/webhooks/template.ts';
import { type Caller, openTestDesk, START, type TestDesk } from '../support/desk.ts';
import { type Got, openReceiver, type Receiver, verifies as verifiesAt } from '../support/receiver.ts';

const NOW = '2026-11-24T02:00:00Z';

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into field by field
type Told = any;

interface Bench {
  desk: TestDesk;
  receiver: Receiver;
  rest: Caller['rest'];
  graphql: Caller['graphql'];
  /** Makes a webhook to the receiver. */
  webhook(more?: object): Promise<Told>;
}

/** A test workspace, so that whatever is to be sent is there when the answer is. */
async function openBench(t: Test): Promise<Bench> {
  const receiver = await openReceiver(t);
  const desk = await openTestDesk(t, { OUTBOUND_PRIVATE: 'on' });
  const { rest, graphql } = await desk.testWorkspace(NOW);
  return {
    desk,
    receiver,
    rest,
    graphql,
    async webhook(more = {}) {
      const made = await rest('POST /v1/webhooks', { name: 'CRM', url: receiver.url, ...more });
      t.equal(made.status, 201, JSON.stringify(made.body));
      return made.body;
    },
  };
}

const customer = (name: string) => ({ name });
/** The wall clock stands still here. */
const verifies = (got: Got, secret: string) => verifiesAt(got, secret, START);
const typesOf = (got: Got[]) => got.map(({ body }) => JSON.parse(body).type);
const bodyOf = (got: Got | undefined): Told => JSON.parse(got!.body);

test('a webhook is told of what it wants, as the feed says it, signed with its own secret', async (t) => {
  const { desk, receiver, rest, webhook } = await openBench(t);
  const { id, secret, ...shown } = await webhook({ eventTypes: ['customer.*', 'team.created'] });
  t.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
  t.match(shown, { active: true, disabledReason: null, failingSince: null, robotSigned: false, version: 1 });
  t.equal((await rest(`GET /v1/webhooks/${id}`)).body.secret, null, 'shown once');
  await rest('POST /v1/customers', customer('A'));
  await rest('POST /v1/teams', { name: 'T' });
  await rest('POST /v1/agents', { name: 'B', email: 'b@example.com', role: 'agent' });
  t.same(typesOf(receiver.got), ['customer.created', 'team.created']);
  const feed = (await rest('GET /v1/events?type=customer.created')).body.data;
  t.same(bodyOf(receiver.got[0]), feed[0]);
  for (const got of receiver.got) {
    t.equal(got.headers['webhook-id'], bodyOf(got).id);
    t.equal(got.headers['content-type'], 'application/json');
    t.equal(Number(got.headers['webhook-timestamp']), desk.wall.now / 1000);
    t.ok(verifies(got, secret), 'its own secret');
    t.notOk(verifies(got, (await desk.rest('GET /v1/deliveries/signing-secret')).body.secret));
  }
  const log = (await rest(`GET /v1/deliveries?webhookId=${id}`)).body.data;
  t.match(log, [
    { webhookId: id, ticketId: null, eventType: 'team.created', state: 'delivered', attempts: 1, lastStatus: 204 },
    { eventType: 'customer.created', body: feed[0] },
  ]);
  t.equal((await rest('GET /v1/deliveries?webhookId=whk_01k9zv3m5qe8w9y2f4h6j8m0n1')).body.data.length, 0);
});

test('it is told of what happens from now on, of everything unless it says so, and never of itself', async (t) => {
  const { receiver, rest, webhook } = await openBench(t);
  await rest('POST /v1/customers', customer('before'));
  const { id } = await webhook();
  await rest(`PATCH /v1/webhooks/${id}`, { name: 'Our CRM' });
  t.same(receiver.got, []);
  const other = await webhook({ name: 'Other', eventTypes: ['survey.*'] });
  await rest('POST /v1/customers', customer('after'));
  t.same(typesOf(receiver.got), ['webhook.created', 'customer.created']);
  t.match(bodyOf(receiver.got[0]), {
    subject: other.id,
    data: { webhook: { name: 'Other', origin: receiver.url.slice(0, -1) } },
  });
  t.notOk(receiver.got[0]!.body.includes('whsec_'));
  t.equal(bodyOf(receiver.got[0]).data.webhook.url, undefined, 'an address may hold a key');
});

test('what is no webhook is refused by its field', async (t) => {
  const { rest } = await openBench(t);
  const refused = async (path: string, fields: object) => {
    const { status, body } = await rest('POST /v1/webhooks', { name: 'A', url: 'https://example.com/', ...fields });
    t.match({ status, path: body.errors?.[0]?.path }, { status: 422, path }, JSON.stringify(fields));
  };
  for (const url of ['x', 'ftp://example.com/', 'https://user:pass@example.com/', 'https://user@example.com/', '']) {
    await refused('url', { url });
  }
  for (const type of ['ticket', '*', 'ticket.', 'Ticket.created', 'ticket.*.x', 'ticket created']) {
    await refused('eventTypes.0', { eventTypes: [type] });
  }
  await refused('name', { name: '' });
  await refused('robotSecret', { robotSecret: 'x' });
  await refused('robotSecret', { robot: 'wecom', robotSecret: 'x' });
  await refused('contentType', { robot: 'wecom', contentType: 'text/plain', template: 'x' });
  await refused('template', { contentType: 'text/plain' });
  await refused('template', { template: '{% if %}' });
  await refused('template', { template: '{"text": "{{ event.data.ticket.subject }}"}' });
  await refused('template', { template: '{{ event | nothing }}' });
  await refused('template', { template: '{% include "/etc/passwd" %}' });
  await refused('template', { template: '{% for i in (1..100000000) %}{% endfor %}' });
  await refused('template', { template: `{% assign a = (1..90000) | where_exp: "i", "i > 1" | size %}{{ a }}` });
  await refused('template', { robot: 'feishu', template: '[1]' });
  await refused('surprise', { surprise: 1 });
});

test('a template makes the body, over what the feed says', async (t) => {
  const { receiver, rest, webhook } = await openBench(t);
  const json = '{"text": {{ event.data.customer.name | json }}, "in": {{ workspace.name | json }}}';
  await webhook({ eventTypes: ['customer.created'], template: json });
  const text = await webhook({
    eventTypes: ['customer.created'],
    template: '{{ event.type }}: {{ event.data.customer.name }} {{ event.constructor }}{{ event.__proto__ }}',
    contentType: 'text/plain',
  });
  await rest('POST /v1/customers', customer('王女士 "A"\n'));
  const [asJson, asText] = receiver.got.toSorted((a, b) => a.body.length - b.body.length).reverse();
  t.same(bodyOf(asJson), { text: '王女士 "A"', in: 'Test' });
  t.match(asText, {
    body: 'customer.created: 王女士 "A" ',
    headers: { 'content-type': 'text/plain; charset=utf-8' },
  });
  t.ok(verifies(asText!, text.secret));
});

test('a template that the engine ends for its time rests: nothing is tried on it for a while', (t) => {
  let reads = 0;
  const scope = {
    get slow() {
      reads += 1;
      for (const end = performance.now() + 110; performance.now() < end; );
      return 1;
    },
  };
  for (const n of [1, 2]) {
    t.throws(() => render('{{ slow }}{{ slow }}', 'text/plain', scope), {
      name: 'template',
      message: /^It takes over/,
    });
    t.equal(reads, 1, `try ${n}`);
  }
  t.end();
});

test('a template that fails on an event is an attempt that failed, and goes out once it is mended', async (t) => {
  const { receiver, rest, webhook } = await openBench(t);
  const template = '{"name": {% if event.data.customer.name == "bad" %}oops{% else %}1{% endif %}}';
  const { id } = await webhook({ eventTypes: ['customer.created'], template });
  await rest('POST /v1/customers', customer('bad'));
  const log = async () => (await rest(`GET /v1/deliveries?webhookId=${id}`)).body.data;
  t.match(await log(), [{ state: 'pending', attempts: 1, lastStatus: null, lastError: /^template: .* no JSON/ }]);
  await rest(`PATCH /v1/webhooks/${id}`, { template: null });
  await rest('POST /v1/test-clock/advance', { by: 'PT1H' });
  t.match(await log(), [{ state: 'delivered', attempts: 2 }]);
  t.same(typesOf(receiver.got), ['customer.created']);
});

test('robots are spoken to in their own words and signed as they want it, and may refuse with 200', async (t) => {
  const { desk, receiver, rest, webhook } = await openBench(t);
  const refusal: { now: string | null } = { now: null };
  receiver.answer = (_request, response) => response.end(refusal.now ?? '{"errcode":0,"errmsg":"ok"}');
  const eventTypes = ['customer.created'];
  const url = `${receiver.url}robot/send?access_token=abc`;
  await webhook({ robot: 'wecom', eventTypes });
  await webhook({ robot: 'dingtalk', robotSecret: 'SECabc', url, eventTypes });
  const feishu = await webhook({ robot: 'feishu', robotSecret: 'xyz', eventTypes });
  t.match(feishu, { robotSigned: true });
  t.notOk(JSON.stringify(feishu).includes('xyz'));
  const { body: made } = await rest('POST /v1/customers', customer('A'));
  const line = `Test: customer.created\n${made.id} ${NOW}`;
  const of = (test: (got: Got) => boolean) => receiver.got.find(test)!;
  const ms = desk.wall.now;
  const ding = of(({ path }) => path.startsWith('/robot'));
  const sign = createHmac('sha256', 'SECabc').update(`${ms}\nSECabc`).digest('base64');
  t.same(bodyOf(ding), { msgtype: 'text', text: { content: line } });
  t.same(Object.fromEntries(new URL(ding.path, url).searchParams), {
    access_token: 'abc',
    timestamp: `${ms}`,
    sign,
  });
  const lark = of(({ body }) => body.includes('msg_type'));
  t.same(bodyOf(lark), {
    timestamp: `${ms / 1000}`,
    sign: createHmac('sha256', `${ms / 1000}\nxyz`).digest('base64'),
    msg_type: 'text',
    content: { text: line },
  });
  t.ok(verifies(lark, feishu.secret), 'what is signed is what is sent');
  const wecom = of(({ body, path }) => path === '/' && body.includes('msgtype'));
  t.same(bodyOf(wecom), { msgtype: 'text', text: { content: line } });

  for (const words of ['{"errcode":45009,"errmsg":"api freq out of limit"}', '{"code":19024,"msg":"Key Words"}']) {
    refusal.now = words;
    await rest('POST /v1/customers', customer(words.slice(0, 20)));
    const log = (await rest('GET /v1/deliveries?state=pending&limit=3')).body.data;
    t.equal(log.length, 3);
    t.match(log[0], { lastStatus: 200, lastError: words, attempts: 1 });
  }
});

test('a new secret: both sign for a day, a second one must wait, then the old one signs nothing', async (t) => {
  const { receiver, rest, webhook } = await openBench(t);
  const { id, secret: old } = await webhook({ eventTypes: ['customer.created'] });
  const rotated = await rest(`POST /v1/webhooks/${id}/rotate-secret`);
  t.match(rotated, { status: 200, body: { previousSecretUntil: '2026-11-25T02:00:00Z' } });
  const { secret } = rotated.body;
  t.not(secret, old);
  t.match(await rest(`POST /v1/webhooks/${id}/rotate-secret`), { status: 409, body: { code: 'invalid_transition' } });
  const next = async (name: string) => {
    await rest('POST /v1/customers', customer(name));
    const got = receiver.got.at(-1)!;
    return [verifies(got, old), verifies(got, secret)];
  };
  t.same(await next('A'), [true, true]);
  await rest('POST /v1/test-clock/advance', { by: 'PT23H59M59S' });
  t.same(await next('B'), [true, true]);
  await rest('POST /v1/test-clock/advance', { by: 'PT1S' });
  t.same(await next('C'), [false, true]);
  t.match(await rest(`POST /v1/webhooks/${id}/rotate-secret`), { status: 200 });
});

test('a test is an event like any other, sent now, whatever it is told of', async (t) => {
  const { receiver, rest, webhook } = await openBench(t);
  const { id } = await webhook({ eventTypes: ['survey.*'] });
  t.match(await rest(`POST /v1/webhooks/${id}/test`), {
    status: 202,
    body: { webhookId: id, eventType: 'webhook.tested', state: 'pending' },
  });
  t.same(typesOf(receiver.got), ['webhook.tested']);
  const [logged] = (await rest(`GET /v1/deliveries?webhookId=${id}`)).body.data;
  t.match(logged, { state: 'delivered', body: bodyOf(receiver.got[0]) });
  await rest(`PATCH /v1/webhooks/${id}`, { active: false });
  t.match(await rest(`POST /v1/webhooks/${id}/test`), { status: 409 });
});

test('told again from any point: the same ids, new deliveries', async (t) => {
  const { receiver, rest, webhook } = await openBench(t);
  const { id } = await webhook({ eventTypes: ['customer.created'] });
  for (const name of ['A', 'B', 'C']) {
    await rest('POST /v1/customers', customer(name));
    await rest('POST /v1/test-clock/advance', { by: 'PT1H' });
  }
  const feed = (await rest('GET /v1/events?type=customer.created')).body.data;
  const again = async (point: object) => {
    receiver.got = [];
    const answer = await rest(`POST /v1/webhooks/${id}/replay`, point);
    t.match(answer, { status: 200, body: { id } }, JSON.stringify(answer.body));
    return receiver.got.map(({ body }) => JSON.parse(body).data.customer.name);
  };
  t.same(await again({ after: feed[0].sequence }), ['B', 'C']);
  t.same(
    receiver.got.map(({ headers }) => headers['webhook-id']),
    [feed[1].id, feed[2].id],
  );
  t.same(await again({ eventId: feed[1].id }), ['B', 'C']);
  t.same(await again({ since: '2026-11-24T03:00:00Z' }), ['B', 'C']);
  t.same(await again({ since: '2020-01-01T00:00:00Z' }), ['A', 'B', 'C']);
  t.same(await again({ since: '2030-01-01T00:00:00Z' }), []);
  t.equal((await rest(`GET /v1/deliveries?webhookId=${id}`)).body.data.length, 12);

  const refused = async (point: object, path: string | undefined, status = 422) => {
    const answer = await rest(`POST /v1/webhooks/${id}/replay`, point);
    t.match(
      { status: answer.status, path: answer.body.errors?.[0]?.path },
      { status, path },
      JSON.stringify(answer.body),
    );
  };
  await refused({}, 'after');
  await refused({ after: 'end', since: NOW }, 'after');
  await refused({ eventId: 'evt_01k9zv3m5qe8w9y2f4h6j8m0n1' }, 'eventId', 404);
  await refused(
    { after: Buffer.from(`9.9.${'0'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}`).toString('base64url') },
    'after',
  );
  await refused({ after: 'nonsense' }, undefined, 400);
});

test('switched off by hand it is sent nothing and loses nothing; to skip what it missed, it is set to the end', async (t) => {
  const { receiver, rest, webhook } = await openBench(t);
  const { id } = await webhook({ eventTypes: ['customer.created'] });
  t.match((await rest(`PATCH /v1/webhooks/${id}`, { active: false })).body, {
    active: false,
    disabledReason: 'by_hand',
    disabledAt: NOW,
  });
  await rest('POST /v1/customers', customer('A'));
  t.same(receiver.got, []);
  t.match((await rest(`PATCH /v1/webhooks/${id}`, { active: true })).body, { active: true, disabledReason: null });
  t.same(typesOf(receiver.got), ['customer.created']);
  await rest(`PATCH /v1/webhooks/${id}`, { active: false });
  await rest('POST /v1/customers', customer('B'));
  await rest(`POST /v1/webhooks/${id}/replay`, { after: 'end' });
  await rest(`PATCH /v1/webhooks/${id}`, { active: true });
  t.equal(receiver.got.length, 1);
});

test('410 switches it off at once, and that is said once; what waits goes out when it is on again', async (t) => {
  const { receiver, rest, webhook } = await openBench(t);
  receiver.answer = (_request, response) => response.writeHead(503).end();
  const { id } = await webhook({ eventTypes: ['customer.created'] });
  const witness = await openReceiver(t);
  await webhook({ name: 'Witness', url: witness.url, eventTypes: ['webhook.disabled', 'delivery.failed'] });
  for (const name of ['A', 'B', 'C']) await rest('POST /v1/customers', customer(name));
  t.equal((await rest(`GET /v1/webhooks/${id}`)).body.failingSince, NOW);
  receiver.answer = (_request, response) => response.writeHead(410).end();
  await rest('POST /v1/test-clock/advance', { by: 'PT1M' });
  t.match((await rest(`GET /v1/webhooks/${id}`)).body, { active: false, disabledReason: 'gone', failingSince: NOW });
  const states = async () => {
    const { data } = (await rest(`GET /v1/deliveries?webhookId=${id}`)).body;
    return data.map(({ state }: Told) => state).sort();
  };
  const told = typesOf(witness.got);
  t.equal(told.filter((type) => type === 'webhook.disabled').length, 1);
  t.match(bodyOf(witness.got.find(({ body }) => body.includes('webhook.disabled'))), {
    subject: id,
    data: { reason: 'gone', since: NOW, webhook: { id } },
  });
  const failed = told.filter((type) => type === 'delivery.failed').length;
  t.match(await states(), [...Array(failed).fill('failed'), ...Array(3 - failed).fill('pending')]);
  t.notOk(
    witness.got.some(({ body }) => body.includes(receiver.url)),
    'no address in the feed',
  );
  await rest('POST /v1/customers', customer('D'));
  await rest('POST /v1/test-clock/advance', { by: 'P9D' });
  t.equal(receiver.got.length, 3 + failed, 'nothing is sent meanwhile');

  receiver.answer = (_request, response) => response.writeHead(200).end();
  await rest(`PATCH /v1/webhooks/${id}`, { active: true });
  t.match(await states(), ['delivered', ...Array(3 - failed).fill('delivered'), ...Array(failed).fill('failed')]);
  t.equal((await rest(`GET /v1/webhooks/${id}`)).body.failingSince, null);
});

test('under another key its secret cannot be read: attempts fail and say so, until it is given a new one', async (t) => {
  const { desk, receiver, rest, webhook } = await openBench(t);
  const { id } = await webhook({ eventTypes: ['customer.created'] });
  desk.desk.services.secretKey = Buffer.alloc(32, 8);
  await rest('POST /v1/customers', customer('A'));
  t.match((await rest('GET /v1/deliveries')).body.data, [{ state: 'pending', attempts: 1, lastError: /^secret: / }]);
  const { secret } = (await rest(`POST /v1/webhooks/${id}/rotate-secret`)).body;
  await rest('POST /v1/test-clock/advance', { by: 'P2D' });
  t.match((await rest('GET /v1/deliveries')).body.data, [{ state: 'delivered' }]);
  t.ok(verifies(receiver.got.at(-1)!, secret));
});

test('an address the desk may not call switches it off', async (t) => {
  const desk = await openTestDesk(t);
  const { rest } = await desk.testWorkspace(NOW);
  const { body } = await rest('POST /v1/webhooks', { name: 'A', url: 'http://169.254.169.254/latest' });
  await rest('POST /v1/customers', customer('A'));
  t.match((await rest(`GET /v1/webhooks/${body.id}`)).body, { active: false, disabledReason: 'refused_address' });
  t.match((await rest('GET /v1/deliveries')).body.data, [{ state: 'failed', lastError: /^private_address/ }]);
});

test('moved to another address, what waits goes there at once', async (t) => {
  const { receiver, rest, webhook } = await openBench(t);
  receiver.answer = (_request, response) => response.writeHead(500).end();
  const { id } = await webhook({ eventTypes: ['customer.created'] });
  await rest('POST /v1/customers', customer('A'));
  const other = await openReceiver(t);
  await rest(`PATCH /v1/webhooks/${id}`, { url: other.url });
  t.same(typesOf(other.got), ['customer.created']);
  t.match((await rest('GET /v1/deliveries')).body.data, [{ state: 'delivered', url: other.url, attempts: 2 }]);
});

test('deleted, nothing more is sent; its log stays', async (t) => {
  const { receiver, rest, webhook } = await openBench(t);
  receiver.answer = (_request, response) => response.writeHead(500).end();
  const { id } = await webhook({ eventTypes: ['customer.created'] });
  await rest('POST /v1/customers', customer('A'));
  t.equal((await rest(`DELETE /v1/webhooks/${id}`)).status, 200);
  await rest('POST /v1/customers', customer('B'));
  await rest('POST /v1/test-clock/advance', { by: 'P1D' });
  t.equal(receiver.got.length, 1);
  t.match((await rest(`GET /v1/deliveries?webhookId=${id}`)).body.data, [
    { state: 'failed', lastError: 'The webhook was deleted.' },
  ]);
  const listed = (await rest('GET /v1/webhooks?updatedAfter=2026-01-01T00:00:00Z')).body;
  t.match(listed, { data: [], deleted: [{ id }] });
});

test('patches: what changes nothing leaves no trace, the robot secret is kept and taken away', async (t) => {
  const { rest, webhook } = await openBench(t);
  const { id } = await webhook({ robot: 'feishu', robotSecret: 'x' });
  const patch = async (fields: object) => (await rest(`PATCH /v1/webhooks/${id}`, fields)).body;
  t.match(await patch({ name: 'CRM' }), { version: 1 });
  t.match(await patch({ name: 'Chat' }), { version: 2, robotSigned: true });
  t.match(await patch({ robotSecret: 'y' }), { version: 3, robotSigned: true });
  t.match(await patch({ robotSecret: null }), { version: 4, robotSigned: false });
  t.match(await patch({ robot: null, template: '{"a": 1}' }), { version: 5, robot: null, template: '{"a": 1}' });
  t.match(await patch({ template: null, contentType: 'text/plain' }), { code: 'validation_failed' });
  const other = await rest(`PATCH /v1/webhooks/${id}`, { name: 'x' }, { 'if-match': '"1"' });
  t.equal(other.status, 412);
});

test('the secret is left out of a replayed answer', async (t) => {
  const { rest, receiver } = await openBench(t);
  const make = () => rest('POST /v1/webhooks', { name: 'A', url: receiver.url }, { 'idempotency-key': 'k' });
  const first = await make();
  t.ok(first.body.secret);
  const again = await make();
  t.match(again, { status: 201, headers: { 'idempotency-replayed': 'true' }, body: { id: first.body.id } });
  t.notOk(again.body.secret);
});

test('a workspace has as many webhooks as it may', async (t) => {
  const { rest } = await openBench(t);
  const make = () => rest('POST /v1/webhooks', { name: 'A', url: 'https://example.com:25/', active: false });
  for (let n = 0; n < 50; n++) t.equal((await make()).status, 201);
  t.match(await make(), { status: 409, body: { code: 'invalid_transition' } });
});

test('the same through GraphQL', async (t) => {
  const { receiver, rest, graphql } = await openBench(t);
  const run = async (document: string, variables: object = {}) => {
    const { body } = await graphql(document, variables as never);
    t.notOk(body.errors, JSON.stringify(body.errors));
    return body.data;
  };
  const made = await run(
    `mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { webhook { id secret active eventTypes } errors { code } } }`,
    { input: { name: 'CRM', url: receiver.url, eventTypes: ['customer.created'] } },
  );
  const { id, secret } = made.createWebhook.webhook;
  await rest('POST /v1/customers', customer('A'));
  t.ok(verifies(receiver.got[0]!, secret));
  const log = await run(
    `query ($id: ID!) { deliveries(first: 5, filter: { webhookId: $id }) { edges { node { webhookId state body } } } webhook(id: $id) { name secret } webhooks { edges { node { id } } } node(id: $id) { ... on Webhook { url } } }`,
    { id },
  );
  t.match(log, {
    deliveries: { edges: [{ node: { webhookId: id, state: 'delivered', body: bodyOf(receiver.got[0]) } }] },
    webhook: { name: 'CRM', secret: null },
    webhooks: { edges: [{ node: { id } }] },
    node: { url: receiver.url },
  });
  const verbs = await run(
    `mutation ($id: ID!) {
       rotateWebhookSecret(input: { webhookId: $id }) { webhook { secret } errors { code } }
       second: rotateWebhookSecret(input: { webhookId: $id }) { webhook { secret } errors { code } }
       testWebhook(input: { webhookId: $id }) { delivery { eventType } errors { code } }
       replayWebhook(input: { webhookId: $id, after: "end" }) { webhook { id } errors { code } }
       updateWebhook(input: { webhookId: $id, active: false }) { webhook { disabledReason } errors { code } }
       deleteWebhook(input: { webhookId: $id }) { deleted { id } errors { code } }
     }`,
    { id },
  );
  t.match(verbs, {
    rotateWebhookSecret: { webhook: { secret: /^whsec_/ } },
    second: { webhook: null, errors: [{ code: 'invalid_transition' }] },
    testWebhook: { delivery: { eventType: 'webhook.tested' } },
    replayWebhook: { webhook: { id } },
    updateWebhook: { webhook: { disabledReason: 'by_hand' } },
    deleteWebhook: { deleted: { id } },
  });
  t.equal(typesOf(receiver.got).at(-1), 'webhook.tested');
});
