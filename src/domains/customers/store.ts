/** Reads of the customers domain, and how its rows are shown. */

import { and, desc, eq, sql } from 'drizzle-orm';
import { type Db, statement } from '../../db/connect.ts';
import { findById, findByIds } from '../../db/rows.ts';
import { contacts, customers, identities, type TierPin, tierChanges } from '../../db/tables/customers.ts';
import { tickets } from '../../db/tables/tickets.ts';
import { AppError, notFound } from '../../errors.ts';
import { type Identity, identityKey, salutation } from '../../rules/identity.ts';
import { iso, isoOrNull } from '../model.ts';
import { PROFILE_FIELDS, type Profile } from './model.ts';

export type CustomerRow = Omit<typeof customers.$inferSelect, 'search'>;
export type ContactRow = Omit<typeof contacts.$inferSelect, 'search'>;
export type TierChangeRow = typeof tierChanges.$inferSelect;

/** Who this id means: one that was merged into another is that one. `not_found`, naming the path where it stood in a body. */
export async function getCustomer(db: Db, workspaceId: number, id: string, path?: string): Promise<CustomerRow> {
  const row = await findById(db, customers, workspaceId, id);
  if (row === undefined) throw notFound('customer', path);
  return row.mergedInto === null ? row : getCustomer(db, workspaceId, row.mergedInto, path);
}

/** Who these ids mean, by the id that was asked for; unknown ones are left out. */
export async function findCustomers(
  db: Db,
  workspaceId: number,
  ids: readonly (string | null)[],
): Promise<Map<string, CustomerRow>> {
  const rows = await findByIds(db, customers, workspaceId, ids);
  for (;;) {
    const merged = [...rows].filter(([, { mergedInto }]) => mergedInto !== null);
    if (merged.length === 0) return rows;
    const into = await findByIds(
      db,
      customers,
      workspaceId,
      merged.map(([, { mergedInto }]) => mergedInto),
    );
    for (const [id, { mergedInto }] of merged) {
      const row = into.get(mergedInto!);
      if (row === undefined) rows.delete(id);
      else rows.set(id, row);
    }
  }
}

/** `not_found`, naming the path where the id stood in a body. */
export async function getContact(db: Db, workspaceId: number, id: string, path?: string): Promise<ContactRow> {
  const row = await findById(db, contacts, workspaceId, id);
  if (row === undefined) throw notFound('contact', path);
  return row;
}

/** 409 for a person who was erased: nothing is added to them again. */
export function requireLiving({ id, erasedAt }: ContactRow, path?: string): void {
  if (erasedAt === null) return;
  const message = `${id} was erased.`;
  const errors = path === undefined ? [] : [{ path, message, code: 'invalid_transition' }];
  throw new AppError('invalid_transition', message, errors);
}

/** The newest entry of these customers' tier histories, by customer: the open one, of those who have a tier. */
export async function findLastTierChanges(
  db: Db,
  workspaceId: number,
  customerIds: readonly string[],
): Promise<Map<string, TierChangeRow>> {
  const query = statement(db, 'find_last_tier_changes', (orm, name) =>
    orm
      .selectDistinctOn([tierChanges.customerId])
      .from(tierChanges)
      .where(
        and(
          eq(tierChanges.workspaceId, sql.placeholder('workspace')),
          sql`${tierChanges.customerId} = any(${sql.placeholder('customers')}::uuid[])`,
        ),
      )
      .orderBy(tierChanges.customerId, desc(tierChanges.position))
      .prepare(name),
  );
  const customers = customerIds.map((id) => tierChanges.customerId.mapToDriverValue(id));
  const rows = await query.execute({ workspace: workspaceId, customers });
  return new Map(rows.map((row) => [row.customerId, row]));
}

/** The whole tier history of a customer. */
export async function listTierChanges(db: Db, workspaceId: number, customerId: string): Promise<TierChangeRow[]> {
  return db.orm
    .select()
    .from(tierChanges)
    .where(and(eq(tierChanges.workspaceId, workspaceId), eq(tierChanges.customerId, customerId)));
}

/** The contacts behind these identities, by identity (see identityKey); one statement. */
export async function findHolders(
  db: Db,
  workspaceId: number,
  wanted: readonly Identity[],
): Promise<Map<string, string>> {
  if (wanted.length === 0) return new Map();
  const query = statement(db, 'find_identities', (orm, name) =>
    orm
      .select({ kind: identities.kind, value: identities.value, contactId: identities.contactId })
      .from(identities)
      .where(
        and(
          eq(identities.workspaceId, sql.placeholder('workspace')),
          // As with names: the index is asked, and for a few too many.
          sql`${identities.kind} = any(${sql.placeholder('kinds')}::text[])`,
          sql`${identities.value} = any(${sql.placeholder('values')}::text[])`,
        ),
      )
      .prepare(name),
  );
  const rows = await query.execute({
    workspace: workspaceId,
    kinds: [...new Set(wanted.map(({ kind }) => kind))],
    values: [...new Set(wanted.map(({ value }) => value))],
  });
  const asked = new Set(wanted.map(identityKey));
  const found = rows.map((row) => [identityKey(row), row.contactId] as const);
  return new Map(found.filter(([key]) => asked.has(key)));
}

/** Whether a ticket, open or closed, is this customer's or contact's. */
export async function hasTickets(
  db: Db,
  workspaceId: number,
  column: 'customerId' | 'contactId',
  id: string,
): Promise<boolean> {
  const rows = await db.orm
    .select({ id: tickets.id })
    .from(tickets)
    .where(and(eq(tickets.workspaceId, workspaceId), eq(tickets[column], id)))
    .limit(1);
  return rows.length > 0;
}

export async function hasContacts(db: Db, workspaceId: number, customerId: string): Promise<boolean> {
  const rows = await db.orm
    .select({ id: contacts.id })
    .from(contacts)
    .where(and(eq(contacts.workspaceId, workspaceId), eq(contacts.customerId, customerId)))
    .limit(1);
  return rows.length > 0;
}

export function customerView(row: CustomerRow) {
  const profile = Object.fromEntries(PROFILE_FIELDS.map((name) => [name, row.profile[name] ?? null])) as Profile;
  return {
    id: row.id,
    name: row.name,
    tier: row.tier,
    tierSince: isoOrNull(row.tierSince),
    tierPin: row.tierPin && tierPinView(row.tierPin),
    profile,
    tags: row.tags,
    externalIds: row.externalIds,
    preferredChannel: row.preferredChannel,
    language: row.language,
    timeZone: row.timeZone,
    notes: row.notes,
    customerSince: isoOrNull(row.customerSince),
    figures: row.figures,
    dedicatedAgentId: row.dedicatedAgentId,
    deputyAgentId: row.deputyAgentId,
    adviserId: row.adviserId,
    version: row.version,
    createdAt: iso(row.createdAt),
    updatedAt: iso(row.updatedAt),
  };
}

export function tierChangeView(row: TierChangeRow) {
  const { position, tier, source, reason, actor, score } = row;
  const [validFrom, validTo] = [iso(row.validFrom), isoOrNull(row.validTo)];
  return { position, tier, validFrom, validTo, source, reason, actor, score: score && tierScoreView(score) };
}

function tierScoreView({ model, total, parts }: NonNullable<TierChangeRow['score']>) {
  return { model, total, parts: parts.map((part) => ({ ...part, unbounded: part.unbounded ?? false })) };
}

export function tierPinView({ tier, reason, until, since, actor }: TierPin) {
  return { tier, reason, until: isoOrNull(until), since: iso(since), actor };
}

/** `language` is the workspace's, for those who did not say theirs. */
export function contactView(row: ContactRow, language: string) {
  return {
    id: row.id,
    customerId: row.customerId,
    name: row.name,
    familyName: row.familyName,
    honorific: row.honorific,
    salutation: salutation(row.familyName, row.honorific, row.language ?? language),
    title: row.title,
    preferredChannel: row.preferredChannel,
    preferredHours: row.preferredHours,
    language: row.language,
    timeZone: row.timeZone,
    tags: row.tags,
    externalIds: row.externalIds,
    identities: row.identities.map(({ kind, value }) => ({ kind, value })),
    erasedAt: isoOrNull(row.erasedAt),
    version: row.version,
    createdAt: iso(row.createdAt),
    updatedAt: iso(row.updatedAt),
  };
}
