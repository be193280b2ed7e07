/** What authentication reads (keys, clients, workspaces, agents by mail), and the one thing it writes: last use. */

import { and, eq, type SQL, sql } from 'drizzle-orm';
import type { Workspace } from '../context.ts';
import { type Db, statement } from '../db/connect.ts';
import { customers } from '../db/tables/customers.ts';
import { agents, apiKeys, clients, workspaces } from '../db/tables/workspaces.ts';
import { decodeId, isId } from '../ids.ts';
import type { Instant } from '../rules/calendar.ts';
import type { Role } from './policy.ts';

/** A key or client as it is stored, with its workspace; instants are wall time. */
export interface Credential {
  id: string;
  name: string;
  role: Role;
  scopes: string[];
  agentId: string | null;
  expiresAt: Instant | null;
  lastUsedAt: Instant | null;
  revokedAt: Instant | null;
}

export interface FoundKey {
  key: Credential & { customerId: string | null; instanceAdmin: boolean };
  workspace: Workspace;
}

export interface FoundClient {
  client: Credential & { secretHash: string };
  workspace: Workspace;
}

/** One use of a key or client, in epoch seconds of the wall clock. */
export interface Use {
  workspaceId: number;
  id: string;
  at: Instant;
}

const workspaceColumns = {
  workspaceId: workspaces.workspaceId,
  id: workspaces.id,
  name: workspaces.name,
  mode: workspaces.mode,
  testNow: workspaces.testNow,
  timeZone: workspaces.timeZone,
  language: workspaces.language,
  currency: workspaces.currency,
  colour: workspaces.colour,
  serviceLevelVersion: workspaces.serviceLevelVersion,
  tierModel: workspaces.tierModel,
  version: workspaces.version,
  createdAt: workspaces.createdAt,
  updatedAt: workspaces.updatedAt,
};

/** By the hash alone: it is the key that says which workspace it opens. */
export async function findKeyByHash(db: Db, hash: string): Promise<FoundKey | undefined> {
  const query = statement(db, 'find_key_by_hash', (orm, name) =>
    orm
      .select({
        key: {
          id: apiKeys.id,
          name: apiKeys.name,
          role: apiKeys.role,
          scopes: apiKeys.scopes,
          agentId: apiKeys.agentId,
          customerId: apiKeys.customerId,
          instanceAdmin: apiKeys.instanceAdmin,
          expiresAt: apiKeys.expiresAt,
          lastUsedAt: apiKeys.lastUsedAt,
          revokedAt: apiKeys.revokedAt,
        },
        workspace: workspaceColumns,
      })
      .from(apiKeys)
      .innerJoin(workspaces, eq(workspaces.workspaceId, apiKeys.workspaceId))
      .where(eq(apiKeys.hash, sql.placeholder('hash')))
      .prepare(name),
  );
  const [row] = await query.execute({ hash });
  return row;
}

/** By the public client id alone, as OAuth knows it; undefined also for what is no client id. */
export async function findClient(db: Db, clientId: string): Promise<FoundClient | undefined> {
  if (!isId('client', clientId)) return undefined;
  const query = statement(db, 'find_client', (orm, name) =>
    orm
      .select({
        client: {
          id: clients.id,
          name: clients.name,
          role: clients.role,
          scopes: clients.scopes,
          secretHash: clients.secretHash,
          agentId: clients.agentId,
          expiresAt: clients.expiresAt,
          lastUsedAt: clients.lastUsedAt,
          revokedAt: clients.revokedAt,
        },
        workspace: workspaceColumns,
      })
      .from(clients)
      .innerJoin(workspaces, eq(workspaces.workspaceId, clients.workspaceId))
      .where(eq(clients.id, sql.placeholder('id')))
      .prepare(name),
  );
  const [row] = await query.execute({ id: decodeId('client', clientId) });
  return row;
}

/** By the id that the API shows; undefined also for what is no workspace id. */
export async function findWorkspaceById(db: Db, id: string): Promise<Workspace | undefined> {
  if (!isId('workspace', id)) return undefined;
  const query = statement(db, 'find_workspace_by_id', (orm, name) =>
    orm
      .select(workspaceColumns)
      .from(workspaces)
      .where(eq(workspaces.id, sql.placeholder('id')))
      .prepare(name),
  );
  const [row] = await query.execute({ id: decodeId('workspace', id) });
  return row;
}

/** The agent with this mail address; addresses are stored in lower case. */
export async function findAgentByEmail(
  db: Db,
  workspaceId: number,
  email: string,
): Promise<{ id: string; name: string; active: boolean } | undefined> {
  const query = statement(db, 'find_agent_by_email', (orm, name) =>
    orm
      .select({ id: agents.id, name: agents.name, active: agents.active })
      .from(agents)
      .where(and(eq(agents.workspaceId, sql.placeholder('workspaceId')), eq(agents.email, sql.placeholder('email'))))
      .prepare(name),
  );
  const [row] = await query.execute({ workspaceId, email: email.toLowerCase() });
  return row;
}

/** Who this id means in the workspace: one that was merged into another is that one. Undefined for nobody's id. */
export async function findCustomerId(db: Db, workspaceId: number, customerId: string): Promise<string | undefined> {
  if (!isId('customer', customerId)) return undefined;
  const query = statement(db, 'find_customer_id', (orm, name) =>
    orm
      .select({ id: customers.id, mergedInto: customers.mergedInto })
      .from(customers)
      .where(
        and(eq(customers.workspaceId, sql.placeholder('workspaceId')), eq(customers.id, sql.placeholder('customerId'))),
      )
      .prepare(name),
  );
  const [row] = await query.execute({ workspaceId, customerId: decodeId('customer', customerId) });
  return row?.mergedInto ?? row?.id;
}

/** Last use of many keys as one statement; what was written less than a minute ago is left alone. */
export async function touchKeys(db: Db, uses: Use[]): Promise<void> {
  if (uses.length > 0) await db.orm.execute(touch(sql`api_keys`, 'key', uses));
}

/** The same for OAuth clients. */
export async function touchClients(db: Db, uses: Use[]): Promise<void> {
  if (uses.length > 0) await db.orm.execute(touch(sql`clients`, 'client', uses));
}

/** Rows that somebody else holds are skipped: last use is never worth a wait, nor a deadlock between two processes. */
function touch(table: SQL, kind: 'key' | 'client', uses: Use[]): SQL {
  const workspaceIds = sql.param(uses.map((use) => use.workspaceId));
  const ids = sql.param(uses.map((use) => decodeId(kind, use.id)));
  const instants = sql.param(uses.map((use) => new Date(use.at * 1000).toISOString()));
  return sql`
    with due as materialized (
      select t.workspace_id, t.id, u.at
      from unnest(${workspaceIds}::int[], ${ids}::uuid[], ${instants}::timestamptz[]) u(workspace_id, id, at)
      join ${table} t on t.workspace_id = u.workspace_id and t.id = u.id
      where t.last_used_at is null or t.last_used_at <= u.at - interval '1 minute'
      for update of t skip locked
    )
    update ${table} t set last_used_at = due.at
    from due where t.workspace_id = due.workspace_id and t.id = due.id`;
}
