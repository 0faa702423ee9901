import type { z } from 'zod';
import { Conditions } from '../database/conditions.js';
import type { countEvents } from './denials.schemas.js';

export type DenialFilters = Omit<z.output<typeof countEvents>, 'buckets'>;

/** Conditions on `rollgate.limit_event`, named `e`. */
export function conditionsOf(filters: DenialFilters): Conditions {
  return (
    new Conditions()
      .add('NOT rollgate.is_internal(e.account)')
      .add('e.kind = ?', filters.kind)
      .add('e.account = ?', filters.account)
      .add('e.api = ?', filters.api)
      .add('e.group_id = ?', filters.group)
      .add('e.window_name = ?', filters.window)
      .add('e.mode = ?', filters.mode)
      .add('e.source = ?', filters.source)
      // An override has one account, whose events have an index.
      .add('e.account = (SELECT o.account FROM rollgate.override o WHERE o.id = ?)', overrideOf(filters.source))
      .add(
        'e.subject = ? AND rollgate.value_hash(e.subject, -1) = rollgate.value_hash(?, -1)',
        filters.subject,
        filters.subject,
      )
      .add('e.first_at >= ?::timestamptz', filters.from)
      .add('e.first_at < ?::timestamptz', filters.to)
  );
}

const overrideOf = (source: string | undefined) => (source?.startsWith('ovr_') ? source : undefined);
