/** How a telling says instants, spans, things and what happened, in one language on one wall clock. */

import { DAY, type Instant } from './block.ts';
import { GLUE, plain } from './columns.ts';
import type { ClockExplanation, ClockMark, ClockMove } from './explanation.ts';
import type { LabelledTime } from './labels.ts';
import type { Attribute } from './matching.ts';
import type { Target } from './objective.ts';
import type { Policy } from './policy.ts';
import { EN } from './telling-en.ts';
import type { Language, LocalTime, Words } from './telling-words.ts';
import { ZH } from './telling-zh.ts';
import type { TimelineRow, Unit } from './timeline.ts';
import { Zone } from './zone.ts';

/** What a clock does not know: whose it is, and what things are called. */
export interface About {
  language: Language;
  /** An IANA name: the wall clock of the telling. */
  timeZone: string;
  asOf: Instant;
  ticket: { number: number; subject: string };
  /** Null when there is none, or when the reader may not know. */
  customer: string | null;
  /** The one the target counts on; the name is null for `always`. */
  calendar: { key: string; name: string | null; timeZone: string };
  /** Whether to name the policies that matched and lost. */
  tellsAlternatives: boolean;
  /** The name of a tier, kind or channel; null when the key is all there is. */
  nameOf(attribute: Attribute, key: string): string | null;
}

export class Speech {
  readonly words: Words;
  readonly zone: Zone;
  readonly #about: About;

  constructor(about: About) {
    this.#about = about;
    this.words = about.language === 'en' ? EN : ZH;
    this.zone = Zone.named(about.timeZone) ?? Zone.named('UTC')!;
  }

  /** With its year. */
  at(at: Instant): string {
    return this.words.instant(this.#local(at));
  }

  shortAt(at: Instant): string {
    return this.words.shortInstant(this.#local(at));
  }

  span(seconds: number): string {
    return this.words.span(Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60);
  }

  target(target: Target): string {
    return 'seconds' in target ? this.span(target.seconds) : this.words.workingDays(target.days);
  }

  /** The wall clock of the telling, with every offset that it had on the way. */
  times({ total, marks }: ClockExplanation): string {
    const { asOf, timeZone } = this.#about;
    const instants = [total.from, total.to, ...marks.map(({ at }) => at), asOf].sort((a, b) => a - b);
    const offsets = new Set<string>();
    // Half a month: no clock changes twice within it.
    for (let at = instants[0]!; at < instants.at(-1)!; at += 15 * DAY) offsets.add(this.#offset(at));
    for (const at of instants) offsets.add(this.#offset(at));
    return this.words.times(timeZone, [...offsets].join(', '), this.at(asOf));
  }

  /** An attribute by its name and key. */
  value(attribute: Attribute, key: string | null): string {
    if (key === null) return this.words.none;
    const { customer, nameOf } = this.#about;
    if (attribute === 'customer') return customer === null ? key : plain(customer);
    const name = attribute === 'priority' ? this.words.priority[key] : nameOf(attribute, key);
    return name == null || name === key ? key : this.words.called(plain(name), key);
  }

  /** All that is reached at one instant. */
  marks(marks: readonly ClockMark[], { clock }: ClockExplanation): string {
    const { words } = this;
    const said = marks.map(({ at, step, fraction }) => {
      const percent = fraction === null ? null : `${Number((fraction * 100).toPrecision(12))}%`;
      if (step === 'escalation') return marks.length > 1 ? words.escalates : words.escalation(percent);
      if (step === 'warning') return words.warning(percent!);
      return clock.breachedAt === at ? words.broken : words.due;
    });
    return words.list([...new Set(said)]);
  }

  /** All that one event did; `say` says instants. */
  move(moves: readonly ClockMove[], { marks }: ClockExplanation, say: (at: Instant) => string): string {
    const { words } = this;
    const [{ at, event }] = moves as [ClockMove];
    const did = new Set(moves.map(({ effect }) => effect));
    // Said with what it goes with.
    if (did.has('reopened')) did.delete('resumed');
    if (did.has('started')) did.delete('paused');
    const { policy, dueAt } = moves.at(-1)!;
    const effects = [...did].map((effect) => {
      if (effect === 'met' && marks.some((mark) => mark.step === 'due' && mark.at < at)) return words.metLate;
      if (effect === 'started' && dueAt === null) return words.startsPaused;
      const isChange = effect === 'changed' || effect === 'recomputed';
      return isChange ? words.under(words.effect[effect], versionOf(policy)) : words.effect[effect];
    });
    if (dueAt !== null) effects.push(words.dueAt(say(dueAt)));
    const was = moves.find(({ before }) => before !== null)?.before;
    const before = was ? words.before(versionOf(was.policy), was.dueAt === null ? null : say(was.dueAt)) : '';
    return words.move(this.#event(event), effects, before);
  }

  #event(event: ClockMove['event']): string {
    const { event: plainly, valued, status } = this.words;
    switch (event.type) {
      case 'created':
        return valued.created(event.by === 'agent');
      case 'options_offered':
        return valued.options_offered(event.count ?? 1);
      case 'status_changed':
        return valued.status_changed(event.status === undefined ? '' : status[event.status]);
      case 'priority_changed':
        return valued.priority_changed(this.value('priority', event.priority ?? null));
      case 'tier_changed':
        return valued.tier_changed(this.value('tier', event.tier ?? null));
      case 'kind_changed':
        return valued.kind_changed(this.value('kind', event.kind ?? null));
      default:
        return plainly[event.type];
    }
  }

  // ── Cells of the table ────────────────────────────────────────────────────────────────────────────────────────────

  /** A row per interval, below the head. */
  intervals(rows: readonly TimelineRow[], exact: boolean): string[][] {
    const { columns, label } = this.words;
    let before = 0;
    const cells = rows.map(({ from, to, seconds, elapsedSeconds }) => {
      const counted = elapsedSeconds > before ? clockOf(elapsedSeconds, exact) : '';
      before = elapsedSeconds;
      return [
        this.#stretch(from, to),
        label[Object.keys(seconds)[0] as keyof typeof label],
        clockOf(to - from, exact),
        counted,
      ];
    });
    return [[columns.when, '', columns.length, columns.counted], ...cells];
  }

  /** A row per day or longer, below the head; first what lies before them. A label that no second has is left out. */
  sums(unit: Unit, rows: readonly TimelineRow[], earlier: LabelledTime | null): string[][] {
    const { columns, label, upTo } = this.words;
    const time = (seconds = 0) => (seconds === 0 ? '-' : clockOf(seconds));
    const head = [columns.when, label.open, label.paused, label.solved, columns.closed, columns.counted, ''];
    const cells = rows.map(({ from, to, seconds, elapsedSeconds }) => {
      const { open, paused, solved, outside_hours = 0, holiday = 0 } = seconds;
      const sums = [open, paused, solved, outside_hours + holiday].map(time);
      return [this.#period(unit, from, to), ...sums, clockOf(elapsedSeconds), holiday > 0 ? label.holiday : ''];
    });
    if (earlier !== null) {
      const { openSeconds, pausedSeconds, solvedSeconds, closedSeconds, elapsedSeconds } = earlier;
      const sums = [openSeconds, pausedSeconds, solvedSeconds, closedSeconds].map(time);
      cells.unshift([upTo(this.at(earlier.to)), ...sums, clockOf(elapsedSeconds), '']);
    }
    const empty = new Set([2, 3, 4].filter((column) => cells.every((row) => row[column] === '-')));
    return [head, ...cells].map((row) => row.filter((_, column) => !empty.has(column)));
  }

  /** The sums of all labels that some second has. */
  total({ openSeconds, pausedSeconds, solvedSeconds, closedSeconds }: LabelledTime, exact: boolean): string {
    const { label, columns, total } = this.words;
    const sums: [string, number][] = [
      [label.open, openSeconds],
      [label.paused, pausedSeconds],
      [label.solved, solvedSeconds],
      [columns.closed, closedSeconds],
    ];
    const said = sums.filter(([, seconds], index) => index === 0 || seconds > 0);
    return total(said.map(([name, seconds]) => `${name}${GLUE}${clockOf(seconds, exact)}`));
  }

  #stretch(from: Instant, to: Instant): string {
    const [start, end] = [this.#local(from), this.#local(to)];
    return `${this.shortAt(from)} - ${start.date === end.date ? end.time : this.shortAt(to)}`;
  }

  #period(unit: Unit, from: Instant, to: Instant): string {
    const [first, last] = [this.#local(from), this.#local(to - 1)];
    if (unit === 'year') return first.date.slice(0, 4);
    if (unit === 'month') return first.date.slice(0, 7);
    if (unit === 'week') return this.words.weekOf(first);
    return first.date === last.date ? this.words.day(first) : this.words.days(first, last);
  }

  #local(at: Instant): LocalTime {
    return localTimeOf(at, this.zone);
  }

  #offset(at: Instant): string {
    const seconds = this.zone.localTimeAt(at) - at;
    return `${seconds < 0 ? '-' : '+'}${clockOf(Math.abs(seconds), seconds % 60 !== 0).padStart(5, '0')}`;
  }
}

/** An instant on a wall clock, ready to be said. */
export function localTimeOf(at: Instant, zone: Zone): LocalTime {
  const local = zone.localTimeAt(at);
  const [date, time] = new Date(local * 1000).toISOString().slice(0, 19).split('T') as [string, string];
  return { date, weekday: (Math.floor(local / DAY) + 3) % 7, time: time.replace(/:00$/, '') };
}

function versionOf({ key, version }: Policy): string {
  return `${key} v${version}`;
}

/** `3:05`, or `3:05:00` where seconds matter. */
function clockOf(seconds: number, exact = false): string {
  const two = (number: number) => String(number).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return exact ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${hours}:${two(minutes)}`;
}
