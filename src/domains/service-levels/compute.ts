/** What can be computed without writing anything: business time, and the clocks of a ticket that never was. */

import { setImmediate as othersFirst } from 'node:timers/promises';
import { z } from 'zod';
import type { Ctx } from '../../context.ts';
import { AppError, type FieldError } from '../../errors.ts';
import { compute } from '../../operation.ts';
import { add, addBusinessDays, between } from '../../rules/business-time.ts';
import { ALWAYS, type Calendar, type CalendarDefinition } from '../../rules/calendar.ts';
import { type ClockEvent, checkHistory, computeClocks, type ServiceLevels } from '../../rules/clocks.ts';
import { type Policy, type PolicyDefinition, parseTarget } from '../../rules/policy.ts';
import { iso } from '../model.ts';
import { clockView } from '../tickets/store.ts';
import { calendarOf, policyOf } from './compiled.ts';
import {
  addFields,
  BusinessInstant,
  BusinessSeconds,
  betweenFields,
  type SimulatedEvent as SimulatedEventSchema,
  Simulation,
  simulateFields,
} from './model.ts';
import { type CalendarRef, inlineCalendar, inlinePolicy, isGiven, type PolicyRef, requestedCalendar } from './said.ts';
import { type Catalogue, loadCatalogue, pick, policyDefinition } from './store.ts';

const zSimulate = z.strictObject(simulateFields);

export const addBusinessTime = compute({
  name: 'addBusinessTime',
  summary: 'The instant by which so much open time has passed',
  description: 'Give exactly one of duration, seconds and businessDays.',
  scope: 'service_levels:read',
  input: z.strictObject(addFields),
  check(input) {
    const given = AMOUNTS.filter((name) => isGiven(input[name]));
    if (given.length === 1) return [];
    const message = 'Give exactly one of duration, seconds and businessDays.';
    return given.length === 0
      ? [{ path: 'duration', message, code: 'required' }]
      : given.slice(1).map((path) => ({ path, message, code: 'invalid' }));
  },
  output: BusinessInstant,
  example: { calendar: 'cn-office', start: '2026-11-24T10:00:00+08:00', duration: 'PT8H' },
  async run(ctx, input) {
    const amount = amountOf(input);
    const { calendar } = await requestedCalendar(ctx, input.calendar);
    const asked = AMOUNTS.find((name) => isGiven(input[name]))!;
    const at = answered({ instant_out_of_range: asked, calendar_never_open: 'calendar' }, () =>
      'days' in amount
        ? addBusinessDays(calendar, input.start, amount.days)
        : add(calendar, input.start, amount.seconds, input.atClosing ?? 'closing'),
    );
    return { at: iso(at) };
  },
});

export const businessTimeBetween = compute({
  name: 'businessTimeBetween',
  summary: 'Open seconds between two instants',
  scope: 'service_levels:read',
  input: z.strictObject(betweenFields),
  output: BusinessSeconds,
  example: { calendar: 'cn-office', from: '2026-11-24T10:00:00+08:00', to: '2026-11-25T10:00:00+08:00' },
  async run(ctx, input) {
    const { calendar } = await requestedCalendar(ctx, input.calendar);
    return { seconds: between(calendar, input.from, input.to) };
  },
});

export const simulateServiceLevels = compute({
  name: 'simulateServiceLevels',
  summary: 'The clocks of a ticket to which these things happen',
  description: 'Nothing is written. Events may come in any order; those later than asOf are ignored.',
  scope: 'service_levels:read',
  input: zSimulate,
  check: ({ events, asOf }) => [...events.flatMap(checkEvent), ...checkWork(events, asOf)],
  output: Simulation,
  example: {
    policy: { objectives: [{ metric: 'first_response', target: 'PT1H', warnAt: [0.5, 0.8] }] },
    calendar: 'cn-office',
    events: [
      { at: '2026-11-24T10:00:00+08:00', type: 'created', by: 'customer', tier: 'core' },
      { at: '2026-11-24T10:40:00+08:00', type: 'agent_reply' },
    ],
    asOf: ['2026-11-24T10:30:00+08:00', '2026-11-24T11:00:00+08:00'],
  },
  async run(ctx, input) {
    const names = await requestedNames(ctx, input);
    const events = clockEvents(input, names);
    checkHistory(events);
    const states: z.input<typeof Simulation>['states'] = [];
    for (const at of input.asOf) {
      const clocks = answered({ instant_out_of_range: 'policy', calendar_never_open: 'policy' }, () =>
        computeClocks(events, at),
      );
      states.push({ asOf: iso(at), clocks: clocks.map(clockView) });
      // Others want to be answered, too.
      if (events.length > 200) await othersFirst();
    }
    return { states };
  },
});

/** What only the answer shows to be wrong is said of the field that asked for it. */
function answered<T>(paths: Partial<Record<AppError['code'], string>>, answer: () => T): T {
  try {
    return answer();
  } catch (error) {
    const path = error instanceof AppError && error.errors.length === 0 ? paths[error.code] : undefined;
    if (!(error instanceof AppError) || path === undefined) throw error;
    throw new AppError(error.code, error.message, [{ path, message: error.message, code: error.code }]);
  }
}

// ── Business time ───────────────────────────────────────────────────────────────────────────────────────────────────

const AMOUNTS = ['duration', 'seconds', 'businessDays'] as const;

/** A duration of nothing is none of a target's, but a fine question: the start itself, or the next opening. */
const NOTHING = /^PT(?=\d)(?:0{1,9}H)?(?:0{1,9}M)?(?:0{1,9}S)?$/;

type Amount = { duration?: string | null; seconds?: number | null; businessDays?: number | null };

function amountOf({ duration, seconds, businessDays }: { [A in keyof Amount]: Amount[A] | undefined }) {
  if (isGiven(seconds)) return { seconds: seconds! };
  if (isGiven(businessDays)) return { days: businessDays! };
  return NOTHING.test(duration!) ? { seconds: 0 } : parseTarget(duration!, 'duration');
}

// ── Simulation ──────────────────────────────────────────────────────────────────────────────────────────────────────

type SimulatedEvent = z.output<typeof SimulatedEventSchema>;
type SimulateInput = z.output<typeof zSimulate>;

/** What an event says beside when and what; the first list it must say. */
const SAID: Partial<Record<ClockEvent['type'], { must?: readonly Field[]; may?: readonly Field[] }>> = {
  created: { may: ['by', 'status', 'tier', 'kind', 'channel', 'priority'] },
  status_changed: { must: ['status'] },
  priority_changed: { must: ['priority'] },
  tier_changed: { must: ['tier'] },
  kind_changed: { must: ['kind'] },
  policy_changed: { must: ['policy'] },
  calendar_changed: { must: ['calendar'] },
  options_offered: { may: ['count'] },
  score_received: { may: ['score', 'low'] },
};

type Field = Exclude<keyof SimulatedEvent, 'at' | 'type'>;

function checkEvent(event: SimulatedEvent, index: number): FieldError[] {
  const { must = [], may = [] } = SAID[event.type] ?? {};
  const missing = must.filter((field) => event[field] === undefined);
  const strange = (Object.keys(event) as (keyof SimulatedEvent)[]).filter(
    (field) =>
      field !== 'at' && field !== 'type' && isGiven(event[field]) && !must.includes(field) && !may.includes(field),
  );
  return [
    ...missing.map((field) => ({ path: `events.${index}.${field}`, message: 'Required.', code: 'required' })),
    ...strange.map((field) => ({
      path: `events.${index}.${field}`,
      message: `An event ${event.type} has no ${field}.`,
      code: 'unknown_field',
    })),
  ];
}

/** Some five seconds of a processor; what people ask takes a thousandth of it. */
const MOST_WORK = 1e9;

const PLANS: ReadonlySet<ClockEvent['type']> = new Set(['policy_changed', 'calendar_changed']);
const CHANGES: ReadonlySet<ClockEvent['type']> = new Set([
  ...PLANS,
  'priority_changed',
  'tier_changed',
  'kind_changed',
]);

/** Begin and end cycles, which every later event looks through. */
const EXCHANGES: ReadonlySet<ClockEvent['type']> = new Set([
  'customer_message',
  'agent_reply',
  'status_changed',
  'score_received',
]);

/** Each may bring a policy or calendar of its own to compile. */
const MOST_PLANS = 500;

/** Every instant asked for is a fold of its own, and every change of what is promised a fold within it. */
function checkWork(events: SimulatedEvent[], asOf: number[]): FieldError[] {
  const count = (types: ReadonlySet<ClockEvent['type']>) => events.filter(({ type }) => types.has(type)).length;
  if (count(PLANS) > MOST_PLANS) {
    return [{ path: 'events', message: `At most ${MOST_PLANS} changes of policy or calendar.`, code: 'too_big' }];
  }
  const work = asOf.length * (1 + count(CHANGES)) * events.length * (20 + count(EXCHANGES));
  if (work <= MOST_WORK) return [];
  return [{ path: 'asOf', message: 'Too many instants for so many events: ask in parts.', code: 'too_big' }];
}

/** What the names in a request stand for; throws with the path of a name that stands for nothing. */
interface Names {
  calendar(name: string, path: string): CalendarDefinition;
  policy(name: string, path: string): PolicyDefinition;
}

async function requestedNames(ctx: Ctx, { policy, calendar, events }: SimulateInput): Promise<Names> {
  const policies = [policy, ...events.map((event) => event.policy)].filter(isGiven);
  const calendars = [calendar, ...events.map((event) => event.calendar)].filter(isGiven);
  const named = policies.some(namesAny) || calendars.some(isName);
  const catalogue: Pick<Catalogue, 'calendars' | 'policies'> = named
    ? await loadCatalogue(ctx.db, ctx.workspace.workspaceId)
    : { calendars: [], policies: [] };
  return {
    calendar: (name, path) => pick('calendar', catalogue.calendars, name, path).definition,
    policy: (name, path) => policyDefinition(pick('policy', catalogue.policies, name, path)),
  };
}

const isName = (calendar: CalendarRef | null | undefined) => typeof calendar === 'string' && calendar !== 'always';

/** Whether a policy is a name or holds one. */
function namesAny(policy: PolicyRef): boolean {
  return typeof policy === 'string' || [policy, ...policy.objectives].some(({ calendar }) => isName(calendar));
}

/** The events as the rules hear them: what is promised, and on which calendar, holds from an event on. */
function clockEvents({ policy, calendar, events }: SimulateInput, names: Names): ClockEvent[] {
  const heard: ClockEvent[] = events.map(({ policy: _p, calendar: _c, ...event }) => event);
  let levels: ServiceLevels = {
    policies: policiesOf(policy, names, 'policy'),
    calendar: calendarNamed(calendar ?? 'always', names, 'calendar'),
  };
  const inOrder = [...events.keys()].sort((a, b) => events[a]!.at - events[b]!.at);
  for (const index of inOrder) {
    const { type, policy: next, calendar: moved } = events[index]!;
    const path = `events.${index}`;
    if (type === 'policy_changed') {
      levels = { ...levels, policies: policiesOf(next ?? null, names, `${path}.policy`) };
    } else if (type === 'calendar_changed') {
      levels = { ...levels, calendar: calendarNamed(moved ?? 'always', names, `${path}.calendar`) };
    } else if (type !== 'created') continue;
    heard[index]!.levels = levels;
  }
  return heard;
}

function policiesOf(policy: PolicyRef | null, names: Names, path: string): Policy[] {
  if (policy === null) return [];
  const definition = typeof policy === 'string' ? names.policy(policy, path) : inlinePolicy(policy);
  return [policyOf(definition, names.calendar, path)];
}

function calendarNamed(calendar: CalendarRef, names: Names, path: string): Calendar {
  if (calendar === 'always') return ALWAYS;
  return calendarOf(typeof calendar === 'string' ? names.calendar(calendar, path) : inlineCalendar(calendar), path);
}
