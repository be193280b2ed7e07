/** Tables of the workspaces domain: the wall, who may pass it, and what people work in. */

import { boolean, foreignKey, integer, jsonb, pgTable, primaryKey, text, unique } from 'drizzle-orm/pg-core';
import { id, ids, instant, texts, version, workspaceId } from '../columns.ts';

export const workspaces = pgTable(
  'workspaces',
  {
    workspaceId: integer().primaryKey().generatedByDefaultAsIdentity(),
    id: id('workspace').notNull(),
    name: text().notNull(),
    /** live: the wall clock. test: a clock of its own, frozen until it is moved. */
    mode: text().$type<'live' | 'test'>().notNull(),
    testNow: instant(),
    timeZone: text().notNull(),
    language: text().$type<'zh-CN' | 'en'>().notNull(),
    currency: text().notNull(),
    colour: text().notNull(),
    /** The service-level version in force for new tickets; 0 = nothing promised yet. */
    serviceLevelVersion: integer().notNull().default(0),
    /** The tier model in force; 0 = none. */
    tierModel: integer().notNull().default(0),
    version: version(),
    createdAt: instant().notNull(),
    updatedAt: instant().notNull(),
  },
  (t) => [unique('workspaces_id_key').on(t.id)],
);

export const apiKeys = pgTable(
  'api_keys',
  {
    workspaceId: workspaceId(),
    id: id('key').notNull(),
    name: text().notNull(),
    role: text().$type<'admin' | 'manager' | 'agent' | 'integration' | 'customer'>().notNull(),
    scopes: texts().notNull(),
    /** SHA-256 of the key, hexadecimal; the key itself is never stored. */
    hash: text().notNull(),
    /** The last letters, so that people can tell keys apart. */
    hint: text().notNull(),
    instanceAdmin: boolean().notNull().default(false),
    agentId: id('agent'),
    customerId: id('customer'),
    expiresAt: instant(),
    lastUsedAt: instant(),
    revokedAt: instant(),
    version: version(),
    createdAt: instant().notNull(),
    updatedAt: instant().notNull(),
  },
  (t) => [
    primaryKey({ name: 'api_keys_pkey', columns: [t.workspaceId, t.id] }),
    unique('api_keys_hash_key').on(t.hash),
    foreignKey({ name: 'api_keys_workspace_fkey', columns: [t.workspaceId], foreignColumns: [workspaces.workspaceId] }),
    foreignKey({
      name: 'api_keys_agent_fkey',
      columns: [t.workspaceId, t.agentId],
      foreignColumns: [agents.workspaceId, agents.id],
    }),
  ],
);

export const clients = pgTable(
  'clients',
  {
    workspaceId: workspaceId(),
    id: id('client').notNull(),
    name: text().notNull(),
    role: text().$type<'admin' | 'manager' | 'agent' | 'integration' | 'customer'>().notNull(),
    scopes: texts().notNull(),
    /** SHA-256 of the client secret, hexadecimal. */
    secretHash: text().notNull(),
    agentId: id('agent'),
    expiresAt: instant(),
    lastUsedAt: instant(),
    revokedAt: instant(),
    version: version(),
    createdAt: instant().notNull(),
    updatedAt: instant().notNull(),
  },
  (t) => [
    primaryKey({ name: 'clients_pkey', columns: [t.workspaceId, t.id] }),
    unique('clients_id_key').on(t.id),
    foreignKey({ name: 'clients_workspace_fkey', columns: [t.workspaceId], foreignColumns: [workspaces.workspaceId] }),
  ],
);

export const agents = pgTable(
  'agents',
  {
    workspaceId: workspaceId(),
    id: id('agent').notNull(),
    name: text().notNull(),
    email: text().notNull(),
    role: text().$type<'admin' | 'manager' | 'agent'>().notNull(),
    skills: texts().notNull(),
    languages: texts().notNull(),
    seniorityYears: integer().notNull(),
    /** How many open tickets at most. */
    capacity: integer().notNull(),
    available: boolean().notNull(),
    active: boolean().notNull(),
    teamIds: ids('team').notNull(),
    version: version(),
    createdAt: instant().notNull(),
    updatedAt: instant().notNull(),
  },
  (t) => [
    primaryKey({ name: 'agents_pkey', columns: [t.workspaceId, t.id] }),
    unique('agents_email_key').on(t.workspaceId, t.email),
    foreignKey({ name: 'agents_workspace_fkey', columns: [t.workspaceId], foreignColumns: [workspaces.workspaceId] }),
  ],
);

export const teams = pgTable(
  'teams',
  {
    workspaceId: workspaceId(),
    id: id('team').notNull(),
    name: text().notNull(),
    description: text(),
    leadId: id('agent'),
    version: version(),
    createdAt: instant().notNull(),
    updatedAt: instant().notNull(),
  },
  (t) => [
    primaryKey({ name: 'teams_pkey', columns: [t.workspaceId, t.id] }),
    unique('teams_name_key').on(t.workspaceId, t.name),
    foreignKey({ name: 'teams_workspace_fkey', columns: [t.workspaceId], foreignColumns: [workspaces.workspaceId] }),
    foreignKey({
      name: 'teams_lead_fkey',
      columns: [t.workspaceId, t.leadId],
      foreignColumns: [agents.workspaceId, agents.id],
    }),
  ],
);

/** What a workspace names itself: kinds, channels, statuses, problem types, products, close codes and need tags. */
export const terms = pgTable(
  'terms',
  {
    workspaceId: workspaceId(),
    list: text()
      .$type<'kind' | 'channel' | 'status' | 'problem_type' | 'product' | 'close_code' | 'need_tag'>()
      .notNull(),
    key: text().notNull(),
    name: text().notNull(),
    position: integer().notNull(),
    /** Problem types are a tree. */
    parentKey: text(),
    /** status: its category; channel: live or async; else null. */
    category: text(),
    active: boolean().notNull(),
    version: version(),
    createdAt: instant().notNull(),
    updatedAt: instant().notNull(),
  },
  (t) => [
    primaryKey({ name: 'terms_pkey', columns: [t.workspaceId, t.list, t.key] }),
    foreignKey({ name: 'terms_workspace_fkey', columns: [t.workspaceId], foreignColumns: [workspaces.workspaceId] }),
    foreignKey({
      name: 'terms_parent_fkey',
      columns: [t.workspaceId, t.list, t.parentKey],
      foreignColumns: [t.workspaceId, t.list, t.key],
    }),
  ],
);

export const customFields = pgTable(
  'custom_fields',
  {
    workspaceId: workspaceId(),
    id: id('customField').notNull(),
    key: text().notNull(),
    name: text().notNull(),
    type: text().$type<'text' | 'number' | 'boolean' | 'date' | 'select' | 'multi_select'>().notNull(),
    options: jsonb().$type<{ key: string; name: string }[]>().notNull(),
    /** Kinds of ticket it belongs to; empty = all. */
    kinds: texts().notNull(),
    requiredAt: text().$type<'create' | 'solve'>(),
    position: integer().notNull(),
    version: version(),
    createdAt: instant().notNull(),
    updatedAt: instant().notNull(),
  },
  (t) => [
    primaryKey({ name: 'custom_fields_pkey', columns: [t.workspaceId, t.id] }),
    unique('custom_fields_key_key').on(t.workspaceId, t.key),
    foreignKey({
      name: 'custom_fields_workspace_fkey',
      columns: [t.workspaceId],
      foreignColumns: [workspaces.workspaceId],
    }),
  ],
);
