/** The tier of a customer told in words: what a customer manager reads, in both languages, in every state. */

import { test } from 'tap';
import { widthOf } from '../../src/rules/columns.ts';
import type { Figure, FigureDefinition } from '../../src/rules/figures.ts';
import { scoreOf } from '../../src/rules/score.ts';
import { TIER_STATES } from '../../src/rules/score-words.ts';
import { explainTier } from '../../src/rules/tier-explanation.ts';
import {
  compileTierModel,
  NEW_STANDING,
  type PartDefinition,
  type Population,
  type TierModelDefinition,
} from '../../src/rules/tier-model.ts';
import { HELD_REASONS, type Left } from '../../src/rules/tier-step.ts';
import { type TierTold, tellTier } from '../../src/rules/tier-telling.ts';
import { Zone } from '../../src/rules/zone.ts';

const NOW = Date.UTC(2026, 10, 24, 2) / 1000;
const DAY = 86_400;
const band = (from: number, points: number) => ({ from, points });

const PARTS: [PartDefinition, Figure][] = [
  [
    {
      key: 'spend',
      name: '消费金额',
      weight: 3,
      figure: { of: 'amount', activities: ['order', 'refund'], window: 'P12M' },
      scaling: { bands: [band(10_000, 30), band(500_000, 100)] },
    },
    499_999.999,
  ],
  [
    {
      key: 'visits',
      weight: 1,
      figure: { of: 'count', activities: ['visit'], window: 'P90D' },
      scaling: { percentile: 'more' },
    },
    4,
  ],
  [
    {
      key: 'growth',
      weight: 1,
      figure: { of: 'growth', by: 'count', activities: ['order', 'visit', 'contact'], window: 'P1Y' },
      scaling: { bands: [band(0, 30), band(20, 60)] },
    },
    Number.POSITIVE_INFINITY,
  ],
  [{ key: 'loyalty', weight: 1, figure: { of: 'months' }, scaling: { bands: [band(6, 30), band(12, 60)] } }, 1],
  [
    { key: 'given', weight: 1, figure: { of: 'given', key: 'lifetime_value' }, scaling: { bands: [band(1, 100)] } },
    null,
  ],
  [{ key: 'mood', weight: 1, figure: { of: 'satisfaction', window: 'P6M' }, scaling: { bands: [band(60, 50)] } }, 87.5],
  [
    {
      key: 'complaints',
      weight: 1,
      figure: { of: 'tickets', kinds: ['complaint'], words: ['发票'], window: 'P3M' },
      scaling: { bands: [band(0, 100), band(1, 40), band(3, 0)] },
    },
    2,
  ],
  [{ key: 'low', weight: 1, figure: { of: 'low_scores', window: 'P1D' }, scaling: { bands: [band(0, 100)] } }, 0],
];

const DEFINITION: TierModelDefinition = {
  parts: PARTS.map(([part]) => part),
  tiers: [
    { tier: 'core', minTotal: 70, minParts: { spend: 100, loyalty: 60 } },
    { tier: 'potential', share: 20 },
  ],
  hysteresis: { margin: 5, downRuns: 3 },
};
const model = compileTierModel(DEFINITION, ['core', 'potential', 'normal']);
const population: Population = {
  at: NOW - DAY,
  customers: 12_345,
  parts: { visits: [0, 2, 4, 6, 8] },
  minTotals: [null, 80],
};
const score = scoreOf(
  model,
  new Map<FigureDefinition, Figure>(PARTS.map(([{ figure }, value]) => [figure, value])),
  population,
);

const NAMES: Record<string, string> = {
  core: '核心客户',
  potential: '潜力客户',
  normal: '普通客户',
  complaint: '投诉纠纷',
};

const ZONE = Zone.named('Asia/Shanghai')!;
const HELD: Left = {
  ...{ held: 'core', score, standing: NEW_STANDING, movesAt: null, population, now: NOW },
  ...{ pinned: false, pinnedUntil: null, ground: 'score' },
};

function told(left: Partial<Left> = {}, more: Partial<TierTold> = {}): TierTold {
  const reviewed = { ...HELD, ...left };
  const { standing } = reviewed;
  return {
    customer: '东方精密机械',
    tier: { key: reviewed.held ?? 'normal', since: NOW - 90 * DAY, source: 'score', reason: null },
    pin: null,
    state: 'scored',
    ended: null,
    scored: {
      ...{ number: 3, model, explained: explainTier(model, reviewed, ZONE), standing, ofNothing: false },
      ...{ computedAt: NOW, population },
    },
    asOf: NOW,
    currency: 'CNY',
    inForce: 3,
    nameOf: (_list, key) => NAMES[key] ?? key,
    ...more,
  };
}

const say = (language: 'en' | 'zh-CN', of: TierTold) => tellTier(of, language, 'Asia/Shanghai');

test('the page, in English and in Chinese', async (t) => {
  const counting = told({ standing: { ...NEW_STANDING, runsBelow: 1 } });
  t.equal(
    say('en', counting).text,
    `东方精密机械
核心客户 since Wed 2026-08-26 10:00, given by the score. The score is
39 of 100; the rules give 普通客户. 核心客户 stays for now: found
below the border at one of three; the next two monthly runs decide,
the last of them on 2027-01-01.

Times are in Asia/Shanghai, as of Tue 2026-11-24 10:00.

How the score was made (tier model 3, Tue 2026-11-24 10:00)
  Part                Figure  Points  Weight  Adds
  消费金额    499,999.99 CNY      30     30%     9
    amount of orders and refunds in the last 12 months; 100 points
    from 500,000 CNY on
  visits                   4      50     10%     5
    number of visits in the last 90 days; points: percent of the
    customers who have less
  growth        from nothing      60     10%     6
    growth of the number of orders, visits and contacts, the last
    12 months against the 12 months before
  loyalty            1 month       0     10%     0
    whole months a customer; 30 points from 6 months on
  given            not known       0     10%     0
    the figure lifetime_value, given by another system; 100 points
    from 1 on
  mood                 87.5%      50     10%     5
    mean of their survey scores in the last 6 months
  complaints               2      40     10%     4
    tickets (投诉纠纷) about 发票 in the last 3 months; 100 points
    below 1
  low                      0     100     10%    10
    low survey answers in the last 1 day
  Total                                         39

What each tier asks for
  核心客户: not reached
    - a total of 70: it is 39, 31 short
    - 消费金额 of 100 points: it is 30, 70 short
    - loyalty of 60 points: it is 0, 60 short
  潜力客户: not reached
    - among the best 20%: that takes a total of 80; it is 39, 41 short
  普通客户: everybody who has no other
  Read among 12,345 customers, counted Mon 2026-11-23 10:00.
`,
  );
  t.equal(
    say('zh-CN', counting).text,
    `东方精密机械
核心客户，自 2026-08-26 周三 10:00 起，由评分得出。评分 39（满分
100）；按规则应为「普通客户」。暂时保持「核心客户」：需连续 3 次月度评
估低于界线，已有 1 次；接下来 2 次月度评估将作出决定，最后一次为
2027-01-01。

以下为 Asia/Shanghai 时间，截至 2026-11-24 周二 10:00。

评分的构成（等级模型第 3 版，2026-11-24 周二 10:00）
  项目                 数值  得分  权重  计入
  消费金额    499,999.99 元    30   30%     9
    最近 12 个月的订单、退款金额；下一档 100 分，自 500,000 元起
  visits                  4    50   10%     5
    最近 90 天的拜访次数；得分：低于该客户者所占百分比
  growth           从无到有    60   10%     6
    订单、拜访、联系次数的增长，最近 12 个月与之前 12 个月相比
  loyalty            1 个月     0   10%     0
    成为客户的整月数；下一档 30 分，自 6 个月起
  given                未知     0   10%     0
    其他系统提供的数值 lifetime_value；下一档 100 分，自 1 起
  mood                87.5%    50   10%     5
    最近 6 个月的满意度评分均值
  complaints              2    40   10%     4
    最近 3 个月的工单数（投诉纠纷），涉及 发票；下一档 100 分，低于 1
  low                     0   100   10%    10
    最近 1 天的低分评价次数
  总分                                     39

各等级的要求
  核心客户：未达到
    - 总分：不低于 70，现为 39，还差 31
    - 消费金额：不低于 100 分，现为 30，还差 70
    - loyalty：不低于 60 分，现为 0，还差 60
  潜力客户：未达到
    - 位于前 20%：需总分 80，现为 39，还差 41
  普通客户：其余所有客户
  在 12,345 个客户中比较，统计于 2026-11-23 周一 10:00。
`,
  );
});

const BELOW = { ...NEW_STANDING, runsBelow: 3, decidedAt: NOW - DAY };
const HIGH = { ...score, total: 85 };

/** Of every reason, what a review may have left behind. */
const LEFT: Record<(typeof HELD_REASONS)[number], Partial<Left>> = {
  agreed: { held: 'normal' },
  pinned: { pinned: true },
  rising: {
    held: 'normal',
    score: HIGH,
    standing: { ...NEW_STANDING, reachedSince: { potential: NOW - DAY } },
    movesAt: NOW + DAY,
  },
  margin: { held: 'potential', score: { ...score, total: 76 } },
  counting: { standing: { ...NEW_STANDING, runsBelow: 2 } },
  grace: { standing: BELOW, movesAt: NOW + DAY },
  blocked: { standing: BELOW },
  due: { held: 'normal', score: HIGH },
};

test('every way of holding a tier is said in words, within 70 columns, without a gap', async (t) => {
  const waiting = compileTierModel(
    { ...DEFINITION, hysteresis: { margin: 5, downRuns: 3, upAfterSeconds: 2 * DAY, graceSeconds: 2 * DAY } },
    ['core', 'potential', 'normal'],
  );
  for (const reason of HELD_REASONS) {
    const left = { ...HELD, ...LEFT[reason] };
    const explained = explainTier(reason === 'due' ? model : waiting, left, ZONE);
    t.equal(explained.why, reason);
    const { standing } = left;
    const kept = { standing, computedAt: NOW, population, ofNothing: true };
    const scored = { number: 3, model: waiting, explained, ...kept };
    const ended = { key: 'core', at: NOW - DAY };
    for (const language of ['en', 'zh-CN'] as const) {
      const pin = reason === 'pinned' ? { reason: '战略客户', since: NOW - DAY, until: NOW + DAY } : null;
      const { summary, text } = say(language, told(left, { scored, pin, ended, inForce: 4 }));
      t.notMatch(text + summary, /undefined|null|NaN|Infinity|\[object/, `${language} ${reason}`);
      t.strictSame(
        text.split('\n').filter((line) => widthOf(line) > 70),
        [],
        `${language} ${reason} fits`,
      );
      t.match(summary, language === 'en' ? /^.+\.$/ : /^.+。$/);
      if (pin !== null) t.match(summary, /战略客户/);
    }
  }
});

test('while runs are counted it is said which of them decides', async (t) => {
  const after = (runs: number, hysteresis: object, language: 'en' | 'zh-CN') => {
    const ofThis = compileTierModel({ ...DEFINITION, hysteresis }, ['core', 'potential', 'normal']);
    const standing = { ...NEW_STANDING, runsBelow: runs };
    const explained = explainTier(ofThis, { ...HELD, standing }, ZONE);
    const scored = { ...told().scored!, model: ofThis, explained, standing };
    return say(language, told({}, { scored })).summary;
  };
  t.match(
    after(0, { downRuns: 2 }, 'en'),
    /stays for now: the next two monthly runs decide, the last of them on 2027-01-01\.$/,
  );
  t.match(after(0, { downRuns: 1 }, 'en'), /stays for now: the next monthly run, 2026-12-01, decides\.$/);
  t.match(
    after(1, { downRuns: 2, graceSeconds: DAY }, 'en'),
    /at one of two; the next monthly run, 2026-12-01, decides, and the step down comes at Wed 2026-12-02 00:00\.$/,
  );
  t.match(after(0, { downRuns: 2 }, 'zh-CN'), /：接下来 2 次月度评估将作出决定，最后一次为 2027-01-01。$/);
  t.match(after(1, { downRuns: 2 }, 'zh-CN'), /已有 1 次；下一次月度评估（2026-12-01）将作出决定。$/);
});

test('a pin with an end tells what follows it', async (t) => {
  const left = { pinned: true, pinnedUntil: NOW + DAY, ground: 'hand' } as const;
  t.match(say('en', told(left)).summary, /if nothing changes, 普通客户 is given at Wed 2026-11-25 10:00\./);
  t.match(say('zh-CN', told(left)).summary, /若无变化，将于 2026-11-25 周三 10:00 改为「普通客户」。/);
});

test('a tier that nobody gave is the default one', async (t) => {
  const tier = { key: 'normal', since: NOW, source: 'default' as const, reason: null };
  t.match(say('en', told({}, { tier })).summary, /^普通客户 since .*, the default tier\./);
  t.match(say('zh-CN', told({}, { tier })).summary, /，未指定等级，默认为普通客户。/);
});

test('where there is no score it is said why', async (t) => {
  for (const state of TIER_STATES.filter((one) => one !== 'scored')) {
    for (const language of ['en', 'zh-CN'] as const) {
      const none = say(language, told({}, { state, scored: null, tier: null }));
      t.notMatch(none.text, /undefined|null|NaN/, `${language} ${state}`);
      const manual = { key: 'core', since: NOW, source: 'manual' as const, reason: '年度框架合同' };
      t.match(say(language, told({}, { state, scored: null, tier: manual })).summary, /核心客户.*年度框架合同/);
    }
  }
});

test('what people wrote cannot steer a terminal', async (t) => {
  const { text } = say('en', told({}, { customer: 'A\u001b[31m\u202eB\nC' }));
  t.match(text.split('\n')[0]!, /^A \[31m B C$/);
});
