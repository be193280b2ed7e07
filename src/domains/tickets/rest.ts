/** REST lines of the tickets domain. */

import { type BulkRoute, bulk } from '../../doors/rest/bulk.ts';
import { type ExportRoute, exported } from '../../doors/rest/export.ts';
import { type Route, route } from '../../doors/rest/route.ts';
import { listTicketClocks, listTicketEvents } from './clocks.ts';
import { addMessage, answerContact, confirmUnderstanding, listMessages } from './conversation.ts';
import { getTicketClockExplanation } from './explanation.ts';
import { importTicket } from './import.ts';
import { createTicket, getTicketByExternalId, listTickets, readTicket, updateTicket } from './operations.ts';
import {
  acceptTicket,
  assignTicket,
  changePriority,
  changeStatus,
  chaseTicket,
  closeTicket,
  mergeTicket,
  reopenTicket,
  setPending,
  solveTicket,
  suspendTicket,
  transferTicket,
} from './verbs.ts';

export const ticketRoutes: Route[] = [
  route('POST /tickets', createTicket),
  route('GET /tickets', listTickets),
  route('POST /tickets/import', importTicket),
  route('GET /tickets/:ticketId', readTicket),
  route('PATCH /tickets/:ticketId', updateTicket),
  route('GET /tickets/by-external-id/:system/:value', getTicketByExternalId),
  route('POST /tickets/:ticketId/messages', addMessage),
  route('GET /tickets/:ticketId/messages', listMessages),
  route('POST /tickets/:ticketId/answer-contact', answerContact),
  route('POST /tickets/:ticketId/confirm-understanding', confirmUnderstanding),
  route('POST /tickets/:ticketId/accept', acceptTicket),
  route('POST /tickets/:ticketId/assign', assignTicket),
  route('POST /tickets/:ticketId/transfer', transferTicket),
  route('POST /tickets/:ticketId/priority', changePriority),
  route('POST /tickets/:ticketId/status', changeStatus),
  route('POST /tickets/:ticketId/pending', setPending),
  route('POST /tickets/:ticketId/suspend', suspendTicket),
  route('POST /tickets/:ticketId/solve', solveTicket),
  route('POST /tickets/:ticketId/reopen', reopenTicket),
  route('POST /tickets/:ticketId/close', closeTicket),
  route('POST /tickets/:ticketId/merge', mergeTicket),
  route('POST /tickets/:ticketId/chase', chaseTicket),
  route('GET /tickets/:ticketId/events', listTicketEvents),
  route('GET /tickets/:ticketId/clocks', listTicketClocks),
  route('GET /tickets/:ticketId/clocks/:metric/explanation', getTicketClockExplanation),
];

export const ticketBulk: BulkRoute[] = [bulk('tickets', importTicket)];

export const ticketExports: ExportRoute[] = [exported('tickets', listTickets)];
