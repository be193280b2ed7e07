/** Verbs of the workspaces domain: who works here, with what words; keys and clients stand in access.ts. */

import { z } from 'zod';
import { Changes } from '../../changes.ts';
import { agents, customFields, teams, terms, workspaces } from '../../db/tables/workspaces.ts';
import { AppError, invalid } from '../../errors.ts';
import { read, write } from '../../operation.ts';
import { STATUS_CATEGORIES } from '../../rules/policy.ts';
import { anyActivity } from '../activities/store.ts';
import { MOST_ITEMS, patchOf, zKey } from '../model.ts';
import { changedNames } from '../patch.ts';
import { resource } from '../resource.ts';
import { loadCatalogue } from '../service-levels/store.ts';
import { policyNaming } from '../service-levels/teams.ts';
import {
  Agent,
  agentFields,
  CustomField,
  customFieldFields,
  Me,
  Team,
  Term,
  teamFields,
  termFields,
  Workspace,
  workspaceFields,
  zTermList,
} from './model.ts';
import {
  agentView,
  customFieldView,
  getWorkspace,
  listAllTerms,
  requireAgents,
  requireTeams,
  requireTerm,
  teamHasMembers,
  teamView,
  termView,
  workspaceView,
} from './store.ts';

export const getMe = read({
  name: 'getMe',
  summary: 'Who I am, in which workspace, with what scopes and limits',
  scope: null,
  input: z.strictObject({}),
  output: Me,
  async run(ctx) {
    const { type, id, name, role, scopes, agentId, customerId, instanceAdmin } = ctx.actor;
    return {
      type,
      id,
      name,
      role,
      scopes: [...scopes].sort(),
      agentId,
      customerId,
      instanceAdmin,
      workspace: workspaceView(ctx.workspace, ctx.now),
      limits: { bodyBytes: ctx.services.bodyLimitBytes, pageItems: MOST_ITEMS },
    };
  },
});

export const readWorkspace = read({
  name: 'getWorkspace',
  summary: 'Get the workspace',
  scope: 'workspace:read',
  input: z.strictObject({}),
  output: Workspace,
  async run(ctx) {
    return workspaceView(await getWorkspace(ctx.db, ctx.workspace.workspaceId), ctx.now);
  },
});

export const updateWorkspace = write({
  name: 'updateWorkspace',
  summary: 'Change the workspace',
  description: 'JSON Merge Patch.',
  scope: 'workspace:write',
  input: z.strictObject(patchOf(workspaceFields)),
  output: Workspace,
  async run(ctx, input) {
    const before = await getWorkspace(ctx.db, ctx.workspace.workspaceId);
    const changes = new Changes(ctx.now);
    const changed = changedNames({ ...before }, input);
    if (changed.length === 0) return { result: workspaceView(before, ctx.now), changes };
    if (changed.includes('currency') && (await anyActivity(ctx.db, before.workspaceId))) {
      throw new AppError('in_use', `Amounts of activities are kept in ${before.currency}.`, [
        { path: 'currency', message: `Amounts of activities are kept in ${before.currency}.`, code: 'in_use' },
      ]);
    }
    // The test clock moves without the ETag: what was read of it is not written back.
    const { testNow, ...row } = before;
    const after = { ...changes.update(workspaces, row, input as never), testNow } as typeof before;
    changes.event('workspace.updated', after.id, { changed });
    return { result: workspaceView(after, ctx.now), changes };
  },
});

export const agentResource = resource({
  kind: 'agent',
  table: agents,
  model: Agent,
  fields: agentFields,
  scopes: { read: 'agents:read', write: 'agents:write' },
  example: { name: '李敏', email: 'li.min@example.com', seniorityYears: 5, languages: ['zh-CN', 'en'] },
  view: agentView,
  async decide(ctx, draft) {
    await requireTeams(ctx.db, ctx.workspace.workspaceId, draft['teamIds'] as string[], 'teamIds.*');
  },
});

export const teamResource = resource({
  kind: 'team',
  table: teams,
  model: Team,
  fields: teamFields,
  scopes: { read: 'agents:read', write: 'agents:write' },
  example: { name: 'Green channel' },
  view: teamView,
  async decide(ctx, draft) {
    await requireAgents(ctx.db, ctx.workspace.workspaceId, [draft['leadId'] as string | null], 'leadId');
  },
  async remove(ctx, before) {
    if (await teamHasMembers(ctx.db, ctx.workspace.workspaceId, before['id'] as string)) {
      throw new AppError('in_use', 'Agents belong to this team.');
    }
    const { policies } = await loadCatalogue(ctx.db, ctx.workspace.workspaceId);
    const user = policyNaming(policies, before['id'] as string);
    if (user !== undefined) throw new AppError('in_use', `The policy ${user.key} hands tickets to this team.`);
  },
});

export const customFieldResource = resource({
  kind: 'customField',
  words: 'custom field',
  table: customFields,
  model: CustomField,
  fields: customFieldFields,
  fixed: ['key', 'type'],
  scopes: { read: 'workspace:read', write: 'workspace:write' },
  example: { key: 'serial_number', name: 'Serial number', type: 'text', kinds: ['fault'] },
  view: customFieldView,
  order: { name: 'position', column: customFields.position },
  async decide(ctx, draft) {
    const isSelect = draft['type'] === 'select' || draft['type'] === 'multi_select';
    const count = (draft['options'] as unknown[]).length;
    if (isSelect !== count > 0) {
      throw invalid('options', isSelect ? 'A select field needs options.' : 'Only select fields have options.');
    }
    const all = await listAllTerms(ctx.db, ctx.workspace.workspaceId);
    (draft['kinds'] as string[]).forEach((kind, index) => {
      requireTerm(all, 'kind', kind, `kinds.${index}`);
    });
  },
});

export const listTerms = read({
  name: 'listTerms',
  summary: 'List the words of the workspace: kinds, channels, statuses, problem types, products, close codes',
  scope: 'workspace:read',
  input: z.strictObject({ list: zTermList.optional().describe('One list alone.') }),
  output: z.object({ data: z.array(Term).describe('In the order of their lists.') }).meta({
    id: 'Terms',
    description: 'Words of the workspace.',
  }),
  async run(ctx, { list }) {
    const all = await listAllTerms(ctx.db, ctx.workspace.workspaceId);
    return { data: all.filter((term) => list === undefined || term.list === list).map(termView) };
  },
});

const CHANNEL_MODES = ['live', 'async'];

export const putTerm = write({
  name: 'putTerm',
  summary: 'Add or change a word of the workspace',
  description: 'Words are taken out of use with active: false; tickets that have them keep them.',
  scope: 'workspace:write',
  input: z.strictObject({
    list: zTermList.describe('The list it belongs to.'),
    key: zKey.describe('How tickets name it.'),
    ...termFields,
  }),
  output: Term,
  example: { name: '发票', position: 3 },
  async run(ctx, input) {
    const { workspaceId } = ctx.workspace;
    const all = await listAllTerms(ctx.db, workspaceId);
    const before = all.find((term) => term.list === input.list && term.key === input.key);
    requireFittingTerm(input, all);
    if (before !== undefined && before.category !== input.category && input.list === 'status') {
      throw invalid('category', 'A status keeps its category: tickets are folded by it.');
    }
    const changes = new Changes(ctx.now);
    if (before !== undefined && changedNames(before, input).length === 0) return { result: termView(before), changes };
    const row =
      before === undefined
        ? changes.insert(terms, { workspaceId, ...input, createdAt: ctx.now, updatedAt: ctx.now })
        : changes.update(terms, before, input);
    changes.event('term.updated', ctx.workspace.id, { term: termView(row) });
    return { result: termView(row), changes, status: before === undefined ? (201 as const) : (200 as const) };
  },
});

/** A status has a category, a channel a mode, a problem type may have a parent; nothing else has either. */
function requireFittingTerm(
  input: { list: string; key: string; category: string | null; parentKey: string | null },
  all: { list: string; key: string; parentKey: string | null }[],
): void {
  const { list, key, category, parentKey } = input;
  const allowed: readonly string[] | null =
    list === 'status' ? STATUS_CATEGORIES : list === 'channel' ? CHANNEL_MODES : null;
  if (allowed === null && category !== null) throw invalid('category', `A ${list} has no category.`);
  if (allowed !== null && !allowed.includes(category ?? '')) {
    throw invalid('category', `Expected one of ${allowed.join(', ')}.`);
  }
  if (parentKey === null) return;
  if (list !== 'problem_type') throw invalid('parentKey', 'Only problem types are a tree.');
  const seen = new Set([key]);
  for (let at: string | null = parentKey; at !== null; ) {
    if (seen.has(at)) throw invalid('parentKey', 'A problem type cannot be below itself.');
    seen.add(at);
    const parent = all.find((term) => term.list === list && term.key === at);
    if (parent === undefined) throw invalid('parentKey', `No problem type is called ${at}.`, 'unknown_key');
    at = parent.parentKey;
  }
}
