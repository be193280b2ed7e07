/** From what a customer does to what is said of them: at risk when orders fall off, a need tag by rule, a person's no that holds. */

import { test } from 'tap';
import { type Caller, openTestDesk } from '../support/desk.ts';

const NOW = '2026-11-24T10:00:00+08:00';

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into field by field
type Told = any;

const must =
  ({ rest }: Caller) =>
  async (line: string, body?: object): Promise<Told> => {
    const answer = await rest(line, body);
    if (answer.status >= 300) throw new Error(`${line}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };

test('a customer whose orders fall off is at risk, until they come back', async (t) => {
  const desk = await openTestDesk(t);
  const ask = must(await desk.testWorkspace(NOW));
  const { id: customerId } = await ask('POST /v1/customers', { name: 'Huawang' });
  const order = (at: string) =>
    ask('POST /v1/activities', { customerId, kind: 'order', at, amount: { amount: '10.00', currency: 'CNY' } });
  const signs = async () => {
    const { data } = await ask('GET /v1/reports/customers-at-risk');
    return data.flatMap(({ signs: all }: Told) => all.map(({ risk, value }: Told) => `${risk} ${value}`));
  };
  for (const day of ['06-01', '06-20', '07-10', '08-01']) await order(`2026-${day}T10:00:00+08:00`);
  await order('2026-09-01T10:00:00+08:00');
  t.strictSame(await signs(), ['falling_frequency -75'], 'four in the three months before, one in the last three');
  await order('2026-11-20T10:00:00+08:00');
  t.strictSame(await signs(), ['falling_frequency -50'], 'half as many is still few');
  await order('2026-11-21T10:00:00+08:00');
  t.strictSame(await signs(), [], 'three against four');

  await ask('POST /v1/test-clock/advance', { to: '2026-12-24T10:00:00+08:00' });
  t.strictSame(await signs(), [], 'as long as nothing falls');
  await ask('POST /v1/test-clock/advance', { to: '2027-03-01T00:00:00+08:00' });
  t.strictSame(await signs(), ['falling_frequency -100'], 'the monthly run finds who just stays away');
});

test('complaints are a risk at once', async (t) => {
  const desk = await openTestDesk(t);
  const ask = must(await desk.testWorkspace(NOW));
  const { id: customerId } = await ask('POST /v1/customers', { name: 'A', figures: { value: 1 } });
  const complain = () =>
    ask('POST /v1/tickets', { customerId, subject: 'Late', kind: 'complaint', channel: 'email', message: 'Again' });
  const risks = async () => (await ask('GET /v1/reports/customers-at-risk')).data.map(({ risks: all }: Told) => all);
  await complain();
  t.strictSame(await risks(), []);
  await complain();
  t.strictSame(await risks(), [['complaints']]);
});

for (const sign of ['complaints', 'low_scores'] as const) {
  test(`who has no score is at risk all the same: ${sign}`, async (t) => {
    const desk = await openTestDesk(t);
    const caller = await desk.testWorkspace(NOW);
    const ask = must(caller);
    const { id: customerId } = await ask('POST /v1/customers', { name: 'A', tier: 'core' });
    const kind = sign === 'complaints' ? 'complaint' : 'basic';
    const open = () =>
      ask('POST /v1/tickets', { customerId, subject: 'Late', kind, channel: 'email', message: 'Again' });
    const ticket = await open();
    if (sign === 'complaints') await open();
    else {
      await ask(`POST /v1/tickets/${ticket.id}/solve`, {});
      const { token } = await ask(`POST /v1/tickets/${ticket.id}/survey-invitations`, {});
      await ask('POST /v1/survey-answers', { token, overall: 1 });
    }
    const atRisk = async () => (await ask('GET /v1/reports/customers-at-risk')).data;
    t.match(await atRisk(), [{ customerId, tier: 'core', total: null, risks: [sign] }]);
    const { body } = await caller.graphql('{ customersAtRisk { nodes { customerId total risks } } }');
    t.strictSame(body.data.customersAtRisk.nodes, [{ customerId, total: null, risks: [sign] }]);

    const unscored = async () => {
      t.equal((await ask(`GET /v1/customers/${customerId}`)).tier, 'core');
      const told = await ask(`GET /v1/customers/${customerId}/tier/explanation`);
      t.match(told, { state: 'no_activity', tier: 'core', score: null, target: null });
      t.equal((await ask(`GET /v1/customers/${customerId}/entitlements`)).tier.score, null);
      t.strictSame((await ask('GET /v1/reports/tier-moves')).data, []);
      t.strictSame((await ask('GET /v1/tier-samples')).data, [], 'nobody confirms what no score gave');
    };
    await unscored();
    for (const to of ['2026-12-01T00:00:00+08:00', '2027-01-01T00:00:00+08:00']) {
      await ask('POST /v1/test-clock/advance', { to });
      t.match(await atRisk(), [{ customerId }]);
      await unscored();
    }
    t.strictSame((await ask(`GET /v1/customers/${customerId}/tiers`)).data.length, 1);
    const jobs = (await ask('GET /v1/jobs?type=tiers.recompute')).data;
    t.match((await ask(`GET /v1/jobs/${jobs[0].id}`)).result, { customers: 1, scored: 0, withoutData: 1 });
    await ask('POST /v1/test-clock/advance', { to: '2027-03-01T00:00:00+08:00' });
    t.strictSame(await atRisk(), [], 'what is long ago is no risk');

    await ask(`PATCH /v1/customers/${customerId}`, { figures: { value: 1 } });
    t.match(await ask(`GET /v1/customers/${customerId}/tier/explanation`), { state: 'scored' });
  });
}

test('who is at risk without a score gets one with the first order, and the risk stays', async (t) => {
  const desk = await openTestDesk(t);
  const ask = must(await desk.testWorkspace(NOW));
  const { id: customerId } = await ask('POST /v1/customers', { name: 'A' });
  const complaint = { customerId, subject: 'Late', kind: 'complaint', channel: 'email', message: 'Again' };
  for (let n = 0; n < 2; n++) await ask('POST /v1/tickets', complaint);
  const order = { customerId, kind: 'order', at: NOW, amount: { amount: '10.00', currency: 'CNY' } };
  const { id } = await ask('POST /v1/activities', order);
  const totals = async () =>
    (await ask('GET /v1/reports/customers-at-risk')).data.map(({ total, risks }: Told) => [typeof total, ...risks]);
  t.strictSame(await totals(), [['number', 'complaints']]);
  await ask(`DELETE /v1/activities/${id}`);
  t.strictSame(await totals(), [['object', 'complaints']], 'and loses it with the last one');
});

test('a rule finds a need in complaints; what a person rejects stays away until it is released', async (t) => {
  const desk = await openTestDesk(t);
  const ask = must(await desk.testWorkspace(NOW));
  const rule = await ask('POST /v1/need-rules', {
    ...{ key: 'talks_of_price', tag: 'price_sensitive', confidence: 0.7 },
    conditions: [{ figure: { of: 'tickets', kinds: ['complaint'], words: ['价格', 'price'], window: 'P6M' }, min: 2 }],
  });
  const make = async (name: string) => (await ask('POST /v1/customers', { name })).id as string;
  const [a, b] = [await make('A'), await make('B')];
  const complain = (customerId: string, subject: string) =>
    ask('POST /v1/tickets', { customerId, subject, kind: 'complaint', channel: 'email', message: '…' });
  const tags = async (id: string) =>
    (await ask(`GET /v1/customers/${id}/need-tags`)).data.map(
      ({ tag, state, source, rule: by, confidence }: Told) => `${tag} ${state} ${source} ${by} ${confidence}`,
    );
  const byRule = ['price_sensitive held rule talks_of_price 0.7'];

  for (const id of [a, b]) {
    await complain(id, '价格太高了');
    await complain(id, '送货太慢');
    t.strictSame(await tags(id), [], 'once is not often');
    await complain(id, 'The prices went up again');
    t.strictSame(await tags(id), byRule);
  }
  await ask(`POST /v1/customers/${a}/need-tags/price_sensitive/reject`, { reason: '只是一次促销的误会' });
  const rejected = ['price_sensitive rejected person talks_of_price 0.7'];
  await complain(a, '价格又变了');
  t.strictSame(await tags(a), rejected, 'whatever the rule finds');
  await ask('POST /v1/test-clock/advance', { to: '2026-12-01T00:00:00+08:00' });
  t.strictSame(await tags(a), rejected, 'and whatever a monthly run finds');
  t.match((await ask('GET /v1/reports/need-tags')).data[0], { byRule: 1, rejected: 1, accuracy: 0 });

  await ask(`DELETE /v1/customers/${a}/need-tags/price_sensitive`);
  t.strictSame(await tags(a), byRule, 'released, the rule says it again at once');
  await ask(`DELETE /v1/customers/${b}/need-tags/price_sensitive`);
  t.strictSame(await tags(b), byRule, 'and what a rule still finds is not removed for long');

  await ask(`PUT /v1/customers/${a}/need-tags/price_sensitive`, { confidence: 1 });
  await ask(`PATCH /v1/need-rules/${rule.id}`, { confidence: 0.9 });
  await desk.work();
  t.strictSame(await tags(b), ['price_sensitive held rule talks_of_price 0.9'], 'an edited rule has all looked at');
  const confirmed = ['price_sensitive held person talks_of_price 1'];
  t.strictSame(await tags(a), confirmed);
  await ask(`DELETE /v1/need-rules/${rule.id}`);
  await desk.work();
  t.strictSame(await tags(b), [], 'with the rule goes what it said');
  t.strictSame(await tags(a), confirmed, 'but not what a person said');
});

test('a need follows profile, tags and tier as they are told', async (t) => {
  const desk = await openTestDesk(t);
  const ask = must(await desk.testWorkspace(NOW));
  const rule = (key: string, tag: string, ...conditions: object[]) =>
    ask('POST /v1/need-rules', { key, tag, confidence: 0.5, conditions });
  await rule('costs', 'price_sensitive', { profile: 'goals', contains: ['降低成本'] });
  await rule('service', 'after_sales_minded', { tag: '注重售后' });
  await rule('core', 'wants_personal', { tier: ['core'] });
  const told = { name: 'A', profile: { goals: '今年要降低成本' }, tags: ['注重售后'] };
  const { id } = await ask('POST /v1/customers', told);
  const tags = async () => (await ask(`GET /v1/customers/${id}/need-tags`)).data.map(({ tag }: Told) => tag);
  t.strictSame(await tags(), ['after_sales_minded', 'price_sensitive']);
  await ask(`PATCH /v1/customers/${id}`, { tags: [], profile: { goals: '扩大产能' } });
  t.strictSame(await tags(), []);
  await ask(`POST /v1/customers/${id}/tier`, { tier: 'core', reason: '年度框架合同' });
  t.strictSame(await tags(), ['wants_personal']);
});

test('the monthly run draws the sample', async (t) => {
  const desk = await openTestDesk(t);
  const ask = must(await desk.testWorkspace(NOW));
  for (const name of ['A', 'B', 'C']) await ask('POST /v1/customers', { name, figures: { value: 1 } });
  t.strictSame((await ask('GET /v1/tier-samples')).data, []);
  await ask('POST /v1/test-clock/advance', { to: '2026-12-01T00:00:00+08:00' });
  const { data } = await ask('GET /v1/tier-samples');
  t.equal(data.length, 3);
  t.match(data[0], { month: '2026-12', tier: 'normal', confirmedTier: null, createdAt: '2026-11-30T16:00:00Z' });
  await ask('POST /v1/test-clock/advance', { to: '2027-01-01T00:00:00+08:00' });
  t.equal((await ask('GET /v1/tier-samples?month=2027-01')).data.length, 3);
  t.strictSame(
    (await ask('GET /v1/reports/tier-accuracy')).data.map(({ month, drawn }: Told) => `${month} ${drawn}`),
    ['2027-01 3', '2026-12 3'],
  );
});

test('rules find needs where tiers are given by people alone', async (t) => {
  const desk = await openTestDesk(t);
  const ask = must(await desk.testWorkspace(NOW, { plan: 'none' }));
  await ask('PUT /v1/terms/need_tag/quiet', { name: 'Wants quiet' });
  const { id } = await ask('POST /v1/customers', { name: 'A', tags: ['night shift'] });
  const conditions = [{ tag: 'night shift' }];
  await ask('POST /v1/need-rules', { key: 'nights', tag: 'quiet', confidence: 0.4, conditions });
  await desk.work();
  const { data } = await ask(`GET /v1/customers/${id}/need-tags`);
  t.match(data, [{ tag: 'quiet', source: 'rule', rule: 'nights', confidence: 0.4, reason: null }]);
});
