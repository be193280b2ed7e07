/** What is promised on a ticket, and its history; and what belongs to tickets, read for many at once. */

import { z } from 'zod';
import { requireStaff, requireVisibleTicket, type Scope, seesInternal } from '../../auth/policy.ts';
import type { Ctx } from '../../context.ts';
import { equals, readPage } from '../../db/page.ts';
import { findByIds, type OwnedTable } from '../../db/rows.ts';
import { contacts } from '../../db/tables/customers.ts';
import { ticketEvents } from '../../db/tables/tickets.ts';
import { agents, teams } from '../../db/tables/workspaces.ts';
import { type Relation, read } from '../../operation.ts';
import { Contact, Customer } from '../customers/model.ts';
import { contactView, customerView, findCustomers } from '../customers/store.ts';
import { zPaging } from '../model.ts';
import { Agent, Team } from '../workspaces/model.ts';
import { agentView, teamView } from '../workspaces/store.ts';
import { Clock, Message, TicketEventPage, zTicketId } from './model.ts';
import { clocksOf, loadLevels } from './settle.ts';
import {
  clockView,
  getTicket,
  listHistories,
  listHistory,
  listLastMessages,
  messageView,
  notBefore,
  type TicketEventRow,
  type TicketRow,
  ticketEventView,
} from './store.ts';

export const listTicketClocks = read({
  name: 'listTicketClocks',
  summary: 'List the promises of a ticket as they stand now: every cycle begun',
  scope: 'tickets:read',
  input: z.strictObject(zTicketId),
  output: z
    .object({ data: z.array(Clock).describe('In the order of the metrics, then by cycle.') })
    .meta({ id: 'Clocks', description: 'Promises of a ticket.' }),
  async run(ctx, { ticketId }) {
    const { history } = await getVisibleTicket(ctx, ticketId);
    const levels = await loadLevels(ctx, [history]);
    return { data: clocksOf(history, levels, notBefore(history, ctx.now)).map(clockView) };
  },
});

/** The ticket with its history; `not_found` for those who do not see it. */
export async function getVisibleTicket(
  ctx: Ctx,
  ticketId: string,
): Promise<{ ticket: TicketRow; history: TicketEventRow[] }> {
  const { workspaceId } = ctx.workspace;
  const [ticket, history] = await Promise.all([
    getTicket(ctx.db, workspaceId, ticketId),
    listHistory(ctx.db, workspaceId, ticketId),
  ]);
  requireVisibleTicket(ctx.actor, ticket);
  return { ticket, history };
}

export const listTicketEvents = read({
  name: 'listTicketEvents',
  summary: "List a ticket's history: what happened, in the order of recording",
  scope: 'tickets:read',
  input: z.strictObject({ ...zTicketId, ...zPaging }),
  output: TicketEventPage,
  async run(ctx, { ticketId, limit, cursor }) {
    requireStaff(ctx.actor);
    await getTicket(ctx.db, ctx.workspace.workspaceId, ticketId);
    return readPage(
      {
        db: ctx.db,
        name: 'list:ticket_events',
        table: ticketEvents,
        workspaceId: ctx.workspace.workspaceId,
        filters: [equals('ticket', ticketEvents.ticketId, ticketId)],
        order: { name: 'position', column: ticketEvents.position, descending: false },
        tieBreak: ticketEvents.position,
        limit,
        cursor,
      },
      ticketEventView,
    );
  },
});

type Parent = Record<string, unknown>;

/** One related row per parent, by the id the parent names; one statement for all of them. */
function byId(
  name: string,
  description: string,
  model: z.ZodType,
  find: (ctx: Ctx, ids: (string | null)[]) => Promise<ReadonlyMap<string, unknown>>,
  scope: Scope,
  view: (row: never, ctx: Ctx) => unknown,
): Relation {
  return {
    on: 'Ticket',
    name,
    description,
    model,
    many: false,
    async load(ctx, parents) {
      // Who may not read it by itself does not get it by a detour.
      const readable = ctx.actor.scopes.has(scope);
      const ids = parents.map((parent) => (readable ? (parent[`${name}Id`] as string | null) : null));
      const rows = await find(ctx, ids);
      return ids.map((id) => {
        const row = id === null ? undefined : rows.get(id);
        return row === undefined ? null : view(row as never, ctx);
      });
    },
  };
}

const rowsOf = (table: OwnedTable) => (ctx: Ctx, ids: (string | null)[]) =>
  findByIds(ctx.db, table, ctx.workspace.workspaceId, ids);

const clocksRelation: Relation = {
  on: 'Ticket',
  name: 'clocks',
  description: 'Every promise, as it stands now.',
  model: Clock,
  many: true,
  async load(ctx, parents) {
    // What a verb answers has them already.
    if (parents.every((parent) => parent['clocks'] !== undefined)) return parents.map((parent) => parent['clocks']);
    const ids = parents.map((parent) => parent['id'] as string);
    const histories = await listHistories(ctx.db, ctx.workspace.workspaceId, ids);
    const levels = await loadLevels(ctx, histories.values());
    return ids.map((id) => {
      const history = histories.get(id)!;
      return clocksOf(history, levels, notBefore(history, ctx.now)).map(clockView);
    });
  },
};

const lastMessageRelation: Relation = {
  on: 'Ticket',
  name: 'lastMessage',
  description: 'What was said last, as far as the caller may read it.',
  model: Message,
  many: false,
  async load(ctx, parents: Parent[]) {
    const ids = parents.map((parent) => parent['id'] as string);
    const rows = await listLastMessages(ctx.db, ctx.workspace.workspaceId, ids, !seesInternal(ctx.actor));
    return ids.map((id) => {
      const row = rows.get(id);
      return row === undefined ? null : messageView(row);
    });
  },
};

export const ticketRelations: Relation[] = [
  byId(
    'customer',
    'Whose it is; null also for callers without customers:read.',
    Customer,
    (ctx, ids) => findCustomers(ctx.db, ctx.workspace.workspaceId, ids),
    'customers:read',
    customerView as (row: never) => unknown,
  ),
  byId(
    'contact',
    'Who asked; null also for callers without customers:read.',
    Contact,
    rowsOf(contacts),
    'customers:read',
    (row: never, ctx) => contactView(row, ctx.workspace.language),
  ),
  byId(
    'assignee',
    'Who works on it; null also for callers without agents:read.',
    Agent,
    rowsOf(agents),
    'agents:read',
    agentView as (row: never) => unknown,
  ),
  byId(
    'team',
    'Whose queue it is in; null also for callers without agents:read.',
    Team,
    rowsOf(teams),
    'agents:read',
    teamView as (row: never) => unknown,
  ),
  clocksRelation,
  lastMessageRelation,
];
