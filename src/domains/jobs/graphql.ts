/** GraphQL lines of the jobs domain. */

import { connection, type Field, mutation, query } from '../../doors/graphql/field.ts';
import { cancelJob, getJob, listJobs } from './operations.ts';

export const jobFields: Field[] = [connection(listJobs, 'jobs'), query(getJob, 'job'), mutation(cancelJob, 'job')];
