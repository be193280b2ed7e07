/** A test workspace of a desk, spoken to as a CRM does: customers by name, what they did, and a clock that is moved. */

import { decodeId } from '../../src/ids.ts';
import type { Caller, TestDesk } from './desk.ts';

export const START = '2026-11-24T10:00:00+08:00';

export type Crm = Awaited<ReturnType<typeof openCrm>>;

/** With the reference plan; its clock stands at `START`. */
export async function openCrm(desk: TestDesk, more: object = {}) {
  const caller = await desk.testWorkspace(START, { timeZone: 'Asia/Shanghai', ...more });
  const ids = new Map<string, string>();
  let told = 0;
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into field by field
  const must = async (line: string, body?: unknown): Promise<any> => {
    const answer = await caller.rest(line, body);
    if (answer.status >= 300) throw new Error(`${line}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const workspaceId = await workspaceNumber(desk, caller);
  const crm = {
    ...caller,
    workspaceId,
    /** The body of an answer; throws what was refused. */
    must,
    id: (name: string) => ids.get(name)!,
    async customer(name: string, fields: object = {}): Promise<void> {
      const { id } = await must('POST /v1/customers', { name, ...fields });
      ids.set(name, id);
    },
    /** Answers its id. */
    async order(name: string, amount: number, at: string = START, kind = 'order'): Promise<string> {
      const body = { customerId: ids.get(name), kind, at, amount: { amount: amount.toFixed(2), currency: 'CNY' } };
      const { activity } = await must(`PUT /v1/activities/by-external-id/shop/${told++}`, body);
      return activity.id;
    },
    tier: async (name: string): Promise<string> => (await must(`GET /v1/customers/${ids.get(name)}`)).tier,
    /** `tier source from`, newest first. */
    history: async (name: string): Promise<string[]> =>
      (await must(`GET /v1/customers/${ids.get(name)}/tiers?limit=200`)).data.map(
        ({ tier, source, validFrom }: Record<string, string>) => `${tier} ${source} ${validFrom}`,
      ),
    to: (to: string) => must('POST /v1/test-clock/advance', { to }),
    /** A job at its end. */
    async finished(job: { id: string }) {
      await must('POST /v1/test-clock/advance', { by: 'PT0S' });
      return must(`GET /v1/jobs/${job.id}`);
    },
    async apply(definition: object) {
      const { jobId } = await must('POST /v1/tier-models', { definition });
      return crm.finished({ id: jobId });
    },
    /** The rows of a table as they are, in an order. */
    async rows(table: string) {
      const { rows } = await desk.desk.db.pool.query(`select * from ${table} where workspace_id = $1 order by 2, 3`, [
        workspaceId,
      ]);
      return rows;
    },
  };
  return crm;
}

async function workspaceNumber(desk: TestDesk, caller: Caller): Promise<number> {
  const { body } = await caller.rest('GET /v1/workspace');
  const { rows } = await desk.desk.db.pool.query<{ number: number }>(
    'select workspace_id as number from workspaces where id = $1',
    [decodeId('workspace', body.id)],
  );
  return rows[0]!.number;
}

/** A model of tiers by spend alone, in bands from these sums on; the best tier first. */
export function bySpend(hysteresis: object = {}, bands: Record<number, number> = { 1000: 100, 100: 50, 1: 10 }) {
  return {
    parts: [
      {
        key: 'spend',
        weight: 1,
        figure: { of: 'amount', activities: ['order', 'refund'], window: 'P12M' },
        scaling: { bands: Object.entries(bands).map(([from, points]) => ({ from: Number(from), points })) },
      },
    ],
    tiers: [
      { tier: 'core', minTotal: 100 },
      { tier: 'potential', minTotal: 50 },
    ],
    hysteresis,
    sampleSize: 0,
  };
}
