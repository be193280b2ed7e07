/** Windows of a customer's figures, and the months of a workspace: calendar arithmetic on its wall clock. */

import { DAY, type Instant } from './block.ts';
import type { Zone } from './zone.ts';

/** A window is `P<n>Y`, `P<n>M` or `P<n>D`. */
const WINDOW = /^P([1-9]\d{0,3})([YMD])$/;

/** The longest window. */
const MOST_YEARS = 10;

/** A window as calendar units. */
type Length = { months: number } | { days: number };

/** Null when the text is no window, or one of more than ten years. */
export function parseWindow(text: string): Length | null {
  const found = WINDOW.exec(text);
  if (found === null) return null;
  const count = Number(found[1]);
  if (found[2] === 'D') return count > MOST_YEARS * 365 ? null : { days: count };
  const months = found[2] === 'Y' ? count * 12 : count;
  return months > MOST_YEARS * 12 ? null : { months };
}

/**
 * Where a window that ends now begins: the same time of day so many calendar years, months or days earlier, the last day of
 * a month where there is no such day. What happened at this very second is not of the window. With `times` 2, where the
 * window before it begins.
 */
export function windowStart(window: string, now: Instant, zone: Zone, times: 1 | 2 = 1): Instant {
  const length = parseWindow(window);
  if (length === null) throw new Error(`${window} is no window.`);
  const local = zone.localTimeAt(now);
  return zone.instantOf(
    'days' in length ? local - times * length.days * DAY : addMonths(local, -times * length.months),
  );
}

/** The first second of the month of an instant. */
export function startOfMonth(at: Instant, zone: Zone): Instant {
  return zone.instantOf(monthStart(zone.localTimeAt(at)));
}

/** The first second of the month after that of an instant. */
export function startOfNextMonth(at: Instant, zone: Zone): Instant {
  return zone.instantOf(addMonths(monthStart(zone.localTimeAt(at)), 1));
}

/** The month of an instant, as in `2026-11`. */
export function monthOf(at: Instant, zone: Zone): string {
  return new Date(zone.localTimeAt(at) * 1000).toISOString().slice(0, 7);
}

/** Whole months from one instant to a later one; 0 when it is not later. From the 31st, a short month's last day is whole. */
export function wholeMonths(from: Instant, to: Instant, zone: Zone): number {
  const start = zone.localTimeAt(from);
  const end = zone.localTimeAt(to);
  const months = monthNumber(end) - monthNumber(start);
  return Math.max(0, addMonths(start, months) <= end ? months : months - 1);
}

/** Months since the year 0, of a local time. */
function monthNumber(local: number): number {
  const date = new Date(local * 1000);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}

function monthStart(local: number): number {
  const date = new Date(local * 1000);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth()) / 1000;
}

/** A local time so many months on, at the end of the month where it has no such day. */
function addMonths(local: number, months: number): number {
  const date = new Date(local * 1000);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + months];
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  const day = Math.min(date.getUTCDate(), lastDay);
  return Date.UTC(year, month, day) / 1000 + (local - Math.floor(local / DAY) * DAY);
}
