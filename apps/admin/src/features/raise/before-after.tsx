import type { Preview } from '../../data/overrides.js';
import { count } from '../../lib/format.js';
import { Tag } from '../../ui/small.js';

export interface BeforeAfterProps {
  readonly base: Preview;
  readonly perMinute: number | null;
  readonly perHour: number | null;
}

export function BeforeAfter({ base, perMinute, perHour }: BeforeAfterProps) {
  const { inForce, default: byDefault } = base;
  return (
    <section aria-label="Before and after" className="before-after number">
      <Row
        window="In any 60 s"
        before={inForce?.perMinute ?? byDefault.perMinute}
        after={perMinute ?? byDefault.perMinute}
      />
      <Row window="In any hour" before={inForce?.perHour ?? byDefault.perHour} after={perHour ?? byDefault.perHour} />
      <small style={{ gridColumn: '1 / -1', color: 'var(--mantine-color-dimmed)' }}>
        {inForce === null
          ? 'Before: the lowest default among its APIs. An override for one API or subject goes first.'
          : inForce.source === 'default'
            ? 'Before: the default.'
            : `Before: override ${inForce.source}. The newest one for the same scope holds.`}
      </small>
    </section>
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
        <Tag tone="bad">lower</Tag>
      ) : after === before ? (
        <Tag>same</Tag>
      ) : (
        <Tag tone="good">higher</Tag>
      )}
    </>
  );
}
