/** Saving what was decided: one change set, or many of which each stands or falls alone; and telling the desk of it. */

import { type Author, type Changes, inHalves, save } from './changes.ts';
import type { Workspace } from './context.ts';
import { isLostRace } from './db/sqlstate.ts';
import type { Desk } from './operation.ts';

/** Saves the changes of one operation; false when somebody was faster. */
export async function saveOne(desk: Desk, workspace: Workspace, changes: Changes, author: Author): Promise<boolean> {
  try {
    const lost = await save(desk.db, workspace.workspaceId, desk.services.epoch, [{ changes, author }]);
    if (lost.length > 0) return false;
  } catch (error) {
    if (isLostRace(error)) return false;
    throw error;
  }
  desk.saved(workspace, changes);
  return true;
}

/**
 * Saves the groups, each on its own. Answers those that lost their race; one that cannot be saved at all is told to
 * `failed`. Throws `unavailable` while the database is away.
 */
export async function saveEach<G extends { changes: Changes }>(
  desk: Desk,
  workspace: Workspace,
  groups: G[],
  author: Author,
  failed: (group: G, error: unknown) => void,
): Promise<G[]> {
  const attempt = async (some: G[]): Promise<G[]> => {
    const authored = some.map(({ changes }) => ({ changes, author }));
    const lost = await save(desk.db, workspace.workspaceId, desk.services.epoch, authored);
    some.forEach(({ changes }, index) => {
      if (!lost.includes(index)) desk.saved(workspace, changes);
    });
    return lost.map((index) => some[index]!);
  };
  return inHalves(groups, attempt, (group, error) => {
    if (isLostRace(error)) return 'lost';
    failed(group, error);
    return 'failed';
  });
}
