/** Verbs about access: API keys, clients, new workspaces. */

import { asc, eq } from 'drizzle-orm';
import { z } from 'zod';
import { newClientSecret, newKey } from '../../auth/keys.ts';
import { type Actor, ROLE_SCOPES, type Role, type Scope } from '../../auth/policy.ts';
import { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { findById } from '../../db/rows.ts';
import { customers } from '../../db/tables/customers.ts';
import { apiKeys, clients } from '../../db/tables/workspaces.ts';
import { AppError, invalid, notFound } from '../../errors.ts';
import { newId } from '../../ids.ts';
import { read, write } from '../../operation.ts';
import { type CustomerRow, getCustomer } from '../customers/store.ts';
import { zId } from '../model.ts';
import { ApiKey, Client, clientFields, keyFields } from './model.ts';
import { apiKeyView, clientView, requireAgents } from './store.ts';

export const createApiKey = write({
  name: 'createApiKey',
  summary: 'Create a key; it is shown in this answer alone',
  scope: 'keys:write',
  input: z.strictObject(keyFields),
  output: ApiKey,
  status: 201,
  idempotency: 'secret',
  secrets: ['key'],
  example: { name: 'CRM', role: 'integration', scopes: ['customers:read', 'customers:write'] },
  async run(ctx, input) {
    const { workspaceId } = ctx.workspace;
    requireLater(ctx, input.expiresAt);
    const scopes = grantable(ctx.actor, input.role, input.scopes);
    await requireAgents(ctx.db, workspaceId, [input.agentId], 'agentId');
    const customer = await requireCustomer(ctx, input.role, input.customerId);
    const { key, hash, hint } = newKey(workspaceId);
    const changes = new Changes(ctx.now);
    const row = changes.insert(apiKeys, {
      workspaceId,
      id: newId('key'),
      ...input,
      customerId: customer?.id ?? null,
      scopes,
      hash,
      hint,
      instanceAdmin: false,
      lastUsedAt: null,
      revokedAt: null,
      createdAt: ctx.now,
      updatedAt: ctx.now,
    });
    // One that is merged into another at this very moment hands on the keys it has.
    if (customer !== null) changes.guard(customers, customer);
    changes.event('apiKey.created', row.id, { apiKey: apiKeyView(row) });
    return { result: apiKeyView(row, key), changes };
  },
});

export const listApiKeys = read({
  name: 'listApiKeys',
  summary: 'List the keys of the workspace',
  scope: 'keys:read',
  input: z.strictObject({}),
  output: z
    .object({ data: z.array(ApiKey).describe('Oldest first.') })
    .meta({ id: 'ApiKeys', description: 'Keys of the workspace.' }),
  async run(ctx) {
    const rows = await ctx.db.orm
      .select()
      .from(apiKeys)
      .where(eq(apiKeys.workspaceId, ctx.workspace.workspaceId))
      .orderBy(asc(apiKeys.id));
    return { data: rows.map((row) => apiKeyView(row)) };
  },
});

export const revokeApiKey = write({
  name: 'revokeApiKey',
  summary: 'Revoke a key: refused from now on, within a second on every process',
  scope: 'keys:write',
  input: z.strictObject({ keyId: zId('key').describe('Id of the key.') }),
  output: ApiKey,
  async run(ctx, { keyId }) {
    const before = await findById(ctx.db, apiKeys, ctx.workspace.workspaceId, keyId);
    if (before === undefined) throw notFound('key');
    if (before.id === ctx.actor.id) throw new AppError('in_use', 'A key cannot revoke itself.');
    const changes = new Changes(ctx.now);
    if (before.revokedAt !== null) return { result: apiKeyView(before), changes };
    const row = changes.update(apiKeys, before, { revokedAt: wallSeconds(ctx) });
    changes.event('apiKey.revoked', row.id);
    return { result: apiKeyView(row), changes };
  },
});

export const createClient = write({
  name: 'createClient',
  summary: 'Create a client for the token endpoint; its secret is shown in this answer alone',
  scope: 'keys:write',
  input: z.strictObject(clientFields),
  output: Client,
  status: 201,
  idempotency: 'secret',
  secrets: ['secret'],
  example: { name: 'ERP', role: 'integration' },
  async run(ctx, input) {
    const { workspaceId } = ctx.workspace;
    requireLater(ctx, input.expiresAt);
    const scopes = grantable(ctx.actor, input.role, input.scopes);
    await requireAgents(ctx.db, workspaceId, [input.agentId], 'agentId');
    if (input.role === 'customer') throw invalid('role', 'A client works for the desk, not for a customer.');
    const { key: secret, hash } = newClientSecret();
    const changes = new Changes(ctx.now);
    const row = changes.insert(clients, {
      workspaceId,
      id: newId('client'),
      ...input,
      scopes,
      secretHash: hash,
      lastUsedAt: null,
      revokedAt: null,
      createdAt: ctx.now,
      updatedAt: ctx.now,
    });
    changes.event('client.created', row.id, { client: clientView(row) });
    return { result: clientView(row, secret), changes };
  },
});

export const listClients = read({
  name: 'listClients',
  summary: 'List the clients of the workspace',
  scope: 'keys:read',
  input: z.strictObject({}),
  output: z
    .object({ data: z.array(Client).describe('Oldest first.') })
    .meta({ id: 'Clients', description: 'Clients of the workspace.' }),
  async run(ctx) {
    const rows = await ctx.db.orm
      .select()
      .from(clients)
      .where(eq(clients.workspaceId, ctx.workspace.workspaceId))
      .orderBy(asc(clients.id));
    return { data: rows.map((row) => clientView(row)) };
  },
});

export const revokeClient = write({
  name: 'revokeClient',
  summary: 'Revoke a client: no new tokens, and its tokens are refused within a second',
  scope: 'keys:write',
  input: z.strictObject({ clientId: zId('client').describe('Id of the client.') }),
  output: Client,
  async run(ctx, { clientId }) {
    const before = await findById(ctx.db, clients, ctx.workspace.workspaceId, clientId);
    if (before === undefined) throw notFound('client');
    const changes = new Changes(ctx.now);
    if (before.revokedAt !== null) return { result: clientView(before), changes };
    const row = changes.update(clients, before, { revokedAt: wallSeconds(ctx) });
    changes.event('client.revoked', row.id);
    return { result: clientView(row), changes };
  },
});

const wallSeconds = (ctx: Ctx) => Math.floor(ctx.services.wallClock() / 1000);

/** Scopes asked for, each within the role and within what the giver has: nobody gives more than they hold. */
function grantable(giver: Actor, role: Role, asked: string[] | undefined): Scope[] {
  const most = ROLE_SCOPES[role];
  const wanted = asked ?? most.filter((scope) => giver.scopes.has(scope));
  return wanted.map((scope, index) => {
    if (!most.includes(scope as Scope)) throw invalid(`scopes.${index}`, `The role ${role} cannot have ${scope}.`);
    if (!giver.scopes.has(scope as Scope))
      throw new AppError('forbidden', `You cannot give ${scope}: you do not have it.`);
    return scope as Scope;
  });
}

/** Keys and clients live on wall time, in a test workspace too. */
function requireLater(ctx: Ctx, expiresAt: number | null): void {
  if (expiresAt !== null && expiresAt * 1000 <= ctx.services.wallClock()) {
    throw invalid('expiresAt', 'Expected an instant later than now.');
  }
}

/** Whose portal it is; one that was merged into another means that one. */
async function requireCustomer(ctx: Ctx, role: Role, customerId: string | null): Promise<CustomerRow | null> {
  if ((role === 'customer') !== (customerId !== null)) {
    throw invalid('customerId', 'A key of the role customer, and no other, names its customer.');
  }
  if (customerId === null) return null;
  return getCustomer(ctx.db, ctx.workspace.workspaceId, customerId, 'customerId');
}
