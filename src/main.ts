/** The process: configuration, database, first workspace, app, listen, and an orderly end. */

import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import closeWithGrace from 'close-with-grace';
import { pino } from 'pino';
import type { Registry } from 'prom-client';
import { buildApp, JOBS, MIGRATIONS } from './app.ts';
import { save } from './changes.ts';
import { steadyClock } from './clock.ts';
import { type Config, loadConfig } from './config.ts';
import { closeDatabase, type Db, openDatabase } from './db/connect.ts';
import { startEmbedded } from './db/embedded.ts';
import { migrate } from './db/migrate.ts';
import { isLostRace } from './db/sqlstate.ts';
import { newWorkspaceChanges } from './domains/workspaces/creation.ts';
import { hasWorkspaces } from './domains/workspaces/store.ts';
import { startCourier } from './jobs/courier.ts';
import { startDispatcher } from './jobs/dispatcher.ts';
import { startReviewer } from './jobs/reviewer.ts';
import { startTimekeeper } from './jobs/timekeeper.ts';
import { startWorker } from './jobs/worker.ts';

/** Never in a log, whatever an error carries with it. */
const SECRETS = [
  'req.headers.authorization',
  '*.authorization',
  '*.key',
  '*.adminKey',
  '*.secret',
  '*.token',
  '*.password',
];

/** What was opened, closed in reverse: at a signal, after an error, also when either comes in the middle of the start. */
const opened: (() => Promise<unknown>)[] = [];

async function closeAll(): Promise<void> {
  for (let close = opened.pop(); close !== undefined; close = opened.pop()) await close();
}

/** After a signal the process is gone by then, whatever hangs. */
const END_WITHIN_MS = 10_000;
/** Requests that run are given this long. */
const CUT_AFTER_MS = 7_000;

async function main(): Promise<void> {
  const { values: options } = parseArgs({ options: { demo: { type: 'boolean', default: true } }, allowNegative: true });
  const config = loadConfig(process.env);
  const log = pino({ level: config.logLevel, redact: SECRETS });
  closeWithGrace(
    { delay: END_WITHIN_MS, logger: { error: (message: unknown) => log.error({ err: message }, 'closing') } },
    async ({ err }) => {
      if (err) log.error({ err }, 'ending after an error');
      await closeAll();
    },
  );
  const embedded = config.databaseUrl === null ? await startEmbedded({ dataDir: config.dataDir, log }) : null;
  if (embedded !== null) opened.push(() => embedded.stop());
  const url = config.databaseUrl ?? embedded!.url;
  const db = openDatabase({ url, poolSize: config.databasePoolSize, prepared: config.databasePrepared, log });
  opened.push(() => closeDatabase(db));
  await migrate(db, MIGRATIONS, log);
  const services = {
    secretKey: secretKey(config),
    publicUrl: config.publicUrl ?? '',
    wallClock: steadyClock(Date.now, () => performance.now()),
  };
  const app = await buildApp({ config, db, services, log });
  const firstKey = await createFirstWorkspace(config, db, options.demo, app.desk.services.epoch, services.wallClock());
  const timekeeper = startTimekeeper(app.desk, log);
  opened.push(() => timekeeper.stop());
  app.onTimer.call = timekeeper.wake;
  const reviewer = startReviewer(app.desk, log);
  opened.push(() => reviewer.stop());
  app.onReview.call = (due) => reviewer.wake(due * 1000);
  const courier = startCourier(app.desk, log);
  opened.push(() => courier.stop());
  app.onDelivery.call = courier.wake;
  const dispatcher = startDispatcher(app.desk, log, courier.wake);
  opened.push(() => dispatcher.stop());
  const worker = startWorker(app.desk, JOBS, log);
  opened.push(() => worker.stop());
  app.onJob.call = worker.wake;
  const address = addressOf(await app.server.listen({ host: config.host, port: config.port }));
  opened.push(async () => {
    // What is still sending then is cut, so that the rest ends in order.
    const cut = setTimeout(() => app.server.server.closeAllConnections(), CUT_AFTER_MS);
    await app.server.close();
    clearTimeout(cut);
  });
  app.desk.services.publicUrl ||= address;
  if (config.metricsPort !== null) {
    const metrics = await serveMetrics(config, app.metrics);
    opened.push(async () => metrics.close());
  }
  embedded?.announce(address);
  welcome(address, options.demo, firstKey);
}

/** At the very first start: a workspace and its admin, whose key is told once. Null when there is one already. */
async function createFirstWorkspace(
  config: Config,
  db: Db,
  demo: boolean,
  epoch: number,
  wallMs: number,
): Promise<string | null> {
  if (await hasWorkspaces(db)) return null;
  const { changes, workspaceId, adminKey } = newWorkspaceChanges({
    workspaceId: 1,
    name: demo ? 'demo' : 'default',
    plan: demo ? 'reference' : 'none',
    mode: 'live',
    language: 'en',
    now: Math.floor(wallMs / 1000),
    adminKey: config.adminKey,
    instanceAdmin: true,
  });
  try {
    await save(db, workspaceId, epoch, [{ changes, author: { actor: 'start', door: 'start' } }]);
  } catch (error) {
    // Another process began at the same time, and told its key.
    if (isLostRace(error)) return null;
    throw error;
  }
  // A key that was given is known to whoever gave it, and has no business in a log.
  return config.adminKey === null ? adminKey : null;
}

/** From the configuration, or, beside the embedded data, made at the first start and kept. */
function secretKey(config: Config): Buffer {
  if (config.secretKey !== null) return createHash('sha256').update(config.secretKey).digest();
  if (config.databaseUrl !== null) {
    throw new Error(
      'TIERDESK_SECRET_KEY: required with DATABASE_URL, at least 32 characters; it signs survey links and tokens.',
    );
  }
  const file = join(config.dataDir, 'secret.key');
  if (!existsSync(file)) {
    mkdirSync(config.dataDir, { recursive: true });
    writeFileSync(file, randomBytes(32).toString('hex'), { mode: 0o600 });
  }
  return createHash('sha256').update(readFileSync(file, 'utf8').trim()).digest();
}

/** What a person types into a browser. */
function addressOf(listening: string): string {
  return listening.replace(/\/\/(0\.0\.0\.0|\[::\])/, '//127.0.0.1');
}

async function serveMetrics(config: Config, metrics: Registry): Promise<Server> {
  const server = createServer(async (_request, response) => {
    response.setHeader('Content-Type', metrics.contentType);
    response.end(await metrics.metrics());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(config.metricsPort!, config.host, resolve);
  });
  return server;
}

function welcome(address: string, demo: boolean, key: string | null): void {
  const shown = key ?? '$TIERDESK_KEY';
  const lines = [
    '',
    `Tierdesk answers at ${address}`,
    `  docs      ${address}/docs`,
    `  GraphiQL  ${address}/graphiql`,
  ];
  if (key !== null) {
    lines.push(`  admin key ${key}   (workspace ${demo ? 'demo' : 'default'}; it is shown this once)`);
  }
  lines.push(
    '',
    ...(key === null ? ['  With your admin key in TIERDESK_KEY:', ''] : []),
    `curl -H "Authorization: Bearer ${shown}" ${address}/v1/me`,
    `curl -H "Authorization: Bearer ${shown}" -H "Content-Type: application/json" ${address}/v1/tickets -d '{"subject":"The line has stopped","kind":"complaint","channel":"phone","message":"Please hurry."}'`,
    `curl -H "Authorization: Bearer ${shown}" "${address}/v1/tickets?include=clocks"`,
    '',
  );
  console.log(lines.join('\n'));
}

main().catch(async (error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
  await closeAll();
});
