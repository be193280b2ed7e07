/** Identities: one form for everything a person is reached by, and how the person is addressed. */

import { test } from 'tap';
import { AppError } from '../../src/errors.ts';
import {
  distinctIdentities,
  IDENTITY_KIND,
  identityWords,
  normaliseIdentities,
  normaliseIdentity,
  salutation,
} from '../../src/rules/identity.ts';

const SHANGHAI = 'Asia/Shanghai';
const BERLIN = 'Europe/Berlin';

const PHONES: [written: string, zone: string, e164: string | null][] = [
  ['+8613800138000', BERLIN, '+8613800138000'],
  ['+86 138 0013 8000', BERLIN, '+8613800138000'],
  ['+86-138-0013-8000', BERLIN, '+8613800138000'],
  ['+86 138–0013–8000', BERLIN, '+8613800138000'],
  ['(+86) 138 0013 8000', BERLIN, '+8613800138000'],
  ['＋８６ １３８００１３８０００', BERLIN, '+8613800138000'],
  ['0086 13800138000', BERLIN, '+8613800138000'],
  ['00 49 (30) 901820', BERLIN, '+4930901820'],
  ['+44 (0)20 7946 0958', BERLIN, '+442079460958'],
  ['+1 (415) 555-2671', SHANGHAI, '+14155552671'],
  ['13800138000', SHANGHAI, '+8613800138000'],
  ['138 0013 8000', SHANGHAI, '+8613800138000'],
  [' 8613800138000', SHANGHAI, '+8613800138000'],
  // Not a mobile number, or not unambiguous: 422.
  ['13800138000', BERLIN, null],
  ['8613800138000', BERLIN, null],
  ['12345678901', SHANGHAI, null],
  ['1380013800', SHANGHAI, null],
  ['021-62881234', SHANGHAI, null],
  ['10086', SHANGHAI, null],
  ['030 901820', BERLIN, null],
  ['+', SHANGHAI, null],
  ['+0123456789', SHANGHAI, null],
  ['+123456', SHANGHAI, null],
  ['+1234567890123456', SHANGHAI, null],
  ['+86 138 0013 8000 ext 7', SHANGHAI, null],
  ['+86+13800138000', SHANGHAI, null],
  ['anonymous', SHANGHAI, null],
];

test('a phone number has one form, E.164', async (t) => {
  for (const [written, zone, e164] of PHONES) {
    const normalise = () => normaliseIdentity({ kind: 'phone', value: written }, zone, 'phone').value;
    if (e164 === null) t.throws(normalise, { code: 'validation_failed' }, `${written} in ${zone}`);
    else t.equal(normalise(), e164, `${written} in ${zone}`);
  }
});

const OTHERS: [kind: string, written: string, value: string | null][] = [
  ['email', 'Li.Min@Example.COM', 'li.min@example.com'],
  ['email', ' li@例子.公司 ', 'li@例子.公司'],
  ['email', 'li@example', null],
  ['email', 'li example.com', null],
  ['email', 'Li <li@example.com>', null],
  ['email', 'a@b@example.com', null],
  ['email', `${'a'.repeat(250)}@example.com`, null],
  ['wechat_openid', 'oX_Abc-123', 'oX_Abc-123'],
  ['wecom', 'wmXyZ', 'wmXyZ'],
  ['wecom', 'wm XyZ', null],
  ['social_weibo', '小王', '小王'],
  ['social_weibo', 'x'.repeat(129), null],
];

test('an email is in lower case; what a platform gives stays as it is', async (t) => {
  for (const [kind, written, value] of OTHERS) {
    const normalise = () => normaliseIdentity({ kind, value: written }, SHANGHAI, 'x').value;
    if (value === null) t.throws(normalise, { code: 'validation_failed' }, `${kind} ${written}`);
    else t.equal(normalise(), value, `${kind} ${written}`);
  }
});

test('the error names the identity', async (t) => {
  const list = [
    { kind: 'email', value: 'a@example.com' },
    { kind: 'phone', value: '110' },
  ];
  try {
    normaliseIdentities(list, SHANGHAI, 'identities');
    t.fail('110 is no identity');
  } catch (error) {
    t.ok(error instanceof AppError);
    t.equal((error as AppError).errors[0]?.path, 'identities.1.value');
  }
});

test('the same number in two spellings is one identity', async (t) => {
  const list = [
    { kind: 'phone', value: '138 0013 8000' },
    { kind: 'email', value: 'a@example.com' },
    { kind: 'phone', value: '+86-13800138000' },
  ];
  const distinct = distinctIdentities(normaliseIdentities(list, SHANGHAI, 'identities'));
  t.strictSame(distinct, [
    { kind: 'phone', value: '+8613800138000' },
    { kind: 'email', value: 'a@example.com' },
  ]);
});

test('kinds are known ones, or social with a platform', async (t) => {
  for (const kind of ['phone', 'email', 'wechat_openid', 'wechat_unionid', 'wecom', 'social_weibo', 'social_x2']) {
    t.match(kind, IDENTITY_KIND);
  }
  for (const kind of ['fax', 'social', 'social_', 'social_Weibo', 'phone ', 'PHONE']) t.notMatch(kind, IDENTITY_KIND);
});

test('a Chinese mobile number is searched for as people dial it', async (t) => {
  t.equal(identityWords({ kind: 'phone', value: '+8613800138000' }), '+8613800138000 13800138000');
  t.equal(identityWords({ kind: 'phone', value: '+4930901820' }), '+4930901820');
  t.equal(identityWords({ kind: 'email', value: 'a@example.com' }), 'a@example.com');
});

test('people are addressed as their language does', async (t) => {
  t.equal(salutation('王', '女士', 'zh-CN'), '王女士');
  t.equal(salutation('王', '女士', 'zh'), '王女士');
  t.equal(salutation('Brown', 'Dr.', 'en'), 'Dr. Brown');
  t.equal(salutation('Brown', null, 'en-GB'), 'Brown');
  t.equal(salutation(null, '女士', 'zh-CN'), '女士');
  t.equal(salutation(null, null, 'zh-CN'), null);
});
