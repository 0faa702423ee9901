/**
 * RECON: the database holds every unit that it allowed and every unit that an instance allowed without it and then debited. After a
 * crash, it holds at least those whose callers were allowed: a grant is reported after its flush.
 * Units of statements with unknown outcome may be present. No other units may be.
 */
import type { History, Statement } from '../history/record.js';

export interface ReconOptions {
  /** `counter.total` of each subject at the end. */
  readonly totals: ReadonlyMap<string, number>;
  /** Instances that were killed, so that they may not have debited what they allowed without the database. */
  readonly killed?: ReadonlySet<string>;
  /** Whether the server crashed, which may lose grants that no caller has received. */
  readonly crashed?: boolean;
}

export interface Recon {
  /** Units allowed or debited by statements that the database answered; after a crash, units that callers were allowed. */
  readonly acknowledged: number;
  /** Units of statements with unknown outcome. */
  readonly unknown: number;
  readonly total: number;
  /** Acknowledged units that the database does not have. */
  readonly lost: number;
  /** Units in the database that no statement accounts for. */
  readonly surplus: number;
  /** Units that an instance allowed in enforced mode, but the database did not. */
  readonly phantom: number;
  /** Units allowed without the database and never debited, by instances that were not killed. */
  readonly undebited: number;
}

interface Sums {
  granted: number;
  debited: number;
  unknown: number;
  /** The part of `unknown` that belongs to debits. */
  unknownDebits: number;
  enforced: number;
  fallback: number;
  /** Units allowed without the database, by instances that were not killed. */
  owed: number;
}

export function checkRecon(history: Pick<History, 'calls' | 'statements'>, options: ReconOptions): Recon {
  const sums = sumUp(history, options);
  const recon = { acknowledged: 0, unknown: 0, total: 0, lost: 0, surplus: 0, phantom: 0, undebited: 0 };
  for (const subject of new Set([...sums.keys(), ...options.totals.keys()])) {
    const one = sums.get(subject) ?? nothing();
    const total = options.totals.get(subject) ?? 0;
    const answered = one.granted + one.debited;
    const acknowledged = options.crashed ? one.enforced + one.owed : answered;
    recon.acknowledged += acknowledged;
    recon.unknown += one.unknown;
    recon.total += total;
    recon.lost += Math.max(0, acknowledged - total);
    recon.surplus += Math.max(0, total - answered - one.unknown);
    recon.phantom += Math.max(0, one.enforced - one.granted);
    recon.undebited += Math.max(0, one.owed - one.debited - one.unknownDebits);
    recon.surplus += Math.max(0, one.debited - one.fallback);
  }
  return recon;
}

export function isReconciled({ lost, surplus, phantom, undebited }: Recon): boolean {
  return lost + surplus + phantom + undebited === 0;
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
    if (mode === 'enforced') of(subject).enforced += cost;
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
  return { granted: 0, debited: 0, unknown: 0, unknownDebits: 0, enforced: 0, fallback: 0, owed: 0 };
}
