/** The reference plan read back: it compiles, every cell of its table promises what it should, and its calendars hold over the holidays. */

import { test } from 'tap';
import { COMPUTED_METRICS, referencePlan } from '../../src/domains/plans/reference.ts';
import { ALWAYS, type Calendar, compileCalendar } from '../../src/rules/calendar.ts';
import { type ClockEvent, computeClocks } from '../../src/rules/clocks.ts';
import { type CalendarRef, compilePolicy, METRICS, matchPolicy, type Policy } from '../../src/rules/policy.ts';
import { compileTierModel } from '../../src/rules/tier-model.ts';

const plan = referencePlan('zh-CN');
const calendars = new Map<CalendarRef, Calendar>([
  ['always', ALWAYS],
  ...plan.calendars.map(({ key, ...definition }): [string, Calendar] => [key, compileCalendar(definition, key)]),
]);

function resolve(ref: CalendarRef): Calendar {
  const calendar = calendars.get(ref);
  if (calendar === undefined) throw new Error(`The plan has no calendar ${ref}.`);
  return calendar;
}

function compilePlan(metrics = COMPUTED_METRICS): Policy[] {
  return referencePlan('en', metrics).policies.map((policy) => compilePolicy(policy, resolve, policy.key));
}

// live first / next / proposal, async first / next / proposal, update, resolution; calendar live, async; pausesOn.
const TABLE = `
  core complaint      | PT10S PT1M PT2M | PT1H PT1H PT4H | PT4H  PT24H | always     always     |
  core other          | PT10S PT1M PT2M | PT1H PT2H PT4H | PT8H  PT16H | always     cn-service | pending
  potential complaint | PT30S PT2M PT2M | PT4H PT4H PT8H | PT24H PT48H | always     always     | pending
  potential other     | PT30S PT2M PT2M | PT4H PT4H PT8H | P1D   PT16H | cn-service cn-office  | pending
  normal complaint    | PT30S PT2M PT2M | PT8H PT8H P1D  | P1D   P3D   | cn-service cn-office  | pending
  normal other        | PT30S PT2M PT2M | PT8H PT8H P2D  | P2D   P5D   | cn-service cn-office  | pending`;

function promisesOf(policy: Policy): Record<string, string> {
  const keyOf = (calendar: Calendar | null) => [...calendars].find(([, one]) => one === calendar)?.[0];
  return Object.fromEntries(
    [...policy.objectives.values()].map((objective) => [
      objective.metric,
      [objective.targetText, keyOf(objective.calendar ?? policy.calendar), ...objective.pausesOn].join(' '),
    ]),
  );
}

test('every cell of the table, whatever kind and channel, promises what it should', async (t) => {
  const policies = compilePlan(METRICS);
  t.equal(policies.length, 13);
  for (const line of TABLE.trim().split('\n')) {
    const [title, live, async, both, calendar, pausesOn] = line.split('|').map((cell) => cell.trim().split(/\s+/));
    const [tier, about] = title as [string, string];
    const kinds = plan.kinds.map(({ key }) => key).filter((key) => (key === 'complaint') === (about === 'complaint'));
    for (const { key: channel, mode } of plan.channels) {
      const [first, next, proposal] = mode === 'live' ? live! : async!;
      const [update, resolution] = both!;
      const own = mode === 'live' ? calendar![0] : calendar![1];
      const answers = tier === 'potential' && about === 'complaint' && mode === 'live' ? 'cn-service' : own;
      const pauses = pausesOn![0] === '' ? '' : ` ${pausesOn![0]}`;
      for (const kind of kinds) {
        const policy = matchPolicy(policies, { tier, kind, channel, priority: 'normal', customer: 'cus_1' }, 0)!;
        t.same(
          promisesOf(policy),
          {
            first_response: `${first} ${answers}${pauses}`,
            next_response: `${next} ${answers}${pauses}`,
            proposal: `${proposal} ${answers}${pauses}`,
            resolution: `${resolution} ${own}${pauses}`,
            update: `${update} ${own}${pauses}`,
            follow_up: 'PT48H always',
            survey: 'P3D cn-office',
            callback: tier === 'core' ? 'PT4H always' : 'P1D cn-office',
          },
          `${tier} ${kind} ${channel}`,
        );
      }
    }
  }
});

test('a ticket of no tier, or through a channel of its own, gets the standard promise', async (t) => {
  const policies = compilePlan(METRICS);
  const standard = matchPolicy(policies, { tier: null, kind: 'basic', channel: 'email' }, 0)!;
  t.equal(standard.key, 'standard');
  t.equal(matchPolicy(policies, { tier: 'core', kind: 'complaint', channel: 'fax' }, 0)!.key, 'standard');
  t.equal(matchPolicy(policies, { tier: 'gold', kind: null, channel: 'phone' }, 0)!.key, 'standard');
  const cell = matchPolicy(policies, { tier: 'normal', kind: 'basic', channel: 'email' }, 0)!;
  t.same(promisesOf(standard), promisesOf(cell));
});

test('warnings come at half and at four fifths, and never for two minutes or less', async (t) => {
  for (const policy of compilePlan(METRICS)) {
    for (const { metric, target, targetText, warnAt, minOptions } of policy.objectives.values()) {
      const short = 'seconds' in target && target.seconds <= 120;
      t.same(warnAt, short ? [] : [0.5, 0.8], `${policy.key} ${metric} ${targetText}`);
      if (metric === 'proposal') t.equal(minOptions, 2);
    }
  }
});

test('at half the assignee is told, at four fifths the lead with a higher priority, of a breach the manager', async (t) => {
  const aftercare = ['follow_up', 'survey', 'callback'];
  for (const policy of compilePlan(METRICS)) {
    for (const { metric, target, targetText, escalate } of policy.objectives.values()) {
      const short = 'seconds' in target && target.seconds <= 120;
      const senior = policy.key.startsWith('core-complaint') ? [{ notify: 'senior' }] : [];
      const hurry = aftercare.includes(metric) ? [] : [{ raisePriority: true }];
      const before = [
        { fraction: 0.5, do: [{ notify: 'assignee' }] },
        { fraction: 0.8, do: [{ notify: 'team_lead' }, ...hurry] },
      ];
      const broken = { afterDue: 0, do: [{ notify: 'manager' }, ...senior] };
      t.same(escalate, [...(short ? [] : before), broken], `${policy.key} ${metric} ${targetText}`);
    }
  }
});

test('a new workspace is promised what can be measured', async (t) => {
  for (const policy of compilePlan()) t.same([...policy.objectives.keys()], COMPUTED_METRICS, policy.key);
});

test('both languages say the same plan, and every name and reference is there', async (t) => {
  const english = referencePlan('en');
  const withoutNames = (value: unknown) => JSON.stringify(value, (key, one) => (key === 'name' ? undefined : one));
  t.equal(withoutNames(english), withoutNames(plan));
  for (const [language, { surveyTemplates, tierModel, ...lists }] of Object.entries({ en: english, 'zh-CN': plan })) {
    for (const [list, items] of Object.entries({
      ...lists,
      surveyTemplates,
      tierParts: tierModel.parts.map(({ key, name = '' }) => ({ key, name })),
      fields: lists.kinds.flatMap(({ fields }) => fields),
    })) {
      const keys = items.map(({ key }) => key);
      t.equal(new Set(keys).size, keys.length, `${list}: keys are unique`);
      for (const { key, name } of items) {
        t.match(key, /^[a-z0-9][a-z0-9_-]{0,63}$/);
        t.match(name, language === 'en' ? /^[\x20-\x7e·]+$/ : /\p{Script=Han}/u, `${list} ${key}`);
      }
    }
  }
  t.same(
    plan.tiers.map(({ key, position }) => [key, position]),
    [
      ['core', 1],
      ['potential', 2],
      ['normal', 3],
    ],
  );
  t.same(
    plan.statuses.map(({ key, category }) => [key, category]).filter(([key, category]) => key !== category),
    [],
  );
  const seen = new Set<string>();
  for (const { key, parent } of plan.problemTypes) {
    t.ok(parent === null || seen.has(parent), `${key}: its parent comes first`);
    seen.add(key);
  }
});

test('office days follow the announced holidays and make-up days', async (t) => {
  const office = plan.calendars.find(({ key }) => key === 'cn-office')!;
  const special = office.specialDays!.map(({ date }) => date);
  for (const date of [
    '2026-01-01',
    '2026-02-15',
    '2026-02-23',
    '2026-10-01',
    '2026-10-07',
    '2024-02-17',
    '2019-10-07',
  ]) {
    t.ok(office.holidays!.includes(date), date);
  }
  for (const date of ['2026-02-14', '2026-02-28', '2026-09-20', '2026-10-10', '2024-02-18', '2019-10-12']) {
    t.ok(special.includes(date), date);
  }
  t.same(
    office.holidays!.filter((date) => special.includes(date as string)),
    [],
    'a date is one or the other',
  );
  for (const date of special) t.ok([0, 6].includes(new Date(date).getUTCDay()), `${date} would be a weekend`);
});

/** Local time in Shanghai -> epoch seconds, and back. */
function at(local: string): number {
  return Date.parse(`${local.replace(' ', 'T')}+08:00`) / 1000;
}

function local(instant: number | null): string | null {
  return instant === null ? null : new Date((instant + 8 * 3600) * 1000).toISOString().slice(0, 19).replace('T', ' ');
}

const levels = { policies: compilePlan(), calendar: ALWAYS };

function dueOf(events: ClockEvent[], asOf: string): Record<string, string | null> {
  return Object.fromEntries(computeClocks(events, at(asOf)).map(({ metric, dueAt }) => [metric, local(dueAt)]));
}

test('a normal question on the eve of National Day waits for the office, pauses with the customer, and moves on over the make-up Saturday', async (t) => {
  const created: ClockEvent = {
    at: at('2026-09-30 17:59:53'),
    type: 'created',
    levels,
    tier: 'normal',
    kind: 'basic',
    channel: 'email',
  };
  // 7 seconds on the 30th, the rest of 8 hours on Thursday the 8th. Five working days: 8, 9, 10 (Saturday, made up), 12, 13.
  t.same(dueOf([created], '2026-10-01 00:00:00'), {
    first_response: '2026-10-08 17:59:53',
    resolution: '2026-10-13 17:59:53',
  });
  // Eight open hours pass while it is pending: 2 + 5 on Friday, 1 on the Saturday.
  const events: ClockEvent[] = [
    created,
    { at: at('2026-10-09 09:00:00'), type: 'agent_reply' },
    { at: at('2026-10-09 10:00:00'), type: 'status_changed', status: 'pending' },
    { at: at('2026-10-10 10:00:00'), type: 'status_changed', status: 'open' },
  ];
  t.equal(dueOf(events, '2026-10-09 12:00:00')['resolution'], null);
  t.equal(dueOf(events, '2026-10-10 10:00:00')['resolution'], '2026-10-14 17:59:53');
});

test('a potential customer who writes on the make-up Saturday before Spring Festival is answered after it', async (t) => {
  // 2 hours on Saturday the 14th; the office is closed from the 15th to the 23rd.
  t.same(
    dueOf(
      [{ at: at('2026-02-14 16:00:00'), type: 'created', levels, tier: 'potential', kind: 'presales', channel: 'web' }],
      '2026-02-14 16:00:00',
    ),
    { first_response: '2026-02-24 11:00:00', resolution: '2026-02-25 16:00:00' },
  );
});

test("a core customer's complaint knows neither night nor holiday, and pending does not stop it", async (t) => {
  const events: ClockEvent[] = [
    { at: at('2026-02-17 03:00:00'), type: 'created', levels, tier: 'core', kind: 'complaint', channel: 'phone' },
    { at: at('2026-02-17 03:00:05'), type: 'status_changed', status: 'pending' },
  ];
  t.same(dueOf(events, '2026-02-17 03:00:05'), {
    first_response: '2026-02-17 03:00:10',
    resolution: '2026-02-18 03:00:00',
  });
});

test("a potential customer's complaint at night is answered from eight o'clock on, but its solution does not wait", async (t) => {
  t.same(
    dueOf(
      [
        {
          at: at('2026-10-02 23:30:00'),
          type: 'created',
          levels,
          tier: 'potential',
          kind: 'complaint',
          channel: 'wecom',
        },
      ],
      '2026-10-02 23:30:00',
    ),
    { first_response: '2026-10-03 08:00:30', resolution: '2026-10-04 23:30:00' },
  );
});

test('the tier model is the one of the handbooks', async (t) => {
  const { tierModel, tiers } = referencePlan('en');
  const model = compileTierModel(
    tierModel,
    tiers.map(({ key }) => key),
  );
  t.same(
    model.parts.map(({ key, weight, bands }) => [
      key,
      weight,
      ...bands!.map(({ from, points }) => `${from}: ${points}`),
    ]),
    [
      ['spend', 40, '500000: 100', '100000: 60', '10000: 30'],
      ['frequency', 20, '12: 100', '6: 60', '2: 30'],
      ['loyalty', 20, '36: 100', '12: 60', '6: 30'],
      ['growth', 20, '50: 100', '20: 60', '0: 30'],
    ],
  );
  t.same(model.rules, [
    { tier: 'core', minTotal: 70, minParts: { spend: 100, loyalty: 60 } },
    { tier: 'potential', minParts: { spend: 30, growth: 60 } },
  ]);
  t.match(model, { downRuns: 2, upAfterSeconds: 0, graceSeconds: 0 });
});
