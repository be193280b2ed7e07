/** Service levels that are only thought of, made whole and checked: what a dry run and a backtest rest on. */

import type { z } from 'zod';
import type { Ctx } from '../../context.ts';
import type { FieldError } from '../../errors.ts';
import type { CalendarDefinition } from '../../rules/calendar.ts';
import type { PolicyDefinition } from '../../rules/policy.ts';
import { calendarOf, policyOf } from './compiled.ts';
import type { plannedFields } from './planned-model.ts';
import { inlineCalendar, inlinePolicy, isGiven } from './said.ts';
import { type Levels, loadCatalogue, pick, policyDefinition } from './store.ts';

export type Planned = { [F in keyof typeof plannedFields]?: z.output<(typeof plannedFields)[F]> };

/** At most one of the two says what is planned, and every key of a plan once. */
export function checkPlanned({ policy, plan }: Planned): FieldError[] {
  if (!isGiven(plan)) return [];
  if (isGiven(policy)) return [{ path: 'plan', message: 'Give a policy or a plan, not both.', code: 'invalid' }];
  return Object.entries({ calendars: plan.calendars ?? [], policies: plan.policies }).flatMap(([list, all]) =>
    all.flatMap(({ key }, index) => {
      if (all.findIndex((one) => one.key === key) === index) return [];
      return [{ path: `plan.${list}.${index}.key`, message: `${key} is there already.`, code: 'duplicate' }];
    }),
  );
}

/**
 * All that would be promised; what is in force now where nothing is planned. Throws `validation_failed` (or `not_found`
 * for an id) naming every fault below `policy` or `plan`.
 */
export async function plannedLevels(ctx: Ctx, { policy, plan }: Planned): Promise<Levels> {
  const catalogue = await loadCatalogue(ctx.db, ctx.workspace.workspaceId);
  const ofPlan = new Map<string, CalendarDefinition>();
  for (const [index, { key, name: _, ...hours }] of (plan?.calendars ?? []).entries()) {
    const definition = inlineCalendar(hours);
    calendarOf(definition, `plan.calendars.${index}`);
    ofPlan.set(key, definition);
  }
  const named = new Map<string, CalendarDefinition>();
  const definitionOf = (name: string, path: string): CalendarDefinition => {
    const definition = ofPlan.get(name) ?? pick('calendar', catalogue.calendars, name, path).definition;
    named.set(name, definition);
    return definition;
  };
  const now = catalogue.policies.map(policyDefinition);
  const checked = (definition: PolicyDefinition, path: string) => {
    policyOf(definition, definitionOf, path);
    return definition;
  };
  const inForce = () => now.map((definition, index) => checked(definition, `policies.${index}`));
  const onCalendars = (all: PolicyDefinition[]): Levels => ({ policies: all, calendars: Object.fromEntries(named) });
  if (isGiven(plan)) {
    return onCalendars(plan.policies.map((one, index) => checked(inlinePolicy(one), `plan.policies.${index}`)));
  }
  if (!isGiven(policy)) return onCalendars(inForce());
  const one =
    typeof policy === 'string'
      ? policyDefinition(pick('policy', catalogue.policies, policy, 'policy'))
      : { ...placeOf(now, policy.key), ...inlinePolicy(policy) };
  const others = inForce().filter(({ key }) => key !== one.key);
  return onCalendars([...others, checked(one, 'policy')]);
}

/** The place of the policy whose place another takes. */
function placeOf(policies: readonly PolicyDefinition[], key: string | undefined): Pick<PolicyDefinition, 'position'> {
  return { position: policies.find((one) => one.key === key)?.position };
}
