/** The tier a customer holds: given by hand, with who, when and why, and kept as a history. */

import { z } from 'zod';
import { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { equals, readPage } from '../../db/page.ts';
import { customers, tierChanges } from '../../db/tables/customers.ts';
import { read, write } from '../../operation.ts';
import { zKey, zPaging, zText } from '../model.ts';
import { retierTickets } from '../tickets/retier.ts';
import { listTiers, requireTier } from '../tiers/store.ts';
import { Customer, TierChangePage, zCustomerId } from './model.ts';
import {
  type CustomerRow,
  customerView,
  findLastTierChange,
  getCustomer,
  type TierChangeRow,
  tierChangeView,
} from './store.ts';

export const setCustomerTier = write({
  name: 'setCustomerTier',
  summary: 'Give a customer a tier by hand; the history keeps who, when and why',
  description: 'The tier they hold already changes nothing.',
  scope: 'customers:write',
  input: z.strictObject({
    ...zCustomerId,
    tier: zKey.describe('Key of the tier.'),
    reason: zText(1000).describe('Why, for the history.'),
  }),
  output: Customer,
  example: { tier: 'core', reason: '年度框架合同' },
  async run(ctx, { customerId, tier, reason }) {
    const { workspaceId } = ctx.workspace;
    const customer = await getCustomer(ctx.db, workspaceId, customerId);
    requireTier(await listTiers(ctx.db, workspaceId), tier, 'tier');
    const changes = new Changes(ctx.now);
    if (customer.tier === tier) return { result: customerView(customer), changes };
    const after = await changeTier(ctx, changes, customer, { tier, source: 'manual', reason });
    return { result: customerView(after), changes };
  },
});

export interface TierDecision {
  tier: string;
  source: TierChangeRow['source'];
  reason: string | null;
}

/**
 * Everything that is written when a customer passes from one tier to another, by hand or by score. What follows the tier
 * elsewhere is joined to the same change set, here.
 */
export async function changeTier(
  ctx: Ctx,
  changes: Changes,
  customer: CustomerRow,
  { tier, source, reason }: TierDecision,
): Promise<CustomerRow> {
  const last = await findLastTierChange(ctx.db, ctx.workspace.workspaceId, customer.id);
  // A clock that was set back does not make a tier end before it began.
  const at = Math.max(ctx.now, last?.validFrom ?? ctx.now);
  const after = changes.update(customers, customer, { tier, tierSince: at });
  if (last !== undefined && last.validTo === null) changes.update(tierChanges, last, { validTo: at });
  recordTier(ctx, changes, after, { tier, source, reason }, { position: (last?.position ?? 0) + 1, at });
  changes.event('customer.tierChanged', customer.id, {
    customer: customerView(after),
    from: customer.tier,
    to: tier,
    source,
    reason,
  });
  await retierTickets(ctx, changes, after);
  return after;
}

/** The open entry of the history. */
export function recordTier(
  ctx: Ctx,
  changes: Changes,
  customer: Pick<CustomerRow, 'workspaceId' | 'id'>,
  { tier, source, reason }: TierDecision,
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
    actor: ctx.actor.id,
  });
}

/** The tier a customer begins with: the one named, else the last of the workspace, if it has any. */
export async function firstTier(ctx: Ctx, named: string | null): Promise<TierDecision | null> {
  const all = await listTiers(ctx.db, ctx.workspace.workspaceId);
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
