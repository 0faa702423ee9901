/** docs/reliability.md, every number of which is in the results. */
import { fileURLToPath } from 'node:url';
import { documentText, settingsText } from '@rollgate/testing';
import { faultsText } from './print.js';
import type { Result, Results } from './results.js';

export const DOCUMENT = fileURLToPath(new URL('../../../../docs/reliability.md', import.meta.url));

const CHECKERS = `Five checkers go through what every instance wrote down, each call as its caller saw it and each statement as it was sent and answered:

- **SAFE**: no real 60 s and no real hour, on the database's clock, holds more admitted units than the limit; where it touches an outage, one and a half times as many. Where that clock jumps, a clock that nobody stepped is the judge.
- **LIVE**: each denial by the database is justified by units in its window, one second late at most.
- **EXPLAINED**: each denial names the window that denies it, and says when the call may be tried again, unless its cost alone is above a limit.
- **RECON**: the units the database has are those it acknowledged, and of statements of unknown outcome some, none or all. Nothing else, nothing less.
- **EVER**: each fault truly happened.

*over* counts units above the bound, *lost* units that were acknowledged and then were not there. *worst* is the longest call, in ms, on a machine that the load, the instances and the database share.`;

const VERDICTS: Readonly<Record<Result['verdict'], string>> = {
  holds: 'holds',
  failed: '**fails**',
  skipped: 'skipped',
};

export function reliabilityDocument(results: Results): string {
  const { experiments } = results;
  const failed = experiments.filter(({ why }) => why !== '');
  const notes = experiments.filter((one) => one.notes !== '');
  const parts = [
    '# Reliability',
    introduction(results),
    CHECKERS,
    '## What was found',
    table(experiments),
    ...(failed.length > 0 ? ['## What does not hold', list(failed.map(({ name, why }) => `**${name}**: ${why}`))] : []),
    '## What was done',
    list(experiments.map(({ name, what }) => `**${name}**: ${what}.`)),
    ...(notes.length > 0 ? ['## Measured besides', list(notes.map((one) => `**${one.name}**: ${one.notes}.`))] : []),
    '## How it was run',
    surroundings(results),
  ];
  return documentText({ from: 'apps/chaos/results.json', by: 'apps/chaos/dist/write-reliability-doc.js', parts });
}

function introduction({ machine, versions, experiments }: Results): string {
  const held = experiments.filter(({ verdict }) => verdict === 'holds').length;
  const dates = experiments.map(({ date }) => date.slice(0, 10)).sort();
  const days = dates[0] === dates.at(-1) ? `on ${dates[0]}` : `from ${dates[0]} to ${dates.at(-1)}`;
  return `Run ${days} with \`npm run chaos\` on ${machine.cores} cores (${machine.cpu}), Postgres ${versions['postgres']}: ${held} of ${experiments.length} experiments hold. Three instances, each a process of its own, put load on one durable database while one thing after another breaks.`;
}

function table(experiments: readonly Result[]): string {
  const rows = experiments.map((one) =>
    [
      one.name,
      one.seed,
      one.seconds,
      faultsText(one.faults),
      one.calls.toLocaleString('en'),
      one.admitted.toLocaleString('en'),
      one.overAdmissions,
      one.lost,
      one.worstCallMs.toLocaleString('en'),
      VERDICTS[one.verdict],
    ].join(' | '),
  );
  return [
    '| experiment | seed | load, s | faults seen | calls | admitted | over | lost | worst | verdict |',
    '|---|--:|--:|---|--:|--:|--:|--:|--:|---|',
    ...rows.map((row) => `| ${row} |`),
  ].join('\n');
}

function list(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join('\n');
}

function surroundings({ machine, versions, settings, experiments }: Results): string {
  return list([
    `Machine: ${machine.cpu}, ${machine.cores} cores, ${machine.system}; Node ${versions['node']}.`,
    `Postgres: ${settingsText(settings)}.`,
    `It took ${Math.round(experiments.reduce((sum, { tookSeconds }) => sum + tookSeconds, 0) / 60)} min.`,
  ]);
}
