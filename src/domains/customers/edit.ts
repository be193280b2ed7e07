/** Creating and changing customers: decided over what was read before, for one or for many. */

import type { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { customers } from '../../db/tables/customers.ts';
import { newId } from '../../ids.ts';
import { searchVector } from '../../rules/search.ts';
import { nameThing, requireFreeNames } from '../names.ts';
import { changedNames, mergeMap } from '../patch.ts';
import { listTiers, type TierRow } from '../tiers/store.ts';
import type { Touch } from '../tiers/touch.ts';
import type { TermRow } from '../workspaces/store.ts';
import type { CustomerFields, Patch } from './model.ts';
import { type Agents, loadPeople, requirePeople } from './people.ts';
import { type CustomerRow, customerView } from './store.ts';
import { firstTier, recordTier } from './tier.ts';
import { loadChannels, requireChannel, requireFewFigures, requireFewNames } from './words.ts';

/** What customers name of the workspace, beside each other. */
export interface Surroundings {
  /** None where no tier is given. */
  tiers: TierRow[];
  channels: TermRow[];
  people: Agents;
}

/** `create`: some of them may be new, and get a tier. */
export async function loadSurroundings(
  ctx: Ctx,
  inputs: readonly Patch<CustomerFields>[],
  { create }: { create: boolean },
): Promise<Surroundings> {
  const [tiers, channels, people] = await Promise.all([
    create ? listTiers(ctx.db, ctx.workspace.workspaceId) : [],
    loadChannels(ctx, inputs),
    loadPeople(ctx, inputs),
  ]);
  return { tiers, channels, people };
}

/** Who has the names, by system, and whom a change of the tier's data is told. */
interface Circumstances {
  holders: ReadonlyMap<string, string>;
  touch: Touch;
}

export function newCustomer(
  ctx: Ctx,
  changes: Changes,
  { tier: named, ...fields }: CustomerFields & { tier: string | null },
  { tiers, channels, people }: Surroundings,
  { holders, touch }: Circumstances,
): CustomerRow {
  requireFreeNames(holders, null);
  requireFewNames(fields.externalIds);
  requireChannel(channels, fields.preferredChannel);
  requirePeople(people, fields, {});
  const tier = firstTier(tiers, named);
  const row: CustomerRow = changes.insert(customers, {
    ...fields,
    workspaceId: ctx.workspace.workspaceId,
    id: newId('customer'),
    profile: mergeMap({}, fields.profile),
    tier: tier?.tier ?? null,
    tierSince: tier === null ? null : ctx.now,
    search: customerSearch(fields),
    createdAt: ctx.now,
    updatedAt: ctx.now,
  });
  if (tier !== null) recordTier(ctx, changes, row, tier, { position: 1, at: ctx.now });
  nameThing(changes, 'customer', row, {}, row.externalIds);
  const tellsAnything = [row.figures, row.profile, row.tags].some((said) => Object.keys(said).length > 0);
  if (row.customerSince !== null || tellsAnything) touch(changes, row.id);
  changes.event('customer.created', row.id, { customer: customerView(row) });
  return row;
}

/** What tiers and need tags are taken of, beside what a customer does. */
const REVIEWED = ['customerSince', 'figures', 'profile', 'tags'];

/** What differs is written, and nothing when nothing does. */
export function editCustomer(
  changes: Changes,
  before: CustomerRow,
  patch: Patch<CustomerFields>,
  { channels, people }: Surroundings,
  { holders, touch }: Circumstances,
): CustomerRow {
  const wanted = {
    ...patch,
    profile: mergeMap<unknown>(before.profile, patch.profile ?? {}),
    figures: mergeMap(before.figures, patch.figures ?? {}),
    externalIds: mergeMap(before.externalIds, namesToTake(patch.externalIds ?? {}, before, holders)),
  };
  const changed = changedNames(before, wanted);
  if (changed.length === 0) return before;
  requireFewFigures(wanted.figures);
  requireFewNames(wanted.externalIds);
  requireFreeNames(holders, before.id);
  if (changed.includes('preferredChannel')) requireChannel(channels, wanted.preferredChannel);
  requirePeople(people, wanted, before);
  const draft = { ...before, ...wanted } as CustomerRow;
  const after = changes.update(customers, before, { ...draft, search: customerSearch(draft) });
  nameThing(changes, 'customer', before, before.externalIds, after.externalIds);
  if (changed.some((name) => REVIEWED.includes(name))) touch(changes, after.id);
  changes.event('customer.updated', after.id, { customer: customerView(after), changed });
  return after;
}

/** A name that means this customer already, its own or that of one merged into it, is nothing new. */
function namesToTake(
  names: Record<string, string | null>,
  { id }: CustomerRow,
  holders: ReadonlyMap<string, string>,
): Record<string, string | null> {
  return Object.fromEntries(Object.entries(names).filter(([system]) => holders.get(system) !== id));
}

/** What a customer is found by. */
export function customerSearch({
  name,
  tags,
  externalIds,
  notes,
}: Pick<CustomerRow, 'name' | 'tags' | 'externalIds' | 'notes'>) {
  return searchVector([
    { text: name, weight: 'A' },
    { text: tags.join('\n'), weight: 'B' },
    { text: Object.values(externalIds).join('\n'), weight: 'B' },
    { text: notes ?? '', weight: 'C' },
  ]);
}
