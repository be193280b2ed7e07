/** Words of need tags: what customers want, who says so, and the rules that find it. */

import { z } from 'zod';
import type { NeedCondition } from '../../rules/needs.ts';
import { zGivenBack, zId, zIsoInstant, zKey, zPage, zStamps, zText } from '../model.ts';
import { zFigure, zFigureInput } from '../tiers/figure-model.ts';
import { PROFILE_FIELDS } from './model.ts';

/** More rules, or more conditions in one, than people can keep in mind serve nobody. */
export const MOST_NEED_RULES = 50;
const MOST_CONDITIONS = 10;

const zNeedSource = z
  .enum(['person', 'rule'])
  .meta({ id: 'NeedSource', description: "Who says what a customer wants; a person's word is not touched by rules." });

const zNeedState = z
  .enum(['held', 'rejected'])
  .meta({ id: 'NeedState', description: 'held: they want it. rejected: they do not, and no rule says so again.' });

export const CustomerNeedTag = z
  .object({
    tag: z.string().describe('Key of a need tag.'),
    state: zNeedState.describe('held: they want it. rejected: a person says they do not.'),
    source: zNeedSource.describe('Who says so.'),
    rule: z
      .string()
      .nullable()
      .describe('Key of the rule that found it, also where a person has confirmed or rejected that; null without one.'),
    confidence: z.number().describe('How sure it is, from 0 to 1.'),
    reason: z.string().nullable().describe('Why, in words; null where nobody had to say.'),
    actor: z.string().describe('Id of who said it last.'),
    since: zIsoInstant.describe('Since when it is held, or rejected.'),
    version: z.int().describe('Moves with every edit; the ETag.'),
    updatedAt: zIsoInstant.describe('When it last changed.'),
  })
  .meta({
    id: 'CustomerNeedTag',
    description: 'What a customer wants, such as a low price or good after-sales service.',
  });

export const CustomerNeedTagPage = zPage(CustomerNeedTag);

export const zNeedTag = { tag: zKey.meta({ examples: ['price_sensitive'] }).describe('Key of a need tag (terms).') };

const zConfidence = z.number().min(0).max(1);

export const setNeedTagFields = {
  confidence: zConfidence.default(1).describe('How sure it is, from 0 to 1; 1 unless told.'),
  reason: zText(1000).nullable().default(null).describe('Why.'),
};

const zProfileField = z
  .enum(PROFILE_FIELDS)
  .meta({ id: 'ProfileField', description: 'A field of the profile of a customer.' });

/** One shape for all of them, since an input of GraphQL has no choice of shapes. */
const conditionFields = (figure: typeof zFigure) => ({
  figure: figure.optional().describe('A figure of the customer, at least min and at most max; one of both is told.'),
  min: z.number().optional().describe('The least it may be; with figure alone.'),
  max: z.number().optional().describe('The most it may be; with figure alone.'),
  profile: zProfileField.optional().describe('A field of the profile, in which one of the words of contains stands.'),
  contains: z
    .array(zText(64))
    .min(1)
    .max(20)
    .optional()
    .describe('Words, in Chinese or English, found as search finds them; with profile alone, and there required.'),
  tag: zText(64).optional().describe('They have this tag.'),
  tier: z.array(zKey).min(1).max(10).optional().describe('They hold one of these tiers.'),
});

const ABOUT = 'What must hold of a customer: exactly one of figure, profile, tag and tier.';

const zNeedCondition = z
  .strictObject(conditionFields(zFigure))
  .meta({ id: 'NeedCondition', description: ABOUT }) as unknown as z.ZodType<NeedCondition, NeedCondition>;

/** Well shaped, but exactly one subject with its own fields is for the operation to check. */
const zNeedConditionInput = zGivenBack(conditionFields(zFigureInput), {
  id: 'NeedConditionInput',
  description: ABOUT,
}) as unknown as z.ZodType<NeedCondition, NeedCondition>;

export const needRuleFields = {
  key: zKey.meta({ examples: ['asks_for_price'] }).describe('How tags name it; never changes.'),
  tag: zNeedTag.tag.describe('Key of the need tag it gives.'),
  confidence: zConfidence.describe('How sure a tag of this rule is, from 0 to 1.'),
  active: z.boolean().default(true).describe('False: it gives no tags, and those it gave go.'),
  conditions: z
    .array(zNeedConditionInput)
    .min(1)
    .max(MOST_CONDITIONS)
    .describe(`What must hold, all of it; ${MOST_CONDITIONS} conditions at most.`),
};

export const NeedRule = z
  .object({
    id: zId('needRule').describe('TypeID.'),
    key: z.string().describe('How tags name it.'),
    tag: z.string().describe('Key of the need tag it gives.'),
    confidence: z.number().describe('How sure a tag of this rule is, from 0 to 1.'),
    active: z.boolean().describe('False: it gives no tags.'),
    conditions: z.array(zNeedCondition).describe('What must hold, all of it.'),
    ...zStamps,
  })
  .meta({ id: 'NeedRule', description: 'Gives customers a need tag when all its conditions hold.' });
