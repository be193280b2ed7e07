/** REST lines of the jobs domain. */

import { type Route, route } from '../../doors/rest/route.ts';
import { cancelJob, getJob, listJobs } from './operations.ts';

export const jobRoutes: Route[] = [
  route('GET /jobs', listJobs),
  route('GET /jobs/:jobId', getJob),
  route('POST /jobs/:jobId/cancel', cancelJob),
];
