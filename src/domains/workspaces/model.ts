/** Words of the workspaces domain: the workspace, keys, clients, agents, teams, terms, custom fields, the test clock. */

import { z } from 'zod';
import { zCurrency, zId, zInstant, zIsoInstant, zKey, zLanguageTag, zStamps, zText, zTimeZone } from '../model.ts';

export const zRole = z
  .enum(['admin', 'manager', 'agent', 'integration', 'customer'])
  .meta({ id: 'Role', description: 'What a caller is; it bounds the scopes.' });

export const zScope = z.string().max(40).describe('A scope such as tickets:read.');

const zColour = z.string().regex(/^#[0-9a-fA-F]{6}$/, 'Expected a colour such as #1f6feb.');
const zLanguage = z.enum(['zh-CN', 'en']);

export const Workspace = z
  .object({
    id: zId('workspace').describe('TypeID.'),
    name: z.string().describe('What people call it; shown on survey pages.'),
    mode: z
      .enum(['live', 'test'])
      .meta({ id: 'WorkspaceMode' })
      .describe('live: the wall clock. test: a clock of its own.'),
    now: zIsoInstant.describe("The workspace's time: the wall clock, or its test clock."),
    timeZone: z.string().describe('IANA time zone of monthly runs and reports.'),
    language: zLanguage.describe('Language of what the desk says by itself: zh-CN or en.'),
    currency: z.string().describe('Base currency, ISO 4217.'),
    colour: z.string().describe('Accent of survey pages, #rrggbb.'),
    serviceLevelVersion: z
      .int()
      .describe('The service-level version that new tickets are held to; 0 when nothing is promised.'),
    tierModel: z.int().describe('The number of the tier model in force; 0: none, tiers are given by people.'),
    ...zStamps,
  })
  .meta({ id: 'Workspace', description: 'A wall: what is in one workspace does not exist in another.' });

export const workspaceFields = {
  name: zText(100).describe('What people call it.'),
  timeZone: zTimeZone.default('Asia/Shanghai').describe('IANA time zone.'),
  language: zLanguage.default('zh-CN').describe('zh-CN or en.'),
  currency: zCurrency.default('CNY').describe('Base currency, ISO 4217.'),
  colour: zColour.default('#1f6feb').describe('Accent of survey pages, #rrggbb.'),
};

export const newWorkspaceFields = {
  ...workspaceFields,
  mode: z
    .enum(['live', 'test'])
    .meta({ id: 'WorkspaceMode' })
    .default('live')
    .describe('test: a clock of its own, frozen until it is moved.'),
  now: zInstant
    .optional()
    .describe('Where the test clock stands at first; the wall clock unless told. Only with mode test.'),
  plan: z
    .enum(['reference', 'none'])
    .meta({ id: 'StartingPlan' })
    .default('reference')
    .describe('reference: tiers, calendars, policies, terms and a survey to start with.'),
};

export const NewWorkspace = z
  .object({
    workspace: Workspace.describe('The workspace.'),
    adminKey: z.string().nullable().describe('Key of its first admin, shown once; null in a replay.'),
  })
  .meta({ id: 'NewWorkspace', description: 'A workspace that was just made, with its first key.' });

export const TestClock = z
  .object({
    now: zIsoInstant.describe('Where the clock stands.'),
    handled: z.int().describe('How many instants were handled on the way; 0 when only asked.'),
  })
  .meta({ id: 'TestClock', description: 'The clock of a test workspace.' });

export const Me = z
  .object({
    type: z
      .enum(['key', 'client', 'token', 'system', 'survey', 'integration'])
      .meta({ id: 'ActorType' })
      .describe('How you authenticated.'),
    id: z.string().describe('Id of the key or client, or the subject of the token.'),
    name: z.string().describe('Its name.'),
    role: zRole.describe('What you are.'),
    scopes: z.array(z.string()).describe('What you may do.'),
    agentId: z.string().nullable().meta({ scalar: 'ID' }).describe('The agent you work as; null for machines.'),
    customerId: z.string().nullable().meta({ scalar: 'ID' }).describe('The customer you are; null for staff.'),
    instanceAdmin: z.boolean().describe('Whether you may create workspaces.'),
    workspace: Workspace.describe('Where you are.'),
    limits: z
      .object({
        bodyBytes: z.int().describe('The largest body of a request.'),
        pageItems: z.int().describe('The most items of a page.'),
      })
      .meta({ id: 'Limits', description: 'What a request may be.' })
      .describe('What a request may be.'),
  })
  .meta({ id: 'Me', description: 'Who you are to the desk.' });

export const ApiKey = z
  .object({
    id: zId('key').describe('TypeID.'),
    name: z.string().describe('What it is for.'),
    role: zRole.describe('Bounds the scopes.'),
    scopes: z.array(z.string()).describe('What it may do.'),
    hint: z.string().describe('Its last letters.'),
    key: z.string().nullable().describe('The key itself, only in the answer to its creation.'),
    agentId: z.string().nullable().meta({ scalar: 'ID' }).describe('The agent who works with it.'),
    customerId: z.string().nullable().meta({ scalar: 'ID' }).describe('The customer whose portal it is.'),
    instanceAdmin: z.boolean().describe('May create workspaces.'),
    expiresAt: zIsoInstant.nullable().describe('Wall time; null = never.'),
    lastUsedAt: zIsoInstant.nullable().describe('Wall time, to the minute or so; null = never.'),
    revokedAt: zIsoInstant.nullable().describe('Wall time; null while it works.'),
    ...zStamps,
  })
  .meta({ id: 'ApiKey', description: 'A key of this workspace; only its hash is stored.' });

export const keyFields = {
  name: zText(100).describe('What it is for.'),
  role: zRole.describe('Bounds the scopes.'),
  scopes: z.array(zScope).max(50).optional().describe('What it may do; everything its role may unless told.'),
  agentId: zId('agent').nullable().default(null).describe('The agent who works with it.'),
  customerId: zId('customer').nullable().default(null).describe('Whose portal it is; required for the role customer.'),
  expiresAt: zInstant.nullable().default(null).describe('Wall time; null = never.'),
};

export const Client = z
  .object({
    id: zId('client').describe('The client_id of the token endpoint.'),
    name: z.string().describe('What it is for.'),
    role: zRole.describe('Bounds the scopes.'),
    scopes: z.array(z.string()).describe('What its tokens may do.'),
    secret: z.string().nullable().describe('The client_secret, only in the answer to its creation.'),
    agentId: z.string().nullable().meta({ scalar: 'ID' }).describe('The agent its tokens work as.'),
    expiresAt: zIsoInstant.nullable().describe('Wall time; null = never.'),
    lastUsedAt: zIsoInstant.nullable().describe('Wall time; null = never.'),
    revokedAt: zIsoInstant.nullable().describe('Wall time; null while it works.'),
    ...zStamps,
  })
  .meta({ id: 'Client', description: 'A machine that asks for tokens with client credentials.' });

export const clientFields = {
  name: keyFields.name,
  role: keyFields.role,
  scopes: keyFields.scopes,
  agentId: keyFields.agentId,
  expiresAt: keyFields.expiresAt,
};

export const agentFields = {
  name: zText(100).describe('Full name.'),
  email: z.email().max(254).toLowerCase().describe('Unique in the workspace; tokens find the agent by it.'),
  role: z.enum(['admin', 'manager', 'agent']).meta({ id: 'AgentRole' }).default('agent').describe('What they may do.'),
  skills: z.array(zKey).max(50).default([]).describe('What they know.'),
  languages: z.array(zLanguageTag).max(20).default([]).describe('What they speak.'),
  seniorityYears: z.int().min(0).max(80).default(0).describe('Years in service; core customers get 3 and more.'),
  capacity: z.int().min(0).max(10_000).default(20).describe('How many open tickets at most.'),
  available: z.boolean().default(true).describe('Whether work can be given to them now.'),
  active: z.boolean().default(true).describe('False once they have left; their tickets and history stay.'),
  teamIds: z.array(zId('team')).max(50).default([]).describe('Teams they belong to.'),
};

export const Agent = z
  .object({
    id: zId('agent').describe('TypeID.'),
    name: z.string().describe('Full name.'),
    email: z.string().describe('Unique in the workspace.'),
    role: z.enum(['admin', 'manager', 'agent']).meta({ id: 'AgentRole' }).describe('What they may do.'),
    skills: z.array(z.string()).describe('What they know.'),
    languages: z.array(z.string()).describe('What they speak.'),
    seniorityYears: z.int().describe('Years in service.'),
    capacity: z.int().describe('How many open tickets at most.'),
    available: z.boolean().describe('Whether work can be given to them now.'),
    active: z.boolean().describe('False once they have left.'),
    teamIds: z.array(zId('team')).describe('Teams they belong to.'),
    ...zStamps,
  })
  .meta({ id: 'Agent', description: 'A person who works tickets.' });

export const teamFields = {
  name: zText(100).describe('Unique in the workspace.'),
  description: zText(1000).nullable().default(null).describe('What they do.'),
  leadId: zId('agent').nullable().default(null).describe('Who leads it.'),
};

export const Team = z
  .object({
    id: zId('team').describe('TypeID.'),
    name: z.string().describe('Unique in the workspace.'),
    description: z.string().nullable().describe('What they do.'),
    leadId: z.string().nullable().meta({ scalar: 'ID' }).describe('Who leads it.'),
    ...zStamps,
  })
  .meta({ id: 'Team', description: 'People who share a queue.' });

export const zTermList = z
  .enum(['kind', 'channel', 'status', 'problem_type', 'product', 'close_code', 'need_tag'])
  .meta({ id: 'TermList', description: 'Which of the lists that a workspace words itself.' });

export const Term = z
  .object({
    list: zTermList.describe('The list it belongs to.'),
    key: z.string().describe('How tickets name it; a need tag is named by customers.'),
    name: z.string().describe('How people name it.'),
    position: z.int().describe('Order in its list.'),
    parentKey: z.string().nullable().describe('Problem types are a tree; null at the top and in other lists.'),
    category: z
      .string()
      .nullable()
      .describe('status: new, open, pending, on_hold, solved or closed. channel: live or async. Else null.'),
    active: z.boolean().describe('False: old tickets keep it, new ones cannot have it.'),
    ...zStamps,
  })
  .meta({
    id: 'Term',
    description: 'A word of the workspace: a kind, channel, status, problem type, product, close code or need tag.',
  });

export const termFields = {
  name: zText(100).describe('How people name it.'),
  position: z.int().min(0).max(100_000).default(0).describe('Order in its list.'),
  parentKey: zKey.nullable().default(null).describe('Parent in the tree of problem types.'),
  category: zText(20).nullable().default(null).describe('status: its category. channel: live or async.'),
  active: z.boolean().default(true).describe('False takes it out of use.'),
};

export const zFieldType = z
  .enum(['text', 'number', 'boolean', 'date', 'select', 'multi_select'])
  .meta({ id: 'CustomFieldType', description: 'What a custom field holds.' });

const Option = z
  .object({ key: zKey.describe('How tickets name it.'), name: zText(100).describe('How people name it.') })
  .meta({ id: 'CustomFieldOption', description: 'One choice of a select field.' });

export const customFieldFields = {
  key: zKey.describe('How tickets name it; never changes.'),
  name: zText(100).describe('How people name it.'),
  type: zFieldType.describe('What it holds; never changes.'),
  options: z.array(Option).max(200).default([]).describe('Choices of select and multi_select.'),
  kinds: z.array(zKey).max(50).default([]).describe('Kinds of ticket it belongs to; empty = all.'),
  requiredAt: z
    .enum(['create', 'solve'])
    .meta({ id: 'RequiredAt' })
    .nullable()
    .default(null)
    .describe('When it must be filled; null = never.'),
  position: z.int().min(0).max(100_000).default(0).describe('Order in forms.'),
};

export const CustomField = z
  .object({
    id: zId('customField').describe('TypeID.'),
    key: z.string().describe('How tickets name it.'),
    name: z.string().describe('How people name it.'),
    type: zFieldType.describe('What it holds.'),
    options: z.array(Option).describe('Choices of select and multi_select.'),
    kinds: z.array(z.string()).describe('Kinds of ticket it belongs to; empty = all.'),
    requiredAt: z.enum(['create', 'solve']).meta({ id: 'RequiredAt' }).nullable().describe('When it must be filled.'),
    position: z.int().describe('Order in forms.'),
    ...zStamps,
  })
  .meta({ id: 'CustomField', description: 'A typed field that tickets carry beside their own.' });
