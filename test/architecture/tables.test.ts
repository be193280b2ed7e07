/** The wall in every key, and the tables of the code equal to the migrated database. */

import { globSync } from 'node:fs';
import path from 'node:path';
import { SQL } from 'drizzle-orm';
import { CasingCache } from 'drizzle-orm/casing';
import { getTableConfig, type PgColumn, PgDialect, PgTable } from 'drizzle-orm/pg-core';
import type pg from 'pg';
import { type Test, test } from 'tap';
import { openTestDatabase } from '../support/database.ts';

/** Tables that belong to no workspace. This list only gets shorter. */
const WITHOUT_WORKSPACE = ['instance', 'schema_migrations'];
/** Written by the runner of migrations, before there are tables in the code. */
const WITHOUT_CODE = ['schema_migrations'];

const TABLES = path.resolve(import.meta.dirname, '../../src/db/tables');
const casing = new CasingCache('snake_case');
const dialect = new PgDialect({ casing: 'snake_case' });

interface Shape {
  columns: Record<string, { type: string; notNull: boolean; hasDefault: boolean }>;
  /** Name -> its columns, or `columns -> table columns`, or index columns and condition. */
  keys: Record<string, string>;
}

async function tablesOfCode(): Promise<Map<string, PgTable>> {
  const tables = new Map<string, PgTable>();
  for (const file of globSync('*.ts', { cwd: TABLES })) {
    const module = (await import(path.join(TABLES, file))) as Record<string, unknown>;
    for (const table of Object.values(module)) {
      if (table instanceof PgTable) tables.set(getTableConfig(table).name, table);
    }
  }
  return tables;
}

const nameOf = (column: unknown) => casing.getColumnCasing(column as PgColumn);
/** What an index holds of a column is not the column: its name is still as the code writes it. */
const snake = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const list = (columns: readonly unknown[]) => columns.map(nameOf).join(', ');

function shapeOfCode(table: PgTable, typeOf: Map<string, string>): Shape {
  const config = getTableConfig(table);
  const columns: Shape['columns'] = {};
  const keys: Shape['keys'] = {};
  for (const column of config.columns) {
    columns[nameOf(column)] = {
      type: typeOf.get(column.getSQLType())!,
      notNull: column.notNull || column.primary,
      hasDefault: column.hasDefault,
    };
    if (column.primary) keys[`${config.name}_pkey`] = `primary key (${nameOf(column)})`;
    if (column.isUnique) keys[column.uniqueName!] = `unique (${nameOf(column)})`;
  }
  for (const key of config.primaryKeys) keys[key.getName()] = `primary key (${list(key.columns)})`;
  for (const key of config.uniqueConstraints) keys[key.getName()!] = `unique (${list(key.columns)})`;
  for (const check of config.checks) keys[check.name] = `check ${plain(dialect.sqlToQuery(check.value).sql)}`;
  for (const key of config.foreignKeys) {
    const { columns: from, foreignTable, foreignColumns: to } = key.reference();
    keys[key.getName()] = `foreign key (${list(from)}) references ${getTableConfig(foreignTable).name} (${list(to)})`;
  }
  for (const { config: index } of config.indexes) {
    const on = index.columns.map((column) =>
      column instanceof SQL ? plain(dialect.sqlToQuery(column).sql) : snake((column as { name: string }).name),
    );
    const where = index.where === undefined ? '' : ` where ${plain(dialect.sqlToQuery(index.where).sql)}`;
    keys[index.name!] = `${index.unique ? 'unique ' : ''}${index.method ?? 'btree'} (${on.join(', ')})${where}`;
  }
  return { columns, keys };
}

/** A condition without what PostgreSQL adds to it when it prints it. */
function plain(condition: string): string {
  return condition
    .toLowerCase()
    .replaceAll(/::\w+/g, '')
    .replaceAll(/["()]/g, '')
    .replaceAll(/\w+\.(?=\w)/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

async function shapesOfDatabase(pool: pg.Pool): Promise<Map<string, Shape>> {
  const shapes = new Map<string, Shape>();
  const columns = await pool.query<
    Record<'relation' | 'name' | 'type', string> & Record<'not_null' | 'full', boolean>
  >(`
    select c.relname as relation, a.attname as name, format_type(a.atttypid, a.atttypmod) as type,
      a.attnotnull as not_null, a.atthasdef or a.attidentity <> '' as full
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped`);
  for (const { relation, name, type, not_null, full } of columns.rows) {
    const shape = shapes.get(relation) ?? { columns: {}, keys: {} };
    shape.columns[name] = { type, notNull: not_null, hasDefault: full };
    shapes.set(relation, shape);
  }
  const constraints = await pool.query<Record<'relation' | 'name' | 'kind' | 'text', string>>(`
    select c.relname as relation, k.conname as name, k.contype as kind, pg_get_constraintdef(k.oid) as text
    from pg_constraint k join pg_class c on c.oid = k.conrelid
    where c.relnamespace = 'public'::regnamespace and k.contype in ('p', 'u', 'f', 'c')`);
  for (const { relation, name, kind, text } of constraints.rows) {
    const words = text
      .replaceAll('"', '')
      // When it is checked is said in the migration alone: Drizzle has no word for it.
      .replace(/ DEFERRABLE( INITIALLY DEFERRED)?$/, '')
      .replace(/^(PRIMARY KEY|UNIQUE|FOREIGN KEY|CHECK)/, (word) => word.toLowerCase())
      .replace(/ REFERENCES (\w+)\(/, ' references $1 (');
    shapes.get(relation)!.keys[name] = kind === 'c' ? `check ${plain(words.slice(6))}` : words;
  }
  const indexes = await pool.query<Record<'relation' | 'name' | 'text', string>>(`
    select c.relname as relation, i.relname as name, pg_get_indexdef(x.indexrelid) as text
    from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class c on c.oid = x.indrelid
    where c.relnamespace = 'public'::regnamespace
      and not exists (select from pg_constraint k where k.conindid = i.oid and k.contype in ('p', 'u'))`);
  for (const { relation, name, text } of indexes.rows) {
    const [, unique, method, on, where] =
      /^CREATE (UNIQUE )?INDEX \S+ ON \S+ USING (\w+) \((.*?)\)(?: WHERE (.*))?$/.exec(text.replaceAll('"', ''))!;
    const condition = where === undefined ? '' : ` where ${plain(where)}`;
    shapes.get(relation)!.keys[name] = `${unique ? 'unique ' : ''}${method} (${on})${condition}`;
  }
  return shapes;
}

/** How this PostgreSQL names each type that the code names. */
async function typesOf(pool: pg.Pool, tables: Iterable<PgTable>): Promise<Map<string, string>> {
  const written = [
    ...new Set([...tables].flatMap((table) => getTableConfig(table).columns.map((c) => c.getSQLType()))),
  ];
  const client = await pool.connect();
  try {
    await client.query(`create temp table probe (${written.map((type, index) => `c${index} ${type}`).join(', ')})`);
    const { rows } = await client.query<{ type: string }>(
      `select format_type(atttypid, atttypmod) as type from pg_attribute
       where attrelid = 'probe'::regclass and attnum > 0 order by attnum`,
    );
    return new Map(written.map((type, index) => [type, rows[index]!.type]));
  } finally {
    client.release();
  }
}

test('the tables of the code are those of the migrated database', async (t) => {
  const { db } = await openTestDatabase(t);
  const tables = await tablesOfCode();
  const shapes = await shapesOfDatabase(db.pool);
  const typeOf = await typesOf(db.pool, tables.values());
  t.same(
    [...tables.keys()].sort(),
    [...shapes.keys()].filter((name) => !WITHOUT_CODE.includes(name)).sort(),
    'the same tables: when one is missing, write its migration or its db/tables',
  );
  for (const [name, table] of tables) {
    const shape = shapes.get(name);
    if (shape === undefined) continue;
    const inCode = shapeOfCode(table, typeOf);
    t.same(sorted(inCode.columns), sorted(shape.columns), `columns of ${name}`);
    t.same(sorted(inCode.keys), sorted(shape.keys), `keys and indexes of ${name}`);
  }
});

test('every primary key begins with the workspace, and every foreign key carries it', async (t) => {
  const { db } = await openTestDatabase(t);
  const shapes = await shapesOfDatabase(db.pool);
  for (const name of WITHOUT_WORKSPACE) t.ok(shapes.has(name), `${name} is still there: else take it off the list`);
  for (const [name, { keys }] of shapes) {
    if (!WITHOUT_WORKSPACE.includes(name)) requireWall(t, name, keys);
  }
});

function requireWall(t: Test, table: string, keys: Record<string, string>): void {
  const primary = Object.values(keys).find((key) => key.startsWith('primary key'));
  t.match(primary ?? 'none', /^primary key \(workspace_id(,|\))/, `primary key of ${table}`);
  for (const [name, key] of Object.entries(keys)) {
    if (!key.startsWith('foreign key')) continue;
    t.match(
      key,
      /^foreign key \(workspace_id[,)].* references \w+ \(workspace_id[,)]/,
      `${name} carries the workspace`,
    );
  }
}

function sorted<T>(record: Record<string, T>): [string, T][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}
