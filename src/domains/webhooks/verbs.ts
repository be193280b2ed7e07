/** Verbs of the webhooks domain, once it is there: a new secret, a test, and telling it again. */

import { z } from 'zod';
import { BOTH_GOOD } from '../../auth/sealed.ts';
import { Changes } from '../../changes.ts';
import type { Ctx } from '../../context.ts';
import { deliveries } from '../../db/tables/escalation.ts';
import { webhookCursors, webhooks } from '../../db/tables/webhooks.ts';
import { AppError, invalid, notFound } from '../../errors.ts';
import { newId } from '../../ids.ts';
import { write } from '../../operation.ts';
import { Delivery } from '../deliveries/model.ts';
import { deliveryView } from '../deliveries/store.ts';
import { decodeSequence, encodeSequence, findEndOfFeed, type Position } from '../events/store.ts';
import { iso } from '../model.ts';
import { newSecret } from './message.ts';
import { replayFields, Webhook, zWebhookId } from './model.ts';
import {
  cursorAt,
  cursorAtEnd,
  findBefore,
  findSince,
  getCursor,
  getWebhook,
  webhookFacts,
  webhookView,
} from './store.ts';

export const rotateWebhookSecret = write({
  name: 'rotateWebhookSecret',
  summary: 'Give a webhook a new secret; it is shown in this answer alone',
  description:
    'For 24 hours every delivery is signed with both: webhook-signature holds a signature of each. Only then can it be changed again.',
  scope: 'workspace:write',
  input: z.strictObject(zWebhookId),
  output: Webhook,
  idempotency: 'secret',
  secrets: ['secret'],
  async run(ctx, { webhookId }) {
    const before = await getWebhook(ctx.db, ctx.workspace.workspaceId, webhookId);
    if (before.previousUntil !== null && ctx.now < before.previousUntil) {
      const until = iso(before.previousUntil);
      throw new AppError('invalid_transition', `The secret before still signs until ${until}; it can be changed then.`);
    }
    const { secret, sealed } = newSecret(ctx.services.secretKey, webhookId);
    const changes = new Changes(ctx.now);
    const row = changes.update(webhooks, before, {
      secret: sealed,
      previousSecret: before.secret,
      previousUntil: ctx.now + BOTH_GOOD,
    });
    changes.event('webhook.secretRotated', webhookId, { webhook: webhookFacts(row) });
    return { result: webhookView(row, secret), changes };
  },
});

export const testWebhook = write({
  name: 'testWebhook',
  summary: 'Send a webhook an event now, to see whether it arrives',
  description:
    'The event is webhook.tested, whatever types it is told of. It goes the way of every delivery, which is answered: look it up to see how it went.',
  scope: 'workspace:write',
  input: z.strictObject(zWebhookId),
  output: Delivery,
  status: 202,
  async run(ctx, { webhookId }) {
    const { workspaceId, mode } = ctx.workspace;
    const webhook = await getWebhook(ctx.db, workspaceId, webhookId);
    if (!webhook.active) throw new AppError('invalid_transition', 'It is switched off: nothing is sent to it.');
    const changes = new Changes(ctx.now);
    const data = { webhook: webhookFacts(webhook) };
    const eventId = changes.event('webhook.tested', webhookId, data);
    const row = changes.insert(deliveries, {
      workspaceId,
      id: newId('delivery'),
      webhookId,
      url: webhook.url,
      host: new URL(webhook.url).host,
      eventId,
      eventType: 'webhook.tested',
      eventEpoch: ctx.services.epoch,
      body: {},
      state: 'pending',
      attempts: 0,
      nextAttemptAt: ctx.now,
      live: mode === 'live',
      createdAt: ctx.now,
      updatedAt: ctx.now,
    });
    return { result: deliveryView(row, null), changes };
  },
});

/** Two who write at once may be recorded the other way round than they stand in the feed. Seconds. */
const SLACK = 60;

export const replayWebhook = write({
  name: 'replayWebhook',
  summary: 'Tell a webhook again of what happened since a point of the feed',
  description:
    'Its place in the feed is set back, and everything after it that it is to be told of is sent again: new deliveries with the webhook-id that each event had before, so a receiver that has handled some of them tells them by that. A few events from before the point may be among them. Also sets it forward to the end of the feed; deliveries that are pending already are sent all the same.',
  scope: 'workspace:write',
  input: z.strictObject(replayFields),
  check: ({ after, since, eventId }) =>
    [after, since, eventId].filter((point) => point !== undefined).length === 1
      ? []
      : [{ path: 'after', message: 'Expected exactly one of after, since and eventId.', code: 'invalid' }],
  output: Webhook,
  example: { since: '2026-11-24T02:00:00Z' },
  async run(ctx, { webhookId, ...point }) {
    const { workspaceId } = ctx.workspace;
    const webhook = await getWebhook(ctx.db, workspaceId, webhookId);
    const cursor = await getCursor(ctx.db, workspaceId, webhookId);
    const changes = new Changes(ctx.now);
    changes.update(webhookCursors, cursor, await placeOf(ctx, point));
    changes.event('webhook.replayed', webhookId, { webhook: webhookFacts(webhook) });
    return { result: webhookView(webhook), changes };
  },
});

interface Point {
  after?: string | undefined;
  since?: number | undefined;
  eventId?: string | undefined;
}

async function placeOf(ctx: Ctx, { after, since, eventId }: Point): Promise<ReturnType<typeof cursorAt>> {
  const { workspaceId, mode } = ctx.workspace;
  if (after === 'end') return cursorAtEnd(ctx.db, ctx.services.epoch);
  // Read before the place is searched: what commits in between may stand before what is found.
  const end = await findEndOfFeed(ctx.db, ctx.services.epoch);
  if (eventId !== undefined) {
    const place = await findBefore(ctx.db, workspaceId, eventId);
    if (place === null) throw notFound('event', 'eventId');
    return cursorAt(isBeyond(place, end) ? end : place);
  }
  if (since !== undefined) {
    const test = mode === 'test';
    const by = test ? 'occurred' : 'recorded';
    const place = await findSince(ctx.db, workspaceId, test ? since : since - SLACK, by);
    return cursorAt(isBeyond(place, end) ? end : place);
  }
  const place = decodeSequence(after!);
  // What would be skipped is lost: nobody has seen that far.
  if (isBeyond(place, end)) throw invalid('after', 'The feed does not go that far yet.', 'ahead');
  return cursorAt(place);
}

/** Older transactions that still run would be skipped at a place beyond the end. */
const isBeyond = (place: Position, end: Position) => encodeSequence(place) > encodeSequence(end);
