/** When a delivery is tried again, and when it is given up. */

import { test } from 'tap';
import { type Attempt, DELAYS, type Verdict, verdictOf } from '../../src/rules/retry.ts';

const NOW = 1_800_000_000;
const HOUR = 3600;
const answered = (status: number, retryAfter: string | null = null): Attempt => ({ status, retryAfter });
const unanswered = (final = false): Attempt => ({ status: null, final });

const decide = (attempt: Attempt, more: Partial<Parameters<typeof verdictOf>[1]> = {}): Verdict =>
  verdictOf(attempt, { made: 1, now: NOW, wallSeconds: NOW, spread: 0.5, ...more });

const inSeconds = (verdict: Verdict) => (verdict.state === 'pending' ? verdict.nextAttemptAt - NOW : verdict.state);

test('2xx is a delivery, 410 and what would never be otherwise are the end, all else is tried again', async (t) => {
  for (const status of [200, 201, 202, 204, 299])
    t.equal(inSeconds(decide(answered(status))), 'delivered', `${status}`);
  for (const status of [301, 302, 304, 400, 401, 404, 408, 409, 422, 425, 429, 500, 502, 503, 504, 599]) {
    t.equal(inSeconds(decide(answered(status))), 5, `${status}`);
  }
  t.equal(inSeconds(decide(unanswered())), 5);
  t.equal(inSeconds(decide(answered(410))), 'failed');
  t.equal(inSeconds(decide(unanswered(true))), 'failed');
  t.equal(inSeconds(decide(answered(200), { made: 10 })), 'delivered', 'the last attempt counts');
});

test('ten attempts in about 75 hours, then it is given up', async (t) => {
  const waits = Array.from({ length: 12 }, (_, index) => inSeconds(decide(answered(500), { made: index + 1 })));
  t.same(waits.slice(0, 9), [5, 300, 1800, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR]);
  t.same(waits.slice(9), ['failed', 'failed', 'failed']);
  t.equal(Math.floor(DELAYS.reduce((sum, delay) => sum + delay, 0) / HOUR), 75);
});

test('what failed together is not tried together', async (t) => {
  t.equal(inSeconds(decide(answered(500), { made: 2, spread: 0 })), 270);
  t.equal(inSeconds(decide(answered(500), { made: 2, spread: 0.9999 })), 330);
});

test('a receiver that asks for time gets it, up to a day; never less than the delay', async (t) => {
  const date = (seconds: number) => new Date((NOW + seconds) * 1000).toUTCString();
  const asked: [string, number][] = [
    ['120', 120],
    ['3', 5],
    ['0', 5],
    ['999999', 24 * HOUR],
    ['99999999999999', 5],
    [date(600), 600],
    [date(-600), 5],
    [date(48 * HOUR), 24 * HOUR],
    ['soon', 5],
    ['-7', 5],
    ['', 5],
  ];
  for (const [retryAfter, wait] of asked) {
    t.equal(inSeconds(decide(answered(503, retryAfter))), wait, `Retry-After: ${retryAfter}`);
  }
  t.equal(
    inSeconds(decide(answered(503, date(600)), { now: NOW + 0, wallSeconds: NOW + 100 })),
    500,
    'by the wall clock',
  );
});
