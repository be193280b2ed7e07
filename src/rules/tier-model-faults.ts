/** What can be wrong with a tier model: parts that cost points for what is good, rules out of order, numbers out of range. */

import { type Faults, fault } from './faults.ts';
import { figureFaults } from './figure-faults.ts';
import { betterWay } from './figures.ts';
import type { PartDefinition, TierModelDefinition, TierRule } from './tier-model.ts';
import { parseWindow } from './windows.ts';

const MOST_PARTS = 8;
const MOST_BANDS = 100;
/** Weights are told apart to the ten-thousandth, points to the hundredth: what is finer would be lost in sums. */
export const WEIGHT_STEPS = 10_000;
export const POINT_STEPS = 100;
const MOST_WEIGHT = 10_000;
const LONGEST_WAIT = 366 * 86_400;
const MOST_RUNS = 24;
const MOST_SAMPLED = 1000;

/** Adds every fault of a definition by its path; `tiers`: keys of the workspace's tiers, the best first. */
export function modelFaults(
  faults: Faults,
  path: string,
  definition: TierModelDefinition,
  tiers: readonly string[],
): void {
  partFaults(faults, `${path}.parts`, definition.parts);
  ruleFaults(faults, `${path}.tiers`, definition, tiers);
  settingFaults(faults, path, definition);
}

function partFaults(faults: Faults, path: string, parts: TierModelDefinition['parts']): void {
  if (parts.length < 1 || parts.length > MOST_PARTS) {
    fault(faults, path, `A score is made of 1 to ${MOST_PARTS} parts.`, 'out_of_range');
  }
  for (const [index, part] of parts.entries()) {
    const at = `${path}.${index}`;
    if (parts.slice(0, index).some(({ key }) => key === part.key)) {
      fault(faults, `${at}.key`, `There are two parts ${part.key}.`, 'duplicate');
    }
    if (!isStepped(part.weight, WEIGHT_STEPS) || part.weight <= 0 || part.weight > MOST_WEIGHT) {
      const message = `Expected a weight above 0, at most ${MOST_WEIGHT}, with four decimals at most.`;
      fault(faults, `${at}.weight`, message, 'out_of_range');
    }
    figureFaults(faults, `${at}.figure`, part.figure);
    scalingFaults(faults, `${at}.scaling`, part);
  }
}

/** What is good must never cost points: more money, the longer a customer; fewer complaints. */
function scalingFaults(faults: Faults, path: string, { figure, scaling }: PartDefinition): void {
  const better = betterWay(figure);
  if ('bands' in scaling === 'percentile' in scaling) {
    fault(faults, path, 'Expected exactly one of bands and percentile.', 'required');
    return;
  }
  if (!('bands' in scaling)) {
    if (better !== null && scaling.percentile !== better) {
      const message = `Of ${figure.of}, ${better} is better.`;
      fault(faults, `${path}.percentile`, message, 'wrong_way');
    }
    return;
  }
  const { bands } = scaling;
  if (bands.length < 1 || bands.length > MOST_BANDS) {
    fault(faults, `${path}.bands`, `Expected 1 to ${MOST_BANDS} bands.`, 'out_of_range');
  }
  for (const [index, { from, points }] of bands.entries()) {
    const at = `${path}.bands.${index}`;
    if (!Number.isFinite(from)) fault(faults, `${at}.from`, 'Expected a number.');
    if (bands.slice(0, index).some((other) => other.from === from)) {
      fault(faults, `${at}.from`, `Two bands begin at ${from}.`, 'duplicate');
    }
    if (!isPoints(points)) fault(faults, `${at}.points`, POINTS, 'out_of_range');
  }
  const rising = bands.toSorted((a, b) => a.from - b.from);
  const steps = rising.slice(1).map(({ points }, index) => points - rising[index]!.points);
  const isWrong = {
    more: steps.some((step) => step < 0),
    less: steps.some((step) => step > 0) || (rising[0]?.from ?? 0) > 0,
    any: steps.some((step) => step < 0) && steps.some((step) => step > 0),
  };
  if (!isWrong[better ?? 'any']) return;
  const message = {
    more: `Of ${figure.of}, more is better: points must not fall as from rises.`,
    less: `Of ${figure.of}, less is better: the first band begins at 0, and points must not rise as from does.`,
    any: 'As from rises, points must rise or fall, not both.',
  }[better ?? 'any'];
  fault(faults, `${path}.bands`, message, 'wrong_way');
}

function ruleFaults(
  faults: Faults,
  path: string,
  { parts, tiers: rules }: TierModelDefinition,
  tiers: readonly string[],
): void {
  if (rules.length === 0) fault(faults, path, 'At least one tier has a rule.', 'required');
  const last = tiers.at(-1);
  let before = -1;
  for (const [index, rule] of rules.entries()) {
    const at = `${path}.${index}`;
    const rank = tiers.indexOf(rule.tier);
    if (rank === -1) fault(faults, `${at}.tier`, `No tier is called ${rule.tier}.`, 'unknown_key');
    else if (rule.tier === last) {
      fault(faults, `${at}.tier`, `${last} is the last tier: it is everybody's who has no other, without a rule.`);
    } else if (rules.slice(0, index).some(({ tier }) => tier === rule.tier)) {
      fault(faults, `${at}.tier`, `${rule.tier} has a rule already.`, 'duplicate');
    } else if (rank < before) fault(faults, `${at}.tier`, 'Rules stand in the order of the tiers, the best first.');
    before = Math.max(before, rank);
    conditionFaults(faults, at, rule, parts);
  }
}

function conditionFaults(
  faults: Faults,
  path: string,
  { minTotal, minParts = {}, share }: TierRule,
  parts: TierModelDefinition['parts'],
): void {
  if (minTotal !== undefined && !isPoints(minTotal)) fault(faults, `${path}.minTotal`, POINTS, 'out_of_range');
  for (const [key, points] of Object.entries(minParts)) {
    const at = `${path}.minParts.${key}`;
    if (!parts.some((part) => part.key === key)) fault(faults, at, `No part is called ${key}.`, 'unknown_key');
    if (!isPoints(points)) fault(faults, at, POINTS, 'out_of_range');
  }
  if (share !== undefined && !(share > 0 && share <= 100)) {
    fault(faults, `${path}.share`, 'Expected a share in percent, above 0 and at most 100.', 'out_of_range');
  }
  if (minTotal === undefined && share === undefined && Object.keys(minParts).length === 0) {
    fault(faults, path, 'A rule has at least one of minTotal, minParts and share.', 'required');
  }
}

/** Named as they are outside: durations there are `upAfter` and `grace`. */
function settingFaults(faults: Faults, path: string, { hysteresis = {}, risk = {}, sampleSize }: TierModelDefinition) {
  const { margin, upAfterSeconds, downRuns, graceSeconds } = hysteresis;
  if (margin !== undefined && !isPoints(margin)) fault(faults, `${path}.hysteresis.margin`, POINTS, 'out_of_range');
  const whole = (at: string, value: number | undefined, least: number, most: number, what = 'a whole number') => {
    if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) return;
    fault(faults, `${path}.${at}`, `Expected ${what} from ${least} to ${most}.`, 'out_of_range');
  };
  whole('hysteresis.upAfter', upAfterSeconds, 0, LONGEST_WAIT, 'whole seconds');
  whole('hysteresis.downRuns', downRuns, 0, MOST_RUNS);
  whole('hysteresis.grace', graceSeconds, 0, LONGEST_WAIT, 'whole seconds');
  whole('risk.lowScores', risk.lowScores, 1, 1000);
  whole('risk.complaints', risk.complaints, 1, 1000);
  whole('sampleSize', sampleSize, 0, MOST_SAMPLED);
  const { fewerPercent, window } = risk;
  if (fewerPercent !== undefined && !(fewerPercent > 0 && fewerPercent <= 100)) {
    fault(faults, `${path}.risk.fewerPercent`, 'Expected percent, above 0 and at most 100.', 'out_of_range');
  }
  if (window !== undefined && parseWindow(window) === null) {
    const message = 'Expected years, months or days such as P3M or P90D, at most ten years.';
    fault(faults, `${path}.risk.window`, message);
  }
}

const POINTS = 'Expected points from 0 to 100, with two decimals at most.';

function isPoints(value: number): boolean {
  return isStepped(value, POINT_STEPS) && value >= 0 && value <= 100;
}

/** Whether a number is a whole number of such parts of 1. */
function isStepped(value: number, steps: number): boolean {
  return Number.isFinite(value) && Math.abs(value * steps - Math.round(value * steps)) < 1e-6;
}
