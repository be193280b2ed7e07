/** A label for every second of a clock: closed, solved, paused or open, as intervals and as sums. */

import { between, closedIntervals, openIntervals } from './business-time.ts';
import type { Calendar, Instant } from './calendar.ts';
import type { Activity, Course, Spell } from './course.ts';
import { counts, spellsUntil } from './measure.ts';

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

/** About three years of office hours with a lunch break. */
export const MOST_INTERVALS = 3000;

/**
 * The intervals of a clock up to `until`, the latest MOST_INTERVALS of them, and the sum of what lies before; null when
 * nothing does.
 */
export function labelsOf(
  course: Course,
  until: Instant,
): { intervals: LabelledInterval[]; earlier: LabelledTime | null } {
  const latest = latestOf(course, until);
  const cutAt = latest[0]?.from ?? course.startedAt;
  const earlier = cutAt > course.startedAt ? timeOf(course, cutAt) : null;
  return { intervals: withTotals(latest, earlier?.elapsedSeconds ?? 0), earlier };
}

type Labelled = Omit<LabelledInterval, 'elapsedSeconds'>;

/** `solved` is the time a clock was suspended for; what `onReopen: count` made count again is open. */
const LABEL: Record<Activity, IntervalLabel> = { running: 'open', paused: 'paused', suspended: 'solved' };

/** A calendar can have many periods a day: time is labelled backwards in pieces of this length until there is enough. */
const PIECE = 400 * 86_400;

function latestOf(course: Course, until: Instant): Labelled[] {
  const pieces: Labelled[][] = [];
  let found = 0;
  for (const run of runsOf(course, until).reverse()) {
    for (let end = run.to; end > run.from && found <= 2 * MOST_INTERVALS; end -= PIECE) {
      const piece = intervalsOf(run, Math.max(run.from, end - PIECE), end);
      found += piece.length;
      pieces.push(piece);
    }
  }
  return joined(pieces.reverse().flat()).slice(-MOST_INTERVALS);
}

/** Spells on one calendar, one after the other. */
interface Run {
  from: Instant;
  to: Instant;
  calendar: Calendar;
  spells: { spell: Spell; to: Instant }[];
}

function runsOf(course: Course, until: Instant): Run[] {
  const runs: Run[] = [];
  for (const { spell, to } of spellsUntil(course, until)) {
    const last = runs.at(-1);
    const { calendar } = spell.pledge;
    if (last?.calendar === calendar) {
      last.spells.push({ spell, to });
      last.to = to;
    } else runs.push({ from: spell.from, to, calendar, spells: [{ spell, to }] });
  }
  return runs;
}

function intervalsOf({ calendar, spells }: Run, from: Instant, to: Instant): Labelled[] {
  const open = spells.flatMap(({ spell, to: end }) => {
    const [first, last] = [Math.max(spell.from, from), Math.min(end, to)];
    if (last <= first) return [];
    const [label, isCounted] = [LABEL[spell.activity], counts(spell)];
    return openIntervals(calendar, first, last).map((one) => labelled(one.start, one.end, label, isCounted));
  });
  const closed = closedIntervals(calendar, from, to).map(({ start, end, reason }) =>
    labelled(start, end, reason, false),
  );
  return [...open, ...closed].sort((one, other) => one.from - other.from);
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
export function timeOf(course: Course, to: Instant): LabelledTime {
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
