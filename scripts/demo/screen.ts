/** What the demo shows: one line per step, with its local time; below it what became of each promise. */

import { styleText } from 'node:util';
import type { Clock, DeskEvent, Ticket } from './desk.ts';

type Style = Parameters<typeof styleText>[0];

/** Colour on a terminal that wants it: NO_COLOR and FORCE_COLOR are heard, a pipe gets plain text. */
function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

const print = (line = '') => console.log(line);

/** Where the texts begin, right of the times. */
const MARGIN = ' '.repeat(23);

export class Screen {
  readonly #zone: string;
  /** What was shown of each promise. */
  #shown = new Map<string, Clock>();

  constructor(timeZone: string) {
    this.#zone = timeZone;
  }

  heading(text: string): void {
    print();
    print(paint(['bold', 'cyan'], `── ${text} ${'─'.repeat(Math.max(4, 92 - text.length))}`));
    this.#shown = new Map();
  }

  /** Who takes part. */
  person(role: string, text: string): void {
    print(`   ${paint('dim', role.padEnd(10))} ${text}`);
  }

  gap(): void {
    print();
  }

  step(at: string, text: string, style: Style = 'bold'): void {
    print(`  ${paint('dim', this.time(at))}  ${paint(style, text)}`);
  }

  detail(text: string, style: Style = 'dim'): void {
    print(`${MARGIN}${paint(style, text)}`);
  }

  /** What changed on the promises of a ticket since they were last shown. */
  clocks({ clocks }: Pick<Ticket, 'clocks'>): void {
    for (const clock of clocks) {
      const id = idOf(clock);
      const line = this.#change(this.#shown.get(id), clock);
      this.#shown.set(id, clock);
      if (line !== null) print(`${MARGIN}${line}`);
    }
  }

  #change(before: Clock | undefined, clock: Clock): string | null {
    const name = nameOf(clock).padEnd(17);
    if (clock.stoppedAt !== null) {
      return before?.stoppedAt === clock.stoppedAt ? null : this.#verdict(name, clock);
    }
    if (before === undefined) {
      return `○ ${name} within ${targetOf(clock).padEnd(16)} ${paint('cyan', `due ${this.time(clock.dueAt)}`)}`;
    }
    if (before.state === clock.state && before.dueAt === clock.dueAt) return null;
    if (clock.state === 'paused') {
      return paint('yellow', `‖ ${name} paused, ${spanOf(clock.elapsedSeconds)} of it used`);
    }
    return paint('cyan', `▶ ${name} runs again, due ${this.time(clock.dueAt)}`);
  }

  #verdict(name: string, clock: Clock): string {
    const verdict = verdictOf(clock);
    if (clock.state === 'met') return paint('green', `✔ ${name} ${verdict}`);
    return paint(clock.state === 'missed' ? ['bold', 'red'] : 'dim', `✘ ${name} ${verdict}`);
  }

  warning({ occurredAt, data }: DeskEvent): void {
    const { clock, fraction } = data;
    const used = `${Math.round(fraction! * 100)} % of the ${nameOf(clock!)} time is used`;
    this.step(occurredAt, `▲ warning: ${used}, due ${this.time(clock!.dueAt)}`, 'yellow');
  }

  breach({ occurredAt, data }: DeskEvent): void {
    this.step(occurredAt, `✘ broken: ${nameOf(data.clock!)} was due now`, ['bold', 'red']);
  }

  json(value: unknown): void {
    for (const line of JSON.stringify(value, null, 2).split('\n')) this.detail(line, 'magenta');
  }

  /** Every promise of a ticket with its target, its due time and what came of it. */
  summary(tickets: Ticket[]): void {
    for (const { number, subject, tier, clocks } of tickets) {
      print();
      print(`   ${paint('bold', `#${number} ${subject}`)} ${paint('dim', `(${tier})`)}`);
      for (const clock of clocks) {
        const style: Style = clock.breached ? 'red' : clock.state === 'met' ? 'green' : 'dim';
        const facts = `${nameOf(clock).padEnd(17)} within ${targetOf(clock).padEnd(16)} due ${this.time(clock.dueAt)} `;
        print(`     ${facts} ${paint(style, verdictOf(clock))}`);
      }
    }
  }

  /** An instant of the API as people in the workspace's zone read it: `Wed 30 Sep 17:20:00`. */
  time(at: string | null): string {
    if (at === null) return '-';
    const parts = new Intl.DateTimeFormat('en-GB', {
      timeZone: this.#zone,
      weekday: 'short',
      day: 'numeric',
      month: 'short',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
    }).formatToParts(new Date(at));
    const part = (type: string) => parts.find((candidate) => candidate.type === type)!.value;
    const month = part('month').slice(0, 3);
    return `${part('weekday')} ${part('day').padStart(2)} ${month} ${part('hour')}:${part('minute')}:${part('second')}`;
  }
}

function idOf({ metric, cycle }: Clock): string {
  return `${metric}#${cycle}`;
}

function nameOf({ metric, cycle }: Clock): string {
  return `${metric.replaceAll('_', ' ')}${cycle > 1 ? ` ${cycle}` : ''}`;
}

function verdictOf({ state, dueAt, stoppedAt, breachedAt }: Clock): string {
  if (state === 'met') return `kept, ${spanOf(secondsBetween(stoppedAt!, dueAt!))} to spare`;
  if (state === 'missed') return `broken by ${spanOf(secondsBetween(breachedAt!, stoppedAt!))}`;
  return state;
}

function secondsBetween(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / 1000;
}

/** `PT1H30M` -> `1 h 30 min`; `P5D` -> `5 working days`. */
function targetOf({ target }: Clock): string {
  const days = /^P(\d+)D$/.exec(target)?.[1];
  if (days !== undefined) return `${days} working ${days === '1' ? 'day' : 'days'}`;
  const [, hours = 0, minutes = 0, seconds = 0] = /^PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?$/.exec(target) ?? [];
  const parts: [unknown, string][] = [
    [hours, 'h'],
    [minutes, 'min'],
    [seconds, 's'],
  ];
  return parts.flatMap(([count, unit]) => (Number(count) > 0 ? [`${count} ${unit}`] : [])).join(' ');
}

/** 5400 -> `1 h 30 min`; 431330 -> `4 days 23 h`: the two largest units say enough. */
function spanOf(seconds: number): string {
  const days = Math.floor(seconds / 86_400);
  const parts: [number, string][] = [
    [days, days === 1 ? 'day' : 'days'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ];
  const largest = parts.findIndex(([count]) => count > 0);
  if (largest === -1) return '0 s';
  const said = parts.slice(largest, largest + 2).filter(([count]) => count > 0);
  return said.map(([count, unit]) => `${count} ${unit}`).join(' ');
}
