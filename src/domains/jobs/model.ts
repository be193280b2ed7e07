/** Words of the jobs domain: long work that goes on after the answer. */

import { z } from 'zod';
import { zId, zIsoInstant, zPage, zStamps } from '../model.ts';
import { BacktestReport } from '../service-levels/backtest-model.ts';
import { RecomputationReport } from '../service-levels/recompute-model.ts';
import { TierPreview } from '../tiers/preview-model.ts';
import { TierRecomputation } from '../tiers/recompute-model.ts';

export const JOB_STATES = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const;

export const zJobState = z.enum(JOB_STATES).meta({ id: 'JobState', description: 'Where a job stands.' });

export const zJobId = { jobId: zId('job').describe('Id of the job.') };

const zJobError = z
  .object({
    code: z.string().describe('As in every error.'),
    message: z.string().describe('In words.'),
    errors: z.array(z.unknown()).meta({ scalar: 'JSON' }).describe('The fields at fault: path, message, code.'),
  })
  .meta({ id: 'JobError', description: 'Why a job failed.' });

export const Job = z
  .object({
    id: zId('job').describe('TypeID.'),
    type: z.string().describe('What it does, as in service_levels.recompute.'),
    state: zJobState.describe('Where it stands.'),
    input: z
      .record(z.string(), z.unknown())
      .nullable()
      .meta({ scalar: 'JSON' })
      .describe('What was asked for; null in lists, for it may be a whole plan: ask for the job by its id.'),
    progress: z
      .object({
        done: z.int().describe('So many of them are done.'),
        total: z.int().nullable().describe('So many there are; null while nobody has counted.'),
      })
      .meta({ id: 'JobProgress', description: 'How far a job is.' })
      .describe('How far it is.'),
    result: z
      .union([RecomputationReport, BacktestReport, TierRecomputation, TierPreview, z.record(z.string(), z.unknown())])
      .nullable()
      .meta({ scalar: 'JSON' })
      .describe('What came of it, by type; null until it has succeeded, and in lists.'),
    error: zJobError.nullable().describe('Why it failed; null unless it did.'),
    requestedBy: z.string().describe('Who asked for it: the id of a key or client, or the part of the desk.'),
    startedAt: zIsoInstant.nullable().describe('When it was first begun; null while it waits.'),
    finishedAt: zIsoInstant.nullable().describe('When it ended, however; null until then.'),
    ...zStamps,
  })
  .meta({ id: 'Job', description: 'Long work that goes on after the answer. Ask again for its progress and result.' });

export const JobPage = zPage(Job).meta({ id: 'JobPage', description: 'A page of jobs.' });
