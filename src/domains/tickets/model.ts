/** Words of the tickets domain: the ticket, its messages, its history and its promises. */

import { z } from 'zod';
import { METRICS, PRIORITIES, STATUS_CATEGORIES } from '../../rules/policy.ts';
import {
  zExternalIds,
  zId,
  zInstant,
  zIsoInstant,
  zKey,
  zPage,
  zPaging,
  zStamps,
  zTags,
  zText,
  zUpdatedAfter,
} from '../model.ts';

export const zPriority = z
  .enum(PRIORITIES)
  .meta({ id: 'Priority', description: 'How much it presses: low, normal, high, urgent.' });

export const zStatusCategory = z
  .enum(STATUS_CATEGORIES)
  .meta({ id: 'StatusCategory', description: 'What a status means to the clocks.' });

export const zMetric = z.enum(METRICS).meta({ id: 'Metric', description: 'What is promised.' });

export const zComplexity = z
  .enum(['basic', 'medium', 'complex'])
  .meta({ id: 'Complexity', description: 'How hard it is; first-contact resolution looks at basic ones.' });

const nullableId = (words: string) => z.string().nullable().meta({ scalar: 'ID' }).describe(words);
const seconds = (words: string) => z.int().meta({ scalar: 'Seconds' }).describe(words);

export const zClockState = z
  .enum(['running', 'paused', 'met', 'missed', 'cancelled'])
  .meta({ id: 'ClockState', description: 'missed: stopped after it was due.' });

export const Clock = z
  .object({
    metric: zMetric.describe('What is promised.'),
    cycle: z.int().describe('Counts from 1 per metric.'),
    state: zClockState.describe('How it stands.'),
    target: z
      .string()
      .meta({ scalar: 'Duration' })
      .describe('The promise: open time such as PT24H, or working days such as P3D.'),
    policyKey: z.string().describe('The policy that promised it.'),
    policyVersion: z.int().describe('Its version.'),
    startedAt: zIsoInstant.describe('When it started.'),
    dueAt: zIsoInstant
      .nullable()
      .describe(
        'Kept at this very instant, broken after it. Null while paused or cancelled unless it was broken by then, and where no policy promises it any longer.',
      ),
    warnAt: z.array(zIsoInstant).nullable().describe('Warnings still to come; null while paused, empty once stopped.'),
    elapsedSeconds: seconds('Open seconds that counted.'),
    pausedSeconds: seconds(
      'Open seconds it was paused (wall seconds where hold is wall, 0 where it is hideDue); time while solved is not in it.',
    ),
    stoppedAt: zIsoInstant.nullable().describe('When it was met, missed or cancelled; null before.'),
    breached: z.boolean().describe('True from the first instant later than dueAt.'),
    breachedAt: zIsoInstant.nullable().describe('The dueAt that was broken; null while kept.'),
  })
  .meta({ id: 'Clock', description: 'One promise on a ticket, one cycle.' });

const Fault = z
  .strictObject({
    symptom: zText(2000).nullable().default(null).describe('What is seen.'),
    frequency: zText(500).nullable().default(null).describe('How often.'),
    reach: zText(500).nullable().default(null).describe('How far it reaches.'),
  })
  .meta({ id: 'Fault', description: 'What is known of a fault.' });

/** A merge patch of it: what is left out stays, null forgets. */
export const zFaultPatch = z
  .strictObject({
    symptom: zText(2000).nullable().optional().describe('What is seen.'),
    frequency: zText(500).nullable().optional().describe('How often.'),
    reach: zText(500).nullable().optional().describe('How far it reaches.'),
  })
  .meta({ id: 'FaultPatch', description: 'What is known of a fault; what is left out stays, null forgets it.' });

const FaultView = z
  .object({
    symptom: z.string().nullable().describe('What is seen.'),
    frequency: z.string().nullable().describe('How often.'),
    reach: z.string().nullable().describe('How far it reaches.'),
  })
  .meta({ id: 'FaultDetails', description: 'What is known of a fault.' });

export const Ticket = z
  .object({
    id: zId('ticket').describe('TypeID.'),
    number: z.int().describe('What people say; unique in the workspace, gaps allowed.'),
    subject: z.string().describe('In one line.'),
    kind: z.string().describe('Key of a kind, as in complaint.'),
    channel: z.string().describe('Key of the channel it came by.'),
    priority: zPriority.describe('How much it presses.'),
    tier: z.string().nullable().describe("Key of the customer's tier; null without one."),
    openedTier: z
      .string()
      .nullable()
      .describe('Key of the tier that held when the ticket was opened; null when none did. Reports count by it.'),
    status: z.string().describe('Key of a status of the workspace.'),
    statusCategory: zStatusCategory.describe('What the status means to the clocks.'),
    problemType: z.string().nullable().describe('Key in the tree of problem types.'),
    product: z.string().nullable().describe('Key of a product.'),
    complexity: zComplexity.nullable().describe('How hard it is.'),
    closeCode: z.string().nullable().describe('Key of a close code: how it ended.'),
    customFields: z
      .record(z.string(), z.unknown())
      .meta({ scalar: 'JSON' })
      .describe('Values by the keys of custom fields.'),
    fault: FaultView.nullable().describe('Of a fault: symptom, frequency, reach.'),
    customerId: nullableId('Whose it is.'),
    contactId: nullableId('Who asked.'),
    assigneeId: nullableId('Who works on it.'),
    teamId: nullableId('Whose queue it is in.'),
    tags: z.array(z.string()).describe('Free words.'),
    externalIds: z.record(z.string(), z.string()).meta({ scalar: 'JSON' }).describe('Names in other systems.'),
    acceptedAt: zIsoInstant.nullable().describe('When it was first taken in charge.'),
    understandingConfirmedAt: zIsoInstant.nullable().describe('When the restated problem was confirmed.'),
    firstRespondedAt: zIsoInstant.nullable().describe('First public reply of a person, or call picked up.'),
    solvedAt: zIsoInstant.nullable().describe('When it was last solved; null while it is not.'),
    closedAt: zIsoInstant.nullable().describe('When it was closed.'),
    suspendedUntil: zIsoInstant.nullable().describe('When it wakes by itself; null when it does not sleep.'),
    surveyAt: zIsoInstant.nullable().describe('When the survey goes out; null when none is planned.'),
    chaseCount: z.int().describe('How often the customer chased it.'),
    reopenCount: z.int().describe('How often it was reopened.'),
    customerMessageCount: z.int().describe('Messages of the customer.'),
    agentReplyCount: z.int().describe('Public replies of people.'),
    mergedIntoId: nullableId('The ticket it was merged into.'),
    ...zStamps,
  })
  .meta({
    id: 'Ticket',
    description:
      'A request of a customer, and what is promised for it. What a verb answers has its promises in clocks.',
  });

export const zAuthor = z
  .enum(['customer', 'agent', 'bot'])
  .meta({ id: 'Author', description: "Who speaks; a bot's words never answer a promise." });

export const zVisibility = z
  .enum(['public', 'internal'])
  .meta({ id: 'Visibility', description: 'internal: never shown to customers.' });

export const Message = z
  .object({
    id: zId('message').describe('TypeID.'),
    ticketId: zId('ticket').describe('The ticket it was written on.'),
    visibility: zVisibility.describe('Who can read it.'),
    author: zAuthor.describe('Who speaks.'),
    agentId: nullableId('The agent, when one speaks.'),
    contactId: nullableId('The contact, when the customer speaks.'),
    channel: z.string().describe('Key of the channel it came or goes by.'),
    body: z.string().describe('Plain text.'),
    createdAt: zIsoInstant.describe('When it was said.'),
  })
  .meta({ id: 'Message', description: 'Something said on a ticket.' });

export const TicketEvent = z
  .object({
    position: z.int().describe('Counts from 1 per ticket.'),
    at: zIsoInstant.describe('When it happened.'),
    type: z.string().describe('What happened, as in status_changed.'),
    data: z.record(z.string(), z.unknown()).meta({ scalar: 'JSON' }).describe('Ids and facts, no text of messages.'),
    actor: z.string().describe('Id of who did it.'),
    door: z.string().describe('How they came in.'),
  })
  .meta({ id: 'TicketEvent', description: "One entry of a ticket's history, kept for ever." });

const fields = {
  subject: zText(300).describe('In one line.'),
  kind: zKey.describe('Key of a kind, as in complaint.'),
  problemType: zKey.nullable().default(null).describe('Key in the tree of problem types.'),
  product: zKey.nullable().default(null).describe('Key of a product.'),
  complexity: zComplexity.nullable().default(null).describe('How hard it is.'),
  customFields: z
    .record(zKey, z.unknown())
    .default({})
    .meta({ scalar: 'JSON' })
    .describe('Values by the keys of custom fields; null empties one.'),
  fault: Fault.nullable().default(null).describe('Of a fault: symptom, frequency, reach.'),
  customerId: zId('customer').nullable().default(null).describe("Whose it is; the contact's customer unless told."),
  contactId: zId('contact').nullable().default(null).describe('Who asks.'),
  tags: zTags.default([]).describe('Free words.'),
  externalIds: zExternalIds.default({}).describe('Names in other systems.'),
};

export const createTicketFields = {
  ...fields,
  channel: zKey.describe('Key of the channel it comes by.'),
  priority: zPriority.default('normal').describe('How much it presses.'),
  message: zText(60_000).nullable().default(null).describe('What the customer says; becomes the first public message.'),
  createdBy: z
    .enum(['customer', 'agent'])
    .meta({ id: 'CreatedBy', description: 'Who opened it.' })
    .default('customer')
    .describe('agent: opened by the desk of its own accord.'),
  assigneeId: zId('agent').nullable().default(null).describe('Who works on it.'),
  teamId: zId('team').nullable().default(null).describe('Whose queue it is in.'),
};

/** What PATCH takes; what has consequences of its own has a verb. */
export const editableFields = fields;

export const zTicketId = { ticketId: zId('ticket').describe('Id of the ticket.') };
export const zReason = zText(1000).nullable().default(null).describe('Why, for the history.');

export const messageFields = {
  body: zText(60_000).describe('Plain text.'),
  visibility: zVisibility.default('public').describe('internal: never shown to customers.'),
  author: zAuthor
    .optional()
    .describe("Who speaks: the desk's agent unless told; a customer's own key always speaks as the customer."),
  agentId: zId('agent')
    .nullable()
    .default(null)
    .describe("Which agent speaks; the key's own agent, or the assignee, unless told."),
  channel: zKey.nullable().default(null).describe("Key of the channel; the ticket's unless told."),
};

export const zTicketSort = z
  .enum(['createdAt', '-createdAt', 'updatedAt', '-updatedAt', 'number', '-number'])
  .meta({ id: 'TicketSort', description: 'Order; a leading - is descending.' });

export const listTicketFields = {
  ...zPaging,
  sort: zTicketSort.default('-createdAt').describe('Order: createdAt, updatedAt or number; a leading - is descending.'),
  status: z.array(zKey).max(20).optional().describe('Keys of statuses.'),
  statusCategory: z.array(zStatusCategory).max(6).optional().describe('Categories of status.'),
  kind: z.array(zKey).max(20).optional().describe('Keys of kinds.'),
  channel: z.array(zKey).max(20).optional().describe('Keys of channels.'),
  priority: z.array(zPriority).max(4).optional().describe('Priorities.'),
  tier: z.array(zKey).max(10).optional().describe('Keys of tiers.'),
  customerId: zId('customer').optional().describe('Whose they are.'),
  contactId: zId('contact').optional().describe('Who asked.'),
  assigneeId: zId('agent').optional().describe('Who works on them.'),
  teamId: zId('team').optional().describe('Whose queue they are in.'),
  unassigned: z.boolean().optional().describe('true: nobody works on them; false: somebody does.'),
  tag: zText(64).optional().describe('They have this tag.'),
  problemType: zKey.optional().describe('Key of a problem type.'),
  product: zKey.optional().describe('Key of a product.'),
  number: z
    .int()
    .min(1)
    .max(2 ** 31 - 1)
    .optional()
    .describe('The one with this number.'),
  createdAfter: zInstant.optional().describe('Created at or after.'),
  createdBefore: zInstant.optional().describe('Created before.'),
  updatedAfter: zUpdatedAfter,
  q: zText(200).optional().describe('Words of subject, tags, names and messages, in Chinese or English.'),
};

export const TicketPage = zPage(Ticket);
export const MessagePage = zPage(Message);
export const TicketEventPage = zPage(TicketEvent);
