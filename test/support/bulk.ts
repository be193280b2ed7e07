/** Bulk requests as their sender sees them: lines out, results back. */

import type { Caller, TestDesk } from './desk.ts';

export interface LineResult {
  line: number;
  status: string;
  id?: string;
  kept?: string[];
  errors?: { path: string; message: string; code: string }[];
}

/** What is answered, whatever it is. */
export async function post(
  desk: TestDesk,
  caller: Caller,
  resource: string,
  body: string | Buffer,
  contentType: string,
  query = '',
) {
  const headers = { authorization: `Bearer ${caller.key}`, 'content-type': contentType };
  return desk.inject({ method: 'POST', url: `/v1/bulk/${resource}${query}`, headers, payload: body });
}

async function results(answer: Awaited<ReturnType<typeof post>>): Promise<LineResult[]> {
  if (answer.statusCode !== 200) throw new Error(answer.body);
  return answer.body
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

export async function sendLines(
  desk: TestDesk,
  caller: Caller,
  resource: string,
  lines: readonly unknown[],
  query = '',
): Promise<LineResult[]> {
  const text = lines.map((line) => JSON.stringify(line)).join('\n');
  return results(await post(desk, caller, resource, text, 'application/x-ndjson', query));
}

export async function sendCsv(
  desk: TestDesk,
  caller: Caller,
  resource: string,
  text: string | Buffer,
  { query = '', charset = 'utf-8' } = {},
): Promise<LineResult[]> {
  return results(await post(desk, caller, resource, text, `text/csv; charset=${charset}`, query));
}

export const statuses = (lines: LineResult[]) => lines.map(({ status }) => status);
