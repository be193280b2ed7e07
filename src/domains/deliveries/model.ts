/** Words of the deliveries domain: what is sent to addresses outside. */

import { z } from 'zod';
import { zId, zIsoInstant, zPage, zPaging, zStamps } from '../model.ts';

export const zDeliveryState = z
  .enum(['pending', 'delivered', 'failed'])
  .meta({ id: 'DeliveryState', description: 'pending: an attempt is to come. failed: given up.' });

const instant = (words: string) => zIsoInstant.nullable().describe(words);

export const Delivery = z
  .object({
    id: zId('delivery').describe(
      'TypeID. Of a step of escalation it is sent as webhook-id, the same with every attempt; of a webhook that is the id of the event.',
    ),
    ticketId: z
      .string()
      .nullable()
      .meta({ scalar: 'ID' })
      .describe('The ticket whose escalation it is a step of; null for a webhook.'),
    webhookId: z
      .string()
      .nullable()
      .meta({ scalar: 'ID' })
      .describe('The webhook that is told; null for a step of escalation.'),
    url: z.string().describe('Where it goes.'),
    eventId: zId('event').describe('The event of the feed that it tells.'),
    eventType: z.string().describe('Its type, as in clock.escalated.'),
    body: z
      .record(z.string(), z.unknown())
      .nullable()
      .meta({ scalar: 'JSON' })
      .describe(
        'What is told: the event as in the feed; of a step of escalation without sequence and recordedAt. What a template makes of it is not kept. Null when the event is gone, and in the answer to a test.',
      ),
    state: zDeliveryState.describe('How it stands.'),
    attempts: z.int().describe('Attempts made, since it was last retried by hand.'),
    nextAttemptAt: instant('When it is tried next; null once it is delivered or given up.'),
    lastAttemptAt: instant('When it was tried last; null before the first time.'),
    lastStatus: z.int().nullable().describe('HTTP status of the last answer; null when none came.'),
    lastError: z
      .string()
      .nullable()
      .describe(
        'Why the last attempt failed: a reason of ours, or the beginning of the answer, up to 1 kB. Null when it did not.',
      ),
    deliveredAt: instant('When the receiver answered 2xx; null before.'),
    ...zStamps,
  })
  .meta({ id: 'Delivery', description: 'An event on its way to an address outside.' });

export const zDeliveryId = { deliveryId: zId('delivery').describe('Id of the delivery.') };

export const listDeliveryFields = {
  ...zPaging,
  state: zDeliveryState.optional().describe('Those that stand so.'),
  ticketId: zId('ticket').optional().describe('Steps of escalation of this ticket.'),
  webhookId: zId('webhook').optional().describe('To this webhook, also when it was deleted since.'),
};

export const DeliveryPage = zPage(Delivery);

export const SigningSecret = z
  .object({ secret: z.string().describe('whsec_… as the libraries of Standard Webhooks take it.') })
  .meta({ id: 'SigningSecret', description: 'What deliveries of this workspace are signed with.' });
