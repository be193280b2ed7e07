/** Open tickets follow their customer's tier, and their promises with it. */

import type { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { loadLevels, settle } from './settle.ts';
import { getTicketFiles, listOpenTicketIds } from './store.ts';

/** Adds to the change set what a customer's new tier means to the tickets still worked on; each is guarded by its revision. */
export async function retierTickets(ctx: Ctx, changes: Changes, customerId: string, tier: string): Promise<void> {
  const { workspaceId, serviceLevelVersion } = ctx.workspace;
  const ids = await listOpenTicketIds(ctx.db, workspaceId, customerId);
  const files = (await getTicketFiles(ctx.db, workspaceId, ids)).filter(({ ticket }) => ticket.tier !== tier);
  const levels = await loadLevels(
    ctx,
    files.map(({ history }) => history),
  );
  for (const file of files) {
    const data = { tier, customer: customerId, levels: serviceLevelVersion };
    settle(ctx, changes, file, levels, [{ type: 'tier_changed', data }], { tier }, { quiet: true });
  }
}
