/** Why a clock stands where it stands: a label for every second, the policy that matched, the events that moved it. */

import { addBusinessDays, between } from './business-time.ts';
import type { Calendar, Instant } from './calendar.ts';
import { type Activity, type Course, type Effect, lastPledge, type Move, type Pledge, type Spell } from './course.ts';
import { fold } from './fold.ts';
import { type ClockEvent, inOrder, type ServiceLevels } from './history.ts';
import { type LabelledInterval, type LabelledTime, labelsOf, timeOf } from './labels.ts';
import { explainMatch, type MatchExplanation } from './matching.ts';
import { type ComputedClock, counts, measure, spellsUntil, type Way, wayOf } from './measure.ts';
import type { Metric, Objective } from './objective.ts';
import type { Policy } from './policy.ts';

export const MARK_STEPS = ['warning', 'due', 'escalation'] as const;

/** A point of the target on the way. */
export interface ClockMark {
  at: Instant;
  step: (typeof MARK_STEPS)[number];
  /** Of the target; null for an escalation after due. */
  fraction: number | null;
  /** False for what is still to come, as things stand. */
  reached: boolean;
}

/** An event that moved the clock, and how it left it. */
export interface ClockMove {
  at: Instant;
  event: ClockEvent;
  effect: Effect;
  /** The one that promises from here on. */
  policy: Policy;
  /** Null while paused, once stopped, and where `hideDue` hides it. */
  dueAt: Instant | null;
  /** Of `changed` and `recomputed`: what was promised until then; null where nothing was. */
  before: { policy: Policy; dueAt: Instant | null } | null;
}

export interface ClockExplanation {
  clock: ComputedClock;
  /** What it does, or did when it stopped. */
  activity: Activity;
  policy: Policy;
  objective: Objective;
  calendar: Calendar;
  /** Those the policy was found in. */
  levels: ServiceLevels;
  /** What the policy was matched by, and what put it before the others. */
  matchedBy: MatchExplanation;
  /** The promise in open seconds. */
  targetSeconds: number;
  /** Open seconds left, or to spare when it was met; negative: counted since it broke. Null when cancelled. */
  leftSeconds: number | null;
  /** From the start to now or the stop. */
  total: LabelledTime;
  /** What lies before the intervals of a clock that has more than MOST_INTERVALS; null when they are all there. */
  earlier: LabelledTime | null;
  /**
   * Without a gap to now or the stop, each second under the first label that holds of closed, solved, paused, open. The
   * open ones add up to `elapsedSeconds`; where `hold` is `hideDue`, the open and the paused ones.
   */
  intervals: LabelledInterval[];
  marks: ClockMark[];
  events: ClockMove[];
}

/**
 * Explains one cycle of a metric, the latest when `cycle` is left out, from the same fold that computes it. Null when
 * there is no such clock at `asOf`.
 */
export function explainClock(
  events: readonly ClockEvent[],
  asOf: Instant,
  metric: Metric,
  cycle?: number,
): ClockExplanation | null {
  const course = findCourse(events, asOf, metric, cycle);
  if (course === null) return null;
  const clock = measure(course, asOf);
  const until = clock.stoppedAt ?? asOf;
  const pledge = lastPledge(course);
  const { policy, objective, calendar, regime } = pledge;
  const way = wayOf(course, asOf);
  const targetSeconds = secondsOf(pledge, course.startedAt);
  return {
    clock,
    activity: course.spells.at(-1)!.activity,
    policy,
    objective,
    calendar,
    levels: regime.levels,
    matchedBy: explainMatch(regime.levels.policies, regime.attributes, regime.matchedAt)!,
    targetSeconds,
    leftSeconds: leftOf(course, clock, targetSeconds, until),
    total: timeOf(course, until),
    ...labelsOf(course, until),
    marks: marksOf(way.steps, until),
    events: course.moves.map((move) => moveOf(move, course, way.dueAt, events)),
  };
}

function findCourse(events: readonly ClockEvent[], asOf: Instant, metric: Metric, cycle?: number): Course | null {
  return fold(events, asOf)
    .filter((one) => one.metric === metric && (cycle === undefined || one.cycle === cycle))
    .reduce<Course | null>((latest, one) => (latest === null || one.cycle > latest.cycle ? one : latest), null);
}

// ── The target ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** Whole working days are the open seconds until they are first due. */
function secondsOf({ calendar, objective: { target } }: Pledge, startedAt: Instant): number {
  if ('seconds' in target) return target.seconds;
  return between(calendar, startedAt, addBusinessDays(calendar, startedAt, target.days));
}

function leftOf(course: Course, clock: ComputedClock, targetSeconds: number, until: Instant): number | null {
  const { state, breachedAt, dueAt, elapsedSeconds } = clock;
  if (state === 'cancelled') return null;
  if (breachedAt !== null) {
    return -spellsUntil(course, until)
      .filter(({ spell }) => counts(spell))
      .reduce((sum, { spell, to }) => sum + between(spell.pledge.calendar, Math.max(spell.from, breachedAt), to), 0);
  }
  // Where wall time moves the due time, what is left until then is not what is left of the target.
  if (dueAt !== null) return between(lastPledge(course).calendar, until, dueAt);
  return Math.max(0, targetSeconds - elapsedSeconds);
}

/** By instant; what two promises, one after the other, came to at the same is one mark. */
function marksOf(steps: Way['steps'], until: Instant): ClockMark[] {
  const marks = steps.map((step) => ({ at: step.at, ...kindOf(step), reached: step.at <= until }));
  const one = new Map(marks.map((mark) => [`${mark.step} ${mark.fraction} ${mark.at}`, mark]));
  return [...one.values()].sort((a, b) => a.at - b.at);
}

function kindOf({ fraction, step, objective }: Way['steps'][number]): Pick<ClockMark, 'step' | 'fraction'> {
  if (fraction !== undefined) return { step: 'warning', fraction };
  if (step === undefined) return { step: 'due', fraction: 1 };
  const escalation = objective.escalate[step]!;
  return { step: 'escalation', fraction: 'fraction' in escalation ? escalation.fraction : null };
}

// ── Events ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const STOPS: ReadonlySet<Effect> = new Set(['met', 'cancelled']);

function moveOf(
  { at, event, effect }: Move,
  course: Course,
  dueAt: readonly (Instant | null)[],
  events: readonly ClockEvent[],
): ClockMove {
  const { spells } = course;
  const now = spells.findLastIndex((spell) => spell.from <= at);
  return {
    at,
    event,
    effect,
    policy: spells[now]!.pledge.policy,
    dueAt: STOPS.has(effect) ? null : (dueAt[now] ?? null),
    before:
      effect === 'recomputed'
        ? heldBefore(events, event, course)
        : effect === 'changed'
          ? changedFrom(spells, dueAt, at)
          : null,
  };
}

/** Another promise began with the spell at `at`. */
function changedFrom(spells: readonly Spell[], dueAt: readonly (Instant | null)[], at: Instant): ClockMove['before'] {
  const last = spells.findLastIndex((spell) => spell.from < at);
  return last < 0 ? null : { policy: spells[last]!.pledge.policy, dueAt: dueAt[last]! };
}

/** A recomputed clock is as if nothing else had ever held: what did is found by folding what had happened before. */
function heldBefore(events: readonly ClockEvent[], event: ClockEvent, course: Course): ClockMove['before'] {
  const heard = inOrder(events);
  const old = findCourse(heard.slice(0, heard.indexOf(event)), event.at, course.metric, course.cycle);
  return old === null ? null : { policy: lastPledge(old).policy, dueAt: measure(old, event.at).dueAt };
}
