import { Button, TextInput } from '@mantine/core';
import type { Group } from '../../data/catalogue.js';
import { local } from '../../lib/format.js';
import type { Fields } from '../../lib/search.js';
import { SelectFilter, TextFilter } from '../../ui/filters.js';

const HOUR_MS = 3_600_000;
export const SPANS = {
  '1h': HOUR_MS,
  '24h': 24 * HOUR_MS,
  '7d': 168 * HOUR_MS,
  '30d': 720 * HOUR_MS,
  '90d': 2_160 * HOUR_MS,
} as const;
export type SpanName = keyof typeof SPANS;
export const MODES = ['enforced', 'shadow', 'fallback_allowed', 'fallback_denied'] as const;

export type DeniedSearch = Fields<
  'account' | 'api' | 'group' | 'subject' | 'window' | 'mode' | 'source' | 'from' | 'to' | 'last'
>;

export interface DeniedFiltersProps {
  readonly search: DeniedSearch;
  readonly last: SpanName;
  readonly groups: readonly Group[];
  readonly onFilter: (fields: DeniedSearch) => void;
}

export function DeniedFilters({ search, last, groups, onFilter }: DeniedFiltersProps) {
  const { account, api, group, subject, window, mode, from, to } = search;
  const apis = groups.filter((one) => group === undefined || one.group === group).flatMap((one) => one.apis);
  return (
    <>
      <TextFilter label="Account" value={account} onChange={(value) => onFilter({ account: value })} />
      <SelectFilter
        label="Group"
        value={group}
        onChange={(value) => onFilter({ group: value, api: undefined })}
        data={[{ value: '', label: 'all' }, ...groups.map((one) => ({ value: one.group, label: one.title }))]}
      />
      <SelectFilter
        label="API"
        value={api}
        onChange={(value) => onFilter({ api: value })}
        data={[{ value: '', label: 'all' }, ...apis.map((one) => ({ value: one.api, label: one.title }))]}
      />
      <SelectFilter
        label="Window"
        value={window}
        onChange={(value) => onFilter({ window: value })}
        data={[
          { value: '', label: 'both' },
          { value: 'minute', label: '60 s' },
          { value: 'hour', label: '1 h' },
        ]}
      />
      <SelectFilter
        label="Mode"
        value={mode}
        onChange={(value) => onFilter({ mode: value })}
        data={[{ value: '', label: 'all' }, ...MODES.map((value) => ({ value, label: value.replace('_', ': ') }))]}
      />
      {subject !== undefined && (
        <TextFilter label="Subject" value={subject} onChange={(value) => onFilter({ subject: value })} width={220} />
      )}
      {from === undefined ? (
        <SelectFilter
          label="Time"
          value={last}
          onChange={(value) => onFilter({ last: value })}
          data={Object.keys(SPANS).map((value) => ({ value, label: `last ${value.replace(/(\d+)/, '$1 ')}` }))}
        />
      ) : (
        <>
          <TextInput
            size="xs"
            w={270}
            label="Time, as it was here"
            value={`${local(from)} – ${to === undefined ? 'now' : local(to)}`}
            readOnly
          />
          <Button size="xs" variant="default" onClick={() => onFilter({ from: undefined, to: undefined })}>
            All the time
          </Button>
        </>
      )}
    </>
  );
}
