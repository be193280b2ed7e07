/** A clock told in words: what a page says in each language, that its columns line up, and that it never grows long. */

import fc from 'fast-check';
import { test } from 'tap';
import { plain, table, widthOf, wrap } from '../../src/rules/columns.ts';
import { type ClockExplanation, explainClock } from '../../src/rules/explanation.ts';
import { type About, tellClock } from '../../src/rules/telling.ts';
import { timelineOf } from '../../src/rules/timeline.ts';
import { Zone } from '../../src/rules/zone.ts';
import {
  at,
  change,
  everyClock,
  happening,
  levels,
  lives,
  makePolicy,
  RUNS,
  solution,
  told,
} from './explanation-lives.ts';

const SHANGHAI = Zone.named('Asia/Shanghai')!;
const NAMES: Record<string, Record<string, string>> = {
  en: { core: 'Core', email: 'Email', complaint: 'Complaint' },
  'zh-CN': { core: '核心客户', email: '邮件', complaint: '投诉纠纷' },
};

function about(language: 'en' | 'zh-CN', asOf: number, more: Partial<About> = {}): About {
  return {
    language,
    timeZone: 'Asia/Shanghai',
    asOf,
    ticket: { number: 7, subject: language === 'en' ? 'Line 3 has stopped' : '三号产线停机' },
    customer: language === 'en' ? 'Hua Rui' : '华锐电子',
    calendar: { key: 'office', name: language === 'en' ? 'Office hours' : '办公时间', timeZone: 'Asia/Shanghai' },
    tellsAlternatives: true,
    nameOf: (_attribute, key) => NAMES[language]![key] ?? null,
    ...more,
  };
}

const plan = levels(
  makePolicy({ key: 'core', name: 'Core', match: { tiers: ['core'] }, objectives: [solution] }),
  makePolicy({ key: 'standard', objectives: [solution] }),
);
const STORY = told(
  plan,
  ['08 16:00 created', { tier: 'core', kind: 'complaint', channel: 'email', priority: 'high', customer: 'cus_1' }],
  '09 11:00 status_changed pending',
  '09 14:00 status_changed open',
);

test('in English: what was promised, why, how the time went, what comes next', async (t) => {
  const { summary, text } = tellClock(explainClock(STORY, at('11 10:00'), 'resolution')!, about('en', at('11 10:00')));
  t.equal(
    summary,
    'Hua Rui was promised a resolution within 8 h (Office hours), until Thu 2027-03-11 11:00; 7 h passed so far, 1 h left.',
  );
  t.equal(
    text,
    `Ticket #7: Line 3 has stopped
Resolution: running

Hua Rui was promised a resolution within 8 h (Office hours), until
Thu 2027-03-11 11:00; 7 h passed so far, 1 h left.
Times in Asia/Shanghai (+08:00), as of Thu 2027-03-11 10:00.

What was promised
  policy    Core (core), version 1
  target    8 h (PT8H)
  calendar  Office hours (office), in Asia/Shanghai
  pauses    while the ticket is pending

Why this policy
  customer  Hua Rui                any
  tier      Core (core)            named
  kind      Complaint (complaint)  any
  channel   Email (email)          any
  priority  high                   any
  One other policy matches and loses:
    standard  names less of the ticket

How the time went
  from - to                                     length  counted
  > Mon 03-08 16:00  ticket created: starts, due Tue 03-09 17:00
  Mon 03-08 16:00 - 17:00            open         1:00     1:00
  Mon 03-08 17:00 - Tue 03-09 09:00  off hours   16:00
  Tue 03-09 09:00 - 11:00            open         2:00     3:00
  > Tue 03-09 11:00  status pending: pauses
  Tue 03-09 11:00 - 12:00            paused       1:00
  Tue 03-09 12:00 - 13:00            off hours    1:00
  Tue 03-09 13:00 - 14:00            paused       1:00
  > Tue 03-09 14:00  status open: runs again, due Thu 03-11 11:00
  Tue 03-09 14:00 - 15:00            open         1:00     4:00
  * Tue 03-09 15:00  50% of the target used
  Tue 03-09 15:00 - 17:00            open         2:00     6:00
  Tue 03-09 17:00 - Wed 03-10 00:00  off hours    7:00
  Wed 03-10 00:00 - Thu 03-11 00:00  holiday     24:00
  Thu 03-11 00:00 - 09:00            off hours    9:00
  Thu 03-11 09:00 - 09:24            open         0:24     6:24
  * Thu 03-11 09:24  80% of the target used
  Thu 03-11 09:24 - 10:00            open         0:36     7:00
  = Thu 03-11 10:00  now
  In all: open 7:00, paused 2:00, closed 57:00.

What comes next, if nothing else happens
  Thu 2027-03-11 11:00  due
`,
  );
});

test('in Chinese: the same, with columns of two for a character', async (t) => {
  const events = [...STORY, ...told(plan, '11 12:00 status_changed solved').map(({ levels: _, ...event }) => event)];
  const asOf = at('11 18:00');
  const { summary, text } = tellClock(explainClock(events, asOf, 'resolution')!, about('zh-CN', asOf));
  t.equal(
    summary,
    '已向「华锐电子」承诺在 8 小时（办公时间）内解决问题，截止 2027-03-11 周四 11:00；直到 2027-03-11 周四 12:00 才兑现，超时 1 小时。',
  );
  t.equal(
    text,
    `工单 #7：三号产线停机
解决：超时兑现

已向「华锐电子」承诺在 8 小时（办公时间）内解决问题，截止
2027-03-11 周四 11:00；直到 2027-03-11 周四 12:00 才兑现，超时
1 小时。
以下为 Asia/Shanghai 时间（+08:00），截至 2027-03-11 周四 18:00。

承诺内容
  策略  Core（core），第 1 版
  时限  8 小时（PT8H）
  日历  办公时间（office），时区 Asia/Shanghai
  暂停  工单处于「等待客户」时

为何适用此策略
  客户      华锐电子               不限
  客户等级  核心客户（core）       指定
  事项类型  投诉纠纷（complaint）  不限
  渠道      邮件（email）          不限
  优先级    高（high）             不限
  另有 1 个策略符合，但未被采用：
    standard  指定的条件较少

计时过程
  起止                                              时长  累计用时
  > 03-08 周一 16:00  工单创建：开始计时，截止 03-09 周二 17:00
  03-08 周一 16:00 - 17:00             计时         1:00      1:00
  03-08 周一 17:00 - 03-09 周二 09:00  非工作时间  16:00
  03-09 周二 09:00 - 11:00             计时         2:00      3:00
  > 03-09 周二 11:00  状态改为「等待客户」：暂停计时
  03-09 周二 11:00 - 12:00             暂停         1:00
  03-09 周二 12:00 - 13:00             非工作时间   1:00
  03-09 周二 13:00 - 14:00             暂停         1:00
  > 03-09 周二 14:00  状态改为「处理中」：恢复计时，截止
      03-11 周四 11:00
  03-09 周二 14:00 - 15:00             计时         1:00      4:00
  * 03-09 周二 15:00  用时达到 50%
  03-09 周二 15:00 - 17:00             计时         2:00      6:00
  03-09 周二 17:00 - 03-10 周三 00:00  非工作时间   7:00
  03-10 周三 00:00 - 03-11 周四 00:00  节假日      24:00
  03-11 周四 00:00 - 09:00             非工作时间   9:00
  03-11 周四 09:00 - 09:24             计时         0:24      6:24
  * 03-11 周四 09:24  用时达到 80%
  03-11 周四 09:24 - 11:00             计时         1:36      8:00
  ! 03-11 周四 11:00  到期未兑现，自此超时
  03-11 周四 11:00 - 12:00             计时         1:00      9:00
  > 03-11 周四 12:00  状态改为「已解决」：兑现，但已超时
  合计：计时 9:00，暂停 2:00，休息 57:00。
`,
  );
});

test('a long clock is told by days, closed ones together, then by weeks, months and years', async (t) => {
  const why = (until: string) =>
    explainClock(told(plan, ['01 10:00 created', { tier: 'core' }]), Date.parse(until) / 1000, 'resolution')!;
  const unit = (until: string) => timelineOf(why(until), [], SHANGHAI, 48).unit;
  t.equal(unit('2027-03-08T10:00Z'), 'interval');
  t.equal(unit('2027-04-20T10:00Z'), 'day');
  t.equal(unit('2027-10-01T10:00Z'), 'week');
  t.equal(unit('2029-03-01T10:00Z'), 'month');
  t.equal(timelineOf(why('2029-03-01T10:00Z'), [], SHANGHAI, 10).unit, 'year');
  const page = (until: string) => tellClock(why(until), about('en', Date.parse(until) / 1000)).text;
  t.match(
    page('2027-04-20T10:00Z'),
    /Fri 2027-03-05 +7:00 +17:00 +34:00\n {2}Sat 2027-03-06 - Sun 03-07 +- +48:00 +34:00\n/,
  );
  t.match(page('2027-04-20T10:00Z'), /Wed 2027-03-10 +- +24:00 +48:00 {2}holiday\n/);
  t.match(page('2029-03-01T10:00Z'), / {2}2027-04 +154:00 +566:00 +\d+:00\n/);
  t.match(page('2037-03-01T10:00Z'), / {2}until [A-Z][a-z]{2} 203\d-\d\d-\d\d \d\d:\d\d +\d+:00 +\d+:00 +\d+:00\n/);
  t.ok(page('2037-03-01T10:00Z').split('\n').length < 80);
});

test('what people wrote neither steers the terminal nor breaks the lines', async (t) => {
  const evil = 'Red \u001b[31mink\u0007\u202e\nsecond line';
  t.equal(plain(evil), 'Red  [31mink second line');
  const { text, summary } = tellClock(
    explainClock(STORY, at('11 10:00'), 'resolution')!,
    about('en', at('11 10:00'), { ticket: { number: 7, subject: evil }, customer: evil, nameOf: () => evil }),
  );
  t.notMatch(text + summary, /[^\P{C}\n]/u);
});

test('a wall clock that changes on the way shows each of its offsets', async (t) => {
  const asOf = Date.parse('2027-04-05T10:00Z') / 1000;
  const why = explainClock(told(plan, ['01 10:00 created', { tier: 'core' }]), asOf, 'resolution')!;
  t.match(
    tellClock(why, about('en', asOf, { timeZone: 'Europe/Berlin' })).text,
    'Times in Europe/Berlin (+01:00, +02:00), as of',
  );
  t.match(tellClock(why, about('en', asOf, { timeZone: 'America/St_Johns' })).text, '(-03:30, -02:30)');
});

test('columns are counted as a terminal shows them', async (t) => {
  t.equal(widthOf('abc'), 3);
  t.equal(widthOf('首次响应'), 8);
  t.equal(widthOf('（core）'), 8);
  t.equal(widthOf('e\u0301'), 1);
  t.equal(widthOf('🚑'), 2);
  t.strictSame(
    table(
      [
        ['渠道', '1', 'a'],
        ['x', '22'],
      ],
      new Set([1]),
    ),
    ['渠道   1  a', 'x     22'],
  );
  t.strictSame(wrap('one two three', 7, 2), ['one two', '  three']);
  t.strictSame(wrap('截止时间为明天，好。', 8), ['截止时间', '为明天，', '好。']);
  t.strictSame(wrap('due Mon\u00a010:00 sharp', 10), ['due', 'Mon\u00a010:00', 'sharp']);
});

const words = fc.constantFrom('aa', 'bbbb', '（核心）', '客户，', '承诺在', '10\u00a0分钟', 'x', '(y),');

test('no line is wider than was asked for, and nothing is lost', async (t) => {
  t.comment(`seed ${RUNS.seed}`);
  fc.assert(
    fc.property(fc.array(words, { minLength: 1 }), fc.integer({ min: 12, max: 40 }), (parts, width) => {
      const text = parts.join(' ');
      const lines = wrap(text, width, 2);
      const letters = (line: string) => line.replaceAll(/\s/g, '');
      return lines.every((line) => widthOf(line) <= width) && letters(lines.join('')) === letters(text);
    }),
    RUNS,
  );
});

/** What the rows of a table of any unit must come to. */
function addsUp(why: ClockExplanation, most: number): boolean {
  const { unit, rows } = timelineOf(why, [], SHANGHAI, most);
  let end = why.total.from;
  const sum = { open: 0, paused: 0, solved: 0, outside_hours: 0, holiday: 0 };
  for (const { from, to, seconds } of rows) {
    if (from !== end || to <= from) return false;
    end = to;
    for (const [label, more] of Object.entries(seconds)) sum[label as keyof typeof sum] += more;
  }
  const { openSeconds, pausedSeconds, solvedSeconds, to } = why.total;
  return (
    end === to &&
    (rows.length <= most || unit === 'year') &&
    (rows.at(-1)?.elapsedSeconds ?? 0) === why.clock.elapsedSeconds &&
    sum.open === openSeconds &&
    sum.paused === pausedSeconds &&
    sum.solved === solvedSeconds
  );
}

test('every clock can be told, in both languages, in lines that fit, and its rows add up in every unit', async (t) => {
  t.comment(`seed ${RUNS.seed}`);
  fc.assert(
    fc.property(lives(fc.oneof(happening, happening, change)), (life) =>
      everyClock(life, (why) => {
        for (const language of ['en', 'zh-CN'] as const) {
          const { summary, text } = tellClock(why, about(language, life.asOf));
          for (const line of [summary, ...text.split('\n')]) {
            if (/undefined|null|NaN|Infinity|\u00a0| $/.test(line)) throw new Error(`Not said: ${line}`);
          }
          const wide = text.split('\n').find((line) => widthOf(line) > 80);
          if (wide !== undefined) throw new Error(`Too wide: ${wide}`);
        }
        if (![0, 3, 10, 1000].every((most) => addsUp(why, most))) throw new Error('The rows do not add up.');
      }),
    ),
    RUNS,
  );
});
