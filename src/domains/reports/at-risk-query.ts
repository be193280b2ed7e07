/** What the at-risk view reads: one statement over the promises due within the horizon and those kept in the same hours before. */

import { sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import { bound, type Db, statement } from '../../db/connect.ts';
import { tiers } from '../../db/tables/customers.ts';
import { clocks, tickets } from '../../db/tables/tickets.ts';
import type { Instant } from '../../rules/calendar.ts';

export interface AtRiskQuery {
  now: Instant;
  until: Instant;
  /** Spells of the past, each `paceSeconds` long: what was kept in them is the pace. */
  paceSince: Instant[];
  paceSeconds: number;
  teamId?: string | undefined;
  assigneeId?: string | undefined;
  tier?: string[] | undefined;
  metric?: string[] | undefined;
  kind?: string[] | undefined;
  expectedToBreak?: boolean | undefined;
  after: AtRiskPosition | null;
  limit: number;
}

/** Where an item stands in the order of the list. */
export interface AtRiskPosition {
  dueAt: Instant;
  /** The tier's position; tickets without a tier come behind the last one. */
  rank: number;
  number: number;
  clockId: string;
}

/** As the database writes it: ids are UUIDs, instants epoch seconds. */
export interface AtRiskRow {
  clock: string;
  id: string;
  number: number;
  subject: string;
  tier: string | null;
  rank: number;
  kind: string;
  priority: 'low' | 'normal' | 'high' | 'urgent';
  team: string | null;
  assignee: string | null;
  metric: string;
  cycle: number;
  policy: string;
  due: Instant;
  position: number;
  kept: number;
  /** Seconds from now to its turn; null = never. */
  turn: number | null;
  breaks: boolean;
}

export interface AtRiskGroupRow {
  team: string | null;
  tier: string | null;
  promises: number;
  breaks: number;
  first: Instant | null;
  overdue: number;
  /** By the team, of the metrics asked for. */
  kept: number;
}

const now = sql`${bound(clocks.dueAt, 'now')}::timestamptz`;
const paceSeconds = sql`${sql.placeholder('paceSeconds')}::bigint`;
const wall = sql`${clocks.workspaceId} = ${sql.placeholder('workspace')}`;
const ofMetric = sql`(${sql.placeholder('metric')}::text[] is null or ${clocks.metric} = any(${sql.placeholder('metric')}::text[]))`;
const ofTeam = sql`(${sql.placeholder('team')}::uuid is null or ${tickets.teamId} = ${sql.placeholder('team')}::uuid)`;

/**
 * The ticket of each clock, found by its key whatever the planner believes of the rest: it cannot know how few clocks
 * are meant, and reads every ticket there is when it guesses high.
 */
const ofTicket = sql`cross join lateral (
    select ${tickets.teamId} as team, ${tickets.tier} as tier, ${tickets.number} as number,
      (${sql.placeholder('tier')}::text[] is null or ${tickets.tier} = any(${sql.placeholder('tier')}::text[]))
        and (${sql.placeholder('kind')}::text[] is null or ${tickets.kind} = any(${sql.placeholder('kind')}::text[]))
        and (${sql.placeholder('assignee')}::uuid is null or ${tickets.assigneeId} = ${sql.placeholder('assignee')}::uuid) as asked
    from ${tickets}
    where ${tickets.workspaceId} = ${clocks.workspaceId} and ${tickets.id} = ${clocks.ticketId} and ${ofTeam}
    offset 0
  ) ticket`;

/** No team is one team of its own. */
const NO_TEAM = sql.raw(`'00000000-0000-0000-0000-000000000000'::uuid`);
const sameTeam = (a: string, b: string) =>
  sql`coalesce(${sql.raw(a)}.team, ${NO_TEAM}) = coalesce(${sql.raw(b)}.team, ${NO_TEAM})`;

/** Behind every tier there can be. */
const NO_RANK = sql.raw('32767');

/**
 * `queue`: what is due, each with its place in the queue of its team and metric. `pace`: what each team kept of each
 * metric. `expected`: when the turn of
 * each comes, position / pace seconds from now, rounded up. `overdue`: what is broken, counted alone.
 */
const ANSWER = sql`
  with queue as materialized (
    select ${clocks.id} as clock, ${clocks.metric} as metric, ${clocks.dueAt} as due, ticket.*, coalesce(rank.position, ${NO_RANK}) as rank,
      row_number() over (
        partition by ticket.team, ${clocks.metric}
        order by ${clocks.dueAt}, coalesce(rank.position, ${NO_RANK}), ticket.number, ${clocks.id}
      ) as position
    from ${clocks} ${ofTicket}
    left join (
      select ${tiers.key} as key, ${tiers.position} as position from ${tiers} where ${tiers.workspaceId} = ${sql.placeholder('workspace')}
    ) rank on rank.key = ticket.tier
    where ${wall} and ${clocks.state} = 'running'
      and ${clocks.dueAt} >= ${now} and ${clocks.dueAt} <= ${bound(clocks.dueAt, 'until')} and ${ofMetric}
  ),
  pace as materialized (
    select ticket.team, ${clocks.metric} as metric, count(*) as kept
    from unnest(${sql.placeholder('paceSince')}::timestamptz[]) since
    join ${clocks} on ${wall} and ${clocks.state} = 'met'
      and ${clocks.stoppedAt} > since and ${clocks.stoppedAt} <= since + ${paceSeconds} * interval '1 second' and ${ofMetric}
    ${ofTicket}
    group by ticket.team, ${clocks.metric}
  ),
  overdue as (
    select ticket.team, ticket.tier, count(*) as overdue
    from ${clocks} ${ofTicket}
    where ${wall} and ${clocks.state} = 'running' and ${clocks.dueAt} < ${now} and ${ofMetric} and ticket.asked
    group by ticket.team, ticket.tier
  ),
  expected as materialized (
    select queue.*, coalesce(pace.kept, 0) as kept, turn, turn is null or ${now} + turn * interval '1 second' > due as breaks
    from queue
    left join pace on ${sameTeam('pace', 'queue')} and pace.metric = queue.metric
    cross join lateral (
      select (queue.position * cardinality(${sql.placeholder('paceSince')}::timestamptz[]) * ${paceSeconds} + pace.kept - 1) / pace.kept as turn
    ) turn
    where asked
  ),
  groups as (
    select team, tier, sum(promises) as promises, sum(breaks) as breaks, min(first) as first, sum(overdue) as overdue
    from (
      select team, tier, count(*) as promises, count(*) filter (where breaks) as breaks, min(due) as first, 0 as overdue
      from expected group by team, tier
      union all
      select team, tier, 0, 0, null, overdue from overdue
    ) part
    group by team, tier
  ),
  page as (
    select * from expected
    where (${sql.placeholder('breaks')}::boolean is null or breaks = ${sql.placeholder('breaks')}::boolean)
      and (${sql.placeholder('afterDue')}::timestamptz is null or (due, rank, number, clock)
        > (${sql.placeholder('afterDue')}::timestamptz, ${sql.placeholder('afterRank')}::int, ${sql.placeholder('afterNumber')}::bigint, ${sql.placeholder('afterClock')}::uuid))
    order by due, rank, number, clock
    limit ${sql.placeholder('limit')}::int
  )
  select
    (
      select coalesce(json_agg(json_build_object(
        'team', groups.team, 'tier', groups.tier, 'promises', promises, 'breaks', breaks,
        'first', extract(epoch from first)::bigint, 'overdue', overdue, 'kept', coalesce(team.kept, 0)
      ) order by breaks desc, promises desc, overdue desc, rank.position, groups.team, groups.tier), '[]')
      from groups
      left join (select team, sum(kept) as kept from pace group by team) team on ${sameTeam('team', 'groups')}
      left join (
        select ${tiers.key} as key, ${tiers.position} as position from ${tiers} where ${tiers.workspaceId} = ${sql.placeholder('workspace')}
      ) rank on rank.key = groups.tier
    ) as groups,
    (
      select coalesce(json_agg(json_build_object(
        'clock', clock, 'id', ${tickets.id}, 'number', page.number, 'subject', ${tickets.subject}, 'tier', page.tier,
        'rank', rank, 'kind', ${tickets.kind}, 'priority', ${tickets.priority}, 'team', team, 'assignee', ${tickets.assigneeId},
        'metric', page.metric, 'cycle', ${clocks.cycle}, 'policy', ${clocks.policyKey}, 'due', extract(epoch from due)::bigint,
        'position', page.position, 'kept', kept, 'turn', turn, 'breaks', breaks
      ) order by due, rank, page.number, clock), '[]')
      from page
      join ${clocks} on ${wall} and ${clocks.id} = clock
      join ${tickets} on ${tickets.workspaceId} = ${clocks.workspaceId} and ${tickets.id} = ${clocks.ticketId}
    ) as data`;

/** The groups in order, and the items after a position in order. */
export async function readAtRisk(
  db: Db,
  workspaceId: number,
  asked: AtRiskQuery,
): Promise<{ groups: AtRiskGroupRow[]; data: AtRiskRow[] }> {
  const query = statement(db, 'at_risk', (orm, name) =>
    orm
      .select({ groups: sql<AtRiskGroupRow[]>`groups`, data: sql<AtRiskRow[]>`data` })
      .from(sql`(${ANSWER}) answer`)
      .prepare(name),
  );
  const { now, until, paceSince, paceSeconds, limit, after } = asked;
  const written = (column: PgColumn, value: unknown) => (value === undefined ? null : column.mapToDriverValue(value));
  const [row] = await query.execute({
    workspace: workspaceId,
    now,
    until,
    paceSince: paceSince.map((at) => written(clocks.stoppedAt, at)),
    paceSeconds,
    team: written(tickets.teamId, asked.teamId),
    assignee: written(tickets.assigneeId, asked.assigneeId),
    tier: asked.tier ?? null,
    metric: asked.metric ?? null,
    kind: asked.kind ?? null,
    breaks: asked.expectedToBreak ?? null,
    afterDue: written(clocks.dueAt, after?.dueAt),
    afterRank: after?.rank ?? null,
    afterNumber: after?.number ?? null,
    afterClock: written(clocks.id, after?.clockId),
    limit,
  });
  return row!;
}
