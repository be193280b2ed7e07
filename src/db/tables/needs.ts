/** Tables of what customers want: the tags themselves, and the rules that give them. */

import { sql } from 'drizzle-orm';
import {
  boolean,
  doublePrecision,
  foreignKey,
  index,
  jsonb,
  pgTable,
  primaryKey,
  text,
  unique,
} from 'drizzle-orm/pg-core';
import type { NeedCondition } from '../../rules/needs.ts';
import { id, instant, version, workspaceId } from '../columns.ts';
import { customers } from './customers.ts';
import { workspaces } from './workspaces.ts';

export const needRules = pgTable(
  'need_rules',
  {
    workspaceId: workspaceId(),
    id: id('needRule').notNull(),
    key: text().notNull(),
    /** Key of a term of the list need_tag. */
    tag: text().notNull(),
    /** 0 to 1. */
    confidence: doublePrecision().notNull(),
    active: boolean().notNull(),
    conditions: jsonb().$type<NeedCondition[]>().notNull(),
    version: version(),
    createdAt: instant().notNull(),
    updatedAt: instant().notNull(),
  },
  (t) => [
    primaryKey({ name: 'need_rules_pkey', columns: [t.workspaceId, t.id] }),
    unique('need_rules_key_key').on(t.workspaceId, t.key),
    foreignKey({
      name: 'need_rules_workspace_fkey',
      columns: [t.workspaceId],
      foreignColumns: [workspaces.workspaceId],
    }),
  ],
);

export const customerNeedTags = pgTable(
  'customer_need_tags',
  {
    workspaceId: workspaceId(),
    customerId: id('customer').notNull(),
    /** Key of a term of the list need_tag. */
    tag: text().notNull(),
    source: text().$type<'person' | 'rule'>().notNull(),
    /** The rule that gave it, kept when a person confirms or rejects it; null without one. */
    rule: text(),
    /** 0 to 1. */
    confidence: doublePrecision().notNull(),
    /** A rejected one stays, so that no rule gives it again. */
    state: text().$type<'held' | 'rejected'>().notNull(),
    reason: text(),
    actor: text().notNull(),
    since: instant().notNull(),
    version: version(),
    updatedAt: instant().notNull(),
  },
  (t) => [
    primaryKey({ name: 'customer_need_tags_pkey', columns: [t.workspaceId, t.customerId, t.tag] }),
    index('customer_need_tags_tag_idx').on(t.workspaceId, t.tag, t.customerId).where(sql`state = 'held'`),
    index('customer_need_tags_rule_idx').on(t.workspaceId, t.rule).where(sql`source = 'rule'`),
    foreignKey({
      name: 'customer_need_tags_customer_fkey',
      columns: [t.workspaceId, t.customerId],
      foreignColumns: [customers.workspaceId, customers.id],
    }),
  ],
);
