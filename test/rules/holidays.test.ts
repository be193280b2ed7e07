/** How dates found elsewhere are cut to the days of a calendar, and how they join what it has. */

import fc from 'fast-check';
import { test } from 'tap';
import { datesOf, type FoundDay, joinDays } from '../../src/rules/holidays.ts';

const local = (text: string) => Date.parse(`${text}Z`) / 1000;
const stretch = (start: string, end: string, zone: string | null) => ({
  name: 'x',
  start: { local: local(start), zone },
  end: { local: local(end), zone },
});
const lines = (days: FoundDay[]) => days.map(({ date, from, to }) => (from === null ? date : `${date} ${from}-${to}`));

test('a stretch is cut at the midnights of the calendar, in the years that are asked for', async (t) => {
  const cases: [ReturnType<typeof stretch>, string, number[], string[]][] = [
    [stretch('2026-12-30T00:00', '2027-01-02T00:00', null), 'Asia/Shanghai', [2026], ['2026-12-30', '2026-12-31']],
    [stretch('2026-12-30T00:00', '2027-01-02T00:00', null), 'Asia/Shanghai', [2027], ['2027-01-01']],
    [stretch('2026-05-01T14:00', '2026-05-01T18:30:15', null), 'UTC', [2026], ['2026-05-01 14:00-18:30:15']],
    [stretch('2026-05-01T16:00', '2026-05-02T16:00', 'UTC'), 'Asia/Shanghai', [2026], ['2026-05-02']],
    [
      stretch('2026-12-31T12:00', '2027-01-01T12:00', 'America/New_York'),
      'Asia/Shanghai',
      [2026, 2027],
      ['2027-01-01 01:00-24:00', '2027-01-02 00:00-01:00'],
    ],
    // Clocks in New York go from 02:00 to 03:00: the hour is missing from the date.
    [stretch('2026-03-08T05:00', '2026-03-08T09:00', 'UTC'), 'America/New_York', [2026], ['2026-03-08 00:00-05:00']],
    [stretch('2026-05-01T14:00', '2026-05-01T14:00', null), 'UTC', [2026], []],
    [stretch('2026-05-02T14:00', '2026-05-01T14:00', null), 'UTC', [2026], []],
  ];
  for (const [given, timeZone, years, expected] of cases) {
    t.strictSame(lines(datesOf(given, timeZone, years, 100)), expected, `${expected}`);
  }
  t.equal(datesOf(stretch('1970-01-01T00:00', '2200-01-01T00:00', null), 'UTC', [2026, 2027], 500).length, 500);
});

test('a part of a date is taken unless the whole of it, or as much, is closed already', async (t) => {
  const part = (from: string, to: string): FoundDay => ({ date: '2026-05-01', from, to, name: 'x', kind: 'holiday' });
  const join = (found: FoundDay[]) =>
    joinDays({ timeZone: 'UTC', week: {}, holidays: [{ date: '2026-05-01', from: '12:00', to: '18:00:00' }] }, found, {
      without: [],
      makeUpPeriods: [],
    });
  t.strictSame(lines(join([part('12:00:00', '18:00'), part('13:00', '14:00')]).added), []);
  t.strictSame(lines(join([part('11:59', '14:00')]).added), ['2026-05-01 11:59-14:00']);
  const whole: FoundDay = { date: '2026-05-01', from: null, to: null, name: 'y', kind: 'holiday' };
  const { added, skipped, after } = join([part('08:00', '09:00'), whole]);
  t.strictSame(lines(added), ['2026-05-01'], 'the whole before its parts');
  t.strictSame(skipped, [{ date: '2026-05-01', name: 'x', reason: 'holiday' }]);
  t.strictSame(after.holidays, ['2026-05-01', { date: '2026-05-01', from: '12:00', to: '18:00:00' }]);
});

const date = fc.constantFrom('2025-12-31', '2026-01-01', '2026-01-02', '2026-06-30', '2027-01-01');
const hours = fc.constantFrom<[string, string]>(['09:00', '12:00'], ['10:00', '11:00'], ['12:00', '24:00']);
const part = fc.tuple(date, hours).map(([day, [from, to]]) => ({ date: day, from, to }));
const calendar = fc.record({
  timeZone: fc.constant('UTC'),
  week: fc.constant({}),
  holidays: fc.array(fc.oneof(date, part), { maxLength: 6 }),
  specialDays: fc.uniqueArray(fc.record({ date, periods: fc.array(hours, { maxLength: 1 }) }), {
    maxLength: 3,
    selector: (day) => day.date,
  }),
});
const name = fc.constant('x');
const foundDay: fc.Arbitrary<FoundDay> = fc.oneof(
  fc.record({ date, from: fc.constant(null), to: fc.constant(null), name, kind: fc.constant('holiday' as const) }),
  fc.record({ date, from: fc.constant(null), to: fc.constant(null), name, kind: fc.constant('make_up_day' as const) }),
  part.map((day) => ({ ...day, name: 'x', kind: 'holiday' as const })),
);
const years = fc.subarray([2025, 2026, 2027]);

test('joining the same twice adds nothing, and what was there stays unless its year is replaced', async (t) => {
  fc.assert(
    fc.property(calendar, fc.array(foundDay, { maxLength: 8 }), years, (before, found, without) => {
      const options = { without, makeUpPeriods: [['10:00', '16:00']] as [string, string][] };
      const once = joinDays(before, found, options);
      const again = joinDays({ ...before, ...once.after }, found, options);
      t.strictSame([again.added, again.removed], [[], []]);
      t.strictSame(again.after, once.after);
      t.equal(once.added.length + once.skipped.length, found.length, 'each was added or skipped');
      const stays = (thing: string | { date: string }) =>
        !without.includes(Number((typeof thing === 'string' ? thing : thing.date).slice(0, 4)));
      for (const list of ['holidays', 'specialDays'] as const) {
        const kept = new Set(once.after[list].map((thing) => JSON.stringify(thing)));
        t.ok(before[list].filter(stays).every((thing) => kept.has(JSON.stringify(thing))));
      }
      const special = once.after.specialDays.map((day) => day.date);
      t.equal(new Set(special).size, special.length, 'no date has hours of its own twice');
    }),
    { numRuns: 300 },
  );
});
