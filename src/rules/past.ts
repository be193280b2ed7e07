/** What a ticket says of itself at the end of a past that is told all at once: what it would say had each event been live. */

import type { Instant } from './calendar.ts';
import { isDone } from './course.ts';
import type { ClockEvent } from './history.ts';
import type { StatusCategory } from './semantics.ts';

/** An event of the past; `hasBody`: something was written with it. */
export interface PastEvent extends ClockEvent {
  /** Key of the status, with `status`. */
  statusKey?: string | undefined;
  hasBody?: boolean | undefined;
}

/** The fields of a ticket that its past decides. */
export interface Standing {
  status: string;
  statusCategory: StatusCategory;
  priority: string;
  kind: string;
  tier: string | null;
  understandingConfirmedAt: Instant | null;
  firstRespondedAt: Instant | null;
  solvedAt: Instant | null;
  closedAt: Instant | null;
  reopenCount: number;
  customerMessageCount: number;
  agentReplyCount: number;
  /** Whether a survey of the last solution was sent, or kept back, already. */
  surveyed: boolean;
}

/** `events` in order, the creation first; `start` is the ticket as it was created. */
export function standingAfter(
  events: readonly PastEvent[],
  start: Pick<Standing, 'status' | 'statusCategory' | 'priority' | 'kind' | 'tier'>,
): Standing {
  const standing: Standing = {
    ...start,
    understandingConfirmedAt: null,
    firstRespondedAt: null,
    solvedAt: null,
    closedAt: null,
    reopenCount: 0,
    customerMessageCount: 0,
    agentReplyCount: 0,
    surveyed: false,
  };
  for (const event of events) hear(standing, event);
  return standing;
}

function hear(standing: Standing, event: PastEvent): void {
  switch (event.type) {
    case 'created':
      if (event.hasBody && event.by !== 'agent') standing.customerMessageCount += 1;
      enter(standing, 'new', event);
      return;
    case 'customer_message':
      standing.customerMessageCount += 1;
      return;
    case 'agent_reply':
      standing.agentReplyCount += 1;
      standing.firstRespondedAt ??= event.at;
      return;
    case 'contact_answered':
      standing.firstRespondedAt ??= event.at;
      return;
    case 'understanding_confirmed':
      standing.understandingConfirmedAt ??= event.at;
      return;
    case 'status_changed':
      enter(standing, standing.statusCategory, event);
      return;
    case 'priority_changed':
      standing.priority = event.priority ?? standing.priority;
      return;
    case 'kind_changed':
      standing.kind = event.kind ?? standing.kind;
      return;
    case 'tier_changed':
      standing.tier = event.tier ?? null;
      return;
    case 'survey_sent':
    case 'survey_suppressed':
      standing.surveyed = true;
  }
}

/** Solved and closed count as one when entered or left. */
function enter(standing: Standing, before: StatusCategory, { at, status = before, statusKey }: PastEvent): void {
  standing.statusCategory = status;
  standing.status = statusKey ?? standing.status;
  if (isDone(status) && !isDone(before)) {
    standing.solvedAt = at;
    standing.surveyed = false;
  }
  if (!isDone(status) && isDone(before)) {
    standing.solvedAt = null;
    standing.reopenCount += 1;
  }
  if (status === 'closed') standing.closedAt = at;
}
