/** Both limits in one line: `60 in 60 s · 1,800 in 1 h`, or `2 × default` for a factor. */
import type { LimitRequest } from '../data/requests.js';
import { count, WINDOWS } from '../lib/format.js';

export interface LimitsProps {
  readonly perMinute: number | null;
  readonly perHour: number | null;
  /** A multiple of each API's own default, in place of limits. */
  readonly factor?: number | null;
}

/** The limits of an override. A window without a limit of its own has the default. */
export function Limits(limits: LimitsProps) {
  return <LimitLine {...limits} none="default" />;
}

/** The limits of a limit request. A window that it does not name keeps its current limit. */
export function RequestedLimits({ request: { perMinute, perHour, factor } }: { request: LimitRequest }) {
  return <LimitLine perMinute={perMinute} perHour={perHour} factor={factor} none="unchanged" />;
}

function LimitLine({ perMinute, perHour, factor = null, none }: LimitsProps & { none: string }) {
  if (factor !== null) return <span className="number">{factor} × default</span>;
  const one = (limit: number | null, window: string) => `${limit === null ? none : count(limit)} in ${window}`;
  return (
    <span className="number">
      {one(perMinute, WINDOWS.minute)} · {one(perHour, WINDOWS.hour)}
    </span>
  );
}
