/** The hosted survey page: a link shows the form, posting it answers. Looking decides nothing: mail scanners open links. */

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { answerSurvey, getSurvey } from '../../domains/surveys/answers.ts';
import type { Survey } from '../../domains/surveys/model.ts';
import {
  expiredPage,
  type PageLanguage,
  parseSurveyForm,
  SURVEY_CSP,
  type SurveyFormInput,
  surveyPage,
  thankYouPage,
} from '../../domains/surveys/page.ts';
import { openSurveySession, type SurveySession } from '../../domains/surveys/session.ts';
import { AppError, ERRORS, type FieldError } from '../../errors.ts';
import { type Desk, execute, type Operation } from '../../operation.ts';
import { languageOf, toKnownError } from './problem.ts';

type SurveyView = z.output<typeof Survey>;

// biome-ignore lint/suspicious/noExplicitAny: operations of every input and output pass through here
type AnyOperation = Operation<any, any>;

/** More than any form of ours can hold. */
const FORM_LIMIT = 64 * 1024;

const HEADERS = {
  'Content-Security-Policy': SURVEY_CSP,
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
  'X-Robots-Tag': 'noindex, nofollow',
};

/** In a scope of its own: forms are read here and nowhere else, and no key is asked for. */
export async function registerSurveyPages(server: FastifyInstance, desk: Desk): Promise<void> {
  await server.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
      done(null, new URLSearchParams(body as string)),
    );
    scope.addHook('onRequest', async (_request, reply) => {
      reply.headers(HEADERS);
    });
    scope.setErrorHandler((error, request, reply) => sendFailure(request, reply, error));
    const url = '/s/:token';
    scope.get(url, (request, reply) => answering(desk, request, reply, show));
    scope.post(url, { bodyLimit: FORM_LIMIT }, (request, reply) => answering(desk, request, reply, take));
    scope.route({
      method: ['PUT', 'PATCH', 'DELETE'],
      url,
      handler: async (_request, reply) => {
        reply.header('Allow', 'GET, HEAD, POST');
        throw new AppError('method_not_allowed', 'Here one can GET and POST.');
      },
    });
  });
}

/** One visit by a link. */
interface Visit {
  token: string;
  /** `?lang=` where it is one of ours. */
  wanted: PageLanguage | undefined;
  survey: SurveyView;
  execute(operation: AnyOperation, input: Record<string, unknown>): Promise<unknown>;
  request: FastifyRequest;
  reply: FastifyReply;
}

async function answering(
  desk: Desk,
  request: FastifyRequest,
  reply: FastifyReply,
  handle: (visit: Visit) => Promise<FastifyReply>,
): Promise<FastifyReply> {
  const { token } = request.params as { token: string };
  const lang = (request.query as Record<string, unknown>)['lang'];
  const wanted = lang === 'zh-CN' || lang === 'en' ? lang : undefined;
  const session = await openSurveySession(desk.db, desk.services, token);
  if (session === null) return sendExpired(request, reply, 404, null, wanted);
  const run = async (operation: AnyOperation, input: Record<string, unknown>) => {
    const { workspace, actor } = session;
    const call = { workspace, actor, door: 'survey' as const, log: request.log, input: { token, ...input } };
    return (await execute(desk, operation, call)).body;
  };
  try {
    const survey = (await run(getSurvey, wanted === undefined ? {} : { language: wanted })) as SurveyView;
    return await handle({ token, wanted, survey, execute: run, request, reply });
  } catch (error) {
    if (!(error instanceof AppError) || (error.code !== 'gone' && error.code !== 'not_found')) throw error;
    return sendExpired(request, reply, ERRORS[error.code].status, session, wanted);
  }
}

/** GET: the form, filled with what was answered; thanks once it can no longer be changed, or was just sent. */
async function show(visit: Visit): Promise<FastifyReply> {
  const { survey, request, reply } = visit;
  const thanks = (request.query as Record<string, unknown>)['thanks'] !== undefined;
  if (survey.answer !== null && (thanks || !survey.open)) {
    const changeUrl = survey.open ? reference(visit) : undefined;
    return sendPage(reply, 200, thankYouPage({ ...survey, changeUrl }));
  }
  return sendForm(visit, 200, survey.answer ?? undefined);
}

/** POST: keeps the answer and sends the browser on, so that a reload asks for thanks and not for another vote. */
async function take(visit: Visit): Promise<FastifyReply> {
  const { survey, request, reply } = visit;
  const form = parseSurveyForm((request.body as URLSearchParams | undefined) ?? new URLSearchParams(), survey);
  try {
    await visit.execute(answerSurvey, { ...form });
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'validation_failed') throw error;
    return sendForm(visit, 422, form, error.errors);
  }
  return reply.code(303).header('Location', reference(visit, true)).send();
}

/** Relative to itself, so that it holds under whatever prefix the desk is reached by. */
function reference({ token, wanted }: Visit, thanks = false): string {
  const query = new URLSearchParams({
    ...(thanks ? { thanks: '1' } : {}),
    ...(wanted === undefined ? {} : { lang: wanted }),
  });
  return query.size === 0 ? token : `${token}?${query}`;
}

function sendForm(
  visit: Visit,
  status: number,
  answer: SurveyFormInput | undefined,
  errors?: FieldError[],
): FastifyReply {
  const { survey } = visit;
  const page = surveyPage({
    ...survey,
    scale: survey.scale as 5 | 6 | 7,
    questions: survey.question === null ? undefined : { overall: survey.question },
    answer,
    action: reference(visit),
    errors,
  });
  return sendPage(visit.reply, status, page);
}

function sendExpired(
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  session: SurveySession | null,
  wanted: PageLanguage | undefined,
): FastifyReply {
  const { name, colour } = session?.workspace ?? { name: null, colour: '' };
  const language = wanted ?? session?.language ?? languageOf(request.headers['accept-language']);
  return sendPage(reply, status, expiredPage({ workspaceName: name, colour, language }));
}

function sendPage(reply: FastifyReply, status: number, page: string): FastifyReply {
  return reply.code(status).type('text/html; charset=utf-8').send(page);
}

/** What is no matter of the survey (a body too large, a database that is away): a line of text that a person can read. */
function sendFailure(request: FastifyRequest, reply: FastifyReply, error: unknown): FastifyReply {
  const known = toKnownError(error);
  if (known.code === 'internal') request.log.error({ err: error }, 'unexpected');
  if (known.code === 'unavailable') reply.header('Retry-After', '1');
  const { status, ...title } = ERRORS[known.code];
  const text = title[languageOf(request.headers['accept-language'])];
  return reply.code(status).type('text/plain; charset=utf-8').send(`${text}\n`);
}
