/** REST lines of the notifications domain. */

import { type Route, route } from '../../doors/rest/route.ts';
import { listNotifications, markNotificationRead } from './operations.ts';

export const notificationRoutes: Route[] = [
  route('GET /notifications', listNotifications),
  route('POST /notifications/:notificationId/read', markNotificationRead),
];
