/** Whether a message is from who it says: pure but for the hashing, and in a time that says nothing of how far it is right. */

import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import type { Signature } from '../../db/tables/integrations.ts';
import type { FieldError } from '../../errors.ts';

/** What came, as it came. */
export interface Message {
  method: string;
  /** As the sender calls it, with host and query. */
  url: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: Buffer;
}

/** Older or newer than this is not taken. Seconds. */
const TOLERANCE = 300;

const STANDARD_SECRET = /^whsec_([A-Za-z0-9+/]+={0,2})$/;

/** What is wrong with a way of signing in itself, and with its secret; at `signature.…` and `secret`. */
export function signatureFaults(signature: Signature, secret: string): FieldError[] {
  const errors: FieldError[] = [];
  const refuse = (path: string, message: string, code: string) => errors.push({ path, message, code });
  const parts = { hmac: ['header', 'algorithm', 'encoding'], token: ['header'] } as const;
  const needed: readonly string[] = parts[signature.scheme as keyof typeof parts] ?? [];
  const allowed: Record<Signature['scheme'], readonly string[]> = {
    standard_webhooks: [],
    hubspot_v3: [],
    token: ['header', 'prefix'],
    hmac: ['header', 'algorithm', 'encoding', 'prefix', 'timestampHeader'],
  };
  for (const [part, value] of Object.entries(signature)) {
    if (part === 'scheme') continue;
    if (value === null && needed.includes(part)) {
      refuse(`signature.${part}`, `${signature.scheme} needs it.`, 'required');
    } else if (value !== null && !allowed[signature.scheme].includes(part)) {
      refuse(`signature.${part}`, `${signature.scheme} has no ${part}.`, 'invalid');
    }
  }
  if (signature.scheme === 'standard_webhooks') {
    const bytes = Buffer.from(STANDARD_SECRET.exec(secret)?.[1] ?? '', 'base64').length;
    if (bytes < 24 || bytes > 64) refuse('secret', 'Expected whsec_ and 24 to 64 bytes in base64.', 'invalid');
  }
  return errors;
}

/** The sender's own name for the message where its way of signing has one, and signs it. */
export function messageId({ scheme }: Signature, { headers }: Message): string | null {
  return scheme === 'standard_webhooks' ? header(headers, 'webhook-id') : null;
}

/** Whether one of the secrets made the signature, and not too long ago. `now`: wall clock, epoch seconds. */
export function isAuthentic(signature: Signature, secrets: readonly string[], message: Message, now: number): boolean {
  const { given, timestamp, signed } = read(signature, message);
  const expected = secrets.map((secret) => expectedOf(signature, secret, signed));
  // Each is compared with each, whatever comes of the others.
  const written = (one: string) => (signature.encoding === 'hex' ? one.toLowerCase() : one);
  const matches = expected.map((one) => given.map((other) => isSame(one, written(other))).includes(true));
  return matches.includes(true) && (timestamp === null || Math.abs(now - timestamp) <= TOLERANCE);
}

interface Reading {
  /** Signatures, or tokens; more than one where the sender rotates its secret. */
  given: string[];
  /** Epoch seconds; NaN for one that cannot be read, null where none is signed. */
  timestamp: number | null;
  signed: (string | Buffer)[];
}

function read(signature: Signature, { method, url, headers, body }: Message): Reading {
  const { prefix } = signature;
  const at = (name: string | null) => header(headers, name ?? '') ?? '';
  if (signature.scheme === 'standard_webhooks') {
    const timestamp = at('webhook-timestamp');
    const given = at('webhook-signature')
      .split(' ')
      .filter((one) => one.startsWith('v1,'));
    return {
      given: given.slice(0, 10).map((one) => one.slice(3)),
      timestamp: secondsOf(timestamp),
      signed: [`${at('webhook-id')}.${timestamp}.`, body],
    };
  }
  if (signature.scheme === 'hubspot_v3') {
    const timestamp = at('x-hubspot-request-timestamp');
    return {
      given: [at('x-hubspot-signature-v3')],
      timestamp: secondsOf(timestamp),
      signed: [`${method}${url}`, body, timestamp],
    };
  }
  const value = at(signature.header);
  const given = prefix === null ? [value] : value.startsWith(prefix) ? [value.slice(prefix.length).trim()] : [''];
  if (signature.timestampHeader === null) return { given, timestamp: null, signed: [body] };
  const timestamp = at(signature.timestampHeader);
  return { given, timestamp: secondsOf(timestamp), signed: [`${timestamp}.`, body] };
}

function expectedOf(signature: Signature, secret: string, signed: (string | Buffer)[]): string {
  if (signature.scheme === 'token') return secret;
  const standard = signature.scheme === 'standard_webhooks';
  const key = standard ? Buffer.from(secret.replace('whsec_', ''), 'base64') : secret;
  const hmac = createHmac(signature.algorithm ?? 'sha256', key);
  for (const part of signed) hmac.update(part);
  return hmac.digest(signature.encoding ?? 'base64');
}

/** Hashes are of one length, so that lengths tell nothing either. */
function isSame(expected: string, given: string): boolean {
  return timingSafeEqual(Buffer.from(hash('sha256', expected)), Buffer.from(hash('sha256', given)));
}

function header(headers: Message['headers'], name: string): string | null {
  const value = headers[name.toLowerCase()];
  const text = Array.isArray(value) ? value[0] : value;
  return text === undefined || text === '' || text.length > 1000 ? null : text;
}

/** Seconds or milliseconds since 1970. */
function secondsOf(text: string): number {
  if (!/^\d{1,14}$/.test(text)) return Number.NaN;
  const number = Number(text);
  return number > 100_000_000_000 ? number / 1000 : number;
}
