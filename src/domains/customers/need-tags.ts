/** What a customer wants, said by people; what rules find is written by needs-review.ts. */

import { z } from 'zod';
import { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { equals, readPage } from '../../db/page.ts';
import { customerNeedTags } from '../../db/tables/needs.ts';
import { notFound } from '../../errors.ts';
import { type Relation, read, write } from '../../operation.ts';
import { iso, zDeleted, zPaging, zText } from '../model.ts';
import { changedNames } from '../patch.ts';
import { touchNow } from '../tiers/touch.ts';
import { listAllTerms, requireTerm } from '../workspaces/store.ts';
import { zCustomerId } from './model.ts';
import { CustomerNeedTag, CustomerNeedTagPage, setNeedTagFields, zNeedTag } from './need-model.ts';
import { findNeedTag, listNeedTags, type NeedTagRow, needTagView } from './need-store.ts';
import { getCustomer } from './store.ts';

export const listCustomerNeedTags = read({
  name: 'listCustomerNeedTags',
  summary: 'List what a customer wants, and what a person says they do not',
  scope: 'customers:read',
  input: z.strictObject({ ...zCustomerId, ...zPaging }),
  output: CustomerNeedTagPage,
  async run(ctx, { customerId, limit, cursor }) {
    const { workspaceId } = ctx.workspace;
    const { id } = await getCustomer(ctx.db, workspaceId, customerId);
    return readPage(
      {
        db: ctx.db,
        name: 'list:customer_need_tags',
        table: customerNeedTags,
        workspaceId,
        filters: [equals('customer', customerNeedTags.customerId, id)],
        order: { name: 'tag', column: customerNeedTags.tag, descending: false },
        tieBreak: customerNeedTags.tag,
        limit,
        cursor,
      },
      needTagView,
    );
  },
});

export const setCustomerNeedTag = write({
  name: 'setCustomerNeedTag',
  summary: 'Say that a customer wants something, or confirm what a rule found',
  description: "A person's word is not touched by rules. The same again changes nothing.",
  scope: 'customers:write',
  input: z.strictObject({ ...zCustomerId, ...zNeedTag, ...setNeedTagFields }),
  output: CustomerNeedTag,
  example: { tag: 'price_sensitive', confidence: 0.9, reason: '每次都要求折扣' },
  async run(ctx, { customerId: asked, tag, confidence, reason }) {
    const { customerId, before } = await findSaid(ctx, asked, tag);
    const changes = new Changes(ctx.now);
    const said = { state: 'held', source: 'person', confidence, reason } as const;
    const row = say(ctx, changes, { customerId, tag, before }, said);
    if (!changes.empty) changes.event('customer.needTagged', customerId, { needTag: needTagView(row) });
    return { result: needTagView(row), changes };
  },
});

export const rejectCustomerNeedTag = write({
  name: 'rejectCustomerNeedTag',
  summary: 'Say that a customer does not want something, whatever rules find',
  description: 'It stays away until it is set, or the rejection is removed. The same again changes nothing.',
  scope: 'customers:write',
  input: z.strictObject({ ...zCustomerId, ...zNeedTag, reason: zText(1000).describe('Why.') }),
  output: CustomerNeedTag,
  example: { tag: 'price_sensitive', reason: '只问过一次报价' },
  async run(ctx, { customerId: asked, tag, reason }) {
    const { customerId, before } = await findSaid(ctx, asked, tag);
    const changes = new Changes(ctx.now);
    const said = { state: 'rejected', source: 'person', confidence: before?.confidence ?? 1, reason } as const;
    const row = say(ctx, changes, { customerId, tag, before }, said);
    if (!changes.empty) changes.event('customer.needUntagged', customerId, { needTag: needTagView(row) });
    return { result: needTagView(row), changes };
  },
});

export const removeCustomerNeedTag = write({
  name: 'removeCustomerNeedTag',
  summary: 'Forget what was said of a need, or of its rejection',
  description:
    'A rule that finds it gives it again at the next review, which is asked for at once; to keep it away, reject it.',
  scope: 'customers:write',
  input: z.strictObject({ ...zCustomerId, ...zNeedTag }),
  output: zDeleted,
  idempotency: 'none',
  async run(ctx, { customerId: asked, tag }) {
    const { workspaceId } = ctx.workspace;
    const { id: customerId } = await getCustomer(ctx.db, workspaceId, asked);
    const before = await findNeedTag(ctx.db, workspaceId, customerId, tag);
    if (before === undefined) throw notFound('need tag');
    const changes = new Changes(ctx.now);
    changes.delete(customerNeedTags, before);
    touchNow(ctx)(changes, customerId);
    const type = before.state === 'held' ? 'customer.needUntagged' : 'customer.needReleased';
    changes.event(type, customerId, { needTag: needTagView(before) });
    return { result: { id: tag, deletedAt: iso(ctx.now) }, changes };
  },
});

/** What was said before; a need of which nothing was said must be one of the workspace's terms. */
async function findSaid(
  ctx: Ctx,
  asked: string,
  tag: string,
): Promise<{ customerId: string; before: NeedTagRow | undefined }> {
  const { workspaceId } = ctx.workspace;
  const { id: customerId } = await getCustomer(ctx.db, workspaceId, asked);
  const before = await findNeedTag(ctx.db, workspaceId, customerId, tag);
  if (before === undefined) requireTerm(await listAllTerms(ctx.db, workspaceId), 'need_tag', tag, 'tag');
  return { customerId, before };
}

/** The rule that found it stays named: that a person agreed or not is how rules are judged. */
function say(
  ctx: Ctx,
  changes: Changes,
  { customerId, tag, before }: { customerId: string; tag: string; before: NeedTagRow | undefined },
  said: Pick<NeedTagRow, 'state' | 'source' | 'confidence' | 'reason'>,
): NeedTagRow {
  const { workspaceId } = ctx.workspace;
  const stamps = { actor: ctx.actor.id, since: ctx.now, updatedAt: ctx.now };
  if (before === undefined)
    return changes.insert(customerNeedTags, { workspaceId, customerId, tag, ...said, ...stamps });
  if (changedNames(before, said).length === 0) return before;
  const since = before.state === said.state ? before.since : ctx.now;
  return changes.update(customerNeedTags, before, { ...said, actor: ctx.actor.id, since });
}

/** What goes with a customer that is deleted. */
export async function forgetNeedTags(ctx: Ctx, changes: Changes, customerId: string): Promise<void> {
  const all = await listNeedTags(ctx.db, ctx.workspace.workspaceId, [customerId]);
  for (const row of all.get(customerId) ?? []) changes.delete(customerNeedTags, row);
}

export const needRelations: Relation[] = [
  {
    on: 'Customer',
    name: 'needTags',
    description: 'What they want, and what a person says they do not, by tag.',
    model: CustomerNeedTag,
    many: true,
    async load(ctx, customers) {
      if (!ctx.actor.scopes.has('customers:read')) return customers.map(() => []);
      const ids = customers.map(({ id }) => id as string);
      const all = await listNeedTags(ctx.db, ctx.workspace.workspaceId, ids);
      return ids.map((id) => (all.get(id) ?? []).map(needTagView));
    },
  },
];
