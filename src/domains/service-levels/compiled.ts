/** Compiled calendars and policies, kept by their content: the same words are the same object, in every version and request. */

import { AppError } from '../../errors.ts';
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

/**
 * Things by their content. While anybody holds one, it is the only one of its content, so that whoever compares two sees
 * what differs and not what was forgotten; the latest are kept also when nobody does.
 */
class Unique<T extends object> {
  readonly #latest: Recent<T>;
  readonly #held = new Map<string, WeakRef<T>>();
  readonly #gone = new FinalizationRegistry<string>((key) => {
    if (this.#held.get(key)?.deref() === undefined) this.#held.delete(key);
  });

  constructor(limit: number) {
    this.#latest = new Recent(limit);
  }

  get(key: string, make: () => T): T {
    return this.#latest.get(key, () => this.#held.get(key)?.deref() ?? this.#make(key, make));
  }

  #make(key: string, make: () => T): T {
    const made = make();
    this.#held.set(key, new WeakRef(made));
    this.#gone.register(made, key);
    return made;
  }
}

/** A calendar that was asked for every year there is holds some 4 MB. */
const CALENDARS = new Unique<Calendar>(100);
const POLICIES = new Unique<Policy>(2000);

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

/** A rule names its faults below the thing it checks, `from`; in the input that thing stands at `to`, '' for all of it. */
export function withPath<T>(from: string, to: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const moved = (path: string) => `${to}${path.slice(from.length)}`.replace(/^\./, '');
    const errors = error.errors.map((one) => ({ ...one, path: moved(one.path) }));
    throw new AppError(error.code, error.message, errors);
  }
}
