/** Attainment: what the desk counts is what anybody counts who folds the same events by the rules. */

import fc from 'fast-check';
import { test } from 'tap';
import { loadServiceLevels } from '../../src/domains/service-levels/store.ts';
import { type ClockEvent, type ComputedClock, computeClocks } from '../../src/rules/clocks.ts';
import { METRICS } from '../../src/rules/policy.ts';
import { type Caller, openTestDesk, type TestDesk } from '../support/desk.ts';

const NOW = '2026-06-01T04:00:00Z';
const at = (text: string) => Date.parse(text) / 1000;
const iso = (seconds: number) => new Date(seconds * 1000).toISOString();

interface Past {
  tier: string;
  kind: string;
  channel: string;
  events: { at: number; type: string; status?: string; priority?: string }[];
}

const zEvent = fc.record({
  after: fc.integer({ min: 0, max: 20 * 86_400 }),
  what: fc.constantFrom(
    { type: 'customer_message' },
    { type: 'agent_reply' },
    { type: 'agent_reply' },
    { type: 'bot_reply' },
    { type: 'contact_answered' },
    { type: 'understanding_confirmed' },
    { type: 'options_offered' },
    { type: 'priority_changed', priority: 'urgent' },
    { type: 'status_changed', status: 'pending' },
    { type: 'status_changed', status: 'open' },
    { type: 'status_changed', status: 'solved' },
    { type: 'status_changed', status: 'solved' },
    { type: 'follow_up_recorded' },
  ),
});

const zPast: fc.Arbitrary<Past> = fc
  .record({
    tier: fc.constantFrom('core', 'potential', 'normal'),
    kind: fc.constantFrom('complaint', 'fault'),
    channel: fc.constantFrom('email', 'phone'),
    begun: fc.integer({ min: at('2026-03-01T00:00:00Z'), max: at('2026-05-31T00:00:00Z') }),
    later: fc.array(zEvent, { maxLength: 12 }),
  })
  .map(({ begun, later, ...fields }) => {
    const events = later
      .map(({ after, what }) => ({ at: begun + after, ...what }))
      .filter((event) => event.at <= at(NOW))
      .sort((a, b) => a.at - b.at);
    return { ...fields, events: [{ at: begun, type: 'created' }, ...events] };
  });

/** Promises of every metric that the events can move, for a part of the tickets. */
const POLICY = {
  key: 'every_metric',
  name: 'Every metric',
  match: {
    tiers: ['core', 'normal'],
    kinds: ['complaint', 'fault'],
    channels: ['email', 'phone'],
    priorities: ['normal', 'urgent'],
  },
  calendar: 'cn-service',
  objectives: [
    { metric: 'first_response', target: 'PT1H' },
    { metric: 'next_response', target: 'PT24H', pausesOn: ['pending'] },
    { metric: 'proposal', target: 'PT24H', pausesOn: ['pending'] },
    { metric: 'resolution', target: 'P5D', pausesOn: ['pending'] },
    { metric: 'update', target: 'P2D' },
    { metric: 'follow_up', target: 'PT48H', calendar: 'always' },
    { metric: 'survey', target: 'P3D', calendar: 'cn-office' },
  ],
};

interface Known {
  past: Past;
  clocks: ComputedClock[];
}

async function importAll(desk: TestDesk, caller: Caller, pasts: Past[]): Promise<void> {
  const lines = pasts.map(({ events, ...fields }, index) => ({
    ...fields,
    subject: 'A case',
    externalIds: { log: String(index) },
    events: events.map((event) => ({ ...event, at: iso(event.at) })),
  }));
  const answer = await desk.inject({
    method: 'POST',
    url: '/v1/bulk/tickets',
    headers: { authorization: `Bearer ${caller.key}`, 'content-type': 'application/x-ndjson' },
    payload: lines.map((line) => JSON.stringify(line)).join('\n'),
  });
  const results = answer.body
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const bad = results.filter(({ status }) => status !== 'created');
  if (bad.length > 0 || results.length !== pasts.length) throw new Error(JSON.stringify(bad[0]));
}

/** By the rules alone: the same events, the same policies, no database. */
async function fold(desk: TestDesk, caller: Caller, pasts: Past[]): Promise<Known[]> {
  const { serviceLevelVersion } = (await caller.rest('GET /v1/workspace')).body;
  const workspaceId = Number(caller.key.split('_')[1]);
  const levels = await loadServiceLevels(desk.desk.db, workspaceId, serviceLevelVersion);
  return pasts.map((past) => {
    const [created, ...later] = past.events;
    const { tier, kind, channel } = past;
    const events = [
      { ...created, by: 'customer', status: 'new', tier, kind, channel, priority: 'normal', levels },
      ...later,
    ] as ClockEvent[];
    return { past, clocks: computeClocks(events, at(NOW)) };
  });
}

/** The smallest of the sorted values that at least this share does not exceed. */
function percentile(values: number[], share: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted.length === 0 ? null : sorted[Math.ceil(share * sorted.length) - 1]!;
}

function count(metric: string, clocks: ComputedClock[]) {
  const states = (state: string) => clocks.filter((clock) => clock.state === state);
  const open = [...states('running'), ...states('paused')];
  const stopped = [...states('met'), ...states('missed')];
  const met = states('met').length;
  const missed = states('missed').length;
  const overdue = open.filter(({ breached }) => breached).length;
  const known = met + missed + overdue;
  const elapsed = stopped.map(({ elapsedSeconds }) => elapsedSeconds);
  return {
    metric,
    total: clocks.length,
    met,
    missed,
    running: states('running').length,
    paused: states('paused').length,
    cancelled: states('cancelled').length,
    overdue,
    breached: clocks.filter(({ breached }) => breached).length,
    attainment: known === 0 ? null : met / known,
    elapsedP50: percentile(elapsed, 0.5),
    elapsedP90: percentile(elapsed, 0.9),
  };
}

/** What anybody would count. */
function expected(known: Known[], group: (one: { past: Past; clock: ComputedClock }) => object, from = '', to = '') {
  const all = known
    .flatMap(({ past, clocks }) => clocks.map((clock) => ({ past, clock })))
    .filter(({ clock }) => (!from || clock.startedAt >= at(from)) && (!to || clock.startedAt < at(to)));
  const rows = [...Map.groupBy(all, (one) => JSON.stringify([one.clock.metric, group(one)]))].map(([key, list]) => {
    const [metric, groups] = JSON.parse(key);
    const none = { tier: null, kind: null, channel: null, priority: null, policyKey: null };
    return {
      ...none,
      ...groups,
      ...count(
        metric,
        list.map(({ clock }) => clock),
      ),
    };
  });
  return sorted(rows);
}

const sorted = (rows: Record<string, unknown>[]) => {
  const key = (row: Record<string, unknown>) =>
    `${METRICS.indexOf(row['metric'] as never)} ${row['tier']} ${row['kind']} ${row['channel']} ${row['policyKey']}`;
  return rows.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
};

test('attainment is what the rules say of the same events', async (t) => {
  const desk = await openTestDesk(t);
  const caller = await desk.testWorkspace(NOW);
  t.equal((await caller.rest('POST /v1/policies', POLICY)).status, 201);
  const pasts = fc.sample(zPast, { numRuns: 400, seed: 7 });
  await importAll(desk, caller, pasts);
  const known = await fold(desk, caller, pasts);

  const ask = async (query: string) => {
    const answer = await caller.rest(`GET /v1/reports/attainment${query}`);
    t.equal(answer.status, 200, query);
    t.equal(answer.body.asOf, NOW);
    return sorted(answer.body.data);
  };
  const plain = expected(known, () => ({}));
  t.ok(plain.length >= 7 && plain.every(({ total }) => (total as number) > 5), 'there is something to count');
  t.ok(plain.some(({ overdue }) => (overdue as number) > 0) && plain.some(({ missed }) => (missed as number) > 0));
  t.strictSame(sorted(await ask('')), plain.map(inOrder));
  t.strictSame(await ask('?groupBy=metric'), plain.map(inOrder));
  t.strictSame(await ask('?groupBy=tier'), expected(known, ({ past: { tier } }) => ({ tier })).map(inOrder));
  t.strictSame(
    await ask('?groupBy=kind,channel,policy'),
    expected(known, ({ past: { kind, channel }, clock }) => ({ kind, channel, policyKey: clock.policyKey })).map(
      inOrder,
    ),
  );
  const [from, to] = ['2026-04-01T00:00:00Z', '2026-05-01T00:00:00Z'];
  t.strictSame(await ask(`?from=${from}&to=${to}`), expected(known, () => ({}), from, to).map(inOrder));
  const few = known.filter(({ past }) => past.tier === 'core');
  t.strictSame(
    await ask('?tier=core&metric=resolution,update'),
    expected(few, () => ({}))
      .filter(({ metric }) => metric === 'resolution' || metric === 'update')
      .map(inOrder),
  );

  const document = `query($groupBy: [AttainmentGroup!], $from: DateTime) {
    attainment(groupBy: $groupBy, from: $from) { from to data { metric tier total met attainment elapsedP90 } }
  }`;
  const { body } = await caller.graphql(document, { groupBy: ['tier'], from });
  const { data } = (await caller.rest(`GET /v1/reports/attainment?groupBy=tier&from=${from}`)).body;
  t.same(
    body.data.attainment.data,
    data.map(({ metric, tier, total, met, attainment, elapsedP90 }: Record<string, unknown>) => {
      return { metric, tier, total, met, attainment, elapsedP90 };
    }),
  );
  t.same(body.data.attainment.from, from);
});

/** The fields in the order of the answer. */
function inOrder(row: Record<string, unknown>): Record<string, unknown> {
  const { metric, tier, kind, channel, priority, policyKey, ...counts } = row;
  return { metric, tier, kind, channel, priority, policyKey, ...counts };
}

test('a promise that runs past its due time counts as broken before anybody has come to it', async (t) => {
  const desk = await openTestDesk(t);
  const made = await desk.rest('POST /v1/workspaces', { name: 'Live', mode: 'live', plan: 'reference' });
  const caller = desk.withKey(made.body.adminKey);
  const fields = { subject: 'A', kind: 'complaint', channel: 'phone', message: 'Help' };
  const { clocks } = (await caller.rest('POST /v1/tickets', fields)).body;
  const first = async () =>
    (await caller.rest('GET /v1/reports/attainment?metric=first_response')).body.data[0] as Record<string, unknown>;
  t.match(await first(), { total: 1, running: 1, overdue: 0, breached: 0, attainment: null });
  desk.wall.now = Date.parse(clocks[0].dueAt);
  t.match(await first(), { running: 1, overdue: 0 }, 'kept at the very instant');
  desk.wall.now += 1000;
  t.match(await first(), { running: 1, overdue: 1, breached: 1, attainment: 0, elapsedP50: null });
});

test('only the staff sees attainment, and a period has a beginning before its end', async (t) => {
  const desk = await openTestDesk(t);
  const { body: customer } = await desk.rest('POST /v1/customers', { name: 'A customer' });
  const theirs = await desk.as('customer', undefined, { customerId: customer.id });
  t.match(await theirs.rest('GET /v1/reports/attainment'), { status: 403, body: { code: 'forbidden' } });
  const backwards = '?from=2026-05-01T00:00:00Z&to=2026-04-01T00:00:00Z';
  t.match(await desk.rest(`GET /v1/reports/attainment${backwards}`), {
    status: 400,
    body: { errors: [{ path: 'to' }] },
  });
  t.match(await desk.rest('GET /v1/reports/attainment?groupBy=mood'), { status: 400 });
  t.match(await desk.rest('GET /v1/reports/attainment'), { status: 200, body: { data: [], from: null, to: null } });
});
