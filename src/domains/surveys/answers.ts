/** Verbs on answers: what is asked by a link, the answer to it, and the answers that came. */

import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { requireStaff } from '../../auth/policy.ts';
import { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { bound } from '../../db/connect.ts';
import { equals, filter, readPage } from '../../db/page.ts';
import { findById } from '../../db/rows.ts';
import { surveyAnswers, surveyInvitations } from '../../db/tables/surveys.ts';
import { AppError, notFound } from '../../errors.ts';
import { newId } from '../../ids.ts';
import { read, write } from '../../operation.ts';
import type { Instant } from '../../rules/calendar.ts';
import { checkScores, isLow } from '../../rules/satisfaction.ts';
import { iso, zId } from '../model.ts';
import { changedNames } from '../patch.ts';
import { loadLevels, settle } from '../tickets/settle.ts';
import { getTicket, getTicketFile, type TicketRow } from '../tickets/store.ts';
import { isDone } from '../tickets/words.ts';
import { touch } from '../tiers/touch.ts';
import {
  answerFields,
  LONGEST_COMMENT,
  listAnswerFields,
  Survey,
  SurveyAnswer,
  SurveyAnswerPage,
  zSurveyLanguage,
  zToken,
} from './model.ts';
import {
  type AnswerRow,
  answerView,
  findAnswer,
  getInvitation,
  getTemplate,
  type InvitationRow,
  type SurveyTemplateRow,
} from './store.ts';
import { readSurveyToken } from './token.ts';

/** All that an answer rests on. */
interface SurveyFile {
  invitation: InvitationRow;
  template: SurveyTemplateRow;
  answer: AnswerRow | undefined;
}

/** By the token alone: whoever has it was asked. `not_found` for a token that is not ours, or of another workspace. */
async function getSurveyFile(ctx: Ctx, token: string): Promise<SurveyFile> {
  const { workspaceId } = ctx.workspace;
  const invitationId = readSurveyToken(ctx.services.secretKey, token);
  if (invitationId === null) throw notFound('survey', 'token');
  const invitation = await getInvitation(ctx.db, workspaceId, invitationId, 'token');
  const [template, answer] = await Promise.all([
    getTemplate(ctx.db, workspaceId, invitation.templateId),
    findAnswer(ctx.db, workspaceId, invitationId),
  ]);
  return { invitation, template, answer };
}

/** From then on nothing can be said by this link any more: once answered, the answer's own window counts. */
function closesAt({ invitation, template, answer }: SurveyFile): Instant {
  return answer === undefined ? invitation.expiresAt : answer.answeredAt + template.editableSeconds;
}

/** 410 for a link that can say nothing and never said anything: too old, taken back, or its ticket is worked on again. */
function requireAlive(ctx: Ctx, { invitation, answer }: SurveyFile, ticket: TicketRow): void {
  if (answer !== undefined) return;
  if (invitation.state === 'cancelled') throw new AppError('gone', 'The invitation was taken back.');
  if (invitation.expiresAt <= ctx.now)
    throw new AppError('gone', `The invitation expired at ${iso(invitation.expiresAt)}.`);
  if (!isDone(ticket.statusCategory))
    throw new AppError('gone', 'The ticket was reopened: there is no solution to be judged.');
}

export const getSurvey = read({
  name: 'getSurvey',
  summary: 'Get what a form needs that asks by the token of an invitation',
  description:
    'Looking at it decides nothing. 410 when it expired unanswered, was taken back, or the ticket was reopened; an answered one can be looked at for ever.',
  scope: 'surveys:read',
  input: z.strictObject({
    token: zToken,
    language: zSurveyLanguage.optional().describe("zh-CN or en; the invitation's language unless told."),
  }),
  output: Survey,
  async run(ctx, { token, language: wanted }) {
    const file = await getSurveyFile(ctx, token);
    const { invitation, template, answer } = file;
    const ticket = await getTicket(ctx.db, ctx.workspace.workspaceId, invitation.ticketId);
    requireAlive(ctx, file, ticket);
    const { name, colour } = ctx.workspace;
    const language = wanted ?? invitation.language;
    const inLanguage = (texts: Record<string, string>) => texts[language] ?? Object.values(texts)[0];
    const until = closesAt(file);
    return {
      workspaceName: name,
      colour,
      language,
      ticketNumber: ticket.number,
      ticketSubject: ticket.subject,
      scale: template.scale,
      question: template.question[language] ?? null,
      dimensions: template.dimensions.map(({ key, label }) => ({ key, label: inLanguage(label) ?? key })),
      commentLimit: LONGEST_COMMENT,
      answer:
        answer === undefined
          ? null
          : { overall: answer.overall, dimensions: answer.dimensions, comment: answer.comment },
      open: ctx.now < until,
      openUntil: iso(until),
    };
  },
});

export const answerSurvey = write({
  name: 'answerSurvey',
  summary: 'Answer a survey by the token of its invitation; given again, it replaces the answer',
  description:
    'One answer per invitation. It can be changed for as long as the survey says, after that it is 410. The same answer given again changes nothing.',
  scope: 'surveys:write',
  input: z.strictObject({ token: zToken, ...answerFields }),
  output: SurveyAnswer,
  status: 201,
  example: {
    token: '01k9zv3m5qe8w9y2f4h6j8m0n1Zr7QmXoH2kPq8VbN4tYcJg',
    overall: 4,
    dimensions: { efficiency: 4, attitude: 5 },
    comment: '处理很快，谢谢。',
  },
  async run(ctx, { token, overall, dimensions, comment: said }) {
    const file = await getSurveyFile(ctx, token);
    const { invitation, template, answer: before } = file;
    const ticketFile = await getTicketFile(ctx.db, ctx.workspace.workspaceId, invitation.ticketId);
    const { ticket, history } = ticketFile;
    requireAlive(ctx, file, ticket);
    const comment = said === '' ? null : said;
    const scores = { overall, dimensions, comment, scale: template.scale };
    if (before !== undefined && changedNames(before, scores).length === 0) {
      return { result: answerView(before), changes: new Changes(ctx.now) };
    }
    if (closesAt(file) <= ctx.now) {
      throw new AppError('gone', `The answer could be changed until ${iso(closesAt(file))}.`);
    }
    const errors = checkScores(scores, template);
    if (errors.length > 0) throw new AppError('validation_failed', errors[0]!.message, errors);
    const changes = new Changes(ctx.now);
    const given = { ...scores, low: isLow(scores, template.lowThreshold) };
    const answer = keep(ctx, changes, file, given);
    // What a person said without another score is nothing to the clocks.
    if (before === undefined || before.overall !== overall || before.low !== given.low) {
      const data = { score: overall, scale: given.scale, low: given.low, answerId: answer.id };
      const levels = await loadLevels(ctx, [history]);
      settle(ctx, changes, ticketFile, levels, [{ type: 'score_received', data }], {}, { quiet: true });
    }
    if (ticket.customerId !== null) touch(ctx, changes, ticket.customerId);
    changes.event(before === undefined ? 'survey.answered' : 'survey.answerChanged', answer.id, {
      ticket: { id: ticket.id, number: ticket.number },
      invitationId: invitation.id,
      score: overall,
      scale: given.scale,
      low: given.low,
      dimensions,
      ...(before === undefined ? {} : { before: { score: before.overall, low: before.low } }),
    });
    return { result: answerView(answer), changes };
  },
});

type Given = Pick<AnswerRow, 'overall' | 'scale' | 'dimensions' | 'comment' | 'low'>;

/** The first answer closes its invitation; a later one takes its place, and stays as old as the first. */
function keep(ctx: Ctx, changes: Changes, { invitation, answer: before }: SurveyFile, given: Given): AnswerRow {
  if (before !== undefined) return changes.update(surveyAnswers, before, given);
  const answer = changes.insert(surveyAnswers, {
    workspaceId: ctx.workspace.workspaceId,
    id: newId('answer'),
    invitationId: invitation.id,
    ticketId: invitation.ticketId,
    ...given,
    answeredAt: ctx.now,
    createdAt: ctx.now,
    updatedAt: ctx.now,
  });
  changes.update(surveyInvitations, invitation, { state: 'answered' });
  return answer;
}

export const readAnswer = read({
  name: 'getSurveyAnswer',
  summary: 'Get an answer to a survey',
  scope: 'surveys:read',
  input: z.strictObject({ answerId: zId('answer').describe('Id of the answer.') }),
  output: SurveyAnswer,
  async run(ctx, { answerId }) {
    requireStaff(ctx.actor);
    const row = await findById(ctx.db, surveyAnswers, ctx.workspace.workspaceId, answerId);
    if (row === undefined) throw notFound('survey answer');
    return answerView(row);
  },
});

export const listAnswers = read({
  name: 'listSurveyAnswers',
  summary: 'List answers to surveys, newest first',
  scope: 'surveys:read',
  input: z.strictObject(listAnswerFields),
  output: SurveyAnswerPage,
  async run(ctx, { ticketId, low, answeredAfter, answeredBefore, updatedAfter, limit, cursor }) {
    requireStaff(ctx.actor);
    const { answeredAt, updatedAt } = surveyAnswers;
    return readPage(
      {
        db: ctx.db,
        name: 'list:survey_answers',
        table: surveyAnswers,
        workspaceId: ctx.workspace.workspaceId,
        filters: [
          equals('ticket', surveyAnswers.ticketId, ticketId),
          equals('low', surveyAnswers.low, low),
          filter('answeredAfter', answeredAfter, sql`${answeredAt} >= ${bound(answeredAt, 'answeredAfter')}`),
          filter('answeredBefore', answeredBefore, sql`${answeredAt} < ${bound(answeredAt, 'answeredBefore')}`),
          filter('updatedAfter', updatedAfter, sql`${updatedAt} >= ${bound(updatedAt, 'updatedAfter')}`),
        ],
        order:
          updatedAfter === undefined
            ? { name: 'answeredAt', column: answeredAt, descending: true }
            : { name: 'updatedAt', column: updatedAt, descending: false },
        tieBreak: surveyAnswers.id,
        limit,
        cursor,
      },
      answerView,
    );
  },
});
