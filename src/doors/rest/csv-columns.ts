/** The columns of a CSV file, as the schema of a line knows them: `profile.industry` is a field within a field. */

import { z } from 'zod';
import { AppError, type FieldError } from '../../errors.ts';

type Thing = Record<string, unknown>;

interface Column {
  path: string[];
  /** What a cell says. */
  say(cell: string): unknown;
  /** Adds to a list: `identities.phone` is one of `{ kind: phone, value }`. */
  kind?: string;
}

/**
 * The header -> what a record says. 422 naming every column that is no field of a line. Lists are one cell, their parts
 * joined by `|` (`\|` within one); `identities.phone` makes an identity of the kind phone; whatever has names or parts of its
 * own can be JSON. Empty cells are left out: nothing can be emptied by CSV.
 */
export function readerOf(schema: z.ZodType, header: readonly string[]): (cells: string[]) => Thing {
  const errors: FieldError[] = [];
  const columns = header.map((text, index): Column | null => {
    const name = text.trim();
    const refuse = (message: string, code: string) => {
      errors.push({ path: name, message, code });
      return null;
    };
    if (name === '') return refuse(`Column ${index + 1} has no name.`, 'required');
    if (header.findIndex((other) => other.trim() === name) < index)
      return refuse('This column stands twice.', 'duplicate');
    return columnOf(schema, name.split('.'), []) ?? refuse(`There is no field ${name}.`, 'unknown_field');
  });
  if (errors.length > 0) throw new AppError('validation_failed', errors[0]!.message, errors);
  return (cells) => {
    const line: Thing = {};
    cells.forEach((cell, index) => {
      if (cell.trim() !== '') put(line, columns[index]!, withoutGuard(cell));
    });
    return line;
  };
}

/** Spreadsheets run what begins with these letters: an export for them puts an apostrophe in front. */
function withoutGuard(cell: string): string {
  return /^'[=+\-@\t\r＝＋－＠]/.test(cell) ? cell.slice(1) : cell;
}

function put(line: Thing, { path, say, kind }: Column, cell: string): void {
  let place = line;
  for (const name of path.slice(0, -1)) {
    place[name] ??= {};
    place = place[name] as Thing;
  }
  const last = path.at(-1)!;
  const value = say(cell);
  if (kind === undefined) place[last] = value;
  else
    place[last] = [...((place[last] as unknown[]) ?? []), ...(value as string[]).map((one) => ({ kind, value: one }))];
}

/** The column at this path of the schema; null when there is none. */
function columnOf(schema: z.ZodType, path: readonly string[], above: string[]): Column | null {
  const inner = peeled(schema);
  const [name, ...below] = path;
  if (name === undefined) return { path: above, say: cellReader(inner) };
  if (inner instanceof z.ZodObject) {
    const field = Object.hasOwn(inner.shape, name) ? (inner.shape[name] as z.ZodType) : null;
    return field === null ? null : columnOf(field, below, [...above, name]);
  }
  if (inner instanceof z.ZodRecord) {
    const isKey = (inner.keyType as z.ZodType).safeParse(name).success && name !== '__proto__';
    return isKey && below.length === 0 ? columnOf(inner.valueType as z.ZodType, below, [...above, name]) : null;
  }
  if (inner instanceof z.ZodArray && below.length === 0) return columnOfKind(inner.element as z.ZodType, name, above);
  return null;
}

/** A list of kinds and values, told by the kind. */
function columnOfKind(element: z.ZodType, kind: string, above: string[]): Column | null {
  const shape = element instanceof z.ZodObject ? (element.shape as Record<string, z.ZodType>) : {};
  if (Object.keys(shape).join() !== 'kind,value' || !shape['kind']!.safeParse(kind).success) return null;
  return { path: above, say: parts, kind };
}

function peeled(schema: z.ZodType): z.ZodType {
  const { innerType, in: before } = schema.def as { innerType?: z.ZodType; in?: z.ZodType };
  const inner = innerType ?? before;
  return inner === undefined ? schema : peeled(inner);
}

function cellReader(schema: z.ZodType): (cell: string) => unknown {
  switch (schema.def.type) {
    case 'number':
    case 'int':
      return number;
    case 'boolean':
      return (cell) => (/^(true|false)$/i.test(cell.trim()) ? cell.trim().toLowerCase() === 'true' : cell);
    case 'array':
      return /^(string|enum)$/.test(peeled((schema as z.ZodArray).element as z.ZodType).def.type) ? parts : json;
    case 'object':
    case 'record':
      return json;
    default:
      return (cell) => cell;
  }
}

/** What is no number stays as it is, for the schema to refuse. */
function number(cell: string): unknown {
  const value = Number(cell);
  return Number.isFinite(value) ? value : cell;
}

function json(cell: string): unknown {
  try {
    return JSON.parse(cell);
  } catch {
    return cell;
  }
}

/** `a|b`; a bar or backslash within a part stands behind a backslash. */
function parts(cell: string): string[] {
  const found = [...cell.matchAll(/(?:\\[|\\]|[^|])+/g)].map(([part]) => part.replaceAll(/\\([|\\])/g, '$1').trim());
  return found.filter((part) => part !== '');
}
