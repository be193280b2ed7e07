/** From target to tier: up at once, down late, never to and fro; by hand and by law. */

import fc from 'fast-check';
import { test } from 'tap';
import {
  compileTierModel,
  NEW_STANDING,
  type Score,
  type Standing,
  type TierModelDefinition,
} from '../../src/rules/tier-model.ts';
import { groundOf, type Left, outlookOf, type Review, stepTier } from '../../src/rules/tier-step.ts';
import { Zone } from '../../src/rules/zone.ts';
import { runs, SEED } from './tier-lives.ts';

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
    const plainly = { monthly: null, pinned: false, ground: 'score', blocked: false } as const;
    const step = stepTier(model, { ...review, ...plainly, ...more });
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
  t.match(look(80, 3.5 * DAY), { tier: 'normal', target: 'core', movesAt: 7 * DAY }, 'potential, without a break');
  t.match(look(10, 4 * DAY), { tier: 'normal', why: 'agreed', movesAt: null });
  t.match(look(80, 5 * DAY), { tier: 'normal', why: 'rising', movesAt: 12 * DAY });
  t.match(look(80, 12 * DAY), { tier: 'core', why: 'rose', movesAt: null });
});

test('every better tier has a wait of its own', async (t) => {
  const look = customer('normal', { upAfterSeconds: 7 * DAY });
  t.match(look(50, 0), { tier: 'normal', target: 'potential', why: 'rising', movesAt: 7 * DAY });
  t.match(look(80, 3 * DAY), { tier: 'normal', target: 'core', why: 'rising', movesAt: 7 * DAY });
  t.match(look(80, 7 * DAY - 1), { tier: 'normal' });
  t.match(look(80, 7 * DAY), { tier: 'potential', target: 'core', why: 'rose', movesAt: 10 * DAY });
  t.match(look(80, 10 * DAY - 1), { tier: 'potential', why: 'rising', movesAt: 10 * DAY });
  t.match(look(80, 10 * DAY), { tier: 'core', why: 'rose', movesAt: null });
  // Core for a day every other day is potential for a week.
  const flapping = customer('normal', { upAfterSeconds: 7 * DAY });
  for (let day = 0; day < 7; day++) t.match(flapping(day % 2 === 0 ? 50 : 80, day * DAY), { tier: 'normal' });
  t.match(flapping(80, 7 * DAY), { tier: 'potential', movesAt: 14 * DAY });
  t.match(flapping(50, 8 * DAY), { tier: 'potential', why: 'agreed', movesAt: null, standing: { reachedSince: {} } });
  t.match(flapping(80, 9 * DAY), { tier: 'potential', why: 'rising', movesAt: 16 * DAY });
});

test('what a hand gave and no pin holds any longer is the score of it, at once', async (t) => {
  const hysteresis = { margin: 20, upAfterSeconds: 7 * DAY, downRuns: 3, graceSeconds: 30 * DAY };
  t.match(customer('core', hysteresis)(60, 5, { ground: 'hand' }), { tier: 'potential', why: 'fell', movesAt: null });
  t.match(customer('normal', hysteresis)(80, 5, { ground: 'hand' }), { tier: 'core', why: 'rose', movesAt: null });
  t.match(customer('core', hysteresis)(80, 5, { ground: 'hand' }), { tier: 'core', why: 'agreed' });
  t.match(customer('core', hysteresis)(0, 5, { ground: 'hand', pinned: true }), { tier: 'core', why: 'pinned' });
  t.match(customer('core', hysteresis)(0, 5, { ground: 'none' }), { tier: 'core', why: 'counting' });
  t.equal(groundOf({ source: 'manual', position: 1 }), 'none', 'what they began with was nobody to be overruled');
  t.equal(groundOf({ source: 'manual', position: 2 }), 'hand');
  t.equal(groundOf({ source: 'score', position: 9 }), 'score');
  t.equal(groundOf(undefined), 'none');
});

test('when the tier of the rules is given, if nothing changes', async (t) => {
  const zone = Zone.named('Asia/Shanghai')!;
  const at = (text: string) => Date.parse(text) / 1000;
  const now = at('2026-11-24T02:00:00Z');
  const until = at('2027-01-10T00:00:00Z');
  const hysteresis = { margin: 5, upAfterSeconds: 7 * DAY, downRuns: 2, graceSeconds: 10 * DAY };
  const outlook = (held: string, total: number, more: Partial<Left> = {}, other: Hysteresis = {}) => {
    const left = { held, score: scoreIs(total), standing: NEW_STANDING, population: null, now, movesAt: null };
    const plainly = { pinned: false, pinnedUntil: null, ground: 'score' } as const;
    const { why, decidesAt, movesAt } = outlookOf(
      modelOf({ ...hysteresis, ...other }),
      { ...left, ...plainly, ...more },
      zone,
    );
    const iso = (instant: number | null) => (instant === null ? null : new Date(instant * 1000).toISOString());
    return [why, iso(decidesAt), iso(movesAt)];
  };
  const [JAN, DEC] = ['2026-12-31T16:00:00.000Z', '2026-11-30T16:00:00.000Z'];
  t.strictSame(outlook('core', 80), ['agreed', null, null]);
  t.strictSame(outlook('core', 66), ['margin', null, null]);
  t.strictSame(outlook('core', 10), ['counting', JAN, '2027-01-10T16:00:00.000Z']);
  t.strictSame(outlook('core', 10, { standing: { ...NEW_STANDING, runsBelow: 1 } }, { graceSeconds: 0 }), [
    'counting',
    DEC,
    DEC,
  ]);
  const reachedSince = { potential: now - 5 * DAY, core: now - DAY };
  const rising = { standing: { ...NEW_STANDING, reachedSince }, movesAt: now + 2 * DAY };
  t.strictSame(outlook('normal', 80, rising), ['rising', null, '2026-11-30T02:00:00.000Z'], 'core, after potential');
  t.strictSame(outlook('core', 10, { ground: 'hand' }), ['due', null, null]);
  const pinned = { pinned: true, pinnedUntil: until, ground: 'hand' } as const;
  t.strictSame(outlook('core', 10, pinned), ['pinned', null, '2027-01-10T00:00:00.000Z']);
  t.strictSame(outlook('core', 10, { ...pinned, pinnedUntil: null }), ['pinned', null, null]);
  t.strictSame(outlook('core', 80, pinned), ['pinned', null, null], 'nothing moves');
  const ofScore = { ...pinned, ground: 'score' } as const;
  t.strictSame(outlook('core', 10, ofScore), ['pinned', null, '2027-03-10T16:00:00.000Z'], 'two runs and the grace');
  t.strictSame(outlook('normal', 80, ofScore), ['pinned', null, '2027-01-17T00:00:00.000Z']);
  t.strictSame(outlook('core', 66, ofScore), ['pinned', null, null]);
  t.strictSame(outlook('core', 10, ofScore, { downRuns: 0 }), ['pinned', null, '2027-01-20T00:00:00.000Z']);
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
