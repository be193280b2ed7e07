/** Two desks on one database, their wall clocks in the test's hand, and what they have said of clocks. */

import { pino } from 'pino';
import type { Test } from 'tap';
import { buildApp } from '../../src/app.ts';
import { save } from '../../src/changes.ts';
import { loadConfig } from '../../src/config.ts';
import { closeDatabase, type Db, openDatabase } from '../../src/db/connect.ts';
import { newWorkspaceChanges } from '../../src/domains/workspaces/creation.ts';
import { handleDue } from '../../src/jobs/timekeeper.ts';
import type { Desk } from '../../src/operation.ts';
import { openTestDatabase } from './database.ts';

export const LOG = pino({ level: 'silent' });
/** Tuesday 2026-11-24 10:00 in Shanghai. */
export const START = Date.UTC(2026, 10, 24, 2, 0, 0);
export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into field by field
type Told = any;

export interface TwoDesks {
  desks: Desk[];
  db: Db;
  /** JSON in, answer out; through either desk. */
  ask(desk: 0 | 1, line: string, body?: unknown): Promise<Told>;
  /** Imports a ticket for each of these instants (epoch milliseconds), at which it was created. */
  importTickets(createdAt: number[]): Promise<void>;
}

/** Nothing is promised yet. `environment` is that of both; `reachedBy` answers how they reach the database of this URL. */
export async function openTwoDesks(
  t: Test,
  wallClocks: [() => number, () => number],
  {
    environment = {},
    reachedBy = async (url) => url,
  }: { environment?: NodeJS.ProcessEnv; reachedBy?: (url: string) => Promise<string> } = {},
): Promise<TwoDesks> {
  const { db, url } = await openTestDatabase(t);
  const reached = await reachedBy(url);
  const { changes, workspaceId, adminKey } = newWorkspaceChanges({
    workspaceId: 1,
    name: 'Bench',
    plan: 'none',
    mode: 'live',
    now: Math.floor(wallClocks[0]() / 1000),
  });
  const apps: Awaited<ReturnType<typeof buildApp>>[] = [];
  for (const wallClock of wallClocks) {
    const own = openDatabase({ url: reached, poolSize: 5, prepared: true });
    const services = { secretKey: Buffer.alloc(32, 7), publicUrl: 'http://desk.test', wallClock };
    const app = await buildApp({ config: loadConfig(environment), db: own, services, log: LOG });
    t.teardown(async () => {
      await app.server.close();
      await closeDatabase(own);
    });
    apps.push(app);
  }
  const { epoch } = apps[0]!.desk.services;
  await save(db, workspaceId, epoch, [{ changes, author: { actor: 'start', door: 'start' } }]);
  return {
    desks: apps.map(({ desk }) => desk),
    db,
    async ask(desk, line, body) {
      const [method, path] = line.split(' ') as ['POST', string];
      const headers = { authorization: `Bearer ${adminKey}` };
      const answer = await apps[desk]!.server.inject({
        method,
        url: path,
        headers,
        ...(body ? { payload: body } : {}),
      });
      if (answer.statusCode >= 300) throw new Error(`${line}: ${answer.statusCode} ${answer.body}`);
      return answer.json();
    },
    async importTickets(createdAt) {
      const lines = createdAt.map((at, n) => {
        const events = [{ at: new Date(at).toISOString(), type: 'created', body: 'Please.' }];
        const { message: _, ...fields } = ticket(`imported ${n}`);
        return JSON.stringify({ ...fields, externalIds: { old_desk: `${at}-${n}` }, events });
      });
      const answer = await apps[0]!.server.inject({
        method: 'POST',
        url: '/v1/bulk/tickets',
        headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/x-ndjson' },
        payload: lines.join('\n'),
      });
      if (answer.body.includes('"error"')) throw new Error(answer.body.slice(0, 300));
    },
  };
}

export const policy = (target: string, warnAt: number[]) => ({
  key: 'all',
  name: 'Everything',
  objectives: [
    { metric: 'first_response', target, warnAt },
    { metric: 'resolution', target, warnAt },
  ],
});

export const ticket = (subject: string) => ({ subject, kind: 'complaint', channel: 'email', message: 'Please.' });

export interface Said {
  ticket: string;
  type: 'clock.warned' | 'clock.breached';
  metric: string;
  occurred: number;
  recorded: number;
  due: number;
  started: number;
  fraction: number | null;
}

/** Warnings and breaches in the feed; instants in epoch seconds. */
export async function listSaid(db: Db): Promise<Said[]> {
  const seconds = (text: string) => `extract(epoch from (${text})::timestamptz)::float8`;
  const { rows } = await db.pool.query<Said>(
    `select subject as ticket, type, data->'clock'->>'metric' as metric, ${seconds('occurred_at')} as occurred,
       ${seconds('recorded_at')} as recorded, ${seconds("coalesce(data->'clock'->>'dueAt', data->'clock'->>'breachedAt')")} as due,
       ${seconds("data->'clock'->>'startedAt'")} as started, (data->>'fraction')::float8 as fraction
     from events where type in ('clock.warned', 'clock.breached') order by recorded_at, id`,
  );
  return rows;
}

const nameOf = ({ ticket: id, type, metric, fraction }: Said) => `${id} ${type} ${metric} ${fraction ?? ''}`;

/** Checks that each clock of these tickets warned once per fraction and broke once, each at its own instant. */
export function checkSaid(t: Test, said: Said[], tickets: number, fractions: number[]): void {
  const clocks = tickets * 2;
  t.equal(said.length, clocks * (fractions.length + 1), `${said.length} said`);
  t.equal(new Set(said.map(nameOf)).size, said.length, 'nothing twice');
  const wrong = said.filter(({ type, occurred, started, due, fraction }) =>
    type === 'clock.breached' ? occurred !== due : occurred !== started + Math.ceil((due - started) * (fraction ?? 0)),
  );
  t.strictSame(wrong, [], 'each at its own instant');
}

export const drain = async (desk: Desk) => {
  while ((await handleDue(desk, LOG)) > 0);
};
