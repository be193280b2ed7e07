/** The reference plan over China's holidays, reckoned by hand to the second and lived on a test clock. */

import { type Test, test } from 'tap';
import { type Caller, openTestDesk, type TestDesk } from '../support/desk.ts';

// 2026: National Day is 1 to 7 October, 10 October (Saturday) is worked; Spring Festival is 15 to 23 February, 14 and 28
// February (Saturdays) are worked. Office hours are 09:00–12:00 and 13:00–18:00, service hours 08:00–22:00. All in Shanghai.

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into field by field
type Told = any;

/** `09-30 17:20` or `09-30 17:20:05`, local time in Shanghai in 2026 -> as the API says it. */
function at(local: string): string {
  const [day, time] = local.split(' ') as [string, string];
  return new Date(`2026-${day}T${time.length === 5 ? `${time}:00` : time}+08:00`).toISOString().replace('.000', '');
}

class Case {
  readonly t: Test;
  readonly caller: Caller;
  id = '';
  customerId = '';

  constructor(t: Test, caller: Caller) {
    this.t = t;
    this.caller = caller;
  }

  async ask(line: string, body?: object): Promise<Told> {
    const answer = await this.caller.rest(line, body);
    if (answer.status >= 300) throw new Error(`${line}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  async to(local: string): Promise<void> {
    await this.ask('POST /v1/test-clock/advance', { to: at(local) });
  }

  async verb(name: string, body: object = {}): Promise<void> {
    await this.ask(`POST /v1/tickets/${this.id}/${name}`, body);
  }

  async reply(): Promise<void> {
    await this.verb('messages', { body: 'Hello' });
  }

  async customerSays(): Promise<void> {
    await this.verb('messages', { body: 'And?', author: 'customer' });
  }

  /** `state due elapsed` of the latest cycle of a metric; due as local time. */
  async is(
    metric: string,
    expected: {
      state: string;
      dueAt: string | null;
      elapsed?: number;
      warnAt?: string[];
      paused?: number;
      cycle?: number;
    },
  ) {
    const clocks = (await this.ask(`GET /v1/tickets/${this.id}/clocks`)).data;
    const clock = clocks.findLast((one: Told) => one.metric === metric);
    const { state, dueAt, elapsed, warnAt, paused, cycle } = expected;
    this.t.match(
      clock,
      {
        state,
        dueAt: dueAt === null ? null : at(dueAt),
        ...(elapsed === undefined ? {} : { elapsedSeconds: elapsed }),
        ...(paused === undefined ? {} : { pausedSeconds: paused }),
        ...(cycle === undefined ? {} : { cycle }),
      },
      `${metric} is ${JSON.stringify(expected)}`,
    );
    if (warnAt !== undefined) this.t.strictSame(clock?.warnAt, warnAt.map(at), `${metric} warns at ${warnAt}`);
  }

  /** What the feed said of the clocks, as `warned first_response 0.5 09-30 18:00`. */
  async said(types: string): Promise<string[]> {
    const { data } = await this.ask(`GET /v1/events?limit=200&subject=${this.id}&type=${types}`);
    return data.map(({ type, occurredAt, data: { clock, fraction } }: Told) => {
      const local = new Date(Date.parse(occurredAt) + 8 * 3_600_000).toISOString();
      const when = `${local.slice(5, 10)} ${local.slice(11, 19)}`;
      return [type.slice(6), clock.metric, ...(fraction === undefined ? [] : [fraction]), when].join(' ');
    });
  }
}

async function begin(t: Test, desk: TestDesk, local: string, tier: string, kind: string, channel: string) {
  const told = new Case(t, await desk.testWorkspace(at(local)));
  told.customerId = (await told.ask('POST /v1/customers', { name: tier, tier })).id;
  const ticket = { subject: 'T', kind, channel, customerId: told.customerId, message: 'Please' };
  told.id = (await told.ask('POST /v1/tickets', ticket)).id;
  return told;
}

const SAID = 'clock.warned,clock.breached,clock.breach_withdrawn';

test('a mail of a normal customer on the eve of National Day', async (t) => {
  const told = await begin(t, await openTestDesk(t), '09-30 17:20', 'normal', 'basic', 'email');
  // 8 h: 40 min on the eve, 7 h 20 min on the 8th.
  await told.is('first_response', { state: 'running', dueAt: '10-08 17:20', warnAt: ['10-08 13:20', '10-08 15:44'] });
  // 5 working days: 8, 9, 10, 12, 13 October; 40 h of open time lie before.
  await told.is('resolution', { state: 'running', dueAt: '10-13 17:20', warnAt: ['10-10 13:20', '10-12 17:20'] });
  await told.to('10-08 17:20');
  await told.is('first_response', { state: 'running', dueAt: '10-08 17:20', elapsed: 8 * 3600 });
  t.strictSame(await told.said('clock.breached'), [], 'kept at the very instant');
  await told.to('10-08 17:20:01');
  await told.is('first_response', { state: 'running', dueAt: '10-08 17:20', elapsed: 8 * 3600 + 1 });
  await told.to('10-09 09:00');
  await told.reply();
  await told.is('first_response', { state: 'missed', dueAt: '10-08 17:20', elapsed: 8 * 3600 + 40 * 60 });
  // Waiting for the customer from the 9th, 10:00, to Sunday the 11th: 9 h 40 min of 40 have gone by.
  await told.to('10-09 10:00');
  await told.verb('pending');
  await told.is('resolution', { state: 'paused', dueAt: null, elapsed: (40 + 8 * 60 + 60) * 60 });
  await told.to('10-11 12:00');
  await told.customerSays();
  // 30 h 20 min are left: 8 on each of 12, 13, 14, and 6 h 20 min on the 15th.
  await told.is('resolution', { state: 'running', dueAt: '10-15 16:20', paused: 15 * 3600 });
  // 8 h on the next working day.
  await told.is('next_response', { state: 'running', dueAt: '10-12 18:00', warnAt: ['10-12 14:00', '10-12 16:24'] });
  await told.to('10-20 00:00');
  t.strictSame(await told.said(SAID), [
    'warned first_response 0.5 10-08 13:20:00',
    'warned first_response 0.8 10-08 15:44:00',
    'breached first_response 10-08 17:20:00',
    'warned next_response 0.5 10-12 14:00:00',
    'warned next_response 0.8 10-12 16:24:00',
    'breached next_response 10-12 18:00:00',
    'warned resolution 0.5 10-13 11:20:00',
    'warned resolution 0.8 10-14 16:20:00',
    'breached resolution 10-15 16:20:00',
  ]);
});

test('a mail of a core customer in the holiday week: service hours, pause and reopening', async (t) => {
  const told = await begin(t, await openTestDesk(t), '10-01 21:30', 'core', 'basic', 'email');
  await told.is('first_response', { state: 'running', dueAt: '10-02 08:30', warnAt: ['10-01 22:00', '10-02 08:18'] });
  await told.is('resolution', { state: 'running', dueAt: '10-03 09:30' });
  await told.to('10-02 08:20');
  await told.reply();
  await told.is('first_response', { state: 'met', dueAt: '10-02 08:30', elapsed: 50 * 60 });
  await told.to('10-02 12:00');
  await told.verb('pending');
  await told.to('10-03 10:00');
  await told.customerSays();
  // 4 h 30 min of 16 had gone by.
  await told.is('resolution', { state: 'running', dueAt: '10-03 21:30', elapsed: 4.5 * 3600, paused: 12 * 3600 });
  await told.is('next_response', { state: 'running', dueAt: '10-03 12:00', warnAt: ['10-03 11:00', '10-03 11:36'] });
  await told.to('10-03 11:00');
  await told.verb('solve');
  await told.is('resolution', { state: 'met', dueAt: '10-03 21:30', elapsed: 5.5 * 3600 });
  await told.is('next_response', { state: 'paused', dueAt: null, elapsed: 3600, paused: 0 });
  await told.to('10-04 07:00');
  await told.verb('reopen');
  await told.is('resolution', { state: 'running', dueAt: '10-04 18:30', elapsed: 5.5 * 3600, paused: 12 * 3600 });
  await told.is('next_response', { state: 'running', dueAt: '10-04 09:00', elapsed: 3600 });
  await told.to('10-04 09:00');
  await told.reply();
  await told.is('next_response', { state: 'met', dueAt: '10-04 09:00', elapsed: 2 * 3600 });
  t.strictSame(await told.said('clock.breached'), []);
});

test('another tier, another kind and another priority on the eve of National Day', async (t) => {
  const desk = await openTestDesk(t);
  const told = await begin(t, desk, '09-30 17:20', 'core', 'complaint', 'email');
  await told.is('first_response', { state: 'running', dueAt: '09-30 18:20' });
  await told.is('resolution', { state: 'running', dueAt: '10-01 17:20', warnAt: ['10-01 05:20', '10-01 12:32'] });
  await told.verb('priority', { priority: 'urgent' });
  await told.is('resolution', { state: 'running', dueAt: '10-01 17:20', warnAt: ['10-01 05:20', '10-01 12:32'] });
  await told.to('10-01 10:00');
  await told.is('first_response', { state: 'running', dueAt: '09-30 18:20', elapsed: 16 * 3600 + 40 * 60 });
  // As a core customer's other matter: 16 service hours from creation, 4 h 40 min of them on the eve.
  await told.ask(`PATCH /v1/tickets/${told.id}`, { kind: 'basic' });
  await told.is('first_response', { state: 'running', dueAt: '09-30 18:20', elapsed: 6 * 3600 + 40 * 60 });
  await told.is('resolution', { state: 'running', dueAt: '10-01 19:20', warnAt: ['10-01 11:20', '10-01 16:08'] });
  // As a normal customer's complaint: 8 office hours, 3 working days; what was broken is not broken any more.
  await told.ask(`PATCH /v1/tickets/${told.id}`, { kind: 'complaint' });
  await told.ask(`POST /v1/customers/${told.customerId}/tier`, { tier: 'normal', reason: 'Contract ended' });
  await told.is('first_response', { state: 'running', dueAt: '10-08 17:20', elapsed: 40 * 60 });
  await told.is('resolution', { state: 'running', dueAt: '10-10 17:20', warnAt: ['10-09 13:20', '10-10 11:32'] });
  t.strictSame(await told.said(SAID), [
    'warned first_response 0.5 09-30 17:50:00',
    'warned first_response 0.8 09-30 18:08:00',
    'breached first_response 09-30 18:20:00',
    'warned resolution 0.5 10-01 05:20:00',
    'warned first_response 0.5 09-30 17:50:00',
    'warned first_response 0.8 09-30 18:08:00',
    'breached first_response 09-30 18:20:00',
    'breach_withdrawn first_response 10-01 10:00:00',
  ]);
});

test('calls and chats at closing time in the Spring Festival', async (t) => {
  const desk = await openTestDesk(t);
  const call = await begin(t, desk, '02-17 21:59:50', 'potential', 'complaint', 'phone');
  // 10 s are left of that day; the solution is promised in elapsed time.
  await call.is('first_response', { state: 'running', dueAt: '02-18 08:00:20', warnAt: [] });
  await call.is('resolution', { state: 'running', dueAt: '02-19 21:59:50' });
  await call.to('02-18 08:00:20');
  await call.verb('answer-contact');
  await call.is('first_response', { state: 'met', dueAt: '02-18 08:00:20', elapsed: 30 });
  await call.customerSays();
  await call.is('next_response', { state: 'running', dueAt: '02-18 08:02:20', warnAt: [] });
  await call.to('02-18 08:02:21');
  await call.is('next_response', { state: 'running', dueAt: '02-18 08:02:20', elapsed: 121 });
  t.strictSame(await call.said(SAID), ['breached next_response 02-18 08:02:20']);

  const chat = await begin(t, desk, '02-14 23:00', 'normal', 'basic', 'live_chat');
  await chat.is('first_response', { state: 'running', dueAt: '02-15 08:00:30' });
  // The 5th following date with service hours, at 23:00, which is past its closing.
  await chat.is('resolution', { state: 'running', dueAt: '02-19 22:00' });

  const core = await begin(t, desk, '02-17 03:00', 'core', 'basic', 'wechat');
  await core.is('first_response', { state: 'running', dueAt: '02-17 03:00:10', warnAt: [] });
  await core.is('resolution', { state: 'running', dueAt: '02-17 19:00', warnAt: ['02-17 11:00', '02-17 15:48'] });
});

test('mails around the Spring Festival', async (t) => {
  const desk = await openTestDesk(t);
  const worked = await begin(t, desk, '02-14 16:00', 'potential', 'basic', 'email');
  // 2 h on the worked Saturday, 2 h on Tuesday the 24th; 16 h end on the 25th.
  await worked.is('first_response', { state: 'running', dueAt: '02-24 11:00', warnAt: ['02-14 18:00', '02-24 10:12'] });
  await worked.is('resolution', { state: 'running', dueAt: '02-25 16:00' });
  const complaint = await begin(t, desk, '02-14 10:00', 'normal', 'complaint', 'web');
  await complaint.is('resolution', { state: 'running', dueAt: '02-26 10:00' });
  const closed = await begin(t, desk, '02-16 10:00', 'normal', 'basic', 'social');
  // 8 h are used up at the closing of the 24th; the 28th, a Saturday, is the fifth working day.
  await closed.is('first_response', { state: 'running', dueAt: '02-24 18:00' });
  await closed.is('resolution', { state: 'running', dueAt: '02-28 10:00' });
});

test('a policy that is edited binds new tickets, and old ones when something of them changes', async (t) => {
  const told = await begin(t, await openTestDesk(t), '09-30 17:20', 'core', 'basic', 'email');
  const { data } = await told.ask('GET /v1/policies?limit=200');
  const { id, objectives } = data.find(({ key }: Told) => key === 'core-async');
  const edited = objectives.map(({ calendar: _calendar, ...one }: Told) => ({
    ...one,
    ...(one.metric === 'resolution' ? { target: 'PT8H' } : {}),
  }));
  await told.ask(`PATCH /v1/policies/${id}`, { objectives: edited });
  await told.is('resolution', { state: 'running', dueAt: '10-01 19:20' });
  const ticket = { subject: 'N', kind: 'basic', channel: 'email', customerId: told.customerId };
  const made = await told.ask('POST /v1/tickets', ticket);
  t.match(
    made.clocks.find(({ metric }: Told) => metric === 'resolution'),
    { dueAt: at('10-01 11:20'), policyVersion: 2 },
  );
  await told.verb('priority', { priority: 'high' });
  await told.is('resolution', { state: 'running', dueAt: '10-01 11:20' });
});
