/**
 * SAFE: no real minute and no real hour holds more admitted units than the limit; where it touches an outage, one and a
 * half times as many.
 *
 * A window that is too full has a call that made it so: it is enough to look at the window that each admitted call ends.
 */
import { bySubject, type CallRecord, type History } from '../history/record.js';

const WINDOW_MS = { minute: 60_000, hour: 3_600_000 } as const;
type Window = keyof typeof WINDOW_MS;

export interface SafeOptions {
  /** The limits of a subject where no call of it was decided by the database. */
  readonly limits: { readonly perMinute: number; readonly perHour: number };
  /**
   * `database`: the instant of the decision. `machine`: from the question to the answer, on a clock that nobody steps; only
   * calls that lie in a window as a whole are counted in it.
   */
  readonly clock?: 'database' | 'machine';
  /** Every window touches an outage: of the database's clock, not of the database. */
  readonly outage?: boolean;
}

export interface Overfull {
  readonly subject: string;
  readonly window: Window;
  readonly atMs: number;
  readonly units: number;
  readonly most: number;
}

interface Admitted {
  readonly from: number;
  readonly to: number;
  readonly cost: number;
  readonly outage: boolean;
  readonly limit: Record<Window, number>;
}

/** Every window that holds too much, the fullest of each subject first. */
export function checkSafe({ calls }: Pick<History, 'calls'>, options: SafeOptions): Overfull[] {
  const found: Overfull[] = [];
  for (const [subject, all] of bySubject(calls)) {
    const admitted = all
      .filter(({ allowed, mode }) => allowed === true && mode !== 'shadow')
      .map(admission(options, all));
    admitted.sort((a, b) => a.to - b.to);
    for (const window of ['minute', 'hour'] as const)
      found.push(...overfull(admitted, window).map((one) => ({ subject, window, ...one })));
  }
  return found.sort((a, b) => b.units - b.most - (a.units - a.most));
}

/** Units above the bound, summed over subjects: of each its worst window. */
export function overAdmitted(found: readonly Overfull[]): number {
  const worst = new Map<string, number>();
  for (const { subject, units, most } of found) worst.set(subject, Math.max(worst.get(subject) ?? 0, units - most));
  return [...worst.values()].reduce((sum, units) => sum + units, 0);
}

function admission({ limits, clock = 'database', outage = false }: SafeOptions, all: readonly CallRecord[]) {
  const enforced = all.filter(({ mode }) => mode === 'enforced');
  return (call: CallRecord): Admitted => {
    const fallback = call.mode === 'fallback_allowed';
    const from = clock === 'machine' ? call.askedAt : (call.decidedAtMs as number);
    const to = clock === 'machine' ? call.endedAt : from;
    // An instance's own part says nothing of the whole: the last limit the database decided by does.
    const told = fallback ? enforced.findLast(({ endedAt }) => endedAt <= call.endedAt) : call;
    const limit = { minute: told?.perMinute ?? limits.perMinute, hour: told?.perHour ?? limits.perHour };
    return { from, to, cost: call.cost, outage: outage || fallback, limit };
  };
}

function overfull(admitted: readonly Admitted[], window: Window): Omit<Overfull, 'subject' | 'window'>[] {
  const found: Omit<Overfull, 'subject' | 'window'>[] = [];
  for (const [i, last] of admitted.entries()) {
    // Of calls at one instant the last one sees them all.
    if (admitted[i + 1]?.to === last.to) continue;
    let units = 0;
    let outage = false;
    let limit = 0;
    for (let j = i; j >= 0; j--) {
      const one = admitted[j] as Admitted;
      if (one.to <= last.to - WINDOW_MS[window]) break;
      if (one.from <= last.to - WINDOW_MS[window]) continue;
      units += one.cost;
      outage ||= one.outage;
      // The database holds what is there against the limit of now; an instance alone adds to what was granted under limits before.
      if (one.to === last.to || last.outage) limit = Math.max(limit, one.limit[window]);
    }
    const most = outage ? Math.floor(limit * 1.5) : limit;
    if (units > most) found.push({ atMs: last.to, units, most });
  }
  return found;
}
