/** What a customer gets, told so that a customer manager can read it aloud, in English and in Chinese. */

import type { Instant } from './block.ts';
import { GLUE, plain, table } from './columns.ts';
import { type Entitled, promisesOf } from './entitlements.ts';
import type { TermState } from './matching.ts';
import {
  type FirstLine,
  type Person,
  SERVING_ROLES,
  type ServiceGap,
  type ServingReason,
  type ServingRole,
} from './named-service.ts';
import type { Metric, Objective } from './objective.ts';
import type { Policy } from './policy.ts';
import { localTimeOf } from './speech.ts';
import { EN } from './telling-en.ts';
import type { Language, Words } from './telling-words.ts';
import { ZH } from './telling-zh.ts';
import { Zone } from './zone.ts';

export type TierSource = 'default' | 'manual' | 'import' | 'score';

/** What is told. Names are those people use. */
export interface Entitlements {
  customer: string;
  at: Instant;
  tier: {
    name: string;
    since: Instant | null;
    source: TierSource | null;
    reason: string | null;
    score: { total: number } | null;
    pin: { until: Instant | null; reason: string } | null;
  } | null;
  /** Null for who may not know them. */
  people: {
    named: Readonly<Record<ServingRole, (Person & { name: string }) | null>>;
    serving: { role: ServingRole | null; reason: ServingReason };
    gaps: readonly ServiceGap[];
  } | null;
  firstLine: FirstLine | null;
  minSeniorityYears: number | null;
  plans: readonly { name: string; validFrom: Instant | null; validTo: Instant | null; state: TermState }[];
  boxes: readonly Entitled[];
  /** How many kinds, channels and priorities there are: a box with all of them says so. */
  words: { kinds: number; channels: number; priorities: number };
  nameOf(list: 'kind' | 'channel', key: string): string;
  /** What the promise counts on; null for `always`. */
  calendarOf(policy: Policy, metric: Metric): string | null;
}

export function tellEntitlements(told: Entitlements, language: Language, timeZone: string): string {
  const say = SAY[language];
  const speech = speechOf(language, timeZone);
  const blocks = [
    [say.title(plain(told.customer), speech.at(told.at), timeZone), ...tierLines(told, say, speech)],
    peopleLines(told, say),
    told.plans.map(({ name, validFrom, validTo, state }) =>
      say.plan(plain(name), speech.term(validFrom, validTo), state),
    ),
    ...told.boxes.map((box) => boxLines(box, told, say, speech)),
  ];
  const text = blocks.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
  return `${text.join('\n\n').replaceAll(GLUE, ' ')}\n`;
}

function tierLines({ tier }: Entitlements, say: Say, { at }: Speech): string[] {
  if (tier === null) return [say.noTier];
  const { since, source, reason, score, pin } = tier;
  return [
    say.tier(plain(tier.name), since === null ? null : at(since), source, reason === null ? null : plain(reason)),
    ...(score === null ? [] : [say.score(score.total)]),
    ...(pin === null ? [] : [say.pin(plain(pin.reason), pin.until === null ? null : at(pin.until))]),
  ];
}

function peopleLines({ people, firstLine, minSeniorityYears }: Entitlements, say: Say): string[] {
  const others = firstLine === null ? [] : [say.firstLine[firstLine]];
  if (people === null) return others;
  const { named, serving, gaps } = people;
  const lines = SERVING_ROLES.flatMap((role) => {
    const person = named[role];
    if (person === null) return [];
    const state = !person.active ? 'left' : person.available ? 'here' : 'away';
    return [say.person(say.role[role], plain(person.name), person.seniorityYears, say.state[state])];
  });
  const who = serving.role === null ? null : plain(named[serving.role]!.name);
  return [
    ...lines,
    say.serves(who, say.serving[serving.reason]),
    ...others,
    ...gaps.map((gap) => say.lacks(say.gap(gap, minSeniorityYears ?? 0))),
  ];
}

function boxLines(box: Entitled, told: Entitlements, say: Say, speech: Speech): string[] {
  const { policy, personal, overrides } = box;
  const { words } = told;
  const list = (kind: 'kind' | 'channel', keys: readonly string[], all: number) =>
    keys.length === all ? null : say.list(keys.map((key) => plain(told.nameOf(kind, key))));
  const priorities = box.priorities.map((key) => speech.words.priority[key] ?? key);
  const head = say.box(
    list('kind', box.kinds, words.kinds),
    list('channel', box.channels, words.channels),
    priorities.length === words.priorities ? null : say.list(priorities),
  );
  if (policy === null) return [head, `  ${say.nothing}`];
  const { promises, leftOut } = promisesOf(box);
  const metric = (one: Metric) => speech.words.metric[one].name;
  const target = (of: Policy, one: Metric) => speech.target(of.objectives.get(one)!.target);
  const rows = promises.map(({ metric: one, standard }) => [
    metric(one),
    target(policy, one),
    told.calendarOf(policy, one) ?? speech.words.always,
    standard === null ? '' : say.standard(target(standard, one)),
  ]);
  return [
    head,
    `  ${say.by(plain(policy.name), personal, overrides === null ? null : plain(overrides.name))}`,
    ...table(rows).map((line) => `    ${line}`),
    ...(leftOut.length === 0 ? [] : [`  ${say.leftOut(say.list(leftOut.map(metric)))}`]),
  ];
}

// ── In each language ────────────────────────────────────────────────────────────────────────────────────────────────

interface Speech {
  words: Words;
  at(at: Instant): string;
  term(from: Instant | null, to: Instant | null): string;
  target(target: Objective['target']): string;
}

function speechOf(language: Language, timeZone: string): Speech {
  const words = language === 'en' ? EN : ZH;
  const zone = Zone.named(timeZone) ?? Zone.named('UTC')!;
  const at = (instant: Instant) => words.instant(localTimeOf(instant, zone));
  return {
    words,
    at,
    term: (from, to) => SAY[language].term(from === null ? null : at(from), to === null ? null : at(to)),
    target(target) {
      if ('days' in target) return words.workingDays(target.days);
      const { seconds } = target;
      return words.span(Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60);
    },
  };
}

interface Say {
  title(customer: string, at: string, timeZone: string): string;
  tier(name: string, since: string | null, source: TierSource | null, reason: string | null): string;
  noTier: string;
  score(total: number): string;
  pin(reason: string, until: string | null): string;
  role: Record<ServingRole, string>;
  state: Record<'here' | 'away' | 'left', string>;
  person(role: string, name: string, years: number, state: string): string;
  /** `who` is null: the first line. */
  serves(who: string | null, reason: string): string;
  serving: Record<ServingReason, string>;
  firstLine: Record<FirstLine, string>;
  lacks(gap: string): string;
  gap(gap: ServiceGap, years: number): string;
  term(from: string | null, to: string | null): string;
  plan(name: string, term: string, state: TermState): string;
  /** Null: whatever it is. */
  box(kinds: string | null, channels: string | null, priorities: string | null): string;
  list(items: readonly string[]): string;
  nothing: string;
  by(policy: string, personal: boolean, overrides: string | null): string;
  standard(target: string): string;
  leftOut(metrics: string): string;
}

const EN_SOURCE: Record<TierSource, string> = {
  default: 'as everybody begins',
  manual: 'given by a person',
  import: 'taken over from elsewhere',
  score: 'given by the score',
};
const ZH_SOURCE: Record<TierSource, string> = {
  default: '默认等级',
  manual: '人工设定',
  import: '导入',
  score: '按评分评定',
};

const SAY: Record<Language, Say> = {
  en: {
    title: (customer, at, timeZone) => `${customer}: what they get, as of ${at} (${timeZone})`,
    tier: (name, since, source, reason) =>
      `Tier ${name}${since === null ? '' : ` since ${since}`}${source === null ? '' : `, ${EN_SOURCE[source]}`}` +
      `${reason === null ? '' : `: ${reason}`}`,
    noTier: 'Without a tier',
    score: (total) => `Score ${total}`,
    pin: (reason, until) => `Pinned ${until === null ? 'until it is released' : `until ${until}`}: ${reason}`,
    role: { dedicated: 'dedicated agent', deputy: 'deputy', adviser: 'online adviser' },
    state: { here: 'here', away: 'away', left: 'has left' },
    person: (role, name, years, state) =>
      `${role[0]!.toUpperCase()}${role.slice(1)}: ${name}, ${years === 1 ? '1 year' : `${years} years`} in service, ${state}`,
    serves: (who, reason) => `Served now by ${who ?? 'the first line'}${reason === '' ? '' : `: ${reason}`}`,
    serving: {
      first_choice: '',
      first_choice_away: 'the one who comes first is away',
      first_choice_left: 'the one who comes first has left',
      all_away: 'nobody who is named is here',
      nobody_named: 'nobody is named',
    },
    firstLine: {
      assistant: 'First line: an assistant and the FAQ, then the standard team',
      team: 'First line: the standard team',
    },
    lacks: (gap) => `Lacking: ${gap}`,
    gap: (gap, years) =>
      ({
        dedicated_missing: 'the tier asks for a dedicated agent, and none is named',
        dedicated_left: 'the dedicated agent has left',
        dedicated_junior: `the tier asks for a dedicated agent with ${years} years in service or more`,
        deputy_missing: 'the tier asks for a deputy, and none is named',
        deputy_left: 'the deputy has left',
        adviser_missing: 'the tier asks for an online adviser, and none is named',
        adviser_left: 'the online adviser has left',
      })[gap],
    term: (from, to) =>
      from === null && to === null
        ? 'without an end'
        : [from === null ? '' : `from ${from}`, to === null ? '' : `until ${to}`].filter(Boolean).join(' '),
    plan: (name, term, state) =>
      `Personal plan ${name}, ${term}: ${{ upcoming: 'not begun yet', in_force: 'in force', ended: 'ended' }[state]}`,
    box: (kinds, channels, priorities) =>
      `${kinds ?? 'Whatever they ask'}, ${channels === null ? 'by any channel' : `by ${channels}`}` +
      `${priorities === null ? '' : `, priority ${priorities}`}`,
    list: (items) => items.join(', '),
    nothing: 'Nothing is promised',
    by: (policy, personal, overrides) =>
      `${personal ? 'Personal plan' : 'Policy'} ${policy}${overrides === null ? '' : `, in place of ${overrides}`}`,
    standard: (target) => `(standard: ${target})`,
    leftOut: (metrics) => `The plan leaves out what the standard promises: ${metrics}`,
  },
  'zh-CN': {
    title: (customer, at, timeZone) => `${customer}：享有的服务，截至 ${at}（${timeZone}）`,
    tier: (name, since, source, reason) =>
      `客户等级：${name}${since === null ? '' : `，自 ${since} 起`}${source === null ? '' : `，${ZH_SOURCE[source]}`}` +
      `${reason === null ? '' : `：${reason}`}`,
    noTier: '没有客户等级',
    score: (total) => `评分：${total}`,
    pin: (reason, until) => `等级已锁定，${until === null ? '直至解除' : `至 ${until} 止`}：${reason}`,
    role: { dedicated: '专属客服', deputy: '代理客服', adviser: '线上专属顾问' },
    state: { here: '在岗', away: '不在岗', left: '已离职' },
    person: (role, name, years, state) => `${role}：${name}，从业 ${years} 年，${state}`,
    serves: (who, reason) => `目前由${who ?? '一线服务'}接待${reason === '' ? '' : `：${reason}`}`,
    serving: {
      first_choice: '',
      first_choice_away: '首选人员不在岗',
      first_choice_left: '首选人员已离职',
      all_away: '指定人员均不在岗',
      nobody_named: '未指定人员',
    },
    firstLine: {
      assistant: '一线服务：先由智能助手和常见问题解答，再转标准团队',
      team: '一线服务：标准团队',
    },
    lacks: (gap) => `欠缺：${gap}`,
    gap: (gap, years) =>
      ({
        dedicated_missing: '该等级应有专属客服，尚未指定',
        dedicated_left: '专属客服已离职',
        dedicated_junior: `该等级的专属客服应有 ${years} 年以上从业经验`,
        deputy_missing: '该等级应有代理客服，尚未指定',
        deputy_left: '代理客服已离职',
        adviser_missing: '该等级应有线上专属顾问，尚未指定',
        adviser_left: '线上专属顾问已离职',
      })[gap],
    term: (from, to) =>
      from === null && to === null
        ? '长期有效'
        : [from === null ? '' : `自 ${from} 起`, to === null ? '' : `至 ${to} 止`].filter(Boolean).join('，'),
    plan: (name, term, state) =>
      `个性化服务方案「${name}」，${term}：${{ upcoming: '尚未开始', in_force: '生效中', ended: '已结束' }[state]}`,
    box: (kinds, channels, priorities) =>
      `${kinds ?? '所有事项'}，${channels ?? '所有渠道'}${priorities === null ? '' : `，优先级${priorities}`}`,
    list: (items) => items.join('、'),
    nothing: '没有承诺',
    by: (policy, personal, overrides) =>
      `${personal ? '个性化服务方案' : '服务策略'}「${policy}」${overrides === null ? '' : `，代替「${overrides}」`}`,
    standard: (target) => `（标准：${target}）`,
    leftOut: (metrics) => `该方案未包含标准策略承诺的：${metrics}`,
  },
};
