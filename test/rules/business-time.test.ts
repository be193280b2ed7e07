/** The law of business time, a table worked out by hand; business-time-fuzz.test.ts has the random calendars. */

import { test } from 'tap';
import { AppError } from '../../src/errors.ts';
import {
  add,
  addBusinessDays,
  between,
  closedIntervals,
  closedReason,
  isOpen,
  openIntervals,
} from '../../src/rules/business-time.ts';
import {
  ALWAYS,
  type CalendarDefinition,
  compileCalendar,
  LAST_INSTANT,
  type Weekday,
} from '../../src/rules/calendar.ts';

type Periods = [string, string][];

const WEEKDAYS: Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const daily = (...periods: Periods) => Object.fromEntries(WEEKDAYS.map((day) => [day, periods]));
const weekdays = (...periods: Periods) => Object.fromEntries(WEEKDAYS.slice(0, 5).map((day) => [day, periods]));
const berlin = (rest: Omit<CalendarDefinition, 'timeZone'>): CalendarDefinition => ({
  timeZone: 'Europe/Berlin',
  ...rest,
});
const at = (text: string) => Date.parse(text) / 1000;
const say = (instant: number) => new Date(instant * 1000).toISOString().replace('.000Z', 'Z');
const hours = (n: number) => Math.round(n * 3600);

const office = berlin({ week: weekdays(['09:00', '12:00'], ['13:00', '17:00']) });
const nights = berlin({ week: weekdays(['22:00', '06:00']) });

test('add: the instant by which so many open seconds have passed', async (t) => {
  type Row = [law: string, CalendarDefinition, start: string, seconds: number, answer: string, 'next_opening'?];
  // biome-ignore format: one line, one case
  const rows: Row[] = [
    ['within one period', office, '2027-03-05T09:30:00+01:00', 1800, '2027-03-05T09:00:00Z'],
    ['over the lunch break', office, '2027-03-05T11:00:00+01:00', hours(2), '2027-03-05T13:00:00Z'],
    ['over the weekend', office, '2027-03-05T16:00:00+01:00', hours(2), '2027-03-08T09:00:00Z'],
    ['a start outside hours counts from the next opening', office, '2027-03-06T11:00:00+01:00', 60, '2027-03-08T08:01:00Z'],
    ['a start at a closing is outside hours', office, '2027-03-05T17:00:00+01:00', 60, '2027-03-08T08:01:00Z'],
    ['used up at a closing is that closing', office, '2027-03-05T16:00:00+01:00', hours(1), '2027-03-05T16:00:00Z'],
    ['… or the next opening', office, '2027-03-05T16:00:00+01:00', hours(1), '2027-03-08T08:00:00Z', 'next_opening'],
    ['… which changes nothing elsewhere', office, '2027-03-05T15:00:00+01:00', 60, '2027-03-05T14:01:00Z', 'next_opening'],
    ['nothing, open: the start', office, '2027-03-05T09:00:00+01:00', 0, '2027-03-05T08:00:00Z'],
    ['nothing, closed: the next opening', office, '2027-03-05T12:00:00+01:00', 0, '2027-03-05T12:00:00Z'],
    ['over the spring change the day ends after 23 hours', berlin({ week: daily(['00:00', '24:00']) }), '2027-03-28T00:00:00+01:00', hours(23), '2027-03-28T22:00:00Z'],
    ['over years', office, '2027-01-04T09:00:00+01:00', hours(35 * 52), '2027-12-31T16:00:00Z'],
  ];
  for (const [law, definition, start, seconds, answer, atClosing] of rows) {
    const calendar = compileCalendar(definition);
    t.equal(say(add(calendar, at(start), seconds, atClosing)), answer, law);
    t.equal(between(calendar, at(start), at(answer)), seconds, `${law}, and back`);
  }
});

test('between: the open seconds of a stretch, as they really pass', async (t) => {
  const sunday = (...periods: Periods) => ({ sun: periods });
  const lordHowe = (...periods: Periods) => ({ timeZone: 'Australia/Lord_Howe', week: sunday(...periods) });
  const apia = (week: CalendarDefinition['week']) => ({ timeZone: 'Pacific/Apia', week });
  const spring = ['2027-03-28T00:00:00+01:00', '2027-03-29T00:00:00+02:00'] as const;
  const autumn = ['2027-10-31T00:00:00+02:00', '2027-11-01T00:00:00+01:00'] as const;
  // biome-ignore format: one line, one case
  const rows: [law: string, CalendarDefinition, from: string, to: string, seconds: number][] = [
    ['a week', office, '2027-03-01T00:00:00+01:00', '2027-03-08T00:00:00+01:00', hours(35)],
    ['nothing backwards', office, '2027-03-08T00:00:00+01:00', '2027-03-01T00:00:00+01:00', 0],
    ['nothing of nothing', office, '2027-03-05T10:00:00+01:00', '2027-03-05T10:00:00+01:00', 0],
    ['overlapping and touching periods count once', berlin({ week: { fri: [['13:00', '17:00'], ['09:00', '12:00'], ['11:00', '13:00']] } }), '2027-03-05T00:00:00+01:00', '2027-03-06T00:00:00+01:00', hours(8)],
    ['a spring day has 23 hours', berlin({ week: daily(['00:00', '24:00']) }), ...spring, hours(23)],
    ['an autumn day has 25', berlin({ week: daily(['00:00', '24:00']) }), ...autumn, hours(25)],
    ['a period over the gap is shorter', berlin({ week: sunday(['01:00', '04:00']) }), ...spring, hours(2)],
    ['a skipped start moves later', berlin({ week: sunday(['02:30', '05:00']) }), ...spring, hours(1.5)],
    ['a skipped end moves later', berlin({ week: sunday(['01:00', '02:30']) }), ...spring, hours(1.5)],
    ['a skipped period moves later', berlin({ week: sunday(['02:10', '02:20']) }), ...spring, 600],
    ['what comes out reversed is dropped', berlin({ week: sunday(['02:30', '03:00']) }), ...spring, 0],
    ['what comes out empty is dropped', berlin({ week: sunday(['02:00', '03:00']) }), ...spring, 0],
    ['a period over the overlap is longer', berlin({ week: sunday(['01:00', '04:00']) }), ...autumn, hours(4)],
    ['an ambiguous start is the first', berlin({ week: sunday(['02:30', '05:00']) }), ...autumn, hours(3.5)],
    ['an ambiguous end is the first', berlin({ week: sunday(['01:00', '02:30']) }), ...autumn, hours(1.5)],
    ['half an hour skipped on Lord Howe', lordHowe(['01:00', '03:00']), '2027-10-02T12:00:00Z', '2027-10-03T12:00:00Z', hours(1.5)],
    ['… moves a start by half an hour', lordHowe(['02:15', '04:00']), '2027-10-02T12:00:00Z', '2027-10-03T12:00:00Z', hours(1.25)],
    ['half an hour twice on Lord Howe', lordHowe(['01:00', '03:00']), '2027-04-03T12:00:00Z', '2027-04-04T12:00:00Z', hours(2.5)],
    ['two hours skipped at Troll', { timeZone: 'Antarctica/Troll', week: sunday(['00:30', '03:30']) }, '2025-03-30T00:00:00Z', '2025-03-31T00:00:00Z', hours(1)],
    ['an hour twice before Ramadan in Casablanca', { timeZone: 'Africa/Casablanca', week: sunday(['01:00', '04:00']) }, '2025-02-23T00:00:00+01:00', '2025-02-24T00:00:00Z', hours(4)],
    ['44 minutes and 30 seconds skipped in Monrovia, from midnight on', { timeZone: 'Africa/Monrovia', week: { fri: [['00:00', '01:00']] } }, '1972-01-06T12:00:00Z', '1972-01-07T12:00:00Z', 930],
    ['Apia had no Friday that week', apia({ fri: [['09:00', '17:00']] }), '2011-12-29T00:00:00-10:00', '2012-01-01T00:00:00+14:00', 0],
    ['… its Thursday night ends at midnight', apia({ thu: [['22:00', '06:00']] }), '2011-12-29T00:00:00-10:00', '2012-01-01T00:00:00+14:00', hours(2)],
    ['… also said as 24:00', apia({ thu: [['22:00', '24:00']] }), '2011-12-29T00:00:00-10:00', '2012-01-01T00:00:00+14:00', hours(2)],
    ['… and no tail of the skipped Friday comes on Saturday', apia({ fri: [['22:00', '06:00']] }), '2011-12-29T00:00:00-10:00', '2012-01-01T00:00:00+14:00', 0],
    ['a partial holiday of the skipped date closes nothing', { ...apia(daily(['00:00', '24:00'])), holidays: [{ date: '2011-12-30', from: '09:00', to: '12:00' }] }, '2011-12-29T00:00:00-10:00', '2012-01-01T00:00:00+14:00', hours(48)],
    ['a partial holiday over the gap ends as late as it says', berlin({ week: daily(['00:00', '24:00']), holidays: [{ date: '2027-03-28', from: '01:00', to: '02:30' }] }), ...spring, hours(21.5)],
    ['a partial holiday over the overlap lasts as long as it passes', berlin({ week: daily(['00:00', '24:00']), holidays: [{ date: '2027-10-31', from: '01:00', to: '04:00' }] }), ...autumn, hours(21)],
    ['the whole range', { timeZone: 'Asia/Kathmandu', week: daily(['00:00', '24:00']) }, '1970-01-01T00:00:00Z', '2200-01-01T00:00:00Z', LAST_INSTANT],
  ];
  for (const [law, definition, from, to, seconds] of rows) {
    t.equal(between(compileCalendar(definition), at(from), at(to)), seconds, law);
  }
});

test('openIntervals: nights, holidays and special days', async (t) => {
  type Row = [law: string, CalendarDefinition, from: string, to: string, ...open: [string, string][]];
  const mondayAndNight = { mon: [['20:00', '24:00']] as Periods, tue: [['00:00', '04:00']] as Periods };
  // biome-ignore format: one line, one case
  const rows: Row[] = [
    ['a night belongs to the day it starts on', nights, '2027-03-05T12:00:00+01:00', '2027-03-08T12:00:00+01:00', ['2027-03-05T21:00:00Z', '2027-03-06T05:00:00Z']],
    ['a night may end at midnight, said either way', berlin({ week: { fri: [['22:00', '00:00']], sat: [['23:00', '24:00']] } }), '2027-03-05T12:00:00+01:00', '2027-03-07T12:00:00+01:00', ['2027-03-05T21:00:00Z', '2027-03-05T23:00:00Z'], ['2027-03-06T22:00:00Z', '2027-03-06T23:00:00Z']],
    ['periods that touch at midnight are one', berlin({ week: mondayAndNight }), '2027-03-01T00:00:00+01:00', '2027-03-03T00:00:00+01:00', ['2027-03-01T19:00:00Z', '2027-03-02T03:00:00Z']],
    ['seconds count', berlin({ week: { fri: [['09:00:01', '09:00:03']] } }), '2027-03-05T00:00:00+01:00', '2027-03-06T00:00:00+01:00', ['2027-03-05T08:00:01Z', '2027-03-05T08:00:03Z']],
    ['clipped to what is asked', office, '2027-03-05T10:00:00+01:00', '2027-03-05T13:30:00+01:00', ['2027-03-05T09:00:00Z', '2027-03-05T11:00:00Z'], ['2027-03-05T12:00:00Z', '2027-03-05T12:30:00Z']],
    ['a holiday closes its date', { ...office, holidays: ['2027-03-05'] }, '2027-03-05T00:00:00+01:00', '2027-03-08T10:00:00+01:00', ['2027-03-08T08:00:00Z', '2027-03-08T09:00:00Z']],
    ['… and the part of a night that falls on it, not the rest of its own', { ...nights, holidays: ['2027-03-05'] }, '2027-03-04T12:00:00+01:00', '2027-03-06T12:00:00+01:00', ['2027-03-04T21:00:00Z', '2027-03-04T23:00:00Z'], ['2027-03-05T23:00:00Z', '2027-03-06T05:00:00Z']],
    ['a partial holiday closes a part', { ...office, holidays: [{ date: '2027-03-05', from: '11:00', to: '14:00' }] }, '2027-03-05T00:00:00+01:00', '2027-03-06T00:00:00+01:00', ['2027-03-05T08:00:00Z', '2027-03-05T10:00:00Z'], ['2027-03-05T13:00:00Z', '2027-03-05T16:00:00Z']],
    ['… also of a night that began the day before', { ...nights, holidays: [{ date: '2027-03-06', from: '02:00', to: '24:00' }] }, '2027-03-05T12:00:00+01:00', '2027-03-07T12:00:00+01:00', ['2027-03-05T21:00:00Z', '2027-03-06T01:00:00Z']],
    ['a make-up day opens a Sunday', { ...office, specialDays: [{ date: '2027-03-07', periods: [['10:00', '11:00']] }] }, '2027-03-06T00:00:00+01:00', '2027-03-08T00:00:00+01:00', ['2027-03-07T09:00:00Z', '2027-03-07T10:00:00Z']],
    ['a special day may have no periods', { ...office, specialDays: [{ date: '2027-03-05', periods: [] }] }, '2027-03-05T00:00:00+01:00', '2027-03-06T00:00:00+01:00'],
    ['a special day voids holidays, whole and partial, of its date', { ...office, holidays: ['2027-03-05', { date: '2027-03-05', from: '10:00', to: '11:00' }], specialDays: [{ date: '2027-03-05', periods: [['09:00', '12:00']] }] }, '2027-03-05T00:00:00+01:00', '2027-03-06T00:00:00+01:00', ['2027-03-05T08:00:00Z', '2027-03-05T11:00:00Z']],
    ['… and keeps the tail of the night before, also when it is a holiday', { ...nights, holidays: ['2027-03-05'], specialDays: [{ date: '2027-03-05', periods: [['12:00', '13:00']] }] }, '2027-03-04T12:00:00+01:00', '2027-03-06T12:00:00+01:00', ['2027-03-04T21:00:00Z', '2027-03-05T05:00:00Z'], ['2027-03-05T11:00:00Z', '2027-03-05T12:00:00Z']],
    ['… but the tail of its own night falls on the next date’s holiday', { ...nights, holidays: ['2027-03-07'], specialDays: [{ date: '2027-03-06', periods: [['22:00', '06:00']] }] }, '2027-03-06T12:00:00+01:00', '2027-03-07T12:00:00+01:00', ['2027-03-06T21:00:00Z', '2027-03-06T23:00:00Z']],
    ['a holiday on the autumn change has 25 hours', berlin({ week: daily(['00:00', '24:00']), holidays: ['2027-10-31'] }), '2027-10-30T12:00:00+02:00', '2027-11-01T12:00:00+01:00', ['2027-10-30T10:00:00Z', '2027-10-30T22:00:00Z'], ['2027-10-31T23:00:00Z', '2027-11-01T11:00:00Z']],
    ['a midnight that is skipped begins the day at one', { timeZone: 'Africa/Cairo', week: { fri: [['00:00', '02:00']] } }, '2027-04-29T12:00:00Z', '2027-04-30T12:00:00Z', ['2027-04-29T22:00:00Z', '2027-04-29T23:00:00Z']],
    ['nothing of nothing', office, '2027-03-05T12:00:00Z', '2027-03-05T12:00:00Z'],
    ['the night that began in 1969', { timeZone: 'UTC', week: daily(['22:00', '06:00']) }, '1970-01-01T00:00:00Z', '1970-01-01T12:00:00Z', ['1970-01-01T00:00:00Z', '1970-01-01T06:00:00Z']],
  ];
  for (const [law, definition, from, to, ...open] of rows) {
    const found = openIntervals(compileCalendar(definition), at(from), at(to));
    t.same(
      found.map(({ start, end }) => [say(start), say(end)]),
      open,
      law,
    );
  }
});

test('addBusinessDays: the same local time on a following date that has open time', async (t) => {
  // biome-ignore format: one line, one case
  const rows: [law: string, CalendarDefinition, start: string, days: number, answer: string][] = [
    ['the next day', office, '2027-03-03T10:15:00+01:00', 1, '2027-03-04T09:15:00Z'],
    ['over the weekend', office, '2027-03-05T10:15:00+01:00', 1, '2027-03-08T09:15:00Z'],
    ['from a weekend', office, '2027-03-06T10:15:00+01:00', 3, '2027-03-10T09:15:00Z'],
    ['before the hours: the opening', office, '2027-03-03T07:00:00+01:00', 1, '2027-03-04T08:00:00Z'],
    ['after the hours: the closing', office, '2027-03-03T20:00:00+01:00', 1, '2027-03-04T16:00:00Z'],
    ['at the closing: the closing', office, '2027-03-03T17:00:00+01:00', 1, '2027-03-04T16:00:00Z'],
    ['in the lunch break: the next opening', office, '2027-03-03T12:30:00+01:00', 1, '2027-03-04T12:00:00Z'],
    ['a holiday is no such date', { ...office, holidays: ['2027-03-04'] }, '2027-03-03T10:00:00+01:00', 1, '2027-03-05T09:00:00Z'],
    ['a holiday that takes all its hours neither', { ...office, holidays: [{ date: '2027-03-04', from: '09:00', to: '17:00' }] }, '2027-03-03T10:00:00+01:00', 1, '2027-03-05T09:00:00Z'],
    ['moved out of a partial holiday', { ...office, holidays: [{ date: '2027-03-04', from: '09:00', to: '11:00' }] }, '2027-03-03T10:00:00+01:00', 1, '2027-03-04T10:00:00Z'],
    ['a make-up Sunday is one', { ...office, specialDays: [{ date: '2027-03-07', periods: [['09:00', '17:00']] }] }, '2027-03-05T10:00:00+01:00', 1, '2027-03-07T09:00:00Z'],
    ['a night’s tail makes no Saturday', nights, '2027-03-04T23:00:00+01:00', 2, '2027-03-08T22:00:00Z'],
    ['a holiday whose own night reaches into the next date is one', { ...nights, holidays: ['2027-03-05'] }, '2027-03-04T12:00:00+01:00', 1, '2027-03-05T23:00:00Z'],
    ['in a tail: that date’s own opening', nights, '2027-03-03T03:00:00+01:00', 1, '2027-03-04T21:00:00Z'],
    ['a skipped local time moves later', berlin({ week: daily(['00:00', '24:00']) }), '2027-03-27T02:30:00+01:00', 1, '2027-03-28T01:30:00Z'],
    ['an ambiguous local time is the first', berlin({ week: daily(['00:00', '24:00']) }), '2027-10-30T02:30:00+02:00', 1, '2027-10-31T00:30:00Z'],
    ['Apia had no 30 December', { timeZone: 'Pacific/Apia', week: daily(['09:00', '17:00']) }, '2011-12-29T10:00:00-10:00', 1, '2011-12-30T20:00:00Z'],
    ['from 31 December 1969, local time', { timeZone: 'America/New_York', week: daily(['09:00', '17:00']) }, '1970-01-01T00:00:00Z', 1, '1970-01-01T22:00:00Z'],
    ['a thousand', office, '2027-03-01T10:00:00+01:00', 1000, '2030-12-30T09:00:00Z'],
  ];
  for (const [law, definition, start, days, answer] of rows) {
    t.equal(say(addBusinessDays(compileCalendar(definition), at(start), days)), answer, law);
  }
  t.equal(
    addBusinessDays(ALWAYS, at('2027-03-06T23:59:59Z'), 3),
    at('2027-03-09T23:59:59Z'),
    'always: every date is one',
  );
});

test('closedReason and closedIntervals tell a holiday from closing time', async (t) => {
  const calendar = compileCalendar({
    ...office,
    holidays: ['2027-03-05', { date: '2027-03-04', from: '11:00', to: '14:00' }, '2027-03-09'],
    specialDays: [{ date: '2027-03-09', periods: [] }],
  });
  t.equal(closedReason(calendar, at('2027-03-04T11:00:00+01:00')), 'holiday', 'hours a partial holiday takes');
  t.equal(closedReason(calendar, at('2027-03-04T12:30:00+01:00')), 'outside_hours', 'lunch within a partial holiday');
  t.equal(closedReason(calendar, at('2027-03-05T03:00:00+01:00')), 'holiday', 'the night of a whole holiday');
  t.equal(closedReason(calendar, at('2027-03-06T03:00:00+01:00')), 'outside_hours', 'the night after');
  t.equal(closedReason(calendar, at('2027-03-09T10:00:00+01:00')), 'outside_hours', 'a special day voids the holiday');
  t.equal(closedReason(calendar, at('2027-03-04T10:00:00+01:00')), null, 'open');
  t.equal(isOpen(calendar, at('2027-03-04T10:59:59+01:00')), true);
  t.equal(isOpen(calendar, at('2027-03-04T11:00:00+01:00')), false, 'closed at its end');
  const found = closedIntervals(calendar, at('2027-03-04T10:00:00+01:00'), at('2027-03-08T10:00:00+01:00'));
  t.same(
    found.map(({ start, end, reason }) => [say(start), say(end), reason]),
    [
      ['2027-03-04T10:00:00Z', '2027-03-04T11:00:00Z', 'holiday'],
      ['2027-03-04T11:00:00Z', '2027-03-04T12:00:00Z', 'outside_hours'],
      ['2027-03-04T12:00:00Z', '2027-03-04T13:00:00Z', 'holiday'],
      ['2027-03-04T16:00:00Z', '2027-03-04T23:00:00Z', 'outside_hours'],
      ['2027-03-04T23:00:00Z', '2027-03-05T23:00:00Z', 'holiday'],
      ['2027-03-05T23:00:00Z', '2027-03-08T08:00:00Z', 'outside_hours'],
    ],
  );
});

test('what cannot be answered is an error', async (t) => {
  const calendar = compileCalendar(office);
  const shape = (run: () => unknown) => {
    try {
      return run();
    } catch (error) {
      return error instanceof AppError ? [error.code, ...error.errors.map(({ path }) => path)] : error;
    }
  };
  const fails = (law: string, run: () => unknown, ...expected: string[]) => t.same(shape(run), expected, law);

  for (const [name, subject] of [
    ['office', calendar],
    ['always', ALWAYS],
  ] as const) {
    fails(`${name}: before 1970`, () => add(subject, -1, 1), 'instant_out_of_range', 'start');
    fails(`${name}: after 2200`, () => between(subject, 0, LAST_INSTANT + 1), 'instant_out_of_range', 'to');
    fails(`${name}: no instant`, () => isOpen(subject, Number.NaN), 'instant_out_of_range', 'at');
    fails(`${name}: an answer after 2200`, () => add(subject, LAST_INSTANT - 86_400, 90_000), 'instant_out_of_range');
    fails(`${name}: a very late answer`, () => add(subject, 0, 1e12), 'instant_out_of_range');
    fails(`${name}: a date after 2200`, () => addBusinessDays(subject, LAST_INSTANT, 3), 'instant_out_of_range');
    fails(`${name}: very many dates`, () => addBusinessDays(subject, 0, 1e9), 'instant_out_of_range');
    fails(`${name}: negative`, () => add(subject, 0, -1), 'validation_failed', 'seconds');
    fails(`${name}: a fraction`, () => add(subject, 0, 0.5), 'validation_failed', 'seconds');
    fails(`${name}: no day`, () => addBusinessDays(subject, 0, 0), 'validation_failed', 'businessDays');
    fails(`${name}: half a day`, () => addBusinessDays(subject, 0, 1.5), 'validation_failed', 'businessDays');
  }
  t.equal(add(ALWAYS, 0, LAST_INSTANT), LAST_INSTANT, 'the last instant is in range');
  t.equal(add(ALWAYS, LAST_INSTANT, 0), LAST_INSTANT, 'and open where the calendar is');

  const once = compileCalendar({
    ...office,
    week: {},
    specialDays: ['2027-03-05', '2037-03-05', '2047-03-06'].map((date) => ({ date, periods: [['09:00', '10:00']] })),
  });
  const first = at('2027-03-05T09:00:00+01:00');
  const second = at('2037-03-05T09:00:00+01:00');
  t.equal(add(once, first, hours(1.25)), second + 900, 'an opening within 10 years');
  t.equal(add(once, first, hours(2)), second + hours(1), 'used up before a longer rest');
  t.equal(between(once, 0, at('2050-01-01T00:00:00Z')), hours(3), 'between only counts');
  fails('a rest of more than 10 years', () => add(once, first, hours(2.5)), 'calendar_never_open');
  fails('… after a closing', () => add(once, second, hours(1), 'next_opening'), 'calendar_never_open');
  fails('… from the start', () => add(once, 0, 0), 'calendar_never_open');
  fails('… when no opening comes', () => add(once, at('2048-01-01T00:00:00Z'), 60), 'calendar_never_open');
  fails('… in days', () => addBusinessDays(once, second, 1), 'calendar_never_open');
  fails(
    '… in days, when none comes',
    () => addBusinessDays(once, at('2048-01-01T00:00:00Z'), 1),
    'calendar_never_open',
  );
  fails('the end of the range comes first', () => add(once, at('2195-01-01T00:00:00Z'), 60), 'instant_out_of_range');
});

test('a definition that is wrong names every faulty field', async (t) => {
  const faults = (change: Partial<CalendarDefinition>, path?: string) => {
    try {
      compileCalendar({ ...office, ...change }, path);
      return 'accepted';
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return [error.code, ...error.errors.map((fault) => `${fault.path} ${fault.code}`)].join(', ');
    }
  };
  type Row = [change: Partial<CalendarDefinition>, expected: string];
  // biome-ignore format: one line, one case
  const rows: Row[] = [
    ...['Mars/Olympus', '', '+01:00', 'Z', '2027-01-01T00:00:00+01:00[Europe/Berlin]'].map((timeZone): Row => [{ timeZone }, 'validation_failed, calendar.timeZone unknown_time_zone']),
    [{ timeZone: 'europe/berlin' }, 'accepted'],
    [{ timeZone: 'Etc/GMT+12' }, 'accepted'],
    ...['9:00', '09:60', '25:00', '24:30', '24:00', '09:00:60', '09:00Z', ''].map((from): Row => [{ week: { mon: [[from, '17:00']] } }, 'validation_failed, calendar.week.mon.0 invalid_time']),
    [{ week: { mon: [['09:00', '24:00:01']] } }, 'validation_failed, calendar.week.mon.0 invalid_time'],
    [{ week: { mon: [['09:00', '24:00:00']] } }, 'accepted'],
    [{ week: { tue: [['09:00', '12:00'], ['13:00', '13:00:00']] } }, 'validation_failed, calendar.week.tue.1 empty_period'],
    [{ week: { monday: [] } as CalendarDefinition['week'] }, 'validation_failed, calendar.week.monday unknown_weekday'],
    ...['2027-02-30', '2027-2-3', '2027-02-29', 'tomorrow', '20270203', '2027-02-03T00:00:00Z'].map((date): Row => [{ holidays: [date] }, 'validation_failed, calendar.holidays.0 invalid_date']),
    [{ holidays: ['1066-10-14', '9999-12-31'], specialDays: [{ date: '2500-01-01', periods: [] }] }, 'accepted'],
    [{ holidays: [{ date: '2027-02-30', from: '24:00', to: '24:00' }] }, 'validation_failed, calendar.holidays.0.date invalid_date, calendar.holidays.0.from invalid_time'],
    [{ holidays: [{ date: '2027-02-03', from: '12:00', to: '11:00' }] }, 'validation_failed, calendar.holidays.0.to empty_period'],
    [{ holidays: [{ date: '2027-02-03', from: '12:00', to: 'noon' }] }, 'validation_failed, calendar.holidays.0.to invalid_time'],
    [{ specialDays: [{ date: '2027-02-03', periods: [] }, { date: '2027-02-03', periods: [['a', 'b']] }] }, 'validation_failed, calendar.specialDays.1.date duplicate_date, calendar.specialDays.1.periods.0 invalid_time'],
    [{ week: {} }, 'calendar_never_open, calendar calendar_never_open'],
    [{ week: {}, specialDays: [{ date: '2201-01-01', periods: [['09:00', '10:00']] }] }, 'calendar_never_open, calendar calendar_never_open'],
    [{ week: {}, specialDays: [{ date: '2200-03-01', periods: [['09:00', '10:00']] }] }, 'calendar_never_open, calendar calendar_never_open'],
    [{ week: {}, specialDays: [{ date: '1970-01-02', periods: [['09:00', '10:00']] }] }, 'accepted'],
  ];
  for (const [change, expected] of rows) t.equal(faults(change), expected, `${JSON.stringify(change)}: ${expected}`);
  t.equal(
    faults({ week: {} }, 'policy.calendar'),
    'calendar_never_open, policy.calendar calendar_never_open',
    'below the given path',
  );
});
