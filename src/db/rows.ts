/** Reading rows by their id: prepared, the workspace first, columns listed (search lexemes are written, never read). */

import { and, eq, getTableColumns, getTableName, sql } from 'drizzle-orm';
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core';
import { bound, type Db, statement } from './connect.ts';

export type Row = Record<string, unknown>;

/** A table as the machinery needs it: it belongs to a workspace and its rows have an id. */
export type OwnedTable = PgTable & { workspaceId: PgColumn; id: PgColumn };

const COLUMNS = new WeakMap<PgTable, Record<string, PgColumn>>();

/** All columns but the search lexemes. */
export function columnsOf<T extends PgTable>(table: T): Omit<T['_']['columns'], 'search'> {
  let columns = COLUMNS.get(table);
  if (columns === undefined) {
    columns = Object.fromEntries(
      Object.entries(getTableColumns(table)).filter(([, column]) => column.getSQLType() !== 'tsvector'),
    ) as Record<string, PgColumn>;
    COLUMNS.set(table, columns);
  }
  return columns as never;
}

/** The row with this id in this workspace, or undefined. */
export async function findById<T extends OwnedTable>(
  db: Db,
  table: T,
  workspaceId: number,
  id: string,
): Promise<Omit<T['$inferSelect'], 'search'> | undefined> {
  const query = statement(db, `find:${getTableName(table)}`, (orm, name) =>
    orm
      .select(columnsOf(table) as Record<string, PgColumn>)
      .from(table as PgTable)
      .where(and(eq(table.workspaceId, sql.placeholder('workspace')), eq(table.id, bound(table.id, 'id'))))
      .limit(1)
      .prepare(name),
  );
  const rows = (await query.execute({ workspace: workspaceId, id })) as never[];
  return rows[0];
}

/** The rows with these ids in this workspace, by id; one statement. */
export async function findByIds<T extends OwnedTable>(
  db: Db,
  table: T,
  workspaceId: number,
  ids: readonly (string | null)[],
): Promise<Map<string, Omit<T['$inferSelect'], 'search'>>> {
  const wanted = [...new Set(ids.filter((id) => id !== null))];
  if (wanted.length === 0) return new Map();
  const query = statement(db, `find_many:${getTableName(table)}`, (orm, name) =>
    orm
      .select(columnsOf(table) as Record<string, PgColumn>)
      .from(table as PgTable)
      .where(
        and(
          eq(table.workspaceId, sql.placeholder('workspace')),
          sql`${table.id} = any(${sql.placeholder('ids')}::uuid[])`,
        ),
      )
      .prepare(name),
  );
  const uuids = wanted.map((id) => table.id.mapToDriverValue(id));
  const rows = (await query.execute({ workspace: workspaceId, ids: uuids })) as { id: string }[];
  return new Map(rows.map((row) => [row.id, row as never]));
}
