/** A month of a calendar looked at: one of the workspace, one said in the request, and what is refused. */

import { test } from 'tap';
import { openTestDesk } from '../support/desk.ts';
import { throughGraphql, throughRest } from '../support/doors.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into field by field
type Told = any;

const INLINE = {
  timeZone: 'America/New_York',
  week: { sun: [['00:00', '24:00']] },
  holidays: [{ date: '2026-11-08', from: '12:00', to: '24:00' }],
};

for (const [door, through] of [
  ['REST', throughRest],
  ['GraphQL', throughGraphql],
] as const) {
  test(`${door}: National Day 2026 on the calendar of the reference plan`, async (t) => {
    const desk = await openTestDesk(t);
    const call = through(await desk.testWorkspace('2026-10-31T20:00:00Z', { language: 'zh-CN' }));
    const { result } = await call('previewCalendar', { calendar: 'cn-office', month: '2026-10' });
    const seen = result as Told;
    t.match(seen, { month: '2026-10', timeZone: 'Asia/Shanghai', openSeconds: 18 * 8 * 3600 });
    t.equal(seen.days.length, 31);
    t.strictSame(
      seen.days.filter(({ reason }: Told) => reason === 'holiday').map(({ date }: Told) => date),
      [1, 2, 3, 4, 5, 6, 7].map((day) => `2026-10-0${day}`),
    );
    t.strictSame(seen.days[9], {
      date: '2026-10-10',
      openSeconds: 8 * 3600,
      reason: 'special_day',
      hours: [
        { from: '2026-10-10T01:00:00Z', to: '2026-10-10T04:00:00Z', localFrom: '09:00', localTo: '12:00' },
        { from: '2026-10-10T05:00:00Z', to: '2026-10-10T10:00:00Z', localFrom: '13:00', localTo: '18:00' },
      ],
    });
    t.strictSame(seen.days[10], { date: '2026-10-11', openSeconds: 0, reason: 'outside_hours', hours: [] });
    t.match(seen.svg, /^<svg [\s\S]*办公时间 · 2026年10月[\s\S]*<\/svg>$/);
    const present = await call('previewCalendar', { calendar: 'cn-office' });
    t.match(present.result, { month: '2026-11' }, 'without a month the present one, on the wall clock of the calendar');
  });

  test(`${door}: a calendar that was never saved, and the built-in one`, async (t) => {
    const desk = await openTestDesk(t);
    const call = through(desk);
    const seen = (await call('previewCalendar', { calendar: { ...INLINE, name: 'A & B' }, month: '2026-11' }))
      .result as Told;
    t.equal(seen.openSeconds, (25 + 12 + 3 * 24) * 3600);
    t.match(seen.days[0], {
      openSeconds: 25 * 3600,
      reason: 'open',
      hours: [{ localFrom: '00:00', localTo: '24:00' }],
    });
    t.match(seen.days[7], { openSeconds: 12 * 3600, reason: 'partial_holiday', hours: [{ localTo: '12:00' }] });
    t.match(seen.svg, 'A &amp; B · November 2026');
    const always = (await call('previewCalendar', { calendar: 'always', month: '2028-02' })).result;
    t.match(always, { timeZone: 'UTC', openSeconds: 29 * 86_400 });
  });

  test(`${door}: what cannot be looked at is refused by its path`, async (t) => {
    const desk = await openTestDesk(t);
    const call = through(desk);
    const cases: [Record<string, unknown>, string, string][] = [
      [{ calendar: 'nobody', month: '2026-10' }, 'validation_failed', 'calendar'],
      [{ calendar: 'cal_01k9zv3m5qe8w9y2f4h6j8m0n1', month: '2026-10' }, 'not_found', 'calendar'],
      [{ calendar: { ...INLINE, timeZone: 'Mars/Olympus' } }, 'validation_failed', 'calendar.timeZone'],
      [{ calendar: { ...INLINE, holidays: ['2026-02-30'] } }, 'validation_failed', 'calendar.holidays.0'],
      [{ calendar: { timeZone: 'UTC', week: {} } }, 'calendar_never_open', 'calendar'],
      ...['2026-13', '2026-00', '1969-12', '2200-01', '2026-1', 'October', '2026-10-01', ''].map(
        (month): [Record<string, unknown>, string, string] => [
          { calendar: 'always', month },
          'validation_failed',
          'month',
        ],
      ),
    ];
    for (const [input, code, path] of cases) {
      const { error } = await call('previewCalendar', input);
      t.match(error, { code, errors: [{ path }] }, JSON.stringify(input));
    }
  });
}
