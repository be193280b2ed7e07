/** From target to tier: up at once, down late, never to and fro; by hand, by law, and by a second opinion over whole lives. */

import fc from 'fast-check';
import { test } from 'tap';
import { scoreOf } from '../../src/rules/score.ts';
import {
  compileTierModel,
  NEW_STANDING,
  type Population,
  type Score,
  type Standing,
  type TierModelDefinition,
} from '../../src/rules/tier-model.ts';
import { type Review, stepTier } from '../../src/rules/tier-step.ts';
import { definitions, populations, runs, SEED, TIERS, values } from './tier-lives.ts';
import { type Look, oracleLife } from './tier-oracle.ts';

const DAY = 86_400;
/** The first of a month, by its number from 1: months of 30 days will do here. */
const month = (number: number) => number * 30 * DAY;

type Hysteresis = TierModelDefinition['hysteresis'];

/** Core from 70, potential from 40; the scores are given below. */
function modelOf(hysteresis?: Hysteresis) {
  const bands = [{ from: 0, points: 0 }];
  return compileTierModel(
    {
      parts: [{ key: 'value', weight: 1, figure: { of: 'given', key: 'value' }, scaling: { bands } }],
      tiers: [
        { tier: 'core', minTotal: 70 },
        { tier: 'potential', minTotal: 40 },
      ],
      hysteresis,
    },
    ['core', 'potential', 'normal'],
  );
}

function scoreIs(total: number): Score {
  return { total, parts: [{ key: 'value', value: total, points: total, weight: 1, contribution: total }] };
}

/** A customer who is looked at again and again. */
function customer(held: string | null, hysteresis?: Hysteresis) {
  const model = modelOf(hysteresis);
  let tier = held;
  let standing: Standing = NEW_STANDING;
  return (total: number, now: number, more: Partial<Review> = {}) => {
    const review = { held: tier, standing, score: scoreIs(total), population: null, now };
    const step = stepTier(model, { ...review, monthly: null, pinned: false, blocked: false, ...more });
    tier = step.tier;
    // As it comes back from where it is kept.
    standing = JSON.parse(JSON.stringify(step.standing));
    return step;
  };
}

const run = (number: number) => ({ monthly: month(number) });

test('a better tier is given at once, over as many borders as the score goes', async (t) => {
  t.match(customer('normal')(80, 5), { tier: 'core', target: 'core', why: 'rose', movesAt: null });
  t.match(customer('normal')(40, 5), { tier: 'potential', why: 'rose' });
  t.match(customer('core')(80, 5), { tier: 'core', why: 'agreed', movesAt: null });
  t.match(customer(null)(10, 5), { tier: 'normal', why: 'rose' }, 'whoever had none gets the one of the rules');
});

test('a tier is lost at the second monthly run below, and not between them', async (t) => {
  const look = customer('core');
  t.match(look(10, month(1) - DAY), { tier: 'core', target: 'normal', why: 'counting' });
  t.match(look(10, month(1), run(1)), { tier: 'core', why: 'counting', standing: { runsBelow: 1 } });
  t.match(look(10, month(1) + DAY), { tier: 'core', why: 'counting', movesAt: null });
  t.match(look(10, month(2), run(2)), { tier: 'normal', why: 'fell', standing: { runsBelow: 0, decidedAt: null } });
});

test('a month counts once, however often its run looks', async (t) => {
  const look = customer('core');
  for (const seconds of [0, 1, 300]) {
    t.match(look(10, month(1) + seconds, run(1)), { tier: 'core', why: 'counting', standing: { runsBelow: 1 } });
  }
  t.match(look(10, month(2), run(2)), { tier: 'normal', why: 'fell' });
  // Fallen to potential by the run of a month: the same run, again, is no second month.
  const again = customer('core', { downRuns: 1 });
  t.match(again(50, month(1), run(1)), { tier: 'potential', why: 'fell' });
  t.match(again(10, month(1) + 60, run(1)), { tier: 'potential', why: 'counting', standing: { runsBelow: 0 } });
  t.match(again(10, month(2), run(2)), { tier: 'normal', why: 'fell' });
});

test('who recovers between the runs begins anew', async (t) => {
  const look = customer('core');
  look(10, month(1), run(1));
  t.match(look(75, month(1) + DAY), { tier: 'core', why: 'agreed', standing: { runsBelow: 0 } });
  t.match(look(10, month(2), run(2)), { tier: 'core', why: 'counting', standing: { runsBelow: 1 } });
  t.match(look(10, month(3), run(3)), { tier: 'normal', why: 'fell' });
});

test('with downRuns 0, any review takes the tier', async (t) => {
  t.match(customer('core', { downRuns: 0 })(69.99, 5), { tier: 'potential', why: 'fell' });
});

test('a border is crossed downwards only by the margin', async (t) => {
  const look = customer('core', { downRuns: 0, margin: 5 });
  t.match(look(65, 1), { tier: 'core', target: 'potential', why: 'margin' });
  t.match(look(64.99, 2), { tier: 'potential', target: 'potential', why: 'fell' });
  t.match(look(69, 3), { tier: 'potential', why: 'agreed' }, 'up again at the border itself');
  t.match(look(70, 4), { tier: 'core', why: 'rose' });
  // Two borders down, of which the lower one is missed by less than the margin.
  t.match(look(36, 5), { tier: 'potential', target: 'normal', why: 'fell' });
  t.match(look(36, 6), { tier: 'potential', target: 'normal', why: 'margin' });
  t.match(look(34.99, 7), { tier: 'normal', why: 'fell' });
  // 70 less 0.1 is 69.9, whatever binary fractions say.
  t.match(customer('core', { downRuns: 0, margin: 0.1 })(69.9, 1), { tier: 'core', why: 'margin' });
});

test('between the decision and the step down lies the grace period; a recovery within cancels it', async (t) => {
  const look = customer('core', { downRuns: 1, graceSeconds: 10 * DAY });
  const decided = month(1);
  t.match(look(10, decided, run(1)), { tier: 'core', why: 'grace', movesAt: decided + 10 * DAY });
  t.match(look(10, decided + 10 * DAY - 1), { tier: 'core', why: 'grace', movesAt: decided + 10 * DAY });
  t.match(look(10, decided + 10 * DAY), { tier: 'normal', why: 'fell', movesAt: null });
  const other = customer('core', { downRuns: 1, graceSeconds: 10 * DAY });
  other(10, month(1), run(1));
  t.match(other(70, month(1) + DAY), { tier: 'core', why: 'agreed', movesAt: null, standing: { decidedAt: null } });
  t.match(other(10, month(1) + 11 * DAY), { tier: 'core', why: 'counting', movesAt: null });
});

test('a better tier may have to be reached for a while, without a break', async (t) => {
  const look = customer('normal', { upAfterSeconds: 7 * DAY });
  t.match(look(80, 0), { tier: 'normal', target: 'core', why: 'rising', movesAt: 7 * DAY });
  t.match(look(50, 3 * DAY), { tier: 'normal', target: 'potential', why: 'rising', movesAt: 7 * DAY });
  t.match(look(10, 4 * DAY), { tier: 'normal', why: 'agreed', movesAt: null });
  t.match(look(80, 5 * DAY), { tier: 'normal', why: 'rising', movesAt: 12 * DAY });
  t.match(look(80, 12 * DAY), { tier: 'core', why: 'rose', movesAt: null });
});

test('a pin holds against every score, and nothing is counted under it', async (t) => {
  const look = customer('core', { downRuns: 2 });
  look(10, month(1), run(1));
  for (const n of [2, 3, 4]) {
    const step = look(10, month(n), { ...run(n), pinned: true });
    t.match(step, { tier: 'core', target: 'normal', why: 'pinned', movesAt: null, standing: { runsBelow: 0 } });
  }
  t.match(look(10, month(4) + 1), { tier: 'core', why: 'counting' });
  look(10, month(5), run(5));
  t.match(look(10, month(6), run(6)), { tier: 'normal', why: 'fell' });
  t.match(customer('normal')(90, 1, { pinned: true }), { tier: 'normal', target: 'core', why: 'pinned' });
});

test('an open escalation holds back the step down alone, until it is closed', async (t) => {
  const look = customer('core', { downRuns: 1 });
  t.match(look(10, month(1), { ...run(1), blocked: true }), { tier: 'core', why: 'blocked', movesAt: null });
  t.match(look(10, month(1) + DAY, { blocked: true }), { tier: 'core', why: 'blocked' });
  t.match(look(10, month(1) + 2 * DAY), { tier: 'normal', why: 'fell' }, 'no further run is needed');
  t.match(customer('normal')(90, 1, { blocked: true }), { tier: 'core', why: 'rose' });
});

test('who goes to and fro over a border for a year changes tier as the hysteresis says', async (t) => {
  t.comment(`FUZZ_SEED=${SEED}`);
  const years = fc.record({
    hysteresis: fc.record({
      margin: fc.constantFrom(0, 2, 10),
      downRuns: fc.integer({ min: 1, max: 4 }),
      graceSeconds: fc.constantFrom(0, 5 * DAY, 40 * DAY),
      upAfterSeconds: fc.constantFrom(0, 3 * DAY),
    }),
    // Up and down by so much in so many days, and by chance.
    swing: fc.integer({ min: 1, max: 25 }),
    period: fc.integer({ min: 2, max: 200 }),
    noise: fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 366, maxLength: 366 }),
  });
  fc.assert(
    fc.property(years, ({ hysteresis, swing, period, noise }) => {
      const look = customer('core', hysteresis);
      const falls: number[] = [];
      let changes = 0;
      let held = 'core';
      for (let day = 1; day <= 365; day++) {
        const total = Math.max(0, Math.round(70 + swing * Math.sin((2 * Math.PI * day) / period)) + noise[day]!);
        const { tier } = look(total, day * DAY, day % 30 === 0 ? { monthly: day * DAY } : {});
        if (tier !== held) changes++;
        if (['core', 'potential', 'normal'].indexOf(tier) > ['core', 'potential', 'normal'].indexOf(held))
          falls.push(day);
        held = tier;
      }
      // Twelve runs: a fall takes downRuns of them, and the grace.
      const most = Math.floor(12 / hysteresis.downRuns);
      if (falls.length > most) throw new Error(`${falls.length} falls: ${falls}`);
      for (const [index, day] of falls.entries()) {
        const days = day - (falls[index - 1] ?? 0);
        if (days < (hysteresis.downRuns - 1) * 30 + hysteresis.graceSeconds / DAY)
          throw new Error(`fell after ${days} days`);
      }
      if (changes > 2 * most + 2) throw new Error(`${changes} changes`);
      // What never falls short by more than the margin never costs the tier.
      if (swing + 3 <= hysteresis.margin && falls.length > 0) throw new Error('fell within the margin');
      // Whoever is above the border between any two runs keeps the tier.
      if (hysteresis.downRuns > 1 && period > 2 && period <= 20 && swing > 6 && falls.length > 0)
        throw new Error('fell although above every few days');
    }),
    { seed: SEED, numRuns: runs(500) },
  );
});

/** A life: looks at random times, of which some are of a monthly run, with figures that stay for a while. */
const lives = definitions.chain((definition) => {
  const count = definition.parts.length;
  const figures = fc.array(values, { minLength: count, maxLength: count });
  return fc.record({
    definition: fc.constant(definition),
    population: populations(definition),
    first: fc.constantFrom(...TIERS),
    looks: fc
      .tuple(
        fc.array(figures, { minLength: 1, maxLength: 3 }),
        fc.array(
          fc.record({
            after: fc.constantFrom(0, 1, DAY, 6 * DAY, 15 * DAY, 30 * DAY),
            figures: fc.nat(2),
            monthly: fc.boolean(),
            pinned: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
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
      let now = month(1);
      const seen = looks.map(({ after, figures, monthly, pinned, blocked }): Look => {
        now += after;
        const score = scoreOf(model, new Map(model.parts.map(({ figure }, n) => [figure, figures[n]!])), population);
        return { now, score, monthly: monthly ? now - (now % (30 * DAY)) : null, pinned, blocked };
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
function replay(
  model: ReturnType<typeof modelOf>,
  population: Population | null,
  first: string,
  looks: Look[],
  times = 1,
) {
  let held = first;
  let standing: Standing = NEW_STANDING;
  return looks.map((look) => {
    let step = stepTier(model, { ...look, held, standing, population });
    for (let again = 1; again < times; again++) {
      const next = stepTier(model, { ...look, held: step.tier, standing: step.standing, population });
      if (step.why !== 'rose' && step.why !== 'fell') step = next;
      // A step down may be followed by the next one at once only where no runs are asked for.
      else if (model.downRuns > 0 && next.tier !== step.tier) throw new Error('a second look stepped on');
    }
    held = step.tier;
    standing = JSON.parse(JSON.stringify(step.standing));
    return step;
  });
}
