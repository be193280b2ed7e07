/** The five everyday operations of a plain resource: create, get, list, update, delete. What is special, it is told. */

import { sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import { z } from 'zod';
import type { Scope } from '../auth/policy.ts';
import { Changes } from '../changes.ts';
import type { Ctx } from '../context.ts';
import { readChanged } from '../db/changed.ts';
import { bound } from '../db/connect.ts';
import { type Filter, filter, readPage } from '../db/page.ts';
import { findById, type OwnedTable, type Row } from '../db/rows.ts';
import { tombstones } from '../db/tables/machinery.ts';
import { notFound } from '../errors.ts';
import { type IdKind, newId } from '../ids.ts';
import { type Operation, read, write } from '../operation.ts';
import { iso, patchOf, zDeleted, zId, zPage, zPaging, zUpdatedAfter } from './model.ts';
import { changedNames } from './patch.ts';

export interface ResourceDefinition<V extends Row> {
  /** As in `team`; the plural adds an s unless told. */
  kind: IdKind;
  plural?: string;
  /** In words, as in `custom field`. */
  words?: string;
  table: OwnedTable & { createdAt: PgColumn; updatedAt: PgColumn };
  model: z.ZodType<V>;
  /** What can be given at creation; all of it but `fixed` can be patched. */
  fields: Record<string, z.ZodType>;
  /** Fields that never change. */
  fixed?: readonly string[];
  scopes: { read: Scope; write: Scope };
  example: Row;
  view(row: Row): V;
  /** Checks a draft against the rest of the workspace; may add to it and to the changes. Throws what is wrong. */
  decide?(ctx: Ctx, draft: Row, before: Row | null, changes: Changes): Promise<void>;
  /** Checks that it can go; may add to the changes. */
  remove?(ctx: Ctx, before: Row, changes: Changes): Promise<void>;
  /** Conditions a list can be narrowed by, and their inputs. */
  filters?: { fields: Record<string, z.ZodType>; of(input: Row, workspaceId: number): Filter[] };
  /** Position for lists that people order; else by age. */
  order?: { name: string; column: PgColumn };
}

export interface Resource {
  create: Operation;
  get: Operation;
  list: Operation;
  update: Operation;
  remove: Operation;
}

export function resource<V extends Row>(definition: ResourceDefinition<V>): Resource {
  const { kind, table, model, fields, scopes, view } = definition;
  const words = definition.words ?? kind;
  const article = /^[aeiou]/.test(words) ? 'an' : 'a';
  const plural = definition.plural ?? `${kind}s`;
  const name = kind.charAt(0).toUpperCase() + kind.slice(1);
  const names = plural.charAt(0).toUpperCase() + plural.slice(1);
  const idName = `${kind}Id`;
  const idField = { [idName]: zId(kind).describe(`Id of the ${words}.`) };
  const fixed = definition.fixed ?? [];
  const patchable = Object.fromEntries(Object.entries(fields).filter(([field]) => !fixed.includes(field)));

  const getRow = async (ctx: Ctx, input: Row): Promise<Row> => {
    const row = await findById(ctx.db, table, ctx.workspace.workspaceId, input[idName] as string);
    if (row === undefined) throw notFound(words);
    return row as Row;
  };

  return {
    create: write({
      name: `create${name}`,
      summary: `Create ${article} ${words}`,
      scope: scopes.write,
      input: z.strictObject(fields),
      output: model,
      status: 201,
      example: definition.example,
      async run(ctx, input) {
        const changes = new Changes(ctx.now);
        const draft: Row = {
          workspaceId: ctx.workspace.workspaceId,
          id: newId(kind),
          ...(input as Row),
          createdAt: ctx.now,
          updatedAt: ctx.now,
        };
        await definition.decide?.(ctx, draft, null, changes);
        const row = changes.insert(table, draft as never) as Row;
        changes.event(`${kind}.created`, row['id'] as string, { [kind]: view(row) });
        return { result: view(row), changes };
      },
    }) as unknown as Operation,
    get: read({
      name: `get${name}`,
      summary: `Get ${article} ${words}`,
      scope: scopes.read,
      input: z.strictObject(idField),
      output: model,
      async run(ctx, input) {
        return view(await getRow(ctx, input as Row));
      },
    }) as unknown as Operation,
    list: read({
      name: `list${names}`,
      summary: `List ${words}s`,
      scope: scopes.read,
      input: z.strictObject({ ...zPaging, updatedAfter: zUpdatedAfter, ...definition.filters?.fields }),
      output: zPage(model),
      async run(ctx, input) {
        const {
          limit,
          cursor,
          updatedAfter: since,
        } = input as { limit: number; cursor?: string; updatedAfter?: number };
        const { workspaceId } = ctx.workspace;
        const order =
          since === undefined
            ? (definition.order ?? { name: 'createdAt', column: table.createdAt })
            : { name: 'updatedAt', column: table.updatedAt };
        const request = {
          db: ctx.db,
          name: `list:${plural}`,
          table,
          workspaceId,
          filters: [
            ...(definition.filters?.of(input as Row, workspaceId) ?? []),
            filter('updatedAfter', since, sql`${table.updatedAt} >= ${bound(table.updatedAt, 'updatedAfter')}`),
          ],
          order: { ...order, descending: false },
          tieBreak: table.id,
          limit,
          cursor,
        };
        return since === undefined ? readPage(request, view) : readChanged(request, kind, since, view);
      },
    }) as unknown as Operation,
    update: write({
      name: `update${name}`,
      summary: `Change ${article} ${words}`,
      description: 'JSON Merge Patch: fields left out stay, null empties a field that may be empty.',
      scope: scopes.write,
      input: z.strictObject({ ...idField, ...patchOf(patchable) }),
      output: model,
      async run(ctx, input) {
        const before = await getRow(ctx, input as Row);
        const { [idName]: _id, ...patch } = input as Row;
        const changes = new Changes(ctx.now);
        const draft: Row = { ...before, ...patch };
        const after = changes.update(table, before, patch as never) as Row;
        await definition.decide?.(ctx, draft, before, changes);
        const changed = changedNames(view(before), view({ ...after, ...draft }));
        // What changes nothing is no edit: it leaves no trace, and the ETag where it is.
        if (changed.length === 0) return { result: view(before), changes: new Changes(ctx.now) };
        Object.assign(after, { ...draft, version: after['version'], updatedAt: after['updatedAt'] });
        changes.event(`${kind}.updated`, after['id'] as string, { [kind]: view(after), changed });
        return { result: view(after), changes };
      },
    }) as unknown as Operation,
    remove: write({
      name: `delete${name}`,
      summary: `Delete ${article} ${words}`,
      scope: scopes.write,
      input: z.strictObject(idField),
      output: zDeleted,
      idempotency: 'none',
      async run(ctx, input) {
        const before = await getRow(ctx, input as Row);
        const changes = new Changes(ctx.now);
        changes.delete(table, before);
        await definition.remove?.(ctx, before, changes);
        const id = before['id'] as string;
        changes.insert(tombstones, {
          workspaceId: ctx.workspace.workspaceId,
          resource: kind,
          subject: id,
          deletedAt: ctx.now,
        });
        changes.event(`${kind}.deleted`, id);
        return { result: { id, deletedAt: iso(ctx.now) }, changes };
      },
    }) as unknown as Operation,
  };
}
