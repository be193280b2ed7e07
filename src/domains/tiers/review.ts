/**
 * A review: a look at customers' tiers, many at once. Their figures are taken, the model makes them a score, the score and
 * what was remembered make a step or none; what follows is one change set for each customer, which stands or falls alone.
 */

import { isDeepStrictEqual } from 'node:util';
import { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { toAppError } from '../../db/sqlstate.ts';
import { customers } from '../../db/tables/customers.ts';
import { customerScores, tierReviews } from '../../db/tables/tiering.ts';
import { workspaces } from '../../db/tables/workspaces.ts';
import type { Instant } from '../../rules/calendar.ts';
import type { FigureDefinition } from '../../rules/figures.ts';
import { needsPopulation } from '../../rules/population.ts';
import { type Risk, riskFigures, risksOf } from '../../rules/risk.ts';
import { type Figures, NEW_STANDING } from '../../rules/tier-model.ts';
import type { Step } from '../../rules/tier-step.ts';
import { loadHeldNeeds, loadNeedReview, type NeedReview } from '../customers/needs-review.ts';
import { customerView, tierPinView } from '../customers/store.ts';
import { changeTier, type Held } from '../customers/tier.ts';
import { loadOpenTickets } from '../tickets/retier.ts';
import { loadFigures } from './figures.ts';
import { unhurried } from './population.ts';
import { isPinned, loadReviewFiles, loadSteps, type ReviewFile, type Scored, type ScoreRow } from './review-load.ts';
import { loadTiering, type Tiering } from './tiering.ts';
import { touch } from './touch.ts';

/** What a review came to, of one customer. */
export interface Reviewed {
  customerId: string;
  changes: Changes;
  /** Null: no score, since nothing is known of them, they are somebody else's now, or there is no model. */
  step: Step | null;
  /** The tier before; null without one. */
  held: string | null;
}

/**
 * Reviews customers at `ctx.now`. `monthly`: the first second of the month whose run this is, else null. A lost race means
 * that the customer is to be reviewed again: the answer rests on what was read.
 */
export async function reviewCustomers(
  ctx: Ctx,
  customerIds: readonly string[],
  { monthly }: { monthly: Instant | null },
): Promise<Reviewed[]> {
  const { workspaceId } = ctx.workspace;
  const [tiering, need] = await Promise.all([loadTiering(ctx), loadNeedReview(ctx)]);
  const files = await loadReviewFiles(ctx.db, workspaceId, customerIds, ctx.now);
  const own = files.filter(({ customer }) => customer.mergedInto === null).map(({ customer }) => customer);
  const [measures, needs] = await Promise.all([
    loadFigures(ctx.db, ctx.workspace, own, definitionsOf(tiering, need), ctx.now),
    need === null ? null : loadHeldNeeds(ctx, customerIds),
  ]);
  const isReckoned = tiering !== null && isReady(tiering);
  const { steps, last } = await loadSteps(ctx, isReckoned ? tiering : null, files, measures, monthly);
  const looks = files.map((file): Look => {
    const { id } = file.customer;
    const measure = measures.get(id);
    if (measure === undefined) return { ...file, figures: null, scored: null, risks: [] };
    const { figures, known } = measure;
    const look = { ...file, figures, scored: steps.get(id) ?? null };
    if (tiering === null || (known && !isReckoned)) return { ...look, risks: null };
    const { risk } = tiering.model.definition;
    return { ...look, risks: risk === undefined ? [] : risksOf(risk, figures) };
  });
  const movers = looks.filter(({ customer, scored }) => scored !== null && scored.step.tier !== customer.tier);
  const moverIds = movers.map(({ customer }) => customer.id);
  const held = movers.length === 0 ? null : { last, open: await loadOpenTickets(ctx, moverIds) };
  const reviewed: Reviewed[] = [];
  await unhurried(looks, (look) => {
    const { customer, scored, figures } = look;
    const changes = changesOf(ctx, tiering, look, held);
    const after = { ...customer, tier: scored?.step.tier ?? customer.tier };
    if (figures !== null) need?.decide(changes, after, figures, needs?.get(customer.id) ?? []);
    reviewed.push({ customerId: customer.id, changes, step: scored?.step ?? null, held: customer.tier });
  });
  return reviewed;
}

/**
 * The same, for many of whom one may be at fault: it is told to `failed`, and does not stand in the way of the others. A
 * database that is away is nobody's fault and thrown on.
 */
export async function reviewEach(
  ctx: Ctx,
  customerIds: readonly string[],
  run: { monthly: Instant | null },
  failed: (customerId: string, error: unknown) => void,
): Promise<Reviewed[]> {
  try {
    return await reviewCustomers(ctx, customerIds, run);
  } catch (error) {
    if (toAppError(error)?.code === 'unavailable') throw error;
    if (customerIds.length === 1) {
      failed(customerIds[0]!, error);
      return [];
    }
    const half = Math.ceil(customerIds.length / 2);
    const first = await reviewEach(ctx, customerIds.slice(0, half), run, failed);
    return [...first, ...(await reviewEach(ctx, customerIds.slice(half), run, failed))];
  }
}

function definitionsOf(tiering: Tiering | null, need: NeedReview | null): FigureDefinition[] {
  if (tiering === null) return need?.figures ?? [];
  const { definition, parts } = tiering.model;
  const risks = definition.risk === undefined ? [] : riskFigures(definition.risk);
  return [...parts.map(({ figure }) => figure), ...risks, ...(need?.figures ?? [])];
}

/** Percentiles without a population would be nothing but zeros: until it is taken, by the job that a new model asks for, nobody is scored. */
function isReady({ model, population }: Tiering): boolean {
  return population !== null || !needsPopulation(model);
}

interface Look extends ReviewFile {
  /** Null of a customer who is another one by now. */
  figures: Figures | null;
  scored: Scored | null;
  /** Why they may be lost, which takes no score; null: nobody can tell, and what was kept of them stays. */
  risks: Risk[] | null;
}

function changesOf(ctx: Ctx, tiering: Tiering | null, look: Look, held: Held | null): Changes {
  const { asked, score: before, scored, risks } = look;
  const changes = new Changes(ctx.now);
  let { customer } = look;
  if (customer.tierPin !== null && !isPinned(customer, ctx.now)) {
    const pin = tierPinView(customer.tierPin);
    customer = changes.update(customers, customer, { tierPin: null });
    changes.event('customer.tierUnpinned', customer.id, { customer: customerView(customer), pin, reason: null });
  }
  if (scored !== null) {
    const { step, score } = scored;
    if (step.tier !== customer.tier) {
      const said = { model: tiering!.number, ...score };
      changeTier(ctx, changes, customer, { tier: step.tier, source: 'score', reason: null, score: said }, held!);
    }
    const { target, standing, movesAt } = step;
    const kept = { ...score, target, standing, movesAt, moving: target !== step.tier };
    keep(ctx, changes, customer.id, before, { ...kept, model: tiering!.number, risks: risks! });
    if (step.movesAt !== null && step.movesAt !== before?.movesAt) touch(ctx, changes, customer.id, step.movesAt);
  } else if (risks !== null && risks.length > 0) {
    const { number, model } = tiering!;
    const target = customer.tier ?? model.tiers.at(-1)!;
    keep(ctx, changes, customer.id, before, { ...UNSCORED, model: number, target, risks });
  } else if (risks !== null && before !== undefined) changes.delete(customerScores, before);
  for (const row of asked) changes.delete(tierReviews, row);
  // A model that is applied at this very moment must not be passed by: its own job has looked at this customer already.
  if (!changes.empty) changes.guard(workspaces, { ...ctx.workspace });
  return changes;
}

/** Of a customer who is not scored (`isScored`): what is kept of them are their risks. */
const UNSCORED = { total: 0, parts: [], standing: NEW_STANDING, movesAt: null, moving: false };

/** A look that finds everything as it was writes nothing: `computedAt` says since when it is so. */
function keep(
  { now, workspace }: Ctx,
  changes: Changes,
  customerId: string,
  before: ScoreRow | undefined,
  after: Omit<ScoreRow, 'workspaceId' | 'customerId' | 'computedAt' | 'version'>,
): void {
  if (before === undefined) {
    changes.insert(customerScores, { workspaceId: workspace.workspaceId, customerId, ...after, computedAt: now });
  } else if (!isSame(before, after)) {
    changes.update(customerScores, before, { ...after, computedAt: now });
  }
}

function isSame(before: ScoreRow, after: Partial<ScoreRow>): boolean {
  return Object.entries(after).every(([name, value]) => isDeepStrictEqual(before[name as keyof ScoreRow], value));
}
