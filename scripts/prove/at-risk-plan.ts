/** What the database does for the at-risk view: the statement as the desk sends it, run under EXPLAIN (ANALYZE, BUFFERS). */

import type { Db } from '../../src/db/connect.ts';
import { readAtRisk } from '../../src/domains/reports/at-risk-query.ts';

interface Node {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Actual Loops': number;
  'Actual Rows': number;
  'Shared Hit Blocks': number;
  'Shared Read Blocks': number;
  Plans?: Node[];
}

const DAY = 86_400;
/** They grow with the desk: whoever reads one of them as a whole reads too much. */
const GROWING = ['tickets', 'clocks'];

/** Prints every read of a table: node, index, loops, rows, pages. Answers what reads too much, in words. */
export async function explainAtRisk(db: Db, horizon: number): Promise<string[]> {
  const { text, values } = await recorded(db, horizon);
  const { rows } = await db.pool.query({ text: `explain (analyze, buffers, format json) ${text}`, values });
  const [answer] = rows[0]['QUERY PLAN'] as { Plan: Node; 'Execution Time': number }[];
  const pages = (node: Node) => node['Shared Hit Blocks'] + node['Shared Read Blocks'];
  console.log(
    `EXPLAIN, horizon ${horizon / 3600} h: ${answer!['Execution Time'].toFixed(1)} ms, ${pages(answer!.Plan)} pages`,
  );
  const faults: string[] = [];
  for (const node of nodesOf(answer!.Plan)) {
    const table = node['Relation Name'];
    if (table === undefined) continue;
    const rowCount = Math.round(node['Actual Rows'] * node['Actual Loops']);
    console.log(
      `  ${node['Node Type'].padEnd(16)} ${table.padEnd(8)} ${(node['Index Name'] ?? '').padEnd(20)} ${String(node['Actual Loops']).padStart(7)} loops ${String(rowCount).padStart(7)} rows ${String(pages(node)).padStart(7)} pages`,
    );
    if (GROWING.includes(table) && node['Node Type'] === 'Seq Scan') faults.push(`${table} is read from end to end`);
  }
  return faults;
}

/** The statement with its values, as it reaches the database. */
async function recorded(db: Db, horizon: number): Promise<{ text: string; values: unknown[] }> {
  const statements: { text: string; values: unknown[] }[] = [];
  const { query } = db.pool;
  Object.assign(db.pool, {
    query(asked: { text: string; values?: unknown[] }, values?: unknown[]) {
      statements.push({ text: asked.text, values: values ?? asked.values ?? [] });
      return Reflect.apply(query, db.pool, [asked, values]);
    },
  });
  const now = Math.floor(Date.now() / 1000);
  const paceSince = Array.from({ length: 7 }, (_, index) => now - (index + 1) * DAY);
  const paceSeconds = Math.min(horizon, DAY);
  await readAtRisk(db, 1, { now, until: now + horizon, paceSince, paceSeconds, after: null, limit: 51 });
  Object.assign(db.pool, { query });
  if (statements.length !== 1) throw new Error(`${statements.length} statements instead of one.`);
  return statements[0]!;
}

function* nodesOf(node: Node): Generator<Node> {
  yield node;
  for (const inner of node.Plans ?? []) yield* nodesOf(inner);
}
