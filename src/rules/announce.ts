/** What there is to say about a ticket's clocks since they were last stored, each thing once. */

import type { Instant } from './calendar.ts';
import type { ClockStep, ComputedClock } from './measure.ts';

/** A clock as it was last stored, with the keys (`saidKey`) of the steps already announced. */
export interface StoredClock extends ComputedClock {
  said: readonly string[];
}

export type AnnouncementType =
  | 'clock.started'
  | 'clock.warned'
  | 'clock.escalated'
  | 'clock.breached'
  | 'clock.breach_withdrawn'
  | 'clock.met'
  | 'clock.missed'
  | 'clock.cancelled';

export interface Announcement {
  type: AnnouncementType;
  /** When it became true, which may be long before it is said: a breach at its due time, a stop when it stopped. */
  occurredAt: Instant;
  clock: ComputedClock;
  /** Of a warning: the fraction of the target. */
  fraction?: number;
  /** Of an escalation: its step, with what it does. */
  step?: ClockStep;
}

export interface Announced {
  /** The clocks to store in place of the old ones, with all that has been said. */
  clocks: StoredClock[];
  /**
   * Stored cycles a recomputation found never to have begun; to be deleted. Open ones are announced as cancelled, and
   * breaches as withdrawn.
   */
  dropped: StoredClock[];
  /** By `occurredAt`. */
  announcements: Announcement[];
}

/** The key a step of a clock is remembered by: once per clock, cycle, policy version and step. */
export function saidKey(clock: ComputedClock, step: { key: string }): string {
  return `${clock.policyKey}@${clock.policyVersion}:${step.key}`;
}

/**
 * Compares the clocks as stored with the clocks as computed at `now`, and says what became true in between: starts, steps
 * whose instant has come (also those a recomputation put into the past), breaches, stops. A breach is said before the stop
 * that came after it, however late, so that asking often or once at the end tells the same breaches.
 */
export function announce(before: readonly StoredClock[], after: readonly ComputedClock[], now: Instant): Announced {
  const stored = new Map(before.map((clock) => [clockId(clock), clock]));
  const clocks: StoredClock[] = [];
  const announcements: Announcement[] = [];
  for (const clock of after) {
    const old = stored.get(clockId(clock));
    stored.delete(clockId(clock));
    const news = newsOf(old, clock, old?.said ?? lentSaid(before, clock), now);
    announcements.push(...news.announcements);
    clocks.push({ ...clock, said: [...news.remembered, ...news.said] });
  }
  const dropped = [...stored.values()];
  lendSaid(dropped, clocks[0]);
  for (const old of dropped) {
    const clock = endOf(old, now);
    if (isSaidBroken(old)) announcements.push({ type: 'clock.breach_withdrawn', occurredAt: now, clock });
    if (old.stoppedAt === null) announcements.push({ type: 'clock.cancelled', occurredAt: now, clock });
  }
  return { clocks, dropped, announcements: announcements.sort((a, b) => a.occurredAt - b.occurredAt) };
}

/**
 * Leaves the escalation steps out of what is said, to be said by whoever acts on them (with `said` put right): until then
 * they are due. `steps` are in order.
 */
export function setStepsAside({ clocks, announcements, ...rest }: Announced): Announced & { steps: Announcement[] } {
  const steps = announcements.filter(({ type }) => type === 'clock.escalated');
  if (steps.length === 0) return { ...rest, clocks, announcements, steps };
  const aside = new Set(steps.map(({ clock, step }) => `${clockId(clock)} ${saidKey(clock, step!)}`));
  return {
    ...rest,
    clocks: clocks.map((clock) => {
      return { ...clock, said: clock.said.filter((key) => !aside.has(`${clockId(clock)} ${key}`)) };
    }),
    announcements: announcements.filter(({ type }) => type !== 'clock.escalated'),
    steps,
  };
}

/**
 * The earliest instant, not before `now`, at which a step not yet said falls due; null when none is known.
 * `said` gives the keys (`saidKey`) announced for a clock.
 */
export function nextInstant<C extends ComputedClock>(
  clocks: readonly C[],
  said: (clock: C) => ReadonlySet<string>,
  now: Instant,
): Instant | null {
  let next = Infinity;
  for (const clock of clocks) {
    const known = said(clock);
    for (const step of clock.steps) if (step.at < next && !known.has(saidKey(clock, step))) next = step.at;
  }
  return next === Infinity ? null : Math.max(now, next);
}

/**
 * What a dropped clock has said is kept with another one of its ticket, under its name: should a later recomputation begin
 * that cycle again, it is not said again. Its breach was withdrawn, and is.
 */
function lendSaid(dropped: readonly StoredClock[], keeper: StoredClock | undefined): void {
  if (keeper === undefined || dropped.length === 0) return;
  const lent = dropped.flatMap((clock) =>
    clock.said
      .filter((key) => !key.endsWith(`:${BREACH.key}`))
      .map((key) => (key.includes(' ') ? key : `${clockId(clock)} ${key}`)),
  );
  keeper.said = [...new Set([...keeper.said, ...lent])];
}

function lentSaid(before: readonly StoredClock[], clock: ComputedClock): string[] {
  const name = `${clockId(clock)} `;
  return before.flatMap(({ said }) => said.filter((key) => key.startsWith(name)).map((key) => key.slice(name.length)));
}

function newsOf(old: StoredClock | undefined, clock: ComputedClock, before: readonly string[], now: Instant) {
  const announcements: Announcement[] = [];
  let remembered = before;
  const said: string[] = [];
  if (old === undefined) announcements.push({ type: 'clock.started', occurredAt: clock.startedAt, clock });
  if (old !== undefined && isSaidBroken(old) && !clock.breached) {
    announcements.push({ type: 'clock.breach_withdrawn', occurredAt: now, clock });
    // What was taken back is said again, should it hold again: the feed must not end with a withdrawal that is none.
    remembered = remembered.filter((key) => !key.endsWith(`:${BREACH.key}`));
  }
  const known = new Set(remembered);
  for (const step of comeDue(clock, now)) {
    const key = saidKey(clock, step);
    if (known.has(key)) continue;
    said.push(key);
    announcements.push(announcementOf(clock, step));
  }
  if (clock.stoppedAt !== null && (old?.stoppedAt !== clock.stoppedAt || old.state !== clock.state)) {
    const type =
      clock.state === 'met' || clock.state === 'missed' ? (`clock.${clock.state}` as const) : 'clock.cancelled';
    announcements.push({ type, occurredAt: clock.stoppedAt, clock });
  }
  return { announcements, remembered, said };
}

const BREACH = { key: 'breach' };

function isSaidBroken(clock: StoredClock): boolean {
  return clock.breached && clock.said.includes(saidKey(clock, BREACH));
}

/** The steps whose instant has come. A stopped clock has none, but the breach it ended with is still told. */
function comeDue(clock: ComputedClock, now: Instant): ClockStep[] {
  const { stoppedAt, breachedAt, steps } = clock;
  if (stoppedAt !== null) return breachedAt === null ? [] : [{ ...BREACH, at: breachedAt + 1 }];
  return steps.filter((step) => step.at <= now);
}

function announcementOf(clock: ComputedClock, step: ClockStep): Announcement {
  if (step.key === BREACH.key) return { type: 'clock.breached', occurredAt: clock.breachedAt ?? step.at - 1, clock };
  if (step.fraction !== undefined) return { type: 'clock.warned', occurredAt: step.at, clock, fraction: step.fraction };
  return { type: 'clock.escalated', occurredAt: step.at, clock, step };
}

/** A clock the recomputation does not have, as the last that is told of it: what never was is not broken. */
function endOf({ said: _, ...clock }: StoredClock, now: Instant): ComputedClock {
  const stoppedAt = clock.stoppedAt ?? now;
  return {
    ...clock,
    state: 'cancelled',
    dueAt: null,
    warnAt: [],
    stoppedAt,
    breached: false,
    breachedAt: null,
    steps: [],
  };
}

function clockId({ metric, cycle }: ComputedClock): string {
  return `${metric}#${cycle}`;
}
