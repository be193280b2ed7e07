/** REST lines of the reports domain. */

import { type Route, route } from '../../doors/rest/route.ts';
import { getAtRisk } from './at-risk.ts';
import { getAttainment } from './operations.ts';

export const reportRoutes: Route[] = [
  route('GET /reports/attainment', getAttainment),
  route('GET /reports/at-risk', getAtRisk),
];
