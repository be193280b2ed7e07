/** Verbs of the webhooks domain: who is told, made, changed and switched off and on. */

import { z } from 'zod';
import { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { webhookCursors, webhooks } from '../../db/tables/webhooks.ts';
import { AppError, invalid } from '../../errors.ts';
import { newId } from '../../ids.ts';
import { write } from '../../operation.ts';
import { patchOf } from '../model.ts';
import { changedNames } from '../patch.ts';
import { resource } from '../resource.ts';
import { type BodyFields, bodyOf, newSecret, sealRobotSecret } from './message.ts';
import { Webhook, webhookFields, zWebhookId } from './model.ts';
import { SIGNING_ROBOTS } from './robots.ts';
import {
  countWebhooks,
  cursorAtEnd,
  getCursor,
  getWebhook,
  type WebhookRow,
  webhookFacts,
  webhookView,
} from './store.ts';
import { TemplateError } from './template.ts';

/** Every event is looked at for each of them. */
const MOST_WEBHOOKS = 50;

const TOLD =
  'Events are posted at least once, with the headers of Standard Webhooks: webhook-id is the id of the event, the same with every attempt and replay, so who has handled it answers 2xx and does nothing. Order is not promised: sort by sequence, compared as text. 2xx within 15 seconds is a delivery; anything else is tried again, ten times in about 75 hours. Answer first and work later: who takes longer than two seconds is sent one at a time. 410 switches the webhook off at once; so does a delivery that was given up when nothing else was taken meanwhile; the feed says webhook.disabled.';

const EXAMPLE = {
  name: 'CRM',
  url: 'https://crm.example.com/tierdesk',
  eventTypes: ['customer.tierChanged', 'survey.answered'],
};

/** The everyday ones; what makes and changes it has secrets to keep and stands below. */
export const webhookResource = resource({
  kind: 'webhook',
  table: webhooks,
  model: Webhook,
  fields: webhookFields,
  // An address may hold a key, so who may read the settings does not see it.
  scopes: { read: 'workspace:write', write: 'workspace:write' },
  example: EXAMPLE,
  view: (row) => webhookView(row),
  async remove(ctx, before, changes) {
    changes.delete(webhookCursors, await getCursor(ctx.db, ctx.workspace.workspaceId, before['id'] as string));
  },
});

export const createWebhook = write({
  name: 'createWebhook',
  summary: 'Have events posted to an address; its secret is shown in this answer alone',
  description: `It is told of what happens from now on. ${TOLD}`,
  scope: 'workspace:write',
  input: z.strictObject(webhookFields),
  output: Webhook,
  status: 201,
  idempotency: 'secret',
  secrets: ['secret'],
  example: EXAMPLE,
  async run(ctx, { robotSecret, ...input }) {
    const { workspaceId, mode } = ctx.workspace;
    const { secretKey, epoch } = ctx.services;
    if ((await countWebhooks(ctx.db, workspaceId)) >= MOST_WEBHOOKS) {
      throw new AppError('invalid_transition', `A workspace has at most ${MOST_WEBHOOKS} webhooks; delete one first.`);
    }
    requireSense(ctx, input, robotSecret !== null);
    const id = newId('webhook');
    const { secret, sealed } = newSecret(secretKey, id);
    const changes = new Changes(ctx.now);
    const row = changes.insert(webhooks, {
      workspaceId,
      id,
      ...input,
      ...standing(input.active, ctx.now),
      robotSecret: robotSecret === null ? null : sealRobotSecret(secretKey, id, robotSecret),
      secret: sealed,
      createdAt: ctx.now,
      updatedAt: ctx.now,
    });
    const at = await cursorAtEnd(ctx.db, epoch);
    changes.insert(webhookCursors, { workspaceId, id, ...at, held: false, live: mode === 'live' });
    changes.event('webhook.created', id, { webhook: webhookFacts(row) });
    return { result: webhookView(row, secret), changes };
  },
});

export const updateWebhook = write({
  name: 'updateWebhook',
  summary: 'Change a webhook, switch it off or on again',
  description:
    'JSON Merge Patch: fields left out stay, null empties a field that may be empty. Switched on again, it is sent what waits and told of what it missed; to skip what it missed, replay it after "end" first: that drops none of the deliveries that are pending already.',
  scope: 'workspace:write',
  input: z.strictObject({ ...zWebhookId, ...(patchOf(webhookFields) as Patch) }),
  output: Webhook,
  example: { active: true },
  async run(ctx, { webhookId, robotSecret, ...patch }) {
    const { workspaceId } = ctx.workspace;
    const before = await getWebhook(ctx.db, workspaceId, webhookId);
    const draft: WebhookRow = { ...before, ...(patch as Partial<WebhookRow>) };
    if (robotSecret !== undefined) {
      const { secretKey } = ctx.services;
      draft.robotSecret = robotSecret === null ? null : sealRobotSecret(secretKey, webhookId, robotSecret);
    }
    if (draft.active !== before.active) Object.assign(draft, standing(draft.active, ctx.now));
    requireSense(ctx, draft, draft.robotSecret !== null);
    const changed = changedNames(before, draft);
    if (changed.length === 0) return { result: webhookView(before), changes: new Changes(ctx.now) };
    const changes = new Changes(ctx.now);
    const row = changes.update(webhooks, before, draft);
    if (row.url !== before.url || (row.active && !before.active)) {
      changes.update(webhookCursors, await getCursor(ctx.db, workspaceId, webhookId), { held: true });
    }
    changes.event('webhook.updated', webhookId, { webhook: webhookFacts(row), changed });
    return { result: webhookView(row), changes };
  },
});

type Patch = { [F in keyof typeof webhookFields]: z.ZodOptional<(typeof webhookFields)[F]> };

/** What says whether it is active; by hand, nobody's failure. */
function standing(active: boolean, now: number) {
  return active
    ? { disabledReason: null, disabledAt: null, failingSince: null }
    : { disabledReason: 'by_hand' as const, disabledAt: now };
}

/** An event to try a template on: its texts hold what breaks JSON when it is not written with care. */
const SAMPLE = {
  id: 'evt_01k9zv3m5qe8w9y2f4h6j8m0n1',
  sequence: 's0000000001-00000000000000005003-019a7fb1-d0b7-73a3-c4bc-4f22246a2150',
  type: 'ticket.created',
  occurredAt: '2026-11-24T10:00:00Z',
  recordedAt: '2026-11-24T10:00:00.000Z',
  actor: 'key_01k9zv3m5qe8w9y2f4h6j8m0n1',
  door: 'rest',
  subject: 'tkt_01k9zv3m5qe8w9y2f4h6j8m0n1',
  data: {
    ticket: { id: 'tkt_01k9zv3m5qe8w9y2f4h6j8m0n1', number: 1, subject: 'A "quoted"\nsubject', tier: 'core' },
    customer: { id: 'cus_01k9zv3m5qe8w9y2f4h6j8m0n1', name: '王女士 "Core"\\\n', tier: 'core' },
  },
};

/** 422 for what does not go together, and for a template that makes nothing of a sample. */
function requireSense(ctx: Ctx, fields: BodyFields, signedForRobot: boolean): void {
  if (signedForRobot && !SIGNING_ROBOTS.includes(fields.robot)) {
    throw invalid('robotSecret', 'Only a dingtalk or feishu robot is signed so.');
  }
  if (fields.robot !== null && fields.contentType !== 'application/json') {
    throw invalid('contentType', 'A robot expects application/json.');
  }
  if (fields.contentType !== 'application/json' && fields.template === null) {
    throw invalid('template', 'An event is JSON: what is sent as text needs a template.', 'required');
  }
  try {
    bodyOf(fields, SAMPLE, ctx.workspace);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    throw invalid('template', error.message, 'invalid_template');
  }
}
