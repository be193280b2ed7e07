/** Tables of what goes outside that jobs write: leases of deliveries and webhooks, how far each was told, what is kept. */

import type { Db } from '../db/connect.ts';
import type { Position } from '../domains/events/store.ts';
import { decodeId, encodeId, newId } from '../ids.ts';
import type { Instant } from '../rules/calendar.ts';
import type { Share } from './lanes.ts';
import { FREE, named } from './store.ts';

/** Of live workspaces, or of a test workspace by its own time. */
export type Deliverable = 'live' | { workspaceId: number; due: Instant };

/** A host that something is to be sent to, and when the first of it falls due. */
export interface Waiting {
  host: string;
  due: Instant;
}

/**
 * The hosts that deliveries wait for, whoever holds them, the earliest due first; of a test workspace those up to its
 * instant. From one host to the next, so that it takes as long as there are hosts, not deliveries.
 */
export async function listWaiting(db: Db, of: Deliverable): Promise<Waiting[]> {
  const first = (more: string) => `(select host, next_attempt_at from deliveries
    where live and next_attempt_at is not null ${more} order by host, next_attempt_at limit 1)`;
  const live = of === 'live';
  const { rows } = await db.pool.query<{ host: string; due: string }>({
    ...named(db, `waiting_hosts_${live ? 'live' : 'test'}`),
    text: live
      ? `with recursive waiting as (
           ${first('')} union all select n.* from waiting w cross join lateral ${first('and host > w.host')} n)
         select host, extract(epoch from next_attempt_at)::bigint as due from waiting order by next_attempt_at`
      : `select host, extract(epoch from min(next_attempt_at))::bigint as due from deliveries
         where workspace_id = $1 and next_attempt_at <= to_timestamp($2::float8) group by host order by min(next_attempt_at)`,
    values: live ? [] : [of.workspaceId, of.due],
  });
  return rows.map(({ host, due }) => ({ host, due: Number(due) }));
}

export interface ClaimedDelivery {
  workspaceId: number;
  /** TypeID. */
  id: string;
  host: string;
}

/** Longer than an attempt takes: what a killed process was sending is sent again, by whoever is there. */
const DELIVERY_LEASE_MS = 25_000;

/** Takes what is due first for each of the hosts, as far as there is room; for a while it is nobody else's. */
export async function claimDeliveries(
  db: Db,
  wallMs: number,
  of: Deliverable,
  shares: readonly Share[],
): Promise<ClaimedDelivery[]> {
  const live = of === 'live';
  const { rows } = await db.pool.query<{ workspace_id: number; uuid: string; host: string }>({
    ...named(db, `claim_deliveries_${live ? 'live' : 'test'}`),
    // Materialized: what takes a row must be run once, whatever the planner makes of the join.
    text: `with c as materialized (
             select d.workspace_id, d.id from unnest($2::text[], $3::int[]) s(host, room) cross join lateral (
               select workspace_id, id from deliveries
               where ${live ? 'live' : 'workspace_id = $5'} and next_attempt_at is not null and host = s.host
                 and next_attempt_at <= to_timestamp($4::float8) and ${FREE}
               order by next_attempt_at limit s.room for update skip locked) d)
           update deliveries d set lease_until = to_timestamp($1::float8 / 1000) + interval '${DELIVERY_LEASE_MS} milliseconds'
           from c where d.workspace_id = c.workspace_id and d.id = c.id
           returning d.workspace_id, d.id as uuid, d.host`,
    values: [
      wallMs,
      shares.map(({ host }) => host),
      shares.map(({ room }) => room),
      ...(live ? [wallMs / 1000] : [of.due, of.workspaceId]),
    ],
  });
  return rows.map((row) => ({ workspaceId: row.workspace_id, id: encodeId('delivery', row.uuid), host: row.host }));
}

/** When the next delivery of a test workspace that nobody holds falls due, up to an instant. Null when none does. */
export async function nextDelivery(db: Db, wallMs: number, workspaceId: number, to: Instant): Promise<Instant | null> {
  const { rows } = await db.pool.query<{ due: string }>({
    ...named(db, 'next_delivery'),
    text: `select extract(epoch from next_attempt_at)::bigint as due from deliveries
           where workspace_id = $2 and next_attempt_at <= to_timestamp($3::float8) and ${FREE}
           order by next_attempt_at limit 1`,
    values: [wallMs, workspaceId, to],
  });
  return rows[0] === undefined ? null : Number(rows[0].due);
}

/**
 * What waits for a webhook that takes nothing: held until it is switched on again, given up when it is gone. Its row is
 * locked, so that who switches it on meanwhile comes before or after all of it.
 */
export async function setAside(db: Db, workspaceId: number, webhookId: string, now: Instant): Promise<void> {
  const waiting = `workspace_id = $1 and webhook_id = $2 and state = 'pending'`;
  const key = [workspaceId, decodeId('webhook', webhookId)];
  await db.pool.query(
    `with idle as materialized (select from webhooks where workspace_id = $1 and id = $2 and not active for share)
     update deliveries set next_attempt_at = null, lease_until = null where ${waiting} and exists (select from idle)`,
    key,
  );
  await db.pool.query(
    `update deliveries set state = 'failed', next_attempt_at = null, lease_until = null, version = version + 1,
       updated_at = to_timestamp($3), last_error = 'The webhook was deleted.'
     where ${waiting} and not exists (select from webhooks where workspace_id = $1 and id = $2)`,
    [...key, now],
  );
}

/** From now on a webhook takes nothing, unless that was written down already. */
export async function noteFailing(db: Db, workspaceId: number, webhookId: string, now: Instant): Promise<void> {
  await db.pool.query(
    `update webhooks set failing_since = to_timestamp($3) where workspace_id = $1 and id = $2 and failing_since is null`,
    [workspaceId, decodeId('webhook', webhookId), now],
  );
}

/** Who has taken nothing for so long and takes something again gets what waits at once. Seconds. */
const LONG_AWAY = 3600;

/** It takes something again. What waits is due now when it was away for long: its next attempts may be hours ahead. */
export async function noteTaking(db: Db, workspaceId: number, webhookId: string, now: Instant): Promise<void> {
  await db.pool.query(
    `with back as (
       select workspace_id, id, failing_since from webhooks
       where workspace_id = $1 and id = $2 and failing_since is not null for update),
     held as (
       update webhook_cursors c set held = true, revision = revision + 1 from back b
       where c.workspace_id = b.workspace_id and c.id = b.id and b.failing_since <= to_timestamp($3::float8 - ${LONG_AWAY}))
     update webhooks w set failing_since = null from back b where w.workspace_id = b.workspace_id and w.id = b.id`,
    [workspaceId, decodeId('webhook', webhookId), now],
  );
}

/** A webhook as the dispatcher claims it. */
export interface Endpoint {
  workspaceId: number;
  /** TypeID. */
  id: string;
  url: string;
  eventTypes: string[];
  /** After this it knows nothing. */
  place: Position;
  /** Nothing recorded before is told, epoch milliseconds; null: whatever comes after the place. */
  notBeforeMs: number | null;
  held: boolean;
  /** As many deliveries wait as may. */
  full: boolean;
  revision: number;
}

/** Deliveries that may wait for one webhook; its place in the feed waits, too, once there are more. */
export const MOST_WAITING = 10_000;
/** Short: what a killed process had taken is told again soon. */
const ENDPOINT_LEASE_MS = 2000;
const MOST_ENDPOINTS = 50;

interface EndpointRow {
  workspace_id: number;
  uuid: string;
  url: string;
  event_types: string[];
  epoch: number;
  tx: string;
  event_id: string;
  not_before_ms: number | null;
  held: boolean;
  full: boolean;
  revision: number;
}

/** Webhooks that something happened for since they were last told, the one told longest ago first; or those of a test workspace. */
export async function claimEndpoints(
  db: Db,
  wallMs: number,
  epoch: number,
  workspaceId: number | null,
): Promise<Endpoint[]> {
  const { rows } = await db.pool.query<EndpointRow>({
    ...named(db, `claim_endpoints_${workspaceId === null ? 'live' : 'test'}`),
    text: `with c as materialized (
             select c.workspace_id, c.id, w.url, w.event_types,
               (select count(*) from (select from deliveries d where d.workspace_id = c.workspace_id
                  and d.webhook_id = c.id and d.state = 'pending' limit ${MOST_WAITING}) p) = ${MOST_WAITING} as full
             from webhook_cursors c join webhooks w on w.workspace_id = c.workspace_id and w.id = c.id
             where w.active and ${workspaceId === null ? `c.live and ${FREE}` : 'c.workspace_id = $3'}
               and (c.held or exists (
                 select from events e where e.workspace_id = c.workspace_id
                   and (e.epoch, e.tx, e.id) > (c.epoch, c.tx, c.event_id)
                   and (e.epoch < $2::int or e.tx < pg_snapshot_xmin(pg_current_snapshot()))))
             order by c.lease_until nulls first limit ${MOST_ENDPOINTS} for update of c skip locked)
           update webhook_cursors t set lease_until = to_timestamp($1::float8 / 1000) + interval '${ENDPOINT_LEASE_MS} milliseconds'
           from c where t.workspace_id = c.workspace_id and t.id = c.id
           returning t.workspace_id, t.id as uuid, c.url, c.event_types, t.epoch, t.tx, t.event_id, t.held, c.full,
             t.revision, extract(epoch from t.not_before)::float8 * 1000 as not_before_ms`,
    values: workspaceId === null ? [wallMs, epoch] : [wallMs, epoch, workspaceId],
  });
  return rows.map((row) => ({
    workspaceId: row.workspace_id,
    id: encodeId('webhook', row.uuid),
    url: row.url,
    eventTypes: row.event_types,
    place: { epoch: row.epoch, tx: row.tx, id: row.event_id },
    notBeforeMs: row.not_before_ms,
    held: row.held,
    full: row.full,
    revision: row.revision,
  }));
}

/** An event that a webhook is to be told of. */
export interface Told {
  type: string;
  place: Position;
}

/**
 * Makes the deliveries and moves the place in the feed, as one statement: neither is there without the other, and nobody
 * who was faster is overtaken. False when somebody was.
 */
export async function tell(
  db: Db,
  { workspaceId, id, url, revision }: Endpoint,
  { told, to, now, wallMs }: { told: readonly Told[]; to: Position; now: Instant; wallMs: number },
): Promise<boolean> {
  const { rows } = await db.pool.query<{ moved: boolean }>({
    ...named(db, 'tell'),
    // The lease ends: who has been told comes after those who wait.
    text: `with moved as (
             update webhook_cursors set epoch = $4, tx = $5::xid8, event_id = $6, revision = revision + 1,
               lease_until = to_timestamp($7::float8 / 1000)
             where workspace_id = $1 and id = $2 and revision = $3 returning live),
           made as (
             insert into deliveries (workspace_id, id, webhook_id, url, host, event_id, event_type, event_epoch, event_tx,
               body, state, attempts, next_attempt_at, live, created_at, updated_at)
             select $1, e.id, $2, $8, $9, e.event, e.type, e.epoch, e.tx, '{}', 'pending', 0, to_timestamp($10), live,
               to_timestamp($10), to_timestamp($10)
             from moved, unnest($11::uuid[], $12::uuid[], $13::text[], $14::int[], $15::xid8[]) e(id, event, type, epoch, tx))
           select exists (select from moved) as moved`,
    values: [
      workspaceId,
      decodeId('webhook', id),
      revision,
      to.epoch,
      to.tx,
      to.id,
      wallMs,
      url,
      new URL(url).host,
      now,
      told.map(() => decodeId('delivery', newId('delivery'))),
      told.map(({ place }) => place.id),
      told.map(({ type }) => type),
      told.map(({ place }) => place.epoch),
      told.map(({ place }) => place.tx),
    ],
  });
  return rows[0]!.moved;
}

/** Brings what waits in line with the webhook: all of it is due now, at its address. Safe to be done twice. */
export async function release(db: Db, { workspaceId, id, url, revision }: Endpoint, now: Instant): Promise<void> {
  const key = [workspaceId, decodeId('webhook', id)];
  await db.pool.query(
    `update deliveries set url = $3, host = $4, next_attempt_at = least(next_attempt_at, to_timestamp($5))
     where workspace_id = $1 and webhook_id = $2 and state = 'pending'`,
    [...key, url, new URL(url).host, now],
  );
  // Whoever switched it off and on meanwhile has moved the revision, and it is done again.
  await db.pool.query(
    `update webhook_cursors set held = false, revision = revision + 1, lease_until = null where workspace_id = $1 and id = $2 and revision = $3`,
    [...key, revision],
  );
}

/** A webhook that as much waits for as may is left alone for a while. */
export async function restEndpoint(db: Db, { workspaceId, id }: Endpoint, wallMs: number): Promise<void> {
  await db.pool.query(
    `update webhook_cursors set lease_until = to_timestamp($3::float8 / 1000) + interval '10 seconds'
     where workspace_id = $1 and id = $2`,
    [workspaceId, decodeId('webhook', id), wallMs],
  );
}

/** Whether a workspace has webhooks that are to be told of anything. */
export async function hasWebhooks(db: Db, workspaceId: number): Promise<boolean> {
  const { rows } = await db.pool.query<{ some: boolean }>({
    ...named(db, 'has_webhooks'),
    text: `select exists (select from webhooks where workspace_id = $1 and active) as some`,
    values: [workspaceId],
  });
  return rows[0]!.some;
}

/** Whether all that was saved before can be read from the feed. `mark` is the number of a later transaction; null gives one. */
export async function feedReaches(db: Db, mark: string | null): Promise<{ mark: string; reached: boolean }> {
  const { rows } = await db.pool.query<{ mark: string; reached: boolean }>(
    `select m.mark::text, pg_snapshot_xmin(pg_current_snapshot()) >= m.mark as reached
     from (select coalesce($1::xid8, pg_current_xact_id()) as mark) m`,
    [mark],
  );
  return rows[0]!;
}

/** How long deliveries are kept, in days: those that were delivered, and those that were given up. */
const KEPT_DAYS = { delivered: 30, failed: 90 };
const MOST_FORGOTTEN = 5000;
/** Of each kind; the rest waits for the next look. */
const MOST_FORGETTING = 20;

/** Forgets deliveries that have been kept long enough, by the clock of their workspace; answers how many. */
export async function forgetDeliveries(db: Db, wallMs: number): Promise<number> {
  let forgotten = 0;
  for (const [state, days] of Object.entries(KEPT_DAYS)) {
    for (let round = 0, more = true; more && round < MOST_FORGETTING; round++) {
      const { rowCount } = await db.pool.query(
        `delete from deliveries where (workspace_id, id) in (
         select d.workspace_id, d.id from workspaces w cross join lateral (
           select workspace_id, id from deliveries where workspace_id = w.workspace_id and state = $2
             and created_at < coalesce(w.test_now, to_timestamp($1::float8 / 1000)) - $3::int * interval '1 day'
           order by created_at limit ${MOST_FORGOTTEN}) d limit ${MOST_FORGOTTEN})`,
        [wallMs, state, days],
      );
      forgotten += rowCount ?? 0;
      more = rowCount === MOST_FORGOTTEN;
    }
  }
  return forgotten;
}
