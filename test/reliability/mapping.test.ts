/** Mappings made to hurt, and payloads: each ends with a refusal, and nobody else waits for it. */

import { test } from 'tap';
import { runMapping, tryMapping } from '../../src/domains/integrations/mapping.ts';
import { openTestDesk } from '../support/desk.ts';
import { postSigned } from '../support/signed.ts';

const AT = { now: 0, currency: 'CNY' };
const GOOD = '{ "customers": accounts.{ "value": id, "name": name } }';
const PAYLOAD = '{"accounts":[{"id":"1","name":"A"}]}';

const nested = (depth: number, open = '[', close = ']') => open.repeat(depth) + close.repeat(depth);
const doubled = (times: number, step: string) =>
  `($f := function($s, $n) { $n = 0 ? $s : $f(${step}, $n - 1) }; $f("aaaaaaaa", ${times}))`;

/** Mapping, payload, and what is said of it. */
const HOSTILE: Record<string, [mapping: string, payload: string, code: string]> = {
  'recursion without end': ['($f := function($n) { 1 + $f($n + 1) }; $f(1))', '{}', 'too_complex'],
  'a loop without end': ['($f := function($n) { $f($n + 1) }; $f(1))', '{}', 'too_complex'],
  'a regular expression without end': [
    '$match(text, /(a+)+$/)',
    JSON.stringify({ text: `${'a'.repeat(40)}!` }),
    'too_complex',
  ],
  'a product of long lists': ['[1..100000].[1..100000]', '{}', 'too_complex'],
  'a text of eight gigabytes': [doubled(30, '$s & $s'), '{}', 'mapping_failed'],
  'lists in lists, as many as there are atoms': [doubled(28, '[$s, $s]'), '{}', 'too_complex'],
  'more than is taken': ['$join([1..200000].("aaaaaaaaaaaaaa"))', '{}', 'mapping_failed'],
  'deeper than is taken': ['$', nested(1000), 'mapping_failed'],
  'half a million levels': ['$', nested(500_000), 'mapping_failed'],
  'half a million levels, looked through': ['**', nested(500_000, '{"a":', '}').replace(':}', ':1}'), ''],
  'a function': ['function($x) { $x }', '{}', 'mapping_failed'],
  'a payload that is none': ['$', '{"a":', 'invalid_payload'],
  'no mapping': ['{"a":', '{}', 'invalid_mapping'],
  'fifteen thousand brackets': ['('.repeat(15_000), '{}', 'invalid_mapping'],
};

for (const [name, [mapping, payload, code]] of Object.entries(HOSTILE)) {
  test(`${name} ends, and the next one is served`, async (t) => {
    const reply = await runMapping(name, mapping, payload, AT);
    t.ok('fault' in reply, name);
    const { fault } = reply as { fault: { code: string; message: string } };
    if (code !== '') t.equal(fault.code, code);
    t.ok(fault.message.length > 0 && fault.message.length <= 300);
    t.match(await runMapping('good', GOOD, PAYLOAD, AT), { result: /^\{"customers"/ });
  });
}

test('nothing but the payload is within reach', async (t) => {
  const say = async (mapping: string, payload = '{}') => {
    const reply = await tryMapping('curious', mapping, payload, AT);
    return 'result' in reply ? reply.result : reply.fault.code;
  };
  for (const name of ['process', 'require', 'globalThis', 'constructor', '__proto__', '$.constructor.constructor']) {
    t.equal(await say(`{ "it": ${name.startsWith('$') ? name : `\`${name}\``} }`), '{}', name);
    t.equal(await say(`$exists($lookup($, "${name}"))`), 'false', `${name} by name`);
  }
  t.equal(await say('$eval("$now")("[Y]")'), '"1970"', 'also by what it makes up itself: the clock of the workspace');
  t.equal(await say('$fromMillis($millis())'), '"1970-01-01T00:00:00.000Z"');
  const own = await say('$', '{"__proto__":{"polluted":true}}');
  t.equal(own, '{"__proto__":{"polluted":true}}', 'a name like any other');
  await say('$merge([{}, $])', '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}');
  await say('$ ~> |$|{"__proto__": {"polluted": true}}|', '{}');
  t.equal(await say('$exists(polluted)'), 'false');
  t.equal(({} as { polluted?: boolean }).polluted, undefined);
  t.equal(await say('(x := 1)'), 'invalid_mapping');
  await say('($seen := 42; $seen)');
  t.equal(await say('$exists($seen)'), 'false', 'and nothing of one run in the next');
});

test('whoever goes beyond bounds keeps nobody else waiting', async (t) => {
  const loop = '($f := function($n) { $f($n + 1) }; $f(1))';
  await runMapping('bad', loop, '{}', AT);
  await runMapping('good', GOOD, PAYLOAD, AT);
  let ended = false;
  const bad = Promise.allSettled(Array.from({ length: 10 }, () => runMapping('bad', loop, '{}', AT))).then((all) => {
    ended = true;
    return all;
  });
  for (let run = 0; run < 50; run++) await runMapping('good', GOOD, PAYLOAD, AT);
  t.notOk(ended, 'fifty were served before those had ended');
  const all = await bad;
  const refused = all.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
  t.equal(refused.length, 6, 'four of one owner wait at most');
  for (const { reason } of refused) t.match(reason, { code: 'unavailable' });
  for (const one of all) {
    if (one.status === 'fulfilled') t.match(one.value, { fault: { code: 'too_complex' } });
  }
});

test('so many are waited for, and no more', async (t) => {
  const large = JSON.stringify({ text: 'x'.repeat(1024 * 1024) });
  const asked = Array.from({ length: 40 }, () => runMapping('large', '$length(text)', large, AT));
  const settled = await Promise.allSettled(asked);
  const served = settled.filter(({ status }) => status === 'fulfilled').length;
  t.ok(served >= 10 && served < 40, `${served} of 40 megabytes`);
  t.match(await runMapping('good', GOOD, PAYLOAD, AT), { result: /A/ });
});

test('through the door: a refusal that is noted, and the others go on', async (t) => {
  const desk = await openTestDesk(t);
  const make = async (mapping: string) => {
    const { body } = await desk.rest('POST /v1/integrations', { name: 'I', system: 'crm', mapping });
    await desk.rest(`PATCH /v1/integrations/${body.id}`, { active: true });
    return body;
  };
  const bad = await make('{ "customers": [1..10000000].{ "value": $string($), "name": "x" } }');
  const good = await make(GOOD);
  const hurt = postSigned(desk, bad, {});
  const served = await postSigned(desk, good, JSON.parse(PAYLOAD));
  t.match(served, { status: 200, body: { results: [{ status: 'created' }] } });
  t.match(await hurt, { status: 422, body: { errors: [{ path: 'mapping', code: 'too_complex' }] } });
  const { body } = await desk.rest(`GET /v1/integrations/${bad.id}/receipts`);
  t.match(body.data, [{ failed: 1, errors: [{ path: 'mapping', code: 'too_complex' }] }]);
  t.equal((await desk.rest('GET /v1/customers')).body.data.length, 1);
});
