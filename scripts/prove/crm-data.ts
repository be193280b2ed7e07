/** What a CRM knows, drawn the same in every run, and what must come of it: reckoned here, without a line of the desk. */

const DAY = 86_400;
const SYSTEM = 'crm';

/** A number from 0 to 1 that looks drawn and is the same in every run. */
function drawn(n: number, salt: number): number {
  const x = Math.sin(n * 12.9898 + salt * 78.233) * 43_758.5453;
  return x - Math.floor(x);
}

/** Every number below `count` once, in an order that looks drawn. */
function* shuffled(count: number): Generator<number> {
  let step = Math.floor(count * 0.618) | 1;
  const common = (a: number, b: number): number => (b === 0 ? a : common(b, a % b));
  while (common(step, count) !== 1) step += 2;
  for (let at = 0, n = 0; n < count; n++) {
    yield at;
    at = (at + step) % count;
  }
}

/** Ages in days that no border of a window or of loyalty is near to. */
const AGES = [40, 260, 620, 1500];

export interface CrmCustomer {
  name: string;
  industry: string;
  since: number;
  seats: number;
}

export interface CrmActivity {
  key: string;
  customer: number;
  kind: 'order' | 'refund' | 'visit' | 'contact';
  at: number;
  /** In hundredths; null where no money passed. */
  cents: number | null;
}

export class Crm {
  readonly customers: number;
  readonly activities: number;
  readonly #now: number;

  /** `now`: epoch seconds, which everything is some days before. */
  constructor(customers: number, activities: number, now: number) {
    this.customers = customers;
    this.activities = activities;
    this.#now = now;
  }

  customer(n: number): CrmCustomer {
    return {
      name: `${['东方', '华瑞', '江海', 'Northern'][n % 4]}${['机械', '电子', ' Tools, Inc.'][n % 3]} ${n}`,
      industry: ['机械制造', 'electronics', 'trade'][n % 3]!,
      since: this.#now - AGES[Math.floor(drawn(n, 1) * AGES.length)]! * DAY,
      seats: Math.floor(drawn(n, 2) * 500),
    };
  }

  activity(n: number): CrmActivity {
    const customer = Math.floor(drawn(n, 3) * this.customers);
    const kind = (
      ['order', 'order', 'order', 'order', 'order', 'order', 'refund', 'visit', 'contact', 'contact'] as const
    )[n % 10]!;
    // A year and half a year ago are borders of windows: nothing is near them.
    let days = Math.floor(drawn(n, 4) * 690);
    if (days >= 175) days += 14;
    if (days >= 358) days += 14;
    const scale = 10 ** (3 + drawn(customer, 5) * 3);
    const money = kind === 'order' ? scale * (0.5 + drawn(n, 6)) : scale * 0.05 * drawn(n, 6);
    const cents = kind === 'order' || kind === 'refund' ? Math.max(1, Math.round(money * 100)) : null;
    return { key: `A-${n}`, customer, kind, at: this.#now - days * DAY - 3600, cents };
  }

  /** As it is told: one of ten twice, and one of a hundred otherwise the second time. */
  *told(): Generator<CrmActivity> {
    let sent = 0;
    const again: number[] = [];
    for (const n of shuffled(this.activities)) {
      yield this.activity(n);
      if (n % 10 === 3) again.push(n);
      sent += 1;
      if (sent % 10 !== 0 || again.length < 100) continue;
      const one = again.shift()!;
      const activity = this.activity(one);
      yield one % 100 === 3 && activity.cents !== null ? { ...activity, cents: activity.cents + 1 } : activity;
    }
  }
}

const iso = (at: number) => new Date(at * 1000).toISOString();
const decimal = (cents: number) => `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;

export function* customersCsv(crm: Crm): Generator<string> {
  yield '\uFEFFexternalIds.crm,name,profile.industry,customerSince,figures.seats\r\n';
  for (const n of shuffled(crm.customers)) {
    const { name, industry, since, seats } = crm.customer(n);
    const row = `C-${n},"${name}",${industry},${iso(since)},${seats}\r\n`;
    yield row;
    if (n % 10 === 0) yield row;
  }
}

export function activityJson({ key, customer, kind, at, cents }: CrmActivity): string {
  const line = {
    externalIds: { [SYSTEM]: key },
    customerExternalId: { system: SYSTEM, value: `C-${customer}` },
    kind,
    at: iso(at),
    ...(cents === null ? {} : { amount: { amount: decimal(cents), currency: 'CNY' } }),
  };
  return `${JSON.stringify(line)}\n`;
}

export const ACTIVITY_HEADER =
  'externalIds.crm,customerExternalId.system,customerExternalId.value,kind,at,amount.amount,amount.currency\r\n';

export function activityCsv({ key, customer, kind, at, cents }: CrmActivity): string {
  const money = cents === null ? ',' : `${decimal(cents)},CNY`;
  return `${key},${SYSTEM},C-${customer},${kind},${iso(at)},${money}\r\n`;
}

export interface Expected {
  /** By the name of the customer. */
  activities: number;
  /** Hundredths: orders less refunds. */
  cents: number;
  target: string;
}

/** What each customer must come to, from the last that was told of each activity. */
export function expectedOf(crm: Crm, now: number): Map<string, Expected> {
  const last = new Map<string, CrmActivity>();
  for (const activity of crm.told()) last.set(activity.key, activity);
  const own = new Map<number, CrmActivity[]>();
  for (const activity of last.values()) {
    const list = own.get(activity.customer);
    if (list === undefined) own.set(activity.customer, [activity]);
    else list.push(activity);
  }
  const expected = new Map<string, Expected>();
  for (let n = 0; n < crm.customers; n++) {
    const done = own.get(n) ?? [];
    expected.set(`C-${n}`, {
      activities: done.length,
      cents: sum(done),
      target: targetOf(done, (now - crm.customer(n).since) / DAY / 30.44, now),
    });
  }
  return expected;
}

function sum(activities: readonly CrmActivity[]): number {
  return activities.reduce((total, { kind, cents }) => total + (kind === 'refund' ? -cents! : (cents ?? 0)), 0);
}

const points = (value: number, borders: [number, number, number]) =>
  [100, 60, 30][borders.findIndex((border) => value >= border)] ?? 0;

/** The reference plan, as it is written down: spend, frequency, loyalty and growth, and what they give together. */
function targetOf(done: readonly CrmActivity[], months: number, now: number): string {
  const within = (from: number, to: number) => done.filter(({ at }) => at > now - from * DAY && at <= now - to * DAY);
  const year = within(366, 0);
  const half = sum(within(183, 0));
  const before = sum(within(366, 183));
  const spend = points(sum(year) / 100, [500_000, 100_000, 10_000]);
  const frequency = points(year.filter(({ kind }) => kind === 'order').length, [12, 6, 2]);
  const loyalty = points(months, [36, 12, 6]);
  const growth = before > 0 ? points((half / before - 1) * 100, [50, 20, 0]) : half > 0 ? 100 : 0;
  const total = 0.4 * spend + 0.2 * (frequency + loyalty + growth);
  if (total >= 70 && spend >= 100 && loyalty >= 60) return 'core';
  return spend >= 30 && growth >= 60 ? 'potential' : 'normal';
}
