/** GraphQL lines of the service-levels domain. */

import { computed, connection, type Field, mutation, query } from '../../doors/graphql/field.ts';
import { backtestServiceLevels } from './backtest.ts';
import { addBusinessTime, businessTimeBetween, simulateServiceLevels } from './compute.ts';
import { addCalendarHolidays, listHolidaySources } from './holidays.ts';
import { calendarResource, policyResource } from './operations.ts';
import { previewCalendar } from './preview.ts';
import { recomputeServiceLevels } from './recompute.ts';

export const serviceLevelFields: Field[] = [
  mutation(calendarResource.create, 'calendar'),
  connection(calendarResource.list, 'calendars'),
  query(calendarResource.get, 'calendar'),
  mutation(calendarResource.update, 'calendar'),
  mutation(calendarResource.remove, 'deleted'),
  mutation(addCalendarHolidays, 'outcome'),
  query(listHolidaySources, 'holidaySources'),
  mutation(policyResource.create, 'policy'),
  connection(policyResource.list, 'policies'),
  query(policyResource.get, 'policy'),
  mutation(policyResource.update, 'policy'),
  mutation(policyResource.remove, 'deleted'),
  computed(addBusinessTime),
  computed(businessTimeBetween),
  computed(previewCalendar),
  computed(simulateServiceLevels),
  mutation(backtestServiceLevels, 'job'),
  mutation(recomputeServiceLevels, 'job'),
];
