/** Generates docs/performance.md. Every number in it comes from the results. */
import { documentText, settingsText } from '@rollgate/testing';
import type { Summary } from '../load/statistics.js';
import { describeReach, GOALS, isReached } from './goals.js';
import { rounded, spreadText, valueText } from './numbers.js';
import { bar } from './print.js';
import type { Column, Results, SectionResult, Table } from './results.js';

const QUICK =
  '**This was a quick run, which shows that the benchmark works, not how fast Rollgate is. The growth ratios compare the smallest and ' +
  'the largest table of the quick run, which are smaller than those of a full run.**';

export function performanceDocument(results: Results): string {
  const parts = [
    '# Performance',
    ...(results.quick ? [QUICK] : []),
    introduction(results),
    '## Goals',
    ratioTable(results),
    ...Object.values(results.sections).flatMap(sectionParts),
    '## How it was run',
    surroundings(results),
  ];
  return documentText({ from: 'apps/bench/results.json', by: 'apps/bench/dist/write-performance-doc.js', parts });
}

function introduction({ date, command, machine, versions, settings, quick }: Results): string {
  return [
    `Measured on ${date.slice(0, 10)} with \`${command}\` on ${machine.cores} cores (${machine.cpu}), shared by the load generator, Postgres ` +
      `${versions['postgres'] ?? ''} and Redis ${versions['redis'] ?? ''}.`,
    `All contenders take turns in one run: ${quick ? 'up to ' : ''}${settings.rounds} rounds, ${rounded(settings.seconds)} s each after ${rounded(settings.warmUpSeconds)} s of warm-up, ` +
      'each in a new process.',
    'Each number is the median of the rounds, followed by the minimum and maximum. Ratios are taken within each round.',
    `Unless stated otherwise, calls go to ${settings.subjects.toLocaleString('en')} subjects of ${settings.accounts.toLocaleString('en')} accounts.`,
  ].join('\n');
}

function ratioTable(results: Results): string {
  const found: Record<string, Summary> = Object.assign(
    {},
    ...Object.values(results.sections).map(({ ratios }) => ratios),
  );
  const rows = GOALS.flatMap((goal) => {
    const summary = found[goal.key];
    if (!summary) return [];
    const reached = isReached(goal, summary.median);
    const verdict = reached === undefined ? '' : reached ? 'yes' : '**no**';
    const spread = summary.rounds.length > 1 ? `${rounded(summary.min)}–${rounded(summary.max)}` : '';
    return [`| ${goal.label} | ${rounded(summary.median)} | ${spread} | ${describeReach(goal)} | ${verdict} |`];
  });
  return ['| measure | result | spread | goal | reached |', '|---|--:|--:|--:|---|', ...rows].join('\n');
}

function sectionParts(section: SectionResult): string[] {
  return [`## ${section.title}`, ...addedParts(section), section.what, ...section.tables.flatMap(tableParts)];
}

function addedParts({ added }: SectionResult): string[] {
  if (added === undefined) return [];
  const { date, command, tookSeconds } = added;
  return [
    `Measured separately, on ${date.slice(0, 10)} with \`${command}\`, in ${Math.round(tookSeconds / 60)} minutes.`,
  ];
}

function tableParts(table: Table): string[] {
  const { columns, rows, chart } = table;
  const most = chart === undefined ? 0 : Math.max(...rows.map(({ values }) => values[chart]?.median ?? 0));
  const lines = rows.map(({ label, values }) => {
    const cells = columns.map(({ key, unit }) => {
      const summary = values[key];
      if (!summary) return '-';
      const spread = spreadText(summary, unit);
      return valueText(summary.median, unit) + (spread === '' ? '' : ` (${spread})`);
    });
    const drawn = chart === undefined ? [] : [bar(values[chart]?.median ?? 0, most)];
    return `| ${[label, ...cells, ...drawn].join(' | ')} |`;
  });
  const head = ['', ...columns.map(columnTitle), ...(chart === undefined ? [] : [''])];
  const rule = ['---', ...columns.map(() => '--:'), ...(chart === undefined ? [] : ['---'])];
  const grid = [`| ${head.join(' | ')} |`, `|${rule.join('|')}|`, ...lines].join('\n');
  return [`### ${table.title}`, grid, ...(table.note === undefined ? [] : [table.note])];
}

function columnTitle({ label, unit }: Column): string {
  return unit === '/s' ? `${label}/s` : unit === 'calls' ? label : `${label}, ${unit}`;
}

function surroundings({ machine, versions, settings, tookSeconds }: Results): string {
  return [
    `- Machine: ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}.`,
    `- Disk: ${machine.fileSystem}; writing and flushing 8 kB took ${rounded(machine.flushMs)} ms.`,
    `- Postgres: ${settingsText(settings.postgres)}. One server, with a separate database for each contender.`,
    ...Object.entries(settings.redis).map(([name, persistence]) => `- Redis, ${name}: ${settingsText(persistence)}.`),
    `- Versions: ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}.`,
    `- The run took ${Math.round(tookSeconds / 60).toLocaleString('en')} minutes.`,
  ].join('\n');
}
