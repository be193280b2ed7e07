/** Tables of the machinery that jobs write: timers and their leases, a test workspace's clock, what has outlived its keeping. */

import type { Db } from '../db/connect.ts';
import { decodeId, encodeId } from '../ids.ts';
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

/**
 * Nobody holds it at $1, the wall clock in milliseconds. A lease that ends later than any lasts was given before the clock
 * was set back, and counts for nothing.
 */
export const FREE = `(lease_until is null or lease_until <= to_timestamp($1::float8 / 1000)
    or lease_until > to_timestamp($1::float8 / 1000) + interval '1 minute')`;

export const named = (db: Db, name: string) => (db.prepared ? { name } : {});

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
                   and ${FREE}
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

/** When the next live timer up to `toMs` can be claimed, epoch milliseconds: it is due, and nobody holds it. Null when there is none. */
export async function nextLiveDue(db: Db, toMs: number): Promise<number | null> {
  const answer = await db.pool.query<{ ms: number | null }>({
    ...named(db, 'next_timer'),
    text: `select extract(epoch from min(greatest(due, lease_until)))::float8 * 1000 as ms from timers
           where live and due is not null and due <= to_timestamp($1::float8 / 1000)`,
    values: [toMs],
  });
  return answer.rows[0]!.ms;
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

/** A job as it was claimed. */
export interface ClaimedJob {
  workspaceId: number;
  /** TypeID. */
  id: string;
  type: string;
  input: Record<string, unknown>;
  place: unknown;
  attempts: number;
  /** What a running job is known by: whoever claims it next moves it. */
  version: number;
}

/** Takes the oldest job that waits or was left behind, of this workspace or of any; for a while it is nobody else's. */
export async function claimJob(
  db: Db,
  wallMs: number,
  leaseMs: number,
  workspaceId: number | null,
): Promise<ClaimedJob | null> {
  const { rows } = await db.pool.query<Omit<ClaimedJob, 'id' | 'workspaceId'> & { uuid: string; workspace_id: number }>(
    {
      ...named(db, 'claim_job'),
      // Materialized: what takes a row must be run once, whatever the planner makes of the join.
      text: `with claimed as materialized (
               select workspace_id, id from jobs
               where state in ('queued', 'running') and ${FREE}
                 and ($3::int is null or workspace_id = $3)
               order by id limit 1 for update skip locked)
             update jobs j set state = 'running', attempts = attempts + 1, version = j.version + 1,
               lease_until = to_timestamp($1::float8 / 1000) + $2::int * interval '1 millisecond',
               started_at = coalesce(started_at, case when w.mode = 'test' then w.test_now else to_timestamp($1::float8 / 1000) end)
             from claimed c, workspaces w
             where j.workspace_id = c.workspace_id and j.id = c.id and w.workspace_id = j.workspace_id
             returning j.workspace_id, j.id as uuid, j.type, j.input, j.checkpoint as place, j.attempts, j.version`,
      values: [wallMs, leaseMs, workspaceId],
    },
  );
  const row = rows[0];
  if (row === undefined) return null;
  const { workspace_id, uuid, ...job } = row;
  return { workspaceId: workspace_id, id: encodeId('job', uuid), ...job };
}

/** Keeps where a running job is, and its lease; false when it is no longer this one's. `place` undefined: the lease alone. */
export async function keepJob(
  db: Db,
  { workspaceId, id, version }: ClaimedJob,
  wallMs: number,
  leaseMs: number,
  at?: { place: unknown; done: number; total: number | null },
): Promise<boolean> {
  const key = [workspaceId, decodeId('job', id), version, wallMs, leaseMs];
  const lease = `lease_until = to_timestamp($4::float8 / 1000) + $5::int * interval '1 millisecond'`;
  const mine = `where workspace_id = $1 and id = $2 and version = $3 and state = 'running'`;
  const answer =
    at === undefined
      ? await db.pool.query(`update jobs set ${lease} ${mine}`, key)
      : await db.pool.query(
          `update jobs set ${lease}, attempts = 0, checkpoint = $6::jsonb, done = $7, total = $8 ${mine}`,
          [...key, JSON.stringify(at.place), at.done, at.total],
        );
  return answer.rowCount === 1;
}

/** Whether jobs of a workspace wait or run. */
export async function hasOpenJobs(db: Db, workspaceId: number): Promise<boolean> {
  const { rows } = await db.pool.query<{ open: boolean }>(
    `select exists (select from jobs where workspace_id = $1 and state in ('queued', 'running')) as open`,
    [workspaceId],
  );
  return rows[0]!.open;
}

export interface DueReview {
  workspaceId: number;
  /** UUID. */
  review: string;
  /** TypeID; null: the monthly run of the workspace. */
  customerId: string | null;
  due: Instant;
}

interface DueReviewRow {
  workspace_id: number;
  id: string;
  customer_id: string | null;
  due: string;
}

const dueReview = (row: DueReviewRow): DueReview => ({
  workspaceId: row.workspace_id,
  review: row.id,
  customerId: row.customer_id === null ? null : encodeId('customer', row.customer_id),
  due: Number(row.due),
});

/** A look that takes longer is done twice, which its guards allow; what a killed process had taken waits no longer. */
const REVIEW_LEASE_MS = 10_000;

/** Takes up to `limit` due reviews of live workspaces, so that other processes leave them alone for a while. Earliest first. */
export async function claimDueReviews(db: Db, wallMs: number, limit: number): Promise<DueReview[]> {
  const { rows } = await db.pool.query<DueReviewRow>({
    ...named(db, 'claim_reviews'),
    text: `with c as materialized (
             select workspace_id, id from tier_reviews
             where live and due <= to_timestamp($1::float8 / 1000) and ${FREE}
             order by due limit $2 for update skip locked)
           update tier_reviews r set lease_until = to_timestamp($1::float8 / 1000) + interval '${REVIEW_LEASE_MS} milliseconds'
           from c where r.workspace_id = c.workspace_id and r.id = c.id
           returning r.workspace_id, r.id, r.customer_id, extract(epoch from r.due)::bigint as due`,
    values: [wallMs, limit],
  });
  return rows.map(dueReview).sort((a, b) => a.due - b.due);
}

/** Reviews that failed are left alone for a while, so that they do not stand in the way of the others. */
export async function postponeReviews(
  db: Db,
  workspaceId: number,
  reviews: readonly DueReview[],
  wallMs: number,
): Promise<void> {
  await db.pool.query(
    `update tier_reviews set lease_until = to_timestamp($3::float8 / 1000) + interval '1 minute'
     where workspace_id = $1 and id = any($2::uuid[])`,
    [workspaceId, reviews.map(({ review }) => review), wallMs],
  );
}

/** When the next live review up to `toMs` can be claimed, epoch milliseconds. Null when there is none. */
export async function nextLiveReview(db: Db, wallMs: number, toMs: number): Promise<number | null> {
  const { rows } = await db.pool.query<{ ms: number }>({
    ...named(db, 'next_review'),
    text: `select extract(epoch from due)::float8 * 1000 as ms from tier_reviews
           where live and due <= to_timestamp($2::float8 / 1000) and ${FREE}
           order by due limit 1`,
    values: [wallMs, toMs],
  });
  return rows[0]?.ms ?? null;
}

/** The earliest reviews of a test workspace up to an instant: some of those that are due at one and the same. */
export async function listEarliestReviews(db: Db, workspaceId: number, to: Instant): Promise<DueReview[]> {
  const { rows } = await db.pool.query<DueReviewRow>({
    ...named(db, 'earliest_reviews'),
    text: `select workspace_id, id, customer_id, extract(epoch from due)::bigint as due from tier_reviews
           where workspace_id = $1 and due = (select min(due) from tier_reviews where workspace_id = $1)
             and due <= to_timestamp($2)
           order by id limit 500`,
    values: [workspaceId, to],
  });
  return rows.map(dueReview);
}
