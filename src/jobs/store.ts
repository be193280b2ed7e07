/** Tables of the machinery that jobs write: timers and their leases, a test workspace's clock, what has outlived its keeping. */

import type { Db } from '../db/connect.ts';
import type { Instant } from '../rules/calendar.ts';

export interface DueTimer {
  workspaceId: number;
  /** TypeID of the ticket. */
  subject: string;
  due: Instant;
}

interface TimerRow {
  workspace_id: number;
  subject: string;
  due: string;
}

const named = (db: Db, name: string) => (db.prepared ? { name } : {});

const timer = (row: TimerRow): DueTimer => ({
  workspaceId: row.workspace_id,
  subject: row.subject,
  due: Number(row.due),
});

/**
 * So short that what a killed process had taken is still said within a second; handling a timer twice is harmless, since
 * what it says is guarded by the ticket's revision.
 */
const LEASE_MS = 600;

/** Takes up to `limit` due timers of live workspaces, so that other processes leave them alone for a while. Earliest first. */
export async function claimDueTimers(db: Db, wallMs: number, limit: number): Promise<DueTimer[]> {
  const answer = await db.pool.query<TimerRow>({
    ...named(db, 'claim_timers'),
    text: `update timers t set lease_until = to_timestamp($1::float8 / 1000) + interval '${LEASE_MS} milliseconds'
           from (select workspace_id, kind, subject from timers
                 where live and due is not null and due <= to_timestamp($1::float8 / 1000)
                   and (lease_until is null or lease_until <= to_timestamp($1::float8 / 1000))
                 order by due limit $2 for update skip locked) c
           where t.workspace_id = c.workspace_id and t.kind = c.kind and t.subject = c.subject
           returning t.workspace_id, t.subject, extract(epoch from t.due)::bigint as due`,
    values: [wallMs, limit],
  });
  return answer.rows.map(timer).sort((a, b) => a.due - b.due);
}

/** A timer whose handling failed is left alone for a while, so that it does not stand in the way of the others. */
export async function postponeTimer(db: Db, { workspaceId, subject }: DueTimer, wallMs: number): Promise<void> {
  await db.pool.query(
    `update timers set lease_until = to_timestamp($3::float8 / 1000) + interval '1 minute'
     where workspace_id = $1 and kind = 'ticket' and subject = $2`,
    [workspaceId, subject, wallMs],
  );
}

/** When the next live timer falls due, whoever holds it; null when nothing is ahead. */
export async function nextLiveDue(db: Db): Promise<Instant | null> {
  const answer = await db.pool.query<{ due: string | null }>({
    ...named(db, 'next_timer'),
    text: `select extract(epoch from min(due))::bigint as due from timers where live and due is not null`,
  });
  const due = answer.rows[0]?.due ?? null;
  return due === null ? null : Number(due);
}

/** The earliest timers of a test workspace up to an instant: all that are due at one and the same. */
export async function listEarliestTimers(db: Db, workspaceId: number, to: Instant): Promise<DueTimer[]> {
  const answer = await db.pool.query<TimerRow>({
    ...named(db, 'earliest_timers'),
    text: `select workspace_id, subject, extract(epoch from due)::bigint as due from timers
           where workspace_id = $1 and due = (select min(due) from timers where workspace_id = $1 and due is not null)
             and due <= to_timestamp($2)
           order by subject limit 500`,
    values: [workspaceId, to],
  });
  return answer.rows.map(timer);
}

/** A test clock only goes forwards. */
export async function moveTestClock(db: Db, workspaceId: number, to: Instant): Promise<void> {
  await db.pool.query(
    `update workspaces set test_now = to_timestamp($2) where workspace_id = $1 and mode = 'test' and test_now < to_timestamp($2)`,
    [workspaceId, to],
  );
}

/** Idempotency keys are kept 24 h of wall time. */
export async function forgetOldKeys(db: Db, wallSeconds: number): Promise<void> {
  await db.pool.query(`delete from idempotency_keys where created_at < to_timestamp($1)`, [wallSeconds - 24 * 3600]);
}
