/** Calendars filled from an iCalendar feed: sent as text, or fetched from an address; and feeds that mean no good. */

import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Test, test } from 'tap';
import { openTestDesk, type TestDesk } from '../support/desk.ts';
import { type Call, throughGraphql, throughRest } from '../support/doors.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into field by field
type Told = any;

/** A feed of these events, each its properties separated by `|`. */
function feed(...events: string[]): string {
  const blocks = events.flatMap((event) => ['BEGIN:VEVENT', ...event.split('|'), 'END:VEVENT']);
  return ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//Test//EN', ...blocks, 'END:VCALENDAR', ''].join('\r\n');
}

const WEEK = Object.fromEntries(['mon', 'tue', 'wed', 'thu', 'fri'].map((day) => [day, [['09:00', '18:00']]]));
let made = 0;

async function newCalendar(desk: Pick<TestDesk, 'rest'>, timeZone = 'Asia/Shanghai'): Promise<string> {
  const body = { key: `office-${++made}`, name: 'Office', timeZone, week: WEEK };
  return (await desk.rest('POST /v1/calendars', body)).body.id;
}

/** `2026-10-01 National Day`, `2026-10-02 12:00-24:00 Half` */
const lines = (added: Told[]) =>
  added.map(({ date, from, to, name }) => [date, ...(from === null ? [] : [`${from}-${to}`]), name].join(' '));

async function read(call: Call, calendarId: string, ical: string, more: object = {}): Promise<Told> {
  const { result, error } = await call('addCalendarHolidays', { calendarId, ical, years: [2026], ...more });
  if (error !== null) throw new Error(JSON.stringify(error));
  return result;
}

for (const [door, through] of [
  ['REST', throughRest],
  ['GraphQL', throughGraphql],
] as const) {
  test(`${door}: all-day events close their dates, the end not of them; timed ones a part of each date they touch`, async (t) => {
    const desk = await openTestDesk(t);
    const id = await newCalendar(desk);
    const { added, calendar, skipped } = await read(
      through(desk),
      id,
      feed(
        'UID:1|DTSTART;VALUE=DATE:20261001|DTEND;VALUE=DATE:20261004|SUMMARY:National Day',
        'UID:2|DTSTART;VALUE=DATE:20261231|DTEND;VALUE=DATE:20270103|SUMMARY:New Year',
        'UID:3|DTSTART;VALUE=DATE:20260105|SUMMARY:One date',
        'UID:4|DTSTART;VALUE=DATE:20260106|DTEND;VALUE=DATE:20260106|SUMMARY:By people who think the end is of it',
        'UID:5|DTSTART:20260630T040000Z|DTEND:20260702T020000Z|SUMMARY:Stocktaking\\, all of it',
        'UID:6|DTSTART;TZID=Europe/Berlin:20261224T140000|DURATION:PT4H|SUMMARY:Abroad',
        'UID:7|DTSTART:20260109T140000|DTEND:20260109T150030|SUMMARY:On our own clock',
        'UID:8|DTSTART:20260112T140000|SUMMARY:Takes no time',
        'UID:9|DTSTART;VALUE=DATE:20260113|STATUS:CANCELLED|SUMMARY:Off',
        'UID:10|DTSTART;VALUE=DATE:20250501|SUMMARY:Another year',
      ),
    );
    t.strictSame(lines(added), [
      '2026-01-05 One date',
      '2026-01-06 By people who think the end is of it',
      '2026-01-09 14:00-15:00:30 On our own clock',
      '2026-06-30 12:00-24:00 Stocktaking, all of it',
      '2026-07-01 Stocktaking, all of it',
      '2026-07-02 00:00-10:00 Stocktaking, all of it',
      '2026-10-01 National Day',
      '2026-10-02 National Day',
      '2026-10-03 National Day',
      '2026-12-24 21:00-24:00 Abroad',
      '2026-12-25 00:00-01:00 Abroad',
      '2026-12-31 New Year',
    ]);
    t.strictSame(skipped, []);
    t.strictSame(calendar.holidays.slice(0, 3), [
      '2026-01-05',
      '2026-01-06',
      { date: '2026-01-09', from: '14:00', to: '15:00:30' },
    ]);
  });
}

test('recurrences are worked out within the years: rules, added and excluded dates, moved and cancelled ones', async (t) => {
  const desk = await openTestDesk(t);
  const call = throughRest(desk);
  const zoned = 'TZID=Asia/Shanghai';
  const { added } = await read(
    call,
    await newCalendar(desk),
    feed(
      'UID:1|DTSTART;VALUE=DATE:20200501|RRULE:FREQ=YEARLY|SUMMARY:May',
      `UID:2|DTSTART;${zoned}:20251226T140000|DTEND;${zoned}:20251226T180000|RRULE:FREQ=MONTHLY;BYDAY=-1FR;COUNT=5|EXDATE;${zoned}:20260130T140000|RDATE;${zoned}:20261105T140000|SUMMARY:Last Friday`,
      `UID:2|RECURRENCE-ID;${zoned}:20260227T140000|DTSTART;${zoned}:20260228T140000|DTEND;${zoned}:20260228T150000|SUMMARY:Moved`,
      `UID:2|RECURRENCE-ID;${zoned}:20260327T140000|DTSTART;${zoned}:20260327T140000|STATUS:CANCELLED|SUMMARY:Gone`,
      'UID:3|DTSTART;VALUE=DATE:20260601|RDATE;VALUE=DATE:20260603,20260605|EXDATE;VALUE=DATE:20260603|SUMMARY:Three',
      'UID:4|DTSTART:20260801T000000Z|RDATE;VALUE=PERIOD:20260805T000000Z/PT2H|DURATION:PT1H|SUMMARY:Period',
      'UID:5|DTSTART;VALUE=DATE:20200706|RRULE:FREQ=YEARLY;UNTIL=20250706|SUMMARY:Over',
      'UID:6|RECURRENCE-ID;VALUE=DATE:20280910|DTSTART;VALUE=DATE:20260910|SUMMARY:Of no series here',
    ),
  );
  t.strictSame(lines(added), [
    '2026-02-28 14:00-15:00 Moved',
    '2026-04-24 14:00-18:00 Last Friday',
    '2026-05-01 May',
    '2026-06-01 Three',
    '2026-06-05 Three',
    '2026-08-01 08:00-09:00 Period',
    '2026-08-05 08:00-10:00 Period',
    '2026-09-10 Of no series here',
    '2026-11-05 14:00-18:00 Last Friday',
  ]);
  const weekly = feed('UID:1|DTSTART;VALUE=DATE:20240101|RRULE:FREQ=WEEKLY;BYDAY=MO|SUMMARY:Mondays');
  const years = await read(call, await newCalendar(desk), weekly, { years: [2028, 2026] });
  t.equal(years.added.length, 52 + 52);
  t.strictSame([years.added[0].date, years.added.at(-1).date], ['2026-01-05', '2028-12-25']);
  t.notOk(
    years.added.some(({ date }: Told) => date.startsWith('2027')),
    'nothing of the year in between',
  );
});

test('a zone may be defined by the feed itself; one that nobody knows is refused', async (t) => {
  const desk = await openTestDesk(t);
  const zone = [
    ...['BEGIN:VTIMEZONE', 'TZID:Somewhere', 'BEGIN:STANDARD', 'DTSTART:16010101T000000'],
    ...['TZOFFSETFROM:+0300', 'TZOFFSETTO:+0300', 'END:STANDARD', 'END:VTIMEZONE'],
  ].join('\r\n');
  const event = 'UID:1|DTSTART;TZID=Somewhere:20260105T100000|DTEND;TZID=Somewhere:20260105T110000|SUMMARY:There';
  const id = await newCalendar(desk);
  const call = throughRest(desk);
  const undefinedZone = await call('addCalendarHolidays', { calendarId: id, ical: feed(event), years: [2026] });
  t.match(undefinedZone.error, { errors: [{ path: 'ical', code: 'unknown_time_zone' }] });
  const told = await read(call, id, feed(event).replace('BEGIN:VEVENT', `${zone}\r\nBEGIN:VEVENT`));
  t.strictSame(lines(told.added), ['2026-01-05 15:00-16:00 There']);
});

test('events that block no time are told and left out, unless they are asked for', async (t) => {
  const desk = await openTestDesk(t);
  const call = throughRest(desk);
  const text = feed(
    'UID:1|DTSTART;VALUE=DATE:20261001|TRANSP:TRANSPARENT|SUMMARY:National Day',
    'UID:2|DTSTART;VALUE=DATE:20261002|TRANSP:OPAQUE|SUMMARY:Second day',
  );
  const id = await newCalendar(desk);
  const first = await read(call, id, text);
  t.strictSame(lines(first.added), ['2026-10-02 Second day']);
  t.strictSame(first.skipped, [{ date: '2026-10-01', name: 'National Day', reason: 'transparent' }]);
  const second = await read(call, id, text, { transparent: true });
  t.strictSame(lines(second.added), ['2026-10-01 National Day']);
  t.strictSame(second.skipped, [{ date: '2026-10-02', name: 'Second day', reason: 'holiday' }]);
});

test('a feed without events fills nothing, and says so; what is no iCalendar is refused', async (t) => {
  const desk = await openTestDesk(t);
  const id = await newCalendar(desk);
  const empty = await read(throughRest(desk), id, feed());
  t.match(empty, { added: [], removed: [], skipped: [], calendar: { version: 1 } });
  const broken = {
    words: 'hello',
    html: '<!doctype html><title>Sign in</title>',
    'cut off': 'BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n',
    'no calendar': 'BEGIN:VTODO\r\nEND:VTODO',
    'no start': feed('UID:1|SUMMARY:x'),
    'no date': feed('UID:1|DTSTART:soon'),
    'no rule': feed('UID:1|DTSTART;VALUE=DATE:20260101|RRULE:FREQ=SOMETIMES'),
  };
  for (const [name, ical] of Object.entries(broken)) {
    for (const call of [throughRest(desk), throughGraphql(desk)]) {
      const { error } = await call('addCalendarHolidays', { calendarId: id, ical, years: [2026] });
      t.match(error, { code: 'validation_failed', errors: [{ path: 'ical', code: 'invalid_icalendar' }] }, name);
    }
  }
  for (const line of ['\ufeffBEGIN', 'begin']) {
    const lenient = await read(throughRest(desk), id, feed().replace('BEGIN', line));
    t.strictSame(lenient.added, [], 'a byte order mark and small letters do no harm');
  }
});

test('a name is one line that can be stored and shown', async (t) => {
  const desk = await openTestDesk(t);
  const id = await newCalendar(desk);
  const text = feed(`UID:1|DTSTART;VALUE=DATE:20260105|SUMMARY:  Two\\nlines\u0007 ${'x'.repeat(400)}`);
  const { status, body } = await desk.rest(
    `POST /v1/calendars/${id}/holidays`,
    { ical: text, years: [2026] },
    { 'idempotency-key': 'kept' },
  );
  t.equal(status, 200);
  t.match(body.added[0].name, /^Two lines x{189,190}$/);
});

test('a hostile feed is cut off: it holds up neither the desk nor the next feed', async (t) => {
  const desk = await openTestDesk(t);
  const id = await newCalendar(desk);
  const fill = (ical: string, years = [2026]) => desk.rest(`POST /v1/calendars/${id}/holidays`, { ical, years });
  const tooMany = {
    secondly: feed('UID:1|DTSTART:20260101T000000Z|DURATION:PT1S|RRULE:FREQ=SECONDLY|SUMMARY:x'),
    'two hundred years': feed('UID:1|DTSTART;VALUE=DATE:19700101|DTEND;VALUE=DATE:22000101|SUMMARY:x'),
    'one date many times': feed(...Array.from({ length: 5001 }, (_, i) => `UID:${i}|DTSTART;VALUE=DATE:20260101`)),
  };
  const years = Array.from({ length: 30 }, (_, index) => 2001 + index);
  for (const [name, text] of Object.entries(tooMany)) {
    const refused = await fill(text, name === 'two hundred years' ? years : [2026]);
    t.match(refused, { status: 422, body: { errors: [{ path: 'ical', code: 'too_big' }] } }, name);
  }
  const zone = [
    ...['BEGIN:VTIMEZONE', 'TZID:Ticking', 'BEGIN:STANDARD', 'DTSTART:16010101T000000', 'RRULE:FREQ=SECONDLY'],
    ...['TZOFFSETFROM:+0300', 'TZOFFSETTO:+0300', 'END:STANDARD', 'END:VTIMEZONE', 'BEGIN:VEVENT'],
  ].join('\r\n');
  const never = 'DTSTART;VALUE=DATE:20260101|RRULE:FREQ=DAILY;INTERVAL=2;BYMONTH=2;BYMONTHDAY=30';
  const ticking = 'DTSTART;TZID=Ticking:20260105T100000|DTEND;TZID=Ticking:20260105T110000';
  const endless = {
    'the 30th of February': feed(`UID:1|${never}|SUMMARY:x`),
    'clocks that change every second': feed(`UID:1|${ticking}|SUMMARY:x`).replace('BEGIN:VEVENT', zone),
  };
  const refusals = Object.entries(endless).map(async ([name, text]) => ({ name, answer: await fill(text) }));
  const meanwhile = await desk.rest(`GET /v1/calendars/${id}`);
  t.equal(meanwhile.status, 200, 'others are answered meanwhile');
  for (const { name, answer } of await Promise.all(refusals)) {
    t.match(answer, { status: 422, body: { errors: [{ path: 'ical', code: 'too_complex' }] } }, name);
  }
  t.match(await fill(feed('UID:1|DTSTART;VALUE=DATE:20260105|SUMMARY:Fine')), {
    status: 200,
    body: { added: [{ date: '2026-01-05' }] },
  });
});

async function serve(t: Test, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.teardown(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('a feed is fetched from its address', async (t) => {
  const desk = await openTestDesk(t, { OUTBOUND_PRIVATE: 'on' });
  const asked: string[] = [];
  const base = await serve(t, ({ url, method, headers }, response) => {
    asked.push(`${method} ${url} ${headers.accept}`);
    if (url === '/moved') response.writeHead(302, { location: '/feed.ics' }).end();
    else if (url === '/gone') response.writeHead(404).end('gone');
    else if (url === '/large') response.end('x'.repeat(2 << 20));
    else if (url === '/page') response.end('<html></html>');
    else if (url === '/cut') response.destroy();
    else response.end(feed('UID:1|DTSTART;VALUE=DATE:20261001|SUMMARY:国庆节'));
  });
  const id = await newCalendar(desk);
  for (const call of [throughRest(desk), throughGraphql(desk)]) {
    const { result } = await call('addCalendarHolidays', {
      calendarId: id,
      url: `${base}/feed.ics`,
      years: [2026],
      dryRun: true,
    });
    t.strictSame(lines((result as Told).added), ['2026-10-01 国庆节']);
    for (const [path, code] of Object.entries({
      moved: 'redirect',
      gone: 'unexpected_status',
      large: 'too_large',
      page: 'invalid_icalendar',
      cut: 'unreachable',
    })) {
      const refused = await call('addCalendarHolidays', { calendarId: id, url: `${base}/${path}`, years: [2026] });
      t.match(refused.error, { code: 'validation_failed', errors: [{ path: 'url', code }] }, path);
    }
  }
  t.match(asked[0], /^GET \/feed.ics text\/calendar/);
  t.equal(asked.filter((line) => line.startsWith('GET /feed.ics')).length, 2, 'a redirect is not followed');
});

test('an address that nobody outside could reach is refused, and nothing is sent', async (t) => {
  const desk = await openTestDesk(t);
  let asked = 0;
  const base = await serve(t, (_request, response) => {
    asked++;
    response.end(feed());
  });
  const id = await newCalendar(desk);
  const cases: [string, string][] = [
    [`${base}/feed.ics`, 'private_address'],
    ['http://169.254.169.254/latest', 'private_address'],
    ['http://localhost/feed.ics', 'private_address'],
    ['file:///etc/hosts', 'invalid_url'],
    ['webcal://example.com/feed.ics', 'invalid_url'],
    ['feed.ics', 'invalid_url'],
  ];
  for (const [url, code] of cases) {
    const refused = await desk.rest(`POST /v1/calendars/${id}/holidays`, { url, years: [2026] });
    t.match(refused, { status: 422, body: { errors: [{ path: 'url', code }] } }, url);
  }
  t.equal(asked, 0);
});
