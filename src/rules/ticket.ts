/** Which state of a ticket can follow which, and what its custom fields may hold. */

import { AppError, type FieldError } from '../errors.ts';
import type { StatusCategory } from './semantics.ts';

/** Closed is final; solved goes back to work by being reopened. Within a category a status may change freely. */
const NEXT = {
  new: ['open', 'pending', 'on_hold', 'solved', 'closed'],
  open: ['pending', 'on_hold', 'solved', 'closed'],
  pending: ['open', 'on_hold', 'solved', 'closed'],
  on_hold: ['open', 'pending', 'solved', 'closed'],
  solved: ['open', 'closed'],
  closed: [],
} as const satisfies Record<StatusCategory, readonly StatusCategory[]>;

/** 409 unless a ticket of the one category can go to the other. */
export function requireTransition(from: StatusCategory, to: StatusCategory): void {
  if (from === 'closed') throw new AppError('ticket_closed', 'A closed ticket stays closed.');
  if (from === to) return;
  if (!(NEXT[from] as readonly StatusCategory[]).includes(to)) {
    throw new AppError('invalid_transition', `A ticket that is ${from} cannot become ${to}.`);
  }
}

export interface CustomFieldRule {
  key: string;
  type: 'text' | 'number' | 'boolean' | 'date' | 'select' | 'multi_select';
  options: readonly { key: string }[];
  /** Empty = every kind. */
  kinds: readonly string[];
  requiredAt: 'create' | 'solve' | null;
}

/** What is wrong with the values for a ticket of this kind; unknown keys, wrong types, missing ones at this step. */
export function checkCustomFields(
  values: Readonly<Record<string, unknown>>,
  rules: readonly CustomFieldRule[],
  kind: string,
  step: 'create' | 'edit' | 'solve',
): FieldError[] {
  const errors: FieldError[] = [];
  const fitting = rules.filter((rule) => rule.kinds.length === 0 || rule.kinds.includes(kind));
  for (const [key, value] of Object.entries(values)) {
    const path = `customFields.${key}`;
    const rule = fitting.find((candidate) => candidate.key === key);
    if (rule === undefined)
      errors.push({ path, message: `No custom field of ${kind} is called ${key}.`, code: 'unknown_key' });
    else if (value !== null && !holds(rule, value))
      errors.push({ path, message: expectation(rule), code: 'invalid_type' });
  }
  for (const { key, requiredAt } of fitting) {
    const isDue = requiredAt === 'create' || (requiredAt === 'solve' && step === 'solve');
    if (isDue && (values[key] === undefined || values[key] === null)) {
      errors.push({ path: `customFields.${key}`, message: 'Required.', code: 'required' });
    }
  }
  return errors;
}

function holds(rule: CustomFieldRule, value: unknown): boolean {
  const isOption = (key: unknown) => rule.options.some((option) => option.key === key);
  switch (rule.type) {
    case 'text':
      return typeof value === 'string' && value.length <= 5000;
    case 'number':
      return typeof value === 'number' && Number.isFinite(value);
    case 'boolean':
      return typeof value === 'boolean';
    case 'date':
      return typeof value === 'string' && isDate(value);
    case 'select':
      return isOption(value);
    case 'multi_select':
      return Array.isArray(value) && value.every(isOption) && new Set(value).size === value.length;
  }
}

function isDate(text: string): boolean {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (match === null) return false;
  const date = new Date(Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3])));
  return date.toISOString().startsWith(text);
}

function expectation({ type, options }: CustomFieldRule): string {
  const keys = options.map(({ key }) => key).join(', ');
  if (type === 'select') return `Expected one of ${keys}.`;
  if (type === 'multi_select') return `Expected a list of different keys out of ${keys}.`;
  return type === 'date' ? 'Expected a date such as 2026-11-24.' : `Expected a ${type}.`;
}
