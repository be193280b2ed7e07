/** When an answer holds, when it is low, and what many of them amount to. */

import { test } from 'tap';
import { checkScores, isLow, isSatisfied, summarize, usualLowThreshold } from '../../src/rules/satisfaction.ts';

const FORM = { scale: 5, dimensions: [{ key: 'attitude' }, { key: 'efficiency' }] };

test('an answer holds when every score is a point of the scale and every dimension is asked', async (t) => {
  t.same(checkScores({ overall: 5, dimensions: { attitude: 1 } }, FORM), []);
  const paths = (overall: number, dimensions = {}) =>
    checkScores({ overall, dimensions }, FORM).map(({ path, code }) => [path, code]);
  for (const overall of [0, 6, 4.5, Number.NaN, -1]) t.same(paths(overall), [['overall', 'out_of_range']]);
  t.same(paths(3, { attitude: 6, speed: 3 }), [
    ['dimensions.attitude', 'out_of_range'],
    ['dimensions.speed', 'unknown_key'],
  ]);
});

test('low is an overall at the threshold, or the worst point in any dimension', async (t) => {
  t.ok(isLow({ overall: 2, dimensions: {} }, 2));
  t.notOk(isLow({ overall: 3, dimensions: { attitude: 2 } }, 2));
  t.ok(isLow({ overall: 5, dimensions: { attitude: 5, efficiency: 1 } }, 2));
  t.same([5, 6, 7].map(usualLowThreshold), [2, 2, 3]);
});

test('satisfied are the two highest points of every scale', async (t) => {
  for (const scale of [5, 6, 7]) {
    const points = Array.from({ length: scale }, (_, index) => index + 1);
    t.same(
      points.filter((score) => isSatisfied(score, scale)),
      [scale - 1, scale],
    );
  }
});

test('scores of several scales share their CSAT, but no mean', async (t) => {
  t.match(summarize([]), { answers: 0, csat: null, average: null, lowShare: null, scales: [] });
  const five = { scale: 5, score: 5, answers: 2, low: 0 };
  const seven = { scale: 7, score: 1, answers: 1, low: 1 };
  t.match(summarize([five]), { answers: 2, csat: 1, average: 5, lowShare: 0 });
  const mixed = summarize([seven, five]);
  t.match(mixed, { answers: 3, csat: 0.6667, average: null, lowShare: 0.3333 });
  t.same(
    mixed.scales.map(({ scale, average, distribution }) => [scale, average, distribution.length]),
    [
      [5, 5, 5],
      [7, 1, 7],
    ],
  );
});
