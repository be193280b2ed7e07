/** The desk as an operator runs it: a process of its own, found by what it prints, and ended by signals. */

import { type ChildProcess, spawn } from 'node:child_process';
import { type Agent, type IncomingHttpHeaders, request } from 'node:http';
import path from 'node:path';
import { until } from './until.ts';

const MAIN = path.resolve(import.meta.dirname, '../../src/main.ts');

export const ADMIN_KEY = 'admin-key-of-the-tests-0123456789';
export const SECRET_KEY = 'secret-key-of-the-tests-abcdefghijklmnopqrstuvwxyz';

export interface DeskProcess {
  url: string;
  pid: number;
  /** All it has printed so far. */
  output(): string;
  kill(signal: 'SIGKILL' | 'SIGTERM'): void;
  /** Its exit code, or the signal that ended it. */
  ended: Promise<number | string>;
}

interface TestScope {
  teardown(end: () => unknown): unknown;
}

/** Starts it on any free port and waits until it answers. It is killed when the test ends. */
export async function startDesk(
  t: TestScope,
  databaseUrl: string,
  environment: Record<string, string> = {},
): Promise<DeskProcess> {
  const child = spawn(process.execPath, [MAIN], {
    // Nothing is inherited that a test runner or a developer has set.
    env: {
      PATH: process.env['PATH'] ?? '',
      DATABASE_URL: databaseUrl,
      TIERDESK_ADMIN_KEY: ADMIN_KEY,
      TIERDESK_SECRET_KEY: SECRET_KEY,
      PORT: '0',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = endOf(child);
  t.teardown(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  let output = '';
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const url = await until(
    'the desk says where it answers',
    () => {
      if (child.exitCode !== null) throw new Error(`It ended at once: ${output}`);
      return /Tierdesk answers at (http:\S+)/.exec(output)?.[1];
    },
    { within: 20_000 },
  );
  return { url, pid: child.pid!, output: () => output, kill: (signal) => child.kill(signal), ended };
}

function endOf(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code, signal) => resolve(code ?? signal ?? ''));
  });
}

export interface HttpAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into field by field
  body: any;
}

export interface HttpRequest {
  method?: string;
  headers?: Record<string, string | string[]>;
  /** Sent as it is. */
  body?: string | Buffer;
  /** The path as it is to stand in the request, where it is none a URL can hold. */
  rawPath?: string;
  agent?: Agent;
  timeout?: number;
}

/** One request over a real connection, whatever it holds; rejects when the connection ends before the answer. */
export function ask(url: string, { method = 'GET', headers = {}, body, rawPath, agent, timeout }: HttpRequest = {}) {
  return new Promise<HttpAnswer>((resolve, reject) => {
    const { hostname, port, pathname, search } = new URL(url);
    const sent = request(
      { hostname, port, path: rawPath ?? `${pathname}${search}`, method, headers, ...(agent && { agent }) },
      (answer) => {
        const parts: Buffer[] = [];
        answer
          .on('data', (part: Buffer) => parts.push(part))
          .on('error', reject)
          .on('end', () => {
            const text = Buffer.concat(parts).toString();
            const isJson = /^application\/(problem\+)?json/.test(answer.headers['content-type'] ?? '');
            resolve({
              status: answer.statusCode!,
              headers: answer.headers,
              text,
              body: isJson && text !== '' ? JSON.parse(text) : text,
            });
          });
      },
    );
    sent.on('error', reject);
    if (timeout !== undefined)
      sent.setTimeout(timeout, () => sent.destroy(new Error(`No answer within ${timeout} ms`)));
    sent.end(body);
  });
}

/** JSON in, JSON out, with the key. */
export function callerOf(key: string, agent?: Agent) {
  return (url: string, method: string, body?: unknown, headers: Record<string, string> = {}) =>
    ask(url, {
      method,
      headers: {
        Authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(agent && { agent }),
    });
}
