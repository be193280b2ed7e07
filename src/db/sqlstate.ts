/** What a database error means to a caller: by SQLSTATE and the constraint's name, never by the message's text. */

import pg from 'pg';
import { AppError, type ErrorCode } from '../errors.ts';

/** Constraints a caller can run into, by name. The rest of the unique ones are lost races. */
export const CONSTRAINTS: Record<string, { code: ErrorCode; detail: string; path?: string }> = {
  agents_email_key: { code: 'already_exists', detail: 'Another agent has this email.', path: 'email' },
  teams_name_key: { code: 'already_exists', detail: 'Another team has this name.', path: 'name' },
  custom_fields_key_key: { code: 'already_exists', detail: 'Another field has this key.', path: 'key' },
  tiers_key_key: { code: 'already_exists', detail: 'Another tier has this key.', path: 'key' },
  calendars_key_key: { code: 'already_exists', detail: 'Another calendar has this key.', path: 'key' },
  policies_key_key: { code: 'already_exists', detail: 'Another policy has this key.', path: 'key' },
  survey_templates_key_key: { code: 'already_exists', detail: 'Another survey has this key.', path: 'key' },
};

interface DriverError {
  code?: string;
  constraint?: string;
  message?: string;
}

/** Drizzle wraps what the driver throws: the SQLSTATE is on a cause. */
function driverError(error: unknown): DriverError | null {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (current instanceof pg.DatabaseError) return current as DriverError;
    const { code } = current as DriverError;
    if (typeof code === 'string' && /^(E[A-Z]+|[0-9A-Z]{5})$/.test(code)) return current as DriverError;
    // The pool's own words for these two have no code.
    if (
      /^(timeout exceeded when trying to connect|Connection terminated|Cannot use a pool after)/.test(current.message)
    ) {
      return { code: '08006' };
    }
  }
  return null;
}

const AWAY = /^(08|57P0[1-3]|53300|57014|ECONN|ETIMEDOUT|EPIPE|ENOENT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN)/;

/** The AppError a database error stands for, or null when it is unexpected. */
export function toAppError(error: unknown): AppError | null {
  const driver = driverError(error);
  if (driver?.code === undefined) return null;
  if (AWAY.test(driver.code)) return new AppError('unavailable', 'The database does not answer at the moment.');
  if (driver.code.startsWith('22')) {
    return new AppError(
      'validation_failed',
      'A value cannot be stored: it is out of range or holds a forbidden character.',
    );
  }
  const known = driver.constraint === undefined ? undefined : CONSTRAINTS[driver.constraint];
  if (known !== undefined) {
    const { code, detail, path } = known;
    return new AppError(code, detail, path === undefined ? [] : [{ path, message: detail, code }]);
  }
  if (driver.code === '23503')
    return new AppError('in_use', 'Other things refer to it, or it refers to something that is gone.');
  return null;
}

/** True when somebody else was faster: decide again. A known constraint has its own answer instead. */
export function isLostRace(error: unknown): boolean {
  const driver = driverError(error);
  if (driver?.code === '40001' || driver?.code === '40P01') return true;
  return driver?.code === '23505' && CONSTRAINTS[driver.constraint ?? ''] === undefined;
}
