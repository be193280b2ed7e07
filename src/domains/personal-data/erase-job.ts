/**
 * A person's words are taken away wherever they were kept, ticket by ticket; their row was emptied by whoever asked for it.
 * What is emptied already is passed over, so the job may begin anew at any time.
 */

import { isDeepStrictEqual } from 'node:util';
import { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { deliveries } from '../../db/tables/escalation.ts';
import { events, idempotencyKeys } from '../../db/tables/machinery.ts';
import { surveyAnswers } from '../../db/tables/surveys.ts';
import { activities } from '../../db/tables/tiering.ts';
import { AppError } from '../../errors.ts';
import type { JobDefinition, Work } from '../../job.ts';
import { type Erasing, erasedText, withoutWords } from '../../rules/erasure.ts';
import { eraseTicketWords } from '../tickets/erase.ts';
import {
  countTickets,
  type EventRow,
  listActivitiesOf,
  listAnswersOf,
  listEventsAbout,
  listRepliesNaming,
  listSpokenDeliveries,
  listTicketIds,
} from './store.ts';
import { erasingOf } from './words.ts';

interface Input extends Record<string, unknown> {
  contactId: string;
  reason: string;
}

interface Place {
  /** The last ticket that is done. */
  after: string | null;
  tickets: number;
  total: number;
}

interface Result {
  contactId: string;
  tickets: number;
  activities: number;
}

/** Tickets that are looked for at once. */
const BATCH = 50;
const EVENTS = 200;
const ACTIVITIES = 200;
/** Kept answers that are looked through at once. */
const REPLIES = 2000;
/** Ids that are read at once. */
const IDS = 5000;
/** How often a thing that others change is decided again. */
const ATTEMPTS = 8;

export const eraseJob: JobDefinition<Input, Place, Result> = {
  type: 'contacts.erase',
  async run(work, { contactId }) {
    const ctx = await work.context();
    const { workspaceId } = ctx.workspace;
    const erasing = await erasingOf(ctx, contactId);
    const place = work.place ?? { after: null, tickets: 0, total: await countTickets(ctx.db, workspaceId, contactId) };
    await eraseEvents(work, erasing, [contactId]);
    for (;;) {
      const ids = await listTicketIds(ctx.db, workspaceId, contactId, place.after, BATCH);
      if (ids.length === 0) break;
      for (const id of ids) await eraseTicket(work, erasing, id);
      place.after = ids.at(-1)!;
      place.tickets += ids.length;
      await work.step(place, place.tickets, Math.max(place.total, place.tickets));
    }
    await eraseReplies(work, erasing, await allTicketIds(ctx, contactId), place);
    return { contactId, tickets: place.tickets, activities: await eraseActivities(work, contactId) };
  },
};

async function eraseTicket(work: Work<Place>, erasing: Erasing, ticketId: string): Promise<void> {
  for (let left = true; left; ) {
    left = await repeated(work, async (ctx) => {
      const changes = await eraseTicketWords(ctx, ticketId, erasing);
      return changes.empty ? [] : [changes];
    });
  }
  await repeated(work, async (ctx) => {
    const answers = await listAnswersOf(ctx.db, ctx.workspace.workspaceId, [ticketId], 1000);
    return answers
      .filter(({ comment }) => comment !== null)
      .map((answer) => changing(ctx, (changes) => changes.update(surveyAnswers, answer, { comment: null })));
  });
  await eraseEvents(work, erasing, [ticketId]);
}

/** The events stay, at their place in the feed, with their ids, types and instants. */
async function eraseEvents(work: Work<Place>, erasing: Erasing, subjects: readonly string[]): Promise<void> {
  const { db, workspace } = await work.context();
  for (let after: EventRow | null = null; ; ) {
    const page: EventRow[] = await listEventsAbout(db, workspace.workspaceId, subjects, after, EVENTS);
    const told = page.flatMap((event) => {
      const data = withoutWords(event.data, erasing) as EventRow['data'];
      return isDeepStrictEqual(data, event.data) ? [] : [{ event, data }];
    });
    await repeated(work, async (ctx) =>
      told.map(({ event, data }) => changing(ctx, (changes) => changes.update(events, event, { data }))),
    );
    const ids = page.map(({ id }) => id);
    const spoken = await eraseWordsOfReceivers(work, erasing, ids);
    if (spoken.length > 0) await eraseEvents(work, erasing, spoken);
    if (page.length < EVENTS) return;
    after = page.at(-1)!;
  }
}

/** Answers the deliveries that receivers said something of: when one is given up, the feed says it, too. */
async function eraseWordsOfReceivers(work: Work<Place>, erasing: Erasing, eventIds: string[]): Promise<string[]> {
  const ids: string[] = [];
  const lastError = erasedText(erasing);
  await repeated(work, async (ctx) => {
    const rows = await listSpokenDeliveries(ctx.db, ctx.workspace.workspaceId, eventIds);
    ids.splice(0, ids.length, ...rows.map(({ id }) => id));
    return rows
      .filter((row) => row.lastError !== lastError)
      .map((row) => changing(ctx, (changes) => changes.update(deliveries, row, { lastError }, { quiet: true })));
  });
  return ids;
}

/** Answers kept for repeats: a repeat still has no second effect, and is told what is left. */
async function eraseReplies(work: Work<Place>, erasing: Erasing, ticketIds: string[], place: Place): Promise<void> {
  const ids = [erasing.contactId, ...ticketIds];
  for (let after: string | null = null; ; ) {
    let next: string | null = null;
    await repeated(work, async (ctx) => {
      const { rows, last } = await listRepliesNaming(ctx.db, ctx.workspace.workspaceId, ids, after, REPLIES);
      next = last;
      return rows.map((row) => {
        const response = withoutWords(row.response, erasing);
        return changing(ctx, (changes) => changes.update(idempotencyKeys, row, { response }));
      });
    });
    if (next === null) return;
    after = next;
    await work.step(place, place.tickets, Math.max(place.total, place.tickets));
  }
}

async function allTicketIds({ db, workspace }: Ctx, contactId: string): Promise<string[]> {
  const all: string[] = [];
  for (;;) {
    const ids = await listTicketIds(db, workspace.workspaceId, contactId, all.at(-1) ?? null, IDS);
    all.push(...ids);
    if (ids.length < IDS) return all;
  }
}

/** What they did stays their customer's, by kind, time and amount. */
async function eraseActivities(work: Work<Place>, contactId: string): Promise<number> {
  let done = 0;
  for (;;) {
    let found = 0;
    await repeated(work, async (ctx) => {
      const rows = await listActivitiesOf(ctx.db, ctx.workspace.workspaceId, contactId, ACTIVITIES);
      found = Math.max(found, rows.length);
      const emptied = { contactId: null, title: null, details: {} };
      return rows.map((row) => changing(ctx, (changes) => changes.update(activities, row, emptied)));
    });
    if (found === 0) return done;
    done += found;
  }
}

function changing(ctx: Ctx, change: (changes: Changes) => void): Changes {
  const changes = new Changes(ctx.now);
  change(changes);
  return changes;
}

/** Saves what is decided, again and again while others are faster; false when there was nothing to do. What cannot be erased fails the job. */
async function repeated(work: Work<Place>, decide: (ctx: Ctx) => Promise<Changes[]>): Promise<boolean> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const groups = (await decide(await work.context())).map((changes) => ({ changes }));
    if (groups.length === 0) return attempt > 1;
    const lost = await work.save(groups, (_group, error) => {
      throw error;
    });
    if (lost.length === 0) return true;
  }
  throw new AppError('conflict', 'Others were changing the same thing at the same time.');
}
