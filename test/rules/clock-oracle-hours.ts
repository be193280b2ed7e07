/** Open hours as the second opinion on clocks reads them: listed once, and walked from one opening to the next. */

import type { Calendar, CalendarDefinition } from '../../src/rules/calendar.ts';
import type { Semantics } from '../../src/rules/semantics.ts';
import { CalendarOracle } from './calendar-oracle.ts';

/** The open hours of one calendar between two instants, listed once. */
export class Hours {
  readonly #open: { start: number; end: number }[];
  readonly #oracle: CalendarOracle;
  readonly #dates = new Map<string, number>();
  readonly #horizon: number;

  constructor(definition: CalendarDefinition, from: number, to: number) {
    this.#oracle = new CalendarOracle(definition);
    this.#open = this.#oracle.openIntervals(from, to);
    this.#horizon = to;
  }

  isOpen(at: number): boolean {
    const next = this.#from(at);
    return next !== undefined && next.start <= at;
  }

  /** The next opening or closing later than `at`. */
  nextEdge(at: number): number {
    const next = this.#from(at);
    if (next === undefined) return this.#horizon;
    return next.start > at ? next.start : next.end;
  }

  between(from: number, to: number): number {
    let seconds = 0;
    for (let at = from; at < to; at = Math.min(to, this.nextEdge(at))) {
      if (this.isOpen(at)) seconds += Math.min(to, this.nextEdge(at)) - at;
    }
    return seconds;
  }

  add(start: number, seconds: number, atClosing: Semantics['atClosing']): number {
    let left = seconds;
    for (let at = start; at < this.#horizon; at = this.nextEdge(at)) {
      if (!this.isOpen(at)) continue;
      const length = this.nextEdge(at) - at;
      if (left < length || (left === length && atClosing === 'closing')) return at + left;
      left -= length;
    }
    throw new Error('The oracle looks no further.');
  }

  addDays(start: number, days: number): number {
    const key = `${start} ${days}`;
    if (!this.#dates.has(key)) this.#dates.set(key, this.#oracle.addBusinessDays(start, days));
    return this.#dates.get(key)!;
  }

  /** The interval that holds `at`, else the next one. */
  #from(at: number): { start: number; end: number } | undefined {
    let [low, high] = [0, this.#open.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#open[middle]!.end > at) high = middle;
      else low = middle + 1;
    }
    return this.#open[low];
  }
}

/** How the oracle reads a compiled calendar: by hours it listed itself. */
export type HoursOf = (calendar: Calendar) => Hours;
