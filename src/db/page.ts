/** Keyset paging: one prepared statement per set of filters and order, cursors that are checked, every row exactly once. */

import { and, asc, desc, type SQL, sql } from 'drizzle-orm';
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core';
import { AppError } from '../errors.ts';
import { bound, type Db, statement } from './connect.ts';
import { columnsOf, type Row } from './rows.ts';

/** One condition: its name, its SQL over placeholders, their values. Left out of the statement when `values` is null. */
export interface Filter {
  name: string;
  condition: SQL | undefined;
  values: Record<string, unknown> | null;
}

/** `column = value` when the input names a value. */
export function equals(name: string, column: PgColumn, value: unknown): Filter {
  return filter(name, value, sql`${column} = ${bound(column, name)}`);
}

/** A condition over the placeholder of this name, when the input names a value. */
export function filter(name: string, value: unknown, condition: SQL | undefined): Filter {
  return { name, condition, values: value === undefined || value === null ? null : { [name]: value } };
}

export interface Order {
  /** As the API names it, in the cursor too. */
  name: string;
  column: PgColumn;
  descending: boolean;
}

/** A table whose rows belong to a workspace. */
export type WalledTable = PgTable & { workspaceId: PgColumn };

type RowOf<T extends PgTable> = Omit<T['$inferSelect'], 'search'>;

export interface PageRequest<T extends WalledTable> {
  db: Db;
  /** Of the statement, without filters and order. */
  name: string;
  table: T;
  /** Columns that are not read: so large that a page of them would not fit in memory. */
  without?: readonly (keyof T['$inferSelect'])[];
  workspaceId: number;
  filters: Filter[];
  order: Order;
  /** Breaks ties; unique within the workspace. */
  tieBreak: PgColumn;
  limit: number;
  cursor: string | undefined;
}

export interface Page<T> {
  data: T[];
  nextCursor: string | null;
  deleted?: { id: string; deletedAt: string }[];
}

const CURSORS = new WeakMap<object, string[]>();

/** The cursor after each item of a page, for doors that show one per item. */
export function cursorsOf(page: object): string[] | undefined {
  return CURSORS.get(page);
}

/** For pages that are not read here: the cursor after each item. */
export function handPageCursors(page: object, cursors: string[]): void {
  CURSORS.set(page, cursors);
}

/** Reads one page and shows each row. Throws `invalid_cursor` (400) for a cursor of another list or order. */
export async function readPage<T extends WalledTable, V>(
  request: PageRequest<T>,
  view: (row: RowOf<T>) => V,
): Promise<Page<V>> {
  const { table, order, tieBreak, limit } = request;
  const columns: Record<string, PgColumn> = { ...(columnsOf(table) as Record<string, PgColumn>) };
  for (const name of request.without ?? []) delete columns[name as string];
  const filters = request.filters.filter(({ values }) => values !== null);
  const after = request.cursor === undefined ? null : decodeCursor(request.cursor, order, tieBreak);
  const signature = [
    request.name,
    ...filters.map(({ name }) => name),
    order.name,
    order.descending,
    after !== null,
  ].join(':');
  const query = pageStatement(request.db, signature, (orm, name) => {
    const compare = order.descending ? sql`<` : sql`>`;
    const direction = order.descending ? desc : asc;
    const sameColumn = order.column === tieBreak;
    const beyond = sameColumn
      ? sql`${tieBreak} ${compare} ${bound(tieBreak, 'after_tie')}`
      : sql`(${order.column}, ${tieBreak}) ${compare} (${bound(order.column, 'after_value')}, ${bound(tieBreak, 'after_tie')})`;
    return orm
      .select(columns)
      .from(table as PgTable)
      .where(
        and(
          sql`${table.workspaceId} = ${sql.placeholder('workspace')}`,
          ...filters.map(({ condition }) => condition),
          after === null ? undefined : beyond,
        ),
      )
      .orderBy(...(sameColumn ? [direction(tieBreak)] : [direction(order.column), direction(tieBreak)]))
      .limit(sql.placeholder('limit') as never)
      .prepare(name);
  });
  const values = Object.assign(
    { workspace: request.workspaceId, limit: limit + 1 },
    ...filters.map((f) => f.values),
    after,
  );
  const rows = (await query.execute(values)) as (RowOf<T> & Row)[];
  const more = rows.length > limit;
  const shown = more ? rows.slice(0, limit) : rows;
  const names = Object.keys(columns);
  const orderName = names.find((name) => columns[name] === order.column)!;
  const tieName = names.find((name) => columns[name] === tieBreak)!;
  const cursorOf = (row: Row) => encodeCursor(order, row[orderName], row[tieName]);
  const page: Page<V> = {
    data: shown.map((row) => view(row)),
    nextCursor: more ? cursorOf(shown.at(-1)!) : null,
  };
  CURSORS.set(page, shown.map(cursorOf));
  return page;
}

/** Every connection keeps what is prepared on it, and filters can be put together in very many ways. */
const MOST_PREPARED = 200;

const SIGNATURES = new WeakMap<Db, Set<string>>();

/** The prepared statement of this set of filters and order; the rarer ones, once there are many, are sent whole each time. */
function pageStatement<T>(db: Db, signature: string, build: (orm: Db['orm'], name: string) => T): T {
  let known = SIGNATURES.get(db);
  if (known === undefined) {
    known = new Set();
    SIGNATURES.set(db, known);
  }
  if (!known.has(signature)) {
    if (known.size >= MOST_PREPARED) return build(db.orm, '');
    known.add(signature);
  }
  return statement(db, signature, build);
}

export function encodeCursor(order: Order, value: unknown, tie: unknown): string {
  return Buffer.from(JSON.stringify([order.name, order.descending ? 1 : 0, value, tie])).toString('base64url');
}

/** The values a cursor stands for; each must be one the column could hold. */
export function decodeCursor(
  cursor: string,
  order: Order,
  tieBreak: PgColumn,
): { after_value: unknown; after_tie: unknown } {
  try {
    const [name, descending, value, tie] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
    if (name !== order.name || descending !== (order.descending ? 1 : 0)) throw new TypeError('another order');
    return { after_value: checked(order.column, value), after_tie: checked(tieBreak, tie) };
  } catch {
    throw new AppError('invalid_cursor', 'This cursor does not belong to this list and order.');
  }
}

/** A forged cursor must not reach the database: numbers stay in range, ids have their form. */
function checked(column: PgColumn, value: unknown): unknown {
  const type = column.getSQLType();
  if (/^(integer|bigint|timestamptz)/.test(type)) {
    if (!Number.isSafeInteger(value) || Math.abs(value as number) > (type === 'integer' ? 2 ** 31 - 1 : 2 ** 43)) {
      throw new TypeError('out of range');
    }
  } else if (typeof value !== 'string' || value.length > 300 || value.includes('\u0000'))
    throw new TypeError('not text');
  // An id is decoded, and so checked, by its column.
  column.mapToDriverValue(value);
  return value;
}
