/** REST lines of the activities domain. */

import { type BulkRoute, bulk } from '../../doors/rest/bulk.ts';
import { type ExportRoute, exported } from '../../doors/rest/export.ts';
import { type Route, route } from '../../doors/rest/route.ts';
import { createActivity, deleteActivity, getActivityByExternalId, listActivities, readActivity } from './operations.ts';
import { upsertActivityByExternalId } from './upsert.ts';

export const activityRoutes: Route[] = [
  route('POST /activities', createActivity),
  route('GET /activities', listActivities),
  route('GET /activities/by-external-id/:system/:value', getActivityByExternalId),
  route('PUT /activities/by-external-id/:system/:value', upsertActivityByExternalId),
  route('GET /activities/:activityId', readActivity),
  route('DELETE /activities/:activityId', deleteActivity),
];

export const activityBulk: BulkRoute[] = [bulk('activities', upsertActivityByExternalId, { csv: true })];

export const activityExports: ExportRoute[] = [exported('activities', listActivities)];
