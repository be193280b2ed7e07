/** Random calendars around the moments at which wall clocks do odd things, and the instants at which to ask them. */

import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { BLOCK_SECONDS } from '../../src/rules/block.ts';
import { type CalendarDefinition, LAST_INSTANT, type Weekday } from '../../src/rules/calendar.ts';

type Periods = [string, string][];

const WEEKDAYS: Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const DAY = 86_400;

export const ZONES = `
  UTC Etc/GMT+12 Europe/Berlin Europe/London Europe/Dublin Europe/Lisbon Europe/Moscow Europe/Istanbul Atlantic/Azores
  America/New_York America/Anchorage America/Havana America/St_Johns America/Caracas America/Sao_Paulo America/Santiago
  America/Asuncion America/Nuuk America/Scoresbysund America/Mexico_City America/Port-au-Prince
  Africa/Casablanca Africa/El_Aaiun Africa/Cairo Africa/Monrovia Africa/Windhoek Africa/Johannesburg
  Asia/Beirut Asia/Amman Asia/Gaza Asia/Jerusalem Asia/Tehran Asia/Kathmandu Asia/Kolkata Asia/Shanghai Asia/Pyongyang Asia/Dhaka
  Australia/Sydney Australia/Lord_Howe Australia/Eucla Antarctica/Casey Antarctica/Troll Pacific/Auckland Pacific/Chatham
  Pacific/Apia Pacific/Fakaofo Pacific/Kwajalein Pacific/Kiritimati Pacific/Norfolk Pacific/Easter Pacific/Fiji
`
  .trim()
  .split(/\s+/);

/** The wall clock jumps by `gained` seconds at `at`: it skips so many, or shows so many a second time where they are less than none. */
export interface ClockChange {
  at: number;
  /** On the wall clock just before, in seconds as if it were UTC. */
  local: number;
  gained: number;
}

/** A definition whose odd days lie around an instant, and the change of clocks that this instant is, where it is one. */
export interface Sample {
  definition: CalendarDefinition;
  around: number;
  change: ClockChange | null;
}

/** Every change of clocks from February 1970 to 2045, when the rules of today have long been repeating themselves. */
export const changesOf = memoized((timeZone: string): ClockChange[] =>
  changesBetween(timeZone, 40 * DAY, Date.UTC(2045) / 1000),
);

export function changesBetween(timeZone: string, from: number, to: number): ClockChange[] {
  const found: ClockChange[] = [];
  let before = Temporal.Instant.fromEpochMilliseconds(from * 1000).toZonedDateTimeISO(timeZone);
  for (;;) {
    const after = before.getTimeZoneTransition('next');
    if (after === null || after.epochMilliseconds / 1000 >= to) return found;
    const at = after.epochMilliseconds / 1000;
    const offset = before.offsetNanoseconds / 1e9;
    found.push({ at, local: at + offset, gained: after.offsetNanoseconds / 1e9 - offset });
    before = after;
  }
}

/** From here the fortieth business day is still within what calendars answer. */
const LATEST = LAST_INSTANT - 400 * DAY;

/** Mostly a change of clocks; the edge of a block of a compiled calendar; a change far ahead; any instant. */
function anchors(timeZone: string): fc.Arbitrary<{ around: number; change: ClockChange | null }> {
  const plain = (around: number) => ({ around, change: null });
  const any = fc.integer({ min: 40 * DAY, max: LATEST });
  const changes = changesOf(timeZone);
  const known = changes.length > 0 ? fc.constantFrom(...changes) : undefined;
  return fc.oneof(
    {
      weight: known ? 14 : 0,
      arbitrary: (known ?? fc.constant(null)).map((change) => ({ around: change?.at ?? 0, change })),
    },
    {
      weight: 2,
      arbitrary: fc.integer({ min: 1, max: Math.floor(LATEST / BLOCK_SECONDS) }).map((k) => plain(k * BLOCK_SECONDS)),
    },
    {
      weight: 2,
      arbitrary: any.map((moment) => {
        const change = changesBetween(timeZone, moment, Math.min(moment + 400 * DAY, LATEST))[0];
        return change ? { around: change.at, change } : plain(moment);
      }),
    },
    { weight: 2, arbitrary: any.map(plain) },
  );
}

/** Local times near which clocks change, those of this very change, and any other. */
function clockTimes(change: ClockChange | null): fc.Arbitrary<string> {
  const usual = fc.constantFrom(
    ...'00:00 00:01 00:30 01:00 01:30 01:59:59 02:00 02:15 02:30 03:00 23:00 23:30'.split(' '),
  );
  const any = fc.integer({ min: 0, max: DAY - 1 }).map(timeText);
  if (change === null) return fc.oneof(usual, any);
  const { local, gained } = change;
  const own = [local, local + gained].flatMap((edge) => [edge - 1, edge, edge + 1]);
  const inside = [1, 2, 3].map((quarter) => local + (gained * quarter) / 4);
  return fc.oneof(usual, any, fc.constantFrom(...[...own, ...inside].map((second) => timeText(Math.floor(second)))));
}

function timeText(second: number): string {
  return new Date(second * 1000).toISOString().slice(11, 19);
}

const full = (time: string) => time.padEnd(8, ':00');

function definitions(timeZone: string, around: number, change: ClockChange | null): fc.Arbitrary<CalendarDefinition> {
  const clockTime = clockTimes(change);
  const end = fc.oneof({ weight: 5, arbitrary: clockTime }, { weight: 1, arbitrary: fc.constant('24:00') });
  const period = fc.tuple(clockTime, end).filter(([from, to]) => full(from) !== full(to));
  // Full weeks run together: where few periods are, their edges are seen.
  const periods: fc.Arbitrary<Periods> = fc.oneof(
    fc.array(period, { maxLength: 1 }),
    fc.array(period, { maxLength: 3 }),
  );
  const today = Temporal.Instant.fromEpochMilliseconds(around * 1000)
    .toZonedDateTimeISO(timeZone)
    .toPlainDate();
  const date = fc
    .oneof(fc.constantFrom(-1, 0, 1), fc.integer({ min: -4, max: 5 }))
    .map((days) => today.add({ days }).toString());
  const partial = fc.record({ date, from: clockTime, to: end }).filter(({ from, to }) => full(from) < full(to));
  return fc
    .record({
      timeZone: fc.constant(timeZone),
      week: fc.record(Object.fromEntries(WEEKDAYS.map((day) => [day, periods]))),
      holidays: fc.array(fc.oneof(date, partial), { maxLength: 4 }),
      specialDays: fc.uniqueArray(fc.record({ date, periods }), { maxLength: 2, selector: (special) => special.date }),
    })
    .filter(({ week }) => Object.values(week).some((open) => open.length > 0));
}

export const samples: fc.Arbitrary<Sample> = fc
  .constantFrom(...ZONES)
  .chain((timeZone) => anchors(timeZone).map((anchor) => ({ timeZone, ...anchor })))
  .chain(({ timeZone, around, change }) =>
    definitions(timeZone, around, change).map((definition) => ({ definition, around, change })),
  );

/** What of all that was meant to occur does in a sample: names for the count at the end. */
export function featuresOf({ definition, around, change }: Sample): string[] {
  const { week, holidays = [], specialDays = [] } = definition;
  const days = [...Object.values(week), ...specialDays.map((special) => special.periods)] as Periods[];
  const times = days.flat();
  const partial = holidays.filter((holiday) => typeof holiday !== 'string');
  const isSkipped = (time: string) => change !== null && skips(change, time);
  const isRepeated = (time: string) => change !== null && repeats(change, time);
  const features: Record<string, boolean> = {
    'a gap': change !== null && change.gained > 0,
    'an overlap': change !== null && change.gained < 0,
    'half an hour': change !== null && Math.abs(change.gained) < 3600,
    'two hours': change !== null && Math.abs(change.gained) === 7200,
    'a skipped date': change !== null && change.gained >= DAY / 2,
    'a gap at midnight': change !== null && change.gained > 0 && change.local % DAY === 0,
    'a change before 2000': change !== null && around < Date.UTC(2000) / 1000,
    'a change after 2045': change !== null && around > Date.UTC(2045) / 1000,
    'an edge of a block': around % BLOCK_SECONDS === 0,
    'several periods a day': days.some((open) => open.length > 1),
    'a night': times.some(([from, to]) => full(to) < full(from)),
    '24:00': times.some(([, to]) => to === '24:00'),
    seconds: times.flat().some((time) => !full(time).endsWith(':00')),
    'a start that is skipped': times.some(([from]) => isSkipped(from)),
    'an end that is skipped': times.some(([, to]) => isSkipped(to)),
    'a start that is repeated': times.some(([from]) => isRepeated(from)),
    'an end that is repeated': times.some(([, to]) => isRepeated(to)),
    'a whole holiday': holidays.length > partial.length,
    'a partial holiday': partial.length > 0,
    'a partial holiday on the change': partial.some(({ from, to }) => isSkipped(from) || isSkipped(to)),
    'a special day without hours': specialDays.some(({ periods }) => periods.length === 0),
    'a special night': specialDays.some(({ periods }) => periods.some(([from, to]) => full(to) < full(from))),
  };
  return Object.keys(features).filter((name) => features[name]);
}

function secondsOf(time: string): number {
  const [hours, minutes, seconds] = full(time).split(':').map(Number) as [number, number, number];
  return hours * 3600 + minutes * 60 + seconds;
}

const within = (time: string, from: number, length: number) =>
  (((secondsOf(time) - from) % DAY) + DAY) % DAY < Math.min(length, DAY);

const skips = ({ local, gained }: ClockChange, time: string) => gained > 0 && within(time, local, gained);
const repeats = ({ local, gained }: ClockChange, time: string) => gained < 0 && within(time, local + gained, -gained);

function memoized<T>(make: (key: string) => T): (key: string) => T {
  const known = new Map<string, T>();
  return (key) => {
    if (!known.has(key)) known.set(key, make(key));
    return known.get(key)!;
  };
}
