/** Who comes by a survey link: the token says which invitation, and that which workspace. */

import type { Actor } from '../../auth/policy.ts';
import type { Services, Workspace } from '../../context.ts';
import type { Db } from '../../db/connect.ts';
import { getWorkspace } from '../workspaces/store.ts';
import { findHomeOfInvitation } from './store.ts';
import { readSurveyToken } from './token.ts';

export interface SurveySession {
  workspace: Workspace;
  /** What they may do by the link, the operations say. */
  actor: Actor;
  /** Language they were asked in. */
  language: 'zh-CN' | 'en';
}

/** Null for a token that is not ours. */
export async function openSurveySession(
  db: Db,
  { secretKey }: Pick<Services, 'secretKey'>,
  token: string,
): Promise<SurveySession | null> {
  const invitationId = readSurveyToken(secretKey, token);
  const home = invitationId === null ? undefined : await findHomeOfInvitation(db, invitationId);
  if (invitationId === null || home === undefined) return null;
  const { workspaceId, language } = home;
  return { workspace: await getWorkspace(db, workspaceId), actor: surveyActor(invitationId), language };
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
