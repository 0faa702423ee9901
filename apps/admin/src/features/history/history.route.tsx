/** Who changed what, and the proof that nobody rewrote it. */
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { type Change, historyQuery, verifyQuery } from '../../data/history.js';
import { useMay } from '../../data/session.js';
import { actorText, count, written } from '../../lib/format.js';
import { Diff } from '../../ui/diff.js';
import { CsvLink, FilterBar, SelectFilter, TextFilter } from '../../ui/filters.js';
import { AccountLink, TextLink } from '../../ui/links.js';
import { EmptyState, ErrorNote, Loading, StaleNote } from '../../ui/notes.js';
import { Page } from '../../ui/page.js';
import { Paging } from '../../ui/paging.js';
import { Tag, Time } from '../../ui/small.js';
import { Table } from '../../ui/table.js';

const route = getRouteApi('/history');
const KINDS = ['override', 'request', 'catalogue', 'staff', 'token'] as const;

export function HistoryRoute() {
  const search = route.useSearch();
  const navigate = useNavigate({ from: '/history' });
  const may = useMay();
  const { target, account, actor, from, to, after } = search;
  const query = { kind: KINDS.find((kind) => kind === search.kind), target, account, actor, from, to };
  const { data, error, refetch } = useQuery(historyQuery({ ...query, after }));
  const filter = (fields: Partial<typeof search>) =>
    void navigate({ search: (now) => ({ ...now, ...fields, after: undefined }), replace: true });
  const filtered = Object.keys(search).some((name) => name !== 'after');
  return (
    <Page
      title="History"
      about={<Chain />}
      actions={may('export') && <CsvLink path="/admin/api/history" query={query} />}
    >
      <FilterBar onClear={filtered ? () => void navigate({ search: {} }) : undefined}>
        <SelectFilter
          label="What"
          value={search.kind}
          onChange={(value) => filter({ kind: value })}
          data={[{ value: '', label: 'all' }, ...KINDS.map((value) => ({ value, label: value }))]}
        />
        <TextFilter label="Account" value={account} onChange={(value) => filter({ account: value })} />
        <TextFilter label="Of" value={target} onChange={(value) => filter({ target: value })} width={120} />
        <TextFilter label="By" value={actor} onChange={(value) => filter({ actor: value })} width={190} />
      </FilterBar>
      {data !== undefined && <StaleNote error={error} retry={() => void refetch()} />}
      <section className="panel" aria-label="Changes">
        {data === undefined ? (
          error === null ? (
            <Loading />
          ) : (
            <ErrorNote error={error} retry={() => void refetch()} />
          )
        ) : data.items.length === 0 ? (
          <EmptyState
            why={
              filtered
                ? 'No change matches these filters. “By” wants the whole of it, e.g. staff:ann@example.com.'
                : 'Nobody has changed anything yet.'
            }
          />
        ) : (
          <Changes items={data.items} />
        )}
        <Paging
          shown={data?.items.length ?? 0}
          next={data?.next ?? null}
          after={after}
          go={(next) => void navigate({ search: (now) => ({ ...now, after: next }) })}
        />
      </section>
    </Page>
  );
}

function Chain() {
  const { data, error } = useQuery(verifyQuery);
  if (error !== null) return <Tag tone="warn">chain: could not be checked</Tag>;
  if (data === undefined) return <Tag>checking the chain …</Tag>;
  if (data.broken !== null)
    return (
      <Tag tone="bad">
        chain broken at {data.broken.id}: {data.broken.why}
      </Tag>
    );
  return (
    <Tag tone="good" title={`last hash ${data.lastHash}`}>
      ✓ chain verified, {count(data.rowsChecked)} changes
    </Tag>
  );
}

function Changes({ items }: { items: readonly Change[] }) {
  return (
    <Table
      label="Changes"
      rows={items}
      keyOf={({ id }) => String(id)}
      columns={[
        { title: 'When', cell: ({ at }) => <Time at={at} /> },
        {
          title: 'What',
          cell: ({ action, kind, target, undoes }) => (
            <>
              <Tag>
                {action} {kind}
              </Tag>{' '}
              {kind === 'override' ? (
                <TextLink to="/overrides" search={{ state: 'all', edit: target }}>
                  {target}
                </TextLink>
              ) : (
                target
              )}
              {undoes !== null && `, undoes change ${undoes}`}
            </>
          ),
        },
        {
          title: 'Account',
          cell: ({ account }) => (account === null ? '–' : <AccountLink account={account} />),
        },
        {
          title: 'By',
          cell: ({ actor, role }) => (role === null ? actorText(actor) : `${actorText(actor)} (${role})`),
        },
        { title: 'Before and after', cell: ({ before, after }) => <Diff before={before} after={after} /> },
        {
          title: 'Why',
          cell: ({ reason, ticket }) => (
            <>
              {reason !== null && written(reason)} {ticket !== null && <Tag>{ticket}</Tag>}
            </>
          ),
        },
      ]}
    />
  );
}
