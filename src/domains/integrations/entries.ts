/** What a mapping gives, read as entries: inputs of the upserts of customers, contacts and activities. */

import type { BatchOperation } from '../../bulk.ts';
import { AppError, type FieldError } from '../../errors.ts';
import { readInput } from '../../input.ts';
import { upsertActivityByExternalId } from '../activities/upsert.ts';
import { upsertCustomerByExternalId } from '../customers/upsert.ts';
import { upsertContactByExternalId } from '../customers/upsert-contact.ts';
import { type MappedResource, RESOURCES } from './model.ts';

/** In the order in which they are saved: who is named stands before who names them. */
export const TARGETS = {
  customers: upsertCustomerByExternalId,
  contacts: upsertContactByExternalId,
  activities: upsertActivityByExternalId,
} as unknown as Record<MappedResource, BatchOperation>;

/** More are no message, but an import. */
const MOST_ENTRIES = 500;
/** Where an entry names others by what the other system calls them. */
const REFERENCES = ['customerExternalId', 'contactExternalId'];

export interface MappedEntry {
  resource: MappedResource;
  /** Its place among those of its resource, from 0. */
  index: number;
  /** As the mapping gave it, with its system. */
  given: Record<string, unknown>;
  /** As the operation takes it, and by which names it must not stand beside another; or what is wrong with it. */
  read: { input: Record<string, unknown>; names: string[] } | { errors: FieldError[] };
}

/**
 * The entries of a result (JSON; null for none), customers first. 422 at `mapping` when it is nothing of the kind, or too
 * much; what is wrong with one entry stands in that entry.
 */
export function entriesOf(result: string | null, system: string): MappedEntry[] {
  const mapped: unknown = result === null ? null : JSON.parse(result);
  if (mapped === null) return [];
  if (!isPlain(mapped)) throw strange('Expected an object with customers, contacts and activities.');
  const unknown = Object.keys(mapped).find((name) => !(RESOURCES as readonly string[]).includes(name));
  if (unknown !== undefined)
    throw strange(`It gives ${unknown.slice(0, 50)}; there are customers, contacts and activities.`);
  const entries = RESOURCES.flatMap((resource) =>
    listOf(mapped[resource]).map((item, index) => readEntry(resource, index, item, system)),
  );
  if (entries.length > MOST_ENTRIES) throw strange(`It gives ${entries.length} entries; ${MOST_ENTRIES} are the most.`);
  return entries;
}

/** JSONata makes no difference between one thing and a list of one. */
function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
}

function readEntry(resource: MappedResource, index: number, item: unknown, system: string): MappedEntry {
  if (!isPlain(item)) {
    const message = 'Expected an object.';
    return { resource, index, given: {}, read: { errors: [{ path: '', message, code: 'invalid_type' }] } };
  }
  const given: Record<string, unknown> = { system, ...item };
  for (const name of REFERENCES) {
    const reference = given[name];
    if (isPlain(reference)) given[name] = { system, ...reference };
  }
  const operation = TARGETS[resource];
  try {
    const input = readInput(operation, [], given) as Record<string, unknown>;
    return { resource, index, given, read: { input, names: operation.batch.names(input) } };
  } catch (error) {
    return { resource, index, given, read: { errors: errorsOf(error) } };
  }
}

/** Why something was refused, by field; what is no refusal is thrown on. */
export function errorsOf(error: unknown): FieldError[] {
  if (!(error instanceof AppError)) throw error;
  return error.errors.length > 0 ? error.errors : [{ path: '', message: error.message, code: error.code }];
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function strange(message: string): AppError {
  return new AppError('validation_failed', message, [{ path: 'mapping', message, code: 'unexpected_result' }]);
}
