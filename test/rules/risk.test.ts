/** Who may be lost: a fall in orders and visits, low survey answers, complaints; what nobody knows points to nothing. */

import { test } from 'tap';
import type { Figure } from '../../src/rules/figures.ts';
import { riskFigures, risksOf, signsOf } from '../../src/rules/risk.ts';
import type { RiskDefinition } from '../../src/rules/tier-model.ts';

const RISK: RiskDefinition = { fewerPercent: 50, lowScores: 1, complaints: 2, window: 'P90D' };

/** The figures of a risk in its order: growth, low answers, complaints. */
const withFigures = (risk: RiskDefinition, ...values: Figure[]) =>
  new Map(riskFigures(risk).map((figure, index) => [figure, values[index] ?? null]));

test('a customer is at risk from the very figure that the model names', (t) => {
  const cases: [Figure, Figure, Figure, string[]][] = [
    [0, 0, 0, []],
    [-49.9, 0, 1, []],
    [-50, 0, 0, ['falling_frequency']],
    [-100, 0, 0, ['falling_frequency']],
    [0, 1, 0, ['low_scores']],
    [300, 0, 2, ['complaints']],
    [-75, 3, 5, ['falling_frequency', 'low_scores', 'complaints']],
  ];
  for (const [growth, low, complaints, expected] of cases) {
    t.strictSame(risksOf(RISK, withFigures(RISK, growth, low, complaints)), expected, `${growth} ${low} ${complaints}`);
  }
  t.end();
});

test('where nothing was before, nothing falls', (t) => {
  t.strictSame(risksOf(RISK, withFigures(RISK, null, 0, 0)), []);
  t.strictSame(risksOf(RISK, withFigures(RISK, Number.POSITIVE_INFINITY, 0, 0)), []);
  t.strictSame(risksOf(RISK, new Map()), []);
  t.end();
});

test('what a definition leaves out is not watched, and not asked for', (t) => {
  t.strictSame(riskFigures({}), []);
  t.strictSame(risksOf({}, new Map()), []);
  const risk = { complaints: 1 };
  t.strictSame(riskFigures(risk), [{ of: 'tickets', kinds: ['complaint'], window: 'P3M' }]);
  t.strictSame(risksOf(risk, withFigures(risk, 1)), ['complaints']);
  t.end();
});

test('the same definition asks for the same objects, another one for its own', (t) => {
  const [again, other] = [riskFigures(RISK), riskFigures({ ...RISK })];
  riskFigures(RISK).forEach((figure, index) => {
    t.equal(figure, again[index]);
    t.not(figure, other[index]);
  });
  t.strictSame(riskFigures(RISK), [
    { of: 'growth', by: 'count', activities: ['order', 'visit'], window: 'P90D' },
    { of: 'low_scores', window: 'P90D' },
    { of: 'tickets', kinds: ['complaint'], window: 'P90D' },
  ]);
  t.end();
});

test('every sign is shown with what it takes', (t) => {
  t.strictSame(signsOf(RISK, withFigures(RISK, -60, 0, 3)), [
    { risk: 'falling_frequency', limit: -50, window: 'P90D', value: -60 },
    { risk: 'low_scores', limit: 1, window: 'P90D', value: 0 },
    { risk: 'complaints', limit: 2, window: 'P90D', value: 3 },
  ]);
  t.end();
});
