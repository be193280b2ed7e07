/** Tables of the service-levels domain: calendars, policies, and the immutable versions that tickets are held to. */

import { foreignKey, index, integer, jsonb, pgTable, primaryKey, text, unique } from 'drizzle-orm/pg-core';
import type { CalendarDefinition } from '../../rules/calendar.ts';
import type { PolicyDefinition } from '../../rules/policy.ts';
import { id, instant, version, workspaceId } from '../columns.ts';
import { workspaces } from './workspaces.ts';

export const calendars = pgTable(
  'calendars',
  {
    workspaceId: workspaceId(),
    id: id('calendar').notNull(),
    key: text().notNull(),
    name: text().notNull(),
    definition: jsonb().$type<CalendarDefinition>().notNull(),
    version: version(),
    createdAt: instant().notNull(),
    updatedAt: instant().notNull(),
  },
  (t) => [
    primaryKey({ name: 'calendars_pkey', columns: [t.workspaceId, t.id] }),
    unique('calendars_key_key').on(t.workspaceId, t.key),
    foreignKey({
      name: 'calendars_workspace_fkey',
      columns: [t.workspaceId],
      foreignColumns: [workspaces.workspaceId],
    }),
  ],
);

export const policies = pgTable(
  'policies',
  {
    workspaceId: workspaceId(),
    id: id('policy').notNull(),
    key: text().notNull(),
    name: text().notNull(),
    position: integer().notNull(),
    definition: jsonb()
      .$type<Pick<PolicyDefinition, 'validFrom' | 'validTo' | 'match' | 'calendar' | 'objectives' | 'semantics'>>()
      .notNull(),
    version: version(),
    createdAt: instant().notNull(),
    updatedAt: instant().notNull(),
  },
  (t) => [
    primaryKey({ name: 'policies_pkey', columns: [t.workspaceId, t.id] }),
    unique('policies_key_key').on(t.workspaceId, t.key),
    index('policies_position_idx').on(t.workspaceId, t.position, t.id),
    foreignKey({ name: 'policies_workspace_fkey', columns: [t.workspaceId], foreignColumns: [workspaces.workspaceId] }),
  ],
);

/** All policies and calendars as they stood together; a ticket's history names the version it is folded with. */
export const serviceLevelVersions = pgTable(
  'service_level_versions',
  {
    workspaceId: workspaceId(),
    number: integer().notNull(),
    policies: jsonb().$type<PolicyDefinition[]>().notNull(),
    calendars: jsonb().$type<Record<string, CalendarDefinition>>().notNull(),
    createdAt: instant().notNull(),
  },
  (t) => [
    primaryKey({ name: 'service_level_versions_pkey', columns: [t.workspaceId, t.number] }),
    foreignKey({
      name: 'service_level_versions_workspace_fkey',
      columns: [t.workspaceId],
      foreignColumns: [workspaces.workspaceId],
    }),
  ],
);
