import { test } from 'tap';
import { save } from '../../src/changes.ts';
import { loadServiceLevels } from '../../src/domains/service-levels/store.ts';
import { newWorkspaceChanges } from '../../src/domains/workspaces/creation.ts';
import { computeClocks } from '../../src/rules/clocks.ts';
import { type Caller, openTestDesk, START, type TestDesk } from '../support/desk.ts';

const OFFICE = {
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
const FIRST = { metric: 'first_response', target: 'PT1H', warnAt: [0.5, 0.8], pausesOn: ['pending'] };

/** A workspace of the reference plan, made through the API. */
async function newWorkspace(desk: TestDesk, more: object = {}): Promise<Caller & { workspace: { id: string } }> {
  const { status, body } = await desk.rest('POST /v1/workspaces', { name: 'Trial', ...more });
  if (status !== 201) throw new Error(JSON.stringify(body));
  return { ...desk.withKey(body.adminKey), workspace: body.workspace };
}

const versionRows = async (desk: TestDesk, workspaceId: number) =>
  (
    await desk.desk.db.pool.query(
      'select number, policies, calendars from service_level_versions where workspace_id = $1 order by number',
      [workspaceId],
    )
  ).rows;

test('a calendar is made, read, listed, changed and deleted through both doors', async (t) => {
  const desk = await openTestDesk(t);
  const made = await desk.rest('POST /v1/calendars', { key: 'office', name: 'Office', ...OFFICE });
  t.equal(made.status, 201);
  t.match(made.body, { key: 'office', timeZone: 'Asia/Shanghai', holidays: [], specialDays: [], version: 1 });
  t.strictSame(made.body.week, OFFICE.week);
  const { id } = made.body;

  const patched = await desk.rest(`PATCH /v1/calendars/${id}`, { week: { mon: null, sat: [['10:00', '12:00']] } });
  t.equal(patched.status, 200);
  t.strictSame(Object.keys(patched.body.week).sort(), ['fri', 'sat', 'thu', 'tue', 'wed'], 'JSON Merge Patch goes in');
  t.equal(patched.body.version, 2);
  t.equal((await desk.rest(`PATCH /v1/calendars/${id}`, { name: 'x' }, { 'if-match': '"1"' })).status, 412);
  t.equal((await desk.rest(`PATCH /v1/calendars/${id}`, { key: 'other' })).status, 422);

  const asked = await desk.graphql(
    `query ($id: ID!) { calendar(id: $id) { key week { mon tue sat } holidays version } calendars { nodes { id } } }`,
    { id },
  );
  t.strictSame(asked.body.data.calendar.week.sat, [['10:00', '12:00']]);
  t.equal(asked.body.data.calendar.week.mon, null);
  t.strictSame(asked.body.data.calendars.nodes, [{ id }]);

  const changed = await desk.graphql(
    `mutation ($input: UpdateCalendarInput!) { updateCalendar(input: $input) {
      calendar { holidays specialDays { date periods } } errors { code errors { path } } } }`,
    {
      input: {
        calendarId: id,
        holidays: ['2027-02-17', { date: '2027-02-16', from: '12:00', to: '24:00' }],
        specialDays: [{ date: '2027-02-20', periods: [['09:00', '18:00']] }],
      },
    },
  );
  t.strictSame(changed.body.data.updateCalendar.calendar, {
    holidays: ['2027-02-17', { date: '2027-02-16', from: '12:00', to: '24:00' }],
    specialDays: [{ date: '2027-02-20', periods: [['09:00', '18:00']] }],
  });
  const refused = await desk.graphql(
    `mutation ($id: ID!) { updateCalendar(input: { calendarId: $id, holidays: ["2027-02-30"] }) {
      calendar { id } errors { code errors { path } } } }`,
    { id },
  );
  t.match(refused.body.data.updateCalendar, {
    calendar: null,
    errors: [{ code: 'validation_failed', errors: [{ path: 'holidays.0' }] }],
  });
  t.equal((await desk.rest(`DELETE /v1/calendars/${id}`)).status, 200);
  t.equal((await desk.rest(`GET /v1/calendars/${id}`)).status, 404);
  t.equal((await versionRows(desk, desk.workspaceId)).length, 4, 'a version for each of four edits');
});

test('a faulty calendar is refused by the names of its fields', async (t) => {
  const desk = await openTestDesk(t);
  const create = (fields: object) => desk.rest('POST /v1/calendars', { key: 'c', name: 'C', ...OFFICE, ...fields });
  const cases: [object, string][] = [
    [{ timeZone: 'Mars/Olympus' }, 'timeZone'],
    [{ week: { mon: [['09:00', '09:00']] } }, 'week.mon.0'],
    [{ week: { mon: [['9', '12:00']] } }, 'week.mon.0'],
    [{ week: { mon: [['09:00']] } }, 'week.mon.0'],
    [{ week: { monday: [] } }, 'week.monday'],
    [{ week: undefined }, 'week'],
    [{ holidays: ['2027-13-01'] }, 'holidays.0'],
    [{ holidays: [{ date: '2027-02-01', from: '12:00' }] }, 'holidays.0.to'],
    [{ holidays: [{ date: '2027-02-01', from: '12:00', to: '13:00', why: 'x' }] }, 'holidays.0.why'],
    [{ specialDays: [{ date: '2027-02-01' }] }, 'specialDays.0.periods'],
    [{ colour: 'red' }, 'colour'],
  ];
  for (const [fields, path] of cases) {
    const { status, body } = await create(fields);
    t.match({ status, body }, { status: 422, body: { code: 'validation_failed', errors: [{ path }] } }, path);
  }
  t.match((await create({ week: {} })).body, { status: 422, code: 'calendar_never_open' });
  t.match((await create({ key: 'always' })).body, { status: 409, code: 'already_exists', errors: [{ path: 'key' }] });
  t.equal((await create({})).status, 201);
  t.match((await create({})).body, { status: 409, code: 'already_exists', errors: [{ path: 'key' }] });
});

test('a policy names calendars by key, id or always, and matches words that exist', async (t) => {
  const desk = await openTestDesk(t);
  const trial = await newWorkspace(desk);
  const calendar = (await trial.rest('GET /v1/calendars')).body.data.find(
    (one: { key: string }) => one.key === 'cn-office',
  );
  const create = (fields: object) =>
    trial.rest('POST /v1/policies', { key: 'p', name: 'P', objectives: [FIRST], ...fields });

  const made = await create({
    match: { tiers: ['core'], kinds: null },
    calendar: calendar.id,
    objectives: [
      { ...FIRST, calendar: 'always' },
      { metric: 'resolution', target: 'P3D' },
    ],
    semantics: { preset: 'zammad', onReopen: 'restart', hold: null },
  });
  t.equal(made.status, 201);
  t.match(made.body, {
    position: 0,
    match: { customers: [], tiers: ['core'], kinds: [], channels: [], priorities: [] },
    calendar: 'cn-office',
    objectives: [
      { ...FIRST, calendar: 'always', escalate: [] },
      { metric: 'resolution', target: 'P3D', calendar: null, warnAt: [], pausesOn: [] },
    ],
  });
  t.strictSame(made.body.semantics, { preset: 'zammad', onReopen: 'restart' });

  const patched = await trial.rest(`PATCH /v1/policies/${made.body.id}`, {
    match: { kinds: ['complaint'] },
    calendar: null,
    semantics: { onReopen: null },
  });
  t.match(patched.body, { match: { tiers: ['core'], kinds: ['complaint'] }, calendar: null, version: 2 });
  t.strictSame(patched.body.semantics, { preset: 'zammad' });

  const cases: [object, number, string][] = [
    [{ calendar: 'nowhere' }, 422, 'calendar'],
    [{ calendar: 'cal_01k9zv3m5qe8w9y2f4h6j8m0n1' }, 404, 'calendar'],
    [{ objectives: [{ ...FIRST, calendar: 'nowhere' }] }, 422, 'objectives.0.calendar'],
    [{ objectives: [{ ...FIRST, target: 'P1DT1H' }] }, 422, 'objectives.0.target'],
    [{ objectives: [{ ...FIRST, target: 'P1W' }] }, 422, 'objectives.0.target'],
    [{ objectives: [FIRST, FIRST] }, 422, 'objectives.1.metric'],
    [{ objectives: [{ ...FIRST, metric: 'speed' }] }, 422, 'objectives.0.metric'],
    [{ objectives: [{ ...FIRST, warnAt: [1.5] }] }, 422, 'objectives.0.warnAt.0'],
    [{ objectives: [{ ...FIRST, pausesOn: ['sleeping'] }] }, 422, 'objectives.0.pausesOn.0'],
    [
      { objectives: [{ ...FIRST, escalate: [{ at: 'later', do: [{ notify: 'manager' }] }] }] },
      422,
      'objectives.0.escalate.0.at',
    ],
    [
      { objectives: [{ ...FIRST, escalate: [{ at: 0.8, do: [{ shout: true }] }] }] },
      422,
      'objectives.0.escalate.0.do.0.shout',
    ],
    [{ match: { tiers: ['core', 'gold'] } }, 422, 'match.tiers.1'],
    [{ match: { kinds: ['x'] } }, 422, 'match.kinds.0'],
    [{ match: { channels: ['fax'] } }, 422, 'match.channels.0'],
    [{ match: { priorities: ['huge'] } }, 422, 'match.priorities.0'],
    [{ match: { customers: ['acme'] } }, 422, 'match.customers.0'],
    [{ match: { customers: ['cus_01k9zv3m5qe8w9y2f4h6j8m0n1'] } }, 404, 'match.customers.0'],
    [{ match: { countries: ['cn'] } }, 422, 'match.countries'],
    [{ semantics: { preset: 'jira' } }, 422, 'semantics.preset'],
    [{ semantics: { hold: 'forever' } }, 422, 'semantics.hold'],
    [{ key: 'P!' }, 422, 'key'],
  ];
  for (const [fields, status, path] of cases) {
    const answer = await create({ key: 'q', ...fields });
    t.match(answer, { status, body: { errors: [{ path }] } }, path);
  }
  const inUse = await trial.rest(`DELETE /v1/calendars/${calendar.id}`);
  t.match(inUse, { status: 409, body: { code: 'in_use' } });
  t.equal((await trial.rest(`DELETE /v1/policies/${made.body.id}`)).status, 200);
  const agent = await desk.as('agent');
  t.equal((await agent.rest('POST /v1/policies', { key: 'z', name: 'Z', objectives: [] })).status, 403);
});

test('every edit of a calendar or policy is a service-level version, and old ones stay', async (t) => {
  const desk = await openTestDesk(t);
  const { db } = desk.desk;
  const number = async () => (await desk.rest('GET /v1/workspace')).body.serviceLevelVersion;
  t.equal(await number(), 0);
  await desk.rest('POST /v1/calendars', { key: 'office', name: 'Office', ...OFFICE });
  const policy = await desk.rest('POST /v1/policies', {
    key: 'all',
    name: 'All',
    calendar: 'office',
    objectives: [FIRST],
  });
  await desk.rest('POST /v1/policies', {
    key: 'urgent',
    name: 'Urgent',
    match: { priorities: ['urgent'] },
    objectives: [FIRST],
  });
  await desk.rest(`PATCH /v1/policies/${policy.body.id}`, { objectives: [{ ...FIRST, target: 'PT2H' }] });
  await desk.rest(`DELETE /v1/policies/${policy.body.id}`);
  t.equal(await number(), 5);
  const rows = await versionRows(desk, desk.workspaceId);
  t.strictSame(
    rows.map((row) => row.policies.map((one: { key: string; version: number }) => `${one.key}@${one.version}`)),
    [[], ['all@1'], ['all@1', 'urgent@1'], ['all@2', 'urgent@1'], ['urgent@1']],
  );
  t.strictSame(rows[4].calendars.office.timeZone, 'Asia/Shanghai');

  const [second, third, fourth] = await Promise.all([2, 3, 4].map((n) => loadServiceLevels(db, desk.workspaceId, n)));
  t.equal(await loadServiceLevels(db, desk.workspaceId, 2), second, 'compiled once');
  t.equal(second!.policies[0], third!.policies[0], 'an unchanged policy is the same object in both versions');
  t.not(third!.policies[0], fourth!.policies[0]);
  t.equal(third!.policies[1], fourth!.policies[1]);
  t.equal(second!.policies[0]!.calendar, fourth!.policies[0]!.calendar, 'calendars are shared');
  t.strictSame((await loadServiceLevels(db, desk.workspaceId, 0)).policies, []);
  await t.rejects(loadServiceLevels(db, desk.workspaceId, 99));
  const at = Date.UTC(2026, 10, 24, 2) / 1000;
  t.equal(computeClocks([{ at, type: 'created', priority: 'normal', levels: fourth }], at)[0]!.dueAt, at + 7200);
});

test('many edits at once all count, one version each', async (t) => {
  const desk = await openTestDesk(t);
  const answers = await Promise.all(
    Array.from({ length: 6 }, (_, n) =>
      desk.rest('POST /v1/policies', { key: `p${n}`, name: 'P', objectives: [FIRST] }),
    ),
  );
  t.strictSame(new Set(answers.map(({ status }) => status)), new Set([201]));
  const rows = await versionRows(desk, desk.workspaceId);
  t.strictSame(
    rows.map((row) => row.policies.length),
    [1, 2, 3, 4, 5, 6],
  );
});

test('business time: added and counted, on calendars by key, id, always and inline, through both doors', async (t) => {
  const desk = await openTestDesk(t);
  const { body: office } = await desk.rest('POST /v1/calendars', { key: 'office', name: 'Office', ...OFFICE });
  const add = (input: object) => desk.rest('POST /v1/business-time/add', input);
  const start = '2026-11-24T17:30:00+08:00';
  for (const calendar of ['office', office.id, OFFICE]) {
    t.strictSame((await add({ calendar, start, duration: 'PT1H' })).body, { at: '2026-11-25T01:30:00Z' });
    t.strictSame((await add({ calendar, start, seconds: 1800 })).body, { at: '2026-11-24T10:00:00Z' });
    t.strictSame((await add({ calendar, start, seconds: 1800, atClosing: 'next_opening' })).body, {
      at: '2026-11-25T01:00:00Z',
    });
    t.strictSame((await add({ calendar, start, businessDays: 4 })).body, { at: '2026-11-30T09:30:00Z' });
    t.strictSame((await add({ calendar, start, duration: 'P4D' })).body, { at: '2026-11-30T09:30:00Z' });
    const between = { calendar, from: start, to: '2026-11-25T10:00:00.999+08:00' };
    t.strictSame((await desk.rest('POST /v1/business-time/between', between)).body, { seconds: 5400 });
  }
  t.strictSame((await add({ calendar: 'always', start, duration: 'PT0S' })).body, { at: '2026-11-24T09:30:00Z' });
  for (const instant of ['2026-11-24t09:30:00z', '2026-11-24t17:30:00.5+08:00', '2026-11-24T09:30:00-00:00']) {
    const sameInstant = await add({ calendar: 'always', start: instant, seconds: 0 });
    t.strictSame(sameInstant.body, { at: '2026-11-24T09:30:00Z' }, `${instant} is RFC 3339`);
  }
  t.strictSame((await add({ calendar: OFFICE, start: '2026-11-24T20:00:00+08:00', seconds: 0 })).body, {
    at: '2026-11-25T01:00:00Z',
  });
  const always = { calendar: 'always', from: '1970-01-01T00:00:00Z', to: '2200-01-01T00:00:00Z' };
  t.strictSame((await desk.rest('POST /v1/business-time/between', always)).body, { seconds: 7_258_118_400 });

  const document = `query ($input: AddBusinessTimeInput!, $range: BusinessTimeBetweenInput!) {
    addBusinessTime(input: $input) { at } businessTimeBetween(input: $range) { seconds } }`;
  for (const calendar of [{ id: 'office' }, { id: office.id }, { inline: OFFICE }]) {
    const answer = await desk.graphql(document, {
      input: { calendar, start, duration: 'PT1H', seconds: null },
      range: { ...always, calendar: { id: 'always' } },
    });
    t.strictSame(answer.body.data, {
      addBusinessTime: { at: '2026-11-25T01:30:00Z' },
      businessTimeBetween: { seconds: 7_258_118_400 },
    });
  }
  const literal = await desk.graphql(`{ addBusinessTime(input: {
    calendar: { inline: { timeZone: "UTC", week: { tue: [["09:00", "17:00"]] }, holidays: ["2026-12-01", { date: "2026-12-08", from: "09:00", to: "16:00" }] } }
    start: "2026-11-24T16:30:00Z", seconds: 3600 }) { at } }`);
  t.strictSame(literal.body, { data: { addBusinessTime: { at: '2026-12-08T16:30:00Z' } } });

  for (const calendar of [{}, { id: 'office', inline: OFFICE }]) {
    const answer = await desk.graphql(document, {
      input: { calendar, start, seconds: 1 },
      range: { ...always, calendar: { id: 'always' } },
    });
    t.match(answer.body.errors, [{ extensions: { code: 'validation_failed', errors: [{ path: 'calendar' }] } }]);
  }
});

test('business time: what is wrong is named', async (t) => {
  const desk = await openTestDesk(t);
  const good = { calendar: OFFICE, start: '2026-11-24T10:00:00Z', seconds: 60 };
  const cases: [object, number, string][] = [
    [{ seconds: undefined }, 422, 'duration'],
    [{ duration: 'PT1H' }, 422, 'seconds'],
    [{ seconds: -1 }, 422, 'seconds'],
    [{ seconds: 1.5 }, 422, 'seconds'],
    [{ seconds: undefined, businessDays: 0 }, 422, 'businessDays'],
    [{ seconds: undefined, duration: 'PT1.5H' }, 422, 'duration'],
    [{ seconds: undefined, duration: '-PT1H' }, 422, 'duration'],
    [{ seconds: undefined, duration: 'P1W' }, 422, 'duration'],
    [{ seconds: undefined, duration: 'P1DT1H' }, 422, 'duration'],
    [{ atClosing: 'never' }, 422, 'atClosing'],
    [{ start: '2026-11-24' }, 422, 'start'],
    [{ start: '2026-11-24 10:00:00Z' }, 422, 'start'],
    [{ start: '2026-11-24T10:00:00' }, 422, 'start'],
    [{ start: '2026-11-24T10:00Z' }, 422, 'start'],
    [{ start: '2026-02-30T10:00:00Z' }, 422, 'start'],
    [{ start: '1969-12-31T23:59:59Z' }, 422, 'start'],
    [{ start: '2200-01-01T00:00:01Z' }, 422, 'start'],
    [{ start: undefined }, 422, 'start'],
    [{ calendar: undefined }, 422, 'calendar'],
    [{ calendar: null }, 422, 'calendar'],
    [{ calendar: 7 }, 422, 'calendar'],
    [{ calendar: 'nowhere' }, 422, 'calendar'],
    [{ calendar: 'cal_01k9zv3m5qe8w9y2f4h6j8m0n1' }, 404, 'calendar'],
    [{ calendar: { ...OFFICE, timeZone: 'Nowhere/City' } }, 422, 'calendar.timeZone'],
    [{ calendar: { ...OFFICE, colour: 1 } }, 422, 'calendar.colour'],
    [{ calendar: { week: {} } }, 422, 'calendar.timeZone'],
    [{ calendar: { ...OFFICE, week: { mon: [['09:00', '25:00']] } } }, 422, 'calendar.week.mon.0'],
    [{ calendar: { ...OFFICE, week: { mon: [['09:00', '12:00', '13:00']] } } }, 422, 'calendar.week.mon.0'],
    [{ calendar: { ...OFFICE, specialDays: [{ date: 'x', periods: [] }] } }, 422, 'calendar.specialDays.0.date'],
    [{ more: 1 }, 422, 'more'],
  ];
  for (const [fields, status, path] of cases) {
    const answer = await desk.rest('POST /v1/business-time/add', { ...good, ...fields });
    t.match(answer, { status, body: { errors: [{ path }] } }, JSON.stringify(fields));
  }
  const closed = await desk.rest('POST /v1/business-time/add', { ...good, calendar: { timeZone: 'UTC', week: {} } });
  t.match(closed, { status: 422, body: { code: 'calendar_never_open' } });
  const gone = { timeZone: 'UTC', week: {}, specialDays: [{ date: '2001-01-01', periods: [['09:00', '10:00']] }] };
  const late = await desk.rest('POST /v1/business-time/add', { ...good, calendar: gone });
  t.match(late, { status: 422, body: { code: 'calendar_never_open', errors: [{ path: 'calendar' }] } });
  for (const amount of [{ seconds: 1e12 }, { businessDays: 90_000 }, { duration: 'PT9999999H' }]) {
    const { seconds: _s, ...start } = good;
    t.match(await desk.rest('POST /v1/business-time/add', { ...start, ...amount }), {
      status: 422,
      body: { code: 'instant_out_of_range', errors: [{ path: Object.keys(amount)[0]! }] },
    });
  }
  for (const [fields, message] of [
    [{ calendar: null }, 'Expected the id or key of a calendar, "always", or a calendar itself.'],
    [{ calendar: { ...OFFICE, holidays: [7] } }, 'Expected a date such as "2027-02-17".'],
  ] as const) {
    const answer = await desk.rest('POST /v1/business-time/add', { ...good, ...fields });
    t.equal(answer.body.errors[0].message, message, 'a sentence says what to write');
  }
  const customer = await desk.as('agent', ['tickets:read']);
  t.equal((await customer.rest('POST /v1/business-time/add', good)).status, 403);
});

const created = { at: '2026-11-24T10:00:00+08:00', type: 'created' };

test('a simulation folds events in any order and answers every instant asked for', async (t) => {
  const desk = await openTestDesk(t);
  const { status, body } = await desk.rest('POST /v1/service-levels/simulate', {
    policy: { objectives: [FIRST, { metric: 'next_response', target: 'PT30M' }] },
    calendar: OFFICE,
    events: [
      { at: '2026-11-24T02:40:00Z', type: 'agent_reply' },
      created,
      { at: '2026-11-24T11:00:00+08:00', type: 'customer_message' },
    ],
    asOf: [
      '2026-11-24T10:10:00+08:00',
      '2026-11-24T10:50:00+08:00',
      '2026-11-24T11:40:00+08:00',
      '2026-11-24T01:00:00Z',
    ],
  });
  t.equal(status, 200);
  t.strictSame(
    body.states.map((state: { asOf: string }) => state.asOf),
    ['2026-11-24T02:10:00Z', '2026-11-24T02:50:00Z', '2026-11-24T03:40:00Z', '2026-11-24T01:00:00Z'],
  );
  t.strictSame(body.states[0].clocks, [
    {
      metric: 'first_response',
      cycle: 1,
      state: 'running',
      target: 'PT1H',
      policyKey: 'inline',
      policyVersion: 1,
      startedAt: '2026-11-24T02:00:00Z',
      dueAt: '2026-11-24T03:00:00Z',
      warnAt: ['2026-11-24T02:30:00Z', '2026-11-24T02:48:00Z'],
      elapsedSeconds: 600,
      pausedSeconds: 0,
      stoppedAt: null,
      breached: false,
      breachedAt: null,
    },
  ]);
  t.match(body.states[1].clocks, [
    { state: 'met', elapsedSeconds: 2400, warnAt: [], stoppedAt: '2026-11-24T02:40:00Z' },
  ]);
  t.match(body.states[2].clocks, [
    { metric: 'first_response' },
    { metric: 'next_response', state: 'running', breached: true, breachedAt: '2026-11-24T03:30:00Z' },
  ]);
  t.strictSame(body.states[3].clocks, []);
});

test('a simulation takes policies and calendars by id, key or inline, and null promises nothing', async (t) => {
  const desk = await openTestDesk(t);
  const trial = await newWorkspace(desk);
  const { body: stored } = await trial.rest('POST /v1/policies', {
    key: 'mine',
    name: 'Mine',
    match: { kinds: ['fault'] },
    objectives: [{ metric: 'resolution', target: 'PT8H' }],
  });
  const asOf = ['2026-11-24T12:00:00Z'];
  const simulate = async (input: object) =>
    (await trial.rest('POST /v1/service-levels/simulate', { events: [created], asOf, ...input })).body;
  t.strictSame(await simulate({ policy: null }), { states: [{ asOf: '2026-11-24T12:00:00Z', clocks: [] }] });
  t.strictSame((await simulate({ policy: null, events: [] })).states[0].clocks, []);
  for (const policy of ['mine', stored.id]) {
    t.match((await simulate({ policy, calendar: 'cn-office' })).states[0].clocks, [
      { policyKey: 'mine', policyVersion: 1, dueAt: '2026-11-25T02:00:00Z' },
    ]);
  }
  const events = [
    { ...created, kind: 'presales' },
    { at: '2026-11-24T11:00:00+08:00', type: 'kind_changed', kind: 'fault' },
    { at: '2026-11-24T11:30:00+08:00', type: 'calendar_changed', calendar: 'cn-office' },
    {
      at: '2026-11-24T14:00:00+08:00',
      type: 'policy_changed',
      policy: {
        key: 'other',
        version: 3,
        calendar: 'cn-service',
        objectives: [{ metric: 'resolution', target: 'PT1H', calendar: OFFICE }],
      },
    },
  ];
  const instants = ['T02:30:00Z', 'T03:15:00Z', 'T03:45:00Z', 'T06:30:00Z'].map((time) => `2026-11-24${time}`);
  const states = (await simulate({ policy: 'mine', events, asOf: instants })).states;
  const wanted = [
    [],
    [{ dueAt: '2026-11-24T10:00:00Z', policyKey: 'mine' }],
    [{ dueAt: '2026-11-25T02:00:00Z', policyKey: 'mine' }],
    [{ dueAt: '2026-11-24T03:00:00Z', policyKey: 'other', policyVersion: 3, breached: true }],
  ];
  states.forEach((state: { clocks: object[] }, index: number) => {
    t.equal(state.clocks.length, wanted[index]!.length);
    t.match(state.clocks, wanted[index]);
  });

  const answer = await trial.graphql(
    `query ($input: SimulateServiceLevelsInput!, $none: SimulateServiceLevelsInput!) {
      simulateServiceLevels(input: $input) { states { asOf clocks {
        metric cycle state startedAt dueAt warnAt elapsedSeconds pausedSeconds stoppedAt breached breachedAt target policyKey policyVersion } } }
      none: simulateServiceLevels(input: $none) { states { clocks { metric } } } }`,
    {
      input: {
        policy: { id: 'mine' },
        events: events.map(({ calendar, policy, ...event }) => ({
          ...event,
          ...(calendar === undefined ? {} : { calendar: { id: calendar } }),
          ...(policy === undefined
            ? {}
            : {
                policy: {
                  inline: {
                    ...policy,
                    calendar: { id: 'cn-service' },
                    objectives: [{ metric: 'resolution', target: 'PT1H', calendar: { inline: OFFICE } }],
                  },
                },
              }),
        })),
        asOf: instants,
      },
      none: { policy: null, events: [created], asOf },
    },
  );
  t.strictSame(answer.body.data.simulateServiceLevels.states, states, 'both doors say the same');
  t.strictSame(answer.body.data.none, { states: [{ clocks: [] }] });
});

test('a simulation names what is wrong', async (t) => {
  const desk = await openTestDesk(t);
  const good = { policy: { objectives: [FIRST] }, events: [created], asOf: ['2026-11-24T12:00:00Z'] };
  const at = '2026-11-24T11:00:00+08:00';
  const event = (more: object) => ({ events: [created, { at, ...more }] });
  const cases: [object, number, string][] = [
    [{ policy: undefined }, 422, 'policy'],
    [{ policy: 'nowhere' }, 422, 'policy'],
    [{ policy: 'pol_01k9zv3m5qe8w9y2f4h6j8m0n1' }, 404, 'policy'],
    [{ policy: { objectives: [{ ...FIRST, target: 'P1.5D' }] } }, 422, 'policy.objectives.0.target'],
    [{ policy: { objectives: [{ ...FIRST, calendar: 'nowhere' }] } }, 422, 'policy.objectives.0.calendar'],
    [{ policy: { objectives: [{ ...FIRST, colour: 1 }] } }, 422, 'policy.objectives.0.colour'],
    [{ policy: { objectives: [FIRST], semantics: { preset: 'frappe' } } }, 422, 'policy.semantics.preset'],
    [{ policy: { objectives: [FIRST], colour: 1 } }, 422, 'policy.colour'],
    [
      { policy: { objectives: [FIRST], calendar: { ...OFFICE, week: { mon: [['a', 'b']] } } } },
      422,
      'policy.calendar.week.mon.0',
    ],
    [{ calendar: { ...OFFICE, week: { mon: [['09:00', '09:00']] } } }, 422, 'calendar.week.mon.0'],
    [{ calendar: 'nowhere' }, 422, 'calendar'],
    [{ events: [{ ...created, at: 'yesterday' }] }, 422, 'events.0.at'],
    [{ events: [{ ...created, at: '1950-01-01T00:00:00Z' }] }, 422, 'events.0.at'],
    [{ events: [{ at, type: 'agent_reply' }] }, 422, 'events.0'],
    [{ events: [created, created] }, 422, 'events.1'],
    [event({ type: 'status_changed' }), 422, 'events.1.status'],
    [event({ type: 'status_changed', status: 'asleep' }), 422, 'events.1.status'],
    [event({ type: 'priority_changed', priority: 'huge' }), 422, 'events.1.priority'],
    [event({ type: 'tier_changed' }), 422, 'events.1.tier'],
    [event({ type: 'policy_changed' }), 422, 'events.1.policy'],
    [
      event({ type: 'policy_changed', policy: { objectives: [{ ...FIRST, target: 'x' }] } }),
      422,
      'events.1.policy.objectives.0.target',
    ],
    [event({ type: 'calendar_changed', calendar: { ...OFFICE, timeZone: 'x/y' } }), 422, 'events.1.calendar.timeZone'],
    [event({ type: 'agent_reply', status: 'open' }), 422, 'events.1.status'],
    [event({ type: 'danced' }), 422, 'events.1.type'],
    [event({ type: 'agent_reply', mood: 'good' }), 422, 'events.1.mood'],
    [
      { events: [created, { at, type: 'status_changed', status: 'closed' }, { at, type: 'agent_reply' }] },
      422,
      'events.2',
    ],
    [{ policy: { objectives: [{ ...FIRST, target: 'PT9999999H' }] } }, 422, 'policy'],
    [
      { calendar: { ...OFFICE, week: {}, specialDays: [{ date: '2001-01-01', periods: [['09:00', '10:00']] }] } },
      422,
      'policy',
    ],
    [{ asOf: [] }, 422, 'asOf'],
    [{ asOf: ['2300-01-01T00:00:00Z'] }, 422, 'asOf.0'],
    [{ more: 1 }, 422, 'more'],
  ];
  for (const [fields, status, path] of cases) {
    const answer = await desk.rest('POST /v1/service-levels/simulate', { ...good, ...fields });
    t.match(answer, { status, body: { errors: [{ path }] } }, `${path} ${JSON.stringify(answer.body.errors)}`);
  }
});

test('a large simulation is answered', async (t) => {
  const desk = await openTestDesk(t);
  const events = Array.from({ length: 9_999 }, (_, n) => ({
    at: new Date(Date.UTC(2026, 10, 24, 3) + n * 60_000).toISOString(),
    type: n % 2 === 0 ? 'customer_message' : 'agent_reply',
  }));
  const large = await desk.rest('POST /v1/service-levels/simulate', {
    policy: { objectives: [{ metric: 'next_response', target: 'PT1H' }] },
    events: [created, ...events],
    asOf: ['2026-12-01T00:00:00Z'],
  });
  t.equal(large.status, 200);
  t.ok(large.body.states[0].clocks.length > 4000);
  const many = { policy: null, events: [created], asOf: Array.from({ length: 1001 }, () => created.at) };
  t.match(await desk.rest('POST /v1/service-levels/simulate', many), {
    status: 422,
    body: { errors: [{ path: 'asOf' }] },
  });
});

test('an instance admin makes a workspace with the reference plan, and its key is shown once', async (t) => {
  const desk = await openTestDesk(t);
  const input = { name: 'Trial', mode: 'test', now: '2026-11-24T10:00:00+08:00', language: 'zh-CN' };
  const first = await desk.rest('POST /v1/workspaces', input, { 'idempotency-key': 'w1' });
  t.equal(first.status, 201);
  t.match(first.body.workspace, {
    name: 'Trial',
    mode: 'test',
    now: '2026-11-24T02:00:00Z',
    serviceLevelVersion: 1,
    timeZone: 'Asia/Shanghai',
  });
  const again = await desk.rest('POST /v1/workspaces', input, { 'idempotency-key': 'w1' });
  t.equal(again.headers['idempotency-replayed'], 'true');
  t.equal(again.body.adminKey, null);
  t.equal(again.body.workspace.id, first.body.workspace.id);

  const trial = desk.withKey(first.body.adminKey);
  t.match((await trial.rest('GET /v1/me')).body, {
    role: 'admin',
    instanceAdmin: false,
    workspace: { id: first.body.workspace.id },
  });
  const listed = async (path: string) => (await trial.rest(`GET /v1/${path}`)).body.data;
  t.strictSame(
    (await listed('calendars')).map((one: { key: string }) => one.key),
    ['cn-office', 'cn-service'],
  );
  const policies = await listed('policies');
  t.equal(policies.length, 13);
  t.match(policies[0], { key: 'core-complaint-live', match: { tiers: ['core'], kinds: ['complaint'] }, version: 1 });
  t.match(policies[12], { key: 'standard', match: { tiers: [], kinds: [], channels: [] } });
  const terms = await listed('terms');
  const count = (list: string) => terms.filter((term: { list: string }) => term.list === list).length;
  t.strictSame(['kind', 'channel', 'status', 'problem_type', 'product'].map(count), [
    8,
    9,
    6,
    terms.filter((term: { list: string }) => term.list === 'problem_type').length,
    0,
  ]);
  const { rows } = await desk.desk.db.pool.query(
    `select (select count(*)::int from tiers t where t.workspace_id = w.workspace_id) as tiers,
            (select count(*)::int from survey_templates s where s.workspace_id = w.workspace_id) as surveys,
            (select jsonb_array_length(policies) from service_level_versions v where v.workspace_id = w.workspace_id) as promised,
            w.workspace_id from workspaces w where w.name = 'Trial'`,
  );
  t.match(rows, [{ tiers: 3, surveys: 1, promised: 13 }]);
  const levels = await loadServiceLevels(desk.desk.db, rows[0].workspace_id, 1);
  t.equal(levels.policies.length, 13);

  const clock = await trial.rest('GET /v1/test-clock');
  t.strictSame(clock.body, { now: '2026-11-24T02:00:00Z', handled: 0 });
  t.match(await desk.rest('GET /v1/test-clock'), { status: 409, body: { code: 'not_a_test_workspace' } });

  t.match(await trial.rest('POST /v1/workspaces', { name: 'More' }), { status: 403, body: { code: 'forbidden' } });
  t.match(await desk.rest('POST /v1/workspaces', { name: 'Live', now: input.now }), {
    status: 422,
    body: { errors: [{ path: 'now' }] },
  });
  const stranger = await desk.rest(`GET /v1/policies/${policies[0].id}`);
  t.equal(stranger.status, 404, 'a wall');
});

test('a workspace without a plan has words for tickets and promises nothing', async (t) => {
  const desk = await openTestDesk(t);
  const answer = await desk.graphql(
    `mutation { createWorkspace(input: { name: "Bare", plan: none, mode: test, language: "en" }) {
      newWorkspace { adminKey workspace { id mode now serviceLevelVersion } } errors { code } } }`,
  );
  const { newWorkspace: made } = answer.body.data.createWorkspace;
  t.match(made.workspace, { mode: 'test', now: '2026-11-24T02:00:00Z', serviceLevelVersion: 0 });
  const bare = desk.withKey(made.adminKey);
  t.strictSame((await bare.rest('GET /v1/policies')).body.data, []);
  t.strictSame((await bare.rest('GET /v1/calendars')).body.data, []);
  const terms = (await bare.rest('GET /v1/terms')).body.data;
  t.strictSame([...new Set(terms.map((term: { list: string }) => term.list))], ['channel', 'kind', 'status']);
  t.match(await bare.graphql('{ testClock { now handled } }'), { body: { data: { testClock: { handled: 0 } } } });
});

test('the workspace of the first start takes number 1 and the given key; the next one finds a free number', async (t) => {
  const desk = await openTestDesk(t);
  const { changes, workspaceId, adminKey } = newWorkspaceChanges({
    workspaceId: 1,
    name: 'demo',
    mode: 'live',
    plan: 'reference',
    language: 'en',
    now: START / 1000,
    adminKey: 'a-key-given-by-configuration',
    instanceAdmin: true,
  });
  t.equal(adminKey, 'a-key-given-by-configuration');
  await save(desk.desk.db, workspaceId, 1, [{ changes, author: { actor: 'start', door: 'start' } }]);
  const first = desk.withKey(adminKey);
  t.match((await first.rest('GET /v1/me')).body, { instanceAdmin: true, workspace: { name: 'demo', currency: 'CNY' } });
  const next = await first.rest('POST /v1/workspaces', { name: 'Next', plan: 'none' });
  t.equal(next.status, 201);
  t.match((await desk.withKey(next.body.adminKey).rest('GET /v1/workspace')).body, { name: 'Next', mode: 'live' });
});
