/** Generates docs/reliability.md. Every number in it comes from the results. */
import { fileURLToPath } from 'node:url';
import { documentText, settingsText } from '@rollgate/testing';
import { faultsText } from './print.js';
import type { Result, Results } from './results.js';

export const DOCUMENT = fileURLToPath(new URL('../../../../docs/reliability.md', import.meta.url));

const CHECKERS = `Every instance records each call as its caller saw it, and each statement as it was sent and answered. Five checkers examine these records:

- **SAFE**: on the database's clock, no real 60 s and no real hour contain more allowed units than the limit. If the window touches an outage, the bound is 1.5 times the limit. Where the database's clock jumps, a clock that was not stepped is used instead.
- **LIVE**: each denial by the database is justified by units in its window, which count for at most one second too long.
- **EXPLAINED**: each denial names the window that caused it and when to retry the call. The time is missing only if the cost of the call is above a limit.
- **RECON**: the database holds every acknowledged unit. Units of statements with unknown outcome may be present; no others may.
- **EVER**: each fault actually happened.

*over* counts units above the bound, and *lost* counts acknowledged units that the database does not have. *worst* is the longest call in ms, on a machine that the load, the instances and the database share.`;

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
    '## Results',
    table(experiments),
    ...(failed.length > 0 ? ['## What does not hold', list(failed.map(({ name, why }) => `**${name}**: ${why}`))] : []),
    '## Experiments',
    list(experiments.map(({ name, what }) => `**${name}**: ${what}.`)),
    ...(notes.length > 0 ? ['## Other measurements', list(notes.map((one) => `**${one.name}**: ${one.notes}.`))] : []),
    '## How it was run',
    surroundings(results),
  ];
  return documentText({ from: 'apps/chaos/results.json', by: 'apps/chaos/dist/write-reliability-doc.js', parts });
}

function introduction({ machine, versions, experiments }: Results): string {
  const held = experiments.filter(({ verdict }) => verdict === 'holds').length;
  const dates = experiments.map(({ date }) => date.slice(0, 10)).sort();
  const days = dates[0] === dates.at(-1) ? `on ${dates[0]}` : `from ${dates[0]} to ${dates.at(-1)}`;
  return `Run ${days} with \`npm run chaos\` on ${machine.cores} cores (${machine.cpu}), Postgres ${versions['postgres']}: ${held} of ${experiments.length} experiments hold. Three instances, each in its own process, send load to one durable database while faults are injected.`;
}

function table(experiments: readonly Result[]): string {
  const rows = experiments.map((one) =>
    [
      one.name,
      one.seed,
      one.seconds,
      faultsText(one.faults),
      one.calls.toLocaleString('en'),
      one.allowed.toLocaleString('en'),
      one.overLimit,
      one.lost,
      one.worstCallMs.toLocaleString('en'),
      VERDICTS[one.verdict],
    ].join(' | '),
  );
  return [
    '| experiment | seed | load, s | faults | calls | allowed | over | lost | worst | verdict |',
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
    `The run took ${Math.round(experiments.reduce((sum, { tookSeconds }) => sum + tookSeconds, 0) / 60)} minutes.`,
  ]);
}
