/** Verbs of the deliveries domain: see what was sent and how it went, send it again, and know our signature. */

import { z } from 'zod';
import { Changes } from '../../changes.ts';
import { equals, readPage } from '../../db/page.ts';
import { deliveries } from '../../db/tables/escalation.ts';
import { AppError, notFound } from '../../errors.ts';
import { read, write } from '../../operation.ts';
import { Delivery, DeliveryPage, listDeliveryFields, SigningSecret, zDeliveryId } from './model.ts';
import { signingSecret } from './signing.ts';
import { deliveryView, findDelivery } from './store.ts';

export const listDeliveries = read({
  name: 'listDeliveries',
  summary: 'List deliveries to addresses outside, newest first',
  description:
    'Made by steps of escalation with a webhook. Sent by POST with the headers of Standard Webhooks, at least once: a receiver that got a webhook-id already answers 2xx and does nothing. 2xx within 15 seconds is a delivery; anything else is tried again, ten times in about 75 hours, 410 and an address that is not public excepted. Retry-After is honoured, redirects are not followed.',
  scope: 'workspace:read',
  input: z.strictObject(listDeliveryFields),
  output: DeliveryPage,
  async run(ctx, { state, ticketId, limit, cursor }) {
    return readPage(
      {
        db: ctx.db,
        name: 'list:deliveries',
        table: deliveries,
        workspaceId: ctx.workspace.workspaceId,
        filters: [equals('state', deliveries.state, state), equals('ticket', deliveries.ticketId, ticketId)],
        order: { name: 'createdAt', column: deliveries.createdAt, descending: true },
        tieBreak: deliveries.id,
        limit,
        cursor,
      },
      deliveryView,
    );
  },
});

export const retryDelivery = write({
  name: 'retryDelivery',
  summary: 'Send a delivery at once, and if need be ten times more',
  description: 'For one that was given up, or that waits for its next attempt. What was delivered is not sent again.',
  scope: 'workspace:write',
  input: z.strictObject(zDeliveryId),
  output: Delivery,
  async run(ctx, { deliveryId }) {
    const before = await findDelivery(ctx.db, ctx.workspace.workspaceId, deliveryId);
    if (before === undefined) throw notFound('delivery');
    if (before.state === 'delivered') throw new AppError('invalid_transition', 'It was delivered.');
    const changes = new Changes(ctx.now);
    const after = changes.update(deliveries, before, { state: 'pending', attempts: 0, nextAttemptAt: ctx.now });
    changes.event('delivery.retried', after.id, { ticketId: after.ticketId, url: after.url });
    return { result: deliveryView(after), changes };
  },
});

export const getSigningSecret = read({
  name: 'getSigningSecret',
  summary: 'Get the secret that deliveries of this workspace are signed with',
  description:
    'webhook-signature is v1 and the HMAC-SHA256 of webhook-id.webhook-timestamp.body. The secret is the same for every address and changes with TIERDESK_SECRET_KEY.',
  scope: 'keys:read',
  input: z.strictObject({}),
  output: SigningSecret,
  async run(ctx) {
    return { secret: signingSecret(ctx.services.secretKey, ctx.workspace.id) };
  },
});
