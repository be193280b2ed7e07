/** Words of the backtest: what other service levels would have made of the workspace's own past. */

import { z } from 'zod';
import { zId, zInstant, zIsoInstant } from '../model.ts';
import { zClockState, zMetric } from '../tickets/model.ts';
import { plannedFields } from './planned-model.ts';

export const backtestFields = {
  ...plannedFields,
  from: zInstant.optional().describe('Tickets created at or after; from the first one unless told.'),
  to: zInstant.optional().describe('Tickets created before; up to the last one unless told.'),
};

const count = (words: string) => z.int().describe(words);

const Kept = z
  .object({
    promises: count('How many; the five outcomes add up to it.'),
    met: count('Kept.'),
    missed: count('Done, but after they were due.'),
    overdue: count('Still open, and broken.'),
    open: count('Still open, and not broken.'),
    cancelled: count('Neither kept nor broken any more.'),
    attainment: z
      .number()
      .nullable()
      .describe('met / (met + missed + overdue), from 0 to 1; null when no outcome is known.'),
  })
  .meta({ id: 'BacktestKept', description: 'Promises by what became of them.' });

const Group = z
  .object({
    metric: zMetric.describe('What is promised.'),
    tier: z.string().nullable().describe('Key of the tier; null for tickets without one, and in totals.'),
    kind: z.string().nullable().describe('Key of the kind; null in totals.'),
    before: Kept.describe('As it was promised.'),
    after: Kept.describe('As it would have been.'),
  })
  .meta({ id: 'BacktestGroup', description: 'One figure before and after.' });

const Promised = z
  .object({
    policyKey: z.string().describe('The policy that promises it.'),
    target: z.string().describe('As written in the policy.'),
    state: zClockState.describe('How it ended or stands.'),
    dueAt: zIsoInstant.nullable().describe('When it is, or was, due; null while paused and once cancelled.'),
    breached: z.boolean().describe('Whether it was broken.'),
  })
  .meta({ id: 'BacktestPromise', description: 'One promise on one side of a backtest.' });

const Difference = z
  .object({
    ticketId: zId('ticket').describe('The ticket.'),
    number: z.int().describe('Its number.'),
    tier: z.string().nullable().describe('Its tier; null when it has none.'),
    kind: z.string().describe('Its kind.'),
    metric: zMetric.describe('What is promised.'),
    cycle: z.int().describe('Which time it was promised, from 1.'),
    before: Promised.nullable().describe('As it was; null when nothing was promised.'),
    after: Promised.nullable().describe('As it would have been; null when nothing would be promised.'),
  })
  .meta({ id: 'BacktestDifference', description: 'A promise that one side broke and the other did not.' });

const Peak = z
  .object({
    hour: zIsoInstant.describe('Its beginning.'),
    promises: count('Promises that fell due in it.'),
  })
  .meta({ id: 'BacktestPeak', description: 'The busiest hour.' });

export const BacktestReport = z
  .object({
    asOf: zIsoInstant.describe('Open promises are judged as of this instant.'),
    tickets: count('Tickets of the period.'),
    ticketsChanged: count('Of them, those of which a promise would have been another.'),
    becameBroken: count('Promises that would have been broken and were not.'),
    becameKept: count('Promises that were broken and would not have been.'),
    totals: z.array(Group).describe('By metric.'),
    groups: z.array(Group).describe('By metric, tier and kind of the ticket as it stands now.'),
    load: z
      .object({
        peakBefore: Peak.nullable().describe('The busiest hour as it was; null when nothing was due.'),
        peakAfter: Peak.nullable().describe('The busiest hour as it would have been; null when nothing would be due.'),
        hoursOfDay: z
          .array(
            z
              .object({
                hour: z.int().describe('Hour of the local day, 0 to 23.'),
                before: count('Promises that fell due in it, over the whole period.'),
                after: count('Promises that would have fallen due in it.'),
              })
              .meta({ id: 'BacktestHour', description: 'Load of an hour of the day.' }),
          )
          .describe("All 24, in the workspace's time zone."),
      })
      .meta({ id: 'BacktestLoad', description: 'Promises due per hour.' })
      .describe('Promises due per hour.'),
    differences: z.array(Difference).describe('The first 200 promises that one side broke and the other did not.'),
  })
  .meta({ id: 'BacktestReport', description: 'What other service levels would have made of the past.' });
