/** /problems and /problems/:code: what each error means, for people as a page and for programs as JSON. */

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AppError, ERRORS, type ErrorCode } from '../../errors.ts';
import { hashOf, setPolicy } from './content-policy.ts';
import { languageOf } from './problem.ts';

const WORDS = {
  en: { title: 'Errors of this desk', status: 'Status', code: 'Code', meaning: 'Meaning', all: 'All errors' },
  'zh-CN': { title: '错误代码', status: '状态码', code: '代码', meaning: '含义', all: '全部错误' },
};

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.4rem .6rem;border-bottom:1px solid #8884}`;

export function registerProblemPages(app: FastifyInstance): void {
  app.get('/problems', async (request, reply) => answer(request, reply, Object.keys(ERRORS) as ErrorCode[], true));
  app.get('/problems/:code', async (request, reply) => {
    const { code } = request.params as { code: string };
    if (!Object.hasOwn(ERRORS, code)) throw new AppError('not_found', 'No such error.');
    return answer(request, reply, [code as ErrorCode], false);
  });
}

function answer(request: FastifyRequest, reply: FastifyReply, codes: ErrorCode[], all: boolean): FastifyReply {
  reply.header('Vary', 'Accept, Accept-Language');
  if (prefersJson(request.headers.accept)) {
    const rows = codes.map(rowOf);
    return reply.type('application/json; charset=utf-8').send(JSON.stringify(all ? { data: rows } : rows[0]));
  }
  setPolicy(reply, { 'style-src': hashOf(STYLE) });
  return reply
    .type('text/html; charset=utf-8')
    .send(pageOf(codes, all, languageOf(request.headers['accept-language'])));
}

function rowOf(code: ErrorCode) {
  const { status, ...titles } = ERRORS[code];
  return { type: `/problems/${code}`, code, status, title: titles };
}

/** A browser names text/html; whoever does not and asks for JSON gets JSON. */
function prefersJson(accept: string | undefined): boolean {
  return accept !== undefined && /json/.test(accept) && !/text\/html/.test(accept);
}

function pageOf(codes: ErrorCode[], all: boolean, language: 'en' | 'zh-CN'): string {
  const words = WORDS[language];
  const other = language === 'en' ? 'zh-CN' : 'en';
  const title = all ? words.title : `${codes[0]} – ${ERRORS[codes[0]!][language]}`;
  const rows = codes.map((code) => {
    const row = ERRORS[code];
    const meaning = `${row[language]}<br><small lang="${other}">${row[other]}</small>`;
    return `<tr><td><a href="/problems/${code}"><code>${code}</code></a></td><td>${row.status}</td><td>${meaning}</td></tr>`;
  });
  return `<!doctype html>
<html lang="${language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${STYLE}</style>
<h1>${title}</h1>
<table>
<thead><tr><th>${words.code}</th><th>${words.status}</th><th>${words.meaning}</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>
${all ? '' : `<p><a href="/problems">${words.all}</a></p>\n`}</html>
`;
}
