/** A lock file that says which process holds a data folder; one whose holder is gone counts for nothing. */

import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from './server.ts';

export interface Holder {
  pid: number;
  /** When the process began, as the system tells it: process ids are used again, in containers at once. */
  began: string | null;
  /** Where it answers, once it does. */
  url: string | null;
}

export interface Lock {
  /** Writes the address into the file, for the message a second start prints. */
  announce(url: string): void;
  release(): void;
}

/** Takes the lock, or returns the living process that has it. */
export async function takeLock(file: string): Promise<Lock | Holder> {
  const mine: Holder = { pid: process.pid, began: beginOf(process.pid), url: null };
  for (let unreadable = 0; ; ) {
    try {
      fs.writeFileSync(file, JSON.stringify(mine), { flag: 'wx' });
      return {
        announce: (url) => replace(file, JSON.stringify({ ...mine, url })),
        release: () => fs.rmSync(file, { force: true }),
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const text = readIfThere(file);
    if (text === null) continue;
    const holder = parse(text);
    // Its maker has opened it and is about to write, or was killed just then.
    if (holder === null && unreadable < 20) {
      unreadable += 1;
      await sleep(25);
      continue;
    }
    if (holder !== null && isRunning(holder)) return holder;
    const standing = putAside(file, text);
    if (standing !== null) return standing;
  }
}

export function isLock(result: Lock | Holder): result is Lock {
  return 'release' in result;
}

/** Removes a dead holder's file. Another starter may have put its own there meanwhile: that one is put back. */
function putAside(file: string, expected: string): Holder | null {
  const aside = `${file}.${randomBytes(4).toString('hex')}`;
  try {
    fs.renameSync(file, aside);
  } catch {
    return null;
  }
  const text = readIfThere(aside);
  if (text === expected || text === null) {
    fs.rmSync(aside, { force: true });
    return null;
  }
  fs.renameSync(aside, file);
  return parse(text);
}

function isRunning({ pid, began }: Holder): boolean {
  return isAlive(pid) && (began === null || beginOf(pid) === null || beginOf(pid) === began);
}

/** When a process began, in the system's own words; null where it does not say (Windows). */
function beginOf(pid: number): string | null {
  if (process.platform === 'win32') return null;
  if (process.platform !== 'linux') {
    return spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim() || null;
  }
  try {
    const boot = fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    // The second field is the program's name in parentheses and may hold anything; the start is the 22nd.
    const start = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[19];
    return `${boot}:${start}`;
  } catch {
    return null;
  }
}

function readIfThere(file: string): string | null {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

function parse(text: string): Holder | null {
  try {
    return JSON.parse(text) as Holder;
  } catch {
    return null;
  }
}

function replace(file: string, text: string): void {
  fs.writeFileSync(`${file}.next`, text);
  fs.renameSync(`${file}.next`, file);
}
