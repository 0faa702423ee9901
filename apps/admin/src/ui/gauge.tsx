/** How much of a limit is used, as a number, a word and a bar. */
import { count } from '../lib/format.js';

export interface GaugeProps {
  /** `60 s` or `1 h` */
  readonly window: string;
  readonly used: number;
  readonly limit: number;
  /** Names the API and the subject for people who cannot see where the gauge is. */
  readonly of: string;
}

export function bandOf(percent: number): 'full' | 'near' | 'free' {
  return percent >= 100 ? 'full' : percent >= 80 ? 'near' : 'free';
}

const WORDS = { full: 'Full', near: 'Near limit', free: '' } as const;

export function Gauge({ window, used, limit, of }: GaugeProps) {
  const percent = limit === 0 ? 100 : Math.floor((used * 100) / limit);
  const band = bandOf(percent);
  const word = limit === 0 ? 'Blocked' : WORDS[band];
  return (
    <div className="gauge">
      <div className="gauge-head">
        <span>
          {window} {word !== '' && <strong>{word}</strong>}
        </span>
        <span className="number">
          <strong>{count(used)}</strong> of {count(limit)} ({percent}%)
        </span>
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: each browser draws a meter element differently */}
      <div
        className="gauge-track"
        role="meter"
        aria-label={`${of}, ${window}`}
        aria-valuemin={0}
        aria-valuemax={Math.max(limit, used, 1)}
        aria-valuenow={used}
        aria-valuetext={`${count(used)} of ${count(limit)} used, ${percent}%`}
      >
        <div className="gauge-fill" data-band={band} style={{ width: `${Math.min(100, percent)}%` }} />
      </div>
    </div>
  );
}
