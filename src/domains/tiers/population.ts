/** The population of a workspace, taken in one or two walks over its customers: values for percentiles, then totals for shares. */

import { setImmediate as othersFirst } from 'node:timers/promises';
import type { Ctx } from '../../context.ts';
import { addTotal, minTotalsOf, noTotals, stepsOf, type Totals } from '../../rules/population.ts';
import { scoreOf } from '../../rules/score.ts';
import type { Part, Population, TierModel } from '../../rules/tier-model.ts';
import { listMeasured } from './customer-walk.ts';
import { loadFigures, type Measures } from './figures.ts';

/** How far it is taken; kept as JSON. */
export interface Taking {
  /** Once all values were seen, and how many customers had any: a walk over them that was interrupted begins anew. */
  values: Pick<Population, 'customers' | 'parts'> | null;
  /** So many customers have how many points; of the walk that follows. */
  totals: Totals;
  after: string | null;
}

export function nothingTaken(): Taking {
  return { values: null, totals: noTotals(), after: null };
}

const percentileParts = ({ parts }: TierModel) => parts.filter(({ bands }) => bands === null);
const hasShares = ({ rules }: TierModel) => rules.some(({ share }) => share !== undefined);

/** How many walks it takes. */
export function walksOf(model: TierModel): number {
  return (percentileParts(model).length > 0 ? 1 : 0) + (hasShares(model) ? 1 : 0);
}

/** Takes it on from `taking`; `step` is told after every batch of how many customers. */
export async function takePopulation(
  context: () => Promise<Ctx>,
  model: TierModel,
  taking: Taking,
  step: (customers: number) => Promise<void>,
): Promise<Population> {
  const parts = percentileParts(model);
  if (parts.length > 0) taking.values ??= await takeValues(context, parts, step);
  const values = taking.values ?? { customers: 0, parts: {} };
  if (hasShares(model)) {
    const population: Population = { at: 0, ...values, minTotals: [] };
    for await (const batch of walk(context, model.parts, taking.after)) {
      await unhurried(batch.known, ({ figures }) => {
        addTotal(taking.totals, scoreOf(model, figures, population).total);
      });
      taking.after = batch.last;
      await step(batch.size);
    }
    values.customers = taking.totals.reduce((sum, customers) => sum + customers, 0);
  }
  const { now } = await context();
  return { at: now, ...values, minTotals: minTotalsOf(model, taking.totals) };
}

async function takeValues(
  context: () => Promise<Ctx>,
  parts: Part[],
  step: (customers: number) => Promise<void>,
): Promise<Pick<Population, 'customers' | 'parts'>> {
  const columns = parts.map((part) => ({ part, column: new Column() }));
  let customers = 0;
  for await (const batch of walk(context, parts, null)) {
    await unhurried(batch.known, ({ figures }) => {
      for (const { part, column } of columns) {
        const figure = figures.get(part.figure) ?? null;
        if (figure !== null) column.add(figure);
      }
    });
    customers += batch.known.length;
    await step(batch.size);
  }
  const steps = columns.map(({ part, column }) => [part.key, stepsOf(column.sorted())] as const);
  return { customers, parts: Object.fromEntries(steps) };
}

/** Numbers of a million customers, 8 bytes each. */
class Column {
  #values = new Float64Array(1024);
  #length = 0;

  add(value: number): void {
    if (this.#length === this.#values.length) {
      const longer = new Float64Array(this.#length * 2);
      longer.set(this.#values);
      this.#values = longer;
    }
    this.#values[this.#length++] = value;
  }

  sorted(): Float64Array {
    return this.#values.subarray(0, this.#length).sort();
  }
}

/** Customers that are read at once. */
const BATCH = 1000;

interface WalkBatch {
  /** Of those of whom anything is known. */
  known: Measures[];
  size: number;
  last: string;
}

async function* walk(
  context: () => Promise<Ctx>,
  parts: readonly Part[],
  begin: string | null,
): AsyncGenerator<WalkBatch> {
  const definitions = parts.map(({ figure }) => figure);
  for (let after = begin; ; ) {
    const { db, workspace, now } = await context();
    const customers = await listMeasured(db, workspace.workspaceId, after, BATCH);
    if (customers.length === 0) return;
    const measures = await loadFigures(db, workspace, customers, definitions, now);
    after = customers.at(-1)!.id;
    yield { known: [...measures.values()].filter(({ known }) => known), size: customers.length, last: after };
  }
}

/** Others are answered in between. Milliseconds. */
const LONGEST_STRETCH = 4;

/** Does this with each, and lets others have the processor now and then. */
export async function unhurried<T>(things: readonly T[], work: (thing: T) => void): Promise<void> {
  let since = performance.now();
  for (const thing of things) {
    work(thing);
    if (performance.now() - since < LONGEST_STRETCH) continue;
    await othersFirst();
    since = performance.now();
  }
}
