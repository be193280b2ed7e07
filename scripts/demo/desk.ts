/** The desk as the demo speaks to it: its public API over HTTP, and nothing else. */

import { setTimeout as sleep } from 'node:timers/promises';

/** What ends the demo: told without a stack. */
export class DemoError extends Error {}

export interface Clock {
  metric: string;
  cycle: number;
  state: 'running' | 'paused' | 'met' | 'missed' | 'cancelled';
  target: string;
  dueAt: string | null;
  elapsedSeconds: number;
  stoppedAt: string | null;
  breached: boolean;
  breachedAt: string | null;
}

export interface Ticket {
  id: string;
  number: number;
  subject: string;
  kind: string;
  channel: string;
  tier: string;
  status: string;
  surveyAt: string | null;
  reopenCount: number;
  createdAt: string;
  clocks: Clock[];
}

export interface DeskEvent {
  sequence: string;
  type: string;
  occurredAt: string;
  door: string;
  subject: string;
  data: { clock?: Clock; fraction?: number };
}

export interface Workspace {
  id: string;
  name: string;
  now: string;
  timeZone: string;
}

/** A caller with one key. */
export class Desk {
  readonly url: string;
  readonly key: string;

  constructor(url: string, key: string) {
    this.url = url;
    this.key = key;
  }

  as(key: string): Desk {
    return new Desk(this.url, key);
  }

  get<T>(path: string): Promise<T> {
    return this.#call('GET', `/v1${path}`);
  }

  post<T>(path: string, body: object = {}): Promise<T> {
    return this.#call('POST', `/v1${path}`, body);
  }

  put<T>(path: string, body: object): Promise<T> {
    return this.#call('PUT', `/v1${path}`, body);
  }

  /** Sends a form as a browser does; answers the status. */
  async submit(path: string, form: Record<string, string>): Promise<number> {
    const request = { method: 'POST', body: new URLSearchParams(form), redirect: 'manual' as const };
    return (await this.#fetch(path, request)).status;
  }

  /** What a browser is shown. */
  async page(path: string): Promise<{ status: number; html: string }> {
    const answer = await this.#fetch(path, {});
    return { status: answer.status, html: await answer.text() };
  }

  /** The feed from an event on, that one not included. */
  async events(after: string | null, types: string[]): Promise<DeskEvent[]> {
    const query = new URLSearchParams(types.map((type): [string, string] => ['type', type]));
    query.set('limit', '200');
    if (after !== null) query.set('after', after);
    return (await this.get<{ data: DeskEvent[] }>(`/events?${query}`)).data;
  }

  /** Asks until the answer is there: the feed shows an event once nobody who began earlier is still writing. */
  async until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
    for (let attempt = 0; attempt < 100; attempt++) {
      const answer = await ask();
      if (answer !== undefined) return answer;
      await sleep(50);
    }
    throw new DemoError(`Waited five seconds in vain for ${what}.`);
  }

  async #call<T>(method: string, path: string, body?: object): Promise<T> {
    const answer = await this.#fetch(path, {
      method,
      headers: {
        authorization: `Bearer ${this.key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (answer.ok) return JSON.parse(text) as T;
    throw new DemoError(`${method} ${path} was answered with ${answer.status}: ${reasonIn(text)}`);
  }

  async #fetch(path: string, request: RequestInit): Promise<Response> {
    try {
      return await fetch(`${this.url}${path}`, { ...request, signal: AbortSignal.timeout(20_000) });
    } catch (error) {
      const cause = (error as Error).cause as { code?: string } | undefined;
      throw new DemoError(
        `No desk answers at ${this.url} (${cause?.code ?? (error as Error).message}).\nStart one with \`npm start\`, or say where it is with --url.`,
      );
    }
  }
}

/** What a problem says, field by field where it names some. */
function reasonIn(text: string): string {
  try {
    const {
      code,
      detail,
      errors = [],
    } = JSON.parse(text) as {
      code: string;
      detail: string;
      errors?: { path: string; message: string }[];
    };
    return [`${code}, ${detail}`, ...errors.map(({ path, message }) => `  ${path}: ${message}`)].join('\n');
  } catch {
    return text.slice(0, 300);
  }
}

/** Ends the demo when the desk says something else than it must. */
export function expect(what: string, said: unknown, expected: unknown): void {
  if (said === expected) return;
  throw new DemoError(`${what}: expected ${JSON.stringify(expected)}, the desk says ${JSON.stringify(said)}.`);
}
