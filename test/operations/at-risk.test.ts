/**
 * The at-risk view: what is due soon, in the order to do it, and how far the pace reaches. A desk reckoned by hand, then
 * desks made by chance against a slow reckoning. FUZZ_RUNS (30 questions unless told) and FUZZ_SEED make a longer run, or
 * the same one again.
 */

import { type Test, test } from 'tap';
import { atRiskSlowly, copyPromises } from '../../scripts/prove/at-risk-slow.ts';
import { type Caller, openTestDesk, type TestDesk } from '../support/desk.ts';
import { dice } from '../support/dice.ts';

/** A Tuesday; the hours from here on are the same hours of the seven days before. */
const NOW = '2026-06-02T04:00:00Z';
const MINUTE = 60;
const HOUR = 3600;
const DAY = 24 * HOUR;
const at = (text: string) => Date.parse(text) / 1000;
const iso = (seconds: number) => `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
/** Seconds from now, as the API says them. */
const from = (seconds: number) => iso(at(NOW) + seconds);

/** Eight hours round the clock for every complaint by email: what is made eight hours before an instant is due at it. */
const POLICY = {
  key: 'eight_hours',
  name: 'Eight hours',
  match: {
    kinds: ['complaint', 'basic'],
    channels: ['email'],
    tiers: ['core', 'potential', 'normal'],
    priorities: ['normal'],
  },
  calendar: 'always',
  objectives: [{ metric: 'resolution', target: 'PT8H', pausesOn: ['pending'] }],
};
const TARGET = 8 * HOUR;

interface Line {
  subject: string;
  tier?: string | null;
  kind?: string;
  teamId?: string | null;
  assigneeId?: string | null;
  events: { at: string; type: string; status?: string }[];
}

const importAll = async (desk: TestDesk, caller: Caller, lines: Line[]): Promise<void> => {
  const answer = await desk.inject({
    method: 'POST',
    url: '/v1/bulk/tickets',
    headers: { authorization: `Bearer ${caller.key}`, 'content-type': 'application/x-ndjson' },
    payload: lines
      .map((line, n) =>
        JSON.stringify({ tier: 'normal', kind: 'complaint', channel: 'email', externalIds: { log: `${n}` }, ...line }),
      )
      .join('\n'),
  });
  const bad = answer.body
    .trimEnd()
    .split('\n')
    .map((text) => JSON.parse(text))
    .filter(({ status }) => status !== 'created');
  if (bad.length > 0) throw new Error(JSON.stringify(bad[0]));
};

const created = (seconds: number) => ({ at: from(seconds), type: 'created' });
const became = (status: string, seconds: number) => ({ at: from(seconds), type: 'status_changed', status });
/** Still running, due so many seconds from now. */
const due = (seconds: number) => [created(seconds - TARGET)];
/** Solved so many seconds from now (in the past), in time or two hours late. */
const solved = (seconds: number, late = false) => [
  created(seconds - (late ? TARGET + 2 * HOUR : HOUR)),
  became('solved', seconds),
];

async function openDesk(t: Test) {
  const desk = await openTestDesk(t);
  const caller = await desk.testWorkspace(NOW);
  const make = async (path: string, body: object) => {
    const answer = await caller.rest(`POST /v1/${path}`, body);
    if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
    return answer.body;
  };
  await make('policies', POLICY);
  const { tiers: _, ...match } = POLICY.match;
  await make('policies', { ...POLICY, key: 'without_tier', match });
  const first: string = (await make('teams', { name: 'First line' })).id;
  const second: string = (await make('teams', { name: 'Second line' })).id;
  const li: string = (await make('agents', { name: '李敏', email: 'li@example.com' })).id;
  const ask = async (query = '') => {
    const answer = await caller.rest(`GET /v1/reports/at-risk${query}`);
    if (answer.status !== 200) throw new Error(`${query}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  return { desk, caller, first, second, li, ask };
}

type Item = { ticket: { subject: string }; position: number; expectedAt: string | null; expectedToBreak: boolean };
const lineOf = ({ ticket, position, expectedAt, expectedToBreak }: Item) =>
  [ticket.subject, position, expectedAt, expectedToBreak] as const;
const subjects = ({ data }: { data: Item[] }) => data.map(({ ticket }) => ticket.subject);

/** The first line keeps one promise an hour in these hours, the second line none. */
async function openHandMade(t: Test) {
  const opened = await openDesk(t);
  const { desk, caller, first, second, li } = opened;
  const kept = [1, 2, 3, 4, 5, 6, 7].flatMap((day) =>
    // The last second of the hours compared is in, their first is not.
    [MINUTE, HOUR, 2 * HOUR, 4 * HOUR].map((later) => solved(later - day * DAY)),
  );
  const others = [
    // Not in these hours, too long ago, too late, by others.
    solved(-DAY),
    solved(4 * HOUR + 1 - 2 * DAY),
    solved(HOUR - 8 * DAY),
    solved(HOUR - 3 * DAY, true),
  ];
  await importAll(desk, caller, [
    ...[...kept, ...others].map((events) => ({ subject: 'done', teamId: first, events })),
    { subject: 'done elsewhere', events: solved(HOUR - 3 * DAY) },
    { subject: 'at the very end', teamId: first, assigneeId: li, events: due(4 * HOUR) },
    { subject: 'just in time', teamId: first, tier: 'core', events: due(3 * HOUR) },
    { subject: 'too soon', teamId: first, kind: 'basic', events: due(30 * MINUTE) },
    { subject: 'this very second', teamId: first, events: due(0) },
    { subject: 'after the end', teamId: first, events: due(4 * HOUR + 1) },
    { subject: 'broken', teamId: first, events: due(-1) },
    { subject: 'broken long ago', teamId: first, tier: 'core', events: due(-30 * DAY) },
    { subject: 'paused', teamId: first, events: [...due(HOUR), became('pending', -HOUR)] },
    { subject: 'paused and broken', teamId: first, events: [...due(-HOUR), became('pending', -MINUTE)] },
    { subject: 'solved', teamId: first, events: [...due(HOUR), became('solved', -MINUTE)] },
    // The same instant: the higher tier first, then who came first.
    { subject: 'normal', teamId: second, events: due(HOUR) },
    { subject: 'normal, later', teamId: second, events: due(HOUR) },
    { subject: 'core', teamId: second, tier: 'core', events: due(HOUR) },
    { subject: 'nobody’s', tier: 'potential', events: due(2 * HOUR) },
  ]);
  return opened;
}

test('what is due within the horizon is told in the order to do it, and how far the pace reaches', async (t) => {
  const { first, second, li, ask } = await openHandMade(t);
  const answer = await ask();
  t.equal(answer.asOf, NOW);
  t.equal(answer.until, from(4 * HOUR));
  t.strictSame(answer.data.map(lineOf), [
    ['this very second', 1, from(HOUR), true],
    ['too soon', 2, from(2 * HOUR), true],
    ['core', 1, null, true],
    ['normal', 2, null, true],
    ['normal, later', 3, null, true],
    // One in 28 hours: the only one done elsewhere.
    ['nobody’s', 1, from(28 * HOUR), true],
    ['just in time', 3, from(3 * HOUR), false],
    ['at the very end', 4, from(4 * HOUR), false],
  ]);
  const last = answer.data.at(-1);
  t.match(last, {
    metric: 'resolution',
    cycle: 1,
    policyKey: 'eight_hours',
    dueAt: from(4 * HOUR),
    remainingSeconds: 4 * HOUR,
    perHour: 1,
    ticket: { kind: 'complaint', priority: 'normal', tier: 'normal', teamId: first, assigneeId: li },
  });
  t.match(answer.data[5], { perHour: 1 / 28, ticket: { teamId: null, assigneeId: null, tier: 'potential' } });
  t.equal(answer.nextCursor, null);
  t.strictSame(answer.groups, [
    group(first, 'normal', { promises: 3, expectedToBreak: 2, firstDueAt: NOW, overdue: 1, perHour: 1 }),
    group(second, 'normal', { promises: 2, expectedToBreak: 2, firstDueAt: from(HOUR) }),
    group(second, 'core', { promises: 1, expectedToBreak: 1, firstDueAt: from(HOUR) }),
    group(null, 'potential', { promises: 1, expectedToBreak: 1, firstDueAt: from(2 * HOUR), perHour: 1 / 28 }),
    group(first, 'core', { promises: 1, firstDueAt: from(3 * HOUR), overdue: 1, perHour: 1 }),
  ]);
});

const group = (teamId: string | null, tier: string, counts: object) => ({
  teamId,
  tier,
  promises: 0,
  expectedToBreak: 0,
  firstDueAt: null,
  overdue: 0,
  perHour: 0,
  ...counts,
});

test('the horizon decides what is told, and which hours are compared', async (t) => {
  const { ask } = await openHandMade(t);
  const short = await ask('?horizon=PT30M');
  t.strictSame(subjects(short), ['this very second', 'too soon'], 'its last second belongs to it');
  t.equal(short.data[0].perHour, 1, 'four hours are compared at least');
  t.strictSame(subjects(await ask('?horizon=PT29M59S')), ['this very second']);
  const longer = await ask('?horizon=PT5H');
  t.ok(subjects(longer).includes('after the end'));
  // The one at 08:00:01 is in now.
  t.equal(longer.data[0].perHour, 29 / 35);
  const week = await ask('?horizon=P7D');
  // Whole days and no more: in are those at 04:00:00 and 08:00:01 and the one of this day.
  t.equal(week.data[0].perHour, 31 / 168);
});

test('filters narrow what is told and move nobody in the queue', async (t) => {
  const { first, second, li, ask } = await openHandMade(t);
  const core = await ask('?tier=core');
  t.strictSame(core.data.map(lineOf), [
    ['core', 1, null, true],
    ['just in time', 3, from(3 * HOUR), false],
  ]);
  t.strictSame(
    core.groups.map(({ teamId, tier, promises, overdue }: Record<string, unknown>) => [
      teamId,
      tier,
      promises,
      overdue,
    ]),
    [
      [second, 'core', 1, 0],
      [first, 'core', 1, 1],
    ],
  );
  t.strictSame((await ask(`?assigneeId=${li}`)).data.map(lineOf), [['at the very end', 4, from(4 * HOUR), false]]);
  t.strictSame((await ask('?kind=basic,fault')).data.map(lineOf), [['too soon', 2, from(2 * HOUR), true]]);
  t.strictSame(subjects(await ask(`?teamId=${second}`)), ['core', 'normal', 'normal, later']);
  t.strictSame(subjects(await ask('?metric=resolution&tier=core,potential')), ['core', 'nobody’s', 'just in time']);
  t.match(await ask('?metric=first_response'), { data: [], groups: [], nextCursor: null });
  const breaking = await ask('?expectedToBreak=true&tier=core');
  t.strictSame(subjects(breaking), ['core']);
  t.strictSame(breaking.groups, core.groups, 'the groups count both');
  t.strictSame(subjects(await ask('?expectedToBreak=false')), ['just in time', 'at the very end']);
  t.match(await ask('?teamId=team_01k9zv3m5qe8w9y2f4h6j8m0n1'), { data: [], groups: [] });
  t.match(await ask('?assigneeId=agt_01k9zv3m5qe8w9y2f4h6j8m0n1'), { data: [], groups: [] });
  t.match(await ask('?tier=gold'), { data: [], groups: [] });
});

test('pages hold each promise once, and every page says the whole of the groups', async (t) => {
  const { ask } = await openHandMade(t);
  const whole = await ask();
  for (const limit of [1, 3, 8]) {
    const seen: Item[] = [];
    for (let cursor: string | null = ''; cursor !== null && seen.length < 2 * whole.data.length; ) {
      const page = await ask(`?limit=${limit}${cursor && `&cursor=${cursor}`}`);
      t.ok(page.data.length <= limit);
      t.strictSame(page.groups, whole.groups);
      seen.push(...page.data);
      cursor = page.nextCursor;
    }
    t.strictSame(seen, whole.data, `${limit} at a time`);
  }
});

test('both doors tell the same', async (t) => {
  const { caller, first, ask } = await openHandMade(t);
  const document = `query($horizon: Duration, $teamId: ID, $limit: Int, $cursor: String) {
    atRisk(horizon: $horizon, teamId: $teamId, tier: ["normal"], limit: $limit, cursor: $cursor) {
      asOf until nextCursor
      groups { teamId tier promises expectedToBreak firstDueAt overdue perHour }
      data {
        ticket { id number subject tier kind priority teamId assigneeId }
        metric cycle policyKey dueAt remainingSeconds position perHour expectedAt expectedToBreak
      }
    }
  }`;
  let cursor: string | null = null;
  for (let page = 0; page < 2; page++) {
    const { body } = await caller.graphql(document, { horizon: 'PT3H59M', teamId: first, limit: 1, cursor });
    const after: string = cursor === null ? '' : `&cursor=${cursor}`;
    const told = await ask(`?horizon=PT3H59M&teamId=${first}&tier=normal&limit=1${after}`);
    t.same(body, { data: { atRisk: told } });
    cursor = told.nextCursor;
  }
  t.equal(cursor, null);
  const { body } = await caller.graphql('{ atRisk(horizon: "P8D") { asOf } }');
  t.match(body.errors, [{ extensions: { code: 'validation_failed' } }]);
});

test('bad questions are refused by name', async (t) => {
  const { caller, ask } = await openHandMade(t);
  for (const [query, path] of [
    ['horizon=P7DT1S', 'horizon'],
    ['horizon=PT0S', 'horizon'],
    ['horizon=4h', 'horizon'],
    ['horizon=', 'horizon'],
    ['teamId=first', 'teamId'],
    ['assigneeId=team_01k9zv3m5qe8w9y2f4h6j8m0n1', 'assigneeId'],
    ['metric=speed', 'metric.0'],
    ['expectedToBreak=maybe', 'expectedToBreak'],
    ['limit=0', 'limit'],
    ['channel=email', 'channel'],
  ] as const) {
    const answer = await caller.rest(`GET /v1/reports/at-risk?${query}`);
    t.match(answer, { status: 400, body: { code: 'unknown_parameter', errors: [{ path }] } }, query);
  }
  const ours = (await ask('?limit=1')).nextCursor;
  const listed = (await caller.rest('GET /v1/tickets?limit=1')).body.nextCursor;
  const forge = (values: unknown) => Buffer.from(JSON.stringify(values)).toString('base64url');
  const [list, dueAt, rank, number, clock] = JSON.parse(Buffer.from(ours, 'base64url').toString());
  for (const cursor of [
    'x',
    listed,
    forge(null),
    forge([list, 1e15, rank, number, clock]),
    forge([list, dueAt, 1e10, number, clock]),
    forge([list, dueAt, rank, '7', clock]),
    forge([list, dueAt, rank, number, clock.replace('clk', 'tkt')]),
  ]) {
    const answer = await caller.rest(`GET /v1/reports/at-risk?cursor=${cursor}`);
    t.match(answer, { status: 400, body: { code: 'invalid_cursor' } }, cursor);
  }
});

test('only the staff sees it, and nothing of another workspace is in it', async (t) => {
  const { desk, first, ask } = await openHandMade(t);
  t.ok((await ask()).data.length > 0);
  const { body: customer } = await desk.rest('POST /v1/customers', { name: 'A customer' });
  const theirs = await desk.as('customer', undefined, { customerId: customer.id });
  t.match(await theirs.rest('GET /v1/reports/at-risk'), { status: 403, body: { code: 'forbidden' } });
  t.match(await (await desk.as('agent')).rest('GET /v1/reports/at-risk'), { status: 200 });
  const stranger = await desk.testWorkspace(NOW);
  t.match((await stranger.rest('GET /v1/reports/at-risk?horizon=P7D')).body, { data: [], groups: [] });
  t.match(await stranger.rest(`GET /v1/reports/at-risk?teamId=${first}`), { status: 200, body: { data: [] } });
});

test('a promise that runs past its due time is overdue before anybody has come to it', async (t) => {
  const desk = await openTestDesk(t);
  const made = await desk.rest('POST /v1/workspaces', { name: 'Live', mode: 'live', plan: 'reference' });
  const caller = desk.withKey(made.body.adminKey);
  const { clocks } = (
    await caller.rest('POST /v1/tickets', { subject: 'A', kind: 'complaint', channel: 'email', message: 'Help' })
  ).body;
  const [first] = clocks;
  const ask = async () => (await caller.rest('GET /v1/reports/at-risk?metric=first_response&horizon=P7D')).body;
  const due = Date.parse(first.dueAt);
  t.match(await ask(), {
    groups: [{ promises: 1, overdue: 0 }],
    data: [{ remainingSeconds: (due - desk.wall.now) / 1000 }],
  });
  desk.wall.now = due;
  t.match(await ask(), { groups: [{ promises: 1, overdue: 0 }], data: [{ remainingSeconds: 0 }] });
  desk.wall.now += 1000;
  t.match(await ask(), {
    groups: [{ teamId: null, promises: 0, expectedToBreak: 0, firstDueAt: null, overdue: 1 }],
    data: [],
  });
});

test('any question about any desk is answered as it is reckoned slowly', async (t) => {
  const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31);
  const runs = Number(process.env['FUZZ_RUNS'] ?? 30);
  t.comment(`FUZZ_SEED=${seed}`);
  const { below, oneOf, someOf, chance } = dice(seed);
  const { desk, caller, first, second, li, ask } = await openDesk(t);
  const tiers = ['core', 'potential', 'normal'];
  const lines = Array.from({ length: 600 }, (_, n) => {
    // Whole quarters of an hour: many are due, and done, at the same instant.
    const quarters = (most: number) => (below(2 * most) - most) * 15 * MINUTE;
    const events = oneOf([
      () => due(Math.min(quarters(32), TARGET)),
      () => due(quarters(16)),
      () => solved(-below(8 * 96) * 15 * MINUTE, chance(0.2)),
      () => solved(-below(8 * 96) * 15 * MINUTE),
      () => [...due(HOUR), became('pending', -HOUR)],
    ])();
    return {
      subject: `Case ${n}`,
      tier: oneOf([...tiers, null]),
      kind: oneOf(['complaint', 'basic']),
      teamId: oneOf([first, second, second, null]),
      assigneeId: chance(0.2) ? li : null,
      events,
    };
  });
  await importAll(desk, caller, lines);
  const promises = await copyPromises(desk.desk.db.pool, Number(caller.key.split('_')[1]));
  const isThere = (state: string, tier: string | null) =>
    promises.some((promise) => promise.state === state && promise.ticket.tier === tier);
  t.ok(['running', 'paused', 'met', 'missed'].every((state) => isThere(state, 'core') && isThere(state, null)));
  for (let run = 0; run < runs; run++) {
    const horizon = oneOf([1, 900, 3600, 4 * HOUR, 8 * HOUR, DAY, 3 * DAY, 7 * DAY]);
    const some = <T>(list: readonly T[]) => (chance(0.6) ? undefined : someOf(list, 0.6));
    const asked = {
      ...(chance(0.3) ? { teamId: oneOf([first, second]) } : {}),
      ...(chance(0.2) ? { assigneeId: li } : {}),
      ...Object.fromEntries(
        Object.entries({
          tier: some(tiers),
          kind: some(['complaint', 'basic']),
          metric: some(['resolution', 'update']),
        }).filter(([, list]) => list !== undefined && list.length > 0),
      ),
    };
    const query = new URLSearchParams({ ...asked, horizon: `PT${horizon}S`, limit: '200' } as Record<string, string>);
    const expected = atRiskSlowly(promises, { now: at(NOW), horizon, tiers, ...asked });
    const { data, ...told } = await ask(`?${query}`);
    for (let { nextCursor } = told; nextCursor !== null; ) {
      const page = await ask(`?${query}&cursor=${nextCursor}`);
      data.push(...page.data);
      ({ nextCursor } = page);
    }
    const { nextCursor: _, ...rest } = told;
    t.strictSame({ ...rest, data }, expected, `question ${run}: ${query}`);
  }
});
