/** The clock of a test workspace: a 24-hour promise is tested in a second. */

import { z } from 'zod';
import { Changes } from '../../changes.ts';
import { AppError, invalid } from '../../errors.ts';
import { read, write } from '../../operation.ts';
import { LAST_INSTANT } from '../../rules/calendar.ts';
import { iso, zDuration, zInstant } from '../model.ts';
import { TestClock } from './model.ts';
import { getWorkspace } from './store.ts';

const notTest = () => new AppError('not_a_test_workspace', 'This workspace runs on the wall clock.');

export const getTestClock = read({
  name: 'getTestClock',
  summary: 'Where the test clock stands',
  scope: 'workspace:read',
  input: z.strictObject({}),
  output: TestClock,
  async run(ctx) {
    if (ctx.workspace.mode !== 'test') throw notTest();
    return { now: iso(ctx.now), handled: 0 };
  },
});

export const advanceTestClock = write({
  name: 'advanceTestClock',
  summary:
    'Move the test clock forwards; answers when everything due by then has happened, in order, each at its own instant',
  scope: 'workspace:write',
  input: z.strictObject({
    to: zInstant.optional().describe('The instant to move to.'),
    by: zDuration.optional().describe('Or how far: days, hours, minutes and seconds.'),
  }),
  check: ({ to, by }) =>
    (to === undefined) === (by === undefined)
      ? [{ path: 'to', message: 'Expected exactly one of to and by.', code: 'invalid' }]
      : [],
  output: TestClock,
  example: { by: 'PT24H' },
  async run(ctx, { to, by }) {
    if (ctx.workspace.mode !== 'test') throw notTest();
    const workspace = await getWorkspace(ctx.db, ctx.workspace.workspaceId);
    const now = workspace.testNow!;
    const target = to ?? now + by!;
    if (target < now) throw invalid('to', 'A test clock goes forwards only.', 'backwards');
    if (target > LAST_INSTANT) throw invalid(to === undefined ? 'by' : 'to', 'Expected an instant before 2200.');
    const handled = await ctx.services.advance(workspace, target);
    return { result: { now: iso(target), handled }, changes: new Changes(ctx.now) };
  },
});
