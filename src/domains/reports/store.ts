/** Reads of the reports domain: one statement each over what is stored. */

import { and, eq, gte, lt, type SQL, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import { bound, type Db, statement } from '../../db/connect.ts';
import { clocks, tickets } from '../../db/tables/tickets.ts';
import type { Instant } from '../../rules/calendar.ts';
import { METRICS } from '../../rules/policy.ts';
import { isoOrNull } from '../model.ts';

type Dimension = 'tier' | 'kind' | 'channel' | 'priority' | 'policy';

/** Where each stands; all but the policy are the ticket's. A tier is the one that held when the ticket was opened. */
const DIMENSIONS: Record<Dimension, PgColumn> = {
  tier: tickets.openedTier,
  kind: tickets.kind,
  channel: tickets.channel,
  priority: tickets.priority,
  policy: clocks.policyKey,
};

export interface AttainmentQuery {
  from: Instant | undefined;
  to: Instant | undefined;
  now: Instant;
  groupBy: ReadonlySet<string>;
  metric: string[] | undefined;
  tier: string[] | undefined;
  kind: string[] | undefined;
  channel: string[] | undefined;
  priority: string[] | undefined;
}

export async function listAttainment(db: Db, workspaceId: number, asked: AttainmentQuery) {
  const groups = (Object.keys(DIMENSIONS) as Dimension[]).filter((name) => asked.groupBy.has(name));
  const filters = (['metric', 'tier', 'kind', 'channel', 'priority'] as const).filter((name) => asked[name]);
  const bounds = (['from', 'to'] as const).filter((name) => asked[name] !== undefined);
  const joined = [...groups, ...filters].some((name) => name !== 'policy' && name !== 'metric');
  const query = statement(db, `attainment:${groups}:${filters}:${bounds}`, (orm, name) => {
    const columns = Object.fromEntries(groups.map((group) => [group, DIMENSIONS[group]]));
    const conditions: (SQL | undefined)[] = [eq(clocks.workspaceId, sql.placeholder('workspace'))];
    if (bounds.includes('from')) conditions.push(gte(clocks.startedAt, bound(clocks.startedAt, 'from')));
    if (bounds.includes('to')) conditions.push(lt(clocks.startedAt, bound(clocks.startedAt, 'to')));
    for (const filter of filters) {
      const column = filter === 'metric' ? clocks.metric : DIMENSIONS[filter];
      conditions.push(sql`${column} = any(${sql.placeholder(filter)}::text[])`);
    }
    const rows = orm
      .select({ metric: clocks.metric, ...columns, ...COUNTS })
      .from(clocks)
      .$dynamic();
    const onTicket = and(eq(tickets.workspaceId, clocks.workspaceId), eq(tickets.id, clocks.ticketId));
    return (joined ? rows.innerJoin(tickets, onTicket) : rows)
      .where(and(...conditions))
      .groupBy(clocks.metric, ...Object.values(columns))
      .prepare(name);
  });
  const rows = await query.execute({ workspace: workspaceId, ...asked });
  const order = (row: { metric: string }) => METRICS.indexOf(row.metric as (typeof METRICS)[number]);
  const groupsOf = (row: Row) => JSON.stringify(groups.map((group) => row[group] ?? null));
  return (rows as Row[]).sort((a, b) => order(a) - order(b) || (groupsOf(a) < groupsOf(b) ? -1 : 1));
}

const number = (value: SQL) => sql<number>`${value}`.mapWith(Number);
const state = (name: string) => number(sql`count(*) filter (where ${clocks.state} = ${sql.raw(`'${name}'`)})`);
/** Broken from the first instant later than due, also before the timekeeper has come to it. */
const broken = sql`(${clocks.breached} or (${clocks.state} = 'running' and ${clocks.dueAt} < ${bound(clocks.dueAt, 'now')}))`;
const percentile = (fraction: string) =>
  sql<
    number | null
  >`percentile_disc(${sql.raw(fraction)}) within group (order by ${clocks.elapsedSeconds}) filter (where ${clocks.state} in ('met', 'missed'))`.mapWith(
    clocks.elapsedSeconds,
  );

const COUNTS = {
  total: number(sql`count(*)`),
  met: state('met'),
  missed: state('missed'),
  running: state('running'),
  paused: state('paused'),
  cancelled: state('cancelled'),
  overdue: number(sql`count(*) filter (where ${clocks.state} in ('running', 'paused') and ${broken})`),
  breached: number(sql`count(*) filter (where ${broken})`),
  elapsedP50: percentile('0.5'),
  elapsedP90: percentile('0.9'),
};

type Counts = Record<keyof Omit<typeof COUNTS, 'elapsedP50' | 'elapsedP90'>, number> & {
  elapsedP50: number | null;
  elapsedP90: number | null;
};
type Row = { metric: string } & Partial<Record<Dimension, string | null>> & Counts;

export function attainmentView({ policy, tier, kind, channel, priority, metric, ...counts }: Row) {
  const known = counts.met + counts.missed + counts.overdue;
  return {
    metric: metric as (typeof METRICS)[number],
    tier: tier ?? null,
    kind: kind ?? null,
    channel: channel ?? null,
    priority: priority ?? null,
    policyKey: policy ?? null,
    ...counts,
    attainment: known === 0 ? null : counts.met / known,
  };
}

export function periodView(from: Instant | undefined, to: Instant | undefined) {
  return { from: isoOrNull(from ?? null), to: isoOrNull(to ?? null) };
}
