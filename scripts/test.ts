/** `npm test`: brings a database, runs all tests or the files named, ends with the line `N passed, N failed`. */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, globSync, readdirSync, statSync } from 'node:fs';
import { request } from 'node:http';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../src/db/server.ts';
import { ensureTemplate, removeTestServer, startTestServer, TEST_SERVERS } from '../test/support/database.ts';
import { createTally } from './tally.ts';

const ROOT = path.resolve(import.meta.dirname, '..');

interface Server {
  name: string;
  url: string;
  stop(): Promise<void>;
}

const tally = createTally((line) => console.log(line));
let tap: ChildProcess | undefined;
// The terminal sends its signal to tap too; we stay to stop the server.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => tap?.kill(signal));

let code = 1;
try {
  const server = await bringServer();
  console.log(`Database: ${server.name}`);
  try {
    code = await runTests(server.url, await ensureTemplate(server.url));
  } finally {
    await server.stop();
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
}
const failed = code !== 0 && tally.failed === 0 ? 1 : tally.failed;
if (failed > 0 || tally.passed === 0) code ||= 1;
console.log(`${tally.passed} passed, ${failed} failed`);
process.exit(code);

/** TEST_DATABASE_URL, a container where an engine answers (TESTCONTAINERS=on insists, off forgoes), or the npm package. */
async function bringServer(): Promise<Server> {
  const given = process.env['TEST_DATABASE_URL'];
  if (given) return { name: 'TEST_DATABASE_URL', url: given, stop: async () => {} };
  const wish = process.env['TESTCONTAINERS'];
  if (wish === 'on') return startContainer();
  if (wish !== 'off' && (await engineAnswers())) {
    try {
      // An engine that cannot get the image must not be the end of the tests.
      const late = sleep(90_000, undefined, { ref: false }).then(() => Promise.reject(new Error('it takes too long')));
      return await Promise.race([startContainer(), late]);
    } catch (error) {
      console.log(`No container (${(error as Error).message}): using the embedded PostgreSQL.`);
    }
  }
  return startEmbedded();
}

async function startContainer(): Promise<Server> {
  const { GenericContainer, Wait } = await import('testcontainers');
  const container = await new GenericContainer('postgres:18')
    .withEnvironment({ POSTGRES_PASSWORD: 'test' })
    .withExposedPorts(5432)
    .withCommand(['postgres', '-c', 'fsync=off', '-c', 'full_page_writes=off', '-c', 'max_connections=400'])
    // It starts once to initialise its data, and once more for its callers.
    .withWaitStrategy(Wait.forLogMessage(/database system is ready to accept connections/, 2))
    .start();
  return {
    name: 'postgres:18 in a container',
    url: `postgres://postgres:test@${container.getHost()}:${container.getMappedPort(5432)}/postgres`,
    async stop() {
      await container.stop();
    },
  };
}

/** Whether a container engine listens where Docker's does, or where DOCKER_HOST points. */
async function engineAnswers(): Promise<boolean> {
  const host = process.env['DOCKER_HOST'];
  if (host && !host.startsWith('unix://')) return true;
  const socketPath = host?.slice('unix://'.length) ?? '/var/run/docker.sock';
  return new Promise((resolve) => {
    const ping = request({ socketPath, path: '/_ping', timeout: 2_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    ping.on('timeout', () => ping.destroy());
    ping.on('error', () => resolve(false));
    ping.end();
  });
}

/** A server for this run alone; what killed runs left behind goes first. */
async function startEmbedded(): Promise<Server> {
  const entries = existsSync(TEST_SERVERS) ? readdirSync(TEST_SERVERS) : [];
  for (const entry of entries) {
    const pid = Number(/^run-(\d+)$/.exec(entry)?.[1] ?? 0);
    if (pid > 0 && !isAlive(pid)) await removeTestServer(entry);
  }
  const name = `run-${process.pid}`;
  const { url } = await startTestServer(name);
  return { name: 'embedded PostgreSQL', url, stop: () => removeTestServer(name) };
}

function testFiles(): string[] {
  const named = process.argv.slice(2);
  const files = named.length === 0 ? globSync('test/**/*.test.ts', { cwd: ROOT }) : named.flatMap(expand);
  return files.sort();
}

function expand(file: string): string[] {
  return statSync(file).isDirectory() ? globSync(path.join(file, '**/*.test.ts')) : [file];
}

/** Runs tap, whose output the tally reads; resolves with its exit code. */
async function runTests(url: string, template: string): Promise<number> {
  const files = testFiles();
  if (files.length === 0) throw new Error('There is no such test.');
  const bin = path.join(ROOT, 'node_modules/tap/dist/esm/run.mjs');
  const args = ['run', '--disable-coverage', '--reporter=tap', '--jobs=2', '--timeout=120', ...files];
  tap = spawn(process.execPath, [bin, ...args], {
    cwd: ROOT,
    env: {
      ...process.env,
      TEST_DATABASE_URL: url,
      TEST_DATABASE_TEMPLATE: template,
      // Every file is a process that reads the whole desk: its code is stripped of types and compiled once.
      NODE_COMPILE_CACHE: path.join(ROOT, 'node_modules/.cache/compile'),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number>((resolve, reject) => {
    tap?.on('error', reject);
    tap?.on('close', (status) => resolve(status ?? 1));
  });
  for await (const line of createInterface({ input: tap.stdout! })) tally.read(line);
  return ended;
}
