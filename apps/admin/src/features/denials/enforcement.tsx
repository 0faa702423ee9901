/** How a denial was decided: enforced, only recorded, or without the database. */
import type { LimitEvent } from '../../data/events.js';
import { Tag } from '../../ui/small.js';

type Enforcement = LimitEvent['mode'];

const NAMES: Readonly<Record<Enforcement, string>> = {
  enforced: 'Enforced',
  shadow: 'Shadow, not enforced',
  fallback_allowed: 'Allowed during an outage',
  fallback_denied: 'Denied during an outage',
};

export const ENFORCEMENTS = Object.keys(NAMES) as Enforcement[];

export const ENFORCEMENT_OPTIONS = ENFORCEMENTS.map((value) => ({ value, label: NAMES[value] }));

export function EnforcementTag({ mode }: { mode: Enforcement }) {
  return <Tag tone={mode === 'enforced' ? 'plain' : 'warn'}>{NAMES[mode]}</Tag>;
}
