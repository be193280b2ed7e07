/** Words of entitlements: what a customer gets, and why. */

import { z } from 'zod';
import { MATCH_REASONS, TERM_STATES } from '../../rules/matching.ts';
import { SERVICE_GAPS, SERVING_REASONS, SERVING_ROLES } from '../../rules/named-service.ts';
import { zInstant, zIsoInstant } from '../model.ts';
import { zMetric, zPriority } from '../tickets/model.ts';
import { zTierService } from '../tiers/model.ts';
import { TierChange, zCustomerId, zTierPin } from './model.ts';

export const entitlementsFields = {
  ...zCustomerId,
  at: zInstant
    .optional()
    .describe(
      'Told for a ticket opened at this instant, under the policies in force now; now unless told. Of a past one the tier that was held then.',
    ),
  language: z.enum(['zh-CN', 'en']).optional().describe("Language of text, zh-CN or en; the workspace's unless told."),
};

const nullableId = (words: string) => z.string().nullable().meta({ scalar: 'ID' }).describe(words);
const HIDDEN = 'null, too, for callers without agents:read.';

const EntitledTier = z
  .object({
    key: z.string().describe('Key of the tier.'),
    name: z.string().describe('What people call it.'),
    since: zIsoInstant.nullable().describe('Since when they hold it; null when that is not known.'),
    source: TierChange.shape.source.nullable().describe('What gave it to them; null when that is not known.'),
    reason: z.string().nullable().describe('Why; null where nobody had to say.'),
    pin: zTierPin.nullable().describe('While it holds, no score moves the tier; null without one.'),
    score: z
      .object({
        total: z.number().describe('From 0 to 100.'),
        model: z.int().describe('Number of the tier model.'),
        target: z.string().describe('Key of the tier that it gives.'),
        movesAt: zIsoInstant.nullable().describe('When a step that is decided takes effect; null when none is.'),
        computedAt: zIsoInstant.describe('When it was reckoned.'),
      })
      .meta({ id: 'EntitledScore', description: 'Where a customer stands under the tier model.' })
      .nullable()
      .describe('Where they stand now under the tier model; null where they were not scored.'),
  })
  .meta({ id: 'EntitledTier', description: 'The tier of a customer, and where it comes from.' });

const NamedPerson = z
  .object({
    agentId: z.string().meta({ scalar: 'ID' }).describe('Id of the agent.'),
    name: z.string().describe('Full name.'),
    seniorityYears: z.int().describe('Years in service.'),
    available: z.boolean().describe('Whether work can be given to them now.'),
    active: z.boolean().describe('False once they have left.'),
  })
  .meta({ id: 'NamedPerson', description: 'An agent who is named for a customer.' });

const Serving = z
  .object({
    agentId: nullableId('Id of the agent; null: the first line serves.'),
    role: z
      .enum(SERVING_ROLES)
      .meta({
        id: 'ServingRole',
        description: 'As what an agent is named for a customer, in the order in which they serve.',
      })
      .nullable()
      .describe('As what they are named; null: the first line serves.'),
    reason: z
      .enum(SERVING_REASONS)
      .meta({
        id: 'ServingReason',
        description:
          'Why this one serves. The first choice is the first of dedicated agent, deputy and adviser who is named: they serve, are away, or have left. all_away: nobody who is named can serve.',
      })
      .describe('Why.'),
  })
  .meta({ id: 'Serving', description: 'Who serves a customer now.' });

const zGap = z.enum(SERVICE_GAPS).meta({
  id: 'ServiceGap',
  description:
    'missing: the tier asks for one, and none is named. left: who is named has left. junior: fewer years in service than the tier asks for.',
});

const zTermState = z.enum(TERM_STATES).meta({ id: 'TermState', description: 'How a term stands at an instant.' });

const validFrom = zIsoInstant.nullable().describe('When its term begins; null: it always held.');
const validTo = zIsoInstant.nullable().describe('When its term ends, not of it; null: without an end.');

const PersonalPlan = z
  .object({
    policyId: z.string().meta({ scalar: 'ID' }).describe('Id of the policy.'),
    key: z.string().describe('Key of the policy.'),
    name: z.string().describe('What people call it.'),
    validFrom,
    validTo,
    state: zTermState.describe('How its term stands.'),
  })
  .meta({ id: 'PersonalPlan', description: 'A policy that names the customer.' });

const EntitledCalendar = z
  .object({
    key: z.string().describe('How it is named; always is built in.'),
    name: z.string().describe('What people call it.'),
  })
  .meta({ id: 'EntitledCalendar', description: 'A calendar that a promise counts on.' });

const zTarget = z.string().meta({ scalar: 'Duration' });

const EntitledPromise = z
  .object({
    metric: zMetric.describe('What is promised.'),
    target: zTarget.describe('Open time such as PT1H, or working days such as P3D.'),
    calendar: EntitledCalendar.describe('What it counts on.'),
    warnAt: z.array(z.number()).describe('Fractions of the target at which the desk is warned.'),
    targetOfStandard: zTarget
      .nullable()
      .describe('What the overridden policy promises; null where nothing is overridden, or it does not promise this.'),
    calendarOfStandard: EntitledCalendar.nullable().describe('What that counts on; null like it.'),
  })
  .meta({ id: 'EntitledPromise', description: 'One promise to a customer, beside the standard one.' });

const policyShape = {
  key: z.string().describe('Key of the policy.'),
  name: z.string().describe('What people call it.'),
  version: z.int().describe('Its version.'),
};

const Entitlement = z
  .object({
    policy: z
      .object({ ...policyShape, validFrom, validTo })
      .meta({ id: 'EntitledPolicy', description: 'A policy that covers a customer.' })
      .nullable()
      .describe('What covers them; null: nothing is promised.'),
    personal: z.boolean().describe('It names the customer.'),
    kinds: z.array(z.string()).describe('Keys of kinds: tickets of each of these,'),
    channels: z.array(z.string()).describe('by each of these channels (keys),'),
    priorities: z.array(zPriority).describe('with each of these priorities.'),
    reason: z
      .enum(MATCH_REASONS)
      .meta({ id: 'MatchReason' })
      .nullable()
      .describe('What put the policy before the next one that matches; null where none does.'),
    overrides: z
      .object(policyShape)
      .meta({ id: 'OverriddenPolicy', description: 'The standard policy that a personal plan comes before.' })
      .nullable()
      .describe('Of a personal plan: the policy that would cover them without it; null where none would.'),
    promises: z.array(EntitledPromise).describe('What is promised, by metric.'),
    leftOut: z.array(zMetric).describe('What only the overridden policy promises: the personal plan left it out.'),
  })
  .meta({ id: 'Entitlement', description: 'What is promised to a customer for some kinds, channels and priorities.' });

export const Entitlements = z
  .object({
    customerId: z.string().meta({ scalar: 'ID' }).describe('Id of the customer.'),
    customerName: z.string().describe('What they are called.'),
    at: zIsoInstant.describe('The instant it is told for. People are told as they are now.'),
    tier: EntitledTier.nullable().describe('Their tier; null without one.'),
    service: zTierService.nullable().describe('What the tier asks for; null without a tier.'),
    dedicatedAgent: NamedPerson.nullable().describe(`Their dedicated agent; null: nobody is named, and ${HIDDEN}`),
    deputyAgent: NamedPerson.nullable().describe(
      `Who serves while that agent is away; null: nobody is named, and ${HIDDEN}`,
    ),
    adviser: NamedPerson.nullable().describe(`Their online adviser; null: nobody is named, and ${HIDDEN}`),
    servedBy: Serving.nullable().describe('Who serves them now, and why; null for callers without agents:read.'),
    gaps: z
      .array(zGap)
      .nullable()
      .describe(
        'What the tier asks for and they do not have, and who is named and has left; null for callers without agents:read.',
      ),
    personalPlans: z
      .array(PersonalPlan)
      .describe('Policies that name them, also those whose term has ended or not begun.'),
    promises: z
      .array(Entitlement)
      .describe('What is promised: every kind, channel and priority lies in exactly one of these.'),
    text: z.string().describe('The whole of it in words, as lines of plain text.'),
  })
  .meta({ id: 'Entitlements', description: 'What a customer gets, and why.' });
