/** Verbs of the customers domain about people: contacts, found by whatever they reach us by. */

import { z } from 'zod';
import { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { contacts } from '../../db/tables/customers.ts';
import { tombstones } from '../../db/tables/machinery.ts';
import { AppError } from '../../errors.ts';
import { write } from '../../operation.ts';
import { identityKey } from '../../rules/identity.ts';
import { hasActivities } from '../activities/store.ts';
import { iso, zDeleted } from '../model.ts';
import { findNamed, nameThing } from '../names.ts';
import {
  editContact,
  type Held,
  identify,
  loadSurroundings,
  newContact,
  type Wanted,
  withOneForm,
} from './edit-contact.ts';
import { Contact, contactFields, contactPatch, FoundContact, findContactFields, zContactId } from './model.ts';
import { type ContactRow, contactView, findHolders, getContact, hasTickets } from './store.ts';

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
    const surroundings = await loadSurroundings(ctx, [draft]);
    const changes = new Changes(ctx.now);
    const row = newContact(ctx, changes, draft, surroundings, held);
    return { result: view(ctx, row), changes };
  },
});

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
    const surroundings = await loadSurroundings(ctx, [draft]);
    const named = { ...draft, name: name ?? draft.identities[0]!.value };
    const row = newContact(ctx, changes, named, surroundings, held);
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
    const surroundings = await loadSurroundings(ctx, [wanted]);
    const changes = new Changes(ctx.now);
    const after = editContact(ctx, changes, before, wanted, surroundings, held);
    return { result: view(ctx, after), changes };
  },
});

export const deleteContact = write({
  name: 'deleteContact',
  summary: 'Delete a contact without tickets and activities',
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
    if (await hasActivities(ctx.db, workspaceId, 'contactId', contactId)) {
      throw new AppError('in_use', 'This contact has activities.');
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
