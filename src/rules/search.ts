/** Search in Chinese and Latin text side by side: text -> lexemes of a PostgreSQL `tsvector`, what was typed -> `tsquery`. */

/*
 * PostgreSQL's own parser keeps a whole Chinese sentence as one word, so the lexemes are cut here and handed over as text.
 * Documents and queries go the same way, hence whatever stands in a document is found by typing it:
 * - a run of Han (or kana): every letter, and every pair of neighbours;
 * - anything else by word, in lower case, Latin letters without accents, English words also by their stem;
 * - a code (`INV-2024/003`) or an address (`li@example.com`) by its parts, which a query asks for side by side.
 * A lexeme is made of letters, digits and marks alone: no quote, backslash or operator can get into one.
 */
const HAN = '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}ー';
const RUNS = new RegExp(
  `(?<han>[[${HAN}]&&[\\p{L}\\p{N}]]+)|[[\\p{L}\\p{N}]--[${HAN}]][[\\p{L}\\p{N}\\p{M}]--[${HAN}]]*`,
  'gv',
);
/** What may stand between the parts of one code, address or path. */
const JOINT = /^[\p{Pd}\p{Pc}/\\.:@+#&=~·'’]{1,3}$/u;

/** Longer words are cut, in documents and queries alike. In code points, so at most 256 bytes; PostgreSQL's limit is 2046. */
const MAX_WORD = 64;
/** PostgreSQL's limits for one `tsvector`. */
const MAX_POSITION = 16_383;
const MAX_POSITIONS_PER_LEXEME = 255;
/** Below PostgreSQL's 1,048,575, counted generously. */
const MAX_VECTOR_BYTES = 1_000_000;
/** Nobody types more; what follows is ignored, so a pasted book costs no more than a sentence. */
const MAX_QUERY_LEXEMES = 64;

/** One stretch of text: neighbouring Han letters, or one word; `joined`: the word before it is part of the same code. */
type Run = { letters: string[] } | { word: string; joined: boolean };

/** A part of a document, such as a ticket's subject; the weight (A counts most) is for ranking. */
export interface SearchField {
  text: string;
  weight: 'A' | 'B' | 'C' | 'D';
}

/** The lexemes a text is found by, each once, in order of appearance. */
export function searchTokens(text: string): string[] {
  return [...new Set(runsOf(text).flatMap((run) => places(run).flat()))];
}

/**
 * Text that PostgreSQL reads by `::tsvector`. Earlier fields come first where the limits cut: beyond 16,383 places and
 * 255 places of one lexeme, words are still found but not side by side; beyond 1 MB the rest is not found.
 */
export function searchVector(fields: readonly SearchField[]): string {
  const positions = new Map<string, string[]>();
  let position = 0;
  let bytes = 0;
  for (const { text, weight } of fields) {
    const suffix = weight === 'D' ? '' : weight;
    for (const run of runsOf(text)) {
      for (const lexemes of places(run)) {
        position += 1;
        for (const lexeme of lexemes) {
          let list = positions.get(lexeme);
          if (list === undefined) {
            const cost = lexeme.length * 3 + 4;
            if (bytes + cost > MAX_VECTOR_BYTES) continue;
            bytes += cost;
            list = [];
            positions.set(lexeme, list);
          }
          if (position > MAX_POSITION || list.length >= MAX_POSITIONS_PER_LEXEME) continue;
          if (bytes + 2 > MAX_VECTOR_BYTES) continue;
          bytes += 2;
          list.push(`${position}${suffix}`);
        }
      }
    }
    // A gap, so that the end of one field and the beginning of the next do not read as one phrase.
    position += 1;
  }
  const parts: string[] = [];
  for (const [lexeme, list] of positions) parts.push(list.length === 0 ? `'${lexeme}'` : `'${lexeme}':${list.join()}`);
  return parts.join(' ');
}

/**
 * Text that PostgreSQL reads by `::tsquery`, whatever was typed; null when nothing in it can be searched for.
 * Every term must be there; a run of Han letters and the parts of a code side by side, in order. The last word is
 * still being typed: it matches as a beginning, from two letters on.
 */
export function searchQuery(text: string): string | null {
  const runs = runsOf(text);
  const terms: string[] = [];
  let lexemes = 0;
  for (const [index, run] of runs.entries()) {
    if ('letters' in run) {
      const pairs = places(run).flatMap(([, pair]) => (pair === undefined ? [] : [`'${pair}'`]));
      const room = MAX_QUERY_LEXEMES - lexemes;
      terms.push(pairs.length === 0 ? `'${run.letters[0]}'` : pairs.slice(0, room).join(' <-> '));
      lexemes += Math.max(1, pairs.length);
    } else {
      const term = index === runs.length - 1 ? beginning(run.word) : `'${stem(run.word)}'`;
      if (run.joined && terms.length > 0) terms.push(`${terms.pop()} <-> ${term}`);
      else terms.push(term);
      lexemes += 1;
    }
    if (lexemes >= MAX_QUERY_LEXEMES) break;
  }
  return terms.length === 0 ? null : [...new Set(terms)].join(' & ');
}

/** Whether the text says one of these phrases: every word of it by its stem, every run of Han letters side by side. */
export function saysAny(text: string, phrases: readonly string[]): boolean {
  const said = runsOf(text);
  const stems = new Set(said.flatMap((run) => ('word' in run ? [stem(run.word)] : [])));
  const han = said.flatMap((run) => ('letters' in run ? [run.letters.join('')] : []));
  const isSaid = (run: Run) =>
    'word' in run ? stems.has(stem(run.word)) : han.some((letters) => letters.includes(run.letters.join('')));
  return phrases.map(runsOf).some((runs) => runs.length > 0 && runs.every(isSaid));
}

/** A word that may go on: as typed so far, or, when it is finished, by its stem. */
function beginning(word: string): string {
  if (word.length < 2) return `'${word}'`;
  const root = stem(word);
  return root === word ? `'${word}':*` : `('${word}':* | '${root}')`;
}

/** The lexemes of a run, place by place. */
function places(run: Run): string[][] {
  if ('word' in run) {
    const root = stem(run.word);
    return [root === run.word ? [root] : [run.word, root]];
  }
  return run.letters.map((letter, index) => {
    const next = run.letters[index + 1];
    return next === undefined ? [letter] : [letter, letter + next];
  });
}

function runsOf(text: string): Run[] {
  const plain = normalise(text);
  const runs: Run[] = [];
  let end = 0;
  let afterWord = false;
  for (const match of plain.matchAll(RUNS)) {
    const [found] = match;
    if (match.groups!.han !== undefined) runs.push({ letters: [...found] });
    else {
      const word = found.length > MAX_WORD ? [...found].slice(0, MAX_WORD).join('') : found;
      runs.push({ word, joined: afterWord && JOINT.test(plain.slice(end, match.index)) });
    }
    end = match.index + found.length;
    afterWord = match.groups!.han === undefined;
  }
  return runs;
}

/** Full-width, ligatures and case made plain (NFKC), Latin letters without accents, no English possessive. */
function normalise(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/(?<=\p{Script=Latin})\p{M}+/gu, '')
    .normalize('NFC')
    .replace(/(?<=\p{L})['’]s(?![\p{L}\p{N}])/gu, '');
}

/**
 * A light English stem: plural, -ed, -ing, silent e, doubled consonant. It joins `refund refunds refunded refunding`,
 * `reply replies replied`, `cancel cancelled`; it need not be a word, only the same on both sides.
 */
function stem(word: string): string {
  if (!/^[a-z]{3,}$/.test(word)) return word;
  return word
    .replace(/(?<=..)(?<![siu])s$/, '')
    .replace(/(?<=..)ied?$/, 'y')
    .replace(/(?<=.[aeiouy].*|[aeiouy].+)(?:(?<!e)ed|ing)$/, '')
    .replace(/(?<=..)e$/, '')
    .replace(/([^aeiou])\1$/, '$1');
}
