import { ACTION_NAMES, type Access, routeName } from '../../data/access.js';
import { actorText, capital, count, many, named } from '../../lib/format.js';
import { AccountLink } from '../../ui/links.js';
import { Tag, Time } from '../../ui/small.js';
import { type Column, Table } from '../../ui/table.js';

const COLUMNS: Column<Access>[] = [
  { title: 'Time', cell: ({ lastAt }) => <Time at={lastAt} /> },
  {
    title: 'Person or token',
    cell: ({ actor, role }) => (role === null ? actorText(actor) : `${actorText(actor)} (${role})`),
  },
  {
    title: 'Action',
    cell: ({ action }) => <Tag tone={action === 'export' ? 'info' : 'plain'}>{ACTION_NAMES[action]}</Tag>,
  },
  { title: 'Account', cell: ({ account }) => (account === null ? '–' : <AccountLink account={account} />) },
  { title: 'What was read', cell: (access) => <What access={access} /> },
  { title: 'Requests', numeric: true, cell: ({ times }) => count(times) },
  { title: 'Address', cell: ({ address }) => (address === null ? '–' : named(address)) },
];

export function AccessTable({ items }: { items: readonly Access[] }) {
  return <Table label="Account access" rows={items} keyOf={({ id }) => String(id)} columns={COLUMNS} />;
}

function What({ access: { routes, filters, action, rows, result } }: { access: Access }) {
  const chosen = Object.entries(filters).filter(([name]) => name !== 'account');
  return (
    <>
      {capital(routes.map(routeName).join(', '))}
      {chosen.length > 0 && ` (${chosen.map(([name, value]) => `${name}: ${named(String(value))}`).join(', ')})`}
      {rows !== null && `, ${many(rows, 'row')}`} {result === 'cut' && <Tag tone="warn">Not received completely</Tag>}
      {action === 'export' && result === null && <Tag tone="warn">End not recorded</Tag>}
    </>
  );
}
