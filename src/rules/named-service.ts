/** Named service: what a tier asks for beside its promises, who of the people named serves now, and what is lacking. */

/** Who takes what has no person of its own. */
export const FIRST_LINES = ['assistant', 'team'] as const;
export type FirstLine = (typeof FIRST_LINES)[number];

/** What customers of a tier get beside the promises of its policies. */
export interface TierService {
  /** A dedicated agent of their own. */
  dedicatedAgent: boolean;
  /** Years in service that the dedicated agent has at least; null: none asked for. */
  minSeniorityYears: number | null;
  /** Somebody who serves while the dedicated agent is away. */
  deputy: boolean;
  /** A dedicated online adviser. */
  adviser: boolean;
  /** Null: nothing is said. */
  firstLine: FirstLine | null;
}

export const NO_SERVICE: TierService = {
  dedicatedAgent: false,
  minSeniorityYears: null,
  deputy: false,
  adviser: false,
  firstLine: null,
};

/** In the order in which they serve. */
export const SERVING_ROLES = ['dedicated', 'deputy', 'adviser'] as const;
export type ServingRole = (typeof SERVING_ROLES)[number];

export interface Person {
  seniorityYears: number;
  /** Whether work can be given to them now. */
  available: boolean;
  /** False once they have left. */
  active: boolean;
}

/** Null: nobody is named. */
export type People = Readonly<Record<ServingRole, Person | null>>;

export const SERVING_REASONS = [
  'first_choice',
  'first_choice_away',
  'first_choice_left',
  'all_away',
  'nobody_named',
] as const;
export type ServingReason = (typeof SERVING_REASONS)[number];

/** Who serves now; null: the first line does. The reason speaks of the first one named. */
export function whoServes(people: People): { role: ServingRole | null; reason: ServingReason } {
  const named = SERVING_ROLES.filter((role) => people[role] !== null);
  const [first] = named;
  if (first === undefined) return { role: null, reason: 'nobody_named' };
  const role = named.find((one) => people[one]!.active && people[one]!.available) ?? null;
  if (role === null) return { role, reason: 'all_away' };
  if (role === first) return { role, reason: 'first_choice' };
  return { role, reason: people[first]!.active ? 'first_choice_away' : 'first_choice_left' };
}

export const SERVICE_GAPS = [
  'dedicated_missing',
  'dedicated_left',
  'dedicated_junior',
  'deputy_missing',
  'deputy_left',
  'adviser_missing',
  'adviser_left',
] as const;
export type ServiceGap = (typeof SERVICE_GAPS)[number];

/** What the tier asks for and the customer does not have, and who is named and has left. */
export function gapsOf(service: TierService, people: People): ServiceGap[] {
  const asked: Record<ServingRole, boolean> = {
    dedicated: service.dedicatedAgent,
    deputy: service.deputy,
    adviser: service.adviser,
  };
  return SERVING_ROLES.flatMap((role): ServiceGap[] => {
    const person = people[role];
    if (person === null) return asked[role] ? [`${role}_missing`] : [];
    if (!person.active) return [`${role}_left`];
    const isJunior =
      role === 'dedicated' && asked.dedicated && person.seniorityYears < (service.minSeniorityYears ?? 0);
    return isJunior ? ['dedicated_junior'] : [];
  });
}
