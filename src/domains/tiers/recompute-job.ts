/**
 * Looks at every customer: once a month, and when a model was applied. Where scores rest on how values lie in the workspace,
 * that is counted first; then everybody is reviewed, a few hundred at a time, each under their own guard.
 */

import type { z } from 'zod';
import { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { toAppError } from '../../db/sqlstate.ts';
import { tierModels } from '../../db/tables/tiering.ts';
import { AppError } from '../../errors.ts';
import type { JobDefinition, Work } from '../../job.ts';
import type { Instant } from '../../rules/calendar.ts';
import { addMove, type Move } from '../../rules/tier-moves.ts';
import { isoOrNull } from '../model.ts';
import { countCustomers, listCustomerIds } from './customer-walk.ts';
import { TIERS_RECOMPUTE } from './job-names.ts';
import { nothingTaken, type Taking, takePopulation, walksOf } from './population.ts';
import { MOST_FAILED, type TierRecomputation } from './recompute-model.ts';
import { type Reviewed, reviewEach } from './review.ts';
import { drawSample } from './samples.ts';
import { getTierModelRow } from './tier-models-store.ts';
import { loadTiering } from './tiering.ts';

export type RecomputeInput = {
  /** Of a monthly run: the first second of its month, and what the month is called. */
  monthly?: Instant;
  month?: string;
};

interface Counts {
  customers: number;
  scored: number;
  withoutData: number;
  pending: number;
  moves: Move[];
  failed: { customerId: string; code: string }[];
}

interface Place {
  /** The model it looks with: another one in between begins anew. */
  model: number;
  /** Customers to look at, in all walks together; and those that are behind it. */
  total: number;
  done: number;
  /** Null once the population is taken. */
  taking: Taking | null;
  populationAt: Instant | null;
  /** The last customer who was reviewed. */
  after: string | null;
  counts: Counts;
}

/** Customers who are reviewed, and saved, at once. */
const BATCH = 500;
/** How often a customer whom others change is reviewed again. */
const ATTEMPTS = 8;
/** The place is large while a population is taken. */
const STEP_MS = 500;

export const tierRecomputeJob: JobDefinition<RecomputeInput, Place, z.input<typeof TierRecomputation>> = {
  type: TIERS_RECOMPUTE,
  async run(work, { monthly = null, month = null }) {
    let place = work.place ?? (await begin(await work.context()));
    for (;;) {
      if (place.taking !== null) await takeAndKeep(work, place, place.taking);
      if (await reviewAll(work, place, monthly)) break;
      place = await begin(await work.context());
    }
    const sampled = month === null ? 0 : await draw(work, month);
    const { counts, model, populationAt } = place;
    const { moves, ...rest } = counts;
    moves.sort((a, b) => b.customers - a.customers);
    return { model, month, populationAt: isoOrNull(populationAt), ...rest, moves, sampled };
  },
};

async function begin(ctx: Ctx): Promise<Place> {
  const [tiering, customers] = await Promise.all([loadTiering(ctx), countCustomers(ctx.db, ctx.workspace.workspaceId)]);
  const walks = tiering === null ? 0 : walksOf(tiering.model);
  return {
    model: ctx.workspace.tierModel,
    total: customers * (walks + 1),
    done: 0,
    taking: walks === 0 ? null : nothingTaken(),
    populationAt: null,
    after: null,
    counts: { customers: 0, scored: 0, withoutData: 0, pending: 0, moves: [], failed: [] },
  };
}

/** Keeps the place every so many milliseconds, and at the end of a walk. */
function stepper(work: Work<Place>, place: Place, everyMs: number) {
  let steppedAt = performance.now();
  return async (customers: number, isLast = false) => {
    place.done += customers;
    if (!isLast && performance.now() - steppedAt < everyMs) return;
    await work.step(place, place.done, Math.max(place.total, place.done));
    steppedAt = performance.now();
  };
}

/** Takes the population and keeps it with the model, for whoever is reviewed from now on. */
async function takeAndKeep(work: Work<Place>, place: Place, taking: Taking): Promise<void> {
  if (taking.values === null && taking.after === null) place.done = 0;
  const ctx = await work.context();
  const { model, number } = (await loadTiering(ctx))!;
  const step = stepper(work, place, STEP_MS);
  const population = await takePopulation(() => work.context(), model, taking, step);
  const row = await getTierModelRow(ctx.db, ctx.workspace.workspaceId, number);
  const changes = new Changes(population.at);
  changes.update(tierModels, row, { population });
  await work.save([{ changes }], (_, error) => {
    throw error;
  });
  place.taking = null;
  place.populationAt = population.at;
  await step(0, true);
}

/** False when another model was applied meanwhile: what was done is done, and all begins anew. */
async function reviewAll(work: Work<Place>, place: Place, monthly: Instant | null): Promise<boolean> {
  // After every batch: what was saved and not kept is looked at again, and its moves are told no more.
  const step = stepper(work, place, 0);
  const fail = (customerId: string, error: unknown, log: Ctx['log']) => {
    const known = error instanceof AppError ? error : toAppError(error);
    if (known === null) log.error({ err: error, customer: customerId }, 'a customer could not be reviewed');
    if (place.counts.failed.length < MOST_FAILED) {
      place.counts.failed.push({ customerId, code: known?.code ?? 'internal' });
    }
  };
  /** A batch read and decided, while the one before it is saved. */
  const decide = async (after: string | null) => {
    const ctx = await work.context();
    const ids = await listCustomerIds(ctx.db, ctx.workspace.workspaceId, after, BATCH);
    const reviewed = await reviewEach(ctx, ids, { monthly }, (id, error) => fail(id, error, ctx.log));
    return { ctx, ids, reviewed };
  };
  for (let batch = await decide(place.after); ; ) {
    if (batch.ctx.workspace.tierModel !== place.model) return false;
    const last = batch.ids.at(-1);
    if (last === undefined) break;
    const next = decide(last);
    // Should this batch fail, nobody else waits for the next one.
    next.catch(() => undefined);
    let left = batch.reviewed;
    for (let attempt = 1; left.length > 0; attempt++) {
      const toSave = left.filter(({ changes }) => !changes.empty);
      const unsaved = new Set<Reviewed>();
      const lost = await work.save(toSave, (one, error) => {
        unsaved.add(one);
        fail(one.customerId, error, batch.ctx.log);
      });
      for (const one of lost) unsaved.add(one);
      for (const one of left) if (!unsaved.has(one)) count(place.counts, one);
      const ids = lost.map(({ customerId }) => customerId);
      if (ids.length === 0) break;
      const conflict = new AppError('conflict', 'Others were changing the same customer at the same time.');
      if (attempt === ATTEMPTS) for (const id of ids) fail(id, conflict, batch.ctx.log);
      if (attempt === ATTEMPTS) break;
      const ctx = await work.context();
      left = await reviewEach(ctx, ids, { monthly }, (id, error) => fail(id, error, ctx.log));
    }
    place.counts.customers += batch.ids.length;
    place.after = last;
    await step(batch.ids.length);
    batch = await next;
  }
  await step(0, true);
  return true;
}

function count(counts: Counts, { step, held }: Reviewed): void {
  if (step === null) {
    counts.withoutData += 1;
    return;
  }
  counts.scored += 1;
  if (step.tier !== held) addMove(counts.moves, held, step.tier);
  if (step.target !== step.tier) counts.pending += 1;
}

async function draw(work: Work<Place>, month: string): Promise<number> {
  const ctx = await work.context();
  const tiering = await loadTiering(ctx);
  if (tiering === null) return 0;
  const changes = await drawSample(ctx, month, tiering.model.sampleSize);
  const lost = await work.save([{ changes }], (_, error) => {
    throw error;
  });
  return lost.length > 0 ? 0 : changes.entries.length;
}
