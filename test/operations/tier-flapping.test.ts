/** A year of a customer who goes to and fro around a border: the tier changes no more often than the hysteresis allows, and the same acts give the same tiers again. */

import { t as file, test } from 'tap';
import { bySpend, type Crm, openCrm, START } from '../support/crm.ts';
import { openTestDesk } from '../support/desk.ts';
import { dice } from '../support/dice.ts';

const SEED = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 1);
const DAY = 86_400;
const FIRST = Date.parse(START) / 1000;
const iso = (at: number) => new Date(at * 1000).toISOString().replace('.000Z', 'Z');

const desk = await openTestDesk(file);

/** Points from 0 to 100 in steps of ten, for every hundred spent in the year. */
const STEPS = Object.fromEntries(Array.from({ length: 10 }, (_, n) => [100 * (n + 1), 10 * (n + 1)]));
const HYSTERESIS = { margin: 10, downRuns: 2 };
const MODEL = bySpend(HYSTERESIS, STEPS);

interface Act {
  at: number;
  kind: 'order' | 'refund';
  amount: number;
}

/** Every few days an order or a refund; now and then so much that a border is crossed and crossed back within days. */
function yearOf(seed: number): Act[] {
  const { below, chance } = dice(seed);
  const acts: Act[] = [{ at: FIRST, kind: 'order', amount: 950 }];
  for (let at = FIRST + DAY; at < FIRST + 365 * DAY; at += (1 + below(8)) * DAY + below(DAY)) {
    acts.push({ at, kind: chance(0.5) ? 'order' : 'refund', amount: 10 * (1 + below(25)) });
  }
  return acts;
}

const RANKS = ['core', 'potential', 'normal'];

/** The tiers by the words of the model alone: who holds which from when, and how often the score itself went to and fro. */
function reckon(acts: Act[]): { history: string[]; crossings: number } {
  const pointsAt = (now: number) => {
    const spent = acts
      .filter(({ at }) => at <= now)
      .reduce((sum, { kind, amount }) => sum + (kind === 'order' ? amount : -amount), 0);
    return Math.max(0, Math.min(100, Math.floor(spent / 100) * 10));
  };
  const tierFor = (points: number) => (points >= 100 ? 'core' : points >= 50 ? 'potential' : 'normal');
  const months = Array.from({ length: 13 }, (_, n) => Date.UTC(2026, 11 + n, 1) / 1000 - 8 * 3600);
  const looks = [...acts.map(({ at }) => ({ at, monthly: false })), ...months.map((at) => ({ at, monthly: true }))]
    .filter(({ at }) => at <= FIRST + 365 * DAY)
    .sort((a, b) => a.at - b.at);
  let [held, runs, crossings, last] = ['normal', 0, 0, 'normal'];
  const history = [`normal default ${iso(FIRST)}`];
  for (const { at, monthly } of looks) {
    const points = pointsAt(at);
    const target = tierFor(points);
    if (target !== last) crossings += 1;
    last = target;
    const eased = tierFor(points + HYSTERESIS.margin);
    if (RANKS.indexOf(target) < RANKS.indexOf(held)) {
      [held, runs] = [target, 0];
      history.unshift(`${held} score ${iso(at)}`);
    } else if (RANKS.indexOf(eased) <= RANKS.indexOf(held)) {
      runs = 0;
    } else if (monthly && ++runs === HYSTERESIS.downRuns) {
      [held, runs] = [eased, 0];
      history.unshift(`${held} score ${iso(at)}`);
    }
  }
  return { history, crossings };
}

async function live(crm: Crm, acts: Act[]): Promise<void> {
  await crm.apply(MODEL);
  await crm.customer('Huawang');
  for (const { at, kind, amount } of acts) {
    await crm.to(iso(at));
    await crm.order('Huawang', amount, iso(at), kind);
  }
  await crm.to(iso(FIRST + 365 * DAY));
}

for (let run = 0; run < RUNS; run++) {
  const seed = SEED + run;
  test(`a year around a border, FUZZ_SEED=${seed}`, async (t) => {
    const acts = yearOf(seed);
    const { history, crossings } = reckon(acts);
    const crm = await openCrm(desk);
    await live(crm, acts);
    const said = await crm.history('Huawang');
    t.strictSame(said, history, 'as the words of the model have it');
    t.comment(`${acts.length} acts, the score crossed a border ${crossings} times, the tier ${said.length - 1} times`);

    const changes = said
      .toReversed()
      .map((line) => ({ rank: RANKS.indexOf(line.split(' ')[0]!), at: Date.parse(line.split(' ')[2]!) / 1000 }));
    for (const [index, { rank, at }] of changes.entries()) {
      const before = changes[index - 1];
      if (before === undefined || rank < before.rank) continue;
      t.ok(at - before.at > 28 * DAY, 'two monthly runs lie between a change and a fall');
    }

    const again = await openCrm(desk);
    await live(again, acts);
    t.strictSame(await again.history('Huawang'), said, 'the same acts give the same tiers');

    // Told late and in any order, they give the same score, if not the same past.
    const late = await openCrm(desk);
    await late.apply(MODEL);
    await late.customer('Huawang');
    await late.to(iso(FIRST + 365 * DAY));
    const { below } = dice(seed);
    const shuffled = acts.map((act) => ({ act, place: below(1e9) })).sort((a, b) => a.place - b.place);
    for (const { act } of shuffled) await late.order('Huawang', act.amount, iso(act.at), act.kind);
    const scoreOf = async (one: Crm) =>
      (await one.rows('customer_scores')).map(({ total, parts, target }) => ({ total, parts, target }));
    await again.finished(await again.must('POST /v1/tier-models/recompute', {}));
    t.strictSame(await scoreOf(late), await scoreOf(again));
    t.strictSame(await again.history('Huawang'), said, 'a look at everybody moves nobody');
  });
}
