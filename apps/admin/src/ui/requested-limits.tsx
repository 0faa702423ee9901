import type { LimitRequest } from '../data/requests.js';
import { count } from '../lib/format.js';

/** `300 / 60 s · 5,000 / h`, or `2 × each default`; a window that was not asked for stays as it is in force. */
export function RequestedLimits({ request: { perMinute, perHour, factor } }: { request: LimitRequest }) {
  if (factor !== null) return <span className="number">{factor} × each default</span>;
  const one = (limit: number | null, window: string) =>
    limit === null ? `as it is / ${window}` : `${count(limit)} / ${window}`;
  return (
    <span className="number">
      {one(perMinute, '60 s')} · {one(perHour, 'h')}
    </span>
  );
}
