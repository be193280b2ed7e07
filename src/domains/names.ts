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

/** The id of what another system's name stands for here, or null. */
export async function findNamed(
  db: Db,
  workspaceId: number,
  resource: NamedResource,
  system: string,
  value: string,
): Promise<string | null> {
  const query = statement(db, 'find_named', (orm, name) =>
    orm
      .select({ subject: externalIds.subject })
      .from(externalIds)
      .where(
        and(
          eq(externalIds.workspaceId, sql.placeholder('workspace')),
          sql`${externalIds.resource} = ${sql.placeholder('resource')}`,
          eq(externalIds.system, sql.placeholder('system')),
          eq(externalIds.value, sql.placeholder('value')),
        ),
      )
      .prepare(name),
  );
  const [row] = await query.execute({ workspace: workspaceId, resource, system, value });
  return row?.subject ?? null;
}

/** 409 naming the field when another thing has one of these names already. Names that it had `before` are its own. */
export async function requireFreeNames(
  db: Db,
  workspaceId: number,
  resource: NamedResource,
  names: Record<string, string>,
  before: Record<string, string> = {},
): Promise<void> {
  for (const [system, value] of Object.entries(names)) {
    if (before[system] === value) continue;
    const holder = await findNamed(db, workspaceId, resource, system, value);
    if (holder === null) continue;
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
