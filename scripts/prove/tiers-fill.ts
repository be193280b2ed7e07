/** Customers and what they did, in rows made by the database itself; and their tiers as plain SQL reckons them. */

import type pg from 'pg';

export interface Fill {
  workspaceId: number;
  customers: number;
  activities: number;
}

/** How many rows one statement makes. */
const BATCH = 100_000;

/** A number from 0 to 1 that looks drawn and is always the same. */
const drawn = (salt: number) => `((hashint8extended(n, ${salt}) & 1048575) / 1048576.0)`;

const uuidOf = (kind: string, n: string) =>
  `(lpad(to_hex(${n}), 12, '0') || '7' || substr(md5(${n} || '${kind}'), 1, 3) || '8' || substr(md5(${n} || '${kind}'), 4, 15))::uuid`;

/**
 * Half a day off the time of day it is now: no border of a window is crossed while the desk is at it. Of the first 28 days
 * of a month: how many months ago that was, nobody doubts.
 */
const CUSTOMERS = `
  insert into customers (workspace_id, id, name, tier, tier_since, profile, tags, external_ids, customer_since, search,
    created_at, updated_at)
  select $1, ${uuidOf('customer', 'n')}, 'Customer ' || n, 'normal', now(), '{"industry": "machines"}', '{}',
    jsonb_build_object('crm', n::text),
    case when n % 10 = 0 then null else date_trunc('month', now()) - interval '1 month' * floor(72 * ${drawn(1)})
      + interval '1 day' * floor(28 * ${drawn(2)}) - interval '1 month' end,
    to_tsvector('simple', 'customer ' || n), now(), now()
  from generate_series($2::bigint, $3::bigint) n`;

const HISTORY = `
  insert into tier_changes (workspace_id, customer_id, position, tier, valid_from, source, actor)
  select workspace_id, id, 1, tier, created_at, 'default', 'prove' from customers where workspace_id = $1`;

const ACTIVITIES = `
  insert into activities (workspace_id, id, customer_id, kind, at, amount, currency, base_amount, details, external_ids,
    created_at, updated_at)
  select $1, ${uuidOf('activity', 'n')}, ${uuidOf('customer', `(1 + floor(power(${drawn(3)}, 1.5) * $4::bigint))::bigint`)}, kind,
    date_trunc('hour', now()) + interval '12 hours' - interval '1 day' * ceil(900 * ${drawn(4)}), amount, 'CNY', amount,
    '{}', jsonb_build_object('shop', n::text), now(), now()
  from (
    select n, (array['order', 'order', 'order', 'order', 'order', 'order', 'visit', 'visit', 'contact', 'refund'])[1 + n % 10] as kind,
      round((100 * power(10, 4 * power(${drawn(5)}, 2)))::numeric, 2) as amount
    from generate_series($2::bigint, $3::bigint) n
  ) made`;

/** Fills a workspace that has its tiers. */
export async function fill(client: pg.Client, { workspaceId, customers, activities }: Fill): Promise<void> {
  await client.query('set synchronous_commit = off');
  for (let first = 1; first <= customers; first += BATCH) {
    await client.query(CUSTOMERS, [workspaceId, first, Math.min(customers, first + BATCH - 1)]);
  }
  await client.query(HISTORY, [workspaceId]);
  for (let first = 1; first <= activities; first += BATCH) {
    await client.query(ACTIVITIES, [workspaceId, first, Math.min(activities, first + BATCH - 1), customers]);
  }
  await client.query('vacuum analyze');
}

/** The reference model, to be applied: bands alone. */
export const BANDS = {
  parts: [
    part('spend', 40, { of: 'amount', activities: ['order', 'refund'], window: 'P12M' }, [500_000, 100_000, 10_000]),
    part('frequency', 20, { of: 'count', activities: ['order'], window: 'P12M' }, [12, 6, 2]),
    part('loyalty', 20, { of: 'months' }, [36, 12, 6]),
    part('growth', 20, { of: 'growth', by: 'amount', activities: ['order', 'refund'], window: 'P6M' }, [50, 20, 0]),
  ],
  tiers: [
    { tier: 'core', minTotal: 60, minParts: { spend: 60, loyalty: 60 } },
    { tier: 'potential', minParts: { spend: 30, growth: 60 } },
  ],
  hysteresis: { downRuns: 0 },
};

/** The same with spend by percentile, and the best five percent: two walks more. */
export const SHARES = {
  ...BANDS,
  parts: BANDS.parts.map((one) => (one.key === 'spend' ? { ...one, scaling: { percentile: 'more' } } : one)),
  tiers: [
    { tier: 'core', share: 5 },
    { tier: 'potential', share: 20 },
  ],
};

/** Whoever has a score gets another tier. */
export const ALL = { ...BANDS, tiers: [{ tier: 'core', minTotal: 0 }] };

function part(key: string, weight: number, figure: object, [top, middle, low]: [number, number, number]) {
  const bands = [
    { from: top, points: 100 },
    { from: middle, points: 60 },
    { from: low, points: 30 },
  ];
  return { key, weight, figure, scaling: { bands } };
}

const banded = (value: string, top: number, middle: number, low: number) =>
  `case when ${value} >= ${top} then 100 when ${value} >= ${middle} then 60 when ${value} >= ${low} then 30 else 0 end`;

/** What the desk says and what plain SQL says, of the customers on whom the two disagree. `$2` is the workspace's zone. */
export const DISAGREE = `
  with starts as materialized (
    select (now() at time zone $2 - interval '12 months') at time zone $2 as year,
      (now() at time zone $2 - interval '6 months') at time zone $2 as half
  ), taken as (
    select c.id, c.tier, age(now() at time zone $2, coalesce(c.customer_since, f.first) at time zone $2) as since, f.*
    from customers c join (
      select customer_id, min(at) as first,
        coalesce(sum(case kind when 'order' then amount when 'refund' then -amount end) filter (where at > year), 0) as spend,
        count(*) filter (where kind = 'order' and at > year) as orders,
        coalesce(sum(case kind when 'order' then amount when 'refund' then -amount end) filter (where at > half), 0) as late,
        coalesce(sum(case kind when 'order' then amount when 'refund' then -amount end) filter (where at > year and at <= half), 0) as early
      from activities, starts where workspace_id = $1 and at <= now() group by customer_id
    ) f on f.customer_id = c.id where c.workspace_id = $1
  ), points as (
    select id, tier, ${banded('spend', 500_000, 100_000, 10_000)} as spend, ${banded('orders', 12, 6, 2)} as frequency,
      ${banded('extract(year from since) * 12 + extract(month from since)', 36, 12, 6)} as loyalty,
      case when early > 0 then ${banded('(late - early) / early * 100', 50, 20, 0)} when late > 0 then 100 else 0 end as growth
    from taken
  ), told as (
    select *, (40 * spend + 20 * frequency + 20 * loyalty + 20 * growth) / 100.0 as total from points
  ), said as (
    select *, case when total >= 60 and spend >= 60 and loyalty >= 60 then 'core'
      when spend >= 30 and growth >= 60 then 'potential' else 'normal' end as should from told
  )
  select c.id, c.tier as held, s.total as scored, said.should, said.total
  from customers c left join customer_scores s on s.workspace_id = c.workspace_id and s.customer_id = c.id
    left join said on said.id = c.id
  where c.workspace_id = $1 and (c.tier is distinct from coalesce(said.should, 'normal') or s.total is distinct from said.total::float8)`;
