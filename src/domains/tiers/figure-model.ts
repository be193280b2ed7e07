/** Words for figures of a customer: what tier models and need rules are made of. */

import { z } from 'zod';
import { ACTIVITY_KINDS, type FigureDefinition } from '../../rules/figures.ts';
import { zGivenBack, zKey, zText } from '../model.ts';

export const zActivityKind = z
  .enum(ACTIVITY_KINDS)
  .meta({ id: 'ActivityKind', description: 'What a customer did, or was done with them.' });

const zFigureOf = z
  .enum(['amount', 'count', 'growth', 'months', 'given', 'satisfaction', 'low_scores', 'tickets'])
  .meta({ id: 'FigureOf', description: 'What a number is taken of.' });

/** One shape for all of them, since an input of GraphQL has no choice of shapes; `figureFaults` says which fields go with which. */
const fields = {
  of: zFigureOf.describe(
    [
      "amount: sum of activities' amounts in the workspace's currency, refunds taken off.",
      'count: how many activities.',
      'growth: by how many percent a window is more than the one before it.',
      'months: whole months a customer.',
      'given: a number another system gives.',
      'satisfaction: mean of their overall survey scores, 0 to 100 percent of the scale.',
      'low_scores: how many of their survey answers were low.',
      'tickets: how many tickets they opened.',
    ].join(' '),
  ),
  activities: z
    .array(zActivityKind)
    .min(1)
    .max(ACTIVITY_KINDS.length)
    .optional()
    .describe('Which activities; with amount, count and growth, and there required.'),
  by: z
    .enum(['amount', 'count'])
    .meta({ id: 'GrowthBy', description: 'What is to grow.' })
    .optional()
    .describe('What is to grow; with growth alone, and there required.'),
  window: z
    .string()
    .max(10)
    .optional()
    .meta({ examples: ['P12M'] })
    .describe(
      "How far back it looks from now, in the workspace's time zone: a whole number of years, months or days as in P1Y, P6M or P90D, at most ten years. Not with months and given, else required.",
    ),
  key: zKey.optional().describe('Which of the figures another system gives; with given alone, and there required.'),
  kinds: z
    .array(zKey)
    .min(1)
    .max(50)
    .optional()
    .describe('Keys of kinds of tickets; all of them unless told; with tickets alone.'),
  words: z
    .array(zText(64))
    .min(1)
    .max(20)
    .optional()
    .describe(
      'Words, in Chinese or English, of which the subject of the ticket has at least one; any ticket unless told; with tickets alone.',
    ),
};

const ABOUT = 'A number taken of what a customer does.';

/** As it is answered. */
export const zFigure = z.strictObject(fields).meta({ id: 'Figure', description: ABOUT }) as unknown as z.ZodType<
  FigureDefinition,
  FigureDefinition
>;

/** As it is given. Well shaped, but fields may be missing or not go together: an operation asks `figureFaults`. */
export const zFigureInput = zGivenBack(fields, { id: 'FigureInput', description: ABOUT }) as unknown as z.ZodType<
  FigureDefinition,
  FigureDefinition
>;
