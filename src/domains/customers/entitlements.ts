/** What a customer gets, and why: their tier, the people named for them, and what the policies promise them. */

import { z } from 'zod';
import { requireStaff } from '../../auth/policy.ts';
import type { Ctx } from '../../context.ts';
import { read } from '../../operation.ts';
import type { Instant } from '../../rules/calendar.ts';
import { type Entitled, entitledTo, promisesOf } from '../../rules/entitlements.ts';
import { tellEntitlements } from '../../rules/entitlements-words.ts';
import type { Term } from '../../rules/matching.ts';
import { gapsOf, NO_SERVICE, type ServiceGap, whoServes } from '../../rules/named-service.ts';
import { type Metric, type Policy, PRIORITIES, termState } from '../../rules/policy.ts';
import { iso, isoOrNull } from '../model.ts';
import { type Catalogue, loadCatalogue, loadServiceLevels } from '../service-levels/store.ts';
import { listTiers } from '../tiers/store.ts';
import { type AgentRow, listAllTerms } from '../workspaces/store.ts';
import { Entitlements, entitlementsFields } from './entitlements-model.ts';
import { findScore, findTierAt } from './entitlements-store.ts';
import { loadPeople } from './people.ts';
import { type CustomerRow, getCustomer, tierPinView } from './store.ts';

export const getCustomerEntitlements = read({
  name: 'getCustomerEntitlements',
  summary: 'What a customer gets, and why',
  description:
    'Their tier and where it comes from, who serves them now, their personal plans, and what is promised for every kind, channel and priority, beside the standard. `text` is the same in words: `curl … | jq -r .text`.',
  scope: 'customers:read',
  input: z.strictObject(entitlementsFields),
  output: Entitlements,
  async run(ctx, { customerId: asked, at = ctx.now, language = ctx.workspace.language }) {
    requireStaff(ctx.actor);
    const { workspaceId, timeZone } = ctx.workspace;
    const customer = await getCustomer(ctx.db, workspaceId, asked);
    const { id: customerId } = customer;
    const [catalogue, terms, tier, people] = await Promise.all([
      loadCatalogue(ctx.db, workspaceId),
      listAllTerms(ctx.db, workspaceId),
      loadTier(ctx, customer, at),
      loadServing(ctx, customer),
    ]);
    const { policies } = await loadServiceLevels(ctx.db, workspaceId, catalogue.workspace.serviceLevelVersion);
    const wordsOf = (list: 'kind' | 'channel') => terms.filter((term) => term.list === list && term.active);
    const words = { kinds: wordsOf('kind').map(keyOf), channels: wordsOf('channel').map(keyOf) };
    const boxes = entitledTo(policies, { customer: customerId, tier: tier?.key ?? null }, words, at);
    const plans = plansOf(customerId, catalogue, at);
    const service = tier?.service ?? NO_SERVICE;
    const serving = people === null ? null : { ...people, gaps: gapsOf(service, people.named) };
    const calendarOf = calendarsOf(catalogue);
    const told = {
      ...{ customer: customer.name, at, tier, people: serving, ...service, plans, boxes },
      words: { kinds: words.kinds.length, channels: words.channels.length, priorities: PRIORITIES.length },
      nameOf: (list: string, key: string) => terms.find((term) => term.list === list && term.key === key)?.name ?? key,
      calendarOf: (policy: Policy, metric: Metric) => calendarOf(policy, metric).name,
    };
    return {
      customerId,
      customerName: customer.name,
      at: iso(at),
      tier: tier && tierView(tier),
      service: tier && service,
      ...peopleView(serving),
      personalPlans: plans.map(({ validFrom, validTo, ...plan }) => ({ ...plan, ...termView({ validFrom, validTo }) })),
      promises: boxes.map((box) => entitlementView(box, calendarOf)),
      text: tellEntitlements(told, language, timeZone),
    };
  },
});

const keyOf = ({ key }: { key: string }) => key;

// ── The tier ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The tier held at an instant, and where it comes from; null: none was. */
async function loadTier(ctx: Ctx, customer: CustomerRow, at: Instant) {
  const { workspaceId } = ctx.workspace;
  const [tiers, held, score] = await Promise.all([
    listTiers(ctx.db, workspaceId),
    findTierAt(ctx.db, workspaceId, customer.id, at),
    findScore(ctx.db, workspaceId, customer.id),
  ]);
  const key = held === undefined ? (at < ctx.now ? null : customer.tier) : held.tier;
  if (key === null) return null;
  const tier = tiers.find((one) => one.key === key);
  const pin = customer.tierPin;
  const isPinned = pin !== null && pin.since <= at && (pin.until === null || at < pin.until);
  return {
    key,
    name: tier?.name ?? key,
    service: { ...NO_SERVICE, ...tier?.service },
    since: held?.validFrom ?? null,
    source: held?.source ?? null,
    reason: held?.reason ?? null,
    pin: isPinned ? pin : null,
    score: score ?? null,
  };
}

type Tier = NonNullable<Awaited<ReturnType<typeof loadTier>>>;

function tierView({ key, name, since, source, reason, pin, score }: Tier) {
  return {
    ...{ key, name, since: isoOrNull(since), source, reason },
    pin: pin && tierPinView(pin),
    score: score && {
      total: score.total,
      model: score.model,
      target: score.target,
      movesAt: isoOrNull(score.movesAt),
      computedAt: iso(score.computedAt),
    },
  };
}

// ── The people ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** Who is named and who of them serves now; null for who may not know. */
async function loadServing(ctx: Ctx, customer: CustomerRow) {
  if (!ctx.actor.scopes.has('agents:read')) return null;
  const agents = await loadPeople(ctx, [customer]);
  const named = {
    dedicated: agents.get(customer.dedicatedAgentId ?? '') ?? null,
    deputy: agents.get(customer.deputyAgentId ?? '') ?? null,
    adviser: agents.get(customer.adviserId ?? '') ?? null,
  };
  return { named, serving: whoServes(named) };
}

type Serving = NonNullable<Awaited<ReturnType<typeof loadServing>>> & { gaps: ServiceGap[] };

function peopleView(people: Serving | null) {
  const { dedicated = null, deputy = null, adviser = null } = people?.named ?? {};
  return {
    dedicatedAgent: personView(dedicated),
    deputyAgent: personView(deputy),
    adviser: personView(adviser),
    servedBy: people && { agentId: agentOf(people)?.id ?? null, ...people.serving },
    gaps: people?.gaps ?? null,
  };
}

function agentOf({ named, serving }: Serving): AgentRow | null {
  return serving.role === null ? null : named[serving.role];
}

function personView(agent: AgentRow | null) {
  if (agent === null) return null;
  const { id, name, seniorityYears, available, active } = agent;
  return { agentId: id, name, seniorityYears, available, active };
}

// ── The promises ────────────────────────────────────────────────────────────────────────────────────────────────────

/** The policies that name the customer, whatever their term. */
function plansOf(customerId: string, { policies }: Catalogue, at: Instant) {
  return policies
    .filter(({ definition }) => definition.match?.customers?.includes(customerId))
    .map(({ id, key, name, definition }) => {
      const term = { validFrom: definition.validFrom ?? null, validTo: definition.validTo ?? null };
      return { policyId: id, key, name, ...term, state: termState(term, at) };
    });
}

type CalendarOf = (policy: Policy, metric: Metric) => { key: string; name: string | null };

/** What a promise counts on, as the policies in force name it; `always` has no name. */
function calendarsOf({ policies, calendars }: Catalogue): CalendarOf {
  return (policy, metric) => {
    const { definition } = policies.find(({ key }) => key === policy.key)!;
    const objective = definition.objectives.find((one) => one.metric === metric)!;
    const key = (objective.calendar ?? definition.calendar ?? 'always') as string;
    return { key, name: calendars.find((calendar) => calendar.key === key)?.name ?? null };
  };
}

function entitlementView(box: Entitled, calendarOf: CalendarOf) {
  const { policy, personal, kinds, channels, priorities, reason, overrides } = box;
  const { promises, leftOut } = promisesOf(box);
  const onCalendar = (of: Policy, metric: Metric) => {
    const { key, name } = calendarOf(of, metric);
    return { key, name: name ?? key };
  };
  return {
    policy: policy && { key: policy.key, name: policy.name, version: policy.version, ...termView(policy) },
    ...{ personal, kinds, channels, priorities: priorities as (typeof PRIORITIES)[number][], reason },
    overrides: overrides && { key: overrides.key, name: overrides.name, version: overrides.version },
    promises: promises.map(({ metric, policy: by, standard }) => {
      const { targetText, warnAt } = by.objectives.get(metric)!;
      return {
        metric,
        target: targetText,
        calendar: onCalendar(by, metric),
        warnAt: [...warnAt],
        targetOfStandard: standard?.objectives.get(metric)?.targetText ?? null,
        calendarOfStandard: standard && onCalendar(standard, metric),
      };
    }),
    leftOut,
  };
}

function termView({ validFrom, validTo }: Term) {
  return { validFrom: isoOrNull(validFrom), validTo: isoOrNull(validTo) };
}
