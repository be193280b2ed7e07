/** Words of the tiers domain: the few ranks a workspace sorts its customers into. */

import { z } from 'zod';
import { FIRST_LINES } from '../../rules/named-service.ts';
import { zId, zKey, zStamps, zText } from '../model.ts';

/** More ranks than people can tell apart serve nobody. */
export const MOST_TIERS = 4;

const zFirstLine = z.enum(FIRST_LINES).meta({
  id: 'FirstLine',
  description: 'assistant: an assistant and the FAQ, then the standard team. team: the standard team.',
});

const SERVICE = {
  dedicatedAgent: 'Whether each customer has a dedicated agent.',
  minSeniorityYears: 'Years in service that the dedicated agent has at least; null: none asked for.',
  deputy: 'Whether somebody is named who serves while the dedicated agent is away.',
  adviser: 'Whether each customer has a dedicated online adviser.',
  firstLine: 'Who takes what no person of their own takes; null: nothing is said.',
} as const;

export const zTierService = z
  .object({
    dedicatedAgent: z.boolean().describe(SERVICE.dedicatedAgent),
    minSeniorityYears: z.int().nullable().describe(SERVICE.minSeniorityYears),
    deputy: z.boolean().describe(SERVICE.deputy),
    adviser: z.boolean().describe(SERVICE.adviser),
    firstLine: zFirstLine.nullable().describe(SERVICE.firstLine),
  })
  .meta({ id: 'TierService', description: 'What customers of a tier get beside the promises of its policies.' });

/** Serves creation and merge patch alike: what is left out is not asked for, or stays. */
const zTierServiceInput = z
  .strictObject({
    dedicatedAgent: z.boolean().optional().describe(SERVICE.dedicatedAgent),
    minSeniorityYears: z.int().min(0).max(80).nullable().optional().describe(SERVICE.minSeniorityYears),
    deputy: z.boolean().optional().describe(SERVICE.deputy),
    adviser: z.boolean().optional().describe(SERVICE.adviser),
    firstLine: zFirstLine.nullable().optional().describe(SERVICE.firstLine),
  })
  .meta({
    id: 'TierServiceInput',
    description: 'What customers of a tier get beside the promises of its policies; what is left out stays.',
  });

export const Tier = z
  .object({
    id: zId('tier').describe('TypeID.'),
    key: z.string().describe('How customers, tickets and policies name it.'),
    name: z.string().describe('How people name it.'),
    description: z.string().nullable().describe('Who belongs to it; null when nothing is said.'),
    position: z.int().describe('1 = the highest, without gaps; new customers get the last one.'),
    service: zTierService.describe('What its customers get beside promises; entitlements says where it is lacking.'),
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
  service: zTierServiceInput.default({}).describe('What its customers get beside promises; nothing unless told.'),
};
