/** Follows the event feed for as long as somebody listens: REST and GraphQL streams alike. */

import type { Actor } from '../auth/policy.ts';
import type { Logger, Workspace } from '../context.ts';
import { type Desk, execute, type Operation } from '../operation.ts';

export interface FeedEvent {
  sequence: string;
  type: string;
}

/** Tells streams that something was saved here, so that they look at once; what other processes save they see within a second. */
export class Pulse {
  readonly #waiting = new Set<() => void>();

  beat(): void {
    for (const look of this.#waiting) look();
  }

  /** Resolves at the next beat, when the signal aborts, or after `ms`; true when there was a beat. */
  wait(ms: number, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (beaten: boolean) => {
        clearTimeout(timeout);
        this.#waiting.delete(look);
        signal.removeEventListener('abort', abort);
        resolve(beaten);
      };
      const look = () => end(true);
      const abort = () => end(false);
      const timeout = setTimeout(() => end(false), ms);
      this.#waiting.add(look);
      signal.addEventListener('abort', abort);
    });
  }
}

const LOOK_MS = 1_000;
/** After a beat the transaction may still be behind a slower one: look again soon. */
const LOOK_AGAIN_MS = 50;
/** A key that was revoked meanwhile ends its streams within this time. */
const RECHECK_MS = 4_000;

export interface FollowRequest {
  input: Record<string, unknown>;
  /** Who listens, asked again while they do; throws when they may no longer. */
  session(): Promise<{ workspace: Workspace; actor: Actor }>;
  door: 'rest' | 'graphql';
  log: Logger;
  signal: AbortSignal;
}

/** Every event after `input.after` (from now on when it is left out), in order, until the signal aborts. */
export async function* follow(
  desk: Desk,
  listEvents: Operation,
  { input, session, door, log, signal }: FollowRequest,
): AsyncGenerator<FeedEvent> {
  let { workspace, actor } = await session();
  let checkedAt = performance.now();
  let after = (input['after'] as string | undefined | null) ?? 'end';
  while (!signal.aborted) {
    if (performance.now() - checkedAt > RECHECK_MS) {
      ({ workspace, actor } = await session());
      checkedAt = performance.now();
    }
    const asked = { ...input, after, limit: 200 };
    const { body } = await execute(desk, listEvents, { workspace, actor, door, log, input: asked });
    const page = body as { data: FeedEvent[]; nextCursor: string | null };
    for (const event of page.data) {
      yield event;
      after = event.sequence;
    }
    if (after === 'end') after = page.nextCursor!;
    if (page.data.length === 0 && (await desk.pulse.wait(LOOK_MS, signal)))
      await desk.pulse.wait(LOOK_AGAIN_MS, signal);
  }
}
