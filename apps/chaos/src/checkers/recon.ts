/**
 * RECON: units the database has as admitted are those it granted to clients, those that instances granted without it and told
 * it of, and of the statements whose outcome nobody knows some, none or all. Nothing else, and nothing less.
 */
import type { History, Statement } from '../history/record.js';

export interface ReconOptions {
  /** `counter.total` of each subject, when all is over. */
  readonly totals: ReadonlyMap<string, number>;
  /** Instances that ended without telling: killed. What they granted by themselves may be untold. */
  readonly killed?: ReadonlySet<string>;
}

export interface Recon {
  /** Units granted or told by statements the database has answered. */
  readonly acknowledged: number;
  /** Units of statements of unknown outcome. */
  readonly unknown: number;
  readonly total: number;
  /** Acknowledged and not there. */
  readonly lost: number;
  /** There, and asked for by nobody. */
  readonly surplus: number;
  /** Admitted in a client's eyes, without a grant of the database. */
  readonly phantom: number;
  /** Granted without the database and not told to it, by instances that ended in order. */
  readonly untold: number;
}

interface Sums {
  granted: number;
  debited: number;
  unknown: number;
  /** Of them, of debits. */
  unknownDebits: number;
  admitted: number;
  fallback: number;
  /** Of instances that ended in order. */
  owed: number;
}

export function checkRecon(history: Pick<History, 'calls' | 'statements'>, options: ReconOptions): Recon {
  const sums = sumUp(history, options);
  const recon = { acknowledged: 0, unknown: 0, total: 0, lost: 0, surplus: 0, phantom: 0, untold: 0 };
  for (const subject of new Set([...sums.keys(), ...options.totals.keys()])) {
    const one = sums.get(subject) ?? nothing();
    const total = options.totals.get(subject) ?? 0;
    const acknowledged = one.granted + one.debited;
    recon.acknowledged += acknowledged;
    recon.unknown += one.unknown;
    recon.total += total;
    recon.lost += Math.max(0, acknowledged - total);
    recon.surplus += Math.max(0, total - acknowledged - one.unknown);
    recon.phantom += Math.max(0, one.admitted - one.granted);
    recon.untold += Math.max(0, one.owed - one.debited - one.unknownDebits);
    recon.surplus += Math.max(0, one.debited - one.fallback);
  }
  return recon;
}

export function isReconciled({ lost, surplus, phantom, untold }: Recon): boolean {
  return lost + surplus + phantom + untold === 0;
}

function sumUp(
  { calls, statements }: Pick<History, 'calls' | 'statements'>,
  { killed }: ReconOptions,
): Map<string, Sums> {
  const sums = new Map<string, Sums>();
  const of = (subject: string): Sums => {
    let found = sums.get(subject);
    if (!found) {
      found = nothing();
      sums.set(subject, found);
    }
    return found;
  };
  for (const { allowed, mode, subject, cost, instance } of calls) {
    if (allowed !== true) continue;
    if (mode === 'enforced') of(subject).admitted += cost;
    if (mode !== 'fallback_allowed') continue;
    of(subject).fallback += cost;
    if (!killed?.has(instance)) of(subject).owed += cost;
  }
  for (const statement of statements) count(statement, of);
  return sums;
}

function count({ subjects, costs, calls, debit, answer }: Statement, of: (subject: string) => Sums): void {
  if (answer?.outcome === 'refused') return;
  for (const [i, subject] of subjects.entries()) {
    const cost = costs[i] as number;
    const sums = of(subject);
    if (answer?.outcome === 'answered') {
      const units = cost * (answer.granted[i] as number);
      if (debit) sums.debited += units;
      else sums.granted += units;
    } else {
      const units = cost * (calls[i] as number);
      sums.unknown += units;
      if (debit) sums.unknownDebits += units;
    }
  }
}

function nothing(): Sums {
  return { granted: 0, debited: 0, unknown: 0, unknownDebits: 0, admitted: 0, fallback: 0, owed: 0 };
}
