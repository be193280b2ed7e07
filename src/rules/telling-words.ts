/** What the telling of a clock says, and the forms in which each language says it. */

import type { Effect } from './course.ts';
import type { ClockEventType } from './history.ts';
import type { IntervalLabel } from './labels.ts';
import type { Attribute, MatchReason } from './matching.ts';
import type { Metric } from './objective.ts';
import type { StatusCategory } from './semantics.ts';

export type Language = 'en' | 'zh-CN';

/** An instant on a wall clock; `time` has seconds where they are not zero, `weekday` counts from Monday, 0. */
export interface LocalTime {
  date: string;
  weekday: number;
  time: string;
}

/** How a clock stands; spans and instants are in words already. */
export type Standing =
  | { is: 'running' | 'paused' | 'solved'; passed: string; left: string }
  /** `by` is null while nothing has counted since. */
  | { is: 'overdue'; by: string | null; paused: boolean }
  | { is: 'met'; at: string; left: string }
  | { is: 'missed'; at: string; by: string | null }
  | { is: 'cancelled'; at: string; passed: string };

/** What was promised, to whom, until when, how it stands. */
export interface Promised {
  metric: Metric;
  customer: string | null;
  target: string;
  calendar: string;
  due: string | null;
  standing: Standing;
}

export interface Words {
  /** In a table, a date is short, with its weekday; in a sentence it has its year. */
  instant(at: LocalTime): string;
  shortInstant(at: LocalTime): string;
  day(at: LocalTime): string;
  days(first: LocalTime, last: LocalTime): string;
  weekOf(at: LocalTime): string;
  span(hours: number, minutes: number, seconds: number): string;
  workingDays(days: number): string;
  /** A thing by its name and key. */
  called(name: string, key: string): string;
  list(items: readonly string[]): string;

  title(number: number, subject: string): string;
  headline(metric: Metric, cycle: number, standing: Standing): string;
  summary(promised: Promised): string;
  times(zone: string, offsets: string, asOf: string): string;

  headings: { promised: string; why: string; how: string; ahead: string };
  promised: { policy: string; target: string; calendar: string; pauses: string; options: string };
  policy(name: string, key: string, version: number): string;
  always: string;
  calendar(name: string, key: string, zone: string): string;
  pauses(statuses: readonly string[]): string;
  /** Options of the semantics that are not the default, as `hold=wall`. */
  option: Readonly<Record<string, string>>;

  /** A promise by itself, and as what somebody was promised. */
  metric: Record<Metric, { name: string; thing: string }>;
  attribute: Record<Attribute, string>;
  matched: Record<'named' | 'any', string>;
  none: string;
  onlyMatch: string;
  losers(number: number): string;
  loses: Record<Exclude<MatchReason, 'only_match'>, string>;
  more(number: number): string;
  /** Policies that would have come first, but for their term. */
  passedOver: string;
  outsideTerm: Record<'upcoming' | 'ended', string>;

  label: Record<IntervalLabel, string>;
  /** Columns of the table. */
  columns: { when: string; length: string; counted: string; closed: string };
  upTo(instant: string): string;
  total(parts: readonly string[]): string;
  status: Record<StatusCategory, string>;
  priority: Readonly<Record<string, string>>;
  now: string;
  elided(number: number): string;
  warning(percent: string): string;
  /** By itself, and beside what is reached with it. */
  escalation(percent: string | null): string;
  escalates: string;
  due: string;
  broken: string;

  event: Record<Exclude<ClockEventType, keyof ValuedWords>, string>;
  valued: ValuedWords;
  effect: Record<Effect, string>;
  metLate: string;
  startsPaused: string;
  dueAt(instant: string): string;
  /** What a change did, and the policy from then on. */
  under(effect: string, policy: string): string;
  before(policy: string, due: string | null): string;
  /** What happened, and what it did. */
  move(event: string, effects: readonly string[], before: string): string;
}

/** Events that say a value. */
export interface ValuedWords {
  created(byAgent: boolean): string;
  options_offered(count: number): string;
  status_changed(status: string): string;
  priority_changed(priority: string): string;
  tier_changed(tier: string): string;
  kind_changed(kind: string): string;
}
