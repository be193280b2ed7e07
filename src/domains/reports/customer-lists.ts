/** Lists for customer managers: who is about to change tier, and who may be lost. */

import { type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Ctx } from '../../context.ts';
import { cursorsOf, type Filter, filter, handPageCursors, type Page, readPage } from '../../db/page.ts';
import { findByIds } from '../../db/rows.ts';
import { customers, tiers } from '../../db/tables/customers.ts';
import { customerScores } from '../../db/tables/tiering.ts';
import { read } from '../../operation.ts';
import { type Risk, riskFigures, signsOf } from '../../rules/risk.ts';
import { isScored } from '../../rules/score.ts';
import { groundOf, type Outlook, outlookOf } from '../../rules/tier-step.ts';
import { Zone } from '../../rules/zone.ts';
import { type CustomerRow, findLastTierChanges, type TierChangeRow } from '../customers/store.ts';
import { iso, isoOrNull } from '../model.ts';
import { loadFigures } from '../tiers/figures.ts';
import { listTiers } from '../tiers/store.ts';
import { loadTiering, type Tiering } from '../tiers/tiering.ts';
import { atRiskCustomerFields, CustomerAtRiskPage, TierMovePage, tierMoveFields } from './customer-lists-model.ts';

type ScoreRow = typeof customerScores.$inferSelect;
type TierMove = z.input<typeof TierMovePage>['data'][number];

const held = sql`(
  select ${customers.tier} from ${customers}
  where ${customers.workspaceId} = ${customerScores.workspaceId} and ${customers.id} = ${customerScores.customerId}
)`;

/** A tier that the workspace no longer has, and none at all, are below all others. */
const rank = (key: SQL) => sql`coalesce((
  select ${tiers.position} from ${tiers} where ${tiers.workspaceId} = ${customerScores.workspaceId} and ${tiers.key} = ${key}
), ${sql.raw('32767')})`;

const ofTiers = (wanted: string[] | undefined): Filter =>
  filter('tier', wanted, sql`${held} = any(${sql.placeholder('tier')}::text[])`);

/** What the list is of, always; the text of its partial index. */
const only = (name: string, condition: SQL): Filter => ({ name, condition, values: {} });

export const listCustomersAboutToChangeTier = read({
  name: 'listCustomersAboutToChangeTier',
  summary: 'List the customers who do not hold the tier that the rules give, and why not yet',
  scope: 'customers:read',
  input: z.strictObject(tierMoveFields),
  output: TierMovePage,
  async run(ctx, { direction, tier, limit, cursor }) {
    const target = rank(sql`${customerScores.target}`);
    const ofDirection = filter(
      'direction',
      direction,
      sql`(case when ${target} < ${rank(held)} then 'up' else 'down' end) = ${sql.placeholder('direction')}::text`,
    );
    const filters = [only('moving', sql`${customerScores.moving}`), ofTiers(tier), ofDirection];
    const page = await readScores(ctx, 'list:tier_moves', filters, { limit, cursor });
    const { workspaceId } = ctx.workspace;
    const ids = page.data.map(({ customer }) => customer.id);
    const [tiering, all, last] = await Promise.all([
      loadTiering(ctx),
      listTiers(ctx.db, workspaceId),
      findLastTierChanges(ctx.db, workspaceId, ids),
    ]);
    const ranks = new Map(all.map(({ key, position }) => [key, position]));
    return shown(page, (row): TierMove => {
      const { score, customer } = row;
      const rankOf = (key: string | null) => ranks.get(key ?? '') ?? Number.POSITIVE_INFINITY;
      const outlook = outlookFor(ctx, tiering, row, last.get(customer.id));
      return {
        ...who(customer),
        from: customer.tier,
        to: score.target,
        direction: rankOf(score.target) < rankOf(customer.tier) ? 'up' : 'down',
        total: score.total,
        heldBack: outlook === null ? null : outlook.why === 'agreed' ? 'due' : outlook.why,
        movesAt: isoOrNull(outlook?.movesAt ?? null),
        computedAt: iso(score.computedAt),
      };
    });
  },
});

/** As the rules say it of what the last review left behind; null: that was under another model. */
function outlookFor(
  { now, workspace }: Ctx,
  tiering: Tiering | null,
  { score, customer }: Scored,
  last: TierChangeRow | undefined,
): Outlook | null {
  if (tiering === null || tiering.number !== score.model) return null;
  const { standing, movesAt, total, parts } = score;
  const until = customer.tierPin?.until ?? null;
  const pinned = customer.tierPin !== null && (until === null || until > now);
  const left = {
    ...{ held: customer.tier, standing, movesAt, score: { total, parts }, population: tiering.population, now },
    ...{ pinned, pinnedUntil: until, ground: groundOf(last) },
  };
  return outlookOf(tiering.model, left, Zone.named(workspace.timeZone)!);
}

export const listCustomersAtRisk = read({
  name: 'listCustomersAtRisk',
  summary: 'List the customers who may be lost, and what points to it',
  description:
    'What makes a risk is told by the tier model. A customer is looked at when their data change, and monthly.',
  scope: 'customers:read',
  input: z.strictObject(atRiskCustomerFields),
  output: CustomerAtRiskPage,
  async run(ctx, { reason, tier, limit, cursor }) {
    const filters = [
      only('at_risk', sql`cardinality(${customerScores.risks}) > 0`),
      filter('reason', reason, sql`${customerScores.risks} && ${sql.placeholder('reason')}::text[]`),
      ofTiers(tier),
    ];
    const page = await readScores(ctx, 'list:customers_at_risk', filters, { limit, cursor });
    const risk = (await loadTiering(ctx))?.model.definition.risk ?? {};
    const people = page.data.map(({ customer }) => customer);
    const measures = await loadFigures(ctx.db, ctx.workspace, people, riskFigures(risk), ctx.now);
    return shown(page, ({ score, customer }) => ({
      ...who(customer),
      tier: customer.tier,
      total: isScored(score) ? score.total : null,
      risks: score.risks as Risk[],
      signs: signsOf(risk, measures.get(customer.id)!.figures)
        .filter((sign) => score.risks.includes(sign.risk))
        .map((sign) => ({ ...sign, value: Number.isFinite(sign.value) ? sign.value : null })),
      computedAt: iso(score.computedAt),
    }));
  },
});

interface Scored {
  score: ScoreRow;
  customer: CustomerRow;
}

/** One page of scores with their customers, by customer; two statements. */
async function readScores(
  { db, workspace: { workspaceId } }: Ctx,
  name: string,
  filters: Filter[],
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): Promise<Page<Scored>> {
  const { customerId } = customerScores;
  const order = { name: 'customerId', column: customerId, descending: false };
  const asked = { db, name, table: customerScores, workspaceId, filters, order, tieBreak: customerId, limit, cursor };
  const page = await readPage(asked, (row) => row);
  const ids = page.data.map((row) => row.customerId);
  const people = await findByIds(db, customers, workspaceId, ids);
  // Who was deleted between the two statements is shown no more.
  const there = page.data.filter((row) => people.has(row.customerId));
  const scored = { ...page, data: there.map((score) => ({ score, customer: people.get(score.customerId)! })) };
  handPageCursors(
    scored,
    cursorsOf(page)!.filter((_, index) => people.has(ids[index]!)),
  );
  return scored;
}

function shown<T>(page: Page<Scored>, view: (row: Scored) => T): Page<T> {
  const answer = { ...page, data: page.data.map(view) };
  handPageCursors(answer, cursorsOf(page)!);
  return answer;
}

function who({ id, name, dedicatedAgentId }: CustomerRow) {
  return { customerId: id, name, dedicatedAgentId };
}
