/** Surveys through both doors: what is asked, who is asked, what they say, and what it amounts to. */

import { type Test, test } from 'tap';
import { surveyToken } from '../../src/domains/surveys/token.ts';
import { newId } from '../../src/ids.ts';
import { type Caller, openTestDesk, type TestDesk } from '../support/desk.ts';

const NOW = '2026-11-24T02:00:00Z';
const DIMENSIONS = [
  { key: 'efficiency', label: { 'zh-CN': '问题解决效率', en: 'Efficiency' } },
  { key: 'attitude', label: { 'zh-CN': '服务态度' } },
];

interface Workspace {
  desk: TestDesk;
  admin: Caller;
}

async function open(t: Test): Promise<Workspace> {
  const desk = await openTestDesk(t);
  return { desk, admin: await desk.testWorkspace(NOW, { language: 'zh-CN' }) };
}

async function made(caller: Caller, line: string, body?: object) {
  const answer = await caller.rest(line, body);
  if (answer.status > 201) throw new Error(`${line}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** A customer who is promised to be asked, and to be called back. */
async function makePromised(admin: Caller): Promise<{ customerId: string }> {
  const { id } = await made(admin, 'POST /v1/customers', { name: '东方精密机械' });
  await made(admin, 'POST /v1/policies', {
    ...{ key: 'aftercare', name: 'Aftercare', calendar: 'always', match: { customers: [id] } },
    objectives: [
      { metric: 'survey', target: 'PT72H' },
      { metric: 'callback', target: 'PT4H' },
    ],
  });
  return { customerId: id };
}

const makeTicket = (admin: Caller, more: object = {}) =>
  made(admin, 'POST /v1/tickets', { subject: '发票抬头开错了', kind: 'complaint', channel: 'email', ...more });

const solve = (admin: Caller, id: string) => made(admin, `POST /v1/tickets/${id}/solve`, {});

async function makeSolved(admin: Caller, more: object = {}) {
  return solve(admin, (await makeTicket(admin, more)).id);
}

const invite = (admin: Caller, ticketId: string, body: object = {}) =>
  made(admin, `POST /v1/tickets/${ticketId}/survey-invitations`, body);

async function makeInvited(admin: Caller, body: object = {}) {
  return invite(admin, (await makeSolved(admin)).id, body);
}

const advance = (admin: Caller, by: string) => made(admin, 'POST /v1/test-clock/advance', { by });

async function makeCustomerKey(admin: Caller, desk: TestDesk, customerId: string): Promise<Caller> {
  const { key } = await made(admin, 'POST /v1/keys', { name: 'portal', role: 'customer', customerId });
  return desk.withKey(key);
}

/** Straight from the table: the feed waits for whoever else is writing on this server. */
async function eventsOf(desk: TestDesk, subject: string) {
  const { rows } = await desk.desk.db.pool.query<{ type: string; data: Record<string, unknown>; actor: string }>(
    'select type, data, actor from events where subject = $1 order by tx, id',
    [subject],
  );
  return rows;
}

const eventTypes = async (desk: TestDesk, subject: string) => (await eventsOf(desk, subject)).map(({ type }) => type);

async function historyOf(admin: Caller, ticketId: string) {
  const { body } = await admin.rest(`GET /v1/tickets/${ticketId}/events`);
  return body.data as { type: string; data: Record<string, unknown>; door: string; actor: string }[];
}

test('templates', async (t) => {
  const { desk, admin } = await open(t);

  await t.test('a template has what it is not told from the reference plan', async (t) => {
    const answer = await admin.rest('POST /v1/survey-templates', { key: 'visit', name: 'Visits' });
    t.match(answer, { status: 201, headers: { etag: '"1"' } });
    t.match(answer.body, {
      ...{ key: 'visit', scale: 5, lowThreshold: 2, dimensions: [], question: {}, automatic: false },
      ...{ sendAfter: 'P1D', validFor: 'P14D', editableFor: 'P7D', createdAt: NOW },
    });
    t.strictSame((await admin.rest(`GET /v1/survey-templates/${answer.body.id}`)).body, answer.body);
    const seven = await made(admin, 'POST /v1/survey-templates', { key: 'seven', name: 'Seven', scale: 7 });
    t.equal(seven.lowThreshold, 3);
    const six = await made(admin, 'POST /v1/survey-templates', {
      key: 'six',
      name: 'Six',
      scale: 6,
      validFor: 'PT90M',
    });
    t.match(six, { lowThreshold: 2, validFor: 'PT1H30M' });
    const { body } = await admin.rest('GET /v1/survey-templates');
    t.same(body.data.map(({ key }: { key: string }) => key).sort(), ['service', 'seven', 'six', 'visit']);
  });

  await t.test('what cannot be asked is 422 by its path', async (t) => {
    const cases: [object, string][] = [
      [{ scale: 4 }, 'scale'],
      [{ scale: 8 }, 'scale'],
      [{ lowThreshold: 5 }, 'lowThreshold'],
      [{ dimensions: [DIMENSIONS[0], DIMENSIONS[0]] }, 'dimensions.1.key'],
      [{ dimensions: [{ key: 'a', label: {} }] }, 'dimensions.0.label'],
      [{ dimensions: [{ key: 'a', label: { fr: 'x' } }] }, 'dimensions.0.label.fr'],
      [{ dimensions: Array.from({ length: 11 }, (_, n) => ({ key: `d${n}`, label: { en: 'x' } })) }, 'dimensions'],
      [{ question: { fr: 'x' } }, 'question.fr'],
      [{ sendAfter: 'P91D' }, 'sendAfter'],
      [{ validFor: 'PT0S' }, 'validFor'],
      [{ editableFor: '7 days' }, 'editableFor'],
      [{ points: 5 }, 'points'],
    ];
    for (const [more, path] of cases) {
      const answer = await admin.rest('POST /v1/survey-templates', { key: 'odd', name: 'Odd', ...more });
      t.match(answer, { status: 422, body: { errors: [{ path }] } }, path);
    }
    t.match(await admin.rest('POST /v1/survey-templates', { key: 'service', name: 'x' }), {
      status: 409,
      body: { code: 'already_exists', errors: [{ path: 'key' }] },
    });
  });

  await t.test('a patch merges; the key stays', async (t) => {
    const template = await made(admin, 'POST /v1/survey-templates', {
      ...{ key: 'patched', name: 'A', dimensions: DIMENSIONS, question: { 'zh-CN': '满意吗？', en: 'Satisfied?' } },
    });
    const line = `PATCH /v1/survey-templates/${template.id}`;
    const answer = await admin.rest(line, { name: 'B', question: { en: null }, validFor: 'P2D', scale: 7 });
    t.match(answer, { status: 200, headers: { etag: '"2"' } });
    t.match(answer.body, { name: 'B', validFor: 'P2D', sendAfter: 'P1D', scale: 7, lowThreshold: 2 });
    t.strictSame(answer.body.question, { 'zh-CN': '满意吗？' });
    t.strictSame(answer.body.dimensions, DIMENSIONS);
    t.match(await admin.rest(line, { key: 'other' }), { status: 422, body: { errors: [{ path: 'key' }] } });
    t.equal((await admin.rest(line, { name: 'C' }, { 'if-match': '"1"' })).status, 412);
  });

  await t.test('at most one goes out by itself, also when many try at once', async (t) => {
    const { body } = await admin.rest('GET /v1/survey-templates');
    const service = body.data.find(({ key }: { key: string }) => key === 'service');
    t.match(await admin.rest('POST /v1/survey-templates', { key: 'second', name: 'x', automatic: true }), {
      status: 409,
      body: { code: 'already_exists', errors: [{ path: 'automatic' }] },
    });
    await made(admin, `PATCH /v1/survey-templates/${service.id}`, { automatic: false });
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        admin.rest('POST /v1/survey-templates', { key: `auto${n}`, name: 'x', automatic: true }),
      ),
    );
    t.equal(answers.filter(({ status }) => status === 201).length, 1);
    t.equal(answers.filter(({ status }) => status === 409).length, 7);
    const winner = answers.find(({ status }) => status === 201)!.body;
    t.match(await admin.rest(`PATCH /v1/survey-templates/${service.id}`, { automatic: true }), { status: 409 });
    await made(admin, `PATCH /v1/survey-templates/${winner.id}`, { automatic: false });
    await made(admin, `PATCH /v1/survey-templates/${service.id}`, { automatic: true });
  });

  await t.test('who was invited keeps what they were asked', async (t) => {
    const template = await made(admin, 'POST /v1/survey-templates', { key: 'used', name: 'x' });
    const idle = await made(admin, 'POST /v1/survey-templates', { key: 'idle', name: 'x' });
    await makeInvited(admin, { templateId: template.id });
    const line = `/v1/survey-templates/${template.id}`;
    t.match(await admin.rest(`DELETE ${line}`), { status: 409, body: { code: 'in_use' } });
    t.match(await admin.rest(`PATCH ${line}`, { scale: 6 }), {
      status: 409,
      body: { code: 'in_use', errors: [{ path: 'scale' }] },
    });
    t.equal((await admin.rest(`PATCH ${line}`, { name: 'y', lowThreshold: 3 })).status, 200);
    t.match(await admin.rest(`DELETE /v1/survey-templates/${idle.id}`), { status: 200, body: { id: idle.id } });
    t.equal((await admin.rest(`GET /v1/survey-templates/${idle.id}`)).status, 404);
    t.same(await eventTypes(desk, idle.id), ['surveyTemplate.created', 'surveyTemplate.deleted']);
  });

  await t.test('the same in GraphQL', async (t) => {
    const create = `mutation ($input: CreateSurveyTemplateInput!) {
      createSurveyTemplate(input: $input) { surveyTemplate { id scale dimensions { key label } validFor version } errors { code errors { path } } }
    }`;
    const input = { key: 'graph', name: 'x', scale: 6, dimensions: DIMENSIONS, validFor: 'P3D' };
    const { body } = await admin.graphql(create, { input });
    t.match(body.data.createSurveyTemplate.surveyTemplate, { scale: 6, dimensions: DIMENSIONS, validFor: 'P3D' });
    const again = await admin.graphql(create, { input: { ...input, key: 'more', automatic: true } });
    t.match(again.body.data.createSurveyTemplate.errors, [{ code: 'already_exists', errors: [{ path: 'automatic' }] }]);
    const { id } = body.data.createSurveyTemplate.surveyTemplate;
    const node = await admin.graphql('query ($id: ID!) { node(id: $id) { ... on SurveyTemplate { name } } }', { id });
    t.same(node.body.data.node, { name: 'x' });
  });

  await t.test('customers are not shown what they could be asked', async (t) => {
    const { id } = await made(admin, 'POST /v1/customers', { name: 'A' });
    const customer = await makeCustomerKey(admin, desk, id);
    t.equal((await customer.rest('GET /v1/survey-templates')).status, 403);
    t.equal((await customer.rest('GET /v1/survey-answers')).status, 403);
    t.equal((await customer.rest('GET /v1/satisfaction')).status, 403);
  });
});

test('invitations', async (t) => {
  const { desk, admin } = await open(t);

  await t.test('the customer of a solved ticket is asked, once', async (t) => {
    const ticket = await makeTicket(admin, await makePromised(admin));
    const line = `POST /v1/tickets/${ticket.id}/survey-invitations`;
    t.match(await admin.rest(line, {}), { status: 409, body: { code: 'invalid_transition' } });
    const solved = await solve(admin, ticket.id);
    t.equal(solved.surveyAt, '2026-11-25T02:00:00Z');
    const { status, body } = await admin.rest(line, {});
    t.equal(status, 201);
    t.match(body, { ticketId: ticket.id, contactId: null, language: 'zh-CN', state: 'sent', answerId: null });
    t.match(body, { sentAt: NOW, expiresAt: '2026-12-08T02:00:00Z' });
    t.equal(body.url, `http://desk.test/s/${body.token}`);
    t.strictSame((await admin.rest(`GET /v1/survey-invitations/${body.id}`)).body, body);
    const sent = (await historyOf(admin, ticket.id)).filter(({ type }) => type === 'survey_sent');
    t.match(sent, [{ data: { invitationId: body.id }, door: 'rest' }]);
    const after = (await admin.rest(`GET /v1/tickets/${ticket.id}?include=clocks`)).body;
    t.match(after, { surveyAt: null, version: solved.version }, 'the automatic one does not ask again');
    t.match(
      after.clocks.find(({ metric }: { metric: string }) => metric === 'survey'),
      { state: 'met' },
    );
    t.same(await eventTypes(desk, body.id), ['survey.invited']);
    t.match(await admin.rest(line, {}), { status: 409, body: { code: 'already_exists' } });
    await advance(admin, 'P2D');
    t.equal((await admin.rest(`GET /v1/survey-invitations?ticketId=${ticket.id}`)).body.data.length, 1);
  });

  await t.test('of many who ask at once one does', async (t) => {
    const { id } = await makeSolved(admin);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => admin.rest(`POST /v1/tickets/${id}/survey-invitations`, {})),
    );
    t.equal(answers.filter(({ status }) => status === 201).length, 1);
    t.ok(answers.every(({ status }) => status === 201 || status === 409));
  });

  await t.test('a closed ticket can be asked about, a merged one not', async (t) => {
    const [one, other] = [await makeTicket(admin), await makeTicket(admin)];
    await made(admin, `POST /v1/tickets/${one.id}/close`, {});
    t.equal((await admin.rest(`POST /v1/tickets/${one.id}/survey-invitations`, {})).status, 201);
    const third = await makeTicket(admin);
    await made(admin, `POST /v1/tickets/${other.id}/merge`, { intoId: third.id });
    t.match(await admin.rest(`POST /v1/tickets/${other.id}/survey-invitations`, {}), {
      status: 409,
      body: { code: 'invalid_transition' },
    });
  });

  await t.test("it speaks the contact's language where that is ours", async (t) => {
    const cases = [
      ['zh-TW', 'zh-CN'],
      ['en-GB', 'en'],
      ['de', 'zh-CN'],
      [null, 'zh-CN'],
    ] as const;
    for (const [language, spoken] of cases) {
      const contact = await made(admin, 'POST /v1/contacts', { name: 'A', language });
      const ticket = await makeSolved(admin, { contactId: contact.id });
      t.match(await invite(admin, ticket.id), { language: spoken, contactId: contact.id }, `${language}`);
    }
    t.match(await makeInvited(admin, { language: 'en' }), { language: 'en' });
    const { id } = await makeSolved(admin);
    t.equal((await admin.rest(`POST /v1/tickets/${id}/survey-invitations`, { language: 'fr' })).status, 422);
  });

  await t.test('what is asked is named, or goes out by itself', async (t) => {
    const seven = await made(admin, 'POST /v1/survey-templates', {
      key: 'seven',
      name: 'x',
      scale: 7,
      validFor: 'PT1H',
    });
    const ticket = await makeSolved(admin);
    t.match(await invite(admin, ticket.id, { templateId: seven.id }), { templateId: seven.id });
    t.match(await invite(admin, ticket.id), { state: 'sent' }, 'another question is another invitation');
    t.match(
      await admin.rest(`POST /v1/tickets/${ticket.id}/survey-invitations`, { templateId: newId('surveyTemplate') }),
      {
        status: 404,
        body: { errors: [{ path: 'templateId' }] },
      },
    );
    const bare = desk.withKey((await made(desk, 'POST /v1/workspaces', { name: 'Bare', plan: 'none' })).adminKey);
    t.match(await bare.rest(`POST /v1/tickets/${(await makeSolved(bare)).id}/survey-invitations`, {}), {
      status: 422,
      body: { errors: [{ path: 'templateId', code: 'required' }] },
    });
  });

  await t.test('states can be listed, and what is open can be taken back', async (t) => {
    const fresh = await desk.testWorkspace(NOW);
    const expired = await makeInvited(fresh);
    await advance(fresh, 'P14D');
    const [answered, cancelled, sent] = [await makeInvited(fresh), await makeInvited(fresh), await makeInvited(fresh)];
    const { id: answerId } = await made(fresh, 'POST /v1/survey-answers', { token: answered.token, overall: 5 });
    const line = `POST /v1/survey-invitations/${cancelled.id}/cancel`;
    t.match(await fresh.rest(line, {}, { 'if-match': '"7"' }), { status: 412 });
    t.match(await fresh.rest(line), { status: 200, body: { state: 'cancelled', version: 2 } });
    t.match(await fresh.rest(line), { status: 200, body: { version: 2 } }, 'again: it is so already');
    t.same(await eventTypes(desk, cancelled.id), ['survey.invited', 'survey.cancelled']);
    for (const invitation of [answered, expired]) {
      t.match(await fresh.rest(`POST /v1/survey-invitations/${invitation.id}/cancel`), {
        status: 409,
        body: { code: 'invalid_transition' },
      });
    }
    for (const [state, invitation] of Object.entries({ expired, answered, cancelled, sent })) {
      const { body } = await fresh.rest(`GET /v1/survey-invitations?state=${state}`);
      t.match(body.data, [{ id: invitation.id, state, answerId: state === 'answered' ? answerId : null }]);
      t.equal(body.data.length, 1, state);
    }
    t.equal((await fresh.rest('GET /v1/survey-invitations?state=lost')).status, 400);
    const first = await fresh.rest('GET /v1/survey-invitations?limit=3');
    const rest = await fresh.rest(`GET /v1/survey-invitations?limit=3&cursor=${first.body.nextCursor}`);
    t.same([...first.body.data, ...rest.body.data].map(({ id }) => id).at(-1), expired.id, 'newest first');
    t.equal(rest.body.data.length, 1);
    const { body } = await fresh.graphql(
      '{ surveyInvitations(first: 2, filter: { state: sent }) { edges { cursor } nodes { id url token } pageInfo { hasNextPage } } }',
    );
    t.match(body.data.surveyInvitations, { nodes: [{ id: sent.id, url: sent.url }], pageInfo: { hasNextPage: false } });
    t.ok(body.data.surveyInvitations.edges[0].cursor);
  });

  await t.test('the link is for those who may read, and no replay tells it', async (t) => {
    const { id } = await makeSolved(admin);
    const scopes = ['surveys:write'];
    const writer = desk.withKey((await made(admin, 'POST /v1/keys', { name: 'w', role: 'agent', scopes })).key);
    const invitation = await invite(writer, id);
    t.match(invitation, { url: null, token: null });
    const second = await makeSolved(admin);
    const line = `POST /v1/tickets/${second.id}/survey-invitations`;
    const asked = await admin.rest(line, {}, { 'idempotency-key': 'ask-1' });
    const again = await admin.rest(line, {}, { 'idempotency-key': 'ask-1' });
    t.ok(asked.body.token);
    t.match(again, {
      status: 201,
      headers: { 'idempotency-replayed': 'true' },
      body: { id: asked.body.id, token: null },
    });
    const { rows } = await desk.desk.db.pool.query(
      `select 1 from idempotency_keys where response::text like $1 union all select 1 from events where data::text like $1`,
      [`%${asked.body.token.slice(26)}%`],
    );
    t.equal(rows.length, 0, 'nothing secret is stored');
  });

  await t.test('customers see the invitations to their own tickets', async (t) => {
    const [mine, yours] = [
      await made(admin, 'POST /v1/customers', { name: 'A' }),
      await made(admin, 'POST /v1/customers', { name: 'B' }),
    ];
    const own = await invite(admin, (await makeSolved(admin, { customerId: mine.id })).id);
    const foreign = await invite(admin, (await makeSolved(admin, { customerId: yours.id })).id);
    const customer = await makeCustomerKey(admin, desk, mine.id);
    const { body } = await customer.rest('GET /v1/survey-invitations');
    t.match(body.data, [{ id: own.id, url: own.url }]);
    t.equal(body.data.length, 1);
    t.equal((await customer.rest(`GET /v1/survey-invitations/${own.id}`)).status, 200);
    t.equal((await customer.rest(`GET /v1/survey-invitations/${foreign.id}`)).status, 404);
    t.equal((await customer.rest(`POST /v1/survey-invitations/${own.id}/cancel`)).status, 403);
  });

  await t.test('the automatic one goes out when it is due', async (t) => {
    const contact = await made(admin, 'POST /v1/contacts', { name: 'A', language: 'en' });
    const ticket = await makeSolved(admin, { contactId: contact.id });
    await advance(admin, 'P1D');
    const { body } = await admin.rest(`GET /v1/survey-invitations?ticketId=${ticket.id}`);
    t.match(body.data, [{ state: 'sent', language: 'en' }]);
    const answer = await admin.rest('POST /v1/survey-answers', { token: body.data[0].token, overall: 4 });
    t.equal(answer.status, 201);
  });
});

test('answers', async (t) => {
  const { desk, admin } = await open(t);
  const answer = (body: object, caller: Caller = admin) => caller.rest('POST /v1/survey-answers', body);

  await t.test('an answer is kept, told, and written into the history of the ticket', async (t) => {
    const ticket = await makeSolved(admin);
    const { token, id } = await invite(admin, ticket.id);
    const dimensions = { efficiency: 4, attitude: 5 };
    const { status, body } = await answer({ token, overall: 4, dimensions, comment: ' 很快 ' });
    t.equal(status, 201);
    t.match(body, { invitationId: id, ticketId: ticket.id, overall: 4, scale: 5, comment: '很快', low: false });
    t.strictSame(body.dimensions, dimensions);
    t.equal(body.answeredAt, NOW);
    t.strictSame((await admin.rest(`GET /v1/survey-answers/${body.id}`)).body, body);
    t.match((await admin.rest(`GET /v1/survey-invitations/${id}`)).body, { state: 'answered', answerId: body.id });
    const told = await eventsOf(desk, body.id);
    t.match(told, [{ type: 'survey.answered' }]);
    t.match(told[0]!.data, {
      ticket: { id: ticket.id, number: ticket.number },
      score: 4,
      scale: 5,
      low: false,
      dimensions,
    });
    const history = await historyOf(admin, ticket.id);
    t.match(history.at(-1), { type: 'score_received', data: { score: 4, low: false, answerId: body.id } });
    t.equal(
      (await admin.rest(`GET /v1/tickets/${ticket.id}`)).body.version,
      ticket.version,
      'nobody edited the ticket',
    );
  });

  await t.test(
    'low is an overall at the threshold, or the worst of any dimension; a low one is called back',
    async (t) => {
      const cases = [
        [{ overall: 2 }, true],
        [{ overall: 3 }, false],
        [{ overall: 5, dimensions: { attitude: 1 } }, true],
        [{ overall: 5, dimensions: { attitude: 2 } }, false],
      ] as const;
      const promised = await makePromised(admin);
      for (const [given, low] of cases) {
        const { token, ticketId } = await invite(admin, (await makeSolved(admin, promised)).id);
        t.equal((await answer({ token, ...given })).body.low, low, JSON.stringify(given));
        const { body } = await admin.rest(`GET /v1/tickets/${ticketId}/clocks`);
        const callback = body.data.find(({ metric }: { metric: string }) => metric === 'callback');
        t.equal(callback?.state, low ? 'running' : undefined);
      }
    },
  );

  await t.test('what the survey does not ask is 422 by its path', async (t) => {
    const { token, id } = await makeInvited(admin);
    const cases: [object, string][] = [
      [{}, 'overall'],
      [{ overall: 0 }, 'overall'],
      [{ overall: 6 }, 'overall'],
      [{ overall: 4.5 }, 'overall'],
      [{ overall: 4, dimensions: { attitude: 6 } }, 'dimensions.attitude'],
      [{ overall: 4, dimensions: { speed: 3 } }, 'dimensions.speed'],
      [{ overall: 4, dimensions: { attitude: null } }, 'dimensions.attitude'],
      [{ overall: 4, comment: 'x'.repeat(2001) }, 'comment'],
      [{ overall: 4, comment: 'a\u0000b' }, 'comment'],
      [{ overall: 4, ticketId: 'x' }, 'ticketId'],
    ];
    for (const [given, path] of cases) {
      t.match(await answer({ token, ...given }), { status: 422, body: { errors: [{ path }] } }, path);
    }
    t.equal((await admin.rest(`GET /v1/survey-invitations/${id}`)).body.state, 'sent');
    t.match(await answer({ token, overall: 5, comment: '' }), { status: 201, body: { comment: null } });
  });

  await t.test('a token that is not ours is 404, one that has had its time 410', async (t) => {
    const ours = surveyToken(desk.desk.services.secretKey, newId('invitation'));
    const stranger = await desk.testWorkspace(NOW);
    const { token } = await makeInvited(admin);
    const forged = `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`;
    for (const [caller, given] of [
      [admin, ours],
      [admin, forged],
      [admin, 'x'],
      [admin, ''],
      [stranger, token],
    ] as const) {
      t.match(await answer({ token: given, overall: 5 }, caller), {
        status: 404,
        body: { errors: [{ path: 'token' }] },
      });
    }
    const cancelled = await makeInvited(admin);
    await made(admin, `POST /v1/survey-invitations/${cancelled.id}/cancel`);
    t.match(await answer({ token: cancelled.token, overall: 5 }), { status: 410, body: { code: 'gone' } });
    const other = await desk.testWorkspace(NOW);
    const open = await makeInvited(other);
    await advance(other, 'P13DT23H59M59S');
    t.equal((await other.rest(`GET /v1/surveys/${open.token}`)).status, 200);
    await advance(other, 'PT1S');
    t.match(await answer({ token: open.token, overall: 5 }, other), { status: 410, body: { code: 'gone' } });
    t.equal((await other.rest(`GET /v1/surveys/${open.token}`)).status, 410);
  });

  await t.test('a reopened ticket has no solution to be judged', async (t) => {
    const invitation = await makeInvited(admin);
    await made(admin, `POST /v1/tickets/${invitation.ticketId}/reopen`, { reason: 'It came back.' });
    t.match(await answer({ token: invitation.token, overall: 1 }), { status: 410, body: { code: 'gone' } });
    t.equal((await admin.rest(`GET /v1/surveys/${invitation.token}`)).status, 410);
    t.equal((await admin.rest(`GET /v1/survey-invitations/${invitation.id}`)).body.state, 'cancelled');
    const replied = await makeInvited(admin);
    await made(admin, `POST /v1/tickets/${replied.ticketId}/messages`, { body: '还是不行。', author: 'customer' });
    await solve(admin, replied.ticketId);
    t.match(
      await answer({ token: replied.token, overall: 1 }),
      { status: 410 },
      'the last solution has a survey of its own',
    );
    t.match(await invite(admin, replied.ticketId), { state: 'sent' });
    t.same(await eventTypes(desk, replied.id), ['survey.invited', 'survey.cancelled']);
  });

  await t.test('given again it takes the place of the first, as long as it may', async (t) => {
    const fresh = await desk.testWorkspace(NOW);
    const { token, ticketId } = await makeInvited(fresh);
    const first = (await answer({ token, overall: 5, comment: 'a' }, fresh)).body;
    await advance(fresh, 'P6D');
    t.strictSame(
      (await answer({ token, overall: 5, comment: 'a' }, fresh)).body,
      first,
      'the same again is nothing new',
    );
    const second = await answer({ token, overall: 2, comment: 'b' }, fresh);
    t.match(second, { status: 201, body: { id: first.id, overall: 2, low: true, version: 2, answeredAt: NOW } });
    await answer({ token, overall: 2, comment: 'c' }, fresh);
    t.same(await eventTypes(desk, first.id), ['survey.answered', 'survey.answerChanged', 'survey.answerChanged']);
    const scores = (await historyOf(fresh, ticketId)).filter(({ type }) => type === 'score_received');
    t.match(scores, [{ data: { score: 5 } }, { data: { score: 2, low: true } }]);
    t.equal(scores.length, 2, 'another comment is no other score');
    await advance(fresh, 'P1D');
    t.match(await answer({ token, overall: 4 }, fresh), { status: 410, body: { code: 'gone' } });
    t.equal((await answer({ token, overall: 2, comment: 'c' }, fresh)).status, 201);
    t.match((await fresh.rest(`GET /v1/surveys/${token}`)).body, { open: false, answer: { overall: 2, comment: 'c' } });
  });

  await t.test('a closed ticket still takes what its customer says', async (t) => {
    const { token, ticketId } = await makeInvited(admin);
    await made(admin, `POST /v1/tickets/${ticketId}/close`, {});
    t.equal((await answer({ token, overall: 1 })).status, 201);
    t.match((await historyOf(admin, ticketId)).at(-1), { type: 'score_received', data: { low: true } });
  });

  await t.test('one invitation has one answer, whoever is fast', async (t) => {
    for (const given of [() => 5, (n: number) => (n % 5) + 1]) {
      const { token, ticketId, id } = await makeInvited(admin);
      const answers = await Promise.all(Array.from({ length: 25 }, (_, n) => answer({ token, overall: given(n) })));
      t.ok(answers.every(({ status }) => status === 201 || status === 409));
      const kept = (await admin.rest(`GET /v1/survey-answers?ticketId=${ticketId}`)).body.data;
      t.equal(kept.length, 1);
      t.equal((await admin.rest(`GET /v1/survey-invitations/${id}`)).body.answerId, kept[0].id);
      const types = await eventTypes(desk, kept[0].id);
      t.equal(types.filter((type) => type === 'survey.answered').length, 1);
      t.equal(types.length, kept[0].version, 'every version was told once');
    }
  });

  await t.test('lists are narrowed', async (t) => {
    const fresh = await desk.testWorkspace(NOW);
    const early = await makeInvited(fresh);
    const a = (await answer({ token: early.token, overall: 1 }, fresh)).body;
    await advance(fresh, 'PT1H');
    const late = await makeInvited(fresh);
    const b = (await answer({ token: late.token, overall: 5 }, fresh)).body;
    await advance(fresh, 'PT1H');
    await answer({ token: early.token, overall: 2 }, fresh);
    const list = async (query: string) =>
      (await fresh.rest(`GET /v1/survey-answers?${query}`)).body.data.map(({ id }: { id: string }) => id);
    t.same(await list(''), [b.id, a.id], 'newest first');
    t.same(await list('low=true'), [a.id]);
    t.same(await list('low=false'), [b.id]);
    t.same(await list('answeredAfter=2026-11-24T03:00:00Z'), [b.id]);
    t.same(await list('answeredBefore=2026-11-24T03:00:00Z'), [a.id]);
    t.same(await list(`ticketId=${late.ticketId}`), [b.id]);
    t.same(await list('updatedAfter=2026-11-24T03:00:00Z'), [b.id, a.id], 'oldest change first');
    t.same(await list('updatedAfter=2026-11-24T04:00:00Z'), [a.id]);
    t.equal((await fresh.rest('GET /v1/survey-answers?score=1')).status, 400);
  });

  await t.test('what a form of one’s own needs comes by the token', async (t) => {
    const { token } = await makeInvited(admin);
    const { status, body } = await admin.rest(`GET /v1/surveys/${token}`);
    t.equal(status, 200);
    t.match(body, { workspaceName: 'Test', language: 'zh-CN', scale: 5, open: true, answer: null, commentLimit: 2000 });
    t.match(body, { ticketSubject: '发票抬头开错了', question: '总体而言，您对这次服务满意吗？' });
    t.equal(body.openUntil, '2026-12-08T02:00:00Z');
    t.match(body.dimensions, [{ key: 'efficiency', label: '问题解决效率' }]);
    const english = await admin.rest(`GET /v1/surveys/${token}?language=en`);
    t.match(english.body, { language: 'en', dimensions: [{ label: 'How quickly the problem was solved' }] });
  });

  await t.test('the same in GraphQL', async (t) => {
    const ticket = await makeSolved(admin);
    const asked = await admin.graphql(
      'mutation ($ticketId: ID!) { inviteToSurvey(input: { ticketId: $ticketId, language: "en" }) { invitation { id token state language } errors { code } } }',
      { ticketId: ticket.id },
    );
    const { invitation } = asked.body.data.inviteToSurvey;
    t.match(invitation, { state: 'sent', language: 'en' });
    const survey = await admin.graphql(
      'query ($token: String!) { survey(token: $token) { scale open dimensions { label } } }',
      {
        token: invitation.token,
      },
    );
    t.match(survey.body.data.survey, { scale: 5, open: true });
    const mutation =
      'mutation ($input: AnswerSurveyInput!) { answerSurvey(input: $input) { answer { id overall low dimensions } errors { code errors { path } } } }';
    const input = { token: invitation.token, overall: 2, dimensions: { attitude: 3 } };
    const given = await admin.graphql(mutation, { input });
    t.match(given.body.data.answerSurvey, {
      answer: { overall: 2, low: true, dimensions: { attitude: 3 } },
      errors: [],
    });
    const wrong = await admin.graphql(mutation, { input: { ...input, overall: 9 } });
    t.match(wrong.body.data.answerSurvey, {
      answer: null,
      errors: [{ code: 'validation_failed', errors: [{ path: 'overall' }] }],
    });
    const unknown = await admin.graphql(mutation, { input: { ...input, token: 'x' } });
    t.match(unknown.body.data.answerSurvey.errors, [{ code: 'not_found', errors: [{ path: 'token' }] }]);
    const read = await admin.graphql('query ($id: ID!) { surveyAnswer(id: $id) { low } }', {
      id: given.body.data.answerSurvey.answer.id,
    });
    t.same(read.body.data.surveyAnswer, { low: true });
  });

  await t.test('the role customer may answer by the link alone', async (t) => {
    const { id } = await made(admin, 'POST /v1/customers', { name: 'A' });
    const { token } = await invite(admin, (await makeSolved(admin, { customerId: id })).id);
    const customer = await makeCustomerKey(admin, desk, id);
    t.equal((await answer({ token, overall: 5 }, customer)).status, 403);
    t.equal((await customer.rest(`GET /v1/surveys/${token}`)).status, 200);
  });
});

test('satisfaction', async (t) => {
  const desk = await openTestDesk(t);
  const admin = await desk.testWorkspace(NOW);
  const ask = async (more: object, overall: number | null, dimensions = {}, body = {}) => {
    const { token } = await invite(admin, (await makeSolved(admin, more)).id, body);
    if (overall !== null) await made(admin, 'POST /v1/survey-answers', { token, overall, dimensions });
  };
  const get = async (query = '') => (await admin.rest(`GET /v1/satisfaction${query}`)).body;

  await t.test('without answers there is nothing to say', async (t) => {
    t.match(await get(), {
      ...{ answers: 0, csat: null, average: null, lowShare: null, scales: [], dimensions: [] },
      ...{ invitations: 0, responses: 0, responseRate: null, from: '2026-10-25T02:00:01Z', to: '2026-11-24T02:00:01Z' },
    });
  });

  const customer = await made(admin, 'POST /v1/customers', { name: 'A', tier: 'core' });
  const core = { customerId: customer.id };
  await ask(core, 5, { attitude: 5, efficiency: 4 });
  await ask(core, 4, { attitude: 2 });
  await ask({ kind: 'fault' }, 3);
  await ask({}, 1);
  await ask({}, null);
  const taken = await makeInvited(admin);
  await made(admin, `POST /v1/survey-invitations/${taken.id}/cancel`);

  await t.test('what was said in the period is counted', async (t) => {
    const all = await get();
    t.match(all, {
      answers: 4,
      csat: 0.5,
      average: 3.25,
      lowShare: 0.25,
      invitations: 5,
      responses: 4,
      responseRate: 0.8,
    });
    t.strictSame(all.scales, [
      {
        scale: 5,
        answers: 4,
        average: 3.25,
        distribution: [1, 2, 3, 4, 5].map((score) => ({ score, answers: score === 2 ? 0 : 1 })),
      },
    ]);
    t.strictSame(all.dimensions, [
      { key: 'attitude', scale: 5, answers: 2, average: 3.5 },
      { key: 'efficiency', scale: 5, answers: 1, average: 4 },
    ]);
  });

  await t.test('it is narrowed by what the tickets are', async (t) => {
    t.match(await get('?tier=core'), { answers: 2, csat: 1, average: 4.5, invitations: 2, responseRate: 1 });
    t.match(await get('?kind=fault'), { answers: 1, csat: 0 });
    t.match(await get('?kind=fault,complaint'), { answers: 4, invitations: 5 });
    t.match(await get(`?customerId=${customer.id}&channel=email`), { answers: 2 });
    t.match(await get('?tier=normal'), { answers: 0, invitations: 0 });
    t.match(await get(`?teamId=${newId('team')}`), { answers: 0 });
    t.match(await get('?problemType=none&product=none'), { answers: 0 });
    t.match(await get(`?assigneeId=${newId('agent')}`), { answers: 0 });
  });

  await t.test('scales are not mixed into one mean', async (t) => {
    const seven = await made(admin, 'POST /v1/survey-templates', { key: 'seven', name: 'x', scale: 7 });
    for (const overall of [5, 6, 7]) await ask({}, overall, {}, { templateId: seven.id });
    t.match(await get(`?templateId=${seven.id}`), { answers: 3, csat: 0.6667, average: 6, scales: [{ scale: 7 }] });
    const mixed = await get();
    t.match(mixed, { answers: 7, csat: 0.5714, average: null });
    t.same(
      mixed.scales.map(({ scale, average }: Record<string, number>) => [scale, average]),
      [
        [5, 3.25],
        [7, 6],
      ],
    );
  });

  await t.test('the period is half open', async (t) => {
    t.match(await get(`?to=${NOW}`), { answers: 0 });
    t.match(await get(`?from=${NOW}&to=2026-11-24T02:00:01Z`), { answers: 7 });
    await advance(admin, 'P29DT23H59M59S');
    t.match(await get(), { answers: 7 });
    await advance(admin, 'PT1S');
    t.match(await get(), { answers: 0, responses: 0 });
    t.match(await admin.rest(`GET /v1/satisfaction?from=${NOW}&to=${NOW}`), {
      status: 400,
      body: { errors: [{ path: 'from' }] },
    });
  });

  await t.test('the same in GraphQL', async (t) => {
    const { body } = await admin.graphql(
      'query ($from: DateTime) { satisfaction(from: $from, tier: ["core"]) { answers csat scales { distribution { score answers } } } }',
      { from: NOW },
    );
    t.match(body.data.satisfaction, { answers: 2, csat: 1 });
  });

  await t.test('another workspace has its own', async (t) => {
    const { body } = await desk.rest('GET /v1/satisfaction?from=2026-01-01T00:00:00Z');
    t.equal(body.answers, 0);
  });
});
