/** Words of the explanation of a promise: why it stands where it stands. */

import { z } from 'zod';
import { EFFECTS } from '../../rules/course.ts';
import { MARK_STEPS } from '../../rules/explanation.ts';
import { INTERVAL_LABELS, MOST_INTERVALS } from '../../rules/labels.ts';
import { ATTRIBUTES, MATCH_REASONS } from '../../rules/matching.ts';
import { zIsoInstant } from '../model.ts';
import { zClockEventType } from '../service-levels/model.ts';
import { Clock, zMetric, zTicketId } from './model.ts';

const zSeconds = z.int().meta({ scalar: 'Seconds' });
const zPolicyVersion = z.int().describe('Its version.');

export const explanationFields = {
  ...zTicketId,
  metric: zMetric.describe('Which promise.'),
  cycle: z.int().min(1).max(100_000).optional().describe('Which cycle; the latest unless told.'),
};

// ── The promise ─────────────────────────────────────────────────────────────────────────────────────────────────────

const ExplainedPolicy = z
  .object({
    key: z.string().describe('How it is named.'),
    name: z.string().describe('What people call it.'),
    version: zPolicyVersion,
    target: z.string().meta({ scalar: 'Duration' }).describe('What it promises, as it is written there.'),
    targetSeconds: zSeconds.describe('The same in open seconds, also of working days.'),
    calendar: z
      .object({
        key: z.string().describe('How it is named; always is built in.'),
        name: z.string().describe('What people call it; the key where it is gone.'),
        timeZone: z.string().describe('IANA time zone of its hours.'),
      })
      .meta({ id: 'ExplainedCalendar', description: 'A calendar that a promise counts on.' })
      .describe('What it counts on.'),
  })
  .meta({ id: 'ExplainedPolicy', description: 'A policy as far as one promise goes.' });

const zReason = z.enum(MATCH_REASONS).meta({
  id: 'MatchReason',
  description:
    'What puts a policy before another that matches: it alone matches, names the customer, names more of the ticket, has the lower position, has the earlier key.',
});

const MatchedAttribute = z
  .object({
    attribute: z
      .enum(ATTRIBUTES)
      .meta({ id: 'MatchAttribute', description: 'What policies are matched by.' })
      .describe('Which attribute of the ticket.'),
    value: z.string().nullable().describe("Key of it; the customer's id. Null: none, or not known."),
    name: z.string().nullable().describe('What people call it; null without a name, or for callers who may not know.'),
    matched: z
      .enum(['named', 'any'])
      .meta({ id: 'Matched', description: 'named: the policy lists it. any: it takes whatever comes.' })
      .describe('How the policy takes it.'),
  })
  .meta({ id: 'MatchedAttribute', description: 'An attribute that a policy was matched by.' });

const PolicyAlternative = z
  .object({
    policyKey: z.string().describe('The policy.'),
    policyName: z.string().describe('What people call it.'),
    reason: zReason.describe('What put the other one before it.'),
  })
  .meta({ id: 'PolicyAlternative', description: 'A policy that matches, too, and comes later.' });

const PolicyPassedOver = z
  .object({
    policyKey: z.string().describe('The policy.'),
    policyName: z.string().describe('What people call it.'),
    term: z
      .enum(['upcoming', 'ended'])
      .meta({
        id: 'OutsideTerm',
        description: 'How an instant lies outside a term: before it began, or after its end.',
      })
      .describe('Its term had not begun, or had ended, when the ticket was matched.'),
  })
  .meta({ id: 'PolicyPassedOver', description: 'A policy that would have come first, but for its term.' });

// ── The time ────────────────────────────────────────────────────────────────────────────────────────────────────────

const zElapsed = zSeconds.describe('What the clock had counted at its end.');

const ClockInterval = z
  .object({
    from: zIsoInstant.describe('Its beginning.'),
    to: zIsoInstant.describe('Its end, not of it.'),
    label: z
      .enum(INTERVAL_LABELS)
      .meta({ id: 'IntervalLabel', description: 'Only open seconds count; where hold is hideDue, paused ones too.' })
      .describe('Why these seconds count or do not.'),
    seconds: zSeconds.describe('Its length.'),
    elapsedSeconds: zElapsed,
  })
  .meta({ id: 'ClockInterval', description: 'A stretch of time under one label.' });

const ClockTime = z
  .object({
    from: zIsoInstant.describe('Its beginning.'),
    to: zIsoInstant.describe('Its end, not of it.'),
    openSeconds: zSeconds.describe('Labelled open.'),
    pausedSeconds: zSeconds.describe('Labelled paused.'),
    solvedSeconds: zSeconds.describe('Labelled solved.'),
    closedSeconds: zSeconds.describe('Labelled outside_hours or holiday.'),
    elapsedSeconds: zElapsed,
  })
  .meta({ id: 'ClockTime', description: 'The seconds of a stretch of time by their labels.' });

const ClockMark = z
  .object({
    at: zIsoInstant.describe('When it was reached, or will be as things stand.'),
    step: z
      .enum(MARK_STEPS)
      .meta({ id: 'ClockMarkStep', description: 'What happens at a point of the target.' })
      .describe('What happens there.'),
    fraction: z.number().nullable().describe('Of the target, 1 at the due time; null for an escalation after due.'),
    reached: z.boolean().describe('False for what is still to come.'),
  })
  .meta({ id: 'ClockMark', description: 'A point of the target on the way of a clock.' });

const ClockBefore = z
  .object({
    policyKey: z.string().describe('The policy that promised it.'),
    policyVersion: zPolicyVersion,
    dueAt: zIsoInstant.nullable().describe('When it was due; null where it was paused or had no due time.'),
  })
  .meta({ id: 'ClockBefore', description: 'What was promised before a change.' });

const ClockMove = z
  .object({
    at: zIsoInstant.describe('When.'),
    type: zClockEventType.describe('What happened.'),
    value: z
      .string()
      .nullable()
      .describe('What a status, priority, tier or kind became: category or key. Null: none, or none said.'),
    effect: z
      .enum(EFFECTS)
      .meta({ id: 'ClockEffect', description: 'What an event does to a clock.' })
      .describe('What it did to the clock.'),
    dueAt: zIsoInstant.nullable().describe('Due after it; null while paused and once stopped.'),
    policyKey: z.string().describe('The policy that promises from then on.'),
    policyVersion: zPolicyVersion,
    before: ClockBefore.nullable().describe('Of changed and recomputed: what was promised until then; null: nothing.'),
  })
  .meta({ id: 'ClockMove', description: 'An event that moved a clock.' });

export const ClockExplanation = z
  .object({
    summary: z
      .string()
      .describe("What was promised, to whom, until when, and how it stands; the workspace's language."),
    text: z
      .string()
      .describe("The whole of it as plain text for a terminal, 70 columns wide, in the workspace's time zone."),
    asOf: zIsoInstant.describe('Told as of this instant.'),
    clock: Clock.describe('The promise.'),
    leftSeconds: zSeconds
      .nullable()
      .describe('Open seconds left, or to spare when met; negative: counted since it broke. Null when cancelled.'),
    policy: ExplainedPolicy.describe('What promised it.'),
    policyKey: z.string().describe('Key of the policy that promised it.'),
    policyVersion: zPolicyVersion,
    reason: zReason.describe('What put this policy before the next one that matches.'),
    matchedBy: z.array(MatchedAttribute).describe('What it was matched by.'),
    alternatives: z
      .array(PolicyAlternative)
      .nullable()
      .describe('The other policies that match, by precedence; null for callers without service_levels:read.'),
    passedOver: z
      .array(PolicyPassedOver)
      .nullable()
      .describe(
        'The policies that would have come first, but for their term; null for callers without service_levels:read.',
      ),
    total: ClockTime.describe('From the start to now or the stop.'),
    earlier: ClockTime.nullable().describe(
      `What lies before the last ${MOST_INTERVALS} intervals; null: they are all.`,
    ),
    intervals: z
      .array(ClockInterval)
      .describe('From the start to now or the stop, without a gap; the open ones add up to elapsedSeconds.'),
    marks: z
      .array(ClockMark)
      .describe('Where warnings, the due time and escalations (for callers with service_levels:read) lie.'),
    events: z.array(ClockMove).describe('The events that moved it.'),
  })
  .meta({ id: 'ClockExplanation', description: 'Why a clock stands where it stands.' });
