/**
 * The worker: runs jobs one after the other, in the background of every process. A job keeps its place at every step under
 * a lease; a process that is killed loses its lease, and another one goes on from that place. What a job saves is guarded
 * like everything else, so that a step done twice changes nothing twice.
 */

import { setImmediate as othersFirst, setTimeout as pause } from 'node:timers/promises';
import { systemActor } from '../auth/policy.ts';
import { Changes } from '../changes.ts';
import type { Logger, Workspace } from '../context.ts';
import { toAppError } from '../db/sqlstate.ts';
import { jobs } from '../db/tables/jobs.ts';
import { findJobRow, type JobRow } from '../domains/jobs/store.ts';
import { getWorkspace } from '../domains/workspaces/store.ts';
import { AppError } from '../errors.ts';
import type { JobDefinition, Work } from '../job.ts';
import { contextOf, type Desk } from '../operation.ts';
import { saveEach, saveOne } from '../saving.ts';
import { type Loop, startLoop } from './loop.ts';
import { type ClaimedJob, claimJob, hasOpenJobs, keepJob } from './store.ts';

// biome-ignore lint/suspicious/noExplicitAny: jobs of every input, place and result pass through here
export type AnyJob = JobDefinition<any, any, any>;

/** A killed process' job is taken up within a minute. */
const LEASE_MS = 30_000;
const HEARTBEAT_MS = 8_000;
/** A job that ends its process every time must not do so for ever. */
const MOST_ATTEMPTS = 5;

const AUTHOR = { actor: 'worker', door: 'job' };

/** Thrown by `step` to end a job here: it was cancelled, taken over, or the process ends. */
class Left extends Error {}

/** Claims a job and runs it; false when none waits. `ending` is asked at every step. */
async function runNext(
  desk: Desk,
  definitions: readonly AnyJob[],
  log: Logger,
  workspaceId: number | null,
  ending: () => boolean,
): Promise<boolean> {
  const job = await claimJob(desk.db, desk.services.wallClock(), LEASE_MS, workspaceId);
  if (job === null) return false;
  const keep = (lease: number, at?: Parameters<typeof keepJob>[4]) =>
    keepJob(desk.db, job, desk.services.wallClock(), lease, at);
  const heartbeat = setInterval(() => {
    // A beat that fails is made good by the next one, or the job is taken over.
    keep(LEASE_MS).catch(() => undefined);
  }, HEARTBEAT_MS);
  try {
    const definition = definitions.find(({ type }) => type === job.type);
    if (definition === undefined) throw new AppError('gone', `This release has no job ${job.type}.`);
    if (job.attempts > MOST_ATTEMPTS) throw new Error(`It was begun ${MOST_ATTEMPTS} times and never got on.`);
    const result = await definition.run(workOf(desk, job, log, keep, ending) as never, job.input as never);
    await finish(desk, job, { state: 'succeeded', result, error: null });
  } catch (error) {
    await end(desk, job, log, keep, error);
  } finally {
    clearInterval(heartbeat);
  }
  return true;
}

function workOf(
  desk: Desk,
  job: ClaimedJob,
  log: Logger,
  keep: (lease: number, at: { place: unknown; done: number; total: number | null }) => Promise<boolean>,
  ending: () => boolean,
): Work<unknown> {
  const actor = systemActor('worker');
  let workspace: Workspace;
  return {
    id: job.id,
    place: job.place,
    async context() {
      workspace = await getWorkspace(desk.db, job.workspaceId);
      return contextOf(desk, { workspace, actor, door: 'job', log });
    },
    async save(groups, failed) {
      workspace ??= await getWorkspace(desk.db, job.workspaceId);
      return saveEach(desk, workspace, groups, AUTHOR, failed);
    },
    async step(place, done, total) {
      // The next process goes on at once from where this one stops.
      const lease = ending() ? 0 : LEASE_MS;
      if (!(await keep(lease, { place, done, total })) || lease === 0) throw new Left();
      await othersFirst();
    },
  };
}

/** After an error: a database that is away is waited for, a job that was left is another's, everything else is told. */
async function end(
  desk: Desk,
  job: ClaimedJob,
  log: Logger,
  keep: (lease: number) => Promise<boolean>,
  error: unknown,
): Promise<void> {
  if (error instanceof Left) return;
  const known = error instanceof AppError ? error : toAppError(error);
  if (known?.code === 'unavailable') {
    // Longer each time, so that what is away for a minute is not taken for a job that never gets on.
    await keep(1000 * 2 ** job.attempts);
    throw known;
  }
  if (known === null) log.error({ err: error, job: job.id }, 'a job failed');
  const { code, message, errors } = known ?? {
    code: 'internal',
    message: 'Something went wrong on our side.',
    errors: [],
  };
  await finish(desk, job, { state: 'failed', result: null, error: { code, message, errors } });
}

/** Unless somebody else has it by now. */
async function finish(desk: Desk, job: ClaimedJob, outcome: Pick<JobRow, 'state' | 'result' | 'error'>): Promise<void> {
  const row = await findJobRow(desk.db, job.workspaceId, job.id);
  if (row === undefined || row.version !== job.version) return;
  const workspace = await getWorkspace(desk.db, job.workspaceId);
  const now = workspace.testNow ?? Math.floor(desk.services.wallClock() / 1000);
  const changes = new Changes(now);
  changes.update(jobs, row, { ...outcome, checkpoint: null, leaseUntil: null, finishedAt: now });
  changes.event('job.finished', job.id, { type: job.type, state: outcome.state });
  await saveOne(desk, workspace, changes, AUTHOR);
}

/** Runs what waits in a workspace, and waits for what another process runs there. */
export async function finishJobs(
  desk: Desk,
  definitions: readonly AnyJob[],
  workspaceId: number,
  log: Logger,
): Promise<void> {
  while (await hasOpenJobs(desk.db, workspaceId)) {
    if (!(await runNext(desk, definitions, log, workspaceId, () => false))) await pause(20);
  }
}

/** At most this long between two looks: another process may have left a job. */
const LONGEST_SLEEP_MS = 2000;

/** Runs one job after the other. `stop` ends once the job at hand has come to its next step. */
export function startWorker(desk: Desk, definitions: readonly AnyJob[], log: Logger): Loop {
  return startLoop({
    wallClock: desk.services.wallClock,
    longestMs: LONGEST_SLEEP_MS,
    look: async (running) => ((await runNext(desk, definitions, log, null, () => !running())) ? 0 : null),
    failed: (error) => log.warn({ err: error }, 'the worker could not look at its jobs'),
  });
}
