/** Words of the service-levels domain: calendars, policies, and what can be computed from them without writing anything. */

import { z } from 'zod';
import { CLOCK_EVENT_TYPES } from '../../rules/clocks.ts';
import { PRESETS, SEMANTICS_OPTIONS } from '../../rules/semantics.ts';
import { zId, zInstant, zIsoInstant, zKey, zStamps, zText, zTimeZone } from '../model.ts';
import { Clock, zMetric, zPriority, zStatusCategory } from '../tickets/model.ts';

// ── Calendars ───────────────────────────────────────────────────────────────────────────────────────────────────────

const zTime = z.string().max(8);
export const zDate = z
  .string('Expected a date such as "2027-02-17".')
  .max(10)
  .meta({ scalar: 'Date', examples: ['2027-02-17'] });

const zPeriod = z
  .tuple([zTime, zTime], { error: 'Expected a period such as ["09:00", "18:00"].' })
  .meta({ examples: [['09:00', '18:00']] });

export const zPeriods = z.array(zPeriod).max(100);

const day = (name: string) => zPeriods.nullish().describe(`Open periods that start on a ${name}; none = closed.`);

const zWeek = z
  .strictObject({
    mon: day('Monday'),
    tue: day('Tuesday'),
    wed: day('Wednesday'),
    thu: day('Thursday'),
    fri: day('Friday'),
    sat: day('Saturday'),
    sun: day('Sunday'),
  })
  .meta({
    id: 'Week',
    description:
      'Open periods per weekday, local HH:MM or HH:MM:SS, 24:00 as an end; one whose end is before its start runs over midnight.',
  });

const zHoliday = z.union([
  zDate,
  z
    .strictObject({
      date: zDate.describe('Local date.'),
      from: zTime.describe('Local time it closes at.'),
      to: zTime.describe('Local time it opens at again, 24:00 at most.'),
    })
    .meta({ id: 'PartialHoliday', description: 'A part of a date that is closed.' }),
]);

const zSpecialDay = z
  .strictObject({
    date: zDate.describe('Local date.'),
    periods: zPeriods.describe('Its open periods; none = closed.'),
  })
  .meta({ id: 'SpecialDay', description: "A date whose hours replace the week's and void its holidays." });

const hoursShape = {
  timeZone: zTimeZone.describe('IANA time zone that every local time is read in.'),
  week: zWeek.describe('Open periods per weekday; weekdays left out are closed.'),
  holidays: z
    .array(zHoliday)
    .max(5000)
    .nullish()
    .describe('Closed local dates, "2027-02-17", or parts of one, {date, from, to}.'),
  specialDays: z.array(zSpecialDay).max(5000).nullish().describe('Dates with hours of their own.'),
};

export const calendarFields = {
  key: zKey.describe('How policies name it; never changes. always is built in.'),
  name: zText(100).describe('What people call it.'),
  ...hoursShape,
};

export const Calendar = z
  .object({
    id: zId('calendar').describe('TypeID.'),
    key: z.string().describe('How policies name it.'),
    name: z.string().describe('What people call it.'),
    timeZone: z.string().describe('IANA time zone that every local time is read in.'),
    week: zWeek.describe('Open periods per weekday.'),
    holidays: z.array(zHoliday).describe('Closed local dates, or parts of one, {date, from, to}.'),
    specialDays: z.array(zSpecialDay).describe('Dates with hours of their own.'),
    ...zStamps,
  })
  .meta({ id: 'Calendar', description: 'When the desk is open: what business time is counted on.' });

export const InlineCalendar = z
  .strictObject({
    key: z.string().max(200).optional().describe('Not used; may be said.'),
    name: z.string().max(200).optional().describe('Not used; may be said.'),
    ...hoursShape,
  })
  .meta({ id: 'InlineCalendar', description: 'A calendar said in the request itself.' });

const zName = z.string().max(200);

/** In REST a name or the calendar itself; in GraphQL `{ id }` or `{ inline }`. */
export const zCalendarRef = z
  .union([z.string('Expected the id or key of a calendar, "always", or a calendar itself.').max(200), InlineCalendar])
  .meta({ reference: 'CalendarRef' });

// ── Policies ────────────────────────────────────────────────────────────────────────────────────────────────────────

const keys = (words: string) => z.array(z.string().min(1).max(200)).max(1000).nullish().describe(words);

const zMatch = z
  .strictObject({
    customers: keys('Ids of customers: a personal plan, which wins over all others.'),
    tiers: keys('Keys of tiers.'),
    kinds: keys('Keys of kinds.'),
    channels: keys('Keys of channels.'),
    priorities: z.array(zPriority).max(4).nullish().describe('Priorities.'),
  })
  .meta({ id: 'PolicyMatch', description: 'Which tickets a policy covers; an empty list matches all.' });

const zEscalationAction = z
  .strictObject({
    notify: z
      .string()
      .max(300)
      .optional()
      .describe('assignee, team_lead, manager, senior, or a mail address; makes a notification, no mail is sent yet.'),
    raisePriority: z.boolean().optional().describe('true: one step up; urgent stays urgent.'),
    reassign: z
      .string()
      .max(300)
      .optional()
      .describe('Id or name of a team, kept as its id; the assignee stays when they belong to it.'),
    webhook: z.string().max(2000).optional().describe('An http or https address; see listDeliveries.'),
  })
  .meta({ id: 'EscalationAction', description: 'What a step does: exactly one of these.' });

const zEscalationStep = z
  .strictObject({
    at: z
      .union([z.number(), z.string().max(40)])
      .meta({ scalar: 'JSON' })
      .describe('A fraction of the target (0.8), "due", or a duration after due ("PT1H", wall time).'),
    do: z.array(zEscalationAction).max(20).describe('What is done then.'),
  })
  .meta({
    id: 'EscalationStep',
    description:
      'What is done when a promise is in danger or broken, once per clock, cycle and version of the policy. Said in the feed as clock.escalated, with the actions and outcome, what came of each: result is done, nothing_to_do, unresolved (nobody holds the role) or unknown_team.',
  });

const zTarget = z
  .string()
  .max(40)
  .meta({ scalar: 'Duration', examples: ['PT1H30M'] })
  .describe('Open time such as PT1H30M, or whole working days such as P3D.');

const zProposalStart = z
  .enum(['understanding_confirmed', 'first_response', 'created'])
  .meta({ id: 'ProposalStart', description: 'What starts the proposal clock.' });

const objectiveShape = {
  metric: zMetric.describe('What is promised; each once per policy.'),
  target: zTarget,
  warnAt: z.array(z.number()).max(20).nullish().describe('Fractions of the target at which it is warned of.'),
  pausesOn: z.array(zStatusCategory).max(6).nullish().describe('Status categories in which the clock is paused.'),
  minOptions: z.int().nullish().describe('proposal: how many options meet it; 2 unless told.'),
  startsAt: zProposalStart.nullish().describe('proposal: what starts it; understanding_confirmed unless told.'),
  escalate: z.array(zEscalationStep).max(20).nullish().describe('Steps beside the warnings.'),
};

const zObjective = z
  .strictObject({
    ...objectiveShape,
    calendar: zName.nullish().describe("Key or id of a calendar, or always; the policy's unless told."),
  })
  .meta({ id: 'PolicyObjective', description: 'One promise of a policy.' });

const InlineObjective = z
  .strictObject({
    ...objectiveShape,
    calendar: zCalendarRef.nullish().describe("The calendar it counts on; the policy's unless told."),
  })
  .meta({ id: 'InlineObjective', description: 'One promise of a policy said in the request itself.' });

const option = <const T extends readonly string[]>(name: string, values: T, words: string) =>
  z.enum(values).meta({ id: name, description: words }).nullish().describe(`${words} ${values[0]} unless told.`);

const AT_CLOSING = 'Where time ends that is used up exactly at a closing: there, or at the next opening.';

const PRESET_WORDS = Object.entries(PRESETS)
  .map(([name, { does }]) => `- ${name}: ${does}`)
  .join('\n');

const zSemantics = z
  .strictObject({
    preset: z
      .string()
      .max(100)
      .nullish()
      .describe(`A bundle of options by name; an option said beside it comes first.\n${PRESET_WORDS}`),
    onReopen: option(
      'OnReopen',
      SEMANTICS_OPTIONS.onReopen,
      'What a reopening does. resume: time while solved does not count. count: as if it had never stopped, the old due time holds. restart: resolution begins its next cycle, the others resume.',
    ),
    onChange: option(
      'OnChange',
      SEMANTICS_OPTIONS.onChange,
      'What another tier, priority, kind, policy or calendar does. recompute: it holds for the whole history from creation. fromChange: elapsed time stays, and what is left of the new target is counted from the change.',
    ),
    hold: option(
      'Hold',
      SEMANTICS_OPTIONS.hold,
      'What a pause does to the due time. business: it waits in open time. wall: it moves by the seconds held, also outside hours. hideDue: it is hidden but does not move, and the time counts.',
    ),
    createdByAgent: option(
      'CreatedByAgent',
      SEMANTICS_OPTIONS.createdByAgent,
      'Whether a ticket that an agent opens waits for a first response. noResponse: it starts no such clock.',
    ),
    nextResponseIncludesFirst: z
      .boolean()
      .nullish()
      .describe('Whether the creating message also opens a next-response cycle; false unless told.'),
    firstResponseBy: z
      .array(
        z
          .enum(SEMANTICS_OPTIONS.firstResponseBy)
          .meta({ id: 'FirstResponseBy', description: 'What counts as the first response.' }),
      )
      .max(10)
      .nullish()
      .describe(
        'What counts as the first response: a public reply always, and setting a status of one of these categories.',
      ),
    atClosing: option('AtClosing', SEMANTICS_OPTIONS.atClosing, AT_CLOSING),
    granularity: option(
      'Granularity',
      SEMANTICS_OPTIONS.granularity,
      'minute: the instants of events are cut to the minute; asOf is not.',
    ),
  })
  .meta({
    id: 'Semantics',
    description: 'How clocks are read; what is left out is as in the preset, else the default.',
  });

const VALID_FROM =
  'Tickets come under it from this instant on; null: from the first one. What was promised before stands.';
const VALID_TO =
  'Tickets come under it before this instant, not at it; null: without an end. What was promised by then stands; new tickets, and those whose tier, kind, priority or customer changes, get what else matches.';

const termFields = {
  validFrom: zInstant.nullish().describe(VALID_FROM),
  validTo: zInstant.nullish().describe(VALID_TO),
};

export const policyFields = {
  key: zKey.describe('How reports name it; never changes.'),
  name: zText(200).describe('What people call it.'),
  position: z.int().min(0).max(1_000_000).default(0).describe('Among equally specific policies the lowest wins.'),
  ...termFields,
  match: zMatch.nullish().describe('Which tickets it covers; all of them unless told.'),
  calendar: zName.nullish().describe('Key or id of a calendar, or always; null = always.'),
  objectives: z.array(zObjective).max(50).describe('What is promised.'),
  semantics: zSemantics.nullish().describe('How its clocks are read.'),
};

const list = (words: string) => z.array(z.string()).describe(words);

export const Policy = z
  .object({
    id: zId('policy').describe('TypeID.'),
    key: z.string().describe('How reports name it.'),
    name: z.string().describe('What people call it.'),
    position: z.int().describe('Among equally specific policies the lowest wins.'),
    validFrom: zIsoInstant.nullable().describe(VALID_FROM),
    validTo: zIsoInstant.nullable().describe(VALID_TO),
    match: z
      .object({
        customers: list('Ids of customers.'),
        tiers: list('Keys of tiers.'),
        kinds: list('Keys of kinds.'),
        channels: list('Keys of channels.'),
        priorities: list('Priorities.'),
      })
      .meta({ id: 'PolicyMatch', description: 'Which tickets a policy covers; an empty list matches all.' })
      .describe('Which tickets it covers.'),
    calendar: z.string().nullable().describe('Key of the calendar it counts on; null = always.'),
    objectives: z
      .array(
        z
          .object({
            metric: zMetric.describe('What is promised.'),
            target: zTarget,
            calendar: z.string().nullable().describe("Key of its own calendar; null = the policy's."),
            warnAt: z.array(z.number()).describe('Fractions of the target at which it is warned of.'),
            pausesOn: z.array(zStatusCategory).describe('Status categories in which the clock is paused.'),
            minOptions: z.int().optional().describe('proposal: how many options meet it; absent = 2.'),
            startsAt: zProposalStart.optional().describe('proposal: what starts it.'),
            escalate: z.array(zEscalationStep).describe('Steps beside the warnings.'),
          })
          .meta({ id: 'PolicyObjective', description: 'One promise of a policy.' }),
      )
      .describe('What is promised.'),
    semantics: zSemantics.describe('How its clocks are read: the options that were said.'),
    ...zStamps,
  })
  .meta({ id: 'Policy', description: 'A service-level policy: which tickets it covers and what it promises them.' });

export const InlinePolicy = z
  .strictObject({
    key: z.string().min(1).max(200).optional().describe('Named by its clocks; inline unless told.'),
    name: z.string().max(200).optional().describe('What people call it.'),
    position: z.int().optional().describe('Among equally specific policies of a plan the lowest wins.'),
    version: z.int().optional().describe('Named by its clocks; 1 unless told.'),
    ...termFields,
    match: zMatch.nullish().describe('Which tickets it covers; all of them unless told.'),
    calendar: zCalendarRef.nullish().describe("The calendar it counts on; the request's unless told."),
    objectives: z.array(InlineObjective).max(50).describe('What is promised.'),
    semantics: zSemantics.nullish().describe('How its clocks are read.'),
  })
  .meta({ id: 'InlinePolicy', description: 'A policy said in the request itself.' });

/** In REST a name or the policy itself; in GraphQL `{ id }` or `{ inline }`. */
export const zPolicyRef = z
  .union([z.string('Expected the id or key of a policy, or a policy itself.').max(200), InlinePolicy])
  .meta({ reference: 'PolicyRef' });

// ── Computations ────────────────────────────────────────────────────────────────────────────────────────────────────

const zSeconds = z.int().meta({ scalar: 'Seconds' });
const zCalendar = zCalendarRef.describe('Id or key of a calendar, always, or a calendar itself.');

export const addFields = {
  calendar: zCalendar,
  start: zInstant.describe('Counted from here; outside hours from the next opening.'),
  duration: z
    .string()
    .max(40)
    .meta({ scalar: 'Duration', examples: ['PT8H'] })
    .nullish()
    .describe('How much: open time such as PT8H, or whole working days such as P3D.'),
  seconds: zSeconds.min(0).nullish().describe('How much: open seconds.'),
  businessDays: z.int().min(1).max(100_000).nullish().describe('How much: working days.'),
  atClosing: z
    .enum(SEMANTICS_OPTIONS.atClosing)
    .meta({ id: 'AtClosing' })
    .nullish()
    .describe('Where time ends that is used up exactly at a closing; there unless told.'),
};

export const BusinessInstant = z
  .object({ at: zIsoInstant.describe('When that much open time has passed.') })
  .meta({ id: 'BusinessInstant', description: 'An instant found by counting open time.' });

export const betweenFields = {
  calendar: zCalendar,
  from: zInstant.describe('Counted from here.'),
  to: zInstant.describe('To here; 0 when it is not after from.'),
};

export const BusinessSeconds = z
  .object({ seconds: zSeconds.describe('Open seconds in between.') })
  .meta({ id: 'BusinessSeconds', description: 'An amount of open time.' });

export const zClockEventType = z
  .enum(CLOCK_EVENT_TYPES)
  .meta({ id: 'ClockEventType', description: 'What can happen to a ticket as its clocks see it.' });

const zWord = z.string().min(1).max(200);

export const SimulatedEvent = z
  .strictObject({
    at: zInstant.describe('When it happened; any order.'),
    type: zClockEventType.describe('What happened.'),
    by: z
      .enum(['customer', 'agent'])
      .meta({ id: 'CreatedBy', description: 'Who opened a ticket.' })
      .optional()
      .describe('created: who opened it; customer unless told.'),
    status: zStatusCategory.optional().describe('created (new unless told), status_changed: the status category.'),
    tier: zWord.nullable().optional().describe('created, tier_changed: the tier; null = none, left out = matches all.'),
    kind: zWord.optional().describe('created, kind_changed: the kind; left out = matches all.'),
    channel: zWord.optional().describe('created: the channel; left out = matches all.'),
    priority: zPriority.optional().describe('created, priority_changed: the priority; left out = matches all.'),
    policy: zPolicyRef.nullable().optional().describe('policy_changed: what is promised from then on; null = nothing.'),
    calendar: zCalendarRef.nullable().optional().describe('calendar_changed: the calendar from then on.'),
    count: z.int().min(0).max(1000).optional().describe('options_offered: how many; 1 unless told.'),
    score: z.number().optional().describe('score_received: the score.'),
    low: z.boolean().optional().describe('score_received: whether it is low; false unless told.'),
  })
  .meta({ id: 'SimulatedEvent', description: 'One thing that happens to the simulated ticket.' });

export const simulateFields = {
  policy: zPolicyRef.nullable().describe('Id or key of a policy, or a policy itself; null = nothing is promised.'),
  calendar: zCalendarRef.nullish().describe('For what names no calendar of its own; always unless told.'),
  events: z.array(SimulatedEvent).max(10_000).describe('What happens to the ticket, in any order.'),
  asOf: z.array(zInstant).min(1, 'Give at least one instant.').max(1000).describe('Instants to look at the clocks at.'),
};

export const Simulation = z
  .object({
    states: z
      .array(
        z
          .object({
            asOf: zIsoInstant.describe('The instant that was asked for.'),
            clocks: z.array(Clock).describe('Every cycle begun by then, in the order of the metrics.'),
          })
          .meta({ id: 'SimulatedState', description: 'The clocks at one instant.' }),
      )
      .describe('One per asOf, in the order they were asked for.'),
  })
  .meta({ id: 'Simulation', description: 'What would be promised.' });
