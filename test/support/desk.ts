/** A whole desk on a database of its own, spoken to through its doors; the wall clock is in the test's hand. */

import { type Logger, pino } from 'pino';
import type { Test } from 'tap';
import { buildApp, JOBS } from '../../src/app.ts';
import { newKey } from '../../src/auth/keys.ts';
import { ROLE_SCOPES, type Role, type Scope } from '../../src/auth/policy.ts';
import { Changes, save } from '../../src/changes.ts';
import { loadConfig } from '../../src/config.ts';
import type { Db } from '../../src/db/connect.ts';
import { apiKeys, workspaces } from '../../src/db/tables/workspaces.ts';
import { newId } from '../../src/ids.ts';
import { finishJobs } from '../../src/jobs/worker.ts';
import type { Desk } from '../../src/operation.ts';
import { openTestDatabase } from './database.ts';
import { until } from './until.ts';

export interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into field by field
  body: any;
  headers: Record<string, string | string[] | number | undefined>;
}

export interface Caller {
  key: string;
  /** `rest('POST /v1/teams', { name: 'A' })` */
  rest(line: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** `data` of the answer is in `body.data`. */
  graphql(document: string, variables?: Record<string, unknown>): Promise<Answer>;
}

export interface TestDesk extends Caller {
  desk: Desk;
  workspaceId: number;
  /** The wall clock, epoch milliseconds; assign to move it. */
  wall: { now: number };
  /** A workspace beside the first one: its number and its admin. */
  otherWorkspace(): Promise<{ workspaceId: number; caller: Caller }>;
  /** A caller of this workspace with a role, and with these scopes alone. */
  as(role: Role, scopes?: readonly Scope[], more?: Partial<typeof apiKeys.$inferInsert>): Promise<Caller>;
  /** A caller with this key, of whatever workspace. */
  withKey(key: string): Caller;
  /** Runs every job that waits, of whatever workspace: nobody else does, but whoever moves a test clock. */
  work(): Promise<void>;
  /** A workspace whose clock stands at `now` until it is moved, with the reference plan. */
  testWorkspace(now: string, more?: object): Promise<Caller>;
  inject: Server['inject'];
  server: Server;
}

type Server = Awaited<ReturnType<typeof buildApp>>['server'];

/** Tuesday 2026-11-24 10:00 in Shanghai. */
export const START = Date.UTC(2026, 10, 24, 2, 0, 0);

export async function openTestDesk(
  t: Test,
  environment: NodeJS.ProcessEnv = {},
  log: Logger = pino({ level: 'silent' }),
): Promise<TestDesk> {
  const { db } = await openTestDatabase(t);
  const wall = { now: START };
  const app = await buildApp({
    config: loadConfig(environment),
    db,
    services: { secretKey: Buffer.alloc(32, 7), publicUrl: 'http://desk.test', wallClock: () => wall.now },
    log,
  });
  await app.server.ready();
  t.teardown(() => app.server.close());

  const withKey = (key: string): Caller => {
    const caller: Caller = {
      key,
      async rest(line, body, headers = {}) {
        const [method, url] = line.split(' ') as ['GET', string];
        if (url.startsWith('/v1/events') || JSON.stringify(body ?? null).includes('events(')) await feedComplete(db);
        const answer = await app.server.inject({
          method,
          url,
          headers: { authorization: `Bearer ${key}`, ...headers },
          ...(body === undefined ? {} : { payload: body as object }),
        });
        const isJson = String(answer.headers['content-type']).includes('json');
        return { status: answer.statusCode, body: isJson ? answer.json() : answer.body, headers: answer.headers };
      },
      async graphql(query, variables = {}) {
        return caller.rest('POST /graphql', { query, variables });
      },
    };
    return caller;
  };

  const newCaller = async (workspaceId: number, fields: Partial<typeof apiKeys.$inferInsert>): Promise<Caller> => {
    const { key, hash, hint } = newKey(workspaceId);
    const seconds = Math.floor(wall.now / 1000);
    const changes = new Changes(seconds);
    const role = fields.role ?? 'admin';
    changes.insert(apiKeys, {
      workspaceId,
      id: newId('key'),
      name: role,
      role,
      scopes: [...ROLE_SCOPES[role]],
      hash,
      hint,
      instanceAdmin: role === 'admin',
      createdAt: seconds,
      updatedAt: seconds,
      ...fields,
    });
    await save(db, workspaceId, app.desk.services.epoch, [{ changes, author: { actor: 'start', door: 'start' } }]);
    return withKey(key);
  };

  const newWorkspace = async (workspaceId: number): Promise<Caller> => {
    const seconds = Math.floor(wall.now / 1000);
    const changes = new Changes(seconds);
    changes.insert(workspaces, {
      workspaceId,
      id: newId('workspace'),
      name: `Workspace ${workspaceId}`,
      mode: 'live',
      testNow: null,
      timeZone: 'Asia/Shanghai',
      language: 'en',
      currency: 'CNY',
      colour: '#1f6feb',
      createdAt: seconds,
      updatedAt: seconds,
    });
    await save(db, workspaceId, app.desk.services.epoch, [{ changes, author: { actor: 'start', door: 'start' } }]);
    return newCaller(workspaceId, {});
  };

  // Numbers far from the sequence, which createWorkspace draws from.
  let nextWorkspace = 1001;
  const admin = await newWorkspace(1000);
  return {
    ...admin,
    desk: app.desk,
    workspaceId: 1000,
    wall,
    async otherWorkspace() {
      const workspaceId = nextWorkspace++;
      return { workspaceId, caller: await newWorkspace(workspaceId) };
    },
    as: (role, scopes, more = {}) =>
      newCaller(1000, { role, ...(scopes === undefined ? {} : { scopes: [...scopes] }), ...more }),
    withKey,
    async work() {
      const { rows } = await db.pool.query<{ id: number }>('select distinct workspace_id as id from jobs');
      for (const { id } of rows) await finishJobs(app.desk, JOBS, id, log);
    },
    async testWorkspace(now, more = {}) {
      const made = await admin.rest('POST /v1/workspaces', { name: 'Test', mode: 'test', now, ...more });
      if (made.status !== 201) throw new Error(`No test workspace: ${JSON.stringify(made.body)}`);
      return withKey(made.body.adminKey);
    },
    inject: app.server.inject.bind(app.server) as never,
    server: app.server,
  };
}

/**
 * The feed ends before the oldest transaction that is still writing, in whatever database of the server: other test
 * files hold it back for a moment. Waits until all that was saved here can be read.
 */
async function feedComplete(db: Db): Promise<void> {
  const { rows } = await db.pool.query<{ mark: string }>('select pg_current_xact_id()::text as mark');
  await until('the feed is complete', async () => {
    const answer = await db.pool.query<{ passed: boolean }>(
      'select pg_snapshot_xmin(pg_current_snapshot()) > $1::xid8 as passed',
      [rows[0]!.mark],
    );
    return answer.rows[0]!.passed;
  });
}
