/** The hosted survey page over HTTP: looking never votes, posting does once, and every refusal is a page with its status. */

import { type Test, test } from 'tap';
import { SURVEY_CSP } from '../../src/domains/surveys/page.ts';
import { type Caller, openTestDesk, type TestDesk } from '../support/desk.ts';

const NOW = '2026-11-24T02:00:00Z';

interface Browser {
  desk: TestDesk;
  admin: Caller;
  get(url: string, headers?: Record<string, string>): Promise<Page>;
  post(url: string, form: Record<string, string> | string, headers?: Record<string, string>): Promise<Page>;
}

interface Page {
  status: number;
  headers: Record<string, unknown>;
  html: string;
}

async function open(t: Test): Promise<Browser> {
  const desk = await openTestDesk(t);
  const admin = await desk.testWorkspace(NOW, { name: '晨星科技' });
  const pageOf = ({ statusCode, headers, body }: Awaited<ReturnType<TestDesk['inject']>>): Page => ({
    status: statusCode,
    headers,
    html: body,
  });
  return {
    desk,
    admin,
    get: async (url, headers = {}) => pageOf(await desk.inject({ method: 'GET', url, headers })),
    post: async (url, form, headers = {}) =>
      pageOf(
        await desk.inject({
          method: 'POST',
          url,
          headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
          payload: new URLSearchParams(form).toString(),
        }),
      ),
  };
}

async function makeInvitation(admin: Caller, body: object = {}) {
  const ticket = await admin.rest('POST /v1/tickets', { subject: '发票 <抬头>', kind: 'complaint', channel: 'email' });
  await admin.rest(`POST /v1/tickets/${ticket.body.id}/solve`, {});
  const invitation = await admin.rest(`POST /v1/tickets/${ticket.body.id}/survey-invitations`, body);
  if (invitation.status !== 201) throw new Error(JSON.stringify(invitation.body));
  return { ...invitation.body, path: new URL(invitation.body.url).pathname };
}

const answersTo = async (admin: Caller, { ticketId }: { ticketId: string }) =>
  (await admin.rest(`GET /v1/survey-answers?ticketId=${ticketId}`)).body.data;

const checked = (html: string) =>
  [...html.matchAll(/name="([^"]*)" value="(\d)"[^>]* checked/g)].map((m) => `${m[1]}=${m[2]}`);

test('the survey page', async (t) => {
  const { desk, admin, get, post } = await open(t);

  await t.test('a link shows the form, and looking at it as often as one likes never votes', async (t) => {
    const invitation = await makeInvitation(admin);
    for (let look = 0; look < 3; look++) t.equal((await get(invitation.path)).status, 200);
    const head = await desk.inject({ method: 'HEAD', url: invitation.path });
    t.equal(head.statusCode, 200);
    await get(`${invitation.path}?overall=1&thanks=1`);
    t.same(await answersTo(admin, invitation), []);
    t.equal((await admin.rest(`GET /v1/survey-invitations/${invitation.id}`)).body.state, 'sent');
    const { html, headers } = await get(invitation.path);
    t.match(html, '<html lang="zh-CN"');
    t.match(html, '晨星科技');
    t.match(html, '发票 ');
    t.notMatch(html, '<抬头>');
    t.match(html, '问题解决效率');
    t.match(headers, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': SURVEY_CSP,
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      'x-robots-tag': 'noindex, nofollow',
      'x-content-type-options': 'nosniff',
    });
  });

  await t.test('it speaks the language of the invitation, or the one that is asked for', async (t) => {
    const { path } = await makeInvitation(admin, { language: 'en' });
    t.match((await get(path)).html, '<html lang="en"');
    t.match((await get(`${path}?lang=zh-CN`)).html, '<html lang="zh-CN"');
    t.match((await get(`${path}?lang=fr`)).html, '<html lang="en"');
    t.match((await get(path, { 'accept-language': 'zh-CN' })).html, '<html lang="en"');
    const posted = await post(`${path}?lang=zh-CN`, { overall: '5' });
    t.match(posted.headers, { location: /\?thanks=1&lang=zh-CN$/ });
    const form = (await get(`${path}?lang=zh-CN`)).html;
    t.match(form, 'lang=zh-CN"', 'the form stays in it');
  });

  await t.test('posting answers, sends on to thanks, and a reload is no other vote', async (t) => {
    const invitation = await makeInvitation(admin);
    const form = { overall: '4', 'dimension.attitude': '5', 'dimension.unknown': '1', comment: '很快\r\n谢谢' };
    const posted = await post(invitation.path, form);
    t.equal(posted.status, 303);
    const thanks = new URL(posted.headers['location'] as string, `http://desk.test${invitation.path}`);
    t.equal(thanks.pathname, invitation.path);
    for (let look = 0; look < 2; look++) {
      const page = await get(thanks.pathname + thanks.search);
      t.equal(page.status, 200);
      t.match(page.html, '感谢您的评价');
    }
    const answers = await answersTo(admin, invitation);
    t.match(answers, [{ overall: 4, comment: '很快\n谢谢', version: 1, low: false }]);
    t.strictSame(answers[0].dimensions, { attitude: 5 });
    const history = await admin.rest(`GET /v1/tickets/${invitation.ticketId}/events`);
    t.match(history.body.data.at(-1), { type: 'score_received', door: 'survey', actor: invitation.id });
  });

  await t.test('the answer fills the form while it can be changed', async (t) => {
    const invitation = await makeInvitation(admin);
    await post(invitation.path, { overall: '4', 'dimension.attitude': '2' });
    t.same(checked((await get(invitation.path)).html), ['overall=4', 'dimension.attitude=2']);
    t.equal((await post(invitation.path, { overall: '2' })).status, 303);
    t.match(await answersTo(admin, invitation), [{ overall: 2, version: 2, low: true }]);
  });

  await t.test('what is not an answer is the form again, with what was given', async (t) => {
    const invitation = await makeInvitation(admin);
    const cases: [Record<string, string>, string[]][] = [
      [{}, []],
      [{ overall: '9' }, []],
      [{ overall: '' }, []],
      [{ 'dimension.attitude': '3' }, ['dimension.attitude=3']],
      [{ overall: '4', 'dimension.attitude': '6' }, ['overall=4']],
      [{ overall: '4', comment: 'x'.repeat(2001) }, ['overall=4']],
      [{ overall: '4', comment: 'a\u0000b' }, ['overall=4']],
    ];
    for (const [form, kept] of cases) {
      const page = await post(invitation.path, form);
      t.equal(page.status, 422, JSON.stringify(form).slice(0, 40));
      t.match(page.html, 'class="notice wrong"');
      t.same(checked(page.html), kept);
      t.match(page.headers, { 'content-security-policy': SURVEY_CSP });
    }
    t.same(await answersTo(admin, invitation), []);
  });

  await t.test('links that were never ours, were taken back or are too old look alike', async (t) => {
    const cancelled = await makeInvitation(admin);
    await admin.rest(`POST /v1/survey-invitations/${cancelled.id}/cancel`);
    const old = await makeInvitation(admin);
    const answered = await makeInvitation(admin);
    await post(answered.path, { overall: '5' });
    await admin.rest('POST /v1/test-clock/advance', { by: 'P14D' });
    for (const [path, status] of [
      ['/s/nothing', 404],
      [`${cancelled.path.slice(0, -1)}_`, 404],
      [cancelled.path, 410],
      [old.path, 410],
    ] as const) {
      for (const page of [await get(path), await post(path, { overall: '5' })]) {
        t.equal(page.status, status, path);
        t.match(page.html, status === 404 ? 'no longer works' : '链接已失效');
        t.match(page.headers, { 'content-type': /html/, 'cache-control': 'no-store' });
      }
    }
    t.match((await get('/s/nothing', { 'accept-language': 'zh' })).html, '链接已失效');
    t.notMatch((await get('/s/nothing')).html, '晨星科技');
    const page = await get(answered.path);
    t.equal(page.status, 200);
    t.match(page.html, '感谢您的评价');
    t.notMatch(page.html, '修改评价');
    t.equal((await post(answered.path, { overall: '1' })).status, 410);
    t.match(await answersTo(admin, answered), [{ overall: 5 }]);
  });

  await t.test('only small forms are read, and only by POST', async (t) => {
    const invitation = await makeInvitation(admin);
    const json = await desk.inject({ method: 'POST', url: invitation.path, payload: { overall: 5 } });
    t.equal(json.statusCode, 415);
    const large = await post(invitation.path, { overall: '5', comment: 'x'.repeat(70_000) });
    t.equal(large.status, 413);
    t.match(large.headers, { 'content-type': /^text\/plain/, 'cache-control': 'no-store' });
    const none = await desk.inject({ method: 'POST', url: invitation.path });
    t.equal(none.statusCode, 422);
    const put = await desk.inject({ method: 'PUT', url: invitation.path });
    t.match(put, { statusCode: 405, headers: { allow: 'GET, HEAD, POST' } });
    t.same(await answersTo(admin, invitation), []);
    const elsewhere = await desk.inject({
      method: 'POST',
      url: '/v1/survey-answers',
      headers: { authorization: `Bearer ${admin.key}`, 'content-type': 'application/x-www-form-urlencoded' },
      payload: 'overall=5',
    });
    t.equal(elsewhere.statusCode, 415, 'forms are for the page alone');
  });

  await t.test('impatient fingers give one answer', async (t) => {
    const invitation = await makeInvitation(admin);
    const pages = await Promise.all(Array.from({ length: 25 }, () => post(invitation.path, { overall: '5' })));
    t.same([...new Set(pages.map(({ status }) => status))], [303]);
    t.match(await answersTo(admin, invitation), [{ overall: 5, version: 1 }]);
  });

  await t.test('a link opens its own workspace and nothing else', async (t) => {
    const other = await desk.testWorkspace(NOW, { name: 'Beside', language: 'en' });
    const theirs = await makeInvitation(other);
    const page = await get(theirs.path);
    t.match(page.html, 'Beside');
    t.equal((await post(theirs.path, { overall: '3' })).status, 303);
    t.equal((await answersTo(other, theirs)).length, 1);
    t.equal((await admin.rest(`GET /v1/surveys/${theirs.token}`)).status, 404);
    t.equal((await desk.inject({ method: 'GET', url: `/v1/surveys/${theirs.token}` })).statusCode, 401);
  });
});
