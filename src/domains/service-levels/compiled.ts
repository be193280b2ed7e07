/** Compiled calendars and policies, kept by their content: the same words are the same object, in every version and request. */

import { ALWAYS, type Calendar, type CalendarDefinition, compileCalendar } from '../../rules/calendar.ts';
import { type CalendarRef, compilePolicy, type Policy, type PolicyDefinition } from '../../rules/policy.ts';

/** The latest `limit` things asked for, by key. */
export class Recent<T> {
  readonly #kept = new Map<string, T>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: string, make: () => T): T {
    const known = this.#kept.get(key);
    const thing = known ?? make();
    this.#kept.delete(key);
    this.#kept.set(key, thing);
    if (this.#kept.size > this.#limit) this.forget(this.#kept.keys().next().value!);
    return thing;
  }

  forget(key: string): void {
    this.#kept.delete(key);
  }
}

/** A calendar that was asked for every year there is holds some 4 MB. */
const CALENDARS = new Recent<Calendar>(100);
const POLICIES = new Recent<Policy>(2000);

/** The compiled calendar. Throws what is wrong with the definition, below `path`. */
export function calendarOf(definition: CalendarDefinition, path: string): Calendar {
  return CALENDARS.get(JSON.stringify(definition), () => compileCalendar(definition, path));
}

/** Turns a calendar that a policy names into its definition; throws with `path` when there is none. */
export type DefinitionOf = (name: string, path: string) => CalendarDefinition;

/**
 * The compiled policy: one object for the same words on calendars of the same words. So a ticket that moves on to a
 * service-level version in which its own policy did not change keeps its promises untouched.
 */
export function policyOf(definition: PolicyDefinition, definitionOf: DefinitionOf, path: string): Policy {
  const spelledOut = (calendar: CalendarRef | undefined, at: string): CalendarRef | undefined =>
    typeof calendar === 'string' && calendar !== 'always' ? definitionOf(calendar, at) : calendar;
  const whole: PolicyDefinition = {
    ...definition,
    calendar: spelledOut(definition.calendar, `${path}.calendar`),
    objectives: definition.objectives.map((objective, index) => ({
      ...objective,
      calendar: spelledOut(objective.calendar, `${path}.objectives.${index}.calendar`),
    })),
  };
  return POLICIES.get(JSON.stringify(whole), () =>
    compilePolicy(whole, (calendar, at) => (typeof calendar === 'string' ? ALWAYS : calendarOf(calendar, at)), path),
  );
}
