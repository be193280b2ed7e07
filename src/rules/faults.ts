/** Collects what is wrong with a definition, so that one answer names every fault by its field path. */

import { AppError, type FieldError } from '../errors.ts';

export type Faults = FieldError[];

export function fault(faults: Faults, path: string, message: string, code = 'invalid'): void {
  faults.push({ path, message, code });
}

/** What `compile` returns; undefined, with its faults collected, when it throws `validation_failed`. */
export function collecting<T>(faults: Faults, compile: () => T): T | undefined {
  try {
    return compile();
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'validation_failed') throw error;
    faults.push(...error.errors);
    return undefined;
  }
}

/** Whether `list` is an array; a fault when it is not. */
export function isList(faults: Faults, path: string, list: unknown): list is readonly unknown[] {
  if (Array.isArray(list)) return true;
  fault(faults, path, 'A list is expected.');
  return false;
}

/** Whether `value` is one of `known`; a fault when it is not. */
export function isKnown(faults: Faults, path: string, value: unknown, known: readonly unknown[]): boolean {
  if (known.includes(value)) return true;
  fault(faults, path, `${String(value)} is none of ${known.join(', ')}.`, 'unknown_value');
  return false;
}
