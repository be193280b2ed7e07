/**
 * How anything that happens to a ticket becomes a change set: its history grows, its clocks are folded anew from the whole
 * of it, what became true is said, and its timer is set to what comes next. Every verb, the timekeeper and the import go
 * this way.
 */

import type { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { timers } from '../../db/tables/machinery.ts';
import { clocks, ticketEvents, tickets } from '../../db/tables/tickets.ts';
import { workspaces } from '../../db/tables/workspaces.ts';
import { newId } from '../../ids.ts';
import type { Instant } from '../../rules/calendar.ts';
import {
  type Announcement,
  announce,
  CLOCK_EVENT_TYPES,
  type ClockEvent,
  type ClockEventType,
  type ComputedClock,
  computeClocks,
  NO_LEVELS,
  nextInstant,
  type ServiceLevels,
  type StoredClock,
  setStepsAside,
} from '../../rules/clocks.ts';
import { isoOrNull } from '../model.ts';
import { loadServiceLevels } from '../service-levels/store.ts';
import {
  type ClockRow,
  clockView,
  notBefore,
  type TicketEventRow,
  type TicketFile,
  type TicketRow,
  ticketView,
} from './store.ts';

/** One thing that happened; `data` holds ids and facts for the history and the fold. */
export interface Happening {
  type: string;
  data?: Record<string, unknown>;
  /** When, where it is not now: imports and what a timer brought. */
  at?: Instant;
}

/** Service levels by the version numbers that a history names. */
export type Levels = ReadonlyMap<number, ServiceLevels>;

/** What the fold needs of an event of the history. */
export type Recorded = Pick<TicketEventRow, 'at' | 'type' | 'data'>;

const FOLDED: ReadonlySet<string> = new Set(CLOCK_EVENT_TYPES);

/** The history as the rules hear it. */
export function clockEvents(history: readonly Recorded[], levels: Levels): ClockEvent[] {
  return history
    .filter(({ type }) => FOLDED.has(type))
    .map(({ at, type, data }) => {
      const { levels: number, ...facts } = data as { levels?: number };
      const named = number === undefined ? {} : { levels: levels.get(number) ?? NO_LEVELS };
      return { ...facts, ...named, at, type: type as ClockEventType };
    });
}

/** Every version a history names, and the one in force now; compiled and kept by the process. */
export async function loadLevels(
  ctx: Pick<Ctx, 'db' | 'workspace'>,
  histories: Iterable<readonly Recorded[]>,
): Promise<Levels> {
  const numbers = new Set([0, ctx.workspace.serviceLevelVersion]);
  for (const history of histories) {
    for (const { data } of history) if (typeof data['levels'] === 'number') numbers.add(data['levels']);
  }
  const list = [...numbers];
  const loaded = await Promise.all(
    list.map((number) => (number === 0 ? NO_LEVELS : loadServiceLevels(ctx.db, ctx.workspace.workspaceId, number))),
  );
  return new Map(list.map((number, index) => [number, loaded[index]!]));
}

/** The clocks of a ticket as they stand at an instant. */
export function clocksOf(history: readonly Recorded[], levels: Levels, asOf: Instant): ComputedClock[] {
  return computeClocks(clockEvents(history, levels), asOf);
}

export interface Settled {
  ticket: TicketRow;
  history: TicketEventRow[];
  clocks: ComputedClock[];
  /** The clocks as they will be stored. */
  rows: ClockRow[];
  /** Escalation steps that are due and neither said nor done: the ticket's timer is set to now, and acts (see escalate.ts). */
  steps: Announcement[];
}

/**
 * Adds what happened and what follows from it to the change set. `patch` is what changes on the ticket itself; `quiet`
 * leaves its ETag alone, for what no person edited. Happenings are at `ctx.now`, or at their own instant; never before
 * what was recorded last, unless the whole history is new (an import). `announced: false` says nothing in the feed, and
 * escalation steps of that past are not done.
 */
export function settle(
  ctx: Ctx,
  changes: Changes,
  file: TicketFile,
  levels: Levels,
  happenings: readonly Happening[],
  patch: Partial<TicketRow>,
  { quiet = false, announced = true }: { quiet?: boolean; announced?: boolean } = {},
): Settled {
  const { workspaceId } = ctx.workspace;
  const { ticket } = file;
  const at = notBefore(file.history, ctx.now);
  const added = happenings.map((happening, index) =>
    changes.insert(ticketEvents, {
      workspaceId,
      ticketId: ticket.id,
      position: file.history.length + index + 1,
      at: happening.at ?? at,
      type: happening.type,
      data: happening.data ?? {},
      actor: ctx.actor.id,
      door: ctx.door,
    }),
  );
  const history = [...file.history, ...added];
  const now = Math.max(ctx.now, at);
  const computed = clocksOf(history, levels, now);
  const all = announce(file.clocks.map(storedClock), computed, now);
  const { clocks: stored, dropped, announcements, steps } = announced ? setStepsAside(all) : { ...all, steps: [] };
  const before = new Map(file.clocks.map((row) => [`${row.metric}#${row.cycle}`, row]));
  const rows = stored.map((clock) =>
    saveClock(changes, workspaceId, ticket.id, clock, before.get(`${clock.metric}#${clock.cycle}`)),
  );
  for (const clock of dropped) changes.delete(clocks, before.get(`${clock.metric}#${clock.cycle}`)!);
  if (announced) {
    for (const { type, occurredAt, clock, fraction } of announcements) {
      const more = fraction === undefined ? {} : { fraction };
      changes.event(type, ticket.id, { ...clockFacts(ticket, clock), ...more }, occurredAt);
    }
  }
  const said = new Map<ComputedClock, ReadonlySet<string>>(stored.map((clock) => [clock, new Set(clock.said)]));
  const draft = { ...ticket, ...patch };
  const nextDueAt = earliest(
    nextInstant(stored, (clock) => said.get(clock)!, now),
    draft.suspendedUntil,
    draft.surveyAt,
  );
  const after = changes.update(tickets, ticket as never, { ...patch, nextDueAt } as never, {
    quiet,
  }) as unknown as TicketRow;
  setTimer(changes, ctx, ticket, nextDueAt);
  // Service levels that change at this very moment must not pass the ticket by. A long transaction (an import of all or
  // nothing) would keep everybody from changing them meanwhile, and goes without.
  const named = happenings.some(({ data }) => data?.['levels'] !== undefined);
  if (named && ctx.db.outside === undefined) changes.guard(workspaces, { ...ctx.workspace });
  return { ticket: after, history, clocks: computed, rows, steps };
}

/** What the feed says of a clock with every event about it. */
export function clockFacts(ticket: TicketRow, clock: ComputedClock) {
  const { id, number, tier, kind } = ticket;
  return { ticket: { id, number, tier, kind }, clock: clockView(clock) };
}

/** What a verb answers. */
export function answerOf({ ticket, clocks: computed }: Pick<Settled, 'ticket' | 'clocks'>) {
  return { ...ticketView(ticket), clocks: computed.map(clockView) };
}

/** What a verb answers that found nothing to do. */
export function asItStands(ctx: Ctx, { ticket, history }: TicketFile, levels: Levels) {
  return answerOf({ ticket, clocks: clocksOf(history, levels, notBefore(history, ctx.now)) });
}

function earliest(...instants: (Instant | null)[]): Instant | null {
  const known = instants.filter((at) => at !== null);
  return known.length === 0 ? null : Math.min(...known);
}

/** Each ticket has one timer row, made with it; it moves only when what comes next does. */
function setTimer(changes: Changes, ctx: Ctx, ticket: TicketRow, due: Instant | null): void {
  const key = { workspaceId: ctx.workspace.workspaceId, kind: 'ticket' as const, subject: ticket.id };
  const row = { ...key, due, live: ctx.workspace.mode === 'live', leaseUntil: null };
  if (ticket.revision === 0) changes.insert(timers, row);
  else if (due !== ticket.nextDueAt) changes.update(timers, row, {});
}

function saveClock(
  changes: Changes,
  workspaceId: number,
  ticketId: string,
  clock: StoredClock,
  row: ClockRow | undefined,
): ClockRow {
  const { steps: _, said, ...state } = clock;
  const next = { ...state, said: [...said] };
  if (row === undefined) return changes.insert(clocks, { workspaceId, id: newId('clock'), ticketId, ...next });
  return differs(row, next) ? changes.update(clocks, row, next) : row;
}

/** Elapsed time alone is no change: it is folded whenever it is asked for. */
function differs(row: ClockRow, next: Omit<StoredClock, 'steps'>): boolean {
  const { elapsedSeconds: _e, pausedSeconds: _p, ...facts } = next;
  const stopped = next.stoppedAt !== null && row.stoppedAt !== next.stoppedAt;
  return (
    stopped ||
    Object.entries(facts).some(([name, value]) => JSON.stringify(row[name as keyof ClockRow]) !== JSON.stringify(value))
  );
}

function storedClock(row: ClockRow): StoredClock {
  const { workspaceId: _w, id: _i, ticketId: _t, ...clock } = row;
  return { ...clock, metric: clock.metric as StoredClock['metric'], steps: [] };
}

/** What the feed says of a ticket with every event about it. */
export function ticketFacts(ticket: TicketRow): Record<string, unknown> {
  return { ticket: { ...ticketView(ticket), nextDueAt: isoOrNull(ticket.nextDueAt) } };
}
