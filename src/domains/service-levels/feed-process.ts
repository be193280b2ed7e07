/**
 * Reads an iCalendar feed in a process of its own, begun by `feed.ts`: whoever writes a feed decides how long its rules
 * take to work out and how much memory, and a thread that runs out of memory takes its whole process along.
 */

import { runInNewContext } from 'node:vm';
import ICAL from 'ical.js';
import type { Stretch, WallTime } from '../../rules/holidays.ts';

export interface FeedRequest {
  text: string;
  /** Only what touches one of these is wanted: local seconds, in order, half-open. */
  windows: [from: number, to: number][];
  /** No more than this many events. */
  limit: number;
  /** No longer than this, also when nobody waits any more. */
  milliseconds: number;
}

export interface FeedEvent extends Stretch {
  /** It blocks no time (TRANSP). */
  transparent: boolean;
}

export type FeedReply =
  | { events: FeedEvent[]; cut: boolean }
  | { problem: { code: 'invalid_icalendar' | 'unknown_time_zone' | 'too_complex'; message: string } };

/** The argument that such a process is begun with. */
export const READ_FEED = 'read-feed';

export const TOO_COMPLEX = { code: 'too_complex', message: 'Its rules take too long to work out.' } as const;

/** Whatever the library says of a broken text is for developers; what is said here is for who sent it. */
class FeedProblem extends Error {
  readonly code: 'invalid_icalendar' | 'unknown_time_zone';

  constructor(code: FeedProblem['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** Whether a name is that of an IANA time zone. */
const ZONES = new Map<string, boolean>();

if (process.argv[2] === READ_FEED) {
  process.once('message', (request: FeedRequest) => process.send!(reply(request), () => process.exit()));
}

function reply(request: FeedRequest): FeedReply {
  try {
    // Of all that could stop a loop in the library, the only thing that needs nobody else.
    return runInNewContext('read()', { read: () => read(request) }, { timeout: request.milliseconds }) as FeedReply;
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    if (error instanceof FeedProblem) return { problem: { code: error.code, message } };
    if (code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return { problem: TOO_COMPLEX };
    return { problem: { code: 'invalid_icalendar', message: 'This is no readable iCalendar.' } };
  }
}

function read(request: FeedRequest): FeedReply {
  const events: FeedEvent[] = [];
  for (const event of eventsOf(request)) {
    if (!request.windows.some(([from, to]) => event.start.local < to && event.end.local > from)) continue;
    if (events.length === request.limit) return { events, cut: true };
    events.push(event);
  }
  return { events, cut: false };
}

function* eventsOf({ text, windows }: FeedRequest): Generator<FeedEvent> {
  const end = windows.at(-1)?.[1] ?? 0;
  const parsed = ICAL.parse(text.replace(/^\ufeff/, ''));
  const calendars = (Array.isArray(parsed[0]) ? parsed : [parsed]) as unknown as string[][];
  for (const calendar of calendars) {
    const component = new ICAL.Component(calendar as never);
    if (component.name !== 'vcalendar') throw new FeedProblem('invalid_icalendar', 'There is no VCALENDAR.');
    for (const { master, overrides } of seriesOf(component)) {
      yield* master === null ? overrides.flatMap(single) : occurrencesOf(master, overrides, end);
    }
  }
}

interface Series {
  /** Null: only moved occurrences of a series that is not in the feed. */
  master: ICAL.Component | null;
  overrides: ICAL.Component[];
}

/** Events that share a UID are one series: one that says how it recurs, and occurrences that were moved. */
function seriesOf(calendar: ICAL.Component): Series[] {
  const series: Series[] = [];
  const byUid = new Map<string, Series>();
  for (const event of calendar.getAllSubcomponents('vevent')) {
    if (!event.hasProperty('dtstart')) throw new FeedProblem('invalid_icalendar', 'An event has no DTSTART.');
    const uid = event.getFirstPropertyValue('uid') as string | null;
    const isOverride = event.hasProperty('recurrence-id');
    const known = uid === null ? undefined : byUid.get(uid);
    if (known !== undefined && (isOverride || known.master === null)) {
      if (isOverride) known.overrides.push(event);
      else known.master = event;
      continue;
    }
    const made: Series = isOverride ? { master: null, overrides: [event] } : { master: event, overrides: [] };
    series.push(made);
    if (uid !== null) byUid.set(uid, made);
  }
  return series;
}

function* occurrencesOf(component: ICAL.Component, overrides: ICAL.Component[], end: number): Generator<FeedEvent> {
  const series = new ICAL.Event(component, { exceptions: overrides });
  if (!series.isRecurring()) {
    yield* single(component);
    yield* overrides.flatMap(single);
    return;
  }
  const isExcluded = exclusionsOf(component);
  const moved = new Map(
    Object.entries(series.exceptions).filter(([, override]) => !(override as ICAL.Event).modifiesFuture()),
  ) as Map<string, ICAL.Event>;
  for (const { at, until, property } of startsOf(series, end)) {
    if (isExcluded(at)) continue;
    const { item, startDate, endDate } = series.getOccurrenceDetails(at);
    const id = item.isRecurrenceException() ? String(item.recurrenceId) : '';
    if (moved.delete(id)) yield* single(item.component);
    else if (item.isRecurrenceException()) yield* eventOf(item.component, startDate, endDate);
    else yield* eventOf(component, at, until ?? endDate, property, property);
  }
  // Moved here from after the end.
  for (const override of moved.values()) yield* single(override.component);
}

interface Start {
  at: ICAL.Time;
  /** Where this occurrence says its own end. */
  until?: ICAL.Time;
  /** Whose time zone it is in. */
  property: ICAL.Property;
}

/** The occurrences by RRULE and RDATE that begin before `end`; without rules the event itself is the first. */
function* startsOf(series: ICAL.Event, end: number): Generator<Start> {
  const { component, startDate } = series;
  const own = component.getFirstProperty('dtstart')!;
  const others = new Map<string, Start>();
  for (const property of component.getAllProperties('rdate')) {
    for (const value of property.getValues() as (ICAL.Time | ICAL.Period)[]) {
      const isPeriod = value instanceof ICAL.Period;
      const at = isPeriod ? value.start : value;
      others.set(String(at), isPeriod ? { at, until: value.getEnd(), property } : { at, property });
    }
  }
  const rules = component.getAllProperties('rrule').map((property) => property.getFirstValue() as ICAL.Recur);
  if (rules.length === 0) others.set(String(startDate), { at: startDate, property: own });
  for (const rule of rules) {
    const dates = rule.iterator(startDate);
    for (let at = dates.next(); at && localSeconds(at) < end; at = dates.next()) {
      others.delete(String(at));
      // The library goes on with the same object.
      yield { at: at.clone(), property: own };
    }
  }
  yield* others.values();
}

/** EXDATE: by date, by the local time, or by the instant. */
function exclusionsOf(component: ICAL.Component): (at: ICAL.Time) => boolean {
  const values = component.getAllProperties('exdate').flatMap((property) => property.getValues() as ICAL.Time[]);
  const texts = new Set(values.flatMap((value) => [String(value), utcText(value)]));
  return (at) => texts.has(String(at)) || texts.has(utcText(at)) || texts.has(String(at).slice(0, 10));
}

function utcText(at: ICAL.Time): string {
  return at.isDate ? String(at) : String(at.convertToZone(ICAL.Timezone.utcTimezone));
}

function single(component: ICAL.Component): FeedEvent[] {
  const event = new ICAL.Event(component, { exceptions: [] });
  return eventOf(component, event.startDate, event.endDate);
}

/** Nothing for what was cancelled, and for what takes no time. */
function eventOf(
  component: ICAL.Component,
  start: ICAL.Time,
  end: ICAL.Time,
  startProperty = component.getFirstProperty('dtstart')!,
  endProperty = component.getFirstProperty('dtend') ?? startProperty,
): FeedEvent[] {
  const said = (name: string) => String(component.getFirstPropertyValue(name) ?? '');
  if (said('status').toUpperCase() === 'CANCELLED') return [];
  const from = wallTime(start, startProperty);
  const to = wallTime(end, endProperty);
  // An all-day event that ends on the date it starts on is one by people who do not know that the end is not of it.
  if (start.isDate) to.local = Math.max(to.local, from.local + 86_400);
  return [{ name: nameOf(said('summary')), start: from, end: to, transparent: /^transparent$/i.test(said('transp')) }];
}

/** In one line, and without what no database stores. */
function nameOf(summary: string): string {
  return summary
    .toWellFormed()
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, 200)
    .toWellFormed();
}

/** A zone by its IANA name, else as the feed itself defines it; a time without one is read on the calendar's own clock. */
function wallTime(time: ICAL.Time, property: ICAL.Property): WallTime {
  const local = localSeconds(time);
  if (time.isDate) return { local, zone: null };
  if (time.zone === ICAL.Timezone.utcTimezone) return { local, zone: 'UTC' };
  const name = property.getFirstParameter('tzid') as string | undefined;
  if (name === undefined) return { local, zone: null };
  if (isZone(name)) return { local, zone: name };
  if (time.zone !== ICAL.Timezone.localTimezone) return { local: time.toUnixTime(), zone: 'UTC' };
  throw new FeedProblem(
    'unknown_time_zone',
    `${name.slice(0, 100)} is no IANA time zone, and the feed does not define it.`,
  );
}

/** As if the wall clock were UTC. */
function localSeconds({ year, month, day, hour, minute, second }: ICAL.Time): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.setUTCHours(hour, minute, second) / 1000;
}

function isZone(name: string): boolean {
  let known = ZONES.get(name);
  if (known === undefined) {
    try {
      new Intl.DateTimeFormat('en', { timeZone: name });
      known = /^[A-Za-z]/.test(name);
    } catch {
      known = false;
    }
    ZONES.set(name, known);
  }
  return known;
}
