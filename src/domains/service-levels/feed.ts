/** An iCalendar feed as closed dates: fetched where an address was given, and read within bounds. */

import { fork } from 'node:child_process';
import type { Services } from '../../context.ts';
import { invalid } from '../../errors.ts';
import { OutboundError } from '../../outbound.ts';
import { datesOf, type FoundDay } from '../../rules/holidays.ts';
import { Zone } from '../../rules/zone.ts';
import { type FeedReply, type FeedRequest, READ_FEED, TOO_COMPLEX } from './feed-process.ts';

/** As many as a calendar holds. */
export const MOST_DATES = 5000;

/** What people send takes a tenth of a second. */
const MOST_MS = 5000;
/** A feed of one megabyte with nothing but plain events takes some 40. */
const MOST_MEGABYTES = 128;
/** A process that is still there so long after that time does not answer any more. */
const PATIENCE_MS = 10_000;

/** The closed dates of a feed, and those of events that say they block no time. */
export interface FeedDays {
  days: FoundDay[];
  transparent: FoundDay[];
}

/** The feed at an address. 422 at `url` when there is none to be had. */
export async function fetchFeed({ fetch }: Pick<Services, 'fetch'>, url: string): Promise<string> {
  const accept = 'text/calendar, text/plain;q=0.5, */*;q=0.1';
  const { status, body } = await fetch({ method: 'GET', url, headers: { accept } }).catch((error) => {
    if (error instanceof OutboundError) throw invalid('url', error.message, error.reason);
    throw error;
  });
  if (status >= 300 && status < 400) throw invalid('url', 'It leads to another address: give that one.', 'redirect');
  if (status !== 200) throw invalid('url', `It answers ${status}.`, 'unexpected_status');
  return new TextDecoder().decode(body);
}

/**
 * The dates that the feed closes in these years on the wall clock of `timeZone`. 422 at `path`: `invalid_icalendar`,
 * `unknown_time_zone`, `too_big` for more than 5,000 dates, `too_complex` when its rules take too long to work out.
 */
export async function readFeed(text: string, years: number[], timeZone: string, path: string): Promise<FeedDays> {
  const inOrder = years.toSorted((a, b) => a - b);
  // Another zone's wall clock may be more than a day away.
  const slack = 2 * 86_400;
  const windows = inOrder.map((year): [number, number] => [
    Date.UTC(year, 0, 1) / 1000 - slack,
    Date.UTC(year + 1, 0, 1) / 1000 + slack,
  ]);
  const reply = await inTurn(() => inProcess({ text, windows, limit: MOST_DATES, milliseconds: MOST_MS }));
  if ('problem' in reply) throw invalid(path, reply.problem.message, reply.problem.code);
  const found: FeedDays = { days: [], transparent: [] };
  let left = MOST_DATES + 1;
  for (const event of reply.events) {
    const { start, end } = event;
    const strange = [start.zone, end.zone].find((zone) => zone !== null && Zone.named(zone) === undefined);
    if (strange !== undefined) throw invalid(path, `${strange} is no IANA time zone.`, 'unknown_time_zone');
    const dates = datesOf(event, timeZone, inOrder, left);
    left -= dates.length;
    found[event.transparent ? 'transparent' : 'days'].push(...dates);
  }
  if (reply.cut || left <= 0) {
    throw invalid(path, `More than ${MOST_DATES} dates in these years: ask for fewer.`, 'too_big');
  }
  return found;
}

/** One feed at a time: a hostile one keeps a processor busy until it is ended, and the others serve tickets. */
let last: Promise<unknown> = Promise.resolve();

function inTurn<T>(read: () => Promise<T>): Promise<T> {
  const turn = last.then(read, read);
  last = turn.catch(() => {});
  return turn;
}

function inProcess(request: FeedRequest): Promise<FeedReply> {
  return new Promise((resolve, reject) => {
    const reader = fork(new URL('./feed-process.ts', import.meta.url), [READ_FEED], {
      execArgv: [`--max-old-space-size=${MOST_MEGABYTES}`],
      // It needs to know nothing of us, and what it says when it breaks down is nothing we do not know.
      env: {},
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const end = (settle: () => void) => {
      clearTimeout(timeout);
      reader.kill('SIGKILL');
      settle();
    };
    const tooComplex = () => end(() => resolve({ problem: TOO_COMPLEX }));
    const timeout = setTimeout(tooComplex, MOST_MS + PATIENCE_MS);
    reader.once('message', (reply: FeedReply) => end(() => resolve(reply)));
    reader.once('error', (error) => end(() => reject(error)));
    reader.once('exit', (code, signal) => {
      // How Node ends when it is out of memory.
      if (signal === 'SIGABRT' || code === 134) tooComplex();
      else end(() => reject(new Error(`The reader of a feed ended with ${signal ?? code} and without a word.`)));
    });
    reader.send(request, (error) => {
      if (error !== null) end(() => reject(error));
    });
  });
}
