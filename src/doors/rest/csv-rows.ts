/** A model as columns of a CSV file, and its rows (RFC 4180): the columns follow from the schema alone, and so never vary. */

import { z } from 'zod';

type Thing = Record<string, unknown>;

export interface CsvColumn {
  /** The path of the field, as in `profile.industry`. */
  name: string;
  cell(row: Thing): string;
}

/** One column per plain field; lists of words are one cell, and so is whatever has names or parts of its own (JSON). */
export function columnsOf(model: z.ZodType, path: readonly string[] = []): CsvColumn[] {
  return Object.entries((model as z.ZodObject).shape as Record<string, z.ZodType>).flatMap(([field, schema]) => {
    const inner = peeled(schema);
    const place = [...path, field];
    if (inner instanceof z.ZodObject) return columnsOf(inner, place);
    const text = inner instanceof z.ZodArray ? (isPlain(inner.element as z.ZodType) ? listed : asJson) : cellOf(inner);
    return [{ name: place.join('.'), cell: (row: Thing) => text(valueAt(row, place)) }];
  });
}

function cellOf(schema: z.ZodType): (value: unknown) => string {
  return isPlain(schema) ? plain : asJson;
}

function peeled(schema: z.ZodType): z.ZodType {
  const { innerType } = schema.def as { innerType?: z.ZodType };
  return innerType === undefined ? schema : peeled(innerType);
}

const PLAIN = new Set(['string', 'number', 'int', 'boolean', 'enum', 'literal']);

function isPlain(schema: z.ZodType): boolean {
  return PLAIN.has(peeled(schema).def.type);
}

function valueAt(row: Thing, path: readonly string[]): unknown {
  return path.reduce((value: unknown, key) => (value as Thing | null | undefined)?.[key], row);
}

function plain(value: unknown): string {
  return value === null || value === undefined ? '' : String(value);
}

/** `a|b`; a bar or backslash within a word stands behind a backslash. */
function listed(value: unknown): string {
  return ((value ?? []) as unknown[]).map((word) => plain(word).replaceAll(/[|\\]/g, '\\$&')).join('|');
}

/** Nothing at all is an empty cell. */
function asJson(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' && Object.keys(value).length === 0 ? '' : JSON.stringify(value);
}

/** The cells as a line. `guarded`: none of them is run by a spreadsheet that opens the file. */
export function csvRow(cells: readonly string[], { guarded = false }: { guarded?: boolean } = {}): string {
  return `${cells.map((cell) => quoted(guarded && isFormula(cell) ? `'${cell}` : cell)).join(',')}\r\n`;
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** Spreadsheets run what begins so, also with full-width signs; a number with its sign and a phone number are none. */
function isFormula(cell: string): boolean {
  return /^[=@\t\r＝＠＋－]/.test(cell) || (/^[+-]/.test(cell) && !/^[+-]\d+(\.\d+)?$/.test(cell));
}
