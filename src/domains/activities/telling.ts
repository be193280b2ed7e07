/** What is told of an activity, decided over what was read before, for one or for many. */

import type { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { findByIds } from '../../db/rows.ts';
import { contacts, customers } from '../../db/tables/customers.ts';
import { activities } from '../../db/tables/tiering.ts';
import { type FieldError, invalid, notFound } from '../../errors.ts';
import { newId } from '../../ids.ts';
import { requireLiving } from '../customers/store.ts';
import { findManyNamed, type Name, nameKey, namesIn, nameThing, requireFreeNames } from '../names.ts';
import { changedNames, mergeMap } from '../patch.ts';
import type { Touch } from '../tiers/touch.ts';
import type { ActivityPatch } from './model.ts';
import { type ActivityRow, activityFacts, findCustomerKeys } from './store.ts';

/** What is told, and by what names it goes. */
export type Told = ActivityPatch;

export type Known = Awaited<ReturnType<typeof loadKnown>>;

/** All that these rest on, in a number of statements that does not grow with them. */
export async function loadKnown(ctx: Ctx, inputs: readonly Told[]) {
  const { db, workspace } = ctx;
  const { workspaceId } = workspace;
  const named = await findManyNamed(db, workspaceId, inputs.flatMap(allNames));
  const idOf = (name: Name) => named.get(nameKey(name)) ?? null;
  const [contactRows, rows] = await Promise.all([
    findByIds(
      db,
      contacts,
      workspaceId,
      inputs.map((input) => contactOf(input, idOf) ?? null),
    ),
    findByIds(db, activities, workspaceId, inputs.flatMap(ownNames).map(idOf)),
  ]);
  const customers = await findCustomerKeys(db, workspaceId, [
    ...inputs.map((input) => customerOf(input, idOf) ?? null),
    ...[...contactRows.values()].map(({ customerId }) => customerId),
  ]);
  return { idOf, contacts: contactRows, rows, customers };
}

type IdOf = (name: Name) => string | null;

export function ownNames({ externalIds = {} }: Told): Name[] {
  return namesIn('activity', externalIds);
}

function allNames(input: Told): Name[] {
  const names = ownNames(input);
  if (input.customerExternalId) names.push({ resource: 'customer', ...input.customerExternalId });
  if (input.contactExternalId) names.push({ resource: 'contact', ...input.contactExternalId });
  return names;
}

/** undefined: nothing is said of a customer. null: nobody has this name. */
function customerOf({ customerId, customerExternalId: name }: Told, idOf: IdOf): string | null | undefined {
  return name ? idOf({ resource: 'customer', ...name }) : customerId;
}

function contactOf({ contactId, contactExternalId: name }: Told, idOf: IdOf): string | null | undefined {
  return name ? idOf({ resource: 'contact', ...name }) : contactId;
}

/** What is wrong with it whatever else there is. */
export function checkTold(input: Told): FieldError[] {
  const errors: FieldError[] = [];
  const both = (id: 'customerId' | 'contactId', name: 'customerExternalId' | 'contactExternalId') => {
    if (input[id] && input[name])
      errors.push({ path: name, message: `Give ${id} or ${name}, not both.`, code: 'invalid' });
  };
  both('customerId', 'customerExternalId');
  both('contactId', 'contactExternalId');
  return errors;
}

/** A figure counts up to now: what is further ahead than clocks and time zones are apart is no activity yet. Seconds. */
const FURTHEST_AHEAD = 86_400;

/** The activity as it is told, beside what it was. Throws what is wrong. */
function factsOf(ctx: Ctx, known: Known, told: Told, before: ActivityRow | null) {
  if (told.at > ctx.now + FURTHEST_AHEAD) throw invalid('at', 'This has not happened yet.', 'in_future');
  return {
    ...whose(known, told, before),
    kind: told.kind,
    at: told.at,
    ...moneyOf(ctx, told, before),
    title: told.title === undefined ? (before?.title ?? null) : told.title,
    details: told.details ?? before?.details ?? {},
  };
}

/** The customer named, or the one of the contact; who was known already stays what they were. */
function whose({ idOf, contacts: people, customers }: Known, told: Told, before: ActivityRow | null) {
  const path = (what: 'customer' | 'contact') => (told[`${what}ExternalId`] ? `${what}ExternalId` : `${what}Id`);
  const givenContact = contactOf(told, idOf);
  if (told.contactExternalId && givenContact === null) throw notFound('contact', path('contact'));
  const contactId = givenContact === undefined ? (before?.contactId ?? null) : givenContact;
  const contact = givenContact ? people.get(givenContact) : undefined;
  if (givenContact && contact === undefined) throw notFound('contact', path('contact'));
  if (contact !== undefined) requireLiving(contact, path('contact'));

  const named = customerOf(told, idOf);
  const isKnown = before !== null && contactId === before.contactId;
  const given = named ?? (isKnown ? before.customerId : (contact?.customerId ?? before?.customerId));
  if (named === null) throw notFound('customer', path('customer'));
  if (given === undefined) throw invalid('customerId', 'Say whose it is: a customer, or a contact of one.', 'required');
  const customerId = given === before?.customerId ? given : customers.get(given)?.id;
  if (customerId === undefined) throw notFound('customer', path('customer'));
  const isSame = isKnown && customerId === before.customerId;
  if (!isSame && contact?.customerId && customers.get(contact.customerId)?.id !== customerId) {
    throw invalid(path('contact'), 'The contact belongs to another customer.', 'mismatch');
  }
  return { customerId, contactId };
}

/** Amount and base amount go together; an order or a refund has them. */
function moneyOf(ctx: Ctx, told: Told, before: ActivityRow | null) {
  const said = told.amount === undefined ? sumOf(before) : told.amount;
  if (said === null) {
    if (told.kind === 'order' || told.kind === 'refund')
      throw invalid('amount', `${told.kind === 'order' ? 'An order' : 'A refund'} has an amount.`, 'required');
    if (told.baseAmount) throw invalid('baseAmount', 'There is no amount that this could be of.', 'mismatch');
    return { amount: null, currency: null, baseAmount: null };
  }
  const { amount, currency } = said;
  const base = ctx.workspace.currency;
  if (currency === base) {
    if (told.baseAmount && told.baseAmount !== amount) {
      throw invalid('baseAmount', `The amount is in ${base} already: leave this out, or say the same.`, 'mismatch');
    }
    return { amount, currency, baseAmount: amount };
  }
  const isSame = before !== null && amount === before.amount && currency === before.currency;
  const baseAmount = told.baseAmount ?? (isSame ? before.baseAmount : null);
  if (baseAmount === null) throw invalid('baseAmount', `Say how much it is in ${base}.`, 'required');
  return { amount, currency, baseAmount };
}

function sumOf(row: ActivityRow | null): { amount: string; currency: string } | null {
  return row === null || row.amount === null ? null : { amount: row.amount, currency: row.currency! };
}

/** A new one; the customer is touched. */
export function newActivity(
  ctx: Ctx,
  changes: Changes,
  told: Told,
  known: Known,
  { holders, touch }: { holders: ReadonlyMap<string, string>; touch: Touch },
): ActivityRow {
  const facts = factsOf(ctx, known, told, null);
  requireFreeNames(holders, null);
  const row = changes.insert(activities, {
    ...facts,
    workspaceId: ctx.workspace.workspaceId,
    id: newId('activity'),
    externalIds: mergeMap({}, told.externalIds ?? {}),
    createdAt: ctx.now,
    updatedAt: ctx.now,
  });
  stayWith(changes, known, row.customerId);
  liveOn(changes, known, row.contactId);
  nameThing(changes, 'activity', row, {}, row.externalIds);
  touch(changes, row.customerId);
  changes.event('activity.created', row.id, { activity: activityFacts(row) });
  return row;
}

/** What differs is written, and nothing when nothing does; whoever had it and whoever has it are touched. */
export function editActivity(
  ctx: Ctx,
  changes: Changes,
  before: ActivityRow,
  told: Told,
  known: Known,
  { holders, touch }: { holders: ReadonlyMap<string, string>; touch: Touch },
): ActivityRow {
  const wanted = {
    ...factsOf(ctx, known, told, before),
    externalIds: mergeMap(before.externalIds, told.externalIds ?? {}),
  };
  const changed = changedNames({ ...before }, wanted);
  if (changed.length === 0) return before;
  requireFreeNames(holders, before.id);
  const after = changes.update(activities, before, wanted);
  if (after.customerId !== before.customerId) stayWith(changes, known, after.customerId);
  if (after.contactId !== before.contactId) liveOn(changes, known, after.contactId);
  nameThing(changes, 'activity', before, before.externalIds, after.externalIds);
  for (const customerId of new Set([before.customerId, after.customerId])) touch(changes, customerId);
  changes.event('activity.updated', after.id, { activity: activityFacts(after), changed });
  return after;
}

/** The ids that these names of an activity stand for, by system. */
export function holdersIn({ idOf }: Known, names: Readonly<Record<string, string | null>>): Map<string, string> {
  const holders = new Map<string, string>();
  for (const name of namesIn('activity', names)) {
    const holder = idOf(name);
    if (holder !== null) holders.set(name.system, holder);
  }
  return holders;
}

/** A customer that is merged into another at this very moment hands on what it has: nothing may come to it after that. */
function stayWith(changes: Changes, { customers: keys }: Known, customerId: string): void {
  const key = keys.get(customerId);
  if (key !== undefined) changes.guard(customers, key);
}

/** A person who is erased at this very moment is not named again. */
function liveOn(changes: Changes, { contacts: people }: Known, contactId: string | null): void {
  const contact = people.get(contactId ?? '');
  if (contact !== undefined) changes.guard(contacts, contact);
}
