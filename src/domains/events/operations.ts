/** The feed: every change of the workspace, in order, for those who must miss nothing. */

import { z } from 'zod';
import { handPageCursors } from '../../db/page.ts';
import { read } from '../../operation.ts';
import { EventPage, listEventFields } from './model.ts';
import { decodeSequence, encodeSequence, eventView, findEndOfFeed, listEventRows } from './store.ts';

export const listEvents = read({
  name: 'listEvents',
  summary: 'Read the event feed: no gap and no repeat, however many write at once',
  description:
    'Keep the sequence of the last event you handled and ask again with it, now or later: nextCursor is null when there is no more yet.',
  scope: 'events:read',
  input: z.strictObject(listEventFields),
  output: EventPage,
  async run(ctx, { after, limit, type, subject }) {
    if (after === 'end') {
      return { data: [], nextCursor: encodeSequence(await findEndOfFeed(ctx.db, ctx.services.epoch)) };
    }
    const rows = await listEventRows(ctx.db, ctx.workspace.workspaceId, ctx.services.epoch, {
      after: after === undefined ? null : decodeSequence(after),
      limit: limit + 1,
      types: type,
      subject,
    });
    const data = rows.slice(0, limit).map(eventView);
    const page = { data, nextCursor: rows.length > limit ? data.at(-1)!.sequence : null };
    handPageCursors(
      page,
      data.map(({ sequence }) => sequence),
    );
    return page;
  },
});
