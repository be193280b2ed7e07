/** The figures scores are made of, each taken of rows on either side of its border. */

import { t as file, test } from 'tap';
import { loadFigures, type Measured } from '../../src/domains/tiers/figures.ts';
import { encodeId } from '../../src/ids.ts';
import type { Figure, FigureDefinition } from '../../src/rules/figures.ts';
import { type Crm, openCrm } from '../support/crm.ts';
import { openTestDesk } from '../support/desk.ts';

const desk = await openTestDesk(file);
const NOW = Date.parse('2026-11-24T10:00:00+08:00') / 1000;

/** Figures of customers by name, at the test clock's beginning or at an instant. */
async function take(crm: Crm, name: string, definition: FigureDefinition, at = NOW): Promise<Figure> {
  const { rows } = await desk.desk.db.pool.query(
    'select figures, customer_since from customers where workspace_id = $1 and name = $2',
    [crm.workspaceId, name],
  );
  const since = rows[0].customer_since;
  const customer: Measured = {
    id: crm.id(name),
    figures: rows[0].figures,
    customerSince: since === null ? null : Date.parse(since) / 1000,
  };
  const workspace = { workspaceId: crm.workspaceId, timeZone: 'Asia/Shanghai' };
  const taken = await loadFigures(desk.desk.db, workspace, [customer], [definition], at);
  return taken.get(customer.id)!.figures.get(definition)!;
}

test('activities: sums with refunds taken off, counts and growth, from after the border up to now', async (t) => {
  const crm = await openCrm(desk);
  await crm.customer('A');
  await crm.customer('None');
  await crm.order('A', 5, '2026-08-24T10:00:00+08:00');
  await crm.order('A', 10.25, '2026-08-24T10:00:01+08:00');
  await crm.order('A', 20, '2026-11-24T10:00:00+08:00');
  await crm.order('A', 4, '2026-11-01T10:00:00+08:00', 'refund');
  await crm.order('A', 7, '2026-11-01T10:00:00+08:00', 'visit');
  await crm.order('A', 8, '2026-05-25T10:00:00+08:00');
  const of = { activities: ['order', 'refund'], window: 'P3M' } as const;
  t.equal(await take(crm, 'A', { of: 'amount', ...of }), 26.25);
  t.equal(await take(crm, 'A', { of: 'amount', activities: ['order'], window: 'P3M' }), 30.25);
  t.equal(await take(crm, 'A', { of: 'count', ...of }), 3);
  t.equal(await take(crm, 'A', { of: 'count', activities: ['visit', 'contact'], window: 'P30D' }), 1);
  t.equal(await take(crm, 'A', { of: 'amount', ...of }, NOW - 1), 6.25 + 5, 'what is ahead does not count yet');
  t.equal(
    await take(crm, 'A', { of: 'growth', by: 'count', activities: ['order'], window: 'P3M' }),
    0,
    'two after two',
  );
  t.equal(await take(crm, 'A', { of: 'growth', by: 'amount', ...of }), 101.923077);
  t.equal(
    await take(crm, 'A', { of: 'growth', by: 'count', activities: ['visit'], window: 'P1M' }),
    Number.POSITIVE_INFINITY,
  );
  t.equal(await take(crm, 'A', { of: 'growth', by: 'count', activities: ['contact'], window: 'P1M' }), null);
  t.equal(await take(crm, 'None', { of: 'amount', ...of }), 0);
  t.equal(await take(crm, 'None', { of: 'growth', by: 'amount', ...of }), null);
});

test('months count from the day that is given, else from the first activity', async (t) => {
  const crm = await openCrm(desk);
  await crm.customer('Given', { customerSince: '2025-11-25T00:00:00+08:00', figures: { value: 12.5 } });
  await crm.customer('First');
  await crm.customer('None');
  for (const name of ['Given', 'First']) await crm.order(name, 1, '2026-01-24T10:00:00+08:00');
  t.equal(await take(crm, 'Given', { of: 'months' }), 11);
  t.equal(await take(crm, 'First', { of: 'months' }), 10);
  t.equal(await take(crm, 'None', { of: 'months' }), null);
  t.equal(await take(crm, 'Given', { of: 'given', key: 'value' }), 12.5);
  t.equal(await take(crm, 'Given', { of: 'given', key: 'other' }), null);
});

test('tickets and what was answered of them', async (t) => {
  const crm = await openCrm(desk);
  await crm.customer('A');
  const ticket = (subject: string, kind: string) =>
    crm.must('POST /v1/tickets', { customerId: crm.id('A'), subject, kind, channel: 'email' });
  const asked = [
    await ticket('价格太高', 'complaint'),
    await ticket('Prices of spare parts', 'basic'),
    await ticket('Late', 'complaint'),
  ];
  const seven = await crm.must('POST /v1/survey-templates', { key: 'seven', name: 'Seven', scale: 7 });
  const answer = async (ticketId: string, overall: number, template: object = {}) => {
    await crm.must(`POST /v1/tickets/${ticketId}/solve`, {});
    const { token } = await crm.must(`POST /v1/tickets/${ticketId}/survey-invitations`, template);
    await crm.must('POST /v1/survey-answers', { token, overall });
  };
  await answer(asked[0].id, 2);
  await answer(asked[1].id, 7, { templateId: seven.id });
  const tickets = (more: object) => take(crm, 'A', { of: 'tickets', window: 'P30D', ...more });
  t.equal(await tickets({}), 3);
  t.equal(await tickets({ kinds: ['complaint', 'fault'] }), 2);
  t.equal(await tickets({ words: ['价格', 'price'] }), 2);
  t.equal(await tickets({ words: ['价格', 'price'], kinds: ['basic'] }), 1);
  t.equal(await tickets({ words: ['?!'] }), 0, 'nothing can be found by it');
  t.equal(await take(crm, 'A', { of: 'satisfaction', window: 'P1D' }), (25 + 100) / 2);
  t.equal(await take(crm, 'A', { of: 'low_scores', window: 'P1D' }), 1);
  const later = NOW + 40 * 86_400;
  t.equal(await take(crm, 'A', { of: 'satisfaction', window: 'P1D' }, later), null);
  t.equal(await take(crm, 'A', { of: 'tickets', window: 'P30D' }, later), 0);
});

test('the activities of a batch are read from the index alone', async (t) => {
  const crm = await openCrm(desk);
  const { pool } = desk.desk.db;
  await pool.query(
    `insert into customers (workspace_id, id, name, profile, tags, external_ids, search, created_at, updated_at)
     select $1, uuidv7(), 'C' || n, '{}', '{}', '{}', '', now(), now() from generate_series(1, 2000) n`,
    [crm.workspaceId],
  );
  await pool.query(
    `insert into activities (workspace_id, id, customer_id, kind, at, amount, currency, base_amount, details, external_ids, created_at, updated_at)
     select $1, uuidv7(), c.id, 'order', now() - n * interval '1 day', 1, 'CNY', 1, '{}', '{}', now(), now()
     from customers c, generate_series(1, 5) n where c.workspace_id = $1`,
    [crm.workspaceId],
  );
  await pool.query('vacuum analyze activities');
  const { rows } = await pool.query<{ id: string }>('select id from customers where workspace_id = $1 limit 20', [
    crm.workspaceId,
  ]);
  const client = await pool.connect();
  try {
    // However often it is asked: the plan for any customers is the one that stays.
    await client.query('set plan_cache_mode = force_generic_plan');
    const plans: string[] = [];
    const explaining = {
      prepared: false,
      pool: {
        async query({ text, values }: { text: string; values: unknown[] }) {
          const plan = await client.query<{ 'QUERY PLAN': string }>(`explain ${text}`, values);
          plans.push(plan.rows.map((row) => row['QUERY PLAN']).join('\n'));
          return { rows: [] };
        },
      },
    };
    const customers = rows.map(({ id }) => ({ id: encodeId('customer', id), customerSince: null, figures: {} }));
    const workspace = { workspaceId: crm.workspaceId, timeZone: 'Asia/Shanghai' };
    const growth = { of: 'growth', by: 'amount', activities: ['order', 'refund'], window: 'P6M' } as const;
    await loadFigures(explaining as never, workspace, customers, [growth, { of: 'months' }], NOW);
    t.equal(plans.length, 1, 'and no other table is asked');
    t.match(plans[0], /Index Only Scan using activities_customer_idx/);
  } finally {
    client.release(true);
  }
});
