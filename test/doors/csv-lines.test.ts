/** CSV as it comes in, cut anywhere, against another reader of it. */

import { parse } from 'csv-parse/sync';
import { test } from 'tap';
import { CsvLines } from '../../src/doors/rest/csv-lines.ts';
import { dice } from '../support/dice.ts';

const SEED = Number(process.env['FUZZ_SEED'] ?? 20261124);
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 2000);

interface Row {
  line: number;
  cells: string[];
}

/** The records of the pieces; those that are faulty are told by a word. */
async function read(pieces: Buffer[]): Promise<(Row | string)[]> {
  const lines = new CsvLines(new TextDecoder());
  const chunks = (async function* () {
    yield* pieces;
  })();
  const header = await lines.header(chunks, new AbortController().signal);
  lines.columns(header.length, (cells) => cells);
  const found: (Row | string)[] = [{ line: 1, cells: header }];
  const take = (some: Iterable<{ line: number; fault?: unknown; read(): unknown }>) => {
    for (const { line, fault, read: say } of some) {
      found.push(fault === undefined ? { line, cells: say() as string[] } : `${line} faulty`);
    }
  };
  take(lines.push(Buffer.alloc(0)));
  for await (const chunk of chunks) take(lines.push(chunk));
  take(lines.end());
  return found;
}

test('whatever a spreadsheet writes is read as csv-parse reads it', async (t) => {
  t.comment(`FUZZ_SEED=${SEED} FUZZ_RUNS=${RUNS}`);
  const { below, oneOf, chance } = dice(SEED);
  const letter = () => oneOf(['a', 'b', ' ', ',', '"', '\n', '\r\n', '|', '东', '𠮷', "'", ';', '']);
  let failures = 0;
  for (let run = 0; run < RUNS && failures < 3; run++) {
    const width = 1 + below(4);
    const rows = Array.from({ length: 1 + below(6) }, (_, row) =>
      Array.from({ length: width }, (_cell, column) =>
        row === 0 ? `c${column}` : Array.from({ length: below(5) }, letter).join(''),
      ),
    );
    const quoted = (cell: string) => (/[",\r\n]/.test(cell) || chance(0.2) ? `"${cell.replaceAll('"', '""')}"` : cell);
    const end = oneOf(['\n', '\r\n']);
    const text = `${chance(0.3) ? '\uFEFF' : ''}${rows.map((row) => row.map(quoted).join(',')).join(end)}${chance(0.5) ? end : ''}`;
    const bytes = Buffer.from(text);
    const pieces: Buffer[] = [];
    for (let at = 0; at < bytes.length; ) {
      const size = 1 + below(8);
      pieces.push(bytes.subarray(at, at + size));
      at += size;
    }
    const records = parse(text, {
      bom: true,
      info: true,
      relax_column_count: true,
      record_delimiter: ['\r\n', '\n'],
    }) as unknown as {
      record: string[];
    }[];
    let line = 1;
    const expected: Row[] = [];
    for (const { record } of records) {
      if (record.some((cell) => cell.trim() !== '')) expected.push({ line, cells: record });
      line += 1 + record.reduce((sum, cell) => sum + cell.split('\n').length - 1, 0);
    }
    const found = await read(pieces);
    if (JSON.stringify(found) !== JSON.stringify(expected)) {
      failures += 1;
      t.strictSame(found, expected, `run ${run}: ${JSON.stringify(text)}`);
    }
  }
  t.equal(failures, 0);
});

test('what is no CSV says so line by line, and loses nothing after it', async (t) => {
  const { below, oneOf } = dice(SEED);
  for (let run = 0; run < Math.min(RUNS, 500); run++) {
    const noise = Array.from({ length: below(30) }, () => oneOf(['"', 'x', ',', '\n', '""', ' '])).join('');
    // A line that no open quote can take in: it closes one and would have to open the next.
    const text = `a,b\n${noise}\n1,2\n"3",4\n`;
    const found = await read([Buffer.from(text)]);
    const last = found.at(-1) as Row;
    t.equal(last.line, text.split('\n').length - 1, JSON.stringify(text));
  }
});
