/** Customers as another system tells them, one or many: known again by its name for them. */

import { z } from 'zod';
import { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { findByIds } from '../../db/rows.ts';
import { customers } from '../../db/tables/customers.ts';
import { type Batch, type Outcome, write } from '../../operation.ts';
import { zNamedLine } from '../model.ts';
import { findManyNamed, holdersOf, nameKey, nameOfLine, namesIn } from '../names.ts';
import { mergeMap, withDefaults } from '../patch.ts';
import { type Touch, touchNow, touchTogether } from '../tiers/touch.ts';
import { editCustomer, loadSurroundings, newCustomer } from './edit.ts';
import { fieldsChanged, keepOwned, loadOwners } from './field-owners.ts';
import {
  type CustomerFields,
  customerFields,
  customerPatch,
  type Patch,
  UpsertedCustomer,
  zByName,
  zFirstTier,
} from './model.ts';
import { type CustomerRow, customerView } from './store.ts';
import { requireSameName } from './words.ts';

const upsertFields = {
  ...customerPatch,
  name: customerFields.name,
  tier: zFirstTier.describe('Key of the tier a new customer begins with; of one that is there it changes nothing.'),
};
const zUpsert = z.strictObject({ ...zByName, ...upsertFields });
type Input = z.output<typeof zUpsert>;
type Answer = z.input<typeof UpsertedCustomer>;

const { name: _named, ...optional } = customerFields;
const DEFAULTS = z.object(optional).parse({});

const namesOf = ({ system, value, externalIds }: Input) => namesIn('customer', { ...externalIds, [system]: value });

const batch: Batch<Input, Answer> = {
  lines: {
    input: z.strictObject({ ...upsertFields, ...zNamedLine }),
    read: nameOfLine,
  },
  async prepare(ctx, inputs) {
    const loaded = await load(ctx, inputs);
    const touch = touchTogether(ctx);
    return (input) => decide(ctx, loaded, input, touch);
  },
  names: (input) => namesOf(input).map(nameKey),
  line: ({ result, customer, kept }) => ({ status: result, id: customer.id, ...(kept.length > 0 && { kept }) }),
};

export const upsertCustomerByExternalId = write({
  name: 'upsertCustomerByExternalId',
  summary: 'Create or change the customer that another system calls so',
  description:
    'Fields left out stay as they are, null empties. An exact repeat changes nothing. externalIds may bring further names. A field that belongs to another system (see setFieldOwners) stays as it is, and is named in `kept`. A name that came with a customer that was merged (mergeCustomers), where the one that stays has a name of its own in that system, changes nothing: `kept` names the fields that would have changed.',
  scope: 'customers:write',
  input: zUpsert,
  output: UpsertedCustomer,
  example: { name: '东方精密机械', profile: { industry: '机械制造' }, figures: { lifetime_value: 120_000 } },
  batch,
  async run(ctx, input) {
    return decide(ctx, await load(ctx, [input]), input, touchNow(ctx));
  },
});

type Loaded = Awaited<ReturnType<typeof load>>;

async function load(ctx: Ctx, inputs: readonly Input[]) {
  const { db, workspace } = ctx;
  const [named, owners] = await Promise.all([
    findManyNamed(db, workspace.workspaceId, inputs.flatMap(namesOf)),
    loadOwners(db, workspace.workspaceId, 'customer'),
  ]);
  const isNew = ({ system, value }: Input) => !named.has(nameKey({ resource: 'customer', system, value }));
  const [rows, surroundings] = await Promise.all([
    findByIds(db, customers, workspace.workspaceId, [...named.values()]),
    loadSurroundings(ctx, inputs, { create: inputs.some(isNew) }),
  ]);
  return { named, owners, rows, surroundings };
}

function decide(ctx: Ctx, { named, owners, rows, surroundings }: Loaded, input: Input, touch: Touch): Outcome<Answer> {
  const { system, value, tier, ...patch } = input;
  requireSameName(patch.externalIds, { system, value });
  const externalIds = { ...patch.externalIds, [system]: value };
  const holders = holdersOf(named, 'customer', externalIds);
  const before = rows.get(holders.get(system) ?? '');
  const changes = new Changes(ctx.now);
  if (before === undefined) {
    const fields = withDefaults<CustomerFields>(DEFAULTS, {
      ...patch,
      figures: mergeMap({}, patch.figures ?? {}),
      externalIds: mergeMap({}, externalIds),
    });
    const row = newCustomer(ctx, changes, { ...fields, tier }, surroundings, { holders, touch });
    return { result: { result: 'created', customer: customerView(row), kept: [] }, changes, status: 201 };
  }
  const own = before.externalIds[system];
  if (own !== undefined && own !== value) {
    return {
      result: { result: 'unchanged', customer: customerView(before), kept: asMerged(before, patch, holders) },
      changes,
    };
  }
  const { allowed, kept } = keepOwned(owners, system, before, { ...patch, externalIds });
  const after = editCustomer(changes, before, allowed, surroundings, { holders, touch });
  const result = changes.empty ? ('unchanged' as const) : ('updated' as const);
  return { result: { result, customer: customerView(after), kept }, changes };
}

/**
 * The name came with a customer that was merged into this one, which the same system knows by another name. Were both
 * records of that system written, one would undo the other each time they are sent: what this one says is kept away.
 */
function asMerged(before: CustomerRow, patch: Patch<CustomerFields>, holders: ReadonlyMap<string, string>): string[] {
  const { externalIds = {}, ...fields } = patch;
  const names = Object.entries(externalIds).filter(
    ([system, value]) => holders.get(system) !== before.id && (before.externalIds[system] ?? null) !== value,
  );
  return [...fieldsChanged(before, fields), ...names.map(([system]) => `externalIds.${system}`)];
}
