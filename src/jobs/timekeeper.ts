/**
 * The timekeeper: whatever has a future instant is handled when it comes, in order, each at its own instant. One loop for
 * live workspaces, driven by the wall clock; the same step for a test workspace, driven by whoever moves its clock.
 *
 * What was said and what is broken is decided under the ticket's guard and saved with it, so two processes, or one that was
 * killed, cannot say a thing twice; leases only keep them out of each other's way.
 */

import { systemActor } from '../auth/policy.ts';
import { type Changes, inHalves, save } from '../changes.ts';
import type { Ctx, Logger, Workspace } from '../context.ts';
import { isLostRace, toAppError } from '../db/sqlstate.ts';
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

/** Tickets that could not be handled: `lost` were changed by somebody else every time, `failed` cannot be settled or saved. */
interface Unhandled {
  lost: string[];
  failed: string[];
}

interface Group {
  subject: string;
  changes: Changes;
}

/** Handles what is due on these tickets of one workspace at one instant; each stands or falls alone. */
async function handle(
  desk: Desk,
  workspace: Workspace,
  now: Instant,
  subjects: string[],
  log: Logger,
): Promise<Unhandled> {
  const failed: string[] = [];
  let lost = subjects;
  for (let attempt = 0; attempt < 5 && lost.length > 0; attempt++) {
    const ctx: Ctx = { db: desk.db, workspace, actor: ACTOR, door: 'timekeeper', now, log, services: desk.services };
    const files = await getTicketFiles(desk.db, workspace.workspaceId, lost);
    const levels = await loadLevels(
      ctx,
      files.map(({ history }) => history),
    );
    const groups: Group[] = [];
    for (const file of files) {
      try {
        groups.push({ subject: file.ticket.id, changes: await settleDue(ctx, file, levels) });
      } catch (error) {
        failed.push(failedBy(error, file.ticket.id, log));
      }
    }
    lost = await saveGroups(desk, workspace, groups, failed, log);
  }
  return { lost, failed };
}

/** Saves the groups, each on its own. Answers those that lost their race. */
async function saveGroups(
  desk: Desk,
  workspace: Workspace,
  groups: Group[],
  failed: string[],
  log: Logger,
): Promise<string[]> {
  const attempt = async (some: Group[]): Promise<Group[]> => {
    const authored = some.map(({ changes }) => ({ changes, author: AUTHOR }));
    const lost = await save(desk.db, workspace.workspaceId, desk.services.epoch, authored);
    some.forEach(({ changes }, index) => {
      if (!lost.includes(index)) desk.saved(workspace, changes);
    });
    return lost.map((index) => some[index]!);
  };
  const fault = ({ subject }: Group, error: unknown) => {
    if (isLostRace(error)) return 'lost';
    failed.push(failedBy(error, subject, log));
    return 'failed';
  };
  return (await inHalves(groups, attempt, fault)).map(({ subject }) => subject);
}

/** A ticket at fault must not stand in the way of the others; a database that is away is nobody's fault and thrown on. */
function failedBy(error: unknown, subject: string, log: Logger): string {
  if (toAppError(error)?.code === 'unavailable') throw error;
  log.error({ err: error, ticket: subject }, 'a due ticket could not be handled');
  return subject;
}

/** Claims and handles one batch of live timers; answers how many there were. */
export async function handleDue(desk: Desk, log: Logger): Promise<number> {
  const timers = await claimDueTimers(desk.db, desk.services.wallClock(), BATCH);
  for (const [workspaceId, mine] of Map.groupBy(timers, (timer) => timer.workspaceId)) {
    const workspace = await getWorkspace(desk.db, workspaceId);
    for (const [due, together] of Map.groupBy(mine, (timer) => timer.due)) {
      const subjects = together.map(({ subject }) => subject);
      // Those that lost their race stay claimed for the rest of the lease, and are then taken up again.
      const { failed } = await handle(desk, workspace, due, subjects, log);
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
    const { lost, failed } = await handle(
      desk,
      fresh,
      due,
      timers.map(({ subject }) => subject),
      log,
    );
    const unhandled = [...failed, ...lost];
    // Time does not wait for a ticket that cannot be settled; twice the same ones is a fault of ours, and said so.
    if (
      unhandled.length > 0 &&
      stuck.length === timers.length &&
      stuck.every(({ subject }) => unhandled.includes(subject))
    ) {
      throw new Error(`The clock stands still at ${due}: ${unhandled.join(', ')}`);
    }
    stuck = timers.filter(({ subject }) => unhandled.includes(subject));
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
  let endSleep: () => void = () => undefined;
  let woken = false;
  let cleanedAt = 0;
  const wake = () => {
    woken = true;
    endSleep();
  };
  const sleep = (ms: number) =>
    new Promise<void>((resolve) => {
      const timeout = setTimeout(resolve, ms);
      endSleep = () => {
        clearTimeout(timeout);
        resolve();
      };
    });
  const loop = async () => {
    while (running) {
      let pause = LONGEST_SLEEP_MS;
      woken = false;
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
      // Woken while it looked, it may have missed what it was woken for.
      if (running && !woken) await sleep(pause);
    }
  };
  const ended = loop();
  return {
    wake,
    async stop() {
      running = false;
      wake();
      await ended;
    },
  };
}
