/** Collects what is wrong with a definition, so that one answer names every fault by its field path. */

import { AppError, type ErrorCode, type FieldError } from '../errors.ts';

export type Faults = FieldError[];

export function fault(faults: Faults, path: string, message: string, code = 'invalid'): void {
  faults.push({ path, message, code });
}

/** What can be wrong with a definition: one among its other faults. */
const COLLECTED: readonly ErrorCode[] = ['validation_failed', 'calendar_never_open'];

/** What `compile` returns; undefined, with its faults collected, when it throws what can be wrong with a definition. */
export function collecting<T>(faults: Faults, compile: () => T): T | undefined {
  try {
    return compile();
  } catch (error) {
    if (!(error instanceof AppError) || !COLLECTED.includes(error.code)) throw error;
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

/** Throws what was collected, if anything was: all of it as `validation_failed`, a calendar that never opens alone as itself. */
export function refuse(faults: Faults, message: string): void {
  const [first, ...more] = faults;
  if (first === undefined) return;
  const isNeverOpen = first.code === 'calendar_never_open' && more.length === 0;
  if (isNeverOpen) throw new AppError('calendar_never_open', first.message, faults);
  throw new AppError('validation_failed', message, faults);
}
