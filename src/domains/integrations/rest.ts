/** REST lines of the integrations domain; the address that others post to is registered in doors/rest/inbound.ts. */

import { type Route, route } from '../../doors/rest/route.ts';
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

export const integrationRoutes: Route[] = [
  route('POST /integrations', createIntegration),
  route('GET /integrations', listIntegrations),
  route('GET /integrations/:integrationId', getIntegration),
  route('PATCH /integrations/:integrationId', updateIntegration),
  route('DELETE /integrations/:integrationId', deleteIntegration),
  route('POST /integrations/:integrationId/rotate-secret', rotateIntegrationSecret),
  route('GET /integrations/:integrationId/receipts', listIntegrationReceipts),
  route('GET /integration-mappings', listIntegrationMappings),
  route('POST /integration-mappings/test', testIntegrationMapping),
];
