/** The clocks of a ticket at an instant: every cycle of every promise, from the ticket's events alone. */

import type { Instant } from './calendar.ts';
import { fold } from './fold.ts';
import type { ClockEvent } from './history.ts';
import { type ComputedClock, measure } from './measure.ts';
import { METRICS } from './objective.ts';

export { type Announcement, announce, nextInstant, type StoredClock, saidKey, setStepsAside } from './announce.ts';
export {
  CLOCK_EVENT_TYPES,
  type ClockEvent,
  type ClockEventType,
  checkHistory,
  NO_LEVELS,
  type ServiceLevels,
} from './history.ts';
export type { ComputedClock } from './measure.ts';

/**
 * Every cycle begun up to `asOf`, cancelled ones too, in the order of the metrics, then by cycle. Events may come in
 * any order (equal instants keep theirs); later ones than `asOf` are ignored. The answer depends on nothing else: computed
 * event by event or once at the end it is the same. Throws `validation_failed` for a history that cannot be
 * (`checkHistory`) and what the calendars throw (`instant_out_of_range`).
 */
export function computeClocks(events: readonly ClockEvent[], asOf: Instant): ComputedClock[] {
  return fold(events, asOf)
    .map((course) => measure(course, asOf))
    .sort((a, b) => METRICS.indexOf(a.metric) - METRICS.indexOf(b.metric) || a.cycle - b.cycle);
}
