/** TypeIDs: `tkt_01jd…`, a prefix that says what it is and a UUIDv7 in Crockford base32 (TypeID specification 0.3). */

import { uuidv7obj } from 'uuidv7';

/** The prefixes of the API, one per kind of resource. */
export const ID_PREFIXES = {
  workspace: 'ws',
  key: 'key',
  client: 'cli',
  agent: 'agt',
  team: 'team',
  customer: 'cus',
  contact: 'con',
  tier: 'tier',
  calendar: 'cal',
  policy: 'pol',
  problemType: 'pty',
  customField: 'fld',
  status: 'sts',
  ticket: 'tkt',
  message: 'msg',
  clock: 'clk',
  surveyTemplate: 'svy',
  invitation: 'inv',
  answer: 'ans',
  event: 'evt',
  notification: 'ntf',
  delivery: 'dlv',
  job: 'job',
  activity: 'act',
  tierReview: 'rev',
  tierSample: 'smp',
  integration: 'int',
  receipt: 'rcp',
  webhook: 'whk',
  needRule: 'ndr',
  option: 'opt',
  task: 'task',
  followUp: 'fup',
  callback: 'cbk',
  feedback: 'fbk',
  escalation: 'esc',
  incident: 'inc',
  routingRule: 'rtr',
  absence: 'abs',
  article: 'art',
  replyTemplate: 'tpl',
  extra: 'xtr',
  attachment: 'att',
} as const;

export type IdKind = keyof typeof ID_PREFIXES;

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
/** Two letters for every number of 10 bits: ids are written and read in steps of 20 bits, which a double holds exactly. */
const PAIRS = Array.from({ length: 1024 }, (_, number) => ALPHABET[number >> 5]! + ALPHABET[number & 31]!);
const VALUES = new Uint8Array(128);
for (let value = 0; value < 32; value++) VALUES[ALPHABET.charCodeAt(value)] = value;

/** The kind -> the pattern its ids match; the first letter is at most 7, since 26 letters hold 130 bits. */
export function idPattern(kind: IdKind): RegExp {
  return new RegExp(`^${ID_PREFIXES[kind]}_[0-7][0-9a-hjkmnp-tv-z]{25}$`);
}

const PATTERNS = new Map((Object.keys(ID_PREFIXES) as IdKind[]).map((kind) => [kind, idPattern(kind)]));

export function isId(kind: IdKind, text: string): boolean {
  return PATTERNS.get(kind)!.test(text);
}

/** A fresh id; ids of one process sort in the order they were made. */
export function newId(kind: IdKind): string {
  return encodeId(kind, uuidv7obj().toHex());
}

/** UUID (with or without dashes) -> TypeID. */
export function encodeId(kind: IdKind, uuid: string): string {
  const hex = uuid.length === 36 ? uuid.replaceAll('-', '') : uuid;
  let text = `${ID_PREFIXES[kind]}_${PAIRS[Number.parseInt(hex.slice(0, 2), 16)]}`;
  for (let at = 2; at < 32; at += 5) {
    const bits = Number.parseInt(hex.slice(at, at + 5), 16);
    text += PAIRS[bits >> 10]! + PAIRS[bits & 1023]!;
  }
  return text;
}

/** TypeID -> UUID with dashes. The text must match `idPattern(kind)`. */
export function decodeId(kind: IdKind, text: string): string {
  if (!isId(kind, text)) throw new TypeError(`Not an id of kind ${kind}.`);
  const from = ID_PREFIXES[kind].length + 1;
  const value = (letter: number) => VALUES[text.charCodeAt(from + letter)]!;
  let hex = ((value(0) << 5) | value(1)).toString(16).padStart(2, '0');
  for (let letter = 2; letter < 26; letter += 4) {
    const bits = (value(letter) << 15) | (value(letter + 1) << 10) | (value(letter + 2) << 5) | value(letter + 3);
    hex += bits.toString(16).padStart(5, '0');
  }
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** The kind of an id, by its prefix; null when it is none of ours. */
export function kindOfId(text: string): IdKind | null {
  for (const [kind, pattern] of PATTERNS) if (pattern.test(text)) return kind;
  return null;
}
