/** All that must hold before a change is taken, but the tests: `npm run check`. Stops at the first step that fails. */

import { spawn } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '..');
const BIN = path.join(ROOT, 'node_modules/.bin');
const CLIENT = 'node_modules/.cache/tierdesk-client';

/** A client as somebody else would write it with the types made from openapi.yaml; it only has to compile. */
const USE = `import createClient from 'openapi-fetch';
import type { components, paths } from './api.d.ts';

const client = createClient<paths>({ baseUrl: 'http://127.0.0.1:8080' });
const me = await client.GET('/v1/me');
export const workspace: string | undefined = me.data?.workspace.name;
const team = await client.POST('/v1/teams', { body: { name: 'Green channel' } });
export const id: string | undefined = team.data?.id;
export const problem: components['schemas']['Problem'] | undefined = team.error;
const agents = await client.GET('/v1/agents', { params: { query: { limit: 10 } } });
export const names: string[] | undefined = agents.data?.data.map((agent) => agent.name);
// @ts-expect-error a team has a name
await client.POST('/v1/teams', { body: {} });
`;

/** Migrations that PostgreSQL runs outside a transaction are looked at as such. */
const migrations = globSync('migrations/*.sql', { cwd: ROOT }).sort();
const alone = migrations.filter((file) => /^-- no transaction\b/.test(readFileSync(path.join(ROOT, file), 'utf8')));
const together = migrations.filter((file) => !alone.includes(file));

const STEPS: Record<string, string[][]> = {
  'format and lint': [['biome', 'check', '--error-on-warnings']],
  types: [['tsc', '--noEmit']],
  'who imports whom': [['depcruise', 'src', 'test', 'scripts', '--output-type', 'err-long']],
  'dead code': [['knip']],
  'contracts are up to date': [['node', 'scripts/contracts.ts', '--check']],
  'openapi.yaml': [['redocly', 'lint', 'openapi.yaml']],
  'a client compiles': [
    ['openapi-typescript', 'openapi.yaml', '--output', `${CLIENT}/api.d.ts`],
    ['tsc', '--noEmit', '--strict', '--target', 'esnext', '--module', 'nodenext', `${CLIENT}/use.ts`].concat(
      '--allowImportingTsExtensions',
    ),
  ],
  migrations: [
    ['squawk', ...together],
    ...(alone.length > 0 ? [['squawk', '--no-assume-in-transaction', ...alone]] : []),
  ],
};

mkdirSync(path.join(ROOT, CLIENT), { recursive: true });
writeFileSync(path.join(ROOT, CLIENT, 'use.ts'), USE);

for (const [name, commands] of Object.entries(STEPS)) {
  const started = performance.now();
  for (const command of commands) {
    const { code, output } = await run(command);
    if (code === 0) continue;
    process.stdout.write(`${output}\n`);
    say('FAILED', name, started);
    console.error(`${command.join(' ')} ended with ${code}.`);
    process.exit(1);
  }
  say('ok', name, started);
}

function say(word: string, name: string, started: number): void {
  console.log(`${word.padEnd(6)} ${name} ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

/** The tools find this repository's Node first: a machine's own may be an old one. */
function run([tool, ...args]: string[]): Promise<{ code: number | null; output: string }> {
  const env = {
    ...process.env,
    PATH: `${BIN}${path.delimiter}${process.env['PATH'] ?? ''}`,
    FORCE_COLOR: '0',
    REDOCLY_TELEMETRY: 'off',
    REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true',
  };
  const child = spawn(tool === 'node' ? process.execPath : path.join(BIN, tool!), args, { cwd: ROOT, env });
  let output = '';
  child.stdout.on('data', (text) => {
    output += text;
  });
  child.stderr.on('data', (text) => {
    output += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}
