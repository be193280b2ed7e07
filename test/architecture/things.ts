/** Every route as a call that works: its path and body from the contract's examples, the things they name made first. */

import { z } from 'zod';
import { ROUTES } from '../../src/app.ts';
import { answerOf, pathParameters, type Route } from '../../src/doors/rest/route.ts';
import { ID_PREFIXES, type IdKind, kindOfId, newId } from '../../src/ids.ts';
import type { Caller, TestDesk } from '../support/desk.ts';

export type Values = Record<string, unknown>;

/** What stands in a path where no id does: any value that the schema takes. */
function anyValue(schema: z.ZodType): string {
  const { $defs = {}, ...own } = z.toJSONSchema(schema, { io: 'input' });
  const { enum: values, examples } = { ...own, ...Object.values($defs)[0] } as { enum?: string[]; examples?: string[] };
  return values?.[0] ?? examples?.[0] ?? 'sample';
}

export const kindOf = (parameter: string) => {
  const kind = parameter.replace(/Id$/, '');
  return parameter.endsWith('Id') && kind in ID_PREFIXES ? (kind as IdKind) : null;
};

/** `POST /v1/tickets/tkt_…/solve`, its parameters as given. */
export function lineOf({ method, path: template, operation }: Route, values: Record<string, string> = {}): string {
  const filled = template.replaceAll(/:([a-zA-Z]+)/g, (_whole, name: string) => {
    const kind = kindOf(name);
    return values[name] ?? (kind === null ? anyValue(operation.input.shape[name] as z.ZodType) : newId(kind));
  });
  return `${method} /v1${filled}`;
}

/** The example of an operation without what stands in its path. */
export function bodyOf({ method, path: template, operation }: Route): Values | undefined {
  if (method === 'GET' || method === 'DELETE') return undefined;
  const inPath = pathParameters(template);
  return Object.fromEntries(Object.entries(operation.example ?? {}).filter(([name]) => !inPath.includes(name)));
}

export type Rest = Caller['rest'];

/**
 * The admin of a new workspace with the words, tiers and policies that the examples of the contract speak of. What only
 * time makes needs one whose clock can be moved.
 */
export async function openWorkspace(desk: TestDesk, mode: 'live' | 'test' = 'test'): Promise<Rest> {
  const { status, body } = await desk.rest('POST /v1/workspaces', { name: 'Beside', plan: 'reference', mode });
  if (status !== 201) throw new Error(`createWorkspace answers ${status} ${JSON.stringify(body)}`);
  const { rest } = desk.withKey(body.adminKey);
  return rest;
}

/**
 * A thing of a workspace: one of those it began with, else one made by the route that creates them with the example of
 * the contract; what the example names is made first. Null when there is no such route.
 */
export async function makeThing(owner: Rest, kind: IdKind, made: Map<IdKind, string>): Promise<string | null> {
  const known = made.get(kind);
  if (known !== undefined) return known;
  if (kind === 'invitation' || kind === 'answer') return (await makeSurvey(owner, made))[kind];
  if (kind === 'notification' || kind === 'delivery') return (await makeEscalation(owner, made))?.[kind] ?? null;
  if (kind === 'tierSample') return makeSample(owner, made);
  const route = ROUTES.find(({ method, operation: { output, status } }) => {
    const id = answerOf(output).model === null ? undefined : (output as z.ZodObject).shape?.['id'];
    return (
      method === 'POST' && (status === 201 || status === 202) && id !== undefined && prefixOf(id) === ID_PREFIXES[kind]
    );
  });
  if (route === undefined) return null;
  const values: Record<string, string> = {};
  for (const name of pathParameters(route.path)) {
    const needed = kindOf(name);
    if (needed !== null) values[name] = (await makeThing(owner, needed, made)) ?? newId(needed);
  }
  const listed = await owner(lineOf({ ...route, method: 'GET' }, values));
  if (listed.status === 200 && listed.body.data?.[0]?.id !== undefined) {
    made.set(kind, listed.body.data[0].id);
    return made.get(kind)!;
  }
  const body = (await withOwnIds(owner, bodyOf(route), made)) as Values;
  const answer = await owner(lineOf(route, values), body);
  if (answer.status !== route.operation.status) {
    throw new Error(
      `The example of ${route.operation.name} does not make a ${kind}: ${answer.status} ${JSON.stringify(answer.body)}`,
    );
  }
  made.set(kind, answer.body.id);
  return answer.body.id as string;
}

/** A survey is of a solved ticket, and its answer needs the token of its invitation. */
async function makeSurvey(owner: Rest, made: Map<IdKind, string>): Promise<{ invitation: string; answer: string }> {
  const create = ROUTES.find(({ operation }) => operation.name === 'createTicket')!;
  const { id: ticket } = await succeed(
    owner,
    lineOf(create),
    (await withOwnIds(owner, bodyOf(create), made)) as Values,
  );
  await succeed(owner, `POST /v1/tickets/${ticket}/solve`, {});
  const invitation = await succeed(owner, `POST /v1/tickets/${ticket}/survey-invitations`, { language: 'en' });
  const answer = await succeed(owner, 'POST /v1/survey-answers', { token: invitation.token, overall: 4 });
  made.set('invitation', invitation.id).set('answer', answer.id);
  return { invitation: invitation.id, answer: answer.id };
}

/** A promise that is broken, and who is told; null where time does not move. */
async function makeEscalation(owner: Rest, made: Map<IdKind, string>) {
  if ((await owner('GET /v1/test-clock')).status !== 200) return null;
  const customer = (await makeThing(owner, 'customer', made))!;
  await succeed(owner, 'POST /v1/policies', {
    key: 'escalating',
    name: 'Escalating',
    match: { customers: [customer] },
    objectives: [
      {
        metric: 'resolution',
        target: 'PT1M',
        // The port of a mail server: never called, and given up at once.
        escalate: [{ at: 'due', do: [{ notify: 'manager' }, { webhook: 'https://example.com:25/' }] }],
      },
    ],
  });
  await succeed(owner, 'POST /v1/tickets', { subject: 'S', kind: 'basic', channel: 'email', customerId: customer });
  await succeed(owner, 'POST /v1/test-clock/advance', { by: 'PT2M' });
  const first = async (what: string) => (await owner(`GET /v1/${what}`)).body.data[0].id as string;
  const ids = { notification: await first('notifications'), delivery: await first('deliveries') };
  made.set('notification', ids.notification).set('delivery', ids.delivery);
  return ids;
}

/** A monthly run draws whoever has a score; null where time does not move. */
async function makeSample(owner: Rest, made: Map<IdKind, string>): Promise<string | null> {
  if ((await owner('GET /v1/test-clock')).status !== 200) return null;
  await succeed(owner, 'POST /v1/customers', { name: 'Scored', figures: { value: 1 } });
  await succeed(owner, 'POST /v1/test-clock/advance', { by: 'P32D' });
  const { id } = (await owner('GET /v1/tier-samples')).body.data[0];
  made.set('tierSample', id);
  return id;
}

async function succeed(owner: Rest, line: string, body: Values) {
  const answer = await owner(line, body);
  if (answer.status >= 300) throw new Error(`${line} answers ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

function prefixOf(schema: z.ZodType): string | undefined {
  const { examples } = z.toJSONSchema(schema, { unrepresentable: 'any' }) as { examples?: string[] };
  return examples?.[0]?.replace(/_[^_]*$/, '');
}

/** Ids in an example stand for things of their kind. */
export async function withOwnIds(owner: Rest, value: unknown, made: Map<IdKind, string>): Promise<unknown> {
  if (typeof value === 'string') {
    const kind = kindOfId(value);
    return kind === null ? value : ((await makeThing(owner, kind, made)) ?? value);
  }
  if (Array.isArray(value)) return Promise.all(value.map((item) => withOwnIds(owner, item, made)));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(async ([key, item]) => [key, await withOwnIds(owner, item, made)] as const);
  return Object.fromEntries(await Promise.all(entries));
}
