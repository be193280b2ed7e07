/** Tickets for the tests of the explanation: told line by line, or any that can be. */

import fc from 'fast-check';
import { ALWAYS, type Calendar, compileCalendar, type Instant } from '../../src/rules/calendar.ts';
import { type ClockEvent, type ClockEventType, checkHistory, computeClocks } from '../../src/rules/clocks.ts';
import { type ClockExplanation, explainClock } from '../../src/rules/explanation.ts';
import {
  type CalendarRef,
  compilePolicy,
  type Metric,
  type ObjectiveDefinition,
  type Policy,
  type PolicyDefinition,
  type Semantics,
  STATUS_CATEGORIES,
  type StatusCategory,
} from '../../src/rules/policy.ts';

// 2027-03-01 is a Monday. The office has a lunch break, and is closed on Wednesday the 10th; the shop never closes for lunch.
const hours: [string, string][] = [
  ['09:00', '12:00'],
  ['13:00', '17:00'],
];
const week = { mon: hours, tue: hours, wed: hours, thu: hours, fri: hours };
const OFFICE = compileCalendar({ timeZone: 'Asia/Shanghai', week, holidays: ['2027-03-10'] });
const SHOP = compileCalendar({ timeZone: 'Europe/Berlin', week: { ...week, sat: [['20:00', '04:00']] } });
export const HOUR = 3600;

/** `'01 10:30'` -> 2027-03-01T10:30 in Shanghai, in epoch seconds. */
export function at(text: string): Instant {
  const [day, time] = text.split(' ');
  return Date.parse(`2027-03-${day}T${time}${time!.length === 5 ? ':00' : ''}+08:00`) / 1000;
}

export function text(instant: Instant | null): string | null {
  if (instant === null) return null;
  const local = new Date((instant + 8 * HOUR) * 1000).toISOString();
  return `${local.slice(8, 10)} ${local.slice(11, 19).replace(/:00$/, '')}`;
}

export const CALENDARS: Record<string, Calendar> = { always: ALWAYS, office: OFFICE, shop: SHOP };

export function makePolicy(definition: Partial<PolicyDefinition> = {}): Policy {
  return compilePolicy({ key: 'plan', calendar: 'office', objectives: [], ...definition }, (ref: CalendarRef) => {
    return CALENDARS[ref as string]!;
  });
}

export function levels(...policies: Policy[]) {
  return { policies, calendar: OFFICE };
}

export const solution: ObjectiveDefinition = {
  metric: 'resolution',
  target: 'PT8H',
  warnAt: [0.5, 0.8],
  pausesOn: ['pending'],
};

export function told(
  first: ReturnType<typeof levels>,
  ...lines: (string | [string, Partial<ClockEvent>])[]
): ClockEvent[] {
  return lines.map((one, index) => {
    const [line, more] = typeof one === 'string' ? [one, {}] : one;
    const [day, time, type, status] = line.split(' ') as [string, string, ClockEventType, StatusCategory?];
    const event = { at: at(`${day} ${time}`), type, ...(status === undefined ? {} : { status }), ...more };
    return index === 0 ? { levels: first, ...event } : event;
  });
}

// ── Any ticket ──────────────────────────────────────────────────────────────────────────────────────────────────────

export const RUNS = {
  numRuns: Number(process.env['FUZZ_RUNS'] ?? 200),
  seed: Number(process.env['FUZZ_SEED'] ?? Date.now()),
};

const semantics = fc.record({
  onReopen: fc.constantFrom('resume', 'count', 'restart'),
  onChange: fc.constantFrom('recompute', 'fromChange'),
  hold: fc.constantFrom('business', 'wall', 'hideDue'),
  atClosing: fc.constantFrom('closing', 'next_opening'),
  granularity: fc.constantFrom('second', 'minute'),
});
const METRICS_HERE: Metric[] = ['first_response', 'next_response', 'proposal', 'resolution', 'update', 'follow_up'];

const objectives = fc.tuple(
  ...METRICS_HERE.map((metric) =>
    fc.record({
      metric: fc.constant(metric),
      target: fc.constantFrom('PT40S', 'PT3H', 'PT11H', 'P1D', 'P3D'),
      calendar: fc.constantFrom(undefined, 'always', 'shop'),
      warnAt: fc.constantFrom([], [0.5, 0.8]),
      pausesOn: fc.subarray<string>([...STATUS_CATEGORIES]),
    }),
  ),
);

/** Policies of two tiers; a third tier is promised nothing. */
const plan = fc
  .tuple(objectives, objectives, semantics, fc.constantFrom('office', 'shop'))
  .map(([core, normal, options, calendar]) =>
    levels(
      makePolicy({ key: 'core', calendar, match: { tiers: ['core'] }, objectives: core, semantics: options }),
      makePolicy({ key: 'normal', match: { tiers: ['normal'] }, objectives: normal, semantics: options }),
    ),
  );

export const happening: fc.Arbitrary<Partial<ClockEvent>> = fc.oneof(
  fc.record({
    type: fc.constant<ClockEventType>('status_changed'),
    status: fc.constantFrom<StatusCategory>('open', 'pending', 'on_hold', 'solved', 'open', 'closed'),
  }),
  fc.record({
    type: fc.constantFrom<ClockEventType>(
      'customer_message',
      'agent_reply',
      'understanding_confirmed',
      'options_offered',
    ),
  }),
);
export const change: fc.Arbitrary<Partial<ClockEvent>> = fc.oneof(
  fc.record({ type: fc.constant<ClockEventType>('tier_changed'), tier: fc.constantFrom('core', 'normal', 'none') }),
  fc.record({ type: fc.constant<ClockEventType>('policy_changed'), levels: plan }),
);
const gap = fc.oneof(fc.nat(90), fc.nat(5 * HOUR), fc.nat(3 * 24 * HOUR), fc.constant(0));

export interface Lived {
  events: ClockEvent[];
  asOf: Instant;
}

export function lives(what: fc.Arbitrary<Partial<ClockEvent>>): fc.Arbitrary<Lived> {
  return fc
    .tuple(plan, gap, fc.array(fc.tuple(gap, what), { maxLength: 12 }), fc.nat(20 * 24 * HOUR))
    .map(([first, start, rest, look]) => {
      let now = at('01 00:00') + start;
      const events: ClockEvent[] = [{ at: now, type: 'created', tier: 'core', levels: first }];
      for (const [wait, one] of rest) {
        now += wait;
        const event = { at: now, ...one } as ClockEvent;
        try {
          checkHistory([...events, event]);
          events.push(event);
        } catch {
          // Not after closed.
        }
      }
      return { events, asOf: events[0]!.at + look };
    });
}

export function everyClock(life: Lived, check: (why: ClockExplanation, options: Semantics) => void): void {
  for (const { metric, cycle } of computeClocks(life.events, life.asOf)) {
    const why = explainClock(life.events, life.asOf, metric, cycle)!;
    check(why, why.policy.semantics);
  }
}
