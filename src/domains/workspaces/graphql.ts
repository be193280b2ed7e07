/** GraphQL lines of the workspaces domain. */

import { connection, type Field, mutation, query } from '../../doors/graphql/field.ts';
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

export const workspaceFields: Field[] = [
  query(getMe, 'me'),
  mutation(createWorkspace, 'newWorkspace'),
  query(readWorkspace, 'workspace'),
  mutation(updateWorkspace, 'workspace'),
  mutation(createApiKey, 'apiKey'),
  query(listApiKeys, 'apiKeys'),
  mutation(revokeApiKey, 'apiKey'),
  mutation(createClient, 'client'),
  query(listClients, 'clients'),
  mutation(revokeClient, 'client'),
  mutation(agentResource.create, 'agent'),
  connection(agentResource.list, 'agents'),
  query(agentResource.get, 'agent'),
  mutation(agentResource.update, 'agent'),
  mutation(agentResource.remove, 'deleted'),
  mutation(teamResource.create, 'team'),
  connection(teamResource.list, 'teams'),
  query(teamResource.get, 'team'),
  mutation(teamResource.update, 'team'),
  mutation(teamResource.remove, 'deleted'),
  mutation(customFieldResource.create, 'customField'),
  connection(customFieldResource.list, 'customFields'),
  query(customFieldResource.get, 'customField'),
  mutation(customFieldResource.update, 'customField'),
  mutation(customFieldResource.remove, 'deleted'),
  query(listTerms, 'terms'),
  mutation(putTerm, 'term'),
  query(getTestClock, 'testClock'),
  mutation(advanceTestClock, 'testClock'),
];
