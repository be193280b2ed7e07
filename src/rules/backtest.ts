/** What other service levels would have made of the past: promises kept and broken before and after, ticket by ticket added up. */

import type { Instant } from './calendar.ts';
import type { ComputedClock } from './measure.ts';
import { METRICS, type Metric } from './objective.ts';

/** Promises by what became of them; together they are `promises`. */
export interface Kept {
  promises: number;
  met: number;
  missed: number;
  /** Open and broken already. */
  overdue: number;
  /** Open and not broken. */
  open: number;
  cancelled: number;
}

export interface PastTicket {
  id: string;
  number: number;
  tier: string | null;
  kind: string;
}

/** One promise that one side broke and the other did not. */
export interface Difference extends PastTicket {
  metric: Metric;
  cycle: number;
  /** Null: there is no such promise. */
  before: ComputedClock | null;
  after: ComputedClock | null;
}

/** Two sides of one figure: as it was, and as it would have been. */
type Sides<T> = [before: T, after: T];

/** Plain JSON, so that a job can keep it and go on. */
export interface Tally {
  tickets: number;
  /** Tickets of which at least one promise would have been another. */
  changed: number;
  becameBroken: number;
  becameKept: number;
  /** By `[tier, kind, metric]` as JSON. */
  groups: Record<string, Sides<Kept>>;
  /** Promises due in each hour, by its number since 1970. */
  hours: Record<number, Sides<number>>;
  /** The first ones, up to `MOST_DIFFERENCES`. */
  differences: Difference[];
}

export const MOST_DIFFERENCES = 200;
const HOUR = 3600;

export function emptyTally(): Tally {
  return { tickets: 0, changed: 0, becameBroken: 0, becameKept: 0, groups: {}, hours: {}, differences: [] };
}

/** Adds a ticket: its clocks as they were promised, and as they would have been. */
export function tallyTicket(
  tally: Tally,
  ticket: PastTicket,
  before: readonly ComputedClock[],
  after: readonly ComputedClock[],
): void {
  tally.tickets += 1;
  for (const clock of before) countClock(tally, ticket, clock, 0);
  for (const clock of after) countClock(tally, ticket, clock, 1);
  const others = new Map(after.map((clock) => [nameOf(clock), clock]));
  let changed = before.length !== after.length;
  for (const clock of before) {
    const other = others.get(nameOf(clock)) ?? null;
    others.delete(nameOf(clock));
    changed ||= other === null || differs(clock, other);
    compare(tally, ticket, clock, other);
  }
  for (const clock of others.values()) compare(tally, ticket, null, clock);
  if (changed || others.size > 0) tally.changed += 1;
}

function countClock(tally: Tally, { tier, kind }: PastTicket, clock: ComputedClock, side: 0 | 1): void {
  const key = JSON.stringify([tier, kind, clock.metric]);
  tally.groups[key] ??= [nothing(), nothing()];
  const kept = tally.groups[key][side];
  kept.promises += 1;
  kept[outcomeOf(clock)] += 1;
  const due = clock.breachedAt ?? clock.dueAt;
  if (clock.state === 'cancelled' || due === null) return;
  const hour = Math.floor(due / HOUR);
  tally.hours[hour] ??= [0, 0];
  tally.hours[hour][side] += 1;
}

function nothing(): Kept {
  return { promises: 0, met: 0, missed: 0, overdue: 0, open: 0, cancelled: 0 };
}

function outcomeOf({ state, breached }: ComputedClock): Exclude<keyof Kept, 'promises'> {
  if (state === 'running' || state === 'paused') return breached ? 'overdue' : 'open';
  return state;
}

function compare(tally: Tally, ticket: PastTicket, before: ComputedClock | null, after: ComputedClock | null): void {
  const broken = after?.breached === true && before?.breached !== true;
  const kept = before?.breached === true && after?.breached !== true;
  if (broken) tally.becameBroken += 1;
  if (kept) tally.becameKept += 1;
  if (!(broken || kept) || tally.differences.length === MOST_DIFFERENCES) return;
  const { metric, cycle } = (before ?? after)!;
  tally.differences.push({ ...ticket, metric, cycle, before, after });
}

/** Another policy with the same promise is no difference to a customer. */
function differs(a: ComputedClock, b: ComputedClock): boolean {
  return a.state !== b.state || a.dueAt !== b.dueAt || a.breached !== b.breached || a.target !== b.target;
}

function nameOf({ metric, cycle }: ComputedClock): string {
  return `${metric}#${cycle}`;
}

export interface Group {
  /** Null: tickets without one, or all of them. */
  tier: string | null;
  kind: string | null;
  metric: Metric;
  before: Kept;
  after: Kept;
}

/** By metric, over all tickets. */
export function totalsOf({ groups }: Tally): Group[] {
  const totals = new Map<Metric, Group>();
  for (const { metric, before, after } of read(groups)) {
    const total = totals.get(metric) ?? { tier: null, kind: null, metric, before: nothing(), after: nothing() };
    totals.set(metric, total);
    for (const name of Object.keys(before) as (keyof Kept)[]) {
      total.before[name] += before[name];
      total.after[name] += after[name];
    }
  }
  return inOrder([...totals.values()]);
}

/** By metric, tier and kind. */
export function groupsOf({ groups }: Tally): Group[] {
  return inOrder(read(groups));
}

function read(groups: Tally['groups']): Group[] {
  return Object.entries(groups).map(([key, [before, after]]) => {
    const [tier, kind, metric] = JSON.parse(key) as [string | null, string, Metric];
    return { tier, kind, metric, before, after };
  });
}

function inOrder(groups: Group[]): Group[] {
  const text = ({ tier, kind }: Group) => `${tier ?? ''} ${kind ?? ''}`;
  return groups.sort(
    (a, b) =>
      METRICS.indexOf(a.metric) - METRICS.indexOf(b.metric) || (text(a) < text(b) ? -1 : Number(text(a) > text(b))),
  );
}

/** The share kept of those whose outcome is known, from 0 to 1; null when none is. */
export function attainmentOf({ met, missed, overdue }: Kept): number | null {
  const known = met + missed + overdue;
  return known === 0 ? null : met / known;
}

export interface Load {
  /** Promises due in the busiest hour, and when it began; null when nothing was due. */
  peakBefore: { hour: Instant; promises: number } | null;
  peakAfter: { hour: Instant; promises: number } | null;
  /** For each of the 24 hours of the local day, the promises that fell due in it. */
  hoursOfDay: { hour: number; before: number; after: number }[];
}

/** Promises due per hour. `localTimeAt` turns an instant into the wall clock's seconds, as `Zone` does. */
export function loadOf({ hours }: Tally, localTimeAt: (at: Instant) => number): Load {
  const hoursOfDay = Array.from({ length: 24 }, (_, hour) => ({ hour, before: 0, after: 0 }));
  const peaks: [Load['peakBefore'], Load['peakAfter']] = [null, null];
  for (const [number, sides] of Object.entries(hours)) {
    const at = Number(number) * HOUR;
    const ofDay = hoursOfDay[Math.floor(localTimeAt(at) / HOUR) % 24]!;
    ofDay.before += sides[0];
    ofDay.after += sides[1];
    for (const side of [0, 1] as const) {
      if (sides[side] > (peaks[side]?.promises ?? 0)) peaks[side] = { hour: at, promises: sides[side] };
    }
  }
  return { peakBefore: peaks[0], peakAfter: peaks[1], hoursOfDay };
}
