/** Reads a course at an instant: elapsed and paused time, due time and breach, and what is still to be said. */

import { add, addBusinessDays, between } from './business-time.ts';
import type { Instant } from './calendar.ts';
import type { Course, Pledge, Spell } from './course.ts';
import type { EscalationAction, Metric, Objective } from './objective.ts';

export type ClockState = 'running' | 'paused' | 'met' | 'missed' | 'cancelled';

/** Something that falls due on a clock as things stand; said once per clock, cycle, policy version and key. */
export interface ClockStep {
  /** `warn:0.5`, `breach`, `escalate:0` (the index in the objective's `escalate`). */
  key: string;
  at: Instant;
  /** Of a warning. */
  fraction?: number;
  /** Of an escalation step: its index and what it does. */
  step?: number;
  do?: readonly EscalationAction[];
}

/** One promise, one cycle, at an instant. Instants in epoch seconds, durations in seconds. */
export interface ComputedClock {
  metric: Metric;
  cycle: number;
  state: ClockState;
  startedAt: Instant;
  /** Null while paused unless breached, and once cancelled. */
  dueAt: Instant | null;
  /** The warnings still to come; null while paused, none once stopped. */
  warnAt: Instant[] | null;
  /** Open time that counted. */
  elapsedSeconds: number;
  /** Open seconds paused (`hold: wall`: wall seconds; `hideDue`: 0). Time while solved is not in it. */
  pausedSeconds: number;
  stoppedAt: Instant | null;
  breached: boolean;
  /** The due time that was broken. */
  breachedAt: Instant | null;
  /** As written in the objective. */
  target: string;
  policyKey: string;
  policyVersion: number;
  /** Every step whose instant is known as things stand, past ones too, by instant. None once stopped. */
  steps: ClockStep[];
}

/** A point of the target: due itself, or a fraction of it. `seconds` of open time from the start; `at` as things stand. */
interface Mark {
  readonly step: Omit<ClockStep, 'at'>;
  readonly seconds: number;
  at: Instant;
  /** Reached while the clock ran: it moves no more. */
  past: boolean;
}

/** A clock while its spells are read one after the other. */
interface Meter {
  readonly startedAt: Instant;
  pledge: Pledge;
  due: Mark;
  marks: Mark[];
  elapsed: number;
  paused: number;
  /** The marks wait: `at` is where they stood, and is set anew when the clock runs again. */
  waiting: boolean;
}

/** The clock of a course at an instant not before its start. Throws what the calendar throws. */
export function measure(course: Course, asOf: Instant): ComputedClock {
  const { end, startedAt } = course;
  const until = end?.at ?? asOf;
  const meter = startMeter(startedAt, course.spells[0]!.pledge);
  for (const { spell, to } of spellsUntil(course, until)) {
    if (spell.pledge !== meter.pledge) changePledge(meter, spell.pledge, spell.from);
    pass(meter, spell, to);
  }
  const activity = course.spells.at(-1)!.activity;
  if (end?.how === 'met' && meter.waiting) runFrom(meter, until);
  const { policy, objective } = meter.pledge;
  const { due } = meter;
  return {
    metric: course.metric,
    cycle: course.cycle,
    state: stateOf(course, activity, due.past),
    startedAt,
    dueAt: showsDue(course, activity, due.past) ? due.at : null,
    warnAt: end ? [] : activity === 'running' ? warningsAfter(meter, asOf) : null,
    elapsedSeconds: meter.elapsed,
    pausedSeconds: meter.paused,
    stoppedAt: end?.at ?? null,
    breached: due.past,
    breachedAt: due.past ? due.at : null,
    target: objective.targetText,
    policyKey: policy.key,
    policyVersion: policy.version,
    steps: end ? [] : stepsOf(meter, activity),
  };
}

/** The spells of a course with their ends, the last one up to `until`. */
export function spellsUntil({ spells }: Course, until: Instant): { spell: Spell; to: Instant }[] {
  return spells.map((spell, index) => ({ spell, to: spells[index + 1]?.from ?? until }));
}

/** What lies on the way of a clock, past marks too, also of promises that held before and of clocks that have stopped. */
export interface Way {
  /** Warnings, `breach` at the due time itself, escalations. Those after `asOf` as things stand; none after a stop. */
  steps: (ClockStep & { objective: Objective })[];
  /** The due time as each spell began; null while paused unless breached. */
  dueAt: (Instant | null)[];
}

/** The same walk as `measure`, for whoever wants to see the way. */
export function wayOf(course: Course, asOf: Instant): Way {
  const until = course.end?.at ?? asOf;
  const meter = startMeter(course.startedAt, course.spells[0]!.pledge);
  const way: Way = { steps: [], dueAt: [] };
  let lastAwake = course.startedAt;
  const tell = (steps: ClockStep[]) => {
    const { objective } = meter.pledge;
    way.steps.push(...steps.map((step) => ({ ...step, objective })));
  };
  for (const { spell, to } of spellsUntil(course, until)) {
    if (spell.pledge !== meter.pledge) {
      tell(reached(meter, lastAwake));
      changePledge(meter, spell.pledge, spell.from);
    }
    if (counts(spell) && meter.waiting) runFrom(meter, spell.from);
    way.dueAt.push(spell.activity === 'running' || meter.due.past ? meter.due.at : null);
    pass(meter, spell, to);
    if (spell.activity !== 'suspended') lastAwake = to;
  }
  tell(reached(meter, lastAwake));
  if (course.end === null) tell(ahead(meter, course.spells.at(-1)!.activity, until));
  return way;
}

/** Whether time in this spell counts: `hideDue` hides a pause and counts on. */
export function counts({ activity, pledge }: Spell): boolean {
  return activity === 'running' || (activity === 'paused' && pledge.policy.semantics.hold === 'hideDue');
}

function stateOf({ end }: Course, activity: Spell['activity'], breached: boolean): ClockState {
  if (end === null) return activity === 'running' ? 'running' : 'paused';
  if (end.how !== 'met') return 'cancelled';
  return breached ? 'missed' : 'met';
}

/** Once broken, the due time stays in sight, except where no policy promises it any longer. */
function showsDue({ end }: Course, activity: Spell['activity'], breached: boolean): boolean {
  if (end?.how === 'unpromised') return false;
  return breached || (end === null ? activity === 'running' : end.how === 'met');
}

// ── Passing time ────────────────────────────────────────────────────────────────────────────────────────────────────

/** Reads one spell, up to `to`. Broken is what is still kept waiting strictly later than its due time. */
function pass(meter: Meter, spell: Spell, to: Instant): void {
  const { calendar, policy } = spell.pledge;
  const { hold } = policy.semantics;
  if (counts(spell)) {
    if (meter.waiting) runFrom(meter, spell.from);
    meter.elapsed += between(calendar, spell.from, to);
    meter.due.past ||= to > meter.due.at;
    for (const mark of meter.marks) mark.past ||= mark.at <= to;
  } else if (hold === 'wall') {
    if (meter.waiting) runFrom(meter, spell.from);
    for (const mark of toCome(meter)) mark.at += to - spell.from;
  } else if (to > spell.from) {
    meter.waiting = true; // a clock stopped at the instant it was paused at has waited for nothing
  }
  if (spell.activity !== 'paused' || hold === 'hideDue') return;
  meter.paused += hold === 'wall' ? to - spell.from : between(calendar, spell.from, to);
}

/** The clock runs again: what is left of each mark counts from here. */
function runFrom(meter: Meter, at: Instant): void {
  meter.waiting = false;
  for (const mark of toCome(meter)) mark.at = afterOpen(meter.pledge, at, Math.max(0, mark.seconds - meter.elapsed));
}

function toCome(meter: Meter): Mark[] {
  return [meter.due, ...meter.marks].filter((mark) => !mark.past);
}

function startMeter(startedAt: Instant, pledge: Pledge): Meter {
  const due = dueMark(pledge, startedAt);
  const marks = fractionMarks(pledge, due.seconds);
  for (const mark of marks) mark.at = afterOpen(pledge, startedAt, mark.seconds);
  return { startedAt, pledge, due, marks, elapsed: 0, paused: 0, waiting: false };
}

/**
 * Another promise from `at` on; elapsed time stays. Due is what is left of the new target from here, and a warning that is
 * reached already is there at once. A broken promise stays broken at its due time, with nothing left to warn of.
 */
function changePledge(meter: Meter, pledge: Pledge, at: Instant): void {
  const { past, at: dueAt } = meter.due;
  meter.pledge = pledge;
  meter.due = dueMark(pledge, meter.startedAt);
  meter.marks = past ? [] : fractionMarks(pledge, meter.due.seconds);
  if (past) Object.assign(meter.due, { past, at: dueAt });
  for (const mark of meter.marks) Object.assign(mark, { at, past: mark.seconds <= meter.elapsed });
  runFrom(meter, at);
}

// ── Marks and steps ─────────────────────────────────────────────────────────────────────────────────────────────────

/** Whole working days are due at a local time; the open seconds until then are what warnings and pauses reckon with. */
function dueMark(pledge: Pledge, startedAt: Instant): Mark {
  const { target } = pledge.objective;
  const step = { key: 'breach' };
  if ('seconds' in target) {
    return { step, seconds: target.seconds, at: afterOpen(pledge, startedAt, target.seconds), past: false };
  }
  const at = addBusinessDays(pledge.calendar, startedAt, target.days);
  return { step, seconds: between(pledge.calendar, startedAt, at), at, past: false };
}

function fractionMarks({ objective }: Pledge, targetSeconds: number): Mark[] {
  const mark = (step: Omit<ClockStep, 'at'>, fraction: number): Mark => {
    return { step, seconds: ceilOf(fraction, targetSeconds), at: 0, past: false };
  };
  return [
    ...objective.warnAt.map((fraction) => mark({ key: `warn:${fraction}`, fraction }, fraction)),
    ...objective.escalate.flatMap((step, index) => {
      return 'fraction' in step ? [mark({ key: `escalate:${index}`, step: index, do: step.do }, step.fraction)] : [];
    }),
  ];
}

/** The product rounded up as decimals have it: 0.55 of 100 is 55, which binary fractions make a little more. */
function ceilOf(fraction: number, seconds: number): number {
  return Math.ceil(Number((fraction * seconds).toPrecision(12)));
}

function afterOpen({ calendar, policy }: Pledge, start: Instant, seconds: number): Instant {
  return add(calendar, start, seconds, policy.semantics.atClosing);
}

function warningsAfter(meter: Meter, asOf: Instant): Instant[] {
  return meter.marks
    .filter(({ step, at }) => step.fraction !== undefined && at > asOf)
    .map(({ at }) => at)
    .sort((a, b) => a - b);
}

/**
 * While time counts, all that lies on the way. Otherwise what was reached before, and nothing new but what follows a
 * broken promise by wall time while the clock is paused; a suspended one only keeps the breach itself.
 */
function stepsOf(meter: Meter, activity: Spell['activity']): ClockStep[] {
  const { due, pledge } = meter;
  const ticking = counts({ from: 0, activity, pledge });
  const marks = meter.marks.filter((mark) => ticking || (mark.past && activity === 'paused'));
  const steps: ClockStep[] = marks.map(({ step, at }) => ({ ...step, at }));
  if (ticking || due.past) steps.push({ ...due.step, at: certainlyBrokenAt(meter) });
  if (ticking || (due.past && activity === 'paused')) steps.push(...stepsAfterDue(meter, certainlyBrokenAt(meter)));
  return steps.sort((a, b) => a.at - b.at);
}

function stepsAfterDue({ pledge, due }: Meter, notBefore: Instant): ClockStep[] {
  return pledge.objective.escalate.flatMap((step, index) => {
    if (!('afterDue' in step)) return [];
    const at = Math.max(notBefore, due.at + step.afterDue);
    return [{ key: `escalate:${index}`, at, step: index, do: step.do }];
  });
}

/** What a promise came to. What follows a broken one fires while the clock is not suspended: up to `lastAwake`. */
function reached(meter: Meter, lastAwake: Instant): ClockStep[] {
  const { due, marks } = meter;
  const steps: ClockStep[] = marks.filter(({ past }) => past).map(({ step, at }) => ({ ...step, at }));
  if (!due.past) return steps;
  return [...steps, { ...due.step, at: due.at }, ...stepsAfterDue(meter, due.at).filter(({ at }) => at <= lastAwake)];
}

/** What it will come to if nothing else happens. A pause hides all but what follows a broken promise. */
function ahead(meter: Meter, activity: Spell['activity'], until: Instant): ClockStep[] {
  const running = activity === 'running';
  const steps: ClockStep[] = running ? toCome(meter).map(({ step, at }) => ({ ...step, at })) : [];
  if (activity === 'suspended' || !(running || meter.due.past)) return steps;
  return [...steps, ...stepsAfterDue(meter, meter.due.at).filter(({ at }) => at > until)];
}

/**
 * The first second after due. Where events are cut to the minute, one that comes later in the minute of the due time is
 * still in time, so a breach is not told before that minute is over.
 */
function certainlyBrokenAt({ due, pledge }: Meter): Instant {
  const minutes = pledge.policy.semantics.granularity === 'minute';
  return minutes ? (Math.floor(due.at / 60) + 1) * 60 : due.at + 1;
}
