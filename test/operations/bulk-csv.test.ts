/** CSV in: what spreadsheets and other systems save, record by record, by the lines of the file. */

import { type Test, test } from 'tap';
import { post, sendCsv, sendLines, statuses } from '../support/bulk.ts';
import { type Caller, openTestDesk } from '../support/desk.ts';

const read = async (caller: Caller, what: string, name: string) =>
  (await caller.rest(`GET /v1/${what}/by-external-id/crm/${name}`)).body;

async function openDesk(t: Test) {
  const desk = await openTestDesk(t);
  await desk.rest('PUT /v1/terms/channel/wechat', { name: 'WeChat', category: 'live' });
  return desk;
}

const text = (...lines: string[]) => lines.join('\r\n');

test('a file of customers as a spreadsheet saves it', async (t) => {
  const desk = await openDesk(t);
  const file = text(
    '\uFEFFexternalIds.crm,name,profile.industry,tags,customerSince,figures.lifetime_value,notes',
    'C-1,东方精密机械,机械制造,注重售后|key \\| account| ,2020-01-01T00:00:00+08:00,120000.5,',
    '',
    'C-2,"Smith, ""Jack"" & Sons",,,,-0,"two',
    '',
    'lines"',
    ',,,,,,',
    'C-3,Last,,,,,',
  );
  const results = await sendCsv(desk, desk, 'customers', file);
  t.match(results, [
    { line: 2, status: 'created' },
    { line: 4, status: 'created' },
    { line: 8, status: 'created' },
  ]);
  t.match(await read(desk, 'customers', 'C-1'), {
    name: '东方精密机械',
    profile: { industry: '机械制造', goals: null },
    tags: ['注重售后', 'key | account'],
    customerSince: '2019-12-31T16:00:00Z',
    figures: { lifetime_value: 120_000.5 },
    notes: null,
  });
  t.match(await read(desk, 'customers', 'C-2'), {
    name: 'Smith, "Jack" & Sons',
    notes: 'two\r\n\r\nlines',
    figures: { lifetime_value: 0 },
  });
  t.strictSame(statuses(await sendCsv(desk, desk, 'customers', file)), ['unchanged', 'unchanged', 'unchanged']);
  const emptied = text('externalIds.crm,name,profile.industry', 'C-1,东方精密机械,');
  t.strictSame(statuses(await sendCsv(desk, desk, 'customers', emptied)), ['unchanged'], 'an empty cell says nothing');
});

test('GB 18030 and GBK as Chinese spreadsheets save them', async (t) => {
  const desk = await openDesk(t);
  // 编号,东方 in GBK; 𠮷 (four bytes) in GB 18030.
  const head = Buffer.from('externalIds.crm,name\r\n');
  const gbk = Buffer.concat([head, Buffer.from('C-1,'), Buffer.from([0xb6, 0xab, 0xb7, 0xbd]), Buffer.from('\r\n')]);
  const gb18030 = Buffer.concat([
    head,
    Buffer.from('C-2,'),
    Buffer.from([0x95, 0x34, 0xb6, 0x36]),
    Buffer.from('\r\n'),
  ]);
  t.strictSame(statuses(await sendCsv(desk, desk, 'customers', gbk, { charset: 'gbk' })), ['created']);
  t.strictSame(statuses(await sendCsv(desk, desk, 'customers', gb18030, { charset: 'gb18030' })), ['created']);
  t.equal((await read(desk, 'customers', 'C-1')).name, '东方');
  t.equal(
    (await read(desk, 'customers', 'C-2')).name,
    new TextDecoder('gb18030').decode(Buffer.from([0x95, 0x34, 0xb6, 0x36])),
  );
  const wrong = Buffer.concat([gbk, Buffer.from('C-3,Fine\r\n')]);
  t.match(await sendCsv(desk, desk, 'customers', wrong), [
    { line: 2, status: 'error', errors: [{ path: '', code: 'invalid_character' }] },
    { line: 3, status: 'created' },
  ]);
});

test('contacts with identities, activities with money', async (t) => {
  const desk = await openDesk(t);
  await sendCsv(desk, desk, 'customers', text('externalIds.crm,name', 'C-1,A'));
  const contacts = text(
    'externalIds.crm,customerExternalId.system,customerExternalId.value,name,identities.phone,identities.email,preferredChannel',
    "P-1,crm,C-1,王芳,'+86 138 0013 8000|+8613900139000,wang.fang@example.com,wechat",
  );
  t.strictSame(statuses(await sendCsv(desk, desk, 'contacts', contacts)), ['created']);
  t.match(await read(desk, 'contacts', 'P-1'), {
    preferredChannel: 'wechat',
    identities: [
      { kind: 'phone', value: '+8613800138000' },
      { kind: 'phone', value: '+8613900139000' },
      { kind: 'email', value: 'wang.fang@example.com' },
    ],
  });
  const activities = text(
    'externalIds.crm,customerExternalId.system,customerExternalId.value,kind,at,amount.amount,amount.currency,details.channel,details',
    'O-1,crm,C-1,order,2026-11-20T10:00:00+08:00,12.5,CNY,shop,',
    'O-2,crm,C-1,order,2026-11-20T10:00:00+08:00,,,,',
    'V-1,crm,C-1,visit,2026-11-20T10:00:00+08:00,,,,"{""by"":""Li""}"',
  );
  t.match(await sendCsv(desk, desk, 'activities', activities), [
    { line: 2, status: 'created' },
    { line: 3, status: 'error', errors: [{ path: 'amount', code: 'required' }] },
    { line: 4, status: 'created' },
  ]);
  t.match(await read(desk, 'activities', 'O-1'), { amount: { amount: '12.50' }, details: { channel: 'shop' } });
  t.match(await read(desk, 'activities', 'V-1'), { amount: null, details: { by: 'Li' } });
  const [same] = await sendLines(desk, desk, 'activities', [
    {
      externalIds: { crm: 'O-1' },
      customerExternalId: { system: 'crm', value: 'C-1' },
      kind: 'order',
      at: '2026-11-20T02:00:00Z',
      amount: { amount: '12.50', currency: 'CNY' },
    },
  ]);
  t.equal(same!.status, 'unchanged', 'CSV and NDJSON say the same');
});

test('a faulty record stops only itself', async (t) => {
  const desk = await openDesk(t);
  const file = [
    'externalIds.crm,name,figures.seats',
    'C-1,Fine,1',
    'C-2,"quoted" and more,1',
    'C-3,a "quote" within,1',
    'C-4,too few',
    'C-5,too,many,cells',
    'C-6,Seats,many',
    'C-7,"never closed,1',
    'C-8,Fine,8',
    'C-9,"closed,1',
    'C-10,here",1',
    `C-11,${'x'.repeat(1024 * 1024)},1`,
    `C-12,"${'x'.repeat(1024 * 1024)}",1`,
    'C-13,Fine,13',
    'C-14,"no end at all,1',
    'C-15,Fine,15',
  ].join('\n');
  const results = await sendCsv(desk, desk, 'customers', file);
  const told = results.map(({ line, status, errors }) => `${line} ${status} ${errors?.[0]?.path ?? ''}`.trim());
  t.strictSame(told, [
    '2 created',
    '3 error',
    '4 error',
    '5 error',
    '6 error',
    '7 error figures.seats',
    // Its quote ends where line 10 opens one, and something follows it there.
    '8 error',
    '9 created',
    // Not to be told from a name of two lines.
    '10 created',
    '12 error',
    '13 error',
    '14 created',
    '15 error',
    '16 created',
  ]);
  t.equal((await read(desk, 'customers', 'C-8')).figures.seats, 8);
});

test('cut into pieces anywhere, it says the same', async (t) => {
  const desk = await openDesk(t);
  const file = Buffer.from(
    text('\uFEFFexternalIds.crm,name,notes', 'C-1,"a ""b""\r\nc",东方', 'C-2,"",', 'C-3,d,e', ''),
  );
  const whole = await sendCsv(desk, desk, 'customers', file);
  t.match(whole, [
    { line: 2, status: 'created' },
    { line: 4, status: 'error', errors: [{ path: 'name' }] },
    { line: 5 },
  ]);
  await desk.server.listen({ port: 0, host: '127.0.0.1' });
  const { port } = desk.server.server.address() as { port: number };
  for (const size of [1, 2, 3, 7]) {
    async function* pieces() {
      for (let at = 0; at < file.length; at += size) yield file.subarray(at, at + size);
    }
    const answer = await fetch(`http://127.0.0.1:${port}/v1/bulk/customers`, {
      method: 'POST',
      headers: { authorization: `Bearer ${desk.key}`, 'content-type': 'text/csv' },
      body: ReadableStream.from(pieces()),
      duplex: 'half',
    });
    const lines = (await answer.text()).trim().split('\n');
    t.strictSame(
      lines.map((line) => JSON.parse(line).line),
      [2, 4, 5],
      `pieces of ${size}`,
    );
    t.match(JSON.parse(lines[0]!), { status: 'unchanged' });
  }
});

test('going on from a line, dry, and all or nothing', async (t) => {
  const desk = await openDesk(t);
  const file = text('externalIds.crm,name', 'C-1,"two', 'lines"', 'C-2,B', 'C-3,C');
  const send = (query: string) => sendCsv(desk, desk, 'customers', file, { query });
  t.match(await send('?dryRun=true'), [{ line: 2, status: 'valid' }, { line: 4 }, { line: 5 }]);
  t.match(await send('?fromLine=5'), [{ line: 5, status: 'created' }]);
  t.match(await send('?fromLine=3'), [
    { line: 4, status: 'created' },
    { line: 5, status: 'unchanged' },
  ]);
  t.strictSame(await send('?fromLine=100'), []);
  const faulty = `${file}\r\nC-4,`;
  t.strictSame(statuses(await sendCsv(desk, desk, 'customers', faulty, { query: '?atomic=true' })), [
    'skipped',
    'skipped',
    'skipped',
    'error',
  ]);
  t.strictSame(statuses(await send('?atomic=true')), ['created', 'unchanged', 'unchanged']);
  const lines = ['C-3', 'C-5'].map((crm) => ({ externalIds: { crm }, name: 'C' }));
  t.match(await sendLines(desk, desk, 'customers', lines, '?fromLine=2'), [{ line: 2, status: 'created' }]);
});

test('what is wrong with the file as a whole is said before anything is done', async (t) => {
  const desk = await openDesk(t);
  const csv = 'text/csv';
  const cases: [string, string, string, string, number, string][] = [
    ['customers', 'externalIds.crm,nmae,profile.nothing\nC-1,A,B', csv, '', 422, 'nmae'],
    ['customers', 'externalIds.crm,name,name\nC-1,A,B', csv, '', 422, 'name'],
    ['customers', 'externalIds.crm,,name\nC-1,A,B', csv, '', 422, ''],
    ['customers', 'externalIds.Not A Key,name\nC-1,A', csv, '', 422, 'externalIds.Not A Key'],
    ['customers', 'externalIds.__proto__,name\nC-1,A', csv, '', 422, 'externalIds.__proto__'],
    ['customers', 'externalIds.crm.x,name\nC-1,A', csv, '', 422, 'externalIds.crm.x'],
    ['contacts', 'externalIds.crm,name,identities.fax\nC-1,A,1', csv, '', 422, 'identities.fax'],
    ['customers', '"externalIds.crm,name\nC-1,A', csv, '', 422, ''],
    ['customers', '\n\n', csv, '', 422, ''],
    ['customers', '', csv, '', 422, ''],
    ['customers', 'externalIds.crm,name\nC-1,A', `${csv}; charset=big5`, '', 415, ''],
    ['customers', 'externalIds.crm,name\nC-1,A', `${csv}; charset=none`, '', 415, ''],
    ['customers', 'externalIds.crm,name\nC-1,A', csv, '?fromLine=0', 400, 'fromLine'],
    ['customers', 'externalIds.crm,name\nC-1,A', csv, '?fromLine=2x', 400, 'fromLine'],
    ['tickets', 'subject\nA', csv, '', 415, ''],
  ];
  for (const [resource, body, type, query, status, path] of cases) {
    const answer = await post(desk, desk, resource, body, type, query);
    t.equal(answer.statusCode, status, `${resource} ${JSON.stringify(body)} ${type} ${query} ${answer.body}`);
    t.equal(answer.json().errors?.[0]?.path ?? '', path);
  }
  t.strictSame((await desk.rest('GET /v1/customers')).body.data, []);
});

test('the apostrophe that keeps spreadsheets from running a cell is taken off again', async (t) => {
  const desk = await openTestDesk(t);
  const signs = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
  const rows = signs.map((sign, n) => `C-${n},'${sign}1`);
  await sendCsv(desk, desk, 'customers', ['externalIds.crm,name', ...rows, "C-9,'s"].join('\r\n'));
  const { data } = (await desk.rest('GET /v1/customers')).body;
  const names = data.map(({ name }: { name: string }) => name).sort();
  t.strictSame(names, [...signs.map((sign) => `${sign}1`), "'s"].sort());
});
