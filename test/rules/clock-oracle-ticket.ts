/** A ticket as the second opinion on clocks plays it: what holds, what happens, and the clocks with their explicit states. */

import type { ClockEvent, ServiceLevels } from '../../src/rules/history.ts';
import type { Metric, Objective } from '../../src/rules/objective.ts';
import type { Policy } from '../../src/rules/policy.ts';
import type { Semantics, StatusCategory } from '../../src/rules/semantics.ts';
import { type Face, OracleClock, type Saying, type Terms } from './clock-oracle-clock.ts';
import type { HoursOf } from './clock-oracle-hours.ts';

const ORDER: Metric[] = [
  'first_response',
  'next_response',
  'proposal',
  'resolution',
  'update',
  'follow_up',
  'survey',
  'callback',
];
/** Suspended while the ticket is solved. */
const WORK: Metric[] = ['first_response', 'next_response', 'proposal', 'update'];
/** What an event may say of the ticket. */
const ASKING = ['customer', 'tier', 'kind', 'channel', 'priority'] as const;
const DEFAULTS: Pick<Semantics, 'createdByAgent' | 'nextResponseIncludesFirst' | 'firstResponseBy' | 'granularity'> = {
  createdByAgent: 'expectsResponse',
  nextResponseIncludesFirst: false,
  firstResponseBy: ['public_reply'],
  granularity: 'second',
};

/** One promise as it is listed, and what it would be if it went on. */
interface Listed {
  shown: OracleClock;
  /** `resolution` while solved: the clock a reopening resumes. */
  base: OracleClock | null;
  /** While suspended: as if it had never stopped, for `onReopen: count`. */
  shadow: OracleClock | null;
}

/** The ticket as far as its clocks care, and its clocks. */
export class Desk {
  readonly #hoursOf: HoursOf;
  listed: Listed[] = [];
  now = 0;
  status: StatusCategory | null = null;
  attributes: Record<string, string | null | undefined> = {};
  levels: ServiceLevels | null = null;
  policy: Policy | null = null;
  terms = new Map<Metric, Terms>();
  byAgent = false;
  isFirstAnswered = false;
  /** Customer messages since the last answer, the creating one apart. */
  unanswered = 0;
  isConfirmed = false;
  offered = 0;

  constructor(hoursOf: HoursOf) {
    this.#hoursOf = hoursOf;
  }

  /** Every clock as it is at `asOf`, which lies before the next event. */
  facesAt(asOf: number): Face[] {
    return this.listed
      .map(({ shown }) => {
        const clock = shown.clone();
        clock.walk(asOf);
        return clock.face();
      })
      .sort((a, b) => ORDER.indexOf(a.metric) - ORDER.indexOf(b.metric) || a.cycle - b.cycle);
  }

  /** What may be said at `asOf`, and when something may next become so. */
  sayableAt(asOf: number): { sayings: Saying[]; points: number[]; broken: Map<string, boolean> } {
    const clocks = this.listed.map(({ shown }) => shown.clone());
    for (const clock of clocks) clock.walk(asOf);
    return {
      sayings: clocks.flatMap((clock) => clock.sayable(asOf)),
      points: clocks.flatMap((clock) => clock.points()),
      broken: new Map(clocks.map((clock) => [`${clock.metric}#${clock.cycle}`, clock.breachedAt !== null])),
    };
  }

  /** What holds from this event on, then what it does. `past` are the events before it. */
  hear(event: ClockEvent, past: readonly ClockEvent[]): void {
    for (const name of ASKING) {
      if (event[name] !== undefined) this.attributes[name] = event[name];
    }
    if (event.levels !== undefined) this.levels = event.levels;
    // Only the creation, and what changes the ticket or its plan, asks which policy covers it: and asks it of that instant.
    const asks =
      event.type === 'created' || event.levels !== undefined || ASKING.some((name) => event[name] !== undefined);
    const policy = asks ? covering(inTerm(this.levels?.policies ?? [], event.at), this.attributes) : this.policy;
    const terms = this.#termsOf(policy);
    const isAnother =
      policy !== this.policy || [...terms].some(([metric, one]) => !isSame(one, this.terms.get(metric)));
    if (this.status === null || !(isAnother || event.anew)) {
      this.policy = policy;
      this.terms = terms;
      this.#pass(event);
      this.#happen(event);
    } else if (policy !== null && (event.anew || policy.semantics.onChange === 'recompute')) {
      this.#recompute(policy, terms, [...past, event], event.anew === true);
    } else {
      this.policy = policy;
      this.terms = terms;
      this.#pass(event);
      if (policy === null) this.#unpromise();
      else this.#fromChange(past);
      this.#happen(event);
    }
  }

  /** The history as it would be, had this policy held from the beginning. */
  #again(policy: Policy, terms: Map<Metric, Terms>, events: readonly ClockEvent[]): Desk {
    const again = new Desk(this.#hoursOf);
    again.policy = policy;
    again.terms = terms;
    for (const event of events) {
      again.#pass(event);
      again.#happen(event);
    }
    return again;
  }

  #recompute(policy: Policy, terms: Map<Metric, Terms>, events: readonly ClockEvent[], anew: boolean): void {
    const again = this.#again(policy, terms, events);
    const isClosed = this.status === 'closed' && !anew;
    this.#pass(events.at(-1)!); // what ends here ends as its own policy reads the instant
    const kept = this.listed.filter(({ shown }) => {
      if (terms.has(shown.metric) && !(isClosed && shown.verdict !== null)) return false;
      if (shown.verdict === null) shown.stop('unpromised');
      return true;
    });
    const { attributes, levels } = this;
    Object.assign(this, again, { attributes, levels, listed: kept });
    for (const one of again.listed) {
      if (isClosed && one.shown.verdict !== null) continue;
      if (kept.some(({ shown }) => shown.metric === one.shown.metric && shown.cycle >= one.shown.cycle)) {
        one.shown.cycle = this.#nextCycle(one.shown.metric);
      }
      this.listed.push(one);
    }
  }

  #unpromise(): void {
    for (const { shown } of this.listed) if (shown.verdict === null) shown.stop('unpromised');
  }

  /**
   * From here on other terms hold, and what has elapsed stays. Which promises are open is read from the history as the
   * new policy has it.
   */
  #fromChange(past: readonly ClockEvent[]): void {
    const again = this.#again(this.policy!, this.terms, past);
    const { attributes, levels, listed, now } = this;
    Object.assign(this, again, { attributes, levels, listed, now });
    for (const one of this.listed) {
      const { metric, verdict } = one.shown;
      const terms = this.terms.get(metric);
      if (terms === undefined) {
        if (verdict === null) one.shown.stop('unpromised');
      } else if (verdict === null && again.#open(metric) === undefined) {
        const last = again.listed.findLast(({ shown }) => shown.metric === metric);
        one.shown.stop(last?.shown.verdict === 'met' ? 'met' : 'cancelled');
      } else {
        for (const clock of [one.shown, one.base, one.shadow]) {
          if (clock?.verdict === null && !isSame(clock.terms, terms)) clock.change(terms);
        }
        this.#turn(one);
      }
    }
    for (const { shown } of again.listed) if (shown.verdict === null) this.#start(shown.metric);
  }

  #happen(event: ClockEvent): void {
    switch (event.type) {
      case 'created':
        this.#create(event);
        break;
      case 'customer_message': {
        const isFirst = !this.#expectsFirst() && this.unanswered === 0;
        this.unanswered++;
        if (isFirst) this.#start('next_response');
        break;
      }
      case 'agent_reply':
        this.#answer();
        this.#meet('next_response');
        this.#meet('update');
        if (!this.#isSolved()) this.#start('update');
        break;
      case 'contact_answered':
        this.#answer();
        this.#meet('next_response');
        break;
      case 'understanding_confirmed':
        if (this.isConfirmed) break;
        this.isConfirmed = true;
        this.#startProposal('understanding_confirmed');
        break;
      case 'options_offered':
        this.offered += event.count ?? 1;
        if (this.#enoughOptions()) this.#meet('proposal');
        break;
      case 'status_changed':
        this.#setStatus(event.status!);
        break;
      case 'follow_up_recorded':
        this.#meet('follow_up');
        break;
      case 'survey_sent':
        this.#meet('survey');
        break;
      case 'survey_suppressed':
        this.#cancel('survey');
        break;
      case 'score_received':
        if (event.low) this.#start('callback');
        break;
      case 'callback_recorded':
        this.#meet('callback');
        break;
      default:
    }
  }

  #create({ by, status }: ClockEvent): void {
    this.byAgent = by === 'agent';
    this.status = status ?? 'new';
    if (this.#expectsFirst()) {
      this.#start('first_response');
      if (this.#option('nextResponseIncludesFirst')) this.#start('next_response');
    }
    this.#startProposal('created');
    this.#start('resolution');
    if (this.#isSolved()) this.#solve();
    if (this.status === 'closed') this.#close();
  }

  #answer(): void {
    this.unanswered = 0;
    if (this.isFirstAnswered) return;
    this.isFirstAnswered = true;
    this.#meet('first_response');
    this.#meet('next_response');
    this.#startProposal('first_response');
  }

  #setStatus(status: StatusCategory): void {
    if (this.#expectsFirst() && this.#option('firstResponseBy').includes(status)) this.#answer();
    const wasSolved = this.#isSolved();
    this.status = status;
    if (!wasSolved && this.#isSolved()) this.#solve();
    else if (wasSolved && !this.#isSolved()) this.#reopen();
    for (const one of this.listed) this.#turn(one);
    if (status === 'closed') this.#close();
  }

  #solve(): void {
    const open = this.#open('resolution');
    if (open !== undefined) {
      open.base = open.shown.clone();
      open.base.turn('suspended');
      open.shadow = open.shown.clone();
      open.shown.stop('met');
    }
    for (const one of this.listed) {
      if (one.shown.verdict !== null || one.shown.mode === 'suspended' || !WORK.includes(one.shown.metric)) continue;
      one.shadow = one.shown.clone();
      one.shown.turn('suspended');
    }
    this.#start('follow_up');
    this.#start('survey');
  }

  #reopen(): void {
    this.#cancel('follow_up');
    this.#cancel('survey');
    const onReopen = this.policy?.semantics.onReopen;
    for (const one of this.listed) {
      const suspended = one.base ?? (one.shown.mode === 'suspended' ? one.shown : null);
      if (suspended === null || !this.terms.has(suspended.metric)) continue;
      const isLast = one === this.#last(suspended.metric);
      if (isLast && !(one.base !== null && onReopen === 'restart')) {
        one.shown = onReopen === 'count' ? one.shadow! : suspended;
        one.shown.turn(this.#modeOf(one.shown));
      }
      one.base = null;
      one.shadow = null;
    }
    if (onReopen === 'restart' || this.#last('resolution')?.shown.verdict !== 'met') this.#start('resolution');
  }

  #close(): void {
    for (const one of this.listed) {
      if (one.shown.mode === 'suspended') one.shown.stop('cancelled');
      one.base = null;
      one.shadow = null;
    }
  }

  #start(metric: Metric): void {
    const terms = this.terms.get(metric);
    if (terms === undefined || this.#open(metric) !== undefined) return;
    const one: Listed = {
      shown: OracleClock.begin(metric, this.#nextCycle(metric), terms, this.now),
      base: null,
      shadow: null,
    };
    this.listed.push(one);
    if (this.#isSolved() && WORK.includes(metric)) {
      one.shadow = one.shown.clone();
      one.shown.turn('suspended');
    }
    this.#turn(one);
  }

  #last(metric: Metric): Listed | undefined {
    return this.listed.findLast(({ shown }) => shown.metric === metric);
  }

  #nextCycle(metric: Metric): number {
    return (
      1 + Math.max(0, ...this.listed.filter(({ shown }) => shown.metric === metric).map(({ shown }) => shown.cycle))
    );
  }

  #startProposal(startsAt: Objective['startsAt']): void {
    if (this.terms.get('proposal')?.objective.startsAt !== startsAt) return;
    this.#start('proposal');
    if (this.#enoughOptions()) this.#meet('proposal');
  }

  #meet(metric: Metric): void {
    this.#open(metric)?.shown.stop('met');
  }

  #cancel(metric: Metric): void {
    this.#open(metric)?.shown.stop('cancelled');
  }

  #open(metric: Metric): Listed | undefined {
    return this.listed.find(({ shown }) => shown.metric === metric && shown.verdict === null);
  }

  /** Running or paused, as the status says. */
  #turn(one: Listed): void {
    if (one.shown.verdict === null && one.shown.mode !== 'suspended') one.shown.turn(this.#modeOf(one.shown));
    one.shadow?.turn(this.#modeOf(one.shadow));
  }

  #modeOf({ terms }: OracleClock): 'running' | 'paused' {
    return terms.objective.pausesOn.has(this.status!) ? 'paused' : 'running';
  }

  #enoughOptions(): boolean {
    const objective = this.terms.get('proposal')?.objective;
    return objective !== undefined && this.offered >= objective.minOptions;
  }

  #expectsFirst(): boolean {
    const isExpected = !this.byAgent || this.#option('createdByAgent') === 'expectsResponse';
    return isExpected && !this.isFirstAnswered;
  }

  #isSolved(): boolean {
    return this.status === 'solved' || this.status === 'closed';
  }

  #option<O extends keyof typeof DEFAULTS>(option: O): (typeof DEFAULTS)[O] {
    return (this.policy?.semantics ?? DEFAULTS)[option] as (typeof DEFAULTS)[O];
  }

  /** Time goes on to the event, cut to the minute where the policy says so. */
  #pass({ at }: ClockEvent): void {
    const cut = this.#option('granularity') === 'minute' ? at - (at % 60) : at;
    this.now = Math.max(this.now, cut);
    for (const one of this.listed) this.#walk(one);
  }

  #walk({ shown, base, shadow }: Listed): void {
    for (const clock of [shown, base, shadow]) clock?.walk(this.now);
  }

  #termsOf(policy: Policy | null): Map<Metric, Terms> {
    const terms = new Map<Metric, Terms>();
    for (const [metric, objective] of policy?.objectives ?? []) {
      const calendar = objective.calendar ?? policy!.calendar ?? this.levels!.calendar;
      terms.set(metric, { policy: policy!, objective, hours: this.#hoursOf(calendar) });
    }
    return terms;
  }
}

function isSame(a: Terms, b: Terms | undefined): boolean {
  return a.policy === b?.policy && a.hours === b.hours;
}

/** A term holds from its first instant up to, not at, its last. */
function inTerm(policies: readonly Policy[], at: number): Policy[] {
  return policies.filter(({ validFrom, validTo }) => {
    const hasBegun = validFrom === null || validFrom <= at;
    const hasEnded = validTo !== null && validTo <= at;
    return hasBegun && !hasEnded;
  });
}

/** The policy that names the customer, else the most specific one, else the lowest position. */
function covering(policies: readonly Policy[], attributes: Record<string, string | null | undefined>): Policy | null {
  const lists = (policy: Policy) =>
    [
      [policy.match.customers, attributes['customer']],
      [policy.match.tiers, attributes['tier']],
      [policy.match.kinds, attributes['kind']],
      [policy.match.channels, attributes['channel']],
      [policy.match.priorities, attributes['priority']],
    ] as const;
  let best: Policy | null = null;
  const rank = (policy: Policy) =>
    (policy.match.customers.length > 0 ? 100 : 0) + lists(policy).filter(([list]) => list.length > 0).length;
  for (const policy of policies) {
    const covers = lists(policy).every(
      ([list, value]) => list.length === 0 || value === undefined || (value !== null && list.includes(value)),
    );
    if (!covers) continue;
    const isBetter =
      best === null || rank(policy) > rank(best) || (rank(policy) === rank(best) && policy.position < best.position);
    if (isBetter) best = policy;
  }
  return best;
}
