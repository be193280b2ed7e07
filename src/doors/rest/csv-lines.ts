/**
 * CSV in (RFC 4180): the records of a stream with the numbers of the lines they begin in. A faulty record is its first
 * line, and reading goes on in the next one: a quote that is never closed takes nothing else with it.
 */

import { TextDecoder } from 'node:util';
import { AppError, invalid } from '../../errors.ts';
import { faulty, type LineReader, LONGEST_LINE, type RawLine, waitFor } from './lines.ts';

/** What spreadsheets save; the names the web gives them, GB 2312 and others among them, are taken, too. */
const ENCODINGS: ReadonlySet<string> = new Set(['utf-8', 'gb18030', 'gbk']);

/** `text/csv; charset=gb18030` -> its decoder; 415 for others. */
export function decoderOf(contentType: string): TextDecoder {
  const label = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType)?.[1] ?? 'utf-8';
  try {
    const decoder = new TextDecoder(label);
    if (ENCODINGS.has(decoder.encoding)) return decoder;
  } catch {
    // Not even a name.
  }
  throw new AppError('unsupported_media_type', `CSV comes as utf-8, gb18030 or gbk, not as ${label}.`);
}

interface TextRecord {
  cells: string[];
  /** Where the next one begins. */
  next: number;
  /** Ends of lines up to there. */
  breaks: number;
  fault?: string;
}

/** A record per line, or several where cells hold ends of lines. The first one names the columns. */
export class CsvLines implements LineReader {
  readonly #decoder: TextDecoder;
  #text = '';
  /** The number of the line that the text begins with. */
  #line = 1;
  /** The line that the text goes on with is longer than any may be. */
  #skipping = false;
  #ended = false;
  #width = 0;
  #say: (cells: string[]) => unknown = (cells) => cells;

  constructor(decoder: TextDecoder) {
    this.#decoder = decoder;
  }

  /** Reads up to the first record and answers its cells. 422 when there is none; `unavailable` when the signal is given. */
  async header(chunks: AsyncIterator<Buffer>, signal: AbortSignal): Promise<string[]> {
    for (;;) {
      const [first] = this.#records(1);
      if (first?.fault !== undefined) throw invalid('', `The first line names the columns. ${first.fault.message}`);
      if (first !== undefined) return first.read() as string[];
      if (this.#ended) throw invalid('', 'The first line names the columns: there is none.', 'required');
      const chunk = await waitFor(chunks.next(), signal, false);
      if (chunk === null) throw new AppError('unavailable', 'The desk is being stopped.');
      if (chunk.done) this.#finish();
      else this.#take(chunk.value);
    }
  }

  /** From here on every record has so many cells, and says this. */
  columns(width: number, say: (cells: string[]) => unknown): void {
    this.#width = width;
    this.#say = say;
  }

  push(chunk: Buffer): Iterable<RawLine> {
    this.#take(chunk);
    return this.#records(Infinity);
  }

  end(): Iterable<RawLine> {
    this.#finish();
    return this.#records(Infinity);
  }

  #take(chunk: Buffer): void {
    this.#text += this.#decoder.decode(chunk, { stream: true });
    if (!this.#skipping) return;
    const end = this.#text.indexOf('\n');
    this.#text = end < 0 ? '' : this.#text.slice(end + 1);
    if (end < 0) return;
    this.#skipping = false;
    this.#line += 1;
  }

  #finish(): void {
    if (!this.#ended) this.#text += this.#decoder.decode();
    this.#ended = true;
  }

  #records(most: number): RawLine[] {
    const text = this.#text;
    const records: RawLine[] = [];
    let at = 0;
    while (at < text.length && records.length < most) {
      let record = recordAt(text, at, this.#ended);
      if (record === null) {
        if (text.length - at <= LONGEST_LINE) break;
        record = firstLine(text, at, TOO_LONG, true);
        this.#skipping = record.next === text.length && !text.endsWith('\n');
      }
      const line = this.#rawLine(record, text.slice(at, record.next));
      if (line !== null) records.push(line);
      at = record.next;
      this.#line += this.#skipping ? 0 : record.breaks;
    }
    this.#text = text.slice(at);
    return records;
  }

  #rawLine({ cells, fault }: TextRecord, text: string): RawLine | null {
    const line = this.#line;
    if (fault === TOO_LONG || text.length > LONGEST_LINE) return faulty(line, TOO_LONG, 'too_big');
    if (text.includes('\uFFFD')) return faulty(line, `This is not ${this.#decoder.encoding}.`, 'invalid_character');
    if (fault !== undefined) return faulty(line, fault, 'bad_request');
    if (cells.every((cell) => cell.trim() === '')) return null;
    if (this.#width > 0 && cells.length !== this.#width) {
      const message = `The first line names ${this.#width} columns, and here are ${cells.length} cells.`;
      return faulty(line, message, 'bad_request');
    }
    return { line, size: text.length, read: () => this.#say(cells) };
  }
}

const TOO_LONG = `A record has at most ${LONGEST_LINE} characters.`;
const [COMMA, QUOTE, END] = [44, 34, 10];

/** The record that begins at `from`; null when its end has not come yet. */
function recordAt(text: string, from: number, ended: boolean): TextRecord | null {
  const cells: string[] = [];
  let breaks = 1;
  let at = from;
  for (;;) {
    if (text.charCodeAt(at) === QUOTE) {
      const quoted = quotedAt(text, at);
      if (quoted === null) return ended ? firstLine(text, from, 'A quote is never closed.', ended) : null;
      cells.push(quoted.cell);
      breaks += quoted.cell.split('\n').length - 1;
      at = quoted.next;
    } else {
      let end = at;
      let letter = text.charCodeAt(end);
      while (end < text.length && letter !== COMMA && letter !== END) {
        if (letter === QUOTE) return firstLine(text, from, 'A quote stands within a cell that begins without.', ended);
        letter = text.charCodeAt(++end);
      }
      const isLast = letter !== COMMA;
      cells.push(text.slice(at, isLast && end > at && text[end - 1] === '\r' ? end - 1 : end));
      at = end;
    }
    if (text.startsWith('\r\n', at)) at += 1;
    if (at >= text.length || (text[at] === '\r' && at + 1 === text.length)) {
      return ended ? { cells, next: text.length, breaks } : null;
    }
    const letter = text.charCodeAt(at);
    if (letter === END) return { cells, next: at + 1, breaks };
    if (letter !== COMMA) return firstLine(text, from, 'Something follows a closing quote.', ended);
    at += 1;
  }
}

/** A quoted cell, its doubled quotes single again, and where it ends; null when its end has not come yet. */
function quotedAt(text: string, from: number): { cell: string; next: number } | null {
  let cell = '';
  for (let at = from + 1; ; ) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return null;
    cell += text.slice(at, quote);
    if (text.charCodeAt(quote + 1) !== QUOTE) return { cell, next: quote + 1 };
    cell += '"';
    at = quote + 2;
  }
}

/** A record that is none: its first line, once that is there. */
function firstLine(text: string, from: number, fault: string, ended: boolean): TextRecord;
function firstLine(text: string, from: number, fault: string, ended: boolean): TextRecord | null {
  const end = text.indexOf('\n', from);
  if (end < 0 && !ended) return null;
  return { cells: [], next: end < 0 ? text.length : end + 1, breaks: 1, fault };
}
