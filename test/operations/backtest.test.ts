/** The backtest: the past under other service levels, as anybody reckons it by hand, and as the simulation has it. */

import fc from 'fast-check';
import { test } from 'tap';
import { type Caller, openTestDesk } from '../support/desk.ts';

const NOW = '2026-11-02T09:00:00+08:00';

const OFFICE = {
  key: 'office',
  name: 'Office',
  timeZone: 'Asia/Shanghai',
  week: Object.fromEntries(
    ['mon', 'tue', 'wed', 'thu', 'fri'].map((day) => [
      day,
      [
        ['09:00', '12:00'],
        ['13:00', '18:00'],
      ],
    ]),
  ),
};

async function deskWithPast(caller: Caller): Promise<void> {
  await caller.rest('POST /v1/calendars', OFFICE);
  await caller.rest('POST /v1/policies', {
    key: 'all',
    name: 'All',
    calendar: 'office',
    objectives: [
      { metric: 'first_response', target: 'PT8H', warnAt: [0.8] },
      { metric: 'resolution', target: 'P3D' },
    ],
  });
}

interface PastEvent {
  at: string;
  type: string;
  status?: string;
}

async function importPast(caller: Caller, name: string, kind: string, tier: string | null, events: PastEvent[]) {
  const answer = await caller.rest('POST /v1/tickets/import', {
    externalIds: { old: name },
    subject: name,
    kind,
    channel: 'email',
    ...(tier === null ? {} : { tier }),
    events,
  });
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
}

async function backtest(caller: Caller, input: object) {
  const asked = await caller.rest('POST /v1/service-levels/backtest', input);
  if (asked.status !== 202) throw new Error(JSON.stringify(asked.body));
  await caller.rest('POST /v1/test-clock/advance', { by: 'PT0S' });
  const { body } = await caller.rest(`GET /v1/jobs/${asked.body.id}`);
  return body;
}

test('a policy is tried on the past: what it would have kept and broken', async (t) => {
  const desk = await openTestDesk(t);
  const caller = await desk.testWorkspace(NOW);
  // What the reference plan promises is not asked here.
  for (const { id } of (await caller.rest('GET /v1/policies?limit=200')).body.data)
    await caller.rest(`DELETE /v1/policies/${id}`);
  await deskWithPast(caller);
  // Monday 10:00, answered at 15:30: 2 h before lunch and 2.5 h after it. Solved on Wednesday.
  await importPast(caller, 'slow', 'complaint', 'core', [
    { at: '2026-10-12T10:00:00+08:00', type: 'created' },
    { at: '2026-10-12T15:30:00+08:00', type: 'agent_reply' },
    { at: '2026-10-14T10:00:00+08:00', type: 'status_changed', status: 'solved' },
  ]);
  // Answered after 50 minutes; the night counts for nobody but `always`.
  await importPast(caller, 'fast', 'complaint', 'core', [
    { at: '2026-10-13T17:30:00+08:00', type: 'created' },
    { at: '2026-10-13T18:20:00+08:00', type: 'agent_reply' },
  ]);
  // Before the period.
  await importPast(caller, 'earlier', 'complaint', 'core', [{ at: '2026-09-01T10:00:00+08:00', type: 'created' }]);
  const dump = async () =>
    (
      await desk.desk.db.pool.query(
        `select (select json_agg(t order by id) from tickets t)::text || (select json_agg(c order by id) from clocks c)::text
           || (select json_agg(e order by ticket_id, position) from ticket_events e)::text as text`,
      )
    ).rows[0].text;
  const before = await dump();

  const input = {
    policy: {
      key: 'core-complaints',
      match: { tiers: ['core'], kinds: ['complaint'] },
      objectives: [{ metric: 'first_response', target: 'PT1H' }],
    },
    from: '2026-10-01T00:00:00+08:00',
    to: '2026-11-01T00:00:00+08:00',
  };
  const job = await backtest(caller, input);
  t.match(job, { type: 'service_levels.backtest', state: 'succeeded', progress: { done: 2, total: 2 } });
  const kept = { promises: 0, met: 0, missed: 0, overdue: 0, open: 0, cancelled: 0 };
  t.same(job.result.totals, [
    {
      metric: 'first_response',
      tier: null,
      kind: null,
      before: { ...kept, promises: 2, met: 2, attainment: 1 },
      after: { ...kept, promises: 2, met: 1, missed: 1, attainment: 0.5 },
    },
    {
      metric: 'resolution',
      tier: null,
      kind: null,
      before: { ...kept, promises: 2, met: 1, overdue: 1, attainment: 0.5 },
      after: { ...kept, attainment: null },
    },
  ]);
  t.match(job.result, { tickets: 2, ticketsChanged: 2, becameBroken: 1, becameKept: 1 });
  t.match(
    job.result.differences.find(({ metric }: { metric: string }) => metric === 'first_response'),
    {
      tier: 'core',
      kind: 'complaint',
      before: { policyKey: 'all', target: 'PT8H', state: 'met', dueAt: '2026-10-13T02:00:00Z' },
      after: { policyKey: 'core-complaints', target: 'PT1H', state: 'missed', dueAt: '2026-10-12T03:00:00Z' },
    },
  );
  // Due at 11:00 and at 18:30 by the wall clock in Shanghai.
  t.same(
    job.result.load.hoursOfDay
      .filter(({ after }: { after: number }) => after > 0)
      .map(({ hour }: { hour: number }) => hour),
    [11, 18],
  );
  t.equal(await dump(), before, 'nothing is written');

  const asked = await caller.graphql(
    'mutation($input: BacktestServiceLevelsInput!) { backtestServiceLevels(input: $input) { job { id state type } errors { code } } }',
    { input: { policy: { inline: input.policy }, from: input.from, to: input.to } },
  );
  t.match(asked.body.data.backtestServiceLevels, { job: { type: 'service_levels.backtest' }, errors: [] });
  await caller.rest('POST /v1/test-clock/advance', { by: 'PT0S' });
  const { body } = await caller.graphql('query($id: ID!) { job(id: $id) { state progress { done total } result } }', {
    id: asked.body.data.backtestServiceLevels.job.id,
  });
  t.same(body.data.job.result.totals, job.result.totals);
});

test('a plan is held to the whole past as the simulation holds each ticket', async (t) => {
  const desk = await openTestDesk(t);
  const caller = await desk.testWorkspace(NOW);
  const seed = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  t.comment(`FUZZ_SEED=${seed}`);
  const start = Date.parse('2026-10-01T00:00:00Z') / 1000;
  const steps = fc.array(
    fc.record({
      after: fc.integer({ min: 0, max: 20 * 86_400 }),
      event: fc.constantFrom(
        { type: 'agent_reply' },
        { type: 'customer_message' },
        { type: 'status_changed', status: 'pending' },
        { type: 'status_changed', status: 'open' },
        { type: 'status_changed', status: 'solved' },
      ),
    }),
    { maxLength: 8 },
  );
  const pasts = fc.sample(fc.record({ begun: fc.integer({ min: 0, max: 10 * 86_400 }), core: fc.boolean(), steps }), {
    numRuns: 60,
    seed,
  });
  const iso = (seconds: number) => new Date(seconds * 1000).toISOString();
  const policy = {
    key: 'tried',
    match: { tiers: ['core'] },
    calendar: OFFICE,
    objectives: [
      { metric: 'first_response', target: 'PT2H' },
      { metric: 'next_response', target: 'PT4H', pausesOn: ['pending'] },
      { metric: 'resolution', target: 'P3D', pausesOn: ['pending'] },
    ],
  };
  const expected: Record<string, number> = {};
  for (const [index, past] of pasts.entries()) {
    const begun = start + past.begun;
    const events = [
      { at: iso(begun), type: 'created' },
      ...past.steps
        .map(({ after, event }) => ({ at: iso(begun + after), ...event }))
        .sort((a, b) => (a.at < b.at ? -1 : 1)),
    ];
    const tier = past.core ? 'core' : 'normal';
    await importPast(caller, `past-${index}`, 'basic', tier, events);
    const { body } = await caller.rest('POST /v1/service-levels/simulate', {
      policy,
      events: events.map((event) => (event.type === 'created' ? { ...event, tier } : event)),
      asOf: [NOW],
    });
    for (const { metric, state, breached } of body.states[0].clocks) {
      const outcome = state === 'running' || state === 'paused' ? (breached ? 'overdue' : 'open') : state;
      expected[`${metric} ${outcome}`] = (expected[`${metric} ${outcome}`] ?? 0) + 1;
    }
  }
  const job = await backtest(caller, { plan: { policies: [{ ...policy, calendar: 'office' }], calendars: [OFFICE] } });
  const found: Record<string, number> = {};
  for (const { metric, after } of job.result.totals) {
    for (const outcome of ['met', 'missed', 'overdue', 'open', 'cancelled']) {
      if (after[outcome] > 0) found[`${metric} ${outcome}`] = after[outcome];
    }
  }
  t.same(found, expected);
  t.ok(Object.keys(expected).length > 4, 'more than a few outcomes were compared');
});

test('a backtest that cannot be is refused by the names of its fields', async (t) => {
  const desk = await openTestDesk(t);
  const caller = await desk.testWorkspace(NOW);
  const objectives = [{ metric: 'first_response', target: 'PT1H' }];
  for (const [input, status, path] of [
    [{ policy: { objectives }, plan: { policies: [] } }, 422, 'plan'],
    [{ policy: 'nobody' }, 422, 'policy'],
    [{ policy: 'pol_01k9zv3m5qe8w9y2f4h6j8m0n1' }, 404, 'policy'],
    [{ policy: { objectives, calendar: 'nowhere' } }, 422, 'policy.calendar'],
    [{ policy: { objectives, calendar: 'constructor' } }, 422, 'policy.calendar'],
    [{ policy: { objectives: [{ metric: 'first_response', target: 'PT1W' }] } }, 422, 'policy.objectives.0.target'],
    [
      {
        plan: {
          policies: [
            { key: 'a', objectives },
            { key: 'a', objectives },
          ],
        },
      },
      422,
      'plan.policies.1.key',
    ],
    [{ plan: { policies: [], calendars: [{ ...OFFICE, timeZone: 'Nowhere/Now' }] } }, 422, 'plan.calendars.0.timeZone'],
    [{ from: '2026-10-02T00:00:00Z', to: '2026-10-01T00:00:00Z' }, 422, 'to'],
  ] as const) {
    const answer = await caller.rest('POST /v1/service-levels/backtest', input);
    t.equal(answer.status, status, JSON.stringify(input));
    t.equal(answer.body.errors[0].path, path);
  }
  t.same((await caller.rest('GET /v1/jobs?type=service_levels.backtest')).body.data, [], 'no job was begun');
});
