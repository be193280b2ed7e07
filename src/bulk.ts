/**
 * Many inputs of one operation, run as batches: each batch is decided on one load and saved as one statement, in which
 * every line stands or falls alone. A batch that fails is halved down to the line at fault.
 */

import { setImmediate as breathe, setTimeout as pause } from 'node:timers/promises';
import { getTableName } from 'drizzle-orm';
import { requireScope } from './auth/policy.ts';
import { type Changes, inHalves, save } from './changes.ts';
import { type Db, inTransaction } from './db/connect.ts';
import { isLostRace, toAppError } from './db/sqlstate.ts';
import { AppError, type FieldError } from './errors.ts';
import { readInput } from './input.ts';
import { type Call, contextOf, type Desk, type Operation } from './operation.ts';

export const MOST_LINES_OF_BATCH = 500;

/** An operation that bulk can run. */
export type BatchOperation = Operation & Required<Pick<Operation, 'batch'>>;

export function isBatchOperation(operation: Operation): operation is BatchOperation {
  return operation.batch !== undefined;
}

/** One line as it came: what it says, or why that cannot be read. */
export interface BulkLine {
  line: number;
  value?: unknown;
  fault?: FieldError;
}

export interface LineResult {
  line: number;
  /** What the operation did; `valid`: it would be done (dry run); `skipped`: left undone because of another line. */
  status: string;
  id?: string;
  number?: number;
  /** Fields that were kept as they are: they belong to another system. */
  kept?: string[];
  errors?: FieldError[];
}

export type BulkCall = Omit<Call, 'input' | 'idempotencyKey' | 'expectedVersion'>;

/** A line that can be decided. */
export interface Entry {
  line: number;
  input: Record<string, unknown>;
  names: string[];
}

/** Throws when this caller may not run this operation at all. */
export async function requireAllowed(desk: Desk, operation: BatchOperation, call: BulkCall): Promise<void> {
  if (operation.scope !== null) requireScope(call.actor, operation.scope);
  await operation.batch.prepare(contextOf(desk, call), [], true);
}

/** The line as the operation wants it, or what is wrong with it. */
export function readLine(operation: BatchOperation, { line, value, fault }: BulkLine): Entry | LineResult {
  if (fault !== undefined) return { line, status: 'error', errors: [fault] };
  try {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      const message = 'Expected a JSON object.';
      throw new AppError('validation_failed', message, [{ path: '', message, code: 'invalid_type' }]);
    }
    const input = inputOf(operation, value as Record<string, unknown>);
    return { line, input, names: operation.batch.names(input) };
  } catch (error) {
    return refusal(line, error, null);
  }
}

function inputOf(operation: BatchOperation, value: Record<string, unknown>): Record<string, unknown> {
  const { lines } = operation.batch;
  if (lines === undefined) return readInput(operation, [], value);
  const input = lines.read(readInput({ input: lines.input }, [], value));
  const errors = operation.check?.(input) ?? [];
  if (errors.length > 0) throw new AppError('validation_failed', errors[0]!.message, errors);
  return input;
}

export function isEntry(thing: Entry | LineResult): thing is Entry {
  return 'names' in thing;
}

/** How often lines that lost a race are decided again, and a database that is away is waited for. */
const ATTEMPTS = 6;
/** Other requests wait no longer than this for a batch that is being decided. Milliseconds. */
const LONGEST_STRETCH = 15;

interface Group {
  entry: Entry;
  changes: Changes;
  answer: unknown;
}

/** A batch that is decided while the one before is being saved, and saved after it. */
export interface Turn {
  /** Rows that the one before writes: lines that speak of them wait for it. */
  taken: ReadonlySet<string>;
  /** Whether the one before could be run; never rejects. */
  before: Promise<boolean>;
  /** Called with the rows this one writes, once the next one may be decided. */
  decided(written: ReadonlySet<string>): void;
}

/** The one before could not be run, so this one is not either. */
export class Abandoned extends Error {}

/**
 * Decides and saves a batch; the answer has a result for every entry. With `dry` nothing is saved. Throws `unavailable`
 * while the database is away: what was saved by then is known when the batch is run again.
 */
export async function runBatch(
  desk: Desk,
  operation: BatchOperation,
  call: BulkCall,
  entries: readonly Entry[],
  { dry, turn }: { dry: boolean; turn?: Turn },
): Promise<LineResult[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await settle({ desk, operation, call, db: desk.db, dry, turn, results: new Map() }, entries);
    } catch (error) {
      const known = toAppError(error) ?? error;
      if (!(known instanceof AppError) || known.code !== 'unavailable' || attempt === ATTEMPTS) throw known;
      await pause(200 * 2 ** attempt);
    }
  }
}

/**
 * All batches in one transaction: every line is saved, or none. Answers the results of the batches in which nothing went
 * wrong; in the first one where something did, that one's alone, and nothing is saved.
 */
export async function runTogether(
  desk: Desk,
  operation: BatchOperation,
  call: BulkCall,
  batches: () => AsyncIterable<Entry[]>,
): Promise<LineResult[]> {
  for (let attempt = 1; ; attempt++) {
    const done: LineResult[] = [];
    const saved: Saved = new Map();
    try {
      await inTransaction(desk.db, async (db) => {
        for await (const entries of batches()) {
          const batch = { desk, operation, call, db, dry: false, results: new Map(), saved };
          const results = await settle(batch, entries).catch((error: unknown) => {
            if (isLostRace(error) || toAppError(error)?.code === 'unavailable') throw error;
            return entries.map(({ line }) => refusal(line, toAppError(error) ?? error, batch));
          });
          if (results.some(({ status }) => status === 'error')) throw new Undone(results);
          done.push(...results);
        }
      });
      for (const changes of saved.values()) desk.saved(call.workspace, changes);
      return done;
    } catch (error) {
      if (error instanceof Undone) return error.results;
      if (!isLostRace(error) || attempt === ATTEMPTS) throw toAppError(error) ?? error;
    }
  }
}

class Undone extends Error {
  readonly results: LineResult[];

  constructor(results: LineResult[]) {
    super('undone');
    this.results = results;
  }
}

/** What was saved, once for each set of tables: that is all the desk asks of it, and a transaction is long. */
type Saved = Map<string, Changes>;

interface BatchRun {
  desk: Desk;
  operation: BatchOperation;
  call: BulkCall;
  /** The pool, or the transaction: then a statement that fails is the end of it, and `saved` waits for the commit. */
  db: Db;
  saved?: Saved;
  dry: boolean;
  turn?: Turn | undefined;
  results: Map<number, LineResult>;
}

const NONE: ReadonlySet<string> = new Set();

async function settle(run: BatchRun, entries: readonly Entry[]): Promise<LineResult[]> {
  const started = performance.now();
  let left = [...entries];
  let { workspace } = run.call;
  for (let attempt = 1; left.length > 0 && attempt <= ATTEMPTS; ) {
    if (attempt > 1) workspace = await run.desk.workspaceNow(workspace.workspaceId);
    const { groups, waiting, written } = await decideAll({ ...run, call: { ...run.call, workspace } }, left);
    await takeTurn(run.turn, waiting.length === 0 ? written : null);
    const lost = await saveGroups(run, groups);
    // Lines that only waited for others have lost nothing.
    if (lost.length > 0) attempt += 1;
    left = [...lost, ...waiting];
  }
  for (const { line } of left) {
    refuse(run, line, new AppError('conflict', 'Others were changing the same thing at the same time.'));
  }
  const { desk, operation, call } = run;
  desk.observe(`${operation.name}.batch`, call.door, 'ok', (performance.now() - started) / 1000);
  return entries.map(({ line }) => run.results.get(line)!);
}

/** Waits for the batch before; the next one may be decided from now on, unless lines of this one are still to be. */
async function takeTurn(turn: Turn | undefined, written: ReadonlySet<string> | null): Promise<void> {
  if (turn === undefined) return;
  if (written !== null) turn.decided(written);
  if (!(await turn.before)) throw new Abandoned();
  turn.taken = NONE;
}

/**
 * What each line wants saved; lines with nothing to save have their result. From the first line on that speaks of what an
 * earlier one changes, perhaps by another name, they wait: what it changes must be known to them, and is once saved.
 */
async function decideAll(
  run: BatchRun,
  entries: readonly Entry[],
): Promise<{ groups: Group[]; waiting: readonly Entry[]; written: ReadonlySet<string> }> {
  const { operation, dry, results } = run;
  const ctx = { ...contextOf(run.desk, run.call), db: run.db };
  const decide = await operation.batch.prepare(
    ctx,
    entries.map(({ input }) => input),
    dry,
  );
  const groups: Group[] = [];
  const written = new Set<string>();
  const taken = run.turn?.taken ?? NONE;
  let since = performance.now();
  for (const [index, entry] of entries.entries()) {
    try {
      const { result: answer, changes } = decide(entry.input);
      const line = { line: entry.line, ...operation.batch.line(answer) };
      const keys = [...changes.keys(), line.id];
      if (keys.some((key) => written.has(key) || taken.has(key))) {
        return { groups, waiting: entries.slice(index), written };
      }
      if (changes.empty) results.set(entry.line, line);
      else if (dry)
        results.set(entry.line, { line: entry.line, status: 'valid', ...(line.kept && { kept: line.kept }) });
      else {
        groups.push({ entry, changes, answer });
        for (const key of keys) written.add(key);
      }
    } catch (error) {
      refuse(run, entry.line, error);
    }
    if (performance.now() - since > LONGEST_STRETCH) {
      await breathe();
      since = performance.now();
    }
  }
  return { groups, waiting: [], written };
}

/** Saves the groups, each on its own. Answers the lines that lost their race. */
async function saveGroups(run: BatchRun, groups: Group[]): Promise<Entry[]> {
  const { desk, call, operation } = run;
  const author = { actor: call.actor.id, door: call.door };
  const attempt = async (some: Group[]): Promise<Group[]> => {
    const authored = some.map(({ changes }) => ({ changes, author }));
    const lost = await save(run.db, call.workspace.workspaceId, desk.services.epoch, authored);
    some.forEach(({ entry: { line }, changes, answer }, index) => {
      if (lost.includes(index)) return;
      run.results.set(line, { line, ...operation.batch.line(answer) });
      if (run.saved === undefined) desk.saved(call.workspace, changes);
      else run.saved.set(tablesOf(changes), changes);
    });
    return lost.map((index) => some[index]!);
  };
  const fault = ({ entry }: Group, error: unknown) => {
    if (isLostRace(error)) return 'lost';
    refuse(run, entry.line, toAppError(error) ?? error);
    return 'failed';
  };
  // All or nothing: the transaction is over with the first fault.
  const lost = run.saved === undefined ? await inHalves(groups, attempt, fault) : await attempt(groups);
  return lost.map(({ entry }) => entry);
}

function tablesOf({ entries }: Changes): string {
  return [...new Set(entries.map(({ table }) => getTableName(table)))].sort().join();
}

/** Results are small, whatever was sent. */
const MOST_ERRORS = 20;

function refuse(run: BatchRun, line: number, error: unknown): void {
  run.results.set(line, refusal(line, error, run));
}

function refusal(line: number, error: unknown, run: BatchRun | null): LineResult {
  if (!(error instanceof AppError)) {
    run?.call.log.error({ err: error, line }, 'a line could not be run');
    const message = 'Something went wrong on our side.';
    return { line, status: 'error', errors: [{ path: '', message, code: 'internal' }] };
  }
  const errors = error.errors.slice(0, MOST_ERRORS);
  if (errors.length === 0) errors.push({ path: '', message: error.message, code: error.code });
  return { line, status: 'error', errors };
}
