/** Search as PostgreSQL answers it: it reads whatever is typed, finds what stands in a text, and keeps to its limits. */

import fc from 'fast-check';
import { test } from 'tap';
import type { Db } from '../../src/db/connect.ts';
import { searchQuery, searchVector } from '../../src/rules/search.ts';
import { openTestDatabase } from '../support/database.ts';

/** Whether each text is found by what was typed; null when there is nothing to search for. */
async function find(db: Db, pairs: readonly [text: string, typed: string][]): Promise<(boolean | null)[]> {
  const { rows } = await db.pool.query<{ found: boolean | null }>(
    `select vector::tsvector @@ query::tsquery as found
     from unnest($1::text[], $2::text[]) with ordinality as pair (vector, query, number) order by number`,
    [pairs.map(([text]) => searchVector([{ text, weight: 'A' }])), pairs.map(([, typed]) => searchQuery(typed))],
  );
  return rows.map(({ found }) => found);
}

/** Texts as people write them, and as nobody does. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({ unit: 'grapheme', maxLength: 200 }),
  fc
    .array(
      fc.constantFrom(
        ...[
          '发票',
          '開具',
          '，',
          '。',
          ' ',
          '\n',
          '-',
          '.',
          '@',
          "'",
          '\\',
          '"',
          '<->',
          ' & ',
          '|',
          '!',
          '(',
          ')',
          ':*',
        ],
        ...[
          'INV-2024/003',
          'refunds',
          'li@example.com',
          "o'neil",
          'a',
          '3.14',
          'ß',
          'É',
          'カード',
          '각',
          'هذا',
          'İ',
          '\u0000',
          '\ud800',
        ],
      ),
      { maxLength: 40 },
    )
    .map((parts) => parts.join('')),
);

test('search in PostgreSQL', async (t) => {
  const { db } = await openTestDatabase(t);

  await t.test('a text is found by these words and not by those', async (t) => {
    const text =
      '您好，上个月的增值税发票 INV-2024/003 抬头开错了。Invoices were cancelled, please reply to li.wang@example.com!';
    const found = [
      ...[
        '发票',
        '增值税发票',
        '票',
        '抬头 发票',
        '发票抬头'.slice(0, 2),
        '开错',
        'INV-2024/003',
        'inv-2024',
        '2024/003',
        'inv',
      ],
      ...[
        'ＩＮＶ－２０２４／００３',
        'INV 2024 003',
        '003',
        'li.wang@example.com',
        'wang@example',
        'example.com',
        'Wang',
        '发票 inv',
      ],
      ...['invoice', 'invoicing', 'INVOI', 'cancel', 'cancelling', 'replies', 'cancelled invoice', 'pleas', 'plea'],
    ];
    const missed = [
      ...[
        '票发',
        '发票抬头',
        '税票',
        '退款',
        '发票 退款',
        'INV-2024/004',
        '003/2024',
        'INV-003',
        'wang.li@example.com',
      ],
      ...['voice', 'invoice refund', 'cance please', 'li wang@sample.com'],
    ];
    for (const [index, hit] of (
      await find(
        db,
        found.map((typed) => [text, typed]),
      )
    ).entries()) {
      t.equal(hit, true, `found by ${found[index]}`);
    }
    for (const [index, hit] of (
      await find(
        db,
        missed.map((typed) => [text, typed]),
      )
    ).entries()) {
      t.equal(hit, false, `not found by ${missed[index]}`);
    }
  });

  await t.test('the end of one field and the beginning of the next are not one phrase', async (t) => {
    const vector = searchVector([
      { text: '申请发', weight: 'A' },
      { text: '票 INV', weight: 'B' },
      { text: '2024', weight: 'C' },
    ]);
    for (const typed of ['发票', 'INV-2024']) {
      const { rows } = await db.pool.query('select $1::tsvector @@ $2::tsquery as found', [vector, searchQuery(typed)]);
      t.equal(rows[0].found, false, typed);
    }
  });

  await t.test('whatever is typed is read, and every text is found by itself', async (t) => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyText, { minLength: 200, maxLength: 200 }), async (texts) => {
        const found = await find(
          db,
          texts.map((text) => [text, text]),
        );
        return found.every((hit) => hit !== false);
      }),
      { numRuns: 50 },
    );
    t.pass();
  });

  await t.test('every stretch of a Chinese text is found, whatever stands around it', async (t) => {
    const han = fc.string({ unit: fc.constantFrom(...'的一是不了发票退款'), minLength: 1, maxLength: 12 });
    const triple = fc.tuple(anyText, han, anyText);
    await fc.assert(
      fc.asyncProperty(fc.array(triple, { minLength: 100, maxLength: 100 }), async (triples) => {
        const found = await find(
          db,
          triples.map(([before, text, after]) => [before + text + after, text]),
        );
        return found.every((hit) => hit === true);
      }),
      { numRuns: 20 },
    );
    t.pass();
  });

  await t.test('the largest texts stay within the limits', async (t) => {
    const letters = (from: number) =>
      Array.from({ length: 200_000 }, (_, index) => String.fromCodePoint(from + (index % 20_000)));
    const texts = {
      'one word': 'no '.repeat(100_000),
      'many words': Array.from({ length: 200_000 }, (_, index) => `${index.toString(36)}x`).join(' '),
      'long words': Array.from({ length: 20_000 }, (_, index) => '𐐨'.repeat(60) + index).join(' '),
      'one endless word': 'é'.repeat(1_000_000),
      'Han letters': letters(0x4e00).join(''),
      'rare Han letters': letters(0x20000).join(''),
    };
    for (const [name, text] of Object.entries(texts)) {
      const beginning = text.split(' ', 20).join(' ').slice(0, 100);
      const [found] = await find(db, [[text, beginning]]);
      t.equal(found, true, name);
    }
  });
});
