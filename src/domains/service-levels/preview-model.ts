/** Words for looking at a calendar: a month of it, date by date, and as a picture. */

import { z } from 'zod';
import { zIsoInstant } from '../model.ts';
import { zCalendarRef, zDate } from './model.ts';

export const previewFields = {
  calendar: zCalendarRef.describe('Id or key of a calendar, always, or a calendar itself.'),
  month: z
    .string()
    .regex(/^(19[7-9]\d|2[01]\d\d)-(0[1-9]|1[0-2])$/, 'Expected a month from 1970-01 to 2199-12.')
    .nullish()
    .meta({ examples: ['2026-10'] })
    .describe("YYYY-MM on the calendar's wall clock; the present one unless told."),
};

const zSeconds = z.int().meta({ scalar: 'Seconds' });

const Hours = z
  .object({
    from: zIsoInstant.describe('When it opens.'),
    to: zIsoInstant.describe('When it closes.'),
    localFrom: z.string().describe('The same on the wall clock, HH:MM or HH:MM:SS.'),
    localTo: z.string().describe('The same on the wall clock; 24:00 for the end of the date.'),
  })
  .meta({ id: 'OpenHours', description: 'A stretch of a date that is open.' });

const Day = z
  .object({
    date: zDate.describe('Local date.'),
    openSeconds: zSeconds.describe('How long it is open.'),
    reason: z
      .enum(['open', 'outside_hours', 'holiday', 'partial_holiday', 'special_day'])
      .meta({ id: 'DayReason', description: 'What a date is: as the calendar says by name, else as its week has it.' })
      .describe('Why it is so.'),
    hours: z.array(Hours).describe('Its open stretches; the tail of a night belongs to the date it falls on.'),
  })
  .meta({ id: 'CalendarDay', description: 'A date of a calendar.' });

export const CalendarMonth = z
  .object({
    month: z.string().describe('YYYY-MM.'),
    timeZone: z.string().describe('IANA time zone of the local times.'),
    openSeconds: zSeconds.describe('How long the month is open.'),
    days: z.array(Day).describe('All of its dates.'),
    svg: z
      .string()
      .describe("The month as a picture, in the workspace's language: SVG that stands alone, below 20 kB."),
  })
  .meta({ id: 'CalendarMonth', description: 'A month of a calendar: when it is open, and why it is not.' });
