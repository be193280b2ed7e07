/** The law of search without a database: what a text is found by, and what PostgreSQL is handed. */

import fc from 'fast-check';
import { test } from 'tap';
import { searchQuery, searchTokens, searchVector } from '../../src/rules/search.ts';

test('a text is found by these lexemes', async (t) => {
  const table: [text: string, lexemes: string[]][] = [
    ['', []],
    ['！？… — 😀', []],
    ['票', ['票']],
    ['开发票', ['开', '开发', '发', '发票', '票']],
    ['开，票', ['开', '票']],
    ['请求。INV7', ['请', '请求', '求', 'inv7']],
    ['カード', ['カ', 'カー', 'ー', 'ード', 'ド']],
    ['Refund refund REFUND', ['refund']],
    ['refunds', ['refunds', 'refund']],
    ['ＡＢＣ１２３', ['abc123']],
    ['Müller Crème', ['muller', 'creme', 'crem']],
    ['INV-2024/003', ['inv', '2024', '003']],
    ['li@example.com', ['li', 'example', 'exampl', 'com']],
    ["customer's O’Neil", ['customer', 'o', 'neil']],
    ['Возврат средств', ['возврат', 'средств']],
    ['환불 요청', ['환불', '요청']],
    ['हिन्दी', ['हिन्दी']],
    ["it's\u0000\ud800\\", ['it']],
  ];
  for (const [text, lexemes] of table) t.same(searchTokens(text), lexemes, JSON.stringify(text));
});

test('the forms of an English word share a lexeme', async (t) => {
  const families = [
    'refund refunds refunded refunding',
    'reply replies replied replying',
    'cancel cancels canceled cancelled cancelling',
    'invoice invoices invoiced invoicing',
    'ship shipped shipping ships',
    'address addresses addressed',
    'box boxes boxed',
    'issue issues issued issuing',
    'use uses used using',
    'id ids',
    'call calls calling',
  ];
  for (const family of families) {
    const words = family.split(' ');
    const [first = [], ...others] = words.map(searchTokens);
    t.not(first.filter((lexeme) => others.every((lexemes) => lexemes.includes(lexeme))).length, 0, family);
  }
  for (const word of ['string', 'status', 'analysis', 'need', 'king', 'tv']) t.same(searchTokens(word), [word]);
});

test('a query is this text', async (t) => {
  const table: [typed: string, query: string | null][] = [
    ['', null],
    [' -- ', null],
    ["'; drop table tickets; --", "'drop' & 'tabl' & ('tickets':* | 'ticket')"],
    ['<-> & | ! ( ) : * \\ \' "', null],
    ['票', "'票'"],
    ['发票', "'发票'"],
    ['电子发票', "'电子' <-> '子发' <-> '发票'"],
    ['发票 退款', "'发票' & '退款'"],
    ['refund', "'refund':*"],
    ['a', "'a'"],
    ['refunds again', "'refund' & 'again':*"],
    ['invoicin', "'invoicin':*"],
    ['INV-2024/003', "'inv' <-> '2024' <-> '003':*"],
    ['INV-2024/003 退款', "'inv' <-> '2024' <-> '003' & '退款'"],
    ['li.wang@example.com', "'li' <-> 'wang' <-> 'exampl' <-> 'com':*"],
    ['sign-ins', "'sign' <-> ('ins':* | 'in')"],
    ['no no', "'no' & 'no':*"],
    ['退款 退款', "'退款'"],
  ];
  for (const [typed, query] of table) t.equal(searchQuery(typed), query, typed);
});

test('a vector carries places and weights', async (t) => {
  t.equal(searchVector([]), '');
  t.equal(searchVector([{ text: '?!', weight: 'A' }]), '');
  t.equal(
    searchVector([
      { text: '发票 refunds', weight: 'A' },
      { text: 'no refund no', weight: 'D' },
    ]),
    "'发':1A '发票':1A '票':2A 'refunds':3A 'refund':3A,6 'no':5,7",
  );
});

test('a vector stays within the limits of PostgreSQL', async (t) => {
  const number = (index: number) => index.toString(36);
  const long = Array.from({ length: 20_000 }, (_, index) => number(index)).join(' ');
  const manyPlaces = searchVector([{ text: long, weight: 'C' }]);
  t.match(manyPlaces, `'${number(16_382)}':16383C`, 'the last place');
  t.match(manyPlaces, `'${number(16_383)}' `, 'then without one, so still found by word');

  const often = searchVector([{ text: 'no '.repeat(1000), weight: 'A' }]);
  t.equal(often.split(',').length, 255, 'places of one lexeme');

  const endless = 'xyz1'.repeat(1000);
  t.equal(searchVector([{ text: endless, weight: 'D' }]), `'${'xyz1'.repeat(16)}':1`, 'a very long word is cut');
  t.equal(searchQuery(endless), `'${'xyz1'.repeat(16)}':*`, 'in the query too');

  const words = Array.from({ length: 200_000 }, (_, index) => `word${number(index)}`).join(' ');
  t.ok(Buffer.byteLength(searchVector([{ text: words, weight: 'A' }])) < 1_048_575, 'bytes');
  t.ok((searchQuery(words)?.split(' & ').length ?? 0) <= 64, 'a query is cut as well');
  t.equal(searchQuery('啊'.repeat(1000))?.split(' <-> ').length, 64);
});

test('whatever is typed, only letters, digits and marks get between the quotes', async (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      const term = /'[\p{L}\p{N}\p{M}]+'(:\*)?/u.source;
      const vector = searchVector([{ text, weight: 'B' }]);
      const query = searchQuery(text);
      return (
        /^('[\p{L}\p{N}\p{M}]+':\d+B(,\d+B)*( |$))*$/u.test(vector) &&
        (query === null ||
          new RegExp(`^(${term}|\\(${term} \\| ${term}\\))( (&|<->) (${term}|\\(${term} \\| ${term}\\)))*$`, 'u').test(
            query,
          ))
      );
    }),
    { numRuns: 2000 },
  );
  t.pass();
});

test('full width, case and accents make no difference', async (t) => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'aZ9é-_票 Å') }), (text) => {
      const same = (other: string) => JSON.stringify(searchTokens(other)) === JSON.stringify(searchTokens(text));
      const wide = text.replace(/[!-~]/g, (letter) => String.fromCodePoint(letter.codePointAt(0)! + 0xfee0));
      return same(wide) && same(text.toUpperCase()) && same(text.normalize('NFD'));
    }),
  );
  t.pass();
});
