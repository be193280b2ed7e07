/** Looking at a calendar before anything is counted on it. */

import { z } from 'zod';
import { compute } from '../../operation.ts';
import { monthAt, monthOf } from '../../rules/month.ts';
import { drawMonth } from '../../rules/month-picture.ts';
import { iso } from '../model.ts';
import { CalendarMonth, previewFields } from './preview-model.ts';
import { requestedCalendar } from './said.ts';

export const previewCalendar = compute({
  name: 'previewCalendar',
  summary: 'A month of a calendar: open hours date by date, and as a picture',
  scope: 'service_levels:read',
  input: z.strictObject(previewFields),
  output: CalendarMonth,
  example: { calendar: 'cn-office', month: '2026-10' },
  async run(ctx, input) {
    const { calendar, name } = await requestedCalendar(ctx, input.calendar);
    const { month, openSeconds, days } = monthOf(calendar, input.month ?? monthAt(calendar, ctx.now));
    const { language } = ctx.workspace;
    const timeZone = calendar.zone.name;
    return {
      month,
      timeZone,
      openSeconds,
      days: days.map(({ date, openSeconds: open, reason, hours }) => ({
        date,
        openSeconds: open,
        reason,
        hours: hours.map(({ from, to, ...local }) => ({ from: iso(from), to: iso(to), ...local })),
      })),
      svg: drawMonth({ month, openSeconds, days }, { name, timeZone, language }),
    };
  },
});
