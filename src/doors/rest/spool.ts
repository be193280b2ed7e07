/** A queue of bytes of any length in constant memory: what is not read yet waits in memory, and beyond a limit in a file. */

import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const IN_MEMORY = 256 * 1024;
/** Who writes then waits for who reads. */
const IN_FILE = 1024 ** 3;
const CHUNK = 64 * 1024;

/** One writes, one reads. Everything is kept until `close`, which whoever made it calls in the end. */
export class Spool {
  /** Older than all that is in the file. */
  #memory: Buffer[] = [];
  #inMemory = 0;
  #file: { handle: FileHandle; path: string } | null = null;
  #written = 0;
  #read = 0;
  #ended = false;
  #closed = false;
  #wake: (() => void)[] = [];

  /** Waits for the disk, and for the reader only when the file is full. */
  async write(text: string): Promise<void> {
    if (this.#closed) return;
    const bytes = Buffer.from(text);
    if (this.#written === this.#read && this.#inMemory + bytes.length <= IN_MEMORY) {
      this.#memory.push(bytes);
      this.#inMemory += bytes.length;
    } else {
      while (this.#written - this.#read + bytes.length > IN_FILE && !this.#closed) await this.#news();
      this.#file ??= await newFile();
      // Nobody would remove it any more.
      if (this.#closed) return this.close();
      // All that was written was read: it begins anew.
      if (this.#written === this.#read) this.#written = this.#read = 0;
      await this.#file.handle.write(bytes, 0, bytes.length, this.#written);
      this.#written += bytes.length;
    }
    this.#tell();
  }

  /** Nothing more is written. */
  end(): void {
    this.#ended = true;
    this.#tell();
  }

  /** Everything in the order of writing; ends after `end`. */
  async *read(): AsyncGenerator<Buffer> {
    while (!this.#closed) {
      if (this.#memory.length > 0) {
        const bytes = Buffer.concat(this.#memory);
        this.#memory = [];
        this.#inMemory = 0;
        yield bytes;
      } else if (this.#read < this.#written) {
        const length = Math.min(CHUNK, this.#written - this.#read);
        const { buffer, bytesRead } = await this.#file!.handle.read(Buffer.alloc(length), 0, length, this.#read);
        this.#read += bytesRead;
        this.#tell();
        yield buffer.subarray(0, bytesRead);
      } else if (this.#ended) return;
      else await this.#news();
    }
  }

  /** Removes the file; who still reads gets nothing more. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#tell();
    const file = this.#file;
    this.#file = null;
    if (file === null) return;
    await file.handle.close();
    await rm(file.path, { force: true });
  }

  #news(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve));
  }

  #tell(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }
}

async function newFile(): Promise<{ handle: FileHandle; path: string }> {
  const path = join(tmpdir(), `tierdesk-${randomBytes(12).toString('hex')}.spool`);
  return { handle: await open(path, 'wx+', 0o600), path };
}
