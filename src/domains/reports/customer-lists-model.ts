/** Words of the lists for customer managers: who is about to change tier, and who may be lost. */

import { z } from 'zod';
import { RISKS } from '../../rules/risk.ts';
import { zIsoInstant, zKey, zPage, zPaging } from '../model.ts';

const zDirection = z
  .enum(['up', 'down'])
  .meta({ id: 'TierDirection', description: 'Whether a tier is left for a better or a worse one.' });

const zHeldBack = z
  .enum(['pinned', 'rising', 'margin', 'counting', 'grace', 'blocked', 'due'])
  .meta({ id: 'HeldBack', description: 'Why a customer does not hold the tier that the rules give.' });

const zRisk = z.enum(RISKS).meta({ id: 'Risk', description: 'Why a customer may be lost.' });

const ofTiers = z.array(zKey).max(10).optional().describe('Customers who hold one of these tiers now.');

/** Of the customer an item is about. */
const who = {
  customerId: z.string().meta({ scalar: 'ID' }).describe('Id of the customer.'),
  name: z.string().describe('What they are called.'),
  dedicatedAgentId: z.string().nullable().meta({ scalar: 'ID' }).describe('Their dedicated agent; null without one.'),
};

export const tierMoveFields = {
  direction: zDirection.optional().describe('up or down alone; both unless told.'),
  tier: ofTiers,
  ...zPaging,
};

const TierMove = z
  .object({
    ...who,
    from: z.string().nullable().describe('Key of the tier they hold; null without one.'),
    to: z.string().describe('Key of the tier that the rules give.'),
    direction: zDirection.describe('Whether that is a better one.'),
    total: z.number().describe('Their total, 0 to 100.'),
    heldBack: zHeldBack
      .nullable()
      .describe(
        'pinned: people gave them a tier. rising: the better tier is not reached for long enough. margin: the score is not far enough below the border. counting: not enough monthly runs found it below. grace: the step down is decided and comes later. blocked: it is due and held back. due: the next review moves it. Null: the score is of an earlier model and is made anew soon.',
      ),
    movesAt: zIsoInstant
      .nullable()
      .describe(
        'When it happens if nothing changes: while runs are counted, at the one that decides, and the grace later; of a pinned tier, when the pin ends. Null when nobody knows, or never as it stands.',
      ),
    computedAt: zIsoInstant.describe('When the score was made.'),
  })
  .meta({ id: 'TierMove', description: 'A customer about to change tier.' });

export const TierMovePage = zPage(TierMove);

export const atRiskCustomerFields = {
  reason: z.array(zRisk).max(RISKS.length).optional().describe('Customers with one of these reasons.'),
  tier: ofTiers,
  ...zPaging,
};

const RiskSign = z
  .object({
    risk: zRisk.describe('What it points to.'),
    value: z
      .number()
      .nullable()
      .describe(
        'As it is now. falling_frequency: percent more than before, so below 0; null where nothing was before, or is known.',
      ),
    limit: z.number().describe('What it takes. falling_frequency: at most; the others: at least.'),
    window: z
      .string()
      .meta({ examples: ['P3M'] })
      .describe('How far back it looks.'),
  })
  .meta({ id: 'RiskSign', description: 'A figure that says that a customer may be lost.' });

const CustomerAtRisk = z
  .object({
    ...who,
    tier: z.string().nullable().describe('Key of the tier they hold; null without one.'),
    total: z
      .number()
      .nullable()
      .describe('Their total, 0 to 100; null where they are not scored: nothing is known of what they do.'),
    risks: z
      .array(zRisk)
      .describe(
        'Why they may be lost. falling_frequency: fewer orders and visits than in the window before. low_scores: low survey answers. complaints: complaints they opened.',
      ),
    signs: z.array(RiskSign).describe('The figures behind it, taken now.'),
    computedAt: zIsoInstant.describe('When it was found.'),
  })
  .meta({ id: 'CustomerAtRisk', description: 'A customer who may be lost.' });

export const CustomerAtRiskPage = zPage(CustomerAtRisk);
