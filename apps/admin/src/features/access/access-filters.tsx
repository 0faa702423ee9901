import { ACTION_NAMES, OUTCOME_NAMES } from '../../data/access.js';
import { SPAN_OPTIONS } from '../../lib/spans.js';
import { FilterBar, SelectFilter, TextFilter } from '../../ui/filters.js';
import type { AccessScreen } from './use-access-screen.js';

const ALL = { value: '', label: 'All' };
const optionsOf = (names: Readonly<Record<string, string>>) => [
  ALL,
  ...Object.entries(names).map(([value, label]) => ({ value, label })),
];
const ACTION_OPTIONS = optionsOf(ACTION_NAMES);
const OUTCOME_OPTIONS = optionsOf(OUTCOME_NAMES);
const TIME_OPTIONS = [ALL, ...SPAN_OPTIONS];

export function AccountAccessFilters({ screen }: { screen: AccessScreen }) {
  const { search, filtered, filter, clear } = screen;
  const { actor, account, action, last } = search;
  return (
    <FilterBar filtered={filtered} onClear={clear}>
      <TextFilter label="Person or token" value={actor} onChange={(value) => filter({ actor: value })} width={220} />
      <TextFilter label="Account" value={account} onChange={(value) => filter({ account: value })} />
      <SelectFilter
        label="Action"
        value={action}
        onChange={(value) => filter({ action: value })}
        data={ACTION_OPTIONS}
      />
      <SelectFilter label="Time range" value={last} onChange={(value) => filter({ last: value })} data={TIME_OPTIONS} />
    </FilterBar>
  );
}

export function SignInFilters({ screen }: { screen: AccessScreen }) {
  const { search, filtered, filter, clear } = screen;
  const { login, outcome, address, last } = search;
  return (
    <FilterBar filtered={filtered} onClear={clear}>
      <TextFilter label="Login or token" value={login} onChange={(value) => filter({ login: value })} width={220} />
      <SelectFilter
        label="Outcome"
        value={outcome}
        onChange={(value) => filter({ outcome: value })}
        data={OUTCOME_OPTIONS}
      />
      <TextFilter label="Address" value={address} onChange={(value) => filter({ address: value })} />
      <SelectFilter label="Time range" value={last} onChange={(value) => filter({ last: value })} data={TIME_OPTIONS} />
    </FilterBar>
  );
}
