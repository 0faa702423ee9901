import type { Person } from '../../data/staff.js';
import { ButtonLink } from '../../ui/links.js';
import { Tag, Time } from '../../ui/small.js';
import { type Column, Table } from '../../ui/table.js';

export function PeopleTable({ items, mayWrite }: { items: readonly Person[]; mayWrite: boolean }) {
  const columns: Column<Person>[] = [
    { title: 'Login', cell: ({ login }) => <strong>{login}</strong> },
    { title: 'Name', cell: ({ displayName }) => displayName },
    { title: 'Role', cell: ({ role }) => <Tag tone={role === 'admin' ? 'info' : 'plain'}>{role}</Tag> },
    { title: 'Signs in by', cell: ({ signsInBy }) => (signsInBy === 'provider' ? 'identity provider' : 'password') },
    {
      title: 'State',
      cell: ({ disabledAt }) =>
        disabledAt === null ? (
          <Tag tone="good">may sign in</Tag>
        ) : (
          <>
            <Tag tone="bad">disabled</Tag> <Time at={disabledAt} />
          </>
        ),
    },
    {
      title: 'Last sign-in',
      cell: ({ lastSignInAt }) => (lastSignInAt === null ? 'never' : <Time at={lastSignInAt} />),
    },
    ...(mayWrite
      ? [
          {
            title: 'Do',
            bare: true,
            cell: ({ id, login }: Person) => (
              <ButtonLink
                to="."
                search={(now) => ({ ...now, edit: id })}
                size="compact-sm"
                variant="default"
                aria-label={`Change ${login}`}
              >
                Change
              </ButtonLink>
            ),
          },
        ]
      : []),
  ];
  return <Table label="People" rows={items} columns={columns} keyOf={({ id }) => id} />;
}
