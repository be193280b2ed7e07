/** The loop of what the desk does by itself: it looks, sleeps until something falls due or somebody wakes it, and looks again. */

export interface Loop {
  /** There may be something to do at this instant, epoch milliseconds; now, unless told. Who would sleep longer wakes for it. */
  wake(atMs?: number): void;
  /** Ends once the look at hand is over. */
  stop(): Promise<void>;
}

export interface Looking {
  wallClock: () => number;
  /**
   * Does what is to be done; answers when to look again at the latest, epoch milliseconds (0: at once), or null when
   * nothing is known to be ahead. `running` is asked by whoever takes long: when false, it ends where it can.
   */
  look(running: () => boolean): Promise<number | null>;
  /** Told of a look that threw; the next one comes after the longest sleep. */
  failed(error: unknown): void;
  /** At most this long between two looks: another process may have left something. */
  longestMs: number;
  /** At least this long, also when somebody wakes it. Default 0. */
  shortestMs?: number;
}

export function startLoop({ wallClock, look, failed, longestMs, shortestMs = 0 }: Looking): Loop {
  let running = true;
  /** Set anew before each look, so that who wakes it meanwhile is heard. */
  let wakesAt = Infinity;
  let endSleep: () => void = () => undefined;
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
      wakesAt = wallClock() + longestMs;
      try {
        const next = await look(() => running);
        if (next !== null) wakesAt = Math.min(wakesAt, next);
      } catch (error) {
        failed(error);
      }
      // Longer than the longest only where the clock was set back meanwhile.
      const pause = Math.min(Math.max(shortestMs, wakesAt - wallClock()), longestMs);
      if (running && pause > 0) await sleep(pause);
    }
  };
  const ended = loop();
  return {
    wake(atMs = 0) {
      if (atMs >= wakesAt) return;
      wakesAt = atMs;
      endSleep();
    },
    async stop() {
      running = false;
      endSleep();
      await ended;
    },
  };
}
