/** The backtest: the workspace's own past folded once as it was promised and once as it would have been. Nothing is written. */

import { setImmediate as othersFirst } from 'node:timers/promises';
import { z } from 'zod';
import { Changes } from '../../changes.ts';
import { invalid } from '../../errors.ts';
import { enqueue, type JobDefinition } from '../../job.ts';
import { write } from '../../operation.ts';
import {
  attainmentOf,
  emptyTally,
  type Group,
  groupsOf,
  loadOf,
  type Tally,
  tallyTicket,
  totalsOf,
} from '../../rules/backtest.ts';
import type { Instant } from '../../rules/calendar.ts';
import { type ComputedClock, computeClocks, type ServiceLevels } from '../../rules/clocks.ts';
import { Zone } from '../../rules/zone.ts';
import { Job } from '../jobs/model.ts';
import { jobView } from '../jobs/store.ts';
import { iso, isoOrNull } from '../model.ts';
import { countPastTickets, listPastTickets, type PastFile } from '../tickets/past.ts';
import { clockEvents, loadLevels } from '../tickets/settle.ts';
import { type BacktestReport, backtestFields } from './backtest-model.ts';
import { checkPlanned, plannedLevels } from './planned.ts';
import { compileLevels, type Levels } from './store.ts';

const zBacktest = z.strictObject(backtestFields);

export const backtestServiceLevels = write({
  name: 'backtestServiceLevels',
  summary: 'Try a policy, or a whole plan, on the past: what would have been kept and broken',
  description:
    "Answers at once with a job; its result is a BacktestReport. Every ticket created in the period is folded twice, as it was promised and as it would have been. Without a policy and a plan the service levels in force are tried: what today's promises would have made of the past. Nothing but the job is written.",
  scope: 'service_levels:write',
  input: zBacktest,
  check: checkPlanned,
  output: Job,
  status: 202,
  example: {
    policy: {
      key: 'normal-questions',
      match: { tiers: ['normal'] },
      calendar: 'cn-office',
      objectives: [{ metric: 'first_response', target: 'PT4H', warnAt: [0.8] }],
    },
    from: '2026-10-01T00:00:00+08:00',
    to: '2026-11-01T00:00:00+08:00',
  },
  async run(ctx, { policy, plan, from, to }) {
    if (from !== undefined && to !== undefined && to <= from) {
      throw invalid('to', 'Expected an instant later than from.');
    }
    const levels = await plannedLevels(ctx, { policy, plan });
    const changes = new Changes(ctx.now);
    const period = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
    const job = enqueue(ctx, changes, backtestJob, { ...period, levels });
    return { result: jobView(job), changes };
  },
});

type BacktestInput = { from?: Instant; to?: Instant; levels: Levels };

interface Place {
  asOf: Instant;
  total: number;
  /** The last ticket that is counted. */
  after: { createdAt: Instant; id: string } | null;
  tally: Tally;
}

/** Tickets that are read at once; and about how many events their histories may have together. */
const BATCH = 500;
const MOST_EVENTS = 20_000;
/** Others are answered in between. Milliseconds. */
const LONGEST_STRETCH = 10;
const STEP_MS = 1000;

export const backtestJob: JobDefinition<BacktestInput, Place, z.input<typeof BacktestReport>> = {
  type: 'service_levels.backtest',
  async run(work, input) {
    const ctx = await work.context();
    const { workspaceId, timeZone } = ctx.workspace;
    const period = { from: input.from, to: input.to };
    const planned = compileLevels(input.levels);
    const place: Place = work.place ?? {
      asOf: ctx.now,
      total: await countPastTickets(ctx.db, workspaceId, period),
      after: null,
      tally: emptyTally(),
    };
    // Histories are about as long as those before them: the first few say how many tickets can be held.
    let size = BATCH / 10;
    const next = () => listPastTickets(ctx.db, workspaceId, period, place.after, size);
    let [since, steppedAt] = [performance.now(), performance.now()];
    for (let batch = await next(); batch.length > 0; ) {
      const last = batch.at(-1)!;
      place.after = { createdAt: last.createdAt, id: last.id };
      const events = batch.reduce((sum, { history }) => sum + history.length, 0);
      size = Math.min(BATCH, Math.ceil((MOST_EVENTS * batch.length) / events));
      const [files, following] = [batch, next()];
      // Should this batch fail, nobody else waits for the next one.
      following.catch(() => undefined);
      const levels = await loadLevels(
        ctx,
        files.map(({ history }) => history),
      );
      for (const file of files) {
        const before = computeClocks(clockEvents(file.history, levels), place.asOf);
        tallyTicket(place.tally, file, before, clocksUnder(planned, file, place.asOf));
        if (performance.now() - since > LONGEST_STRETCH) {
          await othersFirst();
          since = performance.now();
        }
      }
      if (performance.now() - steppedAt > STEP_MS) {
        await work.step(place, place.tally.tickets, place.total);
        steppedAt = performance.now();
      }
      batch = await following;
    }
    await work.step(place, place.tally.tickets, place.tally.tickets);
    return reportOf(place, timeZone);
  },
};

/** The same history, held to other service levels from its beginning on. */
function clocksUnder(planned: ServiceLevels, { history }: PastFile, asOf: Instant): ComputedClock[] {
  const events = clockEvents(history, new Map()).map(({ levels: _, anew: __, ...event }) =>
    event.type === 'created' ? { ...event, levels: planned } : event,
  );
  return computeClocks(events, asOf);
}

function reportOf({ asOf, tally }: Place, timeZone: string): z.input<typeof BacktestReport> {
  const zone = Zone.named(timeZone)!;
  const { peakBefore, peakAfter, hoursOfDay } = loadOf(tally, (at) => zone.localTimeAt(at));
  return {
    asOf: iso(asOf),
    tickets: tally.tickets,
    ticketsChanged: tally.changed,
    becameBroken: tally.becameBroken,
    becameKept: tally.becameKept,
    totals: totalsOf(tally).map(groupView),
    groups: groupsOf(tally).map(groupView),
    load: { peakBefore: peakView(peakBefore), peakAfter: peakView(peakAfter), hoursOfDay },
    differences: tally.differences.map(({ id, before, after, ...rest }) => ({
      ticketId: id,
      ...rest,
      before: promiseView(before),
      after: promiseView(after),
    })),
  };
}

function groupView({ before, after, ...group }: Group) {
  return {
    ...group,
    before: { ...before, attainment: attainmentOf(before) },
    after: { ...after, attainment: attainmentOf(after) },
  };
}

function peakView(peak: { hour: Instant; promises: number } | null) {
  return peak === null ? null : { hour: iso(peak.hour), promises: peak.promises };
}

function promiseView(clock: ComputedClock | null) {
  if (clock === null) return null;
  const { policyKey, target, state, dueAt, breached } = clock;
  return { policyKey, target, state, dueAt: isoOrNull(dueAt), breached };
}
