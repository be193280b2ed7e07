/** Importing tickets with their past, one and many: the same promises as live, once however often it is sent. */

import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { test } from 'tap';
import { type Caller, openTestDesk, type TestDesk } from '../support/desk.ts';
import { until } from '../support/until.ts';

interface Line {
  line: number;
  status: string;
  id?: string;
  number?: number;
  errors?: { path: string; message: string; code: string }[];
}

// biome-ignore lint/suspicious/noExplicitAny: lines are built and broken field by field
type Ticket = any;

/** The eve of China's National Day week, 17:30 in Shanghai. */
const EVE = '2026-09-30T09:30:00Z';
const after = (minutes: number, from = EVE) => new Date(Date.parse(from) + minutes * 60_000).toISOString();

const NDJSON = { 'content-type': 'application/x-ndjson' };

async function sendText(desk: TestDesk, caller: Caller, text: string | Buffer, query = ''): Promise<Line[]> {
  const headers = { authorization: `Bearer ${caller.key}`, ...NDJSON };
  const answer = await desk.inject({ method: 'POST', url: `/v1/bulk/tickets${query}`, headers, payload: text });
  if (answer.statusCode !== 200) throw new Error(answer.body);
  return answer.body
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

const send = (desk: TestDesk, caller: Caller, lines: Ticket[], query = '') =>
  sendText(desk, caller, `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`, query);

/** A ticket that was answered after ten minutes and solved after an hour. */
function past(name: string, more: Ticket = {}): Ticket {
  return {
    externalIds: { old: name },
    subject: `Case ${name}`,
    kind: 'fault',
    channel: 'email',
    tier: 'normal',
    events: [
      { at: after(0), type: 'created', body: '机器停了。' },
      { at: after(10), type: 'agent_reply', body: '您好，马上处理。' },
      { at: after(60), type: 'status_changed', status: 'solved' },
    ],
    ...more,
  };
}

const allOf = async (caller: Caller) => (await caller.rest('GET /v1/tickets?limit=200&sort=number')).body.data;
const statuses = (results: Line[]) => results.map(({ status }) => status);

/** Wins over the plan's own: every metric, escalations, a pause, a calendar with holidays. */
const POLICY = {
  key: 'every_metric',
  name: 'Every metric',
  match: { tiers: ['core'], kinds: ['complaint'], channels: ['email'], priorities: ['normal', 'urgent'] },
  calendar: 'cn-service',
  objectives: [
    { metric: 'first_response', target: 'PT1H', warnAt: [0.5] },
    { metric: 'next_response', target: 'PT1H', pausesOn: ['pending'] },
    { metric: 'proposal', target: 'PT4H', pausesOn: ['pending'] },
    {
      metric: 'resolution',
      target: 'P2D',
      pausesOn: ['pending'],
      warnAt: [0.5, 0.8],
      escalate: [{ at: 'PT1H', do: [{ notify: 'manager' }] }],
    },
    { metric: 'update', target: 'PT8H' },
    { metric: 'follow_up', target: 'PT48H', calendar: 'always', warnAt: [0.5] },
    { metric: 'survey', target: 'P3D', calendar: 'cn-office' },
  ],
};

test('a story that is imported has the promises, and the ticket, that it had live', async (t) => {
  const desk = await openTestDesk(t);
  const live = await desk.testWorkspace(EVE);
  const told = await desk.testWorkspace(after(3000));
  const customerOf = async (caller: Caller) =>
    (await caller.rest('POST /v1/customers', { name: 'A core customer', tier: 'core', externalIds: { crm: '42' } }))
      .body.id;
  for (const caller of [live, told]) {
    const { status, body } = await caller.rest('POST /v1/policies', POLICY);
    if (status !== 201) throw new Error(JSON.stringify(body));
  }
  const fields = { subject: '生产线停机', kind: 'complaint', channel: 'email', tags: ['line 3'] };

  const { body: made } = await live.rest('POST /v1/tickets', {
    ...fields,
    customerId: await customerOf(live),
    message: '请尽快处理。',
  });
  let now = 0;
  const at = async (minutes: number, verb: string, body: object = {}) => {
    if (minutes > now) await live.rest('POST /v1/test-clock/advance', { by: `PT${minutes - now}M` });
    now = minutes;
    const { status, body: answer } = await live.rest(`POST /v1/tickets/${made.id}/${verb}`, body);
    if (status >= 300) throw new Error(JSON.stringify(answer));
  };
  await at(30, 'messages', { body: '王女士，您好。' });
  await at(40, 'messages', { body: 'internal', visibility: 'internal' });
  await at(60, 'confirm-understanding');
  await at(70, 'priority', { priority: 'urgent' });
  await at(90, 'pending');
  await at(200, 'messages', { body: '还没好？', author: 'customer' });
  await at(400, 'messages', { body: '快好了。' });
  await at(700, 'solve');
  await at(1900, 'reopen');
  await at(2000, 'messages', { body: 'Done now.' });
  await at(2950, 'solve');
  await live.rest('POST /v1/test-clock/advance', { by: 'PT50M' });

  await customerOf(told);
  const events = [
    { at: after(0), type: 'created', body: '请尽快处理。' },
    { at: after(30), type: 'agent_reply', body: '王女士，您好。' },
    { at: after(40), type: 'internal_note', body: 'internal' },
    { at: after(60), type: 'understanding_confirmed' },
    { at: after(70), type: 'priority_changed', priority: 'urgent' },
    { at: after(90), type: 'status_changed', status: 'pending' },
    { at: after(200), type: 'status_changed', status: 'open' },
    { at: after(200), type: 'customer_message', body: '还没好？' },
    { at: after(400), type: 'agent_reply', body: '快好了。' },
    { at: after(700), type: 'status_changed', status: 'solved' },
    { at: after(1900), type: 'status_changed', status: 'open' },
    { at: after(2000), type: 'agent_reply', body: 'Done now.' },
    { at: after(2950), type: 'status_changed', status: 'solved' },
  ];
  // A survey went out 24 hours after the first solution only if it was still solved: it was not.
  const line = { ...fields, externalIds: { old: '1' }, customerExternalId: { system: 'crm', value: '42' }, events };
  const [result] = await send(desk, told, [line]);
  t.match(result, { line: 1, status: 'created', number: 1 });

  const [before, imported] = await Promise.all([
    live.rest(`GET /v1/tickets/${made.id}?include=clocks,lastMessage`),
    told.rest(`GET /v1/tickets/${result!.id}?include=clocks,lastMessage`),
  ]);
  t.strictSame(imported.body.clocks, before.body.clocks);
  t.ok(before.body.clocks.length >= 7, 'the story has many promises');
  const same = ({ id: _i, customerId: _c, externalIds: _e, updatedAt: _u, version: _v, ...ticket }: Ticket) => ({
    ...ticket,
    clocks: null,
    lastMessage: ticket.lastMessage.body,
  });
  t.strictSame(same(imported.body), same(before.body));

  const explained = (caller: Caller, id: string) =>
    caller
      .rest(`GET /v1/tickets/${id}/clocks/resolution/explanation`)
      .then(({ body: { matchedBy: _, ...body } }) => body);
  t.strictSame(await explained(told, result!.id!), await explained(live, made.id), 'second by second');

  const feed = (await told.rest(`GET /v1/events?subject=${result!.id}`)).body.data;
  t.strictSame(
    feed.map(({ type }: { type: string }) => type),
    ['ticket.imported'],
    'the feed has one event',
  );
  const soon = after(3000 + 7 * 1440);
  for (const caller of [live, told]) await caller.rest('POST /v1/test-clock/advance', { to: soon });
  const later = async (caller: Caller, id: string) => (await caller.rest(`GET /v1/tickets/${id}/clocks`)).body.data;

  t.strictSame(await later(told, result!.id!), await later(live, made.id), 'and they go on alike');
  const said = async (caller: Caller, id: string) =>
    (await caller.rest(`GET /v1/events?limit=200&subject=${id}`)).body.data
      .filter(({ type, occurredAt }: { type: string; occurredAt: string }) => {
        return type !== 'ticket.imported' && Date.parse(occurredAt) > Date.parse(after(3000));
      })
      .map(({ type, occurredAt }: { type: string; occurredAt: string }) => `${type} ${occurredAt}`);
  t.strictSame(await said(told, result!.id!), await said(live, made.id), 'what comes later is said in both');
});

test('one ticket through either door; the same again changes nothing, another line is refused', async (t) => {
  const desk = await openTestDesk(t);
  const caller = await desk.testWorkspace(after(2000));
  const first = await caller.rest('POST /v1/tickets/import', past('1'));
  t.match(first, { status: 201, body: { result: 'created', ticket: { statusCategory: 'solved', createdAt: EVE } } });
  t.equal(first.body.ticket.agentReplyCount, 1);
  t.equal(first.body.ticket.firstRespondedAt, '2026-09-30T09:40:00Z');

  await caller.rest(`POST /v1/tickets/${first.body.ticket.id}/reopen`);
  const { events, ...fields } = past('1');
  const reordered = { events: [events[2], events[0], events[1]], tags: [], ...fields };
  const again = await caller.rest('POST /v1/tickets/import', reordered);
  t.match(again, { status: 200, body: { result: 'unchanged', ticket: { statusCategory: 'open' } } });

  const document = `mutation($input: ImportTicketInput!) {
    importTicket(input: $input) { imported { result ticket { id clocks { metric state } } } errors { code errors { path } } }
  }`;
  const third = await caller.graphql(document, { input: past('1') });
  t.match(third.body.data.importTicket, { imported: { result: 'unchanged', ticket: { clocks: [{ state: 'met' }] } } });
  const other = await caller.graphql(document, { input: past('1', { subject: 'Another' }) });
  t.strictSame(other.body.data.importTicket, {
    imported: null,
    errors: [{ code: 'already_exists', errors: [{ path: 'externalIds.old' }] }],
  });
  const born = await caller.rest('POST /v1/tickets', { ...fields, tier: undefined, externalIds: { old: '2' } });
  t.equal(born.status, 201);
  t.match(await caller.rest('POST /v1/tickets/import', past('2')), { status: 409, body: { code: 'already_exists' } });
  t.equal((await allOf(caller)).length, 2);
});

test('what cannot have been is refused, field by field', async (t) => {
  const desk = await openTestDesk(t);
  const caller = await desk.testWorkspace(after(2000));
  const events = (...more: object[]) => ({ events: [{ at: after(0), type: 'created' }, ...more] });
  const other = await desk.otherWorkspace();
  const { body: stranger } = await other.caller.rest('POST /v1/customers', { name: 'Theirs' });
  const cases: [string, Ticket, string, string][] = [
    ['no name', { externalIds: {} }, 'externalIds', 'required'],
    ['to come', events({ at: after(2001), type: 'agent_reply' }), 'events.1.at', 'in_future'],
    ['no creation', { events: [{ at: after(0), type: 'agent_reply' }] }, 'events.0', 'not_created'],
    ['made twice', events({ at: after(1), type: 'created' }), 'events.1', 'created_twice'],
    ['before', events({ at: after(-1), type: 'agent_reply' }), 'events.1', 'not_created'],
    [
      'after closed',
      events({ at: after(1), type: 'status_changed', status: 'closed' }, { at: after(2), type: 'agent_reply' }),
      'events.2',
      'ticket_closed',
    ],
    ['no status', events({ at: after(1), type: 'status_changed' }), 'events.1.status', 'required'],
    ['status', events({ at: after(1), type: 'status_changed', status: 'gone' }), 'events.1.status', 'unknown_key'],
    ['field', events({ at: after(1), type: 'agent_reply', priority: 'low' }), 'events.1.priority', 'unknown_field'],
    ['type', events({ at: after(1), type: 'policy_changed' }), 'events.1.type', 'invalid_value'],
    ['kind', { kind: 'nothing' }, 'kind', 'unknown_key'],
    ['kind later', events({ at: after(1), type: 'kind_changed', kind: 'x' }), 'events.1.kind', 'unknown_key'],
    ['tier', { tier: 'nothing' }, 'tier', 'unknown_key'],
    ['tier later', events({ at: after(1), type: 'tier_changed', tier: 'x' }), 'events.1.tier', 'unknown_key'],
    ['custom', { customFields: { x: 1 } }, 'customFields.x', 'unknown_key'],
    ['stranger', { customerId: stranger.id }, 'customerId', 'not_found'],
    ['nobody', { customerExternalId: { system: 'crm', value: '7' } }, 'customerExternalId', 'not_found'],
    ['agent', { assigneeId: 'agt_01k9zv3m5qe8w9y2f4h6j8m0n1' }, 'assigneeId', 'not_found'],
    ['unknown', { status: 'open' }, 'status', 'unknown_field'],
    ['zero', { subject: 'a\u0000b' }, 'subject', 'invalid_character'],
  ];
  const results = await send(
    desk,
    caller,
    cases.flatMap(([name, more]) => [past(name, more), past(`good ${name}`)]),
  );
  t.equal(results.length, cases.length * 2);
  cases.forEach(([name, more, path, code], index) => {
    const result = results[index * 2]!;
    t.match(result, { line: index * 2 + 1, status: 'error', errors: [{ path, code }] }, name);
    t.match(results[index * 2 + 1], { line: index * 2 + 2, status: 'created' }, `beside ${name}`);
    t.ok(more);
  });
  t.equal((await allOf(caller)).length, cases.length);
});

test('lines that are no JSON, too long or empty stop only themselves', async (t) => {
  const desk = await openTestDesk(t);
  const caller = await desk.testWorkspace(after(2000));
  const good = (name: string) => JSON.stringify(past(name));
  const big = JSON.stringify(past('big', { subject: 'x'.repeat(1024 * 1024) }));
  const bad = Buffer.from([0x22, 0xff, 0xfe, 0x22]);
  const text = Buffer.concat([
    Buffer.from(`\uFEFF${good('1')}\r\n\n{"broken":\n[1]\n${big}\n`),
    bad,
    Buffer.from(`\n"text"\n${good('2')}`),
  ]);
  const results = await sendText(desk, caller, text);
  t.match(results, [
    { line: 1, status: 'created', number: 1 },
    { line: 3, status: 'error', errors: [{ path: '', code: 'bad_request' }] },
    { line: 4, status: 'error', errors: [{ path: '', code: 'invalid_type' }] },
    { line: 5, status: 'error', errors: [{ path: '', code: 'too_big' }] },
    { line: 6, status: 'error', errors: [{ path: '', code: 'invalid_character' }] },
    { line: 7, status: 'error', errors: [{ path: '', code: 'invalid_type' }] },
    { line: 8, status: 'created', number: 2 },
  ]);
  t.equal(results.length, 7, 'the empty line is counted and has no result');
  t.strictSame(await sendText(desk, caller, ''), []);
});

test('a second run, and a repeat within one, import nothing twice', async (t) => {
  const desk = await openTestDesk(t);
  const caller = await desk.testWorkspace(after(2000));
  const lines = Array.from({ length: 1100 }, (_, index) => past(String(index % 1000)));
  lines.splice(10, 0, past('9'), past('9', { subject: 'Another' }));
  const results = await send(desk, caller, lines);
  t.same(Map.groupBy(statuses(results), (status) => status).get('created')!.length, 1000);
  t.match(results[10], { status: 'unchanged', id: results[9]!.id });
  t.match(results[11], { status: 'error', errors: [{ path: 'externalIds.old', code: 'already_exists' }] });
  const numbers = new Set(results.filter(({ status }) => status === 'created').map(({ number }) => number));
  t.equal(numbers.size, 1000, 'numbers are unique');
  const again = await send(desk, caller, lines);
  t.same(new Set(statuses(again)), new Set(['unchanged', 'error']));
  t.same(
    again.map(({ id }) => id),
    results.map(({ id }) => id),
  );
});

test('two that import the same at once make each ticket once', async (t) => {
  const desk = await openTestDesk(t);
  const caller = await desk.testWorkspace(after(2000));
  const lines = Array.from({ length: 200 }, (_, index) => past(String(index)));
  const [a, b] = await Promise.all([send(desk, caller, lines), send(desk, caller, lines.toReversed())]);
  const made = [...a, ...b].filter(({ status }) => status === 'created');
  t.equal(made.length, 200);
  t.equal(new Set([...statuses(a), ...statuses(b)]).has('error'), false);
  t.equal((await allOf(caller)).length, 200);
});

test('a dry run decides and saves nothing', async (t) => {
  const desk = await openTestDesk(t);
  const caller = await desk.testWorkspace(after(2000));
  await send(desk, caller, [past('1')]);
  const results = await send(desk, caller, [past('1'), past('2'), past('3', { kind: 'x' })], '?dryRun=true');
  t.match(results, [{ status: 'unchanged', number: 1 }, { status: 'valid' }, { status: 'error' }]);
  t.equal(results[1]!.id, undefined);
  t.equal((await allOf(caller)).length, 1);
  t.match(await send(desk, caller, [past('4')]), [{ status: 'created', number: 2 }], 'no number was taken');
});

test('all or nothing: one bad line and none is saved', async (t) => {
  const desk = await openTestDesk(t);
  const caller = await desk.testWorkspace(after(2000));
  await send(desk, caller, [past('1')]);
  const lines = Array.from({ length: 1200 }, (_, index) => past(String(index)));
  const broken = lines.with(700, past('700', { kind: 'x' })).with(3, past('3', { channel: 'x' }));
  const refused = await send(desk, caller, broken, '?atomic=true');
  t.equal(refused.length, 1200);
  t.same(
    refused.filter(({ status }) => status === 'error').map(({ line }) => line),
    [4, 701],
    'every fault is told',
  );
  t.equal(refused.filter(({ status }) => status === 'skipped').length, 1198);
  t.equal((await allOf(caller)).length, 1);

  const clash = await send(desk, caller, [...lines, past('5', { subject: 'Another' })], '?atomic=true');
  t.match(
    clash.at(-1),
    { status: 'error', errors: [{ code: 'already_exists' }] },
    'also what only the lines together show',
  );
  t.equal((await allOf(caller)).length, 1);

  const done = await send(desk, caller, [...lines, past('5')], '?atomic=true');
  t.equal(done.filter(({ status }) => status === 'created').length, 1199);
  t.equal(done.at(-1)!.status, 'unchanged');
  t.equal(done.at(-1)!.id, done[5]!.id);

  const many = Array.from({ length: 10_001 }, () => '{}').join('\n');
  const tooMany = await sendText(desk, caller, many, '?atomic=true');
  t.match(tooMany.at(-1), { line: 10_001, status: 'error', errors: [{ code: 'too_big' }] });
});

test('who may not, or says it wrongly, gets no stream', async (t) => {
  const desk = await openTestDesk(t);
  const line = JSON.stringify(past('1'));
  const post = (caller: Caller, query = '', headers: Record<string, string> = NDJSON) =>
    caller.rest(`POST /v1/bulk/tickets${query}`, line, headers);
  t.match(await post(desk.withKey('td_forged')), { status: 401 });
  t.match(await post(await desk.as('admin', ['tickets:read'])), { status: 403, body: { code: 'forbidden' } });
  const { body: customer } = await desk.rest('POST /v1/customers', { name: 'A customer' });
  t.match(await post(await desk.as('customer', undefined, { customerId: customer.id })), { status: 403 });
  t.match(await post(desk, '?dryRun=yes'), { status: 400, body: { errors: [{ path: 'dryRun' }] } });
  t.match(await post(desk, '?fast=true'), { status: 400, body: { code: 'unknown_parameter' } });
  t.match(await post(desk, '', { 'content-type': 'application/json' }), { status: 415 });
  t.match(await desk.rest('GET /v1/bulk/tickets'), { status: 405, headers: { allow: 'POST' } });
});

function open(url: string, caller: Caller) {
  const headers = { authorization: `Bearer ${caller.key}`, ...NDJSON };
  return request(`${url}/v1/bulk/tickets`, { method: 'POST', headers });
}

async function readAll(sent: ReturnType<typeof request>): Promise<Line[]> {
  const [answer] = (await once(sent, 'response')) as [AsyncIterable<Buffer>];
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk);
  return Buffer.concat(chunks)
    .toString()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

test('a client that sends everything before it reads does not hang', async (t) => {
  const desk = await openTestDesk(t);
  const caller = await desk.testWorkspace(after(2000));
  const url = await desk.server.listen({ host: '127.0.0.1', port: 0 });
  const sent = open(url, caller);
  const answered = once(sent, 'response') as Promise<[IncomingMessage]>;
  // Results that are larger than what sockets and memory hold: each bad line has 20 errors.
  const bad = past('bad', { events: Array.from({ length: 30 }, () => ({ at: 'never', type: 'created', count: -1 })) });
  const text = Buffer.from(`${JSON.stringify(bad)}\n`.repeat(100));
  for (let round = 0; round < 60; round++) if (!sent.write(text)) await once(sent, 'drain');
  sent.end(`${JSON.stringify(past('last'))}\n`);
  await once(sent, 'finish');
  const [answer] = await answered;
  await until('all is handled, though nobody reads', async () => (await allOf(caller)).length === 1);
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  const results = Buffer.concat(chunks).toString().trimEnd().split('\n');
  t.ok(Buffer.concat(chunks).length > 8_000_000, 'more than memory keeps');
  t.equal(results.length, 6001);
  t.match(JSON.parse(results.at(-1)!), { line: 6001, status: 'created' });
  t.match(JSON.parse(results[3000]!), { line: 3001, status: 'error' });
});

test('memory stays as it is, however much is sent', async (t) => {
  const desk = await openTestDesk(t);
  const url = await desk.server.listen({ host: '127.0.0.1', port: 0 });
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const held = () => {
    collect();
    return process.memoryUsage().arrayBuffers;
  };
  const before = held();
  const sent = open(url, desk);
  const line = Buffer.from(`"${'x'.repeat(64 * 1024)}"\n`);
  const answered = once(sent, 'response') as Promise<[IncomingMessage]>;
  for (let round = 0; round < 1000; round++) if (!sent.write(line)) await once(sent, 'drain');
  const [answer] = await answered;
  let results = 0;
  for await (const chunk of answer) {
    results += String(chunk).split('\n').length - 1;
    if (results === 1000) {
      // Freed buffers are given back some time after the collection.
      await until('64 MB were sent, less than 8 MB are held', () => Promise.resolve(held() - before < 8_000_000));
      sent.end();
    }
  }
  t.equal(results, 1000);
});

test('a client that waits for each result gets it', async (t) => {
  const desk = await openTestDesk(t);
  const caller = await desk.testWorkspace(after(2000));
  const url = await desk.server.listen({ host: '127.0.0.1', port: 0 });
  const sent = open(url, caller);
  sent.write(`${JSON.stringify(past('1'))}\n`);
  const [answer] = (await once(sent, 'response')) as [AsyncIterable<Buffer>];
  const results = answer[Symbol.asyncIterator]();
  t.match(JSON.parse(String((await results.next()).value)), { line: 1, status: 'created' });
  sent.write(`${JSON.stringify(past('2'))}\n${JSON.stringify(past('3')).slice(0, 40)}`);
  t.match(JSON.parse(String((await results.next()).value)), { line: 2, status: 'created' });
  sent.end(JSON.stringify(past('3')).slice(40));
  t.match(JSON.parse(String((await results.next()).value)), { line: 3, status: 'created' });
  t.ok((await results.next()).done);
});

test('a stream may last longer than a request; one on which nothing moves is closed', async (t) => {
  const desk = await openTestDesk(t, { REQUEST_TIMEOUT_SECONDS: '1' });
  const caller = await desk.testWorkspace(after(2000));
  const url = await desk.server.listen({ host: '127.0.0.1', port: 0 });
  const slow = open(url, caller);
  const results = readAll(slow);
  for (let round = 0; round < 5; round++) {
    slow.write(`${JSON.stringify(past(String(round)))}\n`);
    // Longer than the timeout of a request, but never so long without a line.
    await sleep(600);
  }
  slow.end();
  t.same(statuses(await results), Array(5).fill('created'));

  const silent = open(url, caller);
  silent.write(`${JSON.stringify(past('silent'))}\n`);
  await t.rejects(readAll(silent), 'it is closed');
  t.equal((await allOf(caller)).length, 6, 'what was done stays done');
});

test('when the desk ends, the batch at hand is the last one', async (t) => {
  const desk = await openTestDesk(t);
  const caller = await desk.testWorkspace(after(2000));
  const url = await desk.server.listen({ host: '127.0.0.1', port: 0 });
  const sent = open(url, caller);
  sent.on('error', () => undefined);
  sent.write(`${JSON.stringify(past('1'))}\n`);
  const results = readAll(sent);
  await once(sent, 'response');
  await until('the first line is saved', async () => (await allOf(caller)).length === 1);
  await desk.server.close();
  t.match(await results, [{ line: 1, status: 'created' }]);
});
