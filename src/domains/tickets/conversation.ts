/** What is said on a ticket: messages, calls picked up, the problem restated and confirmed. */

import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { requireVisibleTicket, seesInternal } from '../../auth/policy.ts';
import { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { bound } from '../../db/connect.ts';
import { type Filter, readPage } from '../../db/page.ts';
import { messages, tickets } from '../../db/tables/tickets.ts';
import { AppError, invalid } from '../../errors.ts';
import { newId } from '../../ids.ts';
import { read, write } from '../../operation.ts';
import { searchVector } from '../../rules/search.ts';
import { iso, zPaging, zText } from '../model.ts';
import { cancelOpenInvitations } from '../surveys/invitation.ts';
import { listAllTerms, requireAgents, requireTerm } from '../workspaces/store.ts';
import { Message, MessagePage, messageFields, zTicketId } from './model.ts';
import { type Happening, loadLevels, settle } from './settle.ts';
import { getTicket, getTicketFile, type MessageRow, messageView, type TicketRow } from './store.ts';
import { verb } from './verb.ts';
import { findStatus, statusChange } from './words.ts';

type MessageInput = z.output<z.ZodObject<typeof messageFields>>;

export const addMessage = write({
  name: 'addMessage',
  summary: 'Say something on a ticket: a reply, a note, what the customer wrote',
  description:
    "A person's public reply answers the customer; a bot's never does. What the customer writes on a pending or solved ticket opens it.",
  scope: 'tickets:write',
  input: z.strictObject({ ...zTicketId, ...messageFields }),
  output: Message,
  status: 201,
  example: { body: '王女士，您好，我们已经在处理。' },
  async run(ctx, { ticketId, ...input }) {
    const { workspaceId } = ctx.workspace;
    const file = await getTicketFile(ctx.db, workspaceId, ticketId);
    const { ticket } = file;
    requireVisibleTicket(ctx.actor, ticket);
    if (ticket.statusCategory === 'closed') throw new AppError('ticket_closed', 'A closed ticket takes no message.');
    const message = await speak(ctx, ticket, input);
    const changes = new Changes(ctx.now);
    const row = changes.insert(messages, message) as MessageRow;
    const { happenings, patch } = await heard(ctx, ticket, row);
    const levels = await loadLevels(ctx, [file.history]);
    const settled = settle(ctx, changes, file, levels, happenings, patch, { quiet: true });
    if (settled.ticket.reopenCount > ticket.reopenCount) await cancelOpenInvitations(ctx, changes, ticketId);
    changes.event('message.created', ticketId, { message: messageView(row) });
    return { result: messageView(row), changes };
  },
});

/** Who speaks, to whom, by which channel. */
async function speak(ctx: Ctx, ticket: TicketRow, input: MessageInput): Promise<typeof messages.$inferInsert> {
  const isCustomer = ctx.actor.role === 'customer';
  const author = isCustomer ? 'customer' : (input.author ?? 'agent');
  if (isCustomer && (input.visibility === 'internal' || (input.author ?? 'customer') !== 'customer')) {
    throw new AppError('forbidden', 'Customers speak as themselves, in public.');
  }
  if (author === 'customer' && input.visibility === 'internal') {
    throw new AppError('validation_failed', 'What the customer says is public.', [
      { path: 'visibility', message: 'What the customer says is public.', code: 'invalid' },
    ]);
  }
  if (author !== 'agent' && input.agentId !== null) {
    throw invalid('agentId', `An agent does not speak as the ${author}.`);
  }
  await requireAgents(ctx.db, ctx.workspace.workspaceId, [input.agentId], 'agentId');
  if (input.channel !== null && input.channel !== ticket.channel) {
    requireTerm(await listAllTerms(ctx.db, ctx.workspace.workspaceId), 'channel', input.channel, 'channel');
  }
  return {
    workspaceId: ctx.workspace.workspaceId,
    id: newId('message'),
    ticketId: ticket.id,
    visibility: input.visibility,
    author,
    agentId: author === 'agent' ? (input.agentId ?? ctx.actor.agentId ?? ticket.assigneeId) : null,
    contactId: author === 'customer' ? ticket.contactId : null,
    channel: input.channel ?? ticket.channel,
    body: input.body,
    search: searchVector([{ text: input.body, weight: 'C' }]),
    createdAt: ctx.now,
  };
}

/** What a message means to the ticket. */
async function heard(
  ctx: Ctx,
  ticket: TicketRow,
  { id: messageId, author, visibility, channel }: MessageRow,
): Promise<{ happenings: Happening[]; patch: Partial<TicketRow> }> {
  const data = { messageId, channel };
  if (visibility === 'internal') return { happenings: [{ type: 'internal_note', data: { messageId } }], patch: {} };
  if (author === 'bot') return { happenings: [{ type: 'bot_reply', data: { messageId } }], patch: {} };
  // The channel of one message does not change what was promised for the ticket.
  if (author === 'agent') {
    return {
      happenings: [{ type: 'agent_reply', data: { messageId } }],
      patch: { agentReplyCount: ticket.agentReplyCount + 1, firstRespondedAt: ticket.firstRespondedAt ?? ctx.now },
    };
  }
  const counted = { customerMessageCount: ticket.customerMessageCount + 1 };
  const said: Happening = { type: 'customer_message', data: { messageId } };
  if (ticket.statusCategory !== 'pending' && ticket.statusCategory !== 'solved') {
    return { happenings: [said], patch: counted };
  }
  const { happening, patch } = await statusChange(
    ctx,
    ticket,
    await findStatus(ctx, 'open'),
    `message ${data.messageId}`,
  );
  return { happenings: [happening, said], patch: { ...counted, ...patch } };
}

export const listMessages = read({
  name: 'listMessages',
  summary: "List a ticket's messages, oldest first; those of tickets merged into it too",
  scope: 'tickets:read',
  input: z.strictObject({ ...zTicketId, ...zPaging }),
  output: MessagePage,
  async run(ctx, { ticketId, limit, cursor }) {
    const { workspaceId } = ctx.workspace;
    requireVisibleTicket(ctx.actor, await getTicket(ctx.db, workspaceId, ticketId));
    const id = bound(messages.ticketId, 'ticket');
    const filters: Filter[] = [
      {
        name: 'ticket',
        condition: sql`${messages.ticketId} in (select ${id} union all select ${tickets.id} from ${tickets} where ${tickets.workspaceId} = ${messages.workspaceId} and ${tickets.mergedIntoId} = ${id})`,
        values: { ticket: ticketId },
      },
      {
        name: 'public',
        condition: sql`${messages.visibility} = 'public'`,
        values: seesInternal(ctx.actor) ? null : {},
      },
    ];
    return readPage(
      {
        db: ctx.db,
        name: 'list:messages',
        table: messages,
        workspaceId,
        filters,
        order: { name: 'createdAt', column: messages.createdAt, descending: false },
        tieBreak: messages.id,
        limit,
        cursor,
      },
      messageView,
    );
  },
});

export const answerContact = verb({
  name: 'answerContact',
  summary: 'A person picked up: the call is answered, and so is whatever the customer waits for',
  fields: {},
  async decide(ctx, { ticket }) {
    return {
      happenings: [{ type: 'contact_answered', data: { agentId: ctx.actor.agentId ?? ticket.assigneeId } }],
      patch: { firstRespondedAt: ticket.firstRespondedAt ?? ctx.now },
      event: 'ticket.contactAnswered',
    };
  },
});

export const confirmUnderstanding = verb({
  name: 'confirmUnderstanding',
  summary: 'The problem was restated and the customer confirmed it',
  fields: {
    restatement: zText(5000).nullable().default(null).describe('The problem in our words; kept as an internal note.'),
  },
  customers: true,
  async decide(ctx, { ticket }, { restatement }, changes) {
    if (restatement !== null && !seesInternal(ctx.actor)) {
      throw new AppError('forbidden', 'Customers confirm what the desk restated.', [
        { path: 'restatement', message: 'Customers confirm what the desk restated.', code: 'forbidden' },
      ]);
    }
    if (ticket.understandingConfirmedAt !== null) return null;
    const happenings: Happening[] = [{ type: 'understanding_confirmed', data: { at: iso(ctx.now) } }];
    if (restatement !== null) {
      const body = restatement;
      const note = changes.insert(messages, {
        workspaceId: ctx.workspace.workspaceId,
        id: newId('message'),
        ticketId: ticket.id,
        visibility: 'internal',
        author: 'agent',
        agentId: ctx.actor.agentId ?? ticket.assigneeId,
        contactId: null,
        channel: ticket.channel,
        body,
        search: searchVector([{ text: body, weight: 'C' }]),
        createdAt: ctx.now,
      });
      happenings.push({ type: 'internal_note', data: { messageId: note.id } });
    }
    return { happenings, patch: { understandingConfirmedAt: ctx.now }, event: 'ticket.understandingConfirmed' };
  },
});
