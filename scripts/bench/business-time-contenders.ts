/** Who is asked for business time by the bench, each with the calendar of the bench in its own words. */

import { createRequire } from 'node:module';
import dayjs from 'dayjs';
import businessTime from 'dayjs-business-time';
import { Temporal } from 'temporal-polyfill';
import { add, addBusinessDays, between } from '../../src/rules/business-time.ts';
import { type CalendarDefinition, compileCalendar, type Weekday } from '../../src/rules/calendar.ts';

const require = createRequire(import.meta.url);

const WORK_DAY: [string, string][] = [
  ['09:00', '12:00'],
  ['13:00', '18:00'],
];
const WEEK: Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri'];
export const FIRST_YEAR = 2026;
export const LAST_YEAR = 2070;
const HOLIDAYS = Array.from({ length: LAST_YEAR + 1 - FIRST_YEAR }, (_, i) =>
  ['01-01', '05-01', '10-01', '10-02', '12-25'].map((day) => `${FIRST_YEAR + i}-${day}`),
).flat();

/** A start and an amount of open seconds, another instant or business days -> an instant or open seconds. */
export type Answer = (start: number, amount: number) => number;
export type Operation = 'add' | 'between' | 'addBusinessDays';
export type Contender = { name: string } & Partial<Record<Operation, Answer>>;

export const definitionIn = (timeZone: string): CalendarDefinition => ({
  timeZone,
  week: Object.fromEntries(WEEK.map((day) => [day, WORK_DAY])),
  holidays: HOLIDAYS,
});

export function tierdesk(timeZone: string): Contender {
  const calendar = compileCalendar(definitionIn(timeZone));
  return {
    name: 'tierdesk',
    add: (start, seconds) => add(calendar, start, seconds),
    between: (start, end) => between(calendar, start, end),
    addBusinessDays: (start, days) => addBusinessDays(calendar, start, days),
  };
}

/** The least that answers at all: no zone, no range, no option, just this table. */
export function bareTable(open: { start: number; end: number }[]): Contender {
  const starts = Float64Array.from(open, ({ start }) => start);
  const before = new Float64Array(open.length + 1);
  for (const [i, { start, end }] of open.entries()) before[i + 1] = before[i]! + end - start;
  const last = (values: Float64Array, value: number) => {
    let [low, high] = [0, open.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (values[middle]! <= value) low = middle;
      else high = middle;
    }
    return low;
  };
  const openBefore = (at: number) => {
    const i = last(starts, at);
    return Math.min(before[i]! + at - starts[i]!, before[i + 1]!);
  };
  return {
    name: 'a bare table',
    add(start, seconds) {
      const n = openBefore(start) + seconds - 1;
      const i = last(before, n);
      return starts[i]! + n - before[i]! + 1;
    },
    between: (start, end) => openBefore(end) - openBefore(start),
  };
}

/** Counts whole minutes by the wall clock of the process, whose zone is set for it. */
export function dayjsBusinessTime(): Contender {
  dayjs.extend(businessTime);
  const hours = WORK_DAY.map(([start, end]) => ({ start: `${start}:00`, end: `${end}:00` }));
  const days = { monday: hours, tuesday: hours, wednesday: hours, thursday: hours, friday: hours };
  dayjs.setBusinessTime({ ...days, saturday: null, sunday: null });
  dayjs.setHolidays(HOLIDAYS);
  return {
    name: 'dayjs-business-time',
    add: (start, seconds) =>
      dayjs(start * 1000)
        .addBusinessMinutes(seconds / 60)
        .unix(),
    between: (start, end) => dayjs(start * 1000).businessMinutesDiff(dayjs(end * 1000)) * 60,
    addBusinessDays: (start, days) =>
      dayjs(start * 1000)
        .addBusinessDays(days)
        .unix(),
  };
}

/** Knows dates, and no hours. */
export function luxonBusinessDays(timeZone: string): Contender {
  interface Luxon {
    plusBusiness(amount: { days: number }): Luxon;
    setupBusiness(setup: { businessDays: number[]; holidayMatchers: ((day: Luxon) => boolean)[] }): void;
    toISODate(): string;
    toSeconds(): number;
  }
  const { DateTime } = require('luxon-business-days') as {
    DateTime: { fromSeconds(at: number, options: { zone: string }): Luxon };
  };
  const holidays = new Set(HOLIDAYS);
  const setup = { businessDays: [1, 2, 3, 4, 5], holidayMatchers: [(day: Luxon) => holidays.has(day.toISODate())] };
  DateTime.fromSeconds(0, { zone: timeZone }).setupBusiness(setup);
  return {
    name: 'luxon-business-days',
    addBusinessDays: (start, days) =>
      DateTime.fromSeconds(start, { zone: timeZone }).plusBusiness({ days }).toSeconds(),
  };
}

/** From date to date, each period read on the wall clock: what one writes without a library. */
export function temporalWalk(timeZone: string): Contender {
  const holidays = new Set(HOLIDAYS);
  const periods = WORK_DAY.map((period) => period.map((time) => Temporal.PlainTime.from(time)));
  const dateOf = (at: number) =>
    Temporal.Instant.fromEpochMilliseconds(at * 1000)
      .toZonedDateTimeISO(timeZone)
      .toPlainDate();
  const isWorkDay = (date: Temporal.PlainDate) => date.dayOfWeek <= 5 && !holidays.has(date.toString());
  function* openFrom(start: number) {
    for (let date = dateOf(start); ; date = date.add({ days: 1 })) {
      if (!isWorkDay(date)) continue;
      for (const period of periods) {
        const [open, close] = period.map(
          (plainTime) => date.toZonedDateTime({ timeZone, plainTime }).epochMilliseconds / 1000,
        );
        yield [Math.max(open!, start), close!] as const;
      }
    }
  }
  return {
    name: 'a walk with Temporal',
    add(start, seconds) {
      let left = seconds;
      for (const [from, to] of openFrom(start)) {
        if (to - from >= left) return from + left;
        left -= Math.max(0, to - from);
      }
      return Number.NaN;
    },
    between(start, end) {
      let sum = 0;
      for (const [from, to] of openFrom(start)) {
        if (from >= end) return sum;
        sum += Math.max(0, Math.min(to, end) - from);
      }
      return Number.NaN;
    },
    addBusinessDays(start, days) {
      let moment = Temporal.Instant.fromEpochMilliseconds(start * 1000).toZonedDateTimeISO(timeZone);
      for (let left = days; left > 0; ) {
        moment = moment.add({ days: 1 });
        if (isWorkDay(moment.toPlainDate())) left--;
      }
      return moment.epochMilliseconds / 1000;
    },
  };
}
