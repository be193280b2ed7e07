/** Reads of need tags and their rules, and how they are shown. */

import { and, asc, eq, sql } from 'drizzle-orm';
import { bound, type Db, statement } from '../../db/connect.ts';
import { type Filter, filter } from '../../db/page.ts';
import type { Row } from '../../db/rows.ts';
import { customers } from '../../db/tables/customers.ts';
import { customerNeedTags, needRules } from '../../db/tables/needs.ts';
import { iso } from '../model.ts';

export type NeedTagRow = typeof customerNeedTags.$inferSelect;
export type NeedRuleRow = typeof needRules.$inferSelect;

/** What is said of this tag and customer, held or rejected. */
export async function findNeedTag(
  db: Db,
  workspaceId: number,
  customerId: string,
  tag: string,
): Promise<NeedTagRow | undefined> {
  const query = statement(db, 'find_need_tag', (orm, name) =>
    orm
      .select()
      .from(customerNeedTags)
      .where(
        and(
          eq(customerNeedTags.workspaceId, sql.placeholder('workspace')),
          eq(customerNeedTags.customerId, bound(customerNeedTags.customerId, 'customer')),
          eq(customerNeedTags.tag, sql.placeholder('tag')),
        ),
      )
      .prepare(name),
  );
  const [row] = await query.execute({ workspace: workspaceId, customer: customerId, tag });
  return row;
}

/** All that is said of these customers, held or rejected, by customer and in the order of the tags; one statement. */
export async function listNeedTags(
  db: Db,
  workspaceId: number,
  customerIds: readonly string[],
): Promise<Map<string, NeedTagRow[]>> {
  if (customerIds.length === 0) return new Map();
  const query = statement(db, 'list_need_tags', (orm, name) =>
    orm
      .select()
      .from(customerNeedTags)
      .where(
        and(
          eq(customerNeedTags.workspaceId, sql.placeholder('workspace')),
          sql`${customerNeedTags.customerId} = any(${sql.placeholder('customers')}::uuid[])`,
        ),
      )
      .orderBy(asc(customerNeedTags.customerId), asc(customerNeedTags.tag))
      .prepare(name),
  );
  const uuids = customerIds.map((id) => customerNeedTags.customerId.mapToDriverValue(id));
  const rows = await query.execute({ workspace: workspaceId, customers: uuids });
  return Map.groupBy(rows, ({ customerId }) => customerId);
}

/** Customers who want this, where a need tag is told. */
export function wantsNeed(tag: string | undefined): Filter {
  return filter(
    'needTag',
    tag,
    sql`exists (select from ${customerNeedTags} where ${customerNeedTags.workspaceId} = ${customers.workspaceId} and ${customerNeedTags.customerId} = ${customers.id} and ${customerNeedTags.tag} = ${sql.placeholder('needTag')} and ${customerNeedTags.state} = 'held')`,
  );
}

/** Whether a rule gave any tag that is still held and that nobody confirmed. */
export async function hasRuleTags(db: Db, workspaceId: number): Promise<boolean> {
  const query = statement(db, 'has_rule_tags', (orm, name) =>
    orm
      .select({ tag: customerNeedTags.tag })
      .from(customerNeedTags)
      .where(
        and(eq(customerNeedTags.workspaceId, sql.placeholder('workspace')), sql`${customerNeedTags.source} = 'rule'`),
      )
      .limit(1)
      .prepare(name),
  );
  return (await query.execute({ workspace: workspaceId })).length > 0;
}

/** Every need rule of the workspace, by key. */
export async function listNeedRules(db: Db, workspaceId: number): Promise<NeedRuleRow[]> {
  const query = statement(db, 'list_need_rules', (orm, name) =>
    orm
      .select()
      .from(needRules)
      .where(eq(needRules.workspaceId, sql.placeholder('workspace')))
      .orderBy(asc(needRules.key))
      .prepare(name),
  );
  return query.execute({ workspace: workspaceId });
}

export function needTagView(row: NeedTagRow) {
  const { tag, state, source, rule, confidence, reason, actor, since, version, updatedAt } = row;
  return { tag, state, source, rule, confidence, reason, actor, since: iso(since), version, updatedAt: iso(updatedAt) };
}

export function needRuleView(row: Row) {
  const { id, key, tag, confidence, active, conditions, version, createdAt, updatedAt } = row as NeedRuleRow;
  const stamps = { version, createdAt: iso(createdAt), updatedAt: iso(updatedAt) };
  return { id, key, tag, confidence, active, conditions, ...stamps };
}
