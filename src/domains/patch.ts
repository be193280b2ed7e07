/** What a patch does to a row: JSON Merge Patch (RFC 7396) of a flat map, and which fields really change. */

import { isDeepStrictEqual } from 'node:util';

/** The map with the patch over it; null takes a name away. */
export function mergeMap<V>(
  before: Readonly<Record<string, V>>,
  patch: Readonly<Record<string, V | null | undefined>>,
): Record<string, V> {
  const merged = new Map<string, V>(Object.entries(before));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else if (value !== undefined) merged.set(name, value);
  }
  return Object.fromEntries(merged);
}

/** All of a thing's fields: those that are given, and the defaults of the others. */
export function withDefaults<F>(defaults: Partial<F>, given: Readonly<Record<string, unknown>>): F {
  const fields: Record<string, unknown> = { ...defaults };
  for (const [name, value] of Object.entries(given)) if (value !== undefined) fields[name] = value;
  return fields as F;
}

/** Names of the patch whose values differ from the row's; the order of a map's names does not count. */
export function changedNames(
  row: Readonly<Record<string, unknown>>,
  patch: Readonly<Record<string, unknown>>,
): string[] {
  return Object.keys(patch).filter((name) => patch[name] !== undefined && !isDeepStrictEqual(row[name], patch[name]));
}
