/** Business time: how much open time lies between two instants, and when a given amount of it has passed. */

import { AppError, invalid } from '../errors.ts';
import { BLOCK_SECONDS, BLOCKS, DAY, type Instant, type Interval, LAST_INSTANT, subtract, union } from './block.ts';
import type { Calendar } from './calendar.ts';

/** What `add` answers when the time is used up exactly at a closing. */
export type AtClosing = 'closing' | 'next_opening';

/** Why a stretch is closed: a holiday takes what the week would have opened, and the whole date where it is a whole one. */
export type ClosedReason = 'outside_hours' | 'holiday';

/**
 * The instant by which `seconds` open seconds have passed since `start`; a start outside hours counts from the next opening. Zero
 * seconds is `start` itself when open, else the next opening.
 * Throws `validation_failed` (negative or fractional seconds), `instant_out_of_range` (start or answer), `calendar_never_open` (a
 * rest of more than 10 years on the way).
 */
export function add(calendar: Calendar, start: Instant, seconds: number, atClosing: AtClosing = 'closing'): Instant {
  checkRange(start, 'start');
  if (!Number.isInteger(seconds) || seconds < 0) throw invalid('seconds', 'A whole number of seconds, not negative.');
  if (start + seconds > LAST_INSTANT) throw answerOutOfRange();
  // The time is used up when its last second ends, which is the closing; when the next second begins is after the rest.
  const at =
    seconds > 0 && atClosing === 'closing'
      ? calendar.openSecondFrom(start, seconds - 1) + 1
      : calendar.openSecondFrom(start, seconds);
  if (calendar.hasLongRest) checkRests(calendar, start, at);
  if (at > LAST_INSTANT) throw answerOutOfRange();
  return at;
}

/** Open seconds in [from, to); 0 when `to` is not after `from`. Throws `instant_out_of_range`. */
export function between(calendar: Calendar, from: Instant, to: Instant): number {
  checkRange(from, 'from');
  checkRange(to, 'to');
  return to <= from ? 0 : calendar.openSecondsBefore(to) - calendar.openSecondsBefore(from);
}

/**
 * The same local time on the `days`-th following date that has open time of its own (a period belongs to the date it starts on), moved
 * into that date's hours: before them to the opening, between two periods to the next opening, after them to the closing.
 * Throws `validation_failed` (days below 1 or fractional), `instant_out_of_range`, `calendar_never_open` (no such date for 10 years).
 */
export function addBusinessDays(calendar: Calendar, start: Instant, days: number): Instant {
  checkRange(start, 'start');
  if (!Number.isInteger(days) || days < 1) throw invalid('businessDays', 'A whole number of days, at least 1.');
  const localTime = calendar.zone.localTimeAt(start);
  const startDate = Math.floor(localTime / DAY);
  const date = followingOpenDate(calendar, startDate, days);
  const sameTime = calendar.zone.instantOf(localTime + (date - startDate) * DAY);
  const hours = calendar.hoursOn(date);
  const period = hours.find(({ end }) => sameTime < end);
  const at = period ? Math.max(sameTime, period.start) : hours.at(-1)!.end;
  if (at > LAST_INSTANT) throw answerOutOfRange();
  return at;
}

/** Whether the calendar is open at an instant. Throws `instant_out_of_range`. */
export function isOpen(calendar: Calendar, at: Instant): boolean {
  checkRange(at, 'at');
  return calendar.openSecondsBefore(at + 1) > calendar.openSecondsBefore(at);
}

/** The open stretches of [from, to), in order and merged. Throws `instant_out_of_range`. */
export function openIntervals(calendar: Calendar, from: Instant, to: Instant): Interval[] {
  checkRange(from, 'from');
  checkRange(to, 'to');
  return openWithin(calendar, from, to);
}

/** Why the calendar is closed at an instant; null when it is open. Throws `instant_out_of_range`. */
export function closedReason(calendar: Calendar, at: Instant): ClosedReason | null {
  checkRange(at, 'at');
  return closedWithin(calendar, at, at + 1)[0]?.reason ?? null;
}

/** The closed stretches of [from, to), in order, each with its one reason. Throws `instant_out_of_range`. */
export function closedIntervals(
  calendar: Calendar,
  from: Instant,
  to: Instant,
): (Interval & { reason: ClosedReason })[] {
  checkRange(from, 'from');
  checkRange(to, 'to');
  return closedWithin(calendar, from, to);
}

function checkRange(at: Instant, path: string): void {
  if (at >= 0 && at <= LAST_INSTANT) return;
  const message = 'Calendars answer from 1970-01-01T00:00:00Z to 2200-01-01T00:00:00Z.';
  throw new AppError('instant_out_of_range', message, [{ path, message, code: 'instant_out_of_range' }]);
}

function answerOutOfRange(): AppError {
  return new AppError('instant_out_of_range', 'The answer is after 2200-01-01T00:00:00Z.');
}

function neverOpen(): AppError {
  return new AppError('calendar_never_open', 'The calendar does not open for 10 years.');
}

/** Throws when the way from `start` to `at` (Infinity: never reached) rests for more than 10 years: a walk from block to block. */
function checkRests(calendar: Calendar, start: Instant, at: Instant): void {
  let closedSince = start;
  while (closedSince < at) {
    const opening = calendar.openSecondFrom(closedSince, 0);
    if (Math.min(opening, LAST_INSTANT) > tenYearsAfter(closedSince)) throw neverOpen();
    if (opening > LAST_INSTANT) return;
    const k = Math.floor(opening / BLOCK_SECONDS);
    const block = calendar.block(k);
    closedSince = k * BLOCK_SECONDS + block.openSecond(block.total - 1) + 1;
  }
}

function followingOpenDate(calendar: Calendar, startDate: number, days: number): number {
  let left = days;
  let before = startDate;
  for (let k = Math.max(0, Math.floor((startDate * DAY) / BLOCK_SECONDS)); k < BLOCKS; k++) {
    const dates = calendar.block(k).openDates;
    const next = dates.findIndex((date) => date > before);
    if (next < 0) continue;
    if (dates[next]! * DAY > tenYearsAfter(before * DAY)) throw neverOpen();
    const target = dates[next + left - 1];
    if (target !== undefined) return target;
    left -= dates.length - next;
    before = dates.at(-1)!;
  }
  throw LAST_INSTANT > tenYearsAfter(before * DAY) ? neverOpen() : answerOutOfRange();
}

/** A search that rests longer is an error: the calendar ran out of special days, or is closed by mistake. */
function tenYearsAfter(at: Instant): Instant {
  const date = new Date(at * 1000);
  return date.setUTCFullYear(date.getUTCFullYear() + 10) / 1000;
}

function openWithin(calendar: Calendar, from: Instant, to: Instant): Interval[] {
  const found: Interval[] = [];
  for (let k = Math.floor(from / BLOCK_SECONDS); k * BLOCK_SECONDS < to; k++) {
    const base = k * BLOCK_SECONDS;
    const [first, last] = [Math.max(from - base, 0), Math.min(to - base, BLOCK_SECONDS)];
    for (const { start, end } of calendar.block(k).intervals(first, last)) {
      found.push({ start: base + Math.max(start, first), end: base + Math.min(end, last) });
    }
  }
  return union(found); // joins what a block's edge had cut
}

function closedWithin(calendar: Calendar, from: Instant, to: Instant): (Interval & { reason: ClosedReason })[] {
  const closed = subtract(union([{ start: from, end: to }]), openWithin(calendar, from, to));
  const meant: Interval[] = [];
  const [first, last] = [from, to].map((at) => Math.floor(calendar.zone.localTimeAt(at) / DAY));
  for (let date = first! - 2; date <= last! + 1; date++) {
    meant.push(...calendar.scheduledOn(date), ...calendar.wholeHolidayOn(date));
  }
  const outside = subtract(closed, union(meant));
  const holiday = subtract(closed, outside);
  return [
    ...outside.map((interval) => ({ ...interval, reason: 'outside_hours' as const })),
    ...holiday.map((interval) => ({ ...interval, reason: 'holiday' as const })),
  ].sort((a, b) => a.start - b.start);
}
