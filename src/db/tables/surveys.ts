/** Tables of the surveys domain: what is asked, who was asked, what they said. */

import { sql } from 'drizzle-orm';
import {
  boolean,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  unique,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import { id, instant, version, workspaceId } from '../columns.ts';
import { tickets } from './tickets.ts';
import { workspaces } from './workspaces.ts';

export const surveyTemplates = pgTable(
  'survey_templates',
  {
    workspaceId: workspaceId(),
    id: id('surveyTemplate').notNull(),
    key: text().notNull(),
    name: text().notNull(),
    /** Points, 5 to 7. */
    scale: integer().notNull(),
    /** Key and the label in each language. */
    dimensions: jsonb().$type<{ key: string; label: Record<string, string> }[]>().notNull(),
    question: jsonb().$type<Record<string, string>>().notNull(),
    /** An overall score up to this one is low. */
    lowThreshold: integer().notNull(),
    /** Seconds after the solution. */
    sendAfterSeconds: integer().notNull(),
    /** Seconds an invitation can be answered. */
    validSeconds: integer().notNull(),
    /** Seconds an answer can be changed. */
    editableSeconds: integer().notNull(),
    /** The one sent by itself after a ticket is solved; at most one. */
    automatic: boolean().notNull(),
    version: version(),
    createdAt: instant().notNull(),
    updatedAt: instant().notNull(),
  },
  (t) => [
    primaryKey({ name: 'survey_templates_pkey', columns: [t.workspaceId, t.id] }),
    unique('survey_templates_key_key').on(t.workspaceId, t.key),
    uniqueIndex('survey_templates_automatic_key').on(t.workspaceId).where(sql`automatic`),
    foreignKey({
      name: 'survey_templates_workspace_fkey',
      columns: [t.workspaceId],
      foreignColumns: [workspaces.workspaceId],
    }),
  ],
);

export const surveyInvitations = pgTable(
  'survey_invitations',
  {
    workspaceId: workspaceId(),
    id: id('invitation').notNull(),
    templateId: id('surveyTemplate').notNull(),
    ticketId: id('ticket').notNull(),
    contactId: id('contact'),
    language: text().$type<'zh-CN' | 'en'>().notNull(),
    state: text().$type<'sent' | 'answered' | 'cancelled'>().notNull(),
    sentAt: instant().notNull(),
    expiresAt: instant().notNull(),
    version: version(),
    createdAt: instant().notNull(),
    updatedAt: instant().notNull(),
  },
  (t) => [
    primaryKey({ name: 'survey_invitations_pkey', columns: [t.workspaceId, t.id] }),
    unique('survey_invitations_id_key').on(t.id),
    index('survey_invitations_ticket_idx').on(t.workspaceId, t.ticketId),
    index('survey_invitations_sent_idx').on(t.workspaceId, t.sentAt, t.id),
    foreignKey({
      name: 'survey_invitations_template_fkey',
      columns: [t.workspaceId, t.templateId],
      foreignColumns: [surveyTemplates.workspaceId, surveyTemplates.id],
    }),
    foreignKey({
      name: 'survey_invitations_ticket_fkey',
      columns: [t.workspaceId, t.ticketId],
      foreignColumns: [tickets.workspaceId, tickets.id],
    }),
  ],
);

export const surveyAnswers = pgTable(
  'survey_answers',
  {
    workspaceId: workspaceId(),
    id: id('answer').notNull(),
    invitationId: id('invitation').notNull(),
    ticketId: id('ticket').notNull(),
    overall: integer().notNull(),
    scale: integer().notNull(),
    dimensions: jsonb().$type<Record<string, number>>().notNull(),
    comment: text(),
    low: boolean().notNull(),
    answeredAt: instant().notNull(),
    version: version(),
    createdAt: instant().notNull(),
    updatedAt: instant().notNull(),
  },
  (t) => [
    primaryKey({ name: 'survey_answers_pkey', columns: [t.workspaceId, t.id] }),
    unique('survey_answers_invitation_key').on(t.workspaceId, t.invitationId),
    index('survey_answers_answered_idx').on(t.workspaceId, t.answeredAt, t.id),
    index('survey_answers_updated_idx').on(t.workspaceId, t.updatedAt, t.id),
    index('survey_answers_ticket_idx').on(t.workspaceId, t.ticketId),
    foreignKey({
      name: 'survey_answers_invitation_fkey',
      columns: [t.workspaceId, t.invitationId],
      foreignColumns: [surveyInvitations.workspaceId, surveyInvitations.id],
    }),
    foreignKey({
      name: 'survey_answers_ticket_fkey',
      columns: [t.workspaceId, t.ticketId],
      foreignColumns: [tickets.workspaceId, tickets.id],
    }),
  ],
);
