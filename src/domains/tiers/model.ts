/** Words of the tiers domain: the few ranks a workspace sorts its customers into. */

import { z } from 'zod';
import { zId, zKey, zStamps, zText } from '../model.ts';

/** More ranks than people can tell apart serve nobody. */
export const MOST_TIERS = 4;

export const Tier = z
  .object({
    id: zId('tier').describe('TypeID.'),
    key: z.string().describe('How customers, tickets and policies name it.'),
    name: z.string().describe('How people name it.'),
    description: z.string().nullable().describe('Who belongs to it; null when nothing is said.'),
    position: z.int().describe('1 = the highest, without gaps; new customers get the last one.'),
    ...zStamps,
  })
  .meta({ id: 'Tier', description: 'A rank of customers: the service level follows it.' });

export const tierFields = {
  key: zKey.describe('How customers, tickets and policies name it; never changes.'),
  name: zText(100).describe('How people name it.'),
  description: zText(1000).nullable().default(null).describe('Who belongs to it.'),
  position: z
    .int()
    .min(1)
    .max(MOST_TIERS)
    .optional()
    .describe('1 = the highest; the last unless told. The others move to make room.'),
};
