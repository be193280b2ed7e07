/** A customer's tier explained in words: one sentence or two of it, and a page with the parts of the score and what each tier asks for. */

import type { Instant } from './block.ts';
import { GLUE, plain, table, wrap } from './columns.ts';
import { type FigureDefinition, unitOf } from './figures.ts';
import type { Condition } from './score.ts';
import type { ScoreWords, TierSource, TierState } from './score-words.ts';
import { EN } from './score-words-en.ts';
import { ZH } from './score-words-zh.ts';
import { localTimeOf } from './speech.ts';
import { EN as EN_CLOCK } from './telling-en.ts';
import type { Language } from './telling-words.ts';
import { ZH as ZH_CLOCK } from './telling-zh.ts';
import type { ExplainedPart, TierExplanation } from './tier-explanation.ts';
import type { Part, Standing, TierModel } from './tier-model.ts';
import { parseWindow } from './windows.ts';
import { Zone } from './zone.ts';

/** What is told, with the names that people use. */
export interface TierTold {
  customer: string;
  /** Null without one. */
  tier: { key: string; since: Instant | null; source: TierSource | null; reason: string | null } | null;
  pin: { reason: string; since: Instant; until: Instant | null } | null;
  state: TierState;
  /** The tier before, where people gave it and a score took it: when that was. */
  ended: { key: string; at: Instant } | null;
  /** Null unless scored. */
  scored: Told | null;
  asOf: Instant;
  currency: string;
  /** The number of the model in force. */
  inForce: number;
  nameOf(list: 'tier' | 'kind', key: string): string;
}

interface Told {
  number: number;
  model: TierModel;
  explained: TierExplanation;
  standing: Standing;
  computedAt: Instant;
  /** Whether nothing is known of them: that, too, may be scored. */
  ofNothing: boolean;
  population: { customers: number; at: Instant } | null;
}

const WIDTH = 70;

export function tellTier(told: TierTold, language: Language, timeZone: string): { summary: string; text: string } {
  const speech = new Speech(language, timeZone, told.currency);
  const { words } = speech;
  const summary = summaryOf(told, speech)
    .map(plain)
    .join(language === 'en' ? ' ' : '');
  const blocks = [
    [...wrap(plain(told.customer), WIDTH), ...wrap(summary, WIDTH)],
    wrap(words.times(timeZone, speech.at(told.asOf)), WIDTH),
  ];
  if (told.scored !== null) blocks.push(scoreLines(told.scored, told, speech), tierLines(told.scored, told, speech));
  const text = blocks.map((lines) => lines.join('\n')).join('\n\n');
  return { summary: summary.replaceAll(GLUE, ' '), text: `${text.replaceAll(GLUE, ' ')}\n` };
}

function summaryOf({ tier, pin, state, ended, scored, inForce, nameOf }: TierTold, speech: Speech): string[] {
  const { words } = speech;
  const said = [
    tier === null ? words.noTier : words.holds(nameOf('tier', tier.key), speech.atOrNull(tier.since), tier.source),
  ];
  if (pin !== null) said.push(words.pin(pin.reason, speech.at(pin.since), speech.atOrNull(pin.until)));
  else if (tier !== null && tier.reason !== null) said.push(words.because(tier.reason));
  if (ended !== null) said.push(words.ended(nameOf('tier', ended.key), speech.at(ended.at)));
  if (state !== 'scored') said.push(words.unscored[state]);
  if (scored === null) return said;
  const { explained, standing, model, number, ofNothing } = scored;
  if (ofNothing) said.push(words.ofNothing);
  said.push(words.scored(speech.number(explained.total), nameOf('tier', explained.target)));
  said.push(
    words.why[explained.why]({
      held: tier === null ? '' : nameOf('tier', tier.key),
      target: nameOf('tier', explained.target),
      margin: speech.number(model.margin),
      runs: standing.runsBelow,
      needed: model.downRuns,
      since: speech.atOrNull(standing.reachedSince?.[explained.target] ?? null),
      decided: speech.atOrNull(standing.decidedAt),
      decides: explained.decidesAt === null ? '' : speech.date(explained.decidesAt),
      moves: speech.atOrNull(explained.movesAt),
      hasGrace: model.graceSeconds > 0,
    }),
  );
  if (number !== inForce) said.push(words.older(number, inForce));
  return said;
}

function scoreLines({ number, explained, computedAt }: Told, told: TierTold, speech: Speech): string[] {
  const { words } = speech;
  const { columns } = words;
  const { parts, total } = explained;
  const rows = parts.map((part) => [
    plain(part.part.name ?? part.key),
    speech.figure(part.part, part.value, part.unbounded),
    speech.number(part.points),
    speech.percent(part.share),
    speech.number(part.contribution),
  ]);
  const [head, ...lines] = table(
    [
      [columns.part, columns.figure, columns.points, columns.weight, columns.adds],
      ...rows,
      [columns.total, '', '', '', speech.number(total)],
    ],
    new Set([1, 2, 3, 4]),
  );
  const notes = parts.map((part) => wrap(speech.about(part, told), WIDTH - 4).map(indented));
  const noted = lines.flatMap((line, index) => [line, ...(notes[index] ?? [])]);
  return [...wrap(words.headings.score(number, speech.at(computedAt)), WIDTH), ...[head!, ...noted].map(indented)];
}

function tierLines({ explained, model, population }: Told, { nameOf }: TierTold, speech: Speech): string[] {
  const { words } = speech;
  const name = (tier: string) => plain(nameOf('tier', tier));
  const lines = explained.rules.flatMap(({ tier, holds, conditions }) => [
    words.rule(name(tier), holds, tier === explained.target),
    ...conditions.flatMap((condition) => {
      const [first, ...rest] = wrap(speech.condition(condition, explained), WIDTH - 6, 2);
      return [`${condition.holds ? '+' : '-'} ${first}`, ...rest].map(indented);
    }),
  ]);
  lines.push(words.rest(name(model.tiers.at(-1)!)));
  if (population !== null) {
    lines.push(...wrap(words.population(speech.number(population.customers), speech.at(population.at)), WIDTH - 2));
  }
  return [words.headings.tiers, ...lines.map(indented)];
}

function indented(line: string): string {
  return `  ${line}`;
}

/** How figures, points and instants are said in one language on one wall clock. */
class Speech {
  readonly words: ScoreWords;
  readonly #clock: typeof EN_CLOCK;
  readonly #zone: Zone;
  readonly #currency: string;

  constructor(language: Language, timeZone: string, currency: string) {
    this.words = language === 'en' ? EN : ZH;
    this.#clock = language === 'en' ? EN_CLOCK : ZH_CLOCK;
    this.#zone = Zone.named(timeZone) ?? Zone.named('UTC')!;
    this.#currency = currency;
  }

  at(at: Instant): string {
    return this.#clock.instant(localTimeOf(at, this.#zone));
  }

  date(at: Instant): string {
    return localTimeOf(at, this.#zone).date;
  }

  atOrNull(at: Instant | null): string | null {
    return at === null ? null : this.at(at);
  }

  /** `1,234.5`: two decimals at most. */
  number(value: number): string {
    const [whole, decimals] = value.toFixed(2).split('.') as [string, string];
    const rest = decimals.replace(/0+$/, '');
    const grouped = whole.replaceAll(/\B(?=(\d{3})+$)/g, ',');
    return rest === '' ? grouped.replace(/^-0$/, '0') : `${grouped}.${rest}`;
  }

  percent(value: number): string {
    return `${this.number(value)}%`;
  }

  figure(part: Part, figure: number | null, unbounded = false): string {
    if (unbounded) return this.words.unbounded;
    if (figure === null) return this.words.unknown;
    // Never up: what has not reached a border is not told as if it had.
    const value = Math.floor(figure * 100 + 1e-6) / 100;
    const unit = unitOf(part.figure);
    if (unit === 'currency') return this.words.money(this.number(value), this.#currency);
    if (unit === 'months') return this.words.months(value);
    if (unit !== 'percent') return this.number(value);
    return `${part.figure.of === 'growth' && value > 0 ? '+' : ''}${this.percent(value)}`;
  }

  /** What the figure is of, and what would give more points. */
  about(explained: ExplainedPart, told: TierTold): string {
    const { part, next } = explained;
    const { words } = this;
    const said = [this.#definition(part.figure, told)];
    if ('percentile' in part.scaling) said.push(words.percentile[part.scaling.percentile]);
    if (next !== null) {
      const border = (from: number | null) => (from === null ? null : this.figure(part, from));
      said.push(words.next(this.number(next.points), border(next.atLeast), border(next.below)));
    }
    return said.join(words === EN ? '; ' : '；');
  }

  #definition(figure: FigureDefinition, { nameOf }: TierTold): string {
    const { words } = this;
    const of = words.figure;
    const activities = 'activities' in figure ? words.and(figure.activities.map((kind) => words.activities[kind])) : '';
    const window = 'window' in figure ? this.#window(figure.window) : '';
    switch (figure.of) {
      case 'amount':
      case 'count':
        return of[figure.of](activities, window);
      case 'growth':
        return of.growth(activities, figure.by, window);
      case 'months':
        return of.months;
      case 'given':
        return of.given(figure.key);
      case 'satisfaction':
      case 'low_scores':
        return of[figure.of](window);
      case 'tickets': {
        const kinds = figure.kinds?.map((kind) => plain(nameOf('kind', kind)));
        const list = (items: readonly string[] | undefined) => (items === undefined ? null : words.and(items));
        return of.tickets(list(kinds), list(figure.words?.map(plain)), window);
      }
    }
  }

  #window(text: string): string {
    const length = parseWindow(text);
    if (length === null) return text;
    return 'days' in length ? this.words.days(length.days) : this.words.months(length.months);
  }

  condition({ of, part, share, needed, had, holds }: Condition, { parts }: TierExplanation): string {
    const { words } = this;
    const short = holds || needed === null ? null : this.number(needed - had);
    const wanted = needed === null ? null : this.number(needed);
    if (of === 'share') return words.share(this.percent(share!), wanted, this.number(had), short);
    if (of === 'total') return words.total(wanted!, this.number(had), short);
    const name = parts.find(({ key }) => key === part)?.part.name ?? part!;
    return words.part(plain(name), wanted!, this.number(had), short);
  }
}
