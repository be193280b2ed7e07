/** GraphQL lines of the tickets domain. */

import { connection, type Field, mutation, query } from '../../doors/graphql/field.ts';
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

export const ticketFields: Field[] = [
  mutation(createTicket, 'ticket'),
  connection(listTickets, 'tickets'),
  mutation(importTicket, 'imported'),
  query(readTicket, 'ticket'),
  mutation(updateTicket, 'ticket'),
  query(getTicketByExternalId, 'ticketByExternalId'),
  mutation(addMessage, 'message'),
  connection(listMessages, 'messages'),
  mutation(answerContact, 'ticket'),
  mutation(confirmUnderstanding, 'ticket'),
  mutation(acceptTicket, 'ticket'),
  mutation(assignTicket, 'ticket'),
  mutation(transferTicket, 'ticket'),
  mutation(changePriority, 'ticket'),
  mutation(changeStatus, 'ticket'),
  mutation(setPending, 'ticket'),
  mutation(suspendTicket, 'ticket'),
  mutation(solveTicket, 'ticket'),
  mutation(reopenTicket, 'ticket'),
  mutation(closeTicket, 'ticket'),
  mutation(mergeTicket, 'ticket'),
  mutation(chaseTicket, 'ticket'),
  connection(listTicketEvents, 'ticketEvents'),
  query(listTicketClocks, 'ticketClocks'),
  query(getTicketClockExplanation, 'ticketClockExplanation'),
];
