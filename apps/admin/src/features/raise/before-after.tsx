/** The limits before and after, for each API that the override would govern. */
import type { ReactNode } from 'react';
import type { Preview } from '../../data/overrides.js';
import { count, many, sourceText } from '../../lib/format.js';
import { alikeEffects, changeOf } from '../../ui/effects.js';
import { Tag } from '../../ui/small.js';

type Effect = Preview['effects'][number];

export interface BeforeAfterProps {
  readonly effects: Preview['effects'];
  /** Extra units are added, which do not lift a block. */
  readonly adds: boolean;
  readonly stale: boolean;
}

export function BeforeAfter({ effects, adds, stale }: BeforeAfterProps) {
  // Falling limits come first, then the largest group.
  const alike = alikeEffects(effects.filter(({ governs }) => governs)).sort(
    (a, b) => Number(falls(b[0])) - Number(falls(a[0])),
  );
  const hidden = effects.filter(({ governs }) => !governs);
  return (
    <section aria-label="Before and after" className="before-after number" style={{ opacity: stale ? 0.75 : 1 }}>
      {alike.map((group) => (
        <Alike key={changeOf(group[0] as Effect)} effects={group} only={effects.length === 1} />
      ))}
      {hidden.length > 0 && (
        <Names effects={hidden}>
          {many(hidden.length, 'API')} unchanged: {adds && 'blocked, or '}a more specific override takes precedence
        </Names>
      )}
    </section>
  );
}

const falls = (effect: Effect | undefined) =>
  effect !== undefined &&
  (effect.after.perMinute < effect.before.perMinute || effect.after.perHour < effect.before.perHour);

function Alike({ effects, only }: { effects: readonly Effect[]; only: boolean }) {
  const { before, after } = effects[0] as Effect;
  return (
    <>
      {!only && <Names effects={effects}>{many(effects.length, 'API')}</Names>}
      <Row window="In any 60 s" before={before.perMinute} after={after.perMinute} />
      <Row window="In any hour" before={before.perHour} after={after.perHour} />
      {only && <small className="before-after-apis">Current limit: {sourceText(before.source)}.</small>}
    </>
  );
}

function Names({ effects, children }: { effects: readonly Effect[]; children: ReactNode }) {
  return (
    <details className="before-after-apis">
      <summary>{children}</summary>
      {effects.map(({ title }) => title).join(', ')}
    </details>
  );
}

function Row({ window, before, after }: { window: string; before: number; after: number }) {
  return (
    <>
      <span>{window}</span>
      <span>{count(before)}</span>
      <span>→</span>
      <strong>{count(after)}</strong>
      {after < before ? (
        <Tag tone="bad">{after === 0 ? 'Blocked' : 'Lower'}</Tag>
      ) : after === before ? (
        <Tag>Unchanged</Tag>
      ) : (
        <Tag tone="good">Higher</Tag>
      )}
    </>
  );
}
