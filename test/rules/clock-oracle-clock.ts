/** One clock of the second opinion: an explicit state, and seconds added up piece by piece. */

import type { ComputedClock } from '../../src/rules/measure.ts';
import type { Metric, Objective } from '../../src/rules/objective.ts';
import type { Policy } from '../../src/rules/policy.ts';
import type { Hours } from './clock-oracle-hours.ts';

/** What a clock says of itself. What it falls due to say is in `sayable`. */
export type Face = Omit<ComputedClock, 'steps'>;

/** A warning, a breach or an escalation step of one clock, under one version of a policy. */
export interface Saying {
  clock: string;
  by: string;
  key: string;
  /** When it became true. */
  at: number;
  /** When it was said. */
  saidAt: number;
}

/** A point of the target: due itself, or a fraction of it. */
interface Mark {
  readonly key: string;
  /** Of the target, in open seconds. */
  seconds: number;
  at: number;
  /** Reached while time counted: it moves no more. */
  isPast: boolean;
}

type Verdict = 'met' | 'cancelled' | 'unpromised';

type Mode = 'running' | 'paused' | 'suspended' | 'stopped';

/** Who promises, and on which hours. */
export interface Terms {
  readonly policy: Policy;
  readonly objective: Objective;
  readonly hours: Hours;
}

/** One clock with an explicit state; time is walked from one point to the next, and seconds are added piece by piece. */
export class OracleClock {
  readonly metric: Metric;
  cycle: number;
  readonly startedAt: number;
  terms: Terms;
  mode: Mode = 'running';
  /** `unpromised`: cancelled because no policy promises it any longer. */
  verdict: Verdict | null = null;
  stoppedAt: number | null = null;
  breachedAt: number | null = null;
  elapsed = 0;
  paused = 0;
  target = 0;
  due: Mark = { key: 'due', seconds: 0, at: 0, isPast: false };
  /** Warnings and the escalation steps before due. */
  marks: Mark[] = [];
  /** Up to where seconds were added. */
  now: number;
  /** Since when the due time waits. */
  heldSince = 0;

  constructor(metric: Metric, cycle: number, terms: Terms, at: number) {
    this.metric = metric;
    this.cycle = cycle;
    this.terms = terms;
    this.startedAt = at;
    this.now = at;
  }

  static begin(metric: Metric, cycle: number, terms: Terms, at: number): OracleClock {
    const clock = new OracleClock(metric, cycle, terms, at);
    clock.#begin();
    return clock;
  }

  #begin(): void {
    const { hours, policy, objective } = this.terms;
    const at = this.startedAt;
    this.heldSince = at;
    this.#readTarget();
    const first =
      'days' in objective.target
        ? hours.addDays(at, objective.target.days)
        : hours.add(at, this.target, policy.semantics.atClosing);
    this.due = { key: 'due', seconds: this.target, at: first, isPast: false };
    for (const mark of this.marks) mark.at = hours.add(at, mark.seconds, policy.semantics.atClosing);
  }

  clone(): OracleClock {
    const copy = Object.assign(new OracleClock(this.metric, this.cycle, this.terms, this.startedAt), this);
    copy.due = { ...this.due };
    copy.marks = this.marks.map((mark) => ({ ...mark }));
    return copy;
  }

  /** Time goes on to `to`, piece by piece. */
  walk(to: number): void {
    while (this.now < to && this.mode !== 'stopped') {
      const points = [to, this.terms.hours.nextEdge(this.now)];
      if (this.#ticks() && this.due.at > this.now) points.push(this.due.at);
      const next = Math.min(...points);
      const length = next - this.now;
      const isOpen = this.terms.hours.isOpen(this.now);
      if (this.#ticks() && isOpen) this.elapsed += length;
      if (this.mode === 'paused') {
        const { hold } = this.terms.policy.semantics;
        if (hold === 'wall' || (hold === 'business' && isOpen)) this.paused += length;
      }
      this.now = next;
      if (this.#ticks()) this.#arrive();
    }
  }

  /** Another mode from now on. */
  turn(mode: 'running' | 'paused' | 'suspended'): void {
    const before = this.#ticks();
    this.mode = mode;
    const after = this.#ticks();
    if (before && !after) this.heldSince = this.now;
    if (!before && after) this.#release();
  }

  stop(verdict: Verdict): void {
    if (verdict === 'met' && !this.#ticks()) this.#release();
    this.mode = 'stopped';
    this.verdict = verdict;
    this.stoppedAt = this.now;
  }

  /** `onChange: fromChange`: what has elapsed stays, the rest is of the new target. */
  change(terms: Terms): void {
    this.terms = terms;
    if (this.now === this.startedAt) {
      this.#begin();
      return;
    }
    this.#readTarget();
    if (this.breachedAt !== null) {
      this.marks = [];
      return;
    }
    this.due.seconds = this.target;
    for (const mark of this.marks) mark.isPast = mark.seconds <= this.elapsed;
    this.#reckon();
    this.heldSince = this.now;
  }

  /** At the due time the promise is kept; any later it is broken. */
  #arrive(): void {
    if (this.breachedAt === null && this.due.at < this.now) this.breachedAt = this.due.at;
    for (const mark of this.marks) mark.isPast ||= mark.at <= this.now;
  }

  face(): Face {
    const { policy, objective } = this.terms;
    const isBreached = this.breachedAt !== null;
    const isWaiting = this.mode === 'paused' || this.mode === 'suspended';
    const isHidden = this.verdict === 'unpromised' || (!isBreached && (isWaiting || this.verdict === 'cancelled'));
    return {
      metric: this.metric,
      cycle: this.cycle,
      state: this.#state(),
      startedAt: this.startedAt,
      dueAt: isHidden ? null : this.due.at,
      warnAt: isWaiting
        ? null
        : this.mode === 'stopped'
          ? []
          : this.marks.filter(({ key, at }) => key.startsWith('warn:') && at > this.now).map(({ at }) => at),
      elapsedSeconds: this.elapsed,
      pausedSeconds: this.paused,
      stoppedAt: this.stoppedAt,
      breached: isBreached,
      breachedAt: this.breachedAt,
      target: objective.targetText,
      policyKey: policy.key,
      policyVersion: policy.version,
    };
  }

  /** What may be said at `saidAt`, up to which time has gone: a step stays sayable while its instant is past and nothing forbids it. */
  sayable(saidAt: number): Saying[] {
    const { metric, cycle, terms, mode, breachedAt } = this;
    const by = `${terms.policy.key}@${terms.policy.version}`;
    const say = (key: string, at: number): Saying => ({ clock: `${metric}#${cycle}`, by, key, at, saidAt });
    const said: Saying[] = [];
    if (mode === 'running' || mode === 'paused') {
      for (const { key, at, isPast } of this.marks) {
        if (isPast || (this.#ticks() && at <= this.now)) said.push(say(key, at));
      }
    }
    if (breachedAt === null) return said;
    const certain = this.#certain();
    if (mode === 'stopped' || certain <= this.now) said.push(say('breach', breachedAt));
    if (mode === 'running' || mode === 'paused') {
      for (const [key, at] of this.#afterDue()) if (at <= this.now) said.push(say(key, at));
    }
    return said;
  }

  /** The instants at which something may become sayable as things stand. */
  points(): number[] {
    if (this.mode === 'stopped') return [];
    const marks = this.#ticks() ? this.marks.map(({ at }) => at) : [];
    const isKnown = this.#ticks() || this.breachedAt !== null;
    return [...marks, ...(isKnown ? [this.#certain(), ...this.#afterDue().map(([, at]) => at)] : [])];
  }

  /** After due by wall time, and not before it is certain that the promise is broken. */
  #afterDue(): [key: string, at: number][] {
    return this.terms.objective.escalate.flatMap((step, i) => {
      if ('fraction' in step) return [];
      return [[`escalate:${i}`, Math.max(this.#certain(), this.due.at + step.afterDue)]];
    });
  }

  /** When nothing can keep the promise any more: an event later in the minute of the due time is cut to that minute. */
  #certain(): number {
    const isCut = this.terms.policy.semantics.granularity === 'minute';
    return isCut ? this.due.at - (this.due.at % 60) + 60 : this.due.at + 1;
  }

  #state(): ComputedClock['state'] {
    if (this.verdict === 'met') return this.breachedAt === null ? 'met' : 'missed';
    if (this.verdict !== null) return 'cancelled';
    return this.mode === 'running' ? 'running' : 'paused';
  }

  /** Whether time counts: also while a pause is only shown. */
  #ticks(): boolean {
    return this.mode === 'running' || (this.mode === 'paused' && this.terms.policy.semantics.hold === 'hideDue');
  }

  #readTarget(): void {
    const { objective, hours } = this.terms;
    const { target } = objective;
    this.target =
      'seconds' in target ? target.seconds : hours.between(this.startedAt, hours.addDays(this.startedAt, target.days));
    const mark = (key: string, fraction: number): Mark => {
      return { key, seconds: part(fraction, this.target), at: this.now, isPast: false };
    };
    this.marks = [
      ...objective.warnAt.map((fraction) => mark(`warn:${fraction}`, fraction)),
      ...objective.escalate.flatMap((step, i) => ('fraction' in step ? [mark(`escalate:${i}`, step.fraction)] : [])),
    ];
  }

  /** It runs again: what is still to come is set anew, by what was left or by how long it was held. */
  #release(): void {
    const held = this.now - this.heldSince;
    if (this.breachedAt !== null || held === 0) return;
    if (this.terms.policy.semantics.hold !== 'wall') {
      this.#reckon();
      return;
    }
    for (const mark of this.#toCome()) mark.at += held;
  }

  #reckon(): void {
    const { hours, policy } = this.terms;
    for (const mark of this.#toCome()) {
      const left = Math.max(0, mark.seconds - this.elapsed);
      mark.at = hours.add(this.now, left, policy.semantics.atClosing);
    }
  }

  #toCome(): Mark[] {
    return [this.due, ...this.marks.filter(({ isPast }) => !isPast)];
  }
}

/** ceil(fraction × seconds), by the fraction's decimal digits. */
function part(fraction: number, seconds: number): number {
  const digits = String(fraction).split('.')[1] ?? '';
  const scale = 10n ** BigInt(digits.length);
  return Number((BigInt(digits) * BigInt(seconds) + scale - 1n) / scale);
}
