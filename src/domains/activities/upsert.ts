/** The upsert of an activity by the name another system has for it: one at a time, and by many lines. */

import type { z } from 'zod';
import { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { type Batch, type Outcome, write } from '../../operation.ts';
import { requireFewNames, requireSameName } from '../customers/words.ts';
import { nameKey, nameOfLine } from '../names.ts';
import { mergeMap } from '../patch.ts';
import { type Touch, touchNow, touchTogether } from '../tiers/touch.ts';
import { UpsertedActivity, zActivityLine, zUpsertActivity } from './model.ts';
import { activityView } from './store.ts';
import { checkTold, editActivity, holdersIn, type Known, loadKnown, newActivity, ownNames } from './telling.ts';

type Upsert = z.output<typeof zUpsertActivity>;
type Answer = z.input<typeof UpsertedActivity>;

/** With the name it is known by among its others. */
const named = (input: Upsert): Upsert => ({
  ...input,
  externalIds: { ...input.externalIds, [input.system]: input.value },
});

const batch: Batch<Upsert, Answer> = {
  lines: {
    input: zActivityLine,
    read: nameOfLine,
  },
  async prepare(ctx, inputs) {
    const known = await loadKnown(ctx, inputs.map(named));
    const touch = touchTogether(ctx);
    return (input) => upsert(ctx, known, input, touch);
  },
  names: (input) => ownNames(named(input)).map(nameKey),
  line: ({ result, activity }) => ({ status: result, id: activity.id }),
};

export const upsertActivityByExternalId = write({
  name: 'upsertActivityByExternalId',
  summary: 'Tell what a customer did, or how it was after all, by the name another system has for it',
  description:
    'Fields left out stay as they are, null empties. An exact repeat changes nothing; 12.5 and 12.50 are one amount. The tier of the customer is looked at again, and that of a former one, when it moves from one to another.',
  scope: 'customers:write',
  input: zUpsertActivity,
  check: checkTold,
  output: UpsertedActivity,
  example: {
    customerExternalId: { system: 'crm', value: '42' },
    kind: 'order',
    at: '2026-11-20T10:00:00+08:00',
    amount: { amount: '12800.00', currency: 'CNY' },
    title: '数控机床备件',
  },
  batch,
  async run(ctx, input) {
    return upsert(ctx, await loadKnown(ctx, [named(input)]), input, touchNow(ctx));
  },
});

function upsert(ctx: Ctx, known: Known, input: Upsert, touch: Touch): Outcome<Answer> {
  const { system, value } = input;
  requireSameName(input.externalIds, { system, value });
  const told = named(input);
  const holders = holdersIn(known, told.externalIds ?? {});
  const before = known.rows.get(holders.get(system) ?? '');
  requireFewNames(mergeMap(before?.externalIds ?? {}, told.externalIds ?? {}));
  const changes = new Changes(ctx.now);
  if (before === undefined) {
    const row = newActivity(ctx, changes, told, known, { holders, touch });
    return { result: { result: 'created', activity: activityView(row) }, changes, status: 201 };
  }
  const after = editActivity(ctx, changes, before, told, known, { holders, touch });
  const result = changes.empty ? ('unchanged' as const) : ('updated' as const);
  return { result: { result, activity: activityView(after) }, changes };
}
