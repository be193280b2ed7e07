/** The desk as the replay sees it: the public API and nothing else. */

import type { PastTicket } from './log.ts';

export interface LineResult {
  line: number;
  status: string;
  errors?: { path: string; message: string }[];
}

export interface AttainmentRow {
  metric: string;
  total: number;
  met: number;
  missed: number;
  running: number;
  paused: number;
  cancelled: number;
  overdue: number;
  attainment: number | null;
  elapsedP50: number | null;
  elapsedP90: number | null;
}

export class Desk {
  readonly #url: string;
  readonly #key: string;

  constructor(url: string, key: string) {
    this.#url = url.replace(/\/$/, '');
    this.#key = key;
  }

  /** Sends every ticket as a line and tells each result as it comes. */
  async import(tickets: Iterable<PastTicket>, onResult: (result: LineResult) => void): Promise<void> {
    const response = await this.#ask('/v1/bulk/tickets', {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: ReadableStream.from(linesOf(tickets)),
      duplex: 'half',
    });
    let rest = '';
    for await (const text of response.body!.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split('\n');
      rest = lines.pop()!;
      for (const line of lines) onResult(JSON.parse(line) as LineResult);
    }
  }

  async attainment(from: string, to: string): Promise<AttainmentRow[]> {
    const response = await this.#ask(`/v1/reports/attainment?${new URLSearchParams({ from, to })}`);
    return ((await response.json()) as { data: AttainmentRow[] }).data;
  }

  /** Throws an Error that says in one line why it was refused. */
  async #ask(path: string, init: RequestInit & { duplex?: 'half' } = {}): Promise<Response> {
    const headers = { ...(init.headers as Record<string, string>), authorization: `Bearer ${this.#key}` };
    let response: Response;
    try {
      response = await fetch(`${this.#url}${path}`, { ...init, headers } as RequestInit);
    } catch (error) {
      const cause = (error as Error).cause as { code?: string; message?: string } | undefined;
      throw new Error(
        `No desk answers at ${this.#url} (${cause?.code ?? cause?.message ?? (error as Error).message}).`,
      );
    }
    if (response.ok) return response;
    const problem = (await response.json().catch(() => ({}))) as { title?: string; detail?: string };
    const why = problem.detail ?? problem.title ?? '';
    const hint = response.status === 401 ? ' Is the key right?' : '';
    throw new Error(`The desk refused ${path} with ${response.status}: ${why}${hint}`);
  }
}

const ABOUT = 64 * 1024;

function* linesOf(tickets: Iterable<PastTicket>): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  let text = '';
  for (const ticket of tickets) {
    text += `${JSON.stringify(ticket)}\n`;
    if (text.length < ABOUT) continue;
    yield encoder.encode(text);
    text = '';
  }
  if (text !== '') yield encoder.encode(text);
}
