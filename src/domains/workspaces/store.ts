/** Reads of the workspaces domain. */

import { and, asc, eq, sql } from 'drizzle-orm';
import type { Workspace as WorkspaceRow } from '../../context.ts';
import { type Db, statement } from '../../db/connect.ts';
import { columnsOf, findByIds, type Row } from '../../db/rows.ts';
import {
  agents,
  type apiKeys,
  type clients,
  customFields,
  teams,
  terms,
  workspaces,
} from '../../db/tables/workspaces.ts';
import { AppError, type FieldError, notFound } from '../../errors.ts';
import type { Instant } from '../../rules/calendar.ts';
import { iso, isoOrNull } from '../model.ts';

type Stamped = { version: number; createdAt: Instant; updatedAt: Instant };

const stamps = (row: Stamped) => ({
  version: row.version,
  createdAt: iso(row.createdAt),
  updatedAt: iso(row.updatedAt),
});

export function workspaceView(row: WorkspaceRow, now: Instant) {
  return {
    id: row.id,
    name: row.name,
    mode: row.mode,
    now: iso(now),
    timeZone: row.timeZone,
    language: row.language,
    currency: row.currency,
    colour: row.colour,
    serviceLevelVersion: row.serviceLevelVersion,
    tierModel: row.tierModel,
    ...stamps(row),
  };
}

export function apiKeyView(row: typeof apiKeys.$inferSelect, key: string | null = null) {
  const { id, name, role, scopes, hint, agentId, customerId, instanceAdmin } = row;
  return {
    id,
    name,
    role,
    scopes,
    hint,
    key,
    agentId,
    customerId,
    instanceAdmin,
    expiresAt: isoOrNull(row.expiresAt),
    lastUsedAt: isoOrNull(row.lastUsedAt),
    revokedAt: isoOrNull(row.revokedAt),
    ...stamps(row),
  };
}

export function clientView(row: typeof clients.$inferSelect, secret: string | null = null) {
  const { id, name, role, scopes, agentId } = row;
  return {
    id,
    name,
    role,
    scopes,
    secret,
    agentId,
    expiresAt: isoOrNull(row.expiresAt),
    lastUsedAt: isoOrNull(row.lastUsedAt),
    revokedAt: isoOrNull(row.revokedAt),
    ...stamps(row),
  };
}

export function agentView(row: Row) {
  const { id, name, email, role, skills, languages, seniorityYears, capacity, available, active, teamIds } =
    row as typeof agents.$inferSelect;
  return {
    id,
    name,
    email,
    role,
    skills,
    languages,
    seniorityYears,
    capacity,
    available,
    active,
    teamIds,
    ...stamps(row as Stamped & Row),
  };
}

export function teamView(row: Row) {
  const { id, name, description, leadId } = row as typeof teams.$inferSelect;
  return { id, name, description, leadId, ...stamps(row as Stamped & Row) };
}

export function termView(row: typeof terms.$inferSelect) {
  const { list, key, name, position, parentKey, category, active } = row;
  return { list, key, name, position, parentKey, category, active, ...stamps(row) };
}

export function customFieldView(row: Row) {
  const { id, key, name, type, options, kinds, requiredAt, position } = row as typeof customFields.$inferSelect;
  return { id, key, name, type, options, kinds, requiredAt, position, ...stamps(row as Stamped & Row) };
}

/** The workspace as it stands now, not as it stood when the caller was authenticated. */
export async function getWorkspace(db: Db, workspaceId: number): Promise<WorkspaceRow> {
  const query = statement(db, 'get_workspace', (orm, name) =>
    orm
      .select(columnsOf(workspaces))
      .from(workspaces)
      .where(eq(workspaces.workspaceId, sql.placeholder('workspace')))
      .prepare(name),
  );
  const [row] = await query.execute({ workspace: workspaceId });
  if (row === undefined) throw notFound('workspace');
  return row as WorkspaceRow;
}

export async function hasWorkspaces(db: Db): Promise<boolean> {
  const rows = await db.orm.select({ id: workspaces.id }).from(workspaces).limit(1);
  return rows.length > 0;
}

/** The number of the next workspace: the only thing of it that the database decides. */
export async function nextWorkspaceId(db: Db): Promise<number> {
  const answer = await db.pool.query<{ id: string }>(
    `select nextval(pg_get_serial_sequence('workspaces', 'workspace_id')) as id`,
  );
  return Number(answer.rows[0]!.id);
}

/** 404 naming the field when one of these agents is not of this workspace. */
export async function requireAgents(db: Db, workspaceId: number, ids: (string | null)[], path: string): Promise<void> {
  const found = await findByIds(db, agents, workspaceId, ids);
  if (ids.some((id) => id !== null && !found.has(id))) throw notFound('agent', path);
}

/** 404 naming the field when one of these teams is not of this workspace. */
export async function requireTeams(db: Db, workspaceId: number, ids: (string | null)[], path: string): Promise<void> {
  const found = await findByIds(db, teams, workspaceId, ids);
  const missing = ids.findIndex((id) => id !== null && !found.has(id));
  if (missing >= 0) throw notFound('team', path.includes('*') ? path.replace('*', String(missing)) : path);
}

export async function teamHasMembers(db: Db, workspaceId: number, teamId: string): Promise<boolean> {
  const rows = await db.orm
    .select({ id: agents.id })
    .from(agents)
    .where(
      and(
        eq(agents.workspaceId, workspaceId),
        sql`${teams.id.mapToDriverValue(teamId)}::uuid = any(${agents.teamIds})`,
      ),
    )
    .limit(1);
  return rows.length > 0;
}

export type AgentRow = typeof agents.$inferSelect;
export type TeamRow = typeof teams.$inferSelect;

/** Who can be given work or told of it: every active agent, those who came first before the others, and every team. */
export async function listStaff(db: Db, workspaceId: number): Promise<{ agents: AgentRow[]; teams: TeamRow[] }> {
  const active = statement(db, 'list_active_agents', (orm, name) =>
    orm
      .select()
      .from(agents)
      .where(and(eq(agents.workspaceId, sql.placeholder('workspace')), eq(agents.active, true)))
      .orderBy(asc(agents.id))
      .prepare(name),
  );
  const [people, groups] = await Promise.all([
    active.execute({ workspace: workspaceId }),
    listAllTeams(db, workspaceId),
  ]);
  return { agents: people, teams: groups };
}

export async function listAllTeams(db: Db, workspaceId: number): Promise<TeamRow[]> {
  const query = statement(db, 'list_all_teams', (orm, name) =>
    orm
      .select()
      .from(teams)
      .where(eq(teams.workspaceId, sql.placeholder('workspace')))
      .orderBy(asc(teams.id))
      .prepare(name),
  );
  return query.execute({ workspace: workspaceId });
}

export type TermRow = typeof terms.$inferSelect;

/** Every word of the workspace, in the order of their lists. */
export async function listAllTerms(db: Db, workspaceId: number): Promise<TermRow[]> {
  const query = statement(db, 'list_terms', (orm, name) =>
    orm
      .select(columnsOf(terms))
      .from(terms)
      .where(eq(terms.workspaceId, sql.placeholder('workspace')))
      .orderBy(asc(terms.list), asc(terms.position), asc(terms.key))
      .prepare(name),
  );
  return (await query.execute({ workspace: workspaceId })) as TermRow[];
}

export async function listAllCustomFields(db: Db, workspaceId: number) {
  const query = statement(db, 'list_custom_fields', (orm, name) =>
    orm
      .select(columnsOf(customFields))
      .from(customFields)
      .where(eq(customFields.workspaceId, sql.placeholder('workspace')))
      .orderBy(asc(customFields.position), asc(customFields.key))
      .prepare(name),
  );
  return query.execute({ workspace: workspaceId });
}

/** 422 naming the field when the word is not in the list, or out of use. */
export function requireTerm(all: TermRow[], list: TermRow['list'], key: string, path: string): TermRow {
  const errors = termErrors(all, list, key, path);
  if (errors.length > 0) throw new AppError('validation_failed', errors[0]!.message, errors);
  return findTerm(all, list, key)!;
}

/** What is wrong with a key: none has it, or it is out of use. */
export function termErrors(all: TermRow[], list: TermRow['list'], key: string, path: string): FieldError[] {
  const term = findTerm(all, list, key);
  if (term?.active) return [];
  const words = list.replace('_', ' ');
  const message = term === undefined ? `No ${words} is called ${key}.` : `The ${words} ${key} is out of use.`;
  return [{ path, message, code: 'unknown_key' }];
}

function findTerm(all: TermRow[], list: TermRow['list'], key: string): TermRow | undefined {
  return all.find((candidate) => candidate.list === list && candidate.key === key);
}
