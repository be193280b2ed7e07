/** From target to tier, by a second opinion over whole lives. */

import fc from 'fast-check';
import { test } from 'tap';
import { scoreOf } from '../../src/rules/score.ts';
import {
  compileTierModel,
  NEW_STANDING,
  type Population,
  type Standing,
  type TierModel,
  type TierModelDefinition,
} from '../../src/rules/tier-model.ts';
import { stepTier } from '../../src/rules/tier-step.ts';
import { definitions, populations, runs, SEED, TIERS, values } from './tier-lives.ts';
import { type Look, oracleLife } from './tier-oracle.ts';

const DAY = 86_400;

/** Four tiers one above the other by one figure: lives that climb and fall over several borders. */
const ladders: fc.Arbitrary<TierModelDefinition> = fc
  .record({
    margin: fc.constantFrom(0, 5, 30),
    upAfterSeconds: fc.constantFrom(DAY, 10 * DAY, 20 * DAY),
    downRuns: fc.integer({ min: 0, max: 3 }),
    graceSeconds: fc.constantFrom(0, 7 * DAY),
  })
  .map((hysteresis) => {
    const bands = [0, 30, 60, 100].map((points) => ({ from: points, points }));
    const part = { key: 'value', weight: 1, figure: { of: 'given', key: 'value' }, scaling: { bands } } as const;
    const rule = (index: number, minTotal: number) => ({ tier: TIERS[index]!, minTotal });
    return { parts: [part], tiers: [rule(0, 100), rule(1, 60), rule(2, 30)], hysteresis };
  });

/** A life: looks at random times, of which some are of a monthly run, with figures that stay for a while. */
const lives = fc.oneof(definitions, ladders).chain((definition) => {
  const count = definition.parts.length;
  const figures = fc.array(fc.oneof(values, fc.constantFrom(30, 60, 100)), { minLength: count, maxLength: count });
  return fc.record({
    definition: fc.constant(definition),
    population: populations(definition),
    first: fc.constantFrom(...TIERS),
    looks: fc
      .tuple(
        fc.array(figures, { minLength: 1, maxLength: 4 }),
        fc.array(
          fc.record({
            after: fc.constantFrom(0, 1, DAY, 6 * DAY, 15 * DAY, 30 * DAY),
            figures: fc.nat(3),
            monthly: fc.boolean(),
            pinned: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
            byHand: fc.integer({ min: 0, max: 19 }).map((n) => n === 0),
            blocked: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
          }),
          { minLength: 1, maxLength: 40 },
        ),
      )
      .map(([drawn, looks]) => looks.map((look) => ({ ...look, figures: drawn[look.figures % drawn.length]! }))),
  });
});

test('a second opinion, which reads the whole life again at every look, gives the same tiers', async (t) => {
  t.comment(`FUZZ_SEED=${SEED}`);
  let moves = 0;
  let pending = 0;
  fc.assert(
    fc.property(lives, ({ definition, population, first, looks }) => {
      const model = compileTierModel(definition, TIERS);
      let now = 30 * DAY;
      const seen = looks.map(({ after, figures, monthly, pinned, byHand, blocked }): Look => {
        now += after;
        const score = scoreOf(model, new Map(model.parts.map(({ figure }, n) => [figure, figures[n]!])), population);
        return { now, score, monthly: monthly ? now - (now % (30 * DAY)) : null, pinned, byHand, blocked };
      });
      const said = oracleLife(definition, TIERS, population, first, seen);
      const live = replay(model, population, first, seen);
      moves += live.filter(({ why }) => why === 'rose' || why === 'fell').length;
      pending += live.filter(({ movesAt }) => movesAt !== null).length;
      for (const [index, { tier, movesAt }] of said.entries()) {
        if (live[index]!.tier !== tier) throw new Error(`at look ${index} ${tier}, not ${live[index]!.tier}`);
        if (live[index]!.movesAt !== movesAt)
          throw new Error(`at look ${index} moves at ${movesAt}, not ${live[index]!.movesAt}`);
      }
      // The same history again, and with every look taken twice, gives the same tiers.
      const tiersOf = (steps: { tier: string }[]) => steps.map(({ tier }) => tier).join();
      if (tiersOf(replay(model, population, first, seen)) !== tiersOf(live)) throw new Error('a replay differs');
      if (tiersOf(replay(model, population, first, seen, 2)) !== tiersOf(live))
        throw new Error('looking twice differs');
    }),
    { seed: SEED, numRuns: runs(1500) },
  );
  const least = runs(1500) / 10;
  t.ok(moves > least && pending > least, `lives move: ${moves} steps, ${pending} pending`);
});

/** The steps of a life; with `times` 2, every look is taken twice, of which the last is answered. */
function replay(model: TierModel, population: Population | null, first: string, looks: Look[], times = 1) {
  let held = first;
  let standing: Standing = NEW_STANDING;
  return looks.map((look) => {
    const review = { ...look, ground: look.byHand ? 'hand' : 'score', population } as const;
    let step = stepTier(model, { ...review, held, standing });
    for (let again = 1; again < times; again++) {
      const next = stepTier(model, { ...review, held: step.tier, standing: step.standing });
      if (step.why !== 'rose' && step.why !== 'fell') step = next;
      // A step down may be followed by the next one at once only where no runs are asked for.
      else if (model.downRuns > 0 && next.tier !== step.tier) throw new Error('a second look stepped on');
    }
    held = step.tier;
    standing = JSON.parse(JSON.stringify(step.standing));
    return step;
  });
}
