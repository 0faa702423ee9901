/** Formats results for a terminal. */
import type { Result, Results } from './results.js';

const COLUMNS: readonly { readonly title: string; readonly of: (result: Result) => string }[] = [
  { title: 'experiment', of: ({ name }) => name },
  { title: 'calls', of: ({ calls }) => calls.toLocaleString('en') },
  { title: 'allowed', of: ({ allowed }) => allowed.toLocaleString('en') },
  { title: 'over', of: ({ overLimit }) => String(overLimit) },
  { title: 'lost', of: ({ lost }) => String(lost) },
  { title: 'worst ms', of: ({ worstCallMs }) => worstCallMs.toLocaleString('en') },
  { title: 'took s', of: ({ tookSeconds }) => String(tookSeconds) },
  { title: 'verdict', of: ({ verdict }) => verdict },
];

export function printed({ experiments, tookSeconds }: Results): string {
  const rows = [COLUMNS.map(({ title }) => title), ...experiments.map((result) => COLUMNS.map(({ of }) => of(result)))];
  const widths = COLUMNS.map((_, i) => Math.max(...rows.map((row) => (row[i] as string).length)));
  const lines = rows.map((row) =>
    row
      .map((cell, i) =>
        i === 0 || i === COLUMNS.length - 1 ? cell.padEnd(widths[i] as number) : cell.padStart(widths[i] as number),
      )
      .join('  '),
  );
  const failed = experiments.filter(({ why }) => why !== '').map(({ name, why }) => `${name}: ${why}`);
  const faults = experiments.map(
    ({ name, faults, notes }) => `${name}: ${faultsText(faults)}${notes === '' ? '' : ` (${notes})`}`,
  );
  return `${[...lines.map((line) => line.trimEnd()), '', ...faults, '', ...failed, `${Math.round(tookSeconds / 60)} min`].join('\n')}\n`;
}

export function faultsText(faults: Result['faults']): string {
  return Object.entries(faults)
    .map(([name, times]) => `${name}: ${times.toLocaleString('en')}`)
    .join('; ');
}
