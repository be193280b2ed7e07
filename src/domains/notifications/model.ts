/** Words of the notifications domain: who is to know that a promise is in danger or broken. */

import { z } from 'zod';
import { zId, zIsoInstant, zPage, zPaging, zStamps } from '../model.ts';
import { zMetric } from '../tickets/model.ts';

export const zNotifiedRole = z.enum(['assignee', 'team_lead', 'manager', 'senior', 'address']).meta({
  id: 'NotifiedRole',
  description:
    'assignee: who works on the ticket. team_lead: the lead of its team. manager: every active agent of the role manager. senior: of the active agents of its team, or of all where it has none, the one with the most years, and of several the one who was here first. address: none of ours, a mail address.',
});

export const Notification = z
  .object({
    id: zId('notification').describe('TypeID.'),
    ticketId: zId('ticket').describe('The ticket it is about.'),
    eventId: zId('event').describe('The clock.escalated of the feed that it came with.'),
    metric: zMetric.describe('The promise it is about.'),
    cycle: z.int().describe('Its cycle.'),
    policyKey: z.string().describe('The policy whose step this is.'),
    policyVersion: z.int().describe('Its version.'),
    step: z.int().describe("The step's place in the promise's escalate, from 0."),
    role: zNotifiedRole.describe('Who was to be told.'),
    agentId: z
      .string()
      .nullable()
      .meta({ scalar: 'ID' })
      .describe('Who that is; null for an address, and when nobody was found.'),
    address: z.string().nullable().describe('A mail address; no mail is sent yet. Null for the other roles.'),
    unresolved: z.boolean().describe('True when nobody was found for the role: no assignee, no lead, nobody active.'),
    facts: z
      .record(z.string(), z.unknown())
      .meta({ scalar: 'JSON' })
      .describe(
        'As things stood: number, kind, tier and priority of the ticket; state, target, dueAt and breached of the clock.',
      ),
    readAt: zIsoInstant.nullable().describe('When it was read; null while it is not.'),
    ...zStamps,
  })
  .meta({ id: 'Notification', description: 'Word to one person that a promise is in danger or broken.' });

export const zNotificationId = { notificationId: zId('notification').describe('Id of the notification.') };

export const listNotificationFields = {
  ...zPaging,
  agentId: zId('agent').optional().describe('For this agent.'),
  ticketId: zId('ticket').optional().describe('About this ticket.'),
  unread: z.boolean().optional().describe('true: not read yet; false: read.'),
};

export const NotificationPage = zPage(Notification);
