/** Reads about one person across the domains: what is theirs, and where it was told. */

import { and, asc, count, eq, gt, inArray, sql } from 'drizzle-orm';
import type { Db } from '../../db/connect.ts';
import { columnsOf } from '../../db/rows.ts';
import { deliveries } from '../../db/tables/escalation.ts';
import { events, idempotencyKeys } from '../../db/tables/machinery.ts';
import { surveyAnswers } from '../../db/tables/surveys.ts';
import { messages, tickets } from '../../db/tables/tickets.ts';
import { activities } from '../../db/tables/tiering.ts';
import { customFields } from '../../db/tables/workspaces.ts';
import { decodeId } from '../../ids.ts';
import type { ActivityRow } from '../activities/store.ts';
import type { AnswerRow } from '../surveys/store.ts';
import type { MessageRow } from '../tickets/store.ts';

/** The next tickets, by id, that are a contact's or that they wrote on. */
export async function listTicketIds(
  db: Db,
  workspaceId: number,
  contactId: string,
  after: string | null,
  limit: number,
): Promise<string[]> {
  const uuid = decodeId('contact', contactId);
  const { rows } = await db.orm.execute<{ id: string }>(sql`
    select id from (
      (select ${tickets.id} as id from ${tickets}
       where ${tickets.workspaceId} = ${workspaceId} and ${tickets.contactId} = ${uuid}::uuid
         ${after === null ? sql`` : sql`and ${tickets.id} > ${decodeId('ticket', after)}::uuid`}
       order by ${tickets.id} limit ${limit})
      union
      (select distinct ${messages.ticketId} as id from ${messages}
       where ${messages.workspaceId} = ${workspaceId} and ${messages.contactId} = ${uuid}::uuid
         ${after === null ? sql`` : sql`and ${messages.ticketId} > ${decodeId('ticket', after)}::uuid`}
       order by 1 limit ${limit})
    ) theirs order by id limit ${limit}`);
  return rows.map(({ id }) => tickets.id.mapFromDriverValue(id) as string);
}

/** How many tickets those are. */
export async function countTickets(db: Db, workspaceId: number, contactId: string): Promise<number> {
  const uuid = decodeId('contact', contactId);
  const { rows } = await db.orm.execute<{ number: number }>(sql`
    select count(*)::int as number from (
      select ${tickets.id} from ${tickets}
      where ${tickets.workspaceId} = ${workspaceId} and ${tickets.contactId} = ${uuid}::uuid
      union
      select ${messages.ticketId} from ${messages}
      where ${messages.workspaceId} = ${workspaceId} and ${messages.contactId} = ${uuid}::uuid
    ) theirs`);
  return rows[0]!.number;
}

/** The public messages of these tickets, by ticket and age, at most so many. */
export async function listMessagesOf(
  db: Db,
  workspaceId: number,
  ticketIds: string[],
  limit: number,
): Promise<MessageRow[]> {
  return (await db.orm
    .select(columnsOf(messages))
    .from(messages)
    .where(
      and(
        eq(messages.workspaceId, workspaceId),
        inArray(messages.ticketId, ticketIds),
        eq(messages.visibility, 'public'),
      ),
    )
    .orderBy(asc(messages.ticketId), asc(messages.id))
    .limit(limit)) as MessageRow[];
}

export async function listAnswersOf(
  db: Db,
  workspaceId: number,
  ticketIds: string[],
  limit: number,
): Promise<AnswerRow[]> {
  return db.orm
    .select()
    .from(surveyAnswers)
    .where(and(eq(surveyAnswers.workspaceId, workspaceId), inArray(surveyAnswers.ticketId, ticketIds)))
    .orderBy(asc(surveyAnswers.id))
    .limit(limit);
}

export async function listActivitiesOf(
  db: Db,
  workspaceId: number,
  contactId: string,
  limit: number,
): Promise<ActivityRow[]> {
  return db.orm
    .select()
    .from(activities)
    .where(and(eq(activities.workspaceId, workspaceId), eq(activities.contactId, contactId)))
    .orderBy(asc(activities.id))
    .limit(limit);
}

export type EventRow = typeof events.$inferSelect;

const AT = [events.epoch, events.tx, events.id] as const;

/** The next events about these subjects, in the order of the feed. */
export async function listEventsAbout(
  db: Db,
  workspaceId: number,
  subjects: readonly string[],
  after: Pick<EventRow, 'epoch' | 'tx' | 'id'> | null,
  limit: number,
): Promise<EventRow[]> {
  const [epoch, tx, id] = AT;
  return db.orm
    .select()
    .from(events)
    .where(
      and(
        eq(events.workspaceId, workspaceId),
        inArray(events.subject, [...subjects]),
        after === null
          ? undefined
          : sql`(${epoch}, ${tx}, ${id}) > (${after.epoch}, ${after.tx}::xid8, ${decodeId('event', after.id)}::uuid)`,
      ),
    )
    .orderBy(...AT.map((column) => asc(column)))
    .limit(limit);
}

export async function countEventsAbout(db: Db, workspaceId: number, subjects: readonly string[]): Promise<number> {
  if (subjects.length === 0) return 0;
  const [row] = await db.orm
    .select({ number: count() })
    .from(events)
    .where(and(eq(events.workspaceId, workspaceId), inArray(events.subject, [...subjects])));
  return row!.number;
}

/** Deliveries of these events of which a receiver said something: it may have said again what it was told. */
export async function listSpokenDeliveries(db: Db, workspaceId: number, eventIds: string[]) {
  if (eventIds.length === 0) return [];
  return db.orm
    .select()
    .from(deliveries)
    .where(
      and(
        eq(deliveries.workspaceId, workspaceId),
        inArray(deliveries.eventId, eventIds),
        sql`${deliveries.lastError} is not null`,
      ),
    );
}

export type KeptReply = typeof idempotencyKeys.$inferSelect;

/** The next answers kept for repeats, in the order of their keys, so many looked at; of these, those that name one of the ids. */
export async function listRepliesNaming(
  db: Db,
  workspaceId: number,
  ids: readonly string[],
  after: string | null,
  limit: number,
): Promise<{ rows: KeptReply[]; last: string | null }> {
  const { rows: seen } = await db.orm.execute<{ last: string | null }>(sql`
    select max(key) as last from (
      select ${idempotencyKeys.key} as key from ${idempotencyKeys}
      where ${idempotencyKeys.workspaceId} = ${workspaceId} ${after === null ? sql`` : sql`and ${idempotencyKeys.key} > ${after}`}
      order by ${idempotencyKeys.key} limit ${limit}
    ) next`);
  const last = seen[0]?.last ?? null;
  if (last === null) return { rows: [], last };
  const rows = await db.orm
    .select()
    .from(idempotencyKeys)
    .where(
      and(
        eq(idempotencyKeys.workspaceId, workspaceId),
        after === null ? undefined : gt(idempotencyKeys.key, after),
        sql`${idempotencyKeys.key} <= ${last}`,
        // The ids in an answer are taken out of it once, however many are looked for.
        sql`exists (select from regexp_matches(${idempotencyKeys.response}::text, '(?:con|tkt)_[0-9a-z]{26}', 'g') found where found[1] = any(${sql.param([...ids])}::text[]))`,
      ),
    );
  return { rows, last };
}

/** Keys of the custom fields that hold keys of a list, not words. */
export async function listKeyFields(db: Db, workspaceId: number): Promise<ReadonlySet<string>> {
  const rows = await db.orm
    .select({ key: customFields.key })
    .from(customFields)
    .where(and(eq(customFields.workspaceId, workspaceId), inArray(customFields.type, ['select', 'multi_select'])));
  return new Set(rows.map(({ key }) => key));
}
