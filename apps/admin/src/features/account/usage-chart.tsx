/** The last hour, minute by minute: units of each API, denied calls, and the limit where one line is true for all. */
import { Text } from '@mantine/core';
import { useMemo } from 'react';
import type { Strip } from '../../data/accounts.js';
import { count, many, WINDOWS, zoneName } from '../../lib/format.js';
import { Chart, PALETTE } from '../../ui/chart.js';
import { usageChartOptions } from './usage-chart-options.js';
import { fewer, type Series, stacked, total } from './usage-series.js';
import { UsageTable } from './usage-table.js';

export function UsageChart({ strip }: { strip: Strip }) {
  const series = useMemo(() => fewer(strip.series), [strip]);
  const data = useMemo(() => stacked(strip, series), [strip, series]);
  const denied = strip.denials.reduce((sum, n) => sum + n, 0);
  if (series.length === 0 && denied === 0) return <Text size="sm">No units were used in the last hour.</Text>;
  return (
    <>
      <Chart
        data={data}
        height={190}
        shape={`${series.map(({ api }) => api).join(' ')} ${strip.limit?.perMinute}`}
        label={labelOf(series, denied)}
        options={(color) => usageChartOptions({ series, limit: strip.limit?.perMinute, color })}
      />
      <div className="legend">
        {series.map((one, i) => (
          <span key={one.api}>
            <span className="swatch" style={{ background: PALETTE[i] }} />
            {one.title}, {many(total(one), 'unit')}
          </span>
        ))}
        <span>
          <span style={{ color: 'var(--over)' }}>▼</span> {many(denied, 'denied call')}
        </span>
        {strip.limit !== null && (
          <span>
            ┄ Default limit: {count(strip.limit.perMinute)} in {WINDOWS.minute}
          </span>
        )}
        <span>Times in {zoneName(Date.now())}</span>
      </div>
      <UsageTable strip={strip} series={series} />
    </>
  );
}

function labelOf(series: readonly Series[], denied: number): string {
  const used = series.map((one) => `${one.title} ${many(total(one), 'unit')}`).join(', ');
  return `The last hour: ${used}; ${many(denied, 'denied call')}.`;
}
