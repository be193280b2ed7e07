/**
 * Business time on random calendars, compared to the second with an oracle that asks Temporal about one instant at a time.
 * FUZZ_RUNS (1000 calendars unless told) and FUZZ_SEED make a longer run, or the same one again.
 */

import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import fc from 'fast-check';
import tap, { test } from 'tap';
import { Temporal } from 'temporal-polyfill';
import { AppError } from '../../src/errors.ts';
import { BLOCK_SECONDS } from '../../src/rules/block.ts';
import {
  type AtClosing,
  add,
  addBusinessDays,
  between,
  closedIntervals,
  closedReason,
  isOpen,
  openIntervals,
} from '../../src/rules/business-time.ts';
import { type CalendarDefinition, compileCalendar } from '../../src/rules/calendar.ts';
import { Zone } from '../../src/rules/zone.ts';
import { changesBetween, changesOf, featuresOf, type Sample, samples, ZONES } from './business-time-calendars.ts';
import { addOver, betweenOver, CalendarOracle } from './calendar-oracle.ts';

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 1000);
const SEED = Number(process.env['FUZZ_SEED'] ?? randomInt(2 ** 31 - 1));
/** So many calendars meet everything they were made to meet; a few may not. */
const ENOUGH_RUNS = 1000;
const DAY = 86_400;
const AT_CLOSING: AtClosing[] = ['closing', 'next_opening'];

/** What a run that is long enough must have met; the rest is of the moments asked at. */
const EXPECTED = [
  'a gap',
  'an overlap',
  'half an hour',
  'two hours',
  'a skipped date',
  'a gap at midnight',
  'a change before 2000',
  'a change after 2045',
  'an edge of a block',
  'several periods a day',
  'a night',
  '24:00',
  'seconds',
  'a start that is skipped',
  'an end that is skipped',
  'a start that is repeated',
  'an end that is repeated',
  'a whole holiday',
  'a partial holiday',
  'a partial holiday on the change',
  'a special day without hours',
  'a special night',
  ...['a second before', 'at', 'a second after'].flatMap((when) =>
    ['a gap', 'an overlap', 'an opening', 'a closing', 'a midnight'].map((name) => `asked ${when} ${name}`),
  ),
];

// A long run has long.
tap.setTimeout(60_000 + 120 * RUNS);

/** Where to ask: near an instant at which something happens, or anywhere around. */
const moment = fc.oneof(
  { weight: 3, arbitrary: fc.record({ which: fc.nat(), nudge: fc.constantFrom(-1, 0, 1) }) },
  { weight: 1, arbitrary: fc.record({ offset: fc.integer({ min: -4 * DAY, max: 4 * DAY }) }) },
);
const question = fc.record({
  start: moment,
  /** The open time up to another moment and a second more or less, so that it is used up at closings; or any. */
  amount: fc.oneof(
    fc.record({ until: moment, nudge: fc.constantFrom(-1, 0, 1) }),
    fc.record({ seconds: fc.integer({ min: 0, max: 3 * DAY }) }),
  ),
  days: fc.oneof(
    { weight: 11, arbitrary: fc.integer({ min: 1, max: 6 }) },
    { weight: 1, arbitrary: fc.integer({ min: 7, max: 40 }) },
  ),
});

test('random calendars answer as the wall clock does, to the second', async (t) => {
  t.comment(`FUZZ_SEED=${SEED} FUZZ_RUNS=${RUNS}`);
  const met = new Map<string, number>();
  const count = (name: string, times = 1) => met.set(name, (met.get(name) ?? 0) + times);
  let asked = 0;
  const same = <T>(answer: T, expected: T, what: string) => {
    asked++;
    strictEqual(answer, expected, `${what}: ${answer}, not ${expected}`);
  };
  fc.assert(
    fc.property(samples, fc.array(question, { minLength: 6, maxLength: 6 }), (sample, questions) => {
      const { definition, around } = sample;
      const calendar = compileCalendar(definition);
      const oracle = new CalendarOracle(definition);
      const [from, to] = [around - 6 * DAY, around + 7 * DAY];
      const open = oracle.openIntervals(from, to);
      deepStrictEqual(openIntervals(calendar, from, to), open);
      const reasons = oracle.stretches(from, to, (at) => oracle.closedReason(at));
      deepStrictEqual(
        closedIntervals(calendar, from, to),
        reasons.filter(({ answer }) => answer).map(({ start, end, answer }) => ({ start, end, reason: answer })),
      );
      asked += 2;
      const notable = notableInstants(sample, open, from + DAY, to - DAY);
      const instantOf = (where: { which: number; nudge: number } | { offset: number }) => {
        if ('offset' in where) return around + where.offset;
        const { name, at } = notable[where.which % notable.length]!;
        count(`asked ${['a second before', 'at', 'a second after'][where.nudge + 1]} ${name}`);
        return at + where.nudge;
      };
      for (const { start: where, amount, days } of questions) {
        const start = instantOf(where);
        same(isOpen(calendar, start), oracle.isOpen(start), `isOpen ${start}`);
        same(closedReason(calendar, start), oracle.closedReason(start), `closedReason ${start}`);
        let seconds = 'seconds' in amount ? amount.seconds : 0;
        if ('until' in amount) {
          const until = instantOf(amount.until);
          const passed = betweenOver(open, start, until);
          same(between(calendar, start, until), passed, `between ${start} ${until}`);
          seconds = Math.max(0, passed + amount.nudge);
        }
        for (const atClosing of AT_CLOSING) {
          const expected = addOver(open, start, seconds, atClosing);
          if (expected === undefined) continue; // beyond what was looked at
          same(add(calendar, start, seconds, atClosing), expected, `add ${start} ${seconds} ${atClosing}`);
          same(between(calendar, start, expected), seconds, `between ${start} and what add gave`);
        }
        same(addBusinessDays(calendar, start, days), oracle.addBusinessDays(start, days), `days ${start} ${days}`);
      }
      for (const feature of featuresOf(sample)) count(feature);
      count(definition.timeZone);
    }),
    { numRuns: RUNS, seed: SEED },
  );
  const zones = ZONES.filter((zone) => met.has(zone));
  t.comment(`${RUNS} calendars in ${zones.length} zones, ${asked} questions, no difference`);
  for (const [name, times] of [...met].sort()) if (!ZONES.includes(name)) t.comment(`${name}: ${times}`);
  if (RUNS < ENOUGH_RUNS) return;
  t.same(zones, ZONES, 'every zone was asked');
  t.same(
    EXPECTED.filter((name) => !met.has(name)),
    [],
    'and everything calendars were made to meet',
  );
});

/** Changes of clocks, openings, closings and midnights of a stretch. */
function notableInstants(
  { definition, around }: Sample,
  open: { start: number; end: number }[],
  from: number,
  to: number,
): { name: string; at: number }[] {
  const changes = changesBetween(definition.timeZone, from, to).map(({ at, gained }) => ({
    name: gained > 0 ? 'a gap' : 'an overlap',
    at,
  }));
  const openings = open.map(({ start }) => ({ name: 'an opening', at: start }));
  const closings = open.map(({ end }) => ({ name: 'a closing', at: end }));
  const midnights = [-2, -1, 0, 1, 2].map((days) => ({
    name: 'a midnight',
    at: CalendarOracle.midnight(definition.timeZone, around + days * DAY),
  }));
  const found = [...openings, ...closings, ...midnights].filter(({ at }) => at >= from && at < to);
  // Changes are few and openings many: they take turns.
  return changes.length === 0
    ? found
    : found.flatMap((one, i) => (i % 3 === 0 ? [one, changes[i % changes.length]!] : [one]));
}

test('add and between agree over any distance, and later starts or more time never end earlier', async (t) => {
  t.comment(`FUZZ_SEED=${SEED}`);
  const instant = fc.integer({ min: 0, max: Date.parse('2150-01-01T00:00:00Z') / 1000 });
  const seconds = fc.oneof(fc.integer({ min: 0, max: 10 * DAY }), fc.integer({ min: 0, max: 2000 * DAY }));
  const atClosing = fc.constantFrom(...AT_CLOSING);
  let asked = 0;
  fc.assert(
    fc.property(
      samples,
      fc.tuple(instant, instant),
      fc.array(fc.tuple(seconds, atClosing), { maxLength: 20 }),
      ({ definition, around }, [far, farther], amounts) => {
        const calendar = compileCalendar(definition);
        for (const start of [around, far]) {
          for (const [amount, mode] of amounts) {
            const end = orOutOfRange(() => add(calendar, start, amount, mode));
            const later = orOutOfRange(() => add(calendar, start + 1, amount, mode));
            if (end === null || later === null) continue; // open for minutes a week
            asked++;
            strictEqual(between(calendar, start, end), amount, `between is not ${amount} from ${start} to ${end}`);
            ok(later >= end, 'a later start ended earlier');
            ok(amount === 0 || add(calendar, start, amount - 1, mode) < end, 'less time ended later');
            strictEqual(between(calendar, 0, start) + amount, between(calendar, 0, end), 'the parts are not the whole');
          }
        }
        const [a, b, c] = [around, far, farther].sort((x, y) => x - y) as [number, number, number];
        strictEqual(between(calendar, a, b) + between(calendar, b, c), between(calendar, a, c), 'b divides a from c');
        const lengths = openIntervals(calendar, a, b).map(({ start, end }) => end - start);
        const sum = lengths.reduce((total, length) => total + length, 0);
        strictEqual(between(calendar, a, b), sum, 'the open stretches are not the open time');
      },
    ),
    { numRuns: Math.ceil(RUNS * 0.1), seed: SEED },
  );
  t.comment(`${asked} amounts of time`);
  ok(asked > 0 || RUNS < ENOUGH_RUNS);
});

function orOutOfRange(ask: () => number): number | null {
  try {
    return ask();
  } catch (error) {
    if (error instanceof AppError && error.code === 'instant_out_of_range') return null;
    throw error;
  }
}

test('a calendar answers the same whichever years it was asked for before', async () => {
  const instant = fc.integer({ min: 0, max: Date.parse('2190-01-01T00:00:00Z') / 1000 });
  const amount = fc.oneof(fc.integer({ min: 0, max: 10 * DAY }), fc.integer({ min: 0, max: 3000 * DAY }));
  fc.assert(
    fc.property(
      samples,
      fc.array(fc.tuple(instant, amount), { minLength: 4, maxLength: 8 }),
      ({ definition }, asked) => {
        const answersOf = (calendar: ReturnType<typeof compileCalendar>) => (pair: [number, number]) => [
          orOutOfRange(() => add(calendar, ...pair)),
          between(calendar, pair[0], pair[0] + pair[1]),
        ];
        const fresh = asked.map((pair) => answersOf(compileCalendar(definition))(pair));
        const known = compileCalendar(definition);
        deepStrictEqual(asked.map(answersOf(known)), fresh);
        deepStrictEqual(asked.toReversed().map(answersOf(known)), fresh.toReversed());
      },
    ),
    { numRuns: Math.ceil(RUNS * 0.03), seed: SEED },
  );
});

test('a calendar whose open time is very uneven answers over any distance', async () => {
  const periods: [string, string][] = [['09:00', '10:00']];
  const definition: CalendarDefinition = {
    timeZone: 'UTC',
    week: {},
    specialDays: [1971, 1972, ...Array.from({ length: 25 }, (_, i) => 1975 + 9 * i)].flatMap((year) =>
      (year === 1972 ? ['01-01', '01-02', '03-01', '06-01', '12-31'] : ['05-05']).map((date) => ({
        date: `${year}-${date}`,
        periods,
      })),
    ),
  };
  const calendar = compileCalendar(definition);
  const opened = definition.specialDays!.map(({ date }) => Date.parse(`${date}T09:00:00Z`) / 1000);
  for (const [from, first] of opened.entries()) {
    for (const [to, last] of opened.entries()) {
      if (to < from) continue;
      strictEqual(add(calendar, first, (to - from) * 3600 + 1), last + 1, `from ${first} to ${last}`);
      strictEqual(between(calendar, first, last), (to - from) * 3600);
    }
  }
});

test('clocks that change within a day of the edge of a block are read as everywhere', async (t) => {
  let near = 0;
  for (const name of ZONES) {
    const zone = Zone.named(name)!;
    for (const { at } of changesOf(name)) {
      if ((at + DAY) % BLOCK_SECONDS > 2 * DAY) continue;
      near++;
      for (let second = at - 2 * DAY; second < at + 2 * DAY; second += 450) {
        const local = Temporal.Instant.fromEpochMilliseconds(second * 1000)
          .toZonedDateTimeISO('UTC')
          .toPlainDateTime();
        const read = local.toZonedDateTime(name).epochMilliseconds / 1000;
        strictEqual(zone.instantOf(second), read, `${local} in ${name}`);
        const shown = Temporal.Instant.fromEpochMilliseconds(second * 1000).toZonedDateTimeISO(name);
        strictEqual(zone.localTimeAt(second), second + shown.offsetNanoseconds / 1e9, `${shown}`);
      }
    }
  }
  t.ok(near > 10, `${near} changes`);
});

test('the wall clock of a zone is that of Intl', async (t) => {
  t.comment(`FUZZ_SEED=${SEED}`);
  const formats = new Map(
    ZONES.map((timeZone) => [timeZone, new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' })]),
  );
  fc.assert(
    fc.property(fc.constantFrom(...ZONES), fc.integer({ min: 0, max: Date.UTC(2045) / 1000 }), (name, at) => {
      const text = formats.get(name)!.format(at * 1000);
      const [, sign, hours, minutes, seconds = '0'] = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text)!;
      const offset = sign ? Number(`${sign}1`) * (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) : 0;
      strictEqual(Zone.named(name)!.localTimeAt(at) - at, offset, `${name} at ${at}`);
    }),
    { numRuns: RUNS * 5, seed: SEED },
  );
});
