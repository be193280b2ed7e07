/** Calendars and policies said in a request: by name, or as the thing itself. */

import type { z } from 'zod';
import type { Ctx } from '../../context.ts';
import { ALWAYS, type Calendar, type CalendarDefinition } from '../../rules/calendar.ts';
import type { PolicyDefinition } from '../../rules/policy.ts';
import { calendarOf } from './compiled.ts';
import type { zCalendarRef, zPolicyRef } from './model.ts';
import { getCalendar } from './store.ts';

export type CalendarRef = z.output<typeof zCalendarRef>;
export type PolicyRef = z.output<typeof zPolicyRef>;

export const isGiven = <T>(value: T | null | undefined): value is T => value !== undefined && value !== null;

/** The calendar to count on, and what people call it. 404 or 422 naming `calendar` when there is none, or it is faulty. */
export async function requestedCalendar(ctx: Ctx, ref: CalendarRef): Promise<{ calendar: Calendar; name: string }> {
  if (ref === 'always') return { calendar: ALWAYS, name: ref };
  if (typeof ref !== 'string') {
    return { calendar: calendarOf(inlineCalendar(ref), 'calendar'), name: ref.name ?? ref.key ?? '' };
  }
  const { definition, name } = await getCalendar(ctx.db, ctx.workspace.workspaceId, ref, 'calendar');
  return { calendar: calendarOf(definition, 'calendar'), name };
}

export function inlineCalendar({
  timeZone,
  week,
  holidays,
  specialDays,
}: Exclude<CalendarRef, string>): CalendarDefinition {
  return { timeZone, week: withoutNulls(week), holidays: holidays ?? [], specialDays: specialDays ?? [] };
}

export function inlinePolicy({ key = 'inline', ...policy }: Exclude<PolicyRef, string>): PolicyDefinition {
  const onCalendar = (calendar: CalendarRef | null | undefined) =>
    isGiven(calendar) ? { calendar: typeof calendar === 'string' ? calendar : inlineCalendar(calendar!) } : {};
  const { calendar, match, semantics, objectives, ...rest } = policy;
  return {
    key,
    ...rest,
    ...onCalendar(calendar),
    match: withoutNulls(match ?? {}),
    objectives: objectives.map(({ calendar: own, ...objective }) => ({
      ...withoutNulls(objective),
      ...onCalendar(own),
    })),
    semantics: withoutNulls(semantics ?? {}),
  } as PolicyDefinition;
}

/** In a request null says the same as nothing. */
function withoutNulls<T extends object>(thing: T): { [K in keyof T]: Exclude<T[K], null> } {
  return Object.fromEntries(Object.entries(thing).filter(([, value]) => isGiven(value))) as never;
}
