/** Verbs of the notifications domain: see what is to be known, and say that it was read. */

import { type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import { type Actor, requireStaff } from '../../auth/policy.ts';
import { Changes } from '../../changes.ts';
import { equals, type Filter, readPage } from '../../db/page.ts';
import { notifications } from '../../db/tables/escalation.ts';
import { notFound } from '../../errors.ts';
import { read, write } from '../../operation.ts';
import { listNotificationFields, Notification, NotificationPage, zNotificationId } from './model.ts';
import { getNotification, notificationView } from './store.ts';

export const listNotifications = read({
  name: 'listNotifications',
  summary: 'List notifications, newest first',
  description:
    'Made by the steps of escalation, with notification.created in the feed. Keys of agents see what is for them; managers, admins and machines see all. No mail is sent yet.',
  scope: 'tickets:read',
  input: z.strictObject(listNotificationFields),
  output: NotificationPage,
  async run(ctx, { agentId, ticketId, unread, limit, cursor }) {
    requireStaff(ctx.actor);
    if (seesOwnAlone(ctx.actor) && ctx.actor.agentId === null) return { data: [], nextCursor: null };
    return readPage(
      {
        db: ctx.db,
        name: 'list:notifications',
        table: notifications,
        workspaceId: ctx.workspace.workspaceId,
        filters: [
          equals('own', notifications.agentId, seesOwnAlone(ctx.actor) ? ctx.actor.agentId : null),
          equals('agent', notifications.agentId, agentId),
          equals('ticket', notifications.ticketId, ticketId),
          whether('unread', unread, sql`${notifications.readAt} is null`),
          whether('read', unread === undefined ? undefined : !unread, sql`${notifications.readAt} is not null`),
        ],
        order: { name: 'createdAt', column: notifications.createdAt, descending: true },
        tieBreak: notifications.id,
        limit,
        cursor,
      },
      notificationView,
    );
  },
});

/** A condition without a value of its own. */
function whether(name: string, holds: boolean | undefined, condition: SQL): Filter {
  return { name, condition, values: holds === true ? {} : null };
}

export const markNotificationRead = write({
  name: 'markNotificationRead',
  summary: 'Say that a notification was read',
  description: 'Once is enough: again changes nothing.',
  scope: 'tickets:write',
  input: z.strictObject(zNotificationId),
  output: Notification,
  async run(ctx, { notificationId }) {
    requireStaff(ctx.actor);
    const before = await getNotification(ctx.db, ctx.workspace.workspaceId, notificationId);
    // What is for somebody else is not there.
    if (seesOwnAlone(ctx.actor) && before.agentId !== ctx.actor.agentId) throw notFound('notification');
    const changes = new Changes(ctx.now);
    if (before.readAt !== null) return { result: notificationView(before), changes };
    const after = changes.update(notifications, before, { readAt: ctx.now });
    changes.event('notification.read', after.id, { notification: notificationView(after) });
    return { result: notificationView(after), changes };
  },
});

/** Whoever works here as one agent and leads nobody. */
function seesOwnAlone({ role, agentId }: Actor): boolean {
  if (role === 'admin' || role === 'manager') return false;
  return role === 'agent' || agentId !== null;
}
