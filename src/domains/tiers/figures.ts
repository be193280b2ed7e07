/**
 * Figures of many customers at once: one statement for each table they are taken of, and none for a table that no figure
 * is of. The text follows from what is asked for; windows, kinds and words are parameters.
 */

import { createHash } from 'node:crypto';
import type { Db } from '../../db/connect.ts';
import { decodeId } from '../../ids.ts';
import type { Instant } from '../../rules/calendar.ts';
import { type Figure, type FigureDefinition, growthOf } from '../../rules/figures.ts';
import { searchQuery } from '../../rules/search.ts';
import type { Figures } from '../../rules/tier-model.ts';
import { wholeMonths, windowStart } from '../../rules/windows.ts';
import { Zone } from '../../rules/zone.ts';
import type { CustomerRow } from '../customers/store.ts';

/** What is known of a customer without asking another table. */
export type Measured = Pick<CustomerRow, 'id' | 'customerSince' | 'figures'>;

export interface Measures {
  figures: Figures;
  /** Whether anything is known of them, an activity or a figure another system gives: of whom nothing is, has no score. */
  known: boolean;
}

/** A row of numbers: what a statement answers of one customer. */
type Numbers = (number | null)[];

/** A column of a statement, or two of them, and how they make a figure. */
interface Taken {
  definition: FigureDefinition;
  read(row: Numbers | undefined): Figure;
}

/** Takes these figures of these customers, at most a few thousand, as they are `at` this instant. */
export async function loadFigures(
  db: Db,
  { workspaceId, timeZone }: { workspaceId: number; timeZone: string },
  customers: readonly Measured[],
  definitions: readonly FigureDefinition[],
  at: Instant,
): Promise<Map<string, Measures>> {
  const zone = Zone.named(timeZone)!;
  const query = () => new Query(zone, at);
  const [activities, answers, tickets] = [query(), query(), query()];
  const takenOf = definitions.map((definition) => {
    switch (definition.of) {
      case 'amount':
      case 'count':
      case 'growth':
        return { source: activities, ...ofActivities(activities, definition) };
      case 'satisfaction':
      case 'low_scores':
        return { source: answers, ...ofAnswers(answers, definition) };
      case 'tickets':
        return { source: tickets, ...ofTickets(tickets, definition) };
      default:
        return { source: null, definition, read: () => null };
    }
  });
  const uuids = customers.map(({ id }) => decodeId('customer', id));
  const ask = (source: Query, text: (columns: string) => string) => source.ask(db, workspaceId, uuids, text);
  const [ofActivity, ofAnswer, ofTicket] = await Promise.all([
    ask(activities, activitiesText),
    answers.empty ? NOTHING : ask(answers, answersText),
    tickets.empty ? NOTHING : ask(tickets, ticketsText),
  ]);
  const rowsOf = new Map([
    [activities, ofActivity],
    [answers, ofAnswer],
    [tickets, ofTicket],
  ]);
  return new Map(
    customers.map((customer, index) => {
      const uuid = uuids[index]!;
      const first = ofActivity.get(uuid)?.[0] ?? null;
      const figures = new Map<FigureDefinition, Figure>();
      for (const { source, definition, read } of takenOf) {
        const figure =
          source === null ? ofCustomer(definition, customer, first, at, zone) : read(rowsOf.get(source)!.get(uuid));
        figures.set(definition, figure);
      }
      return [customer.id, { figures, known: first !== null || Object.keys(customer.figures).length > 0 }];
    }),
  );
}

const NOTHING: Promise<ReadonlyMap<string, Numbers>> = Promise.resolve(new Map());

function ofCustomer(
  definition: FigureDefinition,
  { customerSince, figures }: Measured,
  first: Instant | null,
  at: Instant,
  zone: Zone,
): Figure {
  if (definition.of === 'given') return figures[definition.key] ?? null;
  const since = customerSince ?? first;
  return since === null ? null : wholeMonths(since, at, zone);
}

// ── Activities ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** All of their activities up to now, read from the index alone: the first says since when they are a customer. */
const activitiesText = (columns: string) => `
  select a.customer_id as id, array[extract(epoch from min(a.at))::float8${columns}] as numbers
  from activities a
  where a.workspace_id = $1 and a.customer_id = any($2::uuid[]) and a.at <= $3
  group by a.customer_id`;

function ofActivities(query: Query, definition: FigureDefinition & { of: 'amount' | 'count' | 'growth' }): Taken {
  const kinds = query.parameter(definition.activities, 'text[]');
  const by = definition.of === 'growth' ? definition.by : definition.of;
  const value =
    by === 'count' ? 'count(*)' : `sum(case when a.kind = 'refund' then -a.base_amount else a.base_amount end)`;
  const start = query.start(definition.window);
  const within = (times: string) =>
    query.column(`coalesce(${value} filter (where a.kind = any(${kinds}) and ${times}), 0)`);
  const now = within(`a.at > ${start}`);
  if (definition.of !== 'growth') return { definition, read: (row) => row?.[now] ?? 0 };
  const before = within(`a.at > ${query.start(definition.window, 2)} and a.at <= ${start}`);
  return { definition, read: (row) => (row === undefined ? null : growthOf(row[now]!, row[before]!)) };
}

// ── Surveys ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const answersText = (columns: string) => `
  select t.customer_id as id, array[0${columns}] as numbers
  from tickets t join survey_answers s on s.workspace_id = t.workspace_id and s.ticket_id = t.id
  where t.workspace_id = $1 and t.customer_id = any($2::uuid[]) and s.answered_at <= $3
  group by t.customer_id`;

function ofAnswers(query: Query, definition: FigureDefinition & { of: 'satisfaction' | 'low_scores' }): Taken {
  const within = `s.answered_at > ${query.start(definition.window)}`;
  if (definition.of === 'low_scores') {
    const low = query.column(`count(*) filter (where s.low and ${within})`);
    return { definition, read: (row) => row?.[low] ?? 0 };
  }
  const mean = query.column(`avg(100.0 * (s.overall - 1) / (s.scale - 1)) filter (where ${within})`);
  return { definition, read: (row) => row?.[mean] ?? null };
}

// ── Tickets ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const ticketsText = (columns: string) => `
  select t.customer_id as id, array[0${columns}] as numbers
  from tickets t
  where t.workspace_id = $1 and t.customer_id = any($2::uuid[]) and t.created_at <= $3
  group by t.customer_id`;

function ofTickets(query: Query, definition: FigureDefinition & { of: 'tickets' }): Taken {
  const conditions = [`t.created_at > ${query.start(definition.window)}`];
  if (definition.kinds !== undefined) conditions.push(`t.kind = any(${query.parameter(definition.kinds, 'text[]')})`);
  if (definition.words !== undefined) {
    // Words of a subject alone; of words that nothing can be found by, none is there.
    const words = definition.words.map(searchQuery).filter((word) => word !== null);
    const any = words.map((word) => `(${word})`).join(' | ');
    const wanted = query.parameter(any, 'tsquery');
    conditions.push(`ts_filter(t.search, '{a}') @@ ${wanted}`);
  }
  const count = query.column(`count(*) filter (where ${conditions.join(' and ')})`);
  return { definition, read: (row) => row?.[count] ?? 0 };
}

// ── The statement ───────────────────────────────────────────────────────────────────────────────────────────────────

const NAMES = new Map<string, string>();

/** A statement over customers in the making: its columns, and its parameters after workspace, customers and now. */
class Query {
  readonly #zone: Zone;
  readonly #at: Instant;
  readonly #columns: string[] = [];
  readonly #values: unknown[] = [];

  constructor(zone: Zone, at: Instant) {
    this.#zone = zone;
    this.#at = at;
  }

  get empty(): boolean {
    return this.#columns.length === 0;
  }

  parameter(value: unknown, type: string): string {
    return `$${this.#values.push(value) + 3}::${type}`;
  }

  /** The start of a window, or of the one before it. */
  start(window: string, times: 1 | 2 = 1): string {
    return this.parameter(textOf(windowStart(window, this.#at, this.#zone, times)), 'timestamptz');
  }

  /** The place of a number in the rows; the first is the statement's own. */
  column(expression: string): number {
    return this.#columns.push(`(${expression})::float8`);
  }

  /** The numbers by the UUID of the customer. */
  async ask(
    db: Db,
    workspaceId: number,
    uuids: string[],
    textWith: (columns: string) => string,
  ): Promise<ReadonlyMap<string, Numbers>> {
    const text = textWith(this.#columns.map((column) => `, ${column}`).join(''));
    let name = NAMES.get(text);
    if (name === undefined) {
      name = `figures_${createHash('sha256').update(text).digest('hex').slice(0, 24)}`;
      NAMES.set(text, name);
    }
    const { rows } = await db.pool.query<{ id: string; numbers: Numbers }>({
      ...(db.prepared ? { name } : {}),
      text,
      values: [workspaceId, uuids, textOf(this.#at), ...this.#values],
    });
    return new Map(rows.map(({ id, numbers }) => [id, numbers]));
  }
}

function textOf(at: Instant): string {
  return new Date(at * 1000).toISOString();
}
