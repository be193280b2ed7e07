/** Waiting for what will be true, with an end to the patience: no test sleeps for a fixed time and hopes. */

import { setTimeout as sleep } from 'node:timers/promises';

/** Asks again and again until the answer is neither false nor null nor undefined; throws with `what` when time is up. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | false | null | undefined> | T | false | null | undefined,
  { within = 15_000, every = 15 }: { within?: number; every?: number } = {},
): Promise<T> {
  const end = performance.now() + within;
  let trouble: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== false && answer !== null && answer !== undefined) return answer;
      trouble = undefined;
    } catch (error) {
      trouble = error;
    }
    if (performance.now() > end) throw new Error(`Not within ${within} ms: ${what}`, { cause: trouble });
    await sleep(every);
  }
}
