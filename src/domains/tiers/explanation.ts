/** Why a customer holds the tier they hold, for people and for programs: told from what the last review kept. */

import { z } from 'zod';
import { requireStaff } from '../../auth/policy.ts';
import type { Ctx } from '../../context.ts';
import { AppError } from '../../errors.ts';
import { read } from '../../operation.ts';
import type { TierState } from '../../rules/score-words.ts';
import { explainTier } from '../../rules/tier-explanation.ts';
import { compileTierModel } from '../../rules/tier-model.ts';
import { groundOf } from '../../rules/tier-step.ts';
import { tellTier } from '../../rules/tier-telling.ts';
import { Zone } from '../../rules/zone.ts';
import { findScore, findTierAt } from '../customers/entitlements-store.ts';
import {
  type CustomerRow,
  findLastTierChanges,
  getCustomer,
  type TierChangeRow,
  tierPinView,
} from '../customers/store.ts';
import { iso, isoOrNull } from '../model.ts';
import { listAllTerms } from '../workspaces/store.ts';
import { TierExplanation, tierExplanationFields } from './explanation-model.ts';
import { hasActivity, listTiers, type TierRow } from './store.ts';
import { getTierModelRow } from './tier-models-store.ts';

export const getCustomerTierExplanation = read({
  name: 'getCustomerTierExplanation',
  summary: 'Explain the tier of a customer',
  description:
    'The parts of the score with their figures, what each tier asks for and what there is, and what holds a step back; `text` is the same for people: `curl … | jq -r .text`.',
  scope: 'customers:read',
  input: z.strictObject(tierExplanationFields),
  output: TierExplanation,
  async run(ctx, { customerId, language = ctx.workspace.language }) {
    requireStaff(ctx.actor);
    const { workspaceId, timeZone, currency, tierModel } = ctx.workspace;
    const customer = await getCustomer(ctx.db, workspaceId, customerId);
    const [tiers, terms, changes] = await Promise.all([
      listTiers(ctx.db, workspaceId),
      listAllTerms(ctx.db, workspaceId),
      findLastTierChanges(ctx.db, workspaceId, [customer.id]),
    ]);
    const last = changes.get(customer.id);
    const scored = tierModel === 0 ? null : await loadScored(ctx, customer, tiers, last);
    const state = scored === null ? await stateOf(ctx, customer, last) : 'scored';
    const ended = await loadEnded(ctx, last);
    const pin = pinOf(customer, ctx.now);
    const { source = null, reason = null } = last ?? {};
    const words = [...tiers.map((tier) => ({ ...tier, list: 'tier' })), ...terms];
    const told = {
      customer: customer.name,
      tier: customer.tier === null ? null : { key: customer.tier, since: customer.tierSince, source, reason },
      ...{ pin, state, ended, scored, asOf: ctx.now, currency, inForce: tierModel },
      nameOf: (list: string, key: string) => words.find((word) => word.list === list && word.key === key)?.name ?? key,
    };
    return {
      ...tellTier(told, language, timeZone),
      asOf: iso(ctx.now),
      state,
      tier: customer.tier,
      since: isoOrNull(customer.tierSince),
      source,
      reason,
      pin: pin && tierPinView(pin),
      ...scoredView(scored),
    };
  },
});

/** Null when it has ended, though no review has cleared it yet. */
function pinOf({ tierPin }: CustomerRow, now: number): CustomerRow['tierPin'] {
  return tierPin === null || (tierPin.until !== null && tierPin.until <= now) ? null : tierPin;
}

/** The tier that people gave before a score did; null where none of them did. */
async function loadEnded({ db, workspace }: Ctx, last: TierChangeRow | undefined) {
  if (last === undefined || groundOf(last) !== 'score') return null;
  const before = await findTierAt(db, workspace.workspaceId, last.customerId, last.validFrom - 1);
  return groundOf(before) === 'hand' ? { key: before!.tier, at: last.validFrom } : null;
}

async function stateOf(ctx: Ctx, customer: CustomerRow, last: TierChangeRow | undefined): Promise<TierState> {
  if (ctx.workspace.tierModel === 0) return 'no_model';
  // Of whom nothing is known any longer is scored all the same where it was people or a score who gave the tier.
  const isScored = groundOf(last) === 'score' || (groundOf(last) === 'hand' && pinOf(customer, ctx.now) === null);
  return isScored || (await isKnown(ctx, customer)) ? 'not_reviewed' : 'no_activity';
}

async function isKnown({ db, workspace, now }: Ctx, { id, figures }: CustomerRow): Promise<boolean> {
  return Object.keys(figures).length > 0 || hasActivity(db, workspace.workspaceId, id, now);
}

/** The score under the model it was made with; null when there is none, or the tiers it speaks of are no longer there. */
async function loadScored(ctx: Ctx, customer: CustomerRow, tiers: TierRow[], last: TierChangeRow | undefined) {
  const { workspaceId, timeZone } = ctx.workspace;
  const row = await findScore(ctx.db, workspaceId, customer.id);
  if (row === undefined) return null;
  const { number, definition, population } = await getTierModelRow(ctx.db, workspaceId, row.model);
  const model = compiled(definition, tiers);
  if (model === null) return null;
  const { total, parts, standing, movesAt, computedAt } = row;
  const pin = pinOf(customer, ctx.now);
  const left = {
    ...{ held: customer.tier, score: { total, parts }, standing, movesAt, population, now: ctx.now },
    ...{ pinned: pin !== null, pinnedUntil: pin?.until ?? null, ground: groundOf(last) },
  };
  const explained = explainTier(model, left, Zone.named(timeZone)!);
  const ofNothing = total === 0 && !(await isKnown(ctx, customer));
  return { number, model, explained, standing, computedAt, population, ofNothing };
}

function compiled(definition: Parameters<typeof compileTierModel>[0], tiers: TierRow[]) {
  try {
    return compileTierModel(
      definition,
      tiers.map(({ key }) => key),
    );
  } catch (error) {
    if (error instanceof AppError) return null;
    throw error;
  }
}

function scoredView(scored: Awaited<ReturnType<typeof loadScored>>) {
  if (scored === null) {
    const nothing = { model: null, score: null, target: null, standing: null, population: null, computedAt: null };
    return { ...nothing, rules: [] };
  }
  const { number, model, explained, standing, computedAt, population } = scored;
  return {
    model: number,
    score: {
      total: explained.total,
      parts: explained.parts.map(({ part, unbounded = false, ...scoredPart }) => ({
        ...scoredPart,
        unbounded,
        name: part.name ?? null,
        figure: part.figure,
        percentile: 'percentile' in part.scaling ? part.scaling.percentile : null,
      })),
    },
    target: explained.target,
    rules: explained.rules,
    standing: {
      why: explained.why,
      movesAt: isoOrNull(explained.movesAt),
      aboveSince: isoOrNull(standing.reachedSince?.[explained.target] ?? null),
      runsBelow: standing.runsBelow,
      runsNeeded: model.downRuns,
      decidedAt: isoOrNull(standing.decidedAt),
    },
    population: population && { customers: population.customers, at: iso(population.at) },
    computedAt: iso(computedAt),
  };
}
