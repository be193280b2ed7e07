/** Other service levels for a ticket: whether they promise it anything else, and what that does to its clocks, ticket by ticket added up. */

import type { Calendar, Instant } from './calendar.ts';
import { standing } from './fold.ts';
import type { ClockEvent, ServiceLevels } from './history.ts';
import { matchPolicy } from './matching.ts';
import type { ClockState, ComputedClock } from './measure.ts';
import type { Metric, Objective } from './objective.ts';
import type { Policy } from './policy.ts';
import type { Semantics } from './semantics.ts';

/**
 * How the history says that a ticket is held to these service levels from `at` on; null when they promise it what it was
 * promised last. Another name, position, version or list of whom a policy covers promises nothing else. Nor does a term
 * that has begun or ended since the ticket was matched: what the levels it is held to would promise it at `at` is what
 * they are compared with, too, so that no edit takes a promise away that it does not speak of.
 */
export function turnTo(
  events: readonly ClockEvent[],
  levels: ServiceLevels,
  at: Instant,
): 'policy_changed' | 'calendar_changed' | null {
  const { levels: held, attributes, matchedAt } = standing(events);
  if (held === levels) return null;
  const after = matchPolicy(levels.policies, attributes, at);
  const promised = turnFrom(matchPolicy(held.policies, attributes, matchedAt), held, after, levels);
  const passed = turnFrom(matchPolicy(held.policies, attributes, at), held, after, levels);
  return passed === null ? null : promised;
}

function turnFrom(
  before: Policy | null,
  held: ServiceLevels,
  after: Policy | null,
  levels: ServiceLevels,
): 'policy_changed' | 'calendar_changed' | null {
  if (before === after && held.calendar.saysTheSame(levels.calendar)) return null;
  if (before === null || after === null || before.key !== after.key) return 'policy_changed';
  const words = samePromise(before, after);
  const hours = sameHours(before, held.calendar, after, levels.calendar);
  if (words && hours) return null;
  return words && before.version === after.version ? 'calendar_changed' : 'policy_changed';
}

function samePromise(a: Policy, b: Policy): boolean {
  return (
    a.objectives.size === b.objectives.size &&
    [...a.objectives].every(([metric, objective]) => {
      const other = b.objectives.get(metric);
      return other !== undefined && wordsOf(objective) === wordsOf(other);
    }) &&
    optionsOf(a.semantics) === optionsOf(b.semantics)
  );
}

function wordsOf({ target, warnAt, pausesOn, minOptions, startsAt, escalate }: Objective): string {
  return JSON.stringify([target, warnAt, [...pausesOn].sort(), minOptions, startsAt, escalate]);
}

function optionsOf({ firstResponseBy, ...options }: Semantics): string {
  return JSON.stringify([Object.entries(options).sort(), firstResponseBy.toSorted()]);
}

/** Of two policies with the same objectives: whether each counts on the same calendar. */
function sameHours(a: Policy, ofA: Calendar, b: Policy, ofB: Calendar): boolean {
  return [...a.objectives].every(([metric, { calendar }]) => {
    const other = b.objectives.get(metric);
    return (calendar ?? a.calendar ?? ofA).saysTheSame(other?.calendar ?? b.calendar ?? ofB);
  });
}

// ── What it did ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** How a promise stands, on one side of the change. */
export interface Side {
  policyKey: string;
  state: ClockState;
  dueAt: number | null;
  breached: boolean;
}

/** A clock that is not as it was; null: there is no such clock. */
export interface MovedClock {
  metric: Metric;
  cycle: number;
  before: Side | null;
  after: Side | null;
}

export interface TouchedTicket {
  id: string;
  number: number;
  tier: string | null;
  /** The first ones that moved, up to `MOST_CLOCKS`. */
  clocks: MovedClock[];
}

export interface TierCount {
  tier: string | null;
  tickets: number;
  clocksStarted: number;
  /** Due at another time, or in another state. */
  clocksMoved: number;
  clocksCancelled: number;
  breachesAppeared: number;
  breachesVanished: number;
}

/** Plain JSON, so that a job can keep it and go on. */
export interface Recomputation {
  tickets: number;
  ticketsTouched: number;
  ticketsFailed: number;
  byTier: TierCount[];
  /** The first ones, up to `MOST_TOUCHED`. */
  touched: TouchedTicket[];
  /** The first ones, up to `MOST_FAILED`. */
  failed: { id: string; code: string }[];
}

export const MOST_TOUCHED = 200;
export const MOST_CLOCKS = 20;
export const MOST_FAILED = 20;

export function nothingRecomputed(): Recomputation {
  return { tickets: 0, ticketsTouched: 0, ticketsFailed: 0, byTier: [], touched: [], failed: [] };
}

/** Adds a touched ticket: its clocks at one instant, as they would have stood and as they stand. */
export function addTouched(
  recomputation: Recomputation,
  { id, number, tier }: Omit<TouchedTicket, 'clocks'>,
  before: readonly ComputedClock[],
  after: readonly ComputedClock[],
): void {
  const moved = movedClocks(before, after);
  const count = countOf(recomputation, tier);
  count.tickets += 1;
  for (const clock of moved) addClock(count, clock);
  recomputation.ticketsTouched += 1;
  if (recomputation.touched.length === MOST_TOUCHED) return;
  recomputation.touched.push({ id, number, tier, clocks: moved.slice(0, MOST_CLOCKS) });
}

export function addFailed(recomputation: Recomputation, id: string, code: string): void {
  recomputation.ticketsFailed += 1;
  if (recomputation.failed.length < MOST_FAILED) recomputation.failed.push({ id, code });
}

function movedClocks(before: readonly ComputedClock[], after: readonly ComputedClock[]): MovedClock[] {
  const others = new Map(after.map((clock) => [nameOf(clock), clock]));
  const pairs: [ComputedClock | null, ComputedClock | null][] = before.map((clock) => {
    const other = others.get(nameOf(clock)) ?? null;
    others.delete(nameOf(clock));
    return [clock, other];
  });
  for (const clock of others.values()) pairs.push([null, clock]);
  return pairs.flatMap(([old, now]) => {
    const { metric, cycle } = (old ?? now)!;
    const sides = { before: sideOf(old), after: sideOf(now) };
    return JSON.stringify(sides.before) === JSON.stringify(sides.after) ? [] : [{ metric, cycle, ...sides }];
  });
}

function nameOf({ metric, cycle }: ComputedClock): string {
  return `${metric}#${cycle}`;
}

function sideOf(clock: ComputedClock | null): Side | null {
  if (clock === null) return null;
  const { policyKey, state, dueAt, breached } = clock;
  return { policyKey, state, dueAt, breached };
}

function countOf({ byTier }: Recomputation, tier: string | null): TierCount {
  let count = byTier.find((one) => one.tier === tier);
  if (count === undefined) {
    const none = { tickets: 0, clocksStarted: 0, clocksMoved: 0, clocksCancelled: 0 };
    count = { tier, ...none, breachesAppeared: 0, breachesVanished: 0 };
    byTier.push(count);
    byTier.sort((a, b) => ((a.tier ?? '') < (b.tier ?? '') ? -1 : 1));
  }
  return count;
}

function addClock(count: TierCount, { before, after }: MovedClock): void {
  if (before === null) count.clocksStarted += 1;
  else if (after === null || (after.state === 'cancelled' && before.state !== 'cancelled')) count.clocksCancelled += 1;
  else if (after.dueAt !== before.dueAt || after.state !== before.state) count.clocksMoved += 1;
  if (after?.breached && !before?.breached) count.breachesAppeared += 1;
  if (before?.breached && !after?.breached) count.breachesVanished += 1;
}
