/**
 * The dispatcher: tells webhooks of what happened. Each has a place in the feed; what comes after it becomes deliveries by
 * the very statement that moves the place, so that a process that dies in between has neither lost nor doubled anything.
 * A lease keeps processes out of each other's way, a revision makes whoever is late do nothing.
 */

import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '../context.ts';
import { type EventRow, listEventRows, positionOf } from '../domains/events/store.ts';
import type { Desk } from '../operation.ts';
import type { Instant } from '../rules/calendar.ts';
import { isAbout, wants } from '../rules/webhook.ts';
import { ATTEMPT_MS } from './attempt.ts';
import { deliverDue } from './courier.ts';
import {
  claimEndpoints,
  type Endpoint,
  feedReaches,
  hasWebhooks,
  release,
  restEndpoint,
  tell,
} from './delivery-store.ts';
import { type Loop, startLoop } from './loop.ts';

/** Events that are read at once. */
const BATCH = 500;

/** Of live workspaces, or of a test workspace at an instant of its own. */
type Audience = 'live' | { workspaceId: number; now: Instant };

/** Webhooks that are told at once. */
const HANDS = 4;

/**
 * Tells each webhook of the next events; answers how many webhooks were moved on, of which `told` hears one by one. One that
 * cannot be told stands in nobody's way; its error is thrown at the end.
 */
export async function tellWebhooks(
  desk: Desk,
  audience: Audience,
  told: () => void = () => undefined,
): Promise<number> {
  const { db, services } = desk;
  const workspaceId = audience === 'live' ? null : audience.workspaceId;
  const endpoints = await claimEndpoints(db, services.wallClock(), services.epoch, workspaceId);
  // Most of a workspace stand at the same place: what comes after it is read once for all of them.
  const read = new Map<string, Promise<EventRow[]>>();
  const eventsFor = (endpoint: Endpoint): Promise<EventRow[]> => {
    const { epoch, tx, id } = endpoint.place;
    const key = [endpoint.workspaceId, epoch, tx, id].join();
    const rows = read.get(key) ?? nextEvents(desk, endpoint);
    read.set(key, rows);
    return rows;
  };
  let moved = 0;
  const errors: unknown[] = [];
  const queue = endpoints.values();
  const hand = async () => {
    for (const endpoint of queue) {
      const now = audience === 'live' ? Math.floor(services.wallClock() / 1000) : audience.now;
      try {
        if (endpoint.held) await release(db, endpoint, now);
        else if (endpoint.full) {
          await restEndpoint(db, endpoint, services.wallClock());
          continue;
        } else if (!(await moveOn(desk, endpoint, await eventsFor(endpoint), now))) continue;
        moved += 1;
        told();
      } catch (error) {
        errors.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: HANDS }, hand));
  if (errors.length > 0) throw errors[0];
  return moved;
}

function nextEvents({ db, services }: Desk, { workspaceId, place }: Endpoint): Promise<EventRow[]> {
  const query = { after: place, limit: BATCH, types: undefined, subject: undefined };
  return listEventRows(db, workspaceId, services.epoch, query);
}

async function moveOn({ db, services }: Desk, endpoint: Endpoint, rows: EventRow[], now: Instant): Promise<boolean> {
  const last = rows.at(-1);
  if (last === undefined) return false;
  const told = rows
    .filter(({ recordedAt }) => Date.parse(recordedAt) >= (endpoint.notBeforeMs ?? 0))
    .filter((event) => wants(endpoint.eventTypes, event.type) && !isAbout(event, endpoint.id))
    .map((event) => ({ type: event.type, place: positionOf(event) }));
  return tell(db, endpoint, { told, to: positionOf(last), now, wallMs: services.wallClock() });
}

/** Transactions that are still writing, in whatever database of the server, hold the feed back; so long at most. */
const FEED_PATIENCE_MS = 10_000;

/** Tells the webhooks of a test workspace of all that was saved so far. */
export async function tellTestWorkspace(desk: Desk, workspaceId: number, now: Instant): Promise<number> {
  const end = performance.now() + FEED_PATIENCE_MS;
  let { mark, reached } = await feedReaches(desk.db, null);
  while (!reached && performance.now() < end) {
    ({ reached } = await feedReaches(desk.db, mark));
    if (!reached) await pause(5);
  }
  let moved = 0;
  for (;;) {
    const more = await tellWebhooks(desk, { workspaceId, now });
    moved += more;
    if (more === 0) return moved;
  }
}

/** What comes of a delivery is told, too; an end to it where receivers keep failing each other. */
const ROUNDS = 10;

/** As long as receivers are waited for by who moves a test clock: an attempt that might take longer does not begin. */
const PATIENCE_MS = 30_000;

/** In a test workspace time stands still: what a caller did is told before the answer. */
export async function tellNow(desk: Desk, log: Logger, workspaceId: number, now: Instant): Promise<void> {
  if (!(await hasWebhooks(desk.db, workspaceId))) return;
  const end = performance.now() + PATIENCE_MS - ATTEMPT_MS;
  const mayWait = () => performance.now() <= end;
  for (let round = 0; round < ROUNDS; round++) {
    if ((await tellTestWorkspace(desk, workspaceId, now)) === 0) return;
    await deliverDue(desk, log, { workspaceId, due: now }, mayWait);
  }
}

/** At most this long between two looks: another process may have saved something. */
const LONGEST_SLEEP_MS = 1000;
/** What is saved within so short a time is told together. */
const SHORTEST_SLEEP_MS = 10;
/** What was saved may still be behind a slower transaction: it is looked for again soon. */
const LOOK_AGAIN_MS = [50, 250];

/** Starts the loop for live workspaces; `told` hears of it when there may be deliveries. */
export function startDispatcher(desk: Desk, log: Logger, told: () => void): Loop {
  const { wallClock } = desk.services;
  const ending = new AbortController();
  let misses = 0;
  const loop = startLoop({
    wallClock,
    longestMs: LONGEST_SLEEP_MS,
    shortestMs: SHORTEST_SLEEP_MS,
    async look() {
      if ((await tellWebhooks(desk, 'live', told)) > 0) {
        misses = 0;
        return 0;
      }
      const again = LOOK_AGAIN_MS[misses++];
      return again === undefined ? null : wallClock() + again;
    },
    failed: (error) => log.warn({ err: error }, 'the dispatcher could not look at the feed'),
  });
  const listen = async () => {
    while (!ending.signal.aborted) {
      if (!(await desk.pulse.wait(LONGEST_SLEEP_MS, ending.signal))) continue;
      misses = 0;
      loop.wake();
    }
  };
  const listening = listen();
  return {
    wake: loop.wake,
    async stop() {
      ending.abort();
      await loop.stop();
      await listening;
    },
  };
}
