/** The explanation of a promise through the doors: what it answers, in which language, and to whom how much. */

import t, { test } from 'tap';
import { type Caller, openTestDesk } from '../support/desk.ts';

/** The eve of National Day. */
const EVE = '2026-09-30T17:20:00+08:00';

const desk = await openTestDesk(t);

function make(caller: Caller) {
  return async (line: string, body?: object) => {
    const answer = await caller.rest(line, body);
    if (answer.status >= 300) throw new Error(`${line}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
}

/** A core customer complains by mail, is answered in 50 minutes, and a day later the solution is overdue. */
async function complain(language: 'en' | 'zh-CN') {
  const staff = await desk.testWorkspace(EVE, { language });
  const go = make(staff);
  const customer = await go('POST /v1/customers', { name: '华锐电子' });
  await go(`POST /v1/customers/${customer.id}/tier`, { tier: 'core', reason: 'Contract' });
  const ticket = await go('POST /v1/tickets', {
    subject: 'Line 3 has stopped',
    kind: 'complaint',
    channel: 'email',
    customerId: customer.id,
  });
  await go('POST /v1/test-clock/advance', { by: 'PT50M' });
  await go(`POST /v1/tickets/${ticket.id}/messages`, { body: 'They hide something', visibility: 'internal' });
  await go(`POST /v1/tickets/${ticket.id}/messages`, { body: 'On our way' });
  await go('POST /v1/test-clock/advance', { by: 'P1D' });
  return { staff, go, customer, ticket, path: `/v1/tickets/${ticket.id}/clocks` };
}

test('a broken promise is explained: what, by which policy and why, second by second, event by event', async (t) => {
  const { go, customer, path } = await complain('en');
  const why = await go(`GET ${path}/resolution/explanation`);
  t.equal(
    why.summary,
    '华锐电子 was promised a resolution within 24 h (around the clock), until Thu 2026-10-01 17:20; it was not kept and is overdue by 50 min.',
  );
  t.match(why, {
    asOf: '2026-10-01T10:10:00Z',
    clock: { state: 'running', breached: true, elapsedSeconds: 89_400 },
    leftSeconds: -3000,
    policy: {
      key: 'core-complaint-async',
      version: 1,
      target: 'PT24H',
      targetSeconds: 86_400,
      calendar: { key: 'always', name: 'always', timeZone: 'UTC' },
    },
    policyKey: 'core-complaint-async',
    policyVersion: 1,
    reason: 'most_specific',
    earlier: null,
  });
  t.strictSame(why.matchedBy.slice(0, 3), [
    { attribute: 'customer', value: customer.id, name: '华锐电子', matched: 'any' },
    { attribute: 'tier', value: 'core', name: 'Core', matched: 'named' },
    { attribute: 'kind', value: 'complaint', name: 'Complaint', matched: 'named' },
  ]);
  t.match(why.alternatives, [
    { policyKey: 'core-async', reason: 'most_specific' },
    { policyKey: 'standard', policyName: 'Standard', reason: 'most_specific' },
  ]);
  t.strictSame(why.intervals, [
    {
      from: '2026-09-30T09:20:00Z',
      to: '2026-10-01T10:10:00Z',
      label: 'open',
      seconds: 89_400,
      elapsedSeconds: 89_400,
    },
  ]);
  t.match(
    why.marks.filter(({ step }: { step: string }) => step !== 'escalation'),
    [
      { at: '2026-09-30T21:20:00Z', step: 'warning', fraction: 0.5, reached: true },
      { at: '2026-10-01T04:32:00Z', step: 'warning', fraction: 0.8, reached: true },
      { at: '2026-10-01T09:20:00Z', step: 'due', fraction: 1, reached: true },
    ],
  );
  t.match(why.events, [{ type: 'created', effect: 'started', dueAt: '2026-10-01T09:20:00Z', before: null }]);
  t.match(why.text, /^Ticket #\d+: Line 3 has stopped\nResolution: broken, not met yet\n/);
  t.match(why.text, '  ! Thu 10-01 17:20  broken: due and not kept');

  const first = await go(`GET ${path}/first_response/explanation`);
  t.match(first, { clock: { state: 'met' }, leftSeconds: 600 });
  t.strictSame(
    first.events.map(({ type, effect }: { type: string; effect: string }) => `${type} ${effect}`),
    ['created started', 'agent_reply met'],
    'an internal note is no event of a clock',
  );
});

test('the text is in the language and on the wall clock of the workspace', async (t) => {
  const { go, path } = await complain('zh-CN');
  const why = await go(`GET ${path}/first_response/explanation`);
  t.equal(
    why.summary,
    '已向「华锐电子」承诺在 1 小时（全天候）内作出首次响应，截止 2026-09-30 周三 18:20；已于 2026-09-30 周三 18:10 兑现，提前 10 分钟。',
  );
  t.match(why.text, '以下为 Asia/Shanghai 时间（+08:00）');
  t.match(why.matchedBy[1], { attribute: 'tier', name: '核心客户' });
});

test('both doors tell the same', async (t) => {
  const { staff, go, ticket, path } = await complain('en');
  const told = await go(`GET ${path}/resolution/explanation?cycle=1`);
  const { body } = await staff.graphql(
    `query ($id: ID!) { ticketClockExplanation(ticketId: $id, metric: resolution, cycle: 1) {
      summary text asOf leftSeconds policyKey policyVersion reason earlier { to }
      policy { key name version target targetSeconds calendar { key name timeZone } }
      matchedBy { attribute value name matched } alternatives { policyKey policyName reason } passedOver { policyKey policyName term }
      total { from to openSeconds pausedSeconds solvedSeconds closedSeconds elapsedSeconds }
      intervals { from to label seconds elapsedSeconds } marks { at step fraction reached }
      events { at type value effect dueAt policyKey policyVersion before { policyKey policyVersion dueAt } } } }`,
    { id: ticket.id },
  );
  const { clock: _, ...rest } = told;
  t.same(body.data.ticketClockExplanation, rest);
  t.match(await staff.rest(`GET ${path}/resolution/explanation?cycle=2`), { status: 404 });
  t.match(await staff.rest(`GET ${path}/survey/explanation`), { status: 404 });
  t.match(await staff.rest(`GET ${path}/happiness/explanation`), { status: 404 });
});

test('a customer is told of its own tickets, and nothing of how the desk alarms itself or what else it promises', async (t) => {
  const { go, customer, path } = await complain('en');
  const other = await go('POST /v1/customers', { name: 'Other' });
  const portal = async (customerId: string) => {
    const { key } = await go('POST /v1/keys', { name: 'Portal', role: 'customer', customerId });
    return desk.withKey(key);
  };
  const stranger = await portal(other.id);
  t.equal((await stranger.rest(`GET ${path}/resolution/explanation`)).status, 404);
  const { body } = await (await portal(customer.id)).rest(`GET ${path}/resolution/explanation`);
  t.match(body, {
    alternatives: null,
    policyKey: 'core-complaint-async',
    matchedBy: [{ attribute: 'customer', value: customer.id, name: null }],
    clock: { elapsedSeconds: 89_400 },
  });
  t.match(body.summary, /^The customer was promised a resolution within 24 h/);
  t.strictSame(
    body.marks.map(({ step }: { step: string }) => step),
    ['warning', 'warning', 'due'],
  );
  t.notMatch(body.text, /escalation|Standard|华锐/);
  t.notMatch(JSON.stringify(body), 'hide something');
});

test('who may not read customers or policies does not get them by this detour', async (t) => {
  const { go, path } = await complain('en');
  const { key } = await go('POST /v1/keys', { name: 'Narrow', role: 'agent', scopes: ['tickets:read'] });
  const { body } = await desk.withKey(key).rest(`GET ${path}/resolution/explanation`);
  t.match(body, { alternatives: null, matchedBy: [{ name: null }, { name: 'Core' }] });
  t.notMatch(body.text, '华锐');
});

test('office hours, a pause, a reopening and another tier over National Day are all in the table', async (t) => {
  const go = make(await desk.testWorkspace('2026-09-29T10:00:00+08:00', { language: 'en' }));
  const to = (time: string) => go('POST /v1/test-clock/advance', { to: `2026-${time}:00+08:00` });
  const customer = await go('POST /v1/customers', { name: 'Eastern Trade' });
  const { id } = await go('POST /v1/tickets', {
    subject: 'Invoice',
    kind: 'basic',
    channel: 'email',
    customerId: customer.id,
  });
  await to('09-29T11:30');
  await go(`POST /v1/tickets/${id}/pending`, {});
  await to('09-30T16:10');
  await go(`POST /v1/tickets/${id}/messages`, { body: 'This one', author: 'customer' });
  await to('10-08T10:05');
  await go(`POST /v1/tickets/${id}/solve`, {});
  await to('10-09T09:30');
  await go(`POST /v1/tickets/${id}/reopen`, {});
  await to('10-09T15:20');
  await go(`POST /v1/customers/${customer.id}/tier`, { tier: 'potential', reason: 'Contract' });
  await to('10-10T11:00');
  const why = await go(`GET /v1/tickets/${id}/clocks/resolution/explanation`);
  t.match(why.policy, {
    key: 'potential-async',
    target: 'PT16H',
    calendar: { key: 'cn-office', name: 'Office hours', timeZone: 'Asia/Shanghai' },
  });
  t.strictSame(
    why.events.map(({ type, value, effect }: Record<string, string>) => `${type} ${value} ${effect}`),
    [
      'created null started',
      'status_changed pending paused',
      'status_changed open resumed',
      'status_changed solved met',
      'status_changed open reopened',
      'status_changed open resumed',
      'tier_changed potential recomputed',
    ],
  );
  t.strictSame(why.events.at(-1).before, {
    policyKey: 'normal-async',
    policyVersion: 1,
    dueAt: '2026-10-14T06:05:00Z',
  });
  const sum = (label: string) =>
    why.intervals
      .filter((one: { label: string }) => one.label === label)
      .reduce((seconds: number, one: { seconds: number }) => seconds + one.seconds, 0);
  t.equal(sum('open'), why.clock.elapsedSeconds);
  t.equal(sum('paused'), why.clock.pausedSeconds);
  t.equal(sum('holiday'), 7 * 86_400, 'seven days of National Day');
  t.equal(sum('solved'), why.total.solvedSeconds);
  t.equal(sum('outside_hours') + sum('holiday'), why.total.closedSeconds);
  for (const line of [
    'Thu 10-01 00:00 - Thu 10-08 00:00  holiday    168:00',
    '> Wed 09-30 16:10  status open: runs again, due Fri 10-09 14:40',
    '> Fri 10-09 15:20  tier Potential (potential): counted anew from the\n      start by potential-async v1, due Sat 10-10 14:05 (before:\n      normal-async v1, due Wed 10-14 14:05)',
    'In all: open 13:55, paused 11:40, solved 7:25, closed 232:00.',
  ]) {
    t.ok(why.text.includes(`  ${line}\n`), line);
  }
});

test('two years are told on a page', async (t) => {
  const { go } = await complain('en');
  const { id } = await go('POST /v1/tickets', { subject: 'Old', kind: 'basic', channel: 'email' });
  await go('POST /v1/test-clock/advance', { to: '2028-10-01T00:00:00Z' });
  const why = await go(`GET /v1/tickets/${id}/clocks/resolution/explanation`);
  t.ok(why.text.split('\n').length < 80, 'a page');
  t.match(why.text, /\n {2}2027-05 +168:00 /);
  t.ok(why.intervals.length > 1000 && why.earlier === null, 'every second is labelled for programs');
});

test('a calendar that is gone is called by its key', async (t) => {
  const go = make(await desk.testWorkspace(EVE, { language: 'en' }));
  const week = { mon: [['09:00', '17:00']] };
  const calendar = await go('POST /v1/calendars', { key: 'mondays', name: 'Mondays', timeZone: 'UTC', week });
  const policy = await go('POST /v1/policies', {
    key: 'slow',
    name: 'Slow',
    position: 0,
    match: { tiers: [], kinds: ['suggestion'], channels: ['email'], priorities: ['low'] },
    objectives: [{ metric: 'resolution', target: 'P2D', calendar: 'mondays' }],
  });
  const { id } = await go('POST /v1/tickets', { subject: 'S', kind: 'suggestion', channel: 'email', priority: 'low' });
  const line = `GET /v1/tickets/${id}/clocks/resolution/explanation`;
  t.match(await go(line), {
    policy: { key: 'slow', target: 'P2D', targetSeconds: 30_000, calendar: { key: 'mondays', name: 'Mondays' } },
    summary: /^The customer was promised a resolution within 2 working days \(Mondays\)/,
  });
  await go(`POST /v1/tickets/${id}/solve`);
  await go(`POST /v1/tickets/${id}/close`);
  await go(`DELETE /v1/policies/${policy.id}`);
  await go(`DELETE /v1/calendars/${calendar.id}`);
  t.match(await go(line), { policy: { calendar: { key: 'mondays', name: 'mondays', timeZone: 'UTC' } } });
});
