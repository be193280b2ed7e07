/** Words of the at-risk view: promises that break soon unless somebody meets them. */

import { z } from 'zod';
import { zDuration, zId, zIsoInstant, zKey, zPaging } from '../model.ts';
import { zMetric, zPriority } from '../tickets/model.ts';

const LONGEST_HORIZON = 7 * 86_400;

export const atRiskFields = {
  horizon: zDuration
    .refine((seconds) => seconds >= 1 && seconds <= LONGEST_HORIZON, 'Expected PT1S to P7D.')
    .meta({ scalar: 'Duration', examples: ['PT4H'] })
    .prefault('PT4H')
    .describe('How far ahead it looks, from now on, in wall time: PT1S to P7D; PT4H unless told.'),
  teamId: zId('team').optional().describe('Tickets in the queue of this team alone.'),
  tier: z.array(zKey).max(10).optional().describe('Tickets of these tiers alone, as they stand now.'),
  metric: z.array(zMetric).max(20).optional().describe('These metrics alone.'),
  kind: z.array(zKey).max(20).optional().describe('Tickets of these kinds alone.'),
  assigneeId: zId('agent').optional().describe('Tickets this agent works on alone.'),
  expectedToBreak: z
    .boolean()
    .optional()
    .describe('true: in data only what is expected to break; false: only what is not. The groups count both.'),
  ...zPaging,
};

const nullableId = (words: string) => z.string().nullable().meta({ scalar: 'ID' }).describe(words);
const count = (words: string) => z.int().describe(words);

const AtRiskTicket = z
  .object({
    id: zId('ticket').describe('TypeID.'),
    number: z.int().describe('What people say.'),
    subject: z.string().describe('In one line.'),
    tier: z.string().nullable().describe("Key of the customer's tier; null without one."),
    kind: z.string().describe('Key of a kind.'),
    priority: zPriority.describe('How much it presses.'),
    teamId: nullableId('Whose queue it is in; null when in none.'),
    assigneeId: nullableId('Who works on it; null when nobody does.'),
  })
  .meta({ id: 'AtRiskTicket', description: 'The ticket a promise at risk belongs to.' });

const AtRiskPromise = z
  .object({
    ticket: AtRiskTicket.describe('Where it was promised.'),
    metric: zMetric.describe('What is promised.'),
    cycle: z.int().describe('Which one: counts from 1 per ticket and metric.'),
    policyKey: z.string().describe('The policy that promised it.'),
    dueAt: zIsoInstant.describe('Kept at this very instant, broken after it.'),
    remainingSeconds: z
      .int()
      .meta({ scalar: 'Seconds' })
      .describe('From now to dueAt, in wall time, nights and holidays included.'),
    position: count(
      "Its place among all promises of its team and metric that are due from now on, in the order of this list: 1 is the team's next. Filters do not move it; what is paused or broken already is not among them.",
    ),
    perHour: z
      .number()
      .describe(
        'How many promises of this metric its team kept per hour, in the same hours of the last seven days; 0 = none.',
      ),
    expectedAt: zIsoInstant
      .nullable()
      .describe(
        'When its turn comes at that pace: position / perHour hours from now. Null = not before the year 2200.',
      ),
    expectedToBreak: z.boolean().describe('Whether its turn comes only after dueAt.'),
  })
  .meta({ id: 'AtRiskPromise', description: 'A promise that breaks within the horizon unless somebody meets it.' });

const AtRiskGroup = z
  .object({
    teamId: nullableId('The team; null for tickets in no queue, which count as one team of their own.'),
    tier: z.string().nullable().describe('Key of the tier; null for tickets without one.'),
    promises: count('Unbroken promises that are running and due within the horizon.'),
    expectedToBreak: count('Of them: how many break at the present pace.'),
    firstDueAt: zIsoInstant.nullable().describe('When the first of them is due; null when there is none.'),
    overdue: count('Broken already and still running, however long ago; not among the promises, and not in data.'),
    perHour: z
      .number()
      .describe('How many promises the team kept per hour, of every tier and of the metrics asked for; see the items.'),
  })
  .meta({ id: 'AtRiskGroup', description: 'What is at risk in one team and tier.' });

export const AtRisk = z
  .object({
    asOf: zIsoInstant.describe("Now, in the workspace's time."),
    until: zIsoInstant.describe('The end of the horizon, part of it.'),
    groups: z
      .array(AtRiskGroup)
      .describe(
        'By team and tier, of everything the filters leave and not of this page alone: where most is expected to break first, then most promises, most overdue, the higher tier.',
      ),
    data: z
      .array(AtRiskPromise)
      .describe('In the order in which to do them: by dueAt, then the higher tier, then the lower number.'),
    nextCursor: z.string().nullable().describe('Ask for the next page with this; null on the last one.'),
  })
  .meta({
    id: 'AtRisk',
    description: 'What breaks soon unless somebody does something, and how far the pace will reach.',
  });
