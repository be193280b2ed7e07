/** Reads of the feed: in commit order, and never past a transaction that is still running, so that nothing is skipped. */

import { and, eq, sql } from 'drizzle-orm';
import { type Db, statement } from '../../db/connect.ts';
import { filter } from '../../db/page.ts';
import { columnsOf } from '../../db/rows.ts';
import { events } from '../../db/tables/machinery.ts';
import { AppError } from '../../errors.ts';
import { decodeId } from '../../ids.ts';
import { iso } from '../model.ts';

export interface Position {
  epoch: number;
  tx: string;
  id: string;
}

const START: Position = { epoch: 0, tx: '0', id: '00000000-0000-0000-0000-000000000000' };

/** Sequences compare as text the way their places lie in the feed; the letter puts them after those of the old form. */
export function encodeSequence({ epoch, tx, id }: Position): string {
  return `s${String(epoch).padStart(10, '0')}-${tx.padStart(20, '0')}-${id}`;
}

const UUID = '([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})';
const SEQUENCE = new RegExp(`^s0(\\d{9})-0(\\d{19})-${UUID}$`);
/** Of before sequences could be compared; receivers may still hold some. */
const OLD_SEQUENCE = new RegExp(`^(\\d{1,9})\\.(\\d{1,19})\\.${UUID}$`);

/** 400 `invalid_cursor` for what is no sequence. */
export function decodeSequence(sequence: string): Position {
  const old = Buffer.from(sequence, 'base64url');
  const match =
    SEQUENCE.exec(sequence) ?? (old.toString('base64url') === sequence ? OLD_SEQUENCE.exec(old.toString()) : null);
  if (match === null) throw new AppError('invalid_cursor', 'This is no sequence of the feed.');
  return { epoch: Number(match[1]), tx: String(BigInt(match[2]!)), id: match[3]! };
}

/** Before whatever is not committed yet: a reader who starts here sees all that comes from now on. */
export async function findEndOfFeed(db: Db, epoch: number): Promise<Position> {
  const answer = await db.pool.query<{ tx: string }>('select pg_snapshot_xmin(pg_current_snapshot())::text as tx');
  return { ...START, epoch, tx: answer.rows[0]!.tx };
}

export interface EventQuery {
  after: Position | null;
  limit: number;
  types: string[] | undefined;
  subject: string | undefined;
}

export async function listEventRows(db: Db, workspaceId: number, epoch: number, query: EventQuery) {
  const filters = [
    filter('types', query.types, sql`${events.type} = any(${sql.placeholder('types')}::text[])`),
    filter('subject', query.subject, sql`${events.subject} = ${sql.placeholder('subject')}`),
  ].filter(({ values }) => values !== null);
  const prepared = statement(db, `list_events:${filters.map(({ name }) => name).join()}`, (orm, name) =>
    orm
      .select(columnsOf(events))
      .from(events)
      .where(
        sql.join(
          [
            sql`${events.workspaceId} = ${sql.placeholder('workspace')}`,
            sql`(${events.epoch}, ${events.tx}, ${events.id}) > (${sql.placeholder('epoch')}::int, ${sql.placeholder('tx')}::xid8, ${sql.placeholder('id')}::uuid)`,
            sql`(${events.epoch} < ${sql.placeholder('current')}::int or ${events.tx} < pg_snapshot_xmin(pg_current_snapshot()))`,
            ...filters.map(({ condition }) => condition!),
          ],
          sql` and `,
        ),
      )
      .orderBy(events.epoch, events.tx, events.id)
      .limit(sql.placeholder('limit'))
      .prepare(name),
  );
  return prepared.execute({
    workspace: workspaceId,
    current: epoch,
    limit: query.limit,
    ...(query.after ?? START),
    ...Object.assign({}, ...filters.map(({ values }) => values)),
  });
}

/** The events at these places, in any order; what is not there any more is left out. `id` is the TypeID. */
export async function findEventRows(
  db: Db,
  workspaceId: number,
  places: readonly { epoch: number; tx: string; id: string }[],
) {
  if (places.length === 0) return [];
  const query = statement(db, 'find_events', (orm, name) =>
    orm
      .select(columnsOf(events))
      .from(events)
      .where(
        and(
          eq(events.workspaceId, sql.placeholder('workspace')),
          sql`(${events.epoch}, ${events.tx}, ${events.id}) in (select * from unnest(${sql.placeholder('epochs')}::int[], ${sql.placeholder('txs')}::xid8[], ${sql.placeholder('ids')}::uuid[]))`,
        ),
      )
      .prepare(name),
  );
  return query.execute({
    workspace: workspaceId,
    epochs: places.map(({ epoch }) => epoch),
    txs: places.map(({ tx }) => tx),
    ids: places.map(({ id }) => decodeId('event', id)),
  });
}

export type EventRow = Awaited<ReturnType<typeof listEventRows>>[number];

export function positionOf(row: Pick<EventRow, 'epoch' | 'tx' | 'id'>): Position {
  return { epoch: row.epoch, tx: row.tx, id: decodeId('event', row.id) };
}

export function eventView(row: EventRow) {
  const { id, type, actor, door, subject, data } = row;
  return {
    id,
    sequence: encodeSequence(positionOf(row)),
    type,
    occurredAt: iso(row.occurredAt),
    recordedAt: new Date(row.recordedAt).toISOString(),
    actor,
    door,
    subject,
    data,
  };
}
