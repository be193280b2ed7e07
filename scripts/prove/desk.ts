/** A desk as `npm start` runs it, for the long runs: a process of its own, spoken to through its doors. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export const ADMIN_KEY = 'prove-admin-key-0123456789';

export interface DeskProcess {
  child: ChildProcess;
  url: string;
  /** The body of an answer; throws what was refused. */
  ask(method: string, path: string, body?: unknown): Promise<Record<string, unknown>>;
  /** NDJSON to a bulk route; counts the results by status. */
  bulk(path: string, lines: Iterable<unknown>): Promise<Record<string, number>>;
  stop(): Promise<void>;
}

/** `variables` are added to the environment, `imports` are loaded before the desk is. */
export async function startDesk(
  databaseUrl: string,
  { variables = {}, imports = [] }: { variables?: Record<string, string>; imports?: string[] } = {},
): Promise<DeskProcess> {
  const main = join(import.meta.dirname, '../../src/main.ts');
  const flags = ['--max-semi-space-size=8', ...imports.map((file) => `--import=${file}`)];
  const child = spawn(process.execPath, [...flags, main, '--no-demo'], {
    env: {
      ...process.env,
      DATABASE_URL: databaseUrl,
      TIERDESK_ADMIN_KEY: ADMIN_KEY,
      TIERDESK_SECRET_KEY: 'prove-secret-key-0123456789-0123456789',
      PORT: '0',
      LOG_LEVEL: 'warn',
      ...variables,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let [output, url] = ['', ''];
  for await (const chunk of child.stdout!.iterator({ destroyOnReturn: false })) {
    output += chunk;
    url = /answers at (http:\S+)/.exec(output)?.[1] ?? '';
    if (url !== '') break;
  }
  child.stdout!.resume();
  if (url === '') throw new Error(`The desk did not start: ${output}`);
  const send = async (method: string, path: string, type: string, body: string | ReadableStream | null) => {
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${ADMIN_KEY}`, ...(body === null ? {} : { 'content-type': type }) },
      body,
      duplex: 'half',
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${await answer.text()}`);
    return answer;
  };
  return {
    child,
    url,
    async ask(method, path, body) {
      const text = body === undefined ? null : JSON.stringify(body);
      return (await send(method, path, 'application/json', text)).json() as Promise<Record<string, unknown>>;
    },
    async bulk(path, lines) {
      const answer = await send('POST', path, 'application/x-ndjson', ReadableStream.from(chunksOf(lines)));
      const counts: Record<string, number> = {};
      let rest = '';
      for await (const text of answer.body!.pipeThrough(new TextDecoderStream())) {
        const complete = (rest + text).split('\n');
        rest = complete.pop()!;
        for (const line of complete) {
          const { status } = JSON.parse(line) as { status: string };
          counts[status] = (counts[status] ?? 0) + 1;
        }
      }
      return counts;
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

function* chunksOf(lines: Iterable<unknown>): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  let text = '';
  for (const line of lines) {
    text += `${JSON.stringify(line)}\n`;
    if (text.length < 65_536) continue;
    yield encoder.encode(text);
    text = '';
  }
  if (text !== '') yield encoder.encode(text);
}
