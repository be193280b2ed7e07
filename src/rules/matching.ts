/** Which of several policies covers a ticket, and why. */

import type { Instant } from './block.ts';

/** What a ticket is matched by -> the list of a policy that names it. */
export const MATCH_LISTS = {
  customer: 'customers',
  tier: 'tiers',
  kind: 'kinds',
  channel: 'channels',
  priority: 'priorities',
} as const;

export type Attribute = keyof typeof MATCH_LISTS;
export const ATTRIBUTES = Object.keys(MATCH_LISTS) as Attribute[];

/** Undefined is not known and matches every list (a simulation); null is none and matches only an empty list. */
export type Attributes = { [A in Attribute]?: string | null | undefined };

/** Keys, `customers` ids; an empty list matches all. */
export type Match = Readonly<Record<(typeof MATCH_LISTS)[Attribute], readonly string[]>>;

/** From when on, and until when (not then any more), tickets come under a policy; null: without a beginning, without an end. */
export interface Term {
  readonly validFrom: Instant | null;
  readonly validTo: Instant | null;
}

interface Matched extends Term {
  readonly key: string;
  readonly position: number;
  readonly match: Match;
}

export const TERM_STATES = ['upcoming', 'in_force', 'ended'] as const;
export type TermState = (typeof TERM_STATES)[number];

/** How a term stands at an instant. */
export function termState({ validFrom, validTo }: Term, at: Instant): TermState {
  if (validTo !== null && at >= validTo) return 'ended';
  return validFrom !== null && at < validFrom ? 'upcoming' : 'in_force';
}

/** Whether every list of the policy is empty or names the attribute. Its term is not asked. */
export function matches(policy: Matched, attributes: Attributes): boolean {
  return ATTRIBUTES.every((attribute) => {
    const list = policy.match[MATCH_LISTS[attribute]];
    const value = attributes[attribute];
    return list.length === 0 || value === undefined || (value !== null && list.includes(value));
  });
}

/**
 * The policy that covers a ticket matched at `at`, or null when none does. Only those whose term holds then are asked. One
 * that names the customer wins over all; then the one with most non-empty lists; then the lowest position. Equal positions
 * fall to the key, so that the answer never varies.
 */
export function matchPolicy<P extends Matched>(policies: readonly P[], attributes: Attributes, at: Instant): P | null {
  return byPrecedence(policies, attributes).find((policy) => termState(policy, at) === 'in_force') ?? null;
}

export interface MatchExplanation {
  /** What put it before the next policy that matches, if there is one. */
  reason: MatchReason;
  /** Every attribute, and whether the policy names it or takes any. Null: none, or not known. */
  attributes: { attribute: Attribute; value: string | null; matched: 'named' | 'any' }[];
  /** The others that match, by precedence, and what put the policy before each. */
  alternatives: { key: string; reason: MatchReason }[];
  /** Those that would have come before it, but for their term. */
  passedOver: { key: string; term: 'upcoming' | 'ended' }[];
}

export const MATCH_REASONS = ['only_match', 'names_customer', 'most_specific', 'lowest_position', 'first_key'] as const;
export type MatchReason = (typeof MATCH_REASONS)[number];

/** Why `matchPolicy` answers what it answers; null when it answers null. */
export function explainMatch(
  policies: readonly Matched[],
  attributes: Attributes,
  at: Instant,
): MatchExplanation | null {
  const all = byPrecedence(policies, attributes);
  const [winner, ...others] = all.filter((policy) => termState(policy, at) === 'in_force');
  if (winner === undefined) return null;
  const alternatives = others.map((other) => ({ key: other.key, reason: reasonBefore(winner, other) }));
  return {
    reason: alternatives[0]?.reason ?? 'only_match',
    alternatives,
    passedOver: all.slice(0, all.indexOf(winner)).map((policy) => {
      return { key: policy.key, term: termState(policy, at) as 'upcoming' | 'ended' };
    }),
    attributes: ATTRIBUTES.map((attribute) => ({
      attribute,
      value: attributes[attribute] ?? null,
      matched: winner.match[MATCH_LISTS[attribute]].length === 0 ? 'any' : 'named',
    })),
  };
}

/** Those that match, whatever their term. */
function byPrecedence<P extends Matched>(policies: readonly P[], attributes: Attributes): P[] {
  return policies
    .filter((policy) => matches(policy, attributes))
    .sort(
      (a, b) =>
        Number(namesCustomer(b)) - Number(namesCustomer(a)) ||
        specificity(b) - specificity(a) ||
        a.position - b.position ||
        (a.key < b.key ? -1 : Number(a.key > b.key)),
    );
}

function reasonBefore(winner: Matched, next: Matched): MatchReason {
  if (namesCustomer(winner) !== namesCustomer(next)) return 'names_customer';
  if (specificity(winner) !== specificity(next)) return 'most_specific';
  return winner.position === next.position ? 'first_key' : 'lowest_position';
}

function namesCustomer(policy: Matched): boolean {
  return policy.match.customers.length > 0;
}

function specificity(policy: Matched): number {
  return Object.values(policy.match).filter((list) => list.length > 0).length;
}
