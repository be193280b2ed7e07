/** Why a clock stands where it stands: a label for every second, the policy that matched, the events that moved it. */

import { addBusinessDays, between, closedIntervals, openIntervals } from './business-time.ts';
import type { Calendar, Instant } from './calendar.ts';
import { type Activity, type Course, type Effect, lastPledge, type Move, type Pledge, type Spell } from './course.ts';
import { fold } from './fold.ts';
import { type ClockEvent, inOrder, type ServiceLevels } from './history.ts';
import { explainMatch, type MatchExplanation } from './matching.ts';
import { type ComputedClock, counts, measure, spellsUntil, type Way, wayOf } from './measure.ts';
import type { Metric, Objective } from './objective.ts';
import type { Policy } from './policy.ts';

/** In the order of precedence: a second has the first label that holds. */
export const INTERVAL_LABELS = ['outside_hours', 'holiday', 'solved', 'paused', 'open'] as const;
export type IntervalLabel = (typeof INTERVAL_LABELS)[number];

/** Half-open, `from` to `to`. */
export interface LabelledInterval {
  from: Instant;
  to: Instant;
  label: IntervalLabel;
  /** Real seconds. */
  seconds: number;
  /** Open seconds do; under `hideDue` paused ones too. */
  counts: boolean;
  /** What the clock had counted when it ended. */
  elapsedSeconds: number;
}

/** The seconds of a stretch by label; they add up to its length. */
export interface LabelledTime {
  from: Instant;
  to: Instant;
  openSeconds: number;
  pausedSeconds: number;
  solvedSeconds: number;
  /** Outside hours and holidays. */
  closedSeconds: number;
  /** What the clock had counted when it ended. */
  elapsedSeconds: number;
}

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

/** About three years of office hours with a lunch break. */
export const MOST_INTERVALS = 3000;

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
  const latest = latestIntervals(course, until);
  const { startedAt } = course;
  const cutAt = latest[0]?.from ?? startedAt;
  const earlier = cutAt > startedAt ? timeOf(course, cutAt) : null;
  const total = timeOf(course, until);
  const intervals = withTotals(latest, earlier?.elapsedSeconds ?? 0);
  const targetSeconds = secondsOf(pledge, startedAt);
  return {
    clock,
    activity: course.spells.at(-1)!.activity,
    policy,
    objective,
    calendar,
    levels: regime.levels,
    matchedBy: explainMatch(regime.levels.policies, regime.attributes)!,
    targetSeconds,
    leftSeconds: leftOf(course, clock, targetSeconds, until),
    total,
    earlier,
    intervals,
    marks: marksOf(way.steps, until),
    events: course.moves.map((move) => moveOf(move, course, way.dueAt, events)),
  };
}

function findCourse(events: readonly ClockEvent[], asOf: Instant, metric: Metric, cycle?: number): Course | null {
  return fold(events, asOf)
    .filter((one) => one.metric === metric && (cycle === undefined || one.cycle === cycle))
    .reduce<Course | null>((latest, one) => (latest === null || one.cycle > latest.cycle ? one : latest), null);
}

// ── Labels ──────────────────────────────────────────────────────────────────────────────────────────────────────────

type Labelled = Omit<LabelledInterval, 'elapsedSeconds'>;

/** `solved` is the time a clock was suspended for; what `onReopen: count` made count again is open. */
const LABEL: Record<Activity, IntervalLabel> = { running: 'open', paused: 'paused', suspended: 'solved' };

/** A calendar can have many periods a day: time is labelled backwards in pieces of this length until there is enough. */
const PIECE = 400 * 86_400;

function latestIntervals(course: Course, until: Instant): Labelled[] {
  const pieces: Labelled[][] = [];
  let found = 0;
  for (const { spell, to } of spellsUntil(course, until).reverse()) {
    for (let end = to; end > spell.from && found <= 2 * MOST_INTERVALS; end -= PIECE) {
      const piece = intervalsOf(spell, Math.max(spell.from, end - PIECE), end);
      found += piece.length;
      pieces.push(piece);
    }
  }
  return joined(pieces.reverse().flat()).slice(-MOST_INTERVALS);
}

function intervalsOf(spell: Spell, from: Instant, to: Instant): Labelled[] {
  const { calendar } = spell.pledge;
  const label = LABEL[spell.activity];
  const open = openIntervals(calendar, from, to).map(({ start, end }) => labelled(start, end, label, counts(spell)));
  const closed = closedIntervals(calendar, from, to).map(({ start, end, reason }) =>
    labelled(start, end, reason, false),
  );
  return [...open, ...closed].sort((a, b) => a.from - b.from);
}

/** Neighbours of one label are one interval. */
function joined(intervals: readonly Labelled[]): Labelled[] {
  const all: Labelled[] = [];
  for (const next of intervals) {
    const last = all.at(-1);
    if (last?.label === next.label && last.counts === next.counts) {
      all[all.length - 1] = labelled(last.from, next.to, last.label, last.counts);
    } else all.push(next);
  }
  return all;
}

function labelled(from: Instant, to: Instant, label: IntervalLabel, isCounted: boolean): Labelled {
  return { from, to, label, seconds: to - from, counts: isCounted };
}

function withTotals(intervals: readonly Labelled[], before: number): LabelledInterval[] {
  let elapsedSeconds = before;
  return intervals.map((one) => {
    if (one.counts) elapsedSeconds += one.seconds;
    return { ...one, elapsedSeconds };
  });
}

/** The seconds from the start to `to`, counted on the calendars and not from the intervals. */
function timeOf(course: Course, to: Instant): LabelledTime {
  const time = { openSeconds: 0, pausedSeconds: 0, solvedSeconds: 0, elapsedSeconds: 0 };
  for (const { spell, to: end } of spellsUntil(course, to)) {
    const seconds = between(spell.pledge.calendar, spell.from, Math.min(end, to));
    const label = LABEL[spell.activity] as 'open' | 'paused' | 'solved';
    time[`${label}Seconds`] += seconds;
    if (counts(spell)) time.elapsedSeconds += seconds;
  }
  const { openSeconds, pausedSeconds, solvedSeconds } = time;
  const from = course.startedAt;
  return { from, to, ...time, closedSeconds: to - from - openSeconds - pausedSeconds - solvedSeconds };
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
