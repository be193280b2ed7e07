/** Verbs of the tickets domain: create, read, list, edit. What has consequences of its own stands in verbs.ts and conversation.ts. */

import { eq, type SQL, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import { z } from 'zod';
import { requireStaff, requireVisibleTicket, seesInternal } from '../../auth/policy.ts';
import { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { bound } from '../../db/connect.ts';
import { takeNumber } from '../../db/numbers.ts';
import { equals, type Filter, filter, readPage } from '../../db/page.ts';
import { contacts, customers } from '../../db/tables/customers.ts';
import { messages, tickets } from '../../db/tables/tickets.ts';
import { AppError, notFound } from '../../errors.ts';
import { newId } from '../../ids.ts';
import { read, write } from '../../operation.ts';
import { searchQuery, searchVector } from '../../rules/search.ts';
import { ofCustomer } from '../customers/merge-store.ts';
import { type ContactRow, type CustomerRow, getContact, getCustomer, requireLiving } from '../customers/store.ts';
import { patchOf, zExternalIdsPatch, zKey, zText } from '../model.ts';
import { findNamed, nameThing, requireFreeNames } from '../names.ts';
import { changedNames, mergeMap } from '../patch.ts';
import { touch } from '../tiers/touch.ts';
import { requireAgents, requireTeams } from '../workspaces/store.ts';
import {
  createTicketFields,
  editableFields,
  listTicketFields,
  Ticket,
  TicketPage,
  zFaultPatch,
  zTicketId,
} from './model.ts';
import { answerOf, asItStands, type Happening, loadLevels, settle, ticketFacts } from './settle.ts';
import { getTicket, getTicketFile, type TicketRow, ticketView } from './store.ts';
import { requireWords, statusOf } from './words.ts';

export const createTicket = write({
  name: 'createTicket',
  summary: 'Create a ticket; the answer says what is promised and by when',
  scope: 'tickets:write',
  input: z.strictObject(createTicketFields),
  output: Ticket,
  status: 201,
  example: { subject: '机器停机', kind: 'complaint', channel: 'phone', message: '生产线停了，请尽快处理。' },
  async run(ctx, input) {
    const { workspaceId } = ctx.workspace;
    const { message, createdBy, ...fields } = input;
    if (ctx.actor.role === 'customer') requireCustomersOwn(input);
    const { customer, contact, attributes } = await whose(ctx, input);
    if (contact !== null) requireLiving(contact, 'contactId');
    requireFreeNames(await findNamed(ctx.db, workspaceId, 'ticket', input.externalIds), null);
    await requireAgents(ctx.db, workspaceId, [input.assigneeId], 'assigneeId');
    await requireTeams(ctx.db, workspaceId, [input.teamId], 'teamId');
    const draft = { ...fields, ...attributes, closeCode: null } as TicketRow;
    const status = statusOf(await requireWords(ctx, draft, null, 'create'), 'new');
    const levels = await loadLevels(ctx, []);
    const changes = new Changes(ctx.now);
    const ticket = changes.insert(tickets, {
      ...draft,
      openedTier: draft.tier,
      workspaceId,
      id: newId('ticket'),
      number: await takeNumber(ctx.db, workspaceId),
      status: status.key,
      statusCategory: 'new',
      search: ticketSearch(draft),
      chaseCount: 0,
      reopenCount: 0,
      customerMessageCount: message === null || createdBy === 'agent' ? 0 : 1,
      agentReplyCount: 0,
      // A ticket that is not saved yet has no revision before this one.
      revision: 0,
      createdAt: ctx.now,
      updatedAt: ctx.now,
    }) as TicketRow;
    const created: Happening = { type: 'created', data: createdData(ctx, ticket, createdBy) };
    if (message !== null) addFirstMessage(ctx, changes, ticket, message, createdBy);
    nameThing(changes, 'ticket', ticket, {}, input.externalIds);
    // A tier that changes at this very moment must not pass the new ticket by.
    if (customer !== null) changes.guard(customers, customer);
    // Nor may a person be erased, who then would be named again.
    if (contact !== null) changes.guard(contacts, contact);
    if (customer !== null) touch(ctx, changes, customer.id);
    const settled = settle(ctx, changes, { ticket, history: [], clocks: [] }, levels, [created], { revision: 1 });
    changes.event('ticket.created', ticket.id, { ...ticketFacts(settled.ticket), clocks: answerOf(settled).clocks });
    return { result: answerOf(settled), changes };
  },
});

/** What the desk says of a ticket, a customer does not: 403 naming each field. */
function requireCustomersOwn(input: z.output<z.ZodObject<typeof createTicketFields>>): void {
  const { createdBy, assigneeId, teamId, complexity, tags, externalIds } = input;
  const said = {
    createdBy: createdBy !== 'customer',
    assigneeId: assigneeId !== null,
    teamId: teamId !== null,
    complexity: complexity !== null,
    tags: tags.length > 0,
    externalIds: Object.keys(externalIds).length > 0,
  };
  const errors = Object.entries(said)
    .filter(([, isSaid]) => isSaid)
    .map(([path]) => ({ path, message: 'Customers do not set this.', code: 'forbidden' }));
  if (errors.length > 0) throw new AppError('forbidden', `Customers do not set ${errors[0]!.path}.`, errors);
}

/** What the fold needs to know of the beginning. */
export function createdData(ctx: Ctx, ticket: TicketRow, by: 'customer' | 'agent'): Record<string, unknown> {
  const { customerId, tier, kind, channel, priority, statusCategory } = ticket;
  return {
    by,
    status: statusCategory,
    customer: customerId,
    tier,
    kind,
    channel,
    priority,
    levels: ctx.workspace.serviceLevelVersion,
  };
}

function addFirstMessage(ctx: Ctx, changes: Changes, ticket: TicketRow, body: string, by: 'customer' | 'agent'): void {
  changes.insert(messages, {
    workspaceId: ctx.workspace.workspaceId,
    id: newId('message'),
    ticketId: ticket.id,
    visibility: 'public',
    author: by,
    agentId: by === 'agent' ? (ctx.actor.agentId ?? ticket.assigneeId) : null,
    contactId: by === 'customer' ? ticket.contactId : null,
    channel: ticket.channel,
    body,
    search: searchVector([{ text: body, weight: 'C' }]),
    createdAt: ctx.now,
  });
}

/** Whose ticket it is: the customer named, or the contact's; a customer's own key always means itself. */
async function whose(ctx: Ctx, input: { customerId: string | null; contactId: string | null }) {
  const { workspaceId } = ctx.workspace;
  const contact = input.contactId === null ? null : await getContact(ctx.db, workspaceId, input.contactId, 'contactId');
  const customerId =
    ctx.actor.role === 'customer' ? ctx.actor.customerId : (input.customerId ?? contact?.customerId ?? null);
  if (ctx.actor.role === 'customer' && input.customerId !== null && input.customerId !== customerId) {
    throw notFound('customer', 'customerId');
  }
  // To a customer there are no contacts but its own.
  if (ctx.actor.role === 'customer' && contact !== null && contact.customerId !== customerId) {
    throw notFound('contact', 'contactId');
  }
  const customer = customerId === null ? null : await getCustomer(ctx.db, workspaceId, customerId, 'customerId');
  if (customer !== null && contact !== null && !(await speaksFor(ctx, contact, customer))) {
    throw new AppError('validation_failed', 'The contact belongs to another customer.', [
      { path: 'contactId', message: 'The contact belongs to another customer.', code: 'mismatch' },
    ]);
  }
  const attributes = { customerId: customer?.id ?? null, contactId: input.contactId, tier: customer?.tier ?? null };
  return { customer, contact, attributes };
}

/** Whether it is this customer's contact, or nobody's; one of a customer merged into it may still have to be moved. */
async function speaksFor({ db, workspace }: Ctx, contact: ContactRow, customer: CustomerRow): Promise<boolean> {
  if (contact.customerId === null || contact.customerId === customer.id) return true;
  return (await getCustomer(db, workspace.workspaceId, contact.customerId)).id === customer.id;
}

/** What a ticket is found by, beside its messages. */
export function ticketSearch(ticket: Pick<TicketRow, 'subject' | 'tags' | 'externalIds'>): string {
  return searchVector([
    { text: ticket.subject, weight: 'A' },
    { text: ticket.tags.join(' '), weight: 'B' },
    { text: Object.values(ticket.externalIds).join(' '), weight: 'B' },
  ]);
}

export const readTicket = read({
  name: 'getTicket',
  summary: 'Get a ticket',
  scope: 'tickets:read',
  input: z.strictObject(zTicketId),
  output: Ticket,
  async run(ctx, { ticketId }) {
    const ticket = await getTicket(ctx.db, ctx.workspace.workspaceId, ticketId);
    requireVisibleTicket(ctx.actor, ticket);
    return ticketView(ticket);
  },
});

export const getTicketByExternalId = read({
  name: 'getTicketByExternalId',
  summary: "Get a ticket by another system's name for it",
  scope: 'tickets:read',
  input: z.strictObject({
    system: zKey.describe('The other system.'),
    value: zText(200).describe('Its name for the ticket.'),
  }),
  output: Ticket,
  async run(ctx, { system, value }) {
    const { workspaceId } = ctx.workspace;
    const id = (await findNamed(ctx.db, workspaceId, 'ticket', { [system]: value })).get(system);
    if (id === undefined) throw notFound('ticket');
    const ticket = await getTicket(ctx.db, workspaceId, id);
    requireVisibleTicket(ctx.actor, ticket);
    return ticketView(ticket);
  },
});

const SORT_COLUMNS = { createdAt: tickets.createdAt, updatedAt: tickets.updatedAt, number: tickets.number };

export const listTickets = read({
  name: 'listTickets',
  summary: 'List tickets, newest first unless told',
  scope: 'tickets:read',
  input: z.strictObject(listTicketFields),
  output: TicketPage,
  async run(ctx, input) {
    const { workspaceId } = ctx.workspace;
    const sort = input.updatedAfter === undefined ? input.sort : 'updatedAt';
    const name = sort.replace('-', '') as keyof typeof SORT_COLUMNS;
    const query = input.q === undefined ? undefined : searchQuery(input.q);
    if (query === null) return { data: [], nextCursor: null };
    return readPage(
      {
        db: ctx.db,
        name: 'list:tickets',
        table: tickets,
        workspaceId,
        filters: [
          ...listFilters(input),
          await ofCustomer(ctx.db, workspaceId, tickets.customerId, input.customerId),
          ...searchFilter(ctx, query),
          equals('own', tickets.customerId, ctx.actor.customerId),
        ],
        order: { name, column: SORT_COLUMNS[name], descending: sort.startsWith('-') },
        tieBreak: tickets.id,
        limit: input.limit,
        cursor: input.cursor,
      },
      ticketView,
    );
  },
});

type ListInput = z.output<z.ZodObject<typeof listTicketFields>>;

function listFilters(input: ListInput): Filter[] {
  const anyOf = (name: string, column: PgColumn, values: string[] | undefined) =>
    filter(name, values, sql`${column} = any(${sql.placeholder(name)}::text[])`);
  const isNull = (value: boolean): SQL =>
    value ? sql`${tickets.assigneeId} is null` : sql`${tickets.assigneeId} is not null`;
  const unassigned = input.unassigned;
  return [
    anyOf('status', tickets.status, input.status),
    anyOf('statusCategory', tickets.statusCategory, input.statusCategory),
    anyOf('kind', tickets.kind, input.kind),
    anyOf('channel', tickets.channel, input.channel),
    anyOf('priority', tickets.priority, input.priority),
    anyOf('tier', tickets.tier, input.tier),
    equals('contact', tickets.contactId, input.contactId),
    equals('assignee', tickets.assigneeId, input.assigneeId),
    equals('team', tickets.teamId, input.teamId),
    {
      name: unassigned === true ? 'unassigned' : 'assigned',
      condition: isNull(unassigned === true),
      values: unassigned === undefined ? null : {},
    },
    filter('tag', input.tag, sql`${sql.placeholder('tag')}::text = any(${tickets.tags})`),
    equals('problemType', tickets.problemType, input.problemType),
    equals('product', tickets.product, input.product),
    equals('number', tickets.number, input.number),
    filter(
      'createdAfter',
      input.createdAfter,
      sql`${tickets.createdAt} >= ${bound(tickets.createdAt, 'createdAfter')}`,
    ),
    filter(
      'createdBefore',
      input.createdBefore,
      sql`${tickets.createdAt} < ${bound(tickets.createdAt, 'createdBefore')}`,
    ),
    filter(
      'updatedAfter',
      input.updatedAfter,
      sql`${tickets.updatedAt} >= ${bound(tickets.updatedAt, 'updatedAfter')}`,
    ),
  ];
}

/** In the ticket's own words, or in a message that the caller may read. */
function searchFilter(ctx: Ctx, query: string | undefined): Filter[] {
  const seen = seesInternal(ctx.actor) ? sql`` : sql` and ${eq(messages.visibility, sql`'public'`)}`;
  const condition = sql`(${tickets.search} @@ ${sql.placeholder('q')}::tsquery or ${tickets.id} in (select ${messages.ticketId} from ${messages} where ${messages.workspaceId} = ${tickets.workspaceId} and ${messages.search} @@ ${sql.placeholder('q')}::tsquery${seen}))`;
  return [filter(seesInternal(ctx.actor) ? 'q' : 'q_public', query, condition)].map((made) => ({
    ...made,
    values: query === undefined ? null : { q: query },
  }));
}

export const updateTicket = write({
  name: 'updateTicket',
  summary: 'Change what a ticket says',
  description: 'JSON Merge Patch. What has consequences of its own (status, priority, people) has its own verb.',
  scope: 'tickets:write',
  input: z.strictObject({
    ...zTicketId,
    ...(patchOf(editableFields) as PatchShape),
    externalIds: zExternalIdsPatch.optional().describe('Names in other systems; null takes one away.'),
    fault: zFaultPatch.nullable().optional().describe('Of a fault: symptom, frequency, reach; null forgets it all.'),
  }),
  output: Ticket,
  async run(ctx, { ticketId, ...patch }) {
    const file = await getTicketFile(ctx.db, ctx.workspace.workspaceId, ticketId);
    const { ticket } = file;
    requireVisibleTicket(ctx.actor, ticket);
    requireStaff(ctx.actor);
    if (ticket.statusCategory === 'closed') throw new AppError('ticket_closed', 'A closed ticket is not changed.');
    const draft = { ...ticket, ...definedOf(patch) } as TicketRow;
    draft.customFields = mergeMap<unknown>(ticket.customFields, patch.customFields ?? {});
    draft.externalIds = mergeMap<string>(ticket.externalIds, patch.externalIds ?? {});
    if (patch.fault)
      draft.fault = { ...(ticket.fault ?? UNKNOWN_FAULT), ...definedOf(patch.fault) } as TicketRow['fault'];
    const changes = new Changes(ctx.now);
    const guards: (() => void)[] = [];
    if (patch.customerId !== undefined || patch.contactId !== undefined) {
      const { customer, contact, attributes } = await whose(ctx, draft);
      if (contact !== null && contact.id !== ticket.contactId) {
        requireLiving(contact, 'contactId');
        guards.push(() => changes.guard(contacts, contact));
      }
      if (customer !== null) guards.push(() => changes.guard(customers, customer));
      Object.assign(draft, attributes);
    }
    await requireWords(ctx, draft, ticket, 'edit');
    requireFreeNames(await findNamed(ctx.db, ticket.workspaceId, 'ticket', draft.externalIds), ticket.id);
    const levels = await loadLevels(ctx, [file.history]);
    const changed = changedNames(ticket, draft);
    // What changes nothing is no edit: it leaves no trace, and the ETag where it is.
    if (changed.length === 0) {
      return { result: asItStands(ctx, file, levels), changes };
    }
    const settled = settle(ctx, changes, file, levels, attributeHappenings(ctx, ticket, draft), {
      ...draft,
      search: ticketSearch(draft),
    } as never);
    nameThing(changes, 'ticket', ticket, ticket.externalIds, draft.externalIds);
    // As when it is created: nobody is merged, moved to another tier or erased at this very moment.
    for (const guard of guards) guard();
    touchWhose(ctx, changes, changed, [ticket, draft]);
    changes.event('ticket.updated', ticket.id, { ...ticketFacts(settled.ticket), changed });
    return { result: answerOf(settled), changes };
  },
});

/** Figures of customers are taken of how many tickets they have, of what kind, and about what. */
function touchWhose(ctx: Ctx, changes: Changes, changed: string[], versions: TicketRow[]): void {
  if (!changed.some((name) => ['customerId', 'kind', 'subject'].includes(name))) return;
  for (const customerId of new Set(versions.map((ticket) => ticket.customerId))) {
    if (customerId !== null) touch(ctx, changes, customerId);
  }
}

type PatchShape = { [K in keyof typeof editableFields]: z.ZodOptional<(typeof editableFields)[K]> };

/** The changes of attributes that decide what is promised; each rests on the service levels in force now. */
export function attributeHappenings(ctx: Ctx, before: TicketRow, after: TicketRow): Happening[] {
  const levels = ctx.workspace.serviceLevelVersion;
  const happenings: Happening[] = [];
  if (before.customerId !== after.customerId || before.tier !== after.tier) {
    happenings.push({ type: 'tier_changed', data: { tier: after.tier, customer: after.customerId, levels } });
  }
  if (before.kind !== after.kind) happenings.push({ type: 'kind_changed', data: { kind: after.kind, levels } });
  if (before.priority !== after.priority) {
    happenings.push({ type: 'priority_changed', data: { priority: after.priority, levels } });
  }
  return happenings.length > 0 ? happenings : [{ type: 'edited' }];
}

const UNKNOWN_FAULT = { symptom: null, frequency: null, reach: null };

function definedOf(patch: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
}
