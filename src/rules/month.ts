/** A month of a calendar, date by date: when it is open, and why it is not. */

import { DAY, type Instant, LAST_INSTANT } from './block.ts';
import { between, openIntervals } from './business-time.ts';
import { type Calendar, dateText, timeText } from './calendar.ts';

/** What a date is: as the calendar says of it by name, else as its week has it. */
export type DayReason = 'open' | 'outside_hours' | 'holiday' | 'partial_holiday' | 'special_day';

export interface OpenHours {
  from: Instant;
  to: Instant;
  /** On the wall clock, `24:00` for the end of the date. */
  localFrom: string;
  localTo: string;
}

export interface MonthDay {
  /** Local, YYYY-MM-DD. */
  date: string;
  /** When the date begins, and how long it is: 23 or 25 hours where clocks change, 0 where it was left out. */
  start: Instant;
  seconds: number;
  openSeconds: number;
  reason: DayReason;
  /** On the date itself: the tail of a night belongs to the date it falls on. */
  hours: OpenHours[];
}

export interface Month {
  /** YYYY-MM. */
  month: string;
  openSeconds: number;
  days: MonthDay[];
}

/** `month` is YYYY-MM, 1970 to 2199. What of it lies outside of what calendars answer counts as closed. */
export function monthOf(calendar: Calendar, month: string): Month {
  const [year, number] = month.split('-').map(Number) as [number, number];
  const [first, end] = [Date.UTC(year, number - 1, 1), Date.UTC(year, number, 1)].map((at) => at / 1000 / DAY);
  const days: MonthDay[] = [];
  for (let date = first!; date < end!; date++) days.push(dayOf(calendar, date));
  return { month, openSeconds: days.reduce((sum, { openSeconds }) => sum + openSeconds, 0), days };
}

/** The month (YYYY-MM) on the calendar's wall clock. */
export function monthAt(calendar: Calendar, at: Instant): string {
  return dateText(Math.floor(calendar.zone.localTimeAt(at) / DAY)).slice(0, 7);
}

function dayOf(calendar: Calendar, date: number): MonthDay {
  const { zone } = calendar;
  const [start, end] = [date, date + 1].map((one) => within(zone.instantOf(one * DAY))) as [Instant, Instant];
  const hours = openIntervals(calendar, start, end).map((open) => ({
    from: open.start,
    to: open.end,
    localFrom: wallTime(zone.localTimeAt(open.start), date),
    localTo: open.end === end ? '24:00' : wallTime(zone.localTimeAt(open.end), date),
  }));
  const openSeconds = between(calendar, start, end);
  const reason = calendar.saidOf(date) ?? (openSeconds > 0 ? 'open' : 'outside_hours');
  return { date: dateText(date), start, seconds: end - start, openSeconds, reason, hours };
}

function within(at: Instant): Instant {
  return Math.min(Math.max(at, 0), LAST_INSTANT);
}

/** A change of clocks just after midnight shows the evening before a second time. */
function wallTime(local: number, date: number): string {
  return timeText((local - date * DAY + DAY) % DAY);
}
