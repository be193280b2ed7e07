/** Closed and worked dates found elsewhere: cut into a calendar's own dates, and joined with what the calendar has. */

import { DAY } from './block.ts';
import { type CalendarDefinition, dateText, timeText } from './calendar.ts';
import { Zone } from './zone.ts';

/** A date that a source gives: closed, closed in part (`from`, `to`), or worked although the week says otherwise. */
export interface FoundDay {
  /** Local, YYYY-MM-DD. */
  date: string;
  /** Local HH:MM[:SS]; null for a whole date. */
  from: string | null;
  to: string | null;
  name: string;
  kind: 'holiday' | 'make_up_day';
}

/** Something that lasts from `start` to `end`, each a wall-clock time in seconds as if its zone were UTC. */
export interface Stretch {
  name: string;
  start: WallTime;
  end: WallTime;
}

/** Null: on whatever wall clock it is read, as dates are. */
export interface WallTime {
  local: number;
  zone: string | null;
}

/**
 * The dates of these years that a stretch covers on the wall clock of `timeZone`, wholly or in part, each for itself; at
 * most `limit` of them. Both zones must exist.
 */
export function datesOf({ name, start, end }: Stretch, timeZone: string, years: number[], limit: number): FoundDay[] {
  const [from, to] = [onWall(start, timeZone), onWall(end, timeZone)];
  const found: FoundDay[] = [];
  for (const year of years) {
    const [first, last] = [Math.max(from, newYear(year)), Math.min(to, newYear(year + 1))];
    for (let at = first; at < last && found.length < limit; ) {
      const midnight = Math.floor(at / DAY) * DAY;
      const until = Math.min(last, midnight + DAY);
      const isWhole = at === midnight && until === midnight + DAY;
      const [opening, closing] = isWhole ? [null, null] : [timeText(at - midnight), timeText(until - midnight)];
      found.push({ date: dateText(midnight / DAY), from: opening, to: closing, name, kind: 'holiday' });
      at = until;
    }
  }
  return found;
}

function onWall({ local, zone }: WallTime, timeZone: string): number {
  return zone === null || zone === timeZone
    ? local
    : Zone.named(timeZone)!.localTimeAt(Zone.named(zone)!.instantOf(local));
}

function newYear(year: number): number {
  return Date.UTC(year, 0, 1) / 1000;
}

export interface Skipped {
  date: string;
  name: string;
  reason: 'holiday' | 'special_day';
}

export interface Joined {
  /** Its two lists, by date; as they were when nothing comes or goes. */
  after: { holidays: Holiday[]; specialDays: SpecialDay[] };
  added: FoundDay[];
  removed: Omit<FoundDay, 'name'>[];
  skipped: Skipped[];
}

type Holiday = NonNullable<CalendarDefinition['holidays']>[number];
type SpecialDay = NonNullable<CalendarDefinition['specialDays']>[number];

/**
 * The calendar with what was found. What it has stays: a date that is a holiday or has hours of its own is not taken a
 * second time. `without`: years whose dates go first. `makeUpPeriods`: the hours of make-up days.
 */
export function joinDays(
  { holidays = [], specialDays = [] }: CalendarDefinition,
  found: readonly FoundDay[],
  { without, makeUpPeriods }: { without: readonly number[]; makeUpPeriods: SpecialDay['periods'] },
): Joined {
  const stays = (date: string) => !without.includes(Number(date.slice(0, 4)));
  const kept = {
    holidays: holidays.filter((holiday) => stays(dateOf(holiday))),
    specialDays: specialDays.filter(({ date }) => stays(date)),
  };
  const known = new Set([...holidays.map(keyOf), ...specialDays.map(keyOf)]);
  const closed = new Closures(kept.holidays);
  const special = new Set(kept.specialDays.map(({ date }) => date));
  const [added, skipped]: [FoundDay[], Skipped[]] = [[], []];
  for (const day of found.toSorted(byDate)) {
    const { date, name, kind } = day;
    const reason = special.has(date) ? 'special_day' : closed.covers(day) ? 'holiday' : null;
    if (reason !== null) {
      skipped.push({ date, name, reason });
      continue;
    }
    const entry = kind === 'make_up_day' ? { date, periods: makeUpPeriods } : holidayOf(day);
    if (kind === 'make_up_day') {
      special.add(date);
      kept.specialDays.push(entry as SpecialDay);
    } else {
      closed.add(entry as Holiday);
      kept.holidays.push(entry as Holiday);
    }
    // What went and came back the same was never gone.
    if (known.has(keyOf(entry))) skipped.push({ date, name, reason: kind === 'holiday' ? kind : 'special_day' });
    else added.push(day);
  }
  const now = new Set([...kept.holidays.map(keyOf), ...kept.specialDays.map(keyOf)]);
  const removed = [...holidays.map(dayOf), ...specialDays.map(dayOf)].filter(({ key }) => !now.has(key));
  if (added.length + removed.length === 0) return { after: { holidays, specialDays }, added, removed: [], skipped };
  return {
    after: { holidays: kept.holidays.sort(byDate), specialDays: kept.specialDays.sort(byDate) },
    added,
    removed: removed.map(({ key: _, ...day }) => day).sort(byDate),
    skipped,
  };
}

/** The closed parts of dates. */
class Closures {
  readonly #byDate = new Map<string, { from: string; to: string }[]>();

  constructor(holidays: readonly Holiday[]) {
    for (const holiday of holidays) this.add(holiday);
  }

  add(holiday: Holiday): void {
    const date = dateOf(holiday);
    this.#byDate.set(date, [...(this.#byDate.get(date) ?? []), partOf(holiday)]);
  }

  covers({ date, from, to }: FoundDay): boolean {
    const part = from === null || to === null ? WHOLE : { from: exact(from), to: exact(to) };
    return (this.#byDate.get(date) ?? []).some((closed) => closed.from <= part.from && closed.to >= part.to);
  }
}

const WHOLE = { from: '00:00:00', to: '24:00:00' };

function partOf(holiday: Holiday): typeof WHOLE {
  return typeof holiday === 'string' ? WHOLE : { from: exact(holiday.from), to: exact(holiday.to) };
}

/** With seconds, so that texts compare as times do. */
function exact(time: string): string {
  return time.length === 5 ? `${time}:00` : time;
}

function holidayOf({ date, from, to }: FoundDay): Holiday {
  return from === null || to === null ? date : { date, from, to };
}

function dateOf(thing: Holiday | { date: string }): string {
  return typeof thing === 'string' ? thing : thing.date;
}

function keyOf(thing: Holiday | SpecialDay): string {
  if (typeof thing === 'object' && 'periods' in thing) return `${thing.date} ${JSON.stringify(thing.periods)}`;
  const { from, to } = partOf(thing);
  return `${dateOf(thing)} ${from}-${to}`;
}

function dayOf(thing: Holiday | SpecialDay): Omit<FoundDay, 'name'> & { key: string } {
  const key = keyOf(thing);
  const date = dateOf(thing);
  if (typeof thing === 'string') return { key, date, from: null, to: null, kind: 'holiday' };
  if ('periods' in thing) return { key, date, from: null, to: null, kind: 'make_up_day' };
  return { key, date, from: thing.from, to: thing.to, kind: 'holiday' };
}

/** By date; of one date the whole before its parts. */
function byDate(a: Holiday | { date: string }, b: Holiday | { date: string }): number {
  return sortKey(a) < sortKey(b) ? -1 : sortKey(a) > sortKey(b) ? 1 : 0;
}

function sortKey(thing: Holiday | { date: string; from?: string | null }): string {
  return typeof thing === 'string' ? `${thing} ` : `${thing.date} ${thing.from ?? ''}`;
}
