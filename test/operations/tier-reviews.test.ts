/** Tiers follow what customers do: at once upwards, at monthly runs downwards, never under a pin; a preview and a repeat move nobody. */

import { pino } from 'pino';
import { t as file, test } from 'tap';
import { JOBS } from '../../src/app.ts';
import { systemActor } from '../../src/auth/policy.ts';
import type { Changes } from '../../src/changes.ts';
import { finishJobs } from '../../src/jobs/worker.ts';
import { contextOf } from '../../src/operation.ts';
import { saveEach } from '../../src/saving.ts';
import { bySpend, type Crm, openCrm, START } from '../support/crm.ts';
import { openTestDesk } from '../support/desk.ts';

const LOG = pino({ level: 'silent' });
const desk = await openTestDesk(file);

/** Spend by percentile, and the best tenth. */
const byShare = {
  ...bySpend(),
  parts: bySpend().parts.map((part) => ({ ...part, scaling: { percentile: 'more' } })),
  tiers: [
    { tier: 'core', share: 10 },
    { tier: 'potential', minTotal: 50 },
  ],
};

const FILL_CUSTOMERS = `
  insert into customers (workspace_id, id, name, tier, tier_since, profile, tags, external_ids, search, created_at, updated_at)
  select $1, uuidv7(), 'C' || n, 'normal', '2026-11-24T02:00:00Z', '{}', '{}', '{}', '', '2026-11-24T02:00:00Z', '2026-11-24T02:00:00Z'
  from generate_series(1, $2::int) n`;
const FILL_ACTIVITIES = `
  insert into activities (workspace_id, id, customer_id, kind, at, amount, currency, base_amount, details, external_ids, created_at, updated_at)
  select $1, uuidv7(), id, 'order', '2026-11-01T00:00:00Z', substr(name, 2)::int, 'CNY', substr(name, 2)::int, '{}', '{}', created_at, created_at
  from customers where workspace_id = $1`;

test('an order that reaches a better tier gives it at once, and open tickets follow', async (t) => {
  const crm = await openCrm(desk);
  await crm.customer('Huawang', { customerSince: '2020-01-01T00:00:00+08:00' });
  t.equal(await crm.tier('Huawang'), 'normal');
  const ticket = await crm.must('POST /v1/tickets', {
    ...{ customerId: crm.id('Huawang'), subject: 'The line has stopped', kind: 'complaint', channel: 'email' },
    message: 'Please hurry.',
  });
  await crm.order('Huawang', 499_999);
  t.equal(await crm.tier('Huawang'), 'potential', 'spend of the second band and growth from nothing');
  await crm.order('Huawang', 1);
  t.equal(await crm.tier('Huawang'), 'core');
  t.strictSame(await crm.history('Huawang'), [
    'core score 2026-11-24T02:00:00Z',
    'potential score 2026-11-24T02:00:00Z',
    'normal default 2026-11-24T02:00:00Z',
  ]);
  t.match(await crm.must(`GET /v1/tickets/${ticket.id}`), { tier: 'core', openedTier: 'normal' });
  const clocks = (await crm.must(`GET /v1/tickets/${ticket.id}?include=clocks`)).clocks;
  t.ok(
    clocks.some(({ dueAt }: { dueAt: string }) => dueAt === '2026-11-24T03:00:00Z'),
    'within an hour now',
  );
  const [score] = await crm.rows('customer_scores');
  t.match(score, { total: 86, target: 'core', moving: false, model: 1, moves_at: null, risks: [] });
  t.match(score.parts, [
    { key: 'spend', value: 500_000, points: 100, contribution: 40 },
    { key: 'frequency', value: 2, points: 30, contribution: 6 },
    { key: 'loyalty', value: 82, points: 100, contribution: 20 },
    { key: 'growth', value: null, unbounded: true, points: 100, contribution: 20 },
  ]);
  const asked = await crm.graphql('query ($id: ID!) { customer(id: $id) { tier tierSince } }', {
    id: crm.id('Huawang'),
  });
  t.strictSame(asked.body.data.customer, { tier: 'core', tierSince: '2026-11-24T02:00:00Z' });
  const events = (await crm.must('GET /v1/events?type=customer.tierChanged')).data;
  t.strictSame(
    events.map(({ actor, data }: { actor: string; data: Record<string, string> }) => [
      actor,
      data['from'],
      data['to'],
      data['source'],
    ]),
    [
      ['reviewer', 'normal', 'potential', 'score'],
      ['reviewer', 'potential', 'core', 'score'],
    ],
  );
  t.equal((await crm.rows('tier_reviews')).length, 1, 'the monthly run alone is ahead');
});

test('a tier falls at the second monthly run that finds it too high, at the first second of the local month', async (t) => {
  const crm = await openCrm(desk);
  await crm.customer('Huawang', { customerSince: '2020-01-01T00:00:00+08:00' });
  await crm.order('Huawang', 600_000);
  await crm.order('Huawang', 600_000, START, 'refund');
  t.equal(await crm.tier('Huawang'), 'core', 'not at once');
  await crm.to('2026-12-31T15:59:59Z');
  t.equal(await crm.tier('Huawang'), 'core', 'nor at the first run');
  t.match(await crm.rows('customer_scores'), [{ moving: true, standing: { runsBelow: 1 } }]);
  await crm.to('2026-12-31T16:00:00Z');
  t.equal(await crm.tier('Huawang'), 'normal');
  t.equal((await crm.history('Huawang'))[0], 'normal score 2026-12-31T16:00:00Z');
  const jobs = (await crm.must('GET /v1/jobs?type=tiers.recompute')).data;
  t.equal(jobs.length, 2);
  const last = await crm.must(`GET /v1/jobs/${jobs[0].id}`);
  t.match(last, {
    state: 'succeeded',
    requestedBy: 'reviewer',
    progress: { done: 1, total: 1 },
    result: {
      model: 1,
      month: '2027-01',
      customers: 1,
      scored: 1,
      moves: [{ from: 'core', to: 'normal', customers: 1 }],
    },
  });
  await crm.to('2027-04-02T00:00:00Z');
  t.equal((await crm.must('GET /v1/jobs?type=tiers.recompute')).data.length, 5, 'one for each month');
});

test('a recovery between two monthly runs begins the count anew', async (t) => {
  const crm = await openCrm(desk);
  await crm.apply(bySpend());
  await crm.customer('Huawang');
  await crm.order('Huawang', 1000);
  await crm.order('Huawang', 500, START, 'refund');
  await crm.to('2026-12-15T00:00:00Z');
  await crm.order('Huawang', 500, '2026-12-15T00:00:00Z');
  await crm.order('Huawang', 500, '2026-12-15T00:00:00Z', 'refund');
  await crm.to('2027-01-15T00:00:00Z');
  t.equal(await crm.tier('Huawang'), 'core', 'two runs found it below, not in a row');
  await crm.to('2027-01-31T16:00:00Z');
  t.equal(await crm.tier('Huawang'), 'potential');
});

test('a pin holds against the score until it ends', async (t) => {
  const crm = await openCrm(desk);
  await crm.apply(bySpend());
  await crm.customer('Up');
  await crm.customer('Down');
  await crm.must(`POST /v1/customers/${crm.id('Up')}/tier`, {
    tier: 'normal',
    reason: 'trial',
    until: '2026-11-30T00:00:00Z',
  });
  await crm.must(`POST /v1/customers/${crm.id('Down')}/tier`, {
    tier: 'core',
    reason: 'contract',
    until: '2027-02-15T00:00:00Z',
  });
  await crm.order('Up', 1000);
  await crm.order('Down', 1);
  await crm.to('2026-11-29T23:59:59Z');
  t.equal(await crm.tier('Up'), 'normal');
  await crm.to('2026-11-30T00:00:00Z');
  t.equal(await crm.tier('Up'), 'core', 'the score decides as soon as the pin has ended');
  await crm.to('2027-02-14T23:59:59Z');
  t.equal(await crm.tier('Down'), 'core', 'whatever monthly runs find');
  await crm.to('2027-02-15T00:00:00Z');
  t.equal(await crm.tier('Down'), 'normal', 'what a hand gave has no hysteresis');
  const ended = (await crm.must('GET /v1/events?type=customer.tierUnpinned')).data;
  t.strictSame(
    ended.map(({ subject, occurredAt }: Record<string, string>) => [subject, occurredAt]),
    [
      [crm.id('Up'), '2026-11-30T00:00:00Z'],
      [crm.id('Down'), '2027-02-15T00:00:00Z'],
    ],
  );
});

test('a better tier is waited for, and a step down is warned of by its grace period', async (t) => {
  const crm = await openCrm(desk);
  await crm.apply(bySpend({ upAfter: 'P2D', downRuns: 1, grace: 'P14D' }));
  await crm.customer('Huawang');
  await crm.order('Huawang', 1000);
  t.equal(await crm.tier('Huawang'), 'normal');
  t.match(await crm.rows('customer_scores'), [{ target: 'core', moving: true }]);
  await crm.to('2026-11-26T01:59:59Z');
  t.equal(await crm.tier('Huawang'), 'normal');
  await crm.to('2026-11-26T02:00:00Z');
  t.equal(await crm.tier('Huawang'), 'core');
  await crm.order('Huawang', 999, '2026-11-26T02:00:00Z', 'refund');
  await crm.to('2026-12-14T15:59:59Z');
  t.equal(await crm.tier('Huawang'), 'core', 'decided on the first, but not yet');
  await crm.to('2026-12-14T16:00:00Z');
  t.equal(await crm.tier('Huawang'), 'normal');
});

test('a customer of whom nothing is known is not scored and keeps the tier', async (t) => {
  const crm = await openCrm(desk);
  await crm.customer('Silent', { tier: 'core' });
  await crm.customer('Known', { figures: { lifetime_value: 1 } });
  const job = await crm.finished(await crm.must('POST /v1/tier-models/recompute', {}));
  t.match(job.result, { customers: 2, scored: 1, withoutData: 1, moves: [] });
  t.equal(await crm.tier('Silent'), 'core');
  await crm.customer('Late');
  const activity = await crm.order('Late', 10);
  t.equal((await crm.rows('customer_scores')).length, 2);
  await crm.must(`DELETE /v1/activities/${activity}`);
  t.equal((await crm.rows('customer_scores')).length, 1, 'what nothing is known of any longer');
});

test('percentiles and shares are read among all customers, as they were counted last', async (t) => {
  const crm = await openCrm(desk);
  await crm.apply(byShare);
  for (let n = 1; n <= 20; n++) {
    await crm.customer(`C${n}`);
    await crm.order(`C${n}`, n * 10);
  }
  const job = await crm.finished(await crm.must('POST /v1/tier-models/recompute', {}));
  t.match(job, {
    state: 'succeeded',
    progress: { done: 60, total: 60 },
    result: { customers: 20, scored: 20, failed: [] },
  });
  const tiers = await Promise.all(Array.from({ length: 20 }, (_, n) => crm.tier(`C${n + 1}`)));
  t.strictSame(
    tiers,
    [...Array(10).fill('normal'), ...Array(8).fill('potential'), 'core', 'core'],
    'the best two of twenty',
  );
  t.match((await crm.must('GET /v1/tier-model')).population, { customers: 20, at: '2026-11-24T02:00:00Z' });
  await crm.customer('New');
  await crm.order('New', 1000);
  t.equal(await crm.tier('New'), 'core', 'measured by those who were counted');
  t.equal(await crm.tier('C19'), 'core', 'who keep their places until all are counted again');
});

test('a preview tells who would move and moves nobody', async (t) => {
  const crm = await openCrm(desk);
  for (const [name, amount] of [
    ['Big', 2000],
    ['Middle', 200],
    ['Small', 2],
  ] as const) {
    await crm.customer(name);
    await crm.order(name, amount);
  }
  await crm.customer('Silent');
  await crm.must(`POST /v1/customers/${crm.id('Small')}/tier`, { tier: 'core', reason: 'contract' });
  await crm.must('POST /v1/tickets', {
    ...{ customerId: crm.id('Big'), subject: 'Late', kind: 'basic', channel: 'email', message: 'Where is it?' },
  });
  const tables = ['customers', 'customer_scores', 'tier_changes', 'tier_reviews', 'tier_models', 'tickets', 'clocks'];
  const before = await Promise.all(tables.map((table) => crm.rows(table)));
  const job = await crm.finished(await crm.must('POST /v1/tier-models/preview', { definition: bySpend() }));
  t.strictSame(await Promise.all(tables.map((table) => crm.rows(table))), before);
  t.match(job, { state: 'succeeded', progress: { done: 4, total: 4 } });
  t.match(job.result, {
    ...{ population: null, customers: 4, scored: 3, withoutData: 1, pinned: 1, later: [] },
    atOnce: [
      { from: 'normal', to: 'core', customers: 1 },
      { from: 'normal', to: 'potential', customers: 1 },
    ],
    tiers: [
      { tier: 'core', before: { customers: 1, openTickets: 0 }, after: { customers: 2, openTickets: 1, tickets: 1 } },
      { tier: 'potential', before: { customers: 0 }, after: { customers: 1 } },
      { tier: 'normal', before: { customers: 3, openTickets: 1 }, after: { customers: 1, openTickets: 0 } },
    ],
    examples: [
      { customerId: crm.id('Big'), name: 'Big', from: 'normal', to: 'core', atOnce: true, total: 100, totalBefore: 20 },
      { name: 'Middle', to: 'potential', total: 50 },
    ],
  });
  const asked = await crm.graphql(
    'mutation ($input: PreviewTierModelInput!) { previewTierModel(input: $input) { job { state } errors { code } } }',
    { input: { definition: bySpend() } },
  );
  t.match(asked.body.data.previewTierModel, { job: { state: 'queued' }, errors: [] });
  t.match(
    await crm.rest('POST /v1/tier-models/preview', {
      definition: { ...bySpend(), tiers: [{ tier: 'gold', minTotal: 1 }] },
    }),
    {
      status: 422,
      body: { errors: [{ path: 'definition.tiers.0.tier' }] },
    },
  );

  const applied = await crm.apply(bySpend());
  t.strictSame(applied.result.moves, job.result.atOnce, 'as it was told');
  await crm.apply(bySpend({ downRuns: 3 }));
  const again = await crm.finished(
    await crm.must('POST /v1/tier-models/preview', {
      definition: { ...bySpend(), tiers: [{ tier: 'core', minTotal: 100 }] },
    }),
  );
  t.match(again.result, { atOnce: [], later: [{ from: 'potential', to: 'normal', customers: 1 }] });
});

test('a preview tells what would be promised, also in a tier that had no tickets', async (t) => {
  const crm = await openCrm(desk);
  await crm.customer('Mover', { tier: 'potential' });
  await crm.order('Mover', 2000);
  await crm.customer('Other', { tier: 'potential' });
  const ticket = { subject: 'Late', kind: 'complaint', channel: 'email' };
  for (let n = 0; n < 10; n++) await crm.must('POST /v1/tickets', { ...ticket, customerId: crm.id('Mover') });
  await crm.must('POST /v1/tickets', { ...ticket, customerId: crm.id('Other') });
  const told = async () => {
    const { result } = await crm.finished(await crm.must('POST /v1/tier-models/preview', { definition: bySpend() }));
    return result.tiers.map(({ tier, before, after }: Record<string, Record<string, unknown>>) => [
      ...[tier, before!['promisedHours'], after!['promisedHours']],
    ]);
  };
  // By the reference plan a complaint is solved within 48 hours for potential customers, within 24 for core ones.
  const expected = [
    ['core', 0, 240],
    ['potential', 11 * 48, 48],
    ['normal', 0, 0],
  ];
  t.strictSame(await told(), expected);
  const plan = { key: 'own', name: 'Own', position: 1, calendar: 'always' };
  await crm.must('POST /v1/policies', {
    ...{ ...plan, match: { customers: [crm.id('Mover')], tiers: ['core'] } },
    objectives: [{ metric: 'resolution', target: 'PT2H' }],
  });
  t.strictSame(await told(), [['core', 0, 20], ...expected.slice(1)], 'a personal plan comes first');
  await crm.to('2027-01-10T00:00:00Z');
  t.strictSame((await told())[0], ['core', 0, 20], 'open ones count however old they are');
});

test('a workspace that moves to another time zone has one run for each local month', async (t) => {
  const months = async (crm: Crm) => {
    const { data } = await crm.must('GET /v1/jobs?type=tiers.recompute&limit=200');
    return data.reverse().map(({ createdAt }: { createdAt: string }) => createdAt);
  };
  const west = await openCrm(desk);
  await west.must('PATCH /v1/workspace', { timeZone: 'America/New_York' });
  await west.to('2027-01-02T00:00:00Z');
  t.strictSame(await months(west), ['2026-12-01T05:00:00Z', '2027-01-01T05:00:00Z']);
  const east = await openCrm(desk, { timeZone: 'America/New_York' });
  await east.must('PATCH /v1/workspace', { timeZone: 'Asia/Shanghai' });
  await east.to('2027-01-02T00:00:00Z');
  t.strictSame(await months(east), ['2026-12-01T05:00:00Z', '2026-12-31T16:00:00Z'], 'late once, and never left out');
});

test('a job that is interrupted anywhere goes on from there, and a month counts once', async (t) => {
  const crm = await openCrm(desk);
  await crm.apply(bySpend());
  for (let n = 0; n < 30; n++) {
    await crm.customer(`C${n}`);
    await crm.order(`C${n}`, 1000);
    await crm.order(`C${n}`, 950, START, 'refund');
  }
  const [definition] = JOBS.filter(({ type }) => type === 'tiers.recompute');
  const workspaceId = crm.workspaceId;
  const month = { monthly: Date.parse('2026-11-30T16:00:00Z') / 1000, month: '2026-12' };
  // The same run begun three times, and left before its place is kept.
  let steps = 0;
  const leaving = {
    ...definition!,
    async run(work: object, input: object) {
      const broken = {
        ...work,
        async step() {
          steps += 1;
          throw new Error('The process ends here.');
        },
      };
      return definition!.run(broken as never, { ...input, ...month } as never);
    },
  };
  for (let attempt = 0; attempt < 3; attempt++) {
    const { id } = await crm.must('POST /v1/tier-models/recompute', {});
    await finishJobs(desk.desk, [leaving], workspaceId, LOG);
    t.equal((await crm.must(`GET /v1/jobs/${id}`)).state, 'failed');
  }
  t.equal(steps, 3);
  const standings = (await crm.rows('customer_scores')).map(({ standing }) => standing.runsBelow);
  t.strictSame(standings, Array(30).fill(1));
});

test('a job that dies at every step comes to what one that never dies comes to', async (t) => {
  const definition = JOBS.find(({ type }) => type === 'tiers.recompute')!;
  const outcomes = [];
  for (const dies of [false, true]) {
    const crm = await openCrm(desk);
    await crm.must('POST /v1/tier-models', { definition: byShare });
    await desk.desk.db.pool.query(FILL_CUSTOMERS, [crm.workspaceId, 1100]);
    await desk.desk.db.pool.query(FILL_ACTIVITIES, [crm.workspaceId]);
    const kept: unknown[] = [null];
    const workOf = () => ({
      id: 'job',
      place: structuredClone(kept.at(-1)),
      async context() {
        const workspace = await desk.desk.workspaceNow(crm.workspaceId);
        return contextOf(desk.desk, { workspace, actor: systemActor('worker'), door: 'job', log: LOG });
      },
      async save(groups: { changes: Changes }[], failed: (group: never, error: unknown) => void) {
        const workspace = await desk.desk.workspaceNow(crm.workspaceId);
        return saveEach(desk.desk, workspace, groups, { actor: 'worker', door: 'job' }, failed as never);
      },
      async step(place: unknown) {
        const isNew = JSON.stringify(place) !== JSON.stringify(kept.at(-1));
        kept.push(JSON.parse(JSON.stringify(place)));
        if (dies && isNew) throw new Error('The process ends here.');
      },
    });
    let report: object | null = null;
    while (report === null) {
      report = await definition.run(workOf() as never, {}).catch((error: Error) => {
        if (error.message !== 'The process ends here.') throw error;
        return null;
      });
      if (kept.length > 40) throw new Error('It never gets on.');
    }
    t.equal(kept.length > 5, true, `${kept.length} steps`);
    const scores = (await crm.rows('customer_scores')).map(({ total, target, moving }) => ({ total, target, moving }));
    const tiers = (await crm.rows('customers')).map(({ name, tier }) => `${name} ${tier}`).sort();
    const moved = (await crm.rows('tier_changes')).length;
    outcomes.push({ report, scores: scores.map((one) => JSON.stringify(one)).sort(), tiers, moved });
  }
  t.strictSame(outcomes[1], outcomes[0]);
  t.match(outcomes[0]!.report, { customers: 1100, scored: 1100, failed: [] });
  t.equal(outcomes[0]!.tiers.filter((line) => line.endsWith('core')).length, 110);
});
