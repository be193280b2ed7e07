/** A slow second opinion on calendars: it asks Temporal about one instant, one date, one clock time, and shares no code with the rules. */

import { Temporal } from 'temporal-polyfill';
import type { CalendarDefinition, Weekday } from '../../src/rules/calendar.ts';

type PlainDate = Temporal.PlainDate;
type Span = [start: number, end: number];

const NAMES: Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

export class CalendarOracle {
  readonly #definition: CalendarDefinition;
  readonly #zone: string;
  readonly #clock = new Map<string, number>();
  readonly #spans = new Map<string, Span[]>();
  readonly #closures: { span: Span; isWhole: boolean }[];

  constructor(definition: CalendarDefinition) {
    this.#definition = definition;
    this.#zone = definition.timeZone;
    this.#closures = (definition.holidays ?? []).flatMap((holiday) => {
      const date = Temporal.PlainDate.from(typeof holiday === 'string' ? holiday : holiday.date);
      if (!this.#exists(date) || this.#special(date)) return [];
      if (typeof holiday === 'string') {
        return { span: [this.#beginning(date), this.#beginning(date.add({ days: 1 }))] as Span, isWhole: true };
      }
      const isWhole = /^00:00(:00)?$/.test(holiday.from) && holiday.to.startsWith('24');
      return { span: [this.#reads(date, holiday.from), this.#reads(date, holiday.to)] as Span, isWhole };
    });
  }

  isOpen(at: number): boolean {
    return this.#isScheduled(at) && !this.#closures.some(({ span }) => holds(span, at));
  }

  closedReason(at: number): 'outside_hours' | 'holiday' | null {
    if (this.isOpen(at)) return null;
    const isHoliday = this.#isScheduled(at) || this.#closures.some(({ span, isWhole }) => isWhole && holds(span, at));
    return isHoliday ? 'holiday' : 'outside_hours';
  }

  /** Maximal stretches of one answer within [from, to): every instant at which the answer may change is asked, and nothing between. */
  stretches<T>(from: number, to: number, ask: (at: number) => T): { start: number; end: number; answer: T }[] {
    const edges = new Set([from]);
    for (let date = this.#dateOf(from).subtract({ days: 3 }); ; date = date.add({ days: 1 })) {
      for (const edge of this.#spansOn(date).flat()) edges.add(edge);
      if (Temporal.PlainDate.compare(date, this.#dateOf(to)) > 0) break;
    }
    for (const edge of this.#closures.flatMap(({ span }) => span)) edges.add(edge);
    const sorted = [...edges].filter((edge) => edge >= from && edge < to).sort((a, b) => a - b);
    const found: { start: number; end: number; answer: T }[] = [];
    for (const [i, start] of sorted.entries()) {
      const answer = ask(start);
      const end = sorted[i + 1] ?? to;
      const last = found.at(-1);
      if (last?.answer === answer) last.end = end;
      else found.push({ start, end, answer });
    }
    return found;
  }

  openIntervals(from: number, to: number): { start: number; end: number }[] {
    return this.stretches(from, to, (at) => this.isOpen(at))
      .filter(({ answer }) => answer)
      .map(({ start, end }) => ({ start, end }));
  }

  /** By counting: undefined when the open time before `horizon` does not suffice. */
  add(start: number, seconds: number, atClosing: 'closing' | 'next_opening', horizon: number): number | undefined {
    return addOver(this.openIntervals(start, horizon), start, seconds, atClosing);
  }

  addBusinessDays(start: number, days: number): number {
    const now = this.#at(start).toPlainDateTime();
    let date = now.toPlainDate();
    for (let left = days; left > 0; ) {
      date = date.add({ days: 1 });
      if (this.#ownHours(date).length > 0) left--;
    }
    const same = this.#reads(date, now.toPlainTime().toString());
    const hours = this.#ownHours(date);
    if (hours.some((span) => holds(span, same))) return same;
    return hours.find(([opening]) => opening > same)?.[0] ?? hours.at(-1)![1];
  }

  /** When the local date of an instant begins. */
  static midnight(timeZone: string, at: number): number {
    const date = Temporal.Instant.fromEpochMilliseconds(at * 1000)
      .toZonedDateTimeISO(timeZone)
      .toPlainDate();
    return date.toZonedDateTime(timeZone).epochMilliseconds / 1000;
  }

  /** What is open of the periods that start on `date`. */
  #ownHours(date: PlainDate): Span[] {
    const own = this.#spansOn(date);
    if (own.length === 0) return [];
    const [from, to] = [Math.min(...own.map(([a]) => a)), Math.max(...own.map(([, b]) => b))];
    const isOwn = (at: number) => this.isOpen(at) && own.some((span) => holds(span, at));
    return this.stretches(from, to, isOwn)
      .filter(({ answer }) => answer)
      .map(({ start, end }) => [start, end]);
  }

  #isScheduled(at: number): boolean {
    const today = this.#dateOf(at);
    return [-2, -1, 0, 1].some((days) => this.#spansOn(today.add({ days })).some((span) => holds(span, at)));
  }

  #spansOn(date: PlainDate): Span[] {
    const known = this.#spans.get(date.toString());
    if (known) return known;
    const periods = this.#special(date)?.periods ?? this.#definition.week[NAMES[date.dayOfWeek - 1]!] ?? [];
    const tomorrow = date.add({ days: 1 });
    const spans = periods.map(([from, to]): Span => {
      const isOvernight = to.padEnd(8, ':00') < from.padEnd(8, ':00');
      if (!isOvernight) return [this.#reads(date, from), this.#reads(date, to)];
      const end = this.#reads(tomorrow, to);
      return [this.#reads(date, from), this.#exists(tomorrow) ? end : Math.min(end, this.#beginning(tomorrow))];
    });
    const kept = this.#exists(date) ? spans.filter(([start, end]) => start < end) : [];
    this.#spans.set(date.toString(), kept);
    return kept;
  }

  /** The instant at which a clock on that date shows the time; Temporal decides about gaps and overlaps. */
  #reads(date: PlainDate, time: string): number {
    if (time.startsWith('24')) return this.#reads(date.add({ days: 1 }), '00:00');
    const key = `${date} ${time}`;
    let at = this.#clock.get(key);
    if (at === undefined) {
      const moment = date.toPlainDateTime(time).toZonedDateTime(this.#zone, { disambiguation: 'compatible' });
      at = moment.epochMilliseconds / 1000;
      this.#clock.set(key, at);
    }
    return at;
  }

  #beginning(date: PlainDate): number {
    return date.toZonedDateTime(this.#zone).epochMilliseconds / 1000;
  }

  #exists(date: PlainDate): boolean {
    return date.toZonedDateTime({ timeZone: this.#zone, plainTime: '12:00' }).toPlainDate().equals(date);
  }

  #special(date: PlainDate) {
    return this.#definition.specialDays?.find((special) => special.date === date.toString());
  }

  #at(at: number) {
    return Temporal.Instant.fromEpochMilliseconds(at * 1000).toZonedDateTimeISO(this.#zone);
  }

  #dateOf(at: number): PlainDate {
    return this.#at(at).toPlainDate();
  }
}

/** The same over open stretches that are known, of which the earlier ones do not matter. */
export function addOver(
  open: { start: number; end: number }[],
  from: number,
  seconds: number,
  atClosing: 'closing' | 'next_opening',
): number | undefined {
  let left = seconds;
  for (const { start, end } of open) {
    if (end <= from) continue;
    const begin = Math.max(start, from);
    const length = end - begin;
    if (left < length || (left === length && atClosing === 'closing')) return begin + left;
    left -= length;
  }
  return undefined;
}

export function betweenOver(open: { start: number; end: number }[], from: number, to: number): number {
  return open.reduce((sum, { start, end }) => sum + Math.max(0, Math.min(end, to) - Math.max(start, from)), 0);
}

function holds([start, end]: Span, at: number): boolean {
  return start <= at && at < end;
}
