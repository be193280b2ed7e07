/** Why a clock stands where it stands: a label for every second, the policy that matched, the events that moved it. */

import { closedIntervals, openIntervals } from './business-time.ts';
import type { Instant } from './calendar.ts';
import type { Activity, Course, Move, Spell } from './course.ts';
import { fold } from './fold.ts';
import type { ClockEvent } from './history.ts';
import { explainMatch, type MatchExplanation } from './matching.ts';
import { type ComputedClock, measure } from './measure.ts';
import type { Metric } from './objective.ts';

export type IntervalLabel = 'outside_hours' | 'holiday' | 'solved' | 'paused' | 'open';

/** Half-open, `from` to `to`. */
export interface LabelledInterval {
  from: Instant;
  to: Instant;
  label: IntervalLabel;
  /** Real seconds. */
  seconds: number;
}

export interface ClockExplanation {
  clock: ComputedClock;
  policyKey: string;
  policyVersion: number;
  /** What the policy was matched by, and what put it before the others. */
  matchedBy: MatchExplanation;
  /**
   * From the start to now or the stop without a gap, each second under the first label that holds of closed, solved,
   * paused, open. The open ones add up to `elapsedSeconds`; where `hold` is `hideDue`, the open and the paused ones.
   */
  intervals: LabelledInterval[];
  /** The events that moved it, with what they did to it. */
  events: Move[];
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
  const course = fold(events, asOf)
    .filter((one) => one.metric === metric && (cycle === undefined || one.cycle === cycle))
    .reduce<Course | null>((latest, one) => (latest === null || one.cycle > latest.cycle ? one : latest), null);
  if (course === null) return null;
  const clock = measure(course, asOf);
  const { levels, attributes } = course.spells.at(-1)!.pledge.regime;
  return {
    clock,
    policyKey: clock.policyKey,
    policyVersion: clock.policyVersion,
    matchedBy: explainMatch(levels.policies, attributes)!,
    intervals: joined(
      course.spells.flatMap((spell, index) => {
        return intervalsOf(spell, course.spells[index + 1]?.from ?? clock.stoppedAt ?? asOf);
      }),
    ),
    events: course.moves,
  };
}

/** `solved` is the time a clock was suspended for; what `onReopen: count` made count again is open. */
const LABEL: Record<Activity, IntervalLabel> = { running: 'open', paused: 'paused', suspended: 'solved' };

function intervalsOf({ from, activity, pledge }: Spell, to: Instant): LabelledInterval[] {
  if (to <= from) return [];
  const open = openIntervals(pledge.calendar, from, to).map(({ start, end }) => interval(start, end, LABEL[activity]));
  const closed = closedIntervals(pledge.calendar, from, to).map(({ start, end, reason }) =>
    interval(start, end, reason),
  );
  return [...open, ...closed].sort((a, b) => a.from - b.from);
}

/** Neighbours of one label are one interval. */
function joined(intervals: readonly LabelledInterval[]): LabelledInterval[] {
  const all: LabelledInterval[] = [];
  for (const next of intervals) {
    const last = all.at(-1);
    if (last?.label === next.label) all[all.length - 1] = interval(last.from, next.to, last.label);
    else all.push(next);
  }
  return all;
}

function interval(from: Instant, to: Instant, label: IntervalLabel): LabelledInterval {
  return { from, to, label, seconds: to - from };
}
