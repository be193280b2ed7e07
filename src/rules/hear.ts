/** What each event does to a ticket's clocks: the table of metrics, read by event. */

import {
  begin,
  type Course,
  continueAs,
  finish,
  isDone,
  lastCourse,
  lastPledge,
  note,
  openCourse,
  openCourses,
  semanticsOf,
  type Ticket,
  turnTo,
  WORK,
} from './course.ts';
import type { ClockEvent, ClockEventType } from './history.ts';
import type { ProposalStart } from './objective.ts';
import type { StatusCategory } from './semantics.ts';

export function hear(ticket: Ticket, event: ClockEvent): void {
  turnTo(ticket, event);
  ON[event.type](ticket, event);
}

/** A metric that no policy promises has no clock: to begin or finish it does nothing. */
const ON: Record<ClockEventType, (ticket: Ticket, event: ClockEvent) => void> = {
  created,
  customer_message: customerMessage,
  agent_reply: agentReply,
  contact_answered: respond,
  understanding_confirmed: understandingConfirmed,
  options_offered: optionsOffered,
  status_changed: statusChanged,
  follow_up_recorded: (ticket) => finish(ticket, 'follow_up', 'met'),
  survey_sent: (ticket) => finish(ticket, 'survey', 'met'),
  survey_suppressed: (ticket) => finish(ticket, 'survey', 'cancelled'),
  score_received: (ticket, { low }) => {
    if (low) begin(ticket, 'callback');
  },
  callback_recorded: (ticket) => finish(ticket, 'callback', 'met'),
  // Seen by nobody outside, or by no person: neither is a reply.
  internal_note: () => {},
  bot_reply: () => {},
  // What these change is found before the event is heard: see `change`.
  priority_changed: () => {},
  tier_changed: () => {},
  kind_changed: () => {},
  policy_changed: () => {},
  calendar_changed: () => {},
};

function created(ticket: Ticket, { by, status = 'new' }: ClockEvent): void {
  const { createdByAgent, nextResponseIncludesFirst } = semanticsOf(ticket);
  ticket.status = status;
  if (by !== 'agent' || createdByAgent === 'expectsResponse') {
    ticket.awaitsFirst = true;
    ticket.owing = true;
    begin(ticket, 'first_response');
    if (nextResponseIncludesFirst) begin(ticket, 'next_response');
  }
  begin(ticket, 'resolution');
  beginProposalAt(ticket, 'created');
  if (isDone(status)) solve(ticket);
  if (status === 'closed') close(ticket);
}

/** One cycle per exchange: further messages before the reply open no clock of their own. */
function customerMessage(ticket: Ticket): void {
  if (ticket.owing) return;
  ticket.owing = true;
  begin(ticket, 'next_response');
}

function agentReply(ticket: Ticket): void {
  respond(ticket);
  finish(ticket, 'update', 'met');
  if (!isDone(ticket.status)) begin(ticket, 'update');
}

/** Whatever counts as the first response answers the creating message, also where no first response is promised. */
function respond(ticket: Ticket): void {
  finish(ticket, 'first_response', 'met');
  finish(ticket, 'next_response', 'met');
  ticket.awaitsFirst = false;
  ticket.owing = false;
  if (ticket.responded) return;
  ticket.responded = true;
  beginProposalAt(ticket, 'first_response');
}

function understandingConfirmed(ticket: Ticket): void {
  if (ticket.confirmed) return;
  ticket.confirmed = true;
  beginProposalAt(ticket, 'understanding_confirmed');
}

function beginProposalAt(ticket: Ticket, start: ProposalStart): void {
  if (ticket.regime.pledges.get('proposal')?.objective.startsAt !== start) return;
  begin(ticket, 'proposal');
  meetProposal(ticket);
}

function optionsOffered(ticket: Ticket, { count = 1 }: ClockEvent): void {
  ticket.optionsOffered += count;
  meetProposal(ticket);
}

function meetProposal(ticket: Ticket): void {
  const enough = ticket.regime.pledges.get('proposal')?.objective.minOptions ?? Infinity;
  if (ticket.optionsOffered >= enough) finish(ticket, 'proposal', 'met');
}

function statusChanged(ticket: Ticket, { status = ticket.status }: ClockEvent): void {
  if (ticket.awaitsFirst && semanticsOf(ticket).firstResponseBy.includes(status)) respond(ticket);
  enter(ticket, status);
}

/** The ticket is in this category from now on; solved and closed count as one when entered or left. */
function enter(ticket: Ticket, status: StatusCategory): void {
  const before = ticket.status;
  ticket.status = status;
  if (isDone(status) && !isDone(before)) solve(ticket);
  if (!isDone(status) && isDone(before)) reopen(ticket, before);
  if (status === 'closed') close(ticket);
  for (const course of openCourses(ticket)) continueAs(ticket, course, lastPledge(course));
}

function solve(ticket: Ticket): void {
  const resolution = openCourse(ticket, 'resolution');
  finish(ticket, 'resolution', 'met');
  if (resolution) resolution.dormant = [{ from: ticket.now, activity: 'suspended', pledge: lastPledge(resolution) }];
  begin(ticket, 'follow_up');
  begin(ticket, 'survey');
}

function close(ticket: Ticket): void {
  for (const metric of WORK) finish(ticket, metric, 'cancelled');
}

function reopen(ticket: Ticket, before: StatusCategory): void {
  finish(ticket, 'follow_up', 'cancelled');
  finish(ticket, 'survey', 'cancelled');
  reopenResolution(ticket);
  if (semanticsOf(ticket).onReopen !== 'count') return;
  for (const course of openCourses(ticket)) countSuspension(course, before);
}

/** Resolution goes on, or begins its next cycle: always under `restart`, else where none was met. */
function reopenResolution(ticket: Ticket): void {
  if (!ticket.regime.pledges.has('resolution')) return;
  const last = lastCourse(ticket, 'resolution');
  if (semanticsOf(ticket).onReopen === 'restart' || last?.end?.how !== 'met') {
    begin(ticket, 'resolution');
    return;
  }
  last.spells.push(...last.dormant);
  last.dormant = [];
  last.end = null;
  note(ticket, last, 'reopened');
}

/** As if the clock had never stopped: what it was suspended for, it ran (or paused, where that category pauses it). */
function countSuspension(course: Course, status: StatusCategory): void {
  const { spells } = course;
  for (let i = spells.length - 1; i >= 0 && spells[i]!.activity === 'suspended'; i--) {
    const spell = spells[i]!;
    spells[i] = { ...spell, activity: spell.pledge.objective.pausesOn.has(status) ? 'paused' : 'running' };
  }
}
