import { FilterBar, SelectFilter, TextFilter } from '../../ui/filters.js';
import { type OverridesScreen, type OverridesSearch, STATES } from './use-overrides-screen.js';

const EXPIRIES = [
  { value: '', label: 'Any' },
  { value: '24', label: 'Within 24 h' },
  { value: '168', label: 'Within 7 days' },
  { value: 'none', label: 'None' },
];
const USAGES = [
  { value: '', label: 'Any' },
  { value: 'true', label: 'Never used' },
];
const SIZES = [
  { value: '', label: 'Any' },
  { value: '5', label: '5× or more' },
  { value: '10', label: '10× or more' },
];

export function OverridesFilters({ screen }: { screen: OverridesScreen }) {
  const { search, filters, filtered, filter, clear } = screen;
  const { neverUsed, above, account, by, ticket } = search;
  return (
    <FilterBar filtered={filtered} onClear={clear}>
      <SelectFilter
        label="State"
        value={filters.state}
        onChange={(value) => filter({ state: value })}
        data={[...STATES]}
      />
      <SelectFilter
        label="Expiry"
        value={expiryOf(search)}
        onChange={(value) => filter(expiryFields(value))}
        data={EXPIRIES}
      />
      <SelectFilter label="Usage" value={neverUsed} onChange={(value) => filter({ neverUsed: value })} data={USAGES} />
      <SelectFilter
        label="Multiple of default"
        value={above}
        onChange={(value) => filter({ above: value })}
        data={SIZES}
      />
      <TextFilter label="Account" value={account} onChange={(value) => filter({ account: value })} width={110} />
      <TextFilter label="Created by" value={by} onChange={(value) => filter({ by: value })} width={130} />
      <TextFilter label="Ticket" value={ticket} onChange={(value) => filter({ ticket: value })} width={90} />
    </FilterBar>
  );
}

const expiryOf = ({ permanent, expiring }: OverridesSearch): string | undefined =>
  permanent === 'true' ? 'none' : expiring;

/** The address has two fields, of which at most one is set. */
const expiryFields = (choice: string | undefined): OverridesSearch =>
  choice === 'none' ? { permanent: 'true', expiring: undefined } : { permanent: undefined, expiring: choice };
