/** What a webhook's template makes of an event: Liquid, bounded in size, memory and time, and without files. */

import vm from 'node:vm';
import { Liquid, type Template } from 'liquidjs';
import { MOST_TEMPLATE } from './model.ts';

/** Characters of what comes of it. */
const MOST_RENDERED = 100_000;
/** Nothing else happens in the process meanwhile. A template of a hundred lines takes less than one; a busy machine, more. */
const MOST_MS = 200;
/** The engine ends it itself after so long, where it looks. */
const MOST_ENGINE_MS = MOST_MS / 2;
const ENGINE_TIMEOUT = /render limit exceeded/;
/** One that took longer is not tried again for a while, however many events it is to be tried on. */
const REST_MS = 60_000;

/** Why nothing came of a template, in words for its author. */
export class TemplateError extends Error {
  override name = 'template';
}

const ENGINE = new Liquid({
  // Nothing is there to be included.
  templates: {},
  ownPropertyOnly: true,
  parseLimit: MOST_TEMPLATE,
  renderLimit: MOST_ENGINE_MS,
  memoryLimit: MOST_RENDERED,
});

/** The engine looks at its limits between the parts of a template; what takes long within one is ended from outside. */
const RENDER = new vm.Script('render()');
const SANDBOX: { render?: () => string } = vm.createContext({});

const PARSED = new Map<string, Template[]>();
const MOST_PARSED = 200;
/** Templates that took too long, and until when each rests. */
const RESTING = new Map<string, number>();

function parse(template: string): Template[] {
  let parsed = PARSED.get(template);
  if (parsed === undefined) {
    if (PARSED.size >= MOST_PARSED) PARSED.clear();
    parsed = ENGINE.parse(template);
    PARSED.set(template, parsed);
  }
  return parsed;
}

/** The template filled in. Throws TemplateError for what cannot be read, takes too much, or is no JSON where that is meant. */
export function render(template: string, contentType: string, scope: object): string {
  if (performance.now() < (RESTING.get(template) ?? 0)) throw tooLong();
  let text: string;
  try {
    const parsed = parse(template);
    SANDBOX.render = () => ENGINE.renderSync(parsed, scope) as string;
    text = RENDER.runInContext(SANDBOX, { timeout: MOST_MS }) as string;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT' && !ENGINE_TIMEOUT.test(message)) throw new TemplateError(message);
    if (RESTING.size >= MOST_PARSED) RESTING.clear();
    RESTING.set(template, performance.now() + REST_MS);
    throw tooLong();
  } finally {
    delete SANDBOX.render;
  }
  if (text.length > MOST_RENDERED) throw new TemplateError(`It makes over ${MOST_RENDERED} characters.`);
  if (contentType === 'application/json') requireJson(text);
  return text;
}

const tooLong = () => new TemplateError(`It takes over ${MOST_ENGINE_MS} ms.`);

function requireJson(text: string): void {
  try {
    JSON.parse(text);
  } catch (error) {
    const hint = 'Write values with the filter json, as in {{ event.type | json }}.';
    throw new TemplateError(`What it makes is no JSON: ${(error as Error).message}. ${hint}`);
  }
}
