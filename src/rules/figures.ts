/** Figures of a customer: numbers taken of what they do, over a window that ends now. Tiers, risks and need tags rest on them. */

export const ACTIVITY_KINDS = ['order', 'refund', 'visit', 'contact'] as const;
export type ActivityKind = (typeof ACTIVITY_KINDS)[number];

/**
 * What a figure is of. Windows are ISO 8601 durations of years, months or days (`P12M`, `P90D`), back from now in the
 * workspace's time zone; a window reaches from after its start up to and including now.
 */
export type FigureDefinition =
  /** Sum of base amounts, in the workspace's currency; refunds are taken off. */
  | { of: 'amount'; activities: readonly ActivityKind[]; window: string }
  /** How many activities. */
  | { of: 'count'; activities: readonly ActivityKind[]; window: string }
  /** By how many percent the window is more than the one before it. From nothing to something: no bound. */
  | { of: 'growth'; by: 'amount' | 'count'; activities: readonly ActivityKind[]; window: string }
  /** Whole months a customer: since `customerSince`, else since their first activity. */
  | { of: 'months' }
  /** A number another system gives (`figures` of the customer). */
  | { of: 'given'; key: string }
  /** Mean of the overall scores of their surveys, as percent of the scale's span: 0 is the lowest point, 100 the highest. */
  | { of: 'satisfaction'; window: string }
  /** How many of their survey answers were low. */
  | { of: 'low_scores'; window: string }
  /** How many tickets they opened; of these kinds, and with any of these words, where told. */
  | { of: 'tickets'; kinds?: readonly string[] | undefined; words?: readonly string[] | undefined; window: string };

/** Null: nothing is known. Infinity: growth from nothing. */
export type Figure = number | null;

/** In what a figure is: money of the workspace's currency, how many, percent, whole months, or a number of another system. */
export const UNITS = ['currency', 'count', 'percent', 'months', 'number'] as const;
export type Unit = (typeof UNITS)[number];

const UNIT: Record<FigureDefinition['of'], Unit> = {
  amount: 'currency',
  count: 'count',
  growth: 'percent',
  months: 'months',
  given: 'number',
  satisfaction: 'percent',
  low_scores: 'count',
  tickets: 'count',
};

export function unitOf({ of }: FigureDefinition): Unit {
  return UNIT[of];
}

/** Which way a figure is good: of what is given by others nobody knows. */
export function betterWay({ of }: FigureDefinition): 'more' | 'less' | null {
  if (of === 'given') return null;
  return of === 'low_scores' || of === 'tickets' ? 'less' : 'more';
}

/**
 * By how many percent a window is more than the one before it. From nothing, or from less than nothing, to something there
 * is no bound; to nothing again there is no growth to speak of: null.
 */
export function growthOf(now: number, before: number): Figure {
  // Borders are whole percents: what sums of money leave behind their sixth decimal must not decide.
  if (before > 0) return Math.round(((now - before) * 1e8) / before) / 1e6;
  return now > 0 ? Number.POSITIVE_INFINITY : null;
}
