/** Service-level versions: every edit of a calendar or policy makes the next one, in the same change set. */

import type { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { serviceLevelVersions } from '../../db/tables/service-levels.ts';
import { workspaces } from '../../db/tables/workspaces.ts';
import { enqueue } from '../../job.ts';
import { type CalendarRow, type Catalogue, loadCatalogue, type PolicyRow, policyDefinition } from './store.ts';

/** The job that brings open tickets to the service levels in force. */
export const RECOMPUTE = 'service_levels.recompute';

/** What a version holds. */
export type Promised = { calendars: readonly CalendarPart[]; policies: readonly PolicyPart[] };
export type CalendarPart = Pick<CalendarRow, 'key' | 'definition'>;
export type PolicyPart = Pick<PolicyRow, 'key' | 'name' | 'position' | 'version' | 'definition'>;

/**
 * Adds the next version to the change set: `promised` is everything as it stands after the edit. The workspace's row is
 * guarded, so of two edits at once one decides again on top of the other. Open tickets follow by a job.
 */
export function addVersion(
  ctx: Ctx,
  changes: Changes,
  { workspace }: Pick<Catalogue, 'workspace'>,
  promised: Promised,
): void {
  const number = workspace.serviceLevelVersion + 1;
  // What is left out is not written: a test clock moves without the guard, and must not be set back.
  const { testNow: _, ...row } = workspace;
  changes.update(workspaces, row, { serviceLevelVersion: number });
  insertVersion(changes, workspace.workspaceId, number, promised);
  changes.event('workspace.updated', workspace.id, { changed: ['serviceLevelVersion'], serviceLevelVersion: number });
  enqueue(ctx, changes, { type: RECOMPUTE }, {});
}

/** The next version with this calendar as it stands after the edit, made or changed. */
export async function addCalendarVersion(ctx: Ctx, changes: Changes, calendar: CalendarRow): Promise<void> {
  const catalogue = await loadCatalogue(ctx.db, ctx.workspace.workspaceId);
  const calendars = withRow(catalogue.calendars, calendar.key, calendar);
  addVersion(ctx, changes, catalogue, { ...catalogue, calendars });
}

export function insertVersion(changes: Changes, workspaceId: number, number: number, promised: Promised): void {
  changes.insert(serviceLevelVersions, {
    workspaceId,
    number,
    policies: [...promised.policies].sort(byPosition).map(policyDefinition),
    calendars: Object.fromEntries(promised.calendars.map(({ key, definition }) => [key, definition])),
    createdAt: changes.now,
  });
}

function byPosition(a: PolicyPart, b: PolicyPart): number {
  return a.position - b.position || (a.key < b.key ? -1 : 1);
}

/** The rows with this one in the place of the one with its key, or added; `null` takes it away. */
export function withRow<T extends { key: string }>(rows: readonly T[], key: string, row: T | null): T[] {
  const others = rows.filter((other) => other.key !== key);
  return row === null ? others : [...others, row];
}
