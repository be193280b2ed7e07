/** Reads of the deliveries domain. */

import type { Db } from '../../db/connect.ts';
import { findById } from '../../db/rows.ts';
import { deliveries } from '../../db/tables/escalation.ts';
import { iso, isoOrNull } from '../model.ts';

export type DeliveryRow = typeof deliveries.$inferSelect;

export function findDelivery(db: Db, workspaceId: number, deliveryId: string): Promise<DeliveryRow | undefined> {
  return findById(db, deliveries, workspaceId, deliveryId);
}

export function deliveryView(row: DeliveryRow) {
  const { id, ticketId, url, eventId, eventType, body, state, attempts, lastStatus, lastError, version } = row;
  return {
    id,
    ticketId,
    url,
    eventId,
    eventType,
    body,
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
