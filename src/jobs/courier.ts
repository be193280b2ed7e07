/**
 * The courier: sends what is to be delivered outside, beside the timekeeper, so that no receiver holds up a promise. A
 * delivery is claimed by a lease, sent, and marked under its version; a process that dies between sending and marking has
 * it sent again under the same webhook-id.
 */

import { createHash } from 'node:crypto';
import { Changes } from '../changes.ts';
import type { Logger, Workspace } from '../context.ts';
import { deliveries } from '../db/tables/escalation.ts';
import { signedHeaders } from '../domains/deliveries/signing.ts';
import { type DeliveryRow, findDelivery } from '../domains/deliveries/store.ts';
import { getWorkspace } from '../domains/workspaces/store.ts';
import type { Desk } from '../operation.ts';
import { OutboundError } from '../outbound.ts';
import type { Instant } from '../rules/calendar.ts';
import { type Attempt, verdictOf } from '../rules/retry.ts';
import { saveOne } from '../saving.ts';
import { type ClaimedDelivery, claimDelivery, type Deliverable, nextDelivery } from './store.ts';

const AUTHOR = { actor: 'courier', door: 'job' };

/** At once, in this process. */
const MOST = 16;
/** A host that is slow takes this many of them, and the others go on. */
const MOST_PER_HOST = 2;

/** A receiver that has not answered by then has failed. */
export const ATTEMPT_MS = 15_000;
const MOST_ERROR_BYTES = 1000;

/** What is under way: claims and sends as long as there is room, and knows when it is done. */
class Round {
  readonly #desk: Desk;
  readonly #log: Logger;
  readonly #of: Deliverable;
  readonly #mayBegin: () => boolean;
  readonly #underway = new Map<Promise<void>, string>();

  constructor(desk: Desk, log: Logger, of: Deliverable, mayBegin = () => true) {
    this.#desk = desk;
    this.#log = log;
    this.#of = of;
    this.#mayBegin = mayBegin;
  }

  /**
   * Sets off whatever is due and has room; `ended` is told of each that ends. Answers how many that were, and whether some
   * may be left for want of room.
   */
  async fill(ended: () => void = () => undefined): Promise<{ sent: number; more: boolean }> {
    const { db, services } = this.#desk;
    let sent = 0;
    while (this.#mayBegin()) {
      // Seen before it is asked: by the time of the answer there may be room again.
      const busy = this.#busyHosts();
      if (this.#underway.size >= MOST) return { sent, more: true };
      const claimed = await claimDelivery(db, services.wallClock(), this.#of, busy);
      if (claimed === null) return { sent, more: busy.length > 0 };
      const attempt = deliver(this.#desk, claimed, this.#of)
        .catch((error: unknown) => {
          this.#log.warn({ err: error, delivery: claimed.id }, 'a delivery could not be seen to');
        })
        .finally(() => {
          this.#underway.delete(attempt);
          ended();
        });
      this.#underway.set(attempt, claimed.host);
      sent += 1;
    }
    return { sent, more: false };
  }

  #busyHosts(): string[] {
    const counts = Map.groupBy(this.#underway.values(), (host) => host);
    return [...counts].filter(([, attempts]) => attempts.length >= MOST_PER_HOST).map(([host]) => host);
  }

  /** Until one of them has ended; there must be one. */
  async one(): Promise<void> {
    await Promise.race(this.#underway.keys());
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
  const round = new Round(desk, log, of, mayBegin);
  let sent = 0;
  for (;;) {
    const set = await round.fill();
    sent += set.sent;
    if (round.size > 0) await round.one();
    else if (!set.more) return sent;
  }
}

/** One attempt, and what comes of it. */
async function deliver(desk: Desk, claimed: ClaimedDelivery, of: Deliverable): Promise<void> {
  const row = await findDelivery(desk.db, claimed.workspaceId, claimed.id);
  if (row === undefined || row.state !== 'pending') return;
  const workspace = await getWorkspace(desk.db, claimed.workspaceId);
  const { attempt, error } = await send(desk, workspace, row);
  const wallSeconds = Math.floor(desk.services.wallClock() / 1000);
  const now = of === 'live' ? wallSeconds : of.due;
  await saveOne(desk, workspace, marked(row, attempt, error, now, wallSeconds), AUTHOR);
}

interface Sent {
  attempt: Attempt;
  error: string | null;
}

async function send({ services }: Desk, workspace: Workspace, row: DeliveryRow): Promise<Sent> {
  const body = JSON.stringify(row.body);
  // A receiver compares the timestamp with its own clock, so it is the wall's in a test workspace, too.
  const seconds = Math.floor(services.wallClock() / 1000);
  const headers = {
    'content-type': 'application/json',
    ...signedHeaders(services.secretKey, workspace.id, { id: row.id, seconds, body }),
  };
  try {
    const answer = await services.fetch({
      method: 'POST',
      url: row.url,
      headers,
      body,
      timeoutMs: ATTEMPT_MS,
    });
    const attempt = { status: answer.status, retryAfter: answer.headers['retry-after'] ?? null };
    const words = answer.body.subarray(0, MOST_ERROR_BYTES).toString();
    return { attempt, error: answer.status < 300 ? null : inOneLine(words) };
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error;
    const final = error.reason === 'private_address' || error.reason === 'invalid_url';
    return { attempt: { status: null, final }, error: `${error.reason}: ${error.message}` };
  }
}

/** What a receiver says may be anything; what cannot be shown is a space. */
function inOneLine(text: string): string {
  return text.replaceAll(/[\p{C}\s]+/gu, ' ').trim();
}

function marked(row: DeliveryRow, attempt: Attempt, error: string | null, now: Instant, wallSeconds: Instant): Changes {
  const changes = new Changes(now);
  const attempts = row.attempts + 1;
  const spread = spreadOf(`${row.id} ${attempts}`);
  const verdict = verdictOf(attempt, { made: attempts, now, wallSeconds, spread });
  changes.update(deliveries, row, {
    state: verdict.state,
    attempts,
    nextAttemptAt: verdict.state === 'pending' ? verdict.nextAttemptAt : null,
    lastAttemptAt: now,
    lastStatus: attempt.status,
    lastError: error,
    deliveredAt: verdict.state === 'delivered' ? now : null,
    leaseUntil: null,
  });
  if (verdict.state === 'failed') {
    const { id, ticketId, url, eventId, eventType } = row;
    changes.event('delivery.failed', id, {
      delivery: { id, ticketId, url, eventId, eventType, attempts, lastStatus: attempt.status, lastError: error },
    });
  }
  return changes;
}

/** From 0 to 1, another one for each attempt of each delivery, the same whoever asks. */
function spreadOf(name: string): number {
  return createHash('sha256').update(name).digest().readUInt32BE() / 2 ** 32;
}

export interface Courier {
  /** There may be something to send: look now. */
  wake(): void;
  /** Claims no more; what is under way is given a moment. */
  stop(): Promise<void>;
}

/** At most this long between two looks: another process may have left something. */
const LONGEST_SLEEP_MS = 1000;
/** What has not ended by then is sent again by another process, or by the next one. */
const ENDING_MS = 3000;

/** Starts the loop for live workspaces. A database that is away is asked again every second. */
export function startCourier(desk: Desk, log: Logger): Courier {
  const round = new Round(desk, log, 'live');
  let running = true;
  let woken = false;
  let endSleep: () => void = () => undefined;
  const wake = () => {
    woken = true;
    endSleep();
  };
  const sleep = (ms: number) =>
    new Promise<void>((resolve) => {
      const timeout = setTimeout(resolve, ms);
      endSleep = () => {
        clearTimeout(timeout);
        resolve();
      };
    });
  const loop = async () => {
    while (running) {
      let pause = LONGEST_SLEEP_MS;
      woken = false;
      try {
        const { more } = await round.fill(wake);
        // Where there was no room, the next one that ends wakes it.
        const next = more ? null : await nextDelivery(desk.db, desk.services.wallClock(), 'live');
        if (next !== null) pause = Math.min(pause, Math.max(100, next * 1000 - desk.services.wallClock()));
      } catch (error) {
        log.warn({ err: error }, 'the courier could not look at its deliveries');
      }
      if (running && !woken) await sleep(pause);
    }
    const end = performance.now() + ENDING_MS;
    while (round.size > 0 && performance.now() < end) {
      await Promise.race([round.one(), sleep(end - performance.now())]);
    }
    endSleep();
  };
  const ended = loop();
  return {
    wake,
    async stop() {
      running = false;
      wake();
      await ended;
    },
  };
}
