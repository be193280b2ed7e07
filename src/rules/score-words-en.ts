/** The telling of a tier in English. */

import { GLUE } from './columns.ts';
import type { ScoreWords, TierSource } from './score-words.ts';

const SOURCE: Record<TierSource, string> = {
  default: 'the default tier',
  manual: 'given by hand',
  import: 'brought by an import',
  score: 'given by the score',
};

const shortBy = (short: string | null) => (short === null ? '' : `, ${short} short`);

const NUMBERS = [
  'no',
  'one',
  'two',
  'three',
  'four',
  'five',
  'six',
  'seven',
  'eight',
  'nine',
  'ten',
  'eleven',
  'twelve',
];

export const EN: ScoreWords = {
  holds: (tier, since, source) =>
    `${tier}${since === null ? '' : ` since ${since}`}${source === null ? '' : `, ${SOURCE[source]}`}.`,
  noTier: 'No tier.',
  because: (reason) => `Reason: ${reason}.`,
  pin: (reason, since, until) =>
    `Pinned since ${since}${until === null ? ', until it is released' : ` until ${until}`}: ${reason}. No score moves it meanwhile.`,
  ended: (tier, at) => `${tier} was given by hand before; that ended at ${at}, and the score has decided since.`,
  unscored: {
    no_model: 'No tier model is in force: tiers are given by people.',
    not_reviewed: 'Nobody has looked at them under the tier model in force yet; a review is under way.',
    no_activity: 'Nothing is known of them, no activity and no figure of another system: the tier stays as it is.',
  },
  ofNothing: 'Nothing is known of them, no activity and no figure of another system: that is scored as no points.',
  scored: (total, target) => `The score is ${total} of 100; the rules give ${target}.`,
  why: {
    agreed: () => 'That is the tier they hold.',
    pinned: ({ target, moves }) =>
      `The pin holds the tier${moves === null ? '' : `; if nothing changes, ${target} is given at ${moves}`}.`,
    rising: ({ target, since, moves }) =>
      `${target} is reached${since === null ? '' : ` since ${since}`} and will be given${moves === null ? ' in time' : ` at ${moves}`} if it stays so.`,
    margin: ({ held, margin }) =>
      `${held} stays: the score falls short of the border by less than the margin of ${margin} points.`,
    counting({ held, runs, needed, decides, moves, hasGrace }) {
      const left = needed - runs;
      const found =
        runs === 0 ? '' : ` found below the border at ${NUMBERS[runs] ?? runs} of ${NUMBERS[needed] ?? needed};`;
      const next =
        left === 1
          ? `the next monthly run, ${decides}, decides`
          : `the next ${NUMBERS[left] ?? left} monthly runs decide, the last of them on ${decides}`;
      return `${held} stays for now:${found} ${next}${hasGrace && moves !== null ? `, and the step down comes at ${moves}` : ''}.`;
    },
    grace: ({ decided, moves }) =>
      `The step down was decided${decided === null ? '' : ` at ${decided}`} and comes${moves === null ? ' later' : ` at ${moves}`}, unless the score recovers.`,
    blocked: ({ held }) => `${held} stays for now: a step down is due, but an open escalation holds it back.`,
    due: () => 'The next review gives it.',
  },
  times: (zone, asOf) => `Times are in ${zone}, as of ${asOf}.`,
  headings: {
    score: (model, at) => `How the score was made (tier model ${model}, ${at})`,
    tiers: 'What each tier asks for',
  },
  columns: { part: 'Part', figure: 'Figure', points: 'Points', weight: 'Weight', adds: 'Adds', total: 'Total' },
  older: (model, inForce) =>
    `The score is of tier model ${model}; model ${inForce} is in force by now, and a review is under way.`,

  activities: { order: 'orders', refund: 'refunds', visit: 'visits', contact: 'contacts' },
  and: (items) => (items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`),
  months: (count) => (count === 1 ? `1${GLUE}month` : `${count}${GLUE}months`),
  days: (count) => (count === 1 ? `1${GLUE}day` : `${count}${GLUE}days`),
  figure: {
    amount: (activities, window) => `amount of ${activities} in the last ${window}`,
    count: (activities, window) => `number of ${activities} in the last ${window}`,
    growth: (activities, by, window) =>
      `growth of ${by === 'amount' ? 'the amount' : 'the number'} of ${activities}, the last ${window} against the ${window} before`,
    months: 'whole months a customer',
    given: (key) => `the figure ${key}, given by another system`,
    satisfaction: (window) => `mean of their survey scores in the last ${window}`,
    low_scores: (window) => `low survey answers in the last ${window}`,
    tickets: (kinds, words, window) =>
      `tickets${kinds === null ? '' : ` (${kinds})`}${words === null ? '' : ` about ${words}`} in the last ${window}`,
  },
  unknown: 'not known',
  unbounded: 'from nothing',
  money: (amount, currency) => `${amount}${GLUE}${currency}`,
  next: (points, atLeast, below) =>
    atLeast === null ? `${points} points below ${below}` : `${points} points from ${atLeast} on`,
  percentile: {
    more: 'points: percent of the customers who have less',
    less: 'points: percent of the customers who have more',
  },

  rule: (tier, holds, isTarget) => `${tier}: ${isTarget ? 'this is it' : holds ? 'reached, too' : 'not reached'}`,
  rest: (tier) => `${tier}: everybody who has no other`,
  total: (needed, had, short) => `a total of ${needed}: it is ${had}${shortBy(short)}`,
  part: (part, needed, had, short) => `${part} of ${needed} points: it is ${had}${shortBy(short)}`,
  share: (percent, needed, had, short) =>
    `among the best ${percent}: ${needed === null ? 'nobody has counted yet' : `that takes a total of ${needed}; it is ${had}${shortBy(short)}`}`,
  population: (customers, at) => `Read among ${customers} customers, counted ${at}.`,
};
