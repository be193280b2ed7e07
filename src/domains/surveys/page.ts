/** The hosted survey page: data in, HTML out, for phones, without a script and without anything loaded from elsewhere. */

import { createHash } from 'node:crypto';
import type { FieldError } from '../../errors.ts';

export type PageLanguage = 'zh-CN' | 'en';

/** What an answer is, once its fields are read; the operation's schema decides whether it holds. */
export interface SurveyFormInput {
  overall: number;
  dimensions: Record<string, number>;
  comment: string | null;
}

interface Frame {
  /** Null when the link names no survey of ours. */
  workspaceName: string | null;
  /** `#rrggbb`; anything else becomes the neutral accent. */
  colour: string;
  language: PageLanguage;
}

export interface SurveyPage extends Frame {
  ticketNumber: number | string;
  ticketSubject: string;
  scale: 5 | 6 | 7;
  dimensions: readonly { key: string; label: string }[];
  /** The template's own wording; left out, ours. */
  questions?: { overall?: string; comment?: string } | undefined;
  /** Fills the form: the answer given before, or what was just sent and is not valid. */
  answer?: SurveyFormInput | undefined;
  /** Where the form is posted to, on the same origin. */
  action: string;
  /** Paths `overall`, `dimensions.<key>`, `comment`. The page has its own words for them. */
  errors?: readonly FieldError[] | undefined;
  /** Characters a comment may have. */
  commentLimit?: number | undefined;
}

/** The form. Looking at it decides nothing: an answer is given by POST alone. */
export function surveyPage(page: SurveyPage): string {
  const words = WORDS[page.language];
  const errors = page.errors ?? [];
  const wrong = (path: string) => errors.some((error) => error.path === path);
  const limit = page.commentLimit ?? 2000;
  const paths = ['overall', ...page.dimensions.map(({ key }) => `dimensions.${key}`), 'comment'];
  const fault = paths.find(wrong);

  return framed(
    page,
    words.title,
    html`
      <p class="about"><span>${words.ticket(page.ticketNumber)}</span> <bdi>${page.ticketSubject}</bdi></p>
      ${errors.length > 0 && html`<p class="notice wrong" role="alert">${fault === undefined ? words.check : html`<a href="#${fieldId(fault)}">${words.check}</a>`}</p>`}
      ${errors.length === 0 && page.answer !== undefined && html`<p class="notice">${words.answered}</p>`}
      <form method="post" action="${page.action}">
        ${scale({ page, field: 'overall', path: 'overall', legend: page.questions?.overall ?? words.overall, chosen: page.answer?.overall, wrong: wrong('overall') })}
        ${
          page.dimensions.length > 0 &&
          html`<div class="details"><h2>${words.details} <small>${words.optional}</small></h2>
          ${page.dimensions.map(({ key, label }) =>
            scale({
              page,
              field: `dimension.${key}`,
              path: `dimensions.${key}`,
              legend: label,
              chosen: page.answer?.dimensions[key],
              wrong: wrong(`dimensions.${key}`),
            }),
          )}</div>`
        }
        <div class="comment">
          <label for="comment">${page.questions?.comment ?? words.comment} <small>${words.optional}</small></label>
          <textarea id="comment" name="comment" rows="4" maxlength="${limit}" autocomplete="off"${wrong('comment') && html` aria-invalid="true" aria-describedby="comment-wrong"`}>
${page.answer?.comment}</textarea>
          ${wrong('comment') && html`<p class="wrong" id="comment-wrong">${words.wrongComment(limit)}</p>`}
        </div>
        <button>${fill}<span>${page.answer !== undefined && errors.length === 0 ? words.update : words.send}</span></button>
      </form>`,
  );
}

/** Shown after an answer is kept. `changeUrl`: the way back to the form while the answer can be changed. */
export function thankYouPage(page: Frame & { changeUrl?: string | undefined }): string {
  const words = WORDS[page.language];
  return framed(
    page,
    words.thanks,
    html`
      <div class="message">${tick}
        <h1>${words.thanks}</h1>
        <p>${words.thanksText}</p>
        ${page.changeUrl !== undefined && html`<p><a href="${page.changeUrl}">${words.change}</a></p>`}
      </div>`,
  );
}

/** Shown for a link that is too old, was withdrawn or never was: they look alike, so that links cannot be guessed. */
export function expiredPage(page: Frame): string {
  const words = WORDS[page.language];
  return framed(
    page,
    words.expired,
    html`
      <div class="message">${clock}
        <h1>${words.expired}</h1>
        <p>${words.expiredText}</p>
      </div>`,
  );
}

/**
 * The fields of a posted form -> the input of the answer operation. Takes the template's dimensions alone; those left
 * open are left out. What is not a whole number becomes NaN, which no schema lets pass.
 */
export function parseSurveyForm(
  body: URLSearchParams,
  template: { dimensions: readonly { key: string }[] },
): SurveyFormInput {
  const dimensions = template.dimensions.flatMap(({ key }): [string, number][] => {
    const text = body.get(`dimension.${key}`);
    return text === null || text === '' ? [] : [[key, points(text)]];
  });
  const comment = (body.get('comment') ?? '').replaceAll('\r\n', '\n').trim();
  return {
    overall: points(body.get('overall') ?? ''),
    dimensions: Object.fromEntries(dimensions),
    comment: comment === '' ? null : comment,
  };
}

function points(text: string): number {
  return /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
}

// ── Parts of a page ─────────────────────────────────────────────────────────────────────────────────────────────────

interface Scale {
  page: SurveyPage;
  /** The name the browser posts. */
  field: string;
  path: string;
  legend: string;
  chosen: number | undefined;
  wrong: boolean;
}

function scale({ page, field, path, legend, chosen, wrong }: Scale): Html {
  const words = WORDS[page.language];
  const id = fieldId(path);
  const ends = new Map([
    [1, words.worst],
    [page.scale, words.best],
  ]);
  const choices = Array.from({ length: page.scale }, (_, index) => index + 1).map((value) => {
    const end = ends.get(value);
    return html`<label>
            <input type="radio" name="${field}" value="${value}"${value === 1 && html` id="${id}"`}${path === 'overall' && html` required`}${chosen === value && html` checked`}${wrong && html` aria-describedby="${id}-wrong"`}>
            ${fill}<span>${value}${end !== undefined && html`<span class="unseen"> ${end}</span>`}</span></label>`;
  });
  return html`<fieldset class="${path === 'overall' ? 'overall' : 'dimension'}${wrong && ' faulty'}">
          <legend>${path === 'overall' ? html`<h1>${legend}</h1>` : legend}</legend>
          <div class="scale">${choices}</div>
          <div class="ends" aria-hidden="true"><span>${words.worst}</span><span>${words.best}</span></div>
          ${wrong && html`<p class="wrong" id="${id}-wrong">${words.wrongScore(page.scale)}</p>`}
        </fieldset>`;
}

function fieldId(path: string): string {
  return path === 'overall' || path === 'comment' ? path : `dimension-${path.slice('dimensions.'.length)}`;
}

function framed(frame: Frame, title: string, main: Html): string {
  const colour = /^#[0-9a-f]{6}$/i.test(frame.colour) ? frame.colour.toLowerCase() : NEUTRAL_COLOUR;
  const name = frame.workspaceName?.trim() ?? '';
  const heading = name === '' ? title : `${title} · ${name}`;
  return html`<!doctype html>
<html lang="${frame.language}" dir="ltr">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta name="robots" content="noindex, nofollow">
    <meta name="referrer" content="no-referrer">
    <meta name="format-detection" content="telephone=no">
    <title>${heading}</title>
    <style>${new Html(STYLE)}</style>
  </head>
  <body class="${inkOn(colour)}">
    ${new Html(`<svg class="colour" width="0" height="0" aria-hidden="true"><symbol id="colour"><rect width="100%" height="100%" fill="${colour}"/></symbol></svg>`)}
    ${name !== '' && html`<header><span class="mark" aria-hidden="true">${fill}<span>${[...name][0]!.toUpperCase()}</span></span><bdi>${name}</bdi></header>`}
    <main>${main}
    </main>
  </body>
</html>
`.text;
}

/*
 * The policy admits one style sheet, by its hash, and no style attribute, so the workspace's colour cannot be a CSS
 * value. It comes as the fill of a shape that lies under buttons and marks.
 */
const NEUTRAL_COLOUR = '#2f5d62';

/** White or black, whichever reads better on the colour: the better of the two is never below 4.58 : 1 (WCAG 2 asks for 4.5). */
function inkOn(colour: string): 'ink-white' | 'ink-black' {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  const luminance = 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
  return 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.05 ? 'ink-white' : 'ink-black';
}

// ── HTML ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Text that is HTML already. */
class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Part = Html | readonly Html[] | string | number | false | null | undefined;

/** A template whose parts are escaped unless they are Html; false, null and undefined are nothing. */
function html(texts: TemplateStringsArray, ...parts: Part[]): Html {
  let text = texts[0]!;
  for (const [index, part] of parts.entries()) text += render(part) + texts[index + 1]!;
  return new Html(text);
}

function render(part: Part): string {
  if (part === false || part === null || part === undefined) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'object') return part.map((one) => one.text).join('\n          ');
  return String(part).replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}

const fill = new Html('<svg class="fill" aria-hidden="true"><use href="#colour"/></svg>');
const tick = new Html(
  '<span class="sign" aria-hidden="true"><svg class="fill"><use href="#colour"/></svg><svg class="icon" viewBox="0 0 24 24"><path d="M6 12.5l4 4 8-9"/></svg></span>',
);
const clock = new Html(
  '<span class="sign quiet" aria-hidden="true"><svg class="icon" viewBox="0 0 24 24"><circle cx="12" cy="12" r="8"/><path d="M12 7.5V12l3 2"/></svg></span>',
);

// ── Words ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const WORDS = {
  'zh-CN': {
    title: '服务评价',
    ticket: (number: number | string) => `工单 ${number}`,
    overall: '总体而言，您对这次服务满意吗？',
    details: '具体方面',
    optional: '选填',
    comment: '还有什么想告诉我们的？',
    worst: '很不满意',
    best: '非常满意',
    send: '提交评价',
    update: '更新评价',
    answered: '您已评价过，仍可修改。',
    check: '还有内容需要您确认，请查看标出的地方。',
    wrongScore: (scale: number) => `请选择 1 到 ${scale} 之间的一个分数。`,
    wrongComment: (limit: number) => `请填写不超过 ${limit} 个字的普通文字。`,
    thanks: '感谢您的评价',
    thanksText: '您的意见已收到，我们会认真对待。',
    change: '修改评价',
    expired: '链接已失效',
    expiredText: '这个评价链接已过期或不再可用。如需帮助，请直接与我们联系。',
  },
  en: {
    title: 'Your feedback',
    ticket: (number: number | string) => `Ticket ${number}`,
    overall: 'Overall, how satisfied are you with this service?',
    details: 'In detail',
    optional: 'optional',
    comment: 'Anything you would like to add?',
    worst: 'Very dissatisfied',
    best: 'Very satisfied',
    send: 'Send feedback',
    update: 'Update feedback',
    answered: 'You have answered already. You can still change your answer.',
    check: 'Something is missing or not right. Please check the marked answer.',
    wrongScore: (scale: number) => `Please choose a number from 1 to ${scale}.`,
    wrongComment: (limit: number) => `Please write plain text of at most ${limit} characters.`,
    thanks: 'Thank you',
    thanksText: 'We have received your feedback and will take it seriously.',
    change: 'Change my answer',
    expired: 'This link no longer works',
    expiredText: 'The survey has ended or the link is no longer valid. If you need help, please contact us directly.',
  },
} as const;

// ── Style ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f3f4f6; --card: #ffffff; --text: #16191d; --soft: #59616b; --line: #d5d9de; --cell: #f7f8f9;
  --edge: #868e98; --wrong: #b3261e; --wrong-bg: #fdf1f0; --focus: #1c5fd4; --shadow: 0 1px 2px #10182814, 0 8px 28px #1018280f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #101214; --card: #1a1d21; --text: #eef0f2; --soft: #a4acb5; --line: #343a41; --cell: #23272c;
    --edge: #7c858f; --wrong: #ffb4ab; --wrong-bg: #3a1f1d; --focus: #8ab4ff; --shadow: none;
  }
}
*, ::before, ::after { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 34rem; min-height: 100vh; min-height: 100svh; padding: 1.25rem .75rem 2.5rem;
  background: var(--page); color: var(--text);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", sans-serif;
  -webkit-text-size-adjust: 100%; overflow-wrap: anywhere;
}
html { background: var(--page); }
.colour, .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.fill { position: absolute; inset: 0; width: 100%; height: 100%; }
.ink-white { --ink: #ffffff; }
.ink-black { --ink: #000000; }
header { display: flex; align-items: center; gap: .75rem; margin: 0 .375rem 1rem; font-weight: 600; }
.mark, .sign { position: relative; flex: none; display: grid; place-items: center; overflow: hidden; color: var(--ink); }
.mark { width: 2.25rem; height: 2.25rem; border-radius: .625rem; font-size: 1.0625rem; }
.mark > span { position: relative; }
main { padding: 1.375rem 1.125rem; border-radius: 1.25rem; background: var(--card); box-shadow: var(--shadow); }
h1, h2, p { margin: 0; }
h1 { font-size: 1.3125rem; font-weight: 650; line-height: 1.35; text-wrap: balance; }
a { color: inherit; text-underline-offset: .2em; }
small { font-size: .8125rem; font-weight: 400; color: var(--soft); }
.about { display: flex; flex-direction: column; padding-bottom: 1.125rem; border-bottom: 1px solid var(--line); font-weight: 500; }
.about > span { font-size: .8125rem; font-weight: 400; color: var(--soft); }
.notice { margin-top: 1.125rem; padding: .75rem 1rem; border-radius: .75rem; background: var(--cell); font-size: .9375rem; }
.notice.wrong { background: var(--wrong-bg); }
.wrong { color: var(--wrong); }
fieldset { min-width: 0; margin: 0; padding: 0; border: 0; }
fieldset > .wrong, .comment > .wrong { margin-top: .375rem; font-size: .875rem; }
legend { padding: 0; }
.overall { margin-top: 1.375rem; }
.overall legend { margin-bottom: 1rem; }
.scale { display: grid; grid-auto-flow: column; grid-auto-columns: 1fr; gap: clamp(3px, 1vw, 6px); }
.scale label {
  position: relative; display: grid; place-items: center; min-height: 3rem; overflow: hidden; border-radius: .75rem;
  background: var(--cell); font-weight: 600; font-variant-numeric: tabular-nums; cursor: pointer;
  box-shadow: inset 0 0 0 1px var(--edge); -webkit-tap-highlight-color: transparent;
}
.overall .scale label { min-height: 3.75rem; font-size: 1.25rem; }
.faulty .scale label { box-shadow: inset 0 0 0 1px var(--wrong); }
.scale input { position: absolute; inset: 0; z-index: 1; width: 100%; height: 100%; margin: 0; opacity: 0; cursor: pointer; }
.scale .fill { visibility: hidden; }
.scale label > span { position: relative; }
.scale label::after { content: ""; position: absolute; inset: 0; border-radius: inherit; pointer-events: none; }
.scale label:has(:checked) { color: var(--ink); }
.scale :checked ~ .fill { visibility: visible; }
.scale :checked ~ span { color: var(--ink); }
.scale label:has(:checked)::after { box-shadow: inset 0 0 0 2px var(--text); }
.scale label:has(:focus-visible) { outline: 3px solid var(--focus); outline-offset: 2px; }
@media (hover: hover) {
  .scale label:hover::after { box-shadow: inset 0 0 0 2px var(--text); }
  button:hover::after { box-shadow: inset 0 0 0 2px var(--text); }
}
.ends { display: flex; justify-content: space-between; gap: 1rem; margin-top: .5rem; font-size: .8125rem; color: var(--soft); }
.details { margin-top: 1.75rem; padding-top: 1.375rem; border-top: 1px solid var(--line); }
h2, .comment label { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; column-gap: .75rem; font-size: 1.0625rem; font-weight: 600; }
.dimension { margin-top: 1.125rem; }
.dimension legend { margin-bottom: .5rem; }
.dimension .ends { display: none; }
.dimension:last-child .ends { display: flex; }
.comment { margin-top: 1.625rem; padding-top: 1.375rem; border-top: 1px solid var(--line); }
textarea {
  display: block; width: 100%; min-height: 6.5rem; margin-top: .625rem; padding: .75rem .875rem; resize: vertical;
  border: 1px solid var(--edge); border-radius: .75rem; background: var(--cell); color: inherit; font: inherit;
}
textarea[aria-invalid] { border-color: var(--wrong); }
textarea:focus-visible, button:focus-visible, a:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }
button {
  position: relative; display: block; width: 100%; min-height: 3.375rem; margin-top: 1.5rem; padding: .75rem; overflow: hidden;
  border: 0; border-radius: .875rem; background: none; color: var(--ink); font: inherit; font-size: 1.0625rem; font-weight: 600; cursor: pointer;
}
button > span { position: relative; }
button::after { content: ""; position: absolute; inset: 0; border-radius: inherit; box-shadow: inset 0 0 0 1px #80808066; }
.message { padding: 1.75rem 0 1.25rem; text-align: center; }
.message h1 { margin-top: 1.25rem; }
.message p { margin-top: .625rem; color: var(--soft); text-wrap: balance; }
.message a { display: inline-block; padding: .625rem; color: var(--text); font-weight: 500; }
.sign { width: 4rem; height: 4rem; margin: 0 auto; border-radius: 50%; }
.sign.quiet { background: var(--cell); color: var(--soft); box-shadow: inset 0 0 0 1px var(--line); }
.icon { position: relative; width: 2rem; height: 2rem; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
@media (min-width: 36rem) { body { padding-top: 3rem; } main { padding: 2rem; } }
@media (forced-colors: active) {
  .fill { display: none; }
  .scale label, button { border: 1px solid ButtonBorder; }
  .scale label:has(:checked) { outline: 3px solid Highlight; outline-offset: -3px; }
}
`;

/** The hash by which the policy admits the page's one style sheet. */
export const STYLE_HASH = `sha256-${createHash('sha256').update(STYLE).digest('base64')}`;

/** The `content-security-policy` header of all three pages. */
export const SURVEY_CSP = `default-src 'none'; style-src '${STYLE_HASH}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`;
