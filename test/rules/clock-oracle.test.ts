/**
 * The clocks against a slow second opinion (`clock-oracle.ts`), over random histories, policies and calendars: what they
 * show at every instant that matters, and what is said of them event by event. FUZZ_RUNS (1500 unless told) and FUZZ_SEED
 * make a longer run, or the same one again. What differs is printed as JSON, shrunk.
 */

import fc from 'fast-check';
import tap, { type Test, test } from 'tap';
import {
  announce,
  type ClockEvent,
  type ComputedClock,
  computeClocks,
  nextInstant,
  type StoredClock,
} from '../../src/rules/clocks.ts';
import { expectedClocks, expectedSayings } from './clock-oracle.ts';
import type { Saying } from './clock-oracle-clock.ts';
import { hoursOf, type Story, story, told, utc } from './clocks-stories.ts';

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 1500);
const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31);
const DAY = 86_400;
tap.setTimeout(60_000 + RUNS * 40);

/** `differs` answers null, or what differs as lines. */
function check<T>(t: Test, arbitrary: fc.Arbitrary<T>, differs: (one: T) => string | null, numRuns: number): void {
  const result = fc.check(
    fc.property(arbitrary, (one) => {
      const found = differs(one);
      if (found !== null) throw new Error(found);
    }),
    { numRuns, seed: SEED },
  );
  if (!result.failed) {
    t.pass(`${result.numRuns} histories, seed ${SEED}`);
    return;
  }
  t.comment(JSON.stringify(result.counterexample, null, 1));
  t.comment((result.errorInstance as Error).stack);
  t.fail(`FUZZ_SEED=${SEED} FUZZ_RUNS=${numRuns} finds it again, after ${result.numRuns} histories`);
}

function lines(name: string, rules: unknown, oracle: unknown): string {
  const show = (value: unknown) =>
    JSON.stringify(value, (_key, one) => (typeof one === 'number' && one > 1e9 ? utc(one) : one));
  return `${name}\n  rules  ${show(rules)}\n  oracle ${show(oracle)}`;
}

// ── What clocks show ────────────────────────────────────────────────────────────────────────────────────────────────

/** Where answers can change: events, and what the clocks say of themselves, each with the seconds beside it. */
function instants(events: readonly ClockEvent[]): number[] {
  const at = new Set(events.map((event) => event.at));
  for (const asOf of [...at, events.at(-1)!.at + 20 * DAY]) {
    for (const { dueAt, stoppedAt, breachedAt, warnAt } of computeClocks(events, asOf)) {
      for (const one of [dueAt, stoppedAt, breachedAt, ...(warnAt ?? [])]) if (one !== null) at.add(one);
    }
  }
  return [...new Set([...at].flatMap((one) => [one - 1, one, one + 1]))];
}

function differenceShown(one: Story): string | null {
  const events = told(one);
  const asOf = instants(events);
  const expected = expectedClocks(events, asOf, hoursOf);
  for (const [i, at] of asOf.entries()) {
    const found = computeClocks(events, at).map(({ steps: _, ...face }) => face);
    if (JSON.stringify(found) === JSON.stringify(expected[i])) continue;
    const names = [...found, ...expected[i]!].map(({ metric, cycle }) => `${metric}#${cycle}`);
    const [mine, other] = [found, expected[i]!].map(
      (faces) => new Map(faces.map((face) => [`${face.metric}#${face.cycle}`, face])),
    );
    const differing = [...new Set(names)].filter(
      (name) => JSON.stringify(mine!.get(name)) !== JSON.stringify(other!.get(name)),
    );
    return [`at ${utc(at)}`, ...differing.map((name) => lines(name, mine!.get(name), other!.get(name)))].join('\n');
  }
  return null;
}

test('the clocks are those of a second, slower reckoning', async (t) => {
  check(t, story, differenceShown, RUNS);
});

// ── What is said of them ────────────────────────────────────────────────────────────────────────────────────────────

/** A desk that hears a history event by event and keeps its clocks as a database does. */
class Watch {
  stored: StoredClock[] = [];
  readonly said: Saying[] = [];
  /** When there is next something to say. */
  next: number | null = null;
  readonly #events: ClockEvent[] = [];

  hear(event: ClockEvent): void {
    this.#events.push(event);
    this.look(event.at);
  }

  look(now: number): void {
    const { clocks, announcements } = announce(this.stored, computeClocks(this.#events, now), now);
    for (const { type, clock, occurredAt, fraction, step } of announcements) {
      const key = {
        'clock.warned': `warn:${fraction}`,
        'clock.breached': 'breach',
        'clock.escalated': `escalate:${step?.step}`,
      }[type as string];
      if (key === undefined) continue;
      const by = `${clock.policyKey}@${clock.policyVersion}`;
      this.said.push({ clock: `${clock.metric}#${clock.cycle}`, by, key, at: occurredAt, saidAt: now });
      if (occurredAt > now) throw new Error(`${key} of ${clock.metric} is said early, at ${utc(now)}`);
    }
    const keys = new Map(clocks.map((clock) => [clock, new Set(clock.said)]));
    this.next = nextInstant(clocks, (clock) => keys.get(clock)!, now);
    this.stored = JSON.parse(JSON.stringify(clocks.map((clock) => ({ ...clock, steps: [] }))));
  }

  lookUntil(end: number, isIncluded: boolean): void {
    while (this.next !== null && (this.next < end || (isIncluded && this.next === end))) this.look(this.next);
  }
}

interface Watched {
  story: Story;
  /** At the instant of an event, the timekeeper comes first. */
  timerFirst: boolean;
  /** Looks at no instant in particular, in seconds after the creation. */
  looks: number[];
}

const watched: fc.Arbitrary<Watched> = fc.record({
  story,
  timerFirst: fc.boolean(),
  looks: fc.array(fc.nat(20 * DAY), { maxLength: 8 }),
});

function differenceSaid({ story: one, timerFirst, looks }: Watched): string | null {
  const events = told(one);
  const end = events.at(-1)!.at + 20 * DAY;
  const watch = new Watch();
  const idle = looks.map((look) => events[0]!.at + look).sort((a, b) => a - b);
  for (const [i, event] of events.entries()) {
    watch.hear(event);
    const next = events[i + 1]?.at ?? end;
    for (const look of idle.filter((at) => at >= event.at && at < next)) {
      watch.lookUntil(look, true);
      watch.look(look);
    }
    watch.lookUntil(next, timerFirst || i === events.length - 1);
  }
  watch.look(end);
  const bare = ({ steps: _, said: _said, ...face }: ComputedClock & { said?: unknown }) => face;
  const kept = watch.stored.map(bare);
  const replayed = computeClocks(events, end).map(bare);
  if (JSON.stringify(kept) !== JSON.stringify(replayed)) return lines('kept, replayed', kept, replayed);
  const inOrder = (sayings: Saying[]) => sayings.map((saying) => JSON.stringify(saying)).sort();
  const found = inOrder(watch.said);
  const expected = inOrder(expectedSayings(events, end, timerFirst, hoursOf));
  if (JSON.stringify(found) === JSON.stringify(expected)) return null;
  return lines('only', without(found, expected), without(expected, found));
}

/** What is in `these` and not as often in `those`. */
function without(these: readonly string[], those: readonly string[]): unknown[] {
  const left = [...those];
  return these.flatMap((saying) => {
    const at = left.indexOf(saying);
    if (at === -1) return [JSON.parse(saying)];
    left.splice(at, 1);
    return [];
  });
}

test('event by event the clocks become those of one replay, and each step is said once, at its time', async (t) => {
  check(t, watched, differenceSaid, RUNS);
});
