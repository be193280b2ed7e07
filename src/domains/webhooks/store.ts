/** Reads of the webhooks domain. */

import { and, desc, eq, sql } from 'drizzle-orm';
import { bound, type Db, statement } from '../../db/connect.ts';
import { findById, findByIds, type Row } from '../../db/rows.ts';
import { events } from '../../db/tables/machinery.ts';
import { webhookCursors, webhooks } from '../../db/tables/webhooks.ts';
import { notFound } from '../../errors.ts';
import { encodeId } from '../../ids.ts';
import type { Instant } from '../../rules/calendar.ts';
import { findEndOfFeed, type Position, positionOf } from '../events/store.ts';
import { iso, isoOrNull } from '../model.ts';

export type WebhookRow = typeof webhooks.$inferSelect;
export type CursorRow = typeof webhookCursors.$inferSelect;

/** `secret`: the one time it is shown. */
export function webhookView(raw: Row, secret: string | null = null) {
  const row = raw as WebhookRow;
  const { id, name, url, eventTypes, robot, template, contentType, active, disabledReason, version } = row;
  return {
    id,
    name,
    url,
    eventTypes,
    robot,
    robotSigned: row.robotSecret !== null,
    template,
    contentType,
    active,
    disabledReason,
    disabledAt: isoOrNull(row.disabledAt),
    failingSince: isoOrNull(row.failingSince),
    secret,
    previousSecretUntil: isoOrNull(row.previousUntil),
    version,
    createdAt: iso(row.createdAt),
    updatedAt: iso(row.updatedAt),
  };
}

/** What the feed tells of it: without the path of its address, which may hold a key. */
export function webhookFacts(row: WebhookRow) {
  const { secret: _s, url, template: _t, previousSecretUntil: _p, ...view } = webhookView(row);
  return { ...view, origin: new URL(url).origin };
}

/** 404 unless the workspace has it. */
export async function getWebhook(db: Db, workspaceId: number, webhookId: string): Promise<WebhookRow> {
  const row = await findById(db, webhooks, workspaceId, webhookId);
  if (row === undefined) throw notFound('webhook');
  return row;
}

/** Those that are there, by id. */
export function findWebhooks(db: Db, workspaceId: number, ids: readonly (string | null)[]) {
  return findByIds(db, webhooks, workspaceId, ids);
}

/** How far it has been told. */
export async function getCursor(db: Db, workspaceId: number, webhookId: string): Promise<CursorRow> {
  const row = await findById(db, webhookCursors, workspaceId, webhookId);
  if (row === undefined) throw notFound('webhook');
  return row;
}

/** A place in the feed as the columns of a cursor; `notBefore` where what lies after it may have been there already. */
export function cursorAt({ epoch, tx, id }: Position, notBefore: string | null = null) {
  return { epoch, tx, eventId: encodeId('event', id), notBefore };
}

/** Where one stands who is told of what happens from now on: by the database's clock, which dates events. */
export async function cursorAtEnd(db: Db, epoch: number) {
  const { rows } = await db.pool.query<{ now: string }>('select clock_timestamp()::text as now');
  return cursorAt(await findEndOfFeed(db, epoch), rows[0]!.now);
}

export async function countWebhooks(db: Db, workspaceId: number): Promise<number> {
  return db.orm.$count(webhooks, eq(webhooks.workspaceId, workspaceId));
}

/** Before everything that one transaction saved. */
const before = ({ epoch, tx }: { epoch: number; tx: string }): Position => ({
  epoch,
  tx,
  id: '00000000-0000-0000-0000-000000000000',
});

/** Just before what was saved together with this event; null when there is no such event. Searched from the end. */
export async function findBefore(db: Db, workspaceId: number, eventId: string): Promise<Position | null> {
  const query = statement(db, 'find_before_event', (orm, name) =>
    orm
      .select({ epoch: events.epoch, tx: events.tx })
      .from(events)
      .where(and(eq(events.workspaceId, sql.placeholder('workspace')), eq(events.id, bound(events.id, 'id'))))
      .orderBy(desc(events.epoch), desc(events.tx))
      .limit(1)
      .prepare(name),
  );
  const [row] = await query.execute({ workspace: workspaceId, id: eventId });
  return row === undefined ? null : before(row);
}

/**
 * After the last event of before this instant, by the wall clock or by the workspace's: reads back only over what is to be
 * told again. The beginning of the feed when there is none.
 */
export async function findSince(
  db: Db,
  workspaceId: number,
  instant: Instant,
  by: 'recorded' | 'occurred',
): Promise<Position> {
  const column = by === 'recorded' ? events.recordedAt : events.occurredAt;
  const query = statement(db, `find_since_${by}`, (orm, name) =>
    orm
      .select({ epoch: events.epoch, tx: events.tx, id: events.id })
      .from(events)
      .where(
        and(
          eq(events.workspaceId, sql.placeholder('workspace')),
          sql`${column} < to_timestamp(${sql.placeholder('instant')}::float8)`,
        ),
      )
      .orderBy(desc(events.epoch), desc(events.tx), desc(events.id))
      .limit(1)
      .prepare(name),
  );
  const [row] = await query.execute({ workspace: workspaceId, instant });
  return row === undefined ? before({ epoch: 0, tx: '0' }) : positionOf(row);
}
