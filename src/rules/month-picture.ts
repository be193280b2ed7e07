/** A month of a calendar as a picture: SVG that stands alone, in colour and in black and white, for eyes and readers. */

import { DAY } from './block.ts';
import type { DayReason, Month, MonthDay } from './month.ts';

export interface Caption {
  /** The calendar's. */
  name: string;
  timeZone: string;
  language: 'zh-CN' | 'en';
}

const WORDS = {
  en: {
    weekdays: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'],
    month: (year: number, month: number) => `${EN_MONTHS[month - 1]} ${year}`,
    closed: 'Closed',
    holiday: 'Holiday',
    partial_holiday: 'Partly closed',
    special_day: 'Special day',
    units: [' h', ' min', ' s'],
    sum: (time: string, days: number, of: number) => `open ${time} on ${days} of ${of} days`,
    dates: (what: string, dates: string) => `${what}: ${dates}.`,
    more: (count: number) => `+ ${count} more`,
    lasts: (seconds: number, time: string) => (seconds === 0 ? 'left out' : `day of ${time}`),
    special_closed: 'Special day',
    scale: 'Open, by hour of the day',
  },
  'zh-CN': {
    weekdays: ['周一', '周二', '周三', '周四', '周五', '周六', '周日'],
    month: (year: number, month: number) => `${year}年${month}月`,
    closed: '不开放',
    holiday: '休 · 假日',
    partial_holiday: '部分休息',
    special_day: '班 · 特殊工时',
    units: ['小时', '分', '秒'],
    sum: (time: string, days: number, of: number) => `${of}天中有${days}天开放，共${time}`,
    dates: (what: string, dates: string) => `${what}：${dates}日。`,
    more: (count: number) => `另有${count}段`,
    lasts: (seconds: number, time: string) => (seconds === 0 ? '此日不存在' : `全天${time}`),
    special_closed: '特殊工时',
    scale: '开放（横轴为钟点）',
  },
} as const;
const EN_MONTHS = [
  ...['January', 'February', 'March', 'April', 'May', 'June'],
  ...['July', 'August', 'September', 'October', 'November', 'December'],
];

const MARGIN = 16;
const [WIDE, HIGH] = [124, 92];
const [WIDTH, TOP] = [MARGIN * 2 + WIDE * 7, 92];
const FONTS = "system-ui,'Noto Sans','PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif";

/** A day of 24 hours is a bar of this width; one of 25 hours is longer. */
const BAR = 108;
const BAR_TOP = 64;

/** The month, weeks from Monday in rows; below 20 kB whatever the calendar. */
export function drawMonth({ month, openSeconds, days }: Month, { name, timeZone, language }: Caption): string {
  const words = WORDS[language];
  const [year, number] = month.split('-').map(Number) as [number, number];
  const column = (new Date(`${month}-01T00:00:00Z`).getUTCDay() + 6) % 7;
  const cells = days.map((day, index): Cell => {
    const place = column + index;
    return { day, number: index + 1, x: MARGIN + (place % 7) * WIDE, y: TOP + Math.floor(place / 7) * HIGH };
  });
  const bottom = TOP + Math.ceil((column + days.length) / 7) * HIGH;
  const openDays = days.filter((day) => day.openSeconds > 0).length;
  const sum = words.sum(timeOf(openSeconds, language), openDays, days.length);
  const title = (width: number) => `${shortened(name, width)} · ${words.month(year, number)}`;
  const id = `month-${month}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="${id}-title ${id}-desc" lang="${language}" viewBox="0 0 ${WIDTH} ${bottom + 64}" width="${WIDTH}" height="${bottom + 64}" font-family="${FONTS}" fill="#1f2328">`,
    `<title id="${id}-title">${escaped(title(Number.POSITIVE_INFINITY))}</title>`,
    `<desc id="${id}-desc">${escaped(summary(cells, `${timeZone}, ${sum}`, language))}</desc>`,
    `<defs><pattern id="${id}-hatch" width="7" height="7" patternTransform="rotate(45)" patternUnits="userSpaceOnUse"><rect width="7" height="7" fill="#fdf0ef"/><path d="M1 0v7" stroke="#dfa9a5" stroke-width="1.5"/></pattern></defs>`,
    `<rect width="${WIDTH}" height="${bottom + 64}" fill="#fff"/>`,
    `<text x="${MARGIN}" y="36" font-size="20" font-weight="700">${escaped(title(46))}</text>`,
    `<text x="${MARGIN}" y="58" font-size="13" fill="#4b535d">${escaped(`${timeZone} · ${sum}`)}</text>`,
    group(
      'font-size="12" fill="#4b535d" font-weight="600"',
      words.weekdays.map((text, i) => label(MARGIN + i * WIDE + 8, TOP - 8, text)),
    ),
    ...cells.map((cell) => ground(cell, `${id}-hatch`)),
    group(
      'font-size="15" font-weight="700"',
      cells.map(({ x, y, number: text }) => label(x + 8, y + 21, String(text))),
    ),
    group(
      'font-size="11" font-weight="600" text-anchor="end"',
      cells.flatMap((cell) => marks(cell, language)),
    ),
    group(
      'font-size="11" fill="#343b43"',
      cells.flatMap((cell) => hourLines(cell, language)),
    ),
    `<path d="${cells.map(({ day, x, y }) => `M${x + 8} ${y + BAR_TOP}h${(day.seconds / DAY) * BAR}`).join('')}" stroke="#d3d9e0" stroke-width="10"/>`,
    group('stroke="#1d4ed8" stroke-width="10"', cells.flatMap(bars)),
    `<path d="${cells.flatMap(({ day, x, y }) => (day.seconds === 0 ? [] : [6, 12, 18]).map((hour) => `M${x + 8 + (hour / 24) * BAR} ${y + BAR_TOP - 5}v10`)).join('')}" stroke="#fff" stroke-width=".8"/>`,
    group(
      'font-size="11" fill="#4b535d"',
      cells.flatMap((cell) => total(cell, language)),
    ),
    legend(bottom + 24, `${id}-hatch`, language),
    '</svg>',
  ].join('\n');
}

interface Cell {
  day: MonthDay;
  /** Day of the month. */
  number: number;
  x: number;
  y: number;
}

type Language = Caption['language'];

const GROUNDS: Record<DayReason, string> = {
  open: 'fill="#fff" stroke="#c9d1d9"',
  outside_hours: 'fill="#f0f2f4" stroke="#c9d1d9"',
  holiday: 'stroke="#c9d1d9"',
  partial_holiday: 'fill="#fff" stroke="#c9d1d9"',
  special_day: 'fill="#fff4cc" stroke="#8a5a00" stroke-width="2.5"',
};

function ground({ day: { reason }, x, y }: Cell, hatch: string): string {
  const inset = reason === 'special_day' ? 2 : 0;
  const box = `<rect x="${x + inset}" y="${y + inset}" width="${WIDE - inset * 2}" height="${HIGH - inset * 2}" ${GROUNDS[reason]}`;
  if (reason === 'holiday') return `${box} fill="url(#${hatch})"/>`;
  if (reason !== 'partial_holiday') return `${box}/>`;
  return `${box}/><path d="M${x + WIDE} ${y}v${HIGH}L${x + WIDE - 62} ${y}z" fill="url(#${hatch})"/>`;
}

const MARK_COLOURS: Partial<Record<DayReason, string>> = {
  holiday: '#8a1c1c',
  partial_holiday: '#8a1c1c',
  special_day: '#6b4500',
};

/** What the calendar says of the date, and how long it is where clocks change. */
function marks({ day: { reason, seconds, openSeconds }, x, y }: Cell, language: Language): string[] {
  const words = WORDS[language];
  const name = reason === 'special_day' && openSeconds === 0 ? 'special_closed' : reason;
  const marked = name === 'open' || name === 'outside_hours' ? [] : [words[name]];
  const odd = seconds === DAY ? [] : [words.lasts(seconds, timeOf(seconds, language))];
  return [...marked, ...odd].map((text, line) =>
    label(x + WIDE - 8, y + 20 + line * 14, text, `fill="${(line === 0 && MARK_COLOURS[reason]) || '#4b535d'}"`),
  );
}

function hourLines({ day: { hours }, x, y }: Cell, language: Language): string[] {
  const texts = hours.map(({ localFrom, localTo }) => `${localFrom}–${localTo}`);
  const shown = texts.length > 2 ? [texts[0]!, WORDS[language].more(texts.length - 1)] : texts;
  return shown.map((text, line) => label(x + 8, y + 38 + line * 14, text));
}

/** More stretches than this are joined over the shortest gaps: nobody could see them. */
const MOST_BARS = 12;

/** In seconds after the date's beginning, scaled: widths add up to the open seconds. */
function bars({ day: { start, hours }, x, y }: Cell): string[] {
  if (hours.length === 0) return [];
  const stretches = hours.map(({ from, to }) => ({ from: from - start, to: to - start }));
  while (stretches.length > MOST_BARS) {
    const gaps = stretches.slice(1).map(({ from }, index) => from - stretches[index]!.to);
    const [left, right] = stretches.splice(gaps.indexOf(Math.min(...gaps)), 2);
    stretches.push({ from: left!.from, to: right!.to });
    stretches.sort((a, b) => a.from - b.from);
  }
  const path = stretches.map(({ from, to }) => `M${from} 0h${to - from}`).join('');
  return [`<path transform="translate(${x + 8} ${y + BAR_TOP})scale(${BAR / DAY} 1)" d="${path}"/>`];
}

function total({ day: { openSeconds, reason }, x, y }: Cell, language: Language): string[] {
  if (reason === 'holiday' && openSeconds === 0) return [];
  return [label(x + 8, y + 84, openSeconds > 0 ? timeOf(openSeconds, language) : WORDS[language].closed)];
}

function legend(y: number, hatch: string, language: Language): string {
  const words = WORDS[language];
  const boxes = (['special_day', 'holiday', 'partial_holiday', 'outside_hours'] as const).map((reason, index) => {
    const x = MARGIN + 300 + index * 150;
    const fill = reason === 'holiday' ? ` fill="url(#${hatch})"` : '';
    const corner =
      reason === 'partial_holiday'
        ? `<path d="M${x + 26} ${y - 8}v16L${x + 10} ${y - 8}z" fill="url(#${hatch})"/>`
        : '';
    const text = reason === 'outside_hours' ? words.closed : words[reason];
    return `<rect x="${x}" y="${y - 8}" width="26" height="16" ${GROUNDS[reason]}${fill}/>${corner}${label(x + 34, y + 4, text)}`;
  });
  const scale = [0, 6, 12, 18, 24].map((hour) =>
    label(MARGIN + 8 + (hour / 24) * BAR, y + 20, String(hour), 'text-anchor="middle"'),
  );
  return group('font-size="12" fill="#343b43"', [
    `<path d="M${MARGIN + 8} ${y}h${BAR}" stroke="#d3d9e0" stroke-width="10"/>`,
    `<path d="M${MARGIN + 8 + (9 / 24) * BAR} ${y}h${(9 / 24) * BAR}" stroke="#1d4ed8" stroke-width="10"/>`,
    label(MARGIN + BAR + 22, y + 4, words.scale),
    group('font-size="9"', scale),
    ...boxes,
  ]);
}

/** For those who cannot see it. */
function summary(cells: Cell[], sum: string, language: Language): string {
  const words = WORDS[language];
  const lists = (['holiday', 'partial_holiday', 'special_day'] as const).flatMap((reason) => {
    const numbers = cells.filter(({ day }) => day.reason === reason).map(({ number }) => number);
    return numbers.length === 0 ? [] : [words.dates(words[reason], runs(numbers))];
  });
  return [language === 'en' ? `${sum}.` : `${sum}。`, ...lists].join(' ');
}

/** `1–7, 10` */
function runs(numbers: number[]): string {
  const found: [number, number][] = [];
  for (const number of numbers) {
    const last = found.at(-1);
    if (last?.[1] === number - 1) last[1] = number;
    else found.push([number, number]);
  }
  return found.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`)).join(', ');
}

/** `7 h 30 min` */
function timeOf(seconds: number, language: Language): string {
  const parts = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60];
  const said = parts.flatMap((value, index) => (value === 0 ? [] : [`${value}${WORDS[language].units[index]}`]));
  return said.length === 0 ? `0${WORDS[language].units[0]}` : said.join(language === 'en' ? ' ' : '');
}

function group(attributes: string, parts: readonly string[]): string {
  return `<g ${attributes}>${parts.join('')}</g>`;
}

function label(x: number, y: number, text: string, attributes = ''): string {
  return `<text x="${x}" y="${y}"${attributes === '' ? '' : ` ${attributes}`}>${escaped(text)}</text>`;
}

/** At most this wide; a letter of Chinese, Japanese or Korean is two wide. */
function shortened(text: string, width: number): string {
  let left = width;
  const letters = [...text];
  const end = letters.findIndex((letter) => {
    left -= letter > '\u2e7f' ? 2 : 1;
    return left < 0;
  });
  return end < 0 ? text : `${letters.slice(0, end).join('')}…`;
}

/** Without what XML cannot hold at all. */
function escaped(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
