/** Who may do what: pure. The door asks for the scope, the operation for the rest; both doors follow. */

import { AppError, notFound } from '../errors.ts';

export const ROLES = ['admin', 'manager', 'agent', 'integration', 'customer'] as const;
export type Role = (typeof ROLES)[number];

/** What a key can be allowed. A `write` does not hold its `read`. */
export const SCOPES = [
  'workspace:read',
  'workspace:write',
  'keys:read',
  'keys:write',
  'agents:read',
  'agents:write',
  'customers:read',
  'customers:write',
  'tiers:read',
  'tiers:write',
  'service_levels:read',
  'service_levels:write',
  'tickets:read',
  'tickets:write',
  'surveys:read',
  'surveys:write',
  'events:read',
  'jobs:read',
  'jobs:write',
] as const;
export type Scope = (typeof SCOPES)[number];

/** The most a role can be given; a key's or token's own scopes cut it down further. */
export const ROLE_SCOPES: Record<Role, readonly Scope[]> = {
  admin: SCOPES,
  manager: SCOPES.filter((scope) => scope !== 'keys:write' && scope !== 'keys:read'),
  agent: [
    'workspace:read',
    'agents:read',
    'customers:read',
    'customers:write',
    'tiers:read',
    'service_levels:read',
    'tickets:read',
    'tickets:write',
    'surveys:read',
    'surveys:write',
  ],
  integration: SCOPES.filter((scope) => scope !== 'keys:write' && scope !== 'keys:read'),
  customer: ['tickets:read', 'tickets:write', 'surveys:read'],
};

/** Who calls. `system` is the desk itself (the timekeeper, the first start). */
export interface Actor {
  type: 'key' | 'client' | 'token' | 'system' | 'survey' | 'integration';
  /** TypeID of the key, client or integration, the token's subject, or the name of the part of the desk. */
  id: string;
  name: string;
  role: Role;
  scopes: ReadonlySet<Scope>;
  /** The agent who works with this key or token; null for machines. */
  agentId: string | null;
  /** A customer's token sees its own tickets and public messages alone. */
  customerId: string | null;
  /** May create workspaces. */
  instanceAdmin: boolean;
}

/** The desk itself, for what no caller asked for. */
export function systemActor(id: string): Actor {
  return {
    type: 'system',
    id,
    name: id,
    role: 'admin',
    scopes: new Set(SCOPES),
    agentId: null,
    customerId: null,
    instanceAdmin: false,
  };
}

/** 403 `forbidden` unless the actor has the scope. */
export function requireScope(actor: Actor, scope: Scope): void {
  if (!actor.scopes.has(scope)) throw new AppError('forbidden', `This needs the scope ${scope}.`);
}

/** A customer sees its own tickets alone; what is hidden is `not_found`, never `forbidden`. */
export function requireVisibleTicket(actor: Actor, ticket: { customerId: string | null }, path?: string): void {
  if (actor.role === 'customer' && ticket.customerId !== actor.customerId) throw notFound('ticket', path);
}

/** 403 for customers: work that only the desk's own people and machines do. */
export function requireStaff(actor: Actor): void {
  if (actor.role === 'customer') throw new AppError('forbidden', 'Customers cannot do this.');
}

/** 403 for agents and customers: what cannot be undone is not done in daily work. */
export function requireManagement(actor: Actor): void {
  if (actor.role === 'agent' || actor.role === 'customer') {
    throw new AppError('forbidden', 'This is for managers and systems.');
  }
}

/** Internal notes exist for staff only. */
export function seesInternal(actor: Actor): boolean {
  return actor.role !== 'customer';
}
