/** REST lines of the deliveries domain. */

import { type Route, route } from '../../doors/rest/route.ts';
import { getSigningSecret, listDeliveries, retryDelivery } from './operations.ts';

export const deliveryRoutes: Route[] = [
  route('GET /deliveries', listDeliveries),
  route('GET /deliveries/signing-secret', getSigningSecret),
  route('POST /deliveries/:deliveryId/retry', retryDelivery),
];
