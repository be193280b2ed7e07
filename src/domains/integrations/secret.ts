/** Secrets of integrations: how they are made, hidden before they are stored, and which of them are valid. */

import { randomBytes } from 'node:crypto';
import { seal, unseal } from '../../auth/sealed.ts';
import type { Services } from '../../context.ts';
import type { IntegrationRow } from './store.ts';

/** How long both secrets are valid after a change. Seconds. */
export const BOTH_VALID = 86_400;

type Key = Pick<Services, 'secretKey'>;

/** Of the form of Standard Webhooks, which serves the other schemes as well. */
export function newSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

export function sealSecret({ secretKey }: Key, integrationId: string, secret: string): string {
  return seal(secretKey, purposeOf(integrationId), secret);
}

export function openSecret({ secretKey }: Key, { id, secret }: IntegrationRow): string {
  return unseal(secretKey, purposeOf(id), secret);
}

/** What a message may be signed with now: the secret, and for a while the one before. `wall`: epoch seconds. */
export function validSecrets(key: Key, row: IntegrationRow, wall: number): string[] {
  const secrets = [openSecret(key, row)];
  if (row.previousSecret !== null && (row.previousSecretUntil ?? 0) > wall) {
    secrets.push(openSecret(key, { ...row, secret: row.previousSecret }));
  }
  return secrets;
}

function purposeOf(integrationId: string): string {
  return `integration:${integrationId}`;
}
