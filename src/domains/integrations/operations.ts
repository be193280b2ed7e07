/** Verbs of the integrations domain: who may send and how it is read, and what came of it. What comes stands in inbound.ts. */

import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { BOTH_GOOD, newSigningSecret } from '../../auth/sealed.ts';
import { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { equals, readPage } from '../../db/page.ts';
import { findById } from '../../db/rows.ts';
import { integrationReceipts, integrations, type Signature } from '../../db/tables/integrations.ts';
import { AppError, notFound } from '../../errors.ts';
import { newId } from '../../ids.ts';
import { read, write } from '../../operation.ts';
import { resource } from '../resource.ts';
import { mappingFault, tryMapping } from './mapping.ts';
import {
  Integration,
  IntegrationReceiptPage,
  integrationFields,
  listReceiptFields,
  ReadyMappings,
  zActive,
  zIntegrationId,
  zSecretField,
} from './model.ts';
import { READY_MAPPINGS } from './ready-mappings.ts';
import { openSecret, sealSecret } from './secret.ts';
import { signatureFaults } from './signature.ts';
import { type IntegrationRow, integrationView, listOldReceipts, receiptView } from './store.ts';

const { get, list, update, remove } = resource({
  kind: 'integration',
  table: integrations,
  model: Integration,
  fields: { ...integrationFields, active: zActive },
  scopes: { read: 'workspace:read', write: 'workspace:write' },
  example: {},
  view: integrationView,
  async decide(ctx, draft, before) {
    const { signature, mapping } = draft as IntegrationRow;
    // Only then is the secret needed: one that cannot be read any more must not keep it from being switched off.
    if (!isDeepStrictEqual(signature, before?.['signature'])) {
      requireSignature(signature, openSecret(ctx.services, draft as IntegrationRow));
    }
    if (mapping !== before?.['mapping']) await requireMapping(ctx, mapping);
  },
  async remove(ctx, before, changes) {
    const { workspaceId, id } = before as IntegrationRow;
    const receipts = await listOldReceipts(ctx.db, workspaceId, id, 0);
    for (const receipt of receipts) changes.delete(integrationReceipts, receipt);
  },
});

export const getIntegration = get;
export const listIntegrations = list;
export const updateIntegration = update;
export const deleteIntegration = remove;

export const createIntegration = write({
  name: 'createIntegration',
  summary: 'Create an integration; its secret is shown in this answer alone',
  description:
    'It takes nothing until it is switched on: try its mapping with testIntegrationMapping first. The other system posts JSON of at most the size of any body to inboundPath, without a key of ours, signed as said here; what anybody else posts there is 401. Every entry that the mapping gives stands alone.',
  scope: 'workspace:write',
  input: z.strictObject({ ...integrationFields, ...zSecretField }),
  output: Integration,
  status: 201,
  idempotency: 'secret',
  secrets: ['secret'],
  example: {
    name: 'HubSpot',
    system: 'hubspot',
    signature: { scheme: 'hmac', header: 'X-Signature', algorithm: 'sha256', encoding: 'hex', prefix: 'sha256=' },
    mapping: '{ "customers": [company.{ "value": $string(id), "name": name }] }',
  },
  async run(ctx, { secret: given, ...fields }) {
    const secret = given ?? newSigningSecret();
    requireSignature(fields.signature, secret);
    await requireMapping(ctx, fields.mapping);
    const id = newId('integration');
    const changes = new Changes(ctx.now);
    const row = changes.insert(integrations, {
      ...fields,
      workspaceId: ctx.workspace.workspaceId,
      id,
      secret: sealSecret(ctx.services, id, secret),
      active: false,
      createdAt: ctx.now,
      updatedAt: ctx.now,
    });
    changes.event('integration.created', id, { integration: integrationView(row) });
    return { result: integrationView(row, secret), changes };
  },
});

export const rotateIntegrationSecret = write({
  name: 'rotateIntegrationSecret',
  summary: 'Give an integration another secret; it is shown in this answer alone',
  description: 'The one before stays valid for 24 hours on the wall clock; until then there is no further one (409).',
  scope: 'workspace:write',
  input: z.strictObject({ ...zIntegrationId, ...zSecretField }),
  output: Integration,
  idempotency: 'secret',
  secrets: ['secret'],
  example: {},
  async run(ctx, { integrationId, secret: given }) {
    const before = await requireIntegration(ctx, integrationId);
    const wall = Math.floor(ctx.services.wallClock() / 1000);
    if (before.previousSecretUntil !== null && before.previousSecretUntil > wall) {
      throw new AppError('invalid_transition', 'The secret before this one is still valid, too: wait until it is not.');
    }
    const secret = given ?? newSigningSecret();
    requireSignature(before.signature, secret);
    const changes = new Changes(ctx.now);
    const row = changes.update(integrations, before, {
      secret: sealSecret(ctx.services, before.id, secret),
      previousSecret: before.secret,
      previousSecretUntil: wall + BOTH_GOOD,
    });
    changes.event('integration.secretRotated', row.id, { integration: integrationView(row) });
    return { result: integrationView(row, secret), changes };
  },
});

export const listIntegrationReceipts = read({
  name: 'listIntegrationReceipts',
  summary: 'List what an integration took, newest first',
  description: 'Counts and codes, nothing of what was sent. The newest thousand or so are kept.',
  scope: 'workspace:read',
  input: z.strictObject(listReceiptFields),
  output: IntegrationReceiptPage,
  async run(ctx, { integrationId, limit, cursor }) {
    const { workspaceId, id } = await requireIntegration(ctx, integrationId);
    return readPage(
      {
        db: ctx.db,
        name: 'list:integration_receipts',
        table: integrationReceipts,
        workspaceId,
        filters: [equals('integration', integrationReceipts.integrationId, id)],
        order: { name: 'id', column: integrationReceipts.id, descending: true },
        tieBreak: integrationReceipts.id,
        limit,
        cursor,
      },
      receiptView,
    );
  },
});

export const listIntegrationMappings = read({
  name: 'listIntegrationMappings',
  summary: 'List mappings for well-known systems, to begin with',
  scope: 'workspace:read',
  input: z.strictObject({}),
  output: ReadyMappings,
  async run() {
    return { data: READY_MAPPINGS };
  },
});

async function requireIntegration(ctx: Ctx, integrationId: string): Promise<IntegrationRow> {
  const row = await findById(ctx.db, integrations, ctx.workspace.workspaceId, integrationId);
  if (row === undefined) throw notFound('integration');
  return row;
}

/** 422 naming every part that is missing, strange to the scheme, or not fit for it. */
function requireSignature(signature: Signature, secret: string): void {
  const errors = signatureFaults(signature, secret);
  if (errors.length > 0) throw new AppError('validation_failed', errors[0]!.message, errors);
}

/** 422 at `mapping` for what is no JSONata. */
async function requireMapping(ctx: Ctx, mapping: string): Promise<void> {
  const reply = await tryMapping(ctx.workspace.id, mapping, null);
  if ('fault' in reply) throw mappingFault(reply.fault);
}
