/** REST lines of the reports domain. */

import { type Route, route } from '../../doors/rest/route.ts';
import { getAtRisk } from './at-risk.ts';
import { listCustomersAboutToChangeTier, listCustomersAtRisk } from './customer-lists.ts';
import { getNeedTagReport } from './need-tags.ts';
import { getAttainment } from './operations.ts';
import { getTierAccuracy } from './tier-accuracy.ts';

export const reportRoutes: Route[] = [
  route('GET /reports/attainment', getAttainment),
  route('GET /reports/at-risk', getAtRisk),
  route('GET /reports/tier-moves', listCustomersAboutToChangeTier),
  route('GET /reports/customers-at-risk', listCustomersAtRisk),
  route('GET /reports/tier-accuracy', getTierAccuracy),
  route('GET /reports/need-tags', getNeedTagReport),
];
