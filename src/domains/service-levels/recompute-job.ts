/**
 * Recomputation, done: a change of a policy or calendar is brought to the tickets it touches in small batches, each ticket
 * under its own guard. Dry, the same walk makes the same report and writes nothing.
 */

import { setImmediate as othersFirst } from 'node:timers/promises';
import type { z } from 'zod';
import type { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { toAppError } from '../../db/sqlstate.ts';
import { AppError } from '../../errors.ts';
import type { JobDefinition, Work } from '../../job.ts';
import type { ServiceLevels } from '../../rules/clocks.ts';
import { addFailed, addTouched, nothingRecomputed, type Recomputation, type Side } from '../../rules/recomputation.ts';
import { getCustomer } from '../customers/store.ts';
import { isoOrNull } from '../model.ts';
import { levelsTurn, type Turned, turn, turnedBefore } from '../tickets/recompute.ts';
import { tierTurn } from '../tickets/retier.ts';
import { loadLevels } from '../tickets/settle.ts';
import { getTicketFiles, notBefore, type TicketFile } from '../tickets/store.ts';
import { countWalked, lengthsOf, listWalked, type Walk } from '../tickets/walk.ts';
import type { RecomputationReport } from './recompute-model.ts';
import { compileLevels, findWaitingRecomputation, getVersionInstant, type Levels } from './store.ts';
import { RECOMPUTE } from './versions.ts';

export type RecomputeInput = {
  dryRun?: boolean;
  includeClosed?: boolean;
  /** What is only thought of; with `dryRun` alone. */
  levels?: Levels;
  /** Instead of all: this customer's tickets, brought to its tier. */
  customerId?: string;
};

interface Place {
  total: number;
  /** The last ticket that was looked at. */
  after: string | null;
  recomputation: Recomputation;
}

/** Tickets that are read, and saved, at once; and the events that their histories may have together. */
const BATCH = 100;
const MOST_EVENTS = 20_000;
/** How often a ticket that others change is decided again. */
const ATTEMPTS = 8;
/** Others are answered in between. Milliseconds. */
const LONGEST_STRETCH = 4;
const STEP_MS = 500;

export const recomputeJob: JobDefinition<RecomputeInput, Place, z.input<typeof RecomputationReport>> = {
  type: RECOMPUTE,
  async run(work, input) {
    const planned = input.levels === undefined ? null : compileLevels(input.levels);
    const { customerId, includeClosed = false } = input;
    const walk: Walk = customerId === undefined ? { closedToo: includeClosed } : { customerId };
    let ctx = await work.context();
    const { workspaceId } = ctx.workspace;
    const place: Place = work.place ?? {
      total: await countWalked(ctx.db, workspaceId, walk),
      after: null,
      recomputation: nothingRecomputed(),
    };
    let steppedAt = performance.now();
    for (;;) {
      const other = input.dryRun ? null : await findWaitingRecomputation(ctx.db, workspaceId, RECOMPUTE, input);
      const ids = other === null ? await nextBatch(ctx, walk, place.after) : [];
      const isLast = ids.length === 0;
      if (!isLast) await recomputeBatch(work, input, planned, place.recomputation, ids);
      place.after = ids.at(-1) ?? place.after;
      const done = place.recomputation.tickets;
      place.total = Math.max(place.total, done);
      if (isLast || performance.now() - steppedAt > STEP_MS) {
        await work.step(place, done, isLast ? done : place.total);
        steppedAt = performance.now();
      }
      if (isLast) return reportOf(ctx, input, place, other);
      ctx = await work.context();
    }
  },
};

/** The next tickets, so few that their histories can be held. */
async function nextBatch({ db, workspace }: Ctx, walk: Walk, after: string | null): Promise<string[]> {
  const ids = await listWalked(db, workspace.workspaceId, walk, after, BATCH);
  const lengths = await lengthsOf(db, workspace.workspaceId, ids);
  let events = 0;
  const most = ids.findIndex((id, index) => {
    events += lengths.get(id) ?? 0;
    return index > 0 && events > MOST_EVENTS;
  });
  return most < 0 ? ids : ids.slice(0, most);
}

async function recomputeBatch(
  work: Work<Place>,
  input: RecomputeInput,
  planned: ServiceLevels | null,
  recomputation: Recomputation,
  ids: string[],
): Promise<void> {
  recomputation.tickets += ids.length;
  let left = ids;
  for (let attempt = 1; left.length > 0 && attempt <= ATTEMPTS; attempt++) {
    const ctx = await work.context();
    const fail = (id: string, error: unknown) => addFailed(recomputation, id, codeOf(ctx, id, error));
    const files = await getTicketFiles(ctx.db, ctx.workspace.workspaceId, left);
    const decide = await decisionOf(ctx, input, planned, files, work.id);
    const turned: Turned[] = [];
    let since = performance.now();
    for (const file of files) {
      try {
        const one = decide(file);
        if (one !== null) turned.push(one);
      } catch (error) {
        fail(file.ticket.id, error);
      }
      if (performance.now() - since > LONGEST_STRETCH) {
        await othersFirst();
        since = performance.now();
      }
    }
    const unsaved = new Set<Turned>();
    const lost = await work.save(turned.filter(isToSave), (one, error) => {
      unsaved.add(one);
      fail(one.ticket.id, error);
    });
    for (const one of lost) unsaved.add(one);
    for (const one of turned) if (!unsaved.has(one)) addTouched(recomputation, one.ticket, one.before, one.after);
    left = lost.map(({ ticket }) => ticket.id);
  }
  for (const id of left) addFailed(recomputation, id, 'conflict');
}

function isToSave(turned: Turned): turned is Turned & { changes: Changes } {
  return turned.changes !== null;
}

/** A ticket at fault must not stand in the way of the others; a database that is away is nobody's fault and thrown on. */
function codeOf(ctx: Ctx, ticket: string, error: unknown): string {
  const known = error instanceof AppError ? error : toAppError(error);
  if (known?.code === 'unavailable') throw error;
  if (known === null) ctx.log.error({ err: error, ticket }, 'a ticket could not be recomputed');
  return known?.code ?? 'internal';
}

/** In the place of a version's number, for what is only thought of. */
const PLANNED = -1;

/** What is decided about each of these tickets: null where nothing is to be done, and nothing was. */
async function decisionOf(
  ctx: Ctx,
  { customerId, includeClosed, dryRun: dry = false }: RecomputeInput,
  planned: ServiceLevels | null,
  files: TicketFile[],
  by: string,
): Promise<(file: TicketFile) => Turned | null> {
  const { workspaceId, serviceLevelVersion } = ctx.workspace;
  const isLeft = ({ ticket }: TicketFile) => ticket.statusCategory === 'closed' && !includeClosed;
  const named = await loadLevels(
    ctx,
    files.map(({ history }) => history),
  );
  if (customerId !== undefined) {
    const customer = await getCustomer(ctx.db, workspaceId, customerId);
    const { happening, patch } = tierTurn(ctx, customer);
    const since = Math.min(customer.tierSince ?? ctx.now, ctx.now);
    return (file) => {
      const { tier, customerId: whose } = file.ticket;
      if (isLeft(file) || whose !== customerId || tier === customer.tier) return turnedBefore(ctx, file, named, by);
      const at = notBefore(file.history, since);
      return turn(ctx, file, named, { happening: { ...happening, at }, patch }, { by, dry, rests: customer });
    };
  }
  const number = planned === null ? serviceLevelVersion : PLANNED;
  const levels = planned === null ? named : new Map(named).set(PLANNED, planned);
  const begun = number > 0 ? await getVersionInstant(ctx.db, workspaceId, number) : ctx.now;
  const since = Math.min(begun, ctx.now);
  return (file) => {
    const its = isLeft(file) ? null : levelsTurn(file, levels, { number, since });
    return its === null ? turnedBefore(ctx, file, levels, by) : turn(ctx, file, levels, its, { by, dry, rests: null });
  };
}

// ── The report ──────────────────────────────────────────────────────────────────────────────────────────────────────

function reportOf(
  ctx: Ctx,
  { dryRun = false, levels }: RecomputeInput,
  { recomputation }: Place,
  supersededBy: string | null,
): z.input<typeof RecomputationReport> {
  const { touched, failed, ...counts } = recomputation;
  return {
    dryRun,
    serviceLevelVersion: levels === undefined ? ctx.workspace.serviceLevelVersion : null,
    supersededBy,
    ...counts,
    touched: touched.map(({ id, clocks, ...ticket }) => ({
      ticketId: id,
      ...ticket,
      clocks: clocks.map(({ before, after, ...clock }) => ({
        ...clock,
        before: sideView(before),
        after: sideView(after),
      })),
    })),
    failed: failed.map(({ id, code }) => ({ ticketId: id, code })),
  };
}

function sideView(side: Side | null) {
  return side === null ? null : { ...side, dueAt: isoOrNull(side.dueAt) };
}
