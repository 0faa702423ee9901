/** The units of an account's last hour, as series of a chart. */
import type { AlignedData } from 'uplot';
import type { Strip } from '../../data/accounts.js';
import { PALETTE } from '../../ui/chart.js';

export type Series = Strip['series'][number];

export const total = ({ units }: Series): number => units.reduce((sum, n) => sum + n, 0);

/** Not more series than the palette has colors: the smallest ones are added up. */
export function fewer(series: readonly Series[]): Series[] {
  const most = PALETTE.length;
  if (series.length <= most) return [...series];
  const sorted = [...series].sort((a, b) => total(b) - total(a));
  const rest = sorted.slice(most - 1);
  const units = (rest[0]?.units ?? []).map((_, i) => rest.reduce((sum, one) => sum + (one.units[i] ?? 0), 0));
  return [...sorted.slice(0, most - 1), { api: 'other', title: `${rest.length} other APIs`, units }];
}

/** Each series on top of the ones before it. The last row marks the minutes with denials. */
export function stacked({ minutes, denials }: Strip, series: readonly Series[]): AlignedData {
  const sums = minutes.map(() => 0);
  const layers = series.map(({ units }) => units.map((n, i) => (sums[i] = (sums[i] ?? 0) + n)));
  // The highest layer is drawn first, so that the lower ones appear in front of it.
  return [minutes.map((minute) => minute * 60), ...layers.reverse(), denials.map((n) => (n > 0 ? n : null))];
}
