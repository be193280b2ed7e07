/** An event log in CSV (case, activity, time) read by a map into tickets with their past, as the import takes them. */

import { createReadStream, readFileSync } from 'node:fs';
import { parse } from 'csv-parse';
import { Temporal } from 'temporal-polyfill';
import { z } from 'zod';

const zActivity = z.strictObject({
  /** What happened, as in agent_reply; nothing but the status when left out. */
  event: z.string().optional(),
  /** The status category the ticket has from then on; said only where it changes. */
  status: z.string().optional(),
});

const zMap = z.strictObject({
  about: z.string().optional(),
  columns: z.strictObject({ case: z.string(), activity: z.string(), at: z.string() }),
  /** IANA; for times that say no offset. */
  zone: z.string().default('UTC'),
  /** Added to every time, hours and below: -PT6H. */
  shift: z.string().default('PT0S'),
  /** The name under which the case's number is known, so that a second run imports nothing twice. */
  system: z.string(),
  /** What every ticket says; {case} stands for the case. */
  ticket: z.looseObject({ subject: z.string(), kind: z.string(), channel: z.string() }),
  /** By the activity's name; * is every other one. */
  activities: z.record(z.string(), zActivity),
});

export type LogMap = z.output<typeof zMap>;

/** Throws an Error that says in one line what is wrong with the map. */
export function readMap(file: string): LogMap {
  try {
    const map = zMap.parse(JSON.parse(readFileSync(file, 'utf8')));
    Temporal.Duration.from(map.shift);
    return map;
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error).replaceAll('\n', ' ') : (error as Error).message;
    throw new Error(`The map ${file} cannot be used: ${why}`);
  }
}

interface Entry {
  activity: string;
  /** RFC 3339. */
  at: string;
}

export interface PastTicket {
  externalIds: Record<string, string>;
  subject: string;
  events: { at: string; type: string; status?: string }[];
}

export interface Log {
  tickets: PastTicket[];
  entries: number;
  /** RFC 3339: the first and the last entry; empty for an empty log. */
  first: string;
  last: string;
}

/** The whole log in memory: a case is complete only at its end. */
export async function readLog(file: string, map: LogMap): Promise<Log> {
  const cases = new Map<string, Entry[]>();
  const { columns } = map;
  const instantOf = clockOf(map);
  let entries = 0;
  let first = '';
  let last = '';
  const rows = createReadStream(file).pipe(parse({ columns: true, bom: true, skip_empty_lines: true, trim: true }));
  for await (const row of rows as AsyncIterable<Record<string, string>>) {
    entries += 1;
    const [id, activity, time] = [row[columns.case], row[columns.activity], row[columns.at]];
    if (!id || !activity || !time) {
      const there = Object.keys(row).join(', ');
      throw new Error(`Row ${entries} lacks ${Object.values(columns).join(', ')} or one of them; there are ${there}.`);
    }
    const at = instantOf(time, entries);
    if (first === '' || at < first) first = at;
    if (at > last) last = at;
    const list = cases.get(id);
    if (list === undefined) cases.set(id, [{ activity, at }]);
    else list.push({ activity, at });
  }
  return { tickets: [...cases].map(([id, list]) => ticketOf(id, list, map)), entries, first, last };
}

function clockOf({ zone, shift }: LogMap): (text: string, row: number) => string {
  const later = Temporal.Duration.from(shift);
  return (text, row) => {
    try {
      const plain = text.replace(' ', 'T');
      const instant = /(Z|[+-]\d\d:?\d\d)$/i.test(plain)
        ? Temporal.Instant.from(plain)
        : Temporal.PlainDateTime.from(plain).toZonedDateTime(zone).toInstant();
      return instant.add(later).toString({ smallestUnit: 'second' });
    } catch (error) {
      throw new Error(`The time of row ${row}, ${text}, cannot be read: ${(error as Error).message}`);
    }
  };
}

/** The first entry creates the case, whatever else it is. */
function ticketOf(id: string, list: Entry[], map: LogMap): PastTicket {
  const inOrder = list.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  const events: PastTicket['events'] = [{ at: inOrder[0]!.at, type: 'created' }];
  let status = 'new';
  inOrder.forEach(({ activity, at }, index) => {
    const meant = map.activities[activity] ?? map.activities['*'] ?? {};
    if (meant.status !== undefined && meant.status !== status) {
      status = meant.status;
      events.push({ at, type: 'status_changed', status });
    }
    // That a case was made needs no note beside it.
    if (meant.event !== undefined && (index > 0 || meant.event !== 'internal_note')) {
      events.push({ at, type: meant.event });
    }
  });
  const said = Object.entries(map.ticket).map(([name, value]) => [
    name,
    typeof value === 'string' ? value.replaceAll('{case}', id) : value,
  ]);
  return { ...Object.fromEntries(said), externalIds: { [map.system]: id }, events };
}
