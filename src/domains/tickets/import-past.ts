/** The events of an imported past: what each may say, in which order they came, and whether they can have been. */

import { AppError, type FieldError } from '../../errors.ts';
import type { Instant } from '../../rules/calendar.ts';
import { checkHistory } from '../../rules/clocks.ts';
import type { PastEvent } from '../../rules/past.ts';
import type { StatusCategory } from '../../rules/semantics.ts';
import type { TermRow } from '../workspaces/store.ts';
import type { ImportTicket } from './import-model.ts';
import { statusOf } from './words.ts';

type GivenEvent = ImportTicket['events'][number];
type Field = Exclude<keyof GivenEvent, 'at' | 'type'>;

/** An event in its place; `index` is where it stands in the line. */
export interface OrderedEvent extends PastEvent {
  index: number;
  body: string | null;
}

/** What an event says beside when and what. */
const SAID: Partial<Record<GivenEvent['type'], { must?: Field; may?: readonly Field[] }>> = {
  created: { may: ['by', 'status', 'body'] },
  customer_message: { may: ['body'] },
  agent_reply: { may: ['body'] },
  internal_note: { may: ['body'] },
  bot_reply: { may: ['body'] },
  options_offered: { may: ['count'] },
  status_changed: { must: 'status' },
  priority_changed: { must: 'priority' },
  tier_changed: { must: 'tier' },
  kind_changed: { must: 'kind' },
  score_received: { may: ['score', 'low'] },
};

/** Every change of what a ticket is folds its whole history anew. */
const MOST_WORK = 2_000_000;
const CHANGES: ReadonlySet<string> = new Set(['priority_changed', 'tier_changed', 'kind_changed']);

export function checkEventFields(events: readonly GivenEvent[]): FieldError[] {
  const errors: FieldError[] = [];
  let changes = 0;
  events.forEach((event, index) => {
    if (CHANGES.has(event.type)) changes += 1;
    const { must, may = [] } = SAID[event.type] ?? {};
    // No tier is a tier to change to; no status is none.
    const isSaid = (field: Field) => event[field] !== undefined && (event[field] !== null || field === 'tier');
    if (must !== undefined && !isSaid(must)) {
      errors.push({ path: `events.${index}.${must}`, message: 'Required.', code: 'required' });
    }
    for (const field of Object.keys(event) as (keyof GivenEvent)[]) {
      if (field === 'at' || field === 'type' || field === must || may.includes(field)) continue;
      if (event[field] === undefined || event[field] === null) continue;
      const message = `An event ${event.type} has no ${field}.`;
      errors.push({ path: `events.${index}.${field}`, message, code: 'unknown_field' });
    }
  });
  if (events.length * (1 + changes) > MOST_WORK) {
    errors.push({ path: 'events', message: 'Too many changes for so many events.', code: 'too_big' });
  }
  return errors;
}

/** The events in order, their statuses found: by key, or as the first of a category. 422 for one that never was. */
export function pastOf(events: readonly GivenEvent[], terms: TermRow[]): OrderedEvent[] {
  const found = events.map((event, index): OrderedEvent => {
    const { at, type, by, status, priority, kind, tier, count, score, low, body } = event;
    const wanted = status ?? (type === 'created' ? 'new' : null);
    const term = wanted === null ? null : findStatus(terms, wanted, `events.${index}.status`);
    return {
      index,
      at,
      type,
      by: by ?? undefined,
      status: term === null ? undefined : (term.category as StatusCategory),
      statusKey: term?.key,
      priority: priority ?? undefined,
      kind: kind ?? undefined,
      tier,
      count: count ?? undefined,
      score: score ?? undefined,
      low: low ?? undefined,
      body: body ?? null,
      hasBody: body !== null && body !== undefined,
    };
  });
  return found.sort((a, b) => a.at - b.at);
}

const CATEGORIES: ReadonlySet<string> = new Set(['new', 'open', 'pending', 'on_hold', 'solved', 'closed']);

function findStatus(terms: TermRow[], wanted: string, path: string): TermRow {
  const term = terms.find(({ list, key }) => list === 'status' && key === wanted);
  if (term !== undefined) return term;
  if (CATEGORIES.has(wanted)) return statusOf(terms, wanted as StatusCategory);
  const message = `No status is called ${wanted}.`;
  throw new AppError('validation_failed', message, [{ path, message, code: 'unknown_key' }]);
}

/** 422 for a past that cannot be: not begun by its creation, going on after it was closed, or still to come. */
export function requirePast(events: readonly OrderedEvent[], now: Instant): void {
  const given = events.toSorted((a, b) => a.index - b.index);
  const late = given.filter(({ at }) => at > now);
  if (late.length > 0) {
    const message = 'This has not happened yet.';
    const errors = late.map(({ index }) => ({ path: `events.${index}.at`, message, code: 'in_future' }));
    throw new AppError('validation_failed', message, errors);
  }
  checkHistory(given);
}
