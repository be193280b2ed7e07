/** Words of the events domain: the feed. */

import { z } from 'zod';
import { zId, zIsoInstant, zPage, zText } from '../model.ts';

export const Event = z
  .object({
    id: zId('event').describe('TypeID; the same for everybody who is told of it.'),
    sequence: z.string().describe('Its place in the feed: opaque; compared as text, rising in the order of commits.'),
    type: z.string().describe('subject.pastTense, as in ticket.created.'),
    occurredAt: zIsoInstant.describe("When it happened, on the workspace's clock."),
    recordedAt: z
      .string()
      .meta({ scalar: 'DateTime' })
      .describe('When it was written, on the wall clock, with milliseconds.'),
    actor: z.string().describe('Id of who did it.'),
    door: z.string().describe('How they came in: rest, graphql, survey, timekeeper, job or start.'),
    subject: z.string().describe('Id of what it happened to; events of clocks name the ticket.'),
    data: z.record(z.string(), z.unknown()).meta({ scalar: 'JSON' }).describe('The facts.'),
  })
  .meta({ id: 'Event', description: 'Something that happened, as webhooks and readers of the feed get it.' });

export const listEventFields = {
  after: z
    .string()
    .max(200)
    .optional()
    .describe(
      'sequence of the last event that was read; from the beginning unless told. end: nothing yet, and a nextCursor to go on from.',
    ),
  limit: z.int().min(1).max(200).default(50).describe('How many, 1 to 200.'),
  type: z.array(zText(60)).max(50).optional().describe('These types alone.'),
  subject: zText(60).optional().describe('About this one alone.'),
};

export const EventPage = zPage(Event);
