/**
 * What belongs to a merged customer is brought to the one that stays: contacts, tickets, activities, a few at a time, each
 * under its own guard and that of the customer. What has moved is not found again, so the job may begin anew at any time.
 */

import { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { findByIds } from '../../db/rows.ts';
import { toAppError } from '../../db/sqlstate.ts';
import { contacts, customers } from '../../db/tables/customers.ts';
import { activities } from '../../db/tables/tiering.ts';
import type { JobDefinition, Work } from '../../job.ts';
import { tierTurn } from '../tickets/retier.ts';
import { type Happening, type Levels, loadLevels, settle, ticketFacts } from '../tickets/settle.ts';
import { getTicketFiles, type TicketFile } from '../tickets/store.ts';
import { lengthsOf } from '../tickets/walk.ts';
import { touch } from '../tiers/touch.ts';
import { countLeft, listLeft, MOVED_PARTS, type Moved } from './merge-store.ts';
import { type CustomerRow, contactView, getCustomer } from './store.ts';

interface Input extends Record<string, unknown> {
  from: string;
  /** As it was asked for; by now that one may itself have been merged. */
  into: string;
}

interface Place {
  part: Moved;
  /** The last one that was looked at. */
  after: string | null;
  total: number;
  moved: Record<Moved, number>;
  failed: number;
}

interface Result {
  customerId: string;
  contacts: number;
  tickets: number;
  activities: number;
  /** Could not be moved; they are shown with the customer that stays all the same. */
  failed: number;
}

const BATCH: Record<Moved, number> = { contacts: 200, tickets: 50, activities: 500 };
/** Events that the histories of a batch may have together. */
const MOST_EVENTS = 20_000;
/** How often a thing that others change is decided again. */
const ATTEMPTS = 8;

export const mergeJob: JobDefinition<Input, Place, Result> = {
  type: 'customers.merge',
  async run(work, { from }) {
    const place = work.place ?? (await beginning(await work.context(), from));
    const done = () => MOVED_PARTS.reduce((sum, part) => sum + place.moved[part], place.failed);
    for (const part of MOVED_PARTS.slice(MOVED_PARTS.indexOf(place.part))) {
      if (place.part !== part) Object.assign(place, { part, after: null });
      for (;;) {
        const ids = await nextBatch(await work.context(), part, from, place.after);
        if (ids.length === 0) break;
        const lost = await moveBatch(work, part, from, ids);
        place.moved[part] += ids.length - lost;
        place.failed += lost;
        place.after = ids.at(-1)!;
        await work.step(place, done(), Math.max(place.total, done()));
      }
    }
    const ctx = await work.context();
    const customer = await getCustomer(ctx.db, ctx.workspace.workspaceId, from);
    const changes = new Changes(ctx.now);
    touch(ctx, changes, customer.id);
    await work.save([{ changes }], (_group, error) => {
      throw error;
    });
    return { customerId: customer.id, ...place.moved, failed: place.failed };
  },
};

async function beginning({ db, workspace }: Ctx, from: string): Promise<Place> {
  const counts = await Promise.all(MOVED_PARTS.map((part) => countLeft(db, workspace.workspaceId, part, from)));
  const total = counts.reduce((sum, number) => sum + number, 0);
  return { part: MOVED_PARTS[0]!, after: null, total, moved: { contacts: 0, tickets: 0, activities: 0 }, failed: 0 };
}

/** The next ones, and of tickets so few that their histories can be held. */
async function nextBatch({ db, workspace }: Ctx, part: Moved, from: string, after: string | null): Promise<string[]> {
  const ids = await listLeft(db, workspace.workspaceId, part, from, after, BATCH[part]);
  if (part !== 'tickets') return ids;
  const lengths = await lengthsOf(db, workspace.workspaceId, ids);
  let events = 0;
  const most = ids.findIndex((id, index) => {
    events += lengths.get(id) ?? 0;
    return index > 0 && events > MOST_EVENTS;
  });
  return most < 0 ? ids : ids.slice(0, most);
}

interface Move {
  id: string;
  changes: Changes;
}

/** Answers how many could not be moved. */
async function moveBatch(work: Work<Place>, part: Moved, from: string, ids: string[]): Promise<number> {
  let left = ids;
  let failed = 0;
  for (let attempt = 1; left.length > 0 && attempt <= ATTEMPTS; attempt++) {
    const ctx = await work.context();
    const customer = await getCustomer(ctx.db, ctx.workspace.workspaceId, from);
    const fail = (id: string, error: unknown) => {
      // One at fault must not keep the others behind; a database that is away is nobody's fault.
      if (toAppError(error)?.code === 'unavailable') throw error;
      ctx.log.error({ err: error, [part]: id }, 'could not be brought to the customer it was merged into');
      failed += 1;
    };
    const moves = await MOVES[part](ctx, { from, customer, by: work.id, fail }, left);
    // One that is merged itself at this very moment hands on what it has: nothing may come to it after that.
    for (const { changes } of moves) changes.guard(customers, customer);
    const lost = await work.save(moves, ({ id }, error) => fail(id, error));
    left = lost.map(({ id }) => id);
  }
  return failed + left.length;
}

interface Merging {
  from: string;
  customer: CustomerRow;
  /** The job. */
  by: string;
  /** Told of one that cannot be moved. */
  fail(id: string, error: unknown): void;
}

const MOVES: Record<Moved, (ctx: Ctx, merging: Merging, ids: string[]) => Promise<Move[]>> = {
  async contacts(ctx, { from, customer }, ids) {
    const rows = await findByIds(ctx.db, contacts, ctx.workspace.workspaceId, ids);
    return [...rows.values()]
      .filter(({ customerId }) => customerId === from)
      .map((row) => {
        const changes = new Changes(ctx.now);
        const after = changes.update(contacts, row, { customerId: customer.id });
        const contact = contactView(after, ctx.workspace.language);
        changes.event('contact.updated', row.id, { contact, changed: ['customerId'] });
        return { id: row.id, changes };
      });
  },

  async tickets(ctx, merging, ids) {
    const files = await getTicketFiles(ctx.db, ctx.workspace.workspaceId, ids);
    const levels = await loadLevels(
      ctx,
      files.map(({ history }) => history),
    );
    return files
      .filter(({ ticket }) => ticket.customerId === merging.from)
      .flatMap((file) => {
        try {
          return [moved(ctx, merging, file, levels)];
        } catch (error) {
          merging.fail(file.ticket.id, error);
          return [];
        }
      });
  },

  // One event said it of all of them: `customer.merged`.
  async activities(ctx, { from, customer }, ids) {
    const rows = await findByIds(ctx.db, activities, ctx.workspace.workspaceId, ids);
    return [...rows.values()]
      .filter(({ customerId }) => customerId === from)
      .map((row) => {
        const changes = new Changes(ctx.now);
        changes.update(activities, row, { customerId: customer.id });
        return { id: row.id, changes };
      });
  },
};

/** One still worked on comes under the tier of the customer that stays; one that is closed keeps what was promised. */
function moved(ctx: Ctx, { customer, by }: Merging, file: TicketFile, levels: Levels): Move {
  const { ticket } = file;
  const { happening, patch } =
    ticket.statusCategory === 'closed'
      ? { happening: { type: 'edited', data: { customer: customer.id } }, patch: {} }
      : tierTurn(ctx, customer);
  const noted: Happening = { ...happening, data: { ...happening.data, job: by } };
  const changes = new Changes(ctx.now);
  const settled = settle(ctx, changes, file, levels, [noted], { ...patch, customerId: customer.id });
  const changed = ['customerId', ...(settled.ticket.tier === ticket.tier ? [] : ['tier'])];
  changes.event('ticket.updated', ticket.id, { ...ticketFacts(settled.ticket), changed });
  return { id: ticket.id, changes };
}
