/** How jobs are read and shown. */

import type { Db } from '../../db/connect.ts';
import { findById } from '../../db/rows.ts';
import { jobs } from '../../db/tables/jobs.ts';
import { notFound } from '../../errors.ts';
import { iso, isoOrNull } from '../model.ts';

export type JobRow = typeof jobs.$inferSelect;

export function findJobRow(db: Db, workspaceId: number, jobId: string): Promise<JobRow | undefined> {
  return findById(db, jobs, workspaceId, jobId);
}

export async function getJobRow(db: Db, workspaceId: number, jobId: string): Promise<JobRow> {
  const row = await findJobRow(db, workspaceId, jobId);
  if (row === undefined) throw notFound('job');
  return row;
}

export function jobView(row: JobRow) {
  const { id, type, state, input, done, total, result, error, actor, version } = row;
  return {
    id,
    type,
    state,
    input,
    progress: { done, total },
    result,
    error,
    requestedBy: actor,
    startedAt: isoOrNull(row.startedAt),
    finishedAt: isoOrNull(row.finishedAt),
    version,
    createdAt: iso(row.createdAt),
    updatedAt: iso(row.updatedAt),
  };
}
