/** Within what time tickets are promised to be solved, of any tier that their customer could hold. */

import type { Instant } from './calendar.ts';
import { matchPolicy } from './matching.ts';
import type { Policy } from './policy.ts';

/** What decides which policy covers a ticket, beside the tier. */
export interface Alike {
  customer: string;
  kind: string;
  channel: string;
  priority: string;
}

const DAY = 86_400;

/**
 * Seconds within which such a ticket is promised to be solved, opened at `at` by a customer of this tier (null: of none); a
 * working day counts as 24 hours. Null where nothing is promised. What is asked again is remembered.
 */
export function promisesOf(
  policies: readonly Policy[],
  at: Instant,
): (ticket: Alike, tier: string | null) => number | null {
  const named = new Set(policies.flatMap(({ match }) => match.customers));
  const known = new Map<string, number | null>();
  return ({ customer, kind, channel, priority }, tier) => {
    const key = JSON.stringify([named.has(customer) ? customer : null, tier, kind, channel, priority]);
    let seconds = known.get(key);
    if (seconds === undefined) {
      const policy = matchPolicy(policies, { customer, tier, kind, channel, priority }, at);
      const target = policy?.objectives.get('resolution')?.target;
      seconds = target === undefined ? null : 'days' in target ? target.days * DAY : target.seconds;
      known.set(key, seconds);
    }
    return seconds;
  };
}
