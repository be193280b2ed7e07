/** Verbs about personal data: all that is kept of one person is shown, or taken away. */

import { z } from 'zod';
import { requireManagement, requireScope } from '../../auth/policy.ts';
import { Changes } from '../../changes.ts';
import { findByIds } from '../../db/rows.ts';
import { contacts } from '../../db/tables/customers.ts';
import { tickets } from '../../db/tables/tickets.ts';
import { AppError } from '../../errors.ts';
import { enqueue } from '../../job.ts';
import { read, write } from '../../operation.ts';
import { erasedContact } from '../../rules/erasure.ts';
import { activityView } from '../activities/store.ts';
import { identify } from '../customers/edit-contact.ts';
import { zContactId } from '../customers/model.ts';
import { contactView, findCustomers, getContact } from '../customers/store.ts';
import { Job } from '../jobs/model.ts';
import { jobView } from '../jobs/store.ts';
import { iso } from '../model.ts';
import { nameThing } from '../names.ts';
import { answerView } from '../surveys/store.ts';
import { messageView, ticketView } from '../tickets/store.ts';
import { eraseJob } from './erase-job.ts';
import { eraseFields, MOST_PIECES, PersonalData } from './model.ts';
import { countEventsAbout, listActivitiesOf, listAnswersOf, listMessagesOf, listTicketIds } from './store.ts';
import { erasedName } from './words.ts';

export const exportContactData = read({
  name: 'exportContactData',
  summary: 'All that is kept of one person, as one answer',
  description: `The contact, the tickets they opened or wrote on with what was said in public, their answers to surveys, and what they did. Needs tickets:read and surveys:read, too. 413 beyond ${MOST_PIECES} pieces: take tickets, answers and activities by their lists then.`,
  scope: 'customers:read',
  input: z.strictObject(zContactId),
  output: PersonalData,
  async run(ctx, { contactId }) {
    requireScope(ctx.actor, 'tickets:read');
    requireScope(ctx.actor, 'surveys:read');
    const { db, workspace } = ctx;
    const { workspaceId } = workspace;
    const contact = await getContact(db, workspaceId, contactId);
    const rest = (...taken: readonly unknown[][]) => {
      const left = MOST_PIECES - taken.reduce((sum, { length }) => sum + length, 0);
      if (left < 0) throw new AppError('payload_too_large', `There are more than ${MOST_PIECES} pieces.`);
      return left + 1;
    };
    const ids = await listTicketIds(db, workspaceId, contactId, null, rest());
    const said = await listMessagesOf(db, workspaceId, ids, rest(ids));
    const answers = await listAnswersOf(db, workspaceId, ids, rest(ids, said));
    const done = await listActivitiesOf(db, workspaceId, contactId, rest(ids, said, answers));
    rest(ids, said, answers, done);
    const [ticketRows, customers, eventCount] = await Promise.all([
      findByIds(db, tickets, workspaceId, ids),
      findCustomers(db, workspaceId, [contact.customerId]),
      countEventsAbout(db, workspaceId, [...[contactId, ...ids], ...[...answers, ...done].map(({ id }) => id)]),
    ]);
    const messagesOf = Map.groupBy(said, ({ ticketId }) => ticketId);
    return {
      at: iso(ctx.now),
      contact: contactView(contact, workspace.language),
      customerName: customers.get(contact.customerId ?? '')?.name ?? null,
      tickets: ids.flatMap((id) => {
        const ticket = ticketRows.get(id);
        const messages = (messagesOf.get(id) ?? []).map(messageView);
        return ticket === undefined ? [] : [{ ticket: ticketView(ticket), messages }];
      }),
      surveyAnswers: answers.map(answerView),
      activities: done.map(activityView),
      eventCount,
    };
  },
});

export const eraseContact = write({
  name: 'eraseContact',
  summary: 'Erase a person: nothing of them is left but an id',
  description:
    'At once their name, ways to reach them, tags and names in other systems are gone, and whoever comes by one of these is somebody new. A job takes away the words of every ticket they opened or wrote on (subject, messages, fault, custom fields that hold words, reasons in the history), comments in answers to surveys, what was noted with their activities, and all of it in the event feed, in answers kept for repeats and in what receivers of deliveries said. Facts stay: promises, histories, scores, amounts and reports show what they showed before. What is said of the customer they spoke for is not touched. Not for agents. Asked again, it goes over everything again.',
  scope: 'customers:write',
  input: z.strictObject(eraseFields),
  output: Job,
  status: 202,
  example: { reason: '应本人要求' },
  async run(ctx, { contactId, reason }) {
    requireManagement(ctx.actor);
    const before = await getContact(ctx.db, ctx.workspace.workspaceId, contactId);
    const changes = new Changes(ctx.now);
    if (before.erasedAt === null) {
      const emptied = erasedContact({ name: erasedName(ctx) });
      changes.update(contacts, before, { ...emptied, erasedAt: ctx.now, search: '' });
      identify(changes, before, before.identities, []);
      nameThing(changes, 'contact', before, before.externalIds, {});
      changes.event('contact.erased', contactId);
    }
    const job = enqueue(ctx, changes, eraseJob, { contactId, reason });
    return { result: jobView(job), changes };
  },
});
