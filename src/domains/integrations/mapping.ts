/** Mappings run at a distance: in processes that are kept warm, and ended and replaced when a mapping goes beyond bounds. */

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { AppError, invalid } from '../../errors.ts';
import {
  type MappingFault,
  type MappingReply,
  type MappingRequest,
  RUN_MAPPINGS,
  TOO_COMPLEX,
} from './mapping-process.ts';

/** What a mapping of everyday takes is one or two of them; what takes longer is run again beside the others. */
const EVERYDAY_MS = 200;
const MOST_MS = 1000;
/** A run that is cut off having had less of a processor than this has met a busy machine, and is nobody's fault. */
const LEAST_SPENT_MS = 100;
/** Payload and result are of one megabyte at most, and the library takes some 20. */
const MOST_MEGABYTES = 128;
/** A process that is still silent so long after a mapping's time does not answer any more. */
const PATIENCE_MS = 500;
/** Letters of payloads that wait for one process; a small one counts as much as `LEAST_WEIGHT`. */
const MOST_WAITING = 16 * 1024 * 1024;
const LEAST_WEIGHT = 32 * 1024;
/** Of one owner that wait where the slow ones are. */
const MOST_OF_OWNER = 4;
/** Runs within bounds after which an owner who went beyond them is trusted again. */
const RUNS_OF_TRUST = 100;

const PROGRAM = fileURLToPath(new URL('./mapping-process.ts', import.meta.url));

/** One process and who waits for it, first come, first served. */
class Lane {
  #process: ChildProcess | null = null;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** Throws `unavailable` (503) when too many wait already. */
  run(request: MappingRequest): Promise<MappingReply> {
    const weight = Math.max(LEAST_WEIGHT, request.payload?.length ?? 0);
    if (this.#waiting + weight > MOST_WAITING) throw busy();
    this.#waiting += weight;
    const turn = this.#last.then(() => this.#ask(request));
    this.#last = turn.catch(() => {});
    return turn.finally(() => {
      this.#waiting -= weight;
    });
  }

  async #ask(request: MappingRequest): Promise<MappingReply> {
    const runner = this.#process ?? this.#begin();
    return new Promise((resolve, reject) => {
      runner.ref();
      runner.channel?.ref();
      const end = (settle: () => void, gone: boolean) => {
        clearTimeout(timeout);
        runner.removeListener('message', onMessage);
        runner.removeListener('error', onError);
        runner.removeListener('exit', onExit);
        // It must not keep the desk from ending.
        runner.unref();
        runner.channel?.unref();
        if (gone) this.#end(runner);
        settle();
      };
      const onMessage = (reply: MappingReply) =>
        end(() => resolve(reply), 'fault' in reply && reply.fault.code === 'too_complex');
      const onError = (error: Error) => end(() => reject(error), true);
      const onExit = (code: number | null, signal: string | null) => {
        // How Node ends when it is out of memory.
        const full = signal === 'SIGABRT' || code === 134;
        const gone = new Error(`The runner of mappings ended with ${signal ?? code} and without a word.`);
        end(() => (full ? resolve({ fault: TOO_COMPLEX, spent: Number.POSITIVE_INFINITY }) : reject(gone)), true);
      };
      const timeout = setTimeout(() => {
        // An answer that is there already, while this process was busy with something else, is taken.
        setImmediate(() => {
          if (runner.listeners('message').includes(onMessage))
            end(() => resolve({ fault: TOO_COMPLEX, spent: Number.POSITIVE_INFINITY }), true);
        });
      }, request.milliseconds + PATIENCE_MS);
      runner.on('message', onMessage);
      runner.once('error', onError);
      runner.once('exit', onExit);
      runner.send(request, (error) => {
        if (error !== null) onError(error);
      });
    });
  }

  #begin(): ChildProcess {
    const runner = fork(PROGRAM, [RUN_MAPPINGS], {
      execArgv: [
        `--max-old-space-size=${MOST_MEGABYTES}`,
        // Text is never made a program, in no context.
        '--disallow-code-generation-from-strings',
      ],
      // It needs to know nothing of us, and what it says when it breaks down is nothing we do not know.
      env: {},
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      serialization: 'advanced',
    });
    runner.once('exit', () => {
      if (this.#process === runner) this.#process = null;
    });
    // Between two requests nobody else listens.
    runner.on('error', () => {});
    this.#process = runner;
    return runner;
  }

  #end(runner: ChildProcess): void {
    runner.kill('SIGKILL');
    if (this.#process === runner) this.#process = null;
  }
}

/** Where the mappings run that have shown that they are quick, and where all others do. */
const everyday = new Lane();
const slow = new Lane();

/** What a mapping may know beside its payload. */
export interface Surroundings {
  /** Epoch milliseconds, of the workspace's clock. */
  now: number;
  /** Of the workspace. */
  currency: string;
}

/** Owners whose mappings went beyond bounds -> runs they still owe. */
const owing = new Map<string, number>();
const waitingOf = new Map<string, number>();

/**
 * Runs a mapping that is in use. `owner` names whose it is, as in `int_…`: one that goes beyond bounds no longer keeps
 * those of others waiting. Throws `unavailable` (503) while too many wait.
 */
export async function runMapping(
  owner: string,
  mapping: string,
  payload: string,
  surroundings: Surroundings,
): Promise<MappingReply> {
  const owed = owing.get(owner) ?? 0;
  if (owed === 0) {
    const reply = await everyday.run({ mapping, payload, ...surroundings, milliseconds: EVERYDAY_MS });
    if (!isBeyond(reply)) return reply;
    // Until it has shown that this was not its own fault.
    owing.set(owner, RUNS_OF_TRUST);
  }
  const reply = await tryMapping(owner, mapping, payload, surroundings);
  const left = isBeyond(reply) || reply.spent > EVERYDAY_MS ? RUNS_OF_TRUST : owed - 1;
  if (left > 0) owing.set(owner, left);
  else owing.delete(owner);
  return reply;
}

/** Runs a mapping that nobody has tried yet, or only reads it (`payload` null); beside those that are in use. */
export async function tryMapping(
  owner: string,
  mapping: string,
  payload: string | null,
  surroundings: Surroundings = { now: 0, currency: '' },
): Promise<MappingReply> {
  const waiting = waitingOf.get(owner) ?? 0;
  if (waiting >= MOST_OF_OWNER) throw busy();
  waitingOf.set(owner, waiting + 1);
  try {
    const reply = await slow.run({ mapping, payload, ...surroundings, milliseconds: MOST_MS });
    if (isBeyond(reply) && reply.spent < LEAST_SPENT_MS) throw busy();
    return reply;
  } finally {
    const left = waitingOf.get(owner)! - 1;
    if (left > 0) waitingOf.set(owner, left);
    else waitingOf.delete(owner);
  }
}

/** What a fault is to who sent it: 422 at `mapping`; 400 for a payload that is not JSON. */
export function mappingFault({ code, message, position }: MappingFault): AppError {
  if (code === 'invalid_payload') return new AppError('bad_request', message);
  const where = position === undefined ? '' : ` (at letter ${position})`;
  return invalid('mapping', `${message}${where}`, code);
}

function isBeyond(reply: MappingReply): boolean {
  return 'fault' in reply && reply.fault.code === 'too_complex';
}

function busy(): AppError {
  return new AppError('unavailable', 'Too much is waiting for mappings at the moment. Please repeat the request.');
}
