/** The people a customer is given: dedicated agent, deputy and online adviser, checked against the agents there are. */

import type { Ctx } from '../../context.ts';
import { findByIds } from '../../db/rows.ts';
import { agents } from '../../db/tables/workspaces.ts';
import { AppError, type FieldError, notFound } from '../../errors.ts';
import type { AgentRow } from '../workspaces/store.ts';

const NAMED = ['dedicatedAgentId', 'deputyAgentId', 'adviserId'] as const;
type Named = { [N in (typeof NAMED)[number]]?: string | null | undefined };

export type Agents = ReadonlyMap<string, AgentRow>;

/** The agents that these inputs name, by id; one statement, none where nobody is named. */
export async function loadPeople(ctx: Pick<Ctx, 'db' | 'workspace'>, inputs: readonly Named[]): Promise<Agents> {
  const ids = inputs.flatMap((input) => NAMED.map((name) => input[name] ?? null));
  return findByIds(ctx.db, agents, ctx.workspace.workspaceId, ids);
}

/**
 * Checks whom a customer is given beyond those they had: 404 naming the field for an agent there is not, 422 for one who
 * has left, and for a deputy who stands in for nobody else.
 */
export function requirePeople(known: Agents, given: Named, before: Named): void {
  const errors: FieldError[] = [];
  const names = NAMED.filter((name) => given[name] != null && given[name] !== before[name]);
  for (const path of names) {
    const agent = known.get(given[path]!);
    if (agent === undefined) throw notFound('agent', path);
    if (!agent.active) errors.push({ path, message: `${agent.name} has left.`, code: 'inactive' });
  }
  const { dedicatedAgentId, deputyAgentId } = { ...before, ...definedOf(given) };
  if (names.length > 0 && dedicatedAgentId != null && dedicatedAgentId === deputyAgentId) {
    const message = 'The deputy is somebody else than the dedicated agent.';
    errors.push({ path: 'deputyAgentId', message, code: 'duplicate' });
  }
  if (errors.length > 0) throw new AppError('validation_failed', errors[0]!.message, errors);
}

function definedOf(given: Named): Named {
  return Object.fromEntries(NAMED.filter((name) => given[name] !== undefined).map((name) => [name, given[name]]));
}
