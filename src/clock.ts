/** The wall clock, guarded against jumps: what the desk decides by must not leap because somebody set the time. */

/** How far wall and monotonic time may drift apart before it counts as a jump. */
const JUMP_MS = 2_000;
/** How long the monotonic clock is trusted after a jump, before the new wall time is taken for true. */
const TRUST_MS = 60_000;

/**
 * Epoch milliseconds: the wall clock as long as it moves with the monotonic one. After a jump the time goes on from where
 * it was for a minute; a jump that is taken back meanwhile (a clock being set) leaves no trace.
 */
export function steadyClock(wall: () => number, monotonic: () => number): () => number {
  let offset = wall() - monotonic();
  let jumpedAt: number | null = null;
  return () => {
    const mono = monotonic();
    const now = wall();
    const drift = now - (mono + offset);
    if (Math.abs(drift) <= JUMP_MS) {
      offset = now - mono;
      jumpedAt = null;
      return now;
    }
    jumpedAt ??= mono;
    if (mono - jumpedAt < TRUST_MS) return mono + offset;
    offset = now - mono;
    jumpedAt = null;
    return now;
  };
}
