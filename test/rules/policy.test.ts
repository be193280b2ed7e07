/** What a policy may say, what it means, and which one covers a ticket. */

import { test } from 'tap';
import { AppError } from '../../src/errors.ts';
import { ALWAYS, type Calendar, compileCalendar } from '../../src/rules/calendar.ts';
import {
  type Attributes,
  type CalendarRef,
  compilePolicy,
  DEFAULT_SEMANTICS,
  explainMatch,
  METRICS,
  matches,
  matchPolicy,
  type PolicyDefinition,
  PRESETS,
  parseTarget,
  type Semantics,
  termState,
} from '../../src/rules/policy.ts';

function resolve(ref: CalendarRef, path: string): Calendar {
  if (ref === 'always') return ALWAYS;
  if (typeof ref !== 'string') return compileCalendar(ref, path);
  throw new AppError('validation_failed', 'No such calendar.', [
    { path, message: 'No such calendar.', code: 'unknown' },
  ]);
}

function makePolicy(definition: Partial<PolicyDefinition> = {}) {
  return compilePolicy({ key: 'p', objectives: [], ...definition }, resolve);
}

/** The faults of a definition as `path: code`. */
function faultsOf(definition: unknown): string[] {
  try {
    compilePolicy(definition as PolicyDefinition, resolve);
    return [];
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'validation_failed') throw error;
    return error.errors.map(({ path, code }) => `${path}: ${code}`);
  }
}

const objective = (rest: object) => ({ key: 'p', objectives: [{ metric: 'resolution', target: 'PT1H', ...rest }] });

test('a target is hours, minutes and seconds of open time, or whole working days', async (t) => {
  const cases: [string, object][] = [
    ['PT30S', { seconds: 30 }],
    ['PT2M', { seconds: 120 }],
    ['PT1H', { seconds: 3600 }],
    ['PT1H30M', { seconds: 5400 }],
    ['PT1H0M5S', { seconds: 3605 }],
    ['PT90M', { seconds: 5400 }],
    ['PT48H', { seconds: 172_800 }],
    ['P1D', { days: 1 }],
    ['P3D', { days: 3 }],
  ];
  for (const [text, target] of cases) t.strictSame(parseTarget(text, 'target'), target, text);
});

test('mixed forms, weeks, fractions, signs and nothing at all are no target', async (t) => {
  const texts = [
    'P1DT2H',
    'P1W',
    'PT1.5H',
    'PT0.5S',
    'P0.5D',
    '-PT1H',
    'PT-1H',
    'PT0S',
    'PT0H0M',
    'P0D',
    'P1M',
    'P1Y',
    'P',
    'PT',
  ];
  for (const text of [...texts, '', '1h', 'pt1h', 'PT1M1H', 'PT1H ', '3600']) {
    t.throws(
      () => parseTarget(text, 'objectives.0.target'),
      { code: 'validation_failed', errors: [{ path: 'objectives.0.target' }] },
      text,
    );
  }
});

test('what a definition leaves out has its default', async (t) => {
  const policy = makePolicy({ objectives: [{ metric: 'proposal', target: 'PT2M' }] });
  t.match(policy, { key: 'p', name: 'p', position: 0, version: 1, calendar: null, semantics: DEFAULT_SEMANTICS });
  t.strictSame(policy.match, { customers: [], tiers: [], kinds: [], channels: [], priorities: [] });
  const proposal = policy.objectives.get('proposal')!;
  t.match(proposal, { calendar: null, warnAt: [], minOptions: 2, startsAt: 'understanding_confirmed', escalate: [] });
  t.equal(proposal.pausesOn.size, 0);
  t.equal(proposal.targetText, 'PT2M');
});

test('every fault is named by its field path, all in one answer', async (t) => {
  const cases: [string, unknown, string[]][] = [
    ['no key', { objectives: [] }, ['policy.key: required']],
    ['no list of objectives', { key: 'p' }, ['policy.objectives: invalid']],
    ['an unknown metric', objective({ metric: 'speed' }), ['policy.objectives.0.metric: unknown_metric']],
    [
      'two objectives for a metric',
      {
        key: 'p',
        objectives: [
          { metric: 'task', target: 'P1D' },
          { metric: 'task', target: 'P2D' },
        ],
      },
      ['policy.objectives.1.metric: duplicate'],
    ],
    ['a target in weeks', objective({ target: 'P1W' }), ['policy.objectives.0.target: duration']],
    ['a target of nothing', objective({ target: 'PT0S' }), ['policy.objectives.0.target: out_of_range']],
    ['a target that is no text', objective({ target: 3600 }), ['policy.objectives.0.target: duration']],
    [
      'warnings at the ends',
      objective({ warnAt: [0, 0.5, 1] }),
      ['policy.objectives.0.warnAt.0: out_of_range', 'policy.objectives.0.warnAt.2: out_of_range'],
    ],
    ['a warning twice', objective({ warnAt: [0.5, 0.5] }), ['policy.objectives.0.warnAt.1: duplicate']],
    [
      'an unknown category',
      objective({ pausesOn: ['open', 'asleep'] }),
      ['policy.objectives.0.pausesOn.1: unknown_value'],
    ],
    ['an unknown calendar', objective({ calendar: 'moon' }), ['policy.objectives.0.calendar: unknown']],
    ['an unknown calendar of the policy', { key: 'p', calendar: 'moon', objectives: [] }, ['policy.calendar: unknown']],
    ['options of a resolution', objective({ minOptions: 2 }), ['policy.objectives.0.minOptions: invalid']],
    ['a start of a resolution', objective({ startsAt: 'created' }), ['policy.objectives.0.startsAt: invalid']],
    ['no options', objective({ metric: 'proposal', minOptions: 0 }), ['policy.objectives.0.minOptions: out_of_range']],
    [
      'an unknown start',
      objective({ metric: 'proposal', startsAt: 'noon' }),
      ['policy.objectives.0.startsAt: unknown_value'],
    ],
    [
      'an unknown option',
      { ...objective({}), semantics: { onSunday: 'rest' } },
      ['policy.semantics.onSunday: unknown_option'],
    ],
    ['an unknown value', { ...objective({}), semantics: { hold: 'tight' } }, ['policy.semantics.hold: unknown_value']],
    [
      'an unknown first response',
      { ...objective({}), semantics: { firstResponseBy: ['public_reply', 'wave'] } },
      ['policy.semantics.firstResponseBy.1: unknown_value'],
    ],
    [
      'an unknown preset',
      { ...objective({}), semantics: { preset: 'abacus' } },
      ['policy.semantics.preset: unknown_preset'],
    ],
    [
      'a preset that is not shipped',
      { ...objective({}), semantics: { preset: 'chatwoot' } },
      ['policy.semantics.preset: unknown_preset'],
    ],
    [
      'an unknown list to match by',
      { ...objective({}), match: { moods: ['sad'] } },
      ['policy.match.moods: unknown_field'],
    ],
    [
      'an unknown priority',
      { ...objective({}), match: { priorities: ['p1'] } },
      ['policy.match.priorities.0: unknown_value'],
    ],
    [
      'a step at no time',
      objective({ escalate: [{ at: 2, do: [{ notify: 'manager' }] }] }),
      ['policy.objectives.0.escalate.0.at: invalid'],
    ],
    [
      'a step that does nothing',
      objective({ escalate: [{ at: 0.5, do: [] }] }),
      ['policy.objectives.0.escalate.0.do: required'],
    ],
    [
      'an unknown action',
      objective({ escalate: [{ at: 'due', do: [{ shout: 'loud' }] }] }),
      ['policy.objectives.0.escalate.0.do.0: unknown_action'],
    ],
    [
      'two actions in one',
      objective({ escalate: [{ at: 'due', do: [{ notify: 'manager', reassign: 'a' }] }] }),
      ['policy.objectives.0.escalate.0.do.0: unknown_action'],
    ],
    [
      'nobody to notify',
      objective({ escalate: [{ at: 'PT1H', do: [{ notify: 'somebody' }] }] }),
      ['policy.objectives.0.escalate.0.do.0.notify: invalid'],
    ],
    [
      'several at once',
      { key: '', objectives: [{ metric: 'x', target: 'y', warnAt: [2] }], semantics: { hold: 'z' } },
      [
        'policy.key: required',
        'policy.objectives.0.warnAt.0: out_of_range',
        'policy.objectives.0.target: duration',
        'policy.objectives.0.metric: unknown_metric',
        'policy.semantics.hold: unknown_value',
      ],
    ],
  ];
  for (const [name, definition, faults] of cases) t.strictSame(faultsOf(definition), faults, name);
});

test('a fault of an inline calendar is named below the policy', async (t) => {
  const faults = faultsOf(objective({ calendar: { timeZone: 'Mars/Olympus', week: { mon: [['09:00', '17:00']] } } }));
  t.match(faults, [/^policy\.objectives\.0\.calendar\.timeZone/]);
});

test('an inline calendar that never opens is one fault among the others, and names the answer where it is the only one', async (t) => {
  const never = { timeZone: 'UTC', week: {} };
  t.throws(() => makePolicy({ calendar: never }), {
    code: 'calendar_never_open',
    errors: [{ path: 'policy.calendar', code: 'calendar_never_open' }],
  });
  const definition = {
    key: 'p',
    calendar: never,
    objectives: [{ metric: 'resolution', target: 'P1W', calendar: never }],
    semantics: { hold: 'z' },
  };
  t.strictSame(faultsOf(definition), [
    'policy.calendar: calendar_never_open',
    'policy.objectives.0.target: duration',
    'policy.objectives.0.calendar: calendar_never_open',
    'policy.semantics.hold: unknown_value',
  ]);
});

test('the preset that is unknown is named in the message', async (t) => {
  t.throws(() => makePolicy({ semantics: { preset: 'abacus' } }), { errors: [{ message: /abacus/ }] });
});

test('escalation steps fire at a fraction, with the breach, or after it in wall time', async (t) => {
  const policy = makePolicy(
    objective({
      escalate: [
        { at: 0.8, do: [{ notify: 'team_lead' }, { raisePriority: true }] },
        { at: 'due', do: [{ notify: 'boss@example.com' }] },
        { at: 'PT1H', do: [{ reassign: 'seniors' }, { webhook: 'https://example.com/hook' }] },
      ],
    }),
  );
  t.match(policy.objectives.get('resolution')!.escalate, [{ fraction: 0.8 }, { afterDue: 0 }, { afterDue: 3600 }]);
});

test('an option that is said comes before the preset, the preset before the default', async (t) => {
  t.strictSame(makePolicy({ semantics: { preset: 'tierdesk' } }).semantics, DEFAULT_SEMANTICS);
  t.match(makePolicy({ semantics: { preset: 'zendesk' } }).semantics, { granularity: 'minute', onReopen: 'resume' });
  const { semantics } = makePolicy({ semantics: { preset: 'zendesk', granularity: 'second', hold: 'wall' } });
  t.match(semantics, { granularity: 'second', hold: 'wall', onChange: 'recompute' });
  t.equal(makePolicy({ semantics: { preset: 'zammad' } }).semantics.nextResponseIncludesFirst, true);
  t.strictSame(makePolicy({ semantics: { firstResponseBy: ['open'] } }).semantics.firstResponseBy, [
    'public_reply',
    'open',
  ]);
});

test('every preset says what it does', async (t) => {
  t.strictSame(Object.keys(PRESETS), ['tierdesk', 'zendesk', 'zammad', 'glpi', 'rt', 'erpnext', 'servicenow']);
  for (const [name, { does }] of Object.entries(PRESETS)) t.ok(does.length > 40, name);
});

test('a preset sets its options and nothing else', async (t) => {
  const cases: [preset: string, options: Partial<Semantics>][] = [
    ['glpi', { firstResponseBy: ['public_reply', 'open'] }],
    ['rt', { hold: 'hideDue', onReopen: 'count' }],
    ['erpnext', { hold: 'wall' }],
    ['servicenow', { onReopen: 'restart' }],
  ];
  for (const [preset, options] of cases) {
    t.strictSame(makePolicy({ semantics: { preset } }).semantics, { ...DEFAULT_SEMANTICS, ...options }, preset);
  }
});

test('the metrics stand in the order of the metric table', async (t) => {
  t.equal(METRICS.length, 11);
  t.strictSame([METRICS[0], METRICS[3], METRICS[10]], ['first_response', 'resolution', 'task']);
});

// ── Matching ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Where no policy has a term, any instant does. */
const NOW = 1_800_000_000;

const plans = [
  makePolicy({ key: 'catch-all', position: 9 }),
  makePolicy({ key: 'core', position: 2, match: { tiers: ['core'] } }),
  makePolicy({ key: 'complaints', position: 1, match: { kinds: ['complaint'] } }),
  makePolicy({
    key: 'core-complaints',
    position: 5,
    match: { tiers: ['core'], kinds: ['complaint'], channels: ['live'] },
  }),
  makePolicy({ key: 'personal', position: 8, match: { customers: ['cus_1'] } }),
];

test('the policy that names the customer wins, then the most specific, then the lowest position', async (t) => {
  const cases: [string, Attributes, string | null][] = [
    ['nothing named', { customer: 'cus_2', tier: 'normal', kind: 'fault', channel: 'web' }, 'catch-all'],
    ['one list', { customer: 'cus_2', tier: 'core', kind: 'fault', channel: 'web' }, 'core'],
    ['two of one list each', { customer: 'cus_2', tier: 'core', kind: 'complaint', channel: 'web' }, 'complaints'],
    ['three lists', { customer: 'cus_2', tier: 'core', kind: 'complaint', channel: 'live' }, 'core-complaints'],
    ['a personal plan', { customer: 'cus_1', tier: 'core', kind: 'complaint', channel: 'live' }, 'personal'],
  ];
  for (const [name, attributes, key] of cases) t.equal(matchPolicy(plans, attributes, NOW)?.key, key, name);
  t.equal(matchPolicy(plans.slice(1), { customer: 'cus_2', tier: 'normal', kind: 'fault', channel: 'web' }, NOW), null);
});

test('equal policies at one position fall to the key, whatever their order', async (t) => {
  const [a, b] = [makePolicy({ key: 'a' }), makePolicy({ key: 'b' })];
  t.equal(matchPolicy([b, a], {}, NOW)?.key, 'a');
  t.equal(matchPolicy([a, b], {}, NOW)?.key, 'a');
});

test('an attribute that is left out matches every list, one that is none only an empty list', async (t) => {
  const core = plans[1]!;
  t.equal(matches(core, {}), true);
  t.equal(matches(core, { tier: null }), false);
  t.equal(matches(core, { tier: 'normal' }), false);
  t.equal(matches(plans[0]!, { tier: null }), true);
});

test('the explanation says what put the policy before the next', async (t) => {
  const why = (attributes: Attributes, from = plans) => explainMatch(from, attributes, NOW)?.reason;
  const rest = { customer: 'cus_2', channel: 'web' };
  t.equal(why({ ...rest, customer: 'cus_1', tier: 'core' }), 'names_customer');
  t.equal(why({ ...rest, tier: 'core', kind: 'fault' }), 'most_specific');
  t.equal(why({ ...rest, tier: 'core', kind: 'complaint' }), 'lowest_position');
  t.equal(why({ ...rest, tier: 'normal', kind: 'fault' }), 'only_match');
  t.equal(why({}, [makePolicy({ key: 'a' }), makePolicy({ key: 'b' })]), 'first_key');
  t.equal(explainMatch([], {}, NOW), null);
  t.match(explainMatch(plans, { ...rest, tier: 'core', kind: 'fault' }, NOW)!.attributes, [
    { attribute: 'customer', value: 'cus_2', matched: 'any' },
    { attribute: 'tier', value: 'core', matched: 'named' },
    { attribute: 'kind', value: 'fault', matched: 'any' },
    { attribute: 'channel', value: 'web', matched: 'any' },
    { attribute: 'priority', value: null, matched: 'any' },
  ]);
});

// ── Terms ───────────────────────────────────────────────────────────────────────────────────────────────────────────

test('a policy covers tickets from the beginning of its term to the instant before its end', async (t) => {
  const [from, to] = [NOW, NOW + 100];
  const plan = (validFrom: number | null, validTo: number | null) => [
    makePolicy({ key: 'standard' }),
    makePolicy({ key: 'personal', validFrom, validTo, match: { customers: ['cus_1'] } }),
  ];
  const cases: [string, number | null, number | null, number, string][] = [
    ['the second before it begins', from, to, from - 1, 'standard'],
    ['the instant at which it begins', from, to, from, 'personal'],
    ['the last second', from, to, to - 1, 'personal'],
    ['the instant at which it ends', from, to, to, 'standard'],
    ['without a beginning', null, to, 0, 'personal'],
    ['without a beginning, ended', null, to, to, 'standard'],
    ['without an end', from, null, from + 1e9, 'personal'],
    ['without an end, not begun', from, null, from - 1, 'standard'],
    ['without a term', null, null, 0, 'personal'],
  ];
  for (const [name, validFrom, validTo, at, key] of cases) {
    t.equal(matchPolicy(plan(validFrom, validTo), { customer: 'cus_1' }, at)?.key, key, name);
  }
  t.equal(matchPolicy(plan(from, to).slice(1), { customer: 'cus_1' }, to), null, 'and nothing where it was alone');
  t.equal(termState({ validFrom: from, validTo: to }, from - 1), 'upcoming');
  t.equal(termState({ validFrom: from, validTo: to }, from), 'in_force');
  t.equal(termState({ validFrom: from, validTo: to }, to), 'ended');
});

test('the explanation tells what would have come first, but for its term, and leaves it out of the others', async (t) => {
  const all = [
    makePolicy({ key: 'standard' }),
    makePolicy({ key: 'tier', match: { tiers: ['core'] } }),
    makePolicy({ key: 'old', validTo: NOW, match: { customers: ['cus_1'] } }),
    makePolicy({ key: 'new', validFrom: NOW + 1, match: { customers: ['cus_1'], tiers: ['core'] } }),
    // Comes later anyway: nothing was passed over.
    makePolicy({ key: 'late', position: 9, validTo: NOW }),
    makePolicy({ key: 'theirs', validTo: NOW, match: { customers: ['cus_2'] } }),
  ];
  const why = explainMatch(all, { customer: 'cus_1', tier: 'core' }, NOW)!;
  t.equal(why.reason, 'most_specific');
  t.strictSame(why.alternatives, [{ key: 'standard', reason: 'most_specific' }]);
  t.strictSame(why.passedOver, [
    { key: 'new', term: 'upcoming' },
    { key: 'old', term: 'ended' },
  ]);
  const before = explainMatch(all, { customer: 'cus_1', tier: 'core' }, NOW - 1)!;
  t.equal(before.reason, 'names_customer');
  t.strictSame(before.passedOver, [{ key: 'new', term: 'upcoming' }]);
});

test('a term that ends before it begins is refused', async (t) => {
  for (const validTo of [NOW, NOW - 1]) {
    t.throws(() => makePolicy({ validFrom: NOW, validTo }), {
      code: 'validation_failed',
      errors: [{ path: 'policy.validTo', code: 'out_of_range' }],
    });
  }
  t.throws(() => makePolicy({ validFrom: 0.5 }), { errors: [{ path: 'policy.validFrom' }] });
  t.equal(makePolicy({ validFrom: NOW, validTo: NOW + 1 }).validTo, NOW + 1);
});
