/** What the replay shows: progress on stderr, the table of attainment on stdout. */

import type { AttainmentRow } from './desk.ts';

const WIDTH = 30;

/** A bar on a terminal; elsewhere a line each second. */
export class Progress {
  readonly #total: number;
  readonly #started = performance.now();
  #done = 0;
  #shown = 0;

  constructor(total: number) {
    this.#total = total;
  }

  step(): void {
    this.#done += 1;
    const now = performance.now();
    if (now - this.#shown < (process.stderr.isTTY ? 80 : 1000) || this.#done === this.#total) return;
    this.#shown = now;
    this.#show();
  }

  end(): void {
    this.#show();
    if (process.stderr.isTTY) process.stderr.write('\n');
  }

  get seconds(): number {
    return (performance.now() - this.#started) / 1000;
  }

  #show(): void {
    const share = this.#total === 0 ? 1 : this.#done / this.#total;
    const rate = Math.round(this.#done / Math.max(this.seconds, 0.001));
    const text = `${this.#done} of ${this.#total} cases, ${Math.floor(share * 100)} %, ${rate} a second`;
    if (!process.stderr.isTTY) process.stderr.write(`${text}\n`);
    else {
      const full = Math.round(share * WIDTH);
      process.stderr.write(`\r\x1b[K${'█'.repeat(full)}${'░'.repeat(WIDTH - full)} ${text}`);
    }
  }
}

export function attainmentTable(rows: AttainmentRow[]): string {
  const head = [
    'metric',
    'promises',
    'met',
    'missed',
    'overdue',
    'open',
    'cancelled',
    'attainment',
    'half in',
    '9 of 10 in',
  ];
  const body = rows.map((row) => [
    row.metric,
    String(row.total),
    String(row.met),
    String(row.missed),
    String(row.overdue),
    String(row.running + row.paused - row.overdue),
    String(row.cancelled),
    row.attainment === null ? '–' : `${(row.attainment * 100).toFixed(1)} %`,
    duration(row.elapsedP50),
    duration(row.elapsedP90),
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...body.map((line) => line[column]!.length)));
  const lineOf = (cells: string[]) =>
    cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  ');
  return [lineOf(head), widths.map((width) => '─'.repeat(width)).join('  '), ...body.map(lineOf)].join('\n');
}

/** Open time, in its two largest units. */
function duration(seconds: number | null): string {
  if (seconds === null) return '–';
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor((seconds % 86_400) / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}
