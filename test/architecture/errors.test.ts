/** The table of errors: every code is used, documented and said in both languages, and no other code exists. */

import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'tap';
import { contract } from '../../src/app.ts';
import { ERRORS, type ErrorCode } from '../../src/errors.ts';
import { openTestDesk } from '../support/desk.ts';

const SRC = path.resolve(import.meta.dirname, '../../src');
const CODES = Object.keys(ERRORS) as ErrorCode[];

const sources = globSync('**/*.ts', { cwd: SRC })
  .filter((file) => file !== 'errors.ts')
  .map((file) => ({ file, text: readFileSync(path.join(SRC, file), 'utf8') }));

test('every code in the table is used: else drop its row', async (t) => {
  for (const code of CODES) {
    t.ok(
      sources.some(({ text }) => text.includes(`'${code}'`)),
      code,
    );
  }
});

test('every code that is thrown is in the table', async (t) => {
  for (const { file, text } of sources) {
    for (const [, code] of text.matchAll(/new AppError\(\s*'(\w+)'/g)) t.ok(code! in ERRORS, `${code} in ${file}`);
  }
});

test('every row reads well: a code in snake case, a status of an error, a title in each language', async (t) => {
  for (const code of CODES) {
    const { status, en, 'zh-CN': zh } = ERRORS[code];
    t.match(code, /^[a-z]+(_[a-z]+)*$/);
    t.ok(status >= 400 && status < 600, `${code} is ${status}`);
    t.match(en, /^[A-Z][^.]+$/, `${code} in English`);
    t.match(zh, /\p{Script=Han}/u, `${code} in Chinese`);
  }
});

test('every code is documented: in the contract, and on a page of its own that its type leads to', async (t) => {
  const { inject } = await openTestDesk(t);
  const text = JSON.stringify(contract());
  const known = (contract() as { components: { schemas: { Problem: { properties: { code: { enum: string[] } } } } } })
    .components.schemas.Problem.properties.code.enum;
  t.same(known, CODES);
  const list = await inject({ method: 'GET', url: '/problems', headers: { accept: 'application/json' } });
  t.same(
    list.json().data.map((row: { code: string }) => row.code),
    CODES,
  );
  for (const code of CODES) {
    const { status, ...titles } = ERRORS[code];
    t.ok(text.includes(`\`${code}\``) || text.includes(` ${status}`), `${code} is explained in the contract`);
    const json = await inject({ method: 'GET', url: `/problems/${code}`, headers: { accept: 'application/json' } });
    t.same(json.json(), { type: `/problems/${code}`, code, status, title: titles });
    const page = await inject({ method: 'GET', url: `/problems/${code}`, headers: { 'accept-language': 'zh' } });
    t.match(page.headers['content-type'], /^text\/html/);
    t.match(page.body, '<html lang="zh-CN">');
    for (const title of Object.values(titles)) t.ok(page.body.includes(title), `${code} says ${title}`);
  }
  t.equal((await inject({ method: 'GET', url: '/problems/nothing' })).statusCode, 404);
});
