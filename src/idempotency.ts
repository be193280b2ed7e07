/** Idempotency keys: what was answered under a key is answered again, and what it was asked for is compared. */

import { createHash } from 'node:crypto';
import { and, eq, lt, sql } from 'drizzle-orm';
import { statement } from './db/connect.ts';
import { idempotencyKeys } from './db/tables/machinery.ts';
import { AppError } from './errors.ts';
import type { Desk, Operation, Reply } from './operation.ts';

/** What an idempotency key may be, in every door. */
export const IDEMPOTENCY_KEY = /^[\x20-\x7e]{1,255}$/;

/** Two requests are the same when this is. */
export function hashRequest(operation: string, actorId: string, input: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify([operation, actorId, input]))
    .digest('hex');
}

/** What is kept of an answer: a replay leaves out what is shown once. */
export function withoutSecrets(operation: Operation, result: unknown): unknown {
  if (operation.idempotency !== 'secret') return result;
  const copy = { ...(result as Record<string, unknown>) };
  for (const name of operation.secrets) copy[name] = null;
  return copy;
}

/** Kept 24 h of wall time per workspace and key. */
const KEPT_SECONDS = 24 * 3600;

/** The answer that was given under this key; null when there is none, or no longer. `idempotency_key_reused` for another request. */
export async function findStoredReply(
  desk: Desk,
  workspaceId: number,
  key: string,
  hash: string,
): Promise<Reply | null> {
  const query = statement(desk.db, 'find_idempotency_key', (orm, name) =>
    orm
      .select({
        requestHash: idempotencyKeys.requestHash,
        response: idempotencyKeys.response,
        createdAt: idempotencyKeys.createdAt,
      })
      .from(idempotencyKeys)
      .where(
        and(
          eq(idempotencyKeys.workspaceId, sql.placeholder('workspaceId')),
          eq(idempotencyKeys.key, sql.placeholder('key')),
        ),
      )
      .prepare(name),
  );
  const [row] = await query.execute({ workspaceId, key });
  if (row === undefined) return null;
  const oldest = Math.floor(desk.services.wallClock() / 1000) - KEPT_SECONDS;
  if (row.createdAt <= oldest) {
    await desk.db.orm
      .delete(idempotencyKeys)
      .where(
        and(
          eq(idempotencyKeys.workspaceId, workspaceId),
          eq(idempotencyKeys.key, key),
          lt(idempotencyKeys.createdAt, oldest + 1),
        ),
      );
    return null;
  }
  if (row.requestHash !== hash) {
    throw new AppError('idempotency_key_reused', 'This Idempotency-Key was used for another request.');
  }
  const { status, body } = row.response as { status: number; body: unknown };
  return { status, body, replayed: true };
}
