/** Secrets of integrations: hidden before they are stored, and which of them are valid. */

import { seal, unseal } from '../../auth/sealed.ts';
import type { Services } from '../../context.ts';
import type { IntegrationRow } from './store.ts';

type Key = Pick<Services, 'secretKey'>;

export function sealSecret({ secretKey }: Key, integrationId: string, secret: string): string {
  return seal(secretKey, purposeOf(integrationId), secret);
}

export function openSecret({ secretKey }: Key, { id, secret }: IntegrationRow): string {
  return unseal(secretKey, purposeOf(id), secret);
}

/**
 * What a message may be signed with now: the secret, and for a while the one before. `wall`: epoch seconds. One that was
 * sealed with another TIERDESK_SECRET_KEY proves nothing: the integration must be given a new one.
 */
export function validSecrets(key: Key, row: IntegrationRow, wall: number): string[] {
  const sealed = [row.secret];
  if (row.previousSecret !== null && (row.previousSecretUntil ?? 0) > wall) sealed.push(row.previousSecret);
  return sealed.flatMap((secret) => {
    try {
      return [openSecret(key, { ...row, secret })];
    } catch {
      return [];
    }
  });
}

function purposeOf(integrationId: string): string {
  return `integration:${integrationId}`;
}
