/** What another system posts to us: checked, mapped, saved entry by entry, and noted. */

import { isUtf8 } from 'node:buffer';
import { newSigningSecret } from '../../auth/sealed.ts';
import { type BulkCall, type Entry, type LineResult, runBatch } from '../../bulk.ts';
import { Changes } from '../../changes.ts';
import type { Logger, Workspace } from '../../context.ts';
import { integrationReceipts, type ReceiptError, type Signature } from '../../db/tables/integrations.ts';
import { AppError, type FieldError } from '../../errors.ts';
import { isId, newId } from '../../ids.ts';
import { contextOf, type Desk, execute } from '../../operation.ts';
import { saveOne } from '../../saving.ts';
import { getWorkspace } from '../workspaces/store.ts';
import { entriesOf, errorsOf, type MappedEntry, TARGETS } from './entries.ts';
import { mappingFault, runMapping } from './mapping.ts';
import { type MappedResource, RESOURCES } from './model.ts';
import { sealSecret, validSecrets } from './secret.ts';
import { isAuthentic, type Message, messageId } from './signature.ts';
import { findHomeOfIntegration, type IntegrationRow, listOldReceipts, wasTaken } from './store.ts';

/** What became of an entry. */
interface Result {
  resource: MappedResource;
  index: number;
  status: string;
  id?: string;
  /** Fields that stay as they are: they belong to another system, or the name to a customer who was merged. */
  kept?: string[];
  errors?: FieldError[];
}

export interface InboundAnswer {
  /** This message was taken before: nothing is done. */
  repeated: boolean;
  results: Result[];
}

/** The newest receipts of an integration that are kept; older ones go when so many have come. */
const MOST_RECEIPTS = 1000;
const RECEIPTS_BETWEEN = 100;
const MOST_ERRORS_OF_RECEIPT = 10;

/**
 * Takes a message. 401, always the same, for an integration that is not there or switched off, a wrong signature and an
 * old one. 422 at `mapping` when the mapping cannot make anything of it; 503 while too much waits. `message.url` begins
 * with the path; the address of the desk is put before it.
 */
export async function takeMessage(
  desk: Desk,
  log: Logger,
  integrationId: string,
  message: Message,
): Promise<InboundAnswer> {
  const started = performance.now();
  let code = 'ok';
  try {
    const integration = await authenticate(desk, log, integrationId, message);
    const workspace = await getWorkspace(desk.db, integration.workspaceId);
    return await take(desk, { ...callerOf(integration, workspace), log }, integration, message);
  } catch (error) {
    code = error instanceof AppError ? error.code : 'internal';
    throw error;
  } finally {
    desk.observe('takeMessage', 'rest', code, (performance.now() - started) / 1000);
  }
}

/** Stands for an integration that is not there, so that looking at its signature takes as long. */
let nobody: IntegrationRow | null = null;

async function authenticate(desk: Desk, log: Logger, integrationId: string, message: Message): Promise<IntegrationRow> {
  const { services } = desk;
  const id = isId('integration', integrationId) ? integrationId : newId('integration');
  const found = await findHomeOfIntegration(desk.db, id);
  nobody ??= makeNobody(services);
  const row = found ?? nobody;
  const wall = services.wallClock() / 1000;
  const asCalled = { ...message, url: `${services.publicUrl}${message.url}` };
  const authentic = isAuthentic(row.signature, validSecrets(services, row, wall), asCalled, wall);
  if (authentic && row.active && found !== undefined) return row;
  // The sender is told nothing; whoever set it up wants to know.
  const reason = found === undefined ? 'there is none' : authentic ? 'it is switched off' : 'the signature is wrong';
  log.info({ integration: found?.id ?? null, reason }, 'a message to an integration was refused');
  throw new AppError('unauthenticated', 'There is no such integration, or the signature is missing, wrong or too old.');
}

function makeNobody(services: Desk['services']): IntegrationRow {
  const id = newId('integration');
  const signature: Signature = {
    scheme: 'standard_webhooks',
    header: null,
    algorithm: null,
    encoding: null,
    prefix: null,
    timestampHeader: null,
  };
  return {
    workspaceId: 0,
    id,
    name: '',
    system: '',
    signature,
    secret: sealSecret(services, id, newSigningSecret()),
    previousSecret: null,
    previousSecretUntil: null,
    mapping: '',
    active: false,
    version: 1,
    createdAt: 0,
    updatedAt: 0,
  };
}

/** An integration may do what belongs to customers, and is known by its own id in the history. */
function callerOf({ id, name }: IntegrationRow, workspace: Workspace): Omit<BulkCall, 'log'> {
  return {
    workspace,
    door: 'rest',
    actor: {
      type: 'integration',
      id,
      name,
      role: 'integration',
      scopes: new Set(['customers:read', 'customers:write']),
      agentId: null,
      customerId: null,
      instanceAdmin: false,
    },
  };
}

async function take(desk: Desk, call: BulkCall, integration: IntegrationRow, message: Message): Promise<InboundAnswer> {
  const name = messageId(integration.signature, message);
  if (name !== null && (await wasTaken(desk.db, integration, name))) return { repeated: true, results: [] };
  const { now } = contextOf(desk, call);
  try {
    if (!isUtf8(message.body)) throw new AppError('bad_request', 'The body is not UTF-8.');
    const surroundings = { now: now * 1000, currency: call.workspace.currency };
    const reply = await runMapping(integration.id, integration.mapping, message.body.toString(), surroundings);
    if ('fault' in reply) throw mappingFault(reply.fault);
    const entries = entriesOf(reply.result, integration.system);
    const results: Result[] = [];
    for (const resource of RESOURCES) {
      const own = entries.filter((entry) => entry.resource === resource);
      if (own.length > 0) results.push(...(await saveEach(desk, call, resource, own)));
    }
    await note(desk, call, integration, name, results);
    return { repeated: false, results };
  } catch (error) {
    if (error instanceof AppError && error.code !== 'unavailable') {
      const [{ path, code } = { path: '', code: error.code }] = error.errors;
      await note(desk, call, integration, name, [], { resource: null, index: null, path, code });
    }
    throw error;
  }
}

/**
 * So few are saved like single calls: whose data changed is looked at at once. More are a batch, which touches a customer
 * once however often they are named, a little later.
 */
const FEW = 10;

/** Each on its own. */
async function saveEach(
  desk: Desk,
  call: BulkCall,
  resource: MappedResource,
  entries: MappedEntry[],
): Promise<Result[]> {
  const { batch } = TARGETS[resource];
  const decidable = entries.flatMap(({ index, given, read }) =>
    'input' in read ? [{ line: index, given, ...read }] : [],
  );
  const lines: LineResult[] = [];
  if (decidable.length > FEW) {
    for (const part of partsOf(decidable)) {
      lines.push(...(await runBatch(desk, TARGETS[resource], call, part, { dry: false })));
    }
  } else {
    for (const { line, given } of decidable) {
      try {
        const { body } = await execute(desk, TARGETS[resource], { ...call, input: given });
        lines.push({ line, ...batch.line(body) });
      } catch (error) {
        if (error instanceof AppError && error.code === 'unavailable') throw error;
        lines.push({ line, status: 'error', errors: errorsOf(error) });
      }
    }
  }
  const byIndex = new Map(lines.map((line) => [line.line, line]));
  return entries.map(({ index, read }) => {
    if ('errors' in read) return { resource, index, status: 'error', errors: read.errors };
    const { status, id, kept, errors } = byIndex.get(index)!;
    return { resource, index, status, ...(id && { id }), ...(kept && { kept }), ...(errors && { errors }) };
  });
}

/** Two of one name come after each other. */
function partsOf(entries: Entry[]): Entry[][] {
  const parts: Entry[][] = [[]];
  let names = new Set<string>();
  for (const entry of entries) {
    if (entry.names.some((name) => names.has(name))) {
      parts.push([]);
      names = new Set();
    }
    for (const name of entry.names) names.add(name);
    parts.at(-1)!.push(entry);
  }
  return parts;
}

/** Messages of this process since old receipts were last looked for, by integration. */
const sinceLooked = new Map<string, number>();

async function note(
  desk: Desk,
  call: BulkCall,
  { workspaceId, id }: IntegrationRow,
  message: string | null,
  results: Result[],
  fault?: ReceiptError,
): Promise<void> {
  const changes = new Changes(contextOf(desk, call).now);
  const count = (status: string) => results.filter((result) => result.status === status).length;
  const errors = results.flatMap(({ resource, index, errors: own = [] }) =>
    own.map(({ path, code }) => ({ resource, index, path: plainPath(path), code })),
  );
  changes.insert(integrationReceipts, {
    workspaceId,
    integrationId: id,
    id: newId('receipt'),
    at: changes.now,
    message,
    created: count('created'),
    updated: count('updated'),
    unchanged: count('unchanged'),
    failed: fault === undefined ? count('error') : 1,
    errors: fault === undefined ? errors.slice(0, MOST_ERRORS_OF_RECEIPT) : [fault],
  });
  const since = sinceLooked.get(id) ?? 0;
  sinceLooked.set(id, (since + 1) % RECEIPTS_BETWEEN);
  if (since === 0) {
    const old = await listOldReceipts(desk.db, workspaceId, id, MOST_RECEIPTS - 1);
    for (const receipt of old) changes.delete(integrationReceipts, receipt);
  }
  try {
    await saveOne(desk, call.workspace, changes, { actor: call.actor.id, door: call.door });
  } catch (error) {
    // What was saved is saved, whether or not it is noted.
    call.log.error({ err: error, integration: id }, 'a receipt could not be noted');
  }
}

/** A field that is none of ours may be called by what was sent. */
function plainPath(path: string): string {
  return /^[A-Za-z0-9_.]{0,60}$/.test(path) ? path : '';
}
