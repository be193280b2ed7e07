/** One promise of a policy: the metric, its target in open time, when to warn, what pauses it and how it escalates. */

import { invalid } from '../errors.ts';
import type { Calendar, CalendarDefinition } from './calendar.ts';
import { collecting, type Faults, fault, isKnown, isList } from './faults.ts';
import { STATUS_CATEGORIES, type StatusCategory } from './semantics.ts';

/** Every metric, in the order in which lists and simulations give their clocks. */
export const METRICS = [
  'first_response',
  'next_response',
  'proposal',
  'resolution',
  'update',
  'follow_up',
  'survey',
  'callback',
  'escalation_contact',
  'feedback_answer',
  'task',
] as const;
export type Metric = (typeof METRICS)[number];

/** What can start the `proposal` clock, the default first. */
export const PROPOSAL_STARTS = ['understanding_confirmed', 'first_response', 'created'] as const;
export type ProposalStart = (typeof PROPOSAL_STARTS)[number];

/** A calendar's key or id, `'always'`, or the calendar itself. */
export type CalendarRef = string | CalendarDefinition;

/** Turns a calendar's key, id or definition into the calendar; throws 422 with `path` when there is none. */
export type ResolveCalendar = (ref: CalendarRef, path: string) => Calendar;

/** Who an escalation step can notify by role; anybody else is notified by mail address. */
export const NOTIFIED_ROLES = ['assignee', 'team_lead', 'manager', 'senior'] as const;

/** `reassign` names a team, `webhook` an http(s) address. */
export type EscalationAction =
  | { notify: string }
  | { raisePriority: boolean }
  | { reassign: string }
  | { webhook: string };

/** `at`: a fraction of the target, `'due'`, or an ISO 8601 duration after due, in wall time. */
export interface EscalationDefinition {
  at: number | string;
  do: readonly EscalationAction[];
}

export interface ObjectiveDefinition {
  metric: string;
  target: string;
  calendar?: CalendarRef | undefined;
  warnAt?: readonly number[] | undefined;
  pausesOn?: readonly string[] | undefined;
  /** `proposal` only: how many options meet it. Default 2. */
  minOptions?: number | undefined;
  /** `proposal` only. */
  startsAt?: string | undefined;
  escalate?: readonly EscalationDefinition[] | undefined;
}

/** Seconds of open time, or whole working days. */
export type Target = { readonly seconds: number } | { readonly days: number };

/** Fires after a `fraction` of the target, or `afterDue` wall seconds after due (0: with the breach). */
export type EscalationStep = { readonly do: readonly EscalationAction[] } & (
  | { readonly fraction: number }
  | { readonly afterDue: number }
);

export interface Objective {
  readonly metric: Metric;
  readonly target: Target;
  /** The target as it was written. */
  readonly targetText: string;
  /** Null: the policy's, else the request's. */
  readonly calendar: Calendar | null;
  /** Ascending, each between 0 and 1. */
  readonly warnAt: readonly number[];
  readonly pausesOn: ReadonlySet<StatusCategory>;
  readonly minOptions: number;
  readonly startsAt: ProposalStart;
  readonly escalate: readonly EscalationStep[];
}

const TIME = /^PT(?=\d)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})S)?$/;
const DAYS = /^P(\d{1,5})D$/;

/**
 * `PT1H30M` -> seconds of open time, `P3D` -> working days. Weeks, months, days mixed with hours, fractions, signs and
 * zero are 422: how long a week is depends on the calendar, and a promise of nothing cannot be kept.
 */
export function parseTarget(text: string, path: string): Target {
  const days = DAYS.exec(text)?.[1];
  const target = days === undefined ? { seconds: parseTime(text, path) } : { days: Number(days) };
  if (Object.values(target)[0] === 0) throw invalid(path, 'A target is longer than nothing.', 'out_of_range');
  return target;
}

function parseTime(text: string, path: string): number {
  const parts = TIME.exec(text);
  if (parts === null) {
    throw invalid(path, 'A target is hours, minutes and seconds (PT1H30M) or whole working days (P3D).', 'duration');
  }
  const [hours, minutes, seconds] = parts.slice(1).map((part) => Number(part ?? 0));
  return hours! * 3600 + minutes! * 60 + seconds!;
}

/** The objectives by metric. Faults are collected under `path`. */
export function compileObjectives(
  definitions: readonly ObjectiveDefinition[],
  resolve: ResolveCalendar,
  path: string,
  faults: Faults,
): ReadonlyMap<Metric, Objective> {
  const objectives = new Map<Metric, Objective>();
  if (!isList(faults, path, definitions)) return objectives;
  for (const [index, definition] of definitions.entries()) {
    const at = `${path}.${index}`;
    const objective = compileObjective(definition, resolve, at, faults);
    const { metric } = objective;
    if (!METRICS.includes(metric)) {
      fault(faults, `${at}.metric`, `There is no metric ${metric}.`, 'unknown_metric');
    } else if (objectives.has(metric)) {
      fault(faults, `${at}.metric`, `There is an objective for ${metric} already.`, 'duplicate');
    } else {
      objectives.set(metric, objective);
    }
  }
  return objectives;
}

function compileObjective(
  definition: ObjectiveDefinition,
  resolve: ResolveCalendar,
  path: string,
  faults: Faults,
): Objective {
  const { metric, warnAt = [], pausesOn = [], escalate = [], minOptions, startsAt, calendar } = definition;
  checkWarnings(warnAt, `${path}.warnAt`, faults);
  checkProposal(definition, path, faults);
  if (isList(faults, `${path}.pausesOn`, pausesOn)) {
    for (const [i, one] of pausesOn.entries()) isKnown(faults, `${path}.pausesOn.${i}`, one, STATUS_CATEGORIES);
  }
  return {
    metric: metric as Metric,
    target: collecting(faults, () => parseTarget(definition.target, `${path}.target`)) ?? { seconds: 1 },
    targetText: definition.target,
    calendar: calendar == null ? null : (collecting(faults, () => resolve(calendar, `${path}.calendar`)) ?? null),
    warnAt: Array.isArray(warnAt) ? [...warnAt].sort((a, b) => a - b) : [],
    pausesOn: new Set(Array.isArray(pausesOn) ? pausesOn : []),
    minOptions: minOptions ?? 2,
    startsAt: (startsAt ?? 'understanding_confirmed') as ProposalStart,
    escalate: compileEscalation(escalate, `${path}.escalate`, faults),
  };
}

function checkWarnings(warnAt: readonly number[], path: string, faults: Faults): void {
  if (!isList(faults, path, warnAt)) return;
  for (const [index, fraction] of warnAt.entries()) {
    const at = `${path}.${index}`;
    if (!isFraction(fraction)) fault(faults, at, 'A fraction lies between 0 and 1.', 'out_of_range');
    else if (warnAt.indexOf(fraction) < index) fault(faults, at, 'This fraction is there already.', 'duplicate');
  }
}

function checkProposal({ metric, minOptions, startsAt }: ObjectiveDefinition, path: string, faults: Faults): void {
  if (minOptions !== undefined) {
    const at = `${path}.minOptions`;
    if (metric !== 'proposal') fault(faults, at, 'Only a proposal has options.');
    else if (!Number.isInteger(minOptions) || minOptions < 1) fault(faults, at, 'At least 1.', 'out_of_range');
  }
  if (startsAt !== undefined) {
    const at = `${path}.startsAt`;
    if (metric !== 'proposal') fault(faults, at, 'Only a proposal has more than one possible start.');
    else isKnown(faults, at, startsAt, PROPOSAL_STARTS);
  }
}

function compileEscalation(
  definitions: readonly EscalationDefinition[],
  path: string,
  faults: Faults,
): readonly EscalationStep[] {
  if (!isList(faults, path, definitions)) return [];
  return definitions.flatMap((definition, index) => {
    const at = `${path}.${index}`;
    const actions = definition?.do;
    if (isList(faults, `${at}.do`, actions)) {
      if (actions.length === 0) fault(faults, `${at}.do`, 'A step does something.', 'required');
      for (const [i, action] of actions.entries()) checkAction(action, `${at}.do.${i}`, faults);
    }
    const when = collecting(faults, () => parseStepAt(definition?.at, `${at}.at`));
    return when === undefined ? [] : [{ ...when, do: actions }];
  });
}

function parseStepAt(at: unknown, path: string): { fraction: number } | { afterDue: number } {
  if (at === 'due') return { afterDue: 0 };
  if (isFraction(at)) return { fraction: at };
  if (typeof at === 'string' && TIME.test(at)) return { afterDue: parseTime(at, path) };
  throw invalid(path, 'A fraction of the target (0.8), "due", or a duration after due (PT1H).');
}

const ACTIONS: Record<string, (value: unknown) => boolean> = {
  notify: (value) =>
    isText(value) && ((NOTIFIED_ROLES as readonly string[]).includes(value) || /^\S+@\S+$/.test(value)),
  raisePriority: (value) => value === true,
  reassign: isText,
  webhook: (value) => isText(value) && /^https?:\/\/\S+$/.test(value),
};

function checkAction(action: unknown, path: string, faults: Faults): void {
  const [[name, value] = ['', undefined], ...more] = Object.entries((action ?? {}) as object);
  if (!Object.hasOwn(ACTIONS, name) || more.length > 0) {
    fault(faults, path, `An action is one of ${Object.keys(ACTIONS).join(', ')}.`, 'unknown_action');
  } else if (!ACTIONS[name]!(value)) {
    fault(faults, `${path}.${name}`, `${name} does not take ${JSON.stringify(value)}.`);
  }
}

function isFraction(value: unknown): value is number {
  return typeof value === 'number' && value > 0 && value < 1;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
