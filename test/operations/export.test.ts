/** Exports: every row of a list as one stream of lines or rows, for those who may read it, for as long as they may. */

import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parse } from 'csv-parse/sync';
import { type Test, test } from 'tap';
import { EXPORTS } from '../../src/app.ts';
import { type Caller, openTestDesk, type TestDesk } from '../support/desk.ts';
import { until } from '../support/until.ts';

// biome-ignore lint/suspicious/noExplicitAny: rows are looked into field by field
type Row = any;

const rowsOf = (body: string): Row[] => {
  const lines = body.split('\n');
  if (lines.pop() !== '') throw new Error('The last line has no end.');
  return lines.map((line) => JSON.parse(line));
};

const bearer = ({ key }: Caller) => ({ authorization: `Bearer ${key}` });

async function exported({ inject }: TestDesk, caller: Caller, what: string): Promise<Row[]> {
  const { statusCode, body } = await inject({ method: 'GET', url: `/v1/export/${what}`, headers: bearer(caller) });
  if (statusCode !== 200) throw new Error(`${statusCode} ${body}`);
  return rowsOf(body);
}

/** Every page of a list, in order. */
async function listed(caller: Caller, what: string): Promise<Row[]> {
  const rows: Row[] = [];
  for (let cursor = ''; ; ) {
    const { body } = await caller.rest(`GET /v1/${what}${what.includes('?') ? '&' : '?'}limit=150${cursor}`);
    rows.push(...body.data);
    if (body.nextCursor === null) return rows;
    cursor = `&cursor=${body.nextCursor}`;
  }
}

/** So many customers by one statement, every tenth tagged. */
async function fill({ desk, workspaceId }: TestDesk, count: number): Promise<void> {
  await desk.db.pool.query(
    `insert into customers (workspace_id, id, name, profile, tags, external_ids, search, created_at, updated_at)
     select $1, gen_random_uuid(), 'Customer ' || n, '{}', case when n % 10 = 0 then array['tenth'] else '{}' end,
            jsonb_build_object('crm', n::text), '', '2026-11-01T00:00:00Z'::timestamptz + n * interval '1 second', '2026-11-01T00:00:00Z'
     from generate_series(1, $2) n`,
    [workspaceId, count],
  );
}

test('an export is the whole list: its rows, filters and order', async (t) => {
  const desk = await openTestDesk(t);
  await fill(desk, 450);
  const all = await exported(desk, desk, 'customers');
  t.equal(all.length, 450);
  t.same(all, await listed(desk, 'customers'));
  t.equal(all[0].name, 'Customer 450', 'the newest first, as the list has it');
  const tenth = await exported(desk, desk, 'customers?tag=tenth&sort=createdAt');
  t.same(tenth, await listed(desk, 'customers?tag=tenth&sort=createdAt'));
  t.equal(tenth.length, 45);
  t.same(await exported(desk, desk, 'customers?q=nothing-is-called-so'), []);
  for (const { resource } of EXPORTS) {
    t.same(await exported(desk, desk, resource), await listed(desk, resource), resource);
  }
});

test('what a list does not take is refused before the stream begins', async (t) => {
  const desk = await openTestDesk(t);
  const refused = async (query: string, path: string) => {
    const answer = await desk.rest(`GET /v1/export/customers?${query}`);
    t.match(answer, { status: 400, body: { code: 'unknown_parameter' } }, query);
    t.match(JSON.stringify(answer.body), path, query);
  };
  await refused('colour=red', 'colour');
  await refused('limit=5', 'limit');
  await refused('cursor=abc', 'cursor');
  await refused('include=contacts', 'include');
  await refused('format=xml', 'format');
  await refused('bom=yes', 'bom');
  await refused('bom=true', 'bom');
  await refused('sort=name', 'sort');
  await refused('externalId=1', 'externalSystem');
  t.match(await desk.rest('GET /v1/export/nothing'), { status: 404 });
  t.match(await desk.rest('POST /v1/export/customers', {}), { status: 405, headers: { allow: 'GET' } });
  t.equal((await desk.inject({ method: 'HEAD', url: '/v1/export/customers', headers: bearer(desk) })).statusCode, 405);
});

test('who may not read the list may not export it', async (t) => {
  const desk = await openTestDesk(t);
  const nobody = await desk.as('admin', []);
  for (const { resource } of EXPORTS) {
    t.equal((await desk.inject({ method: 'GET', url: `/v1/export/${resource}` })).statusCode, 401, resource);
    t.match(await nobody.rest(`GET /v1/export/${resource}`), { status: 403, body: { code: 'forbidden' } }, resource);
  }
  const { caller } = await desk.otherWorkspace();
  await fill(desk, 3);
  t.same(await exported(desk, caller, 'customers'), [], 'another workspace has its own');
});

test('a customer exports its own tickets alone', async (t) => {
  const desk = await openTestDesk(t);
  const owner = await desk.testWorkspace('2026-11-24T02:00:00Z');
  const [mine, other] = await Promise.all(
    ['Mine', 'Other'].map(async (name) => (await owner.rest('POST /v1/customers', { name })).body),
  );
  for (const customer of [mine, other, mine]) {
    const ticket = { subject: customer.name, kind: 'basic', channel: 'email', customerId: customer.id };
    t.equal((await owner.rest('POST /v1/tickets', ticket)).status, 201);
  }
  const { body } = await owner.rest('POST /v1/keys', { name: 'Portal', role: 'customer', customerId: mine.id });
  const subjects = (await exported(desk, desk.withKey(body.key), 'tickets')).map(({ subject }) => subject);
  t.same(subjects, ['Mine', 'Mine']);
});

const NASTY = {
  name: '=cmd|"calc"!A1, 东方\n精密',
  profile: { industry: '+1+1', goals: '@SUM(A1)', size: '-5', dislikes: '+8613800138000' },
  tags: ['a|b', 'c\\d', '注重售后'],
  externalIds: { crm: '4,2' },
  notes: 'Line one\r\n"quoted"',
};

test('CSV has a column per field, and reads back as what it was', async (t) => {
  const desk = await openTestDesk(t);
  const { body: customer } = await desk.rest('POST /v1/customers', NASTY);
  const answer = await desk.rest('GET /v1/export/customers', undefined, { accept: 'text/csv' });
  t.match(answer.headers['content-type'], /^text\/csv; charset=utf-8/);
  t.match(answer.body, /^id,name,tier,tierSince,.*profile\.industry,profile\.size,/);
  t.equal(
    answer.body
      .replaceAll(/"(?:[^"]|"")*"/g, '')
      .replaceAll('\r\n', '')
      .match(/[\r\n]/),
    null,
    'lines end in CRLF',
  );
  const [row] = parse(answer.body, { columns: true }) as Row[];
  t.equal(row.id, customer.id);
  t.equal(row.name, NASTY.name);
  t.equal(row['profile.industry'], '+1+1', 'nothing is changed in what programs read');
  t.equal(row['profile.revenueBand'], '', 'what is not known is empty');
  t.equal(row.tags, 'a\\|b|c\\\\d|注重售后');
  t.same(JSON.parse(row.externalIds), NASTY.externalIds);
  t.equal(row.notes, NASTY.notes);
  t.equal(row.version, '1');

  await desk.rest('POST /v1/contacts', { name: '王芳', identities: [{ kind: 'email', value: 'wang@example.com' }] });
  const contacts = await desk.rest('GET /v1/export/contacts?format=csv');
  const [contact] = parse(contacts.body, { columns: true }) as Row[];
  t.same(JSON.parse(contact.identities), [{ kind: 'email', value: 'wang@example.com' }]);

  const none = await desk.rest('GET /v1/export/customers?format=csv&tag=nobody');
  t.equal(none.body.split('\r\n').length, 2, 'the columns do not wait for rows');
});

test('CSV for spreadsheets begins with a byte order mark, and runs nothing', async (t) => {
  const desk = await openTestDesk(t);
  await desk.rest('POST /v1/customers', NASTY);
  const { body } = await desk.rest('GET /v1/export/customers?format=csv&bom=true');
  t.equal(body.codePointAt(0), 0xfeff);
  const [row] = parse(body, { columns: true, bom: true }) as Row[];
  t.equal(row.name, `'${NASTY.name}`);
  t.equal(row['profile.industry'], "'+1+1");
  t.equal(row['profile.goals'], "'@SUM(A1)");
  for (const sign of ['＝', '＋', '－', '＠']) {
    await desk.rest('POST /v1/customers', { name: `${sign}1`, tags: ['wide'] });
  }
  const wide = await desk.rest('GET /v1/export/customers?format=csv&bom=true&tag=wide');
  const names = (parse(wide.body, { columns: true, bom: true }) as Row[]).map(({ name }) => name);
  t.same(names.sort(), ["'＋1", "'－1", "'＝1", "'＠1"], 'full-width signs are signs');
  t.equal(row['profile.size'], '-5', 'a number is no formula');
  t.equal(row['profile.dislikes'], '+8613800138000', 'nor is a phone number');
  const bytes = (await desk.inject({ url: '/v1/export/customers?format=csv&bom=true', headers: bearer(desk) }))
    .rawPayload;
  t.same([...bytes.subarray(0, 3)], [0xef, 0xbb, 0xbf]);
});

async function open(t: Test, desk: TestDesk, caller: Caller): Promise<IncomingMessage> {
  await desk.server.listen({ host: '127.0.0.1', port: 0 });
  const { port } = desk.server.server.address() as AddressInfo;
  const asked = request({ port, path: '/v1/export/customers', headers: bearer(caller) });
  asked.end();
  t.teardown(() => asked.destroy());
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  return answer;
}

/** How often the list was asked for. */
function countPages({ desk }: TestDesk): () => number {
  let pages = 0;
  const observe = desk.observe.bind(desk);
  desk.observe = (operation, ...rest) => {
    if (operation === 'listCustomers') pages += 1;
    observe(operation, ...rest);
  };
  return () => pages;
}

test('pages are read as they are taken, and a key that is revoked breaks the export off', async (t) => {
  const desk = await openTestDesk(t);
  await fill(desk, 40_000);
  const asked = countPages(desk);
  const reader = await desk.as('admin');
  const answer = await open(t, desk, reader);
  t.equal(answer.statusCode, 200);
  answer.pause();
  let before = 0;
  // Nobody reads: what fits into the sockets is sent, then nothing more.
  const waits = () => {
    const [was, is] = [before, asked()];
    before = is;
    return was > 0 && was === is;
  };
  await until('the export waits', waits, { every: 250 });
  t.ok(asked() < 150, `of 200 pages ${asked()} were read ahead`);
  const { body: me } = await reader.rest('GET /v1/me');
  await desk.rest(`POST /v1/keys/${me.id}/revoke`, {});
  let text = '';
  answer.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  answer.resume();
  const broken = await new Promise((resolve) => answer.once('error', resolve).once('end', () => resolve(null)));
  t.match(broken, { code: 'ECONNRESET' }, 'no client takes it for the whole');
  t.equal(answer.complete, false);
  t.ok(text.split('\n').length < 40_000);
});

test('a fault in the middle breaks the connection off, and so does the end of the process', async (t) => {
  const desk = await openTestDesk(t);
  await fill(desk, 40_000);
  const answer = await open(t, desk, desk);
  answer.pause();
  const closing = desk.server.close();
  answer.resume();
  const broken = await new Promise((resolve) => answer.once('error', resolve).once('end', () => resolve(null)));
  t.match(broken, { code: 'ECONNRESET' });
  await closing;
});

test('rows that come while an export runs disturb nobody: each is there once', async (t) => {
  const desk = await openTestDesk(t);
  await fill(desk, 30_000);
  const answer = await open(t, desk, desk);
  const writing = (async () => {
    for (let n = 0; n < 20; n++) await desk.rest('POST /v1/customers', { name: `Late ${n}` });
  })();
  let text = '';
  for await (const part of answer.setEncoding('utf8')) text += part;
  await writing;
  const rows = rowsOf(text);
  const ids = new Set(rows.map(({ id }) => id));
  t.equal(ids.size, rows.length, 'none twice');
  t.equal(rows.filter(({ name }) => name.startsWith('Customer ')).length, 30_000, 'none left out');
});
