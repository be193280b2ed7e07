/** Sorted intervals, and the open ones of a block of time with running totals: what a compiled calendar is made of. */

/** Epoch seconds, an integer. */
export type Instant = number;

export const DAY = 86_400;

/** Calendars answer from 1970-01-01T00:00:00Z to this instant, 2200-01-01T00:00:00Z. */
export const LAST_INSTANT: Instant = 7_258_118_400;

/** Calendars are compiled in blocks of 388 days: a power of two, so that finding one is a multiplication, not a calendar computation. */
export const BLOCK_SECONDS = 2 ** 25;
export const BLOCKS = Math.floor(LAST_INSTANT / BLOCK_SECONDS) + 1;
/** Each block is indexed by slots of 2^15 seconds, some nine hours, of time and of open time. */
const SLOT_BITS = 15;
/** After every second of a block. */
const NEVER = 2 ** 30;

/** Half-open: `start` belongs to it, `end` does not. */
export interface Interval {
  start: Instant;
  end: Instant;
}

/**
 * The open intervals of one block, as the turns that a walk through it passes: where each begins, in seconds after the start of the
 * block, and how many open seconds came before it. The two stand side by side, for they are read together.
 */
export class Block {
  /** First an interval of no length at 0, so that every second has a latest beginning; behind the last, some that never begin. */
  readonly #turns: Int32Array;
  /** Per slot, the turn at its first second; and the power of two with which a search for a later one in the slot begins. */
  readonly #byTime: Int32Array;
  readonly #timeStride: number;
  readonly #byOpenTime: Int32Array;
  readonly #openTimeStride: number;
  readonly total: number;
  /** The dates of this block (by their midnight in UTC) whose own periods are open at some time. */
  readonly openDates: readonly number[];

  constructor(intervals: Interval[], openDates: number[]) {
    const turns = [0, 0];
    let total = 0;
    for (const { start, end } of intervals) {
      turns.push(start, total);
      total += end - start;
    }
    turns.push(NEVER, total);
    this.total = total;
    this.openDates = openDates;
    this.#byTime = slotIndex(turns, 0, BLOCK_SECONDS);
    this.#timeStride = strideOver(this.#byTime);
    this.#byOpenTime = slotIndex(turns, 1, total);
    this.#openTimeStride = strideOver(this.#byOpenTime);
    // A stride may look beyond the last turn.
    this.#turns = new Int32Array(turns.length + Math.max(this.#timeStride, this.#openTimeStride)).fill(NEVER);
    this.#turns.set(turns);
  }

  /** Open seconds before `second`, from the start of the block. */
  openBefore(second: number): number {
    const turns = this.#turns;
    const i = this.#turnAt(second);
    const before = turns[i + 1]! + second - turns[i]!;
    const ended = turns[i + 3]!;
    return ended + ((before - ended) & ((before - ended) >> 31)); // the lesser of the two, also without a branch
  }

  /** When the open second number `n` begins; 0 <= n < total. */
  openSecond(n: number): number {
    const turns = this.#turns;
    let i = this.#byOpenTime[n >> SLOT_BITS]!;
    for (let stride = this.#openTimeStride; stride > 1; stride >>= 1) {
      i += stride & ((turns[i + stride + 1]! - n - 1) >> 31);
    }
    return turns[i]! + n - turns[i + 1]!;
  }

  /** The intervals that end after `from` and begin before `to`, at most the end of the block. */
  intervals(from: number, to: number): Interval[] {
    const turns = this.#turns;
    const found: Interval[] = [];
    for (let i = Math.max(this.#turnAt(from), 2); turns[i]! < to; i += 2) {
      const end = turns[i]! + turns[i + 3]! - turns[i + 1]!;
      if (end > from) found.push({ start: turns[i]!, end });
    }
    return found;
  }

  /**
   * The last turn at or before `second`: a binary search. Where the second lies is a toss-up for the processor, and a branch that it
   * guesses wrong costs more than the rest: so the sign of the difference, all ones or all zeros, takes the stride or leaves it.
   */
  #turnAt(second: number): number {
    const turns = this.#turns;
    let i = this.#byTime[second >> SLOT_BITS]!;
    for (let stride = this.#timeStride; stride > 1; stride >>= 1) {
      i += stride & ((turns[i + stride]! - second - 1) >> 31);
    }
    return i;
  }
}

/** The last turn at or before the first second of each slot, up to `end`, as the beginnings (0) or the open seconds before them (1) say. */
function slotIndex(turns: number[], side: 0 | 1, end: number): Int32Array {
  const index = new Int32Array((end >> SLOT_BITS) + 2);
  let turn = 0;
  for (let slot = 0; slot < index.length; slot++) {
    while (turn + 4 < turns.length && turns[turn + 2 + side]! <= slot << SLOT_BITS) turn += 2;
    index[slot] = turn;
  }
  return index;
}

/** The greatest power of two within the fullest slot: it and its halves add up to every turn in a slot. */
function strideOver(index: Int32Array): number {
  let fullest = 1;
  for (let slot = 1; slot < index.length; slot++) fullest = Math.max(fullest, index[slot]! - index[slot - 1]!);
  return 1 << (31 - Math.clz32(fullest));
}

/** The last index in [low, high) whose value is at most `value`; that of `low` is. */
export function lastAtMost(values: Float64Array, value: number, low: number, high: number): number {
  let [first, end] = [low, high];
  while (end - first > 1) {
    const middle = (first + end) >> 1;
    if (values[middle]! <= value) first = middle;
    else end = middle;
  }
  return first;
}

/** Sorted, without overlap or touch, and without what is empty or reversed. */
export function union(intervals: Interval[]): Interval[] {
  const merged: Interval[] = [];
  for (const { start, end } of intervals.filter((i) => i.start < i.end).sort((a, b) => a.start - b.start)) {
    const last = merged.at(-1);
    if (last && start <= last.end) last.end = Math.max(last.end, end);
    else merged.push({ start, end });
  }
  return merged;
}

/** What of `intervals` lies outside `holes`; both as `union` gives them. */
export function subtract(intervals: Interval[], holes: Interval[]): Interval[] {
  const left: Interval[] = [];
  let next = 0;
  for (const { start, end } of intervals) {
    while (next < holes.length && holes[next]!.end <= start) next++;
    let from = start;
    for (let i = next; i < holes.length && holes[i]!.start < end; i++) {
      if (holes[i]!.start > from) left.push({ start: from, end: holes[i]!.start });
      from = holes[i]!.end;
    }
    if (from < end) left.push({ start: from, end });
  }
  return left;
}
