/** The law of the clocks, sentence by sentence and option by option, with instants reckoned by hand; then as properties. */

import fc from 'fast-check';
import { test } from 'tap';
import { ALWAYS, type Calendar, compileCalendar, type Instant } from '../../src/rules/calendar.ts';
import {
  announce,
  type ClockEvent,
  type ClockEventType,
  type ComputedClock,
  checkHistory,
  computeClocks,
  nextInstant,
  type ServiceLevels,
  type StoredClock,
} from '../../src/rules/clocks.ts';
import { explainClock } from '../../src/rules/explanation.ts';
import {
  type CalendarRef,
  compilePolicy,
  METRICS,
  type Metric,
  type ObjectiveDefinition,
  type Policy,
  type PolicyDefinition,
  type SemanticsDefinition,
  STATUS_CATEGORIES,
} from '../../src/rules/policy.ts';

// 2027-03-01 is a Monday. The office is open on weekdays from 09:00 to 17:00 UTC, and closed on Wednesday the 10th.
const hours: [string, string][] = [['09:00', '17:00']];
const OFFICE = compileCalendar({
  timeZone: 'UTC',
  week: { mon: hours, tue: hours, wed: hours, thu: hours, fri: hours },
  holidays: ['2027-03-10'],
});

/** `'01 10:30'` -> 2027-03-01T10:30Z in epoch seconds; seconds may follow. */
function at(text: string): Instant {
  const [day, time] = text.split(' ');
  return Date.parse(`2027-03-${day}T${time!.length === 5 ? `${time}:00` : time}Z`) / 1000;
}

function text(instant: Instant | null): string | null {
  if (instant === null) return null;
  const iso = new Date(instant * 1000).toISOString();
  return `${iso.slice(8, 10)} ${iso.slice(11, 19).replace(/:00$/, '')}`;
}

function resolve(ref: CalendarRef): Calendar {
  return ref === 'always' ? ALWAYS : OFFICE;
}

function makePolicy(definition: Partial<PolicyDefinition> = {}): Policy {
  return compilePolicy({ key: 'plan', objectives: [], ...definition }, resolve);
}

function levels(...policies: Policy[]): ServiceLevels {
  return { policies, calendar: OFFICE };
}

/** The service levels of one policy that promises this. */
function promise(
  objectives: ObjectiveDefinition | ObjectiveDefinition[],
  semantics?: SemanticsDefinition,
): ServiceLevels {
  return levels(makePolicy({ objectives: [objectives].flat(), semantics }));
}

type Told = [when: string, type: ClockEventType, rest?: Partial<ClockEvent> | string];

/** Events told shortly; a text after `status_changed` is the status. */
function history(...told: Told[]): ClockEvent[] {
  return told.map(([when, type, rest]) => ({
    at: at(when),
    type,
    ...(typeof rest === 'string' ? { status: rest as 'open' } : rest),
  }));
}

/** The clock of a metric in words. */
function see(events: ClockEvent[], when: string, metric: Metric, cycle = 1) {
  const clock = computeClocks(events, at(when)).find((one) => one.metric === metric && one.cycle === cycle);
  if (clock === undefined) return null;
  const { startedAt, dueAt, warnAt, stoppedAt, breachedAt } = clock;
  return {
    ...clock,
    startedAt: text(startedAt),
    dueAt: text(dueAt),
    warnAt: warnAt?.map(text) ?? null,
    stoppedAt: text(stoppedAt),
    breachedAt: text(breachedAt),
    steps: clock.steps.map((step) => `${step.key} ${text(step.at)}`),
  };
}

interface Law {
  law: string;
  levels: ServiceLevels;
  told: Told[];
  /** What is to be seen of a clock at an instant; null: no such clock. */
  seen: [when: string, metric: Metric, expected: object | null, cycle?: number][];
}

function laws(cases: Law[]): void {
  for (const { law, levels: inForce, told, seen } of cases) {
    test(law, async (t) => {
      const events = history(...told);
      events[0]!.levels ??= inForce;
      for (const [when, metric, expected, cycle] of seen) {
        const clock = see(events, when, metric, cycle);
        const name = `${metric} ${cycle ?? 1} at ${when}`;
        if (expected === null) t.equal(clock, null, name);
        else t.match(clock ?? {}, expected, name);
      }
    });
  }
}

const HOUR = 3600;
const hour = (metric: Metric, rest: Partial<ObjectiveDefinition> = {}) => ({ metric, target: 'PT1H', ...rest });
const first = hour('first_response');
const next = hour('next_response');
const proposal = hour('proposal');
const solution = { metric: 'resolution', target: 'PT8H', pausesOn: ['pending'] };

// ── Metrics: what starts a clock and what meets it ──────────────────────────────────────────────────────────────────

laws([
  {
    law: 'a first response is due one hour after the ticket was created, and a reply meets it',
    levels: promise(first),
    told: [
      ['01 10:00', 'created'],
      ['01 10:45', 'agent_reply'],
    ],
    seen: [
      ['01 09:59', 'first_response', null],
      [
        '01 10:30',
        'first_response',
        {
          state: 'running',
          startedAt: '01 10:00',
          dueAt: '01 11:00',
          elapsedSeconds: 1800,
          target: 'PT1H',
          policyKey: 'plan',
          policyVersion: 1,
          stoppedAt: null,
        },
      ],
      [
        '01 12:00',
        'first_response',
        {
          state: 'met',
          dueAt: '01 11:00',
          elapsedSeconds: 2700,
          stoppedAt: '01 10:45',
          breached: false,
          breachedAt: null,
          warnAt: [],
        },
      ],
    ],
  },
  {
    law: 'neither a bot nor an internal note is a first response',
    levels: promise(first),
    told: [
      ['01 10:00', 'created'],
      ['01 10:01', 'bot_reply'],
      ['01 10:02', 'internal_note'],
    ],
    seen: [['01 10:30', 'first_response', { state: 'running' }]],
  },
  {
    law: 'a call that is picked up is a first response and answers the creating message',
    levels: promise([first, next]),
    told: [
      ['01 10:00', 'created'],
      ['01 10:00:09', 'contact_answered'],
      ['01 10:30', 'customer_message'],
    ],
    seen: [
      ['01 10:31', 'first_response', { state: 'met', elapsedSeconds: 9 }],
      ['01 10:31', 'next_response', { state: 'running', startedAt: '01 10:30' }],
    ],
  },
  {
    law: 'a ticket outside hours counts from the next opening',
    levels: promise(first),
    told: [['05 18:00', 'created']],
    seen: [
      ['06 12:00', 'first_response', { state: 'running', startedAt: '05 18:00', dueAt: '08 10:00', elapsedSeconds: 0 }],
    ],
  },
  {
    law: 'a reply on Saturday does not break a weekday clock, and counts no time',
    levels: promise(first),
    told: [
      ['05 16:30', 'created'],
      ['06 12:00', 'agent_reply'],
    ],
    seen: [
      ['06 12:00', 'first_response', { state: 'met', dueAt: '08 09:30', elapsedSeconds: 1800, stoppedAt: '06 12:00' }],
    ],
  },
  {
    law: 'a holiday does not count',
    levels: promise(first),
    told: [['09 16:30', 'created']],
    seen: [['10 12:00', 'first_response', { dueAt: '11 09:30', elapsedSeconds: 1800 }]],
  },
  {
    law: 'a customer message before the first reply opens no next-response clock, one after it does, once per exchange',
    levels: promise(next),
    told: [
      ['01 10:00', 'created'],
      ['01 10:05', 'customer_message'],
      ['01 10:10', 'agent_reply'],
      ['01 11:00', 'customer_message'],
      ['01 11:20', 'customer_message'],
      ['01 11:30', 'agent_reply'],
      ['01 11:40', 'agent_reply'],
      ['01 13:00', 'customer_message'],
    ],
    seen: [
      ['01 10:59', 'next_response', null],
      [
        '01 14:00',
        'next_response',
        { state: 'met', startedAt: '01 11:00', stoppedAt: '01 11:30', elapsedSeconds: 1800 },
      ],
      ['01 14:00', 'next_response', { state: 'running', startedAt: '01 13:00', dueAt: '01 14:00' }, 2],
      ['01 14:00', 'next_response', null, 3],
    ],
  },
  {
    law: 'a proposal starts when the problem is confirmed, only the first time, and two options meet it, however offered',
    levels: promise(proposal),
    told: [
      ['01 10:00', 'created'],
      ['01 10:20', 'understanding_confirmed'],
      ['01 10:30', 'options_offered', { count: 1 }],
      ['01 10:40', 'options_offered', { count: 1 }],
      ['01 10:50', 'understanding_confirmed'],
    ],
    seen: [
      ['01 10:10', 'proposal', null],
      ['01 10:35', 'proposal', { state: 'running', startedAt: '01 10:20', dueAt: '01 11:20' }],
      ['01 11:00', 'proposal', { state: 'met', stoppedAt: '01 10:40' }],
      ['01 11:00', 'proposal', null, 2],
    ],
  },
  {
    law: 'options offered before the problem is confirmed meet the proposal at its start',
    levels: promise(proposal),
    told: [
      ['01 10:00', 'created'],
      ['01 10:10', 'options_offered', { count: 3 }],
      ['01 10:20', 'understanding_confirmed'],
    ],
    seen: [['01 11:00', 'proposal', { state: 'met', startedAt: '01 10:20', stoppedAt: '01 10:20', elapsedSeconds: 0 }]],
  },
  {
    law: 'a proposal may start with the first response and want three options',
    levels: promise({ ...proposal, startsAt: 'first_response', minOptions: 3 }),
    told: [
      ['01 10:00', 'created'],
      ['01 10:10', 'contact_answered'],
      ['01 10:20', 'understanding_confirmed'],
      ['01 10:30', 'options_offered', { count: 2 }],
      ['01 10:40', 'options_offered', { count: 1 }],
    ],
    seen: [
      ['01 10:35', 'proposal', { state: 'running', startedAt: '01 10:10' }],
      ['01 10:45', 'proposal', { state: 'met', stoppedAt: '01 10:40' }],
    ],
  },
  {
    law: 'a proposal may start with the ticket',
    levels: promise({ ...proposal, startsAt: 'created' }),
    told: [['01 10:00', 'created']],
    seen: [['01 10:35', 'proposal', { state: 'running', startedAt: '01 10:00' }]],
  },
  {
    law: 'solved meets the resolution, and so does closed',
    levels: promise(solution),
    told: [
      ['01 10:00', 'created'],
      ['01 12:00', 'status_changed', 'closed'],
    ],
    seen: [
      ['01 13:00', 'resolution', { state: 'met', dueAt: '02 10:00', stoppedAt: '01 12:00', elapsedSeconds: 2 * HOUR }],
    ],
  },
  {
    law: 'each public reply while unsolved starts an update clock and meets the one before',
    levels: promise(hour('update')),
    told: [
      ['01 10:00', 'created'],
      ['01 10:10', 'agent_reply'],
      ['01 10:50', 'agent_reply'],
      ['01 12:00', 'agent_reply'],
      ['01 12:10', 'status_changed', 'solved'],
      ['01 12:20', 'agent_reply'],
    ],
    seen: [
      ['01 10:05', 'update', null],
      ['01 13:00', 'update', { state: 'met', startedAt: '01 10:10', stoppedAt: '01 10:50' }],
      [
        '01 13:00',
        'update',
        { state: 'missed', startedAt: '01 10:50', dueAt: '01 11:50', stoppedAt: '01 12:00', breachedAt: '01 11:50' },
        2,
      ],
      ['01 13:00', 'update', { state: 'met', startedAt: '01 12:00', stoppedAt: '01 12:20', elapsedSeconds: 600 }, 3],
      ['01 13:00', 'update', null, 4],
    ],
  },
  {
    law: 'a call is no public reply: the update clock runs on',
    levels: promise(hour('update')),
    told: [
      ['01 10:00', 'created'],
      ['01 10:10', 'agent_reply'],
      ['01 10:20', 'contact_answered'],
    ],
    seen: [['01 10:30', 'update', { state: 'running', startedAt: '01 10:10' }]],
  },
  {
    law: 'a follow-up starts with each entry into solved or closed, and an outcome meets it',
    levels: promise({ metric: 'follow_up', target: 'PT48H', calendar: 'always' }),
    told: [
      ['01 10:00', 'created'],
      ['01 12:00', 'status_changed', 'solved'],
      ['01 13:00', 'status_changed', 'closed'],
      ['02 12:00', 'follow_up_recorded'],
    ],
    seen: [
      ['01 12:30', 'follow_up', { state: 'running', startedAt: '01 12:00', dueAt: '03 12:00' }],
      ['01 14:00', 'follow_up', { state: 'running', startedAt: '01 12:00', elapsedSeconds: 2 * HOUR }],
      ['02 13:00', 'follow_up', { state: 'met', stoppedAt: '02 12:00' }],
      ['02 13:00', 'follow_up', null, 2],
    ],
  },
  {
    law: 'an invitation meets the survey clock; quiet period, sampling or a missing address cancels it',
    levels: promise({ metric: 'survey', target: 'P3D' }),
    told: [
      ['01 10:00', 'created'],
      ['01 12:00', 'status_changed', 'solved'],
      ['02 12:00', 'survey_sent'],
      ['02 13:00', 'status_changed', 'open'],
      ['02 14:00', 'status_changed', 'solved'],
      ['02 15:00', 'survey_suppressed'],
    ],
    seen: [
      ['01 13:00', 'survey', { state: 'running', dueAt: '04 12:00' }],
      ['02 16:00', 'survey', { state: 'met', stoppedAt: '02 12:00' }],
      [
        '02 16:00',
        'survey',
        { state: 'cancelled', startedAt: '02 14:00', stoppedAt: '02 15:00', dueAt: null, warnAt: [] },
        2,
      ],
    ],
  },
  {
    law: 'a low score starts a callback while none is open, also after closing; an outcome meets it',
    levels: promise(hour('callback')),
    told: [
      ['01 10:00', 'created'],
      ['01 10:00', 'status_changed', 'closed'],
      ['01 10:10', 'score_received', { score: 5, low: false }],
      ['01 10:20', 'score_received', { score: 1, low: true }],
      ['01 10:30', 'score_received', { score: 1, low: true }],
      ['01 10:40', 'callback_recorded'],
      ['01 10:50', 'score_received', { score: 2, low: true }],
    ],
    seen: [
      ['01 10:15', 'callback', null],
      ['01 11:00', 'callback', { state: 'met', startedAt: '01 10:20', stoppedAt: '01 10:40' }],
      ['01 11:00', 'callback', { state: 'running', startedAt: '01 10:50' }, 2],
    ],
  },
  {
    law: 'a metric that is not promised has no clock',
    levels: promise(first),
    told: [['01 10:00', 'created']],
    seen: [['01 11:00', 'resolution', null]],
  },
  {
    law: 'the clocks of escalations, feedback and side tasks are not the ticket’s',
    levels: promise([hour('escalation_contact'), hour('feedback_answer'), hour('task')]),
    told: [['01 10:00', 'created']],
    seen: [
      ['01 11:00', 'escalation_contact', null],
      ['01 11:00', 'feedback_answer', null],
      ['01 11:00', 'task', null],
    ],
  },
]);

// ── Breach, pause, suspension, aftercare ────────────────────────────────────────────────────────────────────────────

const paused = { ...solution, warnAt: [0.5] };

laws([
  {
    law: 'at its due time the promise is kept, a second later it is broken, as of the due time',
    levels: promise(first),
    told: [['01 10:00', 'created']],
    seen: [
      ['01 11:00', 'first_response', { state: 'running', breached: false, breachedAt: null, elapsedSeconds: HOUR }],
      [
        '01 11:00:01',
        'first_response',
        { state: 'running', breached: true, breachedAt: '01 11:00', elapsedSeconds: HOUR + 1 },
      ],
    ],
  },
  {
    law: 'an answer at the due time is in time',
    levels: promise(first),
    told: [
      ['01 10:00', 'created'],
      ['01 11:00', 'agent_reply'],
    ],
    seen: [['01 12:00', 'first_response', { state: 'met', breached: false, stoppedAt: '01 11:00' }]],
  },
  {
    law: 'an answer a second after the due time is missed',
    levels: promise(first),
    told: [
      ['01 10:00', 'created'],
      ['01 11:00:01', 'agent_reply'],
    ],
    seen: [
      [
        '01 12:00',
        'first_response',
        { state: 'missed', breached: true, breachedAt: '01 11:00', dueAt: '01 11:00', stoppedAt: '01 11:00:01' },
      ],
    ],
  },
  {
    law: 'due at a closing, the promise is broken by the second after it, though nobody works then',
    levels: promise(first),
    told: [['01 16:00', 'created']],
    seen: [
      ['01 17:00', 'first_response', { dueAt: '01 17:00', breached: false }],
      ['01 17:00:01', 'first_response', { breached: true, elapsedSeconds: HOUR }],
    ],
  },
  {
    law: 'while paused nothing is due; when the clock runs again what was left counts from there',
    levels: promise(paused),
    told: [
      ['01 10:00', 'created'],
      ['01 12:00', 'status_changed', 'pending'],
      ['02 12:00', 'status_changed', 'open'],
    ],
    seen: [
      ['01 11:00', 'resolution', { dueAt: '02 10:00', warnAt: ['01 14:00'] }],
      [
        '01 12:00',
        'resolution',
        { state: 'paused', dueAt: null, warnAt: null, elapsedSeconds: 2 * HOUR, pausedSeconds: 0 },
      ],
      ['01 16:00', 'resolution', { state: 'paused', dueAt: null, elapsedSeconds: 2 * HOUR, pausedSeconds: 4 * HOUR }],
      [
        '02 13:00',
        'resolution',
        {
          state: 'running',
          dueAt: '03 10:00',
          warnAt: ['02 14:00'],
          elapsedSeconds: 3 * HOUR,
          pausedSeconds: 8 * HOUR,
        },
      ],
    ],
  },
  {
    law: 'a pause at the due time leaves nothing: the promise falls due when the clock runs again',
    levels: promise(hour('resolution', { pausesOn: ['pending'] })),
    told: [
      ['01 10:00', 'created'],
      ['01 11:00', 'status_changed', 'pending'],
      ['01 12:00', 'status_changed', 'open'],
    ],
    seen: [
      ['01 11:30', 'resolution', { state: 'paused', breached: false, elapsedSeconds: HOUR }],
      ['01 12:00', 'resolution', { state: 'running', dueAt: '01 12:00', breached: false }],
      ['01 12:00:01', 'resolution', { breached: true, breachedAt: '01 12:00' }],
    ],
  },
  {
    law: 'a clock that starts while paused starts paused',
    levels: promise(hour('next_response', { pausesOn: ['pending'] })),
    told: [
      ['01 10:00', 'created'],
      ['01 10:10', 'agent_reply'],
      ['01 10:10', 'status_changed', 'pending'],
      ['01 11:00', 'customer_message'],
      ['01 12:00', 'status_changed', 'open'],
    ],
    seen: [
      [
        '01 11:30',
        'next_response',
        { state: 'paused', startedAt: '01 11:00', dueAt: null, warnAt: null, pausedSeconds: 1800 },
      ],
      [
        '01 12:30',
        'next_response',
        { state: 'running', startedAt: '01 11:00', dueAt: '01 13:00', elapsedSeconds: 1800, pausedSeconds: HOUR },
      ],
    ],
  },
  {
    law: 'a reply while paused meets the clock',
    levels: promise(hour('next_response', { pausesOn: ['pending'] })),
    told: [
      ['01 10:00', 'created', { status: 'pending' }],
      ['01 10:10', 'agent_reply'],
      ['01 11:00', 'customer_message'],
      ['01 14:00', 'agent_reply'],
    ],
    seen: [
      [
        '01 15:00',
        'next_response',
        {
          state: 'met',
          stoppedAt: '01 14:00',
          elapsedSeconds: 0,
          pausedSeconds: 3 * HOUR,
          dueAt: '01 15:00',
          warnAt: [],
        },
      ],
    ],
  },
  {
    law: 'once broken, a clock keeps its due time, also while paused and after; elapsed time goes on being counted',
    levels: promise(hour('resolution', { pausesOn: ['pending'] })),
    told: [
      ['01 10:00', 'created'],
      ['01 12:00', 'status_changed', 'pending'],
      ['01 13:00', 'status_changed', 'open'],
    ],
    seen: [
      [
        '01 12:30',
        'resolution',
        {
          state: 'paused',
          dueAt: '01 11:00',
          warnAt: null,
          breached: true,
          breachedAt: '01 11:00',
          elapsedSeconds: 2 * HOUR,
        },
      ],
      [
        '01 14:00',
        'resolution',
        { state: 'running', dueAt: '01 11:00', breached: true, elapsedSeconds: 3 * HOUR, pausedSeconds: HOUR },
      ],
    ],
  },
  {
    law: 'while solved the clocks of the work are suspended, and time solved is not paused time',
    levels: promise([hour('first_response', { pausesOn: ['pending'] }), hour('update')]),
    told: [
      ['01 10:00', 'created'],
      ['01 10:30', 'status_changed', 'solved'],
      ['01 14:00', 'status_changed', 'pending'],
      ['01 15:00', 'status_changed', 'open'],
    ],
    seen: [
      [
        '01 12:00',
        'first_response',
        { state: 'paused', dueAt: null, warnAt: null, elapsedSeconds: 1800, pausedSeconds: 0 },
      ],
      ['01 14:30', 'first_response', { state: 'paused', elapsedSeconds: 1800, pausedSeconds: 1800 }],
      [
        '01 15:10',
        'first_response',
        { state: 'running', dueAt: '01 15:30', elapsedSeconds: 2400, pausedSeconds: HOUR },
      ],
    ],
  },
  {
    law: 'a reply that meets a suspended clock counts',
    levels: promise(first),
    told: [
      ['01 10:00', 'created'],
      ['01 10:30', 'status_changed', 'solved'],
      ['01 16:00', 'agent_reply'],
    ],
    seen: [['01 16:30', 'first_response', { state: 'met', elapsedSeconds: 1800, stoppedAt: '01 16:00' }]],
  },
  {
    law: 'a customer message while solved changes no status here: its clock starts suspended',
    levels: promise([first, next]),
    told: [
      ['01 10:00', 'created'],
      ['01 10:10', 'agent_reply'],
      ['01 10:30', 'status_changed', 'solved'],
      ['01 11:00', 'customer_message'],
      ['01 12:00', 'status_changed', 'open'],
    ],
    seen: [
      ['01 11:30', 'next_response', { state: 'paused', startedAt: '01 11:00', dueAt: null, pausedSeconds: 0 }],
      [
        '01 12:15',
        'next_response',
        { state: 'running', startedAt: '01 11:00', dueAt: '01 13:00', elapsedSeconds: 900 },
      ],
    ],
  },
  {
    law: 'closing cancels what is suspended, from solved as from open, and no aftercare',
    levels: promise([first, proposal, hour('update'), hour('follow_up'), hour('survey')]),
    told: [
      ['01 10:00', 'created'],
      ['01 10:10', 'understanding_confirmed'],
      ['01 10:30', 'status_changed', 'solved'],
      ['01 11:00', 'status_changed', 'closed'],
    ],
    seen: [
      [
        '01 11:10',
        'first_response',
        { state: 'cancelled', stoppedAt: '01 11:00', elapsedSeconds: 1800, dueAt: null, warnAt: [] },
      ],
      ['01 11:10', 'proposal', { state: 'cancelled', stoppedAt: '01 11:00' }],
      ['01 11:10', 'follow_up', { state: 'running', elapsedSeconds: 2400, dueAt: '01 11:30' }],
      ['01 11:10', 'survey', { state: 'running' }],
    ],
  },
  {
    law: 'closing an open ticket cancels its work clocks at once, paused or not; a breach is not undone',
    levels: promise([first, hour('proposal', { startsAt: 'created', pausesOn: ['pending'] })]),
    told: [
      ['01 10:00', 'created'],
      ['01 10:30', 'status_changed', 'pending'],
      ['01 12:00', 'status_changed', 'closed'],
    ],
    seen: [
      [
        '01 13:00',
        'first_response',
        { state: 'cancelled', stoppedAt: '01 12:00', breached: true, breachedAt: '01 11:00', dueAt: '01 11:00' },
      ],
      ['01 13:00', 'proposal', { state: 'cancelled', stoppedAt: '01 12:00', breached: false, dueAt: null }],
    ],
  },
  {
    law: 'a reopening cancels follow-up and survey, and the next solution begins their next cycle; a callback runs on',
    levels: promise([hour('follow_up'), hour('survey'), hour('callback')]),
    told: [
      ['01 10:00', 'created'],
      ['01 10:30', 'status_changed', 'solved'],
      ['01 10:40', 'score_received', { low: true }],
      ['01 11:00', 'status_changed', 'open'],
      ['01 12:00', 'status_changed', 'solved'],
    ],
    seen: [
      ['01 11:10', 'follow_up', { state: 'cancelled', stoppedAt: '01 11:00', dueAt: null }],
      ['01 11:10', 'survey', { state: 'cancelled', stoppedAt: '01 11:00' }],
      ['01 11:10', 'callback', { state: 'running', dueAt: '01 11:40' }],
      ['01 12:10', 'follow_up', { state: 'running', startedAt: '01 12:00' }, 2],
      ['01 12:10', 'survey', { state: 'running', startedAt: '01 12:00' }, 2],
      ['01 12:10', 'callback', { state: 'running', breached: true }],
    ],
  },
  {
    law: 'a callback pauses on the categories its objective names, like any clock',
    levels: promise(hour('callback', { pausesOn: ['pending'] })),
    told: [
      ['01 10:00', 'created', { status: 'pending' }],
      ['01 10:30', 'score_received', { low: true }],
    ],
    seen: [['01 11:00', 'callback', { state: 'paused', pausedSeconds: 1800 }]],
  },
  {
    law: 'a ticket created solved is solved: its resolution is met at once and its aftercare begins',
    levels: promise([first, solution, hour('follow_up')]),
    told: [['01 10:00', 'created', { status: 'solved' }]],
    seen: [
      ['01 11:00', 'first_response', { state: 'paused', elapsedSeconds: 0 }],
      ['01 11:00', 'resolution', { state: 'met', elapsedSeconds: 0, stoppedAt: '01 10:00' }],
      ['01 11:00', 'follow_up', { state: 'running', startedAt: '01 10:00' }],
    ],
  },
]);

test('a history begins with its creation, once, and ends with closed but for aftercare and what surrounds the ticket', async (t) => {
  const closed: Told[] = [
    ['01 10:00', 'created'],
    ['01 11:00', 'status_changed', 'closed'],
  ];
  const refused = [
    'agent_reply',
    'customer_message',
    'bot_reply',
    'internal_note',
    'contact_answered',
    'options_offered',
  ];
  for (const type of [
    ...refused,
    'understanding_confirmed',
    'status_changed',
    'priority_changed',
    'kind_changed',
  ] as const) {
    const events = history(...closed, ['01 12:00', type as ClockEventType]);
    t.throws(
      () => computeClocks(events, at('02 10:00')),
      { code: 'validation_failed', errors: [{ path: 'events.2', code: 'ticket_closed' }] },
      type,
    );
    t.doesNotThrow(() => computeClocks(events, at('01 11:30')), `${type} has not happened yet`);
    t.throws(() => checkHistory(events), { code: 'validation_failed' }, `${type} is refused before it happens`);
  }
  for (const type of [
    'follow_up_recorded',
    'survey_sent',
    'survey_suppressed',
    'score_received',
    'callback_recorded',
    'tier_changed',
    'policy_changed',
    'calendar_changed',
  ] as const) {
    t.doesNotThrow(() => computeClocks(history(...closed, ['01 12:00', type]), at('02 10:00')), type);
  }
  t.throws(() => computeClocks(history(['01 10:00', 'agent_reply'], ['01 11:00', 'created']), at('02 10:00')), {
    errors: [{ path: 'events.0', code: 'not_created' }],
  });
  t.throws(() => computeClocks(history(['01 10:00', 'created'], ['01 11:00', 'created']), at('02 10:00')), {
    errors: [{ path: 'events.1', code: 'created_twice' }],
  });
  t.strictSame(computeClocks([], at('02 10:00')), []);
});

test('events may come in any order of their instants; equal instants keep their order in the list', async (t) => {
  const told: Told[] = [
    ['01 11:00', 'status_changed', 'solved'],
    ['01 10:00', 'created', { levels: promise([first, solution]) }],
    ['01 11:00', 'status_changed', 'open'],
    ['01 10:30', 'agent_reply'],
  ];
  t.match(see(history(...told), '01 12:00', 'resolution'), { state: 'running', elapsedSeconds: 2 * HOUR });
  t.match(see(history(...told), '01 12:00', 'first_response'), { stoppedAt: '01 10:30' });
  const [solved, created, opened, reply] = history(...told) as [ClockEvent, ClockEvent, ClockEvent, ClockEvent];
  t.match(see([opened, created, solved, reply], '01 12:00', 'resolution'), { state: 'met', stoppedAt: '01 11:00' });
});

test('clocks are listed in the order of the metrics, then by cycle', async (t) => {
  const all = promise([
    hour('callback'),
    hour('update'),
    solution,
    proposal,
    hour('survey'),
    hour('follow_up'),
    next,
    first,
  ]);
  const events = history(
    ['01 10:00', 'created', { levels: all }],
    ['01 10:10', 'agent_reply'],
    ['01 10:20', 'customer_message'],
    ['01 10:30', 'agent_reply'],
    ['01 10:40', 'understanding_confirmed'],
    ['01 10:50', 'status_changed', 'solved'],
    ['01 11:00', 'score_received', { low: true }],
  );
  t.strictSame(
    computeClocks(events, at('01 12:00')).map(({ metric, cycle }) => `${metric} ${cycle}`),
    [
      'first_response 1',
      'next_response 1',
      'proposal 1',
      'resolution 1',
      'update 1',
      'update 2',
      'follow_up 1',
      'survey 1',
      'callback 1',
    ],
  );
});
