/** Every custom limit: what runs out, what nobody needed, what is far above. */
import { Button, Group, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { QueryOf } from '../../api/client.js';
import { overridesQuery } from '../../data/overrides.js';
import { useMay } from '../../data/session.js';
import { many } from '../../lib/format.js';
import { CsvLink, FilterBar, SelectFilter, TextFilter } from '../../ui/filters.js';
import { ButtonLink } from '../../ui/links.js';
import { EmptyState, ErrorNote, Loading, StaleNote } from '../../ui/notes.js';
import { Page } from '../../ui/page.js';
import { Paging } from '../../ui/paging.js';
import { ExpireMany } from './expire-many.js';
import { OverrideDrawer } from './override-drawer.js';
import { OverridesTable } from './overrides-table.js';

const route = getRouteApi('/overrides');
const STATES = [
  { value: 'inForce', label: 'in force' },
  { value: 'upcoming', label: 'upcoming' },
  { value: 'expired', label: 'expired' },
  { value: 'all', label: 'all' },
] as const;

/** The API reads them as text, and says so of their meaning only. */
const yes = (value: string | undefined) => (value === 'true' ? ('true' as never) : undefined);

export function OverridesRoute() {
  const search = route.useSearch();
  const navigate = useNavigate({ from: '/overrides' });
  const queryClient = useQueryClient();
  const may = useMay();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [ending, setEnding] = useState(false);
  const state = STATES.find(({ value }) => value === search.state)?.value ?? 'inForce';
  const { after, edit, account, by, ticket } = search;
  const filters: QueryOf<'listOverrides'> = {
    state,
    account,
    createdBy: by,
    ticket,
    expiringWithinHours: search.expiring === undefined ? undefined : Number(search.expiring),
    aboveTimes: search.above === undefined ? undefined : Number(search.above),
    neverUsed: yes(search.neverUsed),
    permanent: yes(search.permanent),
  };
  const { data, error, refetch } = useQuery(overridesQuery({ ...filters, after }));
  const items = data?.items ?? [];
  const filter = (fields: Partial<typeof search>) => {
    setChosen(new Set());
    void navigate({ search: (now) => ({ ...now, ...fields, after: undefined }), replace: true });
  };
  const close = () => void navigate({ search: (now) => ({ ...now, edit: undefined }), replace: true });
  const changed = () => void queryClient.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' });
  const filtered = Object.keys(search).some((name) => !['edit', 'after'].includes(name));
  const mayWrite = may('overrides.write');
  return (
    <Page
      title="Overrides"
      about="Custom limits, the newest first."
      actions={
        may('export') && (
          <CsvLink path="/admin/api/overrides" query={filters as Record<string, string | number | undefined>} />
        )
      }
    >
      <FilterBar onClear={filtered ? () => void navigate({ search: {} }) : undefined}>
        <SelectFilter label="State" value={state} onChange={(value) => filter({ state: value })} data={[...STATES]} />
        <SelectFilter
          label="Expiring"
          value={search.expiring}
          onChange={(value) => filter({ expiring: value, permanent: undefined })}
          data={[
            { value: '', label: 'any time' },
            { value: '24', label: 'within 24 h' },
            { value: '168', label: 'within 7 d' },
          ]}
        />
        <SelectFilter
          label="Ends"
          value={search.permanent}
          onChange={(value) => filter({ permanent: value, expiring: undefined })}
          data={[
            { value: '', label: 'either' },
            { value: 'true', label: 'never: permanent' },
          ]}
        />
        <SelectFilter
          label="Last used"
          value={search.neverUsed}
          onChange={(value) => filter({ neverUsed: value })}
          data={[
            { value: '', label: 'any' },
            { value: 'true', label: 'never' },
          ]}
        />
        <SelectFilter
          label="Size"
          value={search.above}
          onChange={(value) => filter({ above: value })}
          data={[
            { value: '', label: 'any' },
            { value: '5', label: '5× and above' },
            { value: '10', label: '10× and above' },
          ]}
        />
        <TextFilter label="Account" value={account} onChange={(value) => filter({ account: value })} width={110} />
        <TextFilter label="By" value={by} onChange={(value) => filter({ by: value })} width={130} />
        <TextFilter label="Ticket" value={ticket} onChange={(value) => filter({ ticket: value })} width={90} />
      </FilterBar>
      {data !== undefined && <StaleNote error={error} retry={() => void refetch()} />}
      {mayWrite && chosen.size > 0 && (
        <Group gap="xs" role="status">
          <Text size="sm">{many(chosen.size, 'override')} chosen</Text>
          <Button size="compact-sm" color="red" onClick={() => setEnding(true)}>
            End them now …
          </Button>
          <Button size="compact-sm" variant="default" onClick={() => setChosen(new Set())}>
            Choose none
          </Button>
        </Group>
      )}
      <section className="panel" aria-label="Overrides">
        {data === undefined ? (
          error === null ? (
            <Loading />
          ) : (
            <ErrorNote error={error} retry={() => void refetch()} />
          )
        ) : items.length === 0 ? (
          <EmptyState
            why={
              filtered
                ? 'No override matches these filters.'
                : 'No override is in force: every account has the default limits.'
            }
          >
            {!filtered && mayWrite && (
              <ButtonLink to="/" search={{}} variant="default">
                Find an account to raise
              </ButtonLink>
            )}
          </EmptyState>
        ) : (
          <OverridesTable items={items} chosen={chosen} onChoose={mayWrite ? setChosen : undefined} open={edit} />
        )}
        <Paging
          shown={items.length}
          next={data?.next ?? null}
          after={after}
          go={(next) => void navigate({ search: (now) => ({ ...now, after: next }) })}
        />
      </section>
      {edit !== undefined && (
        <OverrideDrawer key={edit} id={edit} mayWrite={mayWrite} onClose={close} onChanged={changed} />
      )}
      {ending && (
        <ExpireMany
          overrides={items.filter(({ id }) => chosen.has(id))}
          onClose={() => setEnding(false)}
          onDone={(failed) => {
            setChosen(new Set(failed));
            changed();
          }}
        />
      )}
    </Page>
  );
}
