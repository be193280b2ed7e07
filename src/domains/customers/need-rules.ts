/** Need rules: what a workspace concludes of its customers from figures, profile, tags and tier. */

import type { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { needRules } from '../../db/tables/needs.ts';
import { AppError } from '../../errors.ts';
import { enqueue } from '../../job.ts';
import { type Faults, fault, refuse } from '../../rules/faults.ts';
import { figureFaults } from '../../rules/figure-faults.ts';
import type { NeedCondition } from '../../rules/needs.ts';
import { resource } from '../resource.ts';
import { TIERS_RECOMPUTE } from '../tiers/job-names.ts';
import { listTiers } from '../tiers/store.ts';
import { listAllTerms, type TermRow, termErrors } from '../workspaces/store.ts';
import { MOST_NEED_RULES, NeedRule, needRuleFields } from './need-model.ts';
import { listNeedRules, type NeedRuleRow, needRuleView } from './need-store.ts';

export const needRuleResource = resource({
  kind: 'needRule',
  words: 'need rule',
  table: needRules,
  model: NeedRule,
  fields: needRuleFields,
  fixed: ['key'],
  scopes: { read: 'tiers:read', write: 'tiers:write' },
  example: {
    key: 'asks_for_price',
    tag: 'price_sensitive',
    confidence: 0.7,
    conditions: [{ figure: { of: 'tickets', words: ['价格', 'discount'], window: 'P6M' }, min: 2 }],
  },
  view: needRuleView,
  async decide(ctx, draft, before, changes) {
    const rule = draft as NeedRuleRow;
    if (before === null) await requireRoom(ctx);
    const faults: Faults = [];
    const terms = await listAllTerms(ctx.db, ctx.workspace.workspaceId);
    if (rule.tag !== before?.['tag']) faults.push(...termErrors(terms, 'need_tag', rule.tag, 'tag'));
    const tiers = (await listTiers(ctx.db, ctx.workspace.workspaceId)).map(({ key }) => key);
    rule.conditions.forEach((condition, index) => {
      conditionFaults(faults, `conditions.${index}`, condition, { terms, tiers });
    });
    refuse(faults, 'The need rule is not valid.');
    if (rule.active || before?.['active'] === true) lookAgain(ctx, changes);
  },
  async remove(ctx, before, changes) {
    if (before['active'] === true) lookAgain(ctx, changes);
  },
});

/** What rules say of customers changes with the rules: all of them are looked at. */
function lookAgain(ctx: Ctx, changes: Changes): void {
  enqueue(ctx, changes, { type: TIERS_RECOMPUTE }, {});
}

async function requireRoom(ctx: Ctx): Promise<void> {
  const all = await listNeedRules(ctx.db, ctx.workspace.workspaceId);
  if (all.length < MOST_NEED_RULES) return;
  throw new AppError('invalid_transition', `A workspace has at most ${MOST_NEED_RULES} need rules; delete one first.`);
}

/** As it comes: every field may be there. */
type Said = { [K in 'figure' | 'min' | 'max' | 'profile' | 'contains' | 'tag' | 'tier']?: unknown };

const SUBJECTS = ['figure', 'profile', 'tag', 'tier'] as const;

function conditionFaults(
  faults: Faults,
  path: string,
  condition: NeedCondition,
  known: { terms: TermRow[]; tiers: readonly string[] },
): void {
  const said: Said = condition;
  const subjects = SUBJECTS.filter((subject) => said[subject] !== undefined);
  if (subjects.length !== 1) {
    fault(
      faults,
      path,
      `Expected exactly one of ${SUBJECTS.join(', ')}.`,
      subjects.length === 0 ? 'required' : 'invalid',
    );
    return;
  }
  for (const bound of ['min', 'max'] as const) {
    if (said[bound] !== undefined && !('figure' in condition))
      fault(faults, `${path}.${bound}`, 'Only a figure has it.');
  }
  if (said.contains !== undefined && !('profile' in condition)) {
    fault(faults, `${path}.contains`, 'Only a field of the profile has it.');
  }
  if ('figure' in condition) {
    const { figure, min, max } = condition;
    if (min === undefined && max === undefined) fault(faults, `${path}.min`, 'Expected min, max or both.', 'required');
    if (min !== undefined && max !== undefined && min > max) fault(faults, `${path}.max`, 'Expected no less than min.');
    figureFaults(faults, `${path}.figure`, figure);
    if (figure.of === 'tickets') {
      figure.kinds?.forEach((kind, index) => {
        faults.push(...termErrors(known.terms, 'kind', kind, `${path}.figure.kinds.${index}`));
      });
    }
  } else if ('profile' in condition) {
    if (said.contains === undefined) fault(faults, `${path}.contains`, 'Expected words.', 'required');
  } else if ('tier' in condition) {
    condition.tier.forEach((key, index) => {
      if (known.tiers.includes(key)) return;
      fault(faults, `${path}.tier.${index}`, `No tier is called ${key}.`, 'unknown_key');
    });
  }
}
