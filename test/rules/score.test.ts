/** Scores by hand and by a slow second opinion: bands, percentiles, exact sums, and that more never means less. */

import fc from 'fast-check';
import { test } from 'tap';
import { AppError } from '../../src/errors.ts';
import { type Figure, type FigureDefinition, growthOf } from '../../src/rules/figures.ts';
import { scoreOf, targetOf } from '../../src/rules/score.ts';
import {
  compileTierModel,
  type PartDefinition,
  type Population,
  type Scaling,
  type TierModelDefinition,
} from '../../src/rules/tier-model.ts';
import { definitions, populations, runs, SEED, TIERS, values } from './tier-lives.ts';
import { oraclePoints, oracleTier, oracleTotal } from './tier-oracle.ts';

const bands = (...pairs: [number, number][]): Scaling => ({ bands: pairs.map(([from, points]) => ({ from, points })) });
const orders = (of: 'amount' | 'count', window = 'P12M'): FigureDefinition => ({ of, activities: ['order'], window });

function partOf(key: string, weight: number, figure: FigureDefinition, scaling: Scaling): PartDefinition {
  return { key, weight, figure, scaling };
}

/** The default model in small: spend, frequency, loyalty, growth. */
const MODEL: TierModelDefinition = {
  parts: [
    partOf('spend', 40, orders('amount'), bands([10_000, 30], [100_000, 60], [500_000, 100])),
    partOf('frequency', 20, orders('count'), bands([12, 100], [6, 60], [2, 30])),
    partOf('loyalty', 20, { of: 'months' }, bands([36, 100], [12, 60], [6, 30])),
    partOf(
      'growth',
      20,
      { of: 'growth', by: 'amount', activities: ['order'], window: 'P6M' },
      bands([0, 30], [20, 60], [50, 100]),
    ),
  ],
  tiers: [
    { tier: 'core', minTotal: 70, minParts: { spend: 100, loyalty: 60 } },
    { tier: 'potential', minParts: { spend: 30, growth: 60 } },
  ],
};

const model = compileTierModel(MODEL, ['core', 'potential', 'normal']);

/** Figures of the parts, in their order. */
function scored(figures: Figure[], of = model, population: Population | null = null) {
  return scoreOf(of, new Map(of.parts.map(({ figure }, index) => [figure, figures[index]!])), population);
}

test('the score is the weighted mean of what the bands give', async (t) => {
  for (const [figures, points, total, tier] of [
    [[620_000, 14, 40, 12], [100, 100, 100, 30], 86, 'core'],
    // Every border belongs to the band above it.
    [[500_000, 12, 36, 50], [100, 100, 100, 100], 100, 'core'],
    [[499_999.99, 11, 35, 49.9], [60, 60, 60, 60], 60, 'potential'],
    [[100_000, 6, 12, 20], [60, 60, 60, 60], 60, 'potential'],
    [[10_000, 2, 6, 0], [30, 30, 30, 30], 30, 'normal'],
    [[9_999.99, 1, 5, -0.1], [0, 0, 0, 0], 0, 'normal'],
    // Nothing known is nothing scored; growth from nothing has no bound.
    [[null, null, null, null], [0, 0, 0, 0], 0, 'normal'],
    [[20_000, 1, 1, Number.POSITIVE_INFINITY], [30, 0, 0, 100], 32, 'potential'],
    // 500,000 and 70 points, but new: loyalty is missing.
    [[600_000, 12, 5, 60], [100, 100, 0, 100], 80, 'potential'],
    [[600_000, 12, 5, 0], [100, 100, 0, 30], 66, 'normal'],
    // Refunds may leave less than nothing.
    [[-50, 2, 6, null], [0, 30, 30, 0], 12, 'normal'],
  ] as [Figure[], number[], number, string][]) {
    const score = scored(figures);
    t.strictSame(
      score.parts.map((part) => part.points),
      points,
      `points of ${figures}`,
    );
    t.equal(score.total, total, `total of ${figures}`);
    t.equal(targetOf(model, score, null).tier, tier, `tier of ${figures}`);
  }
  const { parts } = scored([620_000, 14, 40, Number.POSITIVE_INFINITY]);
  t.strictSame(parts[0], { key: 'spend', value: 620_000, points: 100, weight: 40, contribution: 40 });
  t.strictSame(parts[3], { key: 'growth', value: null, unbounded: true, points: 100, weight: 20, contribution: 20 });
});

test('growth is percent of the window before; from nothing it has no bound', async (t) => {
  t.equal(growthOf(150, 100), 50);
  t.equal(growthOf(100, 150), -33.333333);
  t.equal(growthOf(1.2, 1), 20, 'not 19.999999999999996');
  t.equal(growthOf(0, 100), -100);
  t.equal(growthOf(-10, 100), -110);
  t.equal(growthOf(1, 0), Number.POSITIVE_INFINITY);
  t.equal(growthOf(1, -5), Number.POSITIVE_INFINITY);
  t.equal(growthOf(0, 0), null);
  t.equal(growthOf(-1, -5), null);
});

test('three thirds are a whole', async (t) => {
  const thirds = compileTierModel(
    {
      parts: ['a', 'b', 'c'].map((key) => partOf(key, 1, { of: 'given', key }, bands([1, 100]))),
      tiers: [{ tier: 'core', minTotal: 100 }],
    },
    TIERS,
  );
  const score = scored([1, 1, 1], thirds);
  t.equal(score.total, 100);
  t.strictSame(
    score.parts.map(({ contribution }) => contribution),
    [33.33, 33.34, 33.33],
  );
  t.equal(targetOf(thirds, score, null).tier, 'core');
  t.equal(scored([1, 0, 0], thirds).total, 33.33);
});

test('a percentile is how far up in the workspace a figure lies', async (t) => {
  const more = {
    ...MODEL,
    parts: [partOf('spend', 1, orders('amount'), { percentile: 'more' })],
    tiers: [{ tier: 'core', minTotal: 1 }],
  };
  const compiled = compileTierModel(more, TIERS);
  const pointsIn = (steps: (number | null)[], value: Figure) => {
    const population = { at: 0, customers: steps.length, parts: { spend: steps }, minTotals: [null] };
    return scored([value], compiled, population).parts[0]!.points;
  };
  const steps = [0, 10, 20, 40, 80];
  t.strictSame(
    [-1, 0, 10, 20, 40, 80, 81].map((value) => pointsIn(steps, value)),
    [0, 0, 25, 50, 75, 100, 100],
  );
  t.equal(pointsIn(steps, 15), 37.5, 'between two steps in proportion');
  t.equal(pointsIn(steps, null), 0, 'nothing known');
  t.equal(pointsIn([0, 0, 0, 5, 9], 0), 25, 'equal ones share their middle');
  t.equal(pointsIn([7, 7, 7], 7), 50, 'where all are equal, nobody is ahead');
  t.equal(pointsIn([7], 7), 50);
  t.equal(pointsIn([], 7), 0);
  t.equal(
    pointsIn([1, 2, null, null], Number.POSITIVE_INFINITY),
    83.33,
    'growth without bound is above all that has one',
  );
  t.equal(pointsIn([1, 2, null, null], 3), 33.33);
  t.equal(scored([7], compiled, null).total, 0, 'nobody has looked at the workspace yet');
  t.equal(scored([7], compiled, { at: 0, customers: 3, parts: {}, minTotals: [null] }).total, 0);
  const calls = partOf('calls', 1, { of: 'tickets', window: 'P90D' }, { percentile: 'less' });
  const less = compileTierModel({ ...more, parts: [calls] }, TIERS);
  const few = { at: 0, customers: 5, parts: { calls: [0, 1, 2, 3, 4] }, minTotals: [null] };
  t.strictSame(
    [0, 1, 4, 9].map((value) => scored([value], less, few).total),
    [100, 75, 0, 0],
  );
});

test('the best so many percent are those with the total that the population says', async (t) => {
  const shares = compileTierModel(
    {
      ...MODEL,
      tiers: [
        { tier: 'core', share: 5 },
        { tier: 'potential', minTotal: 30 },
      ],
    },
    TIERS,
  );
  const score = scored([500_000, 12, 5, 0], shares);
  t.equal(score.total, 66);
  const inPopulation = (needed: number | null) => {
    return targetOf(shares, score, { at: 0, customers: 9, parts: {}, minTotals: [needed, null] });
  };
  t.equal(inPopulation(66).tier, 'core');
  t.match(inPopulation(66.01), {
    tier: 'potential',
    rule: 1,
    rules: [
      { holds: false, conditions: [{ of: 'share', share: 5, needed: 66.01, had: 66, holds: false }] },
      { holds: true },
    ],
  });
  t.match(targetOf(shares, score, null), {
    tier: 'potential',
    rules: [{ conditions: [{ needed: null, holds: false }] }],
  });
});

test('a rule says of every condition what it needed and what there was', async (t) => {
  t.strictSame(targetOf(model, scored([600_000, 12, 5, 0]), null), {
    tier: 'normal',
    rule: null,
    rules: [
      {
        tier: 'core',
        holds: false,
        conditions: [
          { of: 'total', part: null, share: null, needed: 70, had: 66, holds: false },
          { of: 'part', part: 'spend', share: null, needed: 100, had: 100, holds: true },
          { of: 'part', part: 'loyalty', share: null, needed: 60, had: 0, holds: false },
        ],
      },
      {
        tier: 'potential',
        holds: false,
        conditions: [
          { of: 'part', part: 'spend', share: null, needed: 30, had: 100, holds: true },
          { of: 'part', part: 'growth', share: null, needed: 60, had: 30, holds: false },
        ],
      },
    ],
  });
});

test('every fault of a model is named by its path', async (t) => {
  const faultsOf = (patch: Partial<TierModelDefinition>, tiers = ['core', 'potential', 'normal']) => {
    try {
      compileTierModel({ ...MODEL, ...patch }, tiers);
    } catch (error) {
      if (error instanceof AppError && error.code === 'validation_failed') return error.errors;
      throw error;
    }
    return [];
  };
  const pathsOf = (patch: Partial<TierModelDefinition>, tiers?: string[]) => {
    return faultsOf(patch, tiers).map(({ path, code }) => `${path.replace('definition.', '')} ${code}`);
  };
  const withPart = (patch: object) => ({
    parts: [{ ...MODEL.parts[0]!, ...patch }],
    tiers: [{ tier: 'core', minTotal: 1 }],
  });
  const withBands = (...pairs: [number, number][]) => withPart({ scaling: bands(...pairs) });
  const withRule = (patch: object) => ({ tiers: [{ tier: 'core', ...patch }] as TierModelDefinition['tiers'] });

  t.strictSame(pathsOf({}), []);
  t.strictSame(pathsOf({ parts: [], tiers: [{ tier: 'core', share: 5 }] }), ['parts out_of_range']);
  t.strictSame(
    pathsOf({
      parts: Array.from({ length: 9 }, (_, n) => ({ ...MODEL.parts[0]!, key: `p${n}` })),
      tiers: [{ tier: 'core', share: 5 }],
    }),
    ['parts out_of_range'],
  );
  t.strictSame(pathsOf({ parts: [...MODEL.parts, MODEL.parts[1]!] }), ['parts.4.key duplicate']);
  for (const weight of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 10_001, 0.00001]) {
    t.strictSame(pathsOf(withPart({ weight })), ['parts.0.weight out_of_range'], `weight ${weight}`);
  }
  t.strictSame(pathsOf(withBands()), ['parts.0.scaling.bands out_of_range']);
  t.strictSame(pathsOf(withPart({ scaling: {} })), ['parts.0.scaling required']);
  t.strictSame(pathsOf(withPart({ scaling: { ...bands([1, 1]), percentile: 'more' } })), ['parts.0.scaling required']);
  t.strictSame(pathsOf(withBands([1, 10], [1, 20])), ['parts.0.scaling.bands.1.from duplicate']);
  t.strictSame(pathsOf(withBands([1, 101])), ['parts.0.scaling.bands.0.points out_of_range']);
  t.strictSame(pathsOf(withBands([1, -1])), ['parts.0.scaling.bands.0.points out_of_range']);
  t.strictSame(pathsOf(withBands([1, 0.001])), ['parts.0.scaling.bands.0.points out_of_range']);
  t.strictSame(pathsOf(withBands([2, 10], [1, 20])), ['parts.0.scaling.bands wrong_way'], 'more money costs points');
  t.strictSame(pathsOf(withBands([2, 10], [1, 10])), [], 'the same points twice do no harm');
  t.strictSame(pathsOf(withPart({ scaling: { percentile: 'less' } })), ['parts.0.scaling.percentile wrong_way']);
  const complaints: FigureDefinition = { of: 'tickets', window: 'P90D' };
  t.strictSame(pathsOf(withPart({ figure: complaints, scaling: bands([0, 100], [1, 50]) })), []);
  t.strictSame(pathsOf(withPart({ figure: complaints, scaling: bands([0, 50], [1, 100]) })), [
    'parts.0.scaling.bands wrong_way',
  ]);
  t.strictSame(
    pathsOf(withPart({ figure: complaints, scaling: bands([1, 100]) })),
    ['parts.0.scaling.bands wrong_way'],
    'none is better than one',
  );
  const given: FigureDefinition = { of: 'given', key: 'debts' };
  t.strictSame(pathsOf(withPart({ figure: given, scaling: bands([0, 100], [1, 50]) })), []);
  t.strictSame(pathsOf(withPart({ figure: given, scaling: bands([0, 50], [1, 100]) })), []);
  t.strictSame(pathsOf(withPart({ figure: given, scaling: bands([0, 50], [1, 100], [2, 60]) })), [
    'parts.0.scaling.bands wrong_way',
  ]);
  t.strictSame(pathsOf(withPart({ figure: orders('amount', 'P11Y') })), ['parts.0.figure.window invalid']);
  t.strictSame(pathsOf(withPart({ figure: { of: 'amount', window: 'P1Y' } })), ['parts.0.figure.activities required']);

  t.strictSame(pathsOf({ tiers: [] }), ['tiers required']);
  t.strictSame(pathsOf(withRule({ tier: 'gold', minTotal: 1 })), ['tiers.0.tier unknown_key']);
  t.strictSame(pathsOf(withRule({ tier: 'normal', minTotal: 1 })), ['tiers.0.tier invalid']);
  t.strictSame(
    pathsOf({ tiers: [MODEL.tiers[1]!, MODEL.tiers[0]!] }),
    ['tiers.1.tier invalid'],
    'the better one comes first',
  );
  t.strictSame(pathsOf({ tiers: [MODEL.tiers[0]!, MODEL.tiers[0]!] }), ['tiers.1.tier duplicate']);
  t.strictSame(pathsOf(withRule({})), ['tiers.0 required']);
  t.strictSame(pathsOf(withRule({ minParts: {} })), ['tiers.0 required']);
  t.strictSame(pathsOf(withRule({ minParts: { spend: 101, glory: 1 } })), [
    'tiers.0.minParts.spend out_of_range',
    'tiers.0.minParts.glory unknown_key',
  ]);
  t.strictSame(pathsOf(withRule({ minTotal: 100.5 })), ['tiers.0.minTotal out_of_range']);
  for (const share of [0, -1, 100.1, Number.NaN])
    t.strictSame(pathsOf(withRule({ share })), ['tiers.0.share out_of_range']);
  t.strictSame(pathsOf({}, []), ['tiers.0.tier unknown_key', 'tiers.1.tier unknown_key'], 'a workspace without tiers');

  t.strictSame(
    pathsOf({
      hysteresis: { margin: 101, upAfterSeconds: -1, downRuns: 1.5, graceSeconds: 1e9 },
      risk: { fewerPercent: 0, lowScores: 0, complaints: 1.5, window: 'P2W' },
      sampleSize: -1,
    }),
    [
      'hysteresis.margin out_of_range',
      'hysteresis.upAfter out_of_range',
      'hysteresis.downRuns out_of_range',
      'hysteresis.grace out_of_range',
      'risk.lowScores out_of_range',
      'risk.complaints out_of_range',
      'sampleSize out_of_range',
      'risk.fewerPercent out_of_range',
      'risk.window invalid',
    ],
  );
});

/** A random model with a population and figures for its parts. */
const scorings = definitions.chain((definition) =>
  fc.record({
    definition: fc.constant(definition),
    population: populations(definition),
    figures: fc.array(values, { minLength: definition.parts.length, maxLength: definition.parts.length }),
  }),
);

test('parts add up to the score, and both agree with a second opinion', async (t) => {
  t.comment(`FUZZ_SEED=${SEED}`);
  fc.assert(
    fc.property(scorings, ({ definition, population, figures }) => {
      const compiled = compileTierModel(definition, TIERS);
      const score = scored(figures, compiled, population);
      const sum = score.parts.reduce((all, { contribution }) => all + Math.round(contribution * 100), 0);
      if (sum !== Math.round(score.total * 100)) throw new Error(`${sum} is not ${score.total}`);
      if (score.total !== oracleTotal(score.parts)) throw new Error(`the total is ${oracleTotal(score.parts)}`);
      if (score.total < 0 || score.total > 100) throw new Error('out of range');
      for (const [index, { points }] of score.parts.entries()) {
        const said = oraclePoints(definition.parts[index]!, figures[index]!, population);
        if (Math.abs(said - points) > 0.00501) throw new Error(`part ${index} has ${said}`);
      }
      const tier = oracleTier(definition, TIERS, score, population, 0);
      if (targetOf(compiled, score, population).tier !== tier) throw new Error(`the tier is ${tier}`);
    }),
    { seed: SEED, numRuns: runs(2000) },
  );
});

test('more of what is good never lowers a score, nor the tier it gives', async (t) => {
  t.comment(`FUZZ_SEED=${SEED}`);
  const better = scorings.chain((drawn) => fc.record({ drawn: fc.constant(drawn), part: fc.nat(7), by: values }));
  fc.assert(
    fc.property(better, ({ drawn: { definition, population, figures }, part: drawn, by }) => {
      const compiled = compileTierModel(definition, TIERS);
      const index = drawn % figures.length;
      const { of } = definition.parts[index]!.figure;
      const [was, other] = [figures[index]!, by];
      if (of === 'given' || was === null || other === null) return;
      const isLess = of === 'tickets' || of === 'low_scores';
      const best = isLess ? Math.max(0, Math.min(was, other)) : Math.max(was, other);
      const worst = isLess ? Math.max(was, other, 0) : Math.min(was, other);
      const low = scored(figures.with(index, worst), compiled, population);
      const high = scored(figures.with(index, best), compiled, population);
      if (high.total < low.total) throw new Error(`${high.total} with ${best}, ${low.total} with ${worst}`);
      const rank = (score: typeof low) => TIERS.indexOf(targetOf(compiled, score, population).tier);
      if (rank(high) > rank(low)) throw new Error('a worse tier for more');
    }),
    { seed: SEED, numRuns: runs(3000) },
  );
});

test('an order more never lowers a score, whatever the model measures of it', async (t) => {
  t.comment(`FUZZ_SEED=${SEED}`);
  const orderings = scorings.chain((drawn) =>
    fc.record({
      drawn: fc.constant(drawn),
      history: fc.array(
        fc.record({ ago: fc.integer({ min: 0, max: 800 }), amount: fc.integer({ min: -50, max: 200 }) }),
      ),
      amount: fc.integer({ min: 0, max: 300 }),
    }),
  );
  // Figures of the orders, reckoned by hand: a window of n days back from day 0, of negative amounts refunds.
  const daysOf: Record<string, number> = { P30D: 30, P90D: 90, P12M: 365, P1Y: 365 };
  const figureOf = (figure: FigureDefinition, other: Figure, history: { ago: number; amount: number }[]): Figure => {
    const within = (from: number, to: number, by: 'amount' | 'count') => {
      const found = history.filter(({ ago }) => ago >= from && ago < to);
      return by === 'count' ? found.length : found.reduce((sum, { amount }) => sum + amount, 0);
    };
    if (figure.of === 'amount' || figure.of === 'count') return within(0, daysOf[figure.window]!, figure.of);
    if (figure.of !== 'growth') return other;
    const days = daysOf[figure.window]!;
    return growthOf(within(0, days, figure.by), within(days, 2 * days, figure.by));
  };
  fc.assert(
    fc.property(orderings, ({ drawn: { definition, population, figures }, history, amount }) => {
      const compiled = compileTierModel(definition, TIERS);
      const totalOf = (of: { ago: number; amount: number }[]) => {
        return scored(
          definition.parts.map(({ figure }, index) => figureOf(figure, figures[index]!, of)),
          compiled,
          population,
        ).total;
      };
      return totalOf([...history, { ago: 0, amount }]) >= totalOf(history);
    }),
    { seed: SEED, numRuns: runs(2000) },
  );
});
