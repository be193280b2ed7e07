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
  need_rules_key_key: { code: 'already_exists', detail: 'Another need rule has this key.', path: 'key' },
  survey_templates_key_key: { code: 'already_exists', detail: 'Another survey has this key.', path: 'key' },
};

interface DriverError {
  code: string;
  constraint?: string | undefined;
}

/** The driver reports a lost or exhausted connection in words of its own, without any code. */
const DRIVER_WORDS =
  /^(timeout exceeded when trying to connect|timeout expired|Connection terminated|Query read timeout|Client (was closed|has encountered a connection error) and is not queryable|Cannot use a pool after calling end)/;

/** Drizzle wraps what the driver throws: the SQLSTATE is on a cause. */
function driverError(error: unknown): DriverError | null {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (current instanceof pg.DatabaseError) return { code: current.code ?? '', constraint: current.constraint };
    // Of the system's errors only those of a socket: a missing file is another matter.
    const { code, syscall } = current as NodeJS.ErrnoException;
    if (code !== undefined && /^(connect|read|write|getaddrinfo)$/.test(syscall ?? '')) return { code };
    // Both addresses of a name refused: an AggregateError without a syscall.
    if (code === 'ECONNREFUSED') return { code };
    if (DRIVER_WORDS.test(current.message)) return { code: '08006' };
  }
  return null;
}

/**
 * Connection lost (08), out of connections, memory or disk (53), statement timeout (57014), shutdown and start (57P0x),
 * a standby or a server made read-only by a failover (25006), and the socket's own errors (E…).
 */
const AWAY = /^(08...|53...|57014|57P0.|25006|E[A-Z_]+)$/;

/** The AppError a database error stands for, or null when it is unexpected. */
export function toAppError(error: unknown): AppError | null {
  const driver = driverError(error);
  if (driver === null) return null;
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

/** The name of the unique constraint that refused the row, or null when it was something else. */
export function isUniqueViolation(error: unknown): string | null {
  const driver = driverError(error);
  return driver?.code === '23505' ? (driver.constraint ?? '') : null;
}

/** True when somebody else was faster: decide again. A known constraint has its own answer instead. */
export function isLostRace(error: unknown): boolean {
  const driver = driverError(error);
  if (driver?.code === '40001' || driver?.code === '40P01') return true;
  return driver?.code === '23505' && CONSTRAINTS[driver.constraint ?? ''] === undefined;
}
