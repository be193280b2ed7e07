/** What every verb on a ticket has in common: load its file, look who asks, decide, settle. */

import { z } from 'zod';
import { requireStaff, requireVisibleTicket } from '../../auth/policy.ts';
import { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { AppError } from '../../errors.ts';
import { write } from '../../operation.ts';
import { cancelOpenInvitations } from '../surveys/invitation.ts';
import { Ticket, zTicketId } from './model.ts';
import { answerOf, asItStands, type Happening, loadLevels, settle, ticketFacts } from './settle.ts';
import { getTicketFile, type TicketFile, type TicketRow } from './store.ts';

export interface Decision {
  happenings: Happening[];
  patch: Partial<TicketRow>;
  /** The event of the feed, and what it says beside the ticket. */
  event: string;
  facts?: Record<string, unknown>;
}

export interface VerbDefinition<F extends z.ZodRawShape> {
  name: string;
  summary: string;
  description?: string;
  /** Inputs beside the ticket's id. */
  fields: F;
  example?: Record<string, unknown>;
  /** Whether customers may do it to their own tickets. */
  customers?: boolean;
  /** May add rows to the changes. Null: it is so already, nothing is to be done. */
  decide(ctx: Ctx, file: TicketFile, input: z.output<z.ZodObject<F>>, changes: Changes): Promise<Decision | null>;
}

/** `POST /tickets/:ticketId/<verb>`: answers the ticket with its promises. A closed ticket takes no verb. */
export function verb<F extends z.ZodRawShape>(definition: VerbDefinition<F>) {
  const { name, summary, fields } = definition;
  return write({
    name,
    summary,
    ...(definition.description === undefined ? {} : { description: definition.description }),
    ...(definition.example === undefined ? {} : { example: definition.example }),
    scope: 'tickets:write',
    input: z.strictObject({ ...zTicketId, ...fields }),
    output: Ticket,
    async run(ctx, input) {
      const { ticketId, ...own } = input as { ticketId: string } & Record<string, unknown>;
      const file = await getTicketFile(ctx.db, ctx.workspace.workspaceId, ticketId);
      requireVisibleTicket(ctx.actor, file.ticket);
      if (definition.customers !== true) requireStaff(ctx.actor);
      if (file.ticket.statusCategory === 'closed') throw new AppError('ticket_closed', 'The ticket is closed.');
      const changes = new Changes(ctx.now);
      const decision = await definition.decide(ctx, file, own as z.output<z.ZodObject<F>>, changes);
      const levels = await loadLevels(ctx, [file.history]);
      // Where nothing is to be done, nothing is saved: the answer is the ticket as it was read, its ETag included.
      if (decision === null) return { result: asItStands(ctx, file, levels), changes: new Changes(ctx.now) };
      const settled = settle(ctx, changes, file, levels, decision.happenings, decision.patch);
      if (settled.ticket.reopenCount > file.ticket.reopenCount) await cancelOpenInvitations(ctx, changes, ticketId);
      changes.event(decision.event, ticketId, { ...ticketFacts(settled.ticket), ...decision.facts });
      return { result: answerOf(settled), changes };
    },
  });
}
