/**
 * How a receiver knows that it was us: Standard Webhooks, symmetric. A webhook has a secret of its own; steps of escalation
 * are signed with one per workspace that is stored nowhere.
 */

import { createHmac } from 'node:crypto';

function keyOf(secretKey: Buffer, workspaceId: string): Buffer {
  return createHmac('sha256', secretKey).update(`webhooks:${workspaceId}`).digest();
}

/** `whsec_` and the key in base64; `workspaceId` is the TypeID. */
export function signingSecret(secretKey: Buffer, workspaceId: string): string {
  return `whsec_${keyOf(secretKey, workspaceId).toString('base64')}`;
}

/** What one attempt is signed over. `id` stays the same with every attempt; `seconds` is the wall clock. */
export interface Message {
  id: string;
  seconds: number;
  body: string;
}

/** The headers of one attempt of a step of escalation. */
export function signedHeaders(secretKey: Buffer, workspaceId: string, message: Message): Record<string, string> {
  return signedWith([keyOf(secretKey, workspaceId)], message);
}

/** The headers of one attempt, signed with each of the keys: while a secret is changed, receivers know the old or the new. */
export function signedWith(keys: readonly Buffer[], { id, seconds, body }: Message): Record<string, string> {
  const signatures = keys.map((key) => {
    const signature = createHmac('sha256', key).update(`${id}.${seconds}.${body}`);
    return `v1,${signature.digest('base64')}`;
  });
  return { 'webhook-id': id, 'webhook-timestamp': String(seconds), 'webhook-signature': signatures.join(' ') };
}

/** The key in a secret of the form `whsec_…`. */
export function keyIn(secret: string): Buffer {
  return Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
}
