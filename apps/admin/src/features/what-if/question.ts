/** What the address asks: the change, the time, and how the rows are shown. */
import type { WhatIfQuestion } from '../../data/limits.js';
import { type Fields, fromValues } from '../../lib/search.js';

export type WhatIfSearch = Fields<
  | 'change'
  | 'api'
  | 'group'
  | 'account'
  | 'for'
  | 'override'
  | 'plan'
  | 'limits'
  | 'perMinute'
  | 'perHour'
  | 'factor'
  | 'extraMinute'
  | 'extraHour'
  | 'since'
  | 'by'
  | 'after'
>;

const KINDS = ['default', 'plan', 'override'] as const;
export type Kind = (typeof KINDS)[number];

export const kindOf = ({ change }: WhatIfSearch): Kind => KINDS.find((kind) => kind === change) ?? 'default';

const NEW_LIMITS = ['perMinute', 'perHour', 'factor', 'extraMinute', 'extraHour'] as const;

/** undefined: the address names no new limit yet. */
export function questionOf(search: WhatIfSearch): WhatIfQuestion | undefined {
  const { for: values, change: _, by, ...rest } = search;
  const change = kindOf(search);
  const isWhole =
    change === 'plan'
      ? search.plan !== undefined && search.limits !== undefined
      : NEW_LIMITS.some((name) => search[name] !== undefined);
  if (!isWhole) return undefined;
  const dimensions = fromValues(values);
  return {
    ...rest,
    change,
    ...(Object.keys(dimensions).length === 0 ? {} : { dimensions: JSON.stringify(dimensions) }),
    by: by === 'subject' ? 'subject' : 'account',
  };
}
