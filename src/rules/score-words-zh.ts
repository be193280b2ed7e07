/** The telling of a tier in Chinese. */

import { GLUE } from './columns.ts';
import type { ScoreWords, TierSource } from './score-words.ts';

const SOURCE: Record<TierSource, (tier: string) => string> = {
  default: (tier) => `未指定等级，默认为${tier}`,
  manual: () => '由人工指定',
  import: () => '由导入带入',
  score: () => '由评分得出',
};

/** Between Chinese characters there is no space. */
const spaced = (text: string) => (/\p{sc=Han}$/u.test(text) ? text : `${text} `);

const shortBy = (short: string | null) => (short === null ? '' : `，还差 ${short}`);

export const ZH: ScoreWords = {
  holds: (tier, since, source) =>
    `${tier}${since === null ? '' : `，自 ${since} 起`}${source === null ? '' : `，${SOURCE[source](tier)}`}。`,
  noTier: '没有等级。',
  because: (reason) => `原因：${reason}。`,
  pin: (reason, since, until) =>
    `自 ${since} 起锁定${until === null ? '，直到解除' : `，至 ${until}`}：${reason}。其间不随评分变动。`,
  ended: (tier, at) => `此前由人工指定为「${tier}」，已于 ${at} 结束，此后由评分决定。`,
  unscored: {
    no_model: '没有启用等级模型：等级由人工指定。',
    not_reviewed: '尚未按现行等级模型评估，评估正在进行。',
    no_activity: '没有任何往来记录，也没有其他系统提供的数值：等级保持不变。',
  },
  ofNothing: '没有任何往来记录，也没有其他系统提供的数值：按 0 分计。',
  scored: (total, target) => `评分 ${total}（满分 100）；按规则应为「${target}」。`,
  why: {
    agreed: () => '与现有等级一致。',
    pinned: ({ target, moves }) =>
      `等级已锁定，保持不变${moves === null ? '' : `；若无变化，将于 ${moves} 改为「${target}」`}。`,
    rising: ({ target, since, moves }) =>
      `${since === null ? '已' : `自 ${since} 起`}达到「${target}」，${moves === null ? '若能保持' : `若保持至 ${moves} `}即升级。`,
    margin: ({ held, margin }) => `保持「${held}」：低于界线不足 ${margin} 分的缓冲。`,
    counting({ held, runs, needed, decides, moves, hasGrace }) {
      const left = needed - runs;
      const found = runs === 0 ? '' : `需连续 ${needed} 次月度评估低于界线，已有 ${runs} 次；`;
      const next =
        left === 1
          ? `下一次月度评估（${decides}）将作出决定`
          : `接下来 ${left} 次月度评估将作出决定，最后一次为 ${decides}`;
      return `暂时保持「${held}」：${found}${next}${hasGrace && moves !== null ? `，降级将于 ${moves} 生效` : ''}。`;
    },
    grace: ({ decided, moves }) =>
      `已${decided === null ? '' : `于 ${decided} `}决定降级，${moves === null ? '将在宽限期后' : `将于 ${moves} `}生效；其间评分回升则取消。`,
    blocked: ({ held }) => `暂时保持「${held}」：应当降级，但有未结束的升级处理。`,
    due: () => '下一次评估时生效。',
  },
  times: (zone, asOf) => `以下为 ${zone} 时间，截至 ${asOf}。`,
  headings: {
    score: (model, at) => `评分的构成（等级模型第${GLUE}${model}${GLUE}版，${at}）`,
    tiers: '各等级的要求',
  },
  columns: { part: '项目', figure: '数值', points: '得分', weight: '权重', adds: '计入', total: '总分' },
  older: (model, inForce) =>
    `该评分依据第${GLUE}${model}${GLUE}版模型；现行为第${GLUE}${inForce}${GLUE}版，评估正在进行。`,

  activities: { order: '订单', refund: '退款', visit: '拜访', contact: '联系' },
  and: (items) => items.join('、'),
  months: (count) => `${count}${GLUE}个月`,
  days: (count) => `${count}${GLUE}天`,
  figure: {
    amount: (activities, window) => `最近 ${window}的${activities}金额`,
    count: (activities, window) => `最近 ${window}的${activities}次数`,
    growth: (activities, by, window) =>
      `${activities}${by === 'amount' ? '金额' : '次数'}的增长，最近 ${window}与之前 ${window}相比`,
    months: '成为客户的整月数',
    given: (key) => `其他系统提供的数值 ${key}`,
    satisfaction: (window) => `最近 ${window}的满意度评分均值`,
    low_scores: (window) => `最近 ${window}的低分评价次数`,
    tickets: (kinds, words, window) =>
      `最近 ${window}的工单数${kinds === null ? '' : `（${kinds}）`}${words === null ? '' : `，涉及 ${words}`}`,
  },
  unknown: '未知',
  unbounded: '从无到有',
  money: (amount, currency) => `${amount}${GLUE}${currency === 'CNY' ? '元' : currency}`,
  next: (points, atLeast, below) =>
    `下一档 ${points} 分，${atLeast === null ? `低于 ${below}` : `自 ${spaced(atLeast)}起`}`,
  percentile: { more: '得分：低于该客户者所占百分比', less: '得分：高于该客户者所占百分比' },

  rule: (tier, holds, isTarget) => `${tier}：${isTarget ? '即为此级' : holds ? '也已达到' : '未达到'}`,
  rest: (tier) => `${tier}：其余所有客户`,
  total: (needed, had, short) => `总分：不低于 ${needed}，现为 ${had}${shortBy(short)}`,
  part: (part, needed, had, short) => `${part}：不低于 ${needed} 分，现为 ${had}${shortBy(short)}`,
  share: (percent, needed, had, short) =>
    `位于前 ${percent}：${needed === null ? '尚未统计' : `需总分 ${needed}，现为 ${had}${shortBy(short)}`}`,
  population: (customers, at) => `在 ${customers} 个客户中比较，统计于 ${at}。`,
};
