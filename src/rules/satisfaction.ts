/** What a survey answer may be, when it is low, and what many of them amount to. */

import type { FieldError } from '../errors.ts';

/** What is asked, as far as an answer is held to it. */
export interface SurveyForm {
  /** Points, 5 to 7. */
  scale: number;
  dimensions: readonly { key: string }[];
}

export interface Scores {
  overall: number;
  /** Of those dimensions that were answered. */
  dimensions: Readonly<Record<string, number>>;
}

/** What is wrong with an answer to this form, one entry per field. */
export function checkScores({ overall, dimensions }: Scores, form: SurveyForm): FieldError[] {
  const errors: FieldError[] = [];
  const require = (path: string, score: number) => {
    if (isPoint(score, form.scale)) return;
    errors.push({ path, message: `Expected a whole number from 1 to ${form.scale}.`, code: 'out_of_range' });
  };
  require('overall', overall);
  for (const [key, score] of Object.entries(dimensions)) {
    const path = `dimensions.${key}`;
    if (form.dimensions.some((dimension) => dimension.key === key)) require(path, score);
    else errors.push({ path, message: `This survey has no dimension ${key}.`, code: 'unknown_key' });
  }
  return errors;
}

function isPoint(score: number, scale: number): boolean {
  return Number.isInteger(score) && score >= 1 && score <= scale;
}

/** An overall score up to the threshold, or the worst point in any dimension. */
export function isLow({ overall, dimensions }: Scores, lowThreshold: number): boolean {
  return overall <= lowThreshold || Object.values(dimensions).some((score) => score === 1);
}

/** 2 of 5 or 6 points, 3 of 7. */
export function usualLowThreshold(scale: number): number {
  return scale === 7 ? 3 : 2;
}

/** Satisfied: one of the two highest points of the scale (4 and 5 of 5, 5 and 6 of 6, 6 and 7 of 7). */
export function isSatisfied(score: number, scale: number): boolean {
  return score > scale - 2;
}

/** How many answers of one scale gave one overall score, and how many of them were low. */
export interface PointCount {
  scale: number;
  score: number;
  answers: number;
  low: number;
}

export interface ScaleSummary {
  scale: number;
  answers: number;
  average: number;
  /** Every point of the scale, from 1. */
  distribution: { score: number; answers: number }[];
}

export interface Summary {
  answers: number;
  /** Shares of 0 to 1; null without answers. */
  csat: number | null;
  lowShare: number | null;
  /** Null without answers, and where they are of several scales: points of different scales have no mean. */
  average: number | null;
  scales: ScaleSummary[];
}

/** What the answers of a period amount to. */
export function summarize(points: readonly PointCount[]): Summary {
  const answers = sum(points.map((point) => point.answers));
  const satisfied = sum(points.filter(({ score, scale }) => isSatisfied(score, scale)).map((point) => point.answers));
  const scales = [...Map.groupBy(points, ({ scale }) => scale)].sort(([a], [b]) => a - b).map(summarizeScale);
  return {
    answers,
    csat: ratio(satisfied, answers),
    lowShare: ratio(sum(points.map(({ low }) => low)), answers),
    average: scales.length === 1 ? scales[0]!.average : null,
    scales,
  };
}

function summarizeScale([scale, points]: [number, PointCount[]]): ScaleSummary {
  const answers = sum(points.map((point) => point.answers));
  return {
    scale,
    answers,
    average: ratio(sum(points.map((point) => point.score * point.answers)), answers) ?? 0,
    distribution: Array.from({ length: scale }, (_, index) => ({
      score: index + 1,
      answers: sum(points.filter(({ score }) => score === index + 1).map((point) => point.answers)),
    })),
  };
}

/** To four digits; null of nothing. */
export function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : Math.round((part / whole) * 10_000) / 10_000;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
