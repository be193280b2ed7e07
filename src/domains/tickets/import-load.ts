/** All that importing tickets rests on, read for many at once: names, people, words, and what is here already. */

import { and, eq, sql } from 'drizzle-orm';
import type { Ctx } from '../../context.ts';
import { type Db, statement } from '../../db/connect.ts';
import { takeNumbers } from '../../db/numbers.ts';
import { findByIds } from '../../db/rows.ts';
import { contacts } from '../../db/tables/customers.ts';
import { ticketEvents, tickets } from '../../db/tables/tickets.ts';
import { agents, teams } from '../../db/tables/workspaces.ts';
import { findCustomers } from '../customers/store.ts';
import { findManyNamed, type Name, nameKey } from '../names.ts';
import { findAutomaticTemplate } from '../surveys/store.ts';
import { listTiers } from '../tiers/store.ts';
import { listAllCustomFields, listAllTerms } from '../workspaces/store.ts';
import type { ImportTicket } from './import-model.ts';
import { loadLevels } from './settle.ts';

export type Loaded = Awaited<ReturnType<typeof loadForImport>>;

/** `dry`: no ticket numbers are taken. */
export async function loadForImport(ctx: Ctx, inputs: readonly ImportTicket[], dry: boolean) {
  const { db, workspace } = ctx;
  const { workspaceId } = workspace;
  const [named, terms, customFields, tiers, template, levels] = await Promise.all([
    findManyNamed(db, workspaceId, inputs.flatMap(namesOf)),
    listAllTerms(db, workspaceId),
    listAllCustomFields(db, workspaceId),
    listTiers(db, workspaceId),
    findAutomaticTemplate(db, workspaceId),
    loadLevels(ctx, []),
  ]);
  const idOf = (name: Name) => named.get(nameKey(name)) ?? null;
  const here = inputs.flatMap(ticketNames).map(idOf);
  const contactRows = await findByIds(
    db,
    contacts,
    workspaceId,
    inputs.map((input) => contactIdOf(input, idOf)),
  );
  const customerIds = inputs.flatMap((input) => [
    customerIdOf(input, idOf),
    contactRows.get(contactIdOf(input, idOf) ?? '')?.customerId ?? null,
  ]);
  const [customerRows, agentRows, teamRows, ticketRows, fingerprints, numbers] = await Promise.all([
    findCustomers(db, workspaceId, customerIds),
    findByIds(
      db,
      agents,
      workspaceId,
      inputs.map(({ assigneeId }) => assigneeId),
    ),
    findByIds(
      db,
      teams,
      workspaceId,
      inputs.map(({ teamId }) => teamId),
    ),
    findByIds(db, tickets, workspaceId, here),
    listFingerprints(
      db,
      workspaceId,
      here.filter((id) => id !== null),
    ),
    dry ? [] : takeNumbers(db, workspaceId, inputs.filter((input) => !ticketNames(input).some(idOf)).length),
  ]);
  return {
    idOf,
    terms,
    customFields,
    tiers,
    template,
    levels,
    contacts: contactRows,
    customers: customerRows,
    agents: agentRows,
    teams: teamRows,
    tickets: ticketRows,
    fingerprints,
    numbers,
  };
}

type IdOf = (name: Name) => string | null;

export function customerIdOf({ customerId, customerExternalId: name }: ImportTicket, idOf: IdOf): string | null {
  return customerId ?? (name ? idOf({ resource: 'customer', ...name }) : null);
}

export function contactIdOf({ contactId, contactExternalId: name }: ImportTicket, idOf: IdOf): string | null {
  return contactId ?? (name ? idOf({ resource: 'contact', ...name }) : null);
}

export function ticketNames({ externalIds }: ImportTicket): Name[] {
  return Object.entries(externalIds).map(([system, value]) => ({ resource: 'ticket', system, value }));
}

function namesOf(input: ImportTicket): Name[] {
  const names = ticketNames(input);
  if (input.customerExternalId) names.push({ resource: 'customer', ...input.customerExternalId });
  if (input.contactExternalId) names.push({ resource: 'contact', ...input.contactExternalId });
  return names;
}

/** What the creation of imported tickets says of the line they came from, by ticket; others have none. */
async function listFingerprints(db: Db, workspaceId: number, ids: string[]): Promise<Map<string, unknown>> {
  if (ids.length === 0) return new Map();
  const query = statement(db, 'list_import_fingerprints', (orm, name) =>
    orm
      .select({ ticketId: ticketEvents.ticketId, data: ticketEvents.data })
      .from(ticketEvents)
      .where(
        and(
          eq(ticketEvents.workspaceId, sql.placeholder('workspace')),
          sql`${ticketEvents.ticketId} = any(${sql.placeholder('ids')}::uuid[])`,
          eq(ticketEvents.position, 1),
        ),
      )
      .prepare(name),
  );
  const rows = await query.execute({
    workspace: workspaceId,
    ids: ids.map((id) => ticketEvents.ticketId.mapToDriverValue(id)),
  });
  return new Map(rows.map(({ ticketId, data }) => [ticketId, data['line']]));
}
