/** REST lines of the workspaces domain. */

import { type Route, route } from '../../doors/rest/route.ts';
import { createApiKey, createClient, listApiKeys, listClients, revokeApiKey, revokeClient } from './access.ts';
import { createWorkspace } from './creation.ts';
import {
  agentResource,
  customFieldResource,
  getMe,
  listTerms,
  putTerm,
  readWorkspace,
  teamResource,
  updateWorkspace,
} from './operations.ts';
import { advanceTestClock, getTestClock } from './test-clock.ts';

export const workspaceRoutes: Route[] = [
  route('GET /me', getMe),
  route('POST /workspaces', createWorkspace),
  route('GET /workspace', readWorkspace),
  route('PATCH /workspace', updateWorkspace),
  route('POST /keys', createApiKey),
  route('GET /keys', listApiKeys),
  route('POST /keys/:keyId/revoke', revokeApiKey),
  route('POST /clients', createClient),
  route('GET /clients', listClients),
  route('POST /clients/:clientId/revoke', revokeClient),
  route('POST /agents', agentResource.create),
  route('GET /agents', agentResource.list),
  route('GET /agents/:agentId', agentResource.get),
  route('PATCH /agents/:agentId', agentResource.update),
  route('DELETE /agents/:agentId', agentResource.remove),
  route('POST /teams', teamResource.create),
  route('GET /teams', teamResource.list),
  route('GET /teams/:teamId', teamResource.get),
  route('PATCH /teams/:teamId', teamResource.update),
  route('DELETE /teams/:teamId', teamResource.remove),
  route('POST /custom-fields', customFieldResource.create),
  route('GET /custom-fields', customFieldResource.list),
  route('GET /custom-fields/:customFieldId', customFieldResource.get),
  route('PATCH /custom-fields/:customFieldId', customFieldResource.update),
  route('DELETE /custom-fields/:customFieldId', customFieldResource.remove),
  route('GET /terms', listTerms),
  route('PUT /terms/:list/:key', putTerm),
  route('GET /test-clock', getTestClock),
  route('POST /test-clock/advance', advanceTestClock),
];
