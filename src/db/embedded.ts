/** The desk's own PostgreSQL, for those who set no DATABASE_URL: kept in the data folder, started and stopped with us. */

import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../context.ts';
import { type Holder, isLock, takeLock } from './lock.ts';
import { type Cluster, clusterUrl, ensureCluster, findPostmaster, startCluster, stopCluster } from './server.ts';

/** Small enough for a laptop; an acknowledged write is on the disk. */
const SETTINGS = {
  max_connections: '60',
  shared_buffers: '128MB',
  synchronous_commit: 'on',
  // Plans made while a table was empty serve a first large import badly: soon after it begins the server knows better.
  autovacuum_naptime: '5s',
};

export interface Embedded {
  url: string;
  /** Writes where the desk answers into the lock, for the message a second start prints. */
  announce(address: string): void;
  /** Ends the server, then lets go of the folder. */
  stop(): Promise<void>;
}

/**
 * Starts the server on `<dataDir>/postgres`, made at the first start. Throws when another process holds the folder, or
 * when another major version of PostgreSQL made it.
 */
export async function startEmbedded({ dataDir, log }: { dataDir: string; log: Logger }): Promise<Embedded> {
  const folder = path.resolve(dataDir);
  fs.mkdirSync(folder, { recursive: true });
  const lock = await takeLock(path.join(folder, 'tierdesk.lock'));
  if (!isLock(lock)) throw new Error(heldBy(lock));
  const cluster = { dir: path.join(folder, 'postgres'), passwordFile: path.join(folder, 'postgres.password') };
  try {
    await stopOrphan(cluster, log);
    await ensureCluster(cluster);
    const server = await supervise(cluster, log);
    return {
      url: clusterUrl(cluster, server.port),
      announce: lock.announce,
      async stop() {
        await server.stop();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

function heldBy({ pid, url }: Holder): string {
  return `Tierdesk already runs on this data (process ${pid}${url === null ? '' : `, ${url}`}).`;
}

/** When the desk was killed its server lives on; nobody else has the folder, for we have the lock. */
async function stopOrphan(cluster: Cluster, log: Logger): Promise<void> {
  const orphan = findPostmaster(cluster);
  if (orphan === null) return;
  log.warn({ pid: orphan.pid }, 'a killed start left its database running: stopping it');
  await stopCluster(cluster);
}

/** Runs the server, and runs it again at the same port should it end by itself. */
async function supervise(cluster: Cluster, log: Logger): Promise<{ port: number; stop(): Promise<void> }> {
  let stopping = false;
  const start = async (port: number) => {
    const started = await startCluster(cluster, {
      settings: SETTINGS,
      port,
      output: (line) => report(line, log),
    });
    started.child.on('exit', (code, signal) => {
      if (!stopping) void revive(started.port, code ?? signal);
    });
    return started.port;
  };
  const revive = async (port: number, reason: number | string | null) => {
    log.error({ reason }, 'the database ended by itself: starting it again');
    while (!stopping) {
      // Somebody restarted it by hand: that one serves as well, until it ends.
      if (findPostmaster(cluster) === null) {
        try {
          await start(port);
          return;
        } catch (error) {
          log.error({ err: error }, 'the database does not start');
        }
      }
      await sleep(1_000);
    }
  };
  const port = await start(0);
  return {
    port,
    async stop() {
      stopping = true;
      await stopCluster(cluster);
    },
  };
}

/** What PostgreSQL finds wrong is logged; its chatter is not. Statements that fail are the caller's matter. */
function report(line: string, log: Logger): void {
  const message = /\b(PANIC|FATAL|WARNING):\s+(.*)/.exec(line);
  if (message === null) return;
  if (message[1] === 'PANIC') log.error({ postgres: message[2] }, 'the database failed');
  else log.warn({ postgres: message[2] }, 'the database warns');
}
