/** Words of importing: a ticket with the events of its past, as another desk tells it. */

import { z } from 'zod';
import { zExternalIds, zExternalName, zId, zInstant, zKey, zText } from '../model.ts';
import { createTicketFields, Ticket, zPriority } from './model.ts';

/** What the past can hold: all that clocks hear, but changes of what is promised, which are the workspace's own. */
export const PAST_EVENT_TYPES = [
  'created',
  'customer_message',
  'agent_reply',
  'internal_note',
  'bot_reply',
  'contact_answered',
  'understanding_confirmed',
  'options_offered',
  'status_changed',
  'priority_changed',
  'tier_changed',
  'kind_changed',
  'follow_up_recorded',
  'survey_sent',
  'survey_suppressed',
  'score_received',
  'callback_recorded',
] as const;

export const zPastEvent = z
  .strictObject({
    at: zInstant.describe('When it happened; not later than now, in any order.'),
    type: z
      .enum(PAST_EVENT_TYPES)
      .meta({ id: 'PastEventType', description: 'What can have happened to a ticket.' })
      .describe('What happened; exactly one is created, and none is earlier.'),
    by: z
      .enum(['customer', 'agent'])
      .meta({ id: 'CreatedBy', description: 'Who opened it.' })
      .nullish()
      .describe('created: who opened it; customer unless told.'),
    status: zKey
      .nullish()
      .describe('created (new unless told), status_changed: key of a status, or a category for its first status.'),
    priority: zPriority.nullish().describe('priority_changed: the new one.'),
    kind: zKey.nullish().describe('kind_changed: key of the new kind.'),
    tier: zKey.nullish().describe('tier_changed: key of the new tier; null = none.'),
    count: z.int().min(0).max(1000).nullish().describe('options_offered: how many; 1 unless told.'),
    score: z.number().nullish().describe('score_received: the score.'),
    low: z.boolean().nullish().describe('score_received: whether it is low; false unless told.'),
    body: zText(60_000).nullish().describe('What was written, of created and of messages; kept as a message then.'),
  })
  .meta({ id: 'PastEvent', description: 'One thing that happened to a ticket, at its own time.' });

/** The most events of one ticket. */
export const MOST_EVENTS = 10_000;

const { createdBy: _createdBy, message: _message, ...attributes } = createTicketFields;

export const importTicketFields = {
  ...attributes,
  externalIds: zExternalIds.describe('Names in other systems, at least one: they make a repeat change nothing.'),
  kind: attributes.kind.describe('Key of its kind when it was created; events change it.'),
  priority: attributes.priority.describe('How much it pressed when it was created; events change it.'),
  tier: zKey
    .nullish()
    .describe("Key of the customer's tier when it was created; what they hold now unless told. Events change it."),
  customerExternalId: zExternalName.nullish().describe('Instead of customerId.'),
  contactExternalId: zExternalName.nullish().describe('Instead of contactId.'),
  closeCode: zKey.nullable().default(null).describe('Key of a close code: how it ended.'),
  assigneeId: zId('agent').nullable().default(null).describe('Who works on it now, or did last.'),
  teamId: zId('team').nullable().default(null).describe('Whose queue it is in now, or was last.'),
  events: z.array(zPastEvent).min(1).max(MOST_EVENTS).describe('All that happened to it.'),
};

export const zImportTicket = z.strictObject(importTicketFields);
export type ImportTicket = z.output<typeof zImportTicket>;

export const ImportedTicket = z
  .object({
    result: z
      .enum(['created', 'unchanged'])
      .meta({ id: 'ImportResult', description: 'What an import did.' })
      .describe('unchanged: exactly this was imported before.'),
    ticket: Ticket.describe('As it stands now.'),
  })
  .meta({ id: 'ImportedTicket', description: 'A ticket that came with its past.' });
