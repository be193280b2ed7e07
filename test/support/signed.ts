/** Messages to integrations, signed as their senders would: the test's own reckoning, which shares nothing with the desk's. */

import { createHmac } from 'node:crypto';
import type { TestDesk } from './desk.ts';

export interface Sent {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into field by field
  body: any;
}

/** Posts a body as it is, without any key. */
export async function post(
  { inject }: Pick<TestDesk, 'inject'>,
  url: string,
  body: string,
  headers: Record<string, string> = {},
): Promise<Sent> {
  const answer = await inject({
    method: 'POST',
    url,
    headers: { 'content-type': 'application/json', ...headers },
    payload: body,
  });
  return { status: answer.statusCode, body: answer.json() };
}

/** Standard Webhooks: `secret` is whsec_…, `at` epoch seconds. */
export function standardHeaders(secret: string, body: string, at: number, id: string): Record<string, string> {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${at}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': String(at), 'webhook-signature': `v1,${signature}` };
}

let sent = 0;

/** Posts JSON with a Standard Webhooks signature of now. */
export function postSigned(
  desk: Pick<TestDesk, 'inject' | 'wall'>,
  integration: { inboundPath: string; secret: string },
  payload: unknown,
  { id = `msg_${++sent}`, at = Math.floor(desk.wall.now / 1000) } = {},
): Promise<Sent> {
  const body = JSON.stringify(payload);
  return post(desk, integration.inboundPath, body, standardHeaders(integration.secret, body, at, id));
}
