/** `npm run demo` against a desk that listens: what it tells, and how it ends when something is not so. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'tap';
import { openTestDesk } from '../support/desk.ts';

const DEMO = path.resolve(import.meta.dirname, '../../scripts/demo.ts');

/** Runs the demo as a process of its own, with no more of the environment than it is given. */
async function runDemo(args: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [DEMO, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [shown, complaint, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { shown, complaint, code: code as number };
}

test('the demo', async (t) => {
  const desk = await openTestDesk(t);
  const url = await desk.server.listen({ host: '127.0.0.1', port: 0 });

  t.test('tells both lives, with every promise and the one that is broken', async (t) => {
    const { shown, complaint, code } = await runDemo(['--url', url], { TIERDESK_KEY: desk.key });
    t.equal(complaint, '');
    t.equal(code, 0);
    for (const line of [
      'contact    王丽, called 王女士; phone +8613800138000, email wang.li@huarui.example',
      '(24 hours of office time would last until Sat 10 Oct 17:20:00; this promise knows no holiday)',
      'Wed 30 Sep 17:50:00  ▲ warning: 50 % of the first response time is used, due Wed 30 Sep 18:20:00',
      '▶ resolution        runs again, due Fri  2 Oct 15:00:00',
      'Fri  2 Oct 15:00:00  ✘ broken: resolution was due now',
      '"type": "clock.breached"',
      '○ first response    within 30 s             due Fri  9 Oct 08:00:20',
      '‖ resolution        paused, 1 min 10 s of it used',
      'Sat  3 Oct 15:40:00  the survey goes out by itself, in zh-CN',
      '王女士 answers on the page: ★★★☆☆',
      'resolution        within 24 h             due Fri  2 Oct 15:00:00  broken by 40 min',
      'promises   6 of 7 kept',
      'surveys    2 answers, 4 of 5 on average, 50 % satisfied',
    ]) {
      t.ok(shown.includes(line), line);
    }
    t.notMatch(shown, '\u001b', 'a pipe gets no colours');
  });

  t.test('is coloured where colours are wanted', async (t) => {
    const env = { TIERDESK_KEY: desk.key };
    t.match((await runDemo(['--url', url], { ...env, FORCE_COLOR: '1' })).shown, '\u001b[32m✔');
    t.notMatch((await runDemo(['--url', url], { ...env, NO_COLOR: '1' })).shown, '\u001b');
  });

  t.test('says what is missing, and fails', async (t) => {
    const withoutKey = await runDemo(['--url', url]);
    t.equal(withoutKey.code, 1);
    t.match(withoutKey.complaint, /^Which key\?/);

    const wrongKey = await runDemo(['--url', url, '--key', 'td_1_wrong']);
    t.equal(wrongKey.code, 1);
    t.match(wrongKey.complaint, /^POST \/v1\/workspaces was answered with 401: unauthenticated/);

    const nobodyThere = await runDemo(['--url', 'http://127.0.0.1:1', '--key', desk.key]);
    t.equal(nobodyThere.code, 1);
    t.match(nobodyThere.complaint, /^No desk answers at http:\/\/127\.0\.0\.1:1 /);

    const agent = await desk.as('agent');
    const noAdmin = await runDemo(['--url', url, '--key', agent.key]);
    t.equal(noAdmin.code, 1);
    t.match(noAdmin.complaint, /was answered with 403: forbidden/);
  });
});
