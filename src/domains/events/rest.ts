/** REST lines of the events domain. */

import { type Route, route } from '../../doors/rest/route.ts';
import { listEvents } from './operations.ts';

export const eventRoutes: Route[] = [route('GET /events', listEvents)];
