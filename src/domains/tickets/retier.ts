/** Open tickets follow their customer's tier, and their promises with it. */

import type { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { enqueue } from '../../job.ts';
import type { CustomerRow } from '../customers/store.ts';
import { RECOMPUTE } from '../service-levels/versions.ts';
import type { Turn } from './recompute.ts';
import { loadLevels, settle } from './settle.ts';
import { getTicketFiles } from './store.ts';
import { listWalked } from './walk.ts';

/** So many follow in the same change set; the rest by a job. */
const AT_ONCE = 200;

/**
 * Adds to the change set what a customer's new tier means to the tickets still worked on; each is guarded by its revision.
 * `customer` is the row as it will be.
 */
export async function retierTickets(ctx: Ctx, changes: Changes, customer: CustomerRow): Promise<void> {
  const { workspaceId } = ctx.workspace;
  const walk = { customerId: customer.id, notOf: customer.tier };
  const ids = await listWalked(ctx.db, workspaceId, walk, null, AT_ONCE + 1);
  const found = await getTicketFiles(ctx.db, workspaceId, ids.slice(0, AT_ONCE));
  // Whoever was faster in between has settled it already, or taken the ticket elsewhere.
  const files = found.filter(({ ticket }) => ticket.customerId === customer.id && ticket.tier !== customer.tier);
  const levels = await loadLevels(
    ctx,
    files.map(({ history }) => history),
  );
  const { happening, patch } = tierTurn(ctx, customer);
  for (const file of files) settle(ctx, changes, file, levels, [happening], patch, { quiet: true });
  if (ids.length > AT_ONCE) enqueue(ctx, changes, { type: RECOMPUTE }, { customerId: customer.id });
}

/** What a ticket passes through when it comes under its customer's tier. */
export function tierTurn(ctx: Pick<Ctx, 'workspace'>, { id, tier }: CustomerRow): Turn {
  const data = { tier, customer: id, levels: ctx.workspace.serviceLevelVersion };
  return { happening: { type: 'tier_changed', data }, patch: { tier } };
}
