/** API keys and client secrets: how they are made, how a mistyped one is told without the database, and what is stored. */

import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';

export interface NewKey {
  /** Shown once. */
  key: string;
  /** What is stored: SHA-256, 64 hexadecimal letters. */
  hash: string;
  /** The last four letters, so that people can tell keys apart; they belong to the checksum, not to the secret. */
  hint: string;
}

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 32 bytes and 4 bytes in base62. */
const SECRET_LETTERS = 43;
const CHECKSUM_LETTERS = 6;

const KEY = /^td_[1-9][0-9]{0,9}_[0-9A-Za-z]{49}$/;
/** A key given by configuration has no form of ours, but never a dot: three parts between dots are a JWT. */
const PLAUSIBLE = /^[0-9A-Za-z_-]{16,200}$/;

/** A fresh key `td_<workspace>_<secret><checksum>`, of 256 random bits. */
export function newKey(workspaceNumber: number): NewKey {
  return sealed(`td_${workspaceNumber}_`);
}

/** A fresh secret of an OAuth client, `tdc_<secret><checksum>`. */
export function newClientSecret(): NewKey {
  return sealed('tdc_');
}

/** A presented key -> what to look it up by. Null for what cannot be a key, and for a mistyped or cut `td_` key. */
export function parseKey(text: string): { hash: string } | null {
  if (!PLAUSIBLE.test(text)) return null;
  if (
    text.startsWith('td_') &&
    !(KEY.test(text) && checksum(text.slice(0, -CHECKSUM_LETTERS)) === text.slice(-CHECKSUM_LETTERS))
  )
    return null;
  return { hash: hashKey(text) };
}

/** SHA-256, hexadecimal. Keys are random enough that a slow hash would protect nothing more. */
export function hashKey(text: string): string {
  return hash('sha256', text);
}

/** Whether the presented secret has this hash, in a time that says nothing about how far it is right. */
export function matchesHash(text: string, storedHash: string): boolean {
  const stored = Buffer.from(storedHash, 'hex');
  const given = Buffer.from(hashKey(text), 'hex');
  return stored.length === given.length && timingSafeEqual(stored, given);
}

function sealed(prefix: string): NewKey {
  const body = prefix + base62(BigInt(`0x${randomBytes(32).toString('hex')}`), SECRET_LETTERS);
  const key = body + checksum(body);
  return { key, hash: hashKey(key), hint: key.slice(-4) };
}

/** Over the prefix too, so that a wrong workspace number is noticed as well. */
function checksum(body: string): string {
  return base62(BigInt(crc32(body)), CHECKSUM_LETTERS);
}

function base62(value: bigint, letters: number): string {
  let text = '';
  for (let rest = value; rest > 0n; rest /= 62n) text = BASE62[Number(rest % 62n)] + text;
  return text.padStart(letters, '0');
}
