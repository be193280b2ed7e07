/** JWTs: the desk's own access tokens, and those of issuers that the configuration trusts. Signature and claims only; no database. */

import { createSecretKey, hkdfSync, type KeyObject, randomUUID } from 'node:crypto';
import { createRemoteJWKSet, decodeJwt, errors, type JWTPayload, type JWTVerifyResult, jwtVerify, SignJWT } from 'jose';
import { AppError } from '../errors.ts';
import type { Instant } from '../rules/calendar.ts';
import { ROLES, type Role } from './policy.ts';

/** Somebody else's tokens that open one workspace. One issuer may be named several times, with another audience each. */
export interface Issuer {
  /** `iss`, letter by letter. */
  issuer: string;
  /** Where its public keys are, as a JWK Set. */
  jwksUrl: string;
  /** `aud` must hold it. */
  audience: string;
  /** TypeID of the workspace its tokens open. */
  workspace: string;
}

/** A token of our own token endpoint. What the client may do now is asked of the database. */
export interface OwnToken {
  kind: 'own';
  clientId: string;
  workspace: string;
  scopes: string[];
  expiresAt: Instant;
}

/** A token of a trusted issuer. */
export interface IssuedToken {
  kind: 'issued';
  /** TypeID, from the configuration. */
  workspace: string;
  subject: string;
  name: string;
  /** `tierdesk_role`; null when the token says none. */
  role: Role | null;
  /** `tierdesk_customer`. */
  customerId: string | null;
  /** Only when the issuer says that it verified the address. */
  email: string | null;
  /** null: the token does not speak of scopes, and the role decides. */
  scopes: string[] | null;
  expiresAt: Instant;
}

/** `iss` and `aud` of our own tokens. */
const OWN = 'tierdesk';
const TOKEN_SECONDS = 3600;
const LEEWAY_SECONDS = 60;
/** A key of the issuer that we have not seen yet is fetched at once, but strangers make us ask at most once a second. */
const JWKS_PAUSE_MS = 1000;
/** Asymmetric ones alone: with HS256 allowed here, an issuer's public key would serve as the secret. */
const ISSUER_ALGORITHMS = [
  'ES256',
  'ES384',
  'ES512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'EdDSA',
  'Ed25519',
];
/** Other kinds of JWT (logout, security event, DPoP proof) are signed by the same keys and are no access tokens. */
const ISSUER_TYPES: unknown[] = [undefined, 'at+jwt', 'application/at+jwt', 'jwt'];
/** What OpenID Connect puts into every `scope` claim; it says nothing about the desk. */
const OPENID_SCOPES = ['openid', 'profile', 'email', 'address', 'phone', 'offline_access', 'roles'];

/** The key of our own tokens, drawn from the desk's secret, so that it serves nothing else. */
export function signingKey(secretKey: Buffer): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', secretKey, '', 'oauth-token', 32)));
}

/** A token for a client, good for an hour or until the client itself expires. `now` in epoch seconds. */
export async function signToken(
  key: KeyObject,
  client: { id: string; workspace: string; scopes: string[]; expiresAt: Instant | null },
  now: Instant,
): Promise<{ token: string; seconds: number }> {
  const expiresAt = Math.min(now + TOKEN_SECONDS, client.expiresAt ?? Number.POSITIVE_INFINITY);
  const token = await new SignJWT({ client_id: client.id, ws: client.workspace, scope: client.scopes.join(' ') })
    .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
    .setIssuer(OWN)
    .setAudience(OWN)
    .setSubject(client.id)
    .setIssuedAt(now)
    .setExpirationTime(expiresAt)
    .setJti(randomUUID())
    .sign(key);
  return { token, seconds: expiresAt - now };
}

/**
 * A function that tells whose a token is, at `now` in epoch milliseconds. It throws `unauthenticated` for a token that
 * is not good, and `unavailable` while the issuer's keys cannot be had: that is not the caller's fault.
 */
export function createVerifier(
  key: KeyObject,
  issuers: Issuer[],
): (token: string, now: number) => Promise<OwnToken | IssuedToken> {
  const trusted = issuers.map((issuer) => ({
    ...issuer,
    keys: createRemoteJWKSet(new URL(issuer.jwksUrl), { cooldownDuration: JWKS_PAUSE_MS }),
  }));
  return async (token, now) => {
    const time = { currentDate: new Date(now), clockTolerance: LEEWAY_SECONDS };
    const { iss, aud } = readUnverified(token);
    if (iss === OWN) {
      const { payload } = await verified(
        jwtVerify(token, key, {
          algorithms: ['HS256'],
          issuer: OWN,
          audience: OWN,
          typ: 'at+jwt',
          requiredClaims: ['exp', 'sub'],
          ...time,
        }),
      );
      return readOwn(payload);
    }
    const named = trusted.filter(({ issuer }) => issuer === iss);
    if (named.length === 0) throw refuse('The issuer of the token is not trusted here.');
    const entry = named.find(({ audience }) => (Array.isArray(aud) ? aud.includes(audience) : aud === audience));
    if (entry === undefined) throw refuse('The token is meant for another audience.');
    const { payload, protectedHeader } = await verified(
      jwtVerify(token, entry.keys, {
        algorithms: ISSUER_ALGORITHMS,
        issuer: entry.issuer,
        audience: entry.audience,
        requiredClaims: ['exp', 'sub'],
        ...time,
      }),
    );
    if (!ISSUER_TYPES.includes(protectedHeader.typ?.toLowerCase())) throw refuse('The token is no access token.');
    return readIssued(payload, entry.workspace);
  };
}

/** Only to choose by which keys it is verified; nothing of it is believed. */
function readUnverified(token: string): JWTPayload {
  try {
    return decodeJwt(token);
  } catch {
    throw refuse('The token cannot be read.');
  }
}

const REFUSALS = [
  errors.JWTClaimValidationFailed,
  errors.JWTInvalid,
  errors.JWSInvalid,
  errors.JWSSignatureVerificationFailed,
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
];

async function verified(verification: Promise<JWTVerifyResult>): Promise<JWTVerifyResult> {
  try {
    return await verification;
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw refuse('The token has expired.');
    if (REFUSALS.some((kind) => error instanceof kind)) throw refuse('The token is not valid.');
    const unavailable = new AppError('unavailable', "The keys of the token's issuer cannot be had at the moment.");
    unavailable.cause = error;
    throw unavailable;
  }
}

function readOwn({ sub, ws, scope, exp }: JWTPayload): OwnToken {
  if (typeof sub !== 'string' || typeof ws !== 'string' || typeof scope !== 'string') {
    throw refuse('The token is not valid.');
  }
  return { kind: 'own', clientId: sub, workspace: ws, scopes: words(scope), expiresAt: exp! };
}

function readIssued(payload: JWTPayload, workspace: string): IssuedToken {
  const subject = readText(payload, 'sub');
  if (subject === null) throw refuse('The token has no subject.');
  const role = readText(payload, 'tierdesk_role');
  if (role !== null && !isRole(role)) throw refuse('The token has an unknown tierdesk_role.');
  const granted = payload['scope'] ?? payload['scp'];
  const scopes = granted === undefined ? [] : words(granted).filter((scope: string) => !OPENID_SCOPES.includes(scope));
  return {
    kind: 'issued',
    workspace,
    subject,
    name: readText(payload, 'name') ?? subject,
    role,
    customerId: readText(payload, 'tierdesk_customer'),
    email: payload['email_verified'] === true ? readText(payload, 'email') : null,
    scopes: scopes.length > 0 ? scopes : null,
    expiresAt: payload.exp!,
  };
}

/** 1 to 255 printable characters, or null when the claim is absent: these texts end up in rows and logs. */
function readText(payload: JWTPayload, claim: string): string | null {
  const value = payload[claim];
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string' || !/^[^\p{Cc}\p{Cs}]{1,255}$/u.test(value)) {
    throw refuse(`The claim ${claim} of the token is not valid.`);
  }
  return value;
}

/** Scopes stand in one text with blanks (RFC 9068) or, with some issuers, in a list. */
function words(scope: unknown): string[] {
  if (typeof scope === 'string') return scope.split(' ').filter((word) => word !== '');
  if (Array.isArray(scope) && scope.every((word) => typeof word === 'string')) return scope;
  throw refuse('The scope of the token is not valid.');
}

function isRole(text: string): text is Role {
  return (ROLES as readonly string[]).includes(text);
}

function refuse(reason: string): AppError {
  return new AppError('unauthenticated', reason);
}
