/** Open tickets follow their customer's tier, and their promises with it. */

import type { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { enqueue } from '../../job.ts';
import type { CustomerRow } from '../customers/store.ts';
import { RECOMPUTE } from '../service-levels/versions.ts';
import type { Turn } from './recompute.ts';
import { type Levels, loadLevels, settle } from './settle.ts';
import { getTicketFiles, type TicketFile } from './store.ts';
import { listOpenOf } from './walk.ts';

/** So many of a customer follow in the same change set; the rest by a job. */
const AT_ONCE = 200;
/** So many are held for many customers at once; those of further customers follow by jobs. */
const MOST_HELD = 1000;

/** The tickets that customers have open, read for many at once. */
export interface OpenTickets {
  files: ReadonlyMap<string, TicketFile[]>;
  levels: Levels;
  /** Customers who have more than were read. */
  more: ReadonlySet<string>;
}

export async function loadOpenTickets(ctx: Ctx, customerIds: readonly string[]): Promise<OpenTickets> {
  const { workspaceId } = ctx.workspace;
  const open = await listOpenOf(ctx.db, workspaceId, customerIds, AT_ONCE + 1);
  const wanted: string[] = [];
  const more = new Set<string>();
  for (const [customerId, ids] of open) {
    const held = wanted.length > 0 && wanted.length + ids.length > MOST_HELD ? [] : ids.slice(0, AT_ONCE);
    if (held.length < ids.length) more.add(customerId);
    wanted.push(...held);
  }
  const files = wanted.length === 0 ? [] : await getTicketFiles(ctx.db, workspaceId, wanted);
  const levels = await loadLevels(
    ctx,
    files.map(({ history }) => history),
  );
  return { files: Map.groupBy(files, ({ ticket }) => ticket.customerId ?? ''), levels, more };
}

/**
 * Adds to the change set what a customer's new tier means to the tickets still worked on; each is guarded by its revision.
 * `customer` is the row as it will be.
 */
export function retierTickets(ctx: Ctx, changes: Changes, customer: CustomerRow, open: OpenTickets): void {
  const { happening, patch } = tierTurn(ctx, customer);
  for (const file of open.files.get(customer.id) ?? []) {
    // Whoever was faster in between has settled it already.
    if (file.ticket.tier === customer.tier) continue;
    settle(ctx, changes, file, open.levels, [happening], patch, { quiet: true });
  }
  if (open.more.has(customer.id)) enqueue(ctx, changes, { type: RECOMPUTE }, { customerId: customer.id });
}

/** What a ticket passes through when it comes under its customer's tier. */
export function tierTurn(ctx: Pick<Ctx, 'workspace'>, { id, tier }: CustomerRow): Turn {
  const data = { tier, customer: id, levels: ctx.workspace.serviceLevelVersion };
  return { happening: { type: 'tier_changed', data }, patch: { tier } };
}
