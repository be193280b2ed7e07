/** The teams that steps of escalation hand tickets to: a policy keeps them by their ids, so that a name may change. */

import type { Ctx } from '../../context.ts';
import { AppError, type FieldError } from '../../errors.ts';
import type { EscalationAction, ObjectiveDefinition } from '../../rules/objective.ts';
import { listAllTeams } from '../workspaces/store.ts';
import type { PolicyRow } from './store.ts';

/** The objectives with each `reassign` as a team's id. 422 naming each that is neither id nor name of one. */
export async function withTeams(ctx: Ctx, objectives: ObjectiveDefinition[]): Promise<ObjectiveDefinition[]> {
  if (teamsOf(objectives).length === 0) return objectives;
  const teams = await listAllTeams(ctx.db, ctx.workspace.workspaceId);
  const errors: FieldError[] = [];
  const named = (action: EscalationAction, path: string): EscalationAction => {
    if (!('reassign' in action)) return action;
    const team = teams.find(({ id, name }) => id === action.reassign || name === action.reassign);
    if (team !== undefined) return { reassign: team.id };
    errors.push({ path, message: `No team is called ${action.reassign}.`, code: 'unknown_team' });
    return action;
  };
  const found = objectives.map((objective, o) => ({
    ...objective,
    ...(objective.escalate && {
      escalate: objective.escalate.map((step, s) => ({
        ...step,
        do: step.do.map((action, a) => named(action, `objectives.${o}.escalate.${s}.do.${a}.reassign`)),
      })),
    }),
  }));
  if (errors.length > 0) throw new AppError('validation_failed', errors[0]!.message, errors);
  return found;
}

/** The policy that hands tickets to this team; undefined when none does. */
export function policyNaming(policies: readonly PolicyRow[], teamId: string): PolicyRow | undefined {
  return policies.find(({ definition }) => teamsOf(definition.objectives).includes(teamId));
}

function teamsOf(objectives: readonly ObjectiveDefinition[]): string[] {
  return objectives.flatMap(({ escalate = [] }) =>
    escalate.flatMap((step) => step.do.flatMap((action) => ('reassign' in action ? [action.reassign] : []))),
  );
}
