/**
 * A month of a calendar, reckoned by hand and on random calendars by the oracle; and its picture, which is well-formed,
 * small, and as wide as the time is long. FUZZ_RUNS (150 calendars unless told) and FUZZ_SEED as elsewhere.
 */

import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import fc from 'fast-check';
import tap, { test } from 'tap';
import { Temporal } from 'temporal-polyfill';
import { type CalendarDefinition, compileCalendar } from '../../src/rules/calendar.ts';
import { type MonthDay, monthAt, monthOf } from '../../src/rules/month.ts';
import { drawMonth } from '../../src/rules/month-picture.ts';
import { samples } from './business-time-calendars.ts';
import { CalendarOracle } from './calendar-oracle.ts';

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 150);
const SEED = Number(process.env['FUZZ_SEED'] ?? randomInt(2 ** 31 - 1));

// A long run has long.
tap.setTimeout(60_000 + 120 * RUNS);

const every = (periods: [string, string][], days = ['mon', 'tue', 'wed', 'thu', 'fri']) =>
  Object.fromEntries(days.map((day) => [day, periods]));
const OFFICE: CalendarDefinition = {
  timeZone: 'Asia/Shanghai',
  week: every([
    ['09:00', '12:00'],
    ['13:00', '18:00'],
  ]),
  holidays: ['2026-10-01', '2026-10-02', '2026-10-04', { date: '2026-10-30', from: '15:00', to: '24:00' }],
  specialDays: [
    { date: '2026-10-10', periods: [['10:00', '16:00']] },
    { date: '2026-10-12', periods: [] },
  ],
};

/** `5 open 28800 09:00-12:00 13:00-18:00` */
function line({ date, reason, openSeconds, hours }: MonthDay): string {
  const spans = hours.map(({ localFrom, localTo }) => `${localFrom}-${localTo}`);
  return [Number(date.slice(8)), reason, openSeconds, ...spans].join(' ');
}

test('each date says when it is open and what it is', async (t) => {
  const { days, openSeconds, month } = monthOf(compileCalendar(OFFICE), '2026-10');
  t.equal(days.length, 31);
  t.equal(month, '2026-10');
  const lines = days.map(line);
  for (const expected of [
    '1 holiday 0',
    '3 outside_hours 0',
    '4 holiday 0',
    '5 open 28800 09:00-12:00 13:00-18:00',
    '10 special_day 21600 10:00-16:00',
    '12 special_day 0',
    '30 partial_holiday 18000 09:00-12:00 13:00-15:00',
  ]) {
    t.equal(lines[Number(expected.split(' ')[0]) - 1], expected);
  }
  // 5 to 9, 13 to 16, 19 to 23, 26 to 29: 18 days of 8 hours; 6 on the 10th, 5 on the 30th.
  t.equal(openSeconds, (18 * 8 + 6 + 5) * 3600);
});

test('a night belongs to the dates it falls on', async (t) => {
  const night = compileCalendar({
    timeZone: 'Asia/Shanghai',
    week: every([['22:00', '06:00']]),
    holidays: ['2026-05-06'],
  });
  const { days } = monthOf(night, '2026-05');
  t.strictSame(days.slice(0, 9).map(line), [
    '1 open 28800 00:00-06:00 22:00-24:00',
    '2 open 21600 00:00-06:00',
    '3 outside_hours 0',
    '4 open 7200 22:00-24:00',
    '5 open 28800 00:00-06:00 22:00-24:00',
    '6 holiday 0',
    '7 open 28800 00:00-06:00 22:00-24:00',
    '8 open 28800 00:00-06:00 22:00-24:00',
    '9 open 21600 00:00-06:00',
  ]);
});

test('a day is as long as it is where clocks change, and where the date was left out', async (t) => {
  const lengths = (timeZone: string, month: string) => {
    const week = every([['00:00', '24:00']], ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']);
    const { days } = monthOf(compileCalendar({ timeZone, week }), month);
    return days.filter(({ seconds }) => seconds !== 86_400).map((day) => [line(day), day.seconds / 3600]);
  };
  t.strictSame(lengths('America/New_York', '2026-03'), [['8 open 82800 00:00-24:00', 23]]);
  t.strictSame(lengths('America/New_York', '2026-11'), [['1 open 90000 00:00-24:00', 25]]);
  t.strictSame(lengths('America/Sao_Paulo', '2018-11'), [['4 open 82800 01:00-24:00', 23]], 'the day begins at one');
  t.strictSame(lengths('Australia/Lord_Howe', '2026-10'), [['4 open 84600 00:00-24:00', 23.5]]);
  t.strictSame(lengths('Pacific/Apia', '2011-12'), [['30 outside_hours 0', 0]]);
});

test('the first and the last month end with the time that calendars know', async (t) => {
  const always = (timeZone: string) =>
    compileCalendar({ timeZone, week: every([['00:00', '24:00']], ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']) });
  const first = monthOf(always('Asia/Shanghai'), '1970-01');
  t.equal(line(first.days[0]!), '1 open 57600 08:00-24:00');
  const last = monthOf(always('America/New_York'), '2199-12');
  t.equal(last.days[30]!.openSeconds, 19 * 3600);
  t.equal(last.days.length, 31);
});

test('the month of an instant is that of the wall clock', async (t) => {
  const calendar = (timeZone: string) => compileCalendar({ ...OFFICE, timeZone });
  const at = Date.parse('2026-10-31T20:00:00Z') / 1000;
  t.equal(monthAt(calendar('Asia/Shanghai'), at), '2026-11');
  t.equal(monthAt(calendar('America/New_York'), at), '2026-10');
});

test('random months are as the wall clock has them, and their pictures show them', async (t) => {
  t.comment(`FUZZ_SEED=${SEED} FUZZ_RUNS=${RUNS}`);
  const names = fc.oneof(fc.string({ maxLength: 200 }), fc.string({ unit: 'binary', maxLength: 40 }));
  fc.assert(
    fc.property(samples, names, fc.constantFrom('en', 'zh-CN'), ({ definition, around }, name, language) => {
      const { timeZone } = definition;
      const oracle = new CalendarOracle(definition);
      const calendar = compileCalendar(definition);
      const month = monthOf(calendar, monthAt(calendar, around));
      let sum = 0;
      for (const [index, day] of month.days.entries()) {
        const { date, start, seconds, hours, openSeconds } = day;
        const midnight = Temporal.PlainDate.from(date).toZonedDateTime(timeZone).epochMilliseconds / 1000;
        strictEqual(start, midnight, `${date} begins`);
        strictEqual(start + seconds, month.days[index + 1]?.start ?? start + seconds, `${date} ends`);
        deepStrictEqual(
          hours.map(({ from, to }) => ({ start: from, end: to })),
          oracle.openIntervals(start, start + seconds),
          date,
        );
        for (const { from, to, localFrom, localTo } of hours) {
          strictEqual(localFrom, wall(timeZone, from));
          strictEqual(localTo, to === start + seconds ? '24:00' : wall(timeZone, to));
        }
        strictEqual(
          openSeconds,
          hours.reduce((all, { from, to }) => all + to - from, 0),
        );
        sum += openSeconds;
      }
      strictEqual(month.openSeconds, sum);
      checkPicture(month.days, drawMonth(month, { name, timeZone, language }), definition);
    }),
    { numRuns: RUNS, seed: SEED },
  );
  t.pass('all of them');
});

function wall(timeZone: string, at: number): string {
  const time = Temporal.Instant.fromEpochMilliseconds(at * 1000)
    .toZonedDateTimeISO(timeZone)
    .toPlainTime()
    .toString();
  return time.replace(/:00$/, '').padEnd(5, ':00');
}

function checkPicture(days: MonthDay[], svg: string, { timeZone }: CalendarDefinition): void {
  checkXml(svg);
  ok(Buffer.byteLength(svg) < 20_000, `${Buffer.byteLength(svg)} bytes`);
  ok(svg.includes(timeZone));
  for (const forbidden of [/<script/i, /<style/i, /\bon\w+=/i, /href/i, /url\((?!#)/i]) {
    // A name may say what it likes: as text.
    ok(!forbidden.test(svg.replaceAll(/>[^<]*</g, '><')), String(forbidden));
  }
  const drawn = [...svg.matchAll(/scale\([\d.]+ 1\)" d="([^"]*)"/g)].map(([, path]) => path!);
  const open = days.filter(({ openSeconds }) => openSeconds > 0);
  strictEqual(drawn.length, open.length, 'a bar for each open date');
  for (const [index, { start, hours }] of open.entries()) {
    const bars = [...drawn[index]!.matchAll(/M(\d+) 0h(\d+)/g)].map(([, from, width]) => [Number(from), Number(width)]);
    // As wide as it is long; more than a dozen would be too narrow to see.
    if (hours.length > 12) strictEqual(bars.length, 12);
    else
      deepStrictEqual(
        bars,
        hours.map(({ from, to }) => [from - start, to - from]),
      );
  }
}

/** Well-formed by the letter: tags that close in order, attributes once and quoted, no stray markup or unknown entity. */
function checkXml(text: string): void {
  match(text, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" /);
  const stack: string[] = [];
  let at = 0;
  while (at < text.length) {
    const tag = /^<(?:\/([\w:]+)\s*|([\w:]+)((?:\s+[\w:-]+="[^"<&]*(?:&(?:amp|lt|gt|quot);[^"<&]*)*")*)\s*(\/?))>/.exec(
      text.slice(at),
    );
    if (tag === null) {
      const words = /^(?:[^<&]|&(?:amp|lt|gt|quot);)+/.exec(text.slice(at));
      ok(words !== null, `no markup at ${at}: ${text.slice(at, at + 40)}`);
      ok(!/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.test(words[0]), 'characters that XML allows');
      ok(stack.length > 0, 'no text outside the root');
      at += words[0].length;
      continue;
    }
    const [whole, closed, opened, attributes = '', empty] = tag;
    if (closed !== undefined) strictEqual(stack.pop(), closed);
    else {
      const names = [...attributes.matchAll(/([\w:-]+)="/g)].map(([, attribute]) => attribute);
      strictEqual(new Set(names).size, names.length, `an attribute twice in ${whole}`);
      if (empty === '') stack.push(opened!);
    }
    at += whole.length;
    ok(stack.length > 0 || at === text.length, 'one root');
  }
  deepStrictEqual(stack, []);
}

test('a picture tells those who cannot see it what it shows, in the language of the workspace', async (t) => {
  const month = monthOf(compileCalendar(OFFICE), '2026-10');
  const draw = (language: 'en' | 'zh-CN', name = 'A & <B> "C"') =>
    drawMonth(month, { name, timeZone: 'Asia/Shanghai', language });
  const english = draw('en');
  t.match(english, '<title id="month-2026-10-title">A &amp; &lt;B&gt; &quot;C&quot; · October 2026</title>');
  t.match(
    english,
    'Asia/Shanghai, open 155 h on 20 of 31 days. Holiday: 1–2, 4. Partly closed: 30. Special day: 10, 12.</desc>',
  );
  t.match(english, 'role="img" aria-labelledby="month-2026-10-title month-2026-10-desc"');
  t.match(draw('zh-CN'), '2026年10月</title>');
  t.match(draw('zh-CN'), 'Asia/Shanghai, 31天中有20天开放，共155小时。 休 · 假日：1–2, 4日。');
  t.match(draw('zh-CN', '客'.repeat(100)), `>${'客'.repeat(23)}… · 2026年10月</text>`, 'a long name is cut short');
  for (const svg of [english, draw('zh-CN'), draw('en', 'a\u0001b\ufffec')]) t.doesNotThrow(() => checkXml(svg));
});

test('a calendar of a hundred periods a day is drawn in fewer bars, and still below 20 kB', async (t) => {
  const clock = (at: number) => new Date(at * 1000).toISOString().slice(11, 19);
  const week = every(
    Array.from({ length: 100 }, (_, i) => [clock(i * 801 + 7), clock(i * 801 + 407)]),
    ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'],
  );
  const month = monthOf(compileCalendar({ timeZone: 'Europe/Berlin', week }), '2026-08');
  const svg = drawMonth(month, { name: '&'.repeat(200), timeZone: 'Europe/Berlin', language: 'en' });
  t.doesNotThrow(() => checkPicture(month.days, svg, { timeZone: 'Europe/Berlin', week }));
  t.equal(month.openSeconds, 31 * 100 * 400);
});
