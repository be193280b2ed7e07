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

  constructor(zone: Zone, week: Period[][], holidays: Map<number, Period[]>, specialDays: Map<number, Period[]>) {
    this.zone = zone;
    this.#week = week;
    this.#holidays = holidays;
    this.#specialDays = specialDays;
  }

  everOpens(): boolean {
    const likely = 53; // 2026 and 2027: the block most calendars are asked for first
    for (let i = 0; i < BLOCKS; i++) {
      const k = (likely + i) % BLOCKS;
      const block = this.block(k);
      if (block.total > 0 && k * BLOCK_SECONDS + block.starts[0]! < LAST_INSTANT) return true;
    }
    return false;
  }

  /** Open seconds before `at`, from an origin that is the same for all calls. */
  openSecondsBefore(at: Instant): number {
    const k = Math.floor(at / BLOCK_SECONDS);
    if (k < this.#low || k >= this.#high) this.#reach(k);
    const block = this.#blocks[k]!;
    const second = at - k * BLOCK_SECONDS;
    const i = block.intervalAt(second);
    return this.#totals[k]! + block.before[i]! + Math.max(0, second - block.starts[i]!);
  }

  /** When the open second number `n` (by that same origin) begins; it is not before `from`. Infinity when there are not so many. */
  openSecond(n: number, from: Instant): Instant {
    const totals = this.#totals;
    let k = Math.floor(from / BLOCK_SECONDS);
    if (k < this.#low || k >= this.#high) this.#reach(k);
    if (n >= totals[k + 1]!) {
      while (n >= totals[this.#high]!) {
        if (this.#high === BLOCKS) return Number.POSITIVE_INFINITY;
        this.#reach(this.#high);
      }
      // Most calendars open about as long in every block: a proportional guess is nearly always right, a step or two mend it.
      const blocksPerSecond = (this.#high - this.#low) / (totals[this.#high]! - totals[this.#low]!);
      k = Math.min(this.#high - 1, k + Math.floor((n - totals[k]!) * blocksPerSecond));
      while (totals[k]! > n) k--;
      while (totals[k + 1]! <= n) k++;
    }
    const block = this.#blocks[k]!;
    const second = n - this.#totals[k]!;
    const i = block.intervalOf(second);
    return k * BLOCK_SECONDS + block.starts[i]! + second - block.before[i]!;
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
    const isWhole = this.#holidays.get(date)?.some(({ start, end }) => start === 0 && end === DAY);
    return isWhole ? this.#onDate(date, [WHOLE_DAY]) : [];
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
