/** REST lines of the tiers domain. */

import { type Route, route } from '../../doors/rest/route.ts';
import { tierResource } from './operations.ts';

export const tierRoutes: Route[] = [
  route('POST /tiers', tierResource.create),
  route('GET /tiers', tierResource.list),
  route('GET /tiers/:tierId', tierResource.get),
  route('PATCH /tiers/:tierId', tierResource.update),
  route('DELETE /tiers/:tierId', tierResource.remove),
];
