/** Reads of the deliveries domain. */

import type { Db } from '../../db/connect.ts';
import { findById, findByIds } from '../../db/rows.ts';
import { deliveries } from '../../db/tables/escalation.ts';
import { type EventRow, eventView, findEventRows } from '../events/store.ts';
import { iso, isoOrNull } from '../model.ts';

export type DeliveryRow = typeof deliveries.$inferSelect;

export function findDelivery(db: Db, workspaceId: number, deliveryId: string): Promise<DeliveryRow | undefined> {
  return findById(db, deliveries, workspaceId, deliveryId);
}

/** Those that are there, by id. */
export function findDeliveries(db: Db, workspaceId: number, ids: readonly string[]) {
  return findByIds(db, deliveries, workspaceId, ids);
}

/** Rows are read without their events, which go the same way to many receivers. */
export async function findEventsOf(db: Db, workspaceId: number, rows: readonly DeliveryRow[]) {
  const places = rows
    .filter(({ webhookId }) => webhookId !== null)
    .map(({ eventEpoch, eventTx, eventId }) => ({ epoch: eventEpoch!, tx: eventTx!, id: eventId }));
  const found = await findEventRows(db, workspaceId, places);
  return new Map(found.map((event) => [event.id, event]));
}

/** `event`: of a webhook; null where it is gone, or not saved yet. */
export function deliveryView(row: DeliveryRow, event: EventRow | null) {
  const { id, ticketId, webhookId, url, eventId, eventType, state, attempts, lastStatus, lastError, version } = row;
  return {
    id,
    ticketId,
    webhookId,
    url,
    eventId,
    eventType,
    body: webhookId === null ? row.body : event && eventView(event),
    state,
    attempts,
    nextAttemptAt: isoOrNull(row.nextAttemptAt),
    lastAttemptAt: isoOrNull(row.lastAttemptAt),
    lastStatus,
    lastError,
    deliveredAt: isoOrNull(row.deliveredAt),
    version,
    createdAt: iso(row.createdAt),
    updatedAt: iso(row.updatedAt),
  };
}
