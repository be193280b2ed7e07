/** Names that other systems give to our things: looked up, kept unique, and indexed beside the thing's own map. */

import { and, eq, sql } from 'drizzle-orm';
import type { Changes } from '../changes.ts';
import { type Db, statement } from '../db/connect.ts';
import { externalIds } from '../db/tables/customers.ts';
import { AppError } from '../errors.ts';

export type NamedResource = (typeof externalIds.$inferSelect)['resource'];

interface Named {
  workspaceId: number;
  id: string;
}

/** The ids of what another system's names stand for here, by system; one statement, so that it is one moment. */
export async function findNamed(
  db: Db,
  workspaceId: number,
  resource: NamedResource,
  names: Readonly<Record<string, string | null>>,
): Promise<ReadonlyMap<string, string>> {
  const wanted = Object.entries(names).filter(([, value]) => value !== null);
  if (wanted.length === 0) return new Map();
  const query = statement(db, 'find_named', (orm, name) =>
    orm
      .select({ system: externalIds.system, subject: externalIds.subject })
      .from(externalIds)
      .where(
        and(
          eq(externalIds.workspaceId, sql.placeholder('workspace')),
          sql`${externalIds.resource} = ${sql.placeholder('resource')}`,
          sql`(${externalIds.system}, ${externalIds.value}) in (select * from unnest(${sql.placeholder('systems')}::text[], ${sql.placeholder('values')}::text[]))`,
        ),
      )
      .prepare(name),
  );
  const systems = wanted.map(([system]) => system);
  const values = wanted.map(([, value]) => value);
  const rows = await query.execute({ workspace: workspaceId, resource, systems, values });
  return new Map(rows.map(({ system, subject }) => [system, subject]));
}

export interface Name {
  resource: NamedResource;
  system: string;
  value: string;
}

export function nameKey({ resource, system, value }: Name): string {
  return JSON.stringify([resource, system, value]);
}

/** The ids that these names stand for, by name (see nameKey); one statement. */
export async function findManyNamed(
  db: Db,
  workspaceId: number,
  wanted: readonly Name[],
): Promise<Map<string, string>> {
  if (wanted.length === 0) return new Map();
  const query = statement(db, 'find_many_named', (orm, name) =>
    orm
      .select()
      .from(externalIds)
      .where(
        and(
          eq(externalIds.workspaceId, sql.placeholder('workspace')),
          sql`(${externalIds.resource}, ${externalIds.system}, ${externalIds.value}) in (select * from unnest(${sql.placeholder('resources')}::text[], ${sql.placeholder('systems')}::text[], ${sql.placeholder('values')}::text[]))`,
        ),
      )
      .prepare(name),
  );
  const rows = await query.execute({
    workspace: workspaceId,
    resources: wanted.map(({ resource }) => resource),
    systems: wanted.map(({ system }) => system),
    values: wanted.map(({ value }) => value),
  });
  return new Map(rows.map((row) => [nameKey(row), row.subject]));
}

/** 409 naming the field when another thing has one of these names already. */
export function requireFreeNames(holders: ReadonlyMap<string, string>, own: string | null): void {
  for (const [system, holder] of holders) {
    if (holder === own) continue;
    const message = `${holder} has this name.`;
    throw new AppError('already_exists', message, [{ path: `externalIds.${system}`, message, code: 'already_exists' }]);
  }
}

/** The index of names follows the thing's own map. */
export function nameThing(
  changes: Changes,
  resource: NamedResource,
  { workspaceId, id }: Named,
  before: Record<string, string>,
  after: Record<string, string>,
): void {
  const row = (system: string, value: string) => ({ workspaceId, resource, system, value, subject: id });
  for (const [system, value] of Object.entries(before)) {
    if (after[system] !== value) changes.delete(externalIds, row(system, value));
  }
  for (const [system, value] of Object.entries(after)) {
    if (before[system] !== value) changes.insert(externalIds, row(system, value));
  }
}
