/**
 * A slow second opinion on clocks: every clock keeps an explicit state, time is walked from one point to the next
 * (events, openings, closings, due instants) and seconds are added up piece by piece. It shares no code with the rules.
 */

import type { ClockEvent } from '../../src/rules/history.ts';
import type { Face, Saying } from './clock-oracle-clock.ts';
import type { HoursOf } from './clock-oracle-hours.ts';
import { Desk } from './clock-oracle-ticket.ts';

/** Events by instant; equal instants keep their order. */
function inTime(events: readonly ClockEvent[]): ClockEvent[] {
  const sorted = events.map((event, index) => ({ event, index }));
  sorted.sort((a, b) => a.event.at - b.event.at || a.index - b.index);
  return sorted.map(({ event }) => event);
}

/** The clocks at each instant of `asOf`, in the order asked. */
export function expectedClocks(events: readonly ClockEvent[], asOf: readonly number[], hoursOf: HoursOf): Face[][] {
  const history = inTime(events);
  const answers = new Map<number, Face[]>();
  const desk = new Desk(hoursOf);
  let heard = 0;
  for (const at of [...new Set(asOf)].sort((a, b) => a - b)) {
    for (; heard < history.length && history[heard]!.at <= at; heard++) {
      desk.hear(history[heard]!, history.slice(0, heard));
    }
    answers.set(at, desk.facesAt(at));
  }
  return asOf.map((at) => answers.get(at)!);
}

/**
 * All that is said up to `until` by one who never looks away: each step once per clock, cycle, policy version and step; a
 * breach that was taken back may be said again. `timerFirst`: at the instant of an event, before it is heard.
 */
export function expectedSayings(
  events: readonly ClockEvent[],
  until: number,
  timerFirst: boolean,
  hoursOf: HoursOf,
): Saying[] {
  const desk = new Desk(hoursOf);
  const all: Saying[] = [];
  let known = new Map<string, Saying>();
  const sayAt = (at: number): number => {
    const { sayings, points, broken } = desk.sayableAt(at);
    // A breach is forgotten once it was taken back, the rest only where no clock is left to remember it by.
    const stays = ({ clock, key }: Saying) => (key === 'breach' ? broken.get(clock) : broken.size > 0);
    known = new Map([...known].filter(([, saying]) => stays(saying)));
    for (const saying of sayings) {
      const name = `${saying.clock} ${saying.by} ${saying.key}`;
      if (known.has(name)) continue;
      known.set(name, saying);
      all.push(saying);
    }
    return Math.min(...points.filter((point) => point > at));
  };
  const history = inTime(events);
  for (const [heard, event] of history.entries()) {
    desk.hear(event, history.slice(0, heard));
    const end = history[heard + 1]?.at ?? until;
    const isIn = (at: number) => at < end || (at === end && (timerFirst || heard === history.length - 1));
    for (let at = event.at; isIn(at) || at === event.at; ) at = sayAt(at);
  }
  return all;
}
