/** Words that every domain uses: ids, keys, instants, durations, pages, names in other systems. */

import { z } from 'zod';
import { ID_PREFIXES, type IdKind, idPattern } from '../ids.ts';
import type { Instant } from '../rules/calendar.ts';

/** Epoch seconds -> RFC 3339 in UTC, whole seconds. */
export function iso(at: Instant): string {
  return `${new Date(at * 1000).toISOString().slice(0, 19)}Z`;
}

export function isoOrNull(at: Instant | null): string | null {
  return at === null ? null : iso(at);
}

/** Words the doors read beside the type: which scalar a field is in GraphQL. */
declare module 'zod' {
  interface GlobalMeta {
    /** The GraphQL scalar of this field, when it is not plain. */
    scalar?: 'ID' | 'DateTime' | 'Duration' | 'Date' | 'Seconds' | 'JSON';
  }
}

/** A TypeID of this kind. */
export function zId(kind: IdKind) {
  return z
    .string()
    .regex(idPattern(kind), `Expected an id that begins with ${ID_PREFIXES[kind]}_.`)
    .meta({ scalar: 'ID', examples: [`${ID_PREFIXES[kind]}_01k9zv3m5qe8w9y2f4h6j8m0n1`] });
}

const CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'));

/** A currency that there is. */
export const zCurrency = z
  .string()
  .regex(/^[A-Z]{3}$/, 'Expected an ISO 4217 code such as CNY.')
  .refine((code) => CURRENCIES.has(code), 'No currency has this code of ISO 4217.')
  .meta({ examples: ['CNY'] });

/** A name the workspace gives itself: lower case letters, digits, `_` and `-`, 1 to 64. */
export const zKey = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9_-]{0,63}$/,
    'Expected lower case letters, digits, _ or -, at most 64, beginning with a letter or digit.',
  )
  .meta({ examples: ['core'] });

/** Text of 1 to `max` characters, trimmed. */
export function zText(max: number) {
  return z.string().trim().min(1).max(max);
}

const EARLIEST = 0;
const LATEST = Date.UTC(2200, 0, 1) / 1000;

/** RFC 3339, which allows `t` and `z` in lower case. */
const RFC_3339 = new RegExp(z.regexes.datetime({ offset: true }).source, 'i');

/** RFC 3339 with any offset in -> epoch seconds; fractions of a second are dropped. 1970 to 2200. */
export const zInstant = z
  .stringFormat('date-time', RFC_3339, 'Expected an RFC 3339 instant such as 2026-11-24T10:00:00Z.')
  .transform((text) => Math.floor(Date.parse(text.toUpperCase()) / 1000))
  .refine((at) => at >= EARLIEST && at <= LATEST, 'Expected an instant from 1970 to 2200.')
  .meta({ scalar: 'DateTime', examples: ['2026-11-24T10:00:00Z'] });

/** An instant in an answer: UTC, whole seconds. */
export const zIsoInstant = z.iso.datetime().meta({ scalar: 'DateTime', examples: ['2026-11-24T10:00:00Z'] });

/** An ISO 8601 duration of days, hours, minutes and seconds -> seconds; a day is 24 hours. */
export const zDuration = z
  .string()
  .regex(
    /^P(?=\d|T\d)(\d{1,6}D)?(T(?=\d)(\d{1,7}H)?(\d{1,9}M)?(\d{1,10}S)?)?$/,
    'Expected a duration such as P1D or PT1H30M.',
  )
  .transform((text) => {
    const part = (letter: string) => Number(new RegExp(`(\\d+)${letter}`).exec(text)?.[1] ?? 0);
    return part('D') * 86_400 + part('H') * 3600 + part('M') * 60 + part('S');
  })
  .meta({ scalar: 'Duration', examples: ['PT24H'] });

/** 90061 -> P1DT1H1M1S; a day is 24 hours. */
export function isoDuration(seconds: number): string {
  const parts = (list: [number, string][]) =>
    list.map(([count, letter]) => (count === 0 ? '' : `${count}${letter}`)).join('');
  const days = parts([[Math.floor(seconds / 86_400), 'D']]);
  const time = parts([
    [Math.floor(seconds / 3600) % 24, 'H'],
    [Math.floor(seconds / 60) % 60, 'M'],
    [seconds % 60, 'S'],
  ]);
  if (seconds === 0) return 'PT0S';
  return time === '' ? `P${days}` : `P${days}T${time}`;
}

/** An IANA time zone. */
export const zTimeZone = z
  .string()
  .max(64)
  .refine(isTimeZone, 'Expected an IANA time zone such as Asia/Shanghai.')
  .meta({ examples: ['Asia/Shanghai'] });

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return !/^[+-]/.test(name);
  } catch {
    return false;
  }
}

/** BCP 47, as in `zh-CN`. */
export const zLanguageTag = z
  .string()
  .regex(/^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8}){0,3}$/, 'Expected a language tag such as zh-CN.')
  .meta({ examples: ['zh-CN'] });

export const zTags = z.array(zText(64)).max(50);

/** Names in other systems, as in `{"crm": "42"}`; one name belongs to one thing of the workspace. */
export const zExternalIds = z
  .record(zKey, zText(200))
  .refine((value) => Object.keys(value).length <= 20, 'At most 20 external ids.')
  .meta({ scalar: 'JSON', examples: [{ crm: '42' }] });

/** A merge patch of them: null takes a name away. */
export const zExternalIdsPatch = z
  .record(zKey, zText(200).nullable())
  .refine((value) => Object.keys(value).length <= 20, 'At most 20 external ids.')
  .meta({ scalar: 'JSON', examples: [{ crm: '42', old_crm: null }] });

export const zExternalName = z
  .strictObject({
    system: zKey.describe('The other system.'),
    value: zText(200).describe('Its name for the thing.'),
  })
  .meta({ id: 'ExternalName', description: 'What another system calls something.' });

/** A line of a bulk upsert is a body of the single one, which its names in other systems stand for the path of. */
export const zNamedLine = {
  externalIds: zExternalIdsPatch.describe(
    'Names in other systems, at least one: by it the thing is known again. null takes a name away.',
  ),
  system: zKey.optional().describe('Which of several names the thing is known by; needed only then.'),
};

/** The longest page. */
export const MOST_ITEMS = 200;

/** How lists are asked for, in both doors. */
export const zPaging = {
  limit: z.int().min(1).max(MOST_ITEMS).default(50).describe('How many, 1 to 200.'),
  cursor: z.string().max(500).optional().describe('nextCursor of the page before.'),
};

export const zUpdatedAfter = zInstant
  .optional()
  .describe('Only what changed at or after this instant, oldest change first; deleted ones are listed in `deleted`.');

/** Who wrote: `version` is the ETag. */
export const zStamps = {
  version: z.int().describe('Moves with every edit; the ETag.'),
  createdAt: zIsoInstant.describe('When it was made.'),
  updatedAt: zIsoInstant.describe('When it last changed.'),
};

export const zDeleted = z
  .object({ id: z.string().describe('Id or key of what was deleted.'), deletedAt: zIsoInstant.describe('When.') })
  .meta({ id: 'Deleted', description: 'What is gone.' });

/** A page of a list. `deleted` is there only with `updatedAfter`. */
export function zPage<T extends z.ZodType>(item: T) {
  return z.object({
    data: z.array(item),
    nextCursor: z.string().nullable().describe('Ask for the next page with this; null on the last one.'),
    deleted: z.array(zDeleted).optional(),
  });
}

/**
 * An object of which every field that may be left out may be null as well, which is the same: so answers of GraphQL, which
 * know no missing fields, can be given back.
 */
export function zGivenBack(fields: Record<string, z.ZodType>, meta: { id: string; description: string }) {
  const taken = Object.entries(fields).map(([name, schema]) => {
    if (!(schema instanceof z.ZodOptional)) return [name, schema];
    return [name, (schema.unwrap() as z.ZodType).nullish().meta(schema.meta() ?? {})];
  });
  return z
    .strictObject(Object.fromEntries(taken) as Record<string, z.ZodType>)
    .meta(meta)
    .transform((said) => Object.fromEntries(Object.entries(said).filter(([, value]) => value !== null)));
}

/** Every field optional and without its default: what is left out stays as it is. */
export function patchOf(fields: Record<string, z.ZodType>): Record<string, z.ZodType> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, schema]) => {
      let inner = schema;
      for (;;) {
        const def = inner.def as unknown as { type: string; innerType?: z.ZodType };
        if (def.innerType === undefined || !['optional', 'default', 'prefault'].includes(def.type)) break;
        inner = def.innerType;
      }
      const description = schema.meta()?.description ?? inner.meta()?.description ?? '';
      return [name, inner.optional().describe(description as string)];
    }),
  );
}
