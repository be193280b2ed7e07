/** Verbs on invitations: ask a customer, see how it stands, take it back. Templates, answers and satisfaction have files of their own. */

import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { requireStaff } from '../../auth/policy.ts';
import { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { bound } from '../../db/connect.ts';
import { equals, type Filter, filter, readPage } from '../../db/page.ts';
import { surveyInvitations } from '../../db/tables/surveys.ts';
import { tickets } from '../../db/tables/tickets.ts';
import { AppError, invalid, notFound } from '../../errors.ts';
import { read, write } from '../../operation.ts';
import { zId } from '../model.ts';
import { loadLevels, settle } from '../tickets/settle.ts';
import { getTicket, getTicketFile, type TicketRow } from '../tickets/store.ts';
import { isDone } from '../tickets/words.ts';
import { cancelInvitation, invite, languageFor } from './invitation.ts';
import {
  listInvitationFields,
  SurveyInvitation,
  SurveyInvitationPage,
  type zInvitationState,
  zSurveyLanguage,
} from './model.ts';
import {
  findAnswer,
  findAutomaticTemplate,
  getInvitation,
  getTemplate,
  type InvitationRow,
  invitationState,
  invitationView,
  listAnswerIds,
  listOpenInvitations,
  type SurveyTemplateRow,
} from './store.ts';

export const inviteToSurvey = write({
  name: 'inviteToSurvey',
  summary: "Ask the customer of a solved or closed ticket; the answer holds the survey's link",
  description:
    'Nothing is sent from here: the link is yours to send, or the token to build a form of your own on. Asked by hand, the automatic survey does not ask again.',
  scope: 'surveys:write',
  input: z.strictObject({
    ticketId: zId('ticket').describe('Id of the ticket.'),
    templateId: zId('surveyTemplate').optional().describe('What is asked; the automatic survey unless told.'),
    language: zSurveyLanguage
      .optional()
      .describe("zh-CN or en; the contact's language where it is one of these, else the workspace's."),
  }),
  output: SurveyInvitation,
  status: 201,
  idempotency: 'secret',
  secrets: ['url', 'token'],
  example: { language: 'zh-CN' },
  async run(ctx, { ticketId, templateId, language }) {
    requireStaff(ctx.actor);
    const { workspaceId } = ctx.workspace;
    const file = await getTicketFile(ctx.db, workspaceId, ticketId);
    const template = await templateFor(ctx, templateId);
    requireJudgeable(file.ticket);
    await requireUnasked(ctx, ticketId, template);
    const changes = new Changes(ctx.now);
    const spoken = language ?? (await languageFor(ctx, file.ticket.contactId));
    const invitation = invite(ctx, changes, template, file.ticket, spoken);
    const levels = await loadLevels(ctx, [file.history]);
    const sent = { type: 'survey_sent', data: { invitationId: invitation.id } };
    settle(ctx, changes, file, levels, [sent], template.automatic ? { surveyAt: null } : {}, { quiet: true });
    return { result: invitationView(ctx, invitation, null), changes };
  },
});

async function templateFor(ctx: Ctx, templateId: string | undefined): Promise<SurveyTemplateRow> {
  const { workspaceId } = ctx.workspace;
  if (templateId !== undefined) return getTemplate(ctx.db, workspaceId, templateId, 'templateId');
  const automatic = await findAutomaticTemplate(ctx.db, workspaceId);
  if (automatic === undefined) throw invalid('templateId', 'Required: no survey goes out by itself.', 'required');
  return automatic;
}

function requireJudgeable(ticket: TicketRow): void {
  if (!isDone(ticket.statusCategory)) {
    throw new AppError('invalid_transition', 'A ticket that is not solved has no solution to be judged.');
  }
  if (ticket.mergedIntoId !== null) {
    throw new AppError('invalid_transition', `The ticket was merged into ${ticket.mergedIntoId}; ask about that one.`);
  }
}

/** 409 while the same question is open: two links would be two answers to one solution. */
async function requireUnasked(ctx: Ctx, ticketId: string, template: SurveyTemplateRow): Promise<void> {
  const open = await listOpenInvitations(ctx.db, ctx.workspace.workspaceId, ticketId, ctx.now);
  const same = open.find((invitation) => invitation.templateId === template.id);
  if (same !== undefined) throw new AppError('already_exists', `${same.id} asks this already; cancel it first.`);
}

export const readInvitation = read({
  name: 'getSurveyInvitation',
  summary: 'Get a survey invitation',
  scope: 'surveys:read',
  input: z.strictObject({ invitationId: zId('invitation').describe('Id of the invitation.') }),
  output: SurveyInvitation,
  async run(ctx, { invitationId }) {
    const { workspaceId } = ctx.workspace;
    const invitation = await getInvitation(ctx.db, workspaceId, invitationId);
    await requireVisible(ctx, invitation);
    const answer = await findAnswer(ctx.db, workspaceId, invitationId);
    return invitationView(ctx, invitation, answer?.id ?? null);
  },
});

/** Customers see the invitations to their own tickets alone. */
async function requireVisible(ctx: Ctx, { ticketId }: InvitationRow): Promise<void> {
  if (ctx.actor.role !== 'customer') return;
  const ticket = await getTicket(ctx.db, ctx.workspace.workspaceId, ticketId);
  if (ticket.customerId !== ctx.actor.customerId) throw notFound('survey invitation');
}

export const listInvitations = read({
  name: 'listSurveyInvitations',
  summary: 'List survey invitations, newest first',
  scope: 'surveys:read',
  input: z.strictObject(listInvitationFields),
  output: SurveyInvitationPage,
  async run(ctx, { ticketId, state, limit, cursor }) {
    const { workspaceId } = ctx.workspace;
    const isCustomer = ctx.actor.role === 'customer';
    if (isCustomer && ctx.actor.customerId === null) return { data: [], nextCursor: null };
    const page = await readPage(
      {
        db: ctx.db,
        name: 'list:survey_invitations',
        table: surveyInvitations,
        workspaceId,
        filters: [
          equals('ticket', surveyInvitations.ticketId, ticketId),
          ...stateFilter(state, ctx.now),
          filter(
            'own',
            isCustomer ? ctx.actor.customerId : undefined,
            sql`${surveyInvitations.ticketId} in (select ${tickets.id} from ${tickets} where ${tickets.workspaceId} = ${surveyInvitations.workspaceId} and ${tickets.customerId} = ${bound(tickets.customerId, 'own')})`,
          ),
        ],
        order: { name: 'sentAt', column: surveyInvitations.sentAt, descending: true },
        tieBreak: surveyInvitations.id,
        limit,
        cursor,
      },
      (row) => row,
    );
    const ids = page.data.map(({ id }) => id);
    const answers = await listAnswerIds(ctx.db, workspaceId, ids);
    // The page itself is kept: its cursors hang on it.
    return Object.assign(page, { data: page.data.map((row) => invitationView(ctx, row, answers.get(row.id) ?? null)) });
  },
});

/** Expired is what was sent and not answered in time: nothing in the row says so. */
function stateFilter(state: z.output<typeof zInvitationState> | undefined, now: number): Filter[] {
  if (state === undefined) return [];
  if (state === 'answered' || state === 'cancelled') return [equals('state', surveyInvitations.state, state)];
  const compare = state === 'expired' ? sql`<=` : sql`>`;
  const condition = sql`${surveyInvitations.state} = 'sent' and ${surveyInvitations.expiresAt} ${compare} ${bound(surveyInvitations.expiresAt, 'now')}`;
  return [{ name: state, condition, values: { now } }];
}

export const cancelSurveyInvitation = write({
  name: 'cancelSurveyInvitation',
  summary: 'Take an invitation back before it is answered; its link stops working',
  scope: 'surveys:write',
  input: z.strictObject({ invitationId: zId('invitation').describe('Id of the invitation.') }),
  output: SurveyInvitation,
  async run(ctx, { invitationId }) {
    requireStaff(ctx.actor);
    const invitation = await getInvitation(ctx.db, ctx.workspace.workspaceId, invitationId);
    const changes = new Changes(ctx.now);
    const state = invitationState(invitation, ctx.now);
    if (state === 'cancelled') return { result: invitationView(ctx, invitation, null), changes };
    if (state !== 'sent') throw new AppError('invalid_transition', `The invitation is ${state} already.`);
    const row = cancelInvitation(changes, invitation, null);
    return { result: invitationView(ctx, row, null), changes };
  },
});
