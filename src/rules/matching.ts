/** Which of several policies covers a ticket, and why. */

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

interface Matched {
  readonly key: string;
  readonly position: number;
  readonly match: Match;
}

/** Whether every list of the policy is empty or names the attribute. */
export function matches(policy: Matched, attributes: Attributes): boolean {
  return ATTRIBUTES.every((attribute) => {
    const list = policy.match[MATCH_LISTS[attribute]];
    const value = attributes[attribute];
    return list.length === 0 || value === undefined || (value !== null && list.includes(value));
  });
}

/**
 * The policy that covers the ticket, or null when none does. One that names the customer wins over all; then the one
 * with most non-empty lists; then the lowest position. Equal positions fall to the key, so that the answer never varies.
 */
export function matchPolicy<P extends Matched>(policies: readonly P[], attributes: Attributes): P | null {
  return byPrecedence(policies, attributes)[0] ?? null;
}

export interface MatchExplanation {
  /** What put it before the next policy that matches, if there is one. */
  reason: MatchReason;
  /** Every attribute, and whether the policy names it or takes any. Null: none, or not known. */
  attributes: { attribute: Attribute; value: string | null; matched: 'named' | 'any' }[];
  /** The others that match, by precedence, and what put the policy before each. */
  alternatives: { key: string; reason: MatchReason }[];
}

export const MATCH_REASONS = ['only_match', 'names_customer', 'most_specific', 'lowest_position', 'first_key'] as const;
export type MatchReason = (typeof MATCH_REASONS)[number];

/** Why `matchPolicy` answers what it answers; null when it answers null. */
export function explainMatch(policies: readonly Matched[], attributes: Attributes): MatchExplanation | null {
  const [winner, ...others] = byPrecedence(policies, attributes);
  if (winner === undefined) return null;
  const alternatives = others.map((other) => ({ key: other.key, reason: reasonBefore(winner, other) }));
  return {
    reason: alternatives[0]?.reason ?? 'only_match',
    alternatives,
    attributes: ATTRIBUTES.map((attribute) => ({
      attribute,
      value: attributes[attribute] ?? null,
      matched: winner.match[MATCH_LISTS[attribute]].length === 0 ? 'any' : 'named',
    })),
  };
}

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
