/** What another tier model would make of the customers there are: the same walk as a recomputation, and nothing is saved. */

import type { z } from 'zod';
import type { JobDefinition, Work } from '../../job.ts';
import { promisesOf } from '../../rules/promised-load.ts';
import { isScored } from '../../rules/score.ts';
import { compileTierModel, type Population, type TierModel, type TierModelDefinition } from '../../rules/tier-model.ts';
import { addMove, type Move } from '../../rules/tier-moves.ts';
import type { StepReason } from '../../rules/tier-step.ts';
import { iso } from '../model.ts';
import { loadServiceLevels } from '../service-levels/store.ts';
import { countCustomers, listCustomerIds } from './customer-walk.ts';
import { loadFigures } from './figures.ts';
import { TIERS_PREVIEW } from './job-names.ts';
import { groupTicketsOf, type TicketGroup } from './load-store.ts';
import { nothingTaken, type Taking, takePopulation, unhurried, walksOf } from './population.ts';
import { LOAD_DAYS, MOST_EXAMPLES, type TierPreview } from './preview-model.ts';
import { loadReviewFiles, loadSteps, type ReviewFile, type Scored } from './review-load.ts';
import { listTiers } from './store.ts';

export type PreviewInput = { definition: TierModelDefinition };

type Report = z.input<typeof TierPreview>;

interface Load {
  customers: number;
  open: number;
  recent: number;
  /** Tickets that are open or recent; of them those that are promised a solution, and within what time, all together. */
  tickets: number;
  promised: number;
  seconds: number;
}

type Promises = ReturnType<typeof promisesOf>;

interface Place {
  total: number;
  done: number;
  taking: Taking;
  population: Population | null;
  after: string | null;
  counts: Pick<Report, 'customers' | 'scored' | 'withoutData' | 'pinned' | 'examples'> & {
    atOnce: Move[];
    later: Move[];
  };
  /** By tier, before and after; the key of customers without a tier is empty. */
  before: Record<string, Load>;
  afterwards: Record<string, Load>;
}

/** Customers who are read at once. */
const BATCH = 500;
const STEP_MS = 500;
const DAY = 86_400;

/** Steps down that come by themselves if nothing changes; what is held back by the margin does not. */
const LATER: readonly StepReason[] = ['rising', 'counting', 'grace', 'blocked'];

export const tierPreviewJob: JobDefinition<PreviewInput, Place, Report> = {
  type: TIERS_PREVIEW,
  async run(work, { definition }) {
    const ctx = await work.context();
    const { workspaceId } = ctx.workspace;
    const tiers = (await listTiers(ctx.db, workspaceId)).map(({ key }) => key);
    const model = compileTierModel(definition, tiers);
    const levels = await loadServiceLevels(ctx.db, workspaceId, ctx.workspace.serviceLevelVersion);
    const promises = promisesOf(levels.policies, ctx.now);
    const walks = walksOf(model);
    const place: Place = work.place ?? {
      total: (await countCustomers(ctx.db, workspaceId)) * (walks + 1),
      ...{ done: 0, taking: nothingTaken(), population: null, after: null },
      counts: { customers: 0, scored: 0, withoutData: 0, pinned: 0, examples: [], atOnce: [], later: [] },
      ...{ before: {}, afterwards: {} },
    };
    let steppedAt = performance.now();
    const step = async (customers: number, isLast = false) => {
      place.done += customers;
      if (!isLast && performance.now() - steppedAt < STEP_MS) return;
      await work.step(place, place.done, Math.max(place.total, place.done));
      steppedAt = performance.now();
    };
    if (walks > 0 && place.population === null) {
      place.population = await takePopulation(() => work.context(), model, place.taking, step);
      // It has said all it had to say, and is large.
      place.taking = nothingTaken();
    }
    await look(work, model, promises, place, step);
    await step(0, true);
    return reportOf(place, tiers);
  },
};

async function look(
  work: Work<Place>,
  model: TierModel,
  promises: Promises,
  place: Place,
  step: (customers: number) => Promise<void>,
): Promise<void> {
  const definitions = model.parts.map(({ figure }) => figure);
  for (;;) {
    const ctx = await work.context();
    const { workspaceId } = ctx.workspace;
    const ids = await listCustomerIds(ctx.db, workspaceId, place.after, BATCH);
    if (ids.length === 0) return;
    const [files, tickets] = await Promise.all([
      loadReviewFiles(ctx.db, workspaceId, ids, ctx.now),
      groupTicketsOf(ctx.db, workspaceId, ids, ctx.now - LOAD_DAYS * DAY),
    ]);
    const own = files.filter(({ customer }) => customer.mergedInto === null);
    const measures = await loadFigures(
      ctx.db,
      ctx.workspace,
      own.map(({ customer }) => customer),
      definitions,
      ctx.now,
    );
    const { steps } = await loadSteps(ctx, { model, population: place.population }, own, measures, null);
    await unhurried(own, (file) => {
      const { id } = file.customer;
      tally(place, file, steps.get(id), tickets.get(id) ?? [], promises);
    });
    place.after = ids.at(-1)!;
    await step(ids.length);
  }
}

function tally(
  place: Place,
  { customer, score: before }: ReviewFile,
  scored: Scored | undefined,
  tickets: readonly TicketGroup[],
  promises: Promises,
): void {
  const { counts } = place;
  const { id: customerId, name, tier: from } = customer;
  counts.customers += 1;
  addLoad(place.before, from, tickets, promises);
  if (scored === undefined) {
    counts.withoutData += 1;
    addLoad(place.afterwards, from, tickets, promises);
    return;
  }
  counts.scored += 1;
  const { score, step } = scored;
  const { tier, target, why } = step;
  const atOnce = tier !== from;
  const to = atOnce ? tier : LATER.includes(why) ? target : from;
  addLoad(place.afterwards, to, tickets, promises);
  if (why === 'pinned' && target !== from) counts.pinned += 1;
  if (to === null || to === from) return;
  addMove(atOnce ? counts.atOnce : counts.later, from, to);
  if (counts.examples.length === MOST_EXAMPLES) return;
  const totalBefore = before !== undefined && isScored(before) ? before.total : null;
  counts.examples.push({ customerId, name, from, to, atOnce, total: score.total, totalBefore });
}

const NO_LOAD: Load = { customers: 0, open: 0, recent: 0, tickets: 0, promised: 0, seconds: 0 };

/** The tickets of one customer, as if they came under this tier. */
function addLoad(
  loads: Record<string, Load>,
  tier: string | null,
  tickets: readonly TicketGroup[],
  promises: Promises,
): void {
  const key = tier ?? '';
  loads[key] ??= { ...NO_LOAD };
  const load = loads[key];
  load.customers += 1;
  for (const group of tickets) {
    load.open += group.open;
    load.recent += group.recent;
    load.tickets += group.either;
    const seconds = promises(group, tier);
    if (seconds === null) continue;
    load.promised += group.either;
    load.seconds += group.either * seconds;
  }
}

function reportOf(place: Place, tiers: readonly string[]): Report {
  const { counts, population, before, afterwards } = place;
  const byCustomers = (a: Move, b: Move) => b.customers - a.customers;
  const held = [...tiers, ...('' in before ? [''] : [])];
  const loadOf = (loads: Record<string, Load>, tier: string) => {
    const { customers, open, recent, tickets: all, promised, seconds } = loads[tier] ?? NO_LOAD;
    const promisedHours = all > 0 && promised === 0 ? null : Math.round(seconds / 360) / 10;
    return { customers, openTickets: open, tickets: recent, promisedHours };
  };
  return {
    population: population && { customers: population.customers, at: iso(population.at) },
    ...counts,
    atOnce: counts.atOnce.sort(byCustomers),
    later: counts.later.sort(byCustomers),
    tiers: held.map((tier) => ({
      tier: tier === '' ? null : tier,
      before: loadOf(before, tier),
      after: loadOf(afterwards, tier),
    })),
  };
}
