/** Words of the personal-data domain: all that is kept of one person, and its erasure. */

import { z } from 'zod';
import { Activity } from '../activities/model.ts';
import { Contact, zContactId } from '../customers/model.ts';
import { zIsoInstant, zText } from '../model.ts';
import { SurveyAnswer } from '../surveys/model.ts';
import { Message, Ticket } from '../tickets/model.ts';

/** More than this of one person does not fit into one answer. */
export const MOST_PIECES = 10_000;

const PersonalTicket = z
  .object({
    ticket: Ticket.describe('As it stands now.'),
    messages: z.array(Message).describe('What was said on it in public, oldest first.'),
  })
  .meta({ id: 'PersonalTicket', description: 'A ticket that a person opened or wrote on.' });

export const PersonalData = z
  .object({
    at: zIsoInstant.describe('When this was taken.'),
    contact: Contact.describe('The person.'),
    customerName: z.string().nullable().describe('For whom they speak; null when unknown.'),
    tickets: z.array(PersonalTicket).describe('Tickets they opened or wrote on, oldest first.'),
    surveyAnswers: z.array(SurveyAnswer).describe('What they answered when they were asked.'),
    activities: z.array(Activity).describe('What they did, as other systems told it.'),
    eventCount: z
      .int()
      .describe('Entries of the feed about the person and these things: they hold copies of the above.'),
  })
  .meta({ id: 'PersonalData', description: 'All that is kept of one person.' });

export const eraseFields = {
  ...zContactId,
  reason: zText(500).describe('Why, kept with the job; name nobody in it.'),
};
