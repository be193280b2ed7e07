/** Why a clock stands where it stands: every second labelled, the way with its marks, the events and what they did. */

import fc from 'fast-check';
import { test } from 'tap';
import { between, closedReason } from '../../src/rules/business-time.ts';
import { compileCalendar, type Instant } from '../../src/rules/calendar.ts';
import type { ClockEvent } from '../../src/rules/clocks.ts';
import { type ClockExplanation, explainClock } from '../../src/rules/explanation.ts';
import { MOST_INTERVALS } from '../../src/rules/labels.ts';
import type { StatusCategory } from '../../src/rules/policy.ts';
import {
  at,
  CALENDARS,
  change,
  everyClock,
  HOUR,
  happening,
  type Lived,
  levels,
  lives,
  makePolicy,
  RUNS,
  solution,
  text,
  told,
} from './explanation-lives.ts';

const marksOf = ({ marks }: ClockExplanation) =>
  marks.map(({ at: when, step, fraction, reached }) => `${text(when)} ${step} ${fraction} ${reached}`);
const movesOf = ({ events }: ClockExplanation) =>
  events.map(({ at: when, event, effect, dueAt }) => `${text(when)} ${event.type} ${effect} ${text(dueAt)}`);

// ── The way ─────────────────────────────────────────────────────────────────────────────────────────────────────────

test('warnings and the due time lie where the running total says so, those to come as things stand', async (t) => {
  const events = told(
    levels(makePolicy({ objectives: [solution] })),
    '01 10:00 created',
    '01 14:00 status_changed pending',
    '02 10:00 status_changed open',
  );
  t.strictSame(marksOf(explainClock(events, at('02 11:00'), 'resolution')!), [
    '02 11:00 warning 0.5 true',
    '02 14:24 warning 0.8 false',
    '02 16:00 due 1 false',
  ]);
  const why = explainClock(events, at('03 09:30'), 'resolution')!;
  t.strictSame(marksOf(why), ['02 11:00 warning 0.5 true', '02 14:24 warning 0.8 true', '02 16:00 due 1 true']);
  t.equal(why.leftSeconds, -1.5 * HOUR, 'overdue by what has counted since');
  t.equal(why.targetSeconds, 8 * HOUR);
});

test('while it is paused nothing is ahead; a stopped clock keeps what it came to', async (t) => {
  const plan = levels(makePolicy({ objectives: [solution] }));
  const events = told(plan, '01 09:00 created', '01 15:00 status_changed pending');
  t.strictSame(marksOf(explainClock(events, at('04 09:00'), 'resolution')!), ['01 14:00 warning 0.5 true']);
  const solved = told(plan, '01 09:00 created', '01 15:00 status_changed solved');
  const why = explainClock(solved, at('04 09:00'), 'resolution')!;
  t.strictSame(marksOf(why), ['01 14:00 warning 0.5 true']);
  t.equal(why.leftSeconds, 3 * HOUR, 'to spare');
});

test('escalations lie on the way, by fraction and after due, while the clock is not suspended', async (t) => {
  const escalate = [
    { at: 0.5, do: [{ notify: 'assignee' }] },
    { at: 'due', do: [{ notify: 'manager' }] },
    { at: 'PT2H', do: [{ notify: 'senior' }] },
  ];
  const plan = levels(makePolicy({ objectives: [{ metric: 'first_response', target: 'PT2H', escalate }] }));
  const events = told(plan, '01 09:00 created', '01 12:00 status_changed solved');
  t.strictSame(marksOf(explainClock(events, at('01 16:00'), 'first_response')!), [
    '01 10:00 escalation 0.5 true',
    '01 11:00 due 1 true',
    '01 11:00 escalation null true',
  ]);
  t.strictSame(marksOf(explainClock(events, at('01 11:30'), 'first_response')!).slice(3), [
    '01 13:00 escalation null false',
  ]);
});

test('each of two promises, one after the other, is warned of at its own place', async (t) => {
  const promised = (key: string, tier: string, target: string) =>
    makePolicy({
      key,
      match: { tiers: [tier] },
      objectives: [{ ...solution, target }],
      semantics: { onChange: 'fromChange' },
    });
  const plan = levels(promised('slow', 'normal', 'PT4H'), promised('fast', 'core', 'PT8H'));
  const events = told(plan, ['01 09:00 created', { tier: 'normal' }], ['01 11:30 tier_changed', { tier: 'core' }]);
  const why = explainClock(events, at('02 17:00'), 'resolution')!;
  t.strictSame(marksOf(why), [
    '01 11:00 warning 0.5 true',
    '01 14:00 warning 0.5 true',
    '01 16:24 warning 0.8 true',
    '02 10:00 due 1 true',
  ]);
  t.strictSame(movesOf(why), ['01 09:00 created started 01 14:00', '01 11:30 tier_changed changed 02 10:00']);
  const { before, policy } = why.events[1]!;
  t.strictSame([before!.policy.key, text(before!.dueAt), policy.key], ['slow', '01 14:00', 'fast']);
});

// ── Events ──────────────────────────────────────────────────────────────────────────────────────────────────────────

test('each event says where it left the due time', async (t) => {
  const events = told(
    levels(makePolicy({ objectives: [solution] })),
    '01 09:00 created',
    '01 11:00 status_changed pending',
    '01 11:30 internal_note',
    '02 09:00 customer_message',
    '02 09:00 status_changed open',
    '02 10:00 status_changed solved',
    '04 09:00 status_changed open',
  );
  t.strictSame(movesOf(explainClock(events, at('05 09:00'), 'resolution')!), [
    '01 09:00 created started 02 10:00',
    '01 11:00 status_changed paused null',
    '02 09:00 status_changed resumed 02 16:00',
    '02 10:00 status_changed met null',
    '04 09:00 status_changed reopened 04 15:00',
    '04 09:00 status_changed resumed 04 15:00',
  ]);
});

test('a recomputation says what was promised until then', async (t) => {
  const promised = (key: string, tier: string, target: string) =>
    makePolicy({ key, match: { tiers: [tier] }, objectives: [{ metric: 'resolution', target }] });
  const plan = levels(promised('slow', 'normal', 'PT16H'), promised('fast', 'core', 'PT4H'));
  const events = told(plan, ['01 09:00 created', { tier: 'normal' }], ['01 15:00 tier_changed', { tier: 'core' }]);
  const why = explainClock(events, at('01 16:00'), 'resolution')!;
  t.strictSame(movesOf(why), ['01 09:00 created started 01 14:00', '01 15:00 tier_changed recomputed 01 14:00']);
  t.strictSame([why.events[1]!.before!.policy.key, text(why.events[1]!.before!.dueAt)], ['slow', '03 11:00']);
  t.equal(why.leftSeconds, -2 * HOUR);
  const anew = told(plan, ['01 09:00 created', { tier: 'none' }], ['01 15:00 tier_changed', { tier: 'core' }]);
  t.equal(explainClock(anew, at('01 16:00'), 'resolution')!.events[1]!.before, null, 'nothing was');
});

test('the policies that matched and lost are named with what put the other one before them', async (t) => {
  const plan = levels(
    makePolicy({ key: 'all', objectives: [solution], position: 3 }),
    makePolicy({ key: 'core', match: { tiers: ['core'] }, objectives: [solution], position: 2 }),
    makePolicy({ key: 'mail', match: { channels: ['email'] }, objectives: [solution], position: 4 }),
    makePolicy({ key: 'other', match: { tiers: ['normal'] }, objectives: [solution] }),
  );
  const events = told(plan, ['01 09:00 created', { tier: 'core', channel: 'email', kind: 'fault', customer: null }]);
  const { matchedBy } = explainClock(events, at('01 16:00'), 'resolution')!;
  t.match(matchedBy, { reason: 'lowest_position' });
  t.strictSame(matchedBy.alternatives, [
    { key: 'mail', reason: 'lowest_position' },
    { key: 'all', reason: 'most_specific' },
  ]);
});

// ── Long clocks ─────────────────────────────────────────────────────────────────────────────────────────────────────

test('of a clock with more intervals than are told, what lies before them is one sum', async (t) => {
  const periods = Array.from({ length: 96 }, (_, i): [string, string] => {
    const time = (minutes: number) =>
      `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
    return [time(i * 15), time(i * 15 + 10)];
  });
  CALENDARS['ragged'] = compileCalendar({ timeZone: 'UTC', week: { mon: periods, tue: periods, thu: periods } });
  const plan = levels(makePolicy({ calendar: 'ragged', objectives: [solution] }));
  const events = told(plan, '01 10:00 created', '05 10:00 status_changed pending', '09 10:00 status_changed open');
  const until = at('01 10:00') + 3 * 365 * 24 * HOUR;
  const why = explainClock(events, until, 'resolution')!;
  const { clock, intervals, earlier, total } = why;
  t.equal(intervals.length, MOST_INTERVALS);
  t.equal(earlier!.from, at('01 10:00'));
  t.equal(earlier!.to, intervals[0]!.from);
  t.equal(intervals.at(-1)!.to, until);
  t.equal(intervals.at(-1)!.elapsedSeconds, clock.elapsedSeconds);
  const open = intervals.filter(({ label }) => label === 'open').reduce((sum, { seconds }) => sum + seconds, 0);
  t.equal(earlier!.elapsedSeconds + open, clock.elapsedSeconds);
  t.equal(earlier!.pausedSeconds, clock.pausedSeconds);
  t.equal(total.openSeconds, clock.elapsedSeconds);
  t.equal(total.openSeconds + total.pausedSeconds + total.solvedSeconds + total.closedSeconds, until - total.from);
});

// ── Properties ──────────────────────────────────────────────────────────────────────────────────────────────────────

function holds(condition: boolean, what: string): void {
  if (!condition) throw new Error(`Not so: ${what}`);
}

test('the labels leave no gap and add up, whatever was changed on the way', async (t) => {
  t.comment(`seed ${RUNS.seed}`);
  fc.assert(
    fc.property(lives(fc.oneof(happening, happening, change)), (life) =>
      everyClock(life, ({ clock, intervals, total, earlier }) => {
        const until = clock.stoppedAt ?? life.asOf;
        const sum = { open: 0, paused: 0, solved: 0, outside_hours: 0, holiday: 0 };
        let [end, counted] = [clock.startedAt, 0];
        for (const { from, to, label, seconds, counts, elapsedSeconds } of intervals) {
          holds(from === end && to > from && seconds === to - from, 'no gap');
          sum[label] += seconds;
          if (counts) counted += seconds;
          holds(elapsedSeconds === counted, 'the running total');
          holds(!counts || label === 'open' || label === 'paused', 'closed and solved seconds never count');
          end = to;
        }
        holds(end === until && earlier === null, 'to now or the stop');
        holds(counted === clock.elapsedSeconds, 'the elapsed seconds');
        holds(total.elapsedSeconds === clock.elapsedSeconds, 'the sum on the calendars');
        holds(total.openSeconds === sum.open && total.pausedSeconds === sum.paused, 'open and paused');
        holds(
          total.solvedSeconds === sum.solved && total.closedSeconds === sum.outside_hours + sum.holiday,
          'the rest',
        );
      }),
    ),
    RUNS,
  );
});

test('paused labels add up to the paused seconds, which under wall time are more and under hideDue none', async (t) => {
  t.comment(`seed ${RUNS.seed}`);
  fc.assert(
    fc.property(lives(happening), (life) =>
      everyClock(life, ({ clock, total }, { hold }) => {
        if (hold === 'business') holds(total.pausedSeconds === clock.pausedSeconds, 'business');
        if (hold === 'wall') holds(total.pausedSeconds <= clock.pausedSeconds, 'wall');
        if (hold === 'hideDue') {
          holds(clock.pausedSeconds === 0, 'hideDue');
          holds(total.openSeconds + total.pausedSeconds === clock.elapsedSeconds, 'paused time counts');
        } else holds(total.openSeconds === clock.elapsedSeconds, 'open time alone counts');
      }),
    ),
    RUNS,
  );
});

/** The law itself, second by second: closed, then solved, then paused, then open, from nothing but the statuses. */
function lawfulLabel(
  { events, asOf }: Lived,
  { clock, calendar, objective, policy, events: moves }: ClockExplanation,
  second: Instant,
): string {
  const closed = closedReason(calendar, second);
  if (closed !== null) return closed;
  const { granularity, onReopen } = policy.semantics;
  const when = (event: ClockEvent) => (granularity === 'minute' ? Math.floor(event.at / 60) * 60 : event.at);
  const statuses = events
    .filter((event) => event.status !== undefined || event.type === 'created')
    .filter((event) => event.at <= asOf);
  const now = statuses.findLastIndex((event) => when(event) <= second);
  const status = statuses[now]!.status ?? 'new';
  const isDone = (one: StatusCategory) => one === 'solved' || one === 'closed';
  const isWork = clock.metric !== 'follow_up';
  if (isWork && isDone(status)) {
    // As if it had never stopped, where it is counted on reopening; until then it waits.
    const stop = clock.stoppedAt === null ? events.length : events.indexOf(moves.at(-1)!.event);
    const reopened = statuses
      .slice(now)
      .some((event) => !isDone(event.status ?? 'new') && events.indexOf(event) < stop);
    if (!(onReopen === 'count' && reopened)) return 'solved';
    const last = statuses.slice(now).findIndex((event) => !isDone(event.status ?? 'new'));
    const left = statuses[now + last - 1]!.status ?? 'new';
    return objective.pausesOn.has(left) ? 'paused' : 'open';
  }
  return objective.pausesOn.has(status) ? 'paused' : 'open';
}

test('each second has the first label that holds of closed, solved, paused, open', async (t) => {
  t.comment(`seed ${RUNS.seed}`);
  fc.assert(
    fc.property(
      lives(happening),
      fc.array(fc.nat(20 * 24 * HOUR), { minLength: 20, maxLength: 20 }),
      (life, seconds) => {
        const edges = life.events.flatMap((event) => [event.at - 1, event.at, event.at + 1]);
        everyClock(life, (why) => {
          for (const second of [...edges, ...seconds.map((more) => life.events[0]!.at + more)]) {
            const found = why.intervals.find(({ from, to }) => from <= second && second < to);
            if (found === undefined) continue;
            const lawful = lawfulLabel(life, why, second);
            holds(found.label === lawful, `${why.clock.metric} at ${second} is ${lawful}, not ${found.label}`);
          }
        });
      },
    ),
    RUNS,
  );
});

test('a mark that was reached lies where its part of the target had counted, and what is ahead is what the clock says', async (t) => {
  t.comment(`seed ${RUNS.seed}`);
  fc.assert(
    fc.property(lives(happening), (life) =>
      everyClock(life, ({ clock, intervals, marks, objective, calendar, targetSeconds }, { hold }) => {
        const until = clock.stoppedAt ?? life.asOf;
        for (const { at: when, step, fraction, reached } of marks) {
          holds(reached === when <= until, 'reached by now');
          if (step === 'due' && reached)
            holds(when === clock.breachedAt || when === until, 'broken, or due this second');
          if (!reached || hold === 'wall' || 'days' in objective.target) continue;
          const counted = intervals
            .filter(({ counts }) => counts)
            .reduce((sum, { from, to }) => sum + between(calendar, from, Math.max(from, Math.min(to, when))), 0);
          holds(counted === Math.ceil(Number((fraction! * targetSeconds).toPrecision(12))), `${step} ${fraction}`);
        }
        const ahead = marks.filter(({ reached, step }) => step === 'warning' && !reached).map(({ at: when }) => when);
        if (clock.state === 'running')
          holds(JSON.stringify(ahead) === JSON.stringify(clock.warnAt), 'the warnings to come');
        else holds(ahead.length === 0, 'nothing is ahead');
        const due = marks.find(({ step }) => step === 'due');
        if (clock.breached) holds(due?.at === clock.breachedAt, 'the breach has its place');
        else if (clock.state === 'running') holds(due?.at === clock.dueAt, 'so has the due time');
      }),
    ),
    RUNS,
  );
});

test('the last event leaves a running clock due when it is due', async (t) => {
  t.comment(`seed ${RUNS.seed}`);
  fc.assert(
    fc.property(lives(fc.oneof(happening, happening, change)), (life) =>
      everyClock(life, ({ clock, events, policy, leftSeconds }) => {
        const last = events.at(-1)!;
        if (clock.state === 'running') holds(last.dueAt === clock.dueAt && last.policy === policy, 'due');
        holds(
          events.every(({ event }) => event.type !== 'internal_note'),
          'no note moves a clock',
        );
        holds((leftSeconds === null) === (clock.state === 'cancelled'), 'what is left, but for cancelled clocks');
        if (clock.breached && leftSeconds !== null) holds(leftSeconds <= 0, 'overdue');
        for (const { effect, before } of events) {
          holds(before === null || effect === 'changed' || effect === 'recomputed', 'before');
        }
      }),
    ),
    RUNS,
  );
});
