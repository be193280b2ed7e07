/** The tier a customer holds: given by hand, with who, when and why, and kept as a history. */

import { z } from 'zod';
import { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { equals, readPage } from '../../db/page.ts';
import { customers, type TierPin, tierChanges } from '../../db/tables/customers.ts';
import { AppError, invalid } from '../../errors.ts';
import { read, write } from '../../operation.ts';
import { zInstant, zKey, zPaging, zText } from '../model.ts';
import { loadOpenTickets, type OpenTickets, retierTickets } from '../tickets/retier.ts';
import { listTiers, requireTier, type TierRow } from '../tiers/store.ts';
import { touch } from '../tiers/touch.ts';
import { Customer, TierChangePage, zCustomerId } from './model.ts';
import {
  type CustomerRow,
  customerView,
  findLastTierChanges,
  getCustomer,
  type TierChangeRow,
  tierChangeView,
  tierPinView,
} from './store.ts';

export const setCustomerTier = write({
  name: 'setCustomerTier',
  summary: 'Give a customer a tier by hand; the history keeps who, when and why',
  description:
    'It is pinned: no score moves it until the pin ends or is released (releaseCustomerTier). Of the tier they hold already, this is the pin, or gives it another reason or end; an exact repeat changes nothing.',
  scope: 'customers:write',
  input: z.strictObject({
    ...zCustomerId,
    tier: zKey.describe('Key of the tier.'),
    reason: zText(1000).describe('Why, for the history.'),
    until: zInstant
      .nullable()
      .default(null)
      .describe('When the pin ends, and the score decides again; null: when it is released.'),
  }),
  output: Customer,
  example: { tier: 'core', reason: '年度框架合同' },
  async run(ctx, { customerId, tier, reason, until }) {
    const { workspaceId } = ctx.workspace;
    const customer = await getCustomer(ctx.db, workspaceId, customerId);
    requireTier(await listTiers(ctx.db, workspaceId), tier, 'tier');
    const changes = new Changes(ctx.now);
    const pin = customer.tierPin;
    const isTheirs = customer.tier === tier && pin?.tier === tier;
    if (isTheirs && pin.reason === reason && pin.until === until) return { result: customerView(customer), changes };
    if (until !== null && until <= ctx.now) throw invalid('until', 'A pin ends in the future.');
    const since = isTheirs ? pin.since : ctx.now;
    const tierPin: TierPin = { tier, reason, until, actor: ctx.actor.id, since };
    let after = changes.update(customers, customer, { tierPin });
    if (customer.tier !== tier) {
      const held = await loadHeld(ctx, [customer.id]);
      after = changeTier(ctx, changes, after, { tier, source: 'manual', reason }, held);
    }
    changes.event('customer.tierPinned', customer.id, { customer: customerView(after), pin: tierPinView(tierPin) });
    // What the score would have done, and what rules find of the tier, is looked at anew.
    touch(ctx, changes, customer.id);
    if (until !== null) touch(ctx, changes, customer.id, until);
    return { result: customerView(after), changes };
  },
});

export const releaseCustomerTier = write({
  name: 'releaseCustomerTier',
  summary: 'Let the score decide the tier of a customer again',
  description:
    'Ends the pin of setCustomerTier. They keep the tier until a review, which follows: of a tier that was given by hand the score decides at once, whether they step up or down.',
  scope: 'customers:write',
  input: z.strictObject({
    ...zCustomerId,
    reason: zText(1000).nullable().default(null).describe('Why, for the feed; null: nothing is said.'),
  }),
  output: Customer,
  example: { reason: '合同到期' },
  async run(ctx, { customerId, reason }) {
    const customer = await getCustomer(ctx.db, ctx.workspace.workspaceId, customerId);
    const pin = customer.tierPin;
    if (pin === null) throw new AppError('invalid_transition', 'No tier was given to this customer by hand.');
    const changes = new Changes(ctx.now);
    const after = changes.update(customers, customer, { tierPin: null });
    const said = { customer: customerView(after), pin: tierPinView(pin), reason };
    changes.event('customer.tierUnpinned', customer.id, said);
    touch(ctx, changes, customer.id);
    return { result: customerView(after), changes };
  },
});

export interface TierDecision {
  tier: string;
  source: TierChangeRow['source'];
  reason: string | null;
  /** What a score said, when it gives the tier. */
  score?: TierChangeRow['score'];
}

/** What follows from a customer's tier, read for many at once before any of them gets another one. */
export interface Held {
  /** The newest entry of their history. */
  last: ReadonlyMap<string, TierChangeRow>;
  open: OpenTickets;
}

export async function loadHeld(ctx: Ctx, customerIds: readonly string[]): Promise<Held> {
  const [last, open] = await Promise.all([
    findLastTierChanges(ctx.db, ctx.workspace.workspaceId, customerIds),
    loadOpenTickets(ctx, customerIds),
  ]);
  return { last, open };
}

/**
 * Everything that is written when a customer passes from one tier to another, by hand or by score. What follows the tier
 * elsewhere is joined to the same change set, here.
 */
export function changeTier(
  ctx: Ctx,
  changes: Changes,
  customer: CustomerRow,
  decision: TierDecision,
  held: Held,
): CustomerRow {
  const { tier, source, reason } = decision;
  const last = held.last.get(customer.id);
  // A clock that was set back does not make a tier end before it began.
  const at = Math.max(ctx.now, last?.validFrom ?? ctx.now);
  const after = changes.update(customers, customer, { tier, tierSince: at });
  if (last !== undefined && last.validTo === null) changes.update(tierChanges, last, { validTo: at });
  recordTier(ctx, changes, after, decision, { position: (last?.position ?? 0) + 1, at });
  changes.event('customer.tierChanged', customer.id, {
    customer: customerView(after),
    from: customer.tier,
    to: tier,
    source,
    reason,
  });
  retierTickets(ctx, changes, after, held.open);
  return after;
}

/** The open entry of the history. */
export function recordTier(
  ctx: Ctx,
  changes: Changes,
  customer: Pick<CustomerRow, 'workspaceId' | 'id'>,
  { tier, source, reason, score = null }: TierDecision,
  { position, at }: { position: number; at: number },
): void {
  changes.insert(tierChanges, {
    workspaceId: customer.workspaceId,
    customerId: customer.id,
    position,
    tier,
    validFrom: at,
    validTo: null,
    source,
    reason,
    score,
    actor: ctx.actor.id,
  });
}

/** The tier a customer begins with: the one named, else the last of the workspace, if it has any. */
export function firstTier(all: TierRow[], named: string | null): TierDecision | null {
  if (named !== null) return { tier: requireTier(all, named, 'tier').key, source: 'manual', reason: null };
  const last = all.at(-1);
  return last === undefined ? null : { tier: last.key, source: 'default', reason: null };
}

export const listCustomerTiers = read({
  name: 'listCustomerTiers',
  summary: 'List the tiers a customer held, newest first',
  scope: 'customers:read',
  input: z.strictObject({ ...zCustomerId, ...zPaging }),
  output: TierChangePage,
  async run(ctx, { customerId, limit, cursor }) {
    const { workspaceId } = ctx.workspace;
    await getCustomer(ctx.db, workspaceId, customerId);
    return readPage(
      {
        db: ctx.db,
        name: 'list:customer_tiers',
        table: tierChanges,
        workspaceId,
        filters: [equals('customer', tierChanges.customerId, customerId)],
        order: { name: 'position', column: tierChanges.position, descending: true },
        tieBreak: tierChanges.position,
        limit,
        cursor,
      },
      tierChangeView,
    );
  },
});
