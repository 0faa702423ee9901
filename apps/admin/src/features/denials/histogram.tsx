/** Denied calls over time. A person selects a time range by dragging over the chart, or with the two fields below it. */
import { Button, Group, Text, TextInput } from '@mantine/core';
import { type FormEvent, useMemo, useRef, useState } from 'react';
import type { AlignedData } from 'uplot';
import type { Histogram as HistogramData } from '../../data/events.js';
import { count, duration, many, WINDOWS, zoneName } from '../../lib/format.js';
import { Chart } from '../../ui/chart.js';
import { HOUR_COLOR, histogramOptions, MINUTE_COLOR, type Range } from './histogram-options.js';

export interface HistogramProps {
  readonly histogram: HistogramData;
  readonly onRange: (range: Range) => void;
}

/** Above this many seconds the axis shows days instead of times. */
const TWO_DAYS = 172_800;

export function Histogram({ histogram, onRange }: HistogramProps) {
  const data = useMemo(() => rowsOf(histogram), [histogram]);
  const latest = useRef(onRange);
  latest.current = onRange;
  const [first, end] = [Date.parse(histogram.from) / 1000, Date.parse(histogram.to) / 1000];
  const by = (window: 'minute' | 'hour') => count(histogram.counts.reduce((sum, one) => sum + one[window], 0));
  const label = `${many(histogram.total, 'denied call')} over time: ${by('minute')} by the ${WINDOWS.minute} window, ${by('hour')} by the ${WINDOWS.hour} window.`;
  return (
    <>
      <Chart
        data={data}
        height={130}
        shape={`histogram ${first} ${end}`}
        label={label}
        options={(color) =>
          histogramOptions(color, {
            days: end - first > TWO_DAYS,
            span: [first, end],
            onRange: (range) => latest.current(range),
          })
        }
      />
      <div className="legend">
        <strong>{many(histogram.total, 'denied call')}</strong>
        <span>
          <span className="swatch" style={{ background: MINUTE_COLOR }} />
          {WINDOWS.minute} window full: {by('minute')}
        </span>
        <span>
          <span className="swatch" style={{ background: HOUR_COLOR }} />
          {WINDOWS.hour} window full: {by('hour')}
        </span>
        <span>One bar is {duration(histogram.bucketSeconds * 1000)}</span>
        <span>Times in {zoneName(end * 1000)}</span>
      </div>
      <details>
        <summary>Enter a time range</summary>
        <RangeForm onRange={onRange} />
      </details>
    </>
  );
}

/** The bars of the hour are drawn over those of both windows. */
const rowsOf = ({ counts }: HistogramData): AlignedData => [
  counts.map(({ at }) => Date.parse(at) / 1000),
  counts.map(({ minute, hour }) => minute + hour),
  counts.map(({ hour }) => hour),
];

function RangeForm({ onRange }: { onRange: (range: Range) => void }) {
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const [complaint, setComplaint] = useState('');
  const zone = zoneName(Date.now());
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const [begin, end] = [new Date(from), to === '' ? new Date() : new Date(to)];
    if (Number.isNaN(begin.getTime()) || Number.isNaN(end.getTime()) || begin >= end)
      setComplaint('“From” must be earlier than “To”.');
    else onRange({ from: begin.toISOString(), to: end.toISOString() });
  };
  return (
    <form onSubmit={submit}>
      <Group align="flex-end" gap="xs">
        <TextInput
          size="xs"
          type="datetime-local"
          label={`From (${zone})`}
          value={from}
          onChange={({ currentTarget }) => setFrom(currentTarget.value)}
        />
        <TextInput
          size="xs"
          type="datetime-local"
          label={`To (${zone})`}
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
