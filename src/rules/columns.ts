/** Text in the columns of a terminal: Chinese takes two, lines break where the language allows. */

/** East Asian Wide and Fullwidth, and emoji. What is ambiguous there takes one. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u4dbf\u4e00-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;
const COMBINING = /\p{M}/u;

export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += WIDE.test(character) ? 2 : COMBINING.test(character) ? 0 : 1;
  return width;
}

/** What people wrote, safe to print: one line, without what steers a terminal or turns the direction. */
export function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}

/** Rows of cells below each other, two columns apart; `right` lists the columns that end together. */
export function table(rows: readonly (readonly string[])[], right: ReadonlySet<number> = new Set()): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, widthOf(cell));
  }
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const space = ' '.repeat(widths[column]! - widthOf(cell));
        return right.has(column) ? space + cell : cell + space;
      })
      .join('  ')
      .trimEnd(),
  );
}

/** Holds together what no line parts: a date and its time, a number and its unit. A plain space in the end. */
export const GLUE = '\u00a0';

/** A word, or one Chinese character, with the punctuation and what is glued to it, and the space behind. */
const ATOM =
  /[(（「]*(?:[^ \u00a0\p{sc=Han}（「，。；：、）」]+|[^ ])(?:\u00a0[^ \u00a0，。；：、）」]+)*[，。；：、）」]* */gu;

/** Lines of at most `width`; a word that is longer stands alone. From the second on they begin with `indent` spaces. */
export function wrap(text: string, width: number, indent = 0): string[] {
  const lines: string[] = [];
  let line = '';
  for (const [atom] of text.matchAll(ATOM)) {
    if (line.trim() !== '' && widthOf(line + atom.trimEnd()) > width) {
      lines.push(line.trimEnd());
      line = ' '.repeat(indent);
    }
    line += atom;
  }
  return [...lines, line.trimEnd()];
}
