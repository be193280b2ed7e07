/** REST lines of the service-levels domain. */

import { type Route, route } from '../../doors/rest/route.ts';
import { addBusinessTime, businessTimeBetween, simulateServiceLevels } from './compute.ts';
import { calendarResource, policyResource } from './operations.ts';

export const serviceLevelRoutes: Route[] = [
  route('POST /calendars', calendarResource.create),
  route('GET /calendars', calendarResource.list),
  route('GET /calendars/:calendarId', calendarResource.get),
  route('PATCH /calendars/:calendarId', calendarResource.update),
  route('DELETE /calendars/:calendarId', calendarResource.remove),
  route('POST /policies', policyResource.create),
  route('GET /policies', policyResource.list),
  route('GET /policies/:policyId', policyResource.get),
  route('PATCH /policies/:policyId', policyResource.update),
  route('DELETE /policies/:policyId', policyResource.remove),
  route('POST /business-time/add', addBusinessTime),
  route('POST /business-time/between', businessTimeBetween),
  route('POST /service-levels/simulate', simulateServiceLevels),
];
