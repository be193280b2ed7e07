/** Windows back from now and months on the workspace's wall clock, reckoned by hand, and against Temporal. */

import fc from 'fast-check';
import { test } from 'tap';
import { Temporal } from 'temporal-polyfill';
import {
  monthOf,
  parseWindow,
  startOfMonth,
  startOfNextMonth,
  wholeMonths,
  windowStart,
} from '../../src/rules/windows.ts';
import { Zone } from '../../src/rules/zone.ts';

const at = (text: string) => Date.parse(text) / 1000;
const zoneOf = (name: string) => Zone.named(name)!;
const shanghai = zoneOf('Asia/Shanghai');

test('a window begins at the same time of day, so many calendar units earlier', async (t) => {
  for (const [window, now, zone, start] of [
    ['P12M', '2026-11-24T10:00:00+08:00', 'Asia/Shanghai', '2025-11-24T10:00:00+08:00'],
    ['P1Y', '2028-02-29T10:00:00+08:00', 'Asia/Shanghai', '2027-02-28T10:00:00+08:00'],
    ['P1M', '2026-03-31T10:00:00+08:00', 'Asia/Shanghai', '2026-02-28T10:00:00+08:00'],
    ['P6M', '2026-08-31T00:00:00+08:00', 'Asia/Shanghai', '2026-02-28T00:00:00+08:00'],
    ['P90D', '2026-03-31T10:00:00+08:00', 'Asia/Shanghai', '2025-12-31T10:00:00+08:00'],
    // The first half hour of March in Shanghai is February in UTC: the wall clock decides.
    ['P1M', '2026-03-01T00:30:00+08:00', 'Asia/Shanghai', '2026-02-01T00:30:00+08:00'],
    // A day of 23 hours lies between.
    ['P1D', '2026-03-29T12:00:00+02:00', 'Europe/Berlin', '2026-03-28T12:00:00+01:00'],
    // 02:30 did not happen: later by the gap.
    ['P1D', '2026-03-30T02:30:00+02:00', 'Europe/Berlin', '2026-03-29T03:30:00+02:00'],
    ['P10Y', '2026-11-24T10:00:00+08:00', 'Asia/Shanghai', '2016-11-24T10:00:00+08:00'],
    ['P10Y', '1975-01-01T00:00:00Z', 'UTC', '1965-01-01T00:00:00Z'],
  ] as const) {
    t.equal(windowStart(window, at(now), zoneOf(zone)), at(start), `${window} before ${now}`);
  }
});

test('the window before it begins twice as far back, whatever the day the first began on', async (t) => {
  t.equal(windowStart('P6M', at('2026-08-31T00:00:00+08:00'), shanghai, 2), at('2025-08-31T00:00:00+08:00'));
  t.equal(windowStart('P30D', at('2026-03-31T10:00:00+08:00'), shanghai, 2), at('2026-01-30T10:00:00+08:00'));
});

test('a window is of years, months or days, and ten years at most', async (t) => {
  for (const text of ['P1D', 'P3650D', 'P1M', 'P120M', 'P1Y', 'P10Y']) t.not(parseWindow(text), null, text);
  for (const text of [
    '',
    'P0D',
    'P0M',
    'P01M',
    'P3651D',
    'P121M',
    'P11Y',
    'P1Y6M',
    'P2W',
    'PT1H',
    'P-1M',
    'p1m',
    'P1.5M',
  ]) {
    t.equal(parseWindow(text), null, text);
  }
});

test('months are those of the workspace', async (t) => {
  const lateInUtc = at('2026-10-31T17:00:00Z');
  t.equal(monthOf(lateInUtc, shanghai), '2026-11');
  t.equal(monthOf(lateInUtc, zoneOf('UTC')), '2026-10');
  t.equal(startOfMonth(lateInUtc, shanghai), at('2026-11-01T00:00:00+08:00'));
  t.equal(startOfNextMonth(lateInUtc, shanghai), at('2026-12-01T00:00:00+08:00'));
  t.equal(startOfNextMonth(at('2026-12-31T23:59:59+08:00'), shanghai), at('2027-01-01T00:00:00+08:00'));
  t.equal(startOfMonth(at('2026-11-01T00:00:00+08:00'), shanghai), at('2026-11-01T00:00:00+08:00'));
});

test('whole months count from day to day, and to the last day of a month that is too short', async (t) => {
  for (const [from, to, months] of [
    ['2026-01-15T10:00:00+08:00', '2026-02-15T09:59:59+08:00', 0],
    ['2026-01-15T10:00:00+08:00', '2026-02-15T10:00:00+08:00', 1],
    ['2026-01-31T00:00:00+08:00', '2026-02-28T00:00:00+08:00', 1],
    ['2026-01-31T00:00:00+08:00', '2026-03-30T00:00:00+08:00', 1],
    ['2026-01-31T00:00:00+08:00', '2026-03-31T00:00:00+08:00', 2],
    ['2024-02-29T00:00:00+08:00', '2027-02-28T00:00:00+08:00', 36],
    ['2026-02-01T00:00:00+08:00', '2026-01-01T00:00:00+08:00', 0],
    ['2023-11-24T00:00:00+08:00', '2026-11-24T00:00:00+08:00', 36],
  ] as const) {
    t.equal(wholeMonths(at(from), at(to), shanghai), months, `${from} - ${to}`);
  }
});

test('windows and months agree with Temporal in any zone', async (t) => {
  const seed = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  t.comment(`FUZZ_SEED=${seed}`);
  const instant = fc.integer({ min: 0, max: at('2100-01-01T00:00:00Z') });
  const zone = fc.constantFrom(
    'UTC',
    'Asia/Shanghai',
    'Europe/Berlin',
    'America/Sao_Paulo',
    'Australia/Lord_Howe',
    'Asia/Gaza',
  );
  const length = fc.oneof(
    fc.integer({ min: 1, max: 3650 }).map((days) => ({ text: `P${days}D`, duration: { days } })),
    fc.integer({ min: 1, max: 120 }).map((months) => ({ text: `P${months}M`, duration: { months } })),
    fc.integer({ min: 1, max: 10 }).map((years) => ({ text: `P${years}Y`, duration: { years } })),
  );
  fc.assert(
    fc.property(instant, zone, length, (now, name, { text, duration }) => {
      const there = Temporal.Instant.fromEpochMilliseconds(now * 1000).toZonedDateTimeISO(name);
      const start = there.subtract(duration).epochMilliseconds / 1000;
      const next = there.add({ months: 1 }).with({ day: 1 }).startOfDay().epochMilliseconds / 1000;
      return (
        windowStart(text, now, zoneOf(name)) === start &&
        startOfNextMonth(now, zoneOf(name)) === next &&
        startOfMonth(next, zoneOf(name)) === next
      );
    }),
    { seed, numRuns: Number(process.env['FUZZ_RUNS'] ?? 2000) },
  );
});
