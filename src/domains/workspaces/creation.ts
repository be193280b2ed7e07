/** How a workspace begins: with its first key, its words, and the plan it asks for. */

import { z } from 'zod';
import { hashKey, newKey } from '../../auth/keys.ts';
import { ROLE_SCOPES } from '../../auth/policy.ts';
import { Changes } from '../../changes.ts';
import type { Workspace as WorkspaceRow } from '../../context.ts';
import { tiers } from '../../db/tables/customers.ts';
import { calendars, policies } from '../../db/tables/service-levels.ts';
import { surveyTemplates } from '../../db/tables/surveys.ts';
import { tierModels } from '../../db/tables/tiering.ts';
import { apiKeys, terms, workspaces } from '../../db/tables/workspaces.ts';
import { AppError } from '../../errors.ts';
import { newId } from '../../ids.ts';
import { write } from '../../operation.ts';
import type { Instant } from '../../rules/calendar.ts';
import { type ReferencePlan, referencePlan } from '../plans/reference.ts';
import { insertVersion } from '../service-levels/versions.ts';
import { addMonthlyRun } from '../tiers/monthly.ts';
import { NewWorkspace, newWorkspaceFields, workspaceFields } from './model.ts';
import { nextWorkspaceId, workspaceView } from './store.ts';

/** What can be changed later, with its defaults. */
const zSettings = z.object(workspaceFields);

export const createWorkspace = write({
  name: 'createWorkspace',
  summary: 'Create a workspace; the key of its admin is shown in this answer alone',
  description: 'For instance admins. It is made in the feed of the workspace whose key made it.',
  scope: 'workspace:write',
  input: z.strictObject(newWorkspaceFields),
  check: ({ mode, now }) =>
    mode === 'live' && now !== undefined
      ? [{ path: 'now', message: 'A live workspace runs on the wall clock.', code: 'invalid' }]
      : [],
  output: NewWorkspace,
  status: 201,
  idempotency: 'secret',
  secrets: ['adminKey'],
  example: { name: 'Sandbox', mode: 'test', now: '2026-11-24T10:00:00+08:00', timeZone: 'Asia/Shanghai' },
  async run(ctx, input) {
    if (!ctx.actor.instanceAdmin) throw new AppError('forbidden', 'Only an instance admin creates workspaces.');
    const { now: testNow, ...settings } = input;
    const { workspace, adminKey, changes } = newWorkspaceChanges({
      ...settings,
      workspaceId: await nextWorkspaceId(ctx.db),
      now: Math.floor(ctx.services.wallClock() / 1000),
      testNow,
    });
    return { result: { workspace: workspaceView(workspace, changes.now), adminKey }, changes };
  },
});

type Settings = z.output<typeof zSettings>;

export interface NewWorkspaceRequest extends Partial<Settings> {
  workspaceId: number;
  name: string;
  mode: 'live' | 'test';
  plan: 'reference' | 'none';
  /** The wall clock. */
  now: Instant;
  /** Where the clock of a test workspace stands at first; the wall clock unless told. */
  testNow?: Instant | undefined;
  /** The admin's key where it is given by configuration; else a random one is made. */
  adminKey?: string | null;
  /** Whether that key may create further workspaces. */
  instanceAdmin?: boolean;
}

/** Everything a workspace begins with, as one change set of new rows. */
export function newWorkspaceChanges({
  workspaceId,
  mode,
  plan,
  now,
  testNow,
  adminKey,
  instanceAdmin = false,
  ...said
}: NewWorkspaceRequest): { changes: Changes; workspaceId: number; workspace: WorkspaceRow; adminKey: string } {
  const changes = new Changes(mode === 'test' ? (testNow ?? now) : now);
  const settings = zSettings.parse(said);
  const workspace = changes.insert(workspaces, {
    workspaceId,
    id: newId('workspace'),
    ...settings,
    mode,
    testNow: mode === 'test' ? changes.now : null,
    serviceLevelVersion: plan === 'reference' ? 1 : 0,
    tierModel: plan === 'reference' ? 1 : 0,
    ...stamps(changes),
  });
  const key = insertKey(changes, workspaceId, adminKey ?? null, instanceAdmin);
  const reference = referencePlan(settings.language);
  insertWords(changes, workspaceId, reference);
  if (plan === 'reference') {
    insertPlan(changes, workspaceId, reference);
    addMonthlyRun({ workspace }, changes);
  }
  changes.event('workspace.created', workspace.id, { workspace: workspaceView(workspace, changes.now), plan });
  return { changes, workspaceId, workspace, adminKey: key };
}

const stamps = ({ now }: Changes) => ({ createdAt: now, updatedAt: now });

function insertKey(changes: Changes, workspaceId: number, given: string | null, instanceAdmin: boolean): string {
  const { key, hash, hint } =
    given === null ? newKey(workspaceId) : { key: given, hash: hashKey(given), hint: given.slice(-4) };
  changes.insert(apiKeys, {
    workspaceId,
    id: newId('key'),
    name: 'Admin',
    role: 'admin',
    scopes: [...ROLE_SCOPES.admin],
    hash,
    hint,
    instanceAdmin,
    ...stamps(changes),
  });
  return key;
}

/** Without a status, a kind and a channel there is no ticket: every workspace has these, whatever its plan. */
function insertWords(changes: Changes, workspaceId: number, { statuses, kinds, channels }: ReferencePlan): void {
  const lists = {
    status: statuses.map(({ key, name, category }) => ({ key, name, category })),
    kind: kinds.map(({ key, name }) => ({ key, name, category: null })),
    channel: channels.map(({ key, name, mode }) => ({ key, name, category: mode })),
  } as const;
  for (const list of ['status', 'kind', 'channel'] as const) {
    for (const [index, term] of lists[list].entries()) {
      const row = { ...term, position: index + 1, parentKey: null, active: true };
      changes.insert(terms, { workspaceId, list, ...row, ...stamps(changes) });
    }
  }
}

function insertPlan(changes: Changes, workspaceId: number, plan: ReferencePlan): void {
  for (const tier of plan.tiers) {
    changes.insert(tiers, { workspaceId, id: newId('tier'), ...tier, description: null, ...stamps(changes) });
  }
  const model = { workspaceId, number: 1, definition: plan.tierModel, reason: null, actor: 'start' };
  changes.insert(tierModels, { ...model, createdAt: changes.now });
  for (const [index, { key, name, parent }] of plan.problemTypes.entries()) {
    const row = { key, name, position: index + 1, parentKey: parent, category: null, active: true };
    changes.insert(terms, { workspaceId, list: 'problem_type', ...row, ...stamps(changes) });
  }
  for (const [index, { key, name }] of plan.needTags.entries()) {
    const row = { key, name, position: index + 1, parentKey: null, category: null, active: true };
    changes.insert(terms, { workspaceId, list: 'need_tag', ...row, ...stamps(changes) });
  }
  const promised = {
    calendars: plan.calendars.map(({ key, name, ...definition }) =>
      changes.insert(calendars, { workspaceId, id: newId('calendar'), key, name, definition, ...stamps(changes) }),
    ),
    policies: plan.policies.map(({ key, name = key, position = 0, version: _, ...definition }) =>
      changes.insert(policies, {
        ...{ workspaceId, id: newId('policy'), key, name, position, definition },
        ...stamps(changes),
      }),
    ),
  };
  insertVersion(changes, workspaceId, 1, promised);
  for (const template of plan.surveyTemplates) {
    changes.insert(surveyTemplates, { workspaceId, id: newId('surveyTemplate'), ...template, ...stamps(changes) });
  }
}
