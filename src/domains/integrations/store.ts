/** Reads of the integrations domain. */

import { and, desc, eq, sql } from 'drizzle-orm';
import { bound, type Db, statement } from '../../db/connect.ts';
import type { Row } from '../../db/rows.ts';
import { integrationReceipts, integrations } from '../../db/tables/integrations.ts';
import { iso, isoOrNull } from '../model.ts';

export type IntegrationRow = typeof integrations.$inferSelect;
export type ReceiptRow = typeof integrationReceipts.$inferSelect;

/** `secret` only where it is shown. */
export function integrationView(row: Row, secret: string | null = null) {
  const { id, name, system, signature, previousSecretUntil, mapping, active, version, createdAt, updatedAt } =
    row as IntegrationRow;
  return {
    id,
    name,
    system,
    inboundPath: `/v1/integrations/${id}/inbound`,
    signature,
    secret,
    previousSecretUntil: isoOrNull(previousSecretUntil),
    mapping,
    active,
    version,
    createdAt: iso(createdAt),
    updatedAt: iso(updatedAt),
  };
}

export function receiptView({ id, at, created, updated, unchanged, failed, errors }: ReceiptRow) {
  return { id, at: iso(at), created, updated, unchanged, failed, errors };
}

/** The integration of this id, of whatever workspace: who sends shows by the signature that they may speak to it. */
export async function findHomeOfIntegration(db: Db, integrationId: string): Promise<IntegrationRow | undefined> {
  const query = statement(db, 'find_home_of_integration', (orm, name) =>
    orm
      .select()
      .from(integrations)
      .where(eq(integrations.id, bound(integrations.id, 'id')))
      .prepare(name),
  );
  const [row] = await query.execute({ id: integrationId });
  return row;
}

/** Whether this message was taken before, and nothing of it was refused. */
export async function wasTaken(db: Db, integration: IntegrationRow, message: string): Promise<boolean> {
  const query = statement(db, 'find_receipt', (orm, name) =>
    orm
      .select({ id: integrationReceipts.id })
      .from(integrationReceipts)
      .where(
        and(
          ...ofIntegration,
          eq(integrationReceipts.message, sql.placeholder('message')),
          eq(integrationReceipts.failed, 0),
        ),
      )
      .limit(1)
      .prepare(name),
  );
  const { workspaceId, id } = integration;
  return (await query.execute({ workspace: workspaceId, integration: id, message })).length > 0;
}

/** Receipts of an integration, newest first, beyond the first so many. */
export async function listOldReceipts(
  db: Db,
  workspaceId: number,
  integrationId: string,
  beyond: number,
): Promise<Pick<ReceiptRow, 'integrationId' | 'id'>[]> {
  const query = statement(db, 'list_old_receipts', (orm, name) =>
    orm
      .select({ integrationId: integrationReceipts.integrationId, id: integrationReceipts.id })
      .from(integrationReceipts)
      .where(and(...ofIntegration))
      .orderBy(desc(integrationReceipts.id))
      .offset(sql.placeholder('beyond') as never)
      .limit(5000)
      .prepare(name),
  );
  return query.execute({ workspace: workspaceId, integration: integrationId, beyond });
}

const ofIntegration = [
  eq(integrationReceipts.workspaceId, sql.placeholder('workspace')),
  eq(integrationReceipts.integrationId, bound(integrationReceipts.integrationId, 'integration')),
];
