/** What need rules make of a customer at a review: the tags they find are given, those they find no more are taken back. */

import type { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { customerNeedTags } from '../../db/tables/needs.ts';
import type { FigureDefinition } from '../../rules/figures.ts';
import { type NeedCustomer, needFigures, needsOf } from '../../rules/needs.ts';
import type { Figures } from '../../rules/tier-model.ts';
import { hasRuleTags, listNeedRules, listNeedTags, type NeedTagRow, needTagView } from './need-store.ts';

export interface NeedReview {
  /** What `decide` reads of `figures`: taken by these very objects. */
  figures: FigureDefinition[];
  /** Adds what changes of the customer's need tags; `held`: their rows, of `loadHeldNeeds`. */
  decide(
    changes: Changes,
    customer: NeedCustomer & { id: string },
    figures: Figures,
    held: readonly NeedTagRow[],
  ): void;
}

/** The rules in force, for as many customers as are reviewed with them; null when there is nothing to decide. */
export async function loadNeedReview(ctx: Ctx): Promise<NeedReview | null> {
  const { workspaceId } = ctx.workspace;
  const rules = (await listNeedRules(ctx.db, workspaceId)).filter(({ active }) => active);
  if (rules.length === 0 && !(await hasRuleTags(ctx.db, workspaceId))) return null;
  return {
    figures: needFigures(rules),
    decide(changes, customer, figures, held) {
      const found = needsOf(rules, customer, figures);
      const said = new Map(held.map((row) => [row.tag, row]));
      for (const [tag, { rule, confidence }] of found) {
        const before = said.get(tag);
        // Of what a person has said, held or rejected, rules say nothing.
        if (before?.source === 'person') continue;
        if (before?.rule === rule && before.confidence === confidence) continue;
        const now = { source: 'rule', state: 'held', rule, confidence, reason: null, actor: ctx.actor.id } as const;
        const after =
          before === undefined
            ? changes.insert(customerNeedTags, {
                ...{ workspaceId, customerId: customer.id, tag, ...now },
                ...{ since: ctx.now, updatedAt: ctx.now },
              })
            : changes.update(customerNeedTags, before, now);
        changes.event('customer.needTagged', customer.id, { needTag: needTagView(after) });
      }
      for (const row of held) {
        if (row.source === 'person' || found.has(row.tag)) continue;
        changes.delete(customerNeedTags, row);
        changes.event('customer.needUntagged', customer.id, { needTag: needTagView(row) });
      }
    },
  };
}

/** What is said of the needs of these customers, by customer; one statement. */
export function loadHeldNeeds(ctx: Ctx, customerIds: readonly string[]): Promise<Map<string, NeedTagRow[]>> {
  return listNeedTags(ctx.db, ctx.workspace.workspaceId, customerIds);
}
