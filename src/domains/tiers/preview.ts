/** Trying a tier model on the customers there are, before it is applied. */

import { z } from 'zod';
import { Changes } from '../../changes.ts';
import { enqueue } from '../../job.ts';
import { write } from '../../operation.ts';
import { compileTierModel } from '../../rules/tier-model.ts';
import { Job } from '../jobs/model.ts';
import { jobView } from '../jobs/store.ts';
import { TIERS_PREVIEW } from './job-names.ts';
import { listTiers } from './store.ts';
import { applyTierModel } from './tier-models.ts';
import { tierModelFields } from './tier-models-model.ts';

export const previewTierModel = write({
  name: 'previewTierModel',
  summary: 'Try a tier model: who would move, and what that would mean to the load',
  description:
    'Answers at once with a job; its result is a TierPreview. Every customer is looked at as they are now; nobody moves, and nothing but the job is written.',
  scope: 'tiers:write',
  input: z.strictObject(tierModelFields),
  output: Job,
  status: 202,
  example: { definition: applyTierModel.example!['definition'] },
  async run(ctx, { definition }) {
    const tiers = await listTiers(ctx.db, ctx.workspace.workspaceId);
    compileTierModel(
      definition,
      tiers.map(({ key }) => key),
    );
    const changes = new Changes(ctx.now);
    const job = enqueue(ctx, changes, { type: TIERS_PREVIEW }, { definition });
    return { result: jobView(job), changes };
  },
});
