/** Words of the monthly sample: customers whose tier people confirm, and what that says of the tiers. */

import { z } from 'zod';
import { zId, zIsoInstant, zKey, zPage, zPaging, zText } from '../model.ts';

export const zMonth = z
  .string()
  .regex(/^(19[7-9]\d|2[01]\d\d)-(0[1-9]|1[0-2])$/, 'Expected a month such as 2026-11.')
  .meta({ examples: ['2026-11'] });

export const TierSample = z
  .object({
    id: zId('tierSample').describe('TypeID.'),
    month: z.string().describe("When it was drawn, as in 2026-11, in the workspace's time zone."),
    customerId: z.string().meta({ scalar: 'ID' }).describe('Who was drawn; they may be gone since.'),
    tier: z.string().describe('Key of the tier they held then.'),
    model: z.int().describe('Number of the tier model then.'),
    total: z.number().describe('Their total then, 0 to 100.'),
    confirmedTier: z
      .string()
      .nullable()
      .describe('Key of the tier that somebody holds to be right; null until somebody has said.'),
    note: z.string().nullable().describe('What they said about it; null when nothing.'),
    confirmedBy: z.string().nullable().describe('Id of who said it; null until somebody has.'),
    confirmedAt: zIsoInstant.nullable().describe('When; null until somebody has said.'),
    version: z.int().describe('Moves with every edit; the ETag.'),
    createdAt: zIsoInstant.describe('When it was drawn.'),
    updatedAt: zIsoInstant.describe('When it last changed.'),
  })
  .meta({ id: 'TierSample', description: 'A customer drawn for somebody to say whether the tier is right.' });

export const TierSamplePage = zPage(TierSample);

export const listTierSampleFields = {
  ...zPaging,
  month: zMonth.optional().describe('Drawn in this month, as in 2026-11.'),
  confirmed: z.boolean().optional().describe('true: somebody has said. false: nobody has yet.'),
};

export const confirmTierSampleFields = {
  tierSampleId: zId('tierSample').describe('Id of the sample.'),
  tier: zKey.describe('Key of the tier they should have held.'),
  note: zText(1000).nullable().default(null).describe('Why.'),
};
