/**
 * Runs mappings in a process of its own, begun by `mapping.ts`: who writes a mapping, or a payload for one, decides how
 * long it takes and how much memory. Each mapping has a context of its own, into which texts go and out of which texts
 * come: nothing of this process can be reached from there, and what one mapping breaks, another one does not see.
 */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Context, constants, createContext, Script } from 'node:vm';

export interface MappingRequest {
  /** JSONata. */
  mapping: string;
  /** JSON as it came; null: the mapping is only read. */
  payload: string | null;
  /** What `$now()` and `$millis()` say. Epoch milliseconds. */
  now: number;
  /** What `$currency` says: that of the workspace. */
  currency: string;
  /** No longer than this. */
  milliseconds: number;
}

/** Why there is no answer; `position` counts letters of the mapping. */
export interface MappingFault {
  code: 'invalid_mapping' | 'invalid_payload' | 'mapping_failed' | 'too_complex' | 'too_big';
  message: string;
  position?: number;
}

/** `result` is JSON; null where the mapping was only read, or says nothing of this payload. */
export type MappingOutcome = { result: string | null } | { fault: MappingFault };

/** `spent`: milliseconds of a processor, which a busy machine does not lengthen. */
export type MappingReply = MappingOutcome & { spent: number };

/** The argument that such a process is begun with. */
export const RUN_MAPPINGS = 'run-mappings';

export const TOO_COMPLEX: MappingFault = {
  code: 'too_complex',
  message: 'The mapping takes too long, or too much memory, for this payload.',
};

/** As large as the payloads that are taken. */
const MOST_LETTERS = 1024 * 1024;
/** Deeper than any input of ours. */
const MOST_LEVELS = 32;
/** Contexts that are kept, by mapping: each is some 2 ms to make. */
const MOST_CONTEXTS = 32;
const MOST_LETTERS_OF_MESSAGE = 300;

const LIBRARY = fileURLToPath(import.meta.resolve('jsonata'));

/** What surrounds the library inside of a context. `outcome` is what the context says in the end. */
const SURROUNDINGS = `
  'use strict';
  let at = 0;
  const Clock = Date;
  globalThis.Date = class Date extends Clock {
    constructor(...parts) {
      if (parts.length === 0) super(at);
      else super(...parts);
    }
    static now() {
      return at;
    }
  };
  const library = jsonata;
  let expression;
  const faultOf = (code, error) => {
    const { message, position } = Object(error);
    return {
      code,
      message: String(message ?? error),
      ...(Number.isInteger(position) ? { position } : {}),
    };
  };
  const requireFlat = (value, left) => {
    if (typeof value !== 'object' || value === null) return;
    if (left === 0) throw { message: 'What the mapping gives is nested too deeply.' };
    for (const name of Object.keys(value)) requireFlat(value[name], left - 1);
  };
  globalThis.outcome = undefined;
  globalThis.compile = (text) => {
    try {
      expression = library(text);
      outcome = { result: null };
    } catch (error) {
      outcome = { fault: faultOf('invalid_mapping', error) };
    }
  };
  globalThis.run = (text, now, currency) => {
    at = now;
    outcome = undefined;
    let payload;
    try {
      payload = JSON.parse(text);
    } catch {
      outcome = { fault: { code: 'invalid_payload', message: 'The payload is not JSON.' } };
      return;
    }
    expression.evaluate(payload, { currency }).then(
      (value) => {
        requireFlat(value, ${MOST_LEVELS});
        const result = JSON.stringify(value) ?? null;
        if (result !== null && result.length > ${MOST_LETTERS}) throw { message: 'What the mapping gives is too big.' };
        outcome = { result };
      },
    ).catch((error) => {
      outcome = { fault: faultOf('mapping_failed', error) };
    });
  };
`;

/** The library asks for them in a browser's way or in Node's; here is neither. */
const WINDOW = `
  var window = (() => {
    const refuse = () => {
      throw { message: 'Base64 is not available in a mapping.' };
    };
    return { btoa: refuse, atob: refuse };
  })();
`;

interface Machine {
  context: Context;
  /** What the library says of the mapping. */
  compiled: MappingOutcome;
}

if (process.argv[2] === RUN_MAPPINGS) {
  const scripts = [new Script(WINDOW), new Script(readFileSync(LIBRARY, 'utf8')), new Script(SURROUNDINGS)];
  const steps = { compile: new Script('compile(text)'), run: new Script('run(text, now, currency)') };
  const machines = new Map<string, Machine>();

  const machineOf = (mapping: string, timeout: number): Machine => {
    const known = machines.get(mapping);
    if (known !== undefined) {
      // The one that was used last is the last to go.
      machines.delete(mapping);
      machines.set(mapping, known);
      return known;
    }
    // An ordinary global object: one that looks into an object of ours first is ten times slower.
    const context = createContext(constants.DONT_CONTEXTIFY, {
      codeGeneration: { strings: false, wasm: false },
      // Also what comes after a promise counts as time of the script.
      microtaskMode: 'afterEvaluate',
    });
    scripts[0]!.runInContext(context);
    scripts[1]!.runInContext(context);
    new Script('globalThis.jsonata = window.jsonata').runInContext(context);
    scripts[2]!.runInContext(context);
    context['text'] = mapping;
    steps.compile.runInContext(context, { timeout });
    const machine = { context, compiled: outcomeOf(context) };
    machines.set(mapping, machine);
    if (machines.size > MOST_CONTEXTS) machines.delete(machines.keys().next().value!);
    return machine;
  };

  const answer = ({ mapping, payload, now, currency, milliseconds: timeout }: MappingRequest): MappingOutcome => {
    const { context, compiled } = machineOf(mapping, timeout);
    if (payload === null || 'fault' in compiled) return compiled;
    context['text'] = payload;
    context['now'] = now;
    context['currency'] = currency;
    steps.run.runInContext(context, { timeout });
    const outcome = outcomeOf(context);
    context['text'] = '';
    return outcome;
  };

  process.on('message', (request: MappingRequest) => {
    const before = process.threadCpuUsage();
    const spent = () => {
      const { user, system } = process.threadCpuUsage(before);
      return (user + system) / 1000;
    };
    const send = (outcome: MappingOutcome, then: () => void) =>
      process.send!({ ...outcome, spent: spent() } satisfies MappingReply, undefined, undefined, then);
    try {
      send(answer(request), () => {});
    } catch {
      // It was cut off in the middle: nobody knows in what state this leaves the context, and memory with it.
      send({ fault: TOO_COMPLEX }, () => process.exit());
    }
  });
  // Whoever began it is gone.
  process.once('disconnect', () => process.exit());
}

/** Only plain texts and numbers are taken out of a context. */
function outcomeOf(context: Context): MappingOutcome {
  const outcome = JSON.parse(new Script('JSON.stringify(outcome ?? null)').runInContext(context) as string);
  if (outcome === null) return { fault: TOO_COMPLEX };
  if (outcome.fault === undefined) return { result: outcome.result };
  const { code, message, position } = outcome.fault as MappingFault;
  const words = message.slice(0, MOST_LETTERS_OF_MESSAGE).toWellFormed();
  return { fault: { code, message: words, ...(position === undefined ? {} : { position }) } };
}
