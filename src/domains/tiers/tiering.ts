/** The tier model in force, ready to reckon with. */

import { and, eq, sql } from 'drizzle-orm';
import type { Ctx } from '../../context.ts';
import { bound, type Db, statement } from '../../db/connect.ts';
import { tierModels } from '../../db/tables/tiering.ts';
import { compileTierModel, type Population, type TierModel } from '../../rules/tier-model.ts';
import { listTiers } from './store.ts';

export interface Tiering {
  /** Of the model. */
  number: number;
  model: TierModel;
  /** What percentiles and shares are read in; null when not needed, or not taken yet. */
  population: Population | null;
}

/** A model never changes, but its population may be taken anew, and the workspace may get other tiers. */
interface Known extends Tiering {
  tiers: string;
  mark: string | null;
}

const KNOWN = new WeakMap<Db['pool'], Map<number, Known>>();
/** Of workspaces; a population is some 50 KB. */
const MOST_KNOWN = 200;

/** Null: the workspace has no model, tiers are given by people alone. */
export async function loadTiering({ db, workspace }: Pick<Ctx, 'db' | 'workspace'>): Promise<Tiering | null> {
  const { workspaceId, tierModel: number } = workspace;
  if (number === 0) return null;
  let known = KNOWN.get(db.pool);
  if (known === undefined) {
    known = new Map();
    KNOWN.set(db.pool, known);
  }
  // Read before the population: one that is taken in between is read again the next time.
  const [tiers, mark] = await Promise.all([listTiers(db, workspaceId), findMark(db, workspaceId, number)]);
  const keys = tiers.map(({ key }) => key);
  const last = known.get(workspaceId);
  if (last?.number === number && last.tiers === keys.join() && last.mark === mark) return last;
  const { definition, population } = await getModel(db, workspaceId, number);
  const fresh = { number, model: compileTierModel(definition, keys), population, tiers: keys.join(), mark };
  known.delete(workspaceId);
  known.set(workspaceId, fresh);
  if (known.size > MOST_KNOWN) known.delete(known.keys().next().value!);
  return fresh;
}

/** Another one for every population; null without one. */
async function findMark(db: Db, workspaceId: number, number: number): Promise<string | null> {
  const query = statement(db, 'find_population_mark', (orm, name) =>
    orm
      .select({ mark: sql<string | null>`md5(${tierModels.population}::text)` })
      .from(tierModels)
      .where(ofNumber)
      .prepare(name),
  );
  return (await query.execute({ workspace: workspaceId, number }))[0]?.mark ?? null;
}

async function getModel(db: Db, workspaceId: number, number: number) {
  const query = statement(db, 'get_tier_model', (orm, name) =>
    orm
      .select({ definition: tierModels.definition, population: tierModels.population })
      .from(tierModels)
      .where(ofNumber)
      .prepare(name),
  );
  const [row] = await query.execute({ workspace: workspaceId, number });
  if (row === undefined) throw new Error(`Workspace ${workspaceId} has no tier model ${number}.`);
  return row;
}

const ofNumber = and(
  eq(tierModels.workspaceId, sql.placeholder('workspace')),
  eq(tierModels.number, bound(tierModels.number, 'number')),
);
