/** What a caller sent -> the input an operation works with; every fault by its path. */

import { z } from 'zod';
import { AppError, type FieldError } from './errors.ts';

/** The half of an operation that says what it takes. */
interface InputSchema {
  input: z.ZodObject;
  check?: (input: never) => FieldError[];
}

/**
 * The input as the operation wants it; 422 with every field that is wrong, 404 for what is unreadable in the path
 * (`inPath`: the parameters that stand there).
 */
export function readInput(schema: InputSchema, inPath: readonly string[], raw: Record<string, unknown>): never {
  const unreadable = findUnstorable(raw, '');
  if (unreadable !== null) {
    const code = inPath.includes(unreadable.path) ? 'not_found' : 'validation_failed';
    throw new AppError(code, code === 'not_found' ? 'No such thing.' : unreadable.message, [unreadable]);
  }
  const parsed = schema.input.safeParse(raw);
  if (!parsed.success) {
    const lost = parsed.error.issues.find((issue) => inPath.includes(String(issue.path[0])));
    const errors = fieldErrors(parsed.error, raw);
    if (lost !== undefined)
      throw new AppError(
        'not_found',
        'No such thing.',
        errors.filter((e) => e.path === lost.path.join('.')),
      );
    throw new AppError('validation_failed', errors[0]!.message, errors);
  }
  const errors = schema.check?.(parsed.data as never) ?? [];
  if (errors.length > 0) throw new AppError('validation_failed', errors[0]!.message, errors);
  return parsed.data as never;
}

/** zod's issues as the API says them: one per field, unknown fields by name. */
function fieldErrors(error: z.ZodError, input: unknown): FieldError[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      // A schema may say in its own words where a field belongs instead.
      const own = issue.keys.length === 1 && !issue.message.startsWith('Unrecognized') ? issue.message : null;
      return issue.keys.map((key) => ({
        path: [...issue.path, key].join('.'),
        message: own ?? `Unknown field ${key}.`,
        code: 'unknown_field',
      }));
    }
    if (issue.code === 'invalid_union') {
      // Of the alternatives, the one that got furthest says best what is wrong; one of another type altogether, least.
      const reach = ([first]: z.core.$ZodIssue[]) =>
        first === undefined || (first.code === 'invalid_type' && first.path.length === 0) ? -1 : first.path.length;
      const deepest = issue.errors.toSorted((a, b) => reach(b) - reach(a))[0] ?? [];
      const issues = deepest.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
      return fieldErrors(new z.ZodError(issues), input);
    }
    const missing = issue.code === 'invalid_type' && valueAt(input, issue.path) === undefined;
    return [
      {
        path: issue.path.join('.'),
        message: missing ? 'Required.' : issue.message,
        code: missing ? 'required' : issue.code === 'custom' ? 'invalid' : issue.code,
      },
    ];
  });
}

function valueAt(input: unknown, path: PropertyKey[]): unknown {
  return path.reduce((value, key) => (value as Record<PropertyKey, unknown> | null | undefined)?.[key], input);
}

/** Deeper than anything an operation takes; what is deeper is not worth a walk. */
const DEEPEST = 32;

/** PostgreSQL stores neither U+0000 nor half a surrogate pair: refused here once, for every string of every input. */
function findUnstorable(value: unknown, path: string, depth = 0): FieldError | null {
  if (typeof value === 'string') {
    if (value.includes('\u0000')) return { path, message: 'U+0000 cannot be stored.', code: 'invalid_character' };
    if (!value.isWellFormed())
      return { path, message: 'Half a surrogate pair cannot be stored.', code: 'invalid_character' };
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  if (depth > DEEPEST) return { path, message: 'Nested too deeply.', code: 'too_deep' };
  for (const [key, inner] of Object.entries(value)) {
    const here = path === '' ? key : `${path}.${key}`;
    const found = findUnstorable(inner, here, depth + 1) ?? (Array.isArray(value) ? null : findUnstorable(key, path));
    if (found !== null) return found;
  }
  return null;
}
