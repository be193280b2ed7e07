/** Calendars: what a definition may say, and the compiled form that answers from sorted open intervals with running totals. */

import { AppError, type FieldError } from '../errors.ts';
import {
  BLOCK_SECONDS,
  BLOCKS,
  Block,
  DAY,
  type Instant,
  type Interval,
  LAST_INSTANT,
  lastAtMost,
  subtract,
  union,
} from './block.ts';
import { Zone } from './zone.ts';

export type { Instant } from './block.ts';
export { LAST_INSTANT } from './block.ts';
export type Weekday = 'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun';

/** Open hours as people say them: local `HH:MM[:SS]` times and `YYYY-MM-DD` dates, read in `timeZone`. */
export interface CalendarDefinition {
  /** An IANA name. */
  timeZone: string;
  /** Open periods per weekday; one that is left out is closed. `24:00` may be an end; an end before its start is on the next day. */
  week: Partial<Record<Weekday, [string, string][] | undefined>>;
  /** Closed dates, or a part of one. */
  holidays?: (string | { date: string; from: string; to: string })[] | undefined;
  /** Dates with hours of their own: they replace the week's and void the date's holidays. */
  specialDays?: { date: string; periods: [string, string][] }[] | undefined;
}

/** A stretch of a local day in seconds after its midnight, as the wall clock counts; `end` is above `DAY` when it ends on the next. */
type Period = Interval;

const WHOLE_DAY: Period = { start: 0, end: DAY };
const isWholeDay = ({ start, end }: Period) => start === 0 && end === DAY;
const WEEKDAYS: readonly Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

/**
 * Validate and compile a definition. Nothing is expanded yet beyond the first open block; the rest follows when it is asked for.
 * Throws `validation_failed` naming every faulty field below `path`, and `calendar_never_open` when nothing opens from 1970 to 2200.
 */
export function compileCalendar(definition: CalendarDefinition, path = 'calendar'): Calendar {
  const calendar = new Calendar(...parse(definition, path));
  if (!calendar.everOpens()) {
    const message = 'The calendar has no open time between 1970 and 2200.';
    throw new AppError('calendar_never_open', message, [{ path, message, code: 'calendar_never_open' }]);
  }
  return calendar;
}

type Parsed = [zone: Zone, week: Period[][], holidays: Map<number, Period[]>, specialDays: Map<number, Period[]>];

function parse({ timeZone, week, holidays = [], specialDays = [] }: CalendarDefinition, path: string): Parsed {
  const faults: FieldError[] = [];
  const fault = (at: string, code: string, message: string) => {
    faults.push({ path: `${path}.${at}`, message, code });
  };
  const readDate = (text: string, at: string): number => {
    const date = parseDate(text);
    if (Number.isNaN(date)) fault(at, 'invalid_date', `${text} is not a date of the form YYYY-MM-DD.`);
    return date;
  };
  const readPeriod = ([from, to]: readonly [string, string], at: string): Period => {
    const [start, end] = [parseTime(from), parseTime(to)];
    if (Number.isNaN(start) || start === DAY) fault(at, 'invalid_time', `${from} is not a local time to start at.`);
    else if (Number.isNaN(end)) fault(at, 'invalid_time', `${to} is not a local time to end at.`);
    else if (start === end)
      fault(at, 'empty_period', `The period starts and ends at ${from}; a whole day ends at 24:00.`);
    return { start, end: end > start ? end : end + DAY };
  };
  const readPeriods = (periods: readonly [string, string][], at: string) =>
    periods.map((period, i) => readPeriod(period, `${at}.${i}`));

  const zone = Zone.named(timeZone);
  if (!zone) fault('timeZone', 'unknown_time_zone', `${timeZone} is not the IANA name of a time zone.`);
  for (const key of Object.keys(week)) {
    if (!WEEKDAYS.includes(key as Weekday)) fault(`week.${key}`, 'unknown_weekday', `${key} is none of mon … sun.`);
  }
  const weekHours = WEEKDAYS.map((weekday) => readPeriods(week[weekday] ?? [], `week.${weekday}`));

  const specialHours = new Map<number, Period[]>();
  for (const [i, special] of specialDays.entries()) {
    const date = readDate(special.date, `specialDays.${i}.date`);
    if (specialHours.has(date) && !Number.isNaN(date)) {
      fault(`specialDays.${i}.date`, 'duplicate_date', `${special.date} is already a special day.`);
    }
    specialHours.set(date, readPeriods(special.periods, `specialDays.${i}.periods`));
  }

  const closures = new Map<number, Period[]>();
  for (const [i, holiday] of holidays.entries()) {
    const at = `holidays.${i}`;
    const isWhole = typeof holiday === 'string';
    const date = isWhole ? readDate(holiday, at) : readDate(holiday.date, `${at}.date`);
    const period = isWhole ? WHOLE_DAY : { start: parseTime(holiday.from), end: parseTime(holiday.to) };
    if (Number.isNaN(period.start) || period.start === DAY) {
      fault(`${at}.from`, 'invalid_time', 'A partial holiday starts at a local time before 24:00.');
    } else if (Number.isNaN(period.end)) {
      fault(`${at}.to`, 'invalid_time', 'A partial holiday ends at a local time, at the latest at 24:00.');
    } else if (period.start >= period.end) {
      fault(`${at}.to`, 'empty_period', 'A partial holiday ends after it starts, on the same date.');
    }
    if (!specialHours.has(date)) closures.set(date, [...(closures.get(date) ?? []), period]);
  }

  if (!zone || faults.length > 0) {
    throw new AppError('validation_failed', faults[0]?.message ?? 'The calendar is not valid.', faults);
  }
  return [zone, weekHours, closures, specialHours];
}

/** Seconds after midnight; NaN when it is not `HH:MM[:SS]` up to `24:00`. */
function parseTime(text: string): number {
  const [, hours, minutes, seconds = '00'] = /^(\d\d):([0-5]\d)(?::([0-5]\d))?$/.exec(text) ?? [];
  const time = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return time <= DAY ? time : Number.NaN;
}

/** Days after 1970-01-01; NaN when the text is not an existing date in that form (2027-02-30 reads back as 2027-03-02). */
function parseDate(text: string): number {
  const milliseconds = Date.parse(`${text}T00:00:00Z`);
  const isExact = !Number.isNaN(milliseconds) && new Date(milliseconds).toISOString() === `${text}T00:00:00.000Z`;
  return isExact ? milliseconds / 1000 / DAY : Number.NaN;
}

/** Days after 1970-01-01 -> YYYY-MM-DD. */
export function dateText(date: number): string {
  return new Date(date * DAY * 1000).toISOString().slice(0, 10);
}

/** Seconds after midnight -> HH:MM, with seconds where there are any. */
export function timeText(seconds: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const minutes = `${two(seconds / 3600)}:${two((seconds % 3600) / 60)}`;
  return seconds % 60 === 0 ? minutes : `${minutes}:${two(seconds % 60)}`;
}

/** A compiled calendar. Ask it through `business-time.ts`; dates are in days after 1970-01-01. */
export class Calendar {
  readonly zone: Zone;
  /** True once 8 empty blocks in a row are known: only then can a search have to rest for more than 10 years. */
  hasLongRest = false;
  readonly #week: Period[][];
  readonly #holidays: Map<number, Period[]>;
  readonly #specialDays: Map<number, Period[]>;
  readonly #blocks: (Block | undefined)[] = new Array(BLOCKS).fill(undefined);
  /**
   * totals[k]: open seconds from some origin to the start of block k, for `low` <= k <= `high`. Only differences mean anything, so
   * the range grows at either end without being counted again, and is as long as what was asked for.
   */
  readonly #totals = new Float64Array(BLOCKS + 1);
  #low = 0;
  #high = -1;
  /** Of that range, on average. */
  #blocksPerOpenSecond = 0;
  #words: string | null = null;

  constructor(zone: Zone, week: Period[][], holidays: Map<number, Period[]>, specialDays: Map<number, Period[]>) {
    this.zone = zone;
    this.#week = week;
    this.#holidays = holidays;
    this.#specialDays = specialDays;
  }

  /** Whether the other says the same in the same zone; then both are always open at the same times. */
  saysTheSame(other: Calendar): boolean {
    return this === other || (this.zone === other.zone && this.#said() === other.#said());
  }

  #said(): string {
    const byDate = (dates: Map<number, Period[]>) => [...dates].sort(([a], [b]) => a - b);
    this.#words ??= JSON.stringify([this.#week, byDate(this.#holidays), byDate(this.#specialDays)]);
    return this.#words;
  }

  everOpens(): boolean {
    const likely = 53; // 2026 and 2027: the block most calendars are asked for first
    for (let i = 0; i < BLOCKS; i++) {
      const k = (likely + i) % BLOCKS;
      const block = this.block(k);
      if (block.total > 0 && k * BLOCK_SECONDS + block.openSecond(0) < LAST_INSTANT) return true;
    }
    return false;
  }

  /** Open seconds before `at`, from an origin that is the same for all calls. */
  openSecondsBefore(at: Instant): number {
    const k = this.#blockAt(at);
    return this.#totals[k]! + this.#blocks[k]!.openBefore(at - k * BLOCK_SECONDS);
  }

  /** When the open second number `n` from `start` on begins, counted from 0. Infinity when there are not so many. */
  openSecondFrom(start: Instant, n: number): Instant {
    let k = this.#blockAt(start);
    let second = this.#blocks[k]!.openBefore(start - k * BLOCK_SECONDS) + n;
    if (second >= this.#blocks[k]!.total) {
      second += this.#totals[k]!;
      k = this.#laterBlockWith(second, k);
      if (k === BLOCKS) return Number.POSITIVE_INFINITY;
      second -= this.#totals[k]!;
    }
    return k * BLOCK_SECONDS + this.#blocks[k]!.openSecond(second);
  }

  /** Block `k`, 0 <= k < BLOCKS. */
  block(k: number): Block {
    this.#blocks[k] ??= this.#compile(k);
    return this.#blocks[k];
  }

  /** The open intervals of the periods that start on a date: what belongs to it, and only that. */
  hoursOn(date: number): Interval[] {
    const scheduled = this.scheduledOn(date);
    if (this.#holidays.size === 0 || scheduled.length === 0) return scheduled;
    // A night ends on the next date, and a clock change may move an end beyond midnight.
    const closed = [date - 1, date, date + 1, date + 2].flatMap((day) => this.#onDate(day, this.#holidays.get(day)));
    return subtract(scheduled, union(closed));
  }

  /** The same as if there were no holidays. */
  scheduledOn(date: number): Interval[] {
    return this.#onDate(date, this.#specialDays.get(date) ?? this.#week[(((date + 3) % 7) + 7) % 7]); // day 0 was a Thursday
  }

  /** The whole of a date that is a holiday from midnight to midnight, else nothing. */
  wholeHolidayOn(date: number): Interval[] {
    return this.#holidays.get(date)?.some(isWholeDay) ? this.#onDate(date, [WHOLE_DAY]) : [];
  }

  /** What the definition says of this very date; null when only the week does. A special day voids holidays. */
  saidOf(date: number): 'special_day' | 'holiday' | 'partial_holiday' | null {
    if (this.#specialDays.has(date)) return 'special_day';
    const closed = this.#holidays.get(date);
    if (closed === undefined) return null;
    return closed.some(isWholeDay) ? 'holiday' : 'partial_holiday';
  }

  #onDate(date: number, periods: Period[] | undefined): Interval[] {
    if (!periods || periods.length === 0 || this.zone.skips(date)) return [];
    const midnight = date * DAY;
    return union(
      periods.map((period) => {
        const start = this.zone.instantOf(midnight + period.start);
        const end = this.zone.instantOf(midnight + period.end);
        // The tail of a night has no place on a date that was skipped; read as a local time it would move to the date after.
        const isCut = period.end > DAY && this.zone.skips(date + 1);
        return { start, end: isCut ? Math.min(end, this.zone.instantOf(midnight + DAY)) : end };
      }),
    );
  }

  #blockAt(at: Instant): number {
    const k = Math.floor(at / BLOCK_SECONDS);
    if (k < this.#low || k >= this.#high) this.#reach(k);
    return k;
  }

  /** The block, after block `k`, of the open second number `n` by the origin of all; BLOCKS when there are not so many. */
  #laterBlockWith(n: number, k: number): number {
    const totals = this.#totals;
    while (n >= totals[this.#high]!) {
      if (this.#high === BLOCKS) return BLOCKS;
      this.#reach(this.#high);
    }
    // Most calendars open about as long in every block: a proportional guess is nearly always right.
    const guess = Math.min(k + Math.floor((n - totals[k]!) * this.#blocksPerOpenSecond), this.#high - 1);
    if (totals[guess]! > n) return lastAtMost(totals, n, k, guess);
    return totals[guess + 1]! > n ? guess : lastAtMost(totals, n, guess, this.#high);
  }

  #reach(k: number): void {
    if (this.#high < this.#low) {
      this.#low = k;
      this.#high = k;
    }
    const totals = this.#totals;
    for (; this.#high <= k; this.#high++) {
      totals[this.#high + 1] = totals[this.#high]! + this.block(this.#high).total;
    }
    for (; this.#low > k; this.#low--) totals[this.#low - 1] = totals[this.#low]! - this.block(this.#low - 1).total;
    const [low, high] = [this.#low, this.#high];
    this.#blocksPerOpenSecond = (high - low) / (totals[high]! - totals[low]!);
    for (let i = low; i + 8 <= high; i++) if (totals[i] === totals[i + 8]) this.hasLongRest = true;
  }

  #compile(k: number): Block {
    const from = k * BLOCK_SECONDS;
    const to = from + BLOCK_SECONDS;
    const [firstDate, endDate] = [Math.ceil(from / DAY), Math.ceil(to / DAY)];
    const openDates: number[] = [];
    const intervals: Interval[] = [];
    // Dates begin up to 14 hours before and end up to 60 hours after their midnight in UTC.
    for (let date = firstDate - 4; date < endDate + 2; date++) {
      const hours = this.hoursOn(date);
      if (hours.length > 0 && date >= firstDate && date < endDate) openDates.push(date);
      for (const { start, end } of hours) {
        intervals.push({ start: Math.max(start - from, 0), end: Math.min(end - from, BLOCK_SECONDS) });
      }
    }
    return new Block(union(intervals), openDates);
  }
}

/** The built-in calendar `always`: open all the time, every UTC date is a business day. */
export const ALWAYS: Calendar = compileCalendar({
  timeZone: 'UTC',
  week: Object.fromEntries(WEEKDAYS.map((weekday) => [weekday, [['00:00', '24:00']]])),
});
