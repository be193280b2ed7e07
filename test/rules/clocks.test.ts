/** The law of the clocks, sentence by sentence and option by option, with instants reckoned by hand; then as properties. */

import fc from 'fast-check';
import { test } from 'tap';
import { between } from '../../src/rules/business-time.ts';
import { ALWAYS, type Calendar, compileCalendar, type Instant } from '../../src/rules/calendar.ts';
import {
  announce,
  type ClockEvent,
  type ClockEventType,
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

/** `'01 10:00 created tier=core'`; the service levels, which are no text, come beside it. */
type Told = string | [told: string, levels: ServiceLevels];

function history(...told: Told[]): ClockEvent[] {
  return told.map((one) => {
    const [line, inForce] = typeof one === 'string' ? [one] : one;
    const [day, time, type, ...rest] = line.split(' ');
    const details = rest
      .map((detail) => detail.split('='))
      .map(([key, value]) => [key, DETAILS[key!]?.(value!) ?? value]);
    return { at: at(`${day} ${time}`), type: type as ClockEventType, levels: inForce, ...Object.fromEntries(details) };
  });
}

const DETAILS: Record<string, (value: string) => unknown> = {
  count: Number,
  score: Number,
  low: (value) => value === 'true',
  anew: (value) => value === 'true',
};

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
    told: ['01 10:00 created', '01 10:45 agent_reply'],
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
    told: ['01 10:00 created', '01 10:01 bot_reply', '01 10:02 internal_note'],
    seen: [['01 10:30', 'first_response', { state: 'running' }]],
  },
  {
    law: 'a call that is picked up is a first response and answers the creating message',
    levels: promise([first, next]),
    told: ['01 10:00 created', '01 10:00:09 contact_answered', '01 10:30 customer_message'],
    seen: [
      ['01 10:31', 'first_response', { state: 'met', elapsedSeconds: 9 }],
      ['01 10:31', 'next_response', { state: 'running', startedAt: '01 10:30' }],
    ],
  },
  {
    law: 'a ticket outside hours counts from the next opening',
    levels: promise(first),
    told: ['05 18:00 created'],
    seen: [
      ['06 12:00', 'first_response', { state: 'running', startedAt: '05 18:00', dueAt: '08 10:00', elapsedSeconds: 0 }],
    ],
  },
  {
    law: 'a reply on Saturday does not break a weekday clock, and counts no time',
    levels: promise(first),
    told: ['05 16:30 created', '06 12:00 agent_reply'],
    seen: [
      ['06 12:00', 'first_response', { state: 'met', dueAt: '08 09:30', elapsedSeconds: 1800, stoppedAt: '06 12:00' }],
    ],
  },
  {
    law: 'a holiday does not count',
    levels: promise(first),
    told: ['09 16:30 created'],
    seen: [['10 12:00', 'first_response', { dueAt: '11 09:30', elapsedSeconds: 1800 }]],
  },
  {
    law: 'a customer message before the first reply opens no next-response clock, one after it does, once per exchange',
    levels: promise(next),
    told: [
      '01 10:00 created',
      '01 10:05 customer_message',
      '01 10:10 agent_reply',
      '01 11:00 customer_message',
      '01 11:20 customer_message',
      '01 11:30 agent_reply',
      '01 11:40 agent_reply',
      '01 13:00 customer_message',
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
      '01 10:00 created',
      '01 10:20 understanding_confirmed',
      '01 10:30 options_offered count=1',
      '01 10:40 options_offered count=1',
      '01 10:50 understanding_confirmed',
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
    told: ['01 10:00 created', '01 10:10 options_offered count=3', '01 10:20 understanding_confirmed'],
    seen: [['01 11:00', 'proposal', { state: 'met', startedAt: '01 10:20', stoppedAt: '01 10:20', elapsedSeconds: 0 }]],
  },
  {
    law: 'a proposal may start with the first response and want three options',
    levels: promise({ ...proposal, startsAt: 'first_response', minOptions: 3 }),
    told: [
      '01 10:00 created',
      '01 10:10 contact_answered',
      '01 10:20 understanding_confirmed',
      '01 10:30 options_offered count=2',
      '01 10:40 options_offered count=1',
    ],
    seen: [
      ['01 10:35', 'proposal', { state: 'running', startedAt: '01 10:10' }],
      ['01 10:45', 'proposal', { state: 'met', stoppedAt: '01 10:40' }],
    ],
  },
  {
    law: 'a proposal may start with the ticket',
    levels: promise({ ...proposal, startsAt: 'created' }),
    told: ['01 10:00 created'],
    seen: [['01 10:35', 'proposal', { state: 'running', startedAt: '01 10:00' }]],
  },
  {
    law: 'solved meets the resolution, and so does closed',
    levels: promise(solution),
    told: ['01 10:00 created', '01 12:00 status_changed status=closed'],
    seen: [
      ['01 13:00', 'resolution', { state: 'met', dueAt: '02 10:00', stoppedAt: '01 12:00', elapsedSeconds: 2 * HOUR }],
    ],
  },
  {
    law: 'each public reply while unsolved starts an update clock and meets the one before',
    levels: promise(hour('update')),
    told: [
      '01 10:00 created',
      '01 10:10 agent_reply',
      '01 10:50 agent_reply',
      '01 12:00 agent_reply',
      '01 12:10 status_changed status=solved',
      '01 12:20 agent_reply',
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
    told: ['01 10:00 created', '01 10:10 agent_reply', '01 10:20 contact_answered'],
    seen: [['01 10:30', 'update', { state: 'running', startedAt: '01 10:10' }]],
  },
  {
    law: 'a follow-up starts with each entry into solved or closed, and an outcome meets it',
    levels: promise({ metric: 'follow_up', target: 'PT48H', calendar: 'always' }),
    told: [
      '01 10:00 created',
      '01 12:00 status_changed status=solved',
      '01 13:00 status_changed status=closed',
      '02 12:00 follow_up_recorded',
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
      '01 10:00 created',
      '01 12:00 status_changed status=solved',
      '02 12:00 survey_sent',
      '02 13:00 status_changed status=open',
      '02 14:00 status_changed status=solved',
      '02 15:00 survey_suppressed',
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
      '01 10:00 created',
      '01 10:00 status_changed status=closed',
      '01 10:10 score_received score=5 low=false',
      '01 10:20 score_received score=1 low=true',
      '01 10:30 score_received score=1 low=true',
      '01 10:40 callback_recorded',
      '01 10:50 score_received score=2 low=true',
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
    told: ['01 10:00 created'],
    seen: [['01 11:00', 'resolution', null]],
  },
  {
    law: 'the clocks of escalations, feedback and side tasks are not the ticket’s',
    levels: promise([hour('escalation_contact'), hour('feedback_answer'), hour('task')]),
    told: ['01 10:00 created'],
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
    told: ['01 10:00 created'],
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
    told: ['01 10:00 created', '01 11:00 agent_reply'],
    seen: [['01 12:00', 'first_response', { state: 'met', breached: false, stoppedAt: '01 11:00' }]],
  },
  {
    law: 'an answer a second after the due time is missed',
    levels: promise(first),
    told: ['01 10:00 created', '01 11:00:01 agent_reply'],
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
    told: ['01 16:00 created'],
    seen: [
      ['01 17:00', 'first_response', { dueAt: '01 17:00', breached: false }],
      ['01 17:00:01', 'first_response', { breached: true, elapsedSeconds: HOUR }],
    ],
  },
  {
    law: 'while paused nothing is due; when the clock runs again what was left counts from there',
    levels: promise(paused),
    told: ['01 10:00 created', '01 12:00 status_changed status=pending', '02 12:00 status_changed status=open'],
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
    told: ['01 10:00 created', '01 11:00 status_changed status=pending', '01 12:00 status_changed status=open'],
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
      '01 10:00 created',
      '01 10:10 agent_reply',
      '01 10:10 status_changed status=pending',
      '01 11:00 customer_message',
      '01 12:00 status_changed status=open',
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
      '01 10:00 created status=pending',
      '01 10:10 agent_reply',
      '01 11:00 customer_message',
      '01 14:00 agent_reply',
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
    told: ['01 10:00 created', '01 12:00 status_changed status=pending', '01 13:00 status_changed status=open'],
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
      '01 10:00 created',
      '01 10:30 status_changed status=solved',
      '01 14:00 status_changed status=pending',
      '01 15:00 status_changed status=open',
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
    told: ['01 10:00 created', '01 10:30 status_changed status=solved', '01 16:00 agent_reply'],
    seen: [['01 16:30', 'first_response', { state: 'met', elapsedSeconds: 1800, stoppedAt: '01 16:00' }]],
  },
  {
    law: 'a customer message while solved changes no status here: its clock starts suspended',
    levels: promise([first, next]),
    told: [
      '01 10:00 created',
      '01 10:10 agent_reply',
      '01 10:30 status_changed status=solved',
      '01 11:00 customer_message',
      '01 12:00 status_changed status=open',
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
      '01 10:00 created',
      '01 10:10 understanding_confirmed',
      '01 10:30 status_changed status=solved',
      '01 11:00 status_changed status=closed',
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
    told: ['01 10:00 created', '01 10:30 status_changed status=pending', '01 12:00 status_changed status=closed'],
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
      '01 10:00 created',
      '01 10:30 status_changed status=solved',
      '01 10:40 score_received low=true',
      '01 11:00 status_changed status=open',
      '01 12:00 status_changed status=solved',
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
    told: ['01 10:00 created status=pending', '01 10:30 score_received low=true'],
    seen: [['01 11:00', 'callback', { state: 'paused', pausedSeconds: 1800 }]],
  },
  {
    law: 'a ticket created solved is solved: its resolution is met at once and its aftercare begins',
    levels: promise([first, solution, hour('follow_up')]),
    told: ['01 10:00 created status=solved'],
    seen: [
      ['01 11:00', 'first_response', { state: 'paused', elapsedSeconds: 0 }],
      ['01 11:00', 'resolution', { state: 'met', elapsedSeconds: 0, stoppedAt: '01 10:00' }],
      ['01 11:00', 'follow_up', { state: 'running', startedAt: '01 10:00' }],
    ],
  },
  {
    law: 'a ticket created solved never was new: what pauses on new has not paused it',
    levels: promise({ metric: 'resolution', target: 'P1D', pausesOn: ['new'] }),
    told: ['01 08:00 created status=solved'],
    seen: [['01 09:00', 'resolution', { state: 'met', stoppedAt: '01 08:00', dueAt: '02 09:00' }]],
  },
  {
    law: 'a clock that is met at the instant it was paused at has waited for nothing',
    levels: promise({ metric: 'first_response', target: 'P1D', pausesOn: ['pending'] }),
    told: ['01 08:00 created', '01 08:30 status_changed status=pending', '01 08:30 agent_reply'],
    seen: [['01 09:00', 'first_response', { state: 'met', stoppedAt: '01 08:30', dueAt: '02 09:00' }]],
  },
]);

test('a history begins with its creation, once, and ends with closed but for aftercare and what surrounds the ticket', async (t) => {
  const closed: Told[] = ['01 10:00 created', '01 11:00 status_changed status=closed'];
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
    const events = history(...closed, `01 12:00 ${type}`);
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
    t.doesNotThrow(() => computeClocks(history(...closed, `01 12:00 ${type}`), at('02 10:00')), type);
  }
  t.throws(() => computeClocks(history('01 10:00 agent_reply', '01 11:00 created'), at('02 10:00')), {
    errors: [{ path: 'events.0', code: 'not_created' }],
  });
  t.throws(() => computeClocks(history('01 10:00 created', '01 11:00 created'), at('02 10:00')), {
    errors: [{ path: 'events.1', code: 'created_twice' }],
  });
  t.strictSame(computeClocks([], at('02 10:00')), []);
});

test('events may come in any order of their instants; equal instants keep their order in the list', async (t) => {
  const told: Told[] = [
    '01 11:00 status_changed status=solved',
    ['01 10:00 created', promise([first, solution])],
    '01 11:00 status_changed status=open',
    '01 10:30 agent_reply',
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
    ['01 10:00 created', all],
    '01 10:10 agent_reply',
    '01 10:20 customer_message',
    '01 10:30 agent_reply',
    '01 10:40 understanding_confirmed',
    '01 10:50 status_changed status=solved',
    '01 11:00 score_received low=true',
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

// ── Semantics: each option value ────────────────────────────────────────────────────────────────────────────────────

const reopened: Told[] = [
  '01 10:00 created',
  '01 12:00 status_changed status=solved',
  '01 15:00 status_changed status=open',
];
const twoHours = { metric: 'first_response', target: 'PT3H' };

laws([
  {
    law: 'onReopen resume: time while solved does not count, for the resolution as for suspended clocks',
    levels: promise([twoHours, solution]),
    told: [...reopened],
    seen: [
      ['01 13:00', 'resolution', { state: 'met', stoppedAt: '01 12:00' }],
      [
        '01 15:30',
        'resolution',
        { state: 'running', cycle: 1, stoppedAt: null, dueAt: '02 13:00', elapsedSeconds: 9000, pausedSeconds: 0 },
      ],
      ['01 15:30', 'first_response', { state: 'running', dueAt: '01 16:00', elapsedSeconds: 9000 }],
    ],
  },
  {
    law: 'onReopen count: as if it had never stopped; the old due time holds',
    levels: promise([twoHours, solution], { onReopen: 'count' }),
    told: [...reopened],
    seen: [
      ['01 13:00', 'first_response', { state: 'paused', dueAt: null, elapsedSeconds: 2 * HOUR }],
      ['01 14:00', 'first_response', { state: 'paused', breached: false, elapsedSeconds: 2 * HOUR }],
      [
        '01 15:00',
        'first_response',
        { state: 'running', breached: true, dueAt: '01 13:00', breachedAt: '01 13:00', elapsedSeconds: 5 * HOUR },
      ],
      ['01 15:30', 'resolution', { state: 'running', dueAt: '02 10:00', elapsedSeconds: 5.5 * HOUR, stoppedAt: null }],
    ],
  },
  {
    law: 'onReopen count: reopened into a pausing category, it ran until then and pauses now',
    levels: promise(solution, { onReopen: 'count' }),
    told: [
      '01 10:00 created',
      '01 12:00 status_changed status=solved',
      '01 15:00 status_changed status=pending',
      '01 16:00 status_changed status=open',
    ],
    seen: [
      ['01 15:30', 'resolution', { state: 'paused', dueAt: null, elapsedSeconds: 5 * HOUR, pausedSeconds: 1800 }],
      ['01 16:00', 'resolution', { state: 'running', dueAt: '02 11:00', pausedSeconds: HOUR }],
    ],
  },
  {
    law: 'onReopen count: a reply while solved meets the clock with the time it had worked',
    levels: promise(twoHours, { onReopen: 'count' }),
    told: ['01 10:00 created', '01 12:00 status_changed status=solved', '01 16:00 agent_reply'],
    seen: [['01 16:30', 'first_response', { state: 'met', elapsedSeconds: 2 * HOUR, breached: false }]],
  },
  {
    law: 'onReopen restart: resolution begins its next cycle, the others resume',
    levels: promise([twoHours, solution], { onReopen: 'restart' }),
    told: [...reopened],
    seen: [
      ['01 15:30', 'resolution', { state: 'met', stoppedAt: '01 12:00', elapsedSeconds: 2 * HOUR }],
      [
        '01 15:30',
        'resolution',
        { state: 'running', startedAt: '01 15:00', dueAt: '02 15:00', elapsedSeconds: 1800 },
        2,
      ],
      ['01 15:30', 'first_response', { state: 'running', cycle: 1, dueAt: '01 16:00' }],
      ['01 15:30', 'first_response', null, 2],
    ],
  },
  {
    law: 'a missed resolution that is reopened runs on, broken as it was',
    levels: promise(hour('resolution')),
    told: [...reopened],
    seen: [
      ['01 13:00', 'resolution', { state: 'missed', dueAt: '01 11:00' }],
      ['01 15:30', 'resolution', { state: 'running', breached: true, dueAt: '01 11:00', elapsedSeconds: 9000 }],
    ],
  },
  {
    law: 'hold wall: due and warnings move by the wall-clock seconds held, even outside hours; elapsed as in business',
    levels: promise(paused, { hold: 'wall' }),
    told: ['01 10:00 created', '01 16:00 status_changed status=pending', '01 20:00 status_changed status=open'],
    seen: [
      [
        '01 18:00',
        'resolution',
        { state: 'paused', dueAt: null, warnAt: null, elapsedSeconds: 6 * HOUR, pausedSeconds: 2 * HOUR },
      ],
      [
        '01 21:00',
        'resolution',
        { state: 'running', dueAt: '02 14:00', warnAt: [], elapsedSeconds: 6 * HOUR, pausedSeconds: 4 * HOUR },
      ],
      ['02 10:00', 'resolution', { elapsedSeconds: 7 * HOUR }],
    ],
  },
  {
    law: 'hold wall: a warning still to come moves along, and may fall outside hours',
    levels: promise(paused, { hold: 'wall' }),
    told: ['01 10:00 created', '01 13:00 status_changed status=pending', '01 18:00 status_changed status=open'],
    seen: [['01 18:30', 'resolution', { dueAt: '02 15:00', warnAt: ['01 19:00'] }]],
  },
  {
    law: 'hold wall: solved time moves the due time in the same way, and is not paused time',
    levels: promise(twoHours, { hold: 'wall' }),
    told: ['01 10:00 created', '01 12:00 status_changed status=solved', '01 18:00 status_changed status=open'],
    seen: [
      [
        '01 18:30',
        'first_response',
        { state: 'running', dueAt: '01 19:00', elapsedSeconds: 2 * HOUR, pausedSeconds: 0 },
      ],
    ],
  },
  {
    law: 'hold hideDue: the clock shows paused and no due time, but time counts and the due time stays',
    levels: promise(paused, { hold: 'hideDue' }),
    told: ['01 10:00 created', '01 12:00 status_changed status=pending', '02 09:30 status_changed status=open'],
    seen: [
      [
        '01 13:00',
        'resolution',
        {
          state: 'paused',
          dueAt: null,
          warnAt: null,
          elapsedSeconds: 3 * HOUR,
          pausedSeconds: 0,
          steps: ['warn:0.5 01 14:00', 'breach 02 10:00:01'],
        },
      ],
      [
        '02 09:45',
        'resolution',
        { state: 'running', dueAt: '02 10:00', elapsedSeconds: 7.75 * HOUR, pausedSeconds: 0 },
      ],
    ],
  },
  {
    law: 'hold hideDue: a promise can break while it is hidden, and then its due time is seen',
    levels: promise(paused, { hold: 'hideDue' }),
    told: ['01 10:00 created', '01 12:00 status_changed status=pending'],
    seen: [['02 11:00', 'resolution', { state: 'paused', breached: true, dueAt: '02 10:00', breachedAt: '02 10:00' }]],
  },
  {
    law: 'hold hideDue: solved time does not count all the same',
    levels: promise({ ...twoHours, pausesOn: ['pending'] }, { hold: 'hideDue' }),
    told: [
      '01 10:00 created',
      '01 11:00 status_changed status=pending',
      '01 12:00 status_changed status=solved',
      '01 15:00 status_changed status=open',
    ],
    seen: [
      ['01 14:00', 'first_response', { state: 'paused', dueAt: null, elapsedSeconds: 2 * HOUR }],
      ['01 15:30', 'first_response', { state: 'running', dueAt: '01 16:00', elapsedSeconds: 9000, pausedSeconds: 0 }],
    ],
  },
  {
    law: 'createdByAgent expectsResponse: a ticket an agent opens waits for a reply like any other',
    levels: promise([first, next]),
    told: ['01 10:00 created by=agent', '01 10:30 customer_message'],
    seen: [
      ['01 10:40', 'first_response', { state: 'running' }],
      ['01 10:40', 'next_response', null],
    ],
  },
  {
    law: 'createdByAgent noResponse: it starts no first response, and the customer’s first message is a new exchange',
    levels: promise([first, next, solution], { createdByAgent: 'noResponse' }),
    told: ['01 10:00 created by=agent', '01 10:30 customer_message'],
    seen: [
      ['01 10:40', 'first_response', null],
      ['01 10:40', 'next_response', { state: 'running', startedAt: '01 10:30' }],
      ['01 10:40', 'resolution', { state: 'running' }],
    ],
  },
  {
    law: 'createdByAgent noResponse leaves a customer’s ticket as it is',
    levels: promise(first, { createdByAgent: 'noResponse' }),
    told: ['01 10:00 created'],
    seen: [['01 10:40', 'first_response', { state: 'running' }]],
  },
  {
    law: 'nextResponseIncludesFirst: the creating message also opens a next-response cycle',
    levels: promise([first, next], { nextResponseIncludesFirst: true }),
    told: ['01 10:00 created', '01 10:10 customer_message', '01 10:30 agent_reply', '01 11:00 customer_message'],
    seen: [
      ['01 11:30', 'next_response', { state: 'met', startedAt: '01 10:00', stoppedAt: '01 10:30' }],
      ['01 11:30', 'next_response', { state: 'running', startedAt: '01 11:00' }, 2],
    ],
  },
  {
    law: 'firstResponseBy: setting one of its categories is the first response and answers the creating message',
    levels: promise([first, next], { firstResponseBy: ['public_reply', 'open'] }),
    told: [
      '01 10:00 created',
      '01 10:10 status_changed status=pending',
      '01 10:20 status_changed status=open',
      '01 11:00 customer_message',
    ],
    seen: [
      ['01 10:15', 'first_response', { state: 'running' }],
      ['01 11:30', 'first_response', { state: 'met', stoppedAt: '01 10:20' }],
      ['01 11:30', 'next_response', { state: 'running', startedAt: '01 11:00' }],
    ],
  },
  {
    law: 'firstResponseBy: a later setting answers nothing, and a reply still counts',
    levels: promise([first, next], { firstResponseBy: ['public_reply', 'open'] }),
    told: [
      '01 10:00 created',
      '01 10:10 agent_reply',
      '01 10:20 customer_message',
      '01 10:30 status_changed status=open',
    ],
    seen: [
      ['01 11:00', 'first_response', { state: 'met', stoppedAt: '01 10:10' }],
      ['01 11:00', 'next_response', { state: 'running', startedAt: '01 10:20' }],
    ],
  },
  {
    law: 'atClosing next_opening: time used up exactly at a closing is due at the next opening, warnings alike',
    levels: promise({ ...first, target: 'PT2H', warnAt: [0.5] }, { atClosing: 'next_opening' }),
    told: ['01 15:00 created'],
    seen: [
      ['01 15:30', 'first_response', { dueAt: '02 09:00', warnAt: ['01 16:00'] }],
      ['01 18:00', 'first_response', { breached: false, elapsedSeconds: 2 * HOUR }],
      ['02 09:00:01', 'first_response', { breached: true, breachedAt: '02 09:00' }],
    ],
  },
  {
    law: 'granularity minute: the instants of events are cut to the minute, asOf is not',
    levels: promise([first, solution], { granularity: 'minute' }),
    told: ['01 10:00:59 created', '01 11:00:40 agent_reply'],
    seen: [
      ['01 10:00:59', 'first_response', { startedAt: '01 10:00', dueAt: '01 11:00', elapsedSeconds: 59 }],
      ['01 11:00:30', 'first_response', { state: 'running', breached: true }],
      ['01 12:00', 'first_response', { state: 'met', stoppedAt: '01 11:00', elapsedSeconds: HOUR }],
    ],
  },
]);

// ── Targets and calendars ───────────────────────────────────────────────────────────────────────────────────────────

laws([
  {
    law: 'whole working days are due at the same local time; their open seconds serve warnings and what is left after a pause',
    levels: promise({ metric: 'resolution', target: 'P2D', warnAt: [0.5], pausesOn: ['pending'] }),
    told: ['01 10:00 created', '02 10:00 status_changed status=pending', '02 12:00 status_changed status=open'],
    seen: [
      ['01 11:00', 'resolution', { dueAt: '03 10:00', warnAt: ['02 10:00'], target: 'P2D' }],
      ['02 13:00', 'resolution', { dueAt: '03 12:00', elapsedSeconds: 9 * HOUR }],
    ],
  },
  {
    law: 'an objective’s calendar comes before the policy’s, the policy’s before the request’s',
    levels: levels(makePolicy({ calendar: 'always', objectives: [{ ...solution, calendar: 'office' }, first] })),
    told: ['01 16:30 created'],
    seen: [
      ['01 16:45', 'first_response', { dueAt: '01 17:30' }],
      ['01 16:45', 'resolution', { dueAt: '02 16:30' }],
    ],
  },
  {
    law: 'warnings are rounded up to the second, and only those to come are listed',
    levels: promise({ metric: 'first_response', target: 'PT100S', warnAt: [0.8, 0.005, 0.55] }),
    told: ['01 10:00 created'],
    seen: [
      ['01 10:00', 'first_response', { warnAt: ['01 10:00:01', '01 10:00:55', '01 10:01:20'] }],
      ['01 10:00:55', 'first_response', { warnAt: ['01 10:01:20'] }],
    ],
  },
]);

// ── Another policy, tier or calendar ────────────────────────────────────────────────────────────────────────────────

const tiered = (
  semantics: SemanticsDefinition,
  core: ObjectiveDefinition[],
  normal: ObjectiveDefinition[],
  version = 2,
) =>
  levels(
    makePolicy({ key: 'core', version: version + 1, match: { tiers: ['core'] }, objectives: core, semantics }),
    makePolicy({ key: 'normal', version: version + 5, match: { tiers: ['normal'] }, objectives: normal, semantics }),
  );
const sixHours = { metric: 'first_response', target: 'PT6H', warnAt: [0.5] };
/** The resolution has a calendar of its own, the update counts on the request's. */
const ownCalendar = promise(
  [
    { metric: 'resolution', target: 'PT2H', pausesOn: ['pending'], calendar: 'office' },
    { metric: 'update', target: 'PT8H' },
  ],
  { onChange: 'fromChange', hold: 'wall' },
);
const fromChangeOn = tiered({ onChange: 'fromChange' }, [first], [sixHours]);
const promoted: Told[] = ['01 10:00 created tier=normal', '01 12:00 tier_changed tier=core'];

laws([
  {
    law: 'recompute: the new target counts from the creation, and may have been broken long ago',
    levels: tiered({}, [first], [sixHours]),
    told: promoted,
    seen: [
      ['01 11:30', 'first_response', { dueAt: '01 16:00', breached: false, policyKey: 'normal', policyVersion: 7 }],
      ['01 12:00', 'first_response', { dueAt: '01 11:00', breached: true, policyKey: 'core', policyVersion: 3 }],
    ],
  },
  {
    law: 'recompute may withdraw a breach',
    levels: tiered({}, [first], [sixHours]),
    told: ['01 10:00 created tier=core', '01 12:00 tier_changed tier=normal'],
    seen: [
      ['01 11:30', 'first_response', { breached: true }],
      ['01 12:00', 'first_response', { breached: false, dueAt: '01 16:00', warnAt: ['01 13:00'] }],
    ],
  },
  {
    law: 'recompute includes the clocks that had stopped, unless the ticket is closed',
    levels: tiered({}, [first], [sixHours]),
    told: ['01 10:00 created tier=normal', '01 12:00 agent_reply', '01 13:00 tier_changed tier=core'],
    seen: [
      ['01 12:30', 'first_response', { state: 'met', policyKey: 'normal' }],
      ['01 13:00', 'first_response', { state: 'missed', policyKey: 'core', dueAt: '01 11:00', stoppedAt: '01 12:00' }],
    ],
  },
  {
    law: 'recompute on a closed ticket leaves what has stopped and computes the aftercare that is open',
    levels: tiered({}, [first, hour('follow_up')], [sixHours, { metric: 'follow_up', target: 'PT6H' }]),
    told: [
      '01 10:00 created tier=normal',
      '01 12:00 agent_reply',
      '01 12:00 status_changed status=closed',
      '01 14:00 tier_changed tier=core',
    ],
    seen: [
      ['01 14:00', 'first_response', { state: 'met', policyKey: 'normal' }],
      ['01 14:00', 'follow_up', { state: 'running', cycle: 1, policyKey: 'core', dueAt: '01 13:00', breached: true }],
    ],
  },
  {
    law: 'recompute under a policy that does not promise the metric: open clocks are cancelled, met ones stay listed',
    levels: tiered({}, [solution], [first, next, solution]),
    told: [
      '01 10:00 created tier=normal',
      '01 10:10 agent_reply',
      '01 10:20 customer_message',
      '01 11:00 tier_changed tier=core',
    ],
    seen: [
      ['01 12:00', 'first_response', { state: 'met', policyKey: 'normal' }],
      ['01 12:00', 'next_response', { state: 'cancelled', stoppedAt: '01 11:00', dueAt: null }],
      ['01 12:00', 'resolution', { state: 'running', policyKey: 'core' }],
    ],
  },
  {
    law: 'recompute under another calendar counts the whole history on it',
    levels: promise(solution),
    told: ['01 10:00 created', ['02 10:00 calendar_changed', { ...promise(solution), calendar: ALWAYS }]],
    seen: [
      ['01 12:00', 'resolution', { dueAt: '02 10:00' }],
      ['02 11:00', 'resolution', { dueAt: '01 18:00', breached: true, elapsedSeconds: 25 * HOUR }],
    ],
  },
  {
    law: 'fromChange: elapsed time stays, and what is left of the new target counts from the change',
    levels: tiered(
      { onChange: 'fromChange' },
      [{ metric: 'first_response', target: 'PT4H', warnAt: [0.5, 0.75] }],
      [sixHours],
    ),
    told: promoted,
    seen: [
      [
        '01 12:00',
        'first_response',
        {
          state: 'running',
          startedAt: '01 10:00',
          dueAt: '01 14:00',
          warnAt: ['01 13:00'],
          elapsedSeconds: 2 * HOUR,
          policyKey: 'core',
          target: 'PT4H',
        },
      ],
    ],
  },
  {
    law: 'fromChange: a target already used up is due at the change, and broken a second later',
    levels: tiered({ onChange: 'fromChange' }, [first], [sixHours]),
    told: promoted,
    seen: [
      ['01 12:00', 'first_response', { dueAt: '01 12:00', breached: false }],
      ['01 12:00:01', 'first_response', { dueAt: '01 12:00', breached: true }],
    ],
  },
  {
    law: 'fromChange withdraws no breach',
    levels: tiered({ onChange: 'fromChange' }, [first], [sixHours]),
    told: ['01 10:00 created tier=core', '01 12:00 tier_changed tier=normal'],
    seen: [
      [
        '01 13:00',
        'first_response',
        { state: 'running', dueAt: '01 11:00', breached: true, elapsedSeconds: 3 * HOUR, policyKey: 'normal' },
      ],
    ],
  },
  {
    law: 'fromChange: a clock that did not exist starts at the change, where it would be open; one no longer promised is cancelled',
    levels: tiered({ onChange: 'fromChange' }, [first, solution], [next, sixHours, hour('update')]),
    told: [
      '01 10:00 created tier=normal',
      '01 10:10 agent_reply',
      '01 10:20 customer_message',
      '01 12:00 tier_changed tier=core',
    ],
    seen: [
      ['01 13:00', 'first_response', { state: 'met', policyKey: 'normal' }],
      ['01 13:00', 'resolution', { state: 'running', startedAt: '01 12:00', dueAt: '02 12:00' }],
      ['01 13:00', 'next_response', { state: 'cancelled', stoppedAt: '01 12:00' }],
      ['01 13:00', 'update', { state: 'cancelled', stoppedAt: '01 12:00' }],
    ],
  },
  {
    law: 'fromChange while paused: what is left of the new target counts when the clock runs again',
    levels: tiered(
      { onChange: 'fromChange' },
      [{ metric: 'resolution', target: 'PT4H', pausesOn: ['pending'] }],
      [solution],
    ),
    told: [
      '01 10:00 created tier=normal',
      '01 11:00 status_changed status=pending',
      '01 12:00 tier_changed tier=core',
      '01 13:00 status_changed status=open',
    ],
    seen: [
      ['01 12:30', 'resolution', { state: 'paused', dueAt: null, policyKey: 'core', pausedSeconds: 5400 }],
      [
        '01 13:30',
        'resolution',
        { state: 'running', dueAt: '01 16:00', elapsedSeconds: 5400, pausedSeconds: 2 * HOUR },
      ],
    ],
  },
  {
    law: 'fromChange while solved: a reopened resolution goes on under the new promise',
    levels: tiered({ onChange: 'fromChange' }, [{ metric: 'resolution', target: 'PT4H' }], [solution]),
    told: [
      '01 10:00 created tier=normal',
      '01 11:00 status_changed status=solved',
      '01 12:00 tier_changed tier=core',
      '01 13:00 status_changed status=open',
    ],
    seen: [
      ['01 12:30', 'resolution', { state: 'met', policyKey: 'normal' }],
      ['01 13:30', 'resolution', { state: 'running', dueAt: '01 16:00', policyKey: 'core', elapsedSeconds: 5400 }],
    ],
  },
  {
    law: 'the new policy’s semantics apply',
    levels: levels(
      makePolicy({
        key: 'a',
        match: { priorities: ['low'] },
        objectives: [first],
        semantics: { onChange: 'fromChange' },
      }),
      makePolicy({ key: 'b', match: { priorities: ['high'] }, objectives: [sixHours] }),
    ),
    told: ['01 10:00 created priority=low', '01 12:00 priority_changed priority=high'],
    seen: [['01 12:30', 'first_response', { breached: false, dueAt: '01 16:00' }]],
  },
  {
    law: 'when no policy matches any longer, open clocks end as cancelled with nothing due, and the others stay listed',
    levels: tiered({}, [], [first, hour('resolution'), solution].slice(0, 2)),
    told: [
      '01 10:00 created tier=normal',
      '01 10:10 agent_reply',
      '01 12:00 tier_changed tier=potential',
      '01 13:00 customer_message',
    ],
    seen: [
      ['01 14:00', 'first_response', { state: 'met' }],
      [
        '01 14:00',
        'resolution',
        { state: 'cancelled', stoppedAt: '01 12:00', dueAt: null, breached: true, breachedAt: '01 11:00' },
      ],
      ['01 14:00', 'next_response', null],
    ],
  },
  {
    law: 'no policy, nothing promised',
    levels: levels(),
    told: ['01 10:00 created'],
    seen: [['01 14:00', 'first_response', null]],
  },
  {
    law: 'a change of tier that leads to the same policy changes nothing',
    levels: levels(makePolicy({ objectives: [first], semantics: { onChange: 'fromChange' } })),
    told: promoted,
    seen: [['01 12:30', 'first_response', { dueAt: '01 11:00', startedAt: '01 10:00' }]],
  },
  {
    law: 'another calendar of the request moves what counts on it, and nothing that has a calendar of its own',
    levels: ownCalendar,
    told: [
      '01 10:00 created',
      '01 10:10 agent_reply',
      '01 11:00 status_changed status=pending',
      '01 20:00 status_changed status=open',
      ['01 20:30 calendar_changed', { ...ownCalendar, calendar: ALWAYS }],
    ],
    seen: [
      ['01 20:10', 'resolution', { dueAt: '01 21:00' }],
      ['01 20:30', 'resolution', { dueAt: '01 21:00', elapsedSeconds: HOUR }],
      ['01 20:10', 'update', { dueAt: '02 10:10', elapsedSeconds: 24_600 }],
      ['01 20:30', 'update', { dueAt: '01 21:40', elapsedSeconds: 24_600 }],
    ],
  },
  {
    law: '… nor a resolution that is reopened',
    levels: ownCalendar,
    told: [
      '01 15:30 created',
      '01 15:40 agent_reply',
      '01 16:30 status_changed status=solved',
      ['01 20:00 calendar_changed', { ...ownCalendar, calendar: ALWAYS }],
      '01 21:30 status_changed status=open',
    ],
    seen: [
      ['01 16:00', 'resolution', { dueAt: '02 09:30' }],
      ['01 22:00', 'resolution', { dueAt: '02 14:30', elapsedSeconds: HOUR }],
    ],
  },
  {
    law: 'anew: the whole history, though the policy is the same and says fromChange',
    levels: fromChangeOn,
    told: [...promoted, ['01 13:00 policy_changed anew=true', fromChangeOn]],
    seen: [
      ['01 12:30', 'first_response', { dueAt: '01 12:00', breachedAt: '01 12:00' }],
      ['01 13:00', 'first_response', { dueAt: '01 11:00', breachedAt: '01 11:00' }],
    ],
  },
  {
    law: 'anew: also what had stopped on a closed ticket',
    levels: promise(first),
    told: [
      '01 10:00 created',
      '01 12:00 agent_reply',
      '01 12:30 status_changed status=closed',
      ['01 13:00 policy_changed anew=true', promise(sixHours)],
    ],
    seen: [
      ['01 12:30', 'first_response', { state: 'missed', dueAt: '01 11:00' }],
      ['01 13:00', 'first_response', { state: 'met', dueAt: '01 16:00', stoppedAt: '01 12:00' }],
    ],
  },
  {
    law: 'a recomputation after changes of both kinds counts from the creation',
    levels: levels(
      makePolicy({ key: 'a', match: { kinds: ['fault'] }, objectives: [first] }),
      makePolicy({
        key: 'b',
        match: { kinds: ['basic'] },
        objectives: [{ ...first, target: 'PT2H' }],
        semantics: { onChange: 'fromChange' },
      }),
      makePolicy({ key: 'c', match: { kinds: ['complaint'] }, objectives: [{ ...first, target: 'PT5H' }] }),
    ),
    told: ['01 10:00 created kind=fault', '01 10:30 kind_changed kind=basic', '01 11:00 kind_changed kind=complaint'],
    seen: [
      ['01 10:45', 'first_response', { policyKey: 'b', dueAt: '01 12:00' }],
      ['01 11:00', 'first_response', { policyKey: 'c', dueAt: '01 15:00', elapsedSeconds: HOUR }],
    ],
  },
]);

// ── Steps and announcements ─────────────────────────────────────────────────────────────────────────────────────────

const escalating: ObjectiveDefinition = {
  metric: 'resolution',
  target: 'PT2H',
  warnAt: [0.5],
  pausesOn: ['pending'],
  escalate: [
    { at: 0.75, do: [{ notify: 'team_lead' }] },
    { at: 'due', do: [{ notify: 'manager' }] },
    { at: 'PT1H', do: [{ notify: 'senior' }] },
  ],
};

laws([
  {
    law: 'a running clock knows its warnings, its breach and its escalation steps, past ones too',
    levels: promise(escalating),
    told: ['01 10:00 created'],
    seen: [
      [
        '01 11:15',
        'resolution',
        {
          steps: [
            'warn:0.5 01 11:00',
            'escalate:0 01 11:30',
            'breach 01 12:00:01',
            'escalate:1 01 12:00:01',
            'escalate:2 01 13:00',
          ],
        },
      ],
    ],
  },
  {
    law: 'a paused clock waits with its steps, keeps what it reached, and a broken one still escalates',
    levels: promise(escalating),
    told: [
      '01 10:00 created',
      '01 11:10 status_changed status=pending',
      '01 12:00 status_changed status=open',
      '01 13:00 status_changed status=pending',
    ],
    seen: [
      ['01 11:30', 'resolution', { steps: ['warn:0.5 01 11:00'] }],
      [
        '01 13:30',
        'resolution',
        {
          dueAt: '01 12:50',
          steps: [
            'warn:0.5 01 11:00',
            'escalate:0 01 12:20',
            'breach 01 12:50:01',
            'escalate:1 01 12:50:01',
            'escalate:2 01 13:50',
          ],
        },
      ],
    ],
  },
  {
    law: 'steps after due never fire once the clock is suspended or stopped',
    levels: promise({ ...escalating, metric: 'first_response' }),
    told: ['01 10:00 created', '01 12:30 status_changed status=solved', '01 14:00 agent_reply'],
    seen: [
      ['01 13:30', 'first_response', { steps: ['breach 01 12:00:01'] }],
      ['01 15:00', 'first_response', { state: 'missed', steps: [] }],
    ],
  },
]);

/** What is announced when the clocks are looked at at these instants, one after the other. */
function announced(events: ClockEvent[], ...instants: string[]): string[] {
  let stored: StoredClock[] = [];
  return instants.flatMap((when) => {
    const { clocks, announcements } = announce(stored, computeClocks(events, at(when)), at(when));
    stored = clocks;
    return announcements.map(({ type, occurredAt, clock, fraction, step }) => {
      return [type.replace('clock.', ''), clock.metric, fraction ?? step?.key, text(occurredAt)]
        .filter(Boolean)
        .join(' ');
    });
  });
}

test('a clock is announced as it starts, warns, breaks and stops, each once, as of when it happened', async (t) => {
  const events = history(['01 10:00 created', promise(escalating)], '01 14:00 status_changed status=solved');
  const all = [
    'started resolution 01 10:00',
    'warned resolution 0.5 01 11:00',
    'escalated resolution escalate:0 01 11:30',
    'breached resolution 01 12:00',
    'escalated resolution escalate:1 01 12:00:01',
    'escalated resolution escalate:2 01 13:00',
    'missed resolution 01 14:00',
  ];
  const often = [
    '01 10:00',
    '01 11:00',
    '01 11:00',
    '01 11:30',
    '01 12:00',
    '01 12:00:01',
    '01 13:00',
    '01 14:00',
    '01 15:00',
  ];
  t.strictSame(announced(events, ...often), all);
  t.strictSame(announced(events, '01 13:59', '01 15:00'), all, 'late, but all the same');
  t.strictSame(
    announced(events, '01 15:00'),
    ['started resolution 01 10:00', 'breached resolution 01 12:00', 'missed resolution 01 14:00'],
    'after the stop, the breach is told before it, and steps are told no more',
  );
});

test('where events are cut to the minute, a breach is told when the minute of the due time is over', async (t) => {
  const target: ObjectiveDefinition = { metric: 'first_response', target: 'PT40S' };
  const inForce = promise(target, { granularity: 'minute' });
  const events = history(['01 10:00:05 created', inForce], '01 10:00:55 agent_reply');
  t.strictSame(announced(events, '01 10:00:50', '01 10:01'), [
    'started first_response 01 10:00',
    'met first_response 01 10:00',
  ]);
  t.strictSame(announced(events.slice(0, 1), '01 10:00:59', '01 10:01'), [
    'started first_response 01 10:00',
    'breached first_response 01 10:00:40',
  ]);
});

test('a withdrawn breach is told, and a breach under another policy is a breach of its own', async (t) => {
  const events = history(
    ['01 10:00 created tier=core', tiered({}, [first], [{ ...first, target: 'PT3H' }])],
    '01 12:00 tier_changed tier=normal',
  );
  t.strictSame(announced(events, '01 11:30', '01 12:00', '01 12:30', '01 13:30'), [
    'started first_response 01 10:00',
    'breached first_response 01 11:00',
    'breach_withdrawn first_response 01 12:00',
    'breached first_response 01 13:00',
  ]);
});

test('a breach that was withdrawn is told again when it holds again', async (t) => {
  const events = history(
    ['01 10:00 created tier=core', tiered({}, [first], [sixHours])],
    '01 12:00 tier_changed tier=normal',
    '01 13:00 tier_changed tier=core',
  );
  t.strictSame(announced(events, '01 11:30', '01 12:00', '01 12:30', '01 13:00', '01 14:00'), [
    'started first_response 01 10:00',
    'breached first_response 01 11:00',
    'breach_withdrawn first_response 01 12:00',
    'breached first_response 01 11:00',
  ]);
});

test('a warning that a recomputation puts into the past is said at once', async (t) => {
  const events = history(
    ['01 10:00 created tier=normal', tiered({}, [{ ...first, target: 'PT3H', warnAt: [0.5] }], [sixHours])],
    '01 12:00 tier_changed tier=core',
  );
  t.strictSame(announced(events, '01 11:00', '01 12:00'), [
    'started first_response 01 10:00',
    'warned first_response 0.5 01 11:30',
  ]);
});

test('a warning reached at the instant of a pause is said there, and does not wait for the clock to run again', async (t) => {
  const events = history(
    ['01 10:00 created', promise({ ...escalating, escalate: [] })],
    '01 11:00 status_changed status=pending',
    '01 13:00 status_changed status=open',
  );
  const said = ['started resolution 01 10:00', 'warned resolution 0.5 01 11:00'];
  t.strictSame(announced(events, '01 10:00', '01 11:00', '01 13:00'), said);
  t.strictSame(announced(events, '01 10:00', '01 13:00'), said);
});

test('a step after due that came while the ticket was solved is said at its reopening', async (t) => {
  const events = history(
    ['01 10:00 created', promise({ ...escalating, metric: 'first_response', warnAt: [] })],
    '01 12:30 status_changed status=solved',
    '01 14:00 status_changed status=open',
  );
  t.strictSame(announced(events, '01 12:15', '01 13:30', '01 14:00').slice(-2), [
    'escalated first_response escalate:1 01 12:00:01',
    'escalated first_response escalate:2 01 13:00',
  ]);
});

test('a reopened clock that is met again is told to be met again', async (t) => {
  const events = history(
    ['01 10:00 created', promise(solution)],
    '01 11:00 status_changed status=solved',
    '01 12:00 status_changed status=open',
    '01 13:00 status_changed status=solved',
  );
  const met = ['started resolution 01 10:00', 'met resolution 01 11:00', 'met resolution 01 13:00'];
  t.strictSame(announced(events, '01 11:00', '01 12:00', '01 13:00'), met);
  t.strictSame(announced(events, '01 11:00', '01 13:00', '01 14:00'), met);
});

test('a cycle that a recomputation does not have is told to be cancelled, and dropped', async (t) => {
  const events = history(
    ['01 10:00 created', promise(solution, { onReopen: 'restart' })],
    '01 11:00 status_changed status=solved',
    '01 12:00 status_changed status=open',
    ['01 13:00 policy_changed', promise(solution)],
  );
  const before = announce([], computeClocks(events, at('01 12:30')), at('01 12:30'));
  const after = announce(before.clocks, computeClocks(events, at('01 13:00')), at('01 13:00'));
  t.match(after.dropped, [{ metric: 'resolution', cycle: 2 }]);
  t.match(after.announcements, [
    {
      type: 'clock.cancelled',
      occurredAt: at('01 13:00'),
      clock: { cycle: 2, state: 'cancelled', stoppedAt: at('01 13:00') },
    },
  ]);
  t.equal(after.clocks.length, 1);
});

test('a cycle that goes and comes again under the same policy version warns once; its breach, taken back, is said again', async (t) => {
  const restarting = promise({ ...solution, target: 'PT1H', warnAt: [0.5] }, { onReopen: 'restart' });
  const resuming = promise({ ...solution, target: 'PT1H', warnAt: [0.5] });
  const events = history(
    ['01 10:00 created', restarting],
    '01 10:10 status_changed status=solved',
    '01 11:00 status_changed status=open',
    ['01 12:30 policy_changed', resuming],
    ['01 13:00 policy_changed', restarting],
  );
  let stored: StoredClock[] = [];
  const said: string[] = [];
  for (const now of ['01 10:30', '01 11:40', '01 12:10', '01 12:30', '01 13:00', '01 13:10'].map(at)) {
    const { clocks, announcements } = announce(stored, computeClocks(events, now), now);
    stored = JSON.parse(JSON.stringify(clocks)) as StoredClock[];
    said.push(...announcements.filter(({ clock }) => clock.cycle === 2).map(({ type }) => type));
  }
  t.same(said, [
    'clock.started',
    'clock.warned',
    'clock.breached',
    'clock.breach_withdrawn',
    'clock.cancelled',
    'clock.started',
    'clock.breached',
  ]);
});

test('the next instant is that of the earliest step not yet said, and never before now', async (t) => {
  const events = history(['01 10:00 created', promise(escalating)]);
  const { clocks } = announce([], computeClocks(events, at('01 11:00')), at('01 11:00'));
  const said = (clock: StoredClock) => new Set(clock.said);
  t.equal(text(nextInstant(clocks, said, at('01 11:00'))), '01 11:30');
  t.equal(text(nextInstant(clocks, () => new Set(), at('01 11:00'))), '01 11:00');
  t.equal(text(nextInstant(clocks, said, at('01 11:45'))), '01 11:45');
  t.equal(nextInstant([], said, at('01 11:00')), null);
});

// ── Explanation ─────────────────────────────────────────────────────────────────────────────────────────────────────

test('the explanation labels every second: closed, then solved, then paused, then open', async (t) => {
  const events = history(
    ['08 16:00 created tier=core', tiered({}, [{ ...solution, pausesOn: ['pending'], target: 'P5D' }], [first])],
    '09 11:00 status_changed status=pending',
    '09 13:00 status_changed status=solved',
    '11 10:00 status_changed status=open',
  );
  const why = explainClock(events, at('11 12:00'), 'resolution')!;
  t.strictSame(
    why.intervals.map(({ from, to, label, seconds }) => [text(from), text(to), label, seconds / HOUR]),
    [
      ['08 16:00', '08 17:00', 'open', 1],
      ['08 17:00', '09 09:00', 'outside_hours', 16],
      ['09 09:00', '09 11:00', 'open', 2],
      ['09 11:00', '09 13:00', 'paused', 2],
      ['09 13:00', '09 17:00', 'solved', 4],
      ['09 17:00', '10 00:00', 'outside_hours', 7],
      ['10 00:00', '11 00:00', 'holiday', 24],
      ['11 00:00', '11 09:00', 'outside_hours', 9],
      ['11 09:00', '11 10:00', 'solved', 1],
      ['11 10:00', '11 12:00', 'open', 2],
    ],
  );
  t.equal(why.clock.elapsedSeconds, 5 * HOUR);
  t.strictSame(
    why.events.map(({ at: when, event, effect }) => `${text(when)} ${event.type} ${effect}`),
    [
      '08 16:00 created started',
      '09 11:00 status_changed paused',
      '09 13:00 status_changed met',
      '11 10:00 status_changed reopened',
      '11 10:00 status_changed resumed',
    ],
  );
  t.match(why, { clock: { policyKey: 'core', policyVersion: 3 }, matchedBy: { reason: 'only_match' } });
  t.match(
    why.matchedBy.attributes.find(({ attribute }) => attribute === 'tier'),
    { value: 'core', matched: 'named' },
  );
});

test('the explanation is of the latest cycle unless one is named, and null for a clock there is not', async (t) => {
  const events = history(['01 10:00 created', promise(hour('update'))], '01 10:10 agent_reply', '01 10:20 agent_reply');
  t.equal(explainClock(events, at('01 11:00'), 'update')?.clock.cycle, 2);
  t.equal(explainClock(events, at('01 11:00'), 'update', 1)?.clock.state, 'met');
  t.equal(explainClock(events, at('01 11:00'), 'update', 3), null);
  t.equal(explainClock(events, at('01 11:00'), 'survey'), null);
});

// ── Properties ──────────────────────────────────────────────────────────────────────────────────────────────────────

const semantics: fc.Arbitrary<SemanticsDefinition> = fc.record({
  onReopen: fc.constantFrom('resume', 'count', 'restart'),
  onChange: fc.constantFrom('recompute', 'fromChange'),
  hold: fc.constantFrom('business', 'wall', 'hideDue'),
  createdByAgent: fc.constantFrom('expectsResponse', 'noResponse'),
  nextResponseIncludesFirst: fc.boolean(),
  firstResponseBy: fc.constantFrom(['public_reply'], ['public_reply', 'open'], ['solved']),
  atClosing: fc.constantFrom('closing', 'next_opening'),
  granularity: fc.constantFrom('second', 'minute'),
});

const TICKET_METRICS = METRICS.slice(0, 8);

const objectives = fc
  .tuple(
    ...TICKET_METRICS.map((metric) =>
      fc.option(
        fc.record({
          metric: fc.constant(metric),
          target: fc.constantFrom('PT40S', 'PT20M', 'PT3H', 'PT11H', 'P1D'),
          calendar: fc.constantFrom(undefined, 'always'),
          warnAt: fc.constantFrom([], [0.5], [0.3, 0.8]),
          pausesOn: fc.subarray([...STATUS_CATEGORIES.slice(0, 4)]),
          escalate: fc.constantFrom([], escalating.escalate),
        }),
        { freq: 4, nil: null },
      ),
    ),
  )
  .map((all) => all.filter((one) => one !== null));

const happening = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant<ClockEventType>('status_changed'),
      status: fc.constantFrom('open', 'pending', 'on_hold', 'solved', 'solved', 'open', 'closed'),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constantFrom<ClockEventType>(
        'customer_message',
        'agent_reply',
        'bot_reply',
        'contact_answered',
        'understanding_confirmed',
        'options_offered',
        'follow_up_recorded',
        'survey_sent',
        'survey_suppressed',
        'callback_recorded',
      ),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ type: 'score_received' as const, low: true }) },
);
const gap = fc.oneof(fc.nat(120), fc.nat(5 * HOUR), fc.nat(3 * 24 * HOUR));

/** A possible history from Monday the 1st on, of a ticket under these levels, and some instants to look at it. */
function possible(inForce: fc.Arbitrary<ServiceLevels>, change: fc.Arbitrary<Partial<ClockEvent>> | null = null) {
  const told = fc.array(fc.tuple(gap, change ? fc.oneof({ weight: 4, arbitrary: happening }, change) : happening), {
    maxLength: 14,
  });
  const by = fc.constantFrom<'customer' | 'agent'>('customer', 'agent');
  return fc
    .tuple(inForce, by, gap, told, fc.array(fc.nat(20 * 24 * HOUR), { minLength: 1, maxLength: 8 }))
    .map(([first, whose, start, rest, looks]) => {
      let now = at('01 00:00') + start;
      const events: ClockEvent[] = [{ at: now, type: 'created', by: whose, tier: 'core', levels: first }];
      for (const [wait, what] of rest) {
        now += wait;
        const event = { at: now, ...what } as ClockEvent;
        try {
          checkHistory([...events, event]);
          events.push(event);
        } catch {
          // Not after closed.
        }
      }
      return { events, looks: looks.map((look) => events[0]!.at + look).sort((a, b) => a - b) };
    });
}

const onePolicy = fc.tuple(objectives, semantics).map(([promised, options]) => promise(promised, options));

/** Two tiers under one set of options. */
const twoPolicies = fc
  .tuple(objectives, objectives, semantics, fc.nat())
  .map(([core, normal, options, version]) => tiered(options, core, normal, version));
const anyChange = fc.oneof(
  fc.record({
    type: fc.constant<ClockEventType>('tier_changed'),
    tier: fc.constantFrom('core', 'normal', 'potential'),
  }),
  fc.record({ type: fc.constant<ClockEventType>('policy_changed'), levels: twoPolicies }),
);
const changing = possible(twoPolicies, anyChange);

test('a fold up to any instant equals the fold of what had happened by then', async () => {
  fc.assert(
    fc.property(changing, ({ events, looks }) => {
      return looks.every((look) => {
        const heard = events.filter((event) => event.at <= look);
        return JSON.stringify(computeClocks(events, look)) === JSON.stringify(computeClocks(heard, look));
      });
    }),
  );
});

test('the labels leave no gap, and the open ones add up to the elapsed time (under hideDue the paused ones too)', async () => {
  fc.assert(
    fc.property(
      possible(
        twoPolicies,
        anyChange.filter(({ type }) => type === 'tier_changed'),
      ),
      ({ events, looks }) => {
        const options = events[0]!.levels!.policies[0]!.semantics;
        for (const look of looks) {
          for (const { metric, cycle, elapsedSeconds, startedAt, stoppedAt } of computeClocks(events, look)) {
            const { intervals } = explainClock(events, look, metric, cycle)!;
            let [until, sum] = [startedAt, 0];
            for (const { from, to, label, seconds } of intervals) {
              if (from !== until || seconds !== to - from || seconds <= 0) return false;
              until = to;
              if (label === 'open' || (label === 'paused' && options.hold === 'hideDue')) sum += seconds;
            }
            if (until !== (stoppedAt ?? look) || sum !== elapsedSeconds) return false;
          }
        }
        return true;
      },
    ),
  );
});

test('what is left until due and what has elapsed make the target, except where wall time moved it', async () => {
  fc.assert(
    fc.property(possible(onePolicy), ({ events, looks }) => {
      const { semantics: options, objectives: promised } = events[0]!.levels!.policies[0]!;
      for (const look of looks) {
        for (const { metric, state, dueAt, breached, elapsedSeconds } of computeClocks(events, look)) {
          const { target, calendar } = promised.get(metric)!;
          if (state !== 'running' || breached || options.hold === 'wall' || !('seconds' in target)) continue;
          const left = target.seconds - elapsedSeconds;
          if (left < 0 || between(calendar ?? OFFICE, look, dueAt!) !== left) return false;
        }
      }
      return true;
    }),
  );
});

test('a clock is met up to its due time and missed after it; what is paused shows no due time unless it is broken', async () => {
  fc.assert(
    fc.property(changing, ({ events, looks }) => {
      return looks.every((look) =>
        computeClocks(events, look).every(({ state, dueAt, stoppedAt, breached, breachedAt, warnAt, steps }) => {
          if (breached !== (breachedAt !== null)) return false;
          if (state === 'met') return !breached && stoppedAt! <= dueAt! && steps.length === 0;
          if (state === 'missed') return breached && stoppedAt! > dueAt! && dueAt === breachedAt;
          if (state === 'running') return breached === look > dueAt! && warnAt!.every((warning) => warning > look);
          if (state === 'paused') return dueAt === breachedAt && warnAt === null;
          return warnAt!.length === 0 && stoppedAt !== null;
        }),
      );
    }),
  );
});

/** `metric cycle policy@version due` of every breach told when looked at these instants. */
function breachesTold(events: ClockEvent[], looks: Instant[]): string[] {
  let stored: StoredClock[] = [];
  return looks.flatMap((look) => {
    const { clocks, announcements } = announce(stored, computeClocks(events, look), look);
    stored = clocks;
    return announcements
      .filter(({ type }) => type === 'clock.breached')
      .map(({ clock, occurredAt }) => {
        return `${clock.metric} ${clock.cycle} ${clock.policyKey}@${clock.policyVersion} ${occurredAt}`;
      });
  });
}

test('a breach is told at most once per clock, cycle and policy version', async () => {
  fc.assert(
    fc.property(changing, ({ events, looks }) => {
      const told = breachesTold(events, looks).map((breach) => breach.split(' ').slice(0, 3).join(' '));
      return new Set(told).size === told.length;
    }),
  );
});

test('looking often tells the same breaches as looking once at the end', async () => {
  fc.assert(
    fc.property(possible(onePolicy), ({ events, looks }) => {
      const end = looks.at(-1)!;
      const often = [...new Set([...looks, ...events.map((event) => event.at).filter((when) => when <= end)])].sort(
        (a, b) => a - b,
      );
      return breachesTold(events, often).sort().join() === breachesTold(events, [end]).sort().join();
    }),
  );
});

test('a recomputation equals a run under the new policy from the creation, where it promises the same metrics', async () => {
  const same = fc.tuple(objectives, semantics).map(([promised, options]) => {
    const slower = promised.map((one) => ({ ...one, target: 'PT2H', pausesOn: ['on_hold'] }));
    const now: SemanticsDefinition = { ...options, onChange: 'recompute', granularity: 'second' };
    return [
      promise(promised, { ...now, onReopen: 'resume' }),
      levels(makePolicy({ key: 'slow', objectives: slower, semantics: now })),
    ] as const;
  });
  fc.assert(
    fc.property(
      same.chain(([before, after]) => fc.tuple(possible(fc.constant(before)), fc.constant(after), fc.nat(15))),
      ([{ events }, after, index]) => {
        const open = events.filter(({ status }) => status !== 'closed');
        const end = open.at(-1)!.at + HOUR;
        const changedAt = open[Math.min(index, open.length - 1)]!.at;
        const changed = [
          ...open.filter((one) => one.at <= changedAt),
          { at: changedAt, type: 'policy_changed' as const, levels: after },
          ...open.filter((one) => one.at > changedAt),
        ];
        const fresh = open.map((one) => ('by' in one ? { ...one, levels: after } : one));
        return JSON.stringify(computeClocks(changed, end)) === JSON.stringify(computeClocks(fresh, end));
      },
    ),
  );
});
