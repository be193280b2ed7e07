/** Recomputation, asked for: tickets are brought to the service levels in force, or it is tried what others would do to them. */

import { z } from 'zod';
import { Changes } from '../../changes.ts';
import { enqueue } from '../../job.ts';
import { write } from '../../operation.ts';
import { Job } from '../jobs/model.ts';
import { jobView } from '../jobs/store.ts';
import { checkPlanned, plannedLevels } from './planned.ts';
import { recomputeJob } from './recompute-job.ts';
import { recomputeFields } from './recompute-model.ts';
import { isGiven } from './said.ts';

const zRecompute = z.strictObject(recomputeFields);

export const recomputeServiceLevels = write({
  name: 'recomputeServiceLevels',
  summary: 'Bring tickets to the service levels in force, or try what others would do to them',
  description:
    'Every edit of a policy or calendar does this by itself for the tickets that are not closed. Ask for it to see beforehand what an edit would do (dryRun with a policy or plan), or to bring closed tickets along, which else stay as they were. Answers at once with a job; its result is a RecomputationReport.',
  scope: 'service_levels:write',
  input: zRecompute,
  check(input) {
    const planned = (['policy', 'plan'] as const).filter((field) => isGiven(input[field]));
    if (input.dryRun || planned.length === 0) return checkPlanned(input);
    const message = 'Planned service levels can only be tried: give dryRun.';
    return planned.map((path) => ({ path, message, code: 'invalid' }));
  },
  output: Job,
  status: 202,
  example: {
    dryRun: true,
    policy: {
      key: 'normal-questions',
      match: { tiers: ['normal'] },
      calendar: 'cn-office',
      objectives: [{ metric: 'first_response', target: 'PT4H', warnAt: [0.8] }],
    },
  },
  async run(ctx, { dryRun, includeClosed, policy, plan }) {
    const isPlanned = isGiven(policy) || isGiven(plan);
    const levels = isPlanned ? { levels: await plannedLevels(ctx, { policy, plan }) } : {};
    const changes = new Changes(ctx.now);
    const job = enqueue(ctx, changes, recomputeJob, { dryRun, includeClosed, ...levels });
    return { result: jobView(job), changes };
  },
});
