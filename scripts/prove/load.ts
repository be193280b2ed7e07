/** What processes cost, read from /proc: seconds of CPU and bytes of memory; nothing is known of them elsewhere than on Linux. */

import { readdirSync, readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;

interface Stat {
  parent: number;
  /** Seconds of CPU, its own and of children that have ended. */
  cpu: number;
  rss: number;
}

function statOf(pid: number): Stat | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in parentheses, may hold anything: fields are counted from behind it.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return { parent: Number(fields[1]), cpu: ticks / TICKS_PER_SECOND, rss: Number(fields[21]) * PAGE_BYTES };
  } catch {
    return null;
  }
}

/** The CPU of a process so far, its ended children's included, and its memory; null once it is gone. */
export function loadOf(pid: number): { cpu: number; rss: number } | null {
  return statOf(pid);
}

/** The CPU of a server and of all it has ever begun. */
export function familyCpu(pid: number): number | null {
  const own = statOf(pid);
  if (own === null) return null;
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => statOf(Number(name)));
  return children.reduce((sum, child) => sum + (child?.parent === pid ? child.cpu : 0), own.cpu);
}
