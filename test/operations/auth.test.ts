/** Who is let in, as whom, and for how long: keys, the token endpoint, and tokens of other issuers. */

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { eq } from 'drizzle-orm';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { type Test, test } from 'tap';
import type { Issuer } from '../../src/auth/jwt.ts';
import { hashKey, matchesHash, newClientSecret, newKey, parseKey } from '../../src/auth/keys.ts';
import { ROLE_SCOPES, SCOPES } from '../../src/auth/policy.ts';
import { createAuthenticator, type TokenAnswer, type TokenRequest, tokenRequest } from '../../src/auth/token.ts';
import type { Services } from '../../src/context.ts';
import type { Db } from '../../src/db/connect.ts';
import { customers } from '../../src/db/tables/customers.ts';
import { agents, apiKeys, clients, workspaces } from '../../src/db/tables/workspaces.ts';
import { newId } from '../../src/ids.ts';
import { openTestDatabase } from '../support/database.ts';
import { openTestDesk } from '../support/desk.ts';

const START = Date.UTC(2026, 10, 24, 10) / 1000;
const STAMPS = { createdAt: START, updatedAt: START };

interface Clock {
  /** Epoch milliseconds of the wall clock. */
  now: number;
}

function makeServices(clock: Clock): Services {
  return {
    secretKey: randomBytes(32),
    publicUrl: 'http://localhost',
    wallClock: () => clock.now,
    bodyLimitBytes: 1_048_576,
    fetch: () => Promise.reject(new Error('nothing is called')),
    epoch: 1,
    advance: () => Promise.resolve(0),
    tell: () => Promise.resolve(),
  };
}

async function makeWorkspace(db: Db, values: Partial<typeof workspaces.$inferInsert> = {}) {
  const [row] = await db.orm
    .insert(workspaces)
    .values({
      id: newId('workspace'),
      name: 'Desk',
      mode: 'live',
      timeZone: 'UTC',
      language: 'en',
      currency: 'CNY',
      colour: '#336699',
      ...STAMPS,
      ...values,
    })
    .returning();
  return row!;
}

async function makeKey(db: Db, workspaceId: number, values: Partial<typeof apiKeys.$inferInsert> = {}) {
  const { key, hash, hint } = newKey(workspaceId);
  const [row] = await db.orm
    .insert(apiKeys)
    .values({
      workspaceId,
      id: newId('key'),
      name: 'Key',
      role: 'admin',
      scopes: [...SCOPES],
      hash,
      hint,
      ...STAMPS,
      ...values,
    })
    .returning();
  return { ...row!, key };
}

async function makeClient(db: Db, workspaceId: number, values: Partial<typeof clients.$inferInsert> = {}) {
  const { key: secret, hash: secretHash } = newClientSecret();
  const [row] = await db.orm
    .insert(clients)
    .values({
      workspaceId,
      id: newId('client'),
      name: 'Client',
      role: 'integration',
      scopes: ['tickets:read', 'tickets:write', 'keys:write'],
      secretHash,
      ...STAMPS,
      ...values,
    })
    .returning();
  return { ...row!, secret };
}

async function makeAgent(db: Db, workspaceId: number, values: Partial<typeof agents.$inferInsert> = {}) {
  const [row] = await db.orm
    .insert(agents)
    .values({
      workspaceId,
      id: newId('agent'),
      name: 'Li Na',
      email: 'li.na@example.com',
      role: 'agent',
      skills: [],
      languages: [],
      seniorityYears: 0,
      capacity: 10,
      available: true,
      active: true,
      teamIds: [],
      ...STAMPS,
      ...values,
    })
    .returning();
  return row!;
}

async function makeCustomer(db: Db, workspaceId: number) {
  const id = newId('customer');
  await db.orm
    .insert(customers)
    .values({ workspaceId, id, name: 'Acme', profile: {}, tags: [], externalIds: {}, search: '', ...STAMPS });
  return id;
}

/** How many statements the database is asked from now on. */
function countStatements(db: Db): () => number {
  let count = 0;
  const query = db.pool.query;
  db.pool.query = function counted(this: unknown, ...parameters: never[]) {
    count++;
    return Reflect.apply(query, db.pool, parameters);
  } as typeof query;
  return () => count;
}

test('a key can be told from a mistyped one without the database', async (t) => {
  const { key, hash, hint } = newKey(12);
  t.match(key, /^td_12_[0-9A-Za-z]{49}$/);
  t.equal(hash, hashKey(key));
  t.ok(key.endsWith(hint));
  t.same(parseKey(key), { hash });
  t.not(newKey(12).key, key, 'no two keys are alike');
  for (let at = 3; at < key.length; at++) {
    const other = key[at] === '7' ? '8' : '7';
    if (key[at] !== '_') t.equal(parseKey(key.slice(0, at) + other + key.slice(at + 1)), null, `letter ${at} mistyped`);
  }
  t.equal(parseKey(key.slice(0, -1)), null, 'cut off');
  t.equal(parseKey(`${key}0`), null, 'too long');
  t.equal(parseKey(key.toLowerCase()), null, 'in lower case');
});

test('a key of the configuration has any form', async (t) => {
  t.same(parseKey('correct-horse_battery'), { hash: hashKey('correct-horse_battery') });
  t.equal(parseKey('short'), null);
  t.equal(parseKey('a.jwt.of-three-parts'), null);
  t.equal(parseKey('with blanks in between'), null);
});

test('a client secret is compared by its hash', async (t) => {
  const { key, hash } = newClientSecret();
  t.match(key, /^tdc_[0-9A-Za-z]{49}$/);
  t.ok(matchesHash(key, hash));
  t.notOk(matchesHash(`${key}x`, hash));
  t.notOk(matchesHash(key, ''));
});

test('keys', async (t) => {
  const { db } = await openTestDatabase(t);
  const workspace = await makeWorkspace(db);
  const { workspaceId } = workspace;

  /** An authenticator of its own for each test: nothing remembered, its own clock. */
  function open(clock: Clock = { now: START * 1000 }) {
    return createAuthenticator({ db, services: makeServices(clock), issuers: [] });
  }

  t.test('a key opens its workspace, as what it is', async (t) => {
    const agent = await makeAgent(db, workspaceId);
    const key = await makeKey(db, workspaceId, { name: 'CRM', instanceAdmin: true, agentId: agent.id });
    const found = await open().authenticate(`Bearer ${key.key}`);
    t.same(found.workspace, workspace);
    t.match(found.actor, {
      type: 'key',
      id: key.id,
      name: 'CRM',
      role: 'admin',
      agentId: agent.id,
      customerId: null,
      instanceAdmin: true,
    });
    t.same([...found.actor.scopes], SCOPES);
    t.same((await open().authenticate(`bearer  ${key.key}`)).actor.id, key.id, 'the word Bearer has no case');
  });

  t.test('a key given by configuration is accepted by its hash', async (t) => {
    const key = await makeKey(db, workspaceId, { hash: hashKey('my-own-admin-key-0815') });
    t.equal((await open().authenticate('Bearer my-own-admin-key-0815')).actor.id, key.id);
  });

  t.test('a header that is missing or not Bearer is refused', async (t) => {
    const { authenticate } = open();
    for (const header of [undefined, '', 'Bearer', 'Bearer ', 'Basic abc', 'Bearer a b', 'Bearer \u0000']) {
      await t.rejects(authenticate(header), { code: 'unauthenticated' }, String(header));
    }
  });

  t.test('a mistyped key is refused without a statement, an unknown one with one', async (t) => {
    const { authenticate } = open();
    const { key } = newKey(workspaceId);
    const statements = countStatements(db);
    await t.rejects(authenticate(`Bearer ${key.slice(0, -1)}`), { code: 'unauthenticated' });
    t.equal(statements(), 0);
    await t.rejects(authenticate(`Bearer ${key}`), { code: 'unauthenticated', message: 'The key is unknown.' });
    t.equal(statements(), 1);
  });

  t.test('a revoked key and an expired one are refused, and told why', async (t) => {
    const revoked = await makeKey(db, workspaceId, { revokedAt: START - 60 });
    const expired = await makeKey(db, workspaceId, { expiresAt: START });
    const { authenticate } = open();
    await t.rejects(authenticate(`Bearer ${revoked.key}`), {
      code: 'unauthenticated',
      message: 'The key was revoked.',
    });
    await t.rejects(authenticate(`Bearer ${expired.key}`), {
      code: 'unauthenticated',
      message: 'The key has expired.',
    });
  });

  t.test('a key expires to the millisecond, also when it is remembered', async (t) => {
    const clock = { now: START * 1000 + 900 };
    const { authenticate } = open(clock);
    const { key } = await makeKey(db, workspaceId, { expiresAt: START + 1 });
    await authenticate(`Bearer ${key}`);
    clock.now = (START + 1) * 1000;
    await t.rejects(authenticate(`Bearer ${key}`), { code: 'unauthenticated' });
  });

  t.test('the role cuts the scopes of a key', async (t) => {
    const customerId = await makeCustomer(db, workspaceId);
    const key = await makeKey(db, workspaceId, {
      role: 'customer',
      customerId,
      scopes: ['tickets:read', 'keys:write'],
    });
    const { actor } = await open().authenticate(`Bearer ${key.key}`);
    t.same([...actor.scopes], ['tickets:read']);
    t.equal(actor.customerId, customerId);
  });

  t.test("a customer's key without a customer is refused", async (t) => {
    const { key } = await makeKey(db, workspaceId, { role: 'customer' });
    await t.rejects(open().authenticate(`Bearer ${key}`), { code: 'unauthenticated' });
  });

  t.test('a key is remembered for less than a second, and a revoked one refused after it', async (t) => {
    const clock = { now: START * 1000 };
    const { authenticate } = open(clock);
    const { key, id } = await makeKey(db, workspaceId);
    await authenticate(`Bearer ${key}`);
    await db.orm.update(apiKeys).set({ revokedAt: START }).where(eq(apiKeys.id, id));
    const statements = countStatements(db);
    clock.now += 999;
    t.equal((await authenticate(`Bearer ${key}`)).actor.id, id);
    t.equal(statements(), 0);
    clock.now += 1;
    await t.rejects(authenticate(`Bearer ${key}`), { code: 'unauthenticated' });
  });

  t.test('a clock that is set back does not keep a revoked key alive', async (t) => {
    const clock = { now: START * 1000 };
    const { authenticate } = open(clock);
    const { key, id } = await makeKey(db, workspaceId);
    await authenticate(`Bearer ${key}`);
    await db.orm.update(apiKeys).set({ revokedAt: START }).where(eq(apiKeys.id, id));
    clock.now -= 3_600_000;
    await t.rejects(authenticate(`Bearer ${key}`), { code: 'unauthenticated' });
  });

  t.test('forget ends what is remembered of a workspace at once, and of no other', async (t) => {
    const other = await makeWorkspace(db);
    const mine = await makeKey(db, workspaceId);
    const theirs = await makeKey(db, other.workspaceId);
    const { authenticate, forget } = open();
    await Promise.all([authenticate(`Bearer ${mine.key}`), authenticate(`Bearer ${theirs.key}`)]);
    await db.orm.update(apiKeys).set({ revokedAt: START });
    t.teardown(() => db.orm.update(apiKeys).set({ revokedAt: null }));
    forget(workspaceId);
    await t.rejects(authenticate(`Bearer ${mine.key}`), { code: 'unauthenticated' });
    t.equal((await authenticate(`Bearer ${theirs.key}`)).actor.id, theirs.id);
  });

  t.test('a lookup that began before forget is not remembered', async (t) => {
    const { key } = await makeKey(db, workspaceId);
    const { authenticate, forget } = open();
    const early = authenticate(`Bearer ${key}`);
    forget(workspaceId);
    await early;
    const statements = countStatements(db);
    await authenticate(`Bearer ${key}`);
    t.equal(statements(), 1);
  });

  t.test('many callers with one key at once ask the database once', async (t) => {
    const { key, id } = await makeKey(db, workspaceId);
    const { authenticate } = open();
    const statements = countStatements(db);
    const found = await Promise.all(Array.from({ length: 50 }, () => authenticate(`Bearer ${key}`)));
    t.ok(found.every(({ actor }) => actor.id === id));
    t.equal(statements(), 1);
  });

  t.test('the clock of a test workspace is never old', async (t) => {
    const lab = await makeWorkspace(db, { mode: 'test', testNow: START });
    const { key } = await makeKey(db, lab.workspaceId);
    const { authenticate } = open();
    t.equal((await authenticate(`Bearer ${key}`)).workspace.testNow, START);
    const early = authenticate(`Bearer ${key}`);
    await db.orm
      .update(workspaces)
      .set({ testNow: START + 60 })
      .where(eq(workspaces.workspaceId, lab.workspaceId));
    t.equal((await authenticate(`Bearer ${key}`)).workspace.testNow, START + 60);
    await early;
  });

  t.test('last use is written at most once a minute, and moves no version', async (t) => {
    const clock = { now: START * 1000 + 500 };
    const { authenticate, flush } = open(clock);
    const { key, id } = await makeKey(db, workspaceId);
    const read = async () => (await db.orm.select().from(apiKeys).where(eq(apiKeys.id, id)))[0]!;
    await authenticate(`Bearer ${key}`);
    await flush();
    t.match(await read(), { lastUsedAt: START, version: 1, updatedAt: START });
    clock.now += 59_000;
    await authenticate(`Bearer ${key}`);
    await flush();
    t.equal((await read()).lastUsedAt, START);
    clock.now += 1000;
    await authenticate(`Bearer ${key}`);
    await flush();
    t.equal((await read()).lastUsedAt, START + 60);
    clock.now += 60_000;
    await authenticate(`Bearer ${key}`);
    for (let tries = 0; tries < 50 && (await read()).lastUsedAt === START + 60; tries++) await pause(100);
    t.equal((await read()).lastUsedAt, START + 120, 'in the background too');
  });

  t.test('nobody can change what is shared between requests', async (t) => {
    const { key } = await makeKey(db, workspaceId);
    const { workspace, actor } = await open().authenticate(`Bearer ${key}`);
    t.throws(() => Object.assign(workspace, { workspaceId: 0 }));
    t.throws(() => Object.assign(actor, { role: 'admin' }));
  });
});

test('the request for a token', async (t) => {
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const basic = { ...form, authorization: `Basic ${btoa('cli_1:tdc_2')}` };
  const ask = 'grant_type=client_credentials';
  const outcome = (headers: Record<string, string>, body: string) => {
    const request = tokenRequest(headers, body);
    return 'status' in request ? `${request.status} ${(request.body as { error: string }).error}` : request;
  };
  const request: TokenRequest = { clientId: 'cli_1', clientSecret: 'tdc_2', scopes: null };
  t.same(outcome(form, `${ask}&client_id=cli_1&client_secret=tdc_2`), request);
  t.same(outcome(basic, ask), request);
  t.same(outcome(basic, `${ask}&client_id=cli_1`), request, 'the same client id again does no harm');
  t.same(outcome(basic, `${ask}&scope=`), request, 'without a value is left out');
  t.same(outcome(basic, `${ask}&scope=tickets:read+surveys:read`), {
    ...request,
    scopes: ['tickets:read', 'surveys:read'],
  });
  t.same(
    outcome({ ...form, 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }, ''),
    '400 invalid_request',
  );
  t.same(outcome({ ...basic, 'content-type': 'application/json' }, '{}'), '400 invalid_request');
  t.same(outcome(basic, 'scope=tickets:read'), '400 invalid_request');
  t.same(outcome(basic, `${ask}&${ask}`), '400 invalid_request');
  t.same(outcome(basic, `${ask}&client_secret=tdc_2`), '400 invalid_request');
  t.same(outcome(basic, `${ask}&client_id=cli_9`), '400 invalid_request');
  t.same(outcome(basic, 'grant_type=password'), '400 unsupported_grant_type');
  t.same(outcome(form, ask), '401 invalid_client');
  t.same(outcome(form, `${ask}&client_id=cli_1`), '401 invalid_client');
  t.same(outcome({ ...form, authorization: 'Bearer abc' }, ask), '401 invalid_client');
  t.same(outcome({ ...form, authorization: 'Basic !' }, ask), '401 invalid_client');
  const refused = tokenRequest(form, ask) as TokenAnswer;
  t.match(refused.headers, { 'cache-control': 'no-store', 'www-authenticate': /^Basic realm=/ });
});

test('tokens of our own', async (t) => {
  const { db } = await openTestDatabase(t);
  const { workspaceId, id: workspace } = await makeWorkspace(db);
  const clock = { now: START * 1000 };
  const services = makeServices(clock);
  const open = () => createAuthenticator({ db, services, issuers: [] });
  const ask = (client: { id: string; secret: string }, scopes: string[] | null = null) =>
    open().issueToken({ clientId: client.id, clientSecret: client.secret, scopes });
  const granted = (answer: TokenAnswer) => answer.body as { access_token: string; expires_in: number; scope: string };
  t.beforeEach(() => {
    clock.now = START * 1000;
  });

  t.test('a client gets a token that opens its workspace', async (t) => {
    const client = await makeClient(db, workspaceId, { name: 'ERP' });
    const answer = await ask(client);
    t.match(answer, {
      status: 200,
      headers: { 'cache-control': 'no-store' },
      body: { token_type: 'Bearer', expires_in: 3600, scope: 'tickets:read tickets:write' },
    });
    const found = await open().authenticate(`Bearer ${granted(answer).access_token}`);
    t.equal(found.workspace.id, workspace);
    t.match(found.actor, { type: 'client', id: client.id, name: 'ERP', role: 'integration', instanceAdmin: false });
    t.same([...found.actor.scopes], ['tickets:read', 'tickets:write'], 'cut by the role');
  });

  t.test('a token has the scopes that were asked for, and what the client lost since is lost to it', async (t) => {
    const client = await makeClient(db, workspaceId);
    const answer = await ask(client, ['tickets:read', 'tickets:read']);
    t.equal(granted(answer).scope, 'tickets:read');
    const header = `Bearer ${granted(answer).access_token}`;
    t.same([...(await open().authenticate(header)).actor.scopes], ['tickets:read']);
    await db.orm
      .update(clients)
      .set({ scopes: ['tickets:write'] })
      .where(eq(clients.id, client.id));
    t.same([...(await open().authenticate(header)).actor.scopes], []);
  });

  t.test('a scope that the client has not, or that is none, is refused', async (t) => {
    const client = await makeClient(db, workspaceId);
    for (const scope of ['keys:write', 'surveys:read', 'everything']) {
      t.match(await ask(client, [scope]), { status: 400, body: { error: 'invalid_scope' } }, scope);
    }
  });

  t.test('a wrong secret, an unknown client, a revoked and an expired one are refused alike', async (t) => {
    const client = await makeClient(db, workspaceId);
    const revoked = await makeClient(db, workspaceId, { revokedAt: START });
    const expired = await makeClient(db, workspaceId, { expiresAt: START });
    const { secret } = client;
    for (const wrong of [
      { id: client.id, secret: revoked.secret },
      { id: newId('client'), secret },
      { id: 'nobody', secret },
      { id: '\u0000', secret },
      revoked,
      expired,
    ]) {
      t.match(await ask(wrong), { status: 401, body: { error: 'invalid_client' } });
    }
  });

  t.test('a revoked client ends its tokens within a second', async (t) => {
    const client = await makeClient(db, workspaceId);
    const header = `Bearer ${granted(await ask(client)).access_token}`;
    const { authenticate } = open();
    await authenticate(header);
    await db.orm.update(clients).set({ revokedAt: START }).where(eq(clients.id, client.id));
    clock.now += 1000;
    await t.rejects(authenticate(header), { code: 'unauthenticated', message: 'The client was revoked.' });
  });

  t.test('a token ends after an hour, or with its client', async (t) => {
    const header = `Bearer ${granted(await ask(await makeClient(db, workspaceId))).access_token}`;
    clock.now += 3_659_000;
    await open().authenticate(header);
    clock.now += 1000;
    await t.rejects(open().authenticate(header), { code: 'unauthenticated', message: 'The token has expired.' });
    clock.now = START * 1000;
    t.equal(granted(await ask(await makeClient(db, workspaceId, { expiresAt: START + 60 }))).expires_in, 60);
  });

  t.test("another desk's token is refused", async (t) => {
    const client = await makeClient(db, workspaceId);
    const header = `Bearer ${granted(await ask(client)).access_token}`;
    const other = createAuthenticator({ db, services: makeServices(clock), issuers: [] });
    await t.rejects(other.authenticate(header), { code: 'unauthenticated' });
    const tampered = header.replace(/\.[^.]+\./, `.${btoa('{"iss":"tierdesk"}').replaceAll('=', '')}.`);
    await t.rejects(open().authenticate(tampered), { code: 'unauthenticated' });
  });

  t.test('the last use of a client is written', async (t) => {
    const client = await makeClient(db, workspaceId);
    const authenticator = open();
    await authenticator.issueToken({ clientId: client.id, clientSecret: client.secret, scopes: null });
    await authenticator.flush();
    const [row] = await db.orm.select().from(clients).where(eq(clients.id, client.id));
    t.equal(row!.lastUsedAt, START);
  });
});

/** An identity provider on loopback: what it publishes can be changed. */
async function startIssuer(t: Test) {
  const published: object[] = [];
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: published }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return { published, jwksUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json` };
}

async function makeSigner(kid: string, alg = 'ES256') {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' };
  return { kid, alg, jwk, publicKey, privateKey };
}

test('tokens of another issuer', async (t) => {
  const { db } = await openTestDatabase(t);
  const { workspaceId, id: workspace } = await makeWorkspace(db);
  const clock = { now: START * 1000 };
  const services = makeServices(clock);
  const { published, jwksUrl } = await startIssuer(t);
  const signer = await makeSigner('first');
  published.push(signer.jwk);
  const issuer: Issuer = { issuer: 'https://id.example.com/', jwksUrl, audience: 'desk', workspace };
  const { authenticate } = createAuthenticator({ db, services, issuers: [issuer] });

  const CLAIMS = { iss: issuer.issuer, aud: 'desk', sub: 'user-1', exp: START + 300 };
  const sign = (claims: object, { header = {}, by = signer }: { header?: object; by?: typeof signer } = {}) =>
    new SignJWT({ ...CLAIMS, ...claims })
      .setProtectedHeader({ alg: by.alg, kid: by.kid, typ: 'at+jwt', ...header })
      .sign(by.privateKey)
      .then((token) => `Bearer ${token}`);

  t.test('the token says the role and the scopes, within what the role may have', async (t) => {
    const scope = 'openid tickets:read keys:write';
    const found = await authenticate(await sign({ tierdesk_role: 'manager', scope, name: 'Wang Wei' }));
    t.equal(found.workspace.id, workspace);
    t.match(found.actor, { type: 'token', id: 'user-1', name: 'Wang Wei', role: 'manager', instanceAdmin: false });
    t.same([...found.actor.scopes], ['tickets:read']);
    const plain = await authenticate(
      await sign({ tierdesk_role: 'integration', scope: 'openid profile', aud: ['a', 'desk'] }),
    );
    t.same([...plain.actor.scopes], ROLE_SCOPES.integration, 'without scopes of ours, the role decides');
    const listed = await authenticate(
      await sign({ tierdesk_role: 'agent', scp: ['tickets:write'] }, { header: { typ: 'JWT' } }),
    );
    t.same([...listed.actor.scopes], ['tickets:write']);
  });

  t.test('without a role, an agent with the verified address is an agent', async (t) => {
    const agent = await makeAgent(db, workspaceId);
    const found = await authenticate(await sign({ email: 'Li.Na@Example.com', email_verified: true }));
    t.match(found.actor, { role: 'agent', agentId: agent.id, name: 'Li Na' });
    t.same([...found.actor.scopes], ROLE_SCOPES.agent);
    await t.rejects(authenticate(await sign({ email: agent.email })), { code: 'unauthenticated' }, 'not verified');
    await t.rejects(authenticate(await sign({ email: agent.email, email_verified: 'true' })), {
      code: 'unauthenticated',
    });
    await t.rejects(authenticate(await sign({ email: 'x@example.com', email_verified: true })), {
      code: 'unauthenticated',
    });
    await t.rejects(authenticate(await sign({})), { code: 'unauthenticated' });
  });

  t.test('an agent who has left is refused, whatever the token says', async (t) => {
    await makeAgent(db, workspaceId, { email: 'left@example.com', active: false });
    const claims = { email: 'left@example.com', email_verified: true };
    await t.rejects(authenticate(await sign(claims)), { code: 'unauthenticated' });
    await t.rejects(authenticate(await sign({ ...claims, tierdesk_role: 'admin' })), { code: 'unauthenticated' });
  });

  t.test("a customer's token needs a customer of this workspace", async (t) => {
    const mine = await makeCustomer(db, workspaceId);
    const theirs = await makeCustomer(db, (await makeWorkspace(db)).workspaceId);
    const { actor } = await authenticate(await sign({ tierdesk_role: 'customer', tierdesk_customer: mine }));
    t.match(actor, { role: 'customer', customerId: mine, agentId: null });
    t.same([...actor.scopes], ROLE_SCOPES.customer);
    for (const tierdesk_customer of [undefined, theirs, newId('customer'), 'acme', 7]) {
      await t.rejects(
        authenticate(await sign({ tierdesk_role: 'customer', tierdesk_customer })),
        { code: 'unauthenticated' },
        String(tierdesk_customer),
      );
    }
  });

  t.test('what is wrong with a token is refused', async (t) => {
    const role = { tierdesk_role: 'admin' };
    const stranger = { ...(await makeSigner('first')), kid: 'first' };
    const withSecret = (claims: object, secret: Uint8Array) =>
      new SignJWT({ ...CLAIMS, ...role, ...claims })
        .setProtectedHeader({ alg: 'HS256', kid: 'first', typ: 'at+jwt' })
        .sign(secret)
        .then((token) => `Bearer ${token}`);
    const bytes = (text: string) => new TextEncoder().encode(text);
    const good = await sign(role);
    const [, head, body] = /^Bearer ([^.]+)\.([^.]+)\./.exec(good)!;
    const cases: Record<string, string> = {
      'alg none': `Bearer ${new UnsecuredJWT({ ...CLAIMS, ...role }).encode()}`,
      'no signature': `Bearer ${head}.${body}.`,
      'HS256 with the public key as PEM': await withSecret({}, bytes(await exportSPKI(signer.publicKey))),
      'HS256 with the public key as JWK': await withSecret({}, bytes(JSON.stringify(signer.jwk))),
      'HS256 with a secret that one can guess': await withSecret(
        { iss: 'tierdesk', aud: 'tierdesk' },
        bytes('x'.repeat(32)),
      ),
      'another key with the same kid': await sign(role, { by: stranger }),
      'a key nobody published': await sign(role, { by: await makeSigner('unknown') }),
      'our own issuer by a key of theirs': await sign({ ...role, iss: 'tierdesk', aud: 'tierdesk' }),
      'wrong aud': await sign({ ...role, aud: 'elsewhere' }),
      'no aud': await sign({ ...role, aud: undefined }),
      'wrong iss': await sign({ ...role, iss: 'https://id.example.com' }),
      'wrong typ': await sign(role, { header: { typ: 'logout+jwt' } }),
      'expired by 61 s': await sign({ ...role, exp: START - 61 }),
      'no exp': await sign({ ...role, exp: undefined }),
      'not yet valid': await sign({ ...role, nbf: START + 61 }),
      'no sub': await sign({ ...role, sub: undefined }),
      'null as sub': await sign({ ...role, sub: null }),
      'U+0000 in sub': await sign({ ...role, sub: 'a\u0000' }),
      'an unknown role': await sign({ tierdesk_role: 'root' }),
      'a scope that is no text': await sign({ ...role, scope: 7 }),
      'three parts of nothing': 'Bearer a.b.c',
      'five parts': 'Bearer a.b.c.d.e',
    };
    for (const [name, header] of Object.entries(cases)) {
      await t.rejects(authenticate(header), { name: 'AppError', code: 'unauthenticated' }, name);
    }
    t.equal((await authenticate(good)).actor.role, 'admin');
    t.equal((await authenticate(await sign({ ...role, exp: START - 59 }))).actor.role, 'admin', 'expired by 59 s');
    t.equal((await authenticate(await sign({ ...role, nbf: START + 59 }))).actor.role, 'admin');
  });

  t.test('new keys of the issuer are accepted when they are used, old ones while they are published', async (t) => {
    const role = { tierdesk_role: 'admin' };
    const [second, third] = [await makeSigner('second', 'EdDSA'), await makeSigner('third', 'RS256')];
    await authenticate(await sign({ ...role, jti: '1' }));
    await pause(1100);
    published.push(second.jwk);
    await authenticate(await sign({ ...role, jti: '2' }, { by: second }));
    await authenticate(await sign({ ...role, jti: '3' }));
    await pause(1100);
    published.splice(0, published.length, second.jwk, third.jwk);
    await authenticate(await sign({ ...role, jti: '4' }, { by: third }));
    await authenticate(await sign({ ...role, jti: '5' }, { by: second }));
    await t.rejects(authenticate(await sign({ ...role, jti: '6' })), { code: 'unauthenticated' });
  });

  t.test('each audience of an issuer opens its own workspace', async (t) => {
    const other = await makeWorkspace(db);
    const issuers = [issuer, { ...issuer, audience: 'other-desk', workspace: other.id }];
    published.push(signer.jwk);
    const { authenticate } = createAuthenticator({ db, services, issuers });
    const role = { tierdesk_role: 'admin' };
    t.equal((await authenticate(await sign(role))).workspace.id, workspace);
    t.equal((await authenticate(await sign({ ...role, aud: 'other-desk' }))).workspace.id, other.id);
  });

  t.test('while the keys of the issuer cannot be had, the service is unavailable', async (t) => {
    const issuers = [{ ...issuer, jwksUrl: 'http://127.0.0.1:1/' }];
    const { authenticate } = createAuthenticator({ db, services, issuers });
    await t.rejects(authenticate(await sign({ tierdesk_role: 'admin' })), { code: 'unavailable' });
  });
});

test('a key or client is not born expired, by the wall clock, whatever the test clock says', async (t) => {
  const desk = await openTestDesk(t);
  const { rest } = await desk.testWorkspace('2020-01-01T00:00:00Z');
  for (const path of ['keys', 'clients']) {
    const make = (expiresAt: string) => rest(`POST /v1/${path}`, { name: 'K', role: 'agent', expiresAt });
    t.match(await make('2025-01-01T00:00:00Z'), { status: 422, body: { errors: [{ path: 'expiresAt' }] } }, path);
    t.equal((await make('2027-01-01T00:00:00Z')).status, 201, path);
  }
});
