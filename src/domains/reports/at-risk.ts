/** The at-risk view: which promises break soon at the present pace, and in what order to do them. */

import { z } from 'zod';
import { requireStaff } from '../../auth/policy.ts';
import { AppError } from '../../errors.ts';
import { encodeId, isId } from '../../ids.ts';
import { read } from '../../operation.ts';
import type { Instant } from '../../rules/calendar.ts';
import type { Metric } from '../../rules/policy.ts';
import { iso, isoOrNull } from '../model.ts';
import { AtRisk, atRiskFields } from './at-risk-model.ts';
import { type AtRiskGroupRow, type AtRiskPosition, type AtRiskRow, readAtRisk } from './at-risk-query.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;

/** The past days that a pace is counted on. */
const PACE_DAYS = 7;
/** Fewer hours of each day than these tell a pace by chance. */
const SHORTEST_SPELL = 4 * HOUR;

/** What lies behind it is no forecast any more. */
const LATEST = Date.UTC(2200, 0, 1) / 1000;

export const getAtRisk = read({
  name: 'getAtRisk',
  summary: 'Which promises will be broken within a horizon at the present pace, and what to do first',
  description:
    'A running, unbroken promise that is due within the horizon breaks unless somebody meets it. How far the present pace reaches: a team takes the promises of one metric in the order of the list, and keeps as many per hour as it kept in the same hours of the last seven days (asked at 10:00 for four hours: from 10:00 to 14:00 of each of them; four hours are compared at least, and a whole day at most). Promises count for the team that has the ticket now. Work on what is broken already goes on beside it as it did in those days.',
  scope: 'tickets:read',
  input: z.strictObject(atRiskFields),
  output: AtRisk,
  async run(ctx, { horizon, limit, cursor, ...filters }) {
    requireStaff(ctx.actor);
    const paceSeconds = Math.min(Math.max(horizon, SHORTEST_SPELL), DAY);
    const pace = { days: PACE_DAYS, seconds: paceSeconds };
    const { groups, data } = await readAtRisk(ctx.db, ctx.workspace.workspaceId, {
      now: ctx.now,
      until: ctx.now + horizon,
      paceSince: Array.from({ length: PACE_DAYS }, (_, index) => ctx.now - (index + 1) * DAY),
      paceSeconds,
      ...filters,
      after: cursor === undefined ? null : positionOf(cursor),
      limit: limit + 1,
    });
    const shown = data.slice(0, limit);
    return {
      asOf: iso(ctx.now),
      until: iso(ctx.now + horizon),
      groups: groups.map((row) => groupView(row, pace)),
      data: shown.map((row) => promiseView(row, ctx.now, pace)),
      nextCursor: data.length > limit ? cursorOf(shown.at(-1)!) : null,
    };
  },
});

interface Pace {
  days: number;
  /** Of each day. */
  seconds: number;
}

const perHour = (kept: number, { days, seconds }: Pace) => (kept * HOUR) / (days * seconds);

function groupView({ team, tier, promises, breaks, first, overdue, kept }: AtRiskGroupRow, pace: Pace) {
  return {
    teamId: team === null ? null : encodeId('team', team),
    tier,
    promises,
    expectedToBreak: breaks,
    firstDueAt: isoOrNull(first),
    overdue,
    perHour: perHour(kept, pace),
  };
}

function promiseView(row: AtRiskRow, now: Instant, pace: Pace) {
  const { id, number, subject, tier, kind, priority, team, assignee } = row;
  const expectedAt = row.turn === null || now + row.turn >= LATEST ? null : now + row.turn;
  return {
    ticket: {
      id: encodeId('ticket', id),
      number,
      subject,
      tier,
      kind,
      priority,
      teamId: team === null ? null : encodeId('team', team),
      assigneeId: assignee === null ? null : encodeId('agent', assignee),
    },
    metric: row.metric as Metric,
    cycle: row.cycle,
    policyKey: row.policy,
    dueAt: iso(row.due),
    remainingSeconds: row.due - now,
    position: row.position,
    perHour: perHour(row.kept, pace),
    expectedAt: isoOrNull(expectedAt),
    expectedToBreak: row.breaks,
  };
}

function cursorOf({ due, rank, number, clock }: AtRiskRow): string {
  return Buffer.from(JSON.stringify(['atRisk', due, rank, number, encodeId('clock', clock)])).toString('base64url');
}

/** 400 `invalid_cursor` for what is none of ours. */
function positionOf(cursor: string): AtRiskPosition {
  try {
    const [list, dueAt, rank, number, clockId] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
    const inRange = (value: unknown, most: number) => Number.isSafeInteger(value) && Math.abs(value as number) <= most;
    if (list !== 'atRisk' || !inRange(dueAt, LATEST) || !inRange(rank, 2 ** 31 - 1) || !inRange(number, 2 ** 43))
      throw new TypeError('another list');
    if (typeof clockId !== 'string' || !isId('clock', clockId)) throw new TypeError('not an id');
    return { dueAt, rank, number, clockId } as AtRiskPosition;
  } catch {
    throw new AppError('invalid_cursor', 'This cursor does not belong to this list and order.');
  }
}
