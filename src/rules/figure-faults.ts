/** What can be wrong with the definition of a figure: fields that are missing, or do not go with what it is of. */

import { type Faults, fault } from './faults.ts';
import type { FigureDefinition } from './figures.ts';
import { parseWindow } from './windows.ts';

type Field = 'activities' | 'by' | 'window' | 'key' | 'kinds' | 'words';

const FIELDS: readonly Field[] = ['activities', 'by', 'window', 'key', 'kinds', 'words'];

/** The fields of each. */
const OF: Record<FigureDefinition['of'], Partial<Record<Field, 'required' | 'optional'>>> = {
  amount: { activities: 'required', window: 'required' },
  count: { activities: 'required', window: 'required' },
  growth: { by: 'required', activities: 'required', window: 'required' },
  months: {},
  given: { key: 'required' },
  satisfaction: { window: 'required' },
  low_scores: { window: 'required' },
  tickets: { kinds: 'optional', words: 'optional', window: 'required' },
};

/** Adds what is wrong with a figure of the right shape, by the path of its field below `path`. */
export function figureFaults(faults: Faults, path: string, figure: FigureDefinition): void {
  const said = figure as { of: FigureDefinition['of'] } & Partial<Record<Field, unknown>>;
  for (const field of FIELDS) {
    const wanted = OF[said.of][field];
    if (said[field] === undefined) {
      if (wanted === 'required') fault(faults, `${path}.${field}`, `A figure of ${said.of} needs it.`, 'required');
    } else if (wanted === undefined) fault(faults, `${path}.${field}`, `A figure of ${said.of} has none.`);
  }
  if (typeof said.window === 'string' && OF[said.of].window !== undefined && parseWindow(said.window) === null) {
    fault(faults, `${path}.window`, 'Expected years, months or days such as P1Y, P12M or P90D, at most ten years.');
  }
}
