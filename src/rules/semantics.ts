/** The table of semantics: every option with its values, the defaults, and the presets that name bundles of them. */

import { type Faults, fault, isKnown, isList } from './faults.ts';

/** The categories every status, also a workspace's own, belongs to. */
export const STATUS_CATEGORIES = ['new', 'open', 'pending', 'on_hold', 'solved', 'closed'] as const;
export type StatusCategory = (typeof STATUS_CATEGORIES)[number];

/** option -> its values, the default first. */
export const SEMANTICS_OPTIONS = {
  /** Time while solved does not count; counts as if the clock had never stopped; or resolution begins its next cycle. */
  onReopen: ['resume', 'count', 'restart'],
  /** Another tier, priority, kind, policy or calendar holds for the whole history, or from the change on. */
  onChange: ['recompute', 'fromChange'],
  /** What a pause does to the due time: it waits in open time, moves by wall time, or is only hidden. */
  hold: ['business', 'wall', 'hideDue'],
  createdByAgent: ['expectsResponse', 'noResponse'],
  /** Whether the message that created the ticket also opens a next-response cycle. */
  nextResponseIncludesFirst: [false, true],
  /** A list of these; `public_reply` is always in it. Setting one of the categories counts as the first response. */
  firstResponseBy: ['public_reply', ...STATUS_CATEGORIES],
  /** Time used up exactly at a closing is due at that closing, or at the next opening. */
  atClosing: ['closing', 'next_opening'],
  /** `minute`: the instants of events are cut to the minute before the fold. */
  granularity: ['second', 'minute'],
} as const;

type Options = typeof SEMANTICS_OPTIONS;
type Option = keyof Options;

export type Semantics = { readonly [O in Exclude<Option, 'firstResponseBy'>]: Options[O][number] } & {
  readonly firstResponseBy: readonly Options['firstResponseBy'][number][];
};

/** A preset and options of the table; an option said here comes before what the preset says. */
export interface SemanticsDefinition {
  preset?: string | undefined;
  onReopen?: string | undefined;
  onChange?: string | undefined;
  hold?: string | undefined;
  createdByAgent?: string | undefined;
  nextResponseIncludesFirst?: boolean | undefined;
  firstResponseBy?: readonly string[] | undefined;
  atClosing?: string | undefined;
  granularity?: string | undefined;
}

export const DEFAULT_SEMANTICS: Semantics = {
  onReopen: 'resume',
  onChange: 'recompute',
  hold: 'business',
  createdByAgent: 'expectsResponse',
  nextResponseIncludesFirst: false,
  firstResponseBy: ['public_reply'],
  atClosing: 'closing',
  granularity: 'second',
};

/** The presets that are shipped. They set options only; which statuses pause is said by each objective's `pausesOn`. */
export const PRESETS: Readonly<Record<string, { readonly does: string; readonly options: Partial<Semantics> }>> = {
  tierdesk: {
    does: 'The defaults: a pause waits in open time, a reopening resumes, a change recomputes the whole history, seconds count.',
    options: {},
  },
  zendesk: {
    does:
      'For teams that know Zendesk: times are told in whole minutes, so events are cut to the minute. The defaults do the ' +
      'rest: time while solved does not count, the first message opens no next-reply clock, a ticket an agent opens waits ' +
      'for a public reply. What pauses there by metric (pending, for the requester wait time) is said by pausesOn here.',
    options: { granularity: 'minute' },
  },
  zammad: {
    does:
      'For teams that know Zammad: the time between customer and agent (next_response) is also measured for the message ' +
      'that opened the ticket. The defaults do the rest: time in states that do not escalate waits in open time, and ' +
      'another SLA or calendar holds for the whole history. Those states are said by pausesOn here.',
    options: { nextResponseIncludesFirst: true },
  },
  glpi: {
    does:
      'For teams that know GLPI: time to own ends when the ticket is assigned, so a status of the category open counts as ' +
      'the first response. The defaults do the rest: pending postpones what is due, and another SLA is played over the ' +
      'whole history. That a public reply does not own a ticket there cannot be imitated.',
    options: { firstResponseBy: ['public_reply', 'open'] },
  },
  rt: {
    does:
      'For teams that know Request Tracker: an ignored status (pausesOn here) hides the due date and does not move it, as ' +
      'without ExcludeTimeOnIgnoredStatuses, and time resolved counts, for a deadline is never moved. Response is ' +
      'first_response and next_response here, KeepInLoop is update. That a change of SLA counts from the last action, and ' +
      'OutOfHours, cannot be imitated.',
    options: { hold: 'hideDue', onReopen: 'count' },
  },
  erpnext: {
    does:
      'For teams that know ERPNext: on hold nothing is due, and afterwards due times are later by the time held, also where ' +
      'that falls outside support hours. Which statuses hold is said by pausesOn here. The defaults do the rest: a ' +
      'reopening resumes. Resetting an agreement by hand cannot be imitated.',
    options: { hold: 'wall' },
  },
  servicenow: {
    does:
      'For teams that know ServiceNow: a reopened task gets a new SLA, so resolution begins its next cycle. The defaults do ' +
      'the rest: pauses wait in the schedule, and another SLA counts from the creation, as with retroactive start and ' +
      'pause there. An SLA that starts afresh when a priority changes, and conditions of its own, cannot be imitated.',
    options: { onReopen: 'restart' },
  },
};

/** Defaults, over them the preset, over that what is said. Faults are collected; what is faulty keeps its default. */
export function compileSemantics(definition: SemanticsDefinition, path: string, faults: Faults): Semantics {
  const { preset, ...said } = definition;
  const chosen: Record<string, unknown> = {
    ...DEFAULT_SEMANTICS,
    ...presetOptions(preset, `${path}.preset`, faults),
  };
  for (const [option, value] of Object.entries(said)) {
    if (value === undefined) continue;
    const at = `${path}.${option}`;
    if (!Object.hasOwn(SEMANTICS_OPTIONS, option)) {
      fault(faults, at, `There is no option ${option}.`, 'unknown_option');
    } else if (option === 'firstResponseBy') {
      const known = isList(faults, at, value) && value.every((one, i) => isKnown(faults, `${at}.${i}`, one, FIRST));
      if (known) chosen[option] = [...new Set(['public_reply', ...(value as string[])])];
    } else if (isKnown(faults, at, value, SEMANTICS_OPTIONS[option as Option])) {
      chosen[option] = value;
    }
  }
  return chosen as unknown as Semantics;
}

const FIRST = SEMANTICS_OPTIONS.firstResponseBy;

function presetOptions(preset: string | undefined, path: string, faults: Faults): Partial<Semantics> {
  if (preset === undefined) return {};
  if (Object.hasOwn(PRESETS, preset)) return PRESETS[preset]!.options;
  const shipped = Object.keys(PRESETS).join(', ');
  fault(faults, path, `There is no preset ${preset}; shipped are ${shipped}.`, 'unknown_preset');
  return {};
}
