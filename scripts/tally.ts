/** Reads tap's output line by line: counts tests, shows one line for each file and, of what failed, everything. */

export interface Tally {
  /** Tests: subtests without subtests of their own, and files that only assert. */
  passed: number;
  failed: number;
  read(line: string): void;
}

interface Frame {
  depth: number;
  name: string;
  /** Tests inside that were counted. */
  counted: number;
  failed: number;
}

const SUBTEST = /^( *)# Subtest: (.*)$/;
const RESULT = /^( *)(not )?ok \d+(?: - (.*?))?(?: # (SKIP|TODO|time=([\d.]+)m?s).*)?$/i;

export function createTally(show: (line: string) => void): Tally {
  const open: Frame[] = [];
  /** What the file at hand wrote, without what passed. */
  let kept: string[] = [];
  /** The details below a failed line are told once: at the assertion, not at the tests around it. */
  let details: { indent: string; begun: boolean } | null = null;

  const tally: Tally = { passed: 0, failed: 0, read };
  return tally;

  function read(line: string): void {
    if (details !== null) {
      const { indent, begun } = details;
      if (begun || line === `${indent}---`) {
        details = line === `${indent}...` ? null : { indent, begun: true };
        return;
      }
      details = null;
    }
    const subtest = SUBTEST.exec(line);
    if (subtest !== null) {
      open.push({ depth: subtest[1]!.length / 4, name: subtest[2]!, counted: 0, failed: 0 });
      return;
    }
    const result = RESULT.exec(line);
    if (result === null) {
      if (open.length > 0 && !/^\s*(\d+\.\.\d+.*|# time=.*)?$/.test(line)) kept.push(line);
      return;
    }
    const depth = result[1]!.length / 4;
    const ok = result[2] === undefined || /todo/i.test(result[4] ?? '');
    const frame = open.at(-1);
    if (frame?.depth !== depth) {
      if (!ok) kept.push(`${result[1]}✖ ${result[3] ?? 'unnamed'}`);
      return;
    }
    open.pop();
    close(frame, ok, /skip|todo/i.test(result[4] ?? ''));
    if (!ok) details = { indent: `${result[1]}  `, begun: false };
    if (depth === 0) showFile(frame, ok, result[5]);
  }

  /** A test with tests inside counts by itself only when it failed though none of them did. */
  function close(frame: Frame, ok: boolean, left: boolean): void {
    if (left) return;
    if (frame.counted === 0 || (!ok && frame.failed === 0)) {
      frame.counted += 1;
      if (ok) tally.passed += 1;
      else {
        tally.failed += 1;
        frame.failed += 1;
        kept.push(`${'    '.repeat(frame.depth)}✖ ${frame.name}`);
      }
    }
    const parent = open.at(-1);
    if (parent === undefined) return;
    parent.counted += frame.counted;
    parent.failed += frame.failed;
  }

  function showFile(frame: Frame, ok: boolean, milliseconds: string | undefined): void {
    const tests = `${frame.counted} ${frame.counted === 1 ? 'test' : 'tests'}`;
    const time = milliseconds === undefined ? '' : `, ${(Number(milliseconds) / 1000).toFixed(1)} s`;
    show(`${ok ? '✔' : '✖'} ${frame.name} (${tests}${frame.failed > 0 ? `, ${frame.failed} failed` : ''}${time})`);
    if (!ok) for (const line of kept) show(line);
    kept = [];
  }
}
