/**
 * How many attempts go on at once, and to whom: those who answer quickly never wait for those who do not. A host is as good
 * as its last attempts; nothing is known of one that was not tried yet. An attempt that takes long makes its host slow there
 * and then, and counts among the slow ones from then on: hosts that fall silent together hold the others up for that long,
 * once. A host that takes nothing is tried now and then, however much waits for it.
 */

export type Pace = 'quick' | 'new' | 'slow';

/** An attempt that takes longer makes its host slow. */
export const QUICK_MS = 2000;

/** To one host: a few where it is known to answer. */
const MOST_PER_HOST: Record<Pace, number> = { quick: 4, new: 1, slow: 1 };
/** To all hosts that are quick or new; half of it where they are new. */
const MOST_QUICK = 32;
const MOST_NEW = 16;
const MOST_SLOW = 16;
/** Who has failed so often in a row rests after each further failure. */
const FAILURES = 5;
const REST_MS = 1000;
/** Hosts that are remembered; the one tried longest ago is forgotten first. */
const MOST_KNOWN = 10_000;

export interface Share {
  host: string;
  /** Attempts that may begin now. */
  room: number;
}

/** How an attempt went. */
export interface Outcome {
  quick: boolean;
  /** The receiver took it. */
  taken: boolean;
}

interface Known {
  pace: Exclude<Pace, 'new'>;
  /** In a row. */
  failures: number;
  endedAt: number;
}

export class Lanes {
  readonly #restMs: number;
  readonly #clock: () => number;
  readonly #known = new Map<string, Known>();
  readonly #underway = new Map<string, number>();

  /** `restMs` 0: nobody rests, for who waits until all is sent. */
  constructor(restMs = REST_MS, clock = () => performance.now()) {
    this.#restMs = restMs;
    this.#clock = clock;
  }

  /** What may begin now, in the order of the hosts; those without room are left out. */
  share(hosts: readonly string[]): Share[] {
    const underway: Record<Pace, number> = { quick: 0, new: 0, slow: 0 };
    for (const [host, count] of this.#underway) underway[this.paceOf(host)] += count;
    let quick = MOST_QUICK - underway.quick - underway.new;
    const left = { new: MOST_NEW - underway.new, slow: MOST_SLOW - underway.slow };
    const shares: Share[] = [];
    for (const host of hosts) {
      const pace = this.paceOf(host);
      const most = pace === 'quick' ? quick : pace === 'new' ? Math.min(quick, left.new) : left.slow;
      const room = Math.min(this.#roomOf(host, pace), most);
      if (room <= 0) continue;
      shares.push({ host, room });
      if (pace !== 'slow') quick -= room;
      if (pace !== 'quick') left[pace] -= room;
    }
    return shares;
  }

  #roomOf(host: string, pace: Pace): number {
    const underway = this.#underway.get(host) ?? 0;
    const known = this.#known.get(host);
    if (this.#restMs === 0 || known === undefined || known.failures < FAILURES) return MOST_PER_HOST[pace] - underway;
    return this.#clock() < known.endedAt + this.#restMs ? 0 : 1 - underway;
  }

  paceOf(host: string): Pace {
    return this.#known.get(host)?.pace ?? 'new';
  }

  begin(host: string): void {
    this.#underway.set(host, (this.#underway.get(host) ?? 0) + 1);
  }

  /** An attempt takes long. */
  slow(host: string): void {
    this.#remember(host, 'slow', this.#known.get(host)?.failures ?? 0);
  }

  /** `outcome` is null when the host was not asked. */
  end(host: string, outcome: Outcome | null): void {
    const left = this.#underway.get(host)! - 1;
    if (left > 0) this.#underway.set(host, left);
    else this.#underway.delete(host);
    if (outcome === null) return;
    const failures = outcome.taken ? 0 : (this.#known.get(host)?.failures ?? 0) + 1;
    this.#remember(host, outcome.quick ? 'quick' : 'slow', failures);
  }

  #remember(host: string, pace: Known['pace'], failures: number): void {
    this.#known.delete(host);
    this.#known.set(host, { pace, failures, endedAt: this.#clock() });
    if (this.#known.size > MOST_KNOWN) this.#known.delete(this.#known.keys().next().value!);
  }
}
