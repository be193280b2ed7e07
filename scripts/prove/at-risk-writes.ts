/** What the indexes of the at-risk view cost those who write: tickets made and answered with them and without, in turn. */

import type pg from 'pg';
import type { DeskProcess } from './desk.ts';

const SETS = {
  without: ['create index if not exists clocks_due_idx on clocks (workspace_id, due_at)'],
  with: [
    `create index if not exists clocks_running_idx on clocks (workspace_id, due_at, ticket_id, metric, id) where state = 'running'`,
    `create index if not exists clocks_met_idx on clocks (workspace_id, stopped_at) where state = 'met'`,
  ],
};
const DROPPED = {
  without: ['drop index if exists clocks_running_idx, clocks_met_idx'],
  with: ['drop index if exists clocks_due_idx'],
};

const ROUNDS = 4;
const SECONDS = 5;
const AT_ONCE = 16;

/** Lives of a second: made, answered, solved; three writes each. Prints the median of lives per second, and their ratio. */
export async function compareWrites(desk: DeskProcess, client: pg.Client): Promise<void> {
  const objectives = [
    { metric: 'first_response', target: 'PT1H' },
    { metric: 'resolution', target: 'PT8H' },
  ];
  await desk.ask('POST', '/v1/policies', { key: 'prove', name: 'Everything', objectives });
  for (const [list, key] of [
    ['kind', 'complaint'],
    ['channel', 'email'],
  ]) {
    await desk.ask('PUT', `/v1/terms/${list}/${key}`, {
      name: key,
      ...(list === 'channel' ? { category: 'async' } : {}),
    });
  }
  const rates: Record<keyof typeof SETS, number[]> = { with: [], without: [] };
  for (let round = 0; round < 2 * ROUNDS; round++) {
    const set = round % 2 === 0 ? 'with' : 'without';
    for (const line of [...SETS[set], ...DROPPED[set]]) await client.query(line);
    await client.query('checkpoint');
    rates[set].push(await livesPerSecond(desk));
  }
  const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
  const [having, lacking] = [median(rates.with), median(rates.without)];
  console.log(
    `made, answered and solved: ${having.toFixed(0)}/s with the indexes, ${lacking.toFixed(0)}/s as before: ${(having / lacking).toFixed(2)}`,
  );
}

async function livesPerSecond(desk: DeskProcess): Promise<number> {
  const end = performance.now() + SECONDS * 1000;
  let lives = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (performance.now() < end) {
        const fields = { subject: 'It has stopped', kind: 'complaint', channel: 'email', message: 'Help' };
        const { id } = await desk.ask('POST', '/v1/tickets', fields);
        await desk.ask('POST', `/v1/tickets/${id}/messages`, { body: 'We are on it' });
        await desk.ask('POST', `/v1/tickets/${id}/solve`, {});
        lives += 1;
      }
    }),
  );
  return lives / SECONDS;
}
