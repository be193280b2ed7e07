/** The words of a ticket, taken away: its subject and description, its messages, reasons in its history. Facts stay. */

import { isDeepStrictEqual } from 'node:util';
import { and, asc, eq, ne } from 'drizzle-orm';
import { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import type { Db } from '../../db/connect.ts';
import { columnsOf, findById } from '../../db/rows.ts';
import { messages, ticketEvents, tickets } from '../../db/tables/tickets.ts';
import { type Erasing, erasedFields, erasedText, withoutWords } from '../../rules/erasure.ts';
import { changedNames } from '../patch.ts';
import { ticketSearch } from './operations.ts';
import { listHistory, type MessageRow, type TicketRow } from './store.ts';

/** Messages that are emptied at once. */
const AT_ONCE = 200;

/**
 * The next part of it as a change set, empty when nothing is left to do. The ticket moves with every part, so that whoever
 * writes to it at the same time decides again, and does not bring back what was read before.
 */
export async function eraseTicketWords(ctx: Ctx, ticketId: string, erasing: Erasing): Promise<Changes> {
  const { db, workspace } = ctx;
  const { workspaceId } = workspace;
  const changes = new Changes(ctx.now);
  const ticket = await findById(db, tickets, workspaceId, ticketId);
  if (ticket === undefined) return changes;
  const body = erasedText(erasing);
  const [history, spoken] = await Promise.all([
    listHistory(db, workspaceId, ticketId),
    listMessagesBut(db, workspaceId, ticketId, body),
  ]);
  for (const event of history) {
    const data = withoutWords(event.data, erasing) as typeof event.data;
    if (!isDeepStrictEqual(data, event.data)) changes.update(ticketEvents, event, { data });
  }
  for (const message of spoken) changes.update(messages, message, { body, search: '' });
  const emptied = wordless(ticket, erasing);
  if (!changes.empty || changedNames(ticket, emptied).length > 0) {
    changes.update(tickets, ticket, { ...emptied, search: ticketSearch({ ...ticket, subject: '' }) });
  }
  return changes;
}

function wordless(ticket: TicketRow, erasing: Erasing): Pick<TicketRow, 'subject' | 'fault' | 'customFields'> {
  const customFields = erasedFields(ticket.customFields, erasing.keyFields);
  return { subject: erasedText(erasing), fault: null, customFields };
}

async function listMessagesBut(db: Db, workspaceId: number, ticketId: string, body: string): Promise<MessageRow[]> {
  return (await db.orm
    .select(columnsOf(messages))
    .from(messages)
    .where(and(eq(messages.workspaceId, workspaceId), eq(messages.ticketId, ticketId), ne(messages.body, body)))
    .orderBy(asc(messages.id))
    .limit(AT_ONCE)) as MessageRow[];
}
