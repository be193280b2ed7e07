/** When other service levels promise a ticket anything else, and how what they do to it is counted. */

import { test } from 'tap';
import { ALWAYS, type CalendarDefinition, compileCalendar } from '../../src/rules/calendar.ts';
import { type ClockEvent, computeClocks, type ServiceLevels } from '../../src/rules/clocks.ts';
import { compilePolicy, type PolicyDefinition } from '../../src/rules/policy.ts';
import {
  addFailed,
  addTouched,
  MOST_CLOCKS,
  MOST_FAILED,
  MOST_TOUCHED,
  nothingRecomputed,
  turnTo,
} from '../../src/rules/recomputation.ts';

const HOURS: CalendarDefinition = { timeZone: 'UTC', week: { mon: [['09:00', '17:00']], tue: [['09:00', '17:00']] } };
/** Compiled anew each time: nothing may rest on objects being the same ones. */
const office = (more: Partial<CalendarDefinition> = {}) => compileCalendar({ ...HOURS, ...more });
const calendars: Record<string, () => ReturnType<typeof office>> = {
  office: () => office(),
  closing: () => office({ holidays: ['2027-03-02'] }),
  always: () => ALWAYS,
};

const PLAN: PolicyDefinition = {
  key: 'plan',
  calendar: 'office',
  objectives: [{ metric: 'first_response', target: 'PT1H', warnAt: [0.5, 0.8], pausesOn: ['pending', 'on_hold'] }],
  semantics: { firstResponseBy: ['open', 'solved'] },
};

function levels(...definitions: PolicyDefinition[]): ServiceLevels {
  const policies = definitions.map((one) => compilePolicy(one, (ref) => calendars[ref as string]!()));
  return { policies, calendar: ALWAYS };
}

const [FIRST] = PLAN.objectives;

test('what promises a ticket the same touches nothing, whatever else has changed', async (t) => {
  const cases: [string, PolicyDefinition[], PolicyDefinition[]][] = [
    ['the same again', [PLAN], [PLAN]],
    ['a name and a version', [PLAN], [{ ...PLAN, name: 'Other', version: 7 }]],
    ['a place among others', [PLAN], [{ ...PLAN, position: 4 }]],
    ['whom else it covers', [PLAN], [{ ...PLAN, match: { tiers: ['core', 'vip'] } }]],
    ['another policy beside it', [PLAN], [PLAN, { key: 'other', match: { tiers: ['normal'] }, objectives: [] }]],
    [
      'a less specific one',
      [{ ...PLAN, match: { tiers: ['core'] } }],
      [
        { ...PLAN, match: { tiers: ['core'] } },
        { key: 'a', objectives: [] },
      ],
    ],
    [
      'words in another order',
      [PLAN],
      [{ ...PLAN, objectives: [{ ...FIRST!, warnAt: [0.8, 0.5], pausesOn: ['on_hold', 'pending'] }] }],
    ],
    [
      'options in another order',
      [PLAN],
      [{ ...PLAN, semantics: { firstResponseBy: ['solved', 'public_reply', 'open'] } }],
    ],
    [
      'a default that is said',
      [PLAN],
      [{ ...PLAN, semantics: { ...PLAN.semantics, onReopen: 'resume', preset: 'tierdesk' } }],
    ],
    ['a target in other words', [PLAN], [{ ...PLAN, objectives: [{ ...FIRST!, target: 'PT60M' }] }]],
    [
      'the calendar at the objective',
      [PLAN],
      [{ ...PLAN, calendar: 'always', objectives: [{ ...FIRST!, calendar: 'office' }] }],
    ],
    ['no calendar and always', [{ ...PLAN, calendar: undefined }], [{ ...PLAN, calendar: 'always' }]],
    ['nothing and nothing', [], [{ key: 'vip', match: { tiers: ['vip'] }, objectives: [FIRST!] }]],
  ];
  for (const [name, before, after] of cases) {
    const events: ClockEvent[] = [{ at: 0, type: 'created', tier: 'core', levels: levels(...before) }];
    t.equal(turnTo(events, levels(...after), 0), null, name);
  }
});

test('what promises a ticket anything else is told from a calendar that says something else', async (t) => {
  const cases: [string, PolicyDefinition[], PolicyDefinition[], 'policy_changed' | 'calendar_changed'][] = [
    ['another target', [PLAN], [{ ...PLAN, objectives: [{ ...FIRST!, target: 'PT2H' }] }], 'policy_changed'],
    ['another warning', [PLAN], [{ ...PLAN, objectives: [{ ...FIRST!, warnAt: [0.5] }] }], 'policy_changed'],
    ['another pause', [PLAN], [{ ...PLAN, objectives: [{ ...FIRST!, pausesOn: [] }] }], 'policy_changed'],
    [
      'another step',
      [PLAN],
      [{ ...PLAN, objectives: [{ ...FIRST!, escalate: [{ at: 'due', do: [{ notify: 'manager' }] }] }] }],
      'policy_changed',
    ],
    [
      'one more promise',
      [PLAN],
      [{ ...PLAN, objectives: [FIRST!, { metric: 'resolution', target: 'P1D' }] }],
      'policy_changed',
    ],
    ['another metric', [PLAN], [{ ...PLAN, objectives: [{ ...FIRST!, metric: 'resolution' }] }], 'policy_changed'],
    ['other options', [PLAN], [{ ...PLAN, semantics: { ...PLAN.semantics, hold: 'wall' } }], 'policy_changed'],
    ['another policy of the same words', [PLAN], [{ ...PLAN, key: 'other' }], 'policy_changed'],
    ['a more specific one', [PLAN], [PLAN, { ...PLAN, key: 'own', match: { tiers: ['core'] } }], 'policy_changed'],
    ['none any longer', [PLAN], [], 'policy_changed'],
    ['one where was none', [], [PLAN], 'policy_changed'],
    ['a calendar with a holiday', [PLAN], [{ ...PLAN, calendar: 'closing' }], 'calendar_changed'],
    ['another calendar in the next version', [PLAN], [{ ...PLAN, version: 2, calendar: 'always' }], 'policy_changed'],
    [
      'another calendar for one promise',
      [PLAN],
      [{ ...PLAN, objectives: [{ ...FIRST!, calendar: 'always' }] }],
      'calendar_changed',
    ],
    [
      'both at once',
      [PLAN],
      [{ ...PLAN, calendar: 'closing', objectives: [{ ...FIRST!, target: 'PT2H' }] }],
      'policy_changed',
    ],
  ];
  for (const [name, before, after, type] of cases) {
    const events: ClockEvent[] = [{ at: 0, type: 'created', tier: 'core', levels: levels(...before) }];
    t.equal(turnTo(events, levels(...after), 0), type, name);
  }
});

test('a ticket is matched by what it is by now, under the levels it was told of last', async (t) => {
  const core = { ...PLAN, key: 'core', match: { tiers: ['core'] } };
  const both = levels(core, PLAN);
  const events: ClockEvent[] = [
    { at: 0, type: 'created', tier: 'core', levels: levels(core) },
    { at: 9, type: 'policy_changed', levels: both },
    { at: 5, type: 'tier_changed', tier: 'normal' },
  ];
  t.equal(turnTo(events, both, 0), null, 'the very same');
  t.equal(turnTo(events, levels({ ...core, calendar: 'always' }, PLAN), 0), null, 'core is not its tier any longer');
  t.equal(turnTo(events, levels(core, { ...PLAN, calendar: 'always' }), 0), 'calendar_changed');
  t.equal(turnTo(events, levels(core), 0), 'policy_changed');
});

test('a term that begins or ends moves no promise; an edit does, where it speaks of what is promised now', async (t) => {
  const personal = { ...PLAN, key: 'personal', match: { customers: ['cus_1'] }, validTo: 100 };
  const other = { ...PLAN, objectives: [{ ...FIRST!, target: 'PT2H' }] };
  const created = (...plans: PolicyDefinition[]): ClockEvent[] => [
    { at: 0, type: 'created', customer: 'cus_1', levels: levels(...plans) },
  ];
  const upcoming = { ...personal, validFrom: 200, validTo: 300 };
  const cases: [string, PolicyDefinition[], PolicyDefinition[], number, 'policy_changed' | null][] = [
    [
      'ended, and something else is edited',
      [personal, PLAN],
      [personal, PLAN, { key: 'z', objectives: [] }],
      100,
      null,
    ],
    ['ended, and it is edited all the same', [personal, PLAN], [{ ...personal, calendar: 'always' }, PLAN], 100, null],
    ['ended, and the standard is edited', [personal, PLAN], [personal, other], 100, 'policy_changed'],
    ['ended, and prolonged', [personal, PLAN], [{ ...personal, validTo: 500 }, PLAN], 100, null],
    ['ended by an edit', [personal, PLAN], [{ ...personal, validTo: 50 }, PLAN], 60, 'policy_changed'],
    ['ended by an edit, later', [personal, PLAN], [{ ...personal, validTo: 80 }, PLAN], 60, null],
    ['taken away while it holds', [personal, PLAN], [PLAN], 60, 'policy_changed'],
    ['taken away after its end', [personal, PLAN], [PLAN], 100, null],
    ['added, to begin later', [PLAN], [PLAN, upcoming], 100, null],
    ['added, and begun', [PLAN], [PLAN, upcoming], 200, 'policy_changed'],
    [
      'begun since, and something else is edited',
      [PLAN, upcoming],
      [PLAN, upcoming, { key: 'z', objectives: [] }],
      200,
      null,
    ],
  ];
  for (const [name, before, after, at, type] of cases)
    t.equal(turnTo(created(...before), levels(...after), at), type, name);
});

/** The clocks at 10:00 of a ticket that was created at 09:00 and is promised this. */
function clocks(...objectives: [metric: string, target: string][]) {
  const policy = { key: 'plan', objectives: objectives.map(([metric, target]) => ({ metric, target })) };
  return computeClocks([{ at: 32_400, type: 'created', levels: levels(policy) }], 36_000);
}

test('clocks and breaches before and after, by tier', async (t) => {
  const report = nothingRecomputed();
  const add = (tier: string | null, before: ReturnType<typeof clocks>, after: ReturnType<typeof clocks>) =>
    addTouched(report, { id: `t${report.ticketsTouched}`, number: report.ticketsTouched, tier }, before, after);
  add(
    'core',
    clocks(['first_response', 'PT2H'], ['resolution', 'PT3H']),
    clocks(['first_response', 'PT30M'], ['resolution', 'PT3H']),
  );
  add('core', clocks(['resolution', 'PT30M']), clocks(['resolution', 'PT5H']));
  add(null, clocks(), clocks(['first_response', 'PT10M']));
  add('core', clocks(['first_response', 'PT10M']), []);
  add('core', clocks(['first_response', 'PT2H']), clocks(['first_response', 'PT2H']));
  t.strictSame(report.byTier, [
    {
      tier: null,
      tickets: 1,
      clocksStarted: 1,
      clocksMoved: 0,
      clocksCancelled: 0,
      breachesAppeared: 1,
      breachesVanished: 0,
    },
    {
      tier: 'core',
      tickets: 4,
      clocksStarted: 0,
      clocksMoved: 2,
      clocksCancelled: 1,
      breachesAppeared: 1,
      breachesVanished: 2,
    },
  ]);
  t.equal(report.ticketsTouched, 5);
  t.strictSame(report.touched[0], {
    id: 't0',
    number: 0,
    tier: 'core',
    clocks: [
      {
        metric: 'first_response',
        cycle: 1,
        before: { policyKey: 'plan', state: 'running', dueAt: 39_600, breached: false },
        after: { policyKey: 'plan', state: 'running', dueAt: 34_200, breached: true },
      },
    ],
  });
  t.strictSame(report.touched[4]!.clocks, [], 'touched, and nothing moved');
});

test('a report does not grow with the tickets', async (t) => {
  const report = nothingRecomputed();
  const many = Array.from({ length: 50 }, (_, n) => ({ ...clocks(['first_response', 'PT2H'])[0]!, cycle: n + 1 }));
  for (let n = 0; n < 500; n++) {
    addTouched(report, { id: `${n}`, number: n, tier: 'core' }, [], many);
    addFailed(report, `${n}`, 'internal');
  }
  t.match(report, { ticketsTouched: 500, ticketsFailed: 500, byTier: [{ tickets: 500, clocksStarted: 25_000 }] });
  t.equal(report.touched.length, MOST_TOUCHED);
  t.equal(report.failed.length, MOST_FAILED);
  t.ok(report.touched.every((ticket) => ticket.clocks.length === MOST_CLOCKS));
});
