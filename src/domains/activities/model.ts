/** Words of the activities domain: what customers do, as other systems tell it. */

import { z } from 'zod';
import { zByName, zUpsertResult } from '../customers/model.ts';
import {
  patchOf,
  zCurrency,
  zExternalIds,
  zExternalIdsPatch,
  zExternalName,
  zId,
  zInstant,
  zIsoInstant,
  zKey,
  zNamedLine,
  zPage,
  zPaging,
  zStamps,
  zText,
  zUpdatedAfter,
} from '../model.ts';
import { zActivityKind } from '../tiers/figure-model.ts';

/** Decimal text with exactly four places: what the database answers, and so one form for each number. */
const zAmount = z
  .string()
  .regex(/^\d{1,16}(\.\d{1,4})?$/, 'Expected a number such as 12.50, not negative, with at most 4 decimals.')
  .transform((text) => {
    const [whole, places = ''] = text.split('.') as [string, string?];
    return `${whole.replace(/^0+(?=\d)/, '')}.${places.padEnd(4, '0')}`;
  })
  .meta({ examples: ['12.50'] });

const zMoneyInput = z
  .strictObject({
    amount: zAmount.describe('Decimal, not negative, at most 4 places, as in 12.50.'),
    currency: zCurrency.describe('ISO 4217.'),
  })
  .meta({ id: 'MoneyInput', description: 'An amount in a currency.' });

const Money = z
  .object({
    amount: z.string().describe('Decimal with 2 to 4 places, as in 12.50.'),
    currency: z.string().describe('ISO 4217.'),
  })
  .meta({ id: 'Money', description: 'An amount in a currency.' });

/** Characters of details as JSON. */
const LARGEST_DETAILS = 8192;

const zDetails = z
  .record(z.string().max(64), z.unknown())
  .refine((value) => JSON.stringify(value).length <= LARGEST_DETAILS, `At most ${LARGEST_DETAILS} characters of JSON.`)
  // What JSON cannot say (an infinite number) is not kept, so that a repeat finds what it brings.
  .transform((value) => JSON.parse(JSON.stringify(value)) as Record<string, unknown>)
  .meta({ scalar: 'JSON', examples: [{ channel: 'web shop' }] });

export const Activity = z
  .object({
    id: zId('activity').describe('TypeID.'),
    customerId: zId('customer').describe('Whose it is.'),
    contactId: z.string().nullable().meta({ scalar: 'ID' }).describe('Who did it; null when unknown.'),
    kind: zActivityKind.describe('What was done.'),
    at: zIsoInstant.describe('When.'),
    amount: Money.nullable().describe('Of money; a refund is a positive amount, too. Null where none passed.'),
    baseAmount: z
      .string()
      .nullable()
      .describe("The amount in the workspace's currency, as decimal: what tiers count. Null without an amount."),
    title: z.string().nullable().describe('What it was, in a few words; null when nothing is said.'),
    details: z.record(z.string(), z.unknown()).meta({ scalar: 'JSON' }).describe('Whatever else is known of it.'),
    externalIds: z.record(z.string(), z.string()).meta({ scalar: 'JSON' }).describe('Names in other systems.'),
    ...zStamps,
  })
  .meta({
    id: 'Activity',
    description: 'What a customer did, or was done with them: an order, a refund, a visit, a contact. Tiers follow it.',
  });

export const ActivityPage = zPage(Activity);

const said = {
  customerId: zId('customer').optional().describe('Whose it is; of a contact alone, their customer.'),
  customerExternalId: zExternalName.nullish().describe('Instead of customerId.'),
  contactId: zId('contact').nullable().optional().describe('Who did it.'),
  contactExternalId: zExternalName.nullish().describe('Instead of contactId.'),
  kind: zActivityKind.describe('What was done.'),
  at: zInstant.describe('When; at most a day after now.'),
  amount: zMoneyInput
    .nullable()
    .default(null)
    .describe('Of money, which an order and a refund need; a refund is a positive amount, too.'),
  baseAmount: zAmount
    .nullable()
    .default(null)
    .describe(
      "The amount in the workspace's currency, where that is another one, and there required. Where it is the same, it is the amount.",
    ),
  title: zText(200).nullable().default(null).describe('What it was, in a few words.'),
  details: zDetails
    .default({})
    .describe('Whatever else is known of it, as an object of at most 8192 characters of JSON.'),
};

export const createActivityFields = {
  ...said,
  externalIds: zExternalIds.default({}).describe('Names in other systems; each belongs to one activity.'),
};

/** What is left out stays as it is; the kind and the time are always said. */
const upsertFields = {
  ...(patchOf(said) as { [K in keyof typeof said]: z.ZodOptional<z.ZodType<z.output<(typeof said)[K]>>> }),
  kind: said.kind,
  at: said.at,
  externalIds: zExternalIdsPatch.optional().describe('Names in other systems; null takes one away.'),
};

export const zUpsertActivity = z.strictObject({ ...zByName, ...upsertFields });
export const zActivityLine = z.strictObject({ ...upsertFields, ...zNamedLine });

/** What is said of an activity, when it is made and when it is told again. */
export type ActivityPatch = z.output<z.ZodObject<typeof upsertFields>>;

export const UpsertedActivity = z
  .object({ result: zUpsertResult.describe('What was done.'), activity: Activity.describe('As it stands now.') })
  .meta({ id: 'UpsertedActivity', description: 'An activity that another system spoke of.' });

export const zActivityId = { activityId: zId('activity').describe('Id of the activity.') };

export const listActivityFields = {
  ...zPaging,
  customerId: zId('customer').optional().describe('Of this customer.'),
  contactId: zId('contact').optional().describe('Of this contact.'),
  kind: z.array(zActivityKind).max(4).optional().describe('Of these kinds.'),
  from: zInstant.optional().describe('At or after this instant.'),
  to: zInstant.optional().describe('Before this instant.'),
  externalSystem: zKey.optional().describe('Together with externalId: the one that this system calls so.'),
  externalId: zText(200).optional().describe('Together with externalSystem.'),
  updatedAfter: zUpdatedAfter,
};
