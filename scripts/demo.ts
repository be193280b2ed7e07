/** `npm run demo`: two lives told by a running desk, on a test clock, through its public API alone. */

import { parseArgs } from 'node:util';
import { DemoError, Desk, type Workspace } from './demo/desk.ts';
import { BEGINNING, tellLives } from './demo/lives.ts';

const USAGE = `npm run demo [-- --url http://127.0.0.1:8080] [--key td_…]

Tells two lives of customers on a running desk. It makes a test workspace for them and touches nothing else.
  --url  where the desk is; http://127.0.0.1:8080 unless told
  --key  the admin key the desk showed at its first start; TIERDESK_KEY unless told`;

const NO_KEY = `Which key? The desk showed an admin key at its first start:

  TIERDESK_KEY=td_… npm run demo`;

async function main(): Promise<void> {
  const { url, key, help } = options();
  if (help) return console.log(USAGE);
  if (key === undefined || key === '') throw new DemoError(NO_KEY);
  const started = performance.now();
  const { workspace, adminKey } = await new Desk(url, key).post<{ workspace: Workspace; adminKey: string }>(
    '/workspaces',
    { name: 'Demo', mode: 'test', now: BEGINNING, timeZone: 'Asia/Shanghai', language: 'en' },
  );
  console.log(`\n  Tierdesk at ${url}, test workspace ${workspace.id}, times in ${workspace.timeZone}`);
  await tellLives(new Desk(url, adminKey), workspace);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`\n  Eleven days in ${seconds} s. To look around in them (${url}/docs, ${url}/graphiql):\n`);
  console.log(`curl -H "Authorization: Bearer ${adminKey}" "${url}/v1/tickets?include=clocks"\n`);
}

function options() {
  try {
    const { values } = parseArgs({
      options: {
        url: { type: 'string', default: 'http://127.0.0.1:8080' },
        key: { type: 'string', default: process.env['TIERDESK_KEY'] ?? '' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return { ...values, url: values.url.replace(/\/+$/, '') };
  } catch (error) {
    throw new DemoError(`${(error as Error).message}\n\n${USAGE}`);
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof DemoError ? error.message : error);
  process.exitCode = 1;
});
