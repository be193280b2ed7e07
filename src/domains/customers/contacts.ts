/** Verbs of the customers domain about people: contacts, found by whatever they reach us by. */

import { z } from 'zod';
import { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { contacts, identities } from '../../db/tables/customers.ts';
import { tombstones } from '../../db/tables/machinery.ts';
import { AppError } from '../../errors.ts';
import { newId } from '../../ids.ts';
import { write } from '../../operation.ts';
import {
  distinctIdentities,
  type Identity,
  identityKey,
  identityWords,
  normaliseIdentities,
} from '../../rules/identity.ts';
import { searchVector } from '../../rules/search.ts';
import { iso, zDeleted } from '../model.ts';
import { findNamed, nameThing, requireFreeNames } from '../names.ts';
import { changedNames, mergeMap } from '../patch.ts';
import {
  Contact,
  type ContactFields,
  contactFields,
  contactPatch,
  FoundContact,
  findContactFields,
  type Patch,
  UpsertedContact,
  zByName,
  zContactId,
} from './model.ts';
import { type ContactRow, contactView, findHolders, getContact, getCustomer, hasTickets } from './store.ts';
import { requireChannel, requireFewNames, requireSameName } from './words.ts';

const view = (ctx: Ctx, row: ContactRow) => contactView(row, ctx.workspace.language);

export const createContact = write({
  name: 'createContact',
  summary: 'Create a contact',
  scope: 'customers:write',
  input: z.strictObject(contactFields),
  output: Contact,
  status: 201,
  example: {
    name: '王芳',
    familyName: '王',
    honorific: '女士',
    identities: [{ kind: 'phone', value: '+86 138 0013 8000' }],
  },
  async run(ctx, fields) {
    const draft = withOneForm(ctx, fields);
    const held = await findHeld(ctx, draft);
    const changes = new Changes(ctx.now);
    const row = await newContact(ctx, changes, draft, held);
    return { result: view(ctx, row), changes };
  },
});

/** Who has the identities and names that are asked for. */
interface Held {
  identities: ReadonlyMap<string, string>;
  names: ReadonlyMap<string, string>;
}

interface Wanted {
  identities?: Identity[] | undefined;
  externalIds?: Record<string, string | null> | undefined;
}

/**
 * What an operation decides by is read last: a contact that was made in between is then seen with all that it has, and
 * not taken for a stranger who holds what we want.
 */
async function findHeld(
  ctx: Ctx,
  { identities: given = [], externalIds = {} }: Wanted,
  decisive: 'identities' | 'names' = 'names',
): Promise<Held> {
  const { workspaceId } = ctx.workspace;
  const readIdentities = () => findHolders(ctx.db, workspaceId, given);
  const readNames = () => findNamed(ctx.db, workspaceId, 'contact', externalIds);
  if (decisive === 'identities') {
    const names = await readNames();
    return { names, identities: await readIdentities() };
  }
  const holders = await readIdentities();
  return { identities: holders, names: await readNames() };
}

function withOneForm<F extends Wanted>(ctx: Ctx, fields: F): F {
  if (fields.identities === undefined) return fields;
  return { ...fields, identities: normaliseIdentities(fields.identities, ctx.workspace.timeZone, 'identities') };
}

async function newContact(ctx: Ctx, changes: Changes, fields: ContactFields, held: Held): Promise<ContactRow> {
  const { workspaceId } = ctx.workspace;
  if (fields.customerId !== null) await getCustomer(ctx.db, workspaceId, fields.customerId, 'customerId');
  requireFreeIdentities(fields.identities, held.identities, null);
  requireFreeNames(held.names, null);
  await requireChannel(ctx, fields.preferredChannel);
  const draft = { ...fields, identities: distinctIdentities(fields.identities) };
  const row: ContactRow = changes.insert(contacts, {
    ...draft,
    workspaceId,
    id: newId('contact'),
    search: contactSearch(draft),
    createdAt: ctx.now,
    updatedAt: ctx.now,
  });
  identify(changes, row, [], row.identities);
  nameThing(changes, 'contact', row, {}, row.externalIds);
  changes.event('contact.created', row.id, { contact: view(ctx, row) });
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
function identify(
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

export const findOrCreateContact = write({
  name: 'findOrCreateContact',
  summary: 'Find the contact behind an identity, or create it',
  description:
    'One that is found stays as it is. However many ask for the same person at once, there is one contact in the end.',
  scope: 'customers:write',
  input: z.strictObject(findContactFields),
  output: FoundContact,
  example: { identities: [{ kind: 'phone', value: '+8613800138000' }] },
  async run(ctx, { name, ...fields }) {
    const draft = withOneForm(ctx, fields);
    const held = await findHeld(ctx, draft, 'identities');
    const known = draft.identities.map((one) => held.identities.get(identityKey(one))).find((id) => id !== undefined);
    const changes = new Changes(ctx.now);
    if (known !== undefined) {
      const contact = await getContact(ctx.db, ctx.workspace.workspaceId, known);
      return { result: { result: 'found' as const, contact: view(ctx, contact) }, changes };
    }
    const row = await newContact(ctx, changes, { ...draft, name: name ?? draft.identities[0]!.value }, held);
    return { result: { result: 'created' as const, contact: view(ctx, row) }, changes, status: 201 as const };
  },
});

export const updateContact = write({
  name: 'updateContact',
  summary: 'Change a contact',
  description:
    'JSON Merge Patch: fields left out stay, null empties a field that may be empty, identities are replaced as a whole.',
  scope: 'customers:write',
  input: z.strictObject({ ...zContactId, ...contactPatch }),
  output: Contact,
  async run(ctx, { contactId, ...patch }) {
    const before = await getContact(ctx.db, ctx.workspace.workspaceId, contactId);
    const wanted = withOneForm(ctx, patch);
    const held = await findHeld(ctx, wanted);
    const changes = new Changes(ctx.now);
    const after = await editContact(ctx, changes, before, wanted, held);
    return { result: view(ctx, after), changes };
  },
});

/** What differs is written, and nothing when nothing does. */
async function editContact(
  ctx: Ctx,
  changes: Changes,
  before: ContactRow,
  patch: Patch<ContactFields>,
  held: Held,
): Promise<ContactRow> {
  const { workspaceId } = ctx.workspace;
  const given = patch.identities ?? before.identities;
  const wanted = {
    ...patch,
    identities: distinctIdentities(given),
    externalIds: mergeMap(before.externalIds, patch.externalIds ?? {}),
  };
  const changed = changedNames(before, wanted);
  if (changed.length === 0) return before;
  const { customerId } = wanted;
  if (changed.includes('customerId') && customerId) await getCustomer(ctx.db, workspaceId, customerId, 'customerId');
  if (changed.includes('identities')) requireFreeIdentities(given, held.identities, before.id);
  if (changed.includes('preferredChannel')) await requireChannel(ctx, wanted.preferredChannel ?? null);
  requireFewNames(wanted.externalIds);
  requireFreeNames(held.names, before.id);
  const draft = { ...before, ...wanted } as ContactRow;
  const after = changes.update(contacts, before, { ...draft, search: contactSearch(draft) });
  identify(changes, before, before.identities, after.identities);
  nameThing(changes, 'contact', before, before.externalIds, after.externalIds);
  changes.event('contact.updated', after.id, { contact: view(ctx, after), changed });
  return after;
}

const zNewContact = z.strictObject(contactFields);

export const upsertContactByExternalId = write({
  name: 'upsertContactByExternalId',
  summary: 'Create or change the contact that another system calls so',
  description:
    'Fields left out stay as they are, null empties. An exact repeat changes nothing. externalIds may bring further names.',
  scope: 'customers:write',
  input: z.strictObject({ ...zByName, ...contactPatch, name: contactFields.name }),
  output: UpsertedContact,
  example: { name: '王芳', identities: [{ kind: 'email', value: 'wang.fang@example.com' }] },
  async run(ctx, { system, value, ...patch }) {
    requireSameName(patch.externalIds, { system, value });
    const wanted = { ...withOneForm(ctx, patch), externalIds: { ...patch.externalIds, [system]: value } };
    const held = await findHeld(ctx, wanted);
    const id = held.names.get(system);
    const changes = new Changes(ctx.now);
    if (id === undefined) {
      const externalIds = mergeMap({}, wanted.externalIds);
      requireFewNames(externalIds);
      const fields = zNewContact.parse({ ...wanted, externalIds });
      const row = await newContact(ctx, changes, fields, held);
      return { result: { result: 'created' as const, contact: view(ctx, row) }, changes, status: 201 as const };
    }
    const before = await getContact(ctx.db, ctx.workspace.workspaceId, id);
    const after = await editContact(ctx, changes, before, wanted, held);
    return {
      result: { result: changes.empty ? ('unchanged' as const) : ('updated' as const), contact: view(ctx, after) },
      changes,
    };
  },
});

export const deleteContact = write({
  name: 'deleteContact',
  summary: 'Delete a contact without tickets',
  scope: 'customers:write',
  input: z.strictObject(zContactId),
  output: zDeleted,
  idempotency: 'none',
  async run(ctx, { contactId }) {
    const { workspaceId } = ctx.workspace;
    const before = await getContact(ctx.db, workspaceId, contactId);
    if (await hasTickets(ctx.db, workspaceId, 'contactId', contactId)) {
      throw new AppError('in_use', 'This contact has tickets.');
    }
    const changes = new Changes(ctx.now);
    changes.delete(contacts, before);
    identify(changes, before, before.identities, []);
    nameThing(changes, 'contact', before, before.externalIds, {});
    changes.insert(tombstones, { workspaceId, resource: 'contact', subject: contactId, deletedAt: ctx.now });
    changes.event('contact.deleted', contactId);
    return { result: { id: contactId, deletedAt: iso(ctx.now) }, changes };
  },
});
