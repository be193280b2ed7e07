/** Words of recomputation: what a change of the service levels did, or would do, to tickets that are there already. */

import { z } from 'zod';
import { MOST_CLOCKS, MOST_FAILED, MOST_TOUCHED } from '../../rules/recomputation.ts';
import { zId, zIsoInstant } from '../model.ts';
import { zClockState, zMetric } from '../tickets/model.ts';
import { plannedFields } from './planned-model.ts';

export const recomputeFields = {
  dryRun: z.boolean().default(false).describe('Whether only the report is made and nothing is written.'),
  includeClosed: z
    .boolean()
    .default(false)
    .describe('Whether closed tickets are recomputed, too: what they kept and broke may become something else.'),
  ...plannedFields,
};

const count = (words: string) => z.int().describe(words);

const Side = z
  .object({
    policyKey: z.string().describe('The policy that promises it.'),
    state: zClockState.describe('How it stands.'),
    dueAt: zIsoInstant.nullable().describe('When it is, or was, due; null while paused and once cancelled.'),
    breached: z.boolean().describe('Whether it is broken.'),
  })
  .meta({ id: 'RecomputedSide', description: 'A promise on one side of a recomputation.' });

const MovedClock = z
  .object({
    metric: zMetric.describe('What is promised.'),
    cycle: z.int().describe('Which time it is promised, from 1.'),
    before: Side.nullable().describe('As it would stand without; null when there was no such promise.'),
    after: Side.nullable().describe('As it stands with it; null when it has never begun.'),
  })
  .meta({ id: 'RecomputedClock', description: 'A promise that is not as it was.' });

const TierCount = z
  .object({
    tier: z.string().nullable().describe('Key of the tier; null for tickets without one.'),
    tickets: count('Tickets touched.'),
    clocksStarted: count('Promises that there were not before.'),
    clocksMoved: count('Promises due at another time, or in another state.'),
    clocksCancelled: count('Promises that nothing promises any longer.'),
    breachesAppeared: count('Promises that are broken and were not.'),
    breachesVanished: count('Promises that were broken and are not.'),
  })
  .meta({ id: 'RecomputedTier', description: 'What a recomputation does to the tickets of one tier.' });

export const RecomputationReport = z
  .object({
    dryRun: z.boolean().describe('Whether it was only tried.'),
    serviceLevelVersion: z
      .int()
      .nullable()
      .describe('The version that holds now; null where planned service levels were tried.'),
    supersededBy: zId('job')
      .nullable()
      .describe(
        'The job that does all of this again, and for which this one ended early; null when it came to its end.',
      ),
    tickets: count('Tickets looked at.'),
    ticketsTouched: count('Of them, those that are promised something else by now.'),
    ticketsFailed: count('Of them, those that could not be recomputed, and stay as they were.'),
    byTier: z.array(TierCount).describe('By tier of the tickets touched.'),
    touched: z
      .array(
        z
          .object({
            ticketId: zId('ticket').describe('The ticket.'),
            number: z.int().describe('Its number.'),
            tier: z.string().nullable().describe('Its tier; null when it has none.'),
            clocks: z.array(MovedClock).describe(`Its promises that are not as they were, ${MOST_CLOCKS} at most.`),
          })
          .meta({ id: 'RecomputedTicket', description: 'A ticket that is promised something else.' }),
      )
      .describe(`The first ${MOST_TOUCHED} tickets touched.`),
    failed: z
      .array(
        z
          .object({ ticketId: zId('ticket').describe('The ticket.'), code: z.string().describe('As in every error.') })
          .meta({ id: 'RecomputationFailure', description: 'A ticket that could not be recomputed.' }),
      )
      .describe(`The first ${MOST_FAILED} tickets that could not be recomputed.`),
  })
  .meta({ id: 'RecomputationReport', description: 'What other service levels do to tickets that are there already.' });
