/** Tables that tiers follow from: activities of customers, the models that make them a score, and when to look again. */

import { sql } from 'drizzle-orm';
import {
  boolean,
  doublePrecision,
  foreignKey,
  index,
  integer,
  jsonb,
  numeric,
  pgTable,
  primaryKey,
  text,
  timestamp,
} from 'drizzle-orm/pg-core';
import type { ActivityKind } from '../../rules/figures.ts';
import type { Population, ScoredPart, Standing, TierModelDefinition } from '../../rules/tier-model.ts';
import { id, instant, texts, version, workspaceId } from '../columns.ts';
import { contacts, customers } from './customers.ts';
import { workspaces } from './workspaces.ts';

export const activities = pgTable(
  'activities',
  {
    workspaceId: workspaceId(),
    id: id('activity').notNull(),
    customerId: id('customer').notNull(),
    contactId: id('contact'),
    kind: text().$type<ActivityKind>().notNull(),
    at: instant().notNull(),
    /** As said, in the currency said; refunds are positive amounts, too. */
    amount: numeric({ precision: 20, scale: 4 }),
    currency: text(),
    /** In the currency of the workspace: what figures are taken of. */
    baseAmount: numeric({ precision: 20, scale: 4 }),
    title: text(),
    details: jsonb().$type<Record<string, unknown>>().notNull(),
    externalIds: jsonb().$type<Record<string, string>>().notNull(),
    version: version(),
    createdAt: instant().notNull(),
    updatedAt: instant().notNull(),
  },
  (t) => [
    primaryKey({ name: 'activities_pkey', columns: [t.workspaceId, t.id] }),
    /** Figures are taken without reading the rows. */
    index('activities_customer_idx').on(t.workspaceId, t.customerId, t.at, t.id, t.kind, t.baseAmount),
    index('activities_contact_idx').on(t.workspaceId, t.contactId).where(sql`contact_id is not null`),
    index('activities_created_idx').on(t.workspaceId, t.createdAt, t.id),
    index('activities_updated_idx').on(t.workspaceId, t.updatedAt, t.id),
    foreignKey({
      name: 'activities_customer_fkey',
      columns: [t.workspaceId, t.customerId],
      foreignColumns: [customers.workspaceId, customers.id],
    }),
    foreignKey({
      name: 'activities_contact_fkey',
      columns: [t.workspaceId, t.contactId],
      foreignColumns: [contacts.workspaceId, contacts.id],
    }),
  ],
);

/** Every model a workspace ever had; the highest number is in force. */
export const tierModels = pgTable(
  'tier_models',
  {
    workspaceId: workspaceId(),
    number: integer().notNull(),
    definition: jsonb().$type<TierModelDefinition>().notNull(),
    reason: text(),
    /** What percentiles and shares are read in; null when not needed, or not taken yet. */
    population: jsonb().$type<Population>(),
    actor: text().notNull(),
    createdAt: instant().notNull(),
  },
  (t) => [
    primaryKey({ name: 'tier_models_pkey', columns: [t.workspaceId, t.number] }),
    foreignKey({
      name: 'tier_models_workspace_fkey',
      columns: [t.workspaceId],
      foreignColumns: [workspaces.workspaceId],
    }),
  ],
);

/** Where a customer stands under the model in force. */
export const customerScores = pgTable(
  'customer_scores',
  {
    workspaceId: workspaceId(),
    customerId: id('customer').notNull(),
    model: integer().notNull(),
    total: doublePrecision().notNull(),
    /** Empty: no score was made, and the row is kept for the risks alone. */
    parts: jsonb().$type<ScoredPart[]>().notNull(),
    /** The tier that the rules give. */
    target: text().notNull(),
    standing: jsonb().$type<Standing>().notNull(),
    /** When a step that is decided takes effect; null when none is. */
    movesAt: instant(),
    /** The target is not the tier held. */
    moving: boolean().notNull(),
    /** Why this customer may be lost. */
    risks: texts().notNull(),
    computedAt: instant().notNull(),
    version: version(),
  },
  (t) => [
    primaryKey({ name: 'customer_scores_pkey', columns: [t.workspaceId, t.customerId] }),
    index('customer_scores_moving_idx').on(t.workspaceId, t.customerId).where(sql`moving`),
    index('customer_scores_risks_idx').on(t.workspaceId, t.customerId).where(sql`cardinality(risks) > 0`),
    foreignKey({
      name: 'customer_scores_customer_fkey',
      columns: [t.workspaceId, t.customerId],
      foreignColumns: [customers.workspaceId, customers.id],
    }),
  ],
);

/** When whose tier is to be looked at: only ever added to, and deleted by who has looked. */
export const tierReviews = pgTable(
  'tier_reviews',
  {
    workspaceId: workspaceId(),
    id: id('tierReview').notNull(),
    /** Null: the monthly run of the workspace. */
    customerId: id('customer'),
    due: instant().notNull(),
    /** False in a test workspace, whose clock the wall clock does not move. */
    live: boolean().notNull(),
    /** Until then a process is at it. */
    leaseUntil: timestamp({ withTimezone: true, precision: 3, mode: 'string' }),
  },
  (t) => [
    primaryKey({ name: 'tier_reviews_pkey', columns: [t.workspaceId, t.id] }),
    index('tier_reviews_due_idx').on(t.due).where(sql`live`),
    index('tier_reviews_workspace_due_idx').on(t.workspaceId, t.due),
    index('tier_reviews_customer_idx').on(t.workspaceId, t.customerId),
    foreignKey({
      name: 'tier_reviews_customer_fkey',
      columns: [t.workspaceId, t.customerId],
      foreignColumns: [customers.workspaceId, customers.id],
    }),
  ],
);
