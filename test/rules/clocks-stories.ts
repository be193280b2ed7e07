/** Random histories under random policies and calendars, as plain JSON that can be read, repeated and shrunk. */

import fc from 'fast-check';
import { ALWAYS, type Calendar, type CalendarDefinition, compileCalendar } from '../../src/rules/calendar.ts';
import { type ClockEvent, checkHistory } from '../../src/rules/history.ts';
import { compilePolicy, type PolicyDefinition, STATUS_CATEGORIES } from '../../src/rules/policy.ts';
import { SEMANTICS_OPTIONS } from '../../src/rules/semantics.ts';
import { Hours } from './clock-oracle-hours.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;
const seconds = (text: string) => Date.parse(text) / 1000;
export const utc = (at: number) => new Date(at * 1000).toISOString().replace('.000', '');

/** A Monday; clocks change in New York on the 14th, in Berlin on the 28th. */
const BEGIN = seconds('2027-03-08T00:00:00Z');
/** No due time of a story lies later. */
const HORIZON = BEGIN + 300 * DAY;

// ── Calendars ───────────────────────────────────────────────────────────────────────────────────────────────────────

type Periods = [string, string][];
const weekdays = (...periods: Periods) => ({ mon: periods, tue: periods, wed: periods, thu: periods, fri: periods });
const weekend = (...periods: Periods) => ({ sat: periods, sun: periods });

const DEFINITIONS: Readonly<Record<string, CalendarDefinition>> = {
  office: { timeZone: 'UTC', week: weekdays(['09:00', '12:00'], ['13:00', '18:00']) },
  shanghai: {
    timeZone: 'Asia/Shanghai',
    week: weekdays(['09:00', '18:00']),
    holidays: ['2027-03-10', { date: '2027-03-12', from: '10:00', to: '15:00' }],
    specialDays: [{ date: '2027-03-13', periods: [['10:00', '16:00']] }],
  },
  newYork: { timeZone: 'America/New_York', week: { ...weekdays(['08:00', '16:30']), sun: [['01:00', '05:00']] } },
  nights: {
    timeZone: 'Europe/Berlin',
    week: { ...weekdays(['22:00', '06:00']), sat: [['20:00', '24:00']] },
    holidays: ['2027-03-17'],
  },
  always: { timeZone: 'UTC', week: { ...weekdays(['00:00', '24:00']), ...weekend(['00:00', '24:00']) } },
};
const CALENDARS: ReadonlyMap<string, Calendar> = new Map(
  Object.entries(DEFINITIONS).map(([name, hours]) => [name, name === 'always' ? ALWAYS : compileCalendar(hours)]),
);
const HOURS: ReadonlyMap<Calendar, Hours> = new Map(
  [...CALENDARS].map(([name, calendar]) => [calendar, new Hours(DEFINITIONS[name]!, BEGIN - DAY, HORIZON)]),
);
const calendarName = fc.constantFrom(...CALENDARS.keys());

/** How the second opinion reads a compiled calendar: by hours it listed itself. */
export function hoursOf(calendar: Calendar): Hours {
  return HOURS.get(calendar)!;
}

// ── Policies ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Half of them have it. */
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 2 });

const target = fc.oneof(
  fc.constantFrom('PT1S', 'PT30S', 'PT90S', 'PT10M', 'PT30M', 'PT8H', 'PT24H', 'PT40H'),
  fc.constantFrom('PT1H', 'PT2H', 'PT3H', 'PT4H'),
  fc.constantFrom('P1D', 'P2D', 'P3D'),
  fc.integer({ min: 1, max: 30 * HOUR }).map((n) => `PT${n}S`),
);
const fraction = fc.constantFrom(0.07, 0.1, 0.25, 0.5, 0.5, 0.55, 0.75, 0.8, 0.99);
const step = fc.record({
  at: fc.oneof(fraction, fc.constantFrom('due', 'PT1S', 'PT45S', 'PT1H', 'PT26H')),
  do: fc.constant([{ notify: 'manager' }]),
});
const pausesOn = fc.oneof(
  { weight: 3, arbitrary: fc.constant([]) },
  { weight: 6, arbitrary: fc.subarray([...STATUS_CATEGORIES.slice(0, 4)]) },
  { weight: 1, arbitrary: fc.subarray([...STATUS_CATEGORIES]) },
);

function objective(metric: string): fc.Arbitrary<PolicyDefinition['objectives'][number]> {
  return fc.record({
    metric: fc.constant(metric),
    target,
    calendar: maybe(calendarName),
    warnAt: maybe(fc.uniqueArray(fraction, { maxLength: 3 })),
    pausesOn: maybe(pausesOn),
    escalate: maybe(fc.array(step, { maxLength: 4 })),
    ...(metric === 'proposal' && {
      minOptions: maybe(fc.integer({ min: 1, max: 3 })),
      startsAt: maybe(fc.constantFrom('understanding_confirmed', 'first_response', 'created')),
    }),
  });
}

const { firstResponseBy: _, ...CHOICES } = SEMANTICS_OPTIONS;
const semantics = fc.record({
  ...Object.fromEntries(
    Object.entries(CHOICES).map(([option, values]) => [option, maybe(fc.constantFrom<string | boolean>(...values))]),
  ),
  firstResponseBy: maybe(fc.subarray(['public_reply', ...STATUS_CATEGORIES], { maxLength: 2 })),
});

const METRICS = [
  'first_response',
  'next_response',
  'proposal',
  'resolution',
  'update',
  'follow_up',
  'survey',
  'callback',
];
const metrics = fc.oneof(fc.constant(METRICS), fc.subarray(METRICS, { minLength: 1 }));
const match = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  { weight: 1, arbitrary: fc.record({ tiers: fc.constantFrom(['core'], ['normal']) }) },
  { weight: 1, arbitrary: fc.record({ kinds: fc.constantFrom(['fault'], ['complaint']) }) },
  { weight: 1, arbitrary: fc.record({ priorities: fc.constantFrom(['high'], ['low', 'normal']) }) },
  { weight: 1, arbitrary: fc.record({ tiers: fc.constant(['core']), kinds: fc.constant(['fault']) }) },
);

/** Half hours make the ends of terms meet events; one that would end before it begins ends never. */
const term = fc
  .tuple(maybe(fc.integer({ min: 0, max: 6 * 48 })), maybe(fc.integer({ min: 0, max: 10 * 48 })))
  .map(([from, to]) => ({
    ...(from === undefined ? {} : { validFrom: BEGIN + from * 1800 }),
    ...(to === undefined || to <= (from ?? 0) ? {} : { validTo: BEGIN + to * 1800 }),
  }));
const terms = fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: term });

function policy(number: number): fc.Arbitrary<PolicyDefinition> {
  const rest = fc.record({
    key: fc.constant(`p${number}`),
    position: fc.integer({ min: 0, max: 1 }),
    match,
    calendar: maybe(calendarName),
    objectives: metrics.chain((some) => fc.tuple(...some.map(objective))),
    semantics,
  });
  return fc.tuple(rest, terms).map(([plan, its]) => ({ ...plan, ...its })) as fc.Arbitrary<PolicyDefinition>;
}

// ── Events ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Half hours make instants meet: events, openings, closings and due times. */
const gap = fc.oneof(
  { weight: 1, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.constantFrom(1, 29, 30, 60, 61, 90) },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 6 }).map((n) => n * 1800) },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 48 }).map((n) => n * 1800) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 2 * DAY }) },
);

const levels = fc.record({ policies: fc.subarray([0, 1, 2]), calendar: calendarName });
const changed = {
  priority: fc.constantFrom('high', 'low', 'normal'),
  tier: fc.constantFrom('core', 'normal', null),
  kind: fc.constantFrom('fault', 'complaint'),
};
const typed = (...types: string[]) => fc.record({ type: fc.constantFrom(...types) });
const happening = fc.oneof(
  { weight: 3, arbitrary: typed('customer_message') },
  { weight: 4, arbitrary: typed('agent_reply') },
  { weight: 1, arbitrary: typed('internal_note', 'bot_reply') },
  { weight: 1, arbitrary: typed('contact_answered') },
  { weight: 1, arbitrary: typed('understanding_confirmed') },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('options_offered'), count: maybe(fc.integer({ min: 1, max: 2 })) }),
  },
  {
    weight: 9,
    arbitrary: fc.record({
      type: fc.constant('status_changed'),
      status: fc.constantFrom('new', 'open', 'open', 'pending', 'pending', 'on_hold', 'solved', 'solved'),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ type: 'status_changed', status: 'closed' }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('priority_changed'), priority: changed.priority }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('tier_changed'), tier: changed.tier }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('kind_changed'), kind: changed.kind }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('policy_changed'),
      levels,
      anew: maybe(fc.constant(true)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('calendar_changed'), levels }) },
  {
    weight: 2,
    arbitrary: typed('follow_up_recorded', 'survey_sent', 'survey_suppressed', 'callback_recorded'),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('score_received'), score: fc.constant(2), low: fc.boolean() }),
  },
  // What is said with one event may come with any.
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constantFrom('agent_reply', 'customer_message', 'status_changed'),
      status: fc.constantFrom('open', 'solved'),
      levels: maybe(levels),
      tier: maybe(changed.tier),
    }),
  },
);

const created = fc.record({
  type: fc.constant('created'),
  levels,
  by: maybe(fc.constantFrom('customer', 'agent')),
  status: fc.constantFrom(undefined, undefined, undefined, 'new', 'open', 'open', 'pending', 'solved', 'closed'),
  tier: maybe(changed.tier),
  kind: maybe(changed.kind),
  priority: maybe(changed.priority),
});

type StoryEvent = Omit<ClockEvent, 'at' | 'levels'> & {
  at: string;
  /** Policies by their place in the story's list. */
  levels?: { policies: number[]; calendar: string };
};

/** Policies and what happened. A story that could not be (a reply after closed) leaves out what could not. */
export interface Story {
  policies: PolicyDefinition[];
  events: StoryEvent[];
}

const more = (minLength: number) => fc.array(fc.tuple(gap, happening), { minLength, maxLength: 26, size: 'max' });

export const story: fc.Arbitrary<Story> = fc
  .tuple(fc.tuple(policy(0), policy(1), policy(2)), fc.tuple(gap, created), fc.oneof(more(0), more(12)))
  .map(([policies, first, rest]) => {
    let at = BEGIN;
    const events: StoryEvent[] = [];
    for (const [wait, what] of [first, ...rest]) {
      const event = { at: utc(at + wait), ...what } as StoryEvent;
      if (!isPossible([...events, event])) continue;
      events.push(event);
      at += wait;
    }
    return { policies, events };
  });

function isPossible(events: readonly StoryEvent[]): boolean {
  try {
    checkHistory(events.map(({ at, levels: _levels, ...event }) => ({ ...event, at: seconds(at) })));
    return true;
  } catch {
    return false;
  }
}

/** The story as the rules hear it. */
export function told({ policies, events }: Story): ClockEvent[] {
  const named = (name: unknown) => CALENDARS.get(name as string)!;
  const compiled = policies.map((definition) => compilePolicy(definition, named));
  return events.map(({ at, levels: said, ...event }) => {
    const inForce = said && { policies: said.policies.map((i) => compiled[i]!), calendar: named(said.calendar) };
    return { ...event, at: seconds(at), ...(inForce && { levels: inForce }) };
  });
}
