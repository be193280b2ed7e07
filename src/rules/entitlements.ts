/** What a customer is promised, whatever they may ask and by whatever channel: the policies that would cover it, and why. */

import type { Instant } from './calendar.ts';
import { explainMatch, type MatchReason, matches, matchPolicy } from './matching.ts';
import { METRICS, type Metric } from './objective.ts';
import { type Policy, PRIORITIES } from './policy.ts';

/** What a ticket can be, in the order in which it is told. */
export interface Words {
  kinds: readonly string[];
  channels: readonly string[];
}

/** Every ticket of one of these kinds, by one of these channels, with one of these priorities. */
export interface Box {
  kinds: string[];
  channels: string[];
  priorities: string[];
}

export interface Entitled extends Box {
  /** Null: nothing is promised. */
  policy: Policy | null;
  /** What put it before the next policy that matches; null where none does. */
  reason: MatchReason | null;
  /** It names the customer. */
  personal: boolean;
  /** Of a personal one: the policy that would cover these tickets without any personal one. */
  overrides: Policy | null;
}

/**
 * What would cover a ticket opened at `at`, in boxes that share an answer: each ticket that can be lies in exactly one of
 * them. Words that no policy tells apart are looked at once, so that many words cost no more than few.
 */
export function entitledTo(
  policies: readonly Policy[],
  whose: { customer: string; tier: string | null },
  { kinds, channels }: Words,
  at: Instant,
): Entitled[] {
  const candidates = policies.filter((policy) => matches(policy, whose));
  const standard = candidates.filter((policy) => !isPersonal(policy));
  const alike = (values: readonly string[], list: 'kinds' | 'channels' | 'priorities') =>
    groups(values, (value) => candidates.map(({ match }) => match[list].length === 0 || match[list].includes(value)));
  const found: Entitled[] = [];
  for (const ofKinds of alike(kinds, 'kinds')) {
    for (const ofChannels of alike(channels, 'channels')) {
      for (const ofPriorities of alike(PRIORITIES, 'priorities')) {
        const box = { kinds: ofKinds, channels: ofChannels, priorities: ofPriorities };
        found.push({ ...answerFor(candidates, standard, { ...whose, ...firstOf(box) }, at), ...box });
      }
    }
  }
  const boxes = (['priorities', 'kinds', 'channels'] as const).reduce(joined, found);
  const inOrder = (some: readonly string[], all: readonly string[]) => all.filter((value) => some.includes(value));
  return boxes.map((box) => ({
    ...box,
    kinds: inOrder(box.kinds, kinds),
    channels: inOrder(box.channels, channels),
    priorities: inOrder(box.priorities, PRIORITIES),
  }));
}

function answerFor(
  candidates: readonly Policy[],
  standard: readonly Policy[],
  ticket: Record<string, string | null>,
  at: Instant,
): Omit<Entitled, keyof Box> {
  const policy = matchPolicy(candidates, ticket, at);
  const personal = policy !== null && isPersonal(policy);
  return {
    policy,
    reason: explainMatch(candidates, ticket, at)?.reason ?? null,
    personal,
    overrides: personal ? matchPolicy(standard, ticket, at) : null,
  };
}

function firstOf({ kinds, channels, priorities }: Box): Record<string, string> {
  return { kind: kinds[0]!, channel: channels[0]!, priority: priorities[0]! };
}

function isPersonal({ match }: Policy): boolean {
  return match.customers.length > 0;
}

/** Values of the same sign together, in the order in which each sign came first. */
function groups(values: readonly string[], signOf: (value: string) => unknown): string[][] {
  return [...Map.groupBy(values, (value) => JSON.stringify(signOf(value))).values()];
}

/** Boxes that differ in this list alone and have the same answer are one. */
function joined(boxes: readonly Entitled[], list: keyof Box): Entitled[] {
  const signOf = ({ policy, overrides, ...rest }: Entitled) =>
    JSON.stringify({ ...rest, [list]: null, policy: policy?.key, overrides: overrides?.key });
  return [...Map.groupBy(boxes, signOf).values()].map((same) => ({
    ...same[0]!,
    [list]: same.flatMap((one) => one[list]),
  }));
}

/** What one promise is, beside what the standard policy promises. */
export interface EntitledPromise {
  metric: Metric;
  policy: Policy;
  /** The same metric in the policy that is overridden; null where there is none, or it does not promise it. */
  standard: Policy | null;
}

/** By metric, in their order; and the metrics that only the overridden policy promises. */
export function promisesOf({ policy, overrides }: Pick<Entitled, 'policy' | 'overrides'>): {
  promises: EntitledPromise[];
  leftOut: Metric[];
} {
  const promises = METRICS.filter((metric) => policy?.objectives.has(metric)).map((metric) => ({
    metric,
    policy: policy!,
    standard: overrides?.objectives.has(metric) ? overrides : null,
  }));
  const leftOut = METRICS.filter((metric) => overrides?.objectives.has(metric) && !policy?.objectives.has(metric));
  return { promises, leftOut };
}
