/** The workspace's own words on a ticket, looked up and checked; and what changes on a ticket with its status. */

import type { Ctx } from '../../context.ts';
import { AppError, type FieldError } from '../../errors.ts';
import { checkCustomFields, requireTransition } from '../../rules/ticket.ts';
import { findAutomaticTemplate } from '../surveys/store.ts';
import { listAllCustomFields, listAllTerms, type TermRow, termErrors } from '../workspaces/store.ts';
import type { Happening } from './settle.ts';
import type { TicketRow } from './store.ts';

export type Category = TicketRow['statusCategory'];

/** Checks the keys and custom fields of a draft; 422 naming each field. Words a ticket already had may be out of use. */
export async function requireWords(
  ctx: Ctx,
  draft: TicketRow,
  before: TicketRow | null,
  step: 'create' | 'edit',
): Promise<TermRow[]> {
  const { workspaceId } = ctx.workspace;
  const [terms, customFields] = await Promise.all([
    listAllTerms(ctx.db, workspaceId),
    listAllCustomFields(ctx.db, workspaceId),
  ]);
  const errors: FieldError[] = [];
  const check = (list: TermRow['list'], key: string | null, was: string | null | undefined, path: string) => {
    if (key !== null && key !== was) errors.push(...termErrors(terms, list, key, path));
  };
  check('kind', draft.kind, before?.kind, 'kind');
  check('channel', draft.channel, before?.channel, 'channel');
  check('problem_type', draft.problemType, before?.problemType, 'problemType');
  check('product', draft.product, before?.product, 'product');
  check('close_code', draft.closeCode, before?.closeCode, 'closeCode');
  if (errors.length === 0) errors.push(...checkCustomFields(draft.customFields, customFields, draft.kind, step));
  if (errors.length > 0) throw new AppError('validation_failed', errors[0]!.message, errors);
  return terms;
}

/** 422 when a field that must be filled to solve is empty. */
export async function requireSolvable(ctx: Ctx, ticket: TicketRow): Promise<void> {
  const customFields = await listAllCustomFields(ctx.db, ctx.workspace.workspaceId);
  const errors = checkCustomFields(ticket.customFields, customFields, ticket.kind, 'solve').filter(
    ({ code }) => code === 'required',
  );
  if (errors.length > 0)
    throw new AppError('validation_failed', `${errors[0]!.path} must be filled before it is solved.`, errors);
}

/** The first status of a category, in the order of the workspace. */
export async function findStatus(ctx: Ctx, category: Category): Promise<TermRow> {
  const terms = await listAllTerms(ctx.db, ctx.workspace.workspaceId);
  return statusOf(terms, category);
}

export function statusOf(terms: TermRow[], category: Category): TermRow {
  const status = terms.find((term) => term.list === 'status' && term.active && term.category === category);
  if (status === undefined) {
    throw new AppError('invalid_transition', `No status of this workspace stands for ${category}.`);
  }
  return status;
}

/** What a change of status does to the ticket, and what the history says of it. Checks that it is possible. */
export async function statusChange(
  ctx: Ctx,
  ticket: TicketRow,
  status: TermRow,
  reason: string | null = null,
): Promise<{ happening: Happening; patch: Partial<TicketRow> }> {
  const to = status.category as Category;
  requireTransition(ticket.statusCategory, to);
  const patch: Partial<TicketRow> = { status: status.key, statusCategory: to, suspendedUntil: null };
  const wasDone = isDone(ticket.statusCategory);
  if (isDone(to) && !wasDone) {
    patch.solvedAt = ctx.now;
    const survey = await findAutomaticTemplate(ctx.db, ctx.workspace.workspaceId);
    patch.surveyAt = survey === undefined ? null : ctx.now + survey.sendAfterSeconds;
  }
  if (to === 'closed') patch.closedAt = ctx.now;
  if (wasDone && !isDone(to)) {
    Object.assign(patch, { solvedAt: null, surveyAt: null, closeCode: null, reopenCount: ticket.reopenCount + 1 });
  }
  const data = { status: to, key: status.key, ...(reason === null ? {} : { reason }) };
  return { happening: { type: 'status_changed', data }, patch };
}

export function isDone(category: Category): boolean {
  return category === 'solved' || category === 'closed';
}
