/** Contacts as another system tells them, one or many: known again by its name for them. */

import { z } from 'zod';
import { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { findByIds } from '../../db/rows.ts';
import { contacts } from '../../db/tables/customers.ts';
import { AppError, type FieldError, notFound } from '../../errors.ts';
import { type Batch, type Outcome, write } from '../../operation.ts';
import { type Identity, normaliseIdentities } from '../../rules/identity.ts';
import { zNamedLine } from '../model.ts';
import { findManyNamed, holdersOf, type Name, nameKey, nameOfLine, namesIn } from '../names.ts';
import { mergeMap, withDefaults } from '../patch.ts';
import { editContact, loadSurroundings, newContact, withOneForm } from './edit-contact.ts';
import { keepOwned, loadOwners } from './field-owners.ts';
import { type ContactFields, contactFields, UpsertedContact, upsertContactFields, zByName } from './model.ts';
import { contactView, findHolders } from './store.ts';
import { requireSameName } from './words.ts';

const zUpsert = z.strictObject({ ...zByName, ...upsertContactFields });
type Input = z.output<typeof zUpsert>;
type Answer = z.input<typeof UpsertedContact>;

const { name: _named, ...optional } = contactFields;
const DEFAULTS = z.object(optional).parse({});

const namesOf = ({ system, value, externalIds }: Input) => namesIn('contact', { ...externalIds, [system]: value });

const batch: Batch<Input, Answer> = {
  lines: {
    input: z.strictObject({ ...upsertContactFields, ...zNamedLine }),
    read: nameOfLine,
  },
  async prepare(ctx, inputs) {
    const loaded = await load(ctx, inputs);
    return (input) => decide(ctx, loaded, input);
  },
  names: (input) => namesOf(input).map(nameKey),
  line: ({ result, contact, kept }) => ({ status: result, id: contact.id, ...(kept.length > 0 && { kept }) }),
};

export const upsertContactByExternalId = write({
  name: 'upsertContactByExternalId',
  summary: 'Create or change the contact that another system calls so',
  description:
    'Fields left out stay as they are, null empties. An exact repeat changes nothing. externalIds may bring further names. A field that belongs to another system (see setFieldOwners) stays as it is, and is named in `kept`.',
  scope: 'customers:write',
  input: zUpsert,
  check: checkCustomer,
  output: UpsertedContact,
  example: { name: '王芳', identities: [{ kind: 'email', value: 'wang.fang@example.com' }] },
  batch,
  async run(ctx, input) {
    return decide(ctx, await load(ctx, [input]), input);
  },
});

function checkCustomer({ customerId, customerExternalId }: Input): FieldError[] {
  if (!customerId || !customerExternalId) return [];
  const message = 'Give customerId or customerExternalId, not both.';
  return [{ path: 'customerExternalId', message, code: 'invalid' }];
}

type Loaded = Awaited<ReturnType<typeof load>>;

async function load(ctx: Ctx, inputs: readonly Input[]) {
  const { db, workspace } = ctx;
  const { workspaceId } = workspace;
  // Names are read last: a contact that was made in between is then seen with all that it has, and not taken for a
  // stranger who holds what we want.
  const [identities, owners] = await Promise.all([
    findHolders(
      db,
      workspaceId,
      inputs.flatMap((input) => readable(ctx, input)),
    ),
    loadOwners(db, workspaceId, 'contact'),
  ]);
  const named = await findManyNamed(
    db,
    workspaceId,
    inputs.flatMap((input) => [...namesOf(input), ...customerOf(input)]),
  );
  const withCustomers = inputs.map((input) => ({ ...input, customerId: customerIdOf(named, input) }));
  const [rows, surroundings] = await Promise.all([
    findByIds(
      db,
      contacts,
      workspaceId,
      inputs.map(({ system, value }) => named.get(nameKey({ resource: 'contact', system, value })) ?? null),
    ),
    loadSurroundings(ctx, withCustomers),
  ]);
  return { identities, named, owners, rows, surroundings };
}

/** The identities of an input to look up; what is wrong with them is said when it is decided. */
function readable(ctx: Ctx, { identities = [] }: Input): Identity[] {
  try {
    return normaliseIdentities(identities, ctx.workspace.timeZone, 'identities');
  } catch (error) {
    if (error instanceof AppError) return [];
    throw error;
  }
}

function customerOf({ customerExternalId: name }: Input): Name[] {
  return name ? [{ resource: 'customer', ...name }] : [];
}

/** Left out (undefined) is not the same as nobody (null). */
function customerIdOf(named: ReadonlyMap<string, string>, input: Input): string | null | undefined {
  const [name] = customerOf(input);
  return name === undefined ? input.customerId : (named.get(nameKey(name)) ?? null);
}

function decide(ctx: Ctx, { identities, named, owners, rows, surroundings }: Loaded, input: Input): Outcome<Answer> {
  const { system, value, customerExternalId, ...fields } = input;
  requireSameName(fields.externalIds, { system, value });
  const customerId = customerIdOf(named, input);
  if (customerExternalId && customerId === null) throw notFound('customer', 'customerExternalId');
  const externalIds = { ...fields.externalIds, [system]: value };
  const patch = { ...withOneForm(ctx, fields), ...(customerId !== undefined && { customerId }), externalIds };
  const held = { identities, names: holdersOf(named, 'contact', externalIds) };
  const before = rows.get(held.names.get(system) ?? '');
  const changes = new Changes(ctx.now);
  const { language } = ctx.workspace;
  if (before === undefined) {
    const draft = withDefaults<ContactFields>(DEFAULTS, { ...patch, externalIds: mergeMap({}, externalIds) });
    const row = newContact(ctx, changes, draft, surroundings, held);
    return { result: { result: 'created', contact: contactView(row, language), kept: [] }, changes, status: 201 };
  }
  const { allowed, kept } = keepOwned(owners, system, before, patch);
  const after = editContact(ctx, changes, before, allowed, surroundings, held);
  const result = changes.empty ? ('unchanged' as const) : ('updated' as const);
  return { result: { result, contact: contactView(after, language), kept }, changes };
}
