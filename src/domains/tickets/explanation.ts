/** Why a promise of a ticket stands where it stands, for people and for programs. */

import { z } from 'zod';
import type { Ctx } from '../../context.ts';
import { findById } from '../../db/rows.ts';
import { customers } from '../../db/tables/customers.ts';
import { notFound } from '../../errors.ts';
import { read } from '../../operation.ts';
import { type ClockExplanation as Explained, explainClock } from '../../rules/explanation.ts';
import { ATTRIBUTES, type Attribute } from '../../rules/matching.ts';
import { type About, tellClock } from '../../rules/telling.ts';
import { iso, isoOrNull } from '../model.ts';
import { findCalendar, getLevels } from '../service-levels/store.ts';
import { listTiers } from '../tiers/store.ts';
import { listAllTerms } from '../workspaces/store.ts';
import { getVisibleTicket } from './clocks.ts';
import { ClockExplanation, explanationFields } from './explanation-model.ts';
import { clockEvents, type Levels, loadLevels } from './settle.ts';
import { clockView, notBefore } from './store.ts';

export const getTicketClockExplanation = read({
  name: 'getTicketClockExplanation',
  summary: 'Explain one promise of a ticket second by second',
  description:
    'A label for every second from the start to now or the stop, the policy that matched and why, the events that moved it; `text` is the same for a terminal: `curl … | jq -r .text`.',
  scope: 'tickets:read',
  input: z.strictObject(explanationFields),
  output: ClockExplanation,
  async run(ctx, { ticketId, metric, cycle }) {
    const { ticket, history } = await getVisibleTicket(ctx, ticketId);
    const levels = await loadLevels(ctx, [history]);
    const asOf = notBefore(history, ctx.now);
    const found = explainClock(clockEvents(history, levels), asOf, metric, cycle);
    if (found === null) throw notFound('clock');
    const explained = ctx.actor.scopes.has('service_levels:read') ? found : withoutInternals(found);
    const [names, calendar] = await Promise.all([loadNames(ctx, explained), getCalendarOf(ctx, explained, levels)]);
    const { language, timeZone } = ctx.workspace;
    const about: About = { language, timeZone, asOf, ticket, calendar, ...names };
    return { ...tellClock(explained, about), asOf: iso(asOf), ...viewOf(explained, about) };
  },
});

/** How the desk raises an alarm, and which policies there are beside, are in the policies: for those who may read them. */
function withoutInternals(explained: Explained): Explained {
  return { ...explained, marks: explained.marks.filter(({ step }) => step !== 'escalation') };
}

/** Names of what the policy was matched by. Who may not read it by itself does not get it by a detour. */
async function loadNames(ctx: Ctx, { matchedBy }: Explained) {
  const { db, workspace, actor } = ctx;
  const { workspaceId } = workspace;
  const customerId = matchedBy.attributes.find(({ attribute }) => attribute === 'customer')!.value;
  const [terms, tiers, customer] = await Promise.all([
    listAllTerms(db, workspaceId),
    listTiers(db, workspaceId),
    customerId !== null && actor.scopes.has('customers:read')
      ? findById(db, customers, workspaceId, customerId)
      : undefined,
  ]);
  const nameOf = (attribute: Attribute, key: string): string | null => {
    const words = attribute === 'tier' ? tiers : terms.filter(({ list }) => list === attribute);
    return words.find((word) => word.key === key)?.name ?? null;
  };
  return { customer: customer?.name ?? null, tellsAlternatives: actor.scopes.has('service_levels:read'), nameOf };
}

/** The calendar that the target counts on, as the version in force names it. */
async function getCalendarOf(ctx: Ctx, explained: Explained, levels: Levels): Promise<About['calendar']> {
  const { workspaceId } = ctx.workspace;
  const [number] = [...levels].find(([, level]) => level === explained.levels)!;
  const { policies, calendars } = await getLevels(ctx.db, workspaceId, number);
  const policy = policies.find(({ key }) => key === explained.policy.key)!;
  const objective = policy.objectives.find(({ metric }) => metric === explained.clock.metric)!;
  // Stored policies name their calendars.
  const key = (objective.calendar ?? policy.calendar ?? 'always') as string;
  if (key === 'always') return { key, name: null, timeZone: 'UTC' };
  const row = await findCalendar(ctx.db, workspaceId, key);
  return { key, name: row?.name ?? key, timeZone: calendars[key]!.timeZone };
}

function viewOf(explained: Explained, { calendar, customer, nameOf, tellsAlternatives }: About) {
  const { clock, policy, matchedBy, total, earlier } = explained;
  const named = (attribute: Attribute, value: string) =>
    attribute === 'customer' ? customer : nameOf(attribute, value);
  const policyNames = new Map(explained.levels.policies.map(({ key, name }) => [key, name]));
  return {
    clock: clockView(clock),
    leftSeconds: explained.leftSeconds,
    policy: {
      key: policy.key,
      name: policy.name,
      version: policy.version,
      target: clock.target,
      targetSeconds: explained.targetSeconds,
      calendar: { ...calendar, name: calendar.name ?? calendar.key },
    },
    policyKey: clock.policyKey,
    policyVersion: clock.policyVersion,
    reason: matchedBy.reason,
    matchedBy: matchedBy.attributes.map(({ attribute, value, matched }) => {
      return { attribute, value, name: value === null ? null : named(attribute, value), matched };
    }),
    alternatives: tellsAlternatives
      ? matchedBy.alternatives.map(({ key, reason }) => ({ policyKey: key, policyName: policyNames.get(key)!, reason }))
      : null,
    passedOver: tellsAlternatives
      ? matchedBy.passedOver.map(({ key, term }) => ({ policyKey: key, policyName: policyNames.get(key)!, term }))
      : null,
    total: timeView(total),
    earlier: earlier && timeView(earlier),
    intervals: explained.intervals.map(({ from, to, label, seconds, elapsedSeconds }) => {
      return { from: iso(from), to: iso(to), label, seconds, elapsedSeconds };
    }),
    marks: explained.marks.map(({ at, ...mark }) => ({ at: iso(at), ...mark })),
    events: explained.events.map(moveView),
  };
}

function timeView({ from, to, ...seconds }: Explained['total']) {
  return { from: iso(from), to: iso(to), ...seconds };
}

function moveView({ at, event, effect, policy, dueAt, before }: Explained['events'][number]) {
  const said = event.type === 'status_changed' ? event.status : CHANGES[event.type] && event[CHANGES[event.type]!];
  return {
    at: iso(at),
    type: event.type,
    value: said ?? null,
    effect,
    dueAt: isoOrNull(dueAt),
    policyKey: policy.key,
    policyVersion: policy.version,
    before: before && {
      policyKey: before.policy.key,
      policyVersion: before.policy.version,
      dueAt: isoOrNull(before.dueAt),
    },
  };
}

const CHANGES: Partial<Record<string, Attribute>> = Object.fromEntries(
  ATTRIBUTES.map((attribute) => [`${attribute}_changed`, attribute]),
);
