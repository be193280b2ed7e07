/** Words for service levels that are only thought of: one other policy, or a whole plan. */

import { z } from 'zod';
import { zKey } from '../model.ts';
import { InlineCalendar, InlinePolicy, zPolicyRef } from './model.ts';

const zPlan = z
  .strictObject({
    calendars: z
      .array(
        InlineCalendar.extend({ key: zKey.describe('How the policies of the plan name it.') }).meta({
          id: 'PlannedCalendar',
          description: 'A calendar of a plan.',
        }),
      )
      .max(100)
      .nullish()
      .describe("Calendars beside the workspace's own; one with the key of those takes its place."),
    policies: z
      .array(
        InlinePolicy.extend({ key: zKey.describe('How the answer names it.') }).meta({
          id: 'PlannedPolicy',
          description: 'A policy of a plan.',
        }),
      )
      .max(500)
      .describe('All that is promised.'),
  })
  .meta({ id: 'ServiceLevelPlan', description: 'A whole set of policies, with the calendars they name.' });

export const plannedFields = {
  policy: zPolicyRef
    .nullish()
    .describe(
      "A policy, or the id or key of one: it takes the place of the workspace's policy with its key (and its position, unless told), or is added; all others stay.",
    ),
  plan: zPlan.nullish().describe('A whole set instead: nothing else is promised.'),
};
