/** A TCP proxy before the database that can be cut, mended and held: the database goes away for one test alone. */

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Proxy {
  /** The database's URL, through here. */
  url: string;
  /** Ends every connection and refuses new ones. */
  cut(): void;
  /** Lets bytes wait: connections stay, nothing passes. */
  hold(): void;
  /** Everything passes again. */
  mend(): void;
}

interface TestScope {
  teardown(end: () => unknown): unknown;
}

export async function openProxy(t: TestScope, databaseUrl: string): Promise<Proxy> {
  const target = new URL(databaseUrl);
  const pairs = new Set<[Socket, Socket]>();
  let state: 'open' | 'held' | 'cut' = 'open';
  const server = createServer((near) => {
    if (state === 'cut') {
      near.resetAndDestroy();
      return;
    }
    const far = connect(Number(target.port || 5432), target.hostname);
    const pair: [Socket, Socket] = [near, far];
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const [from, to] of [pair, [far, near] as const]) {
      from.setNoDelay(true);
      from.on('data', (bytes: Buffer) => void to.write(bytes));
      from.on('error', end).on('close', end);
    }
    if (state === 'held') for (const socket of pair) socket.pause();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const set = (next: typeof state) => {
    state = next;
    for (const pair of pairs) {
      for (const socket of pair) {
        if (next === 'cut') socket.destroy();
        else if (next === 'held') socket.pause();
        else socket.resume();
      }
    }
  };
  t.teardown(() => {
    set('cut');
    server.close();
  });
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return { url: url.href, cut: () => set('cut'), hold: () => set('held'), mend: () => set('open') };
}
