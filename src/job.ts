/**
 * Long work: a job is asked for by the change set that needs it, and run in the background, step by step, by whichever
 * process is free. It keeps its place at every step, so that another process goes on where a killed one had stopped.
 */

import type { Changes } from './changes.ts';
import type { Ctx } from './context.ts';
import { jobs } from './db/tables/jobs.ts';
import { newId } from './ids.ts';

/** A kind of long work. `I` is its input and `S` its place, both as JSON; `R` its result. */
export interface JobDefinition<I = never, S = never, R extends object = object> {
  /** What it does to what, as in `service_levels.recompute`. */
  type: string;
  /** May be run again from its last place at any time: what it saves must be guarded, or the same when done twice. */
  run(work: Work<S>, input: I): Promise<R>;
}

/** What a running job is lent. */
export interface Work<S> {
  /** TypeID of the job. */
  id: string;
  /** The place it had kept last; null at the beginning. */
  place: S | null;
  /** A fresh context: the workspace as it stands now, and its time. */
  context(): Promise<Ctx>;
  /**
   * Saves change sets, each standing or falling alone; answers those that lost their race, to be decided again. One
   * that cannot be saved at all is told to `failed`.
   */
  save<G extends { changes: Changes }>(groups: G[], failed: (group: G, error: unknown) => void): Promise<G[]>;
  /**
   * Keeps the place and how far it is (`total` null: not known), and lets others have the processor. Call it at least
   * every second or so. Throws when the job was cancelled, taken over, or the process ends: let it pass.
   */
  step(place: S, done: number, total: number | null): Promise<void>;
}

/** Adds a job to the change set; it begins once that is saved. */
export function enqueue<I extends Record<string, unknown>>(
  ctx: Pick<Ctx, 'workspace' | 'actor' | 'now'>,
  changes: Changes,
  { type }: { type: JobDefinition<I>['type'] },
  input: I,
): typeof jobs.$inferSelect {
  const row = changes.insert(jobs, {
    workspaceId: ctx.workspace.workspaceId,
    id: newId('job'),
    type,
    state: 'queued',
    input,
    done: 0,
    attempts: 0,
    actor: ctx.actor.id,
    createdAt: ctx.now,
    updatedAt: ctx.now,
  });
  // What it was asked for may be large, a whole plan: the feed says that there is a job, the job says the rest.
  changes.event('job.created', row.id, { type });
  return row;
}
