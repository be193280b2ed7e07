/** The table of the monthly sample: customers drawn for people to say whether the tier is right. */

import { doublePrecision, foreignKey, integer, jsonb, pgTable, primaryKey, text, unique } from 'drizzle-orm/pg-core';
import type { ScoredPart } from '../../rules/tier-model.ts';
import { id, instant, version, workspaceId } from '../columns.ts';
import { workspaces } from './workspaces.ts';

export const tierSamples = pgTable(
  'tier_samples',
  {
    workspaceId: workspaceId(),
    id: id('tierSample').notNull(),
    /** As in 2026-11, in the workspace's time zone. */
    month: text().notNull(),
    /** No foreign key: what was judged stays counted when the customer is gone. */
    customerId: id('customer').notNull(),
    /** Held when it was drawn, and the score of that day. */
    tier: text().notNull(),
    model: integer().notNull(),
    total: doublePrecision().notNull(),
    parts: jsonb().$type<ScoredPart[]>().notNull(),
    /** The tier that people hold to be right; null until somebody has said. */
    confirmedTier: text(),
    note: text(),
    confirmedBy: text(),
    confirmedAt: instant(),
    version: version(),
    createdAt: instant().notNull(),
    updatedAt: instant().notNull(),
  },
  (t) => [
    primaryKey({ name: 'tier_samples_pkey', columns: [t.workspaceId, t.id] }),
    unique('tier_samples_customer_key').on(t.workspaceId, t.month, t.customerId),
    foreignKey({
      name: 'tier_samples_workspace_fkey',
      columns: [t.workspaceId],
      foreignColumns: [workspaces.workspaceId],
    }),
  ],
);
