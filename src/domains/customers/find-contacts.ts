/** Reads of the customers domain about people: by id, by another system's name, and by whatever they reach us by. */

import { type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Ctx } from '../../context.ts';
import type { Filter } from '../../db/page.ts';
import { contacts, identities } from '../../db/tables/customers.ts';
import { notFound } from '../../errors.ts';
import { read } from '../../operation.ts';
import { normaliseIdentity } from '../../rules/identity.ts';
import { findNamed } from '../names.ts';
import { ofCustomer } from './merge-store.ts';
import { Contact, ContactPage, listContactFields, zByName, zContactId } from './model.ts';
import { type ContactRow, contactView, getContact } from './store.ts';
import { checkPair, readList } from './words.ts';

const view = (ctx: Ctx, row: ContactRow) => contactView(row, ctx.workspace.language);

export const readContact = read({
  name: 'getContact',
  summary: 'Get a contact',
  scope: 'customers:read',
  input: z.strictObject(zContactId),
  output: Contact,
  async run(ctx, { contactId }) {
    return view(ctx, await getContact(ctx.db, ctx.workspace.workspaceId, contactId));
  },
});

export const getContactByExternalId = read({
  name: 'getContactByExternalId',
  summary: "Get a contact by another system's name for them",
  scope: 'customers:read',
  input: z.strictObject(zByName),
  output: Contact,
  async run(ctx, { system, value }) {
    const { workspaceId } = ctx.workspace;
    const id = (await findNamed(ctx.db, workspaceId, 'contact', { [system]: value })).get(system);
    if (id === undefined) throw notFound('contact');
    return view(ctx, await getContact(ctx.db, workspaceId, id));
  },
});

export const listContacts = read({
  name: 'listContacts',
  summary: 'List contacts, newest first unless told; by phone for a screen pop',
  scope: 'customers:read',
  input: z.strictObject(listContactFields),
  check: checkPair,
  output: ContactPage,
  async run(ctx, input) {
    const ofTheirs = await ofCustomer(ctx.db, ctx.workspace.workspaceId, contacts.customerId, input.customerId);
    const filters = [ofTheirs, ...identityFilters(ctx, input)];
    return readList(ctx, 'contact', contacts, input, filters, (row: ContactRow) => view(ctx, row));
  },
});

type ListInput = z.output<z.ZodObject<typeof listContactFields>>;

/** One condition per identity asked for, over its one form. */
function identityFilters(ctx: Ctx, input: ListInput): Filter[] {
  const by = (name: string, kinds: SQL, value: string): Filter => ({
    name,
    condition: sql`${contacts.id} in (select ${identities.contactId} from ${identities} where ${identities.workspaceId} = ${sql.placeholder('workspace')} and ${identities.kind} in (${kinds}) and ${identities.value} = ${sql.placeholder(name)})`,
    values: { [name]: value },
  });
  const one = (kind: string, value: string, path: string) =>
    normaliseIdentity({ kind, value }, ctx.workspace.timeZone, path).value;
  const { phone, email, wechat, wecom, social } = input;
  const filters: Filter[] = [];
  if (phone !== undefined) filters.push(by('phone', sql`'phone'`, one('phone', phone, 'phone')));
  if (email !== undefined) filters.push(by('email', sql`'email'`, one('email', email, 'email')));
  if (wechat !== undefined) {
    filters.push(by('wechat', sql`'wechat_openid', 'wechat_unionid'`, one('wechat_openid', wechat, 'wechat')));
  }
  if (wecom !== undefined) filters.push(by('wecom', sql`'wecom'`, one('wecom', wecom, 'wecom')));
  if (social !== undefined) {
    const colon = social.indexOf(':');
    const filter = by('social', sql`${sql.placeholder('platform')}`, social.slice(colon + 1));
    filters.push({ ...filter, values: { ...filter.values, platform: `social_${social.slice(0, colon)}` } });
  }
  return filters;
}
