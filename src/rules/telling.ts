/** A clock explained in words: one sentence of it, and a page for a terminal in which the time goes by in a table. */

import type { Instant } from './block.ts';
import { GLUE, plain, table, widthOf, wrap } from './columns.ts';
import type { ClockExplanation, ClockMark } from './explanation.ts';
import { SEMANTICS_OPTIONS } from './semantics.ts';
import { type About, Speech } from './speech.ts';
import type { Standing } from './telling-words.ts';
import { timelineOf } from './timeline.ts';

export type { About } from './speech.ts';

export interface Telling {
  summary: string;
  /** Lines of about 70 columns. */
  text: string;
}

const WIDTH = 70;
const MOST_ROWS = 48;
/** Events and marks in the table; what lies between the first and the last of them is left out. */
const MOST_NOTES = 40;
const MOST_ALTERNATIVES = 8;

export function tellClock(why: ClockExplanation, about: About): Telling {
  const speech = new Speech(about);
  const { words } = speech;
  const { metric, cycle } = why.clock;
  const standing = standingOf(why, speech);
  const summary = summaryOf(why, about, standing, speech);
  const blocks = [
    [
      ...wrap(words.title(about.ticket.number, plain(about.ticket.subject)), WIDTH),
      words.headline(metric, cycle, standing),
    ],
    [...wrap(summary, WIDTH), ...wrap(speech.times(why), WIDTH)],
    [words.headings.promised, ...promisedLines(why, about, speech)],
    [words.headings.why, ...matchLines(why, about, speech)],
    [words.headings.how, ...timeLines(why, about, speech)],
  ];
  const ahead = marksBy(why, false).map(([at, marks]) => [speech.at(at), speech.marks(marks, why)]);
  if (ahead.length > 0) blocks.push([words.headings.ahead, ...table(ahead).map(indented)]);
  const text = blocks.map((lines) => lines.join('\n')).join('\n\n');
  return { summary: summary.replaceAll(GLUE, ' '), text: `${text.replaceAll(GLUE, ' ')}\n` };
}

function indented(line: string): string {
  return `  ${line}`;
}

/** Things and what is said of them, which may take more than a line. */
function pairs(rows: readonly (readonly [thing: string, said: string])[]): string[] {
  const room = WIDTH - 4 - Math.max(...rows.map(([thing]) => widthOf(thing)));
  return table(
    rows.flatMap(([thing, said]) => wrap(said, room).map((line, index) => [index === 0 ? thing : '', line])),
  );
}

// ── What was promised ───────────────────────────────────────────────────────────────────────────────────────────────

function standingOf({ clock, activity, leftSeconds }: ClockExplanation, speech: Speech): Standing {
  const { state, stoppedAt, elapsedSeconds } = clock;
  const passed = speech.span(elapsedSeconds);
  const left = speech.span(Math.max(0, leftSeconds ?? 0));
  const by = leftSeconds !== null && leftSeconds < 0 ? speech.span(-leftSeconds) : null;
  if (state === 'cancelled') return { is: state, at: speech.at(stoppedAt!), passed };
  if (state === 'missed') return { is: state, at: speech.at(stoppedAt!), by };
  if (state === 'met') return { is: state, at: speech.at(stoppedAt!), left };
  if (clock.breached) return { is: 'overdue', by, paused: state === 'paused' };
  return { is: activity === 'suspended' ? 'solved' : state, passed, left };
}

function summaryOf({ clock, objective }: ClockExplanation, about: About, standing: Standing, speech: Speech): string {
  const { calendar, customer } = about;
  return speech.words.summary({
    metric: clock.metric,
    customer: customer === null ? null : plain(customer),
    target: speech.target(objective.target),
    calendar: calendar.name === null ? speech.words.always : plain(calendar.name),
    due: clock.dueAt === null ? null : speech.at(clock.dueAt),
    standing,
  });
}

function promisedLines({ policy, objective }: ClockExplanation, { calendar }: About, speech: Speech): string[] {
  const { words } = speech;
  const { promised } = words;
  const options = Object.keys(SEMANTICS_OPTIONS).flatMap((option) => {
    const said = words.option[`${option}=${policy.semantics[option as 'hold']}`];
    return said === undefined ? [] : [[promised.options, said] as const];
  });
  return pairs([
    [promised.policy, words.policy(plain(policy.name), policy.key, policy.version)],
    [promised.target, words.called(speech.target(objective.target), objective.targetText)],
    [
      promised.calendar,
      calendar.name === null
        ? words.called(words.always, calendar.key)
        : words.calendar(plain(calendar.name), calendar.key, calendar.timeZone),
    ],
    [promised.pauses, words.pauses([...objective.pausesOn].map((status) => words.status[status]))],
    ...options,
  ]).map(indented);
}

function matchLines({ matchedBy, levels }: ClockExplanation, about: About, speech: Speech): string[] {
  const { words } = speech;
  const lines = table(
    matchedBy.attributes.map(({ attribute, value, matched }) => [
      words.attribute[attribute],
      speech.value(attribute, value),
      words.matched[matched],
    ]),
  );
  const { alternatives, passedOver } = matchedBy;
  if (!about.tellsAlternatives) return lines.map(indented);
  const nameOf = (key: string) => {
    const name = plain(levels.policies.find((policy) => policy.key === key)!.name);
    return name === key ? key : words.called(name, key);
  };
  const listed = <T>(all: readonly T[], row: (one: T) => string[]) => {
    const rows = all.slice(0, MOST_ALTERNATIVES).map(row);
    if (all.length > rows.length) rows.push([words.more(all.length - rows.length)]);
    return table(rows).map(indented);
  };
  const losers =
    alternatives.length === 0
      ? [words.onlyMatch]
      : [
          words.losers(alternatives.length),
          ...listed(alternatives, ({ key, reason }) => [
            nameOf(key),
            reason === 'only_match' ? '' : words.loses[reason],
          ]),
        ];
  const outside =
    passedOver.length === 0
      ? []
      : [words.passedOver, ...listed(passedOver, ({ key, term }) => [nameOf(key), words.outsideTerm[term]])];
  return [...lines, ...losers, ...outside].map(indented);
}

// ── How the time went ───────────────────────────────────────────────────────────────────────────────────────────────

interface Note {
  at: Instant;
  /** Of the line, so that marks are found at a glance. */
  sign: '>' | '*' | '!' | '=';
  text(say: (at: Instant) => string): string;
}

function timeLines(why: ClockExplanation, { asOf }: About, speech: Speech): string[] {
  const notes = notesOf(why, asOf, speech);
  const cuts = notes.map(({ at }) => at);
  const { unit, rows } = timelineOf(why, cuts, speech.zone, MOST_ROWS);
  const isLong = unit !== 'interval';
  // Among days, whole minutes are told.
  const exact = !isLong && rows.some(({ from, to }) => from % 60 !== 0 || to % 60 !== 0);
  const cells = isLong ? speech.sums(unit, rows, why.earlier) : speech.intervals(rows, exact);
  const numbers = isLong ? cells[0]!.map((_, column) => column).slice(1, -1) : [2, 3];
  const lines = table(cells, new Set(numbers));
  const say = (at: Instant) => (isLong ? speech.at(at) : speech.shortAt(at));
  const told = lines.splice(0, lines.length - rows.length);
  const tellUpTo = (at: Instant) => {
    while (notes.length > 0 && notes[0]!.at <= at) {
      const note = notes.shift()!;
      told.push(...wrap(`${note.sign} ${say(note.at)}  ${note.text(say)}`, WIDTH - 2, 4));
    }
  };
  for (const [index, row] of rows.entries()) {
    tellUpTo(row.from);
    told.push(lines[index]!);
  }
  tellUpTo(Number.POSITIVE_INFINITY);
  return [...told, ...wrap(speech.total(why.total, exact), WIDTH - 2)].map(indented);
}

/** The marks that were reached, or those still to come, by their instants. */
function marksBy({ marks }: ClockExplanation, isReached: boolean): [Instant, ClockMark[]][] {
  return [
    ...Map.groupBy(
      marks.filter(({ reached }) => reached === isReached),
      ({ at }) => at,
    ),
  ];
}

/** What happened and what was reached, in order; a stop comes after what was reached by then. */
function notesOf(why: ClockExplanation, asOf: Instant, speech: Speech): Note[] {
  const { clock, events } = why;
  const groups = Map.groupBy(events, ({ event }) => event);
  const told = [...groups.values()].map((moves) => ({
    at: moves[0]!.at,
    sign: '>' as const,
    order: moves.some(({ effect }) => effect === 'met' || effect === 'cancelled') ? 2 : 0,
    text: (say: (at: Instant) => string) => speech.move(moves, why, say),
  }));
  const reached = marksBy(why, true).map(([at, marks]) => ({
    at,
    sign: at === clock.breachedAt ? ('!' as const) : ('*' as const),
    order: 1,
    text: () => speech.marks(marks, why),
  }));
  const now = { at: asOf, sign: '=' as const, order: 3, text: () => speech.words.now };
  const notes = [...told, ...reached, ...(clock.stoppedAt === null ? [now] : [])];
  notes.sort((a, b) => a.at - b.at || a.order - b.order);
  if (notes.length <= MOST_NOTES) return notes;
  const half = MOST_NOTES / 2;
  const left = speech.words.elided(notes.length - MOST_NOTES);
  return [...notes.slice(0, half), { at: notes[half]!.at, sign: '>', text: () => left }, ...notes.slice(-half)];
}
