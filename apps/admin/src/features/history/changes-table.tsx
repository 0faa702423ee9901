import { type Change, changeTitle } from '../../data/history.js';
import { actorText, written } from '../../lib/format.js';
import { Diff } from '../../ui/diff.js';
import { AccountLink, TextLink } from '../../ui/links.js';
import { Tag, Time } from '../../ui/small.js';
import { type Column, Table } from '../../ui/table.js';

const COLUMNS: Column<Change>[] = [
  { title: 'Time', cell: ({ at }) => <Time at={at} /> },
  { title: 'Change', cell: (change) => <What change={change} /> },
  { title: 'Account', cell: ({ account }) => (account === null ? '–' : <AccountLink account={account} />) },
  {
    title: 'Changed by',
    cell: ({ actor, role }) => (role === null ? actorText(actor) : `${actorText(actor)} (${role})`),
  },
  { title: 'Before and after', cell: ({ before, after }) => <Diff before={before} after={after} /> },
  {
    title: 'Reason',
    cell: ({ reason, ticket }) => (
      <>
        {reason !== null && written(reason)} {ticket !== null && <Tag>{ticket}</Tag>}
      </>
    ),
  },
];

export function ChangesTable({ items }: { items: readonly Change[] }) {
  return <Table label="Changes" rows={items} keyOf={({ id }) => String(id)} columns={COLUMNS} />;
}

function What({ change }: { change: Change }) {
  const { kind, target, undoes, batch } = change;
  return (
    <>
      <Tag>{changeTitle(change)}</Tag>{' '}
      {kind === 'override' ? (
        <TextLink to="/overrides" search={{ state: 'all', edit: target }}>
          {target}
        </TextLink>
      ) : (
        target
      )}
      {undoes !== null && `, undoes change ${undoes}`}
      {batch !== null && (
        <>
          , in{' '}
          <TextLink to="/history" search={{ batch }}>
            {batch}
          </TextLink>
        </>
      )}
    </>
  );
}
