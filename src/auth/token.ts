/** Authorization header -> workspace and actor, and the token endpoint's client credentials (RFC 6749, section 4.4). */

import type { Logger, Services, Workspace } from '../context.ts';
import type { Db } from '../db/connect.ts';
import { AppError } from '../errors.ts';
import type { Instant } from '../rules/calendar.ts';
import { createVerifier, type IssuedToken, type Issuer, type OwnToken, signingKey, signToken } from './jwt.ts';
import { hashKey, matchesHash, parseKey } from './keys.ts';
import { type Actor, ROLE_SCOPES, type Role, type Scope } from './policy.ts';
import {
  type Credential,
  findAgentByEmail,
  findClient,
  findCustomerId,
  findKeyByHash,
  findWorkspaceById,
  touchClients,
  touchKeys,
  type Use,
} from './store.ts';

/** Who calls, and the wall around them. Shared between requests, hence frozen. */
export interface Identity {
  workspace: Workspace;
  actor: Actor;
}

export interface Authenticator {
  /** Throws `unauthenticated` with the reason, `unavailable` while an issuer's keys cannot be had. */
  authenticate(authorizationHeader: string | undefined): Promise<Identity>;
  /** Answers a client credentials request; every refusal is an answer too. */
  issueToken(request: TokenRequest): Promise<TokenAnswer>;
  /** After a change to a workspace, its keys, clients or agents: nothing remembered of it is used any more. */
  forget(workspaceId: number): void;
  /** Writes what is known of last use; before the database is closed. */
  flush(): Promise<void>;
}

/** What was found, and until when it holds at most; epoch seconds of the wall clock. */
interface Found extends Identity {
  expiresAt: Instant | null;
}

/** A revoked key is refused after this at the latest, in every process. */
const REMEMBERED_MS = 1000;
const MOST_REMEMBERED = 10_000;
/** Last use is kept to the minute. */
const USE_SECONDS = 60;
const WRITE_USES_AFTER_MS = 1000;

/** Recognizes callers. `issuers` are trusted for what their tokens say; the desk's own tokens need no entry. */
export function createAuthenticator({
  db,
  services,
  issuers,
  log,
}: {
  db: Db;
  services: Services;
  issuers: Issuer[];
  log?: Logger;
}): Authenticator {
  const ownKey = signingKey(services.secretKey);
  const verifyToken = createVerifier(ownKey, issuers);
  /** By the hash of the key or token: the text itself is not kept. */
  const remembered = new Map<string, Found & { from: number; until: number }>();
  const lookups = new Map<string, Promise<Found>>();
  let generation = 0;
  const uses = { keys: new Map<string, Use>(), clients: new Map<string, Use>() };
  let writeTimer: NodeJS.Timeout | null = null;
  let writing = Promise.resolve();

  async function authenticate(header: string | undefined): Promise<Identity> {
    const token = readBearer(header);
    const hash = hashKey(token);
    const now = services.wallClock();
    const known = remembered.get(hash);
    // Earlier than `from` means that the clock was set back: then the entry says nothing about its age.
    if (known !== undefined && known.from <= now && now < known.until) return known;
    const running = lookups.get(hash);
    if (running === undefined) return lookUp(token, hash, now);
    const found = await running;
    // The shared lookup may have begun before the test clock was moved.
    return found.workspace.mode === 'test' ? lookUp(token, hash, now) : found;
  }

  function lookUp(token: string, hash: string, now: number): Promise<Found> {
    const begun = generation;
    const lookup = identify(token, now)
      .then((found) => {
        Object.freeze(found.workspace);
        Object.freeze(found.actor);
        // The clock of a test workspace must never be old; and what was read before a `forget` may be.
        if (found.workspace.mode === 'live' && begun === generation) remember(hash, found, now);
        return found;
      })
      .finally(() => {
        if (lookups.get(hash) === lookup) lookups.delete(hash);
      });
    lookups.set(hash, lookup);
    return lookup;
  }

  function remember(hash: string, found: Found, now: number): void {
    const until = Math.min(now + REMEMBERED_MS, found.expiresAt === null ? Infinity : found.expiresAt * 1000);
    remembered.delete(hash);
    if (remembered.size >= MOST_REMEMBERED) remembered.delete(remembered.keys().next().value!);
    remembered.set(hash, { ...found, from: now, until });
  }

  async function identify(token: string, now: number): Promise<Found> {
    if (!token.includes('.')) return identifyKey(token, now);
    const claims = await verifyToken(token, now);
    return claims.kind === 'own' ? identifyClient(claims, now) : identifyIssued(claims);
  }

  async function identifyKey(text: string, now: number): Promise<Found> {
    const parsed = parseKey(text);
    if (parsed === null) throw refuse('The key is mistyped or cut off.');
    const found = await findKeyByHash(db, parsed.hash);
    if (found === undefined) throw refuse('The key is unknown.');
    const { key, workspace } = found;
    requireInForce('key', key, now);
    requireCustomer(key.role, key.customerId);
    noteUse('keys', workspace.workspaceId, key, now);
    const { id, name, role, agentId, customerId, instanceAdmin, expiresAt } = key;
    const scopes = cutScopes(role, key.scopes);
    const actor: Actor = { type: 'key', id, name, role, scopes, agentId, customerId, instanceAdmin };
    return { workspace, actor, expiresAt };
  }

  /** The token says what was asked for; what the client may do is read anew, so that revoking it ends its tokens. */
  async function identifyClient(token: OwnToken, now: number): Promise<Found> {
    const found = await findClient(db, token.clientId);
    if (found === undefined || found.workspace.id !== token.workspace) throw refuse('The client is unknown.');
    const { client, workspace } = found;
    requireInForce('client', client, now);
    requireCustomer(client.role, null);
    noteUse('clients', workspace.workspaceId, client, now);
    const { id, name, role, agentId } = client;
    const scopes = cutScopes(role, client.scopes, token.scopes);
    const actor: Actor = { type: 'client', id, name, role, scopes, agentId, customerId: null, instanceAdmin: false };
    return { workspace, actor, expiresAt: token.expiresAt };
  }

  /** Without a role in the token, an agent of the workspace is an agent; everybody else is nobody. */
  async function identifyIssued(token: IssuedToken): Promise<Found> {
    const workspace = await findWorkspaceById(db, token.workspace);
    if (workspace === undefined) throw refuse("The workspace of the token's issuer does not exist.");
    const { workspaceId } = workspace;
    const person = token.role === null || token.role === 'admin' || token.role === 'manager' || token.role === 'agent';
    const agent = person && token.email !== null ? await findAgentByEmail(db, workspaceId, token.email) : undefined;
    if (agent?.active === false) throw refuse('The agent of this token is no longer active.');
    const role = token.role ?? (agent === undefined ? null : 'agent');
    if (role === null) throw refuse('The token names no role, and no agent has its verified mail address.');
    const named = role === 'customer' ? token.customerId : null;
    requireCustomer(role, named);
    const customerId = named === null ? null : ((await findCustomerId(db, workspaceId, named)) ?? null);
    if (named !== null && customerId === null) throw refuse('The customer of this token is unknown.');
    const actor: Actor = {
      type: 'token',
      id: token.subject,
      name: agent?.name ?? token.name,
      role,
      scopes: cutScopes(role, token.scopes ?? ROLE_SCOPES[role]),
      agentId: agent?.id ?? null,
      customerId,
      instanceAdmin: false,
    };
    return { workspace, actor, expiresAt: token.expiresAt };
  }

  async function issueToken(request: TokenRequest): Promise<TokenAnswer> {
    const now = services.wallClock();
    const found = await findClient(db, request.clientId);
    if (found === undefined || !matchesHash(request.clientSecret, found.client.secretHash)) {
      return tokenError('invalid_client', 'The client is unknown, or its secret is wrong.');
    }
    const { client, workspace } = found;
    if (!inForce(client, now)) return tokenError('invalid_client', 'The client was revoked or has expired.');
    const most = cutScopes(client.role, client.scopes);
    const scopes = [...new Set(request.scopes ?? most)];
    const beyond = scopes.find((scope) => !most.has(scope as Scope));
    if (beyond !== undefined) return tokenError('invalid_scope', 'The client may not ask for one of these scopes.');
    noteUse('clients', workspace.workspaceId, client, now);
    const { id, expiresAt } = client;
    const { token, seconds } = await signToken(
      ownKey,
      { id, workspace: workspace.id, scopes, expiresAt },
      toSeconds(now),
    );
    return {
      status: 200,
      headers: NOT_STORED,
      body: { access_token: token, token_type: 'Bearer', expires_in: seconds, scope: scopes.join(' ') },
    };
  }

  function forget(workspaceId: number): void {
    generation++;
    lookups.clear();
    for (const [hash, { workspace }] of remembered) if (workspace.workspaceId === workspaceId) remembered.delete(hash);
  }

  /** Noted at lookups, not at every call, and written a little later: many keys are one statement. */
  function noteUse(kind: 'keys' | 'clients', workspaceId: number, used: Credential, now: number): void {
    const at = toSeconds(now);
    if (used.lastUsedAt !== null && at - used.lastUsedAt < USE_SECONDS) return;
    uses[kind].set(used.id, { workspaceId, id: used.id, at });
    writeTimer ??= setTimeout(() => void flush(), WRITE_USES_AFTER_MS).unref();
  }

  function flush(): Promise<void> {
    if (writeTimer !== null) clearTimeout(writeTimer);
    writeTimer = null;
    const keys = [...uses.keys.values()];
    const clients = [...uses.clients.values()];
    uses.keys.clear();
    uses.clients.clear();
    writing = writing
      .then(() => Promise.all([touchKeys(db, keys), touchClients(db, clients)]))
      .then(
        () => {},
        // Nobody waits for it: the next use tries again.
        (error: unknown) => log?.warn({ err: error }, 'last use of keys not written'),
      );
    return writing;
  }

  return { authenticate, issueToken, forget, flush };
}

function readBearer(header: string | undefined): string {
  if (header === undefined) throw refuse('Send the header `Authorization: Bearer <key or token>`.');
  const token = /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i.exec(header)?.[1];
  if (token === undefined) throw refuse('The Authorization header is not of the form `Bearer <key or token>`.');
  return token;
}

function inForce({ revokedAt, expiresAt }: Credential, now: number): boolean {
  return revokedAt === null && (expiresAt === null || now < expiresAt * 1000);
}

function requireInForce(what: 'key' | 'client', credential: Credential, now: number): void {
  if (inForce(credential, now)) return;
  throw refuse(credential.revokedAt === null ? `The ${what} has expired.` : `The ${what} was revoked.`);
}

/** Without a customer of its own, a customer's key would see the tickets that belong to none. */
function requireCustomer(role: Role, customerId: string | null): void {
  if (role === 'customer' && customerId === null) throw refuse('The role customer needs a customer.');
}

/** What the role may have and every one of these lists names. */
function cutScopes(role: Role, ...granted: readonly (readonly string[])[]): ReadonlySet<Scope> {
  return new Set(ROLE_SCOPES[role].filter((scope) => granted.every((scopes) => scopes.includes(scope))));
}

function toSeconds(milliseconds: number): Instant {
  return Math.floor(milliseconds / 1000);
}

function refuse(reason: string): AppError {
  return new AppError('unauthenticated', reason);
}

/** A client that asks for a token; `scopes` null = all it may have. */
export interface TokenRequest {
  clientId: string;
  clientSecret: string;
  scopes: string[] | null;
}

/** What the token endpoint answers: RFC 6749 has its own error bodies, not problem+json. */
export interface TokenAnswer {
  status: 200 | 400 | 401;
  headers: Record<string, string>;
  body:
    | { access_token: string; token_type: 'Bearer'; expires_in: number; scope: string }
    | { error: TokenErrorCode; error_description: string };
}

export type TokenErrorCode = 'invalid_request' | 'invalid_client' | 'invalid_scope' | 'unsupported_grant_type';

const NOT_STORED = { 'cache-control': 'no-store', pragma: 'no-cache' };

/** The answer for what cannot be granted: 401 for a client we do not accept, else 400. */
export function tokenError(error: TokenErrorCode, description: string): TokenAnswer {
  const challenge = error === 'invalid_client' ? { 'www-authenticate': 'Basic realm="tierdesk", charset="UTF-8"' } : {};
  return {
    status: error === 'invalid_client' ? 401 : 400,
    headers: { ...NOT_STORED, ...challenge },
    body: { error, error_description: description },
  };
}

/**
 * Reads a client credentials request: the form as it came, the client in the Basic header or in the form.
 * What cannot be read is the answer to give (`status` in it).
 */
export function tokenRequest(
  headers: { authorization?: string | undefined; 'content-type'?: string | undefined },
  body: string,
): TokenRequest | TokenAnswer {
  if (!/^application\/x-www-form-urlencoded *(;|$)/i.test(headers['content-type'] ?? '')) {
    return tokenError('invalid_request', 'Send application/x-www-form-urlencoded.');
  }
  const form = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(body)) {
    if (form.has(name)) return tokenError('invalid_request', 'A parameter is given twice.');
    // A parameter without a value counts as left out (section 3.2).
    if (value !== '') form.set(name, value);
  }
  const grant = form.get('grant_type');
  if (grant === undefined) return tokenError('invalid_request', 'grant_type is missing.');
  if (grant !== 'client_credentials')
    return tokenError('unsupported_grant_type', 'Only client_credentials is supported.');
  const scopes =
    form
      .get('scope')
      ?.split(' ')
      .filter((scope) => scope !== '') ?? null;
  const clientId = form.get('client_id');
  const clientSecret = form.get('client_secret');
  if (headers.authorization === undefined) {
    return clientId !== undefined && clientSecret !== undefined
      ? { clientId, clientSecret, scopes }
      : tokenError('invalid_client', 'Send the client by the Basic header, or as client_id and client_secret.');
  }
  const basic = readBasic(headers.authorization);
  if (basic === null) return tokenError('invalid_client', 'The Authorization header is not of the form Basic.');
  if (clientSecret !== undefined || (clientId !== undefined && clientId !== basic.clientId)) {
    return tokenError('invalid_request', 'The client is given in two ways.');
  }
  return { ...basic, scopes };
}

/** Our ids and secrets hold nothing that form encoding would change, so the parts are taken as they are. */
function readBasic(header: string): { clientId: string; clientSecret: string } | null {
  const encoded = /^Basic +([A-Za-z0-9+/]+=*) *$/i.exec(header)?.[1];
  if (encoded === undefined) return null;
  const [clientId, clientSecret, ...more] = Buffer.from(encoded, 'base64').toString().split(':');
  return clientId && clientSecret && more.length === 0 ? { clientId, clientSecret } : null;
}
