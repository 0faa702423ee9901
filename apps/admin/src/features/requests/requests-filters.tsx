import { FilterBar, SelectFilter, TextFilter } from '../../ui/filters.js';
import type { RequestsScreen } from './use-requests-screen.js';

const STATES = [
  { value: 'open', label: 'Open' },
  { value: 'approved', label: 'Approved' },
  { value: 'declined', label: 'Declined' },
  { value: 'all', label: 'All' },
];
const REVIEWERS = [
  { value: '', label: 'Any' },
  { value: 'true', label: 'Admin only' },
];

export function RequestsFilters({ screen }: { screen: RequestsScreen }) {
  const { search, filters, filtered, filter, clear } = screen;
  return (
    <FilterBar filtered={filtered} onClear={clear}>
      <SelectFilter label="State" value={filters.state} onChange={(value) => filter({ state: value })} data={STATES} />
      <SelectFilter
        label="Reviewer"
        value={search.needsAdmin}
        onChange={(value) => filter({ needsAdmin: value })}
        data={REVIEWERS}
      />
      <TextFilter label="Account" value={search.account} onChange={(value) => filter({ account: value })} />
      <TextFilter label="Ticket" value={search.ticket} onChange={(value) => filter({ ticket: value })} />
    </FilterBar>
  );
}
