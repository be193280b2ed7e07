/** Looking at every customer, asked for by hand. */

import { z } from 'zod';
import { Changes } from '../../changes.ts';
import { AppError } from '../../errors.ts';
import { enqueue } from '../../job.ts';
import { write } from '../../operation.ts';
import { Job } from '../jobs/model.ts';
import { jobView } from '../jobs/store.ts';
import { TIERS_RECOMPUTE } from './job-names.ts';

export const recomputeTiers = write({
  name: 'recomputeTiers',
  summary: 'Look at the tiers of all customers now',
  description:
    'Customers are looked at when anything of theirs changes, all of them monthly and when a tier model is applied: ask for it when percentiles and shares are to be read anew before the month ends. It counts as no monthly run. Answers at once with a job; its result is a TierRecomputation.',
  scope: 'tiers:write',
  input: z.strictObject({}),
  output: Job,
  status: 202,
  example: {},
  async run(ctx) {
    if (ctx.workspace.tierModel === 0) {
      throw new AppError('invalid_transition', 'There is no tier model: apply one first.');
    }
    const changes = new Changes(ctx.now);
    const job = enqueue(ctx, changes, { type: TIERS_RECOMPUTE }, {});
    return { result: jobView(job), changes };
  },
});
