/** Verbs of the customers domain: customers themselves; their tier stands in tier.ts, the people in contacts.ts. */

import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { filter } from '../../db/page.ts';
import { findByIds } from '../../db/rows.ts';
import { customers, tierChanges } from '../../db/tables/customers.ts';
import { tombstones } from '../../db/tables/machinery.ts';
import { AppError, notFound } from '../../errors.ts';
import { newId } from '../../ids.ts';
import { type Relation, read, write } from '../../operation.ts';
import { searchVector } from '../../rules/search.ts';
import { iso, zDeleted, zKey } from '../model.ts';
import { findNamed, nameThing, requireFreeNames } from '../names.ts';
import { changedNames, mergeMap } from '../patch.ts';
import {
  Customer,
  type CustomerFields,
  CustomerPage,
  customerFields,
  customerPatch,
  listCustomerFields,
  type Patch,
  UpsertedCustomer,
  zByName,
  zCustomerId,
} from './model.ts';
import { type CustomerRow, customerView, getCustomer, hasContacts, hasTickets, listTierChanges } from './store.ts';
import { firstTier, recordTier } from './tier.ts';
import { checkPair, readList, requireChannel, requireFewNames, requireSameName } from './words.ts';

const zFirstTier = zKey.nullable().default(null);

export const createCustomer = write({
  name: 'createCustomer',
  summary: 'Create a customer',
  scope: 'customers:write',
  input: z.strictObject({
    ...customerFields,
    tier: zFirstTier.describe('Key of their tier; the last one of the workspace unless told.'),
  }),
  output: Customer,
  status: 201,
  example: { name: '东方精密机械', tags: ['注重售后'], externalIds: { crm: '42' } },
  async run(ctx, { tier, ...fields }) {
    const holders = await findNamed(ctx.db, ctx.workspace.workspaceId, 'customer', fields.externalIds);
    const changes = new Changes(ctx.now);
    const row = await newCustomer(ctx, changes, fields, { tier, holders });
    return { result: customerView(row), changes };
  },
});

async function newCustomer(
  ctx: Ctx,
  changes: Changes,
  fields: CustomerFields,
  { tier: named, holders }: { tier: string | null; holders: ReadonlyMap<string, string> },
): Promise<CustomerRow> {
  const { workspaceId } = ctx.workspace;
  requireFreeNames(holders, null);
  await requireChannel(ctx, fields.preferredChannel);
  const tier = await firstTier(ctx, named);
  const row: CustomerRow = changes.insert(customers, {
    ...fields,
    workspaceId,
    id: newId('customer'),
    profile: mergeMap({}, fields.profile),
    tier: tier?.tier ?? null,
    tierSince: tier === null ? null : ctx.now,
    search: customerSearch(fields),
    createdAt: ctx.now,
    updatedAt: ctx.now,
  });
  if (tier !== null) recordTier(ctx, changes, row, tier, { position: 1, at: ctx.now });
  nameThing(changes, 'customer', row, {}, row.externalIds);
  changes.event('customer.created', row.id, { customer: customerView(row) });
  return row;
}

/** What a customer is found by. */
function customerSearch({
  name,
  tags,
  externalIds,
  notes,
}: Pick<CustomerRow, 'name' | 'tags' | 'externalIds' | 'notes'>) {
  return searchVector([
    { text: name, weight: 'A' },
    { text: tags.join('\n'), weight: 'B' },
    { text: Object.values(externalIds).join('\n'), weight: 'B' },
    { text: notes ?? '', weight: 'C' },
  ]);
}

export const readCustomer = read({
  name: 'getCustomer',
  summary: 'Get a customer',
  scope: 'customers:read',
  input: z.strictObject(zCustomerId),
  output: Customer,
  async run(ctx, { customerId }) {
    return customerView(await getCustomer(ctx.db, ctx.workspace.workspaceId, customerId));
  },
});

export const getCustomerByExternalId = read({
  name: 'getCustomerByExternalId',
  summary: "Get a customer by another system's name for them",
  scope: 'customers:read',
  input: z.strictObject(zByName),
  output: Customer,
  async run(ctx, { system, value }) {
    const { workspaceId } = ctx.workspace;
    const id = (await findNamed(ctx.db, workspaceId, 'customer', { [system]: value })).get(system);
    if (id === undefined) throw notFound('customer');
    return customerView(await getCustomer(ctx.db, workspaceId, id));
  },
});

export const listCustomers = read({
  name: 'listCustomers',
  summary: 'List customers, newest first unless told',
  scope: 'customers:read',
  input: z.strictObject(listCustomerFields),
  check: checkPair,
  output: CustomerPage,
  async run(ctx, input) {
    const ofTiers = filter('tier', input.tier, sql`${customers.tier} = any(${sql.placeholder('tier')}::text[])`);
    return readList(ctx, 'customer', customers, input, [ofTiers], customerView);
  },
});

export const updateCustomer = write({
  name: 'updateCustomer',
  summary: 'Change what is known of a customer',
  description:
    'JSON Merge Patch: fields left out stay, null empties a field that may be empty. The tier has its own verb.',
  scope: 'customers:write',
  input: z.strictObject(
    { ...zCustomerId, ...customerPatch },
    {
      error: ({ code, keys }) =>
        code === 'unrecognized_keys' && (keys as string[]).includes('tier')
          ? 'A tier is given with a reason: POST /v1/customers/{customerId}/tier (setCustomerTier).'
          : undefined,
    },
  ),
  output: Customer,
  async run(ctx, { customerId, ...patch }) {
    const { workspaceId } = ctx.workspace;
    const before = await getCustomer(ctx.db, workspaceId, customerId);
    const holders = await findNamed(ctx.db, workspaceId, 'customer', patch.externalIds ?? {});
    const changes = new Changes(ctx.now);
    const after = await editCustomer(ctx, changes, before, patch, holders);
    return { result: customerView(after), changes };
  },
});

/** What differs is written, and nothing when nothing does. */
async function editCustomer(
  ctx: Ctx,
  changes: Changes,
  before: CustomerRow,
  patch: Patch<CustomerFields>,
  holders: ReadonlyMap<string, string>,
): Promise<CustomerRow> {
  const wanted = {
    ...patch,
    profile: mergeMap<unknown>(before.profile, patch.profile ?? {}),
    externalIds: mergeMap(before.externalIds, patch.externalIds ?? {}),
  };
  const changed = changedNames(before, wanted);
  if (changed.length === 0) return before;
  requireFewNames(wanted.externalIds);
  requireFreeNames(holders, before.id);
  if (changed.includes('preferredChannel')) await requireChannel(ctx, wanted.preferredChannel ?? null);
  const draft = { ...before, ...wanted } as CustomerRow;
  const after = changes.update(customers, before, { ...draft, search: customerSearch(draft) });
  nameThing(changes, 'customer', before, before.externalIds, after.externalIds);
  changes.event('customer.updated', after.id, { customer: customerView(after), changed });
  return after;
}

const zNewCustomer = z.strictObject(customerFields);

export const upsertCustomerByExternalId = write({
  name: 'upsertCustomerByExternalId',
  summary: 'Create or change the customer that another system calls so',
  description:
    'Fields left out stay as they are, null empties. An exact repeat changes nothing. externalIds may bring further names.',
  scope: 'customers:write',
  input: z.strictObject({
    ...zByName,
    ...customerPatch,
    name: customerFields.name,
    tier: zFirstTier.describe('Key of the tier a new customer begins with; of one that is there it changes nothing.'),
  }),
  output: UpsertedCustomer,
  example: { name: '东方精密机械', profile: { industry: '机械制造' } },
  async run(ctx, { system, value, tier, ...patch }) {
    const { workspaceId } = ctx.workspace;
    requireSameName(patch.externalIds, { system, value });
    const names = { ...patch.externalIds, [system]: value };
    const holders = await findNamed(ctx.db, workspaceId, 'customer', names);
    const id = holders.get(system);
    const changes = new Changes(ctx.now);
    if (id === undefined) {
      const externalIds = mergeMap({}, names);
      requireFewNames(externalIds);
      const fields = zNewCustomer.parse({ ...patch, externalIds });
      const row = await newCustomer(ctx, changes, fields, { tier, holders });
      return { result: { result: 'created' as const, customer: customerView(row) }, changes, status: 201 as const };
    }
    const before = await getCustomer(ctx.db, workspaceId, id);
    const after = await editCustomer(ctx, changes, before, { ...patch, externalIds: names }, holders);
    return {
      result: { result: changes.empty ? ('unchanged' as const) : ('updated' as const), customer: customerView(after) },
      changes,
    };
  },
});

export const deleteCustomer = write({
  name: 'deleteCustomer',
  summary: 'Delete a customer without tickets and contacts; the tier history goes too',
  scope: 'customers:write',
  input: z.strictObject(zCustomerId),
  output: zDeleted,
  idempotency: 'none',
  async run(ctx, { customerId }) {
    const { workspaceId } = ctx.workspace;
    const before = await getCustomer(ctx.db, workspaceId, customerId);
    if (await hasTickets(ctx.db, workspaceId, 'customerId', customerId)) {
      throw new AppError('in_use', 'This customer has tickets.');
    }
    if (await hasContacts(ctx.db, workspaceId, customerId)) {
      throw new AppError('in_use', 'This customer has contacts; delete them or give them another customer first.');
    }
    const changes = new Changes(ctx.now);
    changes.delete(customers, before);
    for (const entry of await listTierChanges(ctx.db, workspaceId, customerId)) changes.delete(tierChanges, entry);
    nameThing(changes, 'customer', before, before.externalIds, {});
    changes.insert(tombstones, { workspaceId, resource: 'customer', subject: customerId, deletedAt: ctx.now });
    changes.event('customer.deleted', customerId);
    return { result: { id: customerId, deletedAt: iso(ctx.now) }, changes };
  },
});

export const customerRelations: Relation[] = [
  {
    on: 'Contact',
    name: 'customer',
    description: 'For whom they speak; null when unknown, and for callers who may not read customers.',
    model: Customer,
    many: false,
    async load(ctx, contacts) {
      if (!ctx.actor.scopes.has('customers:read')) return contacts.map(() => null);
      const ids = contacts.map((contact) => contact['customerId'] as string | null);
      const rows = await findByIds(ctx.db, customers, ctx.workspace.workspaceId, ids);
      return ids.map((id) => {
        const row = id === null ? undefined : rows.get(id);
        return row === undefined ? null : customerView(row);
      });
    },
  },
];
