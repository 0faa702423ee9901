import type { Strip } from '../../data/accounts.js';
import { count, zonedTime } from '../../lib/format.js';
import type { Series } from './usage-series.js';

/** The content of the chart for people who cannot see it, or who need the numbers. */
export function UsageTable({ strip, series }: { strip: Strip; series: readonly Series[] }) {
  return (
    <details>
      <summary>Show as a table</summary>
      <table className="table" style={{ maxWidth: 640 }}>
        <caption style={{ textAlign: 'left' }}>Minutes with units or denied calls, newest first</caption>
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
          {rowsOf(strip, series).map((row) => (
            <tr key={row.minute}>
              <td data-label="Minute">{zonedTime(row.minute * 60_000)}</td>
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
  );
}

function rowsOf(strip: Strip, series: readonly Series[]) {
  return strip.minutes
    .map((minute, i) => ({
      minute,
      units: series.map(({ units }) => units[i] ?? 0),
      denied: strip.denials[i] ?? 0,
    }))
    .filter((row) => row.denied > 0 || row.units.some((n) => n > 0))
    .reverse();
}
