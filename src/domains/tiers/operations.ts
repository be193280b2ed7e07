/** Verbs of the tiers domain: the ranks themselves; which customer holds which stands in the customers domain. */

import type { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import type { Row } from '../../db/rows.ts';
import { tiers } from '../../db/tables/customers.ts';
import { workspaces } from '../../db/tables/workspaces.ts';
import { AppError } from '../../errors.ts';
import { NO_SERVICE } from '../../rules/named-service.ts';
import { compileTierModel } from '../../rules/tier-model.ts';
import { resource } from '../resource.ts';
import { loadCatalogue } from '../service-levels/store.ts';
import { getWorkspace } from '../workspaces/store.ts';
import { MOST_TIERS, Tier, tierFields } from './model.ts';
import { findHolder, listTiers, type TierRow, tierView } from './store.ts';
import { getTierModelRow } from './tier-models-store.ts';

export const tierResource = resource({
  kind: 'tier',
  table: tiers,
  model: Tier,
  fields: tierFields,
  fixed: ['key'],
  scopes: { read: 'tiers:read', write: 'tiers:write' },
  example: { key: 'core', name: '核心客户', position: 1 },
  view: tierView,
  order: { name: 'position', column: tiers.position },
  async decide(ctx, draft, before, changes) {
    const others = (await listTiers(ctx.db, ctx.workspace.workspaceId)).filter(({ id }) => id !== draft['id']);
    if (before === null && others.length >= MOST_TIERS) {
      throw new AppError('invalid_transition', `A workspace has at most ${MOST_TIERS} tiers; delete one first.`);
    }
    const last = others.length + 1;
    const place = Math.min((draft['position'] as number | undefined) ?? last, last);
    draft['position'] = place;
    draft['service'] = { ...NO_SERVICE, ...(before?.['service'] as object), ...(draft['service'] as object) };
    await requireModelled(ctx, changes, others.map(({ key }) => key).toSpliced(place - 1, 0, draft['key'] as string));
    arrange(changes, others, place);
  },
  async remove(ctx, before, changes) {
    await requireUnheld(ctx, before);
    const rest = (await listTiers(ctx.db, ctx.workspace.workspaceId)).filter(({ id }) => id !== before['id']);
    await requireModelled(
      ctx,
      changes,
      rest.map(({ key }) => key),
    );
    arrange(changes, rest, null);
  },
});

/**
 * Positions count from 1 without gaps and are unique: that keeps the number of tiers bounded however many are made at
 * once, and leaves no doubt which is the last. `taken` is the place of the tier that is not among them.
 */
function arrange(changes: Changes, others: TierRow[], taken: number | null): void {
  others.forEach((tier, index) => {
    const position = taken === null || index + 1 < taken ? index + 1 : index + 2;
    if (position === tier.position) return;
    const moved = changes.update(tiers, tier, { position });
    changes.event('tier.updated', tier.id, { tier: tierView(moved), changed: ['position'] });
  });
}

/**
 * 409 when the tier model in force would not hold with these tiers, the highest first: it names one that is gone, or has
 * become the last. The workspace is guarded, since whoever applies a model moves it.
 */
async function requireModelled(ctx: Ctx, changes: Changes, keys: string[]): Promise<void> {
  const { workspaceId } = ctx.workspace;
  const workspace = await getWorkspace(ctx.db, workspaceId);
  changes.guard(workspaces, { ...workspace });
  if (workspace.tierModel === 0) return;
  const { definition } = await getTierModelRow(ctx.db, workspaceId, workspace.tierModel);
  try {
    compileTierModel(definition, keys);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw new AppError('in_use', `The tier model in force needs the tiers as they are. ${error.errors[0]!.message}`);
  }
}

async function requireUnheld(ctx: Ctx, tier: Row): Promise<void> {
  const key = tier['key'] as string;
  const { policies } = await loadCatalogue(ctx.db, ctx.workspace.workspaceId);
  const user = policies.find(({ definition }) => definition.match?.tiers?.includes(key));
  if (user !== undefined) throw new AppError('in_use', `The policy ${user.key} is made for this tier.`);
  const holder = await findHolder(ctx.db, ctx.workspace.workspaceId, key);
  if (holder !== null) throw new AppError('in_use', `Some ${holder} hold this tier; give them another one first.`);
}
