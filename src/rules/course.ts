/** A ticket as the clocks know it, and the course of each clock: begun, carried on, ended. */

import type { Calendar, Instant } from './calendar.ts';
import type { ClockEvent, ServiceLevels } from './history.ts';
import type { Attributes } from './matching.ts';
import type { Metric, Objective } from './objective.ts';
import type { Policy } from './policy.ts';
import { DEFAULT_SEMANTICS, type Semantics, type StatusCategory } from './semantics.ts';

/** `suspended`: the ticket is solved or closed and the clock belongs to the work on it. */
export type Activity = 'running' | 'paused' | 'suspended';

/** What holds for a ticket until its policy or its calendar changes. */
export interface Regime {
  readonly policy: Policy | null;
  /** The latest that came to this policy. */
  levels: ServiceLevels;
  attributes: Attributes;
  /** When the ticket was matched to it last: terms are asked then. */
  matchedAt: Instant;
  readonly pledges: ReadonlyMap<Metric, Pledge>;
}

/** What is promised for one metric while a regime holds. Another object is another promise. */
export interface Pledge {
  readonly policy: Policy;
  readonly objective: Objective;
  readonly calendar: Calendar;
  readonly regime: Regime;
}

/** From an instant on, until the next spell, a clock does this under that promise. */
export interface Spell {
  readonly from: Instant;
  readonly activity: Activity;
  readonly pledge: Pledge;
}

export const EFFECTS = [
  'started',
  'paused',
  'suspended',
  'resumed',
  'reopened',
  'changed',
  'recomputed',
  'met',
  'cancelled',
] as const;
export type Effect = (typeof EFFECTS)[number];

/** What an event did to a clock. */
export interface Move {
  /** At the granularity in force. */
  readonly at: Instant;
  readonly event: ClockEvent;
  readonly effect: Effect;
}

/** One cycle of one metric from its start on. */
export interface Course {
  readonly metric: Metric;
  readonly cycle: number;
  readonly startedAt: Instant;
  /** In order; the first begins at `startedAt`. */
  readonly spells: Spell[];
  /** `unpromised`: no policy promises it any longer. */
  end: { readonly at: Instant; readonly how: 'met' | 'cancelled' | 'unpromised' } | null;
  /** Resolution only: the spells since the ticket was solved, which a reopening joins to the others. */
  dormant: Spell[];
  readonly moves: Move[];
}

/** What the fold knows of a ticket. The facts do not depend on which metrics are promised. */
export interface Ticket {
  /** The event being folded, and its instant at the granularity in force. */
  event: ClockEvent;
  now: Instant;
  regime: Regime;
  /** The cycles of each metric, in order: only the last one can be open. */
  courses: Map<Metric, Course[]>;
  status: StatusCategory;
  /** The creating message expects an answer and has none yet. */
  awaitsFirst: boolean;
  /** A first response was given, expected or not. */
  responded: boolean;
  /** Something of the customer's is unanswered. */
  owing: boolean;
  confirmed: boolean;
  optionsOffered: number;
}

/** The clocks of the work on a ticket: suspended while it is solved, cancelled when it is closed. */
export const WORK: ReadonlySet<Metric> = new Set(['first_response', 'next_response', 'proposal', 'update']);

export function blankTicket(event: ClockEvent, regime: Regime): Ticket {
  return {
    event,
    now: -Infinity,
    regime,
    courses: new Map(),
    status: 'new',
    awaitsFirst: false,
    responded: false,
    owing: false,
    confirmed: false,
    optionsOffered: 0,
  };
}

/** Moves the ticket to the event's instant. Cut to the minute, time still never runs backwards. */
export function turnTo(ticket: Ticket, event: ClockEvent): void {
  const minutes = semanticsOf(ticket).granularity === 'minute';
  ticket.event = event;
  ticket.now = Math.max(ticket.now, minutes ? Math.floor(event.at / 60) * 60 : event.at);
}

/** The options in force; where nothing is promised they decide nothing, and the defaults serve. */
export function semanticsOf(ticket: Ticket): Semantics {
  return ticket.regime.policy?.semantics ?? DEFAULT_SEMANTICS;
}

/** Starts the next cycle, where the metric is promised and none is open. */
export function begin(ticket: Ticket, metric: Metric): void {
  const pledge = ticket.regime.pledges.get(metric);
  if (pledge === undefined || openCourse(ticket, metric)) return;
  const before = ticket.courses.get(metric) ?? [];
  const course: Course = {
    metric,
    cycle: (before.at(-1)?.cycle ?? 0) + 1,
    startedAt: ticket.now,
    spells: [{ from: ticket.now, activity: activityOf(ticket, metric, pledge), pledge }],
    end: null,
    dormant: [],
    moves: [],
  };
  note(ticket, course, 'started');
  before.push(course);
  ticket.courses.set(metric, before);
}

export function finish(ticket: Ticket, metric: Metric, how: 'met' | 'cancelled' | 'unpromised'): void {
  const course = openCourse(ticket, metric);
  if (course === undefined) return;
  course.end = { at: ticket.now, how };
  note(ticket, course, how === 'met' ? 'met' : 'cancelled');
}

/** The event that is being folded did this to the clock. */
export function note(ticket: Ticket, course: Course, effect: Effect): void {
  course.moves.push({ at: ticket.now, event: ticket.event, effect });
}

/** From now on under this promise, as the status has it. A spell of no length leaves no trace. */
export function continueAs(ticket: Ticket, course: Course, pledge: Pledge): void {
  const { spells } = course;
  const last = spells.at(-1)!;
  const next: Spell = { from: ticket.now, activity: activityOf(ticket, course.metric, pledge), pledge };
  if (next.activity === last.activity && pledge === last.pledge) return;
  if (next.activity !== last.activity) {
    note(ticket, course, next.activity === 'running' ? 'resumed' : next.activity);
  }
  if (last.from === ticket.now) spells.pop();
  const before = spells.at(-1);
  if (before?.activity !== next.activity || before.pledge !== pledge) spells.push(next);
}

export function activityOf(ticket: Ticket, metric: Metric, pledge: Pledge): Activity {
  if (isDone(ticket.status) && WORK.has(metric)) return 'suspended';
  return pledge.objective.pausesOn.has(ticket.status) ? 'paused' : 'running';
}

export function allCourses(ticket: Ticket): Course[] {
  return [...ticket.courses.values()].flat();
}

export function openCourses(ticket: Ticket): Course[] {
  return [...ticket.courses.values()].map((cycles) => cycles.at(-1)!).filter(({ end }) => end === null);
}

export function openCourse(ticket: Ticket, metric: Metric): Course | undefined {
  const last = lastCourse(ticket, metric);
  return last?.end === null ? last : undefined;
}

export function lastCourse(ticket: Ticket, metric: Metric): Course | undefined {
  return ticket.courses.get(metric)?.at(-1);
}

export function lastPledge(course: Course): Pledge {
  return course.spells.at(-1)!.pledge;
}

export function isDone(status: StatusCategory): boolean {
  return status === 'solved' || status === 'closed';
}
