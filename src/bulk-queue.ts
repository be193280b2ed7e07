/**
 * Batches one after the other, two at work: while the database saves one, the next is decided. The order is that of the
 * lines all the same: what a batch rests on and the one before still writes, it waits for.
 */

import { type BatchOperation, type BulkCall, type Entry, type LineResult, runBatch } from './bulk.ts';
import type { Desk } from './operation.ts';

/** What the next batch must know of the one begun last. */
interface Last {
  names: ReadonlySet<string>;
  /** The rows it writes. */
  written: ReadonlySet<string>;
  /** Whether it could be run. */
  saved: Promise<boolean>;
}

/** A batch that is being run. */
export interface Begun {
  /** The next one may begin. */
  decided: Promise<void>;
  results: Promise<LineResult[]>;
}

export class BatchQueue {
  readonly #desk: Desk;
  readonly #operation: BatchOperation;
  readonly #dry: boolean;
  #last: Last = { names: new Set(), written: new Set(), saved: Promise.resolve(true) };

  constructor(desk: Desk, operation: BatchOperation, { dry }: { dry: boolean }) {
    this.#desk = desk;
    this.#operation = operation;
    this.#dry = dry;
  }

  /** To be called when the one begun last is decided. */
  begin(callOf: () => Promise<BulkCall>, entries: readonly Entry[]): Begun {
    if (entries.length === 0) return { decided: Promise.resolve(), results: Promise.resolve([]) };
    const before = this.#last;
    const own: Last = {
      names: new Set(entries.flatMap(({ names }) => names)),
      written: new Set(),
      saved: before.saved,
    };
    const { promise: decided, resolve } = Promise.withResolvers<void>();
    const turn = {
      taken: before.written,
      before: before.saved,
      decided(written: ReadonlySet<string>) {
        own.written = written;
        resolve();
      },
    };
    const results = (async () => {
      // A name that stands in both: what the one before makes of it must be known to this one.
      if ([...own.names].some((name) => before.names.has(name))) await before.saved;
      return runBatch(this.#desk, this.#operation, await callOf(), entries, { dry: this.#dry, turn });
    })();
    own.saved = results.then(
      () => true,
      () => false,
    );
    void own.saved.then(() => resolve());
    this.#last = own;
    return { decided, results };
  }
}
