import type { Token } from '../../data/staff.js';
import { useServerNow } from '../../lib/clock.js';
import { actorText } from '../../lib/format.js';
import { ButtonLink } from '../../ui/links.js';
import { Expiry, Tag, Time } from '../../ui/small.js';
import { type Column, Table } from '../../ui/table.js';

export function TokensTable({ items, mayWrite }: { items: readonly Token[]; mayWrite: boolean }) {
  const now = useServerNow();
  const works = ({ revokedAt, expiresAt }: Token) =>
    revokedAt === null && (expiresAt === null || Date.parse(expiresAt) > now);
  const columns: Column<Token>[] = [
    { title: 'Name', cell: ({ name }) => <strong>{name}</strong> },
    { title: 'May', cell: ({ permissions }) => <span className="mono">{permissions.join(', ')}</span> },
    { title: 'Ceiling of', cell: ({ role }) => <Tag>{role}</Tag> },
    {
      title: 'State',
      cell: (token) =>
        token.revokedAt !== null ? (
          <>
            <Tag tone="bad">revoked</Tag> <Time at={token.revokedAt} />
          </>
        ) : works(token) ? (
          <>
            <Tag tone="good">works</Tag> <Expiry at={token.expiresAt} />
          </>
        ) : (
          <Tag tone="bad">expired</Tag>
        ),
    },
    { title: 'Last used', cell: ({ lastUsedAt }) => (lastUsedAt === null ? 'never' : <Time at={lastUsedAt} />) },
    {
      title: 'Made',
      cell: ({ createdAt, createdBy }) => (
        <>
          <Time at={createdAt} /> by {actorText(createdBy)}
        </>
      ),
    },
    ...(mayWrite
      ? [
          {
            title: 'Do',
            bare: true,
            cell: (token: Token) =>
              works(token) && (
                <ButtonLink
                  to="."
                  search={(search) => ({ ...search, edit: token.id })}
                  size="compact-sm"
                  variant="default"
                  aria-label={`Revoke ${token.name}`}
                >
                  Revoke
                </ButtonLink>
              ),
          },
        ]
      : []),
  ];
  return <Table label="Service tokens" rows={items} columns={columns} keyOf={({ id }) => id} />;
}
