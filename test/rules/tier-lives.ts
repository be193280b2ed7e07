/** Tier models, populations and figures drawn at random, for what must hold of all of them. */

import fc from 'fast-check';
import type { Figure, FigureDefinition } from '../../src/rules/figures.ts';
import type { PartDefinition, Population, Scaling, TierModelDefinition, TierRule } from '../../src/rules/tier-model.ts';

export const SEED = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
export const runs = (unless: number) => Number(process.env['FUZZ_RUNS'] ?? unless);

export const TIERS = ['core', 'potential', 'plus', 'normal'];

const hundredths = (min: number, max: number) => fc.integer({ min: min * 100, max: max * 100 }).map((n) => n / 100);
const points = fc.oneof(fc.constantFrom(0, 30, 60, 100), hundredths(0, 100));
const activities = fc.constantFrom(['order'], ['order', 'refund'], ['visit', 'contact']) as fc.Arbitrary<['order']>;
const window = fc.constantFrom('P30D', 'P90D', 'P12M', 'P1Y');

const figure: fc.Arbitrary<FigureDefinition> = fc.oneof(
  fc.record({ of: fc.constant('amount' as const), activities, window }),
  fc.record({ of: fc.constant('count' as const), activities, window }),
  fc.record({ of: fc.constant('growth' as const), by: fc.constantFrom('amount', 'count'), activities, window }),
  fc.record({ of: fc.constant('months' as const) }),
  fc.record({ of: fc.constant('given' as const), key: fc.constant('value') }),
  fc.record({ of: fc.constant('satisfaction' as const), window }),
  fc.record({ of: fc.constant('low_scores' as const), window }),
  fc.record({ of: fc.constant('tickets' as const), window }),
);

const isLessBetter = ({ of }: FigureDefinition) => of === 'low_scores' || of === 'tickets';

function scaling(of: FigureDefinition): fc.Arbitrary<Scaling> {
  const way = isLessBetter(of) ? 'less' : 'more';
  const borders = fc.uniqueArray(fc.integer({ min: isLessBetter(of) ? 1 : -20, max: 200 }), {
    minLength: 1,
    maxLength: 5,
  });
  const bands = fc.tuple(borders, fc.array(points, { minLength: 5, maxLength: 5 })).map(([from, drawn]) => {
    const given = drawn.slice(0, from.length).sort((a, b) => a - b);
    if (way === 'less') given.reverse();
    const sorted = [...from].sort((a, b) => a - b);
    if (way === 'less') sorted[0] = 0;
    return { bands: sorted.map((border, index) => ({ from: border, points: given[index]! })) };
  });
  return fc.oneof(bands, fc.constant({ percentile: way } as const));
}

const part = figure.chain((of) =>
  fc.record({
    weight: fc.oneof(
      fc.integer({ min: 1, max: 100 }),
      fc.integer({ min: 1, max: 9999 }).map((n) => n / 10_000),
    ),
    figure: fc.constant(of),
    scaling: scaling(of),
  }),
);

const parts = fc
  .array(part, { minLength: 1, maxLength: 8 })
  .map((drawn) => drawn.map((one, index): PartDefinition => ({ ...one, key: `part${index}` })));

function rules(keys: readonly string[]): fc.Arbitrary<TierRule[]> {
  const rule = fc
    .record({
      minTotal: fc.option(points, { nil: undefined }),
      minParts: fc.option(fc.dictionary(fc.constantFrom(...keys), points, { minKeys: 1 }), { nil: undefined }),
      share: fc.option(fc.constantFrom(5, 20, 50, 100), { nil: undefined, freq: 3 }),
    })
    .filter((one) => Object.values(one).some((value) => value !== undefined));
  return fc
    .tuple(fc.subarray(TIERS.slice(0, -1), { minLength: 1 }), rule, rule, rule)
    .map(([tiers, ...drawn]) => tiers.map((tier, index) => ({ ...drawn[index]!, tier })));
}

const hysteresis = fc.record({
  margin: fc.constantFrom(0, 0.1, 5, 30),
  upAfterSeconds: fc.constantFrom(0, 0, 86_400, 20 * 86_400),
  downRuns: fc.constantFrom(0, 1, 2, 3),
  graceSeconds: fc.constantFrom(0, 0, 7 * 86_400, 45 * 86_400),
});

export const definitions: fc.Arbitrary<TierModelDefinition> = parts.chain((drawn) =>
  fc.record({
    parts: fc.constant(drawn),
    tiers: rules(drawn.map(({ key }) => key)),
    hysteresis: fc.option(hysteresis, { nil: undefined }),
  }),
);

export const values: fc.Arbitrary<Figure> = fc.oneof(
  fc.constantFrom(null, Number.POSITIVE_INFINITY, 0),
  fc.integer({ min: -30, max: 210 }),
  fc.double({ min: -30, max: 210, noNaN: true }),
);

/** A population for such a model: quantiles of every part, a total needed for every share; or none yet. */
export function populations({ parts: of, tiers }: TierModelDefinition): fc.Arbitrary<Population | null> {
  const quantiles = fc
    .array(fc.oneof(fc.integer({ min: -10, max: 30 }), fc.constant(Number.POSITIVE_INFINITY)), { maxLength: 30 })
    .map((drawn) => drawn.sort((a, b) => a - b).map((value) => (value === Number.POSITIVE_INFINITY ? null : value)));
  const drawn = fc.record({
    at: fc.constant(0),
    customers: fc.constant(30),
    parts: fc
      .tuple(...of.map(() => quantiles))
      .map((all) => Object.fromEntries(of.map(({ key }, n) => [key, all[n]!]))),
    minTotals: fc.tuple(...tiers.map(({ share }) => (share === undefined ? fc.constant(null) : points))),
  });
  return fc.option(drawn, { freq: 6 });
}
