/**
 * Business time, answers a second of processor time: the rules, a bare table with a binary search, libraries over dayjs and luxon, and a walk
 * from date to date with Temporal. The same questions in rounds taken in turn, medians; and how many of the answers are right to the
 * second, as the oracle of the tests has it. `npm run bench:business-time -- --seconds 0.2 --rounds 5`
 */

import { parseArgs } from 'node:util';
import { isOpen } from '../../src/rules/business-time.ts';
import { compileCalendar } from '../../src/rules/calendar.ts';
import { addOver, betweenOver, CalendarOracle } from '../../test/rules/calendar-oracle.ts';
import { dice } from '../../test/support/dice.ts';
import {
  type Answer,
  bareTable,
  dayjsBusinessTime,
  definitionIn,
  FIRST_YEAR,
  LAST_YEAR,
  luxonBusinessDays,
  type Operation,
  temporalWalk,
  tierdesk,
} from './business-time-contenders.ts';

const { values: options } = parseArgs({
  options: { seconds: { type: 'string', default: '0.2' }, rounds: { type: 'string', default: '5' } },
});
const ZONES = ['America/New_York', 'Asia/Shanghai'];
const [FROM, TO, LAST] = [at(FIRST_YEAR), at(FIRST_YEAR + 2), at(LAST_YEAR)];
const DAY = 86_400;
/** Seconds before the first round, in which a calendar is compiled as far as it is asked, and the code that asks it. */
const WARM_UP = 0.3;

interface Work {
  name: string;
  operation: Operation;
  starts: Float64Array;
  amounts: Float64Array;
  /** So many answers are compared with the oracle's; none, and nobody else is asked, where it would take all day. */
  compared: number;
}

function at(year: number): number {
  return Date.UTC(year) / 1000;
}

/** Questions at whole minutes, which all contenders can be asked; so many that no processor learns them by heart. */
function questions(timeZone: string): Work[] {
  const { below } = dice(20_260_101);
  const calendar = compileCalendar(definitionIn(timeZone));
  const minute = (from: number, to: number) => from + below(Math.floor((to - from) / 60)) * 60;
  const fill = (draw: (i: number) => number) => Float64Array.from({ length: 65_536 }, (_, i) => draw(i));
  /** Whole minutes, as many of each order of magnitude. */
  const spread = (low: number, high: number) =>
    60 * Math.round(Math.exp(Math.log(low) + (Math.log(high / low) * below(2 ** 31)) / 2 ** 31));
  const starts = fill(() => minute(FROM, TO));
  const openStarts = fill(() => {
    for (;;) {
      const start = minute(FROM, TO);
      if (isOpen(calendar, start)) return start;
    }
  });
  const later = (low: number, high: number) => fill((i) => starts[i]! + spread(low, high));
  const openYear = 60 * 8 * 256;
  return [
    {
      name: 'add minutes to weeks',
      operation: 'add',
      starts,
      amounts: fill(() => spread(1, 60 * 160)),
      compared: 1000,
    },
    {
      name: 'add 10 to 40 years',
      operation: 'add',
      starts,
      amounts: fill(() => spread(10 * openYear, 40 * openYear)),
      compared: 5,
    },
    {
      name: 'add 120 to 130 years',
      operation: 'add',
      starts: fill(() => minute(at(1970), at(1980))),
      amounts: fill(() => spread(120 * openYear, 130 * openYear)),
      compared: 0,
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
      compared: 5,
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

/** Of this thread: what others take of the processor meanwhile does not count. */
function processorSeconds(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1e6;
}

function answersPerSecond(loop: (from: number, to: number) => number, count: number, seconds: number): number {
  const begun = processorSeconds();
  let [done, passed, size] = [0, 0, 1];
  while (passed < seconds) {
    const from = done % count;
    const to = Math.min(from + size, count);
    sink += loop(from, to);
    done += to - from;
    const now = processorSeconds() - begun;
    if (now - passed < 0.001) size *= 2;
    passed = now;
  }
  return done / passed;
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

function figure(value: number): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 3 });
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
    const asked = compared > 0 ? contenders : contenders.slice(0, 1);
    const able = asked.flatMap(({ name, [operation]: answer }) =>
      answer ? [{ name, answer, loop: loopOver(answer, work), rounds: [] as number[] }] : [],
    );
    const right = Array.from({ length: compared }, (_, i) => oracle[operation](starts[i]!, amounts[i]!));
    for (const { loop } of able) answersPerSecond(loop, starts.length, WARM_UP);
    for (let round = 0; round < Number(options.rounds); round++) {
      for (const { loop, rounds } of able) rounds.push(answersPerSecond(loop, starts.length, Number(options.seconds)));
    }
    for (const [i, { name, answer, rounds }] of able.entries()) {
      const ratio = median(rounds.map((rate, round) => able[0]!.rounds[round]! / rate));
      const agreed = right.filter((expected, k) => answer(starts[k]!, amounts[k]!) === expected).length;
      const columns = [
        (i === 0 ? work.name : '').padEnd(28),
        name.padEnd(22),
        figure(median(rounds)).padStart(12),
        (i === 0 ? '' : `${figure(ratio)} x`).padStart(14),
        compared > 0 ? `   ${agreed} of ${compared}` : '   not compared',
        agreed < compared ? ', a speed with wrong answers' : '',
      ];
      console.log(columns.join(''));
    }
  }
}

console.log(
  `Mon to Fri 09:00-12:00 and 13:00-18:00, five holidays a year; ${options.rounds} rounds of ${options.seconds} s in turn, medians; Node ${process.version}`,
);
for (const timeZone of ZONES) compare(timeZone);
if (Number.isNaN(sink)) process.exitCode = 1;
