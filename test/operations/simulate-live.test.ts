/** What happens to a ticket on a test clock is what a simulation of the same events says, at every instant looked at. */

import { test } from 'tap';
import { SEMANTICS_OPTIONS } from '../../src/rules/semantics.ts';
import { type Caller, openTestDesk, type TestDesk } from '../support/desk.ts';
import { type Dice, dice } from '../support/dice.ts';

const SEED = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const PLANS = Number(process.env['FUZZ_RUNS'] ?? 16);
const STORIES = 3;
const STEPS = 14;

const START = Date.parse('2026-09-30T06:00:00Z') / 1000;
const iso = (at: number) => new Date(at * 1000).toISOString().replace('.000', '');

const CALENDARS = [
  {
    key: 'office',
    timeZone: 'Asia/Shanghai',
    week: Object.fromEntries(
      ['mon', 'tue', 'wed', 'thu', 'fri'].map((day) => [
        day,
        [
          ['09:00', '12:00'],
          ['13:00', '18:00'],
        ],
      ]),
    ),
    holidays: ['2026-10-01', { date: '2026-10-02', from: '10:00', to: '15:00' }],
    specialDays: [{ date: '2026-10-03', periods: [['09:00', '18:00']] }],
  },
  {
    key: 'nights',
    timeZone: 'Europe/Berlin',
    week: { wed: [['22:00', '06:00']], thu: [['20:00', '04:30']], fri: [['00:00', '24:00']] },
  },
];
const CATEGORIES = ['new', 'open', 'pending', 'on_hold', 'solved', 'closed'] as const;
const PRIORITIES = ['low', 'normal', 'high', 'urgent'];
const KINDS = ['basic', 'complaint'];
const TIERS = ['core', 'normal'];
const METRICS = ['first_response', 'next_response', 'proposal', 'resolution', 'update', 'follow_up', 'survey'];
const TARGETS = ['PT30S', 'PT45M', 'PT4H', 'PT7H30M', 'PT24H', 'P1D', 'P2D'];

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into field by field
type Told = any;
type SimulatedEvent = { at: string; type: string; [field: string]: unknown };

function objectives({ oneOf, someOf, chance }: Dice) {
  return METRICS.filter((metric) => metric === 'resolution' || chance(0.7)).map((metric) => ({
    metric,
    target: oneOf(TARGETS),
    warnAt: someOf([0.25, 0.5, 0.8]),
    pausesOn: someOf(['pending', 'on_hold', 'open', 'new'], 0.3),
    ...(chance(0.7) ? { calendar: oneOf(['office', 'nights', 'always']) } : {}),
  }));
}

const DAY = 86_400;

/** A term that begins or ends while tickets live, now and then. */
function term({ below, chance }: Dice) {
  if (chance(0.6)) return { validFrom: null, validTo: null };
  const from = START - DAY + below(3 * DAY);
  return { validFrom: chance(0.5) ? iso(from) : null, validTo: chance(0.8) ? iso(from + 1 + below(9 * DAY)) : null };
}

function policy(key: string, dice: Dice) {
  const { oneOf, someOf, chance } = dice;
  const { firstResponseBy, ...options } = SEMANTICS_OPTIONS;
  const said = Object.entries(options).filter(() => chance(0.5));
  return {
    key,
    ...term(dice),
    match: { tiers: someOf(TIERS, 0.4), kinds: someOf(KINDS, 0.3), priorities: someOf(PRIORITIES, 0.3) },
    ...(chance(0.5) ? { calendar: oneOf(['office', 'nights']) } : {}),
    objectives: objectives(dice),
    semantics: {
      ...Object.fromEntries(said.map(([name, values]) => [name, oneOf(values as readonly string[])])),
      ...(chance(0.3) ? { firstResponseBy: ['public_reply', oneOf(firstResponseBy)] } : {}),
      ...(chance(0.3) ? { nextResponseIncludesFirst: true } : {}),
    },
  };
}

type Plan = ReturnType<typeof policy> & { version: number };

/** The one policy of a workspace as it stands, and its id. */
interface Promised {
  id: string;
  plan: Plan;
}

const isOver = ({ validTo }: Plan, now: number) => validTo !== null && Date.parse(validTo) / 1000 <= now;

/**
 * The plan with one promise that is surely another, and perhaps more; its term begins no later than it did. `isKept`: whom
 * it covers does not change.
 */
function edited(plan: Plan, dice: Dice, now: number, isKept: boolean): Plan {
  const { oneOf, below, chance } = dice;
  const other = policy(plan.key, dice);
  const changed = oneOf(plan.objectives);
  const objectives = plan.objectives.map((one) => {
    const target = oneOf(TARGETS.filter((text) => text !== one.target));
    return one === changed ? { ...one, target } : one;
  });
  const more = chance(0.3) ? { semantics: other.semantics } : {};
  const match = chance(0.2) && !isKept ? { match: other.match } : {};
  const validTo = oneOf([plan.validTo, null, iso(now - DAY + below(4 * DAY))]);
  const begins = plan.validFrom !== null && (validTo === null || plan.validFrom < validTo) && chance(0.7);
  return { ...plan, ...more, ...match, objectives, validFrom: begins ? plan.validFrom : null, validTo };
}

/** The minute of the event, but not before what came before it, nor before an end of the plan's term that it came after. */
function told({ at, policy }: SimulatedEvent, before: string): string {
  const { validTo } = policy as Plan;
  const minute = `${at.slice(0, 17)}00Z`;
  const earliest = [minute, before, ...(validTo !== null && validTo <= at ? [validTo] : [])];
  return earliest.reduce((latest, one) => (one > latest ? one : latest));
}

/** A ticket lived on the test clock, and the same as a list of events. */
class Life {
  readonly events: SimulatedEvent[] = [];
  /** What the desk said of the clocks, instant by instant. */
  readonly seen: { asOf: string; clocks: Told[] }[] = [];
  readonly caller: Caller;
  readonly promised: Promised;
  /** The plan that the ticket is held to, as the simulation is told. */
  held: Plan;
  readonly dice: Dice;
  now: number;
  ticketId = '';
  customerId = '';
  tier: string;
  status: (typeof CATEGORIES)[number] = 'new';
  wakesAt: number | null = null;

  constructor({ caller, promised }: { caller: Caller; promised: Promised }, dice: Dice, now: number) {
    this.caller = caller;
    this.promised = promised;
    this.held = promised.plan;
    this.dice = dice;
    this.now = now;
    this.tier = dice.oneOf(TIERS);
  }

  async ask(line: string, body?: object): Promise<Told> {
    const answer = await this.caller.rest(line, body);
    if (answer.status >= 300) throw new Error(`${line} ${JSON.stringify(body)}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  say(type: string, more: object = {}): void {
    this.events.push({ at: iso(this.now), type, ...more });
  }

  become(status: (typeof CATEGORIES)[number]): void {
    this.status = status;
    this.wakesAt = null;
    this.say('status_changed', { status });
  }

  async begin(): Promise<void> {
    const { oneOf, chance } = this.dice;
    const { id: customerId } = await this.ask('POST /v1/customers', { name: 'C', tier: this.tier });
    this.customerId = customerId;
    const attributes = { kind: oneOf(KINDS), channel: 'email', priority: oneOf(PRIORITIES) };
    const by = chance(0.2) ? 'agent' : 'customer';
    const made = await this.ask('POST /v1/tickets', { subject: 'T', customerId, createdBy: by, ...attributes });
    this.ticketId = made.id;
    this.say('created', { by, tier: this.tier, ...attributes });
  }

  async pass(): Promise<void> {
    const { below, oneOf, chance } = this.dice;
    const seconds = oneOf([0, 1, 30, 60, below(3600), below(6 * 3600), below(30 * 3600)]);
    const clocks = (await this.ask(`GET /v1/tickets/${this.ticketId}/clocks`)).data;
    // Now and then exactly to where something is decided, or a second later.
    const due = clocks.flatMap(({ dueAt, warnAt }: Told) => [dueAt, ...(warnAt ?? [])]).filter(Boolean);
    const at = Date.parse(oneOf(due.length === 0 ? ['1970-01-01T00:00:00Z'] : due)) / 1000 + below(2);
    const to = chance(0.4) && at > this.now && at < this.now + 14 * 86_400 ? at : this.now + seconds;
    await this.ask('POST /v1/test-clock/advance', { to: iso(to) });
    if (this.wakesAt !== null && this.wakesAt <= to) {
      this.now = this.wakesAt;
      this.become('open');
    }
    this.now = to;
  }

  async look(): Promise<void> {
    this.seen.push({ asOf: iso(this.now), clocks: (await this.ask(`GET /v1/tickets/${this.ticketId}/clocks`)).data });
  }

  async verb(name: string, body: object = {}): Promise<void> {
    await this.ask(`POST /v1/tickets/${this.ticketId}/${name}`, body);
  }

  async message(author: string, visibility = 'public'): Promise<void> {
    await this.verb('messages', { body: 'Words', author, visibility });
    if (author === 'customer') {
      if (this.status === 'pending' || this.status === 'solved') this.become('open');
      this.say('customer_message');
    } else this.say(visibility === 'internal' ? 'internal_note' : author === 'bot' ? 'bot_reply' : 'agent_reply');
  }

  /** The plan becomes another, and the ticket's promises with it; not where its term was over before and is after. */
  async edit(): Promise<void> {
    const { id, plan: before } = this.promised;
    const wasOver = isOver(this.held, this.now);
    const plan = edited(before, this.dice, this.now, wasOver);
    const forgotten = Object.keys(before.semantics).map((option) => [option, null]);
    const semantics = { ...Object.fromEntries(forgotten), ...plan.semantics };
    const { objectives, match, validFrom, validTo } = plan;
    const body = { objectives, match, semantics, validFrom, validTo };
    const { version } = await this.ask(`PATCH /v1/policies/${id}`, body);
    await this.ask('POST /v1/test-clock/advance', { by: 'PT0S' });
    this.promised.plan = { ...plan, version };
    if (wasOver && isOver(plan, this.now)) return;
    this.held = this.promised.plan;
    this.say('policy_changed', { policy: this.promised.plan });
  }

  /** One thing that can happen now. */
  async step(): Promise<void> {
    const { oneOf, below } = this.dice;
    const able =
      this.status === 'solved' ? ['solved', 'open'] : CATEGORIES.filter((one) => one !== 'closed' && one !== 'new');
    const act = oneOf<() => Promise<void>>([
      () => this.edit(),
      () => this.edit(),
      () => this.message('customer'),
      () => this.message('customer'),
      () => this.message('agent'),
      () => this.message('agent'),
      () => this.message('bot'),
      () => this.message('agent', 'internal'),
      async () => {
        await this.verb('answer-contact');
        this.say('contact_answered');
      },
      async () => {
        await this.verb('confirm-understanding');
        this.say('understanding_confirmed');
      },
      async () => {
        const to = oneOf(able) as Life['status'];
        await this.verb('status', { status: to });
        if (to !== this.status) this.become(to);
      },
      async () => {
        if (this.status === 'solved') await this.verb('reopen').then(() => this.become('open'));
        else await this.verb('solve').then(() => this.become('solved'));
      },
      async () => {
        if (this.status === 'solved') return;
        const until = this.now + 1 + below(20 * 3600);
        await this.verb('suspend', { until: iso(until), reason: 'Parts' });
        this.become('on_hold');
        this.wakesAt = until;
      },
      async () => {
        const priority = oneOf(PRIORITIES);
        await this.verb('priority', { priority });
        this.say('priority_changed', { priority });
      },
      async () => {
        const kind = oneOf(KINDS);
        await this.ask(`PATCH /v1/tickets/${this.ticketId}`, { kind });
        this.say('kind_changed', { kind });
      },
      async () => {
        const tier = oneOf(TIERS);
        await this.ask(`POST /v1/customers/${this.customerId}/tier`, { tier, reason: 'So' });
        if (tier !== this.tier) this.say('tier_changed', { tier });
        this.tier = tier;
      },
    ]);
    await act();
  }

  /**
   * What was done without effect is no event; the plan in force is told wherever it became another. Where the desk has no
   * event of it, it is told at the minute: an event of a second would keep those of the same minute from being cut to it.
   */
  async heard(): Promise<SimulatedEvent[]> {
    const { data } = await this.ask(`GET /v1/tickets/${this.ticketId}/events?limit=200`);
    const recorded = new Set(data.map(({ at, type }: Told) => `${at} ${type}`));
    const heard: SimulatedEvent[] = [];
    for (const event of this.events) {
      if (recorded.has(`${event.at} ${event.type}`)) heard.push(event);
      else if (event.type === 'policy_changed') heard.push({ ...event, at: told(event, heard.at(-1)!.at) });
    }
    return heard;
  }

  async end(): Promise<void> {
    if (!this.dice.chance(0.3)) return;
    await this.verb('close');
    this.become('closed');
    await this.look();
  }
}

async function newDesk(desk: TestDesk, plan: ReturnType<typeof policy>) {
  const caller = await desk.testWorkspace(iso(START), { plan: 'none' });
  const make = async (path: string, body: object) => {
    const { status, body: answer } = await caller.rest(`POST /v1/${path}`, body);
    if (status !== 201) throw new Error(`${path}: ${JSON.stringify(answer)}`);
    return answer;
  };
  for (const [position, key] of TIERS.entries()) await make('tiers', { key, name: key, position: position + 1 });
  for (const calendar of CALENDARS) await make('calendars', { name: calendar.key, ...calendar });
  const { id } = await make('policies', { name: 'The one', ...plan });
  return { caller, promised: { id, plan: { ...plan, version: 1 } } };
}

/** What the feed said of breaches, by clock; under another version of the policy a breach is said again. */
async function breachesOf({ caller, ticketId }: Life): Promise<Map<string, string[]>> {
  const { body } = await caller.rest(
    `GET /v1/events?limit=200&type=clock.breached,clock.breach_withdrawn&subject=${ticketId}`,
  );
  const said = new Map<string, string[]>();
  for (const { type, occurredAt, data } of body.data) {
    const clock = `${data.clock.metric}#${data.clock.cycle}`;
    const word = type === 'clock.breached' ? `${occurredAt} by ${data.clock.policyVersion}` : 'withdrawn';
    said.set(clock, [...(said.get(clock) ?? []), word]);
  }
  return said;
}

test('a life on a test clock is its simulation', async (t) => {
  t.comment(`FUZZ_SEED=${SEED}`);
  const desk = await openTestDesk(t);
  let clocks = 0;
  for (let number = 0; number < PLANS; number += 1) {
    const plan = policy(`plan-${number}`, dice(SEED + number * 1000));
    const { caller, promised } = await newDesk(desk, plan);
    let now = START;
    for (let story = 0; story < STORIES; story += 1) {
      const life = new Life({ caller, promised }, dice(SEED + number * 1000 + story + 1), now);
      const begun = promised.plan;
      await life.begin();
      await life.look();
      for (let step = 0; step < STEPS; step += 1) {
        await life.step();
        await life.look();
        await life.pass();
        await life.look();
      }
      await life.end();
      // Where events are cut to the minute, a breach is told when its minute is over.
      await life.ask('POST /v1/test-clock/advance', { by: 'PT1M' });
      now = life.now + 60;
      const { data: end } = await life.ask(`GET /v1/tickets/${life.ticketId}/clocks`);
      const simulated = await caller.rest('POST /v1/service-levels/simulate', {
        policy: begun,
        calendar: 'always',
        events: await life.heard(),
        asOf: life.seen.map(({ asOf }) => asOf),
      });
      // A simulation sees the whole instant, a life one thing after the other: only what came last at an instant counts.
      const last = life.seen.filter(({ asOf }, index) => life.seen[index + 1]?.asOf !== asOf);
      const states = simulated.body.states?.filter(
        (_: unknown, index: number) => life.seen[index + 1]?.asOf !== life.seen[index]!.asOf,
      );
      clocks += last.at(-1)!.clocks.length;
      const wrong = last.findIndex((state, index) => JSON.stringify(state) !== JSON.stringify(states?.[index]));
      if (wrong !== -1) {
        t.strictSame(
          last[wrong],
          states?.[wrong] ?? simulated.body,
          `plan ${number}, story ${story}: ${JSON.stringify({ plan: begun, events: life.events })}`,
        );
        return;
      }
      const said = await breachesOf(life);
      for (const [clock, words] of said) {
        const versionOf = (word: string) => word.split(' by ')[1];
        const twice = words.some((word, index) => index > 0 && versionOf(word) === versionOf(words[index - 1]!));
        t.notOk(twice, `plan ${number}, story ${story}, ${clock}: broken, withdrawn, broken again: ${words}`);
      }
      for (const { metric, cycle, breachedAt } of end) {
        const lastWord = said.get(`${metric}#${cycle}`)?.at(-1) ?? 'withdrawn';
        said.delete(`${metric}#${cycle}`);
        t.equal(
          lastWord.split(' by ')[0],
          breachedAt ?? 'withdrawn',
          `plan ${number}, story ${story}, ${metric}#${cycle}: the last word`,
        );
      }
      for (const [clock, words] of said) {
        t.equal(words.at(-1), 'withdrawn', `plan ${number}, story ${story}, ${clock}: of a cycle that never was`);
      }
    }
  }
  t.ok(clocks > PLANS * STORIES, `${clocks} clocks were compared`);
});
