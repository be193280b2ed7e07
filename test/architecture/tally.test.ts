/** The last line of `npm test` counts tests, whatever their files print between. */

import t from 'tap';
import { createTally } from '../../scripts/tally.ts';

function tallyOf(text: string) {
  const shown: string[] = [];
  const tally = createTally((line) => shown.push(line));
  for (const line of text.split('\n')) tally.read(line);
  return { passed: tally.passed, failed: tally.failed, shown };
}

t.test('a test is a subtest without subtests', async (t) => {
  const output = `TAP version 14
# Subtest: test/a.test.ts
    # Subtest: outer
        # Subtest: first
            ok 1 - should be equal
            1..1
        ok 1 - first # time=1.5ms

printed by a test
        # Subtest: second
            not ok 1 - one is two
              ---
              diff: |
                -2
                +1
              ...

            1..1
        not ok 2 - second # time=0.8ms
          ---
          at:
            fileName: test/a.test.ts
          ...

        1..2
    not ok 1 - outer # time=25ms
      ---
      at:
        fileName: test/a.test.ts
      ...

    ok 2 - later # TODO
    ok 3 - elsewhere # SKIP
    1..3
not ok 1 - test/a.test.ts # time=42ms
  ---
  exitCode: 1
  ...
1..1`;
  const { passed, failed, shown } = tallyOf(output);
  t.same({ passed, failed }, { passed: 1, failed: 1 });
  t.equal(shown[0], '✖ test/a.test.ts (2 tests, 1 failed, 0.0 s)');
  t.match(shown.join('\n'), /printed by a test.*✖ one is two.*-2.*✖ second/s);
  t.notMatch(shown.join('\n'), /fileName|exitCode/, 'told once, where it failed');
});

t.test('a file that only asserts is one test', async (t) => {
  t.match(tallyOf('# Subtest: b.ts\n    ok 1 - a\n    ok 2 - b\n    1..2\nok 1 - b.ts # time=5ms'), {
    passed: 1,
    failed: 0,
  });
});

t.test('a file that breaks outside of its tests is a failure', async (t) => {
  t.match(tallyOf('# Subtest: c.ts\n    1..0 # no tests found\nnot ok 1 - c.ts # time=2ms'), { passed: 0, failed: 1 });
  const late =
    '# Subtest: d.ts\n    # Subtest: fine\n        ok 1 - a\n        1..1\n    ok 1 - fine # time=1ms\n    1..1\nnot ok 1 - d.ts # time=2ms';
  t.match(tallyOf(late), { passed: 1, failed: 1 });
});
