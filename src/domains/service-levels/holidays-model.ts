/** Words for filling a calendar with public holidays, make-up working days, or the dates of an iCalendar feed. */

import { z } from 'zod';
import { zId } from '../model.ts';
import { Calendar, zDate, zPeriods } from './model.ts';

const zHolidayType = z
  .enum(['public', 'bank', 'school', 'optional', 'observance'])
  .meta({ id: 'HolidayType', description: 'How binding a holiday is.' });

export const addHolidaysFields = {
  calendarId: zId('calendar').describe('Id of the calendar.'),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/, 'Expected two capital letters, as in ISO 3166-1: CN, DE.')
    .nullish()
    .describe('A source: the holidays of this country, by its code of ISO 3166-1. See listHolidaySources.'),
  region: z
    .string()
    .min(1)
    .max(40)
    .nullish()
    .describe('Its region, by a code of listHolidaySources; null = all of it.'),
  types: z
    .array(zHolidayType)
    .min(1)
    .max(5)
    .nullish()
    .describe('Which of its holidays; public ones unless told. Of China there are no others.'),
  ical: z
    .string()
    .min(1)
    .max(1_000_000)
    .nullish()
    .describe(
      'A source: the text of an iCalendar feed. All-day events close their dates, timed ones a part; recurrences are worked out, cancelled events left out.',
    ),
  url: z
    .string()
    .min(1)
    .max(2000)
    .nullish()
    .describe('A source: the http or https address of such a feed, 1 MB at most.'),
  transparent: z
    .boolean()
    .default(false)
    .describe(
      'Of a feed: also take events that say they block no time, as published holiday calendars often mark theirs.',
    ),
  years: z.array(z.int().min(1970).max(2200)).min(1).max(30).describe('The years to fill.'),
  makeUpPeriods: zPeriods
    .min(1)
    .nullish()
    .describe("Open periods of China's make-up working days; those of the calendar's Monday unless told."),
  replace: z
    .boolean()
    .default(false)
    .describe('First drop all holidays and special days that the calendar has in these years.'),
  dryRun: z.boolean().default(false).describe('Only answer what would be done.'),
};

const FilledDay = z
  .object({
    date: zDate.describe('Local date.'),
    from: z.string().nullable().describe('Local time it closes at; null = the whole date.'),
    to: z.string().nullable().describe('Local time it opens at again; null = the whole date.'),
    kind: z
      .enum(['holiday', 'make_up_day'])
      .meta({ id: 'FilledDayKind', description: 'Closed, or a date with hours of its own.' })
      .describe('Closed, or a date with hours of its own.'),
  })
  .meta({ id: 'RemovedDay', description: 'A date that was taken out of a calendar.' });

export const CalendarHolidays = z
  .object({
    calendar: Calendar.describe('The calendar as it now stands; unchanged after a dry run.'),
    added: z
      .array(
        FilledDay.extend({ name: z.string().describe('What the source calls it.') }).meta({
          id: 'AddedDay',
          description: 'A date that a source added to a calendar.',
        }),
      )
      .describe('What came in, by date; empty when the source has nothing new.'),
    removed: z.array(FilledDay).describe('What went, by date; only with replace.'),
    skipped: z
      .array(
        z
          .object({
            date: zDate.describe('Local date.'),
            name: z.string().describe('What the source calls it.'),
            reason: z
              .enum(['holiday', 'special_day', 'transparent'])
              .meta({
                id: 'SkippedDayReason',
                description:
                  'holiday, special_day: the calendar has that date already. transparent: the event blocks no time.',
              })
              .describe('Why it was not taken.'),
          })
          .meta({ id: 'SkippedDay', description: 'A date of a source that a calendar did not take.' }),
      )
      .describe('What the source has and the calendar did not take, by date.'),
  })
  .meta({ id: 'CalendarHolidays', description: 'What filling a calendar did.' });

export const HolidaySources = z
  .object({
    data: z
      .array(
        z
          .object({
            code: z.string().describe('Code of ISO 3166-1.'),
            name: z.string().describe("In the workspace's language."),
            firstYear: z.int().nullable().describe('The first year known; null = reckoned by rule, whatever the year.'),
            lastYear: z.int().nullable().describe('The last year known; null = reckoned by rule, whatever the year.'),
            regions: z
              .array(
                z
                  .object({
                    code: z.string().describe('What region takes: BY, or BY.A for a part of it.'),
                    name: z.string().describe('What it is called.'),
                  })
                  .meta({ id: 'HolidayRegion', description: 'A part of a country with holidays of its own.' }),
              )
              .describe('Its regions that have holidays of their own.'),
          })
          .meta({ id: 'HolidaySource', description: 'A country whose holidays are known.' }),
      )
      .describe('By code.'),
  })
  .meta({ id: 'HolidaySources', description: 'Countries whose holidays are known.' });
