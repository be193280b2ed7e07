/** The telling of a clock in English. */

import { GLUE } from './columns.ts';
import type { Metric } from './objective.ts';
import type { Standing, Words } from './telling-words.ts';

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

const METRIC: Record<Metric, { name: string; thing: string }> = {
  first_response: { name: 'First response', thing: 'a first response' },
  next_response: { name: 'Next response', thing: 'a reply' },
  proposal: { name: 'Proposal', thing: 'a proposal' },
  resolution: { name: 'Resolution', thing: 'a resolution' },
  update: { name: 'Update', thing: 'an update' },
  follow_up: { name: 'Follow-up', thing: 'a follow-up' },
  survey: { name: 'Survey', thing: 'a survey' },
  callback: { name: 'Callback', thing: 'a call back' },
  escalation_contact: { name: 'Contact after an escalation', thing: 'a contact after the escalation' },
  feedback_answer: { name: 'Answer to feedback', thing: 'an answer to the feedback' },
  task: { name: 'Task', thing: 'the completion of a task' },
};

function standingWord(standing: Standing): string {
  if (standing.is === 'overdue') return standing.paused ? 'broken, paused' : 'broken, not met yet';
  return {
    running: 'running',
    paused: 'paused',
    solved: 'waiting while the ticket is solved',
    met: 'kept',
    missed: 'broken, met late',
    cancelled: 'cancelled',
  }[standing.is];
}

function standingSentence(standing: Standing): string {
  switch (standing.is) {
    case 'running':
      return `${standing.passed} passed so far, ${standing.left} left`;
    case 'paused':
      return `it is paused with ${standing.passed} passed and ${standing.left} left`;
    case 'solved':
      return `it waits while the ticket is solved, with ${standing.passed} passed and ${standing.left} left`;
    case 'overdue': {
      const overdue = standing.by === null ? 'it was not kept' : `it was not kept and is overdue by ${standing.by}`;
      return standing.paused ? `${overdue}, and paused now` : overdue;
    }
    case 'met':
      return `it was met on ${standing.at}, with ${standing.left} to spare`;
    case 'missed':
      return `it was met only on ${standing.at}, ${standing.by === null ? 'late' : `${standing.by} late`}`;
    case 'cancelled':
      return `it was cancelled on ${standing.at}, after ${standing.passed}`;
  }
}

export const EN: Words = {
  instant: ({ date, weekday, time }) => `${WEEKDAYS[weekday]}${GLUE}${date}${GLUE}${time}`,
  shortInstant: ({ date, weekday, time }) => `${WEEKDAYS[weekday]}${GLUE}${date.slice(5)}${GLUE}${time}`,
  day: ({ date, weekday }) => `${WEEKDAYS[weekday]} ${date}`,
  days: (first, last) => `${WEEKDAYS[first.weekday]} ${first.date} - ${WEEKDAYS[last.weekday]} ${last.date.slice(5)}`,
  weekOf: ({ date }) => `week of ${date}`,
  span(hours, minutes, seconds) {
    const parts = [
      hours > 0 ? `${hours} h` : '',
      minutes > 0 ? `${minutes} min` : '',
      seconds > 0 ? `${seconds} s` : '',
    ];
    return (parts.filter((part) => part !== '').join(' ') || '0 min').replaceAll(' ', GLUE);
  },
  workingDays: (days) => (days === 1 ? '1 working day' : `${days} working days`),
  called: (name, key) => `${name} (${key})`,
  list: (items) => items.join(', '),

  title: (number, subject) => `Ticket #${number}: ${subject}`,
  headline: (metric, cycle, standing) =>
    `${METRIC[metric].name}${cycle > 1 ? `, cycle ${cycle}` : ''}: ${standingWord(standing)}`,
  summary: ({ metric, customer, target, calendar, due, standing }) =>
    `${customer ?? 'The customer'} was promised ${METRIC[metric].thing} within ${target} (${calendar})` +
    `${due === null ? '' : `, until ${due}`}; ${standingSentence(standing)}.`,
  times: (zone, offsets, asOf) => `Times in ${zone} (${offsets}), as of ${asOf}.`,

  headings: {
    promised: 'What was promised',
    why: 'Why this policy',
    how: 'How the time went',
    ahead: 'What comes next, if nothing else happens',
  },
  promised: { policy: 'policy', target: 'target', calendar: 'calendar', pauses: 'pauses', options: 'options' },
  policy: (name, key, version) => `${name === key ? key : `${name} (${key})`}, version${GLUE}${version}`,
  always: 'around the clock',
  calendar: (name, key, zone) => `${name === key ? key : `${name} (${key})`}, in ${zone}`,
  pauses: (statuses) => (statuses.length === 0 ? 'never' : `while the ticket is ${statuses.join(' or ')}`),
  option: {
    'onReopen=count': 'time while solved counts when the ticket is reopened',
    'onReopen=restart': 'a reopening begins the next cycle',
    'onChange=fromChange': 'a change of the promise counts from the change on',
    'hold=wall': 'a pause moves the due time by its length on the wall clock',
    'hold=hideDue': 'a pause only hides the due time; paused time counts',
    'atClosing=next_opening': 'what ends at a closing is due at the next opening',
    'granularity=minute': 'events are cut to the minute',
  },

  metric: METRIC,
  attribute: { customer: 'customer', tier: 'tier', kind: 'kind', channel: 'channel', priority: 'priority' },
  matched: { named: 'named', any: 'any' },
  none: 'none',
  onlyMatch: 'No other policy matches.',
  losers: (number) =>
    number === 1 ? 'One other policy matches and loses:' : `${number} other policies match and lose:`,
  loses: {
    names_customer: 'does not name the customer',
    most_specific: 'names less of the ticket',
    lowest_position: 'as specific, but its position is higher',
    first_key: 'as specific, at the same position, with a later key',
  },
  more: (number) => `and ${number} more`,
  passedOver: 'Before it, but not in force when the ticket was matched:',
  outsideTerm: { upcoming: 'its term had not begun', ended: 'its term had ended' },

  label: {
    open: 'open',
    paused: 'paused',
    solved: 'solved',
    outside_hours: 'off hours',
    holiday: 'holiday',
  },
  columns: { when: 'from - to', length: 'length', counted: 'counted', closed: 'closed' },
  upTo: (instant) => `until ${instant}`,
  total: (parts) => `In all: ${parts.join(', ')}.`,
  status: { new: 'new', open: 'open', pending: 'pending', on_hold: 'on hold', solved: 'solved', closed: 'closed' },
  priority: { low: 'low', normal: 'normal', high: 'high', urgent: 'urgent' },
  now: 'now',
  elided: (number) => `(${number} more on the way)`,
  warning: (percent) => `${percent} of the target used`,
  escalation: (percent) => (percent === null ? 'escalation after due' : `escalation at ${percent} of the target`),
  escalates: 'escalation',
  due: 'due',
  broken: 'broken: due and not kept',

  event: {
    customer_message: 'the customer wrote',
    agent_reply: 'public reply',
    internal_note: 'internal note',
    bot_reply: 'reply of a bot',
    contact_answered: 'call answered',
    understanding_confirmed: 'problem confirmed',
    policy_changed: 'service levels changed',
    calendar_changed: 'calendar changed',
    follow_up_recorded: 'follow-up recorded',
    survey_sent: 'survey sent',
    survey_suppressed: 'survey held back',
    score_received: 'low score received',
    callback_recorded: 'call back recorded',
  },
  valued: {
    created: (byAgent) => (byAgent ? 'opened by the desk' : 'ticket created'),
    options_offered: (count) => (count === 1 ? '1 option offered' : `${count} options offered`),
    status_changed: (status) => `status ${status}`,
    priority_changed: (priority) => `priority ${priority}`,
    tier_changed: (tier) => `tier ${tier}`,
    kind_changed: (kind) => `kind ${kind}`,
  },
  effect: {
    started: 'starts',
    paused: 'pauses',
    suspended: 'waits',
    resumed: 'runs again',
    reopened: 'goes on',
    changed: 'goes on',
    recomputed: 'counted anew from the start',
    met: 'met',
    cancelled: 'cancelled',
  },
  metLate: 'met, too late',
  startsPaused: 'starts, paused',
  dueAt: (instant) => `due ${instant}`,
  under: (effect, policy) => `${effect} by ${policy}`,
  before: (policy, due) => ` (before: ${policy}${due === null ? '' : `, due ${due}`})`,
  move: (event, effects, before) => `${event}: ${effects.join(', ')}${before}`,
};
