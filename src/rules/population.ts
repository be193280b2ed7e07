/** How values and totals lie in a workspace: what percentiles and shares are read in. */

import { POINT_STEPS, type Population, type TierModel } from './tier-model.ts';

/** So many steps tell a permille apart. */
const MOST_STEPS = 1001;

/** Whether scores under this model rest on a population at all. */
export function needsPopulation({ parts, rules }: Pick<TierModel, 'parts' | 'rules'>): boolean {
  return parts.some(({ bands }) => bands === null) || rules.some(({ share }) => share !== undefined);
}

/** The values at equal steps from the lowest to the highest; null: without bound. `sorted` ascends. */
export function stepsOf(sorted: ArrayLike<number>): (number | null)[] {
  const last = sorted.length - 1;
  const steps = Math.min(MOST_STEPS, sorted.length);
  return Array.from({ length: steps }, (_, step) => {
    const value = sorted[steps === 1 ? 0 : Math.round((step * last) / (steps - 1))]!;
    return Number.isFinite(value) ? value : null;
  });
}

/** How many customers have which total, in hundredths of a point: 0 to 100. */
export type Totals = number[];

export function noTotals(): Totals {
  return new Array<number>(100 * POINT_STEPS + 1).fill(0);
}

export function addTotal(totals: Totals, total: number): void {
  totals[Math.round(total * POINT_STEPS)]! += 1;
}

/**
 * By rule, the total that its share of the customers reaches: that of the last one among them, counted from the best, and
 * at least one. Whoever has the same total is among them, too. Null where no share is told, or nobody was scored.
 */
export function minTotalsOf({ rules }: Pick<TierModel, 'rules'>, totals: Totals): Population['minTotals'] {
  const customers = totals.reduce((sum, count) => sum + count, 0);
  return rules.map(({ share }) => {
    if (share === undefined || customers === 0) return null;
    // Less than a whole customer too much is the doing of floating point.
    const among = Math.max(1, Math.floor((customers * share) / 100 + 1e-9));
    let counted = 0;
    for (let total = totals.length - 1; ; total--) {
      counted += totals[total]!;
      if (counted >= among) return total / POINT_STEPS;
    }
  });
}
