/**
 * Exports of many rows from a real desk: how fast they come, as NDJSON and as CSV, and that memory stays as it is, also
 * when nobody reads on. The first one warms the desk up; exits 1 when a row is missing, or the desk then grows by more
 * than 100 MB.
 *
 * `npm run prove:export -- --customers 200000`
 */

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { benchDatabase } from '../bench/database.ts';
import { ADMIN_KEY, startDesk } from './desk.ts';

const { values: options } = parseArgs({ options: { customers: { type: 'string', default: '200000' } } });
const CUSTOMERS = Number(options.customers);
const MOST_GROWTH_MB = 100;

const database = await benchDatabase();
const desk = await startDesk(database.url);
const rssMb = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${desk.child.pid}/status`, 'utf8'))![1]) / 1024;
const faults: string[] = [];

async function fill(): Promise<void> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query(
    `insert into customers (workspace_id, id, name, profile, tags, external_ids, notes, search, created_at, updated_at)
     select (select workspace_id from workspaces limit 1), gen_random_uuid(), '客户 ' || n,
            '{"industry": "机械制造", "goals": "少停机"}', array['注重售后', 'a|b'],
            jsonb_build_object('crm', n::text), '=' || repeat('笔记 "', 20), '', now() - n * interval '1 second', now()
     from generate_series(1, $1::int) n`,
    [CUSTOMERS],
  );
  await client.query('analyze customers');
  await client.end();
}

async function take(query: string, { warm = true }: { warm?: boolean } = {}): Promise<void> {
  const before = rssMb();
  let most = before;
  const began = performance.now();
  const answer = await fetch(`${desk.url}/v1/export/customers${query}`, {
    headers: { authorization: `Bearer ${ADMIN_KEY}` },
  });
  if (!answer.ok) throw new Error(await answer.text());
  let [bytes, rows, chunks] = [0, 0, 0];
  for await (const chunk of answer.body!) {
    bytes += chunk.length;
    for (const byte of chunk) if (byte === 10) rows += 1;
    if (++chunks % 50 === 0) most = Math.max(most, rssMb());
  }
  const seconds = (performance.now() - began) / 1000;
  const rate = Math.round(CUSTOMERS / seconds);
  const size = (bytes / 1e6).toFixed(1);
  console.log(
    `${query || 'NDJSON'}: ${seconds.toFixed(1)} s, ${rate} rows/s, ${size} MB; the desk ${before.toFixed(0)} -> at most ${most.toFixed(0)} MB`,
  );
  const expected = CUSTOMERS + (query === '' ? 0 : 1);
  if (rows !== expected) faults.push(`${query || 'NDJSON'} has ${rows} lines, not ${expected}`);
  if (warm && most - before > MOST_GROWTH_MB) faults.push(`${query || 'NDJSON'} took ${(most - before).toFixed(0)} MB`);
}

try {
  await fill();
  await take('', { warm: false });
  await take('');
  await take('?format=csv&bom=true');
  const before = rssMb();
  const waiting = await Promise.all(
    Array.from({ length: 20 }, () =>
      fetch(`${desk.url}/v1/export/customers`, { headers: { authorization: `Bearer ${ADMIN_KEY}` } }),
    ),
  );
  await sleep(3000);
  const grown = rssMb() - before;
  console.log(`20 exports that nobody reads: ${grown.toFixed(0)} MB more`);
  if (grown > MOST_GROWTH_MB) faults.push(`20 exports that nobody reads took ${grown.toFixed(0)} MB`);
  await Promise.all(waiting.map((answer) => answer.body!.cancel()));
} finally {
  await desk.stop();
  await database.stop();
}
for (const fault of faults) console.error(fault);
process.exitCode = faults.length === 0 ? 0 : 1;
