/**
 * The timekeeper: whatever has a future instant is handled when it comes, in order, each at its own instant. One loop for
 * live workspaces, driven by the wall clock; the same step for a test workspace, driven by whoever moves its clock.
 *
 * What was said and what is broken is decided under the ticket's guard and saved with it, so two processes, or one that was
 * killed, cannot say a thing twice; leases only keep them out of each other's way.
 */

import { systemActor } from '../auth/policy.ts';
import type { Changes } from '../changes.ts';
import type { Ctx, Logger, Workspace } from '../context.ts';
import { toAppError } from '../db/sqlstate.ts';
import { settleDue } from '../domains/tickets/due.ts';
import { loadLevels } from '../domains/tickets/settle.ts';
import { getTicketFiles } from '../domains/tickets/store.ts';
import { getWorkspace, listStaff } from '../domains/workspaces/store.ts';
import type { Desk } from '../operation.ts';
import type { Instant } from '../rules/calendar.ts';
import { saveEach } from '../saving.ts';
import { ATTEMPT_MS } from './attempt.ts';
import { deliverDue } from './courier.ts';
import { hasWebhooks, nextDelivery } from './delivery-store.ts';
import { tellTestWorkspace } from './dispatcher.ts';
import { startLoop } from './loop.ts';
import { handleReviews } from './reviewer.ts';
import {
  claimDueTimers,
  type DueTimer,
  forgetOldKeys,
  listEarliestReviews,
  listEarliestTimers,
  moveTestClock,
  nextLiveDue,
  postponeTimer,
} from './store.ts';

const BATCH = 200;
/** Of a batch: a lease is short, and many workspaces with a ticket each must not be handled one after the other. */
const WORKSPACES_AT_ONCE = 3;
const ACTOR = systemActor('timekeeper');
const AUTHOR = { actor: ACTOR.id, door: 'timekeeper' };

/** Those that could not be handled: `lost` were changed by somebody else every time, `failed` cannot be settled or saved. */
interface Unhandled {
  lost: DueTimer[];
  failed: DueTimer[];
}

interface Group {
  timer: DueTimer;
  changes: Changes;
}

/** Handles what is due on tickets of one workspace, each at its own instant; each stands or falls alone. */
async function handle(desk: Desk, claimed: Workspace, timers: readonly DueTimer[], log: Logger): Promise<Unhandled> {
  let workspace = claimed;
  const failed: DueTimer[] = [];
  const fail = (timer: DueTimer, error: unknown) => {
    // A ticket at fault must not stand in the way of the others; a database that is away is nobody's fault.
    if (toAppError(error)?.code === 'unavailable') throw error;
    log.error({ err: error, ticket: timer.subject }, 'a due ticket could not be handled');
    failed.push(timer);
  };
  let left = [...timers];
  for (let attempt = 0; attempt < 5 && left.length > 0; attempt++) {
    // The race may have been lost to other service levels, which a raised priority rests on.
    if (attempt > 0) workspace = await getWorkspace(desk.db, workspace.workspaceId);
    const due = new Map(left.map((timer) => [timer.subject, timer]));
    const files = await getTicketFiles(desk.db, workspace.workspaceId, [...due.keys()]);
    const levels = await loadLevels(
      { db: desk.db, workspace },
      files.map(({ history }) => history),
    );
    // Read once for all of them, where a step of escalation needs it.
    let loaded: ReturnType<typeof listStaff> | undefined;
    const staff = () => (loaded ??= listStaff(desk.db, workspace.workspaceId));
    const groups: Group[] = [];
    for (const file of files) {
      const timer = due.get(file.ticket.id)!;
      // Whoever changed it meanwhile has said what was due by then.
      if (file.ticket.nextDueAt !== timer.due) continue;
      try {
        groups.push({
          timer,
          changes: await settleDue(contextAt(desk, workspace, timer.due, log), file, levels, staff),
        });
      } catch (error) {
        fail(timer, error);
      }
    }
    const lost = await saveEach(desk, workspace, groups, AUTHOR, ({ timer }, error) => fail(timer, error));
    left = lost.map(({ timer }) => timer);
  }
  return { lost: left, failed };
}

function contextAt(desk: Desk, workspace: Workspace, now: Instant, log: Logger): Ctx {
  return { db: desk.db, workspace, actor: ACTOR, door: 'timekeeper', now, log, services: desk.services };
}

/** Claims and handles one batch of live timers; answers how many there were. */
export async function handleDue(desk: Desk, log: Logger): Promise<number> {
  const timers = await claimDueTimers(desk.db, desk.services.wallClock(), BATCH);
  const queue = Map.groupBy(timers, ({ workspaceId }) => workspaceId).entries();
  const worker = async () => {
    for (const [workspaceId, mine] of queue) {
      // Those that lost their race stay claimed for the rest of the lease, and are then taken up again.
      const { failed } = await handle(desk, await getWorkspace(desk.db, workspaceId), mine, log);
      for (const timer of failed) await postponeTimer(desk.db, timer, desk.services.wallClock());
    }
  };
  await Promise.all(Array.from({ length: WORKSPACES_AT_ONCE }, worker));
  return timers.length;
}

/**
 * Whoever moves a test clock waits this long for receivers of deliveries, in all. An attempt that might take longer does
 * not begin, and is still due at the next move.
 */
const PATIENCE_MS = 30_000;

/**
 * Moves a test workspace's clock to an instant; answers how many instants were handled on the way. At each of them tickets
 * come first, then the reviews of tiers, then what is to be delivered; webhooks are told of each of these before the next. `finishJobs` runs what waits in the workspace: what
 * a review asks for belongs to its instant.
 */
export async function advanceTestClock(
  desk: Desk,
  workspace: Workspace,
  to: Instant,
  log: Logger,
  finishJobs: () => Promise<void>,
): Promise<number> {
  const { workspaceId } = workspace;
  let handled = 0;
  let last: Instant | null = null;
  let stuck: DueTimer[] = [];
  let waited = 0;
  const told = await hasWebhooks(desk.db, workspaceId);
  const { testNow } = await getWorkspace(desk.db, workspaceId);
  for (;;) {
    if (told) await tellTestWorkspace(desk, workspaceId, Math.max(last ?? 0, testNow!));
    const [timers, reviews] = await Promise.all([
      listEarliestTimers(desk.db, workspaceId, to),
      listEarliestReviews(desk.db, workspaceId, to),
    ]);
    const mayWait = waited + ATTEMPT_MS <= PATIENCE_MS;
    const sending = mayWait ? await nextDelivery(desk.db, desk.services.wallClock(), workspaceId, to) : null;
    const due: Instant = Math.min(...[timers[0]?.due, reviews[0]?.due, sending].map((at) => at ?? Infinity));
    if (due === Infinity) break;
    await moveTestClock(desk.db, workspaceId, due);
    const fresh = await getWorkspace(desk.db, workspaceId);
    if (due !== last) handled++;
    last = due;
    if (timers[0]?.due !== due && reviews[0]?.due === due) {
      // What was left over from an earlier move is looked at now.
      const undone = await handleReviews(desk, workspaceId, reviews, fresh.testNow!, log);
      await finishJobs();
      if (undone.length === 0) continue;
      throw new Error(`The clock stands still at ${due}: ${undone.map(({ customerId }) => customerId).join(', ')}`);
    }
    if (timers[0]?.due !== due) {
      const began = performance.now() - waited;
      // What was left over from an earlier move is sent now.
      const of = { workspaceId, due: Math.max(due, fresh.testNow!) };
      await deliverDue(desk, log, of, () => performance.now() - began + ATTEMPT_MS <= PATIENCE_MS);
      waited = performance.now() - began;
      continue;
    }
    const { lost, failed } = await handle(desk, fresh, timers, log);
    const unhandled = [...failed, ...lost].map(({ subject }) => subject);
    // Time does not wait for a ticket that cannot be settled; twice the same ones is a fault of ours, and said so.
    if (
      unhandled.length > 0 &&
      stuck.length === timers.length &&
      stuck.every(({ subject }) => unhandled.includes(subject))
    ) {
      throw new Error(`The clock stands still at ${due}: ${unhandled.join(', ')}`);
    }
    stuck = timers.filter(({ subject }) => unhandled.includes(subject));
  }
  await moveTestClock(desk.db, workspace.workspaceId, to);
  return handled;
}

export interface Timekeeper {
  /** A timer was set to this instant: who would sleep longer wakes for it. */
  wake(due: Instant): void;
  stop(): Promise<void>;
}

/** At most this long between two looks: another process may have set a timer. */
const LONGEST_SLEEP_MS = 1000;
const SHORTEST_SLEEP_MS = 20;
const CLEANING_MS = 10 * 60_000;

/** Starts the loop for live workspaces. A database that is away is asked again every second. */
export function startTimekeeper(desk: Desk, log: Logger): Timekeeper {
  const { wallClock } = desk.services;
  let cleanedAt = 0;
  const loop = startLoop({
    wallClock,
    longestMs: LONGEST_SLEEP_MS,
    shortestMs: SHORTEST_SLEEP_MS,
    async look(running) {
      const now = wallClock();
      if (now - cleanedAt > CLEANING_MS) {
        cleanedAt = now;
        await forgetOldKeys(desk.db, Math.floor(now / 1000));
      }
      /** A pair of hands: while what one holds is saved, the other claims and settles. */
      const hand = async () => {
        while (running() && (await handleDue(desk, log)) > 0);
      };
      await Promise.all([hand(), hand()]);
      return nextLiveDue(desk.db, now + LONGEST_SLEEP_MS);
    },
    failed: (error) => log.warn({ err: error }, 'the timekeeper could not look at its timers'),
  });
  return { wake: (due) => loop.wake(due * 1000), stop: loop.stop };
}
