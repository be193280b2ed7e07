/**
 * A desk lives through its days on a moved clock: tickets come, are answered, wait, are solved and opened again; policies,
 * calendars and tiers change; the process dies in the middle of anything. Whenever it stands still the stored clocks equal a
 * replay of the histories, and whatever broke has been said once.
 *
 * `YEAR_DAYS=365 npm test test/operations/year.test.ts` is the long run; `FUZZ_SEED` repeats one.
 */

import { pino } from 'pino';
import { type Test, test } from 'tap';
import { buildApp } from '../../src/app.ts';
import { save } from '../../src/changes.ts';
import { loadConfig } from '../../src/config.ts';
import { closeDatabase, type Db, openDatabase } from '../../src/db/connect.ts';
import { clocksOf, loadLevels } from '../../src/domains/tickets/settle.ts';
import { clockView, getTicketFiles } from '../../src/domains/tickets/store.ts';
import { newWorkspaceChanges } from '../../src/domains/workspaces/creation.ts';
import { getWorkspace } from '../../src/domains/workspaces/store.ts';
import { encodeId } from '../../src/ids.ts';
import { openTestDatabase } from '../support/database.ts';
import { type Dice, dice } from '../support/dice.ts';

const SEED = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const DAYS = Number(process.env['YEAR_DAYS'] ?? 8);
/** Steps from one look to the next, and looks from one at all tickets to the next. */
const LOOK_EVERY = 8;
const ALL_EVERY = 25;
/** Tickets that are still worked on. */
const LATEST = 25;
const START = Date.parse('2026-09-28T00:00:00Z') / 1000;
const DAY = 86_400;
/** The wall clock, milliseconds: a minute later at every start, so that what a dead process had taken is free again. */
let wall = START * 1000;

const EVERY = 1_000_000;

const iso = (at: number) => new Date(at * 1000).toISOString();

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into field by field
type Told = any;

/** The process is gone: what it had sent to the database may or may not have arrived. */
class Killed extends Error {}

/** A desk as one process has it, until it is killed. */
class Process {
  readonly #db: Db;
  readonly #app: Awaited<ReturnType<typeof buildApp>>;
  /** Statements it has left to live; none when nobody is after it. */
  #left = Number.POSITIVE_INFINITY;
  #dead = false;
  #lastArrives = false;

  private constructor(db: Db, app: Awaited<ReturnType<typeof buildApp>>) {
    this.#db = db;
    this.#app = app;
  }

  static async start(url: string): Promise<Process> {
    wall += 60_000;
    const db = openDatabase({ url, poolSize: 3, prepared: true });
    let self: Process | null = null;
    const send = db.pool.query.bind(db.pool) as (...asked: unknown[]) => Promise<unknown>;
    db.pool.query = (async (...asked: unknown[]) => {
      if (self === null) return send(...asked);
      if (self.#dead) throw new Killed();
      self.#left -= 1;
      if (self.#left >= 0) return send(...asked);
      self.#dead = true;
      if (self.#lastArrives) await send(...asked);
      throw new Killed();
    }) as never;
    const app = await buildApp({
      config: loadConfig({}),
      db,
      services: {
        secretKey: Buffer.alloc(32, 7),
        publicUrl: 'http://desk.test',
        wallClock: () => wall,
      } as never,
      log: pino({ level: 'silent' }),
    });
    await app.server.ready();
    self = new Process(db, app);
    return self;
  }

  get dead(): boolean {
    return this.#dead;
  }

  /** It dies after so many more statements; the last of them may still reach the database. */
  killAfter(statements: number, lastArrives: boolean): void {
    this.#left = statements;
    this.#lastArrives = lastArrives;
  }

  async ask(key: string, line: string, body: unknown, idempotencyKey: string): Promise<{ status: number; body: Told }> {
    const [method, url] = line.split(' ') as ['GET', string];
    const answer = await this.#app.server.inject({
      method,
      url,
      headers: { authorization: `Bearer ${key}`, 'idempotency-key': idempotencyKey },
      ...(body === undefined ? {} : { payload: body as object }),
    });
    return { status: answer.statusCode, body: answer.body === '' ? null : answer.json() };
  }

  async close(): Promise<void> {
    this.#left = Number.POSITIVE_INFINITY;
    await this.#app.server.close();
    await closeDatabase(this.#db);
  }
}

/** Whoever uses the desk: repeats what was not answered, as a client does, when the desk is there again. */
class Client {
  readonly #url: string;
  readonly #key: string;
  #process: Process;
  #requests = 0;
  deaths = 0;

  constructor(url: string, key: string, process: Process) {
    this.#url = url;
    this.#key = key;
    this.#process = process;
  }

  async rest(line: string, body?: unknown): Promise<{ status: number; body: Told }> {
    const idempotencyKey = `request-${++this.#requests}`;
    for (;;) {
      const answer = await this.#process.ask(this.#key, line, body, idempotencyKey);
      if (!this.#process.dead) return answer;
      this.deaths += 1;
      await this.#process.close();
      this.#process = await Process.start(this.#url);
    }
  }

  killSoon({ below, chance }: Dice): void {
    this.#process.killAfter(below(12), chance(0.5));
  }

  close(): Promise<void> {
    return this.#process.close();
  }
}

const OFFICE_DAY = [
  ['09:00', '12:00'],
  ['13:00', '18:00'],
];

const objectives = ({ oneOf, someOf, chance }: Dice) =>
  ['first_response', 'next_response', 'resolution', 'update']
    .filter((metric) => metric === 'resolution' || chance(0.7))
    .map((metric) => ({
      metric,
      target: oneOf(['PT30M', 'PT2H', 'PT8H', 'PT24H', 'P1D', 'P3D']),
      warnAt: someOf([0.25, 0.5, 0.8]),
      pausesOn: someOf(['pending', 'on_hold']),
      ...(chance(0.3) ? { escalate: [{ at: oneOf([0.9, 'due', 'PT1H']), do: [{ notify: 'manager' }] }] } : {}),
    }));

const semantics = ({ oneOf }: Dice) => ({
  onReopen: oneOf(['resume', 'count', 'restart']),
  onChange: oneOf(['recompute', 'recompute', 'fromChange']),
  hold: oneOf(['business', 'business', 'wall', 'hideDue']),
});

class Life {
  readonly #client: Client;
  readonly #dice: Dice;
  readonly #customers: string[] = [];
  readonly #policies: string[] = [];
  readonly #tickets: string[] = [];
  #calendarId = '';
  now = START;
  refusals = 0;

  constructor(client: Client, dice: Dice) {
    this.#client = client;
    this.#dice = dice;
  }

  async begin(): Promise<void> {
    const ask = (line: string, body: unknown) => this.#do(line, body);
    for (const key of ['core', 'normal']) await ask('POST /v1/tiers', { key, name: key });
    const week = Object.fromEntries(['mon', 'tue', 'wed', 'thu', 'fri'].map((day) => [day, OFFICE_DAY]));
    const calendar = { key: 'office', name: 'Office', timeZone: 'Asia/Shanghai', week };
    this.#calendarId = (await ask('POST /v1/calendars', calendar)).id;
    for (const [index, match] of [{ tiers: ['core'] }, { priorities: ['urgent'] }, {}].entries()) {
      const policy = await ask('POST /v1/policies', {
        key: `policy-${index}`,
        name: `Policy ${index}`,
        match,
        calendar: this.#dice.oneOf(['office', 'always']),
        objectives: objectives(this.#dice),
        semantics: semantics(this.#dice),
      });
      this.#policies.push(policy.id);
    }
    for (let n = 0; n < 6; n++) {
      const customer = await ask('POST /v1/customers', {
        name: `Customer ${n}`,
        tier: n % 2 === 0 ? 'core' : 'normal',
      });
      this.#customers.push(customer.id);
    }
  }

  /** Something happens, or only time passes. */
  async step(): Promise<void> {
    const { below, oneOf, chance, someOf } = this.#dice;
    if (chance(0.06)) this.#client.killSoon(this.#dice);
    const roll = below(100);
    if (this.#tickets.length === 0 || roll < 12) {
      const made = await this.#do('POST /v1/tickets', {
        subject: 'It has stopped',
        kind: oneOf(['complaint', 'fault']),
        channel: oneOf(['email', 'phone']),
        priority: oneOf(['normal', 'normal', 'urgent']),
        customerId: oneOf(this.#customers),
        message: 'Please hurry.',
      });
      this.#tickets.push(made.id);
    } else if (roll < 60) await this.#work(oneOf(this.#tickets.slice(-LATEST)));
    else if (roll < 63) {
      await this.#do(`POST /v1/customers/${oneOf(this.#customers)}/tier`, {
        tier: oneOf(['core', 'normal']),
        reason: 'so',
      });
    } else if (roll < 66) {
      await this.#do(`PATCH /v1/policies/${oneOf(this.#policies)}`, {
        ...(chance(0.7) ? { objectives: objectives(this.#dice) } : { name: `Renamed ${below(1000)}` }),
        ...(chance(0.3) ? { semantics: semantics(this.#dice) } : {}),
        ...(chance(0.3) ? { calendar: oneOf(['office', 'always']) } : {}),
      });
    } else if (roll < 68) {
      const holidays = someOf(
        Array.from({ length: DAYS }, (_, day) => iso(START + day * DAY).slice(0, 10)),
        0.2,
      );
      await this.#do(`PATCH /v1/calendars/${this.#calendarId}`, { holidays });
    } else {
      const by = oneOf([0, 60, 1800, 3600, 3 * 3600, 8 * 3600]) + below(120);
      await this.#do('POST /v1/test-clock/advance', { to: iso(this.now + by) });
      this.now += by;
    }
  }

  async #work(ticket: string): Promise<void> {
    const { oneOf, below } = this.#dice;
    const path = `/v1/tickets/${ticket}`;
    switch (below(9)) {
      case 0:
      case 1:
      case 2:
        return this.#do(`POST ${path}/messages`, { body: 'We are at it.' });
      case 3:
        return this.#do(`POST ${path}/messages`, { body: 'And now?', author: 'customer' });
      case 4:
        return this.#do(`PATCH ${path}`, { status: oneOf(['open', 'pending', 'on_hold']) });
      case 5:
        return this.#do(`PATCH ${path}`, { priority: oneOf(['normal', 'urgent']) });
      case 6:
        return this.#do(`POST ${path}/solve`, {});
      case 7:
        return this.#do(`POST ${path}/reopen`, {});
      default:
        return this.#do(`PATCH ${path}`, { kind: oneOf(['complaint', 'fault']) });
    }
  }

  async #do(line: string, body: unknown): Promise<Told> {
    const { status, body: answer } = await this.#client.rest(line, body);
    if (status >= 500) throw new Error(`${line} ${status}: ${JSON.stringify(answer)}`);
    // A solved ticket cannot be solved again, and the like: a refusal changes nothing.
    if (status >= 400) this.refusals += 1;
    return answer;
  }

  /** Time goes on until nothing asked for is left undone. */
  async rest(): Promise<void> {
    await this.#do('POST /v1/test-clock/advance', { to: iso(this.now) });
  }
}

/** A clock without what moves with every second; of a row, a warning that was said before it was moved is past all the same. */
function still(now: number) {
  return ({ elapsedSeconds: _, pausedSeconds: __, warnAt, ...facts }: ReturnType<typeof clockView>): object => ({
    ...facts,
    warnAt: warnAt?.filter((at) => Date.parse(at) > now * 1000) ?? null,
  });
}

async function compareWithReplay(t: Test, db: Db, workspaceId: number, latest: number): Promise<number> {
  const workspace = await getWorkspace(db, workspaceId);
  const now = workspace.testNow!;
  const { rows } = await db.pool.query<{ id: string }>(
    `select id::text as id from tickets where workspace_id = $1 order by id desc limit $2`,
    [workspaceId, latest],
  );
  const ids = rows.map(({ id }) => encodeId('ticket', id));
  const files = await getTicketFiles(db, workspaceId, ids);
  const levels = await loadLevels(
    { db, workspace },
    files.map(({ history }) => history),
  );
  const order = (a: { metric: string; cycle: number }, b: { metric: string; cycle: number }) =>
    a.metric < b.metric ? -1 : Number(a.metric > b.metric) || a.cycle - b.cycle;
  let compared = 0;
  for (const { ticket, history, clocks } of files) {
    const replayed = clocksOf(history, levels, now).map(clockView).sort(order).map(still(now));
    const stored = clocks
      .map((row) => clockView(row as never))
      .sort(order)
      .map(still(now));
    compared += stored.length;
    if (JSON.stringify(replayed) !== JSON.stringify(stored)) {
      t.same(stored, replayed, `the clocks of ${ticket.id} at ${iso(now)}, FUZZ_SEED=${SEED}`);
    }
  }
  return compared;
}

/** For each clock the feed tells of breaches and withdrawals in turn, and ends as the clock stands. */
async function compareWithFeed(t: Test, db: Db, workspaceId: number): Promise<number> {
  const { rows: told } = await db.pool.query<{ type: string; subject: string; data: Told; occurred: string }>(
    `select type, subject, data, extract(epoch from occurred_at)::bigint as occurred from events
     where workspace_id = $1 and type like 'clock.%' order by epoch, tx, id`,
    [workspaceId],
  );
  const said = new Map<string, string[]>();
  const once = new Map<string, number>();
  for (const { type, subject, data } of told) {
    const { metric, cycle, policyKey, policyVersion } = data.clock;
    const clock = `${subject} ${metric} ${cycle}`;
    const step = `${clock} ${policyKey}@${policyVersion}`;
    if (type === 'clock.breached' || type === 'clock.breach_withdrawn') {
      said.set(clock, [...(said.get(clock) ?? []), type === 'clock.breached' ? step : 'withdrawn']);
    }
    if (type === 'clock.warned') {
      const key = `${step} ${data.fraction}`;
      once.set(key, (once.get(key) ?? 0) + 1);
    }
    if (type === 'clock.escalated') {
      const key = `${step} ${JSON.stringify(data.actions)} ${data.step ?? ''}`;
      once.set(key, (once.get(key) ?? 0) + 1);
    }
  }
  t.same(
    [...once].filter(([, times]) => times > 1),
    [],
    'every warning and every step once',
  );
  for (const [clock, list] of said) {
    const again = list.filter((entry, index) => entry !== 'withdrawn' && list[index - 1] === entry);
    if (again.length > 0 || list[0] === 'withdrawn') t.fail(`${clock}: ${list.join(', ')}, FUZZ_SEED=${SEED}`);
  }
  const { rows: clocks } = await db.pool.query<{ clock: string; breached: boolean }>(
    `select ticket_id::text as ticket, metric, cycle, breached from clocks where workspace_id = $1`,
    [workspaceId],
  );
  let broken = 0;
  for (const { ticket, metric, cycle, breached } of clocks as Told[]) {
    const last = said.get(`${encodeId('ticket', ticket)} ${metric} ${cycle}`)?.at(-1) ?? 'withdrawn';
    if (breached) broken += 1;
    if ((last !== 'withdrawn') !== breached) t.fail(`${ticket} ${metric} ${cycle}: ${last}, FUZZ_SEED=${SEED}`);
  }
  return broken;
}

test(`${DAYS} days of a desk: the clocks are their replay, every breach is said once`, async (t) => {
  t.comment(`FUZZ_SEED=${SEED}`);
  const { db, url } = await openTestDatabase(t);
  const { changes, workspaceId, adminKey } = newWorkspaceChanges({
    workspaceId: 1,
    name: 'year',
    plan: 'none',
    mode: 'test',
    now: START,
    testNow: START,
  });
  await save(db, workspaceId, 1, [{ changes, author: { actor: 'start', door: 'start' } }]);
  const client = new Client(url, adminKey, await Process.start(url));
  t.teardown(() => client.close());
  const life = new Life(client, dice(SEED));
  await life.begin();
  let compared = 0;
  for (let step = 1; life.now < START + DAYS * DAY; step++) {
    await life.step();
    if (step % LOOK_EVERY !== 0) continue;
    await life.rest();
    compared += await compareWithReplay(t, db, workspaceId, step % (LOOK_EVERY * ALL_EVERY) === 0 ? EVERY : LATEST * 2);
  }
  await life.rest();
  compared += await compareWithReplay(t, db, workspaceId, EVERY);
  const broken = await compareWithFeed(t, db, workspaceId);
  t.ok(
    compared > 0 && broken > 0,
    `${compared} comparisons, ${broken} broken clocks, ${client.deaths} deaths, ${life.refusals} refusals`,
  );
});
