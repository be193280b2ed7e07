/** What becomes due on a ticket by itself: it wakes, its survey goes out, its clocks warn, break and escalate. */

import { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { invite, languageFor } from '../surveys/invitation.ts';
import { findAutomaticTemplate } from '../surveys/store.ts';
import { escalate, type Staff } from './escalate.ts';
import { type Happening, type Levels, settle, ticketFacts } from './settle.ts';
import type { TicketFile, TicketRow } from './store.ts';
import { findStatus, statusChange } from './words.ts';

/** The change set of all that is due on this ticket at `ctx.now`. `staff` is asked for when a step of escalation is. */
export async function settleDue(
  ctx: Ctx,
  file: TicketFile,
  levels: Levels,
  staff: () => Promise<Staff>,
): Promise<Changes> {
  const { ticket } = file;
  const changes = new Changes(ctx.now);
  const happenings: Happening[] = [];
  const patch: Partial<TicketRow> = {};
  const events: string[] = [];
  if (ticket.suspendedUntil !== null && ticket.suspendedUntil <= ctx.now) {
    const woken = await statusChange(ctx, ticket, await findStatus(ctx, 'open'), 'woken');
    happenings.push(woken.happening);
    Object.assign(patch, woken.patch);
    events.push('ticket.woken');
  }
  if (ticket.surveyAt !== null && ticket.surveyAt <= ctx.now) {
    patch.surveyAt = null;
    const template = await findAutomaticTemplate(ctx.db, ctx.workspace.workspaceId);
    if (template !== undefined) {
      const invitation = invite(ctx, changes, template, ticket, await languageFor(ctx, ticket.contactId));
      happenings.push({ type: 'survey_sent', data: { invitationId: invitation.id } });
    }
  }
  const itself = settle(ctx, changes, file, levels, happenings, patch, { quiet: true });
  const settled = await escalate(ctx, changes, itself, levels, staff);
  for (const event of events) changes.event(event, ticket.id, ticketFacts(settled.ticket));
  return changes;
}
