/** GraphQL lines of the service-levels domain. */

import { computed, connection, type Field, mutation, query } from '../../doors/graphql/field.ts';
import { addBusinessTime, businessTimeBetween, simulateServiceLevels } from './compute.ts';
import { calendarResource, policyResource } from './operations.ts';

export const serviceLevelFields: Field[] = [
  mutation(calendarResource.create, 'calendar'),
  connection(calendarResource.list, 'calendars'),
  query(calendarResource.get, 'calendar'),
  mutation(calendarResource.update, 'calendar'),
  mutation(calendarResource.remove, 'deleted'),
  mutation(policyResource.create, 'policy'),
  connection(policyResource.list, 'policies'),
  query(policyResource.get, 'policy'),
  mutation(policyResource.update, 'policy'),
  mutation(policyResource.remove, 'deleted'),
  computed(addBusinessTime),
  computed(businessTimeBetween),
  computed(simulateServiceLevels),
];
