/** From what to what, for every API that the override is for. */
import type { Preview } from '../../data/overrides.js';
import { count, many } from '../../lib/format.js';
import { Tag } from '../../ui/small.js';

type Effect = Preview['effects'][number];

export function BeforeAfter({ effects, stale }: { effects: Preview['effects']; stale: boolean }) {
  const alike = groupsOf(effects);
  const hidden = effects.filter(({ governs }) => !governs);
  return (
    <section aria-label="Before and after" className="before-after number" style={{ opacity: stale ? 0.75 : 1 }}>
      {alike.map((group) => (
        <Alike key={keyOf(group[0] as Effect)} effects={group} only={effects.length === 1} />
      ))}
      {hidden.length > 0 && (
        <Names effects={hidden}>
          {many(hidden.length, 'API')} unchanged: an override of {hidden.length === 1 ? 'its own' : 'their own'} goes
          first
        </Names>
      )}
    </section>
  );
}

const keyOf = ({ before, after }: Effect) =>
  [before.perMinute, after.perMinute, before.perHour, after.perHour].join(' ');

/** APIs that change in the same way, the largest group first; those that fall before all. */
function groupsOf(effects: readonly Effect[]): Effect[][] {
  const groups = new Map<string, Effect[]>();
  for (const effect of effects.filter(({ governs }) => governs)) {
    const key = keyOf(effect);
    groups.set(key, [...(groups.get(key) ?? []), effect]);
  }
  return [...groups.values()].sort((a, b) => Number(falls(b[0])) - Number(falls(a[0])) || b.length - a.length);
}

const falls = (effect: Effect | undefined) =>
  effect !== undefined &&
  (effect.after.perMinute < effect.before.perMinute || effect.after.perHour < effect.before.perHour);

function Alike({ effects, only }: { effects: readonly Effect[]; only: boolean }) {
  const { before, after } = effects[0] as Effect;
  const sources = [...new Set(effects.map(({ before: { source } }) => source))];
  return (
    <>
      {!only && <Names effects={effects}>{many(effects.length, 'API')}</Names>}
      <Row window="In any 60 s" before={before.perMinute} after={after.perMinute} />
      <Row window="In any hour" before={before.perHour} after={after.perHour} />
      {only && (
        <small className="before-after-apis">
          Before: {sources[0] === 'default' ? 'the default' : `override ${sources[0]}`}.
        </small>
      )}
    </>
  );
}

function Names({ effects, children }: { effects: readonly Effect[]; children: React.ReactNode }) {
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
        <Tag tone="bad">{after === 0 ? 'blocked' : 'lower'}</Tag>
      ) : after === before ? (
        <Tag>same</Tag>
      ) : (
        <Tag tone="good">higher</Tag>
      )}
    </>
  );
}
