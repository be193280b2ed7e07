/** A receiver of webhooks on this machine: keeps what it got, and answers as it is told to. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

export interface Got {
  path: string;
  headers: Record<string, string>;
  body: string;
}

export interface Receiver {
  url: string;
  got: Got[];
  /** Requests without an answer yet, now and at most. */
  open: number;
  most: number;
  /** What it answers; does nothing for ever when it calls nothing. */
  answer(request: IncomingMessage, response: ServerResponse): void;
  /** Takes no connections any more. */
  close(): void;
}

export async function openReceiver(
  t: { teardown(end: () => unknown): unknown },
  answer: Receiver['answer'] = (_request, response) => response.writeHead(204).end(),
): Promise<Receiver> {
  const receiver: Receiver = { url: '', got: [], open: 0, most: 0, answer, close: () => undefined };
  const server: Server = createServer((request, response) => {
    receiver.open += 1;
    receiver.most = Math.max(receiver.most, receiver.open);
    response.on('close', () => {
      receiver.open -= 1;
    });
    const parts: Buffer[] = [];
    request
      .on('data', (part: Buffer) => parts.push(part))
      .on('error', () => undefined)
      .on('end', () => {
        const headers = request.headers as Record<string, string>;
        receiver.got.push({ path: request.url!, headers, body: Buffer.concat(parts).toString() });
        receiver.answer(request, response);
      });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  receiver.close = () => {
    server.closeAllConnections();
    server.close();
  };
  t.teardown(receiver.close);
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return receiver;
}

/** As a receiver checks it, with the library of Standard Webhooks, when its clock shows `atMs`. */
export function verifies({ headers, body }: Got, secret: string, atMs: number): boolean {
  const { now } = Date;
  // The library asks no other clock.
  Date.now = () => atMs;
  try {
    new Webhook(secret).verify(body, headers);
    return true;
  } catch (error) {
    // Once it has verified it, it reads it as JSON, which a text is not.
    return error instanceof SyntaxError;
  } finally {
    Date.now = now;
  }
}
