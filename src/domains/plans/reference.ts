/** The reference plan: what a new workspace starts with, as data in both languages. Every figure here can be changed later. */

import chineseDays from 'chinese-days/dist/chinese-days.json' with { type: 'json' };
import type { CalendarDefinition } from '../../rules/calendar.ts';
import type { FigureDefinition } from '../../rules/figures.ts';
import { NO_SERVICE, type TierService } from '../../rules/named-service.ts';
import type { EscalationAction, EscalationDefinition } from '../../rules/objective.ts';
import {
  type Metric,
  type ObjectiveDefinition,
  type PolicyDefinition,
  parseTarget,
  type StatusCategory,
} from '../../rules/policy.ts';
import type { Scaling, TierModelDefinition } from '../../rules/tier-model.ts';

export type PlanLanguage = 'zh-CN' | 'en';
type ChannelMode = 'live' | 'async';

/** A field that tickets of one kind have. */
export interface PlanField {
  key: string;
  name: string;
  type: 'text' | 'select';
  options: { key: string; name: string }[];
  requiredAt: 'create' | 'solve' | null;
}

export interface PlanSurveyTemplate {
  key: string;
  name: string;
  /** Points, 5 to 7. */
  scale: number;
  /** Labels in both languages: the customer's language is not the workspace's. */
  dimensions: { key: string; label: Record<PlanLanguage, string> }[];
  question: Record<PlanLanguage, string>;
  /** An overall score up to this one is low. */
  lowThreshold: number;
  sendAfterSeconds: number;
  validSeconds: number;
  editableSeconds: number;
  automatic: boolean;
}

export interface ReferencePlan {
  /** The highest first; the last is everybody's who has no other. */
  tiers: { key: string; name: string; position: number; service: TierService }[];
  kinds: { key: string; name: string; fields: PlanField[] }[];
  channels: { key: string; name: string; mode: ChannelMode }[];
  /** Without `always`, which is built in. */
  calendars: ({ key: string; name: string } & CalendarDefinition)[];
  policies: PolicyDefinition[];
  surveyTemplates: PlanSurveyTemplate[];
  /** A tree; parents come before their children. */
  problemTypes: { key: string; name: string; parent: string | null }[];
  statuses: { key: string; name: string; category: StatusCategory }[];
  /** What makes a customer core, potential or normal. */
  tierModel: TierModelDefinition;
  /** What customers may want. */
  needTags: { key: string; name: string }[];
}

/** The metrics whose events can happen by now. The table below promises more; the rest joins as its events do. */
export const COMPUTED_METRICS: readonly Metric[] = ['first_response', 'next_response', 'resolution'];

/** The plan with names in this language. `metrics`: which promises it makes. */
export function referencePlan(language: PlanLanguage, metrics = COMPUTED_METRICS): ReferencePlan {
  const named = <T extends Named>({ key, name, ...rest }: T) => ({ key, name: name[language], ...rest });
  return {
    tiers: TIERS.map((tier, index) => ({ ...named(tier), position: index + 1 })),
    kinds: KINDS.map(({ fields = [], ...kind }) => ({
      ...named(kind),
      fields: fields.map(({ options = [], ...field }) => ({ ...named(field), options: options.map(named) })),
    })),
    channels: CHANNELS.map(named),
    calendars: calendars().map(named),
    policies: policies(language, metrics),
    surveyTemplates: SURVEY_TEMPLATES.map(named),
    problemTypes: PROBLEM_TYPES.flatMap(({ types, ...root }) => [
      { ...named(root), parent: null },
      ...types.map((type) => ({ ...named(type), parent: root.key })),
    ]),
    statuses: STATUSES.map(({ key, name }) => ({ key, name: name[language], category: key })),
    tierModel: { ...TIER_MODEL, parts: TIER_PARTS.map(named) },
    needTags: NEED_TAGS.map(named),
  };
}

type Text = Record<PlanLanguage, string>;
interface Named {
  key: string;
  name: Text;
}

// ── Words ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const TIERS = [
  {
    key: 'core',
    name: { 'zh-CN': '核心客户', en: 'Core' },
    service: { ...NO_SERVICE, dedicatedAgent: true, minSeniorityYears: 3, deputy: true, firstLine: 'team' },
  },
  {
    key: 'potential',
    name: { 'zh-CN': '潜力客户', en: 'Potential' },
    service: { ...NO_SERVICE, adviser: true, firstLine: 'team' },
  },
  {
    key: 'normal',
    name: { 'zh-CN': '普通客户', en: 'Normal' },
    service: { ...NO_SERVICE, firstLine: 'assistant' },
  },
] as const satisfies (Named & { service: TierService })[];
type Tier = (typeof TIERS)[number]['key'];

// ── The tier model ──────────────────────────────────────────────────────────────────────────────────────────────────

const PURCHASES = ['order', 'refund'] as const;

/** 100, 60 and 30 points from these figures on, else none. */
const bands = (...from: [number, number, number]): Scaling => {
  return { bands: from.map((border, index) => ({ from: border, points: [100, 60, 30][index]! })) };
};

const TIER_PARTS: (Named & { weight: number; figure: FigureDefinition; scaling: Scaling })[] = [
  {
    key: 'spend',
    name: { 'zh-CN': '消费金额', en: 'Spend' },
    weight: 40,
    figure: { of: 'amount', activities: PURCHASES, window: 'P12M' },
    scaling: bands(500_000, 100_000, 10_000),
  },
  {
    key: 'frequency',
    name: { 'zh-CN': '购买频次', en: 'Frequency' },
    weight: 20,
    figure: { of: 'count', activities: ['order'], window: 'P12M' },
    scaling: bands(12, 6, 2),
  },
  {
    key: 'loyalty',
    name: { 'zh-CN': '合作时长', en: 'Loyalty' },
    weight: 20,
    figure: { of: 'months' },
    scaling: bands(36, 12, 6),
  },
  {
    key: 'growth',
    name: { 'zh-CN': '增长潜力', en: 'Growth' },
    weight: 20,
    figure: { of: 'growth', by: 'amount', activities: PURCHASES, window: 'P6M' },
    scaling: bands(50, 20, 0),
  },
];

const TIER_MODEL = {
  tiers: [
    { tier: 'core', minTotal: 70, minParts: { spend: 100, loyalty: 60 } },
    { tier: 'potential', minParts: { spend: 30, growth: 60 } },
  ],
  hysteresis: { margin: 0, upAfterSeconds: 0, downRuns: 2, graceSeconds: 0 },
  risk: { fewerPercent: 50, lowScores: 1, complaints: 2, window: 'P3M' },
  sampleSize: 50,
} as const satisfies Omit<TierModelDefinition, 'parts'>;

interface Field extends Named {
  type: PlanField['type'];
  options?: Named[];
  requiredAt: PlanField['requiredAt'];
}

/** What a fault needs is asked while it is understood: a customer's first message is not refused for lack of it. */
const KINDS: (Named & { fields?: Field[] })[] = [
  { key: 'presales', name: { 'zh-CN': '售前咨询', en: 'Presales' } },
  { key: 'basic', name: { 'zh-CN': '售后基础', en: 'Basic question' } },
  {
    key: 'fault',
    name: { 'zh-CN': '技术故障', en: 'Fault' },
    fields: [
      { key: 'symptom', name: { 'zh-CN': '故障现象', en: 'Symptom' }, type: 'text', requiredAt: 'solve' },
      {
        key: 'frequency',
        name: { 'zh-CN': '发生频率', en: 'Frequency' },
        type: 'select',
        options: [
          { key: 'once', name: { 'zh-CN': '仅一次', en: 'Once' } },
          { key: 'sometimes', name: { 'zh-CN': '偶尔', en: 'Sometimes' } },
          { key: 'always', name: { 'zh-CN': '每次', en: 'Every time' } },
        ],
        requiredAt: 'solve',
      },
      {
        key: 'reach',
        name: { 'zh-CN': '影响范围', en: 'Reach' },
        type: 'select',
        options: [
          { key: 'one', name: { 'zh-CN': '一个人', en: 'One person' } },
          { key: 'some', name: { 'zh-CN': '部分人', en: 'Some people' } },
          { key: 'all', name: { 'zh-CN': '所有人', en: 'Everybody' } },
        ],
        requiredAt: 'solve',
      },
    ],
  },
  { key: 'personal', name: { 'zh-CN': '个性化需求', en: 'Personal request' } },
  { key: 'complaint', name: { 'zh-CN': '投诉纠纷', en: 'Complaint' } },
  { key: 'reactivation', name: { 'zh-CN': '老客激活', en: 'Reactivation' } },
  { key: 'cross_department', name: { 'zh-CN': '跨部门协同', en: 'Cross-department work' } },
  { key: 'suggestion', name: { 'zh-CN': '意见', en: 'Suggestion' } },
];

const CHANNELS: (Named & { mode: ChannelMode })[] = [
  { key: 'phone', name: { 'zh-CN': '电话', en: 'Phone' }, mode: 'live' },
  { key: 'live_chat', name: { 'zh-CN': '在线客服', en: 'Live chat' }, mode: 'live' },
  { key: 'wechat', name: { 'zh-CN': '微信', en: 'WeChat' }, mode: 'live' },
  { key: 'wecom', name: { 'zh-CN': '企业微信', en: 'WeCom' }, mode: 'live' },
  { key: 'in_person', name: { 'zh-CN': '现场', en: 'In person' }, mode: 'live' },
  { key: 'email', name: { 'zh-CN': '邮件', en: 'Email' }, mode: 'async' },
  { key: 'web', name: { 'zh-CN': '网页', en: 'Web' }, mode: 'async' },
  { key: 'app', name: { 'zh-CN': '应用', en: 'App' }, mode: 'async' },
  { key: 'social', name: { 'zh-CN': '社交媒体', en: 'Social media' }, mode: 'async' },
];

/** One status per category, with its key; a workspace adds its own. */
const STATUSES: (Named & { key: StatusCategory })[] = [
  { key: 'new', name: { 'zh-CN': '新建', en: 'New' } },
  { key: 'open', name: { 'zh-CN': '处理中', en: 'Open' } },
  { key: 'pending', name: { 'zh-CN': '等待客户', en: 'Pending' } },
  { key: 'on_hold', name: { 'zh-CN': '挂起', en: 'On hold' } },
  { key: 'solved', name: { 'zh-CN': '已解决', en: 'Solved' } },
  { key: 'closed', name: { 'zh-CN': '已关闭', en: 'Closed' } },
];

const PROBLEM_TYPES: (Named & { types: Named[] })[] = [
  {
    key: 'product',
    name: { 'zh-CN': '产品', en: 'Product' },
    types: [
      { key: 'product_usage', name: { 'zh-CN': '使用方法', en: 'How to use it' } },
      { key: 'product_fault', name: { 'zh-CN': '功能故障', en: 'Does not work' } },
      { key: 'product_performance', name: { 'zh-CN': '性能与稳定性', en: 'Slow or unstable' } },
      { key: 'product_quality', name: { 'zh-CN': '质量瑕疵', en: 'Quality defect' } },
    ],
  },
  {
    key: 'order',
    name: { 'zh-CN': '订单与物流', en: 'Order and delivery' },
    types: [
      { key: 'order_change', name: { 'zh-CN': '修改或取消订单', en: 'Change or cancel' } },
      { key: 'order_delivery', name: { 'zh-CN': '配送进度', en: 'Where is it' } },
      { key: 'order_wrong', name: { 'zh-CN': '错发、漏发或破损', en: 'Wrong, missing or damaged' } },
      { key: 'order_return', name: { 'zh-CN': '退换货', en: 'Return or exchange' } },
    ],
  },
  {
    key: 'billing',
    name: { 'zh-CN': '费用与发票', en: 'Billing' },
    types: [
      { key: 'billing_invoice', name: { 'zh-CN': '发票', en: 'Invoice' } },
      { key: 'billing_payment', name: { 'zh-CN': '付款', en: 'Payment' } },
      { key: 'billing_refund', name: { 'zh-CN': '退款', en: 'Refund' } },
      { key: 'billing_price', name: { 'zh-CN': '价格与优惠', en: 'Price and discounts' } },
    ],
  },
  {
    key: 'account',
    name: { 'zh-CN': '账户', en: 'Account' },
    types: [
      { key: 'account_access', name: { 'zh-CN': '登录与权限', en: 'Sign-in and access' } },
      { key: 'account_data', name: { 'zh-CN': '资料变更', en: 'Change of details' } },
      { key: 'account_contract', name: { 'zh-CN': '合同与续约', en: 'Contract and renewal' } },
    ],
  },
  {
    key: 'service',
    name: { 'zh-CN': '服务', en: 'Service' },
    types: [
      { key: 'service_attitude', name: { 'zh-CN': '服务态度', en: 'Attitude' } },
      { key: 'service_speed', name: { 'zh-CN': '响应速度', en: 'Speed' } },
      { key: 'service_installation', name: { 'zh-CN': '安装与上门', en: 'Installation and visits' } },
    ],
  },
  { key: 'other', name: { 'zh-CN': '其他', en: 'Other' }, types: [] },
];

const NEED_TAGS: Named[] = [
  { key: 'price_sensitive', name: { 'zh-CN': '价格敏感', en: 'Price-sensitive' } },
  { key: 'after_sales_minded', name: { 'zh-CN': '注重售后', en: 'After-sales minded' } },
  { key: 'wants_personal', name: { 'zh-CN': '追求个性化', en: 'Wants it personal' } },
];

const DAY = 86_400;

const SURVEY_TEMPLATES: (Named & Omit<PlanSurveyTemplate, 'name'>)[] = [
  {
    key: 'service',
    name: { 'zh-CN': '服务评价', en: 'Service survey' },
    scale: 5,
    dimensions: [
      { key: 'efficiency', label: { 'zh-CN': '问题解决效率', en: 'How quickly the problem was solved' } },
      { key: 'attitude', label: { 'zh-CN': '服务态度', en: 'Friendliness and attention' } },
      { key: 'reasonableness', label: { 'zh-CN': '方案合理性', en: 'How sensible the solution was' } },
    ],
    question: {
      'zh-CN': '总体而言，您对这次服务满意吗？',
      en: 'Overall, how satisfied are you with this service?',
    },
    lowThreshold: 2,
    sendAfterSeconds: DAY,
    validSeconds: 14 * DAY,
    editableSeconds: 7 * DAY,
    automatic: true,
  },
];

// ── Calendars ───────────────────────────────────────────────────────────────────────────────────────────────────────

const OFFICE_HOURS: [string, string][] = [
  ['09:00', '12:00'],
  ['13:00', '18:00'],
];
const SERVICE_HOURS: [string, string][] = [['08:00', '22:00']];

/**
 * China's public holidays and make-up working days (调休) as the State Council announces them each autumn for the year to
 * come. Read from the package's table, not its functions: those look at dates in the time zone of the process.
 */
function calendars(): (Named & CalendarDefinition)[] {
  return [
    {
      key: 'cn-office',
      name: { 'zh-CN': '办公时间', en: 'Office hours' },
      timeZone: 'Asia/Shanghai',
      week: { mon: OFFICE_HOURS, tue: OFFICE_HOURS, wed: OFFICE_HOURS, thu: OFFICE_HOURS, fri: OFFICE_HOURS },
      holidays: Object.keys(chineseDays.holidays).sort(),
      specialDays: Object.keys(chineseDays.workdays)
        .sort()
        .map((date) => ({ date, periods: OFFICE_HOURS })),
    },
    {
      key: 'cn-service',
      name: { 'zh-CN': '服务时间', en: 'Service hours' },
      timeZone: 'Asia/Shanghai',
      week: {
        mon: SERVICE_HOURS,
        tue: SERVICE_HOURS,
        wed: SERVICE_HOURS,
        thu: SERVICE_HOURS,
        fri: SERVICE_HOURS,
        sat: SERVICE_HOURS,
        sun: SERVICE_HOURS,
      },
      holidays: [],
      specialDays: [],
    },
  ];
}

// ── Policies ────────────────────────────────────────────────────────────────────────────────────────────────────────

type CalendarKey = 'always' | 'cn-service' | 'cn-office';
/** What is promised in either mode: one target, or live and async. */
type Targets = string | { live: string; async: string };

interface Row {
  tier: Tier;
  complaint: boolean;
  targets: Record<'first_response' | 'next_response' | 'proposal' | 'resolution' | 'update', Targets>;
  calendar: Record<ChannelMode, CalendarKey>;
  /** The calendar of the answers (first, next, proposal) in live channels, where it is another one. */
  liveAnswers?: CalendarKey;
  pausesOn: StatusCategory[];
}

/** The table of promises. */
const PROMISES: Row[] = [
  {
    // The green channel: elapsed time, not office hours, and nothing pauses it.
    tier: 'core',
    complaint: true,
    targets: {
      first_response: { live: 'PT10S', async: 'PT1H' },
      next_response: { live: 'PT1M', async: 'PT1H' },
      proposal: { live: 'PT2M', async: 'PT4H' },
      resolution: 'PT24H',
      update: 'PT4H',
    },
    calendar: { live: 'always', async: 'always' },
    pausesOn: [],
  },
  {
    tier: 'core',
    complaint: false,
    targets: {
      first_response: { live: 'PT10S', async: 'PT1H' },
      next_response: { live: 'PT1M', async: 'PT2H' },
      proposal: { live: 'PT2M', async: 'PT4H' },
      resolution: 'PT16H',
      update: 'PT8H',
    },
    calendar: { live: 'always', async: 'cn-service' },
    pausesOn: ['pending'],
  },
  {
    tier: 'potential',
    complaint: true,
    targets: {
      first_response: { live: 'PT30S', async: 'PT4H' },
      next_response: { live: 'PT2M', async: 'PT4H' },
      proposal: { live: 'PT2M', async: 'PT8H' },
      resolution: 'PT48H',
      update: 'PT24H',
    },
    calendar: { live: 'always', async: 'always' },
    liveAnswers: 'cn-service',
    pausesOn: ['pending'],
  },
  {
    tier: 'potential',
    complaint: false,
    targets: {
      first_response: { live: 'PT30S', async: 'PT4H' },
      next_response: { live: 'PT2M', async: 'PT4H' },
      proposal: { live: 'PT2M', async: 'PT8H' },
      resolution: 'PT16H',
      update: 'P1D',
    },
    calendar: { live: 'cn-service', async: 'cn-office' },
    pausesOn: ['pending'],
  },
  {
    tier: 'normal',
    complaint: true,
    targets: {
      first_response: { live: 'PT30S', async: 'PT8H' },
      next_response: { live: 'PT2M', async: 'PT8H' },
      proposal: { live: 'PT2M', async: 'P1D' },
      resolution: 'P3D',
      update: 'P1D',
    },
    calendar: { live: 'cn-service', async: 'cn-office' },
    pausesOn: ['pending'],
  },
  {
    tier: 'normal',
    complaint: false,
    targets: {
      first_response: { live: 'PT30S', async: 'PT8H' },
      next_response: { live: 'PT2M', async: 'PT8H' },
      proposal: { live: 'PT2M', async: 'P2D' },
      resolution: 'P5D',
      update: 'P2D',
    },
    calendar: { live: 'cn-service', async: 'cn-office' },
    pausesOn: ['pending'],
  },
];

const MODES: Record<ChannelMode, Text> = {
  live: { 'zh-CN': '即时渠道', en: 'live' },
  async: { 'zh-CN': '异步渠道', en: 'async' },
};
const COMPLAINT: Text = { 'zh-CN': '投诉', en: 'complaint' };
const OTHER_KINDS: Text = { 'zh-CN': '其他事项', en: 'other kinds' };
const CATCH_ALL: Text = { 'zh-CN': '标准', en: 'Standard' };

function policies(language: PlanLanguage, metrics: readonly Metric[]): PolicyDefinition[] {
  const semantics = { preset: 'tierdesk' };
  const cells = PROMISES.flatMap((row) =>
    (['live', 'async'] as const).map((mode, index): PolicyDefinition => {
      const { tier, complaint } = row;
      const kind = (complaint ? COMPLAINT : OTHER_KINDS)[language];
      const channels = CHANNELS.filter((channel) => channel.mode === mode).map(({ key }) => key);
      return {
        key: [tier, ...(complaint ? ['complaint'] : []), mode].join('-'),
        name: [TIERS.find(({ key }) => key === tier)!.name[language], kind, MODES[mode][language]].join(' · '),
        position: PROMISES.indexOf(row) * 2 + index + 1,
        // Other kinds are left open: a complaint still wins by being more specific, and so would a kind of one's own.
        match: { tiers: [tier], kinds: complaint ? ['complaint'] : [], channels },
        calendar: row.calendar[mode],
        objectives: objectives(row, mode, metrics),
        semantics,
      };
    }),
  );
  const standard = PROMISES.find(({ tier, complaint }) => tier === 'normal' && !complaint)!;
  return [
    ...cells,
    {
      key: 'standard',
      name: CATCH_ALL[language],
      position: cells.length + 1,
      match: {},
      calendar: standard.calendar.async,
      objectives: objectives(standard, 'async', metrics),
      semantics,
    },
  ];
}

/** The promises of one cell, in the order of the metrics. */
function objectives(row: Row, mode: ChannelMode, metrics: readonly Metric[]): ObjectiveDefinition[] {
  const { targets, pausesOn } = row;
  const target = (metric: keyof Row['targets']) => {
    const said = targets[metric];
    return { metric, target: typeof said === 'string' ? said : said[mode], pausesOn };
  };
  const answers = mode === 'live' && row.liveAnswers !== undefined ? { calendar: row.liveAnswers } : {};
  const all: (ObjectiveDefinition & { metric: Metric })[] = [
    { ...target('first_response'), ...answers },
    { ...target('next_response'), ...answers },
    { ...target('proposal'), ...answers, minOptions: 2 },
    target('resolution'),
    target('update'),
    // Aftercare begins when the work is done: nothing pauses it.
    { metric: 'follow_up', target: 'PT48H', calendar: 'always' },
    { metric: 'survey', target: 'P3D', calendar: 'cn-office' },
    row.tier === 'core'
      ? { metric: 'callback', target: 'PT4H', calendar: 'always' }
      : { metric: 'callback', target: 'P1D', calendar: 'cn-office' },
  ];
  return all
    .filter(({ metric }) => metrics.includes(metric))
    .map((objective) => ({
      ...objective,
      warnAt: isShort(objective.target) ? [] : [0.5, 0.8],
      escalate: escalation(row, objective),
    }));
}

/** What follows the work: no priority hurries it. */
const AFTERCARE: readonly Metric[] = ['follow_up', 'survey', 'callback'];

/** Who is told when: at half of it who works on it, near its end who leads them, and of a broken promise the manager. */
function escalation({ tier, complaint }: Row, { metric, target }: { metric: Metric; target: string }) {
  const broken: EscalationDefinition = {
    at: 'due',
    do: [{ notify: 'manager' }, ...(tier === 'core' && complaint ? [{ notify: 'senior' }] : [])],
  };
  if (isShort(target)) return [broken];
  const hurry: EscalationAction[] = AFTERCARE.includes(metric) ? [] : [{ raisePriority: true }];
  return [{ at: 0.5, do: [{ notify: 'assignee' }] }, { at: 0.8, do: [{ notify: 'team_lead' }, ...hurry] }, broken];
}

/** Two minutes or less: a warning, or a step before it is due, would come too late to help. */
function isShort(target: string): boolean {
  const parsed = parseTarget(target, 'target');
  return 'seconds' in parsed && parsed.seconds <= 120;
}
