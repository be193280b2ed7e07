/** Steps of escalation are done: who is told, what becomes of the ticket, what goes outside; each once, and said so. */

import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import tap, { type Test, test } from 'tap';
import { type Caller, openTestDesk, type TestDesk } from '../support/desk.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into field by field
type Told = any;

/** One that calls nothing private, and one that may; every test has workspaces of its own. */
const closed = await openTestDesk(tap);
const open = await openTestDesk(tap, { OUTBOUND_PRIVATE: 'on' });

const NOW = '2026-11-24T02:00:00Z';

/** `1:40:01` after the beginning -> as the API says it. */
function after(time: string): string {
  const [hours, minutes, seconds = '00'] = time.split(':');
  const passed = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return new Date(Date.parse(NOW) + passed * 1000).toISOString().replace('.000', '');
}

class Story {
  readonly caller: Caller;

  constructor(caller: Caller) {
    this.caller = caller;
  }

  async ask(line: string, body?: object): Promise<Told> {
    const answer = await this.caller.rest(line, body);
    if (answer.status >= 300) throw new Error(`${line}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  agent(name: string, more: object = {}): Promise<Told> {
    return this.ask('POST /v1/agents', { name, email: `${name.toLowerCase()}@desk.test`, ...more });
  }

  policy(steps: object[], more: object = {}): Promise<Told> {
    const objectives = [{ metric: 'resolution', target: 'PT100M', escalate: steps }];
    return this.ask('POST /v1/policies', { key: 'all', name: 'All', objectives, ...more });
  }

  ticket(more: object = {}): Promise<Told> {
    return this.ask('POST /v1/tickets', { subject: 'S', kind: 'basic', channel: 'email', message: 'Please', ...more });
  }

  async to(time: string): Promise<void> {
    await this.ask('POST /v1/test-clock/advance', { to: after(time) });
  }

  async list(what: string): Promise<Told[]> {
    return (await this.ask(`GET /v1/${what}`)).data;
  }

  events(type: string): Promise<Told[]> {
    return this.list(`events?limit=200&type=${type}`);
  }
}

/** Nothing is promised yet. */
async function begin(desk: TestDesk): Promise<Story> {
  const story = new Story(await desk.testWorkspace(NOW, { plan: 'none' }));
  await story.ask('PUT /v1/terms/kind/basic', { name: 'Basic' });
  await story.ask('PUT /v1/terms/channel/email', { name: 'Email', category: 'async' });
  return story;
}

test('the roles of a step are people: each is told, once, when it is due', async (t) => {
  const story = await begin(closed);
  const lead = await story.agent('Lead', { seniorityYears: 4 });
  const team = await story.ask('POST /v1/teams', { name: 'First line', leadId: lead.id });
  const li = await story.agent('Li', { teamIds: [team.id], seniorityYears: 2 });
  const old = await story.agent('Old', { teamIds: [team.id], seniorityYears: 9 });
  await story.agent('Older', { teamIds: [team.id], seniorityYears: 9 });
  await story.agent('Elsewhere', { seniorityYears: 30 });
  await story.agent('Gone', { teamIds: [team.id], seniorityYears: 40, active: false });
  const managers = [await story.agent('Ma', { role: 'manager' }), await story.agent('Mu', { role: 'manager' })];
  await story.policy([
    { at: 0.5, do: [{ notify: 'assignee' }] },
    { at: 0.8, do: [{ notify: 'team_lead' }] },
    { at: 'due', do: [{ notify: 'manager' }, { notify: 'senior' }] },
    { at: 'PT1H', do: [{ notify: 'boss@example.com' }] },
  ]);
  const { id, number } = await story.ticket({ assigneeId: li.id, teamId: team.id });
  await story.to('0:49:59');
  t.strictSame(await story.list('notifications'), [], 'not a second early');
  await story.to('3:00');
  await story.to('9:00');
  const told = (await story.list('notifications')).reverse();
  t.strictSame(
    told.map(({ createdAt, role, agentId, address, step }) => [createdAt, role, agentId ?? address, step]),
    [
      [after('0:50'), 'assignee', li.id, 0],
      [after('1:20'), 'team_lead', lead.id, 1],
      [after('1:40:01'), 'manager', managers[0].id, 2],
      [after('1:40:01'), 'manager', managers[1].id, 2],
      [after('1:40:01'), 'senior', old.id, 2],
      [after('2:40'), 'address', 'boss@example.com', 3],
    ],
  );
  t.ok(told.every(({ ticketId, unresolved, readAt }) => ticketId === id && !unresolved && readAt === null));
  t.match(told[2], {
    metric: 'resolution',
    cycle: 1,
    policyKey: 'all',
    policyVersion: 1,
    facts: {
      number,
      kind: 'basic',
      tier: null,
      priority: 'normal',
      state: 'running',
      target: 'PT100M',
      dueAt: after('1:40'),
      breached: true,
    },
  });
  const said = await story.events('clock.escalated');
  t.strictSame(
    said.map(({ occurredAt, subject, data }) => [occurredAt, subject, data.clock.metric, data.actions]),
    [
      [after('0:50'), id, 'resolution', [{ notify: 'assignee' }]],
      [after('1:20'), id, 'resolution', [{ notify: 'team_lead' }]],
      [after('1:40:01'), id, 'resolution', [{ notify: 'manager' }, { notify: 'senior' }]],
      [after('2:40'), id, 'resolution', [{ notify: 'boss@example.com' }]],
    ],
  );
  t.strictSame(said[0].data.outcome, [
    { notify: 'assignee', result: 'done', notifications: [{ id: told[0].id, agentId: li.id }] },
  ]);
  t.equal(told[0].eventId, said[0].id);
  const created = await story.events('notification.created');
  t.strictSame(
    created.map(({ subject, data }) => [subject, data.notification]),
    told.map((one) => [one.id, one]),
  );
});

test('a role that nobody holds is kept, and said', async (t) => {
  const story = await begin(closed);
  const gone = await story.agent('Gone', { active: false, role: 'manager' });
  const roles = ['assignee', 'team_lead', 'manager', 'senior'];
  await story.policy([{ at: 0.5, do: roles.map((notify) => ({ notify })) }]);
  const { id } = await story.ticket({ assigneeId: gone.id });
  await story.to('1:00');
  const told = (await story.list(`notifications?ticketId=${id}`)).reverse();
  t.strictSame(
    told.map(({ role, agentId, address, unresolved }) => [role, agentId, address, unresolved]),
    roles.map((role) => [role, null, null, true]),
  );
  const [{ data }] = await story.events('clock.escalated');
  t.ok(data.outcome.every(({ result }: Told) => result === 'unresolved'));
});

test('without a team the senior is of them all, the one who was here first', async (t) => {
  const story = await begin(closed);
  const empty = await story.ask('POST /v1/teams', { name: 'Empty' });
  await story.agent('A', { seniorityYears: 1 });
  const b = await story.agent('B', { seniorityYears: 3 });
  await story.agent('C', { seniorityYears: 3 });
  await story.policy([{ at: 0.5, do: [{ notify: 'senior' }] }]);
  await story.ticket();
  await story.ticket({ teamId: empty.id });
  await story.to('1:00');
  t.strictSame(
    (await story.list('notifications')).map(({ agentId }) => agentId),
    [b.id, b.id],
  );
});

test('the priority is raised a step, and urgent stays urgent', async (t) => {
  const story = await begin(closed);
  const steps = [0.1, 0.2, 0.3, 0.4].map((at) => ({ at, do: [{ raisePriority: true }] }));
  await story.policy(steps);
  const { id, version } = await story.ticket({ priority: 'low' });
  await story.to('0:10');
  t.match(await story.ask(`GET /v1/tickets/${id}`), {
    priority: 'normal',
    version: version + 1,
    updatedAt: after('0:10'),
  });
  await story.to('3:00');
  t.match(await story.ask(`GET /v1/tickets/${id}`), { priority: 'urgent', version: version + 3 });
  const outcomes = (await story.events('clock.escalated')).map(({ data }) => data.outcome[0]);
  t.strictSame(outcomes, [
    { raisePriority: true, result: 'done', from: 'low', to: 'normal' },
    { raisePriority: true, result: 'done', from: 'normal', to: 'high' },
    { raisePriority: true, result: 'done', from: 'high', to: 'urgent' },
    { raisePriority: true, result: 'nothing_to_do', priority: 'urgent' },
  ]);
  const changed = await story.events('ticket.priorityChanged');
  t.strictSame(
    changed.map(({ occurredAt, actor, data }) => [occurredAt, actor, data.from, data.ticket.priority, data.reason]),
    [
      [after('0:10'), 'timekeeper', 'low', 'normal', 'Escalation of resolution, step 1'],
      [after('0:20'), 'timekeeper', 'normal', 'high', 'Escalation of resolution, step 2'],
      [after('0:30'), 'timekeeper', 'high', 'urgent', 'Escalation of resolution, step 3'],
    ],
  );
  const history = (await story.list(`tickets/${id}/events`)).filter(({ type }) => type === 'priority_changed');
  t.match(history, [
    { at: after('0:10'), data: { priority: 'normal', levels: 1 }, door: 'timekeeper' },
    { at: after('0:20'), data: { priority: 'high', levels: 1 } },
    { at: after('0:30'), data: { priority: 'urgent', levels: 1 } },
  ]);
  t.equal((await story.events('clock.started')).length, 1, 'no clock is said again');
});

test('a higher priority is another promise: what that makes due is done in the same breath, and it ends', async (t) => {
  const story = await begin(closed);
  const of = (priority: string, target: string) => ({
    key: priority,
    name: priority,
    match: { priorities: [priority] },
    objectives: [
      {
        metric: 'resolution',
        target,
        escalate: [{ at: 0.5, do: [{ raisePriority: true }, { notify: `${priority}@example.com` }] }],
      },
    ],
  });
  await story.ask('POST /v1/policies', of('normal', 'PT100M'));
  await story.ask('POST /v1/policies', of('high', 'PT60M'));
  await story.ask('POST /v1/policies', of('urgent', 'PT40M'));
  const { id } = await story.ticket();
  await story.to('0:50');
  const said = await story.events('clock.escalated,clock.breached,ticket.priorityChanged');
  t.strictSame(
    said.map(({ type, occurredAt, data }) => [type, occurredAt, data.clock?.policyKey ?? data.ticket.priority]),
    [
      ['clock.escalated', after('0:50'), 'normal'],
      ['ticket.priorityChanged', after('0:50'), 'high'],
      ['clock.escalated', after('0:30'), 'high'],
      ['clock.breached', after('0:40'), 'urgent'],
      ['ticket.priorityChanged', after('0:50'), 'urgent'],
      ['clock.escalated', after('0:20'), 'urgent'],
    ],
  );
  t.match(await story.ask(`GET /v1/tickets/${id}`), { priority: 'urgent' });
  t.strictSame(
    (await story.list('notifications')).map(({ address, createdAt }) => [address, createdAt]).reverse(),
    ['normal', 'high', 'urgent'].map((name) => [`${name}@example.com`, after('0:50')]),
  );
  await story.to('9:00');
  t.equal((await story.events('clock.escalated')).length, 3, 'and never again');
});

test('a ticket is handed to a team; who is of it keeps it', async (t) => {
  const story = await begin(closed);
  const first = await story.ask('POST /v1/teams', { name: 'First line' });
  const second = await story.ask('POST /v1/teams', { name: 'Second line' });
  const li = await story.agent('Li', { teamIds: [first.id] });
  const both = await story.agent('Both', { teamIds: [first.id, second.id] });
  const steps = [{ at: 0.5, do: [{ reassign: 'Second line' }] }];
  const policy = await story.policy(steps);
  t.equal(policy.objectives[0].escalate[0].do[0].reassign, second.id, 'kept by its id');
  await story.ask(`PATCH /v1/teams/${second.id}`, { name: 'Experts' });
  const mine = await story.ticket({ assigneeId: li.id, teamId: first.id });
  const theirs = await story.ticket({ assigneeId: both.id, teamId: first.id });
  const there = await story.ticket({ assigneeId: li.id, teamId: second.id });
  await story.to('1:00');
  t.match(await story.ask(`GET /v1/tickets/${mine.id}`), { teamId: second.id, assigneeId: null });
  t.match(await story.ask(`GET /v1/tickets/${theirs.id}`), { teamId: second.id, assigneeId: both.id });
  t.match(await story.ask(`GET /v1/tickets/${there.id}`), {
    teamId: second.id,
    assigneeId: li.id,
    version: there.version,
  });
  const events = await story.events('ticket.transferred');
  t.strictSame(
    events.map(({ subject, data }) => [subject, data.reason, data.ticket.teamId]).sort(),
    [mine, theirs].map(({ id }) => [id, 'Escalation of resolution, step 1', second.id]).sort(),
  );
  const [transferred] = (await story.list(`tickets/${mine.id}/events`)).filter(({ type }) => type === 'transferred');
  t.match(transferred, { at: after('0:50'), data: { teamId: second.id, assigneeId: null, from: first.id } });
  const outcomes = new Map(
    (await story.events('clock.escalated')).map(({ subject, data }) => [subject, data.outcome[0]]),
  );
  t.match(outcomes.get(mine.id), { result: 'done', teamId: second.id, from: first.id, assigneeId: null });
  t.match(outcomes.get(there.id), { result: 'nothing_to_do', teamId: second.id });

  t.match(await story.caller.rest(`DELETE /v1/teams/${second.id}`), { status: 409, body: { code: 'in_use' } });
});

test('a step within a step: the new team is who the next action means', async (t) => {
  const story = await begin(closed);
  const lead = await story.agent('Lead');
  const experts = await story.ask('POST /v1/teams', { name: 'Experts', leadId: lead.id });
  await story.policy([{ at: 0.5, do: [{ reassign: experts.id }, { notify: 'team_lead' }, { raisePriority: true }] }]);
  const { id } = await story.ticket();
  await story.to('1:00');
  t.match(await story.list('notifications'), [{ role: 'team_lead', agentId: lead.id }]);
  t.match(await story.ask(`GET /v1/tickets/${id}`), { teamId: experts.id, priority: 'high' });
});

test('a policy names teams that are there', async (t) => {
  const story = await begin(closed);
  const elsewhere = await (await begin(closed)).ask('POST /v1/teams', { name: 'Elsewhere' });
  const fine = { at: 0.5, do: [{ notify: 'assignee' }] };
  for (const reassign of ['Nobody', elsewhere.id, elsewhere.name]) {
    const steps = [fine, { at: 0.8, do: [{ raisePriority: true }, { reassign }] }];
    const objectives = [{ metric: 'resolution', target: 'PT1H', escalate: steps }];
    const body = { key: 'k', name: 'K', objectives: [{ metric: 'first_response', target: 'PT1H' }, ...objectives] };
    t.match(await story.caller.rest('POST /v1/policies', body), {
      status: 422,
      body: {
        code: 'validation_failed',
        errors: [{ path: 'objectives.1.escalate.1.do.1.reassign', code: 'unknown_team' }],
      },
    });
  }
});

test('what a stopped clock had ahead is not done', async (t) => {
  const story = await begin(closed);
  await story.policy([0.5, 'due', 'PT1H'].map((at) => ({ at, do: [{ notify: 'a@example.com' }] })));
  const { id } = await story.ticket();
  await story.to('1:41');
  await story.ask(`POST /v1/tickets/${id}/solve`);
  await story.to('9:00');
  t.equal((await story.list('notifications')).length, 2);
});

test('a step that a verb puts into the past is done before the answer, once', async (t) => {
  const story = await begin(closed);
  const objectives = (target: string) => [
    { metric: 'resolution', target, escalate: [{ at: 0.5, do: [{ notify: `${target}@example.com` }] }] },
  ];
  const match = { priorities: ['high'] };
  await story.ask('POST /v1/policies', { key: 'high', name: 'High', match, objectives: objectives('PT1H') });
  await story.ask('POST /v1/policies', { key: 'all', name: 'All', objectives: objectives('PT10H') });
  const { id } = await story.ticket();
  await story.to('0:40');
  t.strictSame(await story.list('notifications'), []);
  const raise = (priority: string) => story.ask(`POST /v1/tickets/${id}/priority`, { priority });
  await raise('high');
  t.match(await story.list('notifications'), [{ address: 'PT1H@example.com', createdAt: after('0:40') }]);
  await raise('normal');
  await raise('high');
  await story.to('1:30');
  t.equal((await story.list('notifications')).length, 1, 'once per policy version and step');
  t.match(await story.events('clock.escalated'), [{ occurredAt: after('0:30') }]);
});

test('an edited policy is another version: its steps are done for themselves', async (t) => {
  const story = await begin(closed);
  const policy = await story.policy([{ at: 0.5, do: [{ notify: 'one@example.com' }] }]);
  const { id } = await story.ticket();
  await story.to('1:00');
  const objectives = [
    { metric: 'resolution', target: 'PT100M', escalate: [{ at: 0.4, do: [{ notify: 'two@example.com' }] }] },
  ];
  await story.ask(`PATCH /v1/policies/${policy.id}`, { objectives });
  await story.ask(`POST /v1/tickets/${id}/priority`, { priority: 'high' });
  await story.to('1:10');
  t.strictSame(
    (await story.list('notifications')).map(({ address, policyVersion }) => [address, policyVersion]).reverse(),
    [
      ['one@example.com', 1],
      ['two@example.com', 2],
    ],
  );
});

test('of a past that is imported nothing is done; what comes is', async (t) => {
  const story = await begin(closed);
  await story.policy([0.1, 0.2, 0.9].map((at) => ({ at, do: [{ notify: 'a@example.com' }, { raisePriority: true }] })));
  const { ticket } = await story.ask('POST /v1/tickets/import', {
    externalIds: { old: '1' },
    subject: 'S',
    kind: 'basic',
    channel: 'email',
    events: [{ at: '2026-11-24T01:20:00Z', type: 'created' }],
  });
  await story.to('0:40');
  t.strictSame(await story.list('notifications'), [], '80 minutes have passed');
  t.match(await story.ask(`GET /v1/tickets/${ticket.id}`), { priority: 'normal' });
  await story.to('0:50');
  t.match(await story.list('notifications'), [{ createdAt: after('0:50'), step: 2 }]);
  t.match(await story.ask(`GET /v1/tickets/${ticket.id}`), { priority: 'high' });
});

test('agents see what is for them, managers all of it, customers nothing', async (t) => {
  const story = await begin(closed);
  const li = await story.agent('Li');
  const wu = await story.agent('Wu', { role: 'manager' });
  await story.policy([{ at: 0.5, do: [{ notify: 'assignee' }, { notify: 'manager' }, { notify: 'a@example.com' }] }]);
  await story.ticket({ assigneeId: li.id });
  await story.to('1:00');
  const customer = await story.ask('POST /v1/customers', { name: 'C' });
  const as = async (role: string, more: object = {}) =>
    closed.withKey((await story.ask('POST /v1/keys', { name: role, role, ...more })).key);
  const seen = async (caller: Caller, filter = '') =>
    (await caller.rest(`GET /v1/notifications${filter}`)).body.data.map(({ role }: Told) => role).sort();
  const agent = await as('agent', { agentId: li.id });
  const machine = await as('integration');
  t.strictSame(await seen(story.caller), ['address', 'assignee', 'manager']);
  t.strictSame(await seen(await as('manager', { agentId: wu.id })), ['address', 'assignee', 'manager']);
  t.strictSame(await seen(machine), ['address', 'assignee', 'manager']);
  t.strictSame(await seen(await as('integration', { agentId: wu.id })), ['manager']);
  t.strictSame(await seen(agent), ['assignee']);
  t.strictSame(await seen(agent, `?agentId=${wu.id}`), []);
  t.strictSame(await seen(await as('agent')), [], 'an agent nobody has named');
  const barred = await as('customer', { customerId: customer.id });
  t.match(await barred.rest('GET /v1/notifications'), { status: 403 });

  const all = await story.list('notifications');
  const [own, other] = ['assignee', 'manager'].map((role) => all.find((one) => one.role === role));
  await story.to('2:00');
  t.match(await agent.rest(`POST /v1/notifications/${other.id}/read`), { status: 404 });
  t.match(await barred.rest(`POST /v1/notifications/${own.id}/read`), { status: 403 });
  const read = await agent.rest(`POST /v1/notifications/${own.id}/read`);
  t.match(read, { status: 200, body: { readAt: after('2:00'), version: own.version + 1 } });
  await story.to('3:00');
  t.match(
    await agent.rest(`POST /v1/notifications/${own.id}/read`),
    { status: 200, body: read.body },
    'again changes nothing',
  );
  t.match(await machine.rest(`POST /v1/notifications/${other.id}/read`), { status: 200 });
  t.strictSame(await seen(story.caller, '?unread=true'), ['address']);
  t.strictSame(await seen(story.caller, '?unread=false'), ['assignee', 'manager']);
  t.strictSame(await seen(story.caller, `?agentId=${li.id}`), ['assignee']);
  t.equal((await story.events('notification.read')).length, 2);
});

test('lists go page by page, through both doors', async (t) => {
  const story = await begin(closed);
  await story.policy([{ at: 0.5, do: Array.from({ length: 7 }, (_, n) => ({ notify: `${n}@example.com` })) }]);
  const { id } = await story.ticket();
  await story.to('1:00');
  const whole = (await story.list('notifications?limit=200')).map((one) => one.id);
  t.equal(whole.length, 7);
  const pages: string[] = [];
  for (let cursor = ''; ; ) {
    const page = await story.ask(`GET /v1/notifications?limit=3${cursor && `&cursor=${cursor}`}`);
    pages.push(...page.data.map((one: Told) => one.id));
    if (page.nextCursor === null) break;
    cursor = page.nextCursor;
  }
  t.strictSame(pages, whole);
  const { body } = await story.caller.graphql(
    'query ($id: ID!) { notifications(first: 2, filter: { ticketId: $id, unread: true }) { nodes { id role facts } pageInfo { hasNextPage } } }',
    { id },
  );
  t.match(body.data.notifications, {
    nodes: whole.slice(0, 2).map((one) => ({ id: one, role: 'address' })),
    pageInfo: { hasNextPage: true },
  });
  const marked = await story.caller.graphql(
    'mutation ($id: ID!) { markNotificationRead(input: { notificationId: $id }) { notification { id readAt } errors { code } } }',
    { id: whole[0] },
  );
  t.match(marked.body.data.markNotificationRead, { notification: { id: whole[0], readAt: after('1:00') } });
});

test('as the reference plan has it: a complaint of a core customer, by mail and by phone', async (t) => {
  // 17:20 in Shanghai on the eve of National Day; both promises count round the clock.
  const story = new Story(await closed.testWorkspace('2026-09-30T09:20:00Z'));
  const core = await story.ask('POST /v1/customers', { name: 'C', tier: 'core' });
  const wu = await story.agent('Wu', { seniorityYears: 5 });
  const team = await story.ask('POST /v1/teams', { name: 'Green channel', leadId: wu.id });
  const li = await story.agent('Li');
  const ma = await story.agent('Ma', { role: 'manager' });
  const people = new Map([li, wu, ma].map(({ id, name }) => [id, name]));
  const complaint = { kind: 'complaint', customerId: core.id, assigneeId: li.id, teamId: team.id };
  const mail = await story.ticket(complaint);
  const call = await story.ticket({ ...complaint, channel: 'phone' });
  await story.ask('POST /v1/test-clock/advance', { by: 'P2D' });
  const told = async (id: string) =>
    (await story.list(`notifications?ticketId=${id}&limit=200`))
      .map(({ createdAt, metric, role, agentId }) => `${createdAt} ${metric} ${role} ${people.get(agentId)}`)
      .reverse();
  const resolution = [
    '2026-09-30T21:20:00Z resolution assignee Li',
    '2026-10-01T04:32:00Z resolution team_lead Wu',
    '2026-10-01T09:20:01Z resolution manager Ma',
    '2026-10-01T09:20:01Z resolution senior Wu',
  ];
  t.strictSame(await told(mail.id), [
    '2026-09-30T09:50:00Z first_response assignee Li',
    '2026-09-30T10:08:00Z first_response team_lead Wu',
    '2026-09-30T10:20:01Z first_response manager Ma',
    '2026-09-30T10:20:01Z first_response senior Wu',
    ...resolution,
  ]);
  t.strictSame(await told(call.id), [
    '2026-09-30T09:20:11Z first_response manager Ma',
    '2026-09-30T09:20:11Z first_response senior Wu',
    ...resolution,
  ]);
  const priorityOf = async (id: string) => (await story.ask(`GET /v1/tickets/${id}`)).priority;
  t.equal(await priorityOf(mail.id), 'urgent', 'raised by the first answer and by the solution');
  t.equal(await priorityOf(call.id), 'high', 'ten seconds are not hurried');
  const clocks = await story.list(`tickets/${mail.id}/clocks`);
  t.strictSame(
    clocks.map(({ metric, dueAt }) => [metric, dueAt]),
    [
      ['first_response', '2026-09-30T10:20:00Z'],
      ['resolution', '2026-10-01T09:20:00Z'],
    ],
  );
  const said = await story.list(`events?limit=200&subject=${mail.id}&type=clock.started,clock.warned,clock.breached`);
  t.equal(said.length, 2 + 4 + 2, 'the plan names no priority: nothing is said again');
});

interface Got {
  headers: IncomingHttpHeaders;
  body: string;
}

/** A receiver on this machine that keeps what it gets. */
async function receive(t: Test): Promise<{ url: string; got: Got[] }> {
  const got: Got[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request
      .on('data', (part) => parts.push(part))
      .on('end', () => {
        got.push({ headers: request.headers, body: Buffer.concat(parts).toString() });
        response.writeHead(204).end();
      });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.teardown(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, got };
}

test('a webhook gets the event, signed as Standard Webhooks have it', async (t) => {
  const { url, got } = await receive(t);
  const story = await begin(open);
  await story.policy([{ at: 0.5, do: [{ raisePriority: true }, { webhook: url }] }]);
  const { id } = await story.ticket({ message: 'A secret of the customer' });
  await story.to('1:00');
  const [delivery, ...more] = await story.list(`deliveries?ticketId=${id}`);
  t.strictSame(more, []);
  t.match(delivery, {
    url,
    eventType: 'clock.escalated',
    state: 'delivered',
    attempts: 1,
    nextAttemptAt: null,
    lastAttemptAt: after('0:50'),
    lastStatus: 204,
    lastError: null,
    createdAt: after('0:50'),
    deliveredAt: after('0:50'),
  });
  const [event] = await story.events('clock.escalated');
  const { sequence: _s, recordedAt: _r, ...told } = event;
  t.strictSame(delivery.body, told, 'the event as in the feed');
  t.match(told.data.outcome, [
    { raisePriority: true, result: 'done', to: 'high' },
    { webhook: url, result: 'done', deliveryId: delivery.id },
  ]);
  t.equal(got.length, 1);
  const { headers, body } = got[0]!;
  t.strictSame(JSON.parse(body), delivery.body);
  t.notMatch(body, 'secret');
  t.match(headers, { 'content-type': 'application/json', 'webhook-id': delivery.id, host: new URL(url).host });
  const { secret } = await story.ask('GET /v1/deliveries/signing-secret');
  t.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  const expected = createHmac('sha256', Buffer.from(secret.slice(6), 'base64'))
    .update(signed)
    .digest('base64');
  t.equal(headers['webhook-signature'], `v1,${expected}`);
  t.match(
    await story.caller.rest(`POST /v1/deliveries/${delivery.id}/retry`),
    { status: 409 },
    'delivered is delivered',
  );
});

test('secrets of two workspaces differ, and only who sees keys sees them', async (t) => {
  const secretOf = async (caller: Caller) => (await caller.rest('GET /v1/deliveries/signing-secret')).body.secret;
  const [one, two] = [await begin(closed), await begin(closed)];
  t.not(await secretOf(one.caller), await secretOf(two.caller));
  t.equal(await secretOf(one.caller), await secretOf(one.caller));
  const { body } = await one.caller.graphql('{ signingSecret { secret } }');
  t.equal(body.data.signingSecret.secret, await secretOf(one.caller));
  for (const role of ['manager', 'integration', 'agent']) {
    const { key } = await one.ask('POST /v1/keys', { name: role, role });
    t.match(await closed.withKey(key).rest('GET /v1/deliveries/signing-secret'), { status: 403 }, role);
  }
});

test('an address of our own network is not called: given up at once, and said', async (t) => {
  const { url, got } = await receive(t);
  const story = await begin(closed);
  await story.policy([{ at: 0.5, do: [{ webhook: url }, { webhook: 'https://user:pass@example.com/' }] }]);
  await story.ticket();
  await story.to('1:00');
  const failed = (await story.list('deliveries?state=failed')).reverse();
  t.match(failed, [
    { url, attempts: 1, lastStatus: null, lastError: /^private_address: 127\.0\.0\.1 is not/, nextAttemptAt: null },
    { attempts: 1, lastError: /^invalid_url: / },
  ]);
  t.equal(got.length, 0);
  const events = await story.events('delivery.failed');
  t.strictSame(
    events.map(({ subject, data }) => [subject, data.delivery.lastError]).sort(),
    failed.map(({ id, lastError }) => [id, lastError]).sort(),
  );
  t.strictSame(await story.list('deliveries?state=pending'), []);

  // Once it is allowed, by hand.
  const { fetch } = closed.desk.services;
  t.teardown(() => {
    closed.desk.services.fetch = fetch;
  });
  closed.desk.services.fetch = open.desk.services.fetch;
  const { body } = await story.caller.graphql(
    'mutation ($id: ID!) { retryDelivery(input: { deliveryId: $id }) { delivery { state attempts } errors { code } } }',
    { id: failed[0].id },
  );
  t.match(body.data.retryDelivery, { delivery: { state: 'pending', attempts: 0 } });
  t.match(await story.list('deliveries?state=delivered'), [{ id: failed[0].id, attempts: 1, lastStatus: 204 }]);
  t.equal(got.length, 1, 'a clock that stands still sends it at once');
});
