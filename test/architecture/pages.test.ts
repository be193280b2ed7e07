/** The pages for people need no key and load nothing from elsewhere; the token endpoint speaks its own protocol. */

import { getIntrospectionQuery } from 'graphql';
import { test } from 'tap';
import { openTestDesk } from '../support/desk.ts';

test('pages need no key, and their policy names no other host', async (t) => {
  const { inject } = await openTestDesk(t);
  for (const url of ['/docs/', '/graphiql', '/problems', '/problems/not_found']) {
    const { statusCode, headers, body } = await inject({ method: 'GET', url });
    t.equal(statusCode, 200, url);
    t.match(headers['content-type'], /^text\/html/);
    const policy = String(headers['content-security-policy']);
    t.match(policy, /^default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'/);
    t.notMatch(policy, /https?:|\*|'unsafe-eval'|script-src[^;]*'unsafe-inline'/, `the policy of ${url}`);
    t.notMatch(body, /(src|href)="?(https?:)?\/\//, `${url} names no other host`);
    for (const [, asset] of body.matchAll(/(?:src|href)="([\w./-]+)"/g)) {
      const { pathname } = new URL(asset!, `http://desk${url}`);
      const loaded = await inject({ method: 'GET', url: pathname });
      t.equal(loaded.statusCode, 200, pathname);
      t.ok(loaded.body.length > 0);
    }
  }
});

test('the contract is served as YAML and JSON', async (t) => {
  const { inject } = await openTestDesk(t);
  t.equal((await inject({ method: 'GET', url: '/openapi.json' })).json().openapi, '3.1.1');
  t.match((await inject({ method: 'GET', url: '/openapi.yaml' })).body, /^openapi: 3\.1\.1\n/);
});

test('a client gets a token by Basic or by form, and refusals are those of RFC 6749', async (t) => {
  const desk = await openTestDesk(t);
  const { body: client } = await desk.rest('POST /v1/clients', { name: 'ERP', role: 'integration' });
  const ask = (form: Record<string, string>, headers: Record<string, string> = {}) =>
    desk.inject({
      method: 'POST',
      url: '/v1/oauth/token',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      payload: new URLSearchParams(form).toString(),
    });
  const basic = `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}`;
  const granted = await ask({ grant_type: 'client_credentials', scope: 'tickets:read' }, { authorization: basic });
  t.match(granted, { statusCode: 200, headers: { 'cache-control': 'no-store' } });
  t.match(granted.json(), { token_type: 'Bearer', scope: 'tickets:read' });
  const me = await desk.withKey(granted.json().access_token).rest('GET /v1/me');
  t.match(me, { status: 200, body: { type: 'client', id: client.id, scopes: ['tickets:read'] } });
  const byForm = await ask({
    grant_type: 'client_credentials',
    client_id: client.id,
    client_secret: client.secret,
  });
  t.equal(byForm.statusCode, 200);

  const wrong = await ask({ grant_type: 'client_credentials', client_id: client.id, client_secret: 'no' });
  t.match(wrong, { statusCode: 401, headers: { 'cache-control': 'no-store', 'www-authenticate': /^Basic/ } });
  t.equal(wrong.json().error, 'invalid_client');
  t.equal((await ask({ grant_type: 'password' })).json().error, 'unsupported_grant_type');
  const json = await ask({}, { 'content-type': 'application/json' });
  t.match(json, { statusCode: 400 });
  t.equal(json.json().error, 'invalid_request');
  const got = await desk.inject({ method: 'GET', url: '/v1/oauth/token' });
  t.match(got, { statusCode: 405, headers: { allow: 'POST' } });
});

test('a form is read at the token endpoint alone', async (t) => {
  const desk = await openTestDesk(t);
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  t.equal((await desk.rest('POST /v1/teams', 'name=A', headers)).status, 415);
});

test('the schema can be asked for, as GraphiQL does at its start', async (t) => {
  const desk = await openTestDesk(t);
  const query = getIntrospectionQuery({
    schemaDescription: true,
    specifiedByUrl: true,
    directiveIsRepeatable: true,
    inputValueDeprecation: true,
  });
  const answer = await desk.graphql(query);
  t.equal(answer.status, 200, JSON.stringify(answer.body.errors));
  t.ok(answer.body.data?.__schema);
});
