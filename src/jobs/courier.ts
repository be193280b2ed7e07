/**
 * The courier: sends what is to be delivered outside, beside the timekeeper, so that no receiver holds up a promise. A
 * delivery is claimed by a lease, sent, and marked under its version; a process that dies between sending and marking has
 * it sent again under the same webhook-id.
 */

import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '../context.ts';
import type { Desk } from '../operation.ts';
import type { Instant } from '../rules/calendar.ts';
import { deliver, loadParcels, type Parcel } from './attempt.ts';
import {
  type ClaimedDelivery,
  claimDeliveries,
  type Deliverable,
  forgetDeliveries,
  listWaiting,
} from './delivery-store.ts';
import { Lanes, type Outcome, QUICK_MS } from './lanes.ts';
import { type Loop, startLoop } from './loop.ts';

/** What is under way: claims and sends as long as there is room, and knows when it is done. */
class Round {
  readonly #desk: Desk;
  readonly #log: Logger;
  readonly #of: Deliverable;
  readonly #mayBegin: () => boolean;
  readonly #lanes: Lanes;
  readonly #underway = new Set<Promise<void>>();

  constructor(desk: Desk, log: Logger, of: Deliverable, lanes: Lanes, mayBegin = () => true) {
    this.#desk = desk;
    this.#log = log;
    this.#of = of;
    this.#lanes = lanes;
    this.#mayBegin = mayBegin;
  }

  /**
   * Sets off whatever is due and has room; `moved` is told when there may be room again. Answers how many that were, and
   * when the next falls due that is known of.
   */
  async fill(moved: () => void = () => undefined): Promise<{ sent: number; next: Instant | null }> {
    const { db, services } = this.#desk;
    let sent = 0;
    while (this.#mayBegin()) {
      const now = this.#of === 'live' ? services.wallClock() / 1000 : this.#of.due;
      const waiting = await listWaiting(db, this.#of);
      const shares = this.#lanes.share(waiting.filter(({ due }) => due <= now).map(({ host }) => host));
      const claimed = shares.length === 0 ? [] : await claimDeliveries(db, services.wallClock(), this.#of, shares);
      if (claimed.length === 0) return { sent, next: waiting.find(({ due }) => due > now)?.due ?? null };
      await Promise.all(
        [...Map.groupBy(claimed, ({ workspaceId }) => workspaceId)].map(([workspaceId, mine]) =>
          this.#begin(workspaceId, mine, moved),
        ),
      );
      sent += claimed.length;
    }
    return { sent, next: null };
  }

  async #begin(workspaceId: number, claimed: ClaimedDelivery[], moved: () => void): Promise<void> {
    const parcels = await loadParcels(this.#desk, workspaceId, claimed);
    const hosts = new Map(claimed.map(({ id, host }) => [id, host]));
    for (const parcel of parcels) {
      const attempt = this.#attempt(parcel, hosts.get(parcel.row.id)!, moved).finally(() => {
        this.#underway.delete(attempt);
        moved();
      });
      this.#underway.add(attempt);
    }
  }

  async #attempt(parcel: Parcel, host: string, moved: () => void): Promise<void> {
    let outcome: Outcome | null = null;
    this.#lanes.begin(host);
    const long = setTimeout(() => {
      this.#lanes.slow(host);
      moved();
    }, QUICK_MS);
    try {
      await deliver(this.#desk, parcel, this.#of, (went) => {
        clearTimeout(long);
        outcome = went;
      });
    } catch (error) {
      this.#log.warn({ err: error, delivery: parcel.row.id }, 'a delivery could not be seen to');
    } finally {
      clearTimeout(long);
      this.#lanes.end(host, outcome);
    }
  }

  /** Until one of them has ended; there must be one. */
  async one(): Promise<void> {
    await Promise.race(this.#underway);
  }

  get size(): number {
    return this.#underway.size;
  }
}

/** Sends what is due until nothing is left, or no attempt may begin any more; answers how many attempts that were. */
export async function deliverDue(
  desk: Desk,
  log: Logger,
  of: Deliverable = 'live',
  mayBegin?: () => boolean,
): Promise<number> {
  const round = new Round(desk, log, of, new Lanes(0), mayBegin);
  let sent = 0;
  for (;;) {
    const set = await round.fill();
    sent += set.sent;
    if (round.size > 0) await round.one();
    else if (set.sent === 0) return sent;
  }
}

/** At most this long between two looks: another process may have left something. */
const LONGEST_SLEEP_MS = 1000;
/** What ends within so short a time is made up for together. */
const SHORTEST_SLEEP_MS = 5;
const CLEANING_MS = 10 * 60_000;
/** What has not ended by then is sent again by another process, or by the next one. */
const ENDING_MS = 3000;

/**
 * Starts the loop for live workspaces. A database that is away is asked again every second. Once stopped it claims no
 * more; what is under way is given a moment.
 */
export function startCourier(desk: Desk, log: Logger): Loop {
  const { wallClock } = desk.services;
  let running = true;
  const round = new Round(desk, log, 'live', new Lanes(), () => running);
  let cleanedAt = 0;
  const loop = startLoop({
    wallClock,
    longestMs: LONGEST_SLEEP_MS,
    shortestMs: SHORTEST_SLEEP_MS,
    async look() {
      if (wallClock() - cleanedAt > CLEANING_MS) {
        cleanedAt = wallClock();
        await forgetDeliveries(desk.db, cleanedAt);
      }
      // Where there was no room, what ends or turns out to be slow wakes it.
      const { next } = await round.fill(() => loop.wake());
      return next === null ? null : next * 1000;
    },
    failed: (error) => log.warn({ err: error }, 'the courier could not look at its deliveries'),
  });
  return {
    wake: loop.wake,
    async stop() {
      running = false;
      await loop.stop();
      const end = performance.now() + ENDING_MS;
      while (round.size > 0 && performance.now() < end) {
        await Promise.race([round.one(), pause(end - performance.now(), undefined, { ref: false })]);
      }
    },
  };
}
