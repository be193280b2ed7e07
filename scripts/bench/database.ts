/** A fresh embedded PostgreSQL with the settings users get (an acknowledged write is on the disk), gone afterwards. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { startEmbedded } from '../../src/db/embedded.ts';
import { findPostmaster } from '../../src/db/server.ts';

export interface BenchDatabase {
  url: string;
  /** The process id of the server; null while there is none. */
  pid(): number | null;
  stop(): Promise<void>;
}

export async function benchDatabase(): Promise<BenchDatabase> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tierdesk-bench-'));
  const embedded = await startEmbedded({ dataDir, log: pino({ level: 'silent' }) });
  return {
    url: embedded.url,
    pid: () => findPostmaster({ dir: join(dataDir, 'postgres'), passwordFile: '' })?.pid ?? null,
    async stop() {
      await embedded.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
