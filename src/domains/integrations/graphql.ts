/** GraphQL lines of the integrations domain. */

import { computed, connection, type Field, mutation, query } from '../../doors/graphql/field.ts';
import {
  createIntegration,
  deleteIntegration,
  getIntegration,
  listIntegrationMappings,
  listIntegrationReceipts,
  listIntegrations,
  rotateIntegrationSecret,
  updateIntegration,
} from './operations.ts';
import { testIntegrationMapping } from './try.ts';

export const integrationFields: Field[] = [
  mutation(createIntegration, 'integration'),
  connection(listIntegrations, 'integrations'),
  query(getIntegration, 'integration'),
  mutation(updateIntegration, 'integration'),
  mutation(deleteIntegration, 'deleted'),
  mutation(rotateIntegrationSecret, 'integration'),
  connection(listIntegrationReceipts, 'integrationReceipts'),
  query(listIntegrationMappings, 'integrationMappings'),
  computed(testIntegrationMapping),
];
