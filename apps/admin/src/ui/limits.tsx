/** Both limits in one line: `60 in 60 s · 1,800 in 1 h`, `2 × default` for a factor, or `+500 per hour` for extra units. */
import type { LimitRequest } from '../data/requests.js';
import { count, extraText, WINDOWS } from '../lib/format.js';

export interface LimitsProps {
  readonly perMinute: number | null;
  readonly perHour: number | null;
  /** A multiple of each API's own default, in place of limits. */
  readonly factor?: number | null;
  /** Units added to the limits that apply without them. */
  readonly extraMinute?: number | null;
  readonly extraHour?: number | null;
}

/** The limits of an override. A window without a limit of its own has the default. */
export function Limits({ extraMinute = null, extraHour = null, ...limits }: LimitsProps) {
  const added = [
    ...(extraMinute === null ? [] : [extraText('minute', extraMinute)]),
    ...(extraHour === null ? [] : [extraText('hour', extraHour)]),
  ];
  if (added.length > 0) return <span className="number">{added.join(' · ')}</span>;
  return <LimitLine {...limits} none="default" />;
}

/** The limits of a limit request. A window that it does not name keeps its current limit. */
export function RequestedLimits({ request: { perMinute, perHour, factor } }: { request: LimitRequest }) {
  return <LimitLine perMinute={perMinute} perHour={perHour} factor={factor} none="unchanged" />;
}

type LineProps = Pick<LimitsProps, 'perMinute' | 'perHour' | 'factor'> & { readonly none: string };

function LimitLine({ perMinute, perHour, factor = null, none }: LineProps) {
  if (factor !== null) return <span className="number">{factor} × default</span>;
  const one = (limit: number | null, window: string) => `${limit === null ? none : count(limit)} in ${window}`;
  return (
    <span className="number">
      {one(perMinute, WINDOWS.minute)} · {one(perHour, WINDOWS.hour)}
    </span>
  );
}
