/** Verbs of the service-levels domain: calendars and policies; what is computed from them stands in compute.ts. */

import type { Ctx } from '../../context.ts';
import type { Row } from '../../db/rows.ts';
import { calendars, policies } from '../../db/tables/service-levels.ts';
import { AppError, notFound } from '../../errors.ts';
import { isId } from '../../ids.ts';
import type { CalendarDefinition, Instant } from '../../rules/calendar.ts';
import type { PolicyDefinition } from '../../rules/policy.ts';
import { findCustomers } from '../customers/store.ts';
import { type Resource, resource } from '../resource.ts';
import { listAllTerms } from '../workspaces/store.ts';
import { calendarOf, policyOf, withPath } from './compiled.ts';
import { Calendar, calendarFields, Policy, policyFields } from './model.ts';
import {
  type CalendarRow,
  calendarView,
  listTierKeys,
  loadCatalogue,
  type PolicyRow,
  pick,
  policyDefinition,
  policyView,
} from './store.ts';
import { withTeams } from './teams.ts';
import { addCalendarVersion, addVersion, withRow } from './versions.ts';

const BUILT_IN = new AppError('already_exists', 'The calendar always is built in.', [
  { path: 'key', message: 'The calendar always is built in.', code: 'already_exists' },
]);

const scopes = { read: 'service_levels:read', write: 'service_levels:write' } as const;

export const calendarResource = resource({
  kind: 'calendar',
  table: calendars,
  model: Calendar,
  fields: calendarFields,
  fixed: ['key'],
  scopes,
  example: {
    key: 'cn-office',
    name: 'Office hours',
    timeZone: 'Asia/Shanghai',
    week: {
      mon: [
        ['09:00', '12:00'],
        ['13:00', '18:00'],
      ],
    },
    holidays: ['2027-02-17'],
    specialDays: [{ date: '2027-02-20', periods: [['09:00', '18:00']] }],
  },
  view: calendarView,
  async decide(ctx, draft, before, changes) {
    if (draft['key'] === 'always') throw BUILT_IN;
    const definition = calendarAfter((before as CalendarRow | null)?.definition, draft);
    withPath('calendar', '', () => calendarOf(definition, 'calendar'));
    draft['definition'] = definition;
    await addCalendarVersion(ctx, changes, { ...(draft as CalendarRow), definition });
  },
  async remove(ctx, before, changes) {
    const { key } = before as CalendarRow;
    const catalogue = await loadCatalogue(ctx.db, ctx.workspace.workspaceId);
    const user = catalogue.policies.find((policy) => calendarsOf(policy.definition).includes(key));
    if (user !== undefined) throw new AppError('in_use', `The policy ${user.key} counts on this calendar.`);
    addVersion(ctx, changes, catalogue, { ...catalogue, calendars: withRow(catalogue.calendars, key, null) });
  },
});

const plainPolicyResource = resource({
  kind: 'policy',
  plural: 'policies',
  table: policies,
  model: Policy,
  fields: policyFields,
  fixed: ['key'],
  scopes,
  example: {
    key: 'core-complaint',
    name: 'Complaints of core customers',
    match: { tiers: ['core'], kinds: ['complaint'] },
    calendar: 'always',
    objectives: [{ metric: 'first_response', target: 'PT1H', warnAt: [0.5, 0.8], pausesOn: ['pending'] }],
    semantics: { onReopen: 'resume' },
  },
  view: policyView,
  order: { name: 'position', column: policies.position },
  async decide(ctx, draft, before, changes) {
    const key = draft['key'] as string;
    const catalogue = await loadCatalogue(ctx.db, ctx.workspace.workspaceId);
    if (draft['match']) draft['match'] = await matched(ctx, draft['match'] as Row);
    const definition = policyAfter((before as PolicyRow | null)?.definition, draft, catalogue.calendars);
    const version = before === null ? 1 : (before['version'] as number) + 1;
    const row = { ...(draft as PolicyRow), definition, version };
    const definitionOf = (name: string) => pick('calendar', catalogue.calendars, name, 'calendar').definition;
    withPath('policy', '', () => policyOf(policyDefinition(row), definitionOf, 'policy'));
    if (draft['objectives'] !== undefined) definition.objectives = await withTeams(ctx, [...definition.objectives]);
    draft['definition'] = definition;
    addVersion(ctx, changes, catalogue, { ...catalogue, policies: withRow(catalogue.policies, key, row) });
  },
  async remove(ctx, before, changes) {
    const catalogue = await loadCatalogue(ctx.db, ctx.workspace.workspaceId);
    addVersion(ctx, changes, catalogue, {
      ...catalogue,
      policies: withRow(catalogue.policies, (before as PolicyRow).key, null),
    });
  },
});

export const policyResource: Resource = {
  ...plainPolicyResource,
  list: { ...plainPolicyResource.list, summary: 'List policies, by position' },
};

/** JSON Merge Patch (RFC 7396) of an object whose values are lists or plain: null takes a value away. */
function merged(before: object | undefined, patch: unknown): Row {
  if (patch === undefined) return { ...before };
  const both = Object.entries({ ...before, ...(patch as object | null) });
  return patch === null ? {} : Object.fromEntries(both.filter(([, value]) => value !== null && value !== undefined));
}

/** The value said, else the one before; null takes it away. */
function said<T>(draft: Row, field: string, before: T | undefined): T | undefined {
  return draft[field] === undefined ? before : ((draft[field] as T | null) ?? undefined);
}

function calendarAfter(before: CalendarDefinition | undefined, draft: Row): CalendarDefinition {
  return {
    timeZone: said(draft, 'timeZone', before?.timeZone)!,
    week: merged(before?.week, draft['week']),
    holidays: said(draft, 'holidays', before?.holidays) ?? [],
    specialDays: said(draft, 'specialDays', before?.specialDays) ?? [],
  };
}

type StoredPolicy = PolicyRow['definition'];

/** Calendars are kept by their keys, as a version names them. */
function policyAfter(before: StoredPolicy | undefined, draft: Row, all: CalendarRow[]): StoredPolicy {
  const calendar = said<string>(draft, 'calendar', before?.calendar as string | undefined);
  const objectives = draft['objectives'] as PolicyDefinition['objectives'] | undefined;
  const term = {
    validFrom: said<Instant>(draft, 'validFrom', before?.validFrom ?? undefined),
    validTo: said<Instant>(draft, 'validTo', before?.validTo ?? undefined),
  };
  return {
    ...merged({}, term),
    match: merged(before?.match, draft['match']),
    ...(calendar === undefined ? {} : { calendar: calendarKey(all, calendar, 'calendar') }),
    objectives:
      objectives?.map((objective, index) => {
        const { calendar: own, ...rest } = merged({}, objective) as unknown as PolicyDefinition['objectives'][number];
        if (own === undefined) return rest;
        return { ...rest, calendar: calendarKey(all, own as string, `objectives.${index}.calendar`) };
      }) ?? before!.objectives,
    semantics: merged(before?.semantics, draft['semantics']),
  };
}

function calendarKey(all: CalendarRow[], name: string, path: string): string {
  return name === 'always' ? name : pick('calendar', all, name, path).key;
}

function calendarsOf({ calendar, objectives }: StoredPolicy): unknown[] {
  return [calendar, ...objectives.map((objective) => objective.calendar)];
}

/** What a policy matches must exist: a list of words nobody has would cover nothing, silently. */
async function matched(ctx: Ctx, match: Row): Promise<Row> {
  const { workspaceId } = ctx.workspace;
  const [terms, tiers] = await Promise.all([listAllTerms(ctx.db, workspaceId), listTierKeys(ctx.db, workspaceId)]);
  const keysOf = (list: string) => terms.filter((term) => term.list === list).map(({ key }) => key);
  const known = { tiers, kinds: keysOf('kind'), channels: keysOf('channel') };
  const errors = Object.entries(known).flatMap(([list, keys]) =>
    ((match[list] as string[] | null | undefined) ?? []).flatMap((key, index) => {
      const message = `None of the ${list} is called ${key}.`;
      return keys.includes(key) ? [] : [{ path: `match.${list}.${index}`, message, code: 'unknown_key' }];
    }),
  );
  if (errors.length > 0) throw new AppError('validation_failed', errors[0]!.message, errors);
  const named = match['customers'] as string[] | null | undefined;
  return named ? { ...match, customers: await requireCustomers(ctx, named) } : match;
}

/** Who is named, each once; one that was merged into another means that one. */
async function requireCustomers(ctx: Ctx, ids: string[]): Promise<string[]> {
  const odd = ids.findIndex((id) => !isId('customer', id));
  if (odd >= 0) {
    const [path, message] = [`match.customers.${odd}`, 'Expected the id of a customer.'];
    throw new AppError('validation_failed', message, [{ path, message, code: 'invalid_format' }]);
  }
  const found = await findCustomers(ctx.db, ctx.workspace.workspaceId, ids);
  const missing = ids.findIndex((id) => !found.has(id));
  if (missing >= 0) throw notFound('customer', `match.customers.${missing}`);
  return [...new Set(ids.map((id) => found.get(id)!.id))];
}
