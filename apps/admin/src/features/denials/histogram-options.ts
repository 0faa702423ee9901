/** How uPlot draws denied calls over time, and how dragging selects a time range. */
import uPlot from 'uplot';
import { clockTime, count } from '../../lib/format.js';
import type { Colors } from '../../ui/chart.js';

/** ISO times. */
export interface Range {
  readonly from: string;
  readonly to: string;
}

export const MINUTE_COLOR = 'light-dark(#1864ab, #74b8f5)';
export const HOUR_COLOR = 'light-dark(#e8850c, #ffb454)';

interface Drawing {
  /** The axis shows days instead of times. */
  readonly days: boolean;
  /** Unix seconds. */
  readonly span: [number, number];
  readonly onRange: (range: Range) => void;
}

export function histogramOptions(color: Colors, { days, span, onRange }: Drawing) {
  const line = color('var(--line)');
  const axis = {
    stroke: color('var(--mantine-color-dimmed)'),
    grid: { stroke: line, width: 1 },
    ticks: { stroke: line },
  };
  const timeText = (second: number) => (days ? dayText(second) : clockTime(second * 1000));
  return {
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false } },
    scales: {
      // The last bar begins before the end of the range, where uPlot would end the axis.
      x: { range: (): [number, number] => span },
      y: { range: (_: uPlot, _least: number, most: number): [number, number] => [0, Math.max(4, most) * 1.1] },
    },
    axes: [
      { ...axis, size: 32, values: (_: uPlot, at: number[]) => at.map(timeText) },
      { ...axis, size: 66, values: (_: uPlot, at: number[]) => at.map((n) => (Number.isInteger(n) ? count(n) : '')) },
    ],
    series: [{}, bars(color(MINUTE_COLOR)), bars(color(HOUR_COLOR))],
    hooks: { setSelect: [(plot: uPlot) => reportSelection(plot, onRange)] },
  };
}

const dayText = (second: number) =>
  new Date(second * 1000).toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });

function bars(fill: string) {
  const paths = uPlot.paths.bars?.({ size: [0.9, 40], align: 1 });
  return { fill, width: 0, points: { show: false }, ...(paths === undefined ? {} : { paths }) };
}

/** In CSS pixels: a shorter movement is a click. */
const SHORTEST_DRAG = 4;

function reportSelection(plot: uPlot, onRange: (range: Range) => void): void {
  const { left, width } = plot.select;
  if (width < SHORTEST_DRAG) return;
  const at = (x: number) => new Date(Math.round(plot.posToVal(x, 'x')) * 1000).toISOString();
  onRange({ from: at(left), to: at(left + width) });
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
}
