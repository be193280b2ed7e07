/**
 * The timekeeper: whatever has a future instant is handled when it comes, in order, each at its own instant. One loop for
 * live workspaces, driven by the wall clock; the same step for a test workspace, driven by whoever moves its clock.
 *
 * What was said and what is broken is decided under the ticket's guard and saved with it, so two processes, or one that was
 * killed, cannot say a thing twice; leases only keep them out of each other's way.
 */

import { systemActor } from '../auth/policy.ts';
import { type Changes, save } from '../changes.ts';
import type { Ctx, Logger, Workspace } from '../context.ts';
import { isLostRace } from '../db/sqlstate.ts';
import { settleDue } from '../domains/tickets/due.ts';
import { loadLevels } from '../domains/tickets/settle.ts';
import { getTicketFiles } from '../domains/tickets/store.ts';
import { getWorkspace } from '../domains/workspaces/store.ts';
import type { Desk } from '../operation.ts';
import type { Instant } from '../rules/calendar.ts';
import {
  claimDueTimers,
  type DueTimer,
  forgetOldKeys,
  listEarliestTimers,
  moveTestClock,
  nextLiveDue,
  postponeTimer,
} from './store.ts';

const BATCH = 200;
const ACTOR = systemActor('timekeeper');
const AUTHOR = { actor: ACTOR.id, door: 'timekeeper' };

/** Handles what is due on these tickets of one workspace at one instant; each stands or falls alone. Answers those that failed. */
async function handle(
  desk: Desk,
  workspace: Workspace,
  now: Instant,
  subjects: string[],
  log: Logger,
): Promise<string[]> {
  let left = subjects;
  for (let attempt = 0; attempt < 5 && left.length > 0; attempt++) {
    const ctx: Ctx = { db: desk.db, workspace, actor: ACTOR, door: 'timekeeper', now, log, services: desk.services };
    const files = await getTicketFiles(desk.db, workspace.workspaceId, left);
    const levels = await loadLevels(
      ctx,
      files.map(({ history }) => history),
    );
    const groups: { subject: string; changes: Changes }[] = [];
    const failed: string[] = [];
    for (const file of files) {
      try {
        groups.push({ subject: file.ticket.id, changes: await settleDue(ctx, file, levels) });
      } catch (error) {
        log.error({ err: error, ticket: file.ticket.id }, 'a due ticket could not be settled');
        failed.push(file.ticket.id);
      }
    }
    if (failed.length > 0) return [...failed, ...(await saveGroups(desk, workspace, groups))];
    left = await saveGroups(desk, workspace, groups);
  }
  return left;
}

/** Saves the groups in one statement; when that fails, in halves, down to the one that is at fault. Answers the lost ones. */
async function saveGroups(
  desk: Desk,
  workspace: Workspace,
  groups: { subject: string; changes: Changes }[],
): Promise<string[]> {
  if (groups.length === 0) return [];
  try {
    const authored = groups.map(({ changes }) => ({ changes, author: AUTHOR }));
    const lost = await save(desk.db, workspace.workspaceId, desk.services.epoch, authored);
    groups.forEach(({ changes }, index) => {
      if (!lost.includes(index)) desk.saved(workspace, changes);
    });
    return lost.map((index) => groups[index]!.subject);
  } catch (error) {
    if (groups.length === 1) {
      if (isLostRace(error)) return [groups[0]!.subject];
      throw error;
    }
    const half = Math.ceil(groups.length / 2);
    const first = await saveGroups(desk, workspace, groups.slice(0, half));
    return [...first, ...(await saveGroups(desk, workspace, groups.slice(half)))];
  }
}

/** Claims and handles one batch of live timers; answers how many there were. */
export async function handleDue(desk: Desk, log: Logger): Promise<number> {
  const timers = await claimDueTimers(desk.db, desk.services.wallClock(), BATCH);
  for (const [workspaceId, mine] of Map.groupBy(timers, (timer) => timer.workspaceId)) {
    const workspace = await getWorkspace(desk.db, workspaceId);
    for (const [due, together] of Map.groupBy(mine, (timer) => timer.due)) {
      const subjects = together.map(({ subject }) => subject);
      const failed = await handle(desk, workspace, due, subjects, log);
      for (const subject of failed)
        await postponeTimer(desk.db, { workspaceId, subject, due }, desk.services.wallClock());
    }
  }
  return timers.length;
}

/** Moves a test workspace's clock to an instant; answers how many instants were handled on the way. */
export async function advanceTestClock(desk: Desk, workspace: Workspace, to: Instant, log: Logger): Promise<number> {
  let handled = 0;
  let stuck: DueTimer[] = [];
  for (;;) {
    const timers = await listEarliestTimers(desk.db, workspace.workspaceId, to);
    if (timers.length === 0) break;
    const { due } = timers[0]!;
    await moveTestClock(desk.db, workspace.workspaceId, due);
    const fresh = await getWorkspace(desk.db, workspace.workspaceId);
    const failed = await handle(
      desk,
      fresh,
      due,
      timers.map(({ subject }) => subject),
      log,
    );
    // Time does not wait for a ticket that cannot be settled; twice the same ones is a fault of ours, and said so.
    if (failed.length > 0 && stuck.length === timers.length && stuck.every(({ subject }) => failed.includes(subject))) {
      throw new Error(`The clock stands still at ${due}: ${failed.join(', ')}`);
    }
    stuck = timers.filter(({ subject }) => failed.includes(subject));
    handled++;
  }
  await moveTestClock(desk.db, workspace.workspaceId, to);
  return handled;
}

export interface Timekeeper {
  /** Something earlier may have come up: look again now. */
  wake(): void;
  stop(): Promise<void>;
}

/** At most this long between two looks: another process may have set a timer. */
const LONGEST_SLEEP_MS = 1000;
const CLEANING_MS = 10 * 60_000;

/** Starts the loop for live workspaces. A database that is away is asked again every second. */
export function startTimekeeper(desk: Desk, log: Logger): Timekeeper {
  let running = true;
  let wake: () => void = () => undefined;
  let cleanedAt = 0;
  const sleep = (ms: number) =>
    new Promise<void>((resolve) => {
      const timeout = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timeout);
        resolve();
      };
    });
  const loop = async () => {
    while (running) {
      let pause = LONGEST_SLEEP_MS;
      try {
        const now = desk.services.wallClock();
        if (now - cleanedAt > CLEANING_MS) {
          cleanedAt = now;
          await forgetOldKeys(desk.db, Math.floor(now / 1000));
        }
        if ((await handleDue(desk, log)) > 0) continue;
        const next = await nextLiveDue(desk.db);
        if (next !== null) pause = Math.min(pause, Math.max(20, next * 1000 - desk.services.wallClock()));
      } catch (error) {
        log.warn({ err: error }, 'the timekeeper could not look at its timers');
      }
      if (running) await sleep(pause);
    }
  };
  const ended = loop();
  return {
    wake: () => wake(),
    async stop() {
      running = false;
      wake();
      await ended;
    },
  };
}
