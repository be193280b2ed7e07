/** Customers and contacts in bulk: the same as one by one, whatever stands together in a batch. */

import { test } from 'tap';
import { sendLines, statuses } from '../support/bulk.ts';
import { openTestDesk } from '../support/desk.ts';
import { dice } from '../support/dice.ts';

const SEED = Number(process.env['FUZZ_SEED'] ?? 20261124);
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 12);

test('figures and the time as a customer', async (t) => {
  const desk = await openTestDesk(t);
  const put = (body: object) => desk.rest('PUT /v1/customers/by-external-id/crm/1', { name: 'A', ...body });
  const looks = async () => {
    const { rows } = await desk.desk.db.pool.query('delete from tier_reviews where workspace_id = $1 returning due', [
      desk.workspaceId,
    ]);
    return rows.length;
  };
  t.match((await put({})).body.customer, { figures: {}, customerSince: null });
  t.equal(await looks(), 0);
  t.match((await put({ figures: { seats: 12, ltv: 1.5 } })).body.customer, { figures: { seats: 12, ltv: 1.5 } });
  t.equal(await looks(), 1);
  t.match((await put({ figures: { seats: null, ltv: 1.5 } })).body, {
    result: 'updated',
    customer: { figures: { ltv: 1.5 } },
  });
  t.match((await put({ figures: { ltv: 1.5, seats: null } })).body, { result: 'unchanged' });
  t.equal(await looks(), 1);
  t.match((await put({ customerSince: '2020-01-01T00:00:00Z', tags: ['x'] })).body.customer, {
    customerSince: '2020-01-01T00:00:00Z',
  });
  t.equal(await looks(), 1);
  await put({ notes: 'n' });
  t.equal(await looks(), 0);
  const many = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`k${index}`, index]));
  t.match(await put({ figures: many }), { status: 422, body: { errors: [{ path: 'figures', code: 'too_big' }] } });
  t.match(await put({ figures: { ltv: 'much' } }), { status: 422, body: { errors: [{ path: 'figures.ltv' }] } });
  const made = await desk.rest('POST /v1/customers', { name: 'B', figures: { a: 1 }, customerSince: null });
  t.equal(await looks(), 1);
  await desk.rest(`PATCH /v1/customers/${made.body.id}`, { figures: { b: 2 } });
  t.match((await desk.rest(`GET /v1/customers/${made.body.id}`)).body.figures, { a: 1, b: 2 });
  t.match(
    await desk.rest(`DELETE /v1/customers/${made.body.id}`),
    { status: 200 },
    'a look that waits holds nobody back',
  );
});

test('lines that speak of one thing by different names are run one after the other', async (t) => {
  const desk = await openTestDesk(t);
  await desk.rest('POST /v1/customers', { name: 'A', externalIds: { crm: '1', erp: 'E1' } });
  const results = await sendLines(desk, desk, 'customers', [
    { externalIds: { crm: '1' }, name: 'By crm', tags: ['crm'] },
    { externalIds: { erp: 'E1' }, name: 'By erp' },
    { externalIds: { erp: 'E1' }, name: 'By crm' },
    { externalIds: { crm: '1' }, name: 'By crm' },
    { externalIds: { crm: '2', shop: 'S2' }, system: 'crm', name: 'New' },
    { externalIds: { shop: 'S2' }, name: 'New', notes: 'by the shop' },
    { externalIds: { crm: '1', shop: 'S2' }, system: 'crm', name: 'By crm' },
    { externalIds: { crm: '1', erp: null }, name: 'By crm' },
    { externalIds: { erp: 'E1' }, name: 'Somebody else' },
  ]);
  t.strictSame(statuses(results), [
    'updated',
    'updated',
    'updated',
    'unchanged',
    'created',
    'updated',
    'error',
    'updated',
    'created',
  ]);
  t.match(results[6]!.errors, [{ path: 'externalIds.shop', code: 'already_exists' }]);
  t.match((await desk.rest('GET /v1/customers/by-external-id/crm/1')).body, {
    name: 'By crm',
    tags: ['crm'],
    externalIds: { crm: '1' },
  });
  t.match((await desk.rest('GET /v1/customers/by-external-id/shop/S2')).body, { notes: 'by the shop' });
});

test('the order of lines holds from one batch to the next, by whatever name they speak', async (t) => {
  const desk = await openTestDesk(t);
  const { oneOf } = dice(SEED);
  // As many as a batch has lines: each speaks of all of them once, and the next one by other names.
  const customers = 500;
  const name = (n: number) => ({ crm: `C-${n}`, erp: `E-${n}` });
  const made = Array.from({ length: customers }, (_, n) => ({ externalIds: name(n), system: 'crm', name: 'A' }));
  await sendLines(desk, desk, 'customers', made);
  const last = new Map<string, string>();
  const expected: string[] = [];
  const lines = Array.from({ length: 4 * customers }, (_, index) => {
    const n = index % customers;
    const notes = oneOf(['x', 'y']);
    expected.push(last.get(`C-${n}`) === notes ? 'unchanged' : 'updated');
    last.set(`C-${n}`, notes);
    const system = (['crm', 'erp'] as const)[Math.floor(index / customers) % 2]!;
    return { externalIds: { [system]: name(n)[system] }, name: 'A', notes };
  });
  const results = await sendLines(desk, desk, 'customers', lines);
  t.strictSame(
    results.map(({ line, status }) => `${line} ${status}`),
    expected.map((status, index) => `${index + 1} ${status}`),
  );
  const { rows } = await desk.desk.db.pool.query<{ crm: string; notes: string }>(
    `select external_ids->>'crm' as crm, notes from customers where notes is not null`,
  );
  t.strictSame(new Map(rows.map(({ crm, notes }): [string, string] => [crm, notes]).sort()), new Map([...last].sort()));
});

test('contacts find their customers and keep their identities to themselves', async (t) => {
  const desk = await openTestDesk(t);
  await sendLines(desk, desk, 'customers', [{ externalIds: { crm: 'C-1' }, name: 'A' }]);
  const phone = (value: string) => [{ kind: 'phone', value }];
  const lines = [
    {
      externalIds: { crm: 'P-1' },
      name: 'One',
      customerExternalId: { system: 'crm', value: 'C-1' },
      identities: phone('138 0013 8001'),
    },
    { externalIds: { crm: 'P-2' }, name: 'Two', identities: phone('+8613800138001') },
    { externalIds: { crm: 'P-3' }, name: 'Three', identities: phone('12') },
    { externalIds: { crm: 'P-4' }, name: 'Four', customerExternalId: { system: 'crm', value: 'C-4' } },
    { externalIds: { crm: 'P-5' }, name: 'Five', customerId: null },
  ];
  const first = await sendLines(desk, desk, 'contacts', lines);
  t.match(first, [
    { status: 'created' },
    { status: 'error', errors: [{ path: 'identities.0', code: 'already_exists' }] },
    { status: 'error', errors: [{ path: 'identities.0.value' }] },
    { status: 'error', errors: [{ path: 'customerExternalId', code: 'not_found' }] },
    { status: 'created' },
  ]);
  t.match((await desk.rest('GET /v1/contacts/by-external-id/crm/P-1?include=customer')).body, {
    customer: { name: 'A' },
  });
  t.strictSame(statuses(await sendLines(desk, desk, 'contacts', [lines[0], lines[4]])), ['unchanged', 'unchanged']);
  const swapped = [
    { externalIds: { crm: 'P-1' }, name: 'One', identities: phone('+8613800138002') },
    { externalIds: { crm: 'P-5' }, name: 'Five', identities: phone('+8613800138001') },
  ];
  await sendLines(desk, desk, 'contacts', [swapped[0]]);
  t.strictSame(statuses(await sendLines(desk, desk, 'contacts', swapped)), ['unchanged', 'updated']);
});

test('a batch says what the lines say one by one', async (t) => {
  const desk = await openTestDesk(t);
  const { caller: beside } = await desk.otherWorkspace();
  t.comment(`FUZZ_SEED=${SEED} FUZZ_RUNS=${RUNS}`);
  const { below, oneOf, chance } = dice(SEED);
  const some = <V>(share: number, value: V) => (chance(share) ? value : undefined);
  for (let run = 0; run < RUNS; run++) {
    const lines = Array.from({ length: 40 }, () => {
      const crm = `C-${below(12)}`;
      return JSON.parse(
        JSON.stringify({
          externalIds: { [oneOf(['crm', 'erp'])]: crm, ...some(0.2, { shop: `S-${below(8)}` }) },
          name: oneOf(['A', 'B']),
          notes: some(0.3, oneOf([null, 'x', 'y'])),
          tags: some(0.3, [oneOf(['a', 'b'])]),
          figures: some(0.4, { f: oneOf([null, 1, 2]), g: oneOf([1, 2]) }),
          profile: some(0.3, { industry: oneOf([null, 'i', 'j']) }),
        }),
      );
    }).map((line) => {
      const systems = Object.keys(line.externalIds);
      return systems.length > 1 ? { ...line, system: systems[0] } : line;
    });
    const together = await sendLines(desk, desk, 'customers', lines);
    const alone = [];
    for (const line of lines) alone.push(...(await sendLines(desk, beside, 'customers', [line])));
    const told = (results: typeof together) =>
      results.map(({ status, errors }) => [status, errors?.map(({ path, code }) => `${path} ${code}`)]);
    t.strictSame(told(together), told(alone), `run ${run}`);
    const all = async (caller: typeof beside) =>
      (await caller.rest('GET /v1/customers?limit=200')).body.data
        .map(({ name, notes, tags, figures, profile, externalIds }: Record<string, unknown>) =>
          JSON.stringify({
            name,
            notes,
            tags,
            figures,
            profile,
            externalIds: Object.entries(externalIds as object).sort(),
          }),
        )
        .sort();
    t.strictSame(await all(desk), await all(beside), `run ${run}`);
  }
});
