/** Calendars filled with the public holidays of a country: to the day, through both doors, and what is refused. */

import { test } from 'tap';
import { openTestDesk, type TestDesk } from '../support/desk.ts';
import { type Call, throughGraphql, throughRest } from '../support/doors.ts';

const HOURS = [
  ['09:00', '12:00'],
  ['13:00', '18:00'],
];
const WEEK = Object.fromEntries(['mon', 'tue', 'wed', 'thu', 'fri'].map((day) => [day, HOURS]));

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into field by field
type Told = any;

let made = 0;

async function newCalendar(desk: Pick<TestDesk, 'rest'>, fields: object = {}): Promise<Told> {
  const office = { key: `office-${++made}`, name: 'Office', timeZone: 'Asia/Shanghai', week: WEEK };
  const { status, body } = await desk.rest('POST /v1/calendars', { ...office, ...fields });
  if (status !== 201) throw new Error(JSON.stringify(body));
  return body;
}

/** `2026-10-01` … `2026-10-07` */
function days(from: string, to = from): string[] {
  const all: string[] = [];
  for (let at = Date.parse(from); at <= Date.parse(to); at += 86_400_000)
    all.push(new Date(at).toISOString().slice(0, 10));
  return all;
}

/** As the General Office of the State Council announced it for 2026. */
const CHINA_2026 = [
  ...days('2026-01-01', '2026-01-03'),
  ...days('2026-02-15', '2026-02-23'),
  ...days('2026-04-04', '2026-04-06'),
  ...days('2026-05-01', '2026-05-05'),
  ...days('2026-06-19', '2026-06-21'),
  ...days('2026-09-25', '2026-09-27'),
  ...days('2026-10-01', '2026-10-07'),
];
const WORKED_2026 = ['2026-01-04', '2026-02-14', '2026-02-28', '2026-05-09', '2026-09-20', '2026-10-10'];

const datesOf = (list: Told[]) => list.map(({ date }) => date);

async function done(call: Call, input: Record<string, unknown>): Promise<Told> {
  const { result, error } = await call('addCalendarHolidays', input);
  if (error !== null) throw new Error(JSON.stringify(error));
  return result;
}

for (const [door, through] of [
  ['REST', throughRest],
  ['GraphQL', throughGraphql],
] as const) {
  test(`${door}: China's year 2026 is as announced, holidays and make-up working days to the day`, async (t) => {
    const desk = await openTestDesk(t);
    const call = through(desk);
    const { id } = await newCalendar(desk);
    const filled = await done(call, { calendarId: id, country: 'CN', years: [2026] });
    t.strictSame(filled.calendar.holidays, CHINA_2026);
    t.strictSame(
      filled.calendar.specialDays,
      WORKED_2026.map((date) => ({ date, periods: HOURS })),
      "make-up days have Monday's hours",
    );
    t.equal(filled.calendar.version, 2);
    t.strictSame(datesOf(filled.added), [...CHINA_2026, ...WORKED_2026].sort());
    t.strictSame(
      filled.added.find(({ date }: Told) => date === '2026-10-10'),
      { date: '2026-10-10', from: null, to: null, kind: 'make_up_day', name: 'National Day' },
    );
    t.strictSame([filled.removed, filled.skipped], [[], []]);

    const again = await done(call, { calendarId: id, country: 'CN', years: [2026] });
    t.strictSame([again.added, again.removed], [[], []]);
    t.equal(again.skipped.length, CHINA_2026.length + WORKED_2026.length);
    t.strictSame([...new Set(again.skipped.map(({ reason }: Told) => reason))].sort(), ['holiday', 'special_day']);
    t.equal(again.calendar.version, 2, 'nothing new is no edit');
  });

  test(`${door}: every fault of the input is named by its path, and nothing is written`, async (t) => {
    const desk = await openTestDesk(t);
    const call = through(desk);
    const { id } = await newCalendar(desk);
    const sundays = await newCalendar(desk, { week: { sun: HOURS } });
    const cases: [Record<string, unknown>, string, string][] = [
      [{ years: [2026] }, 'country', 'required'],
      [{ country: null, ical: null, url: null, years: [2026] }, 'country', 'required'],
      [{ country: 'CN', ical: 'x', years: [2026] }, 'ical', 'invalid'],
      [{ ical: 'x', url: 'https://example.com/', years: [2026] }, 'url', 'invalid'],
      [{ country: 'cn', years: [2026] }, 'country', 'invalid_format'],
      [{ country: 'QQ', years: [2026] }, 'country', 'unknown_country'],
      [{ country: 'DE', region: 'XX', years: [2026] }, 'region', 'unknown_region'],
      [{ country: 'DE', region: 'BY.XX', years: [2026] }, 'region', 'unknown_region'],
      [{ country: 'CN', region: 'BJ', years: [2026] }, 'region', 'unknown_region'],
      [{ country: 'CN', years: [2026, 2027] }, 'years.1', 'year_unknown'],
      [{ country: 'CN', years: [2003] }, 'years.0', 'year_unknown'],
      [{ country: 'CN', types: ['public', 'bank'], years: [2026] }, 'types.1', 'unknown_value'],
      [{ country: 'DE', types: [], years: [2026] }, 'types', 'too_small'],
      [{ country: 'DE', years: [] }, 'years', 'too_small'],
      [{ country: 'DE', years: [1969] }, 'years.0', 'too_small'],
      [{ country: 'DE', years: [2201] }, 'years.0', 'too_big'],
      [{ country: 'DE', years: Array.from({ length: 31 }, (_, i) => 2000 + i) }, 'years', 'too_big'],
      [{ ical: 'x', region: 'BY', years: [2026] }, 'region', 'invalid'],
      [{ ical: 'x', types: ['public'], years: [2026] }, 'types', 'invalid'],
      [{ country: 'DE', transparent: true, years: [2026] }, 'transparent', 'invalid'],
      [{ country: 'DE', makeUpPeriods: HOURS, years: [2026] }, 'makeUpPeriods', 'invalid'],
      [{ country: 'CN', makeUpPeriods: [], years: [2026] }, 'makeUpPeriods', 'too_small'],
      [{ country: 'CN', makeUpPeriods: [HOURS[0], ['9', '10:00']], years: [2026] }, 'makeUpPeriods.1', 'invalid_time'],
      [{ country: 'CN', makeUpPeriods: [['09:00', '09:00']], years: [2026] }, 'makeUpPeriods.0', 'empty_period'],
    ];
    for (const [input, path, code] of cases) {
      const { error } = await call('addCalendarHolidays', { calendarId: id, ...input });
      t.match(error, { code: 'validation_failed', errors: [{ path, code }] }, `${JSON.stringify(input)} ${path}`);
    }
    const unknown = await call('addCalendarHolidays', { calendarId: id, country: 'CN', years: [2026, 2027] });
    t.match(unknown.error?.message, /from 2004 to 2026, not of 2027/);
    const monday = { calendarId: sundays.id, country: 'CN', years: [2026] };
    t.match((await call('addCalendarHolidays', monday)).error, {
      errors: [{ path: 'makeUpPeriods', code: 'required' }],
    });
    const strange = { calendarId: id.replace(/.{4}$/, '0000'), country: 'CN', years: [2026] };
    t.match((await call('addCalendarHolidays', strange)).error, { code: 'not_found' });
    const after = (await desk.rest(`GET /v1/calendars/${id}`)).body;
    t.match(after, { version: 1, holidays: [], specialDays: [] });

    const told = await done(call, { ...monday, makeUpPeriods: [['10:00', '16:00']] });
    t.strictSame(told.calendar.specialDays[0], { date: '2026-01-04', periods: [['10:00', '16:00']] });
  });
}

test('Bavaria has Epiphany, Corpus Christi and All Saints, Berlin has Women’s Day', async (t) => {
  const desk = await openTestDesk(t);
  const call = throughRest(desk);
  const german = ['2026-01-01', '2026-04-03', '2026-04-06', '2026-05-01', '2026-05-14', '2026-05-25'];
  const late = ['2026-10-03', '2026-12-25', '2026-12-26'];
  const expected = {
    BY: [...german, ...late, '2026-01-06', '2026-06-04', '2026-11-01'].sort(),
    BE: [...german, ...late, '2026-03-08'].sort(),
    'BY.A': [...german, ...late, '2026-01-06', '2026-06-04', '2026-08-08', '2026-08-15', '2026-11-01'].sort(),
  };
  for (const [region, dates] of Object.entries(expected)) {
    const { id } = await newCalendar(desk, { timeZone: 'Europe/Berlin' });
    const { calendar } = await done(call, { calendarId: id, country: 'DE', region, years: [2026] });
    t.strictSame(calendar.holidays, dates, region);
    t.strictSame(calendar.specialDays, []);
  }
});

test('a holiday that falls on a weekend comes with its substitute day', async (t) => {
  const desk = await openTestDesk(t);
  const { id } = await newCalendar(desk, { timeZone: 'America/New_York' });
  const { added } = await done(throughRest(desk), { calendarId: id, country: 'US', years: [2026, 2027] });
  const named = (date: string) => added.find((day: Told) => day.date === date)?.name;
  t.equal(named('2026-07-04'), 'Independence Day', 'a Saturday');
  t.equal(named('2026-07-03'), 'Independence Day (substitute day)', 'the Friday before');
  t.equal(named('2027-07-05'), 'Independence Day (substitute day)', 'the Monday after a Sunday');
  t.equal(named('2026-11-26'), 'Thanksgiving Day');
});

test('half days close a part of the date on the wall clock of the calendar', async (t) => {
  const desk = await openTestDesk(t);
  const { id } = await newCalendar(desk, { timeZone: 'America/New_York' });
  const filled = await done(throughRest(desk), { calendarId: id, country: 'IS', years: [2026] });
  t.strictSame(
    filled.calendar.holidays.filter((holiday: Told) => typeof holiday === 'object'),
    ['2026-12-24', '2026-12-31'].map((date) => ({ date, from: '13:00', to: '24:00' })),
  );
  const austrian = await newCalendar(desk, { timeZone: 'Europe/Vienna' });
  const banks = await done(throughRest(desk), {
    calendarId: austrian.id,
    country: 'AT',
    types: ['bank'],
    years: [2026],
  });
  t.strictSame(
    banks.added.map(({ date, from, to }: Told) => [date, from, to]),
    [
      ['2026-12-24', '14:00', '24:00'],
      ['2026-12-31', '14:00', '24:00'],
    ],
  );
});

test('holidays over several days close each date, also into the next year; days from sunset on close the date they name', async (t) => {
  const desk = await openTestDesk(t);
  const { id } = await newCalendar(desk, { timeZone: 'Europe/Moscow' });
  const { added } = await done(throughRest(desk), { calendarId: id, country: 'RU', years: [2026] });
  t.strictSame(datesOf(added).slice(0, 8), days('2026-01-01', '2026-01-08'));
  const swazi = await newCalendar(desk, { timeZone: 'Africa/Johannesburg' });
  const incwala = await done(throughRest(desk), { calendarId: swazi.id, country: 'SZ', years: [2027] });
  t.strictSame(
    datesOf(incwala.added.filter(({ name }: Told) => name === 'Incwala Festival')),
    ['2027-01-01', '2027-01-02', ...days('2027-12-28', '2027-12-31')],
    'six days from 28 December on',
  );
  const turkish = await newCalendar(desk, { timeZone: 'Europe/Istanbul' });
  const eid = await done(throughRest(desk), { calendarId: turkish.id, country: 'TR', years: [2026] });
  t.strictSame(
    datesOf(eid.added.filter(({ name }: Told) => /Eid/.test(name))),
    [...days('2026-03-20', '2026-03-22'), ...days('2026-05-27', '2026-05-30')],
    'Ramazan Bayramı from 20 March, Kurban Bayramı from 27 May',
  );
});

test('what a calendar has stays, unless it is to be replaced; a dry run writes nothing', async (t) => {
  const desk = await openTestDesk(t);
  const call = throughRest(desk);
  const own = {
    holidays: ['2025-10-01', '2026-10-01', { date: '2026-10-02', from: '12:00', to: '24:00' }, '2026-12-31'],
    specialDays: [
      { date: '2026-10-03', periods: [['10:00', '12:00']] },
      { date: '2026-10-10', periods: [] },
    ],
  };
  const { id } = await newCalendar(desk, own);
  const input = { calendarId: id, country: 'CN', years: [2026] };

  const dry = await done(call, { ...input, dryRun: true });
  t.match(dry.calendar, { version: 1, ...own });
  const filled = await done(call, input);
  t.strictSame([filled.added, filled.removed, filled.skipped], [dry.added, dry.removed, dry.skipped]);
  t.strictSame(
    filled.skipped.map(({ date, reason }: Told) => `${date} ${reason}`),
    ['2026-10-01 holiday', '2026-10-03 special_day', '2026-10-10 special_day'],
  );
  t.ok(filled.calendar.holidays.includes('2026-10-02'), 'what was closed in part is closed now');
  t.strictSame(
    filled.calendar.specialDays.filter(({ date }: Told) => date >= '2026-10'),
    own.specialDays,
    'hours said by hand stay',
  );

  const replaced = await done(call, { ...input, replace: true });
  t.strictSame(replaced.calendar.holidays, ['2025-10-01', ...CHINA_2026]);
  t.strictSame(datesOf(replaced.calendar.specialDays), WORKED_2026);
  t.strictSame(
    replaced.removed.map(({ date, from, kind }: Told) => `${date} ${from} ${kind}`),
    [
      '2026-10-02 12:00 holiday',
      '2026-10-03 null make_up_day',
      '2026-10-10 null make_up_day',
      '2026-12-31 null holiday',
    ],
  );
  t.strictSame(
    replaced.added.map(({ date, kind }: Told) => `${date} ${kind}`),
    ['2026-10-03 holiday', '2026-10-10 make_up_day'],
    'what went and came back is not news',
  );
  t.equal(replaced.calendar.version, 3);
  const same = await done(call, { ...input, replace: true });
  t.match([same.added, same.removed, same.calendar.version], [[], [], 3]);
});

test('filling is an edit like any other: a version of the service levels, an event, If-Match, an Idempotency-Key', async (t) => {
  const desk = await openTestDesk(t);
  const { id } = await newCalendar(desk);
  const fill = (more: object, headers = {}) =>
    desk.rest(`POST /v1/calendars/${id}/holidays`, { country: 'CN', years: [2026], ...more }, headers);
  const versions = async () => (await desk.rest('GET /v1/workspace')).body.serviceLevelVersion as number;
  const before = await versions();
  t.equal((await fill({ dryRun: true })).status, 200);
  t.equal(await versions(), before);
  t.equal((await fill({}, { 'if-match': '"7"' })).status, 412);
  const first = await fill({}, { 'idempotency-key': 'once' });
  t.equal(first.status, 200);
  t.equal(await versions(), before + 1);
  const second = await fill({}, { 'idempotency-key': 'once' });
  t.equal(second.headers['idempotency-replayed'], 'true');
  t.strictSame(second.body, first.body);
  t.equal((await fill({})).body.added.length, 0);
  t.equal(await versions(), before + 1, 'what changes nothing makes no version');
  t.equal((await fill({}, { 'if-match': '"7"' })).status, 412, 'also when there is nothing to change');

  const { data } = (await desk.rest(`GET /v1/events?subject=${id}&limit=50`)).body;
  t.strictSame(
    data.map(({ type, data: { changed } }: Told) => [type, changed]),
    [
      ['calendar.created', undefined],
      ['calendar.updated', ['holidays', 'specialDays']],
    ],
  );
  t.strictSame(data[1].data.calendar, first.body.calendar);

  const answer = await desk.rest('POST /v1/business-time/add', {
    calendar: id,
    start: '2026-09-30T17:20:00+08:00',
    duration: 'PT8H',
  });
  t.equal(answer.body.at, '2026-10-08T09:20:00Z', 'and time is counted on it');
});

test('a calendar that would never open again is refused by its source', async (t) => {
  const desk = await openTestDesk(t);
  const { id } = await newCalendar(desk, {
    week: {},
    specialDays: [{ date: '2026-10-08', periods: [['09:00', '12:00']] }],
  });
  const refused = await desk.rest(`POST /v1/calendars/${id}/holidays`, { country: 'DE', years: [2026], replace: true });
  t.match(refused, { status: 422, body: { code: 'calendar_never_open', errors: [{ path: 'country' }] } });
});

test('sources are listed with their regions, in the language of the workspace', async (t) => {
  const desk = await openTestDesk(t);
  for (const call of [throughRest(desk), throughGraphql(desk)]) {
    const { data } = (await call('listHolidaySources')).result as Told;
    t.ok(data.length > 190, `${data.length} countries`);
    t.strictSame(
      data.find(({ code }: Told) => code === 'CN'),
      { code: 'CN', name: 'China', firstYear: 2004, lastYear: 2026, regions: [] },
    );
    const germany = data.find(({ code }: Told) => code === 'DE');
    t.match(germany, { name: 'Germany', firstYear: null, lastYear: null });
    const codes = germany.regions.map(({ code }: Told) => code);
    t.ok(codes.includes('BE') && codes.includes('BY') && codes.includes('BY.A'), codes.join());
  }
  const chinese = await desk.testWorkspace('2026-11-24T10:00:00+08:00', { language: 'zh-CN' });
  const { data } = (await chinese.rest('GET /v1/holiday-sources')).body;
  t.equal(data.find(({ code }: Told) => code === 'DE').name, '德国');
  const { body } = await chinese.rest('GET /v1/calendars');
  const service = body.data.find(({ key }: Told) => key === 'cn-service');
  const filled = await chinese.rest(`POST /v1/calendars/${service.id}/holidays`, { country: 'CN', years: [2026] });
  t.equal(filled.body.added.at(-1).name, '国庆节');
});
