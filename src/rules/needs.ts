/** What a customer wants, as far as rules can tell: rules on figures, profile, tags and tier give need tags with a confidence. */

import type { Figure, FigureDefinition } from './figures.ts';
import { saysAny } from './search.ts';
import type { Figures } from './tier-model.ts';

export type NeedCondition =
  /** The figure is known and within the bounds, which belong to the range. */
  | { figure: FigureDefinition; min?: number | undefined; max?: number | undefined }
  /** The profile says at least one of these words in this field, found as search finds it. */
  | { profile: string; contains: readonly string[] }
  /** The customer has this tag. */
  | { tag: string }
  /** The customer holds one of these tiers. */
  | { tier: readonly string[] };

/** Gives the tag to whom all conditions hold for. */
export interface NeedRule {
  key: string;
  tag: string;
  /** How sure it is, from 0 to 1. */
  confidence: number;
  conditions: readonly NeedCondition[];
}

/** What rules read of a customer beside the figures. */
export interface NeedCustomer {
  tier: string | null;
  tags: readonly string[];
  profile: Readonly<Record<string, unknown>>;
}

/** What a rule says of one tag. */
export interface Need {
  /** Key of the rule. */
  rule: string;
  confidence: number;
}

/** The figures that `needsOf` reads: the objects in the rules themselves. */
export function needFigures(rules: readonly NeedRule[]): FigureDefinition[] {
  return rules.flatMap(({ conditions }) =>
    conditions.flatMap((condition) => ('figure' in condition ? [condition.figure] : [])),
  );
}

/** What the rules say the customer wants, by tag: of several rules the surest, of equally sure ones the first by key. */
export function needsOf(rules: readonly NeedRule[], customer: NeedCustomer, figures: Figures): Map<string, Need> {
  const needs = new Map<string, Need>();
  for (const { key: rule, tag, confidence, conditions } of rules) {
    const known = needs.get(tag);
    const isBetter =
      known === undefined || confidence > known.confidence || (confidence === known.confidence && rule < known.rule);
    if (isBetter && conditions.every((condition) => holds(condition, customer, figures))) {
      needs.set(tag, { rule, confidence });
    }
  }
  return needs;
}

function holds(condition: NeedCondition, customer: NeedCustomer, figures: Figures): boolean {
  if ('figure' in condition) {
    const { figure, min = -Infinity, max = Infinity } = condition;
    return isWithin(figures.get(figure), min, max);
  }
  if ('profile' in condition) {
    const text = customer.profile[condition.profile];
    return typeof text === 'string' && saysAny(text, condition.contains);
  }
  if ('tag' in condition) return customer.tags.includes(condition.tag);
  return customer.tier !== null && condition.tier.includes(customer.tier);
}

function isWithin(figure: Figure | undefined, min: number, max: number): boolean {
  return figure !== undefined && figure !== null && figure >= min && figure <= max;
}
