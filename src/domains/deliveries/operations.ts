/** Verbs of the deliveries domain: see what was sent and how it went, send it again, and know our signature. */

import { z } from 'zod';
import { Changes } from '../../changes.ts';
import { cursorsOf, equals, handPageCursors, readPage } from '../../db/page.ts';
import { deliveries } from '../../db/tables/escalation.ts';
import { AppError, notFound } from '../../errors.ts';
import { read, write } from '../../operation.ts';
import { Delivery, DeliveryPage, listDeliveryFields, SigningSecret, zDeliveryId } from './model.ts';
import { signingSecret } from './signing.ts';
import { deliveryView, findDelivery, findEventsOf } from './store.ts';

export const listDeliveries = read({
  name: 'listDeliveries',
  summary: 'List deliveries to addresses outside, newest first',
  description:
    'Made by webhooks, and by steps of escalation with an address. Those that were delivered are kept 30 days, those that were given up 90. Sent by POST with the headers of Standard Webhooks, at least once: a receiver that got a webhook-id already answers 2xx and does nothing. 2xx within 15 seconds is a delivery; anything else is tried again, ten times in about 75 hours, 410 and an address that is not public excepted. Retry-After is honoured, redirects are not followed. Needs workspace:write: an address may hold a key, and a body any event.',
  scope: 'workspace:write',
  input: z.strictObject(listDeliveryFields),
  output: DeliveryPage,
  async run(ctx, { state, ticketId, webhookId, limit, cursor }) {
    const { workspaceId } = ctx.workspace;
    const page = await readPage(
      {
        db: ctx.db,
        name: 'list:deliveries',
        table: deliveries,
        workspaceId,
        filters: [
          equals('state', deliveries.state, state),
          equals('ticket', deliveries.ticketId, ticketId),
          equals('webhook', deliveries.webhookId, webhookId),
        ],
        order: { name: 'createdAt', column: deliveries.createdAt, descending: true },
        tieBreak: deliveries.id,
        limit,
        cursor,
      },
      (row) => row,
    );
    const events = await findEventsOf(ctx.db, workspaceId, page.data);
    const shown = { ...page, data: page.data.map((row) => deliveryView(row, events.get(row.eventId) ?? null)) };
    handPageCursors(shown, cursorsOf(page)!);
    return shown;
  },
});

export const retryDelivery = write({
  name: 'retryDelivery',
  summary: 'Send a delivery at once, and if need be ten times more',
  description:
    'For one that was given up, or that waits for its next attempt. What was delivered is not sent again; a webhook that is switched off is sent it once it is on again.',
  scope: 'workspace:write',
  input: z.strictObject(zDeliveryId),
  output: Delivery,
  async run(ctx, { deliveryId }) {
    const before = await findDelivery(ctx.db, ctx.workspace.workspaceId, deliveryId);
    if (before === undefined) throw notFound('delivery');
    if (before.state === 'delivered') throw new AppError('invalid_transition', 'It was delivered.');
    const changes = new Changes(ctx.now);
    const after = changes.update(deliveries, before, { state: 'pending', attempts: 0, nextAttemptAt: ctx.now });
    const { ticketId, webhookId, url } = after;
    changes.event('delivery.retried', after.id, webhookId === null ? { ticketId, url } : { webhookId });
    const events = await findEventsOf(ctx.db, ctx.workspace.workspaceId, [after]);
    return { result: deliveryView(after, events.get(after.eventId) ?? null), changes };
  },
});

export const getSigningSecret = read({
  name: 'getSigningSecret',
  summary: 'Get the secret that steps of escalation of this workspace are signed with',
  description:
    'A webhook has one of its own. webhook-signature is v1 and the HMAC-SHA256 of webhook-id.webhook-timestamp.body. The secret is the same for every address and changes with TIERDESK_SECRET_KEY.',
  scope: 'keys:read',
  input: z.strictObject({}),
  output: SigningSecret,
  async run(ctx) {
    return { secret: signingSecret(ctx.services.secretKey, ctx.workspace.id) };
  },
});
