/** The token of a survey link: the invitation's id under our signature, so that nothing secret is stored. */

import { createHmac, timingSafeEqual } from 'node:crypto';
import { isId } from '../../ids.ts';

/** 26 letters of the id and 128 bits of HMAC-SHA-256, base64url: cannot be guessed, and says nothing. */
export function surveyToken(secretKey: Buffer, invitationId: string): string {
  return `${invitationId.slice('inv_'.length)}${signature(secretKey, invitationId)}`;
}

/** The invitation a token stands for; null unless the signature is ours. Expiry is the invitation's to say. */
export function readSurveyToken(secretKey: Buffer, token: string): string | null {
  const invitationId = `inv_${token.slice(0, 26)}`;
  if (token.length !== 48 || !isId('invitation', invitationId)) return null;
  const given = Buffer.from(token.slice(26));
  const ours = Buffer.from(signature(secretKey, invitationId));
  return given.length === ours.length && timingSafeEqual(given, ours) ? invitationId : null;
}

function signature(secretKey: Buffer, invitationId: string): string {
  return createHmac('sha256', secretKey)
    .update(`survey:${invitationId}`)
    .digest()
    .subarray(0, 16)
    .toString('base64url');
}
