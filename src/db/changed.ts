/** A page of what changed since an instant: rows by `updatedAt` and tombstones of what was deleted, in one order. */

import { and, asc, eq, sql } from 'drizzle-orm';
import { bound, statement } from './connect.ts';
import {
  cursorsOf,
  decodeCursor,
  encodeCursor,
  type Page,
  type PageRequest,
  readPage,
  type WalledTable,
} from './page.ts';
import { tombstones } from './tables/machinery.ts';

interface Position {
  at: number;
  id: string;
}

/**
 * Rows and tombstones are read from the same cursor and merged by (instant, id); a page holds `limit` of both together,
 * so neither is skipped and neither grows without bound. `order` must be by `updatedAt`, ascending.
 */
export async function readChanged<T extends WalledTable, V>(
  request: PageRequest<T>,
  resource: string,
  since: number,
  view: Parameters<typeof readPage<T, V>>[1],
): Promise<Page<V>> {
  const { order, tieBreak, limit, cursor } = request;
  const page = await readPage(request, view);
  const after = cursor === undefined ? null : positionOf(cursor, request);
  const gone = await listTombstones(request, resource, since, after);
  const rows = (cursorsOf(page) ?? []).map((text) => positionOf(text, request));
  let taken = 0;
  let buried = 0;
  while (taken + buried < limit && (taken < rows.length || buried < gone.length)) {
    const [row, tombstone] = [rows[taken], gone[buried]];
    if (tombstone === undefined || (row !== undefined && isBefore(row, tombstone))) taken += 1;
    else buried += 1;
  }
  const more = page.nextCursor !== null || taken < rows.length || buried < gone.length;
  const last = latest(rows[taken - 1], gone[buried - 1]);
  page.data.length = taken;
  page.nextCursor = more && last !== undefined ? encodeCursor(order, last.at, last.id) : null;
  page.deleted = gone.slice(0, buried).map(({ at, id }) => ({ id, deletedAt: isoOf(at) }));
  return page;

  function positionOf(text: string, { order: by }: PageRequest<T>): Position {
    const { after_value, after_tie } = decodeCursor(text, by, tieBreak);
    return { at: after_value as number, id: after_tie as string };
  }
}

async function listTombstones(
  { db, workspaceId, limit }: Pick<PageRequest<WalledTable>, 'db' | 'workspaceId' | 'limit'>,
  resource: string,
  since: number,
  after: Position | null,
): Promise<Position[]> {
  const query = statement(db, `list_tombstones:${after !== null}`, (orm, name) =>
    orm
      .select({ at: tombstones.deletedAt, id: tombstones.subject })
      .from(tombstones)
      .where(
        and(
          eq(tombstones.workspaceId, sql.placeholder('workspace')),
          eq(tombstones.resource, sql.placeholder('resource')),
          sql`${tombstones.deletedAt} >= ${bound(tombstones.deletedAt, 'since')}`,
          after === null
            ? undefined
            : sql`(${tombstones.deletedAt}, ${tombstones.subject}) > (${bound(tombstones.deletedAt, 'at')}, ${sql.placeholder('id')})`,
        ),
      )
      .orderBy(asc(tombstones.deletedAt), asc(tombstones.subject))
      .limit(sql.placeholder('limit') as never)
      .prepare(name),
  );
  return query.execute({ workspace: workspaceId, resource, since, limit: limit + 1, ...after });
}

/** Ids of one kind sort as their UUIDs do. */
function isBefore(a: Position, b: Position): boolean {
  return a.at < b.at || (a.at === b.at && a.id < b.id);
}

function latest(a: Position | undefined, b: Position | undefined): Position | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return isBefore(a, b) ? b : a;
}

function isoOf(at: number): string {
  return `${new Date(at * 1000).toISOString().slice(0, 19)}Z`;
}
