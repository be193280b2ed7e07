/** Words of the customers domain: customers and what is known of them, their tiers over time, their contacts. */

import { z } from 'zod';
import { IDENTITY_KIND } from '../../rules/identity.ts';
import {
  patchOf,
  zExternalIds,
  zExternalIdsPatch,
  zExternalName,
  zId,
  zInstant,
  zIsoInstant,
  zKey,
  zLanguageTag,
  zPage,
  zPaging,
  zStamps,
  zTags,
  zText,
  zTimeZone,
  zUpdatedAfter,
} from '../model.ts';
import { TierScore } from '../tiers/score-model.ts';

/** The most numbers of one customer. */
export const MOST_FIGURES = 50;

const zFigureValue = z.number().transform((value) => (value === 0 ? 0 : value));

const zFigures = z
  .record(zKey, zFigureValue)
  .refine((value) => Object.keys(value).length <= MOST_FIGURES, `At most ${MOST_FIGURES} figures.`)
  .meta({ scalar: 'JSON', examples: [{ lifetime_value: 120_000 }] });

/** A merge patch of them: null takes one away. */
const zFiguresPatch = z
  .record(zKey, zFigureValue.nullable())
  .refine((value) => Object.keys(value).length <= MOST_FIGURES, `At most ${MOST_FIGURES} figures.`)
  .meta({ scalar: 'JSON', examples: [{ lifetime_value: 120_000, seats: null }] });

const PROFILE = {
  industry: 'What they work in.',
  size: 'How big they are.',
  revenueBand: 'What they turn over.',
  businessModel: 'How they earn.',
  goals: 'What they want to reach.',
  decisionProcess: 'How they decide, and who does.',
  keyContacts: 'Whom it depends on.',
  frequentProblems: 'What they keep asking about.',
  expectations: 'What they expect of us.',
  dislikes: 'What they do not like.',
} as const;

export const PROFILE_FIELDS = Object.keys(PROFILE) as (keyof typeof PROFILE)[];

export type Profile = Record<keyof typeof PROFILE, string | null>;

function profileShape<T extends z.ZodType>(make: () => T): Record<keyof typeof PROFILE, T> {
  const entries = Object.entries(PROFILE).map(([name, words]) => [
    name,
    make().describe(`${words} Null when unknown.`),
  ]);
  return Object.fromEntries(entries) as Record<keyof typeof PROFILE, T>;
}

export const zTierPin = z
  .object({
    tier: z.string().describe('Key of the tier.'),
    reason: z.string().describe('Why.'),
    until: zIsoInstant.nullable().describe('When it ends by itself; null: when it is released.'),
    since: zIsoInstant.describe('Since when it holds.'),
    actor: z.string().describe('Id of who gave it.'),
  })
  .meta({ id: 'TierPin', description: 'A tier given by people: no score moves it.' });

const zProfile = z
  .object(profileShape(() => z.string().nullable()))
  .meta({ id: 'CustomerProfile', description: 'What is known of a customer, in words.' });

/** Serves creation and merge patch alike: what is left out is not known, or stays. */
const zProfileInput = z
  .strictObject(profileShape(() => zText(2000).nullable().optional()))
  .meta({ id: 'CustomerProfileInput', description: 'What is known of a customer, in words; null forgets it.' });

export const Customer = z
  .object({
    id: zId('customer').describe('TypeID.'),
    name: z.string().describe('What they are called.'),
    tier: z.string().nullable().describe('Key of the tier; null without one.'),
    tierSince: zIsoInstant.nullable().describe('Since when they hold it; null without one.'),
    tierPin: zTierPin.nullable().describe('By whom the tier was given, which no score moves; null: the score decides.'),
    profile: zProfile.describe('What is known of them, in words.'),
    tags: z.array(z.string()).describe('Free words.'),
    externalIds: z.record(z.string(), z.string()).meta({ scalar: 'JSON' }).describe('Names in other systems.'),
    preferredChannel: z.string().nullable().describe('Key of the channel they like best.'),
    language: z.string().nullable().describe('BCP 47; null = that of the workspace.'),
    timeZone: z.string().nullable().describe('IANA; null = that of the workspace.'),
    notes: z.string().nullable().describe('For the staff alone.'),
    customerSince: zIsoInstant.nullable().describe('Since when they are a customer; null when unknown.'),
    figures: z
      .record(z.string(), z.number())
      .meta({ scalar: 'JSON' })
      .describe('Numbers another system gives, by key: what the tier model calls given.'),
    dedicatedAgentId: z.string().nullable().meta({ scalar: 'ID' }).describe('Their dedicated agent; null without one.'),
    deputyAgentId: z
      .string()
      .nullable()
      .meta({ scalar: 'ID' })
      .describe('Who serves them while the dedicated agent is away; null: nobody is named.'),
    adviserId: z
      .string()
      .nullable()
      .meta({ scalar: 'ID' })
      .describe('Their online adviser, an agent; null without one.'),
    ...zStamps,
  })
  .meta({ id: 'Customer', description: 'Whom we serve: a company or a person. Their tier decides the service level.' });

/** What people and systems can say of a customer; the tier has its own verb. */
export const customerFields = {
  name: zText(200).describe('What they are called.'),
  profile: zProfileInput.default({}).describe('What is known of them, in words.'),
  tags: zTags.default([]).describe('Free words.'),
  externalIds: zExternalIds.default({}).describe('Names in other systems; each belongs to one customer.'),
  preferredChannel: zKey.nullable().default(null).describe('Key of the channel they like best.'),
  language: zLanguageTag.nullable().default(null).describe('BCP 47; null = that of the workspace.'),
  timeZone: zTimeZone.nullable().default(null).describe('IANA; null = that of the workspace.'),
  notes: zText(10_000).nullable().default(null).describe('For the staff alone.'),
  customerSince: zInstant
    .nullable()
    .default(null)
    .describe('Since when they are a customer; null when unknown: their first activity counts.'),
  figures: zFigures.default({}).describe('Numbers another system gives, by key, at most 50.'),
  dedicatedAgentId: zId('agent').nullable().default(null).describe('Their dedicated agent; null: none.'),
  deputyAgentId: zId('agent')
    .nullable()
    .default(null)
    .describe('Who serves them while the dedicated agent is away; null: nobody.'),
  adviserId: zId('agent').nullable().default(null).describe('Their online adviser, an agent; null: none.'),
};

/** Beside them at creation. */
export const zFirstTier = zKey.nullable().default(null);

export const zCustomerId = { customerId: zId('customer').describe('Id of the customer.') };

export type CustomerFields = z.output<z.ZodObject<typeof customerFields>>;

/** A merge patch: what is left out stays, null empties. */
export type Patch<F> = {
  [K in keyof F]?:
    | (K extends 'externalIds'
        ? Record<string, string | null>
        : K extends 'figures'
          ? Record<string, number | null>
          : F[K])
    | undefined;
};

function patchShape<F extends Record<string, z.ZodType>>(fields: F) {
  return {
    ...patchOf(fields),
    ...('figures' in fields
      ? { figures: zFiguresPatch.optional().describe('Numbers another system gives, by key; null takes one away.') }
      : {}),
    externalIds: zExternalIdsPatch.optional().describe('Names in other systems; null takes one away.'),
  } as unknown as { [K in keyof F]: z.ZodOptional<z.ZodType<Patch<{ [N in keyof F]: z.output<F[N]> }>[K]>> };
}

export const customerPatch = patchShape(customerFields);

export const TierChange = z
  .object({
    position: z.int().describe('Counts from 1 per customer.'),
    tier: z.string().describe('Key of the tier.'),
    validFrom: zIsoInstant.describe('From when they held it.'),
    validTo: zIsoInstant.nullable().describe('Until when; null while they hold it.'),
    source: z
      .enum(['default', 'manual', 'import', 'score'])
      .meta({ id: 'TierSource', description: 'What gave a customer a tier.' })
      .describe('default: the last tier, since none was named. manual: named by somebody. score: by the tier model.'),
    reason: z.string().nullable().describe('Why; null where nobody had to say.'),
    actor: z.string().describe('Id of who did it.'),
    score: TierScore.nullable().describe('What the score said when it gave the tier; null where it did not.'),
  })
  .meta({ id: 'TierChange', description: 'A tier that a customer held, from when to when, and why.' });

export const zUpsertResult = z
  .enum(['created', 'updated', 'unchanged'])
  .meta({ id: 'UpsertResult', description: 'What an upsert did.' });

const zKept = z
  .array(z.string())
  .describe(
    'Fields that were kept as they are, since they belong to another system (see FieldOwners), or since the name is that of a customer who was merged into this one.',
  );

export const UpsertedCustomer = z
  .object({
    result: zUpsertResult.describe('What was done.'),
    customer: Customer.describe('As it stands now.'),
    kept: zKept,
  })
  .meta({ id: 'UpsertedCustomer', description: 'A customer that another system spoke of.' });

const zAgeSort = z
  .enum(['createdAt', '-createdAt', 'updatedAt', '-updatedAt'])
  .meta({ id: 'AgeSort', description: 'Order; a leading - is descending.' });

const listFields = {
  ...zPaging,
  sort: zAgeSort
    .default('-createdAt')
    .describe('createdAt or updatedAt; a leading - is descending. What changes while you page by updatedAt moves.'),
  tag: zText(64).optional().describe('They have this tag.'),
  externalSystem: zKey.optional().describe('Together with externalId: the one that this system calls so.'),
  externalId: zText(200).optional().describe('Together with externalSystem.'),
  updatedAfter: zUpdatedAfter,
};

export const listCustomerFields = {
  ...listFields,
  tier: z.array(zKey).max(10).optional().describe('Keys of tiers.'),
  dedicatedAgentId: zId('agent').optional().describe('Customers of this dedicated agent.'),
  needTag: zKey.optional().describe('They want this: key of a need tag that is held.'),
  q: zText(200).optional().describe('Words of name, notes, tags and external ids, in Chinese or English.'),
};

const zIdentity = z
  .strictObject({
    kind: z
      .string()
      .regex(IDENTITY_KIND, 'Expected phone, email, wechat_openid, wechat_unionid, wecom or social_<platform>.')
      .describe('phone, email, wechat_openid, wechat_unionid, wecom, or social_<platform> such as social_weibo.')
      .meta({ examples: ['phone'] }),
    value: zText(254).describe('phone: E.164. email: lower case. Else as the platform gives it.'),
  })
  .meta({ id: 'Identity', description: 'By what a person reaches us; one identity belongs to one contact.' });

export const Contact = z
  .object({
    id: zId('contact').describe('TypeID.'),
    customerId: z.string().nullable().meta({ scalar: 'ID' }).describe('For whom they speak; null when unknown.'),
    name: z.string().describe('Full name.'),
    familyName: z.string().nullable().describe('Family name.'),
    honorific: z.string().nullable().describe('Such as 女士 or Dr.'),
    salutation: z
      .string()
      .nullable()
      .describe('How to address them, in their language: 王女士, Dr. Brown. Null when unknown.'),
    title: z.string().nullable().describe('What they do there.'),
    preferredChannel: z.string().nullable().describe('Key of the channel they like best.'),
    preferredHours: z.string().nullable().describe('When they like to be called, in words.'),
    language: z.string().nullable().describe('BCP 47; null = that of the workspace.'),
    timeZone: z.string().nullable().describe('IANA; null = that of the workspace.'),
    tags: z.array(z.string()).describe('Free words.'),
    externalIds: z.record(z.string(), z.string()).meta({ scalar: 'JSON' }).describe('Names in other systems.'),
    identities: z.array(zIdentity).describe('By what they reach us.'),
    erasedAt: zIsoInstant
      .nullable()
      .describe('When the person was erased: nothing of them is left but this id. Null for everybody else.'),
    ...zStamps,
  })
  .meta({ id: 'Contact', description: 'A person who speaks with us, mostly for a customer.' });

export const contactFields = {
  customerId: zId('customer').nullable().default(null).describe('For whom they speak.'),
  name: zText(200).describe('Full name.'),
  familyName: zText(100).nullable().default(null).describe('Family name.'),
  honorific: zText(50).nullable().default(null).describe('Such as 女士 or Dr.'),
  title: zText(200).nullable().default(null).describe('What they do there.'),
  preferredChannel: zKey.nullable().default(null).describe('Key of the channel they like best.'),
  preferredHours: zText(200).nullable().default(null).describe('When they like to be called, in words.'),
  language: zLanguageTag.nullable().default(null).describe('BCP 47; null = that of the workspace.'),
  timeZone: zTimeZone.nullable().default(null).describe('IANA; null = that of the workspace.'),
  tags: zTags.default([]).describe('Free words.'),
  externalIds: zExternalIds.default({}).describe('Names in other systems; each belongs to one contact.'),
  identities: z
    .array(zIdentity)
    .max(20)
    .default([])
    .describe(
      'By what they reach us; each belongs to one contact. Phone numbers become E.164: spaces, dashes, brackets and 00 are fine, and in a workspace of Asia/Shanghai a mobile number without +86.',
    ),
};

export const zContactId = { contactId: zId('contact').describe('Id of the contact.') };

export type ContactFields = z.output<z.ZodObject<typeof contactFields>>;

export const contactPatch = patchShape(contactFields);

/** A contact as another system tells it, which knows its customer by its own name for them. */
export const upsertContactFields = {
  ...contactPatch,
  name: contactFields.name,
  customerExternalId: zExternalName.nullish().describe('Instead of customerId.'),
};

export const UpsertedContact = z
  .object({
    result: zUpsertResult.describe('What was done.'),
    contact: Contact.describe('As it stands now.'),
    kept: zKept,
  })
  .meta({ id: 'UpsertedContact', description: 'A contact that another system spoke of.' });

export const FoundContact = z
  .object({
    result: z
      .enum(['found', 'created'])
      .meta({ id: 'FindResult', description: 'Whether it was there.' })
      .describe('Whether it was there.'),
    contact: Contact.describe('As it stands now.'),
  })
  .meta({ id: 'FoundContact', description: 'The contact behind an identity.' });

export const findContactFields = {
  ...contactFields,
  name: zText(200).nullable().default(null).describe('Full name, should they be new; the first identity unless told.'),
  identities: z
    .array(zIdentity)
    .min(1)
    .max(20)
    .describe('Whoever has one of these is found; of several, who has the first of them.'),
};

export const listContactFields = {
  ...listFields,
  customerId: zId('customer').optional().describe('For whom they speak.'),
  phone: zText(64).optional().describe('They have this number; in a URL, + is %2B.'),
  email: zText(254).optional().describe('They have this address.'),
  wechat: zText(128).optional().describe('They have this openid or unionid.'),
  wecom: zText(128).optional().describe('They have this external_userid.'),
  social: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_]{0,31}:\S{1,128}$/, 'Expected platform:account, such as weibo:1234567.')
    .optional()
    .describe('They have this account, as in weibo:1234567.'),
  q: zText(200).optional().describe('Words of name, title, tags, external ids and identities, in Chinese or English.'),
};

export const zByName = {
  system: zKey.describe('The other system, as in crm.'),
  value: zText(200).describe('Its name for the thing.'),
};

export const CustomerPage = zPage(Customer);
export const ContactPage = zPage(Contact);
export const TierChangePage = zPage(TierChange);
