/** How a receiver knows that it was us: Standard Webhooks, symmetric, with a secret per workspace that is stored nowhere. */

import { createHmac } from 'node:crypto';

function keyOf(secretKey: Buffer, workspaceId: string): Buffer {
  return createHmac('sha256', secretKey).update(`webhooks:${workspaceId}`).digest();
}

/** `whsec_` and the key in base64; `workspaceId` is the TypeID. */
export function signingSecret(secretKey: Buffer, workspaceId: string): string {
  return `whsec_${keyOf(secretKey, workspaceId).toString('base64')}`;
}

/** The headers of one attempt. `id` stays the same with every attempt; `seconds` is the wall clock. */
export function signedHeaders(
  secretKey: Buffer,
  workspaceId: string,
  { id, seconds, body }: { id: string; seconds: number; body: string },
): Record<string, string> {
  const signature = createHmac('sha256', keyOf(secretKey, workspaceId)).update(`${id}.${seconds}.${body}`);
  return {
    'webhook-id': id,
    'webhook-timestamp': String(seconds),
    'webhook-signature': `v1,${signature.digest('base64')}`,
  };
}
