/** Sorted intervals, and the open ones of a block of time with running totals: what a compiled calendar is made of. */

/** Epoch seconds, an integer. */
export type Instant = number;

export const DAY = 86_400;

/** Calendars answer from 1970-01-01T00:00:00Z to this instant, 2200-01-01T00:00:00Z. */
export const LAST_INSTANT: Instant = 7_258_118_400;

/** Calendars are compiled in blocks of 388 days: a power of two, so that finding one is a multiplication, not a calendar computation. */
export const BLOCK_SECONDS = 2 ** 25;
export const BLOCKS = Math.floor(LAST_INSTANT / BLOCK_SECONDS) + 1;
/** Each block is indexed by slots of 2^16 seconds, of time and of open time. */
const SLOT_BITS = 16;

/** Half-open: `start` belongs to it, `end` does not. */
export interface Interval {
  start: Instant;
  end: Instant;
}

/** The open intervals of one block, in seconds after its start. */
export class Block {
  /** Interval i is open from starts[i] to ends[i], after before[i] open seconds; a last one that never comes ends the search. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly before: Int32Array;
  readonly total: number;
  /** The dates of this block (by their midnight in UTC) whose own periods are open at some time. */
  readonly openDates: readonly number[];
  /** Where the search may begin, per slot of time and per slot of open time. */
  readonly #byTime: Int32Array;
  readonly #byTotal: Int32Array;

  constructor(intervals: Interval[], openDates: number[]) {
    this.starts = Int32Array.from([...intervals.map(({ start }) => start), BLOCK_SECONDS]);
    this.ends = Int32Array.from([...intervals.map(({ end }) => end), BLOCK_SECONDS + 1]);
    this.before = new Int32Array(this.starts.length);
    for (let i = 0; i < intervals.length; i++) this.before[i + 1] = this.before[i]! + this.ends[i]! - this.starts[i]!;
    this.total = this.before.at(-1)!;
    this.openDates = openDates;
    this.#byTime = slotIndex(BLOCK_SECONDS, (second) => lastAtMost(this.ends, second, -1, this.ends.length) + 1);
    this.#byTotal = slotIndex(this.total, (second) => lastAtMost(this.before, second, 0, this.before.length));
  }

  /** The first interval that ends after `second`. */
  intervalAt(second: number): number {
    const slot = second >> SLOT_BITS;
    return lastAtMost(this.ends, second, this.#byTime[slot]! - 1, this.#byTime[slot + 1]!) + 1;
  }

  /** The interval that holds the open second `n`. */
  intervalOf(n: number): number {
    const slot = n >> SLOT_BITS;
    return lastAtMost(this.before, n, this.#byTotal[slot]!, this.#byTotal[slot + 1]! + 1);
  }
}

function slotIndex(seconds: number, indexAt: (second: number) => number): Int32Array {
  const index = new Int32Array((seconds >> SLOT_BITS) + 2);
  for (let slot = 0; slot < index.length; slot++) index[slot] = indexAt(slot << SLOT_BITS);
  return index;
}

/** The last index in [low, high) whose value is at most `value`, `low` when none above it is: a binary search. */
function lastAtMost(values: Int32Array, value: number, low: number, high: number): number {
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
