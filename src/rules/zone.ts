/** Time zones: the only place where local times become instants. */

import { Temporal } from 'temporal-polyfill';
import { BLOCK_SECONDS, DAY, type Instant } from './block.ts';

/** The clock changes of a block of time and a few days around it. */
interface ClockChanges {
  offset: number;
  changes: { at: Instant; offset: number }[];
}

/** A time zone: between instants and its wall clock. A local time is in seconds, counted as if the wall clock were UTC. */
export class Zone {
  static readonly #known = new Map<string, Zone>();
  /** Its IANA name. */
  readonly name: string;
  readonly #blocks = new Map<number, ClockChanges>();

  private constructor(name: string) {
    this.name = name;
  }

  /** Undefined when there is no such zone. Temporal also takes offsets and whole timestamps for a zone: they are none here. */
  static named(text: string): Zone | undefined {
    if (!/^[A-Za-z][\w+/-]*$/.test(text)) return undefined;
    let name: string;
    try {
      name = Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(text).timeZoneId;
    } catch {
      return undefined;
    }
    const zone = Zone.#known.get(name) ?? new Zone(name);
    Zone.#known.set(name, zone);
    return zone;
  }

  localTimeAt(at: Instant): number {
    let { offset, changes } = this.#clockChanges(Math.floor(at / BLOCK_SECONDS));
    for (const change of changes) if (change.at <= at) offset = change.offset;
    return at + offset;
  }

  /** Temporal's `compatible`: a skipped local time moves later by the length of the gap, an ambiguous one is the first. */
  instantOf(localTime: number): Instant {
    let { offset, changes } = this.#clockChanges(Math.floor(localTime / BLOCK_SECONDS));
    for (const change of changes) {
      // Read with the offset before the change when it comes before it, and also when the change skips it.
      if (localTime - Math.max(offset, change.offset) < change.at) break;
      offset = change.offset;
    }
    return localTime - offset;
  }

  /** True for a date that was never on the wall clock: Apia had no 2011-12-30. */
  skips(date: number): boolean {
    return this.instantOf(date * DAY) >= this.instantOf((date + 1) * DAY);
  }

  #clockChanges(block: number): ClockChanges {
    const known = this.#blocks.get(block);
    if (known) return known;
    // Local times reach a day and a half beyond their instants, and periods begin the night before.
    const from = block * BLOCK_SECONDS - 5 * DAY;
    const to = (block + 1) * BLOCK_SECONDS + 5 * DAY;
    const first = Temporal.Instant.fromEpochMilliseconds(from * 1000).toZonedDateTimeISO(this.name);
    const found: ClockChanges = { offset: first.offsetNanoseconds / 1e9, changes: [] };
    for (let next = first.getTimeZoneTransition('next'); next; next = next.getTimeZoneTransition('next')) {
      const at = next.epochMilliseconds / 1000;
      if (at >= to) break;
      found.changes.push({ at, offset: next.offsetNanoseconds / 1e9 });
    }
    this.#blocks.set(block, found);
    return found;
  }
}
