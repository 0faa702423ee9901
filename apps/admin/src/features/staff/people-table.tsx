import type { Person } from '../../data/staff.js';
import { ButtonLink } from '../../ui/links.js';
import { Tag, Time } from '../../ui/small.js';
import { actions, type Column, Table } from '../../ui/table.js';

const COLUMNS: Column<Person>[] = [
  { title: 'Login', cell: ({ login }) => <strong>{login}</strong> },
  { title: 'Name', cell: ({ displayName }) => displayName },
  { title: 'Role', cell: ({ role }) => <Tag tone={role === 'admin' ? 'info' : 'plain'}>{role}</Tag> },
  {
    title: 'Sign-in method',
    cell: ({ signsInBy }) => (signsInBy === 'provider' ? 'Identity provider' : 'Password'),
  },
  {
    title: 'State',
    cell: ({ disabledAt }) =>
      disabledAt === null ? (
        <Tag tone="good">Enabled</Tag>
      ) : (
        <>
          <Tag tone="bad">Disabled</Tag> <Time at={disabledAt} />
        </>
      ),
  },
  {
    title: 'Last sign-in',
    cell: ({ lastSignInAt }) => (lastSignInAt === null ? 'Never' : <Time at={lastSignInAt} />),
  },
];

export function PeopleTable({ items, mayWrite }: { items: readonly Person[]; mayWrite: boolean }) {
  const edit = actions(mayWrite, ({ id, login }: Person) => (
    <ButtonLink
      to="."
      search={(now) => ({ ...now, edit: id })}
      size="compact-sm"
      variant="default"
      aria-label={`Edit ${login}`}
    >
      Edit
    </ButtonLink>
  ));
  return <Table label="People" rows={items} columns={[...COLUMNS, ...edit]} keyOf={({ id }) => id} />;
}
