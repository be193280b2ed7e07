/** The feed as a stream: what comes while one listens, and what came before one reconnects. */

import type { AddressInfo } from 'node:net';
import { test } from 'tap';
import { openTestDesk, type TestDesk } from '../support/desk.ts';

interface Sent {
  id: string;
  event: string;
  data: { type: string; data: { team: { name: string } } };
}

/** Reads events of a stream until it has as many as asked for. */
async function listen(
  url: string,
  key: string,
  count: number,
  started: () => Promise<unknown>,
  last = '',
): Promise<Sent[]> {
  const leaving = new AbortController();
  const answer = await fetch(url, {
    headers: { authorization: `Bearer ${key}`, ...(last === '' ? {} : { 'last-event-id': last }) },
    signal: leaving.signal,
  });
  if (!answer.ok) throw new Error(await answer.text());
  void started();
  const seen: Sent[] = [];
  let text = '';
  for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const fields = Object.fromEntries(
        text
          .slice(0, end)
          .split('\n')
          .map((line) => line.split(/: (.*)/s)),
      );
      text = text.slice(end + 2);
      if (fields['id'] !== undefined)
        seen.push({ id: fields['id'], event: fields['event'], data: JSON.parse(fields['data']) });
      if (seen.length === count) {
        leaving.abort();
        return seen;
      }
    }
  }
  return seen;
}

async function listening(desk: TestDesk): Promise<string> {
  await desk.server.listen({ port: 0, host: '127.0.0.1' });
  return `http://127.0.0.1:${(desk.server.server.address() as AddressInfo).port}`;
}

test('a stream tells what happens from now on; with Last-Event-ID what happened since', async (t) => {
  const desk = await openTestDesk(t);
  const address = await listening(desk);
  const make = (name: string) => desk.rest('POST /v1/teams', { name });
  await make('before');
  // Waits until the feed has come that far: another file's transaction may hold it back.
  await desk.rest('GET /v1/events?limit=1');
  const live = await listen(`${address}/v1/events/stream?type=team.created`, desk.key, 2, async () => {
    await make('one');
    await make('two');
  });
  t.strictSame(
    live.map(({ event, data }) => [event, data.data.team.name]),
    [
      ['team.created', 'one'],
      ['team.created', 'two'],
    ],
  );
  const since = await listen(`${address}/v1/events/stream`, desk.key, 1, async () => undefined, live[0]!.id);
  t.strictSame(
    since.map(({ id }) => id),
    [live[1]!.id],
  );
});

test('a stream is refused as any request is', async (t) => {
  const desk = await openTestDesk(t);
  t.equal((await desk.rest('GET /v1/events/stream?after=nonsense')).body.code, 'invalid_cursor');
  t.equal((await desk.rest('GET /v1/events/stream?nonsense=1')).status, 400);
  t.equal((await (await desk.as('agent', [])).rest('GET /v1/events/stream')).status, 403);
});

test('a GraphQL subscription tells the same, over SSE', async (t) => {
  const desk = await openTestDesk(t);
  const address = await listening(desk);
  const leaving = new AbortController();
  const ask = (query: string) =>
    fetch(`${address}/graphql/stream`, {
      method: 'POST',
      headers: { authorization: `Bearer ${desk.key}`, 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query }),
      signal: leaving.signal,
    });
  t.equal((await ask('{ me { name } }')).status, 400, 'only subscriptions are streamed');
  t.equal((await ask('subscription { nothing }')).status, 400);
  t.match(await desk.graphql('subscription { event { id } }'), {
    status: 400,
    body: {
      errors: [{ message: 'Subscriptions are streamed at /graphql/stream.', extensions: { code: 'bad_request' } }],
    },
  });
  const answer = await ask('subscription { event(type: ["team.created"]) { type subject data } }');
  void desk.rest('POST /v1/teams', { name: 'one' });
  let text = '';
  for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.includes('team.created')) break;
  }
  leaving.abort();
  t.match(text, /event: next\ndata: .*"type":"team.created"/);
});
