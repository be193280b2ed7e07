/** Words of a preview: what another tier model would make of the customers there are. */

import { z } from 'zod';
import { zId } from '../model.ts';
import { zTierMove } from './recompute-model.ts';
import { zPopulation } from './tier-models-model.ts';

export const MOST_EXAMPLES = 200;
/** Tickets of so many days back say what the load is. */
export const LOAD_DAYS = 30;

const Load = z
  .object({
    customers: z.int().describe('Customers who hold it.'),
    openTickets: z.int().describe('Their tickets that are not closed.'),
    tickets: z.int().describe(`Their tickets of the last ${LOAD_DAYS} days.`),
    promisedHours: z
      .number()
      .nullable()
      .describe(
        `Hours within which their tickets that are open or of the last ${LOAD_DAYS} days are promised to be solved, all together, as the policies in force now promise it to this tier (and to the customer); a working day counts as 24 hours. 0 without such tickets; null where none of them is promised anything.`,
      ),
  })
  .meta({ id: 'TierLoad', description: 'What a tier means to those who serve it.' });

export const TierPreview = z
  .object({
    population: zPopulation.nullable().describe('Among whom it read percentiles and shares; null where it has none.'),
    customers: z.int().describe('Customers looked at.'),
    scored: z.int().describe('Of them, those who have a score.'),
    withoutData: z.int().describe('Of them, those of whom nothing is known: no score, the tier stays.'),
    atOnce: z.array(zTierMove).describe('Who would move as soon as it is applied, most first.'),
    later: z
      .array(zTierMove)
      .describe('Who would move if things stay as they are: at a monthly run, or after a grace period; most first.'),
    pinned: z.int().describe('Those whom the rules would give another tier, were it not pinned.'),
    tiers: z
      .array(
        z
          .object({
            tier: z.string().nullable().describe('Key of the tier; null: customers without one.'),
            before: Load.describe('As it is.'),
            after: Load.describe('As it would be once all of them have moved.'),
          })
          .meta({ id: 'TierPreviewTier', description: 'A tier before and after.' }),
      )
      .describe('The tiers, the best first.'),
    examples: z
      .array(
        z
          .object({
            customerId: zId('customer').describe('The customer.'),
            name: z.string().describe('Its name.'),
            from: z.string().nullable().describe('Key of the tier before; null: none.'),
            to: z.string().describe('Key of the tier after.'),
            atOnce: z.boolean().describe('Whether it would move as soon as the model is applied.'),
            total: z.number().describe('Its score under this model, 0 to 100.'),
            totalBefore: z.number().nullable().describe('Its score now; null without one.'),
          })
          .meta({ id: 'TierPreviewExample', description: 'A customer who would move.' }),
      )
      .describe(`The first ${MOST_EXAMPLES} who would move.`),
  })
  .meta({ id: 'TierPreview', description: 'What another tier model would make of the customers there are.' });
