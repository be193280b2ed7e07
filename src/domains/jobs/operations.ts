/** Verbs of the jobs domain: look how far one is, or stop it. */

import { z } from 'zod';
import { Changes } from '../../changes.ts';
import { equals, readPage } from '../../db/page.ts';
import { jobs } from '../../db/tables/jobs.ts';
import { AppError } from '../../errors.ts';
import { read, write } from '../../operation.ts';
import { zPaging } from '../model.ts';
import { Job, JobPage, zJobId, zJobState } from './model.ts';
import { getJobRow, jobView } from './store.ts';

export const getJob = read({
  name: 'getJob',
  summary: 'Get a job: how far it is, and what came of it',
  scope: 'jobs:read',
  input: z.strictObject(zJobId),
  output: Job,
  async run(ctx, { jobId }) {
    return jobView(await getJobRow(ctx.db, ctx.workspace.workspaceId, jobId));
  },
});

export const listJobs = read({
  name: 'listJobs',
  summary: 'List jobs, newest first',
  scope: 'jobs:read',
  input: z.strictObject({
    ...zPaging,
    type: z.string().max(64).optional().describe('Jobs of this type alone.'),
    state: zJobState.optional().describe('Jobs in this state alone.'),
  }),
  output: JobPage,
  async run(ctx, { limit, cursor, type, state }) {
    return readPage(
      {
        db: ctx.db,
        name: 'list:jobs',
        table: jobs,
        without: ['input', 'checkpoint', 'result'],
        workspaceId: ctx.workspace.workspaceId,
        filters: [equals('type', jobs.type, type), equals('state', jobs.state, state)],
        order: { name: 'createdAt', column: jobs.createdAt, descending: true },
        tieBreak: jobs.id,
        limit,
        cursor,
      },
      (row) => ({ ...jobView(row), input: null, result: null }),
    );
  },
});

export const cancelJob = write({
  name: 'cancelJob',
  summary: 'Stop a job at its next step; what it has saved by then stays',
  scope: 'jobs:write',
  input: z.strictObject(zJobId),
  output: Job,
  example: {},
  async run(ctx, { jobId }) {
    const job = await getJobRow(ctx.db, ctx.workspace.workspaceId, jobId);
    const changes = new Changes(ctx.now);
    if (job.state === 'cancelled') return { result: jobView(job), changes };
    if (job.finishedAt !== null) throw new AppError('invalid_transition', `The job has ${job.state} already.`);
    const ended = { state: 'cancelled', finishedAt: ctx.now, leaseUntil: null, checkpoint: null } as const;
    const after = changes.update(jobs, job, ended);
    changes.event('job.finished', job.id, { type: job.type, state: 'cancelled' });
    return { result: jobView(after), changes };
  },
});
