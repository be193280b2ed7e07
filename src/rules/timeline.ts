/** The intervals of a clock as the rows of a table: one by one, or summed by day, week, month or year of a wall clock. */

import { DAY, type Instant } from './block.ts';
import type { IntervalLabel, LabelledInterval } from './labels.ts';
import type { Zone } from './zone.ts';

/** The finest first. */
const UNITS = ['interval', 'day', 'week', 'month', 'year'] as const;
export type Unit = (typeof UNITS)[number];

export interface TimelineRow {
  from: Instant;
  to: Instant;
  /** Seconds by label. */
  seconds: Readonly<Partial<Record<IntervalLabel, number>>>;
  elapsedSeconds: number;
}

export interface Timeline {
  unit: Unit;
  rows: TimelineRow[];
}

/**
 * In the finest unit that needs at most `most` rows, else by years. Rows of intervals end at each of `cuts` (ascending).
 * Days on which nothing but closed time passed, and nothing of `cuts`, are one row.
 */
export function timelineOf(
  { intervals }: { intervals: readonly LabelledInterval[] },
  cuts: readonly Instant[],
  zone: Zone,
  most: number,
): Timeline {
  for (const unit of UNITS) {
    if (unit === 'interval' && intervals.length > most) continue;
    const rows = unit === 'interval' ? rowsCut(intervals, cuts) : rowsBy(unit, intervals, cuts, zone);
    if (rows.length <= most || unit === 'year') return { unit, rows };
  }
  throw new Error('There is no unit above the year.');
}

function rowsCut(intervals: readonly LabelledInterval[], cuts: readonly Instant[]): TimelineRow[] {
  let next = 0;
  return cut(intervals, (from) => {
    while (next < cuts.length && cuts[next]! <= from) next++;
    return cuts[next] ?? Number.POSITIVE_INFINITY;
  });
}

function rowsBy(
  unit: Exclude<Unit, 'interval'>,
  intervals: readonly LabelledInterval[],
  cuts: readonly Instant[],
  zone: Zone,
): TimelineRow[] {
  const rows: TimelineRow[] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (const piece of cut(intervals, (from) => endOf(unit, from, zone))) {
    if (piece.from < end) rows.push(sum(rows.pop()!, piece));
    else {
      rows.push(piece);
      end = endOf(unit, piece.from, zone);
    }
  }
  return unit === 'day' ? closedAsOne(rows, cuts) : rows;
}

function closedAsOne(days: readonly TimelineRow[], cuts: readonly Instant[]): TimelineRow[] {
  const rows: TimelineRow[] = [];
  for (const day of days) {
    const last = rows.at(-1);
    const isOne = last && isClosed(last) && isClosed(day) && !cuts.some((at) => at > last.from && at <= day.from);
    rows.push(isOne ? sum(rows.pop()!, day) : day);
  }
  return rows;
}

/** The pieces between the cuts. */
function cut(intervals: readonly LabelledInterval[], nextAfter: (from: Instant) => Instant): TimelineRow[] {
  return intervals.flatMap((one) => {
    const pieces: TimelineRow[] = [];
    for (let from = one.from; from < one.to; ) {
      const to = Math.min(one.to, nextAfter(from));
      const elapsedSeconds = one.elapsedSeconds - (one.counts ? one.to - to : 0);
      pieces.push({ from, to, seconds: { [one.label]: to - from }, elapsedSeconds });
      from = to;
    }
    return pieces;
  });
}

function isClosed({ seconds: { open = 0, paused = 0, solved = 0 } }: TimelineRow): boolean {
  return open + paused + solved === 0;
}

function sum(a: TimelineRow, b: TimelineRow): TimelineRow {
  const seconds: Partial<Record<IntervalLabel, number>> = { ...a.seconds };
  for (const [label, more] of Object.entries(b.seconds) as [IntervalLabel, number][]) {
    seconds[label] = (seconds[label] ?? 0) + more;
  }
  return { from: a.from, to: b.to, seconds, elapsedSeconds: b.elapsedSeconds };
}

/** When the day, week (from Monday), month or year of the wall clock ends. */
function endOf(unit: Exclude<Unit, 'interval'>, at: Instant, zone: Zone): Instant {
  let date = Math.floor(zone.localTimeAt(at) / DAY);
  for (;;) {
    date = NEXT[unit](date);
    // A clock that goes back over midnight has been on the next date before.
    const end = zone.instantOf(date * DAY);
    if (end > at) return end;
  }
}

/** The first date of the next one; dates are in days after 1970-01-01, a Thursday. */
const NEXT: Record<Exclude<Unit, 'interval'>, (date: number) => number> = {
  day: (date) => date + 1,
  week: (date) => date + 7 - ((date + 3) % 7),
  month: (date) => firstOf(date, (year, month) => Date.UTC(year, month + 1)),
  year: (date) => firstOf(date, (year) => Date.UTC(year + 1, 0)),
};

function firstOf(date: number, next: (year: number, month: number) => number): number {
  const day = new Date(date * DAY * 1000);
  return next(day.getUTCFullYear(), day.getUTCMonth()) / DAY / 1000;
}
