/** Names that other systems give to our things: looked up, kept unique, and indexed beside the thing's own map. */

import { and, eq, sql } from 'drizzle-orm';
import type { Changes } from '../changes.ts';
import { type Db, statement } from '../db/connect.ts';
import { externalIds } from '../db/tables/customers.ts';
import { AppError, invalid } from '../errors.ts';

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
          // Joined to a list of names, all those of the workspace may be read; so the index is asked, and for a few too many.
          sql`${externalIds.resource} = any(${sql.placeholder('resources')}::text[])`,
          sql`${externalIds.system} = any(${sql.placeholder('systems')}::text[])`,
          sql`${externalIds.value} = any(${sql.placeholder('values')}::text[])`,
        ),
      )
      .prepare(name),
  );
  const rows = await query.execute({
    workspace: workspaceId,
    resources: [...new Set(wanted.map(({ resource }) => resource))],
    systems: [...new Set(wanted.map(({ system }) => system))],
    values: [...new Set(wanted.map(({ value }) => value))],
  });
  const asked = new Set(wanted.map(nameKey));
  const found = rows.map((row) => [nameKey(row), row.subject] as const);
  return new Map(found.filter(([key]) => asked.has(key)));
}

/** What a thing is called, as names to look up; names that are taken away (null) are none. */
export function namesIn(resource: NamedResource, names: Readonly<Record<string, string | null>>): Name[] {
  const wanted: Name[] = [];
  for (const [system, value] of Object.entries(names)) if (value !== null) wanted.push({ resource, system, value });
  return wanted;
}

/** Who has these names, by system, of what was found by `findManyNamed`. */
export function holdersOf(
  found: ReadonlyMap<string, string>,
  resource: NamedResource,
  names: Readonly<Record<string, string | null>>,
): Map<string, string> {
  const holders = new Map<string, string>();
  for (const name of namesIn(resource, names)) {
    const holder = found.get(nameKey(name));
    if (holder !== undefined) holders.set(name.system, holder);
  }
  return holders;
}

/**
 * A bulk line (see zNamedLine) as the input of the single upsert, with the one name that its thing is known by. 422 where
 * it has none, or several and none of them is chosen.
 */
export function nameOfLine<I>(line: Record<string, unknown>): I {
  const { externalIds, system } = line as { externalIds: Record<string, string | null>; system?: string };
  const named = Object.entries(externalIds).filter(([key, value]) => value !== null && (system ?? key) === key);
  const [name] = named;
  if (name === undefined) {
    const path = system === undefined ? 'externalIds' : `externalIds.${system}`;
    throw invalid(path, 'A name in another system is needed: by it the thing is known again.', 'required');
  }
  if (named.length > 1) throw invalid('system', 'Several systems have a name: say which one is meant.', 'required');
  return { ...line, system: name[0], value: name[1] } as I;
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
