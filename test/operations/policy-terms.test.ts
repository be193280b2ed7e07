/** Personal service plans with a term: who comes under them when, what stands when they end, and what an edit does. */

import { type Test, test } from 'tap';
import { type Caller, openTestDesk } from '../support/desk.ts';

const NOW = '2026-11-24T02:00:00Z';
const FROM = '2026-11-25T02:00:00Z';
const TO = '2026-11-26T02:00:00Z';

const OBJECTIVES = [{ metric: 'first_response', target: 'PT30M' }];

/** A workspace with one standard policy and a customer who has a plan of their own, with this term. */
async function openWorkspace(t: Test, term: object, objectives: object[] = OBJECTIVES) {
  const desk = await openTestDesk(t);
  const caller = await desk.testWorkspace(NOW, { plan: 'none', language: 'en' });
  const make = async (path: string, body: object) => {
    const answer = await caller.rest(`POST /v1/${path}`, body);
    t.equal(answer.status, 201, `${path} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  await make('tiers', { key: 'normal', name: 'Normal' });
  const standard = await make('policies', {
    ...{ key: 'standard', name: 'Standard', match: { tiers: ['normal'] } },
    objectives: [{ metric: 'first_response', target: 'PT8H' }],
  });
  const customer = await make('customers', { name: 'Theirs' });
  const plan = await make('policies', {
    ...{ key: 'personal', name: 'Personal', match: { customers: [customer.id] }, objectives, ...term },
  });
  const open = (more: object = {}) =>
    make('tickets', { subject: 'T', kind: 'fault', channel: 'email', customerId: customer.id, ...more });
  const advance = async (to: string) => t.equal((await caller.rest('POST /v1/test-clock/advance', { to })).status, 200);
  return { desk, caller, make, standard, customer, plan, open, advance };
}

const policiesOf = ({ clocks }: { clocks: { policyKey: string }[] }) => clocks.map(({ policyKey }) => policyKey);

async function clocksOf(caller: Caller, ticket: { id: string }): Promise<{ policyKey: string; dueAt: string }[]> {
  return (await caller.rest(`GET /v1/tickets/${ticket.id}/clocks`)).body.data;
}

test('tickets come under a personal plan within its term, and what was promised stands', async (t) => {
  const { caller, open, advance } = await openWorkspace(t, { validFrom: FROM, validTo: TO });
  const before = await open();
  t.strictSame(policiesOf(before), ['standard'], 'it has not begun');
  await advance(FROM);
  const within = await open();
  t.strictSame(policiesOf(within), ['personal'], 'it begins at its first instant');
  t.match(await clocksOf(caller, before), [{ policyKey: 'standard' }], 'who was promised something else keeps it');
  await advance(TO);
  t.match(
    await clocksOf(caller, within),
    [{ policyKey: 'personal', dueAt: '2026-11-25T02:30:00Z' }],
    'a term that ends takes nothing away',
  );
  const after = await open();
  t.strictSame(policiesOf(after), ['standard'], 'it has ended at its last instant');

  const { body: why } = await caller.rest(`GET /v1/tickets/${after.id}/clocks/first_response/explanation`);
  t.strictSame(why.alternatives, []);
  t.strictSame(why.passedOver, [{ policyKey: 'personal', policyName: 'Personal', term: 'ended' }]);
  t.match(why.text, /its term had ended/);
  const { body: early } = await caller.rest(`GET /v1/tickets/${before.id}/clocks/first_response/explanation`);
  t.strictSame(early.passedOver, [{ policyKey: 'personal', policyName: 'Personal', term: 'upcoming' }]);
  const { body: own } = await caller.rest(`GET /v1/tickets/${within.id}/clocks/first_response/explanation`);
  t.match(own, { reason: 'names_customer', passedOver: [], alternatives: [{ policyKey: 'standard' }] });
  const { body } = await caller.graphql(
    'query ($id: ID!) { ticketClockExplanation(ticketId: $id, metric: first_response) { passedOver { policyKey term } } }',
    { id: after.id },
  );
  t.strictSame(body.data.ticketClockExplanation.passedOver, [{ policyKey: 'personal', term: 'ended' }]);
});

test('a ticket whose kind, priority or tier changes is matched again, at that instant', async (t) => {
  const { caller, make, open, advance, customer } = await openWorkspace(t, { validTo: TO });
  await make('tiers', { key: 'core', name: 'Core', position: 1 });
  const tickets = [await open(), await open(), await open()];
  const [first, second, third] = tickets as [{ id: string }, { id: string }, { id: string }];
  await advance(TO);
  for (const ticket of tickets) t.match(await clocksOf(caller, ticket), [{ policyKey: 'personal' }]);
  t.equal((await caller.rest(`PATCH /v1/tickets/${first.id}`, { subject: 'Another' })).status, 200);
  t.match(await clocksOf(caller, first), [{ policyKey: 'personal' }], 'another subject is no other ticket');
  await caller.rest(`PATCH /v1/tickets/${first.id}`, { kind: 'complaint' });
  t.match(await clocksOf(caller, first), [{ policyKey: 'standard' }]);
  await caller.rest(`POST /v1/tickets/${second.id}/priority`, { priority: 'high' });
  t.match(await clocksOf(caller, second), [{ policyKey: 'standard' }]);
  t.match(await clocksOf(caller, third), [{ policyKey: 'personal' }]);
  await caller.rest(`POST /v1/customers/${customer.id}/tier`, { tier: 'core', reason: 'So' });
  t.match(
    await clocksOf(caller, third),
    [{ policyKey: 'personal', state: 'cancelled' }],
    'core is promised nothing here',
  );
});

test('an edit is matched at its own instant, and takes away no promise that it does not speak of', async (t) => {
  const { caller, make, open, advance, plan, standard } = await openWorkspace(t, { validFrom: FROM, validTo: TO });
  const patch = async (id: string, body: object) => {
    t.equal((await caller.rest(`PATCH /v1/policies/${id}`, body)).status, 200);
    await caller.rest('POST /v1/test-clock/advance', { by: 'PT0S' });
  };
  await advance(FROM);
  const ticket = await open();
  await advance(TO);
  await make('policies', { key: 'other', name: 'Other', match: { kinds: ['complaint'] }, objectives: [] });
  await patch(plan.id, { name: 'Renamed' });
  await patch(plan.id, { objectives: [{ metric: 'first_response', target: 'PT10M' }] });
  t.match(await clocksOf(caller, ticket), [{ policyKey: 'personal', target: 'PT30M', policyVersion: 1 }]);
  await patch(standard.id, { objectives: [{ metric: 'first_response', target: 'PT6H' }] });
  t.match(
    await clocksOf(caller, ticket),
    [{ policyKey: 'standard', target: 'PT6H' }],
    'what it would be promised now is another promise: by that it is held',
  );
  await patch(plan.id, { validTo: null });
  t.match(await clocksOf(caller, ticket), [{ policyKey: 'personal', target: 'PT10M' }], 'a plan that goes on is one');
  await patch(plan.id, { validFrom: '2026-12-01T00:00:00Z' });
  t.match(await clocksOf(caller, ticket), [{ policyKey: 'standard' }], 'and one that begins later is none yet');
  const { body } = await caller.rest(`GET /v1/policies/${plan.id}`);
  t.match(body, { validFrom: '2026-12-01T00:00:00Z', validTo: null });
});

test('a term is said, shown, changed and refused through both doors', async (t) => {
  const { caller, plan } = await openWorkspace(t, { validFrom: '2026-11-25T10:00:00+08:00', validTo: TO });
  t.match(plan, { validFrom: FROM, validTo: TO });
  const bad = await caller.rest(`PATCH /v1/policies/${plan.id}`, { validTo: FROM });
  t.match(bad, { status: 422, body: { errors: [{ path: 'validTo', code: 'out_of_range' }] } });
  const fields = { key: 'x', name: 'X', objectives: [] };
  for (const [term, path] of [
    [{ validFrom: TO, validTo: FROM }, 'validTo'],
    [{ validFrom: 'tomorrow' }, 'validFrom'],
    [{ validTo: 1 }, 'validTo'],
  ] as const) {
    t.match(await caller.rest('POST /v1/policies', { ...fields, ...term }), {
      status: 422,
      body: { errors: [{ path }] },
    });
  }
  const { body: open } = await caller.rest('POST /v1/policies', fields);
  t.match(open, { validFrom: null, validTo: null });
  const document =
    'mutation ($input: UpdatePolicyInput!) { updatePolicy(input: $input) { policy { validFrom validTo version } errors { code errors { path code } } } }';
  const graphql = async (input: object) => (await caller.graphql(document, { input })).body.data.updatePolicy;
  t.strictSame(await graphql({ policyId: plan.id, validFrom: null }), {
    policy: { validFrom: null, validTo: TO, version: 2 },
    errors: [],
  });
  const same = await graphql({ policyId: plan.id, validTo: TO });
  t.equal(same.policy.version, 2, 'the same again is no edit');
  const refused = await graphql({ policyId: plan.id, validFrom: '2027-01-01T00:00:00Z' });
  t.strictSame(refused.errors, [{ code: 'validation_failed', errors: [{ path: 'validTo', code: 'out_of_range' }] }]);
});

test('a simulation, a dry run and a backtest ask terms at the instants at which tickets are matched', async (t) => {
  const { desk, caller, customer, advance, open } = await openWorkspace(t, { validFrom: FROM, validTo: TO });
  const events = (at: string) => [{ at, type: 'created', by: 'customer' }];
  const simulate = async (policy: unknown, list: object[]) => {
    const { status, body } = await caller.rest('POST /v1/service-levels/simulate', {
      ...{ policy, events: list, asOf: ['2026-11-30T00:00:00Z'] },
    });
    t.equal(status, 200);
    return body.states[0].clocks.map((clock: { policyKey: string; dueAt: string }) => clock.policyKey);
  };
  const inline = { key: 'inline', validFrom: FROM, validTo: TO, objectives: OBJECTIVES };
  t.strictSame(await simulate(inline, events(FROM)), ['inline']);
  t.strictSame(await simulate(inline, events(TO)), []);
  t.strictSame(await simulate('personal', events(FROM)), ['personal'], 'one of the workspace has its own term');
  t.strictSame(await simulate('personal', events(NOW)), []);
  const changed = [...events(NOW), { at: FROM, type: 'priority_changed', priority: 'high' }];
  t.strictSame(await simulate(inline, changed), ['inline'], 'matched again within the term');
  const backwards = await caller.rest('POST /v1/service-levels/simulate', {
    ...{ policy: { ...inline, validTo: FROM }, events: events(FROM), asOf: [FROM] },
  });
  t.match(backwards, { status: 422, body: { errors: [{ path: 'policy.validTo' }] } });

  await advance(FROM);
  const ticket = await open();
  await advance('2026-11-25T04:00:00Z');
  const jobOf = async (line: string, body: object) => {
    const { body: job, status } = await caller.rest(line, body);
    t.equal(status, 202, JSON.stringify(job));
    await desk.work();
    return (await caller.rest(`GET /v1/jobs/${job.id}`)).body.result;
  };
  const planned = (validTo: string) => ({
    ...{ key: 'personal', name: 'Personal', match: { customers: [customer.id] }, objectives: OBJECTIVES, validTo },
  });
  const dry = (validTo: string) =>
    jobOf('POST /v1/service-levels/recompute', { dryRun: true, policy: planned(validTo) });
  t.match(await dry('2026-11-25T03:00:00Z'), { ticketsTouched: 1 }, 'ended by now: the standard');
  t.match(await dry('2026-11-25T04:00:01Z'), { ticketsTouched: 0 }, 'still the plan');
  const past = (validTo: string) => jobOf('POST /v1/service-levels/backtest', { policy: planned(validTo) });
  t.match(await past('2026-11-25T02:00:01Z'), { ticketsChanged: 0 }, 'it held when the ticket was opened');
  t.match(await past('2026-11-25T02:00:00Z'), { ticketsChanged: 1 }, 'it did not');
  t.match(await clocksOf(caller, ticket), [{ policyKey: 'personal' }], 'nothing was written');
});
