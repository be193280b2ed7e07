/** Service-level policies: which tickets one covers, what it promises, and how its clocks are read. */

import type { Calendar, Instant } from './calendar.ts';
import { collecting, type Faults, fault, isKnown, isList, refuse } from './faults.ts';
import { MATCH_LISTS, type Match, type Term } from './matching.ts';
import {
  type CalendarRef,
  compileObjectives,
  type Metric,
  type Objective,
  type ObjectiveDefinition,
  type ResolveCalendar,
} from './objective.ts';
import { compileSemantics, type Semantics, type SemanticsDefinition } from './semantics.ts';

export {
  type Attributes,
  explainMatch,
  matches,
  matchPolicy,
  termState,
} from './matching.ts';
export {
  type CalendarRef,
  METRICS,
  type Metric,
  type Objective,
  type ObjectiveDefinition,
  parseTarget,
  type ResolveCalendar,
} from './objective.ts';
export {
  DEFAULT_SEMANTICS,
  PRESETS,
  type Semantics,
  type SemanticsDefinition,
  STATUS_CATEGORIES,
  type StatusCategory,
} from './semantics.ts';

export const PRIORITIES = ['low', 'normal', 'high', 'urgent'] as const;

export interface MatchDefinition {
  /** Ids of customers: a personal plan. */
  customers?: readonly string[] | undefined;
  tiers?: readonly string[] | undefined;
  kinds?: readonly string[] | undefined;
  channels?: readonly string[] | undefined;
  priorities?: readonly string[] | undefined;
}

export interface PolicyDefinition {
  key: string;
  /** Default: the key. */
  name?: string | undefined;
  /** The lower wins among equally specific policies. Default 0. */
  position?: number | undefined;
  /** Default 1. */
  version?: number | undefined;
  /** Tickets come under it from then on. Default: always did. */
  validFrom?: Instant | null | undefined;
  /** And not from then on any more; those that came under it before stay. Default: always do. */
  validTo?: Instant | null | undefined;
  match?: MatchDefinition | undefined;
  /** Default: the request's calendar, else `always`. */
  calendar?: CalendarRef | undefined;
  objectives: readonly ObjectiveDefinition[];
  semantics?: SemanticsDefinition | undefined;
}

export interface Policy extends Term {
  readonly key: string;
  readonly name: string;
  readonly position: number;
  readonly version: number;
  readonly match: Match;
  readonly calendar: Calendar | null;
  readonly objectives: ReadonlyMap<Metric, Objective>;
  readonly semantics: Semantics;
}

/**
 * The policy the clocks run on: targets parsed, calendars resolved, defaults and preset filled in. Throws one
 * `validation_failed` that names every fault by its field path, `calendar_never_open` where that is the only one.
 */
export function compilePolicy(definition: PolicyDefinition, resolve: ResolveCalendar, path = 'policy'): Policy {
  const faults: Faults = [];
  const { key, name = key, position = 0, version = 1, calendar } = definition;
  if (typeof key !== 'string' || key === '') fault(faults, `${path}.key`, 'A policy has a key.', 'required');
  if (!Number.isInteger(position)) fault(faults, `${path}.position`, 'A position is a whole number.');
  if (!Number.isInteger(version) || version < 1) fault(faults, `${path}.version`, 'Versions count from 1.');
  const policy: Policy = {
    key,
    name,
    position,
    version,
    ...compileTerm(definition, path, faults),
    match: compileMatch(definition.match ?? {}, `${path}.match`, faults),
    calendar: calendar == null ? null : (collecting(faults, () => resolve(calendar, `${path}.calendar`)) ?? null),
    objectives: compileObjectives(definition.objectives, resolve, `${path}.objectives`, faults),
    semantics: compileSemantics(definition.semantics ?? {}, `${path}.semantics`, faults),
  };
  refuse(faults, 'The policy is not valid.');
  return policy;
}

function compileTerm({ validFrom = null, validTo = null }: PolicyDefinition, path: string, faults: Faults): Term {
  for (const [name, at] of Object.entries({ validFrom, validTo })) {
    if (at !== null && !Number.isInteger(at)) fault(faults, `${path}.${name}`, 'An instant is a whole second.');
  }
  if (validFrom !== null && validTo !== null && validTo <= validFrom) {
    fault(faults, `${path}.validTo`, 'A term ends after it begins.', 'out_of_range');
  }
  return { validFrom, validTo };
}

function compileMatch(definition: MatchDefinition, path: string, faults: Faults): Match {
  const names: readonly string[] = Object.values(MATCH_LISTS);
  for (const [name, list] of Object.entries(definition)) {
    if (!names.includes(name)) fault(faults, `${path}.${name}`, `Nothing is matched by ${name}.`, 'unknown_field');
    else if (list !== undefined && isList(faults, `${path}.${name}`, list)) {
      for (const [index, one] of list.entries()) {
        const at = `${path}.${name}.${index}`;
        if (name === 'priorities') isKnown(faults, at, one, PRIORITIES);
        else if (typeof one !== 'string') fault(faults, at, 'A key is expected.');
      }
    }
  }
  const { customers = [], tiers = [], kinds = [], channels = [], priorities = [] } = definition;
  return { customers, tiers, kinds, channels, priorities };
}
