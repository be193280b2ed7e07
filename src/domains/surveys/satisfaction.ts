/** What the answers of a period amount to: CSAT, averages, distribution, response rate. */

import { z } from 'zod';
import { requireStaff } from '../../auth/policy.ts';
import { AppError } from '../../errors.ts';
import { read } from '../../operation.ts';
import { ratio, summarize } from '../../rules/satisfaction.ts';
import { familyOf } from '../customers/merge-store.ts';
import { iso } from '../model.ts';
import { countSatisfaction } from './counts.ts';
import { Satisfaction, satisfactionFields } from './model.ts';

const MONTH = 30 * 86_400;

export const getSatisfaction = read({
  name: 'getSatisfaction',
  summary: 'Get how satisfied customers are: CSAT, averages, distribution and response rate of a period',
  description:
    "In the workspace's time. Answers count in the period in which they were first given, as they stand now; invitations in the one in which they were sent.",
  scope: 'surveys:read',
  input: z.strictObject(satisfactionFields),
  output: Satisfaction,
  async run(ctx, { from: given, to: until, customerId, ...filters }) {
    requireStaff(ctx.actor);
    // What happens at this very second belongs to it: the period ends with the next.
    const to = until ?? ctx.now + 1;
    const from = given ?? Math.max(0, to - MONTH);
    if (from >= to) {
      const message = 'Expected an instant before `to`.';
      throw new AppError('validation_failed', message, [{ path: 'from', message, code: 'out_of_order' }]);
    }
    const { db, workspace } = ctx;
    const { points, dimensions, invitations, responses } = await countSatisfaction(db, workspace.workspaceId, {
      from,
      to,
      ...filters,
      customerIds: customerId === undefined ? undefined : await familyOf(db, workspace.workspaceId, customerId),
    });
    return {
      from: iso(from),
      to: iso(to),
      ...summarize(points),
      invitations,
      responses,
      responseRate: ratio(responses, invitations),
      dimensions: dimensions.map(({ key, scale, answers, total }) => ({
        key,
        scale,
        answers,
        average: ratio(total, answers)!,
      })),
    };
  },
});
