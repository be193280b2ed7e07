/** Creating and changing contacts: decided over what was read before, for one or for many. */

import type { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { contacts, customers, identities } from '../../db/tables/customers.ts';
import { AppError, notFound } from '../../errors.ts';
import { newId } from '../../ids.ts';
import {
  distinctIdentities,
  type Identity,
  identityKey,
  identityWords,
  normaliseIdentities,
} from '../../rules/identity.ts';
import { searchVector } from '../../rules/search.ts';
import { nameThing, requireFreeNames } from '../names.ts';
import { changedNames, mergeMap } from '../patch.ts';
import type { TermRow } from '../workspaces/store.ts';
import type { ContactFields, Patch } from './model.ts';
import { type ContactRow, type CustomerRow, contactView, findCustomers, requireLiving } from './store.ts';
import { loadChannels, requireChannel, requireFewNames } from './words.ts';

/** What contacts name of the workspace, beside each other. */
export interface Surroundings {
  /** By id. */
  customers: ReadonlyMap<string, CustomerRow>;
  channels: TermRow[];
}

export async function loadSurroundings(ctx: Ctx, inputs: readonly Patch<ContactFields>[]): Promise<Surroundings> {
  const ids = inputs.map(({ customerId }) => customerId ?? null);
  const [known, channels] = await Promise.all([
    findCustomers(ctx.db, ctx.workspace.workspaceId, ids),
    loadChannels(ctx, inputs),
  ]);
  return { customers: known, channels };
}

/** Who is meant: one that was merged into another is that one. */
function whoseContact(known: Surroundings['customers'], id: string | null): CustomerRow | null {
  if (id === null) return null;
  const customer = known.get(id);
  if (customer === undefined) throw notFound('customer', 'customerId');
  return customer;
}

/** A customer that is merged into another at this very moment hands on what it has: nothing may come to it after that. */
function stayWith(changes: Changes, customer: CustomerRow | null): void {
  if (customer !== null) changes.guard(customers, customer);
}

/** Who has the identities and names that are asked for. */
export interface Held {
  identities: ReadonlyMap<string, string>;
  names: ReadonlyMap<string, string>;
}

export interface Wanted {
  identities?: Identity[] | undefined;
  externalIds?: Record<string, string | null> | undefined;
}

export function withOneForm<F extends Wanted>(ctx: Ctx, fields: F): F {
  if (fields.identities === undefined) return fields;
  return { ...fields, identities: normaliseIdentities(fields.identities, ctx.workspace.timeZone, 'identities') };
}

export function newContact(
  ctx: Ctx,
  changes: Changes,
  fields: ContactFields,
  { customers: known, channels }: Surroundings,
  held: Held,
): ContactRow {
  const { workspaceId } = ctx.workspace;
  const customer = whoseContact(known, fields.customerId);
  requireFreeIdentities(fields.identities, held.identities, null);
  requireFreeNames(held.names, null);
  requireFewNames(fields.externalIds);
  requireChannel(channels, fields.preferredChannel);
  const draft = { ...fields, customerId: customer?.id ?? null, identities: distinctIdentities(fields.identities) };
  const row: ContactRow = changes.insert(contacts, {
    ...draft,
    workspaceId,
    id: newId('contact'),
    search: contactSearch(draft),
    createdAt: ctx.now,
    updatedAt: ctx.now,
  });
  stayWith(changes, customer);
  identify(changes, row, [], row.identities);
  nameThing(changes, 'contact', row, {}, row.externalIds);
  changes.event('contact.created', row.id, { contact: contactView(row, ctx.workspace.language) });
  return row;
}

/** 409 naming the identity that is another contact's already. */
function requireFreeIdentities(given: Identity[], holders: ReadonlyMap<string, string>, own: string | null): void {
  given.forEach((identity, index) => {
    const holder = holders.get(identityKey(identity));
    if (holder === undefined || holder === own) return;
    const message = `${holder} has this identity.`;
    throw new AppError('already_exists', message, [{ path: `identities.${index}`, message, code: 'already_exists' }]);
  });
}

/** The index of identities follows the contact's own list. */
export function identify(
  changes: Changes,
  { workspaceId, id }: Pick<ContactRow, 'workspaceId' | 'id'>,
  before: Identity[],
  after: Identity[],
): void {
  const had = new Set(before.map(identityKey));
  const has = new Set(after.map(identityKey));
  const row = ({ kind, value }: Identity) => ({ workspaceId, kind, value, contactId: id });
  for (const identity of before) if (!has.has(identityKey(identity))) changes.delete(identities, row(identity));
  for (const identity of after) if (!had.has(identityKey(identity))) changes.insert(identities, row(identity));
}

/** What a contact is found by. */
function contactSearch(
  contact: Pick<ContactRow, 'name' | 'familyName' | 'title' | 'tags' | 'externalIds' | 'identities'>,
) {
  return searchVector([
    { text: contact.name, weight: 'A' },
    { text: contact.familyName ?? '', weight: 'A' },
    { text: contact.tags.join('\n'), weight: 'B' },
    { text: Object.values(contact.externalIds).join('\n'), weight: 'B' },
    { text: contact.identities.map(identityWords).join('\n'), weight: 'B' },
    { text: contact.title ?? '', weight: 'C' },
  ]);
}

/** What differs is written, and nothing when nothing does. */
export function editContact(
  ctx: Ctx,
  changes: Changes,
  before: ContactRow,
  patch: Patch<ContactFields>,
  { customers: known, channels }: Surroundings,
  held: Held,
): ContactRow {
  const given = patch.identities ?? before.identities;
  const customer = whoseContact(known, patch.customerId ?? null);
  const wanted = {
    ...patch,
    identities: distinctIdentities(given),
    externalIds: mergeMap(before.externalIds, patch.externalIds ?? {}),
    ...(patch.customerId === undefined ? {} : { customerId: customer?.id ?? null }),
  };
  requireLiving(before);
  const changed = changedNames(before, wanted);
  if (changed.length === 0) return before;
  if (changed.includes('identities')) requireFreeIdentities(given, held.identities, before.id);
  if (changed.includes('preferredChannel')) requireChannel(channels, wanted.preferredChannel);
  requireFewNames(wanted.externalIds);
  requireFreeNames(held.names, before.id);
  const draft = { ...before, ...wanted } as ContactRow;
  const after = changes.update(contacts, before, { ...draft, search: contactSearch(draft) });
  if (changed.includes('customerId')) stayWith(changes, customer);
  identify(changes, before, before.identities, after.identities);
  nameThing(changes, 'contact', before, before.externalIds, after.externalIds);
  changes.event('contact.updated', after.id, { contact: contactView(after, ctx.workspace.language), changed });
  return after;
}
