/** What a webhook is sent of an event: the body, by its template or as it is, and how it is signed. */

import { newSigningSecret, seal, unseal } from '../../auth/sealed.ts';
import type { Services, Workspace } from '../../context.ts';
import type { Instant } from '../../rules/calendar.ts';
import { keyIn, signedWith } from '../deliveries/signing.ts';
import { ROBOT_TEMPLATES, signedForRobot } from './robots.ts';
import type { WebhookRow } from './store.ts';
import { render, TemplateError } from './template.ts';

/** Each of its secrets is sealed for itself. */
const purposeOf = (id: string) => `webhook:${id}`;

/** A new secret as its owner sees it, and as it is stored. */
export function newSecret(secretKey: Buffer, webhookId: string): { secret: string; sealed: string } {
  const secret = newSigningSecret();
  return { secret, sealed: seal(secretKey, purposeOf(webhookId), secret) };
}

export function sealRobotSecret(secretKey: Buffer, webhookId: string, secret: string): string {
  return seal(secretKey, purposeOf(webhookId), secret);
}

/** TIERDESK_SECRET_KEY is another one than when the secret was sealed. */
export class UnreadableSecret extends Error {
  override name = 'secret';
}

function openSecret(secretKey: Buffer, webhookId: string, sealed: string): string {
  try {
    return unseal(secretKey, purposeOf(webhookId), sealed);
  } catch {
    throw new UnreadableSecret('It was sealed with another TIERDESK_SECRET_KEY. Give the webhook a new one.');
  }
}

export type BodyFields = Pick<WebhookRow, 'robot' | 'template' | 'contentType'>;

/** The body of an event as the feed shows it. Throws TemplateError. */
export function bodyOf({ robot, template, contentType }: BodyFields, event: object, workspace: Workspace): string {
  const text = template ?? (robot === null ? null : ROBOT_TEMPLATES[robot]);
  if (text === null) return JSON.stringify(event);
  const { id, name } = workspace;
  const body = render(text, contentType, { event, workspace: { id, name } });
  if (robot !== null && !body.startsWith('{')) throw new TemplateError('A robot expects a JSON object.');
  return body;
}

export interface Outgoing {
  url: string;
  headers: Record<string, string>;
  body: string;
}

/**
 * One attempt to tell a webhook of an event; `now` is the workspace's time. The event's id is the webhook-id: the same
 * with every attempt and every replay, so that a receiver can tell what it has handled. Throws TemplateError and UnreadableSecret.
 */
export function messageOf(
  { secretKey, wallClock }: Pick<Services, 'secretKey' | 'wallClock'>,
  webhook: WebhookRow,
  event: { id: string },
  { now, workspace }: { now: Instant; workspace: Workspace },
): Outgoing {
  const open = (sealed: string) => openSecret(secretKey, webhook.id, sealed);
  const ms = wallClock();
  let outgoing = { url: webhook.url, body: bodyOf(webhook, event, workspace) };
  if (webhook.robot !== null && webhook.robotSecret !== null) {
    outgoing = signedForRobot(webhook.robot, open(webhook.robotSecret), { ...outgoing, ms });
  }
  const both = webhook.previousUntil !== null && now < webhook.previousUntil;
  const secrets = [webhook.secret, ...(both ? [webhook.previousSecret!] : [])].map(open);
  // A receiver compares the timestamp with its own clock, so it is the wall's in a test workspace, too.
  const signed = signedWith(secrets.map(keyIn), { id: event.id, seconds: Math.floor(ms / 1000), body: outgoing.body });
  const contentType = webhook.contentType === 'text/plain' ? 'text/plain; charset=utf-8' : webhook.contentType;
  return { ...outgoing, headers: { 'content-type': contentType, ...signed } };
}
