/** Reads of the service-levels domain: calendars, policies, and the versions that tickets are held to, compiled. */

import { and, asc, desc, eq, sql } from 'drizzle-orm';
import type { z } from 'zod';
import { bound, type Db, statement } from '../../db/connect.ts';
import { columnsOf, findById, type Row } from '../../db/rows.ts';
import { tiers } from '../../db/tables/customers.ts';
import { jobs } from '../../db/tables/jobs.ts';
import { calendars, policies, serviceLevelVersions } from '../../db/tables/service-levels.ts';
import { AppError, notFound } from '../../errors.ts';
import { ID_PREFIXES, isId } from '../../ids.ts';
import { ALWAYS, type CalendarDefinition, type Instant } from '../../rules/calendar.ts';
import { NO_LEVELS, type ServiceLevels } from '../../rules/clocks.ts';
import type { PolicyDefinition } from '../../rules/policy.ts';
import { iso, isoOrNull } from '../model.ts';
import { getWorkspace } from '../workspaces/store.ts';
import { policyOf, Recent } from './compiled.ts';
import type { Policy } from './model.ts';

export type CalendarRow = typeof calendars.$inferSelect;
export type PolicyRow = typeof policies.$inferSelect;

export function calendarView(row: Row) {
  const { id, key, name, definition, version, createdAt, updatedAt } = row as CalendarRow;
  const { timeZone, week, holidays = [], specialDays = [] } = definition;
  return {
    id,
    key,
    name,
    timeZone,
    week,
    holidays,
    specialDays,
    version,
    createdAt: iso(createdAt),
    updatedAt: iso(updatedAt),
  };
}

type PolicyModel = z.output<typeof Policy>;
/** As it was written through the API: checked by the model, and naming its calendars by their keys. */
type StoredPolicy = {
  validFrom?: Instant;
  validTo?: Instant;
  match?: Partial<PolicyModel['match']>;
  calendar?: string;
  objectives: (Pick<PolicyModel['objectives'][number], 'metric' | 'target'> &
    Partial<PolicyModel['objectives'][number]>)[];
  semantics?: PolicyModel['semantics'];
};

export function policyView(row: Row): PolicyModel {
  const { id, key, name, position, definition, version, createdAt, updatedAt } = row as PolicyRow;
  const { validFrom, validTo, match = {}, calendar, objectives, semantics = {} } = definition as StoredPolicy;
  return {
    id,
    key,
    name,
    position,
    validFrom: isoOrNull(validFrom ?? null),
    validTo: isoOrNull(validTo ?? null),
    match: { customers: [], tiers: [], kinds: [], channels: [], priorities: [], ...match },
    calendar: calendar ?? null,
    objectives: objectives.map(({ calendar: own = null, ...objective }) => ({
      calendar: own,
      warnAt: [],
      pausesOn: [],
      escalate: [],
      ...objective,
    })),
    semantics,
    version,
    createdAt: iso(createdAt),
    updatedAt: iso(updatedAt),
  };
}

/** Everything that is promised in a workspace, and the workspace whose version says so. */
export interface Catalogue {
  workspace: Awaited<ReturnType<typeof getWorkspace>>;
  calendars: CalendarRow[];
  policies: PolicyRow[];
}

/**
 * All calendars and policies. The workspace is read first: whoever changes one of them moves its row, so a save that is
 * guarded by the workspace rests on the whole of this.
 */
export async function loadCatalogue(db: Db, workspaceId: number): Promise<Catalogue> {
  const workspace = await getWorkspace(db, workspaceId);
  const [calendarRows, policyRows] = await Promise.all([
    statement(db, 'all_calendars', (orm, name) =>
      orm
        .select(columnsOf(calendars))
        .from(calendars)
        .where(eq(calendars.workspaceId, sql.placeholder('workspace')))
        .orderBy(asc(calendars.key))
        .prepare(name),
    ).execute({ workspace: workspaceId }),
    statement(db, 'all_policies', (orm, name) =>
      orm
        .select(columnsOf(policies))
        .from(policies)
        .where(eq(policies.workspaceId, sql.placeholder('workspace')))
        .orderBy(asc(policies.position), asc(policies.key))
        .prepare(name),
    ).execute({ workspace: workspaceId }),
  ]);
  return { workspace, calendars: calendarRows as CalendarRow[], policies: policyRows as PolicyRow[] };
}

/** The calendar with this id or key. 404 for an id, 422 for a key, naming the path, when there is none. */
export async function getCalendar(db: Db, workspaceId: number, idOrKey: string, path: string): Promise<CalendarRow> {
  const byId = isId('calendar', idOrKey);
  const row = await (byId ? findById(db, calendars, workspaceId, idOrKey) : findCalendar(db, workspaceId, idOrKey));
  return pick('calendar', [row], idOrKey, path);
}

/** The calendar with this key; undefined when there is none, or no longer. */
export async function findCalendar(db: Db, workspaceId: number, key: string): Promise<CalendarRow | undefined> {
  const query = statement(db, 'find_calendar_by_key', (orm, name) =>
    orm
      .select(columnsOf(calendars))
      .from(calendars)
      .where(
        and(eq(calendars.workspaceId, sql.placeholder('workspace')), eq(calendars.key, bound(calendars.key, 'key'))),
      )
      .limit(1)
      .prepare(name),
  );
  const [row] = (await query.execute({ workspace: workspaceId, key })) as CalendarRow[];
  return row;
}

/** The one of these rows with this id or key. 404 for an id, 422 for a key, naming the path, when there is none. */
export function pick<T extends { id: string; key: string }>(
  kind: 'calendar' | 'policy',
  rows: (T | undefined)[],
  idOrKey: string,
  path: string,
): T {
  const byId = isId(kind, idOrKey);
  const row = rows.find((candidate) => (byId ? candidate?.id : candidate?.key) === idOrKey);
  if (row !== undefined) return row;
  // What looks like an id is one that nothing has, also when it is none of ours.
  if (idOrKey.startsWith(`${ID_PREFIXES[kind]}_`)) throw notFound(kind, path);
  const message = `No ${kind} is called ${idOrKey}.`;
  throw new AppError('validation_failed', message, [{ path, message, code: 'unknown_key' }]);
}

export async function listTierKeys(db: Db, workspaceId: number): Promise<string[]> {
  const query = statement(db, 'tier_keys', (orm, name) =>
    orm
      .select({ key: tiers.key })
      .from(tiers)
      .where(eq(tiers.workspaceId, sql.placeholder('workspace')))
      .prepare(name),
  );
  return (await query.execute({ workspace: workspaceId })).map(({ key }) => key);
}

/** The policy as the rules take it. */
export function policyDefinition(row: Pick<PolicyRow, 'key' | 'name' | 'position' | 'version' | 'definition'>) {
  const { key, name, position, version, definition } = row;
  return { key, name, position, version, ...definition } satisfies PolicyDefinition;
}

/** All policies, and the calendars by the names that the policies use. */
export interface Levels {
  policies: readonly PolicyDefinition[];
  calendars: Readonly<Record<string, CalendarDefinition>>;
}

/** Versions never change, so what is compiled once serves as long as it is asked for. */
const LEVELS = new WeakMap<Db, Recent<Promise<ServiceLevels>>>();

/** The policies of a service-level version, compiled; nothing for 0. A policy that names no calendar counts always. */
export async function loadServiceLevels(db: Db, workspaceId: number, number: number): Promise<ServiceLevels> {
  if (number === 0) return NO_LEVELS;
  let known = LEVELS.get(db);
  if (known === undefined) {
    known = new Recent(500);
    LEVELS.set(db, known);
  }
  const key = `${workspaceId}:${number}`;
  return known.get(key, () => {
    const loading = readServiceLevels(db, workspaceId, number);
    loading.catch(() => known.forget(key));
    return loading;
  });
}

async function readServiceLevels(db: Db, workspaceId: number, number: number): Promise<ServiceLevels> {
  return compileLevels(await getLevels(db, workspaceId, number));
}

/** A version as it was written. */
export async function getLevels(db: Db, workspaceId: number, number: number): Promise<Levels> {
  const query = statement(db, 'get_service_level_version', (orm, name) =>
    orm
      .select({ policies: serviceLevelVersions.policies, calendars: serviceLevelVersions.calendars })
      .from(serviceLevelVersions)
      .where(
        and(
          eq(serviceLevelVersions.workspaceId, sql.placeholder('workspace')),
          eq(serviceLevelVersions.number, sql.placeholder('number')),
        ),
      )
      .prepare(name),
  );
  const [row] = await query.execute({ workspace: workspaceId, number });
  if (row === undefined) throw new Error(`Workspace ${workspaceId} has no service-level version ${number}.`);
  return row;
}

/** Since when a version is in force. */
export async function getVersionInstant(db: Db, workspaceId: number, number: number): Promise<Instant> {
  const query = statement(db, 'get_service_level_version_instant', (orm, name) =>
    orm
      .select({ createdAt: serviceLevelVersions.createdAt })
      .from(serviceLevelVersions)
      .where(
        and(
          eq(serviceLevelVersions.workspaceId, sql.placeholder('workspace')),
          eq(serviceLevelVersions.number, sql.placeholder('number')),
        ),
      )
      .prepare(name),
  );
  const [row] = await query.execute({ workspace: workspaceId, number });
  if (row === undefined) throw new Error(`Workspace ${workspaceId} has no service-level version ${number}.`);
  return row.createdAt;
}

/**
 * The id of a recomputation (a job of this type) that has not begun and will do all of this one, since it reads what is in
 * force when it begins; null when none waits.
 */
export async function findWaitingRecomputation(
  db: Db,
  workspaceId: number,
  type: string,
  { includeClosed = false, customerId = null }: { includeClosed?: boolean; customerId?: string | null },
): Promise<string | null> {
  const query = statement(db, 'find_waiting_recomputation', (orm, name) =>
    orm
      .select({ id: jobs.id })
      .from(jobs)
      .where(
        and(
          eq(jobs.workspaceId, sql.placeholder('workspace')),
          sql`${jobs.state} = 'queued' and ${jobs.type} = ${sql.placeholder('type')}`,
          sql`${jobs.input}->>'dryRun' is distinct from 'true'`,
          sql`${jobs.input}->>'customerId' is not distinct from ${sql.placeholder('customer')}::text`,
          sql`(not ${sql.placeholder('closed')}::boolean or ${jobs.input}->>'includeClosed' = 'true')`,
        ),
      )
      .orderBy(desc(jobs.id))
      .limit(1)
      .prepare(name),
  );
  const [row] = await query.execute({ workspace: workspaceId, type, customer: customerId, closed: includeClosed });
  return row?.id ?? null;
}

/** Policies and the calendars they name, compiled. */
export function compileLevels({ policies: all, calendars: named }: Levels): ServiceLevels {
  const definitionOf = (name: string): CalendarDefinition => named[name]!;
  return {
    policies: all.map((policy, index) => policyOf(policy, definitionOf, `policies.${index}`)),
    calendar: ALWAYS,
  };
}
