/** Column types shared by the tables: a TypeID over uuid, an instant in epoch seconds over timestamptz, and PostgreSQL's own. */

import { bigint, customType, integer } from 'drizzle-orm/pg-core';
import { decodeId, encodeId, type IdKind } from '../ids.ts';

/** uuid in the database, TypeID everywhere above it. */
export function id(kind: IdKind) {
  return customType<{ data: string; driverData: string }>({
    dataType: () => 'uuid',
    toDriver: (value) => decodeId(kind, value),
    fromDriver: (value) => encodeId(kind, value),
  })();
}

/** uuid[] in the database, TypeIDs above it. */
export function ids(kind: IdKind) {
  return customType<{ data: string[]; driverData: string[] | string }>({
    dataType: () => 'uuid[]',
    toDriver: (values) => values.map((value) => decodeId(kind, value)),
    fromDriver: (value) =>
      (typeof value === 'string' ? parseArray(value) : value).map((uuid: string) => encodeId(kind, uuid)),
  })();
}

/** timestamptz(0) in the database, whole epoch seconds above it. The session's zone is UTC, so the text always ends in +00. */
export const instant = customType<{ data: number; driverData: string }>({
  dataType: () => 'timestamptz(0)',
  toDriver: (seconds) => new Date(seconds * 1000).toISOString(),
  fromDriver: parseInstant,
});

/** An array of instants. */
export const instants = customType<{ data: number[]; driverData: string[] | string }>({
  dataType: () => 'timestamptz(0)[]',
  toDriver: (values) => values.map((seconds) => new Date(seconds * 1000).toISOString()),
  fromDriver: (value) =>
    (typeof value === 'string' ? parseArray(value) : value).map((text) => parseInstant(text.replaceAll('"', ''))),
});

/** text[], also when the driver hands the array over as text. */
export const texts = customType<{ data: string[] }>({ dataType: () => 'text[]' });

/** Search lexemes, written as text (see rules/search.ts), never read. */
export const tsvector = customType<{ data: string }>({ dataType: () => 'tsvector' });

/** A transaction's number, read as text. */
export const xid8 = customType<{ data: string }>({ dataType: () => 'xid8' });

/** What every workspace-owned table begins with. */
export const workspaceId = () => integer().notNull();

/** The ETag: moves with what people edit. */
export const version = () => integer().notNull().default(1);

export const bigintNumber = () => bigint({ mode: 'number' });

/** `2026-11-24 10:33:36+00` -> epoch seconds. */
function parseInstant(text: string): number {
  const at = Date.UTC(
    Number(text.slice(0, 4)),
    Number(text.slice(5, 7)) - 1,
    Number(text.slice(8, 10)),
    Number(text.slice(11, 13)),
    Number(text.slice(14, 16)),
    Number(text.slice(17, 19)),
  );
  return at / 1000;
}

function parseArray(text: string): string[] {
  const inner = text.slice(1, -1);
  return inner === '' ? [] : inner.split(',');
}
