/** What rules find of a customer: every condition must hold, the surest rule gives the tag, and its order plays no part. */

import { test } from 'tap';
import type { FieldError } from '../../src/errors.ts';
import { figureFaults } from '../../src/rules/figure-faults.ts';
import type { Figure, FigureDefinition } from '../../src/rules/figures.ts';
import { type NeedCondition, type NeedCustomer, type NeedRule, needFigures, needsOf } from '../../src/rules/needs.ts';
import { spread } from '../../src/rules/sample.ts';

const ORDERS: FigureDefinition = { of: 'count', activities: ['order'], window: 'P12M' };
const NOBODY: NeedCustomer = { tier: null, tags: [], profile: {} };

const rule = (key: string, confidence: number, ...conditions: NeedCondition[]): NeedRule => ({
  ...{ key, confidence, conditions },
  tag: 'price_sensitive',
});

const holds = (condition: NeedCondition, customer: Partial<NeedCustomer> = {}, orders: Figure = null) =>
  needsOf([rule('r', 1, condition)], { ...NOBODY, ...customer }, new Map([[ORDERS, orders]])).size === 1;

test('a figure lies within its bounds, both of them part of the range', (t) => {
  for (const [min, max, value, expected] of [
    [2, undefined, 2, true],
    [2, undefined, 1, false],
    [undefined, 2, 2, true],
    [undefined, 2, 3, false],
    [2, 4, 3, true],
    [2, 4, 5, false],
    [0, undefined, null, false],
    [undefined, 9, null, false],
    [50, undefined, Number.POSITIVE_INFINITY, true],
    [undefined, 50, Number.POSITIVE_INFINITY, false],
  ] as const) {
    t.equal(holds({ figure: ORDERS, min, max }, {}, value), expected, `${min} <= ${value} <= ${max}`);
  }
  t.notOk(holds({ figure: { ...ORDERS }, min: 0 }, {}, 1), 'a figure is known by the object in the rule');
  t.end();
});

test('a profile says a word as search finds it: whole words, Han letters side by side', (t) => {
  const profile = { goals: '降低采购价格，Fewer complaints about PRICES', size: 200 };
  for (const [words, expected] of [
    [['价格'], true],
    [['price'], true],
    [['complaint'], true],
    [['格价'], false],
    [['rice'], false],
    [['discount', '采购'], true],
    [['…'], false],
  ] as const) {
    t.equal(holds({ profile: 'goals', contains: words }, { profile }), expected, words.join());
  }
  t.notOk(holds({ profile: 'dislikes', contains: ['价格'] }, { profile }), 'another field');
  t.notOk(holds({ profile: 'size', contains: ['200'] }, { profile }), 'what is no text says nothing');
  t.end();
});

test('a tag is had, a tier is held', (t) => {
  t.ok(holds({ tag: '注重售后' }, { tags: ['x', '注重售后'] }));
  t.notOk(holds({ tag: '售后' }, { tags: ['注重售后'] }));
  t.ok(holds({ tier: ['core', 'potential'] }, { tier: 'potential' }));
  t.notOk(holds({ tier: ['core'] }, { tier: 'normal' }));
  t.notOk(holds({ tier: ['core'] }));
  t.end();
});

test('all conditions of a rule must hold', (t) => {
  const both = rule('r', 1, { tag: 'a' }, { tag: 'b' });
  t.equal(needsOf([both], { ...NOBODY, tags: ['a'] }, new Map()).size, 0);
  t.equal(needsOf([both], { ...NOBODY, tags: ['b', 'a'] }, new Map()).size, 1);
  t.end();
});

test('of several rules the surest gives the tag, of equally sure ones the first by key, in whatever order they come', (t) => {
  const has: NeedCondition = { tag: 'a' };
  const rules = [rule('c', 0.5, has), rule('b', 0.9, has), rule('a', 0.9, has), rule('z', 1, { tag: 'none' })];
  for (const order of [rules, rules.toReversed()]) {
    const found = needsOf(order, { ...NOBODY, tags: ['a'] }, new Map());
    t.strictSame([...found], [['price_sensitive', { rule: 'a', confidence: 0.9 }]]);
  }
  t.end();
});

test('rules ask for the figures in them, as they are', (t) => {
  const asked = needFigures([rule('a', 1, { tag: 'x' }, { figure: ORDERS, min: 1 }), rule('b', 1, { tag: 'y' })]);
  t.equal(asked.length, 1);
  t.equal(asked[0], ORDERS);
  t.end();
});

test('a figure is refused by the path of each field that is missing or has no place', (t) => {
  const faultsOf = (figure: object) => {
    const faults: FieldError[] = [];
    figureFaults(faults, 'figure', figure as FigureDefinition);
    return faults.map(({ path, code }) => `${path} ${code}`);
  };
  const sound: FigureDefinition[] = [
    ORDERS,
    { of: 'amount', activities: ['order', 'refund'], window: 'P1Y' },
    { of: 'growth', by: 'amount', activities: ['order'], window: 'P6M' },
    { of: 'months' },
    { of: 'given', key: 'lifetime_value' },
    { of: 'satisfaction', window: 'P90D' },
    { of: 'low_scores', window: 'P90D' },
    { of: 'tickets', window: 'P90D' },
    { of: 'tickets', kinds: ['complaint'], words: ['价格'], window: 'P90D' },
  ];
  for (const figure of sound) t.strictSame(faultsOf(figure), [], figure.of);
  t.strictSame(faultsOf({ of: 'growth' }), [
    'figure.activities required',
    'figure.by required',
    'figure.window required',
  ]);
  t.strictSame(faultsOf({ of: 'given', window: 'P1M' }), ['figure.window invalid', 'figure.key required']);
  t.strictSame(faultsOf({ of: 'months', words: ['a'] }), ['figure.words invalid']);
  for (const window of ['P0M', 'P1W', 'PT1H', '3M', 'P1M1D', 'P11Y', 'p3m', '']) {
    t.strictSame(faultsOf({ ...ORDERS, window }), ['figure.window invalid'], window);
  }
  t.end();
});

test('a sample is spread evenly; what a tier does not have, the others give', (t) => {
  const cases: [number, number[], number[]][] = [
    [50, [1000, 1000, 1000], [17, 17, 16]],
    [50, [3, 1000, 1000], [3, 24, 23]],
    [50, [3, 4, 5], [3, 4, 5]],
    [50, [0, 0, 60], [0, 0, 50]],
    [2, [9, 9, 9], [1, 1, 0]],
    [0, [9], [0]],
    [5, [], []],
  ];
  for (const [size, available, expected] of cases) {
    t.strictSame(spread(size, available), expected, `${size} of ${available}`);
  }
  for (let size = 0; size <= 40; size++) {
    for (const available of [[1, 7, 20], [13, 13, 13, 13], [0, 40], [2]]) {
      const drawn = spread(size, available);
      const total = drawn.reduce((sum, count) => sum + count, 0);
      const all = available.reduce((sum, count) => sum + count, 0);
      t.equal(total, Math.min(size, all), `${size} of ${available}`);
      t.ok(drawn.every((count, index) => count <= available[index]!));
    }
  }
  t.end();
});
