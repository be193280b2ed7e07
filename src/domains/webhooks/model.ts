/** Words of the webhooks domain: who outside is told of what happens here. */

import { z } from 'zod';
import { zId, zInstant, zIsoInstant, zStamps, zText } from '../model.ts';

export const zRobot = z.enum(['wecom', 'dingtalk', 'feishu']).meta({
  id: 'Robot',
  description: 'A robot of a group chat: 企业微信 (wecom), 钉钉 (dingtalk) or 飞书 (feishu).',
});

const zContentType = z
  .enum(['application/json', 'text/plain'])
  .meta({ id: 'WebhookContentType', description: 'What the body is sent as. What is sent as JSON must be JSON.' });

const zDisabledReason = z.enum(['by_hand', 'gone', 'refused_address', 'failing']).meta({
  id: 'WebhookDisabledReason',
  description:
    'gone: the receiver answered 410. refused_address: the address is not one the desk may call. failing: a delivery was given up, and nothing had been taken for as long as its ten attempts take.',
});

/** http or https, without user and password. What it stands for is checked with every connection. */
const zWebUrl = z
  .string()
  .trim()
  .max(2000)
  .refine((text) => {
    const url = URL.canParse(text) ? new URL(text) : null;
    return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
  }, 'Expected an http or https URL without user and password.')
  .meta({ examples: ['https://crm.example.com/tierdesk'] });

const zEventPattern = z
  .string()
  .regex(
    /^[a-z][A-Za-z]{0,40}\.(\*|[a-z][A-Za-z]{0,40})$/,
    'Expected a type such as ticket.created, or ticket.* for all of a subject.',
  )
  .meta({ examples: ['customer.tierChanged'] });

export const MOST_TEMPLATE = 10_000;

export const webhookFields = {
  name: zText(100).describe('How people name it.'),
  url: zWebUrl.describe('Where events are posted. Deliveries that wait go to a new one, too.'),
  eventTypes: z
    .array(zEventPattern)
    .max(50)
    .default([])
    .describe(
      'Exact types, or all of a subject as in ticket.*; none: everything. A webhook is never told of itself and its deliveries.',
    ),
  robot: zRobot
    .nullable()
    .default(null)
    .describe('Speaks as this robot wants it: without a template it posts a line of text. Null: any other receiver.'),
  robotSecret: zText(200)
    .nullable()
    .default(null)
    .describe(
      'What a dingtalk or feishu robot is to be signed with (加签, 签名校验). Never shown. Null: it does not sign.',
    ),
  template: z
    .string()
    .min(1)
    .max(MOST_TEMPLATE)
    .nullable()
    .default(null)
    .describe(
      'A Liquid template of the body, over event (as in the feed) and workspace (id and name), as in {"title": {{ event.type | json }}}. Null: the event itself, or what the robot understands.',
    ),
  contentType: zContentType.default('application/json').describe('What the body is sent as.'),
  active: z
    .boolean()
    .default(true)
    .describe(
      'False: nothing is sent, nothing is lost; its place in the feed and what is to be delivered wait. Also how one that was switched off is switched on again.',
    ),
};

export const Webhook = z
  .object({
    id: zId('webhook').describe('TypeID.'),
    name: z.string().describe('How people name it.'),
    url: z.string().describe('Where events are posted.'),
    eventTypes: z.array(z.string()).describe('Exact types, or all of a subject as in ticket.*; none: everything.'),
    robot: zRobot.nullable().describe('The robot it speaks to; null for any other receiver.'),
    robotSigned: z.boolean().describe('Whether it has a secret of the robot to sign with.'),
    template: z.string().nullable().describe('A Liquid template of the body; null without one.'),
    contentType: zContentType.describe('What the body is sent as.'),
    active: z.boolean().describe('Whether it is sent anything.'),
    disabledReason: zDisabledReason.nullable().describe('Why it is not active; null while it is.'),
    disabledAt: zIsoInstant.nullable().describe('Since when it is not active; null while it is.'),
    failingSince: zIsoInstant.nullable().describe('Since when no attempt succeeds; null while they do.'),
    secret: z
      .string()
      .nullable()
      .describe(
        'whsec_… as the libraries of Standard Webhooks take it; only in the answers to its creation and to its rotation.',
      ),
    previousSecretUntil: zIsoInstant
      .nullable()
      .describe('Until then every delivery is also signed with the secret before; null when there is none.'),
    ...zStamps,
  })
  .meta({ id: 'Webhook', description: 'An address outside that is told of events.' });

export const zWebhookId = { webhookId: zId('webhook').describe('Id of the webhook.') };

export const replayFields = {
  ...zWebhookId,
  after: z
    .string()
    .max(200)
    .optional()
    .describe('All after the event of this sequence. end: nothing of the past, whatever it was not told yet.'),
  since: zInstant
    .optional()
    .describe(
      "All recorded since this instant, the end of the feed if it lies ahead; of a test workspace, on the workspace's clock.",
    ),
  eventId: zId('event').optional().describe('This event, what was saved with it, and all after it.'),
};
