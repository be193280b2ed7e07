/**
 * Business time, answers a second on one core: the rules, a bare table with a binary search, libraries over dayjs and luxon, and a walk
 * from date to date with Temporal. The same questions in rounds taken in turn, medians; and how many of the answers are right to the
 * second, as the oracle of the tests has it. `npm run bench:business-time -- --seconds 0.2 --rounds 5`
 */

import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import dayjs from 'dayjs';
import businessTime from 'dayjs-business-time';
import { Temporal } from 'temporal-polyfill';
import { add, addBusinessDays, between, isOpen } from '../../src/rules/business-time.ts';
import { type CalendarDefinition, compileCalendar, type Weekday } from '../../src/rules/calendar.ts';
import { addOver, betweenOver, CalendarOracle } from '../../test/rules/calendar-oracle.ts';
import { dice } from '../../test/support/dice.ts';

const { values: options } = parseArgs({
  options: { seconds: { type: 'string', default: '0.2' }, rounds: { type: 'string', default: '5' } },
});
const ZONES = ['America/New_York', 'Asia/Shanghai'];
const WORK_DAY: [string, string][] = [
  ['09:00', '12:00'],
  ['13:00', '18:00'],
];
const WEEK: Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri'];
const FIRST_YEAR = 2026;
const LAST_YEAR = 2070;
const HOLIDAYS = Array.from({ length: LAST_YEAR + 1 - FIRST_YEAR }, (_, i) =>
  ['01-01', '05-01', '10-01', '10-02', '12-25'].map((day) => `${FIRST_YEAR + i}-${day}`),
).flat();
const [FROM, TO, LAST] = [FIRST_YEAR, FIRST_YEAR + 2, LAST_YEAR].map((year) => Date.UTC(year) / 1000) as [
  number,
  number,
  number,
];
const DAY = 86_400;

const require = createRequire(import.meta.url);

/** A start and an amount of open seconds, another instant or business days -> an instant or open seconds. */
type Answer = (start: number, amount: number) => number;
type Operation = 'add' | 'between' | 'addBusinessDays';
type Contender = { name: string } & Partial<Record<Operation, Answer>>;

interface Work {
  name: string;
  operation: Operation;
  starts: Float64Array;
  amounts: Float64Array;
  /** So many answers are compared with the oracle's. */
  compared: number;
}

const definitionIn = (timeZone: string): CalendarDefinition => ({
  timeZone,
  week: Object.fromEntries(WEEK.map((day) => [day, WORK_DAY])),
  holidays: HOLIDAYS,
});

function tierdesk(timeZone: string): Contender {
  const calendar = compileCalendar(definitionIn(timeZone));
  return {
    name: 'tierdesk',
    add: (start, seconds) => add(calendar, start, seconds),
    between: (start, end) => between(calendar, start, end),
    addBusinessDays: (start, days) => addBusinessDays(calendar, start, days),
  };
}

/** The least that answers at all: no zone, no range, no option, just this table. */
function bareTable(open: { start: number; end: number }[]): Contender {
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
function dayjsBusinessTime(): Contender {
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
function luxonBusinessDays(timeZone: string): Contender {
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
function temporalWalk(timeZone: string): Contender {
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

/** Questions at whole minutes, which all contenders can be asked; so many that no processor learns them by heart. */
function questions(timeZone: string): Work[] {
  const { below } = dice(20_260_101);
  const calendar = compileCalendar(definitionIn(timeZone));
  const minute = (from: number, to: number) => from + below(Math.floor((to - from) / 60)) * 60;
  const fill = (draw: (i: number) => number) => Float64Array.from({ length: 65_536 }, (_, i) => draw(i));
  const between = (low: number, high: number) =>
    60 * Math.round(Math.exp(Math.log(low) + (Math.log(high / low) * below(2 ** 31)) / 2 ** 31));
  const starts = fill(() => minute(FROM, TO));
  const openStarts = fill(() => {
    for (;;) {
      const start = minute(FROM, TO);
      if (isOpen(calendar, start)) return start;
    }
  });
  const later = (low: number, high: number) => fill((i) => starts[i]! + between(low, high));
  const openYear = 60 * 8 * 256; // minutes
  return [
    {
      name: 'add minutes to weeks',
      operation: 'add',
      starts,
      amounts: fill(() => between(1, 40 * 160)),
      compared: 1000,
    },
    {
      name: 'add 10 to 40 years',
      operation: 'add',
      starts,
      amounts: fill(() => between(10 * openYear, 40 * openYear)),
      compared: 10,
    },
    {
      name: 'between, minutes to weeks',
      operation: 'between',
      starts,
      amounts: later(1, 4 * 7 * 1440),
      compared: 1000,
    },
    {
      name: 'between, 10 to 40 years',
      operation: 'between',
      starts,
      amounts: later(10 * 365 * 1440, 40 * 365 * 1440),
      compared: 10,
    },
    {
      name: 'add 1 to 20 business days',
      operation: 'addBusinessDays',
      starts: openStarts,
      amounts: fill(() => 1 + below(20)),
      compared: 300,
    },
  ];
}

let sink = 0;

/** Every contender is asked by a loop of its own: one that had met the others would be slower for it. */
function loopOver(answer: Answer, { starts, amounts }: Work): (from: number, to: number) => number {
  const loop = 'let sum = 0; for (let i = from; i < to; i++) sum += answer(starts[i], amounts[i]); return sum;';
  const run = new Function('answer', 'starts', 'amounts', 'from', 'to', loop);
  return (from, to) => run(answer, starts, amounts, from, to) as number;
}

function answersPerSecond(loop: (from: number, to: number) => number, count: number, seconds: number): number {
  const begun = performance.now();
  let [done, passed, size] = [0, 0, 1];
  while (passed < seconds * 1000) {
    const from = done % count;
    const to = Math.min(from + size, count);
    sink += loop(from, to);
    done += to - from;
    const now = performance.now() - begun;
    if (now - passed < 1) size *= 2;
    passed = now;
  }
  return (done / passed) * 1000;
}

function oracleOf(timeZone: string, open: { start: number; end: number }[]): Record<Operation, Answer> {
  const oracle = new CalendarOracle(definitionIn(timeZone));
  return {
    add: (start, seconds) => addOver(open, start, seconds, 'closing')!,
    between: (start, end) => betweenOver(open, start, end),
    addBusinessDays: (start, days) => oracle.addBusinessDays(start, days),
  };
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

function compare(timeZone: string): void {
  process.env['TZ'] = timeZone;
  const open = new CalendarOracle(definitionIn(timeZone)).openIntervals(FROM - 7 * DAY, LAST);
  const oracle = oracleOf(timeZone, open);
  const contenders = [
    tierdesk(timeZone),
    bareTable(open),
    dayjsBusinessTime(),
    luxonBusinessDays(timeZone),
    temporalWalk(timeZone),
  ];
  console.log(`\n${timeZone}`);
  console.log(
    `${'work'.padEnd(28)}${'who'.padEnd(22)}${'answers/s'.padStart(12)}${'tierdesk is'.padStart(14)}   right to the second`,
  );
  for (const work of questions(timeZone)) {
    const { operation, starts, amounts, compared } = work;
    const able = contenders.flatMap(({ name, [operation]: answer }) =>
      answer ? [{ name, answer, loop: loopOver(answer, work), rounds: [] as number[] }] : [],
    );
    const right = Array.from({ length: compared }, (_, i) => oracle[operation](starts[i]!, amounts[i]!));
    for (const { loop } of able) answersPerSecond(loop, starts.length, Number(options.seconds));
    for (let round = 0; round < Number(options.rounds); round++) {
      for (const { loop, rounds } of able) rounds.push(answersPerSecond(loop, starts.length, Number(options.seconds)));
    }
    for (const [i, { name, answer, rounds }] of able.entries()) {
      const ratio = median(rounds.map((rate, round) => able[0]!.rounds[round]! / rate));
      const agreed = right.filter((expected, k) => answer(starts[k]!, amounts[k]!) === expected).length;
      const rate = Math.round(median(rounds)).toLocaleString('en-US');
      const faster = i === 0 ? '' : `${ratio < 10 ? ratio.toFixed(2) : Math.round(ratio).toLocaleString('en-US')} x`;
      console.log(
        `${(i === 0 ? work.name : '').padEnd(28)}${name.padEnd(22)}${rate.padStart(12)}${faster.padStart(14)}   ${agreed} of ${compared}${agreed < compared ? ', a speed with wrong answers' : ''}`,
      );
    }
  }
}

console.log(
  `Mon to Fri 09:00-12:00 and 13:00-18:00, five holidays a year; ${options.rounds} rounds of ${options.seconds} s in turn, medians; Node ${process.version}`,
);
for (const timeZone of ZONES) compare(timeZone);
if (Number.isNaN(sink)) process.exitCode = 1;
