/**
 * Public holidays by country and region: China's as its State Council announces them, all others by rule.
 *
 * The rules are `date-holidays` (ISC); its tables come from Wikipedia under CC BY-SA 3.0, with their sources named in the
 * package. It is loaded when somebody first asks, for it holds some 18 MB from then on.
 */

import chineseDays from 'chinese-days/dist/chinese-days.json' with { type: 'json' };
import { AppError, type FieldError, invalid } from '../../errors.ts';
import { datesOf, type FoundDay, type Stretch } from '../../rules/holidays.ts';

type HolidayType = 'public' | 'bank' | 'school' | 'optional' | 'observance';

interface CountryRequest {
  /** ISO 3166-1 alpha-2. */
  country: string;
  /** A code of `holidaySources`. */
  region?: string | undefined;
  years: number[];
  types: HolidayType[];
}

interface HolidaySource {
  code: string;
  name: string;
  /** Null where the rules reach as far as the calendars. */
  firstYear: number | null;
  lastYear: number | null;
  regions: { code: string; name: string }[];
}

type Language = 'zh-CN' | 'en';

/** Names in the language where there are any, else in English, else in the country's own. */
const LANGUAGES: Record<Language, string[]> = { 'zh-CN': ['zh', 'en'], en: ['en'] };

export const CHINA = 'CN';
const CHINAS_YEARS = Object.keys(chineseDays.holidays).map((date) => Number(date.slice(0, 4)));
const [CHINAS_FIRST, CHINAS_LAST] = [Math.min(...CHINAS_YEARS), Math.max(...CHINAS_YEARS)];

/** The holidays of a country or region, and its make-up working days. 422 for what is not known, by its path. */
export async function countryDays(request: CountryRequest, language: Language): Promise<FoundDay[]> {
  return request.country === CHINA ? chinasDays(request, language) : daysByRule(request, language);
}

/** Every country there is, by code. */
export async function holidaySources(language: Language): Promise<HolidaySource[]> {
  const Holidays = await loadRules();
  const all = new Holidays();
  const [own] = LANGUAGES[language];
  const countryName = new Intl.DisplayNames(language, { type: 'region', fallback: 'none' });
  return Object.entries(all.getCountries(own!))
    .map(([code, name]) => ({
      code,
      name: countryName.of(code) ?? name,
      firstYear: code === CHINA ? CHINAS_FIRST : null,
      lastYear: code === CHINA ? CHINAS_LAST : null,
      regions: code === CHINA ? [] : regionsOf(all, code, own!),
    }))
    .sort((a, b) => (a.code < b.code ? -1 : 1));
}

// ── China ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Read from the package's table, not its functions: those look at dates in the time zone of the process. */
function chinasDays({ region, years, types }: CountryRequest, language: Language): FoundDay[] {
  const unknown = years.flatMap((year, index): FieldError[] => {
    if (year >= CHINAS_FIRST && year <= CHINAS_LAST) return [];
    const message = `China's holidays are known from ${CHINAS_FIRST} to ${CHINAS_LAST}, not of ${year}: they are announced for one year at a time.`;
    return [{ path: `years.${index}`, message, code: 'year_unknown' }];
  });
  if (unknown.length > 0) throw new AppError('validation_failed', unknown[0]!.message, unknown);
  if (region !== undefined) throw unknownRegion(CHINA, region, []);
  const other = types.findIndex((type) => type !== 'public');
  if (other >= 0) throw invalid(`types.${other}`, 'Of China only public holidays are known.', 'unknown_value');
  const read = (table: Record<string, string>, kind: FoundDay['kind']) =>
    Object.entries(table)
      .filter(([date]) => years.includes(Number(date.slice(0, 4))))
      .map(([date, words]): FoundDay => {
        const [english, chinese] = words.split(',');
        return { date, from: null, to: null, name: (language === 'en' ? english : chinese)!, kind };
      });
  return [...read(chineseDays.holidays, 'holiday'), ...read(chineseDays.workdays, 'make_up_day')];
}

// ── By rule ─────────────────────────────────────────────────────────────────────────────────────────────────────────

type Rules = InstanceType<Awaited<ReturnType<typeof loadRules>>>;

async function loadRules() {
  return (await import('date-holidays')).default;
}

async function daysByRule({ country, region, years, types }: CountryRequest, language: Language): Promise<FoundDay[]> {
  const Holidays = await loadRules();
  const all = new Holidays();
  if (!Object.hasOwn(all.getCountries(), country)) {
    throw invalid('country', `No holidays of ${country} are known.`, 'unknown_country');
  }
  const codes = regionsOf(all, country, 'en').map(({ code }) => code);
  if (region !== undefined && !codes.includes(region)) throw unknownRegion(country, region, codes);
  // On a wall clock without changes a holiday is as long as it says.
  const options = { languages: LANGUAGES[language], timezone: 'UTC' };
  const [state, part] = region?.split('.') ?? [];
  const place = { country, ...(state === undefined ? {} : { state }), ...(part === undefined ? {} : { region: part }) };
  const rules = new Holidays(place, options);
  // One that begins in December may last into January.
  const asked = new Set(years.flatMap((year) => [year - 1, year]));
  return [...asked]
    .flatMap((year) => rules.getHolidays(year))
    .filter(({ type }) => types.includes(type))
    .flatMap((holiday) => datesOf(stretchOf(holiday), 'UTC', [...new Set(years)], Number.POSITIVE_INFINITY));
}

/** A state by its code, a part of one by both: BY, BY.A. */
function regionsOf(rules: Rules, country: string, language: string): HolidaySource['regions'] {
  const states = (rules.getStates(country, language) ?? {}) as Record<string, string>;
  return Object.entries(states).flatMap(([state, name]) => {
    const parts = (rules.getRegions(country, state, language) ?? {}) as Record<string, string>;
    return [
      { code: state, name },
      ...Object.entries(parts).map(([part, own]) => ({ code: `${state}.${part}`, name: `${name}, ${own}` })),
    ];
  });
}

const DAY = 86_400;

/**
 * `date` is the local time it begins at, `2026-12-24 14:00:00`; with an offset, `2026-03-20 00:00:00 -0600`, it is
 * reckoned from the sunset before: what is closed for it are the dates it names, whole.
 */
function stretchOf({ date, start, end, name }: { date: string; start: Date; end: Date; name: string }): Stretch {
  const [day, time, offset] = date.split(' ');
  const local = Date.parse(`${day}T${time}Z`) / 1000;
  const seconds = (end.getTime() - start.getTime()) / 1000;
  const length = offset === undefined ? seconds : Math.floor(seconds / DAY) * DAY;
  return { name, start: { local, zone: null }, end: { local: local + length, zone: null } };
}

function unknownRegion(country: string, region: string, known: string[]): AppError {
  const others = known.length === 0 ? 'none' : known.slice(0, 60).join(', ');
  return invalid('region', `${country} has no region ${region.slice(0, 20)}; there are ${others}.`, 'unknown_region');
}
