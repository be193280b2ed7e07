/** The wall clock leaps, and processes disagree on it: what falls due is said at its own time all the same, and once. */

import { test } from 'tap';
import { steadyClock } from '../../src/clock.ts';
import {
  checkSaid,
  drain,
  HOUR,
  listSaid,
  MINUTE,
  openTwoDesks,
  policy,
  SECOND,
  START,
  ticket,
} from '../support/two-desks.ts';

test('the steady clock goes with the wall, but not where it jumps', (t) => {
  const at = { wall: START, mono: 5_000 };
  const clock = steadyClock(
    () => at.wall,
    () => at.mono,
  );
  const pass = (ms: number, wallMs = ms) => {
    at.mono += ms;
    at.wall += wallMs;
    return clock() - START;
  };
  t.equal(clock(), START);
  t.equal(pass(10 * SECOND), 10 * SECOND);
  t.equal(pass(10 * SECOND, 11 * SECOND), 21 * SECOND, 'a clock that is slewed is followed');
  for (const jump of [HOUR, -HOUR]) {
    const before = clock() - START;
    t.equal(pass(SECOND, SECOND + jump), before + SECOND, 'a jump is not followed');
    t.equal(pass(30 * SECOND), before + 31 * SECOND, 'time goes on from where it was');
    t.equal(pass(SECOND, SECOND - jump), before + 32 * SECOND, 'a jump that is taken back leaves no trace');
    t.equal(pass(70 * SECOND), before + 102 * SECOND, 'also later');
    pass(SECOND, SECOND + jump);
    t.equal(pass(59 * SECOND), before + 162 * SECOND, 'trusted for a minute');
    t.equal(pass(2 * SECOND), before + 164 * SECOND + jump, 'then the wall is taken for true');
    t.equal(pass(2 * SECOND), before + 166 * SECOND + jump, 'and followed');
  }
  const before = clock() - START;
  pass(SECOND, HOUR);
  t.equal(pass(SECOND, HOUR), before + 2 * SECOND, 'a jump on a jump');
  t.end();
});

test('a jump of the wall clock breaches nothing early and says nothing twice', async (t) => {
  for (const jump of [HOUR, -HOUR]) {
    const at = { wall: START, mono: 0 };
    const clock = () =>
      steadyClock(
        () => at.wall,
        () => at.mono,
      );
    const { desks, db, ask } = await openTwoDesks(t, [clock(), clock()]);
    await ask(0, 'POST /v1/policies', policy('PT20M', [0.5]));
    for (let n = 0; n < 20; n++) await ask((n % 2) as 0 | 1, 'POST /v1/tickets', ticket(`${n}`));
    const pass = async (ms: number, wallMs = ms) => {
      at.mono += ms;
      at.wall += wallMs;
      await Promise.all(desks.map(drain));
      return (await listSaid(db)).length;
    };
    t.equal(await pass(9 * MINUTE), 0);
    t.equal(await pass(SECOND, SECOND + jump), 0, 'the jump says nothing');
    t.equal(await pass(50 * SECOND), 0, 'nor the minute after it');
    t.equal(await pass(SECOND, SECOND - jump), 0, 'it is taken back');
    t.equal(await pass(8 * SECOND), 40, 'the warnings come at their time');
    t.equal(await pass(SECOND, SECOND + jump), 40);
    t.equal(await pass(55 * SECOND), 40);
    t.equal(await pass(SECOND, SECOND - jump), 40);
    t.equal(await pass(9 * MINUTE + 3 * SECOND), 40, 'due, and still kept');
    t.equal(await pass(SECOND), 80, 'the breaches too');
    checkSaid(t, await listSaid(db), 20, [0.5]);
    // One that stays is believed after a minute; set back, the same instants come again.
    await pass(SECOND, SECOND - HOUR);
    await pass(61 * SECOND);
    t.equal(await pass(2 * HOUR), 80, 'what was said is not said again');
  }
});

/** So many tickets, of two promises each, due evenly over a minute from START on. */
const TICKETS = 300;
const createdAt = Array.from(
  { length: TICKETS },
  (_, n) => START + Math.floor((n * 60) / TICKETS) * SECOND - 20 * MINUTE,
);

for (const leap of [HOUR, -HOUR]) {
  test(`a leap by ${leap / HOUR} h in the middle of ${2 * TICKETS} clocks: each is said in its second, and once`, async (t) => {
    const at = { wall: START - MINUTE, mono: 0 };
    const clock = () =>
      steadyClock(
        () => at.wall,
        () => at.mono,
      );
    const { desks, db, ask, importTickets } = await openTwoDesks(t, [clock(), clock()]);
    await ask(0, 'POST /v1/policies', policy('PT20M', []));
    // The last ones are due in the hour that is skipped, or comes twice.
    await importTickets([...createdAt, ...createdAt.slice(0, 20).map((created) => created + 15 * MINUTE)]);
    const pass = async (ms: number, wallMs = ms) => {
      at.mono += ms;
      at.wall += wallMs;
      await Promise.all(desks.map(drain));
      return (await listSaid(db)).length;
    };
    t.equal(await pass(MINUTE), 0);
    const said: number[] = [];
    for (let second = 1; second <= 61; second++) said.push(await pass(SECOND, second === 30 ? SECOND + leap : SECOND));
    t.strictSame(
      said,
      said.map((_, n) => (Math.min(60, n + 1) * 2 * TICKETS) / 60),
      'as if nothing were',
    );
    t.equal(await pass(MINUTE), leap > 0 ? 2 * TICKETS + 40 : 2 * TICKETS, 'it is believed');
    t.equal(await pass(2 * HOUR), 2 * TICKETS + 40);
    checkSaid(t, await listSaid(db), TICKETS + 20, []);
  });
}

test('two processes a second apart say each thing once', async (t) => {
  const wall = { now: START };
  const { desks, db, ask, importTickets } = await openTwoDesks(t, [() => wall.now, () => wall.now - SECOND]);
  await ask(0, 'POST /v1/policies', policy('PT20M', []));
  await importTickets(createdAt);
  // Now the one is first, now the other, and now and then the one that is ahead does not look.
  for (let step = 0; step < 130; step++) {
    wall.now += SECOND / 2;
    const looking = step % 5 === 0 ? [desks[1]!] : step % 2 === 0 ? desks : desks.toReversed();
    await Promise.all(looking.map(drain));
  }
  checkSaid(t, await listSaid(db), TICKETS, []);
});

test('a lease given before the clock was set back holds nothing up', async (t) => {
  const wall = { now: START };
  const { desks, db, ask, importTickets } = await openTwoDesks(t, [() => wall.now, () => wall.now]);
  await ask(0, 'POST /v1/policies', policy('PT20M', []));
  await importTickets(createdAt.slice(0, 10));
  wall.now = START + 3 * SECOND;
  await db.pool.query(`update timers set lease_until = to_timestamp($1)`, [(wall.now + HOUR) / 1000]);
  await drain(desks[1]!);
  checkSaid(t, await listSaid(db), 10, []);
});
