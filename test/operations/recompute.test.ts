/** Recomputation: an edited policy or calendar reaches the tickets that are there, as anybody reckons it by hand; tried dry it says the same. */

import { pino } from 'pino';
import { t as file, test } from 'tap';
import { buildApp } from '../../src/app.ts';
import { systemActor } from '../../src/auth/policy.ts';
import { loadConfig } from '../../src/config.ts';
import { recomputeJob } from '../../src/domains/service-levels/recompute-job.ts';
import { getWorkspace } from '../../src/domains/workspaces/store.ts';
import { decodeId } from '../../src/ids.ts';
import type { Work } from '../../src/job.ts';
import { claimJob, keepJob } from '../../src/jobs/store.ts';
import { contextOf } from '../../src/operation.ts';
import { saveEach } from '../../src/saving.ts';
import { type Caller, openTestDesk } from '../support/desk.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into field by field
type Told = any;

/** Tuesday in Shanghai. Without an office of its own every hour counts. */
const TUESDAY = '2026-11-24T10:00:00+08:00';
const first = (target: string, more: object = {}) => ({ metric: 'first_response', target, ...more });
const resolution = (target: string, more: object = {}) => ({ metric: 'resolution', target, ...more });

/** An instant of that Tuesday (or the day given), local time. */
function at(time: string, day = 24): string {
  return new Date(`2026-11-${day}T${time}:00+08:00`).toISOString().replace('.000Z', 'Z');
}

const LOG = pino({ level: 'silent' });

class Story {
  readonly caller: Caller;

  constructor(caller: Caller) {
    this.caller = caller;
  }

  /** The number of the workspace. */
  async number(): Promise<number> {
    const { id } = await this.ask('GET /v1/workspace');
    const uuid = decodeId('workspace', id);
    const { rows } = await desk.desk.db.pool.query('select workspace_id from workspaces where id = $1', [uuid]);
    return rows[0].workspace_id;
  }

  async ask(line: string, body?: unknown): Promise<Told> {
    const answer = await this.caller.rest(line, body);
    if (answer.status >= 300) throw new Error(`${line}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  policy = (key: string, objectives: object[], more: object = {}) =>
    this.ask('POST /v1/policies', { key, name: key, objectives, ...more });

  ticket = (more: object = {}) =>
    this.ask('POST /v1/tickets', { subject: 'A', kind: 'complaint', channel: 'email', message: 'Please.', ...more });

  /** Many at once, imported. */
  async tickets(count: number, more: object = {}): Promise<void> {
    const line = (n: number) => ({
      externalIds: { old: `${n}` },
      subject: 'A',
      kind: 'complaint',
      channel: 'email',
      events: [{ at: TUESDAY, type: 'created' }],
      ...more,
    });
    const lines = Array.from({ length: count }, (_, n) => JSON.stringify(line(n)));
    const headers = { authorization: `Bearer ${this.caller.key}`, 'content-type': 'application/x-ndjson' };
    await desk.inject({ method: 'POST', url: '/v1/bulk/tickets', headers, payload: `${lines.join('\n')}\n` });
  }

  async list(): Promise<Told[]> {
    const all: Told[] = [];
    for (let cursor = ''; ; ) {
      const page = await this.ask(`GET /v1/tickets?limit=200&sort=number${cursor}`);
      all.push(...page.data);
      if (page.nextCursor === null) return all;
      cursor = `&cursor=${page.nextCursor}`;
    }
  }

  pass = (by: string) => this.ask('POST /v1/test-clock/advance', { by });

  /** Runs the jobs that wait; answers the newest recomputation. */
  async work(): Promise<Told> {
    await desk.work();
    return (await this.jobs())[0];
  }

  async jobs(): Promise<Told[]> {
    const { data } = await this.ask('GET /v1/jobs?type=service_levels.recompute');
    return Promise.all(data.map(({ id }: Told) => this.ask(`GET /v1/jobs/${id}`)));
  }

  /** Edits a policy, and has it brought to the tickets; answers the report. */
  async edit(policy: { id: string }, patch: object): Promise<Told> {
    await this.ask(`PATCH /v1/policies/${policy.id}`, patch);
    return (await this.work()).result;
  }

  async clock(ticket: { id: string }, metric: string, cycle = 1): Promise<Told> {
    const { data } = await this.ask(`GET /v1/tickets/${ticket.id}/clocks`);
    return data.find((one: Told) => one.metric === metric && one.cycle === cycle) ?? null;
  }

  async history(ticket: { id: string }): Promise<Told[]> {
    return (await this.ask(`GET /v1/tickets/${ticket.id}/events?limit=200`)).data;
  }

  /** What the feed says of clocks, as `breached first_response 03:00`. */
  async said(...types: string[]): Promise<string[]> {
    const lines: string[] = [];
    for (let after = ''; ; ) {
      const page = await this.ask(`GET /v1/events?limit=200${after}`);
      for (const { type, occurredAt, data } of page.data) {
        const short = type.replace('clock.', '');
        if (types.includes(short)) lines.push(`${short} ${data.clock.metric} ${occurredAt.slice(11, 16)}`);
      }
      if (page.data.length < 200) return lines;
      after = `&after=${page.nextCursor}`;
    }
  }
}

const desk = await openTestDesk(file);

/** A workspace of its own, on its own clock. */
async function begin(): Promise<Story> {
  return new Story(await desk.testWorkspace(TUESDAY, { plan: 'none' }));
}

const OF_TICKETS = ['tickets', 'ticket_events', 'clocks', 'timers', 'messages'];
const OF_OTHERS = ['customers', 'workspaces', 'policies', 'calendars', 'service_level_versions', 'tombstones'];

/** Every row of these tables in a workspace, and its events of these types. */
async function dump(workspace: number, tables: string[], events: string): Promise<string> {
  const rowsOf = (table: string) =>
    `(select json_agg(r order by r::text)::text from ${table} r where workspace_id = $1)`;
  const { rows } = await desk.desk.db.pool.query(
    `select concat_ws(e'\\n', ${tables.map(rowsOf).join(', ')},
       (select json_agg(e order by id)::text from events e where workspace_id = $1 and type ~ $2)) as text`,
    [workspace, events],
  );
  return rows[0].text;
}

test('a shorter target is broken at once and a longer one takes it back, each said once', async (t) => {
  const story = await begin();
  const policy = await story.policy('all', [first('PT4H')]);
  const ticket = await story.ticket();
  await story.pass('PT1H30M');
  const shorter = await story.edit(policy, { objectives: [first('PT1H')] });
  t.match(shorter, {
    dryRun: false,
    serviceLevelVersion: 2,
    supersededBy: null,
    tickets: 1,
    ticketsTouched: 1,
    ticketsFailed: 0,
    byTier: [{ tier: null, tickets: 1, clocksStarted: 0, clocksMoved: 1, breachesAppeared: 1, breachesVanished: 0 }],
    touched: [
      {
        ticketId: ticket.id,
        number: ticket.number,
        clocks: [
          {
            metric: 'first_response',
            cycle: 1,
            before: { dueAt: at('14:00'), breached: false, state: 'running', policyKey: 'all' },
            after: { dueAt: at('11:00'), breached: true, state: 'running', policyKey: 'all' },
          },
        ],
      },
    ],
  });
  t.match(await story.clock(ticket, 'first_response'), { dueAt: at('11:00'), breached: true, policyVersion: 2 });
  t.match((await story.history(ticket)).at(-1), {
    type: 'policy_changed',
    at: at('11:30'),
    data: { levels: 2 },
    door: 'job',
  });
  t.strictSame(await story.said('breached', 'breach_withdrawn'), ['breached first_response 03:00']);

  const longer = await story.edit(policy, { objectives: [first('PT3H')] });
  t.match(longer.byTier, [{ clocksMoved: 1, breachesAppeared: 0, breachesVanished: 1 }]);
  t.match(await story.clock(ticket, 'first_response'), { dueAt: at('13:00'), breached: false, state: 'running' });
  await story.pass('PT3H');
  t.strictSame(await story.said('breached', 'breach_withdrawn'), [
    'breached first_response 03:00',
    'breach_withdrawn first_response 03:30',
    'breached first_response 05:00',
  ]);
  const answered = await story.ask(`GET /v1/tickets/${ticket.id}`);
  t.equal(answered.version, ticket.version, 'nobody edited the ticket');
});

test('recompute reckons from the creation, fromChange from the edit on', async (t) => {
  const story = await begin();
  const later = { match: { priorities: ['low'] }, semantics: { onChange: 'fromChange' } };
  const policies = [await story.policy('whole', [first('PT4H')]), await story.policy('rest', [first('PT4H')], later)];
  const tickets = [await story.ticket(), await story.ticket({ priority: 'low' })];
  await story.pass('PT1H30M');
  for (const policy of policies) await story.edit(policy, { objectives: [first('PT1H')] });
  t.match(await story.clock(tickets[0], 'first_response'), { dueAt: at('11:00'), breached: true });
  t.match(await story.clock(tickets[1], 'first_response'), { dueAt: at('11:30'), breached: false });
  for (const policy of policies) await story.edit(policy, { objectives: [first('PT2H')] });
  t.match(await story.clock(tickets[0], 'first_response'), { dueAt: at('12:00'), breached: false });
  t.match(await story.clock(tickets[1], 'first_response'), {
    dueAt: at('12:00'),
    breached: false,
    elapsedSeconds: 5400,
  });
});

test('a paused clock stays paused and has what is left of the new target when it runs again', async (t) => {
  const story = await begin();
  const pausing = { pausesOn: ['pending'] };
  const policy = await story.policy('all', [resolution('PT8H', pausing)]);
  const ticket = await story.ticket();
  await story.pass('PT1H');
  await story.ask(`POST /v1/tickets/${ticket.id}/pending`, {});
  await story.pass('PT30M');
  const report = await story.edit(policy, { objectives: [resolution('PT4H', pausing)] });
  t.match(report, { ticketsTouched: 1, byTier: [{ clocksMoved: 0, breachesAppeared: 0 }], touched: [{ clocks: [] }] });
  t.match(await story.clock(ticket, 'resolution'), { state: 'paused', dueAt: null, target: 'PT4H' });
  await story.pass('PT30M');
  await story.ask(`POST /v1/tickets/${ticket.id}/messages`, { body: 'Here it is.', author: 'customer' });
  t.match(await story.clock(ticket, 'resolution'), { state: 'running', dueAt: at('15:00'), elapsedSeconds: 3600 });
});

test('what stopped on a solved ticket is judged anew, on a closed one only when asked for', async (t) => {
  const story = await begin();
  const policy = await story.policy('all', [resolution('PT4H')]);
  const [solved, closed] = [await story.ticket(), await story.ticket()];
  await story.pass('PT2H');
  await story.ask(`POST /v1/tickets/${solved.id}/solve`, {});
  await story.ask(`POST /v1/tickets/${closed.id}/close`, {});
  const past = await story.history(closed);
  const report = await story.edit(policy, { objectives: [resolution('PT1H')] });
  t.match(report, { tickets: 1, ticketsTouched: 1, byTier: [{ clocksMoved: 1, breachesAppeared: 1 }] });
  t.match(await story.clock(solved, 'resolution'), { state: 'missed', breached: true, stoppedAt: at('12:00') });
  t.match(await story.clock(closed, 'resolution'), { state: 'met', breached: false, dueAt: at('14:00') });
  t.strictSame(await story.history(closed), past, 'what is closed stays');
  t.strictSame(await story.said('breached', 'missed'), ['breached resolution 03:00', 'missed resolution 04:00']);

  await story.ask('POST /v1/service-levels/recompute', { includeClosed: true });
  const job = await story.work();
  t.match(job, {
    input: { dryRun: false, includeClosed: true },
    progress: { done: 2, total: 2 },
    result: { tickets: 2, ticketsTouched: 1, touched: [{ ticketId: closed.id }] },
  });
  t.match(await story.clock(closed, 'resolution'), { state: 'missed', dueAt: at('11:00'), stoppedAt: at('12:00') });
  t.match((await story.history(closed)).at(-1), { type: 'policy_changed', data: { levels: 2, anew: true } });
  await story.ask('POST /v1/service-levels/recompute', { includeClosed: true });
  t.match((await story.work()).result, { tickets: 2, ticketsTouched: 0 }, 'asked for again, nothing is left to do');
});

test('a new holiday moves what is due by a day, and warns of nothing twice', async (t) => {
  const story = await begin();
  const hours = [['09:00', '18:00']];
  const week = { mon: hours, tue: hours, wed: hours, thu: hours, fri: hours };
  const office = { key: 'office', name: 'Office', timeZone: 'Asia/Shanghai', week };
  const calendar = await story.ask('POST /v1/calendars', office);
  await story.policy('all', [first('PT9H', { warnAt: [0.1] })], { calendar: 'office' });
  await story.policy('always', [first('PT9H')], { match: { priorities: ['low'] } });
  const [ticket, other] = [await story.ticket(), await story.ticket({ priority: 'low' })];
  await story.pass('PT2H');
  t.match(await story.clock(ticket, 'first_response'), { dueAt: at('10:00', 25) });
  await story.ask(`PATCH /v1/calendars/${calendar.id}`, { holidays: ['2026-11-25'] });
  t.match((await story.work()).result, { tickets: 2, ticketsTouched: 1, byTier: [{ clocksMoved: 1 }] });
  t.match(await story.clock(ticket, 'first_response'), { dueAt: at('10:00', 26), policyVersion: 1 });
  t.equal((await story.history(ticket)).at(-1).type, 'calendar_changed');
  t.match(await story.clock(other, 'first_response'), { dueAt: at('19:00') }, 'another calendar is no matter');
  t.equal((await story.history(other)).length, 1);
  await story.pass('P3D');
  t.strictSame(
    (await story.said('warned', 'breached')).filter((line) => !line.includes('11:00')),
    ['warned first_response 02:54', 'breached first_response 02:00'],
  );
});

test('a policy that goes leaves its tickets to another, or without a promise', async (t) => {
  const story = await begin();
  const own = await story.policy('own', [first('PT1H'), resolution('PT8H')], { match: { kinds: ['complaint'] } });
  const ticket = await story.ticket();
  await story.pass('PT30M');
  const fallback = await story.policy('fallback', [first('PT6H')]);
  t.match((await story.work()).result, { ticketsTouched: 0 }, 'less specific');
  await story.ask(`DELETE /v1/policies/${own.id}`);
  t.match((await story.work()).result.byTier, [{ clocksMoved: 1, clocksCancelled: 1 }]);
  t.match(await story.clock(ticket, 'first_response'), { policyKey: 'fallback', dueAt: at('16:00'), state: 'running' });
  t.match(await story.clock(ticket, 'resolution'), { policyKey: 'own', dueAt: null, state: 'cancelled' });
  await story.ask(`DELETE /v1/policies/${fallback.id}`);
  t.match((await story.work()).result.byTier, [{ clocksMoved: 0, clocksCancelled: 1 }]);
  t.match(await story.clock(ticket, 'first_response'), { state: 'cancelled', dueAt: null });
  t.strictSame(await story.said('cancelled'), ['cancelled resolution 02:30', 'cancelled first_response 02:30']);
  await story.policy('again', [first('PT2H')]);
  t.match((await story.work()).result.byTier, [{ clocksStarted: 0, clocksMoved: 1 }]);
  t.match(await story.clock(ticket, 'first_response'), { policyKey: 'again', dueAt: at('12:00'), state: 'running' });
});

test('an edit that promises nobody anything else touches nothing and says nothing', async (t) => {
  const story = await begin();
  await story.ask('POST /v1/tiers', { key: 'core', name: 'Core' });
  const policy = await story.policy('all', [first('PT4H', { warnAt: [0.1] })], { match: { kinds: ['complaint'] } });
  await story.ticket();
  await story.pass('PT1H');
  await story.work();
  const number = await story.number();
  const clocks = () => dump(number, OF_TICKETS, '^(clock|ticket)');
  const was = await clocks();
  const edits: [string, object][] = [
    [`PATCH /v1/policies/${policy.id}`, { name: 'Other' }],
    [`PATCH /v1/policies/${policy.id}`, { position: 9 }],
    [`PATCH /v1/policies/${policy.id}`, { match: { kinds: ['complaint', 'fault'] } }],
    ['POST /v1/policies', { key: 'b', name: 'B', match: { tiers: ['core'] }, objectives: [first('PT1H')] }],
    ['POST /v1/calendars', { key: 'c', name: 'C', timeZone: 'UTC', week: { mon: [['09:00', '10:00']] } }],
  ];
  for (const [line, body] of edits) {
    await story.ask(line, body);
    t.match((await story.work()).result, { tickets: 1, ticketsTouched: 0, byTier: [], touched: [] }, line);
  }
  t.equal(await clocks(), was);
  await story.pass('PT1H');
  t.equal((await story.said('warned')).length, 1);
});

test('of two edits in a row the first job leaves it to the second', async (t) => {
  const story = await begin();
  const policy = await story.policy('all', [first('PT4H')]);
  const ticket = await story.ticket();
  await story.work();
  await story.ask(`PATCH /v1/policies/${policy.id}`, { objectives: [first('PT3H')] });
  await story.ask('POST /v1/service-levels/recompute', { dryRun: true });
  await story.ask(`PATCH /v1/policies/${policy.id}`, { objectives: [first('PT2H')] });
  await story.work();
  const [second, tried, superseded] = await story.jobs();
  t.match(superseded, { state: 'succeeded', result: { supersededBy: second.id, tickets: 0, ticketsTouched: 0 } });
  t.match(tried.result, { dryRun: true, supersededBy: null, tickets: 1, ticketsTouched: 1 }, 'a trial is its own');
  t.match(second.result, { supersededBy: null, ticketsTouched: 1, serviceLevelVersion: 3 });
  t.strictSame(
    (await story.history(ticket)).map(({ type, data }: Told) => [type, data.levels]),
    [
      ['created', 1],
      ['policy_changed', 3],
    ],
  );
  // One that brings the closed along is not done by one that does not.
  await story.ask('POST /v1/service-levels/recompute', { includeClosed: true });
  await story.ask('POST /v1/service-levels/recompute', {});
  await story.work();
  const [last, whole] = await story.jobs();
  t.match([last, whole], [{ result: { supersededBy: null } }, { result: { supersededBy: null } }]);
});

test('tried dry: the same report, nothing written', async (t) => {
  const story = await begin();
  await story.ask('POST /v1/tiers', { key: 'core', name: 'Core' });
  const customer = await story.ask('POST /v1/customers', { name: 'A', tier: 'core' });
  const policy = await story.policy('all', [first('PT4H'), resolution('PT8H', { pausesOn: ['pending'] })]);
  await story.policy('low', [first('PT4H')], { match: { priorities: ['low'] } });
  const made: Told[] = [];
  for (let n = 0; n < 12; n++) {
    made.push(
      await story.ticket({ ...(n % 2 ? { customerId: customer.id } : {}), ...(n % 5 ? {} : { priority: 'low' }) }),
    );
  }
  await story.pass('PT1H30M');
  await story.ask(`POST /v1/tickets/${made[1].id}/pending`, {});
  await story.ask(`POST /v1/tickets/${made[2].id}/solve`, {});
  await story.ask(`POST /v1/tickets/${made[3].id}/close`, {});
  await story.work();
  const objectives = [first('PT1H'), { metric: 'next_response', target: 'PT1H' }];
  const policies = [
    { key: 'all', objectives },
    { key: 'low', match: { priorities: ['low'] }, objectives: [first('PT4H')] },
  ];
  const number = await story.number();
  for (const includeClosed of [false, true]) {
    const everything = () => dump(number, [...OF_TICKETS, ...OF_OTHERS], '^(?!job)');
    const before = await everything();
    const trials = [{ policy: { key: 'all', objectives } }, { plan: { policies } }];
    const reports: Told[] = [];
    for (const planned of trials) {
      const asked = await story.ask('POST /v1/service-levels/recompute', { dryRun: true, includeClosed, ...planned });
      t.match(asked, { type: 'service_levels.recompute', state: 'queued', result: null });
      reports.push((await story.work()).result);
    }
    t.equal(await everything(), before, 'nothing is written');
    if (includeClosed) {
      t.match(reports[0], { tickets: 12, ticketsTouched: 1, touched: [{ ticketId: made[3].id }] });
      await story.ask('POST /v1/service-levels/recompute', { includeClosed });
    } else {
      t.match(reports[0], { tickets: 11, ticketsTouched: 8, byTier: [{ tier: null }, { tier: 'core' }] });
      await story.ask(`PATCH /v1/policies/${policy.id}`, { objectives });
    }
    const real = (await story.work()).result;
    for (const report of reports) {
      t.strictSame({ ...report, dryRun: false, serviceLevelVersion: 3 }, real, 'as it then comes');
    }
  }
  t.match(await story.jobs(), [{ input: { includeClosed: true } }]);
});

test('a policy that is tried keeps the place of the one it stands for, unless told', async (t) => {
  const story = await begin();
  await story.policy('first', [first('PT4H')], { match: { kinds: ['complaint'] }, position: 1 });
  await story.policy('second', [first('PT4H')], { match: { channels: ['email'] }, position: 2 });
  await story.ticket();
  const asked = { key: 'second', match: { channels: ['email'] }, objectives: [first('PT1H')] };
  for (const [more, touched] of [
    [{}, 0],
    [{ position: 0 }, 1],
  ] as const) {
    await story.ask('POST /v1/service-levels/recompute', { dryRun: true, policy: { ...asked, ...more } });
    t.match((await story.work()).result, { tickets: 1, ticketsTouched: touched });
  }
});

test('what would be tried is checked, through both doors', async (t) => {
  const story = await begin();
  const policy = { key: 'all', objectives: [first('PT1H')] };
  const cases: [object, number, string][] = [
    [{ policy }, 422, 'policy'],
    [{ plan: { policies: [policy] } }, 422, 'plan'],
    [{ dryRun: true, policy, plan: { policies: [policy] } }, 422, 'plan'],
    [{ dryRun: true, plan: { policies: [policy, policy] } }, 422, 'plan.policies.1.key'],
    [{ dryRun: true, policy: { objectives: [first('soon')] } }, 422, 'policy.objectives.0.target'],
    [{ dryRun: true, policy: 'nobody' }, 422, 'policy'],
    [{ dryRun: true, policy: 'pol_01k9zv3m5qe8w9y2f4h6j8m0n1' }, 404, 'policy'],
    [{ dryRun: 'yes' }, 422, 'dryRun'],
    [{ includeClosed: 1 }, 422, 'includeClosed'],
    [{ customerId: 'cus_01k9zv3m5qe8w9y2f4h6j8m0n1' }, 422, 'customerId'],
    [{ levels: {} }, 422, 'levels'],
  ];
  for (const [input, status, path] of cases) {
    t.match(await story.caller.rest('POST /v1/service-levels/recompute', input), {
      status,
      body: { errors: [{ path }] },
    });
  }
  t.strictSame(await story.jobs(), [], 'what is refused leaves no job');
  t.match(await story.caller.rest('POST /v1/service-levels/recompute', undefined), { status: 202 });
  const document = `mutation ($input: RecomputeServiceLevelsInput!) { recomputeServiceLevels(input: $input) {
    job { id type state input progress { done total } result } errors { code errors { path } } } }`;
  const refused = await story.caller.graphql(document, { input: { policy: { inline: policy } } });
  t.match(refused.body.data.recomputeServiceLevels, {
    job: null,
    errors: [{ code: 'validation_failed', errors: [{ path: 'policy' }] }],
  });
  await story.ticket();
  const plan = {
    calendars: [{ key: 'mine', timeZone: 'UTC', week: { tue: [['00:00', '24:00']] } }],
    policies: [{ ...policy, calendar: { id: 'mine' } }],
  };
  const asked = await story.caller.graphql(document, { input: { dryRun: true, plan } });
  const { id } = asked.body.data.recomputeServiceLevels.job;
  await story.work();
  const { body } = await story.caller.graphql('query ($id: ID!) { job(id: $id) { state result } }', { id });
  t.match(body.data.job, { state: 'succeeded', result: { dryRun: true, byTier: [{ clocksStarted: 1 }] } });
});

test("a personal plan touches that customer's tickets alone", async (t) => {
  const story = await begin();
  await story.policy('all', [first('PT4H')]);
  const [one, other] = [
    await story.ask('POST /v1/customers', { name: 'A' }),
    await story.ask('POST /v1/customers', { name: 'B' }),
  ];
  const tickets = [
    await story.ticket({ customerId: one.id }),
    await story.ticket({ customerId: other.id }),
    await story.ticket(),
  ];
  await story.policy('personal', [first('PT1H')], { match: { customers: [one.id] } });
  t.match((await story.work()).result, { tickets: 3, ticketsTouched: 1, touched: [{ ticketId: tickets[0].id }] });
  t.match(await story.clock(tickets[0], 'first_response'), { policyKey: 'personal', dueAt: at('11:00') });
  for (const ticket of tickets.slice(1)) {
    t.match(await story.clock(ticket, 'first_response'), { policyKey: 'all', dueAt: at('14:00') });
    t.equal((await story.history(ticket)).length, 1);
  }
});

test('cycles that never were under the new options take their breaches back', async (t) => {
  const story = await begin();
  const next = [{ metric: 'next_response', target: 'PT1H' }];
  const policy = await story.policy('all', next, { semantics: { nextResponseIncludesFirst: true } });
  const ticket = await story.ticket();
  await story.pass('PT2H');
  await story.ask(`POST /v1/tickets/${ticket.id}/messages`, { body: 'Hello' });
  t.match(await story.clock(ticket, 'next_response'), { state: 'missed', breached: true });
  const report = await story.edit(policy, { semantics: { nextResponseIncludesFirst: false } });
  t.match(report.byTier, [{ clocksCancelled: 1, breachesVanished: 1 }]);
  t.equal(await story.clock(ticket, 'next_response'), null);
  t.strictSame(await story.said('breached', 'missed', 'breach_withdrawn', 'cancelled'), [
    'breached next_response 03:00',
    'missed next_response 04:00',
    'breach_withdrawn next_response 04:00',
  ]);
});

test('a ticket that cannot be recomputed is told of, and the others are', async (t) => {
  const story = await begin();
  const policy = await story.policy('all', [first('PT4H')]);
  const tickets = [await story.ticket(), await story.ticket(), await story.ticket()];
  await desk.desk.db.pool.query(
    `insert into ticket_events (workspace_id, ticket_id, position, at, type, data, actor, door)
     select e.workspace_id, e.ticket_id, 2, e.at, e.type, e.data, e.actor, e.door from ticket_events e
     where e.workspace_id = $1 and e.ticket_id = $2`,
    [await story.number(), decodeId('ticket', tickets[1].id)],
  );
  const report = await story.edit(policy, { objectives: [first('PT1H')] });
  t.match(report, {
    tickets: 3,
    ticketsTouched: 2,
    ticketsFailed: 1,
    failed: [{ ticketId: tickets[1].id, code: 'validation_failed' }],
  });
  t.match(await story.clock(tickets[2], 'first_response'), { dueAt: at('11:00') });
});

test('while others work on the tickets, each comes to the new promise once', async (t) => {
  const story = await begin();
  const policy = await story.policy('all', [first('PT4H'), resolution('PT8H')]);
  const tickets: Told[] = [];
  for (let n = 0; n < 60; n++) tickets.push(await story.ticket());
  await story.work();
  await story.ask(`PATCH /v1/policies/${policy.id}`, { objectives: [first('PT3H'), resolution('PT6H')] });
  const others = tickets.map(async ({ id }, n) => {
    const verbs: [string, object][] = [
      ['messages', { body: 'Hello' }],
      ['priority', { priority: 'high' }],
      ['chase', {}],
    ];
    const [verb, body] = verbs[n % 3]!;
    await story.ask(`POST /v1/tickets/${id}/${verb}`, body);
  });
  const made = Array.from({ length: 10 }, () => story.ticket());
  const [job] = await Promise.all([story.work(), ...others, ...made]);
  t.match(job.result, { ticketsFailed: 0 });
  for (const ticket of [...tickets, ...(await Promise.all(made))]) {
    const history = await story.history(ticket);
    t.strictSame(
      history.map(({ position }: Told) => position),
      history.map((_: Told, n: number) => n + 1),
    );
    t.ok(history.filter(({ type }: Told) => type === 'policy_changed').length <= 1);
    t.equal(history.findLast(({ data }: Told) => data.levels !== undefined).data.levels, 2);
    t.equal((await story.clock(ticket, 'resolution')).dueAt, at('16:00'));
  }
  const { rows } = await desk.desk.db.pool.query(
    'select distinct policy_version as version from clocks where workspace_id = $1',
    [await story.number()],
  );
  t.strictSame(rows, [{ version: 2 }]);
});

test('interrupted between any two steps, it goes on from its place, and the report is the same', async (t) => {
  const story = await begin();
  const { db } = desk.desk;
  const policy = await story.policy('all', [first('PT4H')]);
  await story.tickets(230);
  await story.pass('PT2H');
  await story.ask('POST /v1/service-levels/recompute', {
    dryRun: true,
    policy: { key: 'all', objectives: [first('PT1H')] },
  });
  const expected = (await story.work()).result;
  await story.ask(`PATCH /v1/policies/${policy.id}`, { objectives: [first('PT1H')] });
  const id = await story.number();

  class Killed extends Error {}
  let saves = 0;
  for (const kill of [1, 2, 3]) {
    const job = (await claimJob(db, desk.wall.now, 30_000, id))!;
    const workspace = () => getWorkspace(db, id);
    let saved = 0;
    const work: Work<Told> = {
      id: job.id,
      place: job.place,
      async context() {
        return contextOf(desk.desk, {
          workspace: await workspace(),
          actor: systemActor('worker'),
          door: 'job',
          log: LOG,
        });
      },
      async save(groups, failed) {
        const lost = await saveEach(desk.desk, await workspace(), groups, { actor: 'worker', door: 'job' }, failed);
        saves += groups.length > 0 ? 1 : 0;
        saved += 1;
        // What is saved is there, and nobody has kept the place.
        if (saved === kill) throw new Killed();
        return lost;
      },
      async step(place, done, total) {
        await keepJob(db, job, desk.wall.now, 30_000, { place, done, total });
      },
    };
    await t.rejects(recomputeJob.run(work, job.input), new Killed());
    desk.wall.now += 31_000;
  }
  await story.work();
  t.equal(saves, 3, 'each batch was saved once');
  const [job] = await story.jobs();
  t.strictSame({ ...job.result, dryRun: true, serviceLevelVersion: null }, expected);
  t.match(job.progress, { done: 230, total: 230 });
  t.equal((await story.said('breached')).length, 230);
  const counted = await db.pool.query(
    `select count(*)::int as turns, count(distinct ticket_id)::int as tickets
     from ticket_events where workspace_id = $1 and type = 'policy_changed'`,
    [id],
  );
  t.strictSame(counted.rows, [{ turns: 230, tickets: 230 }]);
});

test('a tier of 250 open tickets: 200 follow at once, the rest by a job, each as of the change', async (t) => {
  const story = await begin();
  for (const key of ['core', 'normal']) await story.ask('POST /v1/tiers', { key, name: key });
  await story.policy('core', [first('PT1H')], { match: { tiers: ['core'] } });
  await story.policy('normal', [first('PT4H')], { match: { tiers: ['normal'] } });
  const customer = await story.ask('POST /v1/customers', { name: 'A', tier: 'normal' });
  const other = await story.ask('POST /v1/customers', { name: 'B', tier: 'normal' });
  await story.tickets(250, { customerId: customer.id });
  const tickets = await story.list();
  const [elsewhere, closed] = [
    await story.ticket({ customerId: other.id }),
    await story.ticket({ customerId: customer.id }),
  ];
  await story.ask(`POST /v1/tickets/${closed.id}/close`, {});
  await story.pass('PT30M');
  await story.ask(`POST /v1/customers/${customer.id}/tier`, { tier: 'core', reason: 'Contract' });
  const tiers = async () => {
    const seen: Record<string, number> = {};
    for (const { tier, customerId } of await story.list())
      if (customerId === customer.id) seen[tier] = (seen[tier] ?? 0) + 1;
    return seen;
  };
  const { rows } = await desk.desk.db.pool.query(
    `select count(*)::int as turned, count(data ->> 'job')::int as by_job from ticket_events
     where type = 'tier_changed' and data ->> 'customer' = $1`,
    [customer.id],
  );
  t.strictSame(rows, [{ turned: 250, by_job: 50 }]);
  const job = await story.work();
  t.match(job, {
    input: { customerId: customer.id },
    result: { ticketsTouched: 50, byTier: [{ tier: 'core', tickets: 50, clocksMoved: 50 }] },
  });
  t.strictSame(await tiers(), { core: 250, normal: 1 });
  for (const ticket of [tickets[0], tickets[249]]) {
    const { job: by, ...data } = (await story.history(ticket)).at(-1).data;
    t.equal(by, ticket === tickets[0] ? undefined : job.id);
    t.strictSame(data, { tier: 'core', customer: customer.id, levels: 2 });
    t.match((await story.history(ticket)).at(-1), { type: 'tier_changed', at: at('10:30') });
    t.match(await story.clock(ticket, 'first_response'), { dueAt: at('11:00'), policyKey: 'core' });
  }
  t.equal((await story.ask(`GET /v1/tickets/${elsewhere.id}`)).tier, 'normal');
  // There and back again, with jobs of their own.
  await story.ask(`POST /v1/customers/${customer.id}/tier`, { tier: 'normal', reason: 'Over' });
  await story.ask(`POST /v1/customers/${customer.id}/tier`, { tier: 'core', reason: 'On again' });
  await story.work();
  t.strictSame(await tiers(), { core: 250, normal: 1 });
});

test('another process that still holds the workspace as it was brings no ticket under what is over', async (t) => {
  const live = await desk.rest('POST /v1/workspaces', { name: 'Live', plan: 'none' });
  const story = new Story(desk.withKey(live.body.adminKey));
  const policy = await story.policy('all', [first('PT4H')]);
  await story.policy('urgent', [first('PT3H')], { match: { priorities: ['urgent'] } });
  const ticket = await story.ticket();
  const services = { secretKey: Buffer.alloc(32, 7), publicUrl: 'http://desk.test', wallClock: () => desk.wall.now };
  const app = await buildApp({ config: loadConfig({}), db: desk.desk.db, services, log: LOG });
  t.teardown(() => app.server.close());
  const elsewhere = async (line: string, payload?: object) => {
    const [method, url] = line.split(' ') as ['POST', string];
    const headers = { authorization: `Bearer ${story.caller.key}` };
    return app.server.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) });
  };
  await elsewhere('GET /v1/me');
  await story.edit(policy, { objectives: [first('PT2H')] });
  // The wall clock stands: the other process has no reason to look again.
  const made = await elsewhere('POST /v1/tickets', {
    subject: 'B',
    kind: 'complaint',
    channel: 'email',
    message: 'Hm.',
  });
  t.match(made.json(), { clocks: [{ target: 'PT2H', policyVersion: 2 }] });
  const imported = await elsewhere('POST /v1/tickets/import', {
    externalIds: { old: '1' },
    subject: 'C',
    kind: 'complaint',
    channel: 'email',
    events: [{ at: TUESDAY, type: 'created' }],
  });
  t.match(await story.clock(imported.json().ticket, 'first_response'), { target: 'PT2H', policyVersion: 2 });
  t.equal((await elsewhere(`POST /v1/tickets/${ticket.id}/priority`, { priority: 'high' })).statusCode, 200);
  t.match(await story.clock(ticket, 'first_response'), { target: 'PT2H', policyVersion: 2 });
  t.strictSame(
    (await story.history(ticket)).map(({ type, data }: Told) => [type, data.levels]),
    [
      ['created', 2],
      ['policy_changed', 3],
      ['priority_changed', 3],
    ],
  );
});

test('the job comes late: the tickets are turned as of the edit, and of the change of tier', async (t) => {
  const live = await desk.rest('POST /v1/workspaces', { name: 'Late', plan: 'none' });
  const story = new Story(desk.withKey(live.body.adminKey));
  const policy = await story.policy('all', [first('PT4H')], { semantics: { onChange: 'fromChange' } });
  const [ticket, later] = [await story.ticket(), await story.ticket()];
  await story.work();
  desk.wall.now += 3600_000;
  await story.ask(`PATCH /v1/policies/${policy.id}`, { objectives: [first('PT30M')] });
  const edited = new Date(Math.floor(desk.wall.now / 1000) * 1000).toISOString().replace('.000Z', 'Z');
  desk.wall.now += 60_000;
  await story.ask(`POST /v1/tickets/${later.id}/messages`, { body: 'A note', visibility: 'internal' });
  const noted = (await story.history(later)).at(-1).at;
  desk.wall.now += 60_000;
  const { result } = await story.work();
  t.match(result, { ticketsTouched: 2, byTier: [{ breachesAppeared: 2 }] });
  t.match((await story.history(ticket)).at(-1), { type: 'policy_changed', at: edited });
  t.match(
    await story.clock(ticket, 'first_response'),
    { breachedAt: edited },
    'due at the edit, not when it was noticed',
  );
  t.match(
    (await story.history(later)).at(-1),
    { type: 'policy_changed', at: noted },
    'a history does not run backwards',
  );
});
