import { Button, TextInput } from '@mantine/core';
import { local, WINDOWS } from '../../lib/format.js';
import { SPAN_OPTIONS } from '../../lib/spans.js';
import { FilterBar, SelectFilter, TextFilter } from '../../ui/filters.js';
import { ENFORCEMENT_OPTIONS } from './enforcement.js';
import type { DenialsScreen } from './use-denials-screen.js';

const ALL = { value: '', label: 'All' };
const WINDOW_OPTIONS = [
  { value: '', label: 'Both' },
  { value: 'minute', label: WINDOWS.minute },
  { value: 'hour', label: WINDOWS.hour },
];

export function DenialsFilters({ screen }: { screen: DenialsScreen }) {
  const { search, groups, filtered, filter, clear } = screen;
  const { account, group, api, window, mode, subject } = search;
  const apis = groups.filter((one) => group === undefined || one.group === group).flatMap((one) => one.apis);
  return (
    <FilterBar filtered={filtered} onClear={clear}>
      <TextFilter label="Account" value={account} onChange={(value) => filter({ account: value })} />
      <SelectFilter
        label="API group"
        value={group}
        onChange={(value) => filter({ group: value, api: undefined })}
        data={[ALL, ...groups.map((one) => ({ value: one.group, label: one.title }))]}
      />
      <SelectFilter
        label="API"
        value={api}
        onChange={(value) => filter({ api: value })}
        data={[ALL, ...apis.map((one) => ({ value: one.api, label: one.title }))]}
      />
      <SelectFilter
        label="Full window"
        value={window}
        onChange={(value) => filter({ window: value })}
        data={WINDOW_OPTIONS}
      />
      <SelectFilter
        label="Enforcement"
        value={mode}
        onChange={(value) => filter({ mode: value })}
        data={[ALL, ...ENFORCEMENT_OPTIONS]}
      />
      {subject !== undefined && (
        <TextFilter label="Subject" value={subject} onChange={(value) => filter({ subject: value })} width={220} />
      )}
      <TimeRange screen={screen} />
    </FilterBar>
  );
}

function TimeRange({ screen: { search, last, filter } }: { screen: DenialsScreen }) {
  const { from, to } = search;
  if (from === undefined)
    return (
      <SelectFilter label="Time range" value={last} onChange={(value) => filter({ last: value })} data={SPAN_OPTIONS} />
    );
  return (
    <>
      <TextInput
        size="xs"
        w={330}
        label="Time range"
        value={`${local(from)} – ${to === undefined ? 'now' : local(to)}`}
        readOnly
      />
      <Button size="xs" variant="default" onClick={() => filter({ from: undefined, to: undefined })}>
        Clear time range
      </Button>
    </>
  );
}
