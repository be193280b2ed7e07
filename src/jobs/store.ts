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
const FREE = `(lease_until is null or lease_until <= to_timestamp($1::float8 / 1000)
    or lease_until > to_timestamp($1::float8 / 1000) + interval '1 minute')`;

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

export interface ClaimedDelivery {
  workspaceId: number;
  /** TypeID. */
  id: string;
  host: string;
}

/** Longer than an attempt takes: what a killed process was sending is sent again, by whoever is there. */
const DELIVERY_LEASE_MS = 25_000;

/** Of live workspaces, or of a test workspace by its own time. */
export type Deliverable = 'live' | { workspaceId: number; due: Instant };

/** Takes the delivery that is due first, unless its host is one of these; for a while it is nobody else's. */
export async function claimDelivery(
  db: Db,
  wallMs: number,
  of: Deliverable,
  busyHosts: readonly string[],
): Promise<ClaimedDelivery | null> {
  const live = of === 'live';
  const { rows } = await db.pool.query<{ workspace_id: number; uuid: string; host: string }>({
    ...named(db, `claim_delivery_${live ? 'live' : 'test'}`),
    // Materialized: joined as a subquery, it may be run again and again, and take more than one.
    text: `with c as materialized (
             select workspace_id, id from deliveries
             where ${live ? 'live' : 'workspace_id = $4'} and next_attempt_at <= to_timestamp($3::float8)
               and ${FREE} and host <> all ($2::text[])
             order by next_attempt_at limit 1 for update skip locked)
           update deliveries d set lease_until = to_timestamp($1::float8 / 1000) + interval '${DELIVERY_LEASE_MS} milliseconds'
           from c where d.workspace_id = c.workspace_id and d.id = c.id
           returning d.workspace_id, d.id as uuid, d.host`,
    values: live ? [wallMs, busyHosts, wallMs / 1000] : [wallMs, busyHosts, of.due, of.workspaceId],
  });
  const row = rows[0];
  return row === undefined
    ? null
    : { workspaceId: row.workspace_id, id: encodeId('delivery', row.uuid), host: row.host };
}

/** When the next delivery that nobody holds falls due; of a test workspace up to `due`. Null when none is ahead. */
export async function nextDelivery(db: Db, wallMs: number, of: Deliverable): Promise<Instant | null> {
  const live = of === 'live';
  const { rows } = await db.pool.query<{ due: string }>({
    ...named(db, `next_delivery_${live ? 'live' : 'test'}`),
    text: `select extract(epoch from next_attempt_at)::bigint as due from deliveries
           where ${live ? 'live and next_attempt_at is not null' : 'workspace_id = $2 and next_attempt_at <= to_timestamp($3::float8)'}
             and ${FREE}
           order by next_attempt_at limit 1`,
    values: live ? [wallMs] : [wallMs, of.workspaceId, of.due],
  });
  return rows[0] === undefined ? null : Number(rows[0].due);
}
