/** One hour, minute by minute: units stacked by API, the limit where one line can be true, denials marked. */
import { Text } from '@mantine/core';
import { useMemo } from 'react';
import uPlot, { type AlignedData } from 'uplot';
import type { Strip as StripData } from '../../data/accounts.js';
import { clockTime, count, many } from '../../lib/format.js';
import { Chart, type Colors, PALETTE } from '../../ui/chart.js';

type Series = StripData['series'][number];

/** As many as there are colours; the rest are one. */
function fewer(series: readonly Series[]): Series[] {
  const most = PALETTE.length;
  if (series.length <= most) return [...series];
  const total = ({ units }: Series) => units.reduce((sum, n) => sum + n, 0);
  const sorted = [...series].sort((a, b) => total(b) - total(a));
  const rest = sorted.slice(most - 1);
  const units = (rest[0]?.units ?? []).map((_, i) => rest.reduce((sum, one) => sum + (one.units[i] ?? 0), 0));
  return [...sorted.slice(0, most - 1), { api: 'other', title: `${rest.length} others`, units }];
}

export function Strip({ strip }: { strip: StripData }) {
  const series = useMemo(() => fewer(strip.series), [strip]);
  const data = useMemo(() => stacked(strip, series), [strip, series]);
  const totals = series.map(({ units }) => units.reduce((sum, n) => sum + n, 0));
  const denied = strip.denials.reduce((sum, n) => sum + n, 0);
  if (series.length === 0 && denied === 0) return <Text size="sm">No units were used in the last hour.</Text>;
  const shape = `${series.map(({ api }) => api).join(' ')} ${strip.limit?.perMinute}`;
  const label = `The last hour: ${series.map(({ title }, i) => `${title} ${count(totals[i] ?? 0)} units`).join(', ')}; ${many(denied, 'denied call')}.`;
  return (
    <>
      <Chart
        data={data}
        height={190}
        shape={shape}
        label={label}
        options={(color) => optionsFor(series, strip, color)}
      />
      <div className="legend">
        {series.map(({ api, title }, i) => (
          <span key={api}>
            <span className="swatch" style={{ background: PALETTE[i] }} />
            {title}, {count(totals[i] ?? 0)} units
          </span>
        ))}
        <span>
          <span style={{ color: 'var(--over)' }}>▼</span> {many(denied, 'denied call')}
        </span>
        {strip.limit !== null && <span>┄ {count(strip.limit.perMinute)} in 60 s is the default limit</span>}
      </div>
      <details>
        <summary>As a table</summary>
        <table className="table" style={{ maxWidth: 640 }}>
          <caption style={{ textAlign: 'left' }}>Minutes with units or denials, newest first</caption>
          <thead>
            <tr>
              <th scope="col">Minute</th>
              {series.map(({ api, title }) => (
                <th scope="col" key={api}>
                  {title}
                </th>
              ))}
              <th scope="col">Denied calls</th>
            </tr>
          </thead>
          <tbody>
            {strip.minutes
              .map((minute, i) => ({
                minute,
                units: series.map(({ units }) => units[i] ?? 0),
                denied: strip.denials[i] ?? 0,
              }))
              .filter((row) => row.denied > 0 || row.units.some((n) => n > 0))
              .reverse()
              .map((row) => (
                <tr key={row.minute}>
                  <td data-label="Minute">{clockTime(row.minute * 60_000)}</td>
                  {row.units.map((n, i) => (
                    <td key={series[i]?.api} data-label={series[i]?.title}>
                      {count(n)}
                    </td>
                  ))}
                  <td data-label="Denied calls">{count(row.denied)}</td>
                </tr>
              ))}
          </tbody>
        </table>
      </details>
    </>
  );
}

/** Each series on top of those before it; the last row is what denials are marked by. */
function stacked({ minutes, denials }: StripData, series: readonly Series[]): AlignedData {
  const sums = minutes.map(() => 0);
  const layers = series.map(({ units }) => units.map((n, i) => (sums[i] = (sums[i] ?? 0) + n)));
  // The highest is drawn first, so that lower ones stand in front of it.
  return [minutes.map((minute) => minute * 60), ...layers.reverse(), denials.map((n) => (n > 0 ? n : null))];
}

function optionsFor(series: readonly Series[], { limit }: StripData, color: Colors) {
  const bars = uPlot.paths.bars?.({ size: [0.9, 40], align: 0 });
  const line = color('var(--line)');
  const ink = color('var(--mantine-color-dimmed)');
  const over = color('var(--over)');
  const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line } };
  return {
    legend: { show: false },
    cursor: { show: false },
    scales: {
      y: {
        range: (_: uPlot, _least: number, most: number): [number, number] => [
          0,
          Math.max(5, most, limit?.perMinute ?? 0) * 1.15,
        ],
      },
      denied: { range: (): [number, number] => [0, 1] },
    },
    axes: [
      { ...axis, size: 32, values: (_: uPlot, at: number[]) => at.map((second) => clockTime(second * 1000)) },
      { ...axis, size: 52, values: (_: uPlot, at: number[]) => at.map((n) => (Number.isInteger(n) ? count(n) : '')) },
    ],
    series: [
      {},
      ...[...series].reverse().map((_, i) => ({
        fill: color(PALETTE[series.length - 1 - i] ?? 'gray'),
        width: 0,
        points: { show: false },
        ...(bars === undefined ? {} : { paths: bars }),
      })),
      { scale: 'denied', paths: () => null, points: { show: false } },
    ],
    hooks: { draw: [(plot: uPlot) => mark(plot, { limit: limit?.perMinute, ink, over })] },
  };
}

function mark(plot: uPlot, { limit, ink, over }: { limit: number | undefined; ink: string; over: string }): void {
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
