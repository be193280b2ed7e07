/** How a customer is asked and how that is taken back: by a person, by the timekeeper, by a ticket that is reopened. */

import type { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { findById } from '../../db/rows.ts';
import { contacts } from '../../db/tables/customers.ts';
import { surveyInvitations } from '../../db/tables/surveys.ts';
import { newId } from '../../ids.ts';
import { iso } from '../model.ts';
import { type InvitationRow, listOpenInvitations, type SurveyTemplateRow } from './store.ts';

type Language = InvitationRow['language'];

/** The contact's language where it is one of ours, else the workspace's. */
export async function languageFor(ctx: Ctx, contactId: string | null): Promise<Language> {
  const contact =
    contactId === null ? undefined : await findById(ctx.db, contacts, ctx.workspace.workspaceId, contactId);
  const [spoken] = contact?.language?.toLowerCase().split('-') ?? [];
  return spoken === 'zh' ? 'zh-CN' : spoken === 'en' ? 'en' : ctx.workspace.language;
}

/** Adds an invitation to the change set; the ticket's history is the caller's to write (`survey_sent`). */
export function invite(
  ctx: Ctx,
  changes: Changes,
  template: SurveyTemplateRow,
  ticket: { id: string; contactId: string | null },
  language: Language = ctx.workspace.language,
): InvitationRow {
  const row = changes.insert(surveyInvitations, {
    workspaceId: ctx.workspace.workspaceId,
    id: newId('invitation'),
    templateId: template.id,
    ticketId: ticket.id,
    contactId: ticket.contactId,
    language,
    state: 'sent',
    sentAt: ctx.now,
    expiresAt: ctx.now + template.validSeconds,
    createdAt: ctx.now,
    updatedAt: ctx.now,
  });
  changes.event('survey.invited', row.id, { invitation: invitationFacts(row) });
  return row;
}

/** Takes an invitation back; its link stops working. */
export function cancelInvitation(changes: Changes, invitation: InvitationRow, reason: string | null): InvitationRow {
  const row = changes.update(surveyInvitations, invitation, { state: 'cancelled' });
  changes.event('survey.cancelled', row.id, { invitation: invitationFacts(row), reason });
  return row;
}

/** A reopened ticket has no solution to be judged: what was asked of the last one is taken back. */
export async function cancelOpenInvitations(ctx: Ctx, changes: Changes, ticketId: string): Promise<void> {
  const open = await listOpenInvitations(ctx.db, ctx.workspace.workspaceId, ticketId, ctx.now);
  for (const invitation of open) cancelInvitation(changes, invitation, 'reopened');
}

/** What the feed says of an invitation: never its link. */
function invitationFacts({ id, ticketId, templateId, contactId, language, expiresAt }: InvitationRow) {
  return { id, ticketId, templateId, contactId, language, expiresAt: iso(expiresAt) };
}
