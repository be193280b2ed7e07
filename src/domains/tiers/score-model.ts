/** Words of a score: its total and the parts that make it. */

import { z } from 'zod';

export const ScoredPart = z
  .object({
    key: z.string().describe('Key of the part in the tier model.'),
    value: z.number().nullable().describe('The figure; null: nothing is known, or it has no bound.'),
    unbounded: z.boolean().describe('Growth from nothing: more than any number.'),
    points: z.number().describe('What the figure gives, 0 to 100.'),
    weight: z.number().describe('What the part weighs beside the others.'),
    contribution: z.number().describe('What it adds to the total; all parts together are the total.'),
  })
  .meta({ id: 'ScoredPart', description: 'A part of a score.' });

export const TierScore = z
  .object({
    model: z.int().describe('Number of the tier model it is of.'),
    total: z.number().describe('0 to 100, to the hundredth.'),
    parts: z.array(ScoredPart).describe('In the order of the model.'),
  })
  .meta({ id: 'TierScore', description: 'A score, as it was when it gave a tier.' });
