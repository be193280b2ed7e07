/** REST lines of the service-levels domain. */

import { type Route, route } from '../../doors/rest/route.ts';
import { backtestServiceLevels } from './backtest.ts';
import { addBusinessTime, businessTimeBetween, simulateServiceLevels } from './compute.ts';
import { addCalendarHolidays, listHolidaySources } from './holidays.ts';
import { calendarResource, policyResource } from './operations.ts';
import { previewCalendar } from './preview.ts';
import { recomputeServiceLevels } from './recompute.ts';

export const serviceLevelRoutes: Route[] = [
  route('POST /calendars', calendarResource.create),
  route('GET /calendars', calendarResource.list),
  route('GET /calendars/:calendarId', calendarResource.get),
  route('PATCH /calendars/:calendarId', calendarResource.update),
  route('DELETE /calendars/:calendarId', calendarResource.remove),
  route('POST /calendars/:calendarId/holidays', addCalendarHolidays),
  route('GET /holiday-sources', listHolidaySources),
  route('POST /policies', policyResource.create),
  route('GET /policies', policyResource.list),
  route('GET /policies/:policyId', policyResource.get),
  route('PATCH /policies/:policyId', policyResource.update),
  route('DELETE /policies/:policyId', policyResource.remove),
  route('POST /business-time/add', addBusinessTime),
  route('POST /business-time/between', businessTimeBetween),
  route('POST /business-time/preview', previewCalendar),
  route('POST /service-levels/simulate', simulateServiceLevels),
  route('POST /service-levels/backtest', backtestServiceLevels),
  route('POST /service-levels/recompute', recomputeServiceLevels),
];
