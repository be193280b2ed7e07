/** Field owners: where two systems feed one customer or contact, what each may change of it. */

import { and, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { type Db, statement } from '../../db/connect.ts';
import { fieldOwners } from '../../db/tables/customers.ts';
import { AppError, type FieldError } from '../../errors.ts';
import { read, write } from '../../operation.ts';
import { changedNames } from '../patch.ts';
import {
  FieldOwners,
  isOwnable,
  OWNED_MAPS,
  OWNED_RESOURCES,
  type OwnedResource,
  setFieldOwnersFields,
} from './field-owners-model.ts';

type OwnerRow = typeof fieldOwners.$inferSelect;

const SINGULAR = { customers: 'customer', contacts: 'contact' } as const;

/** Field -> the system it belongs to; `profile` owns every field of the profile that has no owner of its own. */
type Owners = ReadonlyMap<string, string>;

/** The owners of fields of customers, or of contacts. */
export async function loadOwners(db: Db, workspaceId: number, resource: OwnerRow['resource']): Promise<Owners> {
  const query = statement(db, 'list_field_owners', (orm, name) =>
    orm
      .select({ field: fieldOwners.field, system: fieldOwners.system })
      .from(fieldOwners)
      .where(
        and(
          eq(fieldOwners.workspaceId, sql.placeholder('workspace')),
          eq(fieldOwners.resource, sql.placeholder('resource')),
        ),
      )
      .prepare(name),
  );
  const rows = await query.execute({ workspace: workspaceId, resource });
  return new Map(rows.map(({ field, system }) => [field, system]));
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * What a system may change of what it sends, and the fields that are kept as they are: they belong to another system and
 * would have changed.
 */
export function keepOwned<P extends Fields>(
  owners: Owners,
  system: string,
  before: Fields,
  patch: P,
): { allowed: P; kept: string[] } {
  if (owners.size === 0) return { allowed: patch, kept: [] };
  return keepWhere(before, patch, (path, field) => {
    const owner = owners.get(path) ?? owners.get(field);
    return owner !== undefined && owner !== system;
  });
}

/** The fields that a patch would change, named as those that are kept. */
export function fieldsChanged(before: Fields, patch: Fields): string[] {
  return keepWhere(before, patch, () => true).kept;
}

/** `keeps`: by the path of a value (`profile.industry`) and the field that it lies in. */
function keepWhere<P extends Fields>(
  before: Fields,
  patch: P,
  keeps: (path: string, field: string) => boolean,
): { allowed: P; kept: string[] } {
  const kept: string[] = [];
  const differs = (had: unknown, given: unknown) => changedNames({ it: had ?? null }, { it: given }).length > 0;
  const allowed: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(patch)) {
    if (isMap(field) && value !== undefined) {
      const had = before[field] as Fields;
      const inner: Record<string, unknown> = {};
      for (const [name, one] of Object.entries(value as Fields)) {
        const path = `${field}.${name}`;
        if (!keeps(path, field)) inner[name] = one;
        else if (differs(had[name], one)) kept.push(path);
      }
      allowed[field] = inner;
    } else if (!keeps(field, field)) allowed[field] = value;
    else if (differs(before[field], value)) kept.push(field);
  }
  return { allowed: allowed as P, kept };
}

function isMap(field: string): boolean {
  return (OWNED_MAPS as readonly string[]).includes(field);
}

export const getFieldOwners = read({
  name: 'getFieldOwners',
  summary: 'Which system may change which field of customers and contacts',
  scope: 'workspace:read',
  input: z.strictObject({}),
  output: FieldOwners,
  async run(ctx) {
    return viewOf(await listOwners(ctx));
  },
});

export const setFieldOwners = write({
  name: 'setFieldOwners',
  summary: 'Say which system may change which field of customers and contacts',
  description:
    'What another system says of such a field in an upsert, single or in bulk, is left aside, and the answer names it as `kept`; whoever creates a thing says all of it. People who edit it are not bound. Fields not named here stay as they are.',
  scope: 'workspace:write',
  input: z.strictObject(setFieldOwnersFields),
  output: FieldOwners,
  idempotency: 'none',
  example: { customers: { name: 'crm', 'profile.industry': 'erp' }, contacts: { identities: 'crm' } },
  async run(ctx, input) {
    requireOwnable(input);
    const rows = await listOwners(ctx);
    const changes = new Changes(ctx.now);
    const after = new Map(rows.map((row) => [keyOf(row), row]));
    for (const resource of OWNED_RESOURCES) {
      for (const [field, system] of Object.entries(input[resource] ?? {})) {
        const key = keyOf({ resource: SINGULAR[resource], field });
        const before = after.get(key);
        if (system === (before?.system ?? null)) continue;
        if (system === null) {
          changes.delete(fieldOwners, before!);
          after.delete(key);
        } else if (before !== undefined) after.set(key, changes.update(fieldOwners, before, { system }));
        else {
          const row = { workspaceId: ctx.workspace.workspaceId, resource: SINGULAR[resource], field, system };
          after.set(key, changes.insert(fieldOwners, row));
        }
      }
    }
    const result = viewOf([...after.values()]);
    if (!changes.empty) changes.event('fieldOwners.changed', ctx.workspace.id, { fieldOwners: result });
    return { result, changes };
  },
});

/** 422 naming each field that is none, or that nobody can own. */
function requireOwnable(input: { [R in OwnedResource]?: Record<string, string | null> | undefined }): void {
  const errors: FieldError[] = OWNED_RESOURCES.flatMap((resource) =>
    Object.keys(input[resource] ?? {})
      .filter((field) => !isOwnable(resource, field))
      .map((field) => ({
        path: `${resource}.${field}`,
        message: `A ${SINGULAR[resource]} has no field ${field} that a system can own.`,
        code: 'unknown_key',
      })),
  );
  if (errors.length > 0) throw new AppError('validation_failed', errors[0]!.message, errors);
}

function keyOf({ resource, field }: Pick<OwnerRow, 'resource' | 'field'>): string {
  return `${resource} ${field}`;
}

async function listOwners(ctx: Ctx): Promise<OwnerRow[]> {
  return ctx.db.orm.select().from(fieldOwners).where(eq(fieldOwners.workspaceId, ctx.workspace.workspaceId));
}

function viewOf(rows: readonly OwnerRow[]) {
  const of = (resource: OwnerRow['resource']) =>
    Object.fromEntries(
      rows
        .filter((row) => row.resource === resource)
        .map(({ field, system }) => [field, system] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  return { customers: of('customer'), contacts: of('contact') };
}
