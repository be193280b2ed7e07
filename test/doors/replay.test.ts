/** `npm run replay` against a desk that listens: a log becomes tickets once, and attainment is shown. */

import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'tap';
import { openTestDesk } from '../support/desk.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const MAP = path.join(ROOT, 'scripts/maps/helpdesk.json');

interface Run {
  code: number;
  out: string;
  error: string;
}

function replay(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Run> {
  const script = path.join(ROOT, 'scripts/replay.ts');
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [script, ...args],
      { env: { PATH: process.env['PATH'], ...env } },
      (failed, out, error) => resolve({ code: typeof failed?.code === 'number' ? failed.code : 0, out, error }),
    );
  });
}

/** Local times in Rome: the night of 27 March 2011 has no two o'clock. */
const LOG = `CaseID,ActivityID,CompleteTimestamp
1,1,2011-03-26 17:00:00
1,8,2011-03-26 17:30:00
1,6,2011-03-28 09:00:00
2,1,2011-03-26 17:00:00
2,9,2011-03-26 18:00:00
2,8,2011-03-29 18:00:00
2,6,2011-03-29 19:00:00
2,9,2011-03-30 19:00:00
3,8,2011-03-26 17:00:00
3,2,2011-03-26 17:10:00
`;

test('a log is imported once, with the times of its zone', async (t) => {
  const desk = await openTestDesk(t);
  const caller = await desk.testWorkspace('2011-04-30T00:00:00Z');
  const url = await desk.server.listen({ host: '127.0.0.1', port: 0 });
  const file = path.join(t.testdir({}), 'log.csv');
  writeFileSync(file, LOG);
  const first = await replay([file, '--map', MAP, '--url', url, '--key', caller.key]);
  t.equal(first.code, 0, first.error);
  t.match(first.out, /10 events of 3 cases, 2011-03-26T10:00:00Z to 2011-03-30T11:00:00Z/);
  t.match(first.out, /3 created, in/);
  t.match(first.out, /first_response +3 +3 +0 +0 +0 +0 +100\.0 %/);
  t.match(first.out, /resolution +3 +1 +0 +1 +1 +0 +50\.0 %/);
  t.match(first.error, /3 of 3 cases, 100 %/);

  const { data } = (await caller.rest('GET /v1/tickets?sort=number&include=clocks')).body;
  t.match(data, [
    { subject: 'Case 1', status: 'solved', createdAt: '2011-03-26T10:00:00Z', solvedAt: '2011-03-28T01:00:00Z' },
    { subject: 'Case 2', status: 'pending', reopenCount: 1, solvedAt: null },
    { subject: 'Case 3', status: 'open', agentReplyCount: 1, firstRespondedAt: '2011-03-26T10:00:00Z' },
  ]);
  const solved = data[0].clocks.find(({ metric }: { metric: string }) => metric === 'resolution');
  t.equal(solved.elapsedSeconds, 39 * 3600, 'an hour less than the local times say');

  const second = await replay([file, '--map', MAP, '--url', url], { TIERDESK_KEY: caller.key });
  t.match(second.out, /3 unchanged, in/);
  t.equal((await caller.rest('GET /v1/tickets')).body.data.length, 3);
});

test('what is missing or wrong is said in a line', async (t) => {
  const desk = await openTestDesk(t);
  const url = await desk.server.listen({ host: '127.0.0.1', port: 0 });
  const file = path.join(t.testdir({}), 'log.csv');
  writeFileSync(file, LOG);
  const said = async (args: string[]) => {
    const { code, error } = await replay(args);
    t.equal(code, 1);
    t.notMatch(error, /\n\s+at /, 'no stack');
    return error;
  };
  t.match(await said([]), /Usage: npm run replay/);
  t.match(await said([file, '--map', MAP, '--url', url]), /A key is missing: give --key, or set TIERDESK_KEY/);
  t.match(await said([file, '--map', MAP, '--url', url, '--key', 'td_forged']), /401.*Is the key right\?/);
  t.match(await said([file, '--map', MAP, '--url', 'http://127.0.0.1:9', '--key', desk.key]), /No desk answers at/);
  t.match(await said([file, '--map', file, '--url', url, '--key', desk.key]), /The map .* cannot be used/);
  writeFileSync(file, 'a,b\n1,2\n');
  t.match(await said([file, '--map', MAP, '--url', url, '--key', desk.key]), /Row 1 lacks CaseID/);
});
