/** Verbs of the activities domain: what customers do is told, found, and taken back. */

import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { Changes } from '../../changes.ts';
import { readChanged } from '../../db/changed.ts';
import { bound } from '../../db/connect.ts';
import { equals, filter, type PageRequest, readPage } from '../../db/page.ts';
import { tombstones } from '../../db/tables/machinery.ts';
import { activities } from '../../db/tables/tiering.ts';
import { notFound } from '../../errors.ts';
import { type Relation, read, write } from '../../operation.ts';
import { ofCustomer } from '../customers/merge-store.ts';
import { Customer, zByName } from '../customers/model.ts';
import { customerView, findCustomers } from '../customers/store.ts';
import { checkPair } from '../customers/words.ts';
import { iso, zDeleted } from '../model.ts';
import { findNamed, nameThing } from '../names.ts';
import { touchNow } from '../tiers/touch.ts';
import { Activity, ActivityPage, createActivityFields, listActivityFields, zActivityId } from './model.ts';
import { activityView, getActivity } from './store.ts';
import { checkTold, holdersIn, loadKnown, newActivity } from './telling.ts';

export const createActivity = write({
  name: 'createActivity',
  summary: 'Tell what a customer did',
  description:
    'Their tier is looked at again. What has a name in another system is better told by upsertActivityByExternalId.',
  scope: 'customers:write',
  input: z.strictObject(createActivityFields),
  check: checkTold,
  output: Activity,
  status: 201,
  example: {
    customerId: 'cus_01k9zv3m5qe8w9y2f4h6j8m0n1',
    kind: 'order',
    at: '2026-11-20T10:00:00+08:00',
    amount: { amount: '12800.00', currency: 'CNY' },
  },
  async run(ctx, input) {
    const known = await loadKnown(ctx, [input]);
    const changes = new Changes(ctx.now);
    const row = newActivity(ctx, changes, input, known, {
      holders: holdersIn(known, input.externalIds),
      touch: touchNow(ctx),
    });
    return { result: activityView(row), changes };
  },
});

export const readActivity = read({
  name: 'getActivity',
  summary: 'Get an activity',
  scope: 'customers:read',
  input: z.strictObject(zActivityId),
  output: Activity,
  async run(ctx, { activityId }) {
    return activityView(await getActivity(ctx.db, ctx.workspace.workspaceId, activityId));
  },
});

export const getActivityByExternalId = read({
  name: 'getActivityByExternalId',
  summary: "Get an activity by another system's name for it",
  scope: 'customers:read',
  input: z.strictObject(zByName),
  output: Activity,
  async run(ctx, { system, value }) {
    const { workspaceId } = ctx.workspace;
    const id = (await findNamed(ctx.db, workspaceId, 'activity', { [system]: value })).get(system);
    if (id === undefined) throw notFound('activity');
    return activityView(await getActivity(ctx.db, workspaceId, id));
  },
});

export const listActivities = read({
  name: 'listActivities',
  summary: 'List activities, newest first: of a customer by when they happened, else by when they were told',
  scope: 'customers:read',
  input: z.strictObject(listActivityFields),
  check: checkPair,
  output: ActivityPage,
  async run(ctx, input) {
    const { workspaceId } = ctx.workspace;
    const { externalSystem: system, externalId, updatedAfter, customerId } = input;
    const found =
      system === undefined || externalId === undefined
        ? undefined
        : ((await findNamed(ctx.db, workspaceId, 'activity', { [system]: externalId })).get(system) ?? null);
    if (found === null) return { data: [], nextCursor: null, ...(updatedAfter === undefined ? {} : { deleted: [] }) };
    const order =
      updatedAfter !== undefined
        ? { name: 'updatedAt', column: activities.updatedAt, descending: false }
        : customerId !== undefined
          ? { name: 'at', column: activities.at, descending: true }
          : { name: 'createdAt', column: activities.createdAt, descending: true };
    const request: PageRequest<typeof activities> = {
      db: ctx.db,
      name: 'list:activities',
      table: activities,
      workspaceId,
      filters: [
        await ofCustomer(ctx.db, workspaceId, activities.customerId, customerId),
        equals('contact', activities.contactId, input.contactId),
        filter('kind', input.kind, sql`${activities.kind} = any(${sql.placeholder('kind')}::text[])`),
        filter('from', input.from, sql`${activities.at} >= ${bound(activities.at, 'from')}`),
        filter('to', input.to, sql`${activities.at} < ${bound(activities.at, 'to')}`),
        equals('named', activities.id, found),
        filter(
          'updatedAfter',
          updatedAfter,
          sql`${activities.updatedAt} >= ${bound(activities.updatedAt, 'updatedAfter')}`,
        ),
      ],
      order,
      tieBreak: activities.id,
      limit: input.limit,
      cursor: input.cursor,
    };
    return updatedAfter === undefined
      ? readPage(request, activityView)
      : readChanged(request, 'activity', updatedAfter, activityView);
  },
});

export const deleteActivity = write({
  name: 'deleteActivity',
  summary: 'Take an activity back',
  description: 'For what never was. The tier of the customer is looked at again.',
  scope: 'customers:write',
  input: z.strictObject(zActivityId),
  output: zDeleted,
  idempotency: 'none',
  async run(ctx, { activityId }) {
    const { workspaceId } = ctx.workspace;
    const before = await getActivity(ctx.db, workspaceId, activityId);
    const changes = new Changes(ctx.now);
    changes.delete(activities, before);
    nameThing(changes, 'activity', before, before.externalIds, {});
    touchNow(ctx)(changes, before.customerId);
    changes.insert(tombstones, { workspaceId, resource: 'activity', subject: activityId, deletedAt: ctx.now });
    changes.event('activity.deleted', activityId, { customerId: before.customerId });
    return { result: { id: activityId, deletedAt: iso(ctx.now) }, changes };
  },
});

export const activityRelations: Relation[] = [
  {
    on: 'Activity',
    name: 'customer',
    description: 'Whose it is.',
    model: Customer,
    many: false,
    async load(ctx, parents) {
      const ids = parents.map((activity) => activity['customerId'] as string);
      const rows = await findCustomers(ctx.db, ctx.workspace.workspaceId, ids);
      return ids.map((id) => {
        const row = rows.get(id);
        return row === undefined ? null : customerView(row);
      });
    },
  },
];
