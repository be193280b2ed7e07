/** Words of the explanation of a tier: why a customer holds the one they hold, and what another one takes. */

import { z } from 'zod';
import { UNITS } from '../../rules/figures.ts';
import { TIER_STATES } from '../../rules/score-words.ts';
import { HELD_REASONS } from '../../rules/tier-step.ts';
import { TierChange, zCustomerId, zTierPin } from '../customers/model.ts';
import { zIsoInstant } from '../model.ts';
import { zFigure } from './figure-model.ts';
import { ScoredPart } from './score-model.ts';
import { zPercentile, zPopulation } from './tier-models-model.ts';

export const tierExplanationFields = {
  ...zCustomerId,
  language: z
    .enum(['zh-CN', 'en'])
    .optional()
    .describe("Language of summary and text, zh-CN or en; the workspace's unless told."),
};

const zUnit = z.enum(UNITS).meta({
  id: 'FigureUnit',
  description: "currency: that of the workspace. count, months: so many. percent: of 100. number: another system's.",
});

const ExplainedPart = z
  .object({
    ...ScoredPart.shape,
    name: z.string().nullable().describe('What people call it; null: by its key.'),
    figure: zFigure.describe('What the number is taken of.'),
    unit: zUnit.describe('In what it is.'),
    share: z.number().describe('The percent that it weighs of all parts.'),
    band: z
      .object({ from: z.number().describe('Where it begins.'), points: z.number().describe('What it gives.') })
      .meta({ id: 'ReachedBand', description: 'The band that a figure reaches.' })
      .nullable()
      .describe('The band that the figure reaches; null below all of them, and for a percentile.'),
    next: z
      .object({
        points: z.number().describe('What it gives.'),
        atLeast: z.number().nullable().describe('The figure that reaches it; null where less is needed.'),
        below: z.number().nullable().describe('The figure must be below this; null where more is needed.'),
      })
      .meta({ id: 'NextBand', description: 'The nearest band that gives more points.' })
      .nullable()
      .describe('The nearest band that gives more; null where none does, and for a percentile.'),
    percentile: zPercentile.nullable().describe('Which figures are the better ones; null for bands.'),
  })
  .meta({ id: 'ExplainedPart', description: 'A part of a score, with what made it and what would make it more.' });

const RuleCondition = z
  .object({
    of: z
      .enum(['total', 'part', 'share'])
      .meta({ id: 'RuleConditionOf', description: 'What a rule asks for points of.' })
      .describe('total: at least so many in all. part: of one part. share: among the best so many percent.'),
    part: z.string().nullable().describe('Key of the part; null for the others.'),
    share: z.number().nullable().describe('The percent of a share; null for the others.'),
    needed: z.number().nullable().describe('Points needed; null where nobody knows yet what a share takes.'),
    had: z.number().describe('Points there are.'),
    holds: z.boolean().describe('Whether that is enough.'),
  })
  .meta({ id: 'RuleCondition', description: 'One thing that a rule asks for.' });

const ExplainedRule = z
  .object({
    tier: z.string().describe('Key of the tier it gives.'),
    holds: z.boolean().describe('Whether all of it holds.'),
    conditions: z.array(RuleCondition).describe('All that it asks for.'),
  })
  .meta({ id: 'ExplainedRule', description: 'What a tier asks for, and what there is.' });

const TierStanding = z
  .object({
    why: z
      .enum(HELD_REASONS)
      .meta({ id: 'HeldReason', description: 'How the tier held and the tier of the rules stand to each other.' })
      .describe(
        'agreed: they are the same. pinned: people gave the tier. rising: the better one is not reached for long enough. margin: the score is not far enough below the border. counting: not enough monthly runs found it below. grace: the step down is decided and comes later. blocked: it is due and held back. due: the next review gives it.',
      ),
    movesAt: zIsoInstant
      .nullable()
      .describe(
        'When the tier of the rules is given if nothing changes: while runs are counted, at the one that decides, and the grace later; of a pinned tier, when the pin ends. Null when nobody knows, or none comes.',
      ),
    aboveSince: zIsoInstant
      .nullable()
      .describe('Since when the better tier of the rules is reached; null unless it waits.'),
    runsBelow: z.int().describe('Monthly runs in a row that found the score below the border.'),
    runsNeeded: z.int().describe('So many of them decide on a step down.'),
    decidedAt: zIsoInstant.nullable().describe('When a step down was decided; null when none is.'),
  })
  .meta({ id: 'TierStanding', description: 'What holds a step back.' });

export const TierExplanation = z
  .object({
    summary: z.string().describe('The tier, where it comes from, and what the score says, in a few sentences.'),
    text: z.string().describe("The whole of it as plain text for a terminal, in the workspace's time zone."),
    asOf: zIsoInstant.describe('Told as of this instant.'),
    state: z
      .enum(TIER_STATES)
      .meta({ id: 'TierState', description: 'Whether there is a score.' })
      .describe(
        'no_model: tiers are given by people alone. not_reviewed: nobody has looked yet. no_activity: nothing is known of them, and the tier stays. scored: there is a score; of whom nothing is known any longer, one of no points.',
      ),
    tier: z.string().nullable().describe('Key of the tier they hold; null without one.'),
    since: zIsoInstant.nullable().describe('Since when; null without one.'),
    source: TierChange.shape.source.nullable().describe('What gave it; null without one.'),
    reason: z.string().nullable().describe('Why; null where nobody had to say.'),
    pin: zTierPin.nullable().describe('While it holds, no score moves the tier; null without one.'),
    model: z.int().nullable().describe('Number of the tier model of the score; null without a score.'),
    score: z
      .object({
        total: z.number().describe('0 to 100, to the hundredth.'),
        parts: z.array(ExplainedPart).describe('What it is made of; the contributions add up to the total.'),
      })
      .meta({ id: 'ExplainedScore', description: 'A score and all that made it.' })
      .nullable()
      .describe('As of computedAt; null unless scored.'),
    target: z.string().nullable().describe('Key of the tier that the rules give; null unless scored.'),
    rules: z
      .array(ExplainedRule)
      .describe("What the tiers ask for, the best first; the last tier is everybody else's."),
    standing: TierStanding.nullable().describe('Why they hold the one and not the other; null unless scored.'),
    population: zPopulation.nullable().describe('Among whom percentiles and shares were read; null where none are.'),
    computedAt: zIsoInstant.nullable().describe('Since when the score is so; null unless scored.'),
  })
  .meta({ id: 'TierExplanation', description: 'Why a customer holds their tier.' });
