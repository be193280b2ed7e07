/** GraphQL lines of the webhooks domain. */

import { connection, type Field, mutation, query } from '../../doors/graphql/field.ts';
import { createWebhook, updateWebhook, webhookResource } from './operations.ts';
import { replayWebhook, rotateWebhookSecret, testWebhook } from './verbs.ts';

export const webhookLines: Field[] = [
  mutation(createWebhook, 'webhook'),
  connection(webhookResource.list, 'webhooks'),
  query(webhookResource.get, 'webhook'),
  mutation(updateWebhook, 'webhook'),
  mutation(webhookResource.remove, 'deleted'),
  mutation(rotateWebhookSecret, 'webhook'),
  mutation(testWebhook, 'delivery'),
  mutation(replayWebhook, 'webhook'),
];
