/** Words of the reports domain: how far promises are kept. */

import { z } from 'zod';
import { zInstant, zIsoInstant, zKey } from '../model.ts';
import { zMetric, zPriority } from '../tickets/model.ts';

export const ATTAINMENT_GROUPS = ['metric', 'tier', 'kind', 'channel', 'priority', 'policy'] as const;

const zGroup = z
  .enum(ATTAINMENT_GROUPS)
  .meta({ id: 'AttainmentGroup', description: 'What attainment is told apart by, beside the metric.' });

export const attainmentFields = {
  from: zInstant.optional().describe('Promises that started at or after; from the first one unless told.'),
  to: zInstant.optional().describe('Promises that started before; up to the last one unless told.'),
  groupBy: z
    .array(zGroup)
    .max(ATTAINMENT_GROUPS.length)
    .default(['metric'])
    .describe(
      'Always by metric; further by the tier that held when the ticket was opened, by kind, channel or priority of the ticket as it stands now, or by policy.',
    ),
  metric: z.array(zMetric).max(20).optional().describe('These metrics alone.'),
  tier: z.array(zKey).max(10).optional().describe('Tickets alone that were opened under these tiers.'),
  kind: z.array(zKey).max(20).optional().describe('Tickets of these kinds alone.'),
  channel: z.array(zKey).max(20).optional().describe('Tickets of these channels alone.'),
  priority: z.array(zPriority).max(4).optional().describe('Tickets of these priorities alone.'),
};

const count = (words: string) => z.int().describe(words);
const seconds = (words: string) => z.int().nullable().meta({ scalar: 'Seconds' }).describe(words);
const group = (words: string) => z.string().nullable().describe(`${words} Null where it is not grouped by it.`);

export const AttainmentRow = z
  .object({
    metric: zMetric.describe('What is promised.'),
    tier: group('Key of the tier that held when the tickets were opened; null, too, when none did.'),
    kind: group('Key of the kind.'),
    channel: group('Key of the channel.'),
    priority: group('How much it presses.'),
    policyKey: group('Key of the policy.'),
    total: count('Promises that started in the period: the five states add up to it.'),
    met: count('Kept.'),
    missed: count('Done, but after they were due.'),
    running: count('Still running.'),
    paused: count('Still open, and paused.'),
    cancelled: count('Neither kept nor broken any more: the ticket moved on.'),
    overdue: count('Of the running and paused ones: broken already.'),
    breached: count(
      'Broken, whatever came of them: the missed and the overdue ones, and those cancelled after they broke.',
    ),
    attainment: z
      .number()
      .nullable()
      .describe(
        'Of the promises whose outcome is known, the share that was kept: met / (met + missed + overdue), from 0 to 1. What is open and not broken yet, and what was cancelled, does not count. Null when no outcome is known.',
      ),
    elapsedP50: seconds(
      'Of the met and missed ones: the smallest elapsed time, in open seconds, that at least half of them did not exceed. Null when there is none.',
    ),
    elapsedP90: seconds('The same for nine of ten.'),
  })
  .meta({ id: 'AttainmentRow', description: 'How far promises of one metric, and one group, are kept.' });

export const Attainment = z
  .object({
    from: zIsoInstant.nullable().describe('Started at or after; null = from the first one.'),
    to: zIsoInstant.nullable().describe('Started before; null = up to the last one.'),
    asOf: zIsoInstant.describe('The instant at which it is told who is overdue.'),
    data: z.array(AttainmentRow).describe('By metric and group.'),
  })
  .meta({ id: 'Attainment', description: 'How far promises are kept.' });
