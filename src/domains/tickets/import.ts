/** Importing a ticket with its past: the history is written as it was, clocks are folded from it, the feed gets one event. */

import { hash } from 'node:crypto';
import type { z } from 'zod';
import { requireStaff } from '../../auth/policy.ts';
import { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { contacts, customers } from '../../db/tables/customers.ts';
import { messages, tickets } from '../../db/tables/tickets.ts';
import { AppError, type FieldError, invalid, notFound } from '../../errors.ts';
import { newId } from '../../ids.ts';
import { type Batch, type Outcome, write } from '../../operation.ts';
import { type PastEvent, standingAfter } from '../../rules/past.ts';
import { searchVector } from '../../rules/search.ts';
import { checkCustomFields } from '../../rules/ticket.ts';
import { requireLiving } from '../customers/store.ts';
import { nameKey, nameThing } from '../names.ts';
import { requireTier } from '../tiers/store.ts';
import { endOfSpan, touch } from '../tiers/touch.ts';
import { contactIdOf, customerIdOf, type Loaded, loadForImport, ticketNames } from './import-load.ts';
import { ImportedTicket, type ImportTicket, zImportTicket } from './import-model.ts';
import { checkEventFields, type OrderedEvent, pastOf, requirePast } from './import-past.ts';
import { createdData, ticketSearch } from './operations.ts';
import { type Happening, settle, ticketFacts } from './settle.ts';
import { type TicketRow, ticketView } from './store.ts';

type Answer = z.input<typeof ImportedTicket>;

const batch: Batch<ImportTicket, Answer> = {
  async prepare(ctx, inputs, dry) {
    requireStaff(ctx.actor);
    const loaded = await loadForImport(ctx, inputs, dry);
    return (input) => decide(ctx, loaded, input);
  },
  names: (input) => ticketNames(input).map(nameKey),
  line: ({ result, ticket }) => ({ status: result, id: ticket.id, number: ticket.number }),
};

export const importTicket = write({
  name: 'importTicket',
  summary: 'Import a ticket with its past',
  description:
    'What happened is written with its own times; promises are computed from it under the service levels in force now, and nothing is said of what is past: the feed gets one ticket.imported. A status changes only by status_changed, as in a simulation, and may go any way but on from closed. Words out of use are taken, custom fields that must be filled here may be empty. The same line again changes nothing, also when the ticket has moved on; another line under one of its names is refused.',
  scope: 'tickets:write',
  input: zImportTicket,
  check: checkInput,
  output: ImportedTicket,
  status: 201,
  example: {
    externalIds: { old_desk: '4711' },
    subject: '机器停机',
    kind: 'complaint',
    channel: 'phone',
    events: [
      { at: '2025-11-24T10:00:00+08:00', type: 'created', by: 'customer', body: '生产线停了。' },
      { at: '2025-11-24T10:20:00+08:00', type: 'agent_reply', body: '王女士，您好，我们已经在处理。' },
      { at: '2025-11-25T09:00:00+08:00', type: 'status_changed', status: 'solved' },
    ],
  },
  batch,
  async run(ctx, input) {
    return (await batch.prepare(ctx, [input], false))(input);
  },
});

function checkInput(input: ImportTicket): FieldError[] {
  const errors = checkEventFields(input.events);
  const refuse = (path: string, message: string, code: string) => errors.push({ path, message, code });
  if (Object.keys(input.externalIds).length === 0) {
    refuse('externalIds', 'At least one name in another system: by it a repeat is known.', 'required');
  }
  if (input.customerId !== null && input.customerExternalId) {
    refuse('customerExternalId', 'Give customerId or customerExternalId, not both.', 'invalid');
  }
  if (input.contactId !== null && input.contactExternalId) {
    refuse('contactExternalId', 'Give contactId or contactExternalId, not both.', 'invalid');
  }
  return errors;
}

function decide(ctx: Ctx, loaded: Loaded, input: ImportTicket): Outcome<Answer> {
  const line = fingerprintOf(input);
  const here = findHere(loaded, input, line);
  const changes = new Changes(ctx.now);
  if (here !== null) return { result: { result: 'unchanged', ticket: ticketView(here) }, changes, status: 200 };
  const events = pastOf(input.events, loaded.terms);
  requirePast(events, ctx.now);
  requireWordsOfPast(loaded, input, events);
  const { customer, contact, attributes } = whose(loaded, input);
  if (input.assigneeId !== null && !loaded.agents.has(input.assigneeId)) throw notFound('agent', 'assigneeId');
  if (input.teamId !== null && !loaded.teams.has(input.teamId)) throw notFound('team', 'teamId');

  const { customerExternalId: _c, contactExternalId: _o, events: _e, ...fields } = input;
  const created = events[0]!;
  const start = {
    status: created.statusKey!,
    statusCategory: created.status!,
    priority: input.priority,
    kind: input.kind,
    tier: attributes.tier,
  };
  const { surveyed, ...standing } = standingAfter(events, start);
  const ticket = changes.insert(tickets, {
    ...fields,
    ...attributes,
    ...start,
    openedTier: start.tier,
    workspaceId: ctx.workspace.workspaceId,
    id: newId('ticket'),
    number: loaded.numbers.shift() ?? 0,
    search: ticketSearch(input),
    chaseCount: 0,
    reopenCount: 0,
    customerMessageCount: 0,
    agentReplyCount: 0,
    revision: 0,
    createdAt: created.at,
    updatedAt: ctx.now,
  }) as TicketRow;
  // A tier that changes at this very moment must not pass the ticket by, nor may the customer be merged away.
  if (customer !== undefined) changes.guard(customers, customer);
  if (ticket.customerId !== null) touch(ctx, changes, ticket.customerId, endOfSpan(ctx.now));
  // Nor may a person be erased, who then would be named again.
  if (contact !== undefined) changes.guard(contacts, contact);
  nameThing(changes, 'ticket', ticket, {}, input.externalIds);
  const happenings = events.map((event) => happeningOf(ctx, changes, ticket, event));
  happenings[0]!.data = { ...createdData(ctx, ticket, created.by ?? 'customer'), ...happenings[0]!.data, line };
  const patch = { ...standing, surveyAt: surveyOf(ctx, loaded, standing.solvedAt, surveyed), revision: 1 };
  const file = { ticket, history: [], clocks: [] };
  const settled = settle(ctx, changes, file, loaded.levels, happenings, patch as Partial<TicketRow>, {
    announced: false,
  });
  changes.event('ticket.imported', ticket.id, ticketFacts(settled.ticket));
  return { result: { result: 'created', ticket: ticketView(settled.ticket) }, changes, status: 201 };
}

/**
 * The ticket that this very line made, or null when its names are free. The creation keeps a hash of its line, so a repeat
 * is known without comparing what has become of the ticket. 409 when another ticket, or another line's, has a name.
 */
function findHere(loaded: Loaded, input: ImportTicket, line: string): TicketRow | null {
  const holders = ticketNames(input).map((name) => ({ ...name, id: loaded.idOf(name) }));
  const taken = holders.filter(({ id }) => id !== null);
  if (taken.length === 0) return null;
  const same = taken.find(({ id }) => loaded.fingerprints.get(id!) === line);
  if (same !== undefined) return loaded.tickets.get(same.id!)!;
  const errors = taken.map(({ system, id }) => {
    const message = `${id} has this name and is not what this line says.`;
    return { path: `externalIds.${system}`, message, code: 'already_exists' };
  });
  throw new AppError('already_exists', errors[0]!.message, errors);
}

/** What a line says, whatever the order of its keys and of events at different instants; nothing said and null are one. */
function fingerprintOf(input: ImportTicket): string {
  const events = input.events.toSorted((a, b) => a.at - b.at);
  return hash('sha256', JSON.stringify(canonical({ ...input, events })), 'base64url');
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map(canonical);
  if (typeof value !== 'object' || value === null) return value ?? undefined;
  const said: [string, unknown][] = [];
  for (const key of Object.keys(value).sort()) {
    const inner = canonical((value as Record<string, unknown>)[key]);
    if (inner !== undefined) said.push([key, inner]);
  }
  return said.length === 0 ? undefined : said;
}

/** Words of the workspace, also those out of use by now: 422 naming each that never was. */
function requireWordsOfPast(loaded: Loaded, input: ImportTicket, events: readonly OrderedEvent[]): void {
  const errors: FieldError[] = [];
  const check = (list: string, key: string | null | undefined, path: string) => {
    if (!key || loaded.terms.some((term) => term.list === list && term.key === key)) return;
    errors.push({ path, message: `No ${list} is called ${key}.`, code: 'unknown_key' });
  };
  check('kind', input.kind, 'kind');
  check('channel', input.channel, 'channel');
  check('problem_type', input.problemType, 'problemType');
  check('product', input.product, 'product');
  check('close_code', input.closeCode, 'closeCode');
  let kind = input.kind;
  for (const event of events) {
    if (event.type === 'kind_changed') {
      check('kind', event.kind, `events.${event.index}.kind`);
      kind = event.kind ?? kind;
    }
    if (event.type === 'tier_changed' && event.tier)
      requireTier(loaded.tiers, event.tier, `events.${event.index}.tier`);
  }
  errors.push(
    ...checkCustomFields(input.customFields, loaded.customFields, kind, 'edit').filter(
      ({ code }) => code !== 'required',
    ),
  );
  if (errors.length > 0) throw new AppError('validation_failed', errors[0]!.message, errors);
}

/** Whose ticket it is and was: the customer named, or the contact's; with the tier they had, or have. */
function whose(loaded: Loaded, input: ImportTicket) {
  const contactId = contactIdOf(input, loaded.idOf);
  const contact = contactId === null ? undefined : loaded.contacts.get(contactId);
  if (contact === undefined && (contactId !== null || input.contactExternalId)) {
    throw notFound('contact', input.contactExternalId ? 'contactExternalId' : 'contactId');
  }
  const named = customerIdOf(input, loaded.idOf);
  if (named === null && input.customerExternalId) throw notFound('customer', 'customerExternalId');
  if (contact !== undefined) requireLiving(contact, input.contactExternalId ? 'contactExternalId' : 'contactId');
  const homeOf = (id: string | null | undefined) => (id ? loaded.customers.get(id)?.id : null);
  const customerId = named ?? contact?.customerId ?? null;
  if (contact?.customerId && homeOf(contact.customerId) !== homeOf(customerId)) {
    throw invalid(
      input.contactExternalId ? 'contactExternalId' : 'contactId',
      'The contact belongs to another customer.',
      'mismatch',
    );
  }
  const customer = customerId === null ? undefined : loaded.customers.get(customerId);
  if (customerId !== null && customer === undefined) {
    throw notFound('customer', input.customerExternalId ? 'customerExternalId' : 'customerId');
  }
  if (input.tier) requireTier(loaded.tiers, input.tier, 'tier');
  const attributes = {
    customerId: customer?.id ?? null,
    contactId,
    tier: input.tier === undefined ? (customer?.tier ?? null) : input.tier,
  };
  return { customer, contact, attributes };
}

/** The event as the history keeps it; what was written becomes a message. */
function happeningOf(ctx: Ctx, changes: Changes, ticket: TicketRow, event: OrderedEvent): Happening {
  const { at, type } = event;
  const data: Record<string, unknown> = factsOf(event);
  if (event.body) {
    const author = type === 'created' ? (event.by ?? 'customer') : AUTHORS[type]!;
    data['messageId'] = changes.insert(messages, {
      workspaceId: ctx.workspace.workspaceId,
      id: newId('message'),
      ticketId: ticket.id,
      visibility: type === 'internal_note' ? 'internal' : 'public',
      author,
      agentId: null,
      contactId: author === 'customer' ? ticket.contactId : null,
      channel: ticket.channel,
      body: event.body,
      search: searchVector([{ text: event.body, weight: 'C' }]),
      createdAt: at,
    }).id;
  }
  return { type, at, data };
}

const AUTHORS: Record<string, 'customer' | 'agent' | 'bot'> = {
  customer_message: 'customer',
  agent_reply: 'agent',
  internal_note: 'agent',
  bot_reply: 'bot',
};

function factsOf({ type, status, statusKey, priority, kind, tier, count, score, low }: PastEvent) {
  switch (type) {
    case 'status_changed':
      return { status, key: statusKey };
    case 'priority_changed':
      return { priority };
    case 'kind_changed':
      return { kind };
    case 'tier_changed':
      return { tier };
    case 'options_offered':
      return { count: count ?? 1 };
    case 'score_received':
      return { score, low: low ?? false };
    default:
      return {};
  }
}

/** Surveys of what was solved long ago are not sent any more; one that would still be to come is. */
function surveyOf(ctx: Ctx, { template }: Loaded, solvedAt: number | null, surveyed: boolean): number | null {
  if (solvedAt === null || surveyed || template === undefined) return null;
  const at = solvedAt + template.sendAfterSeconds;
  return at > ctx.now ? at : null;
}
