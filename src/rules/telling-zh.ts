/** The telling of a clock in Chinese. */

import { GLUE } from './columns.ts';
import type { Metric } from './objective.ts';
import type { Standing, Words } from './telling-words.ts';

const WEEKDAYS = ['周一', '周二', '周三', '周四', '周五', '周六', '周日'];

const METRIC: Record<Metric, { name: string; thing: string }> = {
  first_response: { name: '首次响应', thing: '作出首次响应' },
  next_response: { name: '后续响应', thing: '回复客户' },
  proposal: { name: '提供方案', thing: '提供解决方案' },
  resolution: { name: '解决', thing: '解决问题' },
  update: { name: '进展通报', thing: '通报进展' },
  follow_up: { name: '回访', thing: '完成回访' },
  survey: { name: '满意度调查', thing: '发出满意度调查' },
  callback: { name: '回电', thing: '给客户回电' },
  escalation_contact: { name: '升级后联系', thing: '在升级后联系客户' },
  feedback_answer: { name: '反馈答复', thing: '答复客户的反馈' },
  task: { name: '任务', thing: '完成任务' },
};

function standingWord(standing: Standing): string {
  if (standing.is === 'overdue') return standing.paused ? '已超时，暂停中' : '已超时，尚未兑现';
  return {
    running: '计时中',
    paused: '暂停中',
    solved: '工单已解决，暂不计时',
    met: '按时兑现',
    missed: '超时兑现',
    cancelled: '已取消',
  }[standing.is];
}

function standingSentence(standing: Standing): string {
  switch (standing.is) {
    case 'running':
      return `已用 ${standing.passed}，还剩 ${standing.left}`;
    case 'paused':
      return `目前暂停计时，已用 ${standing.passed}，还剩 ${standing.left}`;
    case 'solved':
      return `工单已解决，暂不计时，已用 ${standing.passed}，还剩 ${standing.left}`;
    case 'overdue': {
      const overdue = standing.by === null ? '到期未兑现' : `到期未兑现，已超时 ${standing.by}`;
      return standing.paused ? `${overdue}，目前暂停计时` : overdue;
    }
    case 'met':
      return `已于 ${standing.at} 兑现，提前 ${standing.left}`;
    case 'missed':
      return `直到 ${standing.at} 才兑现${standing.by === null ? '，已过期限' : `，超时 ${standing.by}`}`;
    case 'cancelled':
      return `已于 ${standing.at} 取消，此前已用 ${standing.passed}`;
  }
}

export const ZH: Words = {
  instant: ({ date, weekday, time }) => `${date}${GLUE}${WEEKDAYS[weekday]}${GLUE}${time}`,
  shortInstant: ({ date, weekday, time }) => `${date.slice(5)}${GLUE}${WEEKDAYS[weekday]}${GLUE}${time}`,
  day: ({ date, weekday }) => `${date} ${WEEKDAYS[weekday]}`,
  days: (first, last) => `${first.date} ${WEEKDAYS[first.weekday]} - ${last.date.slice(5)} ${WEEKDAYS[last.weekday]}`,
  weekOf: ({ date }) => `${date} 起的一周`,
  span(hours, minutes, seconds) {
    const parts = [
      hours > 0 ? `${hours} 小时` : '',
      minutes > 0 ? `${minutes} 分钟` : '',
      seconds > 0 ? `${seconds} 秒` : '',
    ];
    return (parts.filter((part) => part !== '').join(' ') || '0 分钟').replaceAll(' ', GLUE);
  },
  workingDays: (days) => `${days} 个工作日`,
  called: (name, key) => `${name}（${key}）`,
  list: (items) => items.join('，'),

  title: (number, subject) => `工单 #${number}：${subject}`,
  headline: (metric, cycle, standing) =>
    `${METRIC[metric].name}${cycle > 1 ? `（第 ${cycle} 轮）` : ''}：${standingWord(standing)}`,
  summary: ({ metric, customer, target, calendar, due, standing }) =>
    `已向${customer === null ? '客户' : `「${customer}」`}承诺在 ${target}（${calendar}）内${METRIC[metric].thing}` +
    `${due === null ? '' : `，截止 ${due}`}；${standingSentence(standing)}。`,
  times: (zone, offsets, asOf) => `以下为 ${zone} 时间（${offsets}），截至 ${asOf}。`,

  headings: { promised: '承诺内容', why: '为何适用此策略', how: '计时过程', ahead: '若无其他变化，接下来' },
  promised: { policy: '策略', target: '时限', calendar: '日历', pauses: '暂停', options: '规则' },
  policy: (name, key, version) => `${name === key ? key : `${name}（${key}）`}，第${GLUE}${version}${GLUE}版`,
  always: '全天候',
  calendar: (name, key, zone) => `${name === key ? key : `${name}（${key}）`}，时区 ${zone}`,
  pauses: (statuses) => (statuses.length === 0 ? '从不暂停' : `工单处于「${statuses.join('」或「')}」时`),
  option: {
    'onReopen=count': '重新打开时，已解决期间计入时限',
    'onReopen=restart': '重新打开后开始新的一轮',
    'onChange=fromChange': '承诺变更自变更时起生效',
    'hold=wall': '暂停多久，截止时间就顺延多久（按自然时间）',
    'hold=hideDue': '暂停时只隐藏截止时间，照常计时',
    'atClosing=next_opening': '恰在下班时用完的，到下次上班时到期',
    'granularity=minute': '事件时间精确到分钟',
  },

  metric: METRIC,
  attribute: { customer: '客户', tier: '客户等级', kind: '事项类型', channel: '渠道', priority: '优先级' },
  matched: { named: '指定', any: '不限' },
  none: '无',
  onlyMatch: '没有其他策略符合。',
  losers: (number) => `另有 ${number} 个策略符合，但未被采用：`,
  loses: {
    names_customer: '没有指定该客户',
    most_specific: '指定的条件较少',
    lowest_position: '同样具体，但排序靠后',
    first_key: '同样具体、排序相同，但键名靠后',
  },
  more: (number) => `另有 ${number} 个`,
  passedOver: '以下策略本应优先，但匹配工单时不在有效期内：',
  outsideTerm: { upcoming: '有效期尚未开始', ended: '有效期已结束' },

  label: { open: '计时', paused: '暂停', solved: '已解决', outside_hours: '非工作时间', holiday: '节假日' },
  columns: { when: '起止', length: '时长', counted: '累计用时', closed: '休息' },
  upTo: (instant) => `${instant} 之前`,
  total: (parts) => `合计：${parts.join('，')}。`,
  status: { new: '新建', open: '处理中', pending: '等待客户', on_hold: '挂起', solved: '已解决', closed: '已关闭' },
  priority: { low: '低', normal: '普通', high: '高', urgent: '紧急' },
  now: '现在',
  elided: (number) => `（其间另有 ${number} 项，从略）`,
  warning: (percent) => `用时达到 ${percent}`,
  escalation: (percent) => (percent === null ? '到期后升级' : `用时达到 ${percent}，升级`),
  escalates: '升级',
  due: '到期',
  broken: '到期未兑现，自此超时',

  event: {
    customer_message: '客户来信',
    agent_reply: '公开回复',
    internal_note: '内部备注',
    bot_reply: '机器人回复',
    contact_answered: '接听来电',
    understanding_confirmed: '问题已确认',
    policy_changed: '服务承诺变更',
    calendar_changed: '日历变更',
    follow_up_recorded: '回访已记录',
    survey_sent: '调查已发出',
    survey_suppressed: '调查未发出',
    score_received: '收到低分评价',
    callback_recorded: '回电已记录',
  },
  valued: {
    created: (byAgent) => (byAgent ? '客服主动创建工单' : '工单创建'),
    options_offered: (count) => `提供了 ${count} 个方案`,
    status_changed: (status) => `状态改为「${status}」`,
    priority_changed: (priority) => `优先级改为「${priority}」`,
    tier_changed: (tier) => `客户等级改为「${tier}」`,
    kind_changed: (kind) => `事项类型改为「${kind}」`,
  },
  effect: {
    started: '开始计时',
    paused: '暂停计时',
    suspended: '停止计时，等待重新打开',
    resumed: '恢复计时',
    reopened: '继续计时',
    changed: '继续计时',
    recomputed: '从头重新计时',
    met: '按时兑现',
    cancelled: '取消',
  },
  metLate: '兑现，但已超时',
  startsPaused: '开始，但暂不计时',
  dueAt: (instant) => `截止 ${instant}`,
  under: (effect, policy) => `按 ${policy} ${effect}`,
  before: (policy, due) => `（此前为 ${policy}${due === null ? '' : `，截止 ${due}`}）`,
  move: (event, effects, before) => `${event}：${effects.join('，')}${before}`,
};
