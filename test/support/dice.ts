/** Numbers that look drawn and are the same for the same seed (mulberry32). */

export function dice(seed: number) {
  let state = seed;
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(random() * limit);
  const oneOf = <T>(list: readonly T[]): T => list[below(list.length)]!;
  const someOf = <T>(list: readonly T[], share = 0.5): T[] => list.filter(() => random() < share);
  const chance = (share: number) => random() < share;
  return { below, oneOf, someOf, chance };
}

export type Dice = ReturnType<typeof dice>;
