/** Formats results for a terminal. */
import type { Summary } from '../load/statistics.js';
import { describeReach, GOALS, isReached } from './goals.js';
import { rounded, spreadText, valueText } from './numbers.js';
import type { Column, Results, Row, Table } from './results.js';

const BAR_WIDTH = 30;
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

export function printed(results: Results): string {
  const { machine, versions, settings } = results;
  const lines = [
    '',
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB; ${machine.fileSystem}, a flush took ${machine.flushMs} ms`,
    `Node ${versions['node']}${versions['postgres'] ? `, Postgres ${versions['postgres']}` : ''}${versions['redis'] ? `, Redis ${versions['redis']}` : ''}`,
    `Postgres: ${Object.entries(settings.postgres)
      .map(([name, value]) => `${name}=${value}`)
      .join(' ')}`,
    ...Object.entries(settings.redis).map(
      ([name, persistence]) =>
        `Redis (${name}): ${Object.entries(persistence)
          .map(([key, value]) => `${key}="${value}"`)
          .join(' ')}`,
    ),
  ];
  for (const section of Object.values(results.sections)) {
    lines.push('', `━━ ${section.title} ${'━'.repeat(Math.max(0, 76 - section.title.length))}`);
    for (const table of section.tables) lines.push('', ...tableLines(table));
  }
  lines.push('', `━━ Ratios ${'━'.repeat(70)}`, '', ...ratioLines(results));
  if (results.quick)
    lines.push('', 'This was a quick run, which shows that the benchmark works, not how fast Rollgate is.');
  return `${lines.join('\n')}\n`;
}

/** A bar like `███▎` whose length is proportional to `value / most`. */
export function bar(value: number, most: number): string {
  const eighths = most > 0 ? Math.round((value / most) * BAR_WIDTH * 8) : 0;
  return '█'.repeat(eighths >> 3) + (EIGHTHS[eighths & 7] ?? '') || '▏';
}

function tableLines(table: Table): string[] {
  const head = [
    '',
    ...table.columns.flatMap(({ label, unit }) => [unit === '/s' ? `${label}/s` : `${label}, ${unit}`, '']),
  ];
  const body = table.rows.map((row) => [row.label, ...table.columns.flatMap((column) => cells(row, column))]);
  const bars = barsOf(table);
  const grid = [head, ...body];
  const widths = head.map((_, i) => Math.max(...grid.map((line) => (line[i] ?? '').length)));
  const text = grid.map((line, y) => {
    const padded = line.map((cell, i) => (i === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[i] ?? 0)));
    return `  ${padded.join('  ')}${y > 0 && bars[y - 1] !== undefined ? `  ${bars[y - 1]}` : ''}`.trimEnd();
  });
  return [`${table.title}`, ...text, ...(table.note === undefined ? [] : [`  ${table.note}`])];
}

function cells(row: Row, { key, unit }: Column): string[] {
  const summary = row.values[key];
  return summary ? [valueText(summary.median, unit), spreadText(summary, unit)] : ['-', ''];
}

function barsOf({ rows, chart }: Table): string[] {
  if (chart === undefined) return [];
  const medians = rows.map(({ values }) => values[chart]?.median ?? 0);
  return medians.map((value) => bar(value, Math.max(...medians)));
}

function ratioLines(results: Results): string[] {
  const found: Record<string, Summary> = Object.assign(
    {},
    ...Object.values(results.sections).map(({ ratios }) => ratios),
  );
  return GOALS.flatMap((goal) => {
    const summary = found[goal.key];
    if (!summary) return [];
    const reached = isReached(goal, summary.median);
    const mark = reached === undefined ? ' ' : reached ? '✓' : '✗';
    const spread = summary.rounds.length > 1 ? `${rounded(summary.min)}–${rounded(summary.max)}` : '';
    return [
      `  ${mark} ${goal.label.padEnd(62)} ${rounded(summary.median).padStart(10)}  ${spread.padEnd(22)} ${describeReach(goal)}`.trimEnd(),
    ];
  });
}
