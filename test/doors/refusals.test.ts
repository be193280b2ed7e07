/** What the REST door says of requests that are not quite right, and the headers that every answer has. */

import { test } from 'tap';
import { openTestDesk } from '../support/desk.ts';

test('a wrong parameter is named by its path', async (t) => {
  const { rest } = await openTestDesk(t);
  for (const [query, path, message] of [
    ['colour=red', 'colour', 'Unknown query parameter colour.'],
    ['limit=1&limit=2', 'limit', 'The parameter limit is given twice.'],
    ['include=father', 'include', 'A Ticket has no related father.'],
  ] as const) {
    const answer = await rest(`GET /v1/tickets?${query}`);
    t.match(answer, { status: 400, body: { code: 'unknown_parameter', errors: [{ path, message }] } }, query);
  }
  t.equal((await rest('GET /v1/tickets?include=')).status, 200, 'nothing included is no error');
  t.match((await rest('POST /v1/teams?colour=red', { name: 'A' })).body.errors, [{ path: 'colour' }]);
});

test('what cannot be an id in a path is not found, whatever is wrong with it', async (t) => {
  const { rest } = await openTestDesk(t);
  for (const id of ['abc', '%00', 'cus_01k9zv3m5qe8w9y2f4h6j8m0n1']) {
    t.match(await rest(`GET /v1/tickets/${id}`), { status: 404, body: { code: 'not_found' } }, id);
    t.match(await rest(`POST /v1/tickets/${id}/solve`), { status: 404, body: { code: 'not_found' } }, id);
  }
});

test('a body that is not JSON is told to be none', async (t) => {
  const desk = await openTestDesk(t);
  for (const payload of ['{"name":', '{"__proto__": {}}']) {
    const headers = { authorization: `Bearer ${desk.key}`, 'content-type': 'application/json' };
    const answer = await desk.inject({ method: 'POST', url: '/v1/teams', headers, payload });
    t.match(answer.json(), { status: 400, code: 'bad_request', detail: 'The body is not JSON.' });
  }
});

test('no answer with data is kept by anybody on the way', async (t) => {
  const { rest, graphql } = await openTestDesk(t);
  for (const answer of [await rest('GET /v1/me'), await rest('GET /v1/nothing'), await graphql('{ me { id } }')]) {
    if (answer.status === 200) t.equal(answer.headers['cache-control'], 'no-store');
  }
});

test('the limits of me are those of this desk', async (t) => {
  const { rest } = await openTestDesk(t, { BODY_LIMIT_BYTES: '2048' });
  t.strictSame((await rest('GET /v1/me')).body.limits, { bodyBytes: 2048, pageItems: 200 });
  t.equal((await rest('POST /v1/teams', { name: 'x'.repeat(3000) })).status, 413);
});
