/** One attempt to deliver, and what comes of it: what is sent is read, sent by `outbound.ts`, and marked under its version. */

import { createHash } from 'node:crypto';
import { Changes } from '../changes.ts';
import type { Workspace } from '../context.ts';
import { deliveries } from '../db/tables/escalation.ts';
import { webhooks } from '../db/tables/webhooks.ts';
import { signedHeaders } from '../domains/deliveries/signing.ts';
import { type DeliveryRow, findDeliveries, findDelivery, findEventsOf } from '../domains/deliveries/store.ts';
import { type EventRow, eventView } from '../domains/events/store.ts';
import { iso } from '../domains/model.ts';
import { messageOf, type Outgoing, UnreadableSecret } from '../domains/webhooks/message.ts';
import { refusalOf } from '../domains/webhooks/robots.ts';
import { findWebhooks, type WebhookRow, webhookFacts } from '../domains/webhooks/store.ts';
import { TemplateError } from '../domains/webhooks/template.ts';
import type { Desk } from '../operation.ts';
import { OutboundError } from '../outbound.ts';
import type { Instant } from '../rules/calendar.ts';
import { type Attempt, GIVEN_UP_AFTER, verdictOf } from '../rules/retry.ts';
import { saveOne } from '../saving.ts';
import { type ClaimedDelivery, type Deliverable, noteFailing, noteTaking, setAside } from './delivery-store.ts';
import { type Outcome, QUICK_MS } from './lanes.ts';

const AUTHOR = { actor: 'courier', door: 'job' };

/** A receiver that has not answered by then has failed. */
export const ATTEMPT_MS = 15_000;
const MOST_ERROR_BYTES = 1000;

/** A delivery with all that sending it rests on. */
export interface Parcel {
  workspace: Workspace;
  row: DeliveryRow;
  /** Null for a step of escalation, and when it was deleted. */
  webhook: WebhookRow | null;
  /** Of a webhook; null when it is gone from the feed. */
  event: EventRow | null;
}

/** What was claimed of one workspace, read in a number of statements that does not grow with it. */
export async function loadParcels(desk: Desk, workspaceId: number, claimed: ClaimedDelivery[]): Promise<Parcel[]> {
  const { db } = desk;
  const [workspace, byId] = await Promise.all([
    desk.workspaceNow(workspaceId),
    findDeliveries(
      db,
      workspaceId,
      claimed.map(({ id }) => id),
    ),
  ]);
  const rows = [...byId.values()].filter(({ state }) => state === 'pending');
  const [hooks, events] = await Promise.all([
    findWebhooks(
      db,
      workspaceId,
      rows.map(({ webhookId }) => webhookId),
    ),
    findEventsOf(db, workspaceId, rows),
  ]);
  return rows.map((row) => ({
    workspace,
    row,
    webhook: hooks.get(row.webhookId ?? '') ?? null,
    event: events.get(row.eventId) ?? null,
  }));
}

/** How an attempt ended. */
interface Sent {
  attempt: Attempt;
  status: number | null;
  error: string | null;
  /** The desk may not call this address. */
  refused?: boolean;
}

/** Makes the attempt and marks it. `asked` is told how the receiver did; nothing when it was not asked. */
export async function deliver(
  desk: Desk,
  parcel: Parcel,
  of: Deliverable,
  asked: (outcome: Outcome) => void,
): Promise<void> {
  const { workspace, row, webhook, event } = parcel;
  const { workspaceId } = workspace;
  const nowOf = () => (of === 'live' ? Math.floor(desk.services.wallClock() / 1000) : of.due);
  if (row.webhookId !== null && webhook?.active !== true) {
    await setAside(desk.db, workspaceId, row.webhookId, nowOf());
    return;
  }
  let sent: Sent;
  if (row.webhookId !== null && event === null) {
    sent = { attempt: { status: null, final: true }, status: null, error: 'The event is gone from the feed.' };
  } else {
    try {
      const outgoing = outgoingOf(desk, parcel, nowOf());
      const began = performance.now();
      sent = await send(desk, outgoing, webhook);
      asked({ quick: performance.now() - began < QUICK_MS, taken: sent.error === null });
    } catch (error) {
      if (!(error instanceof TemplateError || error instanceof UnreadableSecret)) throw error;
      sent = { attempt: { status: null, final: false }, status: null, error: `${error.name}: ${error.message}` };
    }
  }
  await mark(desk, parcel, sent, nowOf());
}

function outgoingOf({ services }: Desk, { workspace, row, webhook, event }: Parcel, now: Instant): Outgoing {
  if (webhook !== null) return messageOf(services, webhook, eventView(event!), { now, workspace });
  const body = JSON.stringify(row.body);
  // A receiver compares the timestamp with its own clock, so it is the wall's in a test workspace, too.
  const seconds = Math.floor(services.wallClock() / 1000);
  const signed = signedHeaders(services.secretKey, workspace.id, { id: row.id, seconds, body });
  return { url: row.url, body, headers: { 'content-type': 'application/json', ...signed } };
}

async function send({ services }: Desk, { url, headers, body }: Outgoing, webhook: WebhookRow | null): Promise<Sent> {
  try {
    const answer = await services.fetch({ method: 'POST', url, headers, body, timeoutMs: ATTEMPT_MS });
    const { status } = answer;
    const words = () => inOneLine(answer.body.subarray(0, MOST_ERROR_BYTES).toString());
    if (status < 300 && webhook?.robot && refusalOf(answer.body.toString())) {
      return { attempt: { status: null, final: false }, status, error: words() };
    }
    const attempt = { status, retryAfter: answer.headers['retry-after'] ?? null };
    return { attempt, status, error: status < 300 ? null : words() };
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error;
    const refused = error.reason === 'private_address' || error.reason === 'invalid_url';
    return {
      attempt: { status: null, final: refused },
      status: null,
      error: `${error.reason}: ${error.message}`,
      refused,
    };
  }
}

/** What a receiver says may be anything; what cannot be shown is a space. */
function inOneLine(text: string): string {
  return text.replaceAll(/[\p{C}\s]+/gu, ' ').trim();
}

const MARKS = 5;

/** Saves what came of it. Who changed the delivery or the webhook meanwhile makes it decide again, not send again. */
async function mark(desk: Desk, parcel: Parcel, sent: Sent, now: Instant): Promise<void> {
  const { workspace, row } = parcel;
  const { workspaceId } = workspace;
  let { webhook } = parcel;
  if (webhook !== null) {
    // Other attempts have ended meanwhile: whether it was failing is asked of the row as it is now.
    const { id } = webhook;
    if (sent.error === null) await noteTaking(desk.db, workspaceId, id, now);
    else {
      await noteFailing(desk.db, workspaceId, id, now);
      webhook = (await findWebhooks(desk.db, workspaceId, [id])).get(id) ?? null;
    }
  }
  let current: DeliveryRow | undefined = row;
  for (let n = 0; n < MARKS && current?.state === 'pending'; n++) {
    const changes = marked(desk, current, webhook, sent, now);
    if (await saveOne(desk, workspace, changes, AUTHOR)) return;
    current = await findDelivery(desk.db, workspaceId, row.id);
    if (webhook !== null) {
      const { id } = webhook;
      webhook = (await findWebhooks(desk.db, workspaceId, [id])).get(id) ?? null;
    }
  }
}

function marked(
  desk: Desk,
  row: DeliveryRow,
  webhook: WebhookRow | null,
  { attempt, status, error, refused = false }: Sent,
  now: Instant,
): Changes {
  const changes = new Changes(now);
  const attempts = row.attempts + 1;
  const spread = spreadOf(`${row.id} ${attempts}`);
  const wallSeconds = Math.floor(desk.services.wallClock() / 1000);
  const verdict = verdictOf(attempt, { made: attempts, now, wallSeconds, spread });
  changes.update(deliveries, row, {
    url: webhook?.url ?? row.url,
    state: verdict.state,
    attempts,
    nextAttemptAt: verdict.state === 'pending' ? verdict.nextAttemptAt : null,
    lastAttemptAt: now,
    lastStatus: status,
    lastError: error,
    deliveredAt: verdict.state === 'delivered' ? now : null,
    leaseUntil: null,
  });
  if (verdict.state !== 'failed') return changes;
  const { id, ticketId, webhookId, url, eventId, eventType } = row;
  const told = { id, eventId, eventType, attempts, lastStatus: status, lastError: error };
  // The address of a webhook may hold a key, and the feed goes to many.
  const facts =
    webhookId === null ? { delivery: { ...told, ticketId, url } } : { webhookId, delivery: { ...told, webhookId } };
  changes.event('delivery.failed', id, facts);
  const reason = webhook?.active ? reasonToDisable(webhook, { status, refused, now }) : null;
  if (webhook !== null && reason !== null) disable(changes, webhook, reason);
  return changes;
}

/** Why a webhook one of whose deliveries was given up is sent nothing any more; null when it still takes others. */
function reasonToDisable(
  { failingSince }: WebhookRow,
  { status, refused, now }: { status: number | null; refused: boolean; now: Instant },
): WebhookRow['disabledReason'] {
  if (status === 410) return 'gone';
  if (refused) return 'refused_address';
  return failingSince !== null && now - failingSince >= GIVEN_UP_AFTER ? 'failing' : null;
}

function disable(changes: Changes, webhook: WebhookRow, reason: WebhookRow['disabledReason']): void {
  const row = changes.update(webhooks, webhook, {
    active: false,
    disabledReason: reason,
    disabledAt: changes.now,
  });
  const since = iso(webhook.failingSince ?? changes.now);
  changes.event('webhook.disabled', webhook.id, { webhook: webhookFacts(row), reason, since });
}

/** From 0 to 1, another one for each attempt of each delivery, the same whoever asks. */
function spreadOf(name: string): number {
  return createHash('sha256').update(name).digest().readUInt32BE() / 2 ** 32;
}
