/** Words of tier models: how figures become a score, and a score a tier. */

import { z } from 'zod';
import type { TierModelDefinition } from '../../rules/tier-model.ts';
import { zDuration, zId, zIsoInstant, zKey, zPage, zText } from '../model.ts';
import { zFigure, zFigureInput } from './figure-model.ts';

const SAID = {
  parts: 'What the score is made of: 1 to 8 parts.',
  tiers:
    "Rules, the best tier first; the first that holds gives the tier. A tier without a rule is given by hand alone, but for the workspace's last, which is everybody's who is left.",
  hysteresis: 'How far and how long a border must be crossed.',
  risk: 'When a customer is held to be at risk; null: nobody is.',
  sampleSize: 'Customers whose tier people are asked to confirm every month; 0: none.',

  key: 'How rules name it; unique in the model.',
  name: 'What people call it; null: by its key.',
  weight: 'What it weighs beside the others: any numbers will do. Above 0, at most 10000, with four decimals at most.',
  figure: 'The number it is taken of.',
  scaling: 'How the figure becomes points, 0 to 100.',

  bands:
    'The points of the band with the highest from that the figure reaches; below all of them, or where nothing is known, 0. Of a figure of which more is better, points must not fall as from rises; of low_scores and tickets, they must not rise, and the first band begins at 0.',
  percentile:
    'Instead of bands: the percent of the workspace whose figure is lower (more) or higher (less), from 0 for the last to 100 for the first; equal figures share their middle.',
  from: 'The figure from which on it holds.',
  points: 'Points, 0 to 100, with two decimals at most.',

  tier: 'Key of the tier.',
  minTotal: 'The total needed, 0 to 100; null: any.',
  minParts: 'Points needed by part, as in {"spend": 100}; null: any.',
  share: 'Only the best so many percent of the workspace by total, above 0 and at most 100; null: however many.',

  margin: 'Points by which a score must fall short of a border to step down over it.',
  upAfter: 'How long a tier, or a better one, must be reached to step up to it; PT0S: at once.',
  downRuns: 'At the how many-th monthly run in a row below a border a step down is decided; 0: at any review.',
  grace: 'From the decision to the step down. A recovery in between cancels it.',

  fewerPercent: 'Orders and visits of the window fell by at least so many percent; null: does not count.',
  lowScores: 'At least so many low survey answers in the window; null: does not count.',
  complaints: 'At least so many complaints in the window; null: does not count.',
  window: 'How far back it looks, as in P3M; null: three months.',
} as const;

export const zPercentile = z
  .enum(['more', 'less'])
  .meta({ id: 'Percentile', description: 'Which figures are the better ones.' });

// ── What is given ───────────────────────────────────────────────────────────────────────────────────────────────────

const zBandInput = z
  .strictObject({ from: z.number().describe(SAID.from), points: z.number().describe(SAID.points) })
  .meta({ id: 'TierModelBandInput', description: 'Points from a figure on.' });

const zScalingInput = z
  .strictObject({
    bands: z.array(zBandInput).max(100).nullish().describe(SAID.bands),
    percentile: zPercentile.nullish().describe(SAID.percentile),
  })
  .meta({
    id: 'TierModelScalingInput',
    description: 'How a figure becomes points: exactly one of bands and percentile.',
  });

const zPartInput = z
  .strictObject({
    key: zKey.describe(SAID.key),
    name: zText(100).nullish().describe(SAID.name),
    weight: z.number().describe(SAID.weight),
    figure: zFigureInput.describe(SAID.figure),
    scaling: zScalingInput.describe(SAID.scaling),
  })
  .meta({ id: 'TierModelPartInput', description: 'A part of the score.' });

const zRuleInput = z
  .strictObject({
    tier: zKey.describe(SAID.tier),
    minTotal: z.number().nullish().describe(SAID.minTotal),
    minParts: z
      .record(zKey, z.number())
      .nullish()
      .meta({ scalar: 'JSON', examples: [{ spend: 100 }] })
      .describe(SAID.minParts),
    share: z.number().nullish().describe(SAID.share),
  })
  .meta({ id: 'TierModelRuleInput', description: 'What gives a tier: all that is told must hold, and something is.' });

const zHysteresisInput = z
  .strictObject({
    margin: z.number().nullish().describe(`${SAID.margin} 0 unless told.`),
    upAfter: zDuration.nullish().describe(SAID.upAfter),
    downRuns: z.int().nullish().describe(`${SAID.downRuns} 2 unless told.`),
    grace: zDuration.nullish().describe(`${SAID.grace} None unless told.`),
  })
  .meta({ id: 'TierModelHysteresisInput', description: SAID.hysteresis });

const zRiskInput = z
  .strictObject({
    fewerPercent: z.number().nullish().describe(SAID.fewerPercent),
    lowScores: z.int().nullish().describe(SAID.lowScores),
    complaints: z.int().nullish().describe(SAID.complaints),
    window: z.string().max(10).nullish().describe(SAID.window),
  })
  .meta({ id: 'TierModelRiskInput', description: 'When a customer is held to be at risk: any of these.' });

const zDefinitionInput = z
  .strictObject({
    parts: z.array(zPartInput).min(1).max(8).describe(SAID.parts),
    tiers: z.array(zRuleInput).max(10).describe(SAID.tiers),
    hysteresis: zHysteresisInput
      .nullish()
      .describe(`${SAID.hysteresis} Up at once and down at the second run unless told.`),
    risk: zRiskInput.nullish().describe(SAID.risk),
    sampleSize: z.int().nullish().describe(`${SAID.sampleSize} 50 unless told.`),
  })
  .meta({ id: 'TierModelDefinitionInput', description: 'How figures become a score, and a score a tier.' });

/** What is left out and what is null are the same; defaults are filled in, so that equal models are equal. */
function definitionOf(said: z.output<typeof zDefinitionInput>): TierModelDefinition {
  const { margin, upAfter, downRuns, grace } = said.hysteresis ?? {};
  return {
    parts: said.parts.map(({ name, scaling, ...part }) => {
      return {
        ...part,
        ...present({ name }),
        scaling: present(scaling) as TierModelDefinition['parts'][number]['scaling'],
      };
    }),
    tiers: said.tiers.map(({ tier, ...conditions }) => ({ tier, ...present(conditions) })),
    hysteresis: {
      margin: margin ?? 0,
      upAfterSeconds: upAfter ?? 0,
      downRuns: downRuns ?? 2,
      graceSeconds: grace ?? 0,
    },
    ...(said.risk == null ? {} : { risk: present(said.risk) }),
    sampleSize: said.sampleSize ?? 50,
  };
}

function present<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], null> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value != null)) as never;
}

/** Well shaped; whether it makes sense, and fits the tiers of the workspace, `compileTierModel` says. */
export const tierModelFields = {
  definition: zDefinitionInput.transform(definitionOf).describe('The model.'),
};

export const applyTierModelFields = {
  ...tierModelFields,
  reason: zText(1000).nullable().default(null).describe('Why, for those who look back; null: nothing is said.'),
};

// ── What is answered ────────────────────────────────────────────────────────────────────────────────────────────────

const TierModelBand = z
  .object({ from: z.number().describe(SAID.from), points: z.number().describe(SAID.points) })
  .meta({ id: 'TierModelBand', description: 'Points from a figure on.' });

const TierModelPart = z
  .object({
    key: z.string().describe(SAID.key),
    name: z.string().nullable().describe(SAID.name),
    weight: z.number().describe(SAID.weight),
    figure: zFigure.describe(SAID.figure),
    scaling: z
      .object({
        bands: z.array(TierModelBand).nullable().describe(SAID.bands),
        percentile: zPercentile.nullable().describe(SAID.percentile),
      })
      .meta({ id: 'TierModelScaling', description: 'How a figure becomes points.' })
      .describe(SAID.scaling),
  })
  .meta({ id: 'TierModelPart', description: 'A part of the score.' });

const TierModelRule = z
  .object({
    tier: z.string().describe(SAID.tier),
    minTotal: z.number().nullable().describe(SAID.minTotal),
    minParts: z.record(z.string(), z.number()).nullable().meta({ scalar: 'JSON' }).describe(SAID.minParts),
    share: z.number().nullable().describe(SAID.share),
  })
  .meta({ id: 'TierModelRule', description: 'What gives a tier: all that is told holds.' });

const zIsoDuration = z.string().meta({ scalar: 'Duration' });

const Definition = z
  .object({
    parts: z.array(TierModelPart).describe(SAID.parts),
    tiers: z.array(TierModelRule).describe(SAID.tiers),
    hysteresis: z
      .object({
        margin: z.number().describe(SAID.margin),
        upAfter: zIsoDuration.describe(SAID.upAfter),
        downRuns: z.int().describe(SAID.downRuns),
        grace: zIsoDuration.describe(SAID.grace),
      })
      .meta({ id: 'TierModelHysteresis', description: SAID.hysteresis })
      .describe(SAID.hysteresis),
    risk: z
      .object({
        fewerPercent: z.number().nullable().describe(SAID.fewerPercent),
        lowScores: z.int().nullable().describe(SAID.lowScores),
        complaints: z.int().nullable().describe(SAID.complaints),
        window: z.string().nullable().describe(SAID.window),
      })
      .meta({ id: 'TierModelRisk', description: 'When a customer is held to be at risk: any of these.' })
      .nullable()
      .describe(SAID.risk),
    sampleSize: z.int().describe(SAID.sampleSize),
  })
  .meta({ id: 'TierModelDefinition', description: 'How figures become a score, and a score a tier.' });

export const zPopulation = z
  .object({
    customers: z.int().describe('How many were scored.'),
    at: zIsoInstant.describe('When they were counted.'),
  })
  .meta({ id: 'TierPopulation', description: 'The customers among whom percentiles and shares are read.' });

export const TierModel = z
  .object({
    number: z.int().describe('Counts from 1; a model never changes, the highest number is in force.'),
    inForce: z.boolean().describe('Whether it decides now.'),
    definition: Definition.describe('The model.'),
    reason: z.string().nullable().describe('Why it was applied; null where nobody said.'),
    population: zPopulation
      .nullable()
      .describe('Among whom it reads percentiles and shares; null: it has none, or not yet.'),
    appliedBy: z.string().describe('Id of who applied it.'),
    appliedAt: zIsoInstant.describe('When.'),
  })
  .meta({ id: 'TierModel', description: 'A version of how customers get their tiers.' });

export const TierModelPage = zPage(TierModel);

export const AppliedTierModel = z
  .object({
    result: z
      .enum(['applied', 'unchanged'])
      .meta({ id: 'ApplyResult', description: 'What applying a tier model did.' })
      .describe('unchanged: it is the one in force.'),
    model: TierModel.describe('The model in force.'),
    jobId: zId('job').nullable().describe('The job that looks at every customer; null where nothing was changed.'),
  })
  .meta({ id: 'AppliedTierModel', description: 'A tier model that was applied.' });
