/** Verbs of the reports domain: they only look. */

import { z } from 'zod';
import { requireStaff } from '../../auth/policy.ts';
import { invalid } from '../../errors.ts';
import { read } from '../../operation.ts';
import { iso } from '../model.ts';
import { Attainment, attainmentFields } from './model.ts';
import { attainmentView, listAttainment, periodView } from './store.ts';

export const getAttainment = read({
  name: 'getAttainment',
  summary: 'How far promises are kept, by metric and group',
  description:
    'Counts the promises that started in a period, as they stand now. Attainment is the share that was kept of those whose outcome is known: met or missed, or broken while still open.',
  scope: 'tickets:read',
  input: z.strictObject(attainmentFields),
  output: Attainment,
  async run(ctx, { from, to, groupBy, ...filters }) {
    requireStaff(ctx.actor);
    if (from !== undefined && to !== undefined && to <= from)
      throw invalid('to', 'Expected an instant later than from.');
    const asked = { from, to, now: ctx.now, groupBy: new Set<string>(groupBy), ...filters };
    const rows = await listAttainment(ctx.db, ctx.workspace.workspaceId, asked as never);
    return { ...periodView(from, to), asOf: iso(ctx.now), data: rows.map(attainmentView) };
  },
});
