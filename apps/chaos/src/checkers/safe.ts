/**
 * SAFE: no real minute and no real hour contains more allowed units than the limit, or than 1.5 times the limit if the window
 * touches an outage.
 *
 * If a window contains too many units, so does the window that ends at its last allowed call. It is therefore enough to check
 * the windows that end at an allowed call.
 */
import { bySubject, type CallRecord, type History } from '../history/record.js';

const WINDOW_MS = { minute: 60_000, hour: 3_600_000 } as const;
type Window = keyof typeof WINDOW_MS;

export interface SafeOptions {
  /** The limits of a subject, used if the database decided none of its calls. */
  readonly limits: { readonly perMinute: number; readonly perHour: number };
  /**
   * `database`: a call happens at the time of its decision. `machine`: it lasts from the call to the answer, on a clock that is
   * never stepped, and counts in a window only if all of it is inside.
   */
  readonly clock?: 'database' | 'machine';
  /** `true`: every window touches an outage, because the database's clock jumped. */
  readonly outage?: boolean;
}

export interface Overfull {
  readonly subject: string;
  readonly window: Window;
  readonly atMs: number;
  readonly units: number;
  readonly most: number;
}

interface AllowedCall {
  readonly from: number;
  readonly to: number;
  readonly cost: number;
  readonly outage: boolean;
  readonly limit: Record<Window, number>;
}

/** Every window with too many units, the largest excess first. */
export function checkSafe({ calls }: Pick<History, 'calls'>, options: SafeOptions): Overfull[] {
  const found: Overfull[] = [];
  for (const [subject, all] of bySubject(calls)) {
    const allowedCalls = all
      .filter(({ allowed, mode }) => allowed === true && mode !== 'shadow')
      .map(toAllowedCall(options, all));
    allowedCalls.sort((a, b) => a.to - b.to);
    for (const window of ['minute', 'hour'] as const)
      found.push(...overfull(allowedCalls, window).map((one) => ({ subject, window, ...one })));
  }
  return found.sort((a, b) => b.units - b.most - (a.units - a.most));
}

/** Units above the bound: the sum of the worst window of each subject. */
export function overLimit(found: readonly Overfull[]): number {
  const worst = new Map<string, number>();
  for (const { subject, units, most } of found) worst.set(subject, Math.max(worst.get(subject) ?? 0, units - most));
  return [...worst.values()].reduce((sum, units) => sum + units, 0);
}

function toAllowedCall({ limits, clock = 'database', outage = false }: SafeOptions, all: readonly CallRecord[]) {
  const enforced = all.filter(({ mode }) => mode === 'enforced');
  return (call: CallRecord): AllowedCall => {
    const fallback = call.mode === 'fallback_allowed';
    const from = clock === 'machine' ? call.startedAt : (call.decidedAtMs as number);
    const to = clock === 'machine' ? call.endedAt : from;
    // A decision without the database names the instance's share. The limit is that of the last decision by the database.
    const limitedBy = fallback ? enforced.findLast(({ endedAt }) => endedAt <= call.endedAt) : call;
    const limit = { minute: limitedBy?.perMinute ?? limits.perMinute, hour: limitedBy?.perHour ?? limits.perHour };
    return { from, to, cost: call.cost, outage: outage || fallback, limit };
  };
}

function overfull(calls: readonly AllowedCall[], window: Window): Omit<Overfull, 'subject' | 'window'>[] {
  const found: Omit<Overfull, 'subject' | 'window'>[] = [];
  for (const [i, last] of calls.entries()) {
    // The last of several calls at the same time covers all of them.
    if (calls[i + 1]?.to === last.to) continue;
    let units = 0;
    let outage = false;
    let limit = 0;
    for (let j = i; j >= 0; j--) {
      const one = calls[j] as AllowedCall;
      if (one.to <= last.to - WINDOW_MS[window]) break;
      if (one.from <= last.to - WINDOW_MS[window]) continue;
      units += one.cost;
      outage ||= one.outage;
      // The database compares all units with the current limit. An instance without it adds its share to units that were allowed
      // under earlier limits.
      if (one.to === last.to || last.outage) limit = Math.max(limit, one.limit[window]);
    }
    const most = outage ? Math.floor(limit * 1.5) : limit;
    if (units > most) found.push({ atMs: last.to, units, most });
  }
  return found;
}
