/** GraphQL lines of the activities domain. */

import { connection, type Field, mutation, query } from '../../doors/graphql/field.ts';
import { createActivity, deleteActivity, getActivityByExternalId, listActivities, readActivity } from './operations.ts';
import { upsertActivityByExternalId } from './upsert.ts';

export const activityFields: Field[] = [
  mutation(createActivity, 'activity'),
  connection(listActivities, 'activities'),
  query(getActivityByExternalId, 'activityByExternalId'),
  mutation(upsertActivityByExternalId, 'outcome'),
  query(readActivity, 'activity'),
  mutation(deleteActivity, 'deleted'),
];
