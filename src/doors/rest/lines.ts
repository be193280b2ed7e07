/** What comes in line by line: NDJSON, and the batches of any such stream, a batch as soon as it is full or nothing more is there. */

import { isUtf8 } from 'node:buffer';
import type { FieldError } from '../../errors.ts';

/** Bytes of one line, without its end. */
export const LONGEST_LINE = 1024 * 1024;
/** Bytes of one batch; a single line may be longer. */
const LARGEST_BATCH = 2 * 1024 * 1024;
/** A batch that is not full waits so long for more. Milliseconds. */
const PATIENCE = 25;

/** A line as it came, or what is wrong with it. */
export interface RawLine {
  /** Counts from 1; where it begins, when it is one of several lines. */
  line: number;
  /** About its bytes. */
  size: number;
  fault?: FieldError;
  /** What it says. Throws when that cannot be read. */
  read(): unknown;
}

/** Bytes -> lines; what a chunk leaves unfinished is kept for the next one. Empty lines are counted and left out. */
export interface LineReader {
  push(chunk: Buffer): Iterable<RawLine>;
  /** What stands since the last end of a line. */
  end(): Iterable<RawLine>;
}

export function faulty(line: number, message: string, code: string): RawLine {
  return { line, size: 0, fault: { path: '', message, code }, read: () => undefined };
}

const NEWLINE = 10;

/** A JSON value per line. */
export class JsonLines implements LineReader {
  #parts: Buffer[] = [];
  #bytes = 0;
  #line = 0;

  *push(chunk: Buffer): Generator<RawLine> {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      this.#add(chunk.subarray(from, end));
      from = end + 1;
      yield* this.end();
    }
    this.#add(chunk.subarray(from));
  }

  *end(): Generator<RawLine> {
    const bytes = Buffer.concat(this.#parts);
    const tooLong = this.#bytes > LONGEST_LINE;
    this.#parts = [];
    this.#bytes = 0;
    this.#line += 1;
    const line = this.#line;
    if (tooLong) yield faulty(line, `A line has at most ${LONGEST_LINE} bytes.`, 'too_big');
    else if (!isUtf8(bytes)) yield faulty(line, 'The line is not UTF-8.', 'invalid_character');
    else {
      const text = (line === 1 ? bytes.toString().replace(/^\uFEFF/, '') : bytes.toString()).trim();
      if (text !== '') yield { line, size: text.length, read: () => JSON.parse(text) };
    }
  }

  /** What a line holds beyond its limit is counted, not kept. */
  #add(bytes: Buffer): void {
    this.#bytes += bytes.length;
    if (bytes.length > 0 && this.#bytes <= LONGEST_LINE) this.#parts.push(bytes);
  }
}

const NOTHING = Buffer.alloc(0);

/**
 * The lines in batches of at most `most`. `eager` gives out what is there when no more comes for a moment, so that who
 * sends a line and waits for its result gets it. The stream is read no further ahead than one chunk. Once the signal is
 * given nothing more is waited for.
 */
export async function* batchesOf(
  chunks: AsyncIterator<Buffer>,
  reader: LineReader,
  most: number,
  { eager, signal, fromLine }: { eager: boolean; signal: AbortSignal; fromLine: number },
): AsyncGenerator<RawLine[]> {
  let batch: RawLine[] = [];
  let size = 0;
  const taken = () => {
    const full = batch;
    batch = [];
    size = 0;
    return full;
  };
  function* full(lines: Iterable<RawLine>): Generator<RawLine[]> {
    for (const line of lines) {
      if (line.line < fromLine) continue;
      if (batch.length >= most || (batch.length > 0 && size + line.size > LARGEST_BATCH)) yield taken();
      batch.push(line);
      size += line.size;
    }
  }
  // What the reader has taken in already, with the names of columns.
  yield* full(reader.push(NOTHING));
  let next = nextOf(chunks);
  for (;;) {
    const chunk = await waitFor(next, signal, eager && batch.length > 0);
    if (signal.aborted) return;
    if (chunk === null) {
      yield taken();
      continue;
    }
    yield* full(chunk.done ? reader.end() : reader.push(chunk.value));
    if (chunk.done) break;
    next = nextOf(chunks);
  }
  if (batch.length > 0) yield batch;
}

/** It may fail while nobody waits for it; whoever does is told. */
function nextOf(chunks: AsyncIterator<Buffer>): Promise<IteratorResult<Buffer>> {
  const next = chunks.next();
  next.catch(() => undefined);
  return next;
}

/**
 * Null when the signal is given, or, with `patiently`, when it takes longer than the patience. Not by Promise.race: the
 * signal would keep every chunk it was ever raced with.
 */
export function waitFor<T>(promise: Promise<T>, signal: AbortSignal, patiently: boolean): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const timer = patiently ? setTimeout(giveUp, PATIENCE) : undefined;
    const settled = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
    };
    function giveUp(): void {
      settled();
      resolve(null);
    }
    signal.addEventListener('abort', giveUp);
    promise.finally(settled).then(resolve, reject);
  });
}
