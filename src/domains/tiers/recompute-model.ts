/** Words of looking at every customer: what a new model, or a monthly run, made of their tiers. */

import { z } from 'zod';
import { zId, zIsoInstant } from '../model.ts';

export const MOST_FAILED = 100;

export const zTierMove = z
  .object({
    from: z.string().nullable().describe('Key of the tier before; null: none.'),
    to: z.string().describe('Key of the tier after.'),
    customers: z.int().describe('How many.'),
  })
  .meta({ id: 'TierMoveCount', description: 'Customers who pass from one tier to another.' });

export const TierRecomputation = z
  .object({
    model: z.int().describe('Number of the tier model; 0: there is none, nobody was scored.'),
    month: z.string().nullable().describe('The month whose run this was, as in 2026-11; null when it was none.'),
    populationAt: zIsoInstant
      .nullable()
      .describe('When it was counted how values lie in the workspace; null where the model does not ask.'),
    customers: z.int().describe('Customers looked at.'),
    scored: z.int().describe('Of them, those who have a score.'),
    withoutData: z
      .int()
      .describe(
        'Of them, those of whom nothing is known, or who are another customer by now: no score, the tier stays.',
      ),
    moves: z.array(zTierMove).describe('Those whose tier changed, most first.'),
    pending: z
      .int()
      .describe('Those whose tier is not the one the rules give: a step is waited for, held back or pinned.'),
    failed: z
      .array(
        z
          .object({
            customerId: zId('customer').describe('The customer.'),
            code: z.string().describe('As in every error.'),
          })
          .meta({ id: 'TierReviewFailure', description: 'A customer who could not be looked at.' }),
      )
      .describe(`The first ${MOST_FAILED} who could not be looked at, and stay as they were.`),
    sampled: z
      .int()
      .describe('Customers drawn for their tier to be confirmed by people; monthly runs alone draw them.'),
  })
  .meta({ id: 'TierRecomputation', description: 'What a look at every customer made of their tiers.' });
