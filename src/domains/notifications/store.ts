/** Reads of the notifications domain. */

import type { Db } from '../../db/connect.ts';
import { findById } from '../../db/rows.ts';
import { notifications } from '../../db/tables/escalation.ts';
import { notFound } from '../../errors.ts';
import type { METRICS } from '../../rules/policy.ts';
import { iso, isoOrNull } from '../model.ts';

export type NotificationRow = typeof notifications.$inferSelect;

export async function getNotification(db: Db, workspaceId: number, notificationId: string): Promise<NotificationRow> {
  const row = await findById(db, notifications, workspaceId, notificationId);
  if (row === undefined) throw notFound('notification');
  return row;
}

export function notificationView(row: NotificationRow) {
  const { id, ticketId, eventId, cycle, policyKey, policyVersion, step, role, agentId, address, unresolved, facts } =
    row;
  return {
    id,
    ticketId,
    eventId,
    metric: row.metric as (typeof METRICS)[number],
    cycle,
    policyKey,
    policyVersion,
    step,
    role,
    agentId,
    address,
    unresolved,
    facts,
    readAt: isoOrNull(row.readAt),
    version: row.version,
    createdAt: iso(row.createdAt),
    updatedAt: iso(row.updatedAt),
  };
}
