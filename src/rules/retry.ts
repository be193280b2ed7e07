/** What comes of an attempt to deliver: delivered, tried again later, or given up. */

import type { Instant } from './calendar.ts';

/** How an attempt ended: the receiver's status, or why no answer came. */
export type Attempt =
  | { status: number; retryAfter: string | null }
  /** `final`: it would be the same every time. */
  | { status: null; final: boolean };

export type Verdict = { state: 'delivered' } | { state: 'failed' } | { state: 'pending'; nextAttemptAt: Instant };

const HOUR = 3600;

/** Seconds from an attempt that failed to the next one: ten attempts in about 75 hours. */
export const DELAYS = [5, 300, HOUR / 2, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];

/** The least time from the first of ten attempts to the last: who takes nothing for as long takes nothing any more. */
export const GIVEN_UP_AFTER = DELAYS.reduce((sum, delay) => sum + Math.round(0.9 * delay), 0);

/** A receiver is not waited for longer than this, whatever it asks for. */
const LONGEST_WAIT = 24 * HOUR;

/**
 * `made` counts the attempts, this one included. `spread`, from 0 to 1, sets apart what failed together: a delay becomes
 * 0.9 to 1.1 of itself. What the receiver asks for (Retry-After, in seconds or as a date; `wallSeconds` is what the date is
 * compared with) is granted where it is longer. 410 means that nobody wants it any more.
 */
export function verdictOf(
  attempt: Attempt,
  { made, now, wallSeconds, spread }: { made: number; now: Instant; wallSeconds: Instant; spread: number },
): Verdict {
  const { status } = attempt;
  if (status !== null && status >= 200 && status < 300) return { state: 'delivered' };
  const delay = DELAYS[made - 1];
  if (status === 410 || (attempt.status === null && attempt.final) || delay === undefined) return { state: 'failed' };
  const asked = attempt.status === null ? 0 : secondsAsked(attempt.retryAfter, wallSeconds);
  const wait = Math.max(Math.round(delay * (0.9 + 0.2 * spread)), Math.min(asked, LONGEST_WAIT));
  return { state: 'pending', nextAttemptAt: now + wait };
}

function secondsAsked(retryAfter: string | null, wallSeconds: Instant): number {
  if (retryAfter === null) return 0;
  if (/^\d{1,9}$/.test(retryAfter)) return Number(retryAfter);
  const at = Date.parse(retryAfter);
  return Number.isNaN(at) ? 0 : Math.ceil(at / 1000) - wallSeconds;
}
