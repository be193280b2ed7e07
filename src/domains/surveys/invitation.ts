/** How a customer is asked: an invitation, and what it means to the ticket. */

import type { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { surveyInvitations } from '../../db/tables/surveys.ts';
import { newId } from '../../ids.ts';
import { iso } from '../model.ts';
import type { SurveyTemplateRow } from './store.ts';
import { surveyToken } from './token.ts';

export type InvitationRow = typeof surveyInvitations.$inferSelect;

/** The link of an invitation; whoever has it can answer. */
export function surveyUrl(ctx: Pick<Ctx, 'services'>, invitationId: string): string {
  return `${ctx.services.publicUrl}/s/${surveyToken(ctx.services.secretKey, invitationId)}`;
}

/** Adds an invitation to the change set; the ticket's history is the caller's to write (`survey_sent`). */
export function invite(
  ctx: Ctx,
  changes: Changes,
  template: SurveyTemplateRow,
  ticket: { id: string; contactId: string | null },
): InvitationRow {
  const row = changes.insert(surveyInvitations, {
    workspaceId: ctx.workspace.workspaceId,
    id: newId('invitation'),
    templateId: template.id,
    ticketId: ticket.id,
    contactId: ticket.contactId,
    language: ctx.workspace.language,
    state: 'sent',
    sentAt: ctx.now,
    expiresAt: ctx.now + template.validSeconds,
    createdAt: ctx.now,
    updatedAt: ctx.now,
  });
  changes.event('survey.invited', row.id, {
    invitation: { id: row.id, ticketId: ticket.id, templateId: template.id, expiresAt: iso(row.expiresAt) },
  });
  return row;
}
