/** One ticket brought to other service levels, or to its customer's tier: what its history says of it, and its clocks on either side. */

import { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { customers } from '../../db/tables/customers.ts';
import type { Instant } from '../../rules/calendar.ts';
import type { ComputedClock } from '../../rules/clocks.ts';
import { turnTo } from '../../rules/recomputation.ts';
import type { CustomerRow } from '../customers/store.ts';
import { clockEvents, clocksOf, type Happening, type Levels, settle } from './settle.ts';
import { notBefore, type TicketFile, type TicketRow } from './store.ts';

/** What makes the promises of a ticket others. */
export interface Turn {
  happening: Happening;
  patch: Partial<TicketRow>;
}

/** A ticket's clocks at one instant without the turn and with it; `changes` are null where nothing is to be saved. */
export interface Turned {
  ticket: Pick<TicketRow, 'id' | 'number' | 'tier'>;
  before: ComputedClock[];
  after: ComputedClock[];
  changes: Changes | null;
}

/**
 * The turn to the service levels of this number, in force since `since`; null when they promise the ticket nothing else.
 * One that is closed is here because that was asked for: all its clocks are computed anew.
 */
export function levelsTurn(
  { ticket, history }: TicketFile,
  levels: Levels,
  { number, since }: { number: number; since: Instant },
): Turn | null {
  const at = notBefore(history, since);
  const type = turnTo(clockEvents(history, levels), levels.get(number)!, at);
  if (type === null) return null;
  const anew = ticket.statusCategory === 'closed' ? { anew: true } : {};
  return { happening: { type, data: { levels: number, ...anew }, at }, patch: {} };
}

/** The turn as a change set. `by` is the job that does it, `dry`: nothing is to be saved, `rests`: on this customer's tier. */
export function turn(
  ctx: Ctx,
  file: TicketFile,
  levels: Levels,
  { happening, patch }: Turn,
  { by, dry, rests }: { by: string; dry: boolean; rests: CustomerRow | null },
): Turned {
  const now = notBefore(file.history, ctx.now);
  const noted: Happening = { ...happening, data: { ...happening.data, job: by } };
  const sides = { ticket: { ...file.ticket, ...patch }, before: clocksOf(file.history, levels, now) };
  if (dry) {
    const event = { at: now, data: {}, ...noted };
    return { ...sides, after: clocksOf([...file.history, event], levels, now), changes: null };
  }
  const changes = new Changes(ctx.now);
  const settled = settle(ctx, changes, file, levels, [noted], patch, { quiet: true });
  if (rests !== null) changes.guard(customers, rests);
  return { ...sides, after: settled.clocks, changes };
}

/** A ticket that this very job has turned already, before it was interrupted; null when it has not. */
export function turnedBefore(ctx: Ctx, { ticket, history }: TicketFile, levels: Levels, by: string): Turned | null {
  const without = history.filter(({ data }) => data['job'] !== by);
  if (without.length === history.length) return null;
  const now = notBefore(history, ctx.now);
  return { ticket, before: clocksOf(without, levels, now), after: clocksOf(history, levels, now), changes: null };
}
