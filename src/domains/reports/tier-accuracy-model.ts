/** Words of the accuracy of tiers: what people said of the monthly samples. */

import { z } from 'zod';
import { zMonth } from '../tiers/sample-model.ts';

export const tierAccuracyFields = {
  from: zMonth.optional().describe('From this month, as in 2026-01; from the first one unless told.'),
  to: zMonth.optional().describe('Up to this month, it too; up to the last one unless told.'),
};

const count = (words: string) => z.int().describe(words);

const counts = {
  drawn: count('How many customers were drawn.'),
  judged: count('Of them: those of whom somebody has said which tier is right.'),
  agreed: count('Of them: those who held just that one.'),
  accuracy: z.number().nullable().describe('agreed / judged, from 0 to 1; null when nothing is judged.'),
};

const OfTier = z
  .object({ tier: z.string().describe('Key of the tier they held when they were drawn.'), ...counts })
  .meta({ id: 'TierAccuracyOfTier', description: 'How far one tier was right in one month.' });

const OfMonth = z
  .object({
    month: z.string().describe('As in 2026-11.'),
    ...counts,
    tiers: z.array(OfTier).describe('By tier, the highest first; the sample draws them alike, whatever their size.'),
  })
  .meta({ id: 'TierAccuracyOfMonth', description: 'How far tiers were right in the sample of one month.' });

export const TierAccuracy = z
  .object({ data: z.array(OfMonth).describe('By month, the newest first.') })
  .meta({ id: 'TierAccuracy', description: 'How far tiers are right, as people say of the monthly samples.' });
