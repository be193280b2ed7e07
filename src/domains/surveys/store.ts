/** Reads of the surveys domain, and how its rows are shown. */

import { and, eq, sql } from 'drizzle-orm';
import type { Ctx } from '../../context.ts';
import { bound, type Db, statement } from '../../db/connect.ts';
import { findById, type Row } from '../../db/rows.ts';
import { surveyAnswers, surveyInvitations, surveyTemplates } from '../../db/tables/surveys.ts';
import { notFound } from '../../errors.ts';
import type { Instant } from '../../rules/calendar.ts';
import { iso, isoDuration } from '../model.ts';
import { surveyToken } from './token.ts';

export type SurveyTemplateRow = typeof surveyTemplates.$inferSelect;
export type InvitationRow = typeof surveyInvitations.$inferSelect;
export type AnswerRow = typeof surveyAnswers.$inferSelect;

/** The survey that goes out by itself after a ticket is solved, if the workspace has one. */
export async function findAutomaticTemplate(db: Db, workspaceId: number): Promise<SurveyTemplateRow | undefined> {
  const query = statement(db, 'find_automatic_survey', (orm, name) =>
    orm
      .select()
      .from(surveyTemplates)
      .where(and(eq(surveyTemplates.workspaceId, sql.placeholder('workspace')), eq(surveyTemplates.automatic, true)))
      .limit(1)
      .prepare(name),
  );
  const [row] = await query.execute({ workspace: workspaceId });
  return row;
}

/** `not_found`, naming the path where the id stood in a body. */
export async function getTemplate(
  db: Db,
  workspaceId: number,
  templateId: string,
  path?: string,
): Promise<SurveyTemplateRow> {
  const row = await findById(db, surveyTemplates, workspaceId, templateId);
  if (row === undefined) throw notFound('survey template', path);
  return row;
}

/** Whether anybody was ever asked by this template. */
export async function hasInvitations(db: Db, workspaceId: number, templateId: string): Promise<boolean> {
  const rows = await db.orm
    .select({ id: surveyInvitations.id })
    .from(surveyInvitations)
    .where(and(eq(surveyInvitations.workspaceId, workspaceId), eq(surveyInvitations.templateId, templateId)))
    .limit(1);
  return rows.length > 0;
}

export async function getInvitation(
  db: Db,
  workspaceId: number,
  invitationId: string,
  path?: string,
): Promise<InvitationRow> {
  const row = await findById(db, surveyInvitations, workspaceId, invitationId);
  if (row === undefined) throw notFound(path === undefined ? 'survey invitation' : 'survey', path);
  return row;
}

/** Which workspace an invitation belongs to, by its id alone: for whoever comes by a link. */
export async function findHomeOfInvitation(
  db: Db,
  invitationId: string,
): Promise<Pick<InvitationRow, 'workspaceId' | 'language'> | undefined> {
  const query = statement(db, 'find_home_of_invitation', (orm, name) =>
    orm
      .select({ workspaceId: surveyInvitations.workspaceId, language: surveyInvitations.language })
      .from(surveyInvitations)
      .where(eq(surveyInvitations.id, bound(surveyInvitations.id, 'id')))
      .prepare(name),
  );
  const [row] = await query.execute({ id: invitationId });
  return row;
}

/** Invitations of a ticket that can still be answered at this instant. */
export async function listOpenInvitations(
  db: Db,
  workspaceId: number,
  ticketId: string,
  now: Instant,
): Promise<InvitationRow[]> {
  const query = statement(db, 'list_open_invitations', (orm, name) =>
    orm
      .select()
      .from(surveyInvitations)
      .where(
        and(
          eq(surveyInvitations.workspaceId, sql.placeholder('workspace')),
          eq(surveyInvitations.ticketId, bound(surveyInvitations.ticketId, 'ticket')),
          eq(surveyInvitations.state, 'sent'),
          sql`${surveyInvitations.expiresAt} > ${bound(surveyInvitations.expiresAt, 'now')}`,
        ),
      )
      .prepare(name),
  );
  return query.execute({ workspace: workspaceId, ticket: ticketId, now });
}

/** The answer to an invitation, if it was answered. */
export async function findAnswer(db: Db, workspaceId: number, invitationId: string): Promise<AnswerRow | undefined> {
  const query = statement(db, 'find_survey_answer', (orm, name) =>
    orm
      .select()
      .from(surveyAnswers)
      .where(
        and(
          eq(surveyAnswers.workspaceId, sql.placeholder('workspace')),
          eq(surveyAnswers.invitationId, bound(surveyAnswers.invitationId, 'invitation')),
        ),
      )
      .prepare(name),
  );
  const [row] = await query.execute({ workspace: workspaceId, invitation: invitationId });
  return row;
}

/** Ids of answers by the invitation they answer; one statement. */
export async function listAnswerIds(
  db: Db,
  workspaceId: number,
  invitationIds: string[],
): Promise<Map<string, string>> {
  const query = statement(db, 'list_answer_ids', (orm, name) =>
    orm
      .select({ id: surveyAnswers.id, invitationId: surveyAnswers.invitationId })
      .from(surveyAnswers)
      .where(
        and(
          eq(surveyAnswers.workspaceId, sql.placeholder('workspace')),
          sql`${surveyAnswers.invitationId} = any(${sql.placeholder('ids')}::uuid[])`,
        ),
      )
      .prepare(name),
  );
  const uuids = invitationIds.map((id) => surveyAnswers.invitationId.mapToDriverValue(id));
  const rows = await query.execute({ workspace: workspaceId, ids: uuids });
  return new Map(rows.map(({ id, invitationId }) => [invitationId, id]));
}

export function templateView(row: Row) {
  const template = row as SurveyTemplateRow;
  const { id, key, name, scale, dimensions, question, lowThreshold, automatic, version } = template;
  return {
    id,
    key,
    name,
    scale,
    dimensions,
    question,
    lowThreshold,
    sendAfter: isoDuration(template.sendAfterSeconds),
    validFor: isoDuration(template.validSeconds),
    editableFor: isoDuration(template.editableSeconds),
    automatic,
    version,
    createdAt: iso(template.createdAt),
    updatedAt: iso(template.updatedAt),
  };
}

/** The link of an invitation; whoever has it can answer. */
export function surveyUrl(ctx: Pick<Ctx, 'services'>, invitationId: string): string {
  return `${ctx.services.publicUrl}/s/${surveyToken(ctx.services.secretKey, invitationId)}`;
}

/** How it stands at an instant: nothing is written when an invitation expires. */
export function invitationState(row: InvitationRow, now: Instant): 'sent' | 'answered' | 'expired' | 'cancelled' {
  return row.state === 'sent' && row.expiresAt <= now ? 'expired' : row.state;
}

export function invitationView(ctx: Ctx, row: InvitationRow, answerId: string | null) {
  const { id, ticketId, templateId, contactId, language, version } = row;
  const readable = ctx.actor.scopes.has('surveys:read');
  return {
    id,
    ticketId,
    templateId,
    contactId,
    language,
    state: invitationState(row, ctx.now),
    url: readable ? surveyUrl(ctx, id) : null,
    token: readable ? surveyToken(ctx.services.secretKey, id) : null,
    sentAt: iso(row.sentAt),
    expiresAt: iso(row.expiresAt),
    answerId,
    version,
    createdAt: iso(row.createdAt),
    updatedAt: iso(row.updatedAt),
  };
}

export function answerView(row: AnswerRow) {
  const { id, invitationId, ticketId, overall, scale, dimensions, comment, low, version } = row;
  return {
    id,
    invitationId,
    ticketId,
    overall,
    scale,
    dimensions,
    comment,
    low,
    answeredAt: iso(row.answeredAt),
    version,
    createdAt: iso(row.createdAt),
    updatedAt: iso(row.updatedAt),
  };
}
