/** Verbs of daily work: who works on it, how it stands, how much it presses. Each keeps its reason. */

import { z } from 'zod';
import { requireStaff, requireVisibleTicket } from '../../auth/policy.ts';
import { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { findById } from '../../db/rows.ts';
import { agents } from '../../db/tables/workspaces.ts';
import { AppError, invalid, notFound } from '../../errors.ts';
import { write } from '../../operation.ts';
import { iso, zId, zInstant, zKey, zText } from '../model.ts';
import { listAllTerms, requireTeams, requireTerm, type TermRow } from '../workspaces/store.ts';
import { Ticket, zPriority, zReason, zTicketId } from './model.ts';
import { attributeHappenings } from './operations.ts';
import { answerOf, loadLevels, settle, ticketFacts } from './settle.ts';
import { getTicketFile, type TicketFile, type TicketRow } from './store.ts';
import { type Decision, verb } from './verb.ts';
import { findStatus, requireSolvable, statusChange } from './words.ts';

export const acceptTicket = verb({
  name: 'acceptTicket',
  summary: 'Take a ticket in charge 受理',
  description: 'Assigns it and opens it; answering the customer is another matter.',
  fields: { agentId: zId('agent').nullable().default(null).describe("Who takes it; the key's own agent unless told.") },
  async decide(ctx, { ticket }, { agentId }) {
    const assigneeId = await requireActiveAgent(ctx, agentId ?? ctx.actor.agentId);
    const opened = ticket.statusCategory === 'new' ? await opening(ctx, ticket) : { happenings: [], patch: {} };
    return {
      happenings: [{ type: 'accepted', data: { assigneeId } }, ...opened.happenings],
      patch: { assigneeId, acceptedAt: ticket.acceptedAt ?? ctx.now, ...opened.patch },
      event: 'ticket.accepted',
    };
  },
});

export const assignTicket = verb({
  name: 'assignTicket',
  summary: 'Give a ticket to an agent, or take it from everybody',
  example: { agentId: 'agt_01k9zv3m5qe8w9y2f4h6j8m0n1' },
  fields: {
    agentId: zId('agent').nullable().describe('Who works on it; null: nobody.'),
    reason: zReason,
  },
  async decide(ctx, { ticket }, { agentId, reason }) {
    const assigneeId = agentId === null ? null : await requireActiveAgent(ctx, agentId);
    if (assigneeId === ticket.assigneeId) return null;
    return {
      happenings: [{ type: 'assigned', data: { assigneeId, from: ticket.assigneeId, reason } }],
      patch: { assigneeId },
      event: 'ticket.assigned',
      facts: { reason },
    };
  },
});

export const transferTicket = verb({
  name: 'transferTicket',
  summary: 'Hand a ticket to another team 转派',
  example: { teamId: 'team_01k9zv3m5qe8w9y2f4h6j8m0n1', reason: '需要二线支持' },
  fields: {
    teamId: zId('team').describe('The team that gets it.'),
    agentId: zId('agent').nullable().default(null).describe('Who of them works on it; null: whoever accepts it.'),
    reason: zText(1000).describe('Why, for the history.'),
  },
  async decide(ctx, { ticket }, { teamId, agentId, reason }) {
    await requireTeams(ctx.db, ctx.workspace.workspaceId, [teamId], 'teamId');
    return toTeam(ticket, teamId, agentId === null ? null : await requireActiveAgent(ctx, agentId), reason);
  },
});

export function toTeam(ticket: TicketRow, teamId: string, assigneeId: string | null, reason: string): Decision {
  return {
    happenings: [{ type: 'transferred', data: { teamId, assigneeId, from: ticket.teamId, reason } }],
    patch: { teamId, assigneeId },
    event: 'ticket.transferred',
    facts: { reason },
  };
}

export const changePriority = verb({
  name: 'changePriority',
  summary: 'Change how much a ticket presses; its promises are found again',
  example: { priority: 'urgent', reason: '生产线停机' },
  fields: { priority: zPriority.describe('The new priority.'), reason: zReason },
  async decide(ctx, { ticket }, { priority, reason }) {
    return priority === ticket.priority ? null : toPriority(ctx, ticket, priority, reason);
  },
});

export function toPriority(
  ctx: Ctx,
  ticket: TicketRow,
  priority: TicketRow['priority'],
  reason: string | null,
): Decision {
  const happenings = attributeHappenings(ctx, ticket, { ...ticket, priority });
  Object.assign(happenings[0]!.data!, { reason });
  return {
    happenings,
    patch: { priority },
    event: 'ticket.priorityChanged',
    facts: { from: ticket.priority, reason },
  };
}

export const changeStatus = verb({
  name: 'changeStatus',
  summary: "Change a ticket's status to another of the workspace",
  example: { status: 'open' },
  fields: { status: zKey.describe('Key of a status.'), reason: zReason },
  async decide(ctx, { ticket }, { status, reason }) {
    const terms = await listAllTerms(ctx.db, ctx.workspace.workspaceId);
    const term = requireTerm(terms, 'status', status, 'status');
    if (term.key === ticket.status) return null;
    if (term.category === 'solved') await requireSolvable(ctx, ticket);
    return toStatus(ctx, ticket, term, 'ticket.statusChanged', reason);
  },
});

export const setPending = verb({
  name: 'setPending',
  summary: 'Wait for the customer; clocks pause where the policy says so',
  fields: { reason: zReason },
  async decide(ctx, { ticket }, { reason }) {
    if (ticket.statusCategory === 'pending') return null;
    return toStatus(ctx, ticket, await findStatus(ctx, 'pending'), 'ticket.pending', reason);
  },
});

export const suspendTicket = verb({
  name: 'suspendTicket',
  summary: 'Let a ticket sleep until a date 挂起; it wakes by itself',
  example: { until: '2026-10-08T09:00:00+08:00', reason: '等待备件' },
  fields: {
    until: zInstant.describe('When it wakes; later than now.'),
    reason: zText(1000).describe('Why, for the history.'),
  },
  async decide(ctx, { ticket }, { until, reason }) {
    if (until <= ctx.now) throw invalid('until', 'Expected an instant later than now.');
    const decision = await toStatus(ctx, ticket, await findStatus(ctx, 'on_hold'), 'ticket.suspended', reason);
    decision.happenings.push({ type: 'suspended', data: { until: iso(until), reason } });
    decision.patch.suspendedUntil = until;
    return decision;
  },
});

export const solveTicket = verb({
  name: 'solveTicket',
  summary: 'The work is done; the promise of the solution is met',
  fields: {
    closeCode: zKey.nullable().default(null).describe('Key of a close code: how it ended.'),
    reason: zReason,
  },
  async decide(ctx, { ticket }, { closeCode, reason }) {
    if (ticket.statusCategory === 'solved') return null;
    if (closeCode !== null) {
      requireTerm(await listAllTerms(ctx.db, ctx.workspace.workspaceId), 'close_code', closeCode, 'closeCode');
    }
    await requireSolvable(ctx, ticket);
    const decision = await toStatus(ctx, ticket, await findStatus(ctx, 'solved'), 'ticket.solved', reason);
    if (closeCode !== null) decision.patch.closeCode = closeCode;
    return decision;
  },
});

export const reopenTicket = verb({
  name: 'reopenTicket',
  summary: 'A solved ticket goes back to work',
  fields: { reason: zReason },
  customers: true,
  async decide(ctx, { ticket }, { reason }) {
    if (ticket.statusCategory !== 'solved') {
      throw new AppError('invalid_transition', 'Only a solved ticket can be reopened.');
    }
    return toStatus(ctx, ticket, await findStatus(ctx, 'open'), 'ticket.reopened', reason);
  },
});

export const closeTicket = verb({
  name: 'closeTicket',
  summary: 'Close a ticket for good',
  fields: { closeCode: zKey.nullable().default(null).describe('Key of a close code: how it ended.'), reason: zReason },
  async decide(ctx, { ticket }, { closeCode, reason }) {
    if (closeCode !== null) {
      requireTerm(await listAllTerms(ctx.db, ctx.workspace.workspaceId), 'close_code', closeCode, 'closeCode');
    }
    const decision = await toStatus(ctx, ticket, await findStatus(ctx, 'closed'), 'ticket.closed', reason);
    if (closeCode !== null) decision.patch.closeCode = closeCode;
    return decision;
  },
});

export const chaseTicket = verb({
  name: 'chaseTicket',
  summary: 'The customer asks where it stays 催单; counted',
  fields: { note: zText(1000).nullable().default(null).describe('What they said.') },
  customers: true,
  async decide(_ctx, { ticket }, { note }) {
    const chaseCount = ticket.chaseCount + 1;
    return {
      happenings: [{ type: 'chased', data: { count: chaseCount, note } }],
      patch: { chaseCount },
      event: 'ticket.chased',
      facts: { note },
    };
  },
});

export const mergeTicket = write({
  name: 'mergeTicket',
  summary: 'Merge a ticket into another; it closes, its messages are read there',
  example: { intoId: 'tkt_01k9zv3m5qe8w9y2f4h6j8m0n1', reason: '同一问题' },
  scope: 'tickets:write',
  input: z.strictObject({ ...zTicketId, intoId: zId('ticket').describe('The ticket that stays.'), reason: zReason }),
  output: Ticket,
  async run(ctx, { ticketId, intoId, reason }) {
    const { workspaceId } = ctx.workspace;
    const file = await getTicketFile(ctx.db, workspaceId, ticketId);
    requireVisibleTicket(ctx.actor, file.ticket);
    requireStaff(ctx.actor);
    const into = await getTicketFile(ctx.db, workspaceId, intoId, 'intoId');
    requireMergeable(file, into);
    const levels = await loadLevels(ctx, [file.history, into.history]);
    const closed = await findStatus(ctx, 'closed');
    const changes = new Changes(ctx.now);
    // Nothing is promised here any more, so nothing is kept or broken by closing it.
    const gone = settle(
      ctx,
      changes,
      file,
      levels,
      [
        { type: 'policy_changed', data: { levels: 0 } },
        { type: 'status_changed', data: { status: 'closed', key: closed.key, reason } },
        { type: 'merged', data: { intoId, reason } },
      ],
      {
        mergedIntoId: intoId,
        status: closed.key,
        statusCategory: 'closed',
        closedAt: ctx.now,
        suspendedUntil: null,
        surveyAt: null,
      },
    );
    const stays = settle(ctx, changes, into, levels, [{ type: 'merged_from', data: { ticketId, reason } }], {});
    changes.event('ticket.merged', ticketId, { ...ticketFacts(gone.ticket), into: stays.ticket.id, reason });
    return { result: answerOf(gone), changes };
  },
});

function requireMergeable({ ticket }: TicketFile, { ticket: into }: TicketFile): void {
  if (ticket.id === into.id) throw invalid('intoId', 'A ticket cannot be merged into itself.');
  if (ticket.statusCategory === 'closed') throw new AppError('ticket_closed', 'The ticket is closed.');
  if (into.statusCategory === 'closed') throw new AppError('ticket_closed', 'The ticket to merge into is closed.');
  if (ticket.customerId !== into.customerId) throw invalid('intoId', 'Both tickets must belong to one customer.');
}

async function toStatus(
  ctx: Ctx,
  ticket: TicketRow,
  status: TermRow,
  event: string,
  reason: string | null,
): Promise<Decision> {
  const { happening, patch } = await statusChange(ctx, ticket, status, reason);
  return { happenings: [happening], patch, event, facts: { from: ticket.status, reason } };
}

/** A new ticket that somebody takes up is open. */
async function opening(ctx: Ctx, ticket: TicketRow) {
  const { happening, patch } = await statusChange(ctx, ticket, await findStatus(ctx, 'open'));
  return { happenings: [happening], patch };
}

/** The agent who is to work on it: of this workspace, and not gone. */
async function requireActiveAgent(ctx: Ctx, agentId: string | null): Promise<string> {
  if (agentId === null) throw invalid('agentId', 'Required: this key belongs to no agent.', 'required');
  const agent = await findById(ctx.db, agents, ctx.workspace.workspaceId, agentId);
  if (agent === undefined) throw notFound('agent', 'agentId');
  if (!agent.active) throw invalid('agentId', 'This agent is no longer active.');
  return agentId;
}
