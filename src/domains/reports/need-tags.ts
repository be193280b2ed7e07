/** The report on need tags: how many customers they cover, and how often rules are right. */

import { and, count, eq, isNull, sql } from 'drizzle-orm';
import { z } from 'zod';
import { type Db, statement } from '../../db/connect.ts';
import { customers } from '../../db/tables/customers.ts';
import { customerNeedTags } from '../../db/tables/needs.ts';
import { read } from '../../operation.ts';
import { iso } from '../model.ts';
import { listAllTerms } from '../workspaces/store.ts';
import { NeedTagReport } from './need-tags-model.ts';

export const getNeedTagReport = read({
  name: 'getNeedTagReport',
  summary: 'How much is known of what customers want, and how often need rules are right',
  description:
    'A person who sets the tag that a rule gave confirms it, one who rejects it says that the rule was wrong: that is what accuracy is counted on.',
  scope: 'customers:read',
  input: z.strictObject({}),
  output: NeedTagReport,
  async run(ctx) {
    const { workspaceId } = ctx.workspace;
    const [all, terms, counts] = await Promise.all([
      countCustomers(ctx.db, workspaceId),
      listAllTerms(ctx.db, workspaceId),
      countNeedTags(ctx.db, workspaceId),
    ]);
    const counted = new Map(counts.map((row) => [row.tag, row]));
    const named = terms.filter(({ list }) => list === 'need_tag');
    const keys = named.filter(({ key, active }) => active || counted.has(key)).map(({ key }) => key);
    const unnamed = counts.map(({ tag }) => tag).filter((tag) => !named.some(({ key }) => key === tag));
    const data = [...keys, ...unnamed].map((tag) => ({
      tag,
      name: named.find(({ key }) => key === tag)?.name ?? null,
      ...countsOf(counted.get(tag)),
    }));
    const sum = (name: 'confirmed' | 'rejected') => data.reduce((total, row) => total + row[name], 0);
    return {
      asOf: iso(ctx.now),
      ...all,
      coverage: all.customers === 0 ? null : all.tagged / all.customers,
      accuracy: accuracyOf(sum('confirmed'), sum('rejected')),
      data,
    };
  },
});

type Counts = Awaited<ReturnType<typeof countNeedTags>>[number];

function countsOf({ byPerson = 0, byRule = 0, confirmed = 0, rejected = 0 }: Partial<Counts> = {}) {
  const accuracy = accuracyOf(confirmed, rejected);
  return { customers: byPerson + byRule, byPerson, byRule, confirmed, rejected, accuracy };
}

function accuracyOf(confirmed: number, rejected: number): number | null {
  return confirmed + rejected === 0 ? null : confirmed / (confirmed + rejected);
}

/** Counted apart: the tagged ones by one join, where a condition of the first count would be asked for each customer. */
async function countCustomers(db: Db, workspaceId: number): Promise<{ customers: number; tagged: number }> {
  const own = and(eq(customers.workspaceId, sql.placeholder('workspace')), isNull(customers.mergedInto));
  const wantsAny = sql`exists (
    select from ${customerNeedTags}
    where ${customerNeedTags.workspaceId} = ${customers.workspaceId} and ${customerNeedTags.customerId} = ${customers.id}
      and ${customerNeedTags.state} = 'held'
  )`;
  const all = statement(db, 'count_customers', (orm, name) =>
    orm.select({ customers: count() }).from(customers).where(own).prepare(name),
  );
  const some = statement(db, 'count_tagged', (orm, name) =>
    orm.select({ tagged: count() }).from(customers).where(and(own, wantsAny)).prepare(name),
  );
  const values = { workspace: workspaceId };
  const [[counted], [tagged]] = await Promise.all([all.execute(values), some.execute(values)]);
  return { ...counted!, ...tagged! };
}

async function countNeedTags(db: Db, workspaceId: number) {
  const { tag, source, state, rule } = customerNeedTags;
  const such = (condition: ReturnType<typeof sql>) => sql<number>`count(*) filter (where ${condition})`.mapWith(Number);
  const query = statement(db, 'count_need_tags', (orm, name) =>
    orm
      .select({
        tag,
        byPerson: such(sql`${state} = 'held' and ${source} = 'person'`),
        byRule: such(sql`${state} = 'held' and ${source} = 'rule'`),
        confirmed: such(sql`${state} = 'held' and ${source} = 'person' and ${rule} is not null`),
        rejected: such(sql`${state} = 'rejected' and ${rule} is not null`),
      })
      .from(customerNeedTags)
      .where(eq(customerNeedTags.workspaceId, sql.placeholder('workspace')))
      .groupBy(tag)
      .orderBy(tag)
      .prepare(name),
  );
  return query.execute({ workspace: workspaceId });
}
