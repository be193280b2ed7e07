/** `npm run replay -- LOG.csv --map MAP.json`: an event log becomes tickets with their past, and the desk says how its promises were kept. */

import { parseArgs } from 'node:util';
import { Desk, type LineResult } from './replay/desk.ts';
import { readLog, readMap } from './replay/log.ts';
import { attainmentTable, Progress } from './replay/screen.ts';

const USAGE = `Usage: npm run replay -- LOG.csv --map MAP.json [--url http://127.0.0.1:8080] [--key KEY]

  LOG.csv   an event log: one row for each thing that happened to a case
  --map     which columns it has and what its activities mean; see scripts/maps/helpdesk.json
  --url     where the desk answers
  --key     a key of a workspace with tickets:write and tickets:read; TIERDESK_KEY unless told

A case is known by its number: what was imported before is not imported again.`;

const SHOWN_ERRORS = 5;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      map: { type: 'string' },
      url: { type: 'string', default: 'http://127.0.0.1:8080' },
      key: { type: 'string', default: process.env['TIERDESK_KEY'] ?? '' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [file] = positionals;
  if (values.help) return console.log(USAGE);
  if (file === undefined || positionals.length > 1 || values.map === undefined) throw new Error(USAGE);
  if (values.key === '') {
    throw new Error(
      'A key is missing: give --key, or set TIERDESK_KEY. The desk tells its admin key at its first start.',
    );
  }
  const map = readMap(values.map);
  const log = await readLog(file, map);
  if (log.tickets.length === 0) throw new Error(`There is nothing in ${file}.`);
  console.log(`${file}: ${log.entries} events of ${log.tickets.length} cases, ${log.first} to ${log.last}`);

  const desk = new Desk(values.url, values.key);
  const counts = new Map<string, number>();
  const failed: LineResult[] = [];
  const progress = new Progress(log.tickets.length);
  await desk.import(log.tickets, (result) => {
    counts.set(result.status, (counts.get(result.status) ?? 0) + 1);
    if (result.status === 'error' && failed.length < SHOWN_ERRORS) failed.push(result);
    progress.step();
  });
  progress.end();
  const told = [...counts].map(([status, count]) => `${count} ${status}`).join(', ');
  console.log(`${told}, in ${progress.seconds.toFixed(1)} s`);
  for (const { line, errors = [] } of failed) {
    const { subject } = log.tickets[line - 1]!;
    console.log(`  ${subject}: ${errors.map(({ path, message }) => `${path} ${message}`).join('; ')}`);
  }
  const answered = [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (answered < log.tickets.length) console.log('The desk stopped early. Run it again: nothing is imported twice.');

  // Promises that started within the log; the last second is one of it.
  const end = new Date(Date.parse(log.last) + 1000).toISOString();
  console.log(`\nPromises of this workspace that started from ${log.first} to ${log.last}:\n`);
  console.log(attainmentTable(await desk.attainment(log.first, end)));
  console.log('\nAttainment is met of met, missed and overdue. Times are open time, of what was met or missed.');
  if (failed.length > 0 || answered < log.tickets.length) process.exitCode = 1;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
