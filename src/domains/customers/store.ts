/** Reads of the customers domain, and how its rows are shown. */

import { and, desc, eq, sql } from 'drizzle-orm';
import { bound, type Db, statement } from '../../db/connect.ts';
import { findById } from '../../db/rows.ts';
import { contacts, customers, identities, tierChanges } from '../../db/tables/customers.ts';
import { tickets } from '../../db/tables/tickets.ts';
import { notFound } from '../../errors.ts';
import { type Identity, identityKey, salutation } from '../../rules/identity.ts';
import { iso, isoOrNull } from '../model.ts';
import { PROFILE_FIELDS, type Profile } from './model.ts';

export type CustomerRow = Omit<typeof customers.$inferSelect, 'search'>;
export type ContactRow = Omit<typeof contacts.$inferSelect, 'search'>;
export type TierChangeRow = typeof tierChanges.$inferSelect;

/** `not_found`, naming the path where the id stood in a body. */
export async function getCustomer(db: Db, workspaceId: number, id: string, path?: string): Promise<CustomerRow> {
  const row = await findById(db, customers, workspaceId, id);
  if (row === undefined) throw notFound('customer', path);
  return row;
}

/** `not_found`, naming the path where the id stood in a body. */
export async function getContact(db: Db, workspaceId: number, id: string, path?: string): Promise<ContactRow> {
  const row = await findById(db, contacts, workspaceId, id);
  if (row === undefined) throw notFound('contact', path);
  return row;
}

/** The newest entry of a customer's tier history: the open one, when they have a tier. */
export async function findLastTierChange(
  db: Db,
  workspaceId: number,
  customerId: string,
): Promise<TierChangeRow | undefined> {
  const query = statement(db, 'find_last_tier_change', (orm, name) =>
    orm
      .select()
      .from(tierChanges)
      .where(
        and(
          eq(tierChanges.workspaceId, sql.placeholder('workspace')),
          eq(tierChanges.customerId, bound(tierChanges.customerId, 'customer')),
        ),
      )
      .orderBy(desc(tierChanges.position))
      .limit(1)
      .prepare(name),
  );
  const [row] = await query.execute({ workspace: workspaceId, customer: customerId });
  return row;
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
          sql`(${identities.kind}, ${identities.value}) in (select * from unnest(${sql.placeholder('kinds')}::text[], ${sql.placeholder('values')}::text[]))`,
        ),
      )
      .prepare(name),
  );
  const rows = await query.execute({
    workspace: workspaceId,
    kinds: wanted.map(({ kind }) => kind),
    values: wanted.map(({ value }) => value),
  });
  return new Map(rows.map((row) => [identityKey(row), row.contactId]));
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
    profile,
    tags: row.tags,
    externalIds: row.externalIds,
    preferredChannel: row.preferredChannel,
    language: row.language,
    timeZone: row.timeZone,
    notes: row.notes,
    version: row.version,
    createdAt: iso(row.createdAt),
    updatedAt: iso(row.updatedAt),
  };
}

export function tierChangeView(row: TierChangeRow) {
  const { position, tier, source, reason, actor } = row;
  return { position, tier, validFrom: iso(row.validFrom), validTo: isoOrNull(row.validTo), source, reason, actor };
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
    version: row.version,
    createdAt: iso(row.createdAt),
    updatedAt: iso(row.updatedAt),
  };
}
