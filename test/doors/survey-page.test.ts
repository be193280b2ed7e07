/** The hosted survey page as a browser gets it: nothing inserted becomes markup, nothing is loaded, all of it can be read. */

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { test } from 'tap';
import {
  expiredPage,
  parseSurveyForm,
  STYLE_HASH,
  SURVEY_CSP,
  type SurveyPage,
  surveyPage,
  thankYouPage,
} from '../../src/domains/surveys/page.ts';

function makePage(page: Partial<SurveyPage> = {}): SurveyPage {
  return {
    workspaceName: '晨星科技',
    colour: '#1f6feb',
    language: 'zh-CN',
    ticketNumber: 1042,
    ticketSubject: '发票抬头开错了',
    scale: 5,
    dimensions: [
      { key: 'efficiency', label: '问题解决效率' },
      { key: 'attitude', label: '服务态度' },
    ],
    action: '/s/token',
    ...page,
  };
}

/** Every form the page can take. */
function everyPage(page: Partial<SurveyPage> = {}): string[] {
  const full = makePage(page);
  const answer = { overall: 4, dimensions: { attitude: 1 }, comment: 'x' };
  const errors = ['overall', 'dimensions.attitude', 'comment'].map((path) => ({
    path,
    message: 'No.',
    code: 'invalid',
  }));
  return [
    surveyPage(full),
    surveyPage({ ...full, answer }),
    surveyPage({ ...full, answer, errors }),
    thankYouPage({ ...full, changeUrl: full.action }),
    expiredPage(full),
    expiredPage({ ...full, workspaceName: null }),
  ];
}

function radios(page: string): { name: string; value: string; checked: boolean }[] {
  return [...page.matchAll(/<input type="radio" name="([^"]*)" value="([^"]*)"([^>]*)>/g)].map(
    ([, name = '', value = '', rest = '']) => ({ name, value, checked: rest.includes(' checked') }),
  );
}

test('a page says its language and direction and asks for nothing from elsewhere', async (t) => {
  for (const language of ['zh-CN', 'en'] as const) {
    for (const page of everyPage({ language })) {
      t.match(page, `<html lang="${language}" dir="ltr">`);
      t.match(page, /^<!doctype html>/);
      t.notMatch(page, /<script|<link|<img|<iframe|<base|\son\w+=|\sstyle=|https?:|url\(|@import/i);
      t.equal(page.match(/<style>/g)?.length, 1, 'one style sheet');
      t.equal(page.match(/<h1>/g)?.length, 1, 'one main heading');
      t.equal(page.match(/<title>[^<]+<\/title>/g)?.length, 1, 'a title');
    }
  }
});

test('the policy admits the style sheet and nothing else', async (t) => {
  for (const page of everyPage()) {
    const style = /<style>(.*?)<\/style>/s.exec(page)![1]!;
    t.equal(STYLE_HASH, `sha256-${createHash('sha256').update(style).digest('base64')}`);
  }
  t.equal(
    SURVEY_CSP,
    `default-src 'none'; style-src '${STYLE_HASH}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
  );
});

test('the form offers every point of every scale, by label and keyboard', async (t) => {
  for (const scale of [5, 6, 7] as const) {
    const page = surveyPage(makePage({ scale }));
    const points = Array.from({ length: scale }, (_, index) => String(index + 1));
    for (const name of ['overall', 'dimension.efficiency', 'dimension.attitude']) {
      t.same(
        radios(page).flatMap((radio) => (radio.name === name ? [radio.value] : [])),
        points,
        name,
      );
    }
    t.equal(page.match(/<fieldset/g)?.length, 3);
    t.equal(page.match(/<legend>/g)?.length, 3);
    t.equal(page.match(/<label>/g)?.length, 3 * scale, 'a radio lies inside its label');
    t.notOk(
      radios(page).some((radio) => radio.checked),
      'nothing is chosen beforehand',
    );
  }
  const page = surveyPage(makePage());
  t.match(page, '<form method="post" action="/s/token">');
  t.match(page, '<label for="comment">');
  t.match(page, '很不满意');
  t.match(page, '非常满意');
});

test('an answer given before fills the form', async (t) => {
  const answer = { overall: 4, dimensions: { attitude: 1 }, comment: '\n谢谢 </textarea>' };
  const page = surveyPage(makePage({ answer }));
  t.same(
    radios(page).filter((radio) => radio.checked),
    [
      { name: 'overall', value: '4', checked: true },
      { name: 'dimension.attitude', value: '1', checked: true },
    ],
  );
  t.match(page, '\n\n谢谢 &#60;/textarea&#62;</textarea>', 'a browser drops the first line break of a textarea');
  t.match(page, '您已评价过');
});

test('what is wrong is said at its field and at the top', async (t) => {
  const page = surveyPage(
    makePage({
      language: 'en',
      answer: { overall: Number.NaN, dimensions: {}, comment: null },
      errors: [{ path: 'overall', message: 'Expected number, received NaN', code: 'invalid_type' }],
    }),
  );
  t.match(page, /role="alert"><a href="#overall">/);
  t.match(page, / id="overall"[^>]* aria-describedby="overall-wrong"/);
  t.match(page, '<p class="wrong" id="overall-wrong">Please choose a number from 1 to 5.</p>');
  t.notMatch(page, 'NaN');
  t.notMatch(page, 'answered already');

  const general = surveyPage(makePage({ errors: [{ path: '', message: 'No.', code: 'invalid' }] }));
  t.match(general, /role="alert">还有/, 'without a field of ours there is nothing to jump to');
});

test('whatever is inserted stays text', async (t) => {
  const markup = (page: string) =>
    page
      .replace(/<style>.*?<\/style>/s, '')
      .match(/<[^>]*>/g)!
      .map((tag) => tag.split(/[\s>]/)[0]);
  const nasty = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .array(fc.constantFrom('<b>', '"', "'", '&', '</textarea>', '</title>', '<script>', ' onload=', '`', '\u0000'))
      .map((a) => a.join('')),
  );
  const plain = everyPage().map(markup);
  fc.assert(
    fc.property(nasty, (text) => {
      const filled = text.trim() === '' ? 'x' : text;
      const pages = everyPage({
        workspaceName: filled,
        ticketSubject: text,
        ticketNumber: text,
        action: text,
        questions: { overall: text, comment: text },
        dimensions: [
          { key: `a${text}`, label: text },
          { key: 'attitude', label: text },
        ],
      });
      return pages.every((page, index) => JSON.stringify(markup(page)) === JSON.stringify(plain[index]));
    }),
  );
  t.pass();
});

test('a colour is #rrggbb or ours', async (t) => {
  const fill = (colour: string) => /<rect [^>]*fill="([^"]*)"/.exec(surveyPage(makePage({ colour })))![1];
  t.equal(fill('#AbCdEf'), '#abcdef');
  for (const colour of ['', 'red', '#fff', '#12345g', '#1234567', '"/><b>', '#123456\n'])
    t.equal(fill(colour), '#2f5d62');
});

test('text can be read: 4.5 : 1 at least, outlines 3 : 1', async (t) => {
  const [light, dark] = [...surveyPage(makePage()).matchAll(/:root \{([^}]*)\}/g)].map(
    ([, rules = '']) =>
      new Map([...rules.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name = '', hex = '']) => [name, hex])),
  );
  const pairs: [front: string, back: string, least: number][] = [
    ...['text', 'soft'].flatMap((front) =>
      ['page', 'card', 'cell'].map((back): [string, string, number] => [front, back, 4.5]),
    ),
    ['wrong', 'card', 4.5],
    ['wrong', 'wrong-bg', 4.5],
    ['edge', 'card', 3],
    ['edge', 'cell', 3],
    ['focus', 'card', 3],
    ['text', 'card', 3],
  ];
  for (const [name, theme] of Object.entries({ light: light!, dark: dark! })) {
    for (const [front, back, least] of pairs) {
      const ratio = contrast(theme.get(front)!, theme.get(back)!);
      t.ok(ratio >= least, `${name}: ${front} on ${back} is ${ratio.toFixed(2)}`);
    }
  }
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffffff }), (number) => {
      const colour = `#${number.toString(16).padStart(6, '0')}`;
      const ink = /<body class="ink-(white|black)">/.exec(thankYouPage(makePage({ colour })))![1];
      return contrast(colour, ink === 'white' ? '#ffffff' : '#000000') >= 4.5;
    }),
  );
});

/** WCAG 2.2, relative luminance and contrast ratio. */
function contrast(a: string, b: string): number {
  const luminance = (hex: string) =>
    [1, 3, 5]
      .map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
      .map((share) => (share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4))
      .reduce((sum, share, index) => sum + share * [0.2126, 0.7152, 0.0722][index]!, 0);
  const [darker, lighter] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (lighter! + 0.05) / (darker! + 0.05);
}

test('a posted form becomes the input of an answer', async (t) => {
  const template = { dimensions: [{ key: 'efficiency' }, { key: 'attitude' }] };
  const parse = (body: string) => parseSurveyForm(new URLSearchParams(body), template);
  t.same(parse('overall=4&dimension.efficiency=5&dimension.other=1&comment=+a%0D%0Ab+'), {
    overall: 4,
    dimensions: { efficiency: 5 },
    comment: 'a\nb',
  });
  t.same(parse(''), { overall: Number.NaN, dimensions: {}, comment: null });
  t.same(parse('overall=&dimension.attitude=&comment=+'), { overall: Number.NaN, dimensions: {}, comment: null });
  for (const text of ['-1', '4.5', '1e0', '0x1', ' 4', '٤', '9999', 'NaN', 'Infinity']) {
    t.same(parse(`overall=${encodeURIComponent(text)}`).overall, Number.NaN, text);
  }
  t.same(parse('overall=3&dimension.attitude=x').dimensions, { attitude: Number.NaN });
});
