/** An operation is the unit of ability: its definition, the one way to execute it, and the registry all doors read. */

import { setTimeout as pause } from 'node:timers/promises';
import type { z } from 'zod';
import { type Actor, requireScope, type Scope } from './auth/policy.ts';
import type { Changes } from './changes.ts';
import type { Ctx, Door, Logger, Services, Workspace } from './context.ts';
import type { Db } from './db/connect.ts';
import { toAppError } from './db/sqlstate.ts';
import { deliveries } from './db/tables/escalation.ts';
import { idempotencyKeys, timers } from './db/tables/machinery.ts';
import { tierReviews } from './db/tables/tiering.ts';
import { AppError, type FieldError } from './errors.ts';
import { findStoredReply, hashRequest, withoutSecrets } from './idempotency.ts';
import { readInput } from './input.ts';
import { saveOne } from './saving.ts';

export { cursorsOf } from './db/page.ts';

/** What a writing operation returns: the answer, and what is to be saved for it to be true. */
export interface Outcome<R> {
  result: R;
  changes: Changes;
  /** 201 where something was made; else 200. */
  status?: 200 | 201 | 202;
}

/** Many inputs at once: decided on one load, saved together. A repeat of what was saved must change nothing. */
export interface Batch<I, O> {
  /**
   * What a line says, where that is not the operation's input: then `read` makes that of it. Throws what is wrong with
   * the line.
   */
  lines?: { input: z.ZodObject; read(line: Record<string, unknown>): I };
  /**
   * Loads what all of them rest on, in a number of statements that does not grow with them; the answer decides each.
   * Throws when the caller may not do it at all, also for no inputs. `dry`: nothing will be saved, so nothing is taken.
   */
  prepare(ctx: Ctx, inputs: readonly I[], dry: boolean): Promise<(input: I) => Outcome<O>>;
  /** Names that must not stand twice in one batch. */
  names(input: I): string[];
  /** What is said of an answer in a line. */
  line(answer: O): { status: string; id: string; number?: number; kept?: string[] };
}

export interface Operation<I extends z.ZodObject = z.ZodObject, O extends z.ZodType = z.ZodType> {
  /** REST operationId and GraphQL field. */
  name: string;
  summary: string;
  description?: string;
  /** null: whoever is authenticated. */
  scope: Scope | null;
  kind: 'read' | 'compute' | 'write';
  /** Flat and strict: path parameters by name, the rest is query or body. */
  input: I;
  /** Cross-field checks, apart from the schema so that the schema stays plain. */
  check?: (input: z.output<I>) => FieldError[];
  output: O;
  /** The status of a success where it is always the same. */
  status: 200 | 201 | 202;
  /** store: a replay answers the same. none: pure, or made to be repeated. secret: a replay leaves the secret out. */
  idempotency: 'store' | 'none' | 'secret';
  /** Fields of the answer that are shown once. */
  secrets: string[];
  /** An example of the input, for people who read the contract. */
  example?: Record<string, unknown>;
  /** Of an operation that bulk can run. */
  batch?: Batch<z.output<I>, z.input<O>>;
  run(ctx: Ctx, input: z.output<I>): Promise<z.input<O>> | Promise<Outcome<z.input<O>>>;
}

type Common<I extends z.ZodObject, O extends z.ZodType> = Pick<
  Operation<I, O>,
  'name' | 'summary' | 'scope' | 'input' | 'output'
> &
  Partial<Pick<Operation<I, O>, 'description' | 'check' | 'example'>>;

/** Asks the database and changes nothing. */
export function read<I extends z.ZodObject, O extends z.ZodType>(
  definition: Common<I, O> & { run(ctx: Ctx, input: z.output<I>): Promise<z.input<O>> },
): Operation<I, O> {
  return { kind: 'read', status: 200, idempotency: 'none', secrets: [], ...definition };
}

/** Computes an answer from its input; asked by POST in REST, a Query field in GraphQL. */
export function compute<I extends z.ZodObject, O extends z.ZodType>(
  definition: Common<I, O> & { run(ctx: Ctx, input: z.output<I>): Promise<z.input<O>> },
): Operation<I, O> {
  return { kind: 'compute', status: 200, idempotency: 'none', secrets: [], ...definition };
}

/** Loads, authorizes, decides, and returns its changes; `execute` saves them. */
export function write<I extends z.ZodObject, O extends z.ZodType>(
  definition: Common<I, O> & {
    status?: 200 | 201 | 202;
    idempotency?: 'store' | 'none' | 'secret';
    secrets?: string[];
    batch?: Batch<z.output<I>, z.input<O>>;
    run(ctx: Ctx, input: z.output<I>): Promise<Outcome<z.input<O>>>;
  },
): Operation<I, O> {
  return { kind: 'write', status: 200, idempotency: 'store', secrets: [], ...definition };
}

/** Related objects of a model, read for many parents at once: REST `include` and GraphQL loaders. */
export interface Relation {
  /** The model's id, as in `Ticket`. */
  on: string;
  name: string;
  description: string;
  model: z.ZodType;
  many: boolean;
  /** One answer per parent, in order; null (or []) where there is none. Authorizes for itself. */
  load(ctx: Ctx, parents: Record<string, unknown>[]): Promise<unknown[]>;
}

/** What a running desk lends to `execute`. */
export interface Desk {
  db: Db;
  services: Services;
  relations: Relation[];
  /** Path parameters per operation, set by the REST routes: an unreadable id there is `not_found`. */
  pathParameters: Map<string, string[]>;
  /** The workspace as it stands now: a call carries it as it stood when the caller was authenticated. */
  workspaceNow(workspaceId: number): Promise<Workspace>;
  /** After a save: caches to forget, timers to look at. */
  saved(workspace: Workspace, changes: Changes): void;
  /** Beats when events were saved here, for those who follow the feed. */
  pulse: { beat(): void; wait(ms: number, signal: AbortSignal): Promise<boolean> };
  observe(operation: string, door: Door, code: string, seconds: number): void;
}

export interface Call {
  workspace: Workspace;
  actor: Actor;
  door: Door;
  log: Logger;
  input: Record<string, unknown>;
  idempotencyKey?: string | undefined;
  expectedVersion?: number | undefined;
}

export interface Reply {
  status: number;
  body: unknown;
  replayed: boolean;
}

/** How often a lost race is run again before the caller is told. */
const ATTEMPTS = 12;

/** Runs an operation for a caller: scope, input, idempotency, run, save. The only way in. */
export async function execute(desk: Desk, operation: Operation, call: Call): Promise<Reply> {
  const started = performance.now();
  let code = 'ok';
  try {
    if (operation.scope !== null) requireScope(call.actor, operation.scope);
    const input = readInput(operation, desk.pathParameters.get(operation.name) ?? [], call.input);
    return operation.kind === 'write'
      ? await executeWrite(desk, operation, call, input)
      : { status: operation.status, body: await operation.run(contextOf(desk, call), input), replayed: false };
  } catch (error) {
    const known = error instanceof AppError ? error : toAppError(error);
    code = known?.code ?? 'internal';
    throw known ?? error;
  } finally {
    desk.observe(operation.name, call.door, code, (performance.now() - started) / 1000);
  }
}

async function executeWrite(desk: Desk, operation: Operation, call: Call, input: unknown): Promise<Reply> {
  const { actor } = call;
  let { workspace } = call;
  const remembered = operation.idempotency !== 'none' && call.idempotencyKey !== undefined;
  const requestHash = remembered ? hashRequest(operation.name, actor.id, input) : '';
  for (let attempt = 1; ; attempt++) {
    if (remembered) {
      const stored = await findStoredReply(desk, workspace.workspaceId, call.idempotencyKey!, requestHash);
      if (stored !== null) return stored;
    }
    const { result, changes, status } = (await operation.run(
      contextOf(desk, { ...call, workspace }),
      input as never,
    )) as Outcome<unknown>;
    requireVersion(call.expectedVersion, changes, result);
    const reply: Reply = { status: status ?? operation.status, body: result, replayed: false };
    if (remembered) {
      changes.insert(idempotencyKeys, {
        workspaceId: workspace.workspaceId,
        key: call.idempotencyKey!,
        operation: operation.name,
        requestHash,
        response: { status: reply.status, body: withoutSecrets(operation, result) },
        createdAt: Math.floor(desk.services.wallClock() / 1000),
      });
    }
    if (changes.empty) return reply;
    if (await saveOne(desk, workspace, changes, { actor: actor.id, door: call.door })) {
      if (workspace.mode === 'test') await handleDueNow(desk, call, changes);
      return reply;
    }
    if (attempt === ATTEMPTS) {
      throw new AppError(
        'conflict',
        'Others were changing the same thing at the same time. Please repeat the request.',
      );
    }
    await pause(Math.random() * 4 * attempt);
    // What it rested on may be the workspace itself, which others have changed since the caller was authenticated.
    workspace = await desk.workspaceNow(workspace.workspaceId);
  }
}

/** On a clock that stands still, what this made due already would wait for its next move: it is handled before the answer. */
async function handleDueNow(desk: Desk, { workspace, log }: Call, { entries, events, now }: Changes): Promise<void> {
  const dueOf = (table: unknown, row: Record<string, unknown>) =>
    table === timers || table === tierReviews ? row['due'] : table === deliveries ? row['nextAttemptAt'] : null;
  const isDue = entries.some(({ table, row }) => ((dueOf(table, row) as number | null) ?? Infinity) <= now);
  if (!isDue && events.length === 0) return;
  const handled = isDue ? desk.services.advance(workspace, now) : desk.services.tell(workspace, now);
  await handled.catch((error: unknown) => {
    // The answer stands all the same: it is saved.
    log.error({ err: error }, 'what is due already could not be handled');
  });
}

export function contextOf(desk: Desk, call: Pick<Call, 'workspace' | 'actor' | 'door' | 'log'>): Ctx {
  const { workspace, actor, door, log } = call;
  const now = workspace.mode === 'test' ? workspace.testNow! : Math.floor(desk.services.wallClock() / 1000);
  return { db: desk.db, workspace, actor, door, now, log, services: desk.services };
}

/** The first row an operation changes is its subject: If-Match speaks of that one. */
function requireVersion(expected: number | undefined, changes: Changes, result: unknown): void {
  if (expected === undefined) return;
  const subject = changes.written.find(({ before }) => before?.['version'] !== undefined)?.before ?? result;
  const version = versionOf(subject) ?? (changes.empty ? versionWithin(result) : undefined);
  if (version !== expected) {
    throw new AppError('version_mismatch', `The version is ${version ?? 'unknown'}, not ${expected}.`);
  }
}

function versionOf(thing: unknown): number | undefined {
  return (thing as { version?: number } | null)?.version;
}

/** Of an answer around the thing itself, as in `{ result: 'unchanged', customer }`. */
function versionWithin(result: unknown): number | undefined {
  return Object.values(result as object)
    .map(versionOf)
    .find((version) => version !== undefined);
}

/** Adds related objects to answers, one statement or so per relation. 400 for a relation the model has not. */
export async function include(
  desk: Desk,
  ctx: Ctx,
  model: string,
  items: Record<string, unknown>[],
  names: string[],
): Promise<Record<string, unknown>[]> {
  const copies = items.map((item) => ({ ...item }));
  for (const name of new Set(names)) {
    const relation = desk.relations.find((candidate) => candidate.on === model && candidate.name === name);
    if (relation === undefined) {
      const message = `A ${model} has no related ${name}.`;
      throw new AppError('unknown_parameter', message, [{ path: 'include', message, code: 'unknown_parameter' }]);
    }
    const related = await relation.load(ctx, items);
    copies.forEach((copy, index) => {
      copy[name] = related[index];
    });
  }
  return copies;
}
