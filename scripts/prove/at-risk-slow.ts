/** The at-risk view as anybody would reckon it with a pencil: all promises are copied out and looked at one by one. */

import type pg from 'pg';
import { encodeId } from '../../src/ids.ts';

const DAY = 86_400;

export interface KnownPromise {
  /** TypeID of the clock. */
  clockId: string;
  metric: string;
  cycle: number;
  policyKey: string;
  state: string;
  /** Epoch seconds. */
  dueAt: number | null;
  stoppedAt: number | null;
  ticket: KnownTicket;
}

interface KnownTicket {
  id: string;
  number: number;
  subject: string;
  tier: string | null;
  kind: string;
  priority: string;
  teamId: string | null;
  assigneeId: string | null;
}

interface Asked {
  now: number;
  /** Seconds. */
  horizon: number;
  /** Keys of the tiers, the highest first. */
  tiers: string[];
  teamId?: string;
  assigneeId?: string;
  tier?: string[];
  metric?: string[];
  kind?: string[];
}

const iso = (at: number) => `${new Date(at * 1000).toISOString().slice(0, 19)}Z`;
const last = '\uffff';

/** `asOf`, `until`, `groups` and the whole of `data`. */
export function atRiskSlowly(promises: KnownPromise[], asked: Asked) {
  const { now, horizon } = asked;
  const seconds = Math.min(Math.max(horizon, 4 * 3600), DAY);
  const rank = (tier: string | null) => {
    const place = tier === null ? -1 : asked.tiers.indexOf(tier);
    return place === -1 ? asked.tiers.length : place;
  };
  const isAsked = ({ metric, ticket }: KnownPromise) =>
    (asked.teamId === undefined || ticket.teamId === asked.teamId) &&
    (asked.assigneeId === undefined || ticket.assigneeId === asked.assigneeId) &&
    (asked.tier === undefined || (ticket.tier !== null && asked.tier.includes(ticket.tier))) &&
    (asked.metric === undefined || asked.metric.includes(metric)) &&
    (asked.kind === undefined || asked.kind.includes(ticket.kind));
  const ofMetrics = promises.filter(({ metric }) => asked.metric === undefined || asked.metric.includes(metric));
  const sameHours = (at: number) =>
    [1, 2, 3, 4, 5, 6, 7].some((days) => at > now - days * DAY && at <= now - days * DAY + seconds);
  const kept = ofMetrics.filter(({ state, stoppedAt }) => state === 'met' && sameHours(stoppedAt!));
  const running = ofMetrics.filter(({ state }) => state === 'running');

  const queues = Map.groupBy(
    running.filter(({ dueAt }) => dueAt! >= now && dueAt! <= now + horizon),
    ({ metric, ticket }) => `${ticket.teamId} ${metric}`,
  );
  const items = [...queues.values()].flatMap((queue) => {
    const { metric: ofQueue, ticket: any } = queue[0]!;
    const pace = kept.filter(({ metric, ticket }) => metric === ofQueue && ticket.teamId === any.teamId).length;
    return queue.sort(inOrder).map((promise, index) => {
      const wait = pace === 0 ? null : Math.ceil(((index + 1) * 7 * seconds) / pace);
      return { promise, position: index + 1, pace, expected: wait === null ? null : now + wait };
    });
  });

  function inOrder(a: KnownPromise, b: KnownPromise): number {
    return (
      a.dueAt! - b.dueAt! ||
      rank(a.ticket.tier) - rank(b.ticket.tier) ||
      a.ticket.number - b.ticket.number ||
      (a.clockId < b.clockId ? -1 : 1)
    );
  }

  const data = items
    .filter(({ promise }) => isAsked(promise))
    .sort((a, b) => inOrder(a.promise, b.promise))
    .map(({ promise, position, pace, expected }) => ({
      ticket: promise.ticket,
      metric: promise.metric,
      cycle: promise.cycle,
      policyKey: promise.policyKey,
      dueAt: iso(promise.dueAt!),
      remainingSeconds: promise.dueAt! - now,
      position,
      perHour: (pace * 3600) / (7 * seconds),
      expectedAt: expected === null || expected >= Date.UTC(2200, 0, 1) / 1000 ? null : iso(expected),
      expectedToBreak: expected === null || expected > promise.dueAt!,
    }));

  const overdue = running.filter((promise) => promise.dueAt! < now && isAsked(promise));
  const places = new Map(
    [...data, ...overdue].map(({ ticket: { teamId, tier } }) => [`${teamId} ${tier}`, { teamId, tier }]),
  );
  const groups = [...places.values()].map(({ teamId, tier }) => {
    const isHere = ({ ticket }: { ticket: KnownTicket }) => ticket.teamId === teamId && ticket.tier === tier;
    const here = data.filter(isHere);
    return {
      teamId,
      tier,
      promises: here.length,
      expectedToBreak: here.filter(({ expectedToBreak }) => expectedToBreak).length,
      firstDueAt: here[0]?.dueAt ?? null,
      overdue: overdue.filter(isHere).length,
      perHour: (kept.filter(({ ticket }) => ticket.teamId === teamId).length * 3600) / (7 * seconds),
    };
  });
  groups.sort(
    (a, b) =>
      b.expectedToBreak - a.expectedToBreak ||
      b.promises - a.promises ||
      b.overdue - a.overdue ||
      rank(a.tier) - rank(b.tier) ||
      ((a.teamId ?? last) < (b.teamId ?? last) ? -1 : 1),
  );
  return { asOf: iso(now), until: iso(now + horizon), groups, data };
}

/** The promises of a workspace; those that stopped before this instant of the database are left out. */
export async function copyPromises(
  client: pg.Client | pg.Pool,
  workspaceId: number,
  since = '-infinity',
): Promise<KnownPromise[]> {
  const { rows } = await client.query(
    `select c.id as clock, c.metric, c.cycle, c.policy_key, c.state, extract(epoch from c.due_at)::float8 as due,
       extract(epoch from c.stopped_at)::float8 as stopped, t.id, t.number::float8, t.subject, t.tier, t.kind, t.priority,
       t.team_id, t.assignee_id
     from clocks c join tickets t on t.workspace_id = c.workspace_id and t.id = c.ticket_id
     where c.workspace_id = $1 and (c.stopped_at is null or c.stopped_at > $2::timestamptz)`,
    [workspaceId, since],
  );
  return rows.map((row) => ({
    clockId: encodeId('clock', row.clock),
    metric: row.metric,
    cycle: row.cycle,
    policyKey: row.policy_key,
    state: row.state,
    dueAt: row.due,
    stoppedAt: row.stopped,
    ticket: {
      id: encodeId('ticket', row.id),
      number: row.number,
      subject: row.subject,
      tier: row.tier,
      kind: row.kind,
      priority: row.priority,
      teamId: row.team_id === null ? null : encodeId('team', row.team_id),
      assigneeId: row.assignee_id === null ? null : encodeId('agent', row.assignee_id),
    },
  }));
}
