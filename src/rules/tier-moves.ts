/** What reviews of many customers came to, counted. */

/** Customers who pass, or would pass, from one tier to another. */
export interface Move {
  /** Null: none before. */
  from: string | null;
  to: string;
  customers: number;
}

/** Adds customers to the move from one tier to another. */
export function addMove(moves: Move[], from: string | null, to: string): void {
  const known = moves.find((move) => move.from === from && move.to === to);
  if (known === undefined) moves.push({ from, to, customers: 1 });
  else known.customers += 1;
}
