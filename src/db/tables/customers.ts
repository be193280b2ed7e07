/** Tables of the customers and tiers domains: who they are, by what names they reach us, and what tier they held when. */

import { sql } from 'drizzle-orm';
import { foreignKey, index, integer, jsonb, pgTable, primaryKey, text, unique } from 'drizzle-orm/pg-core';
import type { TierService } from '../../rules/named-service.ts';
import type { Score } from '../../rules/tier-model.ts';
import { id, instant, texts, tsvector, version, workspaceId } from '../columns.ts';
import { agents, workspaces } from './workspaces.ts';

export const tiers = pgTable(
  'tiers',
  {
    workspaceId: workspaceId(),
    id: id('tier').notNull(),
    key: text().notNull(),
    name: text().notNull(),
    description: text(),
    /** 1 = the highest, without gaps. The last one is what a customer gets who has no other. */
    position: integer().notNull(),
    /** What its customers get beside promises; what is not said is not asked for. */
    service: jsonb().$type<Partial<TierService>>().notNull().default({}),
    version: version(),
    createdAt: instant().notNull(),
    updatedAt: instant().notNull(),
  },
  (t) => [
    primaryKey({ name: 'tiers_pkey', columns: [t.workspaceId, t.id] }),
    unique('tiers_key_key').on(t.workspaceId, t.key),
    // Deferrable in the migration: checked at the end of the statement, so that tiers change places in one.
    unique('tiers_position_key').on(t.workspaceId, t.position),
    foreignKey({ name: 'tiers_workspace_fkey', columns: [t.workspaceId], foreignColumns: [workspaces.workspaceId] }),
  ],
);

export const customers = pgTable(
  'customers',
  {
    workspaceId: workspaceId(),
    id: id('customer').notNull(),
    name: text().notNull(),
    tier: text(),
    tierSince: instant(),
    /** Industry, size, revenue band, business model, goals, how decisions are made, expectations, dislikes. */
    profile: jsonb().$type<Record<string, unknown>>().notNull(),
    tags: texts().notNull(),
    externalIds: jsonb().$type<Record<string, string>>().notNull(),
    preferredChannel: text(),
    language: text(),
    timeZone: text(),
    notes: text(),
    customerSince: instant(),
    /** Numbers another system gives, by key, for the tier model. */
    figures: jsonb().$type<Record<string, number>>().notNull().default({}),
    /** The customer this one was found to be. */
    mergedInto: id('customer'),
    /** While it holds, no score moves the tier. */
    tierPin: jsonb().$type<TierPin>(),
    /** Whose customer it is; who serves while that agent is away; who advises online. */
    dedicatedAgentId: id('agent'),
    deputyAgentId: id('agent'),
    adviserId: id('agent'),
    search: tsvector().notNull(),
    version: version(),
    createdAt: instant().notNull(),
    updatedAt: instant().notNull(),
  },
  (t) => [
    primaryKey({ name: 'customers_pkey', columns: [t.workspaceId, t.id] }),
    index('customers_created_idx').on(t.workspaceId, t.createdAt, t.id),
    index('customers_updated_idx').on(t.workspaceId, t.updatedAt, t.id),
    index('customers_tier_idx').on(t.workspaceId, t.tier),
    index('customers_search_idx').using('gin', t.search),
    index('customers_merged_idx').on(t.workspaceId, t.mergedInto, t.id).where(sql`merged_into is not null`),
    index('customers_dedicated_idx')
      .on(t.workspaceId, t.dedicatedAgentId, t.id)
      .where(sql`dedicated_agent_id is not null`),
    foreignKey({
      name: 'customers_workspace_fkey',
      columns: [t.workspaceId],
      foreignColumns: [workspaces.workspaceId],
    }),
    foreignKey({
      name: 'customers_tier_fkey',
      columns: [t.workspaceId, t.tier],
      foreignColumns: [tiers.workspaceId, tiers.key],
    }),
    foreignKey({
      name: 'customers_dedicated_agent_fkey',
      columns: [t.workspaceId, t.dedicatedAgentId],
      foreignColumns: [agents.workspaceId, agents.id],
    }),
    foreignKey({
      name: 'customers_deputy_agent_fkey',
      columns: [t.workspaceId, t.deputyAgentId],
      foreignColumns: [agents.workspaceId, agents.id],
    }),
    foreignKey({
      name: 'customers_adviser_fkey',
      columns: [t.workspaceId, t.adviserId],
      foreignColumns: [agents.workspaceId, agents.id],
    }),
  ],
);

/** A tier given by people that no score moves; instants in epoch seconds. */
export interface TierPin {
  tier: string;
  reason: string;
  /** Null: until it is released. */
  until: number | null;
  actor: string;
  since: number;
}

/** The tier a customer held, from when to when; the row with `validTo` null is today's. */
export const tierChanges = pgTable(
  'tier_changes',
  {
    workspaceId: workspaceId(),
    customerId: id('customer').notNull(),
    /** Counts from 1 per customer. */
    position: integer().notNull(),
    tier: text().notNull(),
    validFrom: instant().notNull(),
    validTo: instant(),
    source: text().$type<'default' | 'manual' | 'import' | 'score'>().notNull(),
    reason: text(),
    /** What the score said when it gave the tier; null where people gave it. */
    score: jsonb().$type<Score & { model: number }>(),
    actor: text().notNull(),
    version: version(),
  },
  (t) => [
    primaryKey({ name: 'tier_changes_pkey', columns: [t.workspaceId, t.customerId, t.position] }),
    foreignKey({
      name: 'tier_changes_customer_fkey',
      columns: [t.workspaceId, t.customerId],
      foreignColumns: [customers.workspaceId, customers.id],
    }),
  ],
);

export const contacts = pgTable(
  'contacts',
  {
    workspaceId: workspaceId(),
    id: id('contact').notNull(),
    customerId: id('customer'),
    name: text().notNull(),
    familyName: text(),
    /** How to address them: 女士, Dr. */
    honorific: text(),
    title: text(),
    preferredChannel: text(),
    /** When they like to be called, in words. */
    preferredHours: text(),
    language: text(),
    timeZone: text(),
    tags: texts().notNull(),
    externalIds: jsonb().$type<Record<string, string>>().notNull(),
    /** As said by the caller, in order; `identities` is the index over them. */
    identities: jsonb().$type<{ kind: string; value: string }[]>().notNull(),
    /** Since when nothing of the person is kept here but the row. */
    erasedAt: instant(),
    search: tsvector().notNull(),
    version: version(),
    createdAt: instant().notNull(),
    updatedAt: instant().notNull(),
  },
  (t) => [
    primaryKey({ name: 'contacts_pkey', columns: [t.workspaceId, t.id] }),
    index('contacts_customer_idx').on(t.workspaceId, t.customerId, t.id),
    index('contacts_created_idx').on(t.workspaceId, t.createdAt, t.id),
    index('contacts_updated_idx').on(t.workspaceId, t.updatedAt, t.id),
    index('contacts_search_idx').using('gin', t.search),
    foreignKey({
      name: 'contacts_customer_fkey',
      columns: [t.workspaceId, t.customerId],
      foreignColumns: [customers.workspaceId, customers.id],
    }),
    foreignKey({ name: 'contacts_workspace_fkey', columns: [t.workspaceId], foreignColumns: [workspaces.workspaceId] }),
  ],
);

/** One person, many identities; each belongs to one contact of the workspace. */
export const identities = pgTable(
  'identities',
  {
    workspaceId: workspaceId(),
    kind: text().notNull(),
    value: text().notNull(),
    contactId: id('contact').notNull(),
  },
  (t) => [
    primaryKey({ name: 'identities_pkey', columns: [t.workspaceId, t.kind, t.value] }),
    index('identities_contact_idx').on(t.workspaceId, t.contactId),
    foreignKey({
      name: 'identities_contact_fkey',
      columns: [t.workspaceId, t.contactId],
      foreignColumns: [contacts.workspaceId, contacts.id],
    }),
  ],
);

/** Names that other systems give to our customers, contacts and tickets; one name, one thing. */
export const externalIds = pgTable(
  'external_ids',
  {
    workspaceId: workspaceId(),
    resource: text().$type<'customer' | 'contact' | 'ticket' | 'activity'>().notNull(),
    system: text().notNull(),
    value: text().notNull(),
    /** TypeID of the thing. */
    subject: text().notNull(),
  },
  (t) => [
    primaryKey({ name: 'external_ids_pkey', columns: [t.workspaceId, t.resource, t.system, t.value] }),
    foreignKey({
      name: 'external_ids_workspace_fkey',
      columns: [t.workspaceId],
      foreignColumns: [workspaces.workspaceId],
    }),
  ],
);

/** Which system may change a field of a customer or contact by an upsert; a field without a row is everybody's. */
export const fieldOwners = pgTable(
  'field_owners',
  {
    workspaceId: workspaceId(),
    resource: text().$type<'customer' | 'contact'>().notNull(),
    /** As in `name`, `profile.industry`, or `figures` for all of them. */
    field: text().notNull(),
    system: text().notNull(),
  },
  (t) => [
    primaryKey({ name: 'field_owners_pkey', columns: [t.workspaceId, t.resource, t.field] }),
    foreignKey({
      name: 'field_owners_workspace_fkey',
      columns: [t.workspaceId],
      foreignColumns: [workspaces.workspaceId],
    }),
  ],
);
