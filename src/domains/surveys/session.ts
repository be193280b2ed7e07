/** Who comes by a survey link: the token says which invitation, and that which workspace. */

import type { Actor } from '../../auth/policy.ts';
import type { Services, Workspace } from '../../context.ts';
import type { Db } from '../../db/connect.ts';
import { getWorkspace } from '../workspaces/store.ts';
import { findWorkspaceIdOfInvitation } from './store.ts';
import { readSurveyToken } from './token.ts';

/** Null for a token that is not ours. What the actor may do by it, the operations say. */
export async function openSurveySession(
  db: Db,
  services: Pick<Services, 'secretKey'>,
  token: string,
): Promise<{ workspace: Workspace; actor: Actor } | null> {
  const invitationId = readSurveyToken(services.secretKey, token);
  const workspaceId = invitationId === null ? undefined : await findWorkspaceIdOfInvitation(db, invitationId);
  if (invitationId === null || workspaceId === undefined) return null;
  return { workspace: await getWorkspace(db, workspaceId), actor: surveyActor(invitationId) };
}

/** A customer who shows a link instead of a key: they see and answer that survey, and nothing else. */
function surveyActor(invitationId: string): Actor {
  return {
    type: 'survey',
    id: invitationId,
    name: 'survey',
    role: 'customer',
    scopes: new Set(['surveys:read', 'surveys:write']),
    agentId: null,
    customerId: null,
    instanceAdmin: false,
  };
}
