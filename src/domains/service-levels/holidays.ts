/** Filling a calendar from elsewhere: a country's holidays, or an iCalendar feed. */

import { z } from 'zod';
import { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { findById } from '../../db/rows.ts';
import { calendars } from '../../db/tables/service-levels.ts';
import { type FieldError, invalid, notFound } from '../../errors.ts';
import { read, write } from '../../operation.ts';
import type { CalendarDefinition } from '../../rules/calendar.ts';
import { joinDays } from '../../rules/holidays.ts';
import { changedNames } from '../patch.ts';
import { calendarOf, withPath } from './compiled.ts';
import { type FeedDays, fetchFeed, MOST_DATES, readFeed } from './feed.ts';
import { CHINA, countryDays, holidaySources } from './holiday-sources.ts';
import { addHolidaysFields, CalendarHolidays, HolidaySources } from './holidays-model.ts';
import { isGiven } from './said.ts';
import { type CalendarRow, calendarView } from './store.ts';
import { addCalendarVersion } from './versions.ts';

const zAddHolidays = z.strictObject(addHolidaysFields);
type Input = z.output<typeof zAddHolidays>;

const PUBLIC: NonNullable<Input['types']> = ['public'];

const SOURCES = ['country', 'ical', 'url'] as const;
type Source = (typeof SOURCES)[number];

export const addCalendarHolidays = write({
  name: 'addCalendarHolidays',
  summary: 'Fill a calendar with holidays',
  description:
    "Give exactly one source: country, ical or url. What the calendar already has stays: a date that is a holiday or has hours of its own is not taken a second time. An edit like any other: it makes the next service-level version, and nothing when nothing is new. China's days are as announced; all others are reckoned by rule, those of the Islamic year up to 2076 and of the Hebrew year up to 2099, and do not know what a government moves or adds at short notice.",
  scope: 'service_levels:write',
  input: zAddHolidays,
  check: checkSource,
  output: CalendarHolidays,
  example: { country: 'CN', years: [2026] },
  async run(ctx, input) {
    const before = await getOwn(ctx, input.calendarId);
    const { definition } = before;
    const { days, transparent } = await findDays(ctx, input, definition.timeZone);
    const { after, ...joined } = joinDays(definition, input.transparent ? [...days, ...transparent] : days, {
      without: input.replace ? input.years : [],
      makeUpPeriods: makeUpPeriods(input, definition),
    });
    const passed = input.transparent ? [] : transparent;
    const skipped = [
      ...joined.skipped,
      ...passed.map(({ date, name }) => ({ date, name, reason: 'transparent' as const })),
    ].sort((a, b) => (a.date < b.date ? -1 : a.date > b.date ? 1 : 0));
    const done = { ...joined, skipped };
    const filled = { ...definition, ...after };
    checkFilled(filled, sourceOf(input));
    if (input.dryRun || done.added.length + done.removed.length === 0) {
      return { result: { calendar: calendarView(before), ...done }, changes: new Changes(ctx.now) };
    }
    const changes = new Changes(ctx.now);
    const row = changes.update(calendars, before, { definition: filled }) as CalendarRow;
    await addCalendarVersion(ctx, changes, row);
    const calendar = calendarView(row);
    const changed = changedNames(calendarView(before), calendar).filter((name) => name in after);
    changes.event('calendar.updated', row.id, { calendar, changed });
    return { result: { calendar, ...done }, changes };
  },
});

export const listHolidaySources = read({
  name: 'listHolidaySources',
  summary: 'List the countries whose holidays are known, with their regions',
  scope: 'service_levels:read',
  input: z.strictObject({}),
  output: HolidaySources,
  async run(ctx) {
    return { data: await holidaySources(ctx.workspace.language) };
  },
});

function checkSource(input: Input): FieldError[] {
  const message = 'Give exactly one source: country, ical or url.';
  const given = SOURCES.filter((source) => isGiven(input[source]));
  if (given.length === 0) return [{ path: 'country', message, code: 'required' }];
  const others = given.slice(1).map((path) => ({ path, message, code: 'invalid' }));
  const only = (path: 'region' | 'types' | 'makeUpPeriods' | 'transparent', holds: boolean, words: string) =>
    holds || !isGiven(input[path]) || input[path] === false ? [] : [{ path, message: words, code: 'invalid' }];
  return [
    ...others,
    ...only('region', isGiven(input.country), 'Only a country has a region.'),
    ...only('types', isGiven(input.country), 'Only the holidays of a country have types.'),
    ...only('makeUpPeriods', input.country === CHINA, 'Only China has make-up working days.'),
    ...only('transparent', !isGiven(input.country), 'Only events of a feed can be transparent.'),
  ];
}

function sourceOf(input: Input): Source {
  return SOURCES.find((source) => isGiven(input[source]))!;
}

async function getOwn(ctx: Ctx, calendarId: string): Promise<CalendarRow> {
  const row = await findById(ctx.db, calendars, ctx.workspace.workspaceId, calendarId);
  if (row === undefined) throw notFound('calendar');
  return row as CalendarRow;
}

async function findDays(ctx: Ctx, input: Input, timeZone: string): Promise<FeedDays> {
  const { country, region, types, ical, url, years } = input;
  if (isGiven(country)) {
    const request = { country, region: region ?? undefined, years, types: types ?? PUBLIC };
    return { days: await countryDays(request, ctx.workspace.language), transparent: [] };
  }
  if (isGiven(ical)) return readFeed(ical, years, timeZone, 'ical');
  return readFeed(await fetchFeed(ctx.services, url!), years, timeZone, 'url');
}

/** The hours of make-up days: what is worked then is the Monday of another week. */
function makeUpPeriods({ country, makeUpPeriods: said }: Input, { timeZone, week }: CalendarDefinition) {
  if (isGiven(said)) {
    withPath('calendar.week.mon', 'makeUpPeriods', () => calendarOf({ timeZone, week: { mon: said } }, 'calendar'));
    return said;
  }
  const periods = week.mon ?? [];
  if (country === CHINA && periods.length === 0) {
    const message = 'The calendar is closed on Mondays: say the hours of make-up working days.';
    throw invalid('makeUpPeriods', message, 'required');
  }
  return periods;
}

/** What a calendar may be: the same that is asked of one written by hand. */
function checkFilled(filled: CalendarDefinition, source: Source): void {
  for (const list of [filled.holidays, filled.specialDays]) {
    if ((list?.length ?? 0) > MOST_DATES) {
      throw invalid(source, `A calendar holds ${MOST_DATES} holidays and as many special days.`, 'too_big');
    }
  }
  calendarOf(filled, source);
}
