/** The counts satisfaction is made of, read in one statement. */

import { and, eq, gte, inArray, lt, ne, type SQL, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import type { Db } from '../../db/connect.ts';
import { surveyAnswers, surveyInvitations } from '../../db/tables/surveys.ts';
import { tickets } from '../../db/tables/tickets.ts';
import type { Instant } from '../../rules/calendar.ts';
import type { PointCount } from '../../rules/satisfaction.ts';

export interface SatisfactionFilter {
  from: Instant;
  to: Instant;
  templateId?: string | undefined;
  tier?: string[] | undefined;
  kind?: string[] | undefined;
  channel?: string[] | undefined;
  problemType?: string[] | undefined;
  product?: string[] | undefined;
  /** All that mean one customer. */
  customerIds?: string[] | undefined;
  teamId?: string | undefined;
  assigneeId?: string | undefined;
}

export interface SatisfactionCounts {
  points: PointCount[];
  dimensions: { key: string; scale: number; answers: number; total: number }[];
  invitations: number;
  responses: number;
}

/** Answers given, and invitations sent, in a period. */
export async function countSatisfaction(
  db: Db,
  workspaceId: number,
  filter: SatisfactionFilter,
): Promise<SatisfactionCounts> {
  const answers = db.orm
    .select({
      overall: surveyAnswers.overall,
      scale: surveyAnswers.scale,
      dimensions: surveyAnswers.dimensions,
      low: surveyAnswers.low,
    })
    .from(surveyAnswers)
    .where(
      and(
        eq(surveyAnswers.workspaceId, workspaceId),
        gte(surveyAnswers.answeredAt, filter.from),
        lt(surveyAnswers.answeredAt, filter.to),
        filter.templateId === undefined
          ? undefined
          : sql`exists (select from ${surveyInvitations} where ${surveyInvitations.workspaceId} = ${surveyAnswers.workspaceId} and ${surveyInvitations.id} = ${surveyAnswers.invitationId} and ${eq(surveyInvitations.templateId, filter.templateId)})`,
        ofTickets(surveyAnswers, filter),
      ),
    );
  const invitations = db.orm
    .select({ state: surveyInvitations.state })
    .from(surveyInvitations)
    .where(
      and(
        eq(surveyInvitations.workspaceId, workspaceId),
        gte(surveyInvitations.sentAt, filter.from),
        lt(surveyInvitations.sentAt, filter.to),
        ne(surveyInvitations.state, 'cancelled'),
        filter.templateId === undefined ? undefined : eq(surveyInvitations.templateId, filter.templateId),
        ofTickets(surveyInvitations, filter),
      ),
    );
  const { rows } = await db.orm.execute<{ counts: SatisfactionCounts }>(sql`
    with answers as materialized (${answers}), invitations as (${invitations}),
    points as (
      select scale, overall as score, count(*) as answers, count(*) filter (where low) as low
      from answers group by scale, overall
    ),
    scores as (
      select key, scale, count(*) as answers, sum(value::int) as total
      from answers, jsonb_each_text(dimensions) group by key, scale
    )
    select json_build_object(
      'points', (select coalesce(json_agg(points), '[]') from points),
      'dimensions', (select coalesce(json_agg(scores order by key, scale), '[]') from scores),
      'invitations', (select count(*) from invitations),
      'responses', (select count(*) from invitations where state = 'answered')
    ) as counts`);
  return rows[0]!.counts;
}

/** Whose ticket is as asked; without a question about tickets they are not looked at. */
function ofTickets(of: { workspaceId: PgColumn; ticketId: PgColumn }, filter: SatisfactionFilter): SQL | undefined {
  const among = (column: PgColumn, values: string[] | undefined) =>
    values === undefined ? [] : [sql`${column} = any(${sql.param(values)}::text[])`];
  const is = (column: PgColumn, value: string | undefined) => (value === undefined ? [] : [eq(column, value)]);
  const conditions = [
    ...among(tickets.tier, filter.tier),
    ...among(tickets.kind, filter.kind),
    ...among(tickets.channel, filter.channel),
    ...among(tickets.problemType, filter.problemType),
    ...among(tickets.product, filter.product),
    ...(filter.customerIds === undefined ? [] : [inArray(tickets.customerId, filter.customerIds)]),
    ...is(tickets.teamId, filter.teamId),
    ...is(tickets.assigneeId, filter.assigneeId),
  ];
  if (conditions.length === 0) return undefined;
  return sql`exists (select from ${tickets} where ${tickets.workspaceId} = ${of.workspaceId} and ${tickets.id} = ${of.ticketId} and ${and(...conditions)})`;
}
