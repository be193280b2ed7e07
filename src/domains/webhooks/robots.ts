/**
 * Robots of group chats (企业微信, 钉钉, 飞书): what they understand, what they sign with, and how they say no. As their
 * public documentation has it: developer.work.weixin.qq.com/document/path/91770, open.dingtalk.com "custom robot
 * access", open.feishu.cn "custom bot usage guide".
 */

import { createHmac } from 'node:crypto';
import type { z } from 'zod';
import type { zRobot } from './model.ts';

export type Robot = z.infer<typeof zRobot>;

/** A line that says what happened, as `text`. */
const LINE = `{%- capture text -%}
{{ workspace.name }}: {{ event.type }}{% if event.data.ticket.number %} #{{ event.data.ticket.number }}{% endif %}
{{ event.subject }} {{ event.occurredAt }}
{%- endcapture -%}`;

const TEXT = `${LINE}{"msgtype":"text","text":{"content":{{ text | json }}}}`;

/** What a robot is told while its webhook has no template of its own. */
export const ROBOT_TEMPLATES: Record<Robot, string> = {
  wecom: TEXT,
  dingtalk: TEXT,
  feishu: `${LINE}{"msg_type":"text","content":{"text":{{ text | json }}}}`,
};

/** Robots that sign; the others are known by the key in their address alone. */
export const SIGNING_ROBOTS: readonly (string | null)[] = ['dingtalk', 'feishu'];

/** What is sent, signed as the robot wants it: DingTalk in the address, Feishu in the body. `ms` is the wall clock. */
export function signedForRobot(
  robot: Robot,
  secret: string,
  { url, body, ms }: { url: string; body: string; ms: number },
): { url: string; body: string } {
  if (robot === 'feishu') {
    const timestamp = String(Math.floor(ms / 1000));
    const sign = createHmac('sha256', `${timestamp}\n${secret}`).digest('base64');
    return { url, body: JSON.stringify({ timestamp, sign, ...(JSON.parse(body) as object) }) };
  }
  const signed = new URL(url);
  signed.searchParams.set('timestamp', String(ms));
  signed.searchParams.set('sign', createHmac('sha256', secret).update(`${ms}\n${secret}`).digest('base64'));
  return { url: signed.href, body };
}

/** Why the robot did not take it, though it answers 200; null when it did. */
export function refusalOf(answer: string): string | null {
  try {
    const { errcode, code } = JSON.parse(answer) as { errcode?: unknown; code?: unknown };
    return Number(errcode ?? code ?? 0) === 0 ? null : answer;
  } catch {
    return null;
  }
}
