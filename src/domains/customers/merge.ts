/**
 * Two customers that are found to be one. From the answer on both ids and all names mean the one that stays; what belongs
 * to the other one follows by a job (merge-job.ts).
 */

import { z } from 'zod';
import { requireManagement } from '../../auth/policy.ts';
import { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { equals, readPage } from '../../db/page.ts';
import { findById } from '../../db/rows.ts';
import { customers, externalIds, tierChanges } from '../../db/tables/customers.ts';
import { tombstones } from '../../db/tables/machinery.ts';
import { customerNeedTags } from '../../db/tables/needs.ts';
import { policies } from '../../db/tables/service-levels.ts';
import { apiKeys } from '../../db/tables/workspaces.ts';
import { AppError, invalid, notFound } from '../../errors.ts';
import { enqueue } from '../../job.ts';
import { read, write } from '../../operation.ts';
import { jobView } from '../jobs/store.ts';
import { iso, zPaging } from '../model.ts';
import { loadCatalogue, policyView } from '../service-levels/store.ts';
import { addVersion } from '../service-levels/versions.ts';
import { forgetReviews } from '../tiers/touch.ts';
import { customerSearch } from './edit.ts';
import { mergeJob } from './merge-job.ts';
import { CustomerMerge, MergedCustomerPage, mergeFields } from './merge-model.ts';
import { listKeysOf, listMerged, namesMeaning } from './merge-store.ts';
import { MOST_FIGURES, zCustomerId } from './model.ts';
import { listNeedTags } from './need-store.ts';
import { type CustomerRow, customerView, findLastTierChanges, getCustomer } from './store.ts';

export const mergeCustomers = write({
  name: 'mergeCustomers',
  summary: 'Merge another customer into this one: one customer from then on, by both ids and all names',
  description:
    'What is known of the one that stays wins; tags are united, names and figures in systems it lacks are taken over, and it is a customer since the earlier of the two dates. At once both ids and every name of the other one in other systems mean it, also in policies, portals and filters; what the same system goes on sending of both (upsertCustomerByExternalId) is taken of the one that stays; lists leave the other one out, and `updatedAfter` tells it as deleted. A job brings contacts, tickets and activities along; open tickets come under its tier, and their promises with it. The other one keeps its own tier history (listCustomerTiers by its id). Not for agents. Asked again, it goes over what is left; 409 for one that was merged into somebody else.',
  scope: 'customers:write',
  input: z.strictObject({ ...zCustomerId, ...mergeFields }),
  output: CustomerMerge,
  status: 202,
  example: { from: 'cus_01k9zv3m5qe8w9y2f4h6j8m0n1', reason: '重复建档' },
  async run(ctx, { customerId, from, reason }) {
    requireManagement(ctx.actor);
    const { db, workspace } = ctx;
    const { workspaceId } = workspace;
    const into = await getCustomer(db, workspaceId, customerId);
    const gone = await findById(db, customers, workspaceId, from);
    if (gone === undefined) throw notFound('customer', 'from');
    requireApart(gone, into, customerId);
    const changes = new Changes(ctx.now);
    const bring = () => jobView(enqueue(ctx, changes, mergeJob, { from: gone.id, into: into.id }));
    // They are one already: what could not be brought along before is tried again.
    if (gone.mergedInto === into.id) return { result: { customer: customerView(into), job: bring() }, changes };
    const earlier = await listMerged(db, workspaceId, gone.id);
    const stays = takeOver(changes, into, gone);
    leave(changes, gone, into.id);
    for (const one of earlier) changes.update(customers, one, { mergedInto: into.id }, { quiet: true });
    for (const name of await namesMeaning(db, workspaceId, gone, earlier)) {
      changes.update(externalIds, { workspaceId, ...name, subject: gone.id }, { subject: into.id });
    }
    for (const key of await listKeysOf(db, workspaceId, gone.id)) changes.update(apiKeys, key, { customerId: into.id });
    await endTier(ctx, changes, gone);
    await bringNeedTags(ctx, changes, gone.id, into.id);
    await rewritePolicies(ctx, changes, gone.id, into.id);
    await forgetReviews(ctx, changes, gone.id);
    changes.insert(tombstones, { workspaceId, resource: 'customer', subject: gone.id, deletedAt: ctx.now });
    const told = { from: gone.id, into: into.id, reason, customer: customerView(stays) };
    changes.event('customer.merged', gone.id, told);
    return { result: { customer: customerView(stays), job: bring() }, changes };
  },
});

/** 422 for one and the same, 409 for one that is another's already. */
function requireApart(gone: CustomerRow, into: CustomerRow, named: string): void {
  if (gone.id === named) throw invalid('from', 'A customer cannot be merged into itself.');
  const one = gone.id === into.id ? `${named} was merged into it.` : `It was merged into ${gone.mergedInto}.`;
  if (gone.id !== into.id && (gone.mergedInto === null || gone.mergedInto === into.id)) return;
  throw new AppError('invalid_transition', one, [{ path: 'from', message: one, code: 'invalid_transition' }]);
}

/** As many as one customer may have: the own ones first. */
const MOST_TAGS = 50;
const MOST_NAMES = 20;

/** The one that stays, with what it lacked. */
function takeOver(changes: Changes, into: CustomerRow, gone: CustomerRow): CustomerRow {
  const since = [into.customerSince, gone.customerSince].filter((at) => at !== null);
  const draft = {
    ...into,
    tags: [...new Set([...into.tags, ...gone.tags])].slice(0, Math.max(MOST_TAGS, into.tags.length)),
    externalIds: lacking(into.externalIds, gone.externalIds, MOST_NAMES),
    figures: lacking(into.figures, gone.figures, MOST_FIGURES),
    customerSince: since.length === 0 ? null : Math.min(...since),
  };
  return changes.update(customers, into, { ...draft, search: customerSearch(draft) });
}

function lacking<V>(own: Record<string, V>, others: Record<string, V>, most: number): Record<string, V> {
  const taken = Object.entries(others).filter(([name]) => !Object.hasOwn(own, name));
  return { ...own, ...Object.fromEntries(taken.slice(0, Math.max(0, most - Object.keys(own).length))) };
}

/** The row stays, for its id, its names and its history; it holds nothing any more, and is found no more. */
function leave(changes: Changes, gone: CustomerRow, into: string): void {
  changes.update(customers, gone, {
    mergedInto: into,
    tier: null,
    tierSince: null,
    tierPin: null,
    dedicatedAgentId: null,
    deputyAgentId: null,
    adviserId: null,
    search: '',
  });
}

async function endTier(ctx: Ctx, changes: Changes, { id }: CustomerRow): Promise<void> {
  const last = (await findLastTierChanges(ctx.db, ctx.workspace.workspaceId, [id])).get(id);
  if (last === undefined || last.validTo !== null) return;
  changes.update(tierChanges, last, { validTo: Math.max(ctx.now, last.validFrom) });
}

/** What is said of the one that stays is not said otherwise. */
async function bringNeedTags({ db, workspace }: Ctx, changes: Changes, gone: string, into: string): Promise<void> {
  const all = await listNeedTags(db, workspace.workspaceId, [gone, into]);
  const known = new Set(all.get(into)?.map(({ tag }) => tag));
  for (const row of all.get(gone) ?? []) {
    changes.delete(customerNeedTags, row);
    if (!known.has(row.tag)) changes.insert(customerNeedTags, { ...row, customerId: into, version: 1 });
  }
}

/** A personal plan is theirs under whatever id: policies name the one that stays. */
async function rewritePolicies(ctx: Ctx, changes: Changes, gone: string, into: string): Promise<void> {
  const catalogue = await loadCatalogue(ctx.db, ctx.workspace.workspaceId);
  const isNamed = ({ definition }: (typeof catalogue.policies)[number]) => definition.match?.customers?.includes(gone);
  if (!catalogue.policies.some(isNamed)) return;
  const after = catalogue.policies.map((policy) => {
    if (!isNamed(policy)) return policy;
    const named = policy.definition.match!.customers!.map((id) => (id === gone ? into : id));
    const match = { ...policy.definition.match, customers: [...new Set(named)] };
    const row = changes.update(policies, policy, { definition: { ...policy.definition, match } });
    changes.event('policy.updated', row.id, { policy: policyView(row), changed: ['match'] });
    return row;
  });
  addVersion(ctx, changes, catalogue, { ...catalogue, policies: after });
}

export const listMergedCustomers = read({
  name: 'listMergedCustomers',
  summary: 'List who was merged into a customer, also by way of others',
  scope: 'customers:read',
  input: z.strictObject({ ...zCustomerId, ...zPaging }),
  output: MergedCustomerPage,
  async run(ctx, { customerId, limit, cursor }) {
    const { db, workspace } = ctx;
    const { id } = await getCustomer(db, workspace.workspaceId, customerId);
    return readPage(
      {
        db,
        name: 'list:merged_customers',
        table: customers,
        workspaceId: workspace.workspaceId,
        filters: [equals('into', customers.mergedInto, id)],
        order: { name: 'id', column: customers.id, descending: false },
        tieBreak: customers.id,
        limit,
        cursor,
      },
      ({ id: merged, name, externalIds: names, updatedAt }) => ({
        id: merged,
        name,
        externalIds: names,
        mergedAt: iso(updatedAt),
      }),
    );
  },
});
