/** Tables of the integrations domain: who may send, and what came. */

import { sql } from 'drizzle-orm';
import { boolean, foreignKey, index, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { id, instant, version, workspaceId } from '../columns.ts';
import { workspaces } from './workspaces.ts';

/** How a message shows that it is from who it says; what a scheme does not use is null. */
export interface Signature {
  scheme: 'standard_webhooks' | 'hmac' | 'token' | 'hubspot_v3';
  /** Of the signature, or of the token. */
  header: string | null;
  algorithm: 'sha256' | 'sha1' | 'sha512' | null;
  encoding: 'hex' | 'base64' | null;
  /** Before the signature in its header, as in `sha256=`. */
  prefix: string | null;
  /** Header with the instant of signing, which is signed too: `<timestamp>.<body>`. Null: the body alone is signed. */
  timestampHeader: string | null;
}

/** What was wrong with an entry: of which resource, where and with which code; nothing of what was sent. */
export interface ReceiptError {
  /** Null: the mapping, or the payload as a whole. */
  resource: 'customers' | 'contacts' | 'activities' | null;
  /** Its place among those of its resource, from 0. */
  index: number | null;
  path: string;
  code: string;
}

export const integrations = pgTable(
  'integrations',
  {
    workspaceId: workspaceId(),
    id: id('integration').notNull(),
    name: text().notNull(),
    system: text().notNull(),
    signature: jsonb().$type<Signature>().notNull(),
    /** Sealed. */
    secret: text().notNull(),
    /** Sealed; valid until then, on the wall clock. */
    previousSecret: text(),
    previousSecretUntil: instant(),
    mapping: text().notNull(),
    active: boolean().notNull(),
    version: version(),
    createdAt: instant().notNull(),
    updatedAt: instant().notNull(),
  },
  (t) => [
    primaryKey({ name: 'integrations_pkey', columns: [t.workspaceId, t.id] }),
    index('integrations_created_idx').on(t.workspaceId, t.createdAt, t.id),
    index('integrations_updated_idx').on(t.workspaceId, t.updatedAt, t.id),
    index('integrations_id_idx').on(t.id),
    foreignKey({
      name: 'integrations_workspace_fkey',
      columns: [t.workspaceId],
      foreignColumns: [workspaces.workspaceId],
    }),
  ],
);

export const integrationReceipts = pgTable(
  'integration_receipts',
  {
    workspaceId: workspaceId(),
    integrationId: id('integration').notNull(),
    id: id('receipt').notNull(),
    at: instant().notNull(),
    /** The sender's own name for the message. */
    message: text(),
    created: integer().notNull(),
    updated: integer().notNull(),
    unchanged: integer().notNull(),
    failed: integer().notNull(),
    /** The first of them. */
    errors: jsonb().$type<ReceiptError[]>().notNull(),
  },
  (t) => [
    primaryKey({ name: 'integration_receipts_pkey', columns: [t.workspaceId, t.integrationId, t.id] }),
    index('integration_receipts_message_idx')
      .on(t.workspaceId, t.integrationId, t.message)
      .where(sql`message is not null`),
    foreignKey({
      name: 'integration_receipts_integration_fkey',
      columns: [t.workspaceId, t.integrationId],
      foreignColumns: [integrations.workspaceId, integrations.id],
    }),
  ],
);
