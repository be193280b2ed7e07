/** What can happen to a ticket as the clocks see it, and which histories are possible at all. */

import { AppError } from '../errors.ts';
import { ALWAYS, type Calendar, type Instant } from './calendar.ts';
import { type Faults, fault } from './faults.ts';
import type { Policy } from './policy.ts';
import type { StatusCategory } from './semantics.ts';

export const CLOCK_EVENT_TYPES = [
  'created',
  'customer_message',
  'agent_reply',
  'internal_note',
  'bot_reply',
  'contact_answered',
  'understanding_confirmed',
  'options_offered',
  'status_changed',
  'priority_changed',
  'tier_changed',
  'kind_changed',
  'policy_changed',
  'calendar_changed',
  'follow_up_recorded',
  'survey_sent',
  'survey_suppressed',
  'score_received',
  'callback_recorded',
] as const;
export type ClockEventType = (typeof CLOCK_EVENT_TYPES)[number];

/** The policies in force and the calendar of objectives and policies that name none. */
export interface ServiceLevels {
  policies: readonly Policy[];
  calendar: Calendar;
}

/** Nothing is promised. */
export const NO_LEVELS: ServiceLevels = { policies: [], calendar: ALWAYS };

/**
 * One thing that happened. `levels`, on any event, replaces the service levels from this event on; an attribute given
 * with an event holds from it on. `created` says what it knows; what it leaves out matches every list.
 */
export interface ClockEvent {
  at: Instant;
  type: ClockEventType;
  levels?: ServiceLevels | undefined;
  /** With `levels`: the whole history is computed anew whatever `onChange` says, also what had stopped on a closed ticket. */
  anew?: boolean | undefined;
  /** `created` only. Default `customer`. */
  by?: 'customer' | 'agent' | undefined;
  /** `created` (default `new`) and `status_changed`. */
  status?: StatusCategory | undefined;
  customer?: string | null | undefined;
  tier?: string | null | undefined;
  kind?: string | null | undefined;
  channel?: string | null | undefined;
  priority?: string | null | undefined;
  /** `options_offered` only: options with advantages, drawbacks and time. Default 1. */
  count?: number | undefined;
  /** `score_received` only; whether it is low is the survey's to say. */
  score?: number | undefined;
  low?: boolean | undefined;
}

/** After `closed` aftercare can be recorded; what surrounds the ticket (its customer's tier, the plan) can change, too. */
const AFTER_CLOSED: ReadonlySet<ClockEventType> = new Set([
  'follow_up_recorded',
  'survey_sent',
  'survey_suppressed',
  'score_received',
  'callback_recorded',
  'tier_changed',
  'policy_changed',
  'calendar_changed',
]);

/** The events by instant; equal instants keep their order in the list. */
export function inOrder(events: readonly ClockEvent[]): ClockEvent[] {
  return [...events].sort((a, b) => a.at - b.at);
}

/**
 * Throws `validation_failed`, by the path of each event in the list as given, for a history that cannot be: not begun
 * by exactly one `created`, or going on after `closed`, which is final.
 */
export function checkHistory(events: readonly ClockEvent[], path = 'events'): void {
  const faults: Faults = [];
  let status: StatusCategory | null = null;
  const refuse = (event: ClockEvent, message: string, code: string): void =>
    fault(faults, `${path}.${events.indexOf(event)}`, message, code);
  for (const event of inOrder(events)) {
    if (status === null && event.type !== 'created') {
      refuse(event, 'The first event of a ticket is its creation.', 'not_created');
    } else if (status !== null && event.type === 'created') {
      refuse(event, 'A ticket is created once.', 'created_twice');
    } else if (status === 'closed' && !AFTER_CLOSED.has(event.type)) {
      refuse(event, `A closed ticket takes no ${event.type}.`, 'ticket_closed');
    } else if (event.type === 'created' || event.type === 'status_changed') {
      status = event.status ?? status ?? 'new';
    }
  }
  if (faults.length > 0) throw new AppError('validation_failed', faults[0]!.message, faults);
}
