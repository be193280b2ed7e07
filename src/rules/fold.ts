/** The fold: what happened to a ticket, in order, becomes the course of every clock that was promised. */

import type { Instant } from './calendar.ts';
import {
  allCourses,
  begin,
  blankTicket,
  type Course,
  continueAs,
  finish,
  isDone,
  lastCourse,
  lastPledge,
  note,
  openCourses,
  type Pledge,
  type Regime,
  type Ticket,
  turnTo,
} from './course.ts';
import { hear } from './hear.ts';
import { type ClockEvent, checkHistory, inOrder, NO_LEVELS, type ServiceLevels } from './history.ts';
import { ATTRIBUTES, type Attributes, matchPolicy } from './matching.ts';
import type { Metric } from './objective.ts';
import type { Policy } from './policy.ts';

/** The courses as of an instant. Throws `validation_failed` for a history that cannot be. */
export function fold(events: readonly ClockEvent[], asOf: Instant): Course[] {
  const heard = inOrder(events.filter((event) => event.at <= asOf));
  checkHistory(heard);
  let levels = NO_LEVELS;
  let attributes: Attributes = {};
  let ticket: Ticket | null = null;
  for (const [index, event] of heard.entries()) {
    levels = event.levels ?? levels;
    attributes = attributesAfter(attributes, event);
    const regime = isMatching(event) ? regimeAfter(ticket?.regime, levels, attributes, event.at) : ticket!.regime;
    if (ticket === null) ticket = blankTicket(event, regime);
    else if (regime !== ticket.regime || event.anew) ticket = change(ticket, heard.slice(0, index), event, regime);
    hear(ticket, event);
  }
  return ticket === null ? [] : allCourses(ticket);
}

// ── What holds ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** What a ticket is matched by, and when it was matched last. */
export type Holding = Pick<Regime, 'levels' | 'attributes' | 'matchedAt'>;

/** What holds after the last of these events. */
export function standing(events: readonly ClockEvent[]): Holding {
  let holding: Holding = { levels: NO_LEVELS, attributes: {}, matchedAt: -Infinity };
  for (const event of inOrder(events)) {
    if (!isMatching(event)) continue;
    const attributes = attributesAfter(holding.attributes, event);
    holding = { levels: event.levels ?? holding.levels, attributes, matchedAt: event.at };
  }
  return holding;
}

/**
 * Whether a ticket is matched to a policy at this event: its creation, and whatever says a tier, kind, priority, channel,
 * customer or service levels. Between two of them a term may begin or end: what was promised stands.
 */
function isMatching(event: ClockEvent): boolean {
  return (
    event.type === 'created' ||
    event.levels !== undefined ||
    ATTRIBUTES.some((attribute) => event[attribute] !== undefined)
  );
}

/** An event that says an attribute changes it; one that does not leaves it. */
function attributesAfter(attributes: Attributes, event: ClockEvent): Attributes {
  const said = ATTRIBUTES.filter((attribute) => event[attribute] !== undefined);
  if (said.length === 0) return attributes;
  return { ...attributes, ...Object.fromEntries(said.map((attribute) => [attribute, event[attribute]])) };
}

/** The regime that holds now: the same one while it comes to the same policy, counted on the same calendars. */
function regimeAfter(
  before: Regime | undefined,
  levels: ServiceLevels,
  attributes: Attributes,
  matchedAt: Instant,
): Regime {
  const next = newRegime(matchPolicy(levels.policies, attributes, matchedAt), { levels, attributes, matchedAt });
  if (before === undefined || before.policy !== next.policy) return next;
  if ([...next.pledges].some(([metric, pledge]) => !isSame(pledge, before.pledges.get(metric)))) return next;
  return Object.assign(before, { levels, attributes, matchedAt });
}

function isSame(one: Pledge, other: Pledge | undefined): boolean {
  return one.policy === other?.policy && one.calendar === other.calendar;
}

/** Each objective counts on its own calendar, else the policy's, else the request's. */
function newRegime(policy: Policy | null, holding: Holding): Regime {
  const pledges = new Map<Metric, Pledge>();
  const regime: Regime = { policy, ...holding, pledges };
  if (policy === null) return regime;
  for (const [metric, objective] of policy.objectives) {
    const calendar = objective.calendar ?? policy.calendar ?? holding.levels.calendar;
    pledges.set(metric, { objective, calendar, policy, regime });
  }
  return regime;
}

// ── Another policy or calendar ──────────────────────────────────────────────────────────────────────────────────────

/** The ticket after a change of regime by `event`, which is not heard yet. The new policy's `onChange` decides. */
function change(ticket: Ticket, history: readonly ClockEvent[], event: ClockEvent, regime: Regime): Ticket {
  if (regime.policy === null) {
    ticket.regime = regime;
    turnTo(ticket, event);
    for (const course of openCourses(ticket)) finish(ticket, course.metric, 'unpromised');
    return ticket;
  }
  const fresh = replay(history, regime);
  return event.anew || regime.policy.semantics.onChange === 'recompute'
    ? recompute(ticket, fresh, event)
    : fromChange(ticket, fresh, event);
}

/** The fold of a history under one regime, as if it had held since the creation. */
function replay(history: readonly ClockEvent[], regime: Regime): Ticket {
  const ticket = blankTicket(history[0]!, regime);
  for (const event of history) hear(ticket, event);
  return ticket;
}

/**
 * The whole history under the new regime, also the clocks that had stopped, unless the ticket is closed (and not asked for
 * `anew`): then what has stopped is settled and only aftercare still open is computed anew. A metric the new policy does not promise ends as
 * where no policy matches: open clocks are cancelled, met and missed ones stay listed.
 */
function recompute(old: Ticket, fresh: Ticket, event: ClockEvent): Ticket {
  const { pledges } = fresh.regime;
  const closed = old.status === 'closed' && !event.anew;
  turnTo(old, event);
  turnTo(fresh, event);
  for (const course of openCourses(old)) {
    if (!pledges.has(course.metric)) finish(old, course.metric, 'unpromised');
  }
  const settled = allCourses(old).filter(({ metric, end }) => !pledges.has(metric) || (closed && end !== null));
  const anew = closed ? openCourses(fresh).map((course) => withFreeCycle(course, settled)) : allCourses(fresh);
  for (const course of anew) note(fresh, course, 'recomputed');
  fresh.courses = Map.groupBy([...settled, ...anew], ({ metric }) => metric);
  return fresh;
}

function withFreeCycle(course: Course, settled: readonly Course[]): Course {
  const taken = settled.filter(({ metric }) => metric === course.metric).map(({ cycle }) => cycle);
  return taken.includes(course.cycle) ? { ...course, cycle: Math.max(...taken) + 1 } : course;
}

/**
 * Elapsed time stays; from here on the new promise. What the new policy would have open and is not starts here; what is
 * open and would not be ends as it would have: met where the new policy finds it met, else cancelled.
 */
function fromChange(old: Ticket, fresh: Ticket, event: ClockEvent): Ticket {
  const wanted = openCourses(fresh).map(({ metric }) => metric);
  const ticket: Ticket = { ...fresh, courses: old.courses, now: old.now };
  turnTo(ticket, event);
  for (const course of openCourses(ticket)) {
    const { metric } = course;
    const pledge = ticket.regime.pledges.get(metric);
    if (pledge === undefined) finish(ticket, metric, 'unpromised');
    else if (!wanted.includes(metric)) finish(ticket, metric, lastCourse(fresh, metric)?.end?.how ?? 'cancelled');
    else if (!isSame(pledge, lastPledge(course))) changeCourse(ticket, course, pledge);
  }
  for (const metric of wanted) begin(ticket, metric);
  changeSolved(ticket);
  return ticket;
}

function changeCourse(ticket: Ticket, course: Course, pledge: Pledge): void {
  note(ticket, course, 'changed');
  continueAs(ticket, course, pledge);
}

/** A resolution that has been met goes on under the new promise if the ticket is opened again. */
function changeSolved(ticket: Ticket): void {
  const course = lastCourse(ticket, 'resolution');
  const pledge = ticket.regime.pledges.get('resolution');
  if (!isDone(ticket.status) || course?.end?.how !== 'met' || pledge === undefined) return;
  if (isSame(pledge, course.dormant.at(-1)?.pledge)) return;
  course.dormant.push({ from: ticket.now, activity: 'suspended', pledge });
}
