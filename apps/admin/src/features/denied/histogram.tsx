/** Denied calls over time; dragging over it, or the two fields below, choose a part. */
import { Button, Group, Text, TextInput } from '@mantine/core';
import { type FormEvent, useMemo, useRef, useState } from 'react';
import uPlot, { type AlignedData } from 'uplot';
import type { Histogram as HistogramData } from '../../data/events.js';
import { clockTime, count, duration, many } from '../../lib/format.js';
import { Chart, type Colors } from '../../ui/chart.js';

export interface Brushed {
  readonly from: string;
  readonly to: string;
}

export interface HistogramProps {
  readonly histogram: HistogramData;
  readonly onBrush: (brushed: Brushed) => void;
}

const MINUTE = 'light-dark(#1864ab, #74b8f5)';
const HOUR = 'light-dark(#e8850c, #ffb454)';

export function Histogram({ histogram, onBrush }: HistogramProps) {
  const data = useMemo<AlignedData>(
    () => [
      histogram.counts.map(({ at }) => Date.parse(at) / 1000),
      histogram.counts.map(({ minute, hour }) => minute + hour),
      histogram.counts.map(({ hour }) => hour),
    ],
    [histogram],
  );
  const brush = useRef(onBrush);
  brush.current = onBrush;
  const by = (of: 'minute' | 'hour') => histogram.counts.reduce((sum, one) => sum + one[of], 0);
  const [first, end] = [Date.parse(histogram.from) / 1000, Date.parse(histogram.to) / 1000];
  const days = end - first > 172_800;
  const label = `${many(histogram.total, 'denied call')} over time: ${count(by('minute'))} by the 60 s window, ${count(by('hour'))} by the hour.`;
  return (
    <>
      <Chart
        data={data}
        height={130}
        shape={`histogram ${first} ${end}`}
        label={label}
        options={(color) => optionsFor(color, { days, span: [first, end], brush: (brushed) => brush.current(brushed) })}
      />
      <div className="legend">
        <strong>{many(histogram.total, 'denied call')}</strong>
        <span>
          <span className="swatch" style={{ background: MINUTE }} />
          60 s full: {count(by('minute'))}
        </span>
        <span>
          <span className="swatch" style={{ background: HOUR }} />
          hour full: {count(by('hour'))}
        </span>
        <span>each bar is {duration(histogram.bucketSeconds * 1000)}</span>
      </div>
      <details>
        <summary>Choose the time by typing</summary>
        <TypedTime onBrush={onBrush} />
      </details>
    </>
  );
}

function TypedTime({ onBrush }: { onBrush: (brushed: Brushed) => void }) {
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const [complaint, setComplaint] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const [begin, end] = [new Date(from), to === '' ? new Date() : new Date(to)];
    if (Number.isNaN(begin.getTime()) || Number.isNaN(end.getTime()) || begin >= end)
      setComplaint('From must be a time before to.');
    else onBrush({ from: begin.toISOString(), to: end.toISOString() });
  };
  return (
    <form onSubmit={submit}>
      <Group align="flex-end" gap="xs">
        <TextInput
          size="xs"
          type="datetime-local"
          label="From, as here"
          value={from}
          onChange={({ currentTarget }) => setFrom(currentTarget.value)}
        />
        <TextInput
          size="xs"
          type="datetime-local"
          label="To"
          value={to}
          onChange={({ currentTarget }) => setTo(currentTarget.value)}
        />
        <Button size="xs" variant="default" type="submit">
          Show
        </Button>
        {complaint !== '' && (
          <Text size="sm" c="var(--mantine-color-error)" role="alert">
            {complaint}
          </Text>
        )}
      </Group>
    </form>
  );
}

interface Looks {
  /** Long enough for days on the axis. */
  readonly days: boolean;
  /** Unix seconds. */
  readonly span: [number, number];
  readonly brush: (brushed: Brushed) => void;
}

function optionsFor(color: Colors, { days, span, brush }: Looks) {
  const bars = uPlot.paths.bars?.({ size: [0.9, 40], align: 1 });
  const line = color('var(--line)');
  const axis = {
    stroke: color('var(--mantine-color-dimmed)'),
    grid: { stroke: line, width: 1 },
    ticks: { stroke: line },
  };
  const day = (second: number) =>
    new Date(second * 1000).toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });
  const series = (name: string) => ({
    fill: color(name),
    width: 0,
    points: { show: false },
    ...(bars === undefined ? {} : { paths: bars }),
  });
  return {
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false } },
    scales: {
      // The last bucket begins before the end: left to itself the axis would end there.
      x: { range: (): [number, number] => span },
      y: { range: (_: uPlot, _least: number, most: number): [number, number] => [0, Math.max(4, most) * 1.1] },
    },
    axes: [
      {
        ...axis,
        size: 32,
        values: (_: uPlot, at: number[]) => at.map((second) => (days ? day(second) : clockTime(second * 1000))),
      },
      { ...axis, size: 52, values: (_: uPlot, at: number[]) => at.map((n) => (Number.isInteger(n) ? count(n) : '')) },
    ],
    series: [{}, series(MINUTE), series(HOUR)],
    hooks: {
      setSelect: [
        (plot: uPlot) => {
          const { left, width } = plot.select;
          if (width < 4) return;
          const at = (x: number) => new Date(Math.round(plot.posToVal(x, 'x')) * 1000).toISOString();
          brush({ from: at(left), to: at(left + width) });
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
    },
  };
}
