/** Verbs of the customers domain: customers themselves; their tier stands in tier.ts, the people in contacts.ts. */

import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { equals, filter } from '../../db/page.ts';
import { findById } from '../../db/rows.ts';
import { customers, externalIds, tierChanges } from '../../db/tables/customers.ts';
import { tombstones } from '../../db/tables/machinery.ts';
import { AppError, notFound } from '../../errors.ts';
import { type Relation, read, write } from '../../operation.ts';
import { hasActivities } from '../activities/store.ts';
import { iso, zDeleted } from '../model.ts';
import { findNamed } from '../names.ts';
import { forgetReviews, touchNow } from '../tiers/touch.ts';
import { editCustomer, loadSurroundings, newCustomer } from './edit.ts';
import { listMerged, namesMeaning } from './merge-store.ts';
import {
  Customer,
  CustomerPage,
  customerFields,
  customerPatch,
  listCustomerFields,
  zByName,
  zCustomerId,
  zFirstTier,
} from './model.ts';
import { wantsNeed } from './need-store.ts';
import { forgetNeedTags } from './need-tags.ts';
import { customerView, findCustomers, getCustomer, hasContacts, hasTickets, listTierChanges } from './store.ts';
import { checkPair, readList } from './words.ts';

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
  async run(ctx, fields) {
    const holders = await findNamed(ctx.db, ctx.workspace.workspaceId, 'customer', fields.externalIds);
    const surroundings = await loadSurroundings(ctx, [fields], { create: true });
    const changes = new Changes(ctx.now);
    const row = newCustomer(ctx, changes, fields, surroundings, { holders, touch: touchNow(ctx) });
    return { result: customerView(row), changes };
  },
});

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
    const ofAgent = equals('dedicatedAgent', customers.dedicatedAgentId, input.dedicatedAgentId);
    const ofNeed = wantsNeed(input.needTag);
    return readList(ctx, 'customer', customers, input, [ofTiers, ofAgent, ofNeed], customerView);
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
    const surroundings = await loadSurroundings(ctx, [patch], { create: false });
    const changes = new Changes(ctx.now);
    const after = editCustomer(changes, before, patch, surroundings, { holders, touch: touchNow(ctx) });
    return { result: customerView(after), changes };
  },
});

export const deleteCustomer = write({
  name: 'deleteCustomer',
  summary:
    'Delete a customer without tickets, contacts and activities; the tier history goes too, and who was merged into it',
  scope: 'customers:write',
  input: z.strictObject(zCustomerId),
  output: zDeleted,
  idempotency: 'none',
  async run(ctx, { customerId }) {
    const { workspaceId } = ctx.workspace;
    const before = await findById(ctx.db, customers, workspaceId, customerId);
    if (before === undefined) throw notFound('customer');
    if (before.mergedInto !== null) {
      throw new AppError('invalid_transition', `It was merged into ${before.mergedInto}, and goes with that one.`);
    }
    const merged = await listMerged(ctx.db, workspaceId, customerId);
    const changes = new Changes(ctx.now);
    for (const row of [before, ...merged]) {
      await requireUnused(ctx, row.id);
      changes.delete(customers, row);
      for (const entry of await listTierChanges(ctx.db, workspaceId, row.id)) changes.delete(tierChanges, entry);
      await forgetNeedTags(ctx, changes, row.id);
      await forgetReviews(ctx, changes, row.id);
    }
    for (const name of await namesMeaning(ctx.db, workspaceId, before, merged)) {
      changes.delete(externalIds, { workspaceId, ...name });
    }
    changes.insert(tombstones, { workspaceId, resource: 'customer', subject: customerId, deletedAt: ctx.now });
    changes.event('customer.deleted', customerId);
    return { result: { id: customerId, deletedAt: iso(ctx.now) }, changes };
  },
});

async function requireUnused({ db, workspace: { workspaceId } }: Ctx, customerId: string): Promise<void> {
  if (await hasTickets(db, workspaceId, 'customerId', customerId)) {
    throw new AppError('in_use', 'This customer has tickets.');
  }
  if (await hasContacts(db, workspaceId, customerId)) {
    throw new AppError('in_use', 'This customer has contacts; delete them or give them another customer first.');
  }
  if (await hasActivities(db, workspaceId, 'customerId', customerId)) {
    throw new AppError('in_use', 'This customer has activities.');
  }
}

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
      const rows = await findCustomers(ctx.db, ctx.workspace.workspaceId, ids);
      return ids.map((id) => {
        const row = id === null ? undefined : rows.get(id);
        return row === undefined ? null : customerView(row);
      });
    },
  },
];
