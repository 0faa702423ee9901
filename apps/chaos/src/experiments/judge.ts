/** Runs one experiment and applies the five checkers to its history. */
import { checkEver } from '../checkers/ever.js';
import { checkExplained } from '../checkers/explained.js';
import { checkLive } from '../checkers/live.js';
import { checkRecon, isReconciled, type Recon } from '../checkers/recon.js';
import { checkSafe, overLimit } from '../checkers/safe.js';
import { MissingError } from '../lab/packages.js';
import type { Result } from '../report/results.js';
import type { Experiment, Outcome, Setting } from './experiment.js';

export async function runExperiment(experiment: Experiment, setting: Setting): Promise<Result> {
  const { lab, seed } = setting;
  await lab.shared();
  const mark = lab.mark;
  const startedAt = performance.now();
  const about = {
    date: new Date().toISOString(),
    name: experiment.name,
    what: experiment.what,
    seed,
    seconds: setting.seconds,
  };
  try {
    const outcome = await experiment.run(setting);
    return { ...about, tookSeconds: since(startedAt), ...judge(outcome) };
  } catch (error) {
    const why =
      error instanceof MissingError ? error.message : `the experiment ended with an error: ${(error as Error).message}`;
    if (process.env['ROLLGATE_TRACE'] !== undefined) console.error(error);
    const nothing = { calls: 0, allowed: 0, overLimit: 0, unjustified: 0, lost: 0, worstCallMs: 0, faults: {} };
    const verdict = error instanceof MissingError ? 'skipped' : 'failed';
    return { ...about, tookSeconds: since(startedAt), ...nothing, verdict, why, notes: '' };
  } finally {
    await lab.endSince(mark);
  }
}

type Judgement = Omit<Result, 'date' | 'name' | 'what' | 'seed' | 'seconds' | 'tookSeconds'>;

function judge(outcome: Outcome): Judgement {
  const { history, faults, safe, totals, killed, crashed, claims = [], mayLose = 0, notes = [], uncounted } = outcome;
  const overfull = checkSafe(history, safe);
  const over = overLimit(overfull);
  const unjustified = checkLive(history);
  const unexplained = checkExplained(history);
  const recon =
    totals === undefined
      ? undefined
      : checkRecon(history, { totals, ...(killed ? { killed } : {}), ...(crashed ? { crashed } : {}) });
  const why = [
    ...(over > mayLose ? [`SAFE: ${over} units above the bound, e.g. ${JSON.stringify(overfull[0])}`] : []),
    ...(unjustified.length > 0
      ? [`LIVE: ${unjustified.length} denials without a cause, e.g. ${JSON.stringify(unjustified[0])}`]
      : []),
    ...(unexplained.length > 0
      ? [`EXPLAINED: ${unexplained.length} denials without a window or a time, e.g. ${JSON.stringify(unexplained[0])}`]
      : []),
    ...(recon === undefined ? [] : reconComplaints(recon, mayLose)),
    ...checkEver(faults).map((name) => `EVER: did not happen: ${name}`),
    ...claims.filter(({ holds }) => !holds).map(({ what }) => `does not hold: ${what}`),
  ];
  const calls = history.calls;
  return {
    calls: calls.length + (uncounted?.calls ?? 0),
    allowed: calls.filter(({ allowed }) => allowed === true).length + (uncounted?.allowed ?? 0),
    overLimit: over,
    unjustified: unjustified.length,
    lost: recon?.lost ?? 0,
    worstCallMs: Math.round(
      calls.reduce((worst, { startedAt, endedAt }) => Math.max(worst, endedAt - startedAt), uncounted?.worstMs ?? 0),
    ),
    faults,
    verdict: why.length === 0 ? 'holds' : 'failed',
    why: why.join('; '),
    notes: [...notes, ...(recon && recon.unknown > 0 ? [`units with unknown outcome: ${recon.unknown}`] : [])].join(
      '; ',
    ),
  };
}

function reconComplaints(recon: Recon, mayLose: number): string[] {
  const { lost, ...rest } = recon;
  if (lost <= mayLose && isReconciled({ ...rest, lost: 0 })) return [];
  return [`RECON: ${JSON.stringify(recon)}`];
}

function since(startedAt: number): number {
  return Math.round((performance.now() - startedAt) / 100) / 10;
}
