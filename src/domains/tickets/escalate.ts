/**
 * Steps of escalation, done: what a step says in the feed (`clock.escalated`) and what it does are one change set with the
 * ticket, under its guard, so that a step is done once, whoever looks and whoever dies in between.
 *
 * Only a ticket's timer comes here. A verb that makes a step due leaves it unsaid and sets the timer to now.
 */

import type { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { deliveries, notifications } from '../../db/tables/escalation.ts';
import { clocks } from '../../db/tables/tickets.ts';
import { newId } from '../../ids.ts';
import { type Announcement, saidKey } from '../../rules/clocks.ts';
import type { EscalationAction } from '../../rules/objective.ts';
import { PRIORITIES } from '../../rules/policy.ts';
import { iso } from '../model.ts';
import { type NotificationRow, notificationView } from '../notifications/store.ts';
import type { AgentRow, listStaff } from '../workspaces/store.ts';
import { clockFacts, type Levels, type Settled, settle, ticketFacts } from './settle.ts';
import type { TicketRow } from './store.ts';
import type { Decision } from './verb.ts';
import { toPriority, toTeam } from './verbs.ts';

export type Staff = Awaited<ReturnType<typeof listStaff>>;

/**
 * Does what is due on a ticket just settled, and what that makes due in turn: a higher priority may be another promise,
 * whose steps lie behind already. Nothing else of a step makes steps due, so there are as many rounds as priorities at most.
 */
export async function escalate(
  ctx: Ctx,
  changes: Changes,
  settled: Settled,
  levels: Levels,
  staff: () => Promise<Staff>,
): Promise<Settled> {
  let now = settled;
  for (let round = 0; now.steps.length > 0; round++) {
    if (round === PRIORITIES.length) throw new Error(`The escalation of ${now.ticket.id} does not end.`);
    now = actOn(ctx, changes, now, levels, await staff());
  }
  return now;
}

/** A step while it is done: what it has made of the ticket, and what the history and the feed are still to be told. */
interface Acting {
  ctx: Ctx;
  changes: Changes;
  staff: Staff;
  ticket: TicketRow;
  decisions: Decision[];
}

/** What is noted of each action: the action, `result`, and what it made. */
type ActionOutcome = EscalationAction & {
  result: 'done' | 'nothing_to_do' | 'unresolved' | 'unknown_team';
  [fact: string]: unknown;
};

/** One step: its event, with which all it makes belongs together. */
interface Said extends Announcement {
  eventId: string;
  data: ReturnType<typeof clockFacts> & { actions: readonly EscalationAction[]; outcome: ActionOutcome[] };
}

function actOn(ctx: Ctx, changes: Changes, settled: Settled, levels: Levels, staff: Staff): Settled {
  const acting: Acting = { ctx, changes, staff, ticket: settled.ticket, decisions: [] };
  for (const announcement of settled.steps) {
    const { clock, step, occurredAt } = announcement;
    const actions = step!.do!;
    const outcome: ActionOutcome[] = [];
    const data = { ...clockFacts(acting.ticket, clock), actions, outcome };
    // Said before what comes of it, and told of that as it comes.
    const eventId = changes.event('clock.escalated', acting.ticket.id, data, occurredAt);
    for (const action of actions) outcome.push(done(acting, { ...announcement, eventId, data }, action));
  }
  const { ticket, decisions } = acting;
  const after = settle(
    ctx,
    changes,
    { ticket: settled.ticket, history: settled.history, clocks: remembered(changes, settled) },
    levels,
    decisions.flatMap(({ happenings }) => happenings),
    Object.assign({}, ...decisions.map(({ patch }) => patch)),
    { quiet: decisions.length === 0 },
  );
  for (const { event, facts } of decisions) changes.event(event, ticket.id, { ...ticketFacts(after.ticket), ...facts });
  return after;
}

/** The clocks with these steps as said. */
function remembered(changes: Changes, { rows, steps }: Settled): Settled['rows'] {
  return rows.map((row) => {
    const said = steps
      .filter(({ clock }) => clock.metric === row.metric && clock.cycle === row.cycle)
      .map(({ clock, step }) => saidKey(clock, step!));
    return said.length === 0 ? row : changes.update(clocks, row, { said: [...row.said, ...said] });
  });
}

function done(acting: Acting, said: Said, action: EscalationAction): ActionOutcome {
  if ('notify' in action) return notify(acting, said, action.notify);
  if ('raisePriority' in action) return raisePriority(acting, said);
  if ('reassign' in action) return reassign(acting, said, action.reassign);
  return callOut(acting, said, action.webhook);
}

function decide(acting: Acting, decision: Decision): void {
  acting.decisions.push(decision);
  acting.ticket = { ...acting.ticket, ...decision.patch };
}

/** For the history: whose doing it was. */
function reasonOf({ clock, step }: Announcement): string {
  return `Escalation of ${clock.metric}, step ${step!.step! + 1}`;
}

function raisePriority(acting: Acting, said: Said): ActionOutcome {
  const from = acting.ticket.priority;
  const to = PRIORITIES[PRIORITIES.indexOf(from) + 1];
  if (to === undefined) return { raisePriority: true, result: 'nothing_to_do', priority: from };
  decide(acting, toPriority(acting.ctx, acting.ticket, to, reasonOf(said)));
  return { raisePriority: true, result: 'done', from, to };
}

/** Whoever works on it keeps it when they are of the team, too. */
function reassign(acting: Acting, said: Said, named: string): ActionOutcome {
  const { ticket, staff } = acting;
  const team = staff.teams.find(({ id, name }) => id === named || name === named);
  if (team === undefined) return { reassign: named, result: 'unknown_team' };
  if (team.id === ticket.teamId) return { reassign: named, result: 'nothing_to_do', teamId: team.id };
  const assignee = staff.agents.find(({ id }) => id === ticket.assigneeId);
  const assigneeId = assignee?.teamIds.includes(team.id) ? assignee.id : null;
  decide(acting, toTeam(ticket, team.id, assigneeId, reasonOf(said)));
  return { reassign: named, result: 'done', teamId: team.id, from: ticket.teamId, assigneeId };
}

function notify(acting: Acting, said: Said, whom: string): ActionOutcome {
  const found = Object.hasOwn(FIND, whom) ? FIND[whom as keyof typeof FIND](acting.ticket, acting.staff) : null;
  const told: Pick<NotificationRow, 'role' | 'agentId' | 'address' | 'unresolved'>[] =
    found === null
      ? [{ role: 'address', agentId: null, address: whom, unresolved: false }]
      : (found.length === 0 ? [null] : found).map((agent) => {
          const role = whom as keyof typeof FIND;
          return { role, agentId: agent?.id ?? null, address: null, unresolved: agent === null };
        });
  const made = told.map((one) => addNotification(acting, said, one));
  return {
    notify: whom,
    result: found?.length === 0 ? 'unresolved' : 'done',
    notifications: made.map(({ id, agentId }) => ({ id, agentId })),
  };
}

/** Whom a role means on a ticket; of active agents alone. The staff is in the order in which they came. */
const FIND: Record<'assignee' | 'team_lead' | 'manager' | 'senior', (ticket: TicketRow, staff: Staff) => AgentRow[]> = {
  assignee: ({ assigneeId }, { agents }) => agents.filter(({ id }) => id === assigneeId),
  team_lead({ teamId }, { agents, teams }) {
    const leadId = teams.find(({ id }) => id === teamId)?.leadId;
    return agents.filter(({ id }) => id === leadId);
  },
  manager: (_ticket, { agents }) => agents.filter(({ role }) => role === 'manager'),
  senior({ teamId }, { agents }) {
    const ofTeam = agents.filter(({ teamIds }) => teamId !== null && teamIds.includes(teamId));
    const pool = ofTeam.length > 0 ? ofTeam : agents;
    const most = Math.max(...pool.map(({ seniorityYears }) => seniorityYears));
    return pool.filter(({ seniorityYears }) => seniorityYears === most).slice(0, 1);
  },
};

function addNotification(
  { ctx, changes, ticket }: Acting,
  { eventId, clock, step, data }: Said,
  to: Pick<NotificationRow, 'role' | 'agentId' | 'address' | 'unresolved'>,
): NotificationRow {
  const { number, tier, kind } = data.ticket;
  const { state, target, dueAt, breached } = data.clock;
  const row = changes.insert(notifications, {
    workspaceId: ticket.workspaceId,
    id: newId('notification'),
    ticketId: ticket.id,
    eventId,
    metric: clock.metric,
    cycle: clock.cycle,
    policyKey: clock.policyKey,
    policyVersion: clock.policyVersion,
    step: step!.step!,
    ...to,
    facts: { number, kind, tier, priority: ticket.priority, state, target, dueAt, breached },
    createdAt: ctx.now,
    updatedAt: ctx.now,
  });
  changes.event('notification.created', row.id, { notification: notificationView(row) });
  return row;
}

/** Sent by the courier, first now. The body is the event, which goes on being told what comes of it until it is saved. */
function callOut({ ctx, changes, ticket }: Acting, { eventId, occurredAt, data }: Said, url: string): ActionOutcome {
  const { id } = changes.insert(deliveries, {
    workspaceId: ticket.workspaceId,
    id: newId('delivery'),
    ticketId: ticket.id,
    url,
    host: URL.canParse(url) ? new URL(url).host : '',
    eventId,
    eventType: 'clock.escalated',
    body: {
      id: eventId,
      type: 'clock.escalated',
      occurredAt: iso(occurredAt),
      actor: ctx.actor.id,
      door: ctx.door,
      subject: ticket.id,
      data,
    },
    state: 'pending',
    attempts: 0,
    nextAttemptAt: ctx.now,
    live: ctx.workspace.mode === 'live',
    createdAt: ctx.now,
    updatedAt: ctx.now,
  });
  return { webhook: url, result: 'done', deliveryId: id };
}
