/** Identities of people (phone, email, WeChat, WeCom, social accounts) in one form each, and how to address a person. */

import { invalid } from '../errors.ts';

/** What an identity is; beside these `social_<platform>`, as in `social_weibo`. */
export const IDENTITY_KIND = /^(phone|email|wechat_openid|wechat_unionid|wecom|social_[a-z0-9][a-z0-9_]{0,31})$/;

export interface Identity {
  kind: string;
  value: string;
}

/**
 * The one form of an identity, so that the same person is found however it was written. Throws `validation_failed`
 * (422) naming `path` for what cannot be one. `timeZone` is the workspace's: it tells where a number without its
 * country calling code may come from.
 */
export function normaliseIdentity({ kind, value }: Identity, timeZone: string, path: string): Identity {
  const text = value.trim();
  if (kind === 'phone') return { kind, value: phoneNumber(text, timeZone, path) };
  if (kind === 'email') return { kind, value: emailAddress(text, path) };
  if (!/^[^\s\p{C}]{1,128}$/u.test(text)) throw invalid(path, 'Expected 1 to 128 characters without spaces.');
  return { kind, value: text };
}

/** All of them, in order; `path` is of the list. */
export function normaliseIdentities(list: readonly Identity[], timeZone: string, path: string): Identity[] {
  return list.map((identity, index) => normaliseIdentity(identity, timeZone, `${path}.${index}.value`));
}

/** Each once: the same number written in two ways is one identity. */
export function distinctIdentities(list: readonly Identity[]): Identity[] {
  return [...new Map(list.map((identity) => [identityKey(identity), identity])).values()];
}

export function identityKey({ kind, value }: Identity): string {
  return `${kind}:${value}`;
}

/** ITU-T E.164: at most 15 digits, the first one not 0. Shorter than 7 is a short code of one network or another. */
const E164 = /^[1-9]\d{6,14}$/;
const CHINESE_MOBILE = /^1[3-9]\d{9}$/;
const MAINLAND_CHINA: ReadonlySet<string> = new Set(['Asia/Shanghai']);

function phoneNumber(text: string, timeZone: string, path: string): string {
  const plain = text
    .normalize('NFKC')
    // `+44 (0)20 …`: the 0 is dialled inside the country alone.
    .replace(/^((?:\+|00)[\d\s\p{Pd}]*)\(0\)/u, '$1')
    .replaceAll(/[\s\p{Pd}()]/gu, '');
  const international = /^(?:\+|00)(\d+)$/.exec(plain)?.[1];
  if (international !== undefined) {
    if (E164.test(international)) return `+${international}`;
    throw invalid(path, 'Expected 7 to 15 digits after the +, the first one not 0.');
  }
  if (MAINLAND_CHINA.has(timeZone)) {
    if (CHINESE_MOBILE.test(plain)) return `+86${plain}`;
    // The + of a query string is read as a space.
    if (plain.startsWith('86') && CHINESE_MOBILE.test(plain.slice(2))) return `+${plain}`;
  }
  throw invalid(path, 'Expected a phone number with + and its country calling code, such as +8613800138000.');
}

function emailAddress(text: string, path: string): string {
  const plain = text.normalize('NFKC').toLowerCase();
  if (plain.length <= 254 && /^[^\s\p{C}@<>()",;:]+@[^\s\p{C}@<>()",;:]+\.[^\s\p{C}@<>()",;:.]+$/u.test(plain)) {
    return plain;
  }
  throw invalid(path, 'Expected an email address such as li.min@example.com.');
}

/** What an identity is searched by: a Chinese mobile number also without its country calling code. */
export function identityWords({ kind, value }: Identity): string {
  const national = kind === 'phone' && value.startsWith('+86') ? value.slice(3) : null;
  return national === null ? value : `${value} ${national}`;
}

/** How to address somebody: 王女士, Dr. Brown. Null when neither name nor honorific is known. */
export function salutation(familyName: string | null, honorific: string | null, language: string): string | null {
  const isChinese = /^zh(-|$)/i.test(language);
  const parts = (isChinese ? [familyName, honorific] : [honorific, familyName]).filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join(isChinese ? '' : ' ');
}
