/** How uPlot draws the last hour. */
import uPlot from 'uplot';
import { clockTime, count } from '../../lib/format.js';
import { type Colors, PALETTE } from '../../ui/chart.js';
import type { Series } from './usage-series.js';

interface Drawing {
  readonly series: readonly Series[];
  /** The limit in 60 s; undefined: no line. */
  readonly limit: number | undefined;
  readonly color: Colors;
}

export function usageChartOptions({ series, limit, color }: Drawing) {
  const line = color('var(--line)');
  const ink = color('var(--mantine-color-dimmed)');
  const over = color('var(--over)');
  const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line } };
  const heightOf = (most: number) => Math.max(5, most, limit ?? 0) * 1.15;
  return {
    legend: { show: false },
    cursor: { show: false },
    scales: {
      y: { range: (_: uPlot, _least: number, most: number): [number, number] => [0, heightOf(most)] },
      denied: { range: (): [number, number] => [0, 1] },
    },
    axes: [
      { ...axis, size: 32, values: (_: uPlot, at: number[]) => at.map((second) => clockTime(second * 1000)) },
      { ...axis, size: 66, values: (_: uPlot, at: number[]) => at.map((n) => (Number.isInteger(n) ? count(n) : '')) },
    ],
    series: [{}, ...layersOf(series, color), { scale: 'denied', paths: () => null, points: { show: false } }],
    hooks: { draw: [(plot: uPlot) => mark(plot, { limit, ink, over })] },
  };
}

/** In the order of the data: the highest layer first. */
function layersOf(series: readonly Series[], color: Colors) {
  const bars = uPlot.paths.bars?.({ size: [0.9, 40], align: 0 });
  return [...series].reverse().map((_, i) => ({
    fill: color(PALETTE[series.length - 1 - i] ?? 'gray'),
    width: 0,
    points: { show: false },
    ...(bars === undefined ? {} : { paths: bars }),
  }));
}

interface Marks {
  readonly limit: number | undefined;
  readonly ink: string;
  readonly over: string;
}

/** Draws the limit as a dashed line, and a triangle above each minute with denials. */
function mark(plot: uPlot, { limit, ink, over }: Marks): void {
  const { ctx, bbox } = plot;
  const pixel = devicePixelRatio;
  ctx.save();
  if (limit !== undefined) {
    const y = Math.round(plot.valToPos(limit, 'y', true));
    ctx.strokeStyle = ink;
    ctx.lineWidth = pixel;
    ctx.setLineDash([6 * pixel, 4 * pixel]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
  }
  ctx.fillStyle = over;
  const [seconds, denials] = [plot.data[0], plot.data.at(-1) ?? []];
  for (const [i, denied] of denials.entries()) {
    if (denied == null) continue;
    const x = plot.valToPos(seconds[i] ?? 0, 'x', true);
    ctx.beginPath();
    ctx.moveTo(x - 5 * pixel, bbox.top);
    ctx.lineTo(x + 5 * pixel, bbox.top);
    ctx.lineTo(x, bbox.top + 8 * pixel);
    ctx.fill();
  }
  ctx.restore();
}
