/**
 * The change set, and the one statement that saves it.
 *
 * Data-modifying CTEs fed by json_populate_recordset: the text depends only on the set of tables, so it stays a named
 * prepared statement. The first CTEs lock the guarded rows in key order and compare their revision with the one that
 * was read; a group with a row that moved on writes nothing at all, and its maker loads and decides again.
 */

import { createHash } from 'node:crypto';
import { getTableColumns, getTableName, is, SQL } from 'drizzle-orm';
import { getTableConfig, type PgColumn, type PgTable } from 'drizzle-orm/pg-core';
import type { Db } from './db/connect.ts';
import { toAppError } from './db/sqlstate.ts';
import { events } from './db/tables/machinery.ts';
import { tierReviews } from './db/tables/tiering.ts';
import { newId } from './ids.ts';
import type { Instant } from './rules/calendar.ts';

type Row = Record<string, unknown>;

/** Something that happened, for the feed: `type` is subject.pastTense, `subject` a TypeID. */
export interface EventDraft {
  /** TypeID; ids of one process sort in the order they were made. */
  id: string;
  type: string;
  subject: string;
  data: Record<string, unknown>;
  occurredAt: Instant;
}

type Kind = 'insert' | 'update' | 'delete' | 'guard';

interface Entry {
  kind: Kind;
  table: PgTable;
  row: Row;
  /** As it was read: key, revision and version. */
  before: Row | null;
}

/** What one operation wants written: all of it or nothing. */
export class Changes {
  readonly now: Instant;
  readonly entries: Entry[] = [];
  readonly events: EventDraft[] = [];
  readonly #byKey = new Map<string, Entry>();

  constructor(now: Instant) {
    this.now = now;
  }

  /** A new row; what is left out gets its column's default, or null. Returns the whole row. */
  insert<T extends PgTable>(table: T, row: T['$inferInsert']): T['$inferSelect'] {
    const shape = shapeOf(table);
    const full: Row = { ...(row as Row) };
    for (const name of shape.written) full[name] ??= shape.columns.get(name)!.default ?? null;
    this.#add({ kind: 'insert', table, row: full, before: null });
    return full as T['$inferSelect'];
  }

  /**
   * The row as it was read, with `patch` over it. Guarded by its revision (or version) where the table has one.
   * `quiet` leaves `version` and `updatedAt` alone: for what no person edited. Returns the row as it will be.
   */
  update<T extends PgTable, R extends Row>(
    table: T,
    before: R,
    patch: Partial<T['$inferInsert']>,
    { quiet = false }: { quiet?: boolean } = {},
  ): R {
    const shape = shapeOf(table);
    const known = this.#byKey.get(keyOf(shape, before));
    const after: Row = { ...(known?.row ?? before), ...(patch as Row) };
    if (known !== undefined && known.kind !== 'guard') {
      known.row = after;
      if (known.kind === 'update' && !quiet) bumpVersion(shape, known, this.now);
      return after as R;
    }
    const entry: Entry = { kind: 'update', table, row: after, before };
    if (shape.guard === 'revision') after['revision'] = (before['revision'] as number) + 1;
    if (!quiet) bumpVersion(shape, entry, this.now);
    if (known === undefined) this.#add(entry);
    else Object.assign(known, entry);
    return after as R;
  }

  delete(table: PgTable, before: Row): void {
    this.#add({ kind: 'delete', table, row: before, before });
  }

  /** Nothing is written to it, but the decision rests on its being unchanged; others may rest on it at the same time. */
  guard(table: PgTable, before: Row): void {
    if (!this.#byKey.has(keyOf(shapeOf(table), before))) this.#add({ kind: 'guard', table, row: before, before });
  }

  /** Answers the event's id, for what refers to it. */
  event(type: string, subject: string, data: Record<string, unknown> = {}, occurredAt: Instant = this.now): string {
    const id = newId('event');
    this.events.push({ id, type, subject, data, occurredAt });
    return id;
  }

  /** The row with this id as it was read, when this change set touches it. */
  readRow(id: string): Row | null {
    return this.entries.find((entry) => entry.before?.['id'] === id)?.before ?? null;
  }

  /** Everything of another change set, as part of this one. */
  join(other: Changes): void {
    for (const entry of other.entries) this.#add(entry);
    this.events.push(...other.events);
  }

  /** The entries without those that are only rested on. */
  get written(): Entry[] {
    return this.entries.filter(({ kind }) => kind !== 'guard');
  }

  /** The rows it writes, by table and key. Two change sets that share one are not saved by one statement. */
  *keys(): Generator<string> {
    for (const [key, { kind }] of this.#byKey) if (kind !== 'guard') yield key;
  }

  get empty(): boolean {
    return this.entries.length === 0 && this.events.length === 0;
  }

  #add(entry: Entry): void {
    this.entries.push(entry);
    this.#byKey.set(keyOf(shapeOf(entry.table), entry.row), entry);
  }
}

/** Moves the ETag once per change set. */
function bumpVersion(shape: Shape, entry: Entry, now: Instant): void {
  if (shape.columns.has('version')) entry.row['version'] = ((entry.before?.['version'] as number) ?? 0) + 1;
  if (shape.columns.has('updatedAt')) entry.row['updatedAt'] = now;
}

/** Who did it and through which door; the same for every event of a save. */
export interface Author {
  actor: string;
  door: string;
}

/**
 * Saves groups that stand or fall one by one. Returns the indexes of those that lost their race: nothing of them is
 * written. A violated constraint fails the whole statement and is thrown as the driver gave it.
 */
export async function save(
  db: Db,
  workspaceId: number,
  epoch: number,
  groups: { changes: Changes; author: Author }[],
): Promise<number[]> {
  const parts = new Map<string, Part>();
  const partOf = (kind: Kind, table: PgTable, columns: string): Part => {
    const name = `${kind} ${getTableName(table)} ${columns}`;
    let part = parts.get(name);
    if (part === undefined) {
      part = { kind, table, rows: [], groups: [], befores: [] };
      parts.set(name, part);
    }
    return part;
  };
  groups.forEach(({ changes, author }, group) => {
    for (const { kind, table, row, before } of changes.entries) {
      // A column that was not read (search) is not written: the text then names the columns that are.
      const missing = kind === 'update' ? shapeOf(table).names.filter((name) => row[name] === undefined) : [];
      const part = partOf(kind, table, missing.join());
      part.rows.push(row);
      part.groups.push(group);
      part.befores.push(before);
    }
    for (const { id, type, subject, data, occurredAt } of changes.events) {
      const part = partOf('insert', events, '');
      part.rows.push({ workspaceId, epoch, id, type, occurredAt, ...author, subject, data });
      part.groups.push(group);
    }
  });
  if (parts.size === 0) return [];
  const sorted = [...parts.keys()].sort();
  const cacheKey = sorted.join(';');
  let text = TEXTS.get(cacheKey);
  if (text === undefined) {
    text = statementText(sorted.map((name) => parts.get(name)!));
    TEXTS.set(cacheKey, text);
  }
  const values: unknown[] = [workspaceId];
  for (const name of sorted) values.push(...parameters(parts.get(name)!));
  const answer = await db.pool.query<{ lost: number[] }>(
    db.prepared ? { name: text.name, text: text.sql, values } : { text: text.sql, values },
  );
  return answer.rows[0]!.lost;
}

/**
 * Saves many groups by `attempt`, which answers those that lost their race; when it fails, in halves, down to the group at
 * fault, of which `fault` says whether it lost a race, too. A database that is away is nobody's fault and thrown on.
 */
export async function inHalves<G>(
  groups: G[],
  attempt: (groups: G[]) => Promise<G[]>,
  fault: (group: G, error: unknown) => 'lost' | 'failed',
): Promise<G[]> {
  if (groups.length === 0) return [];
  try {
    return await attempt(groups);
  } catch (error) {
    if (toAppError(error)?.code === 'unavailable') throw error;
    if (groups.length === 1) return fault(groups[0]!, error) === 'lost' ? groups : [];
    const half = Math.ceil(groups.length / 2);
    const first = await inHalves(groups.slice(0, half), attempt, fault);
    return [...first, ...(await inHalves(groups.slice(half), attempt, fault))];
  }
}

interface Part {
  kind: Kind;
  table: PgTable;
  rows: Row[];
  groups: number[];
  befores: (Row | null)[];
}

/**
 * Of new rows that are alike in these columns one is as good as all: of those that stand, one statement writes one. So every
 * line of a batch may ask for the same review, whichever of them is saved.
 */
const ALIKE = new Map<PgTable, string>([[tierReviews, 'r.customer_id, r.due']]);

const TEXTS = new Map<string, { name: string; sql: string }>();

/** A table as the statement needs it. */
interface Shape {
  name: string;
  columns: Map<string, PgColumn>;
  names: string[];
  /** Columns the database fills by itself. */
  written: string[];
  /** The key after workspace_id. */
  key: string[];
  guard: 'revision' | 'version' | null;
}

const SHAPES = new WeakMap<PgTable, Shape>();

function shapeOf(table: PgTable): Shape {
  let shape = SHAPES.get(table);
  if (shape === undefined) {
    const columns = new Map(Object.entries(getTableColumns(table)) as [string, PgColumn][]);
    const config = getTableConfig(table);
    const keyColumns = config.primaryKeys[0]?.columns ?? config.columns.filter((column) => column.primary);
    const names = [...columns.keys()];
    const keyNames = keyColumns.map((column) => names.find((name) => columns.get(name)!.name === column.name)!);
    shape = {
      name: config.name,
      columns,
      names,
      written: names.filter((name) => !is(columns.get(name)!.default, SQL)),
      key: keyNames.length > 1 ? keyNames.filter((name) => name !== 'workspaceId') : keyNames,
      guard: columns.has('revision') ? 'revision' : columns.has('version') ? 'version' : null,
    };
    SHAPES.set(table, shape);
  }
  return shape;
}

function keyOf(shape: Shape, row: Row): string {
  return `${shape.name}:${shape.key.map((name) => row[name]).join(':')}`;
}

const SNAKES = new Map<string, string>();

/** camelCase -> snake_case, as Drizzle's casing has it. */
function snake(name: string): string {
  let snaked = SNAKES.get(name);
  if (snaked === undefined) {
    snaked = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    SNAKES.set(name, snaked);
  }
  return snaked;
}

function driverValue(column: PgColumn, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  // json_populate_recordset takes a json value as it is; the column would write it as text.
  return column.columnType === 'PgJsonb' || column.columnType === 'PgJson' ? value : column.mapToDriverValue(value);
}

function parameters(part: Part): unknown[] {
  const shape = shapeOf(part.table);
  const keys = shape.key.map((name) => part.rows.map((row) => driverValue(shape.columns.get(name)!, row[name])));
  const guards = shape.guard === null ? [] : [part.befores.map((before) => before?.[shape.guard!] ?? null)];
  if (part.kind === 'guard') return [part.groups, ...guards, ...keys];
  if (part.kind === 'delete') return [part.groups, ...guards, ...keys];
  const json = JSON.stringify(
    part.rows.map((row) =>
      Object.fromEntries(shape.names.map((name) => [snake(name), driverValue(shape.columns.get(name)!, row[name])])),
    ),
  );
  return part.kind === 'insert' ? [part.groups, json] : [part.groups, ...guards, ...keys, json];
}

/** The statement for this set of tables; parameters are numbered in the order of `parameters`. */
function statementText(parts: Part[]): { name: string; sql: string } {
  const ctes: string[] = [];
  const lost: string[] = [];
  const writes: string[] = [];
  let next = 2;
  const take = () => `$${next++}`;
  parts.forEach((part, index) => {
    const shape = shapeOf(part.table);
    const group = `${take()}::int[]`;
    const guard = part.kind !== 'insert' && shape.guard !== null ? `${take()}::int[]` : null;
    const keys =
      part.kind === 'insert'
        ? []
        : shape.key.map((name) => ({ name: snake(name), values: `${take()}::${sqlType(shape, name)}[]` }));
    const ofKeys = keyCondition(shape, keys);
    if (guard !== null) {
      const columns = keys.map((key) => key.name);
      ctes.push(
        `lock_${index} as materialized (select ${[...columns, shape.guard!].map((name) => `t.${name}`).join(', ')} from ${shape.name} t where ${ofKeys} order by ${columns.map((name) => `t.${name}`).join(', ')} for ${part.kind === 'guard' ? 'share' : 'update'} of t)`,
      );
      lost.push(
        `select e.g from unnest(${group}, ${guard}, ${keys.map((key) => key.values).join(', ')}) e(g, read, ${columns.join(', ')}) left join lock_${index} l using (${columns.join(', ')}) where l.${shape.guard} is distinct from e.read`,
      );
    }
    const stands = (set: string) => `not (${set} = any (array(select g from lost)))`;
    if (part.kind === 'insert') {
      const columns = shape.written.map(snake);
      const alike = ALIKE.get(part.table);
      const once = alike === undefined ? '' : `distinct on (${alike}) `;
      writes.push(
        `write_${index} as (insert into ${shape.name} (${columns.join(', ')}) select ${once}${columns.map((name) => `r.${name}`).join(', ')} from ${recordset(shape, take(), group)} where ${stands('r.unnest')})`,
      );
    } else if (part.kind === 'update') {
      const columns = shape.names.filter(
        (name) => name !== 'workspaceId' && !shape.key.includes(name) && part.rows[0]![name] !== undefined,
      );
      writes.push(
        `write_${index} as (update ${shape.name} t set ${columns.map((name) => `${snake(name)} = r.${snake(name)}`).join(', ')} from ${recordset(shape, take(), group)} where ${ofKeys} and ${keys.map((key) => `t.${key.name} = r.${key.name}`).join(' and ')} and ${stands('r.unnest')})`,
      );
    } else if (part.kind === 'delete') {
      writes.push(
        `write_${index} as (delete from ${shape.name} t using unnest(${group}, ${keys.map((key) => key.values).join(', ')}) r(g, ${keys.map((key) => key.name).join(', ')}) where ${ofKeys} and ${keys.map((key) => `t.${key.name} = r.${key.name}`).join(' and ')} and ${stands('r.g')})`,
      );
    }
  });
  const lostCte = `lost as materialized (${lost.length === 0 ? 'select 0 as g where false' : lost.join(' union ')})`;
  const sql = `with ${[...ctes, lostCte, ...writes].join(',\n')}\nselect array(select g from lost)::int[] as lost, $1::int as workspace_id`;
  return { name: `save_${createHash('sha256').update(sql).digest('hex').slice(0, 24)}`, sql };
}

/** `rows from` sets the group beside each record, named `unnest`; record fields go by name, not by place. */
function recordset(shape: Shape, json: string, group: string): string {
  return `rows from (json_populate_recordset(null::${shape.name}, ${json}::json), unnest(${group})) r`;
}

/** `t.key = any($n)` is what the planner needs to use the index: joined from the JSON alone it scans. */
function keyCondition(shape: Shape, keys: { name: string; values: string }[]): string {
  const wall = shape.key.includes('workspaceId') ? 't.workspace_id = $1' : 't.workspace_id = $1 and ';
  if (shape.key.includes('workspaceId')) return wall;
  if (keys.length === 1) return `${wall}t.${keys[0]!.name} = any(${keys[0]!.values})`;
  return `${wall}(${keys.map((key) => `t.${key.name}`).join(', ')}) in (select * from unnest(${keys.map((key) => key.values).join(', ')}))`;
}

function sqlType(shape: Shape, name: string): string {
  return shape.columns.get(name)!.getSQLType();
}
