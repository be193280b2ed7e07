/** REST lines of the webhooks domain. */

import { type Route, route } from '../../doors/rest/route.ts';
import { createWebhook, updateWebhook, webhookResource } from './operations.ts';
import { replayWebhook, rotateWebhookSecret, testWebhook } from './verbs.ts';

export const webhookRoutes: Route[] = [
  route('POST /webhooks', createWebhook),
  route('GET /webhooks', webhookResource.list),
  route('GET /webhooks/:webhookId', webhookResource.get),
  route('PATCH /webhooks/:webhookId', updateWebhook),
  route('DELETE /webhooks/:webhookId', webhookResource.remove),
  route('POST /webhooks/:webhookId/rotate-secret', rotateWebhookSecret),
  route('POST /webhooks/:webhookId/test', testWebhook),
  route('POST /webhooks/:webhookId/replay', replayWebhook),
];
