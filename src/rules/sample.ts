/** How a sample of customers is spread over the tiers. */

/**
 * How many of each group are drawn so that together they are `size`: as evenly as the groups allow, so that a small one is
 * judged as well as a large one. What a group does not have, the others give; a remainder goes to the first ones.
 */
export function spread(size: number, available: readonly number[]): number[] {
  const drawn = available.map(() => 0);
  let left = size;
  for (;;) {
    const open = available.flatMap((count, index) => (count > drawn[index]! ? [index] : []));
    if (left <= 0 || open.length === 0) return drawn;
    const share = Math.max(1, Math.floor(left / open.length));
    for (const index of open) {
      const more = Math.min(share, available[index]! - drawn[index]!, left);
      drawn[index]! += more;
      left -= more;
    }
  }
}
